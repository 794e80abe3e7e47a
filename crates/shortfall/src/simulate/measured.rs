//! Numbers read off a run: the quantities statements bound, and the floor.

use super::Record;
use super::aggregates::{Extremes, LaneRecord, Point};
use super::paths::{SUMMED, Told};
use super::run::{Expectations, Outcome, Run};
use super::statistics::{FEWEST, Interval, student_interval};
use crate::kernel::max_abs;
use crate::theorem::{Measure, Mode, Over, Quantity};

/// A quantity as measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Mean over lanes with what is certain of it: rounding of the values, error of f*, and the 99.9 % interval of a
    /// mean over lanes.
    pub interval: Interval,
    /// Smallest over lanes (and over steps, where the quantity covers many); of what is measured as one number, or as a mean with an
    /// interval, the lower end before `error` widens it.
    pub smallest: f64,
    /// Largest likewise.
    pub largest: f64,
    /// Resolution: rounding of the values and of the iterates, error of f*.
    pub error: f64,
    /// For a limit: relative difference of the means over the two halves of the window.
    pub drift: f64,
    /// Lanes behind it.
    pub lanes: usize,
}

impl Measured {
    /// From an interval over lanes and a resolution.
    pub(super) fn of(interval: Interval, error: f64, lanes: usize) -> Self {
        let Interval { low, high, .. } = interval;
        Self { interval: interval.widened(error), smallest: low, largest: high, error, drift: 0.0, lanes }
    }

    /// The square root of all of it.
    fn root(self) -> Self {
        let root = |x: f64| x.max(0.0).sqrt();
        let Interval { mean, low, high } = self.interval;
        let error = (root(self.largest + self.error) - root(self.largest))
            .max(root(self.smallest) - root(self.smallest - self.error));
        Self {
            interval: Interval { mean: root(mean), low: root(low), high: root(high) },
            smallest: root(self.smallest),
            largest: root(self.largest),
            error,
            ..self
        }
    }
}

/// The floor a run reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Floor {
    /// Mean over the window and over lanes.
    pub interval: Interval,
    /// Smallest value in the window.
    pub smallest: f64,
    /// Largest value in the window.
    pub largest: f64,
    /// The two halves of the window agree, to 1 % for a single run, within their intervals for means over lanes; and so
    /// does the middle of the run, to 5 %, so that a slow descent is not taken for rest.
    pub settled: bool,
    /// Whether more steps may lower it: it is not settled, and either there was no time to (`eta mu T < 1`, or `eta beta T < 10` where
    /// f is not known to be strongly convex), or the second half of the window is lower than the first and the window lower than the
    /// middle of the run, by more than 5 %.
    pub falls: bool,
}

/// One lane's part of a quantity.
struct LaneValue {
    value: f64,
    smallest: f64,
    largest: f64,
    halves: Option<[f64; 2]>,
}

impl LaneValue {
    fn point(value: f64) -> Self {
        Self { value, smallest: value, largest: value, halves: None }
    }

    fn range(value: f64, extremes: &Extremes) -> Self {
        Self { value, smallest: extremes.smallest, largest: extremes.largest, halves: None }
    }
}

