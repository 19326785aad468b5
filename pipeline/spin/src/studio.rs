//! What a studio would do with the photos before they are published: sort out, cut out, align, even out, frame.

use std::borrow::Cow;

use xoay_format::{Direction, Stage, Text, Watch};
use xoay_imaging::{Channels, Raster};
use xoay_matte::{FrameCut, Proxy, RowCut, Sense};

use crate::placement::{Frames, Placement};
use crate::progress::Progress;
use crate::survey;
use crate::tone::ToneCurves;
use crate::{
    CaptureSet, Outline, Photo, PhotoMeasures, QualityReport, Repairs, SpinError, SpinOptions,
    StudioBackground, StudioOptions, TurnShape, assess_as,
};

/// A cut surer than this may be published without anyone having looked at it.
const SURE: f32 = 0.75;
/// No single frame may be less sure than this.
const LEAST_SURE: f32 = 0.5;
/// Fewer views than this of a row prove no background.
const LEAST_VIEWS: usize = 6;

/// How every frame is treated, and what was found out on the way.
pub(crate) struct Studio {
    /// The photos that become frames, in their order.
    pub capture: CaptureSet,
    /// One a frame.
    pub treatments: Vec<Treatment>,
    /// Width and height that the frames have at the photos' own resolution.
    pub size: (u32, u32),
    /// Angle of each frame within its row, in degrees.
    pub azimuths_deg: Vec<f64>,
    /// Which way the product turns, where the photos say so.
    pub direction: Option<Direction>,
    pub report: QualityReport,
    pub notes: Vec<Text>,
}

/// What happens to one frame.
#[derive(Clone, Debug)]
pub(crate) struct Treatment {
    /// The product, where it is to be cut out or written as a matte.
    pub cut: Option<FrameCut>,
    /// What stands behind it afterwards.
    pub backdrop: Backdrop,
    /// Exposure and white balance brought to the row's.
    pub tones: Option<ToneCurves>,
    pub placement: Placement,
}

/// What stands behind the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backdrop {
    AsPhotographed,
    White { contact_shadow: bool },
    Transparent,
}

impl Studio {
    /// Leaves every photo as it is.
    pub(crate) fn none(capture: &CaptureSet) -> Self {
        let repairs = Repairs::none(&capture.row_lengths);
        Self {
            treatments: vec![
                Treatment {
                    cut: None,
                    backdrop: Backdrop::AsPhotographed,
                    tones: None,
                    placement: Placement::whole(),
                };
                capture.frames.len()
            ],
            size: (capture.width, capture.height),
            azimuths_deg: azimuths(&repairs),
            capture: capture.clone(),
            direction: None,
            report: QualityReport::default(),
            notes: Vec::new(),
        }
    }

    pub(crate) fn open(
        capture: &CaptureSet,
        studio: &StudioOptions,
        options: &SpinOptions,
        watch: Watch<'_>,
    ) -> Result<Self, SpinError> {
        let workers = survey::workers(&capture.frames, options.workers, options.memory_bytes);
        let shape = if options.loops {
            TurnShape::Full
        } else {
            TurnShape::Arc
        };
        let see = |photos: &[Photo]| survey::survey(photos, workers, options.limits, watch, look);
        let surveyed = see(&capture.frames)?;
        let plates = see(&capture.clean_plates)?;
        let (measures, proxies): (Vec<PhotoMeasures>, Vec<Proxy>) = surveyed.into_iter().unzip();
        let plates: Vec<Proxy> = plates.into_iter().map(|(_, proxy)| proxy).collect();
        let mut notes = Vec::new();
        let seen: Vec<&Proxy> = proxies.iter().collect();
        let by_camera = rows_by_camera(capture, &seen, workers, &mut notes);
        let capture = by_camera.as_ref().unwrap_or(capture);
        let first = assess_as(shape, capture, &measures, None);
        let repairs = first.repairs(studio.repair);

        let kept = repaired(capture, &repairs);
        let kept_proxies: Vec<&Proxy> = repairs.order.iter().map(|&at| &proxies[at]).collect();
        let cuts = cut_rows(
            &kept,
            &kept_proxies,
            &plates,
            &repairs,
            workers,
            options,
            watch,
        )?;

        let outlines = outlines(capture, &repairs, &cuts);
        let report =
            assess_as(shape, capture, &measures, outlines.as_deref()).repaired(studio.repair);
        let sure = is_sure(&kept, &cuts, studio.background, &mut notes);
        let wants_cut = match studio.background {
            StudioBackground::Auto => sure,
            StudioBackground::White | StudioBackground::Transparent => {
                cuts.iter().all(Option::is_some)
            }
            StudioBackground::AsPhotographed => false,
        };
        let backdrop = match studio.background {
            _ if !wants_cut => Backdrop::AsPhotographed,
            StudioBackground::Transparent => Backdrop::Transparent,
            _ => Backdrop::White {
                contact_shadow: studio.contact_shadow,
            },
        };
        let margin = studio.crop_margin.filter(|_| wants_cut || sure);
        let frames = Frames::place(&kept, &cuts, margin, wants_cut);
        let direction = cuts
            .iter()
            .flatten()
            .find_map(|cut| cut.sense)
            .map(|sense| match sense {
                Sense::CounterClockwise => Direction::CounterClockwise,
                Sense::Clockwise => Direction::Clockwise,
            });
        let treatments = treatments(cuts, &frames, studio, options, backdrop);
        Ok(Self {
            treatments,
            size: frames.size,
            azimuths_deg: azimuths(&repairs),
            capture: kept,
            direction,
            report,
            notes,
        })
    }
}

