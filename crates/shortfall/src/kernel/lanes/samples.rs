//! Derivatives of samples: any mixture, and shapes of two components that have code of their own. All give the same bits.

use super::super::eight::Eight;
use super::{Curve, GROUPS, Rule, derivative, piece};

impl Rule<'_> {
    /// The derivative of the sample that some bits draw: the top one is a coin where there are two components.
    #[inline(always)]
    pub(super) fn sample<E: Eight>(&self, bits: E::Words, x: E) -> E {
        let mut g = derivative(piece(&self.components[0], x), x);
        for (component, threshold) in self.components[1..].iter().zip(self.thresholds) {
            let is_drawn = if self.coin().is_some() { E::top(bits) } else { E::reach(bits, *threshold) };
            g = E::select(is_drawn, derivative(piece(component, x), x), g);
        }
        g
    }
}

/// The derivative of one of two samples.
pub(super) trait Samples {
    fn sample<E: Eight>(&self, is_second: E::Mask, x: E) -> E;

    /// `x - eta g(x + along unit(g(x)))` for the sample that the coin after those used draws.
    #[inline(always)]
    fn step<E: Eight>(&self, coins: &[E::Words; GROUPS], used: u64, [eta, along]: [f64; 2], x: &mut [E; GROUPS]) {
        for (x, coins) in x.iter_mut().zip(coins) {
            let is_second = E::top(E::shifted(*coins, used));
            let y = E::splat(along).mul_add(self.sample(is_second, *x).signum(), *x);
            *x = E::splat(-eta).mul_add(self.sample(is_second, y), *x);
        }
    }
}

/// Two parabolas `(x - c)^2/2`: what adds 0 and multiplies by 1 is left out. That could only change the sign of a zero, which moves
/// nothing: `x - c` is -0 for x = -0 alone, whose perturbed point is 0.
pub(super) struct Parabolas {
    centres: [f64; 2],
}

impl Parabolas {
    pub(super) fn of(rule: &Rule) -> Option<Self> {
        let Lines { anchors, values: [value, _], slopes: [slope, _] } = Lines::<true>::of(rule)?;
        (value == 0.0 && slope == 1.0).then_some(Self { centres: anchors })
    }
}

impl Samples for Parabolas {
    #[inline(always)]
    fn sample<E: Eight>(&self, is_second: E::Mask, x: E) -> E {
        let [a, b] = self.centres;
        x.sub(E::select(is_second, E::splat(b), E::splat(a)))
    }

    #[inline(always)]
    fn step<E: Eight>(&self, coins: &[E::Words; GROUPS], used: u64, [eta, along]: [f64; 2], x: &mut [E; GROUPS]) {
        let (centres, ways) = (self.centres.map(E::splat), [along, -along].map(E::splat));
        for (x, coins) in x.iter_mut().zip(coins) {
            *x = x.step_on_parabola(coins, used, &centres, &ways, E::splat(-eta));
        }
    }
}

/// Two lines. ALIKE: they differ in their anchors alone, as those of `E (x-c)^2/2` do.
pub(super) struct Lines<const ALIKE: bool> {
    anchors: [f64; 2],
    values: [f64; 2],
    slopes: [f64; 2],
}

impl<const ALIKE: bool> Lines<ALIKE> {
    pub(super) fn of(rule: &Rule) -> Option<Self> {
        let [a, b] = rule.components else { return None };
        let ([a], [b]) = (&a.pieces[..], &b.pieces[..]) else { return None };
        let [anchors, values, slopes] = [0, 1, 2].map(|k: usize| [a[k], b[k]]);
        let are_alike = [values, slopes].iter().all(|[a, b]| a.to_bits() == b.to_bits());
        (are_alike || !ALIKE).then_some(Self { anchors, values, slopes })
    }
}

impl<const ALIKE: bool> Samples for Lines<ALIKE> {
    #[inline(always)]
    fn sample<E: Eight>(&self, is_second: E::Mask, x: E) -> E {
        let drawn = |[a, b]: [f64; 2]| E::select(is_second, E::splat(b), E::splat(a));
        let [value, slope] = if ALIKE {
            [self.values, self.slopes].map(|[a, _]| E::splat(a))
        } else {
            [self.values, self.slopes].map(drawn)
        };
        slope.mul_add(x.sub(drawn(self.anchors)), value)
    }
}

/// Breakpoints of two components for which there is code of its own.
const FEW: usize = 2;

/// Two components of up to [`FEW`] breakpoints; those that are missing are infinite.
pub(super) struct Two {
    first: [[f64; 4]; 2],
    breakpoints: [[f64; FEW]; 2],
    later: [[[f64; 4]; FEW]; 2],
}

impl Two {
    pub(super) fn of(rule: &Rule) -> Option<Self> {
        let [a, b] = rule.components else { return None };
        if a.breakpoints.len().max(b.breakpoints.len()) > FEW {
            return None;
        }
        let padded =
            |curve: &Curve| std::array::from_fn(|k| curve.breakpoints.get(k).copied().unwrap_or(f64::INFINITY));
        let later = |curve: &Curve| std::array::from_fn(|k| curve.pieces.get(k + 1).copied().unwrap_or([0.0; 4]));
        Some(Self {
            first: [a.pieces[0], b.pieces[0]],
            breakpoints: [padded(a), padded(b)],
            later: [later(a), later(b)],
        })
    }

    #[inline(always)]
    fn at<E: Eight>(&self, which: usize, x: E) -> E {
        let [anchor, value, slope, _] = self.first[which];
        let mut piece = [E::splat(anchor), E::splat(value), E::splat(slope)];
        for k in 0..FEW {
            let beyond = E::splat(self.breakpoints[which][k]).lt(x);
            for (kept, next) in piece.iter_mut().zip(self.later[which][k]) {
                *kept = E::select(beyond, E::splat(next), *kept);
            }
        }
        let [anchor, value, slope] = piece;
        slope.mul_add(x.sub(anchor), value)
    }
}

impl Samples for Two {
    #[inline(always)]
    fn sample<E: Eight>(&self, is_second: E::Mask, x: E) -> E {
        E::select(is_second, self.at(1, x), self.at(0, x))
    }
}
