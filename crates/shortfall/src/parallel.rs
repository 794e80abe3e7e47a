//! How independent pieces of work are handed out. The core runs them in order; the laboratory brings a thread pool.

/// Runs independent tasks; results must not depend on the order or on how many run at once.
pub trait Parallel: Sync {
    /// Calls `task(0)`, ..., `task(tasks - 1)`, each once.
    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync));
}

/// One after the other, on the calling thread.
pub struct Sequential;

impl Parallel for Sequential {
    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        (0..tasks).for_each(task);
    }
}
