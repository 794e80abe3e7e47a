//! The registry is THEORY.md's table, row by row: nothing is missing, nothing is added.

use shortfall::constants::Constants;
use shortfall::method::Method;
use shortfall::theorem::{Inputs, MethodFacts, ProblemFacts, THEOREMS};

/// Every id and every section that a source names is in the document.
#[test]
fn sources_can_be_looked_up() {
    let theory = include_str!("../../../docs/THEORY.md");
    let sections: Vec<&str> =
        theory.lines().filter_map(|line| line.strip_prefix("## ")?.split_once('.')).map(|(number, _)| number).collect();
    for theorem in THEOREMS {
        assert!(theory.contains(&format!("`{}`", theorem.id)), "{}", theorem.id);
        let (_, named) = theorem.source.split_once("THEORY.md section").expect(theorem.id);
        let number = named.trim().split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        assert!(sections.contains(&number), "{}: `{number}` is not in {sections:?}", theorem.id);
    }
}

#[test]
fn the_registry_is_the_table() {
    let (constants, problem) = (Constants::missing("nothing is known"), ProblemFacts::default());
    let method = MethodFacts::of(&Method::sam(0.1, 0.1));
    let inputs = Inputs { constants: &constants, method, problem: &problem, steps: 10 };
    let registered: Vec<String> = THEOREMS
        .iter()
        .flat_map(|theorem| theorem.forms.iter().map(move |form| (theorem.id, form)))
        .map(|(id, form)| {
            let (name, kind, scope) = (form.name.unwrap_or("base"), form.kind.word(), form.scope.word());
            format!("{id} {name} {kind} {scope} {}", (form.quantity)(&inputs).word())
        })
        .collect();
    let table: Vec<&str> = include_str!("registry.txt").lines().filter(|line| !line.starts_with('#')).collect();
    for row in &table {
        assert!(registered.iter().any(|form| form == row), "not registered: {row}");
    }
    for form in &registered {
        assert!(table.contains(&form.as_str()), "not in the table: {form}");
    }
    assert_eq!(registered, table, "in the table's order");
}
