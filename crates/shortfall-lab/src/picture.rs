//! The picture of a run: loss and gradient against steps, with the bounds that say something.

use crate::diagnosis;
use crate::experiment::{Experiment, Finished};
use crate::figure::{Axis, Figure, Marks, Reference, Scale, Series, Shape};
use shortfall::simulate::{Interval, Record};
use shortfall::text::number;
use shortfall::theorem::{Measure, Scope};
use shortfall::verdict::{Judgement, Verdict};

/// Bounds drawn at most: the sharpest.
const MOST_REFERENCES: usize = 4;

/// `f - f*` against steps if f* is known, else the gradient norm.
pub fn of_run(experiment: &Experiment, finished: &Finished) -> Figure {
    let known = finished.run.base_error.is_some();
    let trace = finished.run.trace();
    let x = |step: u64| step as f64;
    let pick = |row: &(u64, _, _)| if known { row.1 } else { row.2 };
    let points: Vec<(f64, f64)> = trace.iter().map(|row| (x(row.0), pick(row).mean)).collect();
    let over = finished.run.mean_over();
    let band = (finished.run.lanes.len() > 1)
        .then(|| trace.iter().map(|row| (x(row.0), pick(row).low, pick(row).high)).collect());
    let method = &experiment.method_arguments;
    let label = over.map_or(method.owner.clone(), |over| match band {
        Some(_) => format!("{}, mean of {over}; band: 99.9 % for it", method.owner),
        None => format!("{}, mean of {over}", method.owner),
    });
    let measure_is_shown = |judgement: &&Judgement| {
        known == (judgement.quantity.measure == Measure::Suboptimality)
            && !matches!(judgement.quantity.measure, Measure::GradientExcess { .. })
    };
    let says = |judgement: &&Judgement| {
        (judgement.form.scope == Scope::Instance || judgement.verdict == Verdict::Holds)
            && !matches!(judgement.verdict, Verdict::Vacuous | Verdict::NotApplicable)
            && judgement.value().is_some_and(|value| value > 0.0)
    };
    let mut chosen: Vec<&Judgement> = finished.judgements.iter().filter(says).filter(measure_is_shown).collect();
    chosen.sort_by(|a, b| a.value().unwrap_or(f64::INFINITY).total_cmp(&b.value().unwrap_or(f64::INFINITY)));
    chosen.truncate(MOST_REFERENCES);
    let mut references: Vec<Reference> = chosen
        .iter()
        .filter_map(|judgement| {
            let value = judgement.value()?;
            // Bounds on the squared gradient stand at their root beside the gradient norm.
            let value = if known { value } else { value.sqrt() };
            Some(Reference { label: format!("{} ({})", judgement.theorem.id, judgement.quantity.formula()), value })
        })
        .collect();
    let mut marks = Vec::new();
    // Between its ends the run was not seen.
    let faint = finished.run.plan.record == Record::Ends;
    if faint {
        let label = "the steps that were evaluated".to_owned();
        marks.push(Marks { label, shape: Shape::Disc, points: points.clone() });
    }
    let mut series = vec![Series { label, points, band, faint }];
    if let Some(floor) = finished.run.floor().filter(|floor| known && floor.settled && floor.interval.mean > 0.0) {
        let steps = finished.run.plan.window().map_or([0, 0], |window| [window.start, window.end - 1]);
        let (mean, low, high) = (floor.interval.mean, floor.smallest, floor.largest);
        series.push(Series {
            label: format!("floor {}: mean of the last tenth; band: from least to most", number(mean)),
            points: steps.map(|step| (x(step), mean)).to_vec(),
            band: Some(steps.map(|step| (x(step), low, high)).to_vec()),
            faint: false,
        });
        // Single runs scatter; their mean does so less.
        let rest = if finished.run.lanes.len() > 1 { [mean / 1.5, mean * 1.5] } else { [0.9 * low, 1.1 * high] };
        if let Some((step, value)) = arrival(&trace, rest) {
            let label = format!("end of the transient: step {step}");
            marks.push(Marks { label, shape: Shape::Ring, points: vec![(x(step), value)] });
        }
        if let Some(noise) = diagnosis::noise_part(experiment).filter(|noise| *noise > 0.0) {
            let label = format!("noise alone: {}", number(noise));
            references.push(Reference { label, value: noise });
        }
    }
    let y = if known { "f(x_t) - f*" } else { "|grad f(x_t)|" };
    let settings: Vec<String> = method.entries.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    Figure {
        title: format!("{} on {}: {}", method.owner, experiment.loaded.arguments.owner, radii(experiment)),
        description: format!(
            "{y} against the step t, {}; dashed lines are bounds and predictions",
            settings.join(", ")
        ),
        x: Axis { label: "step t (0 at the left end)".to_owned(), scale: Scale::Steps },
        y: Axis { label: y.to_owned(), scale: Scale::Log },
        series,
        references,
        marks,
    }
}

/// The first recorded step, after the start, from which the mean stays in this range.
fn arrival(trace: &[(u64, Interval, Interval)], [low, high]: [f64; 2]) -> Option<(u64, f64)> {
    let rests = |row: &&(u64, Interval, Interval)| low <= row.1.mean && row.1.mean <= high;
    let (step, value, _) = trace.iter().rev().take_while(rests).last()?;
    (*step > 0).then_some((*step, value.mean))
}

fn radii(experiment: &Experiment) -> String {
    let eta = format!("eta = {}", number(experiment.method.eta.first()));
    if experiment.method.rho.first() > 0.0 {
        format!("{eta}, rho = {}", number(experiment.method.rho.first()))
    } else {
        eta
    }
}
