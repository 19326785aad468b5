use std::collections::BTreeMap;

use super::GltfError;
use crate::json::Json;
use crate::math::Vec3;
use crate::meshopt::{self, Filter, Mode};

/// The numbers that an attribute or index is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComponentType {
    /// 8 bits, signed.
    I8,
    /// 8 bits, unsigned.
    U8,
    /// 16 bits, signed.
    I16,
    /// 16 bits, unsigned.
    U16,
    /// 32 bits, unsigned.
    U32,
    /// 32-bit float.
    F32,
}

impl ComponentType {
    fn from_gl(code: usize) -> Option<Self> {
        Some(match code {
            5120 => Self::I8,
            5121 => Self::U8,
            5122 => Self::I16,
            5123 => Self::U16,
            5125 => Self::U32,
            5126 => Self::F32,
            _ => return None,
        })
    }

    /// The number that GL knows it by.
    #[must_use]
    pub fn gl(self) -> u32 {
        match self {
            Self::I8 => 5120,
            Self::U8 => 5121,
            Self::I16 => 5122,
            Self::U16 => 5123,
            Self::U32 => 5125,
            Self::F32 => 5126,
        }
    }

    /// Bytes that one takes.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::U32 | Self::F32 => 4,
        }
    }
}

/// What an attribute means; its number is the shader's attribute location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are glTF's own
pub enum Semantic {
    Position,
    Normal,
    TexCoord0,
    TexCoord1,
    Color,
}

impl Semantic {
    /// Every one with its name in glTF, in the order of their locations.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Position, "POSITION"),
        (Self::Normal, "NORMAL"),
        (Self::TexCoord0, "TEXCOORD_0"),
        (Self::TexCoord1, "TEXCOORD_1"),
        (Self::Color, "COLOR_0"),
    ];
}

/// Where an attribute's values lie. The range has been checked against its view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// What it means.
    pub semantic: Semantic,
    /// Key of its data in [`super::Model::views`].
    pub view: usize,
    /// First byte within the view.
    pub offset: usize,
    /// Bytes from one value to the next.
    pub stride: usize,
    /// The numbers of a value.
    pub component: ComponentType,
    /// Numbers in a value, 1 to 4.
    pub components: usize,
    /// Whether integers stand for −1..1 or 0..1.
    pub normalized: bool,
    /// How many values there are.
    pub count: usize,
}

impl Attribute {
    /// The first three numbers of value `i`, as the shader would see them.
    #[must_use]
    pub fn read3(&self, bytes: &[u8], i: usize) -> Option<Vec3> {
        let mut out = [0.0; 3];
        let size = self.component.size();
        for (k, slot) in out.iter_mut().enumerate().take(self.components) {
            let at = self.offset + i * self.stride + k * size;
            let b = bytes.get(at..at + size)?;
            let (value, most) = match self.component {
                ComponentType::I8 => (f32::from(b[0].cast_signed()), 127.0),
                ComponentType::U8 => (f32::from(b[0]), 255.0),
                ComponentType::I16 => (f32::from(i16::from_le_bytes([b[0], b[1]])), 32767.0),
                ComponentType::U16 => (f32::from(u16::from_le_bytes([b[0], b[1]])), 65535.0),
                ComponentType::U32 => (u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as f32, 1.0),
                ComponentType::F32 => (f32::from_le_bytes([b[0], b[1], b[2], b[3]]), 1.0),
            };
            *slot = if self.normalized {
                (value / most).max(-1.0)
            } else {
                value
            };
        }
        Some(out)
    }
}

/// The file's buffer views, unpacked as they are asked for.
pub(super) struct Views<'a> {
    pub json: &'a Json,
    pub binary: &'a [u8],
    pub unpacked: BTreeMap<usize, Vec<u8>>,
    /// Bytes unpacked so far, so that many small lies do not add up.
    pub total: usize,
}

/// The most bytes that all views of a model may take: 1 GiB.
const LARGEST_TOTAL: usize = 1 << 30;

