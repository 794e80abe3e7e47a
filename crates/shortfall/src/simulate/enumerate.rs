//! Exact expectations: every path of samples, each with its probability.

use super::aggregates::{LaneRecord, Point, Sum};
use super::driver::check;
use super::paths::{End, Paths, SUMMED};
use super::run::{Expectations, Outcome, Rounding, Run};
use super::stepper::divergence_limit;
use super::{Plan, Record, StepRounding};
use crate::arguments::BadInput;
use crate::kernel::{dot, max_abs, norm};
use crate::method::{Method, SampleReuse};
use crate::problem::{FiniteSum, Problem, Samples};
use crate::virtual_loss::Field;

/// Most paths that are followed.
const MOST_PATHS: u64 = 1 << 20;
/// Most steps: where a step has one choice, it is one path whatever its length, and each step is a call within the last.
const MOST_STEPS: u64 = MOST_PATHS.ilog2() as u64;
/// Most operations that are spent on them: about a second.
const MOST_WORK: u64 = 1 << 30;

/// A run whose expectations are exact, if the method draws from finitely many samples and has at most `2^20` paths of at most 20
/// steps, and few enough for the work of each.
/// Its one lane holds expectations; `plan.lanes` is not looked at.
pub fn enumerate(problem: &dyn Problem, method: &Method, plan: &Plan) -> Result<Option<Run>, BadInput> {
    let plan = Plan { lanes: 1, record: Record::Every, ..plan.clone() };
    let Some((sum, choices)) = choices(problem, method) else { return Ok(None) };
    let paths = u32::try_from(plan.steps).ok().and_then(|steps| (choices as u64).checked_pow(steps));
    let work = |paths: u64| paths.saturating_mul(2 * problem.work() as u64);
    if plan.steps > MOST_STEPS || paths.is_none_or(|paths| paths > MOST_PATHS || work(paths) > MOST_WORK) {
        return Ok(None);
    }
    check(problem, method, &plan)?;
    let steps = plan.steps as usize;
    let d = plan.start.len();
    let mut walk = Walk {
        problem,
        method,
        sum,
        choices,
        steps,
        base: plan.base,
        expectations: vec![Expectation::default(); steps + 1],
        levels: (0..=steps).map(|_| Level::new(d, method)).collect(),
        paths: Paths { mean_point: vec![Sum::default(); d], ..Paths::default() },
        diverged: None,
        limit: divergence_limit(&plan.start, method.rho.first()),
    };
    walk.levels[0].x.copy_from_slice(&plan.start);
    let nothing = End {
        probability: 1.0,
        least_value: f64::INFINITY,
        least_square: f64::INFINITY,
        least_square_before: f64::INFINITY,
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
    };
    walk.visit(0, nothing);
    let field_at_start = plan.start.first().and_then(|x| Field::of(problem, method).ok()?.on_both_sides(*x));
    let Walk { expectations, paths, diverged, .. } = walk;
    let lane = record(&expectations, &plan, diverged);
    let outcome = diverged.map_or(Outcome::Completed, |step| Outcome::Diverged { step });
    let last_eta = method.eta.at(plan.steps.saturating_sub(1));
    Ok(Some(Run {
        recorded: (0..=plan.steps).collect(),
        plan,
        outcome,
        every_step_evaluated: true,
        lanes: vec![lane],
        states: Vec::new(),
        base_error: None,
        step_rounding: StepRounding::default(),
        rounding: Rounding::default(),
        minimiser: None,
        field_at_start,
        last_eta,
        expectation: Expectations::Enumerated(paths),
        time: f64::INFINITY,
    }))
}

/// The samples, and in how many ways a step may draw them; `None` where batches are not enumerated.
fn choices<'a>(problem: &'a dyn Problem, method: &Method) -> Option<(&'a dyn FiniteSum, usize)> {
    let sampling = method.sampling?;
    let Samples::Finite(sum) = problem.samples() else { return None };
    if !sampling.replacement && sampling.batch > 1 {
        return None;
    }
    let batches = sum.count().checked_pow(u32::try_from(sampling.batch).ok()?)?;
    let fresh = method.perturbs() && sampling.reuse == SampleReuse::Independent;
    Some((sum, if fresh { batches.checked_mul(batches)? } else { batches }))
}

/// Sums over paths, with their rounding carried along: there may be a million terms.
#[derive(Clone, Copy, Default)]
struct Expectation {
    value: Sum,
    norm: Sum,
    square: Sum,
    error: f64,
    gradient_error: f64,
    position: Sum,
    position_square: Sum,
    /// `E |F|`: what the rounding of `value` is relative to.
    size: Sum,
}

/// Vectors of one depth.
struct Level {
    x: Vec<f64>,
    memory: Vec<f64>,
    g: Vec<f64>,
    y: Vec<f64>,
    h: Vec<f64>,
    batch: Vec<usize>,
}

impl Level {
    fn new(d: usize, method: &Method) -> Self {
        let vector = || vec![0.0; d];
        let batch = vec![0; method.sampling.map_or(1, |sampling| sampling.batch)];
        Self { x: vector(), memory: vec![0.0; method.descent.memory(d)], g: vector(), y: vector(), h: vector(), batch }
    }
}

