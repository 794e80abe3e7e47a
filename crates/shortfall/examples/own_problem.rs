//! A problem of your own with constants: every theorem is evaluated on it and held against the run.

use shortfall::constants::{Constant, Constants, Symbol};
use shortfall::method::Method;
use shortfall::problem::{Ask, Minimum, Problem};

/// `f(x) = log(cosh x) + x^2/20`: convex, beta = 1.1, mu = 0.1, minimum 0 at 0.
struct SoftValley;

impl Problem for SoftValley {
    fn dimension(&self) -> usize {
        1
    }

    fn value_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        gradient[0] = x[0].tanh() + x[0] / 10.0;
        x[0].cosh().ln() + x[0] * x[0] / 20.0
    }

    fn constants(&self, ask: &Ask) -> Constants {
        let start = self.value_gradient(ask.start, &mut [0.0]);
        Constants::missing("")
            .without_samples()
            .with(Symbol::Beta, Constant::bound(Symbol::Beta, 1.1f64.next_up(), "tanh' <= 1"))
            .with(Symbol::Mu, Constant::bound(Symbol::Mu, 0.1f64.next_down(), "x^2/20"))
            .with(Symbol::Omega, Constant::exact(0.0, "convex"))
            .with(Symbol::Delta, Constant::bound(Symbol::Delta, start * (1.0 + 1e-12), "f(x0), since f* = 0"))
            .with(Symbol::D2, Constant::exact(ask.start[0] * ask.start[0], "x0^2"))
    }

    fn minimum(&self) -> Minimum {
        Minimum::Known { value: 0.0, error: 0.0, point: vec![0.0], how: "closed form".to_owned() }
    }
}

fn main() {
    let (run, judgements) = shortfall::check(&SoftValley, &Method::sam(0.2, 0.05), &[3.0], 5000).expect("a good start");
    println!("floor: {:.3e}", run.floor().map_or(f64::NAN, |floor| floor.interval.mean));
    for judgement in judgements.iter().filter(|judgement| judgement.bound.is_some()) {
        let (id, of) = (judgement.theorem.id, judgement.quantity.word());
        println!("{id:18} {of:26} {:10} bound {:.3e}", judgement.verdict.word(), judgement.value().unwrap_or(f64::NAN));
    }
}
