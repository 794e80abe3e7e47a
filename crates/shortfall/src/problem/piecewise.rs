//! One-dimensional functions with a piecewise linear derivative.

use super::piecewise_linear::PiecewiseLinear;
use super::{Ask, Hessian, Line, Minimum, Problem};
use crate::arguments::{Arguments, BadInput};
use crate::constants::Constants;
use crate::source::DataSource;

/// `f` with `f'` piecewise linear.
#[derive(Debug)]
pub struct Piecewise {
    gradient: PiecewiseLinear,
    start: f64,
}

impl Piecewise {
    /// From the derivative and a default start.
    pub fn new(gradient: PiecewiseLinear, start: f64) -> Self {
        Self { gradient, start }
    }

    pub(super) fn build(arguments: &Arguments, _: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
        let gradient = PiecewiseLinear::parse(arguments)?;
        let start = gradient.moving_start();
        Ok(Box::new(Self::new(gradient, start)))
    }
}

impl Problem for Piecewise {
    fn dimension(&self) -> usize {
        1
    }

    fn value_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let (value, slope) = self.gradient.integral_and_value(x[0]);
        gradient[0] = slope;
        value
    }

    fn value_error(&self, x: &[f64], _: f64) -> f64 {
        self.gradient.integral_error(x[0])
    }

    fn gradient_error(&self, x: &[f64], _: f64, _: &[f64]) -> f64 {
        self.gradient.rounding_at(x[0])
    }

    fn constants(&self, ask: &Ask) -> Constants {
        self.gradient.constants(ask.start[0])
    }

    fn minimum(&self) -> Minimum {
        self.gradient.minimum()
    }

    fn hessian(&self) -> Option<&dyn Hessian> {
        Some(self)
    }

    fn line(&self) -> Option<Box<dyn Line + '_>> {
        Some(Box::new(&self.gradient))
    }

    fn default_start(&self) -> Vec<f64> {
        vec![self.start]
    }
}

impl Hessian for Piecewise {
    fn matrix_at(&self, x: &[f64], matrix: &mut [f64]) -> bool {
        self.gradient.slope_around(x[0]).map(|slope| matrix[0] = slope).is_some()
    }
}
