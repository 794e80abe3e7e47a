//! Products against chains of multiply-adds, one entry after the other.

use super::*;

fn wave(count: usize, by: f64) -> Vec<f64> {
    (0..count).map(|i| (i as f64 * by).sin()).collect()
}

/// Chains of multiply-adds, one entry after the other.
#[test]
fn products_have_the_stated_order() {
    for (inputs, outputs, count) in [(1usize, 1, 1), (3, 7, 9), (300, 5, 17), (70, 290, 64)] {
        let stride = inputs.div_ceil(8) * 8;
        let mut x = wave(count * stride, 0.731);
        x.chunks_mut(stride).for_each(|row| row[inputs..].fill(0.0));
        let rows: Vec<&[f64]> = x.chunks(stride).collect();
        let (w, d) = (wave(outputs * inputs, 0.37), wave(count * outputs, 1.13));
        let d_rows: Vec<&[f64]> = d.chunks(outputs).collect();
        let (mut a, mut z) = (Panel::new(inputs), Panel::new(outputs));
        let (mut delta, mut back) = (Panel::new(outputs), Panel::new(inputs));
        a.load(&rows);
        delta.load(&d_rows);
        z.reset(count);
        back.reset(count);
        let (mut plain_z, mut plain_back) = (z.clone(), back.clone());
        let [mut from_zero, mut back_from_zero] = [&z, &back].map(|panel| {
            let mut other = panel.clone();
            other.entries.fill([f64::NAN; STRIP]);
            other
        });
        forward(&w, outputs, &a, &mut from_zero);
        backward(&w, inputs, &delta, &mut back_from_zero);
        add_forward(&w, outputs, &a, &mut z);
        add_backward(&w, inputs, &delta, &mut back);
        assert_eq!((&*z.entries, &*back.entries), (&*from_zero.entries, &*back_from_zero.entries));
        plain_forward(&w, outputs, &a, &mut plain_z);
        plain_backward(&w, inputs, &delta, &mut plain_back);
        assert_eq!((&*z.entries, &*back.entries), (&*plain_z.entries, &*plain_back.entries));
        let [mut from_rows, mut from_panel] = [Turned::default(), Turned::default()];
        from_rows.load(&rows);
        from_panel.turn(&a, count);
        assert_eq!(*from_rows.entries, *from_panel.entries);
        let mut g = vec![[0.0; STRIP]; outputs * stride / STRIP];
        let (first, second) = g.split_at_mut(outputs / 3 * stride / STRIP);
        add_outer(&delta, 0, &from_rows, first);
        add_outer(&delta, outputs / 3, &from_rows, second);
        let mut from_zero = vec![[f64::NAN; STRIP]; g.len()];
        outer(&delta, 0, &from_rows, &mut from_zero);
        assert_eq!(g, from_zero);
        let mut plain_g = vec![[0.0; STRIP]; g.len()];
        let places = [1, stride / STRIP, outputs];
        plain_products(&delta.entries, outputs, (&from_rows.entries, count), &mut plain_g, places);
        assert_eq!(g, plain_g);
        let (mut forward, mut backward) = (Vec::new(), Vec::new());
        z.to_rows(outputs, &mut forward);
        back.to_rows(inputs, &mut backward);
        for r in 0..count {
            for o in 0..outputs {
                let sum = (0..inputs).fold(0.0, |sum, i| w[o * inputs + i].mul_add(x[r * stride + i], sum));
                assert_eq!(forward[r * outputs + o].to_bits(), f64::to_bits(sum));
            }
            for i in 0..inputs {
                let sum = (0..outputs).fold(0.0, |sum, o| w[o * inputs + i].mul_add(d[r * outputs + o], sum));
                assert_eq!(backward[r * inputs + i].to_bits(), f64::to_bits(sum));
            }
        }
        for o in 0..outputs {
            for i in 0..stride {
                let sum = (0..count).fold(0.0, |sum, r| d[r * outputs + o].mul_add(x[r * stride + i], sum));
                assert_eq!(g.as_flattened()[o * stride + i].to_bits(), f64::to_bits(sum));
            }
        }
    }
}

