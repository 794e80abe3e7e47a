//! What a user writes between the braces of a selector, what each name accepts, and the errors that name the place.

pub use crate::bad_input::BadInput;

use crate::source::DataSource;
use std::fmt;

/// The value of an argument. Numbers keep the text they were spelled with: exact proofs need the decimal.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A finite number and its spelling.
    Number {
        /// The nearest double.
        value: f64,
        /// As the user wrote it.
        text: String,
    },
    /// Quoted text.
    Text(String),
    /// `true` or `false`.
    Bool(bool),
    /// `[ ... ]`
    List(Vec<Value>),
    /// `{ name = value, ... }`
    Table(Vec<(String, Value)>),
}

impl Value {
    /// A number from a double.
    pub fn number(value: f64) -> Self {
        Self::Number { value, text: format!("{value}") }
    }

    /// A list of numbers.
    pub fn numbers(values: &[f64]) -> Self {
        Self::List(values.iter().map(|&value| Self::number(value)).collect())
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Number { .. } => "a number",
            Self::Text(_) => "text",
            Self::Bool(_) => "a truth value",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

impl fmt::Display for Value {
    /// As one would write it in a selector: TOML, on one line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number { text, .. } => formatter.write_str(text),
            Self::Text(text) => write_quoted(formatter, text),
            Self::Bool(value) => write!(formatter, "{value}"),
            Self::List(values) => {
                formatter.write_str("[")?;
                for (i, value) in values.iter().enumerate() {
                    write!(formatter, "{}{value}", if i > 0 { "," } else { "" })?;
                }
                formatter.write_str("]")
            }
            Self::Table(entries) => {
                formatter.write_str("{")?;
                for (i, (name, value)) in entries.iter().enumerate() {
                    formatter.write_str(if i > 0 { "," } else { "" })?;
                    if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
                        formatter.write_str(name)?;
                    } else {
                        write_quoted(formatter, name)?;
                    }
                    write!(formatter, "={value}")?;
                }
                formatter.write_str("}")
            }
        }
    }
}

/// TOML's basic string: Rust's own escapes (`{:?}`) are not TOML's. What could disturb a terminal is escaped.
fn write_quoted(formatter: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    formatter.write_str("\"")?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(formatter, "\\{character}")?,
            '\n' => formatter.write_str("\\n")?,
            '\t' => formatter.write_str("\\t")?,
            '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
            | '\0'..='\x1f'
            | '\x7f'..='\u{9f}' => {
                write!(formatter, "\\U{:08X}", u32::from(character))?;
            }
            _ => write!(formatter, "{character}")?,
        }
    }
    formatter.write_str("\"")
}

/// A parameter of a registered problem or method.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it is, with its range.
    pub about: &'static str,
    /// Its default, as one would write it; `None` for a parameter that is optional and absent by default.
    pub default: Option<&'static str>,
    /// A parameter in whose presence this one has no default.
    pub unless: Option<&'static str>,
}

impl Parameter {
    /// With its default, where it has one.
    pub const fn new(name: &'static str, about: &'static str, default: Option<&'static str>) -> Self {
        Self { name, about, default, unless: None }
    }

    /// Without its default in the presence of another.
    pub const fn unless(self, other: &'static str) -> Self {
        Self { unless: Some(other), ..self }
    }
}

/// 2^53
const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// All arguments of one selector: every parameter with its value, defaults filled in, in the order of the registry.
/// Parameters that are absent by default and were not given are not in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments {
    /// The registered name, for messages.
    pub owner: String,
    /// Name and value.
    pub entries: Vec<(String, Value)>,
}

impl Arguments {
    /// Of `owner`, without entries.
    pub fn of(owner: &str) -> Self {
        Self { owner: owner.to_owned(), entries: Vec::new() }
    }

