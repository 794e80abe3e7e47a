use super::*;
use proptest::prelude::*;
use shortfall::arguments::Parameter;
use shortfall::method::METHODS;
use shortfall::source::DataSource;

fn nothing(_: &Arguments, _: &dyn DataSource) -> Result<(), BadInput> {
    Ok(())
}

static REGISTRY: &[Entry<()>] = &[
    Entry {
        name: "quadratic",
        about: "",
        parameters: &[
            Parameter::new("eigenvalues", "", Some("[10.0,1.0]")).unless("matrix"),
            Parameter::new("target", "", None),
            Parameter::new("ridge", "", Some("1_0e-2")),
        ],
        build: nothing,
    },
    Entry { name: "plain", about: "", parameters: &[], build: nothing },
];

fn method(selector: &str) -> Result<Arguments, String> {
    parse("method", selector, METHODS).map(|(_, arguments)| arguments).map_err(|error| error.message)
}

fn number(text: &str) -> Value {
    Value::Number { value: text.replace('_', "").parse().unwrap(), text: text.to_owned() }
}

#[test]
fn defaults_are_filled_in_the_registrys_order() {
    let arguments = method("sam").unwrap();
    let text = |text: &str| Value::Text(text.to_owned());
    let defaults = Arguments::of("sam").with("eta", text("0.3/beta")).with("rho", number("0.05"));
    assert_eq!(arguments, defaults.with("descent", text("gradient")));
    let arguments = method(" stochastic-sam { rho = 2e-2 , batch=1_0, eta=1 } ").unwrap();
    let names: Vec<_> = arguments.entries.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["eta", "rho", "batch", "sampling", "replacement", "descent"]);
    assert_eq!(arguments.get("eta"), Some(&number("1")));
    assert_eq!(arguments.get("rho"), Some(&number("2e-2")));
    assert_eq!(arguments.get("batch"), Some(&number("1_0")));
    assert_eq!(arguments.get("replacement"), Some(&Value::Bool(true)));
    for entry in METHODS {
        assert!(method(entry.name).is_ok(), "{}", entry.name);
    }
}

#[test]
fn absent_parameters_stay_absent_unless_given() {
    let (_, arguments) = parse("problem", "quadratic{}", REGISTRY).unwrap();
    assert_eq!(arguments.get("target"), None);
    assert_eq!(arguments.get("ridge"), Some(&number("1_0e-2")));
    let (entry, arguments) =
        parse("problem", "quadratic{'target'=\"d\\u00e9j\\u00e0\",eigenvalues=[],}", REGISTRY).unwrap();
    assert_eq!(entry.name, "quadratic");
    assert_eq!(arguments.get("target"), Some(&Value::Text("déjà".to_owned())));
    assert_eq!(arguments.get("eigenvalues"), Some(&Value::List(Vec::new())));
}

