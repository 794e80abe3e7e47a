//! Eight at a time, and loops over rows, against one after the other.

use super::super::functions::{exp, log1p_unit, logistic_weights};
use super::super::tree;
use super::*;

/// Margins of all sizes, at both ends, and none.
fn predictions() -> Vec<[f64; STRIP]> {
    let near = (0..400).map(|i| (f64::from(i) * 0.731).sin() * 40.0);
    let sizes = (-330..=308).map(|k| 10f64.powi(k) * if k % 2 == 0 { 1.0 } else { -1.3 });
    let last = [708.0, -708.39, 708.5, -708.74, 708.75, 709.1];
    let ends = [0.0, -0.0, 699.0, -699.9, 700.0, 701.0, -745.0, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let all: Vec<f64> = near.chain(sizes).chain(last).chain(ends).collect();
    assert!(all.len().is_multiple_of(STRIP));
    all.chunks_exact(STRIP).map(|strip| std::array::from_fn(|r| strip[r])).collect()
}

/// What the processor offers, and the arrays, against one number after the other.
#[test]
fn eight_give_the_bits_of_one() {
    let signs: [f64; STRIP] = std::array::from_fn(|r| if r % 3 == 0 { -1.0 } else { 1.0 });
    let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    let given = predictions();
    let all = vec![signs; given.len()];
    let (mut weights, mut losses) = (given.clone(), given.clone());
    weigh_with_losses(&all, &mut weights, &mut losses);
    for weigh in [weigh, super::super::eight::plain::weigh] {
        let mut alone = given.clone();
        weigh(&all, &mut alone);
        assert!(alone.as_flattened().iter().zip(weights.as_flattened()).all(|(a, b)| same(*a, *b)));
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        let (mut alone, mut by_avx2, mut losses_by_avx2) = (given.clone(), given.clone(), given.clone());
        // SAFETY: AVX2 and FMA are there.
        #[allow(unsafe_code)]
        unsafe {
            super::super::eight::avx2::weigh(&all, &mut alone);
            super::super::eight::avx2::weigh_with_losses(&all, &mut by_avx2, &mut losses_by_avx2);
        }
        for (found, wanted) in [(alone, &weights), (by_avx2, &weights), (losses_by_avx2, &losses)] {
            assert!(found.as_flattened().iter().zip(wanted.as_flattened()).all(|(a, b)| same(*a, *b)));
        }
    }
    let (mut plain, mut plain_losses) = (given.clone(), given.clone());
    super::super::eight::plain::weigh_with_losses(&all, &mut plain, &mut plain_losses);
    for (s, strip) in given.iter().enumerate() {
        for (r, prediction) in strip.iter().enumerate() {
            let margin = prediction * signs[r];
            let mut weight = [margin];
            logistic_weights(&mut weight);
            let loss = if margin < 0.0 { -margin } else { 0.0 } + log1p_unit(exp(-margin.abs()));
            for (weights, losses) in [(&weights, &losses), (&plain, &plain_losses)] {
                assert!(same(weights[s][r], weight[0] * signs[r]), "{margin:e}");
                assert!(same(losses[s][r], loss), "{margin:e}");
            }
        }
    }
}

/// Some rows, and what they add to `y` and to losses of 1/4.
struct Case {
    rows: Vec<f64>,
    signs: Vec<f64>,
    w: Vec<f64>,
    y: Vec<f64>,
    expected: Vec<f64>,
    losses: LossSums,
}

const START: LossSums = [[0.25; STRIP]; PARTIAL_SUMS / STRIP];

impl Case {
    /// Row after row; the numbers are others where `from` is another.
    fn new(eights: usize, from: f64, count: usize, last: f64) -> Self {
        let numbers = |count: usize, step: f64| -> Vec<f64> {
            (0..count * eights * STRIP).map(|i| (i as f64 * step + from).sin()).collect()
        };
        let signs: Vec<f64> = (0..count).map(|i| if i % 3 == 0 { -1.0 } else { 1.0 }).collect();
        let (rows, mut w, y, mut losses) = (numbers(count, 0.731), vec![0.3; eights * STRIP], numbers(1, 0.2), START);
        w[eights * STRIP - 1] = last;
        let mut expected = y.clone();
        for (i, (row, sign)) in rows.chunks(w.len()).zip(&signs).enumerate() {
            let mut parts = [0.0; STRIP];
            for (j, (x, w)) in row.iter().zip(&w).enumerate() {
                parts[j % STRIP] = x.mul_add(*w, parts[j % STRIP]);
            }
            let margin = tree(parts) * sign;
            losses.as_flattened_mut()[i % PARTIAL_SUMS] += f64::max(-margin, 0.0) + log1p_unit(exp(-margin.abs()));
            let mut c = [margin];
            logistic_weights(&mut c);
            expected.iter_mut().zip(row).for_each(|(y, x)| *y = (c[0] * sign).mul_add(*x, *y));
        }
        Self { rows, signs, w, y, expected, losses }
    }

    /// `add`, if it says that it did, must add that.
    fn holds(&self, with_losses: bool, add: impl FnOnce(&mut [f64], &mut LossSums) -> bool) {
        let (mut y, mut losses) = (self.y.clone(), START);
        if add(&mut y, &mut losses) {
            let bits = |x: &f64| if x.is_nan() { f64::NAN } else { *x }.to_bits();
            let expected = (&self.expected, if with_losses { &self.losses } else { &START });
            assert!(y.iter().map(bits).eq(expected.0.iter().map(bits)), "{} rows of {}", self.signs.len(), y.len());
            assert!(losses.iter().flatten().map(bits).eq(expected.1.iter().flatten().map(bits)));
        }
    }
}

fn cases(eights: usize) -> impl Iterator<Item = Case> {
    let counts = (0..=35).chain([64, 71]);
    counts.flat_map(move |count| [1.0, 1e300, f64::INFINITY, f64::NAN].map(|w| Case::new(eights, 1.0, count, w)))
}

/// What the processor offers, and those of AVX2, against row after row.
#[test]
fn short_rows_in_one_loop_are_rows_one_after_the_other() {
    fn eights<const N: usize>(y: &mut [f64]) -> &mut [[f64; STRIP]; N] {
        y.as_chunks_mut().0.as_mut_array().unwrap()
    }
    fn holds<const N: usize>() {
        for case in cases(N) {
            let (rows, w) = (case.rows.as_chunks().0.as_chunks().0, case.w.as_chunks().0.as_array().unwrap());
            let signs = &case.signs;
            case.holds(true, |y, losses| add_weighed::<N, true>(rows, signs, w, eights(y), losses));
            case.holds(false, |y, losses| add_weighed::<N, false>(rows, signs, w, eights(y), losses));
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                use super::super::eight::avx2;
                // SAFETY: AVX2 and FMA are there.
                #[allow(unsafe_code)]
                case.holds(true, |y, losses| unsafe {
                    avx2::add_weighed::<N, true>(rows, signs, w, eights(y), losses);
                    true
                });
                // SAFETY: AVX2 and FMA are there.
                #[allow(unsafe_code)]
                case.holds(false, |y, losses| unsafe {
                    avx2::add_weighed::<N, false>(rows, signs, w, eights(y), losses);
                    true
                });
            }
        }
    }
    holds::<1>();
    holds::<2>();
    holds::<3>();
    holds::<4>();
    holds::<5>();
    holds::<6>();
    holds::<7>();
    holds::<8>();
}

