//! Files that NumPy, pandas and scikit-learn wrote (`data/write.py`) come back as they were; hostile ones get a message.

use shortfall::arguments::BadInput;
use shortfall::source::{DataSource, Features, Table, TableRequest};
use shortfall_lab::data::Library;
use std::path::{Path, PathBuf};

const X: [f64; 12] = [1.0 / 3.0, -2.5e-300, 0.0, 0.1, 5e-324, 7.0, -1e308, 1.5, 0.0, f64::EPSILON, -0.0, 123456789.125];
const WORDS: [&str; 4] = ["yes", "no", "yes", "très"];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn read(file: &Path, target: Option<&str>, delimiter: Option<char>) -> Result<Table, BadInput> {
    let data = file.to_str().expect("a path in UTF-8");
    Library::default().table(&TableRequest { data, target, delimiter })
}

fn table(name: &str) -> Table {
    read(&path(name), None, None).unwrap_or_else(|error| panic!("{error}"))
}

fn dense(table: &Table) -> Vec<f64> {
    match &table.features {
        Features::Dense(features) => features.clone(),
        Features::Sparse(matrix) => matrix.to_dense(table.columns.len()),
        Features::Stored(_) => panic!("these files are small"),
    }
}

#[test]
fn pandas() {
    for name in ["pandas.csv", "pandas.csv.gz", "pandas-semicolons.csv"] {
        let table = table(name);
        assert_eq!((dense(&table), table.labels.texts()), (X.to_vec(), WORDS.map(str::to_owned).to_vec()), "{name}");
        assert_eq!((table.columns.join("|").as_str(), table.target.as_str()), ("a|b, c|d \"e\"", "class"));
    }
    let spaces = read(&path("pandas-spaces.csv"), None, Some(' ')).unwrap();
    assert_eq!(dense(&spaces), X);
    let other = read(&path("pandas.csv"), Some("a"), None).unwrap_err().message;
    assert!(other.contains("line 2, column 4 (`class`): text (`yes`)"), "{other}");
}

#[test]
fn numpy() {
    for name in ["plain.npy", "fortran.npy", "big-endian.npy", "packed.npz", "unnamed.npz"] {
        let table = table(name);
        assert_eq!((dense(&table), table.labels.texts().join(" ").as_str()), (X.to_vec(), "1 0 1 1"), "{name}");
    }
    assert_eq!(table("words.npz").labels.texts(), WORDS);
    assert_eq!(dense(&table("single.npy")), [0.5, -1.25, 2.0, f64::from(1e-3f32)]);
    assert_eq!(dense(&table("half.npy")), [0.5, -1.25, 2.0, 2f64.powi(-24)]);
    assert_eq!(dense(&table("integers.npy")), [1.0, -2.0, 1_099_511_627_776.0, 5.0]);
    let matrix = Library::default().matrix(path("Q.npy").to_str().unwrap()).unwrap();
    assert_eq!((matrix.rows, matrix.columns, matrix.entries), (2, 2, vec![2.0, 0.5, 0.5, 1.0]));
    let vector = Library::default().matrix(path("b.npy").to_str().unwrap()).unwrap();
    assert_eq!((vector.rows, vector.columns, vector.entries), (2, 1, vec![-1.0, 0.25]));
}

