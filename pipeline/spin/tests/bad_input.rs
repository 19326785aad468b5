//! What people hand in that is not what was asked for: each is used, or refused in words.

mod capture;

use std::fs;
use std::path::Path;

use capture::{Shelf, jpeg, picture, quick, read, write_photos};
use xoay_format::{Localize, Watch};
use xoay_imaging::{Encoding, SourceFormat, encode};
use xoay_spin::{CaptureOptions, PhotoProblem, SpinError, make_spin, read_capture};

fn fails(dir: &Path) -> SpinError {
    read_capture(dir, &CaptureOptions::default(), Watch::silent()).unwrap_err()
}

/// A CMYK JPEG as Adobe programs write it.
fn cmyk_jpeg(width: u16, height: u16) -> Vec<u8> {
    let inks = vec![40; usize::from(width) * usize::from(height) * 4];
    let mut file = Vec::new();
    jpeg_encoder::Encoder::new(&mut file, 90)
        .encode(&inks, width, height, jpeg_encoder::ColorType::Cmyk)
        .unwrap();
    file
}

/// RGB with 16 bits a sample in one strip, little-endian (TIFF 6.0, section 6).
fn tiff16(width: u16, height: u16) -> Vec<u8> {
    let samples = usize::from(width) * usize::from(height) * 3;
    let depths_at = 8 + 2 + 10 * 12 + 4;
    let data_at = depths_at + 6;
    let mut file = b"II\x2a\0\x08\0\0\0\x0a\0".to_vec();
    for (tag, kind, count, value) in [
        (256, 3, 1, u32::from(width)),
        (257, 3, 1, u32::from(height)),
        (258, 3, 3, depths_at),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, data_at),
        (277, 3, 1, 3),
        (278, 3, 1, u32::from(height)),
        (279, 4, 1, samples as u32 * 2),
        (284, 3, 1, 1),
    ] {
        file.extend(u16::to_le_bytes(tag));
        file.extend(u16::to_le_bytes(kind));
        file.extend(u32::to_le_bytes(count));
        file.extend(value.to_le_bytes());
    }
    file.extend([0; 4]);
    file.extend([16, 0, 16, 0, 16, 0]);
    file.extend((0..samples).flat_map(|n| (n as u16).wrapping_mul(257).to_le_bytes()));
    file
}

#[test]
fn unusual_photos_are_used_like_any_other() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 3, 64, 48);
    let photo = |step| picture(64, 48, step);
    let progressive = Encoding::Jpeg {
        quality: 90,
        progressive: true,
    };
    for (name, bytes) in [
        ("img4 cmyk.jpg", cmyk_jpeg(64, 48)),
        ("img5 16 bit.tif", tiff16(64, 48)),
        (
            "img6 progressive.jpg",
            encode(&photo(6), progressive).unwrap(),
        ),
        ("img7 jpeg.png", jpeg(64, 48, 7)),
        ("img8 png.jpg", encode(&photo(8), Encoding::Png).unwrap()),
    ] {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    let capture = read(dir.path());
    let formats: Vec<_> = capture
        .frames
        .iter()
        .map(|photo| photo.header.format)
        .collect();
    assert_eq!(formats[4], SourceFormat::Tiff);
    assert_eq!(formats[6..], [SourceFormat::Jpeg, SourceFormat::Png]);
    let shelf = Shelf::default();
    let outcome = make_spin(&capture, &quick(), &shelf, Watch::silent()).unwrap();
    assert_eq!(outcome.manifest.frames.len(), 8);
}

#[test]
fn one_photo_copied_many_times_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..36 {
        fs::write(dir.path().join(format!("{n}.jpg")), jpeg(32, 24, 1)).unwrap();
    }
    let error = fails(dir.path());
    assert!(
        matches!(error, SpinError::AllTheSame { photos: 36 }),
        "{error}"
    );
    let text = error.text();
    assert!(text.en.contains("copy the originals") && text.vi.contains("chép lại ảnh gốc"));
    // One that differs, and it is only worth a word.
    fs::write(dir.path().join("35.jpg"), jpeg(32, 24, 2)).unwrap();
    assert_eq!(read(dir.path()).frames.len(), 36);
}

#[test]
fn five_thousand_photos_are_refused_with_the_limit() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..5000 {
        fs::write(dir.path().join(format!("{n}.jpg")), b"").unwrap();
    }
    let error = fails(dir.path());
    let text = error.text();
    assert!(
        text.en.contains("2000") && text.en.contains("one product a folder"),
        "{error}"
    );
    assert!(
        text.vi.contains("2000") && text.vi.contains("từng sản phẩm"),
        "{}",
        text.vi
    );
}

