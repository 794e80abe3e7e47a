//! Gradient steps of quadratics whose matrix is tridiagonal, eight coordinates at a time.

use super::GROUP;
use super::cache_lines::CacheLines;
use super::eigenbasis::{Components, GONE, unless_gone};
use super::eight::{Eight, widest};

/// `f(z) = z'Tz/2 + b'z` with a symmetric tridiagonal matrix T.
pub struct TridiagonalQuadratic {
    diagonal: CacheLines,
    /// Entry k is that of k and k + 1.
    off_diagonal: CacheLines,
    /// Left out where b is 0.
    linear: Option<CacheLines>,
}

/// A point z and the gradient g there.
pub struct Place {
    size: usize,
    z: CacheLines,
    g: CacheLines,
}

impl TridiagonalQuadratic {
    /// From the diagonal, the entries beside it, one less, and b.
    pub fn new(diagonal: &[f64], off_diagonal: &[f64], linear: &[f64]) -> Self {
        assert!(diagonal.len() == linear.len() && diagonal.len() == off_diagonal.len() + 1);
        let linear = linear.iter().any(|b| *b != 0.0).then(|| padded(linear));
        Self { diagonal: padded(diagonal), off_diagonal: padded(&[off_diagonal, &[0.0]].concat()), linear }
    }

    /// Each coordinate goes to `z - eta (g + s Tg)` for `[eta, s]`, then `g = Tz + b` is formed there, and what is found is of there.
    /// Eight partial sums, by index modulo 8. Coordinates that would be smaller than [`GONE`], but not 0, are that.
    pub fn step(&self, coefficients: [f64; 2], place: &mut Place) -> Components {
        assert!(place.z.len() == self.diagonal.len());
        widest!(tridiagonal_step(self, coefficients, place))
    }
}

impl Place {
    /// A point; its gradient is found by a step of length 0.
    pub fn new(z: &[f64]) -> Self {
        Self { size: z.len(), z: padded(z), g: padded(&vec![0.0; z.len()]) }
    }

    /// z
    pub fn point(&self) -> &[f64] {
        &self.z.as_flattened()[GROUP..][..self.size]
    }

    /// g
    pub fn gradient(&self) -> &[f64] {
        &self.g.as_flattened()[GROUP..][..self.size]
    }
}

/// Filled up to whole eights with zeros, and with an eight of them before and after.
fn padded(x: &[f64]) -> CacheLines {
    let mut padded = CacheLines::default();
    padded.reset(x.len().div_ceil(GROUP) + 2);
    padded.as_flattened_mut()[GROUP..][..x.len()].copy_from_slice(x);
    padded
}

#[inline(always)]
pub(super) fn tridiagonal_step_by<E: Eight>(
    quadratic: &TridiagonalQuadratic,
    [eta, stretch]: [f64; 2],
    place: &mut Place,
) -> Components {
    let (minus_eta, stretch) = (E::splat(-eta), E::splat(stretch));
    let Place { z, g, .. } = place;
    let (z, g) = (&mut z[..], &mut g[..]);
    for k in 1..z.len() - 1 {
        let along = stretch.mul_add(row::<E>(quadratic, k, g, E::splat(0.0)), E::load(&g[k]));
        let from = E::load(&z[k]);
        let [next, _] = unless_gone(from, minus_eta.mul_add(along, from));
        next.store(&mut z[k]);
    }
    let mut sums = [E::splat(0.0), E::splat(0.0), E::splat(GONE)];
    for k in 1..z.len() - 1 {
        let b = quadratic.linear.as_ref().map(|b| E::load(&b[k]));
        let found = row::<E>(quadratic, k, z, b.unwrap_or(E::splat(0.0)));
        found.store(&mut g[k]);
        let twice = b.map_or(found, |b| found.add(b));
        let [squares, energies, largest] = sums;
        let z = E::load(&z[k]);
        sums = [found.mul_add(found, squares), z.mul_add(twice, energies), z.abs().max(largest)];
    }
    Components::of(sums)
}

/// Eight rows of the matrix times x, and `added`.
#[inline(always)]
fn row<E: Eight>(quadratic: &TridiagonalQuadratic, k: usize, x: &[[f64; GROUP]], added: E) -> E {
    let [off, flat] = [quadratic.off_diagonal.as_flattened(), x.as_flattened()];
    let after = E::load(&quadratic.off_diagonal[k]).mul_add(at(flat, GROUP * k + 1), added);
    let beside = at::<E>(off, GROUP * k - 1).mul_add(at(flat, GROUP * k - 1), after);
    E::load(&quadratic.diagonal[k]).mul_add(E::load(&x[k]), beside)
}

/// Eight numbers from a place on.
#[inline(always)]
fn at<E: Eight>(x: &[f64], from: usize) -> E {
    E::load(x[from..from + GROUP].first_chunk().expect("eight"))
}

