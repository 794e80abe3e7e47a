//! Tests of quadratics from a matrix.

use super::*;
use crate::arguments::Value;
use crate::parallel::Sequential;
use crate::problem::Quadratic;
use crate::source::{Matrix, Table, TableRequest};

/// Q and b of f = (x - 1)'A(x - 1)/2 with A rotated, eigenvalues given; f* = -1'A1/2.
fn shifted(eigenvalues: &[f64]) -> (MatrixQuadratic, Quadratic) {
    let d = eigenvalues.len();
    let rotated = Quadratic::rotated(eigenvalues.to_vec(), 3);
    let mut matrix = vec![0.0; d * d];
    rotated.matrix_at(&vec![0.0; d], &mut matrix);
    for i in 0..d {
        for j in 0..i {
            matrix[i * d + j] = matrix[j * d + i];
        }
    }
    let linear = (0..d).map(|i| -matrix[i * d..][..d].iter().sum::<f64>()).collect();
    (MatrixQuadratic::new(matrix, linear), rotated)
}

#[test]
fn a_minimum_beyond_the_largest_double_is_not_claimed() {
    let problem = MatrixQuadratic::new(vec![2.0, 0.0, 0.0, 1.0], vec![1e300, 0.0]);
    let Minimum::Unknown { reason } = problem.minimum() else { panic!("f* = -2.5e599") };
    assert!(reason.contains("beyond the largest double"), "{reason}");
    let constants = problem.constants(&Ask { start: &[0.0; 2], sampling: None });
    assert!(constants.get(Symbol::Delta).value().is_none());
    let beta = constants.get(Symbol::Beta).value().expect("known");
    assert!((2.0..2.0 + 1e-9).contains(&beta));
}

#[test]
fn a_rotated_quadratic_from_its_matrix() {
    let eigenvalues: Vec<f64> = (0..40).map(|i| 0.3 + 0.2 * f64::from(i)).collect();
    let (problem, rotated) = shifted(&eigenvalues);
    let x: Vec<f64> = (0..40).map(|i| 1.0 + (f64::from(i) * 0.7).sin()).collect();
    let from: Vec<f64> = x.iter().map(|x| x - 1.0).collect();
    let (mut g, mut h) = (vec![0.0; 40], vec![0.0; 40]);
    let (value, plain) = (problem.value_gradient(&x, &mut g), rotated.value_gradient(&from, &mut h));
    assert!(g.iter().zip(&h).all(|(a, b)| (a - b).abs() < 1e-12));
    let Minimum::Known { value: least, error, point, .. } = problem.minimum() else { panic!("definite") };
    assert!((value - least - plain).abs() < 1e-11 && error < 1e-11, "{error:e}");
    assert!(point.iter().all(|x| (x - 1.0).abs() < 1e-13));
    let constants = problem.constants(&Ask { start: &x, sampling: None });
    let value = |symbol| constants.get(symbol).value().expect("known");
    for (symbol, exact, side) in [
        (Symbol::Beta, 8.1, 1.0),
        (Symbol::Mu, 0.3, -1.0),
        (Symbol::Delta, plain, 1.0),
        (Symbol::D2, dot(&from, &from), 1.0),
    ] {
        let off = (value(symbol) / exact - 1.0) * side;
        // Q is the rotated matrix to rounding only.
        assert!((-1e-13..1e-10).contains(&off), "{symbol:?} {off:e}");
    }
    assert_eq!(value(Symbol::Omega), 0.0);
}

/// Their eigenvalues are told without eigenvectors.
#[test]
fn constants_of_a_large_matrix() {
    let eigenvalues: Vec<f64> = (0..260).map(|i| 0.3 + 0.02 * f64::from(i)).collect();
    let (problem, _) = shifted(&eigenvalues);
    let constants = problem.constants(&Ask { start: &[2.0; 260], sampling: None });
    for (symbol, exact, side) in [(Symbol::Beta, 0.3 + 0.02 * 259.0, 1.0), (Symbol::Mu, 0.3, -1.0)] {
        let off = (constants.get(symbol).value().expect("known") / exact - 1.0) * side;
        assert!((-1e-13..1e-7).contains(&off), "{symbol:?} {off:e}");
    }
    assert!(problem.tridiagonal.get().is_some() && problem.eigen.get().is_none());
    // The same but for a smallest eigenvalue that is nearly 0, which eigenvectors tell.
    let (nearly, _) = shifted(&[&[1e-8], &eigenvalues[1..]].concat());
    let mu = nearly.constants(&Ask { start: &[2.0; 260], sampling: None }).get(Symbol::Mu).value().expect("above 0");
    assert!((9e-9..1e-8).contains(&mu) && nearly.eigen.get().is_some(), "{mu:e}");
}