impl Run {
    /// The quantity, if the run has it: no lane diverged, f* is known where it is needed, the window exists, and what lies
    /// along the way was evaluated.
    pub fn measure(&self, quantity: &Quantity, mode: Mode) -> Option<Measured> {
        if matches!(self.outcome, Outcome::Diverged { .. }) {
            return None;
        }
        if self.plan.record == Record::Ends && !quantity.is_at_the_ends() {
            return None;
        }
        let paths = match &self.expectation {
            Expectations::Enumerated(paths) => Some(paths),
            _ => None,
        };
        if let Some(value) = paths
            .and_then(|paths| paths.tell(quantity, mode, self.minimiser.as_ref().map(|(point, _)| point.as_slice())))
        {
            let Told { value, size } = value?;
            let error = match quantity.measure {
                Measure::SquaredDistance | Measure::SquaredDistanceTo { .. } => self.squared_distance_error(value),
                Measure::Exit { .. } => 0.0,
                _ => self.resolution(quantity, value.abs())?,
            };
            return Some(Measured::of(Interval::point(value), error + SUMMED * size, self.evidence()));
        }
        if mode == Mode::Expectation && matches!(quantity.over, Over::EveryStep { .. }) {
            return match quantity.measure {
                Measure::Suboptimality => {
                    self.every_step_mean(|at| at.value, self.base_error? + self.value_error(quantity.over))
                }
                _ => self.measure_movement(quantity),
            };
        }
        if !matches!(
            quantity.measure,
            Measure::Suboptimality | Measure::SquaredGradientNorm | Measure::GradientExcess { .. }
        ) {
            return self.measure_movement(quantity);
        }
        let values: Vec<LaneValue> =
            self.lanes.iter().map(|lane| self.lane_value(lane, quantity)).collect::<Option<_>>()?;
        let means: Vec<f64> = values.iter().map(|lane| lane.value).collect();
        let interval = match mode {
            Mode::Expectation => self.mean_of_lanes(&means)?,
            Mode::Pathwise | Mode::AlmostSure => {
                let all = means.iter().fold(Extremes::default(), |mut all, value| {
                    all.add(1.0, *value);
                    all
                });
                Interval { mean: all.mean()?, low: all.smallest, high: all.largest }
            }
        };
        let smallest = values.iter().map(|lane| lane.smallest).fold(f64::INFINITY, f64::min);
        let largest = values.iter().map(|lane| lane.largest).fold(f64::NEG_INFINITY, f64::max);
        let drift = drift(&values);
        let largest_mean = means.iter().fold(0.0f64, |all, mean| all.max(mean.abs()));
        let error = self.resolution(quantity, largest_mean)?;
        let error = if paths.is_some() { error + SUMMED * largest_mean } else { error };
        let lanes = self.evidence();
        let measured = Measured { interval: interval.widened(error), smallest, largest, error, drift, lanes };
        Some(if quantity.over == Over::RootMean { measured.root() } else { measured })
    }

    /// Rounding of the values and of the iterates, and the error of f*, for a quantity of at most this size.
    fn resolution(&self, quantity: &Quantity, largest: f64) -> Option<f64> {
        // sqrt(F) and a move by at most sqrt(beta/2) and beta times the distance rounding has moved the iterates.
        let moved = self.rounding.smoothness * self.rounding.distance;
        Some(match quantity.measure {
            Measure::Suboptimality => {
                let shift = 0.5 * moved * self.rounding.distance
                    + (2.0 * largest).sqrt() * self.rounding.smoothness.sqrt() * self.rounding.distance;
                self.base_error? + self.value_error(quantity.over) + shift
            }
            // Squares of tiny gradients underflow.
            _ => {
                let off = moved + self.largest_error(quantity.over, |point| point.gradient_error);
                off * (2.0 * largest.sqrt() + off) + f64::MIN_POSITIVE
            }
        })
    }

    /// Mean with its interval. Random lanes that agree to the last bit have not seen the draws in which they differ, so
    /// they bound nothing.
    pub(super) fn mean_of_lanes(&self, values: &[f64]) -> Option<Interval> {
        let interval = student_interval(values)?;
        let alike = matches!(self.expectation, Expectations::Sampled) && interval.low == interval.high;
        Some(if alike { Interval { low: f64::NEG_INFINITY, high: f64::INFINITY, ..interval } } else { interval })
    }

    /// Lanes behind a mean: enough for a verdict where the expectation is exact.
    pub(super) fn evidence(&self) -> usize {
        match &self.expectation {
            Expectations::Enumerated(paths) => paths.count().max(FEWEST),
            _ => self.lanes.len(),
        }
    }

