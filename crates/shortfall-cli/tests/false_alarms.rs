//! Settings that once drew a false word: none may be called violated, and none may hold by accident.

mod common;

use common::{json, refusal, verdict};

fn run(problem: &str, method: &str, options: &[&str]) -> serde_json::Value {
    let arguments: Vec<&str> = ["run", problem, method].iter().chain(options).copied().collect();
    let document = json(&arguments);
    for entry in document["verdicts"].as_array().expect("verdicts") {
        assert_ne!(entry["verdict"], "violated", "{problem} {method}: {entry}");
    }
    document
}

fn word<'a>(document: &'a serde_json::Value, id: &str, quantity: &str) -> &'a str {
    verdict(document, id, quantity)["verdict"].as_str().expect("a word")
}

#[test]
fn a_top_component_that_underflows_on_the_way() {
    let document = run("quadratic{eigenvalues=[4.0,0.01]}", "sam{eta=0.125,rho=0.001}", &["--steps", "200000"]);
    assert_eq!(word(&document, "quad-global", "limit-suboptimality"), "undecided");
    assert_eq!(word(&document, "det-floor-local", "limit-suboptimality"), "undecided");
}

#[test]
fn what_rests_on_a_false_assumption() {
    run("quadratic", "gd{eta=0.01}", &["--steps", "100", "--assume", "Delta=1e-9"]);
    let document = run("sine", "sam{eta=0.01,rho=1.0}", &["--steps", "100000", "--assume", "omega=0"]);
    let upper = verdict(&document, "det-cvx-upper", "average-squared-gradient");
    assert_eq!((upper["verdict"].as_str(), upper["certified"].as_bool()), (Some("undecided"), Some(false)));
}

#[test]
fn what_lies_below_the_resolution() {
    let tiny = run(
        "quadratic{eigenvalues=[4.0,1.0]}",
        "sam{eta=0.125,rho=1e-16}",
        &["--start", "[1.5,-2.0]", "--steps", "270"],
    );
    assert_eq!(word(&tiny, "quad-global", "limit-suboptimality"), "undecided");
    let data = run("logistic", "sam{rho=1e-8}", &["--steps", "30000"]);
    assert_eq!(word(&data, "det-floor-local", "limit-suboptimality"), "undecided");
    let huge = run("quadratic{eigenvalues=[1e160]}", "sam{eta=1e-161,rho=0.1}", &["--steps", "50"]);
    assert_ne!(word(&huge, "quad-global", "limit-suboptimality"), "holds");
}

#[test]
fn a_limit_judged_before_anything_moved() {
    let document = run("trap", "stochastic-sam{eta=0.0001,rho=1.0}", &["--steps", "100"]);
    assert_eq!(word(&document, "sto-m-trap", "limit-suboptimality"), "undecided");
}

#[test]
fn the_full_batch_has_no_noise_to_take_a_direction_from() {
    let document =
        run("logistic", "stochastic-sam{rho=0.01,batch=569,replacement=false}", &["--steps", "50", "--seeds", "8"]);
    assert_eq!(word(&document, "sto-floor-first-order", "field-zero-suboptimality"), "not-applicable");
}

#[test]
fn probabilities_that_leave_less_than_nothing() {
    let components =
        "[{breakpoints=[],slopes=[1.0],gradient_at_zero=0.5},{breakpoints=[],slopes=[1.0],gradient_at_zero=-0.5}]";
    let problem = format!("mixture{{components={components},probabilities=[1.0000000005,0.0000000001]}}");
    assert!(refusal(&["run", &problem, "sgd"]).contains("probabilities"));
}

