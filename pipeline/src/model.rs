use std::path::Path;
use std::sync::Mutex;

use xoay_format::{ImageFile, ModelManifest, ProgressEvent, Stage, Text, Watch};
use xoay_gltf::{Document, GltfError, ImportOptions, Limits, OptimizeOptions, Optimized, Report};
use xoay_imaging::{Channels, Encoding, Raster, encode};
use xoay_render::{RenderError, View, render_poster};

use crate::proof::{LikenessCheck, optimize_proved};
use crate::{RecipeError, StagedFolder, write_whole};

/// How to make a model fit for the web.
#[derive(Clone, Debug, Default)]
pub struct ModelOptions {
    /// What may be read.
    pub limits: Limits,
    /// How files are taken that do not say their unit and axes.
    pub import: ImportOptions,
    /// What the optimizer does.
    pub optimize: OptimizeOptions,
    /// The file is at most this large, at the cost of textures and triangles.
    pub max_bytes: Option<u64>,
    /// Whether the result must look like what came in.
    pub likeness: LikenessCheck,
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

/// Optimises a model and writes it to the folder `out_dir`, whole or not at all: `model.glb`, `model.usdz`, posters,
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
    let Optimized {
        document,
        glb,
        report,
        ..
    } = optimized(model, options, watch)?;
    let staged = StagedFolder::create(out_dir)?;
    staged.put_named("model.glb", &glb)?;
    let usdz = usdz(&document, options, &staged, watch)?;
    let posters = posters(&document, &staged, watch)?;
    let manifest = ModelManifest {
        kind: ModelManifest::KIND.to_owned(),
        version: ModelManifest::VERSION,
        generator: concat!("xoay ", env!("CARGO_PKG_VERSION")).to_owned(),
        url: "model.glb".to_owned(),
        plain_url: None,
        usdz,
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
    let warnings = Mutex::new(Vec::new());
    let listener = |event: ProgressEvent| {
        if let ProgressEvent::Warning { message } = &event
            && let Ok(mut warnings) = warnings.lock()
        {
            warnings.push(message.clone());
        }
        watch.tell(event);
    };
    let inner = watch.with_listener(&listener);
    let document =
        xoay_gltf::read_with(model, &options.limits, options.import, inner).map_err(named)?;
    watch.tell(ProgressEvent::Finished { stage: Stage::Read });
    let mut optimized = optimize_proved(document, options, watch).map_err(named)?;
    let warnings = warnings.into_inner().unwrap_or_default();
    optimized.report.warnings.splice(0..0, warnings);
    Ok(optimized)
}

/// Writes the model as USDZ. One that cannot be is a warning, not a failure: only iPhones and iPads ask for it.
pub(crate) fn usdz(
    document: &Document,
    options: &ModelOptions,
    staged: &StagedFolder,
    watch: Watch<'_>,
) -> Result<Option<String>, RecipeError> {
    const NAME: &str = "model.usdz";

    match xoay_gltf::write_usdz(document, &options.limits, watch) {
        Ok(bytes) => {
            staged.put_named(NAME, &bytes)?;
            Ok(Some(NAME.to_owned()))
        }
        Err(GltfError::Cancelled) => Err(RecipeError::Cancelled),
        Err(error) => {
            let reason = xoay_format::Localize::text(&error);
            watch.warn(Text::new(
                format!("không có tệp USDZ cho iPhone và iPad: {}", reason.vi),
                format!("there is no USDZ for iPhone and iPad: {}", reason.en),
            ));
            Ok(None)
        }
    }
}

/// Draws the model as the viewer first shows it. Nothing to draw with is a warning, not a failure.
pub(crate) fn posters(
    document: &Document,
    staged: &StagedFolder,
    watch: Watch<'_>,
) -> Result<Vec<ImageFile>, RecipeError> {
    let stage = Stage::Render;
    watch.tell(ProgressEvent::Started { stage, total: 1 });
    let drawn = match render_poster(document, &View::default()) {
        Ok(drawn) => drawn,
        Err(error) => {
            watch.warn(without_poster(&error));
            watch.tell(ProgressEvent::Finished { stage });
            return Ok(Vec::new());
        }
    };
    let mut posters = Vec::new();
    let raster = Raster::new(drawn.width, drawn.height, Channels::Rgba, drawn.rgba)?;
    for encoding in [
        Encoding::Webp {
            quality: 85,
            method: 4,
        },
        Encoding::Jpeg {
            quality: 85,
            progressive: false,
        },
    ] {
        let bytes = encode(&raster, encoding)?;
        let url = format!("poster.{}", encoding.format());
        staged.put_named(&url, &bytes)?;
        posters.push(ImageFile {
            url,
            format: encoding.format(),
            width: raster.width(),
            height: raster.height(),
            size_bytes: bytes.len() as u64,
        });
    }
    watch.tell(ProgressEvent::Finished { stage });
    Ok(posters)
}

fn without_poster(error: &RenderError) -> Text {
    let reason = xoay_format::Localize::text(error);
    Text::new(
        format!("mô hình không có ảnh bìa: {}", reason.vi),
        format!("the model has no poster: {}", reason.en),
    )
}
