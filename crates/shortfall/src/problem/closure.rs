//! A user's own function, as a closure.

use super::{Ask, Minimum, Problem};
use crate::constants::{Constants, Symbol};

/// `f` given as a closure `|x, gradient| -> value`; constants and the minimum are the user's word.
///
/// ```
/// use shortfall::problem::{Closure, Problem};
/// let parabola = Closure::new(1, |x, g| {
///     g[0] = 2.0 * x[0];
///     x[0] * x[0]
/// });
/// let mut gradient = [0.0];
/// assert_eq!(parabola.value_gradient(&[3.0], &mut gradient), 9.0);
/// assert_eq!(gradient, [6.0]);
/// ```
pub struct Closure<F> {
    dimension: usize,
    function: F,
    constants: Constants,
    minimum: Option<f64>,
}

impl<F: Fn(&[f64], &mut [f64]) -> f64 + Send + Sync> Closure<F> {
    /// From a dimension and the function.
    pub fn new(dimension: usize, function: F) -> Self {
        let constants = Constants::missing("the closure states no constants");
        Self { dimension, function, constants, minimum: None }
    }

    /// States a constant. No bound that uses it is called certified.
    pub fn assume(mut self, symbol: Symbol, value: f64) -> Self {
        self.constants.assume(symbol, value);
        self
    }

    /// States `f*`.
    pub fn minimum(mut self, value: f64) -> Self {
        self.minimum = Some(value);
        self
    }
}

impl<F: Fn(&[f64], &mut [f64]) -> f64 + Send + Sync> Problem for Closure<F> {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn value_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        (self.function)(x, gradient)
    }

    fn constants(&self, ask: &Ask) -> Constants {
        let mut constants = self.constants.clone();
        if let (Some(minimum), None) = (self.minimum, constants.get(Symbol::Delta).value()) {
            let start = self.value_gradient(ask.start, &mut vec![0.0; self.dimension]);
            constants.assume(Symbol::Delta, start - minimum);
        }
        constants
    }

    fn minimum(&self) -> Minimum {
        match self.minimum {
            Some(value) => {
                Minimum::Known { value, error: 0.0, point: Vec::new(), how: "assumed by the user".to_owned() }
            }
            None => Minimum::Unknown { reason: "the closure states no minimum".to_owned() },
        }
    }
}
