//! The global minimum, by branch and bound in interval arithmetic.
//!
//! Outside some `[-R, R]` it is proved that nothing lies lower (see `Tail`). Inside, a piece goes where its range lies
//! above a value that is reached, or where f' has no zero: a minimiser on the line is a critical point. Where
//! `f'' >= m > 0` on a piece, `f >= f(z) - f'(z)^2/(2m)` there for any z of it, and a critical point in it lies within
//! `|f'(z)|/m` of z: with z from Newton's method that ends the search.

use super::extent::cut;
use super::jet::Jet;
use super::polynomial::{FarOut, far_out};
use super::tape::Tape;
use crate::constants::Number;

/// Pieces looked at.
const MOST_PIECES: usize = 20_000;
/// Radii tried: 1, 4, 16, ...
const RADII: i32 = 20;
/// Places tried for a low value, for each radius.
const SAMPLES: i32 = 65;

/// A minimum with its proof.
#[derive(Clone, Debug)]
pub struct Found {
    /// Encloses f*.
    pub value: Number,
    /// Where the lowest value seen was.
    pub point: f64,
    /// At least one minimiser lies in one of these; `None` if some may lie elsewhere.
    pub places: Option<Vec<Number>>,
}

/// Why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFound {
    /// f is not bounded below, and why.
    Unbounded(String),
    /// Nothing is proved, and why.
    Unknown(String),
}

/// The lowest value reached so far, enclosed.
#[derive(Clone, Copy)]
struct Best {
    point: f64,
    value: Number,
}

/// What is proved beyond an end.
#[derive(Clone, Copy)]
enum Tail {
    /// No minimiser lies there, unless one lies inside too.
    Higher,
    /// f is at least this, which is all but as low as the best.
    Level(f64),
}

struct Search<'a> {
    tape: &'a Tape,
    far_out: Option<FarOut>,
    best: Best,
}

/// Looks for the minimum over the line.
pub fn search(tape: &Tape) -> Result<Found, NotFound> {
    let far_out = far_out(tape);
    if far_out == Some(FarOut::Falls) {
        return Err(NotFound::Unbounded("f is a polynomial that falls for ever".to_owned()));
    }
    let best = Best { point: 0.0, value: Number::exact(f64::INFINITY) };
    let mut search = Search { tape, far_out, best };
    for k in 0..RADII {
        let radius = 4f64.powi(k);
        search.sample(radius);
        let tails = [search.tail(radius, true), search.tail(radius, false)];
        if let [Some(left), Some(right)] = tails {
            return search.inside(radius, [left, right]);
        }
    }
    let reason = if search.best.value.high == f64::INFINITY {
        "f is nowhere seen to be finite"
    } else {
        "it is not proved that f does not fall lower far out"
    };
    Err(NotFound::Unknown(reason.to_owned()))
}

