//! Every reader on damaged files: whatever the bytes, a table or a message, never a panic.
//!
//! Inputs are mutations of those in `tests/corpus`, and of inputs that led to a message not seen before. A test run tries
//! some thousands; `SHORTFALL_FUZZ=10000000 cargo test --release -p shortfall-lab --lib fuzz` tries as many as it says.

use super::input::{Unpacked, Watched};
use super::{csv, npy, npz, svmlight};
use shortfall::arguments::BadInput;
use shortfall::random::{Generator, Role};
use shortfall::source::{Features, Table, Unlimited};
use std::collections::HashSet;
use std::io::Cursor;
use std::path::Path;

/// Inputs of a plain test run.
const FEW: u64 = 4000;
/// Longest input: long ones only take time.
const LONGEST: usize = 4096;

const TOKENS: &[&[u8]] = &[
    b"nan",
    b"inf",
    b"-0",
    b"1e308",
    b"1e999",
    b"9223372036854775808",
    b"18446744073709551615",
    b"\"",
    b"\"\"",
    b"\r\n",
    b"\n\n",
    b",",
    b";",
    b"\t",
    b"0:1",
    b"4294967295:1",
    b"qid:1",
    b"#",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\0",
    b"True",
    b"'<f8'",
    b"'>U3'",
    b"'|S2'",
    b"(2, 3)",
    b"()",
    b"(99999999999,)",
    b"PK\x01\x02",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"PK\x06\x07",
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x1f\x8b\x08\x00",
    b"\x93NUMPY\x01\x00",
];

struct Fuzzer {
    generator: Generator,
    pool: Vec<Vec<u8>>,
    seen: HashSet<String>,
}

impl Fuzzer {
    fn below(&mut self, bound: usize) -> usize {
        self.generator.below(bound.max(1) as u64) as usize
    }

    fn mutated(&mut self) -> Vec<u8> {
        let from = self.below(self.pool.len());
        let mut bytes = self.pool[from].clone();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = (at + 1 + self.below(16)).min(bytes.len());
            match self.below(8) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => bytes[at] = self.below(256) as u8,
                2 => drop(bytes.drain(at..end.max(at))),
                3 => bytes.truncate(at),
                4 => {
                    let piece = bytes[at..end.max(at)].to_vec();
                    let to = self.below(bytes.len() + 1);
                    bytes.splice(to..to, piece);
                }
                5 => {
                    let other = self.below(self.pool.len());
                    let other = self.pool[other].clone();
                    let cut = self.below(other.len() + 1);
                    bytes.truncate(at);
                    bytes.extend(&other[cut..]);
                }
                _ => {
                    let token = TOKENS[self.below(TOKENS.len())];
                    let over = if self.below(2) == 0 { at } else { (at + token.len()).min(bytes.len()) };
                    bytes.splice(at..over, token.iter().copied());
                }
            }
        }
        bytes.truncate(LONGEST);
        bytes
    }

    /// Keeps an input whose message, numbers aside, is new.
    fn learn(&mut self, bytes: Vec<u8>, outcome: &str) {
        let kind: String = outcome.chars().rev().filter(|c| !c.is_ascii_digit()).take(60).collect();
        if self.pool.len() < 2000 && self.seen.insert(kind) {
            self.pool.push(bytes);
        }
    }
}

fn fuzz(reader: &str, read: impl Fn(&[u8]) -> Result<Table, BadInput>) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(reader);
    let mut names: Vec<_> = std::fs::read_dir(&corpus).expect("a corpus").map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let pool: Vec<Vec<u8>> = names.iter().map(|name| std::fs::read(name).unwrap()).collect();
    let wanted = std::env::var("SHORTFALL_FUZZ").ok().map(|text| text.parse().expect("SHORTFALL_FUZZ is a number"));
    let mut fuzzer = Fuzzer { generator: Generator::new(7, 0, Role::Other), pool, seen: HashSet::new() };
    let mut tables = 0u64;
    for input in 0..wanted.unwrap_or(FEW) {
        // The corpus first, as it is.
        let plain = fuzzer.pool.get(input as usize).filter(|_| input < names.len() as u64).cloned();
        let bytes = plain.unwrap_or_else(|| fuzzer.mutated());
        match read(&bytes) {
            Ok(table) => {
                tables += 1;
                check(&table);
                fuzzer.learn(bytes, &format!("{} {}", table.rows() > 3, table.columns.len() > 3));
            }
            Err(error) => {
                assert!(!error.message.is_empty() && error.message.len() < 2000, "{}", error.message);
                fuzzer.learn(bytes, &error.message);
            }
        }
    }
    assert!(tables > 0 && fuzzer.seen.len() > 2, "{reader}: {tables} tables, {} kinds", fuzzer.seen.len());
    if wanted.is_some() {
        println!("{reader}: {tables} tables, {} kinds of outcome", fuzzer.seen.len());
    }
}

/// What every table promises.
fn check(table: &Table) {
    let (rows, columns) = (table.rows(), table.columns.len());
    assert!(rows > 0 && columns > 0);
    let finite = match &table.features {
        Features::Dense(features) => {
            assert_eq!(features.len(), rows * columns);
            features.iter().all(|x| x.is_finite())
        }
        Features::Sparse(matrix) => {
            assert_eq!(matrix.count(), rows);
            matrix.entries().all(|(column, x)| (column as usize) < columns && x.is_finite())
        }
        Features::Stored(_) => panic!("these files are small"),
    };
    assert!(finite);
}

#[test]
fn csv_files() {
    fuzz("csv", |bytes| csv::read("x", bytes, None, None));
}

#[test]
fn svmlight_files() {
    fuzz("svmlight", |bytes| svmlight::read("x", bytes, None));
}

#[test]
fn npy_files() {
    fuzz("npy", |bytes| npy::read(npy::Array::open("x", &mut &*bytes, bytes.len() as u64)?, None));
}

#[test]
fn npz_files() {
    fuzz("npz", |bytes| npz::read("x", Cursor::new(bytes), None));
}

#[test]
fn gzip_files() {
    fuzz("gzip", |bytes| {
        let unpacked = Unpacked::new(Watched::new(bytes, bytes.len() as u64, &Unlimited));
        csv::read("x", unpacked, None, None)
    });
}
