//! The rows of `reproduce`.

use super::table::Table;
use super::verdicts::{LEGEND, bound_cell, name, shown};
use super::wrap;
use shortfall::text::factor;
use shortfall_lab::reproduce::{Made, Row};

/// A row with its checks.
pub fn row(row: &Row, checks: &[Made]) -> String {
    let mut text = format!("{}  [{}]\n{}", row.title, row.id, wrap(row.claim, "  "));
    for made in checks {
        let check = made.check;
        let steps = made.finished.run.plan.steps;
        let over = made.finished.run.mean_over().map_or(String::new(), |over| format!(", {over}"));
        text += &wrap(&format!("{} | {} | {steps} steps{over}", short(check.problem), check.method), "  ");
        if !check.shows.is_empty() {
            text += &wrap(&format!("({})", check.shows), "  ");
        }
        let mut table = Table::new(&["statement", "of", "bound", "measured", "ratio", "verdict"], 1);
        for (judgement, expected) in made.results() {
            let measured = judgement.measured.as_ref().map(|measured| measured.interval.mean);
            let verdict = judgement.verdict.word().to_owned();
            let mark = if judgement.verdict == expected { "" } else { " (unexpected)" };
            table.row([
                name(judgement),
                judgement.quantity.formula(),
                bound_cell(judgement),
                shown(measured),
                judgement.ratio().map_or(String::new(), factor),
                format!("{verdict}{mark}"),
            ]);
        }
        text += &table.to_string();
    }
    text + "\n"
}

fn short(selector: &str) -> String {
    if selector.chars().count() <= 60 {
        selector.to_owned()
    } else {
        format!("{}...", selector.chars().take(57).collect::<String>())
    }
}

/// How many statements said what they should.
pub fn score(made: &[(&'static Row, Vec<Made>)], seconds: f64) -> String {
    let scores = made.iter().flat_map(|(_, checks)| checks).map(Made::score);
    let (right, all) = scores.fold((0, 0), |sum, score| (sum.0 + score.0, sum.1 + score.1));
    let legend = format!("{LEGEND}; ratio = measured/bound, or bound/measured for lower bounds");
    let rows = made.len();
    let score = format!("{right} of {all} statements say what they should; {rows} rows in {seconds:.1} s");
    wrap(&legend, "") + &wrap(&score, "")
}
