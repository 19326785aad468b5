//! `xoay spin`, as a digitization team meets it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use xoay_tests::{Finished, capture, capture_cut, xoay};

fn spin(photos: &Path, out: &Path) -> Command {
    let mut command = xoay();
    command.arg("spin").arg(photos).arg("-o").arg(out);
    command
}

/// The quickest settings, for tests of everything but the encoding.
fn quick(photos: &Path, out: &Path) -> Command {
    let mut command = spin(photos, out);
    command.args(["--widths", "160", "--formats", "jpg"]);
    command
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Everything in `folder` but what the test itself put there.
fn left_in(folder: &Path, own: &[&str]) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !own.contains(&name.as_str()))
        .collect();
    names.sort();
    names
}

#[test]
fn a_capture_becomes_a_spin_whose_every_file_is_there_and_decodes() {
    let root = tempfile::tempdir().unwrap();
    let photos = root.path().join("photos");
    capture_cut(&photos, 6);
    fs::copy(
        capture().join("plate_row0.jpg"),
        photos.join("plate_row0.jpg"),
    )
    .unwrap();
    let out = root.path().join("spin");
    let _ = Finished::of(spin(&photos, &out).args([
        "--widths",
        "320,160",
        "--formats",
        "avif,webp,jpg",
    ]))
    .succeeded();

    let manifest = json(&out.join("manifest.json"));
    assert_eq!(manifest["kind"], "xoay-spin");
    assert_eq!(manifest["version"], 1);
    assert_eq!(
        manifest["frames"].as_array().unwrap().len(),
        6,
        "the empty turntable is no frame"
    );
    assert_eq!(manifest["renditions"].as_array().unwrap().len(), 6);
    for rendition in manifest["renditions"].as_array().unwrap() {
        let (width, height) = (
            rendition["width"].as_u64().unwrap(),
            rendition["height"].as_u64().unwrap(),
        );
        let (whole_width, whole_height) = (
            manifest["width"].as_u64().unwrap(),
            manifest["height"].as_u64().unwrap(),
        );
        assert!(
            (width * whole_height).abs_diff(height * whole_width) <= whole_width,
            "all sizes have one shape: {width}×{height} of {whole_width}×{whole_height}"
        );
        let mut bytes = 0;
        for url in rendition["urls"].as_array().unwrap() {
            let file = fs::read(out.join(url.as_str().unwrap())).unwrap();
            bytes += file.len() as u64;
            if rendition["format"] == "avif" {
                assert_eq!(&file[4..12], b"ftypavif");
            } else {
                let image = image::load_from_memory(&file).unwrap();
                assert_eq!(
                    (u64::from(image.width()), u64::from(image.height())),
                    (width, height)
                );
            }
        }
        assert_eq!(rendition["sizeBytes"], bytes);
    }
    let sprite = &manifest["sprite"];
    let picture = image::open(out.join(sprite["url"].as_str().unwrap())).unwrap();
    let tile_width = sprite["tileWidth"].as_u64().unwrap();
    assert_eq!(
        u64::from(picture.width()),
        tile_width * sprite["columns"].as_u64().unwrap()
    );
    assert_eq!(
        json(&out.join("report.json"))["photos"]
            .as_array()
            .unwrap()
            .len(),
        7
    );
}

#[test]
fn frames_follow_the_natural_order_of_file_names_and_show_their_own_photo() {
    let root = tempfile::tempdir().unwrap();
    let photos = root.path().join("photos");
    fs::create_dir(&photos).unwrap();
    for (name, grey) in [("p10.png", 200), ("p2.png", 120), ("p1.png", 40)] {
        image::RgbImage::from_pixel(64, 48, image::Rgb([grey; 3]))
            .save(photos.join(name))
            .unwrap();
    }
    let out = root.path().join("spin");
    let _ = Finished::of(&mut quick(&photos, &out)).succeeded();
    let manifest = json(&out.join("manifest.json"));
    let sources: Vec<_> = manifest["frames"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["source"].as_str().unwrap())
        .collect();
    assert_eq!(sources, ["p1.png", "p2.png", "p10.png"]);
    for (index, grey) in [40_i32, 120, 200].into_iter().enumerate() {
        let url = manifest["renditions"][0]["urls"][index].as_str().unwrap();
        let frame = image::open(out.join(url)).unwrap().to_rgb8();
        let seen = i32::from(frame.get_pixel(frame.width() / 2, frame.height() / 2)[0]);
        assert!(
            (seen - grey).abs() <= 3,
            "frame {index} shows {seen}, not {grey}"
        );
    }
}

#[test]
fn the_same_photos_give_the_same_bytes_whatever_the_number_of_workers() {
    let root = tempfile::tempdir().unwrap();
    let photos = root.path().join("photos");
    capture_cut(&photos, 9);
    let folders: Vec<_> = ["1", "3"]
        .into_iter()
        .map(|workers| {
            let out = root.path().join(workers);
            let _ = Finished::of(spin(&photos, &out).args([
                "--widths",
                "160",
                "--formats",
                "avif,webp,jpg",
                "--workers",
                workers,
            ]))
            .succeeded();
            out
        })
        .collect();
    let manifest = json(&folders[0].join("manifest.json"));
    for rendition in manifest["renditions"].as_array().unwrap() {
        for url in rendition["urls"].as_array().unwrap() {
            let [one, three] =
                [0, 1].map(|at| fs::read(folders[at].join(url.as_str().unwrap())).unwrap());
            assert!(one == three, "{url} differs");
        }
    }
    for file in ["manifest.json", "report.json"] {
        assert_eq!(json(&folders[0].join(file)), json(&folders[1].join(file)));
    }
}

