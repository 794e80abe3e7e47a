//! How far short of the optimum does sharpness-aware minimization stop, on your problem, and why?
//!
//! Minimise `f: R^d -> R`. SAM takes its gradient a fixed distance `rho` uphill:
//!
//! ```text
//! deterministic   x+ = x - eta grad f( x + rho grad f(x)/|grad f(x)| )
//! stochastic      x+ = x - eta g( x + rho g(x; xi)/|g(x; xi)| ; xi~ )     xi~ = xi (m-SAM) or fresh (n-SAM)
//! ```
//!
//! | symbol | meaning |
//! |---|---|
//! | `beta` | smoothness of f; `q = beta eta` |
//! | `mu` | strong convexity; `kappa = beta/mu` |
//! | `omega` | weak convexity, 0 for convex f |
//! | `L` | Lipschitz constant of f |
//! | `sigma2`, `sigma2_star` | variance of the sample gradient everywhere; its mean square at a minimiser |
//! | `beta_bar`, `beta_rms`, `beta_max` | mean, root mean square and largest smoothness of the samples |
//! | `F_t`, `a_t` | `f(x_t) - f*`, `abs(grad f(x_t))` |
//! | `Delta`, `D2` | `F_0`, `abs(x_0 - x*)^2` |
//! | `T` | number of steps |
//!
//! Where the gradient is exactly zero there is no perturbation. Statement ids (`det-cvx-fval`) are THEORY.md's.
//!
//! [`check`] is the whole path for one deterministic run: constants, bounds, run, verdicts.
//!
//! ```
//! use shortfall::{check, method::Method, problem::Quadratic, verdict::Verdict};
//!
//! // SAM on a quadratic ends on a 2-cycle along its top eigenvector, exactly as `quad-global` says.
//! let problem = Quadratic::new(vec![4.0, 1.0]);
//! let (run, judgements) = check(&problem, &Method::sam(0.1, 0.05), &[1.0, 1.0], 5000)?;
//! let global = judgements.iter().find(|judgement| judgement.theorem.id == "quad-global").unwrap();
//! assert_eq!(global.verdict, Verdict::Holds);
//! // eta^2 l^3 rho^2 / (2 (2 - eta l)^2) with eta = 0.1, l = 4, rho = 0.05
//! assert!((run.floor().unwrap().interval.mean / 3.125e-4 - 1.0).abs() < 1e-9);
//! # Ok::<(), shortfall::arguments::BadInput>(())
//! ```

pub mod arguments;
pub mod attractor;
mod bad_input;
pub mod constants;
mod kernel;
pub mod method;
pub mod parallel;
pub mod problem;
pub mod random;
pub mod sam_objective;
pub mod simulate;
pub mod source;
mod spare;
pub mod text;
pub mod theorem;
pub mod verdict;
pub mod virtual_loss;

pub use kernel::{dot, norm};

use arguments::{Arguments, BadInput};
use constants::Symbol;
use method::Method;
use problem::{Ask, Problem};
use simulate::{Plan, Run};
use source::Unlimited;
use verdict::{AtStart, Judgement};

/// Evaluates every statement on a problem, runs one lane and holds it against them.
pub fn check(
    problem: &dyn Problem,
    method: &Method,
    start: &[f64],
    steps: u64,
) -> Result<(Run, Vec<Judgement>), BadInput> {
    simulate::check(problem, method, &Plan::new(start.to_vec(), steps))?;
    let constants = problem.constants(&Ask { start, sampling: method.sampling });
    let minimum = problem.minimum();
    let facts = problem::facts(problem, &Arguments::default(), start, method, &Unlimited);
    let mut gradient = vec![0.0; problem.dimension()];
    problem.value_gradient(start, &mut gradient);
    let at_start =
        AtStart { suboptimality: constants.get(Symbol::Delta).value(), gradient_norm: kernel::norm(&gradient) };
    let inputs =
        theorem::Inputs { constants: &constants, method: theorem::MethodFacts::of(method), problem: &facts, steps };
    let mut judgements = verdict::evaluate(theorem::THEOREMS, &inputs, &at_start);
    let base = minimum.value().map_or(0.0, |(value, _)| value);
    let plan = Plan { base, weight_decay: verdict::weight_decay(&judgements), ..Plan::new(start.to_vec(), steps) };
    let mut run =
        simulate::run(problem, method, plan, &parallel::Sequential, &mut |_| std::ops::ControlFlow::Continue(()))?;
    run.know(&constants, &minimum, method);
    verdict::judge(&mut judgements, &run, None);
    Ok((run, judgements))
}
