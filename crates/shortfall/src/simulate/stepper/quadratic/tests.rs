use super::super::{Plain, Schedule};
use super::*;
use crate::kernel::{GROUP, dot};
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

/// Eigenvectors at once, after some steps, and never.
const CHANGES: [u64; 3] = [0, 2, u64::MAX];

#[test]
fn few_steps_are_those_of_the_plain_stepper() {
    for (d, change) in [32, 33, 100].into_iter().flat_map(|d| CHANGES.map(|change| (d, change))) {
        let problem = problem(d, 0.01);
        for method in methods() {
            let fast = Quadratic::changing(&problem, &method, change, &Sequential).expect("a quadratic");
            let plan = Plan::new(problem.default_start(), 3);
            let (x, record) = after(&fast, &problem, &method, &plan);
            let (y, plain) = after(&Plain::new(&problem, &method), &problem, &method, &plan);
            let size = norm(&plan.start);
            assert!(distance(&x, &y) < 1e-12 * size, "{d} {:e}", distance(&x, &y));
            for (a, b) in record.points.iter().zip(&plain.points) {
                assert!((a.value - b.value).abs() <= 1e-12 * size * size && a.position.is_finite());
                assert!((a.gradient_norm - b.gradient_norm).abs() <= 1e-12 * size);
            }
            assert!((record.sums().value.sum.value() - plain.sums().value.sum.value()).abs() <= 1e-11 * size * size);
            assert!((record.movement.first_step - plain.movement.first_step).abs() <= 1e-12 * size);
            assert!((record.movement.last_step - plain.movement.last_step).abs() <= 1e-12 * size);
        }
    }
}

#[test]
fn the_settled_end_is_that_of_the_plain_stepper() {
    let problem = problem(40, 0.05);
    for method in methods() {
        let plan = Plan::new(problem.default_start(), 30_000);
        let plain = after(&Plain::new(&problem, &method), &problem, &method, &plan).1;
        for change in [0, 500, u64::MAX] {
            let fast = Quadratic::changing(&problem, &method, change, &Sequential).expect("a quadratic");
            let fast = after(&fast, &problem, &method, &plan).1;
            let [a, b] =
                [&fast, &plain].map(|record| record.sums().window_squared_gradient[1].mean().expect("a window"));
            assert!((a - b).abs() <= 1e-9 * b + 1e-25, "{a:e} {b:e}");
        }
    }
}

/// Before, at and after the change, between iterates that wait to be filed together.
#[test]
fn stops_on_the_way_do_not_show() {
    let problem = problem(64, 0.05);
    for (method, change, steps) in
        [(Method::sam(0.3, 0.1), 100, 300), (Method::gd(0.3), 30, 31), (Method::sam(0.3, 0.1), 30_000, 40_000)]
    {
        let plan = Plan::new(problem.default_start(), steps);
        let schedule = Schedule::new(&plan, &problem, &method);
        let fast = Quadratic::changing(&problem, &method, change, &Sequential).expect("a quadratic");
        let ends =
            [vec![steps], vec![1, change - 1, change, change + 1, steps], vec![change, change, steps]].map(|stops| {
                let mut sums = Aggregates {
                    course: Course { plan: &plan, schedule: &schedule },
                    lanes: &mut [LaneRecord::default()],
                };
                let mut state = State::new(&plan, &method, 0, 1);
                stops.into_iter().for_each(|stop| fast.advance(&mut state, stop, &mut sums, &Sequential));
                fast.finish(&mut state, &mut sums, &Sequential);
                (state, sums.lanes[0].clone())
            });
        assert!(ends[0] == ends[1] && ends[0] == ends[2], "{change}");
        assert!(ends[0].1.points.len() > TOGETHER);
    }
}

