//! What a run means, in plain sentences: the floor, what predicts it, what sets it, what would halve it.

use crate::experiment::{Experiment, Finished};
use shortfall::constants::Symbol;
use shortfall::method::Perturbation;
use shortfall::norm;
use shortfall::problem::Minimum;
use shortfall::simulate::{Expectations, Floor, Outcome, Record};
use shortfall::text::{factor, number};
use shortfall::theorem::{Kind, Measure, Over, Scope};
use shortfall::verdict::{Judgement, Verdict};

/// What sets the floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The run still comes down.
    TooFewSteps,
    /// The run moves without coming down.
    Restless,
    /// Steps are smaller than the spacing of doubles.
    Stuck,
    /// The step size is 2/beta or more, and the run does not come down, or 2 by the curvature at the minimum.
    Unstable,
    /// No plain steps: no statement is about them.
    OtherDescent,
    /// SAM rests at a fixed point that is no critical point: the gradient at the perturbed point vanishes.
    FixedPoint,
    /// The perturbation.
    Rho,
    /// The perturbation of single samples, beyond what noise or the first order in rho explain.
    RhoOnSamples,
    /// Gradient noise.
    Noise,
    /// Both alike.
    RhoAndNoise,
    /// Nothing: the run is at the minimum as far as rounding lets one see.
    Rounding,
}

/// `eta/4 sigma2_star`: the long-run excess of SGD near a minimiser to first order in eta
/// (THEORY.md `sto-floor-small-eta`, with the noise taken at x* itself).
pub(crate) fn noise_part(experiment: &Experiment) -> Option<f64> {
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
            && matches!(judgement.quantity.over, Over::Limit | Over::Stationary | Over::EveryStep { .. })
            && matches!(judgement.form.kind, Kind::Exact | Kind::Prediction)
            && judgement.ratio().is_some()
    };
    let miss = |judgement: &&Judgement| judgement.ratio().map_or(f64::INFINITY, |ratio| ratio.ln().abs());
    finished.judgements.iter().filter(about_floor).min_by(|a, b| miss(a).total_cmp(&miss(b)))
}

/// The curvature along which the run hops, where a statement about such a cycle is right to a factor 2.
fn hopping_curvature(experiment: &Experiment, finished: &Finished) -> Option<f64> {
    let ids = ["quad-cycle", "quad-global", "det-floor-local"];
    let judgement = predictor(finished).filter(|judgement| ids.contains(&judgement.theorem.id))?;
    judgement.ratio().filter(|ratio| (0.5..2.0).contains(ratio))?;
    Some(experiment.facts.curvature.as_ref()?.top.middle())
}

/// Whether the run ended where the gradient at the perturbed point vanishes though that at the point does not.
fn is_fixed_point(experiment: &Experiment, finished: &Finished) -> bool {
    let (problem, method) = (experiment.problem(), &experiment.method);
    let [state] = &finished.run.states[..] else { return false };
    if method.sampling.is_some() || state.width > 1 {
        return false;
    }
    let x = &state.x;
    let mut g = vec![0.0; x.len()];
    let mut y = g.clone();
    problem.gradient(x, &mut g);
    method.ascent.point(method.rho.at(finished.run.plan.steps), x, &g, &mut y);
    let before = norm(&g);
    problem.gradient(&y, &mut g);
    before > 0.0 && norm(&g) <= 1e-6 * before
}

/// The curvature at the minimum of a convex f, where plain steps of this length cannot stay.
fn curvature_that_throws_it_off(experiment: &Experiment) -> Option<f64> {
    let top = experiment.facts.curvature.as_ref()?.top.low;
    let is_convex = experiment.constants.get(Symbol::Omega).value() == Some(0.0);
    let is_plain = experiment.method.descent.is_gradient_descent();
    let is_too_long = is_convex && is_plain && experiment.method.eta.first() * top > 2.0;
    is_too_long.then_some(top)
}

