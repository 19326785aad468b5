//! Folders as people leave them.

mod capture;

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use capture::{jpeg, read, write_photos};
use xoay_format::{Localize, ProgressEvent, Stage, Watch};
use xoay_imaging::{Encoding, Found, ImagingError, Limits, encode};
use xoay_spin::{CaptureOptions, CaptureSet, PhotoProblem, RowSplit, SpinError, read_capture};

fn fails(dir: &Path) -> SpinError {
    fails_with(dir, &CaptureOptions::default())
}

fn fails_with(dir: &Path, options: &CaptureOptions) -> SpinError {
    read_capture(dir, options, Watch::silent()).unwrap_err()
}

fn names(capture: &CaptureSet) -> Vec<&str> {
    capture
        .frames
        .iter()
        .map(|photo| photo.name.as_str())
        .collect()
}

fn warns(capture: &CaptureSet, words: &[&str]) -> bool {
    capture
        .warnings
        .iter()
        .any(|warning| words.iter().all(|word| warning.en.contains(word)))
}

#[test]
fn photos_stand_in_natural_order() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 11, 32, 24);
    let capture = read(dir.path());
    assert_eq!(names(&capture)[0..3], ["img1.jpg", "img2.jpg", "img3.jpg"]);
    assert_eq!(names(&capture)[10], "img11.jpg");
    assert_eq!(
        (
            capture.width,
            capture.height,
            capture.row_lengths.as_slice()
        ),
        (32, 24, &[11][..])
    );
    assert!(
        warns(&capture, &["row 1", "11 photos"]),
        "{:?}",
        capture.warnings
    );
}

#[test]
fn what_is_no_photo_is_left_out_and_named() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 3, 32, 24);
    fs::write(dir.path().join("ghi chú.txt"), "góc chụp").unwrap();
    fs::write(dir.path().join("IMG_1.CR2"), b"II\x2a\0 raw").unwrap();
    fs::write(dir.path().join(".DS_Store"), b"\0\0").unwrap();
    fs::write(dir.path().join("._img1.jpg"), b"\0\0").unwrap();
    let capture = read(dir.path());
    assert_eq!(capture.frames.len(), 3);
    assert!(
        warns(&capture, &["ghi chú.txt", "IMG_1.CR2", "._img1.jpg"]),
        "{:?}",
        capture.warnings
    );
}

#[test]
fn every_bad_photo_is_named_with_its_remedy() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 4, 32, 24);
    fs::write(dir.path().join("img2.jpg"), "this is a note").unwrap();
    fs::write(dir.path().join("img3.jpg"), b"").unwrap();
    fs::write(dir.path().join("img9.jpg"), &jpeg(32, 24, 1)[..40]).unwrap();
    fs::write(dir.path().join("phone.heic"), b"\0\0\0\x18ftypheic\0\0\0\0").unwrap();
    let error = fails(dir.path());
    let SpinError::BadPhotos(bad) = &error else {
        panic!("{error}")
    };
    let found: Vec<_> = bad.iter().map(|photo| photo.file.as_str()).collect();
    assert_eq!(found, ["img2.jpg", "img3.jpg", "img9.jpg", "phone.heic"]);
    assert_eq!(
        bad[0].problem,
        PhotoProblem::Image(ImagingError::NotAnImage { found: Found::Text })
    );
    assert!(matches!(
        bad[2].problem,
        PhotoProblem::Image(ImagingError::Truncated { .. })
    ));
    let text = error.text();
    assert!(
        text.en.contains("img2.jpg: is not an image")
            && text.vi.contains("img2.jpg: không phải là ảnh"),
        "{text:?}"
    );
}

