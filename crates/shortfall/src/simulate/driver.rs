//! The loop: blocks of lanes, chunk after chunk, until the plan is done or an observer stops it.

use super::aggregates::{LaneRecord, Point, Sums};
use super::run::{Expectations, Outcome, Rounding, Run};
use super::stepper::{Aggregates, Course, Schedule, Together, choose};
use super::{Plan, Record, State, StepRounding};
use crate::arguments::BadInput;
use crate::method::{Method, Sampling};
use crate::parallel::{Parallel, map};
use crate::problem::{Problem, Samples};
use crate::virtual_loss::Field;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard};

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Steps done.
    pub step: u64,
    /// Steps planned.
    pub steps: u64,
}

/// Called between chunks of steps (some hundredths of a second of work, or two steps if these take longer); may stop the run.
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
    fn recorded_by_each(&self) -> u64 {
        match self.record {
            Record::Every => self.steps.saturating_add(1),
            Record::LogSpaced | Record::Ends => self.recorded().len() as u64,
        }
    }

    /// Points its trace holds.
    fn trace_size(&self) -> u64 {
        self.lanes.saturating_mul(self.recorded_by_each())
    }

    /// Bytes that the records and the states of all lanes take, roughly.
    pub fn memory(&self, method: &Method) -> u64 {
        let sums = if self.record == Record::Ends { 0 } else { size_of::<Sums>() };
        let state = (self.start.len() + method.descent.memory(self.start.len())) * size_of::<f64>();
        let own = size_of::<LaneRecord>() + sums + state;
        let points = self.recorded_by_each().saturating_mul(size_of::<Point>() as u64);
        self.lanes.saturating_mul(points.saturating_add(own as u64))
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
    let steppers: Vec<_> = settings.iter().map(|setting| choose(setting.problem, setting.method, parallel)).collect();
    let teams = teams(&settings);
    let alone = (0..settings.len()).filter(|index| !teams.iter().flatten().any(|member| member == index));
    let courses: Vec<Course> =
        settings.iter().zip(&schedules).map(|(Setting { plan, .. }, schedule)| Course { plan, schedule }).collect();
    let mut records: Vec<Vec<LaneRecord>> =
        settings.iter().map(|setting| vec![LaneRecord::default(); setting.plan.lanes as usize]).collect();
    let mut unclaimed: Vec<&mut [LaneRecord]> = records.iter_mut().map(Vec::as_mut_slice).collect();
    let mut aggregates =
        |index: usize| Aggregates { course: courses[index], lanes: std::mem::take(&mut unclaimed[index]) };
    let parts: Vec<_> =
        alone.flat_map(|index| Block::parts(index, aggregates(index), steppers[index].width())).collect();
    // Seeds are hashes: those of 4096 lanes take 4 % of 2000 steps on two threads.
    let mut blocks = map(parallel, parts, |(index, first_lane, sums)| {
        Block::of_setting(index, settings[index].method, first_lane, sums)
    });
    blocks.extend(teams.into_iter().map(|team| Block::of_team(team, &settings, &mut aggregates)));
    let together: Vec<Option<Together>> = blocks.iter().map(|block| block.together(&settings)).collect();
    let block_work = |block: &Block| {
        let [first, ..] = block.members[..] else { return 1 };
        steppers[first].work() * steppers[first].width().max(block.members.len() as u64)
    };
    let per_step = blocks.iter().map(block_work).max();
    // Even, so that a run stops after whole rounds of a 2-cycle.
    let tile = steppers.iter().map(|stepper| stepper.tile()).max().unwrap_or(2);
    let chunk = (CHUNK / per_step.unwrap_or(1).max(1) / (blocks.len() as u64 / 8).max(1) / tile).max(1) * tile;
    let mut step = 0;
    let mut stopped = false;
    while step < steps && !stopped {
        let until = steps.min(step.saturating_add(chunk));
        parallel.revisit(blocks.len(), false, &|index| {
            let mut lanes = blocks[index].lock();
            match (&together[index], &mut lanes[..]) {
                (Some(together), lanes) => together.advance(lanes, until, parallel),
                (None, [(state, sums)]) => steppers[blocks[index].members[0]].advance(state, until, sums, parallel),
                (None, _) => unreachable!("several settings in a block are together"),
            }
        });
        let is_known = |block: &Block| block.lock().iter().flat_map(|(_, sums)| &*sums.lanes).all(LaneRecord::is_known);
        step = if blocks.iter().all(is_known) { steps } else { until };
        stopped = observer(Progress { step, steps }).is_break() && step < steps;
    }
    parallel.revisit(blocks.len(), false, &|index| {
        let mut lanes = blocks[index].lock();
        lanes.iter_mut().for_each(|(state, _)| state.step = step);
        match (&together[index], &mut lanes[..]) {
            (Some(together), lanes) => together.finish(lanes, parallel),
            (None, [(state, sums)]) => steppers[blocks[index].members[0]].finish(state, sums, parallel),
            (None, _) => unreachable!("several settings in a block are together"),
        }
    });
    let mut states: Vec<Vec<State>> = settings.iter().map(|_| Vec::new()).collect();
    for block in blocks {
        let lanes = block.lanes.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        for (member, (state, _)) in block.members.into_iter().zip(lanes) {
            states[member].push(state);
        }
    }
    let every: Vec<(Vec<u64>, bool)> =
        schedules.into_iter().map(|schedule| (schedule.recorded, schedule.strata.is_none())).collect();
    let rounding: Vec<StepRounding> = steppers.iter().map(|stepper| stepper.rounding()).collect();
    drop((steppers, together));
    let parts = settings.into_iter().zip(every).zip(states.into_iter().zip(records)).zip(rounding);
    Ok(parts
        .map(|(((setting, (recorded, every_step)), (states, lanes)), rounding)| {
            setting.finish(states, lanes, recorded, every_step, (step, stopped), rounding)
        })
        .collect())
}

