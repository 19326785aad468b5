//! STL, ASCII and binary: triangles without colours, units or shared vertices.
//!
//! The stated normals are not read: many programs write zeros or stale ones, and the order of the corners says the same.

use std::collections::HashMap;

use xoay_format::Text;

use super::build::{Corner, Surface, WHITE, add_object, finish, plain_material};
use super::text::{Lines, keyword, name, number, words};
use super::{Budget, Context, Frame, Units, UpAxis, normals, polygon};
use crate::{Document, GltfError};

const PLACE: &str = "STL";
const HEADER_BYTES: usize = 84;
const TRIANGLE_BYTES: usize = 50;
/// What a triangle costs while it is read: its corners, their normals, and the tables that find its neighbours.
const WORK_BYTES: u64 = 160;
/// The plain material's colour, linear.
const GREY: [f32; 4] = [0.6, 0.6, 0.6, 1.0];

/// Whether a file is STL. Its first word does not tell: binary files may begin with `solid`, too.
pub(super) fn is_stl(bytes: &[u8]) -> bool {
    binary_count(bytes).is_some() || is_ascii(bytes)
}

/// The triangles that a binary file states, where they fill it; zeros may follow.
fn binary_count(bytes: &[u8]) -> Option<usize> {
    let count = u32::from_le_bytes(*bytes.get(80..)?.first_chunk()?) as usize;
    let end = count
        .checked_mul(TRIANGLE_BYTES)?
        .checked_add(HEADER_BYTES)?;
    let rest = bytes.get(end..)?;
    // Eighty zeros and no triangle are no model of any kind.
    let honest = rest.iter().all(|&byte| byte == 0) && bytes[..HEADER_BYTES] != [0; HEADER_BYTES];
    honest.then_some(count)
}

