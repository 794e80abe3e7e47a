//! What is kept of a lane: running sums and extremes, exact for the steps they cover, and the recorded points.

use super::Plan;
use super::cycle::{Cycle, Watch};
use super::stepper::Schedule;
use crate::kernel::norm;
use crate::problem::Problem;
use std::ops::Range;
use std::sync::LazyLock;

/// A sum that carries its rounding errors along (Knuth's exact error of an addition, without branches).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    pub(super) sum: f64,
    pub(super) correction: f64,
}

impl Sum {
    /// Adds a term.
    #[inline]
    pub fn add(&mut self, term: f64) {
        let sum = self.sum + term;
        if !sum.is_finite() {
            *self = Self { sum, correction: 0.0 };
            return;
        }
        let added = sum - self.sum;
        self.correction += (self.sum - (sum - added)) + (term - added);
        self.sum = sum;
    }

    /// The sum.
    pub fn value(&self) -> f64 {
        self.sum + self.correction
    }
}

/// Weighted sum and extremes of a sequence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extremes {
    /// Weighted sum.
    pub sum: Sum,
    /// Total weight.
    pub weight: f64,
    /// Smallest term; infinite before the first.
    pub smallest: f64,
    /// Largest term.
    pub largest: f64,
}

impl Default for Extremes {
    fn default() -> Self {
        Self { sum: Sum::default(), weight: 0.0, smallest: f64::INFINITY, largest: f64::NEG_INFINITY }
    }
}

impl Extremes {
    /// Of terms that were summed elsewhere.
    pub(super) fn of(weight: f64, sum: f64, smallest: f64, largest: f64) -> Self {
        Self { sum: Sum { sum, correction: 0.0 }, weight, smallest, largest }
    }

    /// Adds a term.
    #[inline]
    pub fn add(&mut self, weight: f64, term: f64) {
        self.sum.add(weight * term);
        self.weight += weight;
        self.smallest = self.smallest.min(term);
        self.largest = self.largest.max(term);
    }

    /// Adds the terms of these steps of a cycle, each once.
    fn add_steps(&mut self, cycle: &Cycle, steps: Range<u64>, of: &dyn Fn(&Point) -> f64) {
        let count = steps.end.saturating_sub(steps.start);
        let (rounds, rest) = (count / cycle.period, count % cycle.period);
        if rounds > 0 {
            let mut round = Self::default();
            cycle.round.iter().for_each(|point| round.add(1.0, of(point)));
            self.sum.add(rounds as f64 * round.sum.value());
            self.weight += (rounds * cycle.period) as f64;
            self.smallest = self.smallest.min(round.smallest);
            self.largest = self.largest.max(round.largest);
        }
        for step in steps.end - rest..steps.end {
            self.add(1.0, of(cycle.at(step)));
        }
    }

    /// Weighted mean, if anything was added.
    pub fn mean(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum.value() / self.weight)
    }

    /// Of both sequences together.
    pub fn join(&self, other: &Self) -> Self {
        let mut sum = self.sum;
        sum.add(other.sum.value());
        Self {
            sum,
            weight: self.weight + other.weight,
            smallest: self.smallest.min(other.smallest),
            largest: self.largest.max(other.largest),
        }
    }
}

/// Value (less the plan's base), gradient norm and the value's rounding error at one iterate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// `f(x_t) - base`
    pub value: f64,
    /// `|grad f(x_t)|`
    pub gradient_norm: f64,
    /// Bound on the rounding error of the value.
    pub error: f64,
    /// Bound on the rounding error of the gradient.
    pub gradient_error: f64,
    /// First coordinate of `x_t`: in one dimension the iterate itself.
    pub position: f64,
}

impl Point {
    /// At `x`, from the value and the gradient there.
    pub(super) fn of(problem: &dyn Problem, x: &[f64], value: f64, g: &[f64], base: f64) -> Self {
        Self {
            value: value - base,
            gradient_norm: norm(g),
            error: problem.value_error(x, value),
            gradient_error: problem.gradient_error(x, value, g),
            position: x.first().copied().unwrap_or(0.0),
        }
    }

