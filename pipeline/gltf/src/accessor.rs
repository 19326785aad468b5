//! Accessors: typed arrays, decoded and tightly packed.

use crate::json::Extra;
use crate::pack::Packed;

/// The type of one component of an accessor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Component {
    /// Signed byte.
    I8,
    /// Unsigned byte.
    U8,
    /// Signed short.
    I16,
    /// Unsigned short.
    U16,
    /// Unsigned int.
    U32,
    /// Float.
    F32,
}

impl Component {
    /// The OpenGL constant that stands for it in a file.
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::I8 => 5120,
            Self::U8 => 5121,
            Self::I16 => 5122,
            Self::U16 => 5123,
            Self::U32 => 5125,
            Self::F32 => 5126,
        }
    }

    pub(crate) fn from_code(code: u32) -> Option<Self> {
        [
            Self::I8,
            Self::U8,
            Self::I16,
            Self::U16,
            Self::U32,
            Self::F32,
        ]
        .into_iter()
        .find(|component| component.code() == code)
    }

    /// Bytes of one component.
    #[must_use]
    pub const fn size_bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::U32 | Self::F32 => 4,
        }
    }
}

/// How many components an element has, and how they are arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// One number.
    Scalar,
    /// Two.
    Vec2,
    /// Three.
    Vec3,
    /// Four.
    Vec4,
    /// 2 × 2, column-major.
    Mat2,
    /// 3 × 3, column-major.
    Mat3,
    /// 4 × 4, column-major.
    Mat4,
}

impl Shape {
    const NAMES: [(Self, &'static str); 7] = [
        (Self::Scalar, "SCALAR"),
        (Self::Vec2, "VEC2"),
        (Self::Vec3, "VEC3"),
        (Self::Vec4, "VEC4"),
        (Self::Mat2, "MAT2"),
        (Self::Mat3, "MAT3"),
        (Self::Mat4, "MAT4"),
    ];

    /// Its name in a file.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(shape, _)| *shape)
    }

    /// Columns and rows.
    const fn columns_rows(self) -> (usize, usize) {
        match self {
            Self::Scalar => (1, 1),
            Self::Vec2 => (1, 2),
            Self::Vec3 => (1, 3),
            Self::Vec4 => (1, 4),
            Self::Mat2 => (2, 2),
            Self::Mat3 => (3, 3),
            Self::Mat4 => (4, 4),
        }
    }

    /// Number of components.
    #[must_use]
    pub const fn components(self) -> usize {
        let (columns, rows) = self.columns_rows();
        columns * rows
    }

    /// Bytes of one element. Columns of matrices begin at multiples of four bytes (glTF 2.0 §3.6.2.4).
    #[must_use]
    pub const fn size_bytes(self, component: Component) -> usize {
        let (columns, rows) = self.columns_rows();
        let column = rows * component.size_bytes();
        if columns == 1 {
            column
        } else {
            columns * column.next_multiple_of(4)
        }
    }
}

/// A typed array, decoded: no view, no stride, no sparse elements, no compression.
#[derive(Clone, Debug, PartialEq)]
pub struct Accessor {
    component: Component,
    shape: Shape,
    normalized: bool,
    count: usize,
    bytes: Vec<u8>,
    /// Its name.
    pub name: Option<String>,
    /// Whether the file gives the least and greatest value; they are computed anew when it is written.
    pub bounded: bool,
    /// Its extensions, by name.
    pub extensions: Extra,
    /// Everything else, `extras` among it.
    pub extra: Extra,
    /// The compressed form, if there is one. Bytes cannot change without losing it.
    pub(crate) packed: Option<Packed>,
}

impl Accessor {
    /// An accessor over packed little-endian `bytes`; `None` unless they are a whole number of elements.
    #[must_use]
    pub fn new(
        component: Component,
        shape: Shape,
        normalized: bool,
        bytes: Vec<u8>,
    ) -> Option<Self> {
        let size = shape.size_bytes(component);
        (bytes.len().is_multiple_of(size)).then(|| Self {
            component,
            shape,
            normalized,
            count: bytes.len() / size,
            bytes,
            name: None,
            bounded: false,
            extensions: Extra::new(),
            extra: Extra::new(),
            packed: None,
        })
    }

    #[cfg(test)]
    /// An accessor of floats, as many as `values` holds whole elements.
    pub(crate) fn from_f32(shape: Shape, values: &[f32]) -> Self {
        let whole = values.len() - values.len() % shape.components();
        let bytes = values[..whole]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        Self::new(Component::F32, shape, false, bytes).expect("a whole number of elements")
    }

    /// Indices in the narrowest type that can hold them: 16 bits below 65535 vertices, else 32.
    pub(crate) fn from_indices(indices: &[u32]) -> Self {
        let greatest = indices.iter().copied().max().unwrap_or(0);
        // The greatest value of each type means "restart" to graphics cards and is not allowed.
        let (component, bytes) = if greatest < u32::from(u16::MAX) {
            (
                Component::U16,
                indices
                    .iter()
                    .flat_map(|&index| (index as u16).to_le_bytes())
                    .collect(),
            )
        } else {
            (
                Component::U32,
                indices
                    .iter()
                    .flat_map(|&index| index.to_le_bytes())
                    .collect(),
            )
        };
        Self::new(component, Shape::Scalar, false, bytes).expect("a whole number of elements")
    }

