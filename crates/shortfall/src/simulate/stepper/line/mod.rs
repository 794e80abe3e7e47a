//! Stochastic methods on mixtures of functions on the line with piecewise linear derivatives: lanes beside each other in registers.
//!
//! A tile of steps is made first, then read: sums and extremes of its steps are taken part by part and added to the records. Parts do
//! not depend on the number of steps; those of the floor's window, which does, are taken besides. Iterates, draws, extremes and
//! recorded points are those of the plain stepper bit for bit; sums differ from its by the rounding of a part's. A lane that leaves the
//! range of plain arithmetic goes through the tile again in the plain stepper.

mod running;
mod tile;

use super::{Aggregates, Course, Plain, Stepper};
use crate::kernel::{
    Coefficients, Curve, GROUP, GROUPS, Generators, LARGEST_BATCH, Lanes, Row, Rule, Three, Totals, advance, evaluate,
    survey, travel,
};
use crate::method::{Method, SampleReuse};
use crate::parallel::Parallel;
use crate::problem::{PiecewiseLinear, Problem};
use crate::random::{COINS, Generator};
use crate::simulate::State;
use crate::simulate::aggregates::{Extremes, LaneRecord, Point};
use crate::simulate::state::WORDS;
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
        (pieces <= MOST_PIECES).then(|| Self {
            steepness: [level, slope],
            problem,
            method,
            plain: Plain::new(problem, method),
            mean: curve(mixture.mean()),
            components,
            thresholds: mixture.thresholds(),
            batch: sampling.batch,
            independent: sampling.reuse == SampleReuse::Independent,
            weights: [lambda, 1.0 - lambda],
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
        }
    }

    fn coefficients(&self, t: u64) -> Coefficients {
        let rho = self.method.rho.at(t);
        [self.method.eta.at(t), rho * self.weights[0], rho * self.weights[1]]
    }
}

fn curve(line: &PiecewiseLinear) -> Curve {
    Curve { breakpoints: line.breakpoints().to_vec(), pieces: line.evaluated_pieces() }
}

