//! The loop: blocks of lanes, chunk after chunk, until the plan is done or an observer stops it.

use super::aggregates::LaneRecord;
use super::run::{Expectations, Outcome, Rounding, Run};
use super::stepper::{Aggregates, Schedule, choose};
use super::{Plan, State};
use crate::arguments::BadInput;
use crate::method::{Method, Sampling};
use crate::parallel::Parallel;
use crate::problem::{Problem, Samples};
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

/// Operations of a block between two looks at the observer.
const CHUNK: u64 = 1 << 24;

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
    let blocks: Vec<Block> = (0..settings.len())
        .flat_map(|index| Block::of_setting(index, &settings[index], &schedules[index], steppers[index].width()))
        .collect();
    let per_step = steppers.iter().map(|stepper| stepper.work() * stepper.width()).max();
    // Even, so that a run stops after whole rounds of a 2-cycle.
    let tile = steppers.iter().map(|stepper| stepper.tile()).max().unwrap_or(2);
    let chunk = (CHUNK / per_step.unwrap_or(1).max(1) / (blocks.len() as u64 / 8).max(1) / tile).max(1) * tile;
    let mut step = 0;
    let mut stopped = false;
    while step < steps && !stopped {
        let until = steps.min(step.saturating_add(chunk));
        parallel.run(blocks.len(), &|index| {
            let mut guard = blocks[index].lanes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let (state, sums) = &mut *guard;
            steppers[blocks[index].setting].advance(state, until, sums, parallel);
        });
        let is_known = |block: &Block| {
            let guard = block.lanes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            guard.1.lanes.iter().all(LaneRecord::is_known)
        };
        step = if blocks.iter().all(is_known) { steps } else { until };
        stopped = observer(Progress { step, steps }).is_break() && step < steps;
    }
    parallel.run(blocks.len(), &|index| {
        let mut guard = blocks[index].lanes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let (state, sums) = &mut *guard;
        state.step = step;
        steppers[blocks[index].setting].finish(state, sums, parallel);
    });
    let mut made: Vec<(Vec<State>, Vec<LaneRecord>)> = settings.iter().map(|_| Default::default()).collect();
    for block in blocks {
        let (state, sums) = block.lanes.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        made[block.setting].0.push(state);
        made[block.setting].1.extend(sums.lanes);
    }
    let every: Vec<(Vec<u64>, bool)> =
        schedules.into_iter().map(|schedule| (schedule.recorded, schedule.strata.is_none())).collect();
    let rounding: Vec<[f64; 2]> = steppers.iter().map(|stepper| stepper.rounding()).collect();
    drop(steppers);
    let parts = settings.into_iter().zip(every).zip(made).zip(rounding);
    Ok(parts
        .map(|(((setting, (recorded, every_step)), (states, lanes)), rounding)| {
            setting.finish(states, lanes, recorded, every_step, (step, stopped), rounding)
        })
        .collect())
}

/// Some lanes of one setting.
struct Block<'a> {
    setting: usize,
    lanes: Mutex<(State, Aggregates<'a>)>,
}

impl<'a> Block<'a> {
    fn of_setting(index: usize, setting: &'a Setting, schedule: &'a Schedule, width: u64) -> Vec<Self> {
        let plan = &setting.plan;
        (0..plan.lanes.div_ceil(width))
            .map(|block| {
                let first = block * width;
                let width = width.min(plan.lanes - first) as usize;
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
        (step, stopped): (u64, bool),
        step_rounding: [f64; 2],
    ) -> Run {
        let Self { problem, method, mut plan } = self;
        let outcome = match lanes.iter().filter_map(|lane| lane.diverged).min() {
            Some(step) => Outcome::Diverged { step },
            None if stopped => Outcome::Stopped { step },
            None => match &lanes[..] {
                [LaneRecord { cycle: Some(cycle), .. }] => Outcome::Periodic { period: cycle.period },
                _ => Outcome::Completed,
            },
        };
        if stopped {
            recorded.retain(|recorded| *recorded < step);
            recorded.push(step);
            lanes.iter_mut().filter(|lane| lane.diverged.is_none()).for_each(LaneRecord::close_window);
            plan.steps = step;
        }
        Run {
            field_at_start: plan.start.first().and_then(|x| super::field::one_sided(problem, method, *x)),
            // Without draws all lanes are one.
            expectation: if lanes.len() > 1 && method.sampling.is_some() {
                Expectations::Sampled
            } else {
                Expectations::Single
            },
            time: f64::INFINITY,
            last_eta: method.eta.at(step.saturating_sub(1)),
            plan,
            outcome,
            recorded,
            every_step_evaluated,
            lanes,
            states,
            base_error: None,
            step_rounding,
            rounding: Rounding::default(),
            minimiser: None,
        }
    }
}