#[test]
fn what_cannot_be_a_photo_in_the_middle_is_named() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 5, 32, 24);
    fs::create_dir(dir.path().join("img3b.jpg")).unwrap();
    let capture = read(dir.path());
    assert_eq!(capture.frames.len(), 5);
    assert!(
        capture
            .warnings
            .iter()
            .any(|text| text.en.contains("img3b.jpg")),
        "{:?}",
        capture.warnings
    );
}

#[cfg(unix)]
#[test]
fn a_photo_without_permission_is_named_with_its_remedy() {
    use std::os::unix::fs::PermissionsExt;

    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 5, 32, 24);
    let locked = dir.path().join("img3.jpg");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&locked).is_ok() {
        return; // whoever may read everything sees no difference
    }
    let SpinError::BadPhotos(bad) = fails(dir.path()) else {
        panic!("it was read")
    };
    assert_eq!(bad[0].file, "img3.jpg");
    assert!(matches!(bad[0].problem, PhotoProblem::Unreadable { .. }));
    assert!(bad[0].text().vi.contains("quyền truy cập"));
}

#[cfg(target_os = "linux")]
#[test]
fn names_of_odd_bytes_are_read_and_shown_escaped() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 2, 32, 24);
    let odd = OsStr::from_bytes(b"img3\xff\x1b[2J.jpg");
    fs::write(dir.path().join(odd), jpeg(32, 24, 3)).unwrap();
    let capture = read(dir.path());
    assert_eq!(capture.frames[2].name, "img3%FF%1B[2J.jpg");
    let outcome = make_spin(&capture, &quick(), &Shelf::default(), Watch::silent()).unwrap();
    assert_eq!(outcome.manifest.frames[2].source, "img3%FF%1B[2J.jpg");
}

#[test]
fn plates_can_be_given_by_name_or_path() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 6, 32, 24);
    let elsewhere = tempfile::tempdir().unwrap();
    let far = elsewhere.path().join("hôm nay.jpg");
    fs::write(&far, jpeg(32, 24, 40)).unwrap();
    let given = |plates: &[&Path]| CaptureOptions {
        clean_plates: plates.iter().map(|path| path.to_path_buf()).collect(),
        ..CaptureOptions::default()
    };
    let options = given(&[Path::new("img6.jpg"), &far]);
    let capture = read_capture(dir.path(), &options, Watch::silent()).unwrap();
    let plates: Vec<_> = capture
        .clean_plates
        .iter()
        .map(|p| p.name.as_str())
        .collect();
    assert_eq!(
        (capture.frames.len(), plates),
        (5, vec!["img6.jpg", "hôm nay.jpg"])
    );
    assert_eq!(capture.clean_plate_of_row(0).unwrap().name, "img6.jpg");
    assert!(capture.clean_plate_of_row(1).is_none());

    // A name of another pattern does not hide the rows.
    let rows = tempfile::tempdir().unwrap();
    for (name, step) in [
        ("row0_1", 1),
        ("row0_2", 2),
        ("row1_1", 3),
        ("row1_2", 4),
        ("IMG_1", 5),
    ] {
        fs::write(rows.path().join(format!("{name}.jpg")), jpeg(32, 24, step)).unwrap();
    }
    let options = given(&[Path::new("IMG_1.jpg")]);
    let capture = read_capture(rows.path(), &options, Watch::silent()).unwrap();
    assert_eq!(
        (capture.row_lengths, capture.row_plates),
        (vec![2, 2], vec![Some(0), Some(0)])
    );

    let missing = given(&[Path::new("nowhere.jpg")]);
    let error = read_capture(dir.path(), &missing, Watch::silent()).unwrap_err();
    assert!(matches!(error, SpinError::NoSuchPlate { .. }), "{error}");
}

#[test]
fn a_plate_of_another_shape_is_left_out_with_a_word() {
    let dir = tempfile::tempdir().unwrap();
    write_photos(dir.path(), 6, 32, 24);
    fs::write(dir.path().join("nền.jpg"), jpeg(24, 32, 9)).unwrap();
    let capture = read(dir.path());
    assert!(capture.clean_plates.is_empty());
    assert!(
        capture
            .warnings
            .iter()
            .any(|text| text.vi.starts_with("nền.jpg"))
    );
}
