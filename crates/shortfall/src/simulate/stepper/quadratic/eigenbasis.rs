//! Coordinates along eigenvectors, where SAM and its relatives act on each component alone once `|g|` is known: `g = lambda c`,
//! `c' = c - eta (g + s lambda g)`.
//!
//! Components count from the minimiser's, so that one which has decayed grows again where SAM lets it, instead of being lost in the
//! rounding of where it rests; while it does not, it is passed over.

use super::{Basis, Found};
use crate::constants::eigen::{Eigen, UNIT, gamma};
use crate::kernel::{GONE, GROUP, add_scaled, dot, max_abs, norm, spectral_step};
use crate::method::Method;
use std::ops::Range;

/// Components count from where they rest if their eigenvalue is not below this part of the largest: one that SAM lets grow is
/// larger than those that hold it, and others may rest too far away to count from there.
const FLAT: f64 = 1e-3;

/// Looks for components that have gone are so many steps apart.
const LOOK: u64 = 64;

/// See the module.
pub(super) struct Eigenbasis<'a> {
    basis: &'a Eigen,
    /// Components of the point they count from.
    centre: Vec<f64>,
    /// Of the gradient there: 0 where it is the minimiser's, and left out where all are.
    linear: Option<Vec<f64>>,
    /// `f` there.
    least: f64,
    /// The s up to which no step lets the components of an eight grow, eight after eight.
    pub(super) calm: Vec<f64>,
}

/// Components, and which of them sleep.
pub(super) struct Place {
    c: Vec<f64>,
    sleep: Sleep,
}

/// Components that have gone and stay so.
#[derive(Default)]
struct Sleep {
    eights: Range<usize>,
    /// The s up to which they do.
    calm: f64,
}

impl<'a> Eigenbasis<'a> {
    /// Of `f = x'Ax/2 + b'x` for the decomposed matrix A.
    pub(super) fn of((basis, linear): (&'a Eigen, &[f64]), method: &Method) -> Self {
        let mut linear = components(basis, linear);
        let flat = FLAT * max_abs(&basis.values);
        let rest = |(linear, lambda): (&f64, &f64)| if lambda.abs() > flat { -linear / lambda } else { 0.0 };
        let centre: Vec<f64> = linear.iter().zip(&basis.values).map(rest).collect();
        let least = 0.5 * dot(&centre, &linear);
        linear.iter_mut().zip(&basis.values).filter(|(_, lambda)| lambda.abs() > flat).for_each(|(b, _)| *b = 0.0);
        let linear = linear.iter().any(|b| *b != 0.0).then_some(linear);
        let calm = calm(method, &basis.values, linear.as_deref());
        Self { basis, centre, linear, least, calm }
    }

    /// The longest run of eights of which all components have gone, or are 0.
    fn asleep(&self, c: &[f64]) -> Sleep {
        let (mut longest, mut run) = (0..0, 0..0);
        for (eight, (c, calm)) in c.as_chunks::<GROUP>().0.iter().zip(&self.calm).enumerate() {
            let sleeps = *calm > 0.0 && c.iter().all(|c| *c == GONE || *c == 0.0);
            run = if sleeps { run.start..eight + 1 } else { eight + 1..eight + 1 };
            if run.len() > longest.len() {
                longest = run.clone();
            }
        }
        let calm = self.calm[longest.clone()].iter().fold(f64::INFINITY, |least, calm| least.min(*calm));
        Sleep { eights: longest, calm }
    }

    /// Eights of components that are passed over.
    #[cfg(test)]
    pub(super) fn sleeping(&self, c: &[f64]) -> usize {
        self.asleep(c).eights.len()
    }

    fn pass(&self, coefficients: [f64; 2], place: &mut Place) -> Found {
        let found =
            spectral_step(&self.basis.values, self.linear.as_deref(), coefficients, &mut place.c, &place.sleep.eights);
        Found::of(found, self.least)
    }
}

impl Basis for Eigenbasis<'_> {
    type Place = Place;

    fn of(&self, x: &[f64]) -> Vec<f64> {
        components(self.basis, x).iter().zip(&self.centre).map(|(c, centre)| c - centre).collect()
    }

    fn points(&self, c: &[f64]) -> Vec<f64> {
        let d = self.centre.len();
        let mut x = vec![0.0; c.len()];
        for (k, (vector, centre)) in self.basis.vectors.chunks_exact(d).zip(&self.centre).enumerate() {
            for (c, x) in c.chunks_exact(d).zip(x.chunks_exact_mut(d)) {
                add_scaled(c[k] + centre, vector, x);
            }
        }
        x
    }

    fn place(&self, c: &[f64]) -> (Place, Found) {
        let mut place = Place { c: c.to_vec(), sleep: Sleep::default() };
        let found = self.pass([0.0; 2], &mut place);
        (place, found)
    }

    fn coordinates<'p>(&self, place: &'p Place) -> &'p [f64] {
        &place.c
    }

    fn look(&self, t: u64, place: &mut Place) {
        if t.is_multiple_of(LOOK) {
            place.sleep = self.asleep(&place.c);
        }
    }

    /// Components sleep on, or wake up together.
    fn step(&self, [eta, stretch]: [f64; 2], place: &mut Place) -> Found {
        let sleep_on = stretch <= place.sleep.calm;
        if !sleep_on {
            place.sleep = Sleep::default();
        }
        self.pass([eta, stretch], place)
    }

    fn long_norm(&self, place: &Place) -> f64 {
        let linear = |k: usize| self.linear.as_ref().map_or(0.0, |linear| linear[k]);
        let entry = |(k, (c, lambda)): (usize, (&f64, &f64))| lambda.mul_add(*c, linear(k));
        norm(&place.c.iter().zip(&self.basis.values).enumerate().map(entry).collect::<Vec<_>>())
    }

    fn centre(&self) -> f64 {
        norm(&self.centre)
    }

    fn radius(&self) -> f64 {
        self.basis.radius
    }

    fn rounding(&self) -> [f64; 2] {
        let d = self.centre.len();
        let orthogonal = gamma(d / 16 + 20) * (d as f64).sqrt()
            + self.basis.radius / max_abs(&self.basis.values).max(f64::MIN_POSITIVE);
        [8.0 * UNIT, orthogonal]
    }
}

/// A component c that moves by itself goes to `(1 - eta lambda (1 + s lambda)) c`, which is not larger up to
/// `s = (2/(eta lambda) - 1)/lambda` if lambda is positive. None is known where eta changes.
fn calm(method: &Method, values: &[f64], linear: Option<&[f64]>) -> Vec<f64> {
    let bound = |k: usize, lambda: f64| {
        let moves_alone = method.eta.is_constant() && linear.is_none_or(|linear| linear[k] == 0.0);
        // Not 2: far from where rounding could decide.
        let bound = (1.999 / (method.eta.first() * lambda) - 1.0) / lambda;
        if moves_alone && lambda > 0.0 { bound } else { f64::NEG_INFINITY }
    };
    let eights = values.as_chunks::<GROUP>().0.iter().enumerate();
    let least = |(eight, values): (usize, &[f64; GROUP])| {
        let bounds = values.iter().enumerate().map(|(k, lambda)| bound(GROUP * eight + k, *lambda));
        bounds.fold(f64::INFINITY, f64::min)
    };
    eights.map(least).collect()
}

/// `V'x`
fn components(basis: &Eigen, x: &[f64]) -> Vec<f64> {
    basis.vectors.chunks_exact(x.len()).map(|vector| dot(vector, x)).collect()
}
