//! What was found, in some sentences with numbers.

use super::Results;
use crate::formula;
use crate::page::Block;
use crate::reproduce::Report;
use maud::{PreEscaped, html};
use shortfall::text::{factor, number};
use shortfall::theorem::Kind;
use shortfall::verdict::Verdict;

/// The sentences, as far as the results carry them.
pub(super) fn body(results: &Results) -> Vec<Block> {
    let sentences: Vec<String> = [score, exponents, tightness, examples, data, contrast]
        .into_iter()
        .filter_map(|sentence| sentence(results))
        .collect();
    if sentences.is_empty() {
        return Vec::new();
    }
    vec![Block::Text(html! { ol { @for sentence in &sentences { li { (PreEscaped(formula::html(sentence))) } } } })]
}

fn score(results: &Results) -> Option<String> {
    let scores = results.reports.iter().map(Report::score);
    let (right, all) = scores.fold((0, 0), |sum, score| (sum.0 + score.0, sum.1 + score.1));
    let judgements =
        || results.reports.iter().flat_map(|report| &report.checks).flat_map(|made| &made.finished.judgements);
    let violated = judgements().filter(|judgement| judgement.verdict == Verdict::Violated).count();
    let held = judgements().filter(|judgement| judgement.verdict == Verdict::Holds).count();
    (all > 0).then(|| {
        format!(
            "{right} of {all} statements and exponents came out as they should; of all bounds that applied to these runs {held} \
             hold and {} {} violated.",
            if violated == 0 { "none".to_owned() } else { violated.to_string() },
            if violated == 1 { "is" } else { "are" }
        )
    })
}

/// Exponents of rho.
fn exponents(results: &Results) -> Option<String> {
    let fitted =
        results.reports.iter().flat_map(|report| &report.rates).filter(|fitted| fitted.rate.parameter == "rho");
    let measured: Vec<f64> = fitted.filter_map(|fitted| fitted.exponent).map(|exponent| exponent.mean).collect();
    let least = measured.iter().copied().fold(f64::INFINITY, f64::min);
    let most = measured.iter().copied().fold(0.0, f64::max);
    (!measured.is_empty()).then(|| {
        format!(
            "Where the paper says that a floor of order rho^2 stays, the floor measured over two decades goes with rho to a power \
             between {least:.3} and {most:.3} ({} settings).",
            measured.len()
        )
    })
}

/// How loose the upper bounds are.
fn tightness(results: &Results) -> Option<String> {
    let paper = results.reports.iter().filter(|report| !report.row.witnesses && !report.row.explains);
    let ratios: Vec<f64> = paper
        .flat_map(|report| &report.checks)
        .flat_map(|made| made.results())
        .filter(|(judgement, _)| judgement.form.kind == Kind::Upper)
        .filter_map(|(judgement, _)| judgement.ratio())
        .filter(|ratio| *ratio > 0.0)
        .collect();
    let tightest = ratios.iter().copied().fold(0.0, f64::max);
    let loosest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    (!ratios.is_empty()).then(|| {
        format!(
            "The upper bounds of the tables stand between {} and {} times above the runs they are held against: each is about the \
             worst function of its class.",
            factor(1.0 / tightest),
            factor(1.0 / loosest)
        )
    })
}

/// The examples, whose own function is the hypothesis.
fn examples(results: &Results) -> Option<String> {
    let made = results.reports.iter().filter(|report| report.row.title.starts_with("Example"));
    let attained: Vec<String> = made
        .flat_map(|report| &report.checks)
        .flat_map(|made| made.results())
        .filter(|(judgement, _)| matches!(judgement.form.kind, Kind::Exact | Kind::Lower))
        .filter_map(|(judgement, _)| {
            let measured = judgement.measured.as_ref()?.interval.mean;
            Some(format!("{} = {} ({})", judgement.quantity.formula(), number(measured), judgement.theorem.id))
        })
        .take(3)
        .collect();
    (!attained.is_empty())
        .then(|| format!("On the paper's examples SAM does not converge at all: {}.", attained.join("; ")))
}

/// Floors on data.
fn data(results: &Results) -> Option<String> {
    let made = results.reports.iter().filter(|report| report.row.explains).flat_map(|report| &report.checks);
    let floor = |made: &crate::reproduce::Made| {
        // Without a perturbation there is no floor of it.
        let perturbs = made.experiment.method.rho.first() > 0.0;
        let floor = made.finished.run.floor().filter(|_| perturbs && made.finished.run.base_error.is_some())?;
        Some((
            made.experiment.loaded.arguments.owner.clone(),
            made.experiment.method_arguments.owner.clone(),
            floor.interval.mean,
        ))
    };
    let floors: Vec<(String, String, f64)> = made.filter_map(floor).collect();
    let of = |stochastic: bool| floors.iter().find(|(_, method, _)| method.starts_with("stochastic") == stochastic);
    match (of(false), of(true)) {
        (Some((problem, _, sam)), Some((_, _, stochastic))) => Some(format!(
            "On real data ({problem}) SAM stops at f - f* = {} and stochastic SAM at {}: over all models the floors lie between {} and {}.",
            number(*sam),
            number(*stochastic),
            number(floors.iter().map(|floor| floor.2).fold(f64::INFINITY, f64::min)),
            number(floors.iter().map(|floor| floor.2).fold(0.0, f64::max))
        )),
        _ => None,
    }
}

/// What leaves no floor.
fn contrast(results: &Results) -> Option<String> {
    let floors = results.floors.first()?;
    let last = |wanted: &str| floors.lines.iter().find(|line| line.label == wanted)?.points.last().copied();
    let ((rho, sam), (_, usam)) = (last("SAM")?, last("USAM")?);
    Some(format!(
        "Without normalisation no floor stays: at rho = {} SAM stops at {}, USAM at {}, which is what rounding and the steps leave.",
        number(rho),
        number(sam),
        number(usam.abs())
    ))
}
