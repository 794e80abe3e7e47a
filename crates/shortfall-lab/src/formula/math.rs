//! MathML from the tokens of a formula, by precedence: relations, sums, products and fractions, powers.

use super::tokens::{GREEK, Token};
use crate::page::escape;

/// Reads a formula to its end; whatever stands in it, all tokens are used.
pub(super) fn math(tokens: &[Token]) -> String {
    let mut reader = Reader { tokens, at: 0, bars: 0 };
    let mut out = String::new();
    while reader.at < tokens.len() {
        out += &reader.relation();
        // A bracket that closes nothing.
        if let Some(Token::Sign(sign)) = reader.peek().cloned() {
            reader.at += 1;
            out += &operator(&sign);
        }
    }
    out
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    /// Bars that are open.
    bars: usize,
}

fn operator(sign: &str) -> String {
    let shown = match sign {
        "<=" => "≤",
        ">=" => "≥",
        "!=" => "≠",
        "->" => "→",
        "=>" => "⇒",
        "+-" => "±",
        "-" => "−",
        "..." => "…",
        "*" | "**" => "·",
        "~" => "≈",
        other => other,
    };
    format!("<mo>{}</mo>", escape(shown))
}

fn row(inner: &str) -> String {
    format!("<mrow>{inner}</mrow>")
}

/// Names that are set upright.
const UPRIGHT: [&str; 16] =
    ["min", "max", "exp", "ln", "log", "sin", "cos", "tan", "sign", "lim", "avg", "sum", "Var", "clip", "E", "O"];
/// Names with what they range over below.
const LIMITS: [&str; 5] = ["min", "max", "lim", "avg", "sum"];
/// Superscript names of constants that end in a digit.
const SQUARES: [&str; 2] = ["sigma2", "D2"];

fn symbol(name: &str) -> String {
    if let Some((_, letter)) = GREEK.iter().find(|(greek, _)| *greek == name) {
        return format!("<mi>{letter}</mi>");
    }
    match name {
        "grad" => "<mo>∇</mo>".to_owned(),
        "sum" => "<mo>∑</mo>".to_owned(),
        _ if UPRIGHT.contains(&name) => format!("<mi mathvariant=\"normal\">{name}</mi>"),
        _ if name.len() > 1 => format!("<mi mathvariant=\"normal\">{}</mi>", escape(name)),
        _ => format!("<mi>{}</mi>", escape(name)),
    }
}

