//! A function of the plane seen from above: level lines, a field, paths, marked places; both axes have one scale.

use super::axis::Ruler;
use super::contour::Grid;
use super::draw::{LINE, axes, scales};
use super::ink::{COLOURS, FONT, Place, header, symbol, text};
use super::text::{escape, width, wrap};
use super::{Marks, Scale, Series};
use std::fmt::Write;

/// A picture of the plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// The heading.
    pub title: String,
    /// What the picture shows, for those who do not see it.
    pub description: String,
    /// Labels of the axes.
    pub axes: [String; 2],
    /// The function.
    pub grid: Grid,
    /// A place and the field there; drawn with lengths that grow with its square root.
    pub arrows: Vec<[(f64, f64); 2]>,
    /// Polylines.
    pub paths: Vec<Series>,
    /// Marked places.
    pub marks: Vec<Marks>,
}

/// The longer side of the plot, in pixels.
const SIDE: f64 = 430.0;
/// The shorter side at least.
const LEAST: f64 = 120.0;
const PAD: f64 = 14.0;
/// Level lines.
const LEVELS: usize = 9;

impl Plane {
    /// A complete SVG document.
    pub fn to_svg(&self) -> String {
        self.svg(Place::Alone)
    }

    /// For a page that has [`super::STYLE`] among its styles.
    pub fn to_inline_svg(&self) -> String {
        self.svg(Place::InPage)
    }

    /// Function, paths and marks as CSV.
    pub fn csv(&self) -> String {
        let mut out = "series,x,y,value\n".to_owned();
        let number = super::csv::number;
        for (j, y) in self.grid.y.iter().enumerate() {
            for (i, x) in self.grid.x.iter().enumerate() {
                let value = number(self.grid.values[j * self.grid.x.len() + i]);
                let _ = writeln!(out, "f,{},{},{value}", number(*x), number(*y));
            }
        }
        let places = self.paths.iter().map(|path| (&path.label, &path.points));
        for (label, points) in places.chain(self.marks.iter().map(|marks| (&marks.label, &marks.points))) {
            for (x, y) in points {
                let _ = writeln!(out, "{},{},{},", super::csv::field(label), number(*x), number(*y));
            }
        }
        out
    }

