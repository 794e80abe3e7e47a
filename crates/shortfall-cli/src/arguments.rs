//! The command line.

use crate::progress;
use clap::{Args, Parser, Subcommand};
use shortfall::arguments::BadInput;
use shortfall::simulate::Record;
use shortfall_lab::data::{Library, parse_memory};
use shortfall_lab::experiment::Request;
use shortfall_lab::field::Wish;
use shortfall_lab::pool::Pool;
use shortfall_lab::selector::{parse_assumption, parse_loop, parse_start, parse_steps, parse_window};
use std::path::PathBuf;
use std::sync::Arc;

/// How far short of the optimum does sharpness-aware minimization stop, on your problem, and why?
#[derive(Parser)]
#[command(
    name = "shortfall",
    version,
    max_term_width = 100,
    after_help = "Examples:
  shortfall run logistic sam
  shortfall run 'logistic{data=\"breast-cancer\",ridge=1e-2}' 'sam{eta=\"0.3/beta\",rho=0.02}' --steps 30000
  shortfall bound 'quadratic{eigenvalues=[10.0,1.0]}' sam
  shortfall theorem det-cvx-fval"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// The paper, claim by claim, measured
    Reproduce(Reproduce),
    /// Run a method on a problem and hold it against every theorem
    Run(Run),
    /// Every theorem: its bound on this problem, or why it does not apply
    Bound(Bound),
    /// The field that SAM follows: virtual loss, kinks, hallucinated minima, curl
    Field(Field),
    /// The constants of a problem, each with its provenance
    Constants(Constants),
    /// List the theorems
    Theorems(List),
    /// One theorem: setting, statement, meaning, sharpness, example
    Theorem(Named),
    /// List the problems
    Problems(List),
    /// One problem with its parameters
    Problem(Named),
    /// List the methods
    Methods(List),
    /// One method with its parameters
    Method(Named),
    /// List the bundled data
    Data(List),
    /// Completions for a shell
    Completions {
        /// bash, zsh, fish, elvish or powershell
        shell: clap_complete::Shell,
    },
}

