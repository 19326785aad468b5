#![expect(clippy::float_cmp, reason = "the numbers are copied, not computed")]
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

mod moving;

/// A GLB of these two chunks.
fn glb(document: &Value, binary: &[u8]) -> Vec<u8> {
    let mut text = document.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    let mut binary = binary.to_vec();
    binary.resize(binary.len().next_multiple_of(4), 0);
    let mut out = b"glTF\x02\0\0\0".to_vec();
    let total = 12 + 8 + text.len() + 8 + binary.len();
    out.extend((total as u32).to_le_bytes());
    for (kind, chunk) in [(b"JSON", &text), (b"BIN\0", &binary)] {
        out.extend((chunk.len() as u32).to_le_bytes());
        out.extend(kind);
        out.extend(chunk);
    }
    out
}

/// One triangle: three packed float positions, then three 16-bit indices.
fn triangle() -> (Value, Vec<u8>) {
    let mut binary: Vec<u8> = [0.0_f32, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 4.0, 0.0]
        .iter()
        .flat_map(|n| n.to_le_bytes())
        .collect();
    binary.extend([0, 0, 1, 0, 2, 0]);
    let document = json!({
        "asset": { "version": "2.0" },
        "buffers": [{ "byteLength": 42 }],
        "bufferViews": [
            { "buffer": 0, "byteLength": 36 },
            { "buffer": 0, "byteOffset": 36, "byteLength": 6 },
        ],
        "accessors": [
            { "bufferView": 0, "componentType": 5126, "type": "VEC3", "count": 3 },
            { "bufferView": 1, "componentType": 5123, "type": "SCALAR", "count": 3 },
        ],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 }, "indices": 1 }] }],
        "nodes": [
            { "children": [1], "translation": [0, 0, 5] },
            { "mesh": 0, "scale": [10, 1, 1] },
        ],
        "scenes": [{ "nodes": [0] }],
    });
    (document, binary)
}

fn read(change: impl Fn(&mut Value, &mut Vec<u8>)) -> Result<Model, GltfError> {
    let (mut document, mut binary) = triangle();
    change(&mut document, &mut binary);
    Model::read(&glb(&document, &binary))
}

#[test]
fn a_triangle_is_read_and_measured() {
    let model = read(|_, _| {}).unwrap();
    assert_eq!((model.draws.len(), model.triangles()), (1, 1));
    assert_eq!((model.min, model.max), ([0.0, 0.0, 5.0], [20.0, 4.0, 5.0]));
    assert!((model.radius - 10.0).abs() < 1e-5);
    assert_eq!(model.draws[0].material, 0, "the default material");
    assert!((model.materials[0].roughness_factor - 1.0).abs() < 1e-6);
}

#[test]
fn meshopt_views_are_unpacked() {
    let (mut document, binary) = triangle();
    let points: Vec<[u8; 12]> = binary[..36]
        .chunks_exact(12)
        .map(|c| c.try_into().unwrap())
        .collect();
    let vertices = ::meshopt::encode_vertex_buffer_level(&points, 2, Some(1)).unwrap();
    let indices = ::meshopt::encode_index_buffer(&[0, 1, 2], 3).unwrap();
    let view = |at: usize, data: &[u8], mode: &str, stride: usize, name: &str| {
        let packed = json!({ "buffer": 0, "byteOffset": at, "byteLength": data.len(), "byteStride": stride, "count": 3, "mode": mode });
        json!({ "buffer": 1, "byteLength": 3 * stride, "extensions": { name: packed } })
    };
    document["buffers"] = json!([
        { "byteLength": vertices.len() + indices.len() },
        { "byteLength": 42, "extensions": { "EXT_meshopt_compression": { "fallback": true } } },
    ]);
    document["extensionsRequired"] = json!(["EXT_meshopt_compression"]);
    document["bufferViews"] = json!([
        view(0, &vertices, "ATTRIBUTES", 12, "EXT_meshopt_compression"),
        view(
            vertices.len(),
            &indices,
            "TRIANGLES",
            2,
            "KHR_meshopt_compression"
        ),
    ]);
    let packed = Model::read(&glb(&document, &[vertices, indices].concat())).unwrap();
    assert_eq!(packed.views[0], binary[..36]);
    assert_eq!(packed.views[1], binary[36..42]);
}

