//! `f(x) = (beta radius^2/phase^2) sin(phase x/radius)`: THEORY.md section 7, with `dl = phase`.

use super::{Ask, Hessian, Line, Minimum, Problem, Ranges};
use crate::arguments::{Arguments, BadInput};
use crate::constants::{Constant, Constants, Number, Symbol};
use crate::source::DataSource;
use std::f64::consts::PI;

/// The paper's example of nonconvex non-convergence.
#[derive(Debug)]
pub struct Sine {
    beta: f64,
    radius: f64,
    phase: f64,
}

impl Sine {
    /// beta-smooth; SAM with `rho = radius` moves by the angle `phase`.
    pub fn new(beta: f64, radius: f64, phase: f64) -> Self {
        Self { beta, radius, phase }
    }

    pub(super) fn build(arguments: &Arguments, _: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
        let sine = Self::new(arguments.positive("beta")?, arguments.positive("radius")?, arguments.positive("phase")?);
        let usable = |x: f64| x.is_finite() && x > 0.0;
        if !usable(sine.amplitude()) || !usable(sine.slope()) || !usable(sine.phase / sine.radius) {
            return Err(BadInput::new(format!("{}: the parameters overflow or underflow together", arguments.owner)));
        }
        Ok(Box::new(sine))
    }

    fn amplitude(&self) -> f64 {
        self.slope() * (self.radius / self.phase)
    }

    fn slope(&self) -> f64 {
        self.beta * (self.radius / self.phase)
    }

    fn angle(&self, x: f64) -> f64 {
        self.phase * (x / self.radius)
    }
}

impl Problem for Sine {
    fn dimension(&self) -> usize {
        1
    }

    fn value_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let angle = self.angle(x[0]);
        gradient[0] = self.slope() * core_math::cos(angle);
        self.amplitude() * core_math::sin(angle)
    }

    fn value_error(&self, x: &[f64], value: f64) -> f64 {
        // Two roundings in the angle, each of relative size u; four in the amplitude and the product.
        f64::EPSILON * (self.amplitude() * self.angle(x[0]).abs() + 4.0 * value.abs())
    }

    fn gradient_error(&self, x: &[f64], _: f64, _: &[f64]) -> f64 {
        f64::EPSILON * self.slope() * (self.angle(x[0]).abs() + 4.0)
    }

    fn constants(&self, ask: &Ask) -> Constants {
        let x = ask.start[0];
        let lipschitz = Number::exact(self.beta) * self.radius / self.phase;
        let mut gradient = [0.0];
        let value = self.value_gradient(&[x], &mut gradient);
        let error = self.value_error(&[x], value);
        let amplitude = lipschitz * self.radius / self.phase;
        let delta = (Number::exact(value) + Number::between(-error, error) + amplitude).positive_part();
        // Minimisers at phase x/radius = -pi/2 + 2 pi k: the distance is found in angles, with its rounding.
        let turns = (self.angle(x) + PI / 2.0) / (2.0 * PI);
        let away = (turns - turns.round()).abs() + 4.0 * f64::EPSILON * (turns.abs() + 1.0);
        let distance = Number::exact(away) * 2.0 * Number::pi() * self.radius / self.phase;
        Constants::missing("")
            .without_samples()
            .with(Symbol::Beta, Constant::exact(self.beta, "largest |f''|"))
            .with(Symbol::Mu, Constant::missing("f is not convex"))
            .with(Symbol::Omega, Constant::exact(self.beta, "-(smallest f'')"))
            .with(Symbol::L, Constant::enclosed(Symbol::L, lipschitz, "beta radius/phase"))
            .with(Symbol::Delta, Constant::bound(Symbol::Delta, delta.high, "f(x0) + beta radius^2/phase^2"))
            .with(
                Symbol::D2,
                Constant::bound(Symbol::D2, distance.square().high, "distance to the nearest minimiser, squared"),
            )
    }

    fn minimum(&self) -> Minimum {
        let value = -self.amplitude();
        let point = vec![-0.5 * PI / self.phase * self.radius];
        Minimum::Known { value, error: 4.0 * f64::EPSILON * value.abs(), point, how: "closed form".to_owned() }
    }

    fn hessian(&self) -> Option<&dyn Hessian> {
        Some(self)
    }

    fn line(&self) -> Option<Box<dyn Line + '_>> {
        Some(Box::new(self))
    }

    fn default_start(&self) -> Vec<f64> {
        vec![0.1 * self.radius]
    }
}

impl Hessian for Sine {
    fn matrix_at(&self, x: &[f64], matrix: &mut [f64]) -> bool {
        matrix[0] = -self.beta * core_math::sin(self.angle(x[0]));
        true
    }
}

impl Line for Sine {
    fn ranges(&self, x: Number) -> Option<Ranges> {
        let (beta, phase) = (Number::exact(self.beta), Number::exact(self.phase));
        let length = Number::exact(self.radius) / phase;
        let angle = x / length;
        let (sine, slope) = (angle.sin(), beta * length);
        Some(Ranges { value: slope * length * sine, slope: slope * angle.cos(), curvature: -(beta * sine) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_at_a_start_worked_by_hand() {
        // beta = 3, radius = 2, phase = pi: amplitude 12/pi^2; x0 = 1: angle pi/2, Delta = 24/pi^2, distance 2.
        let sine = Sine::new(3.0, 2.0, PI);
        let constants = sine.constants(&Ask { start: &[1.0], sampling: None });
        let value = |symbol| constants.get(symbol).value().expect("known");
        let near = |a: f64, b: f64| a >= b * (1.0 - 1e-15) && a <= b * (1.0 + 1e-13);
        assert_eq!((value(Symbol::Beta), value(Symbol::Omega)), (3.0, 3.0));
        assert!(near(value(Symbol::L), 6.0 / PI));
        assert!(near(value(Symbol::Delta), 24.0 / (PI * PI)));
        assert!(near(value(Symbol::D2), 4.0), "{}", value(Symbol::D2));
    }
}
