//! The objective against slow searches, and what holds for every function.

use super::*;
use crate::kernel::unit_vector;
use crate::problem::{Ask, DoubleWell, Expression, Logistic, MatrixQuadratic, Quadratic, Regression};
use proptest::prelude::*;
use std::f64::consts::PI;

fn objective(problem: &dyn Problem, x: &[f64], rho: f64) -> SamObjective {
    let constants = problem.constants(&Ask { start: x, sampling: None });
    let found = sam_objective(problem, &constants, x, rho);
    let y: Vec<f64> = x.iter().zip(&found.perturbation).map(|(x, e)| x + e).collect();
    assert!(norm(&found.perturbation) <= rho * (1.0 + 1e-15), "in the ball");
    assert!(value(problem, &y) >= found.low, "attained");
    assert!(found.low <= found.high);
    found
}

fn value(problem: &dyn Problem, x: &[f64]) -> f64 {
    problem.value_gradient(x, &mut vec![0.0; x.len()])
}

/// The largest value on a disc, on a grid of circles and angles that closes in on the best.
fn slow_maximum(problem: &dyn Problem, x: &[f64; 2], rho: f64) -> f64 {
    let at = |r: f64, angle: f64| value(problem, &[x[0] + r * angle.cos(), x[1] + r * angle.sin()]);
    let (mut best, mut radius, mut angle) = (f64::NEG_INFINITY, 0.0, 0.0);
    for i in 0..=40 {
        for j in 0..720 {
            let (r, a) = (rho * f64::from(i) / 40.0, PI * f64::from(j) / 360.0);
            if at(r, a) > best {
                (best, radius, angle) = (at(r, a), r, a);
            }
        }
    }
    let (mut dr, mut da) = (rho / 40.0, PI / 360.0);
    for _ in 0..120 {
        let (r0, a0) = (radius, angle);
        for i in -2..=2 {
            for j in -2..=2 {
                let (r, a) = ((r0 + dr * f64::from(i)).clamp(0.0, rho), a0 + da * f64::from(j));
                if at(r, a) > best {
                    (best, radius, angle) = (at(r, a), r, a);
                }
            }
        }
        (dr, da) = (dr * 0.8, da * 0.8);
    }
    best
}

/// With the eigenvectors given, and from the matrix alone.
fn quadratic_case(eigenvalues: [f64; 2], x: [f64; 2], rho: f64) {
    let slow = slow_maximum(&Quadratic::new(eigenvalues.to_vec()), &x, rho);
    let matrix = MatrixQuadratic::new(vec![eigenvalues[0], 0.0, 0.0, eigenvalues[1]], vec![0.0; 2]);
    for problem in [&Quadratic::new(eigenvalues.to_vec()) as &dyn Problem, &matrix] {
        solved(problem, &x, rho, slow);
    }
}

fn solved(problem: &dyn Problem, x: &[f64], rho: f64, slow: f64) {
    let found = objective(problem, x, rho);
    let size = 1.0 + slow.abs();
    assert_eq!(found.provenance, Provenance::Certified);
    assert!(found.high >= slow - 1e-14 * size, "{found:?} {slow}");
    assert!(found.high - found.low < 1e-11 * size && found.low - slow < 1e-4 * size, "{found:?} {slow}");
}

#[test]
fn the_hard_case_and_indefinite_quadratics() {
    // No component along the largest eigenvalue.
    quadratic_case([3.0, 1.0], [0.0, 1.0], 0.5);
    quadratic_case([3.0, 1.0], [0.0, 0.0], 0.5);
    quadratic_case([3.0, -1.0], [0.0, 2.0], 0.5);
    quadratic_case([2.0, 2.0], [0.0, 0.0], 1.0);
    // Concave: the top lies inside, or out of reach.
    quadratic_case([-3.0, -1.0], [0.1, 0.2], 1.0);
    quadratic_case([-3.0, -1.0], [2.0, 1.0], 0.5);
    quadratic_case([0.0, -1.0], [0.0, 1.0], 2.0);
    quadratic_case([1.0, 0.0], [1e-3, 5.0], 0.25);
}

#[test]
fn worked_by_hand() {
    // f = x^2: (|x| + rho)^2. At the origin of diag(4, 1)/2: 2 rho^2.
    let parabola = Quadratic::new(vec![2.0]);
    let found = objective(&parabola, &[-1.5], 0.25);
    assert!((found.low - 3.0625).abs() < 1e-12 && found.high - found.low < 1e-11);
    let bowl = objective(&Quadratic::new(vec![4.0, 1.0]), &[0.0, 0.0], 0.5);
    assert!((bowl.low - 0.5).abs() < 1e-12 && (bowl.high - 0.5).abs() < 1e-12);
    // The double well at its top: the larger of f(rho) and f(0) = 1/4.
    let well = DoubleWell::new([-3.0, 3.0], vec![]);
    for (rho, wanted) in [(0.5, 0.25), (2.0, 2.25)] {
        let found = objective(&well, &[0.0], rho);
        assert!((found.low - wanted).abs() < 1e-12 && found.high - found.low < 1e-12, "{found:?}");
    }
    assert_eq!(objective(&parabola, &[1.0], 0.0).low.round(), 1.0);
}

