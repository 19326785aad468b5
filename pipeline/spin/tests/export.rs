//! Exports of a finished spin: what is in the files, and what is said where something is wrong.

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use xoay_format::{Direction, Frame, ImageFormat, Localize, Rendition, Row, SpinManifest, Text};
use xoay_imaging::{Channels, DecodeOptions, Encoding, Raster, decode, encode};
use xoay_spin::export::{
    AnimationOptions, ExportError, FinishedSpin, PackageOptions, Preset, animate, package,
};

const WIDTH: u32 = 60;
const HEIGHT: u32 = 40;

/// A spin of `frames` transparent frames; the red of each says its number.
fn spin(folder: &Path, frames: u32) -> FinishedSpin {
    let urls: Vec<String> = (1..=frames)
        .map(|n| format!("frames/60/{n:04}.webp"))
        .collect();
    fs::create_dir_all(folder.join("frames/60")).unwrap();
    for (number, url) in urls.iter().enumerate() {
        let pixels = (0..WIDTH * HEIGHT).flat_map(|at| {
            let alpha = if at % WIDTH < WIDTH / 2 { 255 } else { 0 };
            [number as u8 * 10, 90, 40, alpha]
        });
        let picture = Raster::new(WIDTH, HEIGHT, Channels::Rgba, pixels.collect()).unwrap();
        fs::write(
            folder.join(url),
            encode(&picture, Encoding::WebpLossless).unwrap(),
        )
        .unwrap();
    }
    let manifest = SpinManifest {
        kind: SpinManifest::KIND.into(),
        version: SpinManifest::VERSION,
        generator: "test".into(),
        width: WIDTH,
        height: HEIGHT,
        background: "#ffffff".into(),
        direction: Direction::default(),
        loops: true,
        start_frame: 0,
        rows: vec![Row {
            first_frame: 0,
            frame_count: frames,
            elevation_deg: None,
        }],
        frames: urls
            .iter()
            .map(|url| Frame {
                azimuth_deg: 0.0,
                source: url.clone(),
                projection: None,
            })
            .collect(),
        renditions: vec![Rendition {
            format: ImageFormat::Webp,
            width: WIDTH,
            height: HEIGHT,
            size_bytes: 0,
            urls,
        }],
        sprite: None,
        posters: vec![],
        tiles: None,
        alt: Text::default(),
    };
    let json = serde_json::to_vec(&manifest).unwrap();
    fs::write(folder.join("manifest.json"), json).unwrap();
    FinishedSpin::open(folder).unwrap()
}

fn picture(bytes: &[u8]) -> Raster {
    decode(bytes, &DecodeOptions::default()).unwrap().raster
}

fn pixel(picture: &Raster, x: u32, y: u32) -> [u8; 3] {
    let row = picture.row(y).unwrap();
    let at = x as usize * picture.channels().count();
    [row[at], row[at + 1], row[at + 2]]
}

#[test]
fn a_zip_holds_the_chosen_frames_in_order_on_white() {
    let folder = tempfile::tempdir().unwrap();
    let spin = spin(folder.path(), 12);
    let options = PackageOptions {
        frames: 4,
        square: true,
        size: Some(30),
        ..PackageOptions::new("hũ mật")
    };
    let made = package(&spin, &options, &|| false).unwrap();
    assert_eq!((made.frames, made.width, made.height), (4, 30, 30));
    assert!(made.notes.is_empty(), "{:?}", made.notes);
    assert_eq!(
        made.bytes,
        package(&spin, &options, &|| false).unwrap().bytes
    );

    let mut archive = zip::ZipArchive::new(Cursor::new(made.bytes)).unwrap();
    let names: Vec<String> = (0..4)
        .map(|at| archive.by_index(at).unwrap().name().unwrap().into_owned())
        .collect();
    assert_eq!(
        names,
        [
            "hũ-mật_01.jpg",
            "hũ-mật_02.jpg",
            "hũ-mật_03.jpg",
            "hũ-mật_04.jpg"
        ]
    );
    for at in 0..4 {
        let mut bytes = Vec::new();
        archive
            .by_index(at)
            .unwrap()
            .read_to_end(&mut bytes)
            .unwrap();
        let picture = picture(&bytes);
        let red = pixel(&picture, 7, 15)[0];
        assert!(red.abs_diff(at as u8 * 30) <= 6, "frame {at}: {red}");
        // Transparent pixels and the padding of the square are white, but for the ringing of so small a JPEG.
        for (x, y) in [(25, 15), (15, 1), (15, 28)] {
            assert!(pixel(&picture, x, y).iter().all(|&v| v >= 225), "{x},{y}");
        }
    }
}

#[test]
fn what_cannot_be_as_asked_is_said_and_nothing_is_enlarged() {
    let folder = tempfile::tempdir().unwrap();
    let spin = spin(folder.path(), 12);
    let options = PackageOptions::new("x").with_preset(Preset::Amazon);
    let made = package(&spin, &options, &|| false).unwrap();
    assert_eq!((made.frames, made.width), (12, 60));
    let notes: String = made
        .notes
        .iter()
        .map(|note| note.en.clone() + "\n")
        .collect();
    assert!(
        notes.contains("only 12 frames") && notes.contains("1500") && notes.contains("24, 48, 72"),
        "{notes}"
    );
    assert!(made.notes.iter().all(|note| !note.vi.is_empty()));
}

