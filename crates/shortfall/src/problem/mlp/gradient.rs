//! Gradients of batches: panels of rows go through the network, what they leave behind becomes sums, and the sums a mean.

use super::Mlp;
use super::network::{Pass, Trail};
use crate::kernel::{PANEL, mean_of_strips};
use crate::parallel::{Parallel, Sequential};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Multiply-adds above which several threads share a batch.
const WORTH_SHARING: usize = 1 << 20;
/// Panels that are kept at a time while they do.
const PANELS: usize = 8;
/// Outputs of a layer whose means are one task.
const MEANS: usize = 32;

/// Space that was used before: megabytes, which to get anew for each gradient would take a good part of its time.
#[derive(Debug, Default)]
pub(super) struct Spare {
    trails: Vec<Trail>,
    sums: Vec<Vec<f64>>,
}

impl Mlp {
    fn spare(&self) -> MutexGuard<'_, Spare> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trail(&self) -> Trail {
        let spare = self.spare().trails.pop();
        spare.unwrap_or_else(|| Trail::new(&self.network))
    }

    /// The mean gradient of a batch.
    pub(super) fn mean_gradient(&self, batch: &[usize], x: &[f64], gradient: &mut [f64], parallel: &dyn Parallel) {
        let mut sums = self.spare().sums.pop().unwrap_or_default();
        sums.clear();
        sums.resize(self.network.padded(), 0.0);
        if batch.len() * self.network.padded() < WORTH_SHARING {
            self.add_gradients(batch, x, None, &mut sums);
            self.finish(&mut sums, batch.len(), x, gradient, &Sequential);
        } else {
            self.share_gradients(batch, x, &mut sums, parallel);
            self.finish(&mut sums, batch.len(), x, gradient, parallel);
        }
        self.spare().sums.push(sums);
    }

    /// Adds gradients of samples to padded sums, and their losses, if they are wanted; in order.
    pub(super) fn add_gradients(&self, samples: &[usize], w: &[f64], mut losses: Option<&mut f64>, sums: &mut [f64]) {
        let mut pass = Pass::on(self.trail(), &self.network, w);
        self.in_panels(samples, |rows, labels| pass.gradient(rows, labels, losses.as_deref_mut(), sums));
        self.spare().trails.push(pass.into_trail());
    }

    /// As [`Mlp::add_gradients`] without losses: panels are taken through the network beside each other, then the sums are made part
    /// by part, each over the panels in order, so that it does not show.
    fn share_gradients(&self, samples: &[usize], w: &[f64], sums: &mut [f64], parallel: &dyn Parallel) {
        let count = samples.len().div_ceil(PANEL).min(PANELS);
        let pass = || Pass::on(self.trail(), &self.network, w);
        let mut passes: Vec<Mutex<Pass>> = (0..count).map(|_| Mutex::new(pass())).collect();
        let parts = self.network.parts(sums);
        for round in samples.chunks(PANEL * PANELS) {
            let rows = |panel: &[usize]| panel.iter().map(|i| self.rows.row(*i)).collect();
            let rows: Vec<Vec<&[f64]>> = round.chunks(PANEL).map(rows).collect();
            parallel.run(rows.len(), &|k| {
                let labels: Vec<usize> = round[k * PANEL..].iter().take(PANEL).map(|i| self.labels[*i]).collect();
                let mut pass = passes[k].lock().unwrap_or_else(PoisonError::into_inner);
                pass.there_and_back(&rows[k], &labels, None);
            });
            let passes: Vec<&Pass> =
                passes.iter_mut().map(|pass| &*pass.get_mut().unwrap_or_else(PoisonError::into_inner)).collect();
            parallel.run(parts.len(), &|k| parts[k].add(&passes, &rows));
        }
        let passes = passes.into_iter().map(|pass| pass.into_inner().unwrap_or_else(PoisonError::into_inner));
        self.spare().trails.extend(passes.map(Pass::into_trail));
    }

    /// The mean of padded sums over `count` rows, and the ridge along `v`.
    pub(super) fn finish(&self, sums: &mut [f64], count: usize, v: &[f64], out: &mut [f64], parallel: &dyn Parallel) {
        let mut left = out;
        let mut parts = Vec::new();
        for layer in &self.network.layers {
            for from in (0..layer.outputs).step_by(MEANS) {
                let (part, rest) = left.split_at_mut(MEANS.min(layer.outputs - from) * layer.inputs);
                let along = &layer.of(v)[from * layer.inputs..][..part.len()];
                parts.push((layer, from, along, Mutex::new(part)));
                left = rest;
            }
        }
        parallel.run(parts.len(), &|k| {
            let (layer, from, along, out) = &parts[k];
            let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
            let shape = [layer.inputs, layer.outputs, *from];
            mean_of_strips(layer.sums(sums), shape, count as f64, self.ridge, along, &mut out);
        });
    }
}
