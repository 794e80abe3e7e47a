//! CSV: a header, numeric features, one target column. The `csv` crate splits the fields; this file says what is wrong.

use crate::selector::{clip, list, suggestion};
use shortfall::arguments::BadInput;
use shortfall::source::{Features, Labels, Table};
use std::collections::HashMap;

/// How a missing value is written, in lower case.
const MISSING: [&str; 7] = ["", "na", "n/a", "nan", "null", "?", "<na>"];

/// Reads a table; `source` names the file in messages, `target` the label column (`None`: the last).
pub(super) fn read(
    source: &str,
    bytes: &[u8],
    target: Option<&str>,
    delimiter: Option<char>,
) -> Result<Table, BadInput> {
    let text = Reader { source, separator: b',' }.text(bytes)?;
    let separator = match delimiter {
        None => separator(text),
        Some(given) if given.is_ascii() && !given.is_ascii_alphanumeric() && !"\"\r\n+-.".contains(given) => {
            given as u8
        }
        Some(given) => {
            return Err(BadInput::new(format!(
                "`delimiter` must be an ASCII character that occurs in no number, not a quote or a line end, but is {given:?}"
            )));
        }
    };
    let reader = Reader { source, separator };
    if text.contains('"') {
        reader.check_quotes(text)?;
    }
    let mut records = Records::new(text, reader.separator);
    let Some(header) = reader.record(&mut records)?.cloned() else {
        return Err(reader.bad("the file is empty; a header row with the names of the columns is expected"));
    };
    let line = records.line();
    let names: Vec<&str> = header.iter().map(str::trim).collect();
    reader.check_header(line, &names)?;
    let target = reader.target(&names, target)?;
    let (mut features, mut labels) = (Vec::new(), Labels::default());
    while let Some(record) = reader.record(&mut records)? {
        if record.len() != names.len() {
            let message = format!("{} fields, but the header has {}", record.len(), names.len());
            return Err(reader.bad_at(records.line(), message));
        }
        for (column, field) in record.iter().enumerate() {
            match field.trim().parse::<f64>() {
                Ok(value) if value.is_finite() && column == target => labels.push_number(value),
                Ok(value) if value.is_finite() => features.push(value),
                Err(_) if column == target && !is_missing(field) => labels.push_word(field.trim()),
                _ => {
                    let message = wrong_field(field.trim(), names[target]);
                    let place = format!("column {} (`{}`): {message}", column + 1, clip(names[column]));
                    return Err(reader.bad_at(records.line(), place));
                }
            }
        }
    }
    if labels.count() == 0 {
        return Err(reader.bad_at(line, "there is a header, but no row of data".to_owned()));
    }
    let names = names.iter().enumerate().filter(|(i, _)| *i != target);
    Ok(Table {
        columns: names.map(|(_, name)| (*name).to_owned()).collect(),
        features: Features::Dense(features),
        target: header[target].trim().to_owned(),
        labels,
    })
}

fn is_missing(field: &str) -> bool {
    MISSING.contains(&field.trim().to_ascii_lowercase().as_str())
}

/// Why a field is no finite number, or no label.
fn wrong_field(field: &str, target: &str) -> String {
    if is_missing(field) {
        let shown = if field.is_empty() { String::new() } else { format!(" (`{field}`)") };
        return format!("missing value{shown}; nothing is imputed: fill it in, or leave the row out");
    }
    if field.parse::<f64>().is_ok() {
        let digits = field.bytes().any(|byte| byte.is_ascii_digit());
        let why = if digits { "beyond the largest double, about 1.8e308" } else { "infinite" };
        return format!("`{}` is {why}; a finite number is expected", clip(field));
    }
    format!(
        "text (`{}`) in a feature, where a number is expected; nothing is encoded: remove the column, or name it as the \
         target (now `{}`)",
        clip(field),
        clip(target)
    )
}

/// What separates the fields: of comma, semicolon, tab and bar the one that the first line has most of outside quotes; the
/// comma where none does.
fn separator(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let bare: String = header.split('"').step_by(2).collect();
    let count = |separator: u8| bare.bytes().filter(|byte| *byte == separator).count();
    b";\t|".iter().copied().fold(b',', |best, next| if count(next) > count(best) { next } else { best })
}

/// What may begin a text file written on Windows.
const BYTE_ORDER_MARK: &str = "\u{feff}";

struct Reader<'a> {
    source: &'a str,
    separator: u8,
}

