//! The laboratory around `shortfall`: selectors, data files, the thread pool, experiments, figures and reports.

mod command;
pub mod data;
pub mod diagnosis;
pub mod experiment;
pub mod field;
pub mod figure;
mod fit;
mod formula;
pub mod json;
pub mod page;
pub mod picture;
pub mod pool;
pub mod report;
pub mod reproduce;
pub mod selector;
pub mod sweep;
mod words;
