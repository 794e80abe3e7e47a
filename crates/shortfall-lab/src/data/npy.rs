//! NPY: an array as NumPy writes it (NEP 1, formats 1.0 to 3.0); of a matrix one column is the target.

use super::stored::{NpyRows, Watch};
use crate::words::clip;
use shortfall::arguments::BadInput;
use shortfall::source::{Features, Labels, Matrix, Table};
use std::fs::File;
use std::io::Read;
use std::sync::Arc;

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// What the header says.
pub(super) struct Header {
    kind: Kind,
    big_endian: bool,
    fortran: bool,
    pub(super) shape: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Float(usize),
    Signed(usize),
    Unsigned(usize),
    /// Text of this many characters of four bytes.
    Unicode(usize),
    /// Text of this many bytes.
    Bytes(usize),
}

impl Kind {
    fn size(self) -> usize {
        match self {
            Self::Float(size) | Self::Signed(size) | Self::Unsigned(size) | Self::Bytes(size) => size,
            Self::Unicode(length) => length.saturating_mul(4),
        }
    }

    /// From the bytes of entries, least significant first.
    fn numbers(self, bytes: &[u8], numbers: &mut [f64]) {
        if let Self::Float(8) = self {
            numbers.iter_mut().zip(bytes.as_chunks::<8>().0).for_each(|(x, bytes)| *x = f64::from_le_bytes(*bytes));
        } else {
            let entries = bytes.chunks_exact(self.size());
            numbers.iter_mut().zip(entries).for_each(|(x, entry)| *x = self.number(entry));
        }
    }

    /// From the bytes of one entry, least significant first.
    fn number(self, bytes: &[u8]) -> f64 {
        let mut word = [0u8; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        let unsigned = u64::from_le_bytes(word);
        match self {
            Self::Float(4) => f64::from(f32::from_bits(unsigned as u32)),
            Self::Float(2) => half(unsigned as u16),
            Self::Signed(size) => {
                let unused = 64 - 8 * size as u32;
                ((unsigned << unused) as i64 >> unused) as f64
            }
            Self::Unsigned(_) => unsigned as f64,
            _ => f64::from_bits(unsigned),
        }
    }
}

/// IEEE 754's binary16.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// Bytes that are read at once.
const CHUNK: usize = 1 << 23;

/// How the entries of an array lie in a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    kind: Kind,
    big_endian: bool,
    /// Where they begin.
    pub(super) offset: u64,
}

impl Layout {
    /// Bytes of an entry.
    pub(super) fn size(&self) -> usize {
        self.kind.size()
    }

    /// The numbers that consecutive entries are, whose bytes may be turned around.
    pub(super) fn numbers(&self, bytes: &mut [u8], numbers: &mut [f64]) {
        if self.big_endian {
            bytes.chunks_exact_mut(self.size()).for_each(<[u8]>::reverse);
        }
        self.kind.numbers(bytes, numbers);
    }
}

/// An array that is being read: what its header says, and its bytes.
pub(super) struct Array<'a> {
    pub(super) source: &'a str,
    pub(super) header: Header,
    offset: u64,
    bytes: &'a mut dyn Read,
}

impl<'a> Array<'a> {
    /// Reads the header; `length` is that of the whole file.
    pub(super) fn open(source: &'a str, bytes: &'a mut dyn Read, length: u64) -> Result<Self, BadInput> {
        let bad = |message: String| BadInput::new(format!("{source}: {message}"));
        let (header, offset) = header(bytes).map_err(bad)?;
        let size = header.kind.size();
        let count = header.shape.iter().try_fold(1usize, |count, length| count.checked_mul(*length));
        let wanted = count.and_then(|count| count.checked_mul(size));
        let there = length.saturating_sub(offset as u64);
        if wanted.map(|wanted| wanted as u64) != Some(there) {
            let wanted = wanted.map_or("more than any file".to_owned(), |wanted| format!("{wanted} bytes"));
            return Err(bad(format!(
                "{} entries of {size} bytes are {wanted}, but {there} bytes follow the header",
                shape_text(&header.shape)
            )));
        }
        Ok(Self { source, header, offset: offset as u64, bytes })
    }

