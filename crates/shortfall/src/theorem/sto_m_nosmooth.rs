//! `sto-m-nosmooth`: the smoothness of f alone bounds nothing for m-SAM; that of its samples has to be known.

use super::kink::{Kink, MOST_RIPPLES};
use super::{Bound, Form, Inputs, Kind, Measure, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::Number;
use crate::method::SampleReuse;
use crate::text::number;

// mu = 0.1, sg = 1, rho = 1: the third kink, the last that attracts.
const KINK: &str = "[5.620059588959428]";

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-m-nosmooth",
    source: "THEORY.md section 11",
    setting: "m-SAM with batches of one on f = mu*x^2/2 from two samples with gradients mu*x +- sg*sin(pi*x/(2*rho)) \
              (problem `rippled`, sg = amplitude, made for this rho); c = c_k the kink between (2k-1)*rho and 2k*rho, \
              mu*c = sg*|sin(pi*c/(2*rho))|, mu*rho*(2k-1) < sg; x0 = c. trap: mu*c < sg/sqrt(2), M = \
              mu*(c+r+rho)+sg, and r so small that the mean field points to c from both sides.",
    statement: "field: G(c-) = mu*c-sqrt(sg^2-(mu*c)^2), G(c+) = mu*(c+rho), so c attracts iff mu*c < sg/sqrt(2); \
                trap: P(|x_t-c| > r for some t <= T) <= eta^2*T*M^2/r^2",
    meaning: "Samples that are rough on the scale of rho can hold m-SAM at gradients up to sg/sqrt(2), however smooth \
              their mean is, so no bound in terms of f alone can hold.",
    tightness: "The field is an equality; the exit bound says something for T well below r^2/(eta*M)^2.",
    example: "shortfall run rippled 'stochastic-sam{eta=0.0005,rho=1.0}' --start '[5.620059588959428]' --steps 25000",
    forms: &[
        Form::new(
            Kind::Exact,
            Mode::Pathwise,
            |_| Quantity { measure: Measure::FieldJump, over: Over::Limit },
            requires,
            field,
        )
        .named("field")
        .witnessed(&[Witness {
            problem: "rippled",
            method: "stochastic-sam{eta=0.0005,rho=1.0}",
            start: Some(KINK),
            steps: 25_000,
            seeds: None,
            assume: &[],
        }]),
        Form::new(
            Kind::Upper,
            Mode::Expectation,
            |inputs| {
                let (center, radius) =
                    kink(inputs).map_or((0.0, 0.0), |kink| (kink.place.middle(), reach(inputs, &kink)));
                Quantity { measure: Measure::Exit { center, radius }, over: Over::Final }
            },
            requires_trap,
            trap,
        )
        .named("trap")
        .witnessed(&[Witness {
            problem: "rippled",
            method: "stochastic-sam{eta=0.0005,rho=1.0}",
            start: Some(KINK),
            steps: 25_000,
            seeds: None,
            assume: &[],
        }]),
    ],
};

/// The kink nearest to the start.
fn kink(inputs: &Inputs) -> Option<Kink> {
    let [mu, amplitude, radius] = ["mu", "amplitude", "radius"].map(|name| inputs.problem.number(name));
    let (mu, amplitude, radius) = (mu?, amplitude?, radius?);
    let index = (inputs.start() / radius / 2.0).ceil();
    (1.0..MOST_RIPPLES).contains(&index).then(|| Kink::of(mu, amplitude, radius, index as u64)).flatten()
}

/// 0.999 of the largest r for which the field points to c from both sides: `asin(s)` on the right, `pi/2 - 2 asin(s)`
/// on the left, in angles `pi r/(2 rho)`, with `s = mu c/sg`. What is left out is far more than rounding.
fn reach(inputs: &Inputs, kink: &Kink) -> f64 {
    let (mu, amplitude) = (inputs.parameter("mu").middle(), inputs.parameter("amplitude").middle());
    let angle = core_math::asin((mu * kink.place.middle() / amplitude).clamp(0.0, 1.0));
    let widest = angle.min(std::f64::consts::FRAC_PI_2 - 2.0 * angle).max(0.0);
    0.999 * widest * 2.0 * inputs.parameter("radius").middle() / std::f64::consts::PI
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let kink = kink(inputs);
    let slack = |kink: &Kink| 4.0 * f64::EPSILON * kink.place.high;
    let at_kink = kink.as_ref().is_some_and(|kink| {
        let off = Number::exact(inputs.start()) - kink.place;
        off.max(-off).is_at_most(slack(kink))
    });
    let place = match &kink {
        Some(kink) => format!("x0 = {}, c_{} = {}", inputs.start(), kink.index, kink.place.middle()),
        None => format!("x0 = {}: there is no kink near it", inputs.start()),
    };
    vec![
        inputs.stochastic_sam_with(SampleReuse::Same),
        inputs.single_samples(),
        inputs.own_function("rippled"),
        inputs.perturbed(),
        inputs.own_radius(),
        Requirement::new("x0 = c_k, mu*rho*(2k-1) < sg", at_kink, place),
    ]
}

