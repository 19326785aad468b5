//! `xoay model`: photos of the turntable become a model, or are refused with a reason.

use std::fs;

use serde_json::Value;
use xoay_tests::{Finished, capture, capture_cut, validate, xoay};

#[test]
fn the_bundled_photos_become_a_model_that_fits_photos_it_was_not_made_from() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("jar.glb");
    let report = root.path().join("report.json");
    let _ = Finished::of(
        xoay()
            .arg("model")
            .arg(capture())
            .arg("-o")
            .arg(&out)
            .arg("--report")
            .arg(&report)
            .args(["--height", "120", "--texture-size", "1024", "--quiet"]),
    )
    .succeeded();
    let verdict = validate(&[&out]).remove(0);
    assert_eq!(verdict["errors"], 0, "{verdict}");
    let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    assert_eq!(report["photosPosed"], 36);
    assert_eq!(report["unit"], "metres");
    let height = report["dimensions"][1].as_f64().unwrap();
    assert!((height - 0.12).abs() < 0.002, "{height} m");
    // The jar is round: as wide as deep.
    let side = |k: usize| report["dimensions"][k].as_f64().unwrap();
    assert!(
        (side(0) / side(2) - 1.0).abs() < 0.05,
        "{:?}",
        report["dimensions"]
    );
    let agreement = report["heldOutIou"].as_f64().unwrap();
    assert!(agreement > 0.97, "held-out photos agree by {agreement}");
    assert!(report["heldOut"].as_array().unwrap().len() >= 4);
}

#[test]
fn too_few_photos_are_refused_and_nothing_is_left() {
    let root = tempfile::tempdir().unwrap();
    let photos = root.path().join("photos");
    capture_cut(&photos, 6);
    let out = root.path().join("jar.glb");
    let refused = Finished::of(xoay().arg("model").arg(&photos).arg("-o").arg(&out));
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(
        refused.stderr.contains('6') && refused.stderr.contains("12"),
        "it says how many there are and are needed: {}",
        refused.stderr
    );
    assert!(!out.exists());
}
