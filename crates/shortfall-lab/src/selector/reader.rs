//! A reader of TOML values on one line: it keeps the place of everything and the spelling of numbers.
//!
//! It accepts a subset of TOML (the tests hold it against the `toml` crate): no dates, no `nan` and `inf`, no multi-line
//! strings, no dotted keys, decimal numbers only. It is written by hand for its messages: for `{eta=0.3/beta}` a
//! general parser says "invalid float", where a user needs to hear about the double quotes.

use super::number::number;
use crate::words::{clip, is_unprintable};
use shortfall::arguments::{BadInput, Value};

/// Deepest nesting of lists and tables; reading recurses once a level.
const DEEPEST: usize = 16;

/// Something wrong at a byte of the text.
#[derive(Debug)]
pub(super) struct Wrong {
    at: usize,
    message: String,
}

impl Wrong {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }

    /// As an error about `argument`, whose text is `text`.
    pub(super) fn at_column(&self, argument: &str, text: &str) -> BadInput {
        let column = text.char_indices().take_while(|&(at, _)| at < self.at).count() + 1;
        BadInput::new(format!("{argument}, column {column}: {}", self.message))
    }
}

/// A name, its value and the byte where the name stands.
pub(super) struct Pair {
    pub(super) at: usize,
    pub(super) name: String,
    pub(super) value: Value,
}

pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// At the beginning of `text`, which must be a single line.
    pub(super) fn new(text: &'a str) -> Result<Self, Wrong> {
        match text.char_indices().find(|&(_, character)| character != '\t' && is_unprintable(character)) {
            None => Ok(Self { text, at: 0, depth: 0 }),
            Some((at, '\n' | '\r')) => Err(Wrong::new(at, "a line break: everything must stand on one line")),
            Some((at, character)) => {
                let code = u32::from(character);
                Err(Wrong::new(at, format!("an invisible control character, U+{code:04X}: remove it")))
            }
        }
    }

    pub(super) fn rest_text(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The remaining text in a message: what follows the place of an error.
    pub(super) fn rest(&self) -> String {
        format!("there is `{}`", clip(self.rest_text()))
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest_text().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        Some(character)
    }

    /// Takes characters while they fit.
    fn take(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest_text();
        let length = rest.find(|character| !fits(character)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// Skips blanks and returns the place after them.
    pub(super) fn skip_spaces(&mut self) -> usize {
        self.take(|character| character == ' ' || character == '\t');
        self.at
    }

    /// A name without quotes, possibly empty.
    pub(super) fn take_word(&mut self) -> &'a str {
        self.take(|character| character.is_ascii_alphanumeric() || character == '-' || character == '_')
    }

    /// Opens a list or a table.
    fn enter(&mut self) -> Result<(), Wrong> {
        let at = self.at;
        self.next();
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Wrong::new(at, format!("lists and tables are nested more than {DEEPEST} levels deep")));
        }
        Ok(())
    }

    /// After an entry: true at a comma, false at the closing bracket.
    fn more(&mut self, close: char) -> Result<bool, Wrong> {
        let at = self.skip_spaces();
        match self.next() {
            Some(',') => Ok(true),
            Some(found) if found == close => Ok(false),
            None => Err(Wrong::new(at, format!("the closing `{close}` is missing"))),
            Some(found) => Err(Wrong::new(at, format!("a `,` or the closing `{close}` is expected, not `{found}`"))),
        }
    }

    /// `{ name = value, ... }`
    pub(super) fn table(&mut self) -> Result<Vec<Pair>, Wrong> {
        self.enter()?;
        let mut pairs: Vec<Pair> = Vec::new();
        loop {
            let at = self.skip_spaces();
            if self.peek() == Some('}') {
                self.next();
                break;
            }
            let name = self.key()?;
            self.skip_spaces();
            match self.peek() {
                Some('=') => self.next(),
                None => return Err(Wrong::new(self.at, format!("`=` and a value are missing after `{name}`"))),
                Some('.') => return Err(Wrong::new(self.at, "a parameter's name has no dots")),
                Some(found) => {
                    return Err(Wrong::new(self.at, format!("`=` is expected after `{}`, not `{found}`", clip(&name))));
                }
            };
            self.skip_spaces();
            let value = self.value(&name)?;
            if let Some(first) = pairs.iter().find(|pair| pair.name == name) {
                let column = self.text[..first.at].chars().count() + 1;
                return Err(Wrong::new(at, format!("`{}` is given twice, first in column {column}", clip(&name))));
            }
            pairs.push(Pair { at, name, value });
            if !self.more('}')? {
                break;
            }
        }
        self.depth -= 1;
        Ok(pairs)
    }

    fn key(&mut self) -> Result<String, Wrong> {
        let at = self.at;
        let message = match self.peek() {
            Some('"' | '\'') => return self.quoted(),
            None => "the closing `}` is missing".to_owned(),
            Some(',') => "there is a `,` too many".to_owned(),
            Some(found) => {
                let word = self.take_word();
                if !word.is_empty() {
                    return Ok(word.to_owned());
                }
                format!("the name of a parameter is expected, not `{found}`")
            }
        };
        Err(Wrong::new(at, message))
    }

    /// Any value; `name` is the parameter it belongs to, for messages.
    pub(super) fn value(&mut self, name: &str) -> Result<Value, Wrong> {
        match self.peek() {
            Some('"' | '\'') => Ok(Value::Text(self.quoted()?)),
            Some('[') => self.list(name),
            Some('{') => Ok(Value::Table(self.table()?.into_iter().map(|pair| (pair.name, pair.value)).collect())),
            _ => self.bare(name),
        }
    }

    fn list(&mut self, name: &str) -> Result<Value, Wrong> {
        self.enter()?;
        let mut values = Vec::new();
        loop {
            let at = self.skip_spaces();
            match self.peek() {
                Some(']') => {
                    self.next();
                    break;
                }
                None => return Err(Wrong::new(at, "the closing `]` is missing")),
                Some(',') => return Err(Wrong::new(at, "there is a `,` too many")),
                Some(_) => values.push(self.value(name)?),
            }
            if !self.more(']')? {
                break;
            }
        }
        self.depth -= 1;
        Ok(Value::List(values))
    }

    /// A number or a truth value; what is neither gets the message its writer needs.
    fn bare(&mut self, name: &str) -> Result<Value, Wrong> {
        let at = self.at;
        let word = self.take(|character| !" \t,]}".contains(character));
        match word {
            "true" => return Ok(Value::Bool(true)),
            "false" => return Ok(Value::Bool(false)),
            "" if name.is_empty() => return Err(Wrong::new(at, "a value is missing")),
            "" => return Err(Wrong::new(at, format!("the value of `{}` is missing", clip(name)))),
            _ => {}
        }
        match number(word) {
            Ok(value) => Ok(Value::Number { value, text: word.to_owned() }),
            Err(Some(message)) => Err(Wrong::new(at, message)),
            Err(None) => {
                let equals = if name.is_empty() { String::new() } else { format!("{}=", clip(name)) };
                let inner = word.trim_matches(['"', '\'', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}']);
                let message = match inner.to_ascii_lowercase().as_str() {
                    "yes" | "no" | "on" | "off" | "true" | "false" => {
                        format!(
                            "a truth value is `true` or `false`, and text stands in double quotes: \"{}\"",
                            clip(word)
                        )
                    }
                    list if list.contains(';') && list.split(';').all(|part| part.parse::<f64>().is_ok()) => {
                        "the numbers of a list stand between commas, in brackets".to_owned()
                    }
                    _ => format!("text stands in (straight) double quotes: write `{equals}\"{}\"`", clip(inner)),
                };
                Err(Wrong::new(at, message))
            }
        }
    }

    /// `"text"` with escapes, or `'text'` without.
    fn quoted(&mut self) -> Result<String, Wrong> {
        let start = self.at;
        let quote = self.next();
        let mut text = String::new();
        loop {
            let at = self.at;
            match self.next() {
                None => return Err(Wrong::new(start, "the quote that opens here is not closed")),
                character if character == quote => break,
                Some('\\') if quote == Some('"') => text.push(self.escape(at)?),
                Some('\t') => return Err(Wrong::new(at, "a tab in text: write `\\t`")),
                Some(character) => text.push(character),
            }
        }
        if text.is_empty() && self.peek() == quote {
            return Err(Wrong::new(start, "three quotes in a row: text has one quote on each side"));
        }
        Ok(text)
    }

    fn escape(&mut self, at: usize) -> Result<char, Wrong> {
        let digits = match self.next() {
            Some('b') => return Ok('\u{8}'),
            Some('t') => return Ok('\t'),
            Some('n') => return Ok('\n'),
            Some('f') => return Ok('\u{c}'),
            Some('r') => return Ok('\r'),
            Some('e') => return Ok('\u{1b}'),
            Some(same @ ('"' | '\\')) => return Ok(same),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => return Err(Wrong::new(at, "unknown escape: a backslash in text is written `\\\\`")),
        };
        let code = self.rest_text().get(..digits).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let character = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        self.at += if character.is_some() { digits } else { 0 };
        character.ok_or_else(|| Wrong::new(at, format!("this escape needs {digits} hexadecimal digits of a character")))
    }
}
