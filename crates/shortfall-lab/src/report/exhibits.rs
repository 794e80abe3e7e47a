//! What SAM really descends, in pictures: the exhibits of the report's fourth section.

use crate::experiment::{Experiment, Request};
use crate::field::{At, Seen, Wish};
use crate::figure::{Axis, Figure, Grid, Marks, Picture, Plane, Scale, Series, Shape};
use crate::pool::Pool;
use crate::selector::Start;
use shortfall::arguments::BadInput;
use shortfall::simulate::Observer;
use shortfall::virtual_loss::{Behaviour, Field, Kink};

/// A picture of a field, or of paths.
pub struct Exhibit {
    /// Its name in the page.
    pub id: &'static str,
    /// What is to be seen.
    pub says: &'static str,
    /// Problem selector.
    pub problem: &'static str,
    /// Method selectors; several share a picture of paths.
    pub methods: &'static [&'static str],
    /// What is drawn.
    pub shows: Shows,
}

/// What is drawn of an exhibit.
pub enum Shows {
    /// f, `f(y)`, `f^SAM` and J on a window.
    Functions([f64; 2]),
    /// The field on a window.
    Field([f64; 2]),
    /// J of the mean field and of each sample on a window.
    Samples([f64; 2]),
    /// In the plane: level lines of J, or of f where there is no J, the field, and the first steps from a start.
    Above {
        /// Of both coordinates.
        window: [f64; 2],
        /// The start.
        start: [f64; 2],
        /// Steps.
        steps: usize,
    },
    /// Positions against steps, of so many seeds.
    Paths {
        /// Steps.
        steps: u64,
        /// Seeds.
        seeds: u64,
        /// The start.
        start: &'static [f64],
    },
}

/// f' = (x + 1)(x - 0.3)(x - 1): a wide well at -1 and a narrow one at 1.
const WELLS: &str = "expression{f=\"x^4/4-x^3/10-x^2/2+0.3*x\"}";

/// All exhibits, in order.
pub static EXHIBITS: &[Exhibit] = &[
    Exhibit {
        id: "functions-quadratic",
        says: "On a parabola the virtual loss is f + rho |f'|: a kink of slope lambda rho on both sides of the minimiser, \
               around which SAM bounces for ever. It is neither f at the perturbed point nor the min-max objective.",
        problem: "quadratic{eigenvalues=[2.0]}",
        methods: &["sam{rho=0.3}"],
        shows: Shows::Functions([-1.2, 1.2]),
    },
    Exhibit {
        id: "functions-sine",
        says: "The paper's nonconvex example: J has its minima where f' is largest, between the minima of f.",
        problem: "sine",
        methods: &["sam{rho=1.0}"],
        shows: Shows::Functions([-1.2, 1.2]),
    },
    Exhibit {
        id: "field-sine",
        says: "Its field: the zeros at which G rises are what SAM converges to.",
        problem: "sine",
        methods: &["sam{rho=1.0}"],
        shows: Shows::Field([-1.2, 1.2]),
    },
    Exhibit {
        id: "above-quadratic",
        says: "A quadratic from above: level lines of J = f + rho |grad f|, SAM's field and its first 60 steps, which end on the \
               2-cycle along the direction of largest curvature.",
        problem: "quadratic{eigenvalues=[4.0,1.0]}",
        methods: &["sam{eta=0.2,rho=0.5}"],
        shows: Shows::Above { window: [-1.5, 1.5], start: [1.2, -1.3], steps: 60 },
    },
    Exhibit {
        id: "above-double-well",
        says: "Two wells with a parabola across: no function has this field as its gradient (its curl is not 0), so the level lines \
               are those of f. For rho < 1 the ridge between the wells attracts: the path comes to rest around the saddle.",
        problem: "double-well{transverse=[2.0]}",
        methods: &["sam{eta=0.15,rho=0.4}"],
        shows: Shows::Above { window: [-1.6, 1.6], start: [0.1, 1.4], steps: 80 },
    },
    Exhibit {
        id: "functions-wells",
        says: "A wide well at -1 and a narrow one at 1, with rho = 0.9 between their half-widths: J keeps the wide well and loses \
               the narrow one, which SAM crosses; what is left of it is a hallucinated minimum at 1 - rho = 0.1, on the slope of \
               the other well, where the perturbed point is the bottom of the narrow one.",
        problem: WELLS,
        methods: &["sam{rho=0.9}"],
        shows: Shows::Functions([-1.35, 1.25]),
    },
    Exhibit {
        id: "paths-wells",
        says: "From x0 = 1.2: gradient descent falls into the narrow well, SAM crosses it and stops at 0.1.",
        problem: WELLS,
        methods: &["sam{eta=0.05,rho=0.9}", "gd{eta=0.05}"],
        shows: Shows::Paths { steps: 1000, seeds: 1, start: &[1.2] },
    },
    Exhibit {
        id: "functions-hallucinated",
        says: "A double well at rho = 1.5: the minimisers of f are crossed, and J has its minima at +-(rho - 1) = +-0.5, where \
               f' is not 0: hallucinated minimisers.",
        problem: "double-well",
        methods: &["sam{rho=1.5}"],
        shows: Shows::Functions([-1.25, 1.25]),
    },
    Exhibit {
        id: "field-hallucinated",
        says: "Its field: at +-1, where f' = 0, G only jumps; it rises through 0 at +-0.5.",
        problem: "double-well",
        methods: &["sam{rho=1.5}"],
        shows: Shows::Field([-0.99, 0.99]),
    },
    Exhibit {
        id: "functions-trap",
        says: "The trap: the mean field of m-SAM has an attracting kink at 3/8, far from the minimiser at -1.5 that n-SAM and SGD \
               go to. f itself is a parabola.",
        problem: "trap",
        methods: &["stochastic-sam{rho=1.0}"],
        shows: Shows::Functions([-2.5, 1.5]),
    },
    Exhibit {
        id: "samples-trap",
        says: "J of the mean field of m-SAM in the trap, and of its two samples, all 0 at x = 0: the mean of functions that each have a \
               virtual loss.",
        problem: "trap",
        methods: &["stochastic-sam{rho=1.0}"],
        shows: Shows::Samples([-2.5, 1.5]),
    },
    Exhibit {
        id: "samples-trap-independent",
        says: "The same under n-SAM, which takes another sample for the descent: the kink is only crossed, and the minimum of f is that of J.",
        problem: "trap",
        methods: &["stochastic-sam{rho=1.0,sampling=\"independent\"}"],
        shows: Shows::Samples([-2.5, 1.5]),
    },
    Exhibit {
        id: "paths-trap",
        says: "Paths in the trap, 32 of each: no path of m-SAM leaves, every path of SGD does.",
        problem: "trap",
        methods: &["stochastic-sam{eta=0.02,rho=1.0}", "sgd{eta=0.02}"],
        shows: Shows::Paths { steps: 2000, seeds: 32, start: &[0.5] },
    },
];

