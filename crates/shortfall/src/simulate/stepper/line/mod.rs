//! Stochastic methods on mixtures of functions on the line with piecewise linear derivatives: lanes beside each other in registers.
//!
//! A tile of steps is made first, then read: sums and extremes of its steps are taken part by part and added to the records. Parts do
//! not depend on the number of steps; those of the floor's window, which does, are taken besides. Iterates, draws, extremes and
//! recorded points are those of the plain stepper bit for bit, but for leaps; sums differ from its by the rounding of a part's. A lane
//! that leaves the range of plain arithmetic goes through the tile again in the plain stepper.

mod block;
mod running;
#[cfg(test)]
mod tests;
mod tile;

use super::{Aggregates, Course, Plain, Stepper};
use crate::kernel::{
    Coefficients, Curve, GROUP, GROUPS, LARGEST_BATCH, Lanes, Leap, Row, Rule, Three, Totals, advance, distance,
    evaluate, survey, travel,
};
use crate::method::{Method, SampleReuse};
use crate::parallel::Parallel;
use crate::problem::{PiecewiseLinear, Problem};
use crate::random::COINS;
use crate::simulate::State;
use crate::simulate::aggregates::{Evaluated, Extremes, LaneRecord, Point};
use block::load;
use running::Running;
use std::ops::Range;
use tile::{Read, Tile};

/// Steps of a tile: 64 KB of places. Half as many are no faster.
const TILE: u64 = 256;
/// Steps for which it is asked at a time whether a lane could leave: fewer bear longer steps.
const SURE: usize = 64;
/// More breakpoints are found faster by the plain stepper.
const MOST_PIECES: usize = 16;

/// See the module.
pub struct Line<'a> {
    problem: &'a dyn Problem,
    method: &'a Method,
    plain: Plain<'a>,
    mean: Curve,
    components: Vec<Curve>,
    thresholds: &'a [u64],
    batch: usize,
    independent: bool,
    /// Weight of the normalised part of the perturbation, and the rest.
    weights: [f64; 2],
    /// l and L, for which `|g(x)| <= l + L|x|` for every component.
    steepness: [f64; 2],
    /// Where steps are affine maps.
    leap: Option<Leap>,
}

impl<'a> Line<'a> {
    /// For gradient steps with draws with replacement from a mixture, if it is one with few pieces.
    pub fn of(problem: &'a dyn Problem, method: &'a Method) -> Option<Self> {
        let sampling = method.sampling.filter(|sampling| sampling.replacement && sampling.batch <= LARGEST_BATCH)?;
        let mixture = problem.mixture().filter(|_| method.descent.is_gradient_descent())?;
        let lambda = if method.perturbs() { method.ascent.perturbation().lambda()? } else { 0.0 };
        let components: Vec<Curve> = mixture.components().iter().map(curve).collect();
        let pieces = components.iter().map(|component| component.pieces.len()).sum::<usize>();
        let all = || components.iter().flat_map(|component| &component.pieces);
        let level = all().map(|[anchor, value, slope, _]| value.abs() + (slope * anchor).abs()).fold(0.0, f64::max);
        let slope = all().map(|[_, _, slope, _]| slope.abs()).fold(0.0, f64::max);
        let independent = sampling.reuse == SampleReuse::Independent;
        let weights = [lambda, 1.0 - lambda];
        let tosses = sampling.batch == 1 && !(method.perturbs() && independent);
        let leap =
            (tosses && is_constant(method)).then(|| Leap::of(&components, coefficients(method, weights, 0))).flatten();
        (pieces <= MOST_PIECES).then(|| Self {
            steepness: [level, slope],
            leap,
            problem,
            method,
            plain: Plain::new(problem, method),
            mean: curve(mixture.mean()),
            components,
            thresholds: mixture.thresholds(),
            batch: sampling.batch,
            independent,
            weights,
        })
    }

