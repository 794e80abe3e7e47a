//! Layers, and one panel of rows through them: forward, backward, and the derivative of both along a direction
//! (Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6, 1994).

use crate::kernel::{
    PANEL, Panel, STRIP, Turned, add_backward, add_forward, add_outer, apply_tanh, backward, forward, mean_with_ridge,
    outer, softmax_panel,
};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Where the weights of a layer are.
#[derive(Debug)]
pub(super) struct Layer {
    /// The bias included.
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// Of the first weight in the parameter vector.
    pub(super) start: usize,
    /// Strips of inputs: so many times eight sums an output has the gradient.
    strips: usize,
    /// Of the first sum, in strips.
    sums_start: usize,
}

/// The shape of a network: tanh layers, then a linear one.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) layers: Vec<Layer>,
    /// Whether the last input of every layer is the constant 1.
    pub(super) bias: bool,
}

impl Network {
    /// `columns` inputs, the bias included.
    pub(super) fn new(columns: usize, hidden: &[usize], classes: usize, bias: bool) -> Self {
        let (mut layers, mut start, mut sums_start) = (Vec::new(), 0, 0);
        let inputs = std::iter::once(columns).chain(hidden.iter().map(|units| units + usize::from(bias)));
        for (inputs, &outputs) in inputs.zip(hidden.iter().chain([&classes])) {
            let strips = inputs.div_ceil(STRIP);
            layers.push(Layer { inputs, outputs, start, strips, sums_start });
            start += inputs * outputs;
            sums_start += strips * outputs;
        }
        Self { layers, bias }
    }

    /// Number of weights, biases included.
    pub(super) fn weights(&self) -> usize {
        self.layers.last().map_or(0, |last| last.start + last.inputs * last.outputs)
    }

    /// Length of the sums of gradients.
    pub(super) fn padded(&self) -> usize {
        self.layers.last().map_or(0, |last| STRIP * (last.sums_start + last.strips * last.outputs))
    }
}

/// Some outputs of a layer, and where the means of their gradients go.
pub(super) struct Part<'a> {
    /// Of the layer.
    pub(super) number: usize,
    layer: &'a Layer,
    first: usize,
    outputs: usize,
    means: Mutex<&'a mut [f64]>,
}

/// Outputs of a part: its sums stay in the second cache, and its tiles are full.
const PART: usize = 24;

impl Network {
    /// All means in parts.
    pub(super) fn parts<'a>(&'a self, mut means: &'a mut [f64]) -> Vec<Part<'a>> {
        let mut parts = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            for first in (0..layer.outputs).step_by(PART) {
                let outputs = PART.min(layer.outputs - first);
                let (mean, others) = means.split_at_mut(outputs * layer.inputs);
                parts.push(Part { number, layer, first, outputs, means: Mutex::new(mean) });
                means = others;
            }
        }
        parts
    }
}

impl Part<'_> {
    /// Strips of its sums.
    pub(super) fn strips(&self) -> usize {
        self.outputs * self.layer.strips
    }

    /// Where they are among those of all layers.
    pub(super) fn range(&self) -> Range<usize> {
        let from = self.layer.sums_start + self.first * self.layer.strips;
        from..from + self.strips()
    }

    /// The gradients of some panels, in their order: their sum, or added to what there is.
    pub(super) fn sum_up(&self, passes: &[&Pass], sums: &mut [[f64; STRIP]], adds: bool) {
        for (k, pass) in passes.iter().enumerate() {
            pass.sum_gradient(self.number, self.first, sums, adds || k > 0);
        }
    }

    /// The means of sums over `count` rows, and the ridge along `v`.
    pub(super) fn finish(&self, sums: &[[f64; STRIP]], count: f64, ridge: f64, v: &[f64]) {
        let mut means = self.means.lock().unwrap_or_else(PoisonError::into_inner);
        let Layer { inputs, strips, .. } = *self.layer;
        let v = &self.layer.of(v)[self.first * inputs..];
        for ((sums, mean), v) in
            sums.chunks_exact(strips).zip(means.chunks_exact_mut(inputs)).zip(v.chunks_exact(inputs))
        {
            mean_with_ridge(sums.as_flattened(), count, ridge, v, mean);
        }
    }
}

