//! Rows, ridge, and what is found out about them once.

use super::moments::Moments;
use super::newton::Optimum;
use super::pass::{Pass, block_of};
use super::spectrum::Ends;
use super::{Dataset, Design, LinearModel};
use crate::kernel::{
    Blocks, CacheLines, MOST_VECTORS, STRIP, are_side_by_side, dot, lay_apart, lay_side_by_side, mean_with_ridge,
};
use crate::parallel::Parallel;
use crate::source::{Budget, Unlimited};
use crate::spare::Spare;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

/// What a linear model is made of beside its loss and its target.
pub(crate) struct Base {
    pub(crate) design: Design,
    pub(crate) ridge: f64,
    pub(crate) moments: Moments,
    pub(crate) budget: Arc<dyn Budget>,
    ends: OnceLock<Ends>,
    optimum: OnceLock<Optimum>,
    space: Spare<Space>,
    /// For sums of blocks.
    near: Spare<CacheLines>,
    /// Whether the next shared pass goes backwards.
    backwards: AtomicBool,
}

/// Room for passes.
#[derive(Default)]
struct Space {
    w: Vec<f64>,
    sums: Vec<f64>,
    /// The weights eight side by side, where kernels take them so.
    turned: CacheLines,
}

impl fmt::Debug for Base {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Base").field("design", &self.design).field("ridge", &self.ridge).finish_non_exhaustive()
    }
}

/// Entries from which threads share passes of all settings rather than settings.
const LONG_PASS: usize = 1 << 17;

/// Sums that are kept for the next pass: 8 MB.
const MOST_SPARE: usize = 1 << 20;

/// Adds gradients and losses of some blocks of rows, at some padded vectors.
type AddAt<'a> = dyn Fn(&[f64], Blocks) + Sync + 'a;

/// Vectors one after the other become eight side by side, in each group of eight.
fn turn<'s>(w: &[f64], stride: usize, turned: &'s mut CacheLines) -> &'s [f64] {
    turned.resize(w.len() / STRIP);
    for (group, turned) in w.chunks_exact(STRIP * stride).zip(turned.chunks_exact_mut(stride)) {
        lay_side_by_side(group, turned);
    }
    turned.as_flattened()
}

/// And back.
fn turn_back(sums: &mut [f64], stride: usize, space: &mut CacheLines) {
    for group in sums.chunks_exact_mut(STRIP * stride) {
        let turned = &mut space[..stride];
        turned.as_flattened_mut().copy_from_slice(group);
        lay_apart(turned, group);
    }
}

impl Base {
    pub(crate) fn new(design: Design, ridge: f64) -> Self {
        Self::with_budget(design, ridge, Arc::new(Unlimited))
    }

    /// Of a data set.
    pub(crate) fn of(dataset: Dataset) -> Self {
        Self::with_budget(dataset.design, dataset.ridge, dataset.budget)
    }

    pub(crate) fn with_budget(design: Design, ridge: f64, budget: Arc<dyn Budget>) -> Self {
        let moments = Moments::of(&design);
        Self {
            design,
            ridge,
            moments,
            budget,
            ends: OnceLock::new(),
            optimum: OnceLock::new(),
            space: Spare::default(),
            near: Spare::default(),
            backwards: AtomicBool::new(false),
        }
    }

    /// The ends of the spectrum of X'X/n.
    pub(crate) fn ends(&self) -> &Ends {
        self.ends.get_or_init(|| Ends::of(&self.design, &self.moments, self.budget.as_ref()))
    }

    /// The minimiser.
    pub(crate) fn optimum(&self, problem: &dyn LinearModel) -> &Optimum {
        self.optimum.get_or_init(|| Optimum::of(problem))
    }

    /// How many rows there are, and whether they are held.
    pub(crate) fn about_rows(&self) -> String {
        let rows = self.design.rows();
        format!("{} rows{}", rows.count(), if rows.are_held() { "" } else { ", read from their file at every pass" })
    }

