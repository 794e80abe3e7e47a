//! `shortfall reproduce`

use super::run::{make_folder, write};
use crate::arguments::Reproduce;
use crate::output::{Failure, print, print_json};
use crate::{progress, render};
use shortfall_lab::pool::Pool;
use shortfall_lab::reproduce::{ROWS, Report, Row, document};
use shortfall_lab::{picture, selector};
use std::path::Path;
use std::time::Instant;

pub fn perform(arguments: &Reproduce) -> Result<(), Failure> {
    let rows: Vec<&'static Row> = match &arguments.only {
        Some(name) => vec![selector::find("row", name, ROWS, |row| row.id)?],
        None => ROWS.iter().collect(),
    };
    if let Some(folder) = &arguments.out {
        make_folder(folder)?;
    }
    let pool = Pool::new(None)?;
    let clock = Instant::now();
    let mut made: Vec<Report> = Vec::new();
    for row in rows {
        let report = make(row, arguments.quick, &pool)?;
        if !arguments.json {
            print(&render::row(&report))?;
        }
        made.push(report);
        // Written after every row, so that an interruption keeps what there is.
        if let Some(folder) = &arguments.out {
            keep(folder, &made, clock.elapsed().as_secs_f64(), pool.threads())?;
        }
        if progress::stopped() {
            eprintln!("stopped: the rows so far are above");
            break;
        }
    }
    let seconds = clock.elapsed().as_secs_f64();
    if arguments.json {
        return print_json(&document(&made, seconds, pool.threads()));
    }
    print(&render::score(&made, seconds))?;
    if let Some(folder) = &arguments.out {
        eprintln!("wrote reproduce.json and a figure for each run to {}", folder.display());
    }
    Ok(())
}

/// As far as it comes before Ctrl-C.
fn make(row: &'static Row, quick: bool, pool: &Pool) -> Result<Report, Failure> {
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

fn keep(folder: &Path, made: &[Report], seconds: f64, threads: usize) -> Result<(), Failure> {
    write(&folder.join("reproduce.json"), &format!("{:#}\n", document(made, seconds, threads)))?;
    let Some(report) = made.last() else { return Ok(()) };
    for (i, made) in report.checks.iter().enumerate() {
        let name = format!("{}-{}.svg", report.row.id, i + 1);
        write(&folder.join(name), &picture::of_run(&made.experiment, &made.finished).to_svg())?;
    }
    for (i, fitted) in report.rates.iter().enumerate() {
        write(&folder.join(format!("{}-rate-{}.svg", report.row.id, i + 1)), &fitted.picture(report.row).to_svg())?;
    }
    Ok(())
}
