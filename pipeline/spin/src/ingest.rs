use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use xoay_format::{Stage, Text, Watch};
use xoay_imaging::{DecodeOptions, ImagingError, Limits, SourceFormat, decode, probe};

use crate::error::{BadPhoto, PhotoProblem};
use crate::folder::{self, Listing};
use crate::progress::Progress;
use crate::{CaptureOptions, CaptureSet, Photo, SpinError, natural_order};

/// Fewer photos than this are no spin.
const MIN_FRAMES: usize = 2;
/// Fewer frames than this in a row turn in jerks.
const SMOOTH_FRAMES: u32 = 24;
/// How far the shapes of two photos may differ: cropping by hand and odd sensor sizes stay below it.
const MAX_ASPECT_DIFFERENCE: f64 = 0.005;

/// Finds the photos of a folder, orders them, and reads their headers.
///
/// Photos directly in the folder are one row. Where there are none, each subfolder with photos is a row, in the
/// natural order of their names; [`CaptureOptions::rows`] splits the photos evenly instead.
///
/// # Errors
/// Everything that makes the capture unusable as far as headers tell. All bad photos are named at once.
pub fn read_capture(
    dir: &Path,
    options: &CaptureOptions,
    watch: Watch<'_>,
) -> Result<CaptureSet, SpinError> {
    let Listing {
        rows,
        clean_plates,
        mut warnings,
    } = folder::list(dir, options.max_photos)?;
    let found: usize = rows.iter().map(Vec::len).sum();
    if found == 0 {
        return Err(SpinError::EmptyFolder { path: dir.into() });
    }
    if found < MIN_FRAMES {
        return Err(SpinError::TooFewPhotos {
            found,
            needed: MIN_FRAMES,
        });
    }
    let row_lengths = row_lengths(&rows, found, options.rows)?;

    let progress = Progress::start(watch, Stage::Ingest, found + clean_plates.len());
    let mut bad = Vec::new();
    let mut read = |names: Vec<String>| -> Result<Vec<Photo>, SpinError> {
        let mut photos = Vec::new();
        for name in names {
            if watch.cancelled() {
                return Err(SpinError::Cancelled);
            }
            match read_photo(dir, &name, options) {
                Ok(photo) => photos.push(photo),
                Err(problem) => bad.push(BadPhoto {
                    file: name,
                    problem,
                }),
            }
            progress.step();
        }
        Ok(photos)
    };
    let frames = read(rows.concat())?;
    let clean_plates = read(clean_plates)?;
    if !bad.is_empty() {
        // There will be no spin: look into the others too, so that all that are bad are named at once.
        bad.extend(undecodable(&frames, options, watch)?);
        bad.sort_by(|a, b| natural_order(&a.file, &b.file));
        return Err(SpinError::BadPhotos(bad));
    }
    let (width, height) = size_for_all(&frames, &mut warnings)?;
    warn_about_short_rows(&row_lengths, &mut warnings);
    warn_about_duplicates(&frames, &row_lengths, &mut warnings);
    progress.finish();
    for warning in &warnings {
        watch.warn(warning.clone());
    }
    Ok(CaptureSet {
        frames,
        row_lengths,
        clean_plates,
        width,
        height,
        warnings,
    })
}

/// The photos whose headers are well but whose pixels cannot be read.
fn undecodable(
    photos: &[Photo],
    options: &CaptureOptions,
    watch: Watch<'_>,
) -> Result<Vec<BadPhoto>, SpinError> {
    let smallest = DecodeOptions {
        limits: options.limits,
        target: Some((1, 1)),
    };
    let mut bad = Vec::new();
    for photo in photos {
        if watch.cancelled() {
            return Err(SpinError::Cancelled);
        }
        let decoded = read_file(photo)
            .and_then(|bytes| decode(&bytes, &smallest).map_err(PhotoProblem::Image));
        if let Err(problem) = decoded {
            bad.push(BadPhoto {
                file: photo.name.clone(),
                problem,
            });
        }
    }
    Ok(bad)
}

fn row_lengths(
    rows: &[Vec<String>],
    photos: usize,
    asked: Option<u32>,
) -> Result<Vec<u32>, SpinError> {
    let Some(count) = asked else {
        return Ok(rows.iter().map(|row| row.len() as u32).collect());
    };
    match photos.checked_rem(count as usize) {
        Some(0) => Ok(vec![photos as u32 / count; count as usize]),
        _ => Err(SpinError::UnevenRows {
            photos,
            rows: count,
        }),
    }
}

fn read_photo(dir: &Path, name: &str, options: &CaptureOptions) -> Result<Photo, PhotoProblem> {
    let path = dir.join(name);
    let unreadable = |error: io::Error| PhotoProblem::Unreadable {
        reason: error.to_string(),
    };
    let mut file = File::open(&path).map_err(unreadable)?;
    let size_bytes = file.metadata().map_err(unreadable)?.len();
    if size_bytes > options.max_file_bytes {
        return Err(PhotoProblem::FileTooLarge {
            size_bytes,
            max_bytes: options.max_file_bytes,
        });
    }
    let header = read_header(&mut file, &options.limits)
        .map_err(unreadable)?
        .map_err(PhotoProblem::Image)?;
    Ok(Photo {
        path,
        name: name.to_owned(),
        size_bytes,
        header,
    })
}