fn is_ascii(bytes: &[u8]) -> bool {
    /// The first facet stands before this; the name may be a long one.
    const HEAD_BYTES: usize = 4096;

    let head = bytes[..bytes.len().min(HEAD_BYTES)].trim_ascii_start();
    let starts = |word: &[u8]| {
        head.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let holds = |word: &[u8]| {
        head.windows(word.len())
            .any(|window| window.eq_ignore_ascii_case(word))
    };
    starts(b"solid") && (holds(b"facet") || holds(b"endsolid"))
}

#[derive(Default)]
struct Soup {
    name: Option<String>,
    positions: Vec<[f32; 3]>,
}

pub(super) fn read(bytes: &[u8], context: &Context<'_>) -> Result<Document, GltfError> {
    let mut budget = Budget::new(PLACE, context.limits);
    let frame = Frame::new(context.options, Units::Millimetres, UpAxis::Z);
    let soup = match binary_count(bytes) {
        Some(count) => binary(bytes, count, frame, context, &mut budget)?,
        None => ascii(bytes, frame, context, &mut budget)?,
    };
    let (positions, triangles) = welded(&soup.positions);
    let joined = normals::creases(&positions, &triangles, context.options.crease_deg);
    let shading = normals::smooth(&positions, &triangles, joined);
    let mut surface = Surface::default();
    surface.material = Some(0);
    for (&vertex, normal) in triangles.iter().flatten().zip(shading) {
        let corner = Corner {
            position: positions[vertex as usize],
            normal,
            uv: [0.0; 2],
            color: WHITE,
        };
        surface.push(corner, &mut budget)?;
    }
    let mut document = Document::default();
    document.root.materials = vec![plain_material(GREY)];
    add_object(&mut document, soup.name, vec![surface]);
    finish(document, PLACE, bytes.len() as u64)
}

/// Points that are the same become one, and triangles refer to them.
fn welded(corners: &[[f32; 3]]) -> (Vec<[f32; 3]>, Vec<[u32; 3]>) {
    let mut known = HashMap::new();
    let mut positions = Vec::new();
    let (whole, _) = corners.as_chunks::<3>();
    let triangles = whole
        .iter()
        .map(|triangle| {
            triangle.map(|position| {
                let next = positions.len() as u32;
                let key = position.map(|value| (value + 0.0).to_bits());
                let index = *known.entry(key).or_insert(next);
                if index == next {
                    positions.push(position);
                }
                index
            })
        })
        .collect();
    (positions, triangles)
}

fn warn_of_lost(lost: usize, context: &Context<'_>) {
    if lost > 0 {
        context.watch.warn(Text::new(
            format!("đã bỏ {lost} tam giác có toạ độ không phải là số"),
            format!("{lost} triangles were dropped: their coordinates are not numbers"),
        ));
    }
}

fn binary(
    bytes: &[u8],
    count: usize,
    frame: Frame,
    context: &Context<'_>,
    budget: &mut Budget<'_>,
) -> Result<Soup, GltfError> {
    budget.take((count as u64).saturating_mul(WORK_BYTES))?;
    let mut soup = Soup::default();
    soup.positions.reserve(count * 3);
    let (mut lost, mut coloured) = (0, false);
    let (triangles, _) = bytes[HEADER_BYTES..].as_chunks::<TRIANGLE_BYTES>();
    for triangle in &triangles[..count] {
        // A normal, three corners, two bytes that some programs put colours into.
        let (corners, _) = triangle[12..48].as_chunks::<12>();
        let corners = corners.iter().map(|corner| {
            let (numbers, _) = corner.as_chunks::<4>();
            let value = |axis: usize| f64::from(f32::from_le_bytes(numbers[axis]));
            frame.point([value(0), value(1), value(2)])
        });
        let start = soup.positions.len();
        soup.positions.extend(corners);
        if !soup.positions[start..]
            .as_flattened()
            .iter()
            .all(|v| v.is_finite())
        {
            soup.positions.truncate(start);
            lost += 1;
        }
        coloured |= triangle[48..] != [0, 0];
    }
    warn_of_lost(lost, context);
    if coloured {
        context.watch.warn(Text::new(
            "tệp STL có thể mang màu theo cách riêng của một chương trình; các màu đó không được đọc, hãy dùng OBJ hoặc PLY nếu cần màu",
            "the STL may carry colours in a way of its program's own; they are not read, use OBJ or PLY where colours matter",
        ));
    }
    Ok(soup)
}

fn ascii(
    bytes: &[u8],
    frame: Frame,
    context: &Context<'_>,
    budget: &mut Budget<'_>,
) -> Result<Soup, GltfError> {
    let mut soup = Soup::default();
    let mut facet: Vec<[f32; 3]> = Vec::new();
    let (mut in_loop, mut closed, mut lost) = (false, false, 0);
    for (line, text) in Lines::new(bytes) {
        let (word, rest) = keyword(&text);
        let word = word.to_ascii_lowercase();
        let broken = || {
            GltfError::invalid(
                PLACE,
                format!("dòng {line} không đúng quy cách STL; hãy xuất lại mô hình"),
                format!("line {line} is not as STL wants it; export the model again"),
            )
        };
        match word.as_slice() {
            b"" | b"facet" | b"endfacet" if !in_loop => {}
            b"solid" if !in_loop => {
                closed = false;
                if soup.name.is_none() && !rest.is_empty() {
                    soup.name = Some(name(rest));
                }
            }
            b"endsolid" if !in_loop => closed = true,
            b"outer" if !in_loop => in_loop = true,
            b"vertex" if in_loop => {
                let mut numbers = words(rest).map(number);
                let mut next = || numbers.next().flatten().ok_or_else(broken);
                budget.take(WORK_BYTES / 3)?;
                facet.push(frame.point([next()?, next()?, next()?]));
            }
            b"endloop" if in_loop => {
                in_loop = false;
                if facet.len() < 3 {
                    return Err(broken());
                }
                if facet.as_flattened().iter().all(|value| value.is_finite()) {
                    for corners in polygon::triangulate(&facet) {
                        soup.positions.extend(corners.map(|corner| facet[corner]));
                    }
                } else {
                    lost += 1;
                }
                facet.clear();
            }
            _ => return Err(broken()),
        }
    }
    if !closed {
        return Err(GltfError::invalid(
            PLACE,
            "tệp kết thúc trước endsolid, có thể bị cắt cụt; hãy tải hoặc xuất lại tệp",
            "it ends before endsolid and may be cut off; download or export the file again",
        ));
    }
    warn_of_lost(lost, context);
    Ok(soup)
}
