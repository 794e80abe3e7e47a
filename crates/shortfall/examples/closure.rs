//! SAM on a function of your own, given as a closure: where does it stop?

use shortfall::method::Method;
use shortfall::parallel::Sequential;
use shortfall::problem::Closure;
use shortfall::simulate::{Plan, run};
use std::ops::ControlFlow;

fn main() {
    // f(x, y) = (x^2 + 10 y^2)/2, minimum 0.
    let bowl = Closure::new(2, |x, gradient| {
        gradient.copy_from_slice(&[x[0], 10.0 * x[1]]);
        (x[0] * x[0] + 10.0 * x[1] * x[1]) / 2.0
    });
    let plan = Plan::new(vec![1.0, 1.0], 2000);
    let run = run(&bowl, &Method::sam(0.05, 0.1), plan, &Sequential, &mut |_| ControlFlow::Continue(()));
    let run = run.expect("a start of the right dimension");
    for (step, value, gradient_norm) in run.trace().iter().step_by(10) {
        println!("step {step:5}: f = {:.3e}, |grad f| = {:.3e}", value.mean, gradient_norm.mean);
    }
}
