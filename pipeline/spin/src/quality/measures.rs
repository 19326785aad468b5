use std::hash::{DefaultHasher, Hash, Hasher};

use xoay_imaging::Raster;

use super::border::Border;
use super::luma::Luma;
use super::sharpness::Sharpness;
use super::thumbnail::Thumbnail;
use super::tones::Tones;

/// What the quality report needs to know of one photo: about 25 KB, whatever the photo's size.
#[derive(Clone, Debug, PartialEq)]
pub struct PhotoMeasures {
    pub(super) sharpness: Sharpness,
    pub(super) border: Border,
    pub(super) tones: Tones,
    pub(super) thumbnail: Thumbnail,
    /// The same for the same pixels.
    pub(super) fingerprint: u64,
}

impl PhotoMeasures {
    /// Measures an upright sRGB picture. Blur is judged at 1,200 to 2,400 pixels on the long side, so a larger photo may
    /// be decoded at a half or a quarter, as long as that many remain.
    #[must_use]
    pub fn of(picture: &Raster) -> Self {
        let luma = Luma::of(picture);
        let mut hasher = DefaultHasher::new();
        (luma.width, luma.height, &luma.values).hash(&mut hasher);
        Self {
            sharpness: Sharpness::of(&luma),
            border: Border::of(picture),
            tones: Tones::of(picture),
            thumbnail: Thumbnail::of(picture),
            fingerprint: hasher.finish(),
        }
    }
}
