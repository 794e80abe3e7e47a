//! NPZ: arrays in a zip archive, as `numpy.savez(file, X=X, y=y)` writes them; X the features, y the target.

use super::npy::{Array, shape_text};
use super::zip::{Member, members, open};
use crate::words::{clip, list};
use shortfall::arguments::BadInput;
use shortfall::source::{Features, Labels, Table};
use std::io::{Error, Read, Seek};

/// Names of features and target, best first.
const PAIRS: [(&str, &str); 4] = [("X", "y"), ("x", "y"), ("data", "target"), ("features", "labels")];

struct Listed {
    name: String,
    member: Member,
    shape: Vec<usize>,
}

impl Listed {
    /// Number of rows, if it is a column of a table.
    fn column(&self) -> Option<usize> {
        match self.shape[..] {
            [rows] | [rows, 1] => Some(rows),
            _ => None,
        }
    }
}

struct Archive<'a, R> {
    source: &'a str,
    file: R,
    arrays: Vec<Listed>,
    /// Why other members are not read.
    unread: Vec<String>,
}

/// Reads a table; `target` names the array of the labels.
pub(super) fn read<R: Read + Seek>(source: &str, file: R, target: Option<&str>) -> Result<Table, BadInput> {
    let mut archive = Archive { source, file, arrays: Vec::new(), unread: Vec::new() };
    archive.list()?;
    let (features, labels) = archive.choose(target)?;
    let (features, labels) = (&archive.arrays[features], &archive.arrays[labels]);
    let (columns, target) = (features.shape[1], labels.name.clone());
    let (features, labels) = (features.member.clone(), labels.member.clone());
    let numbers = archive.with_array(&features, |array| array.numbers())?;
    let labels: Labels = archive.with_array(&labels, |array| array.labels())?;
    Ok(Table {
        columns: (0..columns).map(|column| column.to_string()).collect(),
        features: Features::Dense(numbers),
        target,
        labels,
    })
}

