//! One pass over all rows, in fixed blocks that several threads may share.

use crate::kernel::{Blocks, CACHE_LINE, CacheLines, add_scaled, before_cache_line};
use crate::parallel::{Parallel, revisit_parts};
use crate::spare::Spare;
use std::sync::atomic::{AtomicBool, Ordering};

/// Rows whose sums are added one after the other; blocks are added in order. It depends on the size of the data alone, so that
/// the number of threads changes no bit, nor whether zeros are stored. Long rows of few entries must not pay for a vector of sums
/// every 256 of them; a few blocks are even in number, so that two threads end together.
pub(crate) fn block_of(rows: usize, columns: usize) -> usize {
    let usual = (columns / 4).next_multiple_of(PANEL).max(256);
    if rows <= usual || rows > 8 * usual {
        return usual;
    }
    let pairs = ((rows + usual) / (2 * usual)).max(1);
    rows.div_ceil(2 * pairs).next_multiple_of(PANEL)
}

/// Rows whose losses a kernel adds beside each other.
pub(crate) const PANEL: usize = 32;
/// Most blocks that a thread takes at a time: the rows of the next are asked for ahead, or several are read side by side.
const MOST_TOGETHER: usize = 8;
/// Fewer blocks stay near in any order.
const FEW: usize = 16;
/// Sums of blocks that are kept at a time: 256 MB.
const MOST_KEPT: usize = 1 << 25;
/// Multiply-adds above which several threads share a pass.
const WORTH_SHARING: usize = 1 << 14;

/// Adds gradients and losses of some blocks of rows.
pub(crate) type Add<'a> = dyn Fn(Blocks) + Sync + 'a;

/// What is passed over.
pub(crate) struct Pass<'a> {
    pub(crate) rows: usize,
    /// Rows in a block, from [`block_of`].
    pub(crate) block: usize,
    /// Length of a gradient.
    pub(crate) width: usize,
    /// Number of sums of losses.
    pub(crate) losses: usize,
    /// Multiply-adds, roughly.
    pub(crate) work: usize,
    /// Whether the next shared pass goes backwards: it begins with what the pass before has left in the caches.
    pub(crate) backwards: Option<&'a AtomicBool>,
    /// Space for the sums of a group of blocks.
    pub(crate) near: &'a Spare<CacheLines>,
}

impl Pass<'_> {
    /// Whether several threads share it.
    pub(crate) fn is_worth_sharing(&self) -> bool {
        self.rows > self.block && self.work >= WORTH_SHARING
    }

    /// Sums of gradients and of losses over all rows, in `space`, of what `add` adds to those of blocks.
    pub(crate) fn evaluate<'s>(
        &self,
        parallel: Option<&dyn Parallel>,
        space: &'s mut Vec<f64>,
        add: &Add,
    ) -> [&'s mut [f64]; 2] {
        let Self { rows, block, width: gradients, losses, .. } = *self;
        let width = gradients + losses;
        let blocks = rows.div_ceil(block);
        let parallel = parallel.filter(|_| self.is_worth_sharing());
        let turn = self.backwards.filter(|_| parallel.is_some() && blocks > FEW);
        let backwards = turn.is_some_and(|turn| turn.fetch_xor(true, Ordering::Relaxed));
        let together = (blocks / FEW).clamp(1, MOST_TOGETHER);
        let groups = blocks.div_ceil(together);
        let kept = match parallel {
            None => 1,
            Some(_) => (MOST_KEPT / width.max(1)).max(MOST_TOGETHER).min(groups),
        };
        // So far apart that no two threads write to one cache line.
        let apart = width.next_multiple_of(CACHE_LINE);
        space.resize((1 + kept) * apart + CACHE_LINE, 0.0);
        let lead = before_cache_line(space);
        let (total, partials) = space[lead..].split_at_mut(apart);
        let of_blocks = |first: usize, sums: &mut [f64]| {
            let (from, lengths) = (first * block, [gradients, losses]);
            add(Blocks { from, to: rows.min(from + sums.len() / apart * block), block, lengths, apart, sums });
        };
        let of_group = |group: usize, sum: &mut [f64]| {
            if together == 1 {
                return of_blocks(group, sum);
            }
            let first = group * together;
            self.near.with(Default::default, |near| {
                near.resize(together * apart / CACHE_LINE);
                let sums = &mut near.as_flattened_mut()[..together.min(blocks - first) * apart];
                of_blocks(first, sums);
                sum.fill(0.0);
                add_in_order(sums, sum);
            });
        };
        total.fill(0.0);
        for first in (0..groups).step_by(kept) {
            let partials = &mut partials[..kept.min(groups - first) * apart];
            match parallel {
                Some(parallel) => revisit_parts(parallel, backwards, partials, apart, |from, sum| {
                    of_group(first + from / apart, sum);
                }),
                None => of_group(first, partials),
            }
            add_in_order(partials, total);
        }
        let (gradients, losses) = total[..width].split_at_mut(gradients);
        [gradients, losses]
    }
}

