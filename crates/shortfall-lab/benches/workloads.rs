//! The six workloads on which `shortfall` is held against JAX, NumPy and PyTorch (`benches/peers/`): `cargo bench -p shortfall-lab`
//! prints microseconds per unit (a step, or a lane-step where there are many lanes) on one thread and on two, and how each
//! scales: where nothing is recorded but the ends, which is what the peers do, and with all that `shortfall run` keeps. Names
//! choose some; `--json` prints the medians alone, for the comparison.

use shortfall::constants::Number;
use shortfall::method::{Method, SampleReuse, Sampling};
use shortfall::problem::{Logistic, MatrixQuadratic, Mixture, Mlp, PiecewiseLinear, Problem, Softmax};
use shortfall::random::{Generator, Role};
use shortfall::simulate::{Plan, Record, Setting, run_all};
use shortfall_lab::pool::Pool;
use std::ops::ControlFlow;
use std::time::Instant;

/// A run to be timed.
struct Workload {
    name: &'static str,
    /// What is varied, in words.
    size: String,
    problem: Box<dyn Problem>,
    /// Settings that run side by side.
    methods: Vec<Method>,
    steps: u64,
    lanes: u64,
}

impl Workload {
    fn new(name: &'static str, size: String, problem: impl Problem + 'static, method: Method, steps: u64) -> Self {
        Self { name, size, problem: Box::new(problem), methods: vec![method], steps, lanes: 1 }
    }

    fn units(&self) -> f64 {
        (self.steps * self.lanes) as f64 * self.methods.len() as f64
    }

    fn seconds(&self, pool: &Pool, record: Record) -> f64 {
        let start = self.problem.default_start();
        let setting = |method| {
            let plan = Plan { lanes: self.lanes, record, ..Plan::new(start.clone(), self.steps) };
            Setting { problem: self.problem.as_ref(), method, plan }
        };
        let settings = self.methods.iter().map(setting).collect();
        let begun = Instant::now();
        let runs = run_all(settings, pool, &mut |_| ControlFlow::Continue(())).expect("they fit");
        let seconds = begun.elapsed().as_secs_f64();
        assert_eq!(runs.len(), self.methods.len());
        seconds
    }
}

/// Median seconds per unit of some runs after one that does not count. The problem is made anew for each: what it finds out for
/// the run is part of the run.
fn median(make: &dyn Fn() -> Workload, pool: &Pool, record: Record) -> f64 {
    let mut times: Vec<f64> = (0..6)
        .map(|_| {
            let workload = make();
            workload.seconds(pool, record) / workload.units()
        })
        .skip(1)
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn normals(count: usize, seed: u64) -> Vec<f64> {
    let mut generator = Generator::new(seed, 0, Role::Other);
    (0..count).map(|_| generator.normal()).collect()
}

fn m_sam(eta: f64, rho: f64, batch: usize) -> Method {
    Method::stochastic_sam(eta, rho, Sampling { batch, replacement: true, reuse: SampleReuse::Same })
}

/// `E (x - c)^2/2`, c = -1 with probability 0.7, else 1.
fn ensemble(lanes: u64) -> Workload {
    let parabola = |c: f64| PiecewiseLinear::new(vec![], vec![Number::exact(-c)], vec![Number::exact(1.0)]);
    let problem = Mixture::new(vec![parabola(-1.0), parabola(1.0)], vec![0.7, 0.3]);
    Workload { lanes, ..Workload::new("ensemble1d", format!("{lanes} lanes"), problem, m_sam(0.01, 0.1, 1), 2000) }
}

/// `BB'/d + 0.01 I`, B standard normal.
fn quadratic(d: usize, steps: u64) -> Workload {
    let b = normals(d * d, 1);
    let mut matrix = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..=i {
            let product = shortfall::dot(&b[i * d..][..d], &b[j * d..][..d]) / d as f64;
            let entry = product + if i == j { 0.01 } else { 0.0 };
            (matrix[i * d + j], matrix[j * d + i]) = (entry, entry);
        }
    }
    // The largest eigenvalue is near 4.
    let method = Method::sam(0.125, 0.1);
    let problem = MatrixQuadratic::new(matrix, vec![0.0; d]);
    Workload::new("quadratic", format!("d = {d}, {steps} steps"), problem, method, steps)
}

fn logistic(n: usize, d: usize) -> Logistic {
    let scale = 1.0 / (d as f64).sqrt();
    let features: Vec<f64> = normals(n * d, 2).into_iter().map(|x| x * scale).collect();
    let weights = normals(d, 3);
    let mut generator = Generator::new(4, 0, Role::Other);
    let label = |row: &[f64]| {
        let margin: f64 = row.iter().zip(&weights).map(|(x, w)| 3.0 * x * w).sum();
        if generator.uniform() < 1.0 / (1.0 + (-margin).exp()) { 1.0 } else { -1.0 }
    };
    let labels: Vec<f64> = features.chunks(d).map(label).collect();
    Logistic::new(d, &features, &labels, 1e-3)
}