    /// Adds one.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.entries.push((name.to_owned(), value));
        self
    }

    /// The value, if present.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.entries.iter().find(|(entry, _)| entry == name).map(|(_, value)| value)
    }

    /// An error about one parameter.
    pub fn bad(&self, name: &str, message: impl fmt::Display) -> BadInput {
        BadInput::new(format!("{}: `{name}` {message}", self.owner))
    }

    fn required(&self, name: &str) -> Result<&Value, BadInput> {
        self.get(name).ok_or_else(|| self.bad(name, "is missing"))
    }

    fn wrong(&self, name: &str, wanted: &str, value: &Value) -> BadInput {
        self.bad(name, format_args!("must be {wanted}, not {} ({value})", value.kind()))
    }

    /// A finite number.
    pub fn number(&self, name: &str) -> Result<f64, BadInput> {
        match self.required(name)? {
            Value::Number { value, text } if !value.is_finite() => {
                Err(self.bad(name, format_args!("must be a finite number, not {text}")))
            }
            Value::Number { value, .. } => Ok(*value),
            other => Err(self.wrong(name, "a number", other)),
        }
    }

    fn out_of_range(&self, name: &str, wanted: impl fmt::Display) -> BadInput {
        let given = self.get(name).map(Value::to_string).unwrap_or_default();
        self.bad(name, format_args!("must be {wanted}, not {given}"))
    }

    /// A finite number above zero.
    pub fn positive(&self, name: &str) -> Result<f64, BadInput> {
        let value = self.number(name)?;
        if value > 0.0 { Ok(value) } else { Err(self.out_of_range(name, "above 0")) }
    }

    /// A finite number not below zero.
    pub fn non_negative(&self, name: &str) -> Result<f64, BadInput> {
        let value = self.number(name)?;
        if value >= 0.0 { Ok(value) } else { Err(self.out_of_range(name, "at least 0")) }
    }

    /// A whole number from `least` up to 2^53.
    pub fn whole(&self, name: &str, least: u64) -> Result<u64, BadInput> {
        let value = self.number(name)?;
        if value.fract() != 0.0 || value < least as f64 {
            return Err(self.out_of_range(name, format_args!("a whole number of at least {least}")));
        }
        // Larger ones have no double of their own.
        if value > LARGEST_WHOLE {
            return Err(self.out_of_range(name, format_args!("a whole number up to {LARGEST_WHOLE} = 2^53")));
        }
        Ok(value as u64)
    }

    /// Text.
    pub fn text(&self, name: &str) -> Result<&str, BadInput> {
        match self.required(name)? {
            Value::Text(text) => Ok(text),
            other => Err(self.wrong(name, "quoted text", other)),
        }
    }

    /// A truth value.
    pub fn bool(&self, name: &str) -> Result<bool, BadInput> {
        match self.required(name)? {
            Value::Bool(value) => Ok(*value),
            other => Err(self.wrong(name, "true or false", other)),
        }
    }

    /// One character, if the argument is there.
    pub fn character(&self, name: &str) -> Result<Option<char>, BadInput> {
        if self.get(name).is_none() {
            return Ok(None);
        }
        let text = self.text(name)?;
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => Ok(Some(character)),
            _ => Err(self.bad(name, format_args!("must be one character, not {text:?}"))),
        }
    }

    /// A list of finite numbers.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, BadInput> {
        let Value::List(values) = self.required(name)? else {
            return Err(self.wrong(name, "a list of numbers", self.required(name)?));
        };
        values
            .iter()
            .enumerate()
            .map(|(i, value)| match value {
                Value::Number { value, .. } if value.is_finite() => Ok(*value),
                other => Err(self.bad(name, format_args!("entry {} must be a finite number, not {other}", i + 1))),
            })
            .collect()
    }

    /// Two finite numbers `[low, high]`, the first below the second.
    pub fn interval(&self, name: &str) -> Result<[f64; 2], BadInput> {
        match self.numbers(name)?[..] {
            [low, high] if low < high => Ok([low, high]),
            [low, high] => {
                Err(self.bad(name, format_args!("must be [low,high] with low below high, not [{low},{high}]")))
            }
            ref other => Err(self.bad(name, format_args!("must be two numbers [low,high], not {}", other.len()))),
        }
    }
}

/// One line of a registry: a named thing, what it is, its parameters and how it is made from arguments.
pub struct Entry<T: 'static> {
    /// The name in selectors.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// Its parameters, in order.
    pub parameters: &'static [Parameter],
    /// Makes it; data come from `source`.
    pub build: fn(&Arguments, &dyn DataSource) -> Result<T, BadInput>,
}
