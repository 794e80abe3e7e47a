//! `shortfall reproduce`

use crate::arguments::Reproduce;
use crate::folder::Folder;
use crate::output::{Failure, harmless, print, print_json};
use crate::{progress, render};
use shortfall_lab::pool::Pool;
use shortfall_lab::report::{EXHIBITS, FLOORS, Origin, Results, listed, page};
use shortfall_lab::reproduce::{ROWS, Report, Row, document, identities};
use shortfall_lab::{json, selector};
use std::path::Path;
use std::time::Instant;

/// Where the page goes if nothing is said.
const FOLDER: &str = "shortfall-report";

/// What is made, one after the other.
enum Part {
    Row(&'static Row),
    Exhibits,
    Floors,
}

impl Part {
    /// For `--only`.
    fn name(&self) -> &'static str {
        match self {
            Self::Row(row) => row.id,
            Self::Exhibits => "virtual-loss",
            Self::Floors => "floors",
        }
    }
}

pub fn perform(arguments: &Reproduce) -> Result<(), Failure> {
    let mut parts: Vec<Part> = ROWS.iter().map(Part::Row).chain([Part::Exhibits, Part::Floors]).collect();
    if let Some(name) = &arguments.only {
        let wanted = selector::find("row", name, &parts, Part::name)?.name();
        parts.retain(|part| part.name() == wanted);
    }
    // A script that reads the JSON asked for no files.
    let folder = arguments.out.as_deref().or((!arguments.json).then_some(Path::new(FOLDER)));
    let folder = folder.map(Folder::make).transpose()?;
    let pool = Pool::new(None)?;
    let clock = Instant::now();
    let origin = |stopped: bool| Origin {
        quick: arguments.quick,
        only: arguments.only.clone(),
        threads: pool.threads(),
        cpu: json::cpu(),
        seconds: clock.elapsed().as_secs_f64(),
        stopped,
    };
    let mut results = Results::default();
    for part in parts {
        make(&part, arguments.quick, &pool, &mut results)?;
        if !arguments.json {
            print(&shown(&part, &results))?;
        }
        // Written after every part, so that an interruption keeps what there is.
        if let Some(folder) = &folder {
            keep(folder, &results, &origin(progress::stopped()))?;
        }
        if progress::stopped() {
            eprintln!("stopped: what was made so far is kept");
            break;
        }
    }
    let seconds = clock.elapsed().as_secs_f64();
    if arguments.json {
        return print_json(&document(&results.reports, &results.identities, seconds, pool.threads()));
    }
    if !results.reports.is_empty() {
        print(&render::score(&results.reports, seconds))?;
    }
    if let Some(folder) = &folder {
        eprintln!("the page: {}", harmless(&folder.page().display().to_string()));
    }
    Ok(())
}

/// A part that was made last.
fn shown(part: &Part, results: &Results) -> String {
    match part {
        Part::Row(_) => results.reports.last().map_or(String::new(), render::row),
        Part::Exhibits => render::identities(&results.identities),
        Part::Floors => render::floors(&results.floors),
    }
}

/// As far as it comes before Ctrl-C.
fn make(part: &Part, quick: bool, pool: &Pool, results: &mut Results) -> Result<(), Failure> {
    match part {
        Part::Row(row) => results.reports.push(row_report(row, quick, pool)?),
        Part::Exhibits => {
            results.identities = identities();
            for exhibit in EXHIBITS.iter().take_while(|_| !progress::stopped()) {
                let mut observer = progress::observer(exhibit.id);
                results.exhibits.push((exhibit, exhibit.picture(pool, &mut observer)?));
            }
        }
        Part::Floors => {
            for swept in FLOORS.iter().take_while(|_| !progress::stopped()) {
                let mut observer = progress::observer(swept.id);
                results.floors.push(swept.make(quick, pool, &mut observer)?);
            }
            results.listed = listed(pool, &mut progress::observer("every problem and method"))?;
        }
    }
    Ok(())
}

fn row_report(row: &'static Row, quick: bool, pool: &Pool) -> Result<Report, Failure> {
    let mut report = Report { row, checks: Vec::new(), rates: Vec::new() };
    for task in row.tasks(quick)? {
        let mut observer = progress::observer(row.id);
        report.checks.push(task.make(pool, &mut observer)?);
        if progress::stopped() {
            return Ok(report);
        }
    }
    for rate in row.rates {
        let mut observer = progress::observer(rate.id);
        match rate.fit(quick, pool, &mut observer)? {
            Some(fitted) => report.rates.push(fitted),
            None => break,
        }
    }
    Ok(report)
}

fn keep(folder: &Folder, results: &Results, origin: &Origin) -> Result<(), Failure> {
    let document = document(&results.reports, &results.identities, origin.seconds, origin.threads);
    folder.write("reproduce.json", &format!("{document:#}\n"))?;
    folder.write_page(&page(results, origin))
}
