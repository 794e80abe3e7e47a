//! The thread pool behind [`Parallel`].

use rayon::prelude::*;
use shortfall::arguments::BadInput;
use shortfall::parallel::{Parallel, Sequential};

/// Threads that share tasks.
#[derive(Debug)]
pub struct Pool {
    /// `None`: one thread, the caller's.
    threads: Option<rayon::ThreadPool>,
}

impl Pool {
    /// With this many threads; `None` for one a core.
    pub fn new(threads: Option<usize>) -> Result<Self, BadInput> {
        let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        if threads == 1 {
            return Ok(Self { threads: None });
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool
            .map_err(|error| BadInput::new(format!("no pool of {threads} threads: {error}; `run` takes --threads")))?;
        Ok(Self { threads: Some(pool) })
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.threads.as_ref().map_or(1, rayon::ThreadPool::current_num_threads)
    }
}

impl Parallel for Pool {
    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        match &self.threads {
            Some(pool) if tasks > 1 => pool.install(|| (0..tasks).into_par_iter().for_each(task)),
            _ => Sequential.run(tasks, task),
        }
    }

    fn install(&self, work: &mut (dyn FnMut() + Send)) {
        match &self.threads {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shortfall::constants::eigen::symmetric;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn every_task_runs_once_on_any_number_of_threads() {
        for threads in [1, 2, 5] {
            let pool = Pool::new(Some(threads)).expect("a pool");
            let counts: Vec<AtomicUsize> = (0..100).map(|_| AtomicUsize::new(0)).collect();
            pool.run(100, &|task| {
                counts[task].fetch_add(1, Ordering::Relaxed);
            });
            assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
            assert_eq!(pool.threads(), threads);
        }
    }

    #[test]
    fn threads_change_no_bit_of_a_decomposition() {
        let d = 600; // two stripes of columns, three merges that are shared
        let entry = |k: usize| ((k / d).max(k % d) as f64 * 0.7 + (k / d).min(k % d) as f64 * 1.3).sin();
        let matrix: Vec<f64> = (0..d * d).map(entry).collect();
        let [one, two, five] = [1, 2, 5].map(|threads| {
            let pool = Pool::new(Some(threads)).expect("a pool");
            let eigen = symmetric(&matrix, d, &pool).expect("finite");
            (eigen.values, eigen.vectors, eigen.radius)
        });
        assert!(one == two && one == five);
    }
}