#[test]
fn piecewise_constants_lie_on_the_safe_side() {
    let value = |problem: &str, start: &str, symbol: &str| {
        json(&["constants", problem, "--start", start])["constants"][symbol]["value"].as_f64()
    };
    // Rounding puts the zero of f' on the breakpoint: still a strongly convex function with a minimum.
    let corner = "piecewise{breakpoints=[0.3],slopes=[0.7,0.8],gradient_at_zero=-0.21}";
    assert!(value(corner, "[1.3]", "D2").is_some_and(|d2| (1.0..1.0 + 1e-12).contains(&d2)));
    // The zero 1/7 is computed from a breakpoint at 10^6.
    let far = "piecewise{breakpoints=[1e6],slopes=[7.0,8.0],gradient_at_zero=-1.0}";
    assert!(value(far, "[0.0]", "D2").is_some_and(|d2| (1.0 / 49.0..0.02040817).contains(&d2)));
    assert!(value(far, "[0.0]", "Delta").is_some_and(|delta| (1.0 / 14.0..0.0714286).contains(&delta)));
    // Outer slopes that differ in the last place: the variance is not bounded.
    let apart = "mixture{components=[{breakpoints=[],slopes=[1.0],gradient_at_zero=0.5},\
                 {breakpoints=[],slopes=[1.0000000000000002],gradient_at_zero=-0.5}],probabilities=[0.1,0.9]}";
    assert_eq!(value(apart, "[0.0]", "sigma2"), None);
}

#[test]
fn equalities_met_up_to_the_rounding_of_a_million_paths() {
    // At q = 1 the bounds of n-SAM and SGD are equalities on parabolas.
    run("mixture", "sgd{eta=\"1/beta\",batch=10}", &["--steps", "2"]);
    let noise = "additive-noise{lambda=1,noise=2,p=0.25}";
    let n_sam = "stochastic-sam{eta=\"1/beta\",rho=0.3,sampling=\"independent\"}";
    run(noise, n_sam, &["--steps", "9"]);
    let alone = "mixture{components=[{breakpoints=[],slopes=[0.0978],gradient_at_zero=1.0}],probabilities=[1.0]}";
    let sgd = "stochastic-sam{eta=0.9,rho=0,sampling=\"independent\"}";
    run(alone, sgd, &["--steps", "1000", "--start", "[-1e-9]"]);
}

