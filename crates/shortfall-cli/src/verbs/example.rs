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

    #[test]
    fn words_keep_what_is_quoted() {
        assert_eq!(words("a 'b c{d=\"e\"}'  --f '[1, 2]'"), ["a", "b c{d=\"e\"}", "--f", "[1, 2]"]);
    }
}