/// Of any length, with and without others that follow far from the processor.
#[test]
#[cfg(target_arch = "x86_64")]
fn long_rows_in_one_loop_are_rows_one_after_the_other() {
    if !is_x86_feature_detected!("avx2") || !is_x86_feature_detected!("fma") {
        return;
    }
    for case in (1..=16).chain([29]).flat_map(cases) {
        for next in [&[][..], &case.rows] {
            let run = Run::new(&case.rows, case.w.len(), case.signs.len(), next);
            use super::super::eight::avx2::add_weighed_run;
            // SAFETY: AVX2 and FMA are there.
            #[allow(unsafe_code)]
            case.holds(true, |y, losses| unsafe {
                add_weighed_run::<true>(&run, &case.signs, &case.w, y, losses);
                true
            });
            // SAFETY: AVX2 and FMA are there.
            #[allow(unsafe_code)]
            case.holds(false, |y, losses| unsafe {
                add_weighed_run::<false>(&run, &case.signs, &case.w, y, losses);
                true
            });
        }
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn runs_side_by_side_are_one_after_the_other() {
    if !is_x86_feature_detected!("avx2") || !is_x86_feature_detected!("fma") {
        return;
    }
    fn holds<const LOSSES: bool>(cases: &[Case; SIDE_BY_SIDE]) {
        let runs = cases.each_ref().map(|case| Run::new(&case.rows, case.w.len(), case.signs.len(), &[]));
        let signs = cases.each_ref().map(|case| &case.signs[..]);
        let (mut sums, mut losses) = (cases.each_ref().map(|case| case.y.clone()), [START; SIDE_BY_SIDE]);
        let mut y = sums.each_mut().map(|y| &mut y[..]);
        // SAFETY: AVX2 and FMA are there.
        #[allow(unsafe_code)]
        unsafe {
            super::super::eight::avx2::add_weighed_runs::<LOSSES>(&runs, &signs, &cases[0].w, &mut y, &mut losses);
        }
        for (case, (sums, found)) in cases.iter().zip(sums.iter().zip(&losses)) {
            case.holds(LOSSES, |y, losses| {
                y.copy_from_slice(sums);
                *losses = *found;
                true
            });
        }
    }
    for eights in (1..=16).chain([29]) {
        for count in [0, 8, 16, 32, 40, 64] {
            for last in [1.0, 1e300, f64::NAN] {
                let cases = [1.0, 2.0, 3.0, 4.0].map(|from| Case::new(eights, from, count, last));
                holds::<true>(&cases);
                holds::<false>(&cases);
            }
        }
    }
}

#[test]
fn both_ends() {
    let given = [0.0, 1e308, -1e308, 40.0, -40.0, f64::NAN, 1.0, -1.0];
    let (mut strips, mut losses) = ([given], [[0.0; STRIP]]);
    weigh_with_losses(&[[1.0; STRIP]], &mut strips, &mut losses);
    let ([weights], [losses]) = (strips, losses);
    assert_eq!(weights[..3], [-0.5, 0.0, -1.0]);
    assert!((losses[0] - std::f64::consts::LN_2).abs() < 3e-16 && losses[1..3] == [0.0, 1e308]);
    assert!((losses[3] / (-40f64).exp() - 1.0).abs() < 1e-15 && losses[4] == 40.0);
    assert!(weights[5].is_nan() && losses[5].is_nan());
}
