//! From a table to a design: standardised columns, an intercept, and the target as written.

use super::Design;
use crate::arguments::{Arguments, BadInput, Value};
use crate::kernel::Scales;
use crate::source::{Budget, DataSource, Features, Labels, SparseMatrix, TableRequest};
use std::sync::Arc;

/// What a selector of a problem on a table says, read.
pub(crate) struct Dataset {
    pub(crate) design: Design,
    /// The name of the data, as in the selector.
    pub(crate) data: String,
    /// Name of the target column.
    pub(crate) target: String,
    /// The target, one per row.
    labels: Labels,
    pub(crate) ridge: f64,
    pub(crate) budget: Arc<dyn Budget>,
}

/// Entries up to which a sparse table is stored with its zeros: less than a copy of it would cost to avoid.
const SMALL: usize = 1 << 20;

impl Dataset {
    /// From the arguments `data`, `target`, `delimiter`, `ridge`, `intercept` and `standardize`.
    pub(crate) fn read(arguments: &Arguments, source: &dyn DataSource) -> Result<Self, BadInput> {
        let ridge = arguments.non_negative("ridge")?;
        let (standardize, intercept) = (arguments.bool("standardize")?, arguments.bool("intercept")?);
        let target = match arguments.get("target") {
            None => None,
            // Columns of NPY files are named by their numbers.
            Some(Value::Number { text, .. }) => Some(text.as_str()),
            Some(_) => Some(arguments.text("target")?),
        };
        let delimiter = arguments.character("delimiter")?;
        let data = arguments.text("data")?.to_owned();
        let table = source.table(&TableRequest { data: &data, target, delimiter })?;
        let (rows, columns) = (table.rows(), table.columns.len());
        if columns == 0 || rows == 0 {
            let message = format_args!("{data:?}: at least one row and one feature are expected");
            return Err(arguments.bad("data", message));
        }
        let design = match table.features {
            Features::Sparse(matrix) if stays_sparse(&matrix, columns) => {
                sparse_design(columns, matrix, standardize, intercept)
            }
            Features::Sparse(matrix) => dense_design(columns, matrix.to_dense(columns), standardize, intercept),
            Features::Stored(rows) => {
                Design::read_from(columns, rows, standardize, intercept, source.budget().as_ref())
                    .ok_or_else(|| arguments.bad("data", format_args!("{data:?}: stopped while standardising")))?
            }
            Features::Dense(features) => dense_design(columns, features, standardize, intercept),
        };
        Ok(Self { design, data, target: table.target, labels: table.labels, ridge, budget: source.budget() })
    }

    /// An error about the target.
    pub(crate) fn bad(&self, arguments: &Arguments, message: &str) -> BadInput {
        arguments.bad("data", format_args!("{:?}: {message}", self.data))
    }

    /// The target, not to be kept a second time.
    pub(crate) fn take_labels(&mut self) -> Labels {
        std::mem::replace(&mut self.labels, Labels::Numbers(Vec::new()))
    }

    /// The target as finite numbers.
    pub(crate) fn take_numbers(&mut self) -> Result<Vec<f64>, String> {
        self.take_labels().into_numbers().map_err(|(row, text)| {
            format!(
                "row {} of the data, target column `{}`: {text:?} is not a finite number, which regression needs",
                row + 1,
                self.target
            )
        })
    }
}

/// Whether a matrix is large and mostly zeros: storing an entry takes 12 bytes, or 8 with all zeros.
fn stays_sparse(matrix: &SparseMatrix, columns: usize) -> bool {
    let entries = matrix.count().saturating_mul(columns);
    entries > SMALL && matrix.stored() < entries / 3
}

fn dense_design(columns: usize, mut features: Vec<f64>, standardize: bool, intercept: bool) -> Design {
    if standardize {
        standardize_columns(columns, &mut features);
    }
    Design::dense(columns, features, intercept)
}

fn sparse_design(columns: usize, mut matrix: SparseMatrix, standardize: bool, intercept: bool) -> Design {
    let centre = standardize.then(|| scale_columns(columns, &mut matrix));
    Design::sparse(columns, matrix, centre, intercept)
}

