//! Where a problem's data come from: the bundled files by name, and the user's own by path.
//!
//! Nothing is imputed, encoded or dropped: a file that is not a table of finite numbers with one target column is
//! refused, with the line and column.

mod bundled;
mod csv;
#[cfg(test)]
mod fuzz;
mod input;
mod memory;
mod npy;
mod npz;
#[cfg(feature = "parquet")]
mod parquet;
mod stored;
mod svmlight;
mod zip;

pub use bundled::{BUNDLED, Bundled};
pub(crate) use memory::check as check_memory;
pub use memory::parse_memory;

use crate::words::{clip, list, suggestion};
use input::{Unpacked, Watched};
use shortfall::arguments::BadInput;
use shortfall::source::{Budget, DataSource, Matrix, Table, TableRequest, Unlimited};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use stored::Watch;

/// The data source of the laboratory.
#[derive(Clone, Debug)]
pub struct Library {
    budget: Arc<dyn Budget>,
    /// Bytes a table may take; what is free if `None`.
    memory: Option<u64>,
    watch: Arc<Watch>,
}

impl Library {
    /// With a limit to the work on what is read, and to the memory for a table in bytes: an NPY file that would take more stays where it
    /// is and is read again at every pass. Without a limit three quarters of what is free are for the table.
    pub fn with(budget: Arc<dyn Budget>, memory: Option<u64>) -> Self {
        Self { budget, memory, watch: Arc::default() }
    }

    /// An error if rows that stayed in their file could not be read any more, or the file was changed: then nothing found out
    /// about them counts.
    pub fn check(&self) -> Result<(), BadInput> {
        self.watch.trouble().map_or(Ok(()), |message| Err(BadInput::new(message)))
    }
}

impl Default for Library {
    fn default() -> Self {
        Self::with(Arc::new(Unlimited), None)
    }
}

/// Formats that are read, by extension.
const READ: &str = "CSV (.csv, .tsv), NPY (.npy), NPZ (.npz) and SVMlight text (.svm, .svmlight, .libsvm) are read, all but NPZ \
                    packed by gzip too (.csv.gz and so on)";

impl DataSource for Library {
    /// A bundled name, or a path if it contains `/` or `.`.
    fn table(&self, request: &TableRequest) -> Result<Table, BadInput> {
        let name = request.data;
        if name.contains(['/', '.']) {
            return self.read_path(request);
        }
        let names = || BUNDLED.iter().map(|bundled| bundled.name);
        match BUNDLED.iter().find(|bundled| bundled.name == name) {
            Some(bundled) => bundled.table(request.target),
            None => Err(BadInput::new(format!(
                "there are no bundled data `{}`{}; there is {}; the path of a file contains `/` or `.`, as in `./{}.csv`",
                clip(name),
                suggestion(name, names()),
                list(names()),
                clip(if name.is_empty() { "mine" } else { name }),
            ))),
        }
    }

    fn matrix(&self, path: &str) -> Result<Matrix, BadInput> {
        let file = self.open(path)?;
        if file.format != "npy" {
            return Err(BadInput::new(format!("{}: a matrix or a vector is read from NPY files (.npy)", file.shown)));
        }
        file.with_array(npy::read_matrix)
    }

    fn budget(&self) -> Arc<dyn Budget> {
        Arc::clone(&self.budget)
    }
}

impl Library {
    fn read_path(&self, request: &TableRequest) -> Result<Table, BadInput> {
        let (file, target) = (self.open(request.data)?, request.target);
        if file.format != "csv" && request.delimiter.is_some() {
            return Err(BadInput::new(format!("{}: `delimiter` is for CSV files", file.shown)));
        }
        match file.format.as_str() {
            "csv" => csv::read(&file.shown.clone(), file.stream(), target, request.delimiter),
            "npy" => self.read_npy(file, target),
            "npz" => npz::read(&file.shown, file.file, target),
            #[cfg(feature = "parquet")]
            "parquet" => parquet::read(&file.shown, file.file, target, file.budget),
            _ => svmlight::read(&file.shown.clone(), BufReader::with_capacity(1 << 18, file.stream()), target),
        }
    }

    fn read_npy(&self, file: Opened, target: Option<&str>) -> Result<Table, BadInput> {
        let memory = self.memory.unwrap_or_else(|| memory::free() / 4 * 3);
        // Packed bytes cannot be read again from the middle.
        let again = if file.packed { None } else { file.file.try_clone().ok() };
        file.with_array(|array| match again {
            Some(file) if npy::stays_stored(&array, memory) => {
                if let Ok(watched) = file.try_clone() {
                    self.watch.keep(watched, array.source);
                }
                npy::store(array, target, file, Arc::clone(&self.watch))
            }
            _ => npy::read(array, target),
        })
    }

    fn open(&self, name: &str) -> Result<Opened<'_>, BadInput> {
        let shown = format!("`{}`", clip(name));
        let bad = |message: String| Err(BadInput::new(format!("{shown}: {message}")));
        let path = Path::new(name);
        if path.is_dir() {
            return bad(format!("this is a directory, a file is expected; {READ}"));
        }
        // Opening a pipe would wait for its writer, a device may never end.
        if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            return bad("a pipe or a device, a file is expected".to_owned());
        }
        let lower = name.to_ascii_lowercase();
        let (plain, packed) = lower.strip_suffix(".gz").map_or((lower.as_str(), false), |plain| (plain, true));
        let extension = Path::new(plain).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let format = match extension {
            "csv" | "tsv" => "csv",
            "npy" => extension,
            "npz" if !packed => extension,
            "npz" => return bad("an NPZ file is packed already: unpack the gzip around it".to_owned()),
            "parquet" if !packed && cfg!(feature = "parquet") => extension,
            "parquet" => {
                return bad("Parquet is read by a program that is built with `--features parquet`, unpacked".to_owned());
            }
            "svm" | "svmlight" | "libsvm" => "svm",
            "" if packed => {
                return bad("what is packed? `.gz` is expected after the type, as in `mine.csv.gz`".to_owned());
            }
            "" => return bad(format!("a file without an extension; {READ}")),
            _ => return bad(format!("files of type `.{}` are not read; {READ}", clip(extension))),
        };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return bad("there is no such file".to_owned());
            }
            Err(error) => return bad(format!("the file cannot be read: {error}")),
        };
        let length = match file.metadata() {
            Ok(metadata) => metadata.len(),
            Err(error) => return bad(format!("the file cannot be read: {error}")),
        };
        Ok(Opened { format: format.to_owned(), shown, file, packed, length, budget: self.budget.as_ref() })
    }
}

