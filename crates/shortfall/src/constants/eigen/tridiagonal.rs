//! Symmetric matrices in tridiagonal form.

use super::{Eigen, Ends, LARGE, UNIT, divide, reduce::Reduced, residual_radius, sturm};
use crate::kernel::{max_abs, rescaling, use_large_pages};
use crate::parallel::Parallel;

/// About how long [`Tridiagonal::of`] takes on one thread.
pub fn seconds_of_tridiagonal(d: usize) -> f64 {
    1.5e-10 * (d as f64).powi(3)
}

/// A symmetric matrix as `Q T Q'`, T tridiagonal and Q orthogonal, with a proved radius: in less than half of the time of
/// [`symmetric`](super::symmetric).
#[derive(Clone, Debug)]
pub struct Tridiagonal {
    /// Of the matrix times `scale`.
    reduced: Reduced,
    scale: f64,
    /// The k-th eigenvalue of the matrix lies within this distance of [`eigenvalue`](Self::eigenvalue), and the spectral norm of
    /// `A - Q T Q'` is not above it.
    pub radius: f64,
}

impl Tridiagonal {
    /// Of a symmetric `d x d` matrix (row-major); `None` if an entry is not finite, or what is found is not. Neither the threads nor the
    /// processor change a bit.
    pub fn of(matrix: &[f64], d: usize, parallel: &dyn Parallel) -> Option<Self> {
        assert_eq!(matrix.len(), d * d, "a square matrix");
        if d == 0 || !matrix.iter().all(|entry| entry.is_finite()) {
            return None;
        }
        // At a scale near 1, where squares neither overflow nor vanish; powers of two change no digit, but entries far below
        // the largest may vanish, and so may digits of the result.
        let largest = max_abs(matrix);
        let scale = if largest > 0.0 { rescaling(largest) } else { 1.0 };
        let mut scaled = Vec::with_capacity(d * d);
        use_large_pages(&mut scaled);
        scaled.extend(matrix.iter().map(|entry| entry * scale));
        let reduced = Reduced::of(scaled, d, parallel);
        let error = reduced.error + sturm::error(&reduced.diagonal, &reduced.off_diagonal);
        let tridiagonal = Self { radius: unscaled(error, d, scale), reduced, scale };
        let size = sturm::size(&tridiagonal.reduced.diagonal, &tridiagonal.reduced.off_diagonal) / scale;
        (tridiagonal.radius.is_finite() && size.is_finite()).then_some(tridiagonal)
    }

    /// Of T.
    pub fn diagonal(&self) -> Vec<f64> {
        self.reduced.diagonal.iter().map(|entry| entry / self.scale).collect()
    }

    /// The entries beside it, one less.
    pub fn off_diagonal(&self) -> Vec<f64> {
        self.reduced.off_diagonal.iter().map(|entry| entry / self.scale).collect()
    }

    /// Of the matrix the k-th smallest, from 0, within the radius.
    pub fn eigenvalue(&self, k: usize) -> f64 {
        sturm::eigenvalue(&self.reduced.diagonal, &self.reduced.off_diagonal, k) / self.scale
    }

    /// Of the matrix: from what `eigen` finds with eigenvectors, if it can, for small matrices, and where the sign or the size of the
    /// smallest eigenvalue may be told by that alone.
    pub fn ends(&self, eigen: impl FnOnce() -> Option<Ends>) -> Ends {
        let d = self.reduced.diagonal.len();
        let low = self.eigenvalue(0);
        let near_zero = (1e-3..1e4).contains(&(low.abs() / self.radius));
        let better = if d < LARGE || near_zero { eigen() } else { None };
        better.unwrap_or_else(|| ([low, self.eigenvalue(d - 1)], self.radius))
    }

    /// `Q'x` in place of x, and `Qz` in place of z, for each of some vectors that lie one after the other: relative to its length each
    /// is off by at most [`turning_error`](Self::turning_error).
    pub fn turn(&self, vectors: &mut [f64]) {
        self.reduced.turn(vectors);
    }

    /// See [`turn`](Self::turn).
    pub fn turn_back(&self, vectors: &mut [f64]) {
        self.reduced.turn_back(vectors);
    }

