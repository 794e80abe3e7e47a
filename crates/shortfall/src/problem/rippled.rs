//! `f(x) = mu x^2/2` from two samples with rippled gradients: THEORY.md section 11, `sto-m-nosmooth`.

use super::mixture::set_smoothness_of_batches;
use super::{Ask, FiniteSum, Hessian, Line, Minimum, Parabola, Problem, Ranges, Samples};
use crate::arguments::{Arguments, BadInput};
use crate::constants::{Constant, Constants, Number, Symbol};
use crate::source::DataSource;
use crate::theorem::{Kink, MOST_RIPPLES};
use std::f64::consts::PI;

/// A parabola whose two equally likely samples have the gradients `mu x +- amplitude sin(pi x/(2 radius))`.
#[derive(Debug)]
pub struct Rippled {
    mu: f64,
    amplitude: f64,
    radius: f64,
}

impl Rippled {
    /// f is mu-smooth and mu-strongly convex; all parameters above 0.
    pub fn new(mu: f64, amplitude: f64, radius: f64) -> Self {
        Self { mu, amplitude, radius }
    }

    pub(super) fn build(arguments: &Arguments, _: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
        let (mu, amplitude) = (arguments.positive("mu")?, arguments.positive("amplitude")?);
        let rippled = Self::new(mu, amplitude, arguments.positive("radius")?);
        let ripples = amplitude / mu / rippled.radius;
        if ripples.is_nan() || ripples > MOST_RIPPLES {
            return Err(arguments.bad(
                "amplitude",
                format_args!("must be at most {MOST_RIPPLES:e} mu radius, not {ripples:e} times as large"),
            ));
        }
        let start = rippled.default_start()[0];
        let usable = |x: f64| x.is_finite() && x > 0.0;
        if !usable(rippled.steepest().high) || !usable(mu * start) || !usable(0.5 * mu * start * start) {
            return Err(BadInput::new(format!("{}: the parameters overflow or underflow together", arguments.owner)));
        }
        Ok(Box::new(rippled))
    }

    /// The angle as a multiple of pi.
    fn half_turns(&self, x: f64) -> f64 {
        0.5 * (x / self.radius)
    }

    fn ripple(&self, x: f64) -> f64 {
        self.amplitude * core_math::sinpi(self.half_turns(x))
    }

    /// Smoothness of either sample, attained at 0 or at `2 radius`.
    fn steepest(&self) -> Number {
        self.mu + self.ripple_slope()
    }

    fn ripple_slope(&self) -> Number {
        Number::pi() * self.amplitude / (2.0 * Number::exact(self.radius))
    }

    /// See [`Kink::of`].
    pub fn kink(&self, index: u64) -> Option<Kink> {
        Kink::of(self.mu, self.amplitude, self.radius, index)
    }

    /// All kinks, from the origin outwards.
    pub fn kinks(&self) -> impl Iterator<Item = Kink> + '_ {
        (1..).map_while(|index| self.kink(index))
    }

    /// The outermost kink that attracts.
    pub fn last_attracting(&self) -> Option<Kink> {
        // c lies in (radius (2k - 1), 2 radius k) and below amplitude/(sqrt(2) mu).
        let most = 0.5 * (self.amplitude / self.mu / self.radius / 2f64.sqrt() + 1.0);
        let from = most.min(MOST_RIPPLES) as u64 + 1;
        (from.saturating_sub(3)..=from)
            .rev()
            .filter_map(|index| self.kink(index))
            .find(|kink| kink.attracts == Some(true))
    }
}

impl Problem for Rippled {
    fn dimension(&self) -> usize {
        1
    }

