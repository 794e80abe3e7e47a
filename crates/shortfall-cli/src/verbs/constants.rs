//! `shortfall constants`

use crate::arguments::{Constants, library};
use crate::output::{Failure, print, print_json};
use crate::render;
use shortfall::method::METHODS;
use shortfall::simulate::check_sampling;
use shortfall_lab::experiment::{Loaded, constants_of};
use shortfall_lab::json;
use shortfall_lab::pool::Pool;
use shortfall_lab::selector::{self, parse_start};
use std::sync::Arc;

pub fn perform(arguments: &Constants) -> Result<(), Failure> {
    let library = library(arguments.budget.as_deref(), &arguments.memory, Arc::new(Pool::new(None)?))?;
    let start = arguments.start.as_deref().map(parse_start).transpose()?;
    let recipe = match &arguments.method {
        Some(text) => {
            let (entry, parsed) = selector::parse("method", text, METHODS)?;
            Some((entry.build)(&parsed, &library)?)
        }
        None => None,
    };
    let loaded = Loaded::new(&arguments.problem, start.as_ref(), 0, &library)?;
    if let Some(sampling) = recipe.as_ref().and_then(|recipe| recipe.sampling.as_ref()) {
        check_sampling(loaded.problem.as_ref(), sampling)?;
    }
    let constants = constants_of(&loaded, recipe.as_ref(), &[])?;
    if arguments.json {
        return print_json(&json::constants_document(&loaded, &constants));
    }
    let mut text = render::problem_line(&loaded);
    text += &render::constants(&constants, false);
    text += &render::minimum(&loaded.problem.minimum());
    print(&text)
}
