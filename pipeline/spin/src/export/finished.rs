use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use xoay_format::{ImageFormat, Rendition, SpinManifest, Text};
use xoay_imaging::{Raster, can_read_back, read_back};

use super::ExportError;

/// No manifest and no frame that this program makes comes near.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// A spin in its folder, as `xoay spin` left it.
#[derive(Clone, Debug)]
pub struct FinishedSpin {
    folder: PathBuf,
    manifest: SpinManifest,
}

impl FinishedSpin {
    /// Reads the manifest in `folder`.
    ///
    /// # Errors
    /// [`ExportError::NotASpin`] where there is none or it contradicts itself.
    pub fn open(folder: &Path) -> Result<Self, ExportError> {
        let wrong = |detail: String| ExportError::NotASpin {
            folder: folder.to_path_buf(),
            detail,
        };
        let bytes = read(&folder.join("manifest.json"))
            .map_err(|error| wrong(format!("manifest.json: {error}")))?;
        let manifest: SpinManifest = serde_json::from_slice(&bytes)
            .map_err(|error| wrong(format!("manifest.json: {error}")))?;
        if manifest.kind != SpinManifest::KIND || manifest.version != SpinManifest::VERSION {
            return Err(wrong(format!(
                "{} version {}",
                manifest.kind, manifest.version
            )));
        }
        let frames = manifest.frames.len();
        let rows_fit = manifest.rows.iter().all(|row| {
            row.frame_count > 0
                && u64::from(row.first_frame) + u64::from(row.frame_count) <= frames as u64
        });
        let renditions_fit = manifest
            .renditions
            .iter()
            .all(|rendition| rendition.urls.len() == frames && rendition.width > 0);
        if frames == 0 || manifest.rows.is_empty() || !rows_fit || !renditions_fit {
            return Err(wrong("its rows, frames and files do not agree".into()));
        }
        Ok(Self {
            folder: folder.to_path_buf(),
            manifest,
        })
    }

    /// What the spin says about itself.
    #[must_use]
    pub const fn manifest(&self) -> &SpinManifest {
        &self.manifest
    }

    /// Numbers of `count` frames of row `row` (from 0), spread evenly from its first; all where it has no more.
    pub(super) fn evenly(&self, row: usize, count: usize) -> Result<Vec<usize>, ExportError> {
        let row = self.manifest.rows.get(row).ok_or(ExportError::NoSuchRow {
            asked: row + 1,
            rows: self.manifest.rows.len(),
        })?;
        Ok(evenly(row.frame_count as usize, count, self.manifest.loops)
            .map(|at| row.first_frame as usize + at)
            .collect())
    }

    /// The rendition to export at `width` from: the narrowest that suffices, else the widest; of one width that which
    /// lost least.
    pub(super) fn rendition(&self, width: u32) -> Result<&Rendition, ExportError> {
        const LOSES_LEAST: [ImageFormat; 4] = [
            ImageFormat::Png,
            ImageFormat::Webp,
            ImageFormat::Avif,
            ImageFormat::Jpg,
        ];
        let readable = || {
            let all = self.manifest.renditions.iter();
            all.filter(|rendition| can_read_back(rendition.format))
        };
        let widths = readable().map(|rendition| rendition.width);
        let widest = widths
            .clone()
            .max()
            .ok_or(ExportError::NoReadableRendition)?;
        let chosen = widths.filter(|&w| w >= width).min().unwrap_or(widest);
        let place =
            |rendition: &&Rendition| LOSES_LEAST.iter().position(|f| *f == rendition.format);
        readable()
            .filter(|rendition| rendition.width == chosen)
            .min_by_key(place)
            .ok_or(ExportError::NoReadableRendition)
    }