#[derive(Args)]
pub struct List {
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Named {
    /// Its name
    pub name: String,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Reproduce {
    /// Folder for the page, its figures and numbers; default shortfall-report, with --json none
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Fewer steps and seeds
    #[arg(long)]
    pub quick: bool,
    /// One row only
    #[arg(long, value_name = "ROW")]
    pub only: Option<String>,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

/// What names a setting.
#[derive(Args)]
pub struct Setting {
    /// A problem: NAME or NAME{parameter=value,...}
    pub problem: String,
    /// A method: NAME or NAME{parameter=value,...}
    pub method: String,
    /// Number of steps, from 1 to 1e15
    #[arg(long, default_value = "10000", allow_hyphen_values = true)]
    pub steps: String,
    /// zeros, ones, random, or a list such as [1.0,-2.0]; default the problem's own
    #[arg(long, allow_hyphen_values = true)]
    pub start: Option<String>,
    /// Take a constant on your word, such as sigma2=4; bounds that use it are not certified
    #[arg(long, value_name = "C=V", allow_hyphen_values = true)]
    pub assume: Vec<String>,
    /// Most seconds for the constants; what is not found by then is bounded more loosely, or missing
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    pub budget: Option<String>,
    #[command(flatten)]
    pub memory: Memory,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

/// How much may be held.
#[derive(Args)]
pub struct Memory {
    /// Most memory for a table, such as 1GB; a larger NPY file is read again at every pass, but for mlp [default: 3/4 of what is free]
    #[arg(long = "memory", value_name = "SIZE", allow_hyphen_values = true)]
    size: Option<String>,
}

/// The library under a budget.
pub fn library(seconds: Option<&str>, memory: &Memory, pool: Arc<Pool>) -> Result<Library, BadInput> {
    let seconds = seconds.map(|text| {
        let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=1e9).contains(seconds));
        seconds.ok_or_else(|| {
            let shown: String = text.chars().take(40).filter(|c| !c.is_control()).collect();
            BadInput::new(format!("--budget must be a number of seconds from 0 to 1e9, not `{shown}`"))
        })
    });
    let memory = memory.size.as_deref().map(parse_memory).transpose()?;
    Ok(Library::with(progress::budget(seconds.transpose()?, pool), memory))
}

impl Setting {
    pub fn request(&self, pool: Arc<Pool>) -> Result<Request, BadInput> {
        let mut request = Request::new(&self.problem, &self.method);
        request.library = library(self.budget.as_deref(), &self.memory, pool)?;
        request.steps = parse_steps(&self.steps)?;
        request.start = self.start.as_deref().map(parse_start).transpose()?;
        for text in &self.assume {
            let (symbol, value) = parse_assumption(text)?;
            if request.assumptions.iter().any(|(other, _)| *other == symbol) {
                return Err(BadInput::new(format!("--assume gives {} twice", symbol.name())));
            }
            request.assumptions.push((symbol, value));
        }
        Ok(request)
    }
}

#[derive(Args)]
pub struct Run {
    #[command(flatten)]
    pub setting: Setting,
    /// Number of independent runs; default 1, for stochastic methods 64
    #[arg(long, allow_hyphen_values = true)]
    pub seeds: Option<String>,
    /// Seed of all draws
    #[arg(long, default_value = "0", allow_hyphen_values = true)]
    pub seed: String,
    /// Threads; default one a core; results do not depend on it
    #[arg(long, allow_hyphen_values = true)]
    pub threads: Option<String>,
    /// `every`: evaluate and record every step; `ends`: only the first and the last, which is fastest: no means, no floor
    #[arg(long, value_name = "every|ends")]
    pub record: Option<String>,
    /// Write a page, its figures (SVG), numbers (CSV) and the JSON into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Most seeds and threads of a run.
const MOST_SEEDS: u64 = 10_000_000;
const MOST_THREADS: u64 = 1024;

fn whole(option: &str, text: &str, from: u64, to: u64) -> Result<u64, BadInput> {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    // 1e6 is whole, too; above 2^53 a double does not tell.
    let as_double = || digits.parse::<f64>().ok().filter(|x| x.fract() == 0.0 && (0.0..=2f64.powi(53)).contains(x));
    match digits.parse::<u64>().or_else(|error| as_double().map(|x| x as u64).ok_or(error)) {
        Ok(number) if (from..=to).contains(&number) => Ok(number),
        _ => {
            let shown: String = text.chars().take(40).filter(|c| !c.is_control()).collect();
            Err(BadInput::new(format!("{option} must be a whole number from {from} to {to}, not `{shown}`")))
        }
    }
}

impl Run {
    pub fn request(&self, pool: Arc<Pool>) -> Result<Request, BadInput> {
        let mut request = self.setting.request(pool)?;
        request.seeds = self.seeds.as_deref().map(|text| whole("--seeds", text, 1, MOST_SEEDS)).transpose()?;
        request.seed = whole("--seed", &self.seed, 0, u64::MAX)?;
        request.record = match self.record.as_deref() {
            None => Record::LogSpaced,
            Some("every") => Record::Every,
            Some("ends") => Record::Ends,
            Some(other) => {
                return Err(BadInput::new(format!(
                    "--record must be `every` or `ends`, or be left out, not `{}`",
                    other.escape_default()
                )));
            }
        };
        Ok(request)
    }

    pub fn threads(&self) -> Result<Option<usize>, BadInput> {
        let threads = self.threads.as_deref().map(|text| whole("--threads", text, 1, MOST_THREADS)).transpose()?;
        Ok(threads.map(|threads| threads as usize))
    }
}

#[derive(Args)]
pub struct Bound {
    #[command(flatten)]
    pub setting: Setting,
}

#[derive(Args)]
pub struct Field {
    #[command(flatten)]
    pub setting: Setting,
    /// Where to look: [low,high] on the line, in the plane for both coordinates
    #[arg(long, value_name = "[LOW,HIGH]", allow_hyphen_values = true)]
    pub window: Option<String>,
    /// Corners of a closed loop for the circulation; default a square of side 2 rho around the start
    #[arg(long, value_name = "CORNERS", allow_hyphen_values = true)]
    pub around: Option<String>,
    /// Write a page, its figures (SVG), numbers (CSV) and the JSON into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

impl Field {
    pub fn wish(&self) -> Result<Wish, BadInput> {
        Ok(Wish {
            window: self.window.as_deref().map(parse_window).transpose()?,
            around: self.around.as_deref().map(parse_loop).transpose()?,
        })
    }
}

#[derive(Args)]
pub struct Constants {
    /// A problem: NAME or NAME{parameter=value,...}
    pub problem: String,
    /// A method, for its sampling
    pub method: Option<String>,
    /// zeros, ones, random, or a list such as [1.0,-2.0]; default the problem's own
    #[arg(long, allow_hyphen_values = true)]
    pub start: Option<String>,
    /// Most seconds for the constants; what is not found by then is bounded more loosely, or missing
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    pub budget: Option<String>,
    #[command(flatten)]
    pub memory: Memory,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}
