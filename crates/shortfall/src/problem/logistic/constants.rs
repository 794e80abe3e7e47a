//! Certified constants of logistic regression: THEORY.md section 15.

use super::super::mixture::set_smoothness_of_batches;
use super::super::{Ask, Problem};
use super::Logistic;
use crate::constants::directed::{add_up, div_up};
use crate::constants::eigen::{UNIT, gamma, symmetric};
use crate::constants::{Constant, Constants, Number, Symbol};
use crate::kernel::{Rows, dot, norm};

/// What the data alone say, ridge aside.
#[derive(Debug)]
pub(super) struct DataConstants {
    /// `mean |x_i|`, from above.
    mean_norm: Number,
    /// `N = mean |x_i|^2`.
    mean_square: Number,
    /// `mean |x_i|^4`.
    mean_fourth: Number,
    /// `max |x_i|^2`.
    largest_square: Number,
    /// Upper bound of `lambda_max(X'X/n)`, if finite.
    top: Option<f64>,
    rows: usize,
    columns: usize,
}

/// Enclosure of a sum of n nonnegative numbers from its computed value.
fn sum_of_nonnegative(computed: f64, n: usize) -> Number {
    Number::exact(computed) * Number::between(1.0 - gamma(n), 1.0 + 2.0 * gamma(n))
}

impl DataConstants {
    pub(super) fn of(rows: &Rows, columns: usize) -> Self {
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
        Self {
            mean_norm: mean(&norms, relative * rounding) + tiny.sqrt(),
            mean_square,
            mean_fourth: mean(&fourths, relative.square() * rounding) + tiny,
            largest_square: Number::exact(squares.iter().copied().fold(0.0, f64::max)) * relative + tiny,
            top: top_of_gram(rows, columns, mean_square.high),
            rows: n,
            columns,
        }
    }

    /// A bound on the rounding error of a value: margins are off by `gamma_k |x_i||w|` and the loss has slope at most
    /// 1; the loss itself, the sums and the ridge add relative errors.
    pub(super) fn value_error(&self, x: &[f64], value: f64) -> f64 {
        // 32 partial sums: a term passes at most columns/32 + 6 additions (rows likewise, then blocks).
        let margin = gamma(self.columns / 32 + 8) * self.mean_norm.high * norm(x);
        let relative = 12.0 * UNIT + gamma(16 + super::BLOCK / 32 + self.rows / super::BLOCK + self.columns / 32);
        (margin + relative * value.abs()) * (1.0 + 1e-9)
    }

    /// A bound on the rounding error of the data part of a gradient, as a vector.
    pub(super) fn gradient_error(&self, x: &[f64]) -> f64 {
        let blocks = self.rows / super::BLOCK + 1;
        let size = norm(x);
        let sums = gamma(super::BLOCK + blocks + 4) * self.mean_norm.high;
        let weights =
            4.0 * UNIT * self.mean_norm.high + gamma(self.columns / 32 + 8) / 4.0 * self.mean_square.high * size;
        (sums + weights) * (1.0 + 1e-9)
    }

    /// A bound on the root mean square over samples of the rounding errors of their gradients.
    pub(super) fn sample_gradient_error(&self, x: &[f64], ridge: f64) -> f64 {
        let size = norm(x);
        let margins = gamma(self.columns / 32 + 8) / 4.0 * size * self.mean_fourth.high.sqrt();
        let products = 8.0 * UNIT * (self.mean_square.high.sqrt() + ridge * size);
        (margins + products) * (1.0 + 1e-9)
    }
}

/// `lambda_max(X'X/n)` from above: eigenvalues of the computed Gram matrix plus its own error, at most
/// `gamma_{n+2} trace` in the Frobenius norm.
fn top_of_gram(rows: &Rows, columns: usize, trace: f64) -> Option<f64> {
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
    top.is_finite().then_some(top)
}

