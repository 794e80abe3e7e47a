//! Gradients of batches: panels of rows go through the network, what they leave behind becomes sums, and the sums a mean.

use super::Mlp;
use super::network::{Part, Pass, Trail};
use super::perturbed::Grams;
use crate::kernel::{CacheLines, PANEL, STRIP};
use crate::parallel::{Parallel, Sequential};
use crate::spare::Spare;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Multiply-adds above which several threads share a batch.
pub(super) const WORTH_SHARING: usize = 1 << 20;
/// Panels that are taken through the network before their sums are made.
pub(super) const PANELS: usize = 8;

/// Space that was used before: megabytes, which to get anew for each gradient would take a good part of its time.
#[derive(Debug, Default)]
pub(super) struct Space {
    passing: Mutex<Passing>,
    /// Of a part of the sums.
    sums: Spare<CacheLines>,
}

#[derive(Debug, Default)]
pub(super) struct Passing {
    trails: Vec<Trail>,
    /// Of all sums, where several rounds of panels add to them.
    sums: Vec<CacheLines>,
    pub(super) grams: Vec<Grams>,
}

impl Mlp {
    pub(super) fn spare(&self) -> MutexGuard<'_, Passing> {
        self.spare.passing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes, each with the space that it had before, if it is there.
    pub(super) fn passes<'a>(&'a self, count: usize, w: &'a [f64]) -> Vec<Pass<'a>> {
        let mut spare = self.spare();
        let kept = spare.trails.len().min(count);
        let trails = spare.trails.drain(..kept).map(Some).chain(std::iter::repeat_with(|| None)).take(count);
        trails.map(|trail| Pass::on(trail.unwrap_or_else(|| Trail::new(&self.network)), &self.network, w)).collect()
    }

    pub(super) fn put_back(&self, passes: Vec<Pass>) {
        self.spare().trails.extend(passes.into_iter().map(Pass::into_trail));
    }

    /// The mean gradient of a batch: panels are taken through the network beside each other, then the sums are made part by part,
    /// each over the panels in order, so that it does not show how many threads there are.
    pub(super) fn mean_gradient(&self, batch: &[usize], x: &[f64], gradient: &mut [f64], parallel: &dyn Parallel) {
        let work = batch.len() * self.network.padded();
        let parallel = if work < WORTH_SHARING { &Sequential } else { parallel };
        let count = batch.len().div_ceil(PANEL).min(PANELS);
        let mut passes: Vec<Mutex<Pass>> = self.passes(count, x).into_iter().map(Mutex::new).collect();
        let parts = self.network.parts(gradient);
        let rounds = batch.chunks(PANEL * PANELS);
        let last = rounds.len();
        let mut sums = CacheLines::default();
        if last > 1 {
            sums = self.spare().sums.pop().unwrap_or_default();
            sums.resize(self.network.padded() / STRIP);
        }
        let mut rest = &mut sums[..];
        let kept: Vec<Mutex<&mut [[f64; STRIP]]>> = parts
            .iter()
            .filter(|_| last > 1)
            .map(|part| Mutex::new(rest.split_off_mut(..part.strips()).unwrap_or_default()))
            .collect();
        for (number, round) in rounds.enumerate() {
            let panels = round.len().div_ceil(PANEL);
            parallel.run(panels, &|k| {
                let mut pass = passes[k].lock().unwrap_or_else(PoisonError::into_inner);
                let panel = &round[k * PANEL..round.len().min((k + 1) * PANEL)];
                self.in_panels(panel, |rows, labels| pass.there_and_back(rows, labels, None));
            });
            let passes: Vec<&Pass> = passes[..panels]
                .iter_mut()
                .map(|pass| &*pass.get_mut().unwrap_or_else(PoisonError::into_inner))
                .collect();
            parallel.run(parts.len(), &|k| {
                let (part, m) = (&parts[k], batch.len() as f64);
                let Some(sums) = kept.get(k) else { return self.mean_of_part(part, &passes, m, self.ridge, x) };
                let sums = &mut sums.lock().unwrap_or_else(PoisonError::into_inner);
                part.sum_up(&passes, sums, number > 0);
                if number + 1 == last {
                    part.finish(sums, m, self.ridge, x);
                }
            });
        }
        drop((parts, kept));
        if last > 1 {
            self.spare().sums.push(sums);
        }
        self.put_back(
            passes.into_iter().map(|pass| pass.into_inner().unwrap_or_else(PoisonError::into_inner)).collect(),
        );
    }

    /// The means of a part over all rows of some panels, `count`, and the ridge along `v`: its sums are made where the thread made
    /// others before, which is near.
    pub(super) fn mean_of_part(&self, part: &Part, passes: &[&Pass], count: f64, ridge: f64, v: &[f64]) {
        self.spare.sums.with(CacheLines::default, |sums| {
            sums.resize(sums.len().max(part.strips()));
            let sums = &mut sums[..part.strips()];
            part.sum_up(passes, sums, false);
            part.finish(sums, count, ridge, v);
        });
    }

    /// Adds gradients of samples to padded sums, and their losses, if they are wanted; in order.
    pub(super) fn add_gradients(&self, samples: &[usize], w: &[f64], mut losses: Option<&mut f64>, sums: &mut [f64]) {
        let mut passes = self.passes(1, w);
        for pass in &mut passes {
            self.in_panels(samples, |rows, labels| pass.gradient(rows, labels, losses.as_deref_mut(), sums));
        }
        self.put_back(passes);
    }

    /// The mean of padded sums over `count` rows, and the ridge along `v`.
    pub(super) fn finish(&self, sums: &[f64], count: usize, v: &[f64], out: &mut [f64], parallel: &dyn Parallel) {
        let (parts, sums) = (self.network.parts(out), sums.as_chunks().0);
        parallel.run(parts.len(), &|k| parts[k].finish(&sums[parts[k].range()], count as f64, self.ridge, v));
    }
}
