use std::sync::Mutex;

use xoay_format::{ProgressEvent, Stage, Text, Watch};

use crate::report::Report;
use crate::textures::{TextureOptions, encode_textures};
use crate::transform::{QuantizeOptions, compress, dedup, prune, quantize, reorder, weld};
use crate::{Document, GltfError, Limits};

/// What [`optimize`] does. Everything is on by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptimizeOptions {
    /// How finely vertices are stored; `None` leaves them as they are.
    pub quantize: Option<QuantizeOptions>,
    /// Whether geometry is compressed with meshopt.
    pub compress: bool,
    /// How textures are re-encoded; `None` leaves them as they are.
    pub textures: Option<TextureOptions>,
    /// What may be decoded.
    pub limits: Limits,
}

impl Default for OptimizeOptions {
    fn default() -> Self {
        Self {
            quantize: Some(QuantizeOptions::default()),
            compress: true,
            textures: Some(TextureOptions::default()),
            limits: Limits::default(),
        }
    }
}

/// A model made smaller.
#[derive(Clone, Debug)]
pub struct Optimized {
    /// The model; what a reader decodes from `glb`.
    pub document: Document,
    /// Its file.
    pub glb: Vec<u8>,
    /// What was done.
    pub report: Report,
}

/// Makes a model smaller without taking anything away that can be seen: no triangle goes, no material, no variant.
///
/// The order: dedup, prune, weld, reorder, quantize, dedup and prune again, compress, textures, write.
///
/// # Errors
/// [`GltfError::Cancelled`], or a limit or the container's size is exceeded.
pub fn optimize(
    mut document: Document,
    options: &OptimizeOptions,
    watch: Watch<'_>,
) -> Result<Optimized, GltfError> {
    let warnings = Mutex::new(Vec::<Text>::new());
    let listener = |event: ProgressEvent| {
        if let ProgressEvent::Warning { message } = &event
            && let Ok(mut warnings) = warnings.lock()
        {
            warnings.push(message.clone());
        }
        watch.tell(event);
    };
    let inner = watch.with_listener(&listener);

    let mut report = Report {
        bytes_in: document.source_bytes(),
        before: document.stats(),
        ..Report::default()
    };
    let total = 6 + u64::from(options.compress);
    let stage = Stage::Transform;
    inner.tell(ProgressEvent::Started { stage, total });
    let mut done = 0;
    let mut advance = |document: &mut Document,
                       run: &mut dyn FnMut(&mut Document) -> crate::Step| {
        stop_if_cancelled(watch)?;
        report.steps.push(run(document));
        done += 1;
        inner.tell(ProgressEvent::Advanced { stage, done, total });
        Ok::<(), GltfError>(())
    };
    advance(&mut document, &mut dedup)?;
    advance(&mut document, &mut prune)?;
    advance(&mut document, &mut |document| weld(document, inner))?;
    advance(&mut document, &mut reorder)?;
    if let Some(options) = &options.quantize {
        advance(&mut document, &mut |document| {
            quantize(document, options, inner)
        })?;
    }
    advance(&mut document, &mut dedup)?;
    advance(&mut document, &mut prune)?;
    if options.compress {
        advance(&mut document, &mut compress)?;
    }
    inner.tell(ProgressEvent::Finished { stage });
    stop_if_cancelled(watch)?;
    if let Some(textures) = &options.textures {
        let (step, changes) = encode_textures(&mut document, textures, &options.limits, inner)?;
        report.steps.push(step);
        report.textures = changes;
        // A picture that was only there for readers without WebP is unused now.
        let step = prune(&mut document);
        if !step.changes.is_empty() {
            report.steps.push(step);
        }
    }
    document.root.asset.generator = Some(format!("xoay {}", env!("CARGO_PKG_VERSION")));
    let glb = document.to_glb()?;
    report.bytes_out = glb.len() as u64;
    report.after = document.stats();
    report.warnings = warnings.into_inner().unwrap_or_default();
    Ok(Optimized {
        document,
        glb,
        report,
    })
}

fn stop_if_cancelled(watch: Watch<'_>) -> Result<(), GltfError> {
    if watch.cancelled() {
        Err(GltfError::Cancelled)
    } else {
        Ok(())
    }
}