#[test]
fn an_animated_webp_has_every_frame_and_keeps_alpha() {
    let folder = tempfile::tempdir().unwrap();
    let spin = spin(folder.path(), 7);
    let options = AnimationOptions {
        frames: 36,
        size: 30,
        turn_ms: 1000,
        ..AnimationOptions::default()
    };
    let made = animate(&spin, &options, &|| false).unwrap();
    assert_eq!(
        (made.frames, made.width, made.height, made.notes.len()),
        (7, 30, 20, 1)
    );
    let first = picture(&made.bytes);
    assert_eq!(
        (first.width(), first.height(), first.channels()),
        (30, 20, Channels::Rgba)
    );
    assert_eq!(first.pixels()[3], 255);
    assert_eq!(first.row(0).unwrap()[29 * 4 + 3], 0);
    // The container: sizes add up, and the frames' durations are the turn.
    let bytes = &made.bytes;
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!(number(4) as usize + 8, bytes.len());
    let (mut at, mut frames, mut duration_ms) = (12, 0, 0);
    while at < bytes.len() {
        let length = number(at + 4);
        if &bytes[at..at + 4] == b"ANMF" {
            frames += 1;
            duration_ms += number(at + 8 + 12) & 0xFF_FFFF;
        }
        at += 8 + (length + length % 2) as usize;
    }
    assert_eq!((frames, duration_ms), (7, 1000));
}

#[test]
fn a_folder_that_is_no_spin_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = FinishedSpin::open(folder.path()).unwrap_err();
    assert!(error.to_string().contains("manifest.json"), "{error}");
    for manifest in ["", "{}", "[1]", "{\"kind\":\"xoay-model\",\"version\":1}"] {
        fs::write(folder.path().join("manifest.json"), manifest).unwrap();
        let error = FinishedSpin::open(folder.path()).unwrap_err();
        assert!(
            matches!(error, ExportError::NotASpin { .. }),
            "{manifest}: {error}"
        );
    }
}

#[test]
fn a_lost_or_foreign_frame_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let spin = spin(folder.path(), 6);
    let lost = folder.path().join("frames/60/0003.webp");
    fs::remove_file(&lost).unwrap();
    let all = PackageOptions {
        frames: 6,
        ..PackageOptions::new("x")
    };
    let error = package(&spin, &all, &|| false).unwrap_err();
    assert!(error.to_string().contains("0003.webp"), "{error}");
    fs::write(&lost, b"RIFF no picture").unwrap();
    let error = package(&spin, &all, &|| false).unwrap_err();
    assert!(
        error
            .localize(xoay_format::Language::Vi)
            .contains("0003.webp"),
        "{error}"
    );
    let json = fs::read_to_string(folder.path().join("manifest.json")).unwrap();
    let json = json.replace("frames/60/0001.webp", "../0001.webp");
    fs::write(folder.path().join("manifest.json"), json).unwrap();
    let spin = FinishedSpin::open(folder.path()).unwrap();
    let error = package(&spin, &all, &|| false).unwrap_err();
    assert!(error.to_string().contains("elsewhere"), "{error}");
}

#[test]
fn a_stop_is_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let spin = spin(folder.path(), 3);
    let stopped = package(&spin, &PackageOptions::new("x"), &|| true);
    assert!(matches!(stopped, Err(ExportError::Cancelled)));
}

#[cfg(unix)]
mod video {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use xoay_spin::export::{VideoOptions, film};

    use super::*;

    /// Stands in for ffmpeg, which a test machine need not have.
    fn program(folder: &Path, script: &str) -> PathBuf {
        let path = folder.join("ffmpeg");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn options(ffmpeg: PathBuf) -> VideoOptions {
        VideoOptions {
            size: 31,
            turns: 3,
            ffmpeg: Some(ffmpeg),
            ..VideoOptions::default()
        }
    }

    #[test]
    fn ffmpeg_gets_every_frame_of_every_turn_and_its_file_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let spin = spin(folder.path(), 5);
        let scratch = tempfile::tempdir().unwrap();
        let counting = program(folder.path(), "for last; do :; done; wc -c > \"$last\"");
        let made = film(&spin, &options(counting), scratch.path(), &|| false).unwrap();
        assert_eq!((made.frames, made.width, made.height), (5, 30, 20));
        let fed: usize = String::from_utf8(made.bytes)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        assert_eq!(fed, 5 * 3 * 30 * 20 * 3);
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
    }

    #[test]
    fn its_last_words_are_passed_on_and_its_absence_has_a_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let spin = spin(folder.path(), 2);
        let failing = program(
            folder.path(),
            "echo one >&2; echo Unknown encoder libx264 >&2; exit 1",
        );
        let error = film(&spin, &options(failing), folder.path(), &|| false).unwrap_err();
        assert!(error.to_string().contains("Unknown encoder"), "{error}");
        let absent = options(folder.path().join("nothing"));
        let error = film(&spin, &absent, folder.path(), &|| false).unwrap_err();
        assert!(matches!(error, ExportError::NoFfmpeg) && error.to_string().contains("install"));
    }
}
