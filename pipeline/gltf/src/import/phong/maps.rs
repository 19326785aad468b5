//! The maps of MTL materials as textures of glTF's kind: alpha joins the colour, roughness and metalness share one.

use std::collections::HashMap;

use serde_json::json;
use xoay_format::Text;

use super::library::{Map, Phong};
use crate::import::build::add_texture;
use crate::import::{Context, pictures};
use crate::json::TextureInfo;
use crate::{Document, GltfError};

/// The textures made so far, by the files that they came from.
#[derive(Default)]
pub(in crate::import) struct Maps {
    known: HashMap<String, Option<Made>>,
}

#[derive(Clone, Copy)]
struct Made {
    texture: usize,
    alpha_mode: Option<&'static str>,
}

/// An encoded picture, and how its alpha is meant.
type Picture = (Vec<u8>, Option<&'static str>);

/// A base colour's texture, and how its alpha is meant.
pub(super) struct BaseColor {
    pub info: TextureInfo,
    pub alpha_mode: Option<&'static str>,
}

impl Maps {
    /// The texture of `key`, which `make` gives as a picture and its alpha mode the first time.
    fn texture(
        &mut self,
        key: String,
        name: &str,
        clamped: bool,
        document: &mut Document,
        make: impl FnOnce() -> Result<Option<Picture>, GltfError>,
    ) -> Result<Option<Made>, GltfError> {
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let made = make()?.map(|(bytes, alpha_mode)| Made {
            texture: add_texture(document, name, bytes, clamped),
            alpha_mode,
        });
        self.known.insert(key, made);
        Ok(made)
    }

    /// One map as it is.
    pub(super) fn plain(
        &mut self,
        kind: &str,
        phong: &Phong,
        document: &mut Document,
        context: &Context<'_>,
    ) -> Result<Option<TextureInfo>, GltfError> {
        let Some(map) = phong.maps.get(kind) else {
            return Ok(None);
        };
        let key = format!("plain {} {}", map.clamped, map.file);
        let made = self.texture(key, &map.file, map.clamped, document, || {
            Ok(pictures::load(&map.file, context)?.map(|bytes| (bytes, None)))
        })?;
        Ok(made.map(|made| info(made.texture, map, document)))
    }

    /// `map_Kd`, with `map_d` as its alpha.
    pub(super) fn base_color(
        &mut self,
        phong: &Phong,
        document: &mut Document,
        context: &Context<'_>,
    ) -> Result<Option<BaseColor>, GltfError> {
        let (color, alpha) = (phong.maps.get("map_Kd"), phong.maps.get("map_d"));
        let Some(map) = color.or(alpha) else {
            return Ok(None);
        };
        let Some(alpha) = alpha else {
            let info = self.plain("map_Kd", phong, document, context)?;
            return Ok(info.map(|info| BaseColor {
                info,
                alpha_mode: None,
            }));
        };
        let key = format!("alpha {} {} {}", map.clamped, map.file, alpha.file);
        let made = self.texture(key, &map.file, map.clamped, document, || {
            with_alpha(color, alpha, context)
        })?;
        Ok(made.map(|made| BaseColor {
            info: info(made.texture, map, document),
            alpha_mode: made.alpha_mode,
        }))
    }

    /// `map_Pr` in green and `map_Pm` in blue.
    pub(super) fn metallic_roughness(
        &mut self,
        phong: &Phong,
        document: &mut Document,
        context: &Context<'_>,
    ) -> Result<Option<TextureInfo>, GltfError> {
        let (rough, metal) = (phong.maps.get("map_Pr"), phong.maps.get("map_Pm"));
        let Some(map) = rough.or(metal) else {
            return Ok(None);
        };
        let file = |map: Option<&Map>| map.map_or("", |map| &map.file).to_owned();
        let key = format!("metal {} {} / {}", map.clamped, file(rough), file(metal));
        let made = self.texture(key, &map.file, map.clamped, document, || {
            let load = |map: Option<&Map>| -> Result<_, GltfError> {
                let Some(map) = map else { return Ok(None) };
                let bytes = pictures::load(&map.file, context)?;
                Ok(bytes.and_then(|bytes| pictures::pixels(&map.file, &bytes, context)))
            };
            let (rough, metal) = (load(rough)?, load(metal)?);
            let packed = match (&rough, &metal) {
                (Some(rough), Some(metal)) => {
                    pictures::combined(rough, metal, |r, m| [0, r[0], m[0], 255])
                }
                (Some(rough), None) => pictures::combined(rough, rough, |r, _| [0, r[0], 255, 255]),
                (None, Some(metal)) => pictures::combined(metal, metal, |m, _| [0, 255, m[0], 255]),
                (None, None) => None,
            };
            Ok(packed.and_then(|packed| Some((pictures::png(&packed)?, None))))
        })?;
        Ok(made.map(|made| info(made.texture, map, document)))
    }

    /// `norm`, or `bump` where the picture holds normals.
    pub(super) fn normal(
        &mut self,
        phong: &Phong,
        document: &mut Document,
        context: &Context<'_>,
    ) -> Result<Option<TextureInfo>, GltfError> {
        if phong.maps.contains_key("norm") {
            return self.plain("norm", phong, document, context);
        }
        let Some(map) = phong.maps.get("bump") else {
            return Ok(None);
        };
        let key = format!("bump {} {}", map.clamped, map.file);
        let made = self.texture(key, &map.file, map.clamped, document, || {
            let Some(bytes) = pictures::load(&map.file, context)? else {
                return Ok(None);
            };
            let Some(raster) = pictures::pixels(&map.file, &bytes, context) else {
                return Ok(None);
            };
            if holds_normals(raster.pixels()) {
                return Ok(Some((bytes, None)));
            }
            let why = Text::new(
                "glTF không có ảnh độ cao (bump); hãy chuyển nó thành ảnh pháp tuyến và ghi bằng norm trong tệp MTL",
                "glTF has no height maps (bump); turn it into a normal map and name it with norm in the MTL file",
            );
            pictures::leave_out(&map.file, &why, context);
            Ok(None)
        })?;
        Ok(made.map(|made| {
            let mut info = info(made.texture, map, document);
            info.scale =
                Some(map.strength as f32).filter(|scale| (scale - 1.0).abs() > f32::EPSILON);
            info
        }))
    }
}

/// The colour's picture with the alpha's as its alpha: its own alpha where both are one file, else its lightness.
fn with_alpha(
    color: Option<&Map>,
    alpha: &Map,
    context: &Context<'_>,
) -> Result<Option<Picture>, GltfError> {
    let load = |map: &Map| -> Result<_, GltfError> {
        let bytes = pictures::load(&map.file, context)?;
        Ok(bytes.and_then(|bytes| {
            let raster = pictures::pixels(&map.file, &bytes, context)?;
            Some((bytes, raster))
        }))
    };
    let Some((_, mask)) = load(alpha)? else {
        return match color {
            Some(color) => Ok(pictures::load(&color.file, context)?.map(|bytes| (bytes, None))),
            None => Ok(None),
        };
    };
    let colored = match color {
        Some(color) => load(color)?.map(|(_, raster)| raster),
        None => None,
    };
    let same = color.is_some_and(|color| color.file == alpha.file);
    let (mask_pixels, _) = mask.pixels().as_chunks::<4>();
    let own = same || mask_pixels.iter().any(|pixel| pixel[3] != 255);
    let alpha_of = |p: [u8; 4]| {
        if own {
            p[3]
        } else {
            ((u16::from(p[0]) + u16::from(p[1]) + u16::from(p[2])) / 3) as u8
        }
    };
    let packed = match &colored {
        Some(colored) => pictures::combined(colored, &mask, |c, m| [c[0], c[1], c[2], alpha_of(m)]),
        None => pictures::combined(&mask, &mask, |_, m| [255, 255, 255, alpha_of(m)]),
    };
    Ok(packed.and_then(|packed| {
        let (pixels, _) = packed.pixels().as_chunks::<4>();
        let soft = pixels.iter().filter(|p| (8..248).contains(&p[3])).count();
        let clear = pixels.iter().any(|p| p[3] < 248);
        // Edges of a cut-out are soft by a pixel or two.
        let mode = match (clear, soft * 20 < pixels.len()) {
            (false, _) => None,
            (true, true) => Some("MASK"),
            (true, false) => Some("BLEND"),
        };
        Some((pictures::png(&packed)?, mode))
    }))
}

/// Whether a picture's colours are directions, most of them up: bluish, not grey.
fn holds_normals(rgba: &[u8]) -> bool {
    let (pixels, _) = rgba.as_chunks::<4>();
    let unit = |pixel: &&[u8; 4]| {
        let [x, y, z] = [pixel[0], pixel[1], pixel[2]].map(|v| f64::from(v) / 127.5 - 1.0);
        z > 0.0 && ((x * x + y * y + z * z).sqrt() - 1.0).abs() < 0.25 && z > x.max(y)
    };
    pixels.iter().filter(unit).count() * 10 > pixels.len() * 9
}

/// A use of a texture, with the map's scale and offset turned to glTF's origin at the top left.
fn info(texture: usize, map: &Map, document: &mut Document) -> TextureInfo {
    const TRANSFORM: &str = "KHR_texture_transform";

    let mut info = TextureInfo::new(texture);
    let (scale, offset) = (map.scale, map.offset);
    let far = |pair: [f64; 2], from: f64| pair.iter().any(|value| (value - from).abs() > 1e-9);
    if far(scale, 1.0) || far(offset, 0.0) {
        document.declare_extension(TRANSFORM, false);
        // 1 − (s·(1 − v) + o) = s·v + (1 − s − o).
        let value = json!({
            "scale": scale, "offset": [offset[0], 1.0 - scale[1] - offset[1]],
        });
        info.extensions.insert(TRANSFORM.to_owned(), value);
    }
    info
}
