//! The rows: the paper's two tables, its two kinds of example, and real data.

mod data;

use super::{Check, Predicted, Rate, Row};
use shortfall::theorem::{Over, Quantity};
use shortfall::verdict::Verdict::{self, Agrees, Holds, Vacuous};

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

/// The cycle of unified SAM on a parabola of curvature 2.
const fn unified(method: &'static str, start: &'static str) -> Check {
    let statements = &[("uni-quad-cycle", "every-step-suboptimality", Holds)];
    Check { start: Some(start), keeps_steps: true, ..check("quadratic{eigenvalues=[2.0]}", method, 200, statements) }
}

/// A nonconvex Lipschitz mixture: f' runs from -4 to 4 through a hump, plus a bounded noise of +-1/2.
const LIPSCHITZ: &str = "mixture{components=[\
    {breakpoints=[-6.0,-1.0,1.0,6.0],slopes=[0.0,1.0,-1.0,1.0,0.0],gradient_at_zero=0.5},\
    {breakpoints=[-6.0,-1.0,1.0,6.0],slopes=[0.0,1.0,-1.0,1.0,0.0],gradient_at_zero=-0.5}],\
    probabilities=[0.5,0.5]}";

/// The quadratic of the strongly convex row.
const RATES_ON: &str = "quadratic{eigenvalues={from=0.5,to=4.0,count=12},rotation=1}";

const fn rate(
    id: &'static str,
    theorems: &'static [&'static str],
    parameter: &'static str,
    problem: &'static str,
    method: &'static str,
) -> Rate {
    let quantity = Quantity::suboptimality(Over::MinimumTo);
    let predicted = Predicted::Power(2.0);
    Rate { id, theorems, quantity, parameter, values: &[], problem, method, start: None, steps: 0, predicted }
}

