//! Whole spins of small captures.

mod capture;

use std::collections::BTreeSet;
use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::{fs, thread, time};

use capture::{Shelf, jpeg, quick, read, write_photos};
use xoay_format::{Direction, ImageFormat, ProgressEvent, Stage, Text, Watch};
use xoay_imaging::{Channels, DecodeOptions, Encoding, Raster, decode, encode};
use xoay_spin::{PhotoProblem, PhotoRole, Sink, SpinError, SpinOptions, make_spin};

#[test]
fn the_manifest_names_exactly_what_was_stored() {
    let dir = tempfile::tempdir().unwrap();
    for row in ["a", "b"] {
        write_photos(&dir.path().join(row), 3, 64, 48);
    }
    let capture = read(dir.path());
    let options = SpinOptions {
        widths: vec![24, 48, 5000],
        direction: Some(Direction::Clockwise),
        alt: Text::new("Hũ mật ong", "A honey jar"),
        ..quick()
    };
    let shelf = Shelf::default();
    let spin = make_spin(&capture, &options, &shelf, Watch::silent()).unwrap();
    let files = shelf.files();
    let manifest = &spin.manifest;

    assert_eq!((manifest.width, manifest.height), (64, 48));
    let sizes: Vec<_> = manifest
        .renditions
        .iter()
        .map(|r| (r.width, r.height, r.format))
        .collect();
    let (webp, jpg) = (ImageFormat::Webp, ImageFormat::Jpg);
    assert_eq!(
        sizes,
        [
            (64, 48, webp),
            (64, 48, jpg),
            (48, 36, webp),
            (48, 36, jpg),
            (24, 18, webp),
            (24, 18, jpg)
        ]
    );
    assert!(spin.report.warnings.iter().any(|w| w.en.contains("5000")));

    let mut named = BTreeSet::from(["sprite.webp".to_owned()]);
    for rendition in &manifest.renditions {
        assert_eq!(rendition.urls.len(), 6);
        let total: usize = rendition.urls.iter().map(|url| files[url].len()).sum();
        assert_eq!(rendition.size_bytes, total as u64);
        named.extend(rendition.urls.iter().cloned());
    }
    assert_eq!(named, files.keys().cloned().collect());
    for (path, file) in &files {
        let image = decode(file, &DecodeOptions::default()).unwrap().raster;
        if let Some(width) = path.split('/').nth(1) {
            assert_eq!(image.width().to_string(), width, "{path}");
        }
    }

    let azimuths: Vec<_> = manifest.frames.iter().map(|f| f.azimuth_deg).collect();
    assert_eq!(azimuths, [0.0, 120.0, 240.0, 0.0, 120.0, 240.0]);
    assert_eq!(
        (manifest.rows[1].first_frame, manifest.rows[1].frame_count),
        (3, 3)
    );
    assert_eq!(manifest.frames[3].source, "b/img1.jpg");
    assert_eq!(
        (manifest.direction, manifest.loops),
        (Direction::Clockwise, true)
    );
    let background = u32::from_str_radix(manifest.background.trim_start_matches('#'), 16).unwrap();
    let near = background.to_be_bytes()[1..]
        .iter()
        .zip([230_u8, 228, 224])
        .all(|(a, b)| a.abs_diff(b) <= 3);
    assert!(near, "{}", manifest.background);
    let posters: Vec<_> = manifest
        .posters
        .iter()
        .map(|p| (p.url.as_str(), p.width))
        .collect();
    assert_eq!(
        posters,
        [("frames/64/0001.webp", 64), ("frames/64/0001.jpg", 64)]
    );
    assert_eq!(
        manifest.posters[0].size_bytes,
        files["frames/64/0001.webp"].len() as u64
    );
}

#[test]
fn the_sprite_shows_each_frame_in_its_place() {
    let dir = tempfile::tempdir().unwrap();
    // Each photo in a colour of its own.
    for n in 0..6_u8 {
        let picture = Raster::new(
            40,
            30,
            Channels::Rgb,
            [n * 40, 90, 200 - n * 30].repeat(1200),
        )
        .unwrap();
        fs::write(
            dir.path().join(format!("{n}.png")),
            encode(&picture, Encoding::Png).unwrap(),
        )
        .unwrap();
    }
    let shelf = Shelf::default();
    let spin = make_spin(&read(dir.path()), &quick(), &shelf, Watch::silent()).unwrap();
    let sprite = spin.manifest.sprite.unwrap();
    let sheet = decode(&shelf.files()["sprite.webp"], &DecodeOptions::default())
        .unwrap()
        .raster;
    assert_eq!(
        (sheet.width(), sheet.height()),
        (sprite.image.width, sprite.image.height)
    );
    assert_eq!(sprite.tile_width, 40);
    for n in 0..6_u32 {
        let (column, line) = (n % sprite.columns, n / sprite.columns);
        let row = sheet
            .row(line * sprite.tile_height + sprite.tile_height / 2)
            .unwrap();
        let x = (column * sprite.tile_width + sprite.tile_width / 2) as usize;
        let red = row[x * 3];
        assert!(red.abs_diff(n as u8 * 40) < 12, "frame {n}: {red}");
    }
}