impl Search<'_> {
    fn try_point(&mut self, point: f64) {
        let value = self.tape.run(Number::exact(point)).filter(|value| value.high.is_finite());
        if let Some(value) = value.filter(|value| value.high < self.best.value.high) {
            self.best = Best { point, value };
        }
    }

    fn sample(&mut self, radius: f64) {
        for i in 0..SAMPLES {
            self.try_point(radius * (2.0 * f64::from(i) / f64::from(SAMPLES - 1) - 1.0));
        }
        let refined = self.newton(Number::between(-radius, radius), self.best.point);
        self.try_point(refined);
    }

    /// Newton's method for `f' = 0` from a point, kept inside.
    fn newton(&self, place: Number, from: f64) -> f64 {
        let mut z = from;
        for _ in 0..30 {
            let Some(jet) = self.tape.run(Jet::variable(z)) else { break };
            let next = z - jet.slope / jet.curvature;
            if !next.is_finite() || next == z {
                break;
            }
            z = next.clamp(place.low, place.high);
        }
        z
    }

    fn tail(&self, radius: f64, left: bool) -> Option<Tail> {
        if matches!(self.far_out, Some(FarOut::Rises { radius: enough }) if radius >= enough) {
            return Some(Tail::Higher);
        }
        let (place, end) = if left {
            (Number::between(f64::NEG_INFINITY, -radius), -radius)
        } else {
            (Number::between(radius, f64::INFINITY), radius)
        };
        let value = self.tape.run(place)?;
        if value.low > self.best.value.high {
            return Some(Tail::Higher);
        }
        // Outwards f rises: f' has the sign of the end, or it grows outwards from there.
        let outwards = |slope: Number| if left { -slope } else { slope };
        if let Some(jet) = self.tape.run(Jet::variable(place)) {
            let at_end = self.tape.run(Jet::variable(Number::exact(end)));
            let rises = at_end.is_some_and(|at_end| outwards(at_end.slope).low >= 0.0);
            if outwards(jet.slope).low >= 0.0 || (jet.curvature.low >= 0.0 && rises) {
                return Some(Tail::Higher);
            }
        }
        let level = value.low.is_finite() && value.low >= self.best.value.high - 1e-14 * value.low.abs();
        level.then_some(Tail::Level(value.low))
    }

    fn inside(&mut self, radius: f64, tails: [Tail; 2]) -> Result<Found, NotFound> {
        let mut pieces = vec![Number::between(-radius, radius)];
        let mut kept: Vec<(f64, Number)> = Vec::new();
        let (mut count, most) = (0, self.tape.pieces(MOST_PIECES));
        while let Some(place) = pieces.pop() {
            count += 1;
            let Some((low, near)) = self.look(place) else { continue };
            let slack = 4.0 * (self.best.value.high - self.best.value.low) + f64::MIN_POSITIVE;
            let middle = cut(place);
            let splits = place.low < middle && middle < place.high;
            if low >= self.best.value.high - slack || !splits || count > most {
                kept.push((low, near));
            } else {
                pieces.extend([Number::between(place.low, middle), Number::between(middle, place.high)]);
            }
        }
        let best = self.best;
        kept.retain(|(low, _)| *low <= best.value.high);
        let levels = tails.iter().filter_map(|tail| match tail {
            Tail::Level(low) => Some(*low),
            Tail::Higher => None,
        });
        let low = kept.iter().map(|(low, _)| *low).chain(levels.clone()).fold(f64::INFINITY, f64::min);
        if !low.is_finite() || !best.value.high.is_finite() {
            return Err(NotFound::Unknown("f is not certain to be defined everywhere".to_owned()));
        }
        let places = (levels.count() == 0).then(|| kept.into_iter().map(|(_, place)| place).collect());
        Ok(Found { value: Number::between(low.min(best.value.high), best.value.high), point: best.point, places })
    }

    /// A lower bound on a piece and where in it a minimiser may lie; `None` if none can.
    fn look(&mut self, place: Number) -> Option<(f64, Number)> {
        let mut low = self.tape.run(place).map_or(f64::NEG_INFINITY, |value| value.low);
        let mut near = place;
        if low > self.best.value.high {
            return None;
        }
        if let Some(jet) = self.tape.run(Jet::variable(place)) {
            if jet.slope.low > 0.0 || jet.slope.high < 0.0 {
                return None;
            }
            let convex = jet.curvature.low > 0.0;
            let middle = cut(place);
            let z = if convex { self.newton(place, middle) } else { middle };
            self.try_point(z);
            if let Some(at) = self.tape.run(Jet::variable(Number::exact(z))) {
                low = low.max((at.value + jet.slope * (place - z)).low);
                if convex {
                    let least = jet.curvature.low;
                    low = low.max((at.value - at.slope.square() / (2.0 * Number::exact(least))).low);
                    let reach = (at.slope.max(-at.slope) / least).high;
                    let around = Number::exact(z) + Number::between(-reach, reach);
                    near = Number::between(place.low.max(around.low), place.high.min(around.high));
                    if near.low > near.high {
                        return None;
                    }
                }
            }
        }
        (low <= self.best.value.high).then_some((low, near))
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn found(text: &str) -> Found {
        search(&parse(text).expect("good")).unwrap_or_else(|why| panic!("{text}: {why:?}"))
    }

    #[test]
    fn known_minima() {
        let cases: [(&str, f64, Option<f64>); 11] = [
            ("x^2", 0.0, Some(0.0)),
            ("(x-3)^2/2-5", -5.0, Some(3.0)),
            ("x^4-2*x^2", -1.0, None),
            ("x^4-4*x^3", -27.0, Some(3.0)),
            ("exp(x)-x", 1.0, Some(0.0)),
            ("sin(x)", -1.0, None),
            ("abs(x-2)+1", 1.0, Some(2.0)),
            ("log(1+x^2)/4+(x-2)^2/30", 0.11723849235662133, None),
            ("tanh(x)^2", 0.0, Some(0.0)),
            ("sqrt(1+x^2)+(x-1)^4/64", 1.0139701670892836, None),
            ("x^6-x^4+x", -1.031138968020949, None),
        ];
        for (text, value, point) in cases {
            let Found { value: f, point: z, .. } = found(text);
            let size = 1.0 + value.abs();
            assert!(f.low <= value + 1e-14 * size && f.high >= value - 1e-14 * size, "{text}: {f:?}");
            assert!(f.high - f.low < 1e-13 * size, "{text}: {f:?}");
            assert!(point.is_none_or(|point| (z - point).abs() < 1e-7), "{text}: {z}");
        }
    }

    #[test]
    fn a_rippled_parabola_against_a_fine_search() {
        for text in ["cos(x)+x^2/10", "x^2/50+sin(3*x)", "log(1+x^2)+cos(2*x+1)"] {
            let tape = parse(text).expect("good");
            let lowest = (-400_000..=400_000).map(|i| tape.run(1e-4 * f64::from(i)).expect("finite"));
            let lowest = lowest.fold(f64::INFINITY, f64::min);
            let Found { value, places, .. } = found(text);
            assert!(value.low <= lowest && lowest - value.low < 1e-7, "{text}: {value:?} {lowest}");
            assert!(value.high - value.low < 1e-14, "{text}: {value:?}");
            assert!(places.is_some_and(|places| places.iter().all(|place| place.high - place.low < 1e-12)), "{text}");
        }
    }

    #[test]
    fn nothing_is_claimed_without_proof() {
        for text in ["exp(-x)", "log(x)", "1/x", "x+sin(x)", "1/(1+x^2)", "x*sin(x)"] {
            assert!(search(&parse(text).expect("good")).is_err(), "{text}");
        }
        assert!(matches!(search(&parse("x^3-x").expect("good")), Err(NotFound::Unbounded(_))));
    }
}
