//! Intervals for means over lanes.

/// A mean with bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Mean.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// A single value.
    pub fn point(value: f64) -> Self {
        Self { mean: value, low: value, high: value }
    }

    /// Widened on both sides.
    pub fn widened(self, by: f64) -> Self {
        Self { low: self.low - by, high: self.high + by, ..self }
    }
}

/// Fewest lanes whose interval is believed.
pub const FEWEST: usize = 8;

/// 0.9995 quantile of Student's distribution with `freedom >= 7` degrees, by the Cornish-Fisher expansion
/// (Abramowitz and Stegun 26.7.5), enlarged by its own error (below half a percent at 7 degrees, vanishing fast).
pub fn student_quantile(freedom: f64) -> f64 {
    let z: f64 = 3.290_526_731_491_894;
    let n = freedom;
    let (z3, z5, z7, z9) = (z.powi(3), z.powi(5), z.powi(7), z.powi(9));
    let series = z
        + (z3 + z) / (4.0 * n)
        + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * n.powi(2))
        + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * n.powi(3))
        + (79.0 * z9 + 776.0 * z7 + 1482.0 * z5 - 1920.0 * z3 - 945.0 * z) / (92160.0 * n.powi(4));
    series * (1.0 + 10.0 / n.powi(4))
}

/// Mean with its 99.9 % interval; `None` without values. With fewer than [`FEWEST`] values the interval is the whole
/// line in all but the mean: it decides nothing.
pub fn student_interval(values: &[f64]) -> Option<Interval> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    if values.iter().all(|value| *value == values[0]) {
        return Some(Interval::point(values[0]));
    }
    if values.len() < FEWEST {
        return Some(Interval { mean, low: f64::NEG_INFINITY, high: f64::INFINITY });
    }
    // Deviations relative to the largest, so that no finite values overflow.
    let scale = values.iter().map(|value| (value - mean).abs()).fold(0.0, f64::max);
    let variance = values.iter().map(|value| ((value - mean) / scale).powi(2)).sum::<f64>() / (n - 1.0);
    let half = student_quantile(n - 1.0) * scale * (variance / n).sqrt();
    Some(Interval { mean, low: mean - half, high: mean + half })
}

/// The 99.9 % interval of a probability from `hits` among `trials` (Hoeffding 1963): true for every probability, also
/// where nothing was hit.
pub fn probability_interval(hits: usize, trials: usize) -> Interval {
    let n = trials.max(1) as f64;
    let (mean, half) = (hits as f64 / n, (2000f64.ln() / (2.0 * n)).sqrt());
    Interval { mean, low: (mean - half).max(0.0), high: (mean + half).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_the_tables() {
        for (freedom, quantile) in [(7.0, 5.4079), (10.0, 4.5869), (30.0, 3.6460), (63.0, 3.4518), (1000.0, 3.3003)] {
            let ours = student_quantile(freedom);
            assert!(ours >= quantile - 5e-5 && ours < quantile * 1.005, "{freedom}: {ours} {quantile}");
        }
    }

    #[test]
    fn few_values_decide_nothing() {
        let interval = student_interval(&[1.0, 2.0, 3.0]).expect("values");
        assert_eq!((interval.mean, interval.low), (2.0, f64::NEG_INFINITY));
        assert_eq!(student_interval(&[]), None);
    }
}