#[test]
fn oversized_photos_are_refused_by_their_header() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 2, 64, 48);
    let limits = Limits {
        max_pixels: 1000,
        ..Limits::default()
    };
    let error = fails_with(
        dir.path(),
        &CaptureOptions {
            limits,
            ..CaptureOptions::default()
        },
    );
    let SpinError::BadPhotos(bad) = error else {
        panic!("{error}")
    };
    assert!(bad.iter().all(|b| matches!(
        b.problem,
        PhotoProblem::Image(ImagingError::TooManyPixels { .. })
    )));
    let error = fails_with(
        dir.path(),
        &CaptureOptions {
            max_file_bytes: 10,
            ..CaptureOptions::default()
        },
    );
    assert!(error.to_string().contains("limit of 10 bytes"), "{error}");
}

#[test]
fn the_empty_turntable_is_no_frame() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 8, 32, 24);
    fs::write(dir.path().join("plate_row0.jpg"), jpeg(32, 24, 99)).unwrap();
    let capture = read(dir.path());
    assert_eq!(
        (capture.frames.len(), capture.clean_plates[0].name.as_str()),
        (8, "plate_row0.jpg")
    );
    assert!(warns(&capture, &["plate_row0.jpg", "empty turntable"]));
}

#[test]
fn subfolders_are_rows_in_natural_order() {
    let dir = tempfile::tempdir().unwrap();
    for (row, count) in [("row10", 2), ("row2", 3), ("notes", 0)] {
        write_photos(&dir.path().join(row), count, 32, 24);
    }
    let capture = read(dir.path());
    assert_eq!(capture.row_lengths, [3, 2]);
    assert_eq!(
        (names(&capture)[0], names(&capture)[3]),
        ("row2/img1.jpg", "row10/img1.jpg")
    );
}

#[test]
fn a_plate_beside_the_rows_serves_them_all() {
    let dir = tempfile::tempdir().unwrap();
    for row in ["row1", "row2"] {
        write_photos(&dir.path().join(row), 3, 32, 24);
    }
    fs::write(dir.path().join("nền.jpg"), jpeg(32, 24, 60)).unwrap();
    fs::create_dir(dir.path().join("row2/plates")).unwrap();
    fs::write(dir.path().join("row2/plate.jpg"), jpeg(32, 24, 61)).unwrap();
    let capture = read(dir.path());
    assert_eq!(capture.row_lengths, [3, 3]);
    let plate = |row| capture.clean_plate_of_row(row).unwrap().name.as_str();
    assert_eq!((plate(0), plate(1)), ("nền.jpg", "row2/plate.jpg"));
}

#[test]
fn photos_in_the_folder_itself_win_over_subfolders() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 2, 32, 24);
    write_photos(&dir.path().join("rejects"), 3, 32, 24);
    let capture = read(dir.path());
    assert_eq!(capture.row_lengths, [2]);
    assert!(warns(&capture, &["subfolders", "rejects"]));
}

#[test]
fn rows_can_be_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 6, 32, 24);
    let ask = |rows| CaptureOptions {
        rows: Some(RowSplit::Count(rows)),
        ..CaptureOptions::default()
    };
    let capture = read_capture(dir.path(), &ask(3), Watch::silent()).unwrap();
    assert_eq!(capture.row_lengths, [2, 2, 2]);
    for rows in [0, 4, 7, u32::MAX] {
        let error = fails_with(dir.path(), &ask(rows));
        assert!(
            matches!(error, SpinError::UnevenRows { photos: 6, .. }),
            "{rows}: {error}"
        );
    }
}

#[test]
fn folders_without_enough_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(fails(dir.path()), SpinError::EmptyFolder { .. }));
    write_photos(dir.path(), 1, 32, 24);
    assert!(matches!(
        fails(dir.path()),
        SpinError::TooFewPhotos {
            found: 1,
            needed: 2
        }
    ));
    assert!(matches!(
        fails(&dir.path().join("img1.jpg")),
        SpinError::NotAFolder { .. }
    ));
    assert!(matches!(
        fails(&dir.path().join("nowhere")),
        SpinError::NotAFolder { .. }
    ));
}

