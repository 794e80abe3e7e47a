//! Named one-dimensional functions: presets of `piecewise` and `mixture`.

mod noise;
mod trap;
mod wave;

pub(super) use noise::additive_noise;
#[cfg(test)]
pub(super) use trap::make_trap;
pub(super) use trap::{sharp_trap, trap};
pub(super) use wave::{capped_wave, triangle};

use super::Problem;
use super::mixture::Mixture;
use super::piecewise::Piecewise;
use super::piecewise_linear::PiecewiseLinear;
use crate::arguments::{Arguments, BadInput};
use crate::constants::Number;
use crate::source::DataSource;

/// Huber's function: `f' = clip(beta x, -L, L)`.
pub(super) fn huber(arguments: &Arguments, _: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
    let (beta, lipschitz) = (arguments.positive("beta")?, arguments.positive("lipschitz")?);
    let corner = lipschitz / beta;
    let values = vec![Number::exact(-lipschitz), Number::exact(lipschitz)];
    let slopes = [0.0, beta, 0.0].map(Number::exact).to_vec();
    let gradient = PiecewiseLinear::new(vec![-corner, corner], values, slopes);
    piecewise(arguments, gradient, 2.0 * corner)
}

fn extreme(arguments: &Arguments) -> BadInput {
    BadInput::new(format!("{}: the parameters overflow or underflow together", arguments.owner))
}

/// Whether a run can start there.
fn usable(gradient: &PiecewiseLinear, start: f64) -> bool {
    let increasing = gradient.breakpoints().windows(2).all(|pair| pair[0] < pair[1]);
    increasing && start.is_finite() && gradient.at(start).is_finite() && gradient.integral(start).is_finite()
}

fn piecewise(arguments: &Arguments, gradient: PiecewiseLinear, start: f64) -> Result<Box<dyn Problem>, BadInput> {
    if !usable(&gradient, start) || gradient.at(start) == 0.0 {
        return Err(extreme(arguments));
    }
    Ok(Box::new(Piecewise::new(gradient, start)))
}

fn mixture(
    arguments: &Arguments,
    components: Vec<PiecewiseLinear>,
    probabilities: [f64; 2],
    mean: PiecewiseLinear,
    start: f64,
) -> Result<Box<dyn Problem>, BadInput> {
    let fine = components.iter().all(|component| usable(component, start)) && usable(&mean, start);
    if !fine || mean.at(start) == 0.0 {
        return Err(extreme(arguments));
    }
    Ok(Box::new(Mixture::with_mean(components, probabilities.to_vec(), mean, start)))
}

/// `f' = slope x + offset`.
fn parabola(slope: f64, offset: Number) -> PiecewiseLinear {
    PiecewiseLinear::new(Vec::new(), vec![offset], vec![Number::exact(slope)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Value;
    use crate::constants::Symbol;
    use crate::method::Sampling;
    use crate::problem::{Ask, FiniteSum, PROBLEMS, Samples};
    use crate::source::NoData;

    pub(super) fn built(name: &str, parameters: &[(&str, f64)]) -> Result<Box<dyn Problem>, BadInput> {
        let entry = PROBLEMS.iter().find(|entry| entry.name == name).expect("registered");
        let named = |a: Arguments, (name, value): &(&str, f64)| a.with(name, Value::number(*value));
        (entry.build)(&parameters.iter().fold(Arguments::of(name), named), &NoData)
    }

    pub(super) fn constant(problem: &dyn Problem, symbol: Symbol, start: f64) -> f64 {
        let ask = Ask { start: &[start], sampling: Some(Sampling::single()) };
        problem.constants(&ask).get(symbol).value().expect("known")
    }

    pub(super) fn samples(problem: &dyn Problem) -> &dyn FiniteSum {
        match problem.samples() {
            Samples::Finite(sum) => sum,
            _ => panic!("no samples"),
        }
    }

    pub(super) fn gradient(problem: &dyn Problem, x: f64) -> f64 {
        let mut gradient = [0.0];
        problem.value_gradient(&[x], &mut gradient);
        gradient[0]
    }

    pub(super) fn sample_gradient(problem: &dyn Problem, sample: usize, x: f64) -> f64 {
        let mut gradient = [0.0];
        samples(problem).batch_gradient(&[sample], &[x], &mut gradient);
        gradient[0]
    }

    /// `E g(x; xi) = f'(x)` at many points.
    pub(super) fn assert_unbiased(problem: &dyn Problem) {
        let sum = samples(problem);
        for i in -60..=60 {
            let x = 0.37 * i as f64;
            let parts: Vec<f64> =
                (0..sum.count()).map(|k| sum.probability(k) * sample_gradient(problem, k, x)).collect();
            let size: f64 = parts.iter().map(|part| part.abs()).sum();
            let mean: f64 = parts.iter().sum();
            assert!((mean - gradient(problem, x)).abs() <= 1e-14 * (1.0 + size), "{x}: {mean}");
        }
    }

    #[test]
    fn extreme_parameters_are_refused_and_nothing_panics() {
        let sizes = [f64::MAX, 1e200, 1e-200, f64::from_bits(1)];
        for a in sizes {
            for b in sizes {
                for c in sizes {
                    let _ = built("sharp-trap", &[("beta", a), ("mu", b), ("radius", c)]);
                    let _ = built("additive-noise", &[("lambda", a), ("noise", b), ("p", c)]);
                    let _ = built("triangle", &[("beta", a), ("radius", b), ("eps", 0.1), ("noise", c)]);
                    let _ = built("capped-wave", &[("beta", a), ("radius", b), ("eps", 0.1), ("cap", c)]);
                    let _ = built("huber", &[("beta", a), ("lipschitz", b)]);
                }
            }
        }
    }
}
