//! Tests of the multilayer perceptron.

use super::network::Pass;
use super::*;
use crate::arguments::{Arguments, Value};
use crate::constants::eigen::symmetric;
use crate::constants::{Constant, Provenance, Symbol};
use crate::kernel::softmax_weights;
use crate::method::{SampleReuse, Sampling};
use crate::parallel::Sequential;
use crate::parallel::tests::Threads;
use crate::problem::Softmax;
use crate::problem::linear_model::dataset_tests::{arguments, labelled};

const N: usize = 37;
const D: usize = 3;
const K: usize = 4;

/// Rows of D features; with ones, if they are to have a bias.
fn features(n: usize, bias: bool) -> (usize, Vec<f64>) {
    let ones = usize::from(bias);
    let entry = |i: usize, j: usize| ((i * D + j) as f64 * 1.37).sin() * (1.0 + j as f64);
    let entries = (0..n).flat_map(|i| (0..D + ones).map(move |j| if j < D { entry(i, j) } else { 1.0 }));
    (D + ones, entries.collect())
}

fn network(n: usize, hidden: &[usize], bias: bool, ridge: f64) -> Mlp {
    let (columns, features) = features(n, bias);
    let labels: Vec<usize> = (0..n).map(|i| (i * i + i / 5) % K).collect();
    Mlp::new(columns, &features, &labels, K, hidden, bias, ridge)
}

fn odd_point(d: usize) -> Vec<f64> {
    (0..d).map(|j| (j as f64 * 0.77 + 0.3).sin() * 0.9).collect()
}

fn all_shapes(mut check: impl FnMut(&Mlp)) {
    for hidden in [&[][..], &[3], &[5, 4]] {
        for bias in [false, true] {
            check(&network(N, hidden, bias, 0.07));
        }
    }
}

#[test]
fn gradient_and_hessian_by_finite_differences() {
    all_shapes(|problem| {
        let d = problem.dimension();
        let (x, h) = (odd_point(d), 1e-5);
        let (mut gradient, mut matrix) = (vec![0.0; d], vec![0.0; d * d]);
        problem.value_gradient(&x, &mut gradient);
        assert!(problem.matrix_at(&x, &mut matrix));
        for j in 0..d {
            let shifted = |by: f64| {
                let (mut y, mut g) = (x.clone(), vec![0.0; d]);
                y[j] += by;
                (problem.value_gradient(&y, &mut g), g)
            };
            let (up, down) = (shifted(h), shifted(-h));
            assert!(((up.0 - down.0) / (2.0 * h) - gradient[j]).abs() < 1e-9);
            for k in 0..d {
                let difference = (up.1[k] - down.1[k]) / (2.0 * h);
                assert!((difference - matrix[j * d + k]).abs() < 2e-9, "{j} {k}: {difference}");
            }
        }
    });
}

#[test]
fn batches_are_means_of_samples_and_their_hessians_fit() {
    all_shapes(|problem| {
        let d = problem.dimension();
        let (x, v): (_, Vec<f64>) = (odd_point(d), (0..d).map(|j| (j as f64 * 0.9).cos()).collect());
        let (mut gradient, mut mean, mut product) = (vec![0.0; d], vec![0.0; d], vec![0.0; d]);
        problem.gradient(&x, &mut gradient);
        problem.batch_gradient(&(0..N).collect::<Vec<_>>(), &x, &mut mean);
        assert_eq!(gradient, mean, "one block: the same order, the same bits");
        let batch = [3, 11, 3, 29];
        assert!(problem.batch_hessian_product(&batch, &x, &v, &mut product));
        let along = |by: f64| {
            let (mut g, y): (_, Vec<f64>) = (vec![0.0; d], x.iter().zip(&v).map(|(x, v)| x + by * v).collect());
            problem.batch_gradient(&batch, &y, &mut g);
            g
        };
        let (up, down) = (along(1e-5), along(-1e-5));
        for j in 0..d {
            assert!(((up[j] - down[j]) / 2e-5 - product[j]).abs() < 5e-9);
        }
    });
}

