//! What is written, judged by the Khronos glTF validator, which `cargo xtask test` installs.

mod sample;

use std::path::{Path, PathBuf};
use std::process::Command;

use sample::{Recipe, compressed, doors};
use serde_json::Value;
use xoay_format::Watch;
use xoay_gltf::{Document, Limits, OptimizeOptions, optimize, read, read_bytes};

/// The number of errors that the validator finds in each file, and its words.
fn errors(files: &[PathBuf]) -> Vec<(u64, String)> {
    let script = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tools/validator/validate.mjs");
    assert!(
        script.is_file(),
        "the validator is missing: run `cargo xtask test` once, it installs the test tools"
    );
    let output = Command::new("node")
        .arg(script)
        .args(files)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let verdicts: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        verdicts.len(),
        files.len(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    verdicts
        .into_iter()
        .map(|verdict| {
            (
                verdict["errors"].as_u64().unwrap(),
                verdict["messages"].to_string(),
            )
        })
        .collect()
}

fn inputs() -> Vec<(String, Document)> {
    let open = |bytes: &[u8]| read_bytes(bytes, &Limits::default()).unwrap();
    let square = Recipe {
        positions: vec![
            [0.0, 0.0, 0.0],
            [1.0, 0.0, 0.0],
            [1.0, 1.0, 0.5],
            [0.0, 1.0, 0.5],
        ],
        triangles: vec![[0, 1, 2], [0, 2, 3], [0, 2, 3]],
        ..sample::triangle()
    };
    let recipes = [
        ("triangle", sample::triangle()),
        ("square", square.clone()),
        (
            "soup",
            Recipe {
                indexed: false,
                normals: false,
                ..square.clone()
            },
        ),
        (
            "placed",
            Recipe {
                translation: [1.0, 2.0, 3.0],
                scale: 0.3,
                angle: 1.0,
                instances: 3,
                children: true,
                uv_span: 3.0,
                ..square
            },
        ),
    ];
    let mut inputs: Vec<(String, Document)> = recipes
        .into_iter()
        .map(|(name, recipe)| (name.to_owned(), sample::document(&recipe)))
        .collect();
    let mut add = |name: &str, document| inputs.push((name.to_owned(), document));
    let (json, bin) = compressed::draco(20);
    add("draco", open(&sample::glb(&json, &bin)));
    let texture = serde_json::json!({ "extensions": { "KHR_texture_basisu": { "source": 0 } } });
    let ktx2 = compressed::textured(&compressed::ktx2(), &texture, "KHR_texture_basisu");
    add("ktx2", open(&ktx2));
    add("obj", open(doors::CUBE.as_bytes()));
    for format in doors::PLY_FORMATS {
        add(format, open(&doors::ply(format, true)));
    }
    add("stl-ascii", open(&doors::stl_ascii()));
    add("stl-binary", open(&doors::stl_binary(b"solid", 0)));
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/models");
    for entry in std::fs::read_dir(models).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "glb") {
            let name = path.file_stem().unwrap().to_str().unwrap();
            add(name, read(&path, &Limits::default()).unwrap());
        }
    }
    inputs
}

#[test]
fn everything_that_is_written_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (name, document) in inputs() {
        let plain = folder.path().join(format!("{name}.plain.glb"));
        std::fs::write(&plain, document.to_glb().unwrap()).unwrap();
        let light = folder.path().join(format!("{name}.glb"));
        let optimized = optimize(document, &OptimizeOptions::default(), Watch::silent()).unwrap();
        std::fs::write(&light, optimized.glb).unwrap();
        files.extend([plain, light]);
    }
    for (file, (errors, words)) in files.iter().zip(errors(&files)) {
        assert_eq!(errors, 0, "{}: {words}", file.display());
    }
}
