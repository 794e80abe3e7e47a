//! One-dimensional finite mixtures `f = E f_i` of functions with piecewise linear derivatives.

use super::piecewise_linear::PiecewiseLinear;
use super::{Ask, FiniteSum, Hessian, Line, Minimum, Problem, Samples};
use crate::arguments::{Arguments, BadInput, Value};
use crate::constants::{Constant, Constants, Number, Symbol};
use crate::method::Sampling;
use crate::random::Generator;
use crate::source::DataSource;

/// A mixture; its samples are the components.
#[derive(Debug)]
pub struct Mixture {
    components: Vec<PiecewiseLinear>,
    probabilities: Vec<f64>,
    /// `probabilities[..=i]` summed, times 2^64: the draw below it is component i.
    thresholds: Vec<u64>,
    mean: PiecewiseLinear,
    start: f64,
}

impl Mixture {
    /// From components and probabilities that sum to 1 (the last takes what rounding leaves).
    pub fn new(components: Vec<PiecewiseLinear>, probabilities: Vec<f64>) -> Self {
        let mean = mean_of(&components, &probabilities);
        let start = mean.moving_start();
        Self::with_mean(components, probabilities, mean, start)
    }

    /// From components whose mean is known in closed form.
    pub(super) fn with_mean(
        components: Vec<PiecewiseLinear>,
        probabilities: Vec<f64>,
        mean: PiecewiseLinear,
        start: f64,
    ) -> Self {
        let mut sum = 0.0;
        let mut thresholds: Vec<u64> = probabilities
            .iter()
            .map(|p| {
                sum += p;
                (sum * 2f64.powi(64)) as u64
            })
            .collect();
        if let Some(last) = thresholds.last_mut() {
            *last = u64::MAX;
        }
        Self { components, probabilities, thresholds, mean, start }
    }

