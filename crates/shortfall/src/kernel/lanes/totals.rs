//! What is read off the places that lanes came by: sums and extremes, eight lanes at a time.

use super::super::eight::Eight;
use super::{Curve, GROUP, Row, piece};

/// Sum and extremes, lane by lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Three {
    /// Sum.
    pub sum: [f64; GROUP],
    /// Smallest.
    pub smallest: [f64; GROUP],
    /// Largest.
    pub largest: [f64; GROUP],
}

/// Over some steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Totals {
    /// `f - base`
    pub value: Three,
    /// `|f'|`
    pub slope: Three,
    /// `f'^2`
    pub square: Three,
    /// x
    pub position: Three,
    /// x^2
    pub position_square: Three,
    /// Sum of `f - base`, of which a part is kept at every later step.
    pub fading: [f64; GROUP],
}

impl Totals {
    /// Adds the steps that follow, over whose number the fading sum keeps `kept`.
    pub fn join(&mut self, next: &Self, kept: f64) {
        self.value.join(&next.value);
        self.slope.join(&next.slope);
        self.square.join(&next.square);
        self.position.join(&next.position);
        self.position_square.join(&next.position_square);
        for l in 0..GROUP {
            self.fading[l] = self.fading[l] * kept + next.fading[l];
        }
    }
}

impl Three {
    fn join(&mut self, next: &Self) {
        for l in 0..GROUP {
            self.sum[l] += next.sum[l];
            self.smallest[l] = self.smallest[l].min(next.smallest[l]);
            self.largest[l] = self.largest[l].max(next.largest[l]);
        }
    }
}

#[derive(Clone, Copy)]
struct Running<E>([E; 3]);

impl<E: Eight> Running<E> {
    #[inline(always)]
    fn new() -> Self {
        Self([E::splat(0.0), E::splat(f64::INFINITY), E::splat(f64::NEG_INFINITY)])
    }

    #[inline(always)]
    fn add(&mut self, term: E) {
        let [sum, smallest, largest] = self.0;
        self.0 = [sum.add(term), smallest.min(term), largest.max(term)];
    }

    #[inline(always)]
    fn three(self) -> Three {
        let [sum, smallest, largest] = self.0;
        Three { sum: stored(sum), smallest: stored(smallest), largest: stored(largest) }
    }
}

#[inline(always)]
fn stored<E: Eight>(numbers: E) -> [f64; GROUP] {
    let mut kept = [0.0; GROUP];
    numbers.store(&mut kept);
    kept
}

/// `f - base` and `f'` there.
#[inline(always)]
fn at<E: Eight>(curve: &Curve, base: f64, x: E) -> [E; 2] {
    let [anchor, value, slope, integral] = piece(curve, x);
    let dx = x.sub(anchor);
    let f = E::splat(0.5).mul(slope).mul_add(dx, value).mul_add(dx, integral);
    [f.sub(E::splat(base)), slope.mul_add(dx, value)]
}

#[inline(always)]
pub(in super::super) fn evaluate_by<E: Eight>(curve: &Curve, base: f64, x: &[f64; GROUP]) -> [[f64; GROUP]; 2] {
    let [f, g] = at(curve, base, E::load(x));
    [stored(f), stored(g)]
}

#[inline(always)]
pub(in super::super) fn survey_by<E: Eight>(
    curve: &Curve,
    [base, kept]: [f64; 2],
    rows: &[Row],
    group: usize,
) -> Totals {
    let [mut value, mut slope, mut position, mut position_square] = [Running::<E>::new(); 4];
    let [mut square, mut fading] = [E::splat(0.0); 2];
    for row in rows {
        let x = E::load(&row[group]);
        let [f, g] = at(curve, base, x);
        value.add(f);
        fading = fading.mul_add(E::splat(kept), f);
        let g = g.abs();
        slope.add(g);
        square = square.add(g.mul(g));
        position.add(x);
        position_square.add(x.mul(x));
    }
    // The square grows with the size, and is rounded alike.
    let [_, smallest, largest] = slope.0;
    let square = Running([square, smallest.mul(smallest), largest.mul(largest)]);
    Totals {
        value: value.three(),
        slope: slope.three(),
        square: square.three(),
        position: position.three(),
        position_square: position_square.three(),
        fading: stored(fading),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{GROUP, Row, survey};
    use super::Curve;

    #[test]
    fn a_survey_of_nothing_and_of_one() {
        let curve = &Curve {
            breakpoints: vec![-0.5, 0.75],
            pieces: vec![[-0.5, 1.0, -2.0, 0.0], [0.0, 0.0, 3.0, 1.0], [0.75, 2.25, 0.5, 2.0]],
        };
        assert_eq!(survey(curve, [0.0, 1.0], &[], 0).slope.smallest, [f64::INFINITY; GROUP]);
        let mut row = Row::default();
        row[1] = [1.75; GROUP];
        let one = survey(curve, [0.5, 1.0], &[row], 1);
        assert_eq!((one.value.sum, one.slope.largest, one.square.sum), ([4.0; GROUP], [2.75; GROUP], [7.5625; GROUP]));
        assert_eq!((one.position.smallest, one.position_square.sum), ([1.75; GROUP], [3.0625; GROUP]));
    }
}
