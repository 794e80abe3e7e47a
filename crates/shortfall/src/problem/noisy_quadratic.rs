//! `f(x) = sum_i lambda_i x_i^2/2` seen through gradients with Gaussian noise: `g(x; z) = grad f(x) + z`.

use super::quadratic::parse_eigenvalues;
use super::{Ask, Hessian, Line, Minimum, Noise, Problem, Quadratic, Samples, Spectrum};
use crate::arguments::{Arguments, BadInput};
use crate::constants::{Constant, Constants, Number, Symbol};
use crate::random::Generator;
use crate::source::DataSource;

/// A quadratic in the coordinate axes whose sample `z` is a vector of independent normal variables.
#[derive(Debug)]
pub struct NoisyQuadratic {
    quadratic: Quadratic,
    sigma: f64,
}

impl NoisyQuadratic {
    /// From the eigenvalues and the standard deviation of each coordinate of the noise of one sample.
    pub fn new(eigenvalues: Vec<f64>, sigma: f64) -> Self {
        Self { quadratic: Quadratic::new(eigenvalues), sigma }
    }

    pub(super) fn build(arguments: &Arguments, _: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
        Ok(Box::new(Self::new(parse_eigenvalues(arguments)?, arguments.non_negative("sigma")?)))
    }
}

impl Problem for NoisyQuadratic {
    fn dimension(&self) -> usize {
        self.quadratic.dimension()
    }

    fn value_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.quadratic.value_gradient(x, gradient)
    }

    fn value_error(&self, x: &[f64], value: f64) -> f64 {
        self.quadratic.value_error(x, value)
    }

    fn gradient_error(&self, x: &[f64], value: f64, gradient: &[f64]) -> f64 {
        self.quadratic.gradient_error(x, value, gradient)
    }

    fn constants(&self, ask: &Ask) -> Constants {
        let mut constants = self.quadratic.constants(ask);
        let batch = ask.sampling.map_or(1.0, |sampling| sampling.batch as f64);
        let variance = Number::exact(self.dimension() as f64) * Number::exact(self.sigma).square() / batch;
        constants.set(Symbol::Sigma2, Constant::enclosed(Symbol::Sigma2, variance, "d sigma^2/batch, at every point"));
        let bounded_below = self.quadratic.minimum().point().is_some();
        constants.set(
            Symbol::Sigma2Star,
            if bounded_below {
                Constant::enclosed(Symbol::Sigma2Star, variance, "d sigma^2/batch")
            } else {
                Constant::missing("a negative eigenvalue: there is no minimiser")
            },
        );
        let beta = constants.get(Symbol::Beta).value().unwrap_or(f64::INFINITY);
        for symbol in [Symbol::BetaBar, Symbol::BetaRms, Symbol::BetaMax] {
            constants.set(symbol, Constant::exact(beta, "every sample has the Hessian of f"));
        }
        constants.components_convex = bounded_below;
        constants
    }

    fn minimum(&self) -> Minimum {
        self.quadratic.minimum()
    }

    fn samples(&self) -> Samples<'_> {
        Samples::Noise(self)
    }

    fn hessian(&self) -> Option<&dyn Hessian> {
        self.quadratic.hessian()
    }

    fn line(&self) -> Option<Box<dyn Line + '_>> {
        self.quadratic.line()
    }

    fn spectrum(&self) -> Option<&dyn Spectrum> {
        self.quadratic.spectrum()
    }

    fn work(&self) -> usize {
        // A normal variable costs about as much as a few dozen multiplications.
        self.quadratic.work() + 32 * self.dimension()
    }
}

impl Noise for NoisyQuadratic {
    fn draw(&self, batch: usize, generator: &mut Generator, z: &mut [f64]) {
        let deviation = self.sigma / (batch as f64).sqrt();
        for z in z.iter_mut() {
            *z = deviation * generator.normal();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::{SampleReuse, Sampling};
    use crate::random::Role;

    #[test]
    fn draws_have_the_stated_variance() {
        let problem = NoisyQuadratic::new(vec![1.0, 3.0], 2.0);
        let mut generator = Generator::new(5, 0, Role::Descent);
        let (mut sums, mut squares, mut cross, draws) = ([0.0; 2], [0.0; 2], 0.0, 100_000);
        for _ in 0..draws {
            let mut z = [0.0; 2];
            problem.draw(8, &mut generator, &mut z);
            cross += z[0] * z[1];
            for i in 0..2 {
                sums[i] += z[i];
                squares[i] += z[i] * z[i];
            }
        }
        // sigma^2/batch = 1/2 each.
        let mean = |sum: f64| sum / f64::from(draws);
        assert!(sums.iter().all(|sum| mean(*sum).abs() < 0.01), "{sums:?}");
        assert!(squares.iter().all(|square| (mean(*square) - 0.5).abs() < 0.01), "{squares:?}");
        assert!(mean(cross).abs() < 0.01, "{cross}");
    }

    #[test]
    fn constants_worked_by_hand() {
        let sampling = Sampling { batch: 4, replacement: true, reuse: SampleReuse::Same };
        let ask = Ask { start: &[1.0, 2.0, -1.0], sampling: Some(sampling) };
        let constants = NoisyQuadratic::new(vec![4.0, 0.5, 2.0], 0.5).constants(&ask);
        let value = |symbol| constants.get(symbol).value();
        // 3*(1/4)/4; 2 + 1 + 1.
        assert_eq!((value(Symbol::Sigma2), value(Symbol::Sigma2Star)), (Some(0.1875), Some(0.1875)));
        assert_eq!((value(Symbol::Delta), value(Symbol::D2)), (Some(4.0), Some(6.0)));
        for symbol in [Symbol::Beta, Symbol::BetaBar, Symbol::BetaRms, Symbol::BetaMax] {
            assert_eq!(value(symbol), Some(4.0));
        }
        assert!(constants.components_convex && value(Symbol::L).is_none());
        let saddle = NoisyQuadratic::new(vec![4.0, -0.5], 0.1).constants(&Ask { start: &[1.0, 1.0], sampling: None });
        assert!(!saddle.components_convex && saddle.get(Symbol::Sigma2Star).value().is_none());
        // sigma = 0.1 is not a double: the certified value is not below the exact 2 sigma^2.
        assert!(saddle.get(Symbol::Sigma2).value().expect("known") >= 2.0 * 0.1 * 0.1);
    }
}
