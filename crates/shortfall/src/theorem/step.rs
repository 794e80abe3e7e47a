//! Step sizes that statements are made for: from an id to a number or a schedule.

use super::registry::THEOREMS;
use super::{Inputs, MethodFacts, ProblemFacts, Theorem};
use crate::arguments::BadInput;
use crate::constants::{Constants, Number};
use crate::method::{Method, MethodRecipe, Schedule, StepSize, over_beta};

/// The method with its step size resolved, once the constants and T are known.
///
/// A statement's own step is computed from the same constants its bound is. Fails where beta or another constant it
/// needs is not known, where the id is unknown or has no step, and where the step is not a positive number.
pub fn with_step(recipe: MethodRecipe, constants: &Constants, steps: u64) -> Result<Method, BadInput> {
    let id = match &recipe.eta {
        StepSize::Fixed(eta) => {
            let eta = *eta;
            return Ok(recipe.with_step(eta.into()));
        }
        StepSize::OverBeta(factor) => {
            let eta = over_beta(*factor, constants)?;
            return Ok(recipe.with_step(eta.into()));
        }
        StepSize::Theorem(id) => id.clone(),
    };
    let theorem = find_with_step(&id)?;
    let mut method = recipe.with_step(1.0.into());
    let problem = ProblemFacts::default();
    let inputs = Inputs { constants, method: MethodFacts::of(&method), problem: &problem, steps };
    let mut refusals = Vec::new();
    for form in theorem.forms {
        let Some(step) = form.step else { continue };
        match step(&inputs) {
            Some(schedule) if schedule.first().is_finite() && schedule.first() > 0.0 => {
                method.eta = schedule;
                return Ok(method);
            }
            _ => refusals
                .extend((form.requires)(&inputs).into_iter().filter(|requirement| !requirement.met).map(|r| r.detail)),
        }
    }
    Err(BadInput::new(format!("`eta` = {id:?} has no value here: {}", refusals.join("; "))))
}

fn find_with_step(id: &str) -> Result<&'static Theorem, BadInput> {
    let with_step = |theorem: &&&'static Theorem| theorem.forms.iter().any(|form| form.step.is_some());
    THEOREMS.iter().filter(with_step).find(|theorem| theorem.id == id).copied().ok_or_else(|| {
        let known: Vec<&str> = THEOREMS.iter().filter(with_step).map(|theorem| theorem.id).collect();
        BadInput::new(format!("`eta` = {id:?} is not a statement with a step size; those are {}", known.join(", ")))
    })
}

impl Inputs<'_> {
    /// A constant step from its enclosure, rounded down so that it keeps to its range; `None` if it is not positive, or
    /// if overflow on the way leaves it open.
    pub fn constant_step(&self, step: Number) -> Option<Schedule> {
        let known = step.low > 0.0 && step.high <= step.low * (1.0 + 1e-12);
        known.then_some(Schedule::Constant(step.low))
    }

    /// `2/(mu t + factor smoothness)` with an offset rounded so far up that the first step is at most
    /// `2/(factor smoothness)` after all roundings; `None` unless it is a schedule.
    pub fn hyperbolic_step(&self, factor: f64, smoothness: Number) -> Option<Schedule> {
        let slope = self.mu().low;
        let offset = (factor * smoothness).high.next_up().next_up();
        let usable = slope > 0.0 && slope.is_finite() && offset > 0.0 && offset.is_finite();
        usable.then_some(Schedule::Hyperbolic { numerator: 2.0, slope, offset })
    }
}
