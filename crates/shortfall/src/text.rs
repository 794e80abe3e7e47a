//! Numbers in sentences and tables.

/// A number in a sentence; one that is not known (NaN) is called so.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        return "unknown".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    if (1e-3..1e4).contains(&value.abs()) {
        let digits = (2 - value.abs().log10().floor() as i32).clamp(0, 6) as usize;
        format!("{value:.digits$}")
    } else {
        format!("{value:.2e}")
    }
}

/// All digits of a number, in the shorter of the two notations.
pub fn shortest(value: f64) -> String {
    let (plain, scientific) = (format!("{value}"), format!("{value:e}"));
    if plain.len() <= scientific.len() { plain } else { scientific }
}

/// A ratio in a sentence: `1.12`, `340`, `2e6`, `0.004`.
pub fn factor(ratio: f64) -> String {
    match ratio.abs() {
        0.0 => "0".to_owned(),
        r if !(1e-3..1e4).contains(&r) => format!("{ratio:.0e}"),
        r if r >= 100.0 => format!("{ratio:.0}"),
        r if r >= 10.0 => format!("{ratio:.1}"),
        r if r < 0.01 => format!("{ratio:.4}"),
        r if r < 0.1 => format!("{ratio:.3}"),
        _ => format!("{ratio:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_are_enough() {
        let cases = [
            (0.0, "0"),
            (1.0, "1.00"),
            (-0.0123, "-0.0123"),
            (31.04, "31.0"),
            (569.0, "569"),
            (9999.0, "9999"),
            (5.09e-9, "5.09e-9"),
            (f64::NAN, "unknown"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        assert_eq!([-2.0, 0.1, 1e300, 12.5].map(shortest), ["-2", "0.1", "1e300", "12.5"]);
        assert_eq!([1.119, 340.2, 2.31e6, 0.0042].map(factor), ["1.12", "340", "2e6", "0.0042"]);
    }
}