/// In space that other batches have left behind, layers of several parts, one round of panels or more: the sums of all panels in order.
#[test]
fn batches_of_all_sizes_have_the_bits_of_their_panels_in_order() {
    let problem = network(1400, &[150, 60], true, 0.07);
    let d = problem.dimension();
    let (x, bits) = (odd_point(d), |gradient: &[f64]| gradient.iter().map(|g| g.to_bits()).collect::<Vec<_>>());
    for rows in [600, 100, 1, 1400, 513, 512, 600, 64] {
        let batch: Vec<usize> = (0..rows).map(|i| i * 7 % 1400).collect();
        let (mut sums, mut plain) = (vec![0.0; problem.network.padded()], vec![0.0; d]);
        problem.add_gradients(&batch, &x, None, &mut sums);
        problem.finish(&sums, rows, &x, &mut plain, &Sequential);
        let (mut alone, mut shared) = (vec![7.0; d], vec![7.0; d]);
        problem.batch_gradient(&batch, &x, &mut alone);
        problem.batch_gradient_on(&batch, &x, &mut shared, &Threads);
        assert!(bits(&alone) == bits(&plain) && bits(&shared) == bits(&plain), "{rows} rows");
    }
    let (mut whole, mut batch) = (vec![0.0; d], vec![0.0; d]);
    problem.gradient(&x, &mut whole);
    problem.batch_gradient(&(0..1400).collect::<Vec<_>>(), &x, &mut batch);
    assert!(whole.iter().zip(&batch).all(|(a, b)| (a - b).abs() < 1e-13));
}

#[test]
fn without_hidden_layers_it_is_softmax_regression() {
    for bias in [false, true] {
        let problem = network(N, &[], bias, 0.07);
        let (columns, features) = features(N, bias);
        let softmax = Softmax::new(columns, &features, &problem.labels, K, 0.07);
        let d = softmax.dimension();
        assert_eq!(problem.dimension(), d);
        let (x, mut a, mut b) = (odd_point(d), vec![0.0; d], vec![0.0; d]);
        let (value, exact) = (problem.value_gradient(&x, &mut a), softmax.value_gradient(&x, &mut b));
        assert!((value - exact).abs() < 1e-14 && a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-14));
        let (mut a, mut b) = (vec![0.0; d * d], vec![0.0; d * d]);
        assert!(problem.matrix_at(&x, &mut a) && softmax.matrix_at(&x, &mut b));
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-14));
    }
}

#[test]
fn shared_passes_have_the_same_bits() {
    let problem = network(3000, &[20, 9], true, 0.01);
    let d = problem.dimension();
    let (x, mut a, mut b) = (problem.default_start(), vec![0.0; d], vec![0.0; d]);
    let alone = problem.value_gradient(&x, &mut a);
    let shared = problem.value_gradient_on(&x, &mut b, &Sequential);
    assert_eq!((alone.to_bits(), &a), (shared.to_bits(), &b));
}

#[test]
fn a_forward_pass_by_hand() {
    // Two inputs and a bias, two hidden units, two classes; x = (1, -2, 1).
    let problem = Mlp::new(3, &[1.0, -2.0, 1.0], &[1], 2, &[2], true, 0.5);
    let w = [0.5, 0.25, 0.5, -0.125, 0.0, 0.125, 1.0, 2.0, 0.25, 0.0, -1.0, 0.5];
    // a = (tanh(0.5 - 0.5 + 0.5), tanh(-0.125 + 0.125), 1) = (t, 0, 1); z = (t + 0.25, 0.5).
    let t = core_math::tanh(0.5);
    let mut pass = Pass::new(&problem.network, &w);
    pass.forward(&[problem.rows.row(0)]);
    let scores = pass.scores(0);
    assert!((scores[0] - (t + 0.25)).abs() < 1e-15 && scores[1] == 0.5);
    let loss = ((t + 0.25 - 0.5).exp() + 1.0).ln();
    let squares = 0.25 + 0.0625 + 0.25 + 0.015625 * 2.0 + 1.0 + 4.0 + 0.0625 + 1.0 + 0.25;
    let mut gradient = [0.0; 12];
    assert!((problem.value_gradient(&w, &mut gradient) - (loss + 0.25 * squares)).abs() < 1e-14);
    // p = e^z_0/(e^z_0 + e^z_1): the last layer's gradient is (p, -p) times a, plus the ridge.
    let mut p = [t + 0.25, 0.5];
    softmax_weights(&mut p, 1);
    let expected = [p[0] * t + 0.5, 1.0, p[0] + 0.125, -p[0] * t, -0.5, -p[0] + 0.25];
    assert!(gradient[6..].iter().zip(expected).all(|(g, e)| (g - e).abs() < 1e-15), "{gradient:?}");
    // d = p (1 - 0, 2 - (-1)) tanh': 1 - t^2 and 1.
    let d = [p[0] * (1.0 - t * t), p[0] * 3.0];
    let expected = [d[0] + 0.25, -2.0 * d[0] + 0.125, d[0] + 0.25, d[1] - 0.0625, -2.0 * d[1], d[1] + 0.0625];
    assert!(gradient[..6].iter().zip(expected).all(|(g, e)| (g - e).abs() < 1e-15), "{gradient:?}");
}

