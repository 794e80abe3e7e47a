//! Bounds and verdicts, applicable first, sharpest first, and what they mean.

use super::table::Table;
use super::{constants, minimum, problem_line, wrap};
use shortfall::text::{factor, number};
use shortfall::theorem::{Kind, Scope};
use shortfall::verdict::{Judgement, Verdict, sharpest_first};
use shortfall_lab::diagnosis::sentences;
use shortfall_lab::experiment::{Experiment, Finished};

fn heading(experiment: &Experiment, steps: u64, runs: Option<&str>) -> String {
    let method = &experiment.method_arguments;
    let parameters: Vec<String> =
        method.entries.iter().map(|(name, value)| format!("{name}={}", shortened(value))).collect();
    let runs = runs.map_or(String::new(), |runs| format!(", {runs}"));
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
    if judgement.form.scope == Scope::Class && judgement.verdict == Verdict::Undecided {
        return "not about this run".to_owned();
    }
    let Some(ratio) = judgement.ratio() else { return String::new() };
    let times = |ratio: f64| match ratio {
        r if r >= 0.95 => "tight".to_owned(),
        r if r > 0.0 => format!("{} x too ", factor(1.0 / r)),
        _ => "far too ".to_owned(),
    };
    match judgement.form.kind {
        Kind::Upper | Kind::Lower if ratio > 1.0 + 1e-6 && judgement.is_below_resolution() => "rounding".to_owned(),
        _ if ratio > 1.0 + 1e-6 && matches!(judgement.form.kind, Kind::Upper | Kind::Lower) => {
            format!("exceeded: {} x", factor(ratio))
        }
        Kind::Exact | Kind::Prediction => match (ratio - 1.0).abs() {
            off if off <= 1e-6 => "exact".to_owned(),
            off if off <= 0.5 => format!("off by {} %", factor(off * 100.0)),
            _ => format!("run is {} times it", factor(ratio)),
        },
        Kind::Upper => times(ratio).replace("too ", "too high"),
        Kind::Lower => times(ratio).replace("too ", "too low"),
    }
}

/// What the letters of the tables mean.
pub const LEGEND: &str = "F = f(x_t) - f*, a = |grad f(x_t)|";

/// The id, and the form if it is not told apart by its quantity.
pub fn name(judgement: &Judgement) -> String {
    let told_apart = judgement.theorem.forms.iter().filter(|form| form.name.is_some()).count() > 1
        || matches!(judgement.variant(), Some("gradient" | "value") | None);
    match judgement.variant() {
        Some(variant) if !told_apart => format!("{}\n  {variant}", judgement.theorem.id),
        _ => judgement.theorem.id.to_owned(),
    }
}

pub fn shown(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| match value {
        f64::INFINITY => "infinite".to_owned(),
        value if value.is_finite() => number(value),
        _ => "nothing".to_owned(),
    })
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
    match judgement.bound.as_ref().and_then(|bound| bound.rests) {
        Some(true) => "attracts".to_owned(),
        Some(false) => "repels".to_owned(),
        None => format!("{}{}", relation(judgement.form.kind), shown(judgement.value())),
    }
}

/// Statements that say here what one before them in the registry says, with that one: of the same quantity the same
/// bound. They stay out of the table.
fn repeated(judgements: &[Judgement]) -> Vec<(&Judgement, &Judgement)> {
    let same = |a: &Judgement, b: &Judgement| {
        let near = |(a, b): (f64, f64)| (a - b).abs() <= 1e-12 * a.abs();
        a.value().zip(b.value()).is_some_and(near)
            && (a.quantity, a.form.kind, a.verdict) == (b.quantity, b.form.kind, b.verdict)
    };
    let first = |at: usize| judgements[..at].iter().find(|earlier| same(earlier, &judgements[at]));
    (0..judgements.len()).filter_map(|at| Some((&judgements[at], first(at)?))).collect()
}

fn repetitions(repeated: &[(&Judgement, &Judgement)]) -> String {
    if repeated.is_empty() {
        return String::new();
    }
    let pairs: Vec<String> =
        repeated.iter().map(|(judgement, first)| format!("{} as {}", judgement.theorem.id, first.theorem.id)).collect();
    wrap(&format!("The same bounds here: {}.", pairs.join(", ")), "")
}

