//! `xoay optimize`, its output judged by the Khronos validator.

use std::fs;

use serde_json::Value;
use xoay_tests::{Finished, model, validate, xoay};

#[test]
fn the_bundled_model_gets_light_and_the_validator_finds_no_error() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("jar.glb");
    let done = Finished::of(
        xoay()
            .arg("optimize")
            .arg(model())
            .arg("-o")
            .arg(&out)
            .arg("--json"),
    )
    .succeeded();
    let report = done.json_lines().pop().unwrap()["result"]["report"].clone();
    let (before, after) = (
        fs::metadata(model()).unwrap().len(),
        fs::metadata(&out).unwrap().len(),
    );
    assert_eq!(report["bytesIn"], before);
    assert_eq!(report["bytesOut"], after);
    assert!(after * 4 < before, "{after} of {before} bytes");
    assert_eq!(
        report["before"]["triangles"], report["after"]["triangles"],
        "nothing is simplified unasked"
    );
    let verdict = validate(&[&out]).remove(0);
    assert_eq!(verdict["errors"], 0, "{verdict}");
}

#[test]
fn the_validator_would_notice_a_broken_model() {
    let root = tempfile::tempdir().unwrap();
    let broken = root.path().join("broken.glb");
    let mut bytes = fs::read(model()).unwrap();
    // The first accessor's type, in the JSON chunk: `VEC3` made into a word that glTF does not know.
    let at = bytes.windows(6).position(|six| six == b"\"VEC3\"").unwrap();
    bytes[at + 1] = b'X';
    fs::write(&broken, bytes).unwrap();
    assert_ne!(validate(&[&broken]).remove(0)["errors"], 0);
}

#[test]
fn lying_lengths_and_other_tricks_are_refused_in_words() {
    let root = tempfile::tempdir().unwrap();
    let whole = fs::read(model()).unwrap();
    let lying = |at: usize, value: u32| {
        let mut bytes = whole.clone();
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        bytes
    };
    let cases: [(&str, Vec<u8>); 6] = [
        ("whole-length.glb", lying(8, u32::MAX)),
        ("json-length.glb", lying(12, u32::MAX)),
        ("json-short.glb", lying(12, 16)),
        ("cut.glb", whole[..whole.len() / 2].to_vec()),
        ("text.glb", b"not a model".to_vec()),
        ("nothing.glb", Vec::new()),
    ];
    for (name, bytes) in cases {
        let input = root.path().join(name);
        fs::write(&input, bytes).unwrap();
        let out = root.path().join("out.glb");
        let refused = Finished::of(xoay().arg("optimize").arg(&input).arg("-o").arg(&out));
        assert_eq!(refused.code, Some(3), "{name}: {}", refused.stderr);
        assert!(refused.stderr.contains(name), "{name}: {}", refused.stderr);
        assert!(
            !refused.stderr.contains("panicked"),
            "{name}: {}",
            refused.stderr
        );
        assert!(!out.exists());
    }
}

#[test]
fn a_folder_output_has_the_model_its_poster_and_its_manifest() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("model/");
    let mut folder = out.clone().into_os_string();
    folder.push("/");
    let _ = Finished::of(xoay().arg("optimize").arg(model()).arg("-o").arg(folder)).succeeded();
    let manifest: Value =
        serde_json::from_slice(&fs::read(out.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["kind"], "xoay-model");
    let bytes = fs::metadata(out.join(manifest["url"].as_str().unwrap()))
        .unwrap()
        .len();
    assert_eq!(manifest["sizeBytes"], bytes);
    // The jar is 11.35 cm high and 8.1 cm wide.
    let height = manifest["bounds"]["max"][1].as_f64().unwrap()
        - manifest["bounds"]["min"][1].as_f64().unwrap();
    assert!((height - 0.1135).abs() < 0.0005, "{height} m");
    // A zip archive whose first file is the scene.
    let usdz = fs::read(out.join(manifest["usdz"].as_str().unwrap())).unwrap();
    assert_eq!(usdz[..4], *b"PK\x03\x04");
    assert_eq!(usdz[30..40], *b"model.usda");
    let poster = &manifest["posters"][0]["url"];
    let picture = image::open(out.join(poster.as_str().unwrap()))
        .unwrap()
        .to_rgb8();
    let corner = *picture.get_pixel(0, 0);
    let differing = picture.pixels().filter(|pixel| **pixel != corner).count();
    let share = differing as f64 / f64::from(picture.width() * picture.height());
    assert!(
        (0.1..0.9).contains(&share),
        "the jar covers {share} of its poster"
    );
}