    pub(super) fn bad(&self, message: String) -> BadInput {
        BadInput::new(format!("{}: {message}", self.source))
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self.header.kind, Kind::Unicode(_) | Kind::Bytes(_))
    }

    /// Hands over the entries as they are stored, some MB at a time: `take(first, bytes)`.
    fn each_chunk(&mut self, take: &mut dyn FnMut(usize, &[u8])) -> Result<(), BadInput> {
        let size = self.header.kind.size().max(1);
        let total: usize = self.header.shape.iter().product();
        let step = (CHUNK / size).max(1);
        let mut chunk = vec![0; step.min(total) * size];
        for first in (0..total).step_by(step) {
            let chunk = &mut chunk[..step.min(total - first) * size];
            self.bytes
                .read_exact(chunk)
                .map_err(|error| self.bad(format!("near entry {first} of {total}: {error}")))?;
            if self.header.big_endian {
                chunk.chunks_exact_mut(size).for_each(<[u8]>::reverse);
            }
            take(first, chunk);
        }
        Ok(())
    }

    /// Entry `stored` as written, to its row and column.
    fn place(&self, stored: usize, columns: usize) -> (usize, usize) {
        let rows = self.header.shape.first().copied().unwrap_or(1).max(1);
        if self.header.fortran { (stored % rows, stored / rows) } else { (stored / columns, stored % columns) }
    }

    fn not_finite(&self, stored: usize, columns: usize, value: f64) -> BadInput {
        let (row, column) = self.place(stored, columns);
        self.bad(format!("row {row}, column {column} (from 0): {value}; a finite number is expected"))
    }

    /// The finite numbers of a vector or a matrix, row-major.
    pub(super) fn numbers(mut self) -> Result<Vec<f64>, BadInput> {
        if self.is_text() {
            return Err(self.bad("text, where numbers are expected".to_owned()));
        }
        let (kind, size, fortran) = (self.header.kind, self.header.kind.size(), self.header.fortran);
        let total: usize = self.header.shape.iter().product();
        let columns: usize = self.header.shape.iter().skip(1).product::<usize>().max(1);
        let rows = total / columns;
        let mut numbers = vec![0.0; if fortran { total } else { 0 }];
        numbers.reserve_exact(total - numbers.len());
        let mut wrong = None;
        self.each_chunk(&mut |first, chunk| {
            let begin = numbers.len();
            if !fortran {
                numbers.resize(begin + chunk.len() / size, 0.0);
                kind.numbers(chunk, &mut numbers[begin..]);
                let bad = numbers[begin..].iter().position(|value| !value.is_finite());
                wrong = wrong.or(bad.map(|at| (first + at, numbers[begin + at])));
            } else {
                for (i, entry) in chunk.chunks_exact(size).enumerate() {
                    let value = kind.number(entry);
                    let (column, row) = ((first + i) / rows, (first + i) % rows);
                    numbers[row * columns + column] = value;
                    if !value.is_finite() {
                        wrong = wrong.or(Some((first + i, value)));
                    }
                }
            }
        })?;
        match wrong {
            Some((stored, value)) => Err(self.not_finite(stored, columns, value)),
            None => Ok(numbers),
        }
    }

    /// Entries of one dimension as labels.
    pub(super) fn labels(mut self) -> Result<Labels, BadInput> {
        let mut labels = Labels::default();
        if !self.is_text() {
            self.numbers()?.into_iter().for_each(|value| labels.push_number(value));
            return Ok(labels);
        }
        let (kind, size, big_endian) = (self.header.kind, self.header.kind.size(), self.header.big_endian);
        let mut wrong = None;
        self.each_chunk(&mut |first, chunk| {
            for (i, entry) in chunk.chunks_exact(size.max(1)).enumerate() {
                match text(kind, entry, big_endian) {
                    Some(word) if !word.trim().is_empty() => labels.push_word(word.trim()),
                    _ => wrong = wrong.or(Some(first + i)),
                }
            }
        })?;
        match wrong {
            Some(row) => Err(self.bad(format!("row {row} (from 0): the label is empty, or is not text"))),
            None => Ok(labels),
        }
    }
}

/// Text, padded with zeros.
fn text(kind: Kind, entry: &[u8], reversed: bool) -> Option<String> {
    match kind {
        Kind::Unicode(_) => {
            // A big-endian entry came reversed as a whole: its characters too.
            let characters =
                entry.chunks_exact(4).map(|b| char::from_u32(u32::from_le_bytes([b[0], b[1], b[2], b[3]])));
            let mut characters: Vec<char> = characters.collect::<Option<_>>()?;
            if reversed {
                characters.reverse();
            }
            let end = characters.iter().rposition(|c| *c != '\0').map_or(0, |last| last + 1);
            Some(characters[..end].iter().collect())
        }
        _ => {
            let end = entry.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
            String::from_utf8(entry[..end].to_vec()).ok()
        }
    }
}