#[test]
fn loose_circles_hold_and_threads_change_no_bit() {
    let (problem, _) = shifted(&(0..520).map(|i| 1.0 + f64::from(i % 7)).collect::<Vec<_>>());
    let range = problem.gershgorin();
    assert!(range.low <= 1.0 && range.high >= 7.0);
    let x: Vec<f64> = (0..520).map(|i| (f64::from(i) * 0.7).sin()).collect();
    let (mut a, mut b) = (vec![0.0; 520], vec![0.0; 520]);
    let alone = problem.value_gradient(&x, &mut a);
    assert_eq!((alone, &a), (problem.value_gradient_on(&x, &mut b, &Sequential), &b));
    let (y, mut c) = (vec![0.5; 520], vec![0.0; 520]);
    let values = problem.values_gradients_on(&[&y, &x], &mut [&mut c, &mut b], true, &Sequential);
    assert_eq!((alone, a), (values[1], b));
    let (other, mut d) = (values[0], vec![0.0; 520]);
    assert_eq!((problem.value_gradient(&y, &mut d), d), (other, c));
}

#[test]
fn what_is_not_definite_is_said_to_be_so() {
    let of = |matrix: &[f64], linear: &[f64]| MatrixQuadratic::new(matrix.to_vec(), linear.to_vec());
    // The path of two nodes: singular, and constant vectors are stationary.
    let laplacian = of(&[1.0, -1.0, -1.0, 1.0], &[0.0, 0.0]);
    assert!(matches!(laplacian.minimum(), Minimum::Unknown { .. }));
    assert_eq!(laplacian.default_start(), [1.0, 2.0]);
    let constants = laplacian.constants(&Ask { start: &[1.0, 2.0], sampling: None });
    assert!(constants.get(Symbol::Mu).value().is_none() && constants.get(Symbol::Omega).value() < Some(1e-12));
    assert!(matches!(of(&[1.0, 2.0, 2.0, -1.0], &[0.0, 0.0]).minimum(), Minimum::Unbounded { .. }));
    let Minimum::Known { value, error, .. } = of(&[2.0], &[0.0]).minimum() else { panic!("definite") };
    assert_eq!((value, error), (0.0, 0.0));
}

/// One matrix under every path but `b`, which is a vector.
struct Files(Matrix, Matrix);

impl DataSource for Files {
    fn table(&self, request: &TableRequest) -> Result<Table, BadInput> {
        crate::source::NoData.table(request)
    }

    fn matrix(&self, path: &str) -> Result<Matrix, BadInput> {
        Ok(if path == "b" { self.1.clone() } else { self.0.clone() })
    }
}

#[test]
fn files_that_do_not_fit_are_refused() {
    let matrix = |rows, columns, entries: &[f64]| Matrix { rows, columns, entries: entries.to_vec() };
    let arguments = Arguments::of("quadratic").with("matrix", Value::Text("Q".into()));
    let with_b = arguments.clone().with("linear", Value::Text("b".into()));
    let b = || matrix(2, 1, &[1.0, -1.0]);
    let refused = |arguments: &Arguments, q: Matrix, b: Matrix| {
        MatrixQuadratic::build(arguments, &Files(q, b)).err().expect("refused").message
    };
    let good = matrix(2, 2, &[2.0, 0.5, 0.5, 1.0]);
    assert!(MatrixQuadratic::build(&with_b, &Files(good.clone(), b())).is_ok());
    let message = refused(&arguments, matrix(2, 2, &[2.0, 0.5, 0.25, 1.0]), b());
    assert!(message.contains("0.25 in row 1, column 0") && message.contains("(Q + Q')/2"), "{message}");
    assert!(refused(&arguments, matrix(2, 1, &[2.0, 0.5]), b()).contains("a square one"));
    assert!(refused(&arguments, matrix(0, 0, &[]), b()).contains("a square one"));
    assert!(refused(&with_b, good.clone(), matrix(3, 1, &[0.0; 3])).contains("a vector of 2"));
    assert!(refused(&arguments.clone().with("rotation", Value::number(1.0)), good, b()).contains("one or the other"));
}
