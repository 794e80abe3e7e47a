//! One lane after the other, one step after the other: the specification of every faster stepper.

use super::{Aggregates, Course, Stepper, can_repeat};
use crate::kernel::{all_within, distance, norm};
use crate::method::Sampling;
use crate::method::{Method, SampleReuse};
use crate::parallel::Parallel;
use crate::problem::{Problem, Samples, draw_batch};
use crate::random::Generator;
use crate::simulate::aggregates::{Evaluated, LaneRecord, Point};
use crate::simulate::cycle::Cycle;
use crate::simulate::{Plan, State};
use crate::spare::Spare;

/// See the module.
pub struct Plain<'a> {
    problem: &'a dyn Problem,
    pub(super) method: &'a Method,
    /// What is drawn, by a stochastic method.
    samples: Samples<'a>,
    /// A step depends on the point alone: what comes back stays.
    can_repeat: bool,
    scratches: Spare<Scratch>,
}

impl<'a> Plain<'a> {
    /// For a problem and a method that fit together.
    pub fn new(problem: &'a dyn Problem, method: &'a Method) -> Self {
        let samples = if method.sampling.is_some() { problem.samples() } else { Samples::None };
        Self { problem, method, samples, can_repeat: can_repeat(method), scratches: Spare::default() }
    }
}

#[cfg(test)]
impl Plain<'_> {
    /// Steps through everything, also what is known.
    pub(in crate::simulate) fn without_watch(self) -> Self {
        Self { can_repeat: false, ..self }
    }
}

/// Vectors of one lane, reused for every step.
pub(super) struct Scratch {
    pub(super) x: Vec<f64>,
    memory: Vec<f64>,
    /// Gradient at x.
    pub(super) g: Vec<f64>,
    /// Perturbed point.
    pub(super) y: Vec<f64>,
    /// Gradient that moves x.
    pub(super) h: Vec<f64>,
    batch: Vec<usize>,
    marked: Vec<u64>,
    /// Additive noise.
    z: Vec<f64>,
    /// `x` before the first and before the last step.
    before: Vec<f64>,
}

impl Scratch {
    /// Takes a lane up, until [`Scratch::put`].
    pub(super) fn take(&mut self, lane: usize, state: &mut State) {
        if state.width == 1 {
            self.exchange(state);
        } else {
            state.gather(lane, &mut self.x, &mut self.memory);
        }
    }

    /// Puts it back.
    pub(super) fn put(&mut self, lane: usize, state: &mut State) {
        if state.width == 1 {
            self.exchange(state);
        } else {
            state.scatter(lane, &self.x, &self.memory);
        }
    }

    fn exchange(&mut self, state: &mut State) {
        std::mem::swap(&mut self.x, &mut state.x);
        std::mem::swap(&mut self.memory, &mut state.memory);
    }
}

/// Where a lane stands in the schedule.
struct Cursor {
    recorded: usize,
    stratum: usize,
    /// The next step of a stratum to evaluate, with the stratum's length.
    sampled: Option<(u64, f64)>,
}

impl Cursor {
    fn at(course: Course, replicate: u64, step: u64) -> Self {
        let recorded = course.schedule.recorded.partition_point(|recorded| *recorded < step);
        let stratum = course.schedule.strata.as_ref().map_or(0, |strata| strata.partition_point(|s| s.end <= step));
        let mut cursor = Self { recorded, stratum, sampled: None };
        cursor.choose(course, replicate);
        // A stratum taken up in its middle may have been evaluated before.
        if cursor.sampled.is_some_and(|(chosen, _)| chosen < step) {
            cursor.next_stratum(course, replicate);
        }
        cursor
    }

    fn choose(&mut self, course: Course, replicate: u64) {
        let stratum = course.schedule.strata.as_ref().and_then(|strata| strata.get(self.stratum));
        self.sampled = stratum
            .map(|stratum| (course.plan.evaluated_step(replicate, stratum), (stratum.end - stratum.start) as f64));
    }

    fn next_stratum(&mut self, course: Course, replicate: u64) {
        self.stratum += 1;
        self.choose(course, replicate);
    }
}

