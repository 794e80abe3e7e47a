//! Time of a step, for each problem and kind of method: `cargo bench -p shortfall`. One iteration is 1000 steps of 8
//! lanes (of one lane for deterministic methods), the last line of each row is lane-steps a second.

use divan::Bencher;
use shortfall::method::{Method, SampleReuse, Sampling};
use shortfall::parallel::Sequential;
use shortfall::problem::{Logistic, Mlp, Problem, Quadratic, Sine};
use shortfall::simulate::{Plan, run};
use std::ops::ControlFlow;

fn main() {
    divan::main();
}

const STEPS: u64 = 1000;

/// n rows of d features, as many as breast-cancer with its intercept.
fn logistic(n: usize, d: usize) -> Logistic {
    let features: Vec<f64> = (0..n * d).map(|i| (i as f64 * 0.731).sin()).collect();
    let labels: Vec<f64> = (0..n).map(|i| if i % 3 == 0 { 1.0 } else { -1.0 }).collect();
    Logistic::new(d, &features, &labels, 0.01)
}

fn registered(name: &str, parameters: &[(&str, f64)]) -> Box<dyn Problem> {
    use shortfall::arguments::{Arguments, Value};
    use shortfall::source::NoData;
    let entry = shortfall::problem::PROBLEMS.iter().find(|entry| entry.name == name).expect("registered");
    let arguments = parameters.iter().fold(Arguments::of(name), |a, (name, value)| a.with(name, Value::number(*value)));
    (entry.build)(&arguments, &NoData).expect("good parameters")
}

fn time(bencher: Bencher, problem: &dyn Problem, method: &Method, lanes: u64) {
    let plan = Plan { lanes, ..Plan::new(problem.default_start(), STEPS) };
    bencher.counter(STEPS * lanes).bench(|| {
        run(problem, method, plan.clone(), &Sequential, &mut |_| ControlFlow::Continue(())).expect("they fit")
    });
}

fn stochastic(batch: usize, reuse: SampleReuse) -> Method {
    Method::stochastic_sam(0.01, 0.05, Sampling { batch, replacement: true, reuse })
}

#[divan::bench(args = [2, 60, 1000])]
fn quadratic_diagonal(bencher: Bencher, d: usize) {
    let problem = Quadratic::new((1..=d).map(|i| i as f64 / d as f64).collect());
    time(bencher, &problem, &Method::sam(0.5, 0.05), 1);
}

#[divan::bench(args = [2, 60])]
fn quadratic_rotated(bencher: Bencher, d: usize) {
    let problem = Quadratic::rotated((1..=d).map(|i| i as f64 / d as f64).collect(), 1);
    time(bencher, &problem, &Method::sam(0.5, 0.05), 1);
}

#[divan::bench]
fn sine(bencher: Bencher) {
    time(bencher, &Sine::new(1.0, 1.0, 5.0), &Method::sam(0.5, 1.0), 1);
}

#[divan::bench]
fn triangle(bencher: Bencher) {
    let problem = registered("triangle", &[("beta", 1.0), ("radius", 1.0), ("eps", 0.1)]);
    time(bencher, problem.as_ref(), &Method::sam(0.5, 1.0), 1);
}

#[divan::bench]
fn huber(bencher: Bencher) {
    let problem = registered("huber", &[("beta", 1.0), ("lipschitz", 1.0)]);
    time(bencher, problem.as_ref(), &Method::sam(0.5, 1.0), 1);
}

#[divan::bench(args = [SampleReuse::Same, SampleReuse::Independent])]
fn trap(bencher: Bencher, reuse: SampleReuse) {
    let problem = registered("trap", &[("beta", 8.0), ("mu", 1.0), ("theta", 0.5), ("radius", 1.0)]);
    time(bencher, problem.as_ref(), &stochastic(1, reuse), 8);
}

#[divan::bench(args = [(569, 31), (5000, 100)], sample_count = 10)]
fn logistic_full_batch(bencher: Bencher, (n, d): (usize, usize)) {
    time(bencher, &logistic(n, d), &Method::sam(0.1, 0.05), 1);
}

#[divan::bench(args = [1, 64], sample_count = 10)]
fn logistic_minibatch(bencher: Bencher, batch: usize) {
    time(bencher, &logistic(569, 31), &stochastic(batch, SampleReuse::Same), 8);
}

/// A network 784-256-128-10 without biases: one lane, two gradients of batch 128 a step.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn mlp_minibatch(bencher: Bencher) {
    let (n, columns) = (256, 784);
    let features: Vec<f64> = (0..n * columns).map(|i| (i as f64 * 0.37).sin()).collect();
    let labels: Vec<usize> = (0..n).map(|i| i % 10).collect();
    let problem = Mlp::new(columns, &features, &labels, 10, &[256, 128], false, 1e-4);
    let plan = Plan::new(problem.default_start(), 10);
    let method = stochastic(128, SampleReuse::Same);
    bencher.counter(10u64).bench(|| {
        run(&problem, &method, plan.clone(), &Sequential, &mut |_| ControlFlow::Continue(())).expect("they fit")
    });
}
