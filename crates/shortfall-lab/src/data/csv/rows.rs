//! Rows and fields of a CSV stream, as RFC 4180 has them, each with its line. Quotes that RFC 4180 does not know are errors:
//! one that is never closed would swallow the rest of the file.

use crate::words::clip;
use shortfall::arguments::BadInput;
use std::borrow::Cow;
use std::io::Read;

/// Longest row that is read: above it a file is no CSV, or not in lines.
const LONGEST_ROW: usize = 1 << 28;
/// Bytes that are read at once.
const CHUNK: usize = 1 << 20;

/// What may begin a text file written on Windows.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An error in a file.
pub(super) fn bad(source: &str, message: &str) -> BadInput {
    BadInput::new(format!("{source}: {message}"))
}

/// An error in a line of a file; a message that begins with a column continues the place.
pub(super) fn bad_at(source: &str, line: usize, message: &str) -> BadInput {
    let separator = if message.starts_with("column ") { "," } else { ":" };
    BadInput::new(format!("{source}, line {line}{separator} {message}"))
}

/// The rows of a stream, one at a time.
pub(super) struct Rows<'a, R> {
    source: &'a str,
    stream: R,
    separator: u8,
    buffer: Vec<u8>,
    /// Bytes of the stream before the buffer.
    before: usize,
    /// Where in the buffer the next row begins.
    begin: usize,
    ended: bool,
    /// Line of the next row.
    line: usize,
    /// The line end before was a carriage return: a line feed now belongs to it.
    after_return: bool,
    /// Where in the buffer each field ends.
    ends: Vec<usize>,
}

/// One row.
pub(super) struct Row<'a> {
    text: &'a str,
    /// Where in the text each field ends.
    ends: &'a [usize],
    /// Its first line, from 1.
    pub(super) line: usize,
}

impl<'a> Row<'a> {
    /// Number of fields.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The fields, quotes removed.
    pub(super) fn fields(&self) -> impl Iterator<Item = Cow<'a, str>> {
        let (text, mut from) = (self.text, 0);
        self.ends.iter().map(move |end| {
            let field = &text[from..*end];
            from = end + 1;
            match field.strip_prefix('"').and_then(|field| field.strip_suffix('"')) {
                Some(quoted) if quoted.contains('"') => Cow::Owned(quoted.replace("\"\"", "\"")),
                Some(quoted) => Cow::Borrowed(quoted),
                None => Cow::Borrowed(field),
            }
        })
    }
}

#[derive(Clone, Copy, PartialEq)]
enum At {
    Start,
    Plain,
    Quoted,
    AfterQuote,
}

impl<'a, R: Read> Rows<'a, R> {
    /// Separated by the character given, or by what separates the first row.
    pub(super) fn new(source: &'a str, stream: R, separator: Option<u8>) -> Result<Self, BadInput> {
        let mut rows = Self {
            source,
            stream,
            separator: b',',
            buffer: Vec::new(),
            before: 0,
            begin: 0,
            ended: false,
            line: 1,
            after_return: false,
            ends: Vec::new(),
        };
        rows.fill()?;
        if rows.buffer.starts_with(&[0xff, 0xfe]) || rows.buffer.starts_with(&[0xfe, 0xff]) {
            return Err(rows.binary());
        }
        if rows.buffer.starts_with(BYTE_ORDER_MARK) {
            rows.begin = BYTE_ORDER_MARK.len();
        }
        rows.separator = match separator {
            Some(separator) => separator,
            None => self::separator(rows.first_line()?),
        };
        Ok(rows)
    }

    fn binary(&self) -> BadInput {
        bad(self.source, "this is a binary file, or text in UTF-16; CSV text in UTF-8 is expected")
    }

    /// Reads on; what was handed out is forgotten.
    fn fill(&mut self) -> Result<(), BadInput> {
        self.buffer.drain(..self.begin);
        self.before += self.begin;
        self.begin = 0;
        let filled = self.buffer.len();
        // A long row is read in growing pieces, so that moving it to the front costs little.
        let wanted = CHUNK.max(filled) as u64;
        let count = self.stream.by_ref().take(wanted).read_to_end(&mut self.buffer);
        let count = count.map_err(|error| bad(self.source, &format!("the file cannot be read: {error}")))?;
        self.ended = count == 0;
        Ok(())
    }

    fn check_length(&self, line: usize, length: usize, quoted: Option<usize>) -> Result<(), BadInput> {
        if length <= LONGEST_ROW {
            return Ok(());
        }
        let megabytes = LONGEST_ROW >> 20;
        Err(match quoted {
            Some(opened) => {
                let message = format!("the quote that opens here is not closed within {megabytes} MB");
                bad_at(self.source, opened, &message)
            }
            None => bad_at(self.source, line, &format!("longer than {megabytes} MB, which no row of a table is")),
        })
    }

