//! Drawing batches of samples.

use super::FiniteSum;
use crate::method::Sampling;
use crate::random::Generator;

/// Draws a batch, sample by sample. Without replacement by Floyd's algorithm (Bentley and Floyd, CACM 30, 1987);
/// `marked` is scratch space that comes back all zero.
pub fn draw_batch(
    sum: &dyn FiniteSum,
    sampling: &Sampling,
    generator: &mut Generator,
    batch: &mut [usize],
    marked: &mut Vec<u64>,
) {
    if sampling.replacement {
        for sample in batch.iter_mut() {
            *sample = sum.draw(generator);
        }
        return;
    }
    let count = sum.count();
    marked.resize(count.div_ceil(64), 0);
    let length = batch.len();
    for (i, sample) in batch.iter_mut().enumerate() {
        let last = count - length + i;
        let candidate = generator.below(last as u64 + 1) as usize;
        let taken = marked[candidate / 64] >> (candidate % 64) & 1 == 1;
        *sample = if taken { last } else { candidate };
        marked[*sample / 64] |= 1 << (*sample % 64);
    }
    for sample in batch.iter() {
        marked[sample / 64] = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Logistic;
    use super::*;
    use crate::method::SampleReuse;
    use crate::random::Role;

    #[test]
    fn without_replacement_every_subset_is_equally_likely() {
        let sum = Logistic::new(1, &[1.0; 5], &[1.0; 5], 0.1);
        let sampling = Sampling { batch: 2, replacement: false, reuse: SampleReuse::Same };
        let mut generator = Generator::new(1, 0, Role::Descent);
        let (mut batch, mut marked, mut counts) = ([0; 2], Vec::new(), [[0; 5]; 5]);
        for _ in 0..100_000 {
            draw_batch(&sum, &sampling, &mut generator, &mut batch, &mut marked);
            assert!(batch[0] != batch[1] && marked.iter().all(|word| *word == 0));
            counts[batch[0].min(batch[1])][batch[0].max(batch[1])] += 1;
        }
        for (i, row) in counts.iter().enumerate() {
            assert!(row[i + 1..].iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
        }
    }
}
