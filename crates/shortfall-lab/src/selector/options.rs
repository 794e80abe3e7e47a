//! The values of `--start`, `--steps` and `--assume`.

use super::number::number;
use crate::words::{clip, list, suggestion};
use shortfall::arguments::{BadInput, Value};
use shortfall::constants::Symbol;

/// Where a run begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// The origin.
    Zeros,
    /// All coordinates 1.
    Ones,
    /// Standard normal, from the seed.
    Random,
    /// These coordinates, all finite; their number is for the problem to check.
    Given(Vec<f64>),
}

/// Reads `--start`: `zeros`, `ones`, `random` or a list of numbers.
pub fn parse_start(text: &str) -> Result<Start, BadInput> {
    const RIGHT: &str = "it is zeros, ones, random or a list such as [1.0,-2.0]";
    let word = text.trim();
    match word {
        "zeros" => return Ok(Start::Zeros),
        "ones" => return Ok(Start::Ones),
        "random" => return Ok(Start::Random),
        _ if !word.starts_with('[') => {
            let hint = suggestion(word, ["zeros", "ones", "random"].into_iter());
            return Err(BadInput::new(format!("--start `{}` is unknown{hint}: {RIGHT}", clip(text))));
        }
        _ => {}
    }
    let value = super::parse_value(word).map_err(|error| BadInput::new(format!("--start: {error}")))?;
    let Value::List(values) = value else {
        return Err(BadInput::new(format!("--start `{}`: {RIGHT}", clip(text))));
    };
    if values.is_empty() {
        return Err(BadInput::new("--start `[]` has no coordinates: a list has one number for each"));
    }
    let coordinate = |(i, value): (usize, Value)| match value {
        Value::Number { value, .. } => Ok(value),
        other => {
            let other = clip(&other.to_string());
            Err(BadInput::new(format!("--start: coordinate {} must be a finite number, not {other}", i + 1)))
        }
    };
    values.into_iter().enumerate().map(coordinate).collect::<Result<_, _>>().map(Start::Given)
}

/// Reads `--window`: `[low,high]`.
pub fn parse_window(text: &str) -> Result<[f64; 2], BadInput> {
    let wrong = || BadInput::new(format!("--window must be [low,high] with low below high, not `{}`", clip(text)));
    let value = super::parse_value(text.trim()).map_err(|error| BadInput::new(format!("--window: {error}")))?;
    match point(&value).as_deref() {
        Some(&[low, high]) if low < high => Ok([low, high]),
        _ => Err(wrong()),
    }
}

/// Reads `--around`: the corners of a closed loop, `[[0.5,0.5],[1.0,0.5],[1.0,1.0]]`.
pub fn parse_loop(text: &str) -> Result<Vec<Vec<f64>>, BadInput> {
    let value = super::parse_value(text.trim()).map_err(|error| BadInput::new(format!("--around: {error}")))?;
    let corners = match &value {
        Value::List(corners) => corners.iter().map(point).collect::<Option<Vec<_>>>(),
        _ => None,
    };
    corners.filter(|corners| corners.len() > 2).ok_or_else(|| {
        let right = "three or more corners, such as [[0.5,0.5],[1.0,0.5],[1.0,1.0],[0.5,1.0]]";
        BadInput::new(format!("--around must be {right}, not `{}`", clip(text)))
    })
}

/// A list of finite numbers.
fn point(value: &Value) -> Option<Vec<f64>> {
    let Value::List(values) = value else { return None };
    let coordinate = |value: &Value| match value {
        Value::Number { value, .. } if value.is_finite() => Some(*value),
        _ => None,
    };
    values.iter().map(coordinate).collect()
}

/// Most steps of a run.
const MOST_STEPS: u64 = 1_000_000_000_000_000;

/// Reads `--steps`: a whole number from 1 to 10^15, written 1000, 1_000 or 1e3.
pub fn parse_steps(text: &str) -> Result<u64, BadInput> {
    let whole = number(text.trim()).ok().and_then(|_| whole(text.trim()));
    whole.filter(|steps| (1..=MOST_STEPS).contains(steps)).ok_or_else(|| {
        let given = clip(text);
        BadInput::new(format!(
            "--steps must be a whole number from 1 to 10^15, written 1000, 1_000 or 1e3, not `{given}`"
        ))
    })
}

