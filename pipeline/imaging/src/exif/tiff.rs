//! The metadata of a TIFF file (TIFF 6.0, section 2), without the pixels that stand among them.

/// Longest value that is kept; names and numbers are short, and a maker's own notes are not read.
const MAX_VALUE_BYTES: usize = 4096;
/// Directories of honest files have some dozens of entries.
const MAX_ENTRIES: usize = 512;
/// Where the directory with the camera's settings is (Exif 2.32, section 4.6.3).
const EXIF_POINTER: u16 = 0x8769;
/// Of the first directory: make, model, orientation. The others describe pixels, and would be misread without them.
const KEPT: [u16; 3] = [0x010F, 0x0110, 0x0112];
const LONG: u16 = 4;

struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    value: Vec<u8>,
}

/// A TIFF structure of the metadata alone, a few kilobytes of a file of any size. `None` for what is no TIFF, and for
/// its 64-bit form.
pub(super) fn metadata(file: &[u8]) -> Option<Vec<u8>> {
    let order = match file.get(..4)? {
        b"II\x2a\0" => Order::Little,
        b"MM\0\x2a" => Order::Big,
        _ => return None,
    };
    let first = order.long(file, 4)?;
    let mut kept = directory(file, order, first);
    let settings = kept
        .iter()
        .find(|entry| entry.tag == EXIF_POINTER && entry.kind == LONG)
        .and_then(|entry| order.long(&entry.value, 0))
        .map(|at| directory(file, order, at))
        .unwrap_or_default();
    kept.retain(|entry| KEPT.contains(&entry.tag));
    let pointer = kept.partition_point(|entry| entry.tag < EXIF_POINTER);
    kept.insert(
        pointer,
        Entry {
            tag: EXIF_POINTER,
            kind: LONG,
            count: 1,
            value: Vec::new(),
        },
    );
    let mut out = file[..4].to_vec();
    out.extend(order.long_bytes(8));
    let settings_at = 8 + directory_bytes(&kept);
    kept[pointer].value = order.long_bytes(settings_at as u32).to_vec();
    write(&mut out, order, &kept);
    write(&mut out, order, &settings);
    Some(out)
}

/// The entries of the directory at `at` that are whole and short.
fn directory(file: &[u8], order: Order, at: u32) -> Vec<Entry> {
    /// Bytes of each kind of value, from 1 on: byte, text, short, long, ratio, then the same signed and floats.
    const SIZES: [usize; 12] = [1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];

    let at = at as usize;
    let count = order.short(file, at).map_or(0, usize::from);
    let entries = (0..count.min(MAX_ENTRIES)).filter_map(|number| {
        let at = at.checked_add(2 + number * 12)?;
        let (tag, kind) = (order.short(file, at)?, order.short(file, at + 2)?);
        let count = order.long(file, at + 4)?;
        let size = SIZES.get(usize::from(kind).checked_sub(1)?)?;
        let length = size.checked_mul(count as usize)?;
        let from = if length <= 4 {
            at + 8
        } else {
            order.long(file, at + 8)? as usize
        };
        if length > MAX_VALUE_BYTES {
            return None;
        }
        let value = file.get(from..from.checked_add(length)?)?.to_vec();
        Some(Entry {
            tag,
            kind,
            count,
            value,
        })
    });
    entries.collect()
}

/// Bytes of a directory with its values.
fn directory_bytes(entries: &[Entry]) -> usize {
    let values = entries.iter().map(|entry| match entry.value.len() {
        0..=4 => 0,
        length => length.next_multiple_of(2),
    });
    2 + entries.len() * 12 + 4 + values.sum::<usize>()
}

fn write(out: &mut Vec<u8>, order: Order, entries: &[Entry]) {
    let mut values_at = out.len() + 2 + entries.len() * 12 + 4;
    let mut values = Vec::new();
    out.extend(order.short_bytes(entries.len() as u16));
    for entry in entries {
        out.extend(order.short_bytes(entry.tag));
        out.extend(order.short_bytes(entry.kind));
        out.extend(order.long_bytes(entry.count));
        if entry.value.len() <= 4 {
            out.extend(&entry.value);
            out.extend(&[0; 4][entry.value.len()..]);
        } else {
            out.extend(order.long_bytes(values_at as u32));
            values.extend(&entry.value);
            values.resize(values.len().next_multiple_of(2), 0);
            values_at += entry.value.len().next_multiple_of(2);
        }
    }
    out.extend([0; 4]);
    out.extend(values);
}

#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn short(self, bytes: &[u8], at: usize) -> Option<u16> {
        let two = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u16::from_le_bytes(two),
            Self::Big => u16::from_be_bytes(two),
        })
    }

    fn long(self, bytes: &[u8], at: usize) -> Option<u32> {
        let four = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u32::from_le_bytes(four),
            Self::Big => u32::from_be_bytes(four),
        })
    }

    fn short_bytes(self, value: u16) -> [u8; 2] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    fn long_bytes(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }
}
