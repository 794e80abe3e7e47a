//! Where stochastic SAM settles to first order in rho, and how noisy its steps are there.

use crate::constants::eigen::Cholesky;
use crate::constants::{Number, Provenance};
use crate::kernel::{dot, norm, unit_vector};
use crate::method::{SampleReuse, Sampling};
use crate::problem::{FiniteSum, draw_batch};
use crate::random::{Generator, Role};
use crate::theorem::FirstOrderFloor;

/// Most minibatches sampled where samples are batches, and fewest that say something.
const MOST_BATCHES: usize = 4096;
const FEWEST_BATCHES: usize = 256;
/// Coordinates of sample gradients that are looked at in all: some seconds.
const MOST_COORDINATES: usize = 1 << 28;

/// How many minibatches are sampled; `None` where each is too large.
fn sampled_batches(sampling: Sampling, dimension: usize) -> Option<usize> {
    let each = sampling.batch.saturating_mul(dimension).max(1);
    Some((MOST_COORDINATES / each).min(MOST_BATCHES)).filter(|batches| *batches >= FEWEST_BATCHES)
}
/// Most pairs of samples that are all visited.
const MOST_PAIRS: usize = 1 << 19;

/// One sample (or batch) at the minimiser: its gradient's direction and `H_xi u_xi`.
struct AtMinimum {
    direction: Vec<f64>,
    curved: Vec<f64>,
}

fn at_minimum(sum: &dyn FiniteSum, batch: &[usize], point: &[f64]) -> Option<(AtMinimum, f64)> {
    let d = point.len();
    let (mut gradient, mut direction, mut curved) = (vec![0.0; d], vec![0.0; d], vec![0.0; d]);
    sum.batch_gradient(batch, point, &mut gradient);
    unit_vector(&gradient, &mut direction);
    let smooth = sum.batch_hessian_product(batch, point, &direction, &mut curved);
    let smoothness = batch.iter().map(|i| sum.smoothness(*i)).sum::<f64>() / batch.len() as f64;
    let size = norm(&gradient);
    // A gradient that is only the rounding of 0 has no direction.
    let rounding = 1e-10 * smoothness * norm(point).max(f64::MIN_POSITIVE);
    (smooth && size > rounding).then_some((AtMinimum { direction, curved }, size / smoothness))
}

/// `(1/2) v' H^{-1} v`, `v = E[H_xi u_xi]` (m-SAM) or `H E[u_xi]` (n-SAM); THEORY.md section 14. Exact for single
/// samples; for batches from a seeded sample of them, without the bias that squaring a mean would bring.
pub(super) fn first_order_floor(
    sum: &dyn FiniteSum,
    sampling: Sampling,
    rho: f64,
    point: &[f64],
    hessian: &[f64],
) -> Option<FirstOrderFloor> {
    let d = point.len();
    let factor = Cholesky::of(hessian, d)?;
    if !sampling.replacement && sampling.batch == sum.count() {
        return None; // the full batch: its gradient at x* is 0
    }
    let exact = sampling.batch == 1 && sum.count().saturating_mul(d) <= MOST_COORDINATES;
    let same = sampling.reuse == SampleReuse::Same;
    let mut generator = Generator::new(0x5eed, 0, Role::Other);
    let batches = if exact { sum.count() } else { sampled_batches(sampling, d)? };
    let mut batch = vec![0; sampling.batch];
    let mut scratch = Vec::new();
    let (mut mean, mut least, mut squares) = (vec![0.0; d], f64::INFINITY, 0.0);
    for i in 0..batches {
        if exact {
            batch[0] = i;
        } else {
            draw_batch(sum, &sampling, &mut generator, &mut batch, &mut scratch);
        }
        let (at, radius) = at_minimum(sum, &batch, point)?;
        let probability = if exact { sum.probability(i) } else { 1.0 / batches as f64 };
        let vector = if same { at.curved } else { at.direction };
        if !exact {
            squares += form(hessian, &factor, &vector, same)? * probability * probability;
        }
        mean.iter_mut().zip(&vector).for_each(|(m, v)| *m += probability * v);
        least = least.min(radius);
    }
    let mut value = form(hessian, &factor, &mean, same)?;
    if !exact {
        // E of the off-diagonal pairs only: unbiased, so it may come out below zero when there is no bias to see.
        value = ((value - squares) / (1.0 - 1.0 / batches as f64)).max(0.0);
    }
    let how = if exact {
        "exact over all samples".to_owned()
    } else {
        format!("estimated from {batches} seeded minibatches")
    };
    let provenance = Provenance::Estimated;
    let shift = if same { factor.solve(&mean)? } else { mean };
    let settled: Vec<f64> = point.iter().zip(&shift).map(|(x, shift)| x - rho * shift).collect();
    Some(FirstOrderFloor {
        // Not -0.
        per_squared_radius: Number::exact((value / 2.0).max(0.0) + 0.0).with(provenance),
        update_variance: Number::exact(update_variance(sum, sampling, rho, &settled)).with(provenance),
        least_gradient_radius: least,
        how,
    })
}

/// Running mean and mean square of weighted vectors.
struct Moments {
    mean: Vec<f64>,
    square: f64,
    weight: f64,
}

impl Moments {
    fn add(&mut self, weight: f64, vector: &[f64]) {
        self.mean.iter_mut().zip(vector).for_each(|(m, v)| *m += weight * v);
        self.square += weight * dot(vector, vector);
        self.weight += weight;
    }

