//! The data of a picture as CSV.

use super::Figure;
use std::fmt::Write;

/// A field, quoted where it must be.
pub(super) fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// All digits; missing stays missing.
pub(super) fn number(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { String::new() }
}

/// `series,x,y,low,high`; a reference has no x.
pub(super) fn of_figure(figure: &Figure) -> String {
    let mut out = "series,x,y,low,high\n".to_owned();
    for series in &figure.series {
        let label = field(&series.label);
        for (i, (x, y)) in series.points.iter().enumerate() {
            let (low, high) =
                series.band.as_ref().and_then(|band| band.get(i)).map_or((f64::NAN, f64::NAN), |b| (b.1, b.2));
            let _ = writeln!(out, "{label},{},{},{},{}", number(*x), number(*y), number(low), number(high));
        }
    }
    for reference in &figure.references {
        let _ = writeln!(out, "{},,{},,", field(&reference.label), number(reference.value));
    }
    for marks in &figure.marks {
        for (x, y) in &marks.points {
            let _ = writeln!(out, "{},{},{},,", field(&marks.label), number(*x), number(*y));
        }
    }
    out
}
