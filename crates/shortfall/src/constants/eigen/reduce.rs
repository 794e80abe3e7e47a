//! Symmetric matrices reduced to tridiagonal ones by reflections.
//!
//! Column k gives the reflection `H = I - t vv'` that leaves nothing of it below the entry beside the diagonal, and
//!
//! ```text
//! H A H = A - vw' - wv',  w = p - (t p'v/2) v,  p = t A v
//! ```
//!
//! (Golub and Van Loan, "Matrix Computations", section 8.3.1). The product `Av` reads all of A, which the caches near the processor
//! do not hold: so the pairs v, w of some columns are kept beside A, and taken off it while it is read for the next product.
//!
//! What rounding does is bounded as it goes. H, with `t = 2/v'v`, is an exact reflection whatever v was stored, and Q is defined as
//! their product; so a step of n rows goes from a matrix B to `HBH + E`, and A is `Q T Q'` but for the sum of all `|E|`. With S the
//! size of B and of what is kept beside it, in absolute values, `|B| + 4 sum |v||w|`, and `gamma` as in [`gamma`]:
//!
//! - the column, and the pairs taken off the others now and then, are off by `gamma_10 S` each, the column in two places;
//! - v is that of a column off by `2.1 u`, and the length left of it is off by `gamma_(n/32 + 13)`: so H leaves it but for
//!   `2.5 (u + gamma_(n/32 + 13))` of its length, in two places;
//! - `Av` is off by `gamma_(n + 40) S |v|`. With that, t, which is off by `1.25 gamma_(n/32 + 13)` of itself, and its own product and
//!   roundings, w is off by `t |v| S (gamma_(n + 40) + 3.5 gamma_(n/32 + 13) + 6 u)`, since `|I - t vv'/2| = 1`; and E by `2 |v|` of that,
//!   where `t |v|^2 = 2`.
//!
//! Together `|E| <= S (4 gamma_(n + 40) + 20 gamma_(n/32 + 20))`.

use super::{NEGLIGIBLE, gamma};
use crate::kernel::{
    Columns, PAIRS, PANEL, Pairs, Panel, add_backward, add_forward, add_scaled, add_symmetric_product, dot, norm,
    update_and_add_symmetric_product,
};
use crate::parallel::{Parallel, for_parts, map};

/// Vectors that are one task.
const TASK: usize = PANEL;
/// Reflections of a block.
const TOGETHER: usize = 48;

/// `A = Q T Q'`: T, and Q as reflections.
#[derive(Clone, Debug)]
pub(super) struct Reduced {
    size: usize,
    pub(super) diagonal: Vec<f64>,
    pub(super) off_diagonal: Vec<f64>,
    /// The v of each reflection, in the rows below the diagonal.
    columns: Vec<f64>,
    /// The t of each.
    factors: Vec<f64>,
    /// Upper bound of `|A - Q T Q'|_F`.
    pub(super) error: f64,
}

