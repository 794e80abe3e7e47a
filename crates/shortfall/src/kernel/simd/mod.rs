//! Products of rows with vectors and sums of rows, by hand for AVX-512 and AVX2, beside the plain code that says what they
//! compute: the same operations in the same order, so the same bits.
//!
//! Left to itself the compiler turns the plain loops into pairs of numbers and shuffles: 2 to 4 times slower. Several vectors at a
//! time share the loads of a row, so that arithmetic bounds them and not the caches.

mod ahead;
#[cfg(target_arch = "x86_64")]
pub(super) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(super) mod avx512;
mod places;

use super::panel::STRIP;
pub(super) use ahead::{Ahead, ask};
pub(super) use places::{Places, Run, SomeRows};

/// Most rows taken at a time.
pub(super) const ROWS: usize = 64;
/// Partial sums of the product of a row, by column.
pub(super) const PARTS: usize = 8;

/// Strips of 8 rows that so many rows take.
pub(super) fn strips(rows: usize) -> usize {
    rows.div_ceil(STRIP)
}

/// `x_i'w_k` for some rows and every vector `w_k` of w, as long as a row, a multiple of 8: 8 partial sums by column, added
/// by halves. `out` holds strips of 8 rows, in each strip one after the other the products with each vector; in the
/// last it may hold anything for the rows that it lacks.
pub(super) fn products(rows: &SomeRows, w: &[f64], out: &mut [[f64; STRIP]]) {
    match rows.run() {
        Some(run) => products_of(run, w, out),
        None => products_of(rows.listed(), w, out),
    }
}

#[inline(always)]
fn products_of(rows: impl Places, w: &[f64], out: &mut [[f64; STRIP]]) {
    let vectors = check(rows, w.len(), out);
    if vectors == 0 {
        return;
    }
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
            // SAFETY: the processor has AVX-512F, hence AVX2 and FMA, and VL; rows of `SomeRows` have one length, the others were checked.
            #[allow(unsafe_code)]
            return unsafe { avx512::products(rows, w, vectors, out) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has AVX2 and FMA; `SomeRows` has rows of one length, and the others were checked.
            #[allow(unsafe_code)]
            return unsafe { avx2::products(rows, w, vectors, out) };
        }
    }
    plain::products(rows, w, vectors, out);
}

/// `y_k += c_0k x_0`, then `c_1k x_1`, and so on, for every vector `y_k` of y, as long as a row, each entry by fused
/// multiply-adds in that order. Coefficients as [`products`] leaves them.
pub(super) fn add_rows(c: &[[f64; STRIP]], rows: &SomeRows, y: &mut [f64]) {
    match rows.run() {
        Some(run) => add_rows_of(c, run, y),
        None => add_rows_of(c, rows.listed(), y),
    }
}

#[inline(always)]
fn add_rows_of(c: &[[f64; STRIP]], rows: impl Places, y: &mut [f64]) {
    let vectors = check(rows, y.len(), c);
    if vectors == 0 {
        return;
    }
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
            // SAFETY: the processor has AVX-512F, hence AVX2 and FMA, and VL; rows of `SomeRows` have one length, the others were checked.
            #[allow(unsafe_code)]
            return unsafe { avx512::add_rows(c, rows, vectors, y) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has AVX2 and FMA; `SomeRows` has rows of one length, and the others were checked.
            #[allow(unsafe_code)]
            return unsafe { avx2::add_rows(c, rows, vectors, y) };
        }
    }
    plain::add_rows(c, rows, vectors, y);
}

/// `all/each`, rounded down; 1 of 0/0. Equal numbers are most common, and a division takes long beside what it is for.
#[inline(always)]
pub(super) fn quotient(all: usize, each: usize) -> usize {
    if all == each { 1 } else { all / each.max(1) }
}

/// The number of vectors, 0 if there are no rows.
#[inline(always)]
fn check(rows: impl Places, length: usize, strips_of_rows: &[[f64; STRIP]]) -> usize {
    if rows.count() == 0 {
        return 0;
    }
    let stride = rows.stride();
    let vectors = quotient(length, stride);
    assert!(vectors * stride == length);
    assert!(strips_of_rows.len() == strips(rows.count()) * vectors);
    vectors
}

pub(super) mod plain {
    use super::super::tree;
    use super::{PARTS, Places, Run, STRIP};

    pub(super) fn products(rows: impl Places, w: &[f64], vectors: usize, out: &mut [[f64; STRIP]]) {
        for r in 0..rows.count() {
            let row = rows.row(r);
            for (k, w) in w.chunks_exact(row.len()).enumerate() {
                out[r / STRIP * vectors + k][r % STRIP] = product(row, w);
            }
        }
    }

    pub(super) fn add_rows(c: &[[f64; STRIP]], rows: impl Places, vectors: usize, y: &mut [f64]) {
        for r in 0..rows.count() {
            let row = rows.row(r);
            for (k, y) in y.chunks_exact_mut(row.len()).enumerate() {
                let c = c[r / STRIP * vectors + k][r % STRIP];
                y.iter_mut().zip(row).for_each(|(y, x)| *y = c.mul_add(*x, *y));
            }
        }
    }

