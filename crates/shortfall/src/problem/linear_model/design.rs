//! Rows of data as a model sees them: stored with their zeros or without, centred without being filled.

use crate::constants::eigen::gamma;
use crate::kernel::{CACHE_LINE, Rows, StoredDense, before_cache_line, dot, norm};
use crate::parallel::{Parallel, map};
use crate::source::{Budget, SparseMatrix, StoredRows};
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, MatMut, MatRef, Par};
use std::borrow::Cow;
use std::sync::Arc;

/// Columns from which on several threads share X'X, the parts they take, and what their rows are a multiple of, as those of faer's
/// kernels are.
const WORTH_SHARING: usize = 256;
const PARTS: usize = 4;
const EVEN: usize = 48;

/// n rows `x_i` of d columns.
///
/// Centring would fill a sparse matrix. There `x_i = r_i - c` with `r_i` as stored and a column of ones among the stored
/// ones: `x_i'w = r_i'w - c'w`, and the last term goes into the weight of that column.
#[derive(Debug)]
pub(crate) struct Design {
    rows: Rows,
    columns: usize,
    centring: Option<Centring>,
}

#[derive(Debug)]
struct Centring {
    /// c, padded like a row; 0 in the column of ones.
    centre: Vec<f64>,
    /// |c|
    length: f64,
    /// The column of ones: the intercept, or one beyond the columns.
    ones: usize,
}

/// The squared length of a row.
pub(crate) struct Square {
    /// `|x_i|^2`, computed.
    pub(super) value: f64,
    /// Bound of its rounding error.
    pub(super) error: f64,
    /// What rounding errors of `x_i'w` and of sums of `x_i` are relative to: `|x_i|`, or with a centre
    /// `|r_i| + 2|c|`, since `sum_j |r_ij w_j| + |c'w| <= (|r_i| + |c|)|w|` and c'w itself is rounded.
    pub(super) size: f64,
}

impl Square {
    /// `|x_i|^2`, from below.
    pub(super) fn least(&self) -> f64 {
        (self.value - self.error).max(0.0)
    }

    /// `|x_i|^2`, from above.
    pub(crate) fn most(&self) -> f64 {
        self.value + self.error
    }
}

impl Design {
    /// With zeros, row-major. An intercept is a further column of ones.
    pub(crate) fn dense(features: usize, entries: Vec<f64>, intercept: bool) -> Self {
        let columns = features + usize::from(intercept);
        Self { rows: Rows::dense(features, entries, intercept), columns, centring: None }
    }

    /// With zeros, read from where they are. An intercept is a further column of ones. `None` if the user stopped it.
    pub(crate) fn read_from(
        features: usize,
        source: Arc<dyn StoredRows>,
        standardize: bool,
        intercept: bool,
        budget: &dyn Budget,
    ) -> Option<Self> {
        let rows = StoredDense::new(features, source, standardize, intercept, budget)?;
        Some(Self { rows: Rows::stored(rows), columns: features + usize::from(intercept), centring: None })
    }

    /// Without zeros; `centre`, of `features` entries, is taken from each row. An intercept is a further column of ones.
    pub(crate) fn sparse(features: usize, mut matrix: SparseMatrix, centre: Option<Vec<f64>>, intercept: bool) -> Self {
        if intercept || centre.is_some() {
            matrix.append_column(features as u32, 1.0);
        }
        let stored = features + usize::from(intercept || centre.is_some());
        let rows = Rows::sparse(stored, matrix);
        let centring = centre.map(|mut centre| {
            centre.resize(rows.stride(), 0.0);
            let length = norm(&centre);
            Centring { centre, length, ones: features }
        });
        Self { rows, columns: features + usize::from(intercept), centring }
    }

    /// Whether a centre is taken from sparse rows.
    pub(crate) fn is_centred(&self) -> bool {
        self.centring.is_some()
    }

    /// n.
    pub(crate) fn count(&self) -> usize {
        self.rows.count()
    }

    /// d.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// The rows as the kernels take them, with parameters of length `stride` a part.
    pub(crate) fn rows(&self) -> &Rows {
        &self.rows
    }

