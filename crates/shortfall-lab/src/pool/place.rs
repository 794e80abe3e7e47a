//! Where a job is found by those who help with it.

use super::lock;
use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What a task panicked with, if one did.
pub(super) type Panic = Mutex<Option<Box<dyn Any + Send>>>;

/// Tasks that were handed out together.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) task: &'a (dyn Fn(usize) + Sync),
    pub(super) panic: &'a Panic,
}

/// Room for a job, with all that a helper has to read before its first task.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// From the lowest bit: how many helpers are at the job, [`OPEN`], [`TAKEN`], and from [`NUMBER`] on its number.
    state: AtomicU64,
    tasks: AtomicUsize,
    /// The first task that nobody has taken.
    next: AtomicUsize,
    job: UnsafeCell<Option<Job<'static>>>,
}

/// Helpers may come to it.
const OPEN: u64 = 1 << 30;
/// It belongs to somebody who hands out tasks.
const TAKEN: u64 = 1 << 31;
const HELPERS: u64 = OPEN - 1;
const NUMBER: u32 = 32;

// SAFETY: `job` is written by whoever set `TAKEN`, before `OPEN` is set and after the last helper has left; it is read by them and by
// helpers, who come while `OPEN` is set and are counted in the same step. Jobs are references to what threads may share.
#[allow(unsafe_code)]
unsafe impl Sync for Place {}

impl Place {
    /// Takes it for a job and lets helpers come to all tasks but the first, if it belongs to nobody.
    ///
    /// # Safety
    /// What the job refers to lives until [`is_left`](Self::is_left) is true after [`close`](Self::close), and the caller waits for that.
    #[allow(unsafe_code)]
    pub(super) unsafe fn open(&self, number: u32, tasks: usize, job: Job) -> bool {
        let state = self.state.load(Ordering::Relaxed);
        let taken = u64::from(number) << NUMBER | TAKEN;
        if state & TAKEN != 0
            || self.state.compare_exchange(state, taken, Ordering::Acquire, Ordering::Relaxed).is_err()
        {
            return false;
        }
        self.tasks.store(tasks, Ordering::Relaxed);
        self.next.store(1, Ordering::Relaxed);
        // SAFETY: it is taken and no helper is there; nobody uses the job after it has ended.
        unsafe { *self.job.get() = Some(std::mem::transmute::<Job<'_>, Job<'static>>(job)) };
        self.state.store(taken | OPEN, Ordering::Release);
        true
    }

    /// No helper comes any more.
    pub(super) fn close(&self) {
        self.state.fetch_and(!OPEN, Ordering::Relaxed);
    }

    /// Whether no helper is there.
    pub(super) fn is_left(&self) -> bool {
        self.state.load(Ordering::Acquire) & HELPERS == 0
    }

    /// It belongs to nobody any more, once it is closed and left.
    pub(super) fn free(&self) {
        self.state.store(0, Ordering::Release);
    }

    /// The number of its job, if that has tasks for helpers.
    pub(super) fn number(&self) -> Option<u32> {
        let state = self.state.load(Ordering::Acquire);
        let has_tasks = state & OPEN != 0 && self.next.load(Ordering::Relaxed) < self.tasks.load(Ordering::Relaxed);
        has_tasks.then_some((state >> NUMBER) as u32)
    }

    /// Takes part in the job with this number; whether it was still open.
    pub(super) fn help(&self, number: u32) -> bool {
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            if state & OPEN == 0 || (state >> NUMBER) as u32 != number {
                return false;
            }
            match self.state.compare_exchange_weak(state, state + 1, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => state = now,
            }
        }
        // SAFETY: as a helper of an open job, which cannot end meanwhile.
        #[allow(unsafe_code)]
        let job = unsafe { *self.job.get() };
        if let Some(job) = job {
            self.work(&job, self.next.fetch_add(1, Ordering::Relaxed));
        }
        self.state.fetch_sub(1, Ordering::Release);
        true
    }

    /// Does this task and then others until none is left.
    pub(super) fn work(&self, job: &Job, mut number: usize) {
        let tasks = self.tasks.load(Ordering::Relaxed);
        while number < tasks {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (job.task)(number))) {
                self.next.store(tasks, Ordering::Relaxed);
                let mut first = lock(job.panic);
                match *first {
                    None => *first = Some(panic),
                    // What it drops might panic again, here where others rely on coming to an end.
                    Some(_) => std::mem::forget(panic),
                }
            }
            number = self.next.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_job(work: impl FnOnce(Job, &AtomicUsize)) {
        let (sum, panic) = (AtomicUsize::new(0), Panic::default());
        let task = |task: usize| {
            sum.fetch_add(10 + task, Ordering::Relaxed);
        };
        work(Job { task: &task, panic: &panic }, &sum);
    }

    #[test]
    fn helpers_come_to_the_job_with_their_number_while_it_is_open() {
        let place = Place::default();
        assert!(place.number().is_none() && !place.help(0) && place.is_left());
        with_job(|job, sum| {
            // SAFETY: it is closed and left below.
            #[allow(unsafe_code)]
            let open = |number| unsafe { place.open(number, 3, job) };
            assert!(open(u32::MAX) && !open(7));
            assert_eq!(place.number(), Some(u32::MAX));
            assert!(!place.help(7) && place.help(u32::MAX) && place.is_left());
            assert_eq!((sum.load(Ordering::Relaxed), place.number()), (11 + 12, None));
            place.work(&job, 0);
            assert_eq!(sum.load(Ordering::Relaxed), 10 + 11 + 12);
            place.close();
            assert!(!place.help(u32::MAX) && !open(7), "it belongs to the one who has not freed it");
            place.free();
            assert!(open(7) && place.number() == Some(7));
            place.close();
            assert!(place.number().is_none());
            place.free();
        });
    }

    #[test]
    fn a_helper_is_counted_until_it_has_left() {
        let place = Place::default();
        let panic = Panic::default();
        let task = |task: usize| {
            assert!(!place.is_left());
            assert!(task != 2, "as it should");
        };
        // SAFETY: it is closed and left below.
        #[allow(unsafe_code)]
        let opened = unsafe { place.open(1, 4, Job { task: &task, panic: &panic }) };
        assert!(opened && place.help(1) && place.is_left());
        assert!(place.number().is_none(), "no task is left after a panic");
        place.close();
        let message = lock(&panic).take().expect("a panic");
        assert_eq!(message.downcast_ref::<&str>(), Some(&"as it should"));
    }
}
