//! Eigenvalues and eigenvectors of symmetric tridiagonal matrices by divide and conquer (Cuppen, "A divide and conquer method for the
//! symmetric tridiagonal eigenproblem", Numerische Mathematik 36, 1981).
//!
//! ```text
//! T = [T1 0; 0 T2] + |beta| vv',  v = (0, .., 1, sign beta, .., 0)
//!   = U (D + rho zz') U',         U = [U1 0; 0 U2],  z = U'v/|v|,  rho = 2 |beta|
//! ```
//!
//! Columns of U whose entry of z is small are eigenvectors already, and of two whose entries of D are near each other one becomes
//! so by a rotation (Dongarra and Sorensen, "A fully parallel algorithm for the symmetric eigenvalue problem", SIAM Journal on
//! Scientific and Statistical Computing 8, 1987). The others are multiplied by the eigenvectors of what is left.

use super::ql::implicit_ql;
use super::secular::{Root, Secular, grouped};
use crate::kernel::{PANEL, Panel, STRIP, backward, max_abs, use_large_pages};
use crate::parallel::{Parallel, Sequential, for_parts, map};
use std::ops::Range;

/// Parts at most this large are solved by themselves.
const LEAF: usize = 32;
/// Merges of which as many are tasks; those of fewer, larger ones share their work.
const MANY: usize = 4;
/// Roots that are one task.
const TASK: usize = 64;
/// What moves the matrix by no more than this part of its size is deflated, as in LAPACK's dlaed2.
const SMALL: f64 = 4.0 * f64::EPSILON;

/// Eigenvalues and, column after column, eigenvectors, in any order.
pub(super) struct Solved {
    pub(super) values: Vec<f64>,
    vectors: Vec<f64>,
}

impl Solved {
    fn size(&self) -> usize {
        self.values.len()
    }

    pub(super) fn column(&self, k: usize) -> &[f64] {
        &self.vectors[k * self.size()..][..self.size()]
    }

    /// Columns in the order of increasing eigenvalues.
    pub(super) fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.size()).collect();
        order.sort_by(|a, b| self.values[*a].total_cmp(&self.values[*b]));
        order
    }
}

/// Of the matrix with this diagonal and off-diagonal; `None` if the solver of the parts gives up.
pub(super) fn tridiagonal(diagonal: &[f64], off_diagonal: &[f64], parallel: &dyn Parallel) -> Option<Solved> {
    let d = diagonal.len();
    let parts = d.div_ceil(LEAF).next_power_of_two();
    let ends: Vec<usize> = (0..=parts).map(|k| k * d / parts).collect();
    let mut diagonal = diagonal.to_vec();
    for &end in &ends[1..parts] {
        diagonal[end - 1] -= off_diagonal[end - 1].abs();
        diagonal[end] -= off_diagonal[end - 1].abs();
    }
    let ranges: Vec<_> = ends.windows(2).map(|ends| ends[0]..ends[1]).collect();
    let leaves = map(parallel, ranges, |range| {
        let last = range.end - 1;
        let (values, vectors) = implicit_ql(&diagonal[range.clone()], &off_diagonal[range.start..last])?;
        Some(Solved { values, vectors })
    });
    let mut blocks: Vec<Solved> = leaves.into_iter().collect::<Option<_>>()?;
    let mut inner = ends[1..parts].to_vec();
    while blocks.len() > 1 {
        let torn = inner.iter().step_by(2).map(|end| off_diagonal[end - 1]);
        let mut pairs = Vec::new();
        let mut all = blocks.into_iter();
        for torn_entry in torn {
            pairs.extend(all.next().zip(all.next()).map(|pair| (pair, torn_entry)));
        }
        blocks = if pairs.len() < MANY {
            pairs.into_iter().map(|(pair, torn_entry)| merge(pair, torn_entry, parallel)).collect()
        } else {
            map(parallel, pairs, |(pair, torn_entry)| merge(pair, torn_entry, &Sequential))
        };
        inner = inner.into_iter().skip(1).step_by(2).collect();
    }
    blocks.pop()
}