#[test]
fn starts_follow_the_seed() {
    let of = |seed| network(N, &[50, 40], true, 0.1).with_seed(seed).default_start();
    assert_eq!(of(3), of(3));
    assert!(of(3).iter().zip(of(4)).filter(|(a, b)| **a == *b).count() == 50 + 40 + K, "only biases are alike");
    // Of the second layer: variance 1/50.
    let (start, from) = (of(3), 50 * (D + 1));
    let weights: Vec<f64> = start[from..from + 40 * 51].chunks(51).flat_map(|row| row[..50].to_vec()).collect();
    assert!(start[from..from + 40 * 51].chunks(51).all(|row| row[50] == 0.0));
    let variance = dot(&weights, &weights) / weights.len() as f64;
    assert!((variance * 50.0 - 1.0).abs() < 0.1, "{variance}");
}

/// A selector's arguments with these hidden layers.
fn selected(hidden: Value) -> Arguments {
    arguments("mlp").with("hidden", hidden).with("seed", Value::number(2.0))
}

#[test]
fn built_from_a_table() {
    let build = |hidden: Value, labels: &[&str]| Mlp::build(&selected(hidden), &labelled(labels));
    let problem = build(Value::numbers(&[5.0, 2.0]), &["b", "10", "9", "b"]).expect("three classes");
    assert_eq!(problem.dimension(), 5 * 2 + 2 * 6 + 3 * 3);
    let about = problem.about();
    assert_eq!(about, "4 rows; units 1-5-2-3 with biases, 31 weights; classes in this order: 9, 10, b");
    assert_eq!(build(Value::numbers(&[]), &["a", "b"]).expect("softmax").dimension(), 4);
    let refused = |hidden: Value, labels: &[&str]| build(hidden, labels).err().expect("refused").message;
    let fine = ["a", "b"];
    for (wrong, said) in
        [(0.0, "not 0"), (1.5, "not 1.5"), (1e9, "not 1000000000"), (-3.0, "not -3"), (4097.0, "not 4097")]
    {
        let message = refused(Value::numbers(&[3.0, wrong]), &fine);
        assert!(message.starts_with("mlp: `hidden` must be whole numbers from 1 to 4096"), "{message}");
        assert!(message.ends_with(said), "{message}");
    }
    assert!(refused(Value::number(3.0), &fine).contains("a list of numbers"));
    assert!(refused(Value::List(vec![Value::Bool(true)]), &fine).contains("entry 1"));
    let message = refused(Value::numbers(&[4096.0, 4096.0]), &fine);
    assert!(message.contains("16797698 weights") && message.contains("10000000"), "{message}");
    assert!(refused(Value::numbers(&[3.0]), &[]).contains("at least one row"));
    assert!(refused(Value::numbers(&[3.0]), &["a", "a"]).contains("one class (a)"));
}

#[test]
fn constants_are_estimates_and_see_the_curvature_at_the_start() {
    all_shapes(|problem| {
        let d = problem.dimension();
        let start = odd_point(d);
        let constants = problem.constants(&Ask { start: &start, sampling: None });
        for (symbol, constant) in constants.iter() {
            match constant {
                Constant::Known { provenance, how, .. } if symbol != Symbol::Delta => {
                    assert_eq!(*provenance, Provenance::Estimated, "{}", symbol.name());
                    assert!(how.contains("local, estimated"), "{how}");
                }
                Constant::Known { .. } => assert_eq!(symbol, Symbol::Delta),
                _ => assert!(!constant.reason().is_empty(), "{}", symbol.name()),
            }
        }
        assert!(!constants.components_convex);
        let value = |symbol| constants.get(symbol).value().expect("estimated");
        let mut matrix = vec![0.0; d * d];
        assert!(problem.matrix_at(&start, &mut matrix));
        let eigenvalues = symmetric(&matrix, d, &crate::parallel::Sequential).expect("finite").values;
        let radius = eigenvalues[d - 1].max(-eigenvalues[0]);
        assert!(value(Symbol::Beta) >= 0.95 * radius, "{} {radius}", value(Symbol::Beta));
        assert!(value(Symbol::Omega) >= 0.95 * -eigenvalues[0] && value(Symbol::Omega) <= value(Symbol::Beta));
        let (mut mean, mut g, mut square) = (vec![0.0; d], vec![0.0; d], 0.0);
        problem.gradient(&start, &mut mean);
        for i in 0..N {
            problem.batch_gradient(&[i], &start, &mut g);
            square += g.iter().zip(&mean).map(|(g, m)| (g - m).powi(2)).sum::<f64>() / N as f64;
        }
        assert!(value(Symbol::Sigma2) >= square * (1.0 - 1e-12), "{} {square}", value(Symbol::Sigma2));
        let sampling = Some(Sampling { batch: 4, replacement: true, reuse: SampleReuse::Same });
        let batches = problem.constants(&Ask { start: &start, sampling });
        let ratio = batches.get(Symbol::Sigma2).value().expect("estimated") / value(Symbol::Sigma2);
        assert!((ratio - 0.25).abs() < 1e-14);
        // N samples are all seen: their mean is near f's own curvature from above.
        assert!(value(Symbol::BetaBar) >= 0.9 * radius && value(Symbol::BetaMax) >= value(Symbol::BetaRms));
        assert!(problem.smoothness(5).is_finite());
    });
}

