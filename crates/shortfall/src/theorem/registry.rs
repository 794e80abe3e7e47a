//! All statements, in the order of THEORY.md's registry table.

use super::Theorem;

/// The registry: one line a statement.
pub static THEOREMS: &[&Theorem] = &[
    &super::det_sc_upper::THEOREM,
    &super::det_sc_last::THEOREM,
    &super::det_sc_recursion::THEOREM,
    &super::det_sc_decay::THEOREM,
    &super::det_sc_tuned::THEOREM,
    &super::det_sc_fval::THEOREM,
    &super::det_sc_1d::THEOREM,
    &super::det_sc_1d_last::THEOREM,
    &super::det_quad_upper::THEOREM,
    &super::quad_cycle::THEOREM,
    &super::quad_global::THEOREM,
    &super::det_sc_lower_quad::THEOREM,
    &super::det_sc_lower_ridge::THEOREM,
    &super::det_cvx_upper::THEOREM,
    &super::det_cvx_min::THEOREM,
    &super::det_cvx_fval::THEOREM,
    &super::det_cvx_lower::THEOREM,
    &super::det_nc_upper::THEOREM,
    &super::det_nc_root::THEOREM,
    &super::det_wc_upper::THEOREM,
    &super::det_nc_sine::THEOREM,
    &super::det_nc_sine_phase::THEOREM,
    &super::det_nc_tri::THEOREM,
    &super::sto_sc_upper::THEOREM,
    &super::sto_sc_slide::THEOREM,
    &super::sto_sc_decay::THEOREM,
    &super::sto_sc_avg::THEOREM,
    &super::sto_grad_upper::THEOREM,
    &super::sto_grad_slide::THEOREM,
    &super::sto_grad_root::THEOREM,
    &super::sto_cvx_fval_n::THEOREM,
    &super::sto_cvx_fval_m::THEOREM,
    &super::sto_cvx_fval_star::THEOREM,
    &super::sto_lip_upper::THEOREM,
    &super::sto_m_trap::THEOREM,
    &super::sto_m_sharp::THEOREM,
    &super::sto_add_noise::THEOREM,
    &super::sto_nc_trap::THEOREM,
    &super::sto_m_nosmooth::THEOREM,
    &super::usam_sc::THEOREM,
    &super::usam_cvx::THEOREM,
    &super::usam_nc::THEOREM,
    &super::usam_quad::THEOREM,
    &super::usam_sto::THEOREM,
    &super::usam_halluc::THEOREM,
    &super::decay_rho_nc::THEOREM,
    &super::decay_rho_sc::THEOREM,
    &super::decay_rho_sto::THEOREM,
    &super::uni_nc_upper::THEOREM,
    &super::uni_sc_upper::THEOREM,
    &super::uni_quad_cycle::THEOREM,
    &super::det_floor_local::THEOREM,
    &super::sto_floor_first_order::THEOREM,
    &super::sto_floor_small_eta::THEOREM,
    &super::gauss_var::THEOREM,
    &super::halluc_nec::THEOREM,
    &super::halluc_1d::THEOREM,
    &super::halluc_dd::THEOREM,
];

/// The statement with this id.
pub fn find(id: &str) -> Option<&'static Theorem> {
    THEOREMS.iter().find(|theorem| theorem.id == id).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::{Kind, Scope};

    #[test]
    fn every_statement_is_complete_and_in_ascii() {
        for theorem in THEOREMS {
            assert!(std::ptr::eq(find(theorem.id).expect("found by its id"), *theorem), "{} is not unique", theorem.id);
            assert!(!theorem.forms.is_empty(), "{} has no form", theorem.id);
            let texts = [theorem.source, theorem.setting, theorem.statement, theorem.meaning, theorem.tightness];
            for text in texts.into_iter().chain([theorem.example]) {
                assert!(!text.is_empty() && text.is_ascii(), "{}: {text:?}", theorem.id);
            }
            assert!(theorem.example.starts_with("shortfall "), "{}", theorem.id);
            for form in theorem.forms {
                assert_eq!(
                    form.scope == Scope::Class,
                    form.kind == Kind::Lower && !form.witnesses.is_empty() && theorem.id.contains("lower")
                );
            }
        }
    }
}
