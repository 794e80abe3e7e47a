//! Numbers at a panel of rows, laid out so that one operation takes several rows, and the functions of a network on them.

use super::cache_lines::CacheLines;
use super::eight::{Eight, stored, widest};
use super::functions::{INVERSE_FACTORIALS, LAST_SEEN, LN2_HIGH, LN2_LOW, ROUND, log1p};
use super::logistic::{TOGETHER, exp, exps, polynomials};
use multiversion::multiversion;
use std::ops::Range;

/// Rows next to each other in memory.
pub const STRIP: usize = 8;
/// Most rows of a panel.
pub const PANEL: usize = 64;
/// Numbers of some units at up to [`PANEL`] rows: strip after strip, unit after unit, row after row.
#[derive(Clone, Debug)]
pub struct Panel {
    pub(super) units: usize,
    pub(super) entries: CacheLines,
}

impl Panel {
    /// Without rows.
    pub fn new(units: usize) -> Self {
        Self { units, entries: CacheLines::default() }
    }

    /// All entries: strip after strip, unit after unit, row after row.
    pub fn entries(&self) -> &[f64] {
        self.entries.as_flattened()
    }

    /// All entries, to be written.
    pub fn entries_mut(&mut self) -> &mut [f64] {
        self.entries.as_flattened_mut()
    }

    /// Number of units.
    pub fn units(&self) -> usize {
        self.units
    }

    /// Room for so many rows; what is in it is not said.
    pub fn resize(&mut self, rows: usize) {
        self.entries.resize(self.units * rows.div_ceil(STRIP));
    }

    /// All zero, for so many rows; what fills the last strip up stays zero or is never read.
    pub fn reset(&mut self, rows: usize) {
        self.entries.reset(self.units * rows.div_ceil(STRIP));
    }

    /// The strips, each with one entry a unit.
    pub fn strips(&self) -> impl ExactSizeIterator<Item = &[[f64; STRIP]]> {
        self.entries.chunks_exact(self.units)
    }

    /// The strips, to be written.
    pub fn strips_mut(&mut self) -> impl ExactSizeIterator<Item = &mut [[f64; STRIP]]> {
        self.entries.chunks_exact_mut(self.units)
    }

    /// What another has.
    pub fn copy(&mut self, other: &Self) {
        self.units = other.units;
        self.entries.resize(other.entries.len());
        self.entries.copy_from_slice(&other.entries);
    }

    /// Row after row becomes unit after unit.
    pub fn load(&mut self, rows: &[&[f64]]) {
        self.reset(rows.len());
        for (strip, rows) in self.entries.chunks_exact_mut(self.units).zip(rows.chunks(STRIP)) {
            for (i, unit) in strip.iter_mut().enumerate() {
                unit.iter_mut().zip(rows).for_each(|(x, row)| *x = row[i]);
            }
        }
    }

    /// From these entries of each unit, times a factor.
    pub fn load_units<'a>(&mut self, rows: Range<usize>, unit: impl Fn(usize) -> (f64, &'a [f64])) {
        self.reset(rows.len());
        for (s, strip) in self.entries.chunks_exact_mut(self.units).enumerate() {
            let from = rows.start + s * STRIP;
            for (k, entries) in strip.iter_mut().enumerate() {
                let (factor, unit) = unit(k);
                entries.iter_mut().zip(&unit[from..rows.end]).for_each(|(entry, x)| *entry = factor * x);
            }
        }
    }

    /// Writes rows, one a slice.
    pub fn store<'a>(&self, rows: impl Iterator<Item = &'a mut [f64]>) {
        for (k, row) in rows.enumerate() {
            row.iter_mut().zip(self.row(k)).for_each(|(x, entry)| *x = entry);
        }
    }

    /// The entries of one row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = f64> {
        self.entries[row / STRIP * self.units..][..self.units].iter().map(move |unit| unit[row % STRIP])
    }

    /// Unit after unit becomes row after row, each padded with zeros to `stride`.
    #[cfg(test)]
    pub fn to_rows(&self, stride: usize, rows: &mut Vec<f64>) {
        rows.clear();
        rows.resize(self.entries.len() / self.units * STRIP * stride, 0.0);
        for (strip, rows) in self.strips().zip(rows.chunks_exact_mut(STRIP * stride)) {
            for (r, row) in rows.chunks_exact_mut(stride).enumerate() {
                row.iter_mut().zip(strip).for_each(|(x, unit)| *x = unit[r]);
            }
        }
    }
}

/// Some units for products that run over units: eight units of all rows, row after row, then the next eight; the last are filled up
/// with zeros.
#[derive(Clone, Debug, Default)]
pub struct Turned {
    pub(super) rows: usize,
    pub(super) entries: CacheLines,
}

