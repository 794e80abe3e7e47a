//! What is to be run, and which of its steps are recorded and evaluated.

use crate::random::{Generator, Role};
use std::ops::Range;

/// Which steps a trace keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// Log-spaced, with 0 and T.
    LogSpaced,
    /// All; f is then evaluated at every step, whatever it costs.
    Every,
    /// 0 and T; f is evaluated nowhere else, and nothing is summed: no means, no minima, no floor.
    Ends,
}

/// A run to be made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `x_0`, shared by all lanes.
    pub start: Vec<f64>,
    /// T.
    pub steps: u64,
    /// Number of lanes.
    pub lanes: u64,
    /// Seed of all draws.
    pub seed: u64,
    /// Replicate number of the first lane: fresh draws under the same seed start at a higher one.
    pub first_replicate: u64,
    /// Which steps are recorded.
    pub record: Record,
    /// Subtracted from every value before it is summed: `f*` where it is known, else 0.
    pub base: f64,
    /// `al` of the weights `(1-al)^-(t+1)` of `sto-sc-avg`'s average; `None` if nothing asks for it.
    pub weight_decay: Option<f64>,
}

/// Steps up to here are all recorded.
const DENSE: u64 = 25;
/// Pairs of recorded steps a decade beyond.
const PER_DECADE: f64 = 20.0;
/// Strata in each half of the floor's window.
const WINDOW_STRATA: u64 = 32;
/// At least so many there, and in all, whatever they cost.
const FEWEST_WINDOW_STRATA: u64 = 8;
const FEWEST_STRATA: u64 = 64;

impl Plan {
    /// One lane from `start`, recorded at log-spaced steps.
    pub fn new(start: Vec<f64>, steps: u64) -> Self {
        Self {
            start,
            steps,
            lanes: 1,
            seed: 0,
            first_replicate: 0,
            record: Record::LogSpaced,
            base: 0.0,
            weight_decay: None,
        }
    }

    /// The recorded steps, increasing, with 0 and T. Which steps below T they are does not depend on T.
    pub fn recorded(&self) -> Vec<u64> {
        match self.record {
            Record::Every => return (0..=self.steps).collect(),
            Record::Ends => return vec![0, self.steps],
            Record::LogSpaced => {}
        }
        let mut steps: Vec<u64> = (0..=DENSE.min(self.steps)).collect();
        for k in 0.. {
            let step = (DENSE as f64 * 10f64.powf(k as f64 / PER_DECADE)).round() as u64;
            if step >= self.steps {
                break;
            }
            // Two in a row, so that a 2-cycle shows both its points.
            steps.extend([step, step + 1].into_iter().filter(|step| *step < self.steps));
        }
        steps.push(self.steps);
        steps.dedup();
        steps
    }

    /// The iterates whose mean is the floor: the last tenth of the steps, an even number; `None` if there are not two.
    pub fn window(&self) -> Option<Range<u64>> {
        let length = self.steps / 10 / 2 * 2;
        (length >= 2).then(|| self.steps + 1 - length..self.steps + 1)
    }

    /// The window in two halves, each of an even number of iterates where it has four or more.
    pub fn window_halves(&self) -> Option<[Range<u64>; 2]> {
        let window = self.window()?;
        let length = window.end - window.start;
        let middle = window.start + if length < 4 { length / 2 } else { length / 4 * 2 };
        Some([window.start..middle, middle..window.end])
    }

    /// Of the recorded steps those that are not the second of two in a row: where f is costly and noise hides a 2-cycle.
    pub fn recorded_singly(&self) -> Vec<u64> {
        let mut steps = self.recorded();
        if self.record != Record::Every {
            steps.dedup_by(|step, before| *step > DENSE && *step == *before + 1 && *step < self.steps);
        }
        steps
    }

