//! Strongly convex in two dimensions, with two ridges: THEORY.md section 4, `det-sc-lower-ridge`.
//!
//! With `b = beta - 2k`, `t = sqrt(mu/(mu + k))`, `K = k (mu + k)/(2 mu + k)`
//!
//! ```text
//! f = b x1^2/2 + mu x2^2/2 + (K/2) (max(x1 - t x2, 0)^2 + max(-x1 - t x2, 0)^2)
//! ```
//!
//! which is the statement's function: `K = k c^2`, `t = s/c`.

use super::{Ask, Hessian, Minimum, Problem};
use crate::arguments::{Arguments, BadInput};
use crate::constants::{Constant, Constants, Number, Symbol};
use crate::kernel::norm;
use crate::source::DataSource;
use crate::theorem::RidgeOrbit;

/// The double ridge; minimiser 0.
#[derive(Debug)]
pub struct DoubleRidge {
    beta: f64,
    mu: f64,
    ridge: f64,
    shape: Shape<f64>,
}

/// `b`, `K`, `t`.
#[derive(Clone, Copy, Debug)]
struct Shape<T> {
    along: T,
    ridge: T,
    tilt: T,
}

impl DoubleRidge {
    /// beta-smooth and mu-strongly convex; `0 < ridge < (beta - mu)/2`.
    pub fn new(beta: f64, mu: f64, ridge: f64) -> Self {
        let Shape { along, ridge: height, tilt } = shape(beta, mu, ridge);
        let shape = Shape { along: along.middle(), ridge: height.middle(), tilt: tilt.middle() };
        Self { beta, mu, ridge, shape }
    }

    pub(super) fn build(arguments: &Arguments, _: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
        let (beta, mu, ridge) = (arguments.positive("beta")?, arguments.positive("mu")?, arguments.positive("ridge")?);
        if mu >= beta {
            return Err(arguments.bad("mu", format_args!("must be above 0 and below beta = {beta}, not {mu}")));
        }
        if !(Number::exact(beta) - mu - 2.0 * Number::exact(ridge)).is_above(0.0) {
            return Err(arguments.bad(
                "ridge",
                format_args!("must be above 0 and below (beta - mu)/2 = {}, not {ridge}", 0.5 * (beta - mu)),
            ));
        }
        let problem = Self::new(beta, mu, ridge);
        let Shape { along, ridge: height, tilt } = problem.shape;
        if [along, height, tilt].iter().any(|part| !part.is_normal()) || !problem.enclosed(&[1.0, 1.0]).high.is_finite()
        {
            return Err(BadInput::new(format!("{}: the parameters overflow or underflow together", arguments.owner)));
        }
        Ok(Box::new(problem))
    }

    /// The 2-cycle of SAM with this step and radius, where it is certain to exist: see [`RidgeOrbit::of`].
    pub fn orbit(&self, eta: f64, rho: f64) -> Option<RidgeOrbit> {
        let [beta, mu, ridge, eta, rho] = [self.beta, self.mu, self.ridge, eta, rho].map(Number::exact);
        RidgeOrbit::of(beta, mu, ridge, eta, rho)
    }

    /// `f(x)`, enclosed.
    fn enclosed(&self, x: &[f64]) -> Number {
        let Shape { along, ridge, tilt } = shape(self.beta, self.mu, self.ridge);
        let [x1, x2] = [Number::exact(x[0]), Number::exact(x[1])];
        let [right, left] = [x1, -x1].map(|side| (side - tilt * x2).positive_part());
        (along * x1.square() + self.mu * x2.square() + ridge * (right.square() + left.square())) / 2.0
    }

    /// `(max(x1 - t x2, 0), max(-x1 - t x2, 0))`
    fn heights(&self, x: &[f64]) -> (f64, f64) {
        let lean = self.shape.tilt * x[1];
        ((x[0] - lean).max(0.0), (-x[0] - lean).max(0.0))
    }
}

fn shape(beta: f64, mu: f64, ridge: f64) -> Shape<Number> {
    let [beta, mu, ridge] = [beta, mu, ridge].map(Number::exact);
    Shape {
        along: beta - 2.0 * ridge,
        ridge: ridge * (mu + ridge) / (2.0 * mu + ridge),
        tilt: (mu / (mu + ridge)).sqrt(),
    }
}

impl Problem for DoubleRidge {
    fn dimension(&self) -> usize {
        2
    }

