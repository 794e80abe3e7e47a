//! Where a function on the line changes its sign, by bisection in interval arithmetic.

use crate::constants::Number;

/// Intervals looked at.
const MOST_INTERVALS: usize = 50_000;
/// Relative to the window, the interval that is not cut any further.
const NARROWEST: f64 = 1e-14;
/// Where an interval is cut: a little off its middle, where zeros are wont to lie.
const CUT: f64 = 0.487;

/// The sign of a function: -1, 0 or 1.
pub type Sign = i8;

/// A place at which the sign changes, enclosed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The sign changes in here, and is certain on both sides.
    pub place: Number,
    /// The sign to the left.
    pub left: Sign,
    /// The sign to the right.
    pub right: Sign,
}

/// The signs of a function on a window, from left to right.
#[derive(Clone, Debug)]
pub struct Signs {
    /// At the left end.
    pub first: Sign,
    /// Where it changes.
    pub changes: Vec<Change>,
    /// Places in which nothing is proved but that the signs on both sides are the same.
    pub unresolved: Vec<Number>,
}

impl Signs {
    /// The sign at a point; inside the enclosure of a change that of the nearer side.
    pub fn at(&self, x: f64) -> Sign {
        let passed = self.changes.partition_point(|change| change.place.middle() < x);
        passed.checked_sub(1).map_or(self.first, |last| self.changes[last].right)
    }

    /// The sign next to a place, to its left or right.
    pub(super) fn beside(&self, place: Number, right: bool) -> Sign {
        let meets = |change: &&Change| change.place.low <= place.high && place.low <= change.place.high;
        let mut meeting = self.changes.iter().filter(meets);
        let found = if right {
            meeting.next_back().map(|change| change.right)
        } else {
            meeting.next().map(|change| change.left)
        };
        found.unwrap_or_else(|| self.at(place.middle()))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Sign(Sign),
    Unclear,
}

fn certain(value: Number) -> Option<Sign> {
    match () {
        () if value.low > 0.0 => Some(1),
        () if value.high < 0.0 => Some(-1),
        () if value.low == 0.0 && value.high == 0.0 => Some(0),
        () => None,
    }
}

/// Signs of a function on `[low, high]`, given enclosures of it and of its slope on intervals. `None` if no sign is certain
/// anywhere.
pub fn signs(enclose: &dyn Fn(Number) -> Option<(Number, Number)>, low: f64, high: f64) -> Option<Signs> {
    let narrowest = |place: Number| NARROWEST * (high - low).max(place.low.abs().min(place.high.abs()));
    let at = |x: f64| enclose(Number::exact(x)).and_then(|(value, _)| certain(value));
    let mut pieces = vec![Number::between(low, high)];
    let mut seen: Vec<(Number, Seen)> = Vec::new();
    let mut count = 0;
    while let Some(place) = pieces.pop() {
        count += 1;
        let ranges = enclose(place);
        if let Some(sign) = ranges.and_then(|(value, _)| certain(value)) {
            seen.push((place, Seen::Sign(sign)));
            continue;
        }
        let monotone = ranges.is_some_and(|(_, slope)| slope.low > 0.0 || slope.high < 0.0);
        let ends = if monotone { at(place.low).zip(at(place.high)) } else { None };
        if let Some((left, right)) = ends.filter(|(left, right)| *left != 0 && *right != 0) {
            let zero = if left == right { None } else { Some(enclosed_zero(&at, place, left)) };
            match zero {
                None => seen.push((place, Seen::Sign(left))),
                Some(zero) => seen.extend([
                    (Number::between(place.low, zero.low), Seen::Sign(left)),
                    (zero, Seen::Unclear),
                    (Number::between(zero.high, place.high), Seen::Sign(right)),
                ]),
            }
            continue;
        }
        let middle = place.low + CUT * (place.high - place.low);
        let splits = place.low < middle && middle < place.high && place.high - place.low > narrowest(place);
        if splits && count < MOST_INTERVALS {
            pieces.extend([Number::between(middle, place.high), Number::between(place.low, middle)]);
        } else {
            seen.push((place, Seen::Unclear));
        }
    }
    gathered(&seen)
}

/// The zero of a monotone function between ends of opposite signs, as far as points have certain signs.
fn enclosed_zero(at: &dyn Fn(f64) -> Option<Sign>, place: Number, left: Sign) -> Number {
    let (mut low, mut high) = (place.low, place.high);
    loop {
        let middle = low + (high - low) / 2.0;
        if !(low < middle && middle < high) {
            return Number::between(low, high);
        }
        match at(middle) {
            Some(sign) if sign == left => low = middle,
            Some(sign) if sign == -left => high = middle,
            _ => {
                // Rounding hides the sign at the middle: both sides are brought near.
                let near = |mut sure: f64, wanted: Sign| {
                    let mut unsure = middle;
                    loop {
                        let between = sure + (unsure - sure) / 2.0;
                        if between == sure || between == unsure {
                            return sure;
                        }
                        if at(between) == Some(wanted) { sure = between } else { unsure = between }
                    }
                };
                return Number::between(near(low, left), near(high, -left));
            }
        }
    }
}

/// Neighbours of one sign become one, and what is unclear between them a change.
fn gathered(seen: &[(Number, Seen)]) -> Option<Signs> {
    let first = seen.iter().find_map(|(_, seen)| if let Seen::Sign(sign) = seen { Some(*sign) } else { None })?;
    let (mut changes, mut unresolved, mut before) = (Vec::new(), Vec::new(), first);
    let mut unclear: Option<Number> = None;
    let mut started = false;
    for (place, seen) in seen {
        match seen {
            Seen::Unclear => {
                let from = unclear.map_or(place.low, |unclear: Number| unclear.low);
                unclear = Some(Number::between(from, place.high));
            }
            Seen::Sign(sign) => {
                let gap = unclear.take();
                if *sign != before {
                    let place = gap.unwrap_or(Number::exact(place.low));
                    changes.push(Change { place, left: before, right: *sign });
                } else if started {
                    unresolved.extend(gap);
                }
                (before, started) = (*sign, true);
            }
        }
    }
    Some(Signs { first, changes, unresolved })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Expression, Problem};

