use std::sync::{Mutex, PoisonError};

use xoay_format::ImageFormat;
use xoay_imaging::{DecodeOptions, Encoding, Raster, Resizer, decode, encode};

use crate::background::BorderColor;
use crate::compose::{Composed, Matte, compose};
use crate::error::PhotoProblem;
use crate::ingest::read_file;
use crate::plan::Plan;
use crate::resume::{self, Recorder};
use crate::studio::{Studio, Treatment};
use crate::tiles::{FrameTiles, TileSettings, put_pyramid};
use crate::{Photo, Sink, SpinError, SpinOptions};

/// What is left of a frame once its files are stored.
#[derive(Debug)]
pub(crate) struct RenderedFrame {
    /// Bytes of each file: size by size as in the plan, within a size format by format.
    pub file_bytes: Vec<u64>,
    pub tile: Raster,
    pub border: BorderColor,
    pub color_converted: bool,
    pub zoom: Option<FrameTiles>,
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

/// Everything that frames are made with.
#[derive(Clone, Copy)]
pub(crate) struct Workshop<'a> {
    pub studio: &'a Studio,
    pub plan: &'a Plan,
    pub options: &'a SpinOptions,
    pub sink: &'a dyn Sink,
    /// Held while a photo of many megapixels lies decoded: several at once would fill the memory, and the encoders
    /// that follow take longer anyway.
    pub large: &'a Mutex<()>,
}

/// Photos of more decoded pixels than this are opened one at a time.
const LARGE_PIXELS: u64 = 8_000_000;