    /// From a step on.
    fn rule(&self, t: u64) -> Rule<'_> {
        // In each step from the first on, every role that draws tosses one coin a sample, if any.
        let drawn = if self.thresholds.len() == 2 { (t % COINS) * self.batch as u64 % COINS } else { 0 };
        let left = (COINS - drawn) % COINS;
        let perturbs = self.method.perturbs();
        Rule {
            components: &self.components,
            thresholds: self.thresholds,
            coins_left: [left, if perturbs && self.independent { left } else { 0 }],
            batch: self.batch,
            perturbs,
            independent: self.independent,
            rests: self.weights[1] != 0.0,
            leap: self.leap.as_ref(),
        }
    }

    fn coefficients(&self, t: u64) -> Coefficients {
        coefficients(self.method, self.weights, t)
    }
}

/// Whether all steps have the same coefficients.
fn is_constant(method: &Method) -> bool {
    method.eta.is_constant() && (!method.perturbs() || method.rho.is_constant())
}

fn coefficients(method: &Method, [along, rest]: [f64; 2], t: u64) -> Coefficients {
    let rho = if method.perturbs() { method.rho.at(t) } else { 0.0 };
    [method.eta.at(t), rho * along, rho * rest]
}

fn curve(line: &PiecewiseLinear) -> Curve {
    Curve { breakpoints: line.breakpoints().to_vec(), pieces: line.evaluated_pieces() }
}

impl Stepper for Line<'_> {
    fn advance(&self, state: &mut State, until: u64, sums: &mut Aggregates, parallel: &dyn Parallel) {
        let mut lanes = load(state);
        let is_constant = is_constant(self.method);
        let (mut places, mut all) = (Vec::new(), vec![self.coefficients(state.step); TILE as usize]);
        let course = sums.course;
        let (limit, keeps_sums) = (course.schedule.limit, course.schedule.keeps_sums());
        // One a group, where anything is summed.
        let mut running: Vec<Running> =
            if keeps_sums { sums.lanes.chunks(GROUP).map(Running::of).collect() } else { Vec::new() };
        let mut known: Vec<bool> = sums.lanes.iter().map(LaneRecord::is_known).collect();
        while state.step < until {
            let steps = state.step..until.min(self.tile_end(state.step, course));
            let coefficients = &mut all[..(steps.end - steps.start) as usize];
            if !is_constant {
                coefficients.iter_mut().zip(steps.clone()).for_each(|(at, t)| *at = self.coefficients(t));
            }
            let coefficients = &*coefficients;
            let stay = |lanes: &[Lanes], steps: &[Coefficients]| {
                let different = if is_constant { &steps[..1] } else { steps };
                self.stay_within(limit, lanes, different, steps.len())
            };
            if !keeps_sums && steps.start > 0 && steps.end < course.plan.steps && known.iter().all(|known| !known) {
                let together = if stay(&lanes, coefficients) { coefficients.len() } else { SURE };
                for part in coefficients.chunks(together) {
                    if !stay(&lanes, part) {
                        break;
                    }
                    travel(&self.rule(state.step), part, &mut lanes);
                    state.step += part.len() as u64;
                }
                if state.step > steps.start {
                    continue;
                }
            }
            let rule = self.rule(state.step);
            let before = lanes.clone();
            let are_read = keeps_sums || !stay(&before, coefficients);
            places.resize(coefficients.len(), Row::default());
            advance(&rule, coefficients, &mut lanes, &mut places);
            let going = known.iter().position(|is_known| !is_known).and_then(|lane| running.get(lane / GROUP));
            let turn = going.map_or(steps.end, Running::next);
            let tile = Tile::new(steps, &places, turn, course);
            for (group, after) in lanes.iter_mut().enumerate().take(state.width.div_ceil(GROUP)) {
                let read = self.read(&tile, are_read, group, course);
                let mut again = Vec::new();
                for l in 0..GROUP.min(state.width - group * GROUP) {
                    let lane = group * GROUP + l;
                    let is_known = known[lane];
                    if !is_known && after.x[l].abs() <= limit && read.is_plain(l, limit) {
                        self.file(&tile, &read, (group, l), after.x[l], course, &mut sums.lanes[lane]);
                        continue;
                    }
                    let mut alone = before[group].alone(l, state, lane);
                    if !is_known {
                        let record = std::slice::from_mut(&mut sums.lanes[lane]);
                        if let Some(running) = running.get(group) {
                            running.put(l, &mut record[0]);
                        }
                        let mut only = Aggregates { course, lanes: record };
                        self.advance_plainly(&mut alone, tile.steps.end, &mut only, parallel);
                        known[lane] = only.lanes[0].is_known();
                        if !known[lane] {
                            again.push(l);
                        }
                    }
                    after.put_back(l, &alone);
                }
                if let Some(running) = running.get_mut(group) {
                    running.add_tile(&tile, &read);
                    again.iter().for_each(|l| running.take(*l, &sums.lanes[group * GROUP + l]));
                }
            }
            state.step = tile.steps.end;
        }
        for lane in 0..state.width {
            let (group, l) = (&lanes[lane / GROUP], lane % GROUP);
            state.scatter(lane, &[group.x[l]], &[]);
            state.set_generators(lane, &group.generators_of(l));
        }
        for (records, running) in sums.lanes.chunks_mut(GROUP).zip(&running) {
            let going = records.iter_mut().enumerate().filter(|(_, record)| !record.is_known());
            going.for_each(|(l, record)| running.put(l, record));
        }
    }

    fn finish(&self, state: &mut State, sums: &mut Aggregates, _: &dyn Parallel) {
        let course = sums.course;
        for (records, places) in sums.lanes.chunks_mut(GROUP).zip(state.x.chunks(GROUP)) {
            let mut x = [0.0; GROUP];
            x[..places.len()].copy_from_slice(places);
            let [values, slopes] = evaluate(&self.mean, 0.0, &x);
            let lanes = records.iter_mut().zip(x).zip(values.into_iter().zip(slopes));
            for ((record, x), (value, slope)) in lanes.filter(|((record, _), _)| record.diverged.is_none()) {
                let (step, gradient_norm) = (state.step, slope.abs());
                let at = Evaluated { step, value, gradient_norm, position: x, on_the_line: true };
                if record.keep(course.plan, course.schedule, &at, None) {
                    record.keep_point(self.point(x, value - course.plan.base, slope), true, step);
                    record.movement.travelled = distance(&[x], &course.plan.start);
                }
            }
        }
    }

    fn width(&self) -> u64 {
        (GROUP * GROUPS) as u64
    }

    fn tile(&self) -> u64 {
        TILE
    }

    fn work(&self) -> u64 {
        (4 * self.batch) as u64
    }
}

