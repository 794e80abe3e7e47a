//! Classes from the labels of a table.

use crate::source::Labels;

/// Above this many classes the target is taken for a number to be predicted.
const MOST_CLASSES: usize = 1000;

/// The class of each row, and the classes' names: the labels, numbers by value, then words.
pub(super) fn of(labels: Labels, target: &str) -> Result<(Vec<usize>, Vec<String>), String> {
    let (rows, names) = labels.into_classes(MOST_CLASSES);
    match names.len() {
        0 | 1 => Err(format!("target `{target}` has one class ({}); there must be two or more", shown(&names))),
        count if count > MOST_CLASSES => Err(format!(
            "target `{target}` has {count} classes ({}), at most {MOST_CLASSES} are taken; to predict a number there \
             is least-squares",
            shown(&names)
        )),
        _ => Ok((rows, names)),
    }
}

/// The first names.
pub(super) fn shown(names: &[String]) -> String {
    let more = if names.len() > 20 { ", ..." } else { "" };
    let names: Vec<String> = names.iter().take(20).map(|name| name.chars().take(40).collect()).collect();
    names.join(", ") + more
}
