//! The paper, claim by claim, measured: rows are data, each check a setting and what its statements should say.

mod rows;

pub use rows::ROWS;

use crate::experiment::{Experiment, Finished, Request};
use crate::json;
use crate::pool::Pool;
use crate::selector::{parse_assumption, parse_start};
use serde_json::{Value as Json, json};
use shortfall::arguments::BadInput;
use shortfall::simulate::Observer;
use shortfall::theorem::find;
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

/// A check that was made.
pub struct Made {
    /// The check.
    pub check: &'static Check,
    /// Its setting.
    pub experiment: Experiment,
    /// Its run.
    pub finished: Finished,
}

impl Made {
    /// The judgement of each statement with its expected verdict.
    pub fn results(&self) -> Vec<(&Judgement, Verdict)> {
        self.check
            .statements
            .iter()
            .filter_map(|(id, quantity, expected)| Some((self.finished.find(id, quantity)?, *expected)))
            .collect()
    }

    /// Statements whose verdict is the expected one, of how many.
    pub fn score(&self) -> (usize, usize) {
        let results = self.results();
        let right = results.iter().filter(|(judgement, expected)| judgement.verdict == *expected).count();
        (right, self.check.statements.len())
    }
}

impl Check {
    fn request(&self, quick: bool) -> Result<Request, BadInput> {
        let mut request = Request::new(self.problem, self.method);
        request.steps = if quick && !self.keeps_steps { (self.steps / 10).max(10) } else { self.steps };
        request.seeds = self.seeds;
        request.start = self.start.map(parse_start).transpose()?;
        request.assumptions = self.assume.iter().map(|text| parse_assumption(text)).collect::<Result<_, _>>()?;
        Ok(request)
    }

    /// Makes it. A statement about a class is judged: the check is its witness.
    pub fn make(&'static self, quick: bool, pool: &Pool, observer: Observer) -> Result<Made, BadInput> {
        let experiment = Experiment::prepare(self.request(quick)?)?;
        let witness_of =
            if self.assume.is_empty() { None } else { self.statements.first().and_then(|(id, ..)| find(id)) };
        let finished = experiment.run(pool, witness_of, observer)?;
        Ok(Made { check: self, experiment, finished })
    }
}

/// `shortfall.reproduce/1`, from the rows made so far.
pub fn document(made: &[(&'static Row, Vec<Made>)], seconds: f64, threads: usize) -> Json {
    let rows: Vec<Json> = made
        .iter()
        .map(|(row, checks)| {
            let checks: Vec<Json> = checks
                .iter()
                .map(|made| {
                    let mut entry = json::run(&made.experiment, &made.finished);
                    let expected: Vec<Json> = made
                        .check
                        .statements
                        .iter()
                        .map(|(id, quantity, verdict)| json!({"theorem": id, "quantity": quantity, "verdict": verdict.word()}))
                        .collect();
                    entry["expected"] = json!(expected);
                    entry["shows"] = json!(made.check.shows);
                    entry
                })
                .collect();
            json!({"row": row.id, "title": row.title, "claim": row.claim, "checks": checks})
        })
        .collect();
    json!({
        "schema": "shortfall.reproduce/1",
        "rows": rows,
        "environment": {"version": env!("CARGO_PKG_VERSION"), "seconds": seconds, "threads": threads},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::ControlFlow;

    #[test]
    fn every_statement_says_what_it_should_in_a_quick_run() {
        let pool = Pool::new(None).expect("a pool");
        for check in ROWS.iter().flat_map(|row| row.checks) {
            let made = check.make(true, &pool, &mut |_| ControlFlow::Continue(())).expect("a row is good input");
            let results = made.results();
            assert_eq!(results.len(), check.statements.len(), "{} {}", check.problem, check.method);
            for (judgement, expected) in results {
                assert_eq!(
                    judgement.verdict,
                    expected,
                    "{} {} {}: {:?} bound {:?} measured {:?}",
                    check.problem,
                    check.method,
                    judgement.theorem.id,
                    judgement.reasons,
                    judgement.value(),
                    judgement.measured
                );
            }
        }
    }
}
