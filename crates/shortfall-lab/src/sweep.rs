//! Sweeps: any number in a selector may be a list, and every combination is run with the same seeds.

use crate::data::check_memory;
use crate::experiment::{Experiment, Finished, Loaded, Request};
use crate::figure::{Axis, Figure, Scale, Series};
use crate::fit::{Slice, exponent};
use crate::json;
use crate::pool::Pool;
use crate::selector;
use serde_json::{Value as Json, json};
use shortfall::arguments::{Arguments, BadInput, Entry, Value};
use shortfall::method::METHODS;
use shortfall::problem::PROBLEMS;
use shortfall::simulate::{Interval, Observer, Run, run_all};
use shortfall::theorem::{Kind, Measure, Over};
use shortfall::verdict::Judgement;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

/// Settings of a sweep at most.
const MOST_SETTINGS: usize = 10_000;

/// A parameter that is swept.
#[derive(Clone, Debug, PartialEq)]
pub struct Axes {
    /// Name of the parameter.
    pub name: String,
    /// Its values, as written.
    pub values: Vec<Value>,
}

/// One setting: the value of each swept parameter, in the order of the lists, and the request.
pub struct Setting {
    /// Values of the swept parameters.
    pub values: Vec<Value>,
    /// What is run.
    pub request: Request,
}

/// A sweep before it runs.
pub struct Sweep {
    /// The swept parameters: those of the problem first, then those of the method.
    pub axes: Vec<Axes>,
    /// All combinations, the last parameter fastest.
    pub settings: Vec<Setting>,
}

/// A selector with its lists taken apart.
struct Template {
    arguments: Arguments,
    axes: Vec<Axes>,
}

impl Template {
    /// A list is swept where the parameter's own default is not a list or a table.
    fn read<T>(what: &str, text: &str, registry: &'static [Entry<T>]) -> Result<Self, BadInput> {
        let (entry, arguments) = selector::parse(what, text, registry)?;
        let mut axes = Vec::new();
        for parameter in entry.parameters {
            let own = parameter.default.is_some_and(|default| default.starts_with(['[', '{']));
            if let (false, Some(Value::List(values))) = (own, arguments.get(parameter.name)) {
                if values.is_empty() {
                    return Err(arguments.bad(parameter.name, "must have at least one value to sweep over"));
                }
                axes.push(Axes { name: parameter.name.to_owned(), values: values.clone() });
            }
        }
        Ok(Self { arguments, axes })
    }

    fn selector(&self, values: &[Value]) -> String {
        let parameters: Vec<String> = self
            .arguments
            .entries
            .iter()
            .map(|(name, value)| match self.axes.iter().position(|axis| axis.name == *name) {
                Some(axis) => format!("{name}={}", values[axis]),
                None => format!("{name}={value}"),
            })
            .collect();
        format!("{}{{{}}}", self.arguments.owner, parameters.join(","))
    }
}

impl Sweep {
    /// The sweep a request asks for; `None` if nothing in it is a list.
    pub fn of(request: &Request) -> Result<Option<Self>, BadInput> {
        let problem = Template::read("problem", &request.problem, PROBLEMS)?;
        let method = Template::read("method", &request.method, METHODS)?;
        let axes: Vec<Axes> = problem.axes.iter().chain(&method.axes).cloned().collect();
        if axes.is_empty() {
            return Ok(None);
        }
        let count = axes.iter().try_fold(1usize, |count, axis| count.checked_mul(axis.values.len()));
        let Some(count) = count.filter(|count| *count <= MOST_SETTINGS) else {
            return Err(BadInput::new(format!("a sweep of more than {MOST_SETTINGS} settings: shorten the lists")));
        };
        let settings = (0..count)
            .map(|index| {
                let mut rest = index;
                let mut values: Vec<Value> = axes
                    .iter()
                    .rev()
                    .map(|axis| {
                        let value = axis.values[rest % axis.values.len()].clone();
                        rest /= axis.values.len();
                        value
                    })
                    .collect();
                values.reverse();
                let (of_problem, of_method) = values.split_at(problem.axes.len());
                let request = Request {
                    problem: problem.selector(of_problem),
                    method: method.selector(of_method),
                    ..request.clone()
                };
                Setting { values, request }
            })
            .collect();
        Ok(Some(Self { axes, settings }))
    }

