//! How a quantity goes with a parameter: exponents fitted on logarithmic axes.

use shortfall::simulate::Interval;

/// A quantity with its bounds along one parameter, in increasing order; all above 0.
pub type Slice = Vec<(f64, Interval)>;

/// The exponent a of `quantity ~ parameter^a`: the least-squares slope of the logarithms over all slices, each about
/// its own mean; from the smallest to the largest slope between neighbouring values, the quantities' own bounds included.
/// `None` if no slice has two values.
pub fn exponent(slices: &[Slice]) -> Option<Interval> {
    let (mut products, mut squares) = (0.0, 0.0);
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for slice in slices {
        let n = slice.len() as f64;
        let mean = |of: &dyn Fn(&(f64, Interval)) -> f64| slice.iter().map(of).sum::<f64>() / n;
        let (x, y) = (mean(&|point| point.0.ln()), mean(&|point| point.1.mean.ln()));
        for point in slice {
            products += (point.0.ln() - x) * (point.1.mean.ln() - y);
            squares += (point.0.ln() - x).powi(2);
        }
        for pair in slice.windows(2) {
            let step = (pair[1].0 / pair[0].0).ln();
            low = low.min((pair[1].1.low / pair[0].1.high).ln() / step);
            high = high.max((pair[1].1.high / pair[0].1.low).ln() / step);
        }
    }
    (squares > 0.0).then(|| Interval { mean: products / squares, low, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_recovered_and_bends_show_in_the_interval() {
        let slice = |of: fn(f64) -> f64| -> Slice {
            [1.0, 2.0, 8.0, 64.0].iter().map(|x| (*x, Interval::point(of(*x)))).collect()
        };
        let exact = exponent(&[slice(|x| 3.0 * x * x), slice(|x| 7e-9 * x * x)]).expect("two values");
        for end in [exact.mean, exact.low, exact.high] {
            assert!((end - 2.0).abs() < 1e-12, "{exact:?}");
        }
        let bent = exponent(&[slice(|x| x + x * x)]).expect("two values");
        assert!(bent.low < bent.mean && bent.mean < bent.high && bent.high < 2.0, "{bent:?}");
        assert_eq!(exponent(&[vec![(1.0, Interval::point(1.0))]]), None);
    }
}
