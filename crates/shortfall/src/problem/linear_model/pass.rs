//! One pass over all rows, in fixed blocks that several threads may share.

use crate::parallel::Parallel;
use std::sync::Mutex;

/// Rows whose sums are added one after the other; blocks are added in order. It depends on the number of columns alone,
/// so that the number of threads changes no bit, nor whether zeros are stored. Long rows of few entries must not pay
/// for a vector of sums every 256 of them.
pub(crate) fn block_of(columns: usize) -> usize {
    (columns / 4).next_multiple_of(32).max(256)
}

/// Sums of blocks that are kept at a time: 256 MB.
const MOST_KEPT: usize = 1 << 25;
/// Multiply-adds above which several threads share a pass.
const WORTH_SHARING: usize = 1 << 17;

/// What is passed over.
pub(crate) struct Pass {
    pub(crate) rows: usize,
    /// Rows in a block, from [`block_of`].
    pub(crate) block: usize,
    /// Length of a gradient.
    pub(crate) width: usize,
    /// Multiply-adds, roughly.
    pub(crate) work: usize,
}

impl Pass {
    /// Sums of losses and of gradients over all rows. `add(from, to, gradient)` adds the gradients of some rows and
    /// returns the sum of their losses.
    pub(crate) fn evaluate(
        &self,
        parallel: Option<&dyn Parallel>,
        add: &(dyn Fn(usize, usize, &mut [f64]) -> f64 + Sync),
    ) -> (f64, Vec<f64>) {
        let Self { rows, block, width, work } = *self;
        let blocks = rows.div_ceil(block);
        let of = |number: usize, partial: &mut [f64]| add(number * block, (number * block + block).min(rows), partial);
        let (mut loss, mut total) = (0.0, vec![0.0; width]);
        let Some(parallel) = parallel.filter(|_| blocks > 1 && work >= WORTH_SHARING) else {
            let mut partial = vec![0.0; width];
            for number in 0..blocks {
                partial.fill(0.0);
                loss += of(number, &mut partial);
                total.iter_mut().zip(&partial).for_each(|(total, partial)| *total += partial);
            }
            return (loss, total);
        };
        let kept = (MOST_KEPT / width.max(1)).clamp(8, blocks.max(8));
        for first in (0..blocks).step_by(kept) {
            let count = kept.min(blocks - first);
            let partials: Vec<Mutex<(f64, Vec<f64>)>> = (0..count).map(|_| Mutex::new((0.0, Vec::new()))).collect();
            parallel.run(count, &|number| {
                let mut partial = vec![0.0; width];
                let loss = of(first + number, &mut partial);
                *partials[number].lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = (loss, partial);
            });
            for partial in partials {
                let (block_loss, partial) = partial.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
                loss += block_loss;
                total.iter_mut().zip(&partial).for_each(|(total, partial)| *total += partial);
            }
        }
        (loss, total)
    }
}