#[test]
fn a_matrix_and_its_eigenbasis_say_the_same() {
    let eigenvalues: Vec<f64> = (0..30).map(|i| f64::from(i) / 7.0 - 2.0).collect();
    let rotated = Quadratic::rotated(eigenvalues, 3);
    let mut entries = vec![0.0; 900];
    assert!(rotated.hessian().expect("one").matrix_at(&[0.0; 30], &mut entries));
    let symmetric: Vec<f64> = (0..900).map(|k| 0.5 * (entries[k] + entries[k % 30 * 30 + k / 30])).collect();
    let matrix = MatrixQuadratic::new(symmetric, vec![0.0; 30]);
    let x: Vec<f64> = (0..30).map(|i| (f64::from(i) * 1.7).sin()).collect();
    for rho in [1e-6, 0.1, 3.0, 1e4] {
        let [a, b] = [&rotated as &dyn Problem, &matrix].map(|problem| objective(problem, &x, rho));
        assert_eq!(b.provenance, Provenance::Certified);
        assert!(
            (a.high - b.high).abs() <= 1e-10 * a.high.abs() && b.high - b.low <= 1e-10 * b.high.abs(),
            "{a:?} {b:?}"
        );
    }
}

#[test]
fn on_the_line_against_a_fine_grid() {
    for text in ["cos(3*x)+x^2/10", "x^4/4-x^2/2+x/5", "sin(x)*exp(-x^2/9)"] {
        let problem = Expression::new(text, None).expect("good");
        for (x, rho) in [(0.3, 0.1), (-1.2, 1.0), (2.0, 3.0)] {
            let grid = (0..=200_000).map(|i| value(&problem, &[x - rho + 2.0 * rho * f64::from(i) / 200_000.0]));
            let slow = grid.fold(f64::NEG_INFINITY, f64::max);
            let found = objective(&problem, &[x], rho);
            assert!(found.high >= slow - 1e-14 && found.high - found.low < 1e-12, "{text} {found:?} {slow}");
            assert!(found.low - slow < 1e-8, "{text} {found:?} {slow}");
        }
    }
}

proptest! {
    #[test]
    fn quadratics_in_two_dimensions(
        eigenvalues in prop::array::uniform2(-3.0..3.0f64), x in prop::array::uniform2(-2.0..2.0f64), rho in 0.01..2.0f64,
    ) {
        quadratic_case(eigenvalues, x, rho);
    }

    #[test]
    fn matrices_with_a_linear_term_and_least_squares(
        q in prop::array::uniform3(-2.0..2.0f64), b in prop::array::uniform2(-2.0..2.0f64),
        x in prop::array::uniform2(-2.0..2.0f64), rho in 0.01..2.0f64,
    ) {
        let matrix = MatrixQuadratic::new(vec![q[0], q[1], q[1], q[2]], b.to_vec());
        solved(&matrix, &x, rho, slow_maximum(&matrix, &x, rho));
        let rows = [q[0], q[1], 1.0, q[2], -0.5, 0.75];
        let squares = Regression::least_squares(2, &rows, &[b[0], b[1], 1.0], 0.1);
        solved(&squares, &x, rho, slow_maximum(&squares, &x, rho));
    }

    #[test]
    fn convex_functions_lie_below_their_perturbed_values(
        w in prop::collection::vec(-2.0..2.0f64, 2), rho in 0.01..1.0f64, ridge in 0.0..0.5f64,
    ) {
        let logistic = Logistic::new(2, &[1.0, 0.3, -0.4, 1.2, 0.7, -0.9], &[1.0, -1.0, 1.0], ridge);
        let rotated = Quadratic::rotated(vec![2.0, 0.3], 5);
        for problem in [&logistic as &dyn Problem, &rotated] {
            let (mut g, mut u) = (vec![0.0; 2], vec![0.0; 2]);
            let f = problem.value_gradient(&w, &mut g);
            unit_vector(&g, &mut u);
            let y: Vec<f64> = w.iter().zip(&u).map(|(w, u)| w + rho * u).collect();
            let found = objective(problem, &w, rho);
            let slow = slow_maximum(problem, &[w[0], w[1]], rho);
            prop_assert!(f <= value(problem, &y) && value(problem, &y) <= found.high * (1.0 + 1e-12) + 1e-12);
            prop_assert!(found.high >= slow - 1e-12 && found.low >= slow - 1e-7 * (1.0 + slow.abs()), "{found:?} {slow}");
        }
    }
}
