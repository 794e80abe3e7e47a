//! What is proved of a function on an interval of the line.

use crate::constants::Number;

/// Enclosures of f, f' and f'' on an interval.
#[derive(Clone, Copy, Debug)]
pub struct Ranges {
    /// Of f.
    pub value: Number,
    /// Of f'.
    pub slope: Number,
    /// Of f''; where f' has corners, of the slopes beside them.
    pub curvature: Number,
}

/// A function on the line that can be enclosed, rounding included.
pub trait Line: Send + Sync {
    /// On a bounded interval; `None` where f' is not certain to exist and to be continuous.
    fn ranges(&self, x: Number) -> Option<Ranges>;
}

/// `lambda x^2/2`.
#[derive(Clone, Copy, Debug)]
pub struct Parabola(pub f64);

impl Line for Parabola {
    fn ranges(&self, x: Number) -> Option<Ranges> {
        let curvature = Number::exact(self.0);
        Some(Ranges { value: curvature * x.square() / 2.0, slope: curvature * x, curvature })
    }
}

impl<L: Line + ?Sized> Line for &L {
    fn ranges(&self, x: Number) -> Option<Ranges> {
        (**self).ranges(x)
    }
}
