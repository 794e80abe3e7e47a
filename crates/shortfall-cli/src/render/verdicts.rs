//! Bounds and verdicts, applicable first, sharpest first, and what they mean.

use super::{constants, minimum, problem_line, table, wrap};
use shortfall::theorem::Kind;
use shortfall::verdict::{Judgement, Verdict};
use shortfall_lab::diagnosis::{factor, number, sentences};
use shortfall_lab::experiment::{Experiment, Finished};

fn heading(experiment: &Experiment, steps: u64, runs: Option<usize>) -> String {
    let method = &experiment.method_arguments;
    let parameters: Vec<String> =
        method.entries.iter().map(|(name, value)| format!("{name}={}", shortened(value))).collect();
    let runs = match runs {
        None => String::new(),
        Some(1) => ", one run".to_owned(),
        Some(n) => format!(", {n} runs"),
    };
    let mut text = problem_line(&experiment.loaded);
    text += &wrap(&format!("{}{{{}}}, {steps} steps{runs}", method.owner, parameters.join(", ")), "");
    text
}

fn shortened(value: &shortfall::arguments::Value) -> String {
    match value {
        shortfall::arguments::Value::Number { value, text } if text.len() > 8 => number(*value),
        other => other.to_string(),
    }
}

/// How loose, in words.
fn looseness(judgement: &Judgement) -> String {
    if judgement.verdict == Verdict::Vacuous {
        return "says no more than the start".to_owned();
    }
    let Some(ratio) = judgement.ratio() else { return String::new() };
    match judgement.form.kind {
        Kind::Exact | Kind::Prediction => match (ratio - 1.0).abs() {
            off if off <= 1e-6 => "exact".to_owned(),
            off if off <= 0.5 => format!("off by {:.2} %", off * 100.0),
            _ => format!("measured is {} x it", factor(ratio)),
        },
        Kind::Upper | Kind::Lower => match ratio {
            r if r > 1.0 => format!("exceeded: {} x", factor(r)),
            r if r >= 0.95 => "tight".to_owned(),
            r if r >= 0.5 => "within a factor 2".to_owned(),
            r if r >= 0.1 => format!("loose: {} x", factor(1.0 / r)),
            r if r >= 0.001 => format!("very loose: {} x", factor(1.0 / r)),
            r if r > 0.0 => format!("far off: {} x", factor(1.0 / r)),
            _ => "far off".to_owned(),
        },
    }
}

fn sorted(judgements: &[Judgement]) -> Vec<&Judgement> {
    let rank = |judgement: &Judgement| match judgement.verdict {
        Verdict::Violated => 0,
        Verdict::Holds | Verdict::Agrees | Verdict::Differs | Verdict::Applicable => 1,
        Verdict::Undecided => 2,
        Verdict::Vacuous => 3,
        Verdict::NotApplicable => 4,
    };
    // Sharpest: the ratio nearest to one; without a measurement the smallest bound.
    let sharpness = |judgement: &Judgement| match judgement.ratio() {
        Some(ratio) if ratio > 0.0 => ratio.ln().abs(),
        _ => judgement.value().unwrap_or(f64::INFINITY),
    };
    let mut all: Vec<&Judgement> = judgements.iter().collect();
    all.sort_by(|a, b| rank(a).cmp(&rank(b)).then(sharpness(a).total_cmp(&sharpness(b))));
    all
}

fn name(judgement: &Judgement) -> String {
    let variant = judgement.variant().map_or(String::new(), |variant| format!(" ({variant})"));
    format!("{}{variant}\n{}", judgement.theorem.id, judgement.quantity.word())
}

pub fn shown(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| if value.is_finite() { number(value) } else { "infinite".to_owned() })
}

fn relation(kind: Kind) -> &'static str {
    match kind {
        Kind::Upper => "<= ",
        Kind::Lower => ">= ",
        Kind::Exact => "= ",
        Kind::Prediction => "~ ",
    }
}