    /// [`products`] with eight vectors side by side, in some groups of eight; columns beyond those of w are zeros.
    pub(in super::super) fn products_with_eights<const G: usize>(
        rows: &Run,
        w: &[&[[f64; STRIP]]; G],
        out: &mut [&mut [[f64; STRIP]]; G],
    ) {
        for (w, out) in w.iter().zip(out) {
            for (r, out) in out.iter_mut().enumerate() {
                let mut partial = [[0.0; PARTS]; STRIP];
                for (j, (x, w)) in rows.row(r).iter().zip(*w).enumerate() {
                    for (partial, w) in partial.iter_mut().zip(w) {
                        partial[j % PARTS] = x.mul_add(*w, partial[j % PARTS]);
                    }
                }
                *out = partial.map(tree);
            }
        }
    }

    /// [`add_rows`] of eight vectors side by side, in some groups of eight.
    pub(in super::super) fn add_to_eights<const G: usize>(
        c: &[&[[f64; STRIP]]; G],
        rows: &Run,
        y: &mut [&mut [[f64; STRIP]]; G],
    ) {
        for (c, y) in c.iter().zip(y) {
            for (r, c) in c.iter().enumerate() {
                for (x, y) in rows.row(r).iter().zip(&mut **y) {
                    y.iter_mut().zip(c).for_each(|(y, c)| *y = c.mul_add(*x, *y));
                }
            }
        }
    }

    fn product(x: &[f64], w: &[f64]) -> f64 {
        let mut partial = [0.0; PARTS];
        for (j, (x, w)) in x.iter().zip(w).enumerate() {
            partial[j % PARTS] = x.mul_add(*w, partial[j % PARTS]);
        }
        tree(partial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    /// What the processor offers against the plain code, at every remainder of rows, columns and vectors.
    #[test]
    fn every_path_gives_the_same_bits() {
        for (columns, vectors) in
            [(8, 0), (8, 1), (16, 2), (24, 3), (32, 4), (56, 5), (64, 10), (72, 16), (104, 1), (104, 7), (1000, 2)]
        {
            for count in 0..=ROWS {
                let entries: Vec<f64> = (0..count * columns).map(|i| (i as f64 * 0.731).sin() * 3.0).collect();
                let rows: Vec<&[f64]> = entries.chunks_exact(columns).collect();
                let w: Vec<f64> = (0..columns * vectors).map(|j| (j as f64 * 0.37).cos() * 1e3).collect();
                let of_strips = |f: &dyn Fn(usize) -> f64| -> Vec<[f64; STRIP]> {
                    (0..strips(count) * vectors).map(|s| std::array::from_fn(|r| f(s * STRIP + r))).collect()
                };
                let c = of_strips(&|i| (i as f64 * 1.3).cos());
                let fresh = || (of_strips(&|_| 7.0), w.clone());
                let (mut products, mut sums) = fresh();
                plain::products(&rows[..], &w, vectors, &mut products);
                plain::add_rows(&c, &rows[..], vectors, &mut sums);
                let same = |(mut out, y): (Vec<[f64; STRIP]>, Vec<f64>)| {
                    let last = out.chunks_mut(vectors.max(1)).last();
                    last.into_iter().flatten().for_each(|strip| strip[(count - 1) % STRIP + 1..].fill(7.0));
                    assert_eq!(bits(out.as_flattened()), bits(products.as_flattened()), "{columns} {count} {vectors}");
                    assert_eq!(bits(&y), bits(&sums), "{columns} {count} {vectors}");
                };
                let mut some = SomeRows::default();
                for way in 0..3 {
                    match way {
                        0 => some.set(rows.iter().copied()),
                        1 => some.set_run(Run::new(&entries, columns, count, &[])),
                        _ => some.set_run(Run::new(&entries, columns, count, &entries)),
                    }
                    let (mut out, mut y) = fresh();
                    super::products(&some, &w, &mut out);
                    super::add_rows(&c, &some, &mut y);
                    same((out, y));
                }
                #[cfg(target_arch = "x86_64")]
                if count * vectors > 0 && is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    // SAFETY: AVX2 and FMA are there; the lengths fit.
                    #[allow(unsafe_code)]
                    unsafe {
                        let (mut out, mut y) = fresh();
                        avx2::products(&rows[..], &w, vectors, &mut out);
                        avx2::add_rows(&c, &rows[..], vectors, &mut y);
                        same((out, y));
                        for next in [&[][..], &entries[..]] {
                            let (run, (mut out, mut y)) = (Run::new(&entries, columns, count, next), fresh());
                            avx2::products(&run, &w, vectors, &mut out);
                            avx2::add_rows(&c, &run, vectors, &mut y);
                            same((out, y));
                        }
                    }
                }
            }
        }
    }
}