impl Reduced {
    /// Of a symmetric `d x d` matrix, column after column. The half below the diagonal is reduced; the bound is of all.
    pub(super) fn of(mut columns: Vec<f64>, d: usize, parallel: &dyn Parallel) -> Self {
        let (mut diagonal, mut off_diagonal, mut factors) = (Vec::with_capacity(d), Vec::new(), Vec::new());
        let mut pairs: Vec<[Vec<f64>; 2]> = Vec::with_capacity(PAIRS);
        let all = norm(&columns) * (1.0 + gamma(d * d / 32 + 10));
        // `sum |v||w|` of the pairs.
        let (mut error, mut beside) = (1e-100, 0.0);
        for k in 0..d {
            error += (all + error + 4.0 * beside) * relative_error(d - k);
            let (done, rest) = columns.split_at_mut((k + 1) * d);
            let column = &mut done[k * d..];
            for [v, w] in &pairs {
                add_scaled(-w[k], &v[k..], &mut column[k..]);
                add_scaled(-v[k], &w[k..], &mut column[k..]);
            }
            diagonal.push(column[k]);
            if k + 1 == d {
                break;
            }
            let (entry, factor) = reflection(&mut column[k + 1..]);
            off_diagonal.push(entry);
            factors.push(factor);
            if factor == 0.0 {
                continue;
            }
            let mut v = vec![0.0; d];
            v[k + 1..].copy_from_slice(&column[k + 1..]);
            let mut updates = Vec::new();
            if pairs.len() == PAIRS {
                (updates, beside) = (std::mem::take(&mut pairs), 0.0);
            }
            let mut w = product(rest, k + 1, &updates, &v, parallel);
            for [x, y] in &pairs {
                let [along_x, along_y] = [dot(&x[k + 1..], &v[k + 1..]), dot(&y[k + 1..], &v[k + 1..])];
                add_scaled(-along_y, &x[k + 1..], &mut w[k + 1..]);
                add_scaled(-along_x, &y[k + 1..], &mut w[k + 1..]);
            }
            let along = dot(&w[k + 1..], &v[k + 1..]);
            w[k + 1..].iter_mut().zip(&v[k + 1..]).for_each(|(w, v)| *w = factor * (*w - 0.5 * factor * along * v));
            beside += norm(&v) * norm(&w);
            pairs.push([v, w]);
        }
        // Sums of bounds are rounded too, and so are lengths.
        Self { size: d, diagonal, off_diagonal, columns, factors, error: error * (1.0 + 1e-9) }
    }

    /// `Q'x` for each of some vectors, one after the other.
    pub(super) fn turn(&self, vectors: &mut [f64]) {
        (0..self.factors.len()).for_each(|k| self.reflect(k, vectors));
    }

    /// `Qz`
    pub(super) fn turn_back(&self, vectors: &mut [f64]) {
        (0..self.factors.len()).rev().for_each(|k| self.reflect(k, vectors));
    }

    fn reflect(&self, k: usize, vectors: &mut [f64]) {
        let v = &self.columns[k * self.size + k + 1..(k + 1) * self.size];
        for x in vectors.chunks_exact_mut(self.size) {
            let x = &mut x[k + 1..];
            add_scaled(-self.factors[k] * dot(v, x), v, x);
        }
    }

    /// What rounding makes of [`turn`](Self::turn) and back, relative to the length: each of at most d reflections by its product, its
    /// t and its multiply-adds.
    pub(super) fn turning_error(&self) -> f64 {
        let d = self.size;
        6.0 * d as f64 * gamma(d / 32 + 20)
    }

    /// Vectors, one after the other, are multiplied by Q.
    pub(super) fn restore(&self, vectors: &mut [f64], parallel: &dyn Parallel) {
        let (d, count) = (self.size, self.factors.len());
        let blocks = map(parallel, (0..count).step_by(TOGETHER).collect(), |from| Block::of(self, from));
        for_parts(parallel, vectors, TASK * d, |_, part| {
            let width = part.len() / d;
            let rows: Vec<usize> = (0..d).step_by(TOGETHER).collect();
            let mut panels: Vec<Panel> = rows
                .iter()
                .map(|from| {
                    let parts: Vec<&[f64]> =
                        part.chunks_exact(d).map(|vector| &vector[*from..(from + TOGETHER).min(d)]).collect();
                    let mut panel = Panel::new(parts[0].len());
                    panel.load(&parts);
                    panel
                })
                .collect();
            for (first, block) in blocks.iter().enumerate().rev() {
                block.apply(&mut panels[first..], width);
            }
            for (from, panel) in rows.iter().zip(&panels) {
                panel.store(part.chunks_exact_mut(d).map(|vector| &mut vector[*from..]));
            }
        });
    }
}

/// The product `I - VTV'` of some reflections in compact WY form, T upper triangular (Schreiber and Van Loan, "A storage-efficient WY
/// representation for products of Householder transformations", SIAM Journal on Scientific and Statistical Computing 10, 1989).
/// Rows are [`TOGETHER`] at a time, each such part of V with one reflection after the other.
struct Block {
    count: usize,
    v: Vec<Vec<f64>>,
    /// -T
    t: Vec<f64>,
}

