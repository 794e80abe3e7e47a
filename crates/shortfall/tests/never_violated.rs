//! No statement is ever violated: random problems of every class, both samplings, step sizes over the whole admissible
//! range with its ends; expectations by exact enumeration.

mod common;

use common::{bounds, registered, verdicts};
use proptest::prelude::*;
use shortfall::arguments::Arguments;
use shortfall::constants::{Number, Symbol};
use shortfall::kernel::norm;
use shortfall::method::{GradientDescent, Method, MethodRecipe, Normalised, SampleReuse, Sampling, Schedule, StepSize};
use shortfall::problem::{
    FiniteSum, Logistic, Minimum, Mixture, Piecewise, PiecewiseLinear, Problem, Quadratic, Samples,
};
use shortfall::theorem::{Kind, Measure, Mode, Over, Scope, with_step};
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

/// How a step size is given.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// `q/beta`
    OverBeta(f64),
    /// `q/beta` at first, then falling like `1/(1 + t/3)`.
    Falling(f64),
    /// The step a statement is made for.
    Of(&'static str),
}

/// The statements with a step of their own, and how many of them are about deterministic SAM.
const WITH_STEP: [&str; 11] = [
    "det-sc-decay",
    "det-sc-tuned",
    "det-cvx-upper",
    "det-cvx-min",
    "sto-sc-upper",
    "sto-sc-slide",
    "sto-sc-decay",
    "sto-grad-upper",
    "sto-grad-slide",
    "sto-cvx-fval-n",
    "sto-lip-upper",
];
const DETERMINISTIC: usize = 4;

fn plans(ids: &'static [&'static str]) -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => steps().prop_map(Step::OverBeta),
        1 => steps().prop_map(Step::Falling),
        2 => prop::sample::select(ids).prop_map(Step::Of),
    ]
}

fn deterministic_steps() -> impl Strategy<Value = Step> {
    plans(&WITH_STEP[..DETERMINISTIC])
}

fn stochastic_steps() -> impl Strategy<Value = Step> {
    plans(&WITH_STEP[DETERMINISTIC..])
}

/// Radii, most of them constant.
fn radius_schedules() -> impl Strategy<Value = Schedule> {
    prop_oneof![
        5 => radii().prop_map(Schedule::Constant),
        2 => radii().prop_map(Schedule::InverseSquareRoot),
        1 => radii().prop_map(|rho| Schedule::Hyperbolic { numerator: rho, slope: 0.5, offset: 1.0 }),
    ]
}

