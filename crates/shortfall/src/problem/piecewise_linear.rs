//! Piecewise linear functions on the line, and all that is known of their integrals.

use super::Minimum;
use crate::arguments::{Arguments, BadInput};
use crate::constants::{Constant, Constants, Number, Symbol};

/// A continuous piecewise linear function on the line, with its integral.
///
/// On every piece the function is evaluated as `slope (x - root)` where the piece has a zero, so that its sign is
/// right on both sides of the stored zero and exactly 0 there; elsewhere relative to a breakpoint. Slopes and values
/// at breakpoints are enclosures of what the parameters say, for the constants; evaluation uses their middles.
#[derive(Clone, Debug)]
pub struct PiecewiseLinear {
    breakpoints: Vec<f64>,
    slopes: Vec<Number>,
    /// At the breakpoints; at 0 if there are none.
    values: Vec<Number>,
    pieces: Vec<Piece>,
}

/// `value + slope (x - anchor)`, and the integral there.
#[derive(Clone, Copy, Debug)]
struct Piece {
    anchor: f64,
    value: f64,
    slope: f64,
    integral: f64,
}

impl Piece {
    fn at(&self, x: f64) -> f64 {
        self.slope.mul_add(x - self.anchor, self.value)
    }

    fn integral_at(&self, x: f64) -> f64 {
        let dx = x - self.anchor;
        (0.5 * self.slope).mul_add(dx, self.value).mul_add(dx, self.integral)
    }
}

impl PiecewiseLinear {
    /// From increasing breakpoints, the values there and the slopes of the pieces (one more). Without breakpoints
    /// there is one slope and `values` holds the value at 0.
    pub fn new(breakpoints: Vec<f64>, values: Vec<Number>, slopes: Vec<Number>) -> Self {
        assert_eq!(slopes.len(), breakpoints.len() + 1, "one slope more than breakpoints");
        assert_eq!(values.len(), breakpoints.len().max(1), "a value for every breakpoint");
        let mut line = Self { breakpoints, slopes, values, pieces: Vec::new() };
        line.pieces = (0..line.slopes.len()).map(|k| line.piece(k)).collect();
        for k in 1..line.pieces.len() {
            let at = line.breakpoints[k - 1];
            let jump = line.pieces[k - 1].integral_at(at) - line.pieces[k].integral_at(at);
            line.pieces[k].integral += jump;
        }
        // The additive constant: 0 at a global minimiser of the integral if there is one, else at x = 0.
        let base = line.lowest().map_or_else(|| line.integral(0.0), |(lowest, _)| lowest);
        for piece in &mut line.pieces {
            piece.integral -= base;
        }
        line
    }

    /// From slopes and the value at 0.
    pub fn from_value_at_zero(breakpoints: Vec<f64>, slopes: Vec<Number>, at_zero: Number) -> Self {
        let reach = |from: f64, to: f64| {
            // Integral of the slopes from `from` to `to`, `from <= to`.
            let mut sum = Number::exact(0.0);
            for (k, slope) in slopes.iter().enumerate() {
                let low = if k == 0 { from } else { breakpoints[k - 1].max(from) };
                let high = if k == breakpoints.len() { to } else { breakpoints[k].min(to) };
                if high > low {
                    sum = sum + *slope * (Number::exact(high) - low);
                }
            }
            sum
        };
        let value = |at: f64| if at >= 0.0 { at_zero + reach(0.0, at) } else { at_zero - reach(at, 0.0) };
        let values =
            if breakpoints.is_empty() { vec![at_zero] } else { breakpoints.iter().map(|b| value(*b)).collect() };
        Self::new(breakpoints, values, slopes)
    }

    fn ends(&self, k: usize) -> (f64, f64) {
        let low = if k == 0 { f64::NEG_INFINITY } else { self.breakpoints[k - 1] };
        let high = self.breakpoints.get(k).copied().unwrap_or(f64::INFINITY);
        (low, high)
    }

    fn piece(&self, k: usize) -> Piece {
        let slope = self.slopes[k].middle();
        let nearest = k.saturating_sub(1).min(self.values.len() - 1);
        let known = |index: usize| (self.breakpoints.get(index).copied().unwrap_or(0.0), self.values[index].middle());
        let (low, high) = self.ends(k);
        // A zero at a breakpoint is exact; a zero inside is computed from the nearer end.
        for index in [k.wrapping_sub(1), k] {
            if index < self.breakpoints.len() && self.values[index].middle() == 0.0 {
                return Piece { anchor: known(index).0, value: 0.0, slope, integral: 0.0 };
            }
        }
        let (anchor, value) = known(nearest);
        if slope != 0.0 {
            let root = anchor - value / slope;
            if root.is_finite() && low < root && root < high {
                return Piece { anchor: root, value: 0.0, slope, integral: 0.0 };
            }
        }
        Piece { anchor, value, slope, integral: 0.0 }
    }

