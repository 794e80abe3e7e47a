//! `f(x) = (x1^2 - 1)^2/4 + sum_i c_i x_i^2/2`: THEORY.md section 12.

use super::{Ask, Hessian, Line, Minimum, Problem, Ranges};
use crate::arguments::{Arguments, BadInput};
use crate::constants::{Constant, Constants, Number, Symbol};
use crate::kernel::norm;
use crate::source::DataSource;

/// Largest number of transverse coordinates.
const LARGEST: usize = 1_000_000;

/// Two wells at `x1 = -1` and `x1 = 1`, and a parabola across. Not smooth on the whole space: its constants are known
/// for `x1` in an interval.
#[derive(Debug)]
pub struct DoubleWell {
    interval: [f64; 2],
    transverse: Vec<f64>,
}

impl DoubleWell {
    /// `interval[0] < interval[1]`; `transverse` holds `c_2, c_3, ...`, all above 0.
    pub fn new(interval: [f64; 2], transverse: Vec<f64>) -> Self {
        Self { interval, transverse }
    }

    pub(super) fn build(arguments: &Arguments, _: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
        let interval = arguments.interval("interval")?;
        let transverse = arguments.numbers("transverse")?;
        if let Some(c) = transverse.iter().find(|c| **c <= 0.0) {
            return Err(arguments.bad("transverse", format_args!("must be a list of numbers above 0, without {c}")));
        }
        if transverse.len() > LARGEST {
            return Err(arguments
                .bad("transverse", format_args!("must have at most {LARGEST} entries, not {}", transverse.len())));
        }
        Ok(Box::new(Self::new(interval, transverse)))
    }

    /// `f(x)`, enclosed.
    fn enclosed(&self, x: &[f64]) -> Number {
        let x1 = Number::exact(x[0]);
        let across = self.transverse.iter().zip(&x[1..]).map(|(c, x)| Number::exact(*x).square() * *c);
        across.sum::<Number>() / 2.0 + ((x1 - 1.0) * (x1 + 1.0)).square() / 4.0
    }

    /// `3 x1^2 - 1` on the interval.
    fn curvature(&self) -> Number {
        let [low, high] = self.interval;
        3.0 * Number::between(low, high).square() - 1.0
    }

    /// The largest `|x1^3 - x1|` on the interval: at an end, or `2/(3 sqrt(3))` at `+-1/sqrt(3)`.
    fn steepest(&self) -> Number {
        let at = |x: f64| {
            let slope = Number::exact(x) * (Number::exact(x) - 1.0) * (Number::exact(x) + 1.0);
            slope.max(-slope)
        };
        let [low, high] = self.interval;
        let turn = 1.0 / Number::exact(3.0).sqrt();
        let inside = [turn, -turn].iter().any(|turn| turn.high >= low && turn.low <= high);
        let ends = at(low).max(at(high));
        if inside { ends.max(turn * 2.0 / 3.0) } else { ends }
    }

    /// `(x1^2 - 1)`, with the right sign next to its zeros.
    fn well(x1: f64) -> f64 {
        (x1 - 1.0) * (x1 + 1.0)
    }
}

impl Problem for DoubleWell {
    fn dimension(&self) -> usize {
        1 + self.transverse.len()
    }

