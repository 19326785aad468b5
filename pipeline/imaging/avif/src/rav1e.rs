//! AVIF through rav1e: 10 bit, full colour resolution.

use ravif::{Encoder, Img};
use rgb::FromSlice;

use crate::{Picture, Settings};

fn encoder(settings: Settings) -> Encoder<'static> {
    let quality = f32::from(settings.quality.clamp(1, 100));
    Encoder::new()
        .with_quality(quality)
        .with_alpha_quality(quality)
        .with_speed(settings.speed.clamp(1, 10))
        .with_num_threads(Some(1))
}

pub(crate) fn encode_rgb(
    pixels: &[u8],
    width: usize,
    height: usize,
    settings: Settings,
) -> Result<Vec<u8>, String> {
    let encoded = encoder(settings).encode_rgb(Img::new(pixels.as_rgb(), width, height));
    encoded
        .map(|image| image.avif_file)
        .map_err(|error| error.to_string())
}

pub(crate) fn encode_rgba(
    pixels: &[u8],
    width: usize,
    height: usize,
    settings: Settings,
) -> Result<Vec<u8>, String> {
    let encoded = encoder(settings).encode_rgba(Img::new(pixels.as_rgba(), width, height));
    encoded
        .map(|image| image.avif_file)
        .map_err(|error| error.to_string())
}

pub(crate) fn decode(_file: &[u8], _max_pixels: u64) -> Result<Picture, String> {
    Err("this program was built without an AVIF decoder; build it with the feature aom".into())
}
