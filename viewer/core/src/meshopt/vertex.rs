//! The attribute codec, versions 0 and 1.

use super::{Bytes, MeshoptError};

/// Vertices are coded in blocks of at most this many, and groups of 16.
const BLOCK_MOST: usize = 256;
const GROUP: usize = 16;

/// Bits a byte for the four group modes: version 0, and the two sets that version 1 chooses between.
const BITS_V0: [u32; 4] = [0, 2, 4, 8];
const BITS_V1: [[u32; 4]; 2] = [[0, 1, 2, 4], [1, 2, 4, 8]];

/// Fills `out` with vertices of `stride` bytes; `stride` is a multiple of 4 up to 256.
pub(super) fn decode(data: &[u8], out: &mut [u8], stride: usize) -> Result<(), MeshoptError> {
    let (&header, body) = data.split_first().ok_or(MeshoptError::Truncated)?;
    let version = header & 0x0f;
    if header & 0xf0 != 0xa0 || version > 1 {
        return Err(MeshoptError::Header);
    }
    // At the end: the baseline vertex, then in version 1 a channel byte for every 4 bytes; padded to a least size.
    let tail_len = if version == 0 {
        stride
    } else {
        stride + stride / 4
    };
    let padded_len = tail_len.max(if version == 0 { 32 } else { 24 });
    let tail = body
        .len()
        .checked_sub(tail_len)
        .map(|at| &body[at..])
        .ok_or(MeshoptError::Truncated)?;
    let coded_len = body.len().checked_sub(padded_len);
    let mut coded = Bytes(&body[..coded_len.ok_or(MeshoptError::Truncated)?]);
    let mut last = [0; 256];
    last[..stride].copy_from_slice(&tail[..stride]);
    let channels = &tail[stride..];

    let block_vertices = ((8192 / stride) & !(GROUP - 1)).min(BLOCK_MOST);
    for block in out.chunks_mut(block_vertices * stride) {
        decode_block(&mut coded, block, stride, &mut last, version, channels)?;
    }
    if coded.0.is_empty() {
        Ok(())
    } else {
        Err(MeshoptError::Malformed)
    }
}

fn decode_block(
    coded: &mut Bytes<'_>,
    block: &mut [u8],
    stride: usize,
    last: &mut [u8; 256],
    version: u8,
    channels: &[u8],
) -> Result<(), MeshoptError> {
    let count = block.len() / stride;
    let padded = count.next_multiple_of(GROUP);
    let control = if version == 0 {
        &[][..]
    } else {
        coded.take(stride / 4)?
    };
    let mut planes = [[0_u8; BLOCK_MOST]; 4];
    for k in (0..stride).step_by(4) {
        let modes = control.get(k / 4).copied().unwrap_or(0);
        for (j, plane) in planes.iter_mut().enumerate() {
            match (version, (modes >> (2 * j)) & 3) {
                (0, _) => decode_plane(coded, &mut plane[..padded], BITS_V0)?,
                (_, 3) => plane[..count].copy_from_slice(coded.take(count)?),
                (_, 2) => plane[..count].fill(0),
                (_, set) => decode_plane(coded, &mut plane[..padded], BITS_V1[set as usize])?,
            }
        }
        let channel = channels.get(k / 4).copied().unwrap_or(0);
        let first = [last[k], last[k + 1], last[k + 2], last[k + 3]];
        undo_deltas(&planes, first, channel, &mut block[k..], stride, count)?;
    }
    last[..stride].copy_from_slice(&block[(count - 1) * stride..]);
    Ok(())
}

fn decode_plane(
    coded: &mut Bytes<'_>,
    plane: &mut [u8],
    bits: [u32; 4],
) -> Result<(), MeshoptError> {
    let groups = plane.len() / GROUP;
    let modes = coded.take(groups.div_ceil(4))?;
    for (i, group) in plane.chunks_exact_mut(GROUP).enumerate() {
        let mode = (modes[i / 4] >> (2 * (i % 4))) & 3;
        match bits[mode as usize] {
            0 => group.fill(0),
            8 => group.copy_from_slice(coded.take(GROUP)?),
            bits => decode_group(coded, group, bits)?,
        }
    }
    Ok(())
}

/// Sixteen values of 1, 2 or 4 bits; a value with all bits set stands for a whole byte that follows the group.
fn decode_group(coded: &mut Bytes<'_>, group: &mut [u8], bits: u32) -> Result<(), MeshoptError> {
    let packed = coded.take(GROUP * bits as usize / 8)?;
    let per_byte = 8 / bits as usize;
    let escape = ((1_u32 << bits) - 1) as u8;
    for (i, value) in group.iter_mut().enumerate() {
        let place = (i % per_byte) as u32;
        // Single bits are stored from the low end, the wider ones from the high end.
        let shift = if bits == 1 {
            place
        } else {
            8 - bits * (place + 1)
        };
        *value = (packed[i / per_byte] >> shift) & escape;
    }
    for value in group.iter_mut().filter(|v| **v == escape) {
        *value = coded.byte()?;
    }
    Ok(())
}

/// Turns differences into values: of bytes, of 16-bit words, or of rotated 32-bit words combined by exclusive or.
fn undo_deltas(
    planes: &[[u8; BLOCK_MOST]; 4],
    first: [u8; 4],
    channel: u8,
    out: &mut [u8],
    stride: usize,
    count: usize,
) -> Result<(), MeshoptError> {
    let coded = |i: usize| [planes[0][i], planes[1][i], planes[2][i], planes[3][i]];
    let vertices = out.chunks_mut(stride).take(count).enumerate();
    match channel & 3 {
        0 => {
            let mut at = first;
            for (i, vertex) in vertices {
                for (value, delta) in at.iter_mut().zip(coded(i)) {
                    *value = value.wrapping_add((delta >> 1) ^ (delta & 1).wrapping_neg());
                }
                vertex[..4].copy_from_slice(&at);
            }
        }
        1 => {
            let words = |b: [u8; 4]| {
                [
                    u16::from_le_bytes([b[0], b[1]]),
                    u16::from_le_bytes([b[2], b[3]]),
                ]
            };
            let mut at = words(first);
            for (i, vertex) in vertices {
                for (value, delta) in at.iter_mut().zip(words(coded(i))) {
                    *value = value.wrapping_add((delta >> 1) ^ (delta & 1).wrapping_neg());
                }
                vertex[..2].copy_from_slice(&at[0].to_le_bytes());
                vertex[2..4].copy_from_slice(&at[1].to_le_bytes());
            }
        }
        2 => {
            let rotation = u32::from(channel >> 4);
            let mut at = u32::from_le_bytes(first);
            for (i, vertex) in vertices {
                at ^= u32::from_le_bytes(coded(i)).rotate_right(rotation);
                vertex[..4].copy_from_slice(&at.to_le_bytes());
            }
        }
        _ => return Err(MeshoptError::Malformed),
    }
    Ok(())
}
