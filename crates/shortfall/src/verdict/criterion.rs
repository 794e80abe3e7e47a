//! Stability criteria: no number is bounded; what is predicted is whether the run comes to rest.

use super::Verdict;
use crate::constants::Provenance;
use crate::simulate::{Outcome, Run};
use crate::theorem::{Bound, Measure, Quantity};

/// Sizes between which squares neither overflow nor underflow.
const TOLD: std::ops::Range<f64> = 1e-150..1e150;

/// Whether doubles can tell where the run goes from its start.
fn begins_within_doubles(run: &Run) -> bool {
    let is_told = |x: f64| x == 0.0 || TOLD.contains(&x.abs());
    let first = run.lanes.first().and_then(|lane| lane.points.first());
    run.plan.start.iter().all(|x| is_told(*x))
        && first.is_some_and(|at| TOLD.contains(&at.gradient_norm) && is_told(at.value))
}

/// Holds the outcome of a run against a criterion, on both sides of its threshold.
pub(super) fn decide(rests: bool, quantity: &Quantity, bound: &Bound, run: &Run) -> (Verdict, Option<String>) {
    let undecided = |reason: &str| (Verdict::Undecided, Some(reason.to_owned()));
    let within = match quantity.measure {
        Measure::Rest { within } => within,
        _ => f64::INFINITY,
    };
    let (came_to_rest, what) = match (run.outcome, run.lanes.first()) {
        (Outcome::Stopped { .. }, _) | (_, None) => return undecided("the run was stopped"),
        (Outcome::Diverged { step }, _) => (false, format!("the run diverged at step {step}")),
        (Outcome::Completed | Outcome::Periodic { .. }, Some(lane)) if !lane.movement.at_rest() => {
            (false, "the run did not come to rest".to_owned())
        }
        (Outcome::Completed | Outcome::Periodic { .. }, Some(lane)) if lane.movement.travelled > within => {
            (false, "the run came to rest elsewhere".to_owned())
        }
        _ => (true, "the run came to rest".to_owned()),
    };
    let predicted = if rests { "it attracts" } else { "it repels" };
    if came_to_rest == rests {
        return (Verdict::Holds, Some(format!("{predicted}, and {what}")));
    }
    if (run.plan.steps as f64) < bound.settled_after {
        return undecided("the run may still be moving: more steps would tell");
    }
    if !begins_within_doubles(run) {
        return undecided("the outcome is another, but the run begins where doubles overflow or underflow");
    }
    if bound.total.provenance != Provenance::Certified {
        return undecided("the outcome is another, but a number behind the criterion is only estimated");
    }
    (Verdict::Violated, Some(format!("{predicted}, but {what}: please report this, it is a bug in shortfall")))
}