fn last_norm(finished: &Finished) -> Option<f64> {
    finished.run.trace().last().map(|row| row.2.mean)
}

/// Whether the run repeats itself bit for bit because a step along its gradient is too small to be seen.
fn is_stuck(experiment: &Experiment, finished: &Finished) -> bool {
    let [state] = &finished.run.states[..] else { return false };
    let size = state.x.iter().fold(0.0, |size: f64, x| size.max(x.abs()));
    let step = last_norm(finished).map_or(f64::NAN, |norm| norm * experiment.method.eta.first());
    matches!(finished.run.outcome, Outcome::Periodic { .. }) && step <= 1e-12 * size
}

/// What sets the floor.
pub fn cause(experiment: &Experiment, finished: &Finished, floor: &Floor) -> Cause {
    let mean = floor.interval.mean;
    if !matches!(finished.run.expectation, Expectations::Sampled)
        && mean.abs() <= 2.0 * (mean - floor.interval.low).abs()
    {
        return Cause::Rounding;
    }
    let beta = experiment.constants.get(Symbol::Beta).value().unwrap_or(0.0);
    let stays_up = experiment.at_start.suboptimality.is_some_and(|start| mean >= 0.5 * start);
    if experiment.method.eta.first() * beta >= 2.0 * (1.0 - 1e-9) && stays_up {
        return Cause::Unstable;
    }
    let moves = floor.smallest < floor.largest;
    if moves && !floor.falls && curvature_that_throws_it_off(experiment).is_some() {
        return Cause::Unstable;
    }
    let perturbs = experiment.method.rho.first() > 0.0;
    let stochastic = experiment.method.sampling.is_some();
    if !floor.settled && is_stuck(experiment, finished) {
        return Cause::Stuck;
    }
    if !floor.settled && !floor.falls {
        return Cause::Restless;
    }
    if !floor.settled || (!perturbs && !stochastic) {
        return Cause::TooFewSteps;
    }
    if !experiment.method.descent.is_gradient_descent() {
        return Cause::OtherDescent;
    }
    let Some(noise) = noise_part(experiment) else {
        return if stochastic {
            Cause::RhoAndNoise
        } else if is_fixed_point(experiment, finished) {
            Cause::FixedPoint
        } else {
            Cause::Rho
        };
    };
    let first_order = prediction(finished, "sto-floor-first-order").and_then(Judgement::value);
    let bias = first_order.unwrap_or(0.0);
    // Where a statement about the whole floor is right to a third, what it adds to the noise alone is rho's doing.
    let mut whole = ["gauss-var", "sto-floor-small-eta"].into_iter().filter_map(|id| prediction(finished, id)?.value());
    let whole = whole.find(|whole| (0.75..1.5).contains(&(mean / whole)));
    let bias = whole.map_or(bias, |whole| (whole - noise).max(bias));
    let explains = |part: f64| part >= mean / 3.0;
    match () {
        () if !perturbs => Cause::Noise,
        () if explains(bias) && bias > 3.0 * noise => Cause::Rho,
        // Without a statement about rho's part nothing is said against it.
        () if explains(noise) && noise > 3.0 * bias && (whole.is_some() || first_order.is_some()) => Cause::Noise,
        () if explains(bias + noise) => Cause::RhoAndNoise,
        () => Cause::RhoOnSamples,
    }
}

/// Error of f*, relative to f at the start, that is more than rounding.
const VAGUE: f64 = 1e-9;

