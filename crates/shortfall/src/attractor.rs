//! Where a deterministic run ends: a fixed point or a cycle of the SAM map `Phi(x) = x - eta G(x)`.

use crate::constants::eigen::{moduli, solve};
use crate::kernel::{distance, norm};
use crate::method::Method;
use crate::problem::Problem;
use crate::virtual_loss::Field;

/// Longest cycle looked for.
const LONGEST: usize = 64;
/// How near the orbit has to return, as a part of its extent, before Newton's method is tried.
const RETURNS: f64 = 1e-3;
/// Operations that are few.
const FEW_OPERATIONS: f64 = 1e9;
/// Largest dimension that is polished.
const LARGEST: usize = 300;
/// Steps of Newton's method.
const MOST_STEPS: usize = 30;
/// The residual, as a part of the extent, that counts as a cycle.
const CLOSED: f64 = 1e-9;

/// A cycle of the map, of period 1 for a fixed point.
#[derive(Clone, Debug)]
pub struct Attractor {
    /// Its points in order.
    pub points: Vec<Vec<f64>>,
    /// f there.
    pub values: Vec<f64>,
    /// `|Phi^p(x) - x|` at the first point.
    pub residual: f64,
    /// Moduli of the eigenvalues of `D Phi^p`, largest first: the cycle attracts if all are below 1. `None` where f has no
    /// Hessian on the way.
    pub multipliers: Option<Vec<f64>>,
}

impl Attractor {
    /// The mean of f over the cycle: what a run that has settled on it measures.
    pub fn mean_value(&self) -> f64 {
        // About the first, so that small differences are not lost.
        let first = self.values[0];
        first + self.values.iter().map(|value| value - first).sum::<f64>() / self.values.len() as f64
    }

    /// p.
    pub fn period(&self) -> usize {
        self.points.len()
    }
}

struct Map<'a> {
    field: Field<'a>,
    eta: f64,
}

impl Map<'_> {
    fn step(&self, x: &[f64]) -> Vec<f64> {
        let mut g = vec![0.0; x.len()];
        self.field.at(x, &mut g);
        x.iter().zip(&g).map(|(x, g)| x - self.eta * g).collect()
    }

    fn orbit(&self, x: &[f64], length: usize) -> Vec<Vec<f64>> {
        let mut points = vec![x.to_vec()];
        for _ in 1..length {
            points.push(self.step(&points[points.len() - 1]));
        }
        points
    }

    /// `D Phi^p`: the product of `I - eta DG` along the orbit.
    fn derivative(&self, points: &[Vec<f64>]) -> Option<Vec<f64>> {
        let d = points[0].len();
        let mut product: Option<Vec<f64>> = None;
        for x in points {
            let mut factor = self.field.jacobian(x)?;
            for (k, entry) in factor.iter_mut().enumerate() {
                *entry = f64::from(u8::from(k / d == k % d)) - self.eta * *entry;
            }
            product = Some(match product {
                None => factor,
                Some(before) => {
                    let row = |i: usize| -> Vec<f64> {
                        let mut row = vec![0.0; d];
                        for (k, before) in before.chunks_exact(d).enumerate() {
                            let by = factor[i * d + k];
                            row.iter_mut().zip(before).for_each(|(row, entry)| *row = by.mul_add(*entry, *row));
                        }
                        row
                    };
                    (0..d).flat_map(row).collect()
                }
            });
        }
        product
    }
}