/// The floor against rho over two decades: the square.
const fn floor(
    id: &'static str,
    theorems: &'static [&'static str],
    problem: &'static str,
    method: &'static str,
    steps: u64,
) -> Rate {
    let quantity = Quantity::suboptimality(Over::Limit);
    let values = &[0.01, 0.03, 0.1, 0.3, 1.0];
    Rate { quantity, values, steps, ..rate(id, theorems, "rho", problem, method) }
}

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
        rates: &[
            Rate {
                values: &[300.0, 1000.0, 3000.0, 10_000.0, 30_000.0],
                quantity: Quantity::suboptimality(Over::Final),
                predicted: Predicted::AsBound("det-sc-tuned"),
                ..rate("T with the tuned step", &["det-sc-tuned"], "T", RATES_ON, "sam{eta=\"det-sc-tuned\",rho=0.1}")
            },
            Rate {
                values: &[1000.0, 3000.0, 10_000.0, 30_000.0, 100_000.0],
                quantity: Quantity::suboptimality(Over::Final),
                predicted: Predicted::Power(-2.0),
                ..rate("T with decaying steps", &["det-sc-decay"], "T", RATES_ON, "sam{eta=\"det-sc-decay\",rho=0.1}")
            },
            floor("rho, strongly convex", &["det-sc-upper", "quad-global"], RATES_ON, "sam{eta=0.05,rho=#}", 3000),
            Rate {
                parameter: "eta",
                values: &[0.0005, 0.0015, 0.005, 0.015, 0.05],
                ..floor(
                    "eta, strongly convex",
                    &["det-sc-upper", "quad-global"],
                    RATES_ON,
                    "sam{eta=#,rho=0.1}",
                    100_000,
                )
            },
        ],
        witnesses: false,
        explains: false,
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
        rates: &[],
        witnesses: false,
        explains: false,
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
        rates: &[Rate {
            quantity: Quantity::squared_gradient(Over::Limit),
            ..floor("rho, convex", &["det-cvx-upper"], "huber{beta=2.0,lipschitz=3.0}", "sam{eta=0.05,rho=#}", 5000)
        }],
        witnesses: false,
        explains: false,
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
        rates: &[Rate {
            quantity: Quantity::squared_gradient(Over::Limit),
            ..floor("rho, nonconvex", &["det-nc-upper", "det-nc-tri"], "triangle{radius=#}", "sam{eta=0.5,rho=#}", 2000)
        }],
        witnesses: false,
        explains: false,
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
        rates: &[floor("rho, sine", &["det-nc-sine"], "sine{radius=#}", "sam{eta=0.4,rho=#}", 2000)],
        witnesses: false,
        explains: false,
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
        rates: &[floor(
            "rho, stochastic strongly convex",
            &["sto-sc-upper", "sto-m-sharp"],
            "sharp-trap{radius=#}",
            "stochastic-sam{eta=0.002,rho=#}",
            10_000,
        )],
        witnesses: false,
        explains: false,
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
        rates: &[Rate {
            quantity: Quantity::squared_gradient(Over::Limit),
            ..floor(
                "rho, stochastic convex",
                &["sto-grad-upper", "sto-m-sharp"],
                "sharp-trap{radius=#}",
                "stochastic-sam{eta=0.002,rho=#}",
                10_000,
            )
        }],
        witnesses: false,
        explains: false,
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
        rates: &[],
        witnesses: false,
        explains: false,
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
        rates: &[floor("rho, trap", &["sto-m-trap"], "trap{radius=#}", "stochastic-sam{eta=0.02,rho=#}", 3000)],
        witnesses: false,
        explains: false,
    },
    Row {
        id: "contrast",
        title: "Contrast: without normalisation, or with a radius that decays",
        claim: "Unnormalised SAM and a decaying radius leave no floor; every normalised part, however small, does.",
        checks: &[
            Check {
                shows: "unnormalised: exact convergence, as fast as gradient descent",
                ..check(
                    RATES_ON,
                    "usam{eta=0.05,rho=0.1}",
                    300,
                    &[
                        ("usam-sc", "final-suboptimality", Holds),
                        ("usam-cvx", "average-squared-gradient", Holds),
                        ("usam-nc", "average-squared-gradient", Holds),
                    ],
                )
            },
            Check {
                keeps_steps: true,
                shows: "below the threshold eta*l*(1+rho*l) = 2 it converges",
                ..check(
                    "quadratic{eigenvalues=[2.0,1.0]}",
                    "usam{eta=0.6,rho=0.3}",
                    1000,
                    &[("usam-quad", "stability-criterion", Holds)],
                )
            },
            Check {
                keeps_steps: true,
                shows: "above it, it does not",
                ..check(
                    "quadratic{eigenvalues=[2.0,1.0]}",
                    "usam{eta=0.7,rho=0.3}",
                    1000,
                    &[("usam-quad", "stability-criterion", Holds)],
                )
            },
            unified("unified-sam{eta=0.05,rho=0.1,lambda=0.25}", "[0.0013262599469496023]"),
            unified("unified-sam{eta=0.05,rho=0.1,lambda=0.5}", "[0.0026455026455026462]"),
            unified("unified-sam{eta=0.05,rho=0.1,lambda=0.75}", "[0.003957783641160951]"),
            unified("unified-sam{eta=0.05,rho=0.1,lambda=1.0}", "[0.005263157894736844]"),
            check(
                RATES_ON,
                "sam{eta=0.05,rho=\"0.1/sqrt(t+1)\"}",
                3000,
                &[
                    ("decay-rho-nc", "average-squared-gradient", Holds),
                    ("decay-rho-sc", "final-suboptimality", Holds),
                    ("det-sc-recursion", "final-suboptimality", Holds),
                ],
            ),
            check(
                "additive-noise",
                "stochastic-sam{eta=0.01,rho=\"0.5/sqrt(t+1)\"}",
                3000,
                &[("decay-rho-sto", "average-squared-gradient", Holds)],
            ),
        ],
        rates: &[
            Rate {
                values: &[1000.0, 3000.0, 10_000.0, 30_000.0, 100_000.0],
                quantity: Quantity::suboptimality(Over::Limit),
                predicted: Predicted::Power(-1.0),
                ..rate(
                    "T with a decaying radius",
                    &["decay-rho-sc"],
                    "T",
                    RATES_ON,
                    "sam{eta=0.05,rho=\"0.1/sqrt(t+1)\"}",
                )
            },
            Rate {
                parameter: "lambda",
                values: &[0.01, 0.03, 0.1, 0.3, 1.0],
                ..floor("lambda", &["uni-quad-cycle"], RATES_ON, "unified-sam{eta=0.05,rho=0.1,lambda=#}", 3000)
            },
        ],
        witnesses: false,
        explains: false,
    },
    Row {
        id: "witnesses",
        title: "Every statement on its witnesses",
        claim: "What is called exact is met, what is called sharp is reached, and each lower bound has its function.",
        checks: &[],
        rates: &[],
        witnesses: true,
        explains: false,
    },
    data::DETERMINISTIC,
    data::STOCHASTIC,
];
