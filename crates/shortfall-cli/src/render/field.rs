//! The field SAM follows, for people.

use super::table::Table;
use super::{problem_line, wrap};
use shortfall::constants::Number;
use shortfall::text::number;
use shortfall::virtual_loss::VirtualLoss;
use shortfall_lab::field::{At, Seen};

/// Points of a grid that a terminal shows.
const SHOWN: usize = 9;

/// What `shortfall field` prints.
pub fn field(seen: &Seen) -> String {
    let experiment = seen.experiment;
    let settings: Vec<String> =
        experiment.method_arguments.entries.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut text = problem_line(&experiment.loaded);
    text += &wrap(&format!("{}{{{}}}", experiment.method_arguments.owner, settings.join(", ")), "");
    text.push('\n');
    match (&seen.line, &seen.without) {
        (Some(line), _) => text += &on_line(line),
        (None, Some(why)) if let Some(change) = seen.integrated => {
            let how = format!(
                "J is integrated from G, 0 at the left end, its last refinement {change:.0e} (no closed form: {why})."
            );
            text += &wrap(&how, "");
        }
        (None, Some(why)) => text += &wrap(&format!("No virtual loss J is known here: {why}."), ""),
        (None, None) => {
            text += &wrap("f is a quadratic: SAM descends J = f + rho |grad f| exactly, in any dimension.", "");
        }
    }
    text += &points(seen);
    if let Some((corners, found)) = &seen.circulation {
        let corners = corners.len();
        let zero = found.value.abs() <= 1e-10_f64.max(10.0 * found.change);
        let meaning = if zero { "as of a gradient" } else { "no function has this field as its gradient" };
        text += &wrap(
            &format!("Circulation of G around the loop of {corners} corners: {}; {meaning}.", number(found.value)),
            "",
        );
    }
    if seen.circulation.is_none() && seen.points.len() == 1 {
        text += "The circulation is not taken: one value of this field costs too much.\n";
    }
    if let Some(plane) = &seen.plane {
        let curls = plane.points.iter().filter_map(|at| at.curl);
        let largest = curls.fold(0.0, f64::max);
        text += &wrap(
            &format!(
                "Largest curl |DG - DG'|/|DG + DG'| on a grid of {} points: {}.",
                plane.points.len(),
                number(largest)
            ),
            "",
        );
    }
    text
}

fn place(place: Number) -> String {
    let middle = place.middle();
    if middle.abs() <= place.high - place.low { "0".to_owned() } else { format!("{middle:.6}") }
}

fn on_line(line: &VirtualLoss) -> String {
    let [low, high] = line.window;
    let mut text = wrap(
        &format!(
            "SAM descends J, with J' = G(x) = f'(x + rho sign f'(x)), on average over the samples. On [{}, {}]:",
            number(low),
            number(high)
        ),
        "",
    );
    let mut table = Table::new(&["x", "what", "G(x-)", "G(x+)", "f'(x)", "said of it"], 5);
    let mut rows: Vec<(f64, [String; 6])> = Vec::new();
    for kink in &line.kinks {
        let said = match kink.behaviour.word() {
            "attracts" => "attracts: SAM bounces around it, a minimum of J",
            "repels" => "repels: a maximum of J",
            "crosses" => "SAM crosses it",
            _ => "a slope is 0, or too near it to tell",
        };
        let cells = [
            place(kink.place),
            "kink".to_owned(),
            number(kink.left.middle()),
            number(kink.right.middle()),
            if kink.gradient.contains(0.0) { "0".to_owned() } else { number(kink.gradient.middle()) },
            said.to_owned(),
        ];
        rows.push((kink.place.middle(), cells));
    }
    for point in &line.stationary {
        let said = match (point.is_minimum, point.is_hallucinated()) {
            (true, true) => "a hallucinated minimum: SAM rests where f' is not 0",
            (true, false) => "a minimum of J",
            (false, true) => "a maximum of J, where f' is not 0",
            (false, false) => "a maximum of J, or the end of a flat stretch",
        };
        let cells = [
            place(point.place),
            "J' = 0".to_owned(),
            "0".to_owned(),
            "0".to_owned(),
            number(point.gradient.middle()),
            said.to_owned(),
        ];
        rows.push((point.place.middle(), cells));
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    if rows.is_empty() {
        text += "J has neither kink nor stationary point between the ends.\n";
    } else {
        rows.into_iter().for_each(|(_, cells)| table.row(cells));
        text += &table.to_string();
    }
    if !line.unresolved.is_empty() {
        let count = line.unresolved.len();
        let places = if count == 1 { "At one place".to_owned() } else { format!("At {count} places") };
        text += &wrap(&format!("{places} a sign is not proved; it is the same on both sides."), "");
    }
    text.push('\n');
    text
}

fn points(seen: &Seen) -> String {
    let on_line = seen.points.len() > 1;
    let step = (seen.points.len() - 1) / (SHOWN - 1);
    let shown: Vec<&At> =
        if on_line { seen.points.iter().step_by(step.max(1)).collect() } else { seen.points.iter().collect() };
    let optional = |value: Option<f64>| value.map_or("none".to_owned(), number);
    let last = if on_line { "G" } else { "curl" };
    let mut table = Table::new(&["at", "f", "f(y)", "f^SAM", "J", last], 0);
    for at in shown {
        let objective = match (at.objective.low, at.objective.high) {
            (low, high) if number(low) == number(high) => number(high),
            (low, high) if high.is_finite() => format!("{} to {}", number(low), number(high)),
            (low, _) => format!(">= {}", number(low)),
        };
        let last = if on_line { number(at.field[0]) } else { optional(at.curl) };
        let place = if on_line { number(at.x[0]) } else { "the start".to_owned() };
        table.row([place, number(at.loss), optional(at.perturbed), objective, optional(at.virtual_loss), last]);
    }
    let mut text = table.to_string();
    text += &wrap(
        "y = x + rho u(x), where SAM takes its gradient G; f^SAM = max over |e| <= rho of f(x + e); J is what SAM descends, \
         up to a constant.",
        "",
    );
    text
}
