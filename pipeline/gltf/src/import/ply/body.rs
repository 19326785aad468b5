//! The items of a PLY file.

use super::header::{Element, Format, Header, Property, Scalar};
use super::invalid;
use crate::GltfError;
use crate::import::build::linear_u16;
use crate::import::normals::unit;
use crate::import::{Budget, Frame};

/// What a vertex and a corner of a face cost.
const VERTEX_BYTES: u64 = 48;
const CORNER_BYTES: u64 = 16;

/// What a file holds, in metres and +Y up.
#[derive(Default)]
pub(super) struct Body {
    pub positions: Vec<[f32; 3]>,
    pub normals: Option<Vec<[f32; 3]>>,
    /// From the picture's top left.
    pub uvs: Option<Vec<[f32; 2]>>,
    /// Linear.
    pub colors: Option<Vec<[u16; 4]>>,
    /// The vertices of all faces, one face after the other.
    pub corners: Vec<u32>,
    /// How many of them each face has.
    pub sizes: Vec<u32>,
    /// Texture coordinates of all those corners; empty where faces have none.
    pub face_uvs: Vec<[f32; 2]>,
    /// The texture of each face; empty where faces do not say.
    pub textures: Vec<u32>,
}

/// Reads numbers one after the other.
struct Source<'a> {
    rest: &'a [u8],
    format: Format,
}

impl Source<'_> {
    fn scalar(&mut self, scalar: Scalar) -> Result<f64, GltfError> {
        if self.format == Format::Ascii {
            return self.word();
        }
        let size = scalar.size_bytes();
        let Some((bytes, rest)) = self.rest.split_at_checked(size) else {
            return Err(cut_off());
        };
        self.rest = rest;
        let mut little = [0_u8; 8];
        little[..size].copy_from_slice(bytes);
        if self.format == Format::BigEndian {
            little[..size].reverse();
        }
        let word = u64::from_le_bytes(little);
        Ok(match scalar {
            Scalar::I8 => f64::from((word as u8).cast_signed()),
            Scalar::U8 => f64::from(word as u8),
            Scalar::I16 => f64::from((word as u16).cast_signed()),
            Scalar::U16 => f64::from(word as u16),
            Scalar::I32 => f64::from((word as u32).cast_signed()),
            Scalar::U32 => f64::from(word as u32),
            Scalar::F32 => f64::from(f32::from_bits(word as u32)),
            Scalar::F64 => f64::from_bits(word),
        })
    }

    fn word(&mut self) -> Result<f64, GltfError> {
        let text = self.rest.trim_ascii_start();
        let end = text.iter().position(u8::is_ascii_whitespace);
        let (word, rest) = text.split_at(end.unwrap_or(text.len()));
        self.rest = rest;
        if word.is_empty() {
            return Err(cut_off());
        }
        crate::import::text::number(word).ok_or_else(|| {
            let shown = crate::import::text::name(&word[..word.len().min(40)]);
            invalid(
                format!("{shown:?} không phải là số; hãy xuất lại mô hình"),
                format!("{shown:?} is not a number; export the model again"),
            )
        })
    }

    /// The number of a list's items, no more than there are bytes for.
    fn length(&mut self, property: &Property) -> Result<usize, GltfError> {
        let Some(count) = property.list else {
            return Ok(1);
        };
        let length = self.scalar(count)?;
        let least = if self.format == Format::Ascii {
            2
        } else {
            property.scalar.size_bytes()
        };
        let most = (self.rest.len() + 1) / least;
        if !(0.0..=most as f64).contains(&length) {
            return Err(cut_off());
        }
        Ok(length as usize)
    }

    fn skip(&mut self, property: &Property) -> Result<(), GltfError> {
        for _ in 0..self.length(property)? {
            self.scalar(property.scalar)?;
        }
        Ok(())
    }
}

fn cut_off() -> GltfError {
    invalid(
        "dữ liệu ít hơn phần đầu đã ghi; tệp có thể bị cắt cụt, hãy tải hoặc xuất lại",
        "it holds less than its header says and may be cut off; download or export the file again",
    )
}