    /// Runs all settings side by side, once every one of them is read and checked; a problem that several share is
    /// loaded once. If the observer stops, all settings stop at the same step and are kept.
    pub fn run(self, pool: &Pool, observer: Observer) -> Result<Swept, BadInput> {
        let mut problems: Vec<(String, Arc<Loaded>)> = Vec::new();
        let mut experiments = Vec::new();
        for Setting { request, .. } in &self.settings {
            let known = problems.iter().find(|(selector, _)| *selector == request.problem);
            let loaded = match known {
                Some((_, loaded)) => Arc::clone(loaded),
                None => {
                    let loaded = Arc::new(Loaded::new(
                        &request.problem,
                        request.start.as_ref(),
                        request.seed,
                        &request.library,
                    )?);
                    problems.push((request.problem.clone(), Arc::clone(&loaded)));
                    loaded
                }
            };
            experiments.push(Experiment::on(loaded, request.clone())?);
        }
        let clock = Instant::now();
        let mut made: Vec<Option<Run>> = experiments.iter().map(Experiment::enumerated).collect::<Result<_, _>>()?;
        let sampled = experiments.iter().zip(&made).filter(|(_, run)| run.is_none());
        let settings: Vec<_> = sampled.map(|(experiment, _)| experiment.setting()).collect();
        check_memory(settings.iter().fold(0, |sum, setting| sum.saturating_add(setting.plan.memory(setting.method))))?;
        let watched = &mut |progress| {
            let stops = experiments.iter().any(|experiment| experiment.loaded.check().is_err());
            if stops { ControlFlow::Break(()) } else { observer(progress) }
        };
        let mut runs = run_all(settings, pool, watched)?.into_iter();
        made.iter_mut().filter(|run| run.is_none()).for_each(|run| *run = runs.next());
        // The settings shared the time.
        let share = clock.elapsed() / experiments.len().max(1) as u32;
        let mut finished = Vec::new();
        for ((setting, experiment), run) in self.settings.into_iter().zip(experiments).zip(made.into_iter().flatten()) {
            let held = experiment.finish(run, share, pool, None, observer)?;
            finished.push(Made { values: setting.values, experiment, finished: held });
        }
        Ok(Swept { axes: self.axes, runs: finished })
    }
}

/// One setting that was run.
pub struct Made {
    /// Values of the swept parameters.
    pub values: Vec<Value>,
    /// The setting.
    pub experiment: Experiment,
    /// The run.
    pub finished: Finished,
}

impl Made {
    /// Whether its run came to rest.
    pub fn is_settled(&self) -> bool {
        self.finished.run.floor().is_some_and(|floor| floor.settled)
    }

    /// The floor's mean with its bounds.
    pub fn floor(&self) -> Option<Interval> {
        self.finished.run.floor().map(|floor| floor.interval)
    }

    /// The statement that predicts the floor of this setting: exact ones before asymptotic ones.
    pub fn predicted(&self) -> Option<&Judgement> {
        let about_floor = |judgement: &&Judgement| {
            judgement.quantity.measure == Measure::Suboptimality
                && matches!(judgement.quantity.over, Over::Limit | Over::Stationary | Over::FieldZero)
                && matches!(judgement.form.kind, Kind::Exact | Kind::Prediction)
                && judgement.value().is_some_and(|value| value > 0.0)
        };
        // Exact before asymptotic, and what leaves the noise out last.
        let rank =
            |judgement: &&Judgement| (judgement.form.kind != Kind::Exact, judgement.quantity.over == Over::FieldZero);
        self.finished.judgements.iter().filter(about_floor).min_by_key(rank)
    }
}

/// A sweep that was run.
pub struct Swept {
    /// The swept parameters.
    pub axes: Vec<Axes>,
    /// The settings in order, as far as the sweep came.
    pub runs: Vec<Made>,
}

