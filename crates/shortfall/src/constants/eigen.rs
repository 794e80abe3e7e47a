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

use crate::kernel::{dot, max_abs, rescaling};
use faer::linalg::matmul::matmul;
use faer::linalg::solvers::Solve;
use faer::{Accum, MatMut, MatRef, Par, Side};

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

/// About how long [`symmetric`] takes.
pub fn seconds_of_symmetric(d: usize) -> f64 {
    7e-10 * (d as f64).powi(3)
}

/// Decomposes a symmetric `d x d` matrix (row-major); `None` if an entry is not finite or the solver gives up.
pub fn symmetric(matrix: &[f64], d: usize) -> Option<Eigen> {
    assert_eq!(matrix.len(), d * d, "a square matrix");
    if d == 0 || !matrix.iter().all(|entry| entry.is_finite()) {
        return None;
    }
    // At a scale near 1, where squares neither overflow nor vanish; powers of two change no digit, but entries far below
    // the largest may vanish, and so may digits of the result.
    let largest = max_abs(matrix);
    let scale = if largest > 0.0 { rescaling(largest) } else { 1.0 };
    let scaled: Vec<f64> = matrix.iter().map(|entry| entry * scale).collect();
    let view = MatRef::from_row_major_slice(&scaled, d, d);
    let decomposition = view.self_adjoint_eigen(Side::Lower).ok()?;
    let values: Vec<f64> = decomposition.S().column_vector().iter().copied().collect();
    let columns = decomposition.U();
    let vectors: Vec<f64> = (0..d).flat_map(|k| (0..d).map(move |i| columns[(i, k)])).collect();
    let radius = residual_radius(&scaled, &values, &vectors, d) + d as f64 * f64::MIN_POSITIVE;
    let radius = (radius * (1.0 + 4.0 * UNIT) / scale).next_up() + 4.0 * f64::from_bits(1);
    let values = values.iter().map(|value| value / scale).collect();
    radius.is_finite().then_some(Eigen { values, vectors, radius })
}

fn residual_radius(matrix: &[f64], values: &[f64], vectors: &[f64], d: usize) -> f64 {
    let slack = 1.0 + gamma(d * d + 8); // covers the rounding of the norms themselves
    let largest = values.iter().fold(0.0f64, |max, value| max.max(value.abs()));
    // |V'V - I|_F; a product's error does not depend on the order of its sums, as long as they are plain sums of products (no
    // Strassen), which faer's are.
    let v = MatRef::from_row_major_slice(vectors, d, d);
    let square = squared_difference(v, v.transpose(), |i, j| f64::from(u8::from(i == j)));
    let unorthogonal = slack * square.sqrt() + 4.0 * d as f64 * gamma(d + 2);
    // |A - V D V'|_F
    let scaled: Vec<f64> = vectors.iter().enumerate().map(|(index, entry)| entry * values[index / d]).collect();
    let scaled = MatRef::from_row_major_slice(&scaled, d, d);
    let square = squared_difference(v.transpose(), scaled, |i, j| matrix[i * d + j]);
    let rounding = d as f64 * gamma(d + 3) * largest * (1.0 + unorthogonal);
    slack * (square.sqrt() + rounding + unorthogonal * largest)
}

/// Rows of a product that are made at a time.
const ROWS: usize = 128;

/// `|W - LR|_F^2` for symmetric W and LR, from what is on and below the diagonal.
fn squared_difference(left: MatRef<f64>, right: MatRef<f64>, wanted: impl Fn(usize, usize) -> f64) -> f64 {
    let d = left.nrows();
    let (mut product, mut square) = (vec![0.0; ROWS.min(d) * d], 0.0);
    for from in (0..d).step_by(ROWS) {
        let to = (from + ROWS).min(d);
        let product = &mut product[..(to - from) * to];
        let target = MatMut::from_row_major_slice_mut(product, to - from, to);
        matmul(target, Accum::Replace, left.subrows(from, to - from), right.subcols(0, to), 1.0, Par::Seq);
        for (i, row) in (from..to).zip(product.chunks_exact_mut(to)) {
            row.iter_mut().enumerate().for_each(|(j, entry)| *entry = wanted(i, j) - *entry);
            square += 2.0 * dot(&row[..i], &row[..i]) + row[i] * row[i];
        }
    }
    square
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

/// Solves `A x = b` for a positive definite `d x d` matrix (row-major); `None` if it is not.
pub fn solve_positive_definite(matrix: &[f64], b: &[f64]) -> Option<Vec<f64>> {
    Cholesky::of(matrix, b.len())?.solve(b)
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

    /// The second-difference matrix has eigenvalues `2 - 2 cos(k pi/(d+1))`.
    fn second_difference(d: usize) -> Vec<f64> {
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
            let eigen = symmetric(&second_difference(d), d).expect("finite");
            for (k, value) in eigen.values.iter().enumerate() {
                let exact = 2.0 - 2.0 * (std::f64::consts::PI * (k + 1) as f64 / (d + 1) as f64).cos();
                assert!((value - exact).abs() <= eigen.radius + 1e-15, "{d} {k}");
            }
            assert!(eigen.radius < 1e-12 * d as f64, "{d}: {:e}", eigen.radius);
        }
    }

    #[test]
    fn a_wrong_decomposition_is_not_believed() {
        let matrix = second_difference(5);
        let eigen = symmetric(&matrix, 5).expect("finite");
        let mut values = eigen.values.clone();
        values[4] *= 0.99;
        assert!(residual_radius(&matrix, &values, &eigen.vectors, 5) > eigen.values[4] - values[4]);
    }

    #[test]
    fn the_lower_half_is_the_whole() {
        for d in [1, 5, ROWS, ROWS + 1, 300] {
            let matrix = second_difference(d);
            let shifted = |i: usize, j: usize| matrix[i * d + j] + if i.abs_diff(j) == 2 { 0.5 } else { 0.25 };
            let view = MatRef::from_row_major_slice(&matrix, d, d);
            let unit = faer::Mat::<f64>::identity(d, d);
            let all = (0..d * d).map(|k| (shifted(k / d, k % d) - matrix[k]).powi(2)).sum::<f64>();
            assert!((squared_difference(view, unit.as_ref(), shifted) / all - 1.0).abs() < 1e-13, "{d}");
        }
    }

    #[test]
    fn tiny_and_huge_entries() {
        for scale in [1e-323, 1e-310, 1e-200, 1e200, 1e307] {
            // Eigenvalues 1 and 3 of the unit in the last place at the lower end.
            let unit = scale;
            let eigen = symmetric(&[2.0 * unit, unit, unit, 2.0 * unit], 2).expect("finite");
            for (value, exact) in eigen.values.iter().zip([unit, 3.0 * unit]) {
                assert!((value - exact).abs() <= eigen.radius, "{scale:e}: {value:e} {:e}", eigen.radius);
            }
            assert!(eigen.radius <= 1e-13 * scale + 1e-321, "{:e}", eigen.radius);
        }
        assert_eq!(symmetric(&[0.0; 4], 2).expect("finite").values, [0.0, 0.0]);
    }

    #[test]
    fn refuses_what_is_not_finite_or_not_definite() {
        assert!(symmetric(&[f64::NAN], 1).is_none());
        assert!(solve_positive_definite(&[-1.0], &[1.0]).is_none());
        let x = solve_positive_definite(&[4.0, 1.0, 1.0, 2.0], &[9.5, 5.0]).expect("definite");
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