    fn find(&self, x: f64) -> &Piece {
        &self.pieces[self.breakpoints.partition_point(|b| *b < x)]
    }

    /// The value at `x`.
    pub fn at(&self, x: f64) -> f64 {
        self.find(x).at(x)
    }

    /// The integral at `x`.
    pub fn integral(&self, x: f64) -> f64 {
        self.find(x).integral_at(x)
    }

    /// The slope around `x`; `None` at a breakpoint where it changes.
    pub fn slope_around(&self, x: f64) -> Option<f64> {
        let slope = self.find(x).slope;
        let k = self.breakpoints.partition_point(|b| *b < x);
        let corner = self.breakpoints.get(k).is_some_and(|b| *b == x) && self.slopes[k] != self.slopes[k + 1];
        (!corner).then_some(slope)
    }

    /// A point where the value is not 0, if there is one: outside all breakpoints and zeros, on the right.
    pub(super) fn moving_start(&self) -> f64 {
        let zeros = self.pieces.iter().filter(|piece| piece.value == 0.0).map(|piece| piece.anchor);
        let rightmost = self.breakpoints.iter().copied().chain(zeros).fold(0.0f64, f64::max);
        let candidates = [rightmost + 1.0, 1.0, 0.0, self.breakpoints.first().map_or(-1.0, |first| first - 1.0)];
        candidates.into_iter().find(|x| self.at(*x) != 0.0).unwrap_or(1.0)
    }

    /// The integral and the value at `x`.
    pub fn integral_and_value(&self, x: f64) -> (f64, f64) {
        let piece = self.find(x);
        (piece.integral_at(x), piece.at(x))
    }

    /// Enclosure of the value at `x`.
    pub fn enclosed_at(&self, x: f64) -> Number {
        let k = self.breakpoints.partition_point(|b| *b < x);
        if let Some(index) = self.breakpoints.iter().position(|b| *b == x) {
            return self.values[index];
        }
        let nearest = k.saturating_sub(1).min(self.values.len() - 1);
        let anchor = self.breakpoints.get(nearest).copied().unwrap_or(0.0);
        self.values[nearest] + self.slopes[k] * (Number::exact(x) - anchor)
    }

    /// Rounding error of the integral computed at `x`.
    pub fn integral_error(&self, x: f64) -> f64 {
        let piece = self.find(x);
        let dx = x - piece.anchor;
        let spread = self.pieces.iter().map(|piece| piece.integral.abs()).fold(0.0, f64::max);
        let terms = (piece.value * dx).abs() + (piece.slope * dx * dx).abs();
        // The integral at a minimiser's own anchor is exact; elsewhere a few sums were taken.
        let carried = if piece.integral == 0.0 { 0.0 } else { 4.0 * (self.pieces.len() + 1) as f64 * spread };
        f64::EPSILON * (4.0 * terms + carried)
    }

    /// The breakpoints.
    pub fn breakpoints(&self) -> &[f64] {
        &self.breakpoints
    }

    /// The slopes of the pieces.
    pub fn slopes(&self) -> &[Number] {
        &self.slopes
    }

    /// Slopes of the first and last piece.
    fn outer(&self) -> (f64, f64) {
        (self.pieces[0].slope, self.pieces[self.pieces.len() - 1].slope)
    }

    /// Lowest value of the integral and the intervals where it is attained; `None` if unbounded below.
    fn lowest(&self) -> Option<(f64, Vec<(f64, f64)>)> {
        let (left, right) = self.outer();
        let (first, last) = (self.pieces[0], self.pieces[self.pieces.len() - 1]);
        let falls_left = left < 0.0 || (left == 0.0 && first.value > 0.0);
        let falls_right = right < 0.0 || (right == 0.0 && last.value < 0.0);
        if falls_left || falls_right {
            return None;
        }
        let mut zeros: Vec<(f64, f64, f64)> = Vec::new();
        for (k, piece) in self.pieces.iter().enumerate() {
            let ends = self.ends(k);
            if piece.value == 0.0 && piece.slope > 0.0 {
                zeros.push((piece.integral, piece.anchor, piece.anchor));
            } else if piece.value == 0.0 && piece.slope == 0.0 {
                zeros.push((piece.integral, ends.0, ends.1));
            }
        }
        let lowest = zeros.iter().map(|zero| zero.0).fold(f64::INFINITY, f64::min);
        if zeros.is_empty() {
            return None;
        }
        let spread = self.pieces.iter().map(|piece| piece.integral.abs()).fold(0.0, f64::max);
        let tolerance = 1e-13 * spread;
        // From left to right; those that touch are one.
        let mut intervals: Vec<(f64, f64)> = Vec::new();
        for (_, low, high) in zeros.into_iter().filter(|zero| zero.0 <= lowest + tolerance) {
            match intervals.last_mut() {
                Some(last) if low <= last.1 => last.1 = last.1.max(high),
                _ => intervals.push((low, high)),
            }
        }
        Some((lowest, intervals))
    }

