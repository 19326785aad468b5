//! What a run that did not end has finished: the cut-out photos, under a hash of all that made them.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use xoay_reconstruct::{Capture, Observation, Pixel, SeenMarker, Window};
use xoay_spin::CaptureSet;

use super::ReconstructOptions;
use crate::RecipeError;
use crate::output::write_whole;

/// Changes when what is kept, or what makes it, changes.
const VERSION: &str = "xoay cut-outs 3";
/// A name or a picture beyond this is no artefact of ours.
const MOST_BYTES: u64 = 1 << 32;

pub(crate) struct Artefacts {
    folder: Option<PathBuf>,
}

impl Artefacts {
    pub fn open(folder: Option<&Path>) -> Result<Self, RecipeError> {
        if let Some(folder) = folder {
            fs::create_dir_all(folder).map_err(|source| RecipeError::Output {
                path: folder.to_path_buf(),
                source,
            })?;
        }
        Ok(Self {
            folder: folder.map(Path::to_path_buf),
        })
    }

    /// A hash of every photo's bytes and of what cutting out depends on.
    pub fn key_of_photos(&self, set: &CaptureSet, options: &ReconstructOptions) -> Option<String> {
        self.folder.as_ref()?;
        let mut hash = Sha256::new();
        hash.update(VERSION);
        hash.update(options.long_side.to_le_bytes());
        hash.update(format!("{:?} {:?}", set.row_lengths, options.spin.loops));
        for photo in set.frames.iter().chain(&set.clean_plates) {
            hash.update(photo.name.as_bytes());
            hash.update(xoay_spin::photo_bytes(photo).ok()?);
        }
        Some(hex::encode(hash.finalize()))
    }

    fn path(&self, key: Option<&str>) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("cutouts-{}.bin", key?)))
    }

    /// What an earlier run left. Anything that is not whole counts as not there.
    pub fn capture(&self, key: Option<&str>) -> Option<Capture> {
        let path = self.path(key)?;
        if fs::metadata(&path).ok()?.len() > MOST_BYTES {
            return None;
        }
        read(&fs::read(path).ok()?)
    }

    /// Keeps the capture. Failing to costs the next run time, never this one its result.
    pub fn keep_capture(&self, key: Option<&str>, capture: &Capture) {
        if let Some(path) = self.path(key) {
            let _ = write_whole(&path, &written(capture));
        }
    }
}

fn written(capture: &Capture) -> Vec<u8> {
    let mut out = Vec::new();
    let number = |out: &mut Vec<u8>, value: u64| out.extend(value.to_le_bytes());
    number(&mut out, u64::from(capture.width));
    number(&mut out, u64::from(capture.height));
    number(&mut out, capture.focal_px.unwrap_or(0.0).to_bits());
    number(&mut out, capture.observations.len() as u64);
    for o in &capture.observations {
        number(&mut out, o.name.len() as u64);
        out.extend(o.name.as_bytes());
        number(&mut out, o.row as u64);
        number(&mut out, o.nominal_rad.to_bits());
        for side in [o.window.left, o.window.top, o.window.width, o.window.height] {
            number(&mut out, side as u64);
        }
        number(&mut out, o.markers.len() as u64);
        for marker in &o.markers {
            number(&mut out, u64::from(marker.id));
            for Pixel { x, y } in marker.corners {
                number(&mut out, x.to_bits());
                number(&mut out, y.to_bits());
            }
        }
        out.extend(&o.window.rgba);
    }
    let sum = Sha256::digest(&out);
    out.extend(sum);
    out
}

fn read(bytes: &[u8]) -> Option<Capture> {
    let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
    if Sha256::digest(body).as_slice() != sum {
        return None;
    }
    let mut rest = body;
    let take = |rest: &mut &[u8], count: usize| -> Option<Vec<u8>> {
        let (head, tail) = rest.split_at_checked(count)?;
        *rest = tail;
        Some(head.to_vec())
    };
    let number = |rest: &mut &[u8]| -> Option<u64> {
        let (head, tail) = rest.split_first_chunk::<8>()?;
        *rest = tail;
        Some(u64::from_le_bytes(*head))
    };
    let size = |rest: &mut &[u8]| usize::try_from(number(rest)?).ok();
    let width = u32::try_from(number(&mut rest)?).ok()?;
    let height = u32::try_from(number(&mut rest)?).ok()?;
    let focal_px = f64::from_bits(number(&mut rest)?);
    let count = size(&mut rest)?;
    let mut observations = Vec::new();
    for _ in 0..count {
        let length = size(&mut rest)?;
        let name = String::from_utf8(take(&mut rest, length)?).ok()?;
        let row = size(&mut rest)?;
        let nominal_rad = f64::from_bits(number(&mut rest)?);
        let [left, top, width, height] = [
            size(&mut rest)?,
            size(&mut rest)?,
            size(&mut rest)?,
            size(&mut rest)?,
        ];
        let mut markers = Vec::new();
        for _ in 0..size(&mut rest)? {
            let id = u8::try_from(number(&mut rest)?).ok()?;
            let mut corners = [Pixel { x: 0.0, y: 0.0 }; 4];
            for corner in &mut corners {
                corner.x = f64::from_bits(number(&mut rest)?);
                corner.y = f64::from_bits(number(&mut rest)?);
            }
            markers.push(SeenMarker { id, corners });
        }
        let rgba = take(&mut rest, width.checked_mul(height)?.checked_mul(4)?)?;
        observations.push(Observation {
            name,
            row,
            nominal_rad,
            markers,
            window: Window {
                left,
                top,
                width,
                height,
                rgba,
            },
        });
    }
    rest.is_empty().then_some(Capture {
        width,
        height,
        focal_px: (focal_px > 0.0).then_some(focal_px),
        // Whoever asks says which mat it is; what was seen is kept.
        mat: None,
        observations,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture() -> Capture {
        let observation = |name: &str, row| Observation {
            name: name.to_owned(),
            row,
            nominal_rad: 0.5,
            markers: vec![SeenMarker {
                id: 7,
                corners: [1.5, 2.5, 3.5, 4.5].map(|x| Pixel { x, y: -x }),
            }],
            window: Window {
                left: 3,
                top: 4,
                width: 2,
                height: 2,
                rgba: (0..16).collect(),
            },
        };
        Capture {
            width: 40,
            height: 30,
            focal_px: Some(62.5),
            mat: None,
            observations: vec![observation("ảnh 1.jpg", 0), observation("b.jpg", 1)],
        }
    }

    #[test]
    fn what_is_kept_comes_back() {
        let back = read(&written(&capture())).unwrap();
        assert_eq!(format!("{back:?}"), format!("{:?}", capture()));
    }

    #[test]
    fn what_is_cut_short_or_changed_is_not_there() {
        let whole = written(&capture());
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_none(), "{length} bytes");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(read(&changed).is_none(), "byte {at}");
        }
    }
}
