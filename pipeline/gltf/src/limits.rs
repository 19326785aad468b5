use crate::GltfError;

/// How much a model may ask for. Everything is checked before memory is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file and of each file beside it.
    pub file_bytes: u64,
    /// Bytes of the JSON part.
    pub json_bytes: u64,
    /// Bytes of all accessors together, decoded. Accessors that share a buffer view count each.
    pub geometry_bytes: u64,
    /// Pixels of one texture.
    pub texture_pixels: u64,
}

impl Default for Limits {
    /// 1 GiB of file, 64 MiB of JSON, 1 GiB of geometry and 8192 × 8192 pixels a texture.
    fn default() -> Self {
        Self {
            file_bytes: 1 << 30,
            json_bytes: 64 << 20,
            geometry_bytes: 1 << 30,
            texture_pixels: 8192 * 8192,
        }
    }
}

impl Limits {
    pub(crate) fn check(
        place: &str,
        needed: u64,
        limit: u64,
        unit: &'static str,
    ) -> Result<(), GltfError> {
        if needed > limit {
            return Err(GltfError::TooLarge {
                place: place.to_owned(),
                needed,
                limit,
                unit,
            });
        }
        Ok(())
    }
}