/// A shape in a message.
pub(super) fn shape_text(shape: &[usize]) -> String {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    if lengths.is_empty() { "one".to_owned() } else { lengths.join(" x ") }
}

/// Reads a matrix; columns are named by their numbers, from 0; `target` is one of these (`None`: the last).
pub(super) fn read(array: Array, target: Option<&str>) -> Result<Table, BadInput> {
    let &[rows, columns] = array.header.shape.as_slice() else {
        let shape = shape_text(&array.header.shape);
        return Err(array.bad(format!("an array of shape ({shape}): a matrix is expected, its rows the samples")));
    };
    if rows == 0 || columns < 2 {
        return Err(array.bad(format!(
            "a matrix of {rows} x {columns}: at least one row, one feature and the target are expected"
        )));
    }
    let target = target_column(&array, columns, target)?;
    let mut numbers = array.numbers()?;
    let mut labels = Labels::default();
    // The target leaves the rows, in place.
    for row in 0..rows {
        labels.push_number(numbers[row * columns + target]);
        let (from, to) = (row * columns, row * (columns - 1));
        numbers.copy_within(from..from + target, to);
        numbers.copy_within(from + target + 1..from + columns, to + target);
    }
    numbers.truncate(rows * (columns - 1));
    Ok(table([columns, target], Features::Dense(numbers), labels))
}

fn target_column(array: &Array, columns: usize, target: Option<&str>) -> Result<usize, BadInput> {
    let Some(name) = target else { return Ok(columns - 1) };
    name.trim().parse().ok().filter(|column| *column < columns).ok_or_else(|| {
        array.bad(format!(
            "there is no column `{}` for the target: columns are numbered from 0 to {}",
            clip(name),
            columns - 1
        ))
    })
}

fn table([columns, target]: [usize; 2], features: Features, labels: Labels) -> Table {
    Table {
        columns: (0..columns).filter(|column| *column != target).map(|column| column.to_string()).collect(),
        features,
        target: target.to_string(),
        labels,
    }
}

/// Whether holding a matrix takes more than so many bytes, and its rows can be read one by one.
pub(super) fn stays_stored(array: &Array, memory: u64) -> bool {
    let [rows, columns] = array.header.shape[..] else { return false };
    // Rows padded, the intercept in place of the target; eight numbers more a row while columns are standardised and their moments taken.
    let row = 8 * (columns as u64).next_multiple_of(8).saturating_add(8);
    let held = (rows as u64).saturating_mul(row);
    held > memory && columns >= 2 && !array.header.fortran && !array.is_text()
}

/// As [`read`], of a matrix that stays in its file, which is read once for the target and to see that all numbers are finite.
pub(super) fn store(mut array: Array, target: Option<&str>, file: File, watch: Arc<Watch>) -> Result<Table, BadInput> {
    let &[rows, columns] = array.header.shape.as_slice() else {
        return Err(array.bad("a matrix is expected".to_owned()));
    };
    let target = target_column(&array, columns, target)?;
    let Header { kind, big_endian, .. } = array.header;
    let layout = Layout { kind, big_endian, offset: array.offset };
    let size = layout.size();
    let (mut labels, mut wrong, mut numbers) = (Labels::default(), None, Vec::new());
    array.each_chunk(&mut |first, chunk| {
        numbers.resize(chunk.len() / size, 0.0);
        kind.numbers(chunk, &mut numbers);
        let bad = numbers.iter().position(|x| !x.is_finite());
        wrong = wrong.or(bad.map(|at| (first + at, numbers[at])));
        // The first target from the chunk's first entry on.
        let begin = (target + columns - first % columns) % columns;
        numbers.iter().skip(begin).step_by(columns).for_each(|x| labels.push_number(*x));
    })?;
    if let Some((stored, value)) = wrong {
        return Err(array.not_finite(stored, columns, value));
    }
    let rows = NpyRows::new((file, array.source), layout, [rows, columns], target, watch);
    Ok(table([columns, target], Features::Stored(Arc::new(rows)), labels))
}

/// Reads a matrix, or a vector as one column.
pub(super) fn read_matrix(array: Array) -> Result<Matrix, BadInput> {
    let (rows, columns) = match array.header.shape.as_slice() {
        &[rows] => (rows, 1),
        &[rows, columns] => (rows, columns),
        shape => {
            let shape = shape_text(shape);
            return Err(array.bad(format!("an array of shape ({shape}): a matrix or a vector is expected")));
        }
    };
    Ok(Matrix { rows, columns, entries: array.numbers()? })
}

/// Longest header that is read.
const LONGEST_HEADER: usize = 1 << 20;

