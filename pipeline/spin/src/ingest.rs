use std::path::Path;

use xoay_format::{Stage, Text, Watch};
use xoay_imaging::{DecodeOptions, decode};

use crate::archive::{self, ArchiveTree};
use crate::error::{BadPhoto, PhotoProblem};
use crate::folder::FolderTree;
use crate::listing::{self, Folder, Found, FoundRow, Listing};
use crate::progress::Progress;
use crate::rows::{self, RowName};
use crate::source::{self, same_bytes};
use crate::{CaptureOptions, CaptureSet, Photo, SpinError, natural_order, plates};

pub(crate) use crate::source::read_file;

/// Fewer photos than this are no spin.
const MIN_FRAMES: usize = 2;
/// Fewer frames than this in a row turn in jerks.
const SMOOTH_FRAMES: u32 = 24;
/// How far the shapes of two photos may differ: cropping by hand and odd sensor sizes stay below it.
const MAX_ASPECT_DIFFERENCE: f64 = 0.005;

/// Finds the photos of a folder or a zip archive, orders them, and reads their headers.
///
/// Photos directly in the folder are one row, or several where their names clearly say so. Where there are none, each
/// subfolder with photos is a row, in the natural order of their names; [`CaptureOptions::rows`] splits the photos
/// otherwise. An archive is told by its content and read like a folder, without unpacking it to disk.
///
/// # Errors
/// Everything that makes the capture unusable as far as headers tell. All bad photos are named at once.
pub fn read_capture(
    path: &Path,
    options: &CaptureOptions,
    watch: Watch<'_>,
) -> Result<CaptureSet, SpinError> {
    let listing = if path.is_dir() {
        let root = Folder::on_disk(String::new(), path.into());
        let mut tree = FolderTree::open(path, options.max_photos)?;
        listing::list(&mut tree, &root, &options.clean_plates)?
    } else if path.is_file() {
        let tree = archive::open_file(path, options.max_photos)?;
        list_archive(tree, options)
            .unwrap_or_else(|| Err(SpinError::NotAFolder { path: path.into() }))?
    } else {
        return Err(SpinError::NotAFolder { path: path.into() });
    };
    read_listing(listing, path, options, watch)
}

/// [`read_capture`] of a zip archive that is in memory.
///
/// # Errors
/// As [`read_capture`]; where `bytes` are no zip, [`SpinError::NotAFolder`] without a path.
pub fn read_zip(
    bytes: Vec<u8>,
    options: &CaptureOptions,
    watch: Watch<'_>,
) -> Result<CaptureSet, SpinError> {
    let path = Path::new("zip");
    let tree = archive::open_bytes(bytes, options.max_photos)?;
    let listing = list_archive(tree, options)
        .unwrap_or_else(|| Err(SpinError::NotAFolder { path: path.into() }))?;
    read_listing(listing, path, options, watch)
}

fn list_archive(
    tree: Option<ArchiveTree>,
    options: &CaptureOptions,
) -> Option<Result<Listing, SpinError>> {
    tree.map(|mut tree| listing::list(&mut tree, &Folder::default(), &options.clean_plates))
}

fn read_listing(
    listing: Listing,
    path: &Path,
    options: &CaptureOptions,
    watch: Watch<'_>,
) -> Result<CaptureSet, SpinError> {
    let Listing {
        rows,
        clean_plates,
        notes: mut warnings,
    } = listing;
    let found: usize = rows.iter().map(|row| row.photos.len()).sum();
    if found == 0 {
        return Err(SpinError::EmptyFolder { path: path.into() });
    }
    if found < MIN_FRAMES {
        return Err(SpinError::TooFewPhotos {
            found,
            needed: MIN_FRAMES,
        });
    }
    let Rows {
        names: row_names,
        lengths: row_lengths,
        photos: found_frames,
    } = Rows::as_asked(rows, options)?;

    let progress = Progress::start(watch, Stage::Ingest, found + clean_plates.len());
    let mut bad = Vec::new();
    let mut read = |found: Vec<Found>| -> Result<Vec<Photo>, SpinError> {
        let mut photos = Vec::new();
        for Found { name, source } in found {
            if watch.cancelled() {
                return Err(SpinError::Cancelled);
            }
            match source::read_header(&source, options.max_file_bytes, &options.limits) {
                Ok((size_bytes, header)) => photos.push(Photo {
                    source,
                    name,
                    size_bytes,
                    header,
                }),
                Err(problem) => bad.push(BadPhoto {
                    file: name,
                    problem,
                }),
            }
            progress.step();
        }
        Ok(photos)
    };
    let frames = read(found_frames)?;
    let clean_plates = read(clean_plates)?;
    if !bad.is_empty() {
        // There will be no spin: look into the others too, so that all that are bad are named at once.
        bad.extend(undecodable(&frames, options, watch)?);
        bad.sort_by(|a, b| natural_order(&a.file, &b.file));
        return Err(SpinError::BadPhotos(bad));
    }
    let (width, height) = size_for_all(&frames, &mut warnings)?;
    warn_about_short_rows(&row_lengths, &mut warnings);
    find_duplicates(&frames, &row_lengths, &mut warnings)?;
    let clean_plates = plates_of_shape(clean_plates, (width, height), &mut warnings);
    let plate_names: Vec<String> = clean_plates
        .iter()
        .map(|plate| plate.name.clone())
        .collect();
    progress.finish();
    for warning in &warnings {
        watch.warn(warning.clone());
    }
    Ok(CaptureSet {
        frames,
        row_plates: plates::assign(&plate_names, &row_names),
        row_elevations_deg: row_names.iter().map(|row| row.elevation_deg).collect(),
        row_lengths,
        clean_plates,
        width,
        height,
        warnings,
    })
}

