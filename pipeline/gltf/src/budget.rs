use xoay_format::{Text, Watch};

use crate::textures::{TextureGoal, TextureOptions};
use crate::transform::SimplifyOptions;
use crate::{Document, GltfError, OptimizeOptions, Optimized, optimize};

/// Attempts before the smallest result so far has to do.
const MOST_ATTEMPTS: u32 = 10;
/// Further attempts between the last that was too large and the first that fits.
const MOST_REFINEMENTS: u32 = 3;
/// A file that takes this share of its budget is near enough.
const NEAR_BUDGET: f64 = 0.9;
/// Share of a budget that geometry may take before triangles go; pictures are seen first.
const GEOMETRY_SHARE: f64 = 0.6;
/// Greatest error of a mesh where a budget takes triangles away.
const MAX_ERROR: f64 = 0.05;
/// Textures are not made smaller than this for a budget.
const LEAST_SIDE: u32 = 256;
const LEAST_QUALITY: u8 = 25;

/// As [`optimize`], with a file of at most `max_bytes`: textures become coarser and smaller step by step, triangles go
/// where geometry alone takes more than its share. The report says what it took. Where no attempt is small enough, the
/// smallest comes back with a warning.
///
/// # Errors
/// As [`optimize`].
pub fn optimize_within(
    document: &Document,
    options: &OptimizeOptions,
    max_bytes: u64,
    watch: Watch<'_>,
) -> Result<Optimized, GltfError> {
    let mut options = *options;
    let mut failed = options;
    let mut best: Option<Optimized> = None;
    for attempt in 0..MOST_ATTEMPTS {
        let made = optimize(document.clone(), &options, watch)?;
        let bytes = made.report.bytes_out;
        let asked = options;
        tighten(&mut options, &made, max_bytes, attempt);
        if best
            .as_ref()
            .is_none_or(|best| bytes < best.report.bytes_out)
        {
            best = Some(made);
        }
        if bytes <= max_bytes {
            if attempt > 0 {
                best = Some(nearer(document, [failed, asked], best, max_bytes, watch)?);
            }
            break;
        }
        failed = asked;
    }
    let Some(mut best) = best else {
        return optimize(document.clone(), &options, watch);
    };
    if best.report.bytes_out > max_bytes {
        let warning = over_budget(best.report.bytes_out, max_bytes);
        watch.warn(warning.clone());
        best.report.warnings.push(warning);
    }
    Ok(best)
}

/// Of results between options that gave too much and options that fit, the largest that fits: the last step may have
/// been a large one. `best` is what fits so far.
fn nearer(
    document: &Document,
    [mut failed, mut fits]: [OptimizeOptions; 2],
    best: Option<Optimized>,
    max_bytes: u64,
    watch: Watch<'_>,
) -> Result<Optimized, GltfError> {
    let mut best = match best {
        Some(best) => best,
        None => optimize(document.clone(), &fits, watch)?,
    };
    for _ in 0..MOST_REFINEMENTS {
        let filled = best.report.bytes_out as f64 / max_bytes as f64;
        let middle = between(&failed, &fits);
        if filled > NEAR_BUDGET || middle == failed || middle == fits {
            break;
        }
        let made = optimize(document.clone(), &middle, watch)?;
        if made.report.bytes_out > max_bytes {
            failed = middle;
        } else {
            fits = middle;
            if made.report.bytes_out > best.report.bytes_out {
                best = made;
            }
        }
    }
    Ok(best)
}

/// The middle of two options that [`tighten`] leads from one to the other.
fn between(failed: &OptimizeOptions, fits: &OptimizeOptions) -> OptimizeOptions {
    let mut middle = *fits;
    if let (Some(middle), Some(failed)) = (&mut middle.textures, &failed.textures) {
        let goal = |a: TextureGoal, b: TextureGoal| TextureGoal {
            error: (a.error * b.error).sqrt(),
            highest_quality: a.highest_quality.midpoint(b.highest_quality),
        };
        middle.color = goal(middle.color, failed.color);
        middle.normal = goal(middle.normal, failed.normal);
        middle.data = goal(middle.data, failed.data);
        middle.max_side = middle.max_side.midpoint(failed.max_side);
    }
    if let (Some(middle), Some(failed)) = (&mut middle.simplify, &failed.simplify) {
        // Where there was no bound before, the first one stays.
        if failed.max_triangles < u64::MAX {
            middle.max_triangles = middle.max_triangles.midpoint(failed.max_triangles);
        }
    }
    middle
}

/// Makes `options` ask for less than what `made` came to.
fn tighten(options: &mut OptimizeOptions, made: &Optimized, max_bytes: u64, attempt: u32) {
    let images: u64 = made
        .document
        .images
        .iter()
        .map(|i| i.bytes.len() as u64)
        .sum();
    let geometry = made.report.bytes_out.saturating_sub(images) as f64;
    let share = max_bytes as f64 * GEOMETRY_SHARE;
    if geometry > share && geometry > 0.0 {
        let triangles = made.report.after.triangles as f64 * share / geometry * 0.95;
        let simplify = options.simplify.get_or_insert(SimplifyOptions {
            max_triangles: u64::MAX,
            max_error: MAX_ERROR,
        });
        simplify.max_triangles = simplify.max_triangles.min((triangles as u64).max(1));
    }
    if let Some(textures) = &mut options.textures
        && images > 0
    {
        coarser(textures, attempt);
    }
}

/// A quarter more error and twelve steps of quality less; every third time sides are halved too.
fn coarser(textures: &mut TextureOptions, attempt: u32) {
    let goal = |goal: TextureGoal| TextureGoal {
        error: goal.error * 1.25,
        highest_quality: goal.highest_quality.saturating_sub(12).max(LEAST_QUALITY),
    };
    textures.color = goal(textures.color);
    textures.normal = goal(textures.normal);
    textures.data = goal(textures.data);
    if attempt % 3 == 2 {
        textures.max_side = (textures.max_side / 2).max(LEAST_SIDE.min(textures.max_side));
    }
}

fn over_budget(bytes: u64, max_bytes: u64) -> Text {
    Text::new(
        format!(
            "mô hình nhỏ nhất làm được là {bytes} byte, quá mức {max_bytes} đã đặt; hãy bớt phần không cần trong mô hình gốc hoặc nâng mức"
        ),
        format!(
            "the smallest that could be made is {bytes} bytes, over the {max_bytes} asked for; remove parts from the source model or raise the limit"
        ),
    )
}
