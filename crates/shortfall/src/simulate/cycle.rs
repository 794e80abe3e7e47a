//! Lanes whose state comes back bit for bit: all that follows is known, and is not stepped through.

use super::aggregates::Point;
use std::ops::Range;

/// Longest period looked for.
const LONGEST: u64 = 4096;

/// Remembers where a lane was, to see it come back: a tenth of the steps made ago, or [`LONGEST`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watch {
    place: Vec<f64>,
    step: u64,
    next: u64,
}

impl Watch {
    /// After how many steps the lane is back, if it is, at step `t`.
    #[inline]
    pub(super) fn look(&mut self, t: u64, place: &[f64]) -> Option<u64> {
        let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits();
        if self.place.len() == place.len() && place.iter().zip(&self.place).all(same) {
            return Some(t - self.step);
        }
        if t >= self.next {
            self.place.clear();
            self.place.extend_from_slice(place);
            self.step = t;
            self.next = t + (t / 10).clamp(1, LONGEST);
        }
        None
    }
}

/// A lane that repeats itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Cycle {
    /// The first step of the round that is kept.
    pub from: u64,
    /// Steps of a round.
    pub period: u64,
    /// Its iterates, as far as they were made.
    pub(super) round: Vec<Point>,
}

impl Cycle {
    /// That begins now.
    pub(super) fn new(from: u64, period: u64) -> Self {
        Self { from, period, round: Vec::new() }
    }

    /// Whether a whole round was kept.
    pub(super) fn is_known(&self) -> bool {
        self.round.len() as u64 == self.period
    }

    /// The step after the round that was kept.
    pub(super) fn end(&self) -> u64 {
        self.from + self.period
    }

    /// Steps from the end of the round that was kept to the place of the iterate of another: a round at most, and at least one to a later
    /// step, so that its length is known.
    pub(super) fn steps_to(&self, step: u64) -> Range<u64> {
        let more = step.saturating_sub(self.end());
        let steps = if more == 0 { 0 } else { (more - 1) % self.period + 1 };
        self.end()..self.end() + steps
    }

