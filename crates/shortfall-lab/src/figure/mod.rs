//! Line charts as SVG: linear and logarithmic axes, labels at the ends of the lines, reference lines.
//!
//! A picture stands by itself: it has a title and a description for those who do not see it, presentation attributes
//! that look right on white paper, and classes that turn it dark where the reader prefers that. It grows with its
//! labels, so that none is cut off. A value that is missing, or not above zero on a logarithmic axis, leaves a gap.

mod axis;
mod draw;
mod text;

/// How values are laid out along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences, equal lengths.
    Linear,
    /// Equal ratios, equal lengths; base 10.
    Log,
}

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it shows.
    pub label: String,
    /// How.
    pub scale: Scale,
}

/// A line with its label.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Written at the end of the line.
    pub label: String,
    /// `(x, y)` in order; what is not finite leaves a gap.
    pub points: Vec<(f64, f64)>,
    /// `(x, low, high)`: shaded behind the line.
    pub band: Option<Vec<(f64, f64, f64)>>,
}

/// A horizontal line: a bound or a prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Written at its end.
    pub label: String,
    /// Where it lies; a value that has no place on the axis is named, but not drawn.
    pub value: f64,
}

/// A line chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The heading.
    pub title: String,
    /// What the picture shows, for those who do not see it.
    pub description: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The lines.
    pub series: Vec<Series>,
    /// The horizontal lines.
    pub references: Vec<Reference>,
}

impl Figure {
    /// A complete SVG document, also fit to stand inside HTML.
    pub fn to_svg(&self) -> String {
        draw::svg(self)
    }
}

#[cfg(test)]
mod tests;
