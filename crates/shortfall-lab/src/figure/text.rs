//! Text in a picture: escaped, measured without a font, wrapped, and moved apart.

/// As XML: escaped, and without the characters that XML forbids.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ if character.is_control() => escaped.push(' '),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Width in units of the font size. Which sans-serif font will be used is unknown, so this is that of a wide one.
pub(super) fn width(text: &str) -> f64 {
    let of = |character: char| match character {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '(' | ')' | '[' | ']' | ' ' | 'I' | 'f' | 't' => {
            0.38
        }
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '=' | '+' | '<' | '>' | '~' => 0.92,
        'A'..='Z' => 0.74,
        '\u{300}'..='\u{36f}' => 0.0,
        '\0'..='\u{10ff}' => 0.62,
        _ => 1.0,
    };
    text.chars().map(of).sum()
}

/// Lines no wider than `limit` (in units of the font size), broken at spaces, and inside words only if it must be.
pub(super) fn wrap(text: &str, limit: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(|character: char| character.is_whitespace() || character.is_control()) {
        if !line.is_empty() && width(&line) + width(" ") + width(word) > limit {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() && !word.is_empty() {
            line.push(' ');
        }
        let mut length = width(&line);
        for character in word.chars() {
            let next = width(character.encode_utf8(&mut [0; 4]));
            if length + next > limit && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                length = 0.0;
            }
            line.push(character);
            length += next;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Moves intervals apart: `(centre, height)` in any order to centres that do not overlap, in the same order, between
/// `low` and `high` if they fit there, each as near to where it wants to be as its neighbours allow.
pub(super) fn spread(wanted: &[(f64, f64)], low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].0.total_cmp(&wanted[b].0));
    // Groups of touching intervals: members, height, sum of the tops their members wish for the whole group.
    let mut groups: Vec<(Vec<usize>, f64, f64)> = Vec::new();
    let top = |group: &(Vec<usize>, f64, f64)| {
        let wish = group.2 / group.0.len() as f64;
        wish.min(high - group.1).max(low)
    };
    for i in order {
        let (centre, height) = wanted[i];
        let mut group = (vec![i], height, centre - height / 2.0);
        while let Some(above) = groups.pop_if(|above| top(above) + above.1 > top(&group)) {
            let wishes = above.2 + group.2 - above.1 * group.0.len() as f64;
            group = ([above.0, group.0].concat(), above.1 + group.1, wishes);
        }
        groups.push(group);
    }
    let mut centres = vec![0.0; wanted.len()];
    for group in &groups {
        let mut at = top(group);
        for &i in &group.0 {
            centres[i] = at + wanted[i].1 / 2.0;
            at += wanted[i].1;
        }
    }
    centres
}
