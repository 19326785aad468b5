//! From JPEG to smaller pictures without leaving the planes that a JPEG consists of.

use fast_image_resize as fir;
use turbojpeg::{Colorspace, Compressor, Decompressor, Error, Subsamp, YuvImage, YuvPlanesImage};

use crate::header::jpeg_header;
use crate::jpeg::{JpegHead, failed, is_harmless};
use crate::{Channels, DecodeOptions, ImagingError, Orientation, Raster, color};

/// An upright sRGB picture as luma and two chroma planes, as a JPEG holds it.
///
/// Chroma mostly has half the resolution, so there is half as much to resize as in RGB, and neither decoding nor
/// encoding converts colours: shrinking a photo to several JPEGs takes about half of the time. It serves pictures that
/// only become smaller; what is worked on needs a [`Raster`].
#[derive(Clone, Debug)]
pub struct Planar {
    width: u32,
    height: u32,
    /// Chroma has half the width.
    halves_width: bool,
    /// Chroma has half the height.
    halves_height: bool,
    /// Luma, blue difference, red difference.
    planes: [Plane; 3],
}

/// Samples row by row, sides even where chroma has half of them.
#[derive(Clone, Debug)]
struct Plane {
    width: u32,
    height: u32,
    samples: Vec<u8>,
}

