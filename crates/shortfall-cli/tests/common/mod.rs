//! Running the program.

#![allow(dead_code)] // each test file uses its own part

use serde_json::Value;
use std::process::{Command, Output};

pub fn shortfall(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_shortfall")).args(arguments).output().expect("the program starts")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is UTF-8")
}

/// Standard output of a command that must succeed.
pub fn output(arguments: &[&str]) -> String {
    let output = shortfall(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// The one JSON document a command prints.
pub fn json(arguments: &[&str]) -> Value {
    let with_flag: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
    serde_json::from_str(&output(&with_flag)).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

/// The verdict entry of an id and quantity.
pub fn verdict<'a>(document: &'a Value, id: &str, quantity: &str) -> &'a Value {
    let entries = document["verdicts"].as_array().expect("verdicts");
    let found: Vec<&Value> = entries.iter().filter(|v| v["theorem"] == id && v["quantity"] == quantity).collect();
    assert_eq!(found.len(), 1, "{id} {quantity}: one entry each");
    found[0]
}

/// A message on standard error, status 2, nothing on standard output.
pub fn refusal(arguments: &[&str]) -> String {
    let output = shortfall(arguments);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
    assert!(message.starts_with("error: ") && !message.contains("panicked"), "{arguments:?}: {message}");
    message
}
