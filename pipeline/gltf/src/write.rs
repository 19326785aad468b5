//! From a [`Document`] to a GLB: one buffer view an accessor, everything aligned to four bytes.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::accessor::Accessor;
use crate::json::{Buffer, BufferView, RawAccessor, RawRoot};
use crate::pack::Codec;
use crate::{Document, GltfError, glb};

const ARRAY_BUFFER: u32 = 34962;
const ELEMENT_ARRAY_BUFFER: u32 = 34963;

/// What an accessor is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Other,
    Vertices,
    Indices,
}

/// What each accessor is for; one used for both vertices and indices counts as vertices.
pub(crate) fn uses(document: &Document) -> Vec<Use> {
    let mut uses = vec![Use::Other; document.accessors.len()];
    for primitive in document
        .root
        .meshes
        .iter()
        .flat_map(|mesh| &mesh.primitives)
    {
        if let Some(indices) = primitive.indices
            && uses[indices] == Use::Other
        {
            uses[indices] = Use::Indices;
        }
        for accessor in primitive.vertex_accessors() {
            uses[accessor] = Use::Vertices;
        }
    }
    uses
}

/// Accessors whose least and greatest values must be in the file: positions and animation times.
fn must_be_bounded(document: &Document) -> Vec<bool> {
    let mut bounded = vec![false; document.accessors.len()];
    for primitive in document
        .root
        .meshes
        .iter()
        .flat_map(|mesh| &mesh.primitives)
    {
        for attributes in std::iter::once(&primitive.attributes).chain(&primitive.targets) {
            if let Some(&accessor) = attributes.get("POSITION") {
                bounded[accessor] = true;
            }
        }
    }
    for sampler in document
        .root
        .animations
        .iter()
        .flat_map(|animation| &animation.samplers)
    {
        if let Some(input) = sampler.input {
            bounded[input] = true;
        }
    }
    bounded
}

/// Distance between the elements of vertex data in the file: their size, up to a multiple of four.
pub(crate) fn stride_bytes(accessor: &Accessor) -> usize {
    accessor.element_bytes().next_multiple_of(4)
}

/// The accessor's bytes with each element padded to `stride`.
pub(crate) fn padded(accessor: &Accessor, stride: usize) -> Cow<'_, [u8]> {
    let size = accessor.element_bytes();
    if size == stride {
        return Cow::Borrowed(accessor.bytes());
    }
    let mut bytes = vec![0; accessor.count() * stride];
    for (to, from) in bytes
        .chunks_exact_mut(stride)
        .zip(accessor.bytes().chunks_exact(size))
    {
        to[..size].copy_from_slice(from);
    }
    Cow::Owned(bytes)
}

#[derive(Default)]
struct Layout {
    bin: Vec<u8>,
    views: Vec<BufferView>,
    /// Bytes that the fallback buffer would hold.
    fallback_bytes: u64,
    /// What compressed views use.
    codec: Option<Codec>,
}

impl Layout {
    fn append(&mut self, bytes: &[u8]) -> u64 {
        self.bin.resize(self.bin.len().next_multiple_of(4), 0);
        let offset = self.bin.len() as u64;
        self.bin.extend_from_slice(bytes);
        offset
    }

    fn view(&mut self, view: BufferView) -> usize {
        self.views.push(view);
        self.views.len() - 1
    }

