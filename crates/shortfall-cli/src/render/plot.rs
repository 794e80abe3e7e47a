//! A small plot on logarithmic axes for a terminal: lines in braille dots, references as dashed lines with their names.

use super::WIDTH;
use shortfall_lab::figure::{Figure, Scale};

/// Size of the plot, in characters; each holds 2 x 4 dots.
const COLUMNS: usize = 46;
const ROWS: usize = 14;
/// Width of the labels at the left.
const LEFT: usize = 8;

/// The dots of a braille character, from the top, left and right.
const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Exponents of ten between which a plot lies.
struct Range {
    scale: Scale,
    low: f64,
    high: f64,
}

impl Range {
    /// Of the values that have a logarithm; `None` if there are none.
    fn of(scale: Scale, values: impl Iterator<Item = f64>) -> Option<Self> {
        let exponents = values.filter_map(|value| scale.position(value));
        let (low, high) =
            exponents.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), e| (low.min(e), high.max(e)));
        (low <= high).then(|| Self { scale, low: low - 0.05, high: high.max(low + 0.1) + 0.05 })
    }

    /// From 0 to 1 inside.
    fn place(&self, value: f64) -> Option<f64> {
        let at = (self.scale.position(value)? - self.low) / (self.high - self.low);
        (0.0..=1.0).contains(&at).then_some(at)
    }

    /// Whole exponents inside, at most so many.
    fn decades(&self, most: usize) -> Vec<i32> {
        let (first, last) = (self.low.ceil() as i32, self.high.floor() as i32);
        let step = ((last - first) / most.max(1) as i32 + 1).max(1);
        (first..=last).filter(|exponent| exponent.rem_euclid(step) == 0).collect()
    }
}

/// The first series of a figure with its references; empty if nothing can be drawn.
pub fn plot(figure: &Figure) -> String {
    let points = || figure.series.iter().flat_map(|series| series.points.iter().copied());
    let references = || figure.references.iter().map(|reference| reference.value);
    let (Some(x), Some(y)) = (
        Range::of(figure.x.scale, points().map(|p| p.0)),
        Range::of(figure.y.scale, points().map(|p| p.1).chain(references())),
    ) else {
        return String::new();
    };
    let mut canvas = vec![[0u8; COLUMNS]; ROWS];
    let mut dot = |across: f64, up: f64| {
        let column = (across * (2 * COLUMNS - 1) as f64).round() as usize;
        let row = ((1.0 - up) * (4 * ROWS - 1) as f64).round() as usize;
        canvas[row / 4][column / 2] |= DOTS[row % 4][column % 2];
    };
    for reference in &figure.references {
        if let Some(up) = y.place(reference.value) {
            (0..2 * COLUMNS).filter(|k| k % 4 < 2).for_each(|k| dot(k as f64 / (2 * COLUMNS - 1) as f64, up));
        }
    }
    for series in &figure.series {
        let placed = series.points.iter().map(|point| x.place(point.0).zip(y.place(point.1)));
        let placed: Vec<Option<(f64, f64)>> = placed.collect();
        for pair in placed.windows(2) {
            if let [Some(a), Some(b)] = pair {
                let steps = 8 * COLUMNS.max(ROWS);
                for k in 0..=steps {
                    let t = k as f64 / steps as f64;
                    dot(a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1));
                }
            }
        }
        placed.iter().flatten().for_each(|place| dot(place.0, place.1));
    }
    let names = names(figure, &y);
    let mut text = format!("{}\n", figure.y.label);
    let ticks: Vec<(usize, i32)> =
        y.decades(6).into_iter().filter_map(|e| Some((row_of(y.place(10f64.powi(e))?), e))).collect();
    for (row, line) in canvas.iter().enumerate() {
        let tick =
            ticks.iter().find(|(at, _)| *at == row).map_or(String::new(), |(_, exponent)| format!("1e{exponent}"));
        let drawn: String = line.iter().map(|dots| char::from_u32(0x2800 + u32::from(*dots)).unwrap_or(' ')).collect();
        let line = format!("{tick:>LEFT$} |{drawn} {}", names[row]);
        text += &format!("{}\n", line.trim_end());
    }
    let mut below = vec![' '; COLUMNS + 4];
    for exponent in x.decades(8) {
        let Some(across) = x.place(10f64.powi(exponent)) else { continue };
        let at = (across * (COLUMNS - 1) as f64).round() as usize;
        for (i, character) in format!("1e{exponent}").chars().enumerate() {
            if let Some(place) = below.get_mut(at + i) {
                *place = character;
            }
        }
    }
    let below: String = below.into_iter().collect();
    text += &format!("{:LEFT$} +{}\n", "", "-".repeat(COLUMNS));
    text + &format!("{:LEFT$}  {}\n", "", below.trim_end()) + &format!("{:LEFT$}  {}\n", "", figure.x.label)
}

fn row_of(up: f64) -> usize {
    ((1.0 - up) * (4 * ROWS - 1) as f64).round() as usize / 4
}

/// What stands right of each row: the names of the references, as near their lines as there is room.
fn names(figure: &Figure, y: &Range) -> Vec<String> {
    let room = usize::from(WIDTH) - LEFT - 3 - COLUMNS - 1;
    let mut names = vec![String::new(); ROWS];
    for reference in &figure.references {
        let Some(up) = y.place(reference.value) else { continue };
        let wanted = row_of(up);
        let free = (0..ROWS).filter(|row| names[*row].is_empty()).min_by_key(|row| row.abs_diff(wanted));
        if let Some(row) = free {
            names[row] = reference.label.chars().take(room).collect();
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use shortfall_lab::figure::{Axis, Reference, Scale, Series};

    fn figure(points: Vec<(f64, f64)>, references: Vec<f64>) -> Figure {
        let axis = |label: &str| Axis { label: label.to_owned(), scale: Scale::Log };
        let reference = |value: f64| Reference { label: format!("bound {value} with a name that is long"), value };
        Figure {
            title: String::new(),
            description: String::new(),
            x: axis("step t"),
            y: axis("f - f*"),
            series: vec![Series::line("run", points)],
            references: references.into_iter().map(reference).collect(),
            marks: Vec::new(),
        }
    }

    #[test]
    fn a_line_falls_from_the_left_top_to_the_right_bottom() {
        let text = plot(&figure(
            (0..=60).map(|i| 10f64.powf(f64::from(i) / 10.0)).map(|t| (t, 1.0 / t)).collect(),
            vec![1e-3],
        ));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), ROWS + 4);
        assert!(lines.iter().all(|line| line.chars().count() <= usize::from(WIDTH)), "{text}");
        let first = |line: &str| line.chars().skip(LEFT + 2).position(|c| c != '\u{2800}' && c != ' ');
        assert!(first(lines[1]) < Some(5) && first(lines[ROWS]) > Some(COLUMNS - 6), "{text}");
        assert!(text.contains("bound 0.001") && text.contains("1e-6") && text.contains("1e0"), "{text}");
    }

    #[test]
    fn nothing_to_draw_is_nothing_and_extremes_are_drawn() {
        assert_eq!(plot(&figure(vec![(1.0, 0.0), (2.0, f64::NAN)], vec![])), "");
        for points in [vec![(1.0, 1e-300), (1e15, 1e300)], vec![(3.0, 2.0)]] {
            assert!(plot(&figure(points, vec![1e-300, 1.0, 1.0, f64::INFINITY])).lines().count() > ROWS);
        }
    }
}
