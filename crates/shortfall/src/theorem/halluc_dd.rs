//! `halluc-dd`: whether SAM is attracted by a point rho downhill of a stationary one, in any dimension.

use super::halluc_1d::{bound, near_one, quantity};
use super::{Form, Inputs, Kind, Mode, Requirement, Theorem, Witness};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "halluc-dd",
    source: "THEORY.md section 14; the name hallucinated minimiser is from arXiv 2509.21818",
    setting: "Deterministic SAM in d >= 2 dimensions (200 at most here), rho > 0; f twice differentiable; grad f(y+) = 0, y+ \
              = x+ + rho*g/|g|, g = grad f(x+) != 0; the start within rho/1000 of x+.",
    statement: "x+ attracts if the spectral radius of I - eta*H_y*(I + (rho/|g|)*P*H_x) is below 1 and repels if it is above; \
                H_x, H_y the Hessians at x+ and y+, P = I - gg'/|g|^2",
    meaning: "A minimum rho uphill can hold SAM on a slope if f also rises to the sides of x+, along the sphere of radius rho \
              around that minimum.",
    tightness: "An equivalence of linear attraction. The points are found by Newton's method and the spectral radius by an \
                eigenvalue solver, so the numbers are estimates.",
    example: "shortfall run 'quadratic{eigenvalues=[-1.0,1.0]}' 'sam{eta=0.5,rho=1.0}' --start '[1.0001,0.0]' --steps 40",
    forms: &[Form::new(Kind::Exact, Mode::Pathwise, quantity, requires, bound)
        // At (1/2, 0): |g| = 3/8, H_y (I + (rho/|g|) P H_x) = diag(2, 5): attracts below eta = 2/5.
        .witnessed(&[
            Witness {
                problem: "double-well{transverse=[1.0]}",
                method: "sam{eta=0.38,rho=1.5}",
                start: Some("[0.5005,0.0005]"),
                steps: 1000,
                seeds: None,
                assume: &[],
            },
            Witness {
                problem: "double-well{transverse=[1.0]}",
                method: "sam{eta=0.42,rho=1.5}",
                start: Some("[0.5005,0.0005]"),
                steps: 1000,
                seeds: None,
                assume: &[],
            },
        ])],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let dimension = inputs.problem.dimension;
    near_one(inputs, Requirement::new("d >= 2", dimension >= 2, format!("d = {dimension}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::halluc_1d::tests::example;

    #[test]
    fn both_sides() {
        assert_eq!(example(2, 4.0, 0.5).bound(&THEOREM, None).rests, Some(true));
        assert_eq!(example(3, 4.0, 1.01).bound(&THEOREM, None).rests, Some(false));
        assert!(!example(1, 4.0, 0.5).applies(&THEOREM, None));
        assert!(!example(2, 4.0, 1.0 + 1e-7).applies(&THEOREM, None));
    }
}
