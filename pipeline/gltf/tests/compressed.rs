//! Files that other programs compressed: Draco's geometry, KTX 2 and AVIF textures.

mod sample;

use sample::compressed::{KTX2_LEFT, KTX2_RIGHT, draco, ktx2, textured};
use serde_json::{Value, json};
use xoay_format::Watch;
use xoay_gltf::{GltfError, Limits, OptimizeOptions, optimize, read_bytes};
use xoay_imaging::{Channels, Encoding, Raster};

#[test]
fn draco_geometry_becomes_plain_accessors() {
    let (json, bin) = draco(20);
    let document = read_bytes(&sample::glb(&json, &bin), &Limits::default()).unwrap();
    let stats = document.stats();
    assert_eq!((stats.triangles, stats.vertices), (36, 20));
    let greatest = stats.bounds.max;
    assert!((greatest[0] - 9.5).abs() < 0.01, "{greatest:?}");
    assert_eq!(document.accessors[0].name.as_deref(), Some("chỗ"));
    // Colours stay with their vertices, whatever the order.
    let positions = document.accessors[0].to_f32();
    for (position, color) in positions
        .chunks_exact(3)
        .zip(document.accessors[2].bytes().chunks_exact(4))
    {
        let number = f32::from(color[0]) * 0.5;
        assert!((position[0] - number).abs() < 0.01);
    }
    assert!(document.root.extensions_used.is_empty());
    assert!(document.root.extensions_required.is_empty());
    let optimized = optimize(document, &OptimizeOptions::default(), Watch::silent()).unwrap();
    assert_eq!(optimized.report.after.triangles, 36);
    let again = read_bytes(&optimized.glb, &Limits::default()).unwrap();
    assert_eq!(again.stats().triangles, 36);
}

#[test]
fn geometry_that_is_there_uncompressed_is_read_as_it_is() {
    let (mut json, mut bin) = draco(3);
    let stream = bin.len().next_multiple_of(4);
    bin.resize(stream, 0);
    for value in [0f32, 0., 7., 1., 0., 7., 0., 1., 7.] {
        bin.extend(value.to_le_bytes());
    }
    bin.extend([0, 0, 1, 0, 2, 0, 0, 0]);
    bin.extend([0; 12]);
    json["extensionsRequired"] = json!([]);
    json["buffers"][0]["byteLength"] = json!(bin.len());
    let views = json["bufferViews"].as_array_mut().unwrap();
    for (offset, length) in [(0, 36), (36, 6), (44, 12)] {
        views.push(json!({ "buffer": 0, "byteOffset": stream + offset, "byteLength": length }));
    }
    json["accessors"][1]["componentType"] = json!(5123);
    for index in 0..3 {
        json["accessors"][index]["bufferView"] = json!(index + 1);
    }
    let document = read_bytes(&sample::glb(&json, &bin), &Limits::default()).unwrap();
    assert!((document.bounds().max[2] - 7.0).abs() < 1e-6);
    assert!(document.root.extensions_used.is_empty());
}

#[test]
fn draco_that_lies_is_refused_and_named() {
    let (json, bin) = draco(20);
    let refused = |json: &Value, bin: &[u8]| {
        let error = read_bytes(&sample::glb(json, bin), &Limits::default())
            .map(|d| d.stats())
            .unwrap_err();
        let text = error.to_string();
        assert!(text.contains("meshes[0].primitives[0]"), "{text}");
    };
    for length in 0..bin.len() {
        let mut cut = json.clone();
        cut["bufferViews"][0]["byteLength"] = json!(length);
        // Its last bytes may only fill up: without them the mesh is whole or refused.
        match read_bytes(&sample::glb(&cut, &bin), &Limits::default()) {
            Ok(document) => {
                assert!(length + 8 > bin.len(), "{length} of {}", bin.len());
                assert_eq!(document.stats().triangles, 36);
            }
            Err(_) => refused(&cut, &bin),
        }
    }
    for (pointer, value) in [
        ("/bufferView", json!(9)),
        ("/attributes/POSITION", json!(7)),
        ("/attributes", json!([])),
    ] {
        let mut lie = json.clone();
        let extension = "/meshes/0/primitives/0/extensions/KHR_draco_mesh_compression";
        *lie.pointer_mut(&format!("{extension}{pointer}")).unwrap() = value;
        refused(&lie, &bin);
    }
    let mut matrix = json.clone();
    matrix["accessors"][0]["type"] = json!("MAT4");
    refused(&matrix, &bin);
    let little = Limits {
        geometry_bytes: 500,
        ..Limits::default()
    };
    let error = read_bytes(&sample::glb(&json, &bin), &little)
        .map(|d| d.stats())
        .unwrap_err();
    assert!(matches!(error, GltfError::TooLarge { .. }), "{error}");
    for at in 0..bin.len() {
        let mut changed = bin.clone();
        changed[at] ^= 0x5a;
        let _ = read_bytes(&sample::glb(&json, &changed), &Limits::default());
    }
}

