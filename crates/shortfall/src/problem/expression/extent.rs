//! The range of a function over an interval, tightened by bisection.

use crate::constants::Number;
use std::collections::BinaryHeap;

/// Bisections of one piece; a half-line `[m, inf)` is cut at 2m.
const DEEPEST: u32 = 60;
/// How tight, relative to the largest value.
const TOLERANCE: f64 = 1e-4;

/// Where to cut; inside, or at an end where the interval has no double inside.
pub fn cut(piece: Number) -> f64 {
    match (piece.low.is_finite(), piece.high.is_finite()) {
        (true, true) => piece.middle(),
        (true, false) if piece.low >= 0.0 => (2.0 * piece.low).max(1.0),
        (false, true) if piece.high <= 0.0 => (2.0 * piece.high).min(-1.0),
        _ => 0.0,
    }
}

struct Piece {
    bound: f64,
    depth: u32,
    place: Number,
}

impl PartialEq for Piece {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Piece {}

impl PartialOrd for Piece {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Piece {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

/// An upper bound on a function over an interval, `+inf` if there is none; `of` encloses it on a piece.
fn largest(domain: Number, most: usize, of: &dyn Fn(Number) -> Option<Number>) -> f64 {
    let bound = |place: Number| of(place).map_or(f64::INFINITY, |range| range.high);
    let mut pieces = BinaryHeap::from([Piece { bound: bound(domain), depth: 0, place: domain }]);
    let mut reached = f64::NEG_INFINITY;
    while let Some(Piece { bound: highest, depth, place }) = pieces.pop() {
        let middle = cut(place);
        reached = reached.max(of(Number::exact(middle)).map_or(f64::NEG_INFINITY, |range| range.low));
        let tight = highest <= reached + TOLERANCE * reached.abs();
        let inside = place.low < middle && middle < place.high;
        if tight || !inside || depth == DEEPEST || pieces.len() >= most {
            return highest;
        }
        for place in [Number::between(place.low, middle), Number::between(middle, place.high)] {
            pieces.push(Piece { bound: bound(place).min(highest), depth: depth + 1, place });
        }
    }
    f64::INFINITY
}

/// Encloses all values of a function over an interval, looking at that many pieces; an end may be infinite.
pub fn extent(domain: Number, most: usize, of: &dyn Fn(Number) -> Option<Number>) -> Number {
    Number::between(-largest(domain, most, &|place| of(place).map(|range| -range)), largest(domain, most, of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parabola_and_a_pole() {
        // x^2 - x on [0, 2]: the naive range is [-2, 4], the true one [-1/4, 2].
        let range = extent(Number::between(0.0, 2.0), 1000, &|x| Some(x.square() - x));
        assert!(range.high >= 2.0 && range.high < 2.001, "{range:?}");
        assert!(range.low <= -0.25 && range.low > -0.2501, "{range:?}");
        let pole =
            extent(Number::between(-1.0, 1.0), 1000, &|x| (x.low > 0.0 || x.high < 0.0).then(|| 1.0 / x.square()));
        assert_eq!((pole.low, pole.high), (f64::NEG_INFINITY, f64::INFINITY));
        let line = extent(Number::between(f64::NEG_INFINITY, f64::INFINITY), 1000, &|x| Some(1.0 / (1.0 + x.square())));
        assert!(line.high >= 1.0 && line.high < 1.001 && line.low <= 0.0);
    }
}
