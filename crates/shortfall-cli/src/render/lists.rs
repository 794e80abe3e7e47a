//! Lists of what is registered, and single pages.

use super::table::Table;
use super::verdicts::{bound_cell, shown};
use super::wrap;
use shortfall::arguments::Entry;
use shortfall::theorem::{Form, Scope, THEOREMS, Theorem};
use shortfall::verdict::Judgement;
use shortfall_lab::data::Bundled;
use shortfall_lab::json::nominal;

fn kind(form: &Form) -> String {
    match form.scope {
        Scope::Instance => form.kind.word().to_owned(),
        Scope::Class => format!("{} (class)", form.kind.word()),
    }
}

/// All theorems.
pub fn theorems() -> String {
    let mut table = Table::new(&["theorem", "kind", "statement"], 2);
    for theorem in THEOREMS {
        table.row([theorem.id.to_owned(), kind(&theorem.forms[0]), theorem.statement.to_owned()]);
    }
    format!("{table}`shortfall theorem ID` shows one whole.\n")
}

/// One theorem, whole, with what its example says of it.
pub fn theorem(theorem: &Theorem, example: &[Judgement]) -> String {
    let mut text = format!("{}\n\n", theorem.id);
    let mut section = |title: &str, body: &str| {
        text += &format!("{title}\n{}", wrap(body, "  "));
    };
    section("Statement", theorem.statement);
    section("Setting", theorem.setting);
    section("Meaning", theorem.meaning);
    section("Sharpness", theorem.tightness);
    let forms: Vec<String> = theorem
        .forms
        .iter()
        .map(|form| format!("{}: {}, {}", form.name.unwrap_or("base"), kind(form), nominal(form)))
        .collect();
    section("Forms", &forms.join("; "));
    section("Source", theorem.source);
    text += &format!("Example\n  {}\n", theorem.example);
    let mut table = Table::new(&["of", "bound", "measured", "verdict"], 0);
    for judgement in example {
        let measured = judgement.measured.as_ref().map(|measured| measured.interval.mean);
        let (of, verdict) = (judgement.quantity.formula(), judgement.verdict.word().to_owned());
        table.row([of, bound_cell(judgement), shown(measured), verdict]);
    }
    text += &format!("It prints\n{}", indented(&table.to_string()));
    let mut witnesses: Vec<String> = Vec::new();
    for witness in theorem.forms.iter().flat_map(|form| form.witnesses) {
        let start = witness.start.map_or(String::new(), |start| format!(" --start '{start}'"));
        let assume: String = witness.assume.iter().map(|(name, value)| format!(" --assume {name}={value}")).collect();
        let (problem, method, steps) = (witness.problem, witness.method, witness.steps);
        let seeds = witness.seeds.map_or(String::new(), |seeds| format!(" --seeds {seeds}"));
        let command = format!("  shortfall run '{problem}' '{method}'{start} --steps {steps}{seeds}{assume}\n");
        if !witnesses.contains(&command) {
            witnesses.push(command);
        }
    }
    if !witnesses.is_empty() {
        text += &format!("Witness\n{}", witnesses.concat());
    }
    text
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// All entries of a registry.
pub fn entries<T>(registry: &[Entry<T>]) -> String {
    let mut table = Table::new(&["name", "what it is"], 1);
    for entry in registry {
        let parameters: Vec<&str> = entry.parameters.iter().map(|parameter| parameter.name).collect();
        table.row([entry.name.to_owned(), format!("{} ({})", entry.about, parameters.join(", "))]);
    }
    table.to_string()
}

/// One entry with its parameters.
pub fn entry<T>(entry: &Entry<T>) -> String {
    let mut text = format!("{}\n{}", entry.name, wrap(entry.about, "  "));
    for parameter in entry.parameters {
        let default = parameter.default.map_or("absent by default".to_owned(), |default| format!("default {default}"));
        text += &format!("\n{}\n{}{}", parameter.name, wrap(parameter.about, "  "), wrap(&default, "  "));
    }
    text
}

/// Bundled data.
pub fn data(bundled: &[Bundled]) -> String {
    let mut text = String::new();
    for data in bundled {
        text += &format!(
            "{}: {} rows, {} columns, classes {}\n",
            data.name,
            data.rows,
            data.columns,
            data.classes.join(", ")
        );
        text += &wrap(data.about, "  ");
        text += &wrap(&format!("good for: {}", data.good_for), "  ");
        text += &wrap(&format!("licence: {}; source: {}", data.licence, data.source), "  ");
    }
    text
}