#[test]
fn workers_change_nothing_in_the_result() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 5, 64, 48);
    let capture = read(dir.path());
    let make = |workers| {
        let shelf = Shelf::default();
        let formats = vec![
            ImageFormat::Avif,
            ImageFormat::Webp,
            ImageFormat::Jpg,
            ImageFormat::Png,
        ];
        let options = SpinOptions {
            workers: NonZeroUsize::new(workers),
            formats,
            avif_speed: 10,
            ..quick()
        };
        let spin = make_spin(&capture, &options, &shelf, Watch::silent()).unwrap();
        (shelf.files(), spin.manifest, spin.report)
    };
    let (files, manifest, report) = make(1);
    assert_eq!(files.len(), 5 * 2 * 4 + 1);
    for workers in [2, 5, 9] {
        let other = make(workers);
        assert!(other.0 == files, "{workers} workers");
        assert_eq!(
            (other.1, other.2),
            (manifest.clone(), report.clone()),
            "{workers} workers"
        );
    }
}

/// Counts how many frames are being stored at the same time.
#[derive(Default)]
struct Crowd {
    inside: AtomicUsize,
    most: AtomicUsize,
}

impl Sink for Crowd {
    fn put(&self, _path: &str, _bytes: &[u8]) -> io::Result<()> {
        let now = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        thread::sleep(time::Duration::from_millis(10));
        self.inside.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }
}

#[test]
fn a_small_memory_budget_means_fewer_workers() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 12, 64, 48);
    let capture = read(dir.path());
    let most = |memory_bytes| {
        let crowd = Crowd::default();
        let options = SpinOptions {
            workers: NonZeroUsize::new(6),
            memory_bytes,
            ..quick()
        };
        let spin = make_spin(&capture, &options, &crowd, Watch::silent()).unwrap();
        let warned = spin.report.warnings.iter().any(|w| w.en.contains("memory"));
        (crowd.most.into_inner(), warned)
    };
    assert_eq!(most(1), (1, true));
    let (generous, warned) = most(1 << 30);
    assert!(
        generous > 1 && generous <= 6 && !warned,
        "{generous} at once"
    );
}

#[test]
fn all_photos_that_do_not_decode_are_named() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 8, 64, 48);
    for n in [3, 7] {
        let path = dir.path().join(format!("img{n}.jpg"));
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 60]).unwrap();
    }
    let capture = read(dir.path()); // the headers are whole
    let error = make_spin(&capture, &quick(), &Shelf::default(), Watch::silent()).unwrap_err();
    let SpinError::BadPhotos(bad) = &error else {
        panic!("{error}")
    };
    let names: Vec<_> = bad.iter().map(|photo| photo.file.as_str()).collect();
    assert_eq!(names, ["img3.jpg", "img7.jpg"]);
    assert!(error.to_string().contains("truncated"), "{error}");
}

#[test]
fn a_photo_that_changes_meanwhile_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 2, 64, 48);
    let capture = read(dir.path());
    fs::write(dir.path().join("img2.jpg"), jpeg(48, 64, 2)).unwrap();
    let error = make_spin(&capture, &quick(), &Shelf::default(), Watch::silent()).unwrap_err();
    let SpinError::BadPhotos(bad) = &error else {
        panic!("{error}")
    };
    assert_eq!((bad.len(), &bad[0].problem), (1, &PhotoProblem::Changed));
}

struct FullDisk;

impl Sink for FullDisk {
    fn put(&self, path: &str, _bytes: &[u8]) -> io::Result<()> {
        if path.contains("0002") {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }
}

#[test]
fn a_full_disk_is_told_as_such() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 4, 64, 48);
    let error = make_spin(&read(dir.path()), &quick(), &FullDisk, Watch::silent()).unwrap_err();
    let SpinError::Output { path, source } = error else {
        panic!("{error}")
    };
    assert!(
        path.ends_with("0002.webp") && source.kind() == io::ErrorKind::StorageFull,
        "{path}: {source}"
    );
}

