//! Tests of logistic regression, of what it shares with the other linear models too.

use super::*;
use crate::constants::{Constants, Symbol};
use crate::kernel::{dot, norm};
use crate::method::{SampleReuse, Sampling};
use crate::parallel::Sequential;
use crate::problem::{Ask, Minimum};

/// A small problem with irregular entries: n = 37, d = 5.
pub(super) fn small(ridge: f64) -> Logistic {
    let features: Vec<f64> = (0..37 * 5).map(|i| (i as f64 * 1.37).sin() * (1.0 + (i % 3) as f64)).collect();
    let labels: Vec<f64> = (0..37).map(|i| if (i * i) % 7 < 3 { 1.0 } else { -1.0 }).collect();
    Logistic::new(5, &features, &labels, ridge)
}

#[test]
fn labels_are_signs() {
    for label in [0.0, 2.0, 0.5, f64::NAN, f64::INFINITY] {
        let made = std::panic::catch_unwind(|| Logistic::new(1, &[1.0, 2.0], &[1.0, label], 0.1));
        assert!(made.is_err(), "{label}");
    }
    assert_eq!(Logistic::new(1, &[1.0, 2.0], &[1.0, -1.0], 0.1).signs, [1.0, -1.0]);
}

#[test]
fn gradient_and_hessian_by_finite_differences() {
    let problem = small(0.07);
    let x = [0.3, -1.2, 0.8, 2.1, -0.4];
    let (mut gradient, mut matrix, mut scratch) = ([0.0; 5], [0.0; 25], [0.0; 5]);
    problem.value_gradient(&x, &mut gradient);
    assert!(problem.matrix_at(&x, &mut matrix));
    let h = 1e-5;
    for j in 0..5 {
        let shifted = |by: f64| {
            let mut y = x;
            y[j] += by;
            y
        };
        let (mut up, mut down) = ([0.0; 5], [0.0; 5]);
        let slope = (problem.value_gradient(&shifted(h), &mut up) - problem.value_gradient(&shifted(-h), &mut down))
            / (2.0 * h);
        assert!((slope - gradient[j]).abs() < 1e-9, "{slope} {}", gradient[j]);
        for k in 0..5 {
            assert!(((up[k] - down[k]) / (2.0 * h) - matrix[j * 5 + k]).abs() < 1e-9);
        }
    }
    problem.gradient(&x, &mut scratch);
    assert_eq!(scratch, gradient, "the gradient alone has the same bits");
}

#[test]
fn the_mean_over_samples_is_the_gradient() {
    let problem = small(0.07);
    let x = [0.3, -1.2, 0.8, 2.1, -0.4];
    let (mut gradient, mut sample, mut mean) = ([0.0; 5], [0.0; 5], [0.0; 5]);
    problem.gradient(&x, &mut gradient);
    for i in 0..problem.count() {
        problem.batch_gradient(&[i], &x, &mut sample);
        mean.iter_mut().zip(&sample).for_each(|(m, s)| *m += s / 37.0);
    }
    assert!(mean.iter().zip(&gradient).all(|(a, b)| (a - b).abs() < 1e-14));
}

#[test]
fn shared_passes_have_the_same_bits() {
    let n = 5000;
    let features: Vec<f64> = (0..n * 30).map(|i| (i as f64 * 0.731).sin()).collect();
    let labels: Vec<f64> = (0..n).map(|i| if i % 3 == 0 { 1.0 } else { -1.0 }).collect();
    let problem = Logistic::new(30, &features, &labels, 0.01);
    let x: Vec<f64> = (0..30).map(|j| (j as f64).cos()).collect();
    let (mut a, mut b) = (vec![0.0; 30], vec![0.0; 30]);
    let alone = problem.value_gradient(&x, &mut a);
    let shared = problem.value_gradient_on(&x, &mut b, &Sequential);
    assert_eq!((alone.to_bits(), a), (shared.to_bits(), b));
}

#[test]
fn the_label_that_sorts_last_is_plus_one() {
    let read = |labels: &[&str]| binary_labels(Labels::of(labels), "y");
    assert_eq!(read(&["malignant", "benign"]), Ok((vec![1.0, -1.0], "malignant".to_owned())));
    assert_eq!(read(&["10", "9"]), Ok((vec![1.0, -1.0], "10".to_owned())));
    assert!(read(&["a", "a"]).unwrap_err().contains("one class"));
    assert!(read(&["a", "b", "c"]).unwrap_err().contains("3 classes"));
}

