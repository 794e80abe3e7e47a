//! A point of the ball where f is large.

use super::value_from_below;
use crate::kernel::{norm, unit_vector};
use crate::problem::Problem;
use crate::random::{Generator, Role};

/// Random starts besides SAM's own perturbation and its opposite.
const RANDOM_STARTS: usize = 4;
/// Steps from each, and halvings of one.
const STEPS: usize = 300;
const HALVINGS: usize = 40;

/// The best e that projected ascent finds in the ball, and the value there from below.
pub(super) fn climb(problem: &dyn Problem, x: &[f64], rho: f64) -> (Vec<f64>, f64) {
    let d = x.len();
    let (mut g, mut u) = (vec![0.0; d], vec![0.0; d]);
    problem.gradient(x, &mut g);
    unit_vector(&g, &mut u);
    let scaled = |v: &[f64], by: f64| v.iter().map(|v| by * v).collect::<Vec<f64>>();
    let mut starts = vec![vec![0.0; d], scaled(&u, rho), scaled(&u, -rho)];
    let mut generator = Generator::new(0x5eed, 0, Role::Other);
    for _ in 0..RANDOM_STARTS {
        let v: Vec<f64> = (0..d).map(|_| generator.normal()).collect();
        unit_vector(&v, &mut u);
        starts.push(scaled(&u, rho));
    }
    let mut best = (starts[0].clone(), value_from_below(problem, x));
    for start in starts {
        let e = improved(problem, x, rho, start);
        let value = value_from_below(problem, &moved(x, &e));
        if value > best.1 {
            best = (e, value);
        }
    }
    best
}

fn moved(x: &[f64], e: &[f64]) -> Vec<f64> {
    x.iter().zip(e).map(|(x, e)| x + e).collect()
}

/// Into the ball, whatever the rounding.
fn project(e: &mut [f64], rho: f64) {
    let length = norm(e);
    if length > 0.0 && length >= rho * (1.0 - 1e-14) {
        let by = rho / length * (1.0 - 4e-16 * (4.0 + (e.len() as f64).sqrt()));
        e.iter_mut().for_each(|e| *e *= by);
    }
}

/// Steps along the gradient, projected, each doubled or halved until f grows.
fn improved(problem: &dyn Problem, x: &[f64], rho: f64, start: Vec<f64>) -> Vec<f64> {
    let (mut e, mut g) = (start, vec![0.0; x.len()]);
    project(&mut e, rho);
    let mut value = problem.value_gradient(&moved(x, &e), &mut g);
    let mut length = f64::INFINITY;
    for _ in 0..STEPS {
        let size = norm(&g);
        if !(size > 0.0 && size.is_finite()) {
            break;
        }
        // An infinite step is the point of the sphere in the gradient's direction.
        let mut found = None;
        for _ in 0..HALVINGS {
            let along = (length * 2.0).min(1e6 * rho);
            let mut next: Vec<f64> = e.iter().zip(&g).map(|(e, g)| e + along * (g / size)).collect();
            project(&mut next, rho);
            let mut next_gradient = vec![0.0; x.len()];
            let next_value = problem.value_gradient(&moved(x, &next), &mut next_gradient);
            if next_value > value {
                found = Some((next, next_value, next_gradient));
                length = along;
                break;
            }
            length = along / 4.0;
        }
        let Some((next, next_value, next_gradient)) = found else { break };
        (e, value, g) = (next, next_value, next_gradient);
    }
    e
}
