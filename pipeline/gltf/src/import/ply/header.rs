//! What a PLY file says of its elements.

use super::invalid;
use crate::GltfError;
use crate::import::text::{Lines, keyword, name, words};

/// Longest header that is read, and most elements and properties.
const MAX_BYTES: usize = 1 << 20;
const MAX_PROPERTIES: usize = 1024;

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Ascii,
    LittleEndian,
    BigEndian,
}

/// A number's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    F32,
    F64,
}

impl Scalar {
    fn from_name(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"char" | b"int8" => Self::I8,
            b"uchar" | b"uint8" => Self::U8,
            b"short" | b"int16" => Self::I16,
            b"ushort" | b"uint16" => Self::U16,
            b"int" | b"int32" => Self::I32,
            b"uint" | b"uint32" => Self::U32,
            b"float" | b"float32" => Self::F32,
            b"double" | b"float64" => Self::F64,
            _ => return None,
        })
    }

    pub const fn size_bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// What an integer is divided by where it stands for 0…1; 1 for floats.
    pub const fn whole(self) -> f64 {
        match self {
            Self::I8 | Self::U8 => 255.0,
            Self::I16 | Self::U16 => 65535.0,
            Self::I32 | Self::U32 => 4_294_967_295.0,
            Self::F32 | Self::F64 => 1.0,
        }
    }
}

/// A property of each item of an element.
#[derive(Clone, Debug)]
pub(super) struct Property {
    pub name: String,
    /// The type of the number of items; `None` unless it is a list.
    pub list: Option<Scalar>,
    pub scalar: Scalar,
}

/// A kind of thing, and how many there are.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub name: String,
    pub count: u64,
    pub properties: Vec<Property>,
}

impl Element {
    /// The fewest bytes that an item takes in the file.
    pub fn least_bytes(&self, format: Format) -> u64 {
        let least = |property: &Property| match format {
            // A digit and a blank.
            Format::Ascii => 2,
            _ => property.list.unwrap_or(property.scalar).size_bytes() as u64,
        };
        self.properties.iter().map(least).sum()
    }
}

pub(super) struct Header {
    pub format: Format,
    pub elements: Vec<Element>,
    /// The pictures that comments name, in their order.
    pub textures: Vec<String>,
    /// Where the items begin.
    pub end: usize,
}

pub(super) fn read(bytes: &[u8]) -> Result<Header, GltfError> {
    const END: &[u8] = b"end_header";

    let head = &bytes[..bytes.len().min(MAX_BYTES)];
    // A line of its own: a comment may hold the word.
    let at = head
        .windows(END.len() + 1)
        .position(|w| matches!(w[0], b'\n' | b'\r') && w[1..] == *END)
        .ok_or_else(|| {
            invalid(
                "thiếu end_header; tệp có thể bị cắt cụt",
                "end_header is missing; the file may be cut off",
            )
        })?;
    let mut end = at + 1 + END.len();
    // The line's end: one byte, or two that belong together.
    end += match bytes.get(end..) {
        Some([b'\r', b'\n', ..]) => 2,
        Some([b'\n' | b'\r', ..]) => 1,
        _ => 0,
    };
    let text: Vec<u8> = head[..at]
        .iter()
        .map(|&byte| if byte == b'\r' { b'\n' } else { byte })
        .collect();
    let mut header = Header {
        format: Format::Ascii,
        elements: Vec::new(),
        textures: Vec::new(),
        end,
    };
    let (mut has_format, mut properties) = (false, 0);
    for (line, text) in Lines::new(&text).skip(1) {
        let (word, rest) = keyword(&text);
        let broken = || {
            let shown = name(&text[..text.len().min(60)]);
            invalid(
                format!("dòng {line} của phần đầu không đúng quy cách: {shown:?}"),
                format!("line {line} of the header is not as PLY wants it: {shown:?}"),
            )
        };
        match word {
            b"" | b"obj_info" => {}
            b"format" => {
                has_format = true;
                header.format = match words(rest).next() {
                    Some(b"ascii") => Format::Ascii,
                    Some(b"binary_little_endian") => Format::LittleEndian,
                    Some(b"binary_big_endian") => Format::BigEndian,
                    _ => return Err(broken()),
                };
            }
            b"comment" => {
                let (word, file) = keyword(rest);
                if word.eq_ignore_ascii_case(b"texturefile") && !file.is_empty() {
                    header.textures.push(name(file));
                }
            }
            b"element" => {
                let mut parts = words(rest);
                let kind = parts.next().ok_or_else(broken)?;
                let count = parts.next().and_then(|word| std::str::from_utf8(word).ok());
                properties += 1;
                header.elements.push(Element {
                    name: name(kind),
                    count: count
                        .and_then(|count| count.parse().ok())
                        .ok_or_else(broken)?,
                    properties: Vec::new(),
                });
            }
            b"property" => {
                let parts: Vec<&[u8]> = words(rest).collect();
                let property = property(&parts).ok_or_else(broken)?;
                let element = header.elements.last_mut().ok_or_else(broken)?;
                element.properties.push(property);
                properties += 1;
            }
            _ => return Err(broken()),
        }
        if properties > MAX_PROPERTIES {
            return Err(broken());
        }
    }
    if !has_format {
        return Err(invalid(
            "phần đầu không ghi dạng (format)",
            "the header does not say its format",
        ));
    }
    Ok(header)
}

fn property(parts: &[&[u8]]) -> Option<Property> {
    match *parts {
        [b"list", count, scalar, kind] => Some(Property {
            name: name(kind),
            list: Some(Scalar::from_name(count)?),
            scalar: Scalar::from_name(scalar)?,
        }),
        [scalar, kind] => Some(Property {
            name: name(kind),
            list: None,
            scalar: Scalar::from_name(scalar)?,
        }),
        _ => None,
    }
}
