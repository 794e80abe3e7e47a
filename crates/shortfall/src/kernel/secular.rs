//! Sums over the poles of a secular equation, eight at a time.
//!
//! An eigenvalue `lambda = p_o + mu` of `D + rho zz'` is kept as its distance mu from a pole `p_o` near it: the differences `p_i -
//! lambda = (p_i - p_o) - mu` then have no more error than two roundings.

use super::GROUP;
use super::eight::{Eight, stored, widest};

/// Fills up the last eight poles; their weights are 0.
pub(crate) const NO_POLE: f64 = 1e150;

/// `[psi, psi', phi, phi']`: the sum of `w_i/(p_i - lambda)` over the poles below lambda and its derivative, and those over the
/// poles above.
pub(crate) fn secular_sums(poles: &[[f64; GROUP]], weights: &[[f64; GROUP]], place: [f64; 2]) -> [f64; 4] {
    assert!(poles.len() == weights.len());
    widest!(secular_sums(poles, weights, place))
}

/// Product over j of `(p_i - lambda_j)/(p_i - p_j)`, the difference alone for j = i, where `lambda_j` is `origins_j + offsets_j`.
pub(crate) fn secular_quotients(
    poles: &[[f64; GROUP]],
    origins: &[[f64; GROUP]],
    offsets: &[[f64; GROUP]],
    pole: f64,
) -> f64 {
    assert!(poles.len() == origins.len() && poles.len() == offsets.len());
    widest!(secular_quotients(poles, origins, offsets, pole))
}

/// `v_i = z_i/(p_i - lambda)`; returns `|v|^2`.
pub(crate) fn secular_vector(
    poles: &[[f64; GROUP]],
    z: &[[f64; GROUP]],
    place: [f64; 2],
    vector: &mut [[f64; GROUP]],
) -> f64 {
    assert!(poles.len() == z.len() && poles.len() == vector.len());
    widest!(secular_vector(poles, z, place, vector))
}

#[inline(always)]
pub(super) fn secular_sums_by<E: Eight>(
    poles: &[[f64; GROUP]],
    weights: &[[f64; GROUP]],
    [origin, offset]: [f64; 2],
) -> [f64; 4] {
    let (zero, one) = (E::splat(0.0), E::splat(1.0));
    let [origin, offset] = [E::splat(origin), E::splat(offset)];
    let mut sums = [zero; 4];
    for (poles, weights) in poles.iter().zip(weights) {
        let inverse = one.div(E::load(poles).sub(origin).sub(offset));
        let term = E::load(weights).mul(inverse);
        let [below, above] = [term.min(zero), term.max(zero)];
        let [psi, psi_slope, phi, phi_slope] = sums;
        sums = [psi.add(below), below.mul_add(inverse, psi_slope), phi.add(above), above.mul_add(inverse, phi_slope)];
    }
    stored(sums).map(|sums| sums.iter().sum())
}

#[inline(always)]
pub(super) fn secular_quotients_by<E: Eight>(
    poles: &[[f64; GROUP]],
    origins: &[[f64; GROUP]],
    offsets: &[[f64; GROUP]],
    pole: f64,
) -> f64 {
    let (one, pole) = (E::splat(1.0), E::splat(pole));
    let mut product = one;
    for ((poles, origins), offsets) in poles.iter().zip(origins).zip(offsets) {
        let (other, origin) = (E::load(poles), E::load(origins));
        let apart = E::select(other.eq(pole), one, pole.sub(other));
        product = product.mul(pole.sub(origin).sub(E::load(offsets)).div(apart));
    }
    stored([product])[0].iter().product()
}

#[inline(always)]
pub(super) fn secular_vector_by<E: Eight>(
    poles: &[[f64; GROUP]],
    z: &[[f64; GROUP]],
    [origin, offset]: [f64; 2],
    vector: &mut [[f64; GROUP]],
) -> f64 {
    let [origin, offset] = [E::splat(origin), E::splat(offset)];
    let mut square = E::splat(0.0);
    for ((poles, z), vector) in poles.iter().zip(z).zip(vector) {
        let entry = E::load(z).div(E::load(poles).sub(origin).sub(offset));
        entry.store(vector);
        square = entry.mul_add(entry, square);
    }
    stored([square])[0].iter().sum()
}

