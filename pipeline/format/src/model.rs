use serde::{Deserialize, Serialize};

use crate::{ImageFile, Text, Url};

/// A published 3D model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelManifest {
    /// Always [`ModelManifest::KIND`].
    pub kind: String,
    /// Always [`ModelManifest::VERSION`] when written by this crate.
    pub version: u32,
    /// The program that wrote it, with its version.
    pub generator: String,
    /// Where the binary glTF (GLB) is.
    pub url: Url,
    /// The same as plain glTF 2.0 without compression, for programs that read nothing else, such as Android's Scene Viewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain_url: Option<Url>,
    /// The same as USDZ, for iPhone and iPad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usdz: Option<Url>,
    /// Size of the file at `url` in bytes.
    pub size_bytes: u64,
    /// Triangles drawn for one picture of the default scene.
    pub triangles: u64,
    /// The model's extent in the default scene, metres, +Y up.
    pub bounds: Bounds,
    /// Pictures of it from the viewer's start angle, best compression first. Empty where nothing could draw it.
    pub posters: Vec<ImageFile>,
    /// What the picture shows, for those who do not see it.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub alt: Text,
}

impl ModelManifest {
    /// The value of `kind`.
    pub const KIND: &'static str = "xoay-model";
    /// The version that this crate writes and reads.
    pub const VERSION: u32 = 1;

    /// Calls `map` on every address in place, in a fixed order.
    ///
    /// # Errors
    /// The first error of `map`; the manifest is then partly changed and must be dropped.
    pub fn try_map_urls<E>(
        &mut self,
        mut map: impl FnMut(&str) -> Result<Url, E>,
    ) -> Result<(), E> {
        self.url = map(&self.url)?;
        for url in [&mut self.plain_url, &mut self.usdz].into_iter().flatten() {
            *url = map(url)?;
        }
        for poster in &mut self.posters {
            poster.url = map(&poster.url)?;
        }
        Ok(())
    }
}

/// An axis-aligned box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Least x, y, z.
    pub min: [f32; 3],
    /// Greatest x, y, z.
    pub max: [f32; 3],
}
