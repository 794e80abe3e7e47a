//! Additive Gaussian noise, and predictions of the floors of stochastic runs.

mod common;

use common::{find, plan, simulate, verdicts};
use shortfall::arguments::{Arguments, Value};
use shortfall::constants::Number;
use shortfall::method::{Method, SampleReuse, Sampling};
use shortfall::problem::{Logistic, Mixture, NoisyQuadratic, PiecewiseLinear, Problem};
use shortfall::random::{Generator, Role};
use shortfall::verdict::Verdict;

fn sampling(batch: usize, reuse: SampleReuse) -> Sampling {
    Sampling { batch, replacement: true, reuse }
}

#[test]
fn one_draw_serves_both_gradients_of_m_sam_and_one_each_those_of_n_sam() {
    let (eta, rho, lambda, sigma, x0) = (0.25, 0.5, 2.0, 3.0, 0.1);
    let problem = NoisyQuadratic::new(vec![lambda], sigma);
    for replicate in 0..20 {
        let draw = |role| sigma / 2.0 * Generator::new(7, replicate, role).normal();
        let (descent, ascent) = (draw(Role::Descent), draw(Role::Ascent));
        for (reuse, first) in [(SampleReuse::Same, descent), (SampleReuse::Independent, ascent)] {
            let method = Method::stochastic_sam(eta, rho, sampling(4, reuse));
            let planned = shortfall::simulate::Plan { first_replicate: replicate, ..plan(&problem, &[x0], 1, 1) };
            let y = x0 + rho * (lambda * x0 + first).signum();
            let expected = x0 - eta * (lambda * y + descent);
            let x1 = simulate(&problem, &method, planned).lanes[0].last().expect("a point").position;
            assert!((x1 - expected).abs() < 1e-14, "{x1} {expected}");
        }
    }
}

#[test]
fn gauss_var_agrees_with_long_runs_of_many_lanes() {
    use SampleReuse::{Independent, Same};
    for (lambda, sigma, eta, rho, batch, reuse) in [
        (2.0, 3.0, 0.15, 1.5, 1, Same),
        (2.0, 3.0, 0.15, 1.5, 1, Independent),
        (0.5, 1.0, 1.0, 2.0, 1, Same),
        (0.5, 1.0, 1.0, 2.0, 1, Independent),
        (1.0, 2.0, 0.3, 0.7, 4, Same),
        (1.0, 2.0, 0.3, 0.7, 4, Independent),
        (1.0, 2.0, 0.5, 0.0, 1, Independent),
    ] {
        let problem = NoisyQuadratic::new(vec![lambda], sigma);
        let name = Arguments::of("noisy-quadratic").with("sigma", Value::number(sigma));
        let method = Method::stochastic_sam(eta, rho, sampling(batch, reuse));
        let (_, judgements) = verdicts(&problem, &name, &method, &[1.0], 2000, 600);
        let judgement = find(&judgements, "gauss-var", "stationary-suboptimality");
        assert_eq!(judgement.verdict, Verdict::Agrees, "{:?}: {:?}", judgement.measured, judgement.reasons);
        let ratio = judgement.ratio().expect("measured");
        assert!((ratio - 1.0).abs() < 0.04, "{lambda} {sigma} {eta} {rho} {batch} {reuse:?}: {ratio}");
        for judgement in &judgements {
            assert_ne!(judgement.verdict, Verdict::Violated, "{}", judgement.theorem.id);
        }
    }
}

#[test]
fn the_floor_of_a_run_is_bias_and_noise() {
    let line = |slope: f64, at_zero: f64| {
        PiecewiseLinear::from_value_at_zero(vec![], vec![Number::exact(slope)], at_zero.into())
    };
    let mixture = Mixture::new(vec![line(2.0, -1.5), line(1.0, 1.0)], vec![0.4, 0.6]);
    let features: Vec<f64> = (0..40 * 3).map(|i| (f64::from(i) * 0.77).sin() * 2.0).collect();
    let labels: Vec<f64> = (0..40).map(|i| if (i * 7) % 11 < 5 { 1.0 } else { -1.0 }).collect();
    let logistic = Logistic::new(3, &features, &labels, 0.1);
    for (problem, name, eta, rho, batch) in [
        (&mixture as &dyn Problem, "mixture", 0.02, 0.2, 1),
        (&logistic, "logistic", 0.1, 0.02, 1),
        (&logistic, "logistic", 0.1, 0.02, 3),
    ] {
        for reuse in [SampleReuse::Same, SampleReuse::Independent] {
            let method = Method::stochastic_sam(eta, rho, sampling(batch, reuse));
            let start = problem.minimum().point().expect("known").to_vec();
            let (_, judgements) = verdicts(problem, &Arguments::of(name), &method, &start, 2000, 250);
            let judgement = find(&judgements, "sto-floor-small-eta", "stationary-suboptimality");
            let ratio = judgement.ratio().expect("measured");
            assert!((ratio - 1.0).abs() < 0.15, "{name} {batch} {reuse:?}: {ratio} {:?}", judgement.reasons);
        }
    }
}
