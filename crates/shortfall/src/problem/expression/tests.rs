//! Derivatives against differences, enclosures against points, constants against samples.

use super::*;
use crate::arguments::Value;
use crate::source::NoData;
use proptest::prelude::*;

/// Expressions that are smooth near the points.
const SMOOTH: [(&str, [f64; 2]); 16] = [
    ("cos(x)+x^2/10", [0.7, -3.1]),
    ("sin(x)*x", [1.3, -2.2]),
    ("tan(x/3)", [0.4, 1.1]),
    ("exp(-x^2)", [0.3, -1.2]),
    ("log(1+x^2)", [0.9, -4.0]),
    ("sqrt(x+4)", [0.5, -1.7]),
    ("tanh(2*x)", [0.2, -0.6]),
    ("abs(x)^3", [0.8, -1.4]),
    ("atan(x^2-1)", [0.3, 2.1]),
    ("x^x", [0.6, 2.3]),
    ("x^-3+x^5", [0.9, -1.2]),
    ("x^1.7", [0.4, 3.0]),
    ("2^x-x/pi", [0.1, -2.0]),
    ("(x^2-1)^2/4", [0.4, -1.3]),
    ("1/(1+exp(-3*x))", [0.2, -1.0]),
    ("x^4*sin(1/x)+e*x", [0.5, -0.7]),
];

