//! What a run means, in plain sentences: the floor, what predicts it, what sets it, what would halve it.

use crate::experiment::{Experiment, Finished};
use shortfall::constants::Symbol;
use shortfall::simulate::{Floor, Outcome};
use shortfall::text::{factor, number};
use shortfall::theorem::{Kind, Measure, Over, Scope};
use shortfall::verdict::{Judgement, Verdict};

/// What sets the floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The run still comes down.
    TooFewSteps,
    /// The step size is 2/beta or more: it does not come down.
    Unstable,
    /// The perturbation.
    Rho,
    /// Gradient noise.
    Noise,
    /// Both alike.
    RhoAndNoise,
    /// Nothing: the run is at the minimum as far as rounding lets one see.
    Rounding,
}

/// `eta/4 sigma2_star`: the long-run excess of SGD near a minimiser to first order in eta
/// (THEORY.md `sto-floor-small-eta`, with the noise taken at x* itself).
fn noise_part(experiment: &Experiment) -> Option<f64> {
    experiment.method.sampling?;
    Some(experiment.method.eta.first() / 4.0 * experiment.constants.get(Symbol::Sigma2Star).value()?)
}

fn prediction<'a>(finished: &'a Finished, id: &str) -> Option<&'a Judgement> {
    finished.judgements.iter().find(|judgement| judgement.theorem.id == id && judgement.value().is_some())
}

/// The sharpest statement about the floor of this run.
fn predictor(finished: &Finished) -> Option<&Judgement> {
    let about_floor = |judgement: &&Judgement| {
        judgement.quantity.measure == Measure::Suboptimality
            && matches!(judgement.quantity.over, Over::Limit | Over::EveryStep { .. })
            && matches!(judgement.form.kind, Kind::Exact | Kind::Prediction)
            && judgement.ratio().is_some()
    };
    let miss = |judgement: &&Judgement| (judgement.ratio().unwrap_or(f64::INFINITY) - 1.0).abs();
    finished.judgements.iter().filter(about_floor).min_by(|a, b| miss(a).total_cmp(&miss(b)))
}

/// What sets the floor.
pub fn cause(experiment: &Experiment, finished: &Finished, floor: &Floor) -> Cause {
    let error = (floor.interval.mean - floor.interval.low).abs();
    let single = finished.run.lanes.len() == 1;
    if single && floor.interval.mean.abs() <= 2.0 * error {
        return Cause::Rounding;
    }
    if !floor.settled {
        let beta = experiment.constants.get(Symbol::Beta).value().unwrap_or(0.0);
        return if experiment.method.eta.first() * beta >= 2.0 { Cause::Unstable } else { Cause::TooFewSteps };
    }
    let perturbs = experiment.method.rho.first() > 0.0;
    match (noise_part(experiment), prediction(finished, "sto-floor-first-order").and_then(Judgement::value)) {
        _ if !perturbs && experiment.method.sampling.is_some() => Cause::Noise,
        (None, _) => Cause::Rho,
        (Some(noise), Some(bias)) if noise > 3.0 * bias => Cause::Noise,
        (Some(noise), Some(bias)) if bias > 3.0 * noise => Cause::Rho,
        (Some(_), Some(_)) => Cause::RhoAndNoise,
        (Some(noise), None) if noise >= 0.5 * floor.interval.mean => Cause::Noise,
        (Some(noise), None) if noise <= 0.1 * floor.interval.mean => Cause::Rho,
        (Some(_), None) => Cause::RhoAndNoise,
    }
}

/// Two to five sentences.
pub fn sentences(experiment: &Experiment, finished: &Finished) -> Vec<String> {
    let mut said = Vec::new();
    let steps = finished.run.plan.steps;
    match finished.run.outcome {
        Outcome::Diverged { step } => {
            let limit = experiment.constants.get(Symbol::Beta).value().map(|beta| 2.0 / beta);
            let advice = match limit {
                Some(limit) if experiment.method.eta.first() >= limit => {
                    format!(
                        ": eta = {} is above 2/beta = {}; take it below",
                        number(experiment.method.eta.first()),
                        number(limit)
                    )
                }
                _ => String::new(),
            };
            return vec![format!("The run diverged at step {step}{advice}.")];
        }
        Outcome::Stopped { step } => {
            said.push(format!("The run was stopped after {step} steps; what follows is about those."))
        }
        Outcome::Completed => {}
    }
    let Some(floor) = finished.run.floor() else {
        said.push(match finished.run.base_error {
            None => {
                format!("f* is not known here, so there is no floor of f - f* to speak of{}.", last_gradient(finished))
            }
            Some(_) => {
                format!("{steps} steps are too few for a floor: it is the mean over the last tenth of the steps.")
            }
        });
        said.extend(about_vacuous(finished));
        return said;
    };
    said.push(describe(finished, &floor));
    let cause = cause(experiment, finished, &floor);
    if cause != Cause::Rounding {
        said.extend(predicted(finished, &floor));
    }
    said.push(advice(experiment, finished, cause));
    said.extend(looseness(experiment, finished, &floor));
    said.extend(about_vacuous(finished));
    said
}

fn last_gradient(finished: &Finished) -> String {
    let last = finished.run.trace().last().map(|row| row.2.mean);
    last.map_or(String::new(), |norm| format!("; the gradient norm ended at {}", number(norm)))
}

