//! Reading an expression in x.
//!
//! ```text
//! sum     = product { ("+" | "-") product }
//! product = signed { ("*" | "/") signed }
//! signed  = ("-" | "+") signed | power
//! power   = atom [ "^" signed ]
//! atom    = number | "x" | "pi" | "e" | function "(" sum ")" | "(" sum ")"
//! ```
//!
//! So `-x^2` is `-(x^2)` and `x^y^z` is `x^(y^z)`. Parts without x are computed once, at once.

use super::tape::{Fixed, Function, Op, Tape};
use crate::constants::Number;

/// Levels of parentheses, signs and powers.
const DEEPEST: usize = 200;
/// Characters.
const LONGEST: usize = 2000;
/// Powers up to this size are repeated products.
const LARGEST_WHOLE: f64 = 1e6;

/// What is wrong, and at which character, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub column: usize,
    pub message: String,
}

/// Reads the text. `Err` names the place.
pub fn parse(text: &str) -> Result<Tape, Wrong> {
    let mut reader = Reader { text: text.chars().take(LONGEST + 1).collect(), at: 0, depth: 0, ops: Vec::new() };
    if reader.text.len() > LONGEST {
        return Err(reader.wrong(LONGEST, format!("an expression has at most {LONGEST} characters")));
    }
    reader.sum()?;
    if reader.peek().is_some() {
        return Err(reader.expected("an operator (+ - * / ^) or the end"));
    }
    if !reader.ops.contains(&Op::X) {
        return Err(reader.wrong(0, "an expression in x is expected, but it has no x in it".to_owned()));
    }
    Ok(Tape::new(reader.ops))
}

struct Reader {
    text: Vec<char>,
    at: usize,
    depth: usize,
    ops: Vec<Op>,
}

impl Reader {
    fn wrong(&self, at: usize, message: String) -> Wrong {
        Wrong { column: at + 1, message }
    }

    fn expected(&mut self, what: &str) -> Wrong {
        let found = match self.peek() {
            Some(character) => format!("not `{}`", character.escape_debug()),
            None => "but the text ends".to_owned(),
        };
        self.wrong(self.at, format!("{what} is expected, {found}"))
    }

