//! Statements that are attained: exact ones to 1e-8, and what surely holds of every path.

mod common;

use common::{find, plan, registered, simulate, verdicts};
use shortfall::arguments::Arguments;
use shortfall::method::{Method, Sampling};
use shortfall::problem::{Quadratic, Spectrum};
use shortfall::verdict::Verdict;
use std::f64::consts::PI;

fn near(a: f64, b: f64) {
    assert!((a / b - 1.0).abs() < 1e-8, "{a} {b}");
}

#[test]
fn the_sine_stops_where_the_statement_says() {
    for (beta, radius, q, x0) in
        [(2.0, 0.5, 0.4, 0.03), (0.7, 3.0, 1.0, -2.2), (5.0, 1.0, 1.7, 0.8), (1.0, 1.0, 0.05, 123.4)]
    {
        let (problem, name) = registered("sine", &[("beta", beta), ("radius", radius), ("phase", 5.0 * PI / 3.0)]);
        let (run, judgements) = verdicts(problem.as_ref(), &name, &Method::sam(q / beta, radius), &[x0], 4000, 1);
        let square = run.lanes[0].last().expect("a point").gradient_norm.powi(2);
        near(square, 27.0 * beta * beta * radius * radius / (100.0 * PI * PI));
        for quantity in ["limit-squared-gradient", "limit-suboptimality"] {
            let judgement = find(&judgements, "det-nc-sine", quantity);
            assert_eq!(judgement.verdict, Verdict::Holds, "{:?}", judgement.reasons);
            near(judgement.ratio().expect("measured"), 1.0);
        }
    }
}

#[test]
fn the_triangle_stops_at_the_largest_gradient_there_is() {
    for (beta, radius, eps, q, at) in
        [(2.0, 0.5, 0.1, 0.4, 0.3), (1.0, 1.0, 0.01, 1.0, 0.9), (0.3, 4.0, 0.45, 0.7, 0.02)]
    {
        let (problem, name) = registered("triangle", &[("beta", beta), ("radius", radius), ("eps", eps)]);
        let a = eps * radius / 2.0;
        let x0 = -radius - 2.0 * a + at * radius;
        let (run, judgements) = verdicts(problem.as_ref(), &name, &Method::sam(q / beta, radius), &[x0], 3000, 1);
        near(run.lanes[0].last().expect("a point").gradient_norm, (1.0 - eps) * beta * radius);
        let judgement = find(&judgements, "det-nc-tri", "limit-squared-gradient");
        assert_eq!(judgement.verdict, Verdict::Holds, "{:?}", judgement.reasons);
    }
}

#[test]
fn quadratics_end_on_their_top_cycle_in_any_rotation_up_to_sixty_dimensions() {
    for (d, seed) in [(1, None), (2, Some(1)), (7, None), (7, Some(9)), (60, Some(4))] {
        let eigenvalues: Vec<f64> = (0..d).map(|i| 3.0 * 0.9f64.powi(i)).collect();
        let problem = match seed {
            Some(seed) => Quadratic::rotated(eigenvalues, seed),
            None => Quadratic::new(eigenvalues),
        };
        let (eta, rho, l) = (0.13, 0.4, 3.0);
        let start: Vec<f64> = problem.point(&vec![1.5; d as usize]);
        let (run, judgements) =
            verdicts(&problem, &Arguments::of("quadratic"), &Method::sam(eta, rho), &start, 40_000, 1);
        let exact = eta * eta * l * l * l * rho * rho / (2.0 * (2.0 - eta * l) * (2.0 - eta * l));
        near(run.floor().expect("a window").interval.mean, exact);
        let judgement = find(&judgements, "quad-global", "limit-suboptimality");
        assert_eq!(judgement.verdict, Verdict::Holds, "{d}: {:?}", judgement.reasons);
    }
}

#[test]
fn cycles_of_every_eigenvalue_are_met_as_far_as_rounding_lets_them() {
    let problem = Quadratic::rotated(vec![4.0, 2.0, 0.5], 8);
    let (eta, rho) = (0.2, 0.3);
    for (k, l) in [4.0, 2.0, 0.5].into_iter().enumerate() {
        let mut components = [0.0; 3];
        components[k] = eta * l * rho / (2.0 - eta * l);
        let start = problem.point(&components);
        let (_, judgements) = verdicts(&problem, &Arguments::of("quadratic"), &Method::sam(eta, rho), &start, 2000, 1);
        let cycle = find(&judgements, "quad-cycle", "every-step-suboptimality");
        assert_eq!(cycle.verdict, Verdict::Holds, "{l}: {:?}", cycle.reasons);
        let global = find(&judgements, "quad-global", "limit-suboptimality");
        let expected = if l == 4.0 { Verdict::Holds } else { Verdict::NotApplicable };
        assert_eq!(global.verdict, expected, "{l}: {:?}", global.reasons);
    }
}

