//! Quadratics whose matrix was decomposed: a step costs d operations in the eigenbasis, not d^2.
//!
//! There SAM and its relatives act on each component alone once `|g|` is known: `g = lambda c`, `y = c + s g`, `c' = c - eta (g + s
//! lambda g)` with `s = rho/|g|` for SAM. Components count from the minimiser's, so that one which has decayed grows again where SAM
//! lets it, instead of being lost in the rounding of where it rests; while it does not, it is passed over. The matrix that is followed
//! is the decomposition's, off by at most its proved radius: runs carry that as rounding of every step. Recorded iterates are
//! transformed back and evaluated on the matrix itself.

use super::{Aggregates, Course, Stepper, can_repeat};
use crate::constants::eigen::{Eigen, UNIT, gamma};
use crate::kernel::{Components, GONE, GROUP, add_scaled, distance, dot, max_abs, norm, spectral_step};
use crate::method::Method;
use crate::parallel::Parallel;
use crate::problem::Problem;
use crate::simulate::State;
use crate::simulate::aggregates::{Evaluated, LaneRecord, Point};
use crate::simulate::cycle::Cycle;
use std::ops::Range;

/// Below, a step of the plain stepper costs about as much as what is kept of it.
const SMALLEST: usize = 32;
/// Norms whose squares neither overflow nor lose bits.
const SAFE: std::ops::Range<f64> = 1e-140..1e140;
/// Components count from where they rest if their eigenvalue is not below this part of the largest: one that SAM lets grow is
/// larger than those that hold it, and others may rest too far away to count from there.
const FLAT: f64 = 1e-3;

/// See the module.
pub struct Eigenbasis<'a> {
    problem: &'a dyn Problem,
    method: &'a Method,
    basis: &'a Eigen,
    /// Components of the point they count from.
    centre: Vec<f64>,
    /// Of the gradient there: 0 where it is the minimiser's, and left out where all are.
    linear: Option<Vec<f64>>,
    /// `f` there.
    least: f64,
    /// Weight of the normalised part of the perturbation, and the rest.
    weights: [f64; 2],
    /// The s up to which no step lets the components of an eight grow, eight after eight.
    calm: Vec<f64>,
}

/// Looks for components that have gone are so many steps apart.
const LOOK: u64 = 64;

/// Components that have gone and stay so.
#[derive(Default)]
struct Sleep {
    eights: Range<usize>,
    /// The s up to which they do.
    calm: f64,
}

/// What is known of where a lane is.
struct Found {
    squared_gradient: f64,
    /// `f`
    value: f64,
    /// `max |c_k|`
    largest: f64,
}

impl<'a> Eigenbasis<'a> {
    /// For deterministic gradient steps on a quadratic with a decomposed matrix, if it is one.
    pub fn of(problem: &'a dyn Problem, method: &'a Method, parallel: &dyn Parallel) -> Option<Self> {
        if method.sampling.is_some() || !method.descent.is_gradient_descent() || problem.dimension() < SMALLEST {
            return None;
        }
        let lambda = if method.perturbs() { method.ascent.perturbation().lambda()? } else { 0.0 };
        let weights = if method.perturbs() { [lambda, 1.0 - lambda] } else { [0.0; 2] };
        let (basis, linear) = problem.decomposed(parallel)?;
        let mut linear = components(basis, linear);
        let flat = FLAT * max_abs(&basis.values);
        let rest = |(linear, lambda): (&f64, &f64)| if lambda.abs() > flat { -linear / lambda } else { 0.0 };
        let centre: Vec<f64> = linear.iter().zip(&basis.values).map(rest).collect();
        let least = 0.5 * dot(&centre, &linear);
        linear.iter_mut().zip(&basis.values).filter(|(_, lambda)| lambda.abs() > flat).for_each(|(b, _)| *b = 0.0);
        let linear = linear.iter().any(|b| *b != 0.0).then_some(linear);
        let calm = calm(method, &basis.values, linear.as_deref());
        Some(Self { problem, method, basis, centre, linear, least, weights, calm })
    }

    /// The longest run of eights of which all components have gone, or are 0.
    fn asleep(&self, c: &[f64]) -> Sleep {
        let (mut longest, mut run) = (0..0, 0..0);
        for (eight, (c, calm)) in c.as_chunks::<GROUP>().0.iter().zip(&self.calm).enumerate() {
            let sleeps = *calm > 0.0 && c.iter().all(|c| *c == GONE || *c == 0.0);
            run = if sleeps { run.start..eight + 1 } else { eight + 1..eight + 1 };
            if run.len() > longest.len() {
                longest = run.clone();
            }
        }
        let calm = self.calm[longest.clone()].iter().fold(f64::INFINITY, |least, calm| least.min(*calm));
        Sleep { eights: longest, calm }
    }

