//! What all pictures share: colours, the frame of a document, text and symbols.

use super::Shape;
use super::text::escape;
use std::fmt::Write;

/// Font size of labels.
pub(super) const FONT: f64 = 13.0;

/// Okabe and Ito's colours, which remain distinct to the colour-blind, without those too light for a line on white;
/// beside each a lighter one of the same hue for dark pages.
pub(super) const COLOURS: [(&str, &str); 6] = [
    ("#0072b2", "#56b4e9"),
    ("#d55e00", "#ff8c3a"),
    ("#007d5c", "#2fc79b"),
    ("#b04f86", "#e59cc6"),
    ("#8a6d00", "#f0c83c"),
    ("#555555", "#b8b8b8"),
];

/// Styles for a page with pictures in it: dark where the reader prefers that.
pub const STYLE: &str = "/*figures*/@media (prefers-color-scheme:dark){.sf-paper{fill:#15181c}.sf-ink{fill:#e6e6e6}\
.sf-frame{stroke:#a8a8a8}.sf-grid{stroke:#33363c}\
.sf-0{stroke:#56b4e9}.sf-fill-0{fill:#56b4e9}.sf-1{stroke:#ff8c3a}.sf-fill-1{fill:#ff8c3a}\
.sf-2{stroke:#2fc79b}.sf-fill-2{fill:#2fc79b}.sf-3{stroke:#e59cc6}.sf-fill-3{fill:#e59cc6}\
.sf-4{stroke:#f0c83c}.sf-fill-4{fill:#f0c83c}.sf-5{stroke:#b8b8b8}.sf-fill-5{fill:#b8b8b8}}/*figures*/";

/// Where a picture stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A file of its own.
    Alone,
    /// In a page that has [`STYLE`].
    InPage,
}

/// The document's head and its paper.
pub(super) fn header(title: &str, description: &str, (width, height): (f64, f64), place: Place) -> String {
    let (title, description) = (escape(title), escape(description));
    let (space, style) = match place {
        Place::Alone => (r#" xmlns="http://www.w3.org/2000/svg""#, format!("<style>{STYLE}</style>\n")),
        Place::InPage => ("", String::new()),
    };
    format!(
        r##"<svg{space} role="img" aria-label="{title}" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" style="max-width:100%;height:auto" font-family="system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif" font-size="{FONT}">
<title>{title}</title>
<desc>{description}</desc>
{style}<rect class="sf-paper" fill="#fff" width="100%" height="100%"/>
"##
    )
}

/// Lines of text from `(x, y of the first line, height of a line)`.
pub(super) fn text(out: &mut String, lines: &[String], (x, y, step): (f64, f64, f64), attributes: &str) {
    for (i, line) in lines.iter().enumerate() {
        let y = y + i as f64 * step;
        let line = escape(line);
        let _ = writeln!(out, r##"<text class="sf-ink" fill="#222" x="{x:.1}" y="{y:.1}" {attributes}>{line}</text>"##);
    }
}

/// A symbol at a place.
pub(super) fn symbol(out: &mut String, shape: Shape, (x, y): (f64, f64), colour: usize) {
    let ink = COLOURS[colour].0;
    let fill = format!(r#"class="sf-fill-{colour}" fill="{ink}""#);
    let stroke = format!(r#"class="sf-{colour}" fill="none" stroke="{ink}" stroke-width="2""#);
    let _ = match shape {
        Shape::Disc => writeln!(out, r#"<circle {fill} cx="{x:.1}" cy="{y:.1}" r="4"/>"#),
        Shape::Ring => writeln!(out, r#"<circle {stroke} cx="{x:.1}" cy="{y:.1}" r="4"/>"#),
        Shape::Down => writeln!(out, r#"<path {fill} d="M{:.1} {:.1}h10l-5 9z"/>"#, x - 5.0, y - 4.0),
        Shape::Up => writeln!(out, r#"<path {fill} d="M{:.1} {:.1}h10l-5 -9z"/>"#, x - 5.0, y + 4.0),
        Shape::Cross => writeln!(out, r#"<path {stroke} d="M{:.1} {:.1}l8 8m0 -8l-8 8"/>"#, x - 4.0, y - 4.0),
    };
}
