//! `shortfall field`: what SAM really descends, beside what it is taken for.

mod document;

use crate::experiment::Experiment;
use shortfall::arguments::BadInput;
use shortfall::norm;
use shortfall::sam_objective::{SamObjective, sam_objective};
use shortfall::virtual_loss::{Field, Integral, VirtualLoss};

/// Points of a grid on the line, and of a row of a grid in the plane.
const ON_LINE: usize = 401;
const IN_ROW: usize = 33;

/// What the user asks to see.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Of the first coordinate, or of both in the plane.
    pub window: Option<[f64; 2]>,
    /// Corners of a closed loop.
    pub around: Option<Vec<Vec<f64>>>,
}

/// The functions at one point.
#[derive(Clone, Debug)]
pub struct At {
    /// x.
    pub x: Vec<f64>,
    /// `f(x)`
    pub loss: f64,
    /// `f(y)`, y the point at which SAM takes its gradient; on average over the samples.
    pub perturbed: Option<f64>,
    /// `max over |e| <= rho of f(x + e)`
    pub objective: SamObjective,
    /// J, where it exists.
    pub virtual_loss: Option<f64>,
    /// G.
    pub field: Vec<f64>,
    /// `|DG - DG'|/|DG + DG'|`, where G has a derivative.
    pub curl: Option<f64>,
}

/// The field of a method on a problem.
pub struct Seen<'a> {
    /// The setting.
    pub experiment: &'a Experiment,
    /// On the line.
    pub line: Option<VirtualLoss<'a>>,
    /// Why no J is known in closed form, where none is.
    pub without: Option<String>,
    /// On the line, where J is not known in closed form: what the last refinement of its integration changed; J is 0 at the
    /// left end.
    pub integrated: Option<f64>,
    /// On the line a grid over the window; else the start.
    pub points: Vec<At>,
    /// In the plane: a grid over the window.
    pub plane: Option<Plane>,
    /// Around the user's loop, or a square around the start.
    pub circulation: Option<(Vec<Vec<f64>>, Integral)>,
}

/// A grid in the plane.
pub struct Plane {
    /// First coordinates.
    pub x: Vec<f64>,
    /// Second coordinates.
    pub y: Vec<f64>,
    /// At `(x[i], y[j])`, entry `j * x.len() + i`.
    pub points: Vec<At>,
}

impl<'a> Seen<'a> {
    /// Looks at the field.
    pub fn of(experiment: &'a Experiment, wish: &Wish) -> Result<Self, BadInput> {
        let (problem, method) = (experiment.problem(), &experiment.method);
        let field = Field::of(problem, method).map_err(BadInput::new)?;
        let start = &experiment.loaded.start;
        let rho = method.rho.first();
        if !method.rho.is_constant() {
            return Err(BadInput::new(
                "the field of a radius that decays changes with every step: give a constant rho",
            ));
        }
        let d = problem.dimension();
        if d == 1 && wish.around.is_some() {
            return Err(BadInput::new(
                "--around is for two and more dimensions: on the line no loop encloses anything",
            ));
        }
        if d > 2 && wish.window.is_some() {
            return Err(BadInput::new(format!("--window is for one and two dimensions, not {d}")));
        }
        let window = wish.window.unwrap_or_else(|| default_window(experiment));
        let mut seen = Self {
            experiment,
            line: None,
            without: None,
            integrated: None,
            points: Vec::new(),
            plane: None,
            circulation: None,
        };
        let quadratic = has_quadratic_form(experiment);
        match VirtualLoss::of(problem, method, window) {
            Ok(line) => seen.line = Some(line),
            Err(why) if !quadratic => seen.without = Some(why),
            Err(_) => {}
        }
        let at = |x: &[f64]| look(experiment, &field, (seen.line.as_ref(), quadratic), x);
        let between = |count: usize| {
            let step = (window[1] - window[0]) / (count - 1) as f64;
            (0..count).map(move |i| if i + 1 == count { window[1] } else { window[0] + step * i as f64 })
        };
        if d == 1 {
            let mut points: Vec<At> = between(ON_LINE).map(|x| at(&[x])).collect();
            let places: Vec<f64> = points.iter().map(|at| at.x[0]).collect();
            if let Some((losses, change)) = seen.without.as_ref().and_then(|_| field.integrated(&places)) {
                points.iter_mut().zip(losses).for_each(|(at, loss)| at.virtual_loss = Some(loss));
                seen.integrated = Some(change);
            }
            experiment.loaded.check()?;
            return Ok(Self { points, ..seen });
        }
        let points = vec![at(start)];
        let plane = (d == 2).then(|| {
            let axis: Vec<f64> = between(IN_ROW).collect();
            let points = axis.iter().flat_map(|y| axis.iter().map(|x| at(&[*x, *y]))).collect();
            Plane { x: axis.clone(), y: axis, points }
        });
        let corners = wish.around.clone().unwrap_or_else(|| square(start, if rho > 0.0 { rho } else { 0.1 }));
        if corners.len() < 3 || corners.iter().any(|corner| corner.len() != d) {
            return Err(BadInput::new(format!("--around needs three or more corners of {d} coordinates each")));
        }
        let circulation = field.circulation(&corners).map(|found| (corners, found));
        experiment.loaded.check()?;
        Ok(Self { points, plane, circulation, ..seen })
    }
}

