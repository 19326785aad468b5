use crate::math::Vec3;

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
    pub(super) fn from_gl(code: usize) -> Option<Self> {
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
    Tangent,
    Joints,
    Weights,
}

impl Semantic {
    /// Every one with its name in glTF, in the order of their locations.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Position, "POSITION"),
        (Self::Normal, "NORMAL"),
        (Self::TexCoord0, "TEXCOORD_0"),
        (Self::TexCoord1, "TEXCOORD_1"),
        (Self::Color, "COLOR_0"),
        (Self::Tangent, "TANGENT"),
        (Self::Joints, "JOINTS_0"),
        (Self::Weights, "WEIGHTS_0"),
    ];
}

/// Where an attribute's, an index list's or an animation's values lie. The range has been checked against its view.
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
    /// Numbers in a value: 1 to 4, 16 for a matrix.
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
        self.read(bytes, i)
    }

    /// The first `N` numbers of value `i`, as the shader would see them; 0 where it has fewer.
    #[must_use]
    pub fn read<const N: usize>(&self, bytes: &[u8], i: usize) -> Option<[f32; N]> {
        let mut out = [0.0; N];
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

    /// Number `i` of an index list.
    #[must_use]
    pub fn read_index(&self, bytes: &[u8], i: usize) -> Option<usize> {
        let at = self.offset + i * self.stride;
        let b = bytes.get(at..at + self.component.size())?;
        Some(match *b {
            [a] => usize::from(a),
            [a, b] => usize::from(u16::from_le_bytes([a, b])),
            [a, b, c, d] => u32::from_le_bytes([a, b, c, d]) as usize,
            _ => return None,
        })
    }
}