    fn of(text: &str, low: f64, high: f64) -> Signs {
        let f = Expression::new(text, None).expect("good");
        let line = f.line().expect("an expression");
        signs(&|x| line.ranges(x).map(|ranges| (ranges.slope, ranges.curvature)), low, high).expect("signs")
    }

    fn places(signs: &Signs) -> Vec<f64> {
        signs.changes.iter().map(|change| change.place.middle()).collect()
    }

    #[test]
    fn simple_and_manifold_zeros_of_a_derivative() {
        let well = of("(x^2-1)^2/4", -3.0, 3.0);
        assert_eq!(well.first, -1);
        for (found, zero) in places(&well).iter().zip([-1.0, 0.0, 1.0]) {
            assert!((found - zero).abs() < 1e-14, "{found}");
        }
        assert!(well.changes.iter().all(|change| change.place.high - change.place.low < 1e-14));
        assert_eq!([-2.0, -0.5, 0.5, 2.0].map(|x| well.at(x)), [-1, 1, -1, 1]);
        // x^3 has a zero of order three, x^3/3 one that is no change.
        let flat = of("x^4/4", -1.0, 2.0);
        assert_eq!((flat.first, flat.changes.len(), flat.at(1.0)), (-1, 1, 1));
        assert!(flat.changes[0].place.contains(0.0) && flat.changes[0].place.high < 1e-4);
        let touching = of("x^3/3", -1.0, 2.0);
        assert_eq!((touching.first, touching.changes.len(), touching.unresolved.len()), (1, 0, 1));
        assert!(touching.unresolved[0].contains(0.0));
    }

    #[test]
    fn many_zeros_and_those_at_the_ends() {
        let wave = of("sin(x)", 0.1, 100.0);
        assert_eq!(wave.changes.len(), 32);
        assert!(places(&wave).windows(2).all(|pair| (pair[1] - pair[0] - std::f64::consts::PI).abs() < 1e-12));
        // The zero stands at an end of the window: there is no change inside.
        assert_eq!(of("x^2", 0.0, 1.0).changes.len(), 0);
        assert!(signs(&|_| None, 0.0, 1.0).is_none());
    }
}
