//! The paper, claim by claim, measured: rows are data, each check a setting and what its statements should say.

mod identities;
mod rates;
mod rows;

pub use identities::{Identity, identities};
pub use rates::{Fitted, Predicted, Rate};
pub use rows::ROWS;

use crate::diagnosis;
use crate::experiment::{Experiment, Finished, Request};
use crate::json;
use crate::pool::Pool;
use crate::selector::{self, parse_assumption, parse_start};
use serde_json::{Value as Json, json};
use shortfall::arguments::BadInput;
use shortfall::method::METHODS;
use shortfall::simulate::Observer;
use shortfall::theorem::{Form, Kind, THEOREMS, Theorem, Witness, find};
use shortfall::verdict::{Judgement, Verdict};

/// A claim of the paper, or a part of the picture.
#[derive(Debug)]
pub struct Row {
    /// Its name for `--only`.
    pub id: &'static str,
    /// Which row of which table.
    pub title: &'static str,
    /// The claim in one sentence.
    pub claim: &'static str,
    /// How it is checked.
    pub checks: &'static [Check],
    /// Exponents behind it.
    pub rates: &'static [Rate],
    /// Whether the witnesses of all statements are checked as well.
    pub witnesses: bool,
    /// Whether each run says where it stops and what sets that.
    pub explains: bool,
}

/// One run and the statements it is held against.
#[derive(Debug)]
pub struct Check {
    /// Problem selector.
    pub problem: &'static str,
    /// Method selector.
    pub method: &'static str,
    /// Start, if not the problem's own.
    pub start: Option<&'static str>,
    /// Steps; a tenth of them in a quick run.
    pub steps: u64,
    /// A quick run keeps all steps where a limit needs them.
    pub keeps_steps: bool,
    /// Seeds, if not the method's default.
    pub seeds: Option<u64>,
    /// Constants of the class, for a statement about a class.
    pub assume: &'static [&'static str],
    /// Id, quantity, and what the program should say of it.
    pub statements: &'static [(&'static str, &'static str, Verdict)],
    /// What this run shows, where it is not the statements themselves.
    pub shows: &'static str,
}

/// A run to be made, and what should be said of it.
pub struct Task {
    request: Request,
    /// Statements about a class are judged where they are on their own witness.
    witness_of: Option<&'static Theorem>,
    expected: Vec<Expected>,
    shows: &'static str,
}

/// What the program should say of a statement.
pub struct Expected {
    /// Its id.
    pub theorem: &'static str,
    /// The quantity's word.
    pub quantity: &'static str,
    /// One of these.
    pub verdicts: Vec<Verdict>,
}

/// A check that was made.
pub struct Made {
    /// What it shows, where it is not the statements themselves.
    pub shows: &'static str,
    /// What should be said.
    pub expected: Vec<Expected>,
    /// Its setting.
    pub experiment: Experiment,
    /// Its run.
    pub finished: Finished,
}

impl Made {
    /// Where the run stops and what sets that.
    pub fn words(&self) -> Vec<String> {
        diagnosis::sentences(&self.experiment, &self.finished)
    }

    /// The judgement of each statement, and whether it is as expected.
    pub fn results(&self) -> Vec<(&Judgement, bool)> {
        self.expected
            .iter()
            .filter_map(|expected| {
                let judgement = self.finished.find(expected.theorem, expected.quantity)?;
                Some((judgement, expected.verdicts.contains(&judgement.verdict)))
            })
            .collect()
    }
}

/// A row that was made.
pub struct Report {
    /// The row.
    pub row: &'static Row,
    /// Its runs.
    pub checks: Vec<Made>,
    /// Its exponents.
    pub rates: Vec<Fitted>,
}

impl Report {
    /// Statements and exponents that are as expected, of how many.
    pub fn score(&self) -> (usize, usize) {
        let statements: usize = self.checks.iter().map(|made| made.expected.len()).sum();
        let results = self.checks.iter().flat_map(Made::results).filter(|(_, right)| *right).count();
        let rates = self.rates.iter().filter(|fitted| fitted.verdict() == Verdict::Agrees).count();
        (results + rates, statements + self.rates.len())
    }
}