    pub(super) fn build(arguments: &Arguments, _: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
        let Some(Value::List(tables)) = arguments.get("components") else {
            return Err(arguments
                .bad("components", "must be a list of tables {breakpoints=[...],slopes=[...],gradient_at_zero=...}"));
        };
        let probabilities = arguments.numbers("probabilities")?;
        if tables.is_empty() {
            return Err(arguments.bad("components", "must have at least one component"));
        }
        if tables.len() != probabilities.len() {
            return Err(arguments.bad(
                "probabilities",
                format_args!("must be one for each of the {} components, not {}", tables.len(), probabilities.len()),
            ));
        }
        let sum: f64 = probabilities.iter().sum();
        let wrong = probabilities.iter().any(|p| *p <= 0.0) || (sum - 1.0).abs() > 1e-9;
        if wrong || weights_of(&probabilities).iter().any(|weight| weight.low <= 0.0) {
            return Err(arguments.bad("probabilities", format_args!("must be above 0 and sum to 1, not to {sum}")));
        }
        // The last takes what the others leave.
        let mut probabilities = probabilities;
        if let Some((last, rest)) = weights_of(&probabilities).split_last() {
            let kept = rest.len();
            probabilities[kept] = last.middle();
        }
        let components = tables
            .iter()
            .enumerate()
            .map(|(i, table)| {
                let owner = format!("{}: component {}", arguments.owner, i + 1);
                let Value::Table(entries) = table else {
                    return Err(BadInput::new(format!("{owner} must be a table, not {table}")));
                };
                let known = ["breakpoints", "slopes", "gradient_at_zero"];
                if let Some((name, _)) = entries.iter().find(|(name, _)| !known.contains(&name.as_str())) {
                    return Err(BadInput::new(format!("{owner}: `{name}` is not one of {}", known.join(", "))));
                }
                PiecewiseLinear::parse(&Arguments { owner, entries: entries.clone() })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Box::new(Self::new(components, probabilities)))
    }

    /// The samples' functions.
    pub fn components(&self) -> &[PiecewiseLinear] {
        &self.components
    }

    /// f.
    pub fn mean(&self) -> &PiecewiseLinear {
        &self.mean
    }

    /// The draw below the i-th, and not below the one before, is sample i.
    pub(crate) fn thresholds(&self) -> &[u64] {
        &self.thresholds
    }

    fn component(&self, bits: u64) -> usize {
        self.thresholds.partition_point(|threshold| *threshold <= bits).min(self.components.len() - 1)
    }

    /// Enclosure of each probability: the last is what the others leave.
    fn weights(&self) -> Vec<Number> {
        weights_of(&self.probabilities)
    }

    fn expectation(&self, of: impl Fn(&PiecewiseLinear) -> Number) -> Number {
        self.components.iter().zip(self.weights()).map(|(component, weight)| weight * of(component)).sum()
    }

    /// `sup_x E (g_i - f')^2`: convex between breakpoints, so attained at one unless the outer slopes differ.
    fn variance(&self) -> Option<Number> {
        let ends =
            |component: &PiecewiseLinear| [component.slopes()[0], component.slopes()[component.slopes().len() - 1]];
        let first = ends(&self.components[0]);
        let exact = first.iter().all(|slope| slope.low == slope.high);
        let unbounded = !exact || self.components.iter().any(|component| ends(component) != first);
        if unbounded {
            return None;
        }
        let points =
            self.components.iter().flat_map(|component| component.breakpoints()).chain(self.mean.breakpoints());
        let at = |x: f64| self.expectation(|component| (component.enclosed_at(x) - self.mean.enclosed_at(x)).square());
        points.copied().chain([0.0]).map(at).reduce(Number::max)
    }
}

fn weights_of(probabilities: &[f64]) -> Vec<Number> {
    let (_, others) = probabilities.split_last().expect("at least one component");
    let rest = Number::exact(1.0) - others.iter().map(|p| Number::exact(*p)).sum::<Number>();
    others.iter().map(|p| Number::exact(*p)).chain([rest]).collect()
}

fn mean_of(components: &[PiecewiseLinear], probabilities: &[f64]) -> PiecewiseLinear {
    let weights = weights_of(probabilities);
    let mut breakpoints: Vec<f64> = components.iter().flat_map(|component| component.breakpoints()).copied().collect();
    breakpoints.sort_by(f64::total_cmp);
    breakpoints.dedup();
    let average = |of: &dyn Fn(&PiecewiseLinear) -> Number| -> Number {
        components.iter().zip(&weights).map(|(component, weight)| *weight * of(component)).sum()
    };
    let slopes = (0..=breakpoints.len())
        .map(|k| {
            average(&|component: &PiecewiseLinear| {
                // The piece of the component that covers this piece of the mean.
                let left = if k == 0 { f64::NEG_INFINITY } else { breakpoints[k - 1] };
                component.slopes()[component.breakpoints().partition_point(|b| *b <= left)]
            })
        })
        .collect();
    let at = |x: f64| average(&|component: &PiecewiseLinear| component.enclosed_at(x));
    let values = if breakpoints.is_empty() { vec![at(0.0)] } else { breakpoints.iter().map(|b| at(*b)).collect() };
    PiecewiseLinear::new(breakpoints, values, slopes)
}

/// `beta_bar`, `beta_rms`, `beta_max` of batches from those of single samples: `E beta_B <= beta_bar`,
/// `E beta_B^2 <= beta_bar^2 + Var(beta_i)/b`, `max beta_B <= max beta_i` (THEORY.md section 15).
pub(super) fn set_smoothness_of_batches(
    constants: &mut Constants,
    mean: Number,
    mean_square: Number,
    largest: Number,
    sampling: Option<Sampling>,
) {
    let batch = Number::exact(sampling.map_or(1.0, |sampling| sampling.batch as f64));
    let variance = (mean_square - mean.square()).positive_part();
    let square = if batch.high == 1.0 { mean_square } else { mean.square() + variance / batch };
    constants.set(Symbol::BetaBar, Constant::enclosed(Symbol::BetaBar, mean, "mean of the samples' smoothness"));
    constants
        .set(Symbol::BetaRms, Constant::enclosed(Symbol::BetaRms, square.sqrt(), "sqrt(beta_bar^2 + Var(beta_i)/b)"));
    constants.set(Symbol::BetaMax, Constant::enclosed(Symbol::BetaMax, largest, "largest of the samples' smoothness"));
}

impl Problem for Mixture {
    fn dimension(&self) -> usize {
        1
    }

