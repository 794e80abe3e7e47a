//! Lanes on the line, eight beside each other: steps of stochastic methods on mixtures of functions with piecewise linear
//! derivatives, and sums over the places they came by.
//!
//! The steps are written once, for any [`Eight`]: plain arrays, which say what is computed, or registers of AVX-512 or AVX2. All give
//! the same bits.

mod samples;
mod totals;

use super::eight::{Eight, widest};
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
pub struct Rule<'a> {
    /// Derivatives of the samples.
    pub components: &'a [Curve],
    /// The sample of 64 random bits is the number of thresholds that are not above them, but the last at most.
    pub thresholds: &'a [u64],
    /// Samples drawn a gradient, with replacement; at most [`LARGEST_BATCH`].
    pub batch: usize,
    /// Whether the gradient is taken at a perturbed point.
    pub perturbs: bool,
    /// Whether the perturbation has draws of its own.
    pub independent: bool,
}

impl Rule<'_> {
    fn check(&self) {
        assert!((1..=LARGEST_BATCH).contains(&self.batch) && self.thresholds.len() == self.components.len());
    }
}

/// Eight lanes.
#[derive(Clone)]
pub struct Lanes {
    /// Where they are.
    pub x: [f64; GROUP],
    /// Their xoshiro256++ generators for descent and ascent, word by word.
    pub generators: [[[u64; GROUP]; 4]; 2],
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

/// As [`advance`], but keeps of the places only the largest `|x|` of each lane.
pub fn travel(rule: &Rule, coefficients: &[Coefficients], lanes: &mut [Lanes; GROUPS]) -> Row {
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

/// What becomes of the places before a step.
trait Follow<E: Eight> {
    fn see(&mut self, step: usize, x: &[E; GROUPS]);
}

/// They are kept.
struct Kept<'a>(&'a mut [Row]);

impl<E: Eight> Follow<E> for Kept<'_> {
    #[inline(always)]
    fn see(&mut self, step: usize, x: &[E; GROUPS]) {
        for (x, kept) in x.iter().zip(&mut self.0[step]) {
            x.store(kept);
        }
    }
}

/// The largest are.
struct Largest<E>([E; GROUPS]);

impl<E: Eight> Follow<E> for Largest<E> {
    #[inline(always)]
    fn see(&mut self, _: usize, x: &[E; GROUPS]) {
        for (largest, x) in self.0.iter_mut().zip(x) {
            *largest = largest.larger_size(*x);
        }
    }
}

#[inline(always)]
pub(super) fn advance_by<E: Eight>(
    rule: &Rule,
    coefficients: &[Coefficients],
    lanes: &mut [Lanes; GROUPS],
    tile: &mut [Row],
) {
    steps_by::<E>(rule, coefficients, lanes, &mut Kept(tile));
}

#[inline(always)]
pub(super) fn travel_by<E: Eight>(rule: &Rule, coefficients: &[Coefficients], lanes: &mut [Lanes; GROUPS]) -> Row {
    let mut largest = Largest([E::all(0.0); GROUPS]);
    steps_by::<E>(rule, coefficients, lanes, &mut largest);
    let mut row = Row::default();
    for (row, largest) in row.iter_mut().zip(largest.0) {
        largest.store(row);
    }
    row
}

#[inline(always)]
fn steps_by<E: Eight>(
    rule: &Rule,
    coefficients: &[Coefficients],
    lanes: &mut [Lanes; GROUPS],
    follow: &mut impl Follow<E>,
) {
    let is_common =
        rule.batch == 1 && rule.perturbs && !rule.independent && coefficients.iter().all(|[.., rest]| *rest == 0.0);
    if !is_common {
        step_by::<E, _, false>(rule, rule, coefficients, lanes, follow);
    } else if let Some(parabolas) = Parabolas::of(rule) {
        common_steps_by(rule, &parabolas, coefficients, lanes, follow);
    } else if let Some(lines) = Lines::<true>::of(rule) {
        common_steps_by(rule, &lines, coefficients, lanes, follow);
    } else if let Some(lines) = Lines::<false>::of(rule) {
        common_steps_by(rule, &lines, coefficients, lanes, follow);
    } else if let Some(two) = Two::of(rule) {
        common_steps_by(rule, &two, coefficients, lanes, follow);
    } else {
        step_by::<E, _, false>(rule, rule, coefficients, lanes, follow);
    }
}

/// Steps of SAM with one sample each, in the way that suits the registers.
#[inline(always)]
fn common_steps_by<E: Eight>(
    rule: &Rule,
    samples: &impl Samples,
    coefficients: &[Coefficients],
    lanes: &mut [Lanes; GROUPS],
    follow: &mut impl Follow<E>,
) {
    if E::HOLD_ALL_LANES {
        step_by::<E, _, true>(rule, samples, coefficients, lanes, follow);
    } else {
        step_after_draws(samples, coefficients, lanes, follow);
    }
}

/// Steps whose draws are made together: 8 KB of them.
const DRAWN: usize = 32;

