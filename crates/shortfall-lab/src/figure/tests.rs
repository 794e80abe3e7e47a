use super::text::{escape, spread, width, wrap};
use super::*;
use proptest::prelude::*;

fn figure(scale: Scale, series: Vec<Series>, references: Vec<Reference>) -> Figure {
    let axis = |label: &str, scale| Axis { label: label.to_owned(), scale };
    Figure {
        title: "SAM on logistic: rho = 0.02".to_owned(),
        description: "A line that falls".to_owned(),
        x: axis("step t", scale),
        y: axis("f(x_t) - f*", scale),
        series,
        references,
        marks: Vec::new(),
    }
}

fn series(label: &str, points: Vec<(f64, f64)>) -> Series {
    Series { label: label.to_owned(), points, band: None, faint: false }
}

fn reference(label: &str, value: f64) -> Reference {
    Reference { label: label.to_owned(), value }
}

fn falling(floor: f64) -> Vec<(f64, f64)> {
    (0..=200).map(|i| 10_f64.powf(f64::from(i) / 40.0)).map(|t| (t, 1.0 / (t * t) + floor)).collect()
}

#[test]
fn step_zero_has_a_place_a_tick_and_its_own_number() {
    assert_eq!(Scale::Steps.position(0.0), Some(0.5f64.log10()));
    assert_eq!([Scale::Log.position(0.0), Scale::Steps.position(-1.0)], [None, None]);
    let labels = |last: f64| -> Vec<String> {
        let ruler = super::axis::Ruler::new(Scale::Steps, [0.0, last].into_iter(), 0.0).between(0.0, 500.0);
        ruler.ticks(true).into_iter().filter_map(|tick| tick.label).map(|label| label.base).collect()
    };
    assert_eq!(labels(1e4)[..2], ["0", "1"]);
    // Over sixteen decades the two would touch.
    assert_eq!(labels(1e15)[0], "1");
    let drawn = figure(Scale::Steps, vec![series("sam", vec![(0.0, 1.0), (1.0, 0.5), (10.0, 0.25)])], Vec::new());
    assert!(csv::of_figure(&drawn).contains("\nsam,0,1,"), "{}", csv::of_figure(&drawn));
}

/// Pictures to look at: `SHORTFALL_FIGURES=DIR cargo test -p shortfall-lab figures_to_look_at`, then `rsvg-convert`.
#[test]
fn figures_to_look_at() {
    let noisy = |t: f64, i: usize| 1e-4 * (2.0 + (i as f64).sin()) + 1.0 / t;
    let mut stochastic = series("stochastic-sam, mean of 64 runs", Vec::new());
    stochastic.points = falling(0.0).iter().enumerate().map(|(i, &(t, _))| (t, noisy(t, i))).collect();
    let interval = |&(t, v): &(f64, f64)| (t, if t > 1e4 { -1.0 } else { v / 2.0 }, 1.5 * v);
    stochastic.band = Some(stochastic.points.iter().map(interval).collect());
    let bounds = vec![
        reference("det-cvx-fval, upper bound", 2e-3),
        reference("det-floor-local, a prediction whose name is rather long & has <brackets> in it", 1e-3),
        reference("lower bound", 5e-9),
    ];
    let linear = |f: fn(f64) -> f64| (0..=50).map(|i| (f64::from(i), f(f64::from(i)))).collect::<Vec<_>>();
    let gaps = linear(|t| if (20.0..25.0).contains(&t) || t == 40.0 || t == 42.0 { f64::NAN } else { (t / 8.0).sin() });
    let stopped = linear(|t| if t > 30.0 { f64::INFINITY } else { t / 40.0 });
    let examples = [
        ("bounds", figure(Scale::Log, vec![series("sam", falling(1e-9)), stochastic], bounds)),
        ("linear", figure(Scale::Linear, vec![series("gaps", gaps), series("diverged at 31", stopped)], vec![])),
        ("empty", figure(Scale::Log, vec![series("nothing", vec![])], vec![])),
        ("point", figure(Scale::Log, vec![series("one", vec![(10.0, 1e-3)])], vec![reference("bound", 2e-3)])),
        ("extreme", figure(Scale::Log, vec![series("all", vec![(1e-300, 1e300), (1e300, 1e-300)])], vec![])),
        ("wide", figure(Scale::Linear, vec![series("wide", vec![(-1e308, -1.7e308), (1.7e308, 1.7e308)])], vec![])),
        ("narrow", figure(Scale::Log, vec![series("narrow", vec![(1000.0, 1.02), (1100.0, 1.08)])], vec![])),
        ("decade", figure(Scale::Log, vec![series("decade", vec![(3.0, 2e-7), (70.0, 3e-6)])], vec![])),
        ("offset", figure(Scale::Linear, vec![series("offset", vec![(1e6, 1.000001), (3e6, 1.000002)])], vec![])),
        ("many", figure(Scale::Linear, (0..30).map(|i| series(&format!("line {i}"), linear(|t| t))).collect(), vec![])),
    ];
    for (name, figure) in examples {
        let svg = figure.to_svg();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}: {svg}");
        if let Ok(folder) = std::env::var("SHORTFALL_FIGURES") {
            std::fs::write(format!("{folder}/{name}.svg"), svg).unwrap();
        }
    }
}

