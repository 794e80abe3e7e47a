//! A pass of logistic regression over short rows in one loop.

use super::super::super::logistic::{LossSums, ShortRows, weights, weights_and_losses};
use super::super::super::simd::avx512::eight_sums;
use super::*;

/// Products of a strip are formed beside the weights of the strip before and the sums of the one before that: arithmetic of some
/// fills the time for which others wait for the second cache. `w` and `y` stay in registers.
#[target_feature(enable = "avx512f,avx512dq")]
pub(in super::super::super) fn add_weighed<const N: usize, const LOSSES: bool>(
    rows: &ShortRows<N>,
    signs: &[f64],
    w: &[[f64; GROUP]; N],
    y: &mut [[f64; GROUP]; N],
    losses: &mut LossSums,
) {
    let ((rows, last_rows), (signs, last_signs)) = (rows.as_chunks::<GROUP>(), signs.as_chunks::<GROUP>());
    let [mut all, mut sums] = [[Register::splat(0.0); N]; 2];
    for n in 0..N {
        (all[n], sums[n]) = (Register::load(&w[n]), Register::load(&y[n]));
    }
    let (mut predictions, mut c) = (Register::splat(0.0), [0.0; GROUP]);
    for s in 0..rows.len() + 2 {
        let mut next = [0.0; GROUP];
        if let Some(signs) = signs.get(s.wrapping_sub(1)) {
            weigh::<LOSSES>(Register::load(signs), predictions, part(losses, s - 1)).store(&mut next);
        }
        if let Some(strip) = rows.get(s) {
            predictions = multiply(strip, &all);
        }
        if let Some(strip) = rows.get(s.wrapping_sub(2)) {
            for r in 0..GROUP {
                let c = Register::splat(c[r]);
                for n in 0..N {
                    sums[n] = c.mul_add(Register::load(&strip[r][n]), sums[n]);
                }
            }
        }
        c = next;
    }
    if !last_rows.is_empty() {
        let (mut strip, mut signs, mut own) = ([[[0.0; GROUP]; N]; GROUP], [1.0; GROUP], [0.0; GROUP]);
        strip[..last_rows.len()].copy_from_slice(last_rows);
        signs[..last_signs.len()].copy_from_slice(last_signs);
        weigh::<LOSSES>(Register::load(&signs), multiply(&strip, &all), &mut own).store(&mut c);
        part(losses, rows.len()).iter_mut().zip(own).take(last_rows.len()).for_each(|(sum, loss)| *sum += loss);
        for (row, c) in last_rows.iter().zip(c) {
            let c = Register::splat(c);
            for n in 0..N {
                sums[n] = c.mul_add(Register::load(&row[n]), sums[n]);
            }
        }
    }
    for n in 0..N {
        sums[n].store(&mut y[n]);
    }
}

/// Where the losses of a strip go.
fn part(sums: &mut LossSums, strip: usize) -> &mut [f64; GROUP] {
    &mut sums[strip % sums.len()]
}

/// `x_i'w` of a strip.
#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
fn multiply<const N: usize>(strip: &[[[f64; GROUP]; N]; GROUP], w: &[Register; N]) -> Register {
    let mut parts = [Register::splat(0.0); GROUP];
    for r in 0..GROUP {
        for n in 0..N {
            parts[r] = Register::load(&strip[r][n]).mul_add(w[n], parts[r]);
        }
    }
    let [a, b, c, d, e, f, g, h] = parts;
    Register(eight_sums([a.0, b.0, c.0, d.0, e.0, f.0, g.0, h.0]))
}

/// The weights of predictions; adds the losses, if they are wanted.
#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
fn weigh<const LOSSES: bool>(signs: Register, predictions: Register, sums: &mut [f64; GROUP]) -> Register {
    if !LOSSES {
        let [c] = weights([signs], [predictions]);
        return c;
    }
    let [[c], [losses]] = weights_and_losses([signs], [predictions]);
    Register::load(sums).add(losses).store(sums);
    c
}
