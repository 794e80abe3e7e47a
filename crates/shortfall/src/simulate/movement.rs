//! Quantities about where a run goes: distances, displacements, exits, rest.

use super::aggregates::{Extremes, Movement, Point, Sums};
use super::measured::Measured;
use super::paths::SUMMED;
use super::run::Run;
use super::statistics::{Interval, probability_interval, student_interval};
use crate::theorem::{Measure, Over, Quantity};

/// A last step no longer than this part of the first one is none.
const REST: f64 = 1e-9;

impl Movement {
    /// Whether the lane came to rest.
    pub fn at_rest(&self) -> bool {
        self.last_step <= REST * self.first_step
    }
}

impl Run {
    /// The quantities of [`Measure`] that are not about values or gradients along the way.
    pub(super) fn measure_movement(&self, quantity: &Quantity) -> Option<Measured> {
        let off = self.rounding.distance;
        match quantity.measure {
            Measure::SquaredDistance => {
                let (point, radius) = self.minimiser.as_ref()?;
                let squares: Vec<f64> = self.final_points().map(|x| squared_distance(&x, point)).collect();
                self.mean_of(squares, off + radius)
            }
            Measure::SquaredDistanceTo { center } => {
                if quantity.over != Over::Limit {
                    return self.mean_of(self.final_points().map(|x| squared_distance(&x, &[center])).collect(), off);
                }
                let windows = self.lanes.iter().map(|lane| window_square(lane.sums(), center));
                let (squares, sizes): (Vec<f64>, Vec<f64>) = windows.collect::<Option<Vec<_>>>()?.into_iter().unzip();
                let cancelled = SUMMED * sizes.into_iter().fold(0.0, f64::max);
                let measured = self.mean_of(squares, off)?;
                Some(Measured::of(measured.interval, cancelled, measured.lanes))
            }
            Measure::Displacement => {
                let (point, radius) = self.minimiser.as_ref()?;
                self.every_step_mean(|at| at.position - point[0], off + radius)
            }
            Measure::Exit { center, radius } => {
                let left =
                    |position: &Extremes| position.smallest < center - radius || position.largest > center + radius;
                let exits = self.lanes.iter().filter(|lane| left(&lane.sums().position)).count();
                let interval = probability_interval(exits, self.lanes.len());
                Some(Measured::of(interval, 0.0, self.lanes.len()))
            }
            Measure::GradientAtRest => {
                let lane = self.lanes.first()?;
                let norm = lane.last()?.gradient_norm;
                let resting = lane.movement.at_rest() && self.plan.steps > 1;
                // One step ago the gradient at y was the last step, with what rounding made of it, over eta.
                let step = lane.movement.last_step + off + f64::MIN_POSITIVE;
                // The gradients at x and at y are rounded.
                let rounded = 2.0 * lane.last()?.gradient_error;
                let error = step / self.last_eta + self.rounding.smoothness * step + rounded;
                resting.then(|| Measured::of(Interval::point(norm), error, 1))
            }
            Measure::FieldJump => {
                let [left, right] = self.field_at_start?;
                let size = left.abs().max(right.abs());
                Some(Measured::of(Interval::point(right - left), 64.0 * f64::EPSILON * size, 1))
            }
            _ => None,
        }
    }

    fn mean_of(&self, squares: Vec<f64>, off: f64) -> Option<Measured> {
        let largest = squares.iter().copied().fold(0.0, f64::max);
        let error = off * (2.0 * largest.sqrt() + off);
        Some(Measured::of(self.mean_of_lanes(&squares)?, error, self.evidence()))
    }

    /// Of a squared distance: the iterates and the minimiser may be off.
    pub(super) fn squared_distance_error(&self, largest: f64) -> f64 {
        let off = self.rounding.distance + self.minimiser.as_ref().map_or(0.0, |(_, radius)| *radius);
        off * (2.0 * largest.sqrt() + off)
    }

    /// The smallest mean over lanes among the recorded steps, with the smallest ends of their intervals.
    pub(super) fn every_step_mean(&self, of: impl Fn(&Point) -> f64, error: f64) -> Option<Measured> {
        let shortest = self.lanes.iter().map(|lane| lane.points.len()).min()?;
        let least = (0..shortest)
            .filter_map(|k| student_interval(&self.lanes.iter().map(|lane| of(&lane.points[k])).collect::<Vec<_>>()))
            .reduce(|a, b| Interval { mean: a.mean.min(b.mean), low: a.low.min(b.low), high: a.high.min(b.high) })?;
        Some(Measured::of(least, error, self.evidence()))
    }

    /// Where each lane ended.
    pub fn final_points(&self) -> impl Iterator<Item = Vec<f64>> {
        self.states.iter().flat_map(|state| {
            (0..state.width).map(|lane| {
                let mut x = vec![0.0; state.x.len() / state.width];
                state.gather(lane, &mut x, &mut []);
                x
            })
        })
    }
}

fn squared_distance(x: &[f64], point: &[f64]) -> f64 {
    x.iter().zip(point).map(|(x, p)| (x - p) * (x - p)).sum()
}

/// Mean of `(x - c)^2` over the window, and what its rounding is relative to: the three terms may cancel.
fn window_square(sums: &Sums, center: f64) -> Option<(f64, f64)> {
    let [position, square] = [&sums.window_position, &sums.window_square].map(|halves| halves[0].join(&halves[1]));
    let mean = square.mean()?;
    let value = (mean - 2.0 * center * position.mean()? + center * center).max(0.0);
    Some((value, 4.0 * (mean + center * center)))
}