#[test]
fn bad_photos_are_all_named_with_a_remedy_and_nothing_is_written() {
    let root = tempfile::tempdir().unwrap();
    let photos = root.path().join("photos");
    capture_cut(&photos, 6);
    fs::write(photos.join("DSC02103_note.jpg"), "Chụp ngày 5 tháng 8\n").unwrap();
    let whole = fs::read(capture().join("DSC02102.jpg")).unwrap();
    fs::write(photos.join("DSC02104_cut.jpg"), &whole[..whole.len() / 2]).unwrap();
    let out = root.path().join("spin");
    let refused = Finished::of(&mut quick(&photos, &out));
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    for name in ["DSC02103_note.jpg", "DSC02104_cut.jpg"] {
        assert!(
            refused.stderr.contains(name),
            "{name} is not named in: {}",
            refused.stderr
        );
    }
    assert!(!refused.stderr.contains("panicked"));
    assert_eq!(left_in(root.path(), &["photos"]), [""; 0]);
    assert_eq!(
        fs::read_dir(&photos).unwrap().count(),
        8,
        "the photos are as they were"
    );
}

#[test]
fn each_kind_of_bad_folder_is_refused_in_words() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let empty = root.join("empty");
    fs::create_dir(&empty).unwrap();
    let mixed = root.join("mixed");
    capture_cut(&mixed, 9);
    image::RgbImage::new(300, 500)
        .save(mixed.join("portrait.png"))
        .unwrap();
    let bomb = root.join("bomb");
    capture_cut(&bomb, 9);
    fs::write(bomb.join("bomb.png"), png_header(60_000, 60_000)).unwrap();
    let cases: [(&str, &Path, i32, &str); 4] = [
        ("an absent folder", &root.join("nowhere"), 3, "nowhere"),
        ("an empty folder", &empty, 3, "empty"),
        ("photos of mixed size", &mixed, 3, "portrait.png"),
        ("a decompression bomb", &bomb, 4, "bomb.png"),
    ];
    for (case, folder, code, named) in cases {
        let refused = Finished::of(&mut quick(folder, &root.join("out")));
        assert_eq!(refused.code, Some(code), "{case}: {}", refused.stderr);
        assert!(refused.stderr.contains(named), "{case}: {}", refused.stderr);
        assert!(
            !refused.stderr.contains("panicked"),
            "{case}: {}",
            refused.stderr
        );
        assert!(!root.join("out").exists(), "{case} left an output");
    }
    assert_eq!(left_in(root, &["empty", "mixed", "bomb"]), [""; 0]);
}

/// A PNG that claims `width` × `height` pixels and holds none.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut small = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut small);
    image::ImageEncoder::write_image(encoder, &[0; 3], 1, 1, image::ExtendedColorType::Rgb8)
        .unwrap();
    small[16..20].copy_from_slice(&width.to_be_bytes());
    small[20..24].copy_from_slice(&height.to_be_bytes());
    // The header's own check sum, so that only the size is a lie (CRC-32 of ISO 3309, as PNG uses it).
    let crc = !small[12..29].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    });
    small[29..33].copy_from_slice(&crc.to_be_bytes());
    small
}

#[test]
fn an_output_folder_with_something_else_in_it_is_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let photos = root.path().join("photos");
    capture_cut(&photos, 12);
    let refused = Finished::of(&mut quick(&photos, &photos));
    assert_eq!(refused.code, Some(5), "{}", refused.stderr);
    assert_eq!(fs::read_dir(&photos).unwrap().count(), 3);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_stops_the_job_with_words_and_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let photos = root.path().join("photos");
    capture_cut(&photos, 3);
    let disk = root.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let out = disk.join("spin");
    let script = "mount -t tmpfs -o size=64k tmpfs \"$DISK\" || exit 77; \"$@\"; code=$?; ls -A \"$DISK\" >\"$LEFT\"; exit $code";
    let mut run = spin(&photos, &out);
    run.args(["--widths", "800", "--formats", "jpg"]);
    let left = root.path().join("left");
    // A mount namespace of its own, with a user namespace where this is not root: the mount goes with the process.
    let refused = Finished::of(
        Command::new("unshare")
            .args(["--mount", "--map-root-user", "sh", "-c", script, "sh"])
            .arg(run.get_program())
            .args(run.get_args())
            .env("DISK", &disk)
            .env("LEFT", &left)
            .env("LANG", "C.UTF-8"),
    );
    assert_ne!(
        refused.code,
        Some(77),
        "this machine lets nobody mount a tmpfs: {}",
        refused.stderr
    );
    assert_eq!(refused.code, Some(5), "{}", refused.stderr);
    assert!(refused.stderr.contains("free space"), "{}", refused.stderr);
    assert_eq!(
        fs::read_to_string(left).unwrap(),
        "",
        "the disk is as empty as before"
    );
}

#[cfg(unix)]
#[test]
fn a_stopped_job_leaves_the_earlier_result_as_it_was() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let root = tempfile::tempdir().unwrap();
    let photos = root.path().join("photos");
    capture_cut(&photos, 1);
    let out = root.path().join("spin");
    let _ = Finished::of(&mut quick(&photos, &out)).succeeded();
    let before = fs::read(out.join("manifest.json")).unwrap();

    let mut child = spin(&photos, &out)
        .args([
            "--formats",
            "avif",
            "--widths",
            "1200",
            "--workers",
            "1",
            "--json",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(
        lines.any(|line| line.unwrap().contains("\"stage\":\"encode\"")),
        "the encoding begins"
    );
    assert!(
        Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let rest: Vec<_> = lines.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(
        rest.last().unwrap().contains("\"exitCode\":130"),
        "{rest:?}"
    );
    assert_eq!(fs::read(out.join("manifest.json")).unwrap(), before);
    assert_eq!(left_in(root.path(), &["photos", "spin"]), [""; 0]);
}
