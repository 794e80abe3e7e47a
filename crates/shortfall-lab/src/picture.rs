//! The picture of a run: loss and gradient against steps, with the bounds that say something.

use crate::experiment::{Experiment, Finished};
use crate::figure::{Axis, Figure, Reference, Scale, Series};
use shortfall::text::number;
use shortfall::theorem::{Measure, Scope};
use shortfall::verdict::{Judgement, Verdict};

/// Bounds drawn at most: the sharpest.
const MOST_REFERENCES: usize = 4;

/// `f - f*` against steps if f* is known, else the gradient norm.
pub fn of_run(experiment: &Experiment, finished: &Finished) -> Figure {
    let known = finished.run.base_error.is_some();
    let trace = finished.run.trace();
    // On a logarithmic axis step 0 has no place: it stands at 1/2.
    let x = |step: u64| if step == 0 { 0.5 } else { step as f64 };
    let pick = |row: &(u64, _, _)| if known { row.1 } else { row.2 };
    let points = trace.iter().map(|row| (x(row.0), pick(row).mean)).collect();
    let over = finished.run.mean_over();
    let band = (finished.run.lanes.len() > 1)
        .then(|| trace.iter().map(|row| (x(row.0), pick(row).low, pick(row).high)).collect());
    let method = &experiment.method_arguments;
    let label = over.map_or(method.owner.clone(), |over| format!("{}, mean of {over}", method.owner));
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
    let references = chosen
        .iter()
        .filter_map(|judgement| {
            let value = judgement.value()?;
            // Bounds on the squared gradient stand at their root beside the gradient norm.
            let value = if known { value } else { value.sqrt() };
            Some(Reference { label: format!("{} ({})", judgement.theorem.id, judgement.quantity.formula()), value })
        })
        .collect();
    let y = if known { "f(x_t) - f*" } else { "|grad f(x_t)|" };
    let settings: Vec<String> = method.entries.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    Figure {
        title: format!("{} on {}: {}", method.owner, experiment.loaded.arguments.owner, radii(experiment)),
        description: format!(
            "{y} against the step t, {}; dashed lines are bounds and predictions",
            settings.join(", ")
        ),
        x: Axis { label: "step t (0 at the left end)".to_owned(), scale: Scale::Log },
        y: Axis { label: y.to_owned(), scale: Scale::Log },
        series: vec![Series { label, points, band, faint: false }],
        references,
        marks: Vec::new(),
    }
}

fn radii(experiment: &Experiment) -> String {
    let eta = format!("eta = {}", number(experiment.method.eta.first()));
    if experiment.method.rho.first() > 0.0 {
        format!("{eta}, rho = {}", number(experiment.method.rho.first()))
    } else {
        eta
    }
}
