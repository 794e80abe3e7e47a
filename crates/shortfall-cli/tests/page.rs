//! The pages that are written.

mod common;

use common::output;
use std::collections::HashSet;

/// Values of an attribute.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    html.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

fn check(html: &str) {
    let ids = values(html, "id");
    let distinct: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), distinct.len(), "no id twice");
    // Nothing is fetched.
    for attribute in ["src", "href"] {
        for value in values(html, attribute) {
            assert!(value.starts_with('#'), "{attribute}={value}");
        }
    }
    assert!(!html.contains("@import") && !html.replace("url(data:", "").contains("url(") && !html.contains("NaN"));
    for link in values(html, "href").into_iter().filter(|link| !link.starts_with("#statement-")) {
        assert!(distinct.contains(&link[1..]), "{link} leads nowhere");
    }
    let figures = html.matches("<figure").count();
    assert!(figures > 0);
    for part in ["<svg", "<desc>", "<figcaption>", "data-save=\"csv\"", "type=\"text/csv\""] {
        assert!(html.matches(part).count() >= figures, "{part}");
    }
}

#[test]
fn a_row_a_run_a_sweep_and_a_field() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, arguments) in [
        ("row", &["reproduce", "--quick", "--only", "det-sc"][..]),
        ("virtual", &["reproduce", "--quick", "--only", "virtual-loss"]),
        ("run", &["run", "quadratic", "sam", "--steps", "500"]),
        ("sweep", &["run", "quadratic", "sam{rho=[0.01,0.1]}", "--steps", "500"]),
        ("line", &["field", "double-well", "sam{rho=1.5}"]),
        ("plane", &["field", "quadratic", "sam"]),
    ] {
        let out = folder.path().join(name);
        output(&[arguments, &["--out", out.to_str().unwrap()]].concat());
        let html = std::fs::read_to_string(out.join("index.html")).expect("a page");
        check(&html);
        let count = |folder: &str| std::fs::read_dir(out.join(folder)).expect("a folder").count();
        assert_eq!(
            (count("figures"), count("data")),
            (html.matches("<figure").count(), html.matches("<figure").count())
        );
        assert_eq!(html.contains("<math>"), ["row", "run", "virtual"].contains(&name), "{name}");
    }
}

#[test]
fn every_statement_stands_on_the_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().unwrap();
    output(&["reproduce", "--quick", "--only", "witnesses", "--out", out]);
    let html = std::fs::read_to_string(folder.path().join("index.html")).expect("a page");
    let list = common::json(&["theorems"]);
    for theorem in list["theorems"].as_array().expect("a list") {
        let id = theorem["id"].as_str().expect("an id");
        assert!(html.contains(&format!("id=\"statement-{id}\"")), "{id}");
    }
}

#[test]
fn every_problem_and_method_stands_on_the_page() {
    let folder = tempfile::tempdir().expect("a folder");
    output(&["reproduce", "--quick", "--only", "floors", "--out", folder.path().to_str().unwrap()]);
    let html = std::fs::read_to_string(folder.path().join("index.html")).expect("a page");
    for list in ["problems", "methods"] {
        for entry in common::json(&[list])[list].as_array().expect("a list") {
            let name = entry["name"].as_str().expect("a name");
            assert!(html.contains(&format!("<td><code>{name}</code>")), "{name}");
        }
    }
}
