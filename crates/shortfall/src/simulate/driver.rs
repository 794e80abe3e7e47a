//! The loop: blocks of lanes, chunk after chunk, until the plan is done or an observer stops it.

use super::aggregates::LaneRecord;
use super::enumerate::Paths;
use super::stepper::{Aggregates, Schedule, choose};
use super::{Plan, State};
use crate::arguments::BadInput;
use crate::constants::{Constants, Symbol};
use crate::kernel::max_abs;
use crate::method::{Method, Perturbation, Sampling};
use crate::parallel::Parallel;
use crate::problem::{Minimum, Problem, Samples};
use std::ops::ControlFlow;
use std::sync::Mutex;

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Steps done.
    pub step: u64,
    /// Steps planned.
    pub steps: u64,
}

/// Called between chunks of steps (some hundredths of a second of work); may stop the run.
pub type Observer<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All steps were made by all lanes.
    Completed,
    /// At least one lane left every bound; the first step at which one did.
    Diverged {
        /// That step.
        step: u64,
    },
    /// An observer stopped it.
    Stopped {
        /// Steps made.
        step: u64,
    },
}

/// What was run and what was kept.
pub struct Run {
    /// The plan; its `steps` are those made.
    pub plan: Plan,
    /// How it ended.
    pub outcome: Outcome,
    /// The recorded steps reached.
    pub recorded: Vec<u64>,
    /// Whether every step was evaluated, or one in each stratum.
    pub every_step_evaluated: bool,
    /// One a lane.
    pub lanes: Vec<LaneRecord>,
    /// Final states, in order of lanes.
    pub states: Vec<State>,
    /// Error of the plan's base, if the base is f*.
    pub base_error: Option<f64>,
    /// What rounding the iterates themselves to doubles can do.
    pub rounding: Rounding,
    /// A minimiser, nearly, and how far the true one may lie from it.
    pub minimiser: Option<(Vec<f64>, f64)>,
    /// `G(x_0-)` and `G(x_0+)`: one-sided limits of the mean field at the start, in one dimension.
    pub field_at_start: Option<[f64; 2]>,
    /// Step size of the last step.
    pub last_eta: f64,
    /// What stands for an expectation.
    pub expectation: Expectations,
}

/// What stands for an expectation.
#[derive(Clone, Debug)]
pub enum Expectations {
    /// One lane: nothing is random, or nothing is said of means.
    Single,
    /// The mean over lanes, with its interval.
    Sampled,
    /// Every path with its probability; the one lane holds exact expectations.
    Enumerated(Paths),
}

impl Expectations {
    /// The word used in output.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Sampled => "sampled",
            Self::Enumerated(_) => "enumerated",
        }
    }
}

/// How far rounding may have moved the iterates off the exact orbit, where the steps do not spread orbits apart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rounding {
    /// Distance.
    pub distance: f64,
    /// Smoothness of f, which turns distance into gradient and value.
    pub smoothness: f64,
}

impl Run {
    /// What its means are taken over, in words; `None` for a single run.
    pub fn mean_over(&self) -> Option<String> {
        match &self.expectation {
            Expectations::Single => None,
            Expectations::Sampled => Some(format!("{} seeds", self.lanes.len())),
            Expectations::Enumerated(paths) => Some(format!("all {} paths", paths.count())),
        }
    }

    /// The largest first coordinate it met.
    fn largest_position(&self) -> f64 {
        self.lanes.iter().flat_map(|lane| &lane.points).map(|point| point.position.abs()).fold(0.0, f64::max)
    }

    /// Tells a run what is known of its problem, so that what is measured carries its resolution: the error of f*,
    /// and the rounding of the iterates. Each step rounds by a few units of `|x| + rho`; a step contracts distances
    /// by `1 - min(eta mu, 2 - q)` where f is strongly convex, so the errors sum up to `1/min(eta mu, 2 - q)` of one
    /// of them, and to T of them elsewhere.
    pub fn know(&mut self, constants: &Constants, minimum: &Minimum, method: &Method) {
        self.base_error = minimum.value().map(|(_, error)| error);
        let value = |symbol| constants.get(symbol).value();
        let smoothness = value(Symbol::Beta).unwrap_or(0.0);
        // USAM multiplies by 1 - eta l (1 + rho l) where SAM does by 1 - eta l.
        let stretch = match method.ascent.perturbation() {
            Perturbation::Unnormalised | Perturbation::Unified { .. } => 1.0 + method.rho.first() * smoothness,
            _ => 1.0,
        };
        let contraction = (method.eta.at(self.plan.steps) * value(Symbol::Mu).unwrap_or(0.0))
            .min(2.0 - method.eta.first() * smoothness * stretch);
        let steps = self.plan.steps as f64;
        let summed = if contraction > 0.0 { steps.min(1.0 / contraction) } else { steps };
        let last = self.states.iter().map(|state| max_abs(&state.x)).fold(0.0, f64::max);
        let last = last.max(self.largest_position());
        let point = minimum.point().map_or(0.0, max_abs);
        let size =
            max_abs(&self.plan.start).max(last).max(point) * (self.plan.start.len() as f64).sqrt() + method.rho.first();
        // f(point) <= f* + error, and f grows by mu/2 times the squared distance.
        let off = |error: f64| if error == 0.0 { 0.0 } else { (2.0 * error / value(Symbol::Mu).unwrap_or(0.0)).sqrt() };
        self.minimiser = match minimum {
            Minimum::Known { point, error, .. } if point.len() == self.plan.start.len() => {
                Some((point.clone(), off(*error)))
            }
            _ => None,
        };
        self.rounding = Rounding { distance: 4.0 * f64::EPSILON * size * summed, smoothness };
    }
}

