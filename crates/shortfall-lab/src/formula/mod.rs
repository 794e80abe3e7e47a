//! Mathematics of statements, as they stand in the terminal, for a page.

/// Text with formulas, as HTML.
pub fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
