//! Tests of least squares and Huber regression.

use super::*;
use crate::constants::eigen::solve;
use crate::constants::{Constants, Symbol};
use crate::kernel::{dot, norm};
use crate::method::{SampleReuse, Sampling};
use crate::parallel::Sequential;
use crate::problem::linear_model::dataset_tests::{arguments, labelled};
use crate::problem::{Ask, Minimum};

const N: usize = 37;
const D: usize = 5;
const X: [f64; D] = [0.3, -1.2, 0.8, 2.1, -0.4];

fn features() -> Vec<f64> {
    (0..N * D).map(|i| (i as f64 * 1.37).sin() * (1.0 + (i % 3) as f64)).collect()
}

fn targets() -> Vec<f64> {
    (0..N).map(|i| 3.0 * (i as f64 * 0.83).cos() + 0.5).collect()
}

/// Both losses on irregular entries; residuals lie on both sides of the threshold.
fn both(ridge: f64) -> [Regression; 2] {
    let (features, targets) = (features(), targets());
    [Regression::least_squares(D, &features, &targets, ridge), Regression::huber(D, &features, &targets, ridge, 1.7)]
}

#[test]
fn gradient_and_hessian_by_finite_differences() {
    for problem in both(0.07) {
        let (mut gradient, mut matrix) = ([0.0; D], [0.0; D * D]);
        problem.value_gradient(&X, &mut gradient);
        assert!(problem.matrix_at(&X, &mut matrix));
        let h = 1e-5;
        for j in 0..D {
            let shifted = |by: f64| {
                let (mut y, mut g) = (X, [0.0; D]);
                y[j] += by;
                (problem.value_gradient(&y, &mut g), g)
            };
            let (up, down) = (shifted(h), shifted(-h));
            assert!(((up.0 - down.0) / (2.0 * h) - gradient[j]).abs() < 1e-8);
            for k in 0..D {
                assert!(((up.1[k] - down.1[k]) / (2.0 * h) - matrix[j * D + k]).abs() < 1e-8);
            }
        }
    }
}

#[test]
fn batches_are_means_of_samples_and_their_hessians_fit() {
    for problem in both(0.07) {
        let all: Vec<usize> = (0..N).collect();
        let (mut gradient, mut mean) = ([0.0; D], [0.0; D]);
        problem.gradient(&X, &mut gradient);
        problem.batch_gradient(&all, &X, &mut mean);
        assert!(mean.iter().zip(&gradient).all(|(a, b)| (a - b).abs() < 1e-14));
        let (batch, v, h) = ([3, 11, 3, 29], [0.2, -0.7, 1.1, 0.4, -0.9], 1e-5);
        let mut product = [0.0; D];
        assert!(problem.batch_hessian_product(&batch, &X, &v, &mut product));
        let along = |by: f64| {
            let mut g = [0.0; D];
            let y: Vec<f64> = X.iter().zip(&v).map(|(x, v)| x + by * v).collect();
            problem.batch_gradient(&batch, &y, &mut g);
            g
        };
        let (up, down) = (along(h), along(-h));
        for j in 0..D {
            assert!(((up[j] - down[j]) / (2.0 * h) - product[j]).abs() < 1e-8);
        }
        let mut sample = [0.0; D];
        let mut mean = [0.0; D];
        for i in batch {
            problem.batch_gradient(&[i], &X, &mut sample);
            mean.iter_mut().zip(&sample).for_each(|(m, s)| *m += s / 4.0);
        }
        problem.batch_gradient(&batch, &X, &mut sample);
        assert!(mean.iter().zip(&sample).all(|(a, b)| (a - b).abs() < 1e-14));
    }
}

#[test]
fn no_hessian_where_a_residual_is_at_the_threshold() {
    let problem = Regression::huber(1, &[1.0, 2.0], &[0.5, 9.0], 0.1, 1.0);
    let mut matrix = [0.0];
    for (x, smooth) in [(1.5, false), (1.5f64.next_up(), false), (1.6, true), (5.0, false), (-0.5, false)] {
        assert_eq!(problem.matrix_at(&[x], &mut matrix), smooth, "{x}");
        assert_eq!(problem.batch_hessian_product(&[0, 1], &[x], &[1.0], &mut [0.0]), smooth, "{x}");
    }
    problem.matrix_at(&[1.0], &mut matrix);
    assert!((matrix[0] - 0.6).abs() < 1e-15, "one of two rows is below the threshold");
}