#[cfg(test)]
mod tests {
    use super::super::eight::plain;
    use super::*;

    /// 13 poles in two groups.
    fn given() -> [Vec<[f64; GROUP]>; 2] {
        let entry = |k: usize| (k < 13).then_some(k as f64);
        let pole = |k: usize| entry(k).map_or(NO_POLE, |k| 0.3 * k + 0.1 * (1.7 * k).sin());
        let z = |k: usize| entry(k).map_or(0.0, |k| (0.9 * k + 0.4).cos());
        [0, 1].map(|which| {
            (0..2).map(|g| std::array::from_fn(|l| if which == 0 { pole(8 * g + l) } else { z(8 * g + l) })).collect()
        })
    }

    #[test]
    fn sums_are_those_of_one_pole_after_the_other() {
        let [poles, z] = given();
        let weights: Vec<[f64; GROUP]> = z.iter().map(|z| z.map(|z| z * z)).collect();
        for place in [[poles[0][3], 0.01], [poles[0][4], -0.02], [poles[1][4], 0.5]] {
            let sums = secular_sums(&poles, &weights, place);
            assert_eq!(sums, plain::secular_sums(&poles, &weights, place));
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                // SAFETY: AVX2 and FMA are there.
                #[allow(unsafe_code)]
                unsafe {
                    use super::super::eight::avx2;
                    let (mut by_avx2, mut wide) = (poles.clone(), poles.clone());
                    assert_eq!(sums, avx2::secular_sums(&poles, &weights, place));
                    let square = avx2::secular_vector(&poles, &z, place, &mut by_avx2);
                    assert_eq!((square, by_avx2), (secular_vector(&poles, &z, place, &mut wide), wide));
                    let product = avx2::secular_quotients(&poles, &poles, &weights, place[0]);
                    assert_eq!(product, secular_quotients(&poles, &poles, &weights, place[0]));
                }
            }
            let mut slow = [0.0; 4];
            for (pole, weight) in poles.as_flattened().iter().zip(weights.as_flattened()) {
                let gap = pole - place[0] - place[1];
                let side = if gap < 0.0 { 0 } else { 2 };
                slow[side] += weight / gap;
                slow[side + 1] += weight / gap / gap;
            }
            assert!(sums.iter().zip(&slow).all(|(a, b)| (a - b).abs() <= 1e-13 * b.abs()), "{sums:?} {slow:?}");
            let (mut vector, mut plain_vector) = (poles.clone(), poles.clone());
            let square = secular_vector(&poles, &z, place, &mut vector);
            assert_eq!(square, plain::secular_vector(&poles, &z, place, &mut plain_vector));
            assert_eq!(vector, plain_vector);
            assert!((square / (slow[1] + slow[3]) - 1.0).abs() < 1e-13);
            assert_eq!(vector[0][2], z[0][2] / (poles[0][2] - place[0] - place[1]));
        }
    }

    #[test]
    fn quotients_are_those_of_one_pole_after_the_other() {
        let [poles, _] = given();
        let offsets: Vec<[f64; GROUP]> =
            poles.iter().map(|poles| poles.map(|p| if p < 1e9 { 0.05 } else { 0.0 })).collect();
        for i in [0, 5, 12] {
            let pole = poles[i / GROUP][i % GROUP];
            let product = secular_quotients(&poles, &poles, &offsets, pole);
            assert_eq!(product, plain::secular_quotients(&poles, &poles, &offsets, pole));
            let others = poles.as_flattened()[..13].iter().filter(|other| **other != pole);
            let slow: f64 = others.map(|other| (pole - other - 0.05) / (pole - other)).product();
            assert!((product / (-0.05 * slow) - 1.0).abs() < 1e-13, "{product:e}");
        }
    }
}
