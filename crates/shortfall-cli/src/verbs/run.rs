//! `shortfall run`

use crate::arguments::Run;
use crate::output::{Failure, print, print_json};
use crate::{progress, render};
use shortfall_lab::experiment::Experiment;
use shortfall_lab::figure::Figure;
use shortfall_lab::page::Page;
use shortfall_lab::pool::Pool;
use shortfall_lab::sweep::Sweep;
use shortfall_lab::{json, picture, report};
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

pub fn perform(arguments: &Run) -> Result<(), Failure> {
    let pool = Arc::new(Pool::new(arguments.threads()?)?);
    let request = arguments.request(Arc::clone(&pool))?;
    if let Some(folder) = &arguments.out {
        make_folder(folder)?;
    }
    if let Some(sweep) = Sweep::of(&request)? {
        return perform_sweep(arguments, sweep, request.run_command(), &pool);
    }
    let experiment = Experiment::prepare(request)?;
    let mut observer = progress::observer("running");
    let finished = experiment.run(&pool, None, &mut observer)?;
    let document = (arguments.setting.json || arguments.out.is_some()).then(|| json::run(&experiment, &finished));
    if let (Some(folder), Some(document)) = (&arguments.out, &document) {
        write(&folder.join("run.json"), &format!("{document:#}\n"))?;
        write_page(folder, &report::of_run(&experiment, &finished))?;
        eprintln!("wrote {} and run.json", folder.join("index.html").display());
    }
    match document {
        Some(document) if arguments.setting.json => print_json(&document),
        _ => print(&(render::run(&experiment, &finished) + &drawn(&picture::of_run(&experiment, &finished)))),
    }
}

fn perform_sweep(arguments: &Run, sweep: Sweep, command: String, pool: &Pool) -> Result<(), Failure> {
    let mut observer = progress::observer("running");
    let swept = sweep.run(pool, &mut observer)?;
    let document = (arguments.setting.json || arguments.out.is_some()).then(|| swept.document());
    if let (Some(folder), Some(document)) = (&arguments.out, &document) {
        write(&folder.join("sweep.json"), &format!("{document:#}\n"))?;
        write_page(folder, &report::of_sweep(&swept, command))?;
        eprintln!("wrote {} and sweep.json", folder.join("index.html").display());
    }
    match document {
        Some(document) if arguments.setting.json => print_json(&document),
        _ => print(&(render::sweep(&swept) + &drawn(&swept.picture()))),
    }
}

/// A plot, for a terminal only: what is piped stays text.
fn drawn(figure: &Figure) -> String {
    if std::io::stdout().is_terminal() { format!("\n{}", render::plot(figure)) } else { String::new() }
}

/// Makes the folder before the work is done, so that a wrong path costs nothing.
pub fn make_folder(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| {
        let file = folder.ancestors().find(|path| path.is_file());
        let message = match file {
            Some(file) => format!("`{}` is a file; a folder, there or to be made, is expected", file.display()),
            None => error.to_string(),
        };
        Failure::BadInput(shortfall::arguments::BadInput::new(format!("--out {}: {message}", folder.display())))
    })
}

/// The page, and every figure of it as SVG with its numbers as CSV.
pub fn write_page(folder: &Path, page: &Page) -> Result<(), Failure> {
    let (figures, data) = (folder.join("figures"), folder.join("data"));
    make_folder(&figures)?;
    make_folder(&data)?;
    for plate in page.plates() {
        write(&figures.join(format!("{}.svg", plate.id)), &plate.svg)?;
        write(&data.join(format!("{}.csv", plate.id)), &plate.csv)?;
    }
    write(&folder.join("index.html"), &page.to_html())
}

/// Writes beside, then renames: a reader sees the whole file or the old one.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let beside = path.with_extension("tmp");
    std::fs::write(&beside, text)
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(|error| Failure::Other(format!("{}: {error}", path.display())))
}
