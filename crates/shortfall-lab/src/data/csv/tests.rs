use super::*;

fn read(source: &str, bytes: &[u8], target: Option<&str>) -> Result<Table, BadInput> {
    super::read(source, bytes, target, None)
}
use proptest::prelude::*;

fn dense(table: &Table) -> &[f64] {
    match &table.features {
        Features::Dense(features) => features,
        _ => panic!("a dense table"),
    }
}

fn error(text: &str) -> String {
    read("`x.csv`", text.as_bytes(), None).expect_err(text).message
}

#[test]
fn what_is_read() {
    let text = "\u{feff}\"mean, radius\", b ,class\r\n1,-2.5e-3, yes\r\n\r\n\"3\",4,\"no, \"\"never\"\"\"";
    let table = read("x", text.as_bytes(), None).unwrap();
    assert_eq!(table.columns, ["mean, radius", "b"]);
    assert_eq!(dense(&table), [1.0, -2.5e-3, 3.0, 4.0]);
    assert_eq!(table.target, "class");
    assert_eq!(table.labels.texts(), ["yes", "no, \"never\""]);

    let table = read("x", b"class,a\n1,5\n1.0,6\n+1e0,7\n-0,8\n2.5,9\n1e300,0\n", Some(" class ")).unwrap();
    assert_eq!(table.columns, ["a"]);
    assert_eq!(table.labels.texts(), ["1", "1", "1", "0", "2.5", "1e300"]);
    assert_eq!(read("x", b"0,1,y\n1,2,a\n", None).unwrap().columns, ["0", "1"]);
}

#[test]
fn errors_name_file_line_and_column() {
    for (text, parts) in [
        ("", &["the file is empty"][..]),
        ("\u{feff}", &["the file is empty"]),
        ("\n\r\n", &["the file is empty"]),
        ("a,b\n", &["line 1: there is a header, but no row"]),
        ("a,b", &["no row of data"]),
        ("a,b\n1,2\n1,2,3\n", &["line 3: 3 fields, but the header has 2"]),
        ("a,b\r\n1,2\r\n1\r\n", &["line 3: 1 fields, but the header has 2"]),
        ("a,b\n\n\n1\n", &["line 4: 1 fields"]),
        ("a,b\n\"x\ny\",1\n", &["line 2, column 1 (`a`): text (`x\\u{a}y`)"]),
        ("a,b\n1,\"x\ny\"\n,1\n", &["line 4, column 1 (`a`): missing value"]),
        ("a,b,y\r\n1,,2\r\n", &["`x.csv`, line 2, column 2 (`b`): missing value;", "nothing is imputed"]),
        ("a,y\n1,2\nNA,2\n", &["line 3, column 1 (`a`): missing value (`NA`)"]),
        ("a,y\n?,2\n", &["missing value (`?`)"]),
        ("a,y\nnan,2\n", &["missing value (`nan`)"]),
        ("a,y\n1,\n", &["line 2, column 2 (`y`): missing value"]),
        ("a,y\n1, NaN\n", &["column 2 (`y`): missing value"]),
        ("a,y\n-inf,2\n", &["column 1 (`a`): `-inf` is infinite"]),
        ("a,y\n1,inf\n", &["column 2 (`y`): `inf` is infinite"]),
        ("a,y\n1e400,2\n", &["`1e400` is beyond the largest double"]),
        ("a,b,y\n1,red,2\n", &["line 2, column 2 (`b`): text (`red`)", "nothing is encoded", "(now `y`)"]),
        ("a,b,a\n1,2,3\n", &["line 1, column 3: the name `a` is already that of column 1"]),
        (",a,b\n1,2,3\n", &["line 1, column 1: it has no name"]),
        ("a,b,\n1,2,\n", &["line 1, column 3: it has no name"]),
        ("a\n1\n", &["line 1: one column only (`a`)"]),
        ("a;b\n1,5;2\n", &["line 2, column 1", "`1,5` has a decimal comma"]),
        ("a b\n1 2\n", &["one column only", "give `delimiter`"]),
        ("1,2,3\n4,5,6\n", &["line 1: this row is numeric (`1`, ...)", "no header"]),
        ("5.1,3.5,setosa\n4,5,setosa\n", &["no header"]),
        ("7\n8\n", &["no header"]),
        ("a,b\n1,2\n\"3,4\n5,6\n", &["line 3: the quote that opens here is not closed"]),
        ("a,b\n\"1\"2,2\n", &["line 2: text follows a closing quote"]),
        ("a,b\n\0,2\n", &["binary file"]),
    ] {
        let message = error(text);
        assert!(message.starts_with("`x.csv`") && !message.contains('\n'), "{message}");
        for part in parts {
            assert!(message.contains(part), "{text:?}: {message}");
        }
    }
    let message = read("x", b"a,b\n1,2\n\xff,2\n", None).unwrap_err().message;
    assert_eq!(message, "x, line 3: byte 9 is not UTF-8; save the file as UTF-8");
    let message = read("x", b"a,b,class\n1,2,3\n", Some("Clas")).unwrap_err().message;
    assert!(message.contains("no column `Clas`") && message.contains("did you mean `class`"), "{message}");
    assert!(message.contains("a, b, class"), "{message}");
}

