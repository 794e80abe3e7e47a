//! Parquet: columns of numbers, one column the target, which may be text. Behind the feature `parquet`.

use crate::words::{clip, list, suggestion};
use ::parquet::basic::{ConvertedType, LogicalType};
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::DataType;
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::{ChunkReader, FileReader, RowGroupReader, SerializedFileReader};
use ::parquet::schema::types::ColumnDescriptor;
use shortfall::arguments::BadInput;
use shortfall::source::{Budget, Features, Labels, Table};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Records that are read at once.
const RECORDS: usize = 1 << 16;

/// Reads a table; `target` names the label column (`None`: the last).
pub(super) fn read(
    source: &str,
    file: impl ChunkReader + 'static,
    target: Option<&str>,
    budget: &dyn Budget,
) -> Result<Table, BadInput> {
    // On some damaged files the crate panics instead of returning an error.
    let outcome = catch_unwind(AssertUnwindSafe(|| read_columns(source, file, target, budget)));
    outcome.unwrap_or_else(|_| Err(BadInput::new(format!("{source}: the Parquet file is damaged"))))
}

fn read_columns(
    source: &str,
    file: impl ChunkReader + 'static,
    target: Option<&str>,
    budget: &dyn Budget,
) -> Result<Table, BadInput> {
    let bad = |message: String| BadInput::new(format!("{source}: {message}"));
    let damaged = |error: ParquetError| bad(format!("the Parquet file cannot be read: {error}"));
    let reader = SerializedFileReader::new(file).map_err(damaged)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let names: Vec<String> = schema.columns().iter().map(|column| column.path().string()).collect();
    if names.len() < 2 {
        return Err(bad(format!("{} columns: at least one feature and the target are expected", names.len())));
    }
    let target = match target {
        None => names.len() - 1,
        Some(wanted) => names.iter().position(|name| name == wanted.trim()).ok_or_else(|| {
            let names = || names.iter().map(String::as_str);
            let hint = suggestion(wanted, names());
            bad(format!("there is no column `{}` for the target{hint}; there is {}", clip(wanted), list(names())))
        })?,
    };
    let width = names.len() - 1;
    let (mut features, mut labels, mut rows) = (Vec::new(), Labels::default(), 0);
    let groups = reader.num_row_groups();
    for number in 0..groups {
        let group = reader.get_row_group(number).map_err(damaged)?;
        let count =
            usize::try_from(group.metadata().num_rows()).map_err(|_| bad("a negative number of rows".to_owned()))?;
        for (column, name) in names.iter().enumerate() {
            let place = |row: usize| format!("{source}, row {}, column `{}`", rows + row + 1, clip(name));
            let values = values(group.as_ref(), column, &schema.column(column))
                .map_err(|message| bad(format!("column `{}`: {message}", clip(name))))?;
            if values.len() != count {
                return Err(bad(format!("column `{}` has {} of {count} rows", clip(name), values.len())));
            }
            let slot = column - usize::from(column > target);
            features.resize((rows + count) * width, 0.0);
            for (row, value) in values.into_iter().enumerate() {
                match value {
                    Value::Number(x) if x.is_finite() && column == target => labels.push_number(x),
                    Value::Number(x) if x.is_finite() => features[(rows + row) * width + slot] = x,
                    Value::Text(word) if column == target && !word.trim().is_empty() => labels.push_word(word.trim()),
                    Value::Number(x) => {
                        return Err(BadInput::new(format!("{}: {x}; a finite number is expected", place(row))));
                    }
                    Value::Text(word) => {
                        return Err(BadInput::new(format!(
                            "{}: text (`{}`) in a feature, where a number is expected; nothing is encoded",
                            place(row),
                            clip(&word)
                        )));
                    }
                    Value::Missing => {
                        return Err(BadInput::new(format!("{}: missing value; nothing is imputed", place(row))));
                    }
                }
            }
        }
        rows += count;
        if budget.is_interrupted("reading", Some((number + 1) as f64 / groups as f64)) {
            return Err(bad("stopped while reading".to_owned()));
        }
    }
    if rows == 0 {
        return Err(bad("there is no row of data".to_owned()));
    }
    let columns = names.iter().enumerate().filter(|(i, _)| *i != target).map(|(_, name)| name.clone()).collect();
    Ok(Table { columns, features: Features::Dense(features), target: names[target].clone(), labels })
}

enum Value {
    Number(f64),
    Text(String),
    Missing,
}

/// A column of a group of rows.
fn values(group: &dyn RowGroupReader, column: usize, descriptor: &ColumnDescriptor) -> Result<Vec<Value>, String> {
    if descriptor.max_rep_level() > 0 {
        return Err("a list in each row; one number is expected".to_owned());
    }
    let text = |bytes: &[u8]| match String::from_utf8(bytes.to_vec()) {
        Ok(word) => Value::Text(word),
        Err(_) => Value::Missing,
    };
    let (logical, converted) = (descriptor.logical_type_ref(), descriptor.converted_type());
    let unsigned = matches!(logical, Some(LogicalType::Integer(integer)) if !integer.is_signed);
    let plain = match logical {
        Some(LogicalType::Integer(_) | LogicalType::String) => true,
        Some(_) => false,
        None => {
            matches!(converted, ConvertedType::NONE | ConvertedType::UTF8) || format!("{converted:?}").contains("INT_")
        }
    };
    if !plain {
        return Err(format!(
            "of type {}; numbers and text are read",
            logical.map_or(format!("{converted:?}"), |l| format!("{l:?}"))
        ));
    }
    match group.get_column_reader(column).map_err(|error| error.to_string())? {
        ColumnReader::BoolColumnReader(reader) => all(reader, descriptor, |x| Value::Number(f64::from(u8::from(*x)))),
        ColumnReader::Int32ColumnReader(reader) if unsigned => {
            all(reader, descriptor, |x| Value::Number(f64::from(*x as u32)))
        }
        ColumnReader::Int32ColumnReader(reader) => all(reader, descriptor, |x| Value::Number(f64::from(*x))),
        ColumnReader::Int64ColumnReader(reader) if unsigned => {
            all(reader, descriptor, |x| Value::Number(*x as u64 as f64))
        }
        ColumnReader::Int64ColumnReader(reader) => all(reader, descriptor, |x| Value::Number(*x as f64)),
        ColumnReader::FloatColumnReader(reader) => all(reader, descriptor, |x| Value::Number(f64::from(*x))),
        ColumnReader::DoubleColumnReader(reader) => all(reader, descriptor, |x| Value::Number(*x)),
        ColumnReader::ByteArrayColumnReader(reader) => all(reader, descriptor, |x| text(x.data())),
        _ => Err("of a type that is not read: numbers, truth values and text are".to_owned()),
    }
}

/// All values of a column, with those that are missing.
fn all<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    descriptor: &ColumnDescriptor,
    value: impl Fn(&T::T) -> Value,
) -> Result<Vec<Value>, String> {
    let mut out = Vec::new();
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let present = descriptor.max_def_level();
    loop {
        levels.clear();
        values.clear();
        let definition = if present > 0 { Some(&mut levels) } else { None };
        let read = reader.read_records(RECORDS, definition, None, &mut values);
        let (records, ..) = read.map_err(|error| error.to_string())?;
        if records == 0 {
            return Ok(out);
        }
        if present == 0 {
            out.extend(values.iter().map(&value));
            continue;
        }
        let mut values = values.iter();
        for level in &levels {
            out.push(if *level == present { values.next().map_or(Value::Missing, &value) } else { Value::Missing });
        }
    }
}
