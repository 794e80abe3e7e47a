//! Mathematics of statements, written as for a terminal, as MathML: one source for both.
//!
//! Statements mix prose with formulas, in a notation of their own that is not TeX: `min_{t<=T} F_t <= tau^2/(2*mu)`. A stretch
//! of names, numbers and signs is a formula; words that are no names end it.

mod math;
mod tokens;

use crate::page::escape;
use math::math;
use shortfall::theorem::find;
use tokens::{Token, tokens};

/// Text with formulas, as HTML; ids of statements link to them.
pub fn html(text: &str) -> String {
    let tokens = tokens(text);
    let (mut out, mut at) = (String::new(), 0);
    while at < tokens.len() {
        let end = formula_end(&tokens, at);
        if end > at {
            out += &format!("<math>{}</math>", math(&tokens[at..end]));
            at = end;
            continue;
        }
        match &tokens[at] {
            Token::Space => out.push(' '),
            // Quotes of the terminal.
            Token::Sign(sign) if sign == "`" => {}
            Token::Word(word) if find(word).is_some() => {
                out += &format!("<a href=\"#statement-{word}\"><code>{word}</code></a>");
            }
            Token::Word(word) | Token::Name(word) | Token::Number(word) | Token::Sign(word) => out += &escape(word),
        }
        at += 1;
    }
    out
}

/// Where the formula that begins at a token ends; at itself if none begins.
fn formula_end(tokens: &[Token], from: usize) -> usize {
    let sign = |at: usize| match tokens.get(at) {
        Some(Token::Sign(sign)) => sign.as_str(),
        _ => "",
    };
    if tokens[from] == Token::Space {
        return from;
    }
    let (mut at, mut end, mut depth) = (from, from, 0usize);
    // Whether an operator waits for what it applies to.
    let mut open = true;
    while let Some(token) = tokens.get(at) {
        match token {
            Token::Name(name) if depth == 0 && open && end == from && is_article(tokens, at, name) => break,
            Token::Name(_) | Token::Number(_) => open = false,
            Token::Word(word) if sign(at.wrapping_sub(1)) == "_" => {
                // A subscript such as `beta_rms`.
                let _ = word;
                open = false;
            }
            Token::Word(_) if depth > 0 => open = false,
            Token::Word(_) => break,
            Token::Space => {}
            Token::Sign(sign_here) => match sign_here.as_str() {
                "(" | "[" | "{" => {
                    let Some(close) = closing(tokens, at) else { break };
                    // In prose a bracket with words in it is prose, and so is one that stands off a formula.
                    let words = tokens[at..close]
                        .iter()
                        .enumerate()
                        .any(|(i, token)| matches!(token, Token::Word(_)) && sign((at + i).wrapping_sub(1)) != "_");
                    let attached = at > from && tokens[at - 1] != Token::Space;
                    if depth == 0 && words && !attached {
                        break;
                    }
                    depth += 1;
                    open = true;
                }
                ")" | "]" | "}" if depth > 0 => {
                    depth -= 1;
                    open = false;
                }
                ")" | "]" | "}" => break,
                "," | ";" | ":" if depth == 0 => break,
                "," | ";" | ":" => open = true,
                "." if depth == 0 => break,
                "|" if depth == 0 && open && end == from && closing_bar(tokens, at).is_none() => break,
                "|" => open = false,
                "'" | "''" => {}
                "<" | ">" | "<=" | ">=" | "=" | "+" | "-" | "*" | "/" | "^" | "_" | "~" | "->" | "+-" | "!=" | "**"
                | "=>" => {
                    // A dash or a sign that begins nothing.
                    if end == from && depth == 0 && !begins(tokens, at) {
                        break;
                    }
                    let mark = matches!(sign_here.as_str(), "*" | "+") && !begins(tokens, at);
                    open = !mark;
                }
                _ if depth == 0 => break,
                _ => {}
            },
        }
        at += 1;
        if depth == 0 && !matches!(token, Token::Space) && !open {
            end = at;
        }
    }
    end
}

/// Whether a sign stands before something it may apply to.
fn begins(tokens: &[Token], at: usize) -> bool {
    let next = tokens[at + 1..].iter().find(|token| **token != Token::Space);
    matches!(next, Some(Token::Name(_) | Token::Number(_)))
        || matches!(next, Some(Token::Sign(sign)) if matches!(sign.as_str(), "(" | "|" | "[" | "{" | "-"))
}

/// `a` and `I` in prose, and single letters between words.
fn is_article(tokens: &[Token], at: usize, name: &str) -> bool {
    let next = tokens.get(at + 1);
    let beyond = tokens[at + 1..].iter().find(|token| **token != Token::Space);
    let applied = matches!(next, Some(Token::Sign(sign)) if matches!(sign.as_str(), "_" | "^" | "(" | "'" | "''" | "*" | "/" | "+" | "-"))
        || matches!(beyond, Some(Token::Sign(sign)) if matches!(sign.as_str(), "=" | "<=" | ">=" | "<" | ">" | "+" | "-" | "*" | "/"));
    matches!(name, "a" | "A" | "I" | "s") && !applied
}

/// The bracket that closes one.
fn closing(tokens: &[Token], at: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (i, token) in tokens.iter().enumerate().skip(at) {
        if let Token::Sign(sign) = token {
            match sign.as_str() {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return Some(i);
            }
        }
    }
    None
}

fn closing_bar(tokens: &[Token], at: usize) -> Option<usize> {
    (at + 1..tokens.len()).find(|i| tokens[*i] == Token::Sign("|".into()))
}

#[cfg(test)]
mod tests;