/// Which rows of a column of U are not all 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rows {
    Upper,
    All,
    Lower,
}

/// U, of which columns that were rotated are kept whole.
struct Eigenvectors {
    halves: [Solved; 2],
    rows: Vec<Rows>,
    rotated: Vec<Option<Vec<f64>>>,
}

impl Eigenvectors {
    fn new(upper: Solved, lower: Solved) -> Self {
        let (above, below) = (upper.size(), lower.size());
        let rows = [vec![Rows::Upper; above], vec![Rows::Lower; below]].concat();
        Self { halves: [upper, lower], rows, rotated: vec![None; above + below] }
    }

    fn split(&self) -> usize {
        self.halves[0].size()
    }

    /// Of column k.
    fn whole(&self, k: usize) -> Vec<f64> {
        if let Some(column) = &self.rotated[k] {
            return column.clone();
        }
        let split = self.split();
        let mut column = vec![0.0; self.rows.len()];
        if k < split {
            column[..split].copy_from_slice(self.halves[0].column(k));
        } else {
            column[split..].copy_from_slice(self.halves[1].column(k - split));
        }
        column
    }

    /// Column a becomes `cos a + sin b`, column b `cos b - sin a`.
    fn rotate(&mut self, [a, b]: [usize; 2], [cos, sin]: [f64; 2]) {
        let [mut first, mut second] = [self.whole(a), self.whole(b)];
        for (x, y) in first.iter_mut().zip(&mut second) {
            (*x, *y) = (cos.mul_add(*x, sin * *y), cos.mul_add(*y, -(sin * *x)));
        }
        if self.rows[a] != self.rows[b] {
            (self.rows[a], self.rows[b]) = (Rows::All, Rows::All);
        }
        (self.rotated[a], self.rotated[b]) = (Some(first), Some(second));
    }

    /// Columns of the upper or lower half, one after the other.
    fn half(&self, lower: bool, columns: impl Iterator<Item = usize>) -> Vec<f64> {
        let split = self.split();
        let rows = if lower { split..self.rows.len() } else { 0..split };
        let mut half = Vec::new();
        for k in columns {
            match &self.rotated[k] {
                Some(column) => half.extend_from_slice(&column[rows.clone()]),
                None if lower => half.extend_from_slice(self.halves[1].column(k - split)),
                None => half.extend_from_slice(self.halves[0].column(k)),
            }
        }
        half
    }
}

/// What is left of `D + rho zz'`, and what is an eigenvalue already.
struct Deflation {
    /// Columns in the order of increasing poles.
    kept: Vec<usize>,
    deflated: Vec<usize>,
}

fn deflate(columns: &mut Eigenvectors, poles: &mut [f64], z: &mut [f64], rho: f64) -> Deflation {
    let small = SMALL * (max_abs(poles) + rho);
    let mut order: Vec<usize> = (0..poles.len()).collect();
    order.sort_by(|a, b| poles[*a].total_cmp(&poles[*b]));
    let (mut kept, mut deflated): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    for k in order {
        if rho * z[k].abs() <= small {
            deflated.push(k);
            continue;
        }
        if let Some(&before) = kept.last() {
            let length = z[before].mul_add(z[before], z[k] * z[k]).sqrt();
            let [cos, sin] = [z[k] / length, -z[before] / length];
            if ((poles[k] - poles[before]) * cos * sin).abs() <= small {
                columns.rotate([before, k], [cos, sin]);
                (z[before], z[k]) = (0.0, length);
                let [a, b] = [poles[before], poles[k]];
                poles[before] = (a * cos).mul_add(cos, b * sin * sin);
                poles[k] = (a * sin).mul_add(sin, b * cos * cos);
                kept.pop();
                deflated.push(before);
            }
        }
        kept.push(k);
    }
    Deflation { kept, deflated }
}

