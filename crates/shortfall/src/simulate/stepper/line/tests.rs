//! Held against the plain stepper, and leaps against its steps.

use super::super::Schedule;
use super::*;
use crate::constants::Number;
use crate::method::Sampling;
use crate::parallel::Sequential;
use crate::problem::Mixture;
use crate::random::{Generator, Role};
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
        Mixture::new(vec![line(&[], &[0.5], 3.0), line(&[], &[1.5], -1.0)], vec![0.4, 0.6]),
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

/// The plain stepper with the leaps of another.
struct Plainly<'a, 'b>(&'b Line<'a>);

impl Stepper for Plainly<'_, '_> {
    fn advance(&self, state: &mut State, until: u64, sums: &mut Aggregates, parallel: &dyn Parallel) {
        self.0.advance_plainly(state, until, sums, parallel);
    }

    fn finish(&self, state: &mut State, sums: &mut Aggregates, parallel: &dyn Parallel) {
        self.0.plain.finish(state, sums, parallel);
    }

    fn work(&self) -> u64 {
        self.0.work()
    }
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
        which in 0usize..4, rule in 0usize..4, eta in 0.01..0.6f64, batch in 1usize..4, independent: bool,
        lanes in 1u64..33, steps in 1u64..900, weigh: bool, ends: bool,
    ) {
        let (problem, method) = (&problems()[which], method(rule, eta, batch, independent));
        let decay = weigh.then_some(0.01);
        let record = if ends { Record::Ends } else { Record::LogSpaced };
        let whole = Plan::new(problem.default_start(), steps);
        let base = if weigh { 0.3 } else { 0.0 };
        let plan = Plan { lanes, seed: steps, weight_decay: decay, record, base, ..whole };
        let line = Line::of(problem, &method).expect("a mixture");
        let (state, fast) = after(&line, problem, &method, &plan);
        let (plainly, slow) = after(&Plainly(&line), problem, &method, &plan);
        prop_assert_eq!((state.x, state.random), (plainly.x, plainly.random));
        fast.iter().zip(&slow).for_each(|(a, b)| same(a, b));
    }
}

proptest! {
    /// One leap from the same point: 64 steps and 8 maps round by some units in the last place of what they met.
    #[test]
    fn leaps_are_their_steps_but_for_rounding(
        zeros in [-3.0..3.0f64, -3.0..3.0], slopes in [0.1..4.0f64, 0.1..4.0], reach in -4.0..0.0f64, rho in 0.0..0.2f64,
        rule in 0usize..4, place in 0.0..1.0f64, seed: u64,
    ) {
        let steepest = slopes[0].max(slopes[1]);
        let eta = 0.999 * 10f64.powf(reach) / (steepest * (1.0 + rho * steepest));
        let line = |zero: f64, slope: f64| {
            let slopes = vec![Number::exact(slope)];
            PiecewiseLinear::from_value_at_zero(vec![], slopes, Number::exact(-slope * zero))
        };
        let problem = &Mixture::new(vec![line(zeros[0], slopes[0]), line(zeros[1], slopes[1])], vec![0.5, 0.5]);
        let mut method = method(rule, eta, 1, false);
        if method.perturbs() {
            method.rho = rho.into();
        }
        let stepper = Line::of(problem, &method).expect("a mixture");
        let x = zeros[0] + place * (zeros[1] - zeros[0]);
        let generator = Generator::new(seed, 0, Role::Descent);
        let coins = generator.clone().toss(stepper.thresholds[0]);
        let Some(landed) = stepper.leap.as_ref().and_then(|leap| leap.land_one(coins, x)) else { return Ok(()) };
        let plan = Plan { seed, record: Record::Ends, ..Plan::new(vec![x], COINS) };
        let (state, _) = after(&Plain::new(problem, &method), problem, &method, &plan);
        prop_assert!((landed - state.x[0]).abs() <= 64.0 * f64::EPSILON * (3.0 + rho), "{} {}", landed, state.x[0]);
    }
}

