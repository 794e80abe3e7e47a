//! Which number of a run a statement bounds.

/// What is measured at an iterate `x_t`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// `F_t = f(x_t) - f*`
    Suboptimality,
    /// `a_t^2 = |grad f(x_t)|^2`
    SquaredGradientNorm,
    /// `(a_t - excess)^2`, the excess `b rho` of `sto-lip-upper`.
    GradientExcess {
        /// `b rho`
        threshold: f64,
    },
}

/// Over which iterates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// `x_T`
    Final,
    /// Smallest over `0..T` (T+1 points).
    MinimumTo,
    /// Smallest over `0..T-1` (T points).
    MinimumBefore,
    /// Mean over `0..T-1`.
    Mean,
    /// Square root of the mean over `0..T-1` (in expectation: of the mean of expectations).
    RootMean,
    /// Every iterate; judged over the first `steps` only where the orbit is unstable in floating point.
    EveryStep {
        /// `None`: the whole run.
        steps: Option<u64>,
    },
    /// `t -> inf`: the run's floor.
    Limit,
    /// A zero of the mean field, which no finite run reaches.
    FieldZero,
}

/// A measure over iterates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// What is measured.
    pub measure: Measure,
    /// Over which iterates.
    pub over: Over,
}

impl Quantity {
    /// `F` over iterates.
    pub const fn suboptimality(over: Over) -> Self {
        Self { measure: Measure::Suboptimality, over }
    }

    /// `a^2` over iterates.
    pub const fn squared_gradient(over: Over) -> Self {
        Self { measure: Measure::SquaredGradientNorm, over }
    }

    /// As a formula, with F = f(x_t) - f* and a = |grad f(x_t)|.
    pub fn formula(&self) -> String {
        let of = match self.measure {
            Measure::Suboptimality => "F",
            Measure::SquaredGradientNorm => "a^2",
            Measure::GradientExcess { .. } => "(a - b rho)^2",
        };
        match self.over {
            Over::Final => format!("last {of}"),
            Over::MinimumTo | Over::MinimumBefore => format!("min {of}"),
            Over::Mean => format!("mean {of}"),
            Over::RootMean => "rms a".to_owned(),
            Over::EveryStep { steps: None } => format!("every {of}"),
            Over::EveryStep { steps: Some(steps) } => format!("{of}, {steps} steps"),
            Over::Limit => format!("lim {of}"),
            Over::FieldZero => format!("{of} as eta->0"),
        }
    }

    /// The word of THEORY.md 17.2.
    pub fn word(&self) -> &'static str {
        match (self.measure, self.over) {
            (Measure::Suboptimality, Over::Final) => "final-suboptimality",
            (Measure::Suboptimality, Over::MinimumTo | Over::MinimumBefore) => "minimum-suboptimality",
            (Measure::Suboptimality, Over::Mean | Over::RootMean) => "average-suboptimality",
            (Measure::Suboptimality, Over::EveryStep { .. }) => "every-step-suboptimality",
            (Measure::Suboptimality, Over::Limit) => "limit-suboptimality",
            (Measure::Suboptimality, Over::FieldZero) => "field-zero-suboptimality",
            (Measure::SquaredGradientNorm, Over::Final) => "final-squared-gradient",
            (Measure::SquaredGradientNorm, Over::MinimumTo | Over::MinimumBefore) => "minimum-squared-gradient",
            (Measure::SquaredGradientNorm, Over::Mean) => "average-squared-gradient",
            (Measure::SquaredGradientNorm, Over::RootMean) => "root-mean-squared-gradient",
            (Measure::SquaredGradientNorm, Over::EveryStep { .. }) => "every-step-squared-gradient",
            (Measure::SquaredGradientNorm, Over::Limit | Over::FieldZero) => "limit-squared-gradient",
            (Measure::GradientExcess { .. }, _) => "average-squared-gradient-excess",
        }
    }
}
