use std::path::Path;

use xoay_format::{ModelManifest, ProgressEvent, Stage, Text, Watch};
use xoay_gltf::{Document, Limits, OptimizeOptions, Optimized, Report};

use crate::{RecipeError, StagedFolder, write_whole};

/// How to make a model fit for the web.
#[derive(Clone, Debug, Default)]
pub struct ModelOptions {
    /// What may be read.
    pub limits: Limits,
    /// What the optimizer does.
    pub optimize: OptimizeOptions,
    /// What the picture shows, for those who do not see it.
    pub alt: Text,
}

/// A finished model: its folder is written.
#[derive(Clone, Debug)]
pub struct ModelOutcome {
    /// What a viewer reads.
    pub manifest: ModelManifest,
    /// What was done.
    pub report: Report,
}

/// Optimises a model and writes it to the file `out`, whole or not at all.
///
/// # Errors
/// [`RecipeError`]; `out` is then as it was before.
pub fn optimize_model(
    model: &Path,
    out: &Path,
    options: &ModelOptions,
    watch: Watch<'_>,
) -> Result<Report, RecipeError> {
    let optimized = optimized(model, options, watch)?;
    write_whole(out, &optimized.glb)?;
    Ok(optimized.report)
}

/// Optimises a model and writes it to the folder `out_dir`, whole or not at all: `model.glb`, posters,
/// `manifest.json` and `report.json`.
///
/// Where nothing can draw, there is no poster, and a warning says why.
///
/// # Errors
/// [`RecipeError`]; `out_dir` is then as it was before.
pub fn make_model(
    model: &Path,
    out_dir: &Path,
    options: &ModelOptions,
    watch: Watch<'_>,
) -> Result<ModelOutcome, RecipeError> {
    let Optimized { glb, report, .. } = optimized(model, options, watch)?;
    let staged = StagedFolder::create(out_dir)?;
    staged.put_named("model.glb", &glb)?;
    let posters = Vec::new();
    let manifest = ModelManifest {
        kind: ModelManifest::KIND.to_owned(),
        version: ModelManifest::VERSION,
        generator: concat!("xoay ", env!("CARGO_PKG_VERSION")).to_owned(),
        url: "model.glb".to_owned(),
        size_bytes: glb.len() as u64,
        triangles: report.after.triangles,
        bounds: report.after.bounds,
        posters,
        alt: options.alt.clone(),
    };
    staged.put_json("report.json", &report)?;
    staged.put_json("manifest.json", &manifest)?;
    if watch.cancelled() {
        return Err(RecipeError::Cancelled);
    }
    staged.commit()?;
    Ok(ModelOutcome { manifest, report })
}

fn optimized(
    model: &Path,
    options: &ModelOptions,
    watch: Watch<'_>,
) -> Result<Optimized, RecipeError> {
    let named = |source| RecipeError::model(model, source);
    watch.tell(ProgressEvent::Started {
        stage: Stage::Read,
        total: 1,
    });
    let document = xoay_gltf::read(model, &options.limits).map_err(named)?;
    watch.tell(ProgressEvent::Finished { stage: Stage::Read });
    xoay_gltf::optimize(document, &options.optimize, watch).map_err(named)
}
