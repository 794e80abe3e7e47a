//! One file a verb.

mod bound;
mod constants;
mod example;
mod field;
mod lists;
mod reproduce;
mod run;

use crate::arguments::{Cli, Command};
use crate::output::{Failure, print};
use clap::CommandFactory;

/// Does what was asked.
pub fn perform(command: Command) -> Result<(), Failure> {
    match command {
        Command::Reproduce(arguments) => reproduce::perform(&arguments),
        Command::Run(arguments) => run::perform(&arguments),
        Command::Bound(arguments) => bound::perform(&arguments.setting),
        Command::Field(arguments) => field::perform(&arguments),
        Command::Constants(arguments) => constants::perform(&arguments),
        Command::Theorems(list) => lists::theorems(list.json),
        Command::Theorem(named) => lists::theorem(&named),
        Command::Problems(list) => lists::problems(list.json),
        Command::Problem(named) => lists::problem(&named),
        Command::Methods(list) => lists::methods(list.json),
        Command::Method(named) => lists::method(&named),
        Command::Data(list) => lists::data(list.json),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "shortfall", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
    }
}
