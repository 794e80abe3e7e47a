//! On the line, by branch and bound in interval arithmetic.

use super::SamObjective;
use crate::constants::{Number, Provenance};
use crate::problem::Line;

/// Intervals looked at, and the relative width at which they are enough.
const MOST_INTERVALS: usize = 20_000;
const ENOUGH: f64 = 1e-13;

/// `max f` on `[x - rho, x + rho]`; `None` where f cannot be enclosed there.
pub(super) fn maximum(line: &dyn Line, x: f64, rho: f64) -> Option<SamObjective> {
    let ball = Number::exact(x) + Number::between(-rho, rho);
    let (mut best, mut place) = (f64::NEG_INFINITY, x);
    let mut try_at = |at: f64| {
        // Only points that are certainly in the ball.
        let inside = (Number::exact(at) - x).max(Number::exact(x) - at).high <= rho;
        if let Some(value) =
            line.ranges(Number::exact(at)).map(|ranges| ranges.value.low).filter(|low| inside && *low > best)
        {
            (best, place) = (value, at);
        }
        best
    };
    for at in [x, (x - rho).next_up(), (x + rho).next_down(), x - rho, x + rho] {
        try_at(at);
    }
    let (mut pieces, mut high, mut count) = (vec![ball], f64::NEG_INFINITY, 0);
    while let Some(piece) = pieces.pop() {
        count += 1;
        let ranges = line.ranges(piece)?;
        let middle = piece.middle();
        let best = try_at(middle.clamp(ball.low, ball.high));
        let at = |x: f64| line.ranges(Number::exact(x)).map_or(f64::INFINITY, |ranges| ranges.value.high);
        let ends = || at(piece.low).max(at(piece.high));
        let upper = match () {
            // Largest at an end.
            () if ranges.slope.low >= 0.0 || ranges.slope.high <= 0.0 || ranges.curvature.low >= 0.0 => ends(),
            // A concave function lies below its tangents.
            () if ranges.curvature.high <= 0.0 => {
                let tangent = line.ranges(Number::exact(middle))?;
                (tangent.value + tangent.slope * (piece - middle)).high
            }
            () => f64::INFINITY,
        };
        let upper = upper.min(ranges.value.high);
        let enough = upper <= best + ENOUGH * best.abs().max(ranges.value.high.abs());
        let splits = piece.low < middle && middle < piece.high;
        if enough || !splits || count > MOST_INTERVALS {
            high = high.max(upper);
        } else {
            pieces.extend([Number::between(piece.low, middle), Number::between(middle, piece.high)]);
        }
    }
    let (low, how) = (best, "branch and bound in interval arithmetic".to_owned());
    let finite = low.is_finite() && high.is_finite();
    finite.then(|| SamObjective { low, high, perturbation: vec![place - x], provenance: Provenance::Certified, how })
}
