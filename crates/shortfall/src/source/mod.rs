//! Where a problem's data come from, and how long and on how many threads they may be worked on.

mod labels;
mod sparse;
mod stored;

pub use labels::Labels;
pub use sparse::SparseMatrix;
pub use stored::StoredRows;

use crate::bad_input::BadInput;
use crate::parallel::{Parallel, Sequential};
use std::fmt;
use std::sync::Arc;

/// What a selector says about a table.
#[derive(Clone, Copy, Debug)]
pub struct TableRequest<'a> {
    /// A bundled name or a path.
    pub data: &'a str,
    /// The label column; the last one if `None`.
    pub target: Option<&'a str>,
    /// What separates the fields of a CSV file; detected if `None`.
    pub delimiter: Option<char>,
}

/// The laboratory reads files, tests hand over tables.
pub trait DataSource {
    /// The table behind a bundled name or a path.
    fn table(&self, request: &TableRequest) -> Result<Table, BadInput>;

    /// The matrix, or the vector as one column, behind a path.
    fn matrix(&self, path: &str) -> Result<Matrix, BadInput>;

    /// How long what is built may work on its constants, and on which threads.
    fn budget(&self) -> Arc<dyn Budget> {
        Arc::new(Unlimited)
    }
}

/// How long work before a run may take, which is asked some times a second, and on which threads.
pub trait Budget: fmt::Debug + Send + Sync {
    /// Whether the work may go on; `fraction` of it is done, from 0 to 1, if that is known. Once it says no it keeps
    /// saying no, and the work ends with what is proved so far.
    fn goes_on(&self, work: &str, fraction: Option<f64>) -> bool;

    /// Seconds that are left, to be asked before work that cannot be stopped once it has begun.
    fn left(&self) -> f64 {
        f64::INFINITY
    }

    /// The threads for it; what is found does not depend on them. Constants are not to be asked for first by one of their own tasks:
    /// it could wait for itself.
    fn parallel(&self) -> &dyn Parallel {
        &Sequential
    }

    /// As `goes_on`, for work without which there is nothing, such as reading a file: whether the user stopped it.
    fn is_interrupted(&self, work: &str, fraction: Option<f64>) -> bool {
        let _ = (work, fraction);
        false
    }
}

/// As long as it takes.
#[derive(Clone, Copy, Debug)]
pub struct Unlimited;

impl Budget for Unlimited {
    fn goes_on(&self, _: &str, _: Option<f64>) -> bool {
        true
    }
}

/// No data at all: for problems that need none.
pub struct NoData;

impl DataSource for NoData {
    fn table(&self, request: &TableRequest) -> Result<Table, BadInput> {
        Err(BadInput::new(format!("no data source here: `{}` cannot be read", request.data)))
    }

    fn matrix(&self, path: &str) -> Result<Matrix, BadInput> {
        Err(BadInput::new(format!("no data source here: `{path}` cannot be read")))
    }
}

/// A table of numeric features and one target column.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Names of the feature columns.
    pub columns: Vec<String>,
    /// Features, rows x columns; all finite.
    pub features: Features,
    /// Name of the target column.
    pub target: String,
    /// The target, one per row.
    pub labels: Labels,
}

impl Table {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.labels.count()
    }
}

/// How features are stored.
#[derive(Clone, Debug, PartialEq)]
pub enum Features {
    /// Row-major, every entry.
    Dense(Vec<f64>),
    /// What is not zero.
    Sparse(SparseMatrix),
    /// Row-major, every entry, in a file that is read again at every pass.
    Stored(Arc<dyn StoredRows>),
}

/// A matrix of finite numbers, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// `rows x columns` entries.
    pub entries: Vec<f64>,
}
