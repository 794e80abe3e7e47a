//! Quadratics in coordinates of which a step costs d operations, not d^2.
//!
//! With `s = rho/|g|` for SAM a step goes from x to `x - eta (g + s Ag)`, in whatever orthogonal coordinates. A matrix is brought
//! to tridiagonal form first ([`tridiagonal`]); where that takes long, eigenvectors ([`eigenbasis`]) are only found once a run has
//! made so many steps that they pay, or else at once. The matrix that is followed is the decomposition's, off by at most its proved
//! radius: runs carry that as rounding of every step. Recorded iterates are transformed back and evaluated on the matrix itself.

mod eigenbasis;
mod tridiagonal;

use super::{Aggregates, Course, StepRounding, Stepper, can_repeat};
use crate::constants::eigen::LARGE;
use crate::kernel::{Components, distance, max_abs, norm};
use crate::method::Method;
use crate::parallel::Parallel;
use crate::problem::Problem;
use crate::simulate::State;
use crate::simulate::aggregates::{Evaluated, LaneRecord, Point};
use crate::simulate::cycle::{Cycle, Watch};
use eigenbasis::Eigenbasis;
use std::sync::OnceLock;
use tridiagonal::TridiagonalBasis;

/// Below, a step of the plain stepper costs about as much as what is kept of it.
const SMALLEST: usize = 32;
/// Of d rows, `d^2` by this many steps in tridiagonal form take a tenth of the time of finding eigenvectors from there.
const PAYING: u64 = 64;
/// Norms whose squares neither overflow nor lose bits.
const SAFE: std::ops::Range<f64> = 1e-140..1e140;

/// See the module.
pub struct Quadratic<'a> {
    problem: &'a dyn Problem,
    method: &'a Method,
    /// Weight of the normalised part of the perturbation, and the rest.
    weights: [f64; 2],
    tridiagonal: Option<TridiagonalBasis<'a>>,
    /// Steps that are made in tridiagonal form.
    change: u64,
    /// What is used after these, if it can be found.
    eigenbasis: OnceLock<Option<Eigenbasis<'a>>>,
}

/// Most iterates that are transformed back, and evaluated on the matrix, together.
const TOGETHER: usize = 8;

/// Iterates that are to be filed, in order.
#[derive(Default)]
struct Waiting {
    /// Their steps, and whether these are recorded.
    steps: Vec<(u64, bool)>,
    /// Their coordinates, one after the other.
    c: Vec<f64>,
}

/// What is known of where a lane is.
struct Found {
    squared_gradient: f64,
    /// `f`
    value: f64,
    /// `max |c_k|`
    largest: f64,
}

impl Found {
    fn of(found: Components, least: f64) -> Self {
        let Components { squared_gradient, energy, largest } = found;
        Self { squared_gradient, value: 0.5f64.mul_add(energy, least), largest }
    }
}

/// Orthogonal coordinates c of which a step is cheap, from some centre on.
trait Basis {
    /// Where a lane is.
    type Place;

    /// Those of a point.
    fn of(&self, x: &[f64]) -> Vec<f64>;

    /// The points, one after the other, that have some of them.
    fn points(&self, c: &[f64]) -> Vec<f64>;

    /// Where they are, and what is known of there.
    fn place(&self, c: &[f64]) -> (Self::Place, Found);

    /// Those of a place.
    fn coordinates<'p>(&self, place: &'p Self::Place) -> &'p [f64];

    /// Before step t.
    fn look(&self, t: u64, place: &mut Self::Place) {
        let _ = (t, place);
    }

    /// A step for `[eta, s]`, which also evaluates where it leads.
    fn step(&self, coefficients: [f64; 2], place: &mut Self::Place) -> Found;

    /// `|g|` where its square over- or underflows.
    fn long_norm(&self, place: &Self::Place) -> f64;

    /// How far from 0 the centre is.
    fn centre(&self) -> f64;

    /// What the matrix is off by.
    fn radius(&self) -> f64;

    /// What a step rounds beyond that, and what reading the iterates does, relative to `|x| + rho`.
    fn rounding(&self) -> [f64; 2];

    fn gradient_norm(&self, place: &Self::Place, found: &Found) -> f64 {
        let plain = found.squared_gradient.sqrt();
        if SAFE.contains(&plain) || plain.is_nan() { plain } else { self.long_norm(place) }
    }
}

