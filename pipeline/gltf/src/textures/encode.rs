use xoay_format::{ProgressEvent, Stage, Text, Watch};

use super::codec;
use super::role::{Role, roles};
use crate::references::opaque_extensions;
use crate::report::{Step, TextureChange};
use crate::{Document, GltfError, Limits};
use xoay_imaging::Raster;

const WEBP: &str = "image/webp";
const EXTENSION: &str = "EXT_texture_webp";

/// How [`encode_textures`] works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextureOptions {
    /// Longest side in pixels; larger images are made smaller, none larger.
    pub max_side: u32,
    /// WebP quality of colours, 1 to 100.
    pub color_quality: u8,
    /// WebP quality of numbers: roughness, occlusion.
    pub data_quality: u8,
    /// WebP quality of normal maps.
    pub normal_quality: u8,
}

impl Default for TextureOptions {
    fn default() -> Self {
        Self {
            max_side: 2048,
            color_quality: 82,
            data_quality: 85,
            normal_quality: 92,
        }
    }
}

/// Makes large images smaller and re-encodes images as WebP (`EXT_texture_webp`) where that saves bytes.
///
/// # Errors
/// [`GltfError::Texture`] and [`GltfError::TooLarge`] for an image over the limits, [`GltfError::Cancelled`].
/// An image that does not decode stays as it is, with a warning.
pub fn encode_textures(
    document: &mut Document,
    options: &TextureOptions,
    limits: &Limits,
    watch: Watch<'_>,
) -> Result<(Step, Vec<TextureChange>), GltfError> {
    let mut step = Step::new("textures");
    let mut changes = Vec::new();
    let roles = roles(document);
    let total = document.images.len() as u64;
    let stage = Stage::Textures;
    watch.tell(ProgressEvent::Started { stage, total });
    // An unknown extension may refer to an image and not expect WebP.
    let may_change_format = opaque_extensions(&document.root).is_empty();
    let mut webp = Vec::new();
    for (index, role) in roles.into_iter().enumerate() {
        if watch.cancelled() {
            return Err(GltfError::Cancelled);
        }
        let place = format!("images[{index}]");
        let bytes = &document.images[index].bytes;
        let before = describe(bytes);
        if let Some(role) = role.filter(|_| may_change_format) {
            match smaller(&place, bytes, role, *options, limits) {
                Ok(Some(encoded)) => {
                    step.add("images", 1);
                    document.images[index].bytes = encoded;
                    document.root.images[index].mime_type = Some(WEBP.to_owned());
                }
                Ok(None) => {}
                Err(error @ GltfError::TooLarge { .. }) => return Err(error),
                Err(error) => watch.warn(kept_as_it_is(&error)),
            }
        }
        let after = describe(&document.images[index].bytes);
        if after.0 == WEBP {
            webp.push(index);
        }
        let name = document.root.images[index].name.clone().unwrap_or(place);
        changes.push(TextureChange {
            name,
            role: role.map_or("none", Role::name).to_owned(),
            media_type: [before.0, after.0],
            width: [before.1, after.1],
            height: [before.2, after.2],
            size_bytes: [before.3, after.3],
        });
        watch.tell(ProgressEvent::Advanced {
            stage,
            done: index as u64 + 1,
            total,
        });
    }
    refer_to_webp(document, &webp);
    watch.tell(ProgressEvent::Finished { stage });
    Ok((step, changes))
}

fn kept_as_it_is(error: &GltfError) -> Text {
    use xoay_format::Localize;
    let text = error.text();
    Text::new(
        format!("{}; giữ nguyên ảnh này", text.vi),
        format!("{}; the image stays as it is", text.en),
    )
}

fn describe(bytes: &[u8]) -> (String, u32, u32, u64) {
    let (width, height) = codec::dimensions(bytes).unwrap_or_default();
    (
        codec::media_type(bytes).unwrap_or("unknown").to_owned(),
        width,
        height,
        bytes.len() as u64,
    )
}

/// The image as WebP at most `max_side` long; `None` where that saves nothing.
fn smaller(
    place: &str,
    bytes: &[u8],
    role: Role,
    options: TextureOptions,
    limits: &Limits,
) -> Result<Option<Vec<u8>>, GltfError> {
    let (width, height) = codec::dimensions(bytes).ok_or_else(|| {
        GltfError::texture(
            place,
            "ảnh không đọc được; cần PNG, JPEG hoặc WebP",
            "the image cannot be read; expected PNG, JPEG or WebP",
        )
    })?;
    let max_side = options.max_side.max(1);
    let too_large = width.max(height) > max_side;
    if !too_large && codec::media_type(bytes) == Some(WEBP) {
        return Ok(None);
    }
    let decoded = codec::decode_raster(place, bytes, limits)?;
    if decoded.altered {
        return Err(GltfError::texture(
            place,
            "ảnh mang hồ sơ màu hoặc hướng xoay mà glTF không dùng",
            "the image carries a colour profile or an orientation, which glTF ignores",
        ));
    }
    let raster = if too_large {
        fit(place, &decoded.raster, max_side)?
    } else {
        decoded.raster
    };
    let quality = match role {
        Role::Color => options.color_quality,
        Role::Data => options.data_quality,
        Role::Normal => options.normal_quality,
    };
    let encoded = codec::encode_webp(place, &raster, quality)?;
    Ok((too_large || encoded.len() < bytes.len()).then_some(encoded))
}

fn fit(place: &str, raster: &Raster, max_side: u32) -> Result<Raster, GltfError> {
    let longest = u64::from(raster.width().max(raster.height()));
    let side = |side: u32| (u64::from(side) * u64::from(max_side) / longest).max(1) as u32;
    codec::resize(place, raster, side(raster.width()), side(raster.height()))
}

/// Points textures at WebP images through the extension, and declares it.
fn refer_to_webp(document: &mut Document, webp: &[usize]) {
    let mut used = false;
    for texture in &mut document.root.textures {
        if let Some(source) = texture.source.filter(|source| webp.contains(source)) {
            let has_other = texture.extensions.contains_key(EXTENSION);
            if !has_other {
                texture.extensions.insert(
                    EXTENSION.to_owned(),
                    serde_json::json!({ "source": source }),
                );
            }
            texture.source = None;
            used = true;
        }
    }
    if used {
        document.declare_extension(EXTENSION, true);
    }
}