impl Stepper for Plain<'_> {
    fn advance(&self, state: &mut State, until: u64, sums: &mut Aggregates, parallel: &dyn Parallel) {
        let going = sums.lanes.iter_mut().enumerate().filter(|(_, record)| !record.is_known());
        self.scratches.with(
            || self.scratch(),
            |scratch| {
                going.for_each(|(lane, record)| self.go_on(lane, state, until, sums.course, record, scratch, parallel))
            },
        );
        state.step = until;
    }

    fn finish(&self, state: &mut State, sums: &mut Aggregates, parallel: &dyn Parallel) {
        let still = sums.lanes.iter_mut().enumerate().filter(|(_, record)| record.diverged.is_none());
        self.scratches.with(
            || self.scratch(),
            |scratch| still.for_each(|(lane, record)| self.end(lane, state, sums.course, record, scratch, parallel)),
        );
    }

    fn work(&self) -> u64 {
        let step = match self.samples {
            Samples::Finite(sum) => {
                let batch = self.method.sampling.map_or(1, |sampling| sampling.batch);
                batch * self.problem.work().div_ceil(sum.count().max(1))
            }
            _ => self.problem.work(),
        };
        2 * step as u64 + 64
    }
}

impl Plain<'_> {
    /// Takes a lane from the state's step to another.
    #[allow(clippy::too_many_arguments)]
    fn go_on(
        &self,
        lane: usize,
        state: &mut State,
        until: u64,
        course: Course,
        record: &mut LaneRecord,
        scratch: &mut Scratch,
        parallel: &dyn Parallel,
    ) {
        scratch.take(lane, state);
        let mut generators = state.generators(lane);
        let replicate = course.plan.first_replicate + state.first_lane + lane as u64;
        let mut cursor = Cursor::at(course, replicate, state.step);
        let watches = self.can_repeat && course.plan.weight_decay.is_none();
        for t in state.step..until {
            if watches && self.looks_known(t, &scratch.x, record) {
                break;
            }
            if !self.step(t, scratch, &mut generators, course, record, &mut cursor, replicate, parallel) {
                break;
            }
        }
        scratch.put(lane, state);
        state.set_generators(lane, &generators);
    }

    /// Ends a lane.
    fn end(
        &self,
        lane: usize,
        state: &mut State,
        course: Course,
        record: &mut LaneRecord,
        scratch: &mut Scratch,
        parallel: &dyn Parallel,
    ) {
        self.file_known(lane, state, course, record, scratch, parallel);
        let value = self.problem.value_gradient_on(&scratch.x, &mut scratch.g, parallel);
        self.file_last(lane, value, state, course, record, scratch);
    }

    /// Files what is known of the steps to come, and goes to the last iterate.
    pub(super) fn file_known(
        &self,
        lane: usize,
        state: &State,
        course: Course,
        record: &mut LaneRecord,
        scratch: &mut Scratch,
        parallel: &dyn Parallel,
    ) {
        state.gather(lane, &mut scratch.x, &mut scratch.memory);
        if let Some(cycle) = record.cycle.as_ref().filter(|cycle| cycle.is_known()) {
            for step in cycle.steps_to(state.step) {
                self.problem.gradient_on(&scratch.x, &mut scratch.g, parallel);
                scratch.before.copy_from_slice(&scratch.x);
                self.go(step, scratch, &mut [], parallel);
                record.movement.last_step = distance(&scratch.x, &scratch.before);
            }
            record.keep_cycle(course.schedule, scratch.x.len() == 1, state.step);
        }
    }

    /// Files the last iterate, given the value and the gradient there, and leaves the lane at it.
    pub(super) fn file_last(
        &self,
        lane: usize,
        value: f64,
        state: &mut State,
        course: Course,
        record: &mut LaneRecord,
        scratch: &Scratch,
    ) {
        if self.keep(state.step, value, true, None, scratch, course, record) {
            record.movement.travelled = distance(&scratch.x, &course.plan.start);
        }
        state.scatter(lane, &scratch.x, &scratch.memory);
    }

    /// Sees whether a deterministic lane has come back; whether all that follows is known.
    pub(super) fn looks_known(&self, t: u64, x: &[f64], record: &mut LaneRecord) -> bool {
        if record.cycle.is_none() {
            record.cycle = record.watch.look(t, x).map(|period| Cycle::new(t, period));
        }
        record.is_known()
    }

    /// One step of one lane; `false` if it diverged.
    #[allow(clippy::too_many_arguments)] // the lane's whole world, spread out so that nothing is allocated
    fn step(
        &self,
        t: u64,
        scratch: &mut Scratch,
        generators: &mut [Generator; 2],
        course: Course,
        record: &mut LaneRecord,
        cursor: &mut Cursor,
        replicate: u64,
        parallel: &dyn Parallel,
    ) -> bool {
        let recorded = course.schedule.recorded.get(cursor.recorded) == Some(&t);
        let weight = match (&course.schedule.strata, cursor.sampled) {
            (None, _) => Some(1.0),
            (Some(_), Some((chosen, length))) if chosen == t => Some(length),
            _ => None,
        };
        if recorded || weight.is_some() || record.cycle.is_some() {
            // For deterministic methods this is the step's own first gradient.
            let value = self.problem.value_gradient_on(&scratch.x, &mut scratch.g, parallel);
            if !self.keep(t, value, recorded, weight, scratch, course, record) {
                return false;
            }
            cursor.recorded += usize::from(recorded);
            if weight.is_some() && course.schedule.strata.is_some() {
                cursor.next_stratum(course, replicate);
            }
        } else if self.method.sampling.is_none() {
            self.problem.gradient_on(&scratch.x, &mut scratch.g, parallel);
        }
        if is_measured(t, course.plan) {
            scratch.before.copy_from_slice(&scratch.x);
        }
        self.go(t, scratch, generators, parallel);
        self.arrive(t, scratch, course, record)
    }

    /// After a step: how long it was, where that is asked for; `false` if the lane diverged.
    fn arrive(&self, t: u64, scratch: &Scratch, course: Course, record: &mut LaneRecord) -> bool {
        if is_measured(t, course.plan) {
            let length = distance(&scratch.x, &scratch.before);
            if t == 0 {
                record.movement.first_step = length;
            }
            record.movement.last_step = length;
        }
        if all_within(&scratch.x, course.schedule.limit) {
            return true;
        }
        record.diverged = Some(t + 1);
        false
    }

    /// The first half of a deterministic step, given the gradient at x, and the value where [`evaluates`] says so: files the
    /// iterate there, and perturbs it. `false` if the lane diverged.
    pub(super) fn set_out(
        &self,
        t: u64,
        value: f64,
        scratch: &mut Scratch,
        course: Course,
        record: &mut LaneRecord,
        parallel: &dyn Parallel,
    ) -> bool {
        if evaluates(t, course, record) {
            let (recorded, weight) = (course.schedule.is_recorded(t), course.schedule.strata.is_none().then_some(1.0));
            if !self.keep(t, value, recorded, weight, scratch, course, record) {
                return false;
            }
        }
        if is_measured(t, course.plan) {
            scratch.before.copy_from_slice(&scratch.x);
        }
        if self.method.perturbs() {
            self.method.ascent.point_on(self.method.rho.at(t), &scratch.x, &scratch.g, &mut scratch.y, parallel);
        }
        true
    }

    /// The second half, given the gradient at the perturbed point.
    pub(super) fn move_on(
        &self,
        t: u64,
        scratch: &mut Scratch,
        course: Course,
        record: &mut LaneRecord,
        parallel: &dyn Parallel,
    ) -> bool {
        let direction = if self.method.perturbs() { &scratch.h } else { &scratch.g };
        let eta = self.method.eta.at(t);
        self.method.descent.step_on(t, eta, direction, &mut scratch.x, &mut scratch.memory, parallel);
        self.arrive(t, scratch, course, record)
    }

    /// From one iterate to the next; the gradient at the iterate is known where nothing is drawn.
    fn go(&self, t: u64, scratch: &mut Scratch, generators: &mut [Generator], parallel: &dyn Parallel) {
        let (eta, rho) = (self.method.eta.at(t), self.method.rho.at(t));
        let perturbs = self.method.perturbs();
        if let (Some(sampling), [descent, ascent]) = (self.method.sampling, generators) {
            let fresh = perturbs && sampling.reuse == SampleReuse::Independent;
            self.draw(&sampling, if fresh { ascent } else { descent }, scratch);
            match self.samples {
                Samples::Finite(sum) if perturbs && !fresh => {
                    let Scratch { x, y, h, batch, .. } = scratch;
                    sum.perturbed_gradient_on(batch, x, (&*self.method.ascent, rho), [y, h], parallel);
                }
                _ => {
                    self.sampled_gradient(false, scratch, parallel);
                    if perturbs {
                        self.method.ascent.point_on(rho, &scratch.x, &scratch.h, &mut scratch.y, parallel);
                        if fresh {
                            self.draw(&sampling, descent, scratch);
                        }
                        self.sampled_gradient(true, scratch, parallel);
                    }
                }
            }
        } else if perturbs {
            self.method.ascent.point_on(rho, &scratch.x, &scratch.g, &mut scratch.y, parallel);
            self.problem.gradient_on(&scratch.y, &mut scratch.h, parallel);
        }
        let direction = if perturbs || self.method.sampling.is_some() { &scratch.h } else { &scratch.g };
        self.method.descent.step_on(t, eta, direction, &mut scratch.x, &mut scratch.memory, parallel);
    }

    /// Draws a batch or its noise.
    fn draw(&self, sampling: &Sampling, generator: &mut Generator, scratch: &mut Scratch) {
        match self.samples {
            Samples::Finite(sum) => draw_batch(sum, sampling, generator, &mut scratch.batch, &mut scratch.marked),
            Samples::Noise(noise) => noise.draw(sampling.batch, generator, &mut scratch.z),
            Samples::None => {}
        }
    }

    /// Writes into `h` the gradient of what was drawn, at x or at the perturbed point.
    fn sampled_gradient(&self, perturbed: bool, scratch: &mut Scratch, parallel: &dyn Parallel) {
        let at = if perturbed { &scratch.y } else { &scratch.x };
        match self.samples {
            Samples::Finite(sum) => sum.batch_gradient_on(&scratch.batch, at, &mut scratch.h, parallel),
            _ => {
                self.problem.gradient_on(at, &mut scratch.h, parallel);
                scratch.h.iter_mut().zip(&scratch.z).for_each(|(h, z)| *h += z);
            }
        }
    }

    /// Files an evaluated iterate, whose gradient is known: `weight` for the sums over `0..T-1`; `None` at T itself and for
    /// steps that are recorded only. `false` if it is not finite.
    #[allow(clippy::too_many_arguments)]
    fn keep(
        &self,
        t: u64,
        value: f64,
        recorded: bool,
        weight: Option<f64>,
        scratch: &Scratch,
        course: Course,
        record: &mut LaneRecord,
    ) -> bool {
        let gradient_norm = norm(&scratch.g);
        let position = scratch.x.first().copied().unwrap_or(0.0);
        let at = Evaluated { step: t, value, gradient_norm, position, on_the_line: scratch.x.len() == 1 };
        if !record.keep(course.plan, course.schedule, &at, weight) {
            return false;
        }
        if recorded || record.cycle.is_some() {
            let point = Point::of(self.problem, &scratch.x, value, &scratch.g, course.plan.base);
            record.keep_point(point, recorded, t);
        }
        true
    }

    pub(super) fn scratch(&self) -> Scratch {
        let d = self.problem.dimension();
        Scratch {
            x: vec![0.0; d],
            memory: vec![0.0; self.method.descent.memory(d)],
            g: vec![0.0; d],
            y: vec![0.0; d],
            h: vec![0.0; d],
            batch: vec![0; self.method.sampling.map_or(0, |sampling| sampling.batch)],
            marked: Vec::new(),
            z: vec![0.0; d],
            before: vec![0.0; d],
        }
    }
}

/// Whether a deterministic step is evaluated.
pub(super) fn evaluates(t: u64, course: Course, record: &LaneRecord) -> bool {
    course.schedule.strata.is_none() || record.cycle.is_some() || course.schedule.is_recorded(t)
}

/// Whether the length of a step is kept.
fn is_measured(t: u64, plan: &Plan) -> bool {
    t == 0 || t + 1 == plan.steps
}