struct Walk<'a> {
    problem: &'a dyn Problem,
    method: &'a Method,
    sum: &'a dyn FiniteSum,
    choices: usize,
    steps: usize,
    base: f64,
    expectations: Vec<Expectation>,
    levels: Vec<Level>,
    paths: Paths,
    diverged: Option<u64>,
    /// Beyond it a coordinate has diverged.
    limit: f64,
}

impl Walk<'_> {
    fn visit(&mut self, t: usize, so_far: End) {
        let Level { x, g, .. } = &mut self.levels[t];
        let value = self.problem.value_gradient(x, g);
        let norm = norm(g);
        if !(value.is_finite() && norm.is_finite()) {
            self.diverged = Some(self.diverged.map_or(t as u64, |step| step.min(t as u64)));
            return;
        }
        let (p, position) = (so_far.probability, x.first().copied().unwrap_or(0.0));
        let (below, square) = (value - self.base, norm * norm);
        let error = self.problem.value_error(x, value);
        let gradient_error = self.problem.gradient_error(x, value, g);
        let at = &mut self.expectations[t];
        at.value.add(p * below);
        at.size.add(p * below.abs());
        at.norm.add(p * norm);
        at.square.add(p * square);
        at.position.add(p * position);
        at.position_square.add(p * position * position);
        at.error = at.error.max(error);
        at.gradient_error = at.gradient_error.max(gradient_error);
        let end = End {
            least_value: so_far.least_value.min(below),
            least_square: so_far.least_square.min(square),
            least_square_before: so_far.least_square,
            low: so_far.low.min(position),
            high: so_far.high.max(position),
            ..so_far
        };
        if t == self.steps {
            let x = &self.levels[t].x;
            self.paths.mean_point.iter_mut().zip(x).for_each(|(mean, x)| mean.add(p * x));
            self.paths.mean_square.add(p * dot(x, x));
            self.paths.ends.push(end);
            return;
        }
        for choice in 0..self.choices {
            let probability = self.step(t, choice);
            if max_abs(&self.levels[t + 1].x) <= self.limit {
                self.visit(t + 1, End { probability: p * probability, ..end });
            } else {
                self.diverged = Some(self.diverged.map_or(t as u64 + 1, |step| step.min(t as u64 + 1)));
            }
        }
    }

    /// Writes the batch behind an index; its probability.
    fn batch(sum: &dyn FiniteSum, index: &mut usize, batch: &mut [usize]) -> f64 {
        let mut probability = 1.0;
        for sample in batch.iter_mut() {
            *sample = *index % sum.count();
            *index /= sum.count();
            probability *= sum.probability(*sample);
        }
        probability
    }

    /// Makes one step with one choice of samples into the next level; the probability of the choice.
    fn step(&mut self, t: usize, choice: usize) -> f64 {
        let (before, after) = self.levels.split_at_mut(t + 1);
        let Level { x, memory, y, h, batch, .. } = &mut before[t];
        let next = &mut after[0];
        let mut index = choice;
        let mut probability = Self::batch(self.sum, &mut index, batch);
        self.sum.batch_gradient(batch, x, h);
        let (step, perturbs) = (t as u64, self.method.perturbs());
        if perturbs {
            self.method.ascent.point(self.method.rho.at(step), x, h, y);
            if self.method.sampling.is_some_and(|sampling| sampling.reuse == SampleReuse::Independent) {
                probability *= Self::batch(self.sum, &mut index, batch);
            }
            self.sum.batch_gradient(batch, y, h);
        }
        next.x.copy_from_slice(x);
        next.memory.copy_from_slice(memory);
        self.method.descent.step(step, self.method.eta.at(step), h, &mut next.x, &mut next.memory);
        probability
    }
}

/// The lane of expectations.
fn record(expectations: &[Expectation], plan: &Plan, diverged: Option<u64>) -> LaneRecord {
    let mut lane = LaneRecord::default();
    lane.diverged = diverged;
    let window = plan.window_halves();
    let last = expectations.len() - 1;
    for (t, at) in expectations.iter().enumerate() {
        let error = at.error + SUMMED * at.size.value();
        lane.points.push(Point {
            value: at.value.value(),
            gradient_norm: at.norm.value(),
            error,
            gradient_error: at.gradient_error,
            position: at.position.value(),
        });
        if t < last {
            let sums = lane.sums_mut();
            sums.value.add(1.0, at.value.value());
            sums.gradient_norm.add(1.0, at.norm.value());
            sums.squared_gradient.add(1.0, at.square.value());
            if let Some(decay) = plan.weight_decay {
                sums.weighted.add(decay, t as u64, 1.0, at.value.value());
            }
        }
        for (half, range) in window.iter().flatten().enumerate() {
            if range.contains(&(t as u64)) {
                let sums = lane.sums_mut();
                sums.window_value[half].add(1.0, at.value.value());
                sums.window_squared_gradient[half].add(1.0, at.square.value());
                sums.window_position[half].add(1.0, at.position.value());
                sums.window_square[half].add(1.0, at.position_square.value());
            }
        }
    }
    lane
}
