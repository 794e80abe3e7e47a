//! What was run and what was kept of it.

use super::aggregates::LaneRecord;
use super::paths::Paths;
use super::{Plan, State, StepRounding};
use crate::constants::{Constants, Symbol};
use crate::kernel::max_abs;
use crate::method::{Method, Perturbation};
use crate::problem::Minimum;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All steps were made by all lanes.
    Completed,
    /// At least one lane left every bound; the first step at which one did.
    Diverged {
        /// That step.
        step: u64,
    },
    /// All steps were made, and the state repeats itself exactly from here on.
    Periodic {
        /// After so many steps; 1 at rest.
        period: u64,
    },
    /// An observer stopped it.
    Stopped {
        /// Steps made.
        step: u64,
    },
}

/// What was run and what was kept.
pub struct Run {
    /// The plan; its `steps` are those made.
    pub plan: Plan,
    /// How it ended.
    pub outcome: Outcome,
    /// The recorded steps reached.
    pub recorded: Vec<u64>,
    /// Whether every step was evaluated, or one in each stratum.
    pub every_step_evaluated: bool,
    /// One a lane.
    pub lanes: Vec<LaneRecord>,
    /// Final states, in order of lanes.
    pub states: Vec<State>,
    /// Error of the plan's base, if the base is f*.
    pub base_error: Option<f64>,
    /// What the stepper rounds beyond some units in the last place a step.
    pub step_rounding: StepRounding,
    /// What rounding the iterates themselves to doubles can do.
    pub rounding: Rounding,
    /// A minimiser, nearly, and how far the true one may lie from it.
    pub minimiser: Option<(Vec<f64>, f64)>,
    /// `G(x_0-)` and `G(x_0+)`: one-sided limits of the mean field at the start, in one dimension.
    pub field_at_start: Option<[f64; 2]>,
    /// Step size of the last step.
    pub last_eta: f64,
    /// What stands for an expectation.
    pub expectation: Expectations,
    /// `eta mu T`, or a tenth of `eta beta T` where f is not known to be strongly convex: what there was time for.
    pub time: f64,
}

/// What stands for an expectation.
#[derive(Clone, Debug)]
pub enum Expectations {
    /// One lane: nothing is random, or nothing is said of means.
    Single,
    /// The mean over lanes, with its interval.
    Sampled,
    /// Every path with its probability; the one lane holds exact expectations.
    Enumerated(Paths),
}

impl Expectations {
    /// The word used in output.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Sampled => "sampled",
            Self::Enumerated(_) => "enumerated",
        }
    }
}

/// How far rounding may have moved the iterates off the exact orbit, where the steps do not spread orbits apart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rounding {
    /// Distance.
    pub distance: f64,
    /// Smoothness of f, which turns distance into gradient and value.
    pub smoothness: f64,
}

impl Run {
    /// What its means are taken over, in words; `None` for a single run.
    pub fn mean_over(&self) -> Option<String> {
        match &self.expectation {
            Expectations::Single => None,
            Expectations::Sampled => Some(format!("{} seeds", self.lanes.len())),
            Expectations::Enumerated(paths) => Some(format!("all {} paths", paths.count())),
        }
    }

    /// The largest first coordinate it met.
    fn largest_position(&self) -> f64 {
        self.lanes.iter().flat_map(|lane| &lane.points).map(|point| point.position.abs()).fold(0.0, f64::max)
    }

    /// Tells a run what is known of its problem, so that what is measured carries its resolution: the error of f*,
    /// and the rounding of the iterates. Each step rounds by a few units of `|x| + rho`; a step contracts distances
    /// by `1 - min(eta mu, 2 - q)` where f is strongly convex, so the errors sum up to `1/min(eta mu, 2 - q)` of one
    /// of them, and to T of them elsewhere.
    pub fn know(&mut self, constants: &Constants, minimum: &Minimum, method: &Method) {
        self.base_error = minimum.value().map(|(_, error)| error);
        let value = |symbol| constants.get(symbol).value();
        let smoothness = value(Symbol::Beta).unwrap_or(0.0);
        // USAM multiplies by 1 - eta l (1 + rho l) where SAM does by 1 - eta l.
        let stretch = match method.ascent.perturbation() {
            Perturbation::Unnormalised | Perturbation::Unified { .. } => 1.0 + method.rho.first() * smoothness,
            _ => 1.0,
        };
        let contraction = (method.eta.at(self.plan.steps) * value(Symbol::Mu).unwrap_or(0.0))
            .min(2.0 - method.eta.first() * smoothness * stretch);
        let steps = self.plan.steps as f64;
        let rate = value(Symbol::Mu).filter(|mu| *mu > 0.0).unwrap_or(0.1 * smoothness);
        self.time = method.eta.first() * rate * steps;
        let summed = if contraction > 0.0 { steps.min(1.0 / contraction) } else { steps };
        let last = self.states.iter().map(|state| max_abs(&state.x)).fold(0.0, f64::max);
        let last = last.max(self.largest_position());
        let point = minimum.point().map_or(0.0, max_abs);
        let size =
            max_abs(&self.plan.start).max(last).max(point) * (self.plan.start.len() as f64).sqrt() + method.rho.first();
        // f(point) <= f* + error, and f grows by mu/2 times the squared distance.
        let off = |error: f64| if error == 0.0 { 0.0 } else { (2.0 * error / value(Symbol::Mu).unwrap_or(0.0)).sqrt() };
        self.minimiser = match minimum {
            Minimum::Known { point, error, .. } if point.len() == self.plan.start.len() => {
                Some((point.clone(), off(*error)))
            }
            _ => None,
        };
        let StepRounding { each, early: (early, first), reading } = self.step_rounding;
        let distance = ((4.0 * f64::EPSILON + each) * summed + early * summed.min(first as f64) + reading) * size;
        self.rounding = Rounding { distance, smoothness };
    }
}
