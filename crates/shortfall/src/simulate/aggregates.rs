//! What is kept of a lane: running sums and extremes, exact for the steps they cover, and the recorded points.

/// A sum that carries its rounding error along (Neumaier).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    sum: f64,
    correction: f64,
}

impl Sum {
    /// Adds a term.
    #[inline]
    pub fn add(&mut self, term: f64) {
        let sum = self.sum + term;
        if !sum.is_finite() {
            *self = Self { sum, correction: 0.0 };
            return;
        }
        self.correction += if self.sum.abs() >= term.abs() { (self.sum - sum) + term } else { (term - sum) + self.sum };
        self.sum = sum;
    }

    /// The sum.
    pub fn value(&self) -> f64 {
        self.sum + self.correction
    }
}

/// Weighted sum and extremes of a sequence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extremes {
    /// Weighted sum.
    pub sum: Sum,
    /// Total weight.
    pub weight: f64,
    /// Smallest term; infinite before the first.
    pub smallest: f64,
    /// Largest term.
    pub largest: f64,
}

impl Default for Extremes {
    fn default() -> Self {
        Self { sum: Sum::default(), weight: 0.0, smallest: f64::INFINITY, largest: f64::NEG_INFINITY }
    }
}

impl Extremes {
    /// Adds a term.
    #[inline]
    pub fn add(&mut self, weight: f64, term: f64) {
        self.sum.add(weight * term);
        self.weight += weight;
        self.smallest = self.smallest.min(term);
        self.largest = self.largest.max(term);
    }

    /// Weighted mean, if anything was added.
    pub fn mean(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum.value() / self.weight)
    }

    /// Of both sequences together.
    pub fn join(&self, other: &Self) -> Self {
        let mut sum = self.sum;
        sum.add(other.sum.value());
        Self {
            sum,
            weight: self.weight + other.weight,
            smallest: self.smallest.min(other.smallest),
            largest: self.largest.max(other.largest),
        }
    }
}

/// Value (less the plan's base), gradient norm and the value's rounding error at one iterate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// `f(x_t) - base`
    pub value: f64,
    /// `|grad f(x_t)|`
    pub gradient_norm: f64,
    /// Bound on the rounding error of the value.
    pub error: f64,
}

/// The last sixteenth of the steps and the one before, whatever T is: the window of the floor for a run that is stopped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recent {
    value: [Extremes; 2],
    squared_gradient: [Extremes; 2],
    next: u64,
}

impl Recent {
    /// Adds what was evaluated at step `t`. Each part holds an even number of steps, as the floor's window does.
    #[inline]
    pub fn add(&mut self, t: u64, weight: f64, value: f64, square: f64) {
        if t >= self.next {
            self.value = [self.value[1], Extremes::default()];
            self.squared_gradient = [self.squared_gradient[1], Extremes::default()];
            self.next = (t + (t / 16).max(2)) & !1;
        }
        self.value[1].add(weight, value);
        self.squared_gradient[1].add(weight, square);
    }
}

/// Everything kept of a lane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaneRecord {
    /// At the recorded steps, as far as the run came.
    pub points: Vec<Point>,
    /// `f - base` over `0..T-1`.
    pub value: Extremes,
    /// `a` over `0..T-1`.
    pub gradient_norm: Extremes,
    /// `a^2` over `0..T-1`.
    pub squared_gradient: Extremes,
    /// `f - base` over the two halves of the floor's window.
    pub window_value: [Extremes; 2],
    /// `a^2` over the two halves.
    pub window_squared_gradient: [Extremes; 2],
    /// The window of a run that is stopped.
    pub recent: Recent,
    /// The step at which the lane diverged.
    pub diverged: Option<u64>,
}

impl LaneRecord {
    /// Takes the recent steps as the floor's window.
    pub(super) fn close_window(&mut self) {
        self.window_value = self.recent.value;
        self.window_squared_gradient = self.recent.squared_gradient;
    }

    /// The point at T (or where the run stopped).
    pub fn last(&self) -> Option<&Point> {
        self.points.last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_keep_what_cancels() {
        let mut sum = Sum::default();
        for term in [1.0, 1e100, 1.0, -1e100] {
            sum.add(term);
        }
        assert_eq!(sum.value(), 2.0);
    }
}
