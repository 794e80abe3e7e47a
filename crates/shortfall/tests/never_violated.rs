//! No statement is ever violated by a run: random problems of every class, every registered method, step sizes over the
//! whole admissible range with its ends and every step a statement is stated for.

mod common;

use common::random::{
    Setting, cases, complain, decades, lines, networks, quadratics, regression_name, regressions, settings, softmaxes,
    tables,
};
use common::{registered, verdicts};
use proptest::prelude::*;
use shortfall::arguments::Arguments;
use shortfall::problem::{Expression, NoisyQuadratic, Piecewise, Problem};
use shortfall::verdict::Verdict;

/// Runs deterministically and looks for violations.
fn holds(
    problem: &dyn Problem,
    name: &Arguments,
    setting: &Setting,
    start: &[f64],
    horizon: u64,
) -> Result<(), TestCaseError> {
    let Some(method) = setting.resolve(problem, start, horizon, false) else { return Ok(()) };
    let (_, judgements) = verdicts(problem, name, &method, start, horizon, 1);
    for judgement in &judgements {
        prop_assert_ne!(judgement.verdict, Verdict::Violated, "{}", complain(judgement));
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn on_quadratics((problem, start) in quadratics(), setting in settings(), horizon in 1..400u64) {
        holds(&problem, &Arguments::of("quadratic"), &setting, &start, horizon)?;
    }

    #[test]
    fn on_piecewise_functions(line in prop_oneof![lines(true, false), lines(false, false), lines(true, true), lines(false, true)], setting in settings(), x0 in -20.0..20.0f64, horizon in 1..300u64) {
        holds(&Piecewise::new(line, 1.0), &Arguments::of("piecewise"), &setting, &[x0], horizon)?;
    }

    #[test]
    fn on_their_own_functions(beta in decades(-2, 2), radius in decades(-2, 2), eps in 0.001..0.499f64, setting in settings(), own in any::<bool>(), x0 in -5.0..5.0f64, horizon in 1..3000u64) {
        let setting = Setting { rho: if own { radius } else { setting.rho }, ..setting };
        let five_thirds = 5.0 * std::f64::consts::PI / 3.0;
        let (sine, name) = registered("sine", &[("beta", beta), ("radius", radius), ("phase", five_thirds)]);
        holds(sine.as_ref(), &name, &setting, &[x0 * radius], horizon)?;
        let (triangle, name) = registered("triangle", &[("beta", beta), ("radius", radius), ("eps", eps)]);
        holds(triangle.as_ref(), &name, &setting, &[x0 * radius], horizon)?;
        let noisy = NoisyQuadratic::new(vec![beta, 0.3 * beta], radius);
        holds(&noisy, &Arguments::of("noisy-quadratic"), &setting, &[x0 * radius, -x0], horizon.min(400))?;
        let (huber, name) = registered("huber", &[("beta", beta), ("lipschitz", radius)]);
        holds(huber.as_ref(), &name, &setting, &[x0 * radius], horizon)?;
        let cap = (1.0 - eps) * beta * radius * (0.2 * x0.abs()).clamp(0.01, 0.99);
        let (wave, name) = registered("capped-wave", &[("beta", beta), ("radius", radius), ("eps", eps), ("cap", cap)]);
        holds(wave.as_ref(), &name, &setting, &[x0 * radius], horizon)?;
        let (mu, ridge) = (eps * beta, (0.5 - eps) * beta * 0.99);
        let (ridges, name) = registered("double-ridge", &[("beta", beta), ("mu", mu), ("ridge", ridge)]);
        holds(ridges.as_ref(), &name, &setting, &[x0 * radius, (1.0 - x0) * radius], horizon)?;
    }

    #[test]
    fn on_logistic_regression((problem, d) in tables(), setting in settings(), x0 in prop::collection::vec(-3.0..3.0f64, 3), horizon in 1..200u64) {
        holds(&problem, &Arguments::of("logistic"), &setting, &x0[..d], horizon)?;
    }

    #[test]
    fn on_regression((problem, threshold, d) in regressions(), setting in settings(), x0 in prop::collection::vec(-3.0..3.0f64, 3), horizon in 1..200u64) {
        holds(&problem, &regression_name(threshold), &setting, &x0[..d], horizon)?;
    }

    #[test]
    fn on_networks((problem, d) in networks(), setting in settings(), x0 in prop::collection::vec(-3.0..3.0f64, 10), horizon in 1..200u64) {
        holds(&problem, &Arguments::of("mlp"), &setting, &x0[..d], horizon)?;
    }

    #[test]
    fn on_softmax_regression((problem, d) in softmaxes(), setting in settings(), x0 in prop::collection::vec(-3.0..3.0f64, 6), horizon in 1..200u64) {
        holds(&problem, &Arguments::of("softmax"), &setting, &x0[..d], horizon)?;
    }

    #[test]
    fn on_expressions(text in prop::sample::select(vec!["cos(x)+x^2/10", "log(1+x^2)", "tanh(x)^2", "3*x^2/7-sin(x)", "exp(-x^2)*2", "sqrt(1+x^2)+atan(3*x)", "(x-1)^2/pi+e*x"]), setting in settings(), x0 in -8.0..8.0f64, horizon in 1..1000u64) {
        let problem = Expression::new(text, None).expect("good");
        holds(&problem, &Arguments::of("expression"), &setting, &[x0], horizon)?;
    }
}
