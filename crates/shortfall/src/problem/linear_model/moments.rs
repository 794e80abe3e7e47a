//! Mean lengths of the rows, with proved errors.

use super::Design;
use super::pass::{PANEL, block_of};
use crate::constants::Number;
use crate::constants::eigen::{UNIT, gamma};
use crate::kernel::RunningSum;

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

/// Sums of powers of nonnegative numbers, and the largest of them.
#[derive(Default)]
struct Powers {
    sums: [RunningSum; 3],
    largest: f64,
}

impl Powers {
    fn add(&mut self, number: f64, powers: [f64; 3]) {
        self.sums.iter_mut().zip(powers).for_each(|(sum, power)| sum.add(power));
        self.largest = self.largest.max(number);
    }

    /// Enclosures of the means.
    fn means(&self) -> [Number; 3] {
        self.sums.each_ref().map(|sum| {
            let n = sum.count();
            Number::exact(sum.total()) * Number::between(1.0 - gamma(n), 1.0 + 2.0 * gamma(n)) / n as f64
        })
    }
}

impl Moments {
    pub(super) fn of(design: &Design) -> Self {
        let (n, columns) = (design.count(), design.columns());
        let [mut sizes, mut lower, mut upper] = [(); 3].map(|()| Powers::default());
        let add_square =
            |powers: &mut Powers, square: f64| powers.add(square, [square.sqrt(), square, square * square]);
        for i in 0..n {
            let row = design.square(i);
            let square = row.size * row.size;
            sizes.add(row.size, [row.size, square, square * square]);
            add_square(&mut lower, row.least());
            add_square(&mut upper, row.most());
        }
        // One addition each above, a product or a root here; squares below the normal numbers lose their accuracy.
        let rounding = Number::between(1.0 - 4.0 * UNIT, 1.0 + 4.0 * UNIT);
        let tiny = Number::between(0.0, (columns + 1) as f64 * f64::MIN_POSITIVE);
        let [mean_size, mean_size_square, mean_size_fourth] =
            sizes.means().map(|mean| (mean * rounding * rounding).high * (1.0 + 1e-9) + tiny.high);
        let (low, high) = (lower.means(), upper.means());
        let [mean_norm, mean_square, mean_fourth] =
            [0, 1, 2].map(|k: usize| Number::between((low[k] * rounding).low, (high[k] * rounding).high));
        let blocks = n / block_of(n, columns) + 1;
        Self {
            mean_norm: mean_norm + tiny.sqrt(),
            mean_square: mean_square + tiny,
            mean_fourth: mean_fourth + tiny,
            largest_square: Number::between(lower.largest, upper.largest) * rounding + tiny,
            rounding: Sizes {
                mean: mean_size,
                mean_square: mean_size_square,
                mean_fourth: mean_size_fourth,
                largest_square: sizes.largest * sizes.largest * (1.0 + 1e-9) + tiny.high,
            },
            rows: n,
            columns,
            additions: block_of(n, columns) + blocks,
            panel_additions: block_of(n, columns) / PANEL + blocks,
        }
    }
}
