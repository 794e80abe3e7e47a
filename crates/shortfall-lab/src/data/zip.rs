//! The members of a zip archive, as far as NumPy writes them: stored or deflated, with or without 64-bit sizes; what a
//! member unpacks to is held against its checksum.

use super::input::check_expansion;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use std::io::{Error, Read, Result, Seek, SeekFrom, Take};

/// A file in an archive.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) name: String,
    method: u16,
    checksum: u32,
    packed: u64,
    /// Size when unpacked, as the archive claims.
    pub(super) length: u64,
    /// Of its local header.
    offset: u64,
}

/// Most members that are listed.
const MOST_MEMBERS: usize = 10_000;
/// The record at the end of an archive with the longest comment.
const LONGEST_END: u64 = 22 + 65_535;

fn wrong(message: impl Into<String>) -> Error {
    Error::other(message.into())
}

/// A little-endian number of `size` bytes.
fn number(bytes: &[u8], at: usize, size: usize) -> Result<u64> {
    let field = bytes.get(at..at + size).ok_or_else(|| wrong("the zip archive's list of members is cut off"))?;
    Ok(field.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Lists an archive.
pub(super) fn members(file: &mut (impl Read + Seek)) -> Result<Vec<Member>> {
    let end = file.seek(SeekFrom::End(0))?;
    let from = end.saturating_sub(LONGEST_END);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.by_ref().take(LONGEST_END).read_to_end(&mut tail)?;
    let record = tail.windows(4).rposition(|window| window == b"PK\x05\x06");
    let record = record.ok_or_else(|| wrong("this is no zip archive, as numpy.savez writes them, or it is cut off"))?;
    let (mut count, mut size, mut offset) =
        (number(&tail, record + 10, 2)?, number(&tail, record + 12, 4)?, number(&tail, record + 16, 4)?);
    if count == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff {
        let locator = record.checked_sub(20).filter(|at| tail[*at..].starts_with(b"PK\x06\x07"));
        let locator = locator.ok_or_else(|| wrong("the zip archive's list of members is damaged"))?;
        file.seek(SeekFrom::Start(number(&tail, locator + 8, 8)?))?;
        let mut large = [0; 56];
        file.read_exact(&mut large)?;
        (count, size, offset) = (number(&large, 32, 8)?, number(&large, 40, 8)?, number(&large, 48, 8)?);
    }
    if count as usize > MOST_MEMBERS || size > end {
        return Err(wrong(format!("a zip archive that claims {count} members is not read")));
    }
    file.seek(SeekFrom::Start(offset))?;
    let mut list = Vec::new();
    file.by_ref().take(size).read_to_end(&mut list)?;
    let (mut at, mut members) = (0, Vec::new());
    for _ in 0..count {
        let (member, next) = member(&list, at)?;
        members.push(member);
        at = next;
    }
    Ok(members)
}

fn member(list: &[u8], at: usize) -> Result<(Member, usize)> {
    if number(list, at, 4)? != 0x0201_4b50 {
        return Err(wrong("the zip archive's list of members is damaged"));
    }
    let field = |offset, size| number(list, at + offset, size);
    let (name, extra, comment) = (field(28, 2)? as usize, field(30, 2)? as usize, field(32, 2)? as usize);
    let extra_from = at + 46 + name;
    let bytes = list.get(at + 46..extra_from + extra).ok_or_else(|| wrong("the zip archive's list is cut off"))?;
    let encrypted = field(8, 2)? & 1 == 1;
    let mut member = Member {
        name: String::from_utf8_lossy(&bytes[..name]).into_owned(),
        method: field(10, 2)? as u16,
        checksum: field(16, 4)? as u32,
        packed: field(20, 4)?,
        length: field(24, 4)?,
        offset: field(42, 4)?,
    };
    if encrypted {
        return Err(wrong(format!("member `{}` is encrypted", member.name)));
    }
    // 64-bit numbers stand in an extra field, those only whose place above is full.
    let mut wide = bytes[name..].to_vec();
    while wide.len() >= 4 {
        let (id, size) = (number(&wide, 0, 2)?, number(&wide, 2, 2)? as usize);
        if id == 1 {
            let mut from = 4;
            for slot in [&mut member.length, &mut member.packed, &mut member.offset] {
                if *slot == 0xffff_ffff {
                    *slot = number(&wide, from, 8)?;
                    from += 8;
                }
            }
        }
        wide.drain(..(4 + size).min(wide.len()));
    }
    Ok((member, extra_from + extra + comment))
}

/// What a member unpacks to; its checksum is compared when the last byte is read.
struct Checked<R> {
    inner: R,
    crc: Crc,
    left: u64,
    wanted: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let count = self.inner.read(&mut buffer[..most])?;
        self.crc.update(&buffer[..count]);
        self.left -= count as u64;
        if count > 0 && self.left == 0 && self.crc.sum() != self.wanted {
            return Err(wrong("the checksum in the zip archive is another: the file is damaged"));
        }
        Ok(count)
    }
}

/// The bytes of a member.
pub(super) fn open<'a, R: Read + Seek>(file: &'a mut R, member: &Member) -> Result<Box<dyn Read + 'a>> {
    check_expansion(member.packed, member.length)?;
    file.seek(SeekFrom::Start(member.offset))?;
    let mut header = [0; 30];
    file.read_exact(&mut header)?;
    if number(&header, 0, 4)? != 0x0403_4b50 {
        return Err(wrong(format!("member `{}` is not where the zip archive says", member.name)));
    }
    let skip = number(&header, 26, 2)? + number(&header, 28, 2)?;
    file.seek(SeekFrom::Current(skip as i64))?;
    let packed: Take<&mut R> = file.take(member.packed);
    let unpacked: Box<dyn Read + 'a> = match member.method {
        0 => Box::new(packed),
        8 => Box::new(DeflateDecoder::new(packed)),
        other => {
            let message = format!("member `{}` is packed by method {other}; stored and deflated are read", member.name);
            return Err(wrong(message));
        }
    };
    Ok(Box::new(Checked { inner: unpacked, crc: Crc::new(), left: member.length, wanted: member.checksum }))
}
