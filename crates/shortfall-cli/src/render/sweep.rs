//! What a sweep shows: floors, predicted beside measured, and how they go with each parameter.

use super::table::Table;
use super::wrap;
use shortfall::simulate::Outcome;
use shortfall::text::{factor, number};
use shortfall_lab::sweep::{Fit, Made, Swept};

fn setting(swept: &Swept, made: &Made) -> String {
    let pairs: Vec<String> =
        swept.axes.iter().zip(&made.values).map(|(axis, value)| format!("{}={value}", axis.name)).collect();
    pairs.join(" ")
}

/// The table and the fits.
pub fn sweep(swept: &Swept) -> String {
    let mut table = Table::new(&["setting", "floor", "predicted", "ratio", "by", "run"], 0);
    for made in &swept.runs {
        let floor = made.finished.run.floor();
        let predicted = made.predicted();
        let value = predicted.and_then(|judgement| judgement.value());
        let ratio = floor.as_ref().zip(value).map(|(floor, value)| floor.interval.mean / value);
        let state = match (made.finished.run.outcome, &floor) {
            (Outcome::Diverged { .. }, _) => "diverged",
            (Outcome::Stopped { .. }, _) => "stopped",
            (Outcome::Periodic { .. }, _) => "periodic",
            (Outcome::Completed, Some(floor)) if floor.settled => "settled",
            (Outcome::Completed, Some(_)) => "moving",
            (Outcome::Completed, None) => "no floor",
        };
        table.row([
            setting(swept, made),
            floor.as_ref().map_or(String::new(), |floor| number(floor.interval.mean)),
            value.map_or(String::new(), number),
            ratio.map_or(String::new(), factor),
            predicted.map_or("", |judgement| judgement.theorem.id).to_owned(),
            state.to_owned(),
        ]);
    }
    let mut text = table.to_string();
    let moving = swept.runs.iter().filter(|made| !made.is_settled()).count();
    if moving > 0 {
        let all = swept.runs.len();
        text += &wrap(&format!("{moving} of {all} runs are at no floor: they stay out of the fits"), "");
    }
    for Fit { parameter, exponent } in swept.fits() {
        let line = format!(
            "floor ~ {parameter}^{:.2}, between {:.2} and {:.2} from one value to the next",
            exponent.mean, exponent.low, exponent.high
        );
        text += &wrap(&line, "");
    }
    text
}