/// A name with digits at its end as an index: `x0`; squares of constants: `sigma2`.
fn name(name: &str) -> String {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &name[letters.len()..];
    match () {
        () if digits.is_empty() => symbol(name),
        () if SQUARES.contains(&name) => format!("<msup>{}<mn>2</mn></msup>", symbol(letters)),
        () => format!("<msub>{}<mn>{digits}</mn></msub>", symbol(letters)),
    }
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn skip_space(&mut self) -> bool {
        let from = self.at;
        while self.peek() == Some(&Token::Space) {
            self.at += 1;
        }
        self.at > from
    }

    /// The next sign after space, if it is one of these.
    fn sign(&mut self, of: &[&str]) -> Option<&'a str> {
        let before = self.at;
        self.skip_space();
        if let Some(Token::Sign(sign)) = self.peek()
            && of.contains(&sign.as_str())
        {
            self.at += 1;
            return Some(sign);
        }
        self.at = before;
        None
    }

    fn is_operand(&self, at: usize) -> bool {
        match self.tokens.get(at) {
            Some(Token::Name(_) | Token::Number(_) | Token::Word(_)) => true,
            Some(Token::Sign(sign)) => matches!(sign.as_str(), "(" | "[" | "{"),
            _ => false,
        }
    }

    fn relation(&mut self) -> String {
        let mut out = self.additive();
        while let Some(sign) = self.sign(&["<=", ">=", "=", "<", ">", "~", "->", "!=", "=>", ",", ";", ":"]) {
            out += &operator(sign);
            out += &self.additive();
        }
        out
    }

    fn additive(&mut self) -> String {
        let mut out = String::new();
        if let Some(sign) = self.sign(&["-", "+", "+-"]) {
            out += &operator(sign);
        }
        out += &self.product();
        while let Some(sign) = self.sign(&["+", "-", "+-"]) {
            out += &operator(sign);
            out += &self.product();
        }
        out
    }

    fn product(&mut self) -> String {
        let mut left = self.power();
        loop {
            if self.sign(&["/"]).is_some() {
                let (above, below) = (without_brackets(&left), self.power());
                left = format!("<mfrac>{}{}</mfrac>", row(&above), row(&without_brackets(&below)));
                continue;
            }
            let number_before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
            let number_before = matches!(number_before, Some(Token::Number(_)));
            if self.sign(&["*"]).is_some() {
                self.skip_space();
                let both = number_before && matches!(self.peek(), Some(Token::Number(_)));
                left += if both { "<mo>·</mo>" } else { "<mo>&#8290;</mo>" };
                left += &self.power();
                continue;
            }
            // Side by side.
            let before = self.at;
            let spaced = self.skip_space();
            if self.is_operand(self.at) || self.opens_bar() {
                if spaced {
                    left += "<mspace width=\"0.17em\"></mspace>";
                }
                left += &self.power();
                continue;
            }
            self.at = before;
            return left;
        }
    }

    /// A bar after something opens only if a space stands before it and none behind.
    fn opens_bar(&self) -> bool {
        let is_bar = self.peek() == Some(&Token::Sign("|".into()));
        is_bar && self.at > 0 && self.tokens[self.at - 1] == Token::Space && self.is_operand(self.at + 1)
    }

    fn power(&mut self) -> String {
        let mut base = self.atom();
        while let Some(Token::Sign(sign)) = self.peek() {
            match sign.as_str() {
                "^" | "**" => {
                    self.at += 1;
                    let exponent = self.script();
                    base = format!("<msup>{}{}</msup>", row(&base), row(&exponent));
                }
                "'" | "''" => {
                    self.at += 1;
                    let primes = if sign == "'" { "′" } else { "″" };
                    base = format!("<msup>{}<mo>{primes}</mo></msup>", row(&base));
                }
                // The positive part.
                "_" if self.tokens.get(self.at + 1) == Some(&Token::Sign("+".into())) => {
                    self.at += 2;
                    base = format!("<msub>{}<mo>+</mo></msub>", row(&base));
                }
                // x*, and x+ where no operand follows.
                "*" | "+" if self.is_mark() => {
                    self.at += 1;
                    let mark = if sign == "*" { "∗" } else { "+" };
                    base = format!("<msup>{}<mo>{mark}</mo></msup>", row(&base));
                }
                _ => break,
            }
        }
        base
    }

    /// Whether a star or a plus belongs to the name before it: nothing to multiply or add follows.
    fn is_mark(&self) -> bool {
        let named =
            matches!(self.at.checked_sub(1).map(|at| &self.tokens[at]), Some(Token::Name(name)) if name.len() == 1);
        let mut next = self.at + 1;
        let attached = self.is_operand(next);
        while self.tokens.get(next) == Some(&Token::Space) {
            next += 1;
        }
        let bar = self.tokens.get(self.at + 1) == Some(&Token::Sign("|".into()));
        let word = matches!(self.tokens.get(next), Some(Token::Word(_)));
        named && !attached && (!self.is_operand(next) || word) && (!bar || self.bars > 0)
    }

    /// What stands behind `^` or `_`.
    fn script(&mut self) -> String {
        match self.peek() {
            Some(Token::Sign(sign)) if sign == "(" || sign == "{" => {
                self.at += 1;
                let inner = self.relation();
                self.close();
                inner
            }
            Some(Token::Sign(sign)) if sign == "-" => {
                self.at += 1;
                operator("-") + &self.atom()
            }
            _ => self.atom(),
        }
    }

    fn close(&mut self) {
        self.sign(&[")", "]", "}"]);
    }

    fn atom(&mut self) -> String {
        self.skip_space();
        let Some(token) = self.peek() else { return String::new() };
        self.at += 1;
        match token {
            Token::Number(number) => format!("<mn>{number}</mn>"),
            Token::Word(word) => format!("<mtext>{}</mtext>", escape(word)),
            Token::Space => String::new(),
            Token::Name(word) => self.named(word),
            Token::Sign(sign) => match sign.as_str() {
                "(" | "[" | "{" => {
                    let inner = self.relation();
                    self.close();
                    let (open, shut) = if sign == "[" { ("[", "]") } else { ("(", ")") };
                    format!("<mrow><mo>{open}</mo>{inner}<mo>{shut}</mo></mrow>")
                }
                "|" => {
                    self.bars += 1;
                    let inner = self.relation();
                    self.bars -= 1;
                    self.sign(&["|"]);
                    format!("<mrow><mo>|</mo>{inner}<mo>|</mo></mrow>")
                }
                ")" | "]" | "}" | "," | ";" => {
                    self.at -= 1;
                    String::new()
                }
                other => operator(other),
            },
        }
    }

    fn named(&mut self, word: &str) -> String {
        let mut out = name(word);
        if self.peek() == Some(&Token::Sign("_".into())) {
            self.at += 1;
            let constant = matches!(self.peek(), Some(Token::Word(next)) if next == "bar");
            if constant {
                self.at += 1;
                return format!("<mover>{out}<mo>¯</mo></mover>");
            }
            let below = self.script();
            let below = if below == "<mtext>star</mtext>" { "<mo>⋆</mo>".to_owned() } else { row(&below) };
            out = if SQUARES.contains(&word) {
                format!("<msubsup>{}{below}<mn>2</mn></msubsup>", symbol(word.trim_end_matches('2')))
            } else if LIMITS.contains(&word) {
                format!("<munder>{out}{below}</munder>")
            } else {
                format!("<msub>{out}{below}</msub>")
            };
        }
        let called = self.peek() == Some(&Token::Sign("(".into()));
        match word {
            "sqrt" if called => {
                self.at += 1;
                let inner = self.relation();
                self.close();
                format!("<msqrt>{}</msqrt>", row(&inner))
            }
            "floor" | "ceil" if called => {
                self.at += 1;
                let inner = self.relation();
                self.close();
                let (open, shut) = if word == "floor" { ('⌊', '⌋') } else { ('⌈', '⌉') };
                format!("<mrow><mo>{open}</mo>{inner}<mo>{shut}</mo></mrow>")
            }
            _ if LIMITS.contains(&word) || word == "E" => out + "<mspace width=\"0.17em\"></mspace>",
            _ => out,
        }
    }
}

/// The inside of a formula that is one pair of round brackets.
fn without_brackets(markup: &str) -> String {
    let inner = markup.strip_prefix("<mrow><mo>(</mo>").and_then(|rest| rest.strip_suffix("<mo>)</mo></mrow>"));
    match inner {
        // One pair, not `(a)(b)`.
        Some(inner) if balanced(inner) => inner.to_owned(),
        _ => markup.to_owned(),
    }
}

fn balanced(markup: &str) -> bool {
    let mut depth = 0i32;
    for piece in markup.split('<') {
        match piece {
            piece if piece.starts_with("mrow>") => depth += 1,
            piece if piece.starts_with("/mrow>") => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}