fn merge((upper, lower): (Solved, Solved), torn_entry: f64, parallel: &dyn Parallel) -> Solved {
    let (split, d) = (upper.size(), upper.size() + lower.size());
    let mut poles = [&upper.values[..], &lower.values[..]].concat();
    let sign = 1f64.copysign(torn_entry) * std::f64::consts::FRAC_1_SQRT_2;
    let mut z: Vec<f64> = (0..split).map(|k| upper.column(k)[split - 1] * std::f64::consts::FRAC_1_SQRT_2).collect();
    z.extend((0..d - split).map(|k| lower.column(k)[0] * sign));
    let rho = 2.0 * torn_entry.abs();
    let mut columns = Eigenvectors::new(upper, lower);
    let Deflation { kept, deflated } = deflate(&mut columns, &mut poles, &mut z, rho);

    let count = kept.len();
    let [poles_kept, z_kept] = [&poles, &z].map(|all| kept.iter().map(|k| all[*k]).collect::<Vec<f64>>());
    let secular = Secular::new(&poles_kept, &z_kept, rho);
    let mut roots = vec![Root::default(); count];
    for_parts(parallel, &mut roots, TASK, |from, part| {
        part.iter_mut().enumerate().for_each(|(k, root)| *root = secular.root(from + k));
    });
    let mut exact = vec![0.0; count];
    let entry = secular.exact_z(&roots);
    for_parts(parallel, &mut exact, TASK, |from, part| {
        part.iter_mut().enumerate().for_each(|(k, z)| *z = entry(from + k).copysign(z_kept[from + k]));
    });
    let exact = grouped(exact.into_iter(), 0.0);

    // Columns with upper rows come first, those with lower rows last, so that each half is one product.
    let mut grouping: Vec<usize> = (0..count).collect();
    grouping.sort_by_key(|k| columns.rows[kept[*k]]);
    let mut row = vec![0; count];
    grouping.iter().enumerate().for_each(|(row_of, k)| row[*k] = row_of);
    let with = |wanted: Rows| kept.iter().filter(|k| columns.rows[**k] != wanted).count();
    let (with_upper, with_lower) = (with(Rows::Lower), with(Rows::Upper));
    let grouped_columns = || grouping.iter().map(|k| kept[*k]);
    let (above, below) = (0..with_upper, count - with_lower..count);
    let upper = columns.half(false, grouped_columns().take(with_upper));
    let lower = columns.half(true, grouped_columns().skip(below.start));

    let mut vectors = vec![0.0; d * d];
    use_large_pages(&mut vectors);
    let (made, ready) = vectors.split_at_mut(count * d);
    for_parts(parallel, made, PANEL * d, |from, part| {
        let first = from / d;
        let roots = &roots[first..(first + PANEL).min(count)];
        let mut factors = vec![[0.0; STRIP]; count * roots.len().div_ceil(STRIP)];
        let mut vector = exact.clone();
        for (k, root) in roots.iter().enumerate() {
            let length = secular.vector(*root, &exact, &mut vector);
            let factors = &mut factors[k / STRIP * count..][..count];
            vector.as_flattened().iter().zip(&row).for_each(|(v, row)| factors[*row][k % STRIP] = v / length);
        }
        for (half, used, rows) in [(&upper, &above, 0..split), (&lower, &below, split..d)] {
            let product = multiplied(half, used.clone(), &factors, count, rows.len());
            product.store(part.chunks_exact_mut(d).map(|vector| &mut vector[rows.clone()]));
        }
    });
    for (vector, k) in ready.chunks_exact_mut(d).zip(&deflated) {
        vector.copy_from_slice(&columns.whole(*k));
    }
    let values = roots.iter().map(|root| secular.value(*root)).chain(deflated.iter().map(|k| poles[*k])).collect();
    Solved { values, vectors }
}

