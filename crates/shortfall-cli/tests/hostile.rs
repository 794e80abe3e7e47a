//! Bad input: one clear message that names the place and what would be right, status 2, nothing lost.

mod common;

use common::{json, refusal};
use std::path::Path;

/// Arguments after `run`, and what the message must contain.
#[test]
fn selectors_and_options() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["logistik", "sam"], &["logistik", "logistic"]),
        (&["logistic", "smm"], &["smm", "sam"]),
        (&["sine", "sam{rh=0.1}"], &["rh", "rho"]),
        (&["sine", "sam{eta=0.1"], &["}"]),
        (&["sine", "sam eta=0.1"], &["{"]),
        (&["sine", "sam{eta=0}"], &["eta", "above 0"]),
        (&["sine", "sam{eta=-1}"], &["eta", "above 0"]),
        (&["sine", "sam{eta=nan}"], &["eta"]),
        (&["sine", "sam{eta=1e400}"], &["eta"]),
        (&["sine", "sam{eta=\"0.3/gamma\"}"], &["eta", "c/beta"]),
        (&["sine", "sam{eta=0.3/beta}"], &["eta=\"0.3/beta\""]),
        (&["sine", "sam{rho=-0.1}"], &["rho", "at least 0"]),
        (&["sine", "sam{rho=\"1/t\"}"], &["rho", "c/sqrt(t+1)"]),
        (&["sine", "stochastic-sam"], &["no samples"]),
        (&["trap", "stochastic-sam{batch=0}"], &["batch"]),
        (&["trap", "stochastic-sam{sampling=\"other\"}"], &["sampling", "independent"]),
        (&["trap", "stochastic-sam{batch=3,replacement=false}"], &["batch", "2 samples"]),
        (&["mixture", "sgd{replacement=false}"], &["replacement"]),
        (&["trap{beta=2.0,mu=1.0}", "sgd"], &["beta", "2 mu"]),
        (&["trap{theta=1.0}", "sgd"], &["theta"]),
        (&["triangle{eps=0.5}", "sam"], &["eps"]),
        (&["triangle{noise=-0.1}", "sam"], &["noise", "at least 0"]),
        (&["triangle{noise=0.0}", "stochastic-sam"], &["no samples"]),
        (&["capped-wave{cap=0.9}", "sam"], &["cap", "0.9"]),
        (&["sharp-trap{beta=1.5}", "sgd"], &["beta", "2 mu"]),
        (&["additive-noise{p=0.5}", "sgd"], &["p", "1/2"]),
        (&["rippled{mu=1e-12}", "sgd"], &["amplitude", "1e9"]),
        (&["double-ridge{ridge=0.5}", "sam"], &["ridge", "(beta - mu)/2 = 0.49"]),
        (&["double-ridge{mu=1.0}", "sam"], &["mu", "below beta"]),
        (&["expression{f=\"x^4\"}", "sam"], &["eta", "beta is not known", "interval=[low,high]"]),
        (&["double-well{interval=[1.0,-1.0]}", "sam{eta=0.1}"], &["interval", "low below high"]),
        (&["double-well{transverse=[1.0,0.0]}", "sam{eta=0.1}"], &["transverse", "above 0"]),
        (&["expression{f=\"\"}", "sam"], &["column 1", "the text ends"]),
        (&["expression{f=\"x+foo(x)\"}", "sam"], &["column 3", "foo", "tanh"]),
        (&["expression{f=\"x+1/0\"}", "sam"], &["column 4", "finite"]),
        (&["expression{f=3.0}", "sam"], &["quoted text"]),
        (&["expression{interval=[2.0]}", "sam"], &["interval", "two numbers"]),
        (&["logistic{ridge=-1.0}", "sam"], &["ridge"]),
        (&["logistic{data=\"brest-cancer\"}", "sam"], &["breast-cancer"]),
        (&["logistic{target=\"mean radios\"}", "sam"], &["mean radius"]),
        (&["quadratic{eigenvalues=[]}", "sam"], &["eigenvalues"]),
        (&["quadratic{eigenvalues=[0.0,0.0]}", "sam"], &["eta", "beta"]),
        (&["quadratic{eigenvalues={from=0.0,to=1.0,count=3}}", "sam"], &["from", "linear"]),
        (&["quadratic{eigenvalues={from=1.0,to=2.0,count=1e9}}", "sam"], &["count"]),
        (&["quadratic{rotation=-1}", "sam"], &["rotation"]),
        (&["piecewise{breakpoints=[1.0,1.0]}", "sam"], &["breakpoints", "increase"]),
        (&["piecewise{slopes=[1.0]}", "sam"], &["slopes"]),
        (&["mixture{probabilities=[0.5,0.6]}", "sgd"], &["probabilities", "sum to 1"]),
        (&["logistic", "sam", "--memory", "5"], &["--memory", "500MB", "`5`"]),
        (&["logistic", "sam", "--memory", "-1GB"], &["--memory"]),
        (&["sine", "sam", "--steps", "0"], &["--steps"]),
        (&["sine", "sam", "--steps", "1e30"], &["--steps"]),
        (&["sine", "sam", "--steps", "-1"], &["--steps"]),
        (&["sine", "sam", "--steps", "many"], &["--steps"]),
        (&["sine", "sam", "--seeds", "0"], &["--seeds"]),
        (&["sine", "sam", "--seeds", "1e8"], &["--seeds", "1 to 10000000"]),
        (&["sine", "sam", "--seeds", "1.5"], &["--seeds"]),
        (&["sine", "sam", "--seed", "-1"], &["--seed"]),
        (&["sine", "sam", "--threads", "0"], &["--threads"]),
        (&["sine", "sam", "--record", "some"], &["--record"]),
        (&["sine", "sam", "--start", "[1.0,2.0]"], &["--start", "1"]),
        (&["sine", "sam", "--start", "here"], &["--start"]),
        (&["sine", "sam", "--assume", "bta=1"], &["beta"]),
        (&["sine", "sam", "--assume", "beta=-1"], &["beta"]),
        (&["sine", "sam", "--assume", "beta"], &["--assume"]),
        (&["sine", "sam", "--assume", "beta=2", "--assume", "beta=3"], &["beta twice"]),
        (&["sine", "sam", "--out", "/dev/null/x"], &["--out"]),
        (&["sine", "sam", "--out", "Cargo.toml"], &["`Cargo.toml` is a file; a folder"]),
        (&["sine", "sam", "--out", "Cargo.toml/x"], &["`Cargo.toml` is a file; a folder"]),
        (&["quadratic", "sam", "--assume", "mu=50"], &["mu = 50.0 (assumed)", "at most beta = 10.0 (certified)"]),
        (&["logistic", "sam", "--assume", "beta=0.001"], &["mu = 0.0100 (certified)", "beta = 0.00100 (assumed)"]),
        (&["mlp{seed=18446744073709551615}", "sam"], &["a whole number up to", "2^53", "not 18446744073709551615"]),
        (&["logistic{data=\"wine-quality\"}", "sam"], &["least-squares"]),
        (&["sine", "sam", "--step", "10"], &["--step"]),
        (&["sine"], &["METHOD"]),
    ];
    for (arguments, wanted) in cases {
        let with_verb: Vec<&str> = ["run"].iter().chain(arguments.iter()).copied().collect();
        let message = refusal(&with_verb);
        for part in *wanted {
            assert!(message.contains(part), "{arguments:?} should say {part:?}: {message}");
        }
    }
    for (arguments, part) in [
        (&["theorem", "det-cvx-fvl"][..], "det-cvx-fval"),
        (&["theorem", "virt-1d"], "shortfall field"),
        (&["run", "sam", "logistic"], "`sam`: it is a method, and the problem comes first"),
        (&["run", "logistic", "sine"], "`sine`: it is a problem, and comes first"),
        (&["run", "iris", "sam"], "as in softmax{data=\"iris\"}"),
        (&["run", "logistic{intercept=yes}", "sam"], "a truth value is `true` or `false`"),
        (&["run", "quadratic{eigenvalues=[1.0;2.0]}", "sam"], "between commas"),
        (&["run", "mixture{components=[]}", "sgd"], "at least one component"),
        (&["problem", "sin"], "sine"),
        (&["method", "gdd"], "gd"),
        (&["reproduce", "--only", "det-scc"], "det-sc"),
        (&["rum", "sine", "sam"], "run"),
        (&["field", "sine", "sam", "--window", "[2,1]"], "low below high"),
        (&["field", "quadratic", "sam", "--around", "[[0,0],[1,1]]"], "three or more corners"),
        (&["field", "quadratic", "sam", "--around", "[[0],[1],[2]]"], "2 coordinates"),
        (&["field", "sine", "sam{rho=\"0.1/sqrt(t+1)\"}"], "constant rho"),
        (&["field", "logistic", "stochastic-sam{batch=2}"], "batch = 1"),
        (&["field", "quadratic", "stochastic-sam"], "no samples"),
        (&["field", "sine", "sam", "--around", "[[0],[1],[2]]"], "two and more dimensions"),
        (&["field", "logistic", "sam", "--window", "[0,1]"], "not 31"),
        (&["constants", "trap", "stochastic-sam{batch=9,replacement=false}"], "batch"),
    ] {
        let message = refusal(arguments);
        assert!(message.contains(part), "{message}");
    }
}