    /// The picture of frame `number` in `rendition`.
    pub(super) fn frame(
        &self,
        rendition: &Rendition,
        number: usize,
    ) -> Result<Raster, ExportError> {
        let url = &rendition.urls[number];
        let path = self.folder.join(url);
        if !stays_inside(url) {
            return Err(ExportError::NotASpin {
                folder: self.folder.clone(),
                detail: format!("{url} lies elsewhere"),
            });
        }
        let bytes = read(&path).map_err(|source| ExportError::Unreadable {
            path: path.clone(),
            source,
        })?;
        let picture =
            read_back(&bytes, rendition.format).map_err(|source| ExportError::BadFrame {
                path: path.clone(),
                source,
            })?;
        if (picture.width(), picture.height()) != (rendition.width, rendition.height) {
            return Err(ExportError::NotASpin {
                folder: self.folder.clone(),
                detail: format!(
                    "{url}: {}×{} instead of {}×{}",
                    picture.width(),
                    picture.height(),
                    rendition.width,
                    rendition.height
                ),
            });
        }
        Ok(picture)
    }

    /// The colour around the pictures, for padding them.
    pub(super) fn background(&self) -> [u8; 3] {
        parse_hex(&self.manifest.background).unwrap_or([255; 3])
    }
}

/// A note where fewer frames exist than were asked for.
pub(super) fn note_count(asked: usize, got: usize) -> Option<Text> {
    (got < asked).then(|| {
        Text::new(
            format!("hàng này chỉ có {got} khung hình nên không xuất được {asked}; hãy chụp đủ {asked} ảnh nếu nơi nhận bắt buộc"),
            format!("the row has only {got} frames, so {asked} cannot be exported; take {asked} photos if the recipient insists"),
        )
    })
}

/// `count` of `frames` places. A loop is divided evenly all round, an arc from its first to its last frame.
fn evenly(frames: usize, count: usize, loops: bool) -> impl Iterator<Item = usize> {
    let count = count.clamp(1, frames.max(1));
    let (steps, parts) = if loops || count == 1 {
        (frames, count)
    } else {
        (frames - 1, count - 1)
    };
    (0..count).map(move |at| (at * steps + parts / 2) / parts)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// Whether a manifest's address is a plain path below its folder.
fn stays_inside(url: &str) -> bool {
    !url.is_empty()
        && !url.contains(['\\', ':'])
        && url.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn parse_hex(color: &str) -> Option<[u8; 3]> {
    let digits = color.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let value = u32::from_str_radix(digits, 16).ok()?;
    let [_, r, g, b] = value.to_be_bytes();
    Some([r, g, b])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_spread_evenly_and_come_once() {
        let of = |frames, count, loops| evenly(frames, count, loops).collect::<Vec<_>>();
        assert_eq!(
            of(72, 24, true),
            (0..24).map(|at| at * 3).collect::<Vec<_>>()
        );
        assert_eq!(of(36, 72, true), (0..36).collect::<Vec<_>>());
        assert_eq!(of(5, 3, false), [0, 2, 4]);
        assert_eq!(of(1, 1, false), [0]);
        for (frames, count) in [(36, 24), (37, 24), (216, 48), (50, 49)] {
            for loops in [true, false] {
                let chosen = of(frames, count, loops);
                assert_eq!(chosen.len(), count);
                let steps: Vec<_> = chosen.windows(2).map(|pair| pair[1] - pair[0]).collect();
                let (least, most) = (steps.iter().min().unwrap(), steps.iter().max().unwrap());
                assert!(
                    *least >= 1 && most - least <= 1,
                    "{frames} {count}: {steps:?}"
                );
                assert!(*chosen.last().unwrap() < frames);
            }
        }
    }

    #[test]
    fn addresses_that_leave_the_folder_are_refused() {
        assert!(stays_inside("frames/1600/0001.webp"));
        for url in [
            "../x.webp",
            "/etc/passwd",
            "a//b",
            "C:x",
            "a/../../b",
            "https://x/y",
            "a\\b",
            "",
        ] {
            assert!(!stays_inside(url), "{url}");
        }
    }

    #[test]
    fn colours_are_read() {
        assert_eq!(parse_hex("#e8e6e1"), Some([0xe8, 0xe6, 0xe1]));
        for wrong in ["", "#fff", "e8e6e1", "#gggggg", "#é8e6e"] {
            assert_eq!(parse_hex(wrong), None);
        }
    }
}
