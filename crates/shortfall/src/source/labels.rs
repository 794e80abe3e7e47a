//! The target column as it was written: numbers, or words.

use std::cmp::Ordering;
use std::collections::HashMap;

/// One label a row. Numbers stay numbers until the first word turns up.
#[derive(Clone, Debug)]
pub enum Labels {
    /// All are finite numbers.
    Numbers(Vec<f64>),
    /// Words, and numbers written as text, each distinct one once.
    Words(Words),
}

/// Distinct labels, and which one each row has.
#[derive(Clone, Debug, Default)]
pub struct Words {
    names: Vec<String>,
    rows: Vec<u32>,
    numbers: HashMap<String, u32>,
}

impl Words {
    fn push(&mut self, name: &str) {
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None => {
                let number = self.names.len() as u32;
                self.names.push(name.to_owned());
                self.numbers.insert(name.to_owned(), number);
                number
            }
        };
        self.rows.push(number);
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self::Numbers(Vec::new())
    }
}

impl Labels {
    /// From words; those that are finite numbers count as numbers.
    pub fn of(labels: &[&str]) -> Self {
        let mut all = Self::default();
        for label in labels {
            match label.parse::<f64>() {
                Ok(value) if value.is_finite() => all.push_number(value),
                _ => all.push_word(label),
            }
        }
        all
    }

    /// Adds a finite number.
    pub fn push_number(&mut self, value: f64) {
        match self {
            Self::Numbers(numbers) => numbers.push(value),
            Self::Words(words) => words.push(&canonical(value)),
        }
    }

    /// Adds a word.
    pub fn push_word(&mut self, word: &str) {
        if let Self::Numbers(numbers) = self {
            let mut words = Words::default();
            numbers.iter().for_each(|value| words.push(&canonical(*value)));
            *self = Self::Words(words);
        }
        if let Self::Words(words) = self {
            words.push(word);
        }
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Words(words) => words.rows.len(),
        }
    }

    /// The label of a row, as text.
    pub fn text(&self, row: usize) -> String {
        match self {
            Self::Numbers(numbers) => canonical(numbers[row]),
            Self::Words(words) => words.names[words.rows[row] as usize].clone(),
        }
    }

    /// All labels, as text.
    pub fn texts(&self) -> Vec<String> {
        (0..self.count()).map(|row| self.text(row)).collect()
    }

    /// The labels as finite numbers, or the first row (from 0) whose label is none, and that.
    pub fn into_numbers(self) -> Result<Vec<f64>, (usize, String)> {
        match self {
            Self::Numbers(numbers) => Ok(numbers),
            Self::Words(words) => {
                let number = |row: usize| {
                    let name = &words.names[words.rows[row] as usize];
                    match name.trim().parse::<f64>() {
                        Ok(value) if value.is_finite() => Ok(value),
                        _ => Err((row, name.clone())),
                    }
                };
                (0..words.rows.len()).map(number).collect()
            }
        }
    }

    /// The class of each row, and the classes' names in order: numbers by value, then words. Which classes there are is
    /// told first: above `most` of them rows are not looked at.
    pub fn into_classes(self, most: usize) -> (Vec<usize>, Vec<String>) {
        match self {
            Self::Numbers(numbers) => {
                let distinct = distinct(&numbers);
                let names = distinct.iter().map(|value| canonical(*value)).collect();
                let class = |value| distinct.partition_point(|other| *other < value);
                // Of the same size, so that it is done in place.
                let rows = if distinct.len() > most { Vec::new() } else { numbers.into_iter().map(class).collect() };
                (rows, names)
            }
            Self::Words(words) => {
                let mut order: Vec<usize> = (0..words.names.len()).collect();
                order.sort_by(|a, b| compare(&words.names[*a], &words.names[*b]));
                let mut place = vec![0; order.len()];
                order.iter().enumerate().for_each(|(rank, number)| place[*number] = rank);
                let rows = words.rows.iter().map(|number| place[*number as usize]).collect();
                (rows, order.iter().map(|number| words.names[*number].clone()).collect())
            }
        }
    }
}

/// Each number once, in order; without a copy of all where they are few.
fn distinct(numbers: &[f64]) -> Vec<f64> {
    let (mut distinct, mut most) = (Vec::new(), 1 << 10);
    for numbers in numbers.chunks(1 << 10) {
        // Adding 0 turns -0 into 0.
        distinct.extend(numbers.iter().map(|value| value + 0.0));
        if distinct.len() > most {
            sort_and_dedup(&mut distinct);
            most = 2 * distinct.len().max(1 << 10);
        }
    }
    sort_and_dedup(&mut distinct);
    distinct
}

fn sort_and_dedup(numbers: &mut Vec<f64>) {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.dedup();
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.count() == other.count() && (0..self.count()).all(|row| self.text(row) == other.text(row))
    }
}

fn compare(a: &str, b: &str) -> Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.total_cmp(&b),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

/// One spelling for each number, so that `1` and `1.0` are one class.
fn canonical(value: f64) -> String {
    let value = value + 0.0;
    if value != 0.0 && !(1e-5..1e17).contains(&value.abs()) { format!("{value:e}") } else { format!("{value}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_by_value_before_words() {
        let (rows, names) = Labels::of(&["10", "9", "1e1", "-0", "0.0"]).into_classes(9);
        assert_eq!((rows, names.join(" ").as_str()), (vec![2, 1, 2, 0, 0], "0 9 10"));
        let (rows, names) = Labels::of(&["10", "b", "9", "a", "b", "10.0"]).into_classes(9);
        assert_eq!((rows, names.join(" ").as_str()), (vec![1, 3, 0, 2, 3, 1], "9 10 a b"));
    }

    #[test]
    fn words_among_numbers_keep_their_rows() {
        let labels = Labels::of(&["1", "2.50", "x", "1.0"]);
        assert_eq!(labels.texts().join(" "), "1 2.5 x 1");
        assert_eq!(labels.into_numbers(), Err((2, "x".to_owned())));
        assert_eq!(Labels::of(&["1e-9", "1e300", "-0"]).texts(), ["1e-9", "1e300", "0"]);
        assert_eq!(Labels::of(&["1", "nan"]).into_numbers(), Err((1, "nan".to_owned())));
        assert_eq!(Labels::of(&["1", "-2.5e3"]).into_numbers(), Ok(vec![1.0, -2500.0]));
    }

    #[test]
    fn many_numbers_have_classes_too() {
        let numbers: Vec<f64> = (0..10_000).map(|i| f64::from(i * 7919 % 3001) - 1500.0).collect();
        let (rows, names) = Labels::Numbers(numbers.clone()).into_classes(3001);
        assert_eq!((rows.len(), names.len()), (numbers.len(), 3001));
        assert!(rows.iter().zip(&numbers).all(|(class, number)| *class as f64 - 1500.0 == *number));
        assert!(names.iter().enumerate().all(|(class, name)| *name == format!("{}", class as i32 - 1500)));
        assert_eq!(Labels::Numbers(numbers).into_classes(3000), (vec![], names));
    }
}
