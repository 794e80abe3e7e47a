//! All statements, in the order of THEORY.md's registry table.

use super::{Theorem, det_cvx_fval};

/// The registry: one line a statement.
pub static THEOREMS: &[&Theorem] = &[&det_cvx_fval::THEOREM];

/// The statement with this id.
pub fn find(id: &str) -> Option<&'static Theorem> {
    THEOREMS.iter().find(|theorem| theorem.id == id).copied()
}
