//! Progress on standard error, and Ctrl-C: the first stops the work cleanly, the second ends the program.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use shortfall::parallel::Parallel;
use shortfall::simulate::Progress;
use shortfall::source::Budget;
use shortfall_lab::pool::Pool;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once, OnceLock};
use std::time::{Duration, Instant};

static STOP: AtomicBool = AtomicBool::new(false);
static HANDLER: Once = Once::new();
/// What is shown now.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Work shorter than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(700);

fn listen() {
    HANDLER.call_once(|| {
        // Without a handler Ctrl-C ends the program, as it would anyway.
        let _ = ctrlc::set_handler(|| {
            if STOP.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
        });
    });
}

/// Whether Ctrl-C was pressed.
pub fn stopped() -> bool {
    STOP.load(Ordering::SeqCst)
}

/// Shows a message and a part of a whole, in place of what was shown.
fn show(template: &str, message: &str, done: u64, of: u64) {
    let mut bar = BAR.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let bar = bar.get_or_insert_with(|| ProgressBar::with_draw_target(Some(of), ProgressDrawTarget::stderr()));
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_length(of);
    bar.set_message(message.to_owned());
    bar.set_position(done);
}

/// Shows nothing any more.
pub fn clear() {
    if let Some(bar) = BAR.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take() {
        bar.finish_and_clear();
    }
}

/// An observer that shows how far a run has come and stops it on Ctrl-C.
pub fn observer(label: &str) -> impl FnMut(Progress) -> ControlFlow<()> + use<> {
    listen();
    clear();
    let began = Instant::now();
    let label = label.to_owned();
    move |progress| {
        if progress.step >= progress.steps || stopped() {
            clear();
        } else if began.elapsed() > PATIENCE {
            let template = "{msg} {wide_bar} {human_pos}/{human_len} steps, {eta} left";
            show(template, &label, progress.step, progress.steps);
        }
        if stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// For the constants: so many seconds, if any are given, until Ctrl-C, and these threads.
pub fn budget(seconds: Option<f64>, pool: Arc<Pool>) -> Arc<dyn Budget> {
    listen();
    Arc::new(Watch { seconds, pool, begun: OnceLock::new(), made: Instant::now(), shown: Mutex::new(Instant::now()) })
}

#[derive(Debug)]
struct Watch {
    seconds: Option<f64>,
    pool: Arc<Pool>,
    /// When the first limited work began.
    begun: OnceLock<Instant>,
    made: Instant,
    /// When something was shown last.
    shown: Mutex<Instant>,
}

/// Parts in which work is shown.
const PARTS: f64 = 1000.0;

impl Budget for Watch {
    fn goes_on(&self, work: &str, fraction: Option<f64>) -> bool {
        !self.is_interrupted(work, fraction) && self.left() > 0.0
    }

    fn left(&self) -> f64 {
        let spent = self.begun.get_or_init(Instant::now).elapsed().as_secs_f64();
        if stopped() { 0.0 } else { self.seconds.map_or(f64::INFINITY, |seconds| (seconds - spent).max(0.0)) }
    }

    fn parallel(&self) -> &dyn Parallel {
        self.pool.as_ref()
    }

    fn is_interrupted(&self, work: &str, fraction: Option<f64>) -> bool {
        let mut shown = self.shown.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if self.made.elapsed() > PATIENCE && shown.elapsed() > Duration::from_millis(100) {
            *shown = Instant::now();
            match fraction {
                Some(fraction) => show("{msg} {wide_bar} {percent} %", work, (fraction * PARTS) as u64, PARTS as u64),
                None => show("{msg}", work, 0, 1),
            }
        }
        stopped()
    }
}
