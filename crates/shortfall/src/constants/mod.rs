//! What is known of a problem: values with a side and a provenance, and the arithmetic that keeps both honest.

pub mod directed;
pub mod eigen;
mod number;
mod trigonometric;

pub use number::{Number, Provenance};

use crate::text::{number, shortest};

/// On which side of the true constant a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Not below the true value.
    Upper,
    /// Not above the true value.
    Lower,
    /// The true value itself.
    Exact,
}

impl Side {
    /// The word used in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Upper => "upper",
            Self::Lower => "lower",
            Self::Exact => "exact",
        }
    }
}

/// One constant of a problem. Units: `[f]` loss units, `[x]` parameter units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Symbol {
    /// Smoothness of f, `|grad f(x) - grad f(y)| <= beta |x - y|`; `[f]/[x]^2`.
    Beta,
    /// Strong convexity of f; `[f]/[x]^2`.
    Mu,
    /// Weak convexity: `f + (omega/2)|x|^2` is convex; 0 means convex.
    Omega,
    /// Lipschitz constant of f; `[f]/[x]`.
    L,
    /// `E |g(x; xi) - grad f(x)|^2 <= sigma2` at every x; `[f]^2/[x]^2`.
    Sigma2,
    /// `E |g(x*; xi)|^2` at a minimiser only.
    Sigma2Star,
    /// Mean smoothness of the samples.
    BetaBar,
    /// Root mean square smoothness of the samples.
    BetaRms,
    /// Largest smoothness of a sample.
    BetaMax,
    /// `f(x0) - f*`; `[f]`.
    Delta,
    /// `|x0 - x*|^2`, x* the nearest minimiser; `[x]^2`.
    D2,
}

impl Symbol {
    /// All, in the order of output.
    pub const ALL: [Symbol; 11] = [
        Self::Beta,
        Self::Mu,
        Self::Omega,
        Self::L,
        Self::Sigma2,
        Self::Sigma2Star,
        Self::BetaBar,
        Self::BetaRms,
        Self::BetaMax,
        Self::Delta,
        Self::D2,
    ];

    /// The name in commands and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Beta => "beta",
            Self::Mu => "mu",
            Self::Omega => "omega",
            Self::L => "L",
            Self::Sigma2 => "sigma2",
            Self::Sigma2Star => "sigma2_star",
            Self::BetaBar => "beta_bar",
            Self::BetaRms => "beta_rms",
            Self::BetaMax => "beta_max",
            Self::Delta => "Delta",
            Self::D2 => "D2",
        }
    }

    /// What it bounds, for tables.
    pub fn about(self) -> &'static str {
        match self {
            Self::Beta => "smoothness of f",
            Self::Mu => "strong convexity",
            Self::Omega => "weak convexity (0: convex)",
            Self::L => "Lipschitz constant of f",
            Self::Sigma2 => "gradient variance, everywhere",
            Self::Sigma2Star => "squared sample gradient at x*",
            Self::BetaBar => "mean smoothness of the samples",
            Self::BetaRms => "r.m.s. smoothness of the samples",
            Self::BetaMax => "largest smoothness of a sample",
            Self::Delta => "f(x0) - f*",
            Self::D2 => "|x0 - x*|^2",
        }
    }

    /// The side a valid value of this constant lies on: mu from below, all others from above.
    pub fn side(self) -> Side {
        if self == Self::Mu { Side::Lower } else { Side::Upper }
    }
}

/// A constant that is known, or the reason why it is not.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// A finite value that is itself a valid constant of the problem.
    Known {
        /// The value.
        value: f64,
        /// Where it lies.
        side: Side,
        /// How it is known.
        provenance: Provenance,
        /// The formula or the argument, in a few words.
        how: String,
    },
    /// Proved, but only on part of the space, which iterates may leave: no statement uses it.
    OnInterval {
        /// The value there.
        value: f64,
        /// Where it holds: from here
        low: f64,
        /// to here (the first coordinate, if there are more).
        high: f64,
        /// The formula or the argument, in a few words.
        how: String,
    },
    /// There is none, and why.
    Missing {
        /// Why.
        reason: String,
    },
}

impl Constant {
    /// The true value, proved.
    pub fn exact(value: f64, how: impl Into<String>) -> Self {
        Self::known(value, Side::Exact, Provenance::Certified, how)
    }

    /// A certified value on the safe side of an enclosure: the upper end, or the lower end for mu.
    pub fn enclosed(symbol: Symbol, number: Number, how: impl Into<String>) -> Self {
        let side = if number.low == number.high { Side::Exact } else { symbol.side() };
        let value = if symbol == Symbol::Mu { number.low } else { number.high };
        Self::known(value, side, number.provenance, how)
    }

    /// A certified bound on the side its symbol demands.
    pub fn bound(symbol: Symbol, value: f64, how: impl Into<String>) -> Self {
        Self::known(value, symbol.side(), Provenance::Certified, how)
    }

    /// A value with all its labels; a value that is not finite is missing.
    pub fn known(value: f64, side: Side, provenance: Provenance, how: impl Into<String>) -> Self {
        if value.is_finite() {
            Self::Known { value, side, provenance, how: how.into() }
        } else {
            Self::Missing { reason: format!("not a finite number ({})", how.into()) }
        }
    }

