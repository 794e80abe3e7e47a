//! Names in messages: the nearest right one, the list of all, and what the user wrote, made safe to print.

/// `, did you mean ...?` for the nearest of `names`, or nothing if none is near.
pub(crate) fn suggestion<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> String {
    // The distance costs the product of the lengths, and a word this long resembles no name anyway.
    if word.len() > 64 {
        return String::new();
    }
    let lower = word.to_lowercase();
    let best = names
        .map(|name| {
            let name_lower = name.to_lowercase();
            let distance = strsim::damerau_levenshtein(&lower, &name_lower);
            let begins = lower.len() >= 3 && name_lower.starts_with(&lower);
            (if begins { distance.min(1) } else { distance }, name)
        })
        .min_by_key(|&(distance, _)| distance);
    match best {
        Some((distance, name)) if distance <= 1 + name.len() / 4 && distance < name.len() => {
            format!(" (did you mean `{name}`?)")
        }
        _ => String::new(),
    }
}

/// The names, with commas.
pub(crate) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// What the user wrote, on one line of at most 60 characters and without control characters.
pub(crate) fn clip(text: &str) -> String {
    let mut clipped = String::new();
    for (i, character) in text.chars().enumerate() {
        if i == 60 {
            clipped.push_str("...");
            break;
        }
        if is_unprintable(character) {
            clipped.extend(character.escape_unicode());
        } else {
            clipped.push(character);
        }
    }
    clipped
}

/// Control characters, and those that turn the direction of the text around them.
pub(crate) fn is_unprintable(character: char) -> bool {
    let directions = ['\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{feff}'];
    character.is_control()
        || directions.contains(&character)
        || ('\u{202a}'..='\u{202e}').contains(&character)
        || ('\u{2066}'..='\u{2069}').contains(&character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name() {
        let names = || ["sam", "gd", "stochastic-sam", "unified-sam"].into_iter();
        assert_eq!(suggestion("SAM", names()), " (did you mean `sam`?)");
        assert_eq!(suggestion("sma", names()), " (did you mean `sam`?)");
        assert_eq!(suggestion("stochastic_sam", names()), " (did you mean `stochastic-sam`?)");
        assert_eq!(suggestion("stoch", names()), " (did you mean `stochastic-sam`?)");
        assert_eq!(suggestion("quadratic", names()), "");
        assert_eq!(suggestion("", names()), "");
        assert_eq!(suggestion(&"x".repeat(1_000_000), names()), "");
    }

    #[test]
    fn clipped_text_is_one_short_line() {
        assert_eq!(clip("a\nb"), "a\\u{a}b");
        assert_eq!(clip(&"é".repeat(100)).chars().count(), 63);
    }
}
