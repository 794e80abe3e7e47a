//! How the point moves.

mod adam;
mod momentum;

pub use adam::Adam;
pub use momentum::{HeavyBall, Nesterov};

use crate::arguments::{Arguments, BadInput};
use crate::kernel;
use crate::parallel::{Parallel, for_vector};

/// The second half of a step.
pub trait Descent: Send + Sync {
    /// Numbers of memory a lane carries for dimension `d`; all zero at the start.
    fn memory(&self, d: usize) -> usize {
        let _ = d;
        0
    }

    /// Moves `x` by the gradient `h` taken at the perturbed point, at step `t` (from 0) with step size `eta`.
    fn step(&self, t: u64, eta: f64, h: &[f64], x: &mut [f64], memory: &mut [f64]);

    /// [`Descent::step`] on several threads, the same bits; on one, unless a rule says how.
    fn step_on(&self, t: u64, eta: f64, h: &[f64], x: &mut [f64], memory: &mut [f64], parallel: &dyn Parallel) {
        let _ = parallel;
        self.step(t, eta, h, x, memory);
    }

    /// Whether it is `x - eta h`: the one rule statements are about.
    fn is_gradient_descent(&self) -> bool {
        false
    }
}

/// `x+ = x - eta h`.
pub struct GradientDescent;

impl Descent for GradientDescent {
    fn step(&self, _: u64, eta: f64, h: &[f64], x: &mut [f64], _: &mut [f64]) {
        match (x, h) {
            ([x], [h]) => *x = (-eta).mul_add(*h, *x),
            (x, h) => kernel::add_scaled(-eta, h, x),
        }
    }

    fn step_on(&self, t: u64, eta: f64, h: &[f64], x: &mut [f64], _: &mut [f64], parallel: &dyn Parallel) {
        for_vector(parallel, x, |from, x| self.step(t, eta, &h[from..][..x.len()], x, &mut []));
    }

    fn is_gradient_descent(&self) -> bool {
        true
    }
}

/// From the arguments `descent`, `momentum`, `beta2` and `epsilon`.
pub(super) fn parse_descent(arguments: &Arguments) -> Result<Box<dyn Descent>, BadInput> {
    let rule = arguments.text("descent")?;
    let used: &[&str] = match rule {
        "gradient" => &[],
        "heavy-ball" | "nesterov" => &["momentum"],
        "adam" => &["momentum", "beta2", "epsilon"],
        other => {
            return Err(arguments.bad(
                "descent",
                format_args!("must be \"gradient\", \"heavy-ball\", \"nesterov\" or \"adam\", not {other:?}"),
            ));
        }
    };
    let unused =
        ["momentum", "beta2", "epsilon"].into_iter().find(|name| arguments.get(name).is_some() && !used.contains(name));
    if let Some(name) = unused {
        return Err(arguments.bad(name, format_args!("has no effect with descent={rule:?}")));
    }
    let below_one = |name: &str, absent: f64| match arguments.get(name) {
        None => Ok(absent),
        Some(_) => match arguments.non_negative(name)? {
            value if value < 1.0 => Ok(value),
            value => Err(arguments.bad(name, format_args!("must be below 1, not {value}"))),
        },
    };
    let momentum = below_one("momentum", 0.9)?;
    Ok(match rule {
        "heavy-ball" => Box::new(HeavyBall { momentum }),
        "nesterov" => Box::new(Nesterov { momentum }),
        "adam" => {
            let epsilon = if arguments.get("epsilon").is_none() { 1e-8 } else { arguments.positive("epsilon")? };
            Box::new(Adam { beta1: momentum, beta2: below_one("beta2", 0.999)?, epsilon })
        }
        _ => Box::new(GradientDescent),
    })
}
