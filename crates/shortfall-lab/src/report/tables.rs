//! The tables of the paper, each row with its verdicts and how much the bounds say.

use super::verdict;
use crate::formula;
use crate::page::Block;
use crate::reproduce::{Identity, Report};
use maud::{Markup, PreEscaped, html};
use shortfall::text::{factor, number};
use shortfall::theorem::Kind;
use shortfall::verdict::Judgement;

/// One table for each group of rows whose titles begin alike.
pub(super) fn body(reports: &[Report]) -> Vec<Block> {
    let group = |report: &Report| report.row.title.split([',', ':']).next().unwrap_or_default();
    let mut groups: Vec<(&str, Vec<&Report>)> = Vec::new();
    for report in reports.iter().filter(|report| !report.row.witnesses) {
        match groups.iter_mut().find(|(name, _)| *name == group(report)) {
            Some((_, rows)) => rows.push(report),
            None => groups.push((group(report), vec![report])),
        }
    }
    groups.into_iter().map(|(name, rows)| Block::Text(table(name, &rows))).collect()
}

fn table(name: &str, reports: &[&Report]) -> Markup {
    html! {
        h3 { (name) }
        div.scroll tabindex="0" role="region" aria-label=(name) {
            table {
                thead { tr { th { "Row" } th { "Statement" } th { "Of" } th { "Measured" } th { "Bound" } th { "Verdict" } th { "What the bound says" } } }
                tbody {
                    @for report in reports { (row(report)) }
                }
            }
        }
    }
}

fn row(report: &Report) -> Markup {
    let results: Vec<(&Judgement, bool)> = report.checks.iter().flat_map(|made| made.results()).collect();
    html! {
        @for (i, (judgement, right)) in results.iter().enumerate() {
            tr {
                @if i == 0 {
                    td rowspan=(results.len()) { a href={ "#" (report.row.id) } { (report.row.title) } p { (PreEscaped(formula::html(report.row.claim))) } }
                }
                td { code { (judgement.theorem.id) } }
                td { (PreEscaped(formula::html(&judgement.quantity.formula()))) }
                td.number { (judgement.measured.as_ref().map_or(String::new(), |measured| number(measured.interval.mean))) }
                td.number { (side(judgement)) (judgement.value().map_or(String::new(), number)) }
                td { (verdict(judgement.verdict.word())) @if !right { " (unexpected)" } }
                td { (says(judgement)) }
            }
        }
    }
}

fn side(judgement: &Judgement) -> &'static str {
    match judgement.form.kind {
        _ if judgement.value().is_none() => "",
        Kind::Upper => "\u{2264} ",
        Kind::Lower => "\u{2265} ",
        Kind::Exact => "= ",
        Kind::Prediction => "\u{2248} ",
    }
}

/// How far the measured value is from the bound, in words.
pub(super) fn says(judgement: &Judgement) -> String {
    let Some(ratio) = judgement.ratio().filter(|ratio| *ratio > 0.0) else { return String::new() };
    match judgement.form.kind {
        Kind::Upper | Kind::Lower if ratio > 1.0 + 1e-6 && judgement.is_below_resolution() => "rounding".to_owned(),
        Kind::Upper | Kind::Lower if ratio > 1.0 + 1e-6 => format!("exceeded {} times", factor(ratio)),
        Kind::Upper | Kind::Lower if ratio >= 0.95 => "attained".to_owned(),
        Kind::Upper | Kind::Lower if ratio >= 0.5 => "within a factor 2".to_owned(),
        Kind::Upper => format!("{} times above the run", factor(1.0 / ratio)),
        Kind::Lower => format!("{} times below the run", factor(1.0 / ratio)),
        Kind::Exact | Kind::Prediction => match (ratio - 1.0).abs() {
            off if off <= 1e-6 => "met exactly".to_owned(),
            off if off <= 0.5 => format!("off by {} %", factor(off * 100.0)),
            _ => format!("the run is at {} times it", factor(ratio)),
        },
    }
}

/// Identities beside their measurement.
pub(super) fn identities(identities: &[Identity]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Identities" {
            table {
                thead { tr { th { "Identity" } th { "Of" } th { "By the formula" } th { "Measured" } th { "Verdict" } } }
                tbody {
                    @for identity in identities {
                        tr {
                            td { code { (identity.id) } }
                            td { (PreEscaped(formula::html(identity.says))) }
                            td.number { (number(identity.predicted)) }
                            td.number { (number(identity.measured.mean)) }
                            td { (verdict(identity.verdict().word())) }
                        }
                    }
                }
            }
        }
    }
}
