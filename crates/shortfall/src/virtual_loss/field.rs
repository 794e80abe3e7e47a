//! The field in any dimension, and how far it is from being a gradient.

use crate::kernel::norm;
use crate::method::{Method, SampleReuse};
use crate::problem::{Problem, Samples};

/// Distance at which the directions of samples beside a point are taken, relative to rho.
const NEAR: f64 = 1e-8;
/// Largest dimension whose Jacobian is formed.
const LARGEST: usize = 500;
/// Nodes and weights of Gauss and Legendre's rule of eight points on [-1, 1], the positive half.
const NODES: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_5),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_3),
];
/// Operations of a second or two.
const MOST_OPERATIONS: f64 = 4e9;
/// Most parts an edge is cut into.
const MOST_PARTS: usize = 1 << 12;

/// `G(x) = grad f(ascent(x))`, or its mean over single samples: the limit of the method's steps, divided by eta.
pub struct Field<'a> {
    problem: &'a dyn Problem,
    method: &'a Method,
}

/// The integral of a field along a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Integral {
    /// `integral of G dx`; around a loop 0 where it bounds an area on which G is a gradient.
    pub value: f64,
    /// What the last refinement changed.
    pub change: f64,
}

impl<'a> Field<'a> {
    /// The error says why there is none.
    pub fn of(problem: &'a dyn Problem, method: &'a Method) -> Result<Self, String> {
        match (method.sampling, problem.samples()) {
            (None, _) => {}
            (Some(_), Samples::None) => return Err("the problem has no samples".to_owned()),
            (Some(_), Samples::Noise(_)) => {
                return Err("the mean field of additive noise is an integral that is not taken here".to_owned());
            }
            (Some(sampling), Samples::Finite(_)) if sampling.batch != 1 => {
                return Err("the mean field is found for batch = 1".to_owned());
            }
            _ => {}
        }
        Ok(Self { problem, method })
    }

    /// Writes `G(x)`.
    pub fn at(&self, x: &[f64], field: &mut [f64]) {
        self.with_directions_at(x, x, field);
    }

    /// `G(x-)` and `G(x+)` of single samples on the line, their directions taken a little to each side of x; `None` elsewhere.
    pub fn on_both_sides(&self, x: f64) -> Option<[f64; 2]> {
        self.method.sampling?;
        if self.problem.dimension() != 1 {
            return None;
        }
        let offset = NEAR * self.method.rho.first();
        Some([-offset, offset].map(|offset| {
            let mut field = [0.0];
            self.with_directions_at(&[x], &[x + offset], &mut field);
            field[0]
        }))
    }

    /// From x, along the gradients at another point.
    fn with_directions_at(&self, x: &[f64], beside: &[f64], field: &mut [f64]) {
        let (rho, ascent) = (self.method.rho.first(), &self.method.ascent);
        let (mut g, mut y) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        let (Some(sampling), Samples::Finite(sum)) = (self.method.sampling, self.problem.samples()) else {
            self.problem.gradient(beside, &mut g);
            ascent.point(rho, x, &g, &mut y);
            self.problem.gradient(&y, field);
            return;
        };
        field.fill(0.0);
        for sample in 0..sum.count() {
            sum.batch_gradient(&[sample], beside, &mut g);
            ascent.point(rho, x, &g, &mut y);
            match sampling.reuse {
                SampleReuse::Same => sum.batch_gradient(&[sample], &y, &mut g),
                SampleReuse::Independent => self.problem.gradient(&y, &mut g),
            }
            let weight = sum.probability(sample);
            field.iter_mut().zip(&g).for_each(|(field, g)| *field = weight.mul_add(*g, *field));
        }
    }

    /// `DG = H_y (I + rho ((1 - lambda) H_x + (lambda/|g|) P H_x))`, `P = I - u u'`, row-major, for deterministic SAM, USAM
    /// and unified SAM (section 12; lambda as there); `None` for other rules, where f has no Hessian and where g is 0.
    pub fn jacobian(&self, x: &[f64]) -> Option<Vec<f64>> {
        let (d, rho) = (x.len(), self.method.rho.first());
        let lambda = if rho == 0.0 { 1.0 } else { self.method.ascent.perturbation().lambda()? };
        if self.method.sampling.is_some() || d > LARGEST {
            return None;
        }
        let hessian = self.problem.hessian()?;
        let (mut g, mut y) = (vec![0.0; d], vec![0.0; d]);
        self.problem.gradient(x, &mut g);
        let size = norm(&g);
        self.method.ascent.point(rho, x, &g, &mut y);
        let (mut here, mut there) = (vec![0.0; d * d], vec![0.0; d * d]);
        if !(size > 0.0 && size.is_finite() && hessian.matrix_at(x, &mut here) && hessian.matrix_at(&y, &mut there)) {
            return None;
        }
        let along: Vec<f64> = (0..d).map(|j| (0..d).map(|i| g[i] / size * here[i * d + j]).sum()).collect();
        let mut turned = vec![0.0; d * d];
        for i in 0..d {
            for j in 0..d {
                let across = here[i * d + j] - g[i] / size * along[j];
                let stretch =
                    (1.0 - lambda) * here[i * d + j] + if lambda == 0.0 { 0.0 } else { lambda * across / size };
                turned[i * d + j] = rho.mul_add(stretch, f64::from(u8::from(i == j)));
            }
        }
        let entry = |k: usize| (0..d).map(|m| there[k / d * d + m] * turned[m * d + k % d]).sum();
        Some((0..d * d).map(entry).collect())
    }

