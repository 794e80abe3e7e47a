//! The laboratory around `shortfall`: selectors, data files, figures.

pub mod data;
pub mod figure;
pub mod selector;
