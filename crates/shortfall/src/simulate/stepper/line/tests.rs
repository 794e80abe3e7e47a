//! Held against the plain stepper.

use super::super::Schedule;
use super::*;
use crate::constants::Number;
use crate::method::Sampling;
use crate::parallel::Sequential;
use crate::problem::Mixture;
use crate::simulate::{Outcome, Plan, Record, Run, run};
use proptest::prelude::*;
use std::ops::ControlFlow;

fn problems() -> Vec<Mixture> {
    let line = |breakpoints: &[f64], slopes: &[f64], at_zero: f64| {
        let slopes = slopes.iter().copied().map(Number::exact).collect();
        PiecewiseLinear::from_value_at_zero(breakpoints.to_vec(), slopes, at_zero.into())
    };
    vec![
        Mixture::new(vec![line(&[], &[1.0], 1.0), line(&[], &[1.0], -1.0)], vec![0.7, 0.3]),
        Mixture::new(
            vec![line(&[-1.0, 2.0], &[3.0, -1.0, 2.0], 0.5), line(&[0.5], &[1.0, 4.0], -2.0), line(&[], &[2.0], 0.0)],
            vec![0.25, 0.45, 0.3],
        ),
        Mixture::new(vec![line(&[0.0], &[1.0, 0.0], 0.0)], vec![1.0]),
    ]
}

fn method(rule: usize, eta: f64, batch: usize, independent: bool) -> Method {
    let reuse = if independent { SampleReuse::Independent } else { SampleReuse::Same };
    let sampling = Sampling { batch, replacement: true, reuse };
    let deterministic =
        [Method::sam(eta, 0.3), Method::gd(eta), Method::usam(eta, 0.1), Method::unified_sam(0.4, eta, 0.3)];
    let [sam, gd, usam, unified] = deterministic;
    Method { sampling: Some(sampling), ..[sam, gd, usam, unified].into_iter().nth(rule % 4).expect("one of four") }
}

fn after(stepper: &dyn Stepper, problem: &dyn Problem, method: &Method, plan: &Plan) -> (State, Vec<LaneRecord>) {
    let schedule = Schedule::new(plan, problem, method);
    let width = plan.lanes as usize;
    let mut records = vec![LaneRecord::default(); width];
    let mut sums = Aggregates { course: Course { plan, schedule: &schedule }, lanes: &mut records };
    let mut state = State::new(plan, method, 0, width);
    stepper.advance(&mut state, plan.steps, &mut sums, &Sequential);
    stepper.finish(&mut state, &mut sums, &Sequential);
    (state, records)
}

fn same(a: &LaneRecord, b: &LaneRecord) {
    assert_eq!((&a.points, a.diverged), (&b.points, b.diverged));
    assert_eq!((a.movement.first_step, a.movement.travelled), (b.movement.first_step, b.movement.travelled));
    assert_eq!(a.movement.last_step, b.movement.last_step);
    let all = |record: &LaneRecord| {
        let sums = record.sums();
        let mut all = vec![sums.value, sums.gradient_norm, sums.squared_gradient, sums.position];
        all.extend(sums.window_value);
        all.extend(sums.window_squared_gradient);
        all.extend(sums.window_position);
        all.extend(sums.window_square);
        let mut recent = record.clone();
        recent.close_window();
        all.extend(recent.sums().window_value);
        all.extend(recent.sums().window_squared_gradient);
        all
    };
    for (a, b) in all(a).iter().zip(all(b)) {
        assert_eq!((a.weight, a.smallest, a.largest), (b.weight, b.smallest, b.largest));
        let size = if b.weight > 0.0 { b.smallest.abs().max(b.largest.abs()) * b.weight } else { 0.0 };
        assert!((a.sum.value() - b.sum.value()).abs() <= 1e-13 * size, "{a:?} {b:?}");
    }
    let (a, b) = (a.sums(), b.sums());
    assert!((a.weighted.mean(0.01, 300) - b.weighted.mean(0.01, 300)).abs() <= 1e-12 * a.value.largest.abs());
}

proptest! {
    #[test]
    fn lanes_are_those_of_the_plain_stepper(
        which in 0usize..3, rule in 0usize..4, eta in 0.01..0.6f64, batch in 1usize..5, independent: bool,
        lanes in 1u64..33, steps in 1u64..900, weigh: bool, ends: bool,
    ) {
        let (problem, method) = (&problems()[which], method(rule, eta, batch, independent));
        let decay = weigh.then_some(0.01);
        let record = if ends { Record::Ends } else { Record::LogSpaced };
        let whole = Plan::new(problem.default_start(), steps);
        let plan = Plan { lanes, seed: steps, weight_decay: decay, record, ..whole };
        let line = Line::of(problem, &method).expect("a mixture");
        let (state, fast) = after(&line, problem, &method, &plan);
        let (plainly, slow) = after(&Plain::new(problem, &method), problem, &method, &plan);
        prop_assert_eq!((state.x, state.random), (plainly.x, plainly.random));
        fast.iter().zip(&slow).for_each(|(a, b)| same(a, b));
    }
}