    /// The first line that is not blank, without reading past it.
    fn first_line(&mut self) -> Result<&[u8], BadInput> {
        let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
        loop {
            let text = &self.buffer[self.begin..];
            let blank = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let end = text[blank..].iter().position(is_end);
            if let Some(length) = end.or(self.ended.then_some(text.len() - blank)) {
                return Ok(&self.buffer[self.begin + blank..][..length]);
            }
            let length = text.len();
            self.check_length(self.line, length, None)?;
            self.fill()?;
        }
    }

    /// The next row that is not empty.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>, BadInput> {
        loop {
            let (line, lines, end) = match self.scan()? {
                Some(scanned) => scanned,
                None => return Ok(None),
            };
            let begin = self.begin;
            self.line = line + lines;
            self.begin = (end + 1).min(self.buffer.len());
            self.after_return = self.buffer.get(end) == Some(&b'\r');
            if begin == end {
                continue;
            }
            let bytes = &self.buffer[begin..end];
            if bytes.contains(&0) {
                return Err(self.binary());
            }
            let text = std::str::from_utf8(bytes).map_err(|error| {
                let place = self.before + begin + error.valid_up_to() + 1;
                let line = line + newlines(&bytes[..error.valid_up_to()]);
                bad_at(self.source, line, &format!("byte {place} is not UTF-8; save the file as UTF-8"))
            })?;
            self.ends.iter_mut().for_each(|end| *end -= begin);
            return Ok(Some(Row { text, ends: &self.ends, line }));
        }
    }

    /// Finds the end of the next row and of its fields: its line, how many lines it takes and where it ends.
    fn scan(&mut self) -> Result<Option<(usize, usize, usize)>, BadInput> {
        let line = self.line;
        let (mut at, mut lines, mut opened) = (At::Start, 0, line);
        let mut next = self.begin;
        self.ends.clear();
        loop {
            while let Some(&byte) = self.buffer.get(next) {
                if next == self.begin && std::mem::take(&mut self.after_return) && byte == b'\n' {
                    self.begin += 1;
                    next += 1;
                    continue;
                }
                at = match (at, byte) {
                    (At::Quoted, b'"') => At::AfterQuote,
                    (At::Quoted, _) => {
                        lines += usize::from(byte == b'\n');
                        At::Quoted
                    }
                    (_, b'\n' | b'\r') => {
                        self.ends.push(next);
                        return Ok(Some((line, lines + 1, next)));
                    }
                    (_, _) if byte == self.separator => {
                        self.ends.push(next);
                        At::Start
                    }
                    (At::Start, b'"') => {
                        opened = line + lines;
                        At::Quoted
                    }
                    // A doubled quote inside a quoted field is one quote.
                    (At::AfterQuote, b'"') => At::Quoted,
                    (At::AfterQuote, _) => {
                        let separator = char::from(self.separator).escape_default();
                        let message =
                            format!("text follows a closing quote; `{separator}` or the end of the line is expected");
                        return Err(bad_at(self.source, line + lines, &message));
                    }
                    (_, _) => At::Plain,
                };
                next += 1;
            }
            self.check_length(line, next - self.begin, (at == At::Quoted).then_some(opened))?;
            let begin = self.begin;
            self.fill()?;
            next -= begin;
            self.ends.iter_mut().for_each(|end| *end -= begin);
            if self.ended {
                if at == At::Quoted {
                    return Err(bad_at(self.source, opened, "the quote that opens here is not closed"));
                }
                if next == 0 {
                    return Ok(None);
                }
                self.ends.push(next);
                return Ok(Some((line, lines + 1, next)));
            }
        }
    }
}

/// What separates the fields: of comma, semicolon, tab and bar the one that the first line has most of outside quotes; the
/// comma where none does.
fn separator(line: &[u8]) -> u8 {
    let bare: Vec<u8> = line.split(|byte| *byte == b'"').step_by(2).flatten().copied().collect();
    let count = |separator: u8| bare.iter().filter(|byte| **byte == separator).count();
    b";\t|".iter().copied().fold(b',', |best, next| if count(next) > count(best) { next } else { best })
}

/// A separator that a user gives.
pub(super) fn given_separator(given: char) -> Result<u8, BadInput> {
    if given.is_ascii() && !given.is_ascii_alphanumeric() && !"\"\r\n+-.".contains(given) {
        return Ok(given as u8);
    }
    Err(BadInput::new(format!(
        "`delimiter` must be an ASCII character that occurs in no number, not a quote or a line end, but is `{}`",
        clip(&given.to_string())
    )))
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}