/// J = f + rho |grad f| for deterministic SAM on quadratics in any number of dimensions (THEORY.md `virt-quad`).
fn has_quadratic_form(experiment: &Experiment) -> bool {
    let method = &experiment.method;
    let problem = experiment.problem();
    (problem.spectrum().is_some() || problem.hessian().is_some_and(|hessian| hessian.constant().is_some()))
        && method.sampling.is_none()
        && (method.ascent.perturbation().lambda() == Some(1.0) || method.rho.first() == 0.0)
}

fn look(experiment: &Experiment, field: &Field, (line, quadratic): (Option<&VirtualLoss>, bool), x: &[f64]) -> At {
    let (problem, method) = (experiment.problem(), &experiment.method);
    let (mut g, mut y, mut along) = (vec![0.0; x.len()], vec![0.0; x.len()], vec![0.0; x.len()]);
    let loss = problem.value_gradient(x, &mut g);
    let rho = method.rho.first();
    method.ascent.point(rho, x, &g, &mut y);
    let perturbed = match line {
        Some(line) => Some(line.perturbed_loss(x[0])),
        None => method.sampling.is_none().then(|| problem.value_gradient(&y, &mut vec![0.0; x.len()])),
    };
    field.at(x, &mut along);
    let virtual_loss = match line {
        Some(line) => Some(line.value(x[0])),
        None => quadratic.then(|| rho.mul_add(norm(&g), loss)),
    };
    let objective = sam_objective(problem, &experiment.constants, x, rho);
    At { x: x.to_vec(), loss, perturbed, objective, virtual_loss, field: along, curl: field.curl(x) }
}

/// From the start to the minimiser, with some radii around.
fn default_window(experiment: &Experiment) -> [f64; 2] {
    let start = experiment.loaded.start.iter().take(2);
    let minimiser = experiment.minimum.point().into_iter().flatten().take(2);
    let places: Vec<f64> = start.chain(minimiser).copied().filter(|x| x.is_finite()).collect();
    let (low, high) =
        places.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
    let rho = experiment.method.rho.first();
    let room = (0.25 * (high - low)).max(2.5 * rho).max(0.05 * high.abs().max(low.abs()));
    let room = if room > 0.0 { room } else { 1.0 };
    [low - room, high + room]
}

/// A square in the plane of the first two coordinates.
fn square(centre: &[f64], half: f64) -> Vec<Vec<f64>> {
    let corner = |(right, up): (f64, f64)| {
        let mut corner = centre.to_vec();
        corner[0] += right * half;
        corner[1] += up * half;
        corner
    };
    [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(corner).to_vec()
}
