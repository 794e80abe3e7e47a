//! Lanes on the line, eight beside each other: steps of stochastic methods on mixtures of functions with piecewise linear
//! derivatives, and sums over the places they came by.
//!
//! The steps are written once, for any [`Eight`]: plain arrays, which say what is computed, or registers of AVX-512 or AVX2. All give
//! the same bits.

mod coins;
mod leap;
mod samples;
#[cfg(test)]
mod tests;
mod totals;

use super::eight::{Eight, widest};
use crate::random::COINS;
use coins::{draw, toss};
pub use leap::Leap;
use samples::{Lines, Parabolas, Samples, Two};
pub use totals::{Three, Totals};
pub(super) use totals::{evaluate_by, survey_by};

/// Lanes of a group.
pub const GROUP: usize = 8;
/// Groups that advance together: the steps of one wait for each other, so that others fill the time.
pub const GROUPS: usize = 4;
/// Largest batch.
pub const LARGEST_BATCH: usize = 16;

/// A piecewise linear derivative and its function: the piece after the last breakpoint below x.
#[derive(Clone)]
pub struct Curve {
    /// Increasing.
    pub breakpoints: Vec<f64>,
    /// One more: anchor, value and slope of the derivative `value + slope (x - anchor)`, and the function at the anchor.
    pub pieces: Vec<[f64; 4]>,
}

/// What a step does.
#[derive(Clone, Copy)]
pub struct Rule<'a> {
    /// Derivatives of the samples.
    pub components: &'a [Curve],
    /// The sample of 64 random bits is the number of thresholds that are not above them, but the last at most. Of two components
    /// the sample is a coin: whether the first threshold is reached.
    pub thresholds: &'a [u64],
    /// Coins that are left of each of the lanes' generators.
    pub coins_left: [u64; 2],
    /// Samples drawn a gradient, with replacement; at most [`LARGEST_BATCH`].
    pub batch: usize,
    /// Whether the gradient is taken at a perturbed point.
    pub perturbs: bool,
    /// Whether the perturbation has draws of its own.
    pub independent: bool,
    /// Whether any perturbation has a part that is not normalised.
    pub rests: bool,
    /// For steps of one sample each, the coefficients of which are those of all: [`COINS`] of them that begin with a toss are made at
    /// once by the lanes that can.
    pub leap: Option<&'a Leap>,
}

impl Rule<'_> {
    fn check(&self) {
        assert!((1..=LARGEST_BATCH).contains(&self.batch) && self.thresholds.len() == self.components.len());
    }

    fn coin(&self) -> Option<u64> {
        (self.components.len() == 2).then(|| self.thresholds[0])
    }
}

/// Eight lanes.
#[derive(Clone, PartialEq)]
pub struct Lanes {
    /// Where they are.
    pub x: [f64; GROUP],
    /// Their generators for descent and ascent.
    pub generators: [Generators; 2],
}

/// Eight [`Generator`](crate::random::Generator)s.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Generators {
    /// The states of xoshiro256++, word by word.
    pub words: [[u64; GROUP]; 4],
    /// Coins tossed.
    pub coins: [u64; GROUP],
    /// How many.
    pub coins_left: [u64; GROUP],
}

/// `eta`, and the weights of `g/|g|` and of `g` in the perturbation.
pub type Coefficients = [f64; 3];
/// Places of all groups at one step.
pub type Row = [[f64; GROUP]; GROUPS];

/// Fills the tile with the places before each step, and leaves the lanes after the last.
pub fn advance(rule: &Rule, coefficients: &[Coefficients], lanes: &mut [Lanes; GROUPS], tile: &mut [Row]) {
    rule.check();
    assert!(coefficients.len() == tile.len());
    widest!(advance(rule, coefficients, lanes, tile))
}

/// As [`advance`], but keeps no places.
pub fn travel(rule: &Rule, coefficients: &[Coefficients], lanes: &mut [Lanes; GROUPS]) {
    rule.check();
    widest!(travel(rule, coefficients, lanes))
}

/// `f - base` and `f'` of eight places.
pub fn evaluate(curve: &Curve, base: f64, x: &[f64; GROUP]) -> [[f64; GROUP]; 2] {
    widest!(evaluate(curve, base, x))
}

/// Sums over the rows for one group; `f'` and f are those of the curve. The fading sum keeps a part at every step.
pub fn survey(curve: &Curve, [base, kept]: [f64; 2], rows: &[Row], group: usize) -> Totals {
    assert!(group < GROUPS);
    widest!(survey(curve, [base, kept], rows, group))
}

/// What becomes of the places of a group before a step.
trait Follow<E: Eight> {
    /// Whether they are looked at.
    const SEES: bool;

    fn see(&mut self, step: usize, group: usize, x: E);

