//! What a verb gives: text or one JSON document on standard output, or a failure.

use shortfall::arguments::BadInput;
use std::borrow::Cow;
use std::io::Write;

/// Why a verb failed: the exit status is 2 for bad input, 1 for anything else.
pub enum Failure {
    /// The user's input cannot be used.
    BadInput(BadInput),
    /// The system refused something.
    Other(String),
}

impl From<BadInput> for Failure {
    fn from(error: BadInput) -> Self {
        Self::BadInput(error)
    }
}

/// Without control characters, which names in a file may have and a terminal would follow; lines stay.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let is_harmful = |c: char| c.is_control() && c != '\n';
    if text.contains(is_harmful) { text.replace(is_harmful, "\u{fffd}").into() } else { text.into() }
}

/// Prints text, harmless to a terminal; a reader that has gone away (`| head`) is no failure.
pub fn print(text: &str) -> Result<(), Failure> {
    write(&harmless(text))
}

fn write(text: &str) -> Result<(), Failure> {
    crate::progress::clear();
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::Other(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints one JSON document; control characters that JSON need not escape are escaped, too.
pub fn print_json(document: &serde_json::Value) -> Result<(), Failure> {
    let is_harmful = |c: char| c.is_control() && c != '\n';
    let mut text = String::new();
    for c in format!("{document:#}\n").chars() {
        if is_harmful(c) { text += &format!("\\u{:04x}", u32::from(c)) } else { text.push(c) }
    }
    write(&text)
}
