//! From selectors to a verdict: problem, method, constants, statements, run.

use crate::data::{Library, check_memory};
use crate::pool::Pool;
use crate::selector::{self, Start};
use shortfall::arguments::{Arguments, BadInput, Entry, Value};
use shortfall::attractor::{Attractor, attractor};
use shortfall::constants::{Constants, Symbol};
use shortfall::method::{METHODS, Method, MethodRecipe, Schedule, StepSize};
use shortfall::norm;
use shortfall::problem::{Ask, Minimum, PROBLEMS, Problem, facts};
use shortfall::random::{Generator, Role};
use shortfall::simulate::{self, Expectations, Observer, Outcome, Plan, Record, Run, Setting};
use shortfall::source::DataSource;
use shortfall::theorem::{Inputs, MethodFacts, Mode, ProblemFacts, Scope, THEOREMS, Theorem, Witness, with_step};
use shortfall::verdict::{AtStart, Judgement, Verdict, evaluate, judge, weight_decay};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a user asks for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Problem selector.
    pub problem: String,
    /// Method selector.
    pub method: String,
    /// T.
    pub steps: u64,
    /// Lanes; by default 1 for deterministic methods, 64 for stochastic ones.
    pub seeds: Option<u64>,
    /// Seed of all draws.
    pub seed: u64,
    /// The start; by default the problem's own.
    pub start: Option<Start>,
    /// Which steps are recorded.
    pub record: Record,
    /// Constants on the user's word.
    pub assumptions: Vec<(Symbol, f64)>,
    /// Whether the step size is of no account: then it need not be known.
    pub any_step: bool,
    /// Where data come from, and how long may be spent on constants.
    pub library: Library,
}

impl Request {
    /// With the defaults of the command line.
    pub fn new(problem: &str, method: &str) -> Self {
        Self {
            problem: problem.to_owned(),
            method: method.to_owned(),
            steps: 10_000,
            seeds: None,
            seed: 0,
            start: None,
            record: Record::LogSpaced,
            assumptions: Vec::new(),
            any_step: false,
            library: Library::default(),
        }
    }
}

/// A problem, loaded.
pub struct Loaded {
    /// Name and arguments.
    pub arguments: Arguments,
    /// The problem.
    pub problem: Box<dyn Problem>,
    /// Where a run starts.
    pub start: Vec<f64>,
    /// Time to read and build it.
    pub load_time: Duration,
    /// Where its data came from.
    library: Library,
}

impl Loaded {
    /// Reads a problem selector and its data.
    pub fn new(selector: &str, start: Option<&Start>, seed: u64, library: &Library) -> Result<Self, BadInput> {
        let clock = Instant::now();
        let (entry, arguments) = selector::parse("problem", selector, PROBLEMS)?;
        let problem = (entry.build)(&arguments, library)?;
        let start = resolve_start(problem.as_ref(), start, seed)?;
        library.check()?;
        Ok(Self { arguments, problem, start, load_time: clock.elapsed(), library: library.clone() })
    }

    /// An error if its data are gone.
    pub fn check(&self) -> Result<(), BadInput> {
        self.library.check()
    }
}

fn resolve_start(problem: &dyn Problem, start: Option<&Start>, seed: u64) -> Result<Vec<f64>, BadInput> {
    let d = problem.dimension();
    match start {
        None => Ok(problem.default_start()),
        Some(Start::Zeros) => Ok(vec![0.0; d]),
        Some(Start::Ones) => Ok(vec![1.0; d]),
        Some(Start::Random) => {
            let mut generator = Generator::new(seed, 0, Role::Other);
            Ok((0..d).map(|_| generator.normal()).collect())
        }
        Some(Start::Given(point)) if point.len() == d => Ok(point.clone()),
        Some(Start::Given(point)) => {
            Err(BadInput::new(format!("--start has {} coordinates, the problem has {d}", point.len())))
        }
    }
}

/// Constants with the user's assumptions applied; an error where these contradict what is proved.
pub fn constants_of(
    loaded: &Loaded,
    method: Option<&shortfall::method::MethodRecipe>,
    assumptions: &[(Symbol, f64)],
) -> Result<Constants, BadInput> {
    let ask = Ask { start: &loaded.start, sampling: method.and_then(|method| method.sampling) };
    let mut constants = loaded.problem.constants(&ask);
    loaded.check()?;
    for (symbol, value) in assumptions {
        constants.assume(*symbol, *value);
    }
    constants.contradiction().map_or(Ok(constants), |message| Err(BadInput::new(format!("--assume: {message}"))))
}

/// A setting with everything known before it runs.
pub struct Experiment {
    /// What was asked.
    pub request: Request,
    /// The problem; settings of a sweep share it.
    pub loaded: Arc<Loaded>,
    /// The method's name and arguments, its step size resolved.
    pub method_arguments: Arguments,
    /// The method.
    pub method: Method,
    /// Constants.
    pub constants: Constants,
    /// Minimum.
    pub minimum: Minimum,
    /// Facts for statements.
    pub facts: ProblemFacts,
    /// What the start says.
    pub at_start: AtStart,
    /// Time for constants, minimum and facts.
    pub constants_time: Duration,
    /// Of the weighted mean that a statement is about.
    weight_decay: Option<f64>,
}

