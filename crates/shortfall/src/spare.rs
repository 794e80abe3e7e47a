//! Space that was used before and will be used again, by whichever thread comes.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is not in use.
#[derive(Debug)]
pub(crate) struct Spare<T>(Mutex<Vec<T>>);

impl<T> Default for Spare<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Spare<T> {
    /// Lends one, as it was left, or a new one.
    pub(crate) fn with<R>(&self, new: impl FnOnce() -> T, work: impl FnOnce(&mut T) -> R) -> R {
        let kept = self.lock().pop();
        let mut lent = kept.unwrap_or_else(new);
        let result = work(&mut lent);
        self.lock().push(lent);
        result
    }

    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_as_it_was_left() {
        let spare = Spare::default();
        spare.with(
            || vec![1],
            |first| {
                spare.with(|| vec![2], |second| assert_eq!(*second, [2]));
                first.push(3);
            },
        );
        spare.with(Vec::new, |first| {
            assert_eq!(*first, [1, 3]);
            spare.with(Vec::new, |second| assert_eq!(*second, [2]));
        });
    }
}
