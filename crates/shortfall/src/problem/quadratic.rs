//! `f(x) = sum_i lambda_i c_i^2 / 2`, `c = Q x`, Q orthogonal.
//!
//! Q is a product of Householder reflections `I - 2 v v'/(v'v)` with v as stored: exactly orthogonal as a definition,
//! whatever rounding does to its evaluation, so the eigenvalues are exactly those given and every constant is known
//! in closed form. With d reflections of normal vectors in dimensions d, d-1, ..., 1 Q is Haar distributed (Stewart,
//! "The efficient generation of random orthogonal matrices", SIAM J. Numer. Anal. 17, 1980).

use super::{Ask, Hessian, Line, MatrixQuadratic, Minimum, Parabola, Problem, Spectrum};
use crate::arguments::{Arguments, BadInput, Value};
use crate::constants::eigen::gamma;
use crate::constants::{Constant, Constants, Number, Symbol};
use crate::kernel::{add_scaled, dot, max_abs, norm};
use crate::random::{Generator, Role};
use crate::source::DataSource;

/// A quadratic with known eigenvalues; minimiser 0.
#[derive(Debug)]
pub struct Quadratic {
    eigenvalues: Vec<f64>,
    /// Reflection k acts on the coordinates from k on.
    reflections: Vec<Vec<f64>>,
}

/// Largest dimension without and with rotation.
const LARGEST: usize = 1_000_000;
const LARGEST_ROTATED: usize = 4096;

impl Quadratic {
    /// Diagonal.
    pub fn new(eigenvalues: Vec<f64>) -> Self {
        Self { eigenvalues, reflections: Vec::new() }
    }

    /// In the random orthonormal basis of a seed.
    pub fn rotated(eigenvalues: Vec<f64>, seed: u64) -> Self {
        let mut generator = Generator::new(seed, 0, Role::Other);
        let d = eigenvalues.len();
        let reflections = (0..d).map(|k| (k..d).map(|_| generator.normal()).collect()).collect();
        Self { eigenvalues, reflections }
    }

    pub(super) fn build(arguments: &Arguments, source: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
        if arguments.get("matrix").is_some() {
            return Ok(Box::new(MatrixQuadratic::build(arguments, source)?));
        }
        if arguments.get("linear").is_some() {
            return Err(arguments.bad("linear", "goes with `matrix`, which is missing"));
        }
        let eigenvalues = parse_eigenvalues(arguments)?;
        if arguments.get("rotation").is_none() {
            return Ok(Box::new(Self::new(eigenvalues)));
        }
        let seed = arguments.whole("rotation", 0)?;
        if eigenvalues.len() > LARGEST_ROTATED {
            return Err(arguments.bad(
                "rotation",
                format_args!("is possible up to {LARGEST_ROTATED} eigenvalues, not {}", eigenvalues.len()),
            ));
        }
        Ok(Box::new(Self::rotated(eigenvalues, seed)))
    }

    fn reflect(v: &[f64], x: &mut [f64]) {
        let square = dot(v, v);
        if square > 0.0 {
            add_scaled(-2.0 * dot(v, x) / square, v, x);
        }
    }

    /// Bound on the error of one change of basis, as a multiple of `|x|`: each reflection of n coordinates moves the
    /// result by at most `4 gamma(n + 4)` (Higham, lemma 19.2, with room).
    fn rotation_error(&self) -> f64 {
        4.0 * self.reflections.len() as f64 * gamma(self.eigenvalues.len() + 4)
    }

    fn largest(&self) -> f64 {
        max_abs(&self.eigenvalues)
    }

    fn extremes(&self) -> (f64, f64) {
        let fold = |f: fn(f64, f64) -> f64, from| self.eigenvalues.iter().copied().fold(from, f);
        (fold(f64::min, f64::INFINITY), fold(f64::max, f64::NEG_INFINITY))
    }

    /// `(f(x0), squared distance to the nearest minimiser)`, enclosed.
    fn delta_and_distance(&self, start: &[f64]) -> (Number, Number) {
        let slack = self.rotation_error() * norm(start);
        let (mut delta, mut distance) = (Number::exact(0.0), Number::exact(0.0));
        for (lambda, c) in self.eigenvalues.iter().zip(self.components(start)) {
            let component =
                if slack == 0.0 { Number::exact(c) } else { Number::exact(c) + Number::between(-slack, slack) };
            delta = delta + component.square() * *lambda / 2.0;
            if *lambda != 0.0 {
                distance = distance + component.square();
            }
        }
        (delta, distance)
    }
}

