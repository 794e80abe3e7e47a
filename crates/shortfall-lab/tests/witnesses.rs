//! Every statement on its witnesses: what the word of its kind says, and how nearly it is attained.

use shortfall::theorem::{Form, Kind, Scope, THEOREMS, Theorem, Witness};
use shortfall::verdict::Verdict;
use shortfall_lab::experiment::{Experiment, Request};
use shortfall_lab::pool::Pool;
use shortfall_lab::reproduce::Task;
use shortfall_lab::selector::{parse_assumption, parse_start};
use std::ops::ControlFlow;

fn hold(theorem: &'static Theorem, form: &'static Form, witness: &'static Witness, pool: &Pool) {
    let named = format!("{} {:?} on {} {}", theorem.id, form.name, witness.problem, witness.method);
    let task = Task::of_witness(theorem, form, witness).unwrap_or_else(|error| panic!("{named}: {error}"));
    let made = task.make(pool, &mut |_| ControlFlow::Continue(())).unwrap_or_else(|error| panic!("{named}: {error}"));
    let results = made.results();
    let [(judgement, right)] = &results[..] else { panic!("{named}: not judged") };
    let said = format!(
        "{named}: {:?} {:?} bound {:?} measured {:?}",
        judgement.verdict,
        judgement.reasons,
        judgement.value(),
        judgement.measured
    );
    assert!(right, "{said}");
    match (form.kind, judgement.ratio()) {
        // No number: a criterion holds by its outcome.
        (_, None) => assert!(judgement.bound.as_ref().is_some_and(|bound| bound.rests.is_some()), "{said}"),
        (Kind::Exact, Some(ratio)) => assert!((ratio - 1.0).abs() <= 1e-8, "{said}"),
        // Moments and probabilities are bounded with room; what is called sharp is attained.
        (Kind::Upper, Some(ratio)) if theorem.id.starts_with("sto-m-") || theorem.id == "sto-add-noise" => {
            assert!(ratio <= 1.0, "{said}");
        }
        (Kind::Upper, Some(ratio)) => assert!((0.95..=1.0 + 1e-9).contains(&ratio), "{said}"),
        (Kind::Lower, Some(ratio)) => assert!(ratio <= 1.0 + 1e-6, "{said}"),
        (Kind::Prediction, Some(ratio)) => assert!((ratio - 1.0).abs() <= 0.1, "{said}"),
    }
}

#[test]
fn statements_are_what_they_say_on_their_witnesses() {
    let pool = Pool::new(None).expect("a pool");
    let mut held = 0;
    for theorem in THEOREMS {
        for form in theorem.forms {
            for witness in form.witnesses {
                hold(theorem, form, witness, &pool);
                held += 1;
            }
        }
    }
    assert!(held >= 20, "{held}");
}

/// As a user runs the command that the page prints.
#[test]
fn a_run_that_is_a_witness_of_a_class_is_recognised() {
    let pool = Pool::new(None).expect("a pool");
    for theorem in THEOREMS {
        for form in theorem.forms.iter().filter(|form| form.scope == Scope::Class) {
            for witness in form.witnesses {
                let mut request = Request::new(witness.problem, witness.method);
                request.steps = witness.steps;
                request.start = witness.start.map(|start| parse_start(start).expect("a good start"));
                let assume = witness.assume.iter().map(|(name, value)| parse_assumption(&format!("{name}={value}")));
                request.assumptions = assume.collect::<Result<_, _>>().expect("good assumptions");
                let judged = |request: Request| {
                    let experiment = Experiment::prepare(request).expect("good input");
                    let run = experiment.run(&pool, None, &mut |_| ControlFlow::Continue(())).expect("runs");
                    let judgement = run.judgements.iter().find(|judgement| std::ptr::eq(judgement.form, form));
                    judgement.expect("judged").verdict
                };
                let elsewhere = Request { steps: witness.steps + 1, ..request.clone() };
                assert_eq!(judged(request), Verdict::Holds, "{} on {}", theorem.id, witness.problem);
                assert_eq!(judged(elsewhere), Verdict::Undecided, "{} on {}", theorem.id, witness.problem);
            }
        }
    }
}
