//! The methods, by name.

use super::{Ascent, GradientDescent, Method, NoAscent, Normalised, Sampling, Schedule, StepSize};
use crate::arguments::{Arguments, BadInput, DataSource, Entry, Parameter};
use crate::constants::Constants;

/// A method whose step size may still wait for the constants.
pub struct MethodRecipe {
    /// Step size.
    pub eta: StepSize,
    /// Radius.
    pub rho: Schedule,
    /// Sampling; `None` for a deterministic method.
    pub sampling: Option<Sampling>,
    /// Makes the method from its resolved step size.
    assemble: fn(f64, Schedule, Option<Sampling>) -> Method,
}

impl MethodRecipe {
    /// With the numbers of a problem.
    pub fn resolve(&self, constants: &Constants) -> Result<Method, BadInput> {
        Ok((self.assemble)(self.eta.resolve(constants)?, self.rho, self.sampling))
    }
}

const ETA: Parameter =
    Parameter { name: "eta", about: "step size: a number above 0, or \"c/beta\"", default: Some("\"0.3/beta\"") };
const RHO: Parameter = Parameter {
    name: "rho",
    about: "perturbation radius: a number of at least 0, or \"c/sqrt(t+1)\"",
    default: Some("0.05"),
};
const BATCH: Parameter = Parameter { name: "batch", about: "samples in a batch, at least 1", default: Some("1") };
const REPLACEMENT: Parameter =
    Parameter { name: "replacement", about: "whether a batch is drawn with replacement", default: Some("true") };
const SAMPLING: Parameter = Parameter {
    name: "sampling",
    about: "\"same\" (m-SAM: one batch for both gradients) or \"independent\" (n-SAM)",
    default: Some("\"same\""),
};

fn assemble<A: Ascent + Default + 'static>(eta: f64, rho: Schedule, sampling: Option<Sampling>) -> Method {
    Method { ascent: Box::new(A::default()), descent: Box::new(GradientDescent), eta: eta.into(), rho, sampling }
}

/// Without a perturbation there is no `rho` to read.
fn radius(arguments: &Arguments) -> Result<Schedule, BadInput> {
    if arguments.get("rho").is_none() { Ok(Schedule::Constant(0.0)) } else { Schedule::parse_radius(arguments) }
}

/// A deterministic method with this ascent rule.
fn deterministic<A: Ascent + Default + 'static>(
    arguments: &Arguments,
    _: &dyn DataSource,
) -> Result<MethodRecipe, BadInput> {
    let (eta, rho) = (StepSize::parse(arguments)?, radius(arguments)?);
    Ok(MethodRecipe { eta, rho, sampling: None, assemble: assemble::<A> })
}

/// A stochastic method with this ascent rule.
fn stochastic<A: Ascent + Default + 'static>(
    arguments: &Arguments,
    _: &dyn DataSource,
) -> Result<MethodRecipe, BadInput> {
    let (eta, rho) = (StepSize::parse(arguments)?, radius(arguments)?);
    Ok(MethodRecipe { eta, rho, sampling: Some(Sampling::parse(arguments)?), assemble: assemble::<A> })
}

/// All methods, in the order of lists.
pub static METHODS: &[Entry<MethodRecipe>] = &[
    Entry {
        name: "gd",
        about: "gradient descent: x+ = x - eta grad f(x)",
        parameters: &[ETA],
        build: deterministic::<NoAscent>,
    },
    Entry {
        name: "sgd",
        about: "stochastic gradient descent: x+ = x - eta g(x; xi)",
        parameters: &[ETA, BATCH, REPLACEMENT],
        build: stochastic::<NoAscent>,
    },
    Entry {
        name: "sam",
        about: "SAM: x+ = x - eta grad f(x + rho grad f(x)/|grad f(x)|)",
        parameters: &[ETA, RHO],
        build: deterministic::<Normalised>,
    },
    Entry {
        name: "stochastic-sam",
        about: "SAM on batches: x+ = x - eta g(x + rho g(x; xi)/|g(x; xi)|; xi~), xi~ = xi (m-SAM) or fresh (n-SAM)",
        parameters: &[ETA, RHO, BATCH, SAMPLING, REPLACEMENT],
        build: stochastic::<Normalised>,
    },
];