/// How the floor goes with a parameter: floor ~ parameter^exponent.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The parameter.
    pub parameter: String,
    /// All other parameters held: the least-squares slope of the logarithms; from the smallest to the largest slope between
    /// neighbouring values.
    pub exponent: Interval,
}

impl Swept {
    /// The resolved number of a swept parameter in a run; `None` where it is not a positive number.
    fn number(&self, made: &Made, axis: usize) -> Option<f64> {
        let name = &self.axes[axis].name;
        let arguments = [&made.experiment.method_arguments, &made.experiment.loaded.arguments];
        let value = match arguments.iter().find_map(|arguments| arguments.get(name))? {
            Value::Number { value, .. } => *value,
            _ => return None,
        };
        (value > 0.0).then_some(value)
    }

    /// Runs that differ in one parameter only, as `(parameter, floor)` in increasing order.
    fn slices(&self, axis: usize) -> Vec<Slice> {
        let mut groups: Vec<(Vec<&Value>, Slice)> = Vec::new();
        for made in &self.runs {
            let others: Vec<&Value> =
                made.values.iter().enumerate().filter(|(k, _)| *k != axis).map(|(_, value)| value).collect();
            // A run that still moves is at no floor.
            let floor = if made.is_settled() { made.floor() } else { None };
            let floor = floor.filter(|floor| floor.low > 0.0 && floor.high.is_finite());
            let Some(point) = self.number(made, axis).zip(floor) else { continue };
            match groups.iter_mut().find(|group| group.0 == others) {
                Some(group) => group.1.push(point),
                None => groups.push((others, vec![point])),
            }
        }
        let mut slices: Vec<Slice> = groups.into_iter().map(|group| group.1).collect();
        for slice in &mut slices {
            slice.sort_by(|a, b| a.0.total_cmp(&b.0));
            slice.dedup_by(|a, b| a.0 == b.0);
        }
        slices
    }

    /// One fit for each swept parameter with at least two usable floors beside each other.
    pub fn fits(&self) -> Vec<Fit> {
        (0..self.axes.len())
            .filter_map(|axis| {
                let exponent = exponent(&self.slices(axis))?;
                Some(Fit { parameter: self.axes[axis].name.clone(), exponent })
            })
            .collect()
    }

    /// `shortfall.sweep/1`: runs as `shortfall.run/1` without constants.
    pub fn document(&self) -> Json {
        let runs: Vec<Json> = self
            .runs
            .iter()
            .map(|made| {
                let mut run = json::run(&made.experiment, &made.finished);
                if let Some(object) = run.as_object_mut() {
                    object.remove("constants");
                }
                run
            })
            .collect();
        let fits: Vec<Json> = self
            .fits()
            .iter()
            .map(|Fit { parameter, exponent: Interval { mean, low, high } }| {
                json!({"parameter": parameter, "exponent": {"mean": mean, "low": low, "high": high}})
            })
            .collect();
        json!({"schema": "shortfall.sweep/1", "runs": runs, "fits": fits})
    }

