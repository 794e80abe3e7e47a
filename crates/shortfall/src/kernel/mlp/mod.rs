//! Products of the layers of a network with a panel of rows.
//!
//! The three products of backpropagation for a layer with weights W (outputs x inputs, row-major):
//!
//! ```text
//! Z += W A           A: inputs x rows, Z: outputs x rows      (forward)
//! B += W' D          D: outputs x rows, B: inputs x rows      (backward)
//! G += D X           X: rows x inputs, G: outputs x inputs    (gradient)
//! ```
//!
//! and two more, for what a step along a gradient `D A'` does to `Z = W A`, which is `D (A'A)`:
//!
//! ```text
//! K  = X A           X: rows x inputs, A: inputs x rows       (Gram matrix)
//! Z += D K           D: outputs x rows, K: rows x rows        (combination)
//! ```
//!
//! Or `=` in place of `+=`: what there was does not matter then. Every entry is one chain of fused multiply-adds in the order
//! of its index, however the loops are cut: tiles, strips, panels and the processor change no bit. Six times eight sums fit the
//! registers of AVX2; eight sums, one vector or two, run over inputs (gradient) or over rows (all others). AVX-512 has a
//! tile of its own.

#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(test)]
mod tests;

use super::panel::{Panel, STRIP, Turned};
use multiversion::multiversion;
use std::ops::Range;

/// Chains of strips that are summed together.
const TILE: usize = 6;
/// Terms of a chain before the next tile takes its turn: the part of W that it reads stays in the first cache.
const DEPTH: usize = 256;

/// Calls a function that is generic in the number of chains with the number there is, 1 to 6.
macro_rules! with_chains {
    ($count:expr, $tile:ident ( $($argument:expr),* )) => {
        match $count {
            1 => $tile::<1>($($argument),*),
            2 => $tile::<2>($($argument),*),
            3 => $tile::<3>($($argument),*),
            4 => $tile::<4>($($argument),*),
            5 => $tile::<5>($($argument),*),
            _ => $tile::<TILE>($($argument),*),
        }
    };
}

/// `sum += c a`
#[inline(always)]
fn add_strip(c: f64, a: &[f64; STRIP], sum: &mut [f64; STRIP]) {
    for (sum, a) in sum.iter_mut().zip(a) {
        *sum = c.mul_add(*a, *sum);
    }
}

/// `w` begins with the first weight that is used; rows of it are `inputs` apart.
#[inline(always)]
fn forward_tile<const N: usize>(w: &[f64], inputs: usize, a: &[[f64; STRIP]], z: &mut [[f64; STRIP]]) {
    let w: [&[f64]; N] = std::array::from_fn(|o| &w[o * inputs..][..a.len()]);
    let (z, mut sums) = (&mut z[..N], [[0.0; STRIP]; N]);
    for (sum, z) in sums.iter_mut().zip(&*z) {
        sum.copy_from_slice(z);
    }
    for (i, a) in a.iter().enumerate() {
        for (sum, w) in sums.iter_mut().zip(&w) {
            add_strip(w[i], a, sum);
        }
    }
    for (sum, z) in sums.iter().zip(z) {
        z.copy_from_slice(sum);
    }
}

/// What sums begin with.
#[derive(Clone, Copy, PartialEq)]
enum Begin {
    Zero,
    There,
}

/// Calls the tile of AVX-512 and returns, where the processor has it.
macro_rules! on_avx512 {
    ($entries:expr, $steps:expr, $x:expr, $terms:expr, $y:expr, $chains:expr, $begin:expr) => {
        #[cfg(target_arch = "x86_64")]
        if $terms > 0 && is_x86_feature_detected!("avx512f") {
            let [chain, block, step] = $steps;
            let c = avx512::Coefficients { entries: $entries, chain, block, step };
            // SAFETY: the processor has AVX-512F.
            #[allow(unsafe_code)]
            return unsafe { avx512::add_products(c, $x, $terms, $y, $chains, $begin) };
        }
    };
}

/// `Z = W A`, for the first `outputs` units of `z`; `a` has `inputs` units.
pub fn forward(w: &[f64], outputs: usize, a: &Panel, z: &mut Panel) {
    forward_from(Begin::Zero, w, outputs, a, z);
}

/// `Z += W A`, for the first `outputs` units of `z`; `a` has `inputs` units.
pub fn add_forward(w: &[f64], outputs: usize, a: &Panel, z: &mut Panel) {
    forward_from(Begin::There, w, outputs, a, z);
}