fn with_file(name: &str, bytes: &[u8], check: impl FnOnce(&str)) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    check(&format!("logistic{{data=\"{}\"}}", path.display()));
}

#[test]
fn a_folder_with_a_page_of_something_else_stays_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("index.html");
    std::fs::write(&page, "<p>mine</p>").expect("written");
    let path = folder.path().to_str().expect("a name");
    assert!(refusal(&["run", "sine", "sam", "--steps", "10", "--out", path]).contains("not of shortfall"));
    assert_eq!(std::fs::read_to_string(&page).expect("there"), "<p>mine</p>");
    // What was found is shown, though it cannot be kept.
    std::fs::remove_file(&page).expect("removed");
    std::fs::create_dir(folder.path().join("run.json")).expect("made");
    let output = common::shortfall(&["run", "sine", "sam", "--steps", "10", "--out", path]);
    assert_eq!(output.status.code(), Some(1));
    assert!(common::text(&output.stdout).contains("In words"));
}

#[test]
fn names_in_files_do_not_reach_the_terminal_as_they_are() {
    with_file("escape.csv", b"\x1b[31mred,b,y\n1,2,0\n2,1,1\n", |problem| {
        let problem = problem.replace('}', ",target=\"none\"}");
        let output = common::shortfall(&["run", &problem, "sam"]);
        let message = common::text(&output.stderr);
        assert!(
            output.status.code() == Some(2) && message.contains("red") && !message.contains('\u{1b}'),
            "{message:?}"
        );
    });
}

