//! Where a trace meets a bound.

mod criterion;

use crate::constants::{Number, Provenance};
use crate::simulate::{Expectations, FEWEST_LANES, Measured, Outcome, Record, Run};
use crate::text::{factor, number};
use crate::theorem::{Bound, Form, Inputs, Kind, Measure, Mode, Over, Quantity, Requirement, Scope, Theorem};

/// What is said of a statement on a problem, or on a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The hypotheses are met; nothing was measured.
    Applicable,
    /// The measured quantity obeys the statement.
    Holds,
    /// A prediction is right to 10 %.
    Agrees,
    /// A prediction is off by more.
    Differs,
    /// The run cannot tell, and why.
    Undecided,
    /// The bound says no more than the start does.
    Vacuous,
    /// A hypothesis is not met.
    NotApplicable,
    /// A report of a bug in this program.
    Violated,
}

impl Verdict {
    /// The word used in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Applicable => "applicable",
            Self::Holds => "holds",
            Self::Agrees => "agrees",
            Self::Differs => "differs",
            Self::Undecided => "undecided",
            Self::Vacuous => "vacuous",
            Self::NotApplicable => "not-applicable",
            Self::Violated => "violated",
        }
    }
}

/// What the start alone says: no bound that is larger says more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtStart {
    /// `f(x0) - f*`, an upper bound of it, if known.
    pub suboptimality: Option<f64>,
    /// `|grad f(x0)|`
    pub gradient_norm: f64,
}

/// A statement evaluated, and judged where a run was held against it.
#[derive(Clone)]
pub struct Judgement {
    /// The statement.
    pub theorem: &'static Theorem,
    /// The form: of several that bound the same quantity, the sharpest one.
    pub form: &'static Form,
    /// The bounded quantity.
    pub quantity: Quantity,
    /// Its hypotheses.
    pub requirements: Vec<Requirement>,
    /// The bound, if it applies.
    pub bound: Option<Bound>,
    /// What is said of it.
    pub verdict: Verdict,
    /// The measured quantity.
    pub measured: Option<Measured>,
    /// Why.
    pub reasons: Vec<String>,
}

impl Judgement {
    /// The bound on its safe side.
    pub fn value(&self) -> Option<f64> {
        self.bound.as_ref().filter(|bound| bound.rests.is_none()).map(|bound| bound.value(self.form.kind))
    }

    /// Measured over bound (upper, exact, prediction), bound over measured (lower): at most 1 where it holds.
    pub fn ratio(&self) -> Option<f64> {
        let (bound, measured) = (self.value()?, self.measured.as_ref()?);
        let worst = match (self.form.kind, self.form.mode) {
            (Kind::Lower, Mode::Pathwise | Mode::AlmostSure) => measured.smallest,
            _ => measured.interval.mean,
        };
        let ratio = if self.form.kind == Kind::Lower { bound / worst } else { worst / bound };
        ratio.is_finite().then_some(ratio)
    }

    /// Name of the form or of the choice made for a free parameter; `None` for the base form.
    pub fn variant(&self) -> Option<&'static str> {
        self.form.name.or(self.bound.as_ref().and_then(|bound| bound.chosen))
    }

    /// Whether every constant behind the bound is proved.
    pub fn is_certified(&self) -> bool {
        self.bound.as_ref().is_some_and(|bound| bound.total.is_certified())
    }

    /// Whether it is undecided and what was measured cannot be told from 0: a ratio to it means nothing.
    pub fn is_below_resolution(&self) -> bool {
        self.verdict == Verdict::Undecided
            && self.measured.as_ref().is_some_and(|measured| measured.error >= measured.interval.mean.abs())
    }
}