impl Row {
    /// Its runs.
    pub fn tasks(&self, quick: bool) -> Result<Vec<Task>, BadInput> {
        let mut tasks = self.checks.iter().map(|check| check.task(quick)).collect::<Result<Vec<_>, _>>()?;
        if self.explains {
            let mut bases: Vec<Task> = Vec::new();
            for check in self.checks {
                let base = check.without_perturbation(quick)?;
                let same = |other: &Task| {
                    (&other.request.problem, &other.request.method) == (&base.request.problem, &base.request.method)
                };
                if !bases.iter().any(same) {
                    bases.push(base);
                }
            }
            tasks.extend(bases);
        }
        if self.witnesses {
            for theorem in THEOREMS {
                for form in theorem.forms {
                    for witness in form.witnesses.iter().filter(|witness| !quick || witness.steps <= MANY_STEPS) {
                        tasks.push(Task::of_witness(theorem, form, witness)?);
                    }
                }
            }
        }
        Ok(tasks)
    }
}

impl Check {
    /// A statement about a class is judged: the check is its witness.
    fn task(&self, quick: bool) -> Result<Task, BadInput> {
        let mut request = Request::new(self.problem, self.method);
        request.steps = if quick && !self.keeps_steps { (self.steps / 10).max(10) } else { self.steps };
        request.seeds = self.seeds;
        request.start = self.start.map(parse_start).transpose()?;
        request.assumptions = self.assume.iter().map(|text| parse_assumption(text)).collect::<Result<_, _>>()?;
        let witness_of =
            if self.assume.is_empty() { None } else { self.statements.first().and_then(|(id, ..)| find(id)) };
        let expect = |(theorem, quantity, verdict): &(&'static str, &'static str, Verdict)| Expected {
            theorem,
            quantity,
            verdicts: vec![*verdict],
        };
        Ok(Task { request, witness_of, expected: self.statements.iter().map(expect).collect(), shows: self.shows })
    }
}

/// What a method without a perturbation has in common with one that has it.
const SHARED: [&str; 4] = ["eta", "batch", "replacement", "descent"];

impl Check {
    /// The same run of gradient descent or SGD.
    fn without_perturbation(&self, quick: bool) -> Result<Task, BadInput> {
        let task = self.task(quick)?;
        let (_, arguments) = selector::parse("method", self.method, METHODS)?;
        let shared = arguments.entries.iter().filter(|(name, _)| SHARED.contains(&name.as_str()));
        let shared: Vec<String> = shared.map(|(name, value)| format!("{name}={value}")).collect();
        let base = if arguments.get("batch").is_some() { "sgd" } else { "gd" };
        let method = format!("{base}{{{}}}", shared.join(","));
        let shows = "the same without a perturbation";
        Ok(Task { request: Request { method, ..task.request }, witness_of: None, expected: Vec::new(), shows })
    }
}

/// Steps beyond which a witness does not run in a quick run.
const MANY_STEPS: u64 = 200_000;

impl Task {
    /// A statement on its witness. An upper bound that is attained from the start on says no more than the start does.
    pub fn of_witness(
        theorem: &'static Theorem,
        form: &'static Form,
        witness: &'static Witness,
    ) -> Result<Self, BadInput> {
        let mut request = Request::new(witness.problem, witness.method);
        request.steps = witness.steps;
        request.start = witness.start.map(parse_start).transpose()?;
        let assume = witness.assume.iter().map(|(name, value)| parse_assumption(&format!("{name}={value}")));
        request.assumptions = assume.collect::<Result<_, _>>()?;
        request.seeds = witness.seeds;
        let verdicts = match form.kind {
            Kind::Upper => vec![Verdict::Holds, Verdict::Vacuous],
            Kind::Prediction => vec![Verdict::Agrees],
            Kind::Lower | Kind::Exact => vec![Verdict::Holds],
        };
        let expected = vec![Expected { theorem: theorem.id, quantity: json::nominal(form), verdicts }];
        Ok(Self { request, witness_of: Some(theorem), expected, shows: "" })
    }

    /// Makes it.
    pub fn make(self, pool: &Pool, observer: Observer) -> Result<Made, BadInput> {
        let Self { request, witness_of, expected, shows } = self;
        let experiment = Experiment::prepare(request)?;
        let finished = experiment.run(pool, witness_of, observer)?;
        Ok(Made { shows, expected, experiment, finished })
    }
}

