//! How a stochastic method draws samples.

use crate::arguments::{Arguments, BadInput};

/// Whether the two gradients of a step use one draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleReuse {
    /// m-SAM: one draw for both gradients.
    Same,
    /// n-SAM: a fresh draw for the second.
    Independent,
}

impl SampleReuse {
    /// The word in selectors.
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Independent => "independent",
        }
    }
}

/// Batches of samples; batches of different steps are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// Samples in a batch, `>= 1`.
    pub batch: usize,
    /// Whether a sample may occur twice in a batch.
    pub replacement: bool,
    /// m-SAM or n-SAM.
    pub reuse: SampleReuse,
}

impl Sampling {
    /// One sample a step, for both gradients.
    pub fn single() -> Self {
        Self { batch: 1, replacement: true, reuse: SampleReuse::Same }
    }

    /// From the arguments `batch`, `replacement` and, where the method has it, `sampling`.
    pub(crate) fn parse(arguments: &Arguments) -> Result<Self, BadInput> {
        let batch = arguments.whole("batch", 1)?;
        let batch = usize::try_from(batch).ok().filter(|&batch| batch <= 1 << 24);
        let batch = batch.ok_or_else(|| arguments.bad("batch", "must be at most 16777216"))?;
        let reuse = match arguments.get("sampling") {
            None => SampleReuse::Same,
            Some(_) => match arguments.text("sampling")? {
                "same" => SampleReuse::Same,
                "independent" => SampleReuse::Independent,
                other => {
                    return Err(arguments.bad(
                        "sampling",
                        format_args!("must be \"same\" (m-SAM) or \"independent\" (n-SAM), not {other:?}"),
                    ));
                }
            },
        };
        Ok(Self { batch, replacement: arguments.bool("replacement")?, reuse })
    }

    /// Factor by which averaging over a batch shrinks a variance: `1/b` with replacement, `(1/b)(n-b)/(n-1)` without
    /// (0 for n = 1); THEORY.md section 15.
    pub fn variance_factor(&self, count: usize) -> crate::constants::Number {
        use crate::constants::Number;
        let batch = Number::exact(self.batch as f64);
        if self.replacement {
            return 1.0 / batch;
        }
        if count <= 1 {
            return Number::exact(0.0);
        }
        Number::exact((count - self.batch.min(count)) as f64) / Number::exact((count - 1) as f64) / batch
    }
}