/// Of two panels, and of one with itself, and what becomes of derivatives with them; and the plain form, where another is chosen.
#[test]
fn gram_matrices_and_combinations_have_the_stated_order() {
    for (inputs, outputs, [rows, others]) in
        [(1usize, 1, [1usize, 1usize]), (9, 7, [3, 9]), (300, 5, [64, 17]), (70, 13, [64, 64])]
    {
        let stride = inputs.div_ceil(8) * 8;
        let mut entries = wave((rows + others) * stride, 0.731);
        entries.chunks_mut(stride).for_each(|row| row[inputs..].fill(0.0));
        let all: Vec<&[f64]> = entries.chunks(stride).collect();
        let (mut x, mut a, mut k) = (Turned::default(), Panel::new(inputs), Turned::default());
        x.load(&all[..rows]);
        a.load(&all[rows..]);
        k.resize(rows, others);
        let strips = others.div_ceil(STRIP);
        for s in 0..strips {
            gram(&x, rows, &a, s..s + 1, &mut k.entries_mut()[s * rows..(s + 1) * rows]);
        }
        let mut plain = vec![[0.0; STRIP]; k.entries.len()];
        plain_products(&x.entries, rows, (&a.entries, inputs), &mut plain, [rows, 1, rows]);
        assert_eq!(*k.entries, *plain);
        let product = |i: usize, j: usize| (0..inputs).fold(0.0, |sum, t| all[i][t].mul_add(all[rows + j][t], sum));
        let mut transposed = Turned::default();
        transposed.transpose(&k, others);
        for i in 0..rows {
            for j in 0..others {
                assert_eq!(k.at(i, j).to_bits(), f64::to_bits(product(i, j)));
                assert_eq!(transposed.at(j, i).to_bits(), k.at(i, j).to_bits());
            }
        }
        let d = wave(rows * outputs, 1.13);
        let (mut delta, mut z, mut found) = (Panel::new(outputs), Panel::new(outputs + 1), Vec::new());
        delta.load(&d.chunks(outputs).collect::<Vec<_>>());
        z.reset(others);
        z.entries.fill([f64::NAN; STRIP]);
        combination(&delta, &k, &mut z);
        add_combination(&delta, &k, &mut z);
        z.to_rows(outputs + 1, &mut found);
        for j in 0..others {
            for o in 0..outputs {
                let from = |begin: f64| (0..rows).fold(begin, |sum, i| d[i * outputs + o].mul_add(k.at(i, j), sum));
                assert_eq!(found[j * (outputs + 1) + o].to_bits(), from(from(0.0)).to_bits());
            }
            assert!(found[j * (outputs + 1) + outputs].is_nan(), "not a unit of D");
        }
    }
}

#[test]
fn half_of_a_symmetric_matrix_is_enough() {
    for rows in [1, 8, 31, 33, 64] {
        let entries = wave(rows * 24, 0.731);
        let all: Vec<&[f64]> = entries.chunks(24).collect();
        let (mut x, mut a, mut k) = (Turned::default(), Panel::new(24), Turned::default());
        x.load(&all);
        a.load(&all);
        k.resize(rows, rows);
        k.entries.fill([f64::NAN; STRIP]);
        let mut whole = k.clone();
        let strips = rows.div_ceil(STRIP);
        gram(&x, rows, &a, 0..strips, whole.entries_mut());
        for s in (0..strips).step_by(2) {
            let to = strips.min(s + 2);
            gram(&x, rows.min(to * STRIP), &a, s..to, &mut k.entries_mut()[s * rows..to * rows]);
        }
        k.mirror(2);
        assert!((0..rows).all(|i| (0..rows).all(|j| k.at(i, j) == whole.at(i, j))), "{rows} rows");
    }
}
