//! USAM and unified SAM beside SAM: criteria on both sides of their thresholds, and floors that are there or not.

mod common;

use common::{find, verdicts};
use shortfall::arguments::Arguments;
use shortfall::method::Method;
use shortfall::problem::{Quadratic, Spectrum};
use shortfall::verdict::Verdict;

fn criterion(problem: &Quadratic, method: &Method, start: &[f64], steps: u64) -> (Verdict, bool, String) {
    let (run, judgements) = verdicts(problem, &Arguments::of("quadratic"), method, start, steps, 1);
    let judgement = find(&judgements, "usam-quad", "stability-criterion");
    (judgement.verdict, run.lanes[0].movement.at_rest(), judgement.reasons.join("; "))
}

#[test]
fn usam_on_quadratics_comes_to_rest_below_the_threshold_and_not_above() {
    // l = 2, rho = 0.5: p = 4 eta; and beside it l = 0.5 with 0.625 eta.
    for seed in [None, Some(3)] {
        let eigenvalues = vec![2.0, 0.5];
        let problem = seed.map_or(Quadratic::new(eigenvalues.clone()), |seed| Quadratic::rotated(eigenvalues, seed));
        let start = problem.point(&[1.0, -2.0]);
        for (eta, rests) in [(0.3, true), (0.499, true), (0.501, false), (0.6, false)] {
            let (verdict, resting, why) = criterion(&problem, &Method::usam(eta, 0.5), &start, 30_000);
            assert_eq!((verdict, resting), (Verdict::Holds, rests), "{eta}: {why}");
        }
        // Without the sharp direction the larger step is fine, but only in exact arithmetic.
        let without = problem.point(&[0.0, -2.0]);
        let (verdict, _, why) = criterion(&problem, &Method::usam(0.6, 0.5), &without, 30_000);
        let expected = if seed.is_none() { Verdict::Holds } else { Verdict::NotApplicable };
        assert_eq!(verdict, expected, "{why}");
    }
}

#[test]
fn usam_on_saddles() {
    let at = |eigenvalues: &[f64], eta: f64, start: &[f64]| {
        criterion(&Quadratic::new(eigenvalues.to_vec()), &Method::usam(eta, 1.0), start, 2000)
    };
    // l = -0.3, eta = rho = 1: the multiplier is 1.21.
    let (verdict, resting, why) = at(&[1.0, -0.3], 1.0, &[1.0, 1e-3]);
    assert_eq!((verdict, resting), (Verdict::Holds, false), "{why}");
    // l = -1/rho: it rests, with a gradient.
    let (run, judgements) = verdicts(
        &Quadratic::new(vec![0.5, -1.0]),
        &Arguments::of("quadratic"),
        &Method::usam(1.0, 1.0),
        &[1.0, 0.75],
        2000,
        1,
    );
    assert_eq!(find(&judgements, "usam-quad", "stability-criterion").verdict, Verdict::Holds);
    assert_eq!(run.lanes[0].last().expect("a point").gradient_norm, 0.75);
    // l = -1.5 < -1/rho: it converges to the saddle, p = 0.75.
    let (verdict, resting, why) = at(&[0.5, -1.5], 1.0, &[1.0, 0.75]);
    assert_eq!((verdict, resting), (Verdict::Holds, true), "{why}");
}

#[test]
fn too_few_steps_decide_nothing() {
    let problem = Quadratic::new(vec![2.0, 0.5]);
    let (verdict, _, why) = criterion(&problem, &Method::usam(0.499, 0.5), &[1.0, -2.0], 100);
    assert_eq!(verdict, Verdict::Undecided, "{why}");
}

#[test]
fn every_normalised_part_keeps_a_floor() {
    // r = lambda eta l rho/(2 - p), p = eta l (1 + (1-lambda) rho l), on the top eigenvalue, from anywhere.
    let problem = Quadratic::rotated(vec![4.0, 1.5, 0.5], 8);
    let (eta, rho, l) = (0.12, 0.25, 4.0);
    for lambda in [0.02, 0.3, 1.0] {
        let p = eta * l * (1.0 + (1.0 - lambda) * rho * l);
        let r = lambda * eta * l * rho / (2.0 - p);
        let method = Method::unified_sam(lambda, eta, rho);
        let (_, judgements) =
            verdicts(&problem, &Arguments::of("quadratic"), &method, &problem.point(&[-r, 0.0, 0.0]), 5000, 1);
        let cycle = find(&judgements, "uni-quad-cycle", "every-step-suboptimality");
        assert_eq!(cycle.verdict, Verdict::Holds, "{lambda}: {:?}", cycle.reasons);
        let (run, _) = verdicts(&problem, &Arguments::of("quadratic"), &method, &[1.0, -0.7, 0.4], 5000, 1);
        let floor = run.floor().expect("a window").interval.mean;
        assert!((floor / (l * r * r / 2.0) - 1.0).abs() < 1e-8, "{lambda}: {floor}");
    }
    let (run, _) = verdicts(&problem, &Arguments::of("quadratic"), &Method::usam(eta, rho), &[1.0, -0.7, 0.4], 5000, 1);
    assert!(run.floor().expect("a window").interval.mean < 1e-30);
}

#[test]
fn cycles_of_lower_eigenvalues_are_judged_as_far_as_rounding_lets_them() {
    let problem = Quadratic::rotated(vec![4.0, 2.0, 0.5], 8);
    let (lambda, eta, rho) = (0.4, 0.2, 0.3);
    for (k, l) in [4.0, 2.0, 0.5].into_iter().enumerate() {
        let mut components = [0.0; 3];
        components[k] = lambda * eta * l * rho / (2.0 - eta * l * (1.0 + (1.0 - lambda) * rho * l));
        let method = Method::unified_sam(lambda, eta, rho);
        let (_, judgements) =
            verdicts(&problem, &Arguments::of("quadratic"), &method, &problem.point(&components), 2000, 1);
        let cycle = find(&judgements, "uni-quad-cycle", "every-step-suboptimality");
        assert_eq!(cycle.verdict, Verdict::Holds, "{l}: {:?}", cycle.reasons);
    }
}
