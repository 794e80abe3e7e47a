//! The number a statement gives, split into its parts.

use super::Kind;
use crate::constants::Number;

/// A bound and its parts, as enclosures of the exact formula; the side is taken at the end.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The whole.
    pub total: Number,
    /// What vanishes as T grows.
    pub transient: Number,
    /// What gradient noise adds.
    pub noise: Number,
    /// What stays because of rho.
    pub floor: Number,
    /// A free parameter of the statement and the choice that makes the bound smallest.
    pub chosen: Option<&'static str>,
    /// For a limit: a number of steps after which the run has certainly come to rest, as far as the linearised map
    /// tells; a mismatch before that is no contradiction.
    pub settled_after: f64,
    /// For a stability criterion, which bounds nothing: whether it predicts that the run comes to rest.
    pub rests: Option<bool>,
    /// For a limit of small steps: about what the noise adds at this one; 0 if it is not told.
    pub left_out: f64,
    /// A sentence a reader of the number needs (how good the asymptotics are, say).
    pub note: Option<String>,
}

impl Bound {
    /// `transient + noise + floor`.
    pub fn sum(transient: Number, noise: Number, floor: Number) -> Self {
        Self::of(transient + noise + floor, transient, noise, floor)
    }

    /// `max(transient, floor)`.
    pub fn max(transient: Number, floor: Number) -> Self {
        Self::of(transient.max(floor), transient, Number::exact(0.0), floor)
    }

    /// A value that is all floor.
    pub fn floor(floor: Number) -> Self {
        Self::of(floor, Number::exact(0.0), Number::exact(0.0), floor)
    }

    /// From a total that is neither sum nor maximum of its parts.
    pub fn of(total: Number, transient: Number, noise: Number, floor: Number) -> Self {
        Self {
            total,
            transient,
            noise,
            floor,
            chosen: None,
            settled_after: 0.0,
            rests: None,
            left_out: 0.0,
            note: None,
        }
    }

    /// A criterion: whether the run comes to rest, as far as `known` can tell (its provenance is the criterion's).
    pub fn criterion(rests: bool, known: Number) -> Self {
        Self { rests: Some(rests), ..Self::floor(Number::unknown().with(known.provenance)) }
    }

    /// For a tuned step or schedule, of which the run uses the doubles next to the real numbers: they differ relatively
    /// by a few roundings (thousands at worst, through the logarithms), and a bound moves by no larger a factor.
    pub fn for_a_rounded_step(self) -> Self {
        Self { total: self.total * Number::between(1.0, 1.0 + 1e-12), ..self }
    }

    /// With the choice made for a free parameter.
    pub fn choosing(self, chosen: &'static str) -> Self {
        Self { chosen: Some(chosen), ..self }
    }

    /// With the steps a limit needs.
    pub fn settled_after(self, steps: f64) -> Self {
        Self { settled_after: steps, ..self }
    }

    /// With what the noise adds to a limit of small steps.
    pub fn leaving_out(self, noise: Number) -> Self {
        Self { left_out: noise.high, ..self }
    }

    /// With a sentence.
    pub fn noting(self, note: String) -> Self {
        Self { note: Some(note), ..self }
    }

    /// The total on the side that keeps the statement true: up for upper bounds, down for lower ones, the middle
    /// for values.
    pub fn value(&self, kind: Kind) -> f64 {
        side(self.total, kind)
    }
}

/// An enclosure rounded to the side a kind demands.
pub fn side(number: Number, kind: Kind) -> f64 {
    match kind {
        Kind::Upper => number.high,
        Kind::Lower => number.low,
        Kind::Exact | Kind::Prediction => number.middle(),
    }
}