/// The whole number that a decimal number is, by its digits: rounding must not make `0.99999999999999999999` a 1.
fn whole(word: &str) -> Option<u64> {
    let plain = word.trim_start_matches('+').replace('_', "");
    let (mantissa, exponent) = plain.split_once(['e', 'E']).unwrap_or((&plain, "0"));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{before}{after}");
    let kept = digits.trim_end_matches('0');
    // How many zeros follow the kept digits.
    let zeros = exponent.parse::<i64>().ok()?.checked_sub(after.len() as i64)?;
    let zeros = zeros.checked_add((digits.len() - kept.len()) as i64)?;
    let factor = 10_u64.checked_pow(u32::try_from(zeros).ok()?)?;
    kept.parse::<u64>().ok()?.checked_mul(factor)
}

/// Reads `--assume`: `sigma2=4`, the user's word for a constant.
pub fn parse_assumption(text: &str) -> Result<(Symbol, f64), BadInput> {
    let names = || Symbol::ALL.iter().map(|symbol| symbol.name());
    let Some((name, value)) = text.split_once('=') else {
        let message = format!("--assume `{}` must be CONSTANT=VALUE, such as sigma2=4", clip(text));
        return Err(BadInput::new(message));
    };
    let (name, value) = (name.trim(), value.trim());
    let Some(symbol) = Symbol::ALL.into_iter().find(|symbol| symbol.name() == name) else {
        let hint = suggestion(name, names());
        let message = format!("--assume: there is no constant `{}`{hint}; there is {}", clip(name), list(names()));
        return Err(BadInput::new(message));
    };
    let value = number(value).map_err(|why| {
        let why = why.unwrap_or_else(|| format!("`{}` is not a number", clip(value)));
        BadInput::new(format!("--assume {name}: {why}; a finite number of at least 0 is expected"))
    })?;
    if value < 0.0 {
        return Err(BadInput::new(format!("--assume {name}: it must be at least 0, not {value}")));
    }
    // An absolute value turns -0 into 0.
    Ok((symbol, value.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts() {
        assert_eq!(parse_start("zeros"), Ok(Start::Zeros));
        assert_eq!(parse_start(" ones "), Ok(Start::Ones));
        assert_eq!(parse_start("random"), Ok(Start::Random));
        assert_eq!(parse_start("[1.0, -2]"), Ok(Start::Given(vec![1.0, -2.0])));
        for (text, part) in [
            ("zeroes", "did you mean `zeros`"),
            ("", "zeros, ones, random or a list"),
            ("1,2", "a list such as"),
            ("[]", "no coordinates"),
            ("[1,nan]", "column 4"),
            ("[1,\"x\"]", "coordinate 2"),
            ("[[1]]", "coordinate 1"),
            ("[1", "closing `]`"),
            ("[1]2", "nothing may follow"),
            ("[1;2]", "between commas"),
        ] {
            let error = parse_start(text).unwrap_err().message;
            assert!(error.starts_with("--start") && error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn steps() {
        for (text, steps) in [
            ("1", 1),
            ("1000", 1000),
            ("1_000", 1000),
            ("1e3", 1000),
            ("1.5e3", 1500),
            ("10.0", 10),
            ("+7", 7),
            ("1E15", MOST_STEPS),
            ("1000000000000000", MOST_STEPS),
            ("1500e-2", 15),
            ("0.0001e4", 1),
        ] {
            assert_eq!(parse_steps(text), Ok(steps), "{text}");
        }
        for text in [
            "0",
            "-1",
            "0.5",
            "1e30",
            "nan",
            "inf",
            "",
            " ",
            "x",
            "1e400",
            "1.5",
            "0.99999999999999999999",
            "1e-400",
            "1000000000000001",
            "1000000000000000.5",
            "0x10",
            "1e99999999999999999999",
            "--1",
            "1 000",
        ] {
            let error = parse_steps(text).unwrap_err().message;
            assert!(error.starts_with("--steps") && error.contains("10^15"), "{text}: {error}");
        }
    }

    #[test]
    fn assumptions() {
        assert_eq!(parse_assumption("sigma2=4"), Ok((Symbol::Sigma2, 4.0)));
        assert_eq!(parse_assumption("L = 1e-3"), Ok((Symbol::L, 1e-3)));
        assert_eq!(parse_assumption("mu=0").unwrap().0, Symbol::Mu);
        for (text, part) in [
            ("sigma=4", "did you mean `sigma2`"),
            ("delta=1", "did you mean `Delta`"),
            ("sigma2", "CONSTANT=VALUE"),
            ("", "CONSTANT=VALUE"),
            ("=1", "there is no constant"),
            ("mu=-1", "at least 0"),
            ("mu=", "not a number"),
            ("mu=nan", "not a finite number"),
            ("mu=1e400", "largest double"),
            ("mu=1=2", "not a number"),
        ] {
            let error = parse_assumption(text).unwrap_err().message;
            assert!(error.starts_with("--assume") && error.contains(part), "{text}: {error}");
        }
    }
}
