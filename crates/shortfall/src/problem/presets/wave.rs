//! Functions whose derivative has a tooth: THEORY.md sections 7, 11 and 13.

use super::{extreme, mixture, piecewise};
use crate::arguments::{Arguments, BadInput};
use crate::constants::Number;
use crate::problem::Problem;
use crate::problem::piecewise_linear::PiecewiseLinear;
use crate::source::DataSource;

struct Wave {
    beta: f64,
    radius: f64,
    eps: f64,
    /// `eps radius/2`
    a: Number,
}

impl Wave {
    fn parse(arguments: &Arguments) -> Result<Self, BadInput> {
        let (beta, radius) = (arguments.positive("beta")?, arguments.positive("radius")?);
        let eps = arguments.positive("eps")?;
        if eps >= 0.5 {
            return Err(arguments.bad("eps", format_args!("must lie between 0 and 1/2, not {eps}")));
        }
        Ok(Self { beta, radius, eps, a: Number::exact(eps) * radius / 2.0 })
    }

    /// `f'` at the top of the tooth: `beta (radius - 2a)`.
    fn top(&self) -> Number {
        self.beta * (self.radius - 2.0 * self.a)
    }
}

/// `det-nc-tri`: with `a = eps radius/2`, `f' = beta (x + 2 radius - 2a)` up to `-radius`, `beta (-x - 2a)` up to `-a`,
/// `beta x` beyond. With noise (`sto-nc-trap`) two equally likely samples have the gradients `f' +- noise`.
pub(in crate::problem) fn triangle(arguments: &Arguments, _: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
    let wave = Wave::parse(arguments)?;
    let noise = if arguments.get("noise").is_some() { arguments.non_negative("noise")? } else { 0.0 };
    let Wave { beta, radius, a, eps } = wave;
    let shifted = |by: f64| {
        let values = vec![wave.top() + by, by - beta * a];
        let slopes = [beta, -beta, beta].map(Number::exact).to_vec();
        PiecewiseLinear::new(vec![-radius, -a.middle()], values, slopes)
    };
    // The middle of the basin (-radius - 2a, -2a).
    let start = -0.5 * radius - eps * radius;
    if noise == 0.0 {
        return piecewise(arguments, shifted(0.0), start);
    }
    mixture(arguments, vec![shifted(noise), shifted(-noise)], [0.5, 0.5], shifted(0.0), start)
}