fn forward_from(begin: Begin, w: &[f64], outputs: usize, a: &Panel, z: &mut Panel) {
    assert!(a.entries.len() * z.units == z.entries.len() * a.units, "as many rows in both");
    on_avx512!(w, [a.units, STRIP, 1], &a.entries, a.units, &mut z.entries, [z.units, 1, outputs], begin);
    if begin == Begin::Zero {
        z.strips_mut().for_each(|strip| strip[..outputs].fill([0.0; STRIP]));
    }
    plain_forward(w, outputs, a, z);
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn plain_forward(w: &[f64], outputs: usize, a: &Panel, z: &mut Panel) {
    let inputs = a.units;
    for from in (0..inputs).step_by(DEPTH) {
        let to = (from + DEPTH).min(inputs);
        for o in (0..outputs).step_by(TILE) {
            let count = TILE.min(outputs - o);
            let w = &w[o * inputs + from..];
            for (a, z) in a.entries.chunks_exact(inputs).zip(z.entries.chunks_exact_mut(z.units)) {
                let (a, z) = (&a[from..to], &mut z[o..o + count]);
                with_chains!(count, forward_tile(w, inputs, a, z));
            }
        }
    }
}

#[inline(always)]
fn backward_tile<const N: usize>(w: &[f64], inputs: usize, d: &[[f64; STRIP]], b: &mut [[f64; STRIP]]) {
    let (b, mut sums) = (&mut b[..N], [[0.0; STRIP]; N]);
    for (sum, b) in sums.iter_mut().zip(&*b) {
        sum.copy_from_slice(b);
    }
    for (o, d) in d.iter().enumerate() {
        let w = &w[o * inputs..][..N];
        for (sum, w) in sums.iter_mut().zip(w) {
            add_strip(*w, d, sum);
        }
    }
    for (sum, b) in sums.iter().zip(b) {
        b.copy_from_slice(sum);
    }
}

/// `B = W' D`, for all units of `b`, the first of the `inputs` that a row of W has.
pub fn backward(w: &[f64], inputs: usize, d: &Panel, b: &mut Panel) {
    backward_from(Begin::Zero, w, inputs, d, b);
}

/// `B += W' D`, for all units of `b`, the first of the `inputs` that a row of W has.
pub fn add_backward(w: &[f64], inputs: usize, d: &Panel, b: &mut Panel) {
    backward_from(Begin::There, w, inputs, d, b);
}

fn backward_from(begin: Begin, w: &[f64], inputs: usize, d: &Panel, b: &mut Panel) {
    assert!(d.entries.len() * b.units == b.entries.len() * d.units, "as many rows in both");
    let steps = [1, STRIP * inputs, inputs];
    on_avx512!(w, steps, &d.entries, d.units, &mut b.entries, [b.units, 1, b.units], begin);
    if begin == Begin::Zero {
        b.entries.fill([0.0; STRIP]);
    }
    plain_backward(w, inputs, d, b);
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn plain_backward(w: &[f64], inputs: usize, d: &Panel, b: &mut Panel) {
    let units = b.units;
    for from in (0..d.units).step_by(DEPTH) {
        let to = (from + DEPTH).min(d.units);
        for i in (0..units).step_by(TILE) {
            let count = TILE.min(units - i);
            let w = &w[from * inputs + i..];
            for (d, b) in d.entries.chunks_exact(d.units).zip(b.entries.chunks_exact_mut(units)) {
                let (d, b) = (&d[from..to], &mut b[i..i + count]);
                with_chains!(count, backward_tile(w, inputs, d, b));
            }
        }
    }
}

/// Chains from `n` on of `c`, eight terms of all chains after each other; `x` are eight entries of each term; `y` begins with the sums
/// of chain `n`, and the next chain's are `chain` further on.
#[inline(always)]
fn products_tile<const N: usize>(
    c: &[[f64; STRIP]],
    units: usize,
    n: usize,
    x: &[[f64; STRIP]],
    y: &mut [[f64; STRIP]],
    chain: usize,
) {
    let mut sums: [[f64; STRIP]; N] = std::array::from_fn(|n| y[n * chain]);
    for (c, x) in c.chunks(units).zip(x.chunks(STRIP)) {
        let c = &c[n..n + N];
        for (r, x) in (0..STRIP).zip(x) {
            for (sum, c) in sums.iter_mut().zip(c) {
                add_strip(c[r], x, sum);
            }
        }
    }
    for (n, sum) in sums.into_iter().enumerate() {
        y[n * chain] = sum;
    }
}

/// `G = D X` for outputs from `first` on: rows of G, each as many strips as X has.
pub fn outer(d: &Panel, first: usize, x: &Turned, g: &mut [[f64; STRIP]]) {
    outer_from(Begin::Zero, d, first, x, g);
}

/// `G += D X` for outputs from `first` on: rows of G, each as many strips as X has.
pub fn add_outer(d: &Panel, first: usize, x: &Turned, g: &mut [[f64; STRIP]]) {
    outer_from(Begin::There, d, first, x, g);
}

fn outer_from(begin: Begin, d: &Panel, first: usize, x: &Turned, g: &mut [[f64; STRIP]]) {
    let strips = x.entries.len() / x.rows.max(1);
    if strips == 0 {
        if begin == Begin::Zero {
            g.fill([0.0; STRIP]);
        }
        return;
    }
    assert!(g.len().is_multiple_of(strips));
    let places = [1, strips, g.len() / strips];
    add_products(begin, &d.entries[first..], d.units, (&x.entries, x.rows), g, places);
}

/// `K = X A` for the first `count` rows of X and some strips of A: for each of these strips as many of K, eight products of every
/// row; rows from `count` on keep what there was.
pub fn gram(x: &Turned, count: usize, a: &Panel, strips: Range<usize>, k: &mut [[f64; STRIP]]) {
    assert!(count <= x.rows && x.entries.len() == x.rows * a.units.div_ceil(STRIP) && k.len() == x.rows * strips.len());
    let a_strips = &a.entries[strips.start * a.units..strips.end * a.units];
    add_products(Begin::Zero, &x.entries, x.rows, (a_strips, a.units), k, [x.rows, 1, count]);
}

/// `Z = D K`, for the units that D has, the first of `z`.
pub fn combination(d: &Panel, k: &Turned, z: &mut Panel) {
    combination_from(Begin::Zero, d, k, z);
}

/// `Z += D K`, for the units that D has, the first of `z`.
pub fn add_combination(d: &Panel, k: &Turned, z: &mut Panel) {
    combination_from(Begin::There, d, k, z);
}

fn combination_from(begin: Begin, d: &Panel, k: &Turned, z: &mut Panel) {
    assert!(k.entries.len() * z.units == z.entries.len() * k.rows, "as many rows in both");
    assert!(d.entries.len() == d.units * k.rows.div_ceil(STRIP) && d.units <= z.units);
    let places = [z.units, 1, d.units];
    add_products(begin, &d.entries, d.units, (&k.entries, k.rows), &mut z.entries, places);
}

/// `y_sn += c_n0 x_s0`, then `c_n1 x_s1`, and so on, or from zero, with coefficients as a panel of so many `units` has them:
/// unit n at row t. `x` has strips of so many terms; for so many chains, given last, `y_sn` is at `s * part + n * chain`.
fn add_products(
    begin: Begin,
    c: &[[f64; STRIP]],
    units: usize,
    (x, terms): (&[[f64; STRIP]], usize),
    y: &mut [[f64; STRIP]],
    places: [usize; 3],
) {
    let steps = [STRIP, STRIP * units, 1];
    on_avx512!(c.as_flattened(), steps, x, terms, y, places, begin);
    let [part, chain, chains] = places;
    if begin == Begin::Zero {
        for s in 0..x.len() / terms.max(1) {
            (0..chains).for_each(|n| y[s * part + n * chain] = [0.0; STRIP]);
        }
    }
    plain_products(c, units, (x, terms), y, places);
}

/// Strips of x at a time: so many terms of them stay in the second cache, and all of a panel's rows in the first.
const NEAR: usize = 8;

#[multiversion(targets("x86_64+avx2+fma"))]
fn plain_products(
    c: &[[f64; STRIP]],
    units: usize,
    (x, terms): (&[[f64; STRIP]], usize),
    y: &mut [[f64; STRIP]],
    [part, chain, chains]: [usize; 3],
) {
    let strips = x.len() / terms.max(1);
    for from in (0..terms).step_by(DEPTH) {
        let (c, to) = (&c[from / STRIP * units..], terms.min(from + DEPTH));
        for near in (0..strips).step_by(NEAR) {
            for n in (0..chains).step_by(TILE) {
                let count = TILE.min(chains - n);
                for s in near..strips.min(near + NEAR) {
                    let (x, y) = (&x[s * terms + from..s * terms + to], &mut y[s * part + n * chain..]);
                    with_chains!(count, products_tile(c, units, n, x, y, chain));
                }
            }
        }
    }
}