    fn accessor(&mut self, accessor: &Accessor, used_as: Use) -> usize {
        let (stride, target) = match used_as {
            Use::Vertices => (Some(stride_bytes(accessor)), Some(ARRAY_BUFFER)),
            Use::Indices => (None, Some(ELEMENT_ARRAY_BUFFER)),
            Use::Other => (None, None),
        };
        let byte_stride = stride.map(|stride| stride as u64);
        let Some(packed) = &accessor.packed else {
            let bytes = padded(accessor, stride.unwrap_or(accessor.element_bytes()));
            let byte_offset = self.append(&bytes);
            let byte_length = bytes.len() as u64;
            return self.view(BufferView {
                byte_offset,
                byte_length,
                byte_stride,
                target,
                ..BufferView::default()
            });
        };
        self.codec = Some(packed.codec);
        let packed_offset = self.append(&packed.bytes);
        let byte_length = (accessor.count() * packed.stride) as u64;
        let byte_offset = self.fallback_bytes.next_multiple_of(4);
        self.fallback_bytes = byte_offset + byte_length;
        let mut extension = json!({
            "buffer": 0,
            "byteOffset": packed_offset,
            "byteLength": packed.bytes.len(),
            "byteStride": packed.stride,
            "count": accessor.count(),
            "mode": packed.mode.name(),
        });
        if packed.filter != crate::pack::Filter::None {
            extension["filter"] = Value::from(packed.filter.name());
        }
        let extensions = [(packed.codec.extension().to_owned(), extension)]
            .into_iter()
            .collect();
        self.view(BufferView {
            buffer: 1,
            byte_offset,
            byte_length,
            byte_stride,
            target,
            extensions,
            ..BufferView::default()
        })
    }
}

fn describe(accessor: &Accessor, view: Option<usize>, bounded: bool) -> RawAccessor {
    let float = accessor.component() == crate::Component::F32;
    let number = |value: f64| {
        if float {
            json!(value as f32)
        } else {
            json!(value as i64)
        }
    };
    let (min, max) = accessor
        .min_max()
        .filter(|_| bounded)
        .map(|(min, max)| {
            (
                min.into_iter().map(number).collect(),
                max.into_iter().map(number).collect(),
            )
        })
        .unwrap_or_default();
    RawAccessor {
        name: accessor.name.clone(),
        buffer_view: view,
        component_type: accessor.component().code(),
        normalized: accessor.normalized(),
        count: accessor.count() as u64,
        r#type: accessor.shape().name().to_owned(),
        min,
        max,
        extensions: accessor.extensions.clone(),
        extra: accessor.extra.clone(),
        ..RawAccessor::default()
    }
}

pub(crate) fn write_glb(document: &Document) -> Result<Vec<u8>, GltfError> {
    let mut layout = Layout::default();
    for kept in &document.kept_views {
        let byte_offset = layout.append(&kept.bytes);
        layout.view(BufferView {
            buffer: 0,
            byte_offset,
            ..kept.view.clone()
        });
    }
    let uses = uses(document);
    let must_be_bounded = must_be_bounded(document);
    let accessors = document
        .accessors
        .iter()
        .enumerate()
        .map(|(index, accessor)| {
            let view = (accessor.count() > 0).then(|| layout.accessor(accessor, uses[index]));
            describe(accessor, view, accessor.bounded || must_be_bounded[index])
        })
        .collect();
    let mut root = document.root.clone();
    for (image, data) in root.images.iter_mut().zip(&document.images) {
        let byte_offset = layout.append(&data.bytes);
        let byte_length = data.bytes.len() as u64;
        image.buffer_view = Some(layout.view(BufferView {
            byte_offset,
            byte_length,
            ..BufferView::default()
        }));
        image.mime_type = crate::textures::media_type(&data.bytes)
            .map(str::to_owned)
            .or_else(|| image.mime_type.take());
    }
    let mut buffers = Vec::new();
    if !layout.bin.is_empty() || layout.fallback_bytes > 0 {
        buffers.push(Buffer {
            byte_length: layout.bin.len() as u64,
            ..Buffer::default()
        });
    }
    if let Some(codec) = layout.codec {
        let name = codec.extension();
        let extensions = [(name.to_owned(), json!({ "fallback": true }))]
            .into_iter()
            .collect();
        buffers.push(Buffer {
            byte_length: layout.fallback_bytes,
            extensions,
            ..Buffer::default()
        });
        for names in [&mut root.extensions_used, &mut root.extensions_required] {
            names.push(name.to_owned());
        }
    }
    let raw = RawRoot {
        accessors,
        buffer_views: layout.views,
        buffers,
        root,
    };
    let json = serde_json::to_vec(&raw).map_err(|error| GltfError::Json {
        message: error.to_string(),
    })?;
    glb::join(&json, &layout.bin)
}
