//! Progress on standard error, and Ctrl-C: the first stops a run cleanly, the second ends the program.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use shortfall::simulate::Progress;
use std::ops::ControlFlow;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

static STOP: AtomicBool = AtomicBool::new(false);
static HANDLER: Once = Once::new();

/// Runs shorter than this show nothing.
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

/// An observer that shows how far a run has come and stops it on Ctrl-C.
pub fn observer(label: &str) -> impl FnMut(Progress) -> ControlFlow<()> + use<> {
    listen();
    let began = Instant::now();
    let label = label.to_owned();
    let mut bar: Option<ProgressBar> = None;
    move |progress| {
        if progress.step >= progress.steps || stopped() {
            if let Some(bar) = bar.take() {
                bar.finish_and_clear();
            }
        } else if began.elapsed() > PATIENCE {
            let bar = bar.get_or_insert_with(|| {
                let bar = ProgressBar::with_draw_target(Some(progress.steps), ProgressDrawTarget::stderr());
                let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} steps, {eta} left");
                bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                bar.set_message(label.clone());
                bar
            });
            bar.set_position(progress.step);
        }
        if stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
