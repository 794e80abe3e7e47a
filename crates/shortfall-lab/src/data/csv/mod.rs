//! CSV: a header, numeric features, one target column. What does not fit is named with its line and column.

mod rows;

use crate::words::{clip, list, suggestion};
use rows::{Row, Rows, bad, bad_at, given_separator};
use shortfall::arguments::BadInput;
use shortfall::source::{Features, Labels, Table};
use std::collections::HashMap;
use std::io::Read;

/// How a missing value is written, in lower case.
const MISSING: [&str; 7] = ["", "na", "n/a", "nan", "null", "?", "<na>"];

/// Reads a table; `source` names the file in messages, `target` the label column (`None`: the last).
pub(super) fn read(
    source: &str,
    stream: impl Read,
    target: Option<&str>,
    delimiter: Option<char>,
) -> Result<Table, BadInput> {
    let mut rows = Rows::new(source, stream, delimiter.map(given_separator).transpose()?)?;
    let Some(header) = rows.next()? else {
        return Err(bad(source, "the file is empty; a header row with the names of the columns is expected"));
    };
    let line = header.line;
    let mut names: Vec<String> = header.fields().map(|name| name.trim().to_owned()).collect();
    check_header(&names).map_err(|message| bad_at(source, line, &message))?;
    let target = target_column(&names, target).map_err(|message| bad(source, &message))?;
    let (mut features, mut labels) = (Vec::new(), Labels::default());
    while let Some(row) = rows.next()? {
        read_row(&row, &names, target, &mut features, &mut labels)
            .map_err(|message| bad_at(source, row.line, &message))?;
    }
    if labels.count() == 0 {
        return Err(bad_at(source, line, "there is a header, but no row of data"));
    }
    let target = names.remove(target);
    Ok(Table { columns: names, features: Features::Dense(features), target, labels })
}

fn read_row(
    row: &Row,
    names: &[String],
    target: usize,
    features: &mut Vec<f64>,
    labels: &mut Labels,
) -> Result<(), String> {
    if row.len() != names.len() {
        return Err(format!("{} fields, but the header has {}", row.len(), names.len()));
    }
    for (column, field) in row.fields().enumerate() {
        match field.trim().parse::<f64>() {
            Ok(value) if value.is_finite() && column == target => labels.push_number(value),
            Ok(value) if value.is_finite() => features.push(value),
            Err(_) if column == target && !is_missing(&field) => labels.push_word(field.trim()),
            _ => {
                let message = wrong_field(field.trim(), &names[target]);
                return Err(format!("column {} (`{}`): {message}", column + 1, clip(&names[column])));
            }
        }
    }
    Ok(())
}

fn is_missing(field: &str) -> bool {
    MISSING.contains(&field.trim().to_ascii_lowercase().as_str())
}

/// Why a field is no finite number, or no label.
fn wrong_field(field: &str, target: &str) -> String {
    if is_missing(field) {
        let shown = if field.is_empty() { String::new() } else { format!(" (`{field}`)") };
        return format!("missing value{shown}; nothing is imputed: fill it in, or leave the row out");
    }
    if field.parse::<f64>().is_ok() {
        let digits = field.bytes().any(|byte| byte.is_ascii_digit());
        let why = if digits { "beyond the largest double, about 1.8e308" } else { "infinite" };
        return format!("`{}` is {why}; a finite number is expected", clip(field));
    }
    if field.matches(',').count() == 1 && field.replace(',', ".").parse::<f64>().is_ok() {
        return format!("`{}` has a decimal comma; numbers are read with a point", clip(field));
    }
    format!(
        "text (`{}`) in a feature, where a number is expected; nothing is encoded: remove the column, or name it as the \
         target (now `{}`)",
        clip(field),
        clip(target)
    )
}

fn check_header(names: &[String]) -> Result<(), String> {
    let is_number = |name: &String| name.parse::<f64>().is_ok();
    // pandas names columns that have no name 0, 1, 2, ...; beside a target with a name this is a header.
    let (features, target) = names.split_at(names.len() - 1);
    let counted = features.len() > 1
        && !is_number(&target[0])
        && features.iter().enumerate().all(|(i, name)| *name == i.to_string());
    let numeric = if features.is_empty() { is_number(&target[0]) } else { features.iter().all(is_number) };
    if numeric && !counted {
        return Err(format!(
            "this row is numeric (`{}`, ...), so there is probably no header; a first row with the names of the columns is \
             expected",
            clip(&names[0])
        ));
    }
    if let [name] = names {
        return Err(format!(
            "one column only (`{}`): at least one feature and the target are expected; give `delimiter` if the fields are \
             separated by something else than `,`, `;`, tab or `|`",
            clip(name)
        ));
    }
    let mut seen = HashMap::new();
    for (i, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(format!("column {}: it has no name; if it numbers the rows, leave it out", i + 1));
        }
        if let Some(first) = seen.insert(name, i) {
            return Err(format!("column {}: the name `{}` is already that of column {}", i + 1, clip(name), first + 1));
        }
    }
    Ok(())
}

fn target_column(names: &[String], target: Option<&str>) -> Result<usize, String> {
    let Some(wanted) = target.map(str::trim) else {
        return Ok(names.len() - 1);
    };
    names.iter().position(|name| name == wanted).ok_or_else(|| {
        let names = || names.iter().map(String::as_str);
        let hint = suggestion(wanted, names());
        format!("there is no column `{}` for the target{hint}; there is {}", clip(wanted), list(names()))
    })
}

#[cfg(test)]
mod tests;
