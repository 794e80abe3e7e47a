//! What the user gave and cannot be used.

use std::fmt;

/// Input that cannot be used. The message says what is wrong and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadInput {
    /// One sentence, without a final stop.
    pub message: String,
}

impl BadInput {
    /// From a message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for BadInput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for BadInput {}
