//! The threads behind [`Parallel`].
//!
//! Passes over small data take some microseconds, and a step needs two: threads that sleep between them cost more than they bring.
//! So these look for work for a while before they sleep, and whoever hands out tasks takes part.

use shortfall::arguments::BadInput;
use shortfall::parallel::{Parallel, Sequential};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a thread without work looks for some before it sleeps.
const PATIENCE: Duration = Duration::from_micros(200);
/// Between two looks of one who has waited that long for others.
const NAP: Duration = Duration::from_micros(50);
/// Looks before the core is left to others for once.
const LOOKS: usize = 2000;

/// Threads that share tasks.
#[derive(Debug)]
pub struct Pool {
    work: Arc<Work>,
    helpers: Vec<JoinHandle<()>>,
}

impl Pool {
    /// With this many threads, the caller's among them; `None` for one a core.
    pub fn new(threads: Option<usize>) -> Result<Self, BadInput> {
        let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        let mut pool = Self { work: Arc::default(), helpers: Vec::new() };
        for _ in 1..threads {
            let work = Arc::clone(&pool.work);
            let helper = std::thread::Builder::new().name("shortfall".to_owned()).spawn(move || work.help());
            pool.helpers.push(helper.map_err(|error| {
                BadInput::new(format!("no pool of {threads} threads: {error}; `run` takes --threads"))
            })?);
        }
        Ok(pool)
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.helpers.len() + 1
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.work.is_over.store(true, Ordering::SeqCst);
        self.work.announce(usize::MAX);
        for helper in self.helpers.drain(..) {
            // Its tasks' panics went to those who handed them out.
            let _ = helper.join();
        }
    }
}

impl Parallel for Pool {
    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        if tasks < 2 || self.helpers.is_empty() {
            return Sequential.run(tasks, task);
        }
        self.work.share(tasks, task);
    }
}

/// What there is to do. What a job passes through lies together: it costs time to bring a cache line from one core to another.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Work {
    /// Counts announcements, for those who look without a lock.
    announced: AtomicUsize,
    /// Jobs on the board: where there is none, helpers do not take the lock, so that it stays near the thread that hands out.
    open: AtomicUsize,
    is_over: AtomicBool,
    asleep: AtomicUsize,
    board: Mutex<Board>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct Board {
    /// Where it is full, tasks are done by who hands them out.
    jobs: [Option<Posted>; 8],
    /// How many there were.
    posted: usize,
}

/// Tasks that were handed out together.
#[repr(align(64))]
struct Job {
    tasks: usize,
    /// The first task that nobody has taken.
    next: AtomicUsize,
    /// Helpers that are at it.
    helpers: AtomicUsize,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    task: &'static (dyn Fn(usize) + Sync),
}

/// A job in the frame of the thread that waits for it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Posted {
    job: *const Job,
    number: usize,
}

// SAFETY: a job is shared through atomics and a lock, and its tasks may be called from any thread.
#[allow(unsafe_code)]
unsafe impl Send for Posted {}

impl Job {
    /// Takes tasks until there are none.
    fn work(&self) {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.tasks {
                return;
            }
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (self.task)(number))) {
                self.next.store(self.tasks, Ordering::Relaxed);
                let mut first = lock(&self.panic);
                match *first {
                    None => *first = Some(panic),
                    // What it drops might panic again, here where others rely on coming to an end.
                    Some(_) => std::mem::forget(panic),
                }
            }
        }
    }

    fn has_tasks(&self) -> bool {
        self.next.load(Ordering::Relaxed) < self.tasks
    }
}

