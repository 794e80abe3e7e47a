//! The methods, by name.

use super::{GradientDescent, Method, NoAscent, Normalised, Sampling, Schedule, StepSize};
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

fn descent_only(eta: f64, _: Schedule, sampling: Option<Sampling>) -> Method {
    Method {
        ascent: Box::new(NoAscent),
        descent: Box::new(GradientDescent),
        eta: eta.into(),
        rho: 0.0.into(),
        sampling,
    }
}

fn normalised(eta: f64, rho: Schedule, sampling: Option<Sampling>) -> Method {
    Method { ascent: Box::new(Normalised), descent: Box::new(GradientDescent), eta: eta.into(), rho, sampling }
}

fn build_gd(arguments: &Arguments, _: &dyn DataSource) -> Result<MethodRecipe, BadInput> {
    Ok(MethodRecipe {
        eta: StepSize::parse(arguments)?,
        rho: Schedule::Constant(0.0),
        sampling: None,
        assemble: descent_only,
    })
}

fn build_sgd(arguments: &Arguments, _: &dyn DataSource) -> Result<MethodRecipe, BadInput> {
    let sampling = Some(Sampling::parse(arguments)?);
    Ok(MethodRecipe {
        eta: StepSize::parse(arguments)?,
        rho: Schedule::Constant(0.0),
        sampling,
        assemble: descent_only,
    })
}

fn build_sam(arguments: &Arguments, _: &dyn DataSource) -> Result<MethodRecipe, BadInput> {
    Ok(MethodRecipe {
        eta: StepSize::parse(arguments)?,
        rho: Schedule::parse_radius(arguments)?,
        sampling: None,
        assemble: normalised,
    })
}

fn build_stochastic_sam(arguments: &Arguments, _: &dyn DataSource) -> Result<MethodRecipe, BadInput> {
    let sampling = Some(Sampling::parse(arguments)?);
    Ok(MethodRecipe {
        eta: StepSize::parse(arguments)?,
        rho: Schedule::parse_radius(arguments)?,
        sampling,
        assemble: normalised,
    })
}

/// All methods, in the order of lists.
pub static METHODS: &[Entry<MethodRecipe>] = &[
    Entry { name: "gd", about: "gradient descent: x+ = x - eta grad f(x)", parameters: &[ETA], build: build_gd },
    Entry {
        name: "sgd",
        about: "stochastic gradient descent: x+ = x - eta g(x; xi)",
        parameters: &[ETA, BATCH, REPLACEMENT],
        build: build_sgd,
    },
    Entry {
        name: "sam",
        about: "SAM: x+ = x - eta grad f(x + rho grad f(x)/|grad f(x)|)",
        parameters: &[ETA, RHO],
        build: build_sam,
    },
    Entry {
        name: "stochastic-sam",
        about: "SAM on batches: x+ = x - eta g(x + rho g(x; xi)/|g(x; xi)|; xi~), xi~ = xi (m-SAM) or fresh (n-SAM)",
        parameters: &[ETA, RHO, BATCH, SAMPLING, REPLACEMENT],
        build: build_stochastic_sam,
    },
];