    fn lane_value(&self, lane: &LaneRecord, quantity: &Quantity) -> Option<LaneValue> {
        let (last, sums) = (lane.last()?, lane.sums());
        let (series, end, window) = match quantity.measure {
            Measure::Suboptimality => (&sums.value, last.value, &sums.window_value),
            Measure::SquaredGradientNorm => {
                (&sums.squared_gradient, last.gradient_norm * last.gradient_norm, &sums.window_squared_gradient)
            }
            Measure::GradientExcess { threshold } => {
                let (square, norm) = (sums.squared_gradient.mean()?, sums.gradient_norm.mean()?);
                return Some(LaneValue::point(threshold.mul_add(threshold - 2.0 * norm, square).max(0.0)));
            }
            _ => return None,
        };
        Some(match quantity.over {
            Over::Final => LaneValue::point(end),
            Over::MinimumTo => LaneValue::point(series.smallest.min(end)),
            Over::MinimumBefore => LaneValue::point(series.smallest),
            Over::Mean | Over::RootMean => LaneValue::point(series.mean()?),
            Over::WeightedMean { decay } => {
                let kept = self.plan.weight_decay == Some(decay);
                LaneValue::point(kept.then(|| sums.weighted.mean(decay, self.plan.steps))?)
            }
            Over::EveryStep { steps: None } => {
                let mut all = *series;
                all.add(1.0, end);
                LaneValue::range(all.mean()?, &all)
            }
            Over::EveryStep { steps: Some(steps) } => {
                let mut first = Extremes::default();
                for (_, point) in self.recorded.iter().zip(&lane.points).take_while(|(step, _)| **step <= steps) {
                    first.add(1.0, self.of_point(quantity, point));
                }
                LaneValue::range(first.mean()?, &first)
            }
            Over::Limit | Over::FieldZero | Over::Stationary => {
                let halves = [window[0].mean()?, window[1].mean()?];
                let all = window[0].join(&window[1]);
                LaneValue { halves: Some(halves), ..LaneValue::range(all.mean()?, &all) }
            }
        })
    }

    fn of_point(&self, quantity: &Quantity, point: &super::Point) -> f64 {
        match quantity.measure {
            Measure::Suboptimality => point.value,
            _ => point.gradient_norm * point.gradient_norm,
        }
    }

    /// Rounding error of the values a quantity is made of: at the end for what is measured there, the largest along
    /// the way for what covers it.
    fn value_error(&self, over: Over) -> f64 {
        self.largest_error(over, |point| point.error)
    }

    fn largest_error(&self, over: Over, of: impl Fn(&Point) -> f64) -> f64 {
        let from = match over {
            Over::Final | Over::MinimumTo | Over::MinimumBefore => self.recorded.len().saturating_sub(1),
            Over::Limit | Over::FieldZero | Over::Stationary => {
                let start = self.plan.window().map_or(self.plan.steps, |window| window.start);
                self.recorded.partition_point(|step| *step < start).min(self.recorded.len().saturating_sub(1))
            }
            Over::Mean | Over::RootMean | Over::WeightedMean { .. } | Over::EveryStep { .. } => 0,
        };
        let errors = self.lanes.iter().flat_map(|lane| lane.points.get(from..).unwrap_or_default()).map(of);
        errors.fold(0.0, f64::max)
    }

    /// The floor; `None` without a window, without f*, or if a lane diverged.
    pub fn floor(&self) -> Option<Floor> {
        let measured = self.measure(&Quantity::suboptimality(Over::Limit), Mode::Expectation)?;
        let halves: Vec<[f64; 2]> = self
            .lanes
            .iter()
            .map(|lane| lane.sums().window_value)
            .map(|[older, newer]| Some([older.mean()?, newer.mean()?]))
            .collect::<Option<_>>()?;
        let differences: Vec<f64> = halves.iter().map(|half| half[1] - half[0]).collect();
        let settled = match student_interval(&differences)? {
            // One run, or all alike: to 1 %, or to the resolution of the values.
            Interval { mean, low, high } if low == high || !low.is_finite() => {
                mean.abs() <= 0.01 * measured.interval.mean.abs() + 2.0 * measured.error
            }
            Interval { low, high, .. } => low <= 0.0 && high >= 0.0,
        };
        let (mean, drop) = (measured.interval.mean, self.drop_since_the_middle());
        let settled = settled && drop.is_none_or(|drop| self.is_rest(drop, &measured)) && self.had_time(mean);
        let comes_down = differences.iter().sum::<f64>() < 0.0 && drop.is_none_or(|drop| drop.mean > 0.05 * mean.abs());
        let falls = !settled && (self.time < 1.0 || comes_down);
        let Measured { interval, smallest, largest, .. } = measured;
        Some(Floor { interval, smallest, largest, settled, falls })
    }

