//! Single eigenvalues of symmetric tridiagonal matrices by bisection.
//!
//! Of the factors `q_k = d_k - x - e_{k-1}^2/q_{k-1}` as many are negative as eigenvalues lie below x. What is counted in floating
//! point is exact for a matrix whose entries beside the diagonal are off by at most 2.5 unit roundoffs of themselves (Demmel, "Applied
//! Numerical Linear Algebra", section 5.3.4), whatever x is: so where it is told from is where it lies, but for [`error`].

use super::UNIT;

/// Counts that a bisection takes at most.
const HALVINGS: usize = 128;
/// A factor that vanishes, or nearly, is replaced by its negative.
const TINY: f64 = 1e-290;

/// The k-th smallest eigenvalue, from 0, of the matrix with this diagonal and off-diagonal.
pub(super) fn eigenvalue(diagonal: &[f64], off_diagonal: &[f64], k: usize) -> f64 {
    let size = size(diagonal, off_diagonal);
    let squares: Vec<f64> = off_diagonal.iter().map(|e| e * e).collect();
    let (mut low, mut high) = (-size, size);
    for _ in 0..HALVINGS {
        let middle = low + (high - low) / 2.0;
        if !(low < middle && middle < high) {
            break;
        }
        if count_below(diagonal, &squares, middle) > k { high = middle } else { low = middle }
    }
    low + (high - low) / 2.0
}

/// How far [`eigenvalue`] may be off.
pub(super) fn error(diagonal: &[f64], off_diagonal: &[f64]) -> f64 {
    // Two entries of a row are off, bisection ends between neighbours or near 0, and squares may vanish.
    8.0 * UNIT * size(diagonal, off_diagonal) + 1e-140
}

/// No eigenvalue is larger in size.
pub(super) fn size(diagonal: &[f64], off_diagonal: &[f64]) -> f64 {
    let beside = |k: usize| off_diagonal.get(k).map_or(0.0, |e: &f64| e.abs());
    let rows = diagonal.iter().enumerate().map(|(k, d)| d.abs() + beside(k) + if k > 0 { beside(k - 1) } else { 0.0 });
    rows.fold(0.0, f64::max) * (1.0 + 4.0 * UNIT) + TINY
}

fn count_below(diagonal: &[f64], squares: &[f64], x: f64) -> usize {
    let (mut count, mut taken) = (0, 0.0);
    for (k, d) in diagonal.iter().enumerate() {
        let factor = d - x - taken;
        let factor = if factor.abs() < TINY { -TINY } else { factor };
        count += usize::from(factor < 0.0);
        taken = squares.get(k).map_or(0.0, |e| e / factor);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_eigenvalues() {
        for d in [1, 2, 9, 300] {
            let (diagonal, off_diagonal) = (vec![2.0; d], vec![-1.0; d - 1]);
            for k in [0, d / 2, d - 1] {
                let exact = 2.0 - 2.0 * (std::f64::consts::PI * (k + 1) as f64 / (d + 1) as f64).cos();
                let found = eigenvalue(&diagonal, &off_diagonal, k);
                assert!((found - exact).abs() <= error(&diagonal, &off_diagonal), "{d} {k}: {found:e} {exact:e}");
            }
        }
    }

    /// Diagonal ones, repeated ones, zeros, and factors that vanish or are tiny.
    #[test]
    fn eigenvalues_that_are_exact() {
        let diagonal = [3.0, -1.0, 0.5, 3.0, 1e-200];
        let mut sorted = diagonal;
        sorted.sort_by(f64::total_cmp);
        for (k, exact) in sorted.into_iter().enumerate() {
            let found = eigenvalue(&diagonal, &[0.0; 4], k);
            assert!((found - exact).abs() <= error(&diagonal, &[0.0; 4]), "{found:e} {exact:e}");
        }
        assert!(eigenvalue(&[0.0; 3], &[0.0; 2], 1).abs() <= error(&[0.0; 3], &[0.0; 2]));
        // 0 and +-sqrt 2.
        for (k, exact) in [-(2f64.sqrt()), 0.0, 2f64.sqrt()].into_iter().enumerate() {
            assert!((eigenvalue(&[0.0; 3], &[1.0; 2], k) - exact).abs() < 1e-15);
        }
        let tiny = eigenvalue(&[1.0, 2.0], &[1e-170], 0);
        assert!((tiny - 1.0).abs() <= error(&[1.0, 2.0], &[1e-170]));
    }
}