    fn svg(&self, place: Place) -> String {
        let ends = |axis: &[f64]| [axis.first().copied().unwrap_or(0.0), axis.last().copied().unwrap_or(1.0)];
        let (across, up) = (ends(&self.grid.x), ends(&self.grid.y));
        let (wide, high) = (across[1] - across[0], up[1] - up[0]);
        let pixel = SIDE / wide.max(high);
        let (plot_width, plot_height) = ((wide * pixel).max(LEAST), (high * pixel).max(LEAST));

        let labels: Vec<Vec<String>> = self
            .paths
            .iter()
            .map(|path| &path.label)
            .chain(self.marks.iter().map(|marks| &marks.label))
            .map(|label| wrap(label, 22.0))
            .collect();
        let left = PAD + 52.0;
        let right = left + plot_width;
        let legend = FONT * labels.iter().flatten().map(|line| width(line)).fold(0.0, f64::max);
        let total_width = right + 34.0 + legend.max(20.0) + PAD;
        let title = wrap(&self.title, (total_width - 2.0 * PAD) / FONT / 1.3);
        let top = PAD + 20.0 * title.len() as f64 + 4.0 + LINE + 10.0;
        let stack: f64 = labels.iter().map(|lines| lines.len() as f64 * LINE + 6.0).sum();
        let bottom = top + plot_height;
        let total_height = bottom.max(top + stack) + 22.0 + LINE + PAD;
        let x = Ruler::new(Scale::Linear, across.into_iter(), 0.0).between(left, right);
        let y = Ruler::new(Scale::Linear, up.into_iter(), 0.0).between(bottom, top);

        let mut out = header(&self.title, &self.description, (total_width, total_height), place);
        text(&mut out, &title, (PAD, PAD + 14.0, 20.0), "font-size=\"16\" font-weight=\"600\"");
        text(&mut out, &self.axes[1..], (PAD, PAD + 20.0 * title.len() as f64 + 16.0, LINE), "");
        let centre = (left + right) / 2.0 - FONT * width(&self.axes[0]) / 2.0;
        text(&mut out, &self.axes[..1], (centre.max(PAD), bottom + 38.0, LINE), "");
        axes(&mut out, (&x, true), &y, [left, right, top, bottom]);
        let _ = writeln!(
            out,
            r##"<path class="sf-frame" {} fill="none" stroke="#555" d="M{left:.1} {top:.1}H{right:.1}V{bottom:.1}H{left:.1}Z"/>"##,
            scales((&x, &self.axes[0]), (&y, &self.axes[1]))
        );
        let at = |(a, b): (f64, f64)| Some((x.place(a)?, y.place(b)?));
        let inside = |&(px, py): &(f64, f64)| {
            (left - 0.5..=right + 0.5).contains(&px) && (top - 0.5..=bottom + 0.5).contains(&py)
        };
        self.level_lines(&mut out, &at);
        self.field(&mut out, &at, pixel * wide);
        for (i, path) in self.paths.iter().enumerate() {
            let (colour, mut line, mut dots) = (i % COLOURS.len(), String::new(), String::new());
            let mut pen_down = false;
            for point in path.points.iter().map(|point| at(*point).filter(inside)) {
                let Some((x, y)) = point else {
                    pen_down = false;
                    continue;
                };
                let _ = write!(line, "{}{x:.1} {y:.1}", if pen_down { 'L' } else { 'M' });
                let _ = write!(dots, "M{x:.1} {y:.1}h0");
                pen_down = true;
            }
            let ink = COLOURS[colour].0;
            let _ = writeln!(
                out,
                r#"<g data-item="{i}"><title>{}</title><path class="sf-{colour}" fill="none" stroke="{ink}" stroke-width="1.2" d="{line}"/><path class="sf-{colour}" fill="none" stroke="{ink}" stroke-width="4.5" stroke-linecap="round" d="{dots}"/></g>"#,
                escape(&path.label)
            );
        }
        for (i, marks) in self.marks.iter().enumerate() {
            let item = self.paths.len() + i;
            let _ = writeln!(out, r#"<g data-item="{item}"><title>{}</title>"#, escape(&marks.label));
            for place in marks.points.iter().filter_map(|point| at(*point).filter(inside)) {
                symbol(&mut out, marks.shape, place, item % COLOURS.len());
            }
            out.push_str("</g>\n");
        }
        let mut line = top + 10.0;
        for (i, lines) in labels.iter().enumerate() {
            let (colour, x) = (i % COLOURS.len(), right + 16.0);
            let _ = writeln!(out, r#"<g data-label="{i}">"#);
            match i.checked_sub(self.paths.len()) {
                Some(mark) => symbol(&mut out, self.marks[mark].shape, (x, line - 4.5), colour),
                None => {
                    let ink = COLOURS[colour].0;
                    let _ = writeln!(
                        out,
                        r#"<path class="sf-{colour}" fill="none" stroke="{ink}" stroke-width="2" d="M{:.1} {:.1}h14"/>"#,
                        x - 7.0,
                        line - 4.5
                    );
                }
            }
            text(&mut out, lines, (x + 14.0, line, LINE), "");
            out.push_str("</g>\n");
            line += lines.len() as f64 * LINE + 6.0;
        }
        out.push_str("</svg>\n");
        out
    }

    fn level_lines(&self, out: &mut String, at: &dyn Fn((f64, f64)) -> Option<(f64, f64)>) {
        for level in self.grid.levels(LEVELS) {
            let mut d = String::new();
            for [a, b] in self.grid.level_line(level) {
                if let (Some(a), Some(b)) = (at(a), at(b)) {
                    let _ = write!(d, "M{:.1} {:.1}L{:.1} {:.1}", a.0, a.1, b.0, b.1);
                }
            }
            let level = shortfall::text::number(level);
            let _ = writeln!(
                out,
                r##"<path class="sf-frame" fill="none" stroke="#555" stroke-opacity="0.55" stroke-width="0.8" d="{d}"><title>{level}</title></path>"##
            );
        }
    }

    fn field(&self, out: &mut String, at: &dyn Fn((f64, f64)) -> Option<(f64, f64)>, wide: f64) {
        let size = |v: (f64, f64)| v.0.hypot(v.1);
        let largest = self.arrows.iter().map(|[_, v]| size(*v)).filter(|size| size.is_finite()).fold(0.0, f64::max);
        let longest = 0.8 * wide / (self.arrows.len() as f64).sqrt().max(1.0);
        let mut d = String::new();
        for [place, v] in &self.arrows {
            let length = size(*v);
            let Some((x, y)) = at(*place).filter(|_| length > 0.0 && length.is_finite()) else { continue };
            let reach = longest * (length / largest).sqrt();
            // Downwards on the page is up in the picture.
            let (dx, dy) = (v.0 / length * reach, -v.1 / length * reach);
            let (hx, hy) = (0.3 * dx, 0.3 * dy);
            let _ = write!(
                d,
                "M{x:.1} {y:.1}l{dx:.1} {dy:.1}m{:.1} {:.1}l{:.1} {:.1}l{:.1} {:.1}",
                -hx - 0.5 * hy,
                -hy + 0.5 * hx,
                hx + 0.5 * hy,
                hy - 0.5 * hx,
                -hx + 0.5 * hy,
                -hy - 0.5 * hx
            );
        }
        if !d.is_empty() {
            let ink = COLOURS[5].0;
            let _ = writeln!(out, r#"<path class="sf-5" fill="none" stroke="{ink}" stroke-opacity="0.8" d="{d}"/>"#);
        }
    }
}
