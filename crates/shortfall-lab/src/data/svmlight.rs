//! SVMlight and LIBSVM text: `label index:value index:value ... # comment`, zeros left out.

use crate::selector::clip;
use shortfall::arguments::BadInput;
use shortfall::source::Table;

/// Entries a table may have once its zeros are written out: 4 GB.
const MOST_ENTRIES: usize = 1 << 29;

/// Reads a table. Indices begin with 1, or with 0 if a 0 occurs; features are named by their index. Nothing else can be
/// the target than the label.
pub(super) fn read(source: &str, bytes: &[u8], target: Option<&str>) -> Result<Table, BadInput> {
    let bad = |message: String| BadInput::new(format!("{source}: {message}"));
    let at = |line: usize, message: String| BadInput::new(format!("{source}, line {line}: {message}"));
    if let Some(name) = target {
        return Err(bad(format!("the label of each line is the target; there is no column `{}`", clip(name))));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        at(line, "not UTF-8 text".to_owned())
    })?;
    let mut labels = Vec::new();
    let mut entries: Vec<(usize, usize, f64)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line_number = number + 1;
        let content = line.split('#').next().unwrap_or_default();
        let mut words = content.split_whitespace();
        let Some(label) = words.next() else { continue };
        if label.contains(':') {
            return Err(at(line_number, format!("`{}` stands first, where the label is expected", clip(label))));
        }
        let label = match label.parse::<f64>() {
            Ok(value) if value.is_finite() => super::canonical(value),
            Ok(_) => return Err(at(line_number, format!("the label `{}` is not finite", clip(label)))),
            Err(_) => label.to_owned(),
        };
        let mut before = None;
        for word in words {
            let (index, value) = pair(word).map_err(|message| at(line_number, message))?;
            if before.is_some_and(|before| index <= before) {
                return Err(at(
                    line_number,
                    format!("index {index} does not follow the one before: they must increase"),
                ));
            }
            before = Some(index);
            entries.push((labels.len(), index, value));
        }
        labels.push(label);
    }
    if labels.is_empty() {
        return Err(bad("there is no row of data".to_owned()));
    }
    let Some(last) = entries.iter().map(|entry| entry.1).max() else {
        return Err(bad("there is no feature: all rows are labels alone".to_owned()));
    };
    let first = usize::from(entries.iter().all(|entry| entry.1 > 0));
    let columns = (last - first).saturating_add(1);
    let size = columns.checked_mul(labels.len()).filter(|size| *size <= MOST_ENTRIES);
    let Some(size) = size else {
        return Err(bad(format!(
            "{} rows of {columns} features (the largest index is {last}) are more than the {MOST_ENTRIES} numbers that are \
             kept with their zeros",
            labels.len()
        )));
    };
    let mut features = vec![0.0; size];
    for (row, index, value) in entries {
        features[row * columns + index - first] = value;
    }
    let columns = (first..=last).map(|index| index.to_string()).collect();
    Ok(Table { columns, features, target: "label".to_owned(), labels })
}

fn pair(word: &str) -> Result<(usize, f64), String> {
    let Some((index, value)) = word.split_once(':') else {
        return Err(format!("`{}` is not `index:value`", clip(word)));
    };
    if index == "qid" {
        return Err("`qid` marks ranking data, which is not read".to_owned());
    }
    let index = index.parse().map_err(|_| format!("`{}` is not an index: a whole number from 0", clip(index)))?;
    match value.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((index, value)),
        _ => Err(format!("the value `{}` of index {index} is not a finite number", clip(value))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(text: &str) -> String {
        read("`a.svm`", text.as_bytes(), None).unwrap_err().message
    }

    #[test]
    fn zeros_comments_and_both_countings() {
        let table = read("", b"# made by hand\n+1 1:0.5 3:-2 # first\n\n-1 2:1e-3\n", None).unwrap();
        assert_eq!(table.features, [0.5, 0.0, -2.0, 0.0, 1e-3, 0.0]);
        assert_eq!((table.labels.join(" ").as_str(), table.columns.join(" ").as_str()), ("1 -1", "1 2 3"));
        let from_zero = read("", b"2 0:1\r\n3 1:4\r\n4\r\n", None).unwrap();
        assert_eq!(from_zero.features, [1.0, 0.0, 0.0, 4.0, 0.0, 0.0]);
        assert_eq!(from_zero.labels, ["2", "3", "4"]);
    }

    #[test]
    fn errors_name_the_line() {
        for (text, wanted) in [
            ("1 1:2\n1 x:3\n", "line 2: `x` is not an index"),
            ("1 1:2 1:3\n", "line 1: index 1 does not follow"),
            ("1 2:1 1:3\n", "must increase"),
            ("1 1:nan\n", "the value `nan` of index 1"),
            ("1:2 2:3\n", "where the label is expected"),
            ("1 3\n", "`3` is not `index:value`"),
            ("1 qid:3 1:2\n", "ranking"),
            ("nan 1:2\n", "the label `nan` is not finite"),
            ("# nothing\n", "no row of data"),
            ("1\n2\n", "no feature"),
            ("1 18446744073709551615:1\n", "more than the"),
            ("1 9223372036854775808:1\n-1 1:1\n", "more than the"),
            ("1 99999999999999999999:1\n", "is not an index"),
        ] {
            assert!(message(text).contains(wanted), "{text:?}: {}", message(text));
        }
        assert!(read("", b"1 1:2\n", Some("y")).unwrap_err().message.contains("no column `y`"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-+0-9.:e# \nqidnaf]{0,60}") {
            let _ = read("", text.as_bytes(), None);
        }
    }
}
