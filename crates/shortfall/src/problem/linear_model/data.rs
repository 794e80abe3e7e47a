//! What the data alone say, with proved errors.

use crate::constants::Number;
use crate::constants::directed::{add_down, add_up};
use crate::constants::eigen::{UNIT, gamma, symmetric};
use crate::kernel::{Rows, dot};

/// What the data alone say, ridge aside.
#[derive(Debug)]
pub(crate) struct DataConstants {
    /// `mean |x_i|`, from above.
    pub(crate) mean_norm: Number,
    /// `N = mean |x_i|^2`.
    pub(crate) mean_square: Number,
    /// `mean |x_i|^4`.
    pub(crate) mean_fourth: Number,
    /// `max |x_i|^2`.
    pub(crate) largest_square: Number,
    /// Upper bound of `lambda_max(X'X/n)`, if finite.
    pub(crate) top: Option<f64>,
    /// Lower bound of `lambda_min(X'X/n)`, at least 0.
    pub(crate) bottom: f64,
    /// n.
    pub(crate) rows: usize,
    /// Length of x_i.
    pub(crate) columns: usize,
}

/// Enclosure of a sum of n nonnegative numbers from its computed value.
fn sum_of_nonnegative(computed: f64, n: usize) -> Number {
    Number::exact(computed) * Number::between(1.0 - gamma(n), 1.0 + 2.0 * gamma(n))
}

impl DataConstants {
    /// `columns` of each row are data, the others padding.
    pub(crate) fn of(rows: &Rows, columns: usize) -> Self {
        let n = rows.count();
        let squares: Vec<f64> = (0..n).map(|i| dot(rows.row(i), rows.row(i))).collect();
        let relative = Number::between(1.0 - gamma(columns + 1), 1.0 + 2.0 * gamma(columns + 1));
        let mean = |values: &[f64], extra: Number| sum_of_nonnegative(crate::kernel::sum(values), n) / n as f64 * extra;
        // Squares below the normal numbers lose their relative accuracy: an absolute term covers them.
        let tiny = Number::between(0.0, (columns + 1) as f64 * f64::MIN_POSITIVE);
        let norms: Vec<f64> = squares.iter().map(|square| square.sqrt()).collect();
        let fourths: Vec<f64> = squares.iter().map(|square| square * square).collect();
        let rounding = Number::between(1.0 - 4.0 * UNIT, 1.0 + 4.0 * UNIT);
        let mean_square = mean(&squares, relative) + tiny;
        let (top, bottom) = ends_of_gram(rows, columns, mean_square.high).map_or((None, 0.0), |(a, b)| (Some(a), b));
        Self {
            mean_norm: mean(&norms, relative * rounding) + tiny.sqrt(),
            mean_square,
            mean_fourth: mean(&fourths, relative.square() * rounding) + tiny,
            largest_square: Number::exact(squares.iter().copied().fold(0.0, f64::max)) * relative + tiny,
            top,
            bottom,
            rows: n,
            columns,
        }
    }
}

/// `lambda_max(X'X/n)` from above and `lambda_min(X'X/n)` from below: eigenvalues of the computed Gram matrix, and its
/// own error, at most `gamma_{n+2} trace` in the Frobenius norm.
fn ends_of_gram(rows: &Rows, columns: usize, trace: f64) -> Option<(f64, f64)> {
    let (n, d) = (rows.count(), columns);
    let mut gram = vec![0.0; d * d];
    for i in 0..n {
        let row = &rows.row(i)[..d];
        for j in 0..d {
            crate::kernel::add_scaled(row[j], &row[..=j], &mut gram[j * d..j * d + j + 1]);
        }
    }
    for j in 0..d {
        for k in 0..=j {
            gram[j * d + k] /= n as f64;
            gram[k * d + j] = gram[j * d + k];
        }
    }
    let eigen = symmetric(&gram, d)?;
    let tiny = (d * d) as f64 * f64::MIN_POSITIVE; // products that underflow
    let error = add_up(eigen.radius, gamma(n + 2) * trace * (1.0 + 1e-10) + tiny);
    let top = add_up(eigen.values[d - 1].max(0.0), error);
    let bottom = add_down(eigen.values[0], -error).max(0.0);
    top.is_finite().then_some((top, bottom))
}
