//! Numbers as TOML spells them.

use crate::words::clip;

/// A number as TOML spells it. The error is `None` for what does not look like a number at all.
pub(super) fn number(word: &str) -> Result<f64, Option<String>> {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    if ["nan", "inf", "infinity"].contains(&unsigned.to_ascii_lowercase().as_str()) {
        return Err(Some(format!("`{word}` is not a finite number")));
    }
    let numeric = |character: char| character.is_ascii_digit() || ".eE+-_".contains(character);
    let digits = unsigned.contains(|character: char| character.is_ascii_digit());
    let bytes = unsigned.as_bytes();
    if bytes.len() >= 8 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-' {
        return Err(Some(format!("`{}` is a date, and no parameter is one", clip(word))));
    }
    let time = unsigned.contains(':') && unsigned.bytes().all(|byte| byte.is_ascii_digit() || b":.".contains(&byte));
    if time {
        return Err(Some(format!("`{}` is a time of day, and no parameter is one", clip(word))));
    }
    if ["0x", "0o", "0b"].iter().any(|prefix| unsigned.starts_with(prefix)) {
        return Err(Some(format!("`{}` must be written as a decimal number", clip(word))));
    }
    if !digits || !unsigned.chars().all(numeric) || unsigned.starts_with(['e', 'E', '_']) {
        return Err(None);
    }
    let plain = word.replace('_', "");
    let value = plain.parse::<f64>().ok().filter(|_| is_toml_number(unsigned));
    match value {
        None => Err(Some(format!("`{}` is not a number; one is written 12, 0.5, 1_000 or 1e-3", clip(word)))),
        Some(value) if value.is_infinite() => {
            Err(Some(format!("`{}` is beyond the largest double, about 1.8e308", clip(word))))
        }
        Some(0.0) if is_nonzero(unsigned) => {
            Err(Some(format!("`{}` is nearer to 0 than any double, write 0 or at least 5e-324", clip(word))))
        }
        Some(value) => Ok(value),
    }
}

/// A digit other than 0 before the exponent.
fn is_nonzero(unsigned: &str) -> bool {
    let mantissa = unsigned.split(['e', 'E']).next().unwrap_or_default();
    mantissa.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
}

/// TOML's grammar of an unsigned decimal number: no leading zeros, digits on both sides of a point and of an underscore.
fn is_toml_number(unsigned: &str) -> bool {
    let digits =
        |part: &str| part.split('_').all(|run| !run.is_empty() && run.bytes().all(|byte| byte.is_ascii_digit()));
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        None => (unsigned, None),
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        None => (mantissa, None),
        Some((whole, fraction)) => (whole, Some(fraction)),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}
