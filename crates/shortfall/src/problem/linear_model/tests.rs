//! What the tests of linear models share, and constants of larger data against slower ways.

use super::spectrum::Ends;
use super::*;
use crate::constants::eigen::symmetric;
use crate::problem::{Logistic, Regression, Softmax};
use crate::source::{Budget, SparseMatrix, Unlimited};
use std::sync::Arc;

/// No time at all.
#[derive(Debug)]
pub(super) struct Spent;

impl Budget for Spent {
    fn goes_on(&self, _: &str, _: Option<f64>) -> bool {
        false
    }
}

type Make = dyn Fn(Arc<dyn Budget>) -> Box<dyn LinearModel>;

/// A model that can be given another budget.
pub(super) struct Model(Box<Make>, Box<dyn LinearModel>);

impl Model {
    fn new(make: impl Fn(Arc<dyn Budget>) -> Box<dyn LinearModel> + 'static) -> Self {
        let model = make(Arc::new(Unlimited));
        Self(Box::new(make), model)
    }

    pub(super) fn with_budget(&self, budget: impl Budget + 'static) -> Box<dyn LinearModel> {
        (self.0)(Arc::new(budget))
    }

    pub(super) fn as_ref(&self) -> &dyn LinearModel {
        self.1.as_ref()
    }
}

impl std::ops::Deref for Model {
    type Target = dyn LinearModel;

    fn deref(&self) -> &Self::Target {
        self.1.as_ref()
    }
}

/// Entries of rows, most of them zero where `i % 3 > 0`, not negative if asked for.
fn features(rows: usize, columns: usize, negative: bool) -> Vec<f64> {
    let entry = |k: usize| match (k * k + k / 5) % 3 {
        0 => (k as f64 * 1.37).sin() + if negative { 0.0 } else { 1.0 },
        _ => 0.0,
    };
    (0..rows * columns).map(entry).collect()
}

fn sparse(columns: usize, features: &[f64]) -> SparseMatrix {
    let mut matrix = SparseMatrix::new();
    for row in features.chunks(columns) {
        row.iter().enumerate().filter(|(_, x)| **x != 0.0).for_each(|(j, x)| matrix.push(j as u32, *x));
        matrix.end_row();
    }
    matrix
}

/// Dense, sparse, and sparse with a centre, with an intercept and without.
fn designs(rows: usize, columns: usize, negative: bool) -> Vec<Design> {
    let features = features(rows, columns, negative);
    let means = |j: usize| features.iter().skip(j).step_by(columns).sum::<f64>() / rows as f64;
    let centre: Vec<f64> = (0..columns).map(means).collect();
    let of = |centre: Option<&Vec<f64>>, intercept| {
        Design::sparse(columns, sparse(columns, &features), centre.cloned(), intercept)
    };
    vec![
        Design::dense(columns, features.clone(), false),
        of(None, false),
        of(None, true),
        of(Some(&centre), false),
        of(Some(&centre), true),
    ]
}

/// One model of each kind, dense and sparse.
pub(super) fn problems() -> Vec<Model> {
    let (rows, columns) = (60, 5);
    let mut all = Vec::new();
    for which in 0..5 {
        let design = move || designs(rows, columns, true).swap_remove(which);
        let target = |i: usize| 2.0 * (i as f64 * 0.83).cos() + 0.5;
        let targets: Vec<f64> = (0..rows).map(target).collect();
        let signs: Vec<f64> = (0..rows).map(|i| if (i * i) % 7 < 3 { 1.0 } else { -1.0 }).collect();
        let labels: Vec<usize> = (0..rows).map(|i| (i * i + i / 5) % 3).collect();
        let base = move |budget| Base::with_budget(design(), 0.05, budget);
        all.push(Model::new(move |budget| Box::new(Logistic::on(base(budget), signs.clone()))));
        let on = targets.clone();
        all.push(Model::new(move |budget| Box::new(Regression::on(base(budget), on.clone(), f64::INFINITY))));
        all.push(Model::new(move |budget| Box::new(Regression::on(base(budget), targets.clone(), 0.9))));
        all.push(Model::new(move |budget| Box::new(Softmax::on(base(budget), labels.clone(), 3))));
    }
    all
}