impl Reader<'_> {
    fn bad(&self, message: &str) -> BadInput {
        BadInput::new(format!("{}: {message}", self.source))
    }

    fn bad_at(&self, line: usize, message: String) -> BadInput {
        BadInput::new(format!(
            "{}, line {line}{} {message}",
            self.source,
            if message.starts_with("column ") { "," } else { ":" }
        ))
    }

    fn text<'b>(&self, bytes: &'b [u8]) -> Result<&'b str, BadInput> {
        if bytes.contains(&0) || bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return Err(self.bad("this is a binary file, or text in UTF-16; CSV text in UTF-8 is expected"));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            let message = format!("byte {} is not UTF-8; save the file as UTF-8", before.len() + 1);
            self.bad_at(1 + newlines(before), message)
        })?;
        Ok(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text))
    }

    /// The `csv` crate lets an open quote swallow the rest of the file, and takes `"1"2` for 12.
    fn check_quotes(&self, text: &str) -> Result<(), BadInput> {
        #[derive(PartialEq)]
        enum At {
            Start,
            Plain,
            Quoted(usize),
            AfterQuote,
        }
        let (mut at, mut line) = (At::Start, 1);
        for byte in text.bytes() {
            at = match (at, byte) {
                (At::Quoted(_), b'"') => At::AfterQuote,
                (At::Quoted(from), _) => At::Quoted(from),
                (_, b'\n' | b'\r') => At::Start,
                (_, byte) if byte == self.separator => At::Start,
                (At::Start, b'"') => At::Quoted(line),
                // A doubled quote inside a quoted field is one quote; for the line of an error this line will do.
                (At::AfterQuote, b'"') => At::Quoted(line),
                (At::AfterQuote, _) => {
                    return Err(self.bad_at(
                        line,
                        format!(
                            "text follows a closing quote; `{}` or the end of the line is expected",
                            char::from(self.separator).escape_default()
                        ),
                    ));
                }
                (_, _) => At::Plain,
            };
            line += usize::from(byte == b'\n');
        }
        match at {
            At::Quoted(from) => Err(self.bad_at(from, "the quote that opens here is not closed".to_owned())),
            _ => Ok(()),
        }
    }

    fn record<'r>(&self, records: &'r mut Records<'_>) -> Result<Option<&'r csv::StringRecord>, BadInput> {
        records.next().map_err(|error| self.bad(&format!("the file cannot be read: {error}")))
    }

    fn check_header(&self, line: usize, names: &[&str]) -> Result<(), BadInput> {
        let bad = |message: String| Err(self.bad_at(line, message));
        let is_number = |name: &&str| name.parse::<f64>().is_ok();
        // pandas names columns that have no name 0, 1, 2, ...; beside a target with a name this is a header.
        let (target, features) = names.split_last().unwrap_or((&"", &[]));
        let counted = features.len() > 1
            && !is_number(target)
            && features.iter().enumerate().all(|(i, name)| *name == i.to_string());
        let numeric = if features.is_empty() { is_number(target) } else { features.iter().all(is_number) };
        if numeric && !counted {
            let first = clip(names[0]);
            let right = "a first row with the names of the columns is expected";
            return bad(format!("this row is numeric (`{first}`, ...), so there is probably no header; {right}"));
        }
        if let [name] = names {
            return bad(format!(
                "one column only (`{}`): at least one feature and the target are expected",
                clip(name)
            ));
        }
        let mut seen = HashMap::new();
        for (i, name) in names.iter().enumerate() {
            if name.is_empty() {
                return bad(format!("column {}: it has no name; if it numbers the rows, leave it out", i + 1));
            }
            if let Some(first) = seen.insert(*name, i) {
                return bad(format!(
                    "column {}: the name `{}` is already that of column {}",
                    i + 1,
                    clip(name),
                    first + 1
                ));
            }
        }
        Ok(())
    }

    fn target(&self, names: &[&str], target: Option<&str>) -> Result<usize, BadInput> {
        let Some(wanted) = target else {
            return Ok(names.len().saturating_sub(1));
        };
        names.iter().position(|name| *name == wanted.trim()).ok_or_else(|| {
            let names = || names.iter().copied();
            let wanted = wanted.trim();
            let hint = suggestion(wanted, names());
            self.bad(&format!("there is no column `{}` for the target{hint}; there is {}", clip(wanted), list(names())))
        })
    }
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}

/// The records of a text, one at a time.
struct Records<'a> {
    text: &'a [u8],
    reader: csv::Reader<&'a [u8]>,
    record: csv::StringRecord,
    /// Where the record begins, or blank lines before it.
    at: usize,
}

impl<'a> Records<'a> {
    fn new(text: &'a str, separator: u8) -> Self {
        let mut builder = csv::ReaderBuilder::new();
        let reader = builder.delimiter(separator).has_headers(false).flexible(true).from_reader(text.as_bytes());
        Self { text: text.as_bytes(), reader, record: csv::StringRecord::new(), at: 0 }
    }

    fn next(&mut self) -> Result<Option<&csv::StringRecord>, csv::Error> {
        self.at = usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX).min(self.text.len());
        Ok(self.reader.read_record(&mut self.record)?.then_some(&self.record))
    }

    /// The line of the record. The crate's own numbers point at the end of the line before, where that ends in CR LF or
    /// is empty.
    fn line(&self) -> usize {
        let blank = self.text[self.at..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        1 + newlines(&self.text[..self.at + blank])
    }
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
