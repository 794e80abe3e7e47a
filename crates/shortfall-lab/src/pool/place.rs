//! Where a job is found by those who help with it.

use super::lock;
use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// What a task panicked with, if one did.
pub(super) type Panic = Mutex<Option<Box<dyn Any + Send>>>;

/// Tasks that were handed out together.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) task: &'a (dyn Fn(usize) + Sync),
    pub(super) panic: &'a Panic,
}

/// From where threads take tasks.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Order {
    /// All from the first on.
    FromTheFirst,
    /// Every other thread begins with the last and goes towards the first.
    FromBothEnds,
}

/// Where a thread takes its tasks.
#[derive(Clone, Copy)]
enum End {
    Front,
    Back,
}

/// Room for a job, with all that a helper has to read before its first task.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// From the lowest bit: how many helpers are at the job, [`OPEN`], [`TAKEN`], and from [`NUMBER`] on its number.
    state: AtomicU64,
    tasks: AtomicU32,
    is_from_both_ends: AtomicBool,
    /// How many tasks were taken from the front, and times [`BACK`] how many from the back; more when none is left.
    gone: AtomicU64,
    job: UnsafeCell<Option<Job<'static>>>,
}

/// Helpers may come to it. They are fewer than a million: no system has so many threads.
const OPEN: u64 = 1 << 20;
/// It belongs to somebody who hands out tasks.
const TAKEN: u64 = 1 << 21;
const HELPERS: u64 = OPEN - 1;
const NUMBER: u32 = 22;
/// A task taken from the back.
const BACK: u64 = 1 << 32;
/// Most tasks of a job, so that all threads there may be can find out that none is left.
pub(super) const MOST_TASKS: u32 = 1 << 31;

/// Whether one number comes after another: they count on from 0 after the largest that a place has room for.
pub(super) fn is_later(number: u64, other: u64) -> bool {
    (number.wrapping_sub(other) << NUMBER) as i64 > 0
}

// SAFETY: `job` is written by whoever set `TAKEN`, before `OPEN` is set and after the last helper of those before has left; it is read
// by helpers, who come while `OPEN` is set and are counted in the same step. Jobs are references to what threads may share.
#[allow(unsafe_code)]
unsafe impl Sync for Place {}

impl Place {
    /// Takes it for a job and lets helpers come to all tasks but the first, if it belongs to nobody.
    ///
    /// # Safety
    /// What is given is dropped before what the job refers to ends.
    #[allow(unsafe_code)]
    pub(super) unsafe fn open(&self, number: u64, tasks: u32, order: Order, job: Job) -> Option<Opened<'_>> {
        let state = self.state.load(Ordering::Relaxed);
        let taken = number << NUMBER | TAKEN;
        if state & TAKEN != 0
            || self.state.compare_exchange(state, taken, Ordering::Acquire, Ordering::Relaxed).is_err()
        {
            return None;
        }
        self.tasks.store(tasks, Ordering::Relaxed);
        self.is_from_both_ends.store(order == Order::FromBothEnds, Ordering::Relaxed);
        self.gone.store(1, Ordering::Relaxed);
        // SAFETY: it is taken and no helper is there; nobody uses the job after it has ended.
        unsafe { *self.job.get() = Some(std::mem::transmute::<Job<'_>, Job<'static>>(job)) };
        self.state.store(taken | OPEN, Ordering::Release);
        Some(Opened(self))
    }

    /// The number of its job, if that has tasks for helpers.
    pub(super) fn number(&self) -> Option<u64> {
        let state = self.state.load(Ordering::Acquire);
        let gone = self.gone.load(Ordering::Relaxed);
        let has_tasks = state & OPEN != 0 && gone % BACK + gone / BACK < u64::from(self.tasks.load(Ordering::Relaxed));
        has_tasks.then_some(state >> NUMBER)
    }

    /// Takes part in the job with this number; whether it was still open.
    pub(super) fn help(&self, number: u64) -> bool {
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            if state & OPEN == 0 || state >> NUMBER != number {
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
            let from_back = self.is_from_both_ends.load(Ordering::Relaxed) && (state & HELPERS).is_multiple_of(2);
            let end = if from_back { End::Back } else { End::Front };
            self.work(&job, self.take(end), end);
        }
        self.state.fetch_sub(1, Ordering::Release);
        true
    }

    /// A task that nobody has taken, if one is left: as many were gone before it as came before it at both ends, so that none is
    /// given twice.
    fn take(&self, end: End) -> Option<usize> {
        let tasks = u64::from(self.tasks.load(Ordering::Relaxed));
        let one = match end {
            End::Front => 1,
            End::Back => BACK,
        };
        let gone = self.gone.fetch_add(one, Ordering::Relaxed);
        let (front, back) = (gone % BACK, gone / BACK);
        (front + back < tasks).then(|| match end {
            End::Front => front as usize,
            End::Back => (tasks - 1 - back) as usize,
        })
    }

    /// Does this task and then others from this end until none is left.
    fn work(&self, job: &Job, mut task: Option<usize>, end: End) {
        while let Some(number) = task {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (job.task)(number))) {
                self.gone.store(u64::from(self.tasks.load(Ordering::Relaxed)), Ordering::Relaxed);
                let mut first = lock(job.panic);
                match *first {
                    None => *first = Some(panic),
                    // What it drops might panic again, here where others rely on coming to an end.
                    Some(_) => std::mem::forget(panic),
                }
            }
            task = self.take(end);
        }
    }
}

