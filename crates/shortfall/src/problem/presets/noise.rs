//! `sto-add-noise` (THEORY.md section 11): a parabola with skewed additive noise.

use super::{mixture, parabola};
use crate::arguments::{Arguments, BadInput};
use crate::constants::Number;
use crate::problem::Problem;
use crate::source::DataSource;

/// `f = lambda x^2/2`, `g(x; z) = lambda x + z`, `z = c (1-p)/p` with probability p, else `z = -c`; `c` is `noise`.
pub(in crate::problem) fn additive_noise(
    arguments: &Arguments,
    _: &dyn DataSource,
) -> Result<Box<dyn Problem>, BadInput> {
    let (lambda, noise, p) = (arguments.positive("lambda")?, arguments.positive("noise")?, arguments.positive("p")?);
    if p >= 0.5 {
        return Err(arguments.bad("p", format_args!("must lie between 0 and 1/2, not {p}")));
    }
    let kick = noise * (1.0 - Number::exact(p)) / p;
    // The last probability is what the others leave, so p stands first and is exact.
    let components = vec![parabola(lambda, kick), parabola(lambda, Number::exact(-noise))];
    mixture(arguments, components, [p, 1.0 - p], parabola(lambda, Number::exact(0.0)), 1.0)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_unbiased, built, constant, sample_gradient, samples};
    use crate::constants::Symbol;

    #[test]
    fn samples_and_constants_worked_by_hand() {
        let problem = built("additive-noise", &[("lambda", 0.5), ("noise", 3.0), ("p", 0.125)]).expect("good");
        // c (1-p)/p = 21; sigma2 = c^2 (1-p)/p = 63.
        assert_eq!(sample_gradient(problem.as_ref(), 0, 2.0), 22.0);
        assert_eq!(sample_gradient(problem.as_ref(), 1, 2.0), -2.0);
        assert_eq!(samples(problem.as_ref()).probability(0), 0.125);
        assert_unbiased(problem.as_ref());
        let value = |symbol| constant(problem.as_ref(), symbol, 2.0);
        for symbol in [Symbol::Beta, Symbol::Mu, Symbol::BetaBar, Symbol::BetaRms, Symbol::BetaMax] {
            assert_eq!(value(symbol), 0.5);
        }
        assert_eq!((value(Symbol::Sigma2), value(Symbol::Sigma2Star)), (63.0, 63.0));
        assert!((1.0..1.0 + 1e-14).contains(&value(Symbol::Delta)));
        assert_eq!((value(Symbol::D2), value(Symbol::Omega)), (4.0, 0.0));
        for p in [0.5, 0.7, 1.0, 0.0] {
            assert!(built("additive-noise", &[("lambda", 0.5), ("noise", 3.0), ("p", p)]).is_err());
        }
    }
}
