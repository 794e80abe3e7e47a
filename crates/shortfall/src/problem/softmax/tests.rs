//! Tests of softmax regression.

use super::*;
use crate::constants::Symbol;
use crate::kernel::norm;
use crate::method::{SampleReuse, Sampling};
use crate::parallel::Sequential;
use crate::problem::Logistic;
use crate::problem::linear_model::dataset_tests::{arguments, labelled};
use crate::problem::{Ask, Minimum};

const N: usize = 37;
const D: usize = 3;
const K: usize = 4;
const X: [f64; D * K] = [0.3, -1.2, 0.8, 2.1, -0.4, 0.9, 0.0, -0.6, 1.7, -0.1, 0.25, -1.5];

fn features() -> Vec<f64> {
    (0..N * D).map(|i| (i as f64 * 1.37).sin() * (1.0 + (i % 3) as f64)).collect()
}

fn labels(classes: usize) -> Vec<usize> {
    (0..N).map(|i| (i * i + i / 5) % classes).collect()
}

fn small(ridge: f64) -> Softmax {
    Softmax::new(D, &features(), &labels(K), K, ridge)
}

#[test]
fn gradient_and_hessian_by_finite_differences() {
    let problem = small(0.07);
    let d = problem.dimension();
    let (mut gradient, mut matrix) = (vec![0.0; d], vec![0.0; d * d]);
    problem.value_gradient(&X, &mut gradient);
    assert!(problem.matrix_at(&X, &mut matrix));
    let h = 1e-5;
    for j in 0..d {
        let shifted = |by: f64| {
            let (mut y, mut g) = (X, vec![0.0; d]);
            y[j] += by;
            (problem.value_gradient(&y, &mut g), g)
        };
        let (up, down) = (shifted(h), shifted(-h));
        assert!(((up.0 - down.0) / (2.0 * h) - gradient[j]).abs() < 1e-9);
        for k in 0..d {
            assert!(((up.1[k] - down.1[k]) / (2.0 * h) - matrix[j * d + k]).abs() < 1e-9);
        }
    }
}

#[test]
fn batches_are_means_of_samples_and_their_hessians_fit() {
    let problem = small(0.07);
    let d = problem.dimension();
    let all: Vec<usize> = (0..N).collect();
    let (mut gradient, mut mean) = (vec![0.0; d], vec![0.0; d]);
    problem.gradient(&X, &mut gradient);
    problem.batch_gradient(&all, &X, &mut mean);
    assert!(mean.iter().zip(&gradient).all(|(a, b)| (a - b).abs() < 1e-14));
    let (batch, h) = ([3, 11, 3, 29], 1e-5);
    let v: Vec<f64> = (0..d).map(|j| (j as f64 * 0.9).cos()).collect();
    let mut product = vec![0.0; d];
    assert!(problem.batch_hessian_product(&batch, &X, &v, &mut product));
    let along = |by: f64| {
        let mut g = vec![0.0; d];
        let y: Vec<f64> = X.iter().zip(&v).map(|(x, v)| x + by * v).collect();
        problem.batch_gradient(&batch, &y, &mut g);
        g
    };
    let (up, down) = (along(h), along(-h));
    for j in 0..d {
        assert!(((up[j] - down[j]) / (2.0 * h) - product[j]).abs() < 1e-9);
    }
}

#[test]
fn two_classes_are_logistic_regression() {
    // With w_2 - w_1 = w the loss is the logistic one; the best split w_2 = -w_1 = w/2 has half its ridge.
    let labels = labels(2);
    let signs: Vec<f64> = labels.iter().map(|label| *label as f64 * 2.0 - 1.0).collect();
    let (softmax, logistic) =
        (Softmax::new(D, &features(), &labels, 2, 0.2), Logistic::new(D, &features(), &signs, 0.1));
    let (a, b) = (softmax.minimum().value().expect("known"), logistic.minimum().value().expect("known"));
    assert!((a.0 - b.0).abs() <= a.1 + b.1 && a.1 < 1e-13, "{a:?} {b:?}");
}

