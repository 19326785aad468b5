//! AVIF's bytes against JPEG's at equal SSIMULACRA2.

use std::path::PathBuf;

use anyhow::Result;
use xoay_imaging::{Encoding, Raster, Reference, Resizer, encode, read_back};

use super::{Goal, Row, open};

const JPEG: Encoding = Encoding::Jpeg {
    quality: 82,
    progressive: false,
};
const WIDTHS: [u32; 3] = [1600, 800, 400];
const FRAMES: usize = 36;

/// One row a width: the whole spin in AVIF, against JPEG at quality 82.
pub fn rows(photos: &[PathBuf]) -> Result<Vec<Row>> {
    let step = (photos.len() / FRAMES).max(1);
    let mut frames = Vec::new();
    for photo in photos.iter().step_by(step).take(FRAMES) {
        frames.push(open(photo)?);
    }
    let mut rows = Vec::new();
    let mut last = u32::MAX;
    // At the size of a photo that is a JPEG itself, another JPEG falls onto the same blocks and loses next to nothing.
    let widest = frames[0].width() * 3 / 4;
    for width in WIDTHS {
        for frame in &mut frames {
            let width = width.min(widest);
            let height = u64::from(frame.height()) * u64::from(width) / u64::from(frame.width());
            *frame = Resizer::new().resize(frame, width, (height as u32).max(1))?;
        }
        if frames[0].width() < last {
            last = frames[0].width();
            rows.push(row(&frames)?);
        }
    }
    Ok(rows)
}

fn row(frames: &[Raster]) -> Result<Row> {
    let samples: Vec<&Raster> = frames
        .iter()
        .step_by((frames.len() / 4).max(1))
        .take(4)
        .collect();
    let (_, wanted) = weigh(samples.iter().copied(), JPEG)?;
    // The lowest of AVIF's qualities that is as good on the samples.
    let (mut misses, mut reaches) = (20_u8, 95_u8);
    while reaches - misses > 1 {
        let middle = misses.midpoint(reaches);
        let (_, score) = weigh(samples.iter().copied(), avif(middle))?;
        if score >= wanted {
            reaches = middle;
        } else {
            misses = middle;
        }
    }
    let (jpeg_bytes, jpeg_score) = weigh(frames.iter(), JPEG)?;
    let (avif_bytes, avif_score) = weigh(frames.iter(), avif(reaches))?;
    Ok(Row {
        what: format!(
            "bytes of {} frames of {} pixels, AVIF against JPEG 82",
            frames.len(),
            frames[0].width()
        ),
        ours: format!("{avif_bytes} (score {avif_score:.2}, quality {reaches})"),
        theirs: format!("{jpeg_bytes} (score {jpeg_score:.2})"),
        measured: avif_bytes as f64 / jpeg_bytes as f64,
        goal: Goal::AtMost(0.4),
    })
}

const fn avif(quality: u8) -> Encoding {
    Encoding::Avif { quality, speed: 7 }
}

/// Bytes of all frames, and their mean score.
fn weigh<'a>(frames: impl Iterator<Item = &'a Raster>, encoding: Encoding) -> Result<(usize, f64)> {
    let (mut bytes, mut scores, mut count) = (0, 0.0, 0.0);
    for frame in frames {
        let file = encode(frame, encoding)?;
        scores += Reference::new(frame)?.score(&read_back(&file, encoding.format())?)?;
        bytes += file.len();
        count += 1.0;
    }
    Ok((bytes, scores / count))
}
