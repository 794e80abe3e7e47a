//! What only the single paths of an enumeration tell: minima, exits, distances.

use super::aggregates::Sum;
use crate::kernel::dot;
use crate::theorem::{Measure, Mode, Over, Quantity};

/// Relative rounding of a sum of products of probabilities.
pub(super) const SUMMED: f64 = 1e-13;

/// What only the single paths tell.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    pub(super) ends: Vec<End>,
    /// `E x_T`
    pub(super) mean_point: Vec<Sum>,
    /// `E |x_T|^2`
    pub(super) mean_square: Sum,
}

/// One path: its probability and extremes along it.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) probability: f64,
    pub(super) least_value: f64,
    pub(super) least_square: f64,
    /// The same over `0..T-1`.
    pub(super) least_square_before: f64,
    /// Range of the first coordinate.
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Paths {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    fn mean(&self, of: impl Fn(&End) -> f64) -> Told {
        let mut sum = Sum::default();
        self.ends.iter().for_each(|end| sum.add(end.probability * of(end)));
        Told::plain(sum.value())
    }

    /// Quantities that are no expectation step by step; `None` for the others.
    pub(super) fn tell(&self, quantity: &Quantity, mode: Mode, minimiser: Option<&[f64]>) -> Option<Option<Told>> {
        let least = |of: fn(&End) -> f64| self.ends.iter().map(of).reduce(f64::min).map(Told::plain);
        if mode != Mode::Expectation {
            return match (quantity.measure, quantity.over) {
                (Measure::Suboptimality, Over::EveryStep { steps: None }) => Some(least(|end| end.least_value)),
                (Measure::SquaredGradientNorm, Over::EveryStep { steps: None }) => Some(least(|end| end.least_square)),
                _ => None,
            };
        }
        Some(match (quantity.measure, quantity.over) {
            (Measure::Suboptimality, Over::MinimumTo | Over::MinimumBefore) => Some(self.mean(|end| end.least_value)),
            (Measure::SquaredGradientNorm, Over::MinimumTo) => Some(self.mean(|end| end.least_square)),
            (Measure::SquaredGradientNorm, Over::MinimumBefore) => Some(self.mean(|end| end.least_square_before)),
            (Measure::SquaredDistance, _) => minimiser.map(|point| self.mean_squared_distance(point)),
            (Measure::SquaredDistanceTo { center }, Over::Final) => Some(self.mean_squared_distance(&[center])),
            (Measure::Exit { center, radius }, _) => {
                Some(self.mean(|end| f64::from(end.low < center - radius || end.high > center + radius)))
            }
            _ => return None,
        })
    }

    /// The three terms may cancel.
    fn mean_squared_distance(&self, point: &[f64]) -> Told {
        let square = dot(point, point);
        let mean: Vec<f64> = self.mean_point.iter().map(Sum::value).collect();
        let mean_square = self.mean_square.value();
        let value = (mean_square - 2.0 * dot(&mean, point) + square).max(0.0);
        Told { value, size: 4.0 * (mean_square + square) }
    }
}

/// A number and what the rounding of its sum is relative to.
pub(super) struct Told {
    pub value: f64,
    pub size: f64,
}

impl Told {
    fn plain(value: f64) -> Self {
        Self { value, size: value.abs() }
    }
}
