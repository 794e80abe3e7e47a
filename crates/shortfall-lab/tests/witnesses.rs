//! Every statement on its witnesses: what the word of its kind says, and how nearly it is attained.

use shortfall::theorem::{Form, Kind, THEOREMS, Theorem, Witness};
use shortfall::verdict::Verdict;
use shortfall_lab::experiment::{Experiment, Request};
use shortfall_lab::pool::Pool;
use shortfall_lab::selector::{parse_assumption, parse_start};
use std::ops::ControlFlow;

fn request(witness: &Witness) -> Request {
    let mut request = Request::new(witness.problem, witness.method);
    request.steps = witness.steps;
    request.start = witness.start.map(|start| parse_start(start).expect("a good start"));
    let assume = witness.assume.iter().map(|(name, value)| parse_assumption(&format!("{name}={value}")));
    request.assumptions = assume.collect::<Result<_, _>>().expect("good assumptions");
    request
}

fn hold(theorem: &'static Theorem, form: &'static Form, witness: &'static Witness, pool: &Pool) {
    let mut request = request(witness);
    // Seeds enough for a verdict, where the steps are many.
    if witness.steps > 200_000 && witness.method.starts_with("stochastic") {
        request.seeds = Some(8);
    }
    let named = format!("{} {:?} on {} {}", theorem.id, form.name, witness.problem, witness.method);
    let experiment = Experiment::prepare(request).unwrap_or_else(|error| panic!("{named}: {error}"));
    let finished = experiment.run(pool, Some(theorem), &mut |_| ControlFlow::Continue(())).expect("runs");
    let judgement = finished
        .judgements
        .iter()
        .find(|judgement| judgement.form.kind == form.kind && judgement.form.name == form.name)
        .unwrap_or_else(|| panic!("{named}: not judged"));
    let said = format!(
        "{named}: {:?} {:?} bound {:?} measured {:?}",
        judgement.verdict,
        judgement.reasons,
        judgement.value(),
        judgement.measured
    );
    // An upper bound that is attained from the start on says no more than the start does.
    let at_once = form.kind == Kind::Upper && judgement.verdict == Verdict::Vacuous;
    assert!(matches!(judgement.verdict, Verdict::Holds | Verdict::Agrees) || at_once, "{said}");
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