#[cfg(feature = "parquet")]
#[test]
fn parquet() {
    let pandas = table("pandas.parquet");
    assert_eq!((dense(&pandas), pandas.labels.texts()), (X.to_vec(), WORDS.map(str::to_owned).to_vec()));
    assert_eq!((pandas.columns.join("|").as_str(), pandas.target.as_str()), ("a|b, c|d \"e\"", "class"));
    let integers = table("integers.parquet");
    assert_eq!((dense(&integers), integers.labels.texts().join(" ")), (vec![1.0, 2.0, 3.0], "1 0 1".to_owned()));
    let message = read(&path("holes.parquet"), None, None).unwrap_err().message;
    assert!(message.contains("row 2, column `a`: missing value"), "{message}");
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(path("pandas.parquet")).unwrap();
    for end in (0..whole.len()).step_by(7) {
        let file = folder.path().join("cut.parquet");
        std::fs::write(&file, &whole[..end]).unwrap();
        assert!(read(&file, None, None).is_err());
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn parquet_is_a_feature() {
    assert!(read(&path("pandas.parquet"), None, None).unwrap_err().message.contains("--features parquet"));
}

#[test]
fn scikit_learn() {
    for (name, first) in [("zero-based.svm", "0"), ("one-based.libsvm", "1")] {
        let table = table(name);
        // Zeros are not written, nor are their signs.
        assert_eq!(dense(&table), X.map(|x| x + 0.0), "{name}");
        assert!(matches!(table.features, Features::Sparse(_)));
        assert_eq!((table.columns[0].as_str(), table.labels.texts().join(" ").as_str()), (first, "1 0 1 1"));
    }
}

#[test]
fn hostile_files() {
    let folder = tempfile::tempdir().unwrap();
    let message = |name: &str, bytes: &[u8]| {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        let message = read(&file, None, None).expect_err(name).message;
        assert!(message.contains(name) && !message.contains('\n'), "{message}");
        message
    };
    let plain = std::fs::read(path("plain.npy")).unwrap();
    assert!(message("cut.npy", &plain[..plain.len() - 9]).contains("119 bytes follow"));
    assert!(message("long.npy", &[&plain[..], &[0]].concat()).contains("129 bytes follow"));
    assert!(message("complex.npy", &std::fs::read(path("complex.npy")).unwrap()).contains("`<c16`"));
    let mut infinite = plain.clone();
    let at = infinite.len() - 16;
    infinite[at..at + 8].copy_from_slice(&f64::INFINITY.to_le_bytes());
    assert!(message("infinite.npy", &infinite).contains("row 3, column 2 (from 0): inf"));
    assert!(message("a.svm", b"1 1:1\n-1 9223372036854775808:1\n").contains("line 2: index 9223372036854775808"));
    assert!(message("b.svm", b"1 1:1e400\n").contains("line 1"));
    assert!(message("b.csv", b"a,y\n1e400,1\n").contains("line 2, column 1 (`a`): `1e400` is beyond"));
    assert!(message("c.csv", b"a,y\n\"1,1\n").contains("line 2: the quote that opens here"));
    assert!(message("d.csv", b"a,y\n\0,1\n").contains("binary"));
    assert!(message("long.csv", &[&b"a,y\n"[..], &b"7".repeat(10_000_000), b",1\n"].concat()).contains("line 2"));
    let packed = std::fs::read(path("pandas.csv.gz")).unwrap();
    assert!(message("cut.csv.gz", &packed[..packed.len() / 2]).contains("cut off after"));
    assert!(message("plain.csv.gz", b"a,y\n1,2\n").contains("gzip"));
    #[cfg(unix)]
    {
        let device = folder.path().join("zero.csv");
        std::os::unix::fs::symlink("/dev/zero", &device).unwrap();
        assert!(read(&device, None, None).unwrap_err().message.contains("a pipe or a device"));
    }
    let npz = std::fs::read(path("packed.npz")).unwrap();
    assert!(message("cut.npz", &npz[..npz.len() - 30]).contains("zip archive"));
}

/// A thousand million zeros, packed to a thousandth.
#[test]
fn a_bomb() {
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bomb.svm.gz");
    let mut encoder = GzEncoder::new(std::fs::File::create(&file).unwrap(), Compression::best());
    let line = [b"1 1:".to_vec(), b"0".repeat(1 << 20), b"\n".to_vec()].concat();
    (0..400).for_each(|_| encoder.write_all(&line).unwrap());
    encoder.finish().unwrap();
    let message = read(&file, None, None).unwrap_err().message;
    assert!(message.contains("refused") && message.contains("line 2"), "{message}");
}
