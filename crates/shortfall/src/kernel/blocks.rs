//! Blocks of rows, whose sums a pass adds up in order.

/// Blocks of rows that follow each other, and where the sums of each go: its gradients, then its losses.
pub(crate) struct Blocks<'s> {
    /// The first row.
    pub(crate) from: usize,
    /// Where the rows end; the last block may be shorter.
    pub(crate) to: usize,
    /// Rows of a block.
    pub(crate) block: usize,
    /// How many numbers its gradients and its losses are.
    pub(crate) lengths: [usize; 2],
    /// Numbers from the sums of one to those of the next.
    pub(crate) apart: usize,
    pub(crate) sums: &'s mut [f64],
}

impl<'s> Blocks<'s> {
    /// The rows from one to another of each, with its gradients and its losses, which are 0.
    pub(crate) fn each(mut self, mut add: impl FnMut(usize, usize, &mut [f64], &mut [f64])) {
        while !self.sums.is_empty() {
            let to = (self.from + self.block).min(self.to);
            let (from, [gradients, losses]) = self.next();
            add(from, to, gradients, losses);
        }
    }

    /// The first row of some whole blocks, and of each the gradients and the losses, which are 0; what is left stays here.
    pub(crate) fn split<const N: usize>(&mut self) -> Option<(usize, [[&'s mut [f64]; N]; 2])> {
        let from = self.from;
        if self.sums.len() < N * self.apart || from + N * self.block > self.to {
            return None;
        }
        let [mut gradients, mut losses] = std::array::from_fn(|_| std::array::from_fn(|_| Default::default()));
        for sums in gradients.iter_mut().zip(&mut losses) {
            [*sums.0, *sums.1] = self.next().1;
        }
        Some((from, [gradients, losses]))
    }

    fn next(&mut self) -> (usize, [&'s mut [f64]; 2]) {
        let (sums, rest) = std::mem::take(&mut self.sums).split_at_mut(self.apart);
        let from = self.from;
        (self.from, self.sums) = (from + self.block, rest);
        let [gradients, losses] = self.lengths;
        let sums = &mut sums[..gradients + losses];
        sums.fill(0.0);
        (from, sums.split_at_mut(gradients).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_and_then_each() {
        let mut sums = [7.0; 25];
        fn blocks(sums: &mut [f64]) -> Blocks<'_> {
            Blocks { from: 10, to: 29, block: 4, lengths: [2, 1], apart: 5, sums }
        }
        let mut seen = Vec::new();
        let mut some = blocks(&mut sums);
        let (from, [[a, c], [b, d]]) = some.split::<2>().unwrap();
        assert_eq!((from, a.len(), b.len(), c.len(), d.len()), (10, 2, 1, 2, 1));
        (a[0], d[0]) = (1.0, 2.0);
        assert!(some.split::<3>().is_none(), "the last is shorter");
        some.each(|from, to, gradients, losses| {
            assert!(gradients == [0.0; 2] && losses == [0.0]);
            seen.push((from, to));
        });
        assert_eq!(seen, [(18, 22), (22, 26), (26, 29)]);
        assert_eq!(sums[..10], [1.0, 0.0, 0.0, 7.0, 7.0, 0.0, 0.0, 2.0, 7.0, 7.0]);
        let mut all = 0;
        blocks(&mut sums).each(|_, _, _, _| all += 1);
        assert_eq!(all, 5);
    }
}