    /// A certified value on the safe side of an enclosure, for x in `[low, high]` only.
    pub fn on_interval(symbol: Symbol, number: Number, [low, high]: [f64; 2], how: impl Into<String>) -> Self {
        match Self::enclosed(symbol, number, how) {
            Self::Known { value, how, .. } => Self::OnInterval { value, low, high, how },
            missing => missing,
        }
    }

    /// There is none.
    pub fn missing(reason: impl Into<String>) -> Self {
        Self::Missing { reason: reason.into() }
    }

    /// The value, if known.
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Known { value, .. } => Some(*value),
            Self::OnInterval { .. } | Self::Missing { .. } => None,
        }
    }

    /// Why there is no value that holds everywhere; empty if there is one.
    pub fn reason(&self) -> String {
        match self {
            Self::Known { .. } => String::new(),
            Self::OnInterval { value, low, high, how } => format!(
                "known only on [{}, {}], where it is {}: {how}",
                shortest(*low),
                shortest(*high),
                shortest(*value)
            ),
            Self::Missing { reason } => reason.clone(),
        }
    }

    /// The value as an exact number with its provenance: any valid value is itself a constant of the problem
    /// (THEORY.md 17.1.5), so it enters a bound as it stands.
    pub fn number(&self) -> Option<Number> {
        match self {
            Self::Known { value, provenance, .. } => Some(Number::exact(*value).with(*provenance)),
            Self::OnInterval { .. } | Self::Missing { .. } => None,
        }
    }
}

/// The constants of a problem for one start and one sampling.
#[derive(Clone, Debug)]
pub struct Constants {
    values: [Constant; Symbol::ALL.len()],
    /// Every sample's loss is convex (proved).
    pub components_convex: bool,
}

impl Constants {
    /// Everything missing, for this reason.
    pub fn missing(reason: &str) -> Self {
        Self { values: std::array::from_fn(|_| Constant::missing(reason)), components_convex: false }
    }

    /// One constant.
    pub fn get(&self, symbol: Symbol) -> &Constant {
        &self.values[symbol as usize]
    }

    /// Replaces one.
    pub fn set(&mut self, symbol: Symbol, constant: Constant) {
        self.values[symbol as usize] = constant;
    }

    /// Replaces one, by value: for building in one expression.
    pub fn with(mut self, symbol: Symbol, constant: Constant) -> Self {
        self.set(symbol, constant);
        self
    }

    /// The user's word for one constant; every bound that uses it is no longer certified.
    pub fn assume(&mut self, symbol: Symbol, value: f64) {
        self.set(symbol, Constant::known(value, symbol.side(), Provenance::Assumed, "assumed by the user"));
    }

    /// What the user's word for a constant contradicts, if it is another's word or proved: mu and omega are at most beta.
    pub fn contradiction(&self) -> Option<String> {
        let sure = |symbol: Symbol| match *self.get(symbol) {
            Constant::Known { value, provenance, .. } if provenance != Provenance::Estimated => {
                Some((value, provenance == Provenance::Assumed))
            }
            _ => None,
        };
        let (beta, beta_assumed) = sure(Symbol::Beta)?;
        [Symbol::Mu, Symbol::Omega].into_iter().find_map(|symbol| {
            let (value, assumed) = sure(symbol)?;
            // Beta is known from above, mu from below: what is proved of omega from above contradicts nothing.
            let proved = symbol == Symbol::Mu || assumed;
            let word = |assumed: bool| if assumed { "assumed" } else { "certified" };
            ((assumed || beta_assumed) && proved && value > beta).then(|| {
                format!(
                    "{symbol} = {} ({}), but it is at most beta = {} ({})",
                    number(value),
                    word(assumed),
                    number(beta),
                    word(beta_assumed),
                    symbol = symbol.name()
                )
            })
        })
    }

    /// All, in the order of output.
    pub fn iter(&self) -> impl Iterator<Item = (Symbol, &Constant)> {
        Symbol::ALL.into_iter().map(|symbol| (symbol, self.get(symbol)))
    }

    /// The four constants of the samples and the two variances of a problem without samples.
    pub fn without_samples(mut self) -> Self {
        for symbol in [Symbol::Sigma2, Symbol::Sigma2Star, Symbol::BetaBar, Symbol::BetaRms, Symbol::BetaMax] {
            self.set(symbol, Constant::missing("the problem has no samples"));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_on_an_interval_is_no_value() {
        let beta = Constant::on_interval(Symbol::Beta, Number::between(10.5, 11.0), [-2.0, 2.0], "3 x^2 - 1");
        assert_eq!((beta.value(), beta.number()), (None, None));
        assert_eq!(beta.reason(), "known only on [-2, 2], where it is 11: 3 x^2 - 1");
        let mu = Constant::on_interval(Symbol::Mu, Number::between(0.5, 0.75), [1.0, 1e300], "the least");
        assert_eq!(mu.reason(), "known only on [1, 1e300], where it is 0.5: the least");
        let unbounded = Constant::on_interval(Symbol::L, Number::between(0.0, f64::INFINITY), [0.0, 1.0], "a pole");
        assert!(matches!(&unbounded, Constant::Missing { .. }) && unbounded.reason().contains("a pole"));
        assert_eq!(Constant::exact(1.0, "one").reason(), "");
    }
}