#[test]
fn gradients_that_are_only_rounding() {
    let text = "(x-(822.76))^2+(x-(-437.6))^2+(x-(-601.0))^2-431.58*x";
    run(&format!("expression{{f=\"{text}\"}}"), "gd", &["--steps", "300"]);
    let text = "(x-(-50610.89))^2+(x-(2759.8))^2+(x-(48045.329))^2+388.478*x+cos(x)";
    run(&format!("expression{{f=\"{text}\"}}"), "sam{rho=1e-12}", &["--steps", "3000"]);
    run("sine{beta=3.1e-161}", "sam{eta=0.161e161,rho=1.0}", &["--steps", "2000"]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("small.csv");
    std::fs::write(&path, "x,label\n-0.02,a\n0.006,b\n0.01,a\n0.003,b\n").expect("written");
    let problem = format!("logistic{{data=\"{}\",ridge=1,standardize=false}}", path.display());
    run(&problem, "gd{eta=\"0.5/beta\"}", &["--steps", "300"]);
}

#[test]
fn an_orbit_that_multiplies_its_rounding() {
    let start = ["--start", "[0.007166112722495204,0.2685573157456215]", "--steps", "25"];
    let document = run("double-ridge{beta=1.0,mu=0.001,ridge=0.498}", "sam{eta=0.5,rho=1.0}", &start);
    assert_eq!(word(&document, "det-sc-lower-ridge", "every-step-suboptimality"), "holds");
}

#[test]
fn a_tuned_step_that_overflows_on_the_way() {
    let tuned = "stochastic-sam{eta=\"sto-cvx-fval-n\",rho=0.25,sampling=\"independent\"}";
    let message = refusal(&["run", "trap{beta=2.5e-160,mu=1e-160,theta=0.5,radius=0.25}", tuned, "--start", "ones"]);
    assert!(message.contains("has no value here"), "{message}");
}

#[test]
fn rest_is_not_called_before_anything_moved() {
    let document = run("quadratic", "sam{eta=1e-5,rho=0.02}", &["--steps", "1000"]);
    assert_eq!(document["summary"]["floor"]["settled"], false);
    let same = run("additive-noise{lambda=1,noise=2,p=1e-6}", "stochastic-sam{eta=0.3,rho=1.0}", &["--steps", "100"]);
    assert_eq!(word(&same, "sto-floor-small-eta", "stationary-suboptimality"), "undecided");
}

#[test]
fn formulas_of_which_underflow_or_cancellation_leaves_few_digits() {
    let exact =
        run("quadratic{eigenvalues=[1.0]}", "sam{eta=0.9,rho=3.3e-160}", &["--start", "[-1e-160]", "--steps", "3000"]);
    assert_eq!(word(&exact, "quad-global", "limit-suboptimality"), "holds");
    let huge = "quadratic{eigenvalues=[1e100]}";
    let exact = run(huge, "sam{eta=1e-100,rho=1e-161}", &["--start", "[-1e-161]", "--steps", "3000"]);
    assert_eq!(word(&exact, "quad-global", "limit-suboptimality"), "holds");
    let sine = run("sine{beta=1e100,radius=1e-160}", "sam{eta=5e-101,rho=1e-160}", &["--steps", "2000"]);
    assert_eq!(word(&sine, "det-nc-sine", "limit-suboptimality"), "undecided");
    let rippled = "rippled{mu=6.156003991827714e-152,amplitude=1.989740846377323e-230,radius=5.697425495338415e-80}";
    let method = "stochastic-sam{eta=3.3930658488374655e+147,rho=5.697425495338415e-80}";
    run(rippled, method, &["--start", "[2.990013802525115e-79]", "--steps", "3000"]);
    // 2 - eta l keeps its digits: F = l r^2/2, r = eta l rho/(2 - eta l), in longer arithmetic 3.7574e29.
    let (problem, method) =
        ("quadratic{eigenvalues=[0.5258849576958842]}", "sam{eta=3.8031131538023315,rho=0.1620820094970366}");
    let cancelled = json(&["bound", problem, method, "--start", "[-1.7]", "--steps", "100"]);
    let total = verdict(&cancelled, "quad-global", "limit-suboptimality")["bound"]["total"].as_f64().unwrap();
    assert!((total / 3.7574e29 - 1.0).abs() < 1e-4, "{total:e}");
    // kappa is 1 and beta^3 no double: a finite lower bound all the same.
    let steep = json(&["bound", "quadratic{eigenvalues=[1e200]}", "sam", "--steps", "100"]);
    assert!(verdict(&steep, "det-sc-lower-quad", "minimum-suboptimality")["bound"]["total"].as_f64().is_some());
}

#[test]
fn runs_that_begin_where_doubles_end() {
    let far = run("quadratic{eigenvalues=[1.0]}", "gd{eta=0.5}", &["--start", "[1e160]", "--steps", "100"]);
    assert_eq!(word(&far, "usam-quad", "stability-criterion"), "undecided");
    let near =
        run("quadratic{eigenvalues=[0.05]}", "usam{eta=20.0,rho=1e160}", &["--start", "[-5e-324]", "--steps", "100"]);
    assert_eq!(word(&near, "usam-quad", "stability-criterion"), "undecided");
    let usual =
        run("quadratic{eigenvalues=[1.0]}", "usam{eta=0.5,rho=0.1}", &["--start", "[1e140]", "--steps", "2000"]);
    assert_eq!(word(&usual, "usam-quad", "stability-criterion"), "holds");
}

#[test]
fn limits_of_small_steps_at_steps_that_are_not() {
    let noisy = run("additive-noise", "stochastic-sam", &["--steps", "3000"]);
    assert_eq!(word(&noisy, "sto-add-noise", "limit-suboptimality"), "undecided");
    let quiet = "additive-noise{p=0.01,noise=1.5}";
    let quiet = run(quiet, "stochastic-sam{eta=0.00005,rho=1.0}", &["--start", "[0.98]", "--steps", "200000"]);
    assert_eq!(word(&quiet, "sto-add-noise", "limit-suboptimality"), "agrees");
}
