//! From bytes to a [`Document`].

mod draco;
mod elements;
mod pictures;

use std::borrow::Cow;
use std::path::Path;

use xoay_format::Watch;

use crate::document::KeptView;
use crate::import::{self, Door};
use crate::json::{BufferView, RawRoot};
use crate::pack::{self, Filter, Mode};
use crate::references::opaque_extensions;
use crate::{Document, GltfError, ImageData, ImportOptions, Limits, check, glb, uri};

const MESHOPT: [&str; 2] = ["EXT_meshopt_compression", "KHR_meshopt_compression"];
/// Extensions of which nothing is left once a file is read.
const DECODED: [&str; 4] = [MESHOPT[0], MESHOPT[1], draco::EXTENSION, pictures::BASIS];

/// Reads a GLB, a .gltf, OBJ, PLY or STL with the files beside it; the content decides which it is, not the name.
///
/// What OBJ, PLY and STL do not say is taken as [`ImportOptions::default`] says, warnings of theirs are dropped.
///
/// # Errors
/// Every way in which a file can be wrong or too large; see [`GltfError`].
pub fn read(path: &Path, limits: &Limits) -> Result<Document, GltfError> {
    read_with(path, limits, ImportOptions::default(), Watch::silent())
}

/// [`read`] with a word on what OBJ, PLY and STL files leave open, and someone to warn.
///
/// # Errors
/// Every way in which a file can be wrong or too large; see [`GltfError`].
pub fn read_with(
    path: &Path,
    limits: &Limits,
    options: ImportOptions,
    watch: Watch<'_>,
) -> Result<Document, GltfError> {
    let bytes = uri::read_file(path, limits)?;
    let folder = path.parent().map(|parent| {
        if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        }
    });
    read_any(&bytes, folder, limits, options, watch)
}

/// Reads a model whose data are all in one file; see [`read`].
///
/// # Errors
/// Every way in which a file can be wrong or too large; see [`GltfError`].
pub fn read_bytes(bytes: &[u8], limits: &Limits) -> Result<Document, GltfError> {
    read_bytes_with(bytes, limits, ImportOptions::default(), Watch::silent())
}

/// [`read_bytes`] with a word on what OBJ, PLY and STL files leave open, and someone to warn.
///
/// # Errors
/// Every way in which a file can be wrong or too large; see [`GltfError`].
pub fn read_bytes_with(
    bytes: &[u8],
    limits: &Limits,
    options: ImportOptions,
    watch: Watch<'_>,
) -> Result<Document, GltfError> {
    Limits::check("the file", bytes.len() as u64, limits.file_bytes, "bytes")?;
    read_any(bytes, None, limits, options, watch)
}

fn read_any(
    bytes: &[u8],
    folder: Option<&Path>,
    limits: &Limits,
    options: ImportOptions,
    watch: Watch<'_>,
) -> Result<Document, GltfError> {
    let door = if glb::is_glb(bytes) {
        None
    } else {
        Door::of(bytes)
    };
    match door {
        Some(door) => import::read(door, bytes, folder, limits, options, watch),
        None => read_in(bytes, folder, limits),
    }
}

fn read_in(bytes: &[u8], folder: Option<&Path>, limits: &Limits) -> Result<Document, GltfError> {
    let (json, bin) = if glb::is_glb(bytes) {
        let glb = glb::split(bytes, limits)?;
        (glb.json, glb.bin)
    } else {
        let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if json.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Err(GltfError::NotAModel {
                known: other_format(bytes),
            });
        }
        Limits::check("JSON", json.len() as u64, limits.json_bytes, "bytes")?;
        (json, None)
    };
    let mut raw: RawRoot = serde_json::from_slice(json).map_err(|error| GltfError::Json {
        message: error.to_string(),
    })?;
    check_version(&raw)?;
    let mut reader = Reader {
        limits,
        folder,
        loaded_bytes: 0,
        decoded_bytes: 0,
        buffers: Vec::new(),
        views: Vec::new(),
        strides: Vec::new(),
    };
    reader.load_buffers(&raw, bin)?;
    reader.resolve_views(&raw)?;
    let mut unpacked = reader.draco(&mut raw)?;
    let accessors = raw
        .accessors
        .iter()
        .enumerate()
        .map(|(index, accessor)| match unpacked.remove(&index) {
            Some(done) => Ok(done),
            None => reader.accessor(&format!("accessors[{index}]"), accessor),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let RawRoot {
        mut root,
        buffer_views,
        ..
    } = raw;
    let mut images = reader.images(&mut root.images)?;
    reader.unpack_pictures(&mut root, &mut images)?;
    // Decoded now; the writer declares what it uses itself.
    for names in [&mut root.extensions_used, &mut root.extensions_required] {
        names.retain(|name| !DECODED.contains(&name.as_str()));
    }
    let kept_views = if opaque_extensions(&root).is_empty() {
        Vec::new()
    } else {
        reader.keep_views(&buffer_views)?
    };
    let source_bytes = bytes.len() as u64 + reader.loaded_bytes;
    let mut document = Document {
        root,
        accessors,
        images,
        kept_views,
        source_bytes,
    };
    check::check(&mut document)?;
    Ok(document)
}

/// The name of a format that people do have models in, but that is not read.
fn other_format(bytes: &[u8]) -> Option<&'static str> {
    let head = &bytes[..bytes.len().min(1024)];
    let holds = |word: &[u8]| head.windows(word.len()).any(|window| window == word);
    match bytes {
        _ if bytes.starts_with(b"Kaydara FBX") => Some("FBX"),
        _ if bytes.starts_with(b"; FBX") => Some("FBX"),
        _ if bytes.starts_with(b"BLENDER") => Some("Blender"),
        _ if bytes.starts_with(b"ISO-10303-21") => Some("STEP"),
        _ if bytes.starts_with(b"PK\x03\x04") => Some("zip (USDZ, 3MF)"),
        _ if bytes.starts_with(b"#usda") || bytes.starts_with(b"PXR-USDC") => Some("USD"),
        _ if holds(b"<COLLADA") => Some("COLLADA"),
        _ => None,
    }
}

