//! USDZ, judged by `OpenUSD` itself, which `cargo xtask test` installs.

mod sample;

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use sample::{Recipe, doors};
use serde_json::{Value, json};
use xoay_format::{ProgressEvent, Watch};
use xoay_gltf::{
    Document, GltfError, Limits, OptimizeOptions, optimize, read, read_bytes, write_usdz,
};

fn verdicts(files: &[std::path::PathBuf]) -> Vec<Value> {
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tools/usd/bin/python");
    assert!(
        tools.is_file(),
        "OpenUSD is missing: run `cargo xtask test` once, it installs the test tools"
    );
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/usd/check.py");
    let output = Command::new(tools)
        .arg(script)
        .args(files)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        lines.len(),
        files.len(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    lines
}

/// Three placed copies with textures that are turned, scaled and moved.
fn placed() -> Document {
    let mut document = sample::document(&Recipe {
        translation: [1.0, 2.0, 3.0],
        scale: 0.3,
        angle: 1.0,
        instances: 3,
        children: true,
        ..sample::triangle()
    });
    let material = &mut document.root.materials[0];
    material.alpha_mode = Some("BLEND".to_owned());
    material.double_sided = true;
    let info = |extra: Value| {
        serde_json::from_value(json!({ "index": 0, "extensions": {
            "KHR_texture_transform": { "offset": [0.1, 0.2], "rotation": 0.5, "scale": [2, 3] } },
            "extras": extra }))
        .unwrap()
    };
    material.normal_texture = info(json!(1));
    material.occlusion_texture = info(json!(2));
    material.emissive_texture = info(json!(3));
    material.emissive_factor = Some([0.5, 0.25, 0.125]);
    material.pbr_metallic_roughness.metallic_roughness_texture = info(json!(4));
    for (name, value) in [
        ("KHR_materials_clearcoat", json!({ "clearcoatFactor": 0.5 })),
        ("KHR_materials_ior", json!({ "ior": 1.4 })),
        (
            "KHR_materials_emissive_strength",
            json!({ "emissiveStrength": 3 }),
        ),
        (
            "KHR_materials_transmission",
            json!({ "transmissionFactor": 0.5 }),
        ),
    ] {
        material.extensions.insert(name.to_owned(), value);
    }
    document
}

#[test]
fn openusd_opens_what_is_written_and_finds_nothing_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let jar = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/models/honey-jar.glb");
    let jar = read(&jar, &Limits::default()).unwrap();
    let light = optimize(jar.clone(), &OptimizeOptions::default(), Watch::silent()).unwrap();
    let open = |bytes: &[u8]| read_bytes(bytes, &Limits::default()).unwrap();
    let models = [
        ("jar", jar),
        ("light", light.document),
        ("placed", placed()),
        ("cube", open(doors::CUBE.as_bytes())),
        ("ply", open(&doors::ply("ascii", true))),
    ];
    let mut files = Vec::new();
    for (name, document) in &models {
        let file = folder.path().join(format!("{name}.usdz"));
        let bytes = write_usdz(document, &Limits::default(), Watch::silent()).unwrap();
        std::fs::write(&file, bytes).unwrap();
        files.push(file);
    }
    for ((name, document), verdict) in models.iter().zip(verdicts(&files)) {
        assert!(verdict["validators"].as_u64().unwrap() >= 20, "{name}");
        assert_eq!(verdict["problems"], json!([]), "{name}");
        assert_eq!(
            (&verdict["up"], &verdict["metres"]),
            (&json!("Y"), &json!(1.0)),
            "{name}"
        );
        assert_eq!(verdict["bound"], verdict["meshes"], "{name}");
        assert_eq!(verdict["resolved"], verdict["sampled"], "{name}");
        let stats = document.stats();
        assert_eq!(verdict["triangles"], stats.triangles, "{name}");
        let size = (0..3)
            .map(|k| stats.bounds.max[k] - stats.bounds.min[k])
            .fold(0.0, f32::max);
        for (side, wanted) in [("min", stats.bounds.min), ("max", stats.bounds.max)] {
            for (axis, wanted) in wanted.into_iter().enumerate() {
                let got = verdict[side][axis].as_f64().unwrap() as f32;
                // It turns each part's box, which is larger than the part where a node is turned.
                let room = if *name == "placed" {
                    size * 0.3
                } else {
                    size * 1e-5
                };
                assert!(
                    (got - wanted).abs() <= room,
                    "{name} {side} {axis}: {got}, {wanted}"
                );
            }
        }
    }
}

#[test]
fn what_cannot_move_is_said_and_what_is_too_large_refused() {
    let warnings = Mutex::new(Vec::new());
    let listener = |event: ProgressEvent| {
        if let ProgressEvent::Warning { message } = event {
            warnings.lock().unwrap().push(message.en);
        }
    };
    let stop = AtomicBool::new(false);
    let watch = Watch::new(&listener, &stop);
    let mut document = placed();
    document
        .root
        .animations
        .push(xoay_gltf::json::Animation::default());
    document.images[0].bytes = b"no picture".to_vec();
    write_usdz(&document, &Limits::default(), watch).unwrap();
    let said = warnings.lock().unwrap().join("\n");
    assert!(
        said.contains("at rest") && said.contains("images[0]"),
        "{said}"
    );
    let limits = Limits {
        geometry_bytes: 100,
        ..Limits::default()
    };
    let error = write_usdz(&document, &limits, watch).unwrap_err();
    assert!(matches!(error, GltfError::TooLarge { .. }), "{error}");
    let error = write_usdz(&Document::default(), &Limits::default(), watch).unwrap_err();
    assert!(error.to_string().contains("no triangles"), "{error}");
}