fn expression(text: &str) -> Expression {
    Expression::new(text, None).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn check_differences(text: &str, x: f64) {
    let f = expression(text);
    let at = |x: f64| {
        let mut slope = [0.0];
        (f.value_gradient(&[x], &mut slope), slope[0])
    };
    let h = 1e-5;
    let (above, below) = (at(x + h), at(x - h));
    let (slope, bend) = ((above.0 - below.0) / (2.0 * h), (above.1 - below.1) / (2.0 * h));
    let mut matrix = [0.0];
    assert!(f.matrix_at(&[x], &mut matrix), "{text} at {x}");
    assert!((at(x).1 - slope).abs() < 1e-7 * (1.0 + slope.abs()), "{text} at {x}: {} {slope}", at(x).1);
    assert!((matrix[0] - bend).abs() < 1e-6 * (1.0 + bend.abs()), "{text} at {x}: {} {bend}", matrix[0]);
}

#[test]
fn derivatives_are_those_of_differences() {
    for (text, points) in SMOOTH {
        for x in points {
            if !(text == "x^x" && x < 0.0) {
                check_differences(text, x);
            }
        }
    }
}

fn value(f: &Expression, symbol: Symbol) -> Option<f64> {
    f.constants(&Ask { start: &[1.5], sampling: None }).get(symbol).value()
}

#[test]
fn constants_on_the_whole_line() {
    let near = |found: Option<f64>, exact: f64, loose: f64| {
        found.is_some_and(|found| found >= exact - 1e-15 && found <= exact + loose)
    };
    let wave = expression("cos(x)+x^2/10");
    assert!(near(value(&wave, Symbol::Beta), 1.2, 1e-14));
    assert!(near(value(&wave, Symbol::Omega), 0.8, 1e-14));
    assert_eq!((value(&wave, Symbol::Mu), value(&wave, Symbol::L)), (None, None));
    let parabola = expression("3*x^2-x");
    assert_eq!((value(&parabola, Symbol::Beta), value(&parabola, Symbol::Mu)), (Some(6.0), Some(6.0)));
    assert_eq!(value(&parabola, Symbol::Omega), Some(0.0));
    let sine = expression("sin(2*x)");
    assert!(near(value(&sine, Symbol::Beta), 4.0, 1e-12) && near(value(&sine, Symbol::L), 2.0, 1e-12));
    // f'' = exp(x) > 0 is not bounded.
    let steep = expression("exp(x)-x");
    assert_eq!((value(&steep, Symbol::Omega), value(&steep, Symbol::Beta)), (Some(0.0), None));
    assert_eq!(value(&expression("abs(x)"), Symbol::Beta), None);
    // f(1.5) - f* and the distance to 0 for x^2.
    let square = expression("x^2");
    assert!(near(value(&square, Symbol::Delta), 2.25, 1e-14) && near(value(&square, Symbol::D2), 2.25, 1e-14));
}

#[test]
fn constants_on_an_interval() {
    let well = Expression::new("(x^2-1)^2/4", Some([-2.0, 2.0])).expect("good");
    let constants = well.constants(&Ask { start: &[1.5], sampling: None });
    let inside = |symbol| match constants.get(symbol) {
        Constant::OnInterval { value, low, high, .. } if (*low, *high) == (-2.0, 2.0) => *value,
        other => panic!("{symbol:?}: {other:?}"),
    };
    // f'' = 3x^2 - 1 is bounded below everywhere.
    assert!(constants.get(Symbol::Omega).value().is_some_and(|omega| (1.0..1.001).contains(&omega)));
    for (symbol, exact) in [(Symbol::Beta, 11.0), (Symbol::L, 6.0)] {
        assert!((exact..exact * 1.002).contains(&inside(symbol)), "{symbol:?}: {}", inside(symbol));
    }
    assert!(constants.get(Symbol::Mu).value().is_none());
    assert!(constants.get(Symbol::Delta).value().is_some_and(|delta| (delta - 0.390625).abs() < 1e-13));
    let right = Expression::new("(x^2-1)^2/4", Some([1.0, 2.0])).expect("good");
    let mu = right.constants(&Ask { start: &[1.5], sampling: None }).get(Symbol::Mu).clone();
    assert!(matches!(mu, Constant::OnInterval { value, .. } if (1.99..=2.0).contains(&value)), "{mu:?}");
    let kink = Expression::new("abs(x)+x^4", Some([-1.0, 1.0])).expect("good");
    let beta = kink.constants(&Ask { start: &[1.5], sampling: None }).get(Symbol::Beta).clone();
    assert!(matches!(&beta, Constant::Missing { reason } if reason.contains("[-1, 1]")), "{beta:?}");
    assert!(!kink.matrix_at(&[0.0], &mut [0.0]));
}

#[test]
fn hostile_texts_are_refused_with_their_column() {
    let build = |text: &str| {
        let arguments = Arguments::of("expression").with("f", Value::Text(text.to_owned()));
        Expression::build(&arguments, &NoData).map(|_| ()).map_err(|error| error.message)
    };
    let parentheses = "(".repeat(100_000);
    for text in ["", "x+", "((((", "1/0", "foo(x)", "y", "1e999", "\u{1f600}", "x\u{0}", "sqrt(-x^2)-1", &parentheses] {
        let message = build(text).expect_err(text);
        assert!(message.starts_with("expression: `f` "), "{message}");
    }
    let arguments = |interval: &[f64]| {
        Arguments::of("expression").with("f", Value::Text("x^4".to_owned())).with("interval", Value::numbers(interval))
    };
    for (interval, good) in [(&[][..], true), (&[-1.0, 2.0], true), (&[2.0, -1.0], false), (&[1.0], false)] {
        assert_eq!(Expression::build(&arguments(interval), &NoData).is_ok(), good, "{interval:?}");
    }
    assert!(build("x+foo").expect_err("foo").contains("column 3"));
    assert!(build("log(-x^2)").expect_err("nowhere").contains("x = 1, 0.5, 2"));
    for text in ["x^x^x", "1/x", "x^1e6", "x^-1000000", "exp(exp(exp(x)))", "x/1e-320", "tan(1e15*x)", "x^(1e300)"] {
        if let Ok(expression) = Expression::new(text, Some([-1e300, 1e300])) {
            let constants = expression.constants(&Ask { start: &[1e300], sampling: None });
            assert!(constants.iter().all(|(_, constant)| constant.value().is_none_or(f64::is_finite)));
        }
    }
}

#[test]
fn zero_gradients_are_exactly_zero() {
    for (text, x) in [("cos(x)+x^2/10", 0.0), ("(x-1)^2", 1.0), ("exp(x)-x", 0.0), ("(x^2-1)^2/4", 1.0)] {
        let mut gradient = [1.0];
        expression(text).value_gradient(&[x], &mut gradient);
        assert_eq!(gradient, [0.0], "{text}");
    }
}

/// Random expressions, defined and smooth everywhere.
fn texts() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        3 => Just("x".to_owned()),
        1 => (1..60i32).prop_map(|n| format!("{}", f64::from(n) / 8.0)),
        1 => Just("pi".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone(), prop::sample::select(vec!["+", "-", "*"]))
                .prop_map(|(a, b, op)| format!("({a}){op}({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})/(1.5+({b})^2)")),
            (inner.clone(), prop::sample::select(vec!["sin", "cos", "tanh", "atan"]))
                .prop_map(|(a, name)| format!("{name}({a})")),
            inner.clone().prop_map(|a| format!("exp(-({a})^2)")),
            inner.clone().prop_map(|a| format!("log(2+({a})^2)")),
            inner.clone().prop_map(|a| format!("sqrt(1+({a})^2)")),
            inner.prop_map(|a| format!("-({a})^3/10")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_derivatives_are_those_of_differences(text in texts(), x in -2.0..2.0f64) {
        let Ok(tape) = parse::parse(&format!("{text}+x")) else { return Ok(()) };
        let h = 1e-5;
        let jet = |x: f64| tape.run(Jet::variable(x)).expect("defined");
        let (above, at, below) = (jet(x + h), jet(x), jet(x - h));
        // The third derivative decides how good a difference is: skip what bends too fast.
        prop_assume!((above.curvature - below.curvature).abs() < 1e-2);
        prop_assume!(at.value.abs() < 1e3 && at.slope.abs() < 1e3);
        let (slope, bend) = ((above.value - below.value) / (2.0 * h), (above.slope - below.slope) / (2.0 * h));
        prop_assert!((at.slope - slope).abs() < 1e-5 * (1.0 + slope.abs()), "{text}: {} {slope}", at.slope);
        prop_assert!((at.curvature - bend).abs() < 1e-4 * (1.0 + bend.abs()), "{text}: {} {bend}", at.curvature);
    }

    #[test]
    fn enclosures_contain_the_points(text in texts(), low in -4.0..4.0f64, width in 0.0..3.0f64, part in 0.0..=1.0f64) {
        let Ok(tape) = parse::parse(&format!("{text}+x")) else { return Ok(()) };
        let x = (low + part * width).clamp(low, low + width);
        let range = tape.run(Jet::variable(Number::between(low, low + width))).expect("defined");
        let exact = tape.run(Jet::variable(Number::exact(x))).expect("defined");
        let plain = tape.run(Jet::variable(x)).expect("defined");
        for (range, exact, plain) in [
            (range.value, exact.value, plain.value),
            (range.slope, exact.slope, plain.slope),
            (range.curvature, exact.curvature, plain.curvature),
        ] {
            // What is true lies in both; what is computed lies near.
            prop_assert!(range.low <= exact.high && exact.low <= range.high, "{text}: {range:?} {exact:?}");
            let slack = 1e-9 * (1.0 + plain.abs());
            prop_assert!(plain >= exact.low - slack && plain <= exact.high + slack, "{text}: {exact:?} {plain}");
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn constants_and_minimum_hold_at_random_points(text in texts(), points in prop::collection::vec(-20.0..20.0f64, 20)) {
        let Ok(f) = Expression::new(&format!("{text}+x^2/7"), Some([-20.0, 20.0])) else { return Ok(()) };
        let constants = f.constants(&Ask { start: &[points[0]], sampling: None });
        let bound = |symbol| match constants.get(symbol) {
            Constant::Known { value, .. } | Constant::OnInterval { value, .. } => Some(*value),
            Constant::Missing { .. } => None,
        };
        let [beta, mu, omega, l] = [Symbol::Beta, Symbol::Mu, Symbol::Omega, Symbol::L].map(bound);
        for x in &points {
            let jet = f.tape.run(Jet::variable(*x)).expect("defined");
            let slack = 1e-9 * (1.0 + jet.curvature.abs() + jet.slope.abs() + jet.value.abs());
            prop_assert!(beta.is_none_or(|beta| jet.curvature.abs() <= beta + slack), "{text} {x}");
            prop_assert!(mu.is_none_or(|mu| jet.curvature >= mu - slack), "{text} {x}");
            prop_assert!(omega.is_none_or(|omega| jet.curvature >= -omega - slack), "{text} {x}");
            prop_assert!(l.is_none_or(|l| jet.slope.abs() <= l + slack), "{text} {x}");
            if let Minimum::Known { value, error, .. } = f.minimum() {
                prop_assert!(jet.value + f.value_error(&[*x], jet.value) >= value - error, "{text} {x}");
            }
        }
    }
}
