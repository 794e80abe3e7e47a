//! No statement is ever violated: random problems of every class, both samplings, step sizes over the whole admissible
//! range with its ends; expectations by exact enumeration.

mod common;

use common::{bounds, registered, verdicts};
use proptest::prelude::*;
use shortfall::arguments::Arguments;
use shortfall::constants::Number;
use shortfall::kernel::norm;
use shortfall::method::{Method, SampleReuse, Sampling};
use shortfall::problem::{
    Expression, FiniteSum, Logistic, Mixture, Piecewise, PiecewiseLinear, Problem, Quadratic, Samples,
};
use shortfall::theorem::{Kind, Measure, Mode, Over, Scope};
use shortfall::verdict::{Judgement, Verdict};

/// A number spread over decades, both ends included often.
fn decades(from: i32, to: i32) -> impl Strategy<Value = f64> {
    (from as f64..=to as f64).prop_map(|exponent| 10f64.powf(exponent))
}

/// beta eta: inside (0, 2), and the ends of the statements' ranges with their neighbours.
fn steps() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 0.001..2.0f64,
        1 => prop::sample::select(vec![0.5, 1.0, 2.0, 1.0f64.next_down(), 1.0f64.next_up(), 0.5f64.next_up(), 2.0f64.next_down(), 1e-6]),
    ]
}

fn radii() -> impl Strategy<Value = f64> {
    prop_oneof![1 => Just(0.0), 6 => decades(-4, 1)]
}

