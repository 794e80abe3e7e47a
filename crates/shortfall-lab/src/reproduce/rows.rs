//! The rows: the paper's two tables, its two kinds of example, and real data.

use super::{Check, Row};
use shortfall::verdict::Verdict::{self, Agrees, Holds, Undecided, Vacuous};

const fn check(
    problem: &'static str,
    method: &'static str,
    steps: u64,
    statements: &'static [(&'static str, &'static str, Verdict)],
) -> Check {
    Check { problem, method, start: None, steps, keeps_steps: false, seeds: None, assume: &[], statements, shows: "" }
}

const CLASS: &[&str] = &["beta=8", "mu=0.5", "Delta=3"];

/// A witness of `det-sc-lower-quad`: beta = 8, mu = 0.5, Delta = 3, rho = 0.25, T = 40, eta0 = 1/80.
const fn lower(problem: &'static str, method: &'static str, start: &'static str) -> Check {
    let statements = &[("det-sc-lower-quad", "minimum-suboptimality", Holds)];
    Check { start: Some(start), assume: CLASS, keeps_steps: true, ..check(problem, method, 40, statements) }
}

/// A nonconvex Lipschitz mixture: f' runs from -4 to 4 through a hump, plus a bounded noise of +-1/2.
const LIPSCHITZ: &str = "mixture{components=[\
    {breakpoints=[-6.0,-1.0,1.0,6.0],slopes=[0.0,1.0,-1.0,1.0,0.0],gradient_at_zero=0.5},\
    {breakpoints=[-6.0,-1.0,1.0,6.0],slopes=[0.0,1.0,-1.0,1.0,0.0],gradient_at_zero=-0.5}],\
    probabilities=[0.5,0.5]}";

