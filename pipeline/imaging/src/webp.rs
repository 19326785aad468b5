//! WebP through libwebp's advanced interface.
//!
//! This file is the only one in the crate with `unsafe`: libwebp has no safe interface that knows its method setting.
#![allow(unsafe_code)]

use std::ptr;

use libwebp_sys::{
    WebPConfig, WebPConfigLosslessPreset, WebPEncode, WebPMemoryWrite, WebPMemoryWriter,
    WebPMemoryWriterClear, WebPMemoryWriterInit, WebPPicture, WebPPictureFree,
    WebPPictureImportRGB, WebPPictureImportRGBA, WebPPreset, WebPValidateConfig,
};

use crate::{Channels, Raster, WebpTuning};

/// What libwebp should aim for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    /// `quality` 1 to 100, `method` 0 to 6.
    Lossy {
        quality: u8,
        method: u8,
        tuning: WebpTuning,
    },
    /// Effort 6 of 9.
    Lossless,
}

/// Encodes a raster whose sides are at most 16,383 pixels.
pub(crate) fn encode(raster: &Raster, mode: Mode) -> Result<Vec<u8>, String> {
    let config = config(mode)?;
    let mut picture = Picture::new()?;
    // Colour is halved with care only from pixels that have not been halved yet.
    let whole = match mode {
        Mode::Lossy { tuning, .. } => tuning.sharp_chroma,
        Mode::Lossless => true,
    };
    picture.import(raster, whole)?;
    picture.encode(&config)
}

fn config(mode: Mode) -> Result<WebPConfig, String> {
    let quality = match mode {
        Mode::Lossy { quality, .. } => f32::from(quality),
        Mode::Lossless => 75.0,
    };
    let mut config = WebPConfig::new_with_preset(WebPPreset::WEBP_PRESET_DEFAULT, quality)
        .map_err(|()| "the library refused its own preset".to_owned())?;
    match mode {
        Mode::Lossy { method, tuning, .. } => {
            config.method = i32::from(method);
            config.use_sharp_yuv = i32::from(tuning.sharp_chroma);
            config.filter_strength = i32::from(tuning.deblocking.min(100));
        }
        // SAFETY: `config` was initialised above and is borrowed for the call only.
        Mode::Lossless => unsafe {
            WebPConfigLosslessPreset(&raw mut config, 6);
        },
    }
    config.thread_level = 0;
    // SAFETY: `config` is initialised and only read.
    if unsafe { WebPValidateConfig(&raw const config) } == 0 {
        return Err(format!("settings out of range: {mode:?}"));
    }
    Ok(config)
}

/// A `WebPPicture` that frees what libwebp allocated for it.
struct Picture(WebPPicture);

impl Picture {
    fn new() -> Result<Self, String> {
        WebPPicture::new()
            .map(Self)
            .map_err(|()| "the library has another interface version".to_owned())
    }

    fn import(&mut self, raster: &Raster, whole: bool) -> Result<(), String> {
        let side = |pixels: u32| i32::try_from(pixels).map_err(|_| "a side is too long".to_owned());
        self.0.width = side(raster.width())?;
        self.0.height = side(raster.height())?;
        self.0.use_argb = i32::from(whole);
        let channels = raster.channels();
        let stride = self.0.width * channels.count() as i32;
        let pixels = raster.pixels().as_ptr();
        // SAFETY: a raster holds exactly `height` rows of `stride` bytes, and the picture was initialised by `new`.
        // Sides are at most 16,383, so the stride does not overflow.
        let imported = unsafe {
            match channels {
                Channels::Rgb => WebPPictureImportRGB(&raw mut self.0, pixels, stride),
                Channels::Rgba => WebPPictureImportRGBA(&raw mut self.0, pixels, stride),
            }
        };
        if imported == 0 {
            return Err(format!("import failed: {:?}", self.0.error_code));
        }
        Ok(())
    }

    fn encode(&mut self, config: &WebPConfig) -> Result<Vec<u8>, String> {
        let mut writer = WebPMemoryWriter {
            mem: ptr::null_mut(),
            size: 0,
            max_size: 0,
            pad: [0],
        };
        // SAFETY: `writer` outlives every use of the pointer that the picture holds: it is cleared below, before it
        // goes out of scope. `WebPMemoryWrite` is the function that belongs to a `WebPMemoryWriter` as `custom_ptr`.
        // After the encoder returned, `mem` holds `size` bytes until the writer is cleared.
        unsafe {
            WebPMemoryWriterInit(&raw mut writer);
            self.0.writer = Some(WebPMemoryWrite);
            self.0.custom_ptr = (&raw mut writer).cast();
            let encoded = WebPEncode(config, &raw mut self.0) != 0;
            self.0.custom_ptr = ptr::null_mut();
            let result = if encoded && !writer.mem.is_null() {
                Ok(std::slice::from_raw_parts(writer.mem, writer.size).to_vec())
            } else {
                Err(format!("{:?}", self.0.error_code))
            };
            WebPMemoryWriterClear(&raw mut writer);
            result
        }
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        // SAFETY: the picture was initialised by `new`; freeing one without buffers is allowed.
        unsafe { WebPPictureFree(&raw mut self.0) }
    }
}
