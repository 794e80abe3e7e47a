//! Products of symmetric matrices with a vector, two columns at a time.

use super::GROUP;
use super::eight::{Eight, stored, widest};

/// Pairs of vectors of which a product takes account.
pub(crate) const PAIRS: usize = 4;

/// The vectors x, y of each pair.
pub(crate) type Pairs<'a> = [[&'a [f64]; 2]; PAIRS];
/// The entries of a pair in two columns, with the other sign.
type Factors = [[f64; 2]; 2];

/// Some columns of a symmetric matrix, of which the lower half is kept, column after column.
pub(crate) struct Columns<'a> {
    /// `rows` entries each; those above the diagonal are not looked at.
    pub(crate) entries: &'a mut [f64],
    /// Number of the first.
    pub(crate) first: usize,
    /// Of the matrix.
    pub(crate) rows: usize,
}

/// Adds what the columns, and the rows they are mirrored in, add to the product with v.
pub(crate) fn add_symmetric_product(columns: &mut Columns, v: &[f64], product: &mut [f64]) {
    columns.check(&[v, product]);
    widest!(add_symmetric_product(columns, v, product))
}

/// Takes `x_m y_m' + y_m x_m'` off the columns, for all pairs, then does as [`add_symmetric_product`].
pub(crate) fn update_and_add_symmetric_product(columns: &mut Columns, pairs: &Pairs, v: &[f64], product: &mut [f64]) {
    columns.check(pairs.as_flattened());
    columns.check(&[v, product]);
    widest!(update_and_add_symmetric_product(columns, pairs, v, product))
}

impl Columns<'_> {
    fn check(&self, vectors: &[&[f64]]) {
        assert!(self.rows > 0 && self.entries.len().is_multiple_of(self.rows));
        assert!(self.first + self.entries.len() / self.rows <= self.rows);
        assert!(vectors.iter().all(|vector| vector.len() == self.rows));
    }
}

#[inline(always)]
pub(super) fn add_symmetric_product_by<E: Eight>(columns: &mut Columns, v: &[f64], product: &mut [f64]) {
    pass::<E, false>(columns, &[[&[]; 2]; PAIRS], v, product);
}

#[inline(always)]
pub(super) fn update_and_add_symmetric_product_by<E: Eight>(
    columns: &mut Columns,
    pairs: &Pairs,
    v: &[f64],
    product: &mut [f64],
) {
    pass::<E, true>(columns, pairs, v, product);
}

#[inline(always)]
fn pass<E: Eight, const UPDATES: bool>(columns: &mut Columns, pairs: &Pairs, v: &[f64], product: &mut [f64]) {
    let rows = columns.rows;
    for (k, two) in columns.entries.chunks_mut(2 * rows).enumerate() {
        let j = columns.first + 2 * k;
        let (a, b) = two.split_at_mut(rows);
        // The triangle on the diagonal, or the last column alone.
        let inner = if b.is_empty() { rows } else { (j + 2).min(rows) };
        for (column, entries) in [&mut *a, &mut *b].into_iter().enumerate().filter(|(_, entries)| !entries.is_empty()) {
            let column = j + column;
            for row in column..inner {
                if UPDATES {
                    for [x, y] in pairs {
                        entries[row] = (-x[row]).mul_add(y[column], (-y[row]).mul_add(x[column], entries[row]));
                    }
                }
                product[row] = entries[row].mul_add(v[column], product[row]);
                if row > column {
                    product[column] = entries[row].mul_add(v[row], product[column]);
                }
            }
        }
        if inner < rows {
            let factors =
                pairs.map(|[x, y]| if UPDATES { [[-x[j], -x[j + 1]], [-y[j], -y[j + 1]]] } else { [[0.0; 2]; 2] });
            let pairs = pairs.map(|pair| pair.map(|x| if UPDATES { &x[inner..] } else { x }));
            let dots = two_columns::<E, UPDATES>(
                [&mut a[inner..], &mut b[inner..]],
                [v[j], v[j + 1]],
                (&pairs, &factors),
                &v[inner..],
                &mut product[inner..],
            );
            product[j] += dots[0];
            product[j + 1] += dots[1];
        }
    }
}

