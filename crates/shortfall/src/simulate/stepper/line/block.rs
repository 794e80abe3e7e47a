//! Lanes of a block: into registers' order and back into its state.

use crate::kernel::{GROUP, GROUPS, Generators, Lanes};
use crate::random::Generator;
use crate::simulate::State;
use crate::simulate::state::WORDS;

/// For lanes that are missing the first goes along, and nothing reads it.
pub(super) fn load(state: &State) -> [Lanes; GROUPS] {
    let mut lanes = [(); GROUPS].map(|()| Lanes { x: [0.0; GROUP], generators: [Generators::default(); 2] });
    for place in 0..GROUP * GROUPS {
        let (group, l) = (&mut lanes[place / GROUP], place % GROUP);
        let lane = if place < state.width { place } else { 0 };
        group.x[l] = state.x[lane];
        group.set_generators(l, &state.generators(lane));
    }
    lanes
}

impl Lanes {
    pub(super) fn generators_of(&self, l: usize) -> [Generator; 2] {
        let [descent, ascent] = &self.generators;
        [descent, ascent].map(|Generators { words: [a, b, c, d], coins, coins_left }| Generator {
            words: [a[l], b[l], c[l], d[l]],
            coins: coins[l],
            coins_left: coins_left[l],
        })
    }

    fn set_generators(&mut self, l: usize, generators: &[Generator; 2]) {
        for (kept, generator) in self.generators.iter_mut().zip(generators) {
            kept.words.iter_mut().zip(generator.words).for_each(|(words, word)| words[l] = word);
            kept.coins[l] = generator.coins;
            kept.coins_left[l] = generator.coins_left;
        }
    }

    /// One lane of a block, as a block.
    pub(super) fn alone(&self, l: usize, block: &State, lane: usize) -> State {
        let mut alone = State {
            step: block.step,
            width: 1,
            first_lane: block.first_lane + lane as u64,
            x: vec![self.x[l]],
            memory: Vec::new(),
            components: Vec::new(),
            random: vec![0; WORDS],
        };
        alone.set_generators(0, &self.generators_of(l));
        alone
    }

    pub(super) fn put_back(&mut self, l: usize, alone: &State) {
        self.x[l] = alone.x[0];
        self.set_generators(l, &alone.generators(0));
    }
}
