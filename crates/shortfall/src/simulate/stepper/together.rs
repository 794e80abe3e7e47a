//! Deterministic settings on one problem, step by step side by side: they share its passes over the data.

use super::plain::{Plain, Scratch, evaluates};
use super::{Aggregates, can_repeat};
use crate::method::Method;
use crate::parallel::Parallel;
use crate::problem::Problem;
use crate::simulate::State;

/// Settings of one lane each; the bits are those of the plain stepper.
pub struct Together<'a> {
    problem: &'a dyn Problem,
    members: Vec<Plain<'a>>,
}

impl<'a> Together<'a> {
    /// Of methods that draw nothing.
    pub fn new(problem: &'a dyn Problem, methods: Vec<&'a Method>) -> Self {
        assert!(methods.iter().all(|method| method.sampling.is_none()), "nothing is drawn");
        Self { problem, members: methods.into_iter().map(|method| Plain::new(problem, method)).collect() }
    }

    /// As [`super::Stepper::advance`], of each member's only lane.
    pub fn advance(&self, lanes: &mut [(State, Aggregates)], until: u64, parallel: &dyn Parallel) {
        let mut scratches: Vec<Scratch> = self.members.iter().map(Plain::scratch).collect();
        let mut going: Vec<usize> = (0..lanes.len()).filter(|k| !lanes[*k].1.lanes[0].is_known()).collect();
        let Some(from) = lanes.first().map(|(state, _)| state.step) else { return };
        let begun = going.clone();
        for k in &begun {
            scratches[*k].take(0, &mut lanes[*k].0);
        }
        for t in from..until {
            going.retain(|k| {
                let (Aggregates { course, lanes }, member) = (&mut lanes[*k].1, &self.members[*k]);
                let watches = can_repeat(member.method) && course.plan.weight_decay.is_none();
                !(watches && member.looks_known(t, &scratches[*k].x, &mut lanes[0]))
            });
            if going.is_empty() {
                break;
            }
            let wants_values = going.iter().any(|k| evaluates(t, lanes[*k].1.course, &lanes[*k].1.lanes[0]));
            let values = self.gradients(&mut scratches, &going, true, wants_values, parallel);
            let mut values = values.into_iter();
            going.retain(|k| {
                let (Aggregates { course, lanes }, value) = (&mut lanes[*k].1, values.next().unwrap_or(f64::NAN));
                self.members[*k].set_out(t, value, &mut scratches[*k], *course, &mut lanes[0], parallel)
            });
            let perturbed: Vec<usize> = going.iter().copied().filter(|k| self.members[*k].method.perturbs()).collect();
            self.gradients(&mut scratches, &perturbed, false, false, parallel);
            going.retain(|k| {
                let Aggregates { course, lanes } = &mut lanes[*k].1;
                self.members[*k].move_on(t, &mut scratches[*k], *course, &mut lanes[0], parallel)
            });
        }
        begun.iter().for_each(|k| scratches[*k].put(0, &mut lanes[*k].0));
        lanes.iter_mut().for_each(|(state, _)| state.step = until);
    }

    /// As [`super::Stepper::finish`]: the last iterates share a pass too.
    pub fn finish(&self, lanes: &mut [(State, Aggregates)], parallel: &dyn Parallel) {
        let mut scratches: Vec<Scratch> = self.members.iter().map(Plain::scratch).collect();
        let still: Vec<usize> = (0..lanes.len()).filter(|k| lanes[*k].1.lanes[0].diverged.is_none()).collect();
        for k in &still {
            let (state, Aggregates { course, lanes }) = &mut lanes[*k];
            self.members[*k].file_known(0, state, *course, &mut lanes[0], &mut scratches[*k], parallel);
        }
        let values = self.gradients(&mut scratches, &still, true, true, parallel);
        for (k, value) in still.into_iter().zip(values) {
            let (state, Aggregates { course, lanes }) = &mut lanes[k];
            self.members[k].file_last(0, value, state, *course, &mut lanes[0], &scratches[k]);
        }
    }

