//! From the arguments of a selector to a network.

use super::super::linear_model::Dataset;
use super::super::{Problem, labels};
use super::Mlp;
use crate::arguments::{Arguments, BadInput};
use crate::source::DataSource;

/// Most units of a hidden layer.
const MOST_UNITS: f64 = 4096.0;
/// Most weights.
const MOST_WEIGHTS: f64 = 1e7;
/// Most entries of the features, which are stored with their zeros: 2 GB.
const MOST_ENTRIES: usize = 1 << 28;

impl Mlp {
    pub(in crate::problem) fn build(
        arguments: &Arguments,
        source: &dyn DataSource,
    ) -> Result<Box<dyn Problem>, BadInput> {
        let (hidden, seed) = (hidden_layers(arguments)?, arguments.whole("seed", 0)?);
        let bias = arguments.bool("intercept")?;
        let mut dataset = Dataset::read(arguments, source)?;
        let (labels, names) =
            labels::of(dataset.take_labels(), &dataset.target).map_err(|message| dataset.bad(arguments, &message))?;
        let (rows, columns, ridge) = (dataset.design.count(), dataset.design.columns(), dataset.ridge);
        let (mut weights, mut inputs) = (0.0, columns as f64);
        for units in hidden.iter().chain([&names.len()]) {
            weights += inputs * *units as f64;
            inputs = (units + usize::from(bias)) as f64;
        }
        if weights > MOST_WEIGHTS {
            let message = format!("with {columns} columns makes {weights} weights; {MOST_WEIGHTS} are the most");
            return Err(arguments.bad("hidden", message));
        }
        if rows.saturating_mul(columns) > MOST_ENTRIES {
            let message =
                format!("{rows} rows of {columns} columns are too many with their zeros, which a network needs");
            return Err(dataset.bad(arguments, &message));
        }
        let mut features = vec![0.0; rows * columns];
        dataset.design.write_rows(0, rows, &mut features);
        let problem = Self::new(columns, &features, &labels, names.len(), &hidden, bias, ridge).with_seed(seed);
        Ok(Box::new(Self { names, budget: dataset.budget, ..problem }))
    }
}

/// The sizes of the hidden layers.
fn hidden_layers(arguments: &Arguments) -> Result<Vec<usize>, BadInput> {
    let units = |value: f64| {
        if value.fract() == 0.0 && (1.0..=MOST_UNITS).contains(&value) {
            Ok(value as usize)
        } else {
            let message =
                format!("must be whole numbers from 1 to {MOST_UNITS}, one for each hidden layer, not {value}");
            Err(arguments.bad("hidden", message))
        }
    };
    arguments.numbers("hidden")?.into_iter().map(units).collect()
}
