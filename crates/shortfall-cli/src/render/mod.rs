//! Text for people: at most 80 columns.

mod lists;
mod reproduce;
mod verdicts;

pub use lists::{data, entries, entry, theorem, theorems};
pub use reproduce::{row, score};
pub use verdicts::{bounds, run};

use comfy_table::{ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};
use shortfall::constants::{Constant, Constants};
use shortfall::problem::Minimum;
use shortfall_lab::diagnosis::number;
use shortfall_lab::experiment::Loaded;

/// Columns of a terminal that everything fits into.
pub const WIDTH: u16 = 80;

/// A line under the header, nothing else.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::new(' ', '-', ' ', ' '));

/// A table without a frame, its cells wrapped to the width.
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.set_header(header);
    table
}

/// Wraps a paragraph, each line indented.
pub fn wrap(text: &str, indent: &str) -> String {
    let width = usize::from(WIDTH) - indent.len();
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is always a line");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines.iter().map(|line| format!("{indent}{line}\n")).collect()
}

/// The problem with its parameters and dimension.
pub fn problem_line(loaded: &Loaded) -> String {
    let arguments = &loaded.arguments;
    let parameters: Vec<String> =
        arguments.entries.iter().map(|(name, value)| format!("{name}={}", short(&value.to_string()))).collect();
    wrap(&format!("{}{{{}}}, d = {}", arguments.owner, parameters.join(", "), loaded.problem.dimension()), "")
}

/// A long value cut in its middle.
fn short(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= 120 {
        return text.to_owned();
    }
    let (head, tail): (String, String) =
        (characters[..70].iter().collect(), characters[characters.len() - 40..].iter().collect());
    format!("{head} ... {tail}")
}

/// The constants; `known_only` leaves out those that are missing, which are then named with their reasons below.
pub fn constants(constants: &Constants, known_only: bool) -> String {
    let mut table = table(&["constant", "value", "side", "known", "how"]);
    for (symbol, constant) in constants.iter() {
        match constant {
            Constant::Known { value, side, provenance, how } => {
                let relation = match side.word() {
                    "upper" => "at most",
                    "lower" => "at least",
                    other => other,
                };
                table.add_row([symbol.name(), &number(*value), relation, provenance.word(), how]);
            }
            Constant::Missing { reason } if !known_only => {
                table.add_row([symbol.name(), "none", "", "", reason]);
            }
            Constant::Missing { .. } => {}
        }
    }
    format!("{table}\n")
}

/// The minimum in a sentence.
pub fn minimum(minimum: &Minimum) -> String {
    match minimum {
        Minimum::Known { value, error, how, .. } => wrap(&format!("f* = {value:.12} +- {error:.0e} ({how})"), ""),
        Minimum::Unbounded { how } => wrap(&format!("f is not bounded below ({how})"), ""),
        Minimum::Unknown { reason } => wrap(&format!("f* is not known: {reason}"), ""),
    }
}
