//! Plain tables that fit a width: one column takes what the others leave and wraps.

use super::{WIDTH, wrapped};

/// A table with a header.
pub struct Table {
    rows: Vec<Vec<String>>,
    /// The column that wraps.
    flexible: usize,
}

/// Spaces between columns, and where that is too wide.
const GAPS: [usize; 2] = [2, 1];
/// Least width of the column that wraps.
const LEAST: usize = 10;

impl Table {
    /// With these headings; the column `flexible` wraps.
    pub fn new(header: &[&str], flexible: usize) -> Self {
        Self { rows: vec![header.iter().map(|cell| (*cell).to_owned()).collect()], flexible }
    }

    /// Adds a row with a cell for every heading.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = self.rows[0].len();
        let widest_line = |cell: &String| cell.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        let natural = |column: usize| self.rows.iter().map(|row| widest_line(&row[column])).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..columns).map(natural).collect();
        let least = widths[self.flexible].min(LEAST);
        let rigid = |column: &usize| *column != self.flexible;
        let others = |widths: &[usize], gap: usize| -> usize {
            (0..columns).filter(rigid).map(|column| widths[column] + gap).sum()
        };
        let fits = |gap: &usize| others(&widths, *gap) + least <= usize::from(WIDTH);
        let gap = GAPS.into_iter().find(fits).unwrap_or(GAPS[1]);
        // Where even that is too wide, the widest of the others wraps too.
        let excess = (others(&widths, gap) + least).saturating_sub(usize::from(WIDTH));
        if let Some(widest) = (0..columns).filter(rigid).max_by_key(|column| widths[*column]) {
            widths[widest] = widths[widest].saturating_sub(excess).max(least);
        }
        let left = usize::from(WIDTH).saturating_sub(others(&widths, gap)).max(least);
        widths[self.flexible] = widths[self.flexible].min(left);
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        for (i, row) in self.rows.iter().enumerate() {
            let cells: Vec<Vec<String>> =
                row.iter().zip(&widths).map(|(cell, width)| wrapped_lines(cell, *width)).collect();
            for line in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
                write_line(
                    formatter,
                    cells.iter().map(|cell| cell.get(line).map_or("", String::as_str)),
                    &widths,
                    gap,
                )?;
            }
            if i == 0 {
                write_line(formatter, rule.iter().map(String::as_str), &widths, gap)?;
            }
        }
        Ok(())
    }
}

/// The lines of a cell; what a line is indented by stays in front of all it wraps into.
fn wrapped_lines(cell: &str, width: usize) -> Vec<String> {
    let line = |line: &str| {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let wrapped = wrapped(line, width.saturating_sub(indent));
        wrapped.into_iter().map(move |piece| format!("{}{piece}", " ".repeat(indent)))
    };
    cell.lines().flat_map(line).collect()
}

fn write_line<'a>(
    formatter: &mut std::fmt::Formatter<'_>,
    cells: impl Iterator<Item = &'a str>,
    widths: &[usize],
    gap: usize,
) -> std::fmt::Result {
    let line: String = cells.zip(widths).map(|(cell, width)| format!("{cell:<0$}", width + gap)).collect();
    writeln!(formatter, "{}", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flexible_column_takes_what_is_left() {
        let mut table = Table::new(&["name", "what it is"], 1);
        table.row(["quadratic".into(), "word ".repeat(40)]);
        table.row(["x".into(), "y".repeat(100)]);
        let text = table.to_string();
        assert!(text.lines().all(|line| line.chars().count() <= usize::from(WIDTH)), "{text}");
        assert_eq!(text.matches("word").count(), 40);
        assert_eq!(text.matches('y').count(), 100);
    }

    #[test]
    fn a_cell_keeps_its_lines_and_the_widest_wraps_where_all_are_wide() {
        let mut table = Table::new(&["name", "of", "loose"], 2);
        table.row(["one\n  two".into(), "some words ".repeat(9), "z".repeat(20)]);
        let text = table.to_string();
        assert!(text.lines().all(|line| line.chars().count() <= usize::from(WIDTH)), "{text}");
        assert!(text.contains("\none ") && text.contains("\n  two "), "{text}");
        assert_eq!((text.matches("some").count(), text.matches('z').count()), (9, 20));
    }
}