    /// Intervals of steps that cover `0..T`, of each of which one random step is evaluated: single steps as long as all are
    /// recorded, each about a hundredth of its position later, and finer in the window of the floor. None but those of
    /// recorded steps is shorter than `least`, the steps that cost as much as an evaluation, except that there are at least 64 in
    /// all, and 8 in each half of the window.
    pub fn strata(&self, least: u64) -> Vec<Range<u64>> {
        let (start, middle) =
            self.window_halves().map_or((self.steps, self.steps), |[first, _]| (first.start, first.end));
        let least = least.min(self.steps / FEWEST_STRATA);
        let mut strata = Vec::new();
        let mut from = 0;
        while from < self.steps {
            let within = |part: u64| (part / WINDOW_STRATA).max(least.min(part / FEWEST_WINDOW_STRATA));
            let (length, end) = if from <= DENSE {
                (1, self.steps)
            } else if from < start {
                ((from / 100).max(least), start)
            } else if from < middle {
                (within(middle - start), middle)
            } else {
                (within(self.steps - middle), self.steps)
            };
            let to = from.saturating_add(length.max(1)).min(end).min(self.steps);
            strata.push(from..to);
            from = to;
        }
        strata
    }

    /// The step of a stratum that a replicate evaluates.
    pub fn evaluated_step(&self, replicate: u64, stratum: &Range<u64>) -> u64 {
        let length = stratum.end - stratum.start;
        if length == 1 {
            return stratum.start;
        }
        let mut generator = Generator::new(self.seed ^ stratum.start.rotate_left(32), replicate, Role::Evaluation);
        stratum.start + generator.below(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(steps: u64) -> Plan {
        Plan::new(vec![], steps)
    }

    #[test]
    fn recorded_steps_begin_those_of_a_longer_run() {
        for (short, long) in [(1, 2), (25, 26), (30, 1000), (999, 1_000_000)] {
            let (short, long) = (plan(short).recorded(), plan(long).recorded());
            assert_eq!(short[..short.len() - 1], long[..short.len() - 1]);
            assert_eq!(short[0], 0);
        }
        assert_eq!(plan(3).recorded(), [0, 1, 2, 3]);
        assert!(plan(1_000_000_000_000_000).recorded().len() < 700);
    }

    #[test]
    fn the_window_is_even_and_ends_with_the_run() {
        assert_eq!(plan(19).window(), None);
        assert_eq!(plan(20).window(), Some(19..21));
        assert_eq!(plan(30_000).window(), Some(27_001..30_001));
    }

    #[test]
    fn both_halves_of_the_window_are_even() {
        for steps in [40, 99, 100, 101, 30_000] {
            let [first, second] = plan(steps).window_halves().expect("a window");
            assert!((first.end - first.start) % 2 == 0 && (second.end - second.start) % 2 == 0, "{steps}");
            assert!(first.start < first.end && first.end == second.start && second.end == steps + 1);
        }
    }

    #[test]
    fn strata_cover_every_step_once() {
        for steps in [1, 7, 100, 12_345, 1_000_000] {
            for least in [1, 30, 1000, u64::MAX] {
                let strata = plan(steps).strata(least);
                assert_eq!(strata[0].start, 0);
                assert_eq!(strata.last().map(|s| s.end), Some(steps));
                assert!(strata.windows(2).all(|pair| pair[0].end == pair[1].start));
                assert!(strata.len() < 1200, "{}", strata.len());
                assert!(
                    strata.len() as u64 <= 26 + 20 + (steps / least.min((steps / 64).max(1))).min(1200),
                    "{}",
                    strata.len()
                );
            }
        }
    }

    #[test]
    fn singly_recorded_steps_are_those_that_are_no_second() {
        for steps in [3, 26, 27, 30, 1000] {
            let (all, singly) = (plan(steps).recorded(), plan(steps).recorded_singly());
            assert!(singly.iter().all(|step| all.contains(step)) && singly.last() == all.last());
            let pairs = singly.windows(2).filter(|pair| pair[0] >= 25 && pair[1] == pair[0] + 1 && pair[1] < steps);
            assert_eq!(pairs.count(), 0, "{singly:?}");
        }
        assert_eq!(plan(3).recorded_singly(), [0, 1, 2, 3]);
    }
}
