//! What the command promises.

mod common;

use common::{json, output, shortfall, verdict};
use serde_json::Value;
use std::process::{Command, Stdio};

fn without_environment(mut document: Value) -> Value {
    document.as_object_mut().expect("an object").remove("environment");
    document
}

fn floor(document: &Value) -> f64 {
    document["summary"]["floor"]["mean"].as_f64().expect("a floor")
}

#[test]
fn threads_do_not_change_a_result_and_seeds_do() {
    let run = |extra: &[&str]| {
        let base = ["run", "logistic", "stochastic-sam{batch=5,replacement=false}", "--steps", "300", "--seeds", "20"];
        without_environment(json(&base.iter().chain(extra).copied().collect::<Vec<_>>()))
    };
    let one = run(&["--threads", "1"]);
    assert_eq!(one, run(&["--threads", "2"]));
    assert_eq!(one, run(&["--threads", "7"]));
    assert_ne!(one["trace"], run(&["--seed", "1"])["trace"]);
}

#[test]
fn an_assumption_that_a_run_refutes_is_named_even_where_its_bound_says_nothing() {
    let seeds = ["--steps", "300", "--seeds", "100", "--assume", "beta=0.03", "--assume", "sigma2=2.3"];
    let run = json(&[&["run", "logistic", "sgd{eta=30.0}"][..], &seeds].concat());
    let refuted = verdict(&run, "sto-cvx-fval-n", "average-suboptimality");
    assert_eq!(refuted["verdict"], "undecided");
    let reasons: Vec<&str> = refuted["reasons"].as_array().unwrap().iter().map(|why| why.as_str().unwrap()).collect();
    assert!(
        reasons[0].contains("no less than the start's") && reasons[1].contains("refutes a constant"),
        "{reasons:?}"
    );
}

#[test]
fn steps_are_written_in_several_ways() {
    let run = |steps| without_environment(json(&["run", "sine", "sam", "--steps", steps]));
    assert_eq!(run("1000"), run("1e3"));
    assert_eq!(run("1000"), run("1_000"));
}

#[test]
fn record_ends_keeps_the_ends_and_says_so() {
    let [all, ends] = [&[][..], &["--record", "ends"]]
        .map(|record| json(&[&["run", "logistic", "sam", "--steps", "150"], record].concat()));
    assert_eq!(ends["trace"]["step"], serde_json::json!([0, 150]));
    let summary = |run: &serde_json::Value, name: &str| run["summary"][name].clone();
    assert_eq!(summary(&ends, "final_suboptimality"), summary(&all, "final_suboptimality"));
    assert_eq!(summary(&ends, "final_point"), summary(&all, "final_point"));
    for name in ["minimum_suboptimality", "average_suboptimality", "average_squared_gradient_norm", "floor"] {
        assert!(summary(&ends, name)["mean"].is_null() && !summary(&all, name)["mean"].is_null(), "{name}");
    }
    let undecided =
        ends["verdicts"].as_array().into_iter().flatten().filter(|verdict| verdict["verdict"] == "undecided");
    assert!(undecided.filter(|verdict| verdict["reasons"].to_string().contains("first and the last")).count() > 2);
    let said = output(&["run", "logistic", "sam", "--steps", "150", "--record", "ends"]);
    assert!(said.contains("Only the first and the last step") && !said.contains("too short"), "{said}");
}

#[test]
fn record_every_keeps_every_step() {
    let run = json(&["run", "logistic", "sgd", "--steps", "150", "--seeds", "8", "--record", "every"]);
    let steps: Vec<u64> = run["trace"]["step"].as_array().unwrap().iter().map(|step| step.as_u64().unwrap()).collect();
    assert_eq!(steps, (0..=150).collect::<Vec<_>>());
}

