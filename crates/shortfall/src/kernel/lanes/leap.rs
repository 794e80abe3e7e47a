//! Many steps at once, where each is one of two affine maps.

use super::{Coefficients, Curve, GROUP};
use crate::random::COINS;

/// Coins that a map is kept for.
const BITS: usize = 8;

/// [`COINS`] steps at once on two lines. Between the zeros of two increasing derivatives their signs are known, so a step on either is an
/// affine map, and so are eight steps, one of 256 by their coins. Lanes that cannot leave this range on the way, whatever their coins,
/// take 64 steps as eight maps, which differ from the steps one by one in rounding alone. Where signs play no part, as in SGD, lanes
/// leap from anywhere.
pub struct Leap {
    /// Where lanes are that cannot leave.
    range: [f64; 2],
    /// `factor x + shift` of the coins in a byte, the first on top.
    maps: Box<[[f64; 2]; 1 << BITS]>,
}

impl Leap {
    /// For steps `x - eta g(y)`, `y = x + along unit(g(x)) + rest g(x)`, with g one of two components that have one piece each, if both
    /// contract without a change of sides: `0 <= 1 - eta slope (1 + rest slope) < 1`.
    pub fn of(components: &[Curve], [eta, along, rest]: Coefficients) -> Option<Self> {
        let [a, b] = components else { return None };
        let ([a], [b]) = (&a.pieces[..], &b.pieces[..]) else { return None };
        let zeros = [a, b].map(|[anchor, value, slope, _]| anchor - value / slope);
        let low = zeros[0].min(zeros[1]);
        let steps = [(a, zeros[0]), (b, zeros[1])].map(|([anchor, value, slope, _], zero)| {
            let at_zero = (-slope).mul_add(*anchor, *value);
            let unit = if zero == low { 1.0 } else { -1.0 };
            let more = 1.0 + rest * slope;
            [1.0 - eta * slope * more, -eta * (at_zero * more + slope * along * unit)]
        });
        let contract = steps.iter().all(|[factor, shift]| (0.0..1.0).contains(factor) && shift.is_finite());
        if !contract || [a, b].iter().any(|[_, _, slope, _]| *slope <= 0.0) {
            return None;
        }
        let range = if along == 0.0 { [-FAR, FAR] } else { range(zeros, &steps)? };
        let map = |coins: usize| {
            (0..BITS).rev().fold([1.0, 0.0], |[factor, shift], bit| {
                let [next, added] = steps[coins >> bit & 1];
                [factor * next, next.mul_add(shift, added)]
            })
        };
        Some(Self { range, maps: Box::new(std::array::from_fn(map)) })
    }

    /// Whether a lane can leap.
    #[inline(always)]
    pub(super) fn bears(&self, x: f64) -> bool {
        (self.range[0] <= x) & (x <= self.range[1])
    }

    /// Where lanes are after the steps of their coins.
    #[inline(always)]
    pub(super) fn land(&self, coins: &[u64; GROUP], mut x: [f64; GROUP]) -> [f64; GROUP] {
        for byte in (0..COINS as usize / BITS).rev() {
            for (x, coins) in x.iter_mut().zip(coins) {
                let [factor, shift] = self.maps[usize::from((coins >> (BITS * byte)) as u8)];
                *x = factor.mul_add(*x, shift);
            }
        }
        x
    }

    /// As [`land`](Self::land), for one lane, if it can.
    pub fn land_one(&self, coins: u64, x: f64) -> Option<f64> {
        self.bears(x).then(|| self.land(&[coins; GROUP], [x; GROUP])[0])
    }
}

/// Where nothing has a side, lanes leap from as far as this.
const FAR: f64 = 1e50;
/// What the range keeps from the zeros, relative to them: far above all rounding on the way.
const MARGIN: f64 = 1e-6;

/// Where steps begin that stay between the zeros: what must hold before the last, then before the one before it. The maps increase, so
/// that the ends of the range decide.
fn range(zeros: [f64; 2], steps: &[[f64; 2]; 2]) -> Option<[f64; 2]> {
    let margin = MARGIN * (zeros[0].abs() + zeros[1].abs());
    let between = [zeros[0].min(zeros[1]) + margin, zeros[0].max(zeros[1]) - margin];
    let [mut low, mut high] = between;
    for _ in 1..COINS {
        let after = [low, high];
        for [factor, shift] in steps {
            if *factor == 0.0 {
                (after[0] <= *shift && *shift <= after[1]).then_some(())?;
            } else {
                let [from, to] = after.map(|end| (end - shift) / factor);
                (low, high) = (low.max(from), high.min(to));
            }
        }
    }
    (low < high && low.is_finite() && high.is_finite()).then_some([low, high])
}
