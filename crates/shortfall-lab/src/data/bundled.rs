//! The data that are part of the program; `data/README.md` says where each file is from and how it was made.

use super::csv;
use shortfall::arguments::BadInput;
use shortfall::source::Table;

/// A bundled file, with what a list of them shows.
#[derive(Debug)]
pub struct Bundled {
    /// The name in selectors.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// Number of rows.
    pub rows: usize,
    /// Number of feature columns.
    pub columns: usize,
    /// The classes of the target, sorted.
    pub classes: &'static [&'static str],
    /// Licence.
    pub licence: &'static str,
    /// Authors, year and DOI.
    pub source: &'static str,
    /// Which problems it suits.
    pub good_for: &'static str,
    text: &'static str,
}

impl Bundled {
    /// The table; `target` names the label column, the last one if `None`.
    pub fn table(&self, target: Option<&str>) -> Result<Table, BadInput> {
        csv::read(&format!("bundled data `{}`", self.name), self.text.as_bytes(), target, None)
    }
}

/// All bundled data, in the order of lists.
pub static BUNDLED: &[Bundled] = &[
    Bundled {
        name: "breast-cancer",
        about: "measurements of cell nuclei in images of breast masses, and the diagnosis (WDBC)",
        rows: 569,
        columns: 30,
        classes: &["benign", "malignant"],
        licence: "CC BY 4.0",
        source: "Wolberg, Mangasarian, Street, Street (1995), UCI Machine Learning Repository, doi 10.24432/C5DW2B",
        good_for: "logistic",
        text: include_str!("../../data/breast-cancer.csv"),
    },
    Bundled {
        name: "wine-quality",
        about: "measurements of red wines, and a score by tasters: a number to predict, or six classes",
        rows: 1599,
        columns: 11,
        classes: &["3", "4", "5", "6", "7", "8"],
        licence: "CC BY 4.0",
        source: "Cortez, Cerdeira, Almeida, Matos, Reis (2009), UCI Machine Learning Repository, doi 10.24432/C56S3T",
        good_for: "least-squares, huber-regression; softmax",
        text: include_str!("../../data/wine-quality.csv"),
    },
    Bundled {
        name: "iris",
        about: "measurements of flowers, and their species",
        rows: 150,
        columns: 4,
        classes: &["setosa", "versicolor", "virginica"],
        licence: "CC BY 4.0",
        source: "Fisher (1936), UCI Machine Learning Repository, doi 10.24432/C56C76",
        good_for: "softmax, mlp",
        text: include_str!("../../data/iris.csv"),
    },
    Bundled {
        name: "digits",
        about: "handwritten digits as counts of ink in an 8 x 8 grid",
        rows: 1797,
        columns: 64,
        classes: &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        licence: "CC BY 4.0",
        source: "Alpaydin, Kaynak (1998), UCI Machine Learning Repository, doi 10.24432/C50P49",
        good_for: "softmax, mlp",
        text: include_str!("../../data/digits.csv"),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_tell_the_truth() {
        for bundled in BUNDLED {
            let table = bundled.table(None).unwrap();
            let mut classes = table.labels.texts();
            classes.sort();
            classes.dedup();
            assert_eq!((table.rows(), table.columns.len()), (bundled.rows, bundled.columns), "{}", bundled.name);
            assert_eq!(classes, bundled.classes, "{}", bundled.name);
        }
    }
}
