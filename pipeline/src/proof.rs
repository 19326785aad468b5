//! The optimizer with a proof: input and output are drawn and compared, and what looks too different is made anew with
//! gentler settings.

use xoay_format::{Localize, ProgressEvent, Stage, Text, Watch};
use xoay_gltf::textures::{TextureGoal, TextureOptions};
use xoay_gltf::{
    Document, GltfError, Likeness, OptimizeOptions, Optimized, optimize, optimize_within,
};

use crate::difference::Portrait;
use crate::{ModelOptions, RecipeError};

/// Pixels a side of the pictures.
const SIDE: u32 = 768;

/// Whether an optimised model must look like what came in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LikenessCheck {
    /// Nothing is drawn.
    Off,
    /// The mean SSIMULACRA2 of the views is at least this.
    AtLeast(f64),
}

impl Default for LikenessCheck {
    /// 50, the metric's "medium quality" for pictures compared at their full size, one on the other.
    ///
    /// The models here score 60 to 85 by the usual settings, `gltf-transform` with its own the same. Fine print in large
    /// textures scores lowest, since half a pixel of difference counts.
    fn default() -> Self {
        Self::AtLeast(50.0)
    }
}

/// Optimises `document`, draws both and steps back while they look too different. Nothing to draw with is a warning; the
/// report then has no likeness.
///
/// # Errors
/// As [`xoay_gltf::optimize`].
pub(crate) fn optimize_proved(
    document: Document,
    options: &ModelOptions,
    watch: Watch<'_>,
) -> Result<Optimized, GltfError> {
    let LikenessCheck::AtLeast(wanted) = options.likeness else {
        return match options.max_bytes {
            Some(max_bytes) => optimize_within(&document, &options.optimize, max_bytes, watch),
            None => optimize(document, &options.optimize, watch),
        };
    };
    let source = document.clone();
    let (mut best, steps) = match options.max_bytes {
        // What was asked for in bytes is not given back for likeness; the report tells what it cost.
        Some(max_bytes) => (
            optimize_within(&document, &options.optimize, max_bytes, watch)?,
            Vec::new(),
        ),
        None => (
            optimize(document, &options.optimize, watch)?,
            gentler(&options.optimize).to_vec(),
        ),
    };
    let stage = Stage::Render;
    watch.tell(ProgressEvent::Started { stage, total: 1 });
    let judge = |optimized: &Optimized, portrait: &Portrait| {
        portrait
            .compare(&optimized.document)
            .map(Some)
            .or_else(|error| {
                not_drawn(&error, watch);
                Ok::<_, GltfError>(None)
            })
    };
    let portrait = match Portrait::new(&source, SIDE) {
        Ok(portrait) => portrait,
        Err(error) => {
            best.report.warnings.push(not_drawn(&error, watch));
            watch.tell(ProgressEvent::Finished { stage });
            return Ok(best);
        }
    };
    best.report.likeness = judge(&best, &portrait)?;
    let mut steps_back = 0;
    for gentler in steps {
        let Some(found) = best.report.likeness.as_ref().map(|likeness| likeness.mean) else {
            break;
        };
        if found >= wanted {
            break;
        }
        if watch.cancelled() {
            return Err(GltfError::Cancelled);
        }
        steps_back += 1;
        let mut next = optimize(source.clone(), &gentler, watch)?;
        next.report.likeness = judge(&next, &portrait)?;
        if mean(next.report.likeness.as_ref()) > found {
            best = next;
        }
    }
    best.report.steps_back = steps_back;
    if let Some(likeness) = &best.report.likeness
        && likeness.mean < wanted
    {
        let warning = unlike(likeness, wanted);
        best.report.warnings.push(warning.clone());
        watch.warn(warning);
    }
    watch.tell(ProgressEvent::Finished { stage });
    Ok(best)
}

fn mean(likeness: Option<&Likeness>) -> f64 {
    likeness.map_or(f64::NEG_INFINITY, |l| l.mean)
}

/// Ever gentler settings: textures first, then the vertices' grid, then everything as it came.
fn gentler(options: &OptimizeOptions) -> [OptimizeOptions; 3] {
    let mut textures = *options;
    textures.textures = options.textures.map(gentler_textures);
    let mut vertices = textures;
    if let Some(quantize) = &mut vertices.quantize {
        quantize.position_tolerance /= 8.0;
        quantize.texcoord_tolerance_texels /= 4.0;
    }
    let mut untouched = textures;
    untouched.quantize = None;
    untouched.textures = textures.textures.map(gentler_textures);
    [textures, vertices, untouched]
}

/// Two thirds of the error and eight steps of quality more; no texture smaller than it came unless asked for.
fn gentler_textures(options: TextureOptions) -> TextureOptions {
    let goal = |goal: TextureGoal| TextureGoal {
        error: goal.error * 2.0 / 3.0,
        highest_quality: goal.highest_quality.saturating_add(8).min(95),
    };
    TextureOptions {
        least_side: u32::MAX,
        color: goal(options.color),
        normal: goal(options.normal),
        data: goal(options.data),
        ..options
    }
}

fn not_drawn(error: &RecipeError, watch: Watch<'_>) -> Text {
    let reason = error.text();
    let warning = Text::new(
        format!("chưa so được hình trước và sau: {}", reason.vi),
        format!(
            "the model was not compared with what came in: {}",
            reason.en
        ),
    );
    watch.warn(warning.clone());
    warning
}

fn unlike(likeness: &Likeness, wanted: f64) -> Text {
    let mean = likeness.mean;
    Text::new(
        format!(
            "mô hình sau khi tối ưu chỉ giống bản gốc {mean:.1} điểm, cần {wanted:.1}; hãy xem kỹ trước khi dùng, hoặc tăng cỡ hoa văn"
        ),
        format!(
            "the optimised model scores {mean:.1} against what came in, {wanted:.1} was asked for; look at it before use, or allow larger textures"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_gentler_than_the_one_before() {
        let usual = OptimizeOptions::default();
        let [textures, vertices, untouched] = gentler(&usual);
        let error = |o: &OptimizeOptions| o.textures.unwrap().color.error;
        assert!(error(&textures) < error(&usual) && error(&untouched) < error(&textures));
        let grid = |o: &OptimizeOptions| o.quantize.map(|q| q.position_tolerance);
        assert_eq!(grid(&textures), grid(&usual));
        assert!(grid(&vertices) < grid(&usual));
        assert_eq!(grid(&untouched), None);
    }
}
