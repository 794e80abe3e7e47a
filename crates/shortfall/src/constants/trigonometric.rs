//! Sine and cosine of enclosures. The library's functions are correctly rounded, so one unit outward encloses the exact
//! value at an end.

use super::Number;

/// Beyond this the period is not resolved.
const LARGEST_ANGLE: f64 = 1e15;

impl Number {
    /// The sine.
    pub fn sin(self) -> Self {
        wave(self, core_math::sin, 0.5)
    }

    /// The cosine.
    pub fn cos(self) -> Self {
        wave(self, core_math::cos, 0.0)
    }

    /// Whether a point `pi (offset + period k)`, k whole, may lie inside; always where it is too far out to tell.
    pub fn may_contain_angle(self, offset: f64, period: f64) -> bool {
        if !(self.low.abs() <= LARGEST_ANGLE && self.high.abs() <= LARGEST_ANGLE) {
            return true;
        }
        let turns = (self / Self::pi() - offset) / period;
        turns.high.floor() >= turns.low.ceil()
    }
}

/// Of a function with maxima 1 at `pi (top + 2k)` and minima -1 halfway between.
fn wave(u: Number, function: fn(f64) -> f64, top: f64) -> Number {
    let (a, b) = (function(u.low), function(u.high));
    let high = if u.may_contain_angle(top, 2.0) { 1.0 } else { a.max(b).next_up().min(1.0) };
    let low = if u.may_contain_angle(top + 1.0, 2.0) { -1.0 } else { a.min(b).next_down().max(-1.0) };
    Number { low, high, ..u }
}