/// The attractor of a run of a deterministic method with constant eta and rho and plain descent, from where it ended: the
/// shortest cycle that its orbit returns to, polished by Newton's method on `Phi^p(x) = x`. `None` where the orbit does not
/// return.
///
/// It spends about as many operations as a fifth of the run's `steps` did, or some tenths of a second.
pub fn attractor(problem: &dyn Problem, method: &Method, last: &[f64], steps: u64) -> Option<Attractor> {
    let same_step = method.eta.is_constant() && method.rho.is_constant() && method.descent.is_gradient_descent();
    if method.sampling.is_some() || !same_step || last.len() > LARGEST {
        return None;
    }
    let map = Map { field: Field::of(problem, method).ok()?, eta: method.eta.first() };
    let (d, work) = (last.len() as f64, problem.work() as f64);
    let operations = (0.2 * steps as f64 * work).max(FEW_OPERATIONS);
    let orbit = map.orbit(last, (2 * LONGEST).min((operations / (4.0 * work)) as usize));
    if orbit.len() < 4 {
        return None;
    }
    let from_last: Vec<f64> = orbit.iter().map(|x| distance(x, last)).collect();
    let extent = from_last.iter().copied().fold(0.0, f64::max);
    // At rest what is left of the movement is rounding, or creeping.
    let still = 1e-9 * (norm(last) + method.rho.first());
    let period = if extent <= still {
        1
    } else {
        (1..orbit.len() / 2).find(|p| from_last[*p] <= RETURNS * extent && returns(&orbit, *p, extent))?
    };
    let scale = extent.max(still);
    let affordable = 8.0 * period as f64 * (d * work + d.powi(3)) <= operations;
    let newton = if affordable { polished(&map, &orbit[0], period, scale) } else { None };
    let x = newton.unwrap_or_else(|| orbit[orbit.len() - period].clone());
    let points = map.orbit(&x, period + 1);
    let residual = distance(&points[period], &points[0]);
    if residual.is_nan() || residual > CLOSED * scale.max(still) {
        return None;
    }
    let points = points[..period].to_vec();
    let mut scratch = vec![0.0; x.len()];
    let values = points.iter().map(|x| problem.value_gradient(x, &mut scratch)).collect();
    let derivative = if affordable { map.derivative(&points) } else { None };
    let multipliers = derivative.and_then(|derivative| moduli(&derivative, x.len()));
    Some(Attractor { points, values, residual, multipliers })
}

/// Whether the whole orbit is nearly the same p steps later.
fn returns(orbit: &[Vec<f64>], period: usize, extent: f64) -> bool {
    (0..orbit.len() - period).all(|t| distance(&orbit[t], &orbit[t + period]) <= RETURNS * extent)
}

