//! `shortfall run`

use crate::arguments::Run;
use crate::folder::Folder;
use crate::output::{Failure, print, print_json};
use crate::{progress, render};
use shortfall_lab::experiment::Experiment;
use shortfall_lab::figure::Figure;
use shortfall_lab::pool::Pool;
use shortfall_lab::sweep::Sweep;
use shortfall_lab::{json, picture, report};
use std::io::IsTerminal;
use std::sync::Arc;

pub fn perform(arguments: &Run) -> Result<(), Failure> {
    let pool = Arc::new(Pool::new(arguments.threads()?)?);
    let request = arguments.request(Arc::clone(&pool))?;
    let folder = arguments.out.as_deref().map(Folder::make).transpose()?;
    if let Some(sweep) = Sweep::of(&request)? {
        return perform_sweep(arguments, sweep, &request.run_command(), folder.as_ref(), &pool);
    }
    let experiment = Experiment::prepare(request)?;
    let mut observer = progress::observer("running");
    let finished = experiment.run(&pool, None, &mut observer)?;
    let document = (arguments.setting.json || folder.is_some()).then(|| json::run(&experiment, &finished));
    let kept = match (&folder, &document) {
        (Some(folder), Some(document)) => folder.keep("run.json", document, &report::of_run(&experiment, &finished)),
        _ => Ok(()),
    };
    // What was found is shown whether or not it could be kept.
    match document {
        Some(document) if arguments.setting.json => print_json(&document),
        _ => print(&(render::run(&experiment, &finished) + &drawn(&picture::of_run(&experiment, &finished)))),
    }?;
    kept
}

fn perform_sweep(
    arguments: &Run,
    sweep: Sweep,
    command: &str,
    folder: Option<&Folder>,
    pool: &Pool,
) -> Result<(), Failure> {
    let mut observer = progress::observer("running");
    let swept = sweep.run(pool, &mut observer)?;
    let document = (arguments.setting.json || folder.is_some()).then(|| swept.document());
    let kept = match (folder, &document) {
        (Some(folder), Some(document)) => folder.keep("sweep.json", document, &report::of_sweep(&swept, command)),
        _ => Ok(()),
    };
    match document {
        Some(document) if arguments.setting.json => print_json(&document),
        _ => print(&(render::sweep(&swept) + &drawn(&swept.picture()))),
    }?;
    kept
}

/// A plot, for a terminal only: what is piped stays text.
fn drawn(figure: &Figure) -> String {
    if std::io::stdout().is_terminal() { format!("\n{}", render::plot(figure)) } else { String::new() }
}
