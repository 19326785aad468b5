//! How far one model looks from another: both are drawn from the same fixed views and compared as pictures.

use std::borrow::Cow;

use xoay_gltf::{Document, Likeness};
use xoay_imaging::{Channels, Reference};
use xoay_render::{Raster, RenderError, Renderer, View};

use crate::RecipeError;

/// Azimuth and elevation of the views, degrees: four sides, one of them from a little below, the top and the bottom.
const VIEWS_DEG: [[f32; 2]; 6] = [
    [0.0, 12.0],
    [90.0, 12.0],
    [180.0, 12.0],
    [270.0, -15.0],
    [45.0, 70.0],
    [225.0, -60.0],
];
/// Pixels around the product that stay in the compared part.
const MARGIN: u32 = 8;
/// The least part that is compared, pixels a side.
const LEAST_SIDE: u32 = 32;

/// A model drawn from the fixed views, to compare others with.
pub struct Portrait {
    renderer: Renderer,
    side: u32,
    views: Vec<Option<(Part, Reference)>>,
}

/// The part of a picture that is not all background.
#[derive(Clone, Copy)]
struct Part {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

impl Portrait {
    /// Draws `document` in squares of `side` pixels, on white.
    ///
    /// # Errors
    /// [`RecipeError::Drawing`]; its source is [`RenderError::NoAdapter`] where nothing can draw.
    pub fn new(document: &Document, side: u32) -> Result<Self, RecipeError> {
        let renderer = Renderer::new()?;
        let mut views = Vec::with_capacity(VIEWS_DEG.len());
        for view in fixed_views(side) {
            let drawn = renderer.render(document, &view)?;
            views.push(match part_of(&drawn) {
                Some(part) => Some((part, Reference::new(&cut(&drawn, part)?)?)),
                None => None,
            });
        }
        Ok(Self {
            renderer,
            side,
            views,
        })
    }

    /// How alike `document` looks. What shows nothing in a view counts as equal there.
    ///
    /// # Errors
    /// As [`Portrait::new`].
    pub fn compare(&self, document: &Document) -> Result<Likeness, RecipeError> {
        let document = &*with_plain_sources(document);
        let mut scores = Vec::with_capacity(self.views.len());
        for (view, reference) in fixed_views(self.side).zip(&self.views) {
            let drawn = self.renderer.render(document, &view)?;
            scores.push(match reference {
                Some((part, reference)) => reference.score(&cut(&drawn, *part)?)?,
                None if part_of(&drawn).is_none() => 100.0,
                None => 0.0,
            });
        }
        Ok(Likeness {
            mean: scores.iter().sum::<f64>() / scores.len().max(1) as f64,
            worst: scores.iter().copied().fold(100.0, f64::min),
            views: scores,
        })
    }
}

impl std::fmt::Debug for Portrait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Portrait({} views, {} px)", self.views.len(), self.side)
    }
}

/// The document with textures that name an AVIF image by the extension alone naming it plainly: what draws looks there,
/// and what decodes tells formats by their bytes.
fn with_plain_sources(document: &Document) -> Cow<'_, Document> {
    let source_of = |texture: &xoay_gltf::json::Texture| {
        let extension = texture.extensions.get("EXT_texture_avif")?;
        let source = usize::try_from(extension.get("source")?.as_u64()?).ok()?;
        (texture.source.is_none() && source < document.images.len()).then_some(source)
    };
    let sources: Vec<Option<usize>> = document.root.textures.iter().map(source_of).collect();
    if sources.iter().all(Option::is_none) {
        return Cow::Borrowed(document);
    }
    let mut plain = document.clone();
    for (texture, source) in plain.root.textures.iter_mut().zip(sources) {
        texture.source = texture.source.or(source);
    }
    Cow::Owned(plain)
}

fn fixed_views(side: u32) -> impl Iterator<Item = View> {
    VIEWS_DEG
        .into_iter()
        .map(move |[azimuth_deg, elevation_deg]| View {
            width: side,
            height: side,
            azimuth_deg,
            elevation_deg,
            ..View::default()
        })
}

/// The least rectangle around everything that is not white, with a margin; `None` where all is.
///
/// The empty rest would lift every score: it is the same in both pictures.
fn part_of(drawn: &Raster) -> Option<Part> {
    let (mut left, mut top, mut right, mut bottom) = (u32::MAX, u32::MAX, 0, 0);
    for (at, pixel) in (0u32..).zip(drawn.rgba.chunks_exact(4)) {
        if pixel[..3] != [255; 3] {
            let (x, y) = (at % drawn.width, at / drawn.width);
            (left, right) = (left.min(x), right.max(x));
            (top, bottom) = (top.min(y), bottom.max(y));
        }
    }
    if left == u32::MAX {
        return None;
    }
    let span = |from: u32, to: u32, whole: u32| {
        let mut from = from.saturating_sub(MARGIN);
        let to = (to + 1 + MARGIN).max(from + LEAST_SIDE).min(whole);
        from = from.min(to.saturating_sub(LEAST_SIDE));
        (from, to - from)
    };
    let (left, width) = span(left, right, drawn.width);
    let (top, height) = span(top, bottom, drawn.height);
    Some(Part {
        left,
        top,
        width,
        height,
    })
}

fn cut(drawn: &Raster, part: Part) -> Result<xoay_imaging::Raster, RecipeError> {
    let mut pixels = Vec::with_capacity(part.width as usize * part.height as usize * 3);
    for y in part.top..part.top + part.height {
        let start = (y as usize * drawn.width as usize + part.left as usize) * 4;
        let row = &drawn.rgba[start..start + part.width as usize * 4];
        pixels.extend(
            row.chunks_exact(4)
                .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]),
        );
    }
    Ok(xoay_imaging::Raster::new(
        part.width,
        part.height,
        Channels::Rgb,
        pixels,
    )?)
}

impl From<RenderError> for RecipeError {
    fn from(error: RenderError) -> Self {
        Self::Drawing(error)
    }
}
