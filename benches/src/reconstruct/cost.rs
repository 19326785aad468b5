//! What a model costs: from 36 photos of 12 megapixels, and with photos compared on a graphics card.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::measure::{Cost, once};
use crate::spin::enlarge;

/// Photos of a turn, and the width at which they have twelve megapixels.
const PHOTOS: usize = 36;
const WIDTH: u32 = 4000;
/// Goals: seconds by the clock on two cores, MB.
const MOST_SECONDS: f64 = 300.0;
const MOST_MEGABYTES: f64 = 2000.0;

/// Makes a model of each capture's photos enlarged to twelve megapixels, and of nothing else's.
pub(super) fn large(captures: &[PathBuf]) -> Result<()> {
    println!("| capture | photos | CPU s | wall s | MB |\n|---|---|---|---|---|");
    for capture in captures {
        let place = tempfile::tempdir()?;
        let photos = photos(capture)?;
        let folder = place.path().join("12");
        enlarge(&photos, WIDTH, &folder)?;
        for photo in &photos {
            let large = folder.join(photo.file_name().context("a photo has a name")?);
            keep_exif(photo, &large)?;
        }
        let cost = model(&folder, &place.path().join("model.glb"), &[])?;
        println!(
            "| {} | {} of {WIDTH} pixels | {:.1} | {:.1} | {:.0} |",
            name(capture),
            photos.len(),
            cost.cpu_s,
            cost.wall_s,
            cost.peak_bytes as f64 / 1e6
        );
    }
    println!("\nGoals: {MOST_SECONDS} s on two cores with nothing beside, {MOST_MEGABYTES} MB.");
    Ok(())
}

/// Makes a model of each capture twice: by the processor alone, and with `--gpu`.
pub(super) fn graphics(captures: &[PathBuf]) -> Result<()> {
    println!(
        "| capture | CPU s | wall s | MB | with --gpu: CPU s | wall s | MB |\n|---|---|---|---|---|---|---|"
    );
    for capture in captures {
        let place = tempfile::tempdir()?;
        let (images, out) = (capture.join("images"), place.path().join("model.glb"));
        let mut columns = vec![name(capture)];
        for options in [&[][..], &["--gpu"]] {
            let cost = model(&images, &out, options)?;
            columns.extend([
                format!("{:.1}", cost.cpu_s),
                format!("{:.1}", cost.wall_s),
                format!("{:.0}", cost.peak_bytes as f64 / 1e6),
            ]);
        }
        println!("| {} |", columns.join(" | "));
    }
    Ok(())
}

fn model(photos: &Path, out: &Path, options: &[&str]) -> Result<Cost> {
    let xoay =
        std::env::current_exe()?.with_file_name(format!("xoay{}", std::env::consts::EXE_SUFFIX));
    let mut command: Vec<&OsStr> = vec![
        xoay.as_os_str(),
        "model".as_ref(),
        photos.as_os_str(),
        "-o".as_ref(),
        out.as_os_str(),
        "--quiet".as_ref(),
    ];
    command.extend(options.iter().map(OsStr::new));
    once(&command)
}

/// The first photos of a capture, without those of the empty turntable.
fn photos(capture: &Path) -> Result<Vec<PathBuf>> {
    let mut photos: Vec<PathBuf> = fs::read_dir(capture.join("images"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    photos.retain(|photo| {
        let name = photo.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with("plate")
    });
    photos.sort();
    photos.truncate(PHOTOS);
    Ok(photos)
}

fn name(capture: &Path) -> String {
    let name = capture.file_name().unwrap_or(capture.as_os_str());
    name.to_string_lossy().into_owned()
}

/// Writes what `photo` says of its lens into its enlarged copy.
fn keep_exif(photo: &Path, large: &Path) -> Result<()> {
    let (from, to) = (fs::read(photo)?, fs::read(large)?);
    let Some(exif) = exif_segment(&from) else {
        return Ok(());
    };
    let (start, rest) = to.split_at_checked(2).context("the copy is no JPEG")?;
    fs::write(large, [start, exif, rest].concat())?;
    Ok(())
}

/// The marker segment of a JPEG that holds its Exif data (JIS X 3010, 4.5.4).
fn exif_segment(jpeg: &[u8]) -> Option<&[u8]> {
    let mut at = 2;
    loop {
        let [0xff, marker @ 0xe0..=0xef, high, low] = *jpeg.get(at..at + 4)? else {
            return None;
        };
        let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
        let segment = jpeg.get(at..end)?;
        if marker == 0xe1 && segment[4..].starts_with(b"Exif\0") {
            return Some(segment);
        }
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exif_segment_is_found_behind_others_and_never_beyond_the_end() {
        let exif = *b"\xff\xe1\x00\x0aExif\0\0xy";
        let jpeg = [
            &b"\xff\xd8\xff\xe0\x00\x04ab"[..],
            &exif,
            b"\xff\xdb\x00\x02",
        ]
        .concat();
        assert_eq!(exif_segment(&jpeg), Some(&exif[..12]));
        for length in 0..jpeg.len() - 4 {
            let found = exif_segment(&jpeg[..length]);
            assert!(found.is_none(), "{length} bytes");
        }
    }
}