    /// `parts` vectors of d weights, as the stored rows take them.
    pub(crate) fn embed<'x>(&self, x: &'x [f64], parts: usize) -> Cow<'x, [f64]> {
        if self.fits() {
            return Cow::Borrowed(x);
        }
        let mut embedded = Vec::new();
        self.add_embedded(x, parts, &mut embedded);
        Cow::Owned(embedded)
    }

    /// [`Self::embed`] of several, one after the other, from the beginning of a cache line on.
    pub(crate) fn embed_all<'s>(&self, points: &[&[f64]], embedded: &'s mut Vec<f64>) -> &'s [f64] {
        embedded.clear();
        embedded.reserve(points.len() * self.rows.stride() + CACHE_LINE);
        let lead = before_cache_line(embedded);
        embedded.resize(lead, 0.0);
        for x in points {
            if self.fits() { embedded.extend_from_slice(x) } else { self.add_embedded(x, 1, embedded) }
        }
        &embedded[lead..]
    }

    fn add_embedded(&self, x: &[f64], parts: usize, embedded: &mut Vec<f64>) {
        let (stride, from) = (self.rows.stride(), embedded.len());
        embedded.resize(from + parts * stride, 0.0);
        for (part, source) in embedded[from..].chunks_exact_mut(stride).zip(x.chunks_exact(self.columns)) {
            part[..self.columns].copy_from_slice(source);
            if let Some(Centring { centre, ones, .. }) = &self.centring {
                let offset = dot(centre, part);
                part[*ones] -= offset;
            }
        }
    }

    /// Whether stored rows are the rows: neither centred nor padded.
    pub(crate) fn fits(&self) -> bool {
        self.centring.is_none() && self.rows.stride() == self.columns
    }

    /// From a sum of `c_i r_i` to that of `c_i x_i`, in place; its first d entries count.
    pub(crate) fn centre(&self, sum: &mut [f64]) {
        if let Some(Centring { centre, ones, .. }) = &self.centring {
            let weights = sum[*ones];
            sum.iter_mut().zip(centre).for_each(|(sum, c)| *sum = weights.mul_add(-c, *sum));
        }
    }

    /// Writes `x_i` for the rows `from..to`, d entries each.
    pub(crate) fn write_rows(&self, from: usize, to: usize, block: &mut [f64]) {
        let mut row = vec![0.0; self.rows.stride()];
        for (i, out) in (from..to).zip(block.chunks_exact_mut(self.columns)) {
            row.fill(0.0);
            self.rows.add_scaled(i, 1.0, &mut row);
            if let Some(Centring { centre, .. }) = &self.centring {
                row.iter_mut().zip(centre).for_each(|(x, c)| *x -= c);
            }
            out.copy_from_slice(&row[..self.columns]);
        }
    }

    /// What rounding errors at a row are relative to; see [`Square::size`].
    pub(crate) fn size(&self, i: usize) -> f64 {
        self.size_of(self.rows.square(i))
    }

    fn size_of(&self, stored_square: f64) -> f64 {
        let length = self.centring.as_ref().map_or(0.0, |centring| centring.length);
        stored_square.sqrt() + 2.0 * length
    }

    pub(crate) fn square(&self, i: usize) -> Square {
        let (stored, relative) = (self.rows.square(i), gamma(self.columns + 2));
        let size = self.size_of(stored);
        let Some(Centring { centre, length, ones }) = &self.centring else {
            return Square { value: stored, error: relative * stored, size };
        };
        let hidden = if *ones < self.columns { 0.0 } else { 1.0 };
        let value = (stored - hidden - 2.0 * self.rows.dot(i, centre) + length * length).max(0.0);
        Square { value, error: 4.0 * relative * (stored.sqrt() + length).powi(2), size }
    }

    /// Mean squares of the columns, computed.
    pub(super) fn column_squares(&self) -> Vec<f64> {
        let stride = self.rows.stride();
        let (mut squares, mut sums) = (vec![0.0; stride], vec![0.0; stride]);
        for i in 0..self.count() {
            self.rows.add_squares(i, &mut squares);
            self.rows.add_scaled(i, 1.0, &mut sums);
        }
        let n = self.count() as f64;
        if let Some(Centring { centre, .. }) = &self.centring {
            for ((square, sum), c) in squares.iter_mut().zip(&sums).zip(centre) {
                *square = (*square - 2.0 * c * sum + n * c * c).max(0.0);
            }
        }
        squares.truncate(self.columns);
        squares.iter_mut().for_each(|square| *square /= n);
        squares
    }

    /// The column of ones among the stored ones, if the others are centred.
    pub(super) fn column_of_ones(&self) -> Option<usize> {
        self.centring.as_ref().map(|centring| centring.ones)
    }

    /// Upper bound of `|m - c|`, m the exact means of the stored columns other than the ones.
    pub(super) fn off_centre(&self) -> f64 {
        let Some(Centring { centre, ones, .. }) = &self.centring else { return 0.0 };
        let n = self.count();
        let (mut sums, mut sizes) = (vec![0.0; centre.len()], vec![0.0; centre.len()]);
        for i in 0..n {
            self.rows.add_scaled(i, 1.0, &mut sums);
            self.rows.add_absolute(i, 1.0, &mut sizes);
        }
        let off = |j: usize| {
            let mean = sums[j] / n as f64;
            (mean - centre[j]).abs() + gamma(n + 4) * (sizes[j] / n as f64 + mean.abs() + centre[j].abs())
        };
        let off: Vec<f64> = (0..centre.len()).map(|j| if j == *ones { 0.0 } else { off(j) }).collect();
        norm(&off) * (1.0 + gamma(off.len() + 4))
    }

    /// Rows that are written out at once.
    fn panel(&self) -> usize {
        ((1 << 22) / self.columns.max(1)).clamp(8, 256)
    }

    /// `(1/n) sum_i weight_i x_i x_i'`, d x d; `None` if the budget is spent. The threads change no bit.
    pub(crate) fn gram(
        &self,
        weight: Option<&dyn Fn(usize) -> f64>,
        budget: &dyn Budget,
        parallel: &dyn Parallel,
    ) -> Option<Vec<f64>> {
        let (n, d) = (self.count(), self.columns);
        let mut gram = vec![0.0; d * d];
        let (mut panel, mut weighted) = (Vec::new(), Vec::new());
        for from in (0..n).step_by(self.panel()) {
            let to = (from + self.panel()).min(n);
            panel.resize((to - from) * d, 0.0);
            self.write_rows(from, to, &mut panel);
            if let Some(weight) = weight {
                weighted.clone_from(&panel);
                for (i, row) in (from..to).zip(weighted.chunks_exact_mut(d)) {
                    let weight = weight(i);
                    row.iter_mut().for_each(|x| *x *= weight);
                }
            }
            let left = if weight.is_some() { &weighted } else { &panel };
            let left = MatRef::from_row_major_slice(left, to - from, d).transpose();
            let right = MatRef::from_row_major_slice(&panel, to - from, d);
            add_lower_product(&mut gram, left, right, parallel);
            if !budget.goes_on("X'X/n", Some(to as f64 / n as f64)) {
                return None;
            }
        }
        mirror(&mut gram, d, n as f64);
        Some(gram)
    }

    /// `(1/n) (x_i'x_j)_ij`, n x n: it has the eigenvalues of X'X/n other than 0; `None` if the budget is spent.
    pub(super) fn gram_of_rows(&self, budget: &dyn Budget) -> Option<Vec<f64>> {
        let (n, d) = (self.count(), self.columns);
        let mut gram = vec![0.0; n * n];
        let step = self.panel();
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for from in (0..n).step_by(step) {
            let to = (from + step).min(n);
            left.resize((to - from) * d, 0.0);
            self.write_rows(from, to, &mut left);
            for other in (0..to).step_by(step) {
                let end = (other + step).min(to);
                right.resize((end - other) * d, 0.0);
                self.write_rows(other, end, &mut right);
                let product = MatMut::from_row_major_slice_mut(&mut gram, n, n);
                let product = product.submatrix_mut(from, other, to - from, end - other);
                let left = MatRef::from_row_major_slice(&left, to - from, d);
                let right = MatRef::from_row_major_slice(&right, end - other, d).transpose();
                faer::linalg::matmul::matmul(product, Accum::Replace, left, right, 1.0, Par::Seq);
            }
            if !budget.goes_on("XX'/n", Some((to as f64 / n as f64).powi(2))) {
                return None;
            }
        }
        mirror(&mut gram, n, n as f64);
        Some(gram)
    }
}