/// All rows, in order.
pub static ROWS: &[Row] = &[
    Row {
        id: "det-sc",
        title: "Table 1, strongly convex (upper bound)",
        claim: "The best iterate of SAM comes exponentially close, down to a floor of order eta^2 rho^2.",
        checks: &[check(
            "quadratic{eigenvalues={from=0.5,to=4.0,count=12},rotation=1}",
            "sam{eta=0.05,rho=0.1}",
            3000,
            &[
                ("det-sc-upper", "minimum-suboptimality", Holds),
                ("det-sc-upper", "minimum-squared-gradient", Holds),
                ("det-sc-last", "final-suboptimality", Holds),
                ("quad-global", "limit-suboptimality", Holds),
            ],
        )],
    },
    Row {
        id: "det-sc-lower",
        title: "Table 1, strongly convex (lower bound)",
        claim: "For every step size some function of the class keeps SAM at order beta^3 rho^2/(mu^2 T^2): three witnesses, one for each range of eta.",
        checks: &[
            lower("quadratic{eigenvalues=[0.5]}", "sam{eta=0.01,rho=0.25}", "[3.4641016151377544]"),
            lower("quadratic{eigenvalues=[8.0]}", "sam{eta=0.1,rho=0.25}", "[0.16666666666666669]"),
            lower("quadratic{eigenvalues=[8.0]}", "sam{eta=0.26,rho=0.25}", "[0.8660254037844386]"),
        ],
    },
    Row {
        id: "det-cvx",
        title: "Table 1, convex",
        claim: "The gradient of SAM gets as small as 1/T and 1/sqrt(T) allow, down to a floor of order eta rho^2.",
        checks: &[check(
            "huber{beta=2.0,lipschitz=3.0}",
            "sam{eta=0.05,rho=0.3}",
            3000,
            &[
                ("det-cvx-upper", "average-squared-gradient", Holds),
                ("det-cvx-min", "minimum-squared-gradient", Holds),
                ("det-cvx-fval", "average-suboptimality", Holds),
            ],
        )],
    },
    Row {
        id: "det-nc",
        title: "Table 1, nonconvex",
        claim: "The gradient of SAM gets as small as 1/T allows, down to beta^2 rho^2, which no step size removes.",
        checks: &[
            Check {
                start: Some("[4.0]"),
                ..check(
                    "triangle",
                    "sam{eta=0.5,rho=1.0}",
                    3000,
                    &[("det-nc-upper", "average-squared-gradient", Holds)],
                )
            },
            Check {
                shows: "the constant 1 of beta^2 rho^2 cannot be lowered: SAM rests where the gradient is (1 - eps) of it",
                ..check(
                    "triangle{eps=0.01}",
                    "sam{eta=0.5,rho=1.0}",
                    3000,
                    &[
                        ("det-nc-tri", "limit-squared-gradient", Holds),
                        ("det-nc-upper", "average-squared-gradient", Vacuous),
                    ],
                )
            },
        ],
    },
    Row {
        id: "det-example",
        title: "Example, deterministic nonconvex",
        claim: "On a sine SAM converges to a point that is not critical, from every start, at every step size.",
        checks: &[check(
            "sine",
            "sam{eta=0.4,rho=1.0}",
            2000,
            &[("det-nc-sine", "limit-squared-gradient", Holds), ("det-nc-sine", "limit-suboptimality", Holds)],
        )],
    },
    Row {
        id: "sto-sc",
        title: "Table 2, strongly convex",
        claim: "Stochastic SAM comes down to the noise and to a floor of order rho^2 that no step size removes.",
        checks: &[
            Check {
                start: Some("[6.0]"),
                ..check(
                    "trap",
                    "stochastic-sam{eta=0.01,rho=0.2}",
                    2000,
                    &[("sto-sc-upper", "final-suboptimality", Holds)],
                )
            },
            Check {
                start: Some("[6.0]"),
                ..check(
                    "trap",
                    "stochastic-sam{eta=0.01,rho=0.2,sampling=\"independent\"}",
                    2000,
                    &[
                        ("sto-sc-upper", "final-suboptimality", Holds),
                        ("sto-cvx-fval-n", "average-suboptimality", Holds),
                    ],
                )
            },
        ],
    },
    Row {
        id: "sto-cvx",
        title: "Table 2, convex",
        claim: "The mean gradient of stochastic SAM comes down to the noise and to a floor of order rho^2.",
        checks: &[
            Check {
                start: Some("[6.0]"),
                ..check(
                    "mixture",
                    "stochastic-sam{eta=0.01,rho=0.1}",
                    3000,
                    &[
                        ("sto-grad-upper", "average-squared-gradient", Holds),
                        ("sto-cvx-fval-m", "average-suboptimality", Holds),
                    ],
                )
            },
            Check {
                start: Some("[6.0]"),
                ..check(
                    "mixture",
                    "stochastic-sam{eta=0.01,rho=0.1,sampling=\"independent\"}",
                    3000,
                    &[
                        ("sto-grad-upper", "average-squared-gradient", Holds),
                        ("sto-cvx-fval-n", "average-suboptimality", Holds),
                    ],
                )
            },
        ],
    },
    Row {
        id: "sto-nc",
        title: "Table 2, nonconvex and Lipschitz",
        claim: "In the metric (|grad f| - b rho)^2 stochastic SAM comes down to order rho^2, at any step size.",
        checks: &[Check {
            start: Some("[9.0]"),
            ..check(
                LIPSCHITZ,
                "stochastic-sam{eta=0.02,rho=0.2}",
                20_000,
                &[("sto-lip-upper", "average-squared-gradient-excess", Holds)],
            )
        }],
    },
    Row {
        id: "sto-example",
        title: "Example, m-SAM on a strongly convex function",
        claim: "m-SAM never leaves a region away from the minimiser, with probability one; SGD does.",
        checks: &[
            check(
                "trap",
                "stochastic-sam{eta=0.02,rho=1.0}",
                5000,
                &[
                    ("sto-m-trap", "every-step-suboptimality", Holds),
                    ("sto-m-trap", "every-step-squared-gradient", Holds),
                    ("sto-m-trap", "limit-suboptimality", Agrees),
                ],
            ),
            Check {
                shows: "the same start and step without the perturbation: SGD ends at the noise, well below the trap",
                ..check("trap", "sgd{eta=0.02}", 5000, &[("sto-sc-upper", "final-suboptimality", Holds)])
            },
        ],
    },
    Row {
        id: "data-det",
        title: "Real data, deterministic: logistic regression on breast-cancer",
        claim: "SAM stops at the floor of its local curvature; the bounds hold, far above it.",
        checks: &[
            Check {
                keeps_steps: true,
                ..check(
                    "logistic{ridge=1e-2}",
                    "sam{eta=\"0.3/beta\",rho=0.02}",
                    30_000,
                    &[
                        ("det-cvx-fval", "average-suboptimality", Holds),
                        ("det-floor-local", "limit-suboptimality", Undecided),
                    ],
                )
            },
            Check {
                keeps_steps: true,
                ..check(
                    "logistic{ridge=1e-2}",
                    "sam{eta=\"0.3/beta\",rho=0.003}",
                    30_000,
                    &[
                        ("det-cvx-fval", "average-suboptimality", Holds),
                        ("det-floor-local", "limit-suboptimality", Agrees),
                    ],
                )
            },
        ],
    },
    Row {
        id: "data-sto",
        title: "Real data, stochastic: logistic regression on breast-cancer",
        claim: "With minibatches of 64 the bounds say something and hold; with single samples noise drowns everything.",
        checks: &[
            check(
                "logistic{ridge=1e-2}",
                "stochastic-sam{eta=\"0.3/beta\",rho=0.02,batch=64}",
                10_000,
                &[
                    ("sto-grad-upper", "average-squared-gradient", Holds),
                    ("sto-floor-first-order", "field-zero-suboptimality", Undecided),
                ],
            ),
            check(
                "logistic{ridge=1e-2}",
                "stochastic-sam{eta=\"0.3/beta\",rho=0.02,batch=64,sampling=\"independent\"}",
                10_000,
                &[
                    ("sto-grad-upper", "average-squared-gradient", Holds),
                    ("sto-cvx-fval-n", "average-suboptimality", Holds),
                ],
            ),
            check(
                "logistic{ridge=1e-2}",
                "stochastic-sam{eta=\"0.3/beta\",rho=0.02}",
                10_000,
                &[
                    ("sto-grad-upper", "average-squared-gradient", Vacuous),
                    ("sto-floor-first-order", "field-zero-suboptimality", Undecided),
                ],
            ),
        ],
    },
];
