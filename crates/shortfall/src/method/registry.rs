//! The methods, by name.

use super::descent::parse_descent;
use super::{
    Adaptive, Ascent, Descent, Method, NoAscent, Normalised, Sampling, Schedule, StepSize, Unified, Unnormalised,
};
use crate::arguments::{Arguments, BadInput, Entry, Parameter};
use crate::source::DataSource;

/// A method whose step size may still wait for the constants.
pub struct MethodRecipe {
    /// Where the gradient is taken.
    pub ascent: Box<dyn Ascent>,
    /// How the point moves.
    pub descent: Box<dyn Descent>,
    /// Step size.
    pub eta: StepSize,
    /// Radius.
    pub rho: Schedule,
    /// Sampling; `None` for a deterministic method.
    pub sampling: Option<Sampling>,
}

impl MethodRecipe {
    /// With its step size.
    pub fn with_step(self, eta: Schedule) -> Method {
        let Self { ascent, descent, rho, sampling, .. } = self;
        Method { ascent, descent, eta, rho, sampling }
    }

    /// A deterministic method with this ascent rule.
    fn deterministic(ascent: impl Ascent + 'static, arguments: &Arguments) -> Result<Self, BadInput> {
        // Without a perturbation there is no `rho` to read.
        let rho = match arguments.get("rho") {
            None => Schedule::Constant(0.0),
            Some(_) => Schedule::parse_radius(arguments)?,
        };
        let (eta, descent) = (StepSize::parse(arguments)?, parse_descent(arguments)?);
        Ok(Self { ascent: Box::new(ascent), descent, eta, rho, sampling: None })
    }

    /// A stochastic method with this ascent rule.
    fn stochastic(ascent: impl Ascent + 'static, arguments: &Arguments) -> Result<Self, BadInput> {
        Ok(Self { sampling: Some(Sampling::parse(arguments)?), ..Self::deterministic(ascent, arguments)? })
    }
}

fn unified(arguments: &Arguments) -> Result<Unified, BadInput> {
    let lambda = arguments.number("lambda")?;
    if !(0.0..=1.0).contains(&lambda) {
        return Err(arguments.bad("lambda", format_args!("must lie between 0 (USAM) and 1 (SAM), not {lambda}")));
    }
    Ok(Unified { lambda })
}

const ETA: Parameter = Parameter::new(
    "eta",
    "step size: a number above 0, \"c/beta\", or the id of a theorem with a tuned step or a schedule",
    Some("\"0.3/beta\""),
);
const RHO: Parameter =
    Parameter::new("rho", "perturbation radius: a number of at least 0, or \"c/sqrt(t+1)\"", Some("0.05"));
const RHO_OF_USAM: Parameter = Parameter::new(
    "rho",
    "perturbation radius in units of 1/beta: a number of at least 0, or \"c/sqrt(t+1)\"",
    Some("0.05"),
);
const LAMBDA: Parameter =
    Parameter::new("lambda", "weight of the normalised part, from 0 (USAM) to 1 (SAM)", Some("0.5"));
const BATCH: Parameter = Parameter::new("batch", "samples in a batch, at least 1", Some("1"));
const REPLACEMENT: Parameter = Parameter::new("replacement", "whether a batch is drawn with replacement", Some("true"));
const SAMPLING: Parameter = Parameter::new(
    "sampling",
    "\"same\" (m-SAM: one batch for both gradients) or \"independent\" (n-SAM)",
    Some("\"same\""),
);
const DESCENT: Parameter = Parameter::new(
    "descent",
    "how the point moves: \"gradient\" (x+ = x - eta h), \"heavy-ball\", \"nesterov\" or \"adam\"; statements are about \"gradient\"",
    Some("\"gradient\""),
);
const MOMENTUM: Parameter = Parameter::new(
    "momentum",
    "of \"heavy-ball\" and \"nesterov\", and Adam's beta1; from 0, below 1; absent: 0.9",
    None,
);
const BETA2: Parameter = Parameter::new("beta2", "of \"adam\"; from 0, below 1; absent: 0.999", None);
const EPSILON: Parameter = Parameter::new("epsilon", "of \"adam\"; above 0; absent: 1e-8", None);