    /// `c(x) = |DG - DG'|_F/|DG + DG'|_F`: 0 where G is locally a gradient.
    pub fn curl(&self, x: &[f64]) -> Option<f64> {
        let (d, jacobian) = (x.len(), self.jacobian(x)?);
        let pairs =
            |sign: f64| -> Vec<f64> { (0..d * d).map(|k| jacobian[k] + sign * jacobian[k % d * d + k / d]).collect() };
        let (skew, symmetric) = (norm(&pairs(-1.0)), norm(&pairs(1.0)));
        let curl = if skew == 0.0 { 0.0 } else { skew / symmetric };
        curl.is_finite().then_some(curl)
    }

    /// Operations of one evaluation, roughly.
    fn work(&self) -> f64 {
        let independent = self.method.sampling.is_some_and(|sampling| sampling.reuse == SampleReuse::Independent);
        let gradients = match self.problem.samples() {
            Samples::Finite(sum) if independent => 1.0 + sum.count() as f64,
            _ => 2.0,
        };
        gradients * self.problem.work() as f64
    }

    /// The integral of G along the closed polygon through these points; `None` where even the coarsest sum takes too long.
    pub fn circulation(&self, corners: &[Vec<f64>]) -> Option<Integral> {
        let edges: Vec<_> = corners.iter().zip(corners.iter().cycle().skip(1)).map(|(a, b)| [&a[..], &b[..]]).collect();
        self.along(&edges, MOST_OPERATIONS)
    }

    /// The virtual loss of a field on the line, by integration: J at the places given, in order, less J at the first, and the
    /// last refinement of all parts together; `None` where it takes too long.
    pub fn integrated(&self, places: &[f64]) -> Option<(Vec<f64>, f64)> {
        let share = MOST_OPERATIONS / places.len().max(2) as f64;
        let (mut losses, mut change) = (vec![0.0; places.len().min(1)], 0.0);
        for pair in places.windows(2) {
            let part = self.along(&[[&pair[..1], &pair[1..]]], share)?;
            losses.push(losses[losses.len() - 1] + part.value);
            change += part.change;
        }
        Some((losses, change))
    }

    /// The integral along straight edges, each by Gauss and Legendre's rule on more and more parts until the sum stands still,
    /// or so many operations are done.
    fn along(&self, edges: &[[&[f64]; 2]], most_operations: f64) -> Option<Integral> {
        let mut parts = 4;
        let evaluations = |parts: usize| (edges.len() * parts * 2 * NODES.len()) as f64;
        if (evaluations(4) + evaluations(8)) * self.work() > most_operations {
            return None;
        }
        let mut value = self.sum(edges, parts);
        loop {
            parts *= 2;
            let (finer, sizes) = self.sum(edges, parts);
            let change = (finer - value.0).abs();
            let over = evaluations(2 * parts) * self.work() > most_operations;
            if change <= 1e-13 * sizes || parts >= MOST_PARTS || over || !finer.is_finite() {
                return Some(Integral { value: finer, change });
            }
            value = (finer, sizes);
        }
    }

