//! The virtual loss on the line (THEORY.md `virt-1d`, `virt-sto`).

use super::signs::{Change, Sign, Signs, signs};
use crate::constants::Number;
use crate::method::{Method, Perturbation, SampleReuse};
use crate::problem::{Line, Problem, Samples};

/// Most samples whose fields are added up.
const MOST_SAMPLES: usize = 1000;

/// J with `J' = G`, on a window: `J(x) = sum_k w_k (h_k(x + s_k rho) + C_k)`, `s_k` the sign of `q_k'(x)`, which is constant
/// between its changes; there `C_k` changes so that J is continuous.
pub struct VirtualLoss<'a> {
    lines: Vec<Box<dyn Line + 'a>>,
    /// Of f itself, in `lines`.
    loss: usize,
    terms: Vec<Term>,
    rho: f64,
    /// `[low, high]`, where it is known.
    pub window: [f64; 2],
    /// Where J is 0: at 0, or at the left end of the window.
    pub origin: f64,
    /// Where the perturbation turns round, from left to right.
    pub kinks: Vec<Kink>,
    /// Where `G = 0` between the kinks, from left to right.
    pub stationary: Vec<Stationary>,
    /// Places where neither a sign nor that it stays the same is proved.
    pub unresolved: Vec<Number>,
}

/// One sample's part of the field, or all of it.
struct Term {
    weight: f64,
    /// Signs of `q'`, which turns the perturbation.
    turns: Signs,
    /// h, in the list of lines.
    descends: usize,
    /// C between the changes.
    offsets: Vec<f64>,
}

/// What a kink of J does to a descent with small steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// `G(c-) < 0 < G(c+)`: SAM bounces around it.
    Attracts,
    /// `G(c-) > 0 > G(c+)`.
    Repels,
    /// G has one sign on both sides.
    Crosses,
    /// A slope is 0, or too near it to tell.
    Undecided,
}

impl Behaviour {
    /// The word used in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Attracts => "attracts",
            Self::Repels => "repels",
            Self::Crosses => "crosses",
            Self::Undecided => "undecided",
        }
    }
}

/// A point where the perturbation turns round and J has one-sided slopes.
#[derive(Clone, Copy, Debug)]
pub struct Kink {
    /// c.
    pub place: Number,
    /// `G(c-)`
    pub left: Number,
    /// `G(c+)`
    pub right: Number,
    /// What it does.
    pub behaviour: Behaviour,
    /// `f'(c)`; 0 unless a sample turns where f does not.
    pub gradient: Number,
}

/// A zero of G between kinks.
#[derive(Clone, Copy, Debug)]
pub struct Stationary {
    /// x.
    pub place: Number,
    /// A minimum of J; else a maximum, or the end of a flat stretch.
    pub is_minimum: bool,
    /// `f'(x)`; not 0 at a hallucinated stationary point.
    pub gradient: Number,
}

impl Stationary {
    /// Whether `f'` is certainly not 0 here: SAM rests, or would rest, where f has no stationary point.
    pub fn is_hallucinated(&self) -> bool {
        !self.gradient.contains(0.0)
    }
}

