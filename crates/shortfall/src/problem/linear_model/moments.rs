//! Mean lengths of the rows, with proved errors.

use super::Design;
use super::design::Squares;
use super::pass::{PANEL, block_of};
use crate::constants::Number;
use crate::constants::eigen::{UNIT, gamma};
use crate::kernel::sum;

/// What the lengths of the rows say, and what rounding is relative to.
#[derive(Debug)]
pub(crate) struct Moments {
    /// `mean |x_i|`, from above.
    pub(crate) mean_norm: Number,
    /// `N = mean |x_i|^2`.
    pub(crate) mean_square: Number,
    /// `mean |x_i|^4`.
    pub(crate) mean_fourth: Number,
    /// `max |x_i|^2`.
    pub(crate) largest_square: Number,
    /// The same of the sizes that rounding is relative to, from above.
    pub(crate) rounding: Sizes,
    /// `|x_i|^2`, from above.
    pub(crate) squares: Vec<f64>,
    /// n.
    pub(crate) rows: usize,
    /// Length of x_i.
    pub(crate) columns: usize,
    /// Additions that a term of a sum over rows passes: those of its block, then blocks.
    pub(crate) additions: usize,
    /// The same where 32 sums share the rows of a block.
    pub(crate) panel_additions: usize,
}

/// Moments of what rounding errors are relative to: `|x_i|`, larger where rows are centred without being filled.
#[derive(Debug)]
pub(crate) struct Sizes {
    pub(crate) mean: f64,
    pub(crate) mean_square: f64,
    pub(crate) mean_fourth: f64,
    pub(crate) largest_square: f64,
}

/// Enclosure of a mean of n nonnegative numbers from their computed sum.
fn mean(values: &[f64]) -> Number {
    let n = values.len();
    Number::exact(sum(values)) * Number::between(1.0 - gamma(n), 1.0 + 2.0 * gamma(n)) / n as f64
}

impl Moments {
    pub(super) fn of(design: &Design) -> Self {
        let (n, columns) = (design.count(), design.columns());
        let Squares { mut values, mut errors, sizes } = design.squares();
        // One addition each above, a product or a root here; squares below the normal numbers lose their accuracy.
        let rounding = Number::between(1.0 - 4.0 * UNIT, 1.0 + 4.0 * UNIT);
        let tiny = Number::between(0.0, (columns + 1) as f64 * f64::MIN_POSITIVE);
        let largest = sizes.iter().copied().fold(0.0, f64::max);
        // In place: with many rows every vector counts.
        let mut powers = sizes;
        let mut next_size = || {
            let size = (mean(&powers) * rounding * rounding).high * (1.0 + 1e-9) + tiny.high;
            powers.iter_mut().for_each(|power| *power *= *power);
            size
        };
        let [size, size_square, size_fourth] = [next_size(), next_size(), next_size()];
        drop(powers);
        for (value, error) in values.iter_mut().zip(&mut errors) {
            (*value, *error) = ((*value - *error).max(0.0), *value + *error);
        }
        let (lower, upper) = (values, errors);
        let ends = |of: &dyn Fn(f64) -> f64| {
            let side = |squares: &[f64]| mean(&squares.iter().map(|square| of(*square)).collect::<Vec<_>>()) * rounding;
            Number::between(side(&lower).low, side(&upper).high)
        };
        let most = |squares: &[f64]| squares.iter().copied().fold(0.0, f64::max);
        let blocks = n / block_of(n, columns) + 1;
        Self {
            mean_norm: ends(&f64::sqrt) + tiny.sqrt(),
            mean_square: ends(&|square| square) + tiny,
            mean_fourth: ends(&|square| square * square) + tiny,
            largest_square: Number::between(most(&lower), most(&upper)) * rounding + tiny,
            rounding: Sizes {
                mean: size,
                mean_square: size_square,
                mean_fourth: size_fourth,
                largest_square: largest * largest * (1.0 + 1e-9) + tiny.high,
            },
            squares: upper,
            rows: n,
            columns,
            additions: block_of(n, columns) + blocks,
            panel_additions: block_of(n, columns) / PANEL + blocks,
        }
    }
}
