//! How a page was made.

use crate::page::Block;
use maud::html;

/// What made the page.
pub struct Origin {
    /// Whether the runs are shorter.
    pub quick: bool,
    /// The row that was asked for, if only one.
    pub only: Option<String>,
    /// Threads.
    pub threads: usize,
    /// The processor.
    pub cpu: String,
    /// Seconds so far.
    pub seconds: f64,
    /// Whether the work was stopped before its end.
    pub stopped: bool,
}

impl Origin {
    /// The command.
    pub fn command(&self) -> String {
        let only = self.only.as_ref().map_or(String::new(), |row| format!(" --only {row}"));
        format!("shortfall reproduce{}{only} --out DIR", if self.quick { " --quick" } else { "" })
    }

    pub(super) fn body(&self) -> Vec<Block> {
        vec![Block::Text(html! {
            p { code { (self.command()) } }
            ul {
                li { "shortfall " (env!("CARGO_PKG_VERSION")) ", " (self.threads) " threads on " (self.cpu) ", " (format!("{:.0}", self.seconds)) " seconds." }
                li { "Seed 0 throughout: a run depends on its seed, its replicate and its step alone, not on threads or machine; the same command gives the same numbers." }
                @if self.quick { li { "A preview: most runs are ten times shorter than those of the full page." } }
                @if self.stopped { li { "The work was stopped before its end: what is missing was not made." } }
                li { "Each figure names the command that makes it alone; its numbers and the picture stand beside this page, as CSV and SVG, and all results in reproduce.json." }
            }
        })]
    }
}