impl Exhibit {
    /// The command that makes it, of the first method.
    pub fn command(&self) -> String {
        match &self.shows {
            Shows::Functions(window) | Shows::Field(window) | Shows::Samples(window) => {
                let (request, wish) = self.wish(*window, None);
                request.field_command(&wish)
            }
            Shows::Above { window, start, .. } => {
                let (request, wish) = self.wish(*window, Some(start));
                request.field_command(&wish)
            }
            Shows::Paths { steps, seeds, start } => self.path(self.methods[0], *steps, *seeds, start).run_command(),
        }
    }

    /// Draws it.
    pub fn picture(&self, pool: &Pool, observer: Observer) -> Result<Picture, BadInput> {
        match &self.shows {
            Shows::Functions(window) => self.seen(*window, None, |seen| functions(seen).into()),
            Shows::Field(window) => self.seen(*window, None, |seen| field(seen).into()),
            Shows::Samples(window) => self.seen(*window, None, |seen| samples(seen).into()),
            Shows::Above { window, start, steps } => self.seen(*window, Some(start), |seen| above(seen, *steps)),
            Shows::Paths { steps, seeds, start } => self.paths(*steps, *seeds, start, pool, observer),
        }
    }

    fn seen(
        &self,
        window: [f64; 2],
        start: Option<&[f64; 2]>,
        draw: impl Fn(&Seen) -> Picture,
    ) -> Result<Picture, BadInput> {
        let (request, wish) = self.wish(window, start);
        let experiment = Experiment::prepare(request)?;
        let seen = Seen::of(&experiment, &wish)?;
        Ok(draw(&seen))
    }

    fn wish(&self, window: [f64; 2], start: Option<&[f64; 2]>) -> (Request, Wish) {
        let mut request = Request::new(self.problem, self.methods[0]);
        request.any_step = start.is_none();
        request.start = start.map(|start| Start::Given(start.to_vec()));
        (request, Wish { window: Some(window), around: None })
    }

    fn path(&self, method: &str, steps: u64, seeds: u64, start: &[f64]) -> Request {
        let start = Some(Start::Given(start.to_vec()));
        Request { steps, start, seeds: Some(seeds), ..Request::new(self.problem, method) }
    }