/// `shortfall.reproduce/1`, from the rows made so far.
pub fn document(reports: &[Report], identities: &[Identity], seconds: f64, threads: usize) -> Json {
    let rows: Vec<Json> = reports
        .iter()
        .map(|Report { row, checks, .. }| {
            let checks: Vec<Json> = checks
                .iter()
                .map(|made| {
                    let mut entry = json::run(&made.experiment, &made.finished);
                    let expected: Vec<Json> = made
                        .expected
                        .iter()
                        .map(|expected| {
                            let verdicts: Vec<&str> = expected.verdicts.iter().map(|verdict| verdict.word()).collect();
                            json!({"theorem": expected.theorem, "quantity": expected.quantity, "verdict": verdicts.join(" or ")})
                        })
                        .collect();
                    entry["expected"] = json!(expected);
                    entry["shows"] = json!(made.shows);
                    if row.explains {
                        entry["words"] = json!(made.words());
                    }
                    entry
                })
                .collect();
            json!({"row": row.id, "title": row.title, "claim": row.claim, "checks": checks})
        })
        .collect();
    let statements = reports.iter().flat_map(|report| {
        let results = report.checks.iter().flat_map(Made::results);
        results.map(|(judgement, _)| statement(report.row, judgement))
    });
    let rates = reports.iter().flat_map(|report| report.rates.iter().map(|fitted| claim(report.row, fitted)));
    let identities = identities.iter().map(|identity| {
        json!({
            "id": identity.id, "paper_row": identity.paper_row, "theorems": [identity.id], "predicted": identity.predicted,
            "measured": json::interval(Some(identity.measured)), "verdict": identity.verdict().word(), "says": identity.says,
        })
    });
    let claims: Vec<Json> = statements.chain(rates).chain(identities).collect();
    json!({
        "schema": "shortfall.reproduce/1",
        "rows": rows,
        "claims": claims,
        "environment": {"version": env!("CARGO_PKG_VERSION"), "seconds": seconds, "threads": threads},
    })
}

fn statement(row: &Row, judgement: &Judgement) -> Json {
    json!({
        "id": format!("{} {}", judgement.theorem.id, judgement.quantity.word()),
        "paper_row": row.id,
        "theorems": [judgement.theorem.id],
        "quantity": judgement.quantity.word(),
        "kind": judgement.form.kind.word(),
        "predicted": judgement.value(),
        "measured": json::interval(judgement.measured.as_ref().map(|measured| measured.interval)),
        "verdict": judgement.verdict.word(),
    })
}

fn claim(row: &Row, fitted: &Fitted) -> Json {
    let rate = fitted.rate;
    let points: Vec<Json> = fitted
        .points
        .iter()
        .map(|(x, y)| json!({"parameter": x, "mean": y.mean, "low": y.low, "high": y.high}))
        .collect();
    json!({
        "id": rate.id,
        "paper_row": row.id,
        "theorems": rate.theorems,
        "quantity": rate.quantity.word(),
        "parameter": rate.parameter,
        "problem": rate.problem,
        "method": rate.method,
        "predicted": fitted.predicted,
        "measured": json::interval(fitted.exponent),
        "verdict": fitted.verdict().word(),
        "points": points,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::ControlFlow;

    #[test]
    fn every_statement_and_exponent_is_what_it_should_be_in_a_quick_run() {
        let pool = Pool::new(None).expect("a pool");
        // Witnesses have a test of their own.
        for row in ROWS.iter().filter(|row| !row.witnesses) {
            for task in row.tasks(true).expect("a row is good input") {
                let made = task.make(&pool, &mut |_| ControlFlow::Continue(())).expect("a row is good input");
                let (problem, method) = (&made.experiment.request.problem, &made.experiment.request.method);
                assert_eq!(made.results().len(), made.expected.len(), "{problem} {method}");
                for (judgement, right) in made.results() {
                    assert!(
                        right,
                        "{problem} {method} {}: {:?} {:?} bound {:?} measured {:?}",
                        judgement.theorem.id,
                        judgement.verdict,
                        judgement.reasons,
                        judgement.value(),
                        judgement.measured
                    );
                }
            }
            for rate in row.rates {
                let fitted = rate
                    .fit(true, &pool, &mut |_| ControlFlow::Continue(()))
                    .expect("good input")
                    .expect("not stopped");
                assert_eq!(
                    fitted.verdict(),
                    Verdict::Agrees,
                    "{}: {:?} {:?}",
                    rate.id,
                    fitted.exponent,
                    fitted.predicted
                );
                assert!(rate.theorems.iter().all(|id| find(id).is_some()), "{}", rate.id);
            }
        }
    }
}