/// Some columns, one after the other, times the factors of these among `count`.
fn multiplied(columns: &[f64], used: Range<usize>, factors: &[[f64; STRIP]], count: usize, rows: usize) -> Panel {
    let lanes = factors.len() / count * STRIP;
    let mut product = Panel::new(rows);
    if used.is_empty() {
        product.reset(lanes);
        return product;
    }
    let mut part = Panel::new(used.len());
    part.resize(lanes);
    for (part, factors) in part.strips_mut().zip(factors.chunks_exact(count)) {
        part.copy_from_slice(&factors[used.clone()]);
    }
    product.resize(lanes);
    backward(columns, rows, &part, &mut product);
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::dot;
    use crate::random::{Generator, Role};

    /// `max |T v - lambda v|` and `max |V'V - I|`.
    fn errors(diagonal: &[f64], off_diagonal: &[f64], solved: &Solved) -> [f64; 2] {
        let d = diagonal.len();
        let mut errors = [0.0f64; 2];
        for k in 0..d {
            let v = solved.column(k);
            for i in 0..d {
                let mut entry = diagonal[i] * v[i] - solved.values[k] * v[i];
                entry += if i > 0 { off_diagonal[i - 1] * v[i - 1] } else { 0.0 };
                entry += if i + 1 < d { off_diagonal[i] * v[i + 1] } else { 0.0 };
                errors[0] = errors[0].max(entry.abs());
            }
            for j in 0..=k {
                errors[1] = errors[1].max((dot(v, solved.column(j)) - f64::from(u8::from(j == k))).abs());
            }
        }
        errors
    }

    fn assert_solved(diagonal: &[f64], off_diagonal: &[f64], name: &str) {
        let solved = tridiagonal(diagonal, off_diagonal, &Sequential).expect("finite");
        let size = max_abs(diagonal).max(max_abs(off_diagonal));
        let [residual, unorthogonal] = errors(diagonal, off_diagonal, &solved);
        let d = diagonal.len() as f64;
        assert!(residual <= 1e-15 * (d + 20.0) * size, "{name} {d}: {residual:e}");
        assert!(unorthogonal <= 1e-15 * (d + 20.0), "{name} {d}: {unorthogonal:e}");
    }

    #[test]
    fn eigenvectors_of_all_kinds_of_matrices() {
        let mut generator = Generator::new(11, 0, Role::Other);
        for d in [1, 2, 31, 32, 33, 65, 130, 300] {
            let mut normal = |count: usize| (0..count).map(|_| generator.normal()).collect::<Vec<f64>>();
            let (diagonal, off_diagonal) = (normal(d), normal(d - 1));
            assert_solved(&diagonal, &off_diagonal, "normal");
            assert_solved(&vec![2.0; d], &vec![-1.0; d - 1], "second difference");
            assert_solved(&vec![0.0; d], &vec![0.0; d - 1], "zero");
            assert_solved(&vec![1.0; d], &vec![0.0; d - 1], "unit");
            assert_solved(&diagonal, &vec![1e-18; d - 1], "nearly diagonal");
            // Pairs of eigenvalues that differ by less than any double shows.
            let wilkinson: Vec<f64> = (0..d).map(|k| (k as f64 - (d / 2) as f64).abs()).collect();
            assert_solved(&wilkinson, &vec![1.0; d - 1], "Wilkinson");
            let glued: Vec<f64> = (0..d - 1).map(|k| if k % 21 == 20 { 1e-8 } else { 1.0 }).collect();
            let parts: Vec<f64> = (0..d).map(|k| ((k % 21) as f64 - 10.0).abs()).collect();
            assert_solved(&parts, &glued, "glued Wilkinson");
            let graded: Vec<f64> = (0..d).map(|k| 0.7f64.powi(k as i32)).collect();
            assert_solved(&graded, &graded[1..], "graded");
            let scattered: Vec<f64> = off_diagonal.iter().map(|b| if b.abs() < 0.7 { 0.0 } else { *b }).collect();
            assert_solved(&diagonal.iter().map(|x| x.round()).collect::<Vec<_>>(), &scattered, "decoupled");
        }
    }
}
