//! Points deterministic SAM takes for minima: criteria on both sides of their thresholds.

mod common;

use common::{find, registered, verdicts};
use shortfall::arguments::Arguments;
use shortfall::constants::Symbol;
use shortfall::method::Method;
use shortfall::problem::{Closure, Hessian, Problem};
use shortfall::simulate::Run;
use shortfall::verdict::{Judgement, Verdict};

/// `(x1^2-1)^2/4 + c |rest|^2/2`: minima at +-1 with second derivative 2 along x1.
struct DoubleWell {
    d: usize,
    c: f64,
}

impl Problem for DoubleWell {
    fn dimension(&self) -> usize {
        self.d
    }

    fn value_gradient(&self, x: &[f64], g: &mut [f64]) -> f64 {
        let well = x[0] * x[0] - 1.0;
        g[0] = x[0] * well;
        let mut value = 0.25 * well * well;
        for (g, x) in g.iter_mut().zip(x).skip(1) {
            *g = self.c * x;
            value += 0.5 * self.c * x * x;
        }
        value
    }

    fn hessian(&self) -> Option<&dyn Hessian> {
        Some(self)
    }
}

impl Hessian for DoubleWell {
    fn matrix_at(&self, x: &[f64], matrix: &mut [f64]) -> bool {
        matrix.fill(0.0);
        for i in 0..self.d {
            matrix[i * self.d + i] = if i == 0 { 3.0 * x[0] * x[0] - 1.0 } else { self.c };
        }
        true
    }
}

fn run(problem: &dyn Problem, eta: f64, rho: f64, start: &[f64]) -> (Run, Vec<Judgement>) {
    verdicts(problem, &Arguments::of("own"), &Method::sam(eta, rho), start, 3000, 1)
}

fn criterion(id: &str, problem: &dyn Problem, eta: f64, rho: f64, start: &[f64]) -> (Verdict, bool) {
    let (run, judgements) = run(problem, eta, rho, start);
    let judgement = find(&judgements, id, "stability-criterion");
    let rests = judgement.bound.as_ref().and_then(|bound| bound.rests);
    let movement = &run.lanes[0].movement;
    if judgement.verdict == Verdict::Holds {
        assert_eq!(rests, Some(movement.at_rest() && movement.travelled < 1e-3), "{id} {eta} {start:?}");
    }
    (judgement.verdict, rests == Some(true))
}

#[test]
fn a_double_well_is_seen_across_its_top() {
    // rho = 3/2: x+ = -+1/2 looks at the well at +-1 of the other side; f'(-1/2) = 3/8 > 0, f''(1) = 2: eta < 1.
    let well = DoubleWell { d: 1, c: 0.0 };
    for side in [-1.0, 1.0] {
        for (eta, attracts) in [(0.1, true), (0.7, true), (0.95, true), (1.05, false), (1.3, false)] {
            let start = [side * 0.5 + 3e-5];
            let found = criterion("halluc-1d", &well, eta, 1.5, &start);
            assert_eq!(found, (Verdict::Holds, attracts), "{side} {eta}");
        }
    }
    // rho = 1/2: from 1/2 one looks at 0, a maximum; no statement about that, nor about starts that are far away.
    for (rho, start) in [(0.5, [0.5 + 3e-5]), (1.5, [0.6]), (1.5, [0.5])] {
        let (verdict, _) = criterion("halluc-1d", &well, 0.1, rho, &start);
        assert_eq!(verdict, Verdict::NotApplicable, "{rho} {start:?}");
    }
}

#[test]
fn in_more_dimensions_the_sides_matter() {
    // x+ = (-1/2, 0), |g| = 3/8, y+ = (1, 0): H_y = diag(2, c), P H_x = diag(0, c): multipliers 1 - 2 eta and
    // 1 - eta c (1 + 4 c): c = -1/8 gives 1 + eta/16, repelled; c = -1 gives 1 - 3 eta, attracted though f falls there.
    for (c, eta, attracts) in [
        (1.0, 0.3, true),
        (1.0, 0.39, true),
        (1.0, 0.41, false),
        (0.1, 0.95, true),
        (0.1, 1.05, false),
        (-0.125, 0.3, false),
        (-1.0, 0.3, true),
    ] {
        for d in [2, 5] {
            let mut start = vec![2e-5; d];
            start[0] -= 0.5;
            let found = criterion("halluc-dd", &DoubleWell { d, c }, eta, 1.5, &start);
            assert_eq!(found, (Verdict::Holds, attracts), "{c} {eta} {d}");
        }
    }
}

#[test]
fn the_gradient_there_is_at_most_omega_rho() {
    // beta = 2, radius = 1, phase = 2 pi: at rho = 3/4 SAM rests at -1, where f' = 1/pi <= 2*3/4.
    let (sine, name) = registered("sine", &[("beta", 2.0), ("radius", 1.0), ("phase", 2.0 * std::f64::consts::PI)]);
    let (_, judgements) = verdicts(sine.as_ref(), &name, &Method::sam(0.3, 0.75), &[-1.0 + 1e-4], 2000, 1);
    let judgement = find(&judgements, "halluc-nec", "gradient-at-hallucinated-point");
    assert_eq!(judgement.verdict, Verdict::Holds, "{:?}", judgement.reasons);
    assert!((judgement.ratio().expect("measured") - 1.0 / (1.5 * std::f64::consts::PI)).abs() < 1e-8);
    assert_eq!(find(&judgements, "halluc-1d", "stability-criterion").verdict, Verdict::Holds);
    // A user's word that the double well is convex is refuted by the run, not the statement.
    let liar = |omega| {
        let well = Closure::new(1, |x, g| DoubleWell { d: 1, c: 0.0 }.value_gradient(x, g));
        let well = well.assume(Symbol::Omega, omega).assume(Symbol::Beta, 10.0);
        let (_, judgements) = run(&well, 0.3, 1.5, &[-0.49]);
        find(&judgements, "halluc-nec", "gradient-at-hallucinated-point").verdict
    };
    assert_eq!((liar(0.0), liar(1.0)), (Verdict::Undecided, Verdict::Holds));
}
