use super::*;
use proptest::prelude::*;
use shortfall::theorem::THEOREMS;

/// Tags that do not close each other, if there are any.
fn unbalanced(html: &str) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    for piece in html.split('<').skip(1) {
        let tag = piece.split('>').next().unwrap_or_default();
        match tag.strip_prefix('/') {
            Some(name) if open.last() == Some(&name) => drop(open.pop()),
            Some(name) => return Some(format!("{name} closes {:?}", open.last())),
            None => open.push(tag.split(' ').next().unwrap_or_default()),
        }
    }
    open.last().map(|name| format!("{name} stays open"))
}

fn inside(text: &str) -> String {
    let html = html(text);
    let inner = html.strip_prefix("<math>").and_then(|rest| rest.strip_suffix("</math>"));
    inner.unwrap_or_else(|| panic!("{text} is one formula: {html}")).replace("<mo>&#8290;</mo>", "")
}

#[test]
fn formulas() {
    for (text, wanted) in [
        ("sigma2", "<msup><mi>σ</mi><mn>2</mn></msup>"),
        ("x0", "<msub><mi>x</mi><mn>0</mn></msub>"),
        ("beta_bar", "<mover><mi>β</mi><mo>¯</mo></mover>"),
        ("beta_rms", "<msub><mi>β</mi><mrow><mtext>rms</mtext></mrow></msub>"),
        ("sigma2_star", "<msubsup><mi>σ</mi><mo>⋆</mo><mn>2</mn></msubsup>"),
        (
            "tau^2/(2*mu)",
            "<mfrac><mrow><msup><mrow><mi>τ</mi></mrow><mrow><mn>2</mn></mrow></msup></mrow><mrow><mn>2</mn><mi>μ</mi></mrow></mfrac>",
        ),
        (
            "T*|x0-x*|",
            "<mi>T</mi><mrow><mo>|</mo><msub><mi>x</mi><mn>0</mn></msub><mo>−</mo><msup><mrow><mi>x</mi></mrow><mo>∗</mo></msup><mo>|</mo></mrow>",
        ),
        ("[q]_+", "<msub><mrow><mrow><mo>[</mo><mi>q</mi><mo>]</mo></mrow></mrow><mo>+</mo></msub>"),
        (
            "floor(T/2)",
            "<mrow><mo>⌊</mo><mfrac><mrow><mi>T</mi></mrow><mrow><mn>2</mn></mrow></mfrac><mo>⌋</mo></mrow>",
        ),
        ("x*", "<msup><mrow><mi>x</mi></mrow><mo>∗</mo></msup>"),
        ("eta*mu", "<mi>η</mi><mi>μ</mi>"),
        ("f''(m)", "<msup><mrow><mi>f</mi></mrow><mo>″</mo></msup><mrow><mo>(</mo><mi>m</mi><mo>)</mo></mrow>"),
        ("sqrt(T)", "<msqrt><mrow><mi>T</mi></mrow></msqrt>"),
        ("q <= 1/2", "<mi>q</mi><mo>≤</mo><mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>"),
        ("H^{-1}", "<msup><mrow><mi>H</mi></mrow><mrow><mo>−</mo><mn>1</mn></mrow></msup>"),
        (
            "(1-q)^T",
            "<msup><mrow><mrow><mo>(</mo><mn>1</mn><mo>−</mo><mi>q</mi><mo>)</mo></mrow></mrow><mrow><mi>T</mi></mrow></msup>",
        ),
    ] {
        assert_eq!(inside(text), wanted, "{text}");
    }
}

#[test]
fn prose_stays_prose() {
    for text in ["a gradient that is not 0; I think", "m-SAM never leaves (with probability one)", "long-run, as such"]
    {
        let html = html(text);
        assert!(html.matches("<math>").count() <= 1, "{html}");
    }
    assert_eq!(html("with mu > 0 here"), "with <math><mi>μ</mi><mo>&gt;</mo><mn>0</mn></math> here");
    assert_eq!(html("the floor's height"), "the floor's height");
    assert_eq!(html("the min-max objective"), "the min-max objective");
    assert_eq!(html("beta-smooth"), "<math><mi>β</mi></math>-smooth");
    assert!(html("see det-sc-upper.").contains("<a href=\"#statement-det-sc-upper\">"));
    assert_eq!(html("`q`"), "<math><mi>q</mi></math>");
    assert_eq!(html("<script>"), "&lt;script&gt;");
}

#[test]
fn every_statement_is_read() {
    for theorem in THEOREMS {
        for text in [theorem.statement, theorem.setting, theorem.meaning, theorem.tightness] {
            let html = html(text);
            assert_eq!(unbalanced(&html), None, "{}: {html}", theorem.id);
        }
        // No sign of mathematics is left among the words.
        let html = html(theorem.statement);
        let prose: String = html
            .split("<math>")
            .enumerate()
            .map(|(i, part)| if i == 0 { part } else { part.split_once("</math>").map_or("", |p| p.1) })
            .collect();
        for raw in ["^", "_{", "sqrt", "&lt;=", "&gt;=", "*", "eta", "rho"] {
            assert!(!prose.replace("theta", "").contains(raw), "{}: `{raw}` in {prose}", theorem.id);
        }
    }
}

proptest! {
    #[test]
    fn no_text_is_too_wild(text in "[-a-cxT0-9_^*+/(){}|<=>.,;:' ]{0,40}") {
        let html = html(&text);
        prop_assert_eq!(unbalanced(&html), None, "{}", html);
    }

    #[test]
    fn nor_any_character(text in "\\PC{0,30}") {
        prop_assert_eq!(unbalanced(&html(&text)), None);
    }
}