/// Adds the lower triangle of a symmetric product, row-major, in parts of as many rows as make them alike in size.
fn add_lower_product(product: &mut [f64], left: MatRef<'_, f64>, right: MatRef<'_, f64>, parallel: &dyn Parallel) {
    use BlockStructure::{Rectangular, TriangularLower};
    let d = left.nrows();
    let count = if d < WORTH_SHARING { 1 } else { PARTS };
    let end = |k: usize| {
        let end = d as f64 * (k as f64 / count as f64).sqrt();
        if k == count { d } else { (end / EVEN as f64).round() as usize * EVEN }
    };
    let mut rest = product;
    let mut parts = Vec::with_capacity(count);
    for rows in (0..count).map(|k| end(k)..end(k + 1)) {
        let (part, others) = std::mem::take(&mut rest).split_at_mut(rows.len() * d);
        parts.push((rows, part));
        rest = others;
    }
    map(parallel, parts, |(rows, part)| {
        let left = left.subrows(rows.start, rows.len());
        let part = MatMut::from_row_major_slice_mut(part, rows.len(), d);
        let (before, on) = part.split_at_col_mut(rows.start);
        let (before_right, on_right) = right.split_at_col(rows.start);
        faer::linalg::matmul::matmul(before, Accum::Add, left, before_right, 1.0, Par::Seq);
        let (on, on_right) = (on.subcols_mut(0, rows.len()), on_right.subcols(0, rows.len()));
        matmul(on, TriangularLower, Accum::Add, left, Rectangular, on_right, Rectangular, 1.0, Par::Seq);
    });
}

/// Divides the lower triangle and copies it to the upper.
fn mirror(matrix: &mut [f64], d: usize, divisor: f64) {
    for j in 0..d {
        for k in 0..=j {
            matrix[j * d + k] /= divisor;
            matrix[k * d + j] = matrix[j * d + k];
        }
    }
}
