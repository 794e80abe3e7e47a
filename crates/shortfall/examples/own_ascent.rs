//! An ascent rule of your own: perturb along the signs of the gradient, and compare the floors.

use shortfall::method::{Ascent, Method, Normalised};
use shortfall::problem::Quadratic;

/// `y = x + rho sign(g)/sqrt(d)`: the same length as SAM's perturbation.
struct Signs;

impl Ascent for Signs {
    fn point(&self, rho: f64, x: &[f64], g: &[f64], y: &mut [f64]) {
        let scale = rho / (x.len() as f64).sqrt();
        for ((y, x), g) in y.iter_mut().zip(x).zip(g) {
            *y = if *g == 0.0 { *x } else { x + scale * g.signum() };
        }
    }
}

fn main() {
    let problem = Quadratic::rotated(vec![4.0, 2.0, 1.0, 0.5], 1);
    let rules: [(&str, Box<dyn Ascent>); 2] = [("SAM", Box::new(Normalised)), ("signs", Box::new(Signs))];
    for (name, ascent) in rules {
        let method = Method { ascent, ..Method::sam(0.1, 0.1) };
        let (run, _) = shortfall::check(&problem, &method, &[1.0; 4], 20_000).expect("a good start");
        println!("{name:6} floor {:.3e}", run.floor().map_or(f64::NAN, |floor| floor.interval.mean));
    }
}
