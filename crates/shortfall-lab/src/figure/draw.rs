//! The picture itself.

use super::axis::{Label, Ruler, TICK_FONT};
use super::ink::{COLOURS, FONT, Place, header, symbol, text};
use super::text::{escape, spread, width, wrap};
use super::{Figure, Series, Shape};
use std::fmt::Write;

/// Size of the plot, in pixels; it grows in height if the labels beside it need more.
const PLOT_WIDTH: f64 = 500.0;
const PLOT_HEIGHT: f64 = 330.0;
/// Line height of labels; widest label at the end of a line, in units of the font size.
pub(super) const LINE: f64 = 16.0;
const WIDEST: f64 = 22.0;
/// Space between the plot and the labels beside it, for leaders.
const LEADER: f64 = 26.0;
const PAD: f64 = 14.0;

/// Lines differ in colour and in dashes, so that they can be told apart in grey.
const DASHES: [&str; 5] = ["", "8 3", "2 3", "9 3 2 3", "4 2"];

/// What stands at the right of the plot: where it points at, its lines of text, its colour and dashes.
struct End {
    x: f64,
    y: f64,
    lines: Vec<String>,
    colour: usize,
    dashes: &'static str,
    /// Of marks, which have no line to point at.
    shape: Option<Shape>,
}

