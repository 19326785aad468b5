//! `xoay inspect`, as a digitization team meets it.

use std::fs;
use std::path::Path;

use serde_json::Value;
use xoay_tests::{Finished, capture, capture_cut, xoay};

fn inspect(photos: &Path, more: &[&str]) -> Finished {
    Finished::of(xoay().arg("inspect").arg(photos).args(more))
}

/// The report that `--json` prints.
fn report(finished: &Finished) -> Value {
    let lines = finished.json_lines();
    let done = lines.iter().find(|line| line["event"] == "done");
    done.expect("a result")["result"]["report"].clone()
}

#[test]
fn the_bundled_capture_is_clean_and_nothing_is_written() {
    let before = fs::read_dir(capture()).unwrap().count();
    let clean = inspect(&capture(), &[]).succeeded();
    assert!(clean.stderr.contains("nothing found"), "{}", clean.stderr);
    assert_eq!(clean.stdout, "");
    assert_eq!(fs::read_dir(capture()).unwrap().count(), before);
}

#[test]
fn faults_are_listed_in_both_languages_with_remedy_and_guide() {
    let root = tempfile::tempdir().unwrap();
    let photos = root.path().join("photos");
    capture_cut(&photos, 1);
    // 4 and 5 change places, 20 is there twice.
    fs::rename(photos.join("DSC02104.jpg"), photos.join("aside")).unwrap();
    fs::rename(photos.join("DSC02105.jpg"), photos.join("DSC02104.jpg")).unwrap();
    fs::rename(photos.join("aside"), photos.join("DSC02105.jpg")).unwrap();
    fs::copy(photos.join("DSC02120.jpg"), photos.join("DSC02120b.jpg")).unwrap();

    let found = inspect(&photos, &["--json"]);
    assert_eq!(found.code, Some(3), "{}", found.stdout);
    let report = report(&found);
    let findings = report["findings"].as_array().unwrap();
    let kinds: Vec<_> = findings.iter().map(|finding| &finding["kind"]).collect();
    assert_eq!(kinds, ["swapped-neighbours", "duplicate"]);
    assert_eq!(
        findings[0]["photos"],
        serde_json::json!(["DSC02104.jpg", "DSC02105.jpg"])
    );
    assert_eq!(findings[0]["guide"], "#order");
    assert!(findings[0]["value"].as_f64() > findings[0]["threshold"].as_f64());
    assert_eq!(findings[1]["repaired"], true);
    assert_eq!(report["rows"][0]["dropped"].as_array().unwrap().len(), 1);
    assert_eq!(found.json_lines().pop().unwrap()["exitCode"], 3);

    for (language, remedy) in [("en", "rename the files"), ("vi", "đổi tên tệp")] {
        let listed = inspect(&photos, &["--quiet", "--lang", language]);
        assert_eq!(listed.code, Some(3));
        for part in ["DSC02104.jpg", remedy, "docs/capture.md#order"] {
            assert!(
                listed.stdout.contains(part),
                "{part} is not in {}",
                listed.stdout
            );
        }
    }
}

#[test]
fn photos_of_another_shape_are_a_finding_too() {
    let root = tempfile::tempdir().unwrap();
    let photos = root.path().join("photos");
    capture_cut(&photos, 6);
    image::RgbImage::new(300, 500)
        .save(photos.join("portrait.png"))
        .unwrap();
    let found = inspect(&photos, &["--json"]);
    assert_eq!(found.code, Some(3), "{}", found.stdout);
    let finding = &report(&found)["findings"][0];
    assert_eq!(finding["kind"], "wrong-size");
    assert_eq!(finding["photos"], serde_json::json!(["portrait.png"]));
    let remedy = finding["remedy"]["en"].as_str().unwrap();
    assert!(remedy.contains("do not turn the camera"), "{remedy}");
}

#[test]
fn what_cannot_be_read_is_an_error_as_for_a_spin() {
    let root = tempfile::tempdir().unwrap();
    let photos = root.path().join("photos");
    capture_cut(&photos, 6);
    let whole = fs::read(capture().join("DSC02102.jpg")).unwrap();
    fs::write(photos.join("cut.jpg"), &whole[..whole.len() / 2]).unwrap();
    let refused = inspect(&photos, &[]);
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(refused.stderr.contains("cut.jpg"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("panicked"), "{}", refused.stderr);
}
