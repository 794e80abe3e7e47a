//! The registry is THEORY.md's table, row by row: nothing is missing, nothing is added.

use shortfall::constants::Constants;
use shortfall::method::Method;
use shortfall::theorem::{Inputs, MethodFacts, ProblemFacts, THEOREMS};

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