impl Workshop<'_> {
    /// Decodes a photo, if only to learn whether it can be.
    pub(crate) fn open(&self, photo: &Photo) -> Result<(Raster, bool), PhotoProblem> {
        let bytes = read_file(photo)?;
        let decode_options = DecodeOptions {
            limits: self.options.limits,
            target: self.decoded_target(photo),
        };
        let decoded = decode(&bytes, &decode_options).map_err(PhotoProblem::Image)?;
        if decoded.header != photo.header {
            return Err(PhotoProblem::Changed);
        }
        Ok((decoded.raster, decoded.color_converted))
    }

    /// The smallest size of the whole photo at which its frame is as large as the largest rendition; nothing where all
    /// pixels are wanted.
    fn decoded_target(&self, photo: &Photo) -> Option<(u32, u32)> {
        if self.has_tiles() || self.options.mattes {
            return None;
        }
        let (largest, shape) = (self.plan.sizes.first()?, self.studio.size);
        let side = |photo: u32, frame: u32, of: u32| {
            let common = u64::from(photo) * u64::from(frame);
            u32::try_from(common.div_ceil(u64::from(of.max(1))))
                .unwrap_or(u32::MAX)
                .clamp(1, photo)
        };
        // Photos may differ in size; the frame's shape is counted in pixels of the set's.
        let width = side(self.studio.capture.width, largest.0, shape.0);
        let height = side(self.studio.capture.height, largest.1, shape.1);
        Some((
            width.min(photo.header.width()),
            height.min(photo.header.height()),
        ))
    }

    fn has_tiles(&self) -> bool {
        let largest = self.plan.sizes.first().map_or(0, |size| size.0);
        // A quarter more than the rendition shows nothing new.
        self.options.tiles && u64::from(self.studio.size.0) * 4 > u64::from(largest) * 5
    }

    /// Makes the frame of `photo` at the resolution at which it was decoded.
    pub(crate) fn compose(
        &self,
        photo: &Photo,
        treatment: &Treatment,
    ) -> Result<(Composed, bool), RenderError> {
        let (picture, color_converted) = self.open(photo).map_err(RenderError::Photo)?;
        let (shape, capture) = (self.studio.size, &self.studio.capture);
        let scaled = |decoded: u32, side: u32, of: u32| {
            ((f64::from(side) * f64::from(decoded) / f64::from(of)).round() as u32).max(1)
        };
        let size = (
            scaled(picture.width(), shape.0, capture.width),
            scaled(picture.height(), shape.1, capture.height),
        );
        let composed =
            compose(picture, treatment, size, self.options.mattes).map_err(|source| {
                RenderError::Spin(SpinError::Encode {
                    path: photo.name.clone(),
                    source,
                })
            })?;
        Ok((composed, color_converted))
    }

    /// Makes every file of one frame, or takes them from where an earlier run left them.
    pub(crate) fn render(
        &self,
        number: usize,
        resizer: &mut Resizer,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<RenderedFrame, RenderError> {
        if !self.sink.remembers() {
            return self.make(number, resizer, cancelled);
        }
        let photo = &self.studio.capture.frames[number];
        let bytes = read_file(photo).map_err(RenderError::Photo)?;
        let treatment = &self.studio.treatments[number];
        let (tiles, mattes) = (self.has_tiles(), self.options.mattes);
        let key = resume::key(
            &bytes,
            number,
            self.studio.size,
            treatment,
            self.plan,
            tiles,
            mattes,
        );
        drop(bytes);
        if let Some(earlier) = self
            .sink
            .recall(&key)
            .and_then(|pack| resume::unpack(&pack, self.sink))
        {
            return earlier.map_err(|source| {
                RenderError::Spin(SpinError::Output {
                    path: photo.name.clone(),
                    source,
                })
            });
        }
        let recorder = Recorder::new(self.sink);
        let workshop = Workshop {
            sink: &recorder,
            ..*self
        };
        let frame = workshop.make(number, resizer, cancelled)?;
        if let Some(pack) = recorder.pack(&frame) {
            self.sink.remember(&key, &pack);
        }
        Ok(frame)
    }

    /// Decodes once, then steps down from size to size.
    fn make(
        &self,
        number: usize,
        resizer: &mut Resizer,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<RenderedFrame, RenderError> {
        let photo = &self.studio.capture.frames[number];
        let plan = self.plan;
        let largest = plan.sizes[0];
        let (mut picture, zoom, color_converted) = {
            let decoded = self
                .decoded_target(photo)
                .map_or(photo.header.pixels(), |(w, h)| {
                    4 * u64::from(w) * u64::from(h)
                });
            let _one_at_a_time = (decoded > LARGE_PIXELS)
                .then(|| self.large.lock().unwrap_or_else(PoisonError::into_inner));
            let (Composed { frame, matte }, color_converted) =
                self.compose(photo, &self.studio.treatments[number])?;
            if let Some(matte) = matte.filter(|_| self.options.mattes) {
                self.put_matte(photo, &matte, resizer)?;
            }
            let zoom = if self.has_tiles() {
                let settings = TileSettings::for_formats(&plan.formats);
                put_pyramid(
                    number, &frame, largest, settings, resizer, self.sink, cancelled,
                )
                .map_err(RenderError::Spin)?
            } else {
                None
            };
            let picture = resize(resizer, &frame, largest, "frames")?;
            (picture, zoom, color_converted)
        };
        let mut file_bytes = Vec::with_capacity(plan.encodings.len());
        let mut tile = None;
        for (&(width, height), encodings) in plan
            .sizes
            .iter()
            .zip(plan.encodings.chunks(plan.formats.len()))
        {
            if tile.is_none() && width < plan.tile.0 {
                tile = Some(resize(resizer, &picture, plan.tile, "sprite")?);
            }
            picture = resize(
                resizer,
                &picture,
                (width, height),
                &format!("frames/{width}"),
            )?;
            for encoding in encodings {
                if cancelled() {
                    return Err(RenderError::Spin(SpinError::Cancelled));
                }
                let path = frame_path(width, number, encoding.format());
                let bytes = encode(&picture, *encoding).map_err(|source| {
                    RenderError::Spin(SpinError::Encode {
                        path: path.clone(),
                        source,
                    })
                })?;
                self.put(path, &bytes)?;
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
            zoom,
        })
    }

    fn put(&self, path: String, bytes: &[u8]) -> Result<(), RenderError> {
        self.sink
            .put(&path, bytes)
            .map_err(|source| RenderError::Spin(SpinError::Output { path, source }))
    }

    /// The alpha of the whole photo in its own pixels, as grey PNG.
    fn put_matte(
        &self,
        photo: &Photo,
        matte: &Matte,
        resizer: &mut Resizer,
    ) -> Result<(), RenderError> {
        let stem = photo
            .name
            .rsplit_once('.')
            .map_or(photo.name.as_str(), |(stem, _)| stem);
        let path = format!("mattes/{stem}.png");
        let failed = |source| {
            RenderError::Spin(SpinError::Encode {
                path: path.clone(),
                source,
            })
        };
        let grey = matte.alpha.iter().flat_map(|alpha| [*alpha; 3]).collect();
        let raster = Raster::new(matte.width, matte.height, xoay_imaging::Channels::Rgb, grey)
            .map_err(failed)?;
        let raster = resizer
            .resize(&raster, photo.header.width(), photo.header.height())
            .map_err(failed)?;
        let bytes = encode(&raster, Encoding::Png).map_err(failed)?;
        self.put(path, &bytes)
    }
}

pub(crate) fn resize(
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
