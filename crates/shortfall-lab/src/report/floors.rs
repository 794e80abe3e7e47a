//! Floors against rho and eta, for the methods side by side: which settings have none.

use super::plate;
use crate::experiment::Request;
use crate::figure::{Axis, Figure, Scale, Series};
use crate::formula;
use crate::page::Block;
use crate::pool::Pool;
use crate::sweep::Sweep;
use maud::{PreEscaped, html};
use shortfall::arguments::BadInput;
use shortfall::simulate::{Interval, Observer};
use shortfall::text::number;

/// Methods whose floors share a picture.
pub struct Swept {
    /// Its name in the page.
    pub id: &'static str,
    /// What is to be seen.
    pub says: &'static str,
    /// Problem selector.
    pub problem: &'static str,
    /// The parameter along the axis, a list in every method.
    pub parameter: &'static str,
    /// Label and method selector.
    pub methods: &'static [(&'static str, &'static str)],
    /// Steps.
    pub steps: u64,
}

/// Floors as measured.
pub struct Floors {
    /// What was asked.
    pub swept: &'static Swept,
    /// One for each method.
    pub lines: Vec<Line>,
}

/// The floors of one method.
pub struct Line {
    /// The method's name in the picture.
    pub label: &'static str,
    /// `(parameter, floor)`
    pub points: Vec<(f64, f64)>,
    /// The fitted power.
    pub power: Option<Interval>,
}

/// All of them.
pub static FLOORS: &[Swept] = &[
    Swept {
        id: "floor-rho-data",
        says: "On breast-cancer, logistic regression: with a constant radius the floor grows with its square, whatever the descent. \
               Without normalisation (USAM), and with a radius that decays, what is left is where the run has come to.",
        problem: "logistic{ridge=1e-1}",
        parameter: "rho",
        methods: &[
            ("SAM", "sam{rho=[0.003,0.01,0.03,0.1,0.3]}"),
            ("unified SAM, lambda = 1/2", "unified-sam{lambda=0.5,rho=[0.003,0.01,0.03,0.1,0.3]}"),
            ("SAM with momentum", "sam{descent=\"heavy-ball\",rho=[0.003,0.01,0.03,0.1,0.3]}"),
            ("ASAM", "asam{rho=[0.003,0.01,0.03,0.1,0.3]}"),
            ("USAM", "usam{rho=[0.003,0.01,0.03,0.1,0.3]}"),
        ],
        steps: 20_000,
    },
    Swept {
        id: "floor-eta-data",
        says: "The same data against the step size, at rho = 0.05: a smaller step lowers the floor of deterministic SAM, and takes \
               longer to come to it.",
        problem: "logistic{ridge=1e-1}",
        parameter: "eta",
        methods: &[
            ("SAM", "sam{rho=0.05,eta=[0.01,0.03,0.1,0.3]}"),
            ("unified SAM, lambda = 1/2", "unified-sam{lambda=0.5,rho=0.05,eta=[0.01,0.03,0.1,0.3]}"),
            ("SAM with momentum", "sam{descent=\"heavy-ball\",rho=0.05,eta=[0.01,0.03,0.1,0.3]}"),
        ],
        steps: 40_000,
    },
];

impl Swept {
    /// Measures them.
    pub fn make(&'static self, quick: bool, pool: &Pool, observer: Observer) -> Result<Floors, BadInput> {
        let mut lines = Vec::new();
        for (label, method) in self.methods {
            let mut request = Request::new(self.problem, method);
            request.steps = if quick { self.steps / 10 } else { self.steps };
            let Some(sweep) = Sweep::of(&request)? else { continue };
            let swept = sweep.run(pool, observer)?;
            let value = |text: String| text.parse::<f64>().ok();
            let floor = |made: &crate::sweep::Made| Some((value(made.values.last()?.to_string())?, made.floor()?.mean));
            let points: Vec<(f64, f64)> = swept.runs.iter().filter_map(floor).collect();
            let fit = swept.fits().into_iter().find(|fit| fit.parameter == self.parameter).map(|fit| fit.exponent);
            lines.push(Line { label, points, power: fit });
        }
        Ok(Floors { swept: self, lines })
    }
}

impl Floors {
    /// Floors against the parameter, on logarithmic axes.
    pub fn picture(&self) -> Figure {
        let series = self.lines.iter().map(|line| Series::line(line.label, line.points.clone()));
        Figure {
            title: format!("Floor against {}", self.swept.parameter),
            description: self.swept.says.to_owned(),
            x: Axis { label: self.swept.parameter.to_owned(), scale: Scale::Log },
            y: Axis { label: "floor of f - f*".to_owned(), scale: Scale::Log },
            series: series.collect(),
            references: Vec::new(),
            marks: Vec::new(),
        }
    }
}

/// The section.
pub(super) fn body(floors: &[Floors]) -> Vec<Block> {
    let block = |floors: &Floors| {
        let swept = floors.swept;
        let caption = html! {
            p { (PreEscaped(formula::html(swept.says))) }
            ul {
                @for Line { label, points, power } in &floors.lines {
                    li {
                        (label)
                        @if let Some(power) = power { ": the floor goes with " (swept.parameter) " to the power " (format!("{:.2}", power.mean)) }
                        @if let Some((at, floor)) = points.last() { "; " (number(*floor)) " at " (swept.parameter) " = " (number(*at)) }
                        "."
                    }
                }
            }
        };
        let method = swept.methods.first().map_or("", |(_, method)| method);
        let command = Request { steps: swept.steps, ..Request::new(swept.problem, method) }.run_command();
        Block::Plate(plate(swept.id.to_owned(), floors.picture(), caption, command))
    };
    floors.iter().map(block).collect()
}
