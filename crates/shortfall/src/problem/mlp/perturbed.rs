//! Both gradients of a step of SAM on one batch, where the rows' products with each other are fewer than those with the weights.
//!
//! Let the m rows of the batch be the columns of A, `Z = W A` what the first layer gives before tanh, and the columns of D the
//! derivatives of the losses by it. Its gradient is `G = D A'/m + r W` with the ridge r, and at `W + c G` it gives
//!
//! ```text
//! (W + c G) A = (1 + c r) Z + (c/m) D K,   K = A'A
//! |G|^2 = <D, D K>/m^2 + 2 r <D, Z>/m + r^2 |W|^2
//! ```
//!
//! so that neither G nor the perturbed weights are formed: at most `m (inputs + outputs)` multiply-adds a row, where forming G and
//! multiplying by the weights again take `2 inputs outputs`. With derivatives `D+` at the perturbed point the gradient there is
//! `(D+ + c r D) A'/m + r (1 + c r) W`. (Norms of gradients by products of their factors: Goodfellow, "Efficient per-example
//! gradient computations", 2015.)
//!
//! Where the rows' gradients nearly cancel in their mean, rounding would show in `<D, D K>`: it is off by at most `gamma S^2` with
//! `S = sum_i |d_i| |a_i|` and `gamma = gamma_{inputs + m + 2 outputs + 16}`. [`CANCELLATION`] says how far that is accepted; beyond, G
//! is formed.

use super::Mlp;
use super::gradient::{PANELS, WORTH_SHARING};
use super::network::{Pass, Trail};
use crate::kernel::{
    PANEL, Panel, STRIP, Turned, add_combination, add_multiple, add_scaled, combination, dot, gram, norm,
};
use crate::method::{Ascent, Perturbation};
use crate::parallel::{Parallel, Sequential, for_parts};
use crate::problem::perturbed_in_two;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Where `|g|^2` is less than this part of `(S/m + r |W|)^2` it is not taken from products of rows: the relative error of `|g|` is at
/// most `gamma / 2` times the inverse, and what the first layer gives at the perturbed point is off by 64 gamma times its perturbation's
/// size `|c g| |a|`.
const CANCELLATION: f64 = 1.0 / 4096.0;
/// Squares of norms, and multiples, that have neither overflown nor lost digits below.
const NORMAL: Range<f64> = 1e-200..1e200;
/// At least what norms lose whose squares vanish below the least normal number, up to 1e8 entries.
const LOST: f64 = 1e-149;
/// Strips of a panel whose products one task makes.
const TOGETHER: usize = 4;

/// Space that was used before.
#[derive(Debug, Default)]
pub(super) struct Grams {
    /// `K` between the rows of panels q and p >= q, at `p (p + 1)/2 + q`: a row of q to each row, a row of p to each unit.
    products: Vec<Turned>,
    moves: Vec<Move>,
}

/// How what the first layer gives for a panel moves along its gradient.
#[derive(Debug)]
struct Move {
    /// `D K`, with the D of all panels.
    product: Panel,
    transposed: Turned,
    /// `<D, D K>`
    square: f64,
    /// `<D, Z>`
    along: f64,
    /// `sum |d_i| |a_i|`
    size: f64,
}

fn place(p: usize, q: usize) -> usize {
    p * (p + 1) / 2 + q
}

impl Grams {
    /// Products of all rows with each other.
    fn multiply(&mut self, passes: &[Pass], rows: &[usize], parallel: &dyn Parallel) {
        let pairs: Vec<[usize; 2]> = (0..rows.len()).flat_map(|p| (0..=p).map(move |q| [p, q])).collect();
        self.products.resize_with(self.products.len().max(pairs.len()), Turned::default);
        let mut tasks = Vec::new();
        for (products, [p, q]) in self.products.iter_mut().zip(&pairs) {
            products.resize(rows[*q], rows[*p]);
            let strips = rows[*p].div_ceil(STRIP);
            let parts = products.entries_mut().chunks_mut(rows[*q] * TOGETHER).zip((0..strips).step_by(TOGETHER));
            for (k, from) in parts {
                let to = strips.min(from + TOGETHER);
                // Of a panel with itself half is enough.
                let count = if p == q { rows[*q].min(to * STRIP) } else { rows[*q] };
                tasks.push((*p, *q, from..to, count, k));
            }
        }
        // The longest first: threads end together.
        tasks.sort_by_key(|(_, _, strips, count, _)| std::cmp::Reverse(strips.len() * count));
        for_parts(parallel, &mut tasks, 1, |_, tasks| {
            for (p, q, strips, count, k) in tasks {
                gram(&passes[*q].trail.turned[0], *count, &passes[*p].trail.inputs[0], strips.clone(), k);
            }
        });
        for p in 0..rows.len() {
            self.products[place(p, p)].mirror(TOGETHER);
        }
    }
}