    fn value_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        gradient[0] = self.mu * x[0];
        0.5 * gradient[0] * x[0]
    }

    fn value_error(&self, x: &[f64], value: f64) -> f64 {
        // Two roundings, and products that may underflow.
        let underflow = if x[0] == 0.0 { 0.0 } else { f64::MIN_POSITIVE * (1.0 + x[0].abs()) };
        1.5 * f64::EPSILON * value + underflow
    }

    fn gradient_error(&self, _: &[f64], _: f64, gradient: &[f64]) -> f64 {
        f64::EPSILON * gradient[0].abs()
    }

    fn constants(&self, ask: &Ask) -> Constants {
        let start = Number::exact(ask.start[0]);
        let factor = ask.sampling.map_or(Number::exact(1.0), |sampling| sampling.variance_factor(2));
        let sigma2 = Number::exact(self.amplitude).square() * factor;
        let mut constants = Constants::missing("")
            .with(Symbol::Beta, Constant::exact(self.mu, "f'' = mu"))
            .with(Symbol::Mu, Constant::exact(self.mu, "f'' = mu"))
            .with(Symbol::Omega, Constant::exact(0.0, "f'' = mu > 0"))
            .with(Symbol::L, Constant::missing("the gradient of a quadratic is not bounded"))
            .with(Symbol::Sigma2, Constant::enclosed(Symbol::Sigma2, sigma2, "amplitude^2, over b"))
            .with(Symbol::Sigma2Star, Constant::exact(0.0, "both samples' gradients vanish at x* = 0"))
            .with(Symbol::Delta, Constant::enclosed(Symbol::Delta, self.mu * start.square() / 2.0, "mu x0^2/2"))
            .with(Symbol::D2, Constant::enclosed(Symbol::D2, start.square(), "x0^2"));
        let steepest = self.steepest();
        set_smoothness_of_batches(&mut constants, steepest, steepest.square(), steepest, ask.sampling);
        constants.components_convex = (self.ripple_slope() - self.mu).is_at_most(0.0);
        constants
    }

    fn minimum(&self) -> Minimum {
        Minimum::Known { value: 0.0, error: 0.0, point: vec![0.0], how: "closed form".to_owned() }
    }

    fn samples(&self) -> Samples<'_> {
        Samples::Finite(self)
    }

    fn hessian(&self) -> Option<&dyn Hessian> {
        Some(self)
    }

    fn line(&self) -> Option<Box<dyn Line + '_>> {
        Some(Box::new(Parabola(self.mu)))
    }

    fn default_start(&self) -> Vec<f64> {
        vec![self.last_attracting().map_or(self.radius, |kink| kink.place.middle())]
    }
}

impl Hessian for Rippled {
    fn matrix_at(&self, _: &[f64], matrix: &mut [f64]) -> bool {
        matrix[0] = self.mu;
        true
    }
}

/// One sample: `mu x^2/2 + amplitude (2 radius/pi)(1 - cos(pi x/(2 radius)))`.
struct Ripple {
    mu: f64,
    amplitude: f64,
    radius: f64,
}

impl Line for Ripple {
    fn ranges(&self, x: Number) -> Option<Ranges> {
        let length = 2.0 * Number::exact(self.radius) / Number::pi();
        let angle = x / length;
        let (mu, amplitude) = (Number::exact(self.mu), Number::exact(self.amplitude));
        Some(Ranges {
            value: mu * x.square() / 2.0 + amplitude * length * (1.0 - angle.cos()),
            slope: mu * x + amplitude * angle.sin(),
            curvature: mu + amplitude / length * angle.cos(),
        })
    }
}

/// Sample 0 has the plus sign.
fn mean_sign(batch: &[usize]) -> f64 {
    let minus = batch.iter().filter(|sample| **sample == 1).count();
    (batch.len() as f64 - 2.0 * minus as f64) / batch.len() as f64
}

impl FiniteSum for Rippled {
    fn count(&self) -> usize {
        2
    }

    fn batch_gradient(&self, batch: &[usize], x: &[f64], gradient: &mut [f64]) {
        gradient[0] = self.mu * x[0] + mean_sign(batch) * self.ripple(x[0]);
    }

    fn batch_hessian_product(&self, batch: &[usize], x: &[f64], v: &[f64], product: &mut [f64]) -> bool {
        let slope = 0.5 * PI * (self.amplitude / self.radius) * core_math::cospi(self.half_turns(x[0]));
        product[0] = (self.mu + mean_sign(batch) * slope) * v[0];
        true
    }

