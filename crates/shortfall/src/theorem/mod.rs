//! Statements: what each says, when it applies, and the number it gives.
//!
//! A theorem is one file with one `static`. It sees [`Inputs`] (constants, the method's numbers, facts about the
//! start), never data or traces. Its bound is computed in outward-rounded arithmetic on [`Number`](crate::constants::Number), so the provenance
//! of every constant it used travels with it.

mod bound;
mod cycle;
mod decay_rho_nc;
mod decay_rho_sc;
mod decay_rho_sto;
mod det_cvx_fval;
mod det_cvx_lower;
mod det_cvx_min;
mod det_cvx_upper;
mod det_floor_local;
mod det_nc_root;
mod det_nc_sine;
mod det_nc_sine_phase;
mod det_nc_tri;
mod det_nc_upper;
mod det_quad_upper;
mod det_sc_1d;
mod det_sc_1d_last;
mod det_sc_decay;
mod det_sc_fval;
mod det_sc_last;
mod det_sc_lower_quad;
mod det_sc_lower_ridge;
mod det_sc_recursion;
mod det_sc_tuned;
mod det_sc_upper;
mod det_wc_upper;
#[cfg(test)]
mod example;
mod gauss_var;
mod halluc_1d;
mod halluc_dd;
mod halluc_nec;
mod inputs;
mod kink;
mod quad_cycle;
mod quad_global;
mod quantity;
mod registry;
mod requirements;
mod ridge_orbit;
mod schedules;
mod step;
mod sto_add_noise;
mod sto_cvx_fval_m;
mod sto_cvx_fval_n;
mod sto_cvx_fval_star;
mod sto_floor_first_order;
mod sto_floor_small_eta;
mod sto_grad_root;
mod sto_grad_slide;
mod sto_grad_upper;
mod sto_lip_upper;
mod sto_m_nosmooth;
mod sto_m_sharp;
mod sto_m_trap;
mod sto_nc_trap;
mod sto_sc_avg;
mod sto_sc_decay;
mod sto_sc_slide;
mod sto_sc_upper;
mod uni_nc_upper;
mod uni_quad_cycle;
mod uni_sc_upper;
mod usam_cvx;
mod usam_halluc;
mod usam_nc;
mod usam_quad;
mod usam_sc;
mod usam_sto;

pub use bound::{Bound, side};
pub(crate) use cycle::length;
pub use inputs::{CurvatureAtMinimum, FirstOrderFloor, Hallucinated, Inputs, MethodFacts, ProblemFacts, SamplingFacts};
pub use kink::{Kink, MOST_RIPPLES};
pub use quantity::{Measure, Over, Quantity};
pub use registry::{THEOREMS, find};
pub use requirements::Requirement;
pub use ridge_orbit::RidgeOrbit;
pub use step::with_step;

use crate::method::Schedule;

/// What a statement gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The quantity is at most the bound.
    Upper,
    /// The quantity is at least the bound.
    Lower,
    /// The quantity is the bound.
    Exact,
    /// Asymptotic or heuristic: agrees or differs, is never violated.
    Prediction,
}

impl Kind {
    /// The word used in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Upper => "upper",
            Self::Lower => "lower",
            Self::Exact => "exact",
            Self::Prediction => "prediction",
        }
    }
}

/// What a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// This problem, through its constants.
    Instance,
    /// The worst function of a class; judged on its own witness only.
    Class,
}

impl Scope {
    /// The word used in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Class => "class",
        }
    }
}

/// What is random in the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// True of every run.
    Pathwise,
    /// True of the mean over all draws.
    Expectation,
    /// True of every run with probability one.
    AlmostSure,
}

/// A complete setting on which a statement is attained, as selectors.
#[derive(Debug)]
pub struct Witness {
    /// Problem selector.
    pub problem: &'static str,
    /// Method selector.
    pub method: &'static str,
    /// `--start`, if not the problem's own.
    pub start: Option<&'static str>,
    /// Steps.
    pub steps: u64,
    /// `--seeds`, if not the method's default.
    pub seeds: Option<u64>,
    /// Constants of the class where they are not the instance's own.
    pub assume: &'static [(&'static str, f64)],
}

/// One row of THEORY.md's registry table.
pub struct Form {
    /// Name of the form; `None` for the base form.
    pub name: Option<&'static str>,
    /// What it gives.
    pub kind: Kind,
    /// What it is about.
    pub scope: Scope,
    /// What is random.
    pub mode: Mode,
    /// The bounded quantity.
    pub quantity: fn(&Inputs) -> Quantity,
    /// Every hypothesis, met or not, with its numbers.
    pub requires: fn(&Inputs) -> Vec<Requirement>,
    /// The bound; meaningful only if every requirement is met.
    pub bound: fn(&Inputs) -> Bound,
    /// The step size or schedule it is stated for, if it is stated for one only: `eta="ID"` in a selector.
    pub step: Option<fn(&Inputs) -> Option<Schedule>>,
    /// Where it is attained or judged.
    pub witnesses: &'static [Witness],
}

impl Form {
    /// The base form of a statement about every single instance, for any step.
    pub const fn new(
        kind: Kind,
        mode: Mode,
        quantity: fn(&Inputs) -> Quantity,
        requires: fn(&Inputs) -> Vec<Requirement>,
        bound: fn(&Inputs) -> Bound,
    ) -> Self {
        Self { name: None, kind, scope: Scope::Instance, mode, quantity, requires, bound, step: None, witnesses: &[] }
    }

    /// Another form than the base form.
    pub const fn named(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }

    /// About the worst of a class, not about every instance.
    pub const fn of_a_class(self) -> Self {
        Self { scope: Scope::Class, ..self }
    }

    /// For this step or schedule only.
    pub const fn made_for(self, step: fn(&Inputs) -> Option<Schedule>) -> Self {
        Self { step: Some(step), ..self }
    }

    /// Attained or judged there.
    pub const fn witnessed(self, witnesses: &'static [Witness]) -> Self {
        Self { witnesses, ..self }
    }
}

/// A statement.
pub struct Theorem {
    /// Its id, the same everywhere.
    pub id: &'static str,
    /// Where it stands and where it comes from.
    pub source: &'static str,
    /// Setting and hypotheses in words.
    pub setting: &'static str,
    /// The statement as a formula.
    pub statement: &'static str,
    /// What it means, in one sentence.
    pub meaning: &'static str,
    /// How sharp it is, and what attains it.
    pub tightness: &'static str,
    /// A command that shows it.
    pub example: &'static str,
    /// Its forms, the table's first first.
    pub forms: &'static [Form],
}
