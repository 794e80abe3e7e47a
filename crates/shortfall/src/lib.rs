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

pub mod arguments;
pub mod constants;
pub mod kernel;
pub mod method;
pub mod parallel;
pub mod problem;
pub mod random;
pub mod simulate;
pub mod text;
pub mod theorem;
pub mod verdict;
