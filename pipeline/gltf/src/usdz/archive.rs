//! A zip archive as USDZ wants it: nothing compressed, every file's bytes at a multiple of 64.

use crate::{GltfError, Limits};

const ALIGNMENT: usize = 64;
const LOCAL_BYTES: usize = 30;
/// The least length of an extra field: a tag and a size.
const EXTRA_BYTES: usize = 4;
/// 1 January 1980, the first day that zip knows: the same model gives the same bytes.
const DATE: u16 = 0x21;
/// Version 1.0 of the format suffices.
const VERSION: u16 = 10;

#[derive(Default)]
pub(super) struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

fn short(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn long(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

impl Archive {
    /// Adds a file.
    pub fn add(&mut self, name: &str, contents: &[u8]) -> Result<(), GltfError> {
        let offset = self.bytes.len();
        let unpadded = offset + LOCAL_BYTES + name.len() + EXTRA_BYTES;
        let extra = unpadded.next_multiple_of(ALIGNMENT) - unpadded + EXTRA_BYTES;
        let end = offset + LOCAL_BYTES + name.len() + extra + contents.len();
        // The directory comes behind; it is small.
        Limits::check("USDZ", end as u64 + (1 << 20), u64::from(u32::MAX), "bytes")?;
        let mut facts = Vec::with_capacity(26);
        // No flags, stored.
        for value in [VERSION, 0, 0, 0, DATE] {
            short(&mut facts, value);
        }
        long(&mut facts, crc32(contents));
        long(&mut facts, contents.len() as u32);
        long(&mut facts, contents.len() as u32);
        short(&mut facts, name.len() as u16);

        self.bytes.extend_from_slice(b"PK\x03\x04");
        self.bytes.extend_from_slice(&facts);
        short(&mut self.bytes, extra as u16);
        self.bytes.extend_from_slice(name.as_bytes());
        // A tag that nobody has taken, then what fills up.
        short(&mut self.bytes, 0x1986);
        short(&mut self.bytes, (extra - EXTRA_BYTES) as u16);
        self.bytes.resize(self.bytes.len() + extra - EXTRA_BYTES, 0);
        self.bytes.extend_from_slice(contents);

        self.directory.extend_from_slice(b"PK\x01\x02");
        short(&mut self.directory, VERSION);
        self.directory.extend_from_slice(&facts);
        // No extra field, comment, disk, attributes.
        self.directory.extend_from_slice(&[0; 12]);
        long(&mut self.directory, offset as u32);
        self.directory.extend_from_slice(name.as_bytes());
        self.count += 1;
        Ok(())
    }

    /// The whole archive.
    pub fn finish(mut self) -> Result<Vec<u8>, GltfError> {
        let (start, length) = (self.bytes.len(), self.directory.len());
        let end = (start + length) as u64 + 22;
        Limits::check("USDZ", end, u64::from(u32::MAX), "bytes")?;
        self.bytes.append(&mut self.directory);
        self.bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        short(&mut self.bytes, self.count);
        short(&mut self.bytes, self.count);
        long(&mut self.bytes, length as u32);
        long(&mut self.bytes, start as u32);
        short(&mut self.bytes, 0);
        Ok(self.bytes)
    }
}

/// CRC-32 as zip has it (ISO 3309, reflected polynomial 0xEDB88320).
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();

    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (crc >> 8) ^ TABLE[((crc ^ u32::from(byte)) & 0xff) as usize]
    })
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut value = index as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 {
                (value >> 1) ^ 0xEDB8_8320
            } else {
                value >> 1
            };
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_zips() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn every_file_begins_at_a_multiple_of_64() {
        let mut archive = Archive::default();
        for length in 0..70 {
            archive
                .add(&"n".repeat(length + 1), &vec![0xAB; length])
                .unwrap();
        }
        let bytes = archive.finish().unwrap();
        let mut at = 0;
        for length in 0..70 {
            assert_eq!(bytes[at..at + 4], *b"PK\x03\x04");
            let extra = usize::from(u16::from_le_bytes([bytes[at + 28], bytes[at + 29]]));
            let start = at + 30 + length + 1 + extra;
            assert_eq!(start % 64, 0);
            at = start + length;
        }
        assert_eq!(bytes[at..at + 4], *b"PK\x01\x02");
    }
}