/// The header, from as little of the file as suffices: hundreds of photos must not be read twice from a slow disk.
fn read_header(
    file: &mut File,
    limits: &Limits,
) -> io::Result<Result<xoay_imaging::Header, ImagingError>> {
    /// Beyond any EXIF preview and profile that cameras write before the pixels.
    const USUAL_HEAD_BYTES: u64 = 1 << 20;

    let mut bytes = Vec::new();
    file.take(USUAL_HEAD_BYTES).read_to_end(&mut bytes)?;
    let whole = (bytes.len() as u64) < USUAL_HEAD_BYTES;
    let head_first = matches!(
        SourceFormat::sniff(&bytes),
        Ok(SourceFormat::Jpeg | SourceFormat::Png)
    );
    let is_image = SourceFormat::sniff(&bytes).is_ok();
    if whole || head_first || !is_image {
        let header = probe(&bytes, limits);
        if whole || !is_image || !matches!(header, Err(ImagingError::Truncated { .. })) {
            return Ok(header);
        }
    }
    file.read_to_end(&mut bytes)?;
    Ok(probe(&bytes, limits))
}

/// The size that every frame is brought to: that of the smallest. Different shapes are an error.
fn size_for_all(frames: &[Photo], warnings: &mut Vec<Text>) -> Result<(u32, u32), SpinError> {
    let size = |photo: &Photo| (photo.header.width(), photo.header.height());
    let mut sizes: Vec<((u32, u32), usize)> = Vec::new();
    for photo in frames {
        match sizes.iter_mut().find(|(known, _)| *known == size(photo)) {
            Some((_, count)) => *count += 1,
            None => sizes.push((size(photo), 1)),
        }
    }
    let Some(&(expected, _)) = sizes.iter().rev().max_by_key(|(_, count)| *count) else {
        return Ok((0, 0)); // no frames, which was refused before
    };
    let aspect = |(width, height): (u32, u32)| f64::from(width) / f64::from(height);
    let has_shape = |size| (aspect(size) / aspect(expected) - 1.0).abs() <= MAX_ASPECT_DIFFERENCE;
    let odd: Vec<_> = frames
        .iter()
        .filter(|photo| !has_shape(size(photo)))
        .map(|photo| {
            (
                photo.name.clone(),
                photo.header.width(),
                photo.header.height(),
            )
        })
        .collect();
    if !odd.is_empty() {
        return Err(SpinError::MixedSizes { expected, odd });
    }
    let smallest = sizes
        .iter()
        .map(|(size, _)| *size)
        .min_by_key(|(w, h)| u64::from(*w) * u64::from(*h));
    let smallest = smallest.unwrap_or(expected);
    if sizes.len() > 1 {
        let (w, h) = smallest;
        warnings.push(Text::new(
            format!(
                "các ảnh có {} kích thước khác nhau; tất cả được thu về {w}×{h}",
                sizes.len()
            ),
            format!(
                "the photos have {} different sizes; all are brought to {w}×{h}",
                sizes.len()
            ),
        ));
    }
    Ok(smallest)
}

fn warn_about_short_rows(row_lengths: &[u32], warnings: &mut Vec<Text>) {
    for (row, &frames) in row_lengths
        .iter()
        .enumerate()
        .filter(|(_, frames)| **frames < SMOOTH_FRAMES)
    {
        let row = row + 1;
        warnings.push(Text::new(
            format!("hàng {row} chỉ có {frames} ảnh nên sẽ xoay giật; nên chụp từ {SMOOTH_FRAMES} ảnh một vòng trở lên"),
            format!("row {row} has only {frames} photos and will turn in jerks; take {SMOOTH_FRAMES} or more a turn"),
        ));
    }
}

fn warn_about_duplicates(frames: &[Photo], row_lengths: &[u32], warnings: &mut Vec<Text>) {
    let mut rest = frames;
    for &length in row_lengths {
        let (row, others) = rest
            .split_at_checked(length as usize)
            .unwrap_or((rest, &[]));
        rest = others;
        let last_and_first = row.last().zip(row.first()).filter(|_| row.len() > 2);
        for (a, b) in row.iter().zip(row.iter().skip(1)).chain(last_and_first) {
            // What cannot be read now will be reported when it is decoded.
            if a.size_bytes == b.size_bytes && same_bytes(&a.path, &b.path).unwrap_or(false) {
                warnings.push(Text::new(
                    format!(
                        "{} và {} là cùng một ảnh; hãy bỏ một tấm nếu chụp trùng",
                        a.name, b.name
                    ),
                    format!(
                        "{} and {} are the same photo; remove one if it was copied twice",
                        a.name, b.name
                    ),
                ));
            }
        }
    }
}

fn same_bytes(a: &Path, b: &Path) -> io::Result<bool> {
    const PIECE_BYTES: u64 = 64 * 1024;
    let (mut a, mut b) = (File::open(a)?, File::open(b)?);
    let (mut left, mut right) = (Vec::new(), Vec::new());
    loop {
        left.clear();
        right.clear();
        (&mut a).take(PIECE_BYTES).read_to_end(&mut left)?;
        (&mut b).take(PIECE_BYTES).read_to_end(&mut right)?;
        if left != right || left.is_empty() {
            return Ok(left == right);
        }
    }
}

/// The whole file of a photo, no longer than it was when the capture was read.
pub(crate) fn read_file(photo: &Photo) -> Result<Vec<u8>, PhotoProblem> {
    let unreadable = |error: io::Error| PhotoProblem::Unreadable {
        reason: error.to_string(),
    };
    let file = File::open(&photo.path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(photo.size_bytes + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 == photo.size_bytes {
        Ok(bytes)
    } else {
        Err(PhotoProblem::Changed)
    }
}
