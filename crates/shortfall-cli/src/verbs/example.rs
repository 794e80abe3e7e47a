//! The example of a theorem's page, run while the page is made.

use crate::arguments::{Cli, Command};
use crate::output::Failure;
use crate::progress;
use clap::Parser;
use shortfall::theorem::Theorem;
use shortfall::verdict::Judgement;
use shortfall_lab::experiment::Experiment;
use shortfall_lab::pool::Pool;
use std::sync::Arc;

/// What the example command says of the theorem itself.
pub fn judgements(theorem: &Theorem) -> Result<Vec<Judgement>, Failure> {
    let command = Cli::try_parse_from(words(theorem.example)).map_err(|error| Failure::Other(error.to_string()))?;
    let pool = Arc::new(Pool::new(None)?);
    let judged = match command.command {
        Command::Run(run) => {
            let experiment = Experiment::prepare(run.request(Arc::clone(&pool))?)?;
            let mut observer = progress::observer("running the example");
            experiment.run(&pool, None, &mut observer)?.judgements
        }
        Command::Bound(bound) => Experiment::prepare(bound.setting.request(pool)?)?.bounds(),
        _ => Vec::new(),
    };
    Ok(judged.into_iter().filter(|judgement| judgement.theorem.id == theorem.id).collect())
}

/// The words of a command line with single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (i, part) in line.split('\'').enumerate() {
        if i % 2 == 1 {
            if let Some(last) = words.last_mut() {
                last.push_str(part);
            }
            continue;
        }
        let mut pieces = part.split(' ');
        if let (Some(first), Some(last)) = (pieces.next(), words.last_mut()) {
            last.push_str(first);
        }
        words.extend(pieces.map(str::to_owned));
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use shortfall_lab::experiment::Request;

    #[test]
    fn words_keep_what_is_quoted() {
        assert_eq!(words("a 'b c{d=\"e\"}'  --f '[1, 2]'"), ["a", "b c{d=\"e\"}", "--f", "[1, 2]"]);
    }

    /// What a page says to type asks for what was asked for.
    #[test]
    fn the_command_on_a_page_makes_the_same_request() {
        let said = |line: &str| {
            let pool = Arc::new(Pool::new(Some(1)).unwrap());
            match Cli::try_parse_from(words(line)).unwrap_or_else(|error| panic!("{line}: {error}")).command {
                Command::Run(run) => (run.request(pool).unwrap(), None),
                Command::Field(field) => (field.setting.request(pool).unwrap(), Some(field.wish().unwrap())),
                _ => unreachable!(),
            }
        };
        for line in [
            "shortfall run logistic sam",
            "shortfall run 'logistic{data=\"breast-cancer\",ridge=[1e-2, 0.1]}' sam --steps 1e5 --start zeros --record every",
            "shortfall run trap sgd --start '[-2.5e-300]' --seeds 3 --seed 18446744073709551615 --record ends",
            "shortfall run trap sgd --start random --assume sigma2=4 --assume beta=1e-3",
            "shortfall field trap sam --window '[-1,2.5]' --start ones --steps 7",
            "shortfall field double-ridge 'sam{rho=0.1}' --around '[[0,0],[1,0.5],[1,1]]' --assume mu=1",
        ] {
            let (request, wish) = said(line);
            let command = wish.as_ref().map_or_else(|| request.run_command(), |wish| request.field_command(wish));
            let (again, wish_again) = said(&command);
            let all = |request: Request| {
                let Request { problem, method, steps, seeds, seed, start, record, assumptions, any_step, library: _ } =
                    request;
                format!("{problem} {method} {steps} {seeds:?} {seed} {start:?} {record:?} {assumptions:?} {any_step}")
            };
            assert_eq!(all(request), all(again), "{command}");
            assert_eq!(format!("{wish:?}"), format!("{wish_again:?}"), "{command}");
        }
    }
}
