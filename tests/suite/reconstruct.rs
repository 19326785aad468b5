//! `xoay model`: photos of the turntable become a model, or are refused with a reason.

use std::fs;
use std::path::Path;

use serde_json::Value;
use xoay_format::{Direction, SpinManifest};
use xoay_tests::{Finished, capture, capture_cut, validate, xoay};

#[test]
fn the_bundled_photos_become_a_model_that_fits_photos_it_was_not_made_from() {
    let root = tempfile::tempdir().unwrap();
    let spin = root.path().join("spin");
    let colmap = root.path().join("colmap");
    let _ = Finished::of(
        xoay()
            .arg("spin")
            .arg(capture())
            .arg("-o")
            .arg(&spin)
            .args([
                "--widths",
                "200",
                "--formats",
                "jpg",
                "--no-tiles",
                "--quiet",
            ]),
    )
    .succeeded();
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
            .arg("--spin")
            .arg(&spin)
            .arg("--colmap")
            .arg(&colmap)
            .args(["--height", "120", "--texture-size", "1024", "--quiet"]),
    )
    .succeeded();
    marks_stand_on_the_frames(&spin);
    let images = fs::read_to_string(colmap.join("images.txt")).unwrap();
    assert_eq!(images.matches(".jpg\n").count(), 36);
    let cameras = fs::read_to_string(colmap.join("cameras.txt")).unwrap();
    assert!(cameras.contains("SIMPLE_RADIAL 1200 900 "), "{cameras}");
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

/// The frames are cut to the jar, its axis upright in their middle, 6% free at least above and below.
fn marks_stand_on_the_frames(spin: &Path) {
    let manifest: SpinManifest =
        serde_json::from_slice(&fs::read(spin.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest.direction, Direction::CounterClockwise);
    let elevation_deg = manifest.rows[0].elevation_deg.unwrap();
    assert!((elevation_deg - 15.0).abs() < 0.5, "{elevation_deg}°");
    let middle_of_base = |m: &[f64; 12], y: f64| {
        let line = |at: usize| m[at + 1] * y + m[at + 3];
        [line(0) / line(8), line(4) / line(8)]
    };
    // A point at the front of the first frame turns to the right, and is back where it was after a turn.
    let mut sides = Vec::new();
    for frame in &manifest.frames {
        let m = frame.projection.expect("each frame has its camera");
        let [u, top] = middle_of_base(&m, 0.12);
        let [_, bottom] = middle_of_base(&m, 0.0);
        assert!((u - 0.5).abs() < 0.01, "the axis lies at {u}");
        assert!((0.05..0.2).contains(&top), "the lid at {top}");
        assert!((0.8..0.95).contains(&bottom), "the base at {bottom}");
        let aside = (m[2] * 0.04 + m[1] * 0.06 + m[3]) / (m[10] * 0.04 + m[9] * 0.06 + m[11]);
        sides.push(aside - 0.5);
    }
    let turns = sides
        .windows(2)
        .filter(|pair| (pair[0] < 0.0) != (pair[1] < 0.0))
        .count();
    assert!((1..=2).contains(&turns), "one turn: {sides:?}");
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

#[test]
fn a_run_that_was_killed_goes_on_and_the_same_photos_give_the_same_bytes() {
    let root = tempfile::tempdir().unwrap();
    let (photos, work) = (root.path().join("photos"), root.path().join("work"));
    capture_cut(&photos, 2);
    let make = |out: &Path, work: Option<&Path>| {
        let mut command = xoay();
        command.arg("model").arg(&photos).arg("-o").arg(out).args([
            "--texture-size",
            "512",
            "--triangles",
            "5000",
            "--quiet",
        ]);
        if let Some(work) = work {
            command.arg("--work").arg(work);
        }
        command
    };
    let killed_out = root.path().join("killed.glb");
    let mut killed = make(&killed_out, Some(&work)).spawn().unwrap();
    let kept = || {
        fs::read_dir(&work).is_ok_and(|mut entries| {
            entries.any(|entry| {
                let name = entry.unwrap().file_name();
                name.to_string_lossy().ends_with(".bin")
            })
        })
    };
    while !kept() {
        assert!(killed.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    killed.kill().unwrap();
    let _ = killed.wait().unwrap();
    assert!(!killed_out.exists(), "a killed run leaves no half model");
    let (resumed, anew) = (
        root.path().join("resumed.glb"),
        root.path().join("anew.glb"),
    );
    let _ = Finished::of(&mut make(&resumed, Some(&work))).succeeded();
    let _ = Finished::of(&mut make(&anew, None)).succeeded();
    assert!(fs::read(resumed).unwrap() == fs::read(anew).unwrap());
}

#[test]
fn a_mat_is_printed_on_either_paper() {
    let root = tempfile::tempdir().unwrap();
    for (paper, width) in [("a4", "595."), ("a3", "841.")] {
        let out = root.path().join(format!("{paper}.pdf"));
        let _ = Finished::of(
            xoay()
                .arg("mat")
                .arg("-o")
                .arg(&out)
                .args(["--paper", paper]),
        )
        .succeeded();
        let pdf = fs::read_to_string(out).unwrap();
        assert!(pdf.starts_with("%PDF-") && pdf.contains(&format!("[0 0 {width}")));
    }
}

#[test]
fn photos_in_no_order_without_a_mat_are_named() {
    let root = tempfile::tempdir().unwrap();
    let photos = root.path().join("photos");
    capture_cut(&photos, 3);
    let out = root.path().join("jar.glb");
    let refused = Finished::of(
        xoay()
            .arg("model")
            .arg(&photos)
            .arg("-o")
            .arg(&out)
            .arg("--unordered"),
    );
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("DSC02101.jpg"),
        "{}",
        refused.stderr
    );
    assert!(!out.exists());
}
