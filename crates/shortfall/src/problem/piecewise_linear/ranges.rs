//! A piecewise linear derivative on intervals.

use super::PiecewiseLinear;
use crate::constants::Number;
use crate::problem::{Line, Ranges};

fn hull(a: Number, b: Number) -> Number {
    Number { low: a.low.min(b.low), high: a.high.max(b.high), ..a }
}

impl Line for PiecewiseLinear {
    fn ranges(&self, x: Number) -> Option<Ranges> {
        if !(x.low.is_finite() && x.high.is_finite()) {
            return None;
        }
        let inside = |b: &&f64| x.low <= **b && **b <= x.high;
        let corners = self.breakpoints.iter().filter(inside).map(|b| self.enclosed_at(*b));
        let slope = corners.fold(hull(self.enclosed_at(x.low), self.enclosed_at(x.high)), hull);
        // A point that is a breakpoint has a piece on each side.
        let first = self.breakpoints.partition_point(|b| *b < x.low);
        let last = self.breakpoints.partition_point(|b| *b <= x.high);
        let curvature = self.slopes[first..=last].iter().copied().reduce(hull)?;
        let middle = x.middle();
        let error = self.integral_error(middle);
        let value = Number::exact(self.integral(middle)) + Number::between(-error, error) + slope * (x - middle);
        Some(Ranges { value, slope, curvature })
    }
}