    fn value_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let Shape { along, ridge, tilt } = self.shape;
        let (right, left) = self.heights(x);
        gradient[0] = along * x[0] + ridge * (right - left);
        gradient[1] = self.mu * x[1] - ridge * tilt * (right + left);
        0.5 * (along * x[0] * x[0] + self.mu * x[1] * x[1] + ridge * (right * right + left * left))
    }

    fn value_error(&self, x: &[f64], value: f64) -> f64 {
        let exact = self.enclosed(x);
        let error = (exact - value).max(value - exact);
        error.high.max(0.0)
    }

    fn gradient_error(&self, x: &[f64], _: f64, _: &[f64]) -> f64 {
        // A dozen roundings of terms that are each at most beta |x|.
        12.0 * f64::EPSILON * self.beta * norm(x)
    }

    fn constants(&self, ask: &Ask) -> Constants {
        let distance = ask.start.iter().map(|x| Number::exact(*x).square()).sum();
        let bend = "every Hessian has eigenvalues up to beta - 2 k s^2 or b + k";
        Constants::missing("")
            .without_samples()
            .with(Symbol::Beta, Constant::bound(Symbol::Beta, self.beta, bend))
            .with(Symbol::Mu, Constant::exact(self.mu, "the curvature along x2 where both ridges are idle"))
            .with(Symbol::Omega, Constant::exact(0.0, "f is convex"))
            .with(Symbol::L, Constant::missing("the gradient is not bounded"))
            .with(Symbol::Delta, Constant::enclosed(Symbol::Delta, self.enclosed(ask.start), "f(x0), since f* = 0"))
            .with(Symbol::D2, Constant::enclosed(Symbol::D2, distance, "|x0|^2"))
    }

    fn minimum(&self) -> Minimum {
        Minimum::Known { value: 0.0, error: 0.0, point: vec![0.0; 2], how: "closed form".to_owned() }
    }

    fn hessian(&self) -> Option<&dyn Hessian> {
        Some(self)
    }

    fn work(&self) -> usize {
        20
    }
}