/// As [`step_by`] where COMMON. First a group draws for some steps, its generators in registers, then the next; then all step.
#[inline(always)]
fn step_after_draws<E: Eight>(
    samples: &impl Samples,
    coefficients: &[Coefficients],
    lanes: &mut [Lanes; GROUPS],
    follow: &mut impl Follow<E>,
) {
    let mut x = [E::all(0.0); GROUPS];
    for (x, lanes) in x.iter_mut().zip(&*lanes) {
        *x = E::load(&lanes.x);
    }
    let mut drawn = [[E::words(&[0; GROUP]); DRAWN]; GROUPS];
    for (part, coefficients) in coefficients.chunks(DRAWN).enumerate() {
        for (lanes, drawn) in lanes.iter_mut().zip(&mut drawn) {
            let [[a, b, c, d], _] = &mut lanes.generators;
            let mut generator = [E::words(a), E::words(b), E::words(c), E::words(d)];
            for drawn in &mut drawn[..coefficients.len()] {
                *drawn = E::bits(&mut generator);
            }
            for (words, kept) in generator.into_iter().zip([a, b, c, d]) {
                E::store_words(words, kept);
            }
        }
        for (step, [eta, along, _]) in coefficients.iter().enumerate() {
            follow.see(part * DRAWN + step, &x);
            let [eta, along] = [E::all(-eta), E::all(*along)];
            for (x, drawn) in x.iter_mut().zip(&drawn) {
                let y = along.fused(samples.sample(drawn[step], *x).unit(), *x);
                *x = eta.fused(samples.sample(drawn[step], y), *x);
            }
        }
    }
    for (x, lanes) in x.iter().zip(lanes) {
        x.store(&mut lanes.x);
    }
}

/// COMMON: SAM with one sample a step; the loop has no branches then.
#[inline(always)]
fn step_by<E: Eight, S: Samples, const COMMON: bool>(
    rule: &Rule,
    samples: &S,
    coefficients: &[Coefficients],
    lanes: &mut [Lanes; GROUPS],
    follow: &mut impl Follow<E>,
) {
    let mut x = [E::all(0.0); GROUPS];
    let mut generators = [[[E::words(&[0; GROUP]); 4]; 2]; GROUPS];
    for g in 0..GROUPS {
        x[g] = E::load(&lanes[g].x);
        for (words, kept) in generators[g].iter_mut().flatten().zip(lanes[g].generators.iter().flatten()) {
            *words = E::words(kept);
        }
    }
    let fresh = !COMMON && rule.perturbs && rule.independent;
    let batch = if COMMON { 1 } else { rule.batch };
    let mut bits = [E::words(&[0; GROUP]); LARGEST_BATCH];
    for (step, [eta, along, rest]) in coefficients.iter().enumerate() {
        follow.see(step, &x);
        let [eta, along] = [E::all(-eta), E::all(*along)];
        for g in 0..GROUPS {
            let [descent, ascent] = &mut generators[g];
            draw::<E>(&mut bits[..batch], if fresh { ascent } else { &mut *descent });
            let mut h = gradient(samples, &bits[..batch], x[g]);
            if COMMON || rule.perturbs {
                let mut y = along.fused(h.unit(), x[g]);
                if !COMMON && *rest != 0.0 {
                    y = E::all(*rest).fused(h, y);
                }
                if fresh {
                    draw::<E>(&mut bits[..batch], descent);
                }
                h = gradient(samples, &bits[..batch], y);
            }
            x[g] = eta.fused(h, x[g]);
        }
    }
    for g in 0..GROUPS {
        x[g].store(&mut lanes[g].x);
        for (words, kept) in generators[g].iter().flatten().zip(lanes[g].generators.iter_mut().flatten()) {
            E::store_words(*words, kept);
        }
    }
}

#[inline(always)]
fn draw<E: Eight>(bits: &mut [E::Words], generator: &mut [E::Words; 4]) {
    for bits in bits {
        *bits = E::bits(generator);
    }
}

/// Mean of the samples' derivatives.
#[inline(always)]
fn gradient<E: Eight>(samples: &impl Samples, bits: &[E::Words], x: E) -> E {
    let mut sum = samples.sample(bits[0], x);
    if bits.len() == 1 {
        return sum;
    }
    for bits in &bits[1..] {
        sum = sum.add(samples.sample(*bits, x));
    }
    sum.over(E::all(bits.len() as f64))
}

#[inline(always)]
fn derivative<E: Eight>([anchor, value, slope, _]: [E; 4], x: E) -> E {
    slope.fused(x.less(anchor), value)
}