/// Evaluates every statement: one judgement for each id and quantity.
pub fn evaluate(theorems: &[&'static Theorem], inputs: &Inputs, start: &AtStart) -> Vec<Judgement> {
    let mut judgements: Vec<Judgement> = Vec::new();
    for theorem in theorems {
        for form in theorem.forms {
            let next = evaluate_form(theorem, form, inputs, start);
            let rival = judgements.iter_mut().find(|other| {
                std::ptr::eq(other.theorem, *theorem)
                    && other.quantity.word() == next.quantity.word()
                    && other.form.kind == next.form.kind
            });
            match rival {
                Some(other) if sharper(&next, other) => *other = next,
                Some(_) => {}
                None => judgements.push(next),
            }
        }
    }
    judgements
}

/// Of two of one kind.
fn sharper(next: &Judgement, other: &Judgement) -> bool {
    match (next.value(), other.value()) {
        (Some(bound), Some(rival)) if next.form.kind == Kind::Lower => bound > rival,
        (Some(next), Some(other)) => next < other,
        (Some(_), None) => true,
        _ => false,
    }
}

/// As a reader wants them: what was judged before what could not be, what is about `f - f*` before gradients, and in each group the
/// sharpest first.
pub fn sharpest_first(judgements: &[Judgement]) -> Vec<&Judgement> {
    let rank = |judgement: &Judgement| match judgement.verdict {
        Verdict::Violated => 0,
        Verdict::Holds | Verdict::Agrees | Verdict::Differs | Verdict::Applicable => 1,
        Verdict::Undecided => 2,
        Verdict::Vacuous => 3,
        Verdict::NotApplicable => 4,
    };
    // Sharpest: the ratio nearest to one; without a measurement the smallest bound.
    let sharpness = |judgement: &Judgement| match judgement.ratio() {
        Some(ratio) if ratio > 0.0 => ratio.ln().abs(),
        _ => judgement.value().unwrap_or(f64::INFINITY),
    };
    let mut all: Vec<&Judgement> = judgements.iter().collect();
    // First what is about f - f*, the question this program asks.
    let subject = |judgement: &Judgement| usize::from(judgement.quantity.measure != Measure::Suboptimality);
    all.sort_by(|a, b| {
        rank(a).cmp(&rank(b)).then(subject(a).cmp(&subject(b))).then(sharpness(a).total_cmp(&sharpness(b)))
    });
    all
}

fn evaluate_form(theorem: &'static Theorem, form: &'static Form, inputs: &Inputs, start: &AtStart) -> Judgement {
    let requirements = (form.requires)(inputs);
    let reasons: Vec<String> = requirements
        .iter()
        .filter(|requirement| !requirement.met)
        .map(|requirement| requirement.detail.clone())
        .collect();
    let quantity = (form.quantity)(inputs);
    let mut judgement = Judgement {
        theorem,
        form,
        quantity,
        requirements,
        bound: None,
        verdict: Verdict::NotApplicable,
        measured: None,
        reasons,
    };
    if judgement.requirements.iter().all(|requirement| requirement.met) {
        let mut bound = (form.bound)(inputs);
        let weakest = judgement.requirements.iter().map(|requirement| requirement.provenance).max();
        bound.total.provenance = bound.total.provenance.max(weakest.unwrap_or(Provenance::Certified));
        (judgement.verdict, judgement.reasons) = match vacuity(&bound, form, &quantity, start) {
            Some(reason) => (Verdict::Vacuous, vec![reason]),
            None => (Verdict::Applicable, bound.note.iter().cloned().collect()),
        };
        judgement.bound = Some(bound);
    }
    judgement
}

/// Why a bound says nothing, if so.
fn vacuity(bound: &Bound, form: &Form, quantity: &Quantity, start: &AtStart) -> Option<String> {
    if bound.rests.is_some() {
        return None;
    }
    let value = bound.value(form.kind);
    if form.kind == Kind::Lower {
        return (value.is_nan() || value <= 0.0).then(|| "the lower bound is not above 0".to_owned());
    }
    if !value.is_finite() {
        return Some("the bound is not finite".to_owned());
    }
    if form.kind != Kind::Upper {
        return None;
    }
    let known = match quantity.measure {
        Measure::Suboptimality => start.suboptimality?,
        Measure::SquaredGradientNorm if quantity.over == Over::RootMean => start.gradient_norm,
        Measure::SquaredGradientNorm => start.gradient_norm * start.gradient_norm,
        Measure::GradientExcess { threshold } => (start.gradient_norm - threshold).powi(2),
        Measure::Exit { .. } => 1.0,
        _ => return None,
    };
    if value < known {
        return None;
    }
    let parts = [("transient", bound.transient), ("noise", bound.noise), ("floor", bound.floor)];
    let (name, part) = parts.into_iter().max_by(|a, b| a.1.high.total_cmp(&b.1.high))?;
    Some(format!(
        "{} is no less than the start's {}; its {name} part is {}",
        number(value),
        number(known),
        number(part.high)
    ))
}

/// What the weighted average of a statement that applies asks a plan to keep.
pub fn weight_decay(judgements: &[Judgement]) -> Option<f64> {
    judgements.iter().find_map(|judgement| match judgement.quantity.over {
        Over::WeightedMean { decay } if judgement.bound.is_some() => Some(decay),
        _ => None,
    })
}

const REFUTED: &str = "the run refutes a constant that was assumed";

/// Holds a run against the evaluated statements. `witness_of`: the problem and settings are this statement's own
/// witness, so that statements about a class are judged too.
pub fn judge(judgements: &mut [Judgement], run: &Run, witness_of: Option<&Theorem>) {
    for judgement in judgements {
        let on_witness = witness_of.is_some_and(|theorem| theorem.id == judgement.theorem.id);
        judge_one(judgement, run, on_witness);
    }
}

fn judge_one(judgement: &mut Judgement, run: &Run, on_witness: bool) {
    let Some(bound) = &judgement.bound else { return };
    judgement.measured = run.measure(&judgement.quantity, judgement.form.mode);
    let (verdict, reason) = decide(judgement, bound, run, on_witness);
    // A bound that says nothing is still not to be exceeded.
    let exceeded = verdict == Verdict::Violated || reason.as_deref() == Some(REFUTED);
    if judgement.verdict == Verdict::Vacuous && !exceeded {
        return;
    }
    judgement.verdict = verdict;
    judgement.reasons.extend(reason);
}

fn decide(judgement: &Judgement, bound: &Bound, run: &Run, on_witness: bool) -> (Verdict, Option<String>) {
    if let Some(rests) = bound.rests {
        return criterion::decide(rests, &judgement.quantity, bound, run);
    }
    let undecided = |reason: &str| (Verdict::Undecided, Some(reason.to_owned()));
    if let Outcome::Diverged { step } = run.outcome {
        return undecided(&format!("the run diverged at step {step}"));
    }
    let Form { kind, mode, scope, .. } = *judgement.form;
    if scope == Scope::Class && !on_witness {
        return undecided("about the worst function of a class: judged on its own witness only");
    }
    let Some(measured) = &judgement.measured else {
        let unknown_minimum = judgement.quantity.measure == Measure::Suboptimality && run.base_error.is_none();
        return undecided(match judgement.quantity.measure {
            Measure::GradientAtRest => "the run did not come to rest",
            Measure::SquaredDistance | Measure::Displacement => "no minimiser is known",
            _ if unknown_minimum => "f* is not known",
            _ if run.plan.record == Record::Ends => "only the first and the last step were evaluated",
            _ => "too few steps: there is no window for the floor",
        });
    };
    if mode == Mode::Expectation && measured.lanes >= FEWEST_LANES && measured.interval.low == f64::NEG_INFINITY {
        return undecided("every seed gave the same number: the draws in which they differ were not seen");
    }
    if !(measured.interval.mean.is_finite() && measured.smallest.is_finite() && measured.largest.is_finite()) {
        return undecided("what was measured is too large for a double");
    }
    if matches!(run.outcome, Outcome::Stopped { .. }) && kind != Kind::Upper {
        return undecided("the run was stopped");
    }
    if mode == Mode::Expectation && measured.lanes < FEWEST_LANES {
        return undecided("a mean over fewer than 8 seeds decides nothing: use --seeds");
    }
    let value = bound.value(kind);
    let (verdict, reason) = match kind {
        Kind::Upper | Kind::Lower => one_sided(judgement.form, measured, value, run),
        Kind::Exact => exact(judgement, bound, measured, value, run),
        Kind::Prediction => prediction(judgement, bound, measured, value, run),
    };
    match (verdict, bound.total.provenance) {
        (Verdict::Violated, Provenance::Assumed) => undecided(REFUTED),
        (Verdict::Violated, Provenance::Estimated) => {
            undecided("the run exceeds it: a constant it uses is only estimated")
        }
        _ => (verdict, reason),
    }
}

fn one_sided(form: &Form, measured: &Measured, value: f64, run: &Run) -> (Verdict, Option<String>) {
    let Form { kind, mode, .. } = *form;
    let (low, high) = match (mode, kind) {
        (Mode::Expectation, _) => (measured.interval.low, measured.interval.high),
        (_, Kind::Upper) => (measured.largest - measured.error, measured.largest + measured.error),
        _ => (measured.smallest - measured.error, measured.smallest + measured.error),
    };
    let (keeps, breaks) = if kind == Kind::Upper { (high <= value, low > value) } else { (low >= value, high < value) };
    if keeps {
        (Verdict::Holds, None)
    } else if breaks {
        (Verdict::Violated, Some("please report this: it is a bug in shortfall".to_owned()))
    } else {
        let sampled = mode == Mode::Expectation && matches!(run.expectation, Expectations::Sampled);
        let why = if sampled { "the interval over seeds" } else { "the resolution of the measurement" };
        (Verdict::Undecided, Some(format!("the bound lies within {why}")))
    }
}

/// Relative deviation up to which an exact statement holds.
const EXACT: f64 = 1e-6;
/// Relative drift between the halves of the window above which a run still moves.
const MOVING: f64 = 1e-9;

fn exact(
    judgement: &Judgement,
    bound: &Bound,
    measured: &Measured,
    value: f64,
    run: &Run,
) -> (Verdict, Option<String>) {
    let within =
        |[low, high]: [f64; 2], slack: f64| low - slack <= measured.smallest && measured.largest <= high + slack;
    if within([value; 2], EXACT * value.abs()) {
        return (Verdict::Holds, None);
    }
    if !measured.error.is_finite() || within([value; 2], EXACT * value.abs() + measured.error) {
        return (Verdict::Undecided, Some("the value lies within the resolution of the measurement".to_owned()));
    }
    // Products that underflow or cancel leave few digits of a formula.
    let Number { low, high, .. } = bound.total;
    if !(low.is_finite() && high.is_finite()) || within([low, high], EXACT * value.abs() + measured.error) {
        let few = format!("the value is known only between {} and {}", number(low), number(high));
        return (Verdict::Undecided, Some(few));
    }
    let limit = judgement.quantity.over == Over::Limit;
    if limit && (measured.drift > MOVING || (run.plan.steps as f64) < bound.settled_after) {
        return (Verdict::Undecided, Some("the run may still be moving: more steps would tell".to_owned()));
    }
    if measured.smallest == 0.0 {
        return (Verdict::Undecided, Some("the run landed exactly on a minimiser: an excluded start".to_owned()));
    }
    (Verdict::Violated, Some("please report this: it is a bug in shortfall".to_owned()))
}

/// Relative deviation up to which a prediction agrees.
const AGREES: f64 = 0.1;

fn prediction(
    judgement: &Judgement,
    bound: &Bound,
    measured: &Measured,
    value: f64,
    run: &Run,
) -> (Verdict, Option<String>) {
    let undecided = |reason: String| (Verdict::Undecided, Some(reason));
    let ratio = measured.interval.mean / value;
    if value <= 0.0 {
        return undecided("it predicts no floor of first order".to_owned());
    }
    if measured.error.is_nan() || measured.error > AGREES * value {
        return undecided("it lies below the resolution of the measurement".to_owned());
    }
    if judgement.quantity.over == Over::FieldZero {
        return undecided(format!("leaves out the noise part: the run's floor is {} times it", factor(ratio)));
    }
    if judgement.form.mode == Mode::Pathwise {
        if measured.smallest <= 0.0 {
            return undecided("the run came to f* up to rounding: there is no cycle to compare".to_owned());
        }
        if measured.largest >= 2.0 * measured.smallest {
            return undecided(format!(
                "the two points of the cycle differ by a factor {:.1}: rho is too large for the asymptotics",
                measured.largest / measured.smallest
            ));
        }
    }
    // The halves of the window differ by chance too, by less than the mean itself is uncertain.
    let chance = match judgement.form.mode {
        Mode::Expectation => (measured.interval.high - measured.interval.low) / (2.0 * measured.interval.mean),
        _ => 0.0,
    };
    let moves = measured.drift > 0.01 + chance || !run.floor().is_some_and(|floor| floor.settled);
    if moves || (run.plan.steps as f64) < bound.settled_after {
        return undecided("the run may still be moving: more steps would tell".to_owned());
    }
    let crosses = |border: f64| measured.interval.low <= border && measured.interval.high >= border;
    if judgement.form.mode == Mode::Expectation && [1.0 - AGREES, 1.0 + AGREES].iter().any(|side| crosses(side * value))
    {
        return undecided("the interval over seeds reaches across the border of 10 %".to_owned());
    }
    if (ratio - 1.0).abs() <= AGREES {
        return (Verdict::Agrees, None);
    }
    if bound.left_out > AGREES * value {
        let noise = number(bound.left_out);
        return undecided(format!("the limit of small steps: at this one noise may add {noise}"));
    }
    (Verdict::Differs, None)
}