impl Stepper for Line<'_> {
    fn advance(&self, state: &mut State, until: u64, sums: &mut Aggregates, parallel: &dyn Parallel) {
        let mut lanes = load(state);
        let (mut places, mut coefficients) = (Vec::new(), Vec::with_capacity(TILE as usize));
        let is_constant = self.method.eta.is_constant() && self.method.rho.is_constant();
        let course = sums.course;
        let (limit, keeps_sums) = (course.schedule.limit, course.schedule.keeps_sums());
        // One a group, where anything is summed.
        let mut running: Vec<Running> =
            if keeps_sums { sums.lanes.chunks(GROUP).map(Running::of).collect() } else { Vec::new() };
        let mut known: Vec<bool> = sums.lanes.iter().map(LaneRecord::is_known).collect();
        while state.step < until {
            let steps = state.step..until.min(self.tile_end(state.step, course));
            if is_constant {
                coefficients.resize((steps.end - steps.start) as usize, self.coefficients(0));
            } else {
                coefficients.clear();
                coefficients.extend(steps.clone().map(|t| self.coefficients(t)));
            }
            if !keeps_sums && steps.start > 0 && steps.end < course.plan.steps && known.iter().all(|known| !known) {
                for part in coefficients.chunks(SURE) {
                    let different = if is_constant { &part[..1] } else { part };
                    if !self.stay_within(limit, &lanes, different, part.len()) {
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
            places.resize(coefficients.len(), Row::default());
            advance(&rule, &coefficients, &mut lanes, &mut places);
            let going = known.iter().position(|is_known| !is_known).and_then(|lane| running.get(lane / GROUP));
            let turn = going.map_or(steps.end, Running::next);
            let tile = Tile::new(steps, &places, turn, course);
            for (group, after) in lanes.iter_mut().enumerate().take(state.width.div_ceil(GROUP)) {
                let read = self.read(&tile, group, course);
                let mut again = Vec::new();
                for l in 0..GROUP.min(state.width - group * GROUP) {
                    let lane = group * GROUP + l;
                    let is_known = known[lane];
                    if !is_known && after.x[l].abs() <= limit && is_plain(&read.whole, l, limit) {
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
                        self.plain.advance(&mut alone, tile.steps.end, &mut only, parallel);
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

    fn finish(&self, state: &mut State, sums: &mut Aggregates, parallel: &dyn Parallel) {
        self.plain.finish(state, sums, parallel);
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
    /// Where the tile that begins at a step ends. Where nothing is summed the first and the last step, whose lengths are kept,
    /// stand alone.
    fn tile_end(&self, step: u64, course: Course) -> u64 {
        let end = (step / TILE + 1) * TILE;
        let last = course.plan.steps - 1;
        match step {
            _ if course.schedule.keeps_sums() => end,
            0 => 1,
            _ if step < last => end.min(last),
            _ => end,
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

    fn read(&self, tile: &Tile, group: usize, course: Course) -> Read {
        let kept = 1.0 - course.plan.weight_decay.unwrap_or(0.0);
        let totals = |steps: &Range<u64>| {
            let [from, to] = [steps.start, steps.end].map(|step| (step - tile.steps.start) as usize);
            survey(&self.mean, [course.plan.base, kept], &tile.rows[from..to], group)
        };
        let parts: Vec<Totals> = tile.parts.iter().map(|part| totals(&part.steps)).collect();
        let mut whole = parts[0].clone();
        parts.iter().zip(&tile.parts).skip(1).for_each(|(totals, part)| whole.join(totals, part.kept));
        let window = tile.window.iter().map(|(_, steps)| totals(steps)).collect();
        let at = |t: &u64| &tile.rows[(t - tile.steps.start) as usize][group];
        let recorded = course.schedule.recorded_within(tile.steps.clone()).iter();
        let recorded = recorded.map(|t| (*t, evaluate(&self.mean, course.plan.base, at(t)))).collect();
        Read { parts, whole, window, recorded }
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
        if let Some(kept) = tile.kept {
            record.sums_mut().weighted.add_steps(kept, tile.steps.end, read.whole.fading[l]);
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
            let (x, value, slope) = (place(*t), value[l], slope[l]);
            let point = Point {
                value,
                gradient_norm: slope.abs(),
                error: self.problem.value_error(&[x], value),
                gradient_error: self.problem.gradient_error(&[x], value, &[slope]),
                position: x,
            };
            record.keep_point(point, true, *t);
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

/// Whether all that was met is finite and nothing has diverged.
fn is_plain(totals: &Totals, l: usize, limit: f64) -> bool {
    let Totals { value, slope, square, position, position_square, .. } = totals;
    let finite = |three: &Three| (three.sum[l] + (three.largest[l] - three.smallest[l])).is_finite();
    finite(value)
        && finite(slope)
        && square.sum[l].is_finite()
        && position_square.sum[l].is_finite()
        && position.smallest[l] >= -limit
        && position.largest[l] <= limit
}

/// Lanes that are missing start at 0, and nothing reads them.
fn load(state: &State) -> [Lanes; GROUPS] {
    let mut lanes = [(); GROUPS].map(|()| Lanes { x: [0.0; GROUP], generators: [Generators::default(); 2] });
    for lane in 0..state.width {
        let (group, l) = (&mut lanes[lane / GROUP], lane % GROUP);
        group.x[l] = state.x[lane];
        group.set_generators(l, &state.generators(lane));
    }
    lanes
}

impl Lanes {
    fn generators_of(&self, l: usize) -> [Generator; 2] {
        let [descent, ascent] = &self.generators;
        [descent, ascent].map(|Generators { words: [a, b, c, d], coins, coins_left }| Generator {
            words: [a[l], b[l], c[l], d[l]],
            coins: coins[l],
            coins_left: coins_left[l],
        })
    }

    fn set_generators(&mut self, l: usize, generators: &[Generator; 2]) {
        for (kept, generator) in self.generators.iter_mut().zip(generators) {
            kept.words.iter_mut().zip(generator.words).for_each(|(words, word)| words[l] = word);
            kept.coins[l] = generator.coins;
            kept.coins_left[l] = generator.coins_left;
        }
    }

    /// One lane of a block, as a block.
    fn alone(&self, l: usize, block: &State, lane: usize) -> State {
        let mut alone = State {
            step: block.step,
            width: 1,
            first_lane: block.first_lane + lane as u64,
            x: vec![self.x[l]],
            memory: Vec::new(),
            components: Vec::new(),
            random: vec![0; WORDS],
        };
        alone.set_generators(0, &self.generators_of(l));
        alone
    }

    fn put_back(&mut self, l: usize, alone: &State) {
        self.x[l] = alone.x[0];
        self.set_generators(l, &alone.generators(0));
    }
}

#[cfg(test)]
mod tests {
    use super::super::Schedule;
    use super::*;
    use crate::constants::Number;
    use crate::method::Sampling;
    use crate::parallel::Sequential;
    use crate::problem::Mixture;
    use crate::simulate::{Outcome, Plan, Record, Run, run};
    use proptest::prelude::*;
    use std::ops::ControlFlow;

    fn problems() -> Vec<Mixture> {
        let line = |breakpoints: &[f64], slopes: &[f64], at_zero: f64| {
            let slopes = slopes.iter().copied().map(Number::exact).collect();
            PiecewiseLinear::from_value_at_zero(breakpoints.to_vec(), slopes, at_zero.into())
        };
        vec![
            Mixture::new(vec![line(&[], &[1.0], 1.0), line(&[], &[1.0], -1.0)], vec![0.7, 0.3]),
            Mixture::new(
                vec![
                    line(&[-1.0, 2.0], &[3.0, -1.0, 2.0], 0.5),
                    line(&[0.5], &[1.0, 4.0], -2.0),
                    line(&[], &[2.0], 0.0),
                ],
                vec![0.25, 0.45, 0.3],
            ),
            Mixture::new(vec![line(&[0.0], &[1.0, 0.0], 0.0)], vec![1.0]),
        ]
    }

    fn method(rule: usize, eta: f64, batch: usize, independent: bool) -> Method {
        let reuse = if independent { SampleReuse::Independent } else { SampleReuse::Same };
        let sampling = Sampling { batch, replacement: true, reuse };
        let deterministic =
            [Method::sam(eta, 0.3), Method::gd(eta), Method::usam(eta, 0.1), Method::unified_sam(0.4, eta, 0.3)];
        let [sam, gd, usam, unified] = deterministic;
        Method { sampling: Some(sampling), ..[sam, gd, usam, unified].into_iter().nth(rule % 4).expect("one of four") }
    }

    fn after(stepper: &dyn Stepper, problem: &dyn Problem, method: &Method, plan: &Plan) -> (State, Vec<LaneRecord>) {
        let schedule = Schedule::new(plan, problem, method);
        let width = plan.lanes as usize;
        let mut records = vec![LaneRecord::default(); width];
        let mut sums = Aggregates { course: Course { plan, schedule: &schedule }, lanes: &mut records };
        let mut state = State::new(plan, method, 0, width);
        stepper.advance(&mut state, plan.steps, &mut sums, &Sequential);
        stepper.finish(&mut state, &mut sums, &Sequential);
        (state, records)
    }

    fn same(a: &LaneRecord, b: &LaneRecord) {
        assert_eq!((&a.points, a.diverged), (&b.points, b.diverged));
        assert_eq!((a.movement.first_step, a.movement.travelled), (b.movement.first_step, b.movement.travelled));
        assert_eq!(a.movement.last_step, b.movement.last_step);
        let all = |record: &LaneRecord| {
            let sums = record.sums();
            let mut all = vec![sums.value, sums.gradient_norm, sums.squared_gradient, sums.position];
            all.extend(sums.window_value);
            all.extend(sums.window_squared_gradient);
            all.extend(sums.window_position);
            all.extend(sums.window_square);
            let mut recent = record.clone();
            recent.close_window();
            all.extend(recent.sums().window_value);
            all.extend(recent.sums().window_squared_gradient);
            all
        };
        for (a, b) in all(a).iter().zip(all(b)) {
            assert_eq!((a.weight, a.smallest, a.largest), (b.weight, b.smallest, b.largest));
            let size = if b.weight > 0.0 { b.smallest.abs().max(b.largest.abs()) * b.weight } else { 0.0 };
            assert!((a.sum.value() - b.sum.value()).abs() <= 1e-13 * size, "{a:?} {b:?}");
        }
        let (a, b) = (a.sums(), b.sums());
        assert!((a.weighted.mean(0.01, 300) - b.weighted.mean(0.01, 300)).abs() <= 1e-12 * a.value.largest.abs());
    }

    proptest! {
        #[test]
        fn lanes_are_those_of_the_plain_stepper(
            which in 0usize..3, rule in 0usize..4, eta in 0.01..0.6f64, batch in 1usize..5, independent: bool,
            lanes in 1u64..33, steps in 1u64..900, weigh: bool, ends: bool,
        ) {
            let (problem, method) = (&problems()[which], method(rule, eta, batch, independent));
            let decay = weigh.then_some(0.01);
            let record = if ends { Record::Ends } else { Record::LogSpaced };
            let whole = Plan::new(problem.default_start(), steps);
            let plan = Plan { lanes, seed: steps, weight_decay: decay, record, ..whole };
            let line = Line::of(problem, &method).expect("a mixture");
            let (state, fast) = after(&line, problem, &method, &plan);
            let (plainly, slow) = after(&Plain::new(problem, &method), problem, &method, &plan);
            prop_assert_eq!((state.x, state.random), (plainly.x, plainly.random));
            fast.iter().zip(&slow).for_each(|(a, b)| same(a, b));
        }
    }

    #[test]
    fn lanes_that_diverge_do_so_where_plain_ones_do() {
        let hill = |shift: f64| {
            let breakpoints = vec![shift - 2.0, shift + 2.0];
            PiecewiseLinear::from_value_at_zero(
                breakpoints,
                [-1.0, 1.0, -1.0].map(Number::exact).to_vec(),
                (-shift).into(),
            )
        };
        // Some lanes leave the bowl at different steps, some stay.
        let problem = &Mixture::new(vec![hill(-1.4), hill(1.4)], vec![0.5, 0.5]);
        let method = method(0, 0.35, 1, false);
        // Long enough for parts of the recent steps that are longer than a tile.
        for (record, steps) in [(Record::LogSpaced, 1500), (Record::LogSpaced, 30_000), (Record::Ends, 1500)] {
            let plan = Plan { lanes: 29, record, ..Plan::new(vec![3.9], steps) };
            let (state, fast) = after(&Line::of(problem, &method).expect("a mixture"), problem, &method, &plan);
            let (plainly, slow) = after(&Plain::new(problem, &method), problem, &method, &plan);
            let gone = slow.iter().filter(|lane| lane.diverged.is_some()).count();
            assert!(gone > 0 && gone < slow.len(), "{gone}");
            assert_eq!((state.x, state.random), (plainly.x, plainly.random));
            fast.iter().zip(&slow).for_each(|(a, b)| same(a, b));
        }
    }

    /// Places are not kept on the way: neither where that is interrupted nor a lane that has gone from the start shows.
    #[test]
    fn lanes_that_cannot_leave_are_those_of_the_plain_stepper() {
        let problem = &problems()[0];
        for (start, step, which) in [(2.0, 0.05, 0), (2.0, 3.5, 0), (1e160, 0.05, 0), (2.0, 0.05, 3)] {
            let method = method(which, step, 1, false);
            let plan = Plan { lanes: 9, record: Record::Ends, ..Plan::new(vec![start], 700) };
            let (plainly, slow) = after(&Plain::new(problem, &method), problem, &method, &plan);
            let line = Line::of(problem, &method).expect("a mixture");
            for looks in [&[700][..], &[1, 2, 130, 131, 512, 699, 700]] {
                let schedule = Schedule::new(&plan, problem, &method);
                let mut records = vec![LaneRecord::default(); 9];
                let mut sums = Aggregates { course: Course { plan: &plan, schedule: &schedule }, lanes: &mut records };
                let mut state = State::new(&plan, &method, 0, 9);
                looks.iter().for_each(|until| line.advance(&mut state, *until, &mut sums, &Sequential));
                line.finish(&mut state, &mut sums, &Sequential);
                assert_eq!((&state.x, &state.random), (&plainly.x, &plainly.random), "{start} {step} {looks:?}");
                records.iter().zip(&slow).for_each(|(a, b)| same(a, b));
            }
        }
    }

    /// A group of which all lanes have gone knows nothing of the recent steps any more.
    #[test]
    fn lanes_do_not_depend_on_those_that_have_gone() {
        let line = |breakpoints: &[f64], slopes: &[f64]| {
            let slopes = slopes.iter().copied().map(Number::exact).collect();
            PiecewiseLinear::from_value_at_zero(breakpoints.to_vec(), slopes, Number::exact(0.1))
        };
        let problem = &Mixture::new(
            vec![line(&[-2.0, 2.0], &[-1.0, 1.0, -1.0]), line(&[-2.0, 2.0], &[-1.0, 1.5, -1.0])],
            vec![0.5, 0.5],
        );
        let method = method(0, 0.35, 1, false);
        let line = Line::of(problem, &method).expect("a mixture");
        let plan = Plan { lanes: 16, ..Plan::new(vec![0.5], 30_000) };
        let schedule = Schedule::new(&plan, problem, &method);
        let advanced = |gone: bool, looks: &[u64]| {
            let mut records = vec![LaneRecord::default(); 16];
            if gone {
                records[..8].iter_mut().for_each(|record| record.diverged = Some(0));
            }
            let mut state = State::new(&plan, &method, 0, 16);
            for until in looks {
                let mut sums = Aggregates { course: Course { plan: &plan, schedule: &schedule }, lanes: &mut records };
                line.advance(&mut state, *until, &mut sums, &Sequential);
            }
            records.split_off(8)
        };
        let all = advanced(false, &[30_000]);
        assert_eq!(all, advanced(true, &[30_000]));
        assert_eq!(all, advanced(true, &[16_384, 30_000]));
    }

    #[test]
    fn neither_blocks_nor_looks_show() {
        let (problem, method) = (&problems()[0], method(0, 0.05, 1, false));
        let made = |lanes: u64, first_replicate: u64, steps: u64, looks: u32| -> Run {
            let plan = Plan { lanes, first_replicate, ..Plan::new(vec![1.5], steps) };
            let mut left = looks;
            let observer = &mut |_| {
                left -= 1;
                if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            run(problem, &method, plan, &Sequential, observer).expect("they fit")
        };
        let stopped = made(70, 0, 10_000_000, 1);
        let Outcome::Stopped { step } = stopped.outcome else { panic!("{:?}", stopped.outcome) };
        let whole = made(70, 0, step, u32::MAX);
        for (stopped, whole) in stopped.lanes.iter().zip(&whole.lanes) {
            assert_eq!((&stopped.sums().value, stopped.last()), (&whole.sums().value, whole.last()));
        }
        let alone = made(1, 41, step, u32::MAX);
        assert_eq!(alone.lanes[0], whole.lanes[41]);
    }
}