/// The largest eigenvalue by powers, from below, with its vector.
fn top(matrix: &[f64], d: usize) -> f64 {
    let mut v: Vec<f64> = (0..d).map(|j| 1.0 + (j as f64).sin()).collect();
    let mut top = 0.0;
    for _ in 0..5000 {
        let product: Vec<f64> = matrix.chunks(d).map(|row| row.iter().zip(&v).map(|(a, b)| a * b).sum()).collect();
        top = norm(&product);
        v = product.iter().map(|p| p / top).collect();
    }
    top
}

#[test]
fn constants_against_a_dense_recomputation() {
    let (ridge, start) = (0.07, X);
    let problem = small(ridge);
    let squares: Vec<f64> = features().chunks(D).map(|row| row.iter().map(|x| x * x).sum()).collect();
    let mean = |of: &dyn Fn(f64) -> f64| squares.iter().map(|n| of(*n)).sum::<f64>() / N as f64;
    let mut gram = [0.0; D * D];
    for row in features().chunks(D) {
        (0..D * D).for_each(|i| gram[i] += row[i / D] * row[i % D] / N as f64);
    }
    let above = |bound: f64, exact: f64| {
        assert!(bound >= exact * (1.0 - 1e-14) && bound <= exact * (1.0 + 1e-6), "{bound} {exact}");
    };
    for (replacement, factor) in [(true, 1.0 / 3.0), (false, 34.0 / 36.0 / 3.0)] {
        let sampling = Sampling { batch: 3, replacement, reuse: SampleReuse::Same };
        let constants = problem.constants(&Ask { start: &start, sampling: Some(sampling) });
        let value = |symbol| constants.get(symbol).value().expect("known");
        above(value(Symbol::Beta), top(&gram, D) / 2.0 + ridge);
        assert_eq!(value(Symbol::Mu), ridge);
        above(value(Symbol::Sigma2), 2.0 * mean(&|n| n) * factor);
        assert!(constants.get(Symbol::L).value().is_none() && constants.components_convex);
        let (bar, square) = (mean(&|n| n / 2.0 + ridge), mean(&|n| (n / 2.0 + ridge).powi(2)));
        above(value(Symbol::BetaBar), bar);
        above(value(Symbol::BetaRms), (bar * bar + (square - bar * bar) / 3.0).sqrt());
        above(value(Symbol::BetaMax), squares.iter().fold(0.0f64, |a, b| a.max(*b)) / 2.0 + ridge);
        let (optimum, mut g) = (problem.base().optimum(&problem), vec![0.0; D * K]);
        let star = (0..N).map(|i| {
            problem.batch_gradient(&[i], &optimum.point, &mut g);
            dot(&g, &g) / N as f64
        });
        above(value(Symbol::Sigma2Star), star.sum::<f64>() * factor);
        let away: f64 = start.iter().zip(&optimum.point).map(|(a, b)| (a - b).powi(2)).sum();
        above(value(Symbol::D2), away);
        above(value(Symbol::Delta), problem.value_gradient(&start, &mut g) - optimum.value);
    }
    let flat = small(0.0).constants(&Ask { start: &start, sampling: None });
    above(flat.get(Symbol::L).value().expect("no ridge"), 2f64.sqrt() * mean(&f64::sqrt));
    assert!(matches!(small(0.0).minimum(), Minimum::Unknown { .. }));
}

#[test]
fn two_classes_at_zero_attain_half_the_largest_eigenvalue() {
    let problem = Softmax::new(D, &features(), &labels(2), 2, 0.0);
    let mut matrix = [0.0; 4 * D * D];
    assert!(problem.matrix_at(&[0.0; 2 * D], &mut matrix));
    let beta = problem.constants(&Ask { start: &[0.0; 2 * D], sampling: None }).get(Symbol::Beta).value().unwrap();
    let attained = top(&matrix, 2 * D);
    assert!(beta >= attained * (1.0 - 1e-14) && beta <= attained * (1.0 + 1e-12), "{beta} {attained}");
}

