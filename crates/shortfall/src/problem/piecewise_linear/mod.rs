//! Piecewise linear functions on the line, and all that is known of their integrals.

mod knowledge;
mod ranges;

use crate::constants::Number;

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
    /// The piece of a global minimiser of the integral, if one is known.
    bottom: Option<usize>,
    /// How far the integral may rise over the error of that minimiser.
    bottom_error: f64,
}

/// `value + slope (x - anchor)`, and the integral there.
#[derive(Clone, Copy, Debug)]
struct Piece {
    anchor: f64,
    value: f64,
    slope: f64,
    integral: f64,
    /// The largest term summed on the way to `integral`: what its rounding error is relative to.
    carried: f64,
    /// How far the true zero may lie from the anchor of a piece with a zero.
    radius: f64,
    /// How far the true value at the anchor may lie from `value`, and the true slope from `slope`.
    spread: (f64, f64),
}

/// What is known of the integral towards both ends of the line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    BoundedBelow,
    UnboundedBelow,
    /// Rounding hides it.
    Unclear,
}

/// Where the integral is lowest.
struct Lowest {
    /// A piece with a minimiser.
    piece: usize,
    /// All minimisers, as far as rounding can tell them from others.
    intervals: Vec<(f64, f64)>,
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
        let mut line = Self { breakpoints, slopes, values, pieces: Vec::new(), bottom: None, bottom_error: 0.0 };
        line.pieces = (0..line.slopes.len()).map(|k| line.piece(k)).collect();
        // The additive constant: 0 at a global minimiser of the integral if there is one, else at x = 0. Integrals are
        // summed outwards from there, so that pieces far away cannot drown those near it; which minimum is the lowest
        // is seen from the one seen from the one before.
        let origin = line.breakpoints.partition_point(|b| *b < 0.0);
        line.sum_from(origin, 0.0);
        for _ in 0..line.pieces.len() {
            let Some(bottom) = line.lowest().map(|lowest| lowest.piece) else { break };
            let settled = line.pieces[bottom].carried == 0.0 && line.pieces[bottom].integral == 0.0;
            if settled {
                break;
            }
            let anchor = line.pieces[bottom].anchor;
            line.sum_from(bottom, anchor);
        }
        line.bottom = line.lowest().map(|lowest| lowest.piece);
        let radius = line.bottom.map_or(0.0, |bottom| line.pieces[bottom].radius);
        line.bottom_error = if radius == 0.0 { 0.0 } else { line.steepest().high * radius * radius };
        line
    }

    /// Makes the integral 0 at `zero`, a point of piece `from`, and continuous from there outwards.
    fn sum_from(&mut self, from: usize, zero: f64) {
        let pieces = &mut self.pieces;
        pieces[from].integral = 0.0;
        pieces[from].integral = -pieces[from].integral_at(zero);
        pieces[from].carried = pieces[from].integral.abs();
        let join = |known: Piece, next: &mut Piece, at: f64| {
            next.integral = 0.0;
            let (value, rise) = (known.integral_at(at), next.integral_at(at));
            next.integral = value - rise;
            next.carried = known.carried.max(value.abs()).max(rise.abs());
        };
        for k in from + 1..pieces.len() {
            join(pieces[k - 1], &mut pieces[k], self.breakpoints[k - 1]);
        }
        for k in (0..from).rev() {
            join(pieces[k + 1], &mut pieces[k], self.breakpoints[k]);
        }
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
        let line = Self::new(breakpoints, values, slopes);
        let recovered = line.enclosed_at(0.0);
        if recovered.high - recovered.low <= 1e-12 * at_zero.middle().abs() {
            return line;
        }
        // The breakpoints are so far away that rounding there drowns the value at 0: it becomes one, without a corner.
        let Self { mut breakpoints, mut slopes, mut values, .. } = line;
        let k = breakpoints.partition_point(|b| *b < 0.0);
        breakpoints.insert(k, 0.0);
        slopes.insert(k, slopes[k]);
        values.insert(k, at_zero);
        Self::new(breakpoints, values, slopes)
    }

    fn ends(&self, k: usize) -> (f64, f64) {
        let low = if k == 0 { f64::NEG_INFINITY } else { self.breakpoints[k - 1] };
        let high = self.breakpoints.get(k).copied().unwrap_or(f64::INFINITY);
        (low, high)
    }

    /// The end of a piece where the value is smallest, which loses least: the one nearer to a zero of the piece.
    fn nearest(&self, k: usize) -> usize {
        let last = self.values.len() - 1;
        let (left, right) = (k.saturating_sub(1).min(last), k.min(last));
        let size = |index: usize| self.values[index].middle().abs();
        if size(right) < size(left) { right } else { left }
    }

    fn piece(&self, k: usize) -> Piece {
        let enclosed = self.slopes[k];
        let slope = enclosed.middle();
        let half = |number: Number| (number.high - number.middle()).max(number.middle() - number.low);
        let at = |index: usize| self.breakpoints.get(index).copied().unwrap_or(0.0);
        let piece = |anchor: f64, value: f64, radius: f64, spread: f64| Piece {
            anchor,
            value,
            slope,
            integral: 0.0,
            carried: 0.0,
            radius,
            spread: (spread, half(enclosed)),
        };
        // A zero at a breakpoint is exact.
        for index in [k.wrapping_sub(1), k] {
            if index < self.breakpoints.len() && self.values[index] == Number::exact(0.0) {
                return piece(at(index), 0.0, 0.0, 0.0);
            }
        }
        let nearest = self.nearest(k);
        let (anchor, value) = (at(nearest), self.values[nearest]);
        let (low, high) = self.ends(k);
        let root = Number::exact(anchor) - value / enclosed;
        if root.low.is_finite() && root.high.is_finite() && root.low <= high && root.high >= low {
            // Inside, or so near an end that rounding cannot tell: then at the end.
            let place = root.middle().clamp(low, high);
            let radius = (root.high - place).max(place - root.low).max(0.0);
            return piece(place, 0.0, radius, slope.abs() * radius);
        }
        piece(anchor, value.middle(), 0.0, half(value))
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
    pub(in crate::problem) fn moving_start(&self) -> f64 {
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
        let nearest = self.nearest(k);
        let anchor = self.breakpoints.get(nearest).copied().unwrap_or(0.0);
        self.values[nearest] + self.slopes[k] * (Number::exact(x) - anchor)
    }

    /// Rounding error of the integral computed at `x`.
    pub fn integral_error(&self, x: f64) -> f64 {
        let piece = self.find(x);
        let dx = x - piece.anchor;
        let terms = (piece.value * dx).abs() + (piece.slope * dx * dx).abs();
        // The integral at a minimiser's own anchor is exact; elsewhere a few sums were taken.
        let carried = 4.0 * (self.pieces.len() + 1) as f64 * piece.carried;
        // Products may underflow, unless they are 0 to begin with.
        let exact = dx == 0.0 || (piece.slope == 0.0 && piece.value == 0.0);
        let underflow = if exact { 0.0 } else { f64::MIN_POSITIVE * (1.0 + dx.abs()) };
        f64::EPSILON * (4.0 * terms + carried) + underflow + self.shape_error(x)
    }

    /// How far the stored pieces may lead away from what the parameters say, between the minimiser and `x`: their
    /// anchors, values and slopes are rounded, and so is the minimiser itself.
    fn shape_error(&self, x: f64) -> f64 {
        let Some(bottom) = self.bottom else { return 0.0 };
        let from = self.pieces[bottom].anchor;
        let (low, high) = (from.min(x), from.max(x));
        let along: f64 = (0..self.pieces.len())
            .map(|k| {
                let ends = self.ends(k);
                let length = (ends.1.min(high) - ends.0.max(low)).max(0.0);
                let (value, slope) = self.pieces[k].spread;
                if length == 0.0 || (value == 0.0 && slope == 0.0) {
                    0.0
                } else {
                    length * (value + slope * (high - low))
                }
            })
            .sum();
        (along + self.bottom_error) * (1.0 + 1e-9)
    }

    /// How far the value computed at `x` may lie from what the parameters say.
    pub fn rounding_at(&self, x: f64) -> f64 {
        let piece = self.find(x);
        let dx = (x - piece.anchor).abs();
        let (value, slope) = piece.spread;
        f64::EPSILON * (2.0 * piece.slope.abs() * dx + piece.value.abs()) + value + slope * dx
    }

    /// Anchor, value and slope of each piece, and the integral at the anchor: what evaluation uses.
    pub(crate) fn evaluated_pieces(&self) -> Vec<[f64; 4]> {
        self.pieces.iter().map(|piece| [piece.anchor, piece.value, piece.slope, piece.integral]).collect()
    }

    /// The breakpoints.
    pub fn breakpoints(&self) -> &[f64] {
        &self.breakpoints
    }

    /// The slopes of the pieces.
    pub fn slopes(&self) -> &[Number] {
        &self.slopes
    }

    fn towards_the_ends(&self) -> Ends {
        let last = self.slopes.len() - 1;
        // Towards each end: the slope as it grows outwards, and the value that leads downhill.
        let sides = [(self.slopes[0], self.values[0]), (self.slopes[last], -self.values[self.values.len() - 1])];
        let zero = Number::exact(0.0);
        let side = |(slope, downhill): (Number, Number)| match () {
            () if slope.low > 0.0 => Ends::BoundedBelow,
            () if slope.high < 0.0 => Ends::UnboundedBelow,
            () if slope == zero && downhill.high <= 0.0 => Ends::BoundedBelow,
            () if slope == zero && downhill.low > 0.0 => Ends::UnboundedBelow,
            () => Ends::Unclear,
        };
        match sides.map(side) {
            [Ends::BoundedBelow, Ends::BoundedBelow] => Ends::BoundedBelow,
            sides if sides.contains(&Ends::UnboundedBelow) => Ends::UnboundedBelow,
            _ => Ends::Unclear,
        }
    }

    /// Where the integral is lowest; `None` if unbounded below, or if rounding hides it.
    fn lowest(&self) -> Option<Lowest> {
        if self.towards_the_ends() != Ends::BoundedBelow {
            return None;
        }
        // A flat piece counts only where it is exactly 0.
        let is_zero = |k: &usize| {
            let piece = &self.pieces[*k];
            piece.value == 0.0 && (piece.slope > 0.0 || (piece.slope == 0.0 && piece.spread == (0.0, 0.0)))
        };
        let zeros: Vec<usize> = (0..self.pieces.len()).filter(is_zero).collect();
        let piece =
            zeros.iter().copied().min_by(|a, b| self.pieces[*a].integral.total_cmp(&self.pieces[*b].integral))?;
        let bottom = self.pieces[piece];
        // From left to right; those that touch are one.
        let mut intervals: Vec<(f64, f64)> = Vec::new();
        for k in zeros {
            let Piece { anchor, slope, integral, carried, .. } = self.pieces[k];
            if integral > bottom.integral + 1e-13 * carried.max(bottom.carried) {
                continue;
            }
            let (low, high) = if slope > 0.0 { (anchor, anchor) } else { self.ends(k) };
            match intervals.last_mut() {
                Some(last) if low <= last.1 => last.1 = last.1.max(high),
                _ => intervals.push((low, high)),
            }
        }
        Some(Lowest { piece, intervals })
    }

    /// Intervals of global minimisers of the integral, as far as rounding can tell them from others; empty if none is
    /// known.
    pub fn minimisers(&self) -> Vec<(f64, f64)> {
        self.lowest().map(|lowest| lowest.intervals).unwrap_or_default()
    }

    /// How far a true minimiser may lie from where [`PiecewiseLinear::minimisers`] puts it.
    pub fn minimiser_radius(&self) -> f64 {
        let zeros = self.pieces.iter().filter(|piece| piece.value == 0.0 && piece.slope > 0.0);
        zeros.map(|piece| piece.radius).fold(0.0, f64::max)
    }

    /// Largest |slope|.
    pub fn steepest(&self) -> Number {
        self.slopes.iter().map(|slope| slope.max(-*slope)).reduce(Number::max).unwrap_or(Number::exact(0.0))
    }

    /// Smallest slope.
    pub fn least_slope(&self) -> Number {
        self.slopes.iter().copied().reduce(Number::min).unwrap_or(Number::exact(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Minimum;
    use super::*;
    use crate::constants::Symbol;

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
    fn a_piece_far_away_drowns_nothing_near_the_minimum() {
        // f' = x/4 - 1 from 0 on, then from 1e8 twice as steep; left of 0 a slope whose own integral is near 1e300.
        let gradient = line(&[-1e150, 0.0, 1e8], &[3.0, 2.0, 0.25, 0.5], -1.0);
        assert_eq!(gradient.minimisers(), [(4.0, 4.0)]);
        assert_eq!((gradient.at(0.0), gradient.at(-1.0), gradient.at(8.0)), (-1.0, -3.0, 1.0));
        assert_eq!((gradient.integral(0.0), gradient.integral(-1.0), gradient.integral(8.0)), (2.0, 4.0, 2.0));
        assert!(gradient.integral_error(8.0) < 1e-14 && gradient.minimum_error() == 0.0);
        let beyond = gradient.integral(1e8 + 2.0);
        assert!((beyond / 1.25e15 - 1.0).abs() < 1e-6, "{beyond}");
    }

    #[test]
    fn a_breakpoint_far_away_leaves_the_value_at_zero() {
        let gradient = line(&[-1e300], &[273.0, 0.5], 2.0);
        assert_eq!((gradient.at(0.0), gradient.at(-2.0), gradient.at(3.0)), (2.0, 1.0, 3.5));
        assert_eq!(gradient.minimisers(), [(-4.0, -4.0)]);
        assert_eq!(gradient.slope_around(0.0), Some(0.5));
    }

    #[test]
    fn a_value_that_underflows_is_not_exactly_zero() {
        let gradient = line(&[], &[1e150], 0.0);
        assert_eq!((gradient.integral(1e-300), gradient.integral_error(0.0)), (0.0, 0.0));
        assert!(gradient.integral_error(1e-300) > 0.0);
        assert!(gradient.constants(1e-300).get(Symbol::Delta).value().is_some_and(|delta| delta > 0.0));
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