    fn line(&self, sample: usize) -> Option<Box<dyn Line + '_>> {
        let amplitude = if sample == 0 { self.amplitude } else { -self.amplitude };
        Some(Box::new(Ripple { mu: self.mu, amplitude, radius: self.radius }))
    }

    fn smoothness(&self, _: usize) -> f64 {
        self.steepest().high
    }

    fn evaluation_is_cheap(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Sampling;
    use proptest::prelude::*;

    fn sample(rippled: &Rippled, k: usize, x: f64) -> f64 {
        let mut gradient = [0.0];
        rippled.batch_gradient(&[k], &[x], &mut gradient);
        gradient[0]
    }

    #[test]
    fn constants_worked_by_hand() {
        let rippled = Rippled::new(0.5, 3.0, 2.0);
        let constants =
            rippled.constants(&Ask { start: &[3.0], sampling: Some(Sampling { batch: 3, ..Sampling::single() }) });
        let value = |symbol| constants.get(symbol).value().expect("known");
        assert_eq!((value(Symbol::Beta), value(Symbol::Mu), value(Symbol::Omega)), (0.5, 0.5, 0.0));
        assert!((3.0..3.0 + 1e-14).contains(&value(Symbol::Sigma2))); // 9/3
        assert_eq!(value(Symbol::Sigma2Star), 0.0);
        assert_eq!((value(Symbol::Delta), value(Symbol::D2)), (2.25, 9.0));
        let exact = 0.5 + 0.75 * PI;
        let largest = value(Symbol::BetaMax);
        assert!(largest >= exact && largest < exact + 1e-14);
        assert!(!constants.components_convex);
        // The slope at 0 attains it.
        let slope = sample(&rippled, 0, 1e-6) / 1e-6;
        assert!((slope - exact).abs() < 1e-9 && slope <= largest);
        assert!(Rippled::new(3.0, 1.0, 1.0).constants(&Ask { start: &[1.0], sampling: None }).components_convex);
    }

    #[test]
    fn samples_cancel_and_differentiate() {
        let rippled = Rippled::new(0.3, 1.7, 0.6);
        for i in -50..50 {
            let x = 0.217 * i as f64 + 0.01;
            let mut gradient = [0.0];
            rippled.batch_gradient(&[0, 1], &[x], &mut gradient);
            assert!((gradient[0] - 0.3 * x).abs() < 1e-15 * (1.0 + x.abs()));
            for k in 0..2 {
                let h = 1e-5;
                let difference = (sample(&rippled, k, x + h) - sample(&rippled, k, x - h)) / (2.0 * h);
                let mut product = [0.0];
                rippled.batch_hessian_product(&[k], &[x], &[2.0], &mut product);
                assert!((product[0] - 2.0 * difference).abs() < 1e-7, "{x} {k}");
            }
        }
        assert_eq!((sample(&rippled, 0, 1.2), sample(&rippled, 1, 1.2)), (0.36, 0.36)); // the sine of pi is exactly 0
    }

    #[test]
    fn kinks_lie_where_a_sample_turns() {
        // mu radius (2k - 1) < 1 for k <= 5.
        let rippled = Rippled::new(0.1, 1.0, 1.0);
        let kinks: Vec<Kink> = rippled.kinks().collect();
        assert_eq!(kinks.len(), 5);
        for Kink { index, place, attracts } in kinks {
            assert!(place.high - place.low < 1e-13, "{place:?}");
            let c = place.middle();
            assert!(c > (2 * index - 1) as f64 && c < (2 * index) as f64);
            let k = if index % 2 == 1 { 1 } else { 0 };
            assert!(sample(&rippled, k, c - 1e-9) < 0.0 && sample(&rippled, k, c + 1e-9) > 0.0, "{index}");
            assert!(sample(&rippled, 1 - k, c) > 0.0);
            assert_eq!(attracts, Some(0.1 * c < 0.5f64.sqrt()));
        }
        // c_3 lies in (5, 6) and attracts, c_4 is about 7.5, beyond 10/sqrt(2).
        let last = rippled.last_attracting().expect("there are some");
        assert_eq!(last.index, 3);
        assert_eq!(rippled.default_start(), [last.place.middle()]);
        assert_eq!(Rippled::new(1.0, 0.5, 1.0).default_start(), [1.0]);
    }

    proptest! {
        #[test]
        fn kinks_are_enclosed(mu in 0.01..2.0f64, amplitude in 0.1..10.0f64, radius in 0.01..5.0f64) {
            let rippled = Rippled::new(mu, amplitude, radius);
            let excess = |c: f64| mu * c - amplitude * (0.5 * PI * c / radius).sin().abs();
            let mut kinks: Vec<Kink> = rippled.kinks().take(50).collect();
            kinks.extend(rippled.last_attracting());
            for Kink { index, place, .. } in kinks {
                let span = 1e-9 * place.high;
                prop_assert!(place.high - place.low <= 1e-12 * place.high * index as f64);
                prop_assert!(excess(place.low - span) < 0.0 && excess(place.high + span) > 0.0);
            }
            // The next one outwards does not attract.
            if let Some(next) = rippled.last_attracting().and_then(|kink| rippled.kink(kink.index + 1)) {
                prop_assert_ne!(next.attracts, Some(true));
            }
        }
    }
}