#[test]
fn ktx2_textures_become_plain_pictures() {
    let texture = json!({ "extensions": { "KHR_texture_basisu": { "source": 0 } } });
    let file = textured(&ktx2(), &texture, "KHR_texture_basisu");
    let document = read_bytes(&file, &Limits::default()).unwrap();
    assert_eq!(document.root.textures[0].source, Some(0));
    assert!(document.root.textures[0].extensions.is_empty());
    assert!(document.root.extensions_required.is_empty());
    let pixels =
        xoay_gltf::textures::decode("images[0]", &document.images[0].bytes, &Limits::default())
            .unwrap();
    assert_eq!((pixels.width, pixels.height), (8, 4));
    assert_eq!(pixels.rgba[..4], KTX2_LEFT);
    assert_eq!(pixels.rgba[16..20], KTX2_RIGHT);
    let optimized = optimize(document, &OptimizeOptions::default(), Watch::silent()).unwrap();
    assert!(optimized.report.warnings.is_empty());
    assert!(read_bytes(&optimized.glb, &Limits::default()).is_ok());
}

#[test]
fn ktx2_that_lies_is_refused_and_named() {
    let whole = ktx2();
    let texture = json!({ "extensions": { "KHR_texture_basisu": { "source": 0 } } });
    let open = |picture: &[u8], limits: &Limits| {
        read_bytes(&textured(picture, &texture, "KHR_texture_basisu"), limits)
    };
    for end in 12..whole.len() {
        let error = open(&whole[..end], &Limits::default()).unwrap_err();
        assert!(error.to_string().contains("images[0]"), "{end}: {error}");
    }
    for at in 12..whole.len() {
        for flip in [1, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[at] ^= flip;
            let _ = open(&changed, &Limits::default());
        }
    }
    let mut vast = whole.clone();
    vast[20..28].fill(0xff);
    let error = open(&vast, &Limits::default()).unwrap_err();
    assert!(matches!(error, GltfError::TooLarge { .. }), "{error}");
}

#[test]
fn avif_textures_become_plain_pictures() {
    if !xoay_imaging::can_read_back(xoay_format::ImageFormat::Avif) {
        return;
    }
    let raster = Raster::new(64, 32, Channels::Rgb, vec![90; 64 * 32 * 3]).unwrap();
    let avif = xoay_imaging::encode(
        &raster,
        Encoding::Avif {
            quality: 80,
            speed: 10,
        },
    )
    .unwrap();
    let texture = json!({ "extensions": { "EXT_texture_avif": { "source": 0 } } });
    let open = |picture: &[u8], limits: &Limits| {
        read_bytes(&textured(picture, &texture, "EXT_texture_avif"), limits)
    };
    let document = open(&avif, &Limits::default()).unwrap();
    assert_eq!(document.root.textures[0].source, Some(0));
    assert!(document.root.extensions_used.is_empty());
    assert_eq!(document.stats().texture_memory_bytes, 64 * 32 * 16 / 3);
    let little = Limits {
        texture_pixels: 1000,
        ..Limits::default()
    };
    assert!(matches!(
        open(&avif, &little),
        Err(GltfError::TooLarge { .. })
    ));
    // What cannot be unpacked stays as it came.
    let cut = &avif[..avif.len() / 2];
    let document = open(cut, &Limits::default()).unwrap();
    assert_eq!(document.images[0].bytes, cut);
    assert_eq!(document.root.extensions_used, ["EXT_texture_avif"]);
}