impl Layer {
    /// The weights, each row with its bias last.
    pub(super) fn of<'a>(&self, w: &'a [f64]) -> &'a [f64] {
        &w[self.start..self.start + self.inputs * self.outputs]
    }

    /// The sums of this layer's gradient: for each output a row of strips.
    pub(super) fn sums_mut<'a>(&self, sums: &'a mut [f64]) -> &'a mut [[f64; STRIP]] {
        &mut sums.as_chunks_mut().0[self.sums_start..self.sums_start + self.strips * self.outputs]
    }
}

/// Calls `panel` with the rows of each panel and their labels, in order.
pub(super) fn in_panels<'a>(
    count: usize,
    row: impl Fn(usize) -> (&'a [f64], usize),
    mut panel: impl FnMut(&[&'a [f64]], &[usize]),
) {
    let (mut rows, mut labels) = ([&[] as &[f64]; PANEL], [0; PANEL]);
    for from in (0..count).step_by(PANEL) {
        let length = PANEL.min(count - from);
        for i in 0..length {
            (rows[i], labels[i]) = row(from + i);
        }
        panel(&rows[..length], &labels[..length]);
    }
}

/// What a panel of rows leaves behind on its way: reused from panel to panel.
#[derive(Debug)]
pub(super) struct Trail {
    /// What goes into each layer, and the scores that come out of the last: l + 1 panels.
    pub(super) inputs: Vec<Panel>,
    /// Those of the layers once more, for the products over units.
    pub(super) turned: Vec<Turned>,
    /// Derivatives of the losses by what comes out of each layer, before tanh.
    pub(super) deltas: Vec<Panel>,
    /// What the first layer gave before tanh, and the derivatives by it, where SAM set out.
    pub(super) before: [Panel; 2],
    /// Where the rows are that went in: those of one problem stay where they are, and SAM takes the same twice.
    loaded: Vec<usize>,
}

impl Trail {
    pub(super) fn new(network: &Network) -> Self {
        let layers = &network.layers;
        let outputs = layers.iter().map(|layer| Panel::new(layer.outputs));
        let scores = layers.last().map(|last| Panel::new(last.outputs));
        let inputs = layers.iter().map(|layer| Panel::new(layer.inputs)).chain(scores).collect();
        let turned = vec![Turned::default(); layers.len()];
        let before = [0; 2].map(|_| Panel::new(layers.first().map_or(0, |first| first.outputs)));
        Self { inputs, turned, deltas: outputs.collect(), before, loaded: Vec::new() }
    }

    pub(super) fn load(&mut self, rows: &[&[f64]]) {
        let places = rows.iter().map(|row| row.as_ptr().addr());
        if !places.clone().eq(self.loaded.iter().copied()) {
            self.inputs[0].load(rows);
            self.turned[0].load(rows);
            self.loaded.clear();
            self.loaded.extend(places);
        }
    }
}

/// The way of panels of rows through the network and back.
pub(super) struct Pass<'a> {
    network: &'a Network,
    w: &'a [f64],
    pub(super) trail: Trail,
}

impl<'a> Pass<'a> {
    pub(super) fn new(network: &'a Network, w: &'a [f64]) -> Self {
        Self::on(Trail::new(network), network, w)
    }

    /// With space that was used before, for the same problem.
    pub(super) fn on(trail: Trail, network: &'a Network, w: &'a [f64]) -> Self {
        Self { network, w, trail }
    }

    pub(super) fn into_trail(self) -> Trail {
        self.trail
    }

    /// From the rows to the scores.
    pub(super) fn forward(&mut self, rows: &[&[f64]]) {
        self.trail.load(rows);
        self.weigh_inputs(0, rows.len());
        self.go_on(rows.len());
    }

    /// What layer l gives before tanh.
    pub(super) fn weigh_inputs(&mut self, l: usize, rows: usize) {
        let (layer, [a, z]) = (&self.network.layers[l], &mut self.trail.inputs[l..l + 2]) else { return };
        z.resize(rows);
        forward(layer.of(self.w), layer.outputs, a, z);
    }

    /// From what the first layer gives to the scores.
    pub(super) fn go_on(&mut self, rows: usize) {
        let layers = &self.network.layers;
        for l in 1..layers.len() {
            let (a, units) = (&mut self.trail.inputs[l], layers[l - 1].outputs);
            apply_tanh(a, units);
            if self.network.bias {
                a.strips_mut().for_each(|strip| strip[units] = [1.0; STRIP]);
            }
            self.weigh_inputs(l, rows);
        }
    }

    /// The scores, one a class, of a row of the panel.
    #[cfg(test)]
    pub(super) fn scores(&self, row: usize) -> Vec<f64> {
        let scores = &self.trail.inputs[self.network.layers.len()];
        scores.strips().nth(row / STRIP).into_iter().flatten().map(|score| score[row % STRIP]).collect()
    }

    /// From the scores: their derivatives `p - e_y`; adds the losses, row after row, if they are wanted.
    pub(super) fn weigh(&mut self, labels: &[usize], losses: Option<&mut f64>) {
        let last = self.trail.deltas.len() - 1;
        self.trail.deltas[last].reset(labels.len());
        let Trail { inputs, deltas, .. } = &mut self.trail;
        softmax_panel(&inputs[last + 1], labels, &mut deltas[last], losses);
    }

    /// Takes a panel there and back: all that its gradients are products of. Adds the losses, row after row, if they are wanted.
    pub(super) fn there_and_back(&mut self, rows: &[&[f64]], labels: &[usize], losses: Option<&mut f64>) {
        self.forward(rows);
        self.weigh(labels, losses);
        self.go_back(rows.len());
    }

    /// From the derivatives by the scores to those by what each layer gives.
    pub(super) fn go_back(&mut self, rows: usize) {
        for (l, layer) in self.network.layers.iter().enumerate().skip(1).rev() {
            let Trail { inputs, turned, deltas, .. } = &mut self.trail;
            turned[l].turn(&inputs[l], rows);
            let [back, delta] = &mut deltas[l - 1..=l] else { continue };
            back.resize(rows);
            backward(layer.of(self.w), layer.inputs, delta, back);
            for (back, a) in back.strips_mut().zip(inputs[l].strips()) {
                for (back, a) in back.as_flattened_mut().iter_mut().zip(a.as_flattened()) {
                    *back *= slope(*a);
                }
            }
        }
    }

    /// The sums of the panel's gradients for some outputs of layer l, `D A'`, or these added to what there is.
    fn sum_gradient(&self, l: usize, first: usize, sums: &mut [[f64; STRIP]], adds: bool) {
        let form = if adds { add_outer } else { outer };
        form(&self.trail.deltas[l], first, &self.trail.turned[l], sums);
    }

    /// Adds the gradients of a panel's losses to sums, and the losses, if they are wanted: row after row.
    pub(super) fn gradient(&mut self, rows: &[&[f64]], labels: &[usize], losses: Option<&mut f64>, sums: &mut [f64]) {
        self.there_and_back(rows, labels, losses);
        for (l, layer) in self.network.layers.iter().enumerate() {
            self.sum_gradient(l, 0, layer.sums_mut(sums), true);
        }
    }

    /// `sum_i |grad l_i|^2` over the panel last seen: `|delta|^2 |a|^2` of each layer.
    pub(super) fn squares(&self, count: usize) -> f64 {
        let square = |panel: &[[f64; STRIP]], r: usize| panel.iter().map(|unit| unit[r] * unit[r]).sum::<f64>();
        let mut total = 0.0;
        for (delta, a) in self.trail.deltas.iter().zip(&self.trail.inputs) {
            for (s, (delta, a)) in delta.strips().zip(a.strips()).enumerate() {
                total += (0..STRIP.min(count - s * STRIP)).map(|r| square(delta, r) * square(a, r)).sum::<f64>();
            }
        }
        total
    }
}

/// `tanh' = 1 - tanh^2`.
fn slope(a: f64) -> f64 {
    (1.0 - a) * (1.0 + a)
}

/// A pass and its derivative along a direction `v` of the weights.
pub(super) struct Tangent<'a> {
    pass: Pass<'a>,
    v: &'a [f64],
    /// Derivatives of [`Trail::inputs`].
    inputs: Vec<Panel>,
    /// Derivatives of [`Trail::deltas`].
    deltas: Vec<Panel>,
}