fn describe(finished: &Finished, floor: &Floor) -> String {
    let seeds = finished.run.lanes.len();
    let mean = number(floor.interval.mean);
    let range = format!("between {} and {}", number(floor.smallest), number(floor.largest));
    let over = if seeds > 1 { format!(" (mean of {seeds} seeds)") } else { String::new() };
    if floor.settled {
        format!("The run stops at f - f* = {mean}{over}: over the last tenth of its steps it stays {range}.")
    } else {
        format!(
            "The run has not come to rest: over the last tenth of its steps f - f* is {mean} on average{over}, {range}, and still moving."
        )
    }
}

fn predicted(finished: &Finished, floor: &Floor) -> Option<String> {
    if let Some(judgement) = predictor(finished) {
        let (value, ratio) = (judgement.value()?, judgement.ratio()?);
        let id = judgement.theorem.id;
        let how = match judgement.verdict {
            Verdict::Holds => "and the run is exactly there".to_owned(),
            Verdict::Agrees => format!("and the run is within {:.1} % of it", ((ratio - 1.0).abs() * 100.0).max(0.1)),
            _ => format!("and the run is at {} times that", factor(ratio)),
        };
        let reason = judgement.reasons.last().filter(|_| judgement.verdict == Verdict::Undecided);
        return Some(format!(
            "`{id}` puts it at {}, {how}{}.",
            number(value),
            reason.map_or(String::new(), |r| format!(" ({r})"))
        ));
    }
    let value =
        prediction(finished, "sto-floor-first-order").and_then(Judgement::value).filter(|value| *value > 0.0)?;
    Some(format!(
        "The part of it that rho alone brings is {} (`sto-floor-first-order`); the run's floor is {} times that.",
        number(value),
        factor(floor.interval.mean / value)
    ))
}

fn advice(experiment: &Experiment, finished: &Finished, cause: Cause) -> String {
    let rho = experiment.method.rho.first();
    let eta = experiment.method.eta.first();
    let batch = experiment.method.sampling.map_or(1, |sampling| sampling.batch);
    match cause {
        Cause::TooFewSteps if !experiment.method.rho.is_constant() => {
            "rho decays, so no floor stays: it comes down for as long as the run goes on.".to_owned()
        }
        Cause::TooFewSteps => format!(
            "Too few steps set it, not rho or eta: run longer than {} steps before changing either.",
            finished.run.plan.steps
        ),
        Cause::Unstable => {
            "The step size sets it: eta is 2/beta or more, where even gradient descent need not come down.".to_owned()
        }
        Cause::Rounding => {
            "It is at the minimum as far as double precision lets one see: nothing holds it up.".to_owned()
        }
        Cause::Noise => format!(
            "Gradient noise sets it{}: halve it with eta = {} or batch = {}; a smaller rho would not help.",
            noise_part(experiment).map_or(String::new(), |noise| format!(" (eta/4 sigma2_star = {})", number(noise))),
            number(eta / 2.0),
            batch * 2
        ),
        Cause::Rho if experiment.method.sampling.is_some() => format!(
            "rho sets it, not the noise: rho = {} would halve it; a smaller eta would not.",
            number(rho / 2f64.sqrt())
        ),
        Cause::Rho => format!(
            "rho and eta set it together, as (rho eta)^2: rho = {} or eta = {} would halve it.",
            number(rho / 2f64.sqrt()),
            number(eta / 2f64.sqrt())
        ),
        Cause::RhoAndNoise => format!(
            "rho and gradient noise set it together: halve it with rho = {} and eta = {} (or batch = {}) at once.",
            number(rho / 2f64.sqrt()),
            number(eta / 2.0),
            batch * 2
        ),
    }
}

/// How far the bounds that hold stand above the floor, and why.
fn looseness(experiment: &Experiment, finished: &Finished, floor: &Floor) -> Option<String> {
    let upper = |judgement: &&Judgement| {
        judgement.form.kind == Kind::Upper
            && judgement.form.scope == Scope::Instance
            && judgement.quantity.measure == Measure::Suboptimality
            && matches!(judgement.verdict, Verdict::Holds | Verdict::Undecided)
    };
    let ratios: Vec<f64> = finished
        .judgements
        .iter()
        .filter(upper)
        .filter_map(|judgement| Some(judgement.value()? / floor.interval.mean))
        .filter(|ratio| ratio.is_finite() && *ratio > 0.0)
        .collect();
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    if ratios.is_empty() || least < 10.0 || !floor.settled {
        return None;
    }
    let span = if most < 1.5 * least { factor(least) } else { format!("{} to {}", factor(least), factor(most)) };
    let beta = experiment.constants.get(Symbol::Beta).value()?;
    let why = match &experiment.facts.curvature {
        Some(curvature) if curvature.top.middle() < 0.9 * beta => format!(
            "they know one beta = {} for the whole space, while the curvature where the run rests is {}",
            number(beta),
            number(curvature.top.middle())
        ),
        _ => "they hold for every function with these constants, and this is not the worst".to_owned(),
    };
    Some(format!("The bounds that hold stand {span} times above that floor: {why}."))
}

/// Why nothing is said, where every stochastic or deterministic bound is empty.
fn about_vacuous(finished: &Finished) -> Option<String> {
    let upper = |judgement: &&Judgement| judgement.form.kind == Kind::Upper && judgement.form.scope == Scope::Instance;
    let says =
        |judgement: &Judgement| matches!(judgement.verdict, Verdict::Holds | Verdict::Undecided | Verdict::Violated);
    if finished.judgements.iter().filter(upper).any(says) {
        return None;
    }
    let vacuous = finished.judgements.iter().filter(upper).find(|judgement| judgement.verdict == Verdict::Vacuous)?;
    let reason = vacuous.reasons.first()?;
    Some(format!("No bound says anything here: that of `{}`, {reason}.", vacuous.theorem.id))
}