    /// The next character that is not a space.
    fn peek(&mut self) -> Option<char> {
        while self.text.get(self.at).is_some_and(|character| character.is_whitespace()) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn take(&mut self, character: char) -> bool {
        let found = self.peek() == Some(character);
        self.at += usize::from(found);
        found
    }

    fn deeper(&mut self, read: fn(&mut Self) -> Result<(), Wrong>) -> Result<(), Wrong> {
        if self.depth == DEEPEST {
            return Err(self.wrong(self.at, format!("at most {DEEPEST} levels can be nested")));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn sum(&mut self) -> Result<(), Wrong> {
        self.product()?;
        loop {
            let at = self.at;
            let op = match self.peek() {
                Some('+') => Op::Add,
                Some('-') => Op::Subtract,
                _ => return Ok(()),
            };
            self.at += 1;
            self.product()?;
            self.push(op, 2, at)?;
        }
    }

    fn product(&mut self) -> Result<(), Wrong> {
        self.signed()?;
        loop {
            let op = match self.peek() {
                Some('*') => Op::Multiply,
                Some('/') => Op::Divide,
                _ => return Ok(()),
            };
            let at = self.at;
            self.at += 1;
            if op == Op::Multiply && self.text.get(self.at) == Some(&'*') {
                return Err(self.wrong(self.at, "a power is written ^, not **".to_owned()));
            }
            self.signed()?;
            self.push(op, 2, at)?;
        }
    }

    fn signed(&mut self) -> Result<(), Wrong> {
        let negative = self.peek() == Some('-');
        let at = self.at;
        if negative || self.take('+') {
            self.at = at + 1;
            self.deeper(Self::signed)?;
            return if negative { self.push(Op::Negate, 1, at) } else { Ok(()) };
        }
        self.power()
    }

    fn power(&mut self) -> Result<(), Wrong> {
        self.atom()?;
        if !self.take('^') {
            return Ok(());
        }
        let (at, exponent) = (self.at - 1, self.ops.len());
        self.deeper(Self::signed)?;
        match self.ops[exponent..] {
            [Op::Fixed(Fixed { value, enclosure })] => {
                self.ops.truncate(exponent);
                let whole = enclosure.low == enclosure.high && value.fract() == 0.0 && value.abs() <= LARGEST_WHOLE;
                self.push(if whole { Op::Whole(value as i32) } else { Op::Real(Fixed { value, enclosure }) }, 1, at)
            }
            _ => self.push(Op::Power, 2, at),
        }
    }

    fn atom(&mut self) -> Result<(), Wrong> {
        let what = "a number, x, pi, e, a function or (";
        match self.peek() {
            Some('(') => {
                self.at += 1;
                self.deeper(Self::sum)?;
                self.close()
            }
            Some(character) if character.is_ascii_digit() || character == '.' => self.number(),
            Some(character) if character.is_alphabetic() => self.name(),
            _ => Err(self.expected(what)),
        }
    }

    fn close(&mut self) -> Result<(), Wrong> {
        if self.take(')') { Ok(()) } else { Err(self.expected("an operator or )")) }
    }

    fn digits(&mut self) {
        while self.text.get(self.at).is_some_and(char::is_ascii_digit) {
            self.at += 1;
        }
    }

    fn number(&mut self) -> Result<(), Wrong> {
        let from = self.at;
        self.digits();
        if self.text.get(self.at) == Some(&'.') {
            self.at += 1;
            self.digits();
        }
        if matches!(self.text.get(self.at), Some('e' | 'E')) {
            let sign = usize::from(matches!(self.text.get(self.at + 1), Some('+' | '-')));
            if self.text.get(self.at + 1 + sign).is_some_and(char::is_ascii_digit) {
                self.at += 1 + sign;
                self.digits();
            }
        }
        let text: String = self.text[from..self.at].iter().collect();
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => {
                self.ops.push(Op::Fixed(Fixed::exact(value)));
                Ok(())
            }
            Ok(_) => Err(self.wrong(from, format!("a finite number is expected, not {text}"))),
            Err(_) => Err(self.wrong(from, format!("a number is expected, not `{text}`"))),
        }
    }

    fn name(&mut self) -> Result<(), Wrong> {
        let from = self.at;
        while self.text.get(self.at).is_some_and(|character| character.is_alphanumeric() || *character == '_') {
            self.at += 1;
        }
        let name: String = self.text[from..self.at].iter().collect();
        let constant = |value: f64, enclosure| Op::Fixed(Fixed { value, enclosure });
        let op = match name.as_str() {
            "x" => Op::X,
            "pi" => constant(std::f64::consts::PI, Number::pi()),
            "e" => constant(std::f64::consts::E, Number::exact(1.0).exp()),
            _ => {
                let Some((_, function)) = Function::NAMED.iter().find(|(known, _)| *known == name) else {
                    let known: Vec<&str> = Function::NAMED.iter().map(|(name, _)| *name).collect();
                    let shown: String = name.chars().take(30).collect();
                    return Err(self.wrong(from, format!("`{shown}` is not one of x, pi, e, {}", known.join(", "))));
                };
                if !self.take('(') {
                    return Err(self.expected(&format!("( after {name}")));
                }
                self.deeper(Self::sum)?;
                self.close()?;
                return self.push(Op::Apply(*function), 1, from);
            }
        };
        self.ops.push(op);
        Ok(())
    }

    /// Adds an instruction; one whose operands are constants is carried out.
    fn push(&mut self, op: Op, operands: usize, at: usize) -> Result<(), Wrong> {
        self.ops.push(op);
        let from = self.ops.len() - 1 - operands;
        if !self.ops[from..from + operands].iter().all(|operand| matches!(operand, Op::Fixed(_))) {
            return Ok(());
        }
        let tape = Tape::new(self.ops.split_off(from));
        let enclosure = tape.run(Number::exact(0.0)).filter(|number| number.low.is_finite() && number.high.is_finite());
        let value = tape.run(0.0).filter(|value| value.is_finite());
        let (Some(enclosure), Some(value)) = (enclosure, value) else {
            return Err(self.wrong(at, "this part without x is not a finite number".to_owned()));
        };
        self.ops.push(Op::Fixed(Fixed { value, enclosure }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, x: f64) -> f64 {
        parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}")).run(x).expect("plain numbers")
    }

    #[test]
    fn precedence_and_associativity() {
        for (text, expected) in [
            ("-x^2", -9.0),
            ("2^x^2/256", 2.0),
            ("x-2-1", 0.0),
            ("24/x/2", 4.0),
            ("2*x+1", 7.0),
            ("2+x*-1", -1.0),
            ("x^-1*6", 2.0),
            ("--x", 3.0),
            ("(x+1)*2", 8.0),
            ("abs(-x) + sqrt( x*3 )", 6.0),
            ("1.5e1+.5+x*0", 15.5),
            ("2.*x", 6.0),
            ("x^0.5^0", 3.0),
            ("exp(log(x))-x+cos(pi*0)", 1.0),
        ] {
            assert!((at(text, 3.0) - expected).abs() < 1e-14, "{text}: {}", at(text, 3.0));
        }
        assert_eq!(at("x+e", 0.0), std::f64::consts::E);
    }

    #[test]
    fn parts_without_x_are_one_constant() {
        assert_eq!(parse("x*(2+3*4)").map(|tape| tape.len()), Ok(3));
        assert_eq!(parse("x^(1+1)").map(|tape| tape.len()), Ok(2));
    }

    #[test]
    fn errors_name_the_column() {
        for (text, column, part) in [
            ("", 1, "the text ends"),
            ("   ", 4, "the text ends"),
            ("x+", 3, "the text ends"),
            ("((((", 5, "the text ends"),
            ("(x", 3, ")"),
            ("x)", 2, "operator"),
            ("1/0", 2, "finite"),
            ("x+log(-1)", 3, "finite"),
            ("foo(x)", 1, "`foo`"),
            ("y", 1, "`y`"),
            ("2 x", 3, "operator"),
            ("x**2", 3, "^"),
            ("sin x", 5, "("),
            ("x+1e999", 3, "finite number"),
            ("x+.", 3, "number"),
            ("3", 1, "no x"),
            ("x+\u{3c0}", 3, "\u{3c0}"),
            ("x \u{2212} 1", 3, "\u{2212}"),
            ("2e", 2, "operator"),
        ] {
            let wrong = parse(text).expect_err(text);
            assert_eq!(wrong.column, column, "{text}: {wrong:?}");
            assert!(wrong.message.contains(part), "{text}: {wrong:?}");
        }
    }

    #[test]
    fn nothing_overflows_the_stack() {
        for text in ["(".repeat(100_000), "-".repeat(1_900) + "x", "x^".repeat(900) + "x", "sin(".repeat(400)] {
            assert!(parse(&text).is_err());
        }
        let long = "x+".repeat(900) + "x";
        assert_eq!(at(&long, 1.0), 901.0);
        let nested = "(".repeat(150) + "x" + &")".repeat(150);
        assert_eq!(at(&nested, 2.0), 2.0);
    }
}