    /// How far two steps in the middle of the run, or one where noise hides a 2-cycle, were above its end; `None` in a run too short to
    /// have them.
    fn drop_since_the_middle(&self) -> Option<Interval> {
        let from = self.recorded.partition_point(|step| *step < self.plan.steps / 2);
        let next = usize::from(self.every_step_evaluated);
        let pair = (from..self.recorded.len().saturating_sub(1))
            .find(|k| self.recorded[*k + next] == self.recorded[*k] + next as u64)
            .filter(|k| self.recorded[*k] * 4 <= self.plan.steps * 3);
        let k = pair?;
        let differences: Option<Vec<f64>> = self
            .lanes
            .iter()
            .map(|lane| {
                let [first, second] = [lane.points.get(k)?.value, lane.points.get(k + next)?.value];
                let [older, newer] = &lane.sums().window_value;
                let window = older.join(newer).mean()?;
                Some(0.5 * (first + second) - window)
            })
            .collect();
        let unknown = Interval { mean: f64::NAN, low: f64::NEG_INFINITY, high: f64::INFINITY };
        Some(differences.and_then(|all| student_interval(&all)).unwrap_or(unknown))
    }

    /// Whether the middle of the run was at the height of its end.
    fn is_rest(&self, difference: Interval, floor: &Measured) -> bool {
        let near = difference.mean.abs() <= 0.05 * floor.interval.mean.abs() + 2.0 * floor.error;
        // An orbit of many points: two of them are not its mean, but lie within its range. A descent lies above.
        let height = floor.interval.mean + difference.mean;
        let within = self.lanes.len() == 1 && floor.smallest <= height && height <= floor.largest;
        near || within || (difference.low.is_finite() && difference.low <= 0.0 && difference.high >= 0.0)
    }

    /// A run that ends where it began has rested only if there was time to move: `eta mu T >= 1`, or where f is not
    /// strongly convex `eta beta T >= 10`, or if it stays though a step along its gradient would be seen.
    fn had_time(&self, floor: f64) -> bool {
        let size = self.states.iter().map(|state| max_abs(&state.x)).fold(0.0, f64::max);
        let would_move = |at: &Point| self.last_eta * at.gradient_norm > 1e-12 * size;
        let last = self.lanes.first().and_then(|lane| lane.points.last());
        if matches!(self.outcome, Outcome::Periodic { .. }) && last.is_some_and(would_move) {
            return true;
        }
        let starts: Vec<f64> = self.lanes.iter().filter_map(|lane| lane.points.first()).map(|at| at.value).collect();
        let start = starts.iter().sum::<f64>() / starts.len().max(1) as f64;
        (start - floor).abs() > 0.05 * floor.abs() || self.time >= 1.0
    }

    /// Mean over lanes at each recorded step: suboptimality (or value, where f* is unknown) and gradient norm.
    pub fn trace(&self) -> Vec<(u64, Interval, Interval)> {
        let shortest = self.lanes.iter().map(|lane| lane.points.len()).min().unwrap_or(0);
        (0..shortest)
            .filter_map(|k| {
                let values: Vec<f64> = self.lanes.iter().map(|lane| lane.points[k].value).collect();
                let norms: Vec<f64> = self.lanes.iter().map(|lane| lane.points[k].gradient_norm).collect();
                let error = self.lanes.iter().map(|lane| lane.points[k].error).fold(0.0, f64::max)
                    + self.base_error.unwrap_or(0.0);
                Some((self.recorded[k], student_interval(&values)?.widened(error), student_interval(&norms)?))
            })
            .collect()
    }
}

fn drift(values: &[LaneValue]) -> f64 {
    let halves: Option<Vec<[f64; 2]>> = values.iter().map(|lane| lane.halves).collect();
    let Some(halves) = halves else { return 0.0 };
    let [first, second] = [0, 1].map(|half| halves.iter().map(|h| h[half]).sum::<f64>());
    if first == second { 0.0 } else { (second - first).abs() / first.abs().max(second.abs()) }
}
