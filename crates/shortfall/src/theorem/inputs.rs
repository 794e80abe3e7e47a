//! What a theorem may look at: constants, the method's numbers, and facts about the problem and the start.

use super::Bound;
use super::cycle::{Eigenspace, eigenspaces};
use crate::arguments::Value;
use crate::constants::{Constants, Number, Symbol};
use crate::method::{Method, Perturbation, SampleReuse, Schedule};
use std::sync::OnceLock;

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
    /// Step size.
    pub eta: Schedule,
    /// Radius; 0 without perturbation.
    pub rho: Schedule,
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
            eta: method.eta,
            rho: method.rho,
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

/// `(rho^2/2) v' H^{-1} v` without its `rho^2`, as `sto-floor-first-order` and `sto-floor-small-eta` need it.
#[derive(Clone, Debug)]
pub struct FirstOrderFloor {
    /// `(1/2) v' H^{-1} v`; provenance estimated where minibatches were sampled.
    pub per_squared_radius: Number,
    /// Trace of the covariance of the update direction `g(y; xi~)` at `x+ = x* - rho H^{-1} v`, for this rho.
    pub update_variance: Number,
    /// `min |g(x*; xi)| / beta_xi` over samples: the radius has to be well below it.
    pub least_gradient_radius: f64,
    /// How it was computed.
    pub how: String,
}

/// A point `x+` near the start with a gradient, whose perturbed point `y+ = x+ + rho u` has none: SAM rests there.
#[derive(Clone, Copy, Debug)]
pub struct Hallucinated {
    /// `|x0 - x+|`
    pub distance: f64,
    /// `|grad f(x+)|`
    pub gradient_norm: f64,
    /// `f''(y+)`, in one dimension.
    pub curvature: f64,
    /// Spectral radius of the step's derivative there, `I - eta H_y (I + (rho/|g|) P H_x)`.
    pub spectral_radius: f64,
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
    /// Quadratics: `|grad f(x0)|`, at most.
    pub quadratic_gradient: Option<Number>,
    /// At a minimiser where f is smooth enough.
    pub curvature: Option<CurvatureAtMinimum>,
    /// For stochastic methods on finite sums.
    pub first_order_floor: Option<FirstOrderFloor>,
    /// For deterministic SAM started near one.
    pub hallucinated: Option<Hallucinated>,
    pub(crate) eigenspaces: OnceLock<Vec<Eigenspace>>,
}

impl ProblemFacts {
    /// The eigenspaces of a quadratic, found once.
    pub(super) fn eigenspaces(&self) -> Option<&[Eigenspace]> {
        let spectrum = self.spectrum.as_deref()?;
        Some(self.eigenspaces.get_or_init(|| eigenspaces(spectrum)))
    }

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

/// A number of steps as a number.
pub(super) fn count(steps: u64) -> Number {
    let nearest = steps as f64;
    if steps < 1 << 53 { Number::exact(nearest) } else { Number::between(nearest.next_down(), nearest.next_up()) }
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
        // Without noise the two roots are one.
        let added = if noise.high == 0.0 { noise } else { (noisy - floor).positive_part() };
        Bound::of(total, (total - noisy).positive_part(), added, floor)
    }

    /// `bb` of the slide forms: beta (n-SAM) or max(beta, beta_rms) (m-SAM).
    pub fn slide_smoothness(&self) -> Number {
        if self.uses_same_sample_form() { self.beta().max(self.beta_rms()) } else { self.beta() }
    }

    /// 1 (n-SAM) or 2 (m-SAM).
    pub fn slide_noise_factor(&self) -> Number {
        Number::exact(if self.uses_same_sample_form() { 2.0 } else { 1.0 })
    }

    /// An upper bound of `[sigma2 - bb^2 rho^2]_+`, as a point: 0 only where the bracket certainly is.
    pub fn slide_noise(&self) -> Number {
        let noise = (self.sigma2() - (self.slide_smoothness() * self.rho()).square()).positive_part();
        Number::exact(noise.high).with(noise.provenance)
    }

    /// The largest step of the tuned forms: `1/beta` (n-SAM, SGD) or `1/(2 beta)` (m-SAM).
    pub fn largest_stochastic_step(&self) -> Number {
        1.0 / (self.slide_noise_factor() * self.beta())
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

    /// Step size (the first one of a schedule).
    pub fn eta(&self) -> Number {
        Number::exact(self.method.eta.first())
    }

    /// Radius (the first one of a schedule).
    pub fn rho(&self) -> Number {
        Number::exact(self.method.rho.first())
    }

    /// Weight of the normalised part of the perturbation; 1 for gradient descent, where it does not matter (rho = 0).
    pub fn lambda(&self) -> Number {
        Number::exact(self.method.perturbation.lambda().unwrap_or(1.0))
    }

    /// `q = beta eta`.
    pub fn q(&self) -> Number {
        self.beta() * self.eta()
    }

    /// T as a number.
    pub fn horizon(&self) -> Number {
        count(self.steps)
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

    /// Steps after which `(1 - eta mu)^(2t) Delta` is a hundredth of a floor: before, a run says nothing about it. 0 where
    /// mu or Delta is not known; an estimate, in plain doubles.
    pub fn descent_time(&self, floor: Number, mu: f64) -> f64 {
        let fall = 100.0 * self.delta().middle() / floor.middle();
        let steps = fall.ln() / (2.0 * self.method.eta.first() * mu);
        if fall > 1.0 && steps.is_finite() && steps > 0.0 { steps } else { 0.0 }
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
}
