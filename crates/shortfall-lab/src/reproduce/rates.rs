//! How fast, and with which power: exponents fitted over two decades beside those a statement gives.

use super::Row;
use crate::experiment::{Experiment, Request};
use crate::figure::{Axis, Figure, Scale, Series};
use crate::fit::exponent;
use crate::pool::Pool;
use crate::selector::parse_start;
use shortfall::arguments::BadInput;
use shortfall::simulate::{Interval, Observer};
use shortfall::theorem::{Mode, Quantity};
use shortfall::verdict::Verdict;

/// A claim `quantity ~ parameter^exponent`.
#[derive(Debug)]
pub struct Rate {
    /// Its name.
    pub id: &'static str,
    /// The statements it comes from.
    pub theorems: &'static [&'static str],
    /// What is measured.
    pub quantity: Quantity,
    /// The parameter: `T`, or what stands as `#` in the selectors.
    pub parameter: &'static str,
    /// Its values, over two decades.
    pub values: &'static [f64],
    /// Problem selector.
    pub problem: &'static str,
    /// Method selector.
    pub method: &'static str,
    /// Start, if not the problem's own.
    pub start: Option<&'static str>,
    /// Steps, unless they are the parameter.
    pub steps: u64,
    /// The exponent that is claimed.
    pub predicted: Predicted,
}

/// An exponent a statement gives.
#[derive(Clone, Copy, Debug)]
pub enum Predicted {
    /// A power.
    Power(f64),
    /// A power with logarithms: what the bound of this statement goes with over the same values.
    AsBound(&'static str),
}

/// A rate as measured.
pub struct Fitted {
    /// The claim.
    pub rate: &'static Rate,
    /// Parameter and measured quantity.
    pub points: Vec<(f64, Interval)>,
    /// The measured exponent; `None` if a run does not have the quantity.
    pub exponent: Option<Interval>,
    /// The claimed one.
    pub predicted: Option<f64>,
}

/// An exponent agrees within this.
const AGREES: f64 = 0.1;

impl Fitted {
    /// Whether the exponents agree to a tenth.
    pub fn verdict(&self) -> Verdict {
        match (self.exponent, self.predicted) {
            (Some(measured), Some(predicted)) if (measured.mean - predicted).abs() <= AGREES => Verdict::Agrees,
            (Some(_), Some(_)) => Verdict::Differs,
            _ => Verdict::Undecided,
        }
    }

    /// The measured points on logarithmic axes, with the claimed power through the last one.
    pub fn picture(&self, row: &Row) -> Figure {
        let measured: Vec<(f64, f64)> = self.points.iter().map(|(x, y)| (*x, y.mean)).collect();
        let band = self.points.iter().map(|(x, y)| (*x, y.low, y.high)).collect();
        let mut series =
            vec![Series { label: "measured".to_owned(), points: measured.clone(), band: Some(band), faint: false }];
        if let (Some(predicted), Some(&(end, height))) = (self.predicted, measured.last()) {
            let claimed = measured.iter().map(|(x, _)| (*x, height * (x / end).powf(predicted))).collect();
            series.push(Series { label: format!("power {predicted:.2}"), points: claimed, band: None, faint: false });
        }
        let of = self.rate.quantity.formula();
        Figure {
            title: format!("{}: {of} against {}", row.title, self.rate.parameter),
            description: format!("{of} against {}, and the claimed power", self.rate.parameter),
            x: Axis { label: self.rate.parameter.to_owned(), scale: Scale::Log },
            y: Axis { label: of, scale: Scale::Log },
            series,
            references: Vec::new(),
            marks: Vec::new(),
        }
    }
}

impl Rate {
    /// Measures it; a quick run takes every second value. `None` if the observer stopped.
    pub fn fit(&'static self, quick: bool, pool: &Pool, observer: Observer) -> Result<Option<Fitted>, BadInput> {
        let (mut points, mut bounds) = (Vec::new(), Vec::new());
        let values: Vec<f64> = self.values.iter().copied().step_by(if quick { 2 } else { 1 }).collect();
        for value in &values {
            let mut request = Request::new(
                &self.problem.replace('#', &value.to_string()),
                &self.method.replace('#', &value.to_string()),
            );
            request.steps = if self.parameter == "T" { *value as u64 } else { self.steps };
            request.start = self.start.map(parse_start).transpose()?;
            let experiment = Experiment::prepare(request)?;
            let finished = experiment.run(pool, None, observer)?;
            if finished.run.plan.steps < experiment.request.steps {
                return Ok(None);
            }
            let mode = if experiment.method.sampling.is_some() { Mode::Expectation } else { Mode::Pathwise };
            if let Some(measured) = finished.run.measure(&self.quantity, mode) {
                points.push((*value, measured.interval));
            }
            if let Predicted::AsBound(id) = self.predicted {
                let judgement = finished.judgements.iter().find(|judgement| judgement.theorem.id == id);
                let bound = judgement.and_then(|judgement| judgement.value());
                bounds.extend(bound.map(|bound| (*value, Interval::point(bound))));
            }
        }
        // A value without its measurement would leave a fit over fewer.
        let complete = points.len() == values.len() && points.iter().all(|(_, interval)| interval.low > 0.0);
        let fitted = exponent(std::slice::from_ref(&points)).filter(|_| complete);
        let predicted = match self.predicted {
            Predicted::Power(power) => Some(power),
            Predicted::AsBound(_) => exponent(&[bounds]).map(|exponent| exponent.mean),
        };
        Ok(Some(Fitted { rate: self, points, exponent: fitted, predicted }))
    }
}
