//! SVMlight and LIBSVM text: `label index:value index:value ... # comment`, zeros left out.

use crate::words::clip;
use shortfall::arguments::BadInput;
use shortfall::source::{Features, Labels, SparseMatrix, Table};
use std::io::{BufRead, Read};

/// Longest line that is read: a row of some ten million entries.
const LONGEST_LINE: u64 = 1 << 28;
/// Most features: each has a name and a weight.
const MOST_COLUMNS: usize = 1 << 26;

/// Reads a table. Indices begin with 1, or with 0 if a 0 occurs; features are named by their index. Nothing else can be
/// the target than the label.
pub(super) fn read(source: &str, mut bytes: impl BufRead, target: Option<&str>) -> Result<Table, BadInput> {
    let bad = |message: String| BadInput::new(format!("{source}: {message}"));
    let at = |line: usize, message: String| BadInput::new(format!("{source}, line {line}: {message}"));
    if let Some(name) = target {
        return Err(bad(format!("the label of each line is the target; there is no column `{}`", clip(name))));
    }
    let mut labels = Labels::default();
    let mut matrix = SparseMatrix::new();
    let (mut first, mut last) = (u32::MAX, 0);
    let (mut buffer, mut line_number) = (Vec::new(), 0);
    loop {
        buffer.clear();
        line_number += 1;
        let count = bytes.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut buffer);
        match count.map_err(|error| at(line_number, error.to_string()))? {
            0 => break,
            count if count as u64 > LONGEST_LINE => {
                return Err(at(line_number, format!("longer than {LONGEST_LINE} bytes: no text of this kind")));
            }
            _ => {}
        }
        let line = std::str::from_utf8(&buffer).map_err(|_| at(line_number, "not UTF-8 text".to_owned()))?;
        let content = line.split('#').next().unwrap_or_default();
        let mut words = content.split_whitespace();
        let Some(label) = words.next() else { continue };
        if label.contains(':') {
            return Err(at(line_number, format!("`{}` stands first, where the label is expected", clip(label))));
        }
        match label.parse::<f64>() {
            Ok(value) if value.is_finite() => labels.push_number(value),
            Ok(_) => return Err(at(line_number, format!("the label `{}` is not finite", clip(label)))),
            Err(_) => labels.push_word(label),
        }
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
            if index >= MOST_COLUMNS {
                return Err(at(line_number, format!("index {index}: at most {MOST_COLUMNS} features are read")));
            }
            (first, last) = (first.min(index as u32), last.max(index as u32));
            if value != 0.0 {
                matrix.push(index as u32, value);
            }
        }
        matrix.end_row();
    }
    if labels.count() == 0 {
        return Err(bad("there is no row of data".to_owned()));
    }
    if first == u32::MAX {
        return Err(bad("there is no feature: all rows are labels alone".to_owned()));
    }
    let first = u32::from(first > 0);
    matrix.renumber(|index| index - first);
    let columns = (first..=last).map(|index| index.to_string()).collect();
    Ok(Table { columns, features: Features::Sparse(matrix), target: "label".to_owned(), labels })
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

    fn dense(table: &Table) -> Vec<f64> {
        match &table.features {
            Features::Sparse(matrix) => matrix.to_dense(table.columns.len()),
            _ => panic!("sparse text"),
        }
    }

    #[test]
    fn zeros_comments_and_both_countings() {
        let table = read("", &b"# made by hand\n+1 1:0.5 3:-2 # first\n\n-1 2:1e-3\n"[..], None).unwrap();
        assert_eq!(dense(&table), [0.5, 0.0, -2.0, 0.0, 1e-3, 0.0]);
        assert_eq!((table.labels.texts().join(" ").as_str(), table.columns.join(" ").as_str()), ("1 -1", "1 2 3"));
        let from_zero = read("", &b"2 0:1\r\n3 1:4\r\n4\r\n"[..], None).unwrap();
        assert_eq!(dense(&from_zero), [1.0, 0.0, 0.0, 4.0, 0.0, 0.0]);
        assert_eq!(from_zero.labels.texts(), ["2", "3", "4"]);
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
            ("1 18446744073709551615:1\n", "at most 67108864 features"),
            ("1 9223372036854775808:1\n-1 1:1\n", "at most 67108864 features"),
            ("1 99999999999999999999:1\n", "is not an index"),
        ] {
            assert!(message(text).contains(wanted), "{text:?}: {}", message(text));
        }
        assert!(read("", &b"1 1:2\n"[..], Some("y")).unwrap_err().message.contains("no column `y`"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-+0-9.:e# \nqidnaf]{0,60}") {
            let _ = read("", text.as_bytes(), None);
        }
    }
}