    /// Trace of the covariance.
    fn variance(&self) -> f64 {
        (self.square - dot(&self.mean, &self.mean) / self.weight).max(0.0) / self.weight
    }
}

/// tr C at `x`: the variance of the update direction `g(x + rho u_xi(x); xi~)`. Exact over single samples (over pairs of
/// them for n-SAM, up to [`MOST_PAIRS`]); for batches from the seeded sample.
fn update_variance(sum: &dyn FiniteSum, sampling: Sampling, rho: f64, x: &[f64]) -> f64 {
    let d = x.len();
    let same = sampling.reuse == SampleReuse::Same;
    let count = sum.count();
    let mut moments = Moments { mean: vec![0.0; d], square: 0.0, weight: 0.0 };
    let (mut g, mut y) = (vec![0.0; d], vec![0.0; d]);
    let mut perturb = |batch: &[usize], y: &mut [f64]| {
        sum.batch_gradient(batch, x, &mut g);
        unit_vector(&g, y);
        y.iter_mut().zip(x).for_each(|(y, x)| *y = rho.mul_add(*y, *x));
    };
    let mut h = vec![0.0; d];
    let all =
        if same { count.saturating_mul(d) <= MOST_COORDINATES } else { count.saturating_mul(count) <= MOST_PAIRS };
    if sampling.batch == 1 && all {
        for i in 0..count {
            perturb(&[i], &mut y);
            for j in if same { i..i + 1 } else { 0..count } {
                sum.batch_gradient(&[j], &y, &mut h);
                moments.add(sum.probability(i) * if same { 1.0 } else { sum.probability(j) }, &h);
            }
        }
        return moments.variance();
    }
    let mut generator = Generator::new(0x5eed, 1, Role::Other);
    let (mut batch, mut scratch) = (vec![0; sampling.batch], Vec::new());
    let batches = sampled_batches(sampling, d).unwrap_or(FEWEST_BATCHES);
    for _ in 0..batches {
        draw_batch(sum, &sampling, &mut generator, &mut batch, &mut scratch);
        perturb(&batch, &mut y);
        if !same {
            draw_batch(sum, &sampling, &mut generator, &mut batch, &mut scratch);
        }
        sum.batch_gradient(&batch, &y, &mut h);
        moments.add(1.0, &h);
    }
    moments.variance() / (1.0 - 1.0 / batches as f64)
}

/// `v' H^{-1} v`, or `v' H v`.
fn form(hessian: &[f64], factor: &Cholesky, v: &[f64], inverse: bool) -> Option<f64> {
    if inverse {
        return factor.solve(v).map(|solution| dot(&solution, v));
    }
    let d = v.len();
    Some((0..d).map(|i| v[i] * dot(&hessian[i * d..][..d], v)).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constants::Number;
    use crate::problem::{Mixture, PiecewiseLinear};

    /// Two parabolas of curvatures 2 and 1 with probabilities 0.4 and 0.6: f' = 1.4 x - 0.4*1.5 + 0.6.
    fn parabolas() -> Mixture {
        let line = |slope: f64, at_zero: f64| {
            PiecewiseLinear::from_value_at_zero(vec![], vec![Number::exact(slope)], at_zero.into())
        };
        Mixture::new(vec![line(2.0, -1.5), line(1.0, 1.0)], vec![0.4, 0.6])
    }

    #[test]
    fn worked_by_hand() {
        // x* = 0, H = 1.4, u = -1, 1. rho = 1/4.
        let problem = parabolas();
        let floor = |reuse| {
            let sampling = Sampling { batch: 1, replacement: true, reuse };
            first_order_floor(&problem, sampling, 0.25, &[0.0], &[1.4]).expect("smooth")
        };
        let near = |number: Number, value: f64| assert!((number.middle() / value - 1.0).abs() < 1e-14, "{number:?}");
        // m: v = -0.8 + 0.6 = -0.2: v^2/(2H) = 0.02/1.4; x+ = 0.25*0.2/1.4 = 1/28; the gradients at 1/28 -+ 1/4 are
        // 2*(-6/28) - 1.5 = -27/14 and 8/28 + 1 = 18/14, mean 0, variance 0.24*(45/14)^2.
        let m = floor(SampleReuse::Same);
        near(m.per_squared_radius, 0.02 / 1.4);
        near(m.update_variance, 0.24 * (45.0f64 / 14.0).powi(2));
        // n: E u = 0.2: H (E u)^2/2 = 0.028, x+ = -0.05: y = -0.3 (0.4), 0.2 (0.6); the gradients there are -2.1, 0.7 and
        // -1.1, 1.2: E h = 0.4*(-0.84+0.42) + 0.6*(-0.44+0.72) = 0, E h^2 = 0.4*(0.4*4.41+0.6*0.49) + 0.6*(0.4*1.21+0.6*1.44).
        let n = floor(SampleReuse::Independent);
        near(n.per_squared_radius, 0.028);
        near(n.update_variance, 0.4 * 2.058 + 0.6 * 1.348);
    }

    #[test]
    fn batches_are_sampled_to_a_few_percent() {
        // A batch of 2 with replacement has half the variance where the direction does not matter: rho = 0.
        let problem = parabolas();
        for reuse in [SampleReuse::Same, SampleReuse::Independent] {
            let sampling = Sampling { batch: 2, replacement: true, reuse };
            let variance = update_variance(&problem, sampling, 0.0, &[0.0]);
            assert!((variance / (0.24 * 6.25 / 2.0) - 1.0).abs() < 0.1, "{variance}");
        }
    }
}
