//! The ends of the spectrum of X'X/n, with proved errors.

use super::{Design, Moments};
use crate::constants::Number;
use crate::constants::directed::{add_down, add_up};
use crate::constants::eigen::{Tridiagonal, gamma, seconds_of_symmetric, seconds_of_tridiagonal};
use crate::kernel::{max_abs, norm};
use crate::parallel::Parallel;
use crate::source::Budget;

/// Largest matrix that is decomposed.
pub(crate) const LARGEST_DENSE: usize = 2000;

/// Most passes over the data for the bound and for the estimate, and the relative change that ends them.
const PASSES: usize = 30;
const SETTLED: f64 = 1e-7;

/// `lambda_max(X'X/n)` from above and `lambda_min(X'X/n)` from below.
#[derive(Debug)]
pub(crate) struct Ends {
    /// Upper bound of the largest, if finite.
    pub(crate) top: Option<f64>,
    /// Why the bound may be loose; empty if it is tight.
    pub(crate) loose: &'static str,
    /// What the largest may be where its bound is loose.
    pub(crate) estimate: Option<f64>,
    /// Lower bound of the smallest, at least 0.
    pub(crate) bottom: f64,
    /// Lower bound of `lambda_min(XX'/n)` where there are fewer rows than columns, else 0: the smallest eigenvalue of
    /// X'X/n that is not 0.
    pub(crate) bottom_of_rows: f64,
    /// Why the lower bound is 0, where nothing was tried.
    pub(crate) untried: Option<&'static str>,
}

impl Ends {
    pub(super) fn of(design: &Design, moments: &Moments, budget: &dyn Budget) -> Self {
        let (n, d) = (design.count(), design.columns());
        let large = n.min(d) > LARGEST_DENSE;
        let tight = if large { None } else { Self::decomposed(design, moments, budget) };
        tight.unwrap_or_else(|| Self::bounded(design, moments, budget, large))
    }

    /// Eigenvalues of the computed X'X/n, or XX'/n if that is smaller, and its own error, at most `gamma trace` in the
    /// Frobenius norm: two for rounding of rows that are centred on the way.
    fn decomposed(design: &Design, moments: &Moments, budget: &dyn Budget) -> Option<Self> {
        let (n, d) = (design.count(), design.columns());
        let size = n.min(d);
        if budget.left() < seconds_of_tridiagonal(size) {
            return None;
        }
        let matrix =
            if d <= n { design.gram(None, budget, budget.parallel())? } else { design.gram_of_rows(budget)? };
        if !budget.goes_on("eigenvalues", None) || budget.left() < seconds_of_tridiagonal(size) {
            return None;
        }
        let Some(tridiagonal) = Tridiagonal::of(&matrix, size, budget.parallel()) else {
            return Some(Self {
                top: None,
                loose: "",
                estimate: None,
                bottom: 0.0,
                bottom_of_rows: 0.0,
                untried: None,
            });
        };
        let tiny = (size * size) as f64 * f64::MIN_POSITIVE; // products that underflow
        let rounding = gamma(n.max(d) + 6) * moments.mean_square.high * (1.0 + 1e-10);
        let ([low, high], radius) = tridiagonal.ends(|| {
            let affordable = budget.left() >= seconds_of_symmetric(size);
            Some(affordable.then(|| tridiagonal.eigen(&matrix, budget.parallel()))??.ends())
        });
        let error = add_up(radius, rounding + tiny);
        let top = add_up(high.max(0.0), error);
        let least = add_down(low, -error).max(0.0);
        let (bottom, bottom_of_rows) = if d <= n { (least, 0.0) } else { (0.0, least) };
        Some(Self {
            top: top.is_finite().then_some(top),
            loose: "",
            estimate: None,
            bottom,
            bottom_of_rows,
            untried: None,
        })
    }

    /// The smaller of the trace and Collatz and Wielandt's bound: for any v > 0
    /// `lambda_max(X'X) <= lambda_max(|X|'|X|) <= max_j (|X|'|X|v)_j / v_j`, best where X has no negative entries.
    pub(super) fn bounded(design: &Design, moments: &Moments, budget: &dyn Budget, large: bool) -> Self {
        let trace = moments.mean_square.high;
        // Half of the time is left to Newton's method.
        let half = Share { budget, untouched: budget.left() / 2.0 };
        let (bound, estimate) = (design.collatz_wielandt(&half), design.power_iteration(&half));
        let top = bound.filter(|bound| *bound < trace).unwrap_or(trace);
        Self {
            top: top.is_finite().then_some(top),
            loose: if large { "more than 2000 unknowns" } else { "the time allowed is over" },
            estimate,
            bottom: 0.0,
            bottom_of_rows: 0.0,
            untried: Some(if large { "no eigenvalues above 2000 unknowns" } else { "the time allowed is over" }),
        }
    }
}

