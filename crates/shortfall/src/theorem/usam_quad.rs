//! `usam-quad`: exactly when USAM converges on a quadratic.

use super::{Bound, Form, Inputs, Kind, Measure, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::Number;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "usam-quad",
    source: "THEORY.md section 13",
    setting: "Deterministic USAM, any rho >= 0 (units 1/beta) and eta > 0; f = (x-x*)'A(x-x*)/2, A any symmetric matrix.",
    statement: "x_t converges from every start iff p = 0 or 0 < p < 2 for every eigenvalue l, p = eta*l*(1+rho*l); from \
                one start iff this holds of the eigenvalues along which x_0-x* has a component. A >= 0: iff p < 2",
    meaning: "Along an eigenvector a step multiplies by 1-p, so the curvature USAM feels is l*(1+rho*l): sharp directions \
              need a smaller step, and at l = -1/rho it rests on a slope.",
    tightness: "An equivalence. At l < -1/rho USAM converges to a saddle that gradient descent leaves.",
    example: "shortfall run 'quadratic{eigenvalues=[1.0,-0.3]}' 'usam{eta=1.0,rho=1.0}' --start '[1.0,0.5]' --steps 400",
    forms: &[Form::new(
        Kind::Exact,
        Mode::Pathwise,
        |_| Quantity { measure: Measure::Rest { within: f64::INFINITY }, over: Over::Limit },
        requires,
        bound,
    )
    .witnessed(&[
        // p = 0.4*2*2.2 = 1.76 and 0.4*0.5*1.3 = 0.26.
        Witness {
            problem: "quadratic{eigenvalues=[2.0,0.5]}",
            method: "usam{eta=0.4,rho=0.6}",
            start: None,
            steps: 2000,
            seeds: None,
            assume: &[],
        },
        // l = -0.3: p = -0.3*0.7 = -0.21.
        Witness {
            problem: "quadratic{eigenvalues=[1.0,-0.3]}",
            method: "usam{eta=1.0,rho=1.0}",
            start: None,
            steps: 400,
            seeds: None,
            assume: &[],
        },
    ])],
};

/// Components below this part of |x0 - x*| may be rounding.
const ROUNDING: f64 = 1e-12;
/// A last step no longer than this part of the first one counts as none: half as much, for a margin.
const REST: f64 = 5e-10;

/// One eigenvalue.
struct Direction {
    step: Number,
    component: f64,
    /// Whether the component is not just what rounding made.
    present: bool,
}

impl Direction {
    /// Whether the component converges; `None` where the enclosure cannot tell.
    fn settles(&self) -> Option<bool> {
        let step = self.step;
        if (step.low == 0.0 && step.high == 0.0) || (step.is_above(0.0) && step.is_below(2.0)) {
            Some(true)
        } else if step.is_below(0.0) || step.low >= 2.0 {
            Some(false)
        } else {
            None
        }
    }

    /// `ln |1 - p|`: what a step does to the component.
    fn rate(&self) -> f64 {
        let step = self.step.middle();
        if step < 1.0 { (-step).ln_1p() } else { (step - 1.0).ln() }
    }

    /// Length of this direction's part of the first step.
    fn first(&self) -> f64 {
        (self.step.middle() * self.component).abs()
    }
}

/// The eigenvalues the start has a component along, for certain or perhaps.
fn directions(inputs: &Inputs) -> Vec<Direction> {
    let spectrum = inputs.problem.spectrum.as_deref().unwrap_or_default();
    let length = spectrum.iter().fold(0.0f64, |length, (_, component)| length.hypot(*component));
    // In the coordinate axes a component is an entry of the start: 0 is 0 and stays so.
    let components = spectrum.iter().map(|pair| &pair.1);
    let axes = spectrum.len() == inputs.problem.start.len() && components.eq(&inputs.problem.start);
    let direction = |(eigenvalue, component): &(f64, f64)| {
        let step = inputs.eta() * *eigenvalue * (1.0 + inputs.rho() * *eigenvalue);
        let present = if axes { *component != 0.0 } else { component.abs() > ROUNDING * length };
        Direction { step, component: *component, present }
    };
    spectrum.iter().map(direction).filter(|direction| direction.present || (!axes && length > 0.0)).collect()
}