#[test]
fn lanes_that_diverge_do_so_where_plain_ones_do() {
    let hill = |shift: f64| {
        let breakpoints = vec![shift - 2.0, shift + 2.0];
        PiecewiseLinear::from_value_at_zero(breakpoints, [-1.0, 1.0, -1.0].map(Number::exact).to_vec(), (-shift).into())
    };
    // Some lanes leave the bowl at different steps, some stay.
    let problem = &Mixture::new(vec![hill(-1.4), hill(1.4)], vec![0.5, 0.5]);
    let method = method(0, 0.35, 1, false);
    // Long enough for parts of the recent steps that are longer than a tile.
    for (record, steps) in [(Record::LogSpaced, 1500), (Record::LogSpaced, 30_000), (Record::Ends, 1500)] {
        let plan = Plan { lanes: 29, record, ..Plan::new(vec![3.9], steps) };
        let (state, fast) = after(&Line::of(problem, &method).expect("a mixture"), problem, &method, &plan);
        let (plainly, slow) = after(&Plain::new(problem, &method), problem, &method, &plan);
        let gone = slow.iter().filter(|lane| lane.diverged.is_some()).count();
        assert!(gone > 0 && gone < slow.len(), "{gone}");
        assert_eq!((state.x, state.random), (plainly.x, plainly.random));
        fast.iter().zip(&slow).for_each(|(a, b)| same(a, b));
    }
}

/// Places are not kept on the way: neither where that is interrupted nor a lane that has gone from the start shows.
#[test]
fn lanes_that_cannot_leave_are_those_of_the_plain_stepper() {
    let problem = &problems()[0];
    for (start, step, which) in [(2.0, 0.05, 0), (2.0, 3.5, 0), (1e160, 0.05, 0), (2.0, 0.05, 3)] {
        let method = method(which, step, 1, false);
        let plan = Plan { lanes: 9, record: Record::Ends, ..Plan::new(vec![start], 700) };
        let (plainly, slow) = after(&Plain::new(problem, &method), problem, &method, &plan);
        let line = Line::of(problem, &method).expect("a mixture");
        for looks in [&[700][..], &[1, 2, 130, 131, 512, 699, 700]] {
            let schedule = Schedule::new(&plan, problem, &method);
            let mut records = vec![LaneRecord::default(); 9];
            let mut sums = Aggregates { course: Course { plan: &plan, schedule: &schedule }, lanes: &mut records };
            let mut state = State::new(&plan, &method, 0, 9);
            looks.iter().for_each(|until| line.advance(&mut state, *until, &mut sums, &Sequential));
            line.finish(&mut state, &mut sums, &Sequential);
            assert_eq!((&state.x, &state.random), (&plainly.x, &plainly.random), "{start} {step} {looks:?}");
            records.iter().zip(&slow).for_each(|(a, b)| same(a, b));
        }
    }
}

/// A group of which all lanes have gone knows nothing of the recent steps any more.
#[test]
fn lanes_do_not_depend_on_those_that_have_gone() {
    let line = |breakpoints: &[f64], slopes: &[f64]| {
        let slopes = slopes.iter().copied().map(Number::exact).collect();
        PiecewiseLinear::from_value_at_zero(breakpoints.to_vec(), slopes, Number::exact(0.1))
    };
    let problem = &Mixture::new(
        vec![line(&[-2.0, 2.0], &[-1.0, 1.0, -1.0]), line(&[-2.0, 2.0], &[-1.0, 1.5, -1.0])],
        vec![0.5, 0.5],
    );
    let method = method(0, 0.35, 1, false);
    let line = Line::of(problem, &method).expect("a mixture");
    let plan = Plan { lanes: 16, ..Plan::new(vec![0.5], 30_000) };
    let schedule = Schedule::new(&plan, problem, &method);
    let advanced = |gone: bool, looks: &[u64]| {
        let mut records = vec![LaneRecord::default(); 16];
        if gone {
            records[..8].iter_mut().for_each(|record| record.diverged = Some(0));
        }
        let mut state = State::new(&plan, &method, 0, 16);
        for until in looks {
            let mut sums = Aggregates { course: Course { plan: &plan, schedule: &schedule }, lanes: &mut records };
            line.advance(&mut state, *until, &mut sums, &Sequential);
        }
        records.split_off(8)
    };
    let all = advanced(false, &[30_000]);
    assert_eq!(all, advanced(true, &[30_000]));
    assert_eq!(all, advanced(true, &[16_384, 30_000]));
}

#[test]
fn neither_blocks_nor_looks_show() {
    let (problem, method) = (&problems()[0], method(0, 0.05, 1, false));
    let made = |lanes: u64, first_replicate: u64, steps: u64, looks: u32| -> Run {
        let plan = Plan { lanes, first_replicate, ..Plan::new(vec![1.5], steps) };
        let mut left = looks;
        let observer = &mut |_| {
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        run(problem, &method, plan, &Sequential, observer).expect("they fit")
    };
    let stopped = made(70, 0, 10_000_000, 1);
    let Outcome::Stopped { step } = stopped.outcome else { panic!("{:?}", stopped.outcome) };
    let whole = made(70, 0, step, u32::MAX);
    for (stopped, whole) in stopped.lanes.iter().zip(&whole.lanes) {
        assert_eq!((&stopped.sums().value, stopped.last()), (&whole.sums().value, whole.last()));
    }
    let alone = made(1, 41, step, u32::MAX);
    assert_eq!(alone.lanes[0], whole.lanes[41]);
}
