//! Hypotheses as data: met or not, with their numbers.

use super::Inputs;
use super::inputs::SamplingFacts;
use crate::constants::{Constant, Number, Provenance, Symbol};
use crate::method::{Perturbation, SampleReuse, Schedule};
use crate::text;

/// A hypothesis, met or not, with its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    /// The hypothesis, as the statement has it.
    pub text: String,
    /// Whether it is met.
    pub met: bool,
    /// The numbers behind the answer, or the reason for a refusal.
    pub detail: String,
    /// How the answer is known: a bound is no better proved than its hypotheses.
    pub provenance: Provenance,
}

impl Requirement {
    /// From its parts.
    pub fn new(text: impl Into<String>, met: bool, detail: impl Into<String>) -> Self {
        Self { text: text.into(), met, detail: detail.into(), provenance: Provenance::Certified }
    }

    /// Known only as well as this constant.
    fn resting_on(self, constant: &Constant) -> Self {
        Self { provenance: constant.number().map_or(Provenance::Certified, |number| number.provenance), ..self }
    }
}

impl Inputs<'_> {
    /// m-SAM's slide forms need beta_rms.
    fn slide_smoothness_known(&self) -> Requirement {
        self.known(if self.uses_same_sample_form() { Symbol::BetaRms } else { Symbol::Beta })
    }

    /// The step range of the slide forms: `q <= 1` (n-SAM) or `q <= 1/2` (m-SAM).
    fn slide_step(&self) -> Requirement {
        self.at_most("beta*eta", self.q(), if self.uses_same_sample_form() { 0.5 } else { 1.0 })
    }

    /// What both slide forms ask.
    pub fn slide_requirements(&self) -> Vec<Requirement> {
        vec![
            self.stochastic_sam(),
            self.known(Symbol::Beta),
            self.known(Symbol::Delta),
            self.known(Symbol::Sigma2),
            self.slide_smoothness_known(),
            self.slide_step(),
        ]
    }

    fn describe_method(&self) -> String {
        let sampling = match self.method.sampling {
            None => "",
            Some(SamplingFacts { reuse: SampleReuse::Same, .. }) => ", same sample (m-SAM)",
            Some(_) => ", independent samples (n-SAM)",
        };
        let name = match (self.method.perturbation, self.method.sampling) {
            (Perturbation::None, None) => "gradient descent".to_owned(),
            (Perturbation::None, Some(_)) => "SGD".to_owned(),
            (Perturbation::Normalised, None) => "SAM".to_owned(),
            (Perturbation::Normalised, Some(SamplingFacts { reuse: SampleReuse::Same, .. })) => {
                "m-SAM (same sample)".to_owned()
            }
            (Perturbation::Normalised, Some(_)) => "n-SAM (independent samples)".to_owned(),
            (Perturbation::Unnormalised, _) => format!("USAM{sampling}"),
            (Perturbation::Unified { lambda }, _) => format!("unified SAM with lambda = {lambda}{sampling}"),
            (Perturbation::Other, _) => "another perturbation".to_owned(),
        };
        let changing = if self.has_constant_steps() { "" } else { ", and eta or rho changes with t" };
        let descent = if self.method.plain_descent { "" } else { ", and its descent is not x - eta h" };
        format!("the method is {name}{descent}{changing}")
    }

    fn has_constant_steps(&self) -> bool {
        self.method.eta.is_constant() && self.method.rho.is_constant()
    }

    /// The method is of this kind; gradient descent is of every kind, with rho = 0.
    fn method_is(
        &self,
        text: &str,
        stochastic: bool,
        constant: bool,
        kind: impl Fn(Perturbation) -> bool,
    ) -> Requirement {
        let perturbation = self.method.perturbation;
        let fits = perturbation == Perturbation::None || kind(perturbation);
        let met = fits
            && self.method.plain_descent
            && self.method.sampling.is_some() == stochastic
            && (!constant || self.has_constant_steps());
        let text =
            format!("{text}, {}", if constant { "constant eta and rho" } else { "eta_t and rho_t fixed in advance" });
        Requirement::new(text, met, self.describe_method())
    }

    /// The method is deterministic SAM, or gradient descent (rho = 0).
    pub fn deterministic_sam(&self) -> Requirement {
        self.method_is("deterministic SAM", false, true, |kind| kind == Perturbation::Normalised)
    }

    /// The method is deterministic SAM with any schedules.
    pub fn scheduled_sam(&self) -> Requirement {
        self.method_is("deterministic SAM", false, false, |kind| kind == Perturbation::Normalised)
    }

    /// The method is deterministic USAM, or gradient descent (rho = 0).
    pub fn usam(&self) -> Requirement {
        self.method_is("deterministic USAM", false, true, |kind| kind == Perturbation::Unnormalised)
    }

    /// The method is deterministic unified SAM, of which SAM and USAM are the ends.
    pub fn unified_sam(&self) -> Requirement {
        self.method_is("deterministic unified SAM", false, true, |kind| kind.lambda().is_some())
    }

    /// The method is stochastic SAM of either kind, or SGD (rho = 0).
    pub fn stochastic_sam(&self) -> Requirement {
        self.method_is("stochastic SAM", true, true, |kind| kind == Perturbation::Normalised)
    }

    /// The method is stochastic SAM of either kind with any schedules.
    pub fn scheduled_stochastic_sam(&self) -> Requirement {
        self.method_is("stochastic SAM", true, false, |kind| kind == Perturbation::Normalised)
    }

    /// The method is m-SAM or n-SAM. SGD uses one sample a step, so it is both.
    pub fn stochastic_sam_with(&self, reuse: SampleReuse) -> Requirement {
        self.stochastic_with(reuse, Perturbation::Normalised)
    }

    /// The method is USAM with independent samples, or SGD.
    pub fn stochastic_usam(&self) -> Requirement {
        self.stochastic_with(SampleReuse::Independent, Perturbation::Unnormalised)
    }

    fn stochastic_with(&self, reuse: SampleReuse, perturbation: Perturbation) -> Requirement {
        let name = match (perturbation, reuse) {
            (Perturbation::Unnormalised, _) => "USAM with independent samples",
            (_, SampleReuse::Same) => "m-SAM (one sample for both gradients)",
            (_, SampleReuse::Independent) => "n-SAM (independent samples)",
        };
        let drawn = self.method.sampling.is_some_and(|sampling| sampling.reuse == reuse);
        self.method_is(name, true, true, |kind| kind == perturbation && drawn)
    }

    /// The step size, or the schedule of steps, is the one the statement is made for, to the bit: `eta="ID"` gives it.
    pub fn made_for(&self, id: &str, step: Option<Schedule>) -> Requirement {
        let met = step == Some(self.method.eta);
        let detail = match step {
            None => "the step it is stated for cannot be computed: a constant is not known, or there is no such step"
                .to_owned(),
            Some(Schedule::Constant(eta)) if !met => {
                format!("it is stated for eta = {eta:?}; eta = \"{id}\" asks for it")
            }
            Some(_) if !met => format!("it is stated for a schedule of steps; eta = \"{id}\" asks for it"),
            Some(_) => "eta is the one it is stated for".to_owned(),
        };
        Requirement::new("eta is the step it is stated for", met, detail)
    }

    /// A constant is known.
    pub fn known(&self, symbol: Symbol) -> Requirement {
        let text = format!("{} ({})", symbol.name(), symbol.about());
        let requirement = match self.constants.get(symbol) {
            Constant::Known { value, .. } => {
                Requirement::new(text, true, format!("{} = {}", symbol.name(), text::number(*value)))
            }
            unknown => Requirement::new(text, false, format!("{} is not known: {}", symbol.name(), unknown.reason())),
        };
        requirement.resting_on(self.constants.get(symbol))
    }

    /// f is convex: omega = 0.
    pub fn convex(&self) -> Requirement {
        let requirement = match self.constants.get(Symbol::Omega) {
            Constant::Known { value, .. } if *value == 0.0 => Requirement::new("f convex", true, "omega = 0"),
            Constant::Known { value, .. } => Requirement::new(
                "f convex",
                false,
                format!("f is not known to be convex: omega = {}", text::number(*value)),
            ),
            unknown => {
                Requirement::new("f convex", false, format!("f is not known to be convex: {}", unknown.reason()))
            }
        };
        requirement.resting_on(self.constants.get(Symbol::Omega))
    }

    /// Every sample's loss is convex.
    pub fn components_convex(&self) -> Requirement {
        let met = self.constants.components_convex;
        let detail = if met { "every sample's loss is convex" } else { "the samples' losses are not all convex" };
        Requirement::new("components convex", met, detail)
    }

    /// mu > 0.
    pub fn strongly_convex(&self) -> Requirement {
        let requirement = match self.constants.get(Symbol::Mu) {
            Constant::Known { value, .. } => {
                Requirement::new("mu > 0", *value > 0.0, format!("mu = {}", text::number(*value)))
            }
            unknown => Requirement::new("mu > 0", false, format!("no mu > 0: {}", unknown.reason())),
        };
        requirement.resting_on(self.constants.get(Symbol::Mu))
    }

    /// At least one step.
    pub fn at_least_one_step(&self) -> Requirement {
        Requirement::new("T >= 1", self.steps >= 1, format!("T = {}", self.steps))
    }

    /// A number is certainly below a limit. A missing constant has its own requirement; this one then says so.
    pub fn below(&self, name: &str, number: Number, limit: f64) -> Requirement {
        Self::ranged(format!("{name} < {limit}"), name, number, number.is_below(limit))
    }

    /// A number is certainly at most a limit.
    pub fn at_most(&self, name: &str, number: Number, limit: f64) -> Requirement {
        Self::ranged(format!("{name} <= {limit}"), name, number, number.is_at_most(limit))
    }

    /// A number is certainly above a limit.
    pub fn above(&self, name: &str, number: Number, limit: f64) -> Requirement {
        Self::ranged(format!("{name} > {limit}"), name, number, number.is_above(limit))
    }

    fn ranged(text: String, name: &str, number: Number, met: bool) -> Requirement {
        let refused = if met { String::new() } else { format!(", but {text} is asked") };
        // In full where three digits would hide why it is refused.
        let shown = match text::number(number.middle()) {
            short if !met && text.ends_with(&format!(" {}", short.trim_end_matches('0').trim_end_matches('.'))) => {
                format!("{}", number.high)
            }
            short => short,
        };
        let detail =
            if number.high.is_finite() { format!("{name} = {shown}{refused}") } else { format!("{name} is not known") };
        Requirement::new(text, met, detail)
    }

    /// The step range of the stochastic rows: `q <= 1` (n-SAM, SGD) or `q < 1` (m-SAM).
    pub fn stochastic_step(&self) -> Requirement {
        if self.uses_same_sample_form() {
            self.below("beta*eta", self.q(), 1.0)
        } else {
            self.at_most("beta*eta", self.q(), 1.0)
        }
    }

    /// rho > 0, and what is lost without.
    pub fn perturbed(&self) -> Requirement {
        let rho = self.method.rho.first();
        let met = rho > 0.0;
        let detail =
            if met { format!("rho = {rho}") } else { "rho = 0: without a perturbation there is no floor".to_owned() };
        Requirement::new("rho > 0", met, detail)
    }

    /// A number equals another up to a relative 1e-12.
    pub fn equal(&self, text: &str, number: Number, other: Number) -> Requirement {
        let slack = 1e-12 * other.low.abs().min(other.high.abs());
        let difference = number - other;
        let met = difference.is_at_most(slack) && (-difference).is_at_most(slack);
        let detail = if difference.high.is_finite() {
            format!("{text} is asked, but the two are {} and {}", number.middle(), other.middle())
        } else {
            format!("{text} is asked, but one of the two is not known")
        };
        Requirement::new(text, met, if met { text.to_owned() } else { detail })
    }

    /// One sample a batch, where the statement is about single samples.
    pub fn single_samples(&self) -> Requirement {
        let batch = self.method.sampling.map_or(0, |sampling| sampling.batch);
        Requirement::new("batch = 1", batch == 1, format!("the batch is {batch}"))
    }

    /// The problem was made for this radius, to the bit.
    pub fn own_radius(&self) -> Requirement {
        let radius = self.parameter("radius");
        let detail = match self.problem.number("radius") {
            Some(radius) => format!("rho = radius is asked, but the two are {} and {radius}", self.method.rho.first()),
            None => "rho = radius is asked, but the problem has no radius".to_owned(),
        };
        Requirement::new("rho = radius", radius == self.rho(), detail)
    }

    /// The problem is the named one: for statements about their own function.
    pub fn own_function(&self, name: &str) -> Requirement {
        let met = self.problem.name == name;
        Requirement::new(format!("f is `{name}`"), met, format!("the problem is `{}`", self.problem.name))
    }
}
