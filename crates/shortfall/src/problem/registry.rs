//! The problems, by name.

use super::{
    DoubleRidge, DoubleWell, Expression, Logistic, Mixture, Mlp, NoisyQuadratic, Piecewise, Problem, Quadratic,
    Regression, Rippled, Sine, Softmax, presets,
};
use crate::arguments::{Entry, Parameter};

// Of every problem on a data table.
const fn data(default: &'static str) -> Parameter {
    Parameter::new("data", "a bundled name, or a path (with / or .)", Some(default))
}
const TARGET: Parameter = Parameter::new("target", "column to predict; absent: the last", None);
const DELIMITER: Parameter =
    Parameter::new("delimiter", "of the fields of a CSV file, one character; absent: detected", None);
const RIDGE: Parameter = Parameter::new("ridge", "at least 0", Some("1e-2"));
const INTERCEPT: Parameter =
    Parameter::new("intercept", "append a column of ones, regularised like the others", Some("true"));
const STANDARDIZE: Parameter =
    Parameter::new("standardize", "columns to mean 0 and population variance 1 first", Some("true"));

/// All problems, in the order of lists.
pub static PROBLEMS: &[Entry<Box<dyn Problem>>] = &[
    Entry {
        name: "quadratic",
        about: "f = sum_i lambda_i c_i^2/2, c the components of x in an orthonormal basis; or f = x'Qx/2 + b'x",
        parameters: &[
            Parameter::new(
                "eigenvalues",
                "a list, or {from,to,count,spacing=\"log\"|\"linear\"}; negative and zero allowed",
                Some("[10.0,1.0]"),
            )
            .unless("matrix"),
            Parameter::new("rotation", "seed of a random orthonormal basis; absent: the coordinate axes", None),
            Parameter::new("matrix", "Q, symmetric, in place of the eigenvalues: the path of an NPY file", None),
            Parameter::new("linear", "b, beside a matrix: the path of an NPY file; absent: 0", None),
        ],
        build: Quadratic::build,
    },
    Entry {
        name: "double-ridge",
        about: "two-dimensional, strongly convex: SAM cycles at a loss that grows like beta^4 eta^2 rho^2/mu",
        parameters: &[
            Parameter::new("beta", "smoothness, above mu", Some("1.0")),
            Parameter::new("mu", "strong convexity, above 0", Some("0.02")),
            Parameter::new("ridge", "height k of the ridges, between 0 and (beta - mu)/2", Some("0.25")),
        ],
        build: DoubleRidge::build,
    },
    Entry {
        name: "double-well",
        about: "f = (x1^2 - 1)^2/4 + sum_i c_i x_i^2/2, constants known for x1 in an interval only",
        parameters: &[
            Parameter::new("interval", "of x1, [low,high]: where the constants hold", Some("[-2.0,2.0]")),
            Parameter::new("transverse", "list of c_2, c_3, ... above 0; may be empty", Some("[]")),
        ],
        build: DoubleWell::build,
    },
    Entry {
        name: "noisy-quadratic",
        about: "f = sum_i lambda_i x_i^2/2, gradients with Gaussian noise: g = grad f + z, each z_i ~ N(0, sigma^2)",
        parameters: &[
            Parameter::new("eigenvalues", "as for quadratic", Some("[1.0]")),
            Parameter::new("sigma", "standard deviation of each coordinate of the noise, at least 0", Some("1.0")),
        ],
        build: NoisyQuadratic::build,
    },
    Entry {
        name: "sine",
        about: "f = (beta radius^2/phase^2) sin(phase x/radius): SAM with rho = radius stops away from every critical point",
        parameters: &[
            Parameter::new("beta", "smoothness, above 0", Some("1.0")),
            Parameter::new("radius", "the rho it is made for, above 0", Some("1.0")),
            Parameter::new(
                "phase",
                "angle of one perturbation, above 0; the paper's is 5 pi/3",
                Some("5.235987755982989"),
            ),
        ],
        build: Sine::build,
    },
    Entry {
        name: "piecewise",
        about: "one-dimensional f with piecewise linear f'",
        parameters: &[
            Parameter::new("breakpoints", "increasing list", Some("[-1.0,0.0]")),
            Parameter::new("slopes", "slopes of f', one more than breakpoints", Some("[1.0,-1.0,1.0]")),
            Parameter::new("gradient_at_zero", "f'(0)", Some("0.5")),
        ],
        build: Piecewise::build,
    },
    Entry {
        name: "triangle",
        about: "piecewise: SAM with rho = radius stops where |f'| = (1 - eps) beta rho, the largest possible",
        parameters: &[
            Parameter::new("beta", "smoothness, above 0", Some("1.0")),
            Parameter::new("radius", "the rho it is made for, above 0", Some("1.0")),
            Parameter::new("eps", "between 0 and 1/2", Some("0.1")),
            Parameter::new("noise", "c: two equally likely samples f' +- c; 0: no samples", Some("0.0")),
        ],
        build: presets::triangle,
    },
    Entry {
        name: "capped-wave",
        about: "piecewise: triangle with its tooth cut off at cap; USAM with rho = radius/cap rests where f' = cap",
        parameters: &[
            Parameter::new("beta", "smoothness, above 0", Some("1.0")),
            Parameter::new("radius", "where it rests, -radius; above 0", Some("1.0")),
            Parameter::new("eps", "between 0 and 1/2", Some("0.1")),
            Parameter::new("cap", "above 0 and below beta radius (1 - eps)", Some("0.5")),
        ],
        build: presets::capped_wave,
    },
    Entry {
        name: "huber",
        about: "piecewise: f' = clip(beta x, -L, L)",
        parameters: &[
            Parameter::new("beta", "smoothness, above 0", Some("1.0")),
            Parameter::new("lipschitz", "L, above 0", Some("1.0")),
        ],
        build: presets::huber,
    },
    Entry {
        name: "expression",
        about: "one-dimensional f as you write it, in x: + - * / ^ ( ) pi e sin cos tan exp log sqrt tanh abs atan",
        parameters: &[
            Parameter::new("f", "quoted text", Some("\"cos(x)+x^2/10\"")),
            Parameter::new("interval", "[low,high] for constants that do not exist everywhere; []: none", Some("[]")),
        ],
        build: Expression::build,
    },
    Entry {
        name: "mixture",
        about: "one-dimensional f = E f_i, f_i piecewise; the components are the samples",
        parameters: &[
            Parameter::new(
                "components",
                "list of {breakpoints,slopes,gradient_at_zero}",
                Some(
                    "[{breakpoints=[],slopes=[1.0],gradient_at_zero=1.0},{breakpoints=[],slopes=[1.0],gradient_at_zero=-1.0}]",
                ),
            ),
            Parameter::new("probabilities", "one for each component, above 0, summing to 1", Some("[0.7,0.3]")),
        ],
        build: Mixture::build,
    },
    Entry {
        name: "trap",
        about: "mixture of two, f = mu (x + D)^2/2: m-SAM with rho = radius never gets below x = 0, surely",
        parameters: &[
            Parameter::new("beta", "smoothness of the components (f has mu), above 2 mu", Some("8.0")),
            Parameter::new("mu", "strong convexity and smoothness of f, above 0", Some("1.0")),
            Parameter::new("theta", "depth of the trap, between 0 and 1", Some("0.5")),
            Parameter::new("radius", "the rho it is made for, above 0", Some("1.0")),
        ],
        build: presets::trap,
    },
    Entry {
        name: "sharp-trap",
        about: "mixture of two, f = mu x^2/2: m-SAM with rho = radius ends up where |f'| = beta rho",
        parameters: &[
            Parameter::new("beta", "smoothness of the components (f has mu), at least 2 mu", Some("4.0")),
            Parameter::new("mu", "strong convexity and smoothness of f, above 0", Some("1.0")),
            Parameter::new("radius", "the rho it is made for, above 0", Some("1.0")),
        ],
        build: presets::sharp_trap,
    },
    Entry {
        name: "additive-noise",
        about: "mixture of two, f = lambda x^2/2 with skewed noise: SAM's mean stays near (1 - 2p) rho",
        parameters: &[
            Parameter::new("lambda", "curvature, above 0", Some("1.0")),
            Parameter::new("noise", "c: the noise is -c, or c (1-p)/p with probability p; above 0", Some("2.0")),
            Parameter::new("p", "between 0 and 1/2", Some("0.25")),
        ],
        build: presets::additive_noise,
    },
    Entry {
        name: "rippled",
        about: "f = mu x^2/2 from two samples mu x +- amplitude sin(pi x/(2 radius)): m-SAM is held at their kinks",
        parameters: &[
            Parameter::new("mu", "curvature of f, above 0", Some("0.1")),
            Parameter::new("amplitude", "of the ripple in the samples' gradients, above 0", Some("1.0")),
            Parameter::new("radius", "the rho it is made for, above 0", Some("1.0")),
        ],
        build: Rippled::build,
    },
    Entry {
        name: "logistic",
        about: "(1/n) sum_i log(1 + exp(-y_i x_i'w)) + (ridge/2)|w|^2; the label that sorts last is y = +1",
        parameters: &[data("\"breast-cancer\""), TARGET, RIDGE, INTERCEPT, STANDARDIZE, DELIMITER],
        build: Logistic::build,
    },
    Entry {
        name: "least-squares",
        about: "(1/n) sum_i (x_i'w - y_i)^2/2 + (ridge/2)|w|^2; the target is a column of numbers, taken as it is",
        parameters: &[data("\"wine-quality\""), TARGET, RIDGE, INTERCEPT, STANDARDIZE, DELIMITER],
        build: Regression::build_least_squares,
    },
    Entry {
        name: "huber-regression",
        about: "least-squares with Huber's loss: r^2/2 for |r| <= threshold, growing linearly beyond",
        parameters: &[
            data("\"wine-quality\""),
            TARGET,
            Parameter::new("threshold", "of the residuals, above 0", Some("1.0")),
            RIDGE,
            INTERCEPT,
            STANDARDIZE,
            DELIMITER,
        ],
        build: Regression::build_huber,
    },
    Entry {
        name: "softmax",
        about: "(1/n) sum_i (log sum_k exp(w_k'x_i) - w_{y_i}'x_i) + (ridge/2)|W|^2, one w_k for each class, sorted",
        parameters: &[data("\"iris\""), TARGET, RIDGE, INTERCEPT, STANDARDIZE, DELIMITER],
        build: Softmax::build,
    },
    Entry {
        name: "mlp",
        about: "softmax of a network with tanh layers: (1/n) sum_i cross-entropy + (ridge/2)|w|^2; not convex",
        parameters: &[
            data("\"iris\""),
            TARGET,
            Parameter::new(
                "hidden",
                "list of the sizes of the hidden layers, each from 1 to 4096; may be empty",
                Some("[16]"),
            ),
            Parameter::new("seed", "of the random weights a run starts from", Some("0")),
            RIDGE,
            Parameter::new("intercept", "append a column of ones, and a bias to every later layer", Some("true")),
            STANDARDIZE,
            DELIMITER,
        ],
        build: Mlp::build,
    },
];
