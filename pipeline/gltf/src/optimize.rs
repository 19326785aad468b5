use std::sync::Mutex;

use xoay_format::{ProgressEvent, Stage, Text, Watch};

use crate::pack::Codec;
use crate::report::Report;
use crate::textures::{TextureOptions, encode_textures};
use crate::transform::{
    QuantizeOptions, SimplifyOptions, compress, dedup, flatten, generate_tangents, join, lods,
    prune, prune_attributes, prune_tangents, quantize, reorder, simplify, weld,
};
use crate::{Document, GltfError, Limits};

/// What [`optimize`] does. Everything is on by default but what takes triangles away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimizeOptions {
    /// Whether meshes that never move and share a material become one, which costs their nodes' and their own names.
    pub flatten: bool,
    /// How finely vertices are stored; `None` leaves them as they are.
    pub quantize: Option<QuantizeOptions>,
    /// What becomes of tangents.
    pub tangents: Tangents,
    /// Levels of detail beside the whole meshes, for programs that read `MSFT_lod`; 0, the default, makes none.
    pub lods: u32,
    /// How geometry is compressed; `None` leaves it plain.
    pub compress: Option<Codec>,
    /// Whether triangles may go, and which; `None`, the default, keeps every one.
    pub simplify: Option<SimplifyOptions>,
    /// How textures are re-encoded; `None` leaves them as they are.
    pub textures: Option<TextureOptions>,
    /// What may be decoded.
    pub limits: Limits,
}

/// What becomes of tangents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tangents {
    /// They go where readers compute the same within this angle, degrees.
    Prune(f64),
    /// All that a material needs stay.
    Keep,
    /// Those that are missing are made, for programs that do not make their own.
    Generate,
}

impl Default for Tangents {
    fn default() -> Self {
        Self::Prune(1.0)
    }
}

impl Default for OptimizeOptions {
    fn default() -> Self {
        Self {
            flatten: true,
            quantize: Some(QuantizeOptions::default()),
            tangents: Tangents::default(),
            lods: 0,
            compress: Some(Codec::default()),
            simplify: None,
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
/// The order: dedup, prune, textures, prune, attributes, flatten, join, weld, tangents, simplify, quantize, weld, levels of detail, reorder, dedup, prune, compress, write.
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
    let mut steps: Vec<Transform<'_>> = vec![Box::new(dedup), Box::new(prune)];
    run(&mut document, &mut steps, &mut report, inner)?;
    drop(steps);
    if let Some(textures) = &options.textures {
        let (step, changes) = encode_textures(&mut document, textures, &options.limits, inner)?;
        report.steps.push(step);
        report.textures = changes;
    }
    let mut steps: Vec<Transform<'_>> = vec![
        // Textures that became factors are unused now, and coordinates that only they read.
        Box::new(prune),
        Box::new(prune_attributes),
    ];
    if options.flatten {
        steps.push(Box::new(flatten));
    }
    steps.push(Box::new(join));
    steps.push(Box::new(|document| weld(document, inner)));
    match options.tangents {
        Tangents::Prune(tolerance_deg) => steps.push(Box::new(move |document| {
            prune_tangents(document, tolerance_deg)
        })),
        Tangents::Keep => {}
        Tangents::Generate => steps.push(Box::new(generate_tangents)),
    }
    if let Some(options) = options.simplify {
        steps.push(Box::new(move |document| simplify(document, &options)));
    }
    if let Some(options) = options.quantize {
        steps.push(Box::new(move |document| {
            quantize(document, &options, inner)
        }));
        // Vertices that the grid brought together.
        steps.push(Box::new(|document| weld(document, inner)));
    }
    if options.lods > 0 {
        let levels = options.lods;
        steps.push(Box::new(move |document| lods(document, levels)));
    }
    steps.push(Box::new(reorder));
    steps.push(Box::new(dedup));
    steps.push(Box::new(prune));
    if let Some(codec) = options.compress {
        steps.push(Box::new(move |document| compress(document, codec)));
    }
    run(&mut document, &mut steps, &mut report, inner)?;
    drop(steps);
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

/// A transform with its options.
type Transform<'a> = Box<dyn FnMut(&mut Document) -> crate::Step + 'a>;

/// Runs `steps` in order, noting what each did.
fn run(
    document: &mut Document,
    steps: &mut [Transform<'_>],
    report: &mut Report,
    watch: Watch<'_>,
) -> Result<(), GltfError> {
    let (stage, total) = (Stage::Transform, steps.len() as u64);
    watch.tell(ProgressEvent::Started { stage, total });
    for (done, step) in (1..).zip(steps) {
        stop_if_cancelled(watch)?;
        report.steps.push(step(document));
        watch.tell(ProgressEvent::Advanced { stage, done, total });
    }
    watch.tell(ProgressEvent::Finished { stage });
    stop_if_cancelled(watch)
}

fn stop_if_cancelled(watch: Watch<'_>) -> Result<(), GltfError> {
    if watch.cancelled() {
        Err(GltfError::Cancelled)
    } else {
        Ok(())
    }
}