/// Settings that go together: deterministic ones on one problem which evaluates several points at a time.
fn teams(settings: &[Setting]) -> Vec<Vec<usize>> {
    let mut teams: Vec<Vec<usize>> = Vec::new();
    for (index, setting) in settings.iter().enumerate() {
        let company = setting.problem.company();
        if company == 1 || setting.method.sampling.is_some() || setting.plan.lanes != 1 {
            continue;
        }
        let joins = |team: &&mut Vec<usize>| {
            team.len() < company && std::ptr::addr_eq(settings[team[0]].problem, setting.problem)
        };
        match teams.iter_mut().find(joins) {
            Some(team) => team.push(index),
            None => teams.push(vec![index]),
        }
    }
    teams.retain(|team| team.len() > 1);
    teams
}

/// Some lanes of one setting, or one of each of several.
struct Block<'a> {
    /// The settings.
    members: Vec<usize>,
    /// For each.
    lanes: Mutex<Vec<(State, Aggregates<'a>)>>,
}

impl<'a> Block<'a> {
    /// The lanes of a setting in blocks: its number, the first lane, the records.
    fn parts(index: usize, all: Aggregates<'a>, width: u64) -> impl Iterator<Item = (usize, u64, Aggregates<'a>)> {
        let Aggregates { course, lanes } = all;
        let blocks = lanes.chunks_mut(width as usize).zip(0..);
        blocks.map(move |(lanes, block)| (index, block * width, Aggregates { course, lanes }))
    }

    fn of_setting(index: usize, method: &Method, first_lane: u64, sums: Aggregates<'a>) -> Self {
        let state = State::new(sums.course.plan, method, first_lane, sums.lanes.len());
        Self { members: vec![index], lanes: Mutex::new(vec![(state, sums)]) }
    }

    fn of_team(
        members: Vec<usize>,
        settings: &[Setting],
        aggregates: &mut impl FnMut(usize) -> Aggregates<'a>,
    ) -> Self {
        let lanes = members.iter().map(|index| {
            let sums = aggregates(*index);
            (State::new(sums.course.plan, settings[*index].method, 0, 1), sums)
        });
        let lanes = Mutex::new(lanes.collect());
        Self { members, lanes }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(State, Aggregates<'a>)>> {
        self.lanes.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The stepper of several settings.
    fn together<'b>(&self, settings: &'b [Setting]) -> Option<Together<'b>> {
        let [first, _, ..] = self.members[..] else { return None };
        let methods = self.members.iter().map(|index| settings[*index].method).collect();
        Some(Together::new(settings[first].problem, methods))
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
        step_rounding: StepRounding,
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
            field_at_start: plan.start.first().and_then(|x| Field::of(problem, method).ok()?.on_both_sides(*x)),
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
