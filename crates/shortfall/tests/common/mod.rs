//! What the integration tests share.

#![allow(dead_code)] // each test file uses its own part

pub mod random;

use shortfall::arguments::{Arguments, Entry, Value};
use shortfall::constants::Symbol;
use shortfall::method::{Method, MethodRecipe};
use shortfall::norm;
use shortfall::parallel::Sequential;
use shortfall::problem::{Ask, Problem, facts};
use shortfall::simulate::{Plan, Record, Run, run};
use shortfall::source::{NoData, Unlimited};
use shortfall::theorem::{Inputs, MethodFacts, THEOREMS};
use shortfall::verdict::{AtStart, Judgement, evaluate, judge, weight_decay};
use std::ops::ControlFlow;

pub fn plan(problem: &dyn Problem, start: &[f64], steps: u64, lanes: u64) -> Plan {
    Plan {
        start: start.to_vec(),
        steps,
        lanes,
        seed: 7,
        first_replicate: 0,
        record: Record::LogSpaced,
        weight_decay: None,
        base: problem.minimum().value().map_or(0.0, |(value, _)| value),
    }
}

pub fn simulate(problem: &dyn Problem, method: &Method, plan: Plan) -> Run {
    let mut run =
        run(problem, method, plan, &Sequential, &mut |_| ControlFlow::Continue(())).expect("they fit together");
    let ask = Ask { start: &run.plan.start, sampling: method.sampling };
    run.know(&problem.constants(&ask), &problem.minimum(), method);
    run
}

/// Every statement on a setting.
pub fn bounds(problem: &dyn Problem, name: &Arguments, method: &Method, start: &[f64], steps: u64) -> Vec<Judgement> {
    let constants = problem.constants(&Ask { start, sampling: method.sampling });
    let facts = facts(problem, name, start, method, &Unlimited);
    let mut gradient = vec![0.0; problem.dimension()];
    problem.value_gradient(start, &mut gradient);
    let at_start = AtStart { suboptimality: constants.get(Symbol::Delta).value(), gradient_norm: norm(&gradient) };
    let inputs = Inputs { constants: &constants, method: MethodFacts::of(method), problem: &facts, steps };
    evaluate(THEOREMS, &inputs, &at_start)
}

/// Runs and judges.
pub fn verdicts(
    problem: &dyn Problem,
    name: &Arguments,
    method: &Method,
    start: &[f64],
    steps: u64,
    lanes: u64,
) -> (Run, Vec<Judgement>) {
    let mut judgements = bounds(problem, name, method, start, steps);
    let planned = Plan { weight_decay: weight_decay(&judgements), ..plan(problem, start, steps, lanes) };
    let run = simulate(problem, method, planned);
    judge(&mut judgements, &run, None);
    (run, judgements)
}

/// The judgement of an id and quantity.
pub fn find<'a>(judgements: &'a [Judgement], id: &str, quantity: &str) -> &'a Judgement {
    judgements
        .iter()
        .find(|judgement| judgement.theorem.id == id && judgement.quantity.word() == quantity)
        .unwrap_or_else(|| panic!("no {id} {quantity}"))
}

/// A registered problem from numeric parameters, others at their defaults being given as well.
pub fn registered(name: &str, parameters: &[(&str, f64)]) -> (Box<dyn Problem>, Arguments) {
    let entry = shortfall::problem::PROBLEMS.iter().find(|entry| entry.name == name).expect("registered");
    let arguments = parameters.iter().fold(Arguments::of(name), |a, (name, value)| a.with(name, Value::number(*value)));
    let problem = (entry.build)(&arguments, &NoData).expect("good parameters");
    (problem, arguments)
}

/// A registered method from its defaults and what is given of its parameters.
pub fn recipe(entry: &Entry<MethodRecipe>, given: &[(&str, Value)]) -> MethodRecipe {
    let default = |text: &str| match text.trim_matches('"') {
        inner if inner.len() < text.len() => Value::Text(inner.to_owned()),
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        number => Value::number(number.parse().expect("a number")),
    };
    let arguments = entry.parameters.iter().fold(Arguments::of(entry.name), |arguments, parameter| {
        let own = given.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| value.clone());
        match own.or(parameter.default.map(default)) {
            Some(value) => arguments.with(parameter.name, value),
            None => arguments,
        }
    });
    (entry.build)(&arguments, &NoData).expect("good parameters")
}