    /// See [`turn`](Self::turn).
    pub fn turning_error(&self) -> f64 {
        self.reduced.turning_error()
    }

    /// Eigenvalues and eigenvectors of the matrix that this is of; `None` if the solver gives up.
    pub fn eigen(&self, matrix: &[f64], parallel: &dyn Parallel) -> Option<Eigen> {
        let (d, scale) = (self.reduced.diagonal.len(), self.scale);
        let solved = divide::tridiagonal(&self.reduced.diagonal, &self.reduced.off_diagonal, parallel)?;
        let order = solved.order();
        let mut vectors = Vec::with_capacity(d * d);
        use_large_pages(&mut vectors);
        order.iter().for_each(|k| vectors.extend_from_slice(solved.column(*k)));
        self.reduced.restore(&mut vectors, parallel);
        let values: Vec<f64> = order.iter().map(|k| solved.values[*k]).collect();
        let radius = unscaled(residual_radius((matrix, scale), &values, &vectors, d, parallel), d, scale);
        let values: Vec<f64> = values.iter().map(|value| value / scale).collect();
        (radius.is_finite() && values.iter().all(|value| value.is_finite())).then_some(Eigen {
            values,
            vectors,
            radius,
        })
    }
}

/// A radius for a `d x d` matrix from that for the matrix times `scale`, whose smallest entries may have vanished.
fn unscaled(radius: f64, d: usize, scale: f64) -> f64 {
    let radius = radius + d as f64 * f64::MIN_POSITIVE;
    (radius * (1.0 + 4.0 * UNIT) / scale).next_up() + 4.0 * f64::from_bits(1)
}

#[cfg(test)]
mod tests {
    use super::super::tests::second_difference;
    use super::*;
    use crate::parallel::Sequential;

    #[test]
    fn the_ends_of_a_spectrum_in_tridiagonal_form() {
        for (d, scale) in [(LARGE, 1.0), (300, 1e-310), (300, 1e300)] {
            let with = |shift: f64| {
                let mut matrix: Vec<f64> = second_difference(d).iter().map(|entry| entry * scale).collect();
                // Not tridiagonal already: reflected along the vector of ones.
                let (sums, ones): (Vec<f64>, f64) =
                    (matrix.chunks_exact(d).map(|row| row.iter().sum()).collect(), 2.0 / d as f64);
                let whole: f64 = sums.iter().sum();
                for (k, entry) in matrix.iter_mut().enumerate() {
                    *entry += ones * (ones * whole - sums[k / d] - sums[k % d]);
                }
                matrix.iter_mut().step_by(d + 1).for_each(|entry| *entry += shift * scale);
                (Tridiagonal::of(&matrix, d, &Sequential).expect("finite"), matrix)
            };
            let exact = |k: usize| 2.0 - 2.0 * (std::f64::consts::PI * k as f64 / (d + 1) as f64).cos();
            let (form, _) = with(0.1);
            let ([low, high], radius) = form.ends(|| None);
            assert_eq!(([low, high], radius), form.ends(|| panic!("eigenvectors of a matrix that tells enough")));
            let slack = radius + 1e-14 * scale;
            assert!(
                (low - (exact(1) + 0.1) * scale).abs() <= slack && (high - (exact(d) + 0.1) * scale).abs() <= slack
            );
            assert!(radius <= 1e-8 * scale, "{radius:e}");
            // So near to 0 that eigenvectors are asked.
            let (form, matrix) = with(1e-9 - exact(1));
            let ends = form.ends(|| Some(form.eigen(&matrix, &Sequential)?.ends()));
            assert!(ends.1 < radius / 2.0 && (ends.0[0] - 1e-9 * scale).abs() <= ends.1 + 1e-14 * scale, "{ends:?}");
        }
        assert!(Tridiagonal::of(&[1e308; 16], 4, &Sequential).is_none());
        // Finite entries, but an eigenvalue of 2e308.
        assert!(Tridiagonal::of(&[1e308; 4], 2, &Sequential).is_none());
        assert!(Tridiagonal::of(&[f64::NAN; 4], 2, &Sequential).is_none());
    }
}
