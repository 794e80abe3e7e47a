//! Inputs with numbers chosen by hand, for the tests of the statements.

use super::cycle::length;
use super::{Bound, Form, Inputs, MethodFacts, ProblemFacts, SamplingFacts, Theorem};
use crate::arguments::Value;
use crate::constants::{Constant, Constants, Number, Symbol};
use crate::method::{Perturbation, SampleReuse, Schedule};

/// A setting whose constants are set one by one; all others are missing.
pub struct Example {
    constants: Constants,
    method: MethodFacts,
    /// Facts a test may set directly.
    pub problem: ProblemFacts,
    steps: u64,
}

impl Example {
    pub fn deterministic(eta: f64, rho: f64, steps: u64) -> Self {
        let method = MethodFacts {
            perturbation: Perturbation::Normalised,
            plain_descent: true,
            sampling: None,
            eta: eta.into(),
            rho: rho.into(),
        };
        let problem = ProblemFacts { dimension: 2, ..ProblemFacts::default() };
        Self { constants: Constants::missing("not set"), method, problem, steps }
    }

    pub fn stochastic(reuse: SampleReuse, eta: f64, rho: f64, steps: u64) -> Self {
        let mut example = Self::deterministic(eta, rho, steps);
        example.method.sampling = Some(SamplingFacts { reuse, batch: 1, replacement: true });
        example
    }

    pub fn set(mut self, symbol: Symbol, value: f64) -> Self {
        self.constants.set(symbol, Constant::exact(value, "by hand"));
        self
    }

    pub fn beta(self, value: f64) -> Self {
        self.set(Symbol::Beta, value)
    }

    pub fn convex(self) -> Self {
        self.set(Symbol::Omega, 0.0)
    }

    pub fn components_convex(mut self) -> Self {
        self.constants.components_convex = true;
        self
    }

    /// Names the problem and its numeric parameters.
    pub fn on(mut self, name: &str, parameters: &[(&str, f64)], start: &[f64]) -> Self {
        self.problem.name = name.to_owned();
        self.problem.parameters =
            parameters.iter().map(|&(name, value)| (name.to_owned(), Value::number(value))).collect();
        self.problem.start = start.to_vec();
        self.problem.dimension = start.len();
        self
    }

    /// A quadratic: eigenvalues and components of `x0 - x*`.
    pub fn quadratic(mut self, spectrum: &[(f64, f64)]) -> Self {
        self.problem.name = "quadratic".to_owned();
        self.problem.start = spectrum.iter().map(|(_, component)| *component).collect();
        self.problem.dimension = spectrum.len();
        let gradient = length(spectrum.iter().map(|(eigenvalue, component)| Number::exact(*eigenvalue) * *component));
        self.problem.quadratic_gradient = Some(gradient);
        self.problem.spectrum = Some(spectrum.to_vec());
        self
    }

    /// The four smoothness constants: of f, and the samples' mean, root mean square and largest.
    pub fn betas(self, f: f64, mean: f64, root_mean_square: f64, largest: f64) -> Self {
        self.beta(f).set(Symbol::BetaBar, mean).set(Symbol::BetaRms, root_mean_square).set(Symbol::BetaMax, largest)
    }

    /// Without perturbation: gradient descent or SGD.
    pub fn unperturbed(mut self) -> Self {
        self.method.perturbation = Perturbation::None;
        self.method.rho = 0.0.into();
        self
    }

    /// With the step size or schedule a form is stated for.
    pub fn tuned(mut self, theorem: &'static Theorem, form: Option<&str>) -> Self {
        let step = Self::form(theorem, form).step.expect("a form with a step");
        self.method.eta = step(&self.inputs()).expect("a step");
        self
    }

    /// With these schedules.
    pub fn schedules(mut self, eta: impl Into<Schedule>, rho: impl Into<Schedule>) -> Self {
        (self.method.eta, self.method.rho) = (eta.into(), rho.into());
        self
    }

    /// The step sizes.
    pub fn eta(&self) -> Schedule {
        self.method.eta
    }

    /// With another ascent rule.
    pub fn perturbed_by(mut self, perturbation: Perturbation) -> Self {
        self.method.perturbation = perturbation;
        self
    }

    /// With batches of this size.
    pub fn batch(mut self, size: u64) -> Self {
        if let Some(sampling) = &mut self.method.sampling {
            sampling.batch = size;
        }
        self
    }

    /// The details of the requirements of a form that are not met.
    pub fn refusals(&self, theorem: &'static Theorem, form: Option<&str>) -> Vec<String> {
        let requirements = (Self::form(theorem, form).requires)(&self.inputs());
        requirements.into_iter().filter(|requirement| !requirement.met).map(|requirement| requirement.detail).collect()
    }

    /// The method.
    pub fn facts(&self) -> MethodFacts {
        self.method
    }

    fn inputs(&self) -> Inputs<'_> {
        Inputs { constants: &self.constants, method: self.method, problem: &self.problem, steps: self.steps }
    }

    fn form(theorem: &'static Theorem, name: Option<&str>) -> &'static Form {
        theorem.forms.iter().find(|form| form.name == name).expect("the form exists")
    }

    /// Whether all requirements of a form are met.
    pub fn applies(&self, theorem: &'static Theorem, form: Option<&str>) -> bool {
        (Self::form(theorem, form).requires)(&self.inputs()).iter().all(|requirement| requirement.met)
    }

    /// The bound of a form whose requirements must be met.
    pub fn bound(&self, theorem: &'static Theorem, form: Option<&str>) -> Bound {
        let form = Self::form(theorem, form);
        for requirement in (form.requires)(&self.inputs()) {
            assert!(requirement.met, "{}: {}", requirement.text, requirement.detail);
        }
        (form.bound)(&self.inputs())
    }

    /// The quantity of a form.
    pub fn quantity(&self, theorem: &'static Theorem, form: Option<&str>) -> super::Quantity {
        (Self::form(theorem, form).quantity)(&self.inputs())
    }
}

/// The value lies in the enclosure, and the enclosure is tight.
pub fn assert_near(number: Number, value: f64) {
    let slack = 1e-13 * value.abs();
    assert!(number.low <= value + slack && number.high >= value - slack, "{number:?} does not enclose {value}");
    assert!(number.high - number.low <= slack + 1e-300, "{number:?} is loose");
}

/// As [`assert_near`], up to what a rounded step may add.
pub fn assert_rounded(number: Number, value: f64) {
    assert!(number.low <= value * (1.0 + 1e-13) && number.high >= value, "{number:?} does not enclose {value}");
    assert!(number.high <= value * (1.0 + 2e-12), "{number:?} is loose");
}