    /// `|grad f(x_t)|^2`
    pub(super) fn square(&self) -> f64 {
        self.gradient_norm * self.gradient_norm
    }
}

/// `sum_t (1-decay)^(T-1-t) F_t`, scaled: the weighted average of `sto-sc-avg` without overflow (THEORY.md 17.2).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Weighted {
    sum: f64,
    /// The steps up to this one are in the sum.
    next: u64,
}

impl Weighted {
    /// Adds the term of step `t`, which stands for `weight` steps.
    #[inline]
    pub fn add(&mut self, decay: f64, t: u64, weight: f64, term: f64) {
        let faded = if t + 1 == self.next + 1 { 1.0 - decay } else { power(decay, t + 1 - self.next) };
        self.sum = self.sum.mul_add(faded, weight * term);
        self.next = t + 1;
    }

    /// Adds the steps up to `until`: what [`Weighted::add`] sums up to over them from 0, and `(1-decay)^n` for their number n.
    pub(super) fn add_steps(&mut self, kept: f64, until: u64, fading: f64) {
        self.sum = self.sum.mul_add(kept, fading);
        self.next = until;
    }

    /// `sum_t w_t F_t/sum_t w_t` over `0..steps-1`.
    pub fn mean(&self, decay: f64, steps: u64) -> f64 {
        self.sum * power(decay, steps - self.next.min(steps)) * decay / gone(decay, steps)
    }
}

/// `(1 - decay)^steps`
pub(super) fn power(decay: f64, steps: u64) -> f64 {
    core_math::exp(steps as f64 * core_math::log1p(-decay))
}

/// `1 - (1 - decay)^steps`, without cancellation for a tiny decay.
fn gone(decay: f64, steps: u64) -> f64 {
    -core_math::expm1(steps as f64 * core_math::log1p(-decay))
}

/// How far a lane moved.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Movement {
    /// `|x_1 - x_0|`
    pub first_step: f64,
    /// `|x_T - x_{T-1}|`
    pub last_step: f64,
    /// `|x_T - x_0|`
    pub travelled: f64,
}

/// The last sixteenth of the steps and the one before, whatever T is: the window of the floor for a run that is stopped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recent {
    /// `f - base`, the older part first.
    pub(super) value: [Extremes; 2],
    /// `a^2`
    pub(super) squared_gradient: [Extremes; 2],
    /// Where the last part ends.
    pub(super) next: u64,
}

impl Recent {
    /// Adds what was evaluated at step `t`. Each part holds an even number of steps, as the floor's window does.
    #[inline]
    pub fn add(&mut self, t: u64, weight: f64, value: f64, square: f64) {
        self.turn(t);
        self.value[1].add(weight, value);
        self.squared_gradient[1].add(weight, square);
    }

    #[inline]
    fn turn(&mut self, t: u64) {
        if t >= self.next {
            self.value = [self.value[1], Extremes::default()];
            self.squared_gradient = [self.squared_gradient[1], Extremes::default()];
            self.next = Self::turn_after(t);
        }
    }

    /// Where the part that began at `t` ends.
    pub(super) fn turn_after(t: u64) -> u64 {
        (t + (t / 16).max(2)) & !1
    }

    fn add_steps(&mut self, cycle: &Cycle, steps: Range<u64>) {
        let mut t = steps.start;
        while t < steps.end {
            self.turn(t);
            let part = t..self.next.min(steps.end);
            t = part.end;
            self.value[1].add_steps(cycle, part.clone(), &|point| point.value);
            self.squared_gradient[1].add_steps(cycle, part, &Point::square);
        }
    }
}

/// Sums and extremes of a lane over its steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    /// `f - base` over `0..T-1`.
    pub value: Extremes,
    /// `a` over `0..T-1`.
    pub gradient_norm: Extremes,
    /// `a^2` over `0..T-1`.
    pub squared_gradient: Extremes,
    /// First coordinate over `0..T`, in one dimension.
    pub position: Extremes,
    /// `f - base` over the two halves of the floor's window.
    pub window_value: [Extremes; 2],
    /// `a^2` over the two halves.
    pub window_squared_gradient: [Extremes; 2],
    /// First coordinate over the two halves, in one dimension or where paths are enumerated.
    pub window_position: [Extremes; 2],
    /// Its square, likewise.
    pub window_square: [Extremes; 2],
    /// The window of a run that is stopped.
    pub recent: Recent,
    /// Weighted average of `f - base`, where the plan asks for one.
    pub weighted: Weighted,
}

