//! Pictures that OBJ and PLY files name: found beside the model, and made into what glTF takes.

use xoay_format::{Localize, Text};
use xoay_imaging::{Channels, DecodeOptions, Encoding, Raster, Resizer};

use super::Context;
use crate::{GltfError, Limits, textures, uri};

/// The bytes of the file `name` below the model's folder.
///
/// # Errors
/// Why there is no such file or it may not be opened; [`GltfError::TooLarge`] once all files together are too large.
pub(super) fn file(name: &str, context: &Context<'_>) -> Result<Vec<u8>, GltfError> {
    // Programs on Windows write its separator.
    let path = uri::beside(name, &name.replace('\\', "/"), context.folder)?;
    let bytes = uri::read_file(&path, context.limits)?;
    let loaded = context.loaded_bytes.get() + bytes.len() as u64;
    context.loaded_bytes.set(loaded);
    Limits::check(name, loaded, context.limits.file_bytes, "bytes")?;
    Ok(bytes)
}

/// The picture `name` as PNG, JPEG or WebP; `None` with a warning where it cannot be had.
///
/// # Errors
/// [`GltfError::TooLarge`] once all files together are too large.
pub(super) fn load(name: &str, context: &Context<'_>) -> Result<Option<Vec<u8>>, GltfError> {
    let bytes = match file(name, context) {
        Ok(bytes) => bytes,
        Err(error @ GltfError::TooLarge { .. }) => return Err(error),
        Err(error) => {
            let text = error.text();
            leave_out(name, &text, context);
            return Ok(None);
        }
    };
    if textures::media_type(&bytes).is_some() {
        return Ok(Some(bytes));
    }
    let options = DecodeOptions {
        limits: xoay_imaging::Limits {
            max_pixels: context.limits.texture_pixels,
            ..xoay_imaging::Limits::default()
        },
        target: None,
    };
    let converted = xoay_imaging::decode(&bytes, &options)
        .and_then(|decoded| xoay_imaging::encode(&decoded.raster, Encoding::Png));
    match converted {
        Ok(png) => Ok(Some(png)),
        Err(error) => {
            leave_out(name, &error.text(), context);
            Ok(None)
        }
    }
}

pub(super) fn leave_out(name: &str, why: &Text, context: &Context<'_>) {
    context.watch.warn(Text::new(
        format!("bỏ qua ảnh {name:?}: {}", why.vi),
        format!("the picture {name:?} is left out: {}", why.en),
    ));
}

/// A picture's pixels, RGBA; `None` with a warning where it is damaged.
pub(super) fn pixels(name: &str, bytes: &[u8], context: &Context<'_>) -> Option<Raster> {
    let decoded = textures::decode(name, bytes, context.limits).and_then(|pixels| {
        Raster::new(pixels.width, pixels.height, Channels::Rgba, pixels.rgba)
            .map_err(|error| GltfError::texture(name, error.text().vi, error.text().en))
    });
    match decoded {
        Ok(raster) => Some(raster),
        Err(error) => {
            leave_out(name, &error.text(), context);
            None
        }
    }
}

/// Two pictures made into one, pixel by pixel, as large as the larger of them; `None` where that fails.
pub(super) fn combined(
    a: &Raster,
    b: &Raster,
    combine: impl Fn([u8; 4], [u8; 4]) -> [u8; 4],
) -> Option<Raster> {
    let (width, height) = (a.width().max(b.width()), a.height().max(b.height()));
    let fit = |raster: &Raster| {
        if (raster.width(), raster.height()) == (width, height) {
            Ok(raster.clone())
        } else {
            Resizer::new().resize(raster, width, height)
        }
    };
    let (a, b) = (fit(a).ok()?, fit(b).ok()?);
    let (a, _) = a.pixels().as_chunks::<4>();
    let (b, _) = b.pixels().as_chunks::<4>();
    let pixels = a.iter().zip(b).flat_map(|(&a, &b)| combine(a, b)).collect();
    Raster::new(width, height, Channels::Rgba, pixels).ok()
}

/// A picture as PNG, without alpha where it is opaque.
pub(super) fn png(raster: &Raster) -> Option<Vec<u8>> {
    let (pixels, _) = raster.pixels().as_chunks::<4>();
    if pixels.iter().all(|pixel| pixel[3] == 255) {
        let rgb = pixels.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
        let opaque = Raster::new(raster.width(), raster.height(), Channels::Rgb, rgb).ok()?;
        return xoay_imaging::encode(&opaque, Encoding::Png).ok();
    }
    xoay_imaging::encode(raster, Encoding::Png).ok()
}
