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
    /// `|x_t - x*|^2`
    SquaredDistance,
    /// `(x_t - c)^2`, in one dimension.
    SquaredDistanceTo {
        /// c
        center: f64,
    },
    /// `x_t - x*`, in one dimension.
    Displacement,
    /// Whether `|x_t - c| > r` for some t up to T, in one dimension: its mean is a probability.
    Exit {
        /// c
        center: f64,
        /// r
        radius: f64,
    },
    /// `|grad f(x_T)|` where the run came to rest with a gradient.
    GradientAtRest,
    /// `G(x_0+) - G(x_0-)`: the jump of the mean field at the start, in one dimension.
    FieldJump,
    /// Whether the run comes to rest, within a distance of its start.
    Rest {
        /// That distance; infinite where it does not matter.
        within: f64,
    },
}

/// Over which iterates.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    /// Mean over `0..T-1` with weights `(1-decay)^-(t+1)`.
    WeightedMean {
        /// `al = eta th mu`
        decay: f64,
    },
    /// Every iterate; judged over the first `steps` only where the orbit is unstable in floating point.
    EveryStep {
        /// `None`: the whole run.
        steps: Option<u64>,
    },
    /// `t -> inf`: the run's floor.
    Limit,
    /// A zero of the mean field, which no finite run reaches.
    FieldZero,
    /// The long-run distribution: the run's floor.
    Stationary,
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

    /// Whether the first and the last step tell it.
    pub fn is_at_the_ends(&self) -> bool {
        matches!(self.measure, Measure::GradientAtRest | Measure::FieldJump | Measure::Rest { .. })
            || self.over == Over::Final
    }

    /// As a formula, with F = f(x_t) - f* and a = |grad f(x_t)|.
    pub fn formula(&self) -> String {
        let of = match self.measure {
            Measure::Suboptimality => "F",
            Measure::SquaredGradientNorm => "a^2",
            Measure::GradientExcess { .. } => "(a - b rho)^2",
            Measure::SquaredDistance => "|x - x*|^2",
            Measure::SquaredDistanceTo { .. } => "(x - c)^2",
            Measure::Displacement => "E x - x*",
            Measure::Exit { .. } => return "P(exit)".to_owned(),
            Measure::GradientAtRest => return "|grad f| at rest".to_owned(),
            Measure::FieldJump => return "jump of G".to_owned(),
            Measure::Rest { .. } => return "rest".to_owned(),
        };
        match self.over {
            Over::Final => format!("last {of}"),
            Over::MinimumTo | Over::MinimumBefore => format!("min {of}"),
            Over::Mean => format!("mean {of}"),
            Over::RootMean => "rms a".to_owned(),
            Over::WeightedMean { .. } => format!("w-mean {of}"),
            Over::EveryStep { steps: None } => format!("every {of}"),
            Over::EveryStep { steps: Some(steps) } => format!("{of}, {steps} steps"),
            Over::Limit => format!("lim {of}"),
            Over::FieldZero => format!("{of} as eta->0"),
            Over::Stationary => format!("long-run {of}"),
        }
    }

    /// The word of THEORY.md 17.2.
    pub fn word(&self) -> &'static str {
        match (self.measure, self.over) {
            (Measure::Suboptimality, Over::Final) => "final-suboptimality",
            (Measure::Suboptimality, Over::MinimumTo | Over::MinimumBefore) => "minimum-suboptimality",
            (Measure::Suboptimality, Over::Mean | Over::RootMean) => "average-suboptimality",
            (Measure::Suboptimality, Over::WeightedMean { .. }) => "weighted-average-suboptimality",
            (Measure::Suboptimality, Over::EveryStep { .. }) => "every-step-suboptimality",
            (Measure::Suboptimality, Over::Limit) => "limit-suboptimality",
            (Measure::Suboptimality, Over::FieldZero) => "field-zero-suboptimality",
            (Measure::Suboptimality, Over::Stationary) => "stationary-suboptimality",
            (Measure::SquaredGradientNorm, Over::Final) => "final-squared-gradient",
            (Measure::SquaredGradientNorm, Over::MinimumTo | Over::MinimumBefore) => "minimum-squared-gradient",
            (Measure::SquaredGradientNorm, Over::Mean | Over::WeightedMean { .. }) => "average-squared-gradient",
            (Measure::SquaredGradientNorm, Over::RootMean) => "root-mean-squared-gradient",
            (Measure::SquaredGradientNorm, Over::EveryStep { .. }) => "every-step-squared-gradient",
            (Measure::SquaredGradientNorm, Over::Limit | Over::FieldZero | Over::Stationary) => {
                "limit-squared-gradient"
            }
            (Measure::GradientExcess { .. }, _) => "average-squared-gradient-excess",
            (Measure::SquaredDistance | Measure::SquaredDistanceTo { .. }, Over::Limit) => "limit-squared-distance",
            (Measure::SquaredDistance | Measure::SquaredDistanceTo { .. }, _) => "final-squared-distance",
            (Measure::Displacement, _) => "every-step-mean-displacement",
            (Measure::Exit { .. }, _) => "exit-probability",
            (Measure::GradientAtRest, _) => "gradient-at-hallucinated-point",
            (Measure::FieldJump, _) => "field-identity",
            (Measure::Rest { .. }, _) => "stability-criterion",
        }
    }
}