/// A file that is about to be read.
struct Opened<'a> {
    /// csv, npy, npz or svm.
    format: String,
    /// Its name in messages.
    shown: String,
    file: File,
    packed: bool,
    length: u64,
    budget: &'a dyn Budget,
}

impl<'a> Opened<'a> {
    fn stream(self) -> Box<dyn Read + 'a> {
        let watched = Watched::new(self.file, self.length, self.budget);
        if self.packed { Box::new(Unpacked::new(watched)) } else { Box::new(watched) }
    }

    fn bytes(self) -> Result<Vec<u8>, BadInput> {
        let mut bytes = Vec::with_capacity(if self.packed { 0 } else { self.length as usize });
        let shown = self.shown.clone();
        let read = self.stream().read_to_end(&mut bytes);
        read.map_err(|error| BadInput::new(format!("{shown}: the file cannot be read: {error}")))?;
        Ok(bytes)
    }

    fn with_array<T>(self, then: impl FnOnce(npy::Array) -> Result<T, BadInput>) -> Result<T, BadInput> {
        let shown = self.shown.clone();
        if self.packed {
            let bytes = self.bytes()?;
            let length = bytes.len() as u64;
            return then(npy::Array::open(&shown, &mut &bytes[..], length)?);
        }
        let length = self.length;
        then(npy::Array::open(&shown, &mut self.stream(), length)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shortfall::source::Features;

    fn table(data: &str, target: Option<&str>) -> Result<Table, BadInput> {
        Library::default().table(&TableRequest { data, target, delimiter: None })
    }

    fn dense(table: &Table) -> &[f64] {
        match &table.features {
            Features::Dense(features) => features,
            _ => panic!("a dense table"),
        }
    }

    fn error(name: &str) -> String {
        table(name, None).unwrap_err().message
    }

    #[test]
    fn breast_cancer() {
        let cancer = table("breast-cancer", None).unwrap();
        assert_eq!((cancer.rows(), cancer.columns.len(), dense(&cancer).len()), (569, 30, 569 * 30));
        assert_eq!(cancer.target, "diagnosis");
        let count = |word: &str| cancer.labels.texts().iter().filter(|label| *label == word).count();
        assert_eq!((count("benign"), count("malignant")), (357, 212));
        assert_eq!(
            (cancer.columns[0].as_str(), cancer.columns[29].as_str()),
            ("mean radius", "worst fractal dimension")
        );
        assert_eq!((dense(&cancer)[0], dense(&cancer)[29], dense(&cancer)[30]), (17.99, 0.1189, 20.57));
        assert_eq!((cancer.labels.text(0).as_str(), cancer.labels.text(568).as_str()), ("malignant", "benign"));
        assert_eq!(dense(&cancer)[569 * 30 - 1], 0.07039);
        let features = table("breast-cancer", Some("mean radius")).unwrap_err().message;
        assert!(features.contains("`diagnosis`") && features.contains("line 2, column 31"), "{features}");
    }

    #[test]
    fn names_and_paths() {
        let message = error("breast-cancr");
        assert!(
            message.contains("did you mean `breast-cancer`") && message.contains("./breast-cancr.csv"),
            "{message}"
        );
        assert!(error("").contains("there is breast-cancer"));
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        assert!(error(folder.path().to_str().unwrap()).contains("a directory"));
        assert!(error(&path("none.csv")).contains("no such file"));
        std::fs::create_dir(path("folder.csv")).unwrap();
        assert!(error(&path("folder.csv")).contains("a directory"));
        for name in ["a.txt", "a"] {
            std::fs::write(path(name), "x,y\n1,2\n").unwrap();
            assert!(error(&path(name)).contains("CSV (.csv, .tsv), NPY"), "{name}");
        }
        for (name, wanted) in
            [("a.npz.gz", "packed already"), ("a.gz", "as in `mine.csv.gz`"), ("b.csv.gz", "no gzip file")]
        {
            std::fs::write(path(name), "x,y\n1,2\n3,4\n5,6\n").unwrap();
            assert!(error(&path(name)).contains(wanted), "{}", error(&path(name)));
        }
        std::fs::write(path("a.tsv"), "x\ty\n1,5\t2\n").unwrap();
        assert!(error(&path("a.tsv")).contains("decimal comma"), "{}", error(&path("a.tsv")));
        std::fs::write(path("a.CSV"), "x,y\n1,2\n").unwrap();
        assert_eq!(dense(&table(&path("a.CSV"), None).unwrap()), [1.0]);
        std::fs::write(path("b.csv"), "x,y\n?,2\n").unwrap();
        let message = error(&path("b.csv"));
        assert!(message.contains("b.csv`, line 2, column 1 (`x`): missing value"), "{message}");
        assert!(error("a\0.csv").contains("cannot be read"));
    }
}