/// Eigenvalues of X'X/n, from the rows as they are written out.
fn eigenvalues(design: &Design) -> Vec<f64> {
    let (n, d) = (design.count(), design.columns());
    let mut rows = vec![0.0; n * d];
    design.write_rows(0, n, &mut rows);
    let mut gram = vec![0.0; d * d];
    for row in rows.chunks(d) {
        for j in 0..d {
            for k in 0..d {
                gram[j * d + k] += row[j] * row[k] / n as f64;
            }
        }
    }
    symmetric(&gram, d, &crate::parallel::Sequential).expect("finite").values
}

/// In parts, of rows that are held and not, with weights and without; some panels of rows.
#[test]
fn a_gram_matrix_that_threads_share() {
    let rows = 300;
    let weight = |i: usize| (i as f64 * 0.3).cos();
    for design in designs(rows, 270, true) {
        let columns = design.columns();
        let mut all = vec![0.0; rows * columns];
        design.write_rows(0, rows, &mut all);
        for weight in [None, Some(&weight as &dyn Fn(usize) -> f64)] {
            let gram = design.gram(weight, &Unlimited, &crate::parallel::Sequential).expect("time");
            assert_eq!(gram, design.gram(weight, &Unlimited, &crate::parallel::tests::Threads).expect("time"));
            for (j, k) in [(0, 0), (269, 0), (0, 269), (143, 144), (144, 143), (200, 200), (269, 269), (150, 20)] {
                let of = |(i, row): (usize, &[f64])| weight.map_or(1.0, |weight| weight(i)) * row[j] * row[k];
                let wanted = all.chunks_exact(columns).enumerate().map(of).sum::<f64>() / rows as f64;
                assert!((gram[j * columns + k] - wanted).abs() < 1e-12, "{j} {k}");
            }
        }
    }
}

#[test]
fn the_ends_of_the_spectrum_are_tight_for_few_rows_or_few_columns() {
    for (rows, columns) in [(80, 9), (7, 40)] {
        for design in designs(rows, columns, true) {
            let ends = Ends::of(&design, &Moments::of(&design), &Unlimited);
            let values = eigenvalues(&design);
            let (low, high) = (values[0], values[values.len() - 1]);
            let top = ends.top.expect("finite");
            assert!(ends.loose.is_empty() && top >= high && top < high * (1.0 + 1e-9), "{top} {high}");
            assert!(ends.bottom <= low.max(0.0) + 1e-14 && ends.bottom >= low - 1e-9 * high, "{} {low}", ends.bottom);
        }
    }
}

#[test]
fn a_loose_bound_is_above_and_is_tight_for_entries_that_are_not_negative() {
    for negative in [true, false] {
        for (which, design) in designs(60, 9, negative).into_iter().enumerate() {
            let moments = Moments::of(&design);
            let ends = Ends::of(&design, &moments, &Spent);
            let high = eigenvalues(&design).pop().expect("an eigenvalue");
            let top = ends.top.expect("finite");
            assert!(top >= high && top <= moments.mean_square.high, "{which}: {top} {high}");
            assert!(ends.loose.contains("time allowed") && ends.bottom == 0.0, "{ends:?}");
            if !negative && which < 3 {
                let patient = Ends::bounded(&design, &moments, &Unlimited, true);
                assert!(patient.top.expect("finite") < high * (1.0 + 1e-5) && patient.loose.contains("2000"));
                assert!((patient.estimate.expect("finite") / high - 1.0).abs() < 1e-4);
            }
        }
    }
}

