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
        let natural = |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..columns).map(natural).collect();
        let others = |gap: usize| -> usize {
            (0..columns).filter(|column| *column != self.flexible).map(|column| widths[column] + gap).sum()
        };
        let gap = GAPS.into_iter().find(|gap| others(*gap) + LEAST <= usize::from(WIDTH)).unwrap_or(GAPS[1]);
        let left = usize::from(WIDTH).saturating_sub(others(gap)).max(LEAST);
        widths[self.flexible] = widths[self.flexible].min(left);
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        for (i, row) in self.rows.iter().enumerate() {
            let cells: Vec<Vec<String>> = row.iter().zip(&widths).map(|(cell, width)| wrapped(cell, *width)).collect();
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
}
