//! Textures, uploaded straight from decoded pictures.

use std::collections::HashMap;

use three_d::context as gl;
use three_d::{Context, Interpolation, Mipmap, Texture2D, Wrapping};
use wasm_bindgen::JsValue;

use web_sys::ImageBitmap;
use xoay_viewer_core::gltf::{Material, Model, Sampler, TextureRef};

use crate::fetching;

/// One texture: an image, whether its colours are sRGB, and how it is sampled.
pub type Key = (usize, bool, Sampler);

/// The textures of a material with the names of their slots; `true` where the colours are sRGB.
pub fn slots(material: &Material) -> [(&'static str, bool, Option<&TextureRef>); 5] {
    [
        ("base", true, material.base_color.as_ref()),
        ("metal_rough", false, material.metallic_roughness.as_ref()),
        ("normal", false, material.normal.as_ref()),
        ("occlusion", false, material.occlusion.as_ref()),
        ("emissive", true, material.emissive.as_ref()),
    ]
}

/// Every texture that the model's draws need.
pub fn needed(model: &Model) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for draw in &model.draws {
        let material = &model.materials[draw.material];
        for (_, srgb, texture) in slots(material) {
            let key = texture.map(|t| (t.image, srgb, t.sampler));
            keys.extend(key.filter(|k| !keys.contains(k)));
        }
    }
    keys
}

/// Decodes the images at once, then uploads them. An image that cannot be decoded is an error: a product without its
/// label is not the product.
pub async fn load(
    context: &Context,
    model: &Model,
    base: &str,
) -> Result<HashMap<Key, Texture2D>, JsValue> {
    // SAFETY: a query of a constant of the context.
    let most_px = unsafe { gl::HasContext::get_parameter_i32(&***context, gl::MAX_TEXTURE_SIZE) };
    let most_px = u32::try_from(most_px).unwrap_or(2048).max(64);
    let keys = needed(model);
    let mut images: Vec<usize> = keys.iter().map(|k| k.0).collect();
    images.sort_unstable();
    images.dedup();
    let mut bitmaps: HashMap<usize, ImageBitmap> = HashMap::new();
    for image in images {
        bitmaps.insert(image, fetching::image(model, image, base, most_px).await?);
    }
    let mut textures = HashMap::new();
    for key in keys {
        textures.insert(key, upload(context, &bitmaps[&key.0], key.1, key.2));
    }
    for bitmap in bitmaps.values() {
        bitmap.close();
    }
    Ok(textures)
}

fn upload(context: &Context, bitmap: &ImageBitmap, srgb: bool, sampler: Sampler) -> Texture2D {
    let wrap = |code: u32| match code {
        gl::CLAMP_TO_EDGE => Wrapping::ClampToEdge,
        gl::MIRRORED_REPEAT => Wrapping::MirroredRepeat,
        _ => Wrapping::Repeat,
    };
    let filter = if sampler.nearest {
        Interpolation::Nearest
    } else {
        Interpolation::Linear
    };
    let internal = if srgb { gl::SRGB8_ALPHA8 } else { gl::RGBA8 };
    // SAFETY: the closure gives the bound texture level 0 in a format that can be filtered and mipmapped, at the size that
    // the texture is told.
    unsafe {
        Texture2D::new_unchecked::<[u8; 4]>(
            context,
            bitmap.width(),
            bitmap.height(),
            filter,
            filter,
            Some(Mipmap {
                max_ratio: 4,
                ..Mipmap::default()
            }),
            wrap(sampler.wrap_s),
            wrap(sampler.wrap_t),
            |_| {
                context.tex_image_2d_with_image_bitmap(
                    gl::TEXTURE_2D,
                    0,
                    internal as i32,
                    gl::RGBA,
                    gl::UNSIGNED_BYTE,
                    bitmap,
                );
            },
        )
    }
}
