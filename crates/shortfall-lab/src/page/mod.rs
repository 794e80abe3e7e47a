//! One HTML file that stands by itself: no network, readable with scripts off, light and dark, printable, usable by keyboard.
//!
//! What makes up a page is data: sections, and plates, which are figures with a caption, the command that makes them and
//! their numbers. Scripts only save a figure or its numbers, tell values, and put lines out.

use crate::figure;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("page.css");
const MATH_FONT: &str = include_str!("math-font.css");
const SCRIPT: &str = include_str!("page.js");

/// Nothing is fetched, whatever a page holds: browsers enforce it.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; font-src data:; base-uri 'none'";

/// A figure as a page shows it.
pub struct Plate {
    /// Its name in the page and of its files: letters, digits and hyphens.
    pub id: String,
    /// The picture, fit to stand in the page.
    pub inline: String,
    /// The picture as a file.
    pub svg: String,
    /// Its numbers.
    pub csv: String,
    /// What is to be seen.
    pub caption: Markup,
    /// The command that makes it alone.
    pub command: String,
}

impl Plate {
    fn markup(&self) -> Markup {
        html! {
            figure.plate id=(self.id) {
                (PreEscaped(&self.inline))
                output.readout aria-live="polite" {}
                figcaption {
                    (self.caption)
                    div.make {
                        code { (self.command) }
                        span.save hidden {
                            button type="button" data-save="svg" { "Save SVG" }
                            button type="button" data-save="csv" { "Save CSV" }
                        }
                    }
                }
                script type="text/csv" { (PreEscaped(self.csv.replace("</", "<\u{200b}/"))) }
            }
        }
    }
}

/// A part of a page with a heading of its own in the list of contents.
pub struct Section {
    /// For links.
    pub id: String,
    /// The heading.
    pub title: String,
    /// Its content, plates left out.
    pub body: Vec<Block>,
}

/// What a section is made of.
pub enum Block {
    /// Text, tables, formulas.
    Text(Markup),
    /// A figure.
    Plate(Plate),
    /// A part with a smaller heading and its own link.
    Part {
        /// For links.
        id: String,
        /// The heading.
        title: String,
        /// Its content.
        body: Vec<Block>,
    },
}

impl Block {
    fn markup(&self) -> Markup {
        match self {
            Self::Text(markup) => markup.clone(),
            Self::Plate(plate) => plate.markup(),
            Self::Part { id, title, body } => html! {
                section.part id=(id) {
                    h3 { a.anchor href={ "#" (id) } { (title) } }
                    @for block in body { (block.markup()) }
                }
            },
        }
    }

    fn plates<'a>(&'a self, into: &mut Vec<&'a Plate>) {
        match self {
            Self::Text(_) => {}
            Self::Plate(plate) => into.push(plate),
            Self::Part { body, .. } => body.iter().for_each(|block| block.plates(into)),
        }
    }
}

/// A whole page.
pub struct Page {
    /// Title of the window and first heading.
    pub title: String,
    /// What it is, in a sentence or two.
    pub lead: String,
    /// In order.
    pub sections: Vec<Section>,
}

/// Tells a page of shortfall from others: what begins the style of its figures.
pub const MARK: &str = "/*figures*/";

impl Page {
    /// The file.
    pub fn to_html(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta http-equiv="Content-Security-Policy" content=(POLICY);
                    title { (self.title) }
                    style { (PreEscaped(MATH_FONT)) (PreEscaped(STYLE)) (PreEscaped(figure::STYLE)) }
                }
                body {
                    a.skip href="#content" { "Skip to the content" }
                    header { h1 { (self.title) } p.lead { (self.lead) } }
                    nav aria-label="Contents" {
                        ol {
                            @for section in &self.sections { li { a href={ "#" (section.id) } { (section.title) } } }
                        }
                    }
                    main id="content" {
                        @for section in &self.sections {
                            section id=(section.id) {
                                h2 { a.anchor href={ "#" (section.id) } { (section.title) } }
                                @for block in &section.body { (block.markup()) }
                            }
                        }
                    }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        };
        page.into_string()
    }

    /// Every figure of the page.
    pub fn plates(&self) -> Vec<&Plate> {
        let mut plates = Vec::new();
        self.sections.iter().flat_map(|section| &section.body).for_each(|block| block.plates(&mut plates));
        plates
    }
}

/// Text as HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