/// Lanes in a block.
const WIDTH: u64 = 8;
/// Operations of a block between two looks at the observer.
const CHUNK: usize = 1 << 24;

/// Most values a trace may hold, over lanes.
const LARGEST_TRACE: u64 = 100_000_000;

/// Checks that a method can run on a problem as planned.
pub fn check(problem: &dyn Problem, method: &Method, plan: &Plan) -> Result<(), BadInput> {
    let d = problem.dimension();
    if plan.start.len() != d {
        return Err(BadInput::new(format!("the start has {} coordinates, the problem {d}", plan.start.len())));
    }
    check_trace(plan.trace_size())?;
    method.sampling.map_or(Ok(()), |sampling| check_sampling(problem, &sampling))
}

fn check_trace(points: u64) -> Result<(), BadInput> {
    if points <= LARGEST_TRACE {
        return Ok(());
    }
    Err(BadInput::new(format!(
        "a trace of {points} points, over all steps, seeds and settings, is too large; at most {LARGEST_TRACE} are kept: fewer seeds or settings, or fewer steps recorded"
    )))
}

/// Checks that a problem has the samples a method draws.
pub fn check_sampling(problem: &dyn Problem, sampling: &Sampling) -> Result<(), BadInput> {
    match problem.samples() {
        Samples::None => Err(BadInput::new("the problem has no samples: use a deterministic method (sam, gd)")),
        Samples::Finite(sum) if !sampling.replacement && !sum.is_uniform() => {
            Err(BadInput::new("`replacement=false` needs samples of equal probability"))
        }
        Samples::Finite(sum) if !sampling.replacement && sampling.batch > sum.count() => Err(BadInput::new(format!(
            "`batch` = {} is more than the {} samples there are to draw without replacement",
            sampling.batch,
            sum.count()
        ))),
        Samples::Noise(_) if !sampling.replacement => Err(BadInput::new(
            "`replacement=false` needs a finite number of samples: this problem's noise is continuous",
        )),
        Samples::Finite(_) | Samples::Noise(_) => Ok(()),
    }
}

impl Plan {
    /// Points its trace holds.
    fn trace_size(&self) -> u64 {
        let recorded = match self.record {
            super::Record::Every => self.steps.saturating_add(1),
            super::Record::LogSpaced => self.recorded().len() as u64,
        };
        self.lanes.saturating_mul(recorded)
    }
}

/// One of several runs that are made together.
pub struct Setting<'a> {
    /// The problem.
    pub problem: &'a dyn Problem,
    /// The method.
    pub method: &'a Method,
    /// The plan.
    pub plan: Plan,
}

/// Runs a method on a problem.
pub fn run(
    problem: &dyn Problem,
    method: &Method,
    plan: Plan,
    parallel: &dyn Parallel,
    observer: Observer,
) -> Result<Run, BadInput> {
    let mut runs = run_all(vec![Setting { problem, method, plan }], parallel, observer)?;
    runs.pop().ok_or_else(|| BadInput::new("nothing to run"))
}

