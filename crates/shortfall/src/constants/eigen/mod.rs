//! Eigenvalues of symmetric matrices with a proved error, and the linear algebra around them.
//!
//! For an approximate decomposition `A ~ V D V'` with `|V'V - I| <= e`, Ostrowski's theorem puts the eigenvalues of
//! `V D V'` within a factor `1 +- e` of `D`, and Weyl's theorem those of `A` within `|A - V D V'|` of these:
//!
//! ```text
//! |lambda_i(A) - d_i| <= |A - V D V'|_F + e max|d|
//! ```
//!
//! Both norms are computed in floating point and enlarged by their own rounding error (Higham, "Accuracy and
//! Stability of Numerical Algorithms", section 3.1), so nothing is assumed about how V and D were found.
//! Without eigenvectors, [`Tridiagonal`] bounds what rounding does on the way.

mod divide;
mod ql;
mod reduce;
mod secular;
mod sturm;
mod tridiagonal;

pub use tridiagonal::{Tridiagonal, seconds_of_tridiagonal};

use crate::kernel::{PANEL, Panel, STRIP, backward, forward};
use crate::parallel::{Parallel, map};
use faer::linalg::solvers::Solve;
use faer::{MatRef, Side};
use std::ops::Range;

/// Entries below it count as 0 in a matrix whose largest is near 1: squares of larger ones keep all their bits, and none of this
/// size moves an eigenvalue by a bit of the largest.
const NEGLIGIBLE: f64 = 1e-130;

/// Rows below which eigenvectors are found within some milliseconds; the proved error of eigenvalues is smaller with them.
pub const LARGE: usize = 256;

/// Unit roundoff.
pub const UNIT: f64 = f64::EPSILON / 2.0;

/// `gamma_n = n u / (1 - n u)`, rounded up: the relative error of a sum of n products in any order.
pub fn gamma(n: usize) -> f64 {
    let nu = n as f64 * UNIT;
    if nu < 0.5 { nu / (1.0 - nu) * (1.0 + 1e-10) } else { f64::INFINITY }
}

/// Eigenvalues in increasing order, eigenvectors, and a proved radius.
#[derive(Clone, Debug)]
pub struct Eigen {
    /// Approximate eigenvalues, increasing.
    pub values: Vec<f64>,
    /// Approximate unit eigenvectors, one after the other: entry `k * d + i` is component i of vector k.
    pub vectors: Vec<f64>,
    /// The i-th eigenvalue of the matrix lies within this distance of `values[i]`.
    pub radius: f64,
}

/// The smallest eigenvalue, the largest, and how far each may be off.
pub type Ends = ([f64; 2], f64);

impl Eigen {
    /// Of the matrix.
    pub fn ends(&self) -> Ends {
        ([self.values[0], self.values[self.values.len() - 1]], self.radius)
    }
}

/// About how long [`symmetric`] takes on one thread.
pub fn seconds_of_symmetric(d: usize) -> f64 {
    4e-10 * (d as f64).powi(3)
}

/// Decomposes a symmetric `d x d` matrix (row-major); `None` if an entry is not finite or the solver gives up. Neither the
/// threads nor the processor change a bit.
pub fn symmetric(matrix: &[f64], d: usize, parallel: &dyn Parallel) -> Option<Eigen> {
    Tridiagonal::of(matrix, d, parallel)?.eigen(matrix, parallel)
}

fn residual_radius(
    (matrix, scale): (&[f64], f64),
    values: &[f64],
    vectors: &[f64],
    d: usize,
    parallel: &dyn Parallel,
) -> f64 {
    let slack = 1.0 + gamma(d * d + 8); // covers the rounding of the norms themselves
    let largest = values.iter().fold(0.0f64, |max, value| max.max(value.abs()));
    let vector = |k: usize| &vectors[k * d..][..d];
    // |V'V - I|_F; an entry of a product is one chain of multiply-adds.
    let unit = |i: usize, from: usize| std::array::from_fn(|j| f64::from(u8::from(i == from + j)));
    let square = squared_difference(d, parallel, unit, |rows, product| {
        let mut panel = Panel::new(d);
        panel.load(&rows.map(vector).collect::<Vec<_>>());
        forward(vectors, product.units(), &panel, product);
    });
    let unorthogonal = slack * square.sqrt() + 4.0 * d as f64 * gamma(d + 2);
    // |A - V D V'|_F, of A times `scale`
    let entries = |i: usize, from: usize| {
        let row = &matrix[i * d..][..d];
        std::array::from_fn(|j| row.get(from + j).map_or(0.0, |entry| entry * scale))
    };
    let square = squared_difference(d, parallel, entries, |rows, product| {
        let mut panel = Panel::new(d);
        panel.load_units(rows, |k| (values[k], vector(k)));
        backward(vectors, d, &panel, product);
    });
    let rounding = d as f64 * gamma(d + 3) * largest * (1.0 + unorthogonal);
    slack * (square.sqrt() + rounding + unorthogonal * largest)
}