impl<'a> Quadratic<'a> {
    /// For deterministic gradient steps on a quadratic whose matrix is known, if it is one.
    pub fn of(problem: &'a dyn Problem, method: &'a Method, parallel: &dyn Parallel) -> Option<Self> {
        let d = problem.dimension();
        if method.sampling.is_some() || !method.descent.is_gradient_descent() || d < SMALLEST {
            return None;
        }
        let change = if d < LARGE { 0 } else { (d as u64).pow(2) / PAYING };
        Self::changing(problem, method, change, parallel)
    }

    /// That finds eigenvectors after so many steps.
    fn changing(problem: &'a dyn Problem, method: &'a Method, change: u64, parallel: &dyn Parallel) -> Option<Self> {
        let lambda = if method.perturbs() { method.ascent.perturbation().lambda()? } else { 0.0 };
        let weights = if method.perturbs() { [lambda, 1.0 - lambda] } else { [0.0; 2] };
        let eigenbasis = OnceLock::new();
        let tridiagonal = if change > 0 {
            Some(TridiagonalBasis::of(problem.tridiagonal(parallel)?))
        } else {
            let _ = eigenbasis.set(Some(Eigenbasis::of(problem.decomposed(parallel)?, method)));
            None
        };
        Some(Self { problem, method, weights, tridiagonal, change, eigenbasis })
    }