#[test]
fn files() {
    let rows = |bad: &str| {
        let good: String =
            (0..15).map(|i| format!("{i},{},{}\n", 0.5 * f64::from(i), if i % 2 == 0 { "a" } else { "b" })).collect();
        format!("x,z,y\n{good}{bad}\n1,2,a\n")
    };
    let cases: &[(&str, String, &[&str])] = &[
        ("empty.csv", String::new(), &["empty"]),
        ("header.csv", "x,y\n".to_owned(), &["no row of data"]),
        ("ragged.csv", rows("1,2"), &["17"]),
        ("text.csv", rows("1,abc,a"), &["17", "z", "abc"]),
        ("missing.csv", rows("1,,a"), &["17", "z", "missing"]),
        ("nan.csv", rows("1,nan,a"), &["17", "z"]),
        ("infinite.csv", rows("inf,1,a"), &["17", "x"]),
        ("overflow.csv", rows("1e400,1,a"), &["17", "x"]),
        ("one.csv", "x,y\n1,a\n2,a\n".to_owned(), &["one class"]),
        ("three.csv", "x,y\n1,a\n2,b\n3,c\n".to_owned(), &["3 classes"]),
        ("data.txt", "x,y\n1,a\n2,b\n".to_owned(), &["CSV"]),
    ];
    for (name, content, wanted) in cases {
        with_file(name, content.as_bytes(), |problem| {
            let message = refusal(&["run", problem, "sam"]);
            for part in *wanted {
                assert!(message.contains(part), "{name} should say {part:?}: {message}");
            }
        });
    }
    with_file("binary.csv", &[0, 159, 146, 150, 255, 10, 0, 1, 2], |problem| {
        refusal(&["run", problem, "sam"]);
    });
    assert!(refusal(&["run", "logistic{data=\"./nothing.csv\"}", "sam"]).contains("nothing.csv"));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("x.csv")).expect("made");
    let directory = format!("logistic{{data=\"{}\"}}", folder.path().join("x.csv").display());
    assert!(refusal(&["run", &directory, "sam"]).contains("directory"));
    assert!(!Path::new("run.json").exists());
}

