//! `shortfall field`

use super::run::{make_folder, write, write_page};
use crate::arguments::Field;
use crate::output::{Failure, print, print_json};
use crate::render;
use shortfall_lab::experiment::{Experiment, Request};
use shortfall_lab::field::Seen;
use shortfall_lab::pool::Pool;
use shortfall_lab::report::of_field;
use std::sync::Arc;

pub fn perform(arguments: &Field) -> Result<(), Failure> {
    let wish = arguments.wish()?;
    if let Some(folder) = &arguments.out {
        make_folder(folder)?;
    }
    let request = Request { any_step: true, ..arguments.setting.request(Arc::new(Pool::new(None)?))? };
    let experiment = Experiment::prepare(request)?;
    let seen = Seen::of(&experiment, &wish)?;
    if let Some(folder) = &arguments.out {
        write(&folder.join("field.json"), &format!("{:#}\n", seen.document()))?;
        write_page(folder, &of_field(&seen, experiment.request.field_command(&wish)))?;
        eprintln!("wrote {} and field.json", folder.join("index.html").display());
    }
    if arguments.setting.json { print_json(&seen.document()) } else { print(&render::field(&seen)) }
}