/// The error of f*, if it is more than rounding and hides the floor.
fn vague_minimum(experiment: &Experiment, finished: &Finished, floor: &Floor) -> Option<f64> {
    let error = finished.run.base_error?;
    let start = experiment.at_start.suboptimality.unwrap_or(1.0);
    (error >= 0.5 * floor.interval.mean.abs() && error > VAGUE * start).then_some(error)
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
        Outcome::Periodic { period: 1 } => said.push("The run rests: its last steps change no bit.".to_owned()),
        Outcome::Periodic { period } => {
            said.push(format!("The run repeats itself exactly, bit for bit, every {period} steps."));
        }
        Outcome::Completed => {}
    }
    let Some(floor) = finished.run.floor() else {
        said.push(match (&experiment.minimum, finished.run.base_error) {
            (Minimum::Unbounded { how }, _) => {
                format!("f is not bounded below ({how}): there is no floor to speak of{}.", last_gradient(finished))
            }
            (_, None) => {
                format!("f* is not known here, so there is no floor of f - f* to speak of{}.", last_gradient(finished))
            }
            _ if finished.run.plan.record == Record::Ends => match &finished.run.trace()[..] {
                [(_, first, _), .., (_, last, _)] => format!(
                    "Only the first and the last step were evaluated: f - f* went from {} to {}.",
                    number(first.mean),
                    number(last.mean)
                ),
                _ => "Only the first and the last step were evaluated.".to_owned(),
            },
            _ => format!("T = {steps} is too short for a floor: it is the mean over the last tenth of the steps."),
        });
        said.extend(about_silence(experiment, finished));
        return said;
    };
    if let Some(error) = vague_minimum(experiment, finished, &floor) {
        said.push(format!(
            "f* is known here only to within {}, which is too wide to tell a floor from{}.",
            number(error),
            last_gradient(finished)
        ));
        said.extend(about_silence(experiment, finished));
        return said;
    }
    let cause = cause(experiment, finished, &floor);
    said.push(describe(finished, &floor, cause));
    said.extend(cycle(experiment, finished).filter(|_| floor.settled && cause != Cause::Rounding));
    if floor.settled && cause != Cause::Rounding {
        said.extend(predicted(finished, &floor));
    }
    said.push(advice(experiment, finished, cause));
    if cause != Cause::Rounding {
        said.extend(looseness(experiment, finished, &floor));
    }
    said.extend(about_silence(experiment, finished));
    said
}

fn last_gradient(finished: &Finished) -> String {
    last_norm(finished).map_or(String::new(), |norm| format!("; the gradient norm ended at {}", number(norm)))
}

fn describe(finished: &Finished, floor: &Floor, cause: Cause) -> String {
    if cause == Cause::Rounding {
        return "The run ends at f*, to within the rounding of f.".to_owned();
    }
    let seeds = finished.run.lanes.len();
    let mean = number(floor.interval.mean);
    let over = finished.run.mean_over().map_or(String::new(), |over| format!(" (mean of {over})"));
    let (smallest, largest) = (number(floor.smallest), number(floor.largest));
    let range = match (smallest == largest, seeds > 1) {
        (true, _) => "and stays there".to_owned(),
        (false, true) => format!("single runs passing between {smallest} and {largest} in the last tenth of the steps"),
        (false, false) => format!("moving between {smallest} and {largest} over the last tenth of its steps"),
    };
    if cause == Cause::Stuck {
        format!("The run stays at f - f* = {mean}.")
    } else if floor.settled {
        format!("The run stops at f - f* = {mean}{over}, {range}.")
    } else {
        format!(
            "The run has not come to rest: over the last tenth of its steps f - f* is {mean} on average{over}, from {smallest} to \
             {largest}."
        )
    }
}

