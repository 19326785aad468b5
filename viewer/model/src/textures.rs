//! Textures, uploaded straight from decoded pictures.

use js_sys::Function;
use wasm_bindgen::JsValue;
use web_sys::ImageBitmap;
use xoay_viewer_core::gltf::{Model, Sampler, Slot};

use crate::decoders::{self, Compressed};
use crate::fetching::{self, Picture};
use crate::gl::{Gl, Texture};

/// No texture is larger than this, whatever the GPU would take: a page has more than one model.
const LARGEST_PX: u32 = 4096;
/// Samples along a slanted surface.
const ANISOTROPY: f32 = 4.0;

/// One texture: an image, whether its colours are sRGB, and how it is sampled.
pub type Key = (usize, bool, Sampler);

/// The texture units of what is no material's texture; a slot's own number is its unit.
pub mod unit {
    use xoay_viewer_core::gltf::Slot;

    /// The studio's light.
    pub const STUDIO: u32 = Slot::ALL.len() as u32;
    /// What is behind glass.
    pub const BEHIND: u32 = STUDIO + 1;
    /// Bones.
    pub const JOINTS: u32 = BEHIND + 1;
    /// Shapes.
    pub const SHAPES: u32 = JOINTS + 1;
}

/// Every texture that the model's draws can need, whichever variant is shown.
fn needed(model: &Model) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for draw in &model.draws {
        for &material in draw.by_variant.iter().chain([&draw.material]) {
            let material = &model.materials[material];
            for slot in Slot::ALL {
                let texture = material.texture(slot);
                let key = texture.map(|t| (t.image, slot.srgb(), t.sampler));
                keys.extend(key.filter(|k| !keys.contains(k)));
            }
        }
    }
    keys
}

/// Decodes all images at once, then uploads them. An image that cannot be decoded is an error: a product without its
/// label is not the product.
pub async fn load(
    gl: &Gl,
    model: &Model,
    base: &str,
    decoder: &Function,
) -> Result<Vec<(Key, Texture)>, JsValue> {
    let most_px = gl.get_parameter(Gl::MAX_TEXTURE_SIZE)?.as_f64();
    let most_px = most_px.map_or(2048, |px| px as u32).min(LARGEST_PX);
    let keys = needed(model);
    // Decoding begins for all of them before the first is waited for.
    let mut begun = Vec::new();
    for &(image, ..) in &keys {
        if begun.iter().all(|&(known, _)| known != image) {
            begun.push((image, fetching::image(model, image, base)?));
        }
    }
    let mut textures = Vec::new();
    for (image, picture) in begun {
        let picture = fetching::finish(model, image, picture, base, most_px).await?;
        let compressed = match &picture {
            Picture::Bitmap(_) => None,
            Picture::Basis(bytes) => Some(decoders::basis(gl, decoder, bytes).await?),
        };
        for &key in keys.iter().filter(|key| key.0 == image) {
            let texture = match (&picture, &compressed) {
                (Picture::Bitmap(bitmap), _) => from_bitmap(gl, bitmap, key)?,
                (_, Some(compressed)) => from_compressed(gl, compressed, key)?,
                _ => continue,
            };
            textures.push((key, texture));
        }
        if let Picture::Bitmap(bitmap) = picture {
            bitmap.close();
        }
    }
    Ok(textures)
}

fn sampled(gl: &Gl, sampler: Sampler) -> Result<Texture, JsValue> {
    let (min, mag) = if sampler.nearest {
        (Gl::NEAREST_MIPMAP_LINEAR, Gl::NEAREST)
    } else {
        (Gl::LINEAR_MIPMAP_LINEAR, Gl::LINEAR)
    };
    let texture = Texture::new(gl, Gl::TEXTURE_2D, min, mag)?;
    texture.set(Gl::TEXTURE_2D, Gl::TEXTURE_WRAP_S, sampler.wrap_s);
    texture.set(Gl::TEXTURE_2D, Gl::TEXTURE_WRAP_T, sampler.wrap_t);
    if !sampler.nearest {
        texture.sharpen(ANISOTROPY);
    }
    Ok(texture)
}

fn from_bitmap(gl: &Gl, bitmap: &ImageBitmap, (_, srgb, sampler): Key) -> Result<Texture, JsValue> {
    let mut texture = sampled(gl, sampler)?;
    // A third more for the smaller levels.
    texture.size_bytes = bitmap.width() as usize * bitmap.height() as usize * 16 / 3;
    let internal = if srgb { Gl::SRGB8_ALPHA8 } else { Gl::RGBA8 };
    gl.tex_image_2d_with_u32_and_u32_and_image_bitmap(
        Gl::TEXTURE_2D,
        0,
        internal as i32,
        Gl::RGBA,
        Gl::UNSIGNED_BYTE,
        bitmap,
    )?;
    gl.generate_mipmap(Gl::TEXTURE_2D);
    Ok(texture)
}

fn from_compressed(
    gl: &Gl,
    picture: &Compressed,
    (_, srgb, sampler): Key,
) -> Result<Texture, JsValue> {
    let mut texture = sampled(gl, sampler)?;
    let format = picture.format(srgb);
    texture.size_bytes = picture.bytes.len();
    let target = Gl::TEXTURE_2D;
    for (level, (part, size)) in (0..).zip(&picture.levels) {
        let bytes = &picture.bytes[part.clone()];
        let [width, height] = size.map(|px| px as i32);
        if picture.is_plain() {
            let (rgba, byte) = (Gl::RGBA, Gl::UNSIGNED_BYTE);
            gl.tex_image_2d_with_i32_and_i32_and_i32_and_format_and_type_and_opt_u8_array(
                target,
                level,
                format as i32,
                width,
                height,
                0,
                rgba,
                byte,
                Some(bytes),
            )?;
        } else {
            gl.compressed_tex_image_2d_with_u8_array(
                target, level, format, width, height, 0, bytes,
            );
        }
    }
    if picture.levels.len() == 1 && picture.is_plain() {
        gl.generate_mipmap(target);
    } else {
        let last = picture.levels.len() as u32 - 1;
        texture.set(target, Gl::TEXTURE_MAX_LEVEL, last);
    }
    Ok(texture)
}