#[test]
fn starts() {
    let run = |start| json(&["run", "quadratic", "sam", "--steps", "1", "--start", start]);
    let delta = |document: &Value| document["constants"]["Delta"]["value"].as_f64().expect("known");
    assert_eq!(delta(&run("zeros")), 0.0);
    assert_eq!(delta(&run("ones")), 5.5);
    assert_eq!(delta(&run("[1.0,-2.0]")), 7.0);
    assert_ne!(delta(&run("random")), 5.5);
    let quadratic = json(&["run", "quadratic{eigenvalues=[4.0,1.0]}", "sam", "--start", "[0.0,1.0]"]);
    assert_eq!(verdict(&quadratic, "quad-global", "limit-suboptimality")["verdict"], "not-applicable");
}

#[test]
fn real_data_deterministic() {
    let run = |problem, rho| {
        let method = format!("sam{{eta=\"0.3/beta\",rho={rho}}}");
        json(&["run", problem, &method, "--steps", "30000"])
    };
    let flagship = run("logistic{data=\"breast-cancer\",ridge=1e-2}", "0.02");
    assert!((5.0e-9..5.2e-9).contains(&floor(&flagship)));
    let fval = verdict(&flagship, "det-cvx-fval", "average-suboptimality");
    assert_eq!((fval["verdict"].as_str(), fval["certified"].as_bool()), (Some("holds"), Some(true)));
    let local = verdict(&flagship, "det-floor-local", "limit-suboptimality");
    assert_eq!(local["verdict"], "undecided");
    assert!((1.11..1.13).contains(&local["ratio"].as_f64().unwrap()));
    for (problem, rho, within) in [("logistic{ridge=1e-2}", "0.003", 0.01), ("logistic{ridge=0.1}", "0.02", 0.02)] {
        let document = run(problem, rho);
        let local = verdict(&document, "det-floor-local", "limit-suboptimality");
        assert_eq!(local["verdict"], "agrees");
        assert!((local["ratio"].as_f64().unwrap() - 1.0).abs() < within);
    }
    // An independent implementation in NumPy gives these.
    assert!((flagship["constants"]["beta"]["value"].as_f64().unwrap() / 3.33040192056448 - 1.0).abs() < 1e-6);
    assert!((flagship["minimum"]["value"].as_f64().unwrap() - 0.10044630378120592).abs() < 1e-14);
    assert!((floor(&flagship) / 5.0905239329379626e-9 - 1.0).abs() < 1e-5);
}

#[test]
fn real_data_stochastic() {
    let run = |extra: &str, seeds| {
        let method = format!("stochastic-sam{{eta=\"0.3/beta\",rho=0.02{extra}}}");
        json(&["run", "logistic", &method, "--steps", "30000", "--seeds", seeds])
    };
    let same = run(",batch=64", "16");
    let gradient = verdict(&same, "sto-grad-upper", "average-squared-gradient");
    assert_eq!(gradient["verdict"], "holds");
    assert!((0.22..0.24).contains(&gradient["bound"]["total"].as_f64().unwrap()));
    let independent = run(",batch=64,sampling=\"independent\"", "16");
    let fval = verdict(&independent, "sto-cvx-fval-n", "average-suboptimality");
    assert_eq!(fval["verdict"], "holds");
    assert!((0.023..0.025).contains(&fval["bound"]["total"].as_f64().unwrap()));
    let single = run("", "16");
    for entry in single["verdicts"].as_array().unwrap().iter().filter(|v| v["kind"] == "upper") {
        assert!(["vacuous", "not-applicable"].contains(&entry["verdict"].as_str().unwrap()), "{entry}");
    }
    let first_order = verdict(&single, "sto-floor-first-order", "field-zero-suboptimality");
    assert_eq!(first_order["verdict"], "undecided");
    assert!((150.0..250.0).contains(&first_order["ratio"].as_f64().unwrap()));
    assert!((0.008..0.012).contains(&floor(&single)));
}

#[test]
fn run_names_few_of_what_does_not_apply_and_bound_all() {
    let [run, bound] = ["run", "bound"].map(|verb| output(&[verb, "quadratic", "sam", "--steps", "100"]));
    assert!(run.contains(" more\n") && !run.contains("usam-halluc"), "{run}");
    assert!(!bound.contains(" more\n") && bound.contains("usam-halluc"), "{bound}");
}