impl Turned {
    /// From rows padded with zeros to a multiple of [`STRIP`].
    pub fn load(&mut self, rows: &[&[f64]]) {
        self.rows = rows.len();
        self.entries.resize(rows.iter().map(|row| row.len() / STRIP).sum());
        for (strip, turned) in self.entries.chunks_exact_mut(rows.len().max(1)).enumerate() {
            turned
                .iter_mut()
                .zip(rows)
                .for_each(|(turned, row)| turned.copy_from_slice(&row[strip * STRIP..][..STRIP]));
        }
    }

    /// Room for so many units; what is in it is not said.
    pub fn resize(&mut self, rows: usize, units: usize) {
        self.rows = rows;
        self.entries.resize(rows * units.div_ceil(STRIP));
    }

    /// Strip after strip of units, an entry of eight to each row.
    pub fn entries_mut(&mut self) -> &mut [[f64; STRIP]] {
        &mut self.entries
    }

    /// The entry of a row and a unit.
    pub fn at(&self, row: usize, unit: usize) -> f64 {
        self.entries[unit / STRIP * self.rows + row][unit % STRIP]
    }

    /// Of a symmetric matrix: what rows have beyond each group of so many strips, from what units have there.
    pub fn mirror(&mut self, together: usize) {
        let strips = self.rows.div_ceil(STRIP);
        assert!(self.entries.len() == strips * self.rows, "as many units as rows");
        for s in 0..strips {
            for row in (s / together + 1) * together * STRIP..self.rows {
                let from = row / STRIP * self.rows + s * STRIP;
                self.entries[s * self.rows + row] = std::array::from_fn(|j| self.entries[from + j][row % STRIP]);
            }
        }
    }

    /// Units become rows and rows units.
    pub fn transpose(&mut self, other: &Self, units: usize) {
        self.resize(units, other.rows);
        for (i, strip) in self.entries.chunks_exact_mut(units.max(1)).enumerate() {
            for (row, entries) in strip.iter_mut().enumerate() {
                let from = &other.entries[row / STRIP * other.rows..][..other.rows][i * STRIP..];
                *entries = [0.0; STRIP];
                entries.iter_mut().zip(from).for_each(|(entry, unit)| *entry = unit[row % STRIP]);
            }
        }
    }

    /// From a panel of so many rows.
    pub fn turn(&mut self, panel: &Panel, rows: usize) {
        let strips = panel.units.div_ceil(STRIP);
        if self.rows != rows || self.entries.len() != rows * strips {
            self.rows = rows;
            self.entries.reset(rows * strips);
        }
        for (i, turned) in self.entries.chunks_exact_mut(rows.max(1)).enumerate() {
            for (strip, turned) in panel.strips().zip(turned.chunks_mut(STRIP)) {
                for (j, unit) in strip[i * STRIP..].iter().take(STRIP).enumerate() {
                    turned.iter_mut().zip(unit).for_each(|(turned, x)| turned[j] = *x);
                }
                let filled = STRIP.min(panel.units - i * STRIP);
                turned.iter_mut().for_each(|turned| turned[filled..].fill(0.0));
            }
        }
    }
}

/// `tanh` of the first `units` units, in place.
pub fn apply_tanh(z: &mut Panel, units: usize) {
    z.strips_mut().for_each(|strip| tanh_strips(&mut strip[..units]));
}

fn tanh_strips(strips: &mut [[f64; STRIP]]) {
    widest!(tanh_strips(strips))
}

#[inline(always)]
pub(super) fn tanh_strips_by<E: Eight>(strips: &mut [[f64; STRIP]]) {
    let (strips, last) = strips.as_chunks_mut::<TOGETHER>();
    strips.iter_mut().for_each(tanhs::<E, TOGETHER>);
    last.iter_mut().for_each(|strip| tanhs::<E, 1>(std::array::from_mut(strip)));
}

/// [`tanh`](super::tanh) of N eights, side by side.
#[inline(always)]
fn tanhs<E: Eight, const N: usize>(strips: &mut [[f64; STRIP]; N]) {
    let nothing = E::splat(0.0);
    let [mut shifted, mut r] = [[nothing; N]; 2];
    for i in 0..N {
        let (doubled, least) = (E::splat(-2.0).mul(E::load(&strips[i]).abs()), E::splat(LAST_SEEN));
        let y = E::select(doubled.lt(least), least, doubled);
        shifted[i] = y.mul_add(E::splat(std::f64::consts::LOG2_E), E::splat(ROUND));
        let k = shifted[i].sub(E::splat(ROUND));
        r[i] = k.mul_add(E::splat(-LN2_LOW), k.mul_add(E::splat(-LN2_HIGH), y));
    }
    let p = polynomials(&INVERSE_FACTORIALS, r);
    for i in 0..N {
        let q = r[i].mul(r[i]).mul_add(p[i], r[i]);
        let power = shifted[i].power_of_two();
        let m = power.mul_add(q, power.sub(E::splat(1.0)));
        let size = E::splat(-1.0).mul(m).div(E::splat(2.0).add(m));
        size.copysign(E::load(&strips[i])).store(&mut strips[i]);
    }
}

