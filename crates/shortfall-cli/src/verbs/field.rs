//! `shortfall field`

use crate::arguments::Field;
use crate::folder::Folder;
use crate::output::{Failure, print, print_json};
use crate::render;
use shortfall_lab::experiment::{Experiment, Request};
use shortfall_lab::field::Seen;
use shortfall_lab::pool::Pool;
use shortfall_lab::report::of_field;
use std::sync::Arc;

pub fn perform(arguments: &Field) -> Result<(), Failure> {
    let wish = arguments.wish()?;
    let folder = arguments.out.as_deref().map(Folder::make).transpose()?;
    let request = Request { any_step: true, ..arguments.setting.request(Arc::new(Pool::new(None)?))? };
    let experiment = Experiment::prepare(request)?;
    let seen = Seen::of(&experiment, &wish)?;
    let kept = folder.map_or(Ok(()), |folder| {
        folder.keep("field.json", &seen.document(), &of_field(&seen, &experiment.request.field_command(&wish)))
    });
    if arguments.setting.json { print_json(&seen.document()) } else { print(&render::field(&seen)) }?;
    kept
}