/// Runs several settings side by side: the lanes of all of them advance together, and a setting gives the same bits as
/// alone. All plans must have the same number of steps; an observer stops all runs at the same one.
pub fn run_all(settings: Vec<Setting>, parallel: &dyn Parallel, observer: Observer) -> Result<Vec<Run>, BadInput> {
    let Some(steps) = settings.first().map(|setting| setting.plan.steps) else { return Ok(Vec::new()) };
    if settings.iter().any(|setting| setting.plan.steps != steps) {
        return Err(BadInput::new("settings that run together must have the same number of steps"));
    }
    settings.iter().try_for_each(|setting| check(setting.problem, setting.method, &setting.plan))?;
    check_trace(settings.iter().map(|setting| setting.plan.trace_size()).fold(0, u64::saturating_add))?;
    let schedules: Vec<Schedule> =
        settings.iter().map(|setting| Schedule::new(&setting.plan, setting.problem, setting.method)).collect();
    let steppers: Vec<_> = settings.iter().map(|setting| choose(setting.problem, setting.method)).collect();
    let blocks: Vec<Block> =
        (0..settings.len()).flat_map(|index| Block::of_setting(index, &settings[index], &schedules[index])).collect();
    let per_step =
        settings.iter().map(|setting| step_work(setting.problem, setting.method)).max().unwrap_or(1) * WIDTH as usize;
    // Even, so that a run stops after whole rounds of a 2-cycle.
    let chunk = (CHUNK / per_step.max(1) / (blocks.len() / 8).max(1) / 2).max(1) as u64 * 2;
    let mut step = 0;
    let mut stopped = false;
    while step < steps && !stopped {
        let until = steps.min(step.saturating_add(chunk));
        parallel.run(blocks.len(), &|index| {
            let mut guard = blocks[index].lanes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let (state, sums) = &mut *guard;
            steppers[blocks[index].setting].advance(state, until, sums, parallel);
        });
        step = until;
        stopped = observer(Progress { step, steps }).is_break() && step < steps;
    }
    let mut made: Vec<(Vec<State>, Vec<LaneRecord>)> = settings.iter().map(|_| Default::default()).collect();
    for block in blocks {
        let (state, sums) = block.lanes.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        made[block.setting].0.push(state);
        made[block.setting].1.extend(sums.lanes);
    }
    let every: Vec<(Vec<u64>, bool)> =
        schedules.into_iter().map(|schedule| (schedule.recorded, schedule.strata.is_none())).collect();
    let parts = settings.into_iter().zip(every).zip(made);
    Ok(parts
        .map(|((setting, (recorded, every_step)), (states, lanes))| {
            setting.finish(states, lanes, recorded, every_step, step, stopped)
        })
        .collect())
}

/// Some lanes of one setting.
struct Block<'a> {
    setting: usize,
    lanes: Mutex<(State, Aggregates<'a>)>,
}

impl<'a> Block<'a> {
    fn of_setting(index: usize, setting: &'a Setting, schedule: &'a Schedule) -> Vec<Self> {
        let plan = &setting.plan;
        (0..plan.lanes.div_ceil(WIDTH))
            .map(|block| {
                let first = block * WIDTH;
                let width = WIDTH.min(plan.lanes - first) as usize;
                let sums = Aggregates { plan, schedule, lanes: vec![LaneRecord::default(); width] };
                let lanes = Mutex::new((State::new(plan, setting.method, first, width), sums));
                Self { setting: index, lanes }
            })
            .collect()
    }
}

impl Setting<'_> {
    fn finish(
        self,
        states: Vec<State>,
        mut lanes: Vec<LaneRecord>,
        mut recorded: Vec<u64>,
        every_step_evaluated: bool,
        step: u64,
        stopped: bool,
    ) -> Run {
        let Self { problem, method, mut plan } = self;
        let outcome = match lanes.iter().filter_map(|lane| lane.diverged).min() {
            Some(step) => Outcome::Diverged { step },
            None if stopped => Outcome::Stopped { step },
            None => Outcome::Completed,
        };
        if stopped {
            finish_stopped(problem, step, &states, &mut lanes, &mut recorded, plan.base);
            plan.steps = step;
        }
        Run {
            field_at_start: plan.start.first().and_then(|x| super::field::one_sided(problem, method, *x)),
            expectation: if lanes.len() > 1 { Expectations::Sampled } else { Expectations::Single },
            last_eta: method.eta.at(step.saturating_sub(1)),
            plan,
            outcome,
            recorded,
            every_step_evaluated,
            lanes,
            states,
            base_error: None,
            rounding: Rounding::default(),
            minimiser: None,
        }
    }
}

/// Evaluates the iterate a stopped run ended at, so that its trace ends there; its floor is that of its recent steps.
fn finish_stopped(
    problem: &dyn Problem,
    step: u64,
    states: &[State],
    lanes: &mut [LaneRecord],
    recorded: &mut Vec<u64>,
    base: f64,
) {
    recorded.retain(|recorded| *recorded < step);
    recorded.push(step);
    let d = problem.dimension();
    let (mut x, mut g) = (vec![0.0; d], vec![0.0; d]);
    for state in states {
        for lane in 0..state.width {
            let record = &mut lanes[state.first_lane as usize + lane];
            if record.diverged.is_none() {
                state.gather(lane, &mut x, &mut []);
                let value = problem.value_gradient(&x, &mut g);
                let gradient_norm = crate::kernel::norm(&g);
                let error = problem.value_error(&x, value);
                record.points.push(super::Point {
                    value: value - base,
                    gradient_norm,
                    error,
                    position: x.first().copied().unwrap_or(0.0),
                });
                record.close_window();
            }
        }
    }
}

fn step_work(problem: &dyn Problem, method: &Method) -> usize {
    match (method.sampling, problem.samples()) {
        (Some(sampling), Samples::Finite(sum)) => 2 * sampling.batch * problem.work().div_ceil(sum.count().max(1)) + 64,
        _ => 2 * problem.work() + 64,
    }
}
