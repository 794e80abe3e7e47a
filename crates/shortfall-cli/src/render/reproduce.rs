//! The rows of `reproduce`.

use super::verdicts::{bound_cell, shown};
use super::{table, wrap};
use shortfall_lab::diagnosis::factor;
use shortfall_lab::reproduce::{Made, Row};

/// A row with its checks.
pub fn row(row: &Row, checks: &[Made]) -> String {
    let mut text = format!("{}  [{}]\n{}", row.title, row.id, wrap(row.claim, "  "));
    for made in checks {
        let check = made.check;
        let steps = made.finished.run.plan.steps;
        let seeds = made.finished.run.lanes.len();
        let over = if seeds > 1 { format!(", {seeds} seeds") } else { String::new() };
        text += &wrap(&format!("{} | {} | {steps} steps{over}", short(check.problem), check.method), "  ");
        if !check.shows.is_empty() {
            text += &wrap(&format!("({})", check.shows), "  ");
        }
        let mut table = table(&["statement", "quantity", "bound", "measured", "ratio", "verdict"]);
        for (judgement, expected) in made.results() {
            let measured = judgement.measured.as_ref().map(|measured| measured.interval.mean);
            let verdict = judgement.verdict.word().to_owned();
            let mark = if judgement.verdict == expected { "" } else { " (unexpected)" };
            table.add_row([
                judgement.theorem.id.to_owned(),
                judgement.quantity.word().to_owned(),
                bound_cell(judgement),
                shown(measured),
                judgement.ratio().map_or(String::new(), factor),
                format!("{verdict}{mark}"),
            ]);
        }
        text += &format!("{table}\n");
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
    format!("{right} of {all} statements say what they should; {} rows in {seconds:.1} s\n", made.len())
}
