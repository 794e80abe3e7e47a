//! Running a method on a problem: the plan, the state, the loop, and what is kept of it.
//!
//! Everything runs through a [`Stepper`] on blocks of lanes. Lanes are independent runs of one problem with their own
//! random generators, so results depend neither on how lanes are grouped nor on the number of threads; and nothing a
//! lane does depends on the number of steps planned, so a run is the beginning of every longer one, bit for bit.

mod aggregates;
mod cycle;
mod driver;
mod enumerate;
mod measured;
mod movement;
mod paths;
mod plan;
mod run;
mod state;
mod statistics;
mod stepper;

pub use aggregates::{Extremes, LaneRecord, Movement, Point, Sums};
pub use driver::{Observer, Progress, Setting, check, check_sampling, run, run_all};
pub use enumerate::enumerate;
pub use measured::{Floor, Measured};
pub use paths::Paths;
pub use plan::{Plan, Record};
pub use run::{Expectations, Outcome, Rounding, Run};
pub use state::State;
pub use statistics::{FEWEST as FEWEST_LANES, Interval, student_interval};
pub use stepper::{Aggregates, Course, StepRounding, Stepper};