#[test]
fn too_many_photos_are_refused_before_any_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..6 {
        fs::write(dir.path().join(format!("{n}.jpg")), "not even an image").unwrap();
    }
    let error = fails_with(
        dir.path(),
        &CaptureOptions {
            max_photos: 5,
            ..CaptureOptions::default()
        },
    );
    assert!(
        matches!(error, SpinError::TooManyPhotos { limit: 5 }),
        "{error}"
    );
}

#[test]
fn another_shape_is_an_error_and_another_size_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 3, 64, 48);
    fs::write(dir.path().join("img4.jpg"), jpeg(32, 24, 1)).unwrap();
    let capture = read(dir.path());
    assert_eq!((capture.width, capture.height), (32, 24));
    assert!(warns(&capture, &["2 different sizes", "32×24"]));
    fs::write(dir.path().join("img5.jpg"), jpeg(48, 64, 1)).unwrap();
    let error = fails(dir.path());
    let SpinError::MixedSizes {
        expected: (64, 48),
        odd,
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!(odd.as_slice(), [("img5.jpg".to_owned(), 48, 64)]);
}

#[test]
fn the_same_photo_twice_in_a_row_is_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 4, 32, 24);
    fs::copy(dir.path().join("img2.jpg"), dir.path().join("img3.jpg")).unwrap();
    let capture = read(dir.path());
    assert_eq!(capture.frames.len(), 4);
    assert!(warns(&capture, &["img2.jpg", "img3.jpg", "same photo"]));
    assert!(!warns(&capture, &["img1.jpg", "same photo"]));
}

#[test]
fn other_formats_stand_among_jpegs() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 2, 32, 24);
    for (name, encoding) in [
        ("img3.png", Encoding::Png),
        ("img4.WEBP", Encoding::WebpLossless),
    ] {
        fs::write(
            dir.path().join(name),
            encode(&capture::picture(32, 24, 3), encoding).unwrap(),
        )
        .unwrap();
    }
    assert_eq!(read(dir.path()).frames.len(), 4);
}

#[cfg(unix)]
#[test]
fn links_that_leave_the_folder_are_not_followed() {
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().unwrap();
    write_photos(outside.path(), 2, 32, 24);
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 2, 32, 24);
    symlink(outside.path().join("img1.jpg"), dir.path().join("away.jpg")).unwrap();
    symlink("nowhere.jpg", dir.path().join("broken.jpg")).unwrap();
    symlink(outside.path(), dir.path().join("folder")).unwrap();
    symlink("img1.jpg", dir.path().join("img3.jpg")).unwrap();
    let capture = read(dir.path());
    assert_eq!(names(&capture), ["img1.jpg", "img2.jpg", "img3.jpg"]);
    assert!(
        warns(&capture, &["links", "away.jpg, broken.jpg, folder"]),
        "{:?}",
        capture.warnings
    );
}

#[test]
fn it_tells_its_progress_and_stops_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 3, 32, 24);
    let events = Mutex::new(Vec::new());
    let listen = |event| events.lock().unwrap().push(event);
    let cancel = AtomicBool::new(false);
    read_capture(
        dir.path(),
        &CaptureOptions::default(),
        Watch::new(&listen, &cancel),
    )
    .unwrap();
    let events = events.into_inner().unwrap();
    assert_eq!(
        events[0],
        ProgressEvent::Started {
            stage: Stage::Ingest,
            total: 3
        }
    );
    assert!(events.contains(&ProgressEvent::Advanced {
        stage: Stage::Ingest,
        done: 3,
        total: 3
    }));
    assert!(events.contains(&ProgressEvent::Finished {
        stage: Stage::Ingest
    }));
    assert!(
        matches!(events.last(), Some(ProgressEvent::Warning { .. })),
        "few photos are a warning"
    );

    let cancelled = AtomicBool::new(true);
    let stopped = read_capture(
        dir.path(),
        &CaptureOptions::default(),
        Watch::new(&|_| {}, &cancelled),
    );
    assert!(matches!(stopped, Err(SpinError::Cancelled)));
}