fn treatments(
    cuts: Vec<Option<RowCut>>,
    frames: &Frames,
    studio: &StudioOptions,
    options: &SpinOptions,
    backdrop: Backdrop,
) -> Vec<Treatment> {
    let keeps_cut = backdrop != Backdrop::AsPhotographed || options.mattes;
    let mut placements = frames.placements.iter();
    let mut out = Vec::with_capacity(frames.placements.len());
    for (cut, length) in cuts.into_iter().zip(&frames.row_lengths) {
        let (cut_frames, gains) = match cut {
            Some(cut) => (cut.frames.into_iter().map(Some).collect(), cut.gains),
            None => (vec![None; *length], vec![[0.0; 3]; *length]),
        };
        for ((cut, gain), placement) in cut_frames.into_iter().zip(gains).zip(placements.by_ref()) {
            out.push(Treatment {
                cut: cut.filter(|_| keeps_cut),
                backdrop,
                tones: studio.equalize.then(|| ToneCurves::undoing(gain)).flatten(),
                placement: *placement,
            });
        }
    }
    out
}

fn azimuths(repairs: &Repairs) -> Vec<f64> {
    (0..repairs.row_lengths.len())
        .flat_map(|row| repairs.azimuths_deg(row))
        .collect()
}

/// The photos that become frames.
fn repaired(capture: &CaptureSet, repairs: &Repairs) -> CaptureSet {
    CaptureSet {
        frames: repairs.apply(&capture.frames),
        row_lengths: repairs.row_lengths.clone(),
        ..capture.clone()
    }
}

/// A single row as several, where the camera was moved between its photos and nobody said so.
fn rows_by_camera(
    capture: &CaptureSet,
    proxies: &[&Proxy],
    workers: usize,
    notes: &mut Vec<Text>,
) -> Option<CaptureSet> {
    let &[length] = capture.row_lengths.as_slice() else {
        return None;
    };
    let moves = xoay_matte::camera_moves(proxies, workers);
    let ends: Vec<u32> = moves.iter().map(|at| *at as u32).chain([length]).collect();
    let mut start = 0;
    let row_lengths: Vec<u32> = ends
        .iter()
        .map(|end| end - std::mem::replace(&mut start, *end))
        .collect();
    if moves.is_empty() {
        return None;
    }
    let list = |separator: &str| {
        let lengths: Vec<String> = row_lengths.iter().map(u32::to_string).collect();
        lengths.join(separator)
    };
    let names: Vec<&str> = moves
        .iter()
        .map(|at| capture.frames[*at].name.as_str())
        .collect();
    let names = names.join(", ");
    notes.push(Text::new(
        format!("máy ảnh đã đổi chỗ trước ảnh {names}: coi là {} hàng ({} ảnh); nếu sai, hãy dùng --rows", row_lengths.len(), list(" + ")),
        format!("the camera was moved before {names}: taken for {} rows ({} photos); where that is wrong, say --rows", row_lengths.len(), list(" + ")),
    ));
    Some(CaptureSet {
        row_elevations_deg: vec![None; row_lengths.len()],
        // Which of the rows a photo of the empty turntable belongs to is not known.
        row_plates: vec![None; row_lengths.len()],
        row_lengths,
        ..capture.clone()
    })
}

/// What a survey keeps of a photo.
fn look(raster: &Raster) -> (PhotoMeasures, Proxy) {
    let flat = match raster.channels() {
        Channels::Rgb => Cow::Borrowed(raster),
        Channels::Rgba => Cow::Owned(raster.flattened([255; 3])),
    };
    let proxy = Proxy::of(flat.width(), flat.height(), flat.pixels());
    (PhotoMeasures::of(&flat), proxy)
}

