use super::GltfError;
use super::accessor::{Attribute, ComponentType, Semantic};
use super::draco::Decoded;
use crate::json::Json;
use crate::meshopt::{self, Filter, Mode};

/// The file's buffer views, unpacked as they are asked for, and what is made besides.
pub(super) struct Views<'a> {
    pub json: &'a Json,
    pub binary: &'a [u8],
    /// Bytes by index of the buffer view; what is made besides follows after the last of them.
    unpacked: Vec<Option<Vec<u8>>>,
    /// Geometry that was decoded outside, by index of the compressed buffer view.
    pub decoded: &'a [(usize, Decoded)],
    /// Bytes unpacked so far, so that many small lies do not add up.
    total: usize,
    /// Accessors that had to be written out, so that each is only once.
    rewritten: Vec<(usize, usize)>,
}

/// The most bytes that all views of a model may take: 1 GiB.
const LARGEST_TOTAL: usize = 1 << 30;

impl<'a> Views<'a> {
    pub fn new(json: &'a Json, binary: &'a [u8], decoded: &'a [(usize, Decoded)]) -> Self {
        Self {
            json,
            binary,
            unpacked: vec![None; json.get("bufferViews").items().len()],
            decoded,
            total: 0,
            rewritten: Vec::new(),
        }
    }

    /// The bytes of a view, unpacked where they are compressed.
    pub fn bytes(&mut self, index: usize) -> Result<&[u8], GltfError> {
        if !self.unpacked.get(index).is_some_and(Option::is_some) {
            let bytes = self.unpack(index)?;
            self.count(index, bytes.len())?;
            self.unpacked[index] = Some(bytes);
        }
        Ok(self.unpacked[index].as_deref().unwrap_or_default())
    }

    /// What was unpacked, by key; empty where nothing asked for it.
    pub fn finish(self) -> Vec<Vec<u8>> {
        let views = self.unpacked.into_iter();
        views.map(Option::unwrap_or_default).collect()
    }

    /// Keeps bytes that no view of the file holds; their key.
    pub fn add(&mut self, bytes: Vec<u8>) -> Result<usize, GltfError> {
        let key = self.unpacked.len();
        self.count(key, bytes.len())?;
        self.unpacked.push(Some(bytes));
        Ok(key)
    }

    fn count(&mut self, index: usize, size: usize) -> Result<(), GltfError> {
        self.total = self.total.saturating_add(size);
        if self.total > LARGEST_TOTAL {
            let why = "the model unpacks to more than 1 GiB";
            return Err(invalid("bufferView", index, why));
        }
        Ok(())
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
                let why = "its compression has an unknown mode";
                return Err(invalid("bufferView", index, why));
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

    fn slice(&self, json: &Json, index: usize) -> Result<&'a [u8], GltfError> {
        slice(self.json, self.binary, json, index)
    }

    /// An accessor, checked to lie within its view and to be such as GL can read; one that is not is written out.
    pub fn attribute(&mut self, index: usize, semantic: Semantic) -> Result<Attribute, GltfError> {
        let document = self.json;
        let json = document.get("accessors").items().get(index);
        let json = json.ok_or(invalid("accessor", index, "there is none"))?;
        let mut attribute = shape(json, index, semantic)?;
        let packed = attribute.components * attribute.component.size();
        if let Some(&(_, view)) = self.rewritten.iter().find(|r| r.0 == index) {
            (attribute.view, attribute.stride, attribute.offset) = (view, packed, 0);
            return Ok(attribute);
        }
        let view = json.get("bufferView").index();
        let sparse = json.get("sparse");
        if let Some(view) = view {
            let stride = document.get("bufferViews").items().get(view);
            let stride = stride.and_then(|v| v.get("byteStride").index());
            attribute.view = view;
            attribute.stride = stride.unwrap_or(packed);
            attribute.offset = json.get("byteOffset").index().unwrap_or(0);
            let length = self.bytes(view)?.len();
            if attribute.stride < packed || end_of(&attribute).is_none_or(|end| end > length) {
                let why = "it does not lie within its bufferView";
                return Err(invalid("accessor", index, why));
            }
            // GL refuses attributes that are not aligned to their own numbers, and strides over 255.
            let size = attribute.component.size();
            let aligned = attribute.offset % size == 0 && attribute.stride % size == 0;
            if sparse.is_null() && aligned && attribute.stride <= 255 {
                return Ok(attribute);
            }
        } else if !json.get("bufferView").is_null() {
            return Err(invalid("accessor", index, "its bufferView is no index"));
        }
        // Without a view all is 0, but for what the sparse part replaces.
        let mut bytes = self.write_out(&attribute, view.is_some(), index)?;
        if !sparse.is_null() {
            self.replace_sparse(sparse, &attribute, &mut bytes, index)?;
        }
        let view = self.add(bytes)?;
        self.rewritten.push((index, view));
        (attribute.view, attribute.stride, attribute.offset) = (view, packed, 0);
        Ok(attribute)
    }