/// Refuses versions that would be read wrongly.
fn check_version(raw: &RawRoot) -> Result<(), GltfError> {
    let asset = &raw.root.asset;
    if asset.version.split('.').next() != Some("2")
        || asset.min_version.as_deref().is_some_and(|v| v != "2.0")
    {
        let version = asset.min_version.as_ref().unwrap_or(&asset.version).clone();
        return Err(GltfError::Version { version });
    }
    Ok(())
}

struct Reader<'a> {
    limits: &'a Limits,
    folder: Option<&'a Path>,
    /// Bytes loaded besides the file itself.
    loaded_bytes: u64,
    /// Bytes of accessors, decompressed views and kept views so far.
    decoded_bytes: u64,
    /// `None` for a fallback buffer, which has no bytes.
    buffers: Vec<Option<Cow<'a, [u8]>>>,
    views: Vec<Option<View>>,
    /// The views' strides.
    strides: Vec<Option<u64>>,
}

/// Where a view's bytes are.
enum View {
    Slice {
        buffer: usize,
        start: usize,
        end: usize,
    },
    Decoded(Vec<u8>),
}

impl<'a> Reader<'a> {
    fn charge(&mut self, place: &str, bytes: u64) -> Result<(), GltfError> {
        self.decoded_bytes = self.decoded_bytes.saturating_add(bytes);
        Limits::check(
            place,
            self.decoded_bytes,
            self.limits.geometry_bytes,
            "bytes",
        )
    }

    fn load(&mut self, place: &str, uri: &str) -> Result<(Vec<u8>, Option<String>), GltfError> {
        let (bytes, media_type) = uri::load(place, uri, self.folder, self.limits)?;
        if !uri.starts_with("data:") {
            self.loaded_bytes += bytes.len() as u64;
            Limits::check(place, self.loaded_bytes, self.limits.file_bytes, "bytes")?;
        }
        Ok((bytes, media_type))
    }