impl Sums {
    /// Adds some steps of a cycle.
    fn add_cycle(&mut self, cycle: &Cycle, steps: Range<u64>, schedule: &Schedule, on_the_line: bool) {
        self.value.add_steps(cycle, steps.clone(), &|point| point.value);
        self.gradient_norm.add_steps(cycle, steps.clone(), &|point| point.gradient_norm);
        self.squared_gradient.add_steps(cycle, steps.clone(), &Point::square);
        self.recent.add_steps(cycle, steps.clone());
        let position = |point: &Point| point.position;
        if on_the_line {
            self.position.add_steps(cycle, steps.clone(), &position);
        }
        for (half, range) in schedule.window.iter().flatten().enumerate() {
            let part = steps.start.max(range.start)..steps.end.min(range.end).max(steps.start.max(range.start));
            self.window_value[half].add_steps(cycle, part.clone(), &|point| point.value);
            self.window_squared_gradient[half].add_steps(cycle, part.clone(), &Point::square);
            if on_the_line {
                self.window_position[half].add_steps(cycle, part.clone(), &position);
                self.window_square[half].add_steps(cycle, part, &|point| point.position * point.position);
            }
        }
    }
}

/// Everything kept of a lane.
#[derive(Clone, Debug, Default)]
pub struct LaneRecord {
    /// At the recorded steps, as far as the run came.
    pub points: Vec<Point>,
    /// What was summed, if anything was: many short lanes whose ends alone are kept are made and read faster without.
    sums: Option<Box<Sums>>,
    /// How it moved.
    pub movement: Movement,
    /// The step at which the lane diverged.
    pub diverged: Option<u64>,
    /// Sees the lane come back.
    pub(super) watch: Watch,
    /// It did.
    pub cycle: Option<Cycle>,
}

/// Empty sums are as good as none.
impl PartialEq for LaneRecord {
    fn eq(&self, other: &Self) -> bool {
        let Self { points, sums: _, movement, diverged, watch, cycle } = self;
        (points, movement, diverged, watch, cycle)
            == (&other.points, &other.movement, &other.diverged, &other.watch, &other.cycle)
            && self.sums() == other.sums()
    }
}

/// An iterate that was evaluated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evaluated {
    /// t.
    pub step: u64,
    /// `f(x_t)`
    pub value: f64,
    /// `|grad f(x_t)|`
    pub gradient_norm: f64,
    /// First coordinate.
    pub position: f64,
    /// d = 1: every place counts.
    pub on_the_line: bool,
}

impl LaneRecord {
    /// What was summed; empty sums if nothing was.
    pub fn sums(&self) -> &Sums {
        static NOTHING: LazyLock<Sums> = LazyLock::new(Sums::default);
        self.sums.as_deref().unwrap_or(&NOTHING)
    }

    /// To be added to.
    pub(super) fn sums_mut(&mut self) -> &mut Sums {
        self.sums.get_or_insert_default()
    }

    /// Files an iterate: `weight` for the sums over `0..T-1`; `None` at T itself and for steps that are recorded only.
    /// `false` if it is not finite: then the lane has diverged.
    #[inline]
    pub(super) fn keep(&mut self, plan: &Plan, schedule: &Schedule, at: &Evaluated, weight: Option<f64>) -> bool {
        let Evaluated { step, gradient_norm, position, .. } = *at;
        if !at.value.is_finite() || !gradient_norm.is_finite() {
            self.diverged = Some(step);
            return false;
        }
        let value = at.value - plan.base;
        let square = gradient_norm * gradient_norm;
        if let Some(weight) = weight {
            let sums = self.sums_mut();
            sums.value.add(weight, value);
            sums.gradient_norm.add(weight, gradient_norm);
            sums.squared_gradient.add(weight, square);
            sums.recent.add(step, weight, value, square);
            if let Some(decay) = plan.weight_decay {
                sums.weighted.add(decay, step, weight, value);
            }
        }
        if at.on_the_line && schedule.keeps_sums() {
            self.sums_mut().position.add(1.0, position);
        }
        let window_weight = if step == plan.steps { Some(1.0) } else { weight };
        if let (Some(weight), Some(window)) = (window_weight, &schedule.window) {
            for (half, range) in window.iter().enumerate() {
                if range.contains(&step) {
                    let sums = self.sums_mut();
                    sums.window_value[half].add(weight, value);
                    sums.window_squared_gradient[half].add(weight, square);
                    if at.on_the_line {
                        sums.window_position[half].add(weight, position);
                        sums.window_square[half].add(weight, position * position);
                    }
                }
            }
        }
        true
    }

