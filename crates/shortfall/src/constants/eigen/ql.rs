//! Eigenvalues and eigenvectors of small symmetric tridiagonal matrices by QL steps with implicit shifts (Dubrulle, Martin and
//! Wilkinson, "The implicit QL algorithm", Numerische Mathematik 12, 1968).

use super::NEGLIGIBLE;

/// Steps an eigenvalue may take; two or three are usual.
const MOST_STEPS: usize = 60;

/// Eigenvalues and, one after the other, eigenvectors of the matrix with this diagonal and off-diagonal; `None` if steps do not end.
pub(super) fn implicit_ql(diagonal: &[f64], off_diagonal: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
    let n = diagonal.len();
    let mut d = diagonal.to_vec();
    let mut e = [off_diagonal, &[0.0]].concat();
    let mut vectors = vec![0.0; n * n];
    vectors.iter_mut().step_by(n + 1).for_each(|entry| *entry = 1.0);
    for first in 0..n {
        let mut steps = 0;
        loop {
            let is_negligible = |k: &usize| e[*k].abs() <= f64::EPSILON * (d[*k].abs() + d[*k + 1].abs()) + NEGLIGIBLE;
            let last = (first..n - 1).find(is_negligible).unwrap_or(n - 1);
            if last == first {
                break;
            }
            steps += 1;
            if steps > MOST_STEPS {
                return None;
            }
            step(&mut d, &mut e, [first, last], &mut vectors);
        }
    }
    Some((d, vectors))
}

/// One step for the part from `first` to `last`, shifted by the eigenvalue of its first two rows that is nearer to the first.
fn step(d: &mut [f64], e: &mut [f64], [first, last]: [usize; 2], vectors: &mut [f64]) {
    let n = d.len();
    let half = (d[first + 1] - d[first]) / (2.0 * e[first]);
    let mut g = d[last] - d[first] + e[first] / (half + length(half, 1.0).copysign(half));
    let (mut sin, mut cos, mut taken) = (1.0, 1.0, 0.0);
    for k in (first..last).rev() {
        let (f, b) = (sin * e[k], cos * e[k]);
        let r = length(f, g);
        e[k + 1] = r;
        if r == 0.0 {
            // It falls into two parts here.
            d[k + 1] -= taken;
            e[last] = 0.0;
            return;
        }
        (sin, cos) = (f / r, g / r);
        g = d[k + 1] - taken;
        let r = (d[k] - g) * sin + 2.0 * cos * b;
        taken = sin * r;
        d[k + 1] = g + taken;
        g = cos * r - b;
        let (one, other) = vectors[k * n..][..2 * n].split_at_mut(n);
        for (x, y) in one.iter_mut().zip(other) {
            (*x, *y) = (cos * *x - sin * *y, sin * *x + cos * *y);
        }
    }
    d[first] -= taken;
    e[first] = g;
    e[last] = 0.0;
}

fn length(a: f64, b: f64) -> f64 {
    a.mul_add(a, b * b).sqrt()
}
