//! The state of a block of lanes: with it a run can be taken up again.

use super::Plan;
use crate::method::Method;
use crate::random::{Generator, Role};

/// One block of lanes.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Steps done.
    pub step: u64,
    /// Lanes in the block.
    pub width: usize,
    /// Number of the first lane in the run.
    pub first_lane: u64,
    /// `x[coordinate * width + lane]`.
    pub x: Vec<f64>,
    /// The descent's memory, laid out like `x`.
    pub memory: Vec<f64>,
    /// Components of each lane, one lane after the other, while a stepper works in an eigenbasis; else empty.
    pub components: Vec<f64>,
    /// Generators, 12 words a lane for descent and ascent: state, coins, and how many these are.
    pub random: Vec<u64>,
}

/// Words of its generators that a lane carries.
pub(super) const WORDS: usize = 2 * OF_ONE;
/// A generator's state, its coins and how many there are.
const OF_ONE: usize = 6;

impl State {
    /// At the start of a run.
    pub fn new(plan: &Plan, method: &Method, first_lane: u64, width: usize) -> Self {
        let x = plan.start.iter().flat_map(|x| std::iter::repeat_n(*x, width)).collect();
        let memory = vec![0.0; method.descent.memory(plan.start.len()) * width];
        let mut random = Vec::with_capacity(width * WORDS);
        for replicate in (plan.first_replicate + first_lane..).take(width) {
            for role in [Role::Descent, Role::Ascent] {
                random.extend(words_of(&Generator::new(plan.seed, replicate, role)));
            }
        }
        Self { step: 0, width, first_lane, x, memory, components: Vec::new(), random }
    }

    /// Copies one lane's point and memory out.
    pub(super) fn gather(&self, lane: usize, x: &mut [f64], memory: &mut [f64]) {
        for (i, x) in x.iter_mut().enumerate() {
            *x = self.x[i * self.width + lane];
        }
        for (i, m) in memory.iter_mut().enumerate() {
            *m = self.memory[i * self.width + lane];
        }
    }

    /// Copies them back.
    pub(super) fn scatter(&mut self, lane: usize, x: &[f64], memory: &[f64]) {
        for (i, x) in x.iter().enumerate() {
            self.x[i * self.width + lane] = *x;
        }
        for (i, m) in memory.iter().enumerate() {
            self.memory[i * self.width + lane] = *m;
        }
    }

    /// A lane's generators, descent and ascent.
    pub(super) fn generators(&self, lane: usize) -> [Generator; 2] {
        let words = &self.random[lane * WORDS..][..WORDS];
        [0, OF_ONE].map(|from| {
            let [a, b, c, d, coins, coins_left] = std::array::from_fn(|k| words[from + k]);
            Generator { words: [a, b, c, d], coins, coins_left }
        })
    }

    /// Puts them back.
    pub(super) fn set_generators(&mut self, lane: usize, generators: &[Generator; 2]) {
        let kept = self.random[lane * WORDS..].chunks_exact_mut(OF_ONE);
        for (kept, generator) in kept.zip(generators) {
            kept.copy_from_slice(&words_of(generator));
        }
    }
}

fn words_of(generator: &Generator) -> [u64; OF_ONE] {
    let [a, b, c, d] = generator.words;
    [a, b, c, d, generator.coins, generator.coins_left]
}
