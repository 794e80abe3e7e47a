//! The names of every JSON document are a contract.

mod common;

use common::{json, verdict};
use serde_json::Value;

fn has(value: &Value, names: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("an object with {names:?}, not {value}"));
    for name in names {
        assert!(object.contains_key(*name), "{name} in {:?}", object.keys().collect::<Vec<_>>());
    }
}

const CONSTANTS: [&str; 11] =
    ["beta", "mu", "omega", "L", "sigma2", "sigma2_star", "beta_bar", "beta_rms", "beta_max", "Delta", "D2"];

fn check_constants(document: &Value) {
    has(&document["constants"], &CONSTANTS);
    for (_, constant) in document["constants"].as_object().expect("constants") {
        if constant["value"].is_null() {
            assert!(constant["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{constant}");
        } else {
            has(constant, &["value", "side", "provenance", "how"]);
            assert!(["upper", "lower", "exact"].contains(&constant["side"].as_str().unwrap()));
            assert!(["certified", "estimated", "assumed"].contains(&constant["provenance"].as_str().unwrap()));
        }
    }
    if !document["minimum"].is_null() {
        has(&document["minimum"], &["value", "error", "how"]);
    }
}

const VERDICTS: [&str; 7] = ["holds", "violated", "vacuous", "undecided", "agrees", "differs", "not-applicable"];

fn check_verdicts(document: &Value, run: bool) {
    let mut seen = Vec::new();
    for entry in document["verdicts"].as_array().expect("verdicts") {
        has(
            entry,
            &[
                "theorem",
                "variant",
                "kind",
                "scope",
                "quantity",
                "verdict",
                "bound",
                "certified",
                "requirements",
                "reasons",
            ],
        );
        let word = entry["verdict"].as_str().expect("a word");
        if run {
            has(entry, &["measured", "ratio"]);
            assert!(VERDICTS.contains(&word) && word != "violated", "{entry}");
        } else {
            assert!(["applicable", "vacuous", "not-applicable"].contains(&word), "{word}");
            assert!(entry.get("measured").is_none());
        }
        if word == "not-applicable" {
            assert!(entry["bound"].is_null() && !entry["reasons"].as_array().unwrap().is_empty(), "{entry}");
        } else if entry["quantity"] == "stability-criterion" {
            assert!(entry["bound"].is_null(), "a criterion bounds nothing: {entry}");
        } else {
            has(&entry["bound"], &["total", "transient", "noise", "floor"]);
        }
        let key = (entry["theorem"].clone(), entry["quantity"].clone());
        assert!(!seen.contains(&key), "{key:?} twice");
        seen.push(key);
    }
}

fn check_run(document: &Value) {
    assert_eq!(document["schema"], "shortfall.run/1");
    has(
        document,
        &["problem", "method", "outcome", "steps", "seeds", "expectation", "trace", "summary", "environment"],
    );
    has(&document["problem"], &["name", "parameters", "dimension"]);
    has(&document["method"], &["name", "parameters"]);
    has(&document["outcome"], &["kind", "step", "lanes"]);
    check_constants(document);
    check_verdicts(document, true);
    let trace = &document["trace"];
    has(trace, &["step", "suboptimality", "gradient_norm"]);
    let steps = trace["step"].as_array().expect("steps");
    assert_eq!(steps[0], 0);
    let measures = ["suboptimality", "gradient_norm"].map(|name| &trace[name]);
    for measure in measures.into_iter().filter(|measure| !measure.is_null()) {
        for part in ["mean", "low", "high"] {
            assert_eq!(measure[part].as_array().expect(part).len(), steps.len());
        }
    }
    let summary = &document["summary"];
    has(
        summary,
        &[
            "final_suboptimality",
            "minimum_suboptimality",
            "average_suboptimality",
            "average_squared_gradient_norm",
            "minimum_squared_gradient_norm",
            "floor",
        ],
    );
    if !summary["floor"].is_null() {
        has(&summary["floor"], &["mean", "smallest", "largest", "settled"]);
    }
    has(&document["environment"], &["version", "seconds", "threads", "cpu"]);
    has(&document["environment"]["seconds"], &["load", "constants", "run"]);
}

#[test]
fn a_deterministic_run() {
    let run = json(&["run", "quadratic", "sam", "--steps", "300"]);
    check_run(&run);
    assert_eq!(run["expectation"], "single");
    assert_eq!(run["outcome"]["lanes"]["completed"], 1);
    assert_eq!(run["trace"]["step"].as_array().unwrap().last().unwrap(), 300);
    assert_eq!(run["summary"]["final_point"].as_array().unwrap().len(), 2);
    assert!((run["method"]["parameters"]["eta"].as_f64().unwrap() - 0.03).abs() < 1e-15);
    assert_eq!(run["method"]["parameters"]["rho"], 0.05);
    assert_eq!(run["problem"]["parameters"]["eigenvalues"], serde_json::json!([10.0, 1.0]));
    assert!(verdict(&run, "det-cvx-fval", "average-suboptimality")["variant"].is_null());
    assert_eq!(verdict(&run, "det-sc-upper", "minimum-squared-gradient")["variant"], "gradient");
}

#[test]
fn a_stochastic_run() {
    let run = json(&["run", "trap", "stochastic-sam{eta=0.02}", "--steps", "200", "--seeds", "9"]);
    check_run(&run);
    assert_eq!((run["expectation"].as_str(), run["seeds"].as_u64()), (Some("sampled"), Some(9)));
    assert!(run["summary"].get("final_point").is_none());
    let parameters = &run["method"]["parameters"];
    has(parameters, &["eta", "rho", "batch", "sampling", "replacement"]);
}

#[test]
fn a_diverged_run_has_null_means() {
    let run = json(&["run", "quadratic", "gd{eta=5.0}", "--steps", "400"]);
    check_run(&run);
    assert_eq!(run["outcome"]["kind"], "diverged");
    assert_eq!(run["outcome"]["lanes"]["diverged"], 1);
    assert!(run["outcome"]["step"].as_u64().is_some_and(|step| step > 0 && step < 400));
    assert!(run["summary"]["final_suboptimality"]["mean"].is_null() && run["summary"]["floor"].is_null());
}

#[test]
fn without_a_known_minimum_suboptimalities_are_null() {
    for problem in ["logistic{ridge=0.0}", "quadratic{eigenvalues=[1.0,-0.01]}"] {
        let run = json(&["run", problem, "sam{eta=0.05}", "--steps", "100"]);
        check_run(&run);
        assert!(run["minimum"].is_null() && run["trace"]["suboptimality"].is_null());
        assert!(run["summary"]["average_suboptimality"].is_null());
        assert!(run["summary"]["average_squared_gradient_norm"]["mean"].is_number());
    }
}

#[test]
fn bounds_and_constants() {
    let bounds = json(&["bound", "logistic", "stochastic-sam{batch=64}"]);
    assert_eq!(bounds["schema"], "shortfall.bound/1");
    has(&bounds, &["problem", "method", "constants", "minimum", "verdicts"]);
    check_constants(&bounds);
    check_verdicts(&bounds, false);
    let single = json(&["constants", "logistic"]);
    let batch = json(&["constants", "logistic", "stochastic-sam{batch=4}"]);
    assert_eq!(single["schema"], "shortfall.constants/1");
    check_constants(&single);
    let sigma2 = |document: &Value| document["constants"]["sigma2"]["value"].as_f64().expect("known");
    assert!((sigma2(&single) / sigma2(&batch) - 4.0).abs() < 1e-12);
}

#[test]
fn lists() {
    for (arguments, name, key) in [
        (&["theorems"][..], "theorems", "id"),
        (&["theorem", "sto-m-trap"], "theorems", "id"),
        (&["problems"], "problems", "name"),
        (&["problem", "logistic"], "problems", "name"),
        (&["methods"], "methods", "name"),
        (&["method", "sam"], "methods", "name"),
        (&["data"], "data", "name"),
    ] {
        let document = json(arguments);
        assert_eq!(document["schema"], format!("shortfall.{name}/1"));
        let entries = document[name].as_array().expect(name);
        assert!(if arguments.len() == 2 { entries.len() == 1 } else { !entries.is_empty() });
        for entry in entries {
            has(entry, &[key]);
            if key == "id" {
                has(entry, &["kind", "scope", "quantity", "statement", "source"]);
            } else {
                has(entry, &["about", "parameters"]);
                for parameter in entry["parameters"].as_array().expect("parameters") {
                    has(parameter, &["name", "about", "default"]);
                }
            }
        }
    }
}

#[test]
fn a_row_of_reproduce() {
    let document = json(&["reproduce", "--only", "det-example", "--quick"]);
    assert_eq!(document["schema"], "shortfall.reproduce/1");
    let row = &document["rows"][0];
    has(row, &["row", "title", "claim", "checks"]);
    check_run(&row["checks"][0]);
    let claims = document["claims"].as_array().expect("claims");
    let names = ["id", "paper_row", "theorems", "predicted", "measured", "verdict"];
    assert!(!claims.is_empty());
    claims.iter().for_each(|claim| has(claim, &names));
    let good = |verdict: &Value| verdict == "holds" || verdict == "agrees";
    assert!(claims.iter().all(|claim| claim["paper_row"] == "det-example" && good(&claim["verdict"])));

    let document = json(&["reproduce", "--only", "virtual-loss"]);
    let claims = document["claims"].as_array().expect("claims");
    for row in ["virtual-loss", "min-max"] {
        let of_row: Vec<&Value> = claims.iter().filter(|claim| claim["paper_row"] == row).collect();
        assert!(of_row.len() > 1 && of_row.iter().all(|claim| claim["verdict"] == "holds"), "{row}");
        of_row.iter().for_each(|claim| has(claim, &names));
    }
}

#[test]
fn a_field() {
    let document = json(&["field", "double-well", "sam{rho=1.5}", "--window", "[-2,2]"]);
    assert_eq!(document["schema"], "shortfall.field/1");
    let minima = document["virtual_loss"]["minima"].as_array().expect("a list");
    let minima: Vec<f64> = minima.iter().map(|x| x.as_f64().expect("a number")).collect();
    assert!(minima.len() == 2 && (minima[0] + 0.5).abs() < 1e-12 && (minima[1] - 0.5).abs() < 1e-12, "{minima:?}");
    let behaviours: Vec<&str> = document["virtual_loss"]["kinks"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|kink| kink["behaviour"].as_str().expect("a word"))
        .collect();
    assert_eq!(behaviours, ["crosses", "repels", "crosses"]);
    let points = &document["points"];
    for (name, value) in [("loss", 2.25), ("perturbed_loss", (3.5f64 * 3.5 - 1.0).powi(2) / 4.0)] {
        let last = points[name].as_array().and_then(|list| list.last()).and_then(Value::as_f64).expect("a number");
        assert!((last - value).abs() < 1e-12, "{name}: {last}");
    }
    let plane = json(&["field", "double-well{transverse=[2.0]}", "sam{rho=0.4}", "--start", "[1.3,-0.6]"]);
    assert!(plane["points"]["curl"][0].as_f64().is_some_and(|curl| curl > 1e-3));
    assert!(plane["circulation"]["value"].as_f64().is_some_and(|value| value.abs() > 1e-6));
    assert!(plane["virtual_loss"]["reason"].as_str().is_some_and(|reason| reason.contains("2 variables")));
}

#[test]
fn an_attractor() {
    let run = json(&["run", "logistic", "sam{rho=0.02}", "--steps", "30000"]);
    let (found, floor) = (&run["summary"]["attractor"], &run["summary"]["floor"]["mean"]);
    assert_eq!(found["period"], 2);
    let ratio = found["suboptimality"].as_f64().unwrap() / floor.as_f64().unwrap();
    assert!((ratio - 1.0).abs() < 1e-6, "the polished cycle is the floor: {ratio}");
    assert!(found["multipliers"][0].as_f64().is_some_and(|largest| largest < 1.0));
    assert_eq!((&run["outcome"]["kind"], &run["outcome"]["period"]), (&"periodic".into(), &2.into()));
}

#[test]
fn a_sweep() {
    let document = json(&["run", "quadratic", "sam{eta=[0.02,0.04],rho=[0.01,0.1,1.0]}", "--steps", "3000"]);
    assert_eq!(document["schema"], "shortfall.sweep/1");
    let runs = document["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 6);
    for (i, run) in runs.iter().enumerate() {
        assert_eq!(run["schema"], "shortfall.run/1");
        assert!(run.get("constants").is_none());
        assert_eq!(run["method"]["parameters"]["rho"], [0.01, 0.1, 1.0][i % 3]);
    }
    let alone = json(&["run", "quadratic", "sam{eta=0.04,rho=0.1}", "--steps", "3000"]);
    assert_eq!(runs[4]["trace"], alone["trace"]);
    let fits = document["fits"].as_array().expect("fits");
    assert_eq!(fits[1]["parameter"], "rho");
    has(&fits[1]["exponent"], &["mean", "low", "high"]);
    assert!((fits[1]["exponent"]["mean"].as_f64().unwrap() - 2.0).abs() < 1e-6);
}

#[test]
fn a_constant_on_an_interval_is_null_until_assumed() {
    let document = json(&["constants", "double-well{interval=[-1.5,2.0]}"]);
    check_constants(&document);
    let beta = &document["constants"]["beta"];
    assert!(beta["value"].is_null() && beta["reason"].as_str().is_some_and(|reason| reason.contains("[-1.5, 2]")));
    let interval = &beta["interval"];
    assert_eq!((interval["low"].as_f64(), interval["high"].as_f64()), (Some(-1.5), Some(2.0)));
    assert_eq!(interval["value"].as_f64(), Some(11.0));
    assert!(interval["how"].as_str().is_some_and(|how| !how.is_empty()));
    let run = ["run", "double-well", "sam{eta=0.05,rho=0.01}", "--steps", "1000"];
    assert_eq!(verdict(&json(&run), "det-nc-upper", "average-squared-gradient")["verdict"], "not-applicable");
    let assumed = json(&[&run[..], &["--assume", "beta=11"]].concat());
    assert_eq!(verdict(&assumed, "det-nc-upper", "average-squared-gradient")["verdict"], "holds");
    assert_eq!(assumed["constants"]["beta"]["provenance"], "assumed");
}
