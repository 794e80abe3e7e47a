//! A row: its statements, its runs with their bounds, its exponents.

use super::{plate, verdict};
use crate::formula;
use crate::page::Block;
use crate::picture;
use crate::reproduce::{Fitted, Made, Report};
use maud::{Markup, PreEscaped, html};
use shortfall::text::number;
use shortfall::theorem::{Requirement, THEOREMS, Theorem, find};
use shortfall::verdict::{Judgement, Verdict};

/// The part of a row.
pub(super) fn part(report: &Report) -> Block {
    let row = report.row;
    let mut body = vec![Block::Text(html! { p { (PreEscaped(formula::html(row.claim))) } })];
    let mut theorems: Vec<&'static Theorem> = Vec::new();
    for id in report.checks.iter().flat_map(|made| &made.expected).map(|expected| expected.theorem) {
        theorems.extend(find(id).filter(|theorem| !theorems.iter().any(|other| std::ptr::eq(*other, *theorem))));
    }
    if !row.explains {
        body.extend(theorems.into_iter().map(|theorem| Block::Text(statement(theorem, None))));
    }
    for (i, made) in report.checks.iter().enumerate() {
        body.push(run(report, i, made));
    }
    if !report.rates.is_empty() {
        body.push(Block::Text(rates(&report.rates)));
    }
    for (i, fitted) in report.rates.iter().enumerate() {
        let caption = html! { p { (PreEscaped(formula::html(&fitted.rate.quantity.formula()))) " against " (fitted.rate.parameter) ", and the claimed power." } };
        let id = format!("{}-rate-{}", row.id, i + 1);
        let command = format!("shortfall reproduce --only {} --out DIR", row.id);
        body.push(Block::Plate(plate(id, fitted.picture(row), caption, command)));
    }
    Block::Part { id: row.id.to_owned(), title: row.title.to_owned(), body }
}

/// Statement, hypotheses, meaning and source; what links lead to has an id.
fn statement(theorem: &Theorem, id: Option<String>) -> Markup {
    let formula = |text: &str| PreEscaped(formula::html(text));
    html! {
        div.statement id=[id] {
            p { code { (theorem.id) } " " (formula(theorem.statement)) }
            p.small { (formula(theorem.setting)) }
            p { (formula(theorem.meaning)) }
            p.small { "Sharpness: " (formula(theorem.tightness)) " Source: " (theorem.source) "." }
        }
    }
}

fn run(report: &Report, index: usize, made: &Made) -> Block {
    let request = &made.experiment.request;
    let figure = picture::of_run(&made.experiment, &made.finished);
    let seeds = made.finished.run.mean_over();
    let results = made.results();
    let caption = html! {
        @if !made.shows.is_empty() { p { (PreEscaped(formula::html(made.shows))) } }
        p {
            (made.finished.run.plan.steps) " steps"
            @if let Some(over) = seeds { "; the band holds the mean over " (over) " with 99.9 %" }
            ". "
            @for (i, (judgement, _)) in results.iter().enumerate() {
                @if i > 0 { "; " }
                code { (judgement.theorem.id) } " (" (PreEscaped(formula::html(&judgement.quantity.formula()))) ") " (verdict(judgement.verdict.word()))
                @if let Some(bound) = judgement.value() { ", " (number(bound)) }
            }
            "."
        }
        @if let Some(floor) = made.finished.run.floor().filter(|_| made.finished.run.base_error.is_some()) {
            p {
                "Floor, the mean over the last tenth: " (number(floor.interval.mean)) ", between "
                (number(floor.smallest)) " and " (number(floor.largest)) "."
            }
        }
        @if report.row.explains { @for sentence in made.words() { p { (PreEscaped(formula::html(&sentence))) } } }
    };
    let caption = html! { (caption) (hypotheses(&results)) };
    Block::Plate(plate(format!("{}-{}", report.row.id, index + 1), figure, caption, request.run_command()))
}

/// What each statement asks for, with the numbers of this run.
fn hypotheses(results: &[(&Judgement, bool)]) -> Markup {
    let mut shown: Vec<&Requirement> = Vec::new();
    for requirement in results.iter().flat_map(|(judgement, _)| &judgement.requirements) {
        if !shown.iter().any(|other| other.text == requirement.text && other.detail == requirement.detail) {
            shown.push(requirement);
        }
    }
    html! {
        @if !shown.is_empty() {
            details {
                summary { "The hypotheses on this run" }
                ul {
                    @for requirement in shown {
                        li {
                            (PreEscaped(formula::html(&requirement.text)))
                            @if !requirement.detail.is_empty() && requirement.detail != requirement.text {
                                ": " (PreEscaped(formula::html(&requirement.detail)))
                            }
                            " (" (requirement.provenance.word()) ")"
                            @if !requirement.met { ", " strong { "not met" } }
                        }
                    }
                }
            }
        }
    }
}

fn rates(rates: &[Fitted]) -> Markup {
    let two = |value: f64| format!("{value:.2}");
    html! {
        div.scroll tabindex="0" role="region" aria-label="Exponents" {
            table {
                thead { tr { th { "Power of" } th { "Measured" } th { "Between" } th { "Claimed" } th { "Verdict" } } }
                tbody {
                    @for fitted in rates {
                        tr {
                            td { (fitted.rate.id) }
                            td.number { (fitted.exponent.map_or(String::new(), |exponent| two(exponent.mean))) }
                            td.number { (fitted.exponent.map_or(String::new(), |exponent| format!("{} to {}", two(exponent.low), two(exponent.high)))) }
                            td.number { (fitted.predicted.map_or(String::new(), two)) }
                            td { (verdict(fitted.verdict().word())) @if fitted.verdict() != Verdict::Agrees { " (unexpected)" } }
                        }
                    }
                }
            }
        }
    }
}

/// Every registered statement with what its witnesses showed.
pub(super) fn statements(report: &Report) -> Vec<Block> {
    let theorem = |theorem: &'static &'static Theorem| {
        let results =
            report.checks.iter().flat_map(|made| made.results().into_iter().map(move |result| (made, result)));
        let own: Vec<_> = results.filter(|(_, (judgement, _))| std::ptr::eq(judgement.theorem, *theorem)).collect();
        Block::Text(html! {
            (statement(theorem, Some(format!("statement-{}", theorem.id))))
            @if !own.is_empty() {
                ul {
                    @for (made, (judgement, right)) in own {
                        li {
                            (verdict(judgement.verdict.word())) @if !right { " (unexpected)" }
                            " " (super::tables::says(judgement)) " "
                            code { (made.experiment.request.run_command()) }
                        }
                    }
                }
            }
        })
    };
    std::iter::once(Block::Text(html! { p { (PreEscaped(formula::html(report.row.claim))) } }))
        .chain(THEOREMS.iter().map(theorem))
        .collect()
}