pub(super) fn read(
    header: &Header,
    bytes: &[u8],
    frame: Frame,
    budget: &mut Budget<'_>,
) -> Result<Body, GltfError> {
    let mut source = Source {
        rest: &bytes[header.end..],
        format: header.format,
    };
    let mut body = Body::default();
    for element in &header.elements {
        if element.properties.is_empty() {
            continue;
        }
        // The last item of a text may lack its blank.
        let there = source.rest.len() as u64 + 1;
        let needed = element
            .count
            .saturating_mul(element.least_bytes(header.format));
        if needed > there {
            return Err(cut_off());
        }
        match element.name.as_str() {
            "vertex" if body.positions.is_empty() => {
                vertices(element, &mut source, frame, &mut body, budget)?;
            }
            "face" => faces(element, &mut source, &mut body, budget)?,
            "tristrips" => strips(element, &mut source, &mut body, budget)?,
            _ => {
                for _ in 0..element.count {
                    for property in &element.properties {
                        source.skip(property)?;
                    }
                }
            }
        }
    }
    if !body.face_uvs.is_empty() {
        body.face_uvs.resize(body.corners.len(), [0.0; 2]);
    }
    Ok(body)
}

/// What a vertex's property is: a place in the row of numbers that a vertex is made of.
fn slot(name: &str) -> Option<usize> {
    Some(match name {
        "x" => 0,
        "y" => 1,
        "z" => 2,
        "nx" | "normal_x" => 3,
        "ny" | "normal_y" => 4,
        "nz" | "normal_z" => 5,
        "s" | "u" | "texture_u" | "texture_s" | "tx" => 6,
        "t" | "v" | "texture_v" | "texture_t" | "ty" => 7,
        "red" | "r" | "diffuse_red" => 8,
        "green" | "g" | "diffuse_green" => 9,
        "blue" | "b" | "diffuse_blue" => 10,
        "alpha" | "a" | "diffuse_alpha" => 11,
        _ => return None,
    })
}

fn vertices(
    element: &Element,
    source: &mut Source<'_>,
    frame: Frame,
    body: &mut Body,
    budget: &mut Budget<'_>,
) -> Result<(), GltfError> {
    const SLOTS: usize = 12;

    budget.take(element.count.saturating_mul(VERTEX_BYTES))?;
    let mut present = [false; SLOTS];
    let slots: Vec<Option<(usize, f64)>> = element
        .properties
        .iter()
        .map(|property| {
            let slot = slot(&property.name).filter(|_| property.list.is_none())?;
            present[slot] = true;
            let whole = if slot >= 8 {
                property.scalar.whole()
            } else {
                1.0
            };
            Some((slot, whole))
        })
        .collect();
    if !present[..3].iter().all(|&there| there) {
        return Err(invalid(
            "đỉnh thiếu toạ độ x, y hoặc z",
            "its vertices lack x, y or z",
        ));
    }
    let count = element.count as usize;
    body.positions.reserve_exact(count);
    let mut normals = present[3..6]
        .iter()
        .all(|&t| t)
        .then(|| Vec::with_capacity(count));
    let mut uvs = present[6..8]
        .iter()
        .all(|&t| t)
        .then(|| Vec::with_capacity(count));
    let mut colors = present[8..11]
        .iter()
        .all(|&t| t)
        .then(|| Vec::with_capacity(count));
    for _ in 0..count {
        let mut row = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        for (property, slot) in element.properties.iter().zip(&slots) {
            match slot {
                Some((slot, whole)) => row[*slot] = source.scalar(property.scalar)? / whole,
                None => source.skip(property)?,
            }
        }
        body.positions.push(frame.point([row[0], row[1], row[2]]));
        if let Some(normals) = &mut normals {
            let turned = frame.direction([row[3], row[4], row[5]]).map(f64::from);
            normals.push(unit(turned));
        }
        if let Some(uvs) = &mut uvs {
            uvs.push(uv(row[6], row[7]));
        }
        if let Some(colors) = &mut colors {
            let [r, g, b] = [row[8], row[9], row[10]].map(linear_u16);
            colors.push([r, g, b, (row[11].clamp(0.0, 1.0) * 65535.0).round() as u16]);
        }
    }
    // A file whose normals are mostly zeros has none to speak of; a few bad ones point up.
    body.normals = normals.and_then(|normals| {
        let bad = normals.iter().filter(|normal| normal.is_none()).count();
        (bad * 2 <= normals.len()).then(|| {
            let upright = |normal: Option<[f32; 3]>| normal.unwrap_or([0.0, 1.0, 0.0]);
            normals.into_iter().map(upright).collect()
        })
    });
    body.uvs = uvs;
    body.colors = colors;
    Ok(())
}