#[test]
fn shared_passes_have_the_same_bits() {
    let n = 5000;
    let features: Vec<f64> = (0..n * 30).map(|i| (i as f64 * 0.731).sin()).collect();
    let targets: Vec<f64> = (0..n).map(|i| (i as f64 * 0.3).cos()).collect();
    let problem = Regression::huber(30, &features, &targets, 0.01, 0.9);
    let x: Vec<f64> = (0..30).map(|j| (j as f64).cos()).collect();
    let (mut a, mut b) = (vec![0.0; 30], vec![0.0; 30]);
    let alone = problem.value_gradient(&x, &mut a);
    let shared = problem.value_gradient_on(&x, &mut b, &Sequential);
    assert_eq!((alone.to_bits(), a), (shared.to_bits(), b));
}

/// `(X'X/n, X'y/n)`, plainly.
fn normal_equations() -> (Vec<f64>, Vec<f64>) {
    let (features, targets) = (features(), targets());
    let (mut gram, mut right) = (vec![0.0; D * D], vec![0.0; D]);
    for (row, y) in features.chunks(D).zip(&targets) {
        for j in 0..D {
            right[j] += row[j] * y / N as f64;
            (0..D).for_each(|k| gram[j * D + k] += row[j] * row[k] / N as f64);
        }
    }
    (gram, right)
}

/// The largest eigenvalue of `matrix` by powers, from below.
fn top(matrix: &[f64]) -> f64 {
    let (mut v, mut top) = (vec![1.0; D], 0.0);
    for _ in 0..5000 {
        let product: Vec<f64> = matrix.chunks(D).map(|row| row.iter().zip(&v).map(|(a, b)| a * b).sum()).collect();
        top = norm(&product);
        v = product.iter().map(|p| p / top).collect();
    }
    top
}

#[test]
fn constants_against_a_dense_recomputation() {
    let ridge = 0.07;
    let start = [0.5, 0.0, -0.25, 1.0, 2.0];
    let (gram, _) = normal_equations();
    let highest = top(&gram);
    let turned: Vec<f64> =
        gram.iter().enumerate().map(|(i, g)| if i % (D + 1) == 0 { highest - g } else { -g }).collect();
    let lowest = highest - top(&turned);
    let squares: Vec<f64> = features().chunks(D).map(|row| row.iter().map(|x| x * x).sum()).collect();
    let mean = |of: &dyn Fn(f64) -> f64| squares.iter().map(|n| of(*n)).sum::<f64>() / N as f64;
    for (problem, threshold) in both(ridge).into_iter().zip([None, Some(1.7)]) {
        for (replacement, factor) in [(true, 1.0 / 3.0), (false, 34.0 / 36.0 / 3.0)] {
            let sampling = Sampling { batch: 3, replacement, reuse: SampleReuse::Same };
            let constants = problem.constants(&Ask { start: &start, sampling: Some(sampling) });
            let value = |symbol| constants.get(symbol).value().expect("known");
            let above = |bound: f64, exact: f64| {
                assert!(bound >= exact * (1.0 - 1e-14) && bound <= exact * (1.0 + 1e-6), "{bound} {exact}");
            };
            above(value(Symbol::Beta), highest + ridge);
            let mu = if threshold.is_none() { lowest + ridge } else { ridge };
            let found = value(Symbol::Mu);
            assert!(found <= mu * (1.0 + 1e-12) && found >= mu * (1.0 - 1e-6), "{found} {mu}");
            match threshold {
                None => assert!(constants.get(Symbol::Sigma2).reason().contains("the residuals are")),
                Some(t) => above(value(Symbol::Sigma2), t * t * mean(&|n| n) * factor),
            }
            assert!(constants.get(Symbol::L).value().is_none() && constants.components_convex);
            let (bar, square) = (mean(&|n| n + ridge), mean(&|n| (n + ridge).powi(2)));
            above(value(Symbol::BetaBar), bar);
            above(value(Symbol::BetaRms), (bar * bar + (square - bar * bar) / 3.0).sqrt());
            above(value(Symbol::BetaMax), squares.iter().fold(0.0f64, |a, b| a.max(*b)) + ridge);
            let (optimum, mut g) = (problem.base().optimum(&problem), [0.0; D]);
            let star = (0..N).map(|i| {
                problem.batch_gradient(&[i], &optimum.point, &mut g);
                dot(&g, &g) / N as f64
            });
            above(value(Symbol::Sigma2Star), star.sum::<f64>() * factor);
            let away: f64 = start.iter().zip(&optimum.point).map(|(a, b)| (a - b).powi(2)).sum();
            above(value(Symbol::D2), away);
            above(value(Symbol::Delta), problem.value_gradient(&start, &mut g) - optimum.value);
        }
    }
    let flat = &both(0.0)[1];
    let l = flat.constants(&Ask { start: &start, sampling: None }).get(Symbol::L).value().expect("no ridge");
    let exact = 1.7 * mean(&f64::sqrt);
    assert!(l >= exact * (1.0 - 1e-15) && l <= exact * (1.0 + 1e-6), "{l} {exact}");
}