impl Line<'_> {
    /// Where the tile that begins at a step ends. Where nothing is summed the steps of the first toss and of the last, among which are
    /// those whose lengths are kept, stand alone.
    fn tile_end(&self, step: u64, course: Course) -> u64 {
        let end = (step / TILE + 1) * TILE;
        let last = (course.plan.steps - 1) / COINS * COINS;
        match step {
            _ if course.schedule.keeps_sums() => end,
            0 => COINS,
            _ if step < last => end.min(last),
            _ => end,
        }
    }

    /// As [`Stepper::advance`], in the plain stepper but for the leaps.
    fn advance_plainly(&self, state: &mut State, until: u64, sums: &mut Aggregates, parallel: &dyn Parallel) {
        let Some(leap) = &self.leap else { return self.plain.advance(state, until, sums, parallel) };
        while state.step < until {
            let end = until.min((state.step / COINS + 1) * COINS);
            let leaps = state.step + COINS == end;
            let land = |lane: usize| {
                let [mut descent, _] = state.generators(lane);
                leap.land_one(descent.toss(self.thresholds[0]), state.x[lane])
            };
            let landed: Vec<Option<f64>> = (0..state.width).filter(|_| leaps).map(land).collect();
            self.plain.advance(state, end - 1, sums, parallel);
            let before = state.x.clone();
            self.plain.advance(state, end, sums, parallel);
            for (lane, landed) in landed.into_iter().enumerate() {
                let record = &mut sums.lanes[lane];
                let Some(landed) = landed.filter(|_| !record.is_known()) else { continue };
                state.x[lane] = landed;
                if end == sums.course.plan.steps {
                    record.movement.last_step = (landed - before[lane]).abs();
                }
            }
        }
    }

    /// Whether no lane can get beyond the limit in so many steps. With L the steepest slope of the components and `|g(x)| <= l + L|x|`,
    /// a step leads to `|x| + eta (l + L (|x| + along + rest (l + L|x|)))` at most; the factor 2 is for rounding.
    fn stay_within(&self, limit: f64, lanes: &[Lanes], coefficients: &[Coefficients], steps: usize) -> bool {
        let largest = |k: usize| coefficients.iter().fold(0.0, |most: f64, at| most.max(at[k].abs()));
        let [eta, along, rest] = [largest(0), largest(1), largest(2)];
        let [level, slope] = self.steepness;
        let factor = 1.0 + eta * slope * (1.0 + rest * slope);
        let summand = eta * (level + slope * (along + rest * level));
        let most = limit / 2.0 / factor.powi(steps as i32) - steps as f64 * summand;
        lanes.iter().flat_map(|lanes| lanes.x).all(|x| x.abs() <= most)
    }

    /// What is to be filed; sums only where they are wanted.
    fn read(&self, tile: &Tile, sums: bool, group: usize, course: Course) -> Read {
        let kept = 1.0 - course.plan.weight_decay.unwrap_or(0.0);
        let totals = |steps: &Range<u64>| {
            let [from, to] = [steps.start, steps.end].map(|step| (step - tile.steps.start) as usize);
            survey(&self.mean, [course.plan.base, kept], &tile.rows[from..to], group)
        };
        let parts: Vec<Totals> = tile.parts.iter().filter(|_| sums).map(|part| totals(&part.steps)).collect();
        let mut whole = parts.first().cloned();
        if let Some(whole) = &mut whole {
            parts.iter().zip(&tile.parts).skip(1).for_each(|(totals, part)| whole.join(totals, part.kept));
        }
        let window = tile.window.iter().map(|(_, steps)| totals(steps)).collect();
        let at = |t: &u64| &tile.rows[(t - tile.steps.start) as usize][group];
        let recorded = course.schedule.recorded_within(tile.steps.clone()).iter();
        let recorded = recorded.map(|t| (*t, evaluate(&self.mean, course.plan.base, at(t)))).collect();
        Read { parts, whole, window, recorded }
    }

    /// Given `f - base` and f' there.
    fn point(&self, x: f64, value: f64, slope: f64) -> Point {
        Point {
            value,
            gradient_norm: slope.abs(),
            error: self.problem.value_error(&[x], value),
            gradient_error: self.problem.gradient_error(&[x], value, &[slope]),
            position: x,
        }
    }

    /// Adds a tile to a lane's record.
    fn file(
        &self,
        tile: &Tile,
        read: &Read,
        (group, l): (usize, usize),
        after: f64,
        course: Course,
        record: &mut LaneRecord,
    ) {
        let place = |t: u64| tile.rows.get((t - tile.steps.start) as usize).map_or(after, |row| row[group][l]);
        if let (Some(kept), Some(whole)) = (tile.kept, &read.whole) {
            record.sums_mut().weighted.add_steps(kept, tile.steps.end, whole.fading[l]);
        }
        for ((half, steps), totals) in tile.window.iter().zip(&read.window) {
            let join = |whole: &mut Extremes, three: &Three| {
                let weight = (steps.end - steps.start) as f64;
                *whole = whole.join(&Extremes::of(weight, three.sum[l], three.smallest[l], three.largest[l]));
            };
            let sums = record.sums_mut();
            join(&mut sums.window_value[*half], &totals.value);
            join(&mut sums.window_squared_gradient[*half], &totals.square);
            join(&mut sums.window_position[*half], &totals.position);
            join(&mut sums.window_square[*half], &totals.position_square);
        }
        if record.points.is_empty() {
            record.points.reserve_exact(course.schedule.recorded.len());
        }
        for (t, [value, slope]) in &read.recorded {
            record.keep_point(self.point(place(*t), value[l], slope[l]), true, *t);
        }
        let step = |t: u64| (place(t + 1) - place(t)).abs();
        if tile.steps.start == 0 {
            record.movement.first_step = step(0);
            record.movement.last_step = step(0);
        }
        if tile.steps.end == course.plan.steps {
            record.movement.last_step = step(tile.steps.end - 1);
        }
    }
}