/// From scores: the probabilities `p = softmax(z)` less 1 at each row's label. Adds the losses, row after row, if they are
/// wanted. The same bits as [`softmax_weights`](super::softmax_weights), which says why it is done so; a strip at a time.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn softmax_panel(scores: &Panel, labels: &[usize], weights: &mut Panel, mut losses: Option<&mut f64>) {
    let strips = scores.entries.chunks_exact(scores.units).zip(weights.entries.chunks_exact_mut(scores.units));
    for ((scores, weights), labels) in strips.zip(labels.chunks(STRIP)) {
        softmax_strip(scores, labels, weights, losses.as_deref_mut());
    }
}

/// [`softmax_panel`] of one strip: `[unit][row]`.
#[inline(always)]
pub(super) fn softmax_strip(
    scores: &[[f64; STRIP]],
    labels: &[usize],
    weights: &mut [[f64; STRIP]],
    mut losses: Option<&mut f64>,
) {
    let mut label = [-1.0; STRIP];
    label.iter_mut().zip(labels).for_each(|(label, given)| *label = *given as f64);
    let [top, largest] = powers_below_largest(scores, weights);
    let [rest, of_label] = shares(weights, &top, &label);
    for (r, label) in (0..STRIP).zip(labels) {
        weights[*label][r] = of_label[r];
        if let Some(sum) = losses.as_deref_mut() {
            *sum += (largest[r] - scores[*label][r]) + log1p(rest[r]);
        }
    }
    // Rows that fill the strip up have no label and no weight.
    for weight in weights.iter_mut() {
        weight[labels.len()..].fill(0.0);
    }
}

/// Writes e to the power of scores less the largest of their row; returns where that is first, and which it is.
fn powers_below_largest(scores: &[[f64; STRIP]], weights: &mut [[f64; STRIP]]) -> [[f64; STRIP]; 2] {
    widest!(powers_below_largest(scores, weights))
}

#[inline(always)]
pub(super) fn powers_below_largest_by<E: Eight>(
    scores: &[[f64; STRIP]],
    weights: &mut [[f64; STRIP]],
) -> [[f64; STRIP]; 2] {
    let (one, mut number) = (E::splat(1.0), E::splat(0.0));
    let (mut top, mut largest) = (number, E::splat(f64::NEG_INFINITY));
    for score in scores {
        let score = E::load(score);
        let above = largest.lt(score);
        (top, largest) = (E::select(above, number, top), E::select(above, score, largest));
        number = number.add(one);
    }
    let (scores, last_scores) = scores.as_chunks::<TOGETHER>();
    let (weights, last_weights) = weights.as_chunks_mut::<TOGETHER>();
    for (weights, scores) in weights.iter_mut().zip(scores) {
        let mut below = [largest; TOGETHER];
        for i in 0..TOGETHER {
            below[i] = E::load(&scores[i]).sub(largest);
        }
        let powers = exps(below);
        for i in 0..TOGETHER {
            powers[i].store(&mut weights[i]);
        }
    }
    for (weight, score) in last_weights.iter_mut().zip(last_scores) {
        exp(E::load(score).sub(largest)).store(weight);
    }
    stored([top, largest])
}

/// Multiplies `e^{z - max z}` by the reciprocal of their sum; returns the sums without the top, where that is exactly 1, and the
/// weights of the labels.
fn shares(weights: &mut [[f64; STRIP]], top: &[f64; STRIP], label: &[f64; STRIP]) -> [[f64; STRIP]; 2] {
    widest!(shares(weights, top, label))
}

#[inline(always)]
pub(super) fn shares_by<E: Eight>(
    weights: &mut [[f64; STRIP]],
    top: &[f64; STRIP],
    label: &[f64; STRIP],
) -> [[f64; STRIP]; 2] {
    let (top, label, zero, one) = (E::load(top), E::load(label), E::splat(0.0), E::splat(1.0));
    let (mut rest, mut wrong, mut number) = (zero, zero, zero);
    for weight in &*weights {
        let weight = E::load(weight);
        rest = rest.add(E::select(number.eq(top), zero, weight));
        wrong = wrong.add(E::select(number.eq(label), zero, weight));
        number = number.add(one);
    }
    let scale = one.div(one.add(rest));
    for weight in weights {
        E::load(weight).mul(scale).store(weight);
    }
    stored([rest, E::splat(-1.0).mul(wrong.mul(scale))])
}

