//! The threads behind [`Parallel`].
//!
//! Passes over small data take some microseconds, and a step needs two: threads that sleep between them cost more than they bring.
//! So these look for work for a while before they sleep, and whoever hands out tasks takes part.

mod place;

use place::{Job, MOST_TASKS, Order, Panic, Place, is_later};
use shortfall::arguments::BadInput;
use shortfall::parallel::{Parallel, Sequential};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
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

    /// The number of tasks, if they are shared.
    fn shared(&self, tasks: usize) -> Option<u32> {
        let is_shared = tasks > 1 && !self.helpers.is_empty();
        u32::try_from(tasks).ok().filter(|count| is_shared && *count <= MOST_TASKS)
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
        match self.shared(tasks) {
            Some(count) => self.work.share(count, Order::FromTheFirst, task),
            None => Sequential.run(tasks, task),
        }
    }

    /// Every other thread begins at the other end, and when all have met in the middle, they go back from there.
    fn revisit(&self, tasks: usize, backwards: bool, task: &(dyn Fn(usize) + Sync)) {
        match self.shared(tasks) {
            Some(count) => self.work.share(count, Order::FromBothEnds, &|k| {
                task(if backwards { from_the_middle(k, tasks) } else { k });
            }),
            None => Sequential.revisit(tasks, backwards, task),
        }
    }
}

/// Which of so many tasks comes as the k-th from both ends, where each half is turned round.
fn from_the_middle(k: usize, tasks: usize) -> usize {
    let half = tasks / 2;
    if k < half { half - 1 - k } else { half + tasks - 1 - k }
}

/// What there is to do. All that is read on the way to a job lies in one cache line, that of the announcements, for the job in the first
/// place: it takes time to bring a line from one core to another.
#[derive(Debug, Default)]
#[repr(C, align(64))]
struct Work {
    /// Counts announcements, for those who look.
    announced: AtomicUsize,
    asleep: AtomicU32,
    is_over: AtomicBool,
    first: Place,
    others: [Line; 7],
    sleepers: Mutex<()>,
    wake: Condvar,
}

#[derive(Debug, Default)]
#[repr(align(64))]
struct Line(Place);

impl Work {
    /// Does the tasks with the helpers that are free; panics as a task does.
    fn share(&self, tasks: u32, order: Order, task: &(dyn Fn(usize) + Sync)) {
        let panic = Panic::default();
        let job = Job { task, panic: &panic };
        // No earlier than any that was announced.
        let number = self.announced.load(Ordering::Relaxed) as u64 + 1;
        // SAFETY: it is dropped below, before the job.
        #[allow(unsafe_code)]
        let opened = self.places().find_map(|place| unsafe { place.open(number, tasks, order, job) });
        let Some(opened) = opened else { return Sequential.run(tasks as usize, task) };
        let mut announced = self.announce(tasks as usize - 1);
        opened.work(&job);
        let mut waiting = Waiting::new();
        while !opened.is_left() {
            waiting.look();
            // Those it waits for may have handed out tasks themselves, now or since it did; older jobs might keep it longer.
            let now = self.announced.load(Ordering::Acquire);
            if now != announced && !self.help_once(|other| !is_later(number, other)) {
                announced = now;
            }
            if waiting.is_over() {
                std::thread::sleep(NAP);
            }
        }
        drop(opened);
        if let Some(panic) = lock(&panic).take() {
            resume_unwind(panic);
        }
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        std::iter::once(&self.first).chain(self.others.iter().map(|Line(place)| place))
    }

    /// Works for others until the end.
    fn help(&self) {
        let mut waiting = Waiting::new();
        loop {
            let announced = self.announced.load(Ordering::Acquire);
            if self.help_once(|_| true) {
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

    /// Works on the latest of the jobs that are wanted by their numbers, if there is one.
    fn help_once(&self, is_wanted: impl Fn(u64) -> bool) -> bool {
        loop {
            let mut latest: Option<(u64, &Place)> = None;
            for place in self.places() {
                if let Some(number) = place.number()
                    && is_wanted(number)
                    && latest.is_none_or(|(other, _)| is_later(number, other))
                {
                    latest = Some((number, place));
                }
            }
            match latest {
                None => return false,
                Some((number, place)) if place.help(number) => return true,
                // It was closed meanwhile.
                Some(_) => (),
            }
        }
    }

    /// Wakes so many threads at most, if they sleep; gives the number of announcements.
    fn announce(&self, most: usize) -> usize {
        let announced = self.announced.fetch_add(1, Ordering::SeqCst) + 1;
        let asleep = self.asleep.load(Ordering::SeqCst);
        if asleep > 0 {
            let _sleepers = lock(&self.sleepers);
            (0..most.min(asleep as usize)).for_each(|_| self.wake.notify_one());
        }
        announced
    }

    /// Until it is woken after another announcement.
    fn sleep(&self, announced: usize) {
        let mut sleepers = lock(&self.sleepers);
        self.asleep.fetch_add(1, Ordering::SeqCst);
        while self.announced.load(Ordering::SeqCst) == announced {
            sleepers = self.wake.wait(sleepers).unwrap_or_else(PoisonError::into_inner);
        }
        self.asleep.fetch_sub(1, Ordering::SeqCst);
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
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn every_task_runs_once_on_any_number_of_threads() {
        for threads in [1, 2, 5] {
            let pool = Pool::new(Some(threads)).expect("a pool");
            for round in 0..200 {
                let tasks = 100 + round % 2;
                let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                let task = |task: usize| {
                    counts[task].fetch_add(1, Ordering::Relaxed);
                };
                match round % 3 {
                    0 => pool.run(tasks, &task),
                    way => pool.revisit(tasks, way == 1, &task),
                }
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
    fn each_half_goes_back_from_the_middle() {
        let order = |tasks: usize| (0..tasks).map(|k| from_the_middle(k, tasks)).collect::<Vec<_>>();
        assert_eq!([order(2), order(5), order(6)], [vec![0, 1], vec![1, 0, 4, 3, 2], vec![2, 1, 0, 5, 4, 3]]);
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

    /// Deeper than there are places.
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

    /// Whoever looks for work reads one cache line.
    #[test]
    fn the_first_place_lies_beside_the_announcements() {
        assert_eq!(std::mem::offset_of!(Work, others), 64);
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