    fn value_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        gradient[0] = self.mean.at(x[0]);
        self.mean.integral(x[0])
    }

    fn value_error(&self, x: &[f64], _: f64) -> f64 {
        self.mean.integral_error(x[0])
    }

    fn gradient_error(&self, x: &[f64], _: f64, _: &[f64]) -> f64 {
        self.mean.rounding_at(x[0])
    }

    fn constants(&self, ask: &Ask) -> Constants {
        let mut constants = self.mean.constants(ask.start[0]);
        let count = self.components.len();
        let factor = ask.sampling.map_or(Number::exact(1.0), |sampling| sampling.variance_factor(count));
        constants.set(
            Symbol::Sigma2,
            match self.variance() {
                Some(variance) => {
                    Constant::enclosed(Symbol::Sigma2, variance * factor, "largest variance at a breakpoint, over b")
                }
                None => Constant::missing("the components' gradients drift apart: their variance is not bounded"),
            },
        );
        constants.set(
            Symbol::Sigma2Star,
            match self.mean.minimisers().first() {
                Some((low, high)) => {
                    let point = if low.is_finite() { *low } else { *high };
                    // The minimiser is rounded; every component moves by at most its smoothness times that.
                    let slack = self.mean.minimiser_radius();
                    let at = |component: &PiecewiseLinear| {
                        (component.enclosed_at(point) + component.steepest() * Number::between(-slack, slack)).square()
                    };
                    Constant::enclosed(Symbol::Sigma2Star, self.expectation(at) * factor, "E g(x*)^2, over b")
                }
                None => Constant::missing("there is no minimiser"),
            },
        );
        let largest = self.components.iter().map(PiecewiseLinear::steepest).reduce(Number::max);
        set_smoothness_of_batches(
            &mut constants,
            self.expectation(PiecewiseLinear::steepest),
            self.expectation(|component| component.steepest().square()),
            largest.unwrap_or(Number::exact(0.0)),
            ask.sampling,
        );
        constants.components_convex = self.components.iter().all(|component| component.least_slope().low >= 0.0);
        constants
    }

    fn minimum(&self) -> Minimum {
        self.mean.minimum()
    }

    fn samples(&self) -> Samples<'_> {
        Samples::Finite(self)
    }

    fn mixture(&self) -> Option<&Mixture> {
        Some(self)
    }

    fn hessian(&self) -> Option<&dyn Hessian> {
        Some(self)
    }

    fn line(&self) -> Option<Box<dyn Line + '_>> {
        Some(Box::new(&self.mean))
    }

    fn default_start(&self) -> Vec<f64> {
        vec![self.start]
    }
}

impl Hessian for Mixture {
    fn matrix_at(&self, x: &[f64], matrix: &mut [f64]) -> bool {
        self.mean.slope_around(x[0]).map(|slope| matrix[0] = slope).is_some()
    }
}

impl FiniteSum for Mixture {
    fn count(&self) -> usize {
        self.components.len()
    }

    fn draw(&self, generator: &mut Generator) -> usize {
        match self.thresholds[..] {
            [threshold, _] => usize::from(generator.reaches(threshold)),
            _ => self.component(generator.bits()),
        }
    }

    fn probability(&self, sample: usize) -> f64 {
        self.probabilities[sample]
    }

    fn is_uniform(&self) -> bool {
        self.probabilities.iter().all(|p| *p == self.probabilities[0])
    }

    fn batch_gradient(&self, batch: &[usize], x: &[f64], gradient: &mut [f64]) {
        let sum: f64 = batch.iter().map(|sample| self.components[*sample].at(x[0])).sum();
        gradient[0] = if batch.len() == 1 { sum } else { sum / batch.len() as f64 };
    }