/// Rows that both columns have; returns their products with v.
#[inline(always)]
fn two_columns<E: Eight, const UPDATES: bool>(
    [a, b]: [&mut [f64]; 2],
    [va, vb]: [f64; 2],
    (pairs, factors): (&Pairs, &[Factors; PAIRS]),
    v: &[f64],
    product: &mut [f64],
) -> [f64; 2] {
    let (a, last_a) = a.as_chunks_mut::<GROUP>();
    let (b, last_b) = b.as_chunks_mut::<GROUP>();
    let (v, last_v) = v.as_chunks::<GROUP>();
    let (product, last_product) = product.as_chunks_mut::<GROUP>();
    let groups = a.len();
    let grouped = pairs.map(|pair| pair.map(|x| if UPDATES { &x.as_chunks::<GROUP>().0[..groups] } else { &[] }));
    let (first, second) = (E::splat(va), E::splat(vb));
    let [mut dot_a, mut dot_b] = [E::splat(0.0); 2];
    for (k, (((a, b), v), product)) in a.iter_mut().zip(b).zip(v).zip(product).enumerate() {
        let (mut in_a, mut in_b) = (E::load(a), E::load(b));
        if UPDATES {
            for ([x, y], [[xa, xb], [ya, yb]]) in grouped.iter().zip(factors) {
                let (x, y) = (E::load(&x[k]), E::load(&y[k]));
                in_a = x.mul_add(E::splat(*ya), in_a);
                in_b = x.mul_add(E::splat(*yb), in_b);
                in_a = y.mul_add(E::splat(*xa), in_a);
                in_b = y.mul_add(E::splat(*xb), in_b);
            }
            in_a.store(a);
            in_b.store(b);
        }
        let v = E::load(v);
        dot_a = in_a.mul_add(v, dot_a);
        dot_b = in_b.mul_add(v, dot_b);
        in_a.mul_add(first, in_b.mul_add(second, E::load(product))).store(product);
    }
    let mut dots = stored([dot_a, dot_b]).map(|dots| dots.iter().sum::<f64>());
    for (row, product) in last_product.iter_mut().enumerate() {
        if UPDATES {
            for ([x, y], [[xa, xb], [ya, yb]]) in pairs.iter().zip(factors) {
                let (x, y) = (x[GROUP * groups + row], y[GROUP * groups + row]);
                last_a[row] = y.mul_add(*xa, x.mul_add(*ya, last_a[row]));
                last_b[row] = y.mul_add(*xb, x.mul_add(*yb, last_b[row]));
            }
        }
        dots[0] = last_a[row].mul_add(last_v[row], dots[0]);
        dots[1] = last_b[row].mul_add(last_v[row], dots[1]);
        *product = last_a[row].mul_add(va, last_b[row].mul_add(vb, *product));
    }
    dots
}

#[cfg(test)]
mod tests {
    use super::super::eight::plain;
    use super::*;

    #[test]
    fn products_are_those_of_the_whole_matrix() {
        for d in [1, 2, 3, 9, 10, 11, 26, 40] {
            let entry = |i: usize, j: usize| ((i.max(j) * 7 + i.min(j) * 3) as f64 * 0.37).sin();
            let vector = |shift: usize| (0..d).map(|i| ((i + shift) as f64 * 0.71).cos()).collect::<Vec<f64>>();
            let given: Vec<f64> =
                (0..d * d).map(|k| if k % d < k / d { f64::NAN } else { entry(k % d, k / d) }).collect();
            let v = vector(0);
            let all: Vec<[Vec<f64>; 2]> = (0..PAIRS).map(|m| [vector(2 * m + 1), vector(2 * m + 2)]).collect();
            let pairs: Pairs = std::array::from_fn(|m| [&all[m][0][..], &all[m][1][..]]);
            for updates in [false, true] {
                let whole = |i: usize, j: usize| {
                    let taken: f64 = pairs.iter().map(|[x, y]| x[i] * y[j] + y[i] * x[j]).sum();
                    entry(i, j) - if updates { taken } else { 0.0 }
                };
                for from in [0, 1, d / 2] {
                    let (mut matrix, mut copy) = (given.clone(), given.clone());
                    let (mut product, mut plainly) = (vec![0.5; d], vec![0.5; d]);
                    let mut columns = Columns { entries: &mut matrix[from * d..], first: from, rows: d };
                    let mut plain_columns = Columns { entries: &mut copy[from * d..], first: from, rows: d };
                    if updates {
                        update_and_add_symmetric_product(&mut columns, &pairs, &v, &mut product);
                        plain::update_and_add_symmetric_product(&mut plain_columns, &pairs, &v, &mut plainly);
                    } else {
                        add_symmetric_product(&mut columns, &v, &mut product);
                        plain::add_symmetric_product(&mut plain_columns, &v, &mut plainly);
                    }
                    assert_eq!(product, plainly);
                    #[cfg(target_arch = "x86_64")]
                    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                        let (mut by_avx2, mut found) = (given.clone(), vec![0.5; d]);
                        let mut columns = Columns { entries: &mut by_avx2[from * d..], first: from, rows: d };
                        // SAFETY: AVX2 and FMA are there.
                        #[allow(unsafe_code)]
                        unsafe {
                            use super::super::eight::avx2;
                            if updates {
                                avx2::update_and_add_symmetric_product(&mut columns, &pairs, &v, &mut found);
                            } else {
                                avx2::add_symmetric_product(&mut columns, &v, &mut found);
                            }
                        }
                        assert_eq!(found, plainly);
                    }
                    let bits = |matrix: &[f64]| matrix.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(&matrix), bits(&copy));
                    for i in 0..d {
                        let seen = (0..d).filter(|j| i.min(*j) >= from);
                        let wanted = 0.5 + seen.map(|j| whole(i, j) * v[j]).sum::<f64>();
                        assert!((product[i] - wanted).abs() < 1e-12 * d as f64, "{d} {from} {i}");
                        for j in from..=i {
                            assert!((matrix[j * d + i] - whole(i, j)).abs() < 1e-14, "{d} {i} {j}");
                        }
                    }
                }
            }
        }
    }
}