impl Planar {
    /// Decodes a JPEG into its planes.
    ///
    /// `None` where it must be turned, has a profile other than sRGB, or is grey, CMYK or of rare subsampling:
    /// [`decode`](crate::decode) is for those.
    ///
    /// # Errors
    /// As [`decode`](crate::decode).
    pub fn decode(bytes: &[u8], options: &DecodeOptions) -> Result<Option<Self>, ImagingError> {
        let head = JpegHead::read(bytes)?;
        options.limits.check_size(head.width, head.height)?;
        head.check_complete(bytes)?;
        let upright = jpeg_header(&head).orientation == Orientation::Upright;
        let plain = head.icc.as_deref().is_none_or(color::is_srgb_icc);
        if !upright || !plain || head.components != 3 {
            return Ok(None);
        }
        let mut decompressor = Decompressor::new().map_err(failed)?;
        let header = decompressor.read_header(bytes).map_err(failed)?;
        let (halves_width, halves_height) = match header.subsamp {
            Subsamp::None => (false, false),
            Subsamp::Sub2x1 => (true, false),
            Subsamp::Sub2x2 => (true, true),
            _ => return Ok(None),
        };
        if header.colorspace != Colorspace::YCbCr {
            return Ok(None);
        }
        let sizes = sizes(head.width, head.height, halves_width, halves_height);
        let total: u64 = sizes
            .iter()
            .map(|&(w, h)| u64::from(w) * u64::from(h))
            .sum();
        // A progressive file needs all its coefficients, two bytes each.
        let coefficients = if head.progressive { 2 * total } else { 0 };
        options.limits.check_memory(2 * total + coefficients)?;
        let mut image = YuvImage {
            pixels: vec![0; total as usize],
            width: head.width as usize,
            align: 1,
            height: head.height as usize,
            subsamp: header.subsamp,
        };
        match decompressor.decompress_to_yuv(bytes, image.as_deref_mut()) {
            Ok(()) => {}
            Err(Error::TurboJpegError(message)) if is_harmless(&message) => {}
            Err(error) => return Err(failed(error)),
        }
        let mut rest = image.pixels.as_slice();
        let planes = sizes.map(|(width, height)| {
            let (samples, behind) = rest.split_at((width * height) as usize);
            rest = behind;
            Plane {
                width,
                height,
                samples: samples.to_vec(),
            }
        });
        Ok(Some(Self {
            width: head.width,
            height: head.height,
            halves_width,
            halves_height,
            planes,
        }))
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

    /// The picture at `width` × `height` pixels, both at least 1, with chroma at half resolution; by the filter of
    /// [`Resizer`](crate::Resizer).
    ///
    /// # Errors
    /// [`ImagingError::BadRaster`] for an empty size, [`ImagingError::Resize`] where the resampler fails.
    pub fn resized(&self, width: u32, height: u32) -> Result<Self, ImagingError> {
        if width == 0 || height == 0 {
            return Err(ImagingError::BadRaster {
                width,
                height,
                len_bytes: 0,
            });
        }
        let [luma, blue, red] = &self.planes;
        let sizes = sizes(width, height, true, true);
        let whole = (f64::from(self.width), f64::from(self.height));
        let halved = |side: f64, halves: bool| if halves { side / 2.0 } else { side };
        let chroma = (
            halved(whole.0, self.halves_width),
            halved(whole.1, self.halves_height),
        );
        Ok(Self {
            width,
            height,
            halves_width: true,
            halves_height: true,
            planes: [
                luma.resized(whole, (width, height), sizes[0])?,
                blue.resized(chroma, sizes[1], sizes[1])?,
                red.resized(chroma, sizes[2], sizes[2])?,
            ],
        })
    }

    /// The picture as a JPEG, baseline, with Huffman tables made for it.
    ///
    /// # Errors
    /// [`ImagingError::Encode`] where the encoder fails.
    pub fn encode_jpeg(&self, quality: u8) -> Result<Vec<u8>, ImagingError> {
        let [luma, blue, red] = &self.planes;
        let image = YuvPlanesImage {
            y_plane: luma.samples.as_slice(),
            u_plane: blue.samples.as_slice(),
            v_plane: red.samples.as_slice(),
            width: self.width as usize,
            height: self.height as usize,
            y_stride: luma.width as usize,
            u_stride: blue.width as usize,
            v_stride: red.width as usize,
            subsamp: match (self.halves_width, self.halves_height) {
                (true, true) => Subsamp::Sub2x2,
                (true, false) => Subsamp::Sub2x1,
                _ => Subsamp::None,
            },
        };
        let attempt = || -> turbojpeg::Result<Vec<u8>> {
            let mut compressor = Compressor::new()?;
            compressor.set_quality(i32::from(quality.clamp(1, 100)))?;
            compressor.set_optimize(true)?;
            compressor.compress_yuv_planes_to_vec(&image)
        };
        attempt().map_err(|error| ImagingError::Encode {
            format: xoay_format::ImageFormat::Jpg,
            detail: error.to_string(),
        })
    }

    /// The picture in RGB. Chroma is stretched without smoothing, as fits pictures that have been made smaller.
    ///
    /// # Errors
    /// Never for a picture that is one.
    pub fn to_raster(&self) -> Result<Raster, ImagingError> {
        let [luma, blue, red] = &self.planes;
        let (across, down) = (u32::from(self.halves_width), u32::from(self.halves_height));
        let mut pixels = Vec::with_capacity(self.width as usize * self.height as usize * 3);
        for y in 0..self.height {
            let row = |plane: &'_ Plane, y: u32| -> std::ops::Range<usize> {
                let start = (y * plane.width) as usize;
                start..start + plane.width as usize
            };
            let luma = &luma.samples[row(luma, y)][..self.width as usize];
            let blue = &blue.samples[row(blue, y >> down)];
            let red = &red.samples[row(red, y >> down)];
            pixels.extend(
                luma.iter()
                    .enumerate()
                    .flat_map(|(x, &y)| rgb(y, blue[x >> across], red[x >> across])),
            );
        }
        Raster::new(self.width, self.height, Channels::Rgb, pixels)
    }
}

/// Sides of the three planes; even where chroma has half, as the codec lays them out.
const fn sizes(
    width: u32,
    height: u32,
    halves_width: bool,
    halves_height: bool,
) -> [(u32, u32); 3] {
    let w = if halves_width {
        width.next_multiple_of(2)
    } else {
        width
    };
    let h = if halves_height {
        height.next_multiple_of(2)
    } else {
        height
    };
    let chroma = (
        if halves_width { w / 2 } else { w },
        if halves_height { h / 2 } else { h },
    );
    [(w, h), chroma, chroma]
}

