use crate::json::{BufferView, Primitive, Root};
use crate::{Accessor, GltfError};

/// An image's bytes as they are in the file: PNG, JPEG or WebP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageData {
    /// The encoded bytes.
    pub bytes: Vec<u8>,
}

/// A buffer view that an extension unknown to this crate may refer to, kept at its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeptView {
    pub view: BufferView,
    pub bytes: Vec<u8>,
}

/// A model: the JSON, and the bytes it describes, decoded.
///
/// Invariant: every index in `root` is in range, every primitive's attributes have one length, indices lie below it,
/// nodes form trees. [`crate::read`] checks it; transforms keep it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// The JSON without accessors, buffer views and buffers.
    pub root: Root,
    /// The accessors, in the order of the file.
    pub accessors: Vec<Accessor>,
    /// The bytes of `root.images`, in the same order.
    pub images: Vec<ImageData>,
    pub(crate) kept_views: Vec<KeptView>,
    /// Size of the file it came from, bytes.
    pub(crate) source_bytes: u64,
}

/// How a primitive's vertices are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// Single points.
    Points,
    /// Lines, loops and strips of lines.
    Lines,
    /// Three vertices a triangle.
    Triangles,
    /// Each vertex makes a triangle with the two before it.
    TriangleStrip,
    /// Each vertex makes a triangle with the one before it and the first.
    TriangleFan,
}

impl Primitive {
    /// How its vertices are joined.
    #[must_use]
    pub fn topology(&self) -> Topology {
        match self.mode {
            Some(0) => Topology::Points,
            Some(1..=3) => Topology::Lines,
            Some(5) => Topology::TriangleStrip,
            Some(6) => Topology::TriangleFan,
            _ => Topology::Triangles,
        }
    }

    /// All accessors of its vertices: attributes, then those of the morph targets.
    pub(crate) fn vertex_accessors(&self) -> impl Iterator<Item = usize> + '_ {
        self.attributes
            .values()
            .chain(self.targets.iter().flat_map(|target| target.values()))
            .copied()
    }
}

impl Document {
    /// Size in bytes of the file that it was read from; 0 where it was made here.
    #[must_use]
    pub const fn source_bytes(&self) -> u64 {
        self.source_bytes
    }

    /// Adds an accessor and returns its index.
    pub(crate) fn push(&mut self, accessor: Accessor) -> usize {
        self.accessors.push(accessor);
        self.accessors.len() - 1
    }

    /// The primitive's triangles as vertex indices; empty for points and lines.
    #[must_use]
    pub fn triangles(&self, primitive: &Primitive) -> Vec<u32> {
        let order = match primitive.indices {
            Some(indices) => self.accessors[indices].to_u32(),
            None => (0..self.vertex_count(primitive) as u32).collect(),
        };
        match primitive.topology() {
            Topology::Points | Topology::Lines => Vec::new(),
            Topology::Triangles => {
                let mut order = order;
                order.truncate(order.len() / 3 * 3);
                order
            }
            Topology::TriangleStrip => order
                .windows(3)
                .enumerate()
                .flat_map(|(index, w)| {
                    if index % 2 == 0 {
                        [w[0], w[1], w[2]]
                    } else {
                        [w[1], w[0], w[2]]
                    }
                })
                .collect(),
            Topology::TriangleFan => match order.split_first() {
                Some((&hub, rim)) => rim.windows(2).flat_map(|w| [hub, w[0], w[1]]).collect(),
                None => Vec::new(),
            },
        }
    }

    /// Number of the primitive's vertices.
    #[must_use]
    pub fn vertex_count(&self, primitive: &Primitive) -> usize {
        primitive
            .attributes
            .get("POSITION")
            .or_else(|| primitive.attributes.values().next())
            .map_or(0, |&accessor| self.accessors[accessor].count())
    }

    /// Notes that the file uses `name`; with `required` a reader must know it.
    pub(crate) fn declare_extension(&mut self, name: &str, required: bool) {
        let add = |names: &mut Vec<String>| {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        };
        add(&mut self.root.extensions_used);
        if required {
            add(&mut self.root.extensions_required);
        }
    }

    /// Writes the model as a GLB.
    ///
    /// # Errors
    /// [`GltfError::TooLarge`] over the container's 4 GiB.
    pub fn to_glb(&self) -> Result<Vec<u8>, GltfError> {
        crate::write::write_glb(self)
    }
}