impl Experiment {
    /// Reads selectors and data and finds the constants.
    pub fn prepare(request: Request) -> Result<Self, BadInput> {
        let loaded = Loaded::new(&request.problem, request.start.as_ref(), request.seed, &request.library)?;
        Self::on(Arc::new(loaded), request)
    }

    /// On a problem that is loaded.
    pub fn on(loaded: Arc<Loaded>, request: Request) -> Result<Self, BadInput> {
        let clock = Instant::now();
        let (entry, mut method_arguments) = selector::parse("method", &request.method, METHODS)?;
        let recipe = (entry.build)(&method_arguments, &request.library)?;
        let problem = loaded.problem.as_ref();
        let constants = constants_of(&loaded, Some(&recipe), &request.assumptions)?;
        let recipe = if request.any_step {
            method_arguments.entries.retain(|(name, _)| name != "eta");
            MethodRecipe { eta: StepSize::Fixed(1.0), ..recipe }
        } else {
            recipe
        };
        let method = with_step(recipe, &constants, request.steps)
            .map_err(|error| BadInput::new(format!("{}: {error}", entry.name)))?;
        for (name, value) in &mut method_arguments.entries {
            // A schedule keeps its name.
            if let ("eta", Schedule::Constant(eta)) = (name.as_str(), method.eta) {
                *value = Value::number(eta);
            }
        }
        if let Some(sampling) = &method.sampling {
            // Before the facts, which draw batches.
            simulate::check_sampling(problem, sampling)?;
        }
        let minimum = problem.minimum();
        let facts = facts(problem, &loaded.arguments, &loaded.start, &method, request.library.budget().as_ref());
        let mut gradient = vec![0.0; problem.dimension()];
        let value = problem.value_gradient(&loaded.start, &mut gradient);
        let suboptimality =
            constants.get(Symbol::Delta).value().or(minimum.value().map(|(minimum, _)| value - minimum));
        let at_start = AtStart { suboptimality, gradient_norm: norm(&gradient) };
        loaded.check()?;
        let constants_time = clock.elapsed();
        let mut experiment = Self {
            request,
            loaded,
            method_arguments,
            method,
            constants,
            minimum,
            facts,
            at_start,
            constants_time,
            weight_decay: None,
        };
        experiment.weight_decay = weight_decay(&experiment.bounds());
        let plan = experiment.plan(experiment.request.steps, 0, experiment.seeds());
        simulate::check(experiment.problem(), &experiment.method, &plan)?;
        check_memory(plan.memory(&experiment.method))?;
        Ok(experiment)
    }

    /// The problem.
    pub fn problem(&self) -> &dyn Problem {
        self.loaded.problem.as_ref()
    }

    /// Number of lanes.
    pub fn seeds(&self) -> u64 {
        self.request.seeds.unwrap_or(if self.method.sampling.is_some() { 64 } else { 1 })
    }

    fn plan(&self, steps: u64, first_replicate: u64, lanes: u64) -> Plan {
        Plan {
            start: self.loaded.start.clone(),
            steps,
            lanes,
            seed: self.request.seed,
            first_replicate,
            record: self.request.record,
            base: self.minimum.value().map_or(0.0, |(value, _)| value),
            weight_decay: self.weight_decay,
        }
    }

