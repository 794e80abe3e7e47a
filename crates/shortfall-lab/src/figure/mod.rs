//! Pictures as SVG: line charts with linear and logarithmic axes, labels at the ends of the lines and reference lines, and
//! functions of the plane seen from above.
//!
//! A picture stands by itself: it has a title and a description for those who do not see it, presentation attributes
//! that look right on white paper, and classes that turn it dark where the reader prefers that. It grows with its
//! labels, so that none is cut off. A value that is missing, or not above zero on a logarithmic axis, leaves a gap.

mod axis;
mod contour;
mod csv;
mod draw;
mod ink;
mod plane;
mod text;

pub use contour::Grid;
pub use ink::STYLE;
pub use plane::Plane;

/// How values are laid out along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences, equal lengths.
    Linear,
    /// Equal ratios, equal lengths; base 10.
    Log,
    /// Like `Log`, of steps: step 0, which has no logarithm, stands where 1/2 does.
    Steps,
}

impl Scale {
    /// Where a value lies: itself, or its base-10 logarithm; `None` for one without a place.
    pub fn position(self, value: f64) -> Option<f64> {
        match self {
            _ if !value.is_finite() => None,
            Self::Linear => Some(value),
            Self::Steps if value == 0.0 => Some(0.5f64.log10()),
            Self::Log | Self::Steps => (value > 0.0).then(|| value.log10()),
        }
    }
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
    /// Drawn thin and pale: many paths that share a label, with gaps between them.
    pub faint: bool,
}

impl Series {
    /// A line.
    pub fn line(label: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { label: label.into(), points, band: None, faint: false }
    }

    /// Many paths under one label.
    pub fn paths(label: impl Into<String>, paths: impl IntoIterator<Item = Vec<(f64, f64)>>) -> Self {
        let gap = (f64::NAN, f64::NAN);
        let points = paths.into_iter().flat_map(|path| path.into_iter().chain([gap])).collect();
        Self { faint: true, ..Self::line(label, points) }
    }
}

/// The shape of a mark; shapes differ so that colour is not needed to tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A disc.
    Disc,
    /// A ring.
    Ring,
    /// A triangle that points down.
    Down,
    /// A triangle that points up.
    Up,
    /// A cross.
    Cross,
}

/// Places of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Marks {
    /// What they are.
    pub label: String,
    /// How they are drawn.
    pub shape: Shape,
    /// Where.
    pub points: Vec<(f64, f64)>,
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
    /// Marked places.
    pub marks: Vec<Marks>,
}

impl Figure {
    /// A complete SVG document, also fit to stand inside HTML.
    pub fn to_svg(&self) -> String {
        draw::svg(self, ink::Place::Alone)
    }

    /// For a page that has [`STYLE`] among its styles.
    pub fn to_inline_svg(&self) -> String {
        draw::svg(self, ink::Place::InPage)
    }

    /// Its data as CSV.
    pub fn csv(&self) -> String {
        csv::of_figure(self)
    }
}

/// A picture of either kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
    /// Lines against an axis.
    Lines(Figure),
    /// The plane from above.
    Plane(Plane),
}

impl From<Figure> for Picture {
    fn from(figure: Figure) -> Self {
        Self::Lines(figure)
    }
}

impl Picture {
    /// A complete SVG document.
    pub fn to_svg(&self) -> String {
        match self {
            Self::Lines(figure) => figure.to_svg(),
            Self::Plane(plane) => plane.to_svg(),
        }
    }

    /// For a page that has [`STYLE`] among its styles.
    pub fn to_inline_svg(&self) -> String {
        match self {
            Self::Lines(figure) => figure.to_inline_svg(),
            Self::Plane(plane) => plane.to_inline_svg(),
        }
    }

    /// Its data as CSV.
    pub fn csv(&self) -> String {
        match self {
            Self::Lines(figure) => figure.csv(),
            Self::Plane(plane) => plane.csv(),
        }
    }
}

#[cfg(test)]
mod tests;