fn polished(map: &Map, from: &[f64], period: usize, scale: f64) -> Option<Vec<f64>> {
    let d = from.len();
    let mut x = from.to_vec();
    let mut best: Option<(Vec<f64>, f64)> = None;
    for _ in 0..MOST_STEPS {
        let points = map.orbit(&x, period + 1);
        let residual: Vec<f64> = points[period].iter().zip(&x).map(|(a, b)| a - b).collect();
        let size = norm(&residual);
        if best.as_ref().is_some_and(|(_, least)| size >= *least) || !size.is_finite() {
            break;
        }
        best = Some((x.clone(), size));
        let mut matrix = map.derivative(&points[..period])?;
        (0..d).for_each(|i| matrix[i * d + i] -= 1.0);
        let Some(step) = solve(&matrix, &residual) else { break };
        if norm(&step) > scale {
            break;
        }
        x.iter_mut().zip(&step).for_each(|(x, step)| *x -= step);
    }
    best.map(|(x, _)| x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::Sequential;
    use crate::problem::{DoubleWell, Logistic, Quadratic, Sine};
    use crate::simulate::{Outcome, Plan, run};
    use std::f64::consts::PI;
    use std::ops::ControlFlow;

    fn ended(problem: &dyn Problem, method: &Method, start: &[f64], steps: u64) -> (Vec<f64>, Outcome) {
        let plan = Plan::new(start.to_vec(), steps);
        let run = run(problem, method, plan, &Sequential, &mut |_| ControlFlow::Continue(())).expect("they fit");
        (run.final_points().next().expect("one lane"), run.outcome)
    }

    #[test]
    fn the_cycle_of_a_quadratic_is_the_theory_s() {
        // eta l = 1/2: r = eta l rho/(2 - eta l) = 1/4; F = l r^2/2; multipliers: 1 - eta l along it is turned by the cycle.
        let (problem, method) = (Quadratic::new(vec![4.0, 1.0]), Method::sam(0.125, 0.75));
        let (last, _) = ended(&problem, &method, &[0.9, -0.4], 300);
        let found = attractor(&problem, &method, &last, 4000).expect("a cycle");
        assert_eq!(found.period(), 2);
        assert!(found.points.iter().all(|x| (x[0].abs() - 0.25).abs() < 1e-14 && x[1].abs() < 1e-12), "{found:?}");
        assert!((found.mean_value() - 0.125).abs() < 1e-14);
        // Along the top: (1 - 1/2)^2. Across: 1 - eta l2 (1 + rho/(l1 r) l2), twice.
        let across = (1.0 - 0.125 * (1.0 + 0.75)) * (1.0 - 0.125 * (1.0 + 0.75));
        let multipliers = found.multipliers.expect("smooth");
        assert!((multipliers[0] - across).abs() < 1e-12 && (multipliers[1] - 0.25).abs() < 1e-12, "{multipliers:?}");
    }

    #[test]
    fn a_cycle_on_data_gives_the_floor_and_one_of_gradient_descent_the_minimum() {
        let rows: Vec<f64> = (0..40).map(|i| f64::from(i * i * 7919 % 101) / 50.0 - 1.0).collect();
        let signs: Vec<f64> = (0..20).map(|i| if i % 3 == 0 { 1.0 } else { -1.0 }).collect();
        let problem = Logistic::new(2, &rows, &signs, 0.1);
        let method = Method::sam(0.8, 0.2);
        let (last, _) = ended(&problem, &method, &[0.0, 0.0], 3000);
        let found = attractor(&problem, &method, &last, 4000).expect("a cycle");
        assert_eq!(found.period(), 2);
        let mut scratch = [0.0; 2];
        let values = [0, 1].map(|_| problem.value_gradient(&last, &mut scratch));
        assert!(
            values.iter().all(|value| (found.values[0] - value).abs() < 1e-6 || (found.values[1] - value).abs() < 1e-6)
        );
        assert!(found.multipliers.is_some_and(|moduli| moduli[0] < 1.0));
        let (last, _) = ended(&problem, &Method::gd(0.8), &[0.0, 0.0], 3000);
        let rest = attractor(&problem, &Method::gd(0.8), &last, 4000).expect("a fixed point");
        let least = problem.minimum().value().expect("ridge").0;
        assert!(rest.period() == 1 && (rest.values[0] - least).abs() < 1e-14);
    }

    #[test]
    fn hallucinated_fixed_points_and_orbits_that_do_not_return() {
        // halluc-1d: the double well at rho = 1.5 rests at +-(rho - 1), with multiplier 1 - eta f''(1) = 1 - 2 eta.
        let (well, method) = (DoubleWell::new([-2.0, 2.0], vec![]), Method::sam(0.1, 1.5));
        let (last, outcome) = ended(&well, &method, &[0.45], 4000);
        let found = attractor(&well, &method, &last, 4000).expect("a fixed point");
        assert!(found.period() == 1 && (found.points[0][0] - 0.5).abs() < 1e-14, "{found:?}");
        assert!((found.multipliers.expect("smooth")[0] - 0.8).abs() < 1e-12);
        assert!(matches!(outcome, Outcome::Periodic { period: 1 | 2 }), "{outcome:?}");
        // Steps that are still large.
        let (sine, method) = (Sine::new(2.0, 0.5, 5.0 * PI / 3.0), Method::gd(1e-4));
        assert!(attractor(&sine, &method, &[0.1], 4000).is_none());
    }

    #[test]
    fn a_run_that_repeats_exactly_says_so() {
        // From the cycle itself, powers of two: every product is exact.
        let (problem, method) = (Quadratic::new(vec![4.0, 1.0]), Method::sam(0.125, 0.75));
        assert_eq!(ended(&problem, &method, &[0.25, 0.0], 400).1, Outcome::Periodic { period: 2 });
        assert_eq!(ended(&problem, &Method::gd(0.125), &[0.9, -0.4], 100).1, Outcome::Completed);
        let decaying = Method::sam(0.125, crate::method::Schedule::InverseSquareRoot(0.75));
        assert_eq!(ended(&problem, &decaying, &[0.0, 0.0], 100).1, Outcome::Completed);
    }
}