    /// Floors against the swept parameter with the most values, one line for each setting of the others, measured
    /// and predicted.
    pub fn picture(&self) -> Figure {
        let widest = (0..self.axes.len()).max_by_key(|axis| (self.axes[*axis].values.len(), *axis)).unwrap_or(0);
        let mut series: Vec<Series> = Vec::new();
        for (slice, others) in self.labelled(widest) {
            let measured = slice.iter().filter_map(|(x, made)| Some((*x, made.floor()?.mean))).collect();
            let band =
                slice.iter().filter_map(|(x, made)| made.floor().map(|floor| (*x, floor.low, floor.high))).collect();
            let predicted: Vec<(f64, f64)> =
                slice.iter().filter_map(|(x, made)| Some((*x, made.predicted()?.value()?))).collect();
            series.push(Series {
                label: format!("measured{others}"),
                points: measured,
                band: Some(band),
                faint: false,
            });
            if !predicted.is_empty() {
                series.push(Series {
                    label: format!("predicted{others}"),
                    points: predicted,
                    band: None,
                    faint: false,
                });
            }
        }
        let name = &self.axes[widest].name;
        let method = self.runs.first().map_or("", |made| made.experiment.method_arguments.owner.as_str());
        let problem = self.runs.first().map_or("", |made| made.experiment.loaded.arguments.owner.as_str());
        Figure {
            title: format!("{method} on {problem}: floor against {name}"),
            description: format!("the floor of f - f* against {name}, measured and predicted"),
            x: Axis { label: name.clone(), scale: Scale::Log },
            y: Axis { label: "floor of f - f*".to_owned(), scale: Scale::Log },
            series,
            references: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// Slices along an axis with a label that names the other parameters.
    fn labelled(&self, axis: usize) -> Vec<(Vec<(f64, &Made)>, String)> {
        let mut groups: Vec<(Vec<(f64, &Made)>, String)> = Vec::new();
        for made in &self.runs {
            let others: String = (0..self.axes.len())
                .filter(|k| *k != axis)
                .map(|k| format!(", {} = {}", self.axes[k].name, made.values[k]))
                .collect();
            let Some(x) = self.number(made, axis) else { continue };
            match groups.iter_mut().find(|group| group.1 == others) {
                Some(group) => group.0.push((x, made)),
                None => groups.push((vec![(x, made)], others)),
            }
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swept(problem: &str, method: &str, steps: u64) -> Swept {
        let request = Request { steps, ..Request::new(problem, method) };
        let sweep = Sweep::of(&request).expect("good input").expect("a list");
        let pool = Pool::new(Some(1)).expect("a pool");
        sweep.run(&pool, &mut |_| ControlFlow::Continue(())).expect("runs")
    }

    #[test]
    fn the_last_parameter_is_the_fastest() {
        let request = Request::new("huber{beta=[1.0,2.0]}", "sam{eta=[\"0.1/beta\",\"0.5/beta\"],rho=[0.01,0.1,1.0]}");
        let sweep = Sweep::of(&request).expect("good input").expect("lists");
        assert_eq!(sweep.settings.len(), 12);
        assert_eq!(sweep.settings[1].request.method, "sam{eta=\"0.1/beta\",rho=0.1,descent=\"gradient\"}");
        assert_eq!(sweep.settings[3].request.method, "sam{eta=\"0.5/beta\",rho=0.01,descent=\"gradient\"}");
        assert_eq!(sweep.settings[6].request.problem, "huber{beta=2.0,lipschitz=1.0}");
        assert!(Sweep::of(&Request::new("quadratic{eigenvalues=[3.0,1.0]}", "sam")).expect("good").is_none());
    }

    #[test]
    fn on_quadratics_the_floor_goes_as_rho_squared() {
        let swept = swept("quadratic", "sam{eta=[0.02,0.04],rho=[0.01,0.1,1.0]}", 4000);
        let fits = swept.fits();
        let rho = &fits[1];
        assert_eq!(rho.parameter, "rho");
        for end in [rho.exponent.mean, rho.exponent.low, rho.exponent.high] {
            assert!((end - 2.0).abs() < 1e-6, "{rho:?}");
        }
        // eta^2/(2 - 10 eta)^2 between 0.02 and 0.04: 2 + 2 ln(1.8/1.6)/ln 2
        let exact = 2.0 + 2.0 * (1.8f64 / 1.6).ln() / 2f64.ln();
        assert!((fits[0].exponent.mean - exact).abs() < 1e-6, "{fits:?}");
        assert!(swept.runs.iter().all(|made| made.predicted().is_some_and(|p| p.theorem.id == "quad-global")));
    }

    #[test]
    fn a_setting_is_the_same_bits_alone() {
        let swept = swept("trap", "stochastic-sam{eta=[0.01,0.02],rho=[0.5,1.0]}", 300);
        let mut request = Request::new("trap", "stochastic-sam{eta=0.02,rho=0.5}");
        request.steps = 300;
        let alone = Experiment::prepare(request).expect("good input");
        let run =
            alone.run(&Pool::new(Some(2)).expect("a pool"), None, &mut |_| ControlFlow::Continue(())).expect("runs");
        assert_eq!(swept.runs[2].finished.run.lanes, run.run.lanes);
    }
}