#[cfg(test)]
mod tests {
    use super::super::eight::plain;
    use super::*;

    /// One coordinate after the other, as [`TridiagonalQuadratic::step`] says.
    fn slow(
        [diagonal, off_diagonal, linear]: [&[f64]; 3],
        [eta, stretch]: [f64; 2],
        z: &mut [f64],
    ) -> ([f64; 3], Vec<f64>) {
        let product = |x: &[f64], k: usize| {
            let before = if k == 0 { 0.0 } else { off_diagonal[k - 1] * x[k - 1] };
            let after = if k + 1 == x.len() { 0.0 } else { off_diagonal[k] * x[k + 1] };
            diagonal[k] * x[k] + before + after
        };
        let gradient = |z: &[f64]| (0..z.len()).map(|k| product(z, k) + linear[k]).collect::<Vec<f64>>();
        let g = gradient(z);
        z.iter_mut().enumerate().for_each(|(k, z)| *z -= eta * (g[k] + stretch * product(&g, k)));
        let g = gradient(z);
        let mut sums = [0.0; 3];
        for ((z, g), b) in z.iter().zip(&g).zip(linear) {
            sums = [sums[0] + g * g, sums[1] + z * (g + b), f64::max(sums[2], z.abs())];
        }
        (sums, g)
    }

    #[test]
    fn all_registers_agree_with_one_after_the_other() {
        for d in [1, 2, 7, 8, 9, 31, 100] {
            let entries = |scale: f64, shift: f64| -> Vec<f64> {
                (0..d).map(|k| scale * ((k as f64 + shift) * 1.7).sin()).collect()
            };
            let (diagonal, off_diagonal, start) = (entries(2.0, 0.3), entries(1.0, 0.1), entries(1.0, 0.9));
            for linear in [entries(0.1, 0.5), vec![0.0; d]] {
                let quadratic = TridiagonalQuadratic::new(&diagonal, &off_diagonal[1..], &linear);
                let [mut fast, mut plainly, mut by_avx2] = [(); 3].map(|()| Place::new(&start));
                let mut one = start.clone();
                for coefficients in [[0.0, 0.0], [0.1, 0.0], [0.3, 0.7]] {
                    let found = quadratic.step(coefficients, &mut fast);
                    assert_eq!(found, plain::tridiagonal_step(&quadratic, coefficients, &mut plainly));
                    assert_eq!((fast.point(), fast.gradient()), (plainly.point(), plainly.gradient()));
                    #[cfg(target_arch = "x86_64")]
                    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                        // SAFETY: AVX2 and FMA are there.
                        #[allow(unsafe_code)]
                        let seen = unsafe {
                            super::super::eight::avx2::tridiagonal_step(&quadratic, coefficients, &mut by_avx2)
                        };
                        assert_eq!((seen, by_avx2.point(), by_avx2.gradient()), (found, fast.point(), fast.gradient()));
                    }
                    let (sums, g) = slow([&diagonal, &off_diagonal[1..], &linear], coefficients, &mut one);
                    assert!(fast.point().iter().zip(&one).all(|(a, b)| (a - b).abs() <= 1e-14), "{d}");
                    assert!(fast.gradient().iter().zip(&g).all(|(a, b)| (a - b).abs() <= 1e-14), "{d}");
                    let found = [found.squared_gradient, found.energy, found.largest];
                    assert!(found.iter().zip(&sums).all(|(a, b)| (a - b).abs() <= 1e-12), "{d} {found:?} {sums:?}");
                }
            }
        }
    }

    /// Zeros stay, what has gone stays at its size, what is not finite is seen.
    #[test]
    fn coordinates_at_their_ends() {
        let quadratic = TridiagonalQuadratic::new(&[1.0, 1.0], &[0.0], &[0.0; 2]);
        let step = |coefficients: [f64; 2], from: [f64; 2]| {
            let mut place = Place::new(&from);
            quadratic.step([0.0; 2], &mut place);
            (quadratic.step(coefficients, &mut place), [place.point()[0], place.point()[1]])
        };
        assert_eq!(step([0.5, 0.0], [1.5e-300, 0.0]).1, [GONE, 0.0]);
        assert_eq!(step([1.0, 0.0], [GONE, -3.0]).1, [GONE, 0.0]);
        assert_eq!(step([0.25, 0.0], [-1.5e-300, 1.0]).1, [-1.125e-300, 0.75]);
        let (found, point) = step([1e200, 1e200], [1.0, 0.0]);
        assert!(point[0] == f64::NEG_INFINITY && found.largest == f64::INFINITY);
        assert!(step([f64::INFINITY, 0.0], [0.0, 0.0]).0.squared_gradient.is_nan());
    }
}
