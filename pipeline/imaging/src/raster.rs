use crate::ImagingError;

/// What each pixel of a [`Raster`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channels {
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue and alpha, which is not multiplied in.
    Rgba,
}

impl Channels {
    /// Bytes a pixel.
    #[must_use]
    pub const fn count(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// An upright picture in sRGB, 8 bits a channel, rows from the top without padding.
///
/// It has at least one pixel and exactly `width × height × channels` bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Raster {
    width: u32,
    height: u32,
    channels: Channels,
    pixels: Vec<u8>,
}

impl Raster {
    /// A raster from its pixels.
    ///
    /// # Errors
    /// [`ImagingError::BadRaster`] where the length does not fit the size, or a side is 0.
    pub fn new(
        width: u32,
        height: u32,
        channels: Channels,
        pixels: Vec<u8>,
    ) -> Result<Self, ImagingError> {
        let expected = u128::from(width) * u128::from(height) * channels.count() as u128;
        if expected == 0 || expected != pixels.len() as u128 {
            return Err(ImagingError::BadRaster {
                width,
                height,
                len_bytes: pixels.len(),
            });
        }
        Ok(Self {
            width,
            height,
            channels,
            pixels,
        })
    }

    /// Width in pixels.
    #[must_use]
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// What each pixel holds.
    #[must_use]
    pub const fn channels(&self) -> Channels {
        self.channels
    }

    /// The pixels, row by row from the top left.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The pixels, row by row from the top left.
    #[must_use]
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// The bytes of row `y`, or `None` below the last row.
    #[must_use]
    pub fn row(&self, y: u32) -> Option<&[u8]> {
        let stride = self.width as usize * self.channels.count();
        self.pixels.chunks_exact(stride).nth(y as usize)
    }

    /// The picture on a `background` of one sRGB colour; alpha is gone afterwards.
    #[must_use]
    pub fn flattened(&self, background: [u8; 3]) -> Self {
        let pixels = match self.channels {
            Channels::Rgb => self.pixels.clone(),
            Channels::Rgba => self
                .pixels
                .chunks_exact(4)
                .flat_map(|p| {
                    let alpha = u32::from(p[3]);
                    [0, 1, 2].map(|c| {
                        let mixed =
                            u32::from(p[c]) * alpha + u32::from(background[c]) * (255 - alpha);
                        ((mixed + 127) / 255) as u8
                    })
                })
                .collect(),
        };
        Self {
            channels: Channels::Rgb,
            pixels,
            ..*self
        }
    }

    /// The same picture with three channels where no pixel is transparent.
    #[must_use]
    pub fn without_idle_alpha(self) -> Self {
        let opaque = self.channels == Channels::Rgba
            && self.pixels.iter().skip(3).step_by(4).all(|&a| a == 255);
        if opaque {
            self.flattened([255; 3])
        } else {
            self
        }
    }
}

impl std::fmt::Debug for Raster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Raster({}×{} {:?})",
            self.width, self.height, self.channels
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_must_agree() {
        assert!(Raster::new(2, 2, Channels::Rgb, vec![0; 12]).is_ok());
        assert!(Raster::new(2, 2, Channels::Rgb, vec![0; 13]).is_err());
        assert!(Raster::new(0, 2, Channels::Rgb, vec![]).is_err());
        assert!(Raster::new(u32::MAX, u32::MAX, Channels::Rgba, vec![0; 4]).is_err());
    }

    #[test]
    fn flattening_mixes_by_alpha() {
        let pixels = vec![
            255, 0, 0, 255, //
            255, 0, 0, 0, //
            0, 0, 0, 128,
        ];
        let flat = Raster::new(3, 1, Channels::Rgba, pixels)
            .unwrap()
            .flattened([255; 3]);
        assert_eq!(flat.pixels(), [255, 0, 0, 255, 255, 255, 127, 127, 127]);
    }

    #[test]
    fn only_an_alpha_that_does_nothing_is_dropped() {
        let opaque = Raster::new(1, 1, Channels::Rgba, vec![1, 2, 3, 255]).unwrap();
        assert_eq!(opaque.without_idle_alpha().pixels(), [1, 2, 3]);
        let sheer = Raster::new(1, 1, Channels::Rgba, vec![1, 2, 3, 254]).unwrap();
        assert_eq!(sheer.without_idle_alpha().channels(), Channels::Rgba);
    }
}