#[test]
fn attained_values_are_met_to_rounding_and_mu_fails_two_units_higher() {
    // One row x = 2, y = 0, no ridge: f = 2 w^2, every constant is attained; the enclosures are a few units wide.
    let start = [1.0];
    let ask = Ask { start: &start, sampling: None };
    let squares = Regression::least_squares(1, &[2.0], &[0.0], 0.0).constants(&ask);
    let huber = Regression::huber(1, &[2.0], &[9.0], 0.25, 0.5).constants(&ask);
    let value = |constants: &Constants, symbol| constants.get(symbol).value().expect("known");
    for (bound, exact) in [
        (value(&squares, Symbol::Beta), 4.0),
        (value(&squares, Symbol::BetaMax), 4.0),
        (value(&squares, Symbol::Delta), 2.0),
        (value(&huber, Symbol::Beta), 4.25),
        (value(&huber, Symbol::Sigma2), 1.0),
    ] {
        assert!(bound >= exact && bound <= exact * (1.0 + 1e-13), "{bound} {exact}");
    }
    let mu = value(&squares, Symbol::Mu);
    assert!((4.0 * (1.0 - 1e-13)..=4.0).contains(&mu), "{mu}");
    // Far from the target the loss is linear: the curvature is the ridge alone, and mu cannot be larger.
    let problem = Regression::huber(1, &[2.0], &[9.0], 0.25, 0.5);
    let mut matrix = [0.0];
    assert!(problem.matrix_at(&[-30.0], &mut matrix));
    assert!(matrix[0] < value(&huber, Symbol::Mu).next_up().next_up());
}

#[test]
fn doubling_the_data_changes_no_constant() {
    let twice = |v: Vec<f64>| v.iter().chain(&v).copied().collect::<Vec<_>>();
    let (x, y) = (features(), targets());
    for threshold in [f64::INFINITY, 1.7] {
        let one = Regression::huber(D, &x, &y, 0.1, threshold);
        let two = Regression::huber(D, &twice(x.clone()), &twice(y.clone()), 0.1, threshold);
        let ask = Ask { start: &[0.0; D], sampling: None };
        for ((symbol, a), (_, b)) in one.constants(&ask).iter().zip(two.constants(&ask).iter()) {
            match (a.value(), b.value()) {
                (Some(a), Some(b)) => assert!((a - b).abs() <= 1e-11 * a.abs(), "{}: {a} {b}", symbol.name()),
                (a, b) => assert_eq!(a, b),
            }
        }
    }
}

#[test]
fn least_squares_ends_at_the_solution_of_the_normal_equations() {
    for ridge in [0.0, 0.07, 30.0] {
        let problem = &both(ridge)[0];
        let (mut gram, right) = normal_equations();
        (0..D).for_each(|j| gram[j * D + j] += ridge);
        let solution = solve(&gram, &right).expect("regular");
        let Minimum::Known { value, error, point, .. } = problem.minimum() else { panic!("a minimum") };
        assert!(point.iter().zip(&solution).all(|(a, b)| (a - b).abs() < 1e-13), "{point:?} {solution:?}");
        // f* = mean(y^2)/2 - b'w*/2
        let squares: f64 = targets().iter().map(|y| y * y).sum::<f64>() / N as f64;
        let exact = 0.5 * (squares - right.iter().zip(&solution).map(|(b, w)| b * w).sum::<f64>());
        assert!(error < 1e-12 && (value - exact).abs() <= error + 1e-14, "{value} {exact} {error:e}");
    }
}