    /// `s` of `y = c + s g`.
    fn stretch(&self, rho: f64, gradient_norm: f64) -> f64 {
        let [normalised, plain] = self.weights;
        // A zero gradient has no direction.
        let along = if normalised > 0.0 && gradient_norm > 0.0 { normalised / gradient_norm } else { 0.0 };
        rho * (along + plain)
    }

    fn gradient_norm(&self, c: &[f64], found: &Found) -> f64 {
        let plain = found.squared_gradient.sqrt();
        if SAFE.contains(&plain) || plain.is_nan() {
            return plain;
        }
        let linear = |k: usize| self.linear.as_ref().map_or(0.0, |linear| linear[k]);
        let entry = |(k, (c, lambda)): (usize, (&f64, &f64))| lambda.mul_add(*c, linear(k));
        norm(&c.iter().zip(&self.basis.values).enumerate().map(entry).collect::<Vec<_>>())
    }

    /// One step, which also evaluates where it leads. Components sleep on, or wake up together.
    fn go(&self, t: u64, gradient_norm: f64, c: &mut [f64], sleep: &mut Sleep) -> Found {
        let stretch = self.stretch(self.method.rho.at(t), gradient_norm);
        let sleep_on = stretch <= sleep.calm;
        if !sleep_on {
            *sleep = Sleep::default();
        }
        self.pass([self.method.eta.at(t), stretch], c, &sleep.eights)
    }

    fn pass(&self, coefficients: [f64; 2], c: &mut [f64], passed_over: &Range<usize>) -> Found {
        let Components { squared_gradient, energy, largest } =
            spectral_step(&self.basis.values, self.linear.as_deref(), coefficients, c, passed_over);
        Found { squared_gradient, value: 0.5f64.mul_add(energy, self.least), largest }
    }

    /// Where the components lead.
    fn place(&self, c: &[f64]) -> Vec<f64> {
        let mut x = vec![0.0; c.len()];
        for ((vector, c), centre) in self.basis.vectors.chunks_exact(c.len()).zip(c).zip(&self.centre) {
            add_scaled(c + centre, vector, &mut x);
        }
        x
    }

    /// The iterate itself, evaluated on the matrix.
    fn point(&self, c: &[f64], base: f64, parallel: &dyn Parallel) -> Point {
        let x = self.place(c);
        let mut g = vec![0.0; x.len()];
        let value = self.problem.value_gradient_on(&x, &mut g, parallel);
        // The sums between recorded steps follow the decomposition.
        let off = self.basis.radius * norm(&x);
        let point = Point::of(self.problem, &x, value, &g, base);
        let (error, gradient_error) = (point.error + 0.5 * off * norm(&x), point.gradient_error + off);
        Point { error, gradient_error, ..point }
    }
}

