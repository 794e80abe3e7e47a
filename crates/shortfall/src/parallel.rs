//! How independent pieces of work are handed out. The core runs them in order; the laboratory brings a thread pool.

use std::sync::{Mutex, PoisonError};

/// Runs independent tasks; results must not depend on the order or on how many run at once. Whoever waits for tasks may take part in
/// them, but must take no others: these could ask for what it is about to find.
pub trait Parallel: Sync {
    /// Calls `task(0)`, ..., `task(tasks - 1)`, each once.
    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync));

    /// As [`run`](Self::run), for tasks on large data that come again and again: a thread takes much the same ones at every call, whose
    /// data may still be near it, and goes backwards through them if it is to.
    fn revisit(&self, tasks: usize, backwards: bool, task: &(dyn Fn(usize) + Sync)) {
        self.run(tasks, &|k| task(if backwards { tasks - 1 - k } else { k }));
    }
}

/// One after the other, on the calling thread.
pub struct Sequential;

impl Parallel for Sequential {
    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        (0..tasks).for_each(task);
    }
}

/// Parts that are kept on the stack.
const FEW: usize = 4;

/// Calls `work` for each part of so many items (the last may be shorter), with the number of its first.
pub fn for_parts<T: Send>(
    parallel: &dyn Parallel,
    items: &mut [T],
    size: usize,
    work: impl Fn(usize, &mut [T]) + Sync,
) {
    with_parts(items, size, work, |count, task| parallel.run(count, task));
}

/// [`for_parts`] by [`revisit`](Parallel::revisit).
pub(crate) fn revisit_parts<T: Send>(
    parallel: &dyn Parallel,
    backwards: bool,
    items: &mut [T],
    size: usize,
    work: impl Fn(usize, &mut [T]) + Sync,
) {
    with_parts(items, size, work, |count, task| parallel.revisit(count, backwards, task));
}

/// Lets `hand_out` call the tasks that each do the work of a part, given their number.
fn with_parts<T: Send>(
    items: &mut [T],
    size: usize,
    work: impl Fn(usize, &mut [T]) + Sync,
    hand_out: impl FnOnce(usize, &(dyn Fn(usize) + Sync)),
) {
    let count = items.len().div_ceil(size);
    let (mut few, mut many): ([Mutex<&mut [T]>; FEW], _) = (Default::default(), Vec::new());
    let parts = if count <= FEW {
        few.iter_mut().zip(items.chunks_mut(size)).for_each(|(part, items)| *part = Mutex::new(items));
        &few[..count]
    } else {
        many.extend(items.chunks_mut(size).map(Mutex::new));
        &many
    };
    hand_out(count, &|k| work(k * size, &mut parts[k].lock().unwrap_or_else(PoisonError::into_inner)));
}

/// Numbers of a vector from which on several threads share what is done with each of them.
const LONG: usize = 1 << 16;
/// Numbers that each takes at a time.
const PART: usize = 1 << 14;

/// As [`for_parts`] of a vector, if that is worth it; else of the whole.
pub(crate) fn for_vector(parallel: &dyn Parallel, vector: &mut [f64], work: impl Fn(usize, &mut [f64]) + Sync) {
    if vector.len() < LONG { work(0, vector) } else { for_parts(parallel, vector, PART, work) }
}

/// What `work` makes of each, in their order.
pub fn map<T: Send, U: Send>(parallel: &dyn Parallel, items: Vec<T>, work: impl Fn(T) -> U + Sync) -> Vec<U> {
    let mut slots: Vec<(Option<T>, Option<U>)> = items.into_iter().map(|item| (Some(item), None)).collect();
    for_parts(parallel, &mut slots, 1, |_, slots| {
        for (item, made) in slots {
            *made = item.take().map(&work);
        }
    });
    slots.into_iter().filter_map(|(_, made)| made).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Tasks on a thread each, the last first.
    pub(crate) struct Threads;

    impl Parallel for Threads {
        fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
            std::thread::scope(|scope| {
                for k in (0..tasks).rev() {
                    scope.spawn(move || task(k));
                }
            });
        }
    }

    #[test]
    fn parts_come_with_the_number_of_their_first() {
        let mut items = vec![0; 10];
        for_parts(&Sequential, &mut items, 4, |from, part| {
            let length = part.len();
            part.iter_mut().enumerate().for_each(|(k, item)| *item = 100 * length + from + k);
        });
        assert_eq!(items, [400, 401, 402, 403, 404, 405, 406, 407, 208, 209]);
        for_parts(&Sequential, &mut Vec::<u8>::new(), 4, |_, _| panic!("there is none"));
        for length in [0, 5, LONG - 1, LONG, LONG + 7 * PART + 3] {
            let mut vector = vec![1.0; length];
            for_vector(&Sequential, &mut vector, |from, part| {
                part.iter_mut().enumerate().for_each(|(k, x)| *x += (from + k) as f64);
            });
            assert!(vector.iter().enumerate().all(|(k, x)| *x == 1.0 + k as f64), "{length}");
        }
        assert_eq!(map(&Sequential, vec!["a", "b"], |x| x.to_owned() + x), ["aa", "bb"]);
    }
}