#[test]
fn textures_bring_their_image_sampler_and_transform() {
    let model = read(|document, _| {
        document["images"] = json!([{ "uri": "a.png" }, { "bufferView": 1, "mimeType": "image/webp" }]);
        document["samplers"] = json!([{ "wrapS": 33071, "magFilter": 9728 }]);
        document["textures"] = json!([{ "source": 0, "sampler": 0, "extensions": { "EXT_texture_webp": { "source": 1 } } }]);
        let transform = json!({ "offset": [0.5, 0.25], "scale": [2, 3], "texCoord": 1 });
        document["materials"] = json!([{
            "pbrMetallicRoughness": { "baseColorTexture": { "index": 0, "extensions": { "KHR_texture_transform": transform } } },
            "alphaMode": "MASK", "doubleSided": true,
            "extensions": { "KHR_materials_unlit": {}, "KHR_materials_emissive_strength": { "emissiveStrength": 3 } },
            "emissiveFactor": [1, 0.5, 0],
        }]);
        document["meshes"][0]["primitives"][0]["material"] = json!(0);
    })
    .unwrap();
    let material = &model.materials[0];
    let texture = *material.texture(Slot::BaseColor).unwrap();
    assert_eq!((texture.image, texture.tex_coord), (1, 1));
    assert_eq!(
        (
            texture.sampler.wrap_s,
            texture.sampler.wrap_t,
            texture.sampler.nearest
        ),
        (33071, 10497, true)
    );
    assert_eq!(
        texture.transform,
        [2.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.5, 0.25, 1.0]
    );
    assert_eq!(material.alpha_mode, AlphaMode::Mask(0.5));
    assert_eq!(material.emissive_factor, [3.0, 1.5, 0.0]);
    assert!(material.unlit && material.double_sided);
    let webp = ImageSource::Bytes {
        view: 1,
        media_type: "image/webp".into(),
    };
    assert_eq!(model.images[1], webp);
}

#[test]
fn every_extension_of_a_material_is_read() {
    let model = read(|document, _| {
        document["materials"] = json!([{ "extensions": {
            "KHR_materials_transmission": { "transmissionFactor": 0.9 },
            "KHR_materials_volume": { "thicknessFactor": 0.2, "attenuationDistance": 0.5, "attenuationColor": [1, 0.5, 0.25] },
            "KHR_materials_ior": { "ior": 1.33 },
            "KHR_materials_specular": { "specularFactor": 0.5, "specularColorFactor": [1, 0.8, 0.6] },
            "KHR_materials_clearcoat": { "clearcoatFactor": 0.7, "clearcoatRoughnessFactor": 0.1, "clearcoatNormalTexture": { "index": 0, "scale": 0.3 } },
            "KHR_materials_sheen": { "sheenColorFactor": [0.1, 0.2, 0.3], "sheenRoughnessFactor": 0.4 },
        } }]);
        document["images"] = json!([{ "uri": "a.png" }]);
        document["textures"] = json!([{ "source": 0 }]);
    })
    .unwrap();
    let m = &model.materials[0];
    assert!(m.transmits() && m.coated() && m.sheened());
    assert_eq!(
        (
            m.transmission_factor,
            m.thickness_factor,
            m.attenuation_distance
        ),
        (0.9, 0.2, 0.5)
    );
    assert_eq!(
        (m.ior, m.specular_factor, m.specular_color_factor),
        (1.33, 0.5, [1.0, 0.8, 0.6])
    );
    assert_eq!(
        (
            m.clearcoat_factor,
            m.clearcoat_roughness_factor,
            m.clearcoat_normal_scale
        ),
        (0.7, 0.1, 0.3)
    );
    assert_eq!(
        (m.sheen_color_factor, m.sheen_roughness_factor),
        ([0.1, 0.2, 0.3], 0.4)
    );
    assert_eq!(m.texture(Slot::ClearcoatNormal).unwrap().image, 0);
    assert!(m.texture(Slot::Normal).is_none());
    // The default material has none of it.
    let plain = &model.materials[1];
    assert!(!plain.transmits() && !plain.coated() && !plain.sheened());
    assert_eq!(plain.ior, 1.5);
}

