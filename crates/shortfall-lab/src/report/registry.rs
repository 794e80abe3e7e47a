//! Every registered problem and method, run once as it stands: what is added to a registry is on the page by itself.

use crate::diagnosis;
use crate::experiment::{Experiment, Request};
use crate::formula;
use crate::page::Block;
use crate::pool::Pool;
use maud::{Markup, PreEscaped, html};
use shortfall::arguments::BadInput;
use shortfall::method::METHODS;
use shortfall::problem::PROBLEMS;
use shortfall::simulate::Observer;
use shortfall::text::number;

/// A problem or a method with what a run of it showed.
pub struct Listed {
    /// Whether it is a problem; else a method.
    pub is_problem: bool,
    /// Its name.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// The run.
    pub command: String,
    /// The floor, if there is one to speak of.
    pub floor: Option<f64>,
    /// Where the run stopped and why.
    pub words: Vec<String>,
}

/// The problem that all methods are run on, and the steps of every run.
const PROBLEM: &str = "logistic{ridge=1e-1}";
const STEPS: u64 = 2000;
/// Seeds of stochastic methods.
const SEEDS: u64 = 16;

/// Runs them all.
pub fn listed(pool: &Pool, observer: Observer) -> Result<Vec<Listed>, BadInput> {
    let problems = PROBLEMS.iter().map(|entry| (true, entry.name, entry.about, entry.name, "sam"));
    let methods = METHODS.iter().map(|entry| (false, entry.name, entry.about, PROBLEM, entry.name));
    let mut all = Vec::new();
    for (is_problem, name, about, problem, method) in problems.chain(methods) {
        let request = |method: &str| Request { steps: STEPS, ..Request::new(problem, method) };
        // A step in units of 1/beta needs a beta.
        let mut prepared =
            Experiment::prepare(request(method)).or_else(|_| Experiment::prepare(request("sam{eta=0.05}")))?;
        prepared.request.seeds = prepared.method.sampling.map(|_| SEEDS);
        let finished = prepared.run(pool, None, observer)?;
        let known = finished.run.base_error.is_some();
        all.push(Listed {
            is_problem,
            name,
            about,
            command: prepared.request.run_command(),
            floor: finished.run.floor().filter(|_| known).map(|floor| floor.interval.mean),
            words: diagnosis::sentences(&prepared, &finished),
        });
    }
    Ok(all)
}

/// Two tables.
pub(super) fn body(listed: &[Listed]) -> Vec<Block> {
    let part = |title: &str, is_problem: bool| {
        let rows: Vec<&Listed> = listed.iter().filter(|listed| listed.is_problem == is_problem).collect();
        (!rows.is_empty()).then(|| Block::Text(table(title, &rows)))
    };
    [part("Every method, on one problem", false), part("Every problem, under SAM", true)]
        .into_iter()
        .flatten()
        .collect()
}

fn table(title: &str, rows: &[&Listed]) -> Markup {
    html! {
        h3 { (title) }
        div.scroll tabindex="0" role="region" aria-label=(title) {
            table {
                thead { tr { th { "Name" } th { "Floor of f - f*" } th { "What the run says" } } }
                tbody {
                    @for row in rows {
                        tr {
                            td { code { (row.name) } p { (PreEscaped(formula::html(row.about))) } }
                            td.number { (row.floor.map_or("none known".to_owned(), number)) }
                            td {
                                @for sentence in row.words.iter().take(3) { p { (PreEscaped(formula::html(sentence))) } }
                                p { code { (row.command) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