/// The rows, as found or as the caller wants them.
struct Rows {
    names: Vec<RowName>,
    lengths: Vec<u32>,
    /// Row after row.
    photos: Vec<Found>,
}

impl Rows {
    fn as_asked(found: Vec<FoundRow>, options: &CaptureOptions) -> Result<Self, SpinError> {
        let mut rows = Self {
            names: Vec::new(),
            lengths: Vec::new(),
            photos: Vec::new(),
        };
        for row in found {
            rows.names.push(row.name);
            rows.lengths.push(row.photos.len() as u32);
            rows.photos.extend(row.photos);
        }
        if let Some(asked) = &options.rows {
            let asked = rows::asked_lengths(rows.photos.len(), asked)?;
            if asked != rows.lengths {
                // The order is that of all names again: rows by height were only one way to understand them.
                rows.photos.sort_by(|a, b| natural_order(&a.name, &b.name));
                rows.names = vec![RowName::default(); asked.len()];
                rows.lengths = asked;
            }
        }
        Ok(rows)
    }
}

/// The clean plates that lie upon the frames pixel by pixel once they are brought to one size.
fn plates_of_shape(plates: Vec<Photo>, shape: (u32, u32), warnings: &mut Vec<Text>) -> Vec<Photo> {
    let (fitting, others): (Vec<_>, Vec<_>) = plates
        .into_iter()
        .partition(|plate| same_shape((plate.header.width(), plate.header.height()), shape));
    for plate in others {
        let (w, h) = (plate.header.width(), plate.header.height());
        warnings.push(Text::new(
            format!(
                "{}: ảnh bàn xoay trống có kích thước {w}×{h}, khác tỉ lệ với các ảnh khác nên không dùng; hãy chụp lại với cùng máy, cùng chiều",
                plate.name
            ),
            format!(
                "{}: the photo of the empty turntable measures {w}×{h}, another shape than the others, and is not used; take it again with the same camera, held the same way",
                plate.name
            ),
        ));
    }
    fitting
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

fn same_shape(a: (u32, u32), b: (u32, u32)) -> bool {
    let aspect = |(width, height): (u32, u32)| f64::from(width) / f64::from(height);
    (aspect(a) / aspect(b) - 1.0).abs() <= MAX_ASPECT_DIFFERENCE
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
    let odd: Vec<_> = frames
        .iter()
        .filter(|photo| !same_shape(size(photo), expected))
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

fn find_duplicates(
    frames: &[Photo],
    row_lengths: &[u32],
    warnings: &mut Vec<Text>,
) -> Result<(), SpinError> {
    let mut rest = frames;
    let mut same = Vec::new();
    for &length in row_lengths {
        let (row, others) = rest
            .split_at_checked(length as usize)
            .unwrap_or((rest, &[]));
        rest = others;
        let last_and_first = row.last().zip(row.first()).filter(|_| row.len() > 2);
        let pairs = row.iter().zip(row.iter().skip(1)).chain(last_and_first);
        // What cannot be read now will be reported when it is decoded.
        same.extend(pairs.filter(|(a, b)| same_bytes(a, b)));
    }
    let first_and_others = frames.first().map(|first| {
        let others = frames.iter().skip(1);
        others.map(move |other| (first, other))
    });
    // Where neighbours differ, there is no need to compare them all. Two may be a first try.
    let compared_alike = frames.len() > 2 && same.len() + row_lengths.len() >= frames.len();
    if compared_alike
        && first_and_others
            .into_iter()
            .flatten()
            .all(|(a, b)| same_bytes(a, b))
    {
        return Err(SpinError::AllTheSame {
            photos: frames.len(),
        });
    }
    warnings.extend(same.into_iter().map(|(a, b)| {
        Text::new(
            format!(
                "{} và {} là cùng một ảnh; hãy bỏ một tấm nếu chụp trùng",
                a.name, b.name
            ),
            format!(
                "{} and {} are the same photo; remove one if it was copied twice",
                a.name, b.name
            ),
        )
    }));
    Ok(())
}