pub(super) fn parse_eigenvalues(arguments: &Arguments) -> Result<Vec<f64>, BadInput> {
    let Some(Value::Table(entries)) = arguments.get("eigenvalues") else {
        let eigenvalues = arguments.numbers("eigenvalues")?;
        return if (1..=LARGEST).contains(&eigenvalues.len()) {
            Ok(eigenvalues)
        } else {
            Err(arguments
                .bad("eigenvalues", format_args!("must have from 1 to {LARGEST} entries, not {}", eigenvalues.len())))
        };
    };
    let table = Arguments { owner: format!("{}: `eigenvalues`", arguments.owner), entries: entries.clone() };
    if let Some((name, _)) =
        entries.iter().find(|(name, _)| !["from", "to", "count", "spacing"].contains(&name.as_str()))
    {
        return Err(table.bad(name, "is not one of from, to, count, spacing"));
    }
    let (from, to) = (table.number("from")?, table.number("to")?);
    let count = table.whole("count", 1)? as usize;
    if count > LARGEST {
        return Err(table.bad("count", format_args!("must be at most {LARGEST}, not {count}")));
    }
    let spacing = if table.get("spacing").is_none() { "log" } else { table.text("spacing")? };
    // The ends are hit exactly; a single eigenvalue is `from`.
    let fraction = |i: usize| i as f64 / (count - 1) as f64;
    let place = |i: usize| match (i, spacing) {
        (0, _) => from,
        (i, _) if i == count - 1 => to,
        (i, "linear") => from + (to - from) * fraction(i),
        (i, _) => from * core_math::pow(to / from, fraction(i)),
    };
    match spacing {
        "linear" => {}
        "log" if from > 0.0 && to > 0.0 => {}
        "log" => return Err(table.bad("from", "and `to` must be above 0 for spacing=\"log\"; use spacing=\"linear\"")),
        other => return Err(table.bad("spacing", format_args!("must be \"log\" or \"linear\", not {other:?}"))),
    }
    Ok((0..count).map(place).collect())
}

impl Problem for Quadratic {
    fn dimension(&self) -> usize {
        self.eigenvalues.len()
    }

    fn value_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        gradient.copy_from_slice(x);
        for (k, v) in self.reflections.iter().enumerate() {
            Self::reflect(v, &mut gradient[k..]);
        }
        let mut value = 0.0;
        for (g, lambda) in gradient.iter_mut().zip(&self.eigenvalues) {
            let scaled = lambda * *g;
            value = (0.5 * scaled).mul_add(*g, value);
            *g = scaled;
        }
        for (k, v) in self.reflections.iter().enumerate().rev() {
            Self::reflect(v, &mut gradient[k..]);
        }
        value
    }

    fn value_error(&self, x: &[f64], _: f64) -> f64 {
        let (size, slack) = (norm(x), self.rotation_error());
        let terms = 0.5 * self.largest() * size * size;
        gamma(self.dimension() + 4) * self.magnitude(x).min(terms * (1.0 + slack).powi(2))
            + terms * slack * (2.0 + slack)
    }

    fn gradient_error(&self, x: &[f64], _: f64, gradient: &[f64]) -> f64 {
        // There and back again by a change of basis, if there is one.
        f64::EPSILON * norm(gradient) + self.largest() * norm(x) * self.rotation_error() * (2.0 + self.rotation_error())
    }

    fn constants(&self, ask: &Ask) -> Constants {
        let (low, high) = self.extremes();
        let mut constants = Constants::missing("").without_samples();
        constants.set(Symbol::Beta, Constant::exact(self.largest(), "largest |eigenvalue|"));
        constants.set(
            Symbol::Mu,
            if low > 0.0 {
                Constant::exact(low, "smallest eigenvalue")
            } else {
                Constant::missing("the smallest eigenvalue is not above 0")
            },
        );
        constants.set(Symbol::Omega, Constant::exact((-low).max(0.0), "-(smallest eigenvalue), at least 0"));
        constants.set(
            Symbol::L,
            if low == 0.0 && high == 0.0 {
                Constant::exact(0.0, "f is constant")
            } else {
                Constant::missing("the gradient of a quadratic is not bounded")
            },
        );
        if low < 0.0 {
            let reason = "a negative eigenvalue: f is not bounded below";
            constants.set(Symbol::Delta, Constant::missing(reason));
            constants.set(Symbol::D2, Constant::missing("a negative eigenvalue: there is no minimiser"));
        } else {
            let (delta, distance) = self.delta_and_distance(ask.start);
            constants.set(Symbol::Delta, Constant::enclosed(Symbol::Delta, delta, "f(x0), since f* = 0"));
            constants.set(Symbol::D2, Constant::enclosed(Symbol::D2, distance, "|x0|^2 off the kernel"));
        }
        constants
    }

    fn minimum(&self) -> Minimum {
        if self.extremes().0 < 0.0 {
            return Minimum::Unbounded { how: "a negative eigenvalue".to_owned() };
        }
        Minimum::Known { value: 0.0, error: 0.0, point: vec![0.0; self.dimension()], how: "closed form".to_owned() }
    }

    fn hessian(&self) -> Option<&dyn Hessian> {
        Some(self)
    }

    fn line(&self) -> Option<Box<dyn Line + '_>> {
        let [lambda] = self.eigenvalues[..] else { return None };
        Some(Box::new(Parabola(lambda)))
    }

    fn spectrum(&self) -> Option<&dyn Spectrum> {
        Some(self)
    }

    fn work(&self) -> usize {
        let rotation: usize = self.reflections.iter().map(Vec::len).sum();
        4 * self.dimension() + 12 * rotation
    }
}

