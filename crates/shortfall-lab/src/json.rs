//! The JSON documents; their names are a contract (DESIGN.md).

use crate::data::BUNDLED;
use crate::experiment::{Experiment, Finished, Loaded};
use serde_json::{Map, Value as Json, json};
use shortfall::arguments::{Arguments, Entry, Parameter, Value};
use shortfall::attractor::Attractor;
use shortfall::constants::{Constant, Constants};
use shortfall::method::METHODS;
use shortfall::problem::{Minimum, PROBLEMS};
use shortfall::simulate::{Expectations, Interval, Outcome, Record, Run};
use shortfall::theorem::{Bound, Kind, Measure, Mode, Over, Quantity, THEOREMS, Theorem, side};
use shortfall::verdict::Judgement;

/// Coordinates up to which a final point is printed.
const LARGEST_POINT: usize = 100;

fn value(value: &Value) -> Json {
    match value {
        Value::Number { value, text } => match text.parse::<i64>() {
            Ok(integer) => json!(integer),
            Err(_) => json!(value),
        },
        Value::Text(text) => json!(text),
        Value::Bool(value) => json!(value),
        Value::List(values) => Json::Array(values.iter().map(self::value).collect()),
        Value::Table(entries) => entries.iter().map(|(name, entry)| (name.clone(), self::value(entry))).collect(),
    }
}

/// All parameters of the registered entry; those that are absent are null.
fn parameters<T>(arguments: &Arguments, registry: &[Entry<T>]) -> Json {
    let registered = registry.iter().filter(|entry| entry.name == arguments.owner).flat_map(|entry| entry.parameters);
    registered
        .map(|parameter| (parameter.name.to_owned(), arguments.get(parameter.name).map_or(Json::Null, value)))
        .collect()
}

fn problem(loaded: &Loaded) -> Json {
    let arguments = &loaded.arguments;
    let (dimension, about) = (loaded.problem.dimension(), loaded.problem.about());
    json!({"name": arguments.owner, "parameters": parameters(arguments, PROBLEMS), "dimension": dimension, "about": about})
}

/// The `constants` object.
pub fn constants(constants: &Constants) -> Json {
    constants
        .iter()
        .map(|(symbol, constant)| {
            let entry = match constant {
                Constant::Known { value, side, provenance, how } => {
                    json!({"value": value, "side": side.word(), "provenance": provenance.word(), "how": how})
                }
                Constant::OnInterval { value, low, high, how } => json!({
                    "value": null,
                    "reason": constant.reason(),
                    "interval": {"low": low, "high": high, "value": value, "how": how},
                }),
                Constant::Missing { reason } => json!({"value": null, "reason": reason}),
            };
            (symbol.name().to_owned(), entry)
        })
        .collect()
}

fn minimum(minimum: &Minimum) -> Json {
    match minimum {
        Minimum::Known { value, error, how, .. } => json!({"value": value, "error": error, "how": how}),
        _ => Json::Null,
    }
}

/// An interval; null where there is none.
pub fn interval(interval: Option<Interval>) -> Json {
    match interval {
        Some(Interval { mean, low, high }) => json!({"mean": mean, "low": low, "high": high}),
        None => json!({"mean": null, "low": null, "high": null}),
    }
}

fn bound(bound: &Bound, kind: Kind) -> Json {
    let [total, transient, noise, floor] =
        [bound.total, bound.transient, bound.noise, bound.floor].map(|part| side(part, kind));
    json!({"total": total, "transient": transient, "noise": noise, "floor": floor})
}

fn judgement(judgement: &Judgement, measured: bool) -> Json {
    let form = judgement.form;
    let requirements: Vec<Json> = judgement
        .requirements
        .iter()
        .map(|requirement| json!({"requirement": requirement.text, "met": requirement.met, "detail": requirement.detail}))
        .collect();
    let mut entry = json!({
        "theorem": judgement.theorem.id,
        "variant": judgement.variant(),
        "kind": form.kind.word(),
        "scope": form.scope.word(),
        "quantity": judgement.quantity.word(),
        "verdict": judgement.verdict.word(),
        "bound": judgement.bound.as_ref().filter(|b| b.rests.is_none()).map(|b| bound(b, form.kind)),
        "certified": judgement.is_certified(),
    });
    if measured {
        entry["measured"] = match &judgement.measured {
            Some(measured) => interval(Some(measured.interval)),
            None => Json::Null,
        };
        entry["ratio"] = json!(judgement.ratio());
    }
    entry["requirements"] = json!(requirements);
    entry["reasons"] = json!(judgement.reasons);
    entry
}

/// Problem, method, constants and minimum.
pub(crate) fn settings(experiment: &Experiment) -> Map<String, Json> {
    let method = &experiment.method_arguments;
    let mut document = Map::new();
    document.insert("problem".into(), problem(&experiment.loaded));
    document.insert("method".into(), json!({"name": method.owner, "parameters": parameters(method, METHODS)}));
    document.insert("constants".into(), constants(&experiment.constants));
    document.insert("minimum".into(), minimum(&experiment.minimum));
    document
}

