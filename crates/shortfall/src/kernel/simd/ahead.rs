//! Cache lines that are asked for before they are needed.

use super::PARTS;
use std::ops::Range;

/// Asks for some cache lines, line after line: in small portions, so that the memory delivers all the time.
#[inline(always)]
pub(in super::super) fn ask(at: *const f64, lines: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in 0..lines {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: no access: any address will do.
        #[allow(unsafe_code)]
        unsafe {
            _mm_prefetch::<_MM_HINT_T1>(at.wrapping_add(line * PARTS).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (at, lines);
}

/// Cache lines that are to be asked for, little by little.
pub(in super::super) struct Ahead {
    pub(super) at: *const f64,
    end: *const f64,
}

impl Ahead {
    /// These.
    pub(in super::super) fn of(entries: &[f64]) -> Self {
        let Range { start, end } = entries.as_ptr_range();
        Self { at: start, end }
    }

    /// Those that are left, in so many portions.
    pub(super) fn portion(&self, portions: usize) -> usize {
        let left = (self.end as usize - self.at as usize) / size_of::<[f64; PARTS]>();
        left.div_ceil(portions)
    }

    pub(super) fn ask(&mut self, lines: usize) {
        ask(self.at, lines);
        self.move_on(self.at.wrapping_add(lines * PARTS));
    }

    /// To that place, but not beyond the end, which is asked for again when nothing is left.
    pub(super) fn move_on(&mut self, to: *const f64) {
        self.at = to.min(self.end);
    }
}
