//! All statements, in the order of THEORY.md's registry table.

use super::{
    Theorem, det_cvx_fval, det_cvx_min, det_cvx_upper, det_floor_local, det_nc_root, det_nc_sine, det_nc_tri,
    det_nc_upper, det_sc_1d, det_sc_1d_last, det_sc_fval, det_sc_last, det_sc_lower_quad, det_sc_upper, det_wc_upper,
    gauss_var, halluc_1d, halluc_dd, halluc_nec, quad_cycle, quad_global, sto_cvx_fval_m, sto_cvx_fval_n,
    sto_cvx_fval_star, sto_floor_first_order, sto_floor_small_eta, sto_grad_root, sto_grad_slide, sto_grad_upper,
    sto_lip_upper, sto_m_trap, sto_sc_slide, sto_sc_upper, uni_nc_upper, uni_quad_cycle, uni_sc_upper, usam_cvx,
    usam_nc, usam_quad, usam_sc, usam_sto,
};

/// The registry: one line a statement.
pub static THEOREMS: &[&Theorem] = &[
    &det_sc_upper::THEOREM,
    &det_sc_last::THEOREM,
    &det_sc_fval::THEOREM,
    &det_sc_1d::THEOREM,
    &det_sc_1d_last::THEOREM,
    &quad_cycle::THEOREM,
    &quad_global::THEOREM,
    &det_sc_lower_quad::THEOREM,
    &det_cvx_upper::THEOREM,
    &det_cvx_min::THEOREM,
    &det_cvx_fval::THEOREM,
    &det_nc_upper::THEOREM,
    &det_nc_root::THEOREM,
    &det_wc_upper::THEOREM,
    &det_nc_sine::THEOREM,
    &det_nc_tri::THEOREM,
    &sto_sc_upper::THEOREM,
    &sto_sc_slide::THEOREM,
    &sto_grad_upper::THEOREM,
    &sto_grad_slide::THEOREM,
    &sto_grad_root::THEOREM,
    &sto_cvx_fval_n::THEOREM,
    &sto_cvx_fval_m::THEOREM,
    &sto_cvx_fval_star::THEOREM,
    &sto_lip_upper::THEOREM,
    &sto_m_trap::THEOREM,
    &usam_sc::THEOREM,
    &usam_cvx::THEOREM,
    &usam_nc::THEOREM,
    &usam_quad::THEOREM,
    &usam_sto::THEOREM,
    &uni_nc_upper::THEOREM,
    &uni_sc_upper::THEOREM,
    &uni_quad_cycle::THEOREM,
    &det_floor_local::THEOREM,
    &sto_floor_first_order::THEOREM,
    &sto_floor_small_eta::THEOREM,
    &gauss_var::THEOREM,
    &halluc_nec::THEOREM,
    &halluc_1d::THEOREM,
    &halluc_dd::THEOREM,
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
