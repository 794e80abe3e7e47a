//! A bound never gets smaller when a constant is known less well: every statement, no line here names one.

use proptest::prelude::*;
use shortfall::constants::{Constant, Constants, Symbol};
use shortfall::method::{Ascent, Method, NoAscent, Normalised, SampleReuse, Sampling, Schedule, Unified, Unnormalised};
use shortfall::theorem::{Form, Inputs, Kind, MethodFacts, ProblemFacts, Scope, THEOREMS};

fn decades(from: i32, to: i32) -> impl Strategy<Value = f64> {
    (f64::from(from)..f64::from(to)).prop_map(|exponent| 10f64.powf(exponent))
}

/// All constants, in the order they have for a real problem.
fn constants() -> impl Strategy<Value = Constants> {
    let smoothness = (decades(-2, 2), 0.0..1.0f64, prop::collection::vec(1.0..3.0f64, 3), any::<bool>());
    let rest = prop::collection::vec(prop_oneof![1 => Just(0.0), 6 => decades(-3, 3)], 5);
    (smoothness, rest).prop_map(|((beta, part, factors, convex), rest)| {
        let mut constants = Constants::missing("");
        let mut set = |symbol, value| constants.set(symbol, Constant::exact(value, "drawn"));
        set(Symbol::Beta, beta);
        set(Symbol::Mu, beta * part);
        set(Symbol::Omega, if convex { 0.0 } else { beta * (1.0 - part) });
        let mut largest = beta;
        for (symbol, factor) in [Symbol::BetaBar, Symbol::BetaRms, Symbol::BetaMax].into_iter().zip(factors) {
            largest *= factor;
            set(symbol, largest);
        }
        let symbols = [Symbol::L, Symbol::Sigma2, Symbol::Sigma2Star, Symbol::Delta, Symbol::D2];
        symbols.into_iter().zip(rest).for_each(|(symbol, value)| set(symbol, value));
        constants.components_convex = convex;
        constants
    })
}

fn method() -> impl Strategy<Value = MethodFacts> {
    let sampling = prop_oneof![
        Just(None),
        prop::sample::select(vec![SampleReuse::Same, SampleReuse::Independent]).prop_map(|reuse| Some(Sampling {
            batch: 1,
            replacement: true,
            reuse
        })),
    ];
    (0..4usize, 0.0..1.0f64, decades(-3, 1), prop_oneof![1 => Just(0.0), 6 => decades(-3, 1)], any::<bool>(), sampling)
        .prop_map(|(kind, lambda, eta, rho, decays, sampling)| {
            let ascent: Box<dyn Ascent> = match kind {
                0 => Box::new(NoAscent),
                1 => Box::new(Normalised),
                2 => Box::new(Unnormalised),
                _ => Box::new(Unified { lambda }),
            };
            let rho = if decays { Schedule::InverseSquareRoot(rho) } else { rho.into() };
            MethodFacts::of(&Method { ascent, sampling, ..Method::sam(eta, rho) })
        })
}

/// The bound and whether it applies. A step that a statement computes from the constants moves with them, so the
/// statement is asked for its own step.
fn value(form: &Form, inputs: &Inputs) -> Option<f64> {
    let step = match form.step {
        Some(step) => Some(step(inputs)?),
        None => None,
    };
    let method = MethodFacts { eta: step.unwrap_or(inputs.method.eta), ..inputs.method };
    let inputs = Inputs { method, ..*inputs };
    let applies = (form.requires)(&inputs).iter().all(|requirement| requirement.met);
    applies.then(|| (form.bound)(&inputs).value(form.kind))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn bounds_follow_their_constants(constants in constants(), method in method(), which in 0..Symbol::ALL.len(), looser in 1.0..4.0f64, steps in 1..2000u64) {
        let mut problem = ProblemFacts::default();
        (problem.dimension, problem.start) = (2, vec![0.3, -0.4]);
        let symbol = Symbol::ALL[which];
        let known = constants.get(symbol).value().expect("all are set");
        let less = if symbol == Symbol::Mu { known / looser } else { known * looser };
        let loosened = constants.clone().with(symbol, Constant::exact(less, "drawn"));
        let at = |constants| Inputs { constants, method, problem: &problem, steps };
        // `[sigma2 - bb^2 rho^2]_+` under a root falls faster than `2 bb^2 rho^2` grows: the tuned slide forms are not
        // monotone in what bb is made of, though every valid bb gives a valid bound.
        let excused = |id: &str, form: &Form| {
            id.ends_with("-slide") && form.name == Some("tuned") && matches!(symbol, Symbol::Beta | Symbol::BetaRms)
        };
        for theorem in THEOREMS {
            for form in theorem.forms.iter().filter(|form| !excused(theorem.id, form)).filter(|form| form.kind == Kind::Upper || form.scope == Scope::Class) {
                if let (Some(sharp), Some(loose)) = (value(form, &at(&constants)), value(form, &at(&loosened))) {
                    prop_assert!(
                        loose >= sharp * (1.0 - 1e-9),
                        "{} {:?}: {} from {known} to {less} takes the bound from {sharp} to {loose}",
                        theorem.id, form.name, symbol.name()
                    );
                }
            }
        }
    }
}
