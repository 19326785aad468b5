//! USDZ, for Quick Look on iPhone and iPad (Pixar, "Usdz file format specification", version 1.3).
//!
//! The scene is text (`.usda`), which the specification allows and Quick Look reads; the binary `.usdc` would be about
//! half as large, but nothing written in Rust writes it. What is written is the default scene at rest.

mod archive;
mod material;
mod pictures;
mod scene;

use xoay_format::{Text, Watch};

use self::archive::Archive;
use crate::{Document, GltfError, Limits};

/// The model as USDZ: metres, +Y up, one `UsdPreviewSurface` for each material, PNG and JPEG textures.
///
/// Everything is written with [`Limits::geometry_bytes`] as the most bytes of the scene's text.
///
/// # Errors
/// [`GltfError::TooLarge`] over that, or over a zip archive's 4 GiB; [`GltfError::Cancelled`]; [`GltfError::Invalid`]
/// where nothing is drawn. A texture that does not decode is left out with a warning, as are animations, skins and
/// morph targets, which stand still.
pub fn write_usdz(
    document: &Document,
    limits: &Limits,
    watch: Watch<'_>,
) -> Result<Vec<u8>, GltfError> {
    let root = &document.root;
    let morphs = root.meshes.iter().flat_map(|mesh| &mesh.primitives);
    if !root.animations.is_empty()
        || !root.skins.is_empty()
        || morphs
            .into_iter()
            .any(|primitive| !primitive.targets.is_empty())
    {
        watch.warn(Text::new(
            "tệp USDZ chỉ có mô hình ở tư thế nghỉ, không có chuyển động",
            "the USDZ holds the model at rest, without its animations",
        ));
    }
    let pictures = pictures::needed(document, limits, watch)?;
    let text = scene::write(document, &pictures, limits, watch)?;
    let mut archive = Archive::default();
    // The scene has to be the first file.
    archive.add("model.usda", text.as_bytes())?;
    drop(text);
    for picture in pictures.files() {
        archive.add(&picture.name, &picture.bytes)?;
    }
    archive.finish()
}