#[test]
fn it_stops_between_photos_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 20, 64, 48);
    let capture = read(dir.path());
    let cancel = AtomicBool::new(false);
    let listen = |event: ProgressEvent| {
        if matches!(
            event,
            ProgressEvent::Advanced {
                stage: Stage::Encode,
                done: 3,
                ..
            }
        ) {
            cancel.store(true, Ordering::Relaxed);
        }
    };
    let shelf = Shelf::default();
    let options = SpinOptions {
        workers: NonZeroUsize::new(2),
        ..quick()
    };
    let stopped = make_spin(&capture, &options, &shelf, Watch::new(&listen, &cancel));
    assert!(matches!(stopped, Err(SpinError::Cancelled)));
    assert!(shelf.files().len() < 20 * 4, "it went on");
}

#[test]
fn progress_rises_to_its_total() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 9, 64, 48);
    let done = std::sync::Mutex::new(Vec::new());
    let listen = |event| {
        if let ProgressEvent::Advanced {
            stage: Stage::Encode,
            done: steps,
            total,
        } = event
        {
            done.lock().unwrap().push((steps, total));
        }
    };
    let never = AtomicBool::new(false);
    make_spin(
        &read(dir.path()),
        &quick(),
        &Shelf::default(),
        Watch::new(&listen, &never),
    )
    .unwrap();
    let expected: Vec<_> = (1..=9).map(|step| (step, 9)).collect();
    assert_eq!(done.into_inner().unwrap(), expected);
}

#[test]
fn transparency_is_kept_where_the_format_can() {
    let dir = tempfile::tempdir().unwrap();
    let clear = Raster::new(48, 36, Channels::Rgba, [200, 0, 0, 0].repeat(48 * 36)).unwrap();
    for name in ["1.png", "2.png"] {
        fs::write(
            dir.path().join(name),
            encode(&clear, Encoding::Png).unwrap(),
        )
        .unwrap();
    }
    let shelf = Shelf::default();
    let spin = make_spin(&read(dir.path()), &quick(), &shelf, Watch::silent()).unwrap();
    let files = shelf.files();
    let open = |path: &str| {
        decode(&files[path], &DecodeOptions::default())
            .unwrap()
            .raster
    };
    assert_eq!(open("frames/48/0001.webp").pixels()[3], 0);
    assert!(
        open("frames/48/0001.jpg").pixels()[..3]
            .iter()
            .all(|&v| v > 250)
    );
    assert_eq!(open("sprite.webp").channels(), Channels::Rgba);
    assert_eq!(spin.manifest.background, "#ffffff");
}

#[test]
fn the_report_tells_each_photo() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 6, 64, 48);
    fs::write(dir.path().join("plate.jpg"), jpeg(64, 48, 50)).unwrap();
    let capture = read(dir.path());
    let spin = make_spin(&capture, &quick(), &Shelf::default(), Watch::silent()).unwrap();
    let report = spin.report;
    assert_eq!(report.photos.len(), 7);
    assert_eq!(
        (report.photos[6].role, report.photos[6].file.as_str()),
        (PhotoRole::CleanPlate, "plate.jpg")
    );
    assert_eq!(
        (report.photos[0].width, report.photos[0].orientation),
        (64, 1)
    );
    assert_eq!(report.renditions.len(), 4);
    for (rendition, written) in report.renditions.iter().zip(&spin.manifest.renditions) {
        assert_eq!(
            rendition.frame_bytes.iter().sum::<u64>(),
            written.size_bytes
        );
    }
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["photos"][6]["role"], "clean-plate");
    assert!(
        spin.timings
            .iter()
            .any(|(stage, _)| *stage == Stage::Encode)
    );
}

#[test]
fn asking_for_nothing_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 2, 64, 48);
    let capture = read(dir.path());
    for options in [
        SpinOptions {
            widths: vec![],
            ..quick()
        },
        SpinOptions {
            widths: vec![0],
            ..quick()
        },
        SpinOptions {
            formats: vec![],
            ..quick()
        },
    ] {
        let result = make_spin(&capture, &options, &Shelf::default(), Watch::silent());
        assert!(matches!(result, Err(SpinError::NothingAsked)));
    }
}