#[test]
fn against_dense_recomputation() {
    let problem = small(0.07);
    let start = [0.5, 0.0, -0.25, 1.0, 2.0];
    let sampling = Sampling { batch: 3, replacement: false, reuse: SampleReuse::Same };
    let single = problem.constants(&Ask { start: &start, sampling: None });
    let batches = problem.constants(&Ask { start: &start, sampling: Some(sampling) });
    let value = |constants: &Constants, symbol| constants.get(symbol).value().expect("known");
    let above = |bound: f64, exact: f64| {
        assert!(bound >= exact * (1.0 - 1e-15) && bound <= exact * (1.0 + 1e-6), "{bound} {exact}");
    };
    let squares: Vec<f64> = (0..37)
        .map(|i| problem.base.design.rows().as_dense().expect("dense").row(i)[..5].iter().map(|x| x * x).sum())
        .collect();
    let mean = |of: &dyn Fn(f64) -> f64| squares.iter().map(|n| of(*n)).sum::<f64>() / 37.0;
    above(value(&single, Symbol::Sigma2), mean(&|n| n));
    above(value(&batches, Symbol::Sigma2), mean(&|n| n) / 3.0 * 34.0 / 36.0);
    let (bar, square) = (mean(&|n| n / 4.0 + 0.07), mean(&|n| (n / 4.0 + 0.07f64).powi(2)));
    above(value(&single, Symbol::BetaBar), bar);
    above(value(&single, Symbol::BetaRms), square.sqrt());
    above(value(&batches, Symbol::BetaRms), (bar * bar + (square - bar * bar) / 3.0).sqrt());
    above(value(&single, Symbol::BetaMax), squares.iter().fold(0.0f64, |a, b| a.max(*b)) / 4.0 + 0.07);
    // The largest eigenvalue by power iteration, which stays below it.
    let mut v = vec![1.0; 5];
    let mut top = 0.0;
    for _ in 0..2000 {
        let mut product = vec![0.0; 5];
        for i in 0..37 {
            let row = &problem.base.design.rows().as_dense().expect("dense").row(i)[..5];
            let along: f64 = row.iter().zip(&v).map(|(a, b)| a * b).sum();
            product.iter_mut().zip(row).for_each(|(p, x)| *p += along * x / 37.0);
        }
        top = norm(&product);
        v = product.iter().map(|p| p / top).collect();
    }
    above(value(&single, Symbol::Beta), top / 4.0 + 0.07);
    // sigma2_star and Delta at Newton's point, D2.
    let optimum = problem.base().optimum(&problem);
    let mut g = [0.0; 5];
    let star = (0..37).map(|i| {
        crate::problem::FiniteSum::batch_gradient(&problem, &[i], &optimum.point, &mut g);
        dot(&g, &g) / 37.0
    });
    above(value(&single, Symbol::Sigma2Star), star.sum());
    let away: f64 = start.iter().zip(&optimum.point).map(|(a, b)| (a - b).powi(2)).sum();
    above(value(&single, Symbol::D2), away);
}

#[test]
fn doubling_the_data_changes_no_constant() {
    let features: Vec<f64> = (0..60).map(|i| (i as f64 * 1.1).cos()).collect();
    let labels: Vec<f64> = (0..20).map(|i| if i % 3 == 0 { 1.0 } else { -1.0 }).collect();
    let twice = |v: &[f64]| v.iter().chain(v).copied().collect::<Vec<_>>();
    let one = Logistic::new(3, &features, &labels, 0.1);
    let two = Logistic::new(3, &twice(&features), &twice(&labels), 0.1);
    let ask = Ask { start: &[0.0; 3], sampling: None };
    for ((symbol, a), (_, b)) in one.constants(&ask).iter().zip(two.constants(&ask).iter()) {
        match (a.value(), b.value()) {
            (Some(a), Some(b)) => assert!((a - b).abs() <= 1e-12 * a.abs(), "{}: {a} {b}", symbol.name()),
            (a, b) => assert_eq!(a, b),
        }
    }
}

#[test]
fn ends_at_machine_precision_with_a_certificate() {
    let problem = small(0.07);
    let optimum = problem.base().optimum(&problem);
    assert!(optimum.gradient < 1e-12, "{:e}", optimum.gradient);
    let Minimum::Known { value, error, .. } = problem.minimum() else { panic!("a ridge gives a minimum") };
    assert!(error < 1e-13, "{error:e}");
    // No nearby point is lower by more than the error.
    let mut g = [0.0; 5];
    for j in 0..5 {
        for by in [-1e-6, 1e-6] {
            let mut x = optimum.point.clone();
            x[j] += by;
            assert!(problem.value_gradient(&x, &mut g) >= value - error);
        }
    }
}

#[test]
fn without_a_ridge_newton_ends_and_claims_nothing() {
    let separable = Logistic::new(1, &[1.0, -2.0, 3.0], &[1.0, -1.0, 1.0], 0.0);
    assert!(matches!(separable.minimum(), Minimum::Unknown { .. }));
    let optimum = separable.base().optimum(&separable);
    assert!(optimum.value < 1e-3 && optimum.lower_bound(&separable).is_none());
}