impl Stepper for Eigenbasis<'_> {
    fn advance(&self, state: &mut State, until: u64, sums: &mut Aggregates, parallel: &dyn Parallel) {
        let d = self.problem.dimension();
        if state.components.is_empty() {
            let mut x = vec![0.0; d];
            for lane in 0..state.width {
                state.gather(lane, &mut x, &mut []);
                let c = components(self.basis, &x);
                state.components.extend(c.iter().zip(&self.centre).map(|(c, centre)| c - centre));
            }
        }
        let course = sums.course;
        let limit = course.schedule.limit;
        let near = (limit - norm(&self.centre)) / (d as f64).sqrt();
        let watches = can_repeat(self.method) && course.plan.weight_decay.is_none();
        for (lane, c) in state.components.chunks_exact_mut(d).enumerate() {
            let record = &mut sums.lanes[lane];
            if record.is_known() {
                continue;
            }
            let mut found = self.pass([0.0; 2], c, &(0..0));
            let mut recorded = course.schedule.recorded.partition_point(|recorded| *recorded < state.step);
            let mut sleep = Sleep::default();
            for t in state.step..until {
                if t % LOOK == 0 {
                    sleep = self.asleep(c);
                }
                if watches {
                    if record.cycle.is_none() {
                        record.cycle = record.watch.look(t, c).map(|period| Cycle::new(t, period));
                    }
                    if record.is_known() {
                        break;
                    }
                }
                let gradient_norm = self.gradient_norm(c, &found);
                let is_recorded = course.schedule.recorded.get(recorded) == Some(&t);
                let evaluates = course.schedule.strata.is_none() || is_recorded || record.cycle.is_some();
                if evaluates || !gradient_norm.is_finite() {
                    let filed = (is_recorded, course.schedule.strata.is_none().then_some(1.0));
                    if !self.keep(t, gradient_norm, found.value, filed, c, course, record, parallel) {
                        break;
                    }
                }
                recorded += usize::from(is_recorded);
                let before = (t == 0 || t + 1 == course.plan.steps).then(|| c.to_vec());
                found = self.go(t, gradient_norm, c, &mut sleep);
                if let Some(before) = before {
                    record.movement.last_step = distance(c, &before);
                    if t == 0 {
                        record.movement.first_step = record.movement.last_step;
                    }
                }
                // A coordinate is at most the length of all components.
                let far = found.largest > near || found.largest.is_nan();
                if far && !(max_abs(&self.place(c)) <= limit && found.value.is_finite()) {
                    record.diverged = Some(t + 1);
                    break;
                }
            }
        }
        state.step = until;
    }

    fn finish(&self, state: &mut State, sums: &mut Aggregates, parallel: &dyn Parallel) {
        let d = self.problem.dimension();
        let (course, step_reached) = (sums.course, state.step);
        let mut lanes = std::mem::take(&mut state.components);
        for (lane, c) in lanes.chunks_exact_mut(d).enumerate() {
            let record = &mut sums.lanes[lane];
            if record.diverged.is_none() {
                let mut found = self.pass([0.0; 2], c, &(0..0));
                if let Some(cycle) = record.cycle.clone().filter(Cycle::is_known) {
                    let more = step_reached.saturating_sub(cycle.end());
                    for k in 0..if more == 0 { 0 } else { (more - 1) % cycle.period + 1 } {
                        let before = c.to_vec();
                        let gradient_norm = self.gradient_norm(c, &found);
                        found = self.go(cycle.end() + k, gradient_norm, c, &mut Sleep::default());
                        record.movement.last_step = distance(c, &before);
                    }
                    record.keep_cycle(course.schedule, false, step_reached);
                }
                let gradient_norm = self.gradient_norm(c, &found);
                if self.keep(step_reached, gradient_norm, found.value, (true, None), c, course, record, parallel) {
                    record.movement.travelled = distance(&self.place(c), &course.plan.start);
                }
            }
            state.scatter(lane, &self.place(c), &[]);
        }
    }

    fn work(&self) -> u64 {
        4 * self.problem.dimension() as u64
    }

    fn rounding(&self) -> [f64; 2] {
        let d = self.problem.dimension();
        let orthogonal = gamma(d / 16 + 20) * (d as f64).sqrt()
            + self.basis.radius / max_abs(&self.basis.values).max(f64::MIN_POSITIVE);
        [self.method.eta.first() * self.basis.radius + 8.0 * UNIT, orthogonal]
    }
}

impl Eigenbasis<'_> {
    /// Files an iterate: with `weight` in the sums, at T without. `false` if it is not finite.
    #[allow(clippy::too_many_arguments)] // an iterate with all that is known of it
    fn keep(
        &self,
        t: u64,
        gradient_norm: f64,
        value: f64,
        (recorded, weight): (bool, Option<f64>),
        c: &[f64],
        course: Course,
        record: &mut LaneRecord,
        parallel: &dyn Parallel,
    ) -> bool {
        let at = Evaluated { step: t, value, gradient_norm, position: 0.0, on_the_line: false };
        let kept = record.keep(course.plan, course.schedule, &at, weight);
        if kept && (recorded || record.cycle.is_some()) {
            record.keep_point(self.point(c, course.plan.base, parallel), recorded, t);
        }
        kept
    }
}