    fn eigenbasis(&self, parallel: &dyn Parallel) -> Option<&Eigenbasis<'a>> {
        let find = || Some(Eigenbasis::of(self.problem.decomposed(parallel)?, self.method));
        self.eigenbasis.get_or_init(find).as_ref()
    }

    /// `s` of `y = c + s g`.
    fn stretch(&self, rho: f64, gradient_norm: f64) -> f64 {
        let [normalised, plain] = self.weights;
        // A zero gradient has no direction.
        let along = if normalised > 0.0 && gradient_norm > 0.0 { normalised / gradient_norm } else { 0.0 };
        rho * (along + plain)
    }

    /// `[eta, s]` of step t.
    fn coefficients(&self, t: u64, gradient_norm: f64) -> [f64; 2] {
        [self.method.eta.at(t), self.stretch(self.method.rho.at(t), gradient_norm)]
    }

    /// Takes lanes from the state's step to `until`.
    fn go_on<B: Basis>(
        &self,
        basis: &B,
        state: &mut State,
        until: u64,
        sums: &mut Aggregates,
        parallel: &dyn Parallel,
    ) {
        let d = self.problem.dimension();
        let course = sums.course;
        let limit = course.schedule.limit;
        let near = (limit - basis.centre()) / (d as f64).sqrt();
        let watches = can_repeat(self.method) && course.plan.weight_decay.is_none();
        for (lane, c) in state.components.chunks_exact_mut(d).enumerate() {
            let record = &mut sums.lanes[lane];
            if record.is_known() {
                continue;
            }
            let (mut place, mut found) = basis.place(c);
            let mut waiting = Waiting::default();
            let mut recorded = course.schedule.recorded.partition_point(|recorded| *recorded < state.step);
            for t in state.step..until {
                basis.look(t, &mut place);
                if watches {
                    if record.cycle.is_none()
                        && let Some(period) = record.watch.look(t, basis.coordinates(&place))
                    {
                        self.file(basis, &mut waiting, course, record, parallel);
                        record.cycle = Some(Cycle::new(t, period));
                    }
                    if record.is_known() {
                        break;
                    }
                }
                let gradient_norm = basis.gradient_norm(&place, &found);
                let is_recorded = course.schedule.recorded.get(recorded) == Some(&t);
                let evaluates = course.schedule.strata.is_none() || is_recorded || record.cycle.is_some();
                if evaluates || !gradient_norm.is_finite() {
                    let weight = course.schedule.strata.is_none().then_some(1.0);
                    let at = evaluated(t, found.value, gradient_norm);
                    if !record.keep(course.plan, course.schedule, &at, weight) {
                        break;
                    }
                    if is_recorded || record.cycle.is_some() {
                        waiting.steps.push((t, is_recorded));
                        waiting.c.extend_from_slice(basis.coordinates(&place));
                    }
                    if waiting.steps.len() == TOGETHER || record.cycle.is_some() {
                        self.file(basis, &mut waiting, course, record, parallel);
                    }
                }
                recorded += usize::from(is_recorded);
                let before = (t == 0 || t + 1 == course.plan.steps).then(|| basis.coordinates(&place).to_vec());
                found = basis.step(self.coefficients(t, gradient_norm), &mut place);
                if let Some(before) = before {
                    record.movement.last_step = distance(basis.coordinates(&place), &before);
                    if t == 0 {
                        record.movement.first_step = record.movement.last_step;
                    }
                }
                // A coordinate is at most the length of all components.
                let far = found.largest > near || found.largest.is_nan();
                let is_within =
                    || max_abs(&basis.points(basis.coordinates(&place))) <= limit && found.value.is_finite();
                if far && !is_within() {
                    record.diverged = Some(t + 1);
                    break;
                }
            }
            self.file(basis, &mut waiting, course, record, parallel);
            let end = basis.coordinates(&place);
            // A lane that has diverged is a point: nobody asks for its coordinates.
            let end = if record.diverged.is_some() { basis.points(end) } else { end.to_vec() };
            c.copy_from_slice(&end);
        }
        state.step = until;
    }

    /// Ends a lane of which everything is filed up to its step or the end of its cycle, and returns its point.
    fn end<B: Basis>(
        &self,
        basis: &B,
        c: &[f64],
        step: u64,
        course: Course,
        record: &mut LaneRecord,
        parallel: &dyn Parallel,
    ) -> Vec<f64> {
        let (mut place, mut found) = basis.place(c);
        if let Some(cycle) = record.cycle.clone().filter(Cycle::is_known) {
            for step in cycle.steps_to(step) {
                let before = basis.coordinates(&place).to_vec();
                let gradient_norm = basis.gradient_norm(&place, &found);
                found = basis.step(self.coefficients(step, gradient_norm), &mut place);
                record.movement.last_step = distance(basis.coordinates(&place), &before);
            }
            record.keep_cycle(course.schedule, false, step);
        }
        let at = evaluated(step, found.value, basis.gradient_norm(&place, &found));
        let c = basis.coordinates(&place);
        let x = basis.points(c);
        if record.keep(course.plan, course.schedule, &at, None) {
            let mut last = Waiting { steps: vec![(step, true)], c: c.to_vec() };
            self.file(basis, &mut last, course, record, parallel);
            record.movement.travelled = distance(&x, &course.plan.start);
        }
        x
    }

    /// Files iterates themselves, evaluated on the matrix.
    fn file<B: Basis>(
        &self,
        basis: &B,
        waiting: &mut Waiting,
        course: Course,
        record: &mut LaneRecord,
        parallel: &dyn Parallel,
    ) {
        if waiting.steps.is_empty() {
            return;
        }
        let d = self.problem.dimension();
        let x = basis.points(&waiting.c);
        let points: Vec<&[f64]> = x.chunks_exact(d).collect();
        let mut g = vec![0.0; x.len()];
        let mut gradients: Vec<&mut [f64]> = g.chunks_exact_mut(d).collect();
        let values = self.problem.values_gradients_on(&points, &mut gradients, true, parallel);
        for (((step, recorded), (x, g)), value) in
            waiting.steps.drain(..).zip(points.iter().zip(&gradients)).zip(values)
        {
            // The sums between recorded steps follow the decomposition.
            let off = basis.radius() * norm(x);
            let point = Point::of(self.problem, x, value, g, course.plan.base);
            let (error, gradient_error) = (point.error + 0.5 * off * norm(x), point.gradient_error + off);
            record.keep_point(Point { error, gradient_error, ..point }, recorded, step);
        }
        waiting.c.clear();
    }

    /// What lanes are in that have gone so far.
    fn tridiagonal_at(&self, step: u64) -> Option<&TridiagonalBasis<'a>> {
        self.tridiagonal.as_ref().filter(|_| step <= self.change || self.eigenbasis.get().is_none_or(Option::is_none))
    }
}