/// Changes a value of the document, given as a JSON pointer; the file must then be refused.
fn refuses(pointer: &str, value: Value) -> GltfError {
    let (mut document, binary) = triangle();
    if let Some(slot) = document.pointer_mut(pointer) {
        *slot = value;
    } else {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[name] = value;
    }
    Model::read(&glb(&document, &binary)).expect_err(pointer)
}

#[test]
fn lies_are_refused() {
    let lies = [
        ("/bufferViews/0/byteLength", json!(4000)),
        ("/bufferViews/0/byteOffset", json!(u32::MAX)),
        ("/bufferViews/0/buffer", json!(7)),
        ("/accessors/0/count", json!(4)),
        ("/accessors/0/count", json!(4_000_000_000_u32)),
        ("/accessors/0/byteOffset", json!(4)),
        ("/accessors/0/byteOffset", json!(2)),
        ("/accessors/0/sparse", json!({ "count": 1 })),
        (
            "/accessors/0/sparse",
            json!({ "count": 1, "indices": { "bufferView": 1, "byteOffset": 4, "componentType": 5123 }, "values": { "bufferView": 0, "byteOffset": 30 } }),
        ),
        ("/skins", json!([{ "joints": [] }])),
        ("/animations", json!([{ "samplers": [{ "input": 1 }] }])),
        ("/accessors/0/componentType", json!(1)),
        ("/accessors/0/type", json!("MAT4")),
        ("/accessors/0/bufferView", json!(9)),
        ("/accessors/1/componentType", json!(5126)),
        ("/bufferViews/0/byteStride", json!(8)),
        ("/bufferViews/0/byteStride", json!(65536)),
        ("/meshes/0/primitives/0/attributes/POSITION", json!(5)),
        ("/meshes/0/primitives/0/material", json!(3)),
        ("/nodes/1/mesh", json!(4)),
        ("/nodes/1/children", json!([0])),
        ("/scenes/0/nodes", json!([17])),
        ("/extensionsRequired", json!(["EXT_mesh_gpu_instancing"])),
        ("/buffers/0/uri", json!("other.bin")),
    ];
    for (pointer, value) in lies {
        let error = refuses(pointer, value);
        assert!(!error.to_string().is_empty());
    }
    let error = read(|_, binary| binary[40] = 9).unwrap_err();
    assert!(
        error.to_string().contains("a vertex that does not exist"),
        "{error}"
    );
}

#[test]
fn a_required_extension_is_named() {
    let error = refuses("/extensionsRequired", json!(["EXT_mesh_gpu_instancing"]));
    assert_eq!(
        error,
        GltfError::Unsupported("EXT_mesh_gpu_instancing".into())
    );
    let text = xoay_format::Localize::text(&error);
    assert!(text.vi.contains("chưa hỗ trợ") && text.en.contains("EXT_mesh_gpu_instancing"));
}

#[test]
fn every_truncated_file_is_an_error() {
    let (document, binary) = triangle();
    let whole = glb(&document, &binary);
    assert!(Model::read(&whole).is_ok());
    for end in 0..whole.len() {
        assert!(Model::read(&whole[..end]).is_err(), "{end}");
    }
}

proptest! {
    #[test]
    fn a_changed_byte_never_panics(at in 0..900_usize, byte: u8) {
        let (document, binary) = triangle();
        let mut whole = glb(&document, &binary);
        let at = at % whole.len();
        whole[at] = byte;
        let _ = Model::read(&whole);
    }
}
