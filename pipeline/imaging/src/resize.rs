use fast_image_resize as fir;

use crate::{Channels, ImagingError, Raster};

/// Resamples rasters with Lanczos's filter over three lobes, on 8-bit sRGB values as browsers do.
///
/// It keeps its work buffers, so one resizer a thread serves all sizes of all pictures. Alpha is multiplied in while
/// mixing, so the colour of transparent pixels does not bleed.
#[derive(Debug, Default)]
pub struct Resizer {
    inner: fir::Resizer,
}

impl Resizer {
    /// A resizer with the processor's best instructions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `source` at `width` × `height` pixels, both at least 1. The same size gives a copy.
    ///
    /// # Errors
    /// [`ImagingError::BadRaster`] for an empty size, [`ImagingError::Resize`] where the resampler fails.
    pub fn resize(
        &mut self,
        source: &Raster,
        width: u32,
        height: u32,
    ) -> Result<Raster, ImagingError> {
        if (width, height) == (source.width(), source.height()) {
            return Ok(source.clone());
        }
        if width == 0 || height == 0 {
            return Err(ImagingError::BadRaster {
                width,
                height,
                len_bytes: 0,
            });
        }
        let pixel_type = match source.channels() {
            Channels::Rgb => fir::PixelType::U8x3,
            Channels::Rgba => fir::PixelType::U8x4,
        };
        let view = fir::images::ImageRef::new(
            source.width(),
            source.height(),
            source.pixels(),
            pixel_type,
        )
        .map_err(|error| ImagingError::Resize {
            detail: error.to_string(),
        })?;
        let mut target = fir::images::Image::new(width, height, pixel_type);
        let options = fir::ResizeOptions::new()
            .resize_alg(fir::ResizeAlg::Convolution(fir::FilterType::Lanczos3));
        self.inner
            .resize(&view, &mut target, &options)
            .map_err(|error| ImagingError::Resize {
                detail: error.to_string(),
            })?;
        Raster::new(width, height, source.channels(), target.into_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_picture_stays_flat() {
        let source = Raster::new(97, 61, Channels::Rgb, [30, 140, 220].repeat(97 * 61)).unwrap();
        let small = Resizer::new().resize(&source, 40, 25).unwrap();
        assert_eq!((small.width(), small.height()), (40, 25));
        assert!(small.pixels().chunks_exact(3).all(|p| p == [30, 140, 220]));
    }

    #[test]
    fn transparent_colour_does_not_bleed() {
        // Green that nobody sees beside red that everybody does.
        let pixels = (0..64 * 64)
            .flat_map(|i| {
                if i % 64 < 32 {
                    [255, 0, 0, 255]
                } else {
                    [0, 255, 0, 0]
                }
            })
            .collect();
        let source = Raster::new(64, 64, Channels::Rgba, pixels).unwrap();
        let small = Resizer::new().resize(&source, 9, 9).unwrap();
        for pixel in small.pixels().chunks_exact(4).filter(|p| p[3] > 8) {
            assert!(pixel[1] <= 8, "{pixel:?}");
        }
    }

    #[test]
    fn an_empty_size_is_refused() {
        let source = Raster::new(1, 1, Channels::Rgb, vec![0; 3]).unwrap();
        assert!(Resizer::new().resize(&source, 0, 4).is_err());
    }
}
