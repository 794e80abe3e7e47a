//! Regularised softmax regression with K classes: `f(W) = (1/n) sum_i (log sum_k e^{w_k'x_i} - w_{y_i}'x_i) +
//! (ridge/2)|W|^2`.
//!
//! W is K x d, row-major: the weights of class 1, then those of class 2, and so on. The gradient's row of class k is
//! `(1/n) sum_i (p_ik - 1{k = y_i}) x_i + ridge w_k`. Samples are single rows, each with the whole ridge.

mod rounding;
#[cfg(test)]
mod tests;

use super::linear_model::{Base, Dataset, Design, LinearModel, Loss};
use super::{FiniteSum, Hessian, Problem, labels};
use crate::arguments::{Arguments, BadInput};
use crate::constants::Number;
use crate::kernel::{Strips, dot, softmax_batch, softmax_block, softmax_weights};
use crate::parallel::Parallel;
use crate::source::{DataSource, Unlimited};
use crate::spare::Spare;

/// Softmax regression on a table.
#[derive(Debug)]
pub struct Softmax {
    base: Base,
    /// Of each row, from 0.
    labels: Vec<usize>,
    /// K.
    classes: usize,
    /// The classes' names in order, if they have any.
    names: Vec<String>,
    strips: Spare<Strips>,
}

impl Softmax {
    /// From features (row-major, `rows x columns`), labels `0..classes` and the ridge. A column of ones is an intercept
    /// like any other column.
    pub fn new(columns: usize, features: &[f64], labels: &[usize], classes: usize, ridge: f64) -> Self {
        assert!(labels.iter().all(|label| *label < classes), "labels are below the number of classes");
        Self::on(Base::new(Design::dense(columns, features.to_vec(), false), ridge), labels.to_vec(), classes)
    }

    pub(super) fn on(base: Base, labels: Vec<usize>, classes: usize) -> Self {
        Self { base, labels, classes, names: Vec::new(), strips: Spare::default() }
    }

    pub(super) fn build(arguments: &Arguments, source: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
        let mut dataset = Dataset::read(arguments, source)?;
        let (labels, names) =
            labels::of(dataset.take_labels(), &dataset.target).map_err(|message| dataset.bad(arguments, &message))?;
        let classes = names.len();
        Ok(Box::new(Self { names, ..Self::on(Base::of(dataset), labels, classes) }))
    }

    /// `x_i'w_k` of every class k.
    fn scores(&self, sample: usize, w: &[f64]) -> Vec<f64> {
        let rows = self.base.design.rows();
        w.chunks_exact(rows.stride()).map(|w| rows.dot(sample, w)).collect()
    }

    /// The probabilities of the classes at a row.
    fn probabilities(&self, sample: usize, w: &[f64]) -> Vec<f64> {
        let mut p = self.scores(sample, w);
        softmax_weights(&mut p, self.labels[sample]);
        p[self.labels[sample]] += 1.0;
        p
    }
}

impl LinearModel for Softmax {
    fn base(&self) -> &Base {
        &self.base
    }

    fn loss(&self) -> Loss {
        Loss {
            most_curved: 0.5,
            least_curved: 0.0,
            steepest: Some(Number::exact(2.0).sqrt()),
            steepest_square: Some(Number::exact(2.0)),
            beta: "lambda_max(X'X/n)/2",
            sigma2: "2 mean |x_i|^2",
            lipschitz: "sqrt(2) mean |x_i|",
            operations: 40,
        }
    }

    fn predictions(&self) -> usize {
        self.classes
    }

    fn evaluate(
        &self,
        points: &[&[f64]],
        gradients: &mut [&mut [f64]],
        values: &mut [f64],
        wants_values: bool,
        parallel: Option<&dyn Parallel>,
    ) {
        let design = &self.base.design;
        let (pass, mut space) = (self.base.pass(self.classes), Vec::new());
        for ((x, gradient), value) in points.iter().zip(gradients).zip(values) {
            let w = design.embed(x, self.classes);
            let [total, loss] = pass.evaluate(parallel, &mut space, &|blocks| {
                blocks.each(|from, to, gradient, loss| {
                    loss[0] += self.strips.with(
                        || Strips::new(self.classes),
                        |strips| {
                            softmax_block(design.rows(), &self.labels, [from, to], &w, gradient, strips, wants_values)
                        },
                    );
                });
            });
            self.base.finish(total, design.count(), x, gradient);
            *value = self.base.value(loss[0], x);
        }
    }