    fn value_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let well = Self::well(x[0]);
        gradient[0] = x[0] * well;
        let mut across = 0.0;
        for ((g, c), x) in gradient[1..].iter_mut().zip(&self.transverse).zip(&x[1..]) {
            *g = c * x;
            across += *g * x;
        }
        0.25 * well * well + 0.5 * across
    }

    fn value_error(&self, x: &[f64], value: f64) -> f64 {
        let exact = self.enclosed(x);
        (exact - value).max(value - exact).high.max(0.0)
    }

    fn gradient_error(&self, x: &[f64], _: f64, gradient: &[f64]) -> f64 {
        // x1^2 - 1 may cancel; all else is a product.
        f64::EPSILON * (x[0].abs() * (x[0] * x[0] + 1.0) + norm(gradient))
    }

    fn constants(&self, ask: &Ask) -> Constants {
        let curvature = self.curvature();
        let across = |of: fn(Number, Number) -> Number, from: Number| {
            self.transverse.iter().map(|c| Number::exact(*c)).fold(from, of)
        };
        let on = |symbol, number, how: &str| Constant::on_interval(symbol, number, self.interval, how);
        let largest = across(Number::max, curvature.max(-curvature));
        let least = across(Number::min, Number::exact(curvature.low));
        let omega = Number::exact((-curvature.low).max(0.0));
        let start = Number::exact(ask.start[0]);
        // The nearer of the two minimisers.
        let away = start.max(-start) - 1.0;
        let distance: Number = ask.start[1..].iter().map(|x| Number::exact(*x).square()).sum();
        Constants::missing("")
            .without_samples()
            .with(Symbol::Beta, on(Symbol::Beta, Number::exact(largest.high), "largest |3 x1^2 - 1| and c_i"))
            .with(
                Symbol::Mu,
                if least.low > 0.0 {
                    on(Symbol::Mu, least, "smallest 3 x1^2 - 1 and c_i")
                } else {
                    Constant::missing("f is not convex: f'' < 0 between its wells")
                },
            )
            .with(Symbol::Omega, on(Symbol::Omega, omega, "largest 1 - 3 x1^2, at least 0"))
            .with(
                Symbol::L,
                if self.transverse.is_empty() {
                    on(Symbol::L, self.steepest(), "largest |x1^3 - x1|")
                } else {
                    Constant::missing("the gradient is not bounded across the wells")
                },
            )
            .with(Symbol::Delta, Constant::enclosed(Symbol::Delta, self.enclosed(ask.start), "f(x0), since f* = 0"))
            .with(
                Symbol::D2,
                Constant::enclosed(Symbol::D2, away.square() + distance, "squared distance to the nearer minimiser"),
            )
    }

    fn minimum(&self) -> Minimum {
        let mut point = vec![0.0; self.dimension()];
        point[0] = 1.0;
        Minimum::Known { value: 0.0, error: 0.0, point, how: "closed form, at x1 = -1 and x1 = 1".to_owned() }
    }

    fn hessian(&self) -> Option<&dyn Hessian> {
        Some(self)
    }

    fn line(&self) -> Option<Box<dyn Line + '_>> {
        self.transverse.is_empty().then(|| Box::new(self) as Box<dyn Line + '_>)
    }

    fn default_start(&self) -> Vec<f64> {
        let mut start = vec![0.1; self.dimension()];
        start[0] = 0.4;
        start
    }
}

impl Hessian for DoubleWell {
    fn matrix_at(&self, x: &[f64], matrix: &mut [f64]) -> bool {
        let d = self.dimension();
        matrix.fill(0.0);
        matrix[0] = 3.0 * x[0] * x[0] - 1.0;
        for (i, c) in self.transverse.iter().enumerate() {
            matrix[(i + 1) * (d + 1)] = *c;
        }
        true
    }
}