/// `|W - P|_F^2` for symmetric W and P. `wanted` gives entries of a row of W from a column on, and 0 beyond the last; `form_product`
/// forms the first rows of some columns of P, as many as the panel has units.
fn squared_difference(
    d: usize,
    parallel: &dyn Parallel,
    wanted: impl Fn(usize, usize) -> [f64; STRIP] + Sync,
    form_product: impl Fn(Range<usize>, &mut Panel) + Sync,
) -> f64 {
    // The longest come first, so that no thread waits long for another.
    let parts: Vec<usize> = (0..d).step_by(PANEL).rev().collect();
    let squares = map(parallel, parts, |from| {
        let to = (from + PANEL).min(d);
        let mut product = Panel::new(to);
        product.resize(to - from);
        form_product(from..to, &mut product);
        let mut sums = [0.0; STRIP];
        for (s, strip) in product.strips().enumerate() {
            for (i, entries) in strip.iter().enumerate() {
                // Entries above these columns stand for those on the other side of the diagonal too.
                let weight = if i < from { 2.0 } else { 1.0 };
                for ((sum, entry), wanted) in sums.iter_mut().zip(entries).zip(wanted(i, from + s * STRIP)) {
                    *sum += weight * (wanted - entry) * (wanted - entry);
                }
            }
        }
        sums.iter().sum::<f64>()
    });
    squares.into_iter().sum()
}

/// Cholesky's factor of a positive definite matrix.
pub struct Cholesky(faer::linalg::solvers::Llt<f64>);

impl Cholesky {
    /// Of a `d x d` matrix (row-major); `None` if it is not positive definite.
    pub fn of(matrix: &[f64], d: usize) -> Option<Self> {
        if !matrix.iter().all(|entry| entry.is_finite()) {
            return None;
        }
        MatRef::from_row_major_slice(matrix, d, d).llt(Side::Lower).ok().map(Self)
    }

    /// Solves `A x = b`; `None` if the solution is not finite.
    pub fn solve(&self, b: &[f64]) -> Option<Vec<f64>> {
        let d = b.len();
        if !b.iter().all(|entry| entry.is_finite()) {
            return None;
        }
        let solution = self.0.solve(faer::Mat::from_fn(d, 1, |i, _| b[i]));
        let x: Vec<f64> = (0..d).map(|i| solution[(i, 0)]).collect();
        x.iter().all(|entry| entry.is_finite()).then_some(x)
    }
}

/// Solves `A x = b` for a `d x d` matrix (row-major) by elimination with row exchanges; `None` if it is singular.
pub fn solve(matrix: &[f64], b: &[f64]) -> Option<Vec<f64>> {
    let d = b.len();
    if !matrix.iter().chain(b).all(|entry| entry.is_finite()) {
        return None;
    }
    let factor = MatRef::from_row_major_slice(matrix, d, d).partial_piv_lu();
    let solution = factor.solve(faer::Mat::from_fn(d, 1, |i, _| b[i]));
    let x: Vec<f64> = (0..d).map(|i| solution[(i, 0)]).collect();
    x.iter().all(|entry| entry.is_finite()).then_some(x)
}

/// Moduli of the eigenvalues of any real `d x d` matrix (row-major), largest first, without a proved error.
pub fn moduli(matrix: &[f64], d: usize) -> Option<Vec<f64>> {
    if !matrix.iter().all(|entry| entry.is_finite()) {
        return None;
    }
    let eigenvalues = MatRef::from_row_major_slice(matrix, d, d).eigenvalues().ok()?;
    let mut moduli: Vec<f64> = eigenvalues.iter().map(|value| value.re.hypot(value.im)).collect();
    moduli.sort_by(|a, b| b.total_cmp(a));
    Some(moduli)
}