fn requires_trap(inputs: &Inputs) -> Vec<Requirement> {
    let attracts = kink(inputs).and_then(|kink| kink.attracts) == Some(true);
    let limit = inputs.parameter("amplitude") / Number::exact(2.0).sqrt();
    let height = kink(inputs).map_or(Number::unknown(), |kink| inputs.parameter("mu") * kink.place);
    let detail = format!("mu*c = {}, sg/sqrt(2) = {}", number(height.middle()), number(limit.middle()));
    let mut requirements = requires(inputs);
    requirements.push(Requirement::new("mu*c < sg/sqrt(2)", attracts, detail));
    requirements
}

fn field(inputs: &Inputs) -> Bound {
    let Some(kink) = kink(inputs) else { return Bound::floor(Number::unknown()) };
    let (mu, amplitude) = (inputs.parameter("mu"), inputs.parameter("amplitude"));
    let height = mu * kink.place;
    let left = height - (amplitude.square() - height.square()).sqrt();
    let right = mu * (kink.place + inputs.rho());
    let kind = match kink.attracts {
        Some(true) => "attracts",
        Some(false) => "does not attract",
        None => "is at the border of attracting",
    };
    Bound::floor(right - left).noting(format!(
        "G(c-) = {}, G(c+) = {}: the kink {kind}",
        number(left.middle()),
        number(right.middle())
    ))
}

fn trap(inputs: &Inputs) -> Bound {
    let Some(kink) = kink(inputs) else { return Bound::floor(Number::unknown()) };
    let (mu, radius) = (inputs.parameter("mu"), Number::exact(reach(inputs, &kink)));
    let largest = mu * (kink.place + radius + inputs.rho()) + inputs.parameter("amplitude");
    // The start is c up to rounding only.
    let off = (Number::exact(inputs.start()) - kink.place).square();
    let total = (inputs.horizon() * (inputs.eta() * largest).square() + off) / radius.square();
    Bound::floor(total).noting(format!("r = {}", number(radius.middle())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};
    use std::f64::consts::PI;

    /// The kink of these parameters: c = 7/6 radius k = 1, sin(7 pi/12) |..| from mu c = sg sin(pi c/2).
    fn example(start: f64, amplitude: f64, steps: u64) -> Example {
        let parameters = [("mu", 0.25), ("amplitude", amplitude), ("radius", 1.0)];
        Example::stochastic(SampleReuse::Same, 0.001, 1.0, steps).on("rippled", &parameters, &[start])
    }

    #[test]
    fn numbers_worked_by_hand() {
        // c = 5/3: sin(5 pi/6) = 1/2, so sg = 2*(5/12) = 5/6 makes it a kink: s = 1/2, cos = -sqrt(3)/2.
        let c = 5.0 / 3.0;
        let at = example(c, 5.0 / 6.0, 100);
        let jump = 0.25 + 5.0 / 6.0 * 3f64.sqrt() / 2.0;
        assert!((at.bound(&THEOREM, Some("field")).total.middle() - jump).abs() < 1e-14);
        // asin(1/2) = pi/6: r = 0.999*min(pi/6, pi/2 - pi/3)*2/pi = 0.333; M = (5/3 + 1.333)/4 + 5/6.
        let r = 0.333;
        let largest = (c + r + 1.0) / 4.0 + 5.0 / 6.0;
        let bound = at.bound(&THEOREM, Some("trap")).total.middle();
        assert!((bound / (1e-6 * 100.0 * largest * largest / (r * r)) - 1.0).abs() < 1e-12, "{bound}");
        let Measure::Exit { center, radius } = at.quantity(&THEOREM, Some("trap")).measure else { panic!() };
        assert!((center - c).abs() < 1e-15 && (radius - r).abs() < 1e-15);
        assert_near(Number::exact(PI / 6.0), core_math::asin(0.5));
    }

    #[test]
    fn within_the_reach_the_field_points_to_the_kink() {
        let at = example(5.0 / 3.0, 5.0 / 6.0, 1);
        let Measure::Exit { center, radius } = at.quantity(&THEOREM, Some("trap")).measure else { panic!() };
        let g = |sign: f64, x: f64| 0.25 * x + sign * 5.0 / 6.0 * (PI * x / 2.0).sin();
        let field = |x: f64| [1.0, -1.0].map(|s| g(s, x + g(s, x).signum())).iter().sum::<f64>() / 2.0;
        for i in 1..=100 {
            let off = radius * f64::from(i) / 100.0;
            assert!(field(center - off) < 0.0 && field(center + off) > 0.0, "{off}");
        }
    }

    #[test]
    fn hypotheses() {
        let applies = |start, amplitude, form| example(start, amplitude, 9).applies(&THEOREM, Some(form));
        assert!(applies(5.0 / 3.0, 5.0 / 6.0, "trap"));
        assert!(!applies(5.0 / 3.0 + 1e-9, 5.0 / 6.0, "field"));
        // c = 4/3: sin(2 pi/3) = sqrt(3)/2: mu c/sg above 1/sqrt(2): a kink that does not attract.
        let amplitude = (1.0f64 / 3.0) / (2.0 * PI / 3.0).sin();
        let at = example(4.0 / 3.0, amplitude, 9);
        let exact = kink(&Inputs {
            constants: &crate::constants::Constants::missing(""),
            method: at.facts(),
            problem: &at.problem,
            steps: 9,
        })
        .expect("a kink");
        assert!(applies(exact.place.middle(), amplitude, "field"));
        assert!(!applies(exact.place.middle(), amplitude, "trap"));
        assert!(!applies(-1.0, 1.0, "field"));
    }
}