    fn about_target(&self) -> String {
        let names = labels::shown(&self.names);
        let order = if names.is_empty() { names } else { format!(", in this order: {names}") };
        format!("; {} classes of {} weights{order}", self.classes, self.base.design.columns())
    }

    fn value_rounding(&self, x: &[f64], value: f64) -> f64 {
        rounding::value_error(&self.base.moments, self.classes, x, value)
    }

    fn each_squared_slope(&self, x: &[f64], see: &mut dyn FnMut(f64)) {
        let w = self.base.design.embed(x, self.classes);
        let square = |i: usize| {
            let mut slope = self.scores(i, &w);
            softmax_weights(&mut slope, self.labels[i]);
            dot(&slope, &slope)
        };
        (0..self.labels.len()).for_each(|i| see(square(i)));
    }

    fn data_gradient_error(&self, x: &[f64], _: f64) -> f64 {
        rounding::gradient_error(&self.base.moments, self.classes, x)
    }

    fn sample_gradient_error(&self, x: &[f64], _: f64) -> f64 {
        rounding::sample_gradient_error(&self.base.moments, self.classes, x, self.base.ridge)
    }
}

impl Hessian for Softmax {
    fn matrix_at(&self, x: &[f64], matrix: &mut [f64]) -> bool {
        let (c, d, n, classes) = (self.base.design.columns(), self.dimension(), self.labels.len(), self.classes);
        let w = self.base.design.embed(x, classes);
        let p: Vec<f64> = (0..n).flat_map(|i| self.probabilities(i, &w)).collect();
        for k in 0..classes {
            for l in 0..=k {
                let weight = |i: usize| {
                    let p = &p[i * classes..][..classes];
                    p[k] * (if k == l { 1.0 } else { 0.0 } - p[l])
                };
                let parallel = self.base.budget.parallel();
                let Some(block) = self.base.design.gram(Some(&weight), &Unlimited, parallel) else { return false };
                for (j, row) in block.chunks_exact(c).enumerate() {
                    matrix[(k * c + j) * d + l * c..][..c].copy_from_slice(row);
                    matrix[(l * c + j) * d + k * c..][..c].copy_from_slice(row);
                }
            }
        }
        matrix.iter_mut().step_by(d + 1).for_each(|diagonal| *diagonal += self.base.ridge);
        true
    }
}

impl FiniteSum for Softmax {
    fn count(&self) -> usize {
        self.labels.len()
    }

    fn batch_gradient(&self, batch: &[usize], x: &[f64], gradient: &mut [f64]) {
        self.base.batch_gradient(batch.len(), x, self.classes, gradient, |w, sums| {
            let rows = self.base.design.rows();
            self.strips
                .with(|| Strips::new(self.classes), |strips| softmax_batch(rows, &self.labels, batch, w, sums, strips));
        });
    }

    fn batch_hessian_product(&self, batch: &[usize], x: &[f64], v: &[f64], product: &mut [f64]) -> bool {
        let (design, rows) = (&self.base.design, self.base.design.rows());
        let (w, v_embedded) = (design.embed(x, self.classes), design.embed(v, self.classes));
        let mut sum = vec![0.0; w.len()];
        for &sample in batch {
            let (p, along) = (self.probabilities(sample, &w), self.scores(sample, &v_embedded));
            let mean = dot(&p, &along);
            for ((sum, p), along) in sum.chunks_exact_mut(rows.stride()).zip(&p).zip(&along) {
                rows.add_scaled(sample, p * (along - mean), sum);
            }
        }
        self.base.finish(&mut sum, batch.len(), v, product);
        true
    }

    fn smoothness(&self, sample: usize) -> f64 {
        self.base.design.square(sample).most() / 2.0 + self.base.ridge
    }

    fn evaluation_is_cheap(&self) -> bool {
        false
    }
}
