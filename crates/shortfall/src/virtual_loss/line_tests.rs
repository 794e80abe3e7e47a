//! The virtual loss against closed forms, and against the integral of the field.

use super::*;
use crate::method::Sampling;
use crate::problem::{DoubleWell, Expression, PROBLEMS, Piecewise, PiecewiseLinear, Quadratic, Rippled, Sine};
use crate::source::NoData;
use crate::virtual_loss::Field;
use std::f64::consts::PI;

fn sam(problem: &dyn Problem, rho: f64, window: [f64; 2]) -> VirtualLoss<'_> {
    VirtualLoss::of(problem, &Method::sam(0.1, rho), window).unwrap_or_else(|why| panic!("{why}"))
}

fn check_closed_form(problem: &dyn Problem, rho: f64, half: f64, form: &dyn Fn(f64) -> f64) {
    let virtual_loss = sam(problem, rho, [-half, half]);
    for i in -50..=50 {
        let x = f64::from(i) / 50.0 * half;
        let (found, wanted) = (virtual_loss.value(x), form(x) - form(0.0));
        assert!((found - wanted).abs() < 1e-13 * (1.0 + wanted.abs()), "{x}: {found} {wanted}");
    }
}

#[test]
fn closed_forms_of_the_theory() {
    check_closed_form(&Quadratic::new(vec![3.0]), 0.2, 2.0, &|x| 1.5 * x * x + 0.6 * x.abs());
    let (beta, rho) = (2.0, 0.5);
    let sine = |x: f64| {
        // theta = 5 pi x/(3 rho): the phase of the paper.
        let theta = 5.0 * PI / 3.0 * x / rho;
        let turned = theta - 2.0 * PI * ((theta + PI / 2.0) / (2.0 * PI)).floor();
        let psi = if turned < PI / 2.0 { turned + PI / 6.0 } else { turned - 7.0 * PI / 6.0 };
        -(9.0 * beta * rho * rho / (25.0 * PI * PI)) * psi.cos()
    };
    check_closed_form(&Sine::new(beta, rho, 5.0 * PI / 3.0), rho, 0.4, &sine);
    // Huber: beta = 2, L = 1, dl = 1/2.
    let slopes = [0.0, 2.0, 0.0].map(Number::exact).to_vec();
    let huber = Piecewise::new(PiecewiseLinear::from_value_at_zero(vec![-0.5, 0.5], slopes, 0.0.into()), 1.0);
    check_closed_form(&huber, 0.7, 2.0, &|x| x.abs());
    check_closed_form(&huber, 0.2, 2.0, &|x| {
        if x.abs() <= 0.3 { x * x + 0.4 * x.abs() } else { x.abs() - 2.0 * 0.09 / 2.0 }
    });
}

#[test]
fn the_double_well_as_the_theory_has_it() {
    let well = DoubleWell::new([-2.0, 2.0], vec![]);
    for (rho, wells, top) in [
        (0.4, Behaviour::Attracts, Behaviour::Attracts),
        (1.5, Behaviour::Crosses, Behaviour::Repels),
        (2.5, Behaviour::Attracts, Behaviour::Repels),
    ] {
        let virtual_loss = sam(&well, rho, [-4.0, 4.0]);
        let kinks: Vec<_> = virtual_loss.kinks.iter().map(|kink| kink.behaviour).collect();
        assert_eq!(kinks, [wells, top, wells], "{rho}");
        let [left, right] = [virtual_loss.kinks[2].left, virtual_loss.kinks[2].right];
        let slope = |x: f64| x * x * x - x;
        assert!((left.middle() - slope(1.0 - rho)).abs() < 1e-13 && (right.middle() - slope(1.0 + rho)).abs() < 1e-13);
    }
    // halluc-1d: minimisers of J at +-(rho - 1), where f' is not 0.
    let virtual_loss = sam(&well, 1.5, [-4.0, 4.0]);
    let hallucinated: Vec<f64> = virtual_loss
        .stationary
        .iter()
        .filter(|point| point.is_minimum && point.is_hallucinated())
        .map(|point| point.place.middle())
        .collect();
    assert_eq!(hallucinated.len(), 2, "{:?}", virtual_loss.stationary);
    assert!((hallucinated[0] + 0.5).abs() < 1e-13 && (hallucinated[1] - 0.5).abs() < 1e-13, "{hallucinated:?}");
    assert_eq!(virtual_loss.minima().len(), 2);
}