impl Line for DoubleWell {
    fn ranges(&self, x: Number) -> Option<Ranges> {
        let well = (x - 1.0) * (x + 1.0);
        Some(Ranges { value: well.square() / 4.0, slope: x * well, curvature: 3.0 * x.square() - 1.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Value;
    use crate::source::NoData;
    use proptest::prelude::*;

    fn constant(well: &DoubleWell, symbol: Symbol, start: &[f64]) -> Constant {
        well.constants(&Ask { start, sampling: None }).get(symbol).clone()
    }

    fn inside(well: &DoubleWell, symbol: Symbol) -> f64 {
        match constant(well, symbol, &vec![0.5; well.dimension()]) {
            Constant::OnInterval { value, .. } => value,
            other => panic!("{symbol:?}: {other:?}"),
        }
    }

    #[test]
    fn constants_worked_by_hand() {
        let well = DoubleWell::new([-2.0, 1.5], vec![0.25, 3.0]);
        assert_eq!((inside(&well, Symbol::Beta), inside(&well, Symbol::Omega)), (11.0, 1.0));
        let reason = constant(&well, Symbol::Beta, &[0.0; 3]).reason();
        assert!(reason.starts_with("known only on [-2, 1.5], where it is 11: "), "{reason}");
        assert!(matches!(constant(&well, Symbol::L, &[0.0; 3]), Constant::Missing { .. }));
        // (0.25 - 1)^2/4 + 0.25*4/2 + 3/2 = 2.140625; nearer minimiser -1: 1/4 + 4 + 1.
        let start = [-0.5, 2.0, 1.0];
        assert_eq!(constant(&well, Symbol::Delta, &start).value(), Some(2.140625));
        assert_eq!(constant(&well, Symbol::D2, &start).value(), Some(5.25));
        let right = DoubleWell::new([1.0, 2.0], vec![0.25]);
        assert_eq!((inside(&right, Symbol::Mu), inside(&right, Symbol::Omega)), (0.25, 0.0));
        assert_eq!(inside(&DoubleWell::new([1.0, 2.0], vec![20.0]), Symbol::Beta), 20.0);
        assert_eq!(inside(&DoubleWell::new([1.0, 2.0], vec![]), Symbol::L), 6.0);
        let hill = inside(&DoubleWell::new([-0.1, 0.9], vec![]), Symbol::L);
        assert!((0.3849001794597505..0.3849001794597508).contains(&hill), "{hill}");
    }

    #[test]
    fn signs_are_right_next_to_the_critical_points() {
        let well = DoubleWell::new([-2.0, 2.0], vec![]);
        let slope = |x: f64| {
            let mut gradient = [0.0];
            well.value_gradient(&[x], &mut gradient);
            gradient[0]
        };
        assert_eq!([-1.0, 0.0, 1.0].map(slope), [0.0; 3]);
        for minimiser in [-1.0f64, 1.0] {
            assert!(slope(minimiser.next_down()) < 0.0 && slope(minimiser.next_up()) > 0.0);
        }
        assert!(slope(1e-300) < 0.0 && slope(-1e-300) > 0.0);
    }

    #[test]
    fn bad_parameters_are_named() {
        let build = |interval: &[f64], transverse: &[f64]| {
            let arguments = Arguments::of("double-well")
                .with("interval", Value::numbers(interval))
                .with("transverse", Value::numbers(transverse));
            DoubleWell::build(&arguments, &NoData).map(|problem| problem.dimension()).map_err(|error| error.message)
        };
        assert_eq!(build(&[-1.0, 2.0], &[1.0, 2.0]), Ok(3));
        for interval in [&[][..], &[1.0], &[1.0, 1.0], &[2.0, 1.0], &[0.0, 1.0, 2.0]] {
            assert!(build(interval, &[]).is_err_and(|message| message.contains("`interval`")));
        }
        assert!(build(&[-1.0, 2.0], &[1.0, 0.0]).is_err_and(|message| message.contains("`transverse`")));
    }

    proptest! {
        #[test]
        fn constants_hold_inside_the_interval(low in -3.0..3.0f64, width in 0.01..4.0f64, part in 0.0..=1.0f64, y in -2.0..2.0f64) {
            let well = DoubleWell::new([low, low + width], vec![]);
            let x = low + part * width;
            let (mut gradient, mut matrix) = ([0.0], [0.0]);
            let value = well.value_gradient(&[x], &mut gradient);
            well.matrix_at(&[x], &mut matrix);
            prop_assert!(matrix[0].abs() <= inside(&well, Symbol::Beta) * (1.0 + 1e-14));
            prop_assert!(-matrix[0] <= inside(&well, Symbol::Omega) + 1e-14);
            prop_assert!(gradient[0].abs() <= inside(&well, Symbol::L) * (1.0 + 1e-14));
            if let Constant::OnInterval { value, .. } = constant(&well, Symbol::Mu, &[0.0]) {
                prop_assert!(matrix[0] >= value * (1.0 - 1e-14));
            }
            prop_assert!((value - (x * x - 1.0).powi(2) / 4.0).abs() < 1e-14 * (1.0 + value));
            prop_assert!(well.value_error(&[x], value) <= 4e-15 * (1.0 + value));
            let h = 1e-6;
            let wide = DoubleWell::new([-5.0, 5.0], vec![0.7]);
            let at = |x: f64, y: f64| wide.value_gradient(&[x, y], &mut [0.0; 2]);
            let mut both = [0.0; 2];
            wide.value_gradient(&[x, y], &mut both);
            let differences = [(at(x + h, y) - at(x - h, y)) / (2.0 * h), (at(x, y + h) - at(x, y - h)) / (2.0 * h)];
            prop_assert!(both.iter().zip(&differences).all(|(a, b)| (a - b).abs() < 1e-6 * (1.0 + a.abs())));
        }
    }
}
