//! How far a picture is from its reference, as people see it.

use fast_ssim2::{PixelDescriptor, PixelSlice, Ssimulacra2Reference};

use crate::{Channels, ImagingError, Raster};

/// What a transparent picture is laid on to be judged: white, as pages are, and a middle grey, on which white and
/// black fringes both show.
const BACKGROUNDS: [[u8; 3]; 2] = [[255; 3], [128; 3]];

/// SSIMULACRA2 of `distorted` against `reference`: 100 is the same picture, 90 and more cannot be told from it side
/// by side, 70 is high quality; bad ones go below 0. Both have the same size.
///
/// A transparent picture is judged on white and on grey, and the worse counts.
///
/// Source: J. Sneyers, SSIMULACRA 2, Cloudinary 2022, as the crate `fast-ssim2` computes it.
///
/// # Errors
/// As [`Reference::score`].
pub fn score(reference: &Raster, distorted: &Raster) -> Result<f64, ImagingError> {
    Reference::new(reference)?.score(distorted)
}

/// A picture that others are judged against; half the work is done once.
pub struct Reference {
    width: u32,
    height: u32,
    /// Background, and the picture on it.
    views: Vec<([u8; 3], Ssimulacra2Reference)>,
    has_alpha: bool,
}

impl std::fmt::Debug for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reference({}×{})", self.width, self.height)
    }
}

impl Reference {
    /// Makes `picture` the reference. Takes some 60 bytes a pixel while it lives, twice that with alpha.
    ///
    /// # Errors
    /// [`ImagingError::Score`] where the metric refuses the picture.
    pub fn new(picture: &Raster) -> Result<Self, ImagingError> {
        let has_alpha = picture.channels() == Channels::Rgba;
        let backgrounds = if has_alpha {
            &BACKGROUNDS[..]
        } else {
            &BACKGROUNDS[..1]
        };
        let views = backgrounds.iter().map(|&background| {
            let prepared = if has_alpha {
                prepare(&picture.flattened(background))
            } else {
                prepare(picture)
            };
            Ok((background, prepared?))
        });
        Ok(Self {
            width: picture.width(),
            height: picture.height(),
            views: views.collect::<Result<_, ImagingError>>()?,
            has_alpha,
        })
    }

    /// [`score`] of `distorted`.
    ///
    /// # Errors
    /// [`ImagingError::Score`] where the sizes differ or the metric refuses the picture.
    pub fn score(&self, distorted: &Raster) -> Result<f64, ImagingError> {
        if (self.width, self.height) != (distorted.width(), distorted.height()) {
            return Err(failed(&format!(
                "{}×{} against {}×{} pixels",
                distorted.width(),
                distorted.height(),
                self.width,
                self.height
            )));
        }
        let mut worst = f64::INFINITY;
        for (background, reference) in &self.views {
            let value = if distorted.channels() == Channels::Rgba {
                compare(reference, &distorted.flattened(*background))
            } else {
                compare(reference, distorted)
            }?;
            worst = worst.min(value);
        }
        // An encoder that made transparent pixels out of opaque ones shows on grey only.
        if !self.has_alpha && distorted.channels() == Channels::Rgba {
            let grey = compare(&self.views[0].1, &distorted.flattened(BACKGROUNDS[1]))?;
            worst = worst.min(grey);
        }
        Ok(worst)
    }
}

fn prepare(picture: &Raster) -> Result<Ssimulacra2Reference, ImagingError> {
    Ssimulacra2Reference::new(&view(picture)?).map_err(|error| failed(&error))
}

fn compare(reference: &Ssimulacra2Reference, picture: &Raster) -> Result<f64, ImagingError> {
    reference
        .compare(&view(picture)?)
        .map_err(|error| failed(&error))
}

/// An opaque raster in the metric's words.
fn view(picture: &Raster) -> Result<PixelSlice<'_>, ImagingError> {
    PixelSlice::new(
        picture.pixels(),
        picture.width(),
        picture.height(),
        picture.width() as usize * picture.channels().count(),
        PixelDescriptor::RGB8_SRGB,
    )
    .map_err(|error| failed(&error))
}

fn failed(error: &impl ToString) -> ImagingError {
    ImagingError::Score {
        detail: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Smooth colours with a grid of fine lines, like a label.
    fn picture(channels: Channels) -> Raster {
        let pixels = (0..64 * 64).flat_map(|i| {
            let (x, y) = (i % 64, i / 64);
            let line = if x % 7 == 0 || y % 5 == 0 { 60 } else { 0 };
            let color = [
                x * 3 + line,
                y * 3 + line,
                120,
                if x > 32 { 255 } else { 0 },
            ];
            color.into_iter().take(channels.count()).map(|v| v as u8)
        });
        Raster::new(64, 64, channels, pixels.collect()).unwrap()
    }

    fn changed(picture: &Raster, change: impl Fn(usize, u8) -> u8) -> Raster {
        let pixels = picture.pixels().iter().enumerate();
        let pixels = pixels.map(|(i, &v)| change(i, v)).collect();
        Raster::new(
            picture.width(),
            picture.height(),
            picture.channels(),
            pixels,
        )
        .unwrap()
    }

    #[test]
    fn the_same_is_100_and_more_noise_is_less() {
        let reference = picture(Channels::Rgb);
        let noisy = |by: u8| changed(&reference, |i, v| v.saturating_add(i as u8 % 7 % by));
        assert!(score(&reference, &reference).unwrap() > 99.99);
        let (little, much) = (
            score(&reference, &noisy(3)).unwrap(),
            score(&reference, &noisy(7)).unwrap(),
        );
        assert!(100.0 > little && little > much, "{little} {much}");
    }

    #[test]
    fn colour_under_full_transparency_does_not_count_but_alpha_does() {
        let reference = picture(Channels::Rgba);
        let other_color = changed(&reference, |i, v| {
            let hidden = reference.pixels()[i / 4 * 4 + 3] == 0;
            if hidden && i % 4 != 3 { 200 } else { v }
        });
        assert!(score(&reference, &other_color).unwrap() > 99.99);
        // A white veil is invisible on white and must be found on grey.
        let veiled = changed(&reference, |i, v| {
            let hidden = reference.pixels()[i / 4 * 4 + 3] == 0;
            match (hidden, i % 4) {
                (true, 3) => 120,
                (true, _) => 255,
                _ => v,
            }
        });
        assert!(score(&reference, &veiled).unwrap() < 70.0);
    }

    #[test]
    fn sizes_must_agree() {
        let small = Raster::new(1, 1, Channels::Rgb, vec![0; 3]).unwrap();
        assert!(score(&picture(Channels::Rgb), &small).is_err());
    }

    #[test]
    fn the_smallest_pictures_have_a_score() {
        let dot = Raster::new(1, 1, Channels::Rgb, vec![9; 3]).unwrap();
        assert!(score(&dot, &dot).is_ok());
    }
}