impl Plane {
    /// The part of `from` samples at the top left, resampled to `to`, with edges repeated up to `padded`.
    fn resized(
        &self,
        from: (f64, f64),
        to: (u32, u32),
        padded: (u32, u32),
    ) -> Result<Self, ImagingError> {
        let failed = |detail: String| ImagingError::Resize { detail };
        let view =
            fir::images::ImageRef::new(self.width, self.height, &self.samples, fir::PixelType::U8)
                .map_err(|error| failed(error.to_string()))?;
        let mut target = fir::images::Image::new(to.0, to.1, fir::PixelType::U8);
        let options = fir::ResizeOptions::new()
            .resize_alg(fir::ResizeAlg::Convolution(fir::FilterType::Lanczos3))
            .crop(0.0, 0.0, from.0, from.1);
        fir::Resizer::new()
            .resize(&view, &mut target, &options)
            .map_err(|error| failed(error.to_string()))?;
        let mut samples = target.into_vec();
        if padded.0 > to.0 {
            samples = samples
                .chunks_exact(to.0 as usize)
                .flat_map(|row| row.iter().chain(row.last()).copied())
                .collect();
        }
        if padded.1 > to.1 {
            samples.extend_from_within(samples.len() - padded.0 as usize..);
        }
        Ok(Self {
            width: padded.0,
            height: padded.1,
            samples,
        })
    }
}

/// Red, green and blue by ITU-R BT.601 at full range, as JFIF has it.
fn rgb(luma: u8, blue: u8, red: u8) -> [u8; 3] {
    const BITS: u32 = 16;
    let y = (i32::from(luma) << BITS) + (1 << (BITS - 1));
    let (cb, cr) = (i32::from(blue) - 128, i32::from(red) - 128);
    [
        y + 91_881 * cr,
        y - 22_554 * cb - 46_802 * cr,
        y + 116_130 * cb,
    ]
    .map(|value| (value >> BITS).clamp(0, 255) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Encoding, Resizer, decode, encode, score};

    fn photo() -> Vec<u8> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../assets/captures/honey-jar");
        std::fs::read(folder.join("DSC02101.jpg")).unwrap()
    }

    /// The reference keeps its colour at full resolution, which no 4:2:0 picture reaches.
    #[test]
    fn planes_give_the_picture_that_a_full_decode_gives() {
        let full = decode(&photo(), &DecodeOptions::default()).unwrap().raster;
        for quality in [85, 95] {
            let file = encode(
                &full,
                Encoding::Jpeg {
                    quality,
                    progressive: false,
                },
            )
            .unwrap();
            let full = decode(&file, &DecodeOptions::default()).unwrap().raster;
            let planar = Planar::decode(&file, &DecodeOptions::default())
                .unwrap()
                .unwrap();
            for (width, height) in [(400, 300), (333, 251)] {
                let expected = Resizer::new().resize(&full, width, height).unwrap();
                let small = planar.resized(width, height).unwrap();
                let jpeg =
                    decode(&small.encode_jpeg(100).unwrap(), &DecodeOptions::default()).unwrap();
                let close = score(&expected, &jpeg.raster).unwrap();
                let raw = score(&expected, &small.to_raster().unwrap()).unwrap();
                println!("{quality} {width}: {close:.2} {raw:.2}");
                assert!(
                    close > 80.0 && raw > 80.0,
                    "{quality} {width}: {close} {raw}"
                );
            }
        }
    }

    #[test]
    fn odd_sizes_are_padded_and_come_back() {
        let flat = Raster::new(7, 5, Channels::Rgb, [200, 60, 40].repeat(35)).unwrap();
        let file = encode(
            &flat,
            Encoding::Jpeg {
                quality: 85,
                progressive: true,
            },
        )
        .unwrap();
        let planar = Planar::decode(&file, &DecodeOptions::default())
            .unwrap()
            .unwrap();
        for (width, height) in [(7, 5), (3, 3), (1, 1)] {
            let small = planar.resized(width, height).unwrap().to_raster().unwrap();
            assert_eq!((small.width(), small.height()), (width, height));
            let near = small.pixels().chunks(3).all(|p| {
                p.iter()
                    .zip([200, 60, 40])
                    .all(|(&a, b)| a.abs_diff(b) <= 6)
            });
            assert!(near, "{width}: {:?}", small.pixels());
        }
        assert!(planar.resized(0, 3).is_err());
    }

    #[test]
    fn cut_files_are_errors() {
        let file = photo();
        for length in (0..file.len()).step_by(997) {
            assert!(Planar::decode(&file[..length], &DecodeOptions::default()).is_err());
        }
    }
}