#[test]
fn finite_data_that_overflow_are_an_outcome() {
    with_file("huge.csv", b"x,z,y\n1e308,1,a\n-1e308,2,b\n5e307,3,a\n", |problem| {
        let run = json(&["run", problem, "sam", "--steps", "50"]);
        assert_eq!(run["outcome"]["kind"], "completed");
        let raw = problem.replace('}', ",standardize=false}");
        let run = json(&["run", &raw, "sam{eta=1.0}", "--steps", "50"]);
        assert_eq!(run["outcome"]["kind"], "diverged");
        refusal(&["run", &raw, "sam"]);
    });
}

#[test]
fn extremes_are_never_a_panic_nor_a_violation() {
    for problem in [
        "quadratic{eigenvalues=[1e300,1e-300]}",
        "quadratic{eigenvalues=[1e-320]}",
        "quadratic{eigenvalues=[1.0,-1e-200,1e-20]}",
        "noisy-quadratic{eigenvalues=[1e-300,1e300],sigma=1e200}",
        "noisy-quadratic{eigenvalues=[1e-200],sigma=1e-200}",
        "quadratic{eigenvalues={from=1e-5,to=1.0,count=100000}}",
        "sine{beta=1e150,radius=1e-100}",
        "sine{beta=1e-150,radius=1e100,phase=1e-3}",
        "triangle{beta=1e-200,radius=1e50,eps=1e-12}",
        "huber{beta=1e300,lipschitz=1e-300}",
        "huber{beta=1e-300,lipschitz=1e300}",
        "trap{beta=1e200,mu=1e-100,theta=1e-15,radius=1e-5}",
        "piecewise{breakpoints=[-1e300,1e300],slopes=[0.0,1e-10,0.0]}",
        "mixture",
    ] {
        for method in [
            "sam{eta=1e-300,rho=1e-300}",
            "sam{eta=1e300,rho=1e300}",
            "sam{eta=1.0,rho=0.0}",
            "sam{eta=\"1/beta\"}",
            "usam{eta=1e-300,rho=1e300}",
            "usam{eta=0.3,rho=1e-300}",
            "usam{eta=1e-20,rho=0.0}",
            "unified-sam{eta=1.0,rho=1e-300,lambda=1e-300}",
            "unified-sam{eta=1e300,rho=1e300,lambda=1e-300}",
            "stochastic-sam{eta=\"0.5/beta\",rho=1e-300}",
            "stochastic-usam{eta=0.3,rho=1e300,sampling=\"independent\"}",
        ] {
            for steps in ["1", "37"] {
                let output = common::shortfall(&["run", problem, method, "--steps", steps, "--json"]);
                let (out, message) = (common::text(&output.stdout), common::text(&output.stderr));
                assert!(matches!(output.status.code(), Some(0 | 2)), "{problem} {method}: {message}");
                assert!(
                    !message.contains("panicked") && !out.contains("\"violated\""),
                    "{problem} {method}: {message}"
                );
            }
        }
    }
}
