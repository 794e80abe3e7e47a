//! What every run obeys, whatever the problem and the method.

mod common;

use common::{plan, registered, simulate};
use shortfall::constants::Number;
use shortfall::method::{Ascent, HeavyBall, Method, SampleReuse, Sampling, Schedule};
use shortfall::parallel::{Parallel, Sequential};
use shortfall::problem::{Logistic, Mixture, PiecewiseLinear, Problem, Quadratic};
use shortfall::simulate::{LaneRecord, Outcome, Plan, Record, Run, Setting, State, run, run_all};
use std::ops::ControlFlow;

fn data() -> Logistic {
    let features: Vec<f64> = (0..90 * 4).map(|i| (i as f64 * 0.77).sin() * 2.0).collect();
    let labels: Vec<f64> = (0..90).map(|i| if (i * 7) % 11 < 5 { 1.0 } else { -1.0 }).collect();
    Logistic::new(4, &features, &labels, 0.05)
}

fn problems() -> Vec<Box<dyn Problem>> {
    vec![
        Box::new(Quadratic::rotated(vec![3.0, 1.0, 0.2, -0.1], 5)),
        registered("sine", &[("beta", 2.0), ("radius", 0.7), ("phase", 4.0)]).0,
        registered("triangle", &[("beta", 1.5), ("radius", 0.5), ("eps", 0.2)]).0,
        registered("trap", &[("beta", 9.0), ("mu", 1.5), ("theta", 0.4), ("radius", 0.6)]).0,
        Box::new(parabolas()),
        Box::new(data()),
    ]
}

/// Lanes leap on them.
fn parabolas() -> Mixture {
    let parabola = |at_zero: f64| {
        let slopes = vec![Number::exact(0.2)];
        PiecewiseLinear::from_value_at_zero(vec![], slopes, Number::exact(at_zero))
    };
    Mixture::new(vec![parabola(0.3), parabola(-0.3)], vec![0.5, 0.5])
}

fn samplings() -> Vec<Sampling> {
    [(1, true, SampleReuse::Same), (3, true, SampleReuse::Independent), (2, false, SampleReuse::Same)]
        .map(|(batch, replacement, reuse)| Sampling { batch, replacement, reuse })
        .to_vec()
}

fn methods(stochastic: bool, rho: f64) -> Vec<Method> {
    if stochastic {
        samplings().into_iter().map(|sampling| Method::stochastic_sam(0.07, rho, sampling)).collect()
    } else {
        vec![Method::sam(0.07, rho)]
    }
}

fn has_samples(problem: &dyn Problem) -> bool {
    matches!(problem.samples(), shortfall::problem::Samples::Finite(_))
}

/// Every problem with every method that fits it.
fn for_all(rho: f64, mut check: impl FnMut(&dyn Problem, &Method)) {
    for problem in problems() {
        for stochastic in [false, true] {
            if !stochastic || has_samples(problem.as_ref()) {
                methods(stochastic, rho).iter().for_each(|method| check(problem.as_ref(), method));
            }
        }
    }
}

fn start(problem: &dyn Problem) -> Vec<f64> {
    problem.default_start()
}

fn final_points(run: &Run) -> Vec<f64> {
    let lane = |lane: u64| {
        let is_here = |state: &&State| (state.first_lane..state.first_lane + state.width as u64).contains(&lane);
        let state = run.states.iter().find(is_here).expect("every lane has a state");
        let within = (lane - state.first_lane) as usize;
        (0..run.plan.start.len()).map(|i| state.x[i * state.width + within]).collect::<Vec<_>>()
    };
    (0..run.plan.lanes).flat_map(lane).collect()
}

#[test]
fn without_a_radius_it_is_the_base_method_bit_for_bit() {
    for problem in problems() {
        let x0 = start(problem.as_ref());
        let mut pairs = vec![(Method::sam(0.07, 0.0), Method::gd(0.07))];
        if has_samples(problem.as_ref()) {
            for s in samplings() {
                pairs.push((Method::stochastic_sam(0.07, 0.0, s), Method::sgd(0.07, s)));
                let decaying = Method::stochastic_sam(0.07, Schedule::InverseSquareRoot(0.0), s);
                pairs.push((decaying, Method::sgd(0.07, s)));
            }
        }
        for (sam, base) in pairs {
            let run = |method| simulate(problem.as_ref(), method, plan(problem.as_ref(), &x0, 140, 9));
            let (a, b) = (run(&sam), run(&base));
            assert_eq!(a.lanes, b.lanes);
            assert_eq!(final_points(&a), final_points(&b));
        }
    }
}