/// The method, if its step has a value: beta above `least`, and what else a statement's own step needs.
fn method(
    problem: &dyn Problem,
    start: &[f64],
    (step, rho): (Step, Schedule),
    sampling: Option<Sampling>,
    horizon: u64,
    least: f64,
) -> Option<Method> {
    let constants = problem.constants(&shortfall::problem::Ask { start, sampling });
    let beta = constants.get(Symbol::Beta).value().filter(|beta| *beta > least)?;
    let over_beta = |q: f64| shortfall::constants::directed::div_down(q, beta);
    let recipe =
        |eta| MethodRecipe { ascent: Box::new(Normalised), descent: Box::new(GradientDescent), eta, rho, sampling };
    match step {
        Step::OverBeta(q) => Some(recipe(StepSize::Fixed(1.0)).with_step(over_beta(q).into())),
        Step::Falling(q) => {
            let eta = Schedule::Hyperbolic { numerator: over_beta(q), slope: 1.0 / 3.0, offset: 1.0 };
            Some(recipe(StepSize::Fixed(1.0)).with_step(eta))
        }
        Step::Of(id) => with_step(recipe(StepSize::Theorem(id.to_owned())), &constants, horizon).ok(),
    }
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
    numbers: (Step, Schedule),
    start: &[f64],
    horizon: u64,
) -> Result<(), TestCaseError> {
    let Some(method) = method(problem, start, numbers, None, horizon, 1e-9) else { return Ok(()) };
    let (_, judgements) = verdicts(problem, name, &method, start, horizon, 1);
    for judgement in &judgements {
        prop_assert_ne!(judgement.verdict, Verdict::Violated, "{}", complain(judgement));
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn on_quadratics((problem, start) in quadratics(), step in deterministic_steps(), rho in radius_schedules(), horizon in 1..400u64) {
        holds(&problem, &Arguments::of("quadratic"), (step, rho), &start, horizon)?;
    }

    #[test]
    fn on_piecewise_functions(line in prop_oneof![lines(true, false), lines(false, false), lines(true, true), lines(false, true)], step in deterministic_steps(), rho in radius_schedules(), x0 in -20.0..20.0f64, horizon in 1..300u64) {
        holds(&Piecewise::new(line, 1.0), &Arguments::of("piecewise"), (step, rho), &[x0], horizon)?;
    }

    #[test]
    fn on_their_own_functions(beta in decades(-2, 2), radius in decades(-2, 2), eps in 0.001..0.499f64, phase in 3.2..6.2f64, step in deterministic_steps(), other in radius_schedules(), own in any::<bool>(), x0 in -5.0..5.0f64, horizon in 1..3000u64) {
        let numbers = (step, if own { radius.into() } else { other });
        let five_thirds = 5.0 * std::f64::consts::PI / 3.0;
        let (sine, name) = registered("sine", &[("beta", beta), ("radius", radius), ("phase", five_thirds)]);
        holds(sine.as_ref(), &name, numbers, &[x0 * radius], horizon)?;
        let (sine, name) = registered("sine", &[("beta", beta), ("radius", radius), ("phase", phase)]);
        holds(sine.as_ref(), &name, numbers, &[x0 * radius], horizon)?;
        let (triangle, name) = registered("triangle", &[("beta", beta), ("radius", radius), ("eps", eps)]);
        holds(triangle.as_ref(), &name, numbers, &[x0 * radius], horizon)?;
        let (huber, name) = registered("huber", &[("beta", beta), ("lipschitz", radius)]);
        holds(huber.as_ref(), &name, numbers, &[x0 * radius], horizon)?;
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
    /// `E |x_T - x*|^2`, zero where no minimiser is known.
    distance: f64,
    /// Smallest value and squared gradient on any path.
    least: (f64, f64),
}

/// Follows every path of samples, each with its probability.
struct Enumeration<'a> {
    problem: &'a dyn Problem,
    sum: &'a dyn FiniteSum,
    method: &'a Method,
    horizon: usize,
    minimiser: Option<&'a [f64]>,
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
            let away = |point: &[f64]| x.iter().zip(point).map(|(x, p)| (x - p) * (x - p)).sum::<f64>();
            self.found.distance += probability * self.minimiser.map_or(0.0, away);
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
    numbers: (Step, Schedule),
    start: &[f64],
    horizon: usize,
) -> Result<(), TestCaseError> {
    let Samples::Finite(sum) = problem.samples() else { unreachable!("a finite sum") };
    let sampling = Some(Sampling { batch: 1, replacement: true, reuse });
    let Some(method) = method(problem, start, numbers, sampling, horizon as u64, 1e-6) else { return Ok(()) };
    let zeros = vec![0.0; horizon + 1];
    let found = Expectations {
        value: zeros.clone(),
        norm: zeros.clone(),
        square: zeros,
        distance: 0.0,
        least: (f64::INFINITY, f64::INFINITY),
    };
    let minimum = problem.minimum();
    let minimiser = match &minimum {
        Minimum::Known { point, .. } => Some(point.as_slice()),
        _ => None,
    };
    let mut all = Enumeration { problem, sum, method: &method, horizon, minimiser, found };
    all.visit(0, start, 1.0);
    let mu = problem.constants(&shortfall::problem::Ask { start, sampling }).get(Symbol::Mu).value();
    for judgement in bounds(problem, name, &method, start, horizon as u64) {
        let (Some(bound), Scope::Instance) = (&judgement.bound, judgement.form.scope) else { continue };
        if judgement.form.kind == Kind::Prediction {
            continue;
        }
        let mean = |values: &[f64]| values[..horizon].iter().sum::<f64>() / horizon as f64;
        let (base, error) = minimum.value().unwrap_or((0.0, 0.0));
        let mut slack = error;
        let exact = match (judgement.quantity.measure, judgement.quantity.over, judgement.form.mode) {
            (Measure::Suboptimality, Over::Final, Mode::Expectation) => all.found.value[horizon] - base,
            (Measure::Suboptimality, Over::Mean, Mode::Expectation) => mean(&all.found.value) - base,
            (Measure::Suboptimality, Over::WeightedMean { decay }, Mode::Expectation) => {
                let weights: Vec<f64> = (0..horizon).map(|t| (1.0 - decay).powi(-(t as i32 + 1))).collect();
                let sum: f64 = weights.iter().zip(&all.found.value).map(|(w, value)| w * (value - base)).sum();
                sum / weights.iter().sum::<f64>()
            }
            (Measure::SquaredDistance, Over::Final, Mode::Expectation) => {
                // The minimiser is known up to sqrt(2 error/mu).
                let radius = (2.0 * error / mu.unwrap_or(0.0)).sqrt();
                slack = radius * (radius + 2.0 * all.found.distance.sqrt());
                all.found.distance
            }
            (Measure::SquaredGradientNorm, Over::Mean, Mode::Expectation) => mean(&all.found.square),
            (Measure::SquaredGradientNorm, Over::RootMean, Mode::Expectation) => mean(&all.found.square).sqrt(),
            (Measure::GradientExcess { threshold }, _, Mode::Expectation) => {
                mean(&all.found.square) - 2.0 * threshold * mean(&all.found.norm) + threshold * threshold
            }
            (Measure::Suboptimality, Over::EveryStep { .. }, Mode::AlmostSure) => all.found.least.0 - base,
            (Measure::SquaredGradientNorm, Over::EveryStep { .. }, Mode::AlmostSure) => all.found.least.1,
            other => panic!("{}: no exact value for {other:?}", judgement.theorem.id),
        };
        let slack = slack + 1e-12 * (exact.abs() + base.abs() + judgement.value().unwrap_or(0.0).abs());
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
    fn on_logistic_regression((problem, d) in tables(), step in deterministic_steps(), rho in radius_schedules(), x0 in prop::collection::vec(-3.0..3.0f64, 3), horizon in 1..200u64) {
        holds(&problem, &Arguments::of("logistic"), (step, rho), &x0[..d], horizon)?;
    }

    #[test]
    fn in_expectation_on_mixtures(problem in mixtures(), reuse in reuses(), step in stochastic_steps(), rho in radius_schedules(), x0 in -8.0..8.0f64, horizon in 1..5usize) {
        expectations_hold(&problem, &Arguments::of("mixture"), reuse, (step, rho), &[x0], horizon)?;
    }

    #[test]
    fn in_expectation_on_logistic_regression((problem, d) in tables(), reuse in reuses(), step in stochastic_steps(), rho in radius_schedules(), x0 in prop::collection::vec(-3.0..3.0f64, 3), horizon in 1..4usize) {
        expectations_hold(&problem, &Arguments::of("logistic"), reuse, (step, rho), &x0[..d], horizon)?;
    }

    #[test]
    fn surely_in_the_trap(mu in decades(-1, 1), ratio in 2.01..40.0f64, theta in 0.01..0.99f64, radius in decades(-2, 2), part in 0.01..=1.0f64, x0 in 0.0..3.0f64, horizon in 1..11usize) {
        let (problem, name) = registered("trap", &[("beta", ratio * mu), ("mu", mu), ("theta", theta), ("radius", radius)]);
        let depth = theta * (ratio - 2.0) * radius / 2.0;
        let kink = (1.0 - theta) * (ratio - 2.0) * radius / ratio;
        let eta = part * kink / (mu * kink + 2.0 * mu * (radius + depth));
        prop_assume!((x0 - 1.0).abs() > 1e-9);
        expectations_hold(problem.as_ref(), &name, SampleReuse::Same, (Step::OverBeta(eta * mu), radius.into()), &[x0 * radius], horizon)?;
    }
}

#[test]
fn every_step_with_a_name_is_judged_by_its_statement() {
    let features: Vec<f64> = (0..10).map(|i| (i as f64 * 0.77).sin() * 2.0).collect();
    let logistic = Logistic::new(2, &features, &[1.0, -1.0, 1.0, 1.0, -1.0], 0.1);
    let piece = |slopes: [f64; 3], at_zero: f64| {
        let slopes = slopes.into_iter().map(Number::exact).collect();
        PiecewiseLinear::from_value_at_zero(vec![-1.0, 1.0], slopes, at_zero.into())
    };
    let lipschitz = Mixture::new(vec![piece([0.0, 1.0, 0.0], 0.5), piece([0.0, 2.0, 0.0], -0.5)], vec![0.5, 0.5]);
    for (k, id) in WITH_STEP.into_iter().enumerate() {
        let samplings =
            if k < DETERMINISTIC { vec![None] } else { vec![Some(SampleReuse::Same), Some(SampleReuse::Independent)] };
        for reuse in samplings {
            let only_n = id == "sto-cvx-fval-n" && reuse == Some(SampleReuse::Same);
            let sampling = reuse.map(|reuse| Sampling { batch: 1, replacement: true, reuse });
            let (problem, start): (&dyn Problem, &[f64]) =
                if id == "sto-lip-upper" { (&lipschitz, &[3.0]) } else { (&logistic, &[1.0, -2.0]) };
            let method = method(problem, start, (Step::Of(id), 0.05.into()), sampling, 30, 1e-9);
            let method = method.unwrap_or_else(|| panic!("{id} has a step"));
            let judgements = bounds(problem, &Arguments::of("any"), &method, start, 30);
            let applies = judgements.iter().any(|one| one.theorem.id == id && one.bound.is_some());
            assert_eq!(applies, !only_n, "{id} {reuse:?}");
        }
    }
}