    /// Keeps an iterate that is recorded, or of a round.
    pub(super) fn keep_point(&mut self, point: Point, recorded: bool, step: u64) {
        if recorded {
            self.points.push(point);
        }
        if let Some(cycle) = self.cycle.as_mut().filter(|cycle| step < cycle.end()) {
            cycle.round.push(point);
        }
    }

    /// Whether all that follows is known: the lane repeats itself, or has diverged.
    pub(super) fn is_known(&self) -> bool {
        self.diverged.is_some() || self.cycle.as_ref().is_some_and(Cycle::is_known)
    }

    /// Files the steps of a known cycle up to `until`, which is not filed.
    pub(super) fn keep_cycle(&mut self, schedule: &Schedule, on_the_line: bool, until: u64) {
        let Some(cycle) = self.cycle.take() else { return };
        let steps = cycle.end().min(until)..until;
        if schedule.strata.is_none() {
            self.sums_mut().add_cycle(&cycle, steps.clone(), schedule, on_the_line);
        }
        let recorded = schedule.recorded.iter().filter(|step| steps.contains(step));
        self.points.extend(recorded.map(|step| *cycle.at(*step)));
        self.cycle = Some(cycle);
    }

    /// Takes the recent steps as the floor's window.
    pub(super) fn close_window(&mut self) {
        if let Some(sums) = &mut self.sums {
            sums.window_value = sums.recent.value;
            sums.window_squared_gradient = sums.recent.squared_gradient;
        }
    }

    /// The point at T (or where the run stopped).
    pub fn last(&self) -> Option<&Point> {
        self.points.last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_a_vanishing_decay_the_weighted_average_is_the_mean() {
        let mut weighted = Weighted::default();
        for (t, term) in [3.0, 5.0, 10.0].into_iter().enumerate() {
            weighted.add(1e-18, t as u64, 1.0, term);
        }
        assert!((weighted.mean(1e-18, 3) - 6.0).abs() < 1e-14);
    }

    #[test]
    fn the_weighted_average_is_the_quotient_of_sums() {
        let (decay, terms) = (0.3f64, [5.0, -1.0, 2.0, 7.0]);
        let mut weighted = Weighted::default();
        terms.iter().enumerate().for_each(|(t, term)| weighted.add(decay, t as u64, 1.0, *term));
        let weights: Vec<f64> = (0..4).map(|t| (1.0 - decay).powi(-(t + 1))).collect();
        let exact = weights.iter().zip(terms).map(|(w, f)| w * f).sum::<f64>() / weights.iter().sum::<f64>();
        assert!((weighted.mean(decay, 4) - exact).abs() < 1e-14);
        // One term for steps 1 and 2 together, at step 2.
        let mut sampled = Weighted::default();
        for (t, weight, term) in [(0, 1.0, 5.0), (2, 2.0, 2.0), (3, 1.0, 7.0)] {
            sampled.add(decay, t, weight, term);
        }
        let exact = (weights[0] * 5.0 + weights[2] * 4.0 + weights[3] * 7.0) / weights.iter().sum::<f64>();
        assert!((sampled.mean(decay, 4) - exact).abs() < 1e-14);
    }

    #[test]
    fn sums_keep_what_cancels() {
        let mut sum = Sum::default();
        for term in [1.0, 1e100, 1.0, -1e100] {
            sum.add(term);
        }
        assert_eq!(sum.value(), 2.0);
    }
}