pub(super) fn svg(figure: &Figure, place: Place) -> String {
    let marked = || figure.marks.iter().flat_map(|marks| marks.points.iter().copied());
    let values = || figure.series.iter().flat_map(|series| series.points.iter().copied()).chain(marked());
    let bands = || figure.series.iter().flat_map(|series| series.band.iter().flatten().copied());
    let xs = values().map(|point| point.0).chain(bands().map(|band| band.0));
    let ys = values().map(|point| point.1).chain(bands().flat_map(|(_, low, high)| [low, high]));
    let x = Ruler::new(figure.x.scale, xs, 0.0);
    let y = Ruler::new(figure.y.scale, ys.chain(figure.references.iter().map(|reference| reference.value)), 0.04);

    let labels = figure.series.iter().map(|series| &series.label);
    let labels = labels.chain(figure.references.iter().map(|r| &r.label)).chain(figure.marks.iter().map(|m| &m.label));
    let wrapped: Vec<Vec<String>> = labels.map(|label| wrap(label, WIDEST)).collect();
    let stack: f64 = wrapped.iter().map(|lines| lines.len() as f64 * LINE + 3.0).sum();
    let height = PLOT_HEIGHT.max(stack);
    // Ticks do not depend on where the plot stands, only on its size: the widest label sets the left margin.
    let tick_width = |label: &Label| label.width();
    let y_ticks = y.clone().between(height, 0.0).ticks(false);
    let widest = y_ticks.iter().filter_map(|tick| tick.label.as_ref()).map(tick_width).fold(0.0, f64::max);
    let left = PAD + widest.max(24.0) + 10.0;
    let right = left + PLOT_WIDTH;
    let ends_width = FONT * wrapped.iter().flatten().map(|line| width(line)).fold(0.0, f64::max);
    let total_width = right + LEADER + ends_width.max(20.0) + PAD;
    let limit = (total_width - 2.0 * PAD) / FONT;
    let (title, y_label) = (wrap(&figure.title, limit / 1.3), wrap(&figure.y.label, limit));
    let x_label = wrap(&figure.x.label, limit);
    let top = PAD + 20.0 * title.len() as f64 + 4.0 + LINE * y_label.len() as f64 + 10.0;
    let bottom = top + height;
    let total_height = bottom + 22.0 + LINE * x_label.len() as f64 + PAD;
    let x = x.between(left, right);
    let y = y.between(bottom, top);

    let mut out = header(&figure.title, &figure.description, (total_width, total_height), place);
    text(&mut out, &title, (PAD, PAD + 14.0, 20.0), "font-size=\"16\" font-weight=\"600\"");
    text(&mut out, &y_label, (PAD, PAD + 20.0 * title.len() as f64 + 16.0, LINE), "");
    let centre = (left + right) / 2.0;
    let x_label_start = (centre - FONT * x_label.iter().map(|line| width(line)).fold(0.0, f64::max) / 2.0).max(PAD);
    text(&mut out, &x_label, (x_label_start, bottom + 38.0, LINE), "");

    let nothing = !values().any(|(a, b)| x.place(a).is_some() && y.place(b).is_some());
    if !(nothing && figure.references.iter().all(|reference| y.place(reference.value).is_none())) {
        axes(&mut out, (&x, !nothing), &y, [left, right, top, bottom]);
    }
    let _ = writeln!(
        out,
        r##"<path class="sf-frame" {} fill="none" stroke="#555" d="M{left:.1} {top:.1}V{bottom:.1}H{right:.1}"/>"##,
        scales((&x, &figure.x.label), (&y, &figure.y.label))
    );
    if nothing {
        let middle = (top + bottom) / 2.0;
        let _ = writeln!(
            out,
            r##"<text class="sf-ink" fill="#222" x="{centre:.1}" y="{middle:.1}" text-anchor="middle">no data</text>"##
        );
    }

    let mut ends = Vec::new();
    for (i, (series, lines)) in figure.series.iter().zip(&wrapped).enumerate() {
        let dashes = DASHES[i % DASHES.len()];
        let _ = writeln!(out, r#"<g data-item="{i}"><title>{}</title>"#, escape(&series.label));
        let end = curve(&mut out, series, &x, &y, i % COLOURS.len(), dashes);
        out.push_str("</g>\n");
        let (x, y) = end.unwrap_or((f64::NAN, bottom));
        ends.push(End { x, y, lines: lines.clone(), colour: i % COLOURS.len(), dashes, shape: None });
    }
    for (i, (reference, lines)) in figure.references.iter().zip(&wrapped[figure.series.len()..]).enumerate() {
        let colour = (figure.series.len() + i) % COLOURS.len();
        let place = y.place(reference.value);
        if let Some(at) = place {
            let _ = writeln!(
                out,
                r#"<g data-item="{}"><title>{}</title><path class="sf-{colour}" fill="none" stroke="{}" stroke-width="1.4" stroke-dasharray="6 4" d="M{left:.1} {at:.1}H{right:.1}"/></g>"#,
                figure.series.len() + i,
                escape(&reference.label),
                COLOURS[colour].0
            );
        }
        let x = if place.is_some() { right } else { f64::NAN };
        ends.push(End { x, y: place.unwrap_or(bottom), lines: lines.clone(), colour, dashes: "6 4", shape: None });
    }
    let labels = &wrapped[figure.series.len() + figure.references.len()..];
    for (i, (marks, lines)) in figure.marks.iter().zip(labels).enumerate() {
        let item = figure.series.len() + figure.references.len() + i;
        let colour = item % COLOURS.len();
        let _ = writeln!(out, r#"<g data-item="{item}"><title>{}</title>"#, escape(&marks.label));
        for &(a, b) in &marks.points {
            if let (Some(x), Some(y)) = (x.place(a), y.place(b)) {
                symbol(&mut out, marks.shape, (x, y), colour);
            }
        }
        out.push_str("</g>\n");
        let lines = lines.clone();
        ends.push(End { x: f64::NAN, y: bottom, lines, colour, dashes: "", shape: Some(marks.shape) });
    }
    end_labels(&mut out, &ends, right, top - 8.0, bottom + 8.0);
    out.push_str("</svg>\n");
    out
}

/// The scales of a picture as attributes of its frame, for scripts.
pub(super) fn scales((x, across): (&Ruler, &str), (y, up): (&Ruler, &str)) -> String {
    let [across, up] = [across, up].map(escape);
    format!(r#"data-x="{}" data-across="{across}" data-y="{}" data-up="{up}""#, x.words(), y.words())
}

/// Grid, ticks and their labels; a horizontal axis without values has none.
pub(super) fn axes(out: &mut String, (x, has_x): (&Ruler, bool), y: &Ruler, [left, right, top, bottom]: [f64; 4]) {
    let mut grid = String::new();
    let mut marks = String::new();
    let mut labels = String::new();
    let mut label = |label: &Label, x: f64, y: f64, anchor: &str| {
        let power = label.power.as_ref().map_or(String::new(), |power| {
            format!(r#"<tspan dy="-4.5" font-size="{:.0}">{power}</tspan>"#, 0.75 * TICK_FONT)
        });
        let base = &label.base;
        let _ = writeln!(labels, r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{base}{power}</text>"#);
    };
    for tick in if has_x { x.ticks(true) } else { Vec::new() } {
        let at = tick.at;
        let length = if tick.label.is_some() { 6.0 } else { 3.0 };
        let _ = write!(marks, "M{at:.1} {bottom:.1}v{length}");
        if let Some(text) = &tick.label {
            let _ = write!(grid, "M{at:.1} {top:.1}V{bottom:.1}");
            label(text, at, bottom + 20.0, "middle");
        }
    }
    for tick in y.ticks(false) {
        let at = tick.at;
        let length = if tick.label.is_some() { 6.0 } else { 3.0 };
        let _ = write!(marks, "M{left:.1} {at:.1}h-{length}");
        if let Some(text) = &tick.label {
            let _ = write!(grid, "M{left:.1} {at:.1}H{right:.1}");
            label(text, left - 9.0, at + 4.5, "end");
        }
    }
    let _ = writeln!(out, r##"<path class="sf-grid" fill="none" stroke="#e4e4e4" d="{grid}"/>"##);
    let _ = writeln!(out, r##"<path class="sf-frame" fill="none" stroke="#555" d="{marks}"/>"##);
    let _ = writeln!(out, r##"<g class="sf-ink" fill="#222" font-size="{TICK_FONT}">{labels}</g>"##);
}

/// Draws a series; returns the pixel of its last point.
fn curve(out: &mut String, series: &Series, x: &Ruler, y: &Ruler, colour: usize, dashes: &str) -> Option<(f64, f64)> {
    let ink = COLOURS[colour].0;
    // An interval that reaches below a logarithmic axis is drawn down to its foot.
    let band = series.band.iter().flatten().map(|&(a, low, high)| {
        let high = y.place(high)?;
        let low = y.place(low).or_else(|| low.is_finite().then(|| y.start()))?;
        Some((x.place(a)?, low, high))
    });
    for run in runs(band) {
        let mut outline = String::new();
        for &(x, low, _) in &run {
            let _ = write!(outline, "{}{x:.1} {low:.1}", if outline.is_empty() { 'M' } else { 'L' });
        }
        for &(x, _, high) in run.iter().rev() {
            let _ = write!(outline, "L{x:.1} {high:.1}");
        }
        let _ = writeln!(out, r#"<path class="sf-fill-{colour}" fill="{ink}" fill-opacity="0.18" d="{outline}Z"/>"#);
    }
    let weight = if series.faint { r#"stroke-width="0.9" stroke-opacity="0.45""# } else { r#"stroke-width="2""# };
    let mut last = None;
    for run in runs(series.points.iter().map(|&(a, b)| Some((x.place(a)?, y.place(b)?)))) {
        last = run.last().copied().or(last);
        if let [(x, y)] = run[..] {
            let _ = writeln!(out, r#"<circle class="sf-fill-{colour}" fill="{ink}" cx="{x:.1}" cy="{y:.1}" r="3"/>"#);
            continue;
        }
        let mut line = String::new();
        for (x, y) in thin(&run) {
            let _ = write!(line, "{}{x:.1} {y:.1}", if line.is_empty() { 'M' } else { 'L' });
        }
        let dashes = if dashes.is_empty() { String::new() } else { format!(r#" stroke-dasharray="{dashes}""#) };
        let _ = writeln!(
            out,
            r#"<path class="sf-{colour}" fill="none" stroke="{ink}" {weight} stroke-linejoin="round"{dashes} d="{line}"/>"#
        );
    }
    last
}

/// Runs of what is there.
fn runs<T>(items: impl Iterator<Item = Option<T>>) -> Vec<Vec<T>> {
    let mut runs = vec![Vec::new()];
    for item in items {
        match (item, runs.last_mut()) {
            (Some(item), Some(run)) => run.push(item),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// Of many points on one column of pixels the first, the lowest, the highest and the last: the line looks the same.
fn thin(run: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut kept = Vec::new();
    for column in run.chunk_by(|a, b| a.0.round() == b.0.round()) {
        let extreme =
            |sign: f64| (0..column.len()).min_by(|&a, &b| (sign * column[a].1).total_cmp(&(sign * column[b].1)));
        let mut chosen = vec![0, extreme(1.0).unwrap_or(0), extreme(-1.0).unwrap_or(0), column.len() - 1];
        chosen.sort_unstable();
        chosen.dedup();
        kept.extend(chosen.into_iter().map(|i| column[i]));
    }
    kept
}

/// Labels at the right, moved apart, each with a leader from what it names.
fn end_labels(out: &mut String, ends: &[End], right: f64, top: f64, bottom: f64) {
    let wanted: Vec<_> = ends.iter().map(|end| (end.y, end.lines.len() as f64 * LINE + 3.0)).collect();
    for (item, (end, centre)) in ends.iter().zip(spread(&wanted, top, bottom)).enumerate() {
        let _ = writeln!(out, r#"<g data-label="{item}">"#);
        let (colour, ink) = (end.colour, COLOURS[end.colour].0);
        // What is not drawn has a label, but nothing to point at.
        if end.x.is_finite() {
            let dashes = if end.dashes.is_empty() { String::new() } else { r#" stroke-dasharray="3 2""#.to_owned() };
            if end.x < right - 1.0 {
                let _ = writeln!(
                    out,
                    r#"<path class="sf-{colour}" fill="none" stroke="{ink}" stroke-opacity="0.5" stroke-dasharray="1 3" d="M{:.1} {:.1}H{right:.1}"/>"#,
                    end.x, end.y
                );
            }
            let (from, to) = (right + 2.0, right + LEADER - 5.0);
            let _ = writeln!(
                out,
                r#"<path class="sf-{colour}" fill="none" stroke="{ink}" stroke-width="1.2"{dashes} d="M{from:.1} {:.1}L{:.1} {centre:.1}H{to:.1}"/>"#,
                end.y,
                to - 5.0
            );
        }
        if let Some(shape) = end.shape {
            symbol(out, shape, (right + LEADER - 10.0, centre), colour);
        }
        let first = centre - (end.lines.len() as f64 - 1.0) * LINE / 2.0 + 4.5;
        text(out, &end.lines, (right + LEADER, first, LINE), "");
        out.push_str("</g>\n");
    }
}
