//! The pages of one run, one sweep and one field.

use super::{plate, tables, verdict};
use crate::diagnosis;
use crate::experiment::{Experiment, Finished};
use crate::field::Seen;
use crate::figure::Picture;
use crate::formula;
use crate::page::{Block, Page, Section};
use crate::picture;
use crate::sweep::Swept;
use maud::{PreEscaped, html};
use shortfall::text::number;
use shortfall::verdict::{Verdict, sharpest_first};

fn section(id: &str, title: &str, body: Vec<Block>) -> Section {
    Section { id: id.to_owned(), title: title.to_owned(), body }
}

/// The page of a run: where it stops and why, its picture, every statement that applies.
pub fn of_run(experiment: &Experiment, finished: &Finished) -> Page {
    let words = diagnosis::sentences(experiment, finished);
    let command = experiment.request.run_command();
    let figure = picture::of_run(experiment, finished);
    let caption = html! { p { "Dashed lines are bounds and predictions; statements that say no more than the start does are left out." } };
    let applies = |judgement: &&shortfall::verdict::Judgement| judgement.verdict != Verdict::NotApplicable;
    let table = html! {
        div.scroll tabindex="0" role="region" aria-label="Statements" {
            table {
                thead { tr { th { "Statement" } th { "Of" } th { "Bound" } th { "Measured" } th { "Verdict" } th { "What the bound says" } } }
                tbody {
                    @for judgement in sharpest_first(&finished.judgements).into_iter().filter(applies) {
                        tr {
                            td { code { (judgement.theorem.id) } p { (PreEscaped(formula::html(judgement.theorem.statement))) } }
                            td { (PreEscaped(formula::html(&judgement.quantity.formula()))) }
                            td.number { (judgement.value().map_or(String::new(), number)) }
                            td.number { (judgement.measured.as_ref().map_or(String::new(), |measured| number(measured.interval.mean))) }
                            td { (verdict(judgement.verdict.word())) @for reason in &judgement.reasons { p { (reason) } } }
                            td { (tables::says(judgement)) }
                        }
                    }
                }
            }
        }
    };
    Page {
        title: figure.title.clone(),
        lead: format!("{} {}", experiment.request.problem, experiment.request.method),
        sections: vec![
            section(
                "found",
                "What was found",
                vec![Block::Text(html! { @for sentence in &words { p { (PreEscaped(formula::html(sentence))) } } })],
            ),
            section("the-run", "The run", vec![Block::Plate(plate("run".into(), figure, caption, command))]),
            section("statements", "The statements", vec![Block::Text(table)]),
        ],
    }
}

/// The page of a sweep, which a command made: floors against the swept parameter.
pub fn of_sweep(swept: &Swept, command: &str) -> Page {
    let figure = swept.picture();
    let fits = swept.fits();
    let caption = html! {
        @for fit in &fits {
            p { "The floor goes with " (fit.parameter) " to the power " (format!("{:.2}", fit.exponent.mean)) ", between "
                (format!("{:.2}", fit.exponent.low)) " and " (format!("{:.2}", fit.exponent.high)) " from one value to the next." }
        }
    };
    Page {
        title: figure.title.clone(),
        lead: command.to_owned(),
        sections: vec![section(
            "the-floors",
            "The floors",
            vec![Block::Plate(plate("sweep".into(), figure, caption, command.to_owned()))],
        )],
    }
}

/// The page of a field, which a command made.
pub fn of_field(seen: &Seen, command: &str) -> Page {
    let experiment = seen.experiment;
    let mut plates: Vec<(&str, Picture)> = Vec::new();
    if seen.points.len() > 1 {
        plates.push(("functions", super::functions(seen).into()));
        plates.push(("field", super::field(seen).into()));
    } else if seen.plane.is_some() {
        plates.push(("plane", super::above(seen, 60)));
    }
    let plates = plates
        .into_iter()
        .map(|(id, picture)| Block::Plate(plate(id.to_owned(), picture, html! {}, command.to_owned())));
    let mut body: Vec<Block> = plates.collect();
    if let Some(why) = &seen.without {
        body.insert(0, Block::Text(html! { p { (if seen.integrated.is_some() { "J is integrated from G; no closed form is known: " } else { "No virtual loss J is known here: " }) (why) "." } }));
    }
    if let Some((_, found)) = &seen.circulation {
        body.push(Block::Text(html! { p { "Circulation of the field around the loop: " (number(found.value)) "." } }));
    }
    Page {
        title: format!("The field of {} on {}", experiment.method_arguments.owner, experiment.loaded.arguments.owner),
        lead: command.to_owned(),
        sections: vec![section("the-field", "What is descended", body)],
    }
}
