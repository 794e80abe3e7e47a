//! A small multilayer perceptron for K classes: `f(w) = (1/n) sum_i (log sum_k e^{z_ik} - z_{i,y_i}) + (ridge/2)|w|^2`,
//! `z_i` the scores that the network gives the row `x_i`:
//!
//! ```text
//! a_0 = x_i,   a_l = tanh(W_l a_{l-1}) for l = 1, ..., h,   z_i = W_{h+1} a_h
//! ```
//!
//! With biases the last entry of `x_i` is 1 (the column of ones) and a unit that is always 1 is appended to every `a_l`,
//! l <= h. The parameter vector w is `W_1, ..., W_{h+1}`, one after the other; `W_l` has a row for each output and a column
//! for each input, is stored row-major, and its last column holds the biases, if there are any: weight of output o and input
//! i of a layer is at `start + o * inputs + i`. Biases are regularised like the others. Without hidden layers f is
//! that of [`Softmax`](super::Softmax), layout included. Samples are single rows, each with the whole ridge.
//!
//! The gradient is that of backpropagation, Hessian-vector products are exact (Pearlmutter's R-operator).
//!
//! No constant holds on all of R^d: curvature and slope grow with products of weights. What [`Problem::constants`] says,
//! Delta aside, is estimated near the start, is labelled so, and nothing certified depends on it.

mod build;
mod constants;
mod gradient;
mod network;
mod perturbed;
mod rounding;
#[cfg(test)]
mod tests;

use super::linear_model::{LARGEST_DENSE, Pass as RowPass, block_of};
use super::{Ask, FiniteSum, Hessian, Minimum, Problem, Samples, labels};
use crate::constants::Constants;
use crate::kernel::{CacheLines, DenseRows, dot, norm};
use crate::method::Ascent;
use crate::parallel::{Parallel, Sequential};
use crate::random::{Generator, Role};
use crate::source::{Budget, Unlimited};
use crate::spare::Spare;
use constants::{Estimates, smoothness_of};
use gradient::Space;
use network::{Network, Tangent, in_panels};
use rounding::Sizes;
use std::sync::{Arc, Mutex};

/// A multilayer perceptron on a table.
#[derive(Debug)]
pub struct Mlp {
    rows: DenseRows,
    /// Length of x_i, the ones included.
    columns: usize,
    /// Of each row, from 0.
    labels: Vec<usize>,
    network: Network,
    ridge: f64,
    /// Of the weights of the default start.
    seed: u64,
    /// The classes' names in order, if they have any.
    names: Vec<String>,
    sizes: Sizes,
    budget: Arc<dyn Budget>,
    /// Allocated before.
    spare: Space,
    /// For sums of blocks.
    near: Spare<CacheLines>,
    /// The last start that constants were estimated for.
    estimates: Mutex<Option<Arc<Estimates>>>,
}

impl Mlp {
    /// From features (row-major, `rows x columns`), labels `0..classes`, the sizes of the hidden layers and the ridge.
    /// With `bias` the last column must be ones, and hidden layers get a unit of ones too.
    pub fn new(
        columns: usize,
        features: &[f64],
        labels: &[usize],
        classes: usize,
        hidden: &[usize],
        bias: bool,
        ridge: f64,
    ) -> Self {
        assert!(columns > 0 && classes > 0 && hidden.iter().all(|units| *units > 0), "no layer is empty");
        assert!(labels.iter().all(|label| *label < classes), "labels are below the number of classes");
        let (rows, network) =
            (DenseRows::new(columns, features.to_vec(), false), Network::new(columns, hidden, classes, bias));
        let sizes = Sizes::of(&rows);
        let (labels, budget) = (labels.to_vec(), Arc::new(Unlimited));
        let (spare, near, estimates) = (Space::default(), Spare::default(), Mutex::new(None));
        Self {
            rows,
            columns,
            labels,
            network,
            ridge,
            seed: 0,
            names: Vec::new(),
            sizes,
            budget,
            spare,
            near,
            estimates,
        }
    }

    /// With another seed for the weights of the default start.
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Panels of samples.
    fn in_panels<'a>(&'a self, samples: &[usize], panel: impl FnMut(&[&'a [f64]], &[usize])) {
        in_panels(samples.len(), |i| (self.rows.row(samples[i]), self.labels[samples[i]]), panel);
    }

    fn evaluate(&self, x: &[f64], gradient: &mut [f64], parallel: Option<&dyn Parallel>) -> f64 {
        let n = self.rows.count();
        let width = self.network.padded();
        let (block, near) = (block_of(n, self.columns), &self.near);
        let pass = RowPass { rows: n, block, width, losses: 1, work: n * width, backwards: None, near };
        let mut space = Vec::new();
        let [total, loss] = pass.evaluate(parallel, &mut space, &|blocks| {
            blocks.each(|from, to, sums, losses| {
                let samples: Vec<usize> = (from..to).collect();
                self.add_gradients(&samples, x, Some(&mut losses[0]), sums);
            });
        });
        self.finish(total, n, x, gradient, parallel.unwrap_or(&Sequential));
        (0.5 * self.ridge).mul_add(dot(x, x), loss[0] / n as f64)
    }

    /// `(1/m) sum hess f_i(x) v` over m samples.
    fn hessian_product(&self, samples: &[usize], x: &[f64], v: &[f64], product: &mut [f64]) {
        let (mut tangent, mut sums) = (Tangent::new(&self.network, x, v), vec![0.0; self.network.padded()]);
        self.in_panels(samples, |rows, labels| tangent.product(rows, labels, &mut sums));
        self.finish(&sums, samples.len(), v, product, &Sequential);
    }
}

impl Problem for Mlp {
    fn dimension(&self) -> usize {
        self.network.weights()
    }

