//! Files that lie, contradict themselves or end too soon.

mod sample;

use proptest::prelude::*;
use sample::glb;
use serde_json::{Value, json};
use xoay_format::{Localize, Watch};
use xoay_gltf::{Document, GltfError, Limits, OptimizeOptions, optimize, read_bytes};

/// A sound triangle, as JSON to be damaged.
fn triangle() -> Value {
    json!({
        "asset": { "version": "2.0" },
        "scene": 0,
        "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 0 }, {}],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 }, "indices": 1 }] }],
        "accessors": [
            { "bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 0] },
            { "bufferView": 1, "componentType": 5123, "count": 3, "type": "SCALAR" }
        ],
        "bufferViews": [
            { "buffer": 0, "byteLength": 36 },
            { "buffer": 0, "byteOffset": 36, "byteLength": 6 }
        ],
        "buffers": [{ "byteLength": 42 }]
    })
}

fn triangle_bin() -> Vec<u8> {
    let mut bin: Vec<u8> = [0f32, 0., 0., 1., 0., 0., 0., 1., 0.]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    bin.extend([0, 0, 1, 0, 2, 0]);
    bin
}

fn open(json: &Value) -> Result<Document, GltfError> {
    read_bytes(&glb(json, &triangle_bin()), &Limits::default())
}

fn set(pointer: &str, value: Value) -> Value {
    let mut json = triangle();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match json.pointer_mut(parent).unwrap() {
        Value::Object(object) => {
            object.insert(name.to_owned(), value);
        }
        Value::Array(array) => array[name.parse::<usize>().unwrap()] = value,
        other => panic!("{other}"),
    }
    json
}

#[test]
fn the_sound_triangle_is_read() {
    let document = open(&triangle()).unwrap();
    assert_eq!(document.stats().triangles, 1);
    let greatest = document.stats().bounds.max.map(f32::to_bits);
    assert_eq!(greatest, [1.0f32, 1.0, 0.0].map(f32::to_bits));
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn every_lie_is_refused_and_named() {
    let compressed = |stride: u64, count: u64, mode: &str| {
        json!({ "EXT_meshopt_compression": {
            "buffer": 0, "byteOffset": 0, "byteLength": 36, "byteStride": stride, "count": count, "mode": mode } })
    };
    let lies = [
        ("/accessors/0/count", json!(4), "accessors[0]"),
        (
            "/accessors/0/count",
            json!(2_147_483_648u64),
            "accessors[0]",
        ),
        ("/accessors/0/count", json!(u64::MAX), "accessors[0]"),
        ("/accessors/0/byteOffset", json!(1), "accessors[0]"),
        ("/accessors/0/byteOffset", json!(u64::MAX), "accessors[0]"),
        ("/accessors/0/componentType", json!(5124), "accessors[0]"),
        ("/accessors/0/type", json!("VEC5"), "accessors[0]"),
        (
            "/accessors/0/type",
            json!("VEC2"),
            "meshes[0].primitives[0]",
        ),
        ("/accessors/0/bufferView", json!(9), "accessors[0]"),
        (
            "/accessors/0/sparse",
            json!({ "count": 9, "indices": { "bufferView": 1, "componentType": 5123 },
            "values": { "bufferView": 0 } }),
            "accessors[0].sparse",
        ),
        (
            "/accessors/0/sparse",
            json!({ "count": 1, "indices": { "bufferView": 0, "byteOffset": 12, "componentType": 5125 },
            "values": { "bufferView": 0 } }),
            "accessors[0].sparse",
        ),
        ("/accessors/1/count", json!(0xffff_ffff_u64), "accessors[1]"),
        (
            "/accessors/1/componentType",
            json!(5122),
            "meshes[0].primitives[0]",
        ),
        ("/bufferViews/0/byteLength", json!(43), "bufferViews[0]"),
        (
            "/bufferViews/0/byteLength",
            json!(u64::MAX),
            "bufferViews[0]",
        ),
        (
            "/bufferViews/0/byteOffset",
            json!(u64::MAX),
            "bufferViews[0]",
        ),
        ("/bufferViews/0/byteStride", json!(8), "accessors[0]"),
        ("/bufferViews/0/byteStride", json!(u64::MAX), "accessors[0]"),
        ("/bufferViews/0/buffer", json!(1), "bufferViews[0]"),
        (
            "/bufferViews/0/extensions",
            compressed(12, 3, "ATTRIBUTES"),
            "bufferViews[0]",
        ),
        (
            "/bufferViews/0/extensions",
            compressed(0, 3, "ATTRIBUTES"),
            "bufferViews[0]",
        ),
        (
            "/bufferViews/0/extensions",
            compressed(2, 18, "TRIANGLES"),
            "bufferViews[0]",
        ),
        (
            "/bufferViews/0/extensions",
            compressed(12, u64::MAX, "ATTRIBUTES"),
            "bufferViews[0]",
        ),
        ("/buffers/0/byteLength", json!(99), "buffers[0]"),
        ("/buffers/0/uri", json!("geometry.bin"), "buffers[0]"),
        (
            "/buffers/0/uri",
            json!("https://example.org/geometry.bin"),
            "buffers[0]",
        ),
        ("/nodes/0/mesh", json!(1), "meshes[1]"),
        ("/nodes/0/children", json!([2]), "nodes[2]"),
        ("/nodes/0/children", json!([0]), "nodes[0]"),
        ("/nodes/0/children", json!([1, 1]), "nodes[1]"),
        ("/nodes/0/translation", json!([1e300, 0, 0]), "nodes[0]"),
        ("/meshes/0/primitives/0/material", json!(0), "materials[0]"),
        ("/meshes/0/primitives/0/indices", json!(2), "accessors[2]"),
        (
            "/meshes/0/primitives/0/attributes/NORMAL",
            json!(1),
            "NORMAL cannot be of type SCALAR",
        ),
        ("/scene", json!(1), "scenes[1]"),
        ("/asset/version", json!("1.0"), "version 1.0"),
        ("/asset/minVersion", json!("2.1"), "version 2.1"),
        (
            "/textures",
            json!([{ "extensions": { "KHR_texture_basisu": { "source": 0 } } }]),
            "images[0]",
        ),
        ("/nodes", json!({}), "JSON"),
        ("/accessors/0/count", json!(-1), "JSON"),
        ("/accessors/0/count", json!(1.5), "JSON"),
    ];
    for (pointer, value, place) in lies {
        let error = open(&set(pointer, value.clone())).expect_err(pointer);
        let text = error.text();
        assert!(text.en.contains(place), "{pointer} = {value}: {}", text.en);
        assert!(!text.vi.is_empty() && text.vi != text.en, "{pointer}");
    }
}

#[test]
fn long_cycles_are_found() {
    let mut json = triangle();
    json["nodes"] = (0..1000)
        .map(|index| json!({ "children": [(index + 1) % 1000] }))
        .collect();
    assert!(open(&json).unwrap_err().to_string().contains("cycle"));
}

#[test]
fn deep_trees_are_read_and_deep_json_is_refused() {
    let mut json = triangle();
    let depth = 100_000;
    json["nodes"] = (0..depth)
        .map(|index| {
            if index + 1 < depth {
                json!({ "children": [index + 1] })
            } else {
                json!({ "mesh": 0 })
            }
        })
        .collect();
    let document = open(&json).unwrap();
    assert_eq!(document.stats().triangles, 1);
    optimize(document, &OptimizeOptions::default(), Watch::silent()).unwrap();

    let deep = format!(
        "{{\"asset\":{}1{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(matches!(
        read_bytes(deep.as_bytes(), &Limits::default()),
        Err(GltfError::Json { .. })
    ));
}

#[test]
fn indices_past_the_vertices_are_refused() {
    let mut bin = triangle_bin();
    bin[38] = 3;
    let error = read_bytes(&glb(&triangle(), &bin), &Limits::default()).unwrap_err();
    assert!(
        error.to_string().contains("index 3 is past its 3 vertices"),
        "{error}"
    );
}

#[test]
fn memory_is_refused_before_it_is_taken() {
    // Zeros need no bytes in the file.
    let mut json = set("/accessors/0/count", json!(4_000_000_000u64));
    json["accessors"][0]
        .as_object_mut()
        .unwrap()
        .remove("bufferView");
    assert!(matches!(open(&json), Err(GltfError::TooLarge { .. })));
    // Many accessors over one view add up.
    let mut json = triangle();
    let accessor = json["accessors"][0].clone();
    json["accessors"]
        .as_array_mut()
        .unwrap()
        .extend(std::iter::repeat_n(accessor, 100));
    let limits = Limits {
        geometry_bytes: 1000,
        ..Limits::default()
    };
    let error = read_bytes(&glb(&json, &triangle_bin()), &limits).unwrap_err();
    assert!(matches!(error, GltfError::TooLarge { .. }), "{error}");
    let limits = Limits {
        file_bytes: 100,
        ..Limits::default()
    };
    assert!(matches!(
        read_bytes(&glb(&triangle(), &[]), &limits),
        Err(GltfError::TooLarge { .. })
    ));
}

#[test]
fn every_truncated_prefix_is_an_error() {
    let optimized = optimize(
        sample::document(&sample::triangle()),
        &OptimizeOptions::default(),
        Watch::silent(),
    )
    .unwrap();
    for file in [glb(&triangle(), &triangle_bin()), optimized.glb] {
        assert!(read_bytes(&file, &Limits::default()).is_ok());
        for length in 0..file.len() {
            assert!(
                read_bytes(&file[..length], &Limits::default()).is_err(),
                "{length} of {}",
                file.len()
            );
        }
    }
}

#[test]
fn a_lying_chunk_length_is_refused() {
    let file = glb(&triangle(), &triangle_bin());
    let bin_header = file
        .windows(4)
        .position(|window| window == b"BIN\0")
        .unwrap()
        - 4;
    for offset in [8, 12, bin_header] {
        for lie in [u32::MAX, 0x8000_0000, file.len() as u32 + 1] {
            let mut damaged = file.clone();
            damaged[offset..offset + 4].copy_from_slice(&lie.to_le_bytes());
            let error = read_bytes(&damaged, &Limits::default()).unwrap_err();
            assert!(
                matches!(error, GltfError::Container { .. }),
                "{offset} {lie}: {error}"
            );
        }
    }
}

#[test]
fn what_is_no_model_is_said_to_be_none() {
    for bytes in [&b""[..], b"hello", b"\x89PNG\r\n\x1a\n", b"[]", b"   "] {
        assert!(
            matches!(
                read_bytes(bytes, &Limits::default()),
                Err(GltfError::NotAModel { .. })
            ),
            "{bytes:?}"
        );
    }
}

proptest! {
    #[test]
    fn random_damage_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)
    ) {
        let mut file = sample::document(&sample::triangle()).to_glb().unwrap();
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        if let Ok(document) = read_bytes(&file, &Limits::default()) {
            let _ = document.stats();
            let _ = optimize(document, &OptimizeOptions::default(), Watch::silent());
        }
    }
}

#[test]
fn gltf_with_files_beside_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("hình khối.bin"), triangle_bin()).unwrap();
    let json = set("/buffers/0/uri", json!("h%C3%ACnh%20kh%E1%BB%91i.bin"));
    let path = dir.path().join("model.gltf");
    std::fs::write(&path, serde_json::to_vec(&json).unwrap()).unwrap();
    let document = xoay_gltf::read(&path, &Limits::default()).unwrap();
    assert_eq!(document.stats().triangles, 1);
    assert_eq!(
        document.source_bytes(),
        std::fs::metadata(&path).unwrap().len() + 42
    );
}