    /// The iterate of a step from `from` on.
    pub(super) fn at(&self, step: u64) -> &Point {
        &self.round[((step - self.from) % self.period) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::super::stepper::{Aggregates, Course, Plain, Schedule, Stepper};
    use super::super::{Extremes, LaneRecord, Outcome, Plan, Progress, Record, Run, State, run};
    use crate::method::Method;
    use crate::parallel::Sequential;
    use crate::problem::{Expression, Problem, Quadratic, Sine};
    use std::ops::ControlFlow;

    fn stepped(problem: &dyn Problem, method: &Method, plan: &Plan) -> (State, LaneRecord) {
        let schedule = Schedule::new(plan, problem, method);
        let mut record = LaneRecord::default();
        let course = Course { plan, schedule: &schedule };
        let mut sums = Aggregates { course, lanes: std::slice::from_mut(&mut record) };
        let mut state = State::new(plan, method, 0, 1);
        let plain = Plain::new(problem, method).without_watch();
        plain.advance(&mut state, plan.steps, &mut sums, &Sequential);
        plain.finish(&mut state, &mut sums, &Sequential);
        (state, record)
    }

    fn made(problem: &dyn Problem, method: &Method, plan: &Plan, stop: u64) -> Run {
        let observer = &mut |progress: Progress| {
            if progress.step >= stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        run(problem, method, plan.clone(), &Sequential, observer).expect("they fit")
    }

    fn close(a: &Extremes, b: &Extremes) {
        assert_eq!(
            (a.weight, a.smallest.to_bits(), a.largest.to_bits()),
            (b.weight, b.smallest.to_bits(), b.largest.to_bits())
        );
        let size = if b.weight > 0.0 { b.smallest.abs().max(b.largest.abs()) * b.weight } else { 0.0 };
        assert!((a.sum.value() - b.sum.value()).abs() <= 1e-14 * size, "{a:?} {b:?}");
    }

    /// Cycles of period 1, 2 and more; where an orbit rests, rounding may leave it on some neighbours.
    fn cases() -> Vec<(Box<dyn Problem>, Method, u64)> {
        vec![
            (Box::new(Quadratic::new(vec![1.0, 0.25])), Method::sam(0.5, 0.1), 2),
            (Box::new(Quadratic::new(vec![1.0])), Method::sam(0.5, 0.1), 2),
            (Box::new(Quadratic::new(vec![1.0, 0.5])), Method::gd(1.0), 1),
            (Box::new(Sine::new(1.0, 1.0, 5.0)), Method::sam(0.5, 1.0), 13),
            (Box::new(Expression::new("x^4/4-x^2/2", None).expect("good")), Method::gd(1.2), 4),
        ]
    }

    #[test]
    fn what_is_known_is_what_stepping_gives() {
        for (problem, method, _) in cases() {
            for steps in [2003, 5000, 40_001] {
                let plan = Plan::new(problem.default_start(), steps);
                let (state, record) = stepped(problem.as_ref(), &method, &plan);
                let run = made(problem.as_ref(), &method, &plan, u64::MAX);
                let lane = &run.lanes[0];
                assert_eq!(state.x, run.states[0].x);
                assert_eq!(record.points, lane.points);
                assert_eq!(record.movement.last_step.to_bits(), lane.movement.last_step.to_bits());
                assert_eq!(record.movement.travelled.to_bits(), lane.movement.travelled.to_bits());
                let (summed, stepped) = (lane.sums(), record.sums());
                for (a, b) in [
                    (&summed.value, &stepped.value),
                    (&summed.gradient_norm, &stepped.gradient_norm),
                    (&summed.squared_gradient, &stepped.squared_gradient),
                    (&summed.window_value[0], &stepped.window_value[0]),
                    (&summed.window_value[1], &stepped.window_value[1]),
                    (&summed.window_squared_gradient[1], &stepped.window_squared_gradient[1]),
                    (&summed.position, &stepped.position),
                    (&summed.window_position[0], &stepped.window_position[0]),
                    (&summed.window_square[1], &stepped.window_square[1]),
                ] {
                    close(a, b);
                }
            }
        }
    }

    #[test]
    fn a_long_run_returns_at_once() {
        for (problem, method, period) in cases() {
            let plan = Plan::new(problem.default_start(), 1_000_000_000_001);
            let run = made(problem.as_ref(), &method, &plan, u64::MAX);
            assert_eq!(run.outcome, Outcome::Periodic { period });
            assert_eq!(
                (run.lanes[0].sums().value.weight, run.lanes[0].points.len()),
                (1_000_000_000_001.0, run.recorded.len())
            );
        }
    }

    #[test]
    fn without_sums_the_end_is_the_same_and_comes_at_once() {
        for (problem, method, period) in cases() {
            let plan = Plan::new(problem.default_start(), 1_000_000_000_001);
            let with_sums = made(problem.as_ref(), &method, &plan, u64::MAX);
            let run = made(problem.as_ref(), &method, &Plan { record: Record::Ends, ..plan }, u64::MAX);
            assert_eq!(run.outcome, Outcome::Periodic { period });
            assert_eq!(run.states[0].x, with_sums.states[0].x);
            let (lane, whole) = (&run.lanes[0], &with_sums.lanes[0]);
            assert_eq!((run.recorded.len(), lane.points[0], lane.last()), (2, whole.points[0], whole.last()));
            assert_eq!((lane.sums().value.weight, lane.sums().position.weight), (0.0, 0.0));
            assert_eq!(lane.movement.last_step.to_bits(), whole.movement.last_step.to_bits());
        }
    }

    #[test]
    fn a_run_that_is_stopped_begins_the_whole_one() {
        for (problem, method, _) in cases() {
            let plan = Plan::new(problem.default_start(), 4_000_000);
            let long = made(problem.as_ref(), &method, &plan, u64::MAX);
            let stopped = made(problem.as_ref(), &method, &plan, 1);
            let step = stopped.plan.steps;
            let common = long.recorded.partition_point(|recorded| *recorded < step);
            assert_eq!(long.lanes[0].points[..common], stopped.lanes[0].points[..common]);
        }
    }
}