    fn paths(
        &self,
        steps: u64,
        seeds: u64,
        start: &[f64],
        pool: &Pool,
        observer: Observer,
    ) -> Result<Picture, BadInput> {
        let mut series = Vec::new();
        for method in self.methods {
            let experiment = Experiment::prepare(self.path(method, steps, seeds, start))?;
            let finished = experiment.run(pool, None, observer)?;
            let run = &finished.run;
            let path = |lane: &shortfall::simulate::LaneRecord| -> Vec<(f64, f64)> {
                let steps = run.recorded.iter().map(|step| *step as f64);
                steps.zip(&lane.points).map(|(step, point)| (step, point.position)).collect()
            };
            let label = experiment.method_arguments.owner.clone();
            series.push(match &run.lanes[..] {
                [only] => Series::line(label, path(only)),
                many => Series::paths(format!("{label}, {} paths", many.len()), many.iter().map(path)),
            });
        }
        let problem = crate::selector::parse("problem", self.problem, shortfall::problem::PROBLEMS)?.1.owner;
        Ok(Picture::Lines(Figure {
            title: format!("Paths on {problem}"),
            description: self.says.to_owned(),
            x: Axis { label: "step t (0 at the left end)".to_owned(), scale: Scale::Steps },
            y: Axis { label: "x_t".to_owned(), scale: Scale::Linear },
            series,
            references: Vec::new(),
            marks: Vec::new(),
        }))
    }
}

/// Kinks and stationary points of J, at heights.
fn marks(seen: &Seen, height: impl Fn(f64) -> f64) -> Vec<Marks> {
    let Some(line) = &seen.line else { return Vec::new() };
    let kinks = |label: &str, shape, behaviour| {
        let places = line.kinks.iter().filter(move |kink| kink.behaviour == behaviour).map(|kink| kink.place.middle());
        (label.to_owned(), shape, places.collect::<Vec<f64>>())
    };
    let smooth = |label: &str, shape, wanted: &dyn Fn(&shortfall::virtual_loss::Stationary) -> bool| {
        let places = line.stationary.iter().filter(|point| wanted(point)).map(|point| point.place.middle());
        (label.to_owned(), shape, places.collect::<Vec<f64>>())
    };
    let all = [
        kinks("kink that attracts", Shape::Down, Behaviour::Attracts),
        kinks("kink that repels", Shape::Up, Behaviour::Repels),
        kinks("kink that is crossed", Shape::Cross, Behaviour::Crosses),
        smooth("hallucinated minimum", Shape::Ring, &|point| point.is_minimum && point.is_hallucinated()),
        smooth("minimum of J", Shape::Disc, &|point| point.is_minimum && !point.is_hallucinated()),
    ];
    let marks = all.into_iter().filter(|(_, _, places)| !places.is_empty());
    marks
        .map(|(label, shape, places)| Marks {
            label,
            shape,
            points: places.into_iter().map(|x| (x, height(x))).collect(),
        })
        .collect()
}

/// The plane from above, with the first steps of a deterministic run.
pub fn above(seen: &Seen, steps: usize) -> Picture {
    let experiment = seen.experiment;
    let (Some(plane), Ok(field)) = (&seen.plane, Field::of(experiment.problem(), &experiment.method)) else {
        return functions(seen).into();
    };
    let values: Vec<f64> = plane.points.iter().map(|at| at.virtual_loss.unwrap_or(at.loss)).collect();
    let every = 3;
    let shown = |k: &usize| (k % plane.x.len()) % every == 1 && (k / plane.x.len()) % every == 1;
    let arrows = (0..plane.points.len()).filter(shown).map(|k| {
        let at = &plane.points[k];
        [(at.x[0], at.x[1]), (-at.field[0], -at.field[1])]
    });
    let (mut x, mut g) = (experiment.loaded.start.clone(), vec![0.0; 2]);
    let mut path = vec![(x[0], x[1])];
    for t in 0..steps {
        field.at(&x, &mut g);
        let eta = experiment.method.eta.at(t as u64);
        x.iter_mut().zip(&g).for_each(|(x, g)| *x -= eta * g);
        path.push((x[0], x[1]));
    }
    let minimiser = experiment.minimum.point().map(|point| (point[0], point[1]));
    let marks =
        minimiser.map(|point| Marks { label: "minimiser of f".to_owned(), shape: Shape::Cross, points: vec![point] });
    let known = plane.points.iter().all(|at| at.virtual_loss.is_some());
    Picture::Plane(Plane {
        title: title(seen, if known { "J and the field of" } else { "f and the field of" }),
        description: "Level lines, the field against which SAM moves, and its first steps from the start".to_owned(),
        axes: ["x1".to_owned(), "x2".to_owned()],
        grid: Grid { x: plane.x.clone(), y: plane.y.clone(), values },
        arrows: arrows.collect(),
        paths: vec![Series::line(format!("{} steps of {}", steps, experiment.method_arguments.owner), path)],
        marks: marks.into_iter().collect(),
    })
}