/// Those that do not apply, by their first reason; so many of each by name.
fn not_applicable(judgements: &[&Judgement], most: usize) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for judgement in judgements.iter().filter(|judgement| judgement.verdict == Verdict::NotApplicable) {
        let reason = judgement.reasons.first().map_or("", String::as_str);
        let id = judgement.theorem.id;
        match groups.iter_mut().find(|group| group.0 == reason) {
            Some((_, ids)) if ids.contains(&id) => {}
            Some((_, ids)) => ids.push(id),
            None => groups.push((reason, vec![id])),
        }
    }
    if groups.is_empty() {
        return String::new();
    }
    let line = |(reason, ids): &(&str, Vec<&str>)| {
        // One name takes the place of "1 more".
        let shown = if ids.len() > most + 1 { most } else { ids.len() };
        let more = match ids.len() - shown {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        wrap(&format!("{reason}: {}{more}", ids[..shown].join(", ")), "  ")
    };
    let lines: String = groups.iter().map(line).collect();
    format!("Do not apply\n{lines}\n")
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
    if judgements.iter().all(|judgement| judgement.bound.is_none() || !judgement.is_certified()) && !names.is_empty() {
        return "None of these bounds is certified: each uses an estimate or an assumption.\n\n".to_owned();
    }
    if !judgements.iter().any(|judgement| judgement.bound.is_some()) {
        return "No statement applies.\n\n".to_owned();
    }
    if names.is_empty() {
        return "All numbers behind these bounds are certified.\n\n".to_owned();
    }
    wrap(&format!("Certified, except those that use an estimate or an assumption: {}.", names.join(", ")), "") + "\n"
}

/// What `run` shows.
pub fn run(experiment: &Experiment, finished: &Finished) -> String {
    let runs = finished.run.mean_over().unwrap_or("one run".to_owned());
    let mut text = heading(experiment, finished.run.plan.steps, Some(&runs));
    text += &format!("\n{}", constants(&experiment.constants, true));
    text += &minimum(&experiment.minimum);
    text += "\n";
    let all = sharpest_first(&finished.judgements);
    let mut table = Table::new(&["statement", "of", "bound", "measured", "verdict", "how loose"], 5);
    let repeated = repeated(&finished.judgements);
    let is_new = |judgement: &&&Judgement| !repeated.iter().any(|(again, _)| std::ptr::eq(*again, **judgement));
    for judgement in all.iter().filter(is_new).filter(|judgement| judgement.bound.is_some()) {
        let measured = judgement.measured.as_ref().map(|measured| measured.interval.mean);
        table.row([
            name(judgement),
            judgement.quantity.formula(),
            bound_cell(judgement),
            shown(measured),
            judgement.verdict.word().to_owned(),
            looseness(judgement),
        ]);
    }
    text += &format!("{table}{LEGEND}\n");
    text += &repetitions(&repeated);
    text += &uncertified(&all);
    text += &notes(&all);
    text += &not_applicable(&all, 4);
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
    let all = sharpest_first(judgements);
    let mut table = Table::new(&["statement", "of", "bound", "transient", "noise", "floor", "verdict"], 1);
    let repeated = repeated(judgements);
    let is_new = |judgement: &&&Judgement| !repeated.iter().any(|(again, _)| std::ptr::eq(*again, **judgement));
    for judgement in all.iter().filter(is_new) {
        let Some(bound) = &judgement.bound else { continue };
        // A criterion has no parts.
        let part =
            |part| shown(Some(shortfall::theorem::side(part, judgement.form.kind)).filter(|_| bound.rests.is_none()));
        table.row([
            name(judgement),
            judgement.quantity.formula(),
            bound_cell(judgement),
            part(bound.transient),
            part(bound.noise),
            part(bound.floor),
            judgement.verdict.word().to_owned(),
        ]);
    }
    text += &format!("{table}{LEGEND}\n");
    text += &repetitions(&repeated);
    text += &uncertified(&all);
    text += &notes(&all);
    text += &not_applicable(&all, usize::MAX - 1);
    text
}
