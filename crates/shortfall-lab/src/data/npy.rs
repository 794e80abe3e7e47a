//! NPY: a matrix as NumPy writes it (NEP 1, formats 1.0 to 3.0), one column of it the target.

use super::canonical;
use crate::selector::clip;
use shortfall::arguments::BadInput;
use shortfall::source::Table;

const MAGIC: &[u8] = b"\x93NUMPY";

/// What the header says.
struct Header {
    kind: Kind,
    big_endian: bool,
    fortran: bool,
    rows: usize,
    columns: usize,
    /// Where the data begin.
    offset: usize,
}

#[derive(Clone, Copy)]
enum Kind {
    Float(usize),
    Signed(usize),
    Unsigned(usize),
}

impl Kind {
    fn size(self) -> usize {
        match self {
            Self::Float(size) | Self::Signed(size) | Self::Unsigned(size) => size,
        }
    }

    /// From the bytes of one entry, least significant first.
    fn number(self, bytes: &[u8]) -> f64 {
        let mut word = [0u8; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        let unsigned = u64::from_le_bytes(word);
        match self {
            Self::Float(4) => f64::from(f32::from_bits(unsigned as u32)),
            Self::Float(_) => f64::from_bits(unsigned),
            Self::Unsigned(_) => unsigned as f64,
            Self::Signed(size) => {
                let unused = 64 - 8 * size as u32;
                ((unsigned << unused) as i64 >> unused) as f64
            }
        }
    }
}

/// Reads a matrix; columns are named by their numbers, from 0; `target` is one of these (`None`: the last).
pub(super) fn read(source: &str, bytes: &[u8], target: Option<&str>) -> Result<Table, BadInput> {
    let bad = |message: String| BadInput::new(format!("{source}: {message}"));
    let header = header(bytes).map_err(bad)?;
    let Header { kind, rows, columns, offset, .. } = header;
    let size = kind.size();
    let wanted = rows.checked_mul(columns).and_then(|count| count.checked_mul(size));
    let there = bytes.len() - offset;
    if wanted != Some(there) {
        let wanted = wanted.map_or("more than any file".to_owned(), |wanted| format!("{wanted} bytes"));
        return Err(bad(format!(
            "{rows} x {columns} entries of {size} bytes are {wanted}, but {there} bytes follow the header"
        )));
    }
    if rows == 0 || columns < 2 {
        return Err(bad(format!(
            "a matrix of {rows} x {columns}: at least one row, one feature and the target are expected"
        )));
    }
    let target = match target {
        None => columns - 1,
        Some(name) => name.trim().parse().ok().filter(|column| *column < columns).ok_or_else(|| {
            bad(format!(
                "there is no column `{}` for the target: columns are numbered from 0 to {}",
                clip(name),
                columns - 1
            ))
        })?,
    };
    let mut table = Table {
        columns: (0..columns).filter(|column| *column != target).map(|column| column.to_string()).collect(),
        features: Vec::with_capacity(rows * (columns - 1)),
        target: target.to_string(),
        labels: Vec::with_capacity(rows),
    };
    let mut entry = [0u8; 8];
    for row in 0..rows {
        for column in 0..columns {
            let index = if header.fortran { column * rows + row } else { row * columns + column };
            let entry = &mut entry[..size];
            entry.copy_from_slice(&bytes[offset + index * size..][..size]);
            if header.big_endian {
                entry.reverse();
            }
            let value = kind.number(entry);
            if !value.is_finite() {
                return Err(bad(format!("row {row}, column {column} (from 0): {value}; a finite number is expected")));
            }
            if column == target { table.labels.push(canonical(value)) } else { table.features.push(value) }
        }
    }
    Ok(table)
}

fn header(bytes: &[u8]) -> Result<Header, String> {
    if !bytes.starts_with(MAGIC) {
        return Err("this is no NPY file: it does not begin as NumPy writes them (numpy.save)".to_owned());
    }
    let cut = || "the header is cut off".to_owned();
    let version = *bytes.get(6).ok_or_else(cut)?;
    let (length, begin) = match version {
        1 => (u32::from(u16::from_le_bytes(bytes.get(8..10).ok_or_else(cut)?.try_into().map_err(|_| cut())?)), 10),
        2 | 3 => (u32::from_le_bytes(bytes.get(8..12).ok_or_else(cut)?.try_into().map_err(|_| cut())?), 12),
        other => return Err(format!("NPY format {other} is not known; 1, 2 and 3 are read")),
    };
    let offset = begin + length as usize;
    let text = std::str::from_utf8(bytes.get(begin..offset).ok_or_else(cut)?);
    let text = text.map_err(|_| "the header is not text".to_owned())?;
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
    match lengths.as_deref() {
        Some(&[rows, columns]) => Ok(Header { kind, big_endian, fortran, rows, columns, offset }),
        _ => Err(format!("an array of shape ({}): a matrix is expected, its rows the samples", clip(shape))),
    }
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
        "i1" => Kind::Signed(1),
        "i2" => Kind::Signed(2),
        "i4" => Kind::Signed(4),
        "i8" => Kind::Signed(8),
        "u1" | "b1" => Kind::Unsigned(1),
        "u2" => Kind::Unsigned(2),
        "u4" => Kind::Unsigned(4),
        "u8" => Kind::Unsigned(8),
        _ => {
            return Err(format!(
                "entries of type `{}` are not read; f4, f8, integers and truth values are (astype(float))",
                clip(descr)
            ));
        }
    };
    match order {
        "<" | "|" | "=" => Ok((kind, false)),
        ">" => Ok((kind, true)),
        _ => Err(format!("entries of type `{}` are not read: its order of bytes is not known", clip(descr))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As numpy.save writes it.
    fn file(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
        let order = if fortran { "True" } else { "False" };
        let mut header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
        while (header.len() + 11) % 64 != 0 {
            header.push(' ');
        }
        header.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        bytes.extend(data);
        bytes
    }

    fn doubles(values: &[f64]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn message(bytes: &[u8]) -> String {
        read("`a.npy`", bytes, None).unwrap_err().message
    }

    #[test]
    fn orders_types_and_targets() {
        let plain = file("<f8", false, "(2, 3)", &doubles(&[1.0, 2.5, 0.0, -3.0, 4.0, 1.0]));
        let table = read("", &plain, None).unwrap();
        assert_eq!((table.features.as_slice(), table.labels.join(" ").as_str()), (&[1.0, 2.5, -3.0, 4.0][..], "0 1"));
        assert_eq!((table.columns.join(" ").as_str(), table.target.as_str()), ("0 1", "2"));
        let first = read("", &plain, Some("0")).unwrap();
        assert_eq!((first.features.as_slice(), first.labels.join(" ").as_str()), (&[2.5, 0.0, 4.0, 1.0][..], "1 -3"));
        let fortran = file("<f8", true, "(2, 3)", &doubles(&[1.0, -3.0, 2.5, 4.0, 0.0, 1.0]));
        assert_eq!(read("", &fortran, None).unwrap(), table);
        let big: Vec<u8> = [1i16, -2, 300, -400].iter().flat_map(|value| value.to_be_bytes()).collect();
        assert_eq!(read("", &file(">i2", false, "(2, 2)", &big), None).unwrap().features, [1.0, 300.0]);
        let small = file("|b1", false, "(2, 2)", &[1, 0, 0, 1]);
        assert_eq!(read("", &small, None).unwrap().labels, ["0", "1"]);
        let single: Vec<u8> = [0.5f32, -1.25].iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(read("", &file("<f4", false, "(1, 2)", &single), None).unwrap().features, [0.5]);
    }

    #[test]
    fn errors_name_what_is_wrong() {
        assert!(message(b"x,y\n1,2\n").contains("no NPY file"));
        assert!(message(b"\x93NUMPY\x01\x00\xff\xff{").contains("cut off"));
        assert!(message(&file("<f8", false, "(2, 2)", &doubles(&[1.0, 2.0, 3.0]))).contains("24 bytes follow"));
        assert!(message(&file("<f8", false, "(9223372036854775807, 4)", &[])).contains("more than any file"));
        assert!(message(&file("<f8", false, "(4,)", &doubles(&[1.0; 4]))).contains("a matrix is expected"));
        assert!(message(&file("<f2", false, "(2, 2)", &[0; 8])).contains("astype(float)"));
        assert!(message(&file("|O", false, "(2, 2)", &[0; 8])).contains("`|O`"));
        assert!(
            message(&file("<f8", false, "(2, 2)", &doubles(&[1.0, 2.0, f64::NAN, 0.0]))).contains("row 1, column 0")
        );
        assert!(message(&file("<f8", false, "(2, 1)", &doubles(&[1.0, 2.0]))).contains("one feature and the target"));
        let plain = file("<f8", false, "(2, 2)", &doubles(&[1.0; 4]));
        assert!(read("", &plain, Some("y")).unwrap_err().message.contains("numbered from 0 to 1"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(cut in 0..200usize, place in 0..200usize, byte in any::<u8>(), tail in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut bytes = file("<f8", false, "(2, 3)", &doubles(&[1.0, 2.5, 0.0, -3.0, 4.0, 1.0]));
            let place = place % bytes.len();
            bytes[place] = byte;
            bytes.truncate(bytes.len() - cut % bytes.len());
            bytes.extend(tail);
            let _ = read("", &bytes, None);
        }
    }
}
