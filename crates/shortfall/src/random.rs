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

/// A generator; its four words are its whole state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generator {
    /// The state.
    pub words: [u64; 4],
}

impl Generator {
    /// The generator of one replicate and role under a seed.
    pub fn new(seed: u64, replicate: u64, role: Role) -> Self {
        let mut state = seed;
        for part in [replicate, role as u64] {
            state = split_mix(&mut state) ^ part.wrapping_mul(0xd134_2543_de82_ef95);
        }
        Self { words: std::array::from_fn(|_| split_mix(&mut state)) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answer() {
        // xoshiro256++ from the state (1, 2, 3, 4): the reference implementation's first three outputs.
        let mut generator = Generator { words: [1, 2, 3, 4] };
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
}