impl<'a> VirtualLoss<'a> {
    /// Of SAM on a function on the line, on `window = [low, high]`. For stochastic methods the mean field of single samples:
    /// m-SAM or n-SAM. The error says why there is none.
    pub fn of(problem: &'a dyn Problem, method: &Method, window: [f64; 2]) -> Result<Self, String> {
        if problem.dimension() != 1 {
            return Err(format!("a function of {} variables: J is found on the line", problem.dimension()));
        }
        let rho = method.rho.first();
        match method.ascent.perturbation() {
            Perturbation::Normalised => {}
            _ if rho == 0.0 => {}
            _ => return Err("the perturbation is not SAM's: its length depends on the gradient".to_owned()),
        }
        let unknown = || "f' cannot be enclosed on intervals for this problem".to_owned();
        let mut lines = vec![problem.line().ok_or_else(unknown)?];
        // Weight, what turns and what descends.
        let mut parts = vec![(1.0, 0, 0)];
        if let Some(sampling) = method.sampling.filter(|sampling| rho > 0.0 || sampling.reuse == SampleReuse::Same) {
            let Samples::Finite(sum) = problem.samples() else {
                return Err("the mean field of additive noise is an integral that is not taken here".to_owned());
            };
            if sampling.batch != 1 || sum.count() > MOST_SAMPLES {
                return Err(format!("the mean field is found for batch = 1 and at most {MOST_SAMPLES} samples"));
            }
            parts.clear();
            for sample in 0..sum.count() {
                let turns = lines.len();
                lines.push(sum.line(sample).ok_or_else(unknown)?);
                let descends = if sampling.reuse == SampleReuse::Same { turns } else { 0 };
                parts.push((sum.probability(sample), turns, descends));
            }
        }
        let mut terms = Vec::new();
        for (weight, turns, descends) in parts {
            let line = &lines[turns];
            let enclose = |x: Number| line.ranges(x).map(|ranges| (ranges.slope, ranges.curvature));
            let turns = if rho == 0.0 {
                Signs { first: 0, changes: Vec::new(), unresolved: Vec::new() }
            } else {
                signs(&enclose, window[0], window[1]).ok_or("no sign of f' is certain anywhere in the window")?
            };
            let mut offsets = vec![0.0];
            for Change { place, left, right } in &turns.changes {
                let at = |sign: Sign| value(lines[descends].as_ref(), f64::from(sign).mul_add(rho, place.middle()));
                offsets.push(offsets[offsets.len() - 1] + at(*left) - at(*right));
            }
            terms.push(Term { weight, turns, descends, offsets });
        }
        let origin = if window[0] <= 0.0 && 0.0 <= window[1] { 0.0 } else { window[0] };
        let unresolved = terms.iter().flat_map(|term| term.turns.unresolved.clone()).collect();
        let (kinks, stationary) = (Vec::new(), Vec::new());
        let mut this = Self { lines, loss: 0, terms, rho, window, origin, kinks, stationary, unresolved };
        let above = this.sum(origin);
        // The weights are 1 together.
        this.terms.iter_mut().flat_map(|term| &mut term.offsets).for_each(|offset| *offset -= above);
        this.kinks = this.find_kinks();
        this.find_stationary();
        Ok(this)
    }

    fn sum(&self, x: f64) -> f64 {
        self.terms.iter().map(|term| term.weight * self.unweighted(term, x)).sum()
    }

    /// J at x.
    pub fn value(&self, x: f64) -> f64 {
        self.sum(x)
    }

    /// Number of fields of which G is the mean: one, or one a sample.
    pub fn parts(&self) -> usize {
        self.terms.len()
    }

    /// The virtual loss of one of them, 0 at the origin.
    pub fn part(&self, index: usize, x: f64) -> f64 {
        let term = &self.terms[index];
        self.unweighted(term, x) - self.unweighted(term, self.origin)
    }

    fn unweighted(&self, term: &Term, x: f64) -> f64 {
        let passed = term.turns.changes.partition_point(|change| change.place.middle() < x);
        let y = f64::from(term.turns.at(x)).mul_add(self.rho, x);
        value(self.lines[term.descends].as_ref(), y) + term.offsets[passed]
    }

    /// `f(x)`
    pub fn loss(&self, x: f64) -> f64 {
        value(self.lines[self.loss].as_ref(), x)
    }

    /// `f'(x)`
    pub fn slope(&self, x: f64) -> f64 {
        self.gradient(Number::exact(x)).middle()
    }

    /// `f(x + rho u(x))` on average over the samples: where the gradient is taken.
    pub fn perturbed_loss(&self, x: f64) -> f64 {
        let y = |term: &Term| f64::from(term.turns.at(x)).mul_add(self.rho, x);
        self.terms.iter().map(|term| term.weight * value(self.lines[self.loss].as_ref(), y(term))).sum()
    }

    /// G at x.
    pub fn field(&self, x: f64) -> f64 {
        let signs: Vec<Sign> = self.terms.iter().map(|term| term.turns.at(x)).collect();
        self.enclosed(Number::exact(x), &signs).map_or(f64::NAN, |(field, _)| field.middle())
    }

