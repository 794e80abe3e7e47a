//! What a theorem may look at: constants, the method's numbers, and facts about the problem and the start.

use super::Bound;
use crate::arguments::Value;
use crate::constants::{Constant, Constants, Number, Provenance, Symbol};
use crate::method::{Method, Perturbation, SampleReuse};
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

/// How a method draws samples, as far as statements care.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplingFacts {
    /// m-SAM or n-SAM.
    pub reuse: SampleReuse,
    /// Samples in a batch.
    pub batch: u64,
    /// Whether a batch is drawn with replacement.
    pub replacement: bool,
}

/// The method's numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MethodFacts {
    /// Which perturbation; statements about SAM hold for the normalised one (and for none, which is rho = 0).
    pub perturbation: Perturbation,
    /// Whether the descent is `x - eta h`.
    pub plain_descent: bool,
    /// `None` for a deterministic method.
    pub sampling: Option<SamplingFacts>,
    /// Step size (at the first step).
    pub eta: f64,
    /// Radius (at the first step); 0 without perturbation.
    pub rho: f64,
    /// Whether step size and radius are the same at every step.
    pub constant: bool,
}

impl MethodFacts {
    /// Of a method.
    pub fn of(method: &Method) -> Self {
        let sampling = method.sampling.map(|sampling| SamplingFacts {
            reuse: sampling.reuse,
            batch: sampling.batch as u64,
            replacement: sampling.replacement,
        });
        Self {
            perturbation: method.ascent.perturbation(),
            plain_descent: method.descent.is_gradient_descent(),
            sampling,
            eta: method.eta.first(),
            rho: method.rho.first(),
            constant: method.eta.is_constant() && method.rho.is_constant(),
        }
    }
}

/// Curvature at a minimiser, as `det-floor-local` needs it.
#[derive(Clone, Debug)]
pub struct CurvatureAtMinimum {
    /// Largest eigenvalue of the Hessian at x*.
    pub top: Number,
    /// Second largest; `None` in one dimension.
    pub second: Option<Number>,
}

/// `(rho^2/2) v' H^{-1} v` without its `rho^2`, as `sto-floor-first-order` needs it.
#[derive(Clone, Debug)]
pub struct FirstOrderFloor {
    /// `(1/2) v' H^{-1} v`; provenance estimated where minibatches were sampled.
    pub per_squared_radius: Number,
    /// `min |g(x*; xi)| / beta_xi` over samples: the radius has to be well below it.
    pub least_gradient_radius: f64,
    /// How it was computed.
    pub how: String,
}

/// Facts about the problem and the start beyond its constants.
#[derive(Clone, Debug, Default)]
pub struct ProblemFacts {
    /// Registered name: a statement about its own function is about this name with these parameters.
    pub name: String,
    /// Parameters with defaults filled in.
    pub parameters: Vec<(String, Value)>,
    /// Dimension.
    pub dimension: usize,
    /// The start.
    pub start: Vec<f64>,
    /// Quadratics: eigenvalue and component of `x0 - x*` along its eigenvector, in any order.
    pub spectrum: Option<Vec<(f64, f64)>>,
    /// At a minimiser where f is smooth enough.
    pub curvature: Option<CurvatureAtMinimum>,
    /// For stochastic methods on finite sums.
    pub first_order_floor: Option<FirstOrderFloor>,
}

impl ProblemFacts {
    /// A numeric parameter.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.parameters.iter().find(|(entry, _)| entry == name).and_then(|(_, value)| match value {
            Value::Number { value, .. } => Some(*value),
            _ => None,
        })
    }
}

/// Everything a statement is evaluated on.
pub struct Inputs<'a> {
    /// The problem's constants for this start and sampling.
    pub constants: &'a Constants,
    /// The method's numbers.
    pub method: MethodFacts,
    /// Facts beyond the constants.
    pub problem: &'a ProblemFacts,
    /// T.
    pub steps: u64,
}