impl Views<'_> {
    /// The bytes of a view, unpacked where they are compressed.
    pub fn bytes(&mut self, index: usize) -> Result<&[u8], GltfError> {
        if !self.unpacked.contains_key(&index) {
            let bytes = self.unpack(index)?;
            self.total += bytes.len();
            if self.total > LARGEST_TOTAL {
                return Err(invalid(
                    "bufferView",
                    index,
                    "the model unpacks to more than 1 GiB",
                ));
            }
            self.unpacked.insert(index, bytes);
        }
        Ok(&self.unpacked[&index])
    }

    fn unpack(&self, index: usize) -> Result<Vec<u8>, GltfError> {
        let view = self.json.get("bufferViews").items().get(index);
        let view = view.ok_or(invalid("bufferView", index, "there is none"))?;
        let extensions = view.get("extensions");
        let packed = ["EXT_meshopt_compression", "KHR_meshopt_compression"]
            .map(|name| extensions.get(name))
            .into_iter()
            .find(|json| !json.is_null());
        let Some(packed) = packed else {
            return Ok(self.slice(view, index)?.to_vec());
        };
        let number = |name| {
            packed.get(name).index().ok_or(invalid(
                "bufferView",
                index,
                "its compression lacks a number",
            ))
        };
        let mode = match packed.get("mode").text() {
            Some("ATTRIBUTES") => Mode::Attributes,
            Some("TRIANGLES") => Mode::Triangles,
            Some("INDICES") => Mode::Indices,
            _ => {
                return Err(invalid(
                    "bufferView",
                    index,
                    "its compression has an unknown mode",
                ));
            }
        };
        let filter = Filter::from_name(packed.get("filter").text().unwrap_or("NONE")).ok_or(
            invalid("bufferView", index, "its compression has an unknown filter"),
        )?;
        meshopt::decode(
            self.slice(packed, index)?,
            mode,
            filter,
            number("count")?,
            number("byteStride")?,
        )
        .map_err(|source| GltfError::Meshopt { index, source })
    }

    /// The part of the binary chunk that a view, or its compression, names.
    pub fn slice(&self, json: &Json, index: usize) -> Result<&[u8], GltfError> {
        let buffer = json.get("buffer").index();
        let buffer = buffer.and_then(|b| self.json.get("buffers").items().get(b).map(|j| (b, j)));
        match buffer {
            Some((0, buffer)) if buffer.get("uri").is_null() => {}
            Some(_) => return Err(GltfError::Unsupported("buffers outside the file".into())),
            None => return Err(invalid("bufferView", index, "its buffer does not exist")),
        }
        let offset = json.get("byteOffset").index().unwrap_or(0);
        let length = json.get("byteLength").index();
        let end = length.and_then(|l| offset.checked_add(l));
        end.and_then(|end| self.binary.get(offset..end))
            .ok_or(invalid(
                "bufferView",
                index,
                "it reaches beyond the file's binary chunk",
            ))
    }

    /// An accessor, checked to lie within its view.
    pub fn attribute(&mut self, index: usize, semantic: Semantic) -> Result<Attribute, GltfError> {
        let document = self.json;
        let json = document.get("accessors").items().get(index);
        let json = json.ok_or(invalid("accessor", index, "there is none"))?;
        if !json.get("sparse").is_null() {
            return Err(GltfError::Unsupported("sparse accessors".into()));
        }
        let view = json.get("bufferView").index();
        let view = view.ok_or(invalid("accessor", index, "it names no bufferView"))?;
        let component = json
            .get("componentType")
            .index()
            .and_then(ComponentType::from_gl);
        let component = component.ok_or(invalid("accessor", index, "unknown componentType"))?;
        let components = match json.get("type").text() {
            Some("SCALAR") => 1,
            Some("VEC2") => 2,
            Some("VEC3") => 3,
            Some("VEC4") => 4,
            _ => return Err(invalid("accessor", index, "unknown type")),
        };
        let count = json.get("count").index().filter(|&c| c > 0);
        let count = count.ok_or(invalid("accessor", index, "it has no count"))?;
        let packed = components * component.size();
        let stride = document.get("bufferViews").items().get(view);
        let stride = stride.and_then(|v| v.get("byteStride").index());
        let stride = stride.unwrap_or(packed);
        let offset = json.get("byteOffset").index().unwrap_or(0);
        let end = (count - 1)
            .checked_mul(stride)
            .and_then(|n| n.checked_add(offset)?.checked_add(packed));
        let length = self.bytes(view)?.len();
        // GL refuses attributes that are not aligned to their own numbers, and strides over 255.
        let aligned = offset % component.size() == 0 && stride % component.size() == 0;
        if !(packed..=255).contains(&stride) || !aligned || end.is_none_or(|end| end > length) {
            return Err(invalid(
                "accessor",
                index,
                "it does not lie within its bufferView",
            ));
        }
        Ok(Attribute {
            semantic,
            view,
            offset,
            stride,
            component,
            components,
            normalized: json.get("normalized").is_true(),
            count,
        })
    }
}

pub(super) fn invalid(what: &'static str, index: usize, why: &'static str) -> GltfError {
    GltfError::Invalid { what, index, why }
}