impl Move {
    fn new(outputs: usize) -> Self {
        let (product, transposed) = (Panel::new(outputs), Turned::default());
        Self { product, transposed, square: 0.0, along: 0.0, size: 0.0 }
    }

    /// Of panel p.
    fn find(&mut self, p: usize, passes: &[&Pass], rows: &[usize], products: &[Turned]) {
        self.product.resize(rows[p]);
        for (q, pass) in passes.iter().enumerate() {
            let k = if q <= p {
                &products[place(p, q)]
            } else {
                self.transposed.transpose(&products[place(q, p)], rows[q]);
                &self.transposed
            };
            let form = if q == 0 { combination } else { add_combination };
            form(&pass.trail.deltas[0], k, &mut self.product);
        }
        let (delta, k) = (&passes[p].trail.deltas[0], &products[place(p, p)]);
        self.square = dot(delta.entries(), self.product.entries());
        (self.along, self.size) = (0.0, 0.0);
        for (s, (delta, gave)) in delta.strips().zip(passes[p].trail.before[0].strips()).enumerate() {
            self.along += dot(delta.as_flattened(), gave[..delta.len()].as_flattened());
            let mut squares = [0.0; STRIP];
            for delta in delta {
                squares.iter_mut().zip(delta).for_each(|(square, d)| *square += d * d);
            }
            let within = s * STRIP..rows[p].min((s + 1) * STRIP);
            let rows = squares.iter().zip(within);
            self.size += rows.map(|(square, i)| (square.sqrt() + LOST) * (k.at(i, i).sqrt() + LOST)).sum::<f64>();
        }
    }
}

impl Mlp {
    /// Whether products of rows are fewer.
    fn pays_by_rows(&self, rows: usize) -> bool {
        let first = &self.network.layers[0];
        (1..=PANELS * PANEL).contains(&rows)
            && rows * (first.inputs + first.outputs) <= 2 * first.inputs * first.outputs
    }

    /// The multiple of a batch's gradient at x that is added: `None` where it would not be precise, or there is none. From how the
    /// first layer moves and the gradient of the others.
    fn multiple(&self, moves: &[Move], others: &[f64], x: &[f64], m: f64, rule: (Perturbation, f64)) -> Option<f64> {
        let total = |of: fn(&Move) -> f64| moves.iter().map(of).sum::<f64>();
        let ridge = if self.ridge == 0.0 { 0.0 } else { self.ridge * norm(self.network.layers[0].of(x)) };
        let between = 2.0 * self.ridge / m * total(|panel| panel.along);
        let square = total(|panel| panel.square) / (m * m) + between + ridge * ridge + dot(others, others);
        let size = total(|panel| panel.size) / m + ridge;
        let (perturbation, rho) = rule;
        let multiple = perturbation.factor(rho, square.sqrt()).filter(|multiple| NORMAL.contains(&multiple.abs()));
        multiple.filter(|_| NORMAL.contains(&square) && square >= CANCELLATION * size * size)
    }