/// A budget of which some seconds are left untouched.
#[derive(Debug)]
struct Share<'a> {
    budget: &'a dyn Budget,
    untouched: f64,
}

impl Budget for Share<'_> {
    fn goes_on(&self, work: &str, fraction: Option<f64>) -> bool {
        self.budget.goes_on(work, fraction) && self.budget.left() >= self.untouched
    }

    fn parallel(&self) -> &dyn Parallel {
        self.budget.parallel()
    }
}

impl Design {
    /// `max_j (|X|'|X|v)_j / (n v_j)` for the best v of some power steps, rounding included. Of centred columns the
    /// stored ones R are taken: with m their means `X'X/n = R'R/n - mm' + (m - c)(m - c)' <= R'R/n + |m - c|^2`, and a
    /// column of ones beside them, whose products with them are m - c, adds at most `|m - c|` to the larger block.
    fn collatz_wielandt(&self, budget: &dyn Budget) -> Option<f64> {
        let (n, stride, rows) = (self.count(), self.rows().stride(), self.rows());
        let ones = self.column_of_ones();
        let mut v = vec![1.0; stride];
        ones.into_iter().for_each(|ones| v[ones] = 0.0);
        let mut best = f64::INFINITY;
        for pass in 0..PASSES {
            let mut product = vec![0.0; stride];
            for i in 0..n {
                rows.add_absolute(i, rows.dot_absolute(i, &v), &mut product);
            }
            ones.into_iter().for_each(|ones| product[ones] = 0.0);
            if !product.iter().all(|p| p.is_finite()) {
                break;
            }
            let ratios = product.iter().zip(&v).filter(|(_, v)| **v > 0.0).map(|(p, v)| p / v);
            let ratio = ratios.fold(0.0, f64::max);
            let settled = ratio > best * (1.0 - SETTLED);
            best = ratio.min(best);
            let largest = max_abs(&product);
            if largest == 0.0 || settled {
                break;
            }
            // Columns without entries keep a weight, so that every v stays above 0.
            v.iter_mut().zip(&product).filter(|(v, _)| **v > 0.0).for_each(|(v, p)| *v = (p / largest).max(1e-100));
            if !budget.goes_on("a bound of beta", Some((pass + 1) as f64 / PASSES as f64)) {
                break;
            }
        }
        let bound = Number::exact(best) * (1.0 + 2.0 * gamma(n + stride + 8)) / n as f64;
        let bound = match ones {
            None => bound,
            Some(ones) => {
                let off = Number::exact(self.off_centre());
                let block = bound + off.square();
                if ones < self.columns() { block.max(Number::exact(1.0)) + off } else { block }
            }
        };
        bound.high.is_finite().then_some(bound.high)
    }

    /// The largest eigenvalue of X'X/n from below, by powers from a fixed vector.
    fn power_iteration(&self, budget: &dyn Budget) -> Option<f64> {
        let (n, d) = (self.count(), self.columns());
        let mut v: Vec<f64> = (0..d).map(|j| 1.0 + 0.5 * (j as f64 * 0.7).sin()).collect();
        let mut estimate = None;
        for pass in 0..PASSES {
            let length = norm(&v);
            if !(length > 0.0 && length.is_finite()) {
                return None;
            }
            v.iter_mut().for_each(|v| *v /= length);
            let embedded = self.embed(&v, 1);
            let mut product = vec![0.0; self.rows().stride()];
            for i in 0..n {
                self.rows().add_scaled(i, self.rows().dot(i, &embedded) / n as f64, &mut product);
            }
            self.centre(&mut product);
            v.copy_from_slice(&product[..d]);
            let length = norm(&v);
            let settled = estimate.is_some_and(|before: f64| (length / before - 1.0).abs() < SETTLED);
            estimate = Some(length).filter(|length| length.is_finite());
            if settled {
                break;
            }
            if !budget.goes_on("an estimate of beta", Some((pass + 1) as f64 / PASSES as f64)) {
                break;
            }
        }
        estimate
    }
}
