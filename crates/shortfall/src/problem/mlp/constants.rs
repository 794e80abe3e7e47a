//! Estimates of the constants near a start. None holds on all of R^d, so all but Delta are labelled estimated.

use super::super::mixture::set_smoothness_of_batches;
use super::super::{Ask, FiniteSum, Problem, draw_batch};
use super::Mlp;
use super::network::Pass;
use crate::constants::eigen::symmetric;
use crate::constants::{Constant, Constants, Number, Provenance, Side, Symbol};
use crate::kernel::{add_scaled, dot, norm};
use crate::method::{SampleReuse, Sampling};
use crate::parallel::Sequential;
use crate::random::{Generator, Role};
use std::cell::Cell;
use std::sync::Arc;

/// Steps of gradient descent after which curvature and variance are looked at.
const LOOKS: [usize; 4] = [0, 10, 30, 100];
/// Above so many weights only the start is looked at: a step would take a tenth of a second.
const MOST_FOLLOWED: usize = 1 << 20;
/// Steps of Lanczos' method for f, and for a sample.
const STEPS: usize = 30;
const STEPS_OF_SAMPLE: usize = 10;
/// Rows times weights that are looked at for f: about two seconds.
const MOST_WORK: usize = 1 << 25;
/// Samples whose smoothness is estimated, and samples times weights.
const MOST_SAMPLES: usize = 64;
const MOST_SAMPLE_WORK: usize = 1 << 22;

/// What was seen near a start.
#[derive(Debug)]
pub(super) struct Estimates {
    start: Vec<f64>,
    /// Largest |eigenvalue| of the Hessian.
    beta: f64,
    /// Largest of 0 and -eigenvalue.
    omega: f64,
    /// Largest variance of single samples' gradients.
    variance: f64,
    /// Steps of gradient descent.
    steps: usize,
    /// The time allowed was over before all was looked at.
    stopped: bool,
    /// Rows looked at.
    rows: usize,
    /// Smoothness of some samples at the start.
    samples: Vec<f64>,
}

/// Rows without repetition, in order; all if there are no more.
fn some_rows(problem: &Mlp, count: usize, replicate: u64) -> Vec<usize> {
    let n = problem.count();
    if count >= n {
        return (0..n).collect();
    }
    let (mut rows, mut generator) = (vec![0; count], Generator::new(0x5eed, replicate, Role::Other));
    let sampling = Sampling { batch: count, replacement: false, reuse: SampleReuse::Same };
    draw_batch(problem, &sampling, &mut generator, &mut rows, &mut Vec::new());
    rows.sort_unstable();
    rows
}

/// The least and the largest eigenvalue that Lanczos' method sees from a seeded vector: inside the spectrum, and after
/// a few steps near its ends; the first is taken even if `goes_on` says no. Directions are not reorthogonalised: what that repeats is at the ends already.
fn ends_of_spectrum(
    d: usize,
    steps: usize,
    product: &mut dyn FnMut(&[f64], &mut [f64]),
    goes_on: &dyn Fn() -> bool,
) -> Option<[f64; 2]> {
    let mut generator = Generator::new(0x5eed, 2, Role::Other);
    let mut v: Vec<f64> = (0..d).map(|_| generator.normal()).collect();
    let (mut before, mut next, mut off) = (vec![0.0; d], vec![0.0; d], norm(&v));
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    v.iter_mut().for_each(|v| *v /= off);
    off = 0.0;
    for _ in 0..steps.min(d) {
        product(&v, &mut next);
        let along = dot(&v, &next);
        add_scaled(-along, &v, &mut next);
        add_scaled(-off, &before, &mut next);
        diagonal.push(along);
        off = norm(&next);
        beside.push(off);
        let scale = diagonal.iter().chain(&beside).fold(0.0f64, |scale, entry| scale.max(entry.abs()));
        if off <= 1e-12 * scale || !off.is_finite() || !goes_on() {
            break;
        }
        next.iter_mut().for_each(|next| *next /= off);
        std::mem::swap(&mut before, &mut v);
        std::mem::swap(&mut v, &mut next);
    }
    let m = diagonal.len();
    let mut matrix = vec![0.0; m * m];
    for k in 0..m {
        matrix[k * m + k] = diagonal[k];
        if k + 1 < m {
            (matrix[k * m + k + 1], matrix[(k + 1) * m + k]) = (beside[k], beside[k]);
        }
    }
    symmetric(&matrix, m, &Sequential).map(|eigen| [eigen.values[0], eigen.values[m - 1]])
}

/// An estimate of the largest |eigenvalue| of a sample's Hessian at `x`; NaN if it is not finite.
pub(super) fn smoothness_of(problem: &Mlp, sample: usize, x: &[f64]) -> f64 {
    let mut product = |v: &[f64], product: &mut [f64]| problem.hessian_product(&[sample], x, v, product);
    ends_of_spectrum(x.len(), STEPS_OF_SAMPLE, &mut product, &|| true).map_or(f64::NAN, |[low, high]| high.max(-low))
}