impl<R: Read + Seek> Archive<'_, R> {
    fn bad(&self, message: String) -> BadInput {
        BadInput::new(format!("{}: {message}", self.source))
    }

    fn with_array<T>(
        &mut self,
        member: &Member,
        then: impl FnOnce(Array) -> Result<T, BadInput>,
    ) -> Result<T, BadInput> {
        let name = format!("{}, member `{}`", self.source, clip(&member.name));
        let bad = |error: Error| BadInput::new(format!("{name}: {error}"));
        let mut bytes = open(&mut self.file, member).map_err(bad)?;
        then(Array::open(&name, bytes.as_mut(), member.length)?)
    }

    fn list(&mut self) -> Result<(), BadInput> {
        let found = members(&mut self.file).map_err(|error| self.bad(error.to_string()))?;
        for member in found.into_iter().filter(|member| member.name.ends_with(".npy")) {
            let name = member.name.trim_end_matches(".npy").to_owned();
            let shape = self.with_array(&member, |array| Ok(array.header.shape.clone()));
            match shape {
                Ok(shape) => self.arrays.push(Listed { name, member, shape }),
                // Arrays of other types may stand beside those that are read.
                Err(error) => self.unread.push(error.message),
            }
        }
        Ok(())
    }

    fn shown(&self) -> String {
        let arrays = self.arrays.iter().map(|array| format!("{} ({})", clip(&array.name), shape_text(&array.shape)));
        let arrays: Vec<String> = arrays.collect();
        let mut shown = if arrays.is_empty() {
            "no array that is read".to_owned()
        } else {
            list(arrays.iter().map(String::as_str))
        };
        if let Some(why) = self.unread.first() {
            shown.push_str("; not read: ");
            shown.push_str(why.strip_prefix(self.source).unwrap_or(why).trim_start_matches(", "));
        }
        shown
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.arrays.iter().position(|array| array.name == name)
    }

    /// Features and target.
    fn choose(&self, target: Option<&str>) -> Result<(usize, usize), BadInput> {
        if ["indptr", "indices", "format"].iter().all(|name| self.position(name).is_some()) || self.is_sparse() {
            return Err(self.bad(
                "a sparse matrix of SciPy, which has no target; write it with sklearn.datasets.dump_svmlight_file"
                    .to_owned(),
            ));
        }
        let matrices = |without: Option<usize>| -> Vec<usize> {
            (0..self.arrays.len()).filter(|i| Some(*i) != without && self.arrays[*i].shape.len() == 2).collect()
        };
        let labels = match target {
            Some(name) => {
                let message =
                    || format!("there is no array `{}` for the target; there is {}", clip(name), self.shown());
                Some(self.position(name.trim()).ok_or_else(|| self.bad(message()))?)
            }
            None => None,
        };
        let named = PAIRS.iter().find_map(|(x, y)| {
            let features = self.position(x)?;
            Some((features, labels.or_else(|| self.position(y))?))
        });
        let alone = || {
            let columns = (0..self.arrays.len()).filter(|i| self.arrays[*i].column().is_some());
            let labels = match (labels, &columns.collect::<Vec<_>>()[..]) {
                (Some(labels), _) => labels,
                (None, [only]) => *only,
                _ => return None,
            };
            match matrices(Some(labels))[..] {
                [features] => Some((features, labels)),
                _ => None,
            }
        };
        let Some((features, labels)) = named.or_else(alone) else {
            return Err(self.bad(format!(
                "a matrix X and a vector y are expected (numpy.savez(file, X=X, y=y)); there is {}",
                self.shown()
            )));
        };
        let (x, y) = (&self.arrays[features], &self.arrays[labels]);
        match (&x.shape[..], y.column()) {
            (&[rows, columns], Some(count)) if rows == count && rows > 0 && columns > 0 => Ok((features, labels)),
            _ => Err(self.bad(format!(
                "`{}` ({}) and `{}` ({}): n x d features and n labels are expected",
                clip(&x.name),
                shape_text(&x.shape),
                clip(&y.name),
                shape_text(&y.shape)
            ))),
        }
    }

    fn is_sparse(&self) -> bool {
        ["indptr", "indices", "data"].iter().all(|name| self.position(name).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use std::io::{Cursor, Write};

    fn array(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let length = (header.len() as u16).to_le_bytes();
        [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
    }

    fn doubles(values: &[f64]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// A zip archive, its second member deflated.
    fn archive(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let (mut file, mut list) = (Vec::new(), Vec::new());
        for (i, (name, bytes)) in arrays.iter().enumerate() {
            let name = format!("{name}.npy");
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(bytes).unwrap();
            let deflated = encoder.finish().unwrap();
            let (method, packed) = if i == 1 { (8u16, &deflated) } else { (0, bytes) };
            let sizes = [packed.len() as u32, bytes.len() as u32].map(u32::to_le_bytes).concat();
            let mut crc = flate2::Crc::new();
            crc.update(bytes);
            let (date, checksum) = ([0; 4], crc.sum().to_le_bytes());
            let fields = |offset: &[u8]| {
                [
                    &[20, 0, 0, 0][..],
                    &method.to_le_bytes(),
                    &date,
                    &checksum,
                    &sizes,
                    &(name.len() as u16).to_le_bytes(),
                    offset,
                ]
                .concat()
            };
            let offset = (file.len() as u32).to_le_bytes();
            list.extend([b"PK\x01\x02\x14\x00", &fields(&[0; 12])[..], &offset, name.as_bytes()].concat());
            file.extend([b"PK\x03\x04", &fields(&[0, 0])[..], name.as_bytes(), packed].concat());
        }
        let (size, offset) = (list.len() as u32, file.len() as u32);
        let count = (arrays.len() as u16).to_le_bytes();
        file.extend(list);
        file.extend(
            [b"PK\x05\x06\0\0\0\0", &count[..], &count, &size.to_le_bytes(), &offset.to_le_bytes(), b"\0\0"].concat(),
        );
        file
    }

    fn read(bytes: &[u8], target: Option<&str>) -> Result<Table, String> {
        super::read("`a.npz`", Cursor::new(bytes), target).map_err(|error| error.message)
    }

    #[test]
    fn features_and_target_by_name_or_by_shape() {
        let x = || array("<f8", "(2, 2)", &doubles(&[1.0, 2.0, 3.0, 4.0]));
        let words = || array("|S2", "(2,)", b"nojo");
        for names in [["X", "y"], ["data", "target"], ["a", "b"]] {
            let table = read(&archive(&[(names[0], x()), (names[1], words())]), None).unwrap();
            assert_eq!(table.features, Features::Dense(vec![1.0, 2.0, 3.0, 4.0]));
            assert_eq!((table.labels.texts().join(" ").as_str(), table.target.as_str()), ("no jo", names[1]));
        }
        let other = array("<f8", "(2, 1)", &doubles(&[5.0, 6.0]));
        let three = archive(&[("X", x()), ("y", words()), ("z", other)]);
        assert_eq!(read(&three, Some("z")).unwrap().labels.texts(), ["5", "6"]);
        assert!(read(&three, Some("q")).unwrap_err().contains("X (2 x 2)"));
    }

    #[test]
    fn errors_say_what_there_is() {
        let x = || array("<f8", "(2, 2)", &doubles(&[1.0, 2.0, 3.0, f64::NAN]));
        let y = |n: usize| array("<f8", &format!("({n},)"), &doubles(&vec![1.0; n]));
        assert!(read(b"x,y\n", None).unwrap_err().contains("no zip archive"));
        assert!(read(&archive(&[]), None).unwrap_err().contains("no array"));
        assert!(read(&archive(&[("X", x()), ("y", y(3))]), None).unwrap_err().contains("n x d features"));
        let message = read(&archive(&[("X", x()), ("y", y(2))]), None).unwrap_err();
        assert!(message.contains("member `X.npy`: row 1, column 1"), "{message}");
        assert!(read(&archive(&[("a", x()), ("b", x()), ("y", y(2))]), None).unwrap_err().contains("a matrix X"));
        let sparse = [("data", y(2)), ("indices", y(2)), ("indptr", y(3))];
        assert!(read(&archive(&sparse), None).unwrap_err().contains("dump_svmlight_file"));
        let good = archive(&[("X", x()), ("y", y(2))]);
        for end in 0..good.len() {
            assert!(read(&good[..end], None).is_err());
        }
        let object = archive(&[("X", x()), ("y", array("|O", "(2,)", b"pickled"))]);
        let message = read(&object, None).unwrap_err();
        assert!(message.contains("not read: member `y.npy`: entries of type `|O`"), "{message}");
    }

    #[test]
    fn a_damaged_member_is_refused() {
        let x = array("<f8", "(2, 2)", &doubles(&[1.0, 2.0, 3.0, 4.0]));
        let y = array("<f8", "(2,)", &doubles(&[0.0, 1.0]));
        let mut bytes = archive(&[("X", x.clone()), ("y", y)]);
        let three = bytes.windows(8).position(|window| window == 3f64.to_le_bytes()).expect("stored");
        assert!(read(&bytes, None).is_ok());
        bytes[three] ^= 1;
        let message = read(&bytes, None).unwrap_err();
        assert!(message.contains("member `X.npy`") && message.contains("checksum"), "{message}");
    }
}