fn evaluated(step: u64, value: f64, gradient_norm: f64) -> Evaluated {
    Evaluated { step, value, gradient_norm, position: 0.0, on_the_line: false }
}

/// Coordinates of all lanes.
fn begin(basis: &impl Basis, state: &mut State, d: usize) {
    let mut x = vec![0.0; d];
    for lane in 0..state.width {
        state.gather(lane, &mut x, &mut []);
        state.components.extend(basis.of(&x));
    }
}

impl Stepper for Quadratic<'_> {
    fn advance(&self, state: &mut State, until: u64, sums: &mut Aggregates, parallel: &dyn Parallel) {
        let d = self.problem.dimension();
        if let Some(tridiagonal) = &self.tridiagonal {
            if state.components.is_empty() {
                begin(tridiagonal, state, d);
            }
            if state.step < self.change {
                self.go_on(tridiagonal, state, until.min(self.change), sums, parallel);
            }
            if state.step == until || sums.lanes.iter().all(LaneRecord::is_known) {
                state.step = until;
                return;
            }
        }
        match (self.eigenbasis(parallel), &self.tridiagonal) {
            (Some(basis), tridiagonal) => {
                if state.components.is_empty() {
                    begin(basis, state, d);
                }
                if let Some(tridiagonal) = tridiagonal.as_ref().filter(|_| state.step == self.change) {
                    let lanes = state.components.chunks_exact_mut(d).zip(&mut *sums.lanes);
                    for (c, record) in lanes.filter(|(_, record)| !record.is_known()) {
                        c.copy_from_slice(&basis.of(&tridiagonal.points(c)));
                        // Where it was lies in other coordinates.
                        (record.watch, record.cycle) = (Watch::default(), None);
                    }
                }
                self.go_on(basis, state, until, sums, parallel);
            }
            (None, Some(tridiagonal)) => self.go_on(tridiagonal, state, until, sums, parallel),
            (None, None) => unreachable!("eigenvectors are there from the start"),
        }
    }

    fn finish(&self, state: &mut State, sums: &mut Aggregates, parallel: &dyn Parallel) {
        let d = self.problem.dimension();
        let (course, step) = (sums.course, state.step);
        let lanes = std::mem::take(&mut state.components);
        for (lane, c) in lanes.chunks_exact(d).enumerate() {
            let record = &mut sums.lanes[lane];
            let reached = record.cycle.as_ref().filter(|cycle| cycle.is_known()).map_or(step, Cycle::end);
            let x = match (self.tridiagonal_at(reached), self.eigenbasis.get()) {
                _ if record.diverged.is_some() => c.to_vec(),
                (Some(tridiagonal), _) => self.end(tridiagonal, c, step, course, record, parallel),
                (None, Some(Some(basis))) => self.end(basis, c, step, course, record, parallel),
                (None, _) => unreachable!("lanes went on in one or the other"),
            };
            state.scatter(lane, &x, &[]);
        }
    }

    fn work(&self) -> u64 {
        4 * self.problem.dimension() as u64
    }

    fn rounding(&self) -> StepRounding {
        let of = |radius: f64, [step, reading]: [f64; 2]| [self.method.eta.first() * radius + step, reading];
        let tridiagonal = self.tridiagonal.as_ref().map(|basis| of(basis.radius(), basis.rounding()));
        let eigenbasis =
            self.eigenbasis.get().and_then(Option::as_ref).map(|basis| of(basis.radius(), basis.rounding()));
        match (tridiagonal, eigenbasis) {
            (Some([early, turning]), Some([each, reading])) => {
                StepRounding { each, early: (early, self.change), reading: turning + reading }
            }
            (one, other) => {
                let [each, reading] = one.or(other).unwrap_or_default();
                StepRounding { each, early: (0.0, 0), reading }
            }
        }
    }
}

#[cfg(test)]
mod tests;
