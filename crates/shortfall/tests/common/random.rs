//! Random problems, starts and methods.

use super::recipe;
use proptest::prelude::*;
use shortfall::arguments::{Arguments, Entry, Value};
use shortfall::constants::{Number, Symbol};
use shortfall::method::{METHODS, Method, MethodRecipe};
use shortfall::problem::{Ask, Logistic, Mixture, Mlp, PiecewiseLinear, Problem, Quadratic, Regression, Softmax};
use shortfall::theorem::{THEOREMS, with_step};
use shortfall::verdict::Judgement;

/// A number spread over decades, both ends included often.
pub fn decades(from: i32, to: i32) -> impl Strategy<Value = f64> {
    (from as f64..=to as f64).prop_map(|exponent| 10f64.powf(exponent))
}

/// beta eta: inside (0, 2), and the ends of the statements' ranges with their neighbours.
pub fn steps() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 0.001..2.0f64,
        1 => prop::sample::select(vec![0.5, 1.0, 2.0, 1.0f64.next_down(), 1.0f64.next_up(), 0.5f64.next_up(), 2.0f64.next_down(), 1e-6]),
    ]
}

pub fn radii() -> impl Strategy<Value = f64> {
    prop_oneof![1 => Just(0.0), 6 => decades(-4, 1)]
}

/// How the step size is given.
#[derive(Clone, Debug)]
pub enum Step {
    /// beta eta
    Relative(f64),
    /// By a statement's id.
    Theorem(&'static str),
}

/// A method of the registry with its parameters: no line here names one.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Which of the methods that fit, counted round.
    pub method: usize,
    pub lambda: f64,
    pub step: Step,
    pub rho: f64,
    /// Whether the radius decays as 1/sqrt(t+1).
    pub decays: bool,
    pub independent: bool,
}

impl Setting {
    /// SAM (or m-SAM) with these numbers.
    pub fn sam(q: f64, rho: f64) -> Self {
        Self { method: index_of("sam"), lambda: 1.0, step: Step::Relative(q), rho, decays: false, independent: false }
    }

    /// The method for a problem, or `None` where its step has no value.
    pub fn resolve(&self, problem: &dyn Problem, start: &[f64], steps: u64, stochastic: bool) -> Option<Method> {
        let entry = candidates(stochastic)[self.method % candidates(stochastic).len()];
        let eta = match &self.step {
            Step::Relative(q) => Value::Text(format!("{q}/beta")),
            Step::Theorem(id) => Value::Text((*id).to_owned()),
        };
        let rho = if self.decays { Value::Text(format!("{}/sqrt(t+1)", self.rho)) } else { Value::number(self.rho) };
        let sampling = Value::Text(if self.independent { "independent" } else { "same" }.to_owned());
        let given = [("eta", eta), ("rho", rho), ("lambda", Value::number(self.lambda)), ("sampling", sampling)];
        let recipe = recipe(entry, &given);
        let constants = problem.constants(&Ask { start, sampling: recipe.sampling });
        constants.get(Symbol::Beta).value().filter(|beta| *beta > 1e-6)?;
        with_step(recipe, &constants, steps).ok()
    }
}

/// Registered methods, deterministic or stochastic.
fn candidates(stochastic: bool) -> Vec<&'static Entry<MethodRecipe>> {
    let draws = |entry: &Entry<MethodRecipe>| entry.parameters.iter().any(|parameter| parameter.name == "batch");
    METHODS.iter().filter(|entry| draws(entry) == stochastic).collect()
}

/// The place among the candidates of a deterministic method and of its stochastic twin.
fn index_of(name: &str) -> usize {
    let place = candidates(false).iter().position(|entry| entry.name == name).expect("registered");
    assert!(candidates(true)[place].name.ends_with(name), "methods and their stochastic twins have one order");
    place
}

pub fn settings() -> impl Strategy<Value = Setting> {
    let named: Vec<&str> =
        THEOREMS.iter().filter(|theorem| theorem.forms.iter().any(|form| form.step.is_some())).map(|t| t.id).collect();
    let step =
        prop_oneof![3 => steps().prop_map(Step::Relative), 1 => prop::sample::select(named).prop_map(Step::Theorem)];
    let lambda = prop_oneof![1 => Just(1.0), 1 => Just(0.0), 2 => 0.0..1.0f64];
    let decays = prop_oneof![4 => Just(false), 1 => Just(true)];
    (0..1000usize, lambda, step, radii(), decays, any::<bool>()).prop_map(
        |(method, lambda, step, rho, decays, independent)| Setting { method, lambda, step, rho, decays, independent },
    )
}

pub fn quadratics() -> impl Strategy<Value = (Quadratic, Vec<f64>)> {
    let eigenvalue = prop_oneof![8 => decades(-3, 1), 1 => Just(0.0), 1 => -2.0..0.0f64];
    (prop::collection::vec(eigenvalue, 1..5), any::<bool>(), 0..1000u64, decades(-3, 2)).prop_flat_map(
        |(values, rotated, seed, scale)| {
            let d = values.len();
            let problem =
                move || if rotated { Quadratic::rotated(values.clone(), seed) } else { Quadratic::new(values.clone()) };
            prop::collection::vec(-1.0..1.0f64, d).prop_map(move |x| (problem(), x.iter().map(|x| x * scale).collect()))
        },
    )
}