impl Quadratic {
    /// `sum |lambda_i| c_i^2 / 2`: what the rounding of the sum is relative to.
    fn magnitude(&self, x: &[f64]) -> f64 {
        self.eigenvalues.iter().zip(self.components(x)).map(|(lambda, c)| 0.5 * lambda.abs() * c * c).sum()
    }
}

impl Hessian for Quadratic {
    fn matrix_at(&self, _: &[f64], matrix: &mut [f64]) -> bool {
        let d = self.dimension();
        let mut unit = vec![0.0; d];
        for i in 0..d {
            unit[i] = 1.0;
            self.value_gradient(&unit, &mut matrix[i * d..(i + 1) * d]);
            unit[i] = 0.0;
        }
        true
    }
}

impl Spectrum for Quadratic {
    fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    fn components(&self, x: &[f64]) -> Vec<f64> {
        let mut components = x.to_vec();
        for (k, v) in self.reflections.iter().enumerate() {
            Self::reflect(v, &mut components[k..]);
        }
        components
    }

    fn point(&self, components: &[f64]) -> Vec<f64> {
        let mut x = components.to_vec();
        for (k, v) in self.reflections.iter().enumerate().rev() {
            Self::reflect(v, &mut x[k..]);
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotation_keeps_the_value_and_rotates_the_gradient() {
        let plain = Quadratic::new(vec![5.0, -2.0, 0.25]);
        let rotated = Quadratic::rotated(vec![5.0, -2.0, 0.25], 11);
        let x = [0.3, -1.1, 2.0];
        let c = rotated.components(&x);
        assert!((norm(&c) - norm(&x)).abs() < 1e-14);
        assert!(c.iter().zip(&x).any(|(a, b)| (a - b).abs() > 0.1));
        let back = rotated.point(&c);
        assert!(back.iter().zip(&x).all(|(a, b)| (a - b).abs() < 1e-14));
        let (mut g, mut h) = ([0.0; 3], [0.0; 3]);
        let (a, b) = (rotated.value_gradient(&x, &mut g), plain.value_gradient(&c, &mut h));
        assert!((a - b).abs() <= rotated.value_error(&x, a) + plain.value_error(&c, b));
        assert!(rotated.components(&g).iter().zip(&h).all(|(a, b)| (a - b).abs() < 1e-13));
    }

    #[test]
    fn constants_follow_the_eigenvalues() {
        let start = [1.0, 2.0, 4.0];
        let ask = Ask { start: &start, sampling: None };
        let at = |eigenvalues: &[f64], symbol| Quadratic::new(eigenvalues.to_vec()).constants(&ask).get(symbol).value();
        assert_eq!(at(&[4.0, 0.5, 0.25], Symbol::Beta), Some(4.0));
        assert_eq!(at(&[4.0, 0.5, 0.25], Symbol::Mu), Some(0.25));
        // 4/2 + 0.5*4/2 + 0.25*16/2 = 5
        assert_eq!(at(&[4.0, 0.5, 0.25], Symbol::Delta), Some(5.0));
        assert_eq!(at(&[4.0, 0.5, 0.0], Symbol::D2), Some(5.0));
        assert_eq!(at(&[4.0, 0.5, 0.0], Symbol::Mu), None);
        assert_eq!(at(&[1.0, 0.5, -3.0], Symbol::Beta), Some(3.0));
        assert_eq!(at(&[1.0, 0.5, -3.0], Symbol::Omega), Some(3.0));
        assert_eq!(at(&[1.0, 0.5, -3.0], Symbol::Delta), None);
        assert!(matches!(Quadratic::new(vec![1.0, -3.0]).minimum(), Minimum::Unbounded { .. }));
    }

    #[test]
    fn certified_delta_fails_two_units_lower() {
        let start = [1.0, 2.0];
        let ask = Ask { start: &start, sampling: None };
        let delta = Quadratic::new(vec![4.0, 0.5]).constants(&ask).get(Symbol::Delta).value().expect("known");
        // The exact value is 3.
        assert!(delta >= 3.0 && delta.next_down().next_down() < 3.0);
    }
}