fn logreg(name: &'static str, n: usize, d: usize, steps: u64, settings: usize) -> Workload {
    let methods = (0..settings).map(|k| Method::sam(1.0 / (1.0 + k as f64), 0.05)).collect();
    let size = format!("n = {n}, d = {d}, {settings} settings");
    Workload { methods, ..Workload::new(name, size, logistic(n, d), Method::gd(1.0), steps) }
}

fn softmax(lanes: u64) -> Workload {
    let (n, columns) = (1797, 64);
    let features: Vec<f64> = normals(n * columns, 5).into_iter().map(|x| (0.5 + 0.25 * x).clamp(0.0, 1.0)).collect();
    let labels: Vec<usize> = (0..n).map(|i| (i * 7919) % 10).collect();
    let problem = Softmax::new(columns, &features, &labels, 10, 1e-3);
    Workload { lanes, ..Workload::new("softmax-sgd", format!("{lanes} seeds"), problem, m_sam(0.1, 0.05, 32), 2000) }
}

fn mlp(hidden: [usize; 2]) -> Workload {
    let (n, columns) = (1024, 784);
    let features: Vec<f64> = normals(n * columns, 6).into_iter().map(|x| 0.5 * x).collect();
    let labels: Vec<usize> = (0..n).map(|i| (i * 7919) % 10).collect();
    let problem = Mlp::new(columns, &features, &labels, 10, &hidden, true, 0.0);
    Workload::new("mlp", format!("784-{}-{}-10", hidden[0], hidden[1]), problem, m_sam(0.05, 0.05, 128), 200)
}

/// A workload by its name in the comparison; made when it is wanted.
type Named = (&'static str, Box<dyn Fn() -> Workload>);

/// Those of the comparison.
fn compared() -> Vec<Named> {
    vec![
        ("ensemble1d", Box::new(|| ensemble(4096))),
        ("quadratic", Box::new(|| quadratic(1000, 2000))),
        ("quadratic-long", Box::new(|| quadratic(1000, 200_000))),
        ("logreg", Box::new(|| logreg("logreg", 60_000, 100, 50, 1))),
        ("logreg-16", Box::new(|| logreg("logreg", 60_000, 100, 20, 16))),
        ("logreg-small", Box::new(|| logreg("logreg-small", 569, 30, 5000, 1))),
        ("logreg-small-16", Box::new(|| logreg("logreg-small", 569, 30, 2000, 16))),
        ("softmax-sgd", Box::new(|| softmax(16))),
        ("mlp", Box::new(|| mlp([256, 128]))),
    ]
}

/// How they scale.
fn scaled() -> Vec<Named> {
    vec![
        (
            "ensemble1d",
            Box::new(|| Workload { steps: 20_000, size: "4096 lanes, 20000 steps".into(), ..ensemble(4096) }),
        ),
        ("ensemble1d", Box::new(|| ensemble(64))),
        ("ensemble1d", Box::new(|| ensemble(65_536))),
        ("quadratic", Box::new(|| quadratic(100, 20_000))),
        ("quadratic", Box::new(|| quadratic(500, 20_000))),
        ("logreg", Box::new(|| logreg("logreg", 6000, 100, 500, 1))),
        ("logreg", Box::new(|| logreg("logreg", 60_000, 10, 200, 1))),
        ("logreg", Box::new(|| logreg("logreg", 6000, 1000, 50, 1))),
        ("logreg-16", Box::new(|| logreg("logreg", 60_000, 100, 20, 4))),
        ("softmax-sgd", Box::new(|| softmax(2))),
        ("softmax-sgd", Box::new(|| softmax(128))),
        ("mlp", Box::new(|| mlp([64, 32]))),
    ]
}

fn main() {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let (json, names): (Vec<String>, Vec<String>) = arguments.into_iter().partition(|argument| argument == "--json");
    let wanted = |name: &str| names.is_empty() || names.iter().any(|given| given == name);
    let pools = [1, 2].map(|threads| Pool::new(Some(threads)).expect("a pool"));
    if !json.is_empty() {
        let timed = compared().into_iter().filter(|(name, _)| wanted(name)).map(|(name, make)| {
            let times = [Record::Ends, Record::LogSpaced].map(|record| {
                let [one, two] = [&pools[0], &pools[1]].map(|pool| 1e6 * median(&make, pool, record));
                format!("[{one:e}, {two:e}]")
            });
            format!("\"{name}\": [{}]", times.join(", "))
        });
        println!("{{{}}}", timed.collect::<Vec<_>>().join(", "));
        return;
    }
    println!(
        "{:<13} {:<24} {:<8} {:>12} {:>10} {:>6}",
        "workload", "size", "recorded", "1 thread, us", "2 threads", "ratio"
    );
    for (_, make) in compared().into_iter().chain(scaled()).filter(|(name, _)| wanted(name)) {
        let workload = make();
        for (record, word) in [(Record::Ends, "ends"), (Record::LogSpaced, "all")] {
            let [one, two] = [&pools[0], &pools[1]].map(|pool| 1e6 * median(&make, pool, record));
            let (name, size) = (workload.name, &workload.size);
            println!("{name:<13} {size:<24} {word:<8} {one:>12.5} {two:>10.5} {:>6.2}", one / two);
        }
    }
}
