use super::*;
use proptest::prelude::*;

/// As numpy.save writes it.
fn file(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(data);
    bytes
}

fn doubles(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn read(source: &str, mut bytes: &[u8], target: Option<&str>) -> Result<Table, BadInput> {
    let length = bytes.len() as u64;
    super::read(Array::open(source, &mut bytes, length)?, target)
}

fn message(bytes: &[u8]) -> String {
    read("`a.npy`", bytes, None).unwrap_err().message
}

fn dense(table: &Table) -> &[f64] {
    match &table.features {
        Features::Dense(features) => features,
        _ => panic!("a dense table"),
    }
}

#[test]
fn orders_types_and_targets() {
    let plain = file("<f8", false, "(2, 3)", &doubles(&[1.0, 2.5, 0.0, -3.0, 4.0, 1.0]));
    let table = read("", &plain, None).unwrap();
    assert_eq!((dense(&table), table.labels.texts().join(" ").as_str()), (&[1.0, 2.5, -3.0, 4.0][..], "0 1"));
    assert_eq!((table.columns.join(" ").as_str(), table.target.as_str()), ("0 1", "2"));
    let first = read("", &plain, Some("0")).unwrap();
    assert_eq!((dense(&first), first.labels.texts().join(" ").as_str()), (&[2.5, 0.0, 4.0, 1.0][..], "1 -3"));
    let fortran = file("<f8", true, "(2, 3)", &doubles(&[1.0, -3.0, 2.5, 4.0, 0.0, 1.0]));
    assert_eq!(read("", &fortran, None).unwrap(), table);
    let big: Vec<u8> = [1i16, -2, 300, -400].iter().flat_map(|value| value.to_be_bytes()).collect();
    assert_eq!(dense(&read("", &file(">i2", false, "(2, 2)", &big), None).unwrap()), [1.0, 300.0]);
    let small = file("|b1", false, "(2, 2)", &[1, 0, 0, 1]);
    assert_eq!(read("", &small, None).unwrap().labels.texts(), ["0", "1"]);
    let single: Vec<u8> = [0.5f32, -1.25].iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_eq!(dense(&read("", &file("<f4", false, "(1, 2)", &single), None).unwrap()), [0.5]);
}

#[test]
fn errors_name_what_is_wrong() {
    assert!(message(b"x,y\n1,2\n").contains("no NPY file"));
    assert!(message(b"\x93NUMPY\x01\x00\xff\xff{").contains("cut off"));
    assert!(message(&file("<f8", false, "(2, 2)", &doubles(&[1.0, 2.0, 3.0]))).contains("24 bytes follow"));
    assert!(message(&file("<f8", false, "(9223372036854775807, 4)", &[])).contains("more than any file"));
    assert!(message(&file("<f8", false, "(4,)", &doubles(&[1.0; 4]))).contains("a matrix is expected"));
    assert!(message(&file("<c8", false, "(2, 2)", &[0; 32])).contains("astype(float)"));
    assert!(message(&file("|O", false, "(2, 2)", &[0; 8])).contains("`|O`"));
    assert!(message(&file("<f8", false, "(2, 2)", &doubles(&[1.0, 2.0, f64::NAN, 0.0]))).contains("row 1, column 0"));
    assert!(message(&file("<f8", false, "(2, 1)", &doubles(&[1.0, 2.0]))).contains("one feature and the target"));
    let plain = file("<f8", false, "(2, 2)", &doubles(&[1.0; 4]));
    assert!(read("", &plain, Some("y")).unwrap_err().message.contains("numbered from 0 to 1"));
}

proptest! {
    #[test]
    fn no_bytes_panic(cut in 0..200usize, place in 0..200usize, byte in any::<u8>(), tail in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut bytes = file("<f8", false, "(2, 3)", &doubles(&[1.0, 2.5, 0.0, -3.0, 4.0, 1.0]));
        let place = place % bytes.len();
        bytes[place] = byte;
        bytes.truncate(bytes.len() - cut % bytes.len());
        bytes.extend(tail);
        let _ = read("", &bytes, None);
    }
}

#[test]
fn halves_and_text() {
    let halves: Vec<u8> = [0x3c00u16, 0xc000, 0x0001, 0x7bff].iter().flat_map(|bits| bits.to_le_bytes()).collect();
    let table = read("", &file("<f2", false, "(2, 2)", &halves), None).unwrap();
    assert_eq!((dense(&table), table.labels.texts().join(" ").as_str()), (&[1.0, 2f64.powi(-24)][..], "-2 65504"));
    let labels = |bytes: &[u8]| Array::open("", &mut &*bytes, bytes.len() as u64)?.labels();
    let unicode: Vec<u8> = "ab\0é\0\0".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    assert_eq!(labels(&file("<U3", false, "(2,)", &unicode)).unwrap().texts(), ["ab", "é"]);
    let big: Vec<u8> = "ab\0é\0\0".chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
    assert_eq!(labels(&file(">U3", false, "(2,)", &big)).unwrap().texts(), ["ab", "é"]);
    assert_eq!(labels(&file("|S2", false, "(2,)", b"x\0yz")).unwrap().texts(), ["x", "yz"]);
    assert!(labels(&file("|S2", false, "(2,)", b"x\0\0\0")).unwrap_err().message.contains("row 1"));
    assert!(message(&file("|S2", false, "(2, 2)", b"abcdefgh")).contains("text, where numbers"));
}

#[test]
fn vectors_and_matrices() {
    let matrix = |bytes: &[u8]| read_matrix(Array::open("", &mut &*bytes, bytes.len() as u64)?);
    let fortran = matrix(&file("<f8", true, "(2, 3)", &doubles(&[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]))).unwrap();
    assert_eq!((fortran.rows, fortran.columns, fortran.entries), (2, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    let vector = matrix(&file("<f8", false, "(2,)", &doubles(&[1.0, 4.0]))).unwrap();
    assert_eq!((vector.rows, vector.columns, vector.entries), (2, 1, vec![1.0, 4.0]));
    assert!(matrix(&file("<f8", false, "()", &doubles(&[1.0]))).unwrap_err().message.contains("a matrix or a vector"));
    let infinite = file("<f8", true, "(2, 2)", &doubles(&[1.0, f64::INFINITY, 2.0, 3.0]));
    assert!(matrix(&infinite).unwrap_err().message.contains("row 1, column 0"));
}
