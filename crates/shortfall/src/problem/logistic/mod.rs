//! Regularised logistic regression: `f(w) = (1/n) sum_i log(1 + exp(-y_i x_i'w)) + (ridge/2)|w|^2`.
//!
//! The gradient is `(1/n) sum_i c_i x_i + ridge w` with `c_i = -y_i/(1 + exp(y_i x_i'w))`. Samples are single rows, each with the whole ridge.

mod rounding;
#[cfg(test)]
mod tests;

use super::linear_model::{Base, Dataset, Design, LinearModel, Loss};
use super::{FiniteSum, Hessian, Problem};
use crate::arguments::{Arguments, BadInput};
use crate::constants::Number;
use crate::kernel::{logistic_batch, logistic_blocks};
use crate::parallel::Parallel;
use crate::source::{DataSource, Labels};

/// Logistic regression on a table.
#[derive(Debug)]
pub struct Logistic {
    base: Base,
    /// y, +1 or -1.
    signs: Vec<f64>,
    /// The label of y = +1, if there are labels.
    positive: Option<String>,
}

impl Logistic {
    /// From features (row-major, `rows x columns`), labels +1 or -1 and the ridge. A column of ones is an intercept
    /// like any other column.
    ///
    /// # Panics
    /// If a label is neither.
    pub fn new(columns: usize, features: &[f64], labels: &[f64], ridge: f64) -> Self {
        assert!(labels.iter().all(|y| y.abs() == 1.0), "labels are +1 or -1");
        Self::on(Base::new(Design::dense(columns, features.to_vec(), false), ridge), labels.to_vec())
    }

    pub(super) fn on(base: Base, signs: Vec<f64>) -> Self {
        Self { base, signs, positive: None }
    }

    pub(super) fn build(arguments: &Arguments, source: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
        let mut dataset = Dataset::read(arguments, source)?;
        let (signs, positive) = binary_labels(dataset.take_labels(), &dataset.target)
            .map_err(|message| dataset.bad(arguments, &message))?;
        Ok(Box::new(Self { positive: Some(positive), ..Self::on(Base::of(dataset), signs) }))
    }

    /// `p_i` of the wrong label at a row.
    fn doubt(&self, sample: usize, w: &[f64]) -> f64 {
        let mut c = [self.signs[sample] * self.base.design.rows().dot(sample, w)];
        crate::kernel::logistic_weights(&mut c);
        -c[0]
    }

    /// `p_i (1 - p_i)` of a row.
    fn curvature_weight(&self, sample: usize, w: &[f64]) -> f64 {
        let doubt = self.doubt(sample, w);
        doubt * (1.0 - doubt)
    }
}

/// +1 for the label that sorts last (numbers before text, numbers by value), -1 for the other.
fn binary_labels(labels: Labels, target: &str) -> Result<(Vec<f64>, String), String> {
    let (rows, classes) = labels.into_classes(2);
    match &classes[..] {
        [_, last] => Ok((rows.into_iter().map(|class| if class == 1 { 1.0 } else { -1.0 }).collect(), last.clone())),
        [only] => Err(format!("target `{target}` has one class ({only}); logistic needs two")),
        _ => {
            let shown = classes[..classes.len().min(5)].join(", ");
            let more = if classes.len() > 5 { ", ..." } else { "" };
            Err(format!(
                "target `{target}` has {} classes ({shown}{more}); logistic needs two. Softmax takes more; to predict a \
                 number there is least-squares",
                classes.len()
            ))
        }
    }
}

impl LinearModel for Logistic {
    fn base(&self) -> &Base {
        &self.base
    }

    fn loss(&self) -> Loss {
        Loss {
            most_curved: 0.25,
            least_curved: 0.0,
            steepest: Some(Number::exact(1.0)),
            steepest_square: Some(Number::exact(1.0)),
            beta: "lambda_max(X'X/n)/4",
            sigma2: "mean |x_i|^2",
            lipschitz: "mean |x_i|",
            operations: 60,
        }
    }

    fn evaluate(
        &self,
        points: &[&[f64]],
        gradients: &mut [&mut [f64]],
        values: &mut [f64],
        wants_values: bool,
        parallel: Option<&dyn Parallel>,
    ) {
        self.base.evaluate(points, gradients, values, parallel, &|w, blocks| {
            logistic_blocks(self.base.design.rows(), &self.signs, w, blocks, wants_values);
        });
    }

    fn about_target(&self) -> String {
        self.positive.as_ref().map_or(String::new(), |label| format!("; y = +1 is `{label}`"))
    }

    fn value_rounding(&self, x: &[f64], value: f64) -> f64 {
        rounding::value_error(&self.base.moments, x, value)
    }

    fn each_squared_slope(&self, x: &[f64], see: &mut dyn FnMut(f64)) {
        let w = self.base.design.embed(x, 1);
        (0..self.signs.len()).for_each(|i| see(self.doubt(i, &w).powi(2)));
    }

    fn data_gradient_error(&self, x: &[f64], _: f64) -> f64 {
        rounding::gradient_error(&self.base.moments, x)
    }

    fn sample_gradient_error(&self, x: &[f64], _: f64) -> f64 {
        rounding::sample_gradient_error(&self.base.moments, x, self.base.ridge)
    }
}

impl Hessian for Logistic {
    fn matrix_at(&self, x: &[f64], matrix: &mut [f64]) -> bool {
        let w = self.base.design.embed(x, 1);
        self.base.write_hessian(&|i| self.curvature_weight(i, &w), matrix);
        true
    }
}

impl FiniteSum for Logistic {
    fn count(&self) -> usize {
        self.signs.len()
    }

    fn batch_gradient(&self, batch: &[usize], x: &[f64], gradient: &mut [f64]) {
        self.base.batch_gradient(batch.len(), x, 1, gradient, |w, sums| {
            logistic_batch(self.base.design.rows(), &self.signs, batch, w, sums);
        });
    }

    fn batch_hessian_product(&self, batch: &[usize], x: &[f64], v: &[f64], product: &mut [f64]) -> bool {
        let w = self.base.design.embed(x, 1);
        self.base.batch_hessian_product(batch, &|i| self.curvature_weight(i, &w), v, product);
        true
    }

    fn smoothness(&self, sample: usize) -> f64 {
        self.base.design.square(sample).most() / 4.0 + self.base.ridge
    }

    fn evaluation_is_cheap(&self) -> bool {
        false
    }
}
