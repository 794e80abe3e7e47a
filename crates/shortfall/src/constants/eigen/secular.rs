//! Roots of `1/rho + sum_i z_i^2/(p_i - lambda) = 0`, the eigenvalues of `D + rho zz'` with D = diag(p).
//!
//! Between two poles the sum over those below is replaced by `r + s/(p_j - lambda)` of the same value and slope, that over those
//! above by `r + s/(p_{j+1} - lambda)`, and the quadratic equation solved (Bunch, Nielsen and Sorensen, "Rank-one modification of
//! the symmetric eigenproblem", Numerische Mathematik 31, 1978), within a bracket that bisection shortens where that leads out.

use crate::kernel::{GROUP, NO_POLE, secular_quotients, secular_sums, secular_vector};

/// Deflation keeps roots far enough from poles for bisection to end before.
const MOST_STEPS: usize = 200;

/// `D + rho zz'` with increasing poles, all entries of z and rho not 0.
pub(super) struct Secular {
    count: usize,
    rho: f64,
    poles: Vec<[f64; GROUP]>,
    squares: Vec<[f64; GROUP]>,
}

/// An eigenvalue: the number of the pole near it, and its distance from there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Root {
    pub(super) origin: usize,
    pub(super) offset: f64,
}

/// Numbers in groups of eight, filled up.
pub(super) fn grouped(numbers: impl Iterator<Item = f64>, filling: f64) -> Vec<[f64; GROUP]> {
    let mut groups = Vec::new();
    for (k, number) in numbers.enumerate() {
        if k % GROUP == 0 {
            groups.push([filling; GROUP]);
        }
        groups[k / GROUP][k % GROUP] = number;
    }
    groups
}

impl Secular {
    pub(super) fn new(poles: &[f64], z: &[f64], rho: f64) -> Self {
        Self {
            count: poles.len(),
            rho,
            poles: grouped(poles.iter().copied(), NO_POLE),
            squares: grouped(z.iter().map(|z| z * z), 0.0),
        }
    }

    fn pole(&self, k: usize) -> f64 {
        self.poles[k / GROUP][k % GROUP]
    }

    pub(super) fn value(&self, root: Root) -> f64 {
        self.pole(root.origin) + root.offset
    }

    /// The root above pole j.
    pub(super) fn root(&self, j: usize) -> Root {
        let is_last = j + 1 == self.count;
        let left = self.pole(j);
        // Weyl: no eigenvalue moves further than the added matrix is large.
        let gap =
            if is_last { self.rho * self.squares.as_flattened().iter().sum::<f64>() } else { self.pole(j + 1) - left };
        let level = 1.0 / self.rho;
        let mut offset = gap / 2.0;
        let mut sums = secular_sums(&self.poles, &self.squares, [left, offset]);
        let is_high = level + sums[0] + sums[2] < 0.0;
        let origin = if is_high && !is_last { j + 1 } else { j };
        let mut bracket = if is_last { [0.0, 2.0 * gap] } else { [0.0, offset] };
        if origin > j {
            (offset, bracket) = (offset - gap, [offset - gap, 0.0]);
        }
        let zero = self.pole(origin);
        let below = left - zero;
        let above = if is_last { f64::INFINITY } else { self.pole(j + 1) - zero };
        for _ in 0..MOST_STEPS {
            let [psi, psi_slope, phi, phi_slope] = sums;
            let f = level + psi + phi;
            let rounding = f64::EPSILON * (level + 8.0 * (phi - psi) + offset.abs() * (psi_slope + phi_slope));
            if f.abs() <= rounding {
                break;
            }
            bracket[usize::from(f > 0.0)] = offset;
            let [left, right] = [below - offset, above - offset];
            let step = if is_last {
                // r + s/(p_j - lambda) alone.
                left + left * left * psi_slope / (f - left * psi_slope)
            } else {
                let a = (left + right) * f - left * right * (psi_slope + phi_slope);
                let b = left * right * f;
                let c = f - left * psi_slope - right * phi_slope;
                let root = (a * a - 4.0 * b * c).max(0.0).sqrt();
                if a <= 0.0 { (a - root) / (2.0 * c) } else { 2.0 * b / (a + root) }
            };
            let mut next = offset + step;
            if !(bracket[0] < next && next < bracket[1]) {
                next = bracket[0] + (bracket[1] - bracket[0]) / 2.0;
            }
            if next == offset || next == bracket[0] || next == bracket[1] {
                break;
            }
            offset = next;
            sums = secular_sums(&self.poles, &self.squares, [zero, offset]);
        }
        Root { origin, offset }
    }