#[test]
fn mu_is_attained_and_fails_two_units_higher() {
    // Shifting all classes alike changes no probability: there the curvature is the ridge alone.
    let problem = Softmax::new(1, &[2.0, -1.0], &[0, 1], 2, 0.25);
    let mu = problem.constants(&Ask { start: &[0.0; 2], sampling: None }).get(Symbol::Mu).value().unwrap();
    let mut product = [0.0; 2];
    assert!(problem.batch_hessian_product(&[0, 1], &[0.0; 2], &[1.0, 1.0], &mut product));
    assert!(product[0] < mu.next_up().next_up() && product == [0.25; 2]);
}

#[test]
fn doubling_the_data_changes_no_constant() {
    let x = features();
    let twice: Vec<f64> = x.iter().chain(&x).copied().collect();
    let (one, two) = (small(0.1), Softmax::new(D, &twice, &[labels(K), labels(K)].concat(), K, 0.1));
    let ask = Ask { start: &[0.0; D * K], sampling: None };
    for ((symbol, a), (_, b)) in one.constants(&ask).iter().zip(two.constants(&ask).iter()) {
        match (a.value(), b.value()) {
            (Some(a), Some(b)) => assert!((a - b).abs() <= 1e-11 * a.abs(), "{}: {a} {b}", symbol.name()),
            (a, b) => assert_eq!(a, b),
        }
    }
}

#[test]
fn shared_passes_have_the_same_bits() {
    let n = 3000;
    let features: Vec<f64> = (0..n * 20).map(|i| (i as f64 * 0.731).sin()).collect();
    let labels: Vec<usize> = (0..n).map(|i| i % 3).collect();
    let problem = Softmax::new(20, &features, &labels, 3, 0.01);
    let x: Vec<f64> = (0..60).map(|j| (j as f64).cos()).collect();
    let (mut a, mut b) = (vec![0.0; 60], vec![0.0; 60]);
    let alone = problem.value_gradient(&x, &mut a);
    let shared = problem.value_gradient_on(&x, &mut b, &Sequential);
    assert_eq!((alone.to_bits(), a), (shared.to_bits(), b));
}

#[test]
fn the_minimum_is_certified_and_no_point_nearby_is_lower() {
    for ridge in [1e-4, 0.07] {
        let problem = small(ridge);
        let Minimum::Known { value, error, point, .. } = problem.minimum() else { panic!("a ridge gives a minimum") };
        assert!(error < 1e-12, "{error:e}");
        let mut g = vec![0.0; D * K];
        for j in 0..D * K {
            for by in [-1e-5, 1e-5] {
                let mut x = point.clone();
                x[j] += by;
                assert!(problem.value_gradient(&x, &mut g) >= value - error);
            }
        }
    }
}

#[test]
fn classes_are_sorted_and_shown_in_their_order() {
    let build = |labels: &[&str]| Softmax::build(&arguments("softmax"), &labelled(labels));
    let problem = build(&["b", "10", "9", "b"]).expect("three classes");
    assert_eq!(problem.about(), "4 rows; 3 classes of 2 weights, in this order: 9, 10, b");
    assert_eq!(problem.dimension(), 6);
    let refused = |labels: &[&str]| build(labels).err().expect("refused").message;
    assert!(refused(&["a", "a"]).contains("one class (a)"));
    let many: Vec<String> = (0..1001).map(|i| format!("{i}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(refused(&many).contains("1001 classes") && refused(&many).contains("least-squares"));
}

#[test]
fn thousands_of_unknowns_have_a_certified_minimum() {
    let features: Vec<f64> = (0..90 * 30).map(|i| (i as f64 * 0.731).sin()).collect();
    let problem = Softmax::new(30, &features, &(0..90).collect::<Vec<_>>(), 90, 0.1);
    let Minimum::Known { value, error, point, how } = problem.minimum() else { panic!("2700 unknowns") };
    assert!(how.starts_with("Newton-CG") && error < 1e-12, "{how} {error:e}");
    let mut gradient = vec![0.0; 2700];
    assert_eq!(problem.value_gradient(&point, &mut gradient), value);
    assert!(norm(&gradient) < 1e-13);
    let constants = problem.constants(&Ask { start: &vec![0.0; 2700], sampling: None });
    assert!((constants.get(Symbol::Delta).value().expect("known") + value - 90f64.ln()).abs() < 1e-12);
}
