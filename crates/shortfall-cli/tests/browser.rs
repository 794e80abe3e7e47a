//! The pages in Chromium, which must not reach any network: figures, formulas, text, scripts; narrow and wide, light and dark.
//!
//! `SHORTFALL_BROWSER` names the program; without it one of Debian's names is looked for, and where there is none, nothing is
//! looked at. `SHORTFALL_PAGE` names a page to look at beside those made here.

mod common;

use common::{output, text};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const AUDIT: &str = include_str!("browser/audit.js");

fn browser() -> Option<String> {
    std::env::var("SHORTFALL_BROWSER").ok().or_else(|| {
        let starts =
            |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
        ["chromium", "chromium-browser", "google-chrome"].into_iter().find(starts).map(str::to_owned)
    })
}

/// What is wrong with the pages, and what was seen, in one colour scheme.
fn audit(browser: &str, pages: &[PathBuf], folder: &Path, dark: bool) -> (Vec<String>, Vec<Value>) {
    let urls: Vec<String> = pages.iter().map(|page| format!("file://{}", page.display())).collect();
    let urls = serde_json::to_string(&urls).expect("JSON");
    let html = format!("<!doctype html><meta charset=\"utf-8\"><body><script>{AUDIT}\nrun({urls});</script></body>");
    let wrapper = folder.join("audit.html");
    std::fs::write(&wrapper, html).expect("a file");
    // A browser on a busy machine may not come up: then again, after a while.
    let ends = |dom: &str| dom.contains("<pre id=\"result\">");
    let look = |attempt: u64| {
        std::thread::sleep(std::time::Duration::from_secs(5 * attempt));
        let output = Command::new(browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"])
            .args(["--disable-background-networking", "--disable-component-update", "--allow-file-access-from-files"])
            .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9"])
            .args(["--window-size=1700,1000", "--virtual-time-budget=600000", "--dump-dom"])
            .arg(format!("--blink-settings=preferredColorScheme={}", u8::from(!dark)))
            .arg(format!("--user-data-dir={}", folder.join(format!("profile-{dark}-{attempt}")).display()))
            .arg(format!("file://{}", wrapper.display()))
            .output()
            .expect("the browser starts");
        (text(&output.stdout), text(&output.stderr))
    };
    let (dom, errors) = (0..3).map(look).find(|(dom, _)| ends(dom)).unwrap_or_else(|| look(3));
    let result = dom.split("<pre id=\"result\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let result = result.unwrap_or_else(|| panic!("the audit did not end: {errors}"));
    let result = result.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let results: Vec<Value> = serde_json::from_str(&result).expect("JSON");
    let problems = results.iter().flat_map(|result| result["problems"].as_array().expect("a list"));
    let problems = problems.map(|problem| problem.as_str().expect("text").to_owned()).collect();
    (problems, results.iter().map(|result| result["seen"].clone()).collect())
}

#[test]
fn pages_are_whole_in_a_browser() {
    let Some(browser) = browser() else {
        eprintln!("no Chromium here: the pages are not looked at");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let mut pages: Vec<PathBuf> =
        std::env::var("SHORTFALL_PAGE").ok().filter(|p| !p.is_empty()).map(PathBuf::from).into_iter().collect();
    for (name, arguments) in [
        ("row", &["reproduce", "--quick", "--only", "det-sc"][..]),
        ("virtual", &["reproduce", "--quick", "--only", "virtual-loss"]),
        ("witnesses", &["reproduce", "--quick", "--only", "witnesses"]),
        ("run", &["run", "logistic", "stochastic-sam{batch=32}", "--steps", "500"]),
        ("short", &["run", "quadratic", "sam", "--steps", "1"]),
        ("sweep", &["run", "quadratic", "sam{rho=[0.01,0.1]}", "--steps", "500"]),
        ("line", &["field", "double-well", "sam{rho=1.5}"]),
        ("plane", &["field", "quadratic", "sam"]),
    ] {
        let out = folder.path().join(name);
        output(&[arguments, &["--out", out.to_str().expect("UTF-8")]].concat());
        pages.push(out.join("index.html"));
    }
    for dark in [false, true] {
        let (problems, seen) = audit(&browser, &pages, folder.path(), dark);
        assert_eq!(problems, Vec::<String>::new(), "{} in all", problems.len());
        assert_eq!(seen.len(), 3 * pages.len());
        let count = |what: &str| seen.iter().map(|seen| seen[what].as_u64().expect("a count")).sum::<u64>();
        assert!(count("figures") >= 3 * 12 && count("formulas") >= 300);
        assert!(seen.iter().all(|seen| seen["dark"] == dark));
    }
}
