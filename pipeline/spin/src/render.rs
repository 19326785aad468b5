use xoay_format::ImageFormat;
use xoay_imaging::{DecodeOptions, Raster, Resizer, decode, encode};

use crate::background::BorderColor;
use crate::error::PhotoProblem;
use crate::ingest::read_file;
use crate::plan::Plan;
use crate::{Photo, Sink, SpinError, SpinOptions};

/// What is left of a frame once its files are stored.
#[derive(Debug)]
pub(crate) struct RenderedFrame {
    /// Bytes of each file: size by size as in the plan, within a size format by format.
    pub file_bytes: Vec<u64>,
    pub tile: Raster,
    pub border: BorderColor,
    pub color_converted: bool,
}

/// Why a frame was not made.
#[derive(Debug)]
pub(crate) enum RenderError {
    /// The photo is at fault; others may be, too.
    Photo(PhotoProblem),
    /// No other frame would fare better.
    Spin(SpinError),
}

/// The path of frame `number` (from 0) at `width`.
pub(crate) fn frame_path(width: u32, number: usize, format: ImageFormat) -> String {
    format!("frames/{width}/{:04}.{}", number + 1, format.extension())
}

/// Decodes a photo, if only to learn whether it can be.
pub(crate) fn open(
    photo: &Photo,
    plan: &Plan,
    options: &SpinOptions,
) -> Result<(Raster, bool), PhotoProblem> {
    let bytes = read_file(photo)?;
    let decode_options = DecodeOptions {
        limits: options.limits,
        target: plan.sizes.first().copied(),
    };
    let decoded = decode(&bytes, &decode_options).map_err(PhotoProblem::Image)?;
    if decoded.header != photo.header {
        return Err(PhotoProblem::Changed);
    }
    Ok((decoded.raster, decoded.color_converted))
}

/// Makes every file of one frame: decodes once, then steps down from size to size.
pub(crate) fn render(
    number: usize,
    photo: &Photo,
    plan: &Plan,
    options: &SpinOptions,
    sink: &dyn Sink,
    resizer: &mut Resizer,
    cancelled: &dyn Fn() -> bool,
) -> Result<RenderedFrame, RenderError> {
    let (mut picture, color_converted) = open(photo, plan, options).map_err(RenderError::Photo)?;
    let mut file_bytes = Vec::with_capacity(plan.sizes.len() * plan.formats.len());
    let mut tile = None;
    for &(width, height) in &plan.sizes {
        if tile.is_none() && width < plan.tile.0 {
            tile = Some(resize(resizer, &picture, plan.tile, "sprite")?);
        }
        picture = resize(
            resizer,
            &picture,
            (width, height),
            &format!("frames/{width}"),
        )?;
        for &format in &plan.formats {
            if cancelled() {
                return Err(RenderError::Spin(SpinError::Cancelled));
            }
            let path = frame_path(width, number, format);
            let bytes = encode(&picture, options.encoding(format)).map_err(|source| {
                RenderError::Spin(SpinError::Encode {
                    path: path.clone(),
                    source,
                })
            })?;
            sink.put(&path, &bytes)
                .map_err(|source| RenderError::Spin(SpinError::Output { path, source }))?;
            file_bytes.push(bytes.len() as u64);
        }
    }
    let tile = match tile {
        Some(tile) => tile,
        None => resize(resizer, &picture, plan.tile, "sprite")?,
    };
    let border = BorderColor::of(&tile);
    Ok(RenderedFrame {
        file_bytes,
        tile,
        border,
        color_converted,
    })
}

fn resize(
    resizer: &mut Resizer,
    picture: &Raster,
    (width, height): (u32, u32),
    path: &str,
) -> Result<Raster, RenderError> {
    resizer.resize(picture, width, height).map_err(|source| {
        RenderError::Spin(SpinError::Encode {
            path: path.to_owned(),
            source,
        })
    })
}
