//! What to type for a request.

use crate::experiment::Request;
use crate::field::Wish;
use crate::selector::Start;
use shortfall::simulate::Record;

impl Request {
    /// `shortfall run ...` with all that the request says, but what may be spent on constants and held of a table; the page goes to DIR.
    pub fn run_command(&self) -> String {
        self.command("run", vec![format!("--steps {}", self.steps)], Vec::new())
    }

    /// `shortfall field ...`, likewise.
    pub fn field_command(&self, wish: &Wish) -> String {
        let steps = (self.steps != Self::new("", "").steps).then(|| format!("--steps {}", self.steps));
        let window = wish.window.map(|window| format!("--window {}", shell(&format!("{window:?}"))));
        let around = wish.around.as_ref().map(|corners| format!("--around {}", shell(&format!("{corners:?}"))));
        self.command("field", Vec::from_iter(steps), window.into_iter().chain(around).collect())
    }

    fn command(&self, verb: &str, first: Vec<String>, last: Vec<String>) -> String {
        let mut words = vec![format!("shortfall {verb}"), shell(&self.problem), shell(&self.method)];
        let start = self.start.as_ref().map(|start| match start {
            Start::Zeros => "zeros".to_owned(),
            Start::Ones => "ones".to_owned(),
            Start::Random => "random".to_owned(),
            Start::Given(point) => format!("{point:?}"),
        });
        words.extend(start.map(|start| format!("--start {}", shell(&start))));
        words.extend(first);
        words.extend(self.seeds.map(|seeds| format!("--seeds {seeds}")));
        words.extend((self.seed != 0).then(|| format!("--seed {}", self.seed)));
        words.extend(match self.record {
            Record::LogSpaced => None,
            Record::Every => Some("--record every".to_owned()),
            Record::Ends => Some("--record ends".to_owned()),
        });
        words.extend(self.assumptions.iter().map(|(symbol, value)| format!("--assume {}={value:?}", symbol.name())));
        words.extend(last);
        words.push("--out DIR".to_owned());
        words.join(" ")
    }
}

/// A word as a shell takes it.
fn shell(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.,=/+:@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shortfall::constants::Symbol;

    #[test]
    fn nothing_that_was_asked_for_is_left_out() {
        let mut request = Request::new("trap", "stochastic-sam{eta=0.1,sampling='independent'}");
        assert_eq!(
            request.run_command(),
            r"shortfall run trap 'stochastic-sam{eta=0.1,sampling='\''independent'\''}' --steps 10000 --out DIR"
        );
        request.method = "sgd".to_owned();
        request.start = Some(Start::Given(vec![-1e-300, 2.0]));
        (request.seeds, request.seed, request.record) = (Some(5), 7, Record::Ends);
        request.assumptions = vec![(Symbol::Sigma2, 4.0)];
        assert_eq!(
            request.run_command(),
            "shortfall run trap sgd --start '[-1e-300, 2.0]' --steps 10000 --seeds 5 --seed 7 --record ends \
             --assume sigma2=4.0 --out DIR"
        );
        let request = Request { start: Some(Start::Random), steps: 12, ..Request::new("trap", "sgd") };
        let wish = Wish { window: Some([-1.0, 0.5]), around: Some(vec![vec![0.0, 1.0]; 3]) };
        assert_eq!(
            request.field_command(&wish),
            "shortfall field trap sgd --start random --steps 12 --window '[-1.0, 0.5]' \
             --around '[[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]' --out DIR"
        );
        assert_eq!(Request::new("a", "b").field_command(&Wish::default()), "shortfall field a b --out DIR");
    }
}
