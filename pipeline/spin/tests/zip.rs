//! Zip archives as people and programs make them, and as attackers do.

mod capture;

use std::fs;
use std::io::Write;
use std::path::Path;

use capture::{Shelf, jpeg, quick};
use rawzip::{CompressionMethod, ZipArchiveWriter};
use xoay_format::{Localize, Watch};
use xoay_spin::{
    ArchiveProblem, CaptureOptions, CaptureSet, PhotoProblem, SpinError, make_spin, read_capture,
    read_zip,
};

/// An archive of files; folders where the name ends with `/`.
fn zip<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Vec<u8> {
    zip_with(CompressionMethod::DEFLATE, files)
}

fn zip_with<'a>(
    method: CompressionMethod,
    files: impl IntoIterator<Item = (&'a str, Vec<u8>)>,
) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in files {
        if name.ends_with('/') {
            archive.new_dir(name).create().unwrap();
            continue;
        }
        // As it stands: also names that no honest program writes.
        let path = rawzip::path::EntryPath::verbatim(name.as_bytes().to_vec());
        let file = archive.new_file(path).compression_method(method);
        let (mut entry, config) = file.start().unwrap();
        let descriptor = if method == CompressionMethod::DEFLATE {
            let level = flate2::Compression::default();
            let encoder = flate2::write::DeflateEncoder::new(&mut entry, level);
            let mut writer = config.wrap(encoder);
            writer.write_all(&bytes).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            descriptor
        } else {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(&bytes).unwrap();
            writer.finish().unwrap().1
        };
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

fn photos(prefix: &str, count: u32) -> Vec<(String, Vec<u8>)> {
    (1..=count)
        .map(|n| (format!("{prefix}{n}.jpg"), jpeg(32, 24, n)))
        .collect()
}

fn zip_of(photos: &[(String, Vec<u8>)]) -> Vec<u8> {
    zip(photos
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.clone())))
}

fn read(bytes: Vec<u8>) -> Result<CaptureSet, SpinError> {
    read_zip(bytes, &CaptureOptions::default(), Watch::silent())
}

fn problem(bytes: Vec<u8>) -> ArchiveProblem {
    match read(bytes) {
        Err(SpinError::Archive(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

fn bad_photo(bytes: Vec<u8>) -> PhotoProblem {
    match read(bytes) {
        Err(SpinError::BadPhotos(mut bad)) => bad.swap_remove(0).problem,
        other => panic!("{other:?}"),
    }
}

/// Where `bytes` first have `wanted`.
fn find(bytes: &[u8], wanted: &[u8]) -> usize {
    let mut windows = bytes.windows(wanted.len());
    windows.position(|window| window == wanted).unwrap()
}

#[test]
fn a_zip_gives_the_same_spin_as_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("photos");
    capture::write_photos(&folder, 7, 64, 48);
    let mut files = vec![("photos/".to_owned(), Vec::new())];
    for entry in fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        files.push((format!("photos/{name}"), fs::read(entry.path()).unwrap()));
    }
    files.push(("__MACOSX/photos/._img1.jpg".into(), vec![0, 5, 22, 7]));
    // An archive is told by its content.
    let path = dir.path().join("upload.tmp");
    fs::write(&path, zip_of(&files)).unwrap();

    let frames_of = |path: &Path| {
        let capture = read_capture(path, &CaptureOptions::default(), Watch::silent()).unwrap();
        let shelf = Shelf::default();
        make_spin(&capture, &quick(), &shelf, Watch::silent()).unwrap();
        shelf.files()
    };
    assert!(frames_of(&path) == frames_of(&folder));
    let capture = read_capture(&path, &CaptureOptions::default(), Watch::silent()).unwrap();
    assert_eq!(capture.frames[6].name, "photos/img7.jpg");
    assert!(
        !capture
            .warnings
            .iter()
            .any(|text| text.en.contains("left out")),
        "{:?}",
        capture.warnings
    );
}

#[test]
fn rows_plates_and_strange_files_are_found_within() {
    let mut files = photos("set/row2/img", 3);
    files.extend(photos("set/row1/img", 2));
    files.push(("set/row1/plate.jpg".into(), jpeg(32, 24, 90)));
    files.push(("set/note.txt".into(), b"note".to_vec()));
    files.push(("set/old.zip".into(), zip_of(&photos("", 2))));
    let capture = read(zip_of(&files)).unwrap();
    assert_eq!(capture.row_lengths, [2, 3]);
    assert_eq!(capture.row_plates, [Some(0), None]);
    let warnings: String = capture
        .warnings
        .iter()
        .map(|text| text.en.as_str())
        .collect();
    for words in ["set/note.txt", "set/old.zip", "not opened"] {
        assert!(warnings.contains(words), "{warnings}");
    }
}

#[test]
fn stored_photos_and_names_of_other_systems_are_read() {
    let files = photos("set\\", 3);
    let stored = zip_with(
        CompressionMethod::STORE,
        files
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.clone())),
    );
    assert_eq!(read(stored).unwrap().frames[2].name, "set/3.jpg");
    let lo = photos("lọ mật ong/", 2);
    assert_eq!(
        read(zip_of(&lo)).unwrap().frames[0].name,
        "lọ mật ong/1.jpg"
    );
}