    /// Steps are counted from here on.
    fn go_on(&mut self, steps: usize);
}

/// They are kept.
struct Kept<'a>(&'a mut [Row]);

impl<E: Eight> Follow<E> for Kept<'_> {
    const SEES: bool = true;

    #[inline(always)]
    fn see(&mut self, step: usize, group: usize, x: E) {
        x.store(&mut self.0[step][group]);
    }

    fn go_on(&mut self, steps: usize) {
        let rows = std::mem::take(&mut self.0);
        self.0 = &mut rows[steps..];
    }
}

/// They are not.
struct Forgotten;

impl<E: Eight> Follow<E> for Forgotten {
    const SEES: bool = false;

    #[inline(always)]
    fn see(&mut self, _: usize, _: usize, _: E) {}

    fn go_on(&mut self, _: usize) {}
}

#[inline(always)]
pub(super) fn advance_by<E: Eight>(
    rule: &Rule,
    coefficients: &[Coefficients],
    lanes: &mut [Lanes; GROUPS],
    tile: &mut [Row],
) {
    leaps_by::<E, _>(rule, coefficients, lanes, &mut Kept(tile));
}

#[inline(always)]
pub(super) fn travel_by<E: Eight>(rule: &Rule, coefficients: &[Coefficients], lanes: &mut [Lanes; GROUPS]) {
    leaps_by::<E, _>(rule, coefficients, lanes, &mut Forgotten);
}

/// Steps, and leaps from every toss to the next.
#[inline(always)]
fn leaps_by<E: Eight, F: Follow<E>>(
    rule: &Rule,
    coefficients: &[Coefficients],
    lanes: &mut [Lanes; GROUPS],
    follow: &mut F,
) {
    let (mut step, mut left) = (0, rule.coins_left);
    while step < coefficients.len() {
        let rest = coefficients.len() - step;
        let leap = rule.leap.filter(|_| left[0] == 0 && rest >= COINS as usize);
        let [mut from, mut landed] = [[[0.0; GROUP]; GROUPS]; 2];
        if let Some(leap) = leap {
            let mut all_bear = true;
            for ((lanes, from), landed) in lanes.iter_mut().zip(&mut from).zip(&mut landed) {
                let generators = &mut lanes.generators[0];
                E::store_words(toss::<E>(&mut generators.words, rule.thresholds[0]), &mut generators.coins);
                *from = lanes.x;
                *landed = leap.land(&generators.coins, lanes.x);
                all_bear &= from.iter().fold(true, |all, x| all & leap.bears(*x));
            }
            if !F::SEES && all_bear {
                for (lanes, landed) in lanes.iter_mut().zip(landed) {
                    lanes.x = landed;
                    (lanes.generators[0].coins, lanes.generators[0].coins_left) = ([0; GROUP], [0; GROUP]);
                }
                step += COINS as usize;
                continue;
            }
            left[0] = COINS;
        }
        let steps = match (leap, left[0]) {
            (Some(_), _) => COINS as usize,
            (None, 1..) if rule.leap.is_some() => rest.min(left[0] as usize),
            _ => rest,
        };
        steps_by(&Rule { coins_left: left, ..*rule }, &coefficients[step..step + steps], lanes, follow);
        follow.go_on(steps);
        step += steps;
        left[0] = 0;
        let Some(leap) = leap else { continue };
        for ((lanes, from), landed) in lanes.iter_mut().zip(from).zip(landed) {
            for ((x, from), landed) in lanes.x.iter_mut().zip(from).zip(landed) {
                *x = if leap.bears(from) { landed } else { *x };
            }
        }
    }
}

#[inline(always)]
fn steps_by<E: Eight>(
    rule: &Rule,
    coefficients: &[Coefficients],
    lanes: &mut [Lanes; GROUPS],
    follow: &mut impl Follow<E>,
) {
    let is_common = rule.batch == 1 && rule.perturbs && !rule.independent && !rule.rests;
    if !is_common {
        step_by::<E>(rule, coefficients, lanes, follow);
    } else if let Some(parabolas) = Parabolas::of(rule) {
        common_steps_by(rule, &parabolas, coefficients, lanes, follow);
    } else if let Some(lines) = Lines::<true>::of(rule) {
        common_steps_by(rule, &lines, coefficients, lanes, follow);
    } else if let Some(lines) = Lines::<false>::of(rule) {
        common_steps_by(rule, &lines, coefficients, lanes, follow);
    } else if let Some(two) = Two::of(rule) {
        common_steps_by(rule, &two, coefficients, lanes, follow);
    } else {
        step_by::<E>(rule, coefficients, lanes, follow);
    }
}

