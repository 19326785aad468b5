//! The triangle and the index sequence codecs, versions 0 and 1.

use super::{Bytes, MeshoptError};

/// The last 16 edges and vertices, in a ring.
struct Recent {
    edges: [[u32; 2]; 16],
    edge_at: usize,
    vertices: [u32; 16],
    vertex_at: usize,
}

impl Recent {
    fn edge(&self, back: u8) -> [u32; 2] {
        self.edges[self.edge_at.wrapping_sub(1 + back as usize) & 15]
    }

    fn vertex(&self, back: u8) -> u32 {
        self.vertices[self.vertex_at.wrapping_sub(1 + back as usize) & 15]
    }

    fn push_edge(&mut self, from: u32, to: u32) {
        self.edges[self.edge_at] = [from, to];
        self.edge_at = (self.edge_at + 1) & 15;
    }

    fn push_vertex(&mut self, vertex: u32) {
        self.vertices[self.vertex_at] = vertex;
        self.vertex_at = (self.vertex_at + 1) & 15;
    }
}

/// Fills `out` with triangles of three indices of `stride` bytes.
pub(super) fn decode_triangles(
    data: &[u8],
    out: &mut [u8],
    stride: usize,
) -> Result<(), MeshoptError> {
    let version = check_header(data, 0xe0)?;
    let triangles = out.len() / (3 * stride);
    let body = &data[1..];
    let rest = body.len().checked_sub(triangles + 16);
    let rest = rest.ok_or(MeshoptError::Truncated)?;
    let codes = &body[..triangles];
    let mut extra = Bytes(&body[triangles..triangles + rest]);
    let pairs = &body[triangles + rest..];

    let mut recent = Recent {
        edges: [[u32::MAX; 2]; 16],
        edge_at: 0,
        vertices: [u32::MAX; 16],
        vertex_at: 0,
    };
    let (mut next, mut last) = (0_u32, 0_u32);
    // Version 1 spends codes 13 and 14 on the neighbours of the last free index.
    let free_from = if version == 0 { 15 } else { 13 };
    for (&code, triangle) in codes.iter().zip(out.chunks_exact_mut(3 * stride)) {
        let corners = if code < 0xf0 {
            let [a, b] = recent.edge(code >> 4);
            let third = code & 15;
            let c = if third == 0 {
                bump(&mut next)
            } else if third < free_from {
                recent.vertex(third)
            } else {
                last = match third {
                    15 => free_index(&mut extra, last)?,
                    13 => last.wrapping_sub(1),
                    _ => last.wrapping_add(1),
                };
                last
            };
            if third == 0 || third >= free_from {
                recent.push_vertex(c);
            }
            recent.push_edge(c, b);
            recent.push_edge(a, c);
            [a, b, c]
        } else {
            let pair = match code {
                0xfe | 0xff => extra.byte()?,
                _ => pairs[(code & 15) as usize],
            };
            if code >= 0xfe && pair == 0 {
                next = 0;
            }
            let kinds = [if code == 0xff { 15 } else { 0 }, pair >> 4, pair & 15];
            fresh_triangle(kinds, &mut recent, &mut next, &mut last, &mut extra)?
        };
        write_indices(triangle, &corners, stride);
    }
    if extra.0.is_empty() {
        Ok(())
    } else {
        Err(MeshoptError::Malformed)
    }
}

/// A triangle that shares no recent edge. Each corner is 0: the next new vertex, 15: spelled out, else: a recent one.
fn fresh_triangle(
    kinds: [u8; 3],
    recent: &mut Recent,
    next: &mut u32,
    last: &mut u32,
    extra: &mut Bytes<'_>,
) -> Result<[u32; 3], MeshoptError> {
    let mut corners = [0; 3];
    // New ones are numbered and old ones looked up before anything is spelled out: the encoder's order.
    for (corner, kind) in corners.iter_mut().zip(kinds) {
        *corner = match kind {
            0 => bump(next),
            kind => recent.vertex(kind - 1),
        };
    }
    for (corner, kind) in corners.iter_mut().zip(kinds) {
        if kind == 15 {
            *last = free_index(extra, *last)?;
            *corner = *last;
        }
    }
    for (corner, kind) in corners.into_iter().zip(kinds) {
        if matches!(kind, 0 | 15) {
            recent.push_vertex(corner);
        }
    }
    let [a, b, c] = corners;
    recent.push_edge(b, a);
    recent.push_edge(c, b);
    recent.push_edge(a, c);
    Ok(corners)
}

/// Fills `out` with indices of `stride` bytes.
pub(super) fn decode_sequence(
    data: &[u8],
    out: &mut [u8],
    stride: usize,
) -> Result<(), MeshoptError> {
    check_header(data, 0xd0)?;
    let body = &data[1..];
    let coded_len = body.len().checked_sub(4).ok_or(MeshoptError::Truncated)?;
    let mut coded = Bytes(&body[..coded_len]);
    let mut last = [0_u32; 2];
    for index in out.chunks_exact_mut(stride) {
        let value = variable(&mut coded)?;
        // The low bit says from which of two baselines the signed difference counts.
        let baseline = &mut last[(value & 1) as usize];
        *baseline = baseline.wrapping_add(unzigzag(value >> 1));
        write_indices(index, &[*baseline], stride);
    }
    if coded.0.is_empty() {
        Ok(())
    } else {
        Err(MeshoptError::Malformed)
    }
}

fn check_header(data: &[u8], kind: u8) -> Result<u8, MeshoptError> {
    let header = *data.first().ok_or(MeshoptError::Truncated)?;
    if header & 0xf0 == kind && header & 15 <= 1 {
        Ok(header & 15)
    } else {
        Err(MeshoptError::Header)
    }
}

fn bump(next: &mut u32) -> u32 {
    let index = *next;
    *next = next.wrapping_add(1);
    index
}

fn free_index(extra: &mut Bytes<'_>, last: u32) -> Result<u32, MeshoptError> {
    Ok(last.wrapping_add(unzigzag(variable(extra)?)))
}

fn unzigzag(value: u32) -> u32 {
    (value >> 1) ^ (value & 1).wrapping_neg()
}

/// Seven bits a byte, low ones first, at most five bytes.
fn variable(bytes: &mut Bytes<'_>) -> Result<u32, MeshoptError> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let byte = bytes.byte()?;
        value |= u32::from(byte & 127) << shift;
        if byte < 128 {
            break;
        }
    }
    Ok(value)
}

fn write_indices(out: &mut [u8], indices: &[u32], stride: usize) {
    for (slot, index) in out.chunks_exact_mut(stride).zip(indices) {
        slot.copy_from_slice(&index.to_le_bytes()[..stride]);
    }
}