pub(super) fn constants(problem: &Logistic, ask: &Ask) -> Constants {
    let (data, ridge) = (&problem.data, problem.ridge);
    let mut constants = Constants::missing("");
    constants.components_convex = true;
    let mut set = |symbol, constant| constants.set(symbol, constant);
    set(
        Symbol::Beta,
        match data.top {
            Some(top) => Constant::bound(
                Symbol::Beta,
                add_up(div_up(top, 4.0), ridge),
                "lambda_max(X'X/n)/4 + ridge, eigenvalues with proved error",
            ),
            None => Constant::missing("X'X/n overflows"),
        },
    );
    set(
        Symbol::Mu,
        if ridge > 0.0 {
            Constant::bound(Symbol::Mu, ridge, "ridge")
        } else {
            Constant::missing("ridge = 0: the Hessian can vanish")
        },
    );
    set(Symbol::Omega, Constant::exact(0.0, "f is convex"));
    set(
        Symbol::L,
        if ridge > 0.0 {
            Constant::missing("ridge > 0: the gradient is not bounded")
        } else {
            Constant::bound(Symbol::L, data.mean_norm.high, "mean |x_i|")
        },
    );
    let factor = ask.sampling.map_or(Number::exact(1.0), |sampling| sampling.variance_factor(data.rows));
    set(Symbol::Sigma2, Constant::bound(Symbol::Sigma2, (data.mean_square * factor).high, "mean |x_i|^2, over b"));
    let optimum = problem.optimum();
    let reach = optimum.distance(problem);
    match (&reach, ridge > 0.0) {
        (Some(reach), true) => {
            let smoothness =
                (data.mean_fourth / 16.0 + data.mean_square / 2.0 * ridge + Number::exact(ridge).square()).sqrt();
            let star = (optimum.root_mean_square_of_samples(problem) + smoothness * *reach).square() * factor;
            set(
                Symbol::Sigma2Star,
                Constant::bound(Symbol::Sigma2Star, star.high, "E|g_i(w*)|^2 near Newton's point, over b"),
            );
        }
        _ => set(Symbol::Sigma2Star, Constant::missing("no minimiser is claimed")),
    }
    let per_sample = |n: Number| n / 4.0 + ridge;
    let mean_square = data.mean_fourth / 16.0 + data.mean_square / 2.0 * ridge + Number::exact(ridge).square();
    let (mean, largest) = (per_sample(data.mean_square), per_sample(data.largest_square));
    set(Symbol::Delta, delta(problem, ask));
    set(
        Symbol::D2,
        match reach {
            Some(reach) => {
                let away: Number =
                    ask.start.iter().zip(&optimum.point).map(|(a, b)| (Number::exact(*a) - *b).square()).sum();
                let distance = (away.sqrt() + reach).square();
                Constant::bound(Symbol::D2, distance.high, "(|w0 - w^| + |grad f(w^)|/mu)^2, w^ from Newton")
            }
            None => Constant::missing("no minimiser is claimed"),
        },
    );
    set_smoothness_of_batches(&mut constants, mean, mean_square, largest, ask.sampling);
    constants
}