    /// The integral, and that of `|G dx|`.
    fn sum(&self, edges: &[[&[f64]; 2]], parts: usize) -> (f64, f64) {
        let d = self.problem.dimension();
        let (mut total, mut sizes) = (0.0, 0.0);
        let (mut x, mut field) = (vec![0.0; d], vec![0.0; d]);
        for [from, to] in edges {
            let half = 0.5 / parts as f64;
            for part in 0..parts {
                let middle = (2 * part + 1) as f64 * half;
                for (node, weight) in NODES.iter().flat_map(|(node, weight)| [(-node, weight), (*node, weight)]) {
                    let t = middle + half * node;
                    x.iter_mut().zip(from.iter().zip(*to)).for_each(|(x, (a, b))| *x = a + t * (b - a));
                    self.at(&x, &mut field);
                    let along: f64 = field.iter().zip(from.iter().zip(*to)).map(|(g, (a, b))| g * (b - a)).sum();
                    (total, sizes) = (total + weight * half * along, sizes + weight * half * along.abs());
                }
            }
        }
        (total, sizes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Perturbation;
    use crate::problem::{Closure, DoubleWell, Quadratic};
    use proptest::prelude::*;

    /// `x1^4/4 + x2^2/2`, THEORY.md `virt-curl`.
    fn quartic() -> Closure<impl Fn(&[f64], &mut [f64]) -> f64> {
        Closure::new(2, |x, g| {
            (g[0], g[1]) = (x[0].powi(3), x[1]);
            x[0].powi(4) / 4.0 + x[1] * x[1] / 2.0
        })
    }

    fn square(low: f64, high: f64) -> Vec<Vec<f64>> {
        [[low, low], [high, low], [high, high], [low, high]].map(|corner| corner.to_vec()).to_vec()
    }

    #[test]
    fn the_example_of_the_theory_has_no_virtual_loss() {
        let (problem, method) = (quartic(), Method::sam(0.1, 0.5));
        let field = Field::of(&problem, &method).expect("deterministic");
        let Integral { value, change } = field.circulation(&square(0.5, 1.0)).expect("quick");
        assert!((value - 0.08221).abs() < 5e-6 && change < 1e-12, "{value} {change:e}");
        // Gradient descent follows a gradient.
        let method = Method::gd(0.1);
        let gradient =
            Field::of(&problem, &method).expect("deterministic").circulation(&square(0.5, 1.0)).expect("quick");
        assert!(gradient.value.abs() < 1e-14, "{gradient:?}");
    }

    #[test]
    fn a_double_well_curls_and_its_jacobian_is_that_of_differences() {
        let problem = DoubleWell::new([-2.0, 2.0], vec![0.7]);
        for method in [Method::sam(0.1, 0.3), Method::usam(0.1, 0.3), Method::unified_sam(0.4, 0.1, 0.3)] {
            let field = Field::of(&problem, &method).expect("deterministic");
            let x = [1.3, -0.6];
            let jacobian = field.jacobian(&x).expect("smooth");
            for j in 0..2 {
                let h = 1e-5;
                let at = |shift: f64| {
                    let (mut y, mut g) = (x, [0.0; 2]);
                    y[j] += shift;
                    field.at(&y, &mut g);
                    g
                };
                let (a, b) = (at(h), at(-h));
                for i in 0..2 {
                    let slope = (a[i] - b[i]) / (2.0 * h);
                    assert!((jacobian[i * 2 + j] - slope).abs() < 1e-8, "{i} {j} {slope} {jacobian:?}");
                }
            }
            // USAM's Jacobian on a separable function is diagonal.
            let curls = field.curl(&x).expect("smooth") > 1e-3;
            assert_eq!(curls, method.ascent.perturbation() != Perturbation::Unnormalised);
        }
    }

    #[test]
    fn integrals_on_the_line() {
        let places: Vec<f64> = (0..=40).map(|i| f64::from(i) / 10.0 - 2.0).collect();
        // f' = 3x: USAM descends 3x (1 + 3 rho), SAM 3x + 3 rho sign x.
        let parabola = Quadratic::new(vec![3.0]);
        for (method, loss) in [
            (Method::usam(0.1, 0.2), (|x: f64| 2.4 * x * x) as fn(f64) -> f64),
            (Method::sam(0.1, 0.2), |x| 1.5 * x * x + 0.6 * x.abs()),
        ] {
            let field = Field::of(&parabola, &method).expect("deterministic");
            let (losses, change) = field.integrated(&places).expect("quick");
            assert!(change < 1e-10, "{change:e}");
            for (x, found) in places.iter().zip(&losses) {
                assert!((found - (loss(*x) - loss(-2.0))).abs() < 1e-10, "{x} {found}");
            }
        }
        assert_eq!(Field::of(&parabola, &Method::gd(0.1)).expect("one").integrated(&[]).expect("nothing").0, [0.0; 0]);
    }

    proptest! {
        #[test]
        fn quadratics_have_a_virtual_loss(
            eigenvalues in prop::collection::vec(-2.0..3.0f64, 2..4), rho in 0.01..2.0f64, x in prop::collection::vec(0.2..2.0f64, 4),
        ) {
            let problem = Quadratic::rotated(eigenvalues.clone(), 3);
            let (d, method) = (eigenvalues.len(), Method::sam(0.1, rho));
            let field = Field::of(&problem, &method).expect("deterministic");
            let mut g = vec![0.0; d];
            problem.gradient(&x[..d], &mut g);
            prop_assume!(norm(&g) > 1e-2);
            prop_assert!(field.curl(&x[..d]).expect("smooth") < 1e-8);
        }
    }
}