    fn batch_hessian_product(&self, batch: &[usize], x: &[f64], v: &[f64], product: &mut [f64]) -> bool {
        let slopes: Option<f64> = batch.iter().map(|sample| self.components[*sample].slope_around(x[0])).sum();
        slopes.map(|sum| product[0] = sum / batch.len() as f64 * v[0]).is_some()
    }

    fn line(&self, sample: usize) -> Option<Box<dyn Line + '_>> {
        Some(Box::new(&self.components[sample]))
    }

    fn smoothness(&self, sample: usize) -> f64 {
        self.components[sample].steepest().high
    }

    fn evaluation_is_cheap(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::presets::make_trap;
    use super::*;
    use crate::constants::directed::{mul_down, mul_up};

    #[test]
    fn the_trap_has_the_constants_of_the_statement() {
        // beta = 8, mu = 1, theta = 1/2, radius = 1: D = 1.5, Q = 6 - 1.5 = 4.5, sigma2 = max(4.5, 2.5)^2 = 20.25.
        let trap = make_trap(8.0, 1.0, 0.5, 1.0);
        let constants = trap.constants(&Ask { start: &[0.5], sampling: None });
        let value = |symbol| constants.get(symbol).value().expect("known");
        assert_eq!(value(Symbol::Beta), 1.0);
        assert_eq!(value(Symbol::Sigma2), 20.25);
        assert_eq!(value(Symbol::BetaBar), 7.0); // (max(1, 6) + 8)/2
        let rms = value(Symbol::BetaRms); // sqrt((36 + 64)/2)
        assert!(mul_up(rms, rms) >= 50.0 && mul_down(rms.next_down(), rms.next_down()) < 50.0);
        assert_eq!(value(Symbol::BetaMax), 8.0);
        let delta = value(Symbol::Delta); // (0.5 + 1.5)^2/2
        assert!((2.0..2.0 + 1e-14).contains(&delta));
        assert!(!constants.components_convex);
        // Attained at the breakpoint 0, so two units less would be wrong.
        let spread = trap.components[0].at(0.0) - trap.mean.at(0.0);
        assert!(value(Symbol::Sigma2).next_down().next_down() < spread * spread);
        assert_eq!(trap.components[0].at(1.0), 0.0);
        let mut g = [0.0];
        assert_eq!(trap.value_gradient(&[0.0], &mut g), 1.125);
        assert_eq!(g, [1.5]);
    }

    #[test]
    fn the_mean_is_the_weighted_sum_everywhere() {
        let line = |breakpoints: &[f64], slopes: &[f64], at_zero: f64| {
            let slopes = slopes.iter().copied().map(Number::exact).collect();
            PiecewiseLinear::from_value_at_zero(breakpoints.to_vec(), slopes, at_zero.into())
        };
        let mixture = Mixture::new(
            vec![line(&[-1.0, 2.0], &[3.0, -1.0, 2.0], 0.5), line(&[0.5], &[1.0, 4.0], -2.0), line(&[], &[2.0], 0.0)],
            vec![0.25, 0.45, 0.3],
        );
        for i in -40..=40 {
            let x = i as f64 * 0.173;
            let direct: f64 = mixture.components.iter().zip(&mixture.probabilities).map(|(c, p)| p * c.at(x)).sum();
            assert!((mixture.mean.at(x) - direct).abs() < 1e-13, "{x}: {} {direct}", mixture.mean.at(x));
        }
        assert_eq!(mixture.constants(&Ask { start: &[0.5], sampling: None }).get(Symbol::Sigma2).value(), None);
        let counts = (0..1000u64).fold([0; 3], |mut counts, i| {
            counts[mixture.component(i * (u64::MAX / 1000))] += 1;
            counts
        });
        assert!((249..=251).contains(&counts[0]) && (449..=451).contains(&counts[1]), "{counts:?}");
    }
}