/// The header, and where the data begin.
fn header(bytes: &mut dyn Read) -> Result<(Header, usize), String> {
    let cut = |_| "the header is cut off".to_owned();
    let mut start = [0u8; 6];
    if bytes.read_exact(&mut start).is_err() || start != *MAGIC {
        return Err("this is no NPY file: it does not begin as NumPy writes them (numpy.save)".to_owned());
    }
    let mut version = [0u8; 2];
    bytes.read_exact(&mut version).map_err(cut)?;
    let (length, begin) = match version[0] {
        1 => {
            let mut length = [0u8; 2];
            bytes.read_exact(&mut length).map_err(cut)?;
            (usize::from(u16::from_le_bytes(length)), 10)
        }
        2 | 3 => {
            let mut length = [0u8; 4];
            bytes.read_exact(&mut length).map_err(cut)?;
            (u32::from_le_bytes(length) as usize, 12)
        }
        other => return Err(format!("NPY format {other} is not known; 1, 2 and 3 are read")),
    };
    if length > LONGEST_HEADER {
        return Err(format!("a header of {length} bytes is too long"));
    }
    let mut text = vec![0; length];
    bytes.read_exact(&mut text).map_err(cut)?;
    let text = std::str::from_utf8(&text).map_err(|_| "the header is not text".to_owned())?;
    if text.split_once("'descr':").is_some_and(|(_, rest)| rest.trim_start().starts_with('[')) {
        return Err("a structured array, each entry of several fields: an array of numbers is expected \
                    (numpy.lib.recfunctions.structured_to_unstructured)"
            .to_owned());
    }
    let (kind, big_endian) =
        entry_type(quoted(text, "descr").ok_or("the header does not say which type its entries are of")?)?;
    let after = |key: &str| text.split_once(&format!("'{key}':")).map(|(_, rest)| rest.trim_start());
    let fortran = match after("fortran_order") {
        Some(rest) if rest.starts_with("True") => true,
        Some(rest) if rest.starts_with("False") => false,
        _ => return Err("the header does not say whether the order is Fortran's".to_owned()),
    };
    let shape = after("shape").and_then(|rest| rest.strip_prefix('(')?.split_once(')'));
    let shape = shape.ok_or("the header does not say which shape the array has")?.0;
    let lengths: Option<Vec<usize>> =
        shape.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| part.parse().ok()).collect();
    let shape = lengths.ok_or_else(|| format!("a shape of ({}) is not read", clip(shape)))?;
    Ok((Header { kind, big_endian, fortran, shape }, begin + length))
}

/// The text in quotes after a key.
fn quoted<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let rest = text.split_once(&format!("'{key}':"))?.1.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    rest[1..].split_once(quote).map(|(inner, _)| inner)
}

fn entry_type(descr: &str) -> Result<(Kind, bool), String> {
    let (order, name) = descr.split_at_checked(1).unwrap_or(("", descr));
    let kind = match name {
        "f8" => Kind::Float(8),
        "f4" => Kind::Float(4),
        "f2" => Kind::Float(2),
        "i1" => Kind::Signed(1),
        "i2" => Kind::Signed(2),
        "i4" => Kind::Signed(4),
        "i8" => Kind::Signed(8),
        "u1" | "b1" => Kind::Unsigned(1),
        "u2" => Kind::Unsigned(2),
        "u4" => Kind::Unsigned(4),
        "u8" => Kind::Unsigned(8),
        _ if text_length(name, 'U').is_some() => Kind::Unicode(text_length(name, 'U').unwrap_or(0)),
        _ if text_length(name, 'S').is_some() => Kind::Bytes(text_length(name, 'S').unwrap_or(0)),
        _ => {
            return Err(format!(
                "entries of type `{}` are not read; f2, f4, f8, integers, truth values and text of fixed width are (astype(float))",
                clip(descr)
            ));
        }
    };
    match order {
        _ if matches!(kind, Kind::Bytes(_)) => Ok((kind, false)),
        "<" | "|" | "=" => Ok((kind, false)),
        ">" => Ok((kind, true)),
        _ => Err(format!("entries of type `{}` are not read: its order of bytes is not known", clip(descr))),
    }
}

/// Length of text of a fixed width, `U7` or `S7`, up to 64 thousand.
fn text_length(name: &str, letter: char) -> Option<usize> {
    name.strip_prefix(letter)?.parse().ok().filter(|length| (1..=1 << 16).contains(length))
}

#[cfg(test)]
#[path = "npy_tests.rs"]
mod tests;
