//! Space that was used before and will be used again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};

/// A thread that comes after so many others shares a shelf with one of them.
const SHELVES: usize = 16;

/// What is not in use, on a shelf for each thread: a lock that two threads take in turn goes from core to core each time, which takes
/// longer than many a gradient.
#[derive(Debug)]
pub(crate) struct Spare<T>(Box<[Shelf<T>]>);

#[derive(Debug)]
#[repr(align(128))]
struct Shelf<T> {
    /// Lent where it lies, under its lock: taking it out and putting it back would lock twice.
    first: Mutex<Option<T>>,
    /// For those who come while the first is lent.
    others: Mutex<Vec<T>>,
}

impl<T> Default for Spare<T> {
    fn default() -> Self {
        let shelf = || Shelf { first: Mutex::default(), others: Mutex::default() };
        Self(std::iter::repeat_with(shelf).take(SHELVES).collect())
    }
}

impl<T> Spare<T> {
    /// Lends one, as it was left, or a new one.
    pub(crate) fn with<R>(&self, new: impl FnOnce() -> T, work: impl FnOnce(&mut T) -> R) -> R {
        let Shelf { first, others } = &self.0[own_shelf()];
        match first.try_lock() {
            Ok(mut first) => return work(first.get_or_insert_with(new)),
            Err(TryLockError::Poisoned(error)) => {
                // What a panic left is not lent again.
                *error.into_inner() = None;
                first.clear_poison();
            }
            Err(TryLockError::WouldBlock) => (),
        }
        let others = || others.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = others().pop();
        let mut lent = kept.unwrap_or_else(new);
        let result = work(&mut lent);
        others().push(lent);
        result
    }
}

fn own_shelf() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static SHELF: usize = THREADS.fetch_add(1, Ordering::Relaxed) % SHELVES);
    SHELF.with(|shelf| *shelf)
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

    #[test]
    fn what_a_panic_left_is_not_lent() {
        let spare = Spare::default();
        let lent = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            spare.with(|| 1, |_| panic!("as it should"));
        }));
        assert!(lent.is_err());
        for _ in 0..2 {
            spare.with(|| 2, |other| assert_eq!(*other, 2));
        }
        assert!(!spare.0[own_shelf()].first.is_poisoned());
    }
}
