//! From a table to a design matrix: standardised columns, an intercept.

use crate::arguments::{Arguments, BadInput};
use crate::kernel::dot;
use crate::source::{DataSource, Features, Labels, TableRequest};

/// Features as a problem uses them, with the target as written.
#[derive(Debug)]
pub(crate) struct Design {
    /// Columns, the intercept included.
    pub(crate) columns: usize,
    /// Row-major.
    pub(crate) features: Vec<f64>,
    /// The name of the data, as in the selector.
    pub(crate) data: String,
    /// Name of the target column.
    pub(crate) target: String,
    /// The target, one per row.
    pub(crate) labels: Labels,
    pub(crate) ridge: f64,
}

impl Design {
    /// From the arguments `data`, `target`, `ridge`, `intercept` and `standardize`.
    pub(crate) fn read(arguments: &Arguments, source: &dyn DataSource) -> Result<Self, BadInput> {
        let ridge = arguments.non_negative("ridge")?;
        let (standardize, intercept) = (arguments.bool("standardize")?, arguments.bool("intercept")?);
        let target = arguments.get("target").map(|_| arguments.text("target")).transpose()?;
        let data = arguments.text("data")?.to_owned();
        let delimiter = arguments.character("delimiter")?;
        let table = source.table(&TableRequest { data: &data, target, delimiter })?;
        let columns = table.columns.len();
        let mut features = match table.features {
            Features::Dense(features) => features,
            Features::Sparse(features) => features.to_dense(columns),
        };
        if columns == 0 || table.labels.count() == 0 {
            let message = format_args!("{data:?}: at least one row and one feature are expected");
            return Err(arguments.bad("data", message));
        }
        if standardize {
            standardize_columns(columns, &mut features);
        }
        let (columns, features) = if intercept { with_ones(columns, &features) } else { (columns, features) };
        Ok(Self { columns, features, data, target: table.target, labels: table.labels, ridge })
    }

    /// An error about the target.
    pub(crate) fn bad(&self, arguments: &Arguments, message: &str) -> BadInput {
        arguments.bad("data", format_args!("{:?}: {message}", self.data))
    }

    /// The target as finite numbers.
    pub(crate) fn numbers(&self) -> Result<Vec<f64>, String> {
        self.labels.numbers().map_err(|row| {
            format!(
                "row {} of the data, target column `{}`: {:?} is not a finite number, which regression needs",
                row + 1,
                self.target,
                self.labels.text(row)
            )
        })
    }
}

/// Columns to mean 0 and population variance 1; constant columns to 0. Works at the scale of each column's largest
/// entry, so that no finite table overflows.
fn standardize_columns(columns: usize, features: &mut [f64]) {
    for j in 0..columns {
        let mut column: Vec<f64> = features.iter().skip(j).step_by(columns).copied().collect();
        let largest = crate::kernel::max_abs(&column);
        let constant = column.iter().all(|x| *x == column[0]);
        if !constant {
            column.iter_mut().for_each(|x| *x /= largest);
            let n = column.len() as f64;
            let mean = crate::kernel::sum(&column) / n;
            column.iter_mut().for_each(|x| *x -= mean);
            let deviation = (dot(&column, &column) / n).sqrt();
            column.iter_mut().for_each(|x| *x /= deviation);
        }
        for (i, x) in column.into_iter().enumerate() {
            features[i * columns + j] = if constant { 0.0 } else { x };
        }
    }
}

fn with_ones(columns: usize, features: &[f64]) -> (usize, Vec<f64>) {
    (columns + 1, features.chunks_exact(columns).flat_map(|row| row.iter().copied().chain([1.0])).collect())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::arguments::Value;
    use crate::source::{Matrix, NoData, Table};

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
    fn a_target_that_is_no_number_is_named_with_its_row_and_column() {
        let read = |labels: &[&str]| Design::read(&arguments("x"), &labelled(labels)).unwrap().numbers();
        assert_eq!(read(&["1", "-2.5e3"]), Ok(vec![1.0, -2500.0]));
        for wrong in ["red", "NaN", "inf", "1e999", ""] {
            let message = read(&["1", wrong]).unwrap_err();
            assert!(message.contains("row 2") && message.contains("`y`") && message.contains(wrong), "{message}");
        }
        assert!(Design::read(&arguments("x"), &labelled(&[])).unwrap_err().message.contains("at least one row"));
    }
}