#[test]
fn sgd_draws_what_both_kinds_of_sam_descend_on() {
    // With a tiny radius n-SAM, m-SAM and SGD stay together: they see the same descent batches.
    let problem = data();
    let at = |reuse, rho| {
        let sampling = Sampling { batch: 2, replacement: true, reuse };
        simulate(&problem, &Method::stochastic_sam(0.1, rho, sampling), plan(&problem, &[0.0; 4], 50, 1))
    };
    let (m, n, sgd) = (at(SampleReuse::Same, 1e-9), at(SampleReuse::Independent, 1e-9), at(SampleReuse::Same, 0.0));
    for (a, b) in final_points(&m).iter().chain(&final_points(&n)).zip(final_points(&sgd).iter().cycle()) {
        assert!((a - b).abs() < 1e-7, "{a} {b}");
    }
}

#[test]
fn a_run_is_the_beginning_of_a_longer_one() {
    for_all(0.1, |problem, method| {
        let x0 = start(problem);
        let (short, long) = (
            simulate(problem, method, plan(problem, &x0, 200, 9)),
            simulate(problem, method, plan(problem, &x0, 300, 9)),
        );
        for (a, b) in short.lanes.iter().zip(&long.lanes) {
            let kept = a.points.len() - 1;
            assert_eq!(a.points[..kept], b.points[..kept]);
        }
        assert_eq!(short.recorded[..short.recorded.len() - 1], long.recorded[..short.recorded.len() - 1]);
    });
}

#[test]
fn lanes_do_not_depend_on_their_company() {
    for_all(0.1, |problem, method| {
        let x0 = start(problem);
        let all = simulate(problem, method, plan(problem, &x0, 150, 20));
        for lane in [0, 7, 8, 19] {
            let alone = Plan { first_replicate: lane, ..plan(problem, &x0, 150, 1) };
            assert_eq!(simulate(problem, method, alone).lanes[0], all.lanes[lane as usize]);
        }
    });
}

/// Tasks on threads of their own, last first.
struct Threads;

impl Parallel for Threads {
    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        std::thread::scope(|scope| {
            for i in (0..tasks).rev() {
                scope.spawn(move || task(i));
            }
        });
    }
}

#[test]
fn threads_change_no_bit() {
    for_all(0.1, |problem, method| {
        let planned = plan(problem, &start(problem), 30, 20);
        let alone = simulate(problem, method, planned.clone());
        let shared = run(problem, method, planned, &Threads, &mut |_| ControlFlow::Continue(())).expect("fits");
        assert_eq!(alone.lanes, shared.lanes);
        assert_eq!(alone.states, shared.states);
    });
}

