//! Statements cut into tokens: names, numbers, signs and words.

/// A piece of a statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name of mathematics, or part of one: `beta`, `F`, `min`.
    Name(String),
    /// A number.
    Number(String),
    /// An operator or a bracket.
    Sign(String),
    /// A word of prose, with what hangs on it.
    Word(String),
    /// Space.
    Space,
}

/// What is a sign of its own though it has two characters; longer ones first.
const PAIRS: [&str; 9] = ["...", "<=", ">=", "!=", "->", "+-", "**", "''", "=>"];

/// Names of more than one letter, beside the Greek ones.
const NAMES: [&str; 32] = [
    "ceil", "min", "max", "exp", "ln", "log", "sqrt", "sin", "cos", "tan", "sign", "floor", "lim", "avg", "sum",
    "grad", "Var", "cv", "Bc", "dl", "el", "sig", "gA", "gB", "gg", "eps", "Lam", "lam", "th", "clip", "bb", "hess",
];

/// Names that are words unless an argument follows.
const CALLED: [&str; 4] = ["floor", "ceil", "sign", "clip"];

/// Greek letters, capital ones too.
pub(super) const GREEK: [(&str, &str); 25] = [
    ("al", "α"),
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("Delta", "Δ"),
    ("dl", "δ"),
    ("eps", "ε"),
    ("eta", "η"),
    ("theta", "θ"),
    ("th", "θ"),
    ("kappa", "κ"),
    ("lambda", "λ"),
    ("lam", "λ"),
    ("Lam", "Λ"),
    ("mu", "μ"),
    ("nu", "ν"),
    ("pi", "π"),
    ("psi", "ψ"),
    ("rho", "ρ"),
    ("sigma", "σ"),
    ("tau", "τ"),
    ("xi", "ξ"),
    ("phi", "φ"),
    ("omega", "ω"),
];

/// Whether letters, with digits after them, are a name of mathematics.
pub(super) fn is_name(word: &str) -> bool {
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let one = letters.len() == 1;
    one || NAMES.contains(&letters) || GREEK.iter().any(|(name, _)| *name == letters)
}

fn starts(text: &str, of: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !of(c)).unwrap_or(text.len())
}

/// All tokens, in order.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_whitespace() {
            tokens.push(Token::Space);
            starts(rest, char::is_whitespace)
        } else if first.is_ascii_digit() {
            let digits = number_length(rest);
            // `1-d` and `2-cycle` are words.
            let joined = hyphenated(&rest[digits..]);
            tokens.push(match joined {
                0 => Token::Number(rest[..digits].to_owned()),
                _ => Token::Word(rest[..digits + joined].to_owned()),
            });
            digits + joined
        } else if first.is_alphabetic() {
            let word = starts(rest, |c| c.is_alphanumeric());
            let joined = hyphenated(&rest[word..]);
            // The only word made of two names.
            let word = if rest.starts_with("min-max") { "min-max".len() } else { word };
            let called = rest[word..].starts_with('(');
            let is_name = is_name(&rest[..word]) && (called || !CALLED.contains(&&rest[..word]));
            let greek = GREEK.iter().any(|(name, _)| *name == &rest[..word]);
            match (is_name, joined) {
                // `beta-smooth`
                (true, joined) if joined > 0 && greek => {
                    tokens.push(Token::Name(rest[..word].to_owned()));
                    tokens.push(Token::Word(rest[word..word + joined].to_owned()));
                    word + joined
                }
                (true, 0) => {
                    tokens.push(Token::Name(rest[..word].to_owned()));
                    word
                }
                (_, joined) => {
                    tokens.push(Token::Word(rest[..word + joined].to_owned()));
                    word + joined
                }
            }
        } else {
            let pair = PAIRS.iter().find(|pair| rest.starts_with(**pair)).map(|pair| pair.len());
            let length = pair.unwrap_or(first.len_utf8());
            tokens.push(Token::Sign(rest[..length].to_owned()));
            length
        };
        rest = &rest[length..];
    }
    tokens
}

fn number_length(text: &str) -> usize {
    let digits = |text: &str| starts(text, |c| c.is_ascii_digit());
    let mut length = digits(text);
    if text[length..].starts_with('.') && digits(&text[length + 1..]) > 0 {
        length += 1 + digits(&text[length + 1..]);
    }
    if let Some(exponent) = text[length..].strip_prefix('e') {
        let sign = usize::from(exponent.starts_with('-'));
        let power = digits(&exponent[sign..]);
        length += if power > 0 { 1 + sign + power } else { 0 };
    }
    length
}

/// Length of `-word`, as often as it follows, where a word follows that is no name: `m-SAM`, `det-sc-upper`.
fn hyphenated(text: &str) -> usize {
    let mut length = 0;
    while let Some(next) = text[length..].strip_prefix('-') {
        let word = starts(next, |c| c.is_alphanumeric());
        let is_word = next.starts_with(|c: char| c.is_alphabetic())
            && (!is_name(&next[..word]) || &next[..word] == "d" || hyphenated(&next[word..]) > 0 || length > 0);
        if !is_word {
            break;
        }
        length += 1 + word;
    }
    length
}