    /// [`perturbed_in_two`], up to rounding. Whether it was done by products of rows.
    pub(super) fn perturbed_gradient(
        &self,
        batch: &[usize],
        x: &[f64],
        (ascent, rho): (&dyn Ascent, f64),
        [point, gradient]: [&mut [f64]; 2],
        parallel: &dyn Parallel,
    ) -> bool {
        let perturbation = ascent.perturbation();
        if perturbation.lambda().is_none() || !self.pays_by_rows(batch.len()) {
            perturbed_in_two(self, batch, x, (ascent, rho), [point, gradient], parallel);
            return false;
        }
        let parallel = if batch.len() * self.network.padded() < WORTH_SHARING { &Sequential } else { parallel };
        let panels: Vec<&[usize]> = batch.chunks(PANEL).collect();
        let rows: Vec<usize> = panels.iter().map(|panel| panel.len()).collect();
        let mut passes = self.passes(panels.len(), x);
        for_parts(parallel, &mut passes, 1, |k, passes| {
            passes.iter_mut().for_each(|pass| self.in_panels(panels[k], |rows, labels| pass.set_out(rows, labels)));
        });
        let mut grams = self.spare().grams.pop().unwrap_or_default();
        grams.multiply(&passes, &rows, parallel);
        let (m, ridge, first) = (batch.len() as f64, self.ridge, &self.network.layers[0]);
        grams.moves.resize_with(grams.moves.len().max(panels.len()), || Move::new(first.outputs));
        let Grams { products, moves } = &mut grams;
        let moves = &mut moves[..panels.len()];
        {
            let (seen, parts): (Vec<&Pass>, _) = (passes.iter().collect(), self.network.parts(gradient));
            let others: Vec<_> = parts.iter().filter(|part| part.number > 0).collect();
            let moves: Vec<Mutex<&mut Move>> = moves.iter_mut().map(Mutex::new).collect();
            parallel.run(moves.len() + others.len(), &|task| match moves.get(task) {
                Some(panel) => panel.lock().unwrap_or_else(PoisonError::into_inner).find(task, &seen, &rows, products),
                None => self.mean_of_part(others[task - moves.len()], &seen, m, ridge, x),
            });
        }
        let others = first.inputs * first.outputs..;
        let multiple = self.multiple(moves, &gradient[others.clone()], x, m, (perturbation, rho));
        match multiple {
            Some(c) => {
                add_multiple(c, &x[others.clone()], &gradient[others.clone()], &mut point[others]);
                let (kept, factors) = (c * ridge, [c.mul_add(ridge, 1.0), c / m]);
                passes = passes.into_iter().map(|pass| Pass::on(pass.into_trail(), &self.network, point)).collect();
                for_parts(parallel, &mut passes, 1, |k, passes| {
                    let product = &moves[k].product;
                    passes.iter_mut().for_each(|pass| {
                        self.in_panels(panels[k], |_, labels| {
                            pass.there_and_back_again(labels, factors, product, kept)
                        });
                    });
                });
                let (seen, parts): (Vec<&Pass>, _) = (passes.iter().collect(), self.network.parts(gradient));
                parallel.run(parts.len(), &|k| match parts[k].number {
                    0 => self.mean_of_part(&parts[k], &seen, m, ridge * factors[0], x),
                    _ => self.mean_of_part(&parts[k], &seen, m, ridge, point),
                });
                drop((seen, parts));
                self.put_back(passes);
            }
            None => {
                {
                    let (seen, parts): (Vec<&Pass>, _) = (passes.iter().collect(), self.network.parts(gradient));
                    let firsts: Vec<_> = parts.iter().filter(|part| part.number == 0).collect();
                    parallel.run(firsts.len(), &|k| self.mean_of_part(firsts[k], &seen, m, ridge, x));
                }
                self.put_back(passes);
                ascent.point_on(rho, x, gradient, point, parallel);
                self.mean_gradient(batch, point, gradient, parallel);
            }
        }
        self.spare().grams.push(grams);
        multiple.is_some()
    }
}