#[test]
fn hubers_minimum_is_certified_and_no_point_nearby_is_lower() {
    for threshold in [0.01, 0.3, 1.7, 1e3] {
        let problem = Regression::huber(D, &features(), &targets(), 0.01, threshold);
        let Minimum::Known { value, error, point, .. } = problem.minimum() else { panic!("a ridge gives a minimum") };
        assert!(error < 1e-12, "{threshold}: {error:e}");
        let mut g = [0.0; D];
        for j in 0..D {
            for by in [-1e-5, 1e-5] {
                let mut x = point.clone();
                x[j] += by;
                assert!(problem.value_gradient(&x, &mut g) >= value - error);
            }
        }
    }
}

#[test]
fn without_a_certificate_nothing_is_claimed() {
    // Two equal columns: X'X/n is singular.
    let singular = Regression::least_squares(2, &[1.0, 1.0, 2.0, 2.0, -1.0, -1.0], &[1.0, 0.0, 2.0], 0.0);
    let Minimum::Unknown { reason } = singular.minimum() else { panic!("singular") };
    assert!(reason.contains("singular"), "{reason}");
    let constants = singular.constants(&Ask { start: &[0.0; 2], sampling: None });
    assert!(constants.get(Symbol::Mu).reason().contains("singular") && constants.get(Symbol::D2).value().is_none());
    assert!(constants.get(Symbol::Delta).value().is_some_and(|delta| delta >= 5.0 / 6.0));
    let huge = Regression::least_squares(1, &[1e200, -1e200], &[1e300, 1.0], 0.1);
    assert!(matches!(huge.minimum(), Minimum::Unknown { .. }));
    huge.constants(&Ask { start: &[1.0], sampling: None });
}

#[test]
fn values_are_within_their_error_of_the_exact_ones() {
    // Against sums in twice the precision: residuals and losses of integers over 2^20 are exact there.
    let scale = 1.0 / 1024.0;
    let x: Vec<f64> = (0..60 * 3).map(|i| ((i * 7919) % 2003) as f64 * scale - 1.0).collect();
    let y: Vec<f64> = (0..60).map(|i| ((i * 104729) % 4001) as f64 * scale - 2.0).collect();
    let w = [0.1, -0.7, 1.3];
    for threshold in [f64::INFINITY, 0.5] {
        let problem = Regression::huber(3, &x, &y, 0.1, threshold);
        let (mut high, mut low) = (0.0f64, 0.0f64);
        let mut add = |term: f64| {
            let sum = high + term;
            low += if high.abs() >= term.abs() { (high - sum) + term } else { (term - sum) + high };
            high = sum;
        };
        for (row, y) in x.chunks(3).zip(&y) {
            let size = (row.iter().zip(&w).map(|(a, b)| a * b).sum::<f64>() - y).abs();
            add(if size <= threshold { size * size / 2.0 } else { threshold * (size - threshold / 2.0) } / 60.0);
        }
        add(0.05 * (0.01 + 0.49 + 1.69));
        let value = problem.value_gradient(&w, &mut [0.0; 3]);
        let error = problem.value_error(&w, value);
        assert!((value - (high + low)).abs() <= error && error < 1e-13, "{value} {} {error:e}", high + low);
    }
}

#[test]
fn what_is_refused() {
    let squares = |labels: &[&str]| Regression::build_least_squares(&arguments("least-squares"), &labelled(labels));
    assert_eq!(squares(&["1", "2", "-3.5"]).expect("numbers").about(), "3 rows");
    let message = squares(&["1", "red", "2"]).err().expect("text").message;
    assert!(message.starts_with("least-squares: `data`") && message.contains("row 2"), "{message}");
    let huber = |threshold: f64| {
        let arguments = arguments("huber-regression").with("threshold", crate::arguments::Value::number(threshold));
        Regression::build_huber(&arguments, &labelled(&["1", "2"]))
    };
    assert!(huber(0.5).is_ok() && huber(0.0).err().expect("zero").message.contains("threshold"));
}