#[cfg(test)]
mod tests {
    use super::super::softmax_weights;
    use super::*;

    #[test]
    fn weights_of_strips_are_those_of_single_rows() {
        for (classes, count) in [(2, 1), (3, 8), (10, 29)] {
            let mut z = (0..classes * count).map(|i| 5.0 * (1.7 * i as f64).sin()).collect::<Vec<f64>>();
            z[0] = 1e3;
            let labels: Vec<usize> = (0..count).map(|i| i * i % classes).collect();
            let rows: Vec<&[f64]> = z.chunks(classes).collect();
            let (mut scores, mut weights, mut losses, mut plain) = (Panel::new(classes), Panel::new(classes), 0.5, 0.5);
            scores.load(&rows);
            weights.reset(count);
            softmax_panel(&scores, &labels, &mut weights, Some(&mut losses));
            let mut by_rows = Vec::new();
            weights.to_rows(classes, &mut by_rows);
            for (i, row) in z.chunks_mut(classes).enumerate() {
                plain += softmax_weights(row, labels[i]);
                assert_eq!(row, &by_rows[i * classes..][..classes]);
            }
            assert_eq!((losses.to_bits(), by_rows[count * classes..].iter().sum::<f64>()), (f64::to_bits(plain), 0.0));
            softmax_panel(&scores, &labels, &mut weights, None);
        }
    }

    /// What the processor offers, those of AVX2 and the arrays, against one number after the other.
    #[test]
    fn tanh_of_strips_is_that_of_numbers() {
        use super::super::{eight, functions::tanh};
        let near = (0..3000).map(|i| (i as f64 * 0.731).sin() * 25.0);
        let sizes = (-1074..1023).map(|k| 2f64.powi(k) * if k % 2 == 0 { 1.0 } else { -1.3 });
        let ends = [0.0, -0.0, 40.0, -40.0, 40.1, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
        let all: Vec<f64> = near.chain(sizes).chain(ends).collect();
        for count in [1, 3, 4, all.len() / STRIP] {
            let given: Vec<[f64; STRIP]> =
                all.rchunks_exact(STRIP).take(count).map(|eight| std::array::from_fn(|r| eight[r])).collect();
            let same = |strips: &[[f64; STRIP]]| {
                for (x, found) in given.as_flattened().iter().zip(strips.as_flattened()) {
                    assert!(found.to_bits() == tanh(*x).to_bits() || (x.is_nan() && found.is_nan()), "{x:e} {found:e}");
                }
            };
            let [mut chosen, mut plain, mut by_avx2] = [given.clone(), given.clone(), given.clone()];
            tanh_strips(&mut chosen);
            same(&chosen);
            eight::plain::tanh_strips(&mut plain);
            same(&plain);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                // SAFETY: AVX2 and FMA are there.
                #[allow(unsafe_code)]
                unsafe {
                    eight::avx2::tanh_strips(&mut by_avx2);
                }
                same(&by_avx2);
            }
        }
    }

    /// The arrays, and those of AVX2 where the processor would not choose them.
    #[test]
    fn all_registers_give_the_bits_of_arrays() {
        use super::super::eight;
        let given: Vec<[f64; STRIP]> =
            (0..10).map(|k| std::array::from_fn(|r| 900.0 * ((k * 8 + r) as f64 * 1.7).sin().powi(3))).collect();
        let label = std::array::from_fn(|r| (r % 3) as f64);
        let (mut plain, mut chosen) = (given.clone(), given.clone());
        let [top, largest] = eight::plain::powers_below_largest(&given, &mut plain);
        let sums = eight::plain::shares(&mut plain, &top, &label);
        assert_eq!(powers_below_largest(&given, &mut chosen), [top, largest]);
        assert_eq!((shares(&mut chosen, &top, &label), &chosen), (sums, &plain));
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            let mut by_avx2 = given.clone();
            // SAFETY: AVX2 and FMA are there.
            #[allow(unsafe_code)]
            let found = unsafe {
                let first = eight::avx2::powers_below_largest(&given, &mut by_avx2);
                (first, eight::avx2::shares(&mut by_avx2, &top, &label))
            };
            assert_eq!((found, by_avx2), (([top, largest], sums), plain));
        }
    }
}