    /// At the iterates of some members or at their perturbed points, with values if they are wanted.
    fn gradients(
        &self,
        scratches: &mut [Scratch],
        which: &[usize],
        at_iterates: bool,
        wants_values: bool,
        parallel: &dyn Parallel,
    ) -> Vec<f64> {
        let (mut points, mut gradients): (Vec<&[f64]>, Vec<&mut [f64]>) = (Vec::new(), Vec::new());
        let mut which = which.iter().peekable();
        for (k, scratch) in scratches.iter_mut().enumerate() {
            if which.next_if(|next| **next == k).is_some() {
                let Scratch { x, g, y, h, .. } = scratch;
                let (point, gradient) = if at_iterates { (x, g) } else { (y, h) };
                points.push(point);
                gradients.push(gradient);
            }
        }
        self.problem.values_gradients_on(&points, &mut gradients, wants_values, parallel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::HeavyBall;
    use crate::parallel::Sequential;
    use crate::problem::{Logistic, Regression};
    use crate::simulate::{Outcome, Plan, Run, Setting, run_all};
    use std::ops::ControlFlow;

    fn methods() -> Vec<Method> {
        let heavy = Method { descent: Box::new(HeavyBall { momentum: 0.9 }), ..Method::sam(0.01, 0.1) };
        let mut methods =
            vec![Method::gd(0.3), heavy, Method::usam(0.2, 0.1), Method::sam(1e3, 0.1), Method::sam(0.5, 0.2)];
        methods.extend((1..20).map(|k| Method::sam(0.02 * f64::from(k), 0.05)));
        methods
    }

    fn runs(problem: &dyn Problem, methods: &[Method], steps: u64, looks: u64) -> Vec<Run> {
        let plan = Plan::new(vec![0.3; problem.dimension()], steps);
        let settings = methods.iter().map(|method| Setting { problem, method, plan: plan.clone() }).collect();
        let mut left = looks;
        let observer = &mut |_| {
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        run_all(settings, &Sequential, observer).expect("they fit")
    }

    #[test]
    fn settings_give_the_bits_they_give_alone() {
        let (count, columns) = (70, 5);
        let features: Vec<f64> = (0..count * columns).map(|i| (i as f64 * 0.77).sin() * 2.0).collect();
        let values: Vec<f64> = (0..count).map(|i| if (i * 7) % 11 < 5 { 1.0 } else { -1.0 }).collect();
        let problems: [Box<dyn Problem>; 2] = [
            Box::new(Logistic::new(columns, &features, &values, 0.05)),
            Box::new(Regression::least_squares(columns, &features, &values, 0.05)),
        ];
        for problem in &problems {
            let methods = methods();
            let all = runs(problem.as_ref(), &methods, 3001, u64::MAX);
            for (method, shared) in methods.iter().zip(&all) {
                let alone = runs(problem.as_ref(), std::slice::from_ref(method), 3001, u64::MAX).pop().expect("one");
                assert_eq!(
                    (&alone.outcome, &alone.states, &alone.lanes),
                    (&shared.outcome, &shared.states, &shared.lanes)
                );
            }
            let stopped = runs(problem.as_ref(), &methods, 100_000_000, 1);
            let Outcome::Stopped { step } = stopped[0].outcome else { panic!("{:?}", stopped[0].outcome) };
            let whole = runs(problem.as_ref(), &methods, step, u64::MAX);
            for (stopped, whole) in stopped.iter().zip(&whole) {
                assert_eq!((stopped.lanes[0].last(), &stopped.states), (whole.lanes[0].last(), &whole.states));
            }
        }
        let diverged = runs(problems[1].as_ref(), &methods(), 3001, u64::MAX);
        assert!(diverged.iter().any(|run| matches!(run.outcome, Outcome::Diverged { .. })));
    }
}
