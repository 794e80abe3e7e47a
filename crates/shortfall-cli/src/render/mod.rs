//! Text for people: at most 80 columns.

mod field;
mod lists;
mod plot;
mod reproduce;
mod sweep;
mod table;
mod verdicts;

pub use field::field;
pub use lists::{data, entries, entry, theorem, theorems};
pub use plot::plot;
pub use reproduce::{floors, identities, row, score};
pub use sweep::sweep;
pub use verdicts::{bounds, run};

use shortfall::constants::{Constant, Constants, Side};
use shortfall::problem::Minimum;
use shortfall::text::{number, shortest};
use shortfall_lab::experiment::Loaded;
use table::Table;

/// Columns of a terminal that everything fits into.
pub const WIDTH: u16 = 80;

/// Words in lines of at most `width` characters; longer words are cut.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let characters: Vec<char> = word.chars().collect();
        for (i, piece) in characters.chunks(width.max(1)).enumerate() {
            let piece: String = piece.iter().collect();
            match lines.last_mut() {
                Some(last) if i == 0 && last.is_empty() => *last = piece,
                Some(last) if i == 0 && last.chars().count() + 1 + piece.chars().count() <= width => {
                    last.push(' ');
                    last.push_str(&piece);
                }
                _ => lines.push(piece),
            }
        }
    }
    lines
}

/// A paragraph, each line indented.
pub fn wrap(text: &str, indent: &str) -> String {
    wrapped(text, usize::from(WIDTH) - indent.len()).iter().map(|line| format!("{indent}{line}\n")).collect()
}

/// The problem with its parameters and dimension.
pub fn problem_line(loaded: &Loaded) -> String {
    let arguments = &loaded.arguments;
    let parameters: Vec<String> =
        arguments.entries.iter().map(|(name, value)| format!("{name}={}", short(&value.to_string()))).collect();
    wrap(&format!("{}{{{}}}", arguments.owner, parameters.join(", ")), "")
        + &wrap(&format!("dimension {}{}", loaded.problem.dimension(), after(&loaded.problem.about())), "")
}

fn after(about: &str) -> String {
    if about.is_empty() { String::new() } else { format!("; {about}") }
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

fn relation(side: Side) -> &'static str {
    match side {
        Side::Upper => "at most",
        Side::Lower => "at least",
        Side::Exact => "exact",
    }
}

/// The constants; `known_only` leaves out those that are missing, which are then named with their reasons below.
pub fn constants(constants: &Constants, known_only: bool) -> String {
    let mut table = Table::new(&["constant", "value", "side", "known", "how"], 4);
    for (symbol, constant) in constants.iter() {
        match constant {
            Constant::Known { value, side, provenance, how } => {
                let relation = relation(*side);
                table.row([symbol.name(), &number(*value), relation, provenance.word(), how].map(String::from));
            }
            Constant::OnInterval { value, low, high, how } if !known_only => {
                let how = format!("only on [{}, {}]: {how}", shortest(*low), shortest(*high));
                let relation = relation(symbol.side());
                table.row([symbol.name(), &number(*value), relation, "on interval", &how].map(String::from));
            }
            Constant::Missing { reason } if !known_only => {
                table.row([symbol.name(), "none", "", "", reason].map(String::from));
            }
            Constant::OnInterval { .. } | Constant::Missing { .. } => {}
        }
    }
    table.to_string()
}

/// The minimum in a sentence.
pub fn minimum(minimum: &Minimum) -> String {
    match minimum {
        Minimum::Known { value, error, how, .. } => {
            let value = match value.abs() {
                0.0 => "0".to_owned(),
                1e-3..1e6 => format!("{value:.12}"),
                _ => format!("{value:.12e}"),
            };
            let error = if *error == 0.0 { ", exactly".to_owned() } else { format!(" +- {error:.0e}") };
            wrap(&format!("f* = {value}{error} ({how})"), "")
        }
        Minimum::Unbounded { how } => wrap(&format!("f is not bounded below ({how})"), ""),
        Minimum::Unknown { reason } => wrap(&format!("f* is not known: {reason}"), ""),
    }
}