    /// A pass over all rows, with `parts` predictions each.
    pub(crate) fn pass(&self, parts: usize) -> Pass<'_> {
        let rows = self.design.rows();
        Pass {
            rows: rows.count(),
            block: block_of(self.design.count(), self.design.columns()),
            width: parts * rows.stride(),
            losses: 1,
            work: parts * rows.entries(),
            backwards: Some(&self.backwards),
            near: &self.near,
        }
    }

    /// As many as a kernel takes at a time; fewer where passes are so short that each thread had better have some.
    pub(crate) fn company(&self) -> usize {
        if self.design.rows().entries() >= LONG_PASS { MOST_VECTORS } else { MOST_VECTORS / 2 }
    }

    /// Values and gradients over all rows at several points; `add(w, blocks)` adds those of some rows. Values
    /// of losses that are not added are those of the ridge.
    pub(crate) fn evaluate(
        &self,
        points: &[&[f64]],
        gradients: &mut [&mut [f64]],
        values: &mut [f64],
        parallel: Option<&dyn Parallel>,
        add: &AddAt,
    ) {
        let (design, stride) = (&self.design, self.design.rows().stride());
        self.space.with(Default::default, |Space { w, sums: space, turned }| {
            let places = gradients.chunks_mut(MOST_VECTORS).zip(values.chunks_mut(MOST_VECTORS));
            for (points, (gradients, values)) in points.chunks(MOST_VECTORS).zip(places) {
                let mut w = design.embed_all(points, w);
                let are_turned = design.rows().as_dense().is_some_and(|rows| are_side_by_side(rows, points.len()));
                if are_turned {
                    w = turn(w, stride, turned);
                }
                let pass = Pass { losses: points.len(), ..self.pass(points.len()) };
                let [totals, losses] = pass.evaluate(parallel, space, &|blocks| add(w, blocks));
                if are_turned {
                    turn_back(totals, stride, turned);
                }
                let sums = totals.chunks_exact_mut(stride).zip(losses);
                for (((x, gradient), value), (total, loss)) in points.iter().zip(gradients).zip(values).zip(sums) {
                    self.finish(total, design.count(), x, gradient);
                    *value = self.value(*loss, x);
                }
            }
            if space.len() > MOST_SPARE {
                *space = Vec::new();
            }
        });
    }

    /// The gradient over a batch; `add` adds the sums over its rows, given the weights, `parts` vectors as the stored rows take them.
    pub(crate) fn batch_gradient(
        &self,
        count: usize,
        x: &[f64],
        parts: usize,
        gradient: &mut [f64],
        add: impl FnOnce(&[f64], &mut [f64]),
    ) {
        let w = self.design.embed(x, parts);
        self.space.with(Default::default, |Space { sums, .. }| {
            sums.clear();
            sums.resize(w.len(), 0.0);
            add(&w, sums);
            self.finish(sums, count, x, gradient);
        });
    }

    /// From a sum of gradients over `count` rows by the stored columns, `parts` vectors, to their mean plus the ridge's.
    pub(crate) fn finish(&self, total: &mut [f64], count: usize, x: &[f64], gradient: &mut [f64]) {
        let (columns, stride, count) = (self.design.columns(), self.design.rows().stride(), count as f64);
        if self.design.fits() {
            return mean_with_ridge(total, count, self.ridge, x, gradient);
        }
        let parts = gradient.chunks_exact_mut(columns).zip(x.chunks_exact(columns));
        for ((gradient, x), total) in parts.zip(total.chunks_exact_mut(stride)) {
            self.design.centre(total);
            mean_with_ridge(total, count, self.ridge, x, gradient);
        }
    }

    /// From a sum of losses over all rows to f.
    pub(crate) fn value(&self, loss: f64, x: &[f64]) -> f64 {
        (0.5 * self.ridge).mul_add(dot(x, x), loss / self.design.count() as f64)
    }

    /// `(1/n) sum_i weight_i x_i x_i' + ridge I`, row-major.
    pub(crate) fn write_hessian(&self, weight: &dyn Fn(usize) -> f64, matrix: &mut [f64]) {
        if let Some(gram) = self.design.gram(Some(weight), &Unlimited, self.budget.parallel()) {
            matrix.copy_from_slice(&gram);
        }
        let d = self.design.columns();
        matrix.iter_mut().step_by(d + 1).for_each(|diagonal| *diagonal += self.ridge);
    }

    /// `mean_{i in batch} weight_i x_i x_i'v + ridge v`, for one prediction a row.
    pub(crate) fn batch_hessian_product(
        &self,
        batch: &[usize],
        weight: &dyn Fn(usize) -> f64,
        v: &[f64],
        product: &mut [f64],
    ) {
        let rows = self.design.rows();
        let embedded = self.design.embed(v, 1);
        let mut sum = vec![0.0; rows.stride()];
        for &i in batch {
            rows.add_scaled(i, weight(i) * rows.dot(i, &embedded), &mut sum);
        }
        self.finish(&mut sum, batch.len(), v, product);
    }
}