/// Columns to population variance 1, constant ones to 0; returns what is to be taken from them to make their means 0.
/// From columns more than half full it is taken here: there the difference of large numbers would be left to every product.
fn scale_columns(columns: usize, matrix: &mut SparseMatrix) -> Vec<f64> {
    let n = matrix.count() as f64;
    let mut statistics = vec![Column::default(); columns];
    for (column, x) in matrix.entries() {
        statistics[column as usize].see(x);
    }
    for (column, x) in matrix.entries() {
        let column = &mut statistics[column as usize];
        column.mean += x / column.largest / n;
    }
    for column in &mut statistics {
        column.square = (n - column.stored as f64) * column.mean * column.mean;
    }
    for (column, x) in matrix.entries() {
        let column = &mut statistics[column as usize];
        column.square += (x / column.largest - column.mean).powi(2);
    }
    for column in &mut statistics {
        column.deviation = (column.square / n).sqrt();
        column.constant |= column.deviation == 0.0;
    }
    let full: Vec<u32> = (0..columns as u32)
        .filter(|j| {
            let column = &statistics[*j as usize];
            !column.is_constant(n) && column.stored as f64 > n / 2.0
        })
        .collect();
    if full.iter().any(|j| (statistics[*j as usize].stored as f64) < n) {
        matrix.fill(&full);
    }
    for (j, x) in matrix.entries_mut() {
        let column = &statistics[j as usize];
        let centre = if full.binary_search(&j).is_ok() { column.mean } else { 0.0 };
        *x = if column.is_constant(n) { 0.0 } else { (*x / column.largest - centre) / column.deviation };
    }
    let centre = |(j, column): (usize, &Column)| {
        let stored = full.binary_search(&(j as u32)).is_ok() || column.is_constant(n);
        if stored { 0.0 } else { column.mean / column.deviation }
    };
    statistics.iter().enumerate().map(centre).collect()
}

/// A column of a sparse matrix, at the scale of its largest entry so that nothing overflows.
#[derive(Clone, Default)]
struct Column {
    stored: usize,
    largest: f64,
    first: f64,
    differs: bool,
    constant: bool,
    mean: f64,
    square: f64,
    deviation: f64,
}

impl Column {
    fn see(&mut self, x: f64) {
        if self.stored == 0 {
            self.first = x;
        }
        self.differs |= x != self.first;
        self.stored += 1;
        self.largest = self.largest.max(x.abs());
    }

    fn is_constant(&self, n: f64) -> bool {
        self.constant || self.largest == 0.0 || (!self.differs && self.stored as f64 == n)
    }
}

