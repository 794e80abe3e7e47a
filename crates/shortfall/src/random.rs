//! Random numbers as a function of (seed, replicate, step, role) alone: one xoshiro256++ generator per lane and role.
//!
//! Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47 (2021); seeded by SplitMix64.

/// What a draw is for; roles have independent generators, so that switching one off leaves the other's draws alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Role {
    /// The batch of the descent gradient (of both gradients for m-SAM).
    Descent = 0,
    /// The batch of the ascent gradient of n-SAM.
    Ascent = 1,
    /// Which step of a stratum is evaluated.
    Evaluation = 2,
    /// Everything that is not a step of a run: starts, bases, minibatches sampled for a constant.
    Other = 3,
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A generator: four words of state, and coins that were tossed and not looked at yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generator {
    /// The state of xoshiro256++.
    pub words: [u64; 4],
    /// The next one on top.
    pub coins: u64,
    /// How many there are.
    pub coins_left: u64,
}

/// Coins that are tossed together.
pub const COINS: u64 = 64;
/// Bits of a coin's number that are drawn before it is asked whether more are needed, which is so once in 4096 times.
const COIN_BITS: u32 = 12;

impl Generator {
    /// The generator of one replicate and role under a seed.
    pub fn new(seed: u64, replicate: u64, role: Role) -> Self {
        let mut state = seed;
        for part in [replicate, role as u64] {
            state = split_mix(&mut state) ^ part.wrapping_mul(0xd134_2543_de82_ef95);
        }
        Self::from_words(std::array::from_fn(|_| split_mix(&mut state)))
    }

    /// From a state that is not all zero.
    pub fn from_words(words: [u64; 4]) -> Self {
        Self { words, coins: 0, coins_left: 0 }
    }

    /// The next 64 bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.words;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Whether a number of 64 random bits reaches the threshold, which is to be the same in all calls: [`COINS`] such numbers are
    /// drawn together, from 12 words or fewer instead of one each.
    #[inline]
    pub fn reaches(&mut self, threshold: u64) -> bool {
        if self.coins_left == 0 {
            self.coins = self.toss(threshold);
            self.coins_left = COINS;
        }
        let reaches = self.coins >> (COINS - 1) == 1;
        self.coins <<= 1;
        self.coins_left -= 1;
        reaches
    }

    /// A word has one bit of each number, the last word the most significant.
    pub(crate) fn toss(&mut self, threshold: u64) -> u64 {
        let (mut reach, mut open) = (u64::MAX, u64::MAX);
        for bit in drawn_bits(threshold) {
            let word = self.bits();
            if bit {
                (reach, open) = (reach & word, open & word);
            } else {
                (reach, open) = (reach | word, open & !word);
            }
        }
        if open != 0 && is_settled_later(threshold) { settle(self.words[0], reach, open, threshold) } else { reach }
    }

    /// Uniform on `0..count`, one draw; its bias is below `count / 2^64`.
    #[inline]
    pub fn below(&mut self, count: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(count)) >> 64) as u64
    }

    /// Uniform on `[0, 1)`.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Standard normal (Box-Muller, one of the pair).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * core_math::log(1.0 - self.uniform())).sqrt();
        radius * core_math::cos(2.0 * std::f64::consts::PI * self.uniform())
    }
}

/// Those of a threshold that drawn bits are held against, least significant first. Where a number has them all and the others are
/// 0, it reaches the threshold.
#[inline(always)]
pub(crate) fn drawn_bits(threshold: u64) -> impl Iterator<Item = bool> {
    let first = threshold.trailing_zeros().max(u64::BITS - COIN_BITS);
    (first..u64::BITS).map(move |k| threshold >> k & 1 == 1)
}

/// Whether numbers that have the drawn bits of the threshold may still be below it.
#[inline(always)]
pub(crate) fn is_settled_later(threshold: u64) -> bool {
    threshold << COIN_BITS != 0
}

/// Numbers that have the first bits of the threshold, the open ones, are decided by the others: SplitMix64 of the first word after the
/// toss and the coin's place. So a generator advances by the same number of words whatever it draws.
#[cold]
pub(crate) fn settle(first: u64, mut reach: u64, mut open: u64, threshold: u64) -> u64 {
    let rest = threshold << COIN_BITS;
    while open != 0 {
        let coin = 1 << open.trailing_zeros();
        open ^= coin;
        reach = if split_mix(&mut (first ^ coin)) >= rest { reach | coin } else { reach & !coin };
    }
    reach
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answer() {
        // xoshiro256++ from the state (1, 2, 3, 4): the reference implementation's first three outputs.
        let mut generator = Generator::from_words([1, 2, 3, 4]);
        assert_eq!(
            [generator.bits(), generator.bits(), generator.bits()],
            [41_943_041, 58_720_359, 3_588_806_011_781_223]
        );
    }

    #[test]
    fn seeds_replicates_and_roles_differ() {
        let first = |seed, replicate, role| Generator::new(seed, replicate, role).bits();
        let all = [
            first(0, 0, Role::Descent),
            first(0, 1, Role::Descent),
            first(1, 0, Role::Descent),
            first(0, 0, Role::Ascent),
            first(1, 1, Role::Ascent),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b));
        }
    }

    #[test]
    fn normals_have_mean_zero_and_variance_one() {
        let mut generator = Generator::new(3, 0, Role::Other);
        let draws: Vec<f64> = (0..100_000).map(|_| generator.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|x| x * x).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }

    /// Thresholds that one word decides, some words, all words, and all words with what comes after them.
    #[test]
    fn coins_reach_their_threshold_as_often_as_they_should() {
        for (threshold, words) in
            [(0, 0), (1 << 63, 1), (3 << 62, 2), (1 << 52, 12), (1 << 51, 12), (0xb333_3333_3333_3333, 12)]
        {
            let mut generator = Generator::new(4, 0, Role::Other);
            let mut counted = generator.clone();
            let draws = 1 << 24;
            let missed = (0..draws).filter(|_| !generator.reaches(threshold)).count() as f64;
            let p = threshold as f64 / 2f64.powi(64);
            let deviation = (draws as f64 * p * (1.0 - p)).sqrt();
            assert!((missed - draws as f64 * p).abs() <= 4.0 * deviation, "{threshold:x}: {missed} of {draws}");
            (0..draws as u64 / COINS * words).for_each(|_| {
                counted.bits();
            });
            assert_eq!(generator.words, counted.words);
        }
    }

    #[test]
    fn coins_do_not_know_each_other() {
        let mut generator = Generator::new(5, 0, Role::Other);
        let threshold = (0.3 * 2f64.powi(64)) as u64;
        let coins: Vec<f64> = (0..1 << 20).map(|_| f64::from(u8::from(generator.reaches(threshold))) - 0.7).collect();
        for lag in [1, 2, 63, 64, 65, 128] {
            let products = coins[lag..].iter().zip(&coins).map(|(a, b)| a * b);
            let correlation = products.sum::<f64>() / (coins.len() as f64 * 0.21);
            assert!(correlation.abs() < 4.0 / 1024.0, "{lag}: {correlation}");
        }
    }
}
