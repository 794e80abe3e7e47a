//! ASAM's perturbation.

use super::Ascent;
use crate::kernel;

/// ASAM (Kwon, Kim, Park and Choi, ICML 2021), elementwise: `y = x + rho T^2 g/|T g|` with `T = diag(|x_i|)`. A
/// coordinate that is exactly 0 is not perturbed, and `y = x` where `T g = 0`: their `|x_i| + 0.01` is not added, so that
/// the rule stays invariant to a rescaling of the coordinates.
pub struct Adaptive;

impl Ascent for Adaptive {
    fn point(&self, rho: f64, x: &[f64], g: &[f64], y: &mut [f64]) {
        for ((y, x), g) in y.iter_mut().zip(x).zip(g) {
            *y = x.abs() * g;
        }
        kernel::normalise(y);
        for (y, x) in y.iter_mut().zip(x) {
            *y = (rho * x.abs()).mul_add(*y, *x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(x: &[f64], g: &[f64]) -> Vec<f64> {
        let mut y = vec![0.0; x.len()];
        Adaptive.point(0.5, x, g, &mut y);
        y
    }

    #[test]
    fn number_worked_by_hand() {
        // T g = (2*1.5, 1*(-4)) = (3, -4) of length 5; T^2 g = (6, -4): y = x + 0.5/5 (6, -4).
        let y = point(&[2.0, -1.0], &[1.5, -4.0]);
        assert!((y[0] - 2.6).abs() < 1e-15 && (y[1] + 1.4).abs() < 1e-15, "{y:?}");
    }

    #[test]
    fn zero_weights_stay() {
        assert_eq!(point(&[0.0, 2.0], &[7.0, 1.0]), [0.0, 3.0]);
        assert_eq!(point(&[0.0, 2.0], &[7.0, 0.0]), [0.0, 2.0]);
    }

    #[test]
    fn it_follows_a_rescaling_of_the_coordinates() {
        // f(Ax) with A = diag(10, 0.1): x/A has the gradient A g, and its perturbed point is y/A.
        let (x, g) = ([2.0, -1.0], [1.5, -4.0]);
        let plain = point(&x, &g);
        let scaled = point(&[x[0] / 10.0, x[1] / 0.1], &[g[0] * 10.0, g[1] * 0.1]);
        assert!((scaled[0] * 10.0 - plain[0]).abs() < 1e-14 && (scaled[1] * 0.1 - plain[1]).abs() < 1e-14);
    }
}