fn title(seen: &Seen, what: &str) -> String {
    let (method, problem) = (&seen.experiment.method_arguments.owner, &seen.experiment.loaded.arguments.owner);
    format!("{what} {method} on {problem}, rho = {}", shortfall::text::number(seen.experiment.method.rho.first()))
}

/// f, `f(y)`, `f^SAM` and J on the line.
pub fn functions(seen: &Seen) -> Figure {
    // J is known up to a constant: it stands at f where it is lowest.
    let lowest =
        seen.points.iter().filter_map(|at| Some((at.virtual_loss?, at.loss))).min_by(|a, b| a.0.total_cmp(&b.0));
    let shift = lowest.map_or(0.0, |(virtual_loss, loss)| loss - virtual_loss);
    let series = |label: &str, of: &dyn Fn(&At) -> Option<f64>| Series {
        label: label.to_owned(),
        points: seen.points.iter().map(|at| (at.x[0], of(at).unwrap_or(f64::NAN))).collect(),
        band: None,
        faint: false,
    };
    Figure {
        title: title(seen, "What is descended:"),
        description:
            "The loss f, its value at the perturbed point y, the min-max objective and the virtual loss J, which \
                      stands at f where it is lowest"
                .to_owned(),
        x: Axis { label: "x".to_owned(), scale: Scale::Linear },
        y: Axis { label: "value".to_owned(), scale: Scale::Linear },
        series: vec![
            series("f", &|at| Some(at.loss)),
            Series::line("f(y)", broken(seen, |at| at.perturbed.unwrap_or(f64::NAN), |_| [f64::NAN; 2])),
            series("f^SAM", &|at| Some(at.objective.low)),
            series("J", &|at| Some(at.virtual_loss? + shift)),
        ],
        references: Vec::new(),
        marks: marks(seen, |x| seen.line.as_ref().map_or(f64::NAN, |line| line.value(x) + shift)),
    }
}

/// A function that jumps where the perturbation turns round, given its values on both sides there.
fn broken(seen: &Seen, of: impl Fn(&At) -> f64, sides: impl Fn(&Kink) -> [f64; 2]) -> Vec<(f64, f64)> {
    let kinks: &[Kink] = seen.line.as_ref().map_or(&[], |line| &line.kinks);
    let step = seen.points.get(1).map_or(0.0, |at| at.x[0] - seen.points[0].x[0]);
    let beside = |x: f64| kinks.iter().any(|kink| (kink.place.middle() - x).abs() < 1e-6 * step);
    let mut points: Vec<(f64, f64)> =
        seen.points.iter().map(|at| (at.x[0], of(at))).filter(|at| !beside(at.0)).collect();
    for kink in kinks {
        let (place, [left, right]) = (kink.place.middle(), sides(kink));
        points.extend([(place, left), (place, f64::NAN), (place, right)]);
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

/// J of the mean field and of the single samples.
fn samples(seen: &Seen) -> Figure {
    let Some(line) = &seen.line else { return functions(seen) };
    let of = |label: String, of: &dyn Fn(f64) -> f64| {
        Series::line(label, seen.points.iter().map(|at| (at.x[0], of(at.x[0]))).collect())
    };
    let mut series = vec![of("J of the mean field".to_owned(), &|x| line.value(x))];
    series.extend((0..line.parts()).map(|i| of(format!("J of sample {}", i + 1), &|x| line.part(i, x))));
    let marks = marks(seen, |x| line.value(x));
    Figure { title: title(seen, "Samples under"), series, marks, ..functions(seen) }
}

/// f' and G on the line.
pub fn field(seen: &Seen) -> Figure {
    let points = broken(seen, |at| at.field[0], |kink| [kink.left.middle(), kink.right.middle()]);
    let gradient =
        seen.points.iter().map(|at| (at.x[0], seen.line.as_ref().map_or(f64::NAN, |line| line.slope(at.x[0]))));
    Figure {
        title: title(seen, "The field of"),
        description: "The field G that SAM follows, and the gradient f'".to_owned(),
        x: Axis { label: "x".to_owned(), scale: Scale::Linear },
        y: Axis { label: "slope".to_owned(), scale: Scale::Linear },
        series: vec![Series::line("G", points), Series::line("f'", gradient.collect())],
        references: Vec::new(),
        marks: marks(seen, |_| 0.0),
    }
}
