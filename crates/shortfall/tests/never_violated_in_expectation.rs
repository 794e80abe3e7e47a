//! No statement is ever violated in expectation: random mixtures and finite sums, every registered stochastic method;
//! expectations by exact enumeration, written a second time.

mod common;

use common::random::{
    Setting, cases, complain, decades, mixtures, radii, regression_name, regressions, settings, softmaxes, steps,
    tables,
};
use common::{bounds, registered};
use proptest::prelude::*;
use shortfall::arguments::Arguments;
use shortfall::method::{Method, SampleReuse};
use shortfall::norm;
use shortfall::problem::{FiniteSum, Problem, Samples};
use shortfall::theorem::{Kind, Measure, Mode, Over, Scope};

/// Expectations at every step: value, gradient norm and its square.
#[derive(Clone, Default)]
struct Expectations {
    value: Vec<f64>,
    norm: Vec<f64>,
    square: Vec<f64>,
    /// Smallest value and squared gradient on any path.
    least: (f64, f64),
    /// `E x_t` in one dimension.
    position: Vec<f64>,
    /// `E |x_T|^2` and `E x_T`.
    last: (f64, Vec<f64>),
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
        self.found.position[t] += probability * x[0];
        self.found.least = (self.found.least.0.min(value), self.found.least.1.min(a * a));
        if t == self.horizon {
            self.found.last.0 += probability * x.iter().map(|x| x * x).sum::<f64>();
            self.found.last.1.iter_mut().zip(x).for_each(|(mean, x)| *mean += probability * x);
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
    setting: &Setting,
    start: &[f64],
    horizon: usize,
) -> Result<(), TestCaseError> {
    let Samples::Finite(sum) = problem.samples() else { unreachable!("a finite sum") };
    let Some(method) = setting.resolve(problem, start, horizon as u64, true) else { return Ok(()) };
    let zeros = vec![0.0; horizon + 1];
    let found = Expectations {
        value: zeros.clone(),
        norm: zeros.clone(),
        square: zeros.clone(),
        least: (f64::INFINITY, f64::INFINITY),
        position: zeros,
        last: (0.0, vec![0.0; start.len()]),
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
        let squared_distance = |point: &[f64]| {
            let (square, mean) = &all.found.last;
            square + point.iter().zip(mean).map(|(p, m)| p * (p - 2.0 * m)).sum::<f64>()
        };
        let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
        let mut size = base.abs();
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
            (Measure::Suboptimality, Over::WeightedMean { decay }, Mode::Expectation) => {
                let weights = (0..horizon).map(|t| (1.0 - decay).powi(-(t as i32 + 1)));
                let (sum, total) = weights.zip(&all.found.value).fold((0.0, 0.0), |s, (w, f)| (s.0 + w * f, s.1 + w));
                sum / total - base
            }
            (Measure::Suboptimality, Over::EveryStep { .. }, Mode::Expectation) => least(&all.found.value) - base,
            (Measure::SquaredDistance, Over::Final, Mode::Expectation) => {
                let Some(point) = problem.minimum().point().map(<[f64]>::to_vec) else { continue };
                size += all.found.last.0 + point.iter().map(|p| p * p).sum::<f64>();
                squared_distance(&point)
            }
            (Measure::SquaredDistanceTo { center }, Over::Final, Mode::Expectation) => {
                size += all.found.last.0 + center * center;
                squared_distance(&[center])
            }
            (Measure::Displacement, _, Mode::Expectation) => {
                least(&all.found.position) - problem.minimum().point().expect("known")[0]
            }
            // Of the run's window, or of a kink's field: on their witnesses.
            (Measure::SquaredDistanceTo { .. } | Measure::FieldJump | Measure::Exit { .. }, ..) => continue,
            other => panic!("{}: no exact value for {other:?}", judgement.theorem.id),
        };
        let slack = error + 1e-12 * (exact.abs() + size + judgement.value().unwrap_or(0.0).abs());
        let value = bound.value(judgement.form.kind);
        let kept = if judgement.form.kind == Kind::Lower { exact + slack >= value } else { exact - slack <= value };
        prop_assert!(kept, "{} exact {exact}: {}", judgement.theorem.id, complain(&judgement));
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(800))]

    #[test]
    fn on_mixtures(problem in mixtures(), setting in settings(), x0 in -8.0..8.0f64, horizon in 1..5usize) {
        expectations_hold(&problem, &Arguments::of("mixture"), &setting, &[x0], horizon)?;
    }

    #[test]
    fn on_logistic_regression((problem, d) in tables(), setting in settings(), x0 in prop::collection::vec(-3.0..3.0f64, 3), horizon in 1..4usize) {
        expectations_hold(&problem, &Arguments::of("logistic"), &setting, &x0[..d], horizon)?;
    }

    #[test]
    fn on_regression((problem, threshold, d) in regressions(), setting in settings(), x0 in prop::collection::vec(-3.0..3.0f64, 3), horizon in 1..4usize) {
        expectations_hold(&problem, &regression_name(threshold), &setting, &x0[..d], horizon)?;
    }

    #[test]
    fn on_softmax_regression((problem, d) in softmaxes(), setting in settings(), x0 in prop::collection::vec(-3.0..3.0f64, 6), horizon in 1..4usize) {
        expectations_hold(&problem, &Arguments::of("softmax"), &setting, &x0[..d], horizon)?;
    }

    #[test]
    fn on_their_own_functions(beta in decades(-2, 2), radius in decades(-2, 2), part in 0.001..0.499f64, setting in settings(), q in steps(), other in radii(), own in any::<bool>(), independent in any::<bool>(), x0 in -5.0..5.0f64, horizon in 1..5usize) {
        let rho = if own { radius } else { other };
        let setting = if own { Setting { independent, ..Setting::sam(q, rho) } } else { setting };
        let problems = [
            registered("sharp-trap", &[("beta", beta), ("mu", part * beta), ("radius", radius)]),
            registered("additive-noise", &[("lambda", beta), ("noise", 2.0 * beta * radius), ("p", part)]),
            registered("triangle", &[("beta", beta), ("radius", radius), ("eps", part), ("noise", 0.5 * part * beta * radius)]),
            registered("rippled", &[("mu", beta), ("amplitude", 10.0 * part * beta * radius), ("radius", radius)]),
        ];
        for (problem, name) in &problems {
            for start in [x0 * radius, (1.0 - 2.0 * part) * radius, -radius] {
                expectations_hold(problem.as_ref(), name, &setting, &[start], horizon)?;
            }
        }
    }

    #[test]
    fn surely_in_the_trap(mu in decades(-1, 1), ratio in 2.01..40.0f64, theta in 0.01..0.99f64, radius in decades(-2, 2), part in 0.01..=1.0f64, x0 in 0.0..3.0f64, horizon in 1..11usize) {
        let (problem, name) = registered("trap", &[("beta", ratio * mu), ("mu", mu), ("theta", theta), ("radius", radius)]);
        let depth = theta * (ratio - 2.0) * radius / 2.0;
        let kink = (1.0 - theta) * (ratio - 2.0) * radius / ratio;
        let eta = part * kink / (mu * kink + 2.0 * mu * (radius + depth));
        prop_assume!((x0 - 1.0).abs() > 1e-9);
        expectations_hold(problem.as_ref(), &name, &Setting::sam(eta * mu, radius), &[x0 * radius], horizon)?;
    }
}
