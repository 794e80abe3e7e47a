//! f* of the problems on bundled data against other programs: columns standardised to population variance 1, a column of
//! ones, everything regularised.

use shortfall_lab::experiment::{Experiment, Request};

/// From scikit-learn 1.9.1 and SciPy, evaluated with NumPy at the point they return:
/// `Ridge(alpha=n*ridge, fit_intercept=False, solver="svd")` and `LinearRegression(fit_intercept=False)`;
/// `scipy.optimize.minimize(method="BFGS", gtol=1e-13)`, gradient below 4e-10;
/// `LogisticRegression(C=1/(n*ridge), fit_intercept=False, solver="newton-cg", tol=1e-14)`, gradient below 1e-16.
const REFERENCES: [(&str, f64); 7] = [
    ("least-squares{ridge=0.01}", 0.36651405282919525),
    ("least-squares{ridge=1.0}", 8.19585378273742),
    ("least-squares{ridge=0.0}", 0.20838358361070397),
    ("huber-regression{ridge=0.01,threshold=1.0}", 0.35341515004066576),
    ("huber-regression{ridge=0.001,threshold=0.3}", 0.12605478885574858),
    ("softmax{ridge=0.01}", 0.26620100080247194),
    ("softmax{ridge=0.001}", 0.1139866026359912),
];

#[test]
fn minima_agree_with_scikit_learn_and_scipy() {
    for (problem, reference) in REFERENCES {
        let experiment = Experiment::prepare(Request::new(problem, "gd{eta=0.01}")).expect("good");
        let (value, error) = experiment.problem().minimum().value().expect("known");
        assert!(error < 1e-12, "{problem}: {error:e}");
        assert!((value - reference).abs() <= error + 4e-15, "{problem}: {value} {reference} {error:e}");
    }
}