pub fn bound_cell(judgement: &Judgement) -> String {
    format!("{}{}", relation(judgement.form.kind), shown(judgement.value()))
}

/// Those that do not apply, one line each with the first reason.
fn not_applicable(judgements: &[&Judgement]) -> String {
    let mut text = String::new();
    let mut seen: Vec<&str> = Vec::new();
    for judgement in judgements.iter().filter(|judgement| judgement.verdict == Verdict::NotApplicable) {
        if seen.contains(&judgement.theorem.id) {
            continue;
        }
        seen.push(judgement.theorem.id);
        let reason = judgement.reasons.first().map_or("", String::as_str);
        text += &wrap(&format!("{}: {reason}", judgement.theorem.id), "  ");
    }
    if text.is_empty() { text } else { format!("Do not apply\n{text}\n") }
}

/// Reasons behind what was not simply kept.
fn notes(judgements: &[&Judgement]) -> String {
    let mut text = String::new();
    for judgement in judgements {
        if matches!(judgement.verdict, Verdict::NotApplicable) || judgement.reasons.is_empty() {
            continue;
        }
        text += &wrap(&format!("{}: {}", judgement.theorem.id, judgement.reasons.join("; ")), "  ");
    }
    if text.is_empty() { text } else { format!("Notes\n{text}\n") }
}

fn uncertified(judgements: &[&Judgement]) -> String {
    let mut names: Vec<&str> = judgements
        .iter()
        .filter(|judgement| judgement.bound.is_some() && !judgement.is_certified())
        .map(|judgement| judgement.theorem.id)
        .collect();
    names.dedup();
    if names.is_empty() {
        return "All numbers behind these bounds are certified.\n\n".to_owned();
    }
    wrap(&format!("Certified, except those that use an estimate or an assumption: {}.", names.join(", ")), "") + "\n"
}

/// What `run` shows.
pub fn run(experiment: &Experiment, finished: &Finished) -> String {
    let mut text = heading(experiment, finished.run.plan.steps, Some(finished.run.lanes.len()));
    text += &format!("\n{}", constants(&experiment.constants, true));
    text += &minimum(&experiment.minimum);
    text += "\n";
    let all = sorted(&finished.judgements);
    let mut table = table(&["statement", "verdict", "bound", "measured", "how loose"]);
    for judgement in all.iter().filter(|judgement| judgement.bound.is_some()) {
        let measured = judgement.measured.as_ref().map(|measured| measured.interval.mean);
        table.add_row([
            name(judgement),
            judgement.verdict.word().to_owned(),
            bound_cell(judgement),
            shown(measured),
            looseness(judgement),
        ]);
    }
    text += &format!("{table}\n");
    text += &uncertified(&all);
    text += &notes(&all);
    text += &not_applicable(&all);
    text += "In words\n";
    for sentence in sentences(experiment, finished) {
        text += &wrap(&sentence, "  ");
    }
    text
}

/// What `bound` shows.
pub fn bounds(experiment: &Experiment, judgements: &[Judgement]) -> String {
    let mut text = heading(experiment, experiment.request.steps, None);
    text += &format!("\n{}", constants(&experiment.constants, true));
    text += &minimum(&experiment.minimum);
    text += "\n";
    let all = sorted(judgements);
    let mut table = table(&["statement", "verdict", "bound", "transient", "noise", "floor"]);
    for judgement in &all {
        let Some(bound) = &judgement.bound else { continue };
        let part = |part| shown(Some(shortfall::theorem::side(part, judgement.form.kind)));
        table.add_row([
            name(judgement),
            judgement.verdict.word().to_owned(),
            bound_cell(judgement),
            part(bound.transient),
            part(bound.noise),
            part(bound.floor),
        ]);
    }
    text += &format!("{table}\n");
    text += &uncertified(&all);
    text += &notes(&all);
    text += &not_applicable(&all);
    text
}
