//! Axes: which range, where a value lies, and which ticks have room for a label.

use super::Scale;
use super::text::width;

/// Font size of tick labels, in pixels.
pub(super) const TICK_FONT: f64 = 12.0;

/// The label of a tick: `base`, raised to `power` if there is one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Label {
    pub(super) base: String,
    pub(super) power: Option<String>,
}

impl Label {
    fn plain(base: String) -> Self {
        Self { base: base.replace('-', "\u{2212}"), power: None }
    }

    /// `mantissa x 10^exponent`
    fn scientific(mantissa: &str, exponent: i32) -> Self {
        let times = match mantissa {
            "1" => String::new(),
            "-1" => "-".to_owned(),
            _ => format!("{mantissa}\u{d7}"),
        };
        let power = Some(exponent.to_string().replace('-', "\u{2212}"));
        Self { base: format!("{times}10").replace('-', "\u{2212}"), power }
    }

    pub(super) fn width(&self) -> f64 {
        TICK_FONT * (width(&self.base) + 0.75 * self.power.as_deref().map_or(0.0, width))
    }
}

/// A tick; a minor one has no label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: Option<Label>,
}

/// Maps values to pixels.
#[derive(Clone, Debug)]
pub(super) struct Ruler {
    scale: Scale,
    /// Ends of the range: values, or their base-10 logarithms.
    low: f64,
    high: f64,
    /// Where they lie.
    from: f64,
    to: f64,
}

impl Ruler {
    /// For these values, with a margin of this part of the range on each side. Values without a place are ignored.
    pub(super) fn new(scale: Scale, values: impl Iterator<Item = f64>, margin: f64) -> Self {
        let mut ruler = Self { scale, low: f64::INFINITY, high: f64::NEG_INFINITY, from: 0.0, to: 1.0 };
        for value in values.filter_map(|value| scale.position(value)).collect::<Vec<_>>() {
            ruler.low = ruler.low.min(value);
            ruler.high = ruler.high.max(value);
        }
        if ruler.low > ruler.high {
            (ruler.low, ruler.high) = (0.0, 1.0);
        }
        let size = ruler.low.abs().max(ruler.high.abs());
        let pad = if ruler.high / 2.0 - ruler.low / 2.0 > 1e-9 * size {
            (ruler.high * margin) - (ruler.low * margin)
        } else if scale != Scale::Linear {
            // A single value: half a decade on each side, or a tenth of the value itself.
            0.5
        } else if size < 1e-300 {
            1.0
        } else {
            0.1 * size
        };
        ruler.low = (ruler.low - pad).max(f64::MIN);
        ruler.high = (ruler.high + pad).min(f64::MAX);
        ruler
    }

    /// On these pixels.
    pub(super) fn between(self, from: f64, to: f64) -> Self {
        Self { from, to, ..self }
    }