/// The document with its schema first.
pub(crate) fn with_schema(schema: &str, rest: Map<String, Json>) -> Json {
    let mut document = Map::new();
    document.insert("schema".into(), json!(schema));
    document.extend(rest);
    Json::Object(document)
}

/// Lanes of a run; paths, where every one was followed.
fn lanes(run: &Run) -> usize {
    match &run.expectation {
        Expectations::Enumerated(paths) => paths.count().max(1),
        _ => run.lanes.len(),
    }
}

fn outcome(run: &Run) -> Json {
    let diverged = run.lanes.iter().filter(|lane| lane.diverged.is_some()).count();
    let others = if diverged > 0 { run.lanes.len() - diverged } else { lanes(run) };
    let (kind, step, rest) = match run.outcome {
        Outcome::Completed => ("completed", run.plan.steps, "completed"),
        Outcome::Periodic { .. } => ("periodic", run.plan.steps, "completed"),
        Outcome::Diverged { step } => ("diverged", step, "completed"),
        Outcome::Stopped { step } => ("stopped", step, "stopped"),
    };
    let mut lanes = Map::new();
    for (name, count) in [(rest, others), ("diverged", diverged)] {
        if count > 0 {
            lanes.insert(name.to_owned(), json!(count));
        }
    }
    let mut outcome = json!({"kind": kind, "step": step, "lanes": lanes});
    if let Outcome::Periodic { period } = run.outcome {
        outcome["period"] = json!(period);
    }
    outcome
}

fn trace(run: &Run) -> Json {
    let trace = run.trace();
    let known = run.base_error.is_some();
    let column =
        |of: &dyn Fn(&(u64, Interval, Interval)) -> f64| Json::Array(trace.iter().map(|row| json!(of(row))).collect());
    let suboptimality = if known {
        json!({"mean": column(&|row| row.1.mean), "low": column(&|row| row.1.low), "high": column(&|row| row.1.high)})
    } else {
        Json::Null
    };
    let mut entry = json!({
        "step": trace.iter().map(|row| row.0).collect::<Vec<_>>(),
        "suboptimality": suboptimality,
        "gradient_norm": {"mean": column(&|row| row.2.mean), "low": column(&|row| row.2.low), "high": column(&|row| row.2.high)},
    });
    if !known {
        entry["value"] = json!({"mean": column(&|row| row.1.mean), "low": column(&|row| row.1.low), "high": column(&|row| row.1.high)});
    }
    entry
}

fn summary(experiment: &Experiment, finished: &Finished) -> Json {
    let run = &finished.run;
    let measure =
        |quantity: Quantity| interval(run.measure(&quantity, Mode::Expectation).map(|measured| measured.interval));
    let known = run.base_error.is_some();
    let suboptimality = |over| if known { measure(Quantity::suboptimality(over)) } else { Json::Null };
    let mut entry = json!({
        "final_suboptimality": suboptimality(Over::Final),
        "minimum_suboptimality": suboptimality(Over::MinimumTo),
        "average_suboptimality": suboptimality(Over::Mean),
        "average_squared_gradient_norm": measure(Quantity::squared_gradient(Over::Mean)),
        "minimum_squared_gradient_norm": measure(Quantity { measure: Measure::SquaredGradientNorm, over: Over::MinimumTo }),
        "floor": run.floor().map(|floor| json!({
            "mean": floor.interval.mean, "low": floor.interval.low, "high": floor.interval.high,
            "smallest": floor.smallest, "largest": floor.largest, "settled": floor.settled,
        })),
    });
    if !run.every_step_evaluated {
        entry["evaluated"] = json!(match run.plan.record {
            Record::Ends => "the first and the last step",
            _ => "one random step in each stratum: minima are over those",
        });
    }
    if run.states.len() == 1 && run.lanes.len() == 1 && experiment.problem().dimension() <= LARGEST_POINT {
        entry["final_point"] = json!(run.states[0].x);
    }
    if let Some(found) = &finished.attractor {
        entry["attractor"] = attractor(experiment, found);
    }
    entry
}

/// Where a deterministic run ended; its points only where a final point is shown.
fn attractor(experiment: &Experiment, found: &Attractor) -> Json {
    let least = experiment.minimum.value().map(|(value, _)| value);
    let mut entry = json!({
        "period": found.period(),
        "suboptimality": least.map(|least| found.mean_value() - least),
        "residual": found.residual,
        "multipliers": found.multipliers,
    });
    if experiment.problem().dimension() <= LARGEST_POINT {
        entry["points"] = json!(found.points);
    }
    entry
}