/// Whether the run from this start converges, as far as that is certain.
fn settles(directions: &[Direction]) -> Option<bool> {
    if directions.iter().any(|direction| direction.present && direction.settles() == Some(false)) {
        return Some(false);
    }
    directions.iter().all(|direction| direction.settles() == Some(true)).then_some(true)
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let known = inputs.problem.spectrum.is_some();
    let eigenvalues = if known { "its eigenvalues are known" } else { "no exact eigenvalues of f are known" };
    let decided = known && settles(&directions(inputs)).is_some();
    let detail = if decided {
        "each eigenvalue that matters is on one side of the threshold"
    } else {
        "an eigenvalue is too close to the threshold, or its component in the start may be rounding"
    };
    vec![
        inputs.usam(),
        Requirement::new("f is a quadratic", known, eigenvalues),
        Requirement::new("p of every eigenvalue along x0 certainly inside or outside", decided, detail),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let directions = directions(inputs);
    let rests = settles(&directions) == Some(true);
    let everywhere = inputs.problem.spectrum.as_deref().unwrap_or_default().iter().all(|(eigenvalue, _)| {
        let step = inputs.eta() * *eigenvalue * (1.0 + inputs.rho() * *eigenvalue);
        Direction { step, component: 0.0, present: true }.settles() == Some(true)
    });
    let every = if everywhere { "it converges from every start" } else { "it does not converge from every start" };
    let steps = if rests { settled_after(inputs, &directions) } else { left_after(inputs, &directions) };
    Bound::criterion(rests, Number::exact(1.0)).settled_after(steps.max(2.0)).noting(every.to_owned())
}

/// What rounding may do to a step: some units in the last place of every coordinate.
fn rounding(inputs: &Inputs, directions: &[Direction]) -> f64 {
    let size = inputs.problem.start.iter().fold(0.0f64, |size, x| size.hypot(*x));
    let stretch = directions.iter().fold(1.0f64, |largest, direction| largest.max(direction.step.high.abs()));
    16.0 * f64::EPSILON * stretch * size * directions.len() as f64
}

/// Steps after which all components are done, twice over; infinite where the first step does not stand out from what
/// rounding keeps moving. An estimate, in plain doubles.
fn settled_after(inputs: &Inputs, directions: &[Direction]) -> f64 {
    let moving = || directions.iter().filter(|direction| direction.step.low != 0.0);
    let first = moving().fold(0.0f64, |length, direction| length.hypot(direction.first()));
    if first * REST < rounding(inputs, directions) {
        return f64::INFINITY;
    }
    let share = REST * first / (directions.len() as f64).sqrt();
    // Nothing to wait for where a component's own step is that small from the start.
    let steps = moving().map(|direction| (share / direction.first()).ln().min(0.0) / direction.rate());
    2.0 * steps.fold(0.0, f64::max)
}

/// Steps after which a growing component cannot be taken for rest, twice over; infinite where rounding may swallow it.
fn left_after(inputs: &Inputs, directions: &[Direction]) -> f64 {
    let first = directions.iter().fold(0.0f64, |length, direction| length.hypot(direction.first()));
    let leaving = directions.iter().filter(|direction| direction.present && direction.settles() == Some(false));
    let seen = leaving.filter(|direction| direction.first() > rounding(inputs, directions));
    let steps = seen.map(|direction| {
        let missing = (4.0 * REST * first / direction.first()).ln();
        if missing <= 0.0 { 0.0 } else { 2.0 * missing / direction.rate() }
    });
    steps.fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Perturbation;
    use crate::theorem::example::Example;

    fn usam(eta: f64, rho: f64, spectrum: &[(f64, f64)]) -> Example {
        Example::deterministic(eta, rho, 9).perturbed_by(Perturbation::Unnormalised).quadratic(spectrum)
    }

    fn rests(example: &Example) -> bool {
        example.bound(&THEOREM, None).rests.expect("a criterion")
    }

    #[test]
    fn worked_by_hand() {
        // eta = 1/4, rho = 1/2, l = 2: p = (1/4)*2*2 = 1; l = 4: p = 3.
        assert!(rests(&usam(0.25, 0.5, &[(2.0, 1.0), (0.5, -3.0)])));
        assert!(!rests(&usam(0.25, 0.5, &[(2.0, 1.0), (4.0, -3.0)])));
        // l = -0.3, eta = rho = 1: p = -0.21, multiplier 1.21. l = -1/rho rests, l < -1/rho converges: p = -2*(-1) = 2.
        assert!(!rests(&usam(1.0, 1.0, &[(1.0, 1.0), (-0.3, 1.0)])));
        assert!(rests(&usam(1.0, 1.0, &[(0.5, 1.0), (-1.0, 1.0)])));
        assert!(rests(&usam(0.5, 1.0, &[(-2.0, 1.0), (0.0, 7.0)])));
        assert!(!rests(&usam(1.0, 1.0, &[(-2.0, 1.0)])));
        // Gradient descent: eta*l = 2 exactly never settles.
        assert!(!rests(&usam(0.5, 0.0, &[(4.0, 1.0)]).unperturbed()));
    }

    #[test]
    fn components_that_are_not_there_do_not_count() {
        // In the coordinate axes an entry 0 stays 0; in a rotated basis it may be rounding.
        let mut example = usam(0.25, 0.5, &[(2.0, 1.0), (4.0, 0.0)]);
        assert!(rests(&example));
        assert!(example.bound(&THEOREM, None).note.expect("a note").contains("does not converge"));
        example.problem.start = vec![0.6, 0.8];
        assert!(!example.applies(&THEOREM, None));
        let mut tiny = usam(0.25, 0.5, &[(2.0, 1.0), (0.5, 1e-17)]);
        tiny.problem.start = vec![0.6, 0.8];
        assert!(rests(&tiny));
    }

    #[test]
    fn how_long_it_takes() {
        // p = 1 and 1/4*0.5*1.25 = 0.15625: the first step is (1, 0.46875) of length 1.10438, so
        // 2 ln(5e-10*1.10438/(sqrt(2)*0.46875))/ln(0.84375) = 246.1 steps.
        let after = |example: Example| example.bound(&THEOREM, None).settled_after;
        let steps = after(usam(0.25, 0.5, &[(2.0, 1.0), (0.5, -3.0)]));
        assert!((steps - 246.1).abs() < 0.1, "{steps}");
        // A component that hardly moves is not waited for: p = 1e-20.
        let still = after(usam(0.25, 0.0, &[(2.0, 1.0), (4e-20, 1.0)]).unperturbed());
        assert!(still < 100.0, "{still}");
        // A component that only flips its sign may be too small to be seen for ever.
        assert_eq!(after(usam(0.5, 0.0, &[(4.0, 1e-12), (1.0, 1.0)]).unperturbed()), f64::INFINITY);
        // A growth of 1e-20 a step is swallowed; all at rest on the slope: what rounding does is not known.
        assert_eq!(after(usam(1.0, 1.0, &[(-1e-20, 1.0)])), f64::INFINITY);
        assert_eq!(after(usam(1.0, 1.0, &[(-1.0, 1.0)])), f64::INFINITY);
    }

    #[test]
    fn hypotheses() {
        assert!(!Example::deterministic(0.25, 0.5, 9).quadratic(&[(2.0, 1.0)]).applies(&THEOREM, None));
        let unknown = Example::deterministic(0.25, 0.5, 9).perturbed_by(Perturbation::Unnormalised);
        assert!(unknown.refusals(&THEOREM, None)[0].contains("no exact eigenvalues"));
    }
}