/// PLY's texture coordinates start at the bottom left, glTF's at the top left.
fn uv(u: f64, v: f64) -> [f32; 2] {
    let [u, v] = [u as f32, (1.0 - v) as f32];
    if u.is_finite() && v.is_finite() {
        [u, v]
    } else {
        [0.0; 2]
    }
}

fn is_indices(property: &Property) -> bool {
    property.list.is_some() && matches!(property.name.as_str(), "vertex_indices" | "vertex_index")
}

fn index(value: f64) -> Result<u32, GltfError> {
    if (0.0..4_294_967_295.0).contains(&value) {
        return Ok(value as u32);
    }
    Err(invalid(
        format!("{value} không thể là số thứ tự đỉnh"),
        format!("{value} cannot be a vertex's number"),
    ))
}

fn faces(
    element: &Element,
    source: &mut Source<'_>,
    body: &mut Body,
    budget: &mut Budget<'_>,
) -> Result<(), GltfError> {
    budget.take(element.count.saturating_mul(8))?;
    let has = |name: &str| element.properties.iter().any(|p| p.name == name);
    let has_uv = has("texcoord");
    let has_texture = has("texnumber");
    if has_uv {
        body.face_uvs.resize(body.corners.len(), [0.0; 2]);
    }
    for _ in 0..element.count {
        let (start, first_uv) = (body.corners.len(), body.face_uvs.len());
        let mut texture = 0.0;
        for property in &element.properties {
            if is_indices(property) {
                let length = source.length(property)?;
                budget.take(length as u64 * CORNER_BYTES)?;
                for _ in 0..length {
                    body.corners.push(index(source.scalar(property.scalar)?)?);
                }
            } else if property.name == "texcoord" && property.list.is_some() {
                let length = source.length(property)?;
                budget.take(length as u64 * CORNER_BYTES)?;
                for k in 0..length {
                    let value = source.scalar(property.scalar)?;
                    if k % 2 == 0 {
                        body.face_uvs.push([value as f32, 0.0]);
                    } else if let Some(last) = body.face_uvs.last_mut() {
                        *last = uv(f64::from(last[0]), value);
                    }
                }
            } else if property.name == "texnumber" && property.list.is_none() {
                texture = source.scalar(property.scalar)?;
            } else {
                source.skip(property)?;
            }
        }
        let size = body.corners.len() - start;
        body.sizes.push(size as u32);
        if has_uv {
            // A face may have none of its own.
            budget.take(size as u64 * CORNER_BYTES)?;
            body.face_uvs.resize(first_uv + size, [0.0; 2]);
        }
        if has_texture {
            body.textures.push(texture.clamp(0.0, 1e9) as u32);
        }
    }
    Ok(())
}

/// Strips of triangles in one list each; −1 begins another.
fn strips(
    element: &Element,
    source: &mut Source<'_>,
    body: &mut Body,
    budget: &mut Budget<'_>,
) -> Result<(), GltfError> {
    for _ in 0..element.count {
        for property in &element.properties {
            if !is_indices(property) {
                source.skip(property)?;
                continue;
            }
            let mut strip: Vec<u32> = Vec::new();
            for _ in 0..source.length(property)? {
                let value = source.scalar(property.scalar)?;
                if value < 0.0 {
                    strip.clear();
                    continue;
                }
                strip.push(index(value)?);
                let Some(&[a, b, c]) = strip.last_chunk() else {
                    continue;
                };
                budget.take(3 * CORNER_BYTES)?;
                let [a, b] = if strip.len() % 2 == 1 { [a, b] } else { [b, a] };
                body.corners.extend([a, b, c]);
                body.sizes.push(3);
                if strip.len() > 4 {
                    // Two go, so that the order of the corners stays.
                    strip.drain(..2);
                }
            }
        }
    }
    Ok(())
}