/// Cuts the product out of every row that has enough views of one size.
fn cut_rows(
    capture: &CaptureSet,
    proxies: &[&Proxy],
    plates: &[Proxy],
    repairs: &Repairs,
    workers: usize,
    options: &SpinOptions,
    watch: Watch<'_>,
) -> Result<Vec<Option<RowCut>>, SpinError> {
    let progress = Progress::start(watch, Stage::Matte, capture.row_lengths.len());
    let mut out = Vec::new();
    let mut rest = proxies;
    for (row, &length) in capture.row_lengths.iter().enumerate() {
        if watch.cancelled() {
            return Err(SpinError::Cancelled);
        }
        let (frames, others) = rest
            .split_at_checked(length as usize)
            .unwrap_or((rest, &[]));
        rest = others;
        let size = |proxy: &Proxy| (proxy.width(), proxy.height());
        let one_size = frames.windows(2).all(|pair| size(pair[0]) == size(pair[1]));
        if frames.len() < LEAST_VIEWS || !one_size {
            out.push(None);
            progress.step();
            continue;
        }
        let plate = capture
            .row_plates
            .get(row)
            .copied()
            .flatten()
            .and_then(|at| plates.get(at));
        let likelihoods = options.learned.as_ref().map(|model| {
            let all = frames.iter().map(|photo| model.likelihood(photo));
            all.collect::<Result<Vec<_>, _>>()
        });
        let first: usize = capture.row_lengths[..row].iter().map(|l| *l as usize).sum();
        let focal_mm = capture
            .frames
            .get(first)
            .and_then(|photo| photo.header.camera.focal_length_35mm);
        out.push(Some(xoay_matte::cut_row(
            &xoay_matte::Row {
                frames: frames.to_vec(),
                clean_plate: plate.filter(|plate| size(plate) == size(frames[0])),
                // How far an arc reaches is not known.
                azimuths_deg: options.loops.then(|| {
                    repairs
                        .azimuths_deg(row)
                        .iter()
                        .map(|a| *a as f32)
                        .collect()
                }),
                likelihoods: likelihoods.transpose()?,
                focal_ratio: focal_mm
                    .map(|mm| mm as f32 / 36.0)
                    .filter(|ratio| (0.3..20.0).contains(ratio)),
            },
            workers,
        )));
        progress.step();
    }
    progress.finish();
    Ok(out)
}

/// The outlines in the order of the capture; photos that were left out have none that counts.
fn outlines(
    capture: &CaptureSet,
    repairs: &Repairs,
    cuts: &[Option<RowCut>],
) -> Option<Vec<Outline>> {
    let mut out = vec![
        Outline {
            left: 0.0,
            top: 0.0,
            right: 1.0,
            bottom: 1.0,
            touches: [0.0; 4],
            confidence: 0.0,
        };
        capture.frames.len()
    ];
    let mut order = repairs.order.iter();
    for (cut, &length) in cuts.iter().zip(&repairs.row_lengths) {
        for (number, &photo) in order.by_ref().take(length as usize).enumerate() {
            let frame = cut.as_ref().and_then(|cut| cut.frames.get(number));
            if let Some((extent, confidence)) =
                frame.and_then(|f| Some((f.extent()?, f.confidence)))
            {
                out[photo] = Outline {
                    left: extent.left,
                    top: extent.top,
                    right: extent.right,
                    bottom: extent.bottom,
                    touches: extent.touches,
                    confidence,
                };
            }
        }
    }
    cuts.iter().any(Option::is_some).then_some(out)
}

/// Whether every frame of every row was cut out well enough to publish; says which were not.
fn is_sure(
    capture: &CaptureSet,
    cuts: &[Option<RowCut>],
    wanted: StudioBackground,
    notes: &mut Vec<Text>,
) -> bool {
    if wanted == StudioBackground::AsPhotographed {
        return false;
    }
    if cuts.iter().any(Option::is_none) {
        notes.push(Text::new(
            format!("không tách được nền: cần ít nhất {LEAST_VIEWS} ảnh cùng kích thước mỗi hàng; giữ nguyên nền ảnh chụp"),
            format!("the product was not cut out: that takes at least {LEAST_VIEWS} photos of one size in each row; the background stays as photographed"),
        ));
        return false;
    }
    let confidences: Vec<f32> = cuts
        .iter()
        .flatten()
        .flat_map(|cut| cut.frames.iter().map(|f| f.confidence))
        .collect();
    let mean = confidences.iter().sum::<f32>() / confidences.len().max(1) as f32;
    let mut doubtful: Vec<(f32, &str)> = confidences
        .iter()
        .zip(&capture.frames)
        .filter(|(confidence, _)| **confidence < SURE)
        .map(|(confidence, photo)| (*confidence, photo.name.as_str()))
        .collect();
    let sure = mean >= SURE && confidences.iter().all(|c| *c >= LEAST_SURE);
    if !doubtful.is_empty() {
        doubtful.sort_by(|a, b| a.0.total_cmp(&b.0));
        let names: Vec<String> = doubtful
            .iter()
            .take(5)
            .map(|(c, name)| format!("{name} ({:.0}%)", c * 100.0))
            .collect();
        let (names, count) = (names.join(", "), doubtful.len());
        let (vi, en) = if sure {
            ("hãy xem lại các ảnh này", "look at these frames")
        } else {
            (
                "nền ảnh chụp được giữ nguyên trừ khi chọn --background white",
                "the background stays as photographed unless --background white is chosen",
            )
        };
        notes.push(Text::new(
            format!("tách nền chưa chắc chắn ở {count} ảnh: {names}; {vi}. Chụp thêm bàn xoay trống và dùng phông khác màu sản phẩm (docs/capture.md#backdrop, #empty-turntable)"),
            format!("the cut-out is doubtful in {count} photos: {names}; {en}. Add a photo of the empty turntable and a backdrop unlike the product (docs/capture.md#backdrop, #empty-turntable)"),
        ));
    }
    sure
}