    /// Intervals of global minimisers of the integral; empty if it is not bounded below.
    pub fn minimisers(&self) -> Vec<(f64, f64)> {
        self.lowest().map(|(_, intervals)| intervals).unwrap_or_default()
    }

    /// Largest |slope|.
    pub fn steepest(&self) -> Number {
        self.slopes.iter().map(|slope| slope.max(-*slope)).reduce(Number::max).unwrap_or(Number::exact(0.0))
    }

    /// Smallest slope.
    pub fn least_slope(&self) -> Number {
        self.slopes.iter().copied().reduce(Number::min).unwrap_or(Number::exact(0.0))
    }

    /// beta, mu, omega, L, Delta and D2 of the integral; the rest missing for want of samples.
    pub fn constants(&self, start: f64) -> Constants {
        let mut constants = Constants::missing("").without_samples();
        let least = self.least_slope();
        constants.set(Symbol::Beta, Constant::enclosed(Symbol::Beta, self.steepest(), "largest |slope| of f'"));
        constants.set(
            Symbol::Mu,
            if least.low > 0.0 {
                Constant::enclosed(Symbol::Mu, least, "smallest slope of f'")
            } else {
                Constant::missing("the smallest slope of f' is not above 0")
            },
        );
        let omega = (-least).positive_part();
        constants.set(Symbol::Omega, Constant::enclosed(Symbol::Omega, omega, "-(smallest slope of f'), at least 0"));
        let bounded = self.outer() == (0.0, 0.0);
        constants.set(
            Symbol::L,
            if bounded {
                let largest = self.values.iter().map(|v| v.max(-*v)).reduce(Number::max).unwrap_or(Number::exact(0.0));
                Constant::enclosed(Symbol::L, largest, "largest |f'| at a breakpoint")
            } else {
                Constant::missing("f' is not bounded")
            },
        );
        let minimisers = self.minimisers();
        let distance = minimisers
            .iter()
            .map(|(low, high)| {
                let outside = (Number::exact(*low) - start).max(Number::exact(start) - *high).positive_part();
                outside.square()
            })
            .reduce(Number::min);
        match distance {
            None => {
                constants.set(Symbol::Delta, Constant::missing("f is not bounded below"));
                constants.set(Symbol::D2, Constant::missing("f is not bounded below: there is no minimiser"));
            }
            Some(distance) => {
                let value = self.integral(start);
                let error = self.integral_error(start) + self.minimum_error();
                let delta = if value == 0.0 && error == 0.0 {
                    Number::exact(0.0)
                } else {
                    (Number::exact(value) + Number::between(-error, error)).positive_part()
                };
                constants.set(Symbol::Delta, Constant::enclosed(Symbol::Delta, delta, "f(x0) - f*"));
                // The zero of f' is rounded: one unit in the last place of it, and of x0, is in the enclosure.
                let slack =
                    2.0 * f64::EPSILON * minimisers.iter().map(|m| m.0.abs().min(m.1.abs())).fold(0.0, f64::max);
                let distance = if slack == 0.0 {
                    distance
                } else {
                    (distance.sqrt() + Number::between(-slack, slack)).positive_part().square()
                };
                constants.set(
                    Symbol::D2,
                    Constant::enclosed(Symbol::D2, distance, "squared distance to the nearest minimiser"),
                );
            }
        }
        constants
    }

    /// How far the true minimum of the integral may lie from 0.
    fn minimum_error(&self) -> f64 {
        let zeros = self.pieces.iter().filter(|piece| piece.value == 0.0 && piece.slope >= 0.0).count();
        let spread = self.pieces.iter().map(|piece| piece.integral.abs()).fold(0.0, f64::max);
        if zeros <= 1 { 0.0 } else { 1e-13 * spread }
    }