/// Steps of SAM with one of two samples each: coins are tossed for many steps, group after group, then all groups step.
#[inline(always)]
fn common_steps_by<E: Eight>(
    rule: &Rule,
    samples: &impl Samples,
    coefficients: &[Coefficients],
    lanes: &mut [Lanes; GROUPS],
    follow: &mut impl Follow<E>,
) {
    let (mut x, mut coins) = ([E::splat(0.0); GROUPS], [E::words(&[0; GROUP]); GROUPS]);
    for g in 0..GROUPS {
        x[g] = E::load(&lanes[g].x);
        coins[g] = E::words(&lanes[g].generators[0].coins);
    }
    let (mut step, mut left) = (0, rule.coins_left[0] as usize);
    while step < coefficients.len() {
        if left == 0 {
            for (lanes, coins) in lanes.iter_mut().zip(&mut coins) {
                *coins = toss::<E>(&mut lanes.generators[0].words, rule.thresholds[0]);
            }
            left = COINS as usize;
        }
        let until = coefficients.len().min(step + left);
        left -= until - step;
        for (used, [eta, along, _]) in coefficients[step..until].iter().enumerate() {
            for (group, x) in x.iter().enumerate() {
                follow.see(step + used, group, *x);
            }
            samples.step(&coins, used as u64, [*eta, *along], &mut x);
        }
        for coins in &mut coins {
            *coins = E::shifted(*coins, (until - step) as u64);
        }
        step = until;
    }
    for g in 0..GROUPS {
        x[g].store(&mut lanes[g].x);
        E::store_words(coins[g], &mut lanes[g].generators[0].coins);
        lanes[g].generators[0].coins_left = [left as u64; GROUP];
    }
}

/// Steps of any other kind.
#[inline(always)]
fn step_by<E: Eight>(
    rule: &Rule,
    coefficients: &[Coefficients],
    lanes: &mut [Lanes; GROUPS],
    follow: &mut impl Follow<E>,
) {
    let mut x = [E::splat(0.0); GROUPS];
    for (x, lanes) in x.iter_mut().zip(&*lanes) {
        *x = E::load(&lanes.x);
    }
    let fresh = rule.perturbs && rule.independent;
    let mut bits = [E::words(&[0; GROUP]); LARGEST_BATCH];
    let bits = &mut bits[..rule.batch];
    let mut left = rule.coins_left;
    for (step, [eta, along, rest]) in coefficients.iter().enumerate() {
        let [eta, along] = [E::splat(-eta), E::splat(*along)];
        let before = left;
        for (group, (x, lanes)) in x.iter_mut().zip(lanes.iter_mut()).enumerate() {
            follow.see(step, group, *x);
            left = before;
            let [descent, ascent] = &mut lanes.generators;
            if fresh {
                draw::<E>(rule, bits, ascent, &mut left[1]);
            } else {
                draw::<E>(rule, bits, descent, &mut left[0]);
            }
            let mut h = gradient(rule, bits, *x);
            if rule.perturbs {
                let mut y = along.mul_add(h.signum(), *x);
                if *rest != 0.0 {
                    y = E::splat(*rest).mul_add(h, y);
                }
                if fresh {
                    draw::<E>(rule, bits, descent, &mut left[0]);
                }
                h = gradient(rule, bits, y);
            }
            *x = eta.mul_add(h, *x);
        }
    }
    for (x, lanes) in x.iter().zip(lanes) {
        x.store(&mut lanes.x);
        for (generators, left) in lanes.generators.iter_mut().zip(left) {
            generators.coins_left = [left; GROUP];
        }
    }
}

/// Mean of the samples' derivatives.
#[inline(always)]
fn gradient<E: Eight>(rule: &Rule, bits: &[E::Words], x: E) -> E {
    let mut sum = rule.sample(bits[0], x);
    if bits.len() == 1 {
        return sum;
    }
    for bits in &bits[1..] {
        sum = sum.add(rule.sample(*bits, x));
    }
    sum.div(E::splat(bits.len() as f64))
}

#[inline(always)]
fn derivative<E: Eight>([anchor, value, slope, _]: [E; 4], x: E) -> E {
    slope.mul_add(x.sub(anchor), value)
}

#[inline(always)]
fn piece<E: Eight>(curve: &Curve, x: E) -> [E; 4] {
    let [anchor, value, slope, integral] = curve.pieces[0];
    let mut piece = [E::splat(anchor), E::splat(value), E::splat(slope), E::splat(integral)];
    for (breakpoint, next) in curve.breakpoints.iter().zip(&curve.pieces[1..]) {
        let beyond = E::splat(*breakpoint).lt(x);
        for (kept, next) in piece.iter_mut().zip(next) {
            *kept = E::select(beyond, E::splat(*next), *kept);
        }
    }
    piece
}