    fn value_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.evaluate(x, gradient, None)
    }

    fn value_gradient_on(&self, x: &[f64], gradient: &mut [f64], parallel: &dyn Parallel) -> f64 {
        self.evaluate(x, gradient, Some(parallel))
    }

    fn gradient_on(&self, x: &[f64], gradient: &mut [f64], parallel: &dyn Parallel) {
        self.evaluate(x, gradient, Some(parallel));
    }

    fn value_error(&self, x: &[f64], value: f64) -> f64 {
        self.sizes.value_error(&self.network, x, value)
    }

    fn gradient_error(&self, x: &[f64], _: f64, _: &[f64]) -> f64 {
        self.sizes.gradient_error(&self.network, x) + 4.0 * f64::EPSILON * self.ridge * norm(x)
    }

    fn constants(&self, ask: &Ask) -> Constants {
        constants::constants(self, ask)
    }

    fn minimum(&self) -> Minimum {
        Minimum::Unknown { reason: "not convex: no minimum is certified".to_owned() }
    }

    fn samples(&self) -> Samples<'_> {
        Samples::Finite(self)
    }

    fn hessian(&self) -> Option<&dyn Hessian> {
        Some(self)
    }

    /// Weights normal with variance 1/(number of inputs without the bias), in their order, and biases 0.
    fn default_start(&self) -> Vec<f64> {
        let mut generator = Generator::new(self.seed, 0, Role::Other);
        let mut start = Vec::with_capacity(self.dimension());
        for layer in &self.network.layers {
            let inputs = layer.inputs - usize::from(self.network.bias);
            let deviation = 1.0 / (inputs.max(1) as f64).sqrt();
            for _ in 0..layer.outputs {
                start.extend((0..inputs).map(|_| deviation * generator.normal()));
                start.extend(self.network.bias.then_some(0.0));
            }
        }
        start
    }

    fn about(&self) -> String {
        let inputs = self.columns - usize::from(self.network.bias);
        let shape: Vec<String> = std::iter::once(inputs)
            .chain(self.network.layers.iter().map(|layer| layer.outputs))
            .map(|units| units.to_string())
            .collect();
        let biases = if self.network.bias { "with" } else { "without" };
        let names = labels::shown(&self.names);
        let order = if names.is_empty() { names } else { format!("; classes in this order: {names}") };
        let (n, weights) = (self.rows.count(), self.dimension());
        format!("{n} rows; units {} {biases} biases, {weights} weights{order}", shape.join("-"))
    }

    fn work(&self) -> usize {
        let units: usize = self.network.layers.iter().map(|layer| layer.outputs).sum();
        self.rows.count().saturating_mul(6 * self.network.padded() + 40 * units)
    }
}

impl Hessian for Mlp {
    /// From d Hessian-vector products; `false` above 2000 weights.
    fn matrix_at(&self, x: &[f64], matrix: &mut [f64]) -> bool {
        let d = self.dimension();
        if d > LARGEST_DENSE {
            return false;
        }
        let samples: Vec<usize> = (0..self.rows.count()).collect();
        let mut unit = vec![0.0; d];
        for (j, row) in matrix.chunks_exact_mut(d).enumerate() {
            unit[j] = 1.0;
            self.hessian_product(&samples, x, &unit, row);
            unit[j] = 0.0;
        }
        for j in 0..d {
            for k in 0..j {
                // Two roundings of one number.
                let entry = 0.5 * (matrix[j * d + k] + matrix[k * d + j]);
                (matrix[j * d + k], matrix[k * d + j]) = (entry, entry);
            }
        }
        true
    }
}

impl FiniteSum for Mlp {
    fn count(&self) -> usize {
        self.rows.count()
    }

    fn batch_gradient(&self, batch: &[usize], x: &[f64], gradient: &mut [f64]) {
        self.mean_gradient(batch, x, gradient, &Sequential);
    }

    fn batch_gradient_on(&self, batch: &[usize], x: &[f64], gradient: &mut [f64], parallel: &dyn Parallel) {
        self.mean_gradient(batch, x, gradient, parallel);
    }

    fn perturbed_gradient_on(
        &self,
        batch: &[usize],
        x: &[f64],
        ascent: (&dyn Ascent, f64),
        space: [&mut [f64]; 2],
        parallel: &dyn Parallel,
    ) {
        self.perturbed_gradient(batch, x, ascent, space, parallel);
    }

    fn batch_hessian_product(&self, batch: &[usize], x: &[f64], v: &[f64], product: &mut [f64]) -> bool {
        self.hessian_product(batch, x, v, product);
        true
    }

    /// There is none that holds everywhere: an estimate of the largest |eigenvalue| of the sample's Hessian at the default
    /// start.
    fn smoothness(&self, sample: usize) -> f64 {
        smoothness_of(self, sample, &self.default_start())
    }

    fn evaluation_is_cheap(&self) -> bool {
        false
    }
}