/// Steps contract, so that rounding does not add up: after thousands of steps lanes are where plain steps take them.
#[test]
fn the_settled_end_is_that_of_the_plain_stepper() {
    let slopes = |first: f64, second: f64| {
        let line = |slope: f64, at_zero: f64| {
            PiecewiseLinear::from_value_at_zero(vec![], vec![Number::exact(slope)], Number::exact(at_zero))
        };
        Mixture::new(vec![line(first, 1.0), line(second, -1.0)], vec![0.7, 0.3])
    };
    for problem in [&slopes(1.0, 1.0), &slopes(0.5, 1.5)] {
        for rule in 0..4 {
            let method = Method { rho: 0.1.into(), ..method(rule, 0.01, 1, false) };
            let line = Line::of(problem, &method).expect("a mixture");
            let plan = Plan { lanes: 32, record: Record::Ends, ..Plan::new(vec![2.0], 4096) };
            let (state, fast) = after(&line, problem, &method, &plan);
            let (plainly, slow) = after(&Plain::new(problem, &method), problem, &method, &plan);
            assert!(state.x != plainly.x, "none leaps");
            assert!(
                state.x.iter().zip(&plainly.x).all(|(a, b)| (a - b).abs() < 1e-13),
                "{:?} {:?}",
                state.x,
                plainly.x
            );
            for (a, b) in fast.iter().zip(&slow) {
                assert!((a.movement.last_step - b.movement.last_step).abs() < 1e-13);
            }
        }
    }
}

/// Lanes of the workload that this is for leap nearly always.
#[test]
fn settled_lanes_leap() {
    let (problem, method) = (&problems()[0], Method { rho: 0.1.into(), ..method(0, 0.01, 1, false) });
    let line = Line::of(problem, &method).expect("a mixture");
    let leap = line.leap.as_ref().expect("parabolas");
    // The steps contract to -0.44; up from there with ones alone, down with zeros alone.
    for (x, bears) in [(-0.44, true), (0.9, true), (-0.9, true), (0.92, false), (-0.92, false), (f64::NAN, false)] {
        assert_eq!(leap.land_one(0, x).is_some(), bears, "{x}");
    }
    // 64 steps to the zero beyond: 1.1 - 0.99^64 (1.1 - 0.9).
    let landed = leap.land_one(u64::MAX, 0.9).expect("it bears");
    assert!((landed - (1.1 - 0.99f64.powi(64) * 0.2)).abs() < 1e-15, "{landed}");
    // With steps of 0.05 all lanes might pass a zero; a second draw, or more a step, is another map.
    for (which, eta, batch, independent, leaps) in [
        (0, 0.02, 1, false, true),
        (0, 0.05, 1, false, false),
        (1, 0.9, 1, true, true),
        (1, 1.1, 1, false, false),
        (0, 0.01, 2, false, false),
        (0, 0.01, 1, true, false),
    ] {
        let method = Method { rho: 0.1.into(), ..super::tests::method(which, eta, batch, independent) };
        assert_eq!(Line::of(problem, &method).expect("a mixture").leap.is_some(), leaps);
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
        let line = Line::of(problem, &method).expect("a mixture");
        let (plainly, slow) = after(&Plainly(&line), problem, &method, &plan);
        for looks in [&[700][..], &[256, 512, 700]] {
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

/// Steps that leap, and steps that do not.
#[test]
fn neither_blocks_nor_looks_show() {
    for eta in [0.01, 0.05] {
        let (problem, method) = (&problems()[0], method(0, eta, 1, false));
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
}

/// Nor does what is recorded, and a run is the beginning of a longer one: leaps are taken from the same places.
#[test]
fn neither_records_nor_the_end_show() {
    let (problem, method) = (&problems()[0], Method { rho: 0.1.into(), ..method(0, 0.01, 1, false) });
    let line = Line::of(problem, &method).expect("a mixture");
    let every = Plan { lanes: 11, record: Record::Every, ..Plan::new(vec![2.0], 700) };
    let (_, all) = after(&line, problem, &method, &every);
    for steps in [1, 63, 64, 65, 128, 300, 512, 700] {
        for record in [Record::Ends, Record::LogSpaced, Record::Every] {
            let plan = Plan { lanes: 11, record, ..Plan::new(vec![2.0], steps) };
            let (state, ends) = after(&line, problem, &method, &plan);
            for (lane, (all, end)) in all.iter().zip(&ends).enumerate() {
                assert_eq!(all.points[steps as usize], *end.points.last().expect("the end"), "{steps}");
                assert_eq!(all.points[steps as usize].position, state.x[lane]);
            }
            let (_, plainly) = after(&Plainly(&line), problem, &method, &plan);
            ends.iter().zip(&plainly).for_each(|(a, b)| same(a, b));
        }
    }
}