/// As pandas would write it.
fn write(table: &Table) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(table.columns.iter().chain([&table.target])).unwrap();
    for (row, label) in dense(table).chunks(table.columns.len()).zip(&table.labels.texts()) {
        writer.write_record(row.iter().map(f64::to_string).chain([label.clone()])).unwrap();
    }
    writer.into_inner().unwrap()
}

fn any_table() -> impl Strategy<Value = Table> {
    (1_usize..5, 1_usize..8).prop_flat_map(|(columns, rows)| {
        let finite = any::<f64>().prop_filter("finite", |value| value.is_finite());
        let label = prop_oneof![
            any::<i32>().prop_map(|value| value.to_string()),
            proptest::string::string_regex("x[ \",;\n\r'é]{0,4}x").unwrap(),
        ];
        (prop::collection::vec(finite, columns * rows), prop::collection::vec(label, rows)).prop_map(
            move |(features, labels)| Table {
                columns: (0..columns).map(|i| format!("a \"{i}\", b")).collect(),
                features: Features::Dense(features),
                target: "the\ntarget".to_owned(),
                labels: Labels::of(&labels.iter().map(String::as_str).collect::<Vec<_>>()),
            },
        )
    })
}

proptest! {
    #[test]
    fn a_table_comes_back_as_it_was_written(table in any_table()) {
        prop_assert_eq!(read("x", &write(&table), None), Ok(table.clone()));
        // Line ends and a byte order mark do not matter, as long as no field holds a line end.
        if !table.labels.texts().iter().any(|label| label.contains(['\n', '\r'])) {
            let plain = Table { target: "target".to_owned(), ..table };
            let text = String::from_utf8(write(&plain)).unwrap().replace('\n', "\r\n");
            prop_assert_eq!(read("x", format!("\u{feff}{text}").as_bytes(), None), Ok(plain));
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let whole = read("x", &bytes, None);
        prop_assert_eq!(super::read("x", Slow(&bytes), None, None), whole);
    }

    #[test]
    fn no_text_panics(text in "[a-c0-9,\"\n\r .?e;-]{0,60}", target in proptest::option::of("[a-c]{0,2}")) {
        let table = read("x", text.as_bytes(), target.as_deref());
        prop_assert_eq!(&super::read("x", Slow(text.as_bytes()), target.as_deref(), None), &table);
        if let Ok(table) = table {
            prop_assert_eq!(dense(&table).len(), table.rows() * table.columns.len());
            prop_assert!(dense(&table).iter().all(|value| value.is_finite()));
            prop_assert!(table.rows() > 0 && !table.columns.is_empty());
        }
    }
}

#[test]
fn the_separator_is_the_first_line_s() {
    for text in ["a,b,y\n1,2,u\n", "a;b;y\n1;2;u\n", "a\tb\ty\n1\t2\tu\n", "a|b|y\r\n1|2|u\r\n", "\"a;1\",b,y\n1,2,u\n"]
    {
        let table = read("t", text.as_bytes(), None).unwrap();
        assert_eq!((dense(&table), table.labels.texts().join(" ").as_str()), (&[1.0, 2.0][..], "u"), "{text:?}");
    }
    let quoted = read("t", b"a;y\n1;\"u;v\"\n", None).unwrap();
    assert_eq!(quoted.labels.texts(), ["u;v"]);
    assert!(read("t", b"a;y\n1;\"u\"v\n", None).unwrap_err().message.contains("`;` or the end of the line"));
}

/// A stream that hands out one byte at a time, so that every place is once the end of the buffer.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.len().min(buffer.len()).min(1);
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

#[test]
fn a_stream_without_line_ends_is_refused_before_it_fills_the_memory() {
    let endless = |start: &'static str| start.as_bytes().chain(std::io::repeat(b'7'));
    let message = super::read("t", endless("a,y\n1,2\n1,"), None, None).unwrap_err().message;
    assert_eq!(message, "t, line 3: longer than 256 MB, which no row of a table is");
    let message = super::read("t", endless("a,y\n1,2\n1,\"\n"), None, None).unwrap_err().message;
    assert_eq!(message, "t, line 3: the quote that opens here is not closed within 256 MB");
}

#[test]
fn a_separator_can_be_given() {
    let given = |text: &str, delimiter| super::read("t", text.as_bytes(), None, Some(delimiter));
    let table = given("a b,c y\n1 2 u\n", ' ').unwrap();
    assert_eq!((table.columns.join("_").as_str(), dense(&table)), ("a_b,c", &[1.0, 2.0][..]));
    assert_eq!(given("a:y\n1:2\n", ':').unwrap().labels.texts(), ["2"]);
    for wrong in ['é', '"', '\n', '3', 'e', '.'] {
        assert!(given("a,y\n1,2\n", wrong).unwrap_err().message.contains("`delimiter`"), "{wrong:?}");
    }
}
