//! Where a problem's data come from: the bundled files by name, and the user's own by path.
//!
//! Nothing is imputed, encoded or dropped: a file that is not a table of finite numbers with one target column is
//! refused, with the line and column.

mod bundled;
mod csv;
mod npy;
mod svmlight;

pub use bundled::{BUNDLED, Bundled};

use crate::selector::{clip, list, suggestion};
use shortfall::arguments::BadInput;
use shortfall::source::{DataSource, Table};
use std::path::Path;

/// The data source of the laboratory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Library;

/// Formats that are read, by extension.
const READ: &str = "CSV (.csv), NPY (.npy) and SVMlight text (.svm, .libsvm) are read";

impl DataSource for Library {
    /// A bundled name, or a path if it contains `/` or `.`.
    fn table(&self, name: &str, target: Option<&str>) -> Result<Table, BadInput> {
        if name.contains(['/', '.']) {
            return read_path(name, target);
        }
        let names = || BUNDLED.iter().map(|bundled| bundled.name);
        match BUNDLED.iter().find(|bundled| bundled.name == name) {
            Some(bundled) => bundled.table(target),
            None => Err(BadInput::new(format!(
                "there are no bundled data `{}`{}; there is {}; the path of a file contains `/` or `.`, as in `./{}.csv`",
                clip(name),
                suggestion(name, names()),
                list(names()),
                clip(if name.is_empty() { "mine" } else { name }),
            ))),
        }
    }
}

fn read_path(name: &str, target: Option<&str>) -> Result<Table, BadInput> {
    let shown = format!("`{}`", clip(name));
    let bad = |message: String| Err(BadInput::new(format!("{shown}: {message}")));
    let path = Path::new(name);
    if path.is_dir() {
        return bad(format!("this is a directory, a file is expected; {READ}"));
    }
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let read = match extension.to_ascii_lowercase().as_str() {
        "csv" => csv::read,
        "npy" => npy::read,
        "svm" | "libsvm" => svmlight::read,
        "" => return bad(format!("a file without an extension; {READ}")),
        _ => return bad(format!("files of type `.{}` are not read; {READ}", clip(extension))),
    };
    match std::fs::read(path) {
        Ok(bytes) => read(&shown, &bytes, target),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => bad("there is no such file".to_owned()),
        Err(error) => bad(format!("the file cannot be read: {error}")),
    }
}

/// One spelling for each number, so that `1` and `1.0` are one class.
fn canonical(value: f64) -> String {
    // Adding 0 turns -0 into 0.
    let value = value + 0.0;
    if value != 0.0 && !(1e-5..1e17).contains(&value.abs()) { format!("{value:e}") } else { format!("{value}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(name: &str) -> String {
        Library.table(name, None).unwrap_err().message
    }

    #[test]
    fn breast_cancer() {
        let table = Library.table("breast-cancer", None).unwrap();
        assert_eq!((table.rows(), table.columns.len(), table.features.len()), (569, 30, 569 * 30));
        assert_eq!(table.target, "diagnosis");
        let count = |word: &str| table.labels.iter().filter(|label| *label == word).count();
        assert_eq!((count("benign"), count("malignant")), (357, 212));
        assert_eq!((table.columns[0].as_str(), table.columns[29].as_str()), ("mean radius", "worst fractal dimension"));
        assert_eq!((table.features[0], table.features[29], table.features[30]), (17.99, 0.1189, 20.57));
        assert_eq!((table.labels[0].as_str(), table.labels[568].as_str()), ("malignant", "benign"));
        assert_eq!(table.features[569 * 30 - 1], 0.07039);
        let features = Library.table("breast-cancer", Some("mean radius")).unwrap_err().message;
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
        for name in ["a.parquet", "a.txt", "a", "a.csv.gz"] {
            std::fs::write(path(name), "x,y\n1,2\n").unwrap();
            assert!(error(&path(name)).contains("CSV (.csv), NPY"), "{name}");
        }
        std::fs::write(path("a.CSV"), "x,y\n1,2\n").unwrap();
        assert_eq!(Library.table(&path("a.CSV"), None).unwrap().features, [1.0]);
        std::fs::write(path("b.csv"), "x,y\n?,2\n").unwrap();
        let message = error(&path("b.csv"));
        assert!(message.contains("b.csv`, line 2, column 1 (`x`): missing value"), "{message}");
        assert!(error("a\0.csv").contains("cannot be read"));
    }
}