/// `f(w0) - f*`: from the certified minimum, or `f(w0)` since losses are not negative.
fn delta(problem: &Logistic, ask: &Ask) -> Constant {
    let mut scratch = vec![0.0; problem.dimension];
    let value = problem.value_gradient(ask.start, &mut scratch);
    let start = Number::exact(value) + problem.data.value_error(ask.start, value);
    match problem.optimum().lower_bound(problem) {
        Some(lower) => {
            Constant::bound(Symbol::Delta, (start - lower).positive_part().high, "f(w0) - f* from Newton's certificate")
        }
        None => Constant::bound(Symbol::Delta, start.high, "f(w0), since losses are not negative"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::small;
    use super::*;
    use crate::method::{SampleReuse, Sampling};

    #[test]
    fn against_dense_recomputation() {
        let problem = small(0.07);
        let start = [0.5, 0.0, -0.25, 1.0, 2.0];
        let sampling = Sampling { batch: 3, replacement: false, reuse: SampleReuse::Same };
        let single = problem.constants(&Ask { start: &start, sampling: None });
        let batches = problem.constants(&Ask { start: &start, sampling: Some(sampling) });
        let value = |constants: &Constants, symbol| constants.get(symbol).value().expect("known");
        let above = |bound: f64, exact: f64| {
            assert!(bound >= exact * (1.0 - 1e-15) && bound <= exact * (1.0 + 1e-6), "{bound} {exact}");
        };
        let squares: Vec<f64> = (0..37).map(|i| problem.rows.row(i).iter().map(|x| x * x).sum()).collect();
        let mean = |of: &dyn Fn(f64) -> f64| squares.iter().map(|n| of(*n)).sum::<f64>() / 37.0;
        above(value(&single, Symbol::Sigma2), mean(&|n| n));
        above(value(&batches, Symbol::Sigma2), mean(&|n| n) / 3.0 * 34.0 / 36.0);
        let (bar, square) = (mean(&|n| n / 4.0 + 0.07), mean(&|n| (n / 4.0 + 0.07f64).powi(2)));
        above(value(&single, Symbol::BetaBar), bar);
        above(value(&single, Symbol::BetaRms), square.sqrt());
        above(value(&batches, Symbol::BetaRms), (bar * bar + (square - bar * bar) / 3.0).sqrt());
        above(value(&single, Symbol::BetaMax), squares.iter().fold(0.0f64, |a, b| a.max(*b)) / 4.0 + 0.07);
        // The largest eigenvalue by power iteration, which stays below it.
        let mut v = vec![1.0; 5];
        let mut top = 0.0;
        for _ in 0..2000 {
            let mut product = vec![0.0; 5];
            for i in 0..37 {
                let row = &problem.rows.row(i)[..5];
                let along: f64 = row.iter().zip(&v).map(|(a, b)| a * b).sum();
                product.iter_mut().zip(row).for_each(|(p, x)| *p += along * x / 37.0);
            }
            top = norm(&product);
            v = product.iter().map(|p| p / top).collect();
        }
        above(value(&single, Symbol::Beta), top / 4.0 + 0.07);
        // sigma2_star and Delta at Newton's point, D2.
        let optimum = problem.optimum();
        let mut g = [0.0; 5];
        let star = (0..37).map(|i| {
            crate::problem::FiniteSum::batch_gradient(&problem, &[i], &optimum.point, &mut g);
            dot(&g, &g) / 37.0
        });
        above(value(&single, Symbol::Sigma2Star), star.sum());
        let away: f64 = start.iter().zip(&optimum.point).map(|(a, b)| (a - b).powi(2)).sum();
        above(value(&single, Symbol::D2), away);
    }

    #[test]
    fn doubling_the_data_changes_no_constant() {
        let features: Vec<f64> = (0..60).map(|i| (i as f64 * 1.1).cos()).collect();
        let labels: Vec<f64> = (0..20).map(|i| if i % 3 == 0 { 1.0 } else { -1.0 }).collect();
        let twice = |v: &[f64]| v.iter().chain(v).copied().collect::<Vec<_>>();
        let one = Logistic::new(3, &features, &labels, 0.1);
        let two = Logistic::new(3, &twice(&features), &twice(&labels), 0.1);
        let ask = Ask { start: &[0.0; 3], sampling: None };
        for ((symbol, a), (_, b)) in one.constants(&ask).iter().zip(two.constants(&ask).iter()) {
            match (a.value(), b.value()) {
                (Some(a), Some(b)) => assert!((a - b).abs() <= 1e-12 * a.abs(), "{}: {a} {b}", symbol.name()),
                (a, b) => assert_eq!(a, b),
            }
        }
    }
}