#[test]
fn a_stopped_run_keeps_what_it_had() {
    let problem = data();
    // With a memory, so that no round of it is known for ever.
    let method = Method { descent: Box::new(HeavyBall { momentum: 0.1 }), ..Method::sam(0.07, 0.1) };
    let planned = plan(&problem, &[0.0; 4], 1_000_000_000_000, 1);
    let mut looks = 0;
    let stopped = run(&problem, &method, planned, &Threads, &mut |_| {
        looks += 1;
        if looks == 20 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .expect("fits");
    let Outcome::Stopped { step } = stopped.outcome else { panic!("{:?}", stopped.outcome) };
    assert_eq!(stopped.recorded.last(), Some(&step));
    assert_eq!(stopped.recorded.len(), stopped.lanes[0].points.len());
    let mut stopped = stopped;
    stopped.know(
        &problem.constants(&shortfall::problem::Ask { start: &[0.0; 4], sampling: None }),
        &problem.minimum(),
        &method,
    );
    let whole = simulate(&problem, &method, plan(&problem, &[0.0; 4], step, 1));
    assert_eq!(stopped.lanes[0].sums().value, whole.lanes[0].sums().value);
    assert_eq!(stopped.lanes[0].last(), whole.lanes[0].last());
    // Its floor is that of its last steps: at rest the same as the whole run's.
    let (a, b) = (stopped.floor().expect("recent steps"), whole.floor().expect("a window"));
    assert!(a.settled && (a.interval.mean / b.interval.mean - 1.0).abs() < 1e-9, "{a:?} {b:?}");
}

#[test]
fn at_a_minimiser_nothing_moves() {
    let problem = Quadratic::new(vec![3.0, 1.0]);
    let run = simulate(&problem, &Method::sam(0.3, 0.5), plan(&problem, &[0.0, 0.0], 100, 1));
    assert_eq!(final_points(&run), [0.0, 0.0]);
    assert_eq!(run.lanes[0].sums().value.largest, 0.0);
}

#[test]
fn tiny_gradients_are_followed_not_swallowed() {
    // One step from x0 on f = x^2/2: y = x0 + rho, x1 = x0 - eta (x0 + rho).
    let problem = Quadratic::new(vec![1.0]);
    for x0 in [1e-300, 5e-324, -1e-200] {
        let run = simulate(&problem, &Method::sam(0.25, 0.5), plan(&problem, &[x0], 1, 1));
        assert_eq!(final_points(&run), [x0 - 0.25 * 0.5 * f64::signum(x0)]);
    }
}

#[test]
fn a_radius_may_decay() {
    use shortfall::method::Schedule;
    let problem = Quadratic::new(vec![1.0]);
    let method = Method::sam(0.25, Schedule::InverseSquareRoot(0.5));
    let run = simulate(&problem, &method, plan(&problem, &[3.0], 2, 1));
    let x1 = 3.0 - 0.25 * 3.5;
    let expected = x1 - 0.25 * (x1 + 0.5 / 2f64.sqrt());
    assert!((final_points(&run)[0] - expected).abs() < 1e-15);
    // No floor stays: after 10^5 steps the loss is below that of any step of the constant radius.
    let decayed = simulate(&problem, &method, plan(&problem, &[3.0], 100_000, 1)).floor().expect("a window");
    let constant =
        simulate(&problem, &Method::sam(0.25, 0.5), plan(&problem, &[3.0], 100_000, 1)).floor().expect("a window");
    assert!(decayed.interval.mean < 1e-4 * constant.interval.mean);
}

#[test]
fn divergence_is_an_outcome() {
    let problem = Quadratic::new(vec![3.0]);
    let run = simulate(&problem, &Method::gd(10.0), plan(&problem, &[1.0], 1000, 1));
    assert!(matches!(run.outcome, Outcome::Diverged { step } if step < 60), "{:?}", run.outcome);
    assert!(run.floor().is_none());
    let overflows = Quadratic::new(vec![1e308]);
    let run = simulate(&overflows, &Method::gd(1.0), plan(&overflows, &[1e10], 10, 1));
    assert_eq!(run.outcome, Outcome::Diverged { step: 0 });
}

/// Over few steps: later SAM amplifies components that exact dynamics has let decay and rounding re-seeds.
#[test]
fn rotation_is_a_change_of_coordinates() {
    let eigenvalues = vec![4.0, 1.0, 0.3];
    let (plain, rotated) = (Quadratic::new(eigenvalues.clone()), Quadratic::rotated(eigenvalues, 3));
    use shortfall::problem::Spectrum;
    let components = [1.0, -2.0, 0.5];
    let method = Method::sam(0.1, 0.2);
    let a = simulate(&plain, &method, plan(&plain, &components, 12, 1));
    let b = simulate(&rotated, &method, plan(&rotated, &rotated.point(&components), 12, 1));
    for (a, b) in final_points(&a).iter().zip(rotated.components(&final_points(&b))) {
        assert!((a - b).abs() < 1e-12, "{a} {b}");
    }
}

#[test]
fn strata_estimate_the_average_without_bias() {
    let problem = data();
    let sampling = Sampling { batch: 4, replacement: true, reuse: SampleReuse::Same };
    let method = Method::stochastic_sam(0.2, 0.1, sampling);
    let planned = plan(&problem, &[0.0; 4], 4000, 200);
    let sampled = simulate(&problem, &method, planned.clone());
    let every = simulate(&problem, &method, Plan { record: Record::Every, ..planned });
    assert!(!sampled.every_step_evaluated && every.every_step_evaluated);
    let mean = |run: &Run, of: fn(&LaneRecord) -> f64| run.lanes.iter().map(of).sum::<f64>() / 200.0;
    for of in [
        |lane: &LaneRecord| lane.sums().value.mean().unwrap(),
        |lane: &LaneRecord| lane.sums().window_value[1].mean().unwrap(),
    ] {
        let (a, b) = (mean(&sampled, of), mean(&every, of));
        // In the window 18 steps of a lane are evaluated, whose f is about as large as its deviation: 1/sqrt(200 * 18) = 1.7 %.
        assert!((a / b - 1.0).abs() < 0.06, "{a} {b}");
    }
    // The steps are the same: evaluation draws nothing from the lanes.
    assert_eq!(final_points(&sampled), final_points(&every));
    assert_eq!(sampled.lanes[0].sums().value.weight, 4000.0);
}

/// Steps alone: the same iterates, and nothing that was not seen is told.
#[test]
fn where_only_the_ends_are_recorded_the_steps_are_the_same() {
    use shortfall::theorem::{Mode, Over, Quantity};
    for_all(0.1, |problem, method| {
        let planned = plan(problem, &start(problem), 777, 20);
        let ends = Plan { record: Record::Ends, ..planned.clone() };
        let (whole, run) = (simulate(problem, method, planned), simulate(problem, method, ends));
        assert_eq!(final_points(&run), final_points(&whole));
        assert_eq!((run.recorded.as_slice(), run.floor()), (&[0, 777][..], None));
        for (lane, with_sums) in run.lanes.iter().zip(&whole.lanes) {
            assert_eq!((lane.points[0], lane.last()), (with_sums.points[0], with_sums.last()));
            assert_eq!(lane.movement.last_step, with_sums.movement.last_step);
        }
        let squared = |over| run.measure(&Quantity::squared_gradient(over), Mode::Pathwise);
        for over in [Over::Mean, Over::MinimumTo, Over::MinimumBefore, Over::Limit, Over::EveryStep { steps: None }] {
            assert_eq!(squared(over), None);
        }
        assert!(squared(Over::Final).is_some());
    });
}

#[test]
fn settings_that_share_passes_step_alike_where_only_ends_are_recorded() {
    let problem = data();
    let methods: Vec<Method> = (1..6).map(|k| Method::sam(0.1 * f64::from(k), 0.05)).collect();
    let settings = |record| {
        let setting =
            |method| Setting { problem: &problem, method, plan: Plan { record, ..Plan::new(vec![0.0; 4], 300) } };
        methods.iter().map(setting).collect()
    };
    let made = |record| run_all(settings(record), &Sequential, &mut |_| ControlFlow::Continue(())).expect("they fit");
    for (whole, ends) in made(Record::LogSpaced).iter().zip(&made(Record::Ends)) {
        assert_eq!(final_points(whole), final_points(ends));
        assert_eq!((whole.lanes[0].last(), ends.lanes[0].points.len()), (ends.lanes[0].last(), 2));
    }
}

#[test]
fn a_users_own_ascent_rule_runs() {
    /// Twice the radius along the sign of the gradient.
    struct Signs;
    impl Ascent for Signs {
        fn point(&self, rho: f64, x: &[f64], g: &[f64], y: &mut [f64]) {
            for i in 0..x.len() {
                y[i] = x[i] + if g[i] == 0.0 { 0.0 } else { 2.0 * rho * g[i].signum() };
            }
        }
    }
    let problem = Quadratic::new(vec![1.0]);
    let method = Method { ascent: Box::new(Signs), ..Method::sam(0.25, 0.5) };
    let run = simulate(&problem, &method, plan(&problem, &[3.0], 1, 1));
    assert_eq!(final_points(&run), [3.0 - 0.25 * 4.0]);
}
