//! The kinks of m-SAM's mean field on rippled samples (THEORY.md section 11, `sto-m-nosmooth`).

use crate::constants::Number;
use crate::constants::directed::{mul_down, mul_up};

/// Most ripples between 0 and the last kink: beyond, the angle at a kink is rounded too coarsely.
pub const MOST_RIPPLES: f64 = 1e9;

/// A kink of the mean virtual gradient: a zero `c` of one sample's gradient where it turns from - to +.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kink {
    /// k: the kink lies between `radius (2k - 1)` and `2 radius k`.
    pub index: u64,
    /// Encloses c.
    pub place: Number,
    /// Whether m-SAM with `rho = radius` is attracted, `mu c < amplitude/sqrt(2)`; `None` if rounding hides it.
    pub attracts: Option<bool>,
}

impl Kink {
    /// The k-th kink of samples with gradients `mu x +- amplitude sin(pi x/(2 radius))`, `k >= 1`; `None` where there is
    /// none, `mu radius (2k - 1) >= amplitude`, or rounding hides it.
    pub fn of(mu: f64, amplitude: f64, radius: f64, index: u64) -> Option<Self> {
        let count = index as f64;
        if index == 0 || count > MOST_RIPPLES {
            return None;
        }
        let excess = |c: f64| excess(mu, amplitude, radius, c);
        let low = mul_up(radius, 2.0 * count - 1.0);
        let high = mul_down(2.0 * radius, count);
        if !(excess(low).is_below(0.0) && excess(high).is_above(0.0)) {
            return None;
        }
        let certainly_before = last(low, high, |c| excess(c).is_below(0.0));
        let certainly_after = -last(-high, -low, |c| excess(-c).is_above(0.0));
        let place = Number::between(certainly_before, certainly_after);
        let surplus = Number::exact(mu) * place - Number::exact(amplitude) / Number::exact(2.0).sqrt();
        let attracts = if surplus.is_below(0.0) { Some(true) } else { (surplus.low >= 0.0).then_some(false) };
        Some(Self { index, place, attracts })
    }
}

/// `mu c - amplitude |sin(pi c/(2 radius))|`, enclosed.
fn excess(mu: f64, amplitude: f64, radius: f64, c: f64) -> Number {
    let angle = Number::exact(c) / radius / 2.0;
    let middle = angle.middle();
    let off = (angle.high - middle).max(middle - angle.low);
    // Correctly rounded, so within one unit; the sine moves by at most pi times what the angle does.
    let sine = core_math::sinpi(middle).abs();
    let slack = Number::pi() * off + f64::EPSILON;
    let sine = Number::exact(sine) + Number::between(-slack.high, slack.high);
    Number::exact(mu) * c - amplitude * sine
}

/// The last double between `low` and `high` where a property that holds at `low` still holds, by bisection.
fn last(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return low;
        }
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
}