impl Work {
    /// Does the tasks with the helpers that are free; panics as a task does.
    fn share(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        // SAFETY: the job lives until this function returns, which it does after the job has left the board, where alone helpers find
        // it, and after the last helper has left the job.
        #[allow(unsafe_code)]
        let task = unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(task) };
        let (next, helpers, panic) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(None));
        let job = Job { tasks, next, helpers, panic, task };
        let posted = self.post(&raw const job);
        let mut announced = self.announce(tasks - 1);
        job.work();
        self.take_down(posted);
        let mut waiting = Waiting::new();
        while job.helpers.load(Ordering::Acquire) > 0 {
            waiting.look();
            // Those it waits for may have handed out tasks themselves; with older ones it might wait longer than they do.
            let now = self.announced.load(Ordering::Acquire);
            if now != announced && !self.help_once(posted.number) {
                announced = now;
            }
            if waiting.is_over() {
                std::thread::sleep(NAP);
            }
        }
        if let Some(panic) = lock(&job.panic).take() {
            resume_unwind(panic);
        }
    }

    fn post(&self, job: *const Job) -> Posted {
        let mut board = self.lock();
        board.posted += 1;
        let posted = Posted { job, number: board.posted };
        if let Some(place) = board.jobs.iter_mut().find(|place| place.is_none()) {
            *place = Some(posted);
            self.open.fetch_add(1, Ordering::SeqCst);
        }
        posted
    }

    fn take_down(&self, posted: Posted) {
        if let Some(place) = self.lock().jobs.iter_mut().find(|place| **place == Some(posted)) {
            *place = None;
            self.open.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Works for others until the end.
    fn help(&self) {
        let mut waiting = Waiting::new();
        loop {
            let announced = self.announced.load(Ordering::Acquire);
            if self.open.load(Ordering::Acquire) > 0 && self.help_once(0) {
                waiting = Waiting::new();
                continue;
            }
            if self.is_over.load(Ordering::Acquire) {
                return;
            }
            while self.announced.load(Ordering::Acquire) == announced && !waiting.is_over() {
                waiting.look();
            }
            if waiting.is_over() {
                self.sleep(announced);
                waiting = Waiting::new();
            }
        }
    }

    /// Works on the latest job of another that was posted after the one with this number, if there is one.
    fn help_once(&self, after: usize) -> bool {
        let board = self.lock();
        // SAFETY: jobs on the board live, and one does not end while a helper is at it.
        #[allow(unsafe_code)]
        let jobs = board.jobs.iter().flatten().map(|Posted { job, number }| (number, unsafe { &**job }));
        let latest =
            jobs.filter(|(number, job)| **number > after && job.has_tasks()).max_by_key(|(number, _)| **number);
        let Some((_, job)) = latest else { return false };
        job.helpers.fetch_add(1, Ordering::Relaxed);
        drop(board);
        job.work();
        job.helpers.fetch_sub(1, Ordering::Release);
        true
    }

    /// Wakes so many threads at most, if they sleep; gives the number of announcements.
    fn announce(&self, most: usize) -> usize {
        let announced = self.announced.fetch_add(1, Ordering::SeqCst) + 1;
        let asleep = self.asleep.load(Ordering::SeqCst);
        if asleep > 0 {
            let _board = self.lock();
            (0..most.min(asleep)).for_each(|_| self.wake.notify_one());
        }
        announced
    }

    /// Until it is woken after another announcement.
    fn sleep(&self, announced: usize) {
        let mut board = self.lock();
        self.asleep.fetch_add(1, Ordering::SeqCst);
        while self.announced.load(Ordering::SeqCst) == announced {
            board = self.wake.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
        self.asleep.fetch_sub(1, Ordering::SeqCst);
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        lock(&self.board)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A thread without work.
struct Waiting {
    looks: usize,
    since: Option<Instant>,
}

impl Waiting {
    fn new() -> Self {
        Self { looks: 0, since: None }
    }

    fn look(&mut self) {
        self.looks += 1;
        if self.looks < LOOKS {
            std::hint::spin_loop();
            return;
        }
        self.since.get_or_insert_with(Instant::now);
        self.looks = 0;
        std::thread::yield_now();
    }

    fn is_over(&self) -> bool {
        self.looks == 0 && self.since.is_some_and(|since| since.elapsed() >= PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shortfall::constants::eigen::symmetric;
    use shortfall::method::Method;

    #[test]
    fn every_task_runs_once_on_any_number_of_threads() {
        for threads in [1, 2, 5] {
            let pool = Pool::new(Some(threads)).expect("a pool");
            for round in 0..200 {
                let counts: Vec<AtomicUsize> = (0..100).map(|_| AtomicUsize::new(0)).collect();
                pool.run(100, &|task| {
                    counts[task].fetch_add(1, Ordering::Relaxed);
                });
                assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
                if round % 50 == 0 {
                    // Long enough for all to fall asleep.
                    std::thread::sleep(2 * PATIENCE);
                }
            }
            assert_eq!(pool.threads(), threads);
        }
    }

    #[test]
    fn tasks_hand_out_tasks() {
        for threads in [1, 2, 5] {
            let pool = Pool::new(Some(threads)).expect("a pool");
            let sum = AtomicUsize::new(0);
            pool.run(7, &|a| {
                pool.run(5, &|b| {
                    pool.run(3, &|c| {
                        sum.fetch_add(100 * a + 10 * b + c, Ordering::Relaxed);
                    });
                });
            });
            assert_eq!(sum.into_inner(), 2100 * 15 + 100 * 21 + 3 * 35);
        }
    }

    /// Deeper than the board has room.
    #[test]
    fn tasks_hand_out_tasks_that_hand_out_tasks() {
        fn down(pool: &Pool, depth: usize, count: &AtomicUsize) {
            pool.run(2, &|_| match depth {
                0 => drop(count.fetch_add(1, Ordering::Relaxed)),
                _ => down(pool, depth - 1, count),
            });
        }
        for threads in [2, 5] {
            let count = AtomicUsize::new(0);
            down(&Pool::new(Some(threads)).expect("a pool"), 11, &count);
            assert_eq!(count.into_inner(), 4096);
        }
    }

    #[test]
    fn callers_from_several_threads_share_a_pool() {
        let pool = Pool::new(Some(3)).expect("a pool");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for tasks in 0..300 {
                        let sum = AtomicUsize::new(0);
                        pool.run(tasks, &|task| {
                            sum.fetch_add(task + 1, Ordering::Relaxed);
                        });
                        assert_eq!(sum.into_inner(), tasks * (tasks + 1) / 2);
                    }
                });
            }
        });
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_goes_on() {
        let pool = Pool::new(Some(2)).expect("a pool");
        for wrong in [0, 3] {
            let ran = catch_unwind(AssertUnwindSafe(|| {
                pool.run(4, &|task| assert!(task != wrong, "as it should"));
            }));
            let message = ran.expect_err("a panic");
            assert_eq!(message.downcast_ref::<&str>(), Some(&"as it should"));
        }
        let nested = catch_unwind(AssertUnwindSafe(|| {
            pool.run(3, &|_| pool.run(3, &|_| panic!("as it should")));
        }));
        assert!(nested.is_err());
        pool.run(4, &|_| ());
    }

    #[test]
    fn threads_change_no_bit_of_a_step_with_a_long_vector() {
        let x: Vec<f64> = (0..200_001).map(|i| f64::from(i).cos()).collect();
        let g: Vec<f64> = (0..200_001).map(|i| f64::from(i).sin()).collect();
        let moved = |threads: usize| {
            let pool = Pool::new(Some(threads)).expect("a pool");
            let (method, mut y, mut next) = (Method::sam(0.1, 0.3), vec![0.0; x.len()], x.clone());
            method.ascent.point_on(0.3, &x, &g, &mut y, &pool);
            method.descent.step_on(0, 0.1, &g, &mut next, &mut [], &pool);
            [y, next].concat().iter().map(|number| number.to_bits()).collect::<Vec<_>>()
        };
        let (mut y, mut next) = (vec![0.0; x.len()], x.clone());
        Method::sam(0.1, 0.3).ascent.point(0.3, &x, &g, &mut y);
        Method::sam(0.1, 0.3).descent.step(0, 0.1, &g, &mut next, &mut []);
        let alone: Vec<u64> = [y, next].concat().iter().map(|number| number.to_bits()).collect();
        assert!([1, 2, 5].iter().all(|threads| moved(*threads) == alone));
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
