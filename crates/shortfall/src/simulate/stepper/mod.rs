//! How blocks of lanes advance. The plain stepper serves every problem and method; faster ones are tested against it.

mod line;
mod plain;
mod quadratic;
mod together;

use super::aggregates::LaneRecord;
use super::{Plan, Record, State};
use crate::method::Method;
use crate::parallel::Parallel;
use crate::problem::{Problem, Samples};
use std::ops::Range;

use line::Line;
pub use plain::Plain;
use quadratic::Quadratic;
pub use together::Together;

/// Which steps are evaluated, and where they go.
pub struct Schedule {
    /// Recorded steps.
    pub recorded: Vec<u64>,
    /// Of each of these one step is evaluated; `None`: every step is.
    pub strata: Option<Vec<Range<u64>>>,
    /// The floor's window, in halves.
    pub window: Option<[Range<u64>; 2]>,
    /// A coordinate beyond it has diverged.
    pub limit: f64,
}

impl Schedule {
    /// For a plan; strata are used where evaluating f costs more than a step.
    pub fn new(plan: &Plan, problem: &dyn Problem, method: &Method) -> Self {
        let limit = divergence_limit(&plan.start, method.rho.first());
        if plan.record == Record::Ends {
            return Self { recorded: plan.recorded(), strata: Some(Vec::new()), window: None, limit };
        }
        // Steps of which the draws together are as many as the samples.
        let least = match (method.sampling, problem.samples()) {
            (Some(sampling), Samples::Finite(sum)) if !sum.evaluation_is_cheap() => {
                let drawn = sampling.batch * if method.perturbs() { 2 } else { 1 };
                Some((sum.count() / drawn).max(1) as u64)
            }
            _ => None,
        };
        let strata = least.filter(|_| plan.record != Record::Every).map(|least| plan.strata(least));
        let recorded = if strata.is_some() { plan.recorded_singly() } else { plan.recorded() };
        Self { recorded, strata, window: plan.window_halves(), limit }
    }

    /// Whether anything is summed along the way.
    pub fn keeps_sums(&self) -> bool {
        self.strata.as_ref().is_none_or(|strata| !strata.is_empty())
    }

    /// Whether a step is recorded.
    pub fn is_recorded(&self, step: u64) -> bool {
        self.recorded.binary_search(&step).is_ok()
    }

    /// The recorded steps among these.
    pub fn recorded_within(&self, steps: Range<u64>) -> &[u64] {
        let place = |step: u64| self.recorded.partition_point(|recorded| *recorded < step);
        &self.recorded[place(steps.start)..place(steps.end)]
    }
}

/// What a run is to do.
#[derive(Clone, Copy)]
pub struct Course<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What is evaluated.
    pub schedule: &'a Schedule,
}

/// The records of a block's lanes, and what they are to hold.
pub struct Aggregates<'a> {
    /// What the run is to do.
    pub course: Course<'a>,
    /// One a lane.
    pub lanes: &'a mut [LaneRecord],
}

/// Advances blocks of lanes, many steps at a time, so that fast ways need no second interface.
pub trait Stepper: Sync {
    /// Takes `state` from its step to `until`, filling the records. Evaluates the iterates `state.step..until`. Lanes of
    /// which all that follows is known stay where they are.
    fn advance(&self, state: &mut State, until: u64, sums: &mut Aggregates, parallel: &dyn Parallel);

    /// Ends the run at the state's step: files what was known without being stepped through, and the last iterate.
    fn finish(&self, state: &mut State, sums: &mut Aggregates, parallel: &dyn Parallel);

    /// Lanes of a block.
    fn width(&self) -> u64 {
        8
    }

    /// What a step of a lane costs, in multiplications.
    fn work(&self) -> u64;

    /// Runs are looked at after multiples of so many steps, an even number: what is done tile by tile, sums and leaps, then does not
    /// show where. Whoever advances a state to another step gets a run that ends there.
    fn tile(&self) -> u64 {
        2
    }

    /// What it rounds beyond some units in the last place a step.
    fn rounding(&self) -> StepRounding {
        StepRounding::default()
    }
}

/// What is rounded, relative to `|x| + rho`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepRounding {
    /// In a step.
    pub each: f64,
    /// In each of some first steps besides, and their number.
    pub early: (f64, u64),
    /// In reading the iterates.
    pub reading: f64,
}

/// The stepper for a problem and a method; never depends on the number of steps.
pub fn choose<'a>(problem: &'a dyn Problem, method: &'a Method, parallel: &dyn Parallel) -> Box<dyn Stepper + 'a> {
    if let Some(stepper) = Quadratic::of(problem, method, parallel) {
        return Box::new(stepper);
    }
    if let Some(stepper) = Line::of(problem, method) {
        return Box::new(stepper);
    }
    Box::new(Plain::new(problem, method))
}

/// Whether a step depends on the point alone.
fn can_repeat(method: &Method) -> bool {
    method.sampling.is_none()
        && method.eta.is_constant()
        && method.rho.is_constant()
        && method.descent.is_gradient_descent()
}

/// A coordinate beyond it has diverged: `1e50 max(1, max |x0_i|, rho)`
pub fn divergence_limit(start: &[f64], rho: f64) -> f64 {
    1e50 * crate::kernel::max_abs(start).max(rho).max(1.0)
}
