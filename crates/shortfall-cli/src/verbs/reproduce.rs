//! `shortfall reproduce`

use super::run::{make_folder, write};
use crate::arguments::Reproduce;
use crate::output::{Failure, print, print_json};
use crate::{progress, render};
use shortfall_lab::pool::Pool;
use shortfall_lab::reproduce::{Made, ROWS, Row, document};
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
    let mut made: Vec<(&'static Row, Vec<Made>)> = Vec::new();
    for row in rows {
        let mut checks = Vec::new();
        for check in row.checks {
            let mut observer = progress::observer(row.id);
            checks.push(check.make(arguments.quick, &pool, &mut observer)?);
            if progress::stopped() {
                break;
            }
        }
        if !arguments.json {
            print(&render::row(row, &checks))?;
        }
        made.push((row, checks));
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

fn keep(folder: &Path, made: &[(&'static Row, Vec<Made>)], seconds: f64, threads: usize) -> Result<(), Failure> {
    write(&folder.join("reproduce.json"), &format!("{:#}\n", document(made, seconds, threads)))?;
    let Some((row, checks)) = made.last() else { return Ok(()) };
    for (i, made) in checks.iter().enumerate() {
        let name = format!("{}-{}.svg", row.id, i + 1);
        write(&folder.join(name), &picture::of_run(&made.experiment, &made.finished).to_svg())?;
    }
    Ok(())
}