#[inline(always)]
fn piece<E: Eight>(curve: &Curve, x: E) -> [E; 4] {
    let [anchor, value, slope, integral] = curve.pieces[0];
    let mut piece = [E::all(anchor), E::all(value), E::all(slope), E::all(integral)];
    for (breakpoint, next) in curve.breakpoints.iter().zip(&curve.pieces[1..]) {
        let beyond = E::all(*breakpoint).is_below(x);
        for (kept, next) in piece.iter_mut().zip(next) {
            *kept = E::choose(beyond, E::all(*next), *kept);
        }
    }
    piece
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Generator, Role};

    fn lanes() -> [Lanes; GROUPS] {
        let mut generator = Generator::new(3, 0, Role::Other);
        std::array::from_fn(|_| Lanes {
            x: std::array::from_fn(|l| if l == 3 { -0.0 } else { 3.0 * generator.uniform() - 1.5 }),
            generators: std::array::from_fn(|_| std::array::from_fn(|_| std::array::from_fn(|_| generator.bits()))),
        })
    }

    fn curves() -> Vec<Curve> {
        vec![
            Curve { breakpoints: vec![], pieces: vec![[0.0, 0.0, 1.0, 0.25]] },
            Curve {
                breakpoints: vec![-0.5, 0.75],
                pieces: vec![[-0.5, 1.0, -2.0, 0.0], [0.0, 0.0, 3.0, 1.0], [0.75, 2.25, 0.5, 2.0]],
            },
            Curve { breakpoints: vec![0.1], pieces: vec![[1.0, 0.0, 1.0, 0.5], [0.1, -0.9, 4.0, 0.125]] },
            Curve { breakpoints: vec![], pieces: vec![[-1.0, 0.0, 1.0, 0.5]] },
            Curve { breakpoints: vec![], pieces: vec![[0.5, 0.25, 2.0, 0.0]] },
            Curve { breakpoints: vec![], pieces: vec![[-0.5, 0.25, 2.0, 1.0]] },
        ]
    }

    /// All shapes of mixtures that have code of their own, in steps that have it too and in others, and all registers there are.
    #[test]
    fn registers_and_arrays_give_the_same_bits() {
        let all = curves();
        let shapes: [&[usize]; 8] = [&[0, 0], &[0, 3], &[4, 5], &[3, 4], &[0, 2], &[1, 2], &[1], &[0, 1, 2]];
        for (batch, perturbs, independent) in
            [(1, true, false), (1, false, false), (1, true, true), (2, true, true), (16, true, false)]
        {
            for shape in shapes {
                let components: Vec<Curve> = shape.iter().map(|k| all[*k].clone()).collect();
                let thresholds: Vec<u64> =
                    (1..=shape.len()).map(|k| u64::MAX / shape.len() as u64 * k as u64).collect();
                let rule = Rule { components: &components, thresholds: &thresholds, batch, perturbs, independent };
                for rest in [0.0, 0.1] {
                    let coefficients: Vec<Coefficients> =
                        (0..50).map(|t| [0.1, 0.2, f64::from(t % 2) * rest]).collect();
                    let (mut fast, mut slow) = (lanes(), lanes());
                    let mut tiles = [vec![Row::default(); 50], vec![Row::default(); 50]];
                    advance(&rule, &coefficients, &mut fast, &mut tiles[0]);
                    super::super::eight::plain::advance(&rule, &coefficients, &mut slow, &mut tiles[1]);
                    let bits = |tile: &[Row]| {
                        tile.as_flattened().as_flattened().iter().map(|x| x.to_bits()).collect::<Vec<_>>()
                    };
                    assert_eq!(bits(&tiles[0]), bits(&tiles[1]));
                    // One step after the other, by the code for any mixture.
                    let (mut one, mut tile) = (lanes(), vec![Row::default(); 50]);
                    let kept = &mut Kept(&mut tile);
                    step_by::<[f64; GROUP], _, false>(&rule, &rule, &coefficients, &mut one, kept);
                    assert_eq!(bits(&tile), bits(&tiles[1]));
                    assert!(one.iter().zip(&slow).all(|(a, b)| (a.x, a.generators) == (b.x, b.generators)));
                    #[cfg(target_arch = "x86_64")]
                    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                        let (mut narrow, mut tile) = (lanes(), vec![Row::default(); 50]);
                        // SAFETY: AVX2 and FMA are there.
                        #[allow(unsafe_code)]
                        let largest = unsafe {
                            super::super::eight::avx2::advance(&rule, &coefficients, &mut narrow, &mut tile);
                            super::super::eight::avx2::travel(&rule, &coefficients, &mut lanes())
                        };
                        assert_eq!(bits(&tile), bits(&tiles[1]));
                        assert_eq!(largest, travel(&rule, &coefficients, &mut lanes()));
                    }
                    let mut again = lanes();
                    let largest = travel(&rule, &coefficients, &mut again);
                    let seen =
                        |group: usize, l: usize| tiles[0].iter().map(|row| row[group][l].abs()).fold(0.0, f64::max);
                    assert_eq!(largest, std::array::from_fn(|group| std::array::from_fn(|l| seen(group, l))));
                    assert!(again.iter().zip(&fast).all(|(a, b)| (a.x, a.generators) == (b.x, b.generators)));
                    for (group, (fast, slow)) in fast.iter().zip(&slow).enumerate() {
                        assert_eq!((fast.x, fast.generators), (slow.x, slow.generators));
                        let read = |survey: fn(&Curve, [f64; 2], &[Row], usize) -> Totals| {
                            survey(&all[1], [0.5, 0.75], &tiles[0], group)
                        };
                        assert_eq!(read(survey), read(super::super::eight::plain::survey));
                    }
                }
            }
        }
    }
}