    fn inputs(&self, steps: u64) -> Inputs<'_> {
        Inputs { constants: &self.constants, method: MethodFacts::of(&self.method), problem: &self.facts, steps }
    }

    /// Every statement: its bound, or why it does not apply.
    pub fn bounds(&self) -> Vec<Judgement> {
        evaluate(THEOREMS, &self.inputs(self.request.steps), &self.at_start)
    }

    fn simulate(
        &self,
        steps: u64,
        first_replicate: u64,
        lanes: u64,
        pool: &Pool,
        observer: Observer,
    ) -> Result<Run, BadInput> {
        let plan = self.plan(steps, first_replicate, lanes);
        // A run whose data are gone need not go on.
        let observer = &mut |progress| {
            if self.loaded.check().is_err() { ControlFlow::Break(()) } else { observer(progress) }
        };
        let mut run = simulate::run(self.problem(), &self.method, plan, pool, observer)?;
        run.know(&self.constants, &self.minimum, &self.method);
        Ok(run)
    }

    /// With exact expectations, where no number of seeds is asked for and the paths are few.
    pub fn enumerated(&self) -> Result<Option<Run>, BadInput> {
        if self.request.seeds.is_some() {
            return Ok(None);
        }
        let plan = self.plan(self.request.steps, 0, 1);
        simulate::enumerate(self.problem(), &self.method, &plan)
    }

    /// Runs, and holds the run against every statement (or one, on its own witness).
    pub fn run(
        &self,
        pool: &Pool,
        witness_of: Option<&'static Theorem>,
        observer: Observer,
    ) -> Result<Finished, BadInput> {
        let clock = Instant::now();
        let run = match self.enumerated()? {
            Some(run) => run,
            None => self.simulate(self.request.steps, 0, self.seeds(), pool, observer)?,
        };
        self.finish(run, clock.elapsed(), pool, witness_of, observer)
    }

    /// What is to be run, beside other settings.
    pub fn setting(&self) -> Setting<'_> {
        let plan = self.plan(self.request.steps, 0, self.seeds());
        Setting { problem: self.problem(), method: &self.method, plan }
    }

    /// Holds a run of this setting against every statement (or one, on its own witness).
    pub fn finish(
        &self,
        mut run: Run,
        run_time: Duration,
        pool: &Pool,
        witness_of: Option<&'static Theorem>,
        observer: Observer,
    ) -> Result<Finished, BadInput> {
        run.know(&self.constants, &self.minimum, &self.method);
        let chosen = witness_of.map(|theorem| [theorem]);
        let witness_of = witness_of.or_else(|| self.witness_of());
        let theorems = chosen.as_ref().map_or(THEOREMS, |one| &one[..]);
        let mut judgements = evaluate(theorems, &self.inputs(run.plan.steps), &self.at_start);
        judge(&mut judgements, &run, witness_of);
        self.confirm_violations(&mut judgements, &run, pool, observer)?;
        let whole = matches!(run.outcome, Outcome::Completed | Outcome::Periodic { .. }) && run.lanes.len() == 1;
        let last = run.final_points().next().filter(|_| whole);
        let attractor = last.and_then(|last| attractor(self.problem(), &self.method, &last, run.plan.steps));
        self.loaded.check()?;
        Ok(Finished { run, judgements, attractor, run_time, threads: pool.threads() })
    }

    /// The statement about a class of whose witnesses this setting is one.
    fn witness_of(&self) -> Option<&'static Theorem> {
        let witnesses = |theorem: &&&'static Theorem| {
            let forms = theorem.forms.iter().filter(|form| form.scope == Scope::Class);
            forms.flat_map(|form| form.witnesses).any(|witness| self.is(witness))
        };
        THEOREMS.iter().find(witnesses).copied()
    }

    fn is(&self, witness: &Witness) -> bool {
        let Request { problem, method, start, steps, assumptions, .. } = &self.request;
        let assumed = |(name, value): &(&str, f64)| {
            assumptions.iter().any(|(symbol, assumed)| symbol.name() == *name && assumed == value)
        };
        *steps == witness.steps
            && assumptions.len() == witness.assume.len()
            && witness.assume.iter().all(assumed)
            && *start == witness.start.and_then(|start| selector::parse_start(start).ok())
            && parsed("problem", problem, PROBLEMS) == parsed("problem", witness.problem, PROBLEMS)
            && parsed("method", method, METHODS) == parsed("method", witness.method, METHODS)
    }

    /// An expectation may look violated by chance: only fresh seeds, sixteen times as many, confirm it.
    fn confirm_violations(
        &self,
        judgements: &mut [Judgement],
        run: &Run,
        pool: &Pool,
        observer: Observer,
    ) -> Result<(), BadInput> {
        let doubtful =
            |judgement: &Judgement| judgement.verdict == Verdict::Violated && judgement.form.mode == Mode::Expectation;
        // Exact expectations need no second look.
        if !judgements.iter().any(doubtful) || matches!(run.expectation, Expectations::Enumerated(_)) {
            return Ok(());
        }
        let seeds = self.seeds();
        let fresh = self.simulate(run.plan.steps, seeds, seeds.saturating_mul(16), pool, observer)?;
        let complete = !matches!(fresh.outcome, Outcome::Stopped { .. } | Outcome::Diverged { .. });
        for judgement in judgements.iter_mut().filter(|judgement| doubtful(judgement)) {
            let mut again = vec![judgement.clone()];
            again[0].verdict = Verdict::Applicable;
            judge(&mut again, &fresh, None);
            if !complete || again[0].verdict != Verdict::Violated {
                judgement.verdict = Verdict::Undecided;
                judgement.reasons = vec![
                    if complete {
                        "fresh seeds, sixteen times as many, do not confirm a violation"
                    } else {
                        "stopped before fresh seeds could tell"
                    }
                    .to_owned(),
                ];
            }
        }
        Ok(())
    }
}

fn parsed<T>(what: &str, selector: &str, registry: &'static [Entry<T>]) -> Option<Arguments> {
    selector::parse(what, selector, registry).ok().map(|(_, arguments)| arguments)
}

/// A run with its verdicts.
pub struct Finished {
    /// The run.
    pub run: Run,
    /// One for each statement and quantity, in the order of the registry.
    pub judgements: Vec<Judgement>,
    /// The fixed point or the cycle that a deterministic run ended on.
    pub attractor: Option<Attractor>,
    /// Time of the run.
    pub run_time: Duration,
    /// Threads used.
    pub threads: usize,
}

impl Finished {
    /// The judgement of an id whose quantity has this word.
    pub fn find(&self, id: &str, quantity: &str) -> Option<&Judgement> {
        self.judgements.iter().find(|judgement| judgement.theorem.id == id && judgement.quantity.word() == quantity)
    }
}