    /// The minimum of the integral.
    pub fn minimum(&self) -> Minimum {
        match self.minimisers().first() {
            None => Minimum::Unbounded { how: "f' keeps its sign towards an end of the line".to_owned() },
            Some((low, high)) => {
                let point = if low.is_finite() {
                    *low
                } else if high.is_finite() {
                    *high
                } else {
                    0.0
                };
                let how = "closed form: f is 0 at its minimiser by definition".to_owned();
                Minimum::Known { value: 0.0, error: self.minimum_error(), point: vec![point], how }
            }
        }
    }

    /// Reads `breakpoints`, `slopes` and `gradient_at_zero`.
    pub(super) fn parse(arguments: &Arguments) -> Result<Self, BadInput> {
        let breakpoints = arguments.numbers("breakpoints")?;
        let slopes = arguments.numbers("slopes")?;
        let at_zero = arguments.number("gradient_at_zero")?;
        if let Some(i) = breakpoints.windows(2).position(|pair| pair[0] >= pair[1]) {
            let message = format!("must increase, but {} is followed by {}", breakpoints[i], breakpoints[i + 1]);
            return Err(arguments.bad("breakpoints", message));
        }
        if slopes.len() != breakpoints.len() + 1 {
            return Err(arguments.bad(
                "slopes",
                format_args!("must be one more than breakpoints: {}, not {}", breakpoints.len() + 1, slopes.len()),
            ));
        }
        let line =
            Self::from_value_at_zero(breakpoints, slopes.into_iter().map(Number::exact).collect(), at_zero.into());
        if line.values.iter().any(|value| !(value.low.is_finite() && value.high.is_finite())) {
            return Err(arguments.bad("slopes", "make f' overflow at a breakpoint"));
        }
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(breakpoints: &[f64], slopes: &[f64], at_zero: f64) -> PiecewiseLinear {
        let slopes = slopes.iter().copied().map(Number::exact).collect();
        PiecewiseLinear::from_value_at_zero(breakpoints.to_vec(), slopes, at_zero.into())
    }

    #[test]
    fn a_parabola_without_breakpoints() {
        // f' = 4x + 2: minimiser -1/2, f = 2 (x + 1/2)^2.
        let gradient = line(&[], &[4.0], 2.0);
        assert_eq!(gradient.at(1.0), 6.0);
        assert_eq!(gradient.integral(1.0), 4.5);
        assert_eq!(gradient.minimisers(), [(-0.5, -0.5)]);
        let constants = gradient.constants(1.5);
        assert_eq!(constants.get(Symbol::Delta).value().map(|delta| (delta * 1e12).round()), Some(8e12));
    }

    #[test]
    fn two_wells_find_the_lower() {
        // f' = x + 3 left of -1, then -2x down to 0, then x: zeros -3 and 0 (from below: local maximum none).
        let gradient = line(&[-1.0, 0.0], &[1.0, -2.0, 1.0], 0.0);
        assert_eq!(gradient.at(-1.0), 2.0);
        assert_eq!(gradient.minimisers(), [(-3.0, -3.0)]);
        // f(-1) = 2, f(0) = 2 + 1 = 3.
        assert_eq!((gradient.integral(-1.0), gradient.integral(0.0)), (2.0, 3.0));
        assert_eq!(gradient.constants(0.0).get(Symbol::Omega).value(), Some(2.0));
        assert_eq!(gradient.slope_around(-1.0), None);
        assert_eq!(gradient.slope_around(-0.5), Some(-2.0));
    }

    #[test]
    fn a_flat_minimum_is_an_interval() {
        let gradient = line(&[-1.0, 2.0], &[3.0, 0.0, 1.0], 0.0);
        assert_eq!(gradient.minimisers().first(), Some(&(-1.0, 2.0)));
        assert_eq!(gradient.constants(4.0).get(Symbol::D2).value().map(|d| (d - 4.0).abs() < 1e-12), Some(true));
        assert_eq!(gradient.constants(1.0).get(Symbol::Delta).value(), Some(0.0));
    }

    #[test]
    fn unbounded_functions_say_so() {
        for gradient in [line(&[], &[-1.0], 0.0), line(&[], &[0.0], 1.0), line(&[0.0], &[1.0, -1.0], 0.0)] {
            assert!(matches!(gradient.minimum(), Minimum::Unbounded { .. }));
            assert_eq!(gradient.constants(0.5).get(Symbol::Delta).value(), None);
        }
    }

    #[test]
    fn signs_are_right_next_to_a_zero() {
        let gradient = line(&[0.3], &[-0.7, 0.1], 0.21);
        let zero = gradient.breakpoints()[0];
        assert!(gradient.at(zero.next_down()) >= 0.0 && gradient.at(zero.next_up()) >= 0.0);
    }
}
