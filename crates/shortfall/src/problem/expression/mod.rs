//! A function of x as the user writes it: exact derivatives, and constants by interval arithmetic.
//!
//! Numbers in the text are the doubles nearest to them; `pi` and `e` are the real numbers.

mod enclosure;
mod extent;
mod jet;
mod minimum;
mod parse;
mod polynomial;
mod tape;

use super::{Ask, Hessian, Line, Minimum, Problem, Ranges};
use crate::arguments::{Arguments, BadInput, Value};
use crate::constants::{Constant, Constants, Number, Symbol};
use crate::source::DataSource;
use extent::extent;
use jet::Jet;
use minimum::{Found, NotFound, search};
use tape::Tape;

/// Starts tried, in this order.
const STARTS: [f64; 8] = [1.0, 0.5, 2.0, -1.0, 0.1, 3.0, -0.3, 10.0];

/// Pieces of an interval looked at for a constant.
const MOST_PIECES: usize = 3000;

const LINE: Number = Number::between(f64::NEG_INFINITY, f64::INFINITY);

/// A one-dimensional function given as text.
#[derive(Debug)]
pub struct Expression {
    tape: Tape,
    start: f64,
    /// f' and f'' on the whole line.
    everywhere: Extents,
    /// And on the user's interval.
    inside: Option<([f64; 2], Extents)>,
    minimum: Result<Found, NotFound>,
}

/// Enclosures of f' and f''; ends may be infinite.
#[derive(Clone, Copy, Debug)]
struct Extents {
    slope: Number,
    curvature: Number,
}

impl Extents {
    fn of(tape: &Tape, domain: Number) -> Self {
        let jet = |place| tape.run(Jet::variable(place));
        let most = tape.pieces(MOST_PIECES);
        Self {
            slope: extent(domain, most, &|place| jet(place).map(|jet| jet.slope)),
            curvature: extent(domain, most, &|place| jet(place).map(|jet| jet.curvature)),
        }
    }
}

impl Expression {
    /// From the text and, if wanted, an interval for the constants that do not exist everywhere. The error names the
    /// column.
    pub fn new(text: &str, interval: Option<[f64; 2]>) -> Result<Self, BadInput> {
        let tape =
            parse::parse(text).map_err(|wrong| BadInput::new(format!("column {}: {}", wrong.column, wrong.message)))?;
        let usable = |x: &f64| {
            let jet = tape.run(Jet::variable(*x));
            jet.is_some_and(|jet| jet.value.is_finite() && jet.slope.is_finite() && jet.slope != 0.0)
        };
        let Some(start) = STARTS.into_iter().find(usable) else {
            return Err(BadInput::new(format!(
                "must be finite with a derivative that is not 0 at one of x = {}, where a run can start",
                STARTS.map(|x| x.to_string()).join(", ")
            )));
        };
        let everywhere = Extents::of(&tape, LINE);
        let inside = interval.map(|[low, high]| ([low, high], Extents::of(&tape, Number::between(low, high))));
        let minimum = search(&tape);
        Ok(Self { tape, start, everywhere, inside, minimum })
    }

    pub(super) fn build(arguments: &Arguments, _: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
        let text = arguments.text("f")?;
        let given = arguments.get("interval").is_some_and(|interval| *interval != Value::List(Vec::new()));
        let interval = given.then(|| arguments.interval("interval")).transpose()?;
        match Self::new(text, interval) {
            Ok(expression) => Ok(Box::new(expression)),
            Err(error) => Err(arguments.bad("f", error)),
        }
    }

    fn jet(&self, x: f64) -> Jet<f64> {
        let nowhere = Jet { value: f64::NAN, slope: f64::NAN, curvature: f64::NAN };
        self.tape.run(Jet::variable(x)).unwrap_or(nowhere)
    }

    /// The constant from the whole line where it is finite there, else from the interval; `of` gives the number that
    /// bounds it.
    fn constant(&self, symbol: Symbol, how: &str, of: impl Fn(&Extents) -> Number) -> Constant {
        let finite = |number: &Number| number.low.is_finite() && number.high.is_finite();
        let everywhere = of(&self.everywhere);
        if finite(&everywhere) {
            return Constant::enclosed(symbol, everywhere, format!("{how}, by interval arithmetic"));
        }
        match &self.inside {
            Some((interval, ranges)) if finite(&of(ranges)) => {
                Constant::on_interval(symbol, of(ranges), *interval, format!("{how}, by interval arithmetic"))
            }
            Some(([low, high], _)) => Constant::missing(format!(
                "{how}: no finite value is proved, neither everywhere nor on [{low}, {high}]"
            )),
            None => Constant::missing(format!(
                "{how}: no finite value is proved on the whole line; interval=[low,high] asks for one there"
            )),
        }
    }

