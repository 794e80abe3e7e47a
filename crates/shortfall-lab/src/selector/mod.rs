//! Selectors: `NAME` or `NAME{parameter=value,...}`, read against a registry.
//!
//! What stands between the braces is the body of a TOML inline table: `sam{eta="0.3/beta",rho=0.02}`. Reading one gives
//! the registry's entry and all its arguments, in the registry's order, with defaults filled in. Every error names the
//! selector, the column and what would be right.

mod number;
mod options;
mod reader;

pub use options::{Start, parse_assumption, parse_loop, parse_start, parse_steps, parse_window};

use crate::data::BUNDLED;
use crate::words::{clip, list, suggestion};
use reader::{Reader, Wrong};
use shortfall::arguments::{Arguments, BadInput, Entry, Value};
use shortfall::method::METHODS;
use shortfall::problem::PROBLEMS;

/// Reads a selector. `what` is the word for the registered things in messages: `problem` or `method`.
pub fn parse<T>(
    what: &str,
    selector: &str,
    registry: &'static [Entry<T>],
) -> Result<(&'static Entry<T>, Arguments), BadInput> {
    read(what, selector, registry).map_err(|wrong| wrong.at_column(&format!("{what} `{}`", clip(selector)), selector))
}

fn read<T>(what: &str, selector: &str, registry: &'static [Entry<T>]) -> Result<(&'static Entry<T>, Arguments), Wrong> {
    let mut reader = Reader::new(selector)?;
    let start = reader.skip_spaces();
    let name = reader.take_word();
    let names = || registry.iter().map(|entry| entry.name);
    if name.is_empty() {
        let message = match reader.peek() {
            None => format!("a {what} is expected: {}", list(names())),
            Some(found) => format!("the name of a {what} is expected, not `{found}`: {}", list(names())),
        };
        return Err(Wrong::new(start, message));
    }
    let Some(entry) = registry.iter().find(|entry| entry.name == name) else {
        let hint = elsewhere(what, name).unwrap_or_else(|| suggestion(name, names()));
        let message = format!("there is no {what} `{}`{hint}; there is {}", clip(name), list(names()));
        return Err(Wrong::new(start, message));
    };
    let after_name = reader.skip_spaces();
    let given = match reader.peek() {
        None => Vec::new(),
        Some('{') => {
            let given = reader.table()?;
            let end = reader.skip_spaces();
            if reader.peek().is_some() {
                return Err(Wrong::new(end, format!("nothing may follow the closing `}}`, but {}", reader.rest())));
            }
            given
        }
        Some('}') => return Err(Wrong::new(after_name, format!("this `}}` has no `{{`: write `{name}{{...}}`"))),
        Some(_) => {
            let body = reader.rest_text().trim_matches(|c: char| c.is_whitespace() || ":,;()[]{}".contains(c));
            let example = if body.contains('=') { body } else { "..." };
            let message =
                format!("after the name come the parameters in braces, or nothing: `{name}{{{}}}`", clip(example));
            return Err(Wrong::new(after_name, message));
        }
    };
    let arguments = fill(what, entry, given)?;
    Ok((entry, arguments))
}

/// All parameters in the registry's order: the user's value, or the default.
fn fill<T>(what: &str, entry: &Entry<T>, mut given: Vec<reader::Pair>) -> Result<Arguments, Wrong> {
    let names = || entry.parameters.iter().map(|parameter| parameter.name);
    for pair in &given {
        if !names().any(|name| name == pair.name) {
            let known = if entry.parameters.is_empty() {
                "it takes none".to_owned()
            } else {
                format!("it has {}", list(names()))
            };
            let hint = suggestion(&pair.name, names());
            let message = format!("{what} `{}` has no parameter `{}`{hint}; {known}", entry.name, clip(&pair.name));
            return Err(Wrong::new(pair.at, message));
        }
    }
    let mut arguments = Arguments::of(entry.name);
    let replaced: Vec<bool> = entry
        .parameters
        .iter()
        .map(|parameter| given.iter().any(|pair| Some(pair.name.as_str()) == parameter.unless))
        .collect();
    for (parameter, replaced) in entry.parameters.iter().zip(replaced) {
        if let Some(position) = given.iter().position(|pair| pair.name == parameter.name) {
            arguments = arguments.with(parameter.name, given.swap_remove(position).value);
        } else if let Some(text) = parameter.default.filter(|_| !replaced) {
            let value = parse_value(text).map_err(|error| {
                let message = format!("the registered default of `{}` cannot be read: {error}", parameter.name);
                Wrong::new(0, message)
            })?;
            arguments = arguments.with(parameter.name, value);
        }
    }
    Ok(arguments)
}

/// Reads one value as written in a selector: a number, `"text"`, `true`, `[...]` or `{...}`.
pub fn parse_value(text: &str) -> Result<Value, BadInput> {
    let read = || {
        let mut reader = Reader::new(text)?;
        reader.skip_spaces();
        let value = reader.value("")?;
        let end = reader.skip_spaces();
        match reader.peek() {
            None => Ok(value),
            Some(_) => Err(Wrong::new(end, format!("nothing may follow the value, but {}", reader.rest()))),
        }
    };
    read().map_err(|wrong: Wrong| wrong.at_column(&format!("value `{}`", clip(text)), text))
}

/// What a name is that stands where a problem or a method should.
fn elsewhere(what: &str, name: &str) -> Option<String> {
    let is_method = METHODS.iter().any(|entry| entry.name == name);
    let is_problem = PROBLEMS.iter().any(|entry| entry.name == name);
    let data = BUNDLED.iter().find(|data| data.name == name);
    match what {
        "problem" if is_method => Some(": it is a method, and the problem comes first".to_owned()),
        "method" if is_problem => Some(": it is a problem, and comes first".to_owned()),
        "problem" => data.map(|data| {
            let problem = data.good_for.split([',', ';']).next().unwrap_or_default();
            format!(": it is data, as in {problem}{{data=\"{name}\"}}")
        }),
        _ => None,
    }
}

/// The one with this name, or an error that names the nearest and lists all. `what` is the word in the message.
pub fn find<'a, T>(
    what: &str,
    name: &str,
    all: &'a [T],
    name_of: impl Fn(&T) -> &'static str,
) -> Result<&'a T, BadInput> {
    all.iter().find(|one| name_of(one) == name).ok_or_else(|| {
        let names = || all.iter().map(&name_of);
        let hint = suggestion(name, names());
        BadInput::new(format!("there is no {what} `{}`{hint}; there is {}", clip(name), list(names())))
    })
}

#[cfg(test)]
mod tests;
