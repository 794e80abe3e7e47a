//! `shortfall reproduce` as a page: every claim with its statement, its picture, its numbers and its verdict.
//!
//! Nothing here knows a theorem, a problem or a method by name: rows, exhibits and floors are data, and what is in the registries
//! appears by itself.

mod exhibits;
mod findings;
mod floors;
mod origin;
mod registry;
mod rows;
mod single;
mod tables;

pub use exhibits::{EXHIBITS, Exhibit, above, field, functions};
pub use floors::{FLOORS, Floors, Swept};
pub use origin::Origin;
pub use registry::{Listed, listed};
pub use single::{of_field, of_run, of_sweep};

use crate::figure::Picture;
use crate::formula;
use crate::page::{Block, Page, Plate, Section};
use crate::reproduce::{Identity, Report};
use maud::{Markup, PreEscaped, html};

/// Everything the page is made of, as far as it was made.
#[derive(Default)]
pub struct Results {
    /// The rows.
    pub reports: Vec<Report>,
    /// Pictures of fields and paths.
    pub exhibits: Vec<(&'static Exhibit, Picture)>,
    /// What formulas say of fields and of the min-max objective, measured.
    pub identities: Vec<Identity>,
    /// Floors against rho and eta.
    pub floors: Vec<Floors>,
    /// Every problem and method, run once.
    pub listed: Vec<Listed>,
}

/// The page.
pub fn page(results: &Results, origin: &Origin) -> Page {
    let paper = |report: &&Report| !report.row.explains && !report.row.witnesses;
    let mut sections = vec![
        Section { id: "found".into(), title: "What was found".into(), body: findings::body(results) },
        Section { id: "tables".into(), title: "The tables of the paper".into(), body: tables::body(&results.reports) },
        Section {
            id: "rows".into(),
            title: "Row by row".into(),
            body: results.reports.iter().filter(paper).map(rows::part).collect(),
        },
        Section { id: "virtual-loss".into(), title: "What SAM descends".into(), body: exhibits(results) },
        Section {
            id: "floors".into(),
            title: "The floor against rho and eta".into(),
            body: floors_and_registry(results),
        },
        Section {
            id: "data".into(),
            title: "Real data".into(),
            body: results.reports.iter().filter(|report| report.row.explains).map(rows::part).collect(),
        },
        Section {
            id: "witnesses".into(),
            title: "Every statement".into(),
            body: results.reports.iter().filter(|report| report.row.witnesses).flat_map(rows::statements).collect(),
        },
        Section { id: "origin".into(), title: "How this was made".into(), body: origin.body() },
    ];
    sections.retain(|section| !section.body.is_empty());
    Page {
        title: "How far short sharpness-aware minimization stops".to_owned(),
        lead: "The claims of \u{201c}Practical Sharpness-Aware Minimization Cannot Converge All the Way to Optima\u{201d} (Si and \
               Yun, NeurIPS 2023), each with explicit constants, evaluated and measured by shortfall."
            .to_owned(),
        sections,
    }
}

fn floors_and_registry(results: &Results) -> Vec<Block> {
    let mut body = floors::body(&results.floors);
    body.extend(registry::body(&results.listed));
    body
}

fn exhibits(results: &Results) -> Vec<Block> {
    let plates = results.exhibits.iter().map(|(exhibit, picture)| {
        Block::Plate(plate(
            exhibit.id.to_owned(),
            picture.clone(),
            html! { p { (PreEscaped(formula::html(exhibit.says))) } },
            exhibit.command(),
        ))
    });
    let mut body: Vec<Block> = plates.collect();
    if !results.identities.is_empty() {
        body.push(Block::Text(tables::identities(&results.identities)));
    }
    body
}

/// A figure with what belongs to it.
pub fn plate(id: String, picture: impl Into<Picture>, caption: Markup, command: String) -> Plate {
    let picture = picture.into();
    Plate { inline: picture.to_inline_svg(), svg: picture.to_svg(), csv: picture.csv(), id, caption, command }
}

/// A word for a verdict, coloured.
fn verdict(word: &str) -> Markup {
    html! { span class={ "verdict " (word) } { (word) } }
}