#[test]
fn the_words_name_the_cause() {
    let said = |arguments: &[&str]| output(arguments).split_whitespace().collect::<Vec<_>>().join(" ");
    let flagship = said(&["run", "logistic", "sam{rho=0.02}", "--steps", "30000"]);
    assert!(flagship.contains("about half of it stays with rho = 0.0141 or eta = 0.0639"), "{flagship}");
    assert!(flagship.contains("to 4e7 times above that floor: they know one beta = 3.33"), "{flagship}");
    let noisy = said(&["run", "logistic", "stochastic-sam{rho=0.02}", "--seeds", "16"]);
    assert!(noisy.contains("Gradient noise sets it") && noisy.contains("No bound says anything here"), "{noisy}");
    assert!(noisy.contains("beta_max*eta = 9.53"), "{noisy}");
    assert!(said(&["run", "logistic", "sam", "--steps", "100"]).contains("Too few steps set it"));
    assert!(said(&["run", "quadratic", "gd{eta=1.0}", "--steps", "9999"]).contains("diverged"));
    // Nothing is promised where no statement says anything.
    let adam = said(&["run", "logistic", "sam{descent=\"adam\",eta=0.01}", "--steps", "40000"]);
    assert!(adam.contains("rho, eta or the rule of descent, no statement here says"), "{adam}");
    let wild = said(&["run", "logistic", "sam{eta=\"40/beta\"}"]);
    assert!(wild.contains("above 2/0.222, the curvature at the minimum") && !wild.contains("Too few"), "{wild}");
    let restless = said(&["run", "logistic", "sam{rho=5}", "--steps", "100000"]);
    assert!(restless.contains("It does not come down either"), "{restless}");
    // There was no time: more steps tell.
    for slow in [
        &["run", "quadratic", "gd{eta=1e-6}", "--steps", "1000"][..],
        &["run", "logistic", "sam{rho=0.02,descent=\"heavy-ball\"}", "--steps", "30"],
        &["run", "expression{f=\"sqrt(1+x^2)\"}", "gd{eta=2.5}", "--start", "[1000]", "--steps", "100"],
    ] {
        assert!(said(slow).contains("Too few steps set it"), "{slow:?}: {}", said(slow));
    }
    let stuck = said(&["run", "quadratic", "sam{eta=1e-20}", "--steps", "1000"]);
    assert!(stuck.contains("smaller than the spacing of doubles") && !stuck.contains("Too few"), "{stuck}");
    // The curvature at the other minimum has no part in it.
    let other = said(&["run", "expression{f=\"(x^2-1)^2/4+0.2*x\"}", "gd{eta=1.0}", "--start", "[0.9]"]);
    assert!(!other.contains("curvature at the minimum"), "{other}");
    // It began where it rests.
    let resting = said(&["run", "double-well", "sam{rho=1.5,eta=0.5}", "--start", "[0.51]"]);
    assert!(resting.contains("and stays there") && !resting.contains("has not come to rest"), "{resting}");
    // Half stays, as advised.
    for method in ["sam{rho=0.0141}", "sam{rho=0.02,eta=0.0639}"] {
        let halved = json(&["run", "logistic", method, "--steps", "30000"]);
        assert!((0.45..0.52).contains(&(floor(&halved) / 5.09e-9)), "{method}: {}", floor(&halved));
    }
    assert!(said(&["run", "quadratic", "sam{eta=\"1.5/beta\"}"]).contains("eta = 0.136"));
    // A fixed point of SAM: no step size moves it.
    assert!(said(&["run", "sine", "sam{rho=1.0}"]).contains("whatever the step size"));
    // In the trap it is not the noise.
    let trap = said(&["run", "trap", "stochastic-sam{rho=1.0,eta=0.02}", "--seeds", "8"]);
    assert!(trap.contains("rho sets it, through the single samples"), "{trap}");
    assert!(said(&["run", "quadratic", "gd{eta=0.2}"]).contains("eta is 2/beta or more"));
    assert!(said(&["run", "logistic", "sam{eta=\"3/beta\"}", "--steps", "100"]).contains("Too few steps"));
    assert!(said(&["run", "logistic", "gd", "--steps", "30000"]).contains("ends at f*"));
    assert!(said(&["run", "quadratic{eigenvalues=[1,-1]}", "sam", "--steps", "20"]).contains("not bounded below"));
    let refuted = said(&["run", "logistic", "sam", "--assume", "beta=0.1"]);
    assert!(refuted.contains("refutes a constant that was assumed") && !refuted.contains("violated"), "{refuted}");
}