    /// This accessor's name and extras on other contents.
    #[must_use]
    pub(crate) fn replaced_by(&self, mut contents: Self) -> Self {
        contents.name.clone_from(&self.name);
        contents.bounded = self.bounded;
        contents.extensions.clone_from(&self.extensions);
        contents.extra.clone_from(&self.extra);
        contents
    }

    /// This accessor with the elements that `order` names, in that order.
    #[must_use]
    pub(crate) fn gathered(&self, order: &[u32]) -> Self {
        let size = self.element_bytes();
        let mut bytes = Vec::with_capacity(order.len() * size);
        for &index in order {
            let start = index as usize * size;
            bytes.extend_from_slice(&self.bytes[start..start + size]);
        }
        let contents = Self::new(self.component, self.shape, self.normalized, bytes)
            .expect("a whole number of elements");
        self.replaced_by(contents)
    }

    /// Type of its components.
    #[must_use]
    pub const fn component(&self) -> Component {
        self.component
    }

    /// Shape of its elements.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Whether its integers stand for 0…1 or −1…1.
    #[must_use]
    pub const fn normalized(&self) -> bool {
        self.normalized
    }

    /// Number of elements.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Its packed little-endian bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes of one element.
    #[must_use]
    pub const fn element_bytes(&self) -> usize {
        self.shape.size_bytes(self.component)
    }

    fn component_at(&self, offset: usize) -> f64 {
        let bytes = &self.bytes[offset..];
        match self.component {
            Component::I8 => f64::from(bytes[0].cast_signed()),
            Component::U8 => f64::from(bytes[0]),
            Component::I16 => f64::from(i16::from_le_bytes([bytes[0], bytes[1]])),
            Component::U16 => f64::from(u16::from_le_bytes([bytes[0], bytes[1]])),
            Component::U32 => {
                f64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            }
            Component::F32 => {
                f64::from(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            }
        }
    }

    fn offsets(&self) -> impl Iterator<Item = usize> + '_ {
        let (columns, rows) = self.shape.columns_rows();
        let size = self.component.size_bytes();
        let element = self.element_bytes();
        let column_bytes = element / columns;
        (0..self.count).flat_map(move |index| {
            (0..columns).flat_map(move |column| {
                (0..rows).map(move |row| index * element + column * column_bytes + row * size)
            })
        })
    }

    /// All components as stored: integers stay integers.
    pub fn stored_values(&self) -> impl Iterator<Item = f64> + '_ {
        self.offsets().map(|offset| self.component_at(offset))
    }

    /// All components as the numbers they stand for (glTF 2.0 §3.11: normalised integers become 0…1 or −1…1).
    #[must_use]
    pub fn to_f32(&self) -> Vec<f32> {
        let scale = match (self.normalized, self.component) {
            (true, Component::I8) => 1.0 / 127.0,
            (true, Component::U8) => 1.0 / 255.0,
            (true, Component::I16) => 1.0 / 32767.0,
            (true, Component::U16) => 1.0 / 65535.0,
            (true, Component::U32) => 1.0 / f64::from(u32::MAX),
            _ => return self.stored_values().map(|value| value as f32).collect(),
        };
        self.stored_values()
            .map(|value| (value * scale).max(-1.0) as f32)
            .collect()
    }

    /// All components as unsigned integers; floats and negative numbers become 0.
    #[must_use]
    pub fn to_u32(&self) -> Vec<u32> {
        match self.component {
            Component::F32 => vec![0; self.count * self.shape.components()],
            _ => self
                .stored_values()
                .map(|value| value.max(0.0) as u32)
                .collect(),
        }
    }

    /// Least and greatest stored value of each component; `None` of an empty accessor.
    #[must_use]
    pub fn min_max(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        if self.count == 0 {
            return None;
        }
        let width = self.shape.components();
        let mut least = vec![f64::INFINITY; width];
        let mut greatest = vec![f64::NEG_INFINITY; width];
        for (index, value) in self.stored_values().enumerate() {
            least[index % width] = least[index % width].min(value);
            greatest[index % width] = greatest[index % width].max(value);
        }
        Some((least, greatest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_small_matrices_are_padded() {
        assert_eq!(Shape::Mat3.size_bytes(Component::U8), 12);
        assert_eq!(Shape::Mat2.size_bytes(Component::U8), 8);
        assert_eq!(Shape::Mat3.size_bytes(Component::I16), 24);
        assert_eq!(Shape::Mat4.size_bytes(Component::F32), 64);
        let bytes = vec![1, 2, 3, 99, 4, 5, 6, 99, 7, 8, 9, 99];
        let matrix = Accessor::new(Component::U8, Shape::Mat3, false, bytes).unwrap();
        assert_eq!(matrix.to_u32(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn normalised_integers_stand_for_fractions() {
        let signed =
            Accessor::new(Component::I8, Shape::Scalar, true, vec![127, 0, 0x81, 0x80]).unwrap();
        assert_eq!(signed.to_f32(), [1.0, 0.0, -1.0, -1.0]);
        let unsigned =
            Accessor::new(Component::U16, Shape::Scalar, true, vec![255, 255, 0, 0]).unwrap();
        assert_eq!(unsigned.to_f32(), [1.0, 0.0]);
    }

    #[test]
    fn indices_take_the_narrowest_allowed_type() {
        assert_eq!(
            Accessor::from_indices(&[0, 65534]).component(),
            Component::U16
        );
        assert_eq!(
            Accessor::from_indices(&[0, 65535]).component(),
            Component::U32
        );
        assert_eq!(Accessor::from_indices(&[7, 70_000]).to_u32(), [7, 70_000]);
    }
}