/// Largest modulus of the eigenvalues of any real `d x d` matrix (row-major), without a proved error.
pub fn spectral_radius(matrix: &[f64], d: usize) -> Option<f64> {
    moduli(matrix, d)?.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::max_abs;
    use crate::parallel::Sequential;
    use crate::random::{Generator, Role};

    /// The second-difference matrix has eigenvalues `2 - 2 cos(k pi/(d+1))`.
    pub(super) fn second_difference(d: usize) -> Vec<f64> {
        let mut matrix = vec![0.0; d * d];
        for i in 0..d {
            matrix[i * d + i] = 2.0;
            if i > 0 {
                matrix[i * d + i - 1] = -1.0;
                matrix[(i - 1) * d + i] = -1.0;
            }
        }
        matrix
    }

    #[test]
    fn encloses_known_eigenvalues_tightly() {
        for d in [1, 2, 7, 40] {
            let eigen = symmetric(&second_difference(d), d, &Sequential).expect("finite");
            for (k, value) in eigen.values.iter().enumerate() {
                let exact = 2.0 - 2.0 * (std::f64::consts::PI * (k + 1) as f64 / (d + 1) as f64).cos();
                assert!((value - exact).abs() <= eigen.radius + 1e-15, "{d} {k}");
            }
            assert!(eigen.radius < 1e-12 * d as f64, "{d}: {:e}", eigen.radius);
        }
    }

    /// By reflections and division, where the matrix is larger than what is solved at once, and against faer's.
    #[test]
    fn dense_matrices_against_another_decomposition() {
        let mut generator = Generator::new(17, 0, Role::Other);
        for d in [3, 33, 70, 150, 260] {
            let b: Vec<f64> = (0..d * d).map(|_| generator.normal()).collect();
            let matrix: Vec<f64> = (0..d * d).map(|k| b[k] + b[k % d * d + k / d]).collect();
            let eigen = symmetric(&matrix, d, &Sequential).expect("finite");
            let other =
                MatRef::from_row_major_slice(&matrix, d, d).self_adjoint_eigenvalues(Side::Lower).expect("finite");
            assert!(eigen.values.is_sorted() && eigen.radius < 1e-9 * d as f64, "{:e}", eigen.radius);
            for (value, other) in eigen.values.iter().zip(&other) {
                assert!((value - other).abs() <= 1e-13 * d as f64, "{d}: {value:e} {other:e}");
            }
        }
    }

    /// `None`, or a radius far above rounding, would cost a constant.
    fn assert_tight(matrix: &[f64], d: usize, name: &str) -> Eigen {
        let eigen = symmetric(matrix, d, &Sequential).unwrap_or_else(|| panic!("{name} {d}: nothing"));
        let largest = max_abs(&eigen.values);
        assert!(
            eigen.radius <= 1e-14 * (d * d) as f64 * largest + 1e-300,
            "{name} {d}: {:e} {largest:e}",
            eigen.radius
        );
        eigen
    }

    #[test]
    fn singular_decoupled_and_repeated() {
        for d in [3, 12, 40, 100, 150] {
            let from = |entry: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
                (0..d * d).map(|k| entry((k / d).min(k % d), (k / d).max(k % d))).collect()
            };
            assert_eq!(assert_tight(&from(&|_, _| 0.0), d, "zero").values, vec![0.0; d]);
            assert_eq!(assert_tight(&from(&|i, j| f64::from(u8::from(i == j))), d, "unit").values, vec![1.0; d]);
            let ones = assert_tight(&from(&|_, _| 1.0), d, "ones").values;
            assert!((ones[d - 1] - d as f64).abs() < 1e-12 * d as f64 && max_abs(&ones[..d - 1]) < 1e-12 * d as f64);
            let x = |i: usize| (i as f64 * 1.3).sin();
            assert_tight(&from(&|i, j| x(i) * x(j)), d, "rank one");
            assert_tight(&from(&|i, j| x(i / 2) * x(j / 2) + x(2 * (i / 2)) * x(2 * (j / 2))), d, "duplicated");
            assert_tight(&from(&|i, j| if i == j { x(i) } else { 0.0 }), d, "diagonal");
            assert_tight(&from(&|i, j| if j - i <= 1 { x(i + j) } else { 0.0 }), d, "tridiagonal");
            for tiny in [1e-120, 1e-135, 1e-150, 1e-160, 1e-170, 1e-300] {
                let entry = |i: usize, j: usize| match (i, j - i) {
                    (0, off) => f64::from(u8::from(off == 0)),
                    (_, 0) => 2.0 * tiny,
                    (_, 1) => tiny,
                    _ => 0.0,
                };
                assert_tight(&from(&entry), d, "a tiny block");
            }
        }
        assert!(symmetric(&[1e308; 16], 4, &Sequential).is_none());
    }

    #[test]
    fn a_wrong_vector_of_several_panels_is_not_believed() {
        let d = 2 * PANEL + 2;
        let matrix = second_difference(d);
        let Eigen { values, vectors, radius } = symmetric(&matrix, d, &Sequential).expect("finite");
        let of = |values: &[f64], vectors: &[f64]| residual_radius((&matrix, 1.0), values, vectors, d, &Sequential);
        assert!(of(&values, &vectors) <= radius * (1.0 + 1e-9));
        for k in [0, PANEL, d - 1] {
            let mut wrong = values.clone();
            wrong[k] += 1e-3;
            assert!(of(&wrong, &vectors) > 0.99e-3, "{k}");
            let mut wrong = vectors.clone();
            wrong[k * d + d - 1] += 1e-3;
            assert!(of(&values, &wrong) > 1e-4, "{k}");
        }
    }

    #[test]
    fn a_wrong_decomposition_is_not_believed() {
        let matrix = second_difference(5);
        let eigen = symmetric(&matrix, 5, &Sequential).expect("finite");
        let mut values = eigen.values.clone();
        values[4] *= 0.99;
        assert!(residual_radius((&matrix, 1.0), &values, &eigen.vectors, 5, &Sequential) > eigen.values[4] - values[4]);
    }

    #[test]
    fn one_half_of_a_difference_is_the_whole() {
        for d in [1, 5, PANEL, PANEL + 1, 300] {
            let matrix = second_difference(d);
            let shifted = |i: usize, j: usize| matrix[i * d + j] + if i.abs_diff(j) == 2 { 0.5 } else { 0.25 };
            let all = (0..d * d).map(|k| (shifted(k / d, k % d) - matrix[k]).powi(2)).sum::<f64>();
            let wanted =
                |i: usize, from: usize| std::array::from_fn(|j| if from + j < d { shifted(i, from + j) } else { 0.0 });
            let half = squared_difference(d, &Sequential, wanted, |columns, product| {
                for (s, strip) in product.strips_mut().enumerate() {
                    for (i, entries) in strip.iter_mut().enumerate() {
                        for (j, entry) in columns.clone().skip(s * STRIP).zip(entries) {
                            *entry = matrix[i * d + j];
                        }
                    }
                }
            });
            assert!((half / all - 1.0).abs() < 1e-13, "{d}");
        }
    }

    #[test]
    fn tiny_and_huge_entries() {
        for scale in [1e-323, 1e-310, 1e-200, 1e200, 1e307] {
            // Eigenvalues 1 and 3 of the unit in the last place at the lower end.
            let unit = scale;
            let eigen = symmetric(&[2.0 * unit, unit, unit, 2.0 * unit], 2, &Sequential).expect("finite");
            for (value, exact) in eigen.values.iter().zip([unit, 3.0 * unit]) {
                assert!((value - exact).abs() <= eigen.radius, "{scale:e}: {value:e} {:e}", eigen.radius);
            }
            assert!(eigen.radius <= 1e-13 * scale + 1e-321, "{:e}", eigen.radius);
        }
        assert_eq!(symmetric(&[0.0; 4], 2, &Sequential).expect("finite").values, [0.0, 0.0]);
    }

    #[test]
    fn refuses_what_is_not_finite_or_not_definite() {
        assert!(symmetric(&[f64::NAN], 1, &Sequential).is_none());
        assert!(Cholesky::of(&[-1.0], 1).is_none());
        let factor = Cholesky::of(&[4.0, 1.0, 1.0, 2.0], 2).expect("definite");
        let x = factor.solve(&[9.5, 5.0]).expect("finite");
        assert!((x[0] - 2.0).abs() < 1e-15 && (x[1] - 1.5).abs() < 1e-15);
    }

    #[test]
    fn general_matrices() {
        // 90 degrees times 3/2, and a shear: eigenvalues +-1.5 i, 0.5.
        let matrix = [0.0, -1.5, 7.0, 1.5, 0.0, 2.0, 0.0, 0.0, 0.5];
        assert!((spectral_radius(&matrix, 3).expect("finite") - 1.5).abs() < 1e-14);
        // x = (2, -1, 4): the right side is (1.5 + 28, 3 + 8, 2).
        let x = solve(&matrix, &[29.5, 11.0, 2.0]).expect("regular");
        assert!(x.iter().zip([2.0, -1.0, 4.0]).all(|(x, exact)| (x - exact).abs() < 1e-14), "{x:?}");
        assert!(solve(&[1.0, 2.0, 2.0, 4.0], &[1.0, 0.0]).is_none());
        assert!(spectral_radius(&[f64::NAN], 1).is_none());
    }
}
