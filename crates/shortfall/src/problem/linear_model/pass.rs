//! One pass over all rows, in fixed blocks that several threads may share.

use crate::parallel::Parallel;
use std::sync::Mutex;

/// Rows whose sums are added one after the other; blocks are added in order. Fixed, so that the number of threads
/// changes no bit.
pub(crate) const BLOCK: usize = 256;
/// Multiply-adds above which several threads share a pass.
const WORTH_SHARING: usize = 1 << 17;

/// `parts` vectors of equal length, one after the other, each padded with zeros to `stride`.
pub(crate) fn padded(x: &[f64], parts: usize, stride: usize) -> Vec<f64> {
    let mut padded = vec![0.0; parts * stride];
    let length = x.len() / parts;
    for (part, source) in padded.chunks_exact_mut(stride).zip(x.chunks_exact(length)) {
        part[..length].copy_from_slice(source);
    }
    padded
}

/// Sums of losses and of gradients (`width` numbers) over `rows` rows. `block(from, to, gradient)` adds the gradients
/// of some rows and returns the sum of their losses.
pub(crate) fn evaluate(
    rows: usize,
    width: usize,
    parallel: Option<&dyn Parallel>,
    block: &(dyn Fn(usize, usize, &mut [f64]) -> f64 + Sync),
) -> (f64, Vec<f64>) {
    let blocks = rows.div_ceil(BLOCK);
    let of = |number: usize, partial: &mut [f64]| block(number * BLOCK, (number * BLOCK + BLOCK).min(rows), partial);
    let (mut loss, mut total) = (0.0, vec![0.0; width]);
    match parallel.filter(|_| blocks > 1 && rows * width >= WORTH_SHARING) {
        None => {
            let mut partial = vec![0.0; width];
            for number in 0..blocks {
                partial.fill(0.0);
                loss += of(number, &mut partial);
                total.iter_mut().zip(&partial).for_each(|(total, partial)| *total += partial);
            }
        }
        Some(parallel) => {
            let partials: Vec<Mutex<(f64, Vec<f64>)>> = (0..blocks).map(|_| Mutex::new((0.0, Vec::new()))).collect();
            parallel.run(blocks, &|number| {
                let mut partial = vec![0.0; width];
                let loss = of(number, &mut partial);
                *partials[number].lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = (loss, partial);
            });
            for partial in partials {
                let (block_loss, partial) = partial.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
                loss += block_loss;
                total.iter_mut().zip(&partial).for_each(|(total, partial)| *total += partial);
            }
        }
    }
    (loss, total)
}