impl Inputs<'_> {
    /// A constant as a number; unknown (unbounded) if it is missing, so that a forgotten requirement can only make a
    /// bound vacuous.
    pub fn constant(&self, symbol: Symbol) -> Number {
        self.constants.get(symbol).number().unwrap_or(Number::unknown())
    }

    /// Smoothness of f.
    pub fn beta(&self) -> Number {
        self.constant(Symbol::Beta)
    }

    /// Strong convexity.
    pub fn mu(&self) -> Number {
        self.constant(Symbol::Mu)
    }

    /// Weak convexity; beta where nothing better is known.
    pub fn omega(&self) -> Number {
        self.constants.get(Symbol::Omega).number().map_or(self.beta(), |omega| omega.min(self.beta()))
    }

    /// The root formula of THEORY.md section 6: `(Bc + sqrt(Bc^2 + 4 A (Delta/T + C)))/(2 A)` with
    /// `A = eta (1 - q/2)`, `C = beta^3 eta^2 rho^2/2 + noise`, `Bc = eta (1-q) omega rho` or `eta (q-1) beta rho`.
    pub fn root_bound(&self, omega: Number, noise: Number) -> Bound {
        let a = self.eta() * (1.0 - self.q() / 2.0);
        let below = (1.0 - self.q()).positive_part() * omega;
        let above = (self.q() - 1.0).positive_part() * self.beta();
        let b = self.eta() * self.rho() * below.max(above);
        let c = self.beta() * (self.q() * self.rho()).square() / 2.0;
        let root = |rest: Number| (b + (b.square() + 4.0 * a * rest).sqrt()) / (2.0 * a);
        let (floor, noisy) = (root(c), root(c + noise));
        let total = root(self.delta() / self.horizon() + c + noise);
        Bound::of(total, (total - noisy).positive_part(), (noisy - floor).positive_part(), floor)
    }

    /// `bb` of the slide forms: beta (n-SAM) or max(beta, beta_rms) (m-SAM).
    pub fn slide_smoothness(&self) -> Number {
        if self.uses_same_sample_form() { self.beta().max(self.beta_rms()) } else { self.beta() }
    }

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

    /// 1 (n-SAM) or 2 (m-SAM).
    pub fn slide_noise_factor(&self) -> Number {
        Number::exact(if self.uses_same_sample_form() { 2.0 } else { 1.0 })
    }

    /// Uniform variance.
    pub fn sigma2(&self) -> Number {
        self.constant(Symbol::Sigma2)
    }

    /// Mean smoothness of the samples.
    pub fn beta_bar(&self) -> Number {
        self.constant(Symbol::BetaBar)
    }

    /// Root mean square smoothness of the samples.
    pub fn beta_rms(&self) -> Number {
        self.constant(Symbol::BetaRms)
    }

    /// Largest smoothness of a sample.
    pub fn beta_max(&self) -> Number {
        self.constant(Symbol::BetaMax)
    }

    /// `f(x0) - f*`.
    pub fn delta(&self) -> Number {
        self.constant(Symbol::Delta)
    }

    /// `|x0 - x*|^2`.
    pub fn d2(&self) -> Number {
        self.constant(Symbol::D2)
    }

    /// Step size.
    pub fn eta(&self) -> Number {
        Number::exact(self.method.eta)
    }

    /// Radius.
    pub fn rho(&self) -> Number {
        Number::exact(self.method.rho)
    }

    /// `q = beta eta`.
    pub fn q(&self) -> Number {
        self.beta() * self.eta()
    }

    /// T as a number.
    pub fn horizon(&self) -> Number {
        let steps = self.steps as f64;
        if self.steps < 1 << 53 { Number::exact(steps) } else { Number::between(steps.next_down(), steps.next_up()) }
    }

    /// `b` of the stochastic rows: beta (n-SAM, SGD) or beta_rms (m-SAM).
    pub fn bias_smoothness(&self) -> Number {
        if self.uses_same_sample_form() { self.beta_rms() } else { self.beta() }
    }

    /// `cv` of the stochastic rows: 1 (n-SAM, SGD) or `1/(1 - q)` (m-SAM).
    pub fn noise_factor(&self) -> Number {
        if self.uses_same_sample_form() { 1.0 / (1.0 - self.q()) } else { Number::exact(1.0) }
    }

    /// `beta_bar^2 rho^2 + 2 q (beta_rms^2 - beta_bar^2) rho^2`: the bias of m-SAM in its alternative form.
    pub fn alternative_bias(&self) -> Number {
        let (mean, rms) = (self.beta_bar().square(), self.beta_rms().square());
        (mean + 2.0 * self.q() * (rms - mean)) * self.rho().square()
    }

    /// `tau = beta^2 eta rho/(2 (1 - q))`: above it the perturbation of a convex function does no harm.
    pub fn gradient_threshold(&self) -> Number {
        self.beta() * self.q() * self.rho() / (2.0 * (1.0 - self.q()))
    }

    /// `(1 - mu eta (2 - q))^T`.
    pub fn contraction(&self) -> Number {
        (self.mu() * self.eta() * (2.0 - self.q())).one_minus_to_power(self.steps)
    }

    /// `(1 - eta mu)^T`.
    pub fn stochastic_contraction(&self) -> Number {
        (self.eta() * self.mu()).one_minus_to_power(self.steps)
    }

    /// A numeric parameter of the problem; unknown if there is none of this name.
    pub fn parameter(&self, name: &str) -> Number {
        self.problem.number(name).map_or(Number::unknown(), Number::exact)
    }

    /// The start in one dimension; NaN if there is none.
    pub fn start(&self) -> f64 {
        self.problem.start.first().copied().unwrap_or(f64::NAN)
    }

    /// Whether the m-SAM form of a stochastic row is needed. SGD is n-SAM with rho = 0, whose form asks for less.
    pub fn uses_same_sample_form(&self) -> bool {
        self.same_sample() && self.method.perturbation == Perturbation::Normalised
    }

    /// Whether both gradients of a step use one sample (m-SAM).
    pub fn same_sample(&self) -> bool {
        self.method.sampling.is_some_and(|sampling| sampling.reuse == SampleReuse::Same)
    }

    fn describe_method(&self) -> String {
        let name = match (self.method.perturbation, self.method.sampling) {
            (Perturbation::None, None) => "gradient descent",
            (Perturbation::None, Some(_)) => "SGD",
            (Perturbation::Normalised, None) => "SAM",
            (Perturbation::Normalised, Some(SamplingFacts { reuse: SampleReuse::Same, .. })) => "m-SAM (same sample)",
            (Perturbation::Normalised, Some(_)) => "n-SAM (independent samples)",
            (Perturbation::Other, _) => "another perturbation",
        };
        let changing = if self.method.constant { "" } else { ", and eta or rho changes with t" };
        let descent = if self.method.plain_descent { "" } else { ", and its descent is not x - eta h" };
        format!("the method is {name}{descent}{changing}")
    }

    fn is_sam_family(&self) -> bool {
        self.method.perturbation != Perturbation::Other && self.method.plain_descent && self.method.constant
    }

    /// The method is deterministic SAM, or gradient descent (rho = 0).
    pub fn deterministic_sam(&self) -> Requirement {
        let met = self.is_sam_family() && self.method.sampling.is_none();
        Requirement::new("deterministic SAM, constant eta and rho", met, self.describe_method())
    }

    /// The method is stochastic SAM of either kind, or SGD (rho = 0).
    pub fn stochastic_sam(&self) -> Requirement {
        let met = self.is_sam_family() && self.method.sampling.is_some();
        Requirement::new("stochastic SAM, constant eta and rho", met, self.describe_method())
    }

    /// The method is m-SAM or n-SAM. SGD uses one sample a step, so it is both.
    pub fn stochastic_sam_with(&self, reuse: SampleReuse) -> Requirement {
        let sgd = self.method.perturbation == Perturbation::None;
        let met = self.is_sam_family() && self.method.sampling.is_some_and(|sampling| sgd || sampling.reuse == reuse);
        let name = match reuse {
            SampleReuse::Same => "m-SAM (one sample for both gradients), constant eta and rho",
            SampleReuse::Independent => "n-SAM (independent samples), constant eta and rho",
        };
        Requirement::new(name, met, self.describe_method())
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
        let met = self.method.rho > 0.0;
        let detail = if met {
            format!("rho = {}", self.method.rho)
        } else {
            "rho = 0: without a perturbation there is no floor".to_owned()
        };
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

    /// The problem is the named one: for statements about their own function.
    pub fn own_function(&self, name: &str) -> Requirement {
        let met = self.problem.name == name;
        Requirement::new(format!("f is `{name}`"), met, format!("the problem is `{}`", self.problem.name))
    }
}
