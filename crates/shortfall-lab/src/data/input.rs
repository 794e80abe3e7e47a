//! Files as streams of bytes: unpacked on the way, watched by the budget, safe from what unpacks to far too much.

use flate2::read::MultiGzDecoder;
use shortfall::source::Budget;
use std::cell::Cell;
use std::io::{Error, Read, Result};
use std::rc::Rc;

/// Bytes between two questions to the budget.
const STRIDE: u64 = 1 << 23;
/// How many times its size a packed file may unpack to, once that is more than [`HARMLESS`].
const MOST_EXPANSION: u64 = 300;
const HARMLESS: u64 = 1 << 28;

/// A stream that counts what was read and asks the budget.
pub(super) struct Watched<'a, R> {
    inner: R,
    /// Bytes there are.
    length: u64,
    read: Rc<Cell<u64>>,
    asked: u64,
    budget: &'a dyn Budget,
}

impl<'a, R: Read> Watched<'a, R> {
    pub(super) fn new(inner: R, length: u64, budget: &'a dyn Budget) -> Self {
        Self { inner, length, read: Rc::default(), asked: 0, budget }
    }
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.inner.read(buffer)?;
        let read = self.read.get() + count as u64;
        self.read.set(read);
        if read >= self.asked + STRIDE {
            self.asked = read;
            if self.budget.is_interrupted("reading", Some(read as f64 / self.length.max(1) as f64)) {
                return Err(Error::other("stopped while reading"));
            }
        }
        Ok(count)
    }
}

/// What a gzip file of one or more members unpacks to.
pub(super) struct Unpacked<'a, R> {
    decoder: MultiGzDecoder<Watched<'a, R>>,
    packed: Rc<Cell<u64>>,
    unpacked: u64,
}

impl<'a, R: Read> Unpacked<'a, R> {
    pub(super) fn new(packed: Watched<'a, R>) -> Self {
        let count = Rc::clone(&packed.read);
        Self { decoder: MultiGzDecoder::new(packed), packed: count, unpacked: 0 }
    }
}

impl<R: Read> Read for Unpacked<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.decoder.read(buffer).map_err(|error| {
            if error.to_string().contains("stopped") {
                return error;
            }
            if self.unpacked == 0 && error.kind() == std::io::ErrorKind::InvalidInput {
                return Error::other("this is no gzip file, though its name ends in .gz");
            }
            Error::other(format!(
                "the gzip data are damaged or cut off after {} bytes, unpacked to {}: {error}",
                self.packed.get(),
                self.unpacked
            ))
        })?;
        self.unpacked += count as u64;
        check_expansion(self.packed.get(), self.unpacked)?;
        Ok(count)
    }
}

/// Refuses what unpacks to far more than its size.
pub(super) fn check_expansion(packed: u64, unpacked: u64) -> Result<()> {
    if unpacked > HARMLESS && unpacked / MOST_EXPANSION > packed {
        return Err(Error::other(format!(
            "{packed} packed bytes unpack to more than {unpacked}, over {MOST_EXPANSION} times as many: refused; unpack it \
             yourself if that is right"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use shortfall::source::Unlimited;
    use std::io::Write;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(bytes: &[u8]) -> Result<Vec<u8>> {
        let mut unpacked = Vec::new();
        Unpacked::new(Watched::new(bytes, bytes.len() as u64, &Unlimited)).read_to_end(&mut unpacked)?;
        Ok(unpacked)
    }

    #[test]
    fn members_follow_each_other_and_damage_is_named() {
        let two = [packed(b"a,b\n"), packed(b"1,2\n")].concat();
        assert_eq!(unpack(&two).unwrap(), b"a,b\n1,2\n");
        let cut = unpack(&two[..two.len() - 5]).unwrap_err().to_string();
        assert!(cut.contains("cut off after"), "{cut}");
        let mut damaged = two.clone();
        damaged[14] ^= 0x55;
        assert!(unpack(&damaged).is_err() && unpack(b"x,y\n").is_err());
    }

    #[test]
    fn far_more_than_it_was_is_refused() {
        assert!(check_expansion(1 << 20, (1 << 29) + (1 << 20)).is_err());
        assert!(check_expansion(1 << 20, 1 << 28).is_ok() && check_expansion(1 << 21, 1 << 29).is_ok());
    }
}