impl Estimates {
    fn of(problem: &Mlp, start: &[f64]) -> Self {
        let d = start.len();
        let rows = some_rows(problem, (MOST_WORK / d).max(1), 3);
        let (mut w, mut gradient) = (start.to_vec(), vec![0.0; d]);
        let (mut beta, mut omega, mut variance, mut steps, mut eta) = (0.0f64, 0.0f64, 0.0f64, 0, 0.0);
        let looked = Cell::new(0);
        let goes_on = || {
            looked.set(looked.get() + 1);
            let all = LOOKS[LOOKS.len() - 1] + STEPS * LOOKS.len();
            problem.budget.goes_on("estimates of the constants", Some((looked.get() as f64 / all as f64).min(1.0)))
        };
        'looks: for &look in if d > MOST_FOLLOWED { &LOOKS[..1] } else { &LOOKS[..] } {
            while steps < look {
                problem.batch_gradient(&rows, &w, &mut gradient);
                add_scaled(-eta, &gradient, &mut w);
                steps += 1;
                if !goes_on() {
                    break 'looks;
                }
            }
            let mut product = |v: &[f64], product: &mut [f64]| problem.hessian_product(&rows, &w, v, product);
            let [low, high] = ends_of_spectrum(d, STEPS, &mut product, &goes_on).unwrap_or([f64::NAN; 2]);
            let seen = high.max(-low);
            if !seen.is_finite() {
                // At the start nothing is known then; later the path has left what was looked at.
                (beta, omega, variance) =
                    if look == 0 { (f64::NAN, f64::NAN, f64::NAN) } else { (beta, omega, variance) };
                break;
            }
            (beta, omega) = (beta.max(seen), omega.max(-low));
            variance = variance.max(variance_at(problem, &rows, &w));
            if look == 0 {
                eta = if seen > 0.0 { 0.5 / seen } else { 0.0 };
            }
        }
        let count = (MOST_SAMPLE_WORK / d).clamp(4, MOST_SAMPLES);
        let mut samples = Vec::new();
        for sample in some_rows(problem, count, 4) {
            samples.push(smoothness_of(problem, sample, start));
            if !goes_on() {
                break;
            }
        }
        let stopped = !goes_on();
        Self { start: start.to_vec(), beta, omega, variance, steps, stopped, rows: rows.len(), samples }
    }

    /// Of the last start, or anew.
    fn cached(problem: &Mlp, start: &[f64]) -> Arc<Self> {
        let mut last = problem.estimates.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match last.as_ref().filter(|last| last.start == start) {
            Some(last) => last.clone(),
            None => {
                let new = Arc::new(Self::of(problem, start));
                *last = Some(new.clone());
                new
            }
        }
    }
}

/// `E |g_i - g|^2` over single samples, which the ridge leaves alone.
fn variance_at(problem: &Mlp, samples: &[usize], w: &[f64]) -> f64 {
    let (mut pass, mut squares) = (Pass::new(&problem.network, w), 0.0);
    let mut sums = vec![0.0; problem.network.padded()];
    problem.in_panels(samples, |rows, labels| {
        pass.gradient(rows, labels, None, &mut sums);
        squares += pass.squares(rows.len());
    });
    let n = samples.len() as f64;
    (squares / n - (norm(&sums) / n).powi(2)).max(0.0)
}

/// The constants for a start and a sampling.
pub(super) fn constants(problem: &Mlp, ask: &Ask) -> Constants {
    let seen = Estimates::cached(problem, ask.start);
    let n = problem.count();
    let on = if seen.rows < n { format!(" of the mean over {} of {n} rows", seen.rows) } else { String::new() };
    let early = if seen.stopped { "; stopped early, the time allowed was over" } else { "" };
    let place =
        format!("seen at the start and along {} steps of gradient descent{on}: local, estimated{early}", seen.steps);
    let estimated = |value: f64, how: String| Constant::known(value, Side::Upper, Provenance::Estimated, how);
    let mut constants = Constants::missing("");
    let mut set = |symbol, constant| constants.set(symbol, constant);
    set(Symbol::Beta, estimated(seen.beta, format!("largest |Hessian eigenvalue| {place}")));
    set(Symbol::Mu, Constant::missing("not convex"));
    set(Symbol::Omega, estimated(seen.omega, format!("largest -(least Hessian eigenvalue), or 0, {place}")));
    let unbounded = if problem.ridge > 0.0 {
        "ridge > 0: the gradient is not bounded"
    } else {
        "none is claimed: gradients of a layer grow with the weights of the next"
    };
    set(Symbol::L, Constant::missing(unbounded));
    let factor = ask.sampling.map_or(Number::exact(1.0), |sampling| sampling.variance_factor(n));
    let variance = (Number::exact(seen.variance) * factor).high;
    set(Symbol::Sigma2, estimated(variance, format!("largest variance of the samples' gradients, over b, {place}")));
    set(Symbol::Sigma2Star, Constant::missing("no minimiser is known"));
    let mut scratch = vec![0.0; ask.start.len()];
    let value = problem.value_gradient(ask.start, &mut scratch);
    let above = Number::exact(value) + problem.value_error(ask.start, value);
    set(Symbol::Delta, Constant::bound(Symbol::Delta, above.high, "f(w0), since losses are not negative"));
    set(Symbol::D2, Constant::missing("no minimiser is known"));
    set_smoothness(&mut constants, &seen.samples, ask.sampling);
    constants
}

/// beta_bar, beta_rms and beta_max from some samples.
fn set_smoothness(constants: &mut Constants, samples: &[f64], sampling: Option<Sampling>) {
    let count = samples.len() as f64;
    let estimate = |value: f64| Number::exact(value).with(Provenance::Estimated);
    let mean = estimate(samples.iter().sum::<f64>() / count);
    let square = estimate(samples.iter().map(|beta| beta * beta).sum::<f64>() / count);
    let largest = samples.iter().copied().fold(0.0, |a: f64, b| if b > a || b.is_nan() { b } else { a });
    set_smoothness_of_batches(constants, mean, square, estimate(largest), sampling);
    for symbol in [Symbol::BetaBar, Symbol::BetaRms, Symbol::BetaMax] {
        if let Constant::Known { value, how, .. } = constants.get(symbol).clone() {
            let how = format!("{how}, seen at the start on {count} seeded samples: local, estimated");
            constants.set(symbol, Constant::known(value, Side::Upper, Provenance::Estimated, how));
        }
    }
}
