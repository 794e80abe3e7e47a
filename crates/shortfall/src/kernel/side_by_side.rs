//! Eight vectors side by side: the first entries of all, then the second, and so on.

use super::DenseRows;
use super::panel::STRIP;
use super::simd::Run;

/// Whether passes of linear models over these rows take so many vectors, eight or sixteen, eight side by side, from w as in gradients.
pub(crate) fn are_side_by_side(rows: &DenseRows, vectors: usize) -> bool {
    [STRIP, 2 * STRIP].contains(&vectors) && rows.columns() >= STRIP && has_kernel()
}

/// With AVX2; not with AVX-512, where it was not measured.
fn has_kernel() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && !is_x86_feature_detected!("avx512f");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// What [`logistic_block`](super::logistic_block) adds for each of eight vectors side by side, or of sixteen in two groups; rows have so
/// many columns, then zeros.
///
/// # Panics
/// If [`are_side_by_side`] says that they are not.
pub(super) fn add_weighed_eights<const LOSSES: bool>(
    rows: &Run,
    columns: usize,
    signs: &[f64],
    w: &[f64],
    y: &mut [f64],
    losses: &mut [f64],
) {
    assert!(has_kernel());
    #[cfg(target_arch = "x86_64")]
    {
        use super::eight::avx2::add_weighed_eights;
        // SAFETY: the processor has AVX2 and FMA.
        #[allow(unsafe_code)]
        unsafe {
            match losses.len() / STRIP {
                1 => add_weighed_eights::<1, LOSSES>(rows, columns, signs, w, y, losses),
                _ => add_weighed_eights::<2, LOSSES>(rows, columns, signs, w, y, losses),
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (rows, columns, signs, w, y, losses);
}

/// The same for [`residual_block`](super::residual_block).
///
/// # Panics
/// As [`add_weighed_eights`].
pub(super) fn add_clipped_eights(
    rows: &Run,
    columns: usize,
    targets: &[f64],
    threshold: f64,
    w: &[f64],
    y: &mut [f64],
    losses: &mut [f64],
) {
    assert!(has_kernel());
    #[cfg(target_arch = "x86_64")]
    {
        use super::eight::avx2::add_clipped_eights;
        // SAFETY: the processor has AVX2 and FMA.
        #[allow(unsafe_code)]
        unsafe {
            match losses.len() / STRIP {
                1 => add_clipped_eights::<1>(rows, columns, targets, threshold, w, y, losses),
                _ => add_clipped_eights::<2>(rows, columns, targets, threshold, w, y, losses),
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (rows, columns, targets, threshold, w, y, losses);
}

/// From eight vectors one after the other.
pub(crate) fn lay_side_by_side(apart: &[f64], side_by_side: &mut [[f64; STRIP]]) {
    let length = side_by_side.len();
    assert!(apart.len() == STRIP * length, "eight vectors");
    for (j, entries) in side_by_side.iter_mut().enumerate() {
        *entries = std::array::from_fn(|k| apart[k * length + j]);
    }
}

/// And back.
pub(crate) fn lay_apart(side_by_side: &[[f64; STRIP]], apart: &mut [f64]) {
    let length = side_by_side.len();
    assert!(apart.len() == STRIP * length, "eight vectors");
    for (j, entries) in side_by_side.iter().enumerate() {
        for (k, entry) in entries.iter().enumerate() {
            apart[k * length + j] = *entry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::linear::{logistic_block, logistic_blocks, residual_block, residual_blocks};
    use super::super::{Blocks, Rows};
    use super::*;

    /// Every remainder of columns modulo 8 and of rows modulo 3, blocks that end anywhere.
    #[test]
    fn side_by_side_each_gives_what_it_gives_alone() {
        for columns in (1..=26).chain([48, 100, 104, 250]) {
            for (count, vectors) in [(1, 8), (2, 16), (35, 9), (70, 16), (129, 8), (200, 16), (331, 8)] {
                check(count, columns, vectors, &|i| (i as f64 * 0.731).sin() * 3.0);
            }
        }
    }

    #[test]
    fn a_table_far_from_the_processor_and_huge_infinite_and_missing_numbers() {
        check(2000, 100, 16, &|i| f64::from((i * i % 1009) as u16) * 1e-3 - 0.5);
        check(150, 30, 16, &|i| match i % 601 {
            7 => 1e200,
            11 => f64::INFINITY,
            13 => f64::NAN,
            17 => -0.0,
            _ => (i as f64 * 0.37).cos(),
        });
    }

    fn check(count: usize, columns: usize, vectors: usize, entry: &dyn Fn(usize) -> f64) {
        let rows = Rows::dense(columns, (0..count * columns).map(entry).collect(), false);
        let (stride, block) = (rows.stride(), 128);
        let values: Vec<f64> = (0..count).map(|i| if i % 3 == 0 { -1.0 } else { 1.0 }).collect();
        let of_column = |k: usize, j: usize| if j < columns { ((k * 31 + j) as f64 * 0.37).cos() } else { 0.0 };
        let w: Vec<f64> = (0..vectors * stride).map(|i| of_column(i / stride, i % stride)).collect();
        let are_turned = are_side_by_side(rows.as_dense().unwrap(), vectors);
        assert_eq!(are_turned, has_kernel() && columns >= STRIP && vectors != 9, "{columns} {vectors}");
        let groups = if are_turned { w.len() } else { 0 };
        let mut turned = w.clone();
        for (apart, turned) in w[..groups].chunks(STRIP * stride).zip(turned.chunks_mut(STRIP * stride)) {
            lay_side_by_side(apart, turned.as_chunks_mut().0);
        }
        let apart = vectors * stride + vectors;
        let lengths = [vectors * stride, vectors];
        for way in 0..3 {
            let mut sums = vec![7.0; count.div_ceil(block) * apart];
            let blocks = Blocks { from: 0, to: count, block, lengths, apart, sums: &mut sums };
            match way {
                0 => logistic_blocks(&rows, &values, &turned, blocks, false),
                1 => logistic_blocks(&rows, &values, &turned, blocks, true),
                _ => residual_blocks(&rows, &values, 0.7, &turned, blocks),
            }
            for (number, sums) in sums.chunks_exact_mut(apart).enumerate() {
                let (gradients, losses) = sums.split_at_mut(lengths[0]);
                for group in gradients[..groups].chunks_mut(STRIP * stride) {
                    let copy = group.to_vec();
                    lay_apart(copy.as_chunks().0, group);
                }
                let range = [number * block, ((number + 1) * block).min(count)];
                for (k, w) in w.chunks_exact(stride).enumerate() {
                    let (mut alone, mut loss) = (vec![0.0; stride], [0.0]);
                    match way {
                        0 | 1 => logistic_block(&rows, &values, range, w, &mut alone, &mut loss, way == 1),
                        _ => residual_block(&rows, &values, 0.7, range, w, &mut alone, &mut loss),
                    }
                    // Padding that would be NaN stays 0.
                    let own = &gradients[k * stride..][..columns];
                    let same = |a: &f64, b: &f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
                    assert!(own.iter().zip(&alone).all(|(a, b)| same(a, b)), "{count} rows of {columns}, {k}, {way}");
                    assert!(same(&losses[k], &loss[0]), "{count} rows of {columns}, {k}, {way}");
                }
            }
        }
    }

    #[test]
    fn there_and_back() {
        for length in [0, 1, 8, 13] {
            let apart: Vec<f64> = (0..STRIP * length).map(|i| i as f64).collect();
            let (mut sides, mut back) = (vec![[0.0; STRIP]; length], vec![7.0; apart.len()]);
            lay_side_by_side(&apart, &mut sides);
            for (j, entries) in sides.iter().enumerate() {
                assert_eq!(entries.map(|entry| entry as usize), std::array::from_fn(|k| k * length + j));
            }
            lay_apart(&sides, &mut back);
            assert_eq!(apart, back);
        }
    }
}
