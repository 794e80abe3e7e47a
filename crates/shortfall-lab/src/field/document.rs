//! `shortfall.field/1`.

use super::{At, Plane, Seen};
use crate::json::{settings, with_schema};
use serde_json::{Value as Json, json};
use shortfall::constants::Number;
use shortfall::virtual_loss::VirtualLoss;

impl Seen<'_> {
    /// All of it as JSON.
    pub fn document(&self) -> Json {
        let mut document = settings(self.experiment);
        let line = self.line.as_ref().map(on_line);
        document.insert(
            "virtual_loss".into(),
            line.unwrap_or_else(|| json!({"reason": self.without, "integrated_to": self.integrated})),
        );
        document.insert("points".into(), points(&self.points));
        document.insert("plane".into(), self.plane.as_ref().map_or(Json::Null, plane));
        let circulation = self
            .circulation
            .as_ref()
            .map(|(corners, found)| json!({"corners": corners, "value": found.value, "last_refinement": found.change}));
        document.insert("circulation".into(), json!(circulation));
        with_schema("shortfall.field/1", document)
    }
}

fn enclosure(number: Number) -> Json {
    json!({"low": number.low, "high": number.high})
}

fn on_line(line: &VirtualLoss) -> Json {
    let kinks = line.kinks.iter().map(|kink| {
        json!({"place": enclosure(kink.place), "left": enclosure(kink.left), "right": enclosure(kink.right),
               "behaviour": kink.behaviour.word(), "gradient": enclosure(kink.gradient)})
    });
    let stationary = line.stationary.iter().map(|point| {
        json!({"place": enclosure(point.place), "minimum": point.is_minimum, "hallucinated": point.is_hallucinated(),
               "gradient": enclosure(point.gradient)})
    });
    json!({
        "window": line.window, "zero_at": line.origin, "minima": line.minima(),
        "kinks": kinks.collect::<Vec<_>>(), "stationary": stationary.collect::<Vec<_>>(),
        "unresolved": line.unresolved.iter().map(|place| enclosure(*place)).collect::<Vec<_>>(),
    })
}

/// One list a quantity.
fn points(points: &[At]) -> Json {
    let list = |of: &dyn Fn(&At) -> Json| Json::Array(points.iter().map(of).collect());
    json!({
        "x": list(&|at| json!(at.x)),
        "loss": list(&|at| json!(at.loss)),
        "perturbed_loss": list(&|at| json!(at.perturbed)),
        "sam_objective": {
            "low": list(&|at| json!(at.objective.low)), "high": list(&|at| json!(at.objective.high)),
            "known": list(&|at| json!(at.objective.provenance.word())),
        },
        "virtual_loss": list(&|at| json!(at.virtual_loss)),
        "field": list(&|at| json!(at.field)),
        "curl": list(&|at| json!(at.curl)),
    })
}

fn plane(plane: &Plane) -> Json {
    json!({"x": plane.x, "y": plane.y, "points": points(&plane.points)})
}