#[test]
fn starts_the_global_statement_excludes_are_not_judged() {
    let problem = Quadratic::new(vec![4.0, 2.0]);
    for start in [[0.0, 1.0], [0.0, 0.0]] {
        let (_, judgements) = verdicts(&problem, &Arguments::of("quadratic"), &Method::sam(0.2, 0.3), &start, 500, 1);
        let global = find(&judgements, "quad-global", "limit-suboptimality");
        assert_eq!(global.verdict, Verdict::NotApplicable, "{start:?}");
    }
    // This start lands exactly on the minimiser: x1 = 0.75 x0 - 0.25 rho = 0 for x0 = rho/3.
    let landing = Quadratic::new(vec![1.0]);
    let (run, judgements) = verdicts(&landing, &Arguments::of("quadratic"), &Method::sam(0.25, 0.75), &[0.25], 500, 1);
    assert_eq!(run.lanes[0].last().expect("a point").value, 0.0);
    assert_ne!(find(&judgements, "quad-global", "limit-suboptimality").verdict, Verdict::Violated);
}

#[test]
fn no_seed_leaves_the_trap_and_sgd_does() {
    let (problem, name) = registered("trap", &[("beta", 8.0), ("mu", 1.0), ("theta", 0.5), ("radius", 1.0)]);
    let method = Method::stochastic_sam(0.05, 1.0, Sampling::single());
    let (run, judgements) = verdicts(problem.as_ref(), &name, &method, &[0.5], 20_000, 200);
    for quantity in ["every-step-suboptimality", "every-step-squared-gradient"] {
        let judgement = find(&judgements, "sto-m-trap", quantity);
        assert_eq!(judgement.verdict, Verdict::Holds, "{:?}", judgement.reasons);
    }
    let level = 0.25 * 36.0 / 8.0;
    assert!(run.lanes.iter().all(|lane| lane.sums().value.smallest >= level));
    let sgd =
        simulate(problem.as_ref(), &Method::sgd(0.05, Sampling::single()), plan(problem.as_ref(), &[0.5], 20_000, 50));
    assert!(sgd.lanes.iter().all(|lane| lane.sums().value.smallest < 0.01 * level));
}

#[test]
fn expectations_over_all_paths_are_what_many_seeds_tend_to() {
    use shortfall::method::SampleReuse;
    use shortfall::simulate::{Expectations, Plan, enumerate};
    use shortfall::theorem::{Mode, Over, Quantity};
    let (problem, _) = registered("trap", &[("beta", 6.0), ("mu", 1.0), ("theta", 0.4), ("radius", 0.7)]);
    for (reuse, steps, batch) in
        [(SampleReuse::Same, 12, 1), (SampleReuse::Independent, 6, 1), (SampleReuse::Same, 5, 2)]
    {
        let sampling = Sampling { batch, replacement: true, reuse };
        let method = Method::stochastic_sam(0.05, 0.7, sampling);
        let planned = Plan { weight_decay: Some(0.1), ..plan(problem.as_ref(), &[2.0], steps, 40_000) };
        let mut exact = enumerate(problem.as_ref(), &method, &planned).expect("fits").expect("few paths");
        let Expectations::Enumerated(paths) = &exact.expectation else { panic!("enumerated") };
        let choices: usize = if reuse == SampleReuse::Same { 1 << batch } else { 4 };
        assert_eq!(paths.count(), choices.pow(steps as u32));
        let ask = shortfall::problem::Ask { start: &[2.0], sampling: method.sampling };
        exact.know(&problem.constants(&ask), &problem.minimum(), &method);
        let sampled = simulate(problem.as_ref(), &method, planned);
        for quantity in [
            Quantity::suboptimality(Over::Final),
            Quantity::suboptimality(Over::Mean),
            Quantity::suboptimality(Over::MinimumTo),
            Quantity::suboptimality(Over::WeightedMean { decay: 0.1 }),
            Quantity::squared_gradient(Over::MinimumBefore),
            Quantity::squared_gradient(Over::RootMean),
            Quantity { measure: shortfall::theorem::Measure::SquaredDistance, over: Over::Final },
            Quantity { measure: shortfall::theorem::Measure::Exit { center: 2.0, radius: 1.0 }, over: Over::Final },
        ] {
            let a = exact.measure(&quantity, Mode::Expectation).expect("measured").interval;
            let b = sampled.measure(&quantity, Mode::Expectation).expect("measured").interval;
            assert!(a.high - a.low <= 1e-9 * a.mean + 1e-15, "{quantity:?} {a:?}");
            assert!(b.low <= a.mean && a.mean <= b.high, "{reuse:?} {quantity:?}: {a:?} {b:?}");
        }
    }
}

