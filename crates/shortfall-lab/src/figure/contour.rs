//! Level lines of a function on a grid: marching squares.

/// Values on a grid: at `(x[i], y[j])`, entry `j * x.len() + i`.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// First coordinates, increasing.
    pub x: Vec<f64>,
    /// Second coordinates, increasing.
    pub y: Vec<f64>,
    /// The function.
    pub values: Vec<f64>,
}

/// A piece of a level line.
pub(super) type Segment = [(f64, f64); 2];

impl Grid {
    /// Levels that each have the same share of the grid between them.
    pub(super) fn levels(&self, count: usize) -> Vec<f64> {
        let mut sorted: Vec<f64> = self.values.iter().copied().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let mut levels: Vec<f64> =
            (1..=count).filter_map(|k| sorted.get(k * sorted.len() / (count + 1)).copied()).collect();
        levels.dedup();
        levels
    }

    /// The line on which the function, linear between the grid's points, has a value.
    pub(super) fn level_line(&self, level: f64) -> Vec<Segment> {
        let width = self.x.len();
        let mut segments = Vec::new();
        for j in 0..self.y.len().saturating_sub(1) {
            for i in 0..width.saturating_sub(1) {
                let corner = |di: usize, dj: usize| {
                    ((self.x[i + di], self.y[j + dj]), self.values[(j + dj) * width + i + di] - level)
                };
                let corners = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
                if corners.iter().any(|corner| !corner.1.is_finite()) {
                    continue;
                }
                // Where the edges are crossed, in order around the cell.
                let crossing = |k: usize| {
                    let (((ax, ay), a), ((bx, by), b)) = (corners[k], corners[(k + 1) % 4]);
                    ((a < 0.0) != (b < 0.0)).then(|| {
                        let t = a / (a - b);
                        (ax + t * (bx - ax), ay + t * (by - ay))
                    })
                };
                let crossed: Vec<(f64, f64)> = (0..4).filter_map(crossing).collect();
                match crossed[..] {
                    [a, b] => segments.push([a, b]),
                    // A saddle: the centre decides which corners belong together.
                    [a, b, c, d] => {
                        let centre: f64 = corners.iter().map(|corner| corner.1).sum();
                        let joined = (centre < 0.0) == (corners[0].1 < 0.0);
                        segments.extend(if joined { [[a, b], [c, d]] } else { [[d, a], [b, c]] });
                    }
                    _ => {}
                }
            }
        }
        segments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_circles() {
        let axis: Vec<f64> = (0..=40).map(|i| f64::from(i) / 20.0 - 1.0).collect();
        let values = axis.iter().flat_map(|y| axis.iter().map(move |x| x * x + y * y)).collect();
        let grid = Grid { x: axis.clone(), y: axis, values };
        let segments = grid.level_line(0.5);
        assert!(segments.len() > 40);
        assert!(segments.iter().flatten().all(|(x, y)| (x * x + y * y - 0.5).abs() < 2e-3));
        assert_eq!(grid.levels(3).len(), 3);
        assert!(grid.level_line(9.0).is_empty());
    }
}
