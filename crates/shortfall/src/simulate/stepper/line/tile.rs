//! A tile of steps of a block of lanes, in parts, and what is read of it.

use super::running::Running;
use crate::kernel::{GROUP, Row, Three, Totals};
use crate::simulate::aggregates::{Recent, power};
use crate::simulate::stepper::Course;
use std::ops::Range;

/// Steps that are read together.
pub(super) struct Part {
    pub(super) steps: Range<u64>,
    /// What the fading sum keeps over them.
    pub(super) kept: f64,
    /// Whether they are among the recent ones when the tile ends.
    pub(super) recent: bool,
}

/// Some steps of a block.
pub(super) struct Tile<'a> {
    pub(super) steps: Range<u64>,
    pub(super) rows: &'a [Row],
    /// The steps in parts, the last two of which end where the recent ones do.
    pub(super) parts: Vec<Part>,
    /// What it keeps over all.
    pub(super) kept: Option<f64>,
    /// The steps in the halves of the floor's window.
    pub(super) window: Vec<(usize, Range<u64>)>,
}

impl<'a> Tile<'a> {
    pub(super) fn new(steps: Range<u64>, rows: &'a [Row], mut turn: u64, course: Course) -> Self {
        let mut ends = Vec::new();
        let mut from = steps.start;
        while from < steps.end {
            if turn <= from {
                turn = Recent::turn_after(from);
            }
            from = turn.min(steps.end);
            ends.push(from);
        }
        let gone = ends.len().saturating_sub(2);
        let mut from = steps.start;
        let part = |(k, end): (usize, &u64)| {
            let steps = std::mem::replace(&mut from, *end)..*end;
            let kept = course.plan.weight_decay.map_or(1.0, |decay| power(decay, steps.end - steps.start));
            Part { steps, kept, recent: k >= gone }
        };
        let parts = ends.iter().enumerate().skip(gone.saturating_sub(1)).map(part).collect();
        let halves = course.schedule.window.iter().flatten();
        let within = halves.map(|half| half.start.max(steps.start)..half.end.min(steps.end));
        let window = within.enumerate().filter(|(_, part)| !part.is_empty()).collect();
        let fades = course.plan.weight_decay.filter(|_| course.schedule.keeps_sums());
        let kept = fades.map(|decay| power(decay, steps.end - steps.start));
        Self { steps, rows, parts, kept, window }
    }
}

/// What was read of a group's tile.
pub(super) struct Read {
    pub(super) parts: Vec<Totals>,
    /// If places were read at all.
    pub(super) whole: Option<Totals>,
    pub(super) window: Vec<Totals>,
    /// Recorded steps with `f - base` and `f'`.
    pub(super) recorded: Vec<(u64, [[f64; GROUP]; 2])>,
}

impl Read {
    /// Whether all that a lane met is finite and it has not diverged. Where places were not read they are known to be within the limit.
    pub(super) fn is_plain(&self, l: usize, limit: f64) -> bool {
        let Some(whole) = &self.whole else {
            return self.recorded.iter().all(|(_, [value, slope])| value[l].is_finite() && slope[l].is_finite());
        };
        let Totals { value, slope, square, position, position_square, .. } = whole;
        let finite = |three: &Three| (three.sum[l] + (three.largest[l] - three.smallest[l])).is_finite();
        finite(value)
            && finite(slope)
            && square.sum[l].is_finite()
            && position_square.sum[l].is_finite()
            && position.smallest[l] >= -limit
            && position.largest[l] <= limit
    }
}

impl Running {
    /// Adds what was read of a tile.
    pub(super) fn add_tile(&mut self, tile: &Tile, read: &Read) {
        let Some(whole) = &read.whole else { return };
        self.add((tile.steps.end - tile.steps.start) as f64, whole);
        for (Part { steps, .. }, totals) in tile.parts.iter().zip(&read.parts).filter(|(part, _)| part.recent) {
            self.add_recent(steps.start, (steps.end - steps.start) as f64, totals);
        }
    }
}