/// J against the integral of G from one point to the next, G as the method's own code has it.
fn check_integral(problem: &dyn Problem, method: &Method, window: [f64; 2]) {
    let virtual_loss = VirtualLoss::of(problem, method, window).unwrap_or_else(|why| panic!("{why}"));
    let field = Field::of(problem, method).expect("a field");
    let mut stops: Vec<f64> = (0..=40).map(|i| window[0] + (window[1] - window[0]) * f64::from(i) / 40.0).collect();
    stops.extend(virtual_loss.kinks.iter().map(|kink| kink.place.middle()));
    stops.sort_by(f64::total_cmp);
    for pair in stops.windows(2).filter(|pair| pair[1] - pair[0] > 1e-9) {
        let parts = 2000;
        let width = (pair[1] - pair[0]) / f64::from(parts);
        let at = |x: f64| {
            let mut g = [0.0];
            field.at(&[x], &mut g);
            let own = virtual_loss.field(x);
            assert!((own - g[0]).abs() <= 1e-12 * (1.0 + g[0].abs()), "{x}: {own} {}", g[0]);
            g[0]
        };
        // The midpoint rule: f' may have corners.
        let integral: f64 = (0..parts).map(|i| width * at(pair[0] + (f64::from(i) + 0.5) * width)).sum();
        let rise = virtual_loss.value(pair[1]) - virtual_loss.value(pair[0]);
        assert!((integral - rise).abs() < 1e-8 * (1.0 + rise.abs()), "{pair:?}: {integral} {rise}");
    }
    assert!(virtual_loss.value(virtual_loss.origin).abs() < 1e-12);
}

#[test]
fn the_integral_of_the_field() {
    for text in ["cos(x)+x^2/10", "x^4/4-x^2/2+x/5", "log(1+x^2)", "x^6/6", "tanh(x)^2+x^2/50"] {
        let problem = Expression::new(text, None).expect("good");
        for rho in [0.05, 0.7, 2.0] {
            check_integral(&problem, &Method::sam(0.1, rho), [-2.3, 3.1]);
        }
        check_integral(&problem, &Method::gd(0.1), [-2.3, 3.1]);
    }
    let trap = PROBLEMS.iter().find(|entry| entry.name == "trap").expect("registered");
    let mut arguments = crate::arguments::Arguments::of("trap");
    for (name, value) in [("beta", 8.0), ("mu", 1.0), ("theta", 0.5), ("radius", 1.0)] {
        arguments = arguments.with(name, crate::arguments::Value::number(value));
    }
    let trap = (trap.build)(&arguments, &NoData).expect("in range");
    let rippled = Rippled::new(1.0, 3.0, 0.4);
    for reuse in [SampleReuse::Same, SampleReuse::Independent] {
        let sampling = Sampling { batch: 1, replacement: true, reuse };
        for problem in [trap.as_ref(), &rippled] {
            check_integral(problem, &Method::stochastic_sam(0.1, 0.8, sampling), [-2.0, 2.5]);
        }
    }
}

#[test]
fn what_has_no_virtual_loss_here_says_why() {
    let quadratic = Quadratic::new(vec![1.0]);
    let why =
        |method: &Method, problem: &dyn Problem| VirtualLoss::of(problem, method, [-1.0, 1.0]).err().expect("none");
    assert!(why(&Method::usam(0.1, 0.1), &quadratic).contains("not SAM's"));
    assert!(why(&Method::sam(0.1, 0.1), &Quadratic::new(vec![1.0, 2.0])).contains("2 variables"));
}
