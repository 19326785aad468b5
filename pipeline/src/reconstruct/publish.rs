//! Where a model goes: one file, or a folder that can be published; and its cameras for other tools.

use std::path::Path;

use xoay_format::{ModelManifest, Watch};
use xoay_gltf::Optimized;
use xoay_reconstruct::{Capture, Shape, TexturedMesh, colmap_text};

use crate::model::{posters, usdz};
use crate::{ModelOptions, RecipeError, StagedFolder, write_whole};

/// Points of the surface in `points3D.txt`.
const MOST_POINTS: usize = 100_000;

/// Writes `out`: a GLB where its name ends so, else a folder with `model.glb`, `model.usdz`, posters, `manifest.json` and
/// the optimizer's `report.json`, as [`crate::make_model`] does. Whole or not at all.
pub(super) fn write(
    out: &Path,
    optimized: &Optimized,
    options: &ModelOptions,
    watch: Watch<'_>,
) -> Result<(), RecipeError> {
    if !wants_folder(out) {
        return write_whole(out, &optimized.glb);
    }
    let staged = StagedFolder::create(out)?;
    staged.put_named("model.glb", &optimized.glb)?;
    let usdz = usdz(&optimized.document, options, &staged, watch)?;
    let posters = posters(&optimized.document, &staged, watch)?;
    let manifest = ModelManifest {
        kind: ModelManifest::KIND.to_owned(),
        version: ModelManifest::VERSION,
        generator: concat!("xoay ", env!("CARGO_PKG_VERSION")).to_owned(),
        url: "model.glb".to_owned(),
        plain_url: None,
        usdz,
        size_bytes: optimized.glb.len() as u64,
        triangles: optimized.report.after.triangles,
        bounds: optimized.report.after.bounds,
        posters,
        alt: options.alt.clone(),
    };
    staged.put_json("report.json", &optimized.report)?;
    staged.put_json("manifest.json", &manifest)?;
    if watch.cancelled() {
        return Err(RecipeError::Cancelled);
    }
    staged.commit()
}

/// Whether a result of this name is a folder: everything but a `.glb`.
pub(super) fn wants_folder(out: &Path) -> bool {
    !out.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("glb"))
}

/// Writes `cameras.txt`, `images.txt` and `points3D.txt` into `folder`, each whole or not at all.
pub(super) fn write_colmap(
    folder: &Path,
    capture: &Capture,
    shape: &Shape,
    model: &TexturedMesh,
    photo_size: [u32; 2],
    metres: Option<f64>,
) -> Result<(), RecipeError> {
    let text = colmap_text(
        capture,
        &shape.rig,
        &shape.places,
        model,
        photo_size,
        metres.unwrap_or(1.0),
        MOST_POINTS,
    );
    for (name, text) in [
        ("cameras.txt", &text.cameras),
        ("images.txt", &text.images),
        ("points3D.txt", &text.points),
    ] {
        write_whole(&folder.join(name), text.as_bytes())?;
    }
    Ok(())
}
