//! `shortfall bound`

use crate::arguments::Setting;
use crate::output::{Failure, print, print_json};
use crate::render;
use shortfall_lab::experiment::Experiment;
use shortfall_lab::json;
use shortfall_lab::pool::Pool;
use std::sync::Arc;

pub fn perform(setting: &Setting) -> Result<(), Failure> {
    let experiment = Experiment::prepare(setting.request(Arc::new(Pool::new(None)?))?)?;
    let judgements = experiment.bounds();
    if setting.json {
        print_json(&json::bounds(&experiment, &judgements))
    } else {
        print(&render::bounds(&experiment, &judgements))
    }
}