#[test]
fn gradients_do_not_depend_on_how_rows_are_stored() {
    let models = problems();
    let at = |which: usize, kind: usize, d: usize| {
        let problem = &models[which * 4 + kind];
        let x: Vec<f64> = (0..problem.dimension()).map(|j| (j as f64 * 0.9).cos()).collect();
        let (mut gradient, mut product, v) = (vec![0.0; x.len()], vec![0.0; x.len()], x.iter().rev().copied());
        let value = problem.value_gradient(&x, &mut gradient);
        problem.batch_hessian_product(&[3, 9, 3, 40], &x, &v.collect::<Vec<_>>(), &mut product);
        assert_eq!(x.len() % d, 0);
        [vec![value], gradient, product].concat()
    };
    for kind in 0..4 {
        let bits = |which| at(which, kind, 5).iter().map(|number| number.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(0), bits(1), "zeros stored or not");
    }
}

#[test]
fn gradients_and_hessians_of_all_by_finite_differences() {
    for problem in problems() {
        let d = problem.dimension();
        let x: Vec<f64> = (0..d).map(|j| 0.3 + (j as f64 * 1.9).cos()).collect();
        let at = |x: &[f64]| {
            let mut g = vec![0.0; d];
            (problem.value_gradient(x, &mut g), g)
        };
        let (mut matrix, mut product, mut unit) = (vec![0.0; d * d], vec![0.0; d], vec![0.0; d]);
        assert!(problem.matrix_at(&x, &mut matrix));
        let all: Vec<usize> = (0..problem.count()).collect();
        let (h, g) = (1e-5, at(&x).1);
        let mut mean = vec![0.0; d];
        problem.batch_gradient(&all, &x, &mut mean);
        for j in 0..d {
            assert!((mean[j] - g[j]).abs() < 1e-13);
            let shifted = |by: f64| {
                let mut y = x.clone();
                y[j] += by;
                at(&y)
            };
            let (up, down) = (shifted(h), shifted(-h));
            assert!(((up.0 - down.0) / (2.0 * h) - g[j]).abs() < 1e-8);
            unit[j] = 1.0;
            assert!(problem.batch_hessian_product(&all, &x, &unit, &mut product));
            unit[j] = 0.0;
            for k in 0..d {
                assert!(((up.1[k] - down.1[k]) / (2.0 * h) - matrix[j * d + k]).abs() < 1e-8);
                assert!((product[k] - matrix[j * d + k]).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn a_centre_far_away_makes_no_length_too_short() {
    // x = r - c with r near c = 6000: lengths cancel to an eighth digit or less.
    let mut matrix = SparseMatrix::new();
    let entry = |i: usize| 6000.0 + (i as f64 * 0.37).sin() * 1e-4;
    for i in 0..200 {
        matrix.push(0, entry(i));
        matrix.end_row();
    }
    for intercept in [true, false] {
        let design = Design::sparse(1, matrix.clone(), Some(vec![6000.0]), intercept);
        let moments = Moments::of(&design);
        let ones = if intercept { 1.0 } else { 0.0 };
        for i in 0..200 {
            let (square, exact) = (design.square(i), (entry(i) - 6000.0).powi(2) + ones);
            assert!(square.least() <= exact && exact <= square.most(), "{i}: {exact}");
        }
        let exact: f64 = (0..200).map(|i| (entry(i) - 6000.0).powi(2) + ones).sum::<f64>() / 200.0;
        assert!(moments.mean_square.low <= exact && moments.mean_square.high >= exact);
    }
}

#[test]
fn rows_that_overflow_have_no_bound() {
    let features = [1e308, 1e308, 0.0, 0.0, 0.0, 0.0, 1e308, 1e308, 1.0, 2.0, 3.0, 4.0];
    let design = Design::dense(4, features.to_vec(), false);
    let moments = Moments::of(&design);
    assert_eq!(Ends::of(&design, &moments, &Spent).top, None);
    assert_eq!(Ends::of(&design, &moments, &Unlimited).top, None);
}
