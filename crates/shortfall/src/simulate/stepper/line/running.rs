//! The sums that grow at every step, of eight lanes beside each other, while a stepper is at work.

use crate::kernel::{GROUP, Three, Totals};
use crate::simulate::aggregates::{Extremes, LaneRecord, Recent, Sum};

/// [`Extremes`] of eight lanes.
#[derive(Clone)]
struct Wide {
    sum: [f64; GROUP],
    correction: [f64; GROUP],
    weight: [f64; GROUP],
    smallest: [f64; GROUP],
    largest: [f64; GROUP],
}

impl Wide {
    fn new() -> Self {
        let [zero, infinite] = [[0.0; GROUP], [f64::INFINITY; GROUP]];
        Self { sum: zero, correction: zero, weight: zero, smallest: infinite, largest: infinite.map(|x: f64| -x) }
    }

    /// As [`Sum::add`] in each lane, for finite sums.
    fn add(&mut self, weight: f64, terms: &Three) {
        for l in 0..GROUP {
            let (before, term) = (self.sum[l], terms.sum[l]);
            let sum = before + term;
            let added = sum - before;
            self.correction[l] += (before - (sum - added)) + (term - added);
            self.sum[l] = sum;
            self.weight[l] += weight;
            self.smallest[l] = if terms.smallest[l] < self.smallest[l] { terms.smallest[l] } else { self.smallest[l] };
            self.largest[l] = if terms.largest[l] > self.largest[l] { terms.largest[l] } else { self.largest[l] };
        }
    }

    fn take(&mut self, l: usize, from: &Extremes) {
        (self.sum[l], self.correction[l]) = (from.sum.sum, from.sum.correction);
        (self.weight[l], self.smallest[l], self.largest[l]) = (from.weight, from.smallest, from.largest);
    }

    fn put(&self, l: usize, to: &mut Extremes) {
        let sum = Sum { sum: self.sum[l], correction: self.correction[l] };
        *to = Extremes { sum, weight: self.weight[l], smallest: self.smallest[l], largest: self.largest[l] };
    }
}

/// What is added to at every step.
#[derive(Clone)]
pub struct Running {
    /// Value, gradient norm, its square and position.
    whole: [Wide; 4],
    /// Value and square of the recent steps, the older first.
    recent: [[Wide; 2]; 2],
    /// Where the last part of the recent steps ends.
    next: u64,
}

impl Running {
    /// Of the lanes that are not known.
    pub fn of(records: &[LaneRecord]) -> Self {
        let pair = || [Wide::new(), Wide::new()];
        let mut running = Self { whole: [(); 4].map(|()| Wide::new()), recent: [pair(), pair()], next: 0 };
        let going = records.iter().enumerate().filter(|(_, record)| !record.is_known());
        going.for_each(|(l, record)| running.take(l, record));
        running
    }

    /// Where the last part of the recent steps ends.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Takes a lane's sums over.
    pub fn take(&mut self, l: usize, from: &LaneRecord) {
        let from = from.sums();
        let whole = [&from.value, &from.gradient_norm, &from.squared_gradient, &from.position];
        self.whole.iter_mut().zip(whole).for_each(|(wide, from)| wide.take(l, from));
        let Recent { value, squared_gradient, next } = &from.recent;
        for (wide, from) in self.recent.iter_mut().zip([value, squared_gradient]) {
            wide.iter_mut().zip(from).for_each(|(wide, from)| wide.take(l, from));
        }
        self.next = *next;
    }

    /// Gives them back.
    pub fn put(&self, l: usize, to: &mut LaneRecord) {
        let to = to.sums_mut();
        let whole = [&mut to.value, &mut to.gradient_norm, &mut to.squared_gradient, &mut to.position];
        self.whole.iter().zip(whole).for_each(|(wide, to)| wide.put(l, to));
        let Recent { value, squared_gradient, next } = &mut to.recent;
        for (wide, to) in self.recent.iter().zip([value, squared_gradient]) {
            wide.iter().zip(to).for_each(|(wide, to)| wide.put(l, to));
        }
        *next = self.next;
    }

    /// Adds consecutive steps.
    pub fn add(&mut self, steps: f64, totals: &Totals) {
        let all = [&totals.value, &totals.slope, &totals.square, &totals.position];
        self.whole.iter_mut().zip(all).for_each(|(wide, totals)| wide.add(steps, totals));
    }

    /// Adds steps from `from` on, all of one part, to the recent ones.
    pub fn add_recent(&mut self, from: u64, steps: f64, totals: &Totals) {
        if from >= self.next {
            self.recent.iter_mut().for_each(|[old, new]| *old = std::mem::replace(new, Wide::new()));
            self.next = Recent::turn_after(from);
        }
        for ([_, wide], totals) in self.recent.iter_mut().zip([&totals.value, &totals.square]) {
            wide.add(steps, totals);
        }
    }
}
