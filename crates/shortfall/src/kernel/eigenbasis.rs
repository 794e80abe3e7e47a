//! Gradient steps of quadratics in the eigenbasis, eight components at a time.

use super::eight::{Eight, stored, widest};
use super::{GROUP, tree};
use std::ops::Range;

/// A component that has decayed stays at this: numbers with fewer bits would take a hundred times as long, and from 0 it could not
/// come back where SAM lets it grow again. On which side it does is all the same: where there is no b a step is odd in each component.
pub const GONE: f64 = 1e-300;

/// What a step finds where it leads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Components {
    /// `sum g_k^2`
    pub squared_gradient: f64,
    /// `sum c_k (g_k + b_k)`, twice the value.
    pub energy: f64,
    /// `max |c_k|`, up to the size of components that have decayed.
    pub largest: f64,
}

/// Each component c, with the eigenvalue lambda and the gradient `g = lambda c + b`, goes to `c - eta (g + s lambda g)`, for
/// `[eta, s]`; b is 0 where it is left out. Eight partial sums, by index modulo 8. Whole eights of components that stay where they are,
/// gone or 0, may be passed over, which does not change a bit.
pub fn spectral_step(
    values: &[f64],
    linear: Option<&[f64]>,
    coefficients: [f64; 2],
    c: &mut [f64],
    passed_over: &Range<usize>,
) -> Components {
    assert!(values.len() == c.len() && linear.is_none_or(|linear| linear.len() == c.len()));
    assert!(passed_over.start <= passed_over.end && passed_over.end * GROUP <= c.len());
    widest!(spectral_step(values, linear, coefficients, c, passed_over))
}

#[inline(always)]
pub(super) fn spectral_step_by<E: Eight>(
    values: &[f64],
    linear: Option<&[f64]>,
    [eta, stretch]: [f64; 2],
    c: &mut [f64],
    passed_over: &Range<usize>,
) -> Components {
    let coefficients = [E::splat(-eta), E::splat(stretch)];
    let (values, last_values) = values.as_chunks::<GROUP>();
    let (c, last) = c.as_chunks_mut::<GROUP>();
    let eights = c.len();
    let mut sums = [E::splat(0.0), E::splat(0.0), E::splat(GONE)];
    for part in [0..passed_over.start, passed_over.end..eights] {
        let (values, c) = (&values[part.clone()], &mut c[part.clone()]);
        match linear.map(<[f64]>::as_chunks::<GROUP>) {
            Some((linear, _)) => {
                for ((values, linear), c) in values.iter().zip(&linear[part]).zip(c) {
                    sums = eight(values, Some(linear), coefficients, c, sums);
                }
            }
            None => {
                for (values, c) in values.iter().zip(c) {
                    sums = eight(values, None, coefficients, c, sums);
                }
            }
        }
    }
    if !last.is_empty() {
        // Components of 0 stay there and add nothing.
        let [mut values, mut linear_of, mut c] = [[0.0; GROUP]; 3];
        let last_linear = linear.map_or(&[][..], |linear| linear.as_chunks::<GROUP>().1);
        for (whole, part) in [(&mut values, last_values), (&mut linear_of, last_linear), (&mut c, &*last)] {
            whole[..part.len()].copy_from_slice(part);
        }
        sums = eight(&values, linear.map(|_| &linear_of), coefficients, &mut c, sums);
        last.copy_from_slice(&c[..last.len()]);
    }
    Components::of(sums)
}

impl Components {
    /// From sums of eights: squares of gradients, energies, and the largest sizes.
    #[inline(always)]
    pub(super) fn of<E: Eight>(sums: [E; 3]) -> Self {
        let [squares, energies, sizes] = stored(sums);
        let larger = |a: f64, b: f64| if b > a { b } else { a };
        let largest = sizes.into_iter().fold(0.0, larger);
        Self { squared_gradient: tree(squares), energy: tree(energies), largest }
    }
}

/// Where numbers go that a step leads from one place to the next, and the size of the next.
#[inline(always)]
pub(super) fn unless_gone<E: Eight>(from: E, next: E) -> [E; 2] {
    let (size, zero, gone) = (next.abs(), E::splat(0.0), E::splat(GONE));
    // One that has gone stays so: it cannot be seen whether it was passed over.
    let small = E::select(next.eq(zero), E::select(from.eq(gone), gone, zero), gone);
    [E::select(size.lt(gone), small, next), size]
}

#[inline(always)]
fn eight<E: Eight>(
    lambda: &[f64; GROUP],
    linear: Option<&[f64; GROUP]>,
    [minus_eta, stretch]: [E; 2],
    c: &mut [f64; GROUP],
    [squares, energies, largest]: [E; 3],
) -> [E; 3] {
    let (lambda, from) = (E::load(lambda), E::load(c));
    let g = match linear {
        Some(linear) => lambda.mul_add(from, E::load(linear)),
        None => lambda.mul(from),
    };
    let [next, size] = unless_gone(from, minus_eta.mul_add(stretch.mul(lambda).mul_add(g, g), from));
    next.store(c);
    let (g, twice) = match linear {
        Some(linear) => {
            let linear = E::load(linear);
            let g = lambda.mul_add(next, linear);
            (g, g.add(linear))
        }
        None => {
            let g = lambda.mul(next);
            (g, g)
        }
    };
    [g.mul_add(g, squares), next.mul_add(twice, energies), size.max(largest)]
}