impl Block {
    fn of(reduced: &Reduced, first: usize) -> Self {
        let d = reduced.size;
        let count = TOGETHER.min(reduced.factors.len() - first);
        let mut products = Panel::new(count);
        products.reset(count);
        let mut v = Vec::new();
        for from in (first..d).step_by(TOGETHER) {
            let rows = (d - from).min(TOGETHER);
            let mut part = vec![0.0; count * rows];
            for (j, part) in part.chunks_exact_mut(rows).enumerate() {
                let skipped = (first + j + 1).saturating_sub(from).min(rows);
                let column = &reduced.columns[(first + j) * d + from..][..rows];
                part[skipped..].copy_from_slice(&column[skipped..]);
            }
            let mut panel = Panel::new(rows);
            panel.load(&part.chunks_exact(rows).collect::<Vec<_>>());
            add_forward(&part, count, &panel, &mut products);
            v.push(part);
        }
        let mut t = vec![0.0; count * count];
        for j in 0..count {
            let factor = reduced.factors[first + j];
            let along: Vec<f64> = products.row(j).collect();
            t[j * count + j] = -factor;
            for i in 0..j {
                t[i * count + j] = -factor * dot(&t[i * count + i..i * count + j], &along[i..j]);
            }
        }
        Self { count, v, t }
    }

    /// To the rows that it has.
    fn apply(&self, rows: &mut [Panel], width: usize) {
        let [mut along, mut weighted] = [Panel::new(self.count), Panel::new(self.count)];
        along.reset(width);
        weighted.reset(width);
        for (v, rows) in self.v.iter().zip(&*rows) {
            add_forward(v, self.count, rows, &mut along);
        }
        add_forward(&self.t, self.count, &along, &mut weighted);
        for (v, rows) in self.v.iter().zip(rows) {
            add_backward(v, v.len() / self.count, &weighted, rows);
        }
    }
}

/// `|E|` of a step, see the module.
fn relative_error(rows: usize) -> f64 {
    4.0 * gamma(rows + 40) + 20.0 * gamma(rows / 32 + 20)
}

/// Turns a column into the v of its reflection, with 1 first; returns what the reflection leaves of it, and t.
fn reflection(column: &mut [f64]) -> (f64, f64) {
    let (first, length) = (column[0], norm(column));
    if length < NEGLIGIBLE || norm(&column[1..]) == 0.0 {
        column.fill(0.0);
        return (if length < NEGLIGIBLE { 0.0 } else { first }, 0.0);
    }
    let left = -length.copysign(first);
    column[1..].iter_mut().for_each(|x| *x /= first - left);
    column[0] = 1.0;
    (left, (left - first) / left)
}

/// `Av` for the columns that are left, with the pairs taken off A.
fn product(rest: &mut [f64], first: usize, updates: &[[Vec<f64>; 2]], v: &[f64], parallel: &dyn Parallel) -> Vec<f64> {
    let rows = v.len();
    let pairs: Option<Pairs> =
        (!updates.is_empty()).then(|| std::array::from_fn(|m| [&updates[m][0][..], &updates[m][1][..]]));
    let stripes = stripes(rest, first, rows);
    let parts = map(parallel, stripes, |mut columns| {
        let mut product = vec![0.0; rows];
        match &pairs {
            Some(pairs) => update_and_add_symmetric_product(&mut columns, pairs, v, &mut product),
            None => add_symmetric_product(&mut columns, v, &mut product),
        }
        product
    });
    parts
        .into_iter()
        .reduce(|mut all, part| {
            add_scaled(1.0, &part, &mut all);
            all
        })
        .unwrap_or_default()
}