pub fn lines(convex: bool, bounded: bool) -> impl Strategy<Value = PiecewiseLinear> {
    let slope = if convex { 0.0..3.0f64 } else { -3.0..3.0f64 };
    (prop::collection::vec(-3.0..3.0f64, 1..4), prop::collection::vec(slope, 5), -2.0..2.0f64).prop_map(
        move |(mut breakpoints, slopes, at_zero)| {
            breakpoints.sort_by(f64::total_cmp);
            breakpoints.dedup();
            let mut slopes: Vec<Number> = slopes[..=breakpoints.len()].iter().copied().map(Number::exact).collect();
            if bounded {
                let last = slopes.len() - 1;
                (slopes[0], slopes[last]) = (Number::exact(0.0), Number::exact(0.0));
            }
            PiecewiseLinear::from_value_at_zero(breakpoints, slopes, at_zero.into())
        },
    )
}

/// Cases of a property: `SHORTFALL_CASES=100` makes a hundred times as many.
pub fn cases(usual: u32) -> ProptestConfig {
    let factor = std::env::var("SHORTFALL_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1u32);
    ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::with_cases(usual.saturating_mul(factor)) }
}

pub fn complain(judgement: &Judgement) -> String {
    format!(
        "{} {:?}: bound {:?}, measured {:?}",
        judgement.theorem.id,
        judgement.variant(),
        judgement.bound,
        judgement.measured
    )
}

pub fn tables() -> impl Strategy<Value = (Logistic, usize)> {
    (2..6usize, 1..4usize, prop_oneof![Just(0.0), decades(-3, 0)]).prop_flat_map(|(rows, columns, ridge)| {
        (prop::collection::vec(-2.0..2.0f64, rows * columns), prop::collection::vec(any::<bool>(), rows)).prop_map(
            move |(features, signs)| {
                let labels: Vec<f64> = signs.iter().map(|sign| if *sign { 1.0 } else { -1.0 }).collect();
                (Logistic::new(columns, &features, &labels, ridge), columns)
            },
        )
    })
}

/// Least squares (an infinite threshold) and Huber regression.
pub fn regressions() -> impl Strategy<Value = (Regression, f64, usize)> {
    let threshold = prop_oneof![2 => Just(f64::INFINITY), 3 => decades(-2, 1)];
    (2..6usize, 1..4usize, prop_oneof![Just(0.0), decades(-3, 0)], threshold).prop_flat_map(
        |(rows, columns, ridge, threshold)| {
            let features = prop::collection::vec(-2.0..2.0f64, rows * columns);
            (features, prop::collection::vec(-3.0..3.0f64, rows)).prop_map(move |(features, targets)| {
                (Regression::huber(columns, &features, &targets, ridge, threshold), threshold, columns)
            })
        },
    )
}

/// Softmax with two or three classes.
pub fn softmaxes() -> impl Strategy<Value = (Softmax, usize)> {
    (2..6usize, 1..3usize, 2..4usize, prop_oneof![Just(0.0), decades(-3, 0)]).prop_flat_map(
        |(rows, columns, classes, ridge)| {
            let features = prop::collection::vec(-2.0..2.0f64, rows * columns);
            (features, prop::collection::vec(0..classes, rows)).prop_map(move |(features, labels)| {
                (Softmax::new(columns, &features, &labels, classes, ridge), columns * classes)
            })
        },
    )
}

/// One hidden layer of two units, two or three classes.
pub fn networks() -> impl Strategy<Value = (Mlp, usize)> {
    (2..6usize, 1..3usize, 2..4usize, prop_oneof![Just(0.0), decades(-3, 0)]).prop_flat_map(
        |(rows, columns, classes, ridge)| {
            let features = prop::collection::vec(-2.0..2.0f64, rows * columns);
            (features, prop::collection::vec(0..classes, rows)).prop_map(move |(features, labels)| {
                (Mlp::new(columns, &features, &labels, classes, &[2], false, ridge), 2 * (columns + classes))
            })
        },
    )
}

/// The registered name of a regression.
pub fn regression_name(threshold: f64) -> Arguments {
    Arguments::of(if threshold.is_finite() { "huber-regression" } else { "least-squares" })
}

pub fn mixtures() -> impl Strategy<Value = Mixture> {
    let component = prop_oneof![lines(true, true), lines(false, true), lines(true, false)];
    (prop::collection::vec(component, 2..4), prop::collection::vec(0.1..1.0f64, 3)).prop_map(|(components, weights)| {
        let sum: f64 = weights[..components.len()].iter().sum();
        let probabilities = weights[..components.len()].iter().map(|w| w / sum).collect();
        Mixture::new(components, probabilities)
    })
}