#[test]
fn a_picture_says_what_it_shows() {
    let svg = figure(Scale::Log, vec![series("a < b & c", falling(1e-9))], vec![reference("bound", 1e-3)]).to_svg();
    for part in ["<title>SAM on logistic: rho = 0.02</title>", "<desc>A line that falls</desc>", "a &lt; b &amp; c"] {
        assert!(svg.contains(part), "{part}");
    }
    assert!(svg.contains("prefers-color-scheme:dark") && svg.contains("stroke-dasharray"));
    assert!(figure(Scale::Log, vec![], vec![]).to_svg().contains("no data"));
    assert!(figure(Scale::Log, vec![series("a", vec![(0.0, 1.0), (1.0, -1.0)])], vec![]).to_svg().contains("no data"));
    assert!(!svg.contains("no data"));
}

#[test]
fn gaps_stay_gaps() {
    let points = vec![(1.0, 1.0), (2.0, 0.5), (3.0, 0.0), (4.0, 0.5), (5.0, 0.4), (6.0, f64::NAN), (7.0, 0.3)];
    let svg = figure(Scale::Log, vec![series("a", points)], vec![]).to_svg();
    assert_eq!(svg.matches("stroke-width=\"2\"").count(), 2);
    assert_eq!(svg.matches("<circle").count(), 1);
}

#[test]
fn many_points_make_a_small_picture() {
    let points = (1..1_000_000).map(|t| (f64::from(t), 1.0 + f64::from(t % 7))).collect();
    assert!(figure(Scale::Log, vec![series("a", points)], vec![]).to_svg().len() < 60_000);
}

#[test]
fn text_is_escaped_wrapped_and_spread() {
    assert_eq!(escape("<a>&\"\u{0}\u{ffff}"), "&lt;a&gt;&amp;&quot; \u{fffd}");
    assert_eq!(wrap("", 10.0), Vec::<String>::new());
    assert_eq!(wrap("one two", 100.0), ["one two"]);
    assert!(wrap(&"x".repeat(100), 10.0).iter().all(|line| width(line) <= 10.0));
    assert_eq!(spread(&[(10.0, 10.0), (50.0, 10.0)], 0.0, 100.0), [10.0, 50.0]);
    assert_eq!(spread(&[(50.0, 10.0), (50.0, 10.0)], 0.0, 100.0), [45.0, 55.0]);
    assert_eq!(spread(&[(0.0, 10.0), (100.0, 10.0)], 0.0, 100.0), [5.0, 95.0]);
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        -10.0..10.0,
        Just(0.0),
        Just(f64::MAX),
        Just(f64::MIN),
        Just(5e-324),
        0.999_999..1.000_001
    ]
}

fn attribute(line: &str, name: &str) -> Option<f64> {
    let start = line.find(&format!(" {name}=\""))? + name.len() + 3;
    line[start..].split('"').next()?.parse().ok()
}

proptest! {
    #[test]
    fn any_figure_is_drawn_inside_its_frame(
        scales in any::<(bool, bool)>(),
        points in prop::collection::vec((any_number(), any_number()), 0..8),
        band in proptest::option::of(prop::collection::vec((any_number(), any_number(), any_number()), 0..4)),
        values in prop::collection::vec(any_number(), 0..4),
        label in proptest::string::string_regex("(?s).{0,80}").unwrap(),
    ) {
        let scale = |log| if log { Scale::Log } else { Scale::Linear };
        let references = values.into_iter().map(|value| reference(&label, value)).collect();
        let mut figure = figure(scale(scales.0), vec![Series { label: label.clone(), points, band, faint: false }], references);
        figure.y = Axis { label: label.clone(), scale: scale(scales.1) };
        figure.x.label = label.clone();
        figure.title = label;
        let svg = figure.to_svg();
        let (width, height) = (attribute(&svg, "width").unwrap(), attribute(&svg, "height").unwrap());
        let mut columns = Vec::new();
        for line in svg.lines().filter(|line| line.contains("<text")) {
            let (x, y) = (attribute(line, "x").unwrap(), attribute(line, "y").unwrap());
            prop_assert!((0.0..=width).contains(&x) && (0.0..=height).contains(&y), "{}", line);
            if line.contains("text-anchor=\"end\"") {
                columns.push(y);
            }
        }
        // Labels of the vertical axis keep their distance, and there are some unless there is nothing to show.
        prop_assert!(columns.windows(2).all(|pair| (pair[0] - pair[1]).abs() > 12.0), "{}", svg);
        prop_assert!(!columns.is_empty() || svg.contains("no data"), "{}", svg);
        prop_assert!(!svg.contains("NaN") || figure.title.contains("NaN"), "{}", svg);
    }

    #[test]
    fn labels_do_not_overlap(wanted in prop::collection::vec((0.0..100.0_f64, 1.0..8.0_f64), 1..12)) {
        let centres = spread(&wanted, 0.0, 100.0);
        for (i, (a, (_, tall))) in centres.iter().zip(&wanted).enumerate() {
            prop_assert!(*a - tall / 2.0 >= -1e-9 && a + tall / 2.0 <= 100.0 + 1e-9);
            for (b, (_, other)) in centres.iter().zip(&wanted).skip(i + 1) {
                prop_assert!((a - b).abs() >= (tall + other) / 2.0 - 1e-9);
            }
        }
    }
}