/// A component c that moves by itself goes to `(1 - eta lambda (1 + s lambda)) c`, which is not larger up to
/// `s = (2/(eta lambda) - 1)/lambda` if lambda is positive. None is known where eta changes.
fn calm(method: &Method, values: &[f64], linear: Option<&[f64]>) -> Vec<f64> {
    let bound = |k: usize, lambda: f64| {
        let moves_alone = method.eta.is_constant() && linear.is_none_or(|linear| linear[k] == 0.0);
        // Not 2: far from where rounding could decide.
        let bound = (1.999 / (method.eta.first() * lambda) - 1.0) / lambda;
        if moves_alone && lambda > 0.0 { bound } else { f64::NEG_INFINITY }
    };
    let eights = values.as_chunks::<GROUP>().0.iter().enumerate();
    let least = |(eight, values): (usize, &[f64; GROUP])| {
        let bounds = values.iter().enumerate().map(|(k, lambda)| bound(GROUP * eight + k, *lambda));
        bounds.fold(f64::INFINITY, f64::min)
    };
    eights.map(least).collect()
}

/// `V'x`
fn components(basis: &Eigen, x: &[f64]) -> Vec<f64> {
    basis.vectors.chunks_exact(x.len()).map(|vector| dot(vector, x)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Plain, Schedule};
    use super::*;
    use crate::parallel::Sequential;
    use crate::problem::MatrixQuadratic;
    use crate::random::{Generator, Role};
    use crate::simulate::{Outcome, Plan, Run, run};
    use std::ops::ControlFlow;

    /// Positive definite unless `shift` is below 0, with a linear term.
    fn problem(d: usize, shift: f64) -> MatrixQuadratic {
        let mut generator = Generator::new(7, 0, Role::Other);
        let b: Vec<f64> = (0..d * d).map(|_| generator.normal()).collect();
        let mut matrix = vec![0.0; d * d];
        for i in 0..d {
            for j in 0..=i {
                let entry = dot(&b[i * d..][..d], &b[j * d..][..d]) / d as f64 + if i == j { shift } else { 0.0 };
                (matrix[i * d + j], matrix[j * d + i]) = (entry, entry);
            }
        }
        MatrixQuadratic::new(matrix, (0..d).map(|i| (i as f64).cos()).collect())
    }

    fn methods() -> Vec<Method> {
        vec![Method::sam(0.3, 0.1), Method::gd(0.3), Method::usam(0.3, 0.1), Method::unified_sam(0.4, 0.3, 0.1)]
    }

    fn after(stepper: &dyn Stepper, problem: &dyn Problem, method: &Method, plan: &Plan) -> (Vec<f64>, LaneRecord) {
        let schedule = Schedule::new(plan, problem, method);
        let mut record = LaneRecord::default();
        let course = Course { plan, schedule: &schedule };
        let mut sums = Aggregates { course, lanes: std::slice::from_mut(&mut record) };
        let mut state = State::new(plan, method, 0, 1);
        stepper.advance(&mut state, plan.steps, &mut sums, &Sequential);
        stepper.finish(&mut state, &mut sums, &Sequential);
        (state.x, record)
    }

    fn made(problem: &dyn Problem, method: &Method, plan: &Plan, looks: u64) -> Run {
        let mut left = looks;
        let observer = &mut |_| {
            left = left.saturating_sub(1);
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        run(problem, method, plan.clone(), &Sequential, observer).expect("they fit")
    }

    #[test]
    fn few_steps_are_those_of_the_plain_stepper() {
        for d in [32, 33, 100] {
            let problem = problem(d, 0.01);
            for method in methods() {
                let fast = Eigenbasis::of(&problem, &method, &Sequential).expect("a quadratic");
                let plan = Plan::new(problem.default_start(), 3);
                let (x, record) = after(&fast, &problem, &method, &plan);
                let (y, plain) = after(&Plain::new(&problem, &method), &problem, &method, &plan);
                let size = norm(&plan.start);
                assert!(distance(&x, &y) < 1e-12 * size, "{d} {:e}", distance(&x, &y));
                for (a, b) in record.points.iter().zip(&plain.points) {
                    assert!((a.value - b.value).abs() <= 1e-12 * size * size && a.position.is_finite());
                    assert!((a.gradient_norm - b.gradient_norm).abs() <= 1e-12 * size);
                }
                assert!(
                    (record.sums().value.sum.value() - plain.sums().value.sum.value()).abs() <= 1e-11 * size * size
                );
                assert!((record.movement.first_step - plain.movement.first_step).abs() <= 1e-12 * size);
            }
        }
    }

    #[test]
    fn the_settled_end_is_that_of_the_plain_stepper() {
        let problem = problem(40, 0.05);
        for method in methods() {
            let plan = Plan::new(problem.default_start(), 30_000);
            let fast = Eigenbasis::of(&problem, &method, &Sequential).expect("a quadratic");
            let ends = [
                after(&fast, &problem, &method, &plan).1,
                after(&Plain::new(&problem, &method), &problem, &method, &plan).1,
            ];
            let [a, b] = ends.map(|record| record.sums().window_squared_gradient[1].mean().expect("a window"));
            assert!((a - b).abs() <= 1e-9 * b + 1e-25, "{a:e} {b:e}");
        }
    }

    /// Where most fall asleep for good, and where those that were asleep from the start wake up because the gradient decays.
    #[test]
    fn sleep_does_not_show() {
        let d = 64;
        let mut diagonal = vec![0.0; d * d];
        diagonal.iter_mut().step_by(d + 1).zip(1..).for_each(|(entry, k)| *entry = f64::from(k) / 16.0);
        let diagonal = MatrixQuadratic::new(diagonal, vec![0.0; d]);
        let mut start = vec![1e-305; d];
        start[0] = 1e4;
        let dense = problem(d, 0.01);
        for (problem, start, steps) in [(&dense, dense.default_start(), 20_000), (&diagonal, start, 1000)] {
            for method in methods() {
                let plan = Plan::new(start.clone(), steps);
                let fast = Eigenbasis::of(problem, &method, &Sequential).expect("a quadratic");
                let eights = [64, steps].map(|until| {
                    let schedule = Schedule::new(&plan, problem, &method);
                    let course = Course { plan: &plan, schedule: &schedule };
                    let mut state = State::new(&plan, &method, 0, 1);
                    let mut sums = Aggregates { course, lanes: &mut [LaneRecord::default()] };
                    fast.advance(&mut state, until, &mut sums, &Sequential);
                    fast.asleep(&state.components).eights.len()
                });
                let normalised = method.ascent.perturbation().lambda().is_some_and(|lambda| lambda > 0.0);
                match steps {
                    20_000 => assert!(eights[0] < eights[1], "{eights:?}"),
                    _ => assert!(eights[0] > 0 && (eights[0] > eights[1]) == normalised, "{eights:?}"),
                }
                let (x, record) = after(&fast, problem, &method, &plan);
                let awake = Eigenbasis { calm: vec![f64::NEG_INFINITY; d / GROUP], ..fast };
                assert_eq!((x, record), after(&awake, problem, &method, &plan));
            }
        }
    }

    #[test]
    fn nothing_but_the_steps_decides_the_bits() {
        let (problem, method) = (problem(64, 0.01), Method::sam(0.3, 0.1));
        let stopped = made(&problem, &method, &Plan::new(problem.default_start(), 300_000), 1);
        let Outcome::Stopped { step } = stopped.outcome else { panic!("{:?}", stopped.outcome) };
        let whole = made(&problem, &method, &Plan::new(problem.default_start(), step), u64::MAX);
        assert_eq!(stopped.states[0].x, whole.states[0].x);
        assert_eq!(stopped.lanes[0].sums().value, whole.lanes[0].sums().value);
        assert_eq!(stopped.lanes[0].last(), whole.lanes[0].last());
        let long = made(&problem, &method, &Plan::new(problem.default_start(), 1_000_000_000_000), u64::MAX);
        assert!(matches!(long.outcome, Outcome::Periodic { .. }), "{:?}", long.outcome);
    }

    #[test]
    fn at_rest_far_away_and_where_it_does_not_apply() {
        let d = 32;
        let mut matrix = vec![0.0; d * d];
        matrix.iter_mut().step_by(d + 1).for_each(|entry| *entry = 1.0);
        let identity = MatrixQuadratic::new(matrix, vec![0.0; d]);
        let method = Method::sam(0.5, 0.1);
        let run = made(&identity, &method, &Plan::new(vec![0.0; d], 100), u64::MAX);
        assert_eq!((run.outcome, norm(&run.states[0].x)), (Outcome::Periodic { period: 1 }, 0.0));
        let saddle = problem(32, -2.0);
        for method in methods() {
            let run = made(&saddle, &method, &Plan::new(saddle.default_start(), 100_000), u64::MAX);
            assert!(matches!(run.outcome, Outcome::Diverged { .. }), "{:?}", run.outcome);
        }
        assert!(Eigenbasis::of(&problem(31, 0.0), &method, &Sequential).is_none());
        let adaptive = Method { ascent: Box::new(crate::method::Adaptive), ..Method::sam(0.1, 0.1) };
        assert!(Eigenbasis::of(&saddle, &adaptive, &Sequential).is_none());
    }
}