impl Pass<'_> {
    /// [`Pass::there_and_back`], from where [`Pass::there_and_back_again`] will go on.
    fn set_out(&mut self, rows: &[&[f64]], labels: &[usize]) {
        self.trail.load(rows);
        self.weigh_inputs(0, rows.len());
        self.trail.before[0].copy(&self.trail.inputs[1]);
        self.go_on(rows.len());
        self.weigh(labels, None);
        self.go_back(rows.len());
    }

    /// The same panel with other weights, of which those of the first layer are seen only in what it gives: so many times what it gave,
    /// and so many times a change. Derivatives by that get `kept` times those there were.
    fn there_and_back_again(&mut self, labels: &[usize], [by, times]: [f64; 2], change: &Panel, kept: f64) {
        let outputs = change.units();
        let Trail { inputs, before: [gave, derivatives], deltas, .. } = &mut self.trail;
        for ((z, gave), change) in inputs[1].strips_mut().zip(gave.strips()).zip(change.strips()) {
            let (z, gave) = (z[..outputs].as_flattened_mut(), gave[..outputs].as_flattened());
            for ((z, gave), change) in z.iter_mut().zip(gave).zip(change.as_flattened()) {
                *z = by * gave + times * change;
            }
        }
        if kept != 0.0 {
            derivatives.copy(&deltas[0]);
        }
        self.go_on(labels.len());
        self.weigh(labels, None);
        self.go_back(labels.len());
        if kept != 0.0 {
            let Trail { before: [_, derivatives], deltas, .. } = &mut self.trail;
            add_scaled(kept, derivatives.entries(), deltas[0].entries_mut());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::distance;
    use crate::method::{Adaptive, NoAscent, Normalised, Unified, Unnormalised};
    use crate::parallel::tests::Threads;
    use crate::problem::Problem;

    fn network(n: usize, columns: usize, hidden: &[usize], bias: bool, ridge: f64) -> Mlp {
        let entry = |i: usize, j: usize| ((i * columns + j) as f64 * 1.37).sin() * (1.0 + j as f64).sqrt();
        let entries =
            (0..n).flat_map(|i| (0..columns).map(move |j| if bias && j + 1 == columns { 1.0 } else { entry(i, j) }));
        let labels: Vec<usize> = (0..n).map(|i| (i * i + i / 5) % 3).collect();
        Mlp::new(columns, &entries.collect::<Vec<_>>(), &labels, 3, hidden, bias, ridge)
    }

    /// And whether the first was found by products of rows.
    fn both(problem: &Mlp, batch: &[usize], x: &[f64], ascent: (&dyn Ascent, f64)) -> ([Vec<f64>; 2], bool) {
        let d = x.len();
        let (mut point, mut short, mut plain) = (vec![f64::NAN; d], vec![7.0; d], vec![0.0; d]);
        let by_rows = problem.perturbed_gradient(batch, x, ascent, [&mut point, &mut short], &Sequential);
        perturbed_in_two(problem, batch, x, ascent, [&mut point, &mut plain], &Sequential);
        ([short, plain], by_rows)
    }

    fn off([short, plain]: &[Vec<f64>; 2]) -> f64 {
        distance(short, plain) / norm(plain)
    }

    /// Panels that are full, cut, several; with and without hidden layers, bias and ridge; every rule. The last batch is too large.
    #[test]
    fn products_of_rows_lead_where_two_gradients_do() {
        let rules: [&dyn Ascent; 5] = [&Normalised, &Unnormalised, &Unified { lambda: 0.3 }, &Adaptive, &NoAscent];
        for (rows, columns, hidden) in [
            (1, 9, &[5usize, 4][..]),
            (13, 90, &[40]),
            (64, 200, &[150, 9]),
            (150, 400, &[290]),
            (5, 70, &[]),
            (6, 70, &[]),
        ] {
            for (bias, ridge) in [(false, 0.0), (true, 0.0), (true, 0.3)] {
                let problem = network(200, columns, hidden, bias, ridge);
                let batch: Vec<usize> = (0..rows).map(|i| i * 7 % 190).collect();
                for rule in rules {
                    let (found, by_rows) = both(&problem, &batch, &problem.default_start(), (rule, 0.2));
                    assert_eq!(
                        by_rows,
                        rule.perturbation().lambda().is_some() && rows != 6,
                        "{rows} rows of {columns}"
                    );
                    assert!(off(&found) < 1e-12, "{rows} rows of {columns}, ridge {ridge}: {:e}", off(&found));
                }
            }
        }
    }

    /// In space that other batches have left behind.
    #[test]
    fn threads_and_space_change_no_bit() {
        let x = network(600, 400, &[290], true, 0.1).default_start();
        let problem = network(600, 400, &[290], true, 0.1);
        for rows in [150, 64, 1, 130, 168] {
            let batch: Vec<usize> = (0..rows).map(|i| i * 7 % 600).collect();
            let fresh = network(600, 400, &[290], true, 0.1);
            let bits = |problem: &Mlp, parallel: &dyn Parallel| {
                let (mut point, mut gradient) = (vec![3.0; x.len()], vec![7.0; x.len()]);
                let space = [&mut point[..], &mut gradient];
                assert!(problem.perturbed_gradient(&batch, &x, (&Normalised, 0.2), space, parallel), "{rows} rows");
                gradient.iter().map(|g| g.to_bits()).collect::<Vec<_>>()
            };
            assert!(bits(&problem, &Threads) == bits(&fresh, &Sequential), "{rows} rows");
        }
    }

    /// One row twice with two labels, and weights at which the two gradients are opposite: the mean is 0, or small beside them, on
    /// both sides of the limit, 1/64 of their size, and far from it.
    #[test]
    fn gradients_that_cancel_are_formed() {
        let columns = 40;
        let row: Vec<f64> = (0..columns).map(|j| (j as f64 * 1.37).sin()).collect();
        let problem = Mlp::new(columns, &[&row[..], &row].concat(), &[0, 1], 3, &[], false, 0.0);
        // The third class is out of reach: e^-2000 is 0.
        let far = -2000.0 / row.iter().map(|x| x * x).sum::<f64>();
        for by in [0.0, 1e-12, 1e-5, 1e-3, 2e-3, 0.1] {
            let mut x = vec![0.0; 3 * columns];
            x[2 * columns..].iter_mut().zip(&row).for_each(|(w, x)| *w = far * x);
            x[..columns].iter_mut().zip(&row).for_each(|(w, x)| *w = by * x);
            let (found, by_rows) = both(&problem, &[0, 1], &x, (&Normalised, 1e-3));
            assert_eq!(by_rows, by > 1.5e-3, "{by}");
            assert!(if by_rows { off(&found) < 1e-12 } else { found[0] == found[1] }, "{by}: {:e}", off(&found));
        }
    }

    /// Squares that underflow, or overflow, and points that are no numbers.
    #[test]
    fn gradients_of_any_size() {
        for scale in [0.0, 1e-300, 1e-150, 1e-90, 1e90, 1e150, f64::NAN] {
            let features: Vec<f64> = (0..80).map(|i| scale * (f64::from(i) * 1.37).sin()).collect();
            let problem = Mlp::new(40, &features, &[0, 2], 3, &[], false, 0.0);
            for rho in [1e-310, 0.1, 1e300] {
                let (found, by_rows) = both(&problem, &[0, 1], &[0.0; 120], (&Normalised, rho));
                let [short, plain] = &found;
                let bits = |gradient: &[f64]| gradient.iter().map(|g| g.to_bits()).collect::<Vec<_>>();
                assert_eq!(by_rows, (1e-99..1e99).contains(&scale) && rho == 0.1, "{scale:e} {rho:e}");
                assert!(if by_rows { off(&found) < 1e-12 } else { bits(short) == bits(plain) }, "{scale:e} {rho:e}");
            }
        }
    }

    /// SAM on all rows, 20000 steps: both ways end in the same 2-cycle, maybe in another turn of it. At one of its points the rows'
    /// gradients cancel.
    #[test]
    fn both_ways_settle_alike() {
        let features: Vec<f64> = (0..200).map(|i| 0.3 * (f64::from(i) * 1.37).sin()).collect();
        let problem = Mlp::new(40, &features, &[0, 1, 2, 0, 1], 3, &[12], false, 0.05);
        let batch: Vec<usize> = (0..5).collect();
        let mut by_rows = 0;
        let mut settled = |short: bool| {
            let mut x = problem.default_start();
            let (mut point, mut gradient) = (x.clone(), x.clone());
            let mut last_two = [[0.0; 2]; 2];
            for _ in 0..20_000 {
                let space = [&mut point[..], &mut gradient];
                if short {
                    by_rows +=
                        u32::from(problem.perturbed_gradient(&batch, &x, (&Normalised, 0.1), space, &Sequential));
                } else {
                    perturbed_in_two(&problem, &batch, &x, (&Normalised, 0.1), space, &Sequential);
                }
                add_scaled(-0.2, &gradient, &mut x);
                last_two = [last_two[1], [problem.value_gradient(&x, &mut gradient), norm(&gradient)]];
            }
            last_two.sort_by(|a, b| a[0].total_cmp(&b[0]));
            last_two
        };
        let (short, plain) = (settled(true), settled(false));
        let pairs = short.as_flattened().iter().zip(plain.as_flattened());
        assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-9 * b), "{short:?} {plain:?}");
        assert!((1000..19_000).contains(&by_rows), "{by_rows} steps by products of rows");
    }
}