    /// For these roots the entries of z with which they are exact: the vectors made of them are orthogonal however close roots are
    /// (Gu and Eisenstat, "A stable and efficient algorithm for the rank-one modification of the symmetric eigenproblem", SIAM
    /// Journal on Matrix Analysis and Applications 15, 1994). Up to a common factor, without signs.
    pub(super) fn exact_z(&self, roots: &[Root]) -> impl Fn(usize) -> f64 + Sync {
        let origins = grouped(roots.iter().map(|root| self.pole(root.origin)), NO_POLE);
        let offsets = grouped(roots.iter().map(|root| root.offset), 0.0);
        move |i| secular_quotients(&self.poles, &origins, &offsets, self.pole(i)).abs().sqrt()
    }

    /// `v_i = z_i/(p_i - lambda)`; returns `|v|`.
    pub(super) fn vector(&self, root: Root, z: &[[f64; GROUP]], vector: &mut [[f64; GROUP]]) -> f64 {
        secular_vector(&self.poles, z, [self.pole(root.origin), root.offset], vector).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Generator, Role};

    /// `sum z_i^2/((p_i - p_o) - mu)` around the root changes its sign within some spacings of mu.
    fn is_root(poles: &[f64], z: &[f64], rho: f64, root: Root) -> bool {
        let f = |offset: f64| {
            let terms = poles.iter().zip(z).map(|(p, z)| z * z / ((p - poles[root.origin]) - offset));
            1.0 / rho + terms.sum::<f64>()
        };
        let around = root.offset.abs() * 1e-13;
        f(root.offset - around) <= 0.0 && f(root.offset + around) >= 0.0
    }

    #[test]
    fn roots_between_poles_of_all_distances() {
        let mut generator = Generator::new(5, 0, Role::Other);
        for count in [1, 2, 3, 8, 9, 40] {
            for closeness in [0, 4, 12] {
                let mut poles = vec![-1.0];
                for _ in 1..count {
                    let gap = 10f64.powf(-f64::from(closeness) * generator.uniform());
                    poles.push(poles[poles.len() - 1] + gap.max(1e-14));
                }
                let z: Vec<f64> =
                    (0..count).map(|_| 10f64.powf(-6.0 * generator.uniform()) * generator.normal()).collect();
                for rho in [1e-6, 1.0, 100.0] {
                    let secular = Secular::new(&poles, &z, rho);
                    let roots: Vec<Root> = (0..count).map(|j| secular.root(j)).collect();
                    for (j, root) in roots.iter().enumerate() {
                        assert!(is_root(&poles, &z, rho, *root), "{count} {closeness} {rho} {j} {root:?}");
                        let value = secular.value(*root);
                        assert!(poles[j] <= value && poles.get(j + 1).is_none_or(|next| value <= *next));
                    }
                    // The trace.
                    let moved: f64 = roots.iter().enumerate().map(|(j, r)| poles[r.origin] - poles[j] + r.offset).sum();
                    let added = rho * z.iter().map(|z| z * z).sum::<f64>();
                    assert!((moved - added).abs() <= 1e-12 * added, "{moved:e} {added:e}");
                    // Vectors of unit length are orthogonal.
                    let exact = secular.exact_z(&roots);
                    let signed = grouped(z.iter().enumerate().map(|(i, z)| exact(i).copysign(*z)), 0.0);
                    let vectors: Vec<Vec<f64>> = roots
                        .iter()
                        .map(|root| {
                            let mut vector = signed.clone();
                            let length = secular.vector(*root, &signed, &mut vector);
                            vector.as_flattened()[..count].iter().map(|v| v / length).collect()
                        })
                        .collect();
                    for (i, a) in vectors.iter().enumerate() {
                        for (j, b) in vectors.iter().enumerate() {
                            let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                            let wanted = f64::from(u8::from(i == j));
                            assert!((product - wanted).abs() < 1e-14 * count as f64, "{i} {j} {product:e}");
                        }
                    }
                }
            }
        }
    }
}
