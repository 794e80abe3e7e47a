//! What every registered method obeys on every registered problem: no line here names one.

use shortfall::method::METHODS;
use shortfall::problem::{PROBLEMS, Samples};
use shortfall::simulate::{Plan, Run, Setting, run};
use shortfall_lab::experiment::{Experiment, Request};
use shortfall_lab::pool::Pool;
use std::ops::ControlFlow;

/// Selectors of every method that fits a problem, with every descent rule and, if it has one, every sampling.
fn methods(samples: bool, rho: f64) -> Vec<String> {
    let mut selectors = Vec::new();
    for entry in METHODS {
        let has = |name: &str| entry.parameters.iter().any(|parameter| parameter.name == name);
        if has("batch") && !samples {
            continue;
        }
        let samplings: &[&str] =
            if has("sampling") { &[",sampling=\"same\"", ",sampling=\"independent\",batch=2"] } else { &[""] };
        for descent in ["gradient", "heavy-ball", "nesterov", "adam"] {
            for sampling in samplings {
                let radius = if has("rho") { format!(",rho={rho}") } else { String::new() };
                selectors.push(format!("{}{{eta=0.02,descent=\"{descent}\"{radius}{sampling}}}", entry.name));
            }
        }
    }
    selectors
}

fn has_samples(experiment: &Experiment) -> bool {
    !matches!(experiment.problem().samples(), Samples::None)
}

fn prepare(problem: &str, method: &str) -> Experiment {
    Experiment::prepare(Request::new(problem, method)).unwrap_or_else(|error| panic!("{problem} {method}: {error}"))
}

fn make(experiment: &Experiment, steps: u64, lanes: u64, first_replicate: u64, threads: usize) -> Run {
    let Setting { problem, method, plan } = experiment.setting();
    let plan = Plan { steps, lanes, first_replicate, weight_decay: Some(0.01), ..plan };
    let pool = Pool::new(Some(threads)).expect("a pool");
    run(problem, method, plan, &pool, &mut |_| ControlFlow::Continue(())).expect("they fit together")
}

/// Every problem, with its defaults.
fn for_all(rho: f64, mut check: impl FnMut(&str, &str, &Experiment)) {
    let mut checked = 0;
    for problem in PROBLEMS {
        let samples = has_samples(&prepare(problem.name, "gd{eta=0.02}"));
        for method in methods(samples, rho) {
            check(problem.name, &method, &prepare(problem.name, &method));
            checked += 1;
        }
    }
    assert!(checked >= 100, "{checked}");
}

#[test]
fn runs_are_determined_by_their_seed_whatever_the_threads_and_the_company() {
    for_all(0.1, |problem, method, experiment| {
        let all = make(experiment, 24, 10, 0, 1);
        let threaded = make(experiment, 24, 10, 0, 3);
        assert_eq!(all.lanes, threaded.lanes, "{problem} {method}: threads");
        assert_eq!(all.states, threaded.states, "{problem} {method}: threads");
        let alone = make(experiment, 24, 1, 9, 1);
        assert_eq!(all.lanes[9], alone.lanes[0], "{problem} {method}: company");
    });
}

#[test]
fn a_run_is_the_beginning_of_a_longer_one() {
    for_all(0.1, |problem, method, experiment| {
        let (short, long) = (make(experiment, 15, 2, 0, 1), make(experiment, 31, 2, 0, 1));
        for (short, long) in short.lanes.iter().zip(&long.lanes) {
            let kept = short.points.len() - usize::from(short.diverged.is_none());
            assert_eq!(short.points[..kept], long.points[..kept], "{problem} {method}");
        }
    });
}

#[test]
fn without_a_radius_every_method_is_its_base_bit_for_bit() {
    for_all(0.0, |problem, method, experiment| {
        let base = if experiment.method.sampling.is_some() { "sgd" } else { "gd" };
        let batch = experiment.method.sampling.map_or(String::new(), |sampling| format!(",batch={}", sampling.batch));
        let descent = ["heavy-ball", "nesterov", "adam"].into_iter().find(|name| method.contains(name));
        let descent = descent.unwrap_or("gradient");
        let base = prepare(problem, &format!("{base}{{eta=0.02,descent=\"{descent}\"{batch}}}"));
        let (a, b) = (make(experiment, 20, 2, 0, 1), make(&base, 20, 2, 0, 1));
        assert_eq!(a.lanes, b.lanes, "{problem} {method}");
        assert_eq!(a.states, b.states, "{problem} {method}");
    });
}