/// The last round of a cycle that was found in tridiagonal form is read off it, wherever the run ends.
#[test]
fn a_cycle_from_before_the_change() {
    let d = 40;
    let mut matrix = vec![0.0; d * d];
    matrix.iter_mut().step_by(d + 1).zip(1..).for_each(|(entry, k)| *entry = if k < 40 { 1.0 } else { 2.0 });
    let problem = MatrixQuadratic::new(matrix, vec![0.0; d]);
    let method = Method::sam(0.5, 0.1);
    for steps in [999, 1000, 1001, 100_000, 1_000_001] {
        let plan = Plan::new(vec![1.0; d], steps);
        let ends = [1000, u64::MAX].map(|change| {
            let fast = Quadratic::changing(&problem, &method, change, &Sequential).expect("a quadratic");
            let (x, record) = after(&fast, &problem, &method, &plan);
            assert!(fast.eigenbasis.get().is_none() && record.cycle.is_some());
            (x, record)
        });
        assert_eq!(ends[0], ends[1]);
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
            let mut fast = Quadratic::of(problem, &method, &Sequential).expect("a quadratic");
            let eights = [64, steps].map(|until| {
                let schedule = Schedule::new(&plan, problem, &method);
                let course = Course { plan: &plan, schedule: &schedule };
                let mut state = State::new(&plan, &method, 0, 1);
                let mut sums = Aggregates { course, lanes: &mut [LaneRecord::default()] };
                fast.advance(&mut state, until, &mut sums, &Sequential);
                fast.eigenbasis(&Sequential).expect("eigenvectors").sleeping(&state.components)
            });
            let normalised = method.ascent.perturbation().lambda().is_some_and(|lambda| lambda > 0.0);
            match steps {
                20_000 => assert!(eights[0] < eights[1], "{eights:?}"),
                _ => assert!(eights[0] > 0 && (eights[0] > eights[1]) == normalised, "{eights:?}"),
            }
            let (x, record) = after(&fast, problem, &method, &plan);
            let basis = fast.eigenbasis.get_mut().and_then(Option::as_mut).expect("eigenvectors");
            basis.calm = vec![f64::NEG_INFINITY; d / GROUP];
            assert_eq!((x, record), after(&fast, problem, &method, &plan));
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
    assert!(Quadratic::of(&problem(31, 0.0), &method, &Sequential).is_none());
    let adaptive = Method { ascent: Box::new(crate::method::Adaptive), ..Method::sam(0.1, 0.1) };
    assert!(Quadratic::of(&saddle, &adaptive, &Sequential).is_none());
}

/// As runs choose them, from 256 rows on: a run that ends about the change begins a longer one, and diverges alike before and after.
#[test]
fn a_large_matrix_from_before_the_change_to_after() {
    let (large, method) = (problem(LARGE, 0.01), Method::sam(0.3, 0.1));
    let change = (LARGE as u64).pow(2) / PAYING;
    let [whole, shorter @ ..] = [change + 400, change - 1, change, change + 1]
        .map(|steps| made(&large, &method, &Plan::new(large.default_start(), steps), u64::MAX));
    for run in shorter {
        let common = run.recorded.iter().filter(|step| **step < run.plan.steps && whole.recorded.contains(step));
        let at = |run: &Run, step: u64| run.lanes[0].points[run.recorded.iter().position(|s| *s == step).unwrap()];
        assert!(common.clone().count() > 50 && common.into_iter().all(|step| at(&run, *step) == at(&whole, *step)));
    }
    assert!(whole.step_rounding.early.1 == change && whole.step_rounding.each < whole.step_rounding.early.0);
    // GD that leads away so fast that it is far off before the change, soon after it, or late.
    for rate in [1.3, 1.1, 1.02] {
        let saddle = problem(LARGE, -2.0);
        let least = saddle.tridiagonal(&Sequential).expect("finite").0.eigenvalue(0);
        let run = made(&saddle, &Method::gd((rate - 1.0) / -least), &Plan::new(vec![1.0; LARGE], 300_000), u64::MAX);
        let Outcome::Diverged { step, .. } = run.outcome else { panic!("{:?}", run.outcome) };
        assert!((step > change) == (rate < 1.2), "{step}");
        // Nearly in the direction of the least eigenvalue: coordinates in another basis are not.
        let (x, mut g) = (&run.states[0].x, vec![0.0; LARGE]);
        saddle.value_gradient(x, &mut g);
        let off: Vec<f64> = g.iter().zip(x).map(|(g, x)| g - least * x).collect();
        assert!(norm(&off) < 0.05 * norm(x), "{rate} {:e}", norm(&off) / norm(x));
    }
}
