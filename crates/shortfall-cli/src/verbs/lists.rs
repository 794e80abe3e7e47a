//! `shortfall theorems`, `theorem ID`, `problems`, `problem NAME`, `methods`, `method NAME`, `data`

use super::example;
use crate::arguments::Named;
use crate::output::{Failure, print, print_json};
use crate::render;
use shortfall::arguments::{BadInput, Entry};
use shortfall::method::METHODS;
use shortfall::problem::PROBLEMS;
use shortfall::theorem::THEOREMS;
use shortfall_lab::data::BUNDLED;
use shortfall_lab::{json, selector};

pub fn theorems(as_json: bool) -> Result<(), Failure> {
    if as_json { print_json(&json::theorems(None)) } else { print(&render::theorems()) }
}

pub fn theorem(named: &Named) -> Result<(), Failure> {
    if ["virt-1d", "virt-quad", "virt-curl", "virt-sto"].contains(&named.name.as_str()) {
        let said = format!(
            "`{}` bounds nothing: `shortfall field` shows the virtual loss, and `shortfall reproduce --only virtual-loss` checks \
             what is said of it",
            named.name.escape_default()
        );
        return Err(BadInput::new(said).into());
    }
    let theorem = selector::find("theorem", &named.name, THEOREMS, |theorem| theorem.id)?;
    if named.json {
        return print_json(&json::theorems(Some(theorem)));
    }
    print(&render::theorem(theorem, &example::judgements(theorem)?))
}

pub fn problems(as_json: bool) -> Result<(), Failure> {
    list("problems", PROBLEMS, as_json)
}

pub fn problem(named: &Named) -> Result<(), Failure> {
    single("problems", selector::find("problem", &named.name, PROBLEMS, |entry| entry.name)?, named.json)
}

pub fn methods(as_json: bool) -> Result<(), Failure> {
    list("methods", METHODS, as_json)
}

pub fn method(named: &Named) -> Result<(), Failure> {
    single("methods", selector::find("method", &named.name, METHODS, |entry| entry.name)?, named.json)
}

fn list<T>(name: &str, registry: &[Entry<T>], as_json: bool) -> Result<(), Failure> {
    if as_json { print_json(&json::entries(name, registry)) } else { print(&render::entries(registry)) }
}

fn single<T>(name: &str, entry: &Entry<T>, as_json: bool) -> Result<(), Failure> {
    if as_json { print_json(&json::single_entry(name, entry)) } else { print(&render::entry(entry)) }
}

pub fn data(as_json: bool) -> Result<(), Failure> {
    if as_json { print_json(&json::data()) } else { print(&render::data(BUNDLED)) }
}