    fn load_buffers(&mut self, raw: &RawRoot, bin: Option<&'a [u8]>) -> Result<(), GltfError> {
        for (index, buffer) in raw.buffers.iter().enumerate() {
            let place = format!("buffers[{index}]");
            let bytes = match (&buffer.uri, bin) {
                (Some(uri), _) => Some(Cow::Owned(self.load(&place, uri)?.0)),
                (None, Some(bin)) if index == 0 => Some(Cow::Borrowed(bin)),
                (None, _) => None,
            };
            let Some(bytes) = bytes else {
                self.buffers.push(None);
                continue;
            };
            let length = usize::try_from(buffer.byte_length).unwrap_or(usize::MAX);
            if bytes.len() < length {
                return Err(GltfError::invalid(
                    place,
                    format!(
                        "ghi {length} byte nhưng chỉ có {}; tệp có thể bị cắt cụt",
                        bytes.len()
                    ),
                    format!(
                        "says {length} bytes but has {}; the file may be truncated",
                        bytes.len()
                    ),
                ));
            }
            // The binary chunk is padded; the padding belongs to no view.
            self.buffers.push(Some(match bytes {
                Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[..length]),
                Cow::Owned(mut bytes) => {
                    bytes.truncate(length);
                    Cow::Owned(bytes)
                }
            }));
        }
        Ok(())
    }

    fn slice(
        &self,
        place: &str,
        buffer: usize,
        offset: u64,
        length: u64,
    ) -> Result<View, GltfError> {
        let bytes = self
            .buffers
            .get(buffer)
            .and_then(Option::as_ref)
            .ok_or_else(|| {
                GltfError::invalid(
                    place,
                    format!("cần dữ liệu của buffers[{buffer}], nhưng không có"),
                    format!("needs the data of buffers[{buffer}], which has none"),
                )
            })?;
        let end = offset
            .checked_add(length)
            .filter(|&end| end <= bytes.len() as u64)
            .ok_or_else(|| {
                GltfError::invalid(
                    place,
                    format!(
                        "{length} byte từ vị trí {offset} vượt quá bộ đệm dài {} byte",
                        bytes.len()
                    ),
                    format!(
                        "{length} bytes from {offset} reach past the buffer's {} bytes",
                        bytes.len()
                    ),
                )
            })?;
        Ok(View::Slice {
            buffer,
            start: offset as usize,
            end: end as usize,
        })
    }

    fn resolve_views(&mut self, raw: &RawRoot) -> Result<(), GltfError> {
        for (index, view) in raw.buffer_views.iter().enumerate() {
            let place = format!("bufferViews[{index}]");
            let compressed = MESHOPT.iter().find_map(|name| view.extensions.get(*name));
            let resolved = match compressed {
                Some(extension) => Some(self.decompress(&place, view, extension)?),
                // A view that nothing reads may lie in a fallback buffer.
                None if self.buffers.get(view.buffer).is_some_and(Option::is_none) => None,
                None => {
                    Some(self.slice(&place, view.buffer, view.byte_offset, view.byte_length)?)
                }
            };
            self.views.push(resolved);
            self.strides.push(view.byte_stride);
        }
        Ok(())
    }

    fn decompress(
        &mut self,
        place: &str,
        view: &BufferView,
        extension: &serde_json::Value,
    ) -> Result<View, GltfError> {
        let number = |name: &str| extension.get(name).and_then(serde_json::Value::as_u64);
        let text = |name: &str| extension.get(name).and_then(serde_json::Value::as_str);
        let broken = || {
            GltfError::invalid(
                place,
                "dữ liệu nén meshopt bị hỏng hoặc sai quy cách; hãy xuất lại mô hình",
                "its meshopt-compressed data is damaged or against the rules; export the model again",
            )
        };
        let buffer = number("buffer").ok_or_else(broken)? as usize;
        let length = number("byteLength").ok_or_else(broken)?;
        let stride = number("byteStride").ok_or_else(broken)?;
        let count = number("count").ok_or_else(broken)?;
        let mode = text("mode").and_then(Mode::from_name).ok_or_else(broken)?;
        let filter = Filter::from_name(text("filter").unwrap_or("NONE")).ok_or_else(broken)?;
        if stride > pack::MAX_STRIDE as u64 || count.checked_mul(stride) != Some(view.byte_length) {
            return Err(broken());
        }
        self.charge(place, view.byte_length)?;
        let packed = self.slice(place, buffer, number("byteOffset").unwrap_or(0), length)?;
        let decoded = pack::decode(
            self.bytes(&packed),
            mode,
            filter,
            count as usize,
            stride as usize,
        );
        decoded.map(View::Decoded).ok_or_else(broken)
    }

    fn bytes<'s>(&'s self, view: &'s View) -> &'s [u8] {
        match view {
            View::Slice { buffer, start, end } => self.buffers[*buffer]
                .as_ref()
                .map_or(&[], |bytes| &bytes[*start..*end]),
            View::Decoded(bytes) => bytes,
        }
    }

    fn view(&self, place: &str, index: usize) -> Result<&[u8], GltfError> {
        let view = self
            .views
            .get(index)
            .and_then(Option::as_ref)
            .ok_or_else(|| {
                GltfError::invalid(
                    place,
                    format!("bufferViews[{index}] không tồn tại hoặc không có dữ liệu"),
                    format!("bufferViews[{index}] does not exist or has no data"),
                )
            })?;
        Ok(self.bytes(view))
    }

    fn images(&mut self, images: &mut [crate::json::Image]) -> Result<Vec<ImageData>, GltfError> {
        let mut data = Vec::with_capacity(images.len());
        for (index, image) in images.iter_mut().enumerate() {
            let place = format!("images[{index}]");
            let bytes = match (image.uri.take(), image.buffer_view.take()) {
                (Some(uri), _) => {
                    let (bytes, media_type) = self.load(&place, &uri)?;
                    if image.mime_type.is_none() {
                        image.mime_type = media_type;
                    }
                    bytes
                }
                (None, Some(view)) => {
                    let length = self.view(&place, view)?.len() as u64;
                    self.charge(&place, length)?;
                    self.view(&place, view)?.to_vec()
                }
                (None, None) => {
                    return Err(GltfError::invalid(
                        place,
                        "ảnh không có dữ liệu",
                        "the image has no data",
                    ));
                }
            };
            data.push(ImageData { bytes });
        }
        Ok(data)
    }

    fn keep_views(&mut self, views: &[BufferView]) -> Result<Vec<KeptView>, GltfError> {
        let mut kept = Vec::with_capacity(views.len());
        for (index, view) in views.iter().enumerate() {
            let place = format!("bufferViews[{index}]");
            self.charge(&place, view.byte_length)?;
            let bytes = self.view(&place, index)?.to_vec();
            let mut view = view.clone();
            view.extensions
                .retain(|name, _| !MESHOPT.contains(&name.as_str()));
            kept.push(KeptView { view, bytes });
        }
        Ok(kept)
    }
}