    /// The accessor's values, packed; zeros where it has no view.
    fn write_out(
        &mut self,
        attribute: &Attribute,
        filled: bool,
        index: usize,
    ) -> Result<Vec<u8>, GltfError> {
        let packed = attribute.components * attribute.component.size();
        let size = packed.checked_mul(attribute.count);
        let size = size.filter(|&s| s <= LARGEST_TOTAL - self.total.min(LARGEST_TOTAL));
        let size = size.ok_or(invalid("accessor", index, "it is larger than 1 GiB"))?;
        if !filled {
            return Ok(vec![0; size]);
        }
        let source = &self.bytes(attribute.view)?[attribute.offset..];
        let mut out = Vec::with_capacity(size);
        for value in source.chunks(attribute.stride).take(attribute.count) {
            out.extend_from_slice(&value[..packed]);
        }
        Ok(out)
    }

    /// Puts the values of a sparse accessor in their places.
    fn replace_sparse(
        &mut self,
        sparse: &Json,
        attribute: &Attribute,
        out: &mut [u8],
        index: usize,
    ) -> Result<(), GltfError> {
        let fail = |why| invalid("accessor", index, why);
        let count = sparse.get("count").index();
        let count = count.ok_or(fail("its sparse part has no count"))?;
        let places = sparse.get("indices");
        let component = places.get("componentType").index();
        let component = component.and_then(ComponentType::from_gl);
        let component = component.ok_or(fail("its sparse indices have no type"))?;
        let packed = attribute.components * attribute.component.size();
        let mut part = |json: &Json, size: usize| -> Result<Vec<u8>, GltfError> {
            let view = json.get("bufferView").index().unwrap_or(usize::MAX);
            let offset = json.get("byteOffset").index().unwrap_or(0);
            let bytes = self.bytes(view)?;
            let end = size.checked_mul(count).and_then(|n| n.checked_add(offset));
            let part = end.and_then(|end| bytes.get(offset..end));
            Ok(part.ok_or(fail("its sparse part is cut off"))?.to_vec())
        };
        let indices = part(places, component.size())?;
        let values = part(sparse.get("values"), packed)?;
        for (place, value) in indices
            .chunks_exact(component.size())
            .zip(values.chunks_exact(packed))
        {
            let mut word = [0; 4];
            word[..place.len()].copy_from_slice(place);
            let at = (u32::from_le_bytes(word) as usize).checked_mul(packed);
            let slot = at.and_then(|at| out.get_mut(at..at + packed));
            slot.ok_or(fail("a sparse index is beyond its end"))?
                .copy_from_slice(value);
        }
        Ok(())
    }

    /// All numbers of an accessor whose values have `components` each.
    pub fn floats(&mut self, index: usize, components: usize) -> Result<Vec<f32>, GltfError> {
        let attribute = self.attribute(index, Semantic::Position)?;
        if attribute.components != components {
            return Err(invalid("accessor", index, "its type does not fit its use"));
        }
        let numbers = attribute.count.saturating_mul(components);
        self.count(index, numbers.saturating_mul(4))?;
        let bytes = self.bytes(attribute.view)?;
        let mut out = Vec::with_capacity(numbers);
        for i in 0..attribute.count {
            let value: [f32; 16] = attribute.read(bytes, i).unwrap_or_default();
            out.extend_from_slice(&value[..components]);
        }
        Ok(out)
    }
}

/// The part of the binary chunk that a view, or its compression, names.
pub(super) fn slice<'a>(
    document: &Json,
    binary: &'a [u8],
    json: &Json,
    index: usize,
) -> Result<&'a [u8], GltfError> {
    let buffer = json.get("buffer").index();
    let buffer = buffer.and_then(|b| document.get("buffers").items().get(b).map(|j| (b, j)));
    match buffer {
        Some((0, buffer)) if buffer.get("uri").is_null() => {}
        Some(_) => return Err(GltfError::Unsupported("buffers outside the file".into())),
        None => return Err(invalid("bufferView", index, "its buffer does not exist")),
    }
    let offset = json.get("byteOffset").index().unwrap_or(0);
    let length = json.get("byteLength").index();
    let end = length.and_then(|l| offset.checked_add(l));
    let part = end.and_then(|end| binary.get(offset..end));
    let why = "it reaches beyond the file's binary chunk";
    part.ok_or(invalid("bufferView", index, why))
}

/// What an accessor says of its values, without where they lie.
pub(super) fn shape(json: &Json, index: usize, semantic: Semantic) -> Result<Attribute, GltfError> {
    let component = json.get("componentType").index();
    let component = component.and_then(ComponentType::from_gl);
    let components = match json.get("type").text() {
        Some("SCALAR") => 1,
        Some("VEC2") => 2,
        Some("VEC3") => 3,
        Some("VEC4") => 4,
        Some("MAT4") => 16,
        _ => return Err(invalid("accessor", index, "unknown type")),
    };
    let count = json.get("count").index().filter(|&c| c > 0);
    Ok(Attribute {
        semantic,
        view: usize::MAX,
        offset: 0,
        stride: 0,
        component: component.ok_or(invalid("accessor", index, "unknown componentType"))?,
        components,
        normalized: json.get("normalized").is_true(),
        count: count.ok_or(invalid("accessor", index, "it has no count"))?,
    })
}

fn end_of(a: &Attribute) -> Option<usize> {
    let start = (a.count - 1).checked_mul(a.stride)?.checked_add(a.offset)?;
    start.checked_add(a.components * a.component.size())
}

pub(super) fn invalid(what: &'static str, index: usize, why: &'static str) -> GltfError {
    GltfError::Invalid { what, index, why }
}