/// `shortfall.run/1`.
pub fn run(experiment: &Experiment, finished: &Finished) -> Json {
    let run = &finished.run;
    let mut document = settings(experiment);
    document.insert("outcome".into(), outcome(run));
    document.insert("steps".into(), json!(run.plan.steps));
    document.insert("seeds".into(), json!(lanes(run)));
    document.insert("expectation".into(), json!(run.expectation.word()));
    document.insert("trace".into(), trace(run));
    document.insert("summary".into(), summary(experiment, finished));
    let verdicts: Vec<Json> = finished.judgements.iter().map(|j| judgement(j, true)).collect();
    document.insert("verdicts".into(), json!(verdicts));
    document.insert("environment".into(), environment(experiment, finished));
    with_schema("shortfall.run/1", document)
}

fn environment(experiment: &Experiment, finished: &Finished) -> Json {
    let seconds = json!({
        "load": experiment.loaded.load_time.as_secs_f64(),
        "constants": experiment.constants_time.as_secs_f64(),
        "run": finished.run_time.as_secs_f64(),
    });
    json!({"version": env!("CARGO_PKG_VERSION"), "seconds": seconds, "threads": finished.threads, "cpu": cpu()})
}

/// The processor's name, where the system tells.
pub fn cpu() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name =
        info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':').map(|(_, name)| name.trim()));
    name.unwrap_or(std::env::consts::ARCH).to_owned()
}

/// `shortfall.bound/1`.
pub fn bounds(experiment: &Experiment, judgements: &[Judgement]) -> Json {
    let mut document = settings(experiment);
    document.insert("steps".into(), json!(experiment.request.steps));
    let verdicts: Vec<Json> = judgements.iter().map(|j| judgement(j, false)).collect();
    document.insert("verdicts".into(), json!(verdicts));
    with_schema("shortfall.bound/1", document)
}

/// `shortfall.constants/1`.
pub fn constants_document(loaded: &Loaded, known: &Constants) -> Json {
    let mut document = Map::new();
    document.insert("problem".into(), problem(loaded));
    document.insert("constants".into(), constants(known));
    document.insert("minimum".into(), minimum(&loaded.problem.minimum()));
    with_schema("shortfall.constants/1", document)
}

fn default_of(parameter: &Parameter) -> Json {
    let read = parameter.default.and_then(|text| crate::selector::parse_value(text).ok());
    read.map_or(Json::Null, |read| value(&read))
}

fn entry<T>(entry: &Entry<T>) -> Json {
    let parameters: Vec<Json> = entry
        .parameters
        .iter()
        .map(|parameter| json!({"name": parameter.name, "about": parameter.about, "default": default_of(parameter)}))
        .collect();
    json!({"name": entry.name, "about": entry.about, "parameters": parameters})
}

/// A list of registered problems or methods: `shortfall.problems/1`, `shortfall.methods/1`.
pub fn entries<T>(list: &str, registry: &[Entry<T>]) -> Json {
    json!({"schema": format!("shortfall.{list}/1"), list: registry.iter().map(entry).collect::<Vec<_>>()})
}

/// One of them.
pub fn single_entry<T>(list: &str, of: &Entry<T>) -> Json {
    json!({"schema": format!("shortfall.{list}/1"), list: [entry(of)]})
}

fn theorem(theorem: &Theorem) -> Json {
    let first = &theorem.forms[0];
    let forms: Vec<Json> = theorem
        .forms
        .iter()
        .map(|form| json!({"variant": form.name, "kind": form.kind.word(), "scope": form.scope.word(), "quantity": nominal(form)}))
        .collect();
    json!({
        "id": theorem.id, "kind": first.kind.word(), "scope": first.scope.word(), "quantity": nominal(first),
        "statement": theorem.statement, "source": theorem.source, "setting": theorem.setting,
        "meaning": theorem.meaning, "tightness": theorem.tightness, "example": theorem.example, "forms": forms,
    })
}

/// The word of a form's quantity, which does not depend on the inputs.
pub fn nominal(form: &shortfall::theorem::Form) -> &'static str {
    let (constants, facts) = (Constants::missing(""), shortfall::theorem::ProblemFacts::default());
    let method = shortfall::theorem::MethodFacts::of(&shortfall::method::Method::sam(1.0, 1.0));
    let inputs = shortfall::theorem::Inputs { constants: &constants, method, problem: &facts, steps: 1 };
    (form.quantity)(&inputs).word()
}

/// `shortfall.theorems/1`: all, or one.
pub fn theorems(only: Option<&Theorem>) -> Json {
    let list: Vec<Json> = match only {
        Some(one) => vec![theorem(one)],
        None => THEOREMS.iter().map(|one| theorem(one)).collect(),
    };
    json!({"schema": "shortfall.theorems/1", "theorems": list})
}

/// `shortfall.data/1`.
pub fn data() -> Json {
    let list: Vec<Json> = BUNDLED
        .iter()
        .map(|data| {
            json!({
                "name": data.name, "about": data.about, "rows": data.rows, "columns": data.columns, "classes": data.classes,
                "licence": data.licence, "source": data.source, "good_for": data.good_for, "parameters": [],
            })
        })
        .collect();
    json!({"schema": "shortfall.data/1", "data": list})
}
