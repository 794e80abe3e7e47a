//! The rows of `reproduce`.

use super::table::Table;
use super::verdicts::{LEGEND, bound_cell, name, shown};
use super::wrap;
use shortfall::text::{factor, number};
use shortfall::verdict::Verdict;
use shortfall_lab::report::Floors;
use shortfall_lab::reproduce::{Fitted, Identity, Made, Report};

/// A row with its checks.
pub fn row(report: &Report) -> String {
    let row = report.row;
    let mut text = format!("{}  [{}]\n{}", row.title, row.id, wrap(row.claim, "  "));
    if row.witnesses {
        // One table: every statement has a page with its witness.
        let mut table = checks_table();
        report.checks.iter().for_each(|made| add(&mut table, made));
        return text + &table.to_string() + "\n";
    }
    for made in &report.checks {
        let request = &made.experiment.request;
        let steps = made.finished.run.plan.steps;
        let over = made.finished.run.mean_over().map_or(String::new(), |over| format!(", {over}"));
        text += &wrap(&format!("{} | {} | {steps} steps{over}", short(&request.problem), request.method), "  ");
        if !made.shows.is_empty() {
            text += &wrap(&format!("({})", made.shows), "  ");
        }
        let mut table = checks_table();
        add(&mut table, made);
        text += &table.to_string();
        if row.explains {
            made.words().iter().for_each(|sentence| text += &wrap(sentence, "    "));
        }
    }
    text + &rates(&report.rates) + "\n"
}

fn checks_table() -> Table {
    Table::new(&["statement", "of", "bound", "measured", "ratio", "verdict"], 1)
}

fn add(table: &mut Table, made: &Made) {
    for (judgement, right) in made.results() {
        let measured = judgement.measured.as_ref().map(|measured| measured.interval.mean);
        let verdict = judgement.verdict.word().to_owned();
        let mark = if right { "" } else { " (unexpected)" };
        table.row([
            name(judgement),
            judgement.quantity.formula(),
            bound_cell(judgement),
            shown(measured),
            judgement.ratio().map_or(String::new(), factor),
            format!("{verdict}{mark}"),
        ]);
    }
}

/// Exponents, measured beside claimed.
fn rates(rates: &[Fitted]) -> String {
    if rates.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["power of", "measured", "between", "claimed", "verdict"], 0);
    for fitted in rates {
        let number = |value: f64| format!("{value:.2}");
        let unexpected = if fitted.verdict() == Verdict::Agrees { "" } else { " (unexpected)" };
        table.row([
            fitted.rate.id.to_owned(),
            fitted.exponent.map_or(String::new(), |exponent| number(exponent.mean)),
            fitted
                .exponent
                .map_or(String::new(), |exponent| format!("{} .. {}", number(exponent.low), number(exponent.high))),
            fitted.predicted.map_or(String::new(), number),
            format!("{}{unexpected}", fitted.verdict().word()),
        ]);
    }
    table.to_string()
}

/// What formulas say of fields and of the min-max objective, beside what was measured.
pub fn identities(identities: &[Identity]) -> String {
    let mut table = Table::new(&["identity", "formula", "measured", "verdict"], 0);
    for identity in identities {
        let measured = number(identity.measured.mean);
        let verdict = identity.verdict().word().to_owned();
        table.row([identity.id.to_owned(), number(identity.predicted), measured, verdict]);
    }
    format!("What SAM really descends  [virtual-loss]\n{table}\n")
}

/// How the floors of methods go with a parameter.
pub fn floors(floors: &[Floors]) -> String {
    let mut text = String::new();
    for Floors { swept, lines } in floors {
        let mut table = Table::new(&["method", "from floor", "to floor", "power"], 0);
        for line in lines {
            let floor = |point: Option<&(f64, f64)>| point.map_or(String::new(), |(_, floor)| number(*floor));
            let power = line.power.map_or(String::new(), |power| format!("{:.2}", power.mean));
            table.row([line.label.to_owned(), floor(line.points.first()), floor(line.points.last()), power]);
        }
        text += &format!("Floors against {}  [{}]\n{}{table}\n", swept.parameter, swept.id, wrap(swept.says, "  "));
    }
    text
}

fn short(selector: &str) -> String {
    if selector.chars().count() <= 60 {
        selector.to_owned()
    } else {
        format!("{}...", selector.chars().take(57).collect::<String>())
    }
}

/// How many statements said what they should.
pub fn score(made: &[Report], seconds: f64) -> String {
    let (right, all) = made.iter().map(Report::score).fold((0, 0), |sum, score| (sum.0 + score.0, sum.1 + score.1));
    let legend = format!("{LEGEND}; ratio = measured/bound, or bound/measured for lower bounds");
    let rows = made.len();
    let score =
        format!("{right} of {all} statements and exponents are what they should be; {rows} rows in {seconds:.1} s");
    wrap(&legend, "") + &wrap(&score, "")
}