#[cfg(test)]
mod tests {
    use super::super::eight::plain;
    use super::*;

    /// One component after the other, as the module says.
    fn slow(values: &[f64], linear: &[f64], [eta, stretch]: [f64; 2], c: &mut [f64]) -> [f64; 3] {
        let mut sums = [0.0; 3];
        for ((lambda, b), c) in values.iter().zip(linear).zip(c) {
            let g = lambda.mul_add(*c, *b);
            *c -= eta * (g + stretch * lambda * g);
            let g = lambda * *c + b;
            sums = [sums[0] + g * g, sums[1] + *c * (g + b), sums[2].max(c.abs())];
        }
        sums
    }

    #[test]
    fn all_registers_agree_with_one_after_the_other() {
        for d in [0, 1, 7, 8, 9, 31, 100] {
            let entry = |scale: f64, shift: f64| move |k: usize| scale * ((k as f64 + shift) * 1.7).sin();
            let values: Vec<f64> = (0..d).map(entry(2.0, 0.3)).collect();
            let linear: Vec<f64> = (0..d).map(|k| if k % 3 == 0 { entry(0.1, 0.5)(k) } else { 0.0 }).collect();
            let start: Vec<f64> = (0..d).map(entry(1.0, 0.9)).collect();
            for coefficients in [[0.0, 0.0], [0.1, 0.0], [0.3, 0.7]] {
                let [mut fast, mut plain, mut one] = [start.clone(), start.clone(), start.clone()];
                let found = spectral_step(&values, Some(&linear), coefficients, &mut fast, &(0..0));
                assert_eq!(found, plain::spectral_step(&values, Some(&linear), coefficients, &mut plain, &(0..0)));
                assert_eq!(fast, plain);
                #[cfg(target_arch = "x86_64")]
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    let mut by_avx2 = start.clone();
                    // SAFETY: AVX2 and FMA are there.
                    #[allow(unsafe_code)]
                    let seen = unsafe {
                        super::super::eight::avx2::spectral_step(
                            &values,
                            Some(&linear),
                            coefficients,
                            &mut by_avx2,
                            &(0..0),
                        )
                    };
                    assert_eq!((seen, &by_avx2), (found, &fast));
                }
                let [mut without, mut zero] = [start.clone(), start.clone()];
                assert_eq!(
                    spectral_step(&values, None, coefficients, &mut without, &(0..0)),
                    spectral_step(&values, Some(&vec![0.0; d]), coefficients, &mut zero, &(0..0))
                );
                assert_eq!(without, zero);
                let sums = slow(&values, &linear, coefficients, &mut one);
                assert!(fast.iter().zip(&one).all(|(a, b)| (a - b).abs() <= 1e-15), "{d}");
                let found = [found.squared_gradient, found.energy, found.largest];
                assert!(found.iter().zip(&sums).all(|(a, b)| (a - b).abs() <= 1e-13), "{d} {found:?} {sums:?}");
            }
        }
    }

    /// Zeros stay, what has gone is on one side, what is not finite is seen.
    #[test]
    fn components_at_their_ends() {
        let step = |lambda: f64, coefficients: [f64; 2], from: f64| {
            let mut c = [from];
            (spectral_step(&[lambda], None, coefficients, &mut c, &(0..0)), c[0])
        };
        assert_eq!(step(1.0, [0.5, 0.0], 1.5e-300).1, GONE);
        assert_eq!(step(1.0, [0.5, 0.0], -1.5e-300).1, GONE);
        assert_eq!(step(1.0, [0.25, 0.0], -1.5e-300).1, -1.125e-300);
        assert_eq!(step(1.0, [0.5, 0.0], 0.0).1, 0.0);
        assert_eq!(step(1.0, [1.0, 0.0], GONE).1, GONE);
        assert_eq!(step(1.0, [1.0, 0.0], 3.0), (Components { squared_gradient: 0.0, energy: 0.0, largest: GONE }, 0.0));
        let (overflown, c) = step(1e200, [1e200, 0.0], 1.0);
        assert_eq!((c, overflown.largest), (f64::NEG_INFINITY, f64::INFINITY));
        let (unknown, c) = step(1.0, [f64::INFINITY, 0.0], 0.0);
        assert!(c.is_nan() && unknown.squared_gradient.is_nan() && unknown.energy.is_nan());
    }

    /// Those that have gone, or are 0, and do not come back.
    #[test]
    fn components_that_stay_may_be_passed_over() {
        for (d, passed_over) in [(40, 1..4), (45, 0..5), (17, 1..2), (8, 0..1)] {
            let values: Vec<f64> = (1..=d).map(|k| f64::from(k) / 10.0).collect();
            let asleep = GROUP * passed_over.start..GROUP * passed_over.end;
            let mut whole: Vec<f64> = (0..d).map(|k| f64::from(k - 20)).collect();
            for k in asleep.clone() {
                whole[k] = if k % 5 == 0 { 0.0 } else { GONE };
            }
            let mut part = whole.clone();
            for _ in 0..3 {
                let found = spectral_step(&values, None, [0.1, 0.5], &mut whole, &(0..0));
                assert_eq!(found, spectral_step(&values, None, [0.1, 0.5], &mut part, &passed_over));
                assert_eq!(whole, part);
            }
        }
    }
}