/// Adds one vector after the other.
fn add_in_order(vectors: &[f64], total: &mut [f64]) {
    vectors.chunks_exact(total.len()).for_each(|vector| add_scaled(1.0, vector, total));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::Sequential;
    use crate::parallel::tests::Threads;
    use std::sync::Mutex;

    #[test]
    fn few_blocks_are_even_in_number_and_alike_in_size() {
        for rows in 257..=2048 {
            let block = block_of(rows, 30);
            let (blocks, last) = (rows.div_ceil(block), (rows - 1) % block + 1);
            assert!(blocks % 2 == 0 && block.is_multiple_of(PANEL) && block <= 384, "{rows}: {block}");
            assert!(last + blocks * PANEL > block, "{rows}: {block}, {last}");
        }
        assert_eq!([1, 256, 2049, 1 << 20].map(|rows| block_of(rows, 30)), [256; 4]);
        assert_eq!(block_of(1 << 20, 4096), 1024);
    }

    #[test]
    fn a_shared_pass_gives_the_same_bits_in_space_that_was_used() {
        let near = Spare::default();
        let pass =
            Pass { rows: 1000, block: 256, width: 3, losses: 2, work: WORTH_SHARING, backwards: None, near: &near };
        let add = |blocks: Blocks| {
            blocks.each(|from, to, gradients, losses| {
                for row in from..to {
                    for (k, sum) in gradients.iter_mut().chain(&mut *losses).enumerate() {
                        *sum += (row as f64 * 0.1 * (k + 1) as f64).sin();
                    }
                }
            });
        };
        let (mut space, mut used) = (Vec::new(), vec![7.0; 5]);
        let shared = pass.evaluate(Some(&Sequential), &mut space, &add);
        assert_eq!(shared, pass.evaluate(None, &mut used, &add));
        assert_eq!(shared.map(|sums| sums.len()), [3, 2]);
    }

    /// Of blocks one by one, in pairs, and in the largest groups, the last of which is not full.
    #[test]
    fn sums_of_groups_are_added_in_order() {
        for (blocks, together) in [(FEW + 1, 1), (2 * FEW + 1, 2), (FEW * MOST_TOGETHER + 7, MOST_TOGETHER)] {
            let (block, width, losses, near) = (256, 3, 2, Spare::default());
            let rows = blocks * block - 5;
            let pass = Pass { rows, block, width, losses, work: WORTH_SHARING, backwards: None, near: &near };
            let of = |from: usize, to: usize, k: usize| ((from + 3 * to) as f64 * 0.1 * (k + 1) as f64).sin();
            let add = |blocks: Blocks| {
                blocks.each(|from, to, gradients, losses| {
                    let sums = gradients.iter_mut().chain(losses).enumerate();
                    sums.for_each(|(k, sum)| *sum += of(from, to, k));
                });
            };
            let [mut one, mut several, mut alone] = [vec![7.0; 5], Vec::new(), Vec::new()];
            let found = pass.evaluate(Some(&Sequential), &mut one, &add);
            assert_eq!(found, pass.evaluate(Some(&Threads), &mut several, &add));
            assert_eq!(found, pass.evaluate(None, &mut alone, &add));
            for (k, found) in found.into_iter().flat_map(|sums| &*sums).enumerate() {
                let starts: Vec<usize> = (0..rows).step_by(block).collect();
                let sum = |group: &[usize]| group.iter().map(|from| of(*from, rows.min(from + block), k)).sum::<f64>();
                assert_eq!(*found, starts.chunks(together).map(sum).sum::<f64>(), "{blocks} {k}");
            }
        }
    }

    #[test]
    fn to_and_fro_the_bits_are_the_same() {
        let (turn, rows, near) = (AtomicBool::new(false), 256 * 37 + 5, Spare::default());
        let pass =
            Pass { rows, block: 256, width: 1, losses: 1, work: WORTH_SHARING, backwards: Some(&turn), near: &near };
        let firsts = Mutex::new(Vec::new());
        let add = |blocks: Blocks| {
            blocks.each(|from, to, gradients, losses| {
                firsts.lock().unwrap().push(from);
                gradients[0] += (from..to).map(|row| (row as f64 * 0.1).sin()).sum::<f64>();
                losses[0] += (to as f64).cos();
            });
        };
        let sums = [(); 3].map(|()| {
            let mut space = Vec::new();
            pass.evaluate(Some(&Sequential), &mut space, &add).map(|sums| sums[0].to_bits())
        });
        assert!(sums[0] == sums[1] && sums[0] == sums[2]);
        let firsts = firsts.into_inner().unwrap();
        // 38 blocks in pairs.
        assert_eq!([firsts[0], firsts[38], firsts[39], firsts[2 * 38]], [0, 256 * 36, 256 * 37, 0]);
    }
}
