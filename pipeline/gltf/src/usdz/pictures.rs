//! A model's images as the PNG and JPEG files that USDZ takes.

use std::collections::BTreeMap;

use serde_json::Value;
use xoay_format::{Localize, Text, Watch};
use xoay_imaging::{Channels, Encoding, Raster};

use crate::json::TextureInfo;
use crate::{Document, GltfError, Limits, textures};

/// JPEG quality of colours that came as WebP; they have lost once already.
const QUALITY: u8 = 92;

/// A file of the archive.
pub(super) struct Picture {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// The pictures that materials use, by the number of their image.
pub(super) struct Pictures(BTreeMap<usize, Picture>);

impl Pictures {
    pub fn files(&self) -> impl Iterator<Item = &Picture> {
        self.0.values()
    }

    /// The file of a texture; `None` where it is left out.
    pub fn file(&self, document: &Document, info: &TextureInfo) -> Option<&str> {
        let image = image(document, info)?;
        Some(self.0.get(&image)?.name.as_str())
    }
}

/// The image that a texture shows: its own, or one of an extension.
fn image(document: &Document, info: &TextureInfo) -> Option<usize> {
    let texture = document.root.textures.get(info.index)?;
    let of_extension = || {
        let mut sources = texture.extensions.values();
        sources.find_map(|extension| extension.get("source").and_then(Value::as_u64))
    };
    texture
        .source
        .or_else(|| of_extension().map(|source| source as usize))
}

/// Collects the pictures of all materials that are drawn with.
pub(super) fn needed(
    document: &Document,
    limits: &Limits,
    watch: Watch<'_>,
) -> Result<Pictures, GltfError> {
    let mut pictures = BTreeMap::new();
    let mut failed = Vec::new();
    for material in &document.root.materials {
        // Colours may be JPEG; directions and numbers stay as they are.
        let pbr = &material.pbr_metallic_roughness;
        let infos = [
            (pbr.base_color_texture.as_ref(), true),
            (material.emissive_texture.as_ref(), true),
            (pbr.metallic_roughness_texture.as_ref(), false),
            (material.normal_texture.as_ref(), false),
            (material.occlusion_texture.as_ref(), false),
        ];
        for (info, is_color) in infos {
            let Some(index) = info.and_then(|info| image(document, info)) else {
                continue;
            };
            if pictures.contains_key(&index) || failed.contains(&index) {
                continue;
            }
            if watch.cancelled() {
                return Err(GltfError::Cancelled);
            }
            let place = format!("images[{index}]");
            match picture(
                &place,
                index,
                &document.images[index].bytes,
                is_color,
                limits,
            ) {
                Ok(picture) => {
                    pictures.insert(index, picture);
                }
                Err(error) => {
                    let text = error.text();
                    watch.warn(Text::new(
                        format!("{}; tệp USDZ không có ảnh này", text.vi),
                        format!("{}; the USDZ goes without it", text.en),
                    ));
                    failed.push(index);
                }
            }
        }
    }
    Ok(Pictures(pictures))
}

fn picture(
    place: &str,
    index: usize,
    bytes: &[u8],
    is_color: bool,
    limits: &Limits,
) -> Result<Picture, GltfError> {
    let (ending, bytes) = match textures::media_type(bytes) {
        Some("image/png") => ("png", bytes.to_vec()),
        Some("image/jpeg") => ("jpg", bytes.to_vec()),
        _ => {
            let pixels = textures::decode(place, bytes, limits)?;
            let (whole, _) = pixels.rgba.as_chunks::<4>();
            let opaque = whole.iter().all(|pixel| pixel[3] == 255);
            let failed = |error: xoay_imaging::ImagingError| {
                let text = error.text();
                GltfError::texture(place, text.vi, text.en)
            };
            let raster = if opaque {
                let rgb = whole.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
                Raster::new(pixels.width, pixels.height, Channels::Rgb, rgb)
            } else {
                Raster::new(pixels.width, pixels.height, Channels::Rgba, pixels.rgba)
            }
            .map_err(failed)?;
            let (ending, encoding) = if opaque && is_color {
                let jpeg = Encoding::Jpeg {
                    quality: QUALITY,
                    progressive: false,
                };
                ("jpg", jpeg)
            } else {
                ("png", Encoding::Png)
            };
            (
                ending,
                xoay_imaging::encode(&raster, encoding).map_err(failed)?,
            )
        }
    };
    Ok(Picture {
        name: format!("textures/{index}.{ending}"),
        bytes,
    })
}