impl Hessian for DoubleRidge {
    fn matrix_at(&self, x: &[f64], matrix: &mut [f64]) -> bool {
        let Shape { along, ridge, tilt } = self.shape;
        let lean = tilt * x[1];
        let near = 4.0 * f64::EPSILON * (x[0].abs() + lean.abs());
        let on_an_edge = (x[0] - lean).abs() <= near || (x[0] + lean).abs() <= near;
        if on_an_edge {
            return false;
        }
        let (right, left) = self.heights(x);
        let active = |height: f64| if height > 0.0 { ridge } else { 0.0 };
        let cross = tilt * (active(left) - active(right));
        matrix.copy_from_slice(&[
            along + active(right) + active(left),
            cross,
            cross,
            self.mu + tilt * tilt * (active(right) + active(left)),
        ]);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constants::eigen::symmetric;
    use crate::kernel::norm;
    use proptest::prelude::*;

    /// The statement's own formula.
    fn plain(beta: f64, mu: f64, k: f64, x: [f64; 2]) -> (f64, [f64; 2]) {
        let (b, t) = (beta - 2.0 * k, (mu / (mu + k)).sqrt());
        let c = 1.0 / (1.0 + t * t).sqrt();
        let s = t * c;
        let (p, m) = ((c * x[0] - s * x[1]).max(0.0), (-c * x[0] - s * x[1]).max(0.0));
        let value = b * x[0] * x[0] / 2.0 + mu * x[1] * x[1] / 2.0 + k / 2.0 * (p * p + m * m);
        (value, [b * x[0] + k * c * (p - m), mu * x[1] - k * s * (p + m)])
    }

    fn parameters() -> impl Strategy<Value = (f64, f64, f64)> {
        (0.1..10.0f64, 1.1..1e4f64, 0.01..0.99f64).prop_map(|(beta, kappa, part)| {
            let mu = beta / kappa;
            (beta, mu, part * (beta - mu) / 2.0)
        })
    }

    proptest! {
        #[test]
        fn value_gradient_and_bounds((beta, mu, k) in parameters(), x1 in -3.0..3.0f64, x2 in -3.0..3.0f64) {
            let problem = DoubleRidge::new(beta, mu, k);
            let x = [x1, x2];
            let mut gradient = [0.0; 2];
            let value = problem.value_gradient(&x, &mut gradient);
            let (expected, slopes) = plain(beta, mu, k, x);
            prop_assert!((value - expected).abs() <= 1e-13 * expected);
            prop_assert!(gradient.iter().zip(&slopes).all(|(a, b)| (a - b).abs() <= 1e-13 * beta * 6.0));
            prop_assert!(problem.value_error(&x, value) <= 1e-14 * value);
            let enclosed = problem.enclosed(&x);
            prop_assert!(enclosed.low <= value * (1.0 + 1e-15) && enclosed.high >= value * (1.0 - 1e-15));
            let mut matrix = [0.0; 4];
            if problem.matrix_at(&x, &mut matrix) {
                let eigen = symmetric(&matrix, 2, &crate::parallel::Sequential).expect("finite");
                prop_assert!(eigen.values[0] >= mu - 1e-12 * beta && eigen.values[1] <= beta * (1.0 + 1e-12));
                let h = 1e-7;
                let mut moved = [0.0; 2];
                problem.value_gradient(&[x1 + h, x2], &mut moved);
                let difference = (moved[1] - gradient[1]) / h;
                let lean = problem.shape.tilt * x2;
                let far = (x1 - lean).abs().min((x1 + lean).abs()) > 2.0 * h;
                prop_assert!(!far || (difference - matrix[1]).abs() < 1e-5 * beta, "{difference} {}", matrix[1]);
            }
        }

        #[test]
        fn one_step_maps_the_orbit_to_its_mirror(beta in 0.1..10.0f64, kappa in 20.0..1e5f64, q in 0.001..=1.0f64, rho in 0.01..10.0f64) {
            let (mu, k, eta) = (beta / kappa, beta / 4.0, q / beta);
            prop_assume!(beta * eta <= 1.0);
            let orbit = DoubleRidge::new(beta, mu, k).orbit(eta, rho).expect("valid for kappa >= 20");
            let x = [orbit.x1.middle(), orbit.x2.middle()];
            let (value, g) = plain(beta, mu, k, x);
            let size = norm(&g);
            let y = [x[0] + rho * g[0] / size, x[1] + rho * g[1] / size];
            let (_, h) = plain(beta, mu, k, y);
            let next = [x[0] - eta * h[0], x[1] - eta * h[1]];
            let scale = norm(&x) + rho;
            prop_assert!((next[0] + x[0]).abs() <= 1e-14 * scale, "{next:?} {x:?}");
            prop_assert!((next[1] - x[1]).abs() <= 1e-14 * scale, "{next:?} {x:?}");
            let f = orbit.suboptimality;
            prop_assert!((f.middle() - value).abs() <= 1e-13 * value);
            prop_assert!(f.high - f.low <= 1e-13 * f.low);
            let promised = (beta.powi(4) * eta * eta * rho * rho / (410.0 * mu)).min(beta * rho * rho / 193.0);
            prop_assert!(f.low >= promised, "{f:?} {promised}");
        }
    }

    #[test]
    fn zero_only_at_the_minimiser_and_no_hessian_on_an_edge() {
        // mu = 1, k = 3: t = 1/2 exactly.
        let problem = DoubleRidge::new(8.0, 1.0, 3.0);
        let mut gradient = [1.0; 2];
        assert_eq!(problem.value_gradient(&[0.0, 0.0], &mut gradient), 0.0);
        assert_eq!(gradient, [0.0, 0.0]);
        let mut matrix = [0.0; 4];
        for edge in [[0.0, 0.0], [0.5, 1.0], [-0.5, 1.0], [0.35, -0.7]] {
            assert!(!problem.matrix_at(&edge, &mut matrix), "{edge:?}");
        }
        assert!(problem.matrix_at(&[0.0, 1.0], &mut matrix));
        assert_eq!(matrix, [2.0, 0.0, 0.0, 1.0]);
        problem.value_gradient(&[0.0, -1.0], &mut gradient);
        assert_eq!(gradient[0], 0.0);
    }

    #[test]
    fn constants_worked_by_hand() {
        // K = 3*4/5 = 2.4; at (1, 0): 2/2 + 2.4/2 = 2.2.
        let constants = DoubleRidge::new(8.0, 1.0, 3.0).constants(&Ask { start: &[1.0, 0.0], sampling: None });
        let value = |symbol| constants.get(symbol).value().expect("known");
        assert_eq!((value(Symbol::Beta), value(Symbol::Mu), value(Symbol::Omega)), (8.0, 1.0, 0.0));
        assert!(value(Symbol::Delta) >= 2.2 && value(Symbol::Delta) < 2.2 + 1e-14);
        assert_eq!(value(Symbol::D2), 1.0);
    }

    #[test]
    fn no_orbit_where_it_is_not_certain() {
        let problem = DoubleRidge::new(1.0, 0.02, 0.25);
        assert!(problem.orbit(0.5, 1.0).is_some());
        assert!(problem.orbit(3.21, 1.0).is_none()); // eta B >= 2
        assert!(problem.orbit(0.5, 0.0).is_none());
        assert!(DoubleRidge::new(1.0, 0.5, 0.2).orbit(0.5, 1.0).is_none()); // a ridge is active
    }
}