/// Each wrong selector with parts of its message: the column and what would be right.
#[test]
fn errors_name_the_place_and_what_is_right() {
    let deep = format!("sam{{eta={}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_tables = format!("sam{{eta={}", "{a=".repeat(100_000));
    let long = "s".repeat(1_000_000);
    let table: &[(&str, &[&str])] = &[
        ("", &["column 1", "a method is expected", "sgd"]),
        ("  ", &["a method is expected"]),
        ("{eta=0.1}", &["column 1", "not `{`"]),
        ("sma", &["column 1", "no method `sma`", "did you mean `sam`", "gd, sgd, sam"]),
        ("SAM{eta=0.1}", &["did you mean `sam`"]),
        ("stochasticsam", &["did you mean `stochastic-sam`"]),
        ("sam{etta=0.1}", &["column 5", "no parameter `etta`", "did you mean `eta`", "eta, rho"]),
        ("sam{eta=0.1,batch=2}", &["column 13", "no parameter `batch`", "eta, rho"]),
        ("sam{eta=0.1,eta=0.2}", &["column 13", "`eta` is given twice", "column 5"]),
        ("sam{eta=0.1", &["column 12", "closing `}` is missing"]),
        ("sam{", &["column 5", "closing `}` is missing"]),
        ("sam{eta", &["column 8", "`=` and a value"]),
        ("sam{eta=", &["column 9", "the value of `eta` is missing"]),
        ("sam{eta=}", &["column 9", "the value of `eta` is missing"]),
        ("sam eta=0.1", &["column 5", "`sam{eta=0.1}`"]),
        ("sam(eta=0.1)", &["column 4", "`sam{eta=0.1}`"]),
        ("sam:eta=0.1", &["column 4", "`sam{eta=0.1}`"]),
        ("sam}", &["column 4", "no `{`"]),
        ("sam{eta=0.1}}", &["column 13", "there is `}`"]),
        ("sam{eta=0.1} rho=0.2", &["column 14", "nothing may follow", "rho=0.2"]),
        ("sam{eta=0.1}{rho=1}", &["column 13"]),
        ("sam{eta=0.1 rho=0.2}", &["column 13", "`,` or the closing `}`"]),
        ("sam{eta=0.1;rho=0.2}", &["column 9"]),
        ("sam{,eta=0.1}", &["column 5", "too many"]),
        ("sam{eta=0.1,,rho=1}", &["column 13", "too many"]),
        ("sam{eta:0.1}", &["column 8", "`=` is expected after `eta`"]),
        ("sam{eta 0.1}", &["column 9", "`=` is expected after `eta`"]),
        ("sam{eta.x=0.1}", &["column 8", "no dots"]),
        ("sam{=1}", &["column 5", "name of a parameter"]),
        ("sam{[1]}", &["column 5", "name of a parameter"]),
        ("sam{eta=nan}", &["column 9", "not a finite number"]),
        ("sam{eta=-inf}", &["column 9", "not a finite number"]),
        ("sam{eta=NaN}", &["column 9", "not a finite number"]),
        ("sam{eta=1e400}", &["column 9", "largest double"]),
        ("sam{eta=1e-400}", &["column 9", "nearer to 0"]),
        ("sam{eta=0.3/beta}", &["column 9", "write `eta=\"0.3/beta\"`"]),
        ("sam{eta=beta}", &["write `eta=\"beta\"`"]),
        ("sam{eta=“0.3/beta”}", &["column 9", "write `eta=\"0.3/beta\"`"]),
        ("sam{eta=\"0.3/beta}", &["column 9", "not closed"]),
        ("sam{eta=\"a\\q\"}", &["column 11", "backslash"]),
        ("sam{eta=\"\\ud800\"}", &["column 10", "hexadecimal"]),
        ("sam{eta=\"\"\"x\"\"\"}", &["column 9", "three quotes"]),
        ("sam{eta=1979-05-27}", &["column 9", "a date"]),
        ("sam{eta=07:32:00}", &["column 9", "time of day"]),
        ("sam{eta=.5}", &["column 9", "0.5"]),
        ("sam{eta=5.}", &["not a number"]),
        ("sam{eta=01}", &["not a number"]),
        ("sam{eta=1__0}", &["not a number"]),
        ("sam{eta=0x10}", &["decimal number"]),
        ("sam{eta=True}", &["`true` or `false`", "double quotes"]),
        ("sam{eta=[1,2}", &["column 13", "closing `]`"]),
        ("sam{eta=[1", &["closing `]` is missing"]),
        ("sam{eta=0.1,\nrho=1}", &["column 13", "one line"]),
        ("sam{eta=\u{7}0.1}", &["column 9", "U+0007"]),
        ("sam\u{202e}", &["column 4", "U+202E"]),
        ("sam{é=1}", &["column 5", "not `é`"]),
        ("sâm", &["no method `s`"]),
        ("sam{eta=0.1 # note}", &["column 13"]),
        (&deep, &["column 24", "16 levels"]),
        (&deep_tables, &["16 levels"]),
        (&long, &["no method `sss"]),
    ];
    for (selector, parts) in table {
        let message = method(selector).expect_err(&clip(selector));
        assert!(message.starts_with("method `"), "{message}");
        assert!(message.len() < 400 && !message.contains(['\n', '\u{7}', '\u{202e}']), "{message}");
        for part in *parts {
            assert!(message.contains(part), "{}: {message}", clip(selector));
        }
    }
    let error = parse("problem", "plain{a=1}", REGISTRY).err().unwrap();
    assert!(error.message.contains("takes none"), "{error}");
}

#[test]
fn extreme_numbers_keep_their_spelling() {
    for text in ["0.1", "1e308", "5e-324", "0e5", "-0", "+1.5", "1_000.000_1", "123456789012345678901234567890"] {
        assert_eq!(parse_value(text), Ok(number(text)));
    }
    for value in [f64::MAX, f64::MIN_POSITIVE, 5e-324, -1e300, -0.0, 0.1] {
        let Ok(Value::Number { value: back, .. }) = parse_value(&Value::number(value).to_string()) else { panic!() };
        assert_eq!(back.to_bits(), value.to_bits());
    }
}

fn from_toml(value: &toml::Value) -> Option<Value> {
    Some(match value {
        toml::Value::String(text) => Value::Text(text.clone()),
        toml::Value::Integer(value) => Value::number(*value as f64),
        toml::Value::Float(value) => Value::number(*value),
        toml::Value::Boolean(value) => Value::Bool(*value),
        toml::Value::Datetime(_) => return None,
        toml::Value::Array(values) => Value::List(values.iter().map(from_toml).collect::<Option<_>>()?),
        toml::Value::Table(entries) => {
            let entries = entries.iter().map(|(name, value)| Some((name.clone(), from_toml(value)?)));
            Value::Table(entries.collect::<Option<_>>()?)
        }
    })
}

/// Without spellings or the sign of zero, which integers of TOML do not have, and tables sorted.
fn normal(value: Value) -> Value {
    match value {
        Value::Number { value, .. } => Value::number(value + 0.0),
        Value::List(values) => Value::List(values.into_iter().map(normal).collect()),
        Value::Table(entries) => {
            let mut entries: Vec<_> = entries.into_iter().map(|(name, value)| (name, normal(value))).collect();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Table(entries)
        }
        other => other,
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let finite = any::<f64>().prop_filter("finite", |value| value.is_finite());
    let leaf = prop_oneof![
        finite.prop_map(Value::number),
        proptest::string::string_regex("(?s).{0,12}").unwrap().prop_map(Value::Text),
        any::<bool>().prop_map(Value::Bool),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        let key = proptest::string::string_regex("(?s).{0,3}").unwrap();
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::List),
            prop::collection::btree_map(key, inner, 0..5).prop_map(|map| Value::Table(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_selector_panics(text in proptest::string::string_regex("(?s).{0,40}").unwrap()) {
        let _ = method(&text);
        let _ = (parse_start(&text), parse_steps(&text), parse_assumption(&text), parse_value(&text));
    }

    /// Texts made of the reader's own alphabet go deeper; what it accepts, TOML reads the same.
    #[test]
    fn a_subset_of_toml(text in proptest::string::string_regex("[{}\\[\\]=,.eE0-9_+\\-\"'\\\\a-c xuU]{0,24}").unwrap()) {
        let _ = method(&format!("sam{{{text}"));
        if let Ok(value) = parse_value(&text) {
            // An integer beyond 64 bits is a number here, and an error in the `toml` crate.
            if let Ok(toml) = format!("value={text}").parse::<toml::Table>() {
                let toml = from_toml(&toml["value"]).unwrap();
                prop_assert_eq!(normal(value).to_string(), normal(toml).to_string());
            } else {
                prop_assert!(text.bytes().filter(u8::is_ascii_digit).count() > 18, "{}", text);
            }
        }
    }

    #[test]
    fn values_are_read_as_they_are_displayed(value in any_value()) {
        prop_assert_eq!(parse_value(&value.to_string()), Ok(value));
    }
}