/// All methods, in the order of lists.
pub static METHODS: &[Entry<MethodRecipe>] = &[
    Entry {
        name: "gd",
        about: "gradient descent: x+ = x - eta grad f(x)",
        parameters: &[ETA, DESCENT, MOMENTUM, BETA2, EPSILON],
        build: |arguments, _: &dyn DataSource| MethodRecipe::deterministic(NoAscent, arguments),
    },
    Entry {
        name: "sgd",
        about: "stochastic gradient descent: x+ = x - eta g(x; xi)",
        parameters: &[ETA, BATCH, REPLACEMENT, DESCENT, MOMENTUM, BETA2, EPSILON],
        build: |arguments, _| MethodRecipe::stochastic(NoAscent, arguments),
    },
    Entry {
        name: "sam",
        about: "SAM: x+ = x - eta grad f(x + rho grad f(x)/|grad f(x)|)",
        parameters: &[ETA, RHO, DESCENT, MOMENTUM, BETA2, EPSILON],
        build: |arguments, _| MethodRecipe::deterministic(Normalised, arguments),
    },
    Entry {
        name: "stochastic-sam",
        about: "SAM on batches: x+ = x - eta g(x + rho g(x; xi)/|g(x; xi)|; xi~), xi~ = xi (m-SAM) or fresh (n-SAM)",
        parameters: &[ETA, RHO, BATCH, SAMPLING, REPLACEMENT, DESCENT, MOMENTUM, BETA2, EPSILON],
        build: |arguments, _| MethodRecipe::stochastic(Normalised, arguments),
    },
    Entry {
        name: "usam",
        about: "USAM, not normalised: x+ = x - eta grad f(x + rho grad f(x))",
        parameters: &[ETA, RHO_OF_USAM, DESCENT, MOMENTUM, BETA2, EPSILON],
        build: |arguments, _| MethodRecipe::deterministic(Unnormalised, arguments),
    },
    Entry {
        name: "stochastic-usam",
        about: "USAM on batches: x+ = x - eta g(x + rho g(x; xi); xi~), xi~ = xi or fresh",
        parameters: &[ETA, RHO_OF_USAM, BATCH, SAMPLING, REPLACEMENT, DESCENT, MOMENTUM, BETA2, EPSILON],
        build: |arguments, _| MethodRecipe::stochastic(Unnormalised, arguments),
    },
    Entry {
        name: "unified-sam",
        about: "between USAM (lambda = 0) and SAM (lambda = 1): x+ = x - eta grad f(x + rho ((1-lambda) + lambda/|g|) g), g = grad f(x)",
        parameters: &[ETA, RHO, LAMBDA, DESCENT, MOMENTUM, BETA2, EPSILON],
        build: |arguments, _| MethodRecipe::deterministic(unified(arguments)?, arguments),
    },
    Entry {
        name: "stochastic-unified-sam",
        about: "unified SAM on batches",
        parameters: &[ETA, RHO, LAMBDA, BATCH, SAMPLING, REPLACEMENT, DESCENT, MOMENTUM, BETA2, EPSILON],
        build: |arguments, _| MethodRecipe::stochastic(unified(arguments)?, arguments),
    },
    Entry {
        name: "asam",
        about: "ASAM (Kwon et al. 2021): x+ = x - eta grad f(x + rho T^2 g/|T g|), T = diag(|x_i|); a weight of 0 is not perturbed",
        parameters: &[ETA, RHO, DESCENT, MOMENTUM, BETA2, EPSILON],
        build: |arguments, _| MethodRecipe::deterministic(Adaptive, arguments),
    },
    Entry {
        name: "stochastic-asam",
        about: "ASAM on batches",
        parameters: &[ETA, RHO, BATCH, SAMPLING, REPLACEMENT, DESCENT, MOMENTUM, BETA2, EPSILON],
        build: |arguments, _| MethodRecipe::stochastic(Adaptive, arguments),
    },
];