/// One path, whose every step is a call within the last: long ones are sampled.
#[test]
fn one_sample_is_enumerated_for_few_steps_only() {
    use shortfall::constants::Number;
    use shortfall::problem::{Mixture, PiecewiseLinear};
    use shortfall::simulate::enumerate;
    let parabola = PiecewiseLinear::from_value_at_zero(Vec::new(), vec![Number::exact(1.0)], Number::exact(0.0));
    let problem = Mixture::new(vec![parabola], vec![1.0]);
    let method = Method::stochastic_sam(0.1, 0.05, Sampling::single());
    for (steps, is_enumerated) in [(20, true), (21, false), (10_000_000, false)] {
        let run = enumerate(&problem, &method, &plan(&problem, &[1.0], steps, 1)).expect("fits");
        assert_eq!(run.is_some(), is_enumerated, "{steps}");
    }
}

#[test]
fn distances_far_from_zero_do_not_cancel_into_a_verdict() {
    use common::bounds;
    use shortfall::constants::Number;
    use shortfall::method::SampleReuse;
    use shortfall::problem::{Mixture, PiecewiseLinear, Problem};
    use shortfall::simulate::enumerate;
    use shortfall::verdict::judge;
    let parabola = |at_zero: f64| {
        PiecewiseLinear::from_value_at_zero(Vec::new(), vec![Number::exact(1.0)], Number::exact(at_zero))
    };
    let problem = Mixture::new(vec![parabola(-1000000.0001), parabola(-999999.9999)], vec![0.5, 0.5]);
    let sampling = Sampling { batch: 1, replacement: true, reuse: SampleReuse::Independent };
    let method = Method::stochastic_sam(0.3, 1e-4, sampling);
    let start = [1_000_000.0];
    let mut run = enumerate(&problem, &method, &plan(&problem, &start, 3, 1)).expect("fits").expect("few paths");
    let ask = shortfall::problem::Ask { start: &start, sampling: method.sampling };
    run.know(&problem.constants(&ask), &problem.minimum(), &method);
    let mut judgements = bounds(&problem, &Arguments::of("mixture"), &method, &start, 3);
    judge(&mut judgements, &run, None);
    let distance = find(&judgements, "sto-sc-avg", "final-squared-distance");
    assert_eq!(distance.verdict, Verdict::Undecided, "{:?} {:?}", distance.value(), distance.measured);
}

#[test]
fn between_ridges_the_floor_grows_with_kappa_cubed_and_on_a_parabola_with_its_square() {
    use shortfall::problem::DoubleRidge;
    let (beta, rho, horizon) = (1.0, 0.1, 1e6);
    // The smallest step that finishes along the flat direction in T steps, 1/(4 mu T).
    let floors = |kappa: f64| {
        let mu = beta / kappa;
        let eta = 1.0 / (4.0 * mu * horizon);
        let method = Method::sam(eta, rho);
        let ridge = DoubleRidge::new(beta, mu, beta / 4.0);
        let orbit = ridge.orbit(eta, rho).expect("an orbit");
        let start = [orbit.x1.middle(), orbit.x2.middle()];
        let run = simulate(&ridge, &method, plan(&ridge, &start, 8, 1));
        near(run.lanes[0].sums().value.smallest, orbit.suboptimality.middle());
        let parabola = Quadratic::new(vec![beta]);
        let start = [eta * beta * rho / (2.0 - eta * beta)];
        let flat = simulate(&parabola, &method, plan(&parabola, &start, 8, 1));
        [run.lanes[0].sums().value.smallest, flat.lanes[0].sums().value.smallest]
    };
    let (low, high) = (floors(200.0), floors(2000.0));
    let exponents = [0, 1].map(|i| (high[i] / low[i]).log10());
    assert!((exponents[0] - 3.0).abs() < 0.1 && (exponents[1] - 2.0).abs() < 0.01, "{exponents:?}");
}
