//! Softmax regression over rows of a matrix.

use super::Rows;
use super::functions::{exp, log1p};
use super::panel::{STRIP, softmax_strip};
use super::rows::{RowSource, SparseRows, Storage, Which, with_rows};
use multiversion::multiversion;

/// Rows whose scores are formed together.
const PANEL_ROWS: usize = 32;

/// From scores `z_k`: the probabilities `p = softmax(z)` less 1 at the label, in place of the scores; returns the loss
/// `log sum_k e^{z_k} - z_label`. Differences that would cancel are not formed: `p_label - 1` is minus the sum of the
/// others, and the loss is `(max z - z_label) + log(1 + sum of e^{z_k - max z} over the others)`.
#[inline(always)]
fn weigh(scores: &mut [f64], label: usize) -> f64 {
    let (mut top, mut largest) = (0, f64::NEG_INFINITY);
    for (k, score) in scores.iter().enumerate() {
        if *score > largest {
            (top, largest) = (k, *score);
        }
    }
    let behind = largest - scores[label];
    // The sums without the top and without the label.
    let (mut rest, mut wrong) = (0.0, 0.0);
    for (k, score) in scores.iter_mut().enumerate() {
        *score = exp(*score - largest);
        rest += if k == top { 0.0 } else { *score };
        wrong += if k == label { 0.0 } else { *score };
    }
    let scale = 1.0 / (1.0 + rest);
    scores.iter_mut().for_each(|score| *score *= scale);
    scores[label] = -(wrong * scale);
    behind + log1p(rest)
}

/// The weights `p - e_label` of one row, in place of its scores, and its loss.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn softmax_weights(scores: &mut [f64], label: usize) -> f64 {
    weigh(scores, label)
}

/// Strips of [`STRIP`] rows, some at a time: their scores, their weights, and the rows added with these, one after the other.
#[inline(always)]
fn pass<S: RowSource>(
    rows: S,
    labels: &[usize],
    which: Which,
    w: &[f64],
    gradient: &mut [f64],
    strips: &mut Strips,
    wants_losses: bool,
) -> f64 {
    let Strips { classes, scores, weights } = strips;
    let mut sum = 0.0;
    let (mut own, mut taken) = ([0; PANEL_ROWS], S::Taken::default());
    for start in (0..which.count()).step_by(PANEL_ROWS) {
        let some = which.some(start, PANEL_ROWS);
        let labels_here = &mut own[..some.count()];
        some.gather(labels, labels_here);
        let there = some.count().div_ceil(STRIP) * *classes;
        let (scores, weights) = (&mut scores[..there], &mut weights[..there]);
        rows.take(some, &mut taken);
        rows.products(&taken, w, scores);
        let strips = scores.chunks_exact(*classes).zip(weights.chunks_exact_mut(*classes));
        for ((scores, weights), labels) in strips.zip(labels_here.chunks(STRIP)) {
            softmax_strip(scores, labels, weights, wants_losses.then_some(&mut sum));
        }
        rows.add(&taken, weights, gradient);
    }
    sum
}

/// Scratch space of a pass.
#[derive(Debug)]
pub struct Strips {
    classes: usize,
    scores: Vec<[f64; STRIP]>,
    weights: Vec<[f64; STRIP]>,
}

impl Strips {
    /// For so many classes.
    pub fn new(classes: usize) -> Self {
        let strips = vec![[0.0; STRIP]; classes * PANEL_ROWS / STRIP];
        Self { classes, scores: strips.clone(), weights: strips }
    }
}

/// Over the rows `from..to`: adds the gradients, returns the losses, summed one after the other, if they are wanted, else 0.
/// `w` and `gradient` hold one padded row for each class.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn softmax_block(
    rows: &Rows,
    labels: &[usize],
    [from, to]: [usize; 2],
    w: &[f64],
    gradient: &mut [f64],
    strips: &mut Strips,
    wants_losses: bool,
) -> f64 {
    with_rows!(rows, source => pass(source, labels, Which::Run { from, count: to - from }, w, gradient, strips, wants_losses))
}

/// Over the rows of a batch, in its order; no losses.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn softmax_batch(
    rows: &Rows,
    labels: &[usize],
    batch: &[usize],
    w: &[f64],
    gradient: &mut [f64],
    strips: &mut Strips,
) {
    with_rows!(rows, source => pass(source, labels, Which::Listed(batch), w, gradient, strips, false));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_and_losses_at_both_ends() {
        for (scores, label) in
            [(vec![0.3, -1.2, 0.8], 1), (vec![0.1; 7], 3), (vec![30.0, 0.0], 0), (vec![-2.0, 2.5], 0)]
        {
            let sum: f64 = scores.iter().map(|z: &f64| z.exp()).sum();
            let mut weights = scores.clone();
            let loss = softmax_weights(&mut weights, label);
            assert!((loss - (sum.ln() - scores[label])).abs() < 1e-13);
            for (k, weight) in weights.iter().enumerate() {
                let plain = scores[k].exp() / sum - f64::from(u8::from(k == label));
                assert!((weight - plain).abs() < 1e-15, "{weight} {plain}");
            }
        }
        // Where the plain formulas see 1 - 1 = 0 there is a loss left.
        let mut sure = [90.0, 0.0];
        let loss = softmax_weights(&mut sure, 0);
        assert!((loss / (-90f64).exp() - 1.0).abs() < 1e-15 && sure[0] == -sure[1]);
        let mut far = [1e308, 0.0, -1e200];
        assert_eq!((softmax_weights(&mut far, 1), far), (1e308, [1.0, -1.0, 0.0]));
    }

    #[test]
    fn not_a_number_stays_so() {
        for scores in [[f64::NAN, 0.0], [0.0, f64::NAN], [f64::INFINITY, 0.0], [f64::NEG_INFINITY; 2]] {
            let mut scores = scores;
            let loss = softmax_weights(&mut scores, 0);
            assert!(loss.is_nan() || loss == f64::INFINITY || scores.iter().any(|p| p.is_nan()), "{loss}");
        }
    }
}