    fn pixel(&self, position: f64) -> f64 {
        // Halved: the range may be wider than the largest double.
        let part = (position / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        self.from + part.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// The pixel of a value; `None` if it has no place on this scale.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        self.scale.position(value).map(|position| self.pixel(position))
    }

    /// Scale, range and pixels in words, for scripts: `log -9 0 364 34`.
    pub(super) fn words(&self) -> String {
        let scale = match self.scale {
            Scale::Linear => "linear",
            Scale::Log => "log",
            Scale::Steps => "steps",
        };
        format!("{scale} {} {} {:.1} {:.1}", self.low, self.high, self.from, self.to)
    }

    /// The pixel where the axis begins.
    pub(super) fn start(&self) -> f64 {
        self.from
    }

    /// Ticks whose labels keep their distance along a horizontal or vertical axis.
    pub(super) fn ticks(&self, horizontal: bool) -> Vec<Tick> {
        let length = (self.to - self.from).abs();
        let need = |label: &Label| if horizontal { label.width() + 14.0 } else { TICK_FONT + 12.0 };
        if self.scale == Scale::Linear {
            return self.linear_ticks(self.low, self.high, length, need);
        }
        let (first, last) = (self.low.ceil() as i32, self.high.floor() as i32);
        let decades = self.high - self.low;
        if decades < 0.7 {
            return self.linear_ticks(10_f64.powf(self.low), 10_f64.powf(self.high), length, need);
        }
        let room = [first, last].map(|decade| need(&decade_label(1, decade, false))).into_iter().fold(0.0, f64::max);
        let fits = |stride: &i32| f64::from(*stride) * length / decades >= room;
        let stride = [1, 2, 3, 5, 10, 20, 50, 100, 200].into_iter().find(fits).unwrap_or(500);
        // Over less than two decades 2 and 5 are labelled too, and numbers of ordinary size are written out.
        let short = decades < 2.0;
        let mut ticks = Vec::new();
        for decade in first - 1..=last {
            let mantissas: &[i32] = match length / decades {
                room if room >= 36.0 => &[1, 2, 3, 4, 5, 6, 7, 8, 9],
                room if room >= 24.0 => &[1, 2, 5],
                _ => &[1],
            };
            for &mantissa in mantissas {
                let position = f64::from(decade) + f64::from(mantissa).log10();
                if self.scale == Scale::Steps && decade < 0 {
                    // Between the steps 0 and 1 there is none.
                    if (mantissa, decade) == (5, -1) && position >= self.low {
                        let zero = Label::plain("0".to_owned());
                        let has_room = -position * length / decades >= need(&zero);
                        ticks.push(Tick { at: self.pixel(position), label: Some(zero).filter(|_| has_room) });
                    }
                    continue;
                }
                let labelled = if mantissa == 1 { decade % stride == 0 } else { short && [2, 5].contains(&mantissa) };
                let shown = labelled || length / decades >= 3.0;
                if shown && position >= self.low && position <= self.high {
                    let label = labelled.then(|| decade_label(mantissa, decade, short));
                    ticks.push(Tick { at: self.pixel(position), label });
                }
            }
        }
        ticks
    }

    /// Multiples of 1, 2 or 5 times a power of ten.
    fn linear_ticks(&self, low: f64, high: f64, length: f64, need: impl Fn(&Label) -> f64) -> Vec<Tick> {
        let mut ticks = Vec::new();
        for parts in (2..=6).rev() {
            let raw = high / f64::from(parts) - low / f64::from(parts);
            let power = 10_f64.powf(raw.log10().floor());
            let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|nice| nice * power).find(|&step| step >= 0.999 * raw);
            let Some(step) = step.filter(|step| step.is_finite() && *step > 0.0) else {
                continue;
            };
            // The ends may come a rounding error short of a round number.
            let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
            let size = low.abs().max(high.abs());
            ticks = (0..=10_i32)
                .map(|i| first + f64::from(i))
                .take_while(|&multiple| multiple <= last)
                .filter_map(|multiple| {
                    let at = self.place(multiple * step)?;
                    Some(Tick { at, label: Some(linear_label(multiple * step, step, size)) })
                })
                .collect();
            let apart = |pair: &[Tick]| {
                let room = pair.iter().filter_map(|tick| tick.label.as_ref()).map(&need).fold(0.0, f64::max);
                (pair[1].at - pair[0].at).abs() >= room
            };
            if ticks.windows(2).all(apart) && length > 0.0 {
                break;
            }
        }
        ticks
    }
}

fn decade_label(mantissa: i32, decade: i32, written_out: bool) -> Label {
    match decade {
        0 => Label::plain(mantissa.to_string()),
        -3..=4 if written_out => {
            let value = f64::from(mantissa) * 10_f64.powi(decade);
            Label::plain(format!("{value:.*}", usize::try_from(-decade).unwrap_or(0)))
        }
        _ => Label::scientific(&mantissa.to_string(), decade),
    }
}

/// With as many digits as tell neighbouring ticks apart; `size` is the largest value on the axis.
fn linear_label(value: f64, step: f64, size: f64) -> Label {
    // A power of ten may come out a little below itself.
    let exponent = |value: f64| (value * (1.0 + 1e-9)).log10().floor() as i32;
    if value == 0.0 {
        return Label::plain("0".to_owned());
    }
    let (magnitude, digits) = (exponent(value.abs()), exponent(step));
    if (1e-3..2e6).contains(&size) {
        return Label::plain(format!("{value:.*}", usize::try_from(-digits).unwrap_or(0)));
    }
    let decimals = usize::try_from(magnitude - digits).unwrap_or(0).min(16);
    // Rust's own decimal conversion: dividing by a power of ten would overflow for the smallest values.
    let text = format!("{value:.decimals$e}");
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    Label::scientific(mantissa, power.parse().unwrap_or(0))
}