    fn mu(&self) -> Constant {
        let how = "smallest f'', by interval arithmetic";
        let above = |ranges: &Extents| Some(Number::exact(ranges.curvature.low)).filter(|least| least.low > 0.0);
        match (above(&self.everywhere), &self.inside) {
            (Some(least), _) => Constant::enclosed(Symbol::Mu, Number::between(least.low, f64::INFINITY), how),
            (None, Some((interval, ranges))) if above(ranges).is_some() => {
                Constant::on_interval(Symbol::Mu, Number::between(ranges.curvature.low, f64::INFINITY), *interval, how)
            }
            _ => Constant::missing("f'' is not proved to stay above a number above 0"),
        }
    }

    fn set_distances(&self, constants: &mut Constants, x: f64) {
        let found = match &self.minimum {
            Ok(found) => found,
            Err(NotFound::Unbounded(why) | NotFound::Unknown(why)) => {
                constants.set(Symbol::Delta, Constant::missing(why));
                constants.set(Symbol::D2, Constant::missing(why));
                return;
            }
        };
        let delta = match self.tape.run(Number::exact(x)) {
            Some(value) => {
                let delta = (value - found.value).positive_part().high;
                Constant::bound(Symbol::Delta, delta, "f(x0) - f*, f* by branch and bound")
            }
            None => Constant::missing("f(x0) is not certain to be defined"),
        };
        constants.set(Symbol::Delta, delta);
        constants.set(
            Symbol::D2,
            match &found.places {
                Some(places) => {
                    let farthest = places.iter().map(|place| (*place - x).max(x - *place)).reduce(Number::max);
                    let square = farthest.map_or(f64::INFINITY, |farthest| farthest.square().high);
                    Constant::bound(Symbol::D2, square, "squared distance to the farthest candidate for a minimiser")
                }
                None => Constant::missing("the minimisers are not located"),
            },
        );
    }
}

fn larger(range: Number) -> Number {
    Number::exact(range.high.max(-range.low))
}

impl Problem for Expression {
    fn dimension(&self) -> usize {
        1
    }

    fn value_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let jet = self.jet(x[0]);
        gradient[0] = jet.slope;
        jet.value
    }

    fn value_error(&self, x: &[f64], value: f64) -> f64 {
        match self.tape.run(Number::exact(x[0])) {
            Some(exact) => (exact - value).max(value - exact).high.max(0.0),
            None => f64::INFINITY,
        }
    }

    fn gradient_error(&self, x: &[f64], _: f64, gradient: &[f64]) -> f64 {
        match self.tape.run(Jet::variable(Number::exact(x[0]))) {
            Some(exact) => (exact.slope - gradient[0]).max(gradient[0] - exact.slope).high.max(0.0),
            None => f64::INFINITY,
        }
    }

    fn constants(&self, ask: &Ask) -> Constants {
        let upper = |number: f64| Number::between(f64::MIN.max(-number.abs()), number);
        let mut constants = Constants::missing("")
            .without_samples()
            .with(
                Symbol::Beta,
                self.constant(Symbol::Beta, "largest |f''|", |ranges| upper(larger(ranges.curvature).high)),
            )
            .with(Symbol::Mu, self.mu())
            .with(
                Symbol::Omega,
                self.constant(Symbol::Omega, "-(smallest f''), at least 0", |ranges| {
                    let omega = (-ranges.curvature.low).max(0.0);
                    if omega == 0.0 { Number::exact(0.0) } else { upper(omega) }
                }),
            )
            .with(Symbol::L, self.constant(Symbol::L, "largest |f'|", |ranges| upper(larger(ranges.slope).high)));
        self.set_distances(&mut constants, ask.start[0]);
        constants
    }

    fn minimum(&self) -> Minimum {
        match &self.minimum {
            Ok(Found { value, point, .. }) => {
                let middle = value.middle().clamp(value.low, value.high) + 0.0; // no -0
                let error = (*value - middle).max(middle - *value).high.max(0.0);
                let how = "branch and bound in interval arithmetic".to_owned();
                Minimum::Known { value: middle, error, point: vec![*point], how }
            }
            Err(NotFound::Unbounded(how)) => Minimum::Unbounded { how: how.clone() },
            Err(NotFound::Unknown(reason)) => Minimum::Unknown { reason: reason.clone() },
        }
    }

    fn hessian(&self) -> Option<&dyn Hessian> {
        Some(self)
    }

    fn line(&self) -> Option<Box<dyn Line + '_>> {
        Some(Box::new(self))
    }

    fn default_start(&self) -> Vec<f64> {
        vec![self.start]
    }

    fn work(&self) -> usize {
        40 * self.tape.len()
    }
}

impl Hessian for Expression {
    fn matrix_at(&self, x: &[f64], matrix: &mut [f64]) -> bool {
        matrix[0] = self.jet(x[0]).curvature;
        // The enclosure exists only where all parts are smooth.
        matrix[0].is_finite() && self.tape.run(Jet::variable(Number::exact(x[0]))).is_some()
    }
}

impl Line for Expression {
    fn ranges(&self, x: Number) -> Option<Ranges> {
        let Jet { value, slope, curvature } = self.tape.run(Jet::variable(x))?;
        Some(Ranges { value, slope, curvature })
    }
}

#[cfg(test)]
mod tests;