impl<'a> Tangent<'a> {
    pub(super) fn new(network: &'a Network, w: &'a [f64], v: &'a [f64]) -> Self {
        let (pass, Trail { inputs, deltas, .. }) = (Pass::new(network, w), Trail::new(network));
        Self { pass, v, inputs, deltas }
    }

    /// `R z = V a + W R a`, `R a = tanh'(z) R z`.
    fn forward(&mut self, rows: &[&[f64]]) {
        self.pass.forward(rows);
        let layers = &self.pass.network.layers;
        for (l, layer) in layers.iter().enumerate() {
            let [before, after] = &mut self.inputs[l..l + 2] else { return };
            after.reset(rows.len());
            add_forward(layer.of(self.v), layer.outputs, &self.pass.trail.inputs[l], after);
            if l > 0 {
                add_forward(layer.of(self.pass.w), layer.outputs, before, after);
            }
            if l + 1 < layers.len() {
                // The bias does not move: its derivative is 0 already.
                for (after, a) in after.strips_mut().zip(self.pass.trail.inputs[l + 1].strips()) {
                    for (after, a) in after.as_flattened_mut().iter_mut().zip(a.as_flattened()) {
                        *after *= slope(*a);
                    }
                }
            }
        }
    }

    /// `R (p - e_y) = p (R z - p'R z)`.
    fn weigh(&mut self, labels: &[usize]) {
        self.pass.weigh(labels, None);
        let last = self.deltas.len() - 1;
        let (moves, delta) = (&self.inputs[last + 1], &mut self.deltas[last]);
        delta.reset(labels.len());
        let panels = self.pass.trail.deltas[last].strips().zip(moves.strips()).zip(delta.strips_mut());
        for (((weights, moves), delta), labels) in panels.zip(labels.chunks(STRIP)) {
            for (r, label) in labels.iter().enumerate() {
                let p = |k: usize| weights[k][r] + if k == *label { 1.0 } else { 0.0 };
                let mean: f64 = moves.iter().enumerate().map(|(k, z)| p(k) * z[r]).sum();
                delta.iter_mut().zip(moves).enumerate().for_each(|(k, (delta, z))| delta[r] = p(k) * (z[r] - mean));
            }
        }
    }