fn quadratics() -> impl Strategy<Value = (Quadratic, Vec<f64>)> {
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

fn lines(convex: bool, bounded: bool) -> impl Strategy<Value = PiecewiseLinear> {
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
fn cases(usual: u32) -> ProptestConfig {
    let factor = std::env::var("SHORTFALL_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1u32);
    ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::with_cases(usual.saturating_mul(factor)) }
}

fn complain(judgement: &Judgement) -> String {
    format!(
        "{} {:?}: bound {:?}, measured {:?}",
        judgement.theorem.id,
        judgement.variant(),
        judgement.bound,
        judgement.measured
    )
}

/// Runs deterministically and looks for violations.
fn holds(
    problem: &dyn Problem,
    name: &Arguments,
    q: f64,
    rho: f64,
    start: &[f64],
    horizon: u64,
) -> Result<(), TestCaseError> {
    let ask = shortfall::problem::Ask { start, sampling: None };
    let Some(beta) =
        problem.constants(&ask).get(shortfall::constants::Symbol::Beta).value().filter(|beta| *beta > 1e-9)
    else {
        return Ok(());
    };
    let eta = shortfall::constants::directed::div_down(q, beta);
    let (_, judgements) = verdicts(problem, name, &Method::sam(eta, rho), start, horizon, 1);
    for judgement in &judgements {
        prop_assert_ne!(judgement.verdict, Verdict::Violated, "{}", complain(judgement));
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn on_quadratics((problem, start) in quadratics(), q in steps(), rho in radii(), horizon in 1..400u64) {
        holds(&problem, &Arguments::of("quadratic"), q, rho, &start, horizon)?;
    }

    #[test]
    fn on_piecewise_functions(line in prop_oneof![lines(true, false), lines(false, false), lines(true, true), lines(false, true)], q in steps(), rho in radii(), x0 in -20.0..20.0f64, horizon in 1..300u64) {
        holds(&Piecewise::new(line, 1.0), &Arguments::of("piecewise"), q, rho, &[x0], horizon)?;
    }

    #[test]
    fn on_their_own_functions(beta in decades(-2, 2), radius in decades(-2, 2), eps in 0.001..0.499f64, q in steps(), other in radii(), own in any::<bool>(), x0 in -5.0..5.0f64, horizon in 1..3000u64) {
        let rho = if own { radius } else { other };
        let five_thirds = 5.0 * std::f64::consts::PI / 3.0;
        let (sine, name) = registered("sine", &[("beta", beta), ("radius", radius), ("phase", five_thirds)]);
        holds(sine.as_ref(), &name, q, rho, &[x0 * radius], horizon)?;
        let (triangle, name) = registered("triangle", &[("beta", beta), ("radius", radius), ("eps", eps)]);
        holds(triangle.as_ref(), &name, q, rho, &[x0 * radius], horizon)?;
        let (huber, name) = registered("huber", &[("beta", beta), ("lipschitz", radius)]);
        holds(huber.as_ref(), &name, q, rho, &[x0 * radius], horizon)?;
        let cap = (1.0 - eps) * beta * radius * (0.2 * x0.abs()).clamp(0.01, 0.99);
        let (wave, name) = registered("capped-wave", &[("beta", beta), ("radius", radius), ("eps", eps), ("cap", cap)]);
        holds(wave.as_ref(), &name, q, rho, &[x0 * radius], horizon)?;
        let (mu, ridge) = (eps * beta, (0.5 - eps) * beta * 0.99);
        let (ridges, name) = registered("double-ridge", &[("beta", beta), ("mu", mu), ("ridge", ridge)]);
        holds(ridges.as_ref(), &name, q, rho, &[x0 * radius, (1.0 - x0) * radius], horizon)?;
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn on_expressions(text in prop::sample::select(vec!["cos(x)+x^2/10", "log(1+x^2)", "tanh(x)^2", "3*x^2/7-sin(x)", "exp(-x^2)*2", "sqrt(1+x^2)+atan(3*x)", "(x-1)^2/pi+e*x"]), q in steps(), rho in radii(), x0 in -8.0..8.0f64, horizon in 1..2000u64) {
        let problem = Expression::new(text, None).expect("good");
        holds(&problem, &Arguments::of("expression"), q, rho, &[x0], horizon)?;
    }
}

fn tables() -> impl Strategy<Value = (Logistic, usize)> {
    (2..6usize, 1..4usize, prop_oneof![Just(0.0), decades(-3, 0)]).prop_flat_map(|(rows, columns, ridge)| {
        (prop::collection::vec(-2.0..2.0f64, rows * columns), prop::collection::vec(any::<bool>(), rows)).prop_map(
            move |(features, signs)| {
                let labels: Vec<f64> = signs.iter().map(|sign| if *sign { 1.0 } else { -1.0 }).collect();
                (Logistic::new(columns, &features, &labels, ridge), columns)
            },
        )
    })
}

fn mixtures() -> impl Strategy<Value = Mixture> {
    let component = prop_oneof![lines(true, true), lines(false, true), lines(true, false)];
    (prop::collection::vec(component, 2..4), prop::collection::vec(0.1..1.0f64, 3)).prop_map(|(components, weights)| {
        let sum: f64 = weights[..components.len()].iter().sum();
        let probabilities = weights[..components.len()].iter().map(|w| w / sum).collect();
        Mixture::new(components, probabilities)
    })
}

/// Expectations at every step: value, gradient norm and its square.
#[derive(Clone, Default)]
struct Expectations {
    value: Vec<f64>,
    norm: Vec<f64>,
    square: Vec<f64>,
    /// Smallest value and squared gradient on any path.
    least: (f64, f64),
}

/// Follows every path of samples, each with its probability.
struct Enumeration<'a> {
    problem: &'a dyn Problem,
    sum: &'a dyn FiniteSum,
    method: &'a Method,
    horizon: usize,
    found: Expectations,
}

impl Enumeration<'_> {
    fn visit(&mut self, t: usize, x: &[f64], probability: f64) {
        let d = x.len();
        let mut g = vec![0.0; d];
        let value = self.problem.value_gradient(x, &mut g);
        let a = norm(&g);
        self.found.value[t] += probability * value;
        self.found.norm[t] += probability * a;
        self.found.square[t] += probability * a * a;
        self.found.least = (self.found.least.0.min(value), self.found.least.1.min(a * a));
        if t == self.horizon {
            return;
        }
        let reuse = self.method.sampling.expect("stochastic").reuse;
        for first in 0..self.sum.count() {
            let mut y = vec![0.0; d];
            self.sum.batch_gradient(&[first], x, &mut g);
            self.method.ascent.point(self.method.rho.at(t as u64), x, &g, &mut y);
            let seconds = if reuse == SampleReuse::Same { first..first + 1 } else { 0..self.sum.count() };
            for second in seconds {
                let mut h = vec![0.0; d];
                self.sum.batch_gradient(&[second], &y, &mut h);
                let mut next = x.to_vec();
                self.method.descent.step(t as u64, self.method.eta.at(t as u64), &h, &mut next, &mut []);
                let share = if reuse == SampleReuse::Same { 1.0 } else { self.sum.probability(second) };
                self.visit(t + 1, &next, probability * self.sum.probability(first) * share);
            }
        }
    }
}

/// Holds every stochastic statement against exact expectations.
fn expectations_hold(
    problem: &dyn Problem,
    name: &Arguments,
    reuse: SampleReuse,
    q: f64,
    rho: f64,
    start: &[f64],
    horizon: usize,
) -> Result<(), TestCaseError> {
    let Samples::Finite(sum) = problem.samples() else { unreachable!("a finite sum") };
    let sampling = Sampling { batch: 1, replacement: true, reuse };
    let ask = shortfall::problem::Ask { start, sampling: Some(sampling) };
    let Some(beta) =
        problem.constants(&ask).get(shortfall::constants::Symbol::Beta).value().filter(|beta| *beta > 1e-6)
    else {
        return Ok(());
    };
    let method = Method::stochastic_sam(shortfall::constants::directed::div_down(q, beta), rho, sampling);
    let zeros = vec![0.0; horizon + 1];
    let found = Expectations {
        value: zeros.clone(),
        norm: zeros.clone(),
        square: zeros,
        least: (f64::INFINITY, f64::INFINITY),
    };
    let mut all = Enumeration { problem, sum, method: &method, horizon, found };
    all.visit(0, start, 1.0);
    let minimum = problem.minimum().value();
    for judgement in bounds(problem, name, &method, start, horizon as u64) {
        let (Some(bound), Scope::Instance) = (&judgement.bound, judgement.form.scope) else { continue };
        if judgement.form.kind == Kind::Prediction {
            continue;
        }
        let mean = |values: &[f64]| values[..horizon].iter().sum::<f64>() / horizon as f64;
        let (base, error) = minimum.unwrap_or((0.0, 0.0));
        let exact = match (judgement.quantity.measure, judgement.quantity.over, judgement.form.mode) {
            (Measure::Suboptimality, Over::Final, Mode::Expectation) => all.found.value[horizon] - base,
            (Measure::Suboptimality, Over::Mean, Mode::Expectation) => mean(&all.found.value) - base,
            (Measure::SquaredGradientNorm, Over::Mean, Mode::Expectation) => mean(&all.found.square),
            (Measure::SquaredGradientNorm, Over::RootMean, Mode::Expectation) => mean(&all.found.square).sqrt(),
            (Measure::GradientExcess { threshold }, _, Mode::Expectation) => {
                mean(&all.found.square) - 2.0 * threshold * mean(&all.found.norm) + threshold * threshold
            }
            (Measure::Suboptimality, Over::EveryStep { .. }, Mode::AlmostSure) => all.found.least.0 - base,
            (Measure::SquaredGradientNorm, Over::EveryStep { .. }, Mode::AlmostSure) => all.found.least.1,
            other => panic!("{}: no exact value for {other:?}", judgement.theorem.id),
        };
        let slack = error + 1e-12 * (exact.abs() + base.abs() + judgement.value().unwrap_or(0.0).abs());
        let value = bound.value(judgement.form.kind);
        let kept = if judgement.form.kind == Kind::Lower { exact + slack >= value } else { exact - slack <= value };
        prop_assert!(kept, "{} exact {exact}: {}", judgement.theorem.id, complain(&judgement));
    }
    Ok(())
}

fn reuses() -> impl Strategy<Value = SampleReuse> {
    prop::sample::select(vec![SampleReuse::Same, SampleReuse::Independent])
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn on_logistic_regression((problem, d) in tables(), q in steps(), rho in radii(), x0 in prop::collection::vec(-3.0..3.0f64, 3), horizon in 1..200u64) {
        holds(&problem, &Arguments::of("logistic"), q, rho, &x0[..d], horizon)?;
    }

    #[test]
    fn in_expectation_on_mixtures(problem in mixtures(), reuse in reuses(), q in steps(), rho in radii(), x0 in -8.0..8.0f64, horizon in 1..5usize) {
        expectations_hold(&problem, &Arguments::of("mixture"), reuse, q, rho, &[x0], horizon)?;
    }

    #[test]
    fn in_expectation_on_logistic_regression((problem, d) in tables(), reuse in reuses(), q in steps(), rho in radii(), x0 in prop::collection::vec(-3.0..3.0f64, 3), horizon in 1..4usize) {
        expectations_hold(&problem, &Arguments::of("logistic"), reuse, q, rho, &x0[..d], horizon)?;
    }

    #[test]
    fn in_expectation_on_their_own_functions(beta in decades(-2, 2), radius in decades(-2, 2), part in 0.001..0.499f64, reuse in reuses(), q in steps(), other in radii(), own in any::<bool>(), x0 in -5.0..5.0f64, horizon in 1..5usize) {
        let rho = if own { radius } else { other };
        let problems = [
            registered("sharp-trap", &[("beta", beta), ("mu", part * beta), ("radius", radius)]),
            registered("additive-noise", &[("lambda", beta), ("noise", 2.0 * beta * radius), ("p", part)]),
            registered("triangle", &[("beta", beta), ("radius", radius), ("eps", part), ("noise", 0.5 * part * beta * radius)]),
            registered("rippled", &[("mu", beta), ("amplitude", 10.0 * part * beta * radius), ("radius", radius)]),
        ];
        for (problem, name) in &problems {
            expectations_hold(problem.as_ref(), name, reuse, q, rho, &[x0 * radius], horizon)?;
        }
    }

    #[test]
    fn surely_in_the_trap(mu in decades(-1, 1), ratio in 2.01..40.0f64, theta in 0.01..0.99f64, radius in decades(-2, 2), part in 0.01..=1.0f64, x0 in 0.0..3.0f64, horizon in 1..11usize) {
        let (problem, name) = registered("trap", &[("beta", ratio * mu), ("mu", mu), ("theta", theta), ("radius", radius)]);
        let depth = theta * (ratio - 2.0) * radius / 2.0;
        let kink = (1.0 - theta) * (ratio - 2.0) * radius / ratio;
        let eta = part * kink / (mu * kink + 2.0 * mu * (radius + depth));
        prop_assume!((x0 - 1.0).abs() > 1e-9);
        expectations_hold(problem.as_ref(), &name, SampleReuse::Same, eta * mu, radius, &[x0 * radius], horizon)?;
    }
}