/// Columns in parts of as many entries each.
fn stripes(mut rest: &mut [f64], first: usize, rows: usize) -> Vec<Columns<'_>> {
    let left = rows - first;
    let count = match left {
        1024.. => 4,
        128.. => 2,
        _ => 1,
    };
    let start = |k: usize| ((1.0 - (1.0 - k as f64 / count as f64).sqrt()) * left as f64) as usize;
    (0..count)
        .map(|k| {
            let (entries, others) = std::mem::take(&mut rest).split_at_mut((start(k + 1) - start(k)) * rows);
            rest = others;
            Columns { entries, first: first + start(k), rows }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::distance;
    use crate::parallel::Sequential;
    use crate::random::{Generator, Role};
    use faer::{Mat, MatRef};

    /// Four stripes of columns.
    #[test]
    fn a_product_in_stripes_is_that_of_the_matrix() {
        let (d, first) = (1101, 1);
        let entry = |i: usize, j: usize| ((i.max(j) * 7 + i.min(j) * 3) as f64 * 0.37).sin();
        let v: Vec<f64> = (0..d).map(|i| if i < first { 0.0 } else { (i as f64 * 0.71).cos() }).collect();
        let mut rest: Vec<f64> = (first..d).flat_map(|j| (0..d).map(move |i| entry(i, j))).collect();
        assert_eq!(stripes(&mut rest, first, d).len(), 4);
        let found = product(&mut rest, first, &[], &v, &Sequential);
        for i in (first..d).step_by(50) {
            let wanted: f64 = (first..d).map(|j| entry(i, j) * v[j]).sum();
            assert!((found[i] - wanted).abs() < 1e-10, "{i}");
        }
    }

    #[test]
    fn a_reduced_matrix_restored_is_the_matrix() {
        let mut generator = Generator::new(13, 0, Role::Other);
        for d in [1, 2, 3, 5, 6, 7, 50, 51, 200, 201] {
            let mut matrix = vec![0.0; d * d];
            for i in 0..d {
                for j in 0..=i {
                    // Columns 4, 5, .. of d = 50 are reduced already.
                    let entry = if d == 50 && i.abs_diff(j) > 1 && j > 3 { 0.0 } else { generator.normal() };
                    (matrix[i * d + j], matrix[j * d + i]) = (entry, entry);
                }
            }
            let reduced = Reduced::of(matrix.clone(), d, &Sequential);
            let mut q = vec![0.0; d * d];
            q.iter_mut().step_by(d + 1).for_each(|entry| *entry = 1.0);
            reduced.restore(&mut q, &Sequential);
            let q = MatRef::from_column_major_slice(&q, d, d);
            let t = Mat::from_fn(d, d, |i, j| match i.abs_diff(j) {
                0 => reduced.diagonal[i],
                1 => reduced.off_diagonal[i.min(j)],
                _ => 0.0,
            });
            let error = q * t * q.transpose() - MatRef::from_column_major_slice(&matrix, d, d);
            assert!(error.norm_max() < 1e-14 * (d as f64 + 10.0), "{d}: {:e}", error.norm_max());
            assert!(error.norm_l2() <= reduced.error, "{d}: {:e} {:e}", error.norm_l2(), reduced.error);
            let size = norm(&matrix) * (d as f64 + 10.0).powi(2);
            assert!(reduced.error < 1e-14 * size + 1e-99, "{d}: {:e}", reduced.error);
            let x: Vec<f64> = (0..d).map(|i| (i as f64 * 0.9).cos()).collect();
            let mut turned = x.clone();
            reduced.turn(&mut turned);
            for (k, turned) in turned.iter().enumerate() {
                let wanted: f64 = (0..d).map(|i| q[(i, k)] * x[i]).sum();
                assert!((turned - wanted).abs() <= 1e-14 * (d as f64 + 10.0), "{d} {k}");
            }
            reduced.turn_back(&mut turned);
            assert!(distance(&turned, &x) <= reduced.turning_error() * norm(&x), "{d}");
            let unorthogonal = q.transpose() * q - Mat::<f64>::identity(d, d);
            assert!(unorthogonal.norm_max() < 1e-15 * (d as f64 + 10.0), "{d}: {:e}", unorthogonal.norm_max());
        }
    }
}