    /// Adds the Hessians of a panel's losses times `v` to padded sums.
    pub(super) fn product(&mut self, rows: &[&[f64]], labels: &[usize], sums: &mut [f64]) {
        self.forward(rows);
        self.weigh(labels);
        let Pass { network, w, trail: Trail { inputs, turned, deltas, .. } } = &mut self.pass;
        let mut moved = Turned::default();
        for (l, layer) in network.layers.iter().enumerate().rev() {
            let sums = layer.sums_mut(sums);
            if l == 0 {
                add_outer(&self.deltas[l], 0, &turned[l], sums);
                continue;
            }
            turned[l].turn(&inputs[l], rows.len());
            moved.turn(&self.inputs[l], rows.len());
            add_outer(&self.deltas[l], 0, &turned[l], sums);
            add_outer(&deltas[l], 0, &moved, sums);
            let [back, delta] = &mut deltas[l - 1..=l] else { continue };
            let [moved_back, moved_delta] = &mut self.deltas[l - 1..=l] else { continue };
            back.resize(rows.len());
            moved_back.resize(rows.len());
            backward(layer.of(w), layer.inputs, delta, back);
            backward(layer.of(self.v), layer.inputs, delta, moved_back);
            add_backward(layer.of(w), layer.inputs, moved_delta, moved_back);
            let units = inputs[l].strips().zip(self.inputs[l].strips());
            for ((back, moved_back), (a, moved_a)) in back.strips_mut().zip(moved_back.strips_mut()).zip(units) {
                let pairs = back.as_flattened_mut().iter_mut().zip(moved_back.as_flattened_mut());
                for ((back, moved), (a, moved_a)) in pairs.zip(a.as_flattened().iter().zip(moved_a.as_flattened())) {
                    // R(tanh') = -2 a R a
                    *moved = slope(*a) * *moved - 2.0 * a * moved_a * *back;
                    *back *= slope(*a);
                }
            }
        }
    }
}