/// Columns to mean 0 and population variance 1; constant columns to 0.
fn standardize_columns(columns: usize, features: &mut [f64]) {
    if columns == 0 {
        return;
    }
    let scales = Scales::of(columns, features.len() / columns, |_, see| {
        features.chunks_exact(columns).for_each(see);
        Some(())
    });
    if let Some(scales) = scales {
        features.chunks_exact_mut(columns).for_each(|row| scales.apply(row));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::kernel::Elsewhere;
    use crate::source::{Matrix, NoData, Table, Unlimited};

    /// Hands over one table.
    pub(crate) struct One(pub(crate) Table);

    impl DataSource for One {
        fn table(&self, _: &TableRequest) -> Result<Table, BadInput> {
            Ok(self.0.clone())
        }

        fn matrix(&self, path: &str) -> Result<Matrix, BadInput> {
            NoData.matrix(path)
        }
    }

    /// A table of one feature with these labels.
    pub(crate) fn labelled(labels: &[&str]) -> One {
        One(Table {
            columns: vec!["a".into()],
            features: Features::Dense((0..labels.len()).map(|i| i as f64).collect()),
            target: "y".into(),
            labels: Labels::of(labels),
        })
    }

    /// The arguments of any of the problems.
    pub(crate) fn arguments(owner: &str) -> Arguments {
        Arguments::of(owner)
            .with("data", Value::Text("some".into()))
            .with("ridge", Value::number(0.1))
            .with("intercept", Value::Bool(true))
            .with("standardize", Value::Bool(true))
    }

    #[test]
    fn standardized_columns_have_mean_zero_and_variance_one() {
        let mut features = vec![1.0, 7.0, 1e308, 2.0, 7.0, -1e308, 6.0, 7.0, 5e307];
        standardize_columns(3, &mut features);
        for j in 0..3 {
            let column: Vec<f64> = features.iter().skip(j).step_by(3).copied().collect();
            let mean = column.iter().sum::<f64>() / 3.0;
            let variance = column.iter().map(|x| x * x).sum::<f64>() / 3.0;
            let wanted = if j == 1 { 0.0 } else { 1.0 };
            assert!(mean.abs() < 1e-15 && (variance - wanted).abs() < 1e-14, "{j}: {mean} {variance}");
        }
    }

    #[test]
    fn rows_standardised_on_the_way_are_those_standardised_in_memory() {
        for (rows, columns) in [(1, 2), (40, 3), (700, 9)] {
            let entry = |k: usize| match k % columns {
                0 => 7.0,
                1 => {
                    if k.is_multiple_of(2) {
                        1e308
                    } else {
                        -3e307
                    }
                }
                j => (k as f64 * 0.77).sin() * 10f64.powi(j as i32 * 9 - 20) + j as f64,
            };
            let entries: Vec<f64> = (0..rows * columns).map(entry).collect();
            for (standardize, intercept) in [(true, true), (true, false), (false, true)] {
                let held = dense_design(columns, entries.clone(), standardize, intercept);
                let source = Arc::new(Elsewhere { columns, entries: entries.clone() });
                let read =
                    Design::read_from(columns, source, standardize, intercept, &Unlimited).expect("never stopped");
                let written = |design: &Design| {
                    let mut block = vec![f64::NAN; rows * design.columns()];
                    design.write_rows(0, rows, &mut block);
                    block.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
                };
                assert_eq!(written(&held), written(&read), "{rows} {columns} {standardize} {intercept}");
            }
        }
    }

    /// Columns mostly zero, one constant, one all zero, one of huge numbers.
    fn sparse_features() -> (usize, usize, Vec<f64>) {
        let (rows, columns) = (300, 7);
        let entry = |i: usize, j: usize| match j {
            0 => 2.5,
            1 => 0.0,
            6 => {
                if i % 9 == 1 {
                    0.0
                } else {
                    1e6 + (i as f64).cos()
                }
            }
            2 => {
                if i.is_multiple_of(50) {
                    1e308
                } else {
                    0.0
                }
            }
            _ => {
                if (i * j + i / 3).is_multiple_of(7) {
                    1.0 + (i as f64).sin()
                } else {
                    0.0
                }
            }
        };
        (rows, columns, (0..rows * columns).map(|k| entry(k / columns, k % columns)).collect())
    }

    #[test]
    fn centred_sparse_rows_are_the_dense_ones() {
        let (rows, columns, features) = sparse_features();
        for (standardize, intercept) in [(true, true), (true, false), (false, true), (false, false)] {
            let mut scaled = features.clone();
            if !standardize {
                scaled.iter_mut().for_each(|x| *x = x.min(9.0));
            }
            let mut matrix = SparseMatrix::new();
            for row in scaled.chunks(columns) {
                row.iter().enumerate().filter(|(_, x)| **x != 0.0).for_each(|(j, x)| matrix.push(j as u32, *x));
                matrix.end_row();
            }
            let sparse = sparse_design(columns, matrix, standardize, intercept);
            let dense = dense_design(columns, scaled, standardize, intercept);
            let d = columns + usize::from(intercept);
            assert_eq!((sparse.count(), sparse.columns(), dense.columns()), (rows, d, d));
            let written = |design: &Design| {
                let mut block = vec![0.0; rows * d];
                design.write_rows(0, rows, &mut block);
                block
            };
            let (a, b) = (written(&sparse), written(&dense));
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-13), "{standardize} {intercept}");
            let w: Vec<f64> = (0..2 * d).map(|j| (j as f64 * 0.7).cos()).collect();
            let (a, b) = (sparse.embed(&w, 2), dense.embed(&w, 2));
            let mut sums = [vec![0.0; sparse.rows().stride()], vec![0.0; dense.rows().stride()]];
            for i in 0..rows {
                let (a, b) = (&a[sparse.rows().stride()..], &b[dense.rows().stride()..]);
                assert!((sparse.rows().dot(i, a) - dense.rows().dot(i, b)).abs() < 1e-13);
                let weight = (i as f64).sin();
                sparse.rows().add_scaled(i, weight, &mut sums[0]);
                dense.rows().add_scaled(i, weight, &mut sums[1]);
            }
            sparse.centre(&mut sums[0]);
            dense.centre(&mut sums[1]);
            assert!((0..d).all(|j| (sums[0][j] - sums[1][j]).abs() < 1e-11));
            for i in 0..rows {
                let (a, b) = (sparse.square(i), dense.square(i));
                assert!((a.value - b.value).abs() <= a.error + b.error, "{i}");
                assert!(a.size * a.size >= b.value * (1.0 - 1e-12));
            }
            let (a, b) = (sparse.column_squares(), dense.column_squares());
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-12));
        }
    }

    #[test]
    fn a_target_that_is_no_number_is_named_with_its_row_and_column() {
        let read = |labels: &[&str]| Dataset::read(&arguments("x"), &labelled(labels)).unwrap().take_numbers();
        assert_eq!(read(&["1", "-2.5e3"]), Ok(vec![1.0, -2500.0]));
        for wrong in ["red", "NaN", "inf", "1e999", ""] {
            let message = read(&["1", wrong]).unwrap_err();
            assert!(message.contains("row 2") && message.contains("`y`") && message.contains(wrong), "{message}");
        }
        assert!(Dataset::read(&arguments("x"), &labelled(&[])).err().unwrap().message.contains("at least one row"));
    }
}