    /// G and its slope on an interval without kinks, where the perturbations point this way.
    fn enclosed(&self, x: Number, signs: &[Sign]) -> Option<(Number, Number)> {
        let (mut field, mut slope) = (Number::exact(0.0), Number::exact(0.0));
        for (term, sign) in self.terms.iter().zip(signs) {
            let ranges = self.lines[term.descends].ranges(x + Number::exact(self.rho) * f64::from(*sign))?;
            let alone = self.terms.len() == 1;
            let weighted = |number: Number| if alone { number } else { number * term.weight };
            (field, slope) = (field + weighted(ranges.slope), slope + weighted(ranges.curvature));
        }
        Some((field, slope))
    }

    /// `f'`
    fn gradient(&self, place: Number) -> Number {
        self.lines[self.loss].ranges(place).map_or(Number::unknown(), |ranges| ranges.slope)
    }

    /// The places of all changes from left to right; those that cannot be told apart are one.
    fn places(&self) -> Vec<Number> {
        let mut all: Vec<Number> =
            self.terms.iter().flat_map(|term| &term.turns.changes).map(|change| change.place).collect();
        all.sort_by(|a, b| a.low.total_cmp(&b.low));
        let mut places: Vec<Number> = Vec::new();
        for place in all {
            match places.last_mut() {
                Some(last) if place.low <= last.high => last.high = last.high.max(place.high),
                _ => places.push(place),
            }
        }
        places
    }

    fn find_kinks(&self) -> Vec<Kink> {
        let kink = |place: Number| {
            let side = |right: bool| {
                let signs: Vec<Sign> = self.terms.iter().map(|term| term.turns.beside(place, right)).collect();
                self.enclosed(place, &signs).map_or(Number::unknown(), |(field, _)| field)
            };
            let (left, right) = (side(false), side(true));
            let (falls, rises) = (|n: Number| n.high < 0.0, |n: Number| n.low > 0.0);
            let behaviour = match () {
                () if falls(left) && rises(right) => Behaviour::Attracts,
                () if rises(left) && falls(right) => Behaviour::Repels,
                () if (falls(left) && falls(right)) || (rises(left) && rises(right)) => Behaviour::Crosses,
                () => Behaviour::Undecided,
            };
            Kink { place, left, right, behaviour, gradient: self.gradient(place) }
        };
        self.places().into_iter().map(kink).collect()
    }

    fn find_stationary(&mut self) {
        let places = self.places();
        let mut from = self.window[0];
        for end in places.iter().map(|place| (place.low, place.high)).chain([(self.window[1], self.window[1])]) {
            let (to, next) = end;
            if from < to {
                let inside = from + (to - from) / 2.0;
                let directions: Vec<Sign> = self.terms.iter().map(|term| term.turns.at(inside)).collect();
                if let Some(found) = signs(&|x| self.enclosed(x, &directions), from, to) {
                    let points: Vec<Stationary> = found
                        .changes
                        .iter()
                        .map(|change| Stationary {
                            place: change.place,
                            is_minimum: (change.left, change.right) == (-1, 1),
                            gradient: self.gradient(change.place),
                        })
                        .collect();
                    self.stationary.extend(points);
                }
            }
            from = next;
        }
    }

    /// The minima of J: kinks that attract and stationary minima, from left to right.
    pub fn minima(&self) -> Vec<f64> {
        let kinks = self.kinks.iter().filter(|kink| kink.behaviour == Behaviour::Attracts).map(|kink| kink.place);
        let smooth = self.stationary.iter().filter(|point| point.is_minimum).map(|point| point.place);
        let mut minima: Vec<f64> = kinks.chain(smooth).map(Number::middle).collect();
        minima.sort_by(f64::total_cmp);
        minima
    }
}

fn value(line: &dyn Line, x: f64) -> f64 {
    line.ranges(Number::exact(x)).map_or(f64::NAN, |ranges| ranges.value.middle())
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