#[test]
fn names_that_leave_the_archive_are_refused() {
    for name in ["../3.jpg", "a/../../3.jpg", "/etc/3.jpg", "C:\\3.jpg"] {
        let mut files = photos("", 2);
        files.push((name.into(), jpeg(32, 24, 3)));
        let problem = problem(zip_of(&files));
        assert!(
            matches!(problem, ArchiveProblem::UnsafeName { .. }),
            "{problem:?}"
        );
    }
    let mut files = photos("", 2);
    files.push(("1.jpg".into(), jpeg(32, 24, 3)));
    assert_eq!(
        problem(zip_of(&files)),
        ArchiveProblem::NameTwice {
            name: "1.jpg".into()
        }
    );
}

#[test]
fn passwords_and_other_methods_are_named() {
    let files = photos("", 2);
    let mut locked = zip_of(&files);
    let entry = find(&locked, b"PK\x01\x02");
    locked[entry + 8] |= 1;
    assert_eq!(
        problem(locked),
        ArchiveProblem::Encrypted {
            name: "1.jpg".into()
        }
    );
    let mut lzma = zip_of(&files);
    let entry = find(&lzma, b"PK\x01\x02");
    lzma[entry + 10] = 14;
    assert_eq!(
        bad_photo(lzma),
        PhotoProblem::ArchiveMethod {
            method: "LZMA".into()
        }
    );
}

#[test]
fn bombs_are_refused_before_they_unpack() {
    // Ten megabytes of nothing behind a photo's name.
    let zeros = vec![("1.jpg", vec![0; 10 << 20]), ("2.jpg", jpeg(32, 24, 2))];
    assert!(matches!(
        bad_photo(zip(zeros)),
        PhotoProblem::ArchiveBomb { .. }
    ));

    // The second entry points into the first.
    let mut overlapping = zip_of(&photos("", 2));
    let first = find(&overlapping, b"PK\x01\x02");
    let second = first + 4 + find(&overlapping[first + 4..], b"PK\x01\x02");
    overlapping[second + 42..second + 46].fill(0);
    assert!(matches!(
        problem(overlapping),
        ArchiveProblem::Overlap { .. }
    ));

    let many = (0..20_001).map(|n| (format!("{n}.txt"), Vec::new()));
    let many: Vec<_> = many.collect();
    assert!(matches!(
        problem(zip_of(&many)),
        ArchiveProblem::TooManyEntries { .. }
    ));

    let options = CaptureOptions {
        max_photos: 5,
        ..CaptureOptions::default()
    };
    let refused = read_zip(zip_of(&photos("", 6)), &options, Watch::silent());
    assert!(matches!(
        refused,
        Err(SpinError::TooManyPhotos { limit: 5 })
    ));
    let options = CaptureOptions {
        max_file_bytes: 100,
        ..CaptureOptions::default()
    };
    let refused = read_zip(zip_of(&photos("", 2)), &options, Watch::silent()).unwrap_err();
    assert!(
        refused.to_string().contains("limit of 100 bytes"),
        "{refused}"
    );
}

#[test]
fn a_lie_about_the_size_is_found_out() {
    let honest = zip_of(&photos("", 2));
    for difference in [1_u32, u32::MAX] {
        let mut lying = honest.clone();
        let entry = find(&lying, b"PK\x01\x02") + 24;
        let size = u32::from_le_bytes(lying[entry..entry + 4].try_into().unwrap());
        lying[entry..entry + 4].copy_from_slice(&size.wrapping_add(difference).to_le_bytes());
        assert!(matches!(bad_photo(lying), PhotoProblem::Archive { .. }));
    }
    let mut damaged = honest;
    let data = find(&damaged, b"1.jpg") + 200;
    damaged[data] ^= 0x40;
    assert!(matches!(bad_photo(damaged), PhotoProblem::Archive { .. }));
}

#[test]
fn every_cut_archive_is_an_error_in_words() {
    let whole = zip_of(&photos("", 2));
    assert!(read(whole.clone()).is_ok());
    for length in 0..whole.len() {
        let error = read(whole[..length].to_vec()).unwrap_err();
        if length >= 4 {
            assert!(
                error.to_string().contains("is missing"),
                "{length}: {error}"
            );
        }
    }
}

#[test]
fn what_is_no_capture_is_refused_with_its_remedy() {
    let empty = read(zip([("note.txt", b"note".to_vec())])).unwrap_err();
    assert!(matches!(empty, SpinError::EmptyFolder { .. }), "{empty}");
    let one = read(zip_of(&photos("", 1))).unwrap_err();
    assert!(
        matches!(one, SpinError::TooFewPhotos { found: 1, .. }),
        "{one}"
    );
    let rar = read(b"Rar!\x1a\x07\x01\0".to_vec()).unwrap_err();
    assert!(rar.text().vi.contains("zip"), "{rar}");
}