/// `usam-halluc`: the triangle's derivative with its tooth cut off at `cap`. Unnormalised SAM with `rho = radius/cap`
/// maps the whole flat part to the neighbourhood of the minimiser and rests at `-radius`, where `f' = cap`.
pub(in crate::problem) fn capped_wave(arguments: &Arguments, _: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
    let wave = Wave::parse(arguments)?;
    let cap = arguments.positive("cap")?;
    let Wave { beta, radius, a, .. } = wave;
    if !(wave.top() - cap).is_above(0.0) {
        return Err(arguments.bad(
            "cap",
            format_args!("must be above 0 and below beta radius (1 - eps) = {}, not {cap}", wave.top().middle()),
        ));
    }
    // The flat part is symmetric about -radius: half of it is this wide.
    let half = radius - 2.0 * a - Number::exact(cap) / beta;
    let (left, right) = ((-radius - half).middle(), (half - radius).middle());
    let breakpoints = vec![left, right, -a.middle()];
    if !(left < -radius && -radius < right && right < -a.middle() && left.is_finite()) {
        return Err(extreme(arguments));
    }
    let values = vec![Number::exact(cap), Number::exact(cap), -(beta * a)];
    let slopes = [beta, 0.0, -beta, beta].map(Number::exact).to_vec();
    // From within a of -radius the perturbed point lies where f' = beta x.
    let start = -radius - 0.5 * half.middle().min(a.middle());
    piecewise(arguments, PiecewiseLinear::new(breakpoints, values, slopes), start)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_unbiased, built, constant, gradient, sample_gradient};
    use crate::constants::Symbol;
    use crate::problem::Samples;

    #[test]
    fn noise_makes_a_mixture_around_the_same_function() {
        let parameters = [("beta", 2.0), ("radius", 3.0), ("eps", 0.125)];
        let plain = built("triangle", &parameters).expect("good");
        assert!(matches!(plain.samples(), Samples::None));
        let noisy = built("triangle", &[&parameters[..], &[("noise", 0.25)]].concat()).expect("good");
        assert_eq!(noisy.default_start(), plain.default_start());
        for i in -40..20 {
            let x = 0.21 * i as f64;
            assert_eq!(gradient(noisy.as_ref(), x), gradient(plain.as_ref(), x));
            assert!((sample_gradient(noisy.as_ref(), 0, x) - gradient(plain.as_ref(), x) - 0.25).abs() < 1e-14);
        }
        assert_unbiased(noisy.as_ref());
        let value = |symbol| constant(noisy.as_ref(), symbol, 1.0);
        assert_eq!((value(Symbol::Beta), value(Symbol::BetaMax)), (2.0, 2.0));
        // Rounding in the shifted values is all that is added to 1/16.
        assert!((0.0625..0.0625 + 1e-14).contains(&value(Symbol::Sigma2)));
        assert_eq!(value(Symbol::Delta), constant(plain.as_ref(), Symbol::Delta, 1.0));
        assert!(built("triangle", &[&parameters[..], &[("noise", -1.0)]].concat()).is_err());
    }

    #[test]
    fn the_cap_is_the_smaller_of_two() {
        // beta = 2, radius = 3, eps = 1/8: a = 3/16, top 2 (3 - 3/8) = 5.25.
        let parameters = [("beta", 2.0), ("radius", 3.0), ("eps", 0.125)];
        let triangle = built("triangle", &parameters).expect("good");
        let wave = built("capped-wave", &[&parameters[..], &[("cap", 1.5)]].concat()).expect("good");
        for i in -300..100 {
            let x = 0.0371 * i as f64;
            let slope = gradient(triangle.as_ref(), x);
            let expected = if x < 0.0 { slope.min(1.5) } else { slope };
            assert!((gradient(wave.as_ref(), x) - expected).abs() < 1e-14, "{x}");
        }
        assert_eq!(constant(wave.as_ref(), Symbol::Beta, 1.0), 2.0);
        // The minimiser is -2 radius + 2a = -5.625. From there to -0.375 f rises by 1.5 (5.25 + 3.75)/2 = 6.75, then
        // falls by 0.375^2/2 up to 0 and rises by 1 up to 1.
        let delta = 7.6796875;
        assert!((delta..delta + 1e-12).contains(&constant(wave.as_ref(), Symbol::Delta, 1.0)));
        assert!(built("capped-wave", &[&parameters[..], &[("cap", 5.25)]].concat()).is_err());
        let message = built("capped-wave", &[&parameters[..], &[("cap", 6.0)]].concat()).err().expect("too high");
        assert!(message.message.contains("`cap` must be above 0 and below") && message.message.contains("5.25"));
    }

    /// Unnormalised SAM by hand: from the default start it rests where the gradient is the cap.
    #[test]
    fn unnormalised_sam_rests_on_the_cap() {
        let cases = [(1.0, 1.0, 0.1, 0.5), (2.0, 3.0, 0.125, 5.2), (0.3, 20.0, 0.4, 0.01), (7.0, 0.02, 0.01, 0.1)];
        for (beta, radius, eps, cap) in cases {
            let parameters = [("beta", beta), ("radius", radius), ("eps", eps), ("cap", cap)];
            let wave = built("capped-wave", &parameters).expect("good");
            for q in [0.01, 0.5, 1.0] {
                let mut x = wave.default_start()[0];
                assert!(x < -radius);
                for _ in 0..4000 {
                    let y = x + radius / cap * gradient(wave.as_ref(), x);
                    x -= q / beta * gradient(wave.as_ref(), y);
                }
                assert!((x + radius).abs() < 1e-12 * radius, "{parameters:?} {q}: {x}");
                assert_eq!(gradient(wave.as_ref(), x), cap);
            }
        }
    }
}