#[test]
fn assumptions_are_not_certified() {
    let document = json(&["bound", "logistic", "stochastic-sam{batch=64}", "--assume", "sigma2=0.1"]);
    assert_eq!(document["constants"]["sigma2"]["provenance"], "assumed");
    assert_eq!(verdict(&document, "sto-grad-upper", "average-squared-gradient")["certified"], false);
}

#[test]
fn text_fits_eighty_columns() {
    for arguments in [
        &["run", "logistic", "sam", "--steps", "500"][..],
        &["run", "trap", "stochastic-sam", "--steps", "500"],
        &["bound", "logistic", "stochastic-sam{batch=64}"],
        &["constants", "logistic"],
        &["theorems"],
        &["problems"],
        &["problem", "mixture"],
        &["methods"],
        &["method", "stochastic-sam"],
        &["data"],
        &["reproduce", "--quick", "--out", env!("CARGO_TARGET_TMPDIR")],
    ] {
        for line in output(arguments).lines() {
            assert!(line.chars().count() <= 80, "{arguments:?}: {line}");
        }
    }
    for theorem in json(&["theorems"])["theorems"].as_array().unwrap() {
        let id = theorem["id"].as_str().unwrap();
        let page = output(&["theorem", id]);
        let printed = page.split("It prints\n").nth(1).expect("the page shows what the example prints");
        let says = ["holds", "agrees", "applicable", "undecided"];
        let said = |line: &str| says.iter().any(|word| line.trim_end().ends_with(&format!(" {word}")));
        assert!(printed.lines().any(said), "{id}: its example says nothing of it:\n{printed}");
        assert!(page.lines().all(|line| line.chars().count() <= 80 || line.starts_with("  shortfall ")), "{page}");
    }
}

#[test]
fn results_are_kept_in_a_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("new/deep");
    output(&["run", "sine", "sam", "--steps", "100", "--out", inside.to_str().unwrap()]);
    let document: Value = serde_json::from_str(&std::fs::read_to_string(inside.join("run.json")).unwrap()).unwrap();
    assert_eq!(document["schema"], "shortfall.run/1");
    assert!(std::fs::read_to_string(inside.join("figures/run.svg")).unwrap().starts_with("<svg"));
    assert_eq!(std::fs::read_dir(&inside).unwrap().count(), 4, "nothing else is left behind");
}

#[test]
fn examples_and_witnesses_of_every_theorem_run() {
    for theorem in json(&["theorems"])["theorems"].as_array().unwrap() {
        let id = theorem["id"].as_str().unwrap();
        let page = output(&["theorem", id]);
        let printed = page.split("It prints\n").nth(1).expect("the page shows what the example prints");
        let says = ["holds", "agrees", "applicable", "undecided"];
        let said = |line: &str| says.iter().any(|word| line.trim_end().ends_with(&format!(" {word}")));
        assert!(printed.lines().any(said), "{id}: its example says nothing of it:\n{printed}");
        // Those of millions of steps run once, among the witnesses of the laboratory.
        let short = |command: &&str| !command.contains("000000 ");
        for command in page.lines().filter_map(|line| line.strip_prefix("  shortfall ")).filter(short) {
            let status = Command::new("sh")
                .arg("-c")
                .arg(format!("{} {command}", env!("CARGO_BIN_EXE_shortfall")))
                .stdout(Stdio::null())
                .status()
                .expect("a shell");
            assert!(status.success(), "{command}");
        }
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_shortfall"))
        .arg("theorems")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ends");
    assert_eq!(common::text(&output.stderr), "");
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(output(&["completions", shell]).contains("shortfall"));
    }
    assert_eq!(shortfall(&["--version"]).status.code(), Some(0));
}
