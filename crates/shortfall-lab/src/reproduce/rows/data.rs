//! Real data: the five models on their bundled data, deterministic and stochastic.

use super::super::{Check, Rate, Row};
use super::{check, floor};
use shortfall::verdict::Verdict::{self, Agrees, Holds, Undecided, Vacuous};

const SAM: &str = "sam{eta=\"0.3/beta\",rho=0.02}";
const STOCHASTIC_SAM: &str = "stochastic-sam{eta=\"0.3/beta\",rho=0.02,batch=32}";

/// A model on its bundled data, until it rests; as many seeds as tell 10 %.
const fn on_data(
    problem: &'static str,
    method: &'static str,
    seeds: Option<u64>,
    statements: &'static [(&'static str, &'static str, Verdict)],
) -> Check {
    Check { keeps_steps: true, seeds, ..check(problem, method, 10_000, statements) }
}

pub(super) const DETERMINISTIC: Row = Row {
    id: "data-det",
    title: "Real data, deterministic: five models",
    claim: "SAM stops at the floor of its local curvature; the bounds hold, far above it. Of a network nothing is certified.",
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
                &[("det-cvx-fval", "average-suboptimality", Holds), ("det-floor-local", "limit-suboptimality", Agrees)],
            )
        },
        on_data(
            "least-squares",
            SAM,
            None,
            &[("det-sc-upper", "minimum-suboptimality", Holds), ("det-floor-local", "limit-suboptimality", Agrees)],
        ),
        on_data(
            "huber-regression",
            SAM,
            None,
            &[("det-sc-upper", "minimum-suboptimality", Holds), ("det-floor-local", "limit-suboptimality", Agrees)],
        ),
        on_data(
            "softmax",
            SAM,
            None,
            &[("det-sc-upper", "minimum-suboptimality", Holds), ("det-floor-local", "limit-suboptimality", Undecided)],
        ),
        on_data("mlp{hidden=[8]}", SAM, None, &[("det-nc-upper", "average-squared-gradient", Holds)]),
    ],
    rates: &[Rate {
        values: &[0.0003, 0.001, 0.003, 0.01, 0.03],
        ..floor("rho, breast-cancer", &["det-floor-local"], "logistic", "sam{eta=\"0.3/beta\",rho=#}", 30_000)
    }],
    witnesses: false,
    explains: true,
};

pub(super) const STOCHASTIC: Row = Row {
    id: "data-sto",
    title: "Real data, stochastic: five models",
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
        on_data("least-squares", STOCHASTIC_SAM, None, &[("sto-floor-small-eta", "stationary-suboptimality", Agrees)]),
        on_data(
            "huber-regression",
            STOCHASTIC_SAM,
            Some(40),
            &[("sto-floor-small-eta", "stationary-suboptimality", Agrees)],
        ),
        on_data("softmax", STOCHASTIC_SAM, Some(40), &[("sto-floor-small-eta", "stationary-suboptimality", Agrees)]),
        on_data("mlp{hidden=[8]}", STOCHASTIC_SAM, Some(40), &[("sto-grad-upper", "average-squared-gradient", Holds)]),
    ],
    rates: &[],
    witnesses: false,
    explains: true,
};
