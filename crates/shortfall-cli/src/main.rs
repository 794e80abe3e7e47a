//! The command `shortfall`: parse, do, print.

mod arguments;
mod folder;
mod output;
mod progress;
mod render;
mod verbs;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let command = arguments::Cli::parse().command;
    match verbs::perform(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(output::Failure::BadInput(error)) => {
            progress::clear();
            eprintln!("error: {}", output::harmless(&error.to_string()));
            // Work that gives nothing when it is stopped ends as a program does that Ctrl-C ends.
            ExitCode::from(if progress::stopped() { 130 } else { 2 })
        }
        Err(output::Failure::Other(error)) => {
            eprintln!("error: {}", output::harmless(&error));
            ExitCode::FAILURE
        }
    }
}