#[test]
fn rounding_stays_below_its_bounds() {
    // A second opinion: libm's functions, products and sums rounded one by one, from the last row and unit to the first.
    let plain = |problem: &Mlp, x: &[f64]| {
        let layers = &problem.network.layers;
        let loss = |i: usize| {
            let mut a = problem.rows.row(i)[..problem.columns].to_vec();
            for (l, layer) in layers.iter().enumerate() {
                let product = |w: &[f64]| w.iter().zip(&a).rev().map(|(w, a)| w * a).sum::<f64>();
                let mut z: Vec<f64> = layer.of(x).chunks(layer.inputs).map(product).collect();
                if l + 1 < layers.len() {
                    z.iter_mut().for_each(|z| *z = z.tanh());
                    z.extend(problem.network.bias.then_some(1.0));
                }
                a = z;
            }
            a.iter().map(|z| z.exp()).sum::<f64>().ln() - a[problem.labels[i]]
        };
        let ridge = 0.5 * problem.ridge * x.iter().map(|x| x * x).sum::<f64>();
        (0..N).rev().map(loss).sum::<f64>() / N as f64 + ridge
    };
    all_shapes(|problem| {
        let d = problem.dimension();
        let x = odd_point(d);
        let (mut a, mut b) = (vec![0.0; d], vec![0.0; d]);
        let value = problem.value_gradient(&x, &mut a);
        let error = problem.value_error(&x, value);
        assert!((value - plain(problem, &x)).abs() <= 2.0 * error && error < 1e-12, "{error:e}");
        problem.batch_gradient(&(0..N).rev().collect::<Vec<_>>(), &x, &mut b);
        let off = norm(&a.iter().zip(&b).map(|(a, b)| a - b).collect::<Vec<_>>());
        let bound = problem.gradient_error(&x, value, &a);
        assert!(off <= 2.0 * bound && bound < 1e-11, "{off:e} {bound:e}");
    });
}

/// No time at all.
#[derive(Debug)]
struct Spent;

impl Budget for Spent {
    fn goes_on(&self, _: &str, _: Option<f64>) -> bool {
        false
    }
}

#[test]
fn without_time_the_estimates_say_so() {
    let make = || network(N, &[3], true, 0.07);
    let (whole, spent) = (make(), Mlp { budget: Arc::new(Spent), ..make() });
    let start = whole.default_start();
    let beta = |problem: &Mlp| problem.constants(&Ask { start: &start, sampling: None }).get(Symbol::Beta).clone();
    let (Constant::Known { value, how, .. }, Constant::Known { value: early, how: why, .. }) =
        (beta(&whole), beta(&spent))
    else {
        panic!("both are estimated")
    };
    assert!(early > 0.0 && early <= value * (1.0 + 1e-9), "{early} {value}");
    assert!(!how.contains("stopped early") && why.contains("stopped early"), "{why}");
}

#[test]
fn points_that_are_not_finite_do_no_harm() {
    let problem = network(N, &[3], true, 0.07);
    let d = problem.dimension();
    for entry in [f64::NAN, f64::INFINITY, 1e308] {
        let (x, mut g) = (vec![entry; d], vec![0.0; d]);
        problem.value_gradient(&x, &mut g);
        let constants = problem.constants(&Ask { start: &x, sampling: None });
        assert!(constants.get(Symbol::Beta).value().is_none_or(f64::is_finite));
    }
}