/// The cycle a run ended on.
fn cycle(experiment: &Experiment, finished: &Finished) -> Option<String> {
    let found = finished.attractor.as_ref().filter(|found| found.period() > 1)?;
    let mean = found.mean_value() - experiment.minimum.value()?.0;
    let shrinks = found.multipliers.as_ref().and_then(|moduli| moduli.first()).map_or(String::new(), |largest| {
        format!("; what is off it is multiplied by {} at most in each round", number(*largest))
    });
    Some(format!(
        "It follows a cycle of {} points, on which f - f* is {} on average{shrinks}.",
        found.period(),
        number(mean)
    ))
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
        Cause::Restless => {
            "It does not come down either: a longer run may stay as high. What keeps it moving no statement here says.".to_owned()
        }
        Cause::Stuck => format!(
            "More steps change nothing: with eta = {} and |grad f| = {} they are smaller than the spacing of doubles there.",
            number(eta),
            number(last_norm(finished).unwrap_or(f64::NAN))
        ),
        Cause::OtherDescent => format!(
            "What keeps it there, {}, no statement here says: they are about plain steps x - eta h.",
            if rho > 0.0 { "rho, eta or the rule of descent" } else { "eta or the rule of descent" }
        ),
        Cause::Unstable => match curvature_that_throws_it_off(experiment) {
            Some(top) => format!(
                "The step size sets it: eta = {} is above 2/{}, the curvature at the minimum, where even gradient descent does not \
                 stay.",
                number(eta),
                number(top)
            ),
            None => "The step size sets it: eta is 2/beta or more, where even gradient descent need not come down.".to_owned(),
        },
        Cause::Rounding => "Nothing holds it up.".to_owned(),
        Cause::FixedPoint => format!(
            "rho sets it, whatever the step size: SAM rests where the gradient vanishes at the perturbed point, not at x. \
             Only another rho than {} moves that point, and a smaller one may rest higher.",
            number(rho)
        ),
        Cause::Noise => {
            let noise = noise_part(experiment)
                .map_or(String::new(), |noise| format!(": alone it leaves about eta/4 E|g(x*)|^2 = {}", number(noise)));
            let rho = if rho > 0.0 { "; a smaller rho would not help" } else { "" };
            format!(
                "Gradient noise sets it{noise}. About half of it stays with eta = {} or batch = {}{rho}.",
                number(eta / 2.0),
                batch * 2
            )
        }
        Cause::RhoOnSamples => format!(
            "rho sets it, through the single samples: noise alone would leave {}. A smaller rho or a larger batch lowers \
             it; by how much, and what eta does, no statement here says.",
            number(noise_part(experiment).unwrap_or(0.0))
        ),
        Cause::Rho if experiment.method.sampling.is_some() => format!(
            "rho sets most of it, not the noise: about half of that stays with rho = {}.",
            number(rho / 2f64.sqrt())
        ),
        Cause::Rho => match hopping_curvature(experiment, finished) {
            Some(l) => {
                // The floor goes as (eta rho/(2 - eta l))^2: the eta that divides it by two.
                let part = eta / (2.0 - eta * l) / 2f64.sqrt();
                format!(
                    "rho and eta set it together: about half of it stays with rho = {} or eta = {}.",
                    number(rho / 2f64.sqrt()),
                    number(2.0 * part / (1.0 + part * l))
                )
            }
            None if experiment.method.ascent.perturbation() == Perturbation::Other => {
                "The perturbation sets it: a smaller rho lowers it; no statement says by how much.".to_owned()
            }
            // Where f is not convex the run may hop around something else than a minimum, at a height of its own.
            None if experiment.constants.get(Symbol::Omega).value() != Some(0.0) => {
                "rho keeps it there: without a perturbation it would go on down. How rho and eta move it no statement here \
                 says."
                    .to_owned()
            }
            None => format!(
                "rho sets it, with eta: about half of it stays with rho = {}; how eta acts no statement here says.",
                number(rho / 2f64.sqrt())
            ),
        },
        Cause::RhoAndNoise => format!(
            "rho and gradient noise set it together: about half of it stays with rho = {} and eta = {} (or batch = {}) at once.",
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

/// Why no bound says anything, where that is so.
fn about_silence(experiment: &Experiment, finished: &Finished) -> Option<String> {
    if experiment.method.ascent.perturbation() == Perturbation::Other {
        return Some("No statement is about this perturbation.".to_owned());
    }
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
