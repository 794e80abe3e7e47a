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

/// Adds gradients and losses of the rows from one to another.
pub(crate) type Add<'a> = dyn Fn(usize, usize, &mut [f64], &mut [f64]) + Sync + 'a;

/// What is passed over.
pub(crate) struct Pass {
    pub(crate) rows: usize,
    /// Rows in a block, from [`block_of`].
    pub(crate) block: usize,
    /// Length of a gradient.
    pub(crate) width: usize,
    /// Number of sums of losses.
    pub(crate) losses: usize,
    /// Multiply-adds, roughly.
    pub(crate) work: usize,
}

impl Pass {
    /// Whether several threads share it.
    pub(crate) fn is_worth_sharing(&self) -> bool {
        self.rows > self.block && self.work >= WORTH_SHARING
    }

    /// Sums of losses and of gradients over all rows. `add(from, to, gradients, losses)` adds those of some rows.
    pub(crate) fn evaluate(&self, parallel: Option<&dyn Parallel>, add: &Add) -> (Vec<f64>, Vec<f64>) {
        let Self { rows, block, width: gradients, losses, .. } = *self;
        let width = gradients + losses;
        let blocks = rows.div_ceil(block);
        let of = |number: usize, partial: &mut [f64]| {
            let (gradients, losses) = partial.split_at_mut(gradients);
            add(number * block, (number * block + block).min(rows), gradients, losses);
        };
        let mut total = vec![0.0; width];
        let Some(parallel) = parallel.filter(|_| self.is_worth_sharing()) else {
            let mut partial = vec![0.0; width];
            for number in 0..blocks {
                partial.fill(0.0);
                of(number, &mut partial);
                total.iter_mut().zip(&partial).for_each(|(total, partial)| *total += partial);
            }
            let losses = total.split_off(gradients);
            return (losses, total);
        };
        let kept = (MOST_KEPT / width.max(1)).clamp(8, blocks.max(8));
        for first in (0..blocks).step_by(kept) {
            let count = kept.min(blocks - first);
            let partials: Vec<Mutex<Vec<f64>>> = (0..count).map(|_| Mutex::new(Vec::new())).collect();
            parallel.run(count, &|number| {
                let mut partial = vec![0.0; width];
                of(first + number, &mut partial);
                *partials[number].lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = partial;
            });
            for partial in partials {
                let partial = partial.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
                total.iter_mut().zip(&partial).for_each(|(total, partial)| *total += partial);
            }
        }
        let losses = total.split_off(gradients);
        (losses, total)
    }
}