/// A place as the one sees it who has opened it. It is free again when this is dropped.
pub(super) struct Opened<'p>(&'p Place);

impl Opened<'_> {
    /// Does the first task and others until none is left; no helper comes any more.
    pub(super) fn work(&self, job: &Job) {
        self.0.work(job, Some(0), End::Front);
        self.0.state.fetch_and(!OPEN, Ordering::Relaxed);
    }

    /// Whether no helper is there.
    pub(super) fn is_left(&self) -> bool {
        self.0.state.load(Ordering::Acquire) & HELPERS == 0
    }
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        self.0.state.fetch_and(!OPEN, Ordering::Relaxed);
        while !self.is_left() {
            std::hint::spin_loop();
        }
        self.0.state.store(0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn numbers_begin_again_after_the_largest() {
        let largest = u64::MAX >> NUMBER;
        assert!(is_later(1, 0) && !is_later(0, 1) && !is_later(5, 5));
        assert!(is_later(0, largest) && is_later(largest + 1, largest) && !is_later(largest, 0));
    }

    #[test]
    fn helpers_come_to_the_job_with_their_number_while_it_is_open() {
        let (place, sum, panic) = (Place::default(), AtomicUsize::new(0), Panic::default());
        let task = |task: usize| {
            sum.fetch_add(10 + task, Ordering::Relaxed);
        };
        let job = Job { task: &task, panic: &panic };
        // SAFETY: what it gives is dropped below.
        #[allow(unsafe_code)]
        let open = |number| unsafe { place.open(number, 3, Order::FromTheFirst, job) };
        assert!(place.number().is_none() && !place.help(0));
        let opened = open(9).expect("it was nobody's");
        assert!(open(7).is_none());
        assert_eq!(place.number(), Some(9));
        assert!(!place.help(7) && place.help(9) && opened.is_left());
        assert_eq!((sum.load(Ordering::Relaxed), place.number()), (11 + 12, None));
        opened.work(&job);
        assert_eq!(sum.load(Ordering::Relaxed), 10 + 11 + 12);
        assert!(!place.help(9) && open(7).is_none(), "it belongs to the one who has it");
        drop(opened);
        let again = open(7);
        assert!(again.is_some() && place.number() == Some(7));
        drop(again);
        assert!(place.number().is_none() && !place.help(7));
    }

    #[test]
    fn from_both_ends_every_task_is_taken_once() {
        for tasks in 1..6 {
            for taken_by_helpers in 0..1 << tasks {
                let (place, panic) = (Place::default(), Panic::default());
                let job = Job { task: &|_| (), panic: &panic };
                // SAFETY: it is dropped below.
                #[allow(unsafe_code)]
                let opened = unsafe { place.open(1, tasks, Order::FromBothEnds, job) }.expect("it was nobody's");
                let mut seen = vec![0usize];
                let from = |k| if taken_by_helpers >> k & 1 == 1 { End::Back } else { End::Front };
                seen.extend((1..tasks).map(|k| place.take(from(k)).expect("one is left")));
                assert!(
                    place.take(End::Back).is_none() && place.take(End::Front).is_none() && place.number().is_none()
                );
                seen.sort_unstable();
                assert_eq!(seen, (0..tasks as usize).collect::<Vec<_>>());
                drop(opened);
            }
        }
    }

    #[test]
    fn the_first_helper_begins_with_the_last_task() {
        let (place, panic, taken) = (Place::default(), Panic::default(), Mutex::new(Vec::new()));
        let task = |task: usize| lock(&taken).push(task);
        for (order, expected) in [(Order::FromBothEnds, [4, 3, 2, 1, 0]), (Order::FromTheFirst, [1, 2, 3, 4, 0])] {
            // SAFETY: it is dropped below.
            #[allow(unsafe_code)]
            let opened = unsafe { place.open(1, 5, order, Job { task: &task, panic: &panic }) };
            assert!(place.help(1));
            let opened = opened.expect("it was nobody's");
            opened.work(&Job { task: &task, panic: &panic });
            assert_eq!(std::mem::take(&mut *lock(&taken)), expected);
        }
    }

    #[test]
    fn a_helper_is_counted_until_it_has_left() {
        let (place, panic) = (Place::default(), Panic::default());
        let task = |task: usize| {
            assert!(place.state.load(Ordering::Relaxed) & HELPERS == 1);
            assert!(task != 2, "as it should");
        };
        // SAFETY: it is dropped below.
        #[allow(unsafe_code)]
        let opened = unsafe { place.open(1, 4, Order::FromTheFirst, Job { task: &task, panic: &panic }) }
            .expect("it was nobody's");
        assert!(place.help(1) && opened.is_left());
        assert!(place.number().is_none(), "no task is left after a panic");
        drop(opened);
        let message = lock(&panic).take().expect("a panic");
        assert_eq!(message.downcast_ref::<&str>(), Some(&"as it should"));
    }
}
