//! Small models, one for each thing that glTF lets a surface do. All made here, from spheres and a sheet.

pub(super) mod writer;

use std::f32::consts::TAU;

use image::{Rgba, RgbaImage};
use serde_json::{Value, json};

use self::writer::{Mesh, Writer, sphere};

/// A model's name and its GLB.
pub(super) type Model = (String, Vec<u8>);

/// The model whose opaque surface has a texture with holes: glTF says that they do not count.
pub(super) const OPAQUE_BELOW_ALPHA_0: &str = "opaque below alpha 0";

const GOLD: [f32; 4] = [1.0, 0.77, 0.34, 1.0];
const RED: [f32; 4] = [0.8, 0.05, 0.05, 1.0];
const BLUE: [f32; 4] = [0.05, 0.1, 0.6, 1.0];
const GREY: [f32; 4] = [0.2, 0.2, 0.2, 1.0];
const WHITE: [f32; 4] = [0.9, 0.9, 0.9, 1.0];

/// One of each.
pub(super) fn all() -> Vec<Model> {
    let mut all = plain_gltf();
    all.extend(coats());
    all.extend(glass());
    all.extend([vertex_colours(), quantised(), bent()]);
    all
}

fn plain(colour: [f32; 4], metal: f32, rough: f32) -> Value {
    json!({ "pbrMetallicRoughness": { "baseColorFactor": colour, "metallicFactor": metal, "roughnessFactor": rough } })
}

fn textured(index: u32) -> Value {
    let texture = json!({ "index": index });
    json!({ "pbrMetallicRoughness": { "baseColorTexture": texture, "metallicFactor": 0, "roughnessFactor": 0.7 } })
}

fn with(mut material: Value, key: &str, value: Value) -> Value {
    material[key] = value;
    material
}

fn extended(material: Value, name: &str, value: Value) -> Value {
    let mut extensions = Value::Object(serde_json::Map::new());
    extensions[format!("KHR_materials_{name}")] = value;
    with(material, "extensions", extensions)
}

/// What glTF has without extensions, and two that change little.
fn plain_gltf() -> Vec<Model> {
    let transform = json!({ "offset": [0.25, 0.1], "scale": [2, 3], "rotation": 0.4 });
    let moved = json!({ "index": 0, "extensions": { "KHR_texture_transform": transform } });
    let moved = json!({ "pbrMetallicRoughness": { "baseColorTexture": moved, "metallicFactor": 0, "roughnessFactor": 0.7 } });
    let worn = json!({ "pbrMetallicRoughness": { "baseColorFactor": GOLD, "metallicRoughnessTexture": { "index": 2 } }, "occlusionTexture": { "index": 2 } });
    let dark = || plain(GREY, 0.0, 0.9);
    let lit = with(dark(), "emissiveFactor", json!([0.2, 0.1, 0.05]));
    let strength = json!({ "emissiveStrength": 4 });
    let cut = with(textured(3), "alphaMode", json!("MASK"));
    vec![
        spheres(
            "metal and roughness",
            &[
                plain(GOLD, 1.0, 0.2),
                plain(RED, 0.0, 0.25),
                plain(BLUE, 0.0, 0.9),
            ],
        ),
        spheres("textures", &[textured(0), moved, worn]),
        spheres(
            "bumps and light",
            &[
                with(
                    plain(WHITE, 0.0, 0.4),
                    "normalTexture",
                    json!({ "index": 1 }),
                ),
                with(dark(), "emissiveFactor", json!([0.1, 0.5, 0.2])),
                extended(lit, "emissive_strength", strength),
            ],
        ),
        spheres(OPAQUE_BELOW_ALPHA_0, &[textured(3)]),
        spheres(
            "alpha",
            &[
                textured(0),
                with(cut, "doubleSided", json!(true)),
                with(
                    plain([0.8, 0.2, 0.1, 0.5], 0.0, 0.5),
                    "alphaMode",
                    json!("BLEND"),
                ),
            ],
        ),
        spheres(
            "unlit",
            &[
                extended(plain(GOLD, 0.0, 1.0), "unlit", json!({})),
                extended(textured(0), "unlit", json!({})),
                plain(WHITE, 0.0, 1.0),
            ],
        ),
    ]
}

/// Layers on top of a surface.
fn coats() -> Vec<Model> {
    let coat = |rough: f32| json!({ "clearcoatFactor": 1, "clearcoatRoughnessFactor": rough });
    let sheen = |colour: [f32; 3], rough: f32| json!({ "sheenColorFactor": colour, "sheenRoughnessFactor": rough });
    vec![
        spheres(
            "clearcoat",
            &[
                plain(RED, 0.0, 0.8),
                extended(plain(RED, 0.0, 0.8), "clearcoat", coat(0.05)),
                extended(plain(GREY, 1.0, 0.6), "clearcoat", coat(0.3)),
            ],
        ),
        spheres(
            "sheen",
            &[
                plain(BLUE, 0.0, 0.9),
                extended(plain(BLUE, 0.0, 0.9), "sheen", sheen([0.9; 3], 0.4)),
                extended(plain(GREY, 0.0, 1.0), "sheen", sheen([1.0, 0.2, 0.1], 0.8)),
            ],
        ),
    ]
}

/// What light does at and behind a surface.
fn glass() -> Vec<Model> {
    let through = json!({ "transmissionFactor": 1 });
    let honey = json!({ "thicknessFactor": 0.8, "attenuationColor": [0.9, 0.5, 0.1], "attenuationDistance": 0.6 });
    let honey = json!({ "KHR_materials_transmission": through, "KHR_materials_volume": honey });
    let shiny = || plain(GREY, 0.0, 0.2);
    vec![
        spheres(
            "transmission",
            &[
                extended(plain(WHITE, 0.0, 0.05), "transmission", through),
                plain(RED, 0.0, 0.5),
                with(plain(WHITE, 0.0, 0.3), "extensions", honey),
            ],
        ),
        spheres(
            "specular and ior",
            &[
                extended(shiny(), "specular", json!({ "specularFactor": 0 })),
                extended(
                    shiny(),
                    "specular",
                    json!({ "specularColorFactor": [1, 0.4, 0.1] }),
                ),
                extended(shiny(), "ior", json!({ "ior": 2.2 })),
            ],
        ),
    ]
}

/// Three spheres side by side, each of its own material. Textures: 0 colours, 1 bumps, 2 occlusion, roughness and
/// metal, 3 colours with holes.
fn spheres(name: &str, materials: &[Value]) -> Model {
    let mut writer = Writer::new();
    if name == "transmission"
        || materials
            .iter()
            .any(|material| material.to_string().contains("\"index\""))
    {
        let picture = |paint: fn(f32, f32) -> [f32; 4]| {
            RgbaImage::from_fn(64, 32, |x, y| {
                Rgba(paint(x as f32 / 64.0, y as f32 / 32.0).map(|v| (v * 255.0).round() as u8))
            })
        };
        writer.texture(&picture(|u, v| {
            let dark = (((u * 8.0) as i32) + ((v * 4.0) as i32)) % 2 == 0;
            if dark {
                [0.1, 0.3, 0.5, 1.0]
            } else {
                [0.9, 0.7, 0.2 + 0.6 * u, 1.0]
            }
        }));
        writer.texture(&picture(|u, v| {
            [
                0.5 + 0.3 * (u * TAU * 8.0).sin(),
                0.5 + 0.3 * (v * TAU * 4.0).sin(),
                0.9,
                1.0,
            ]
        }));
        writer.texture(&picture(|u, v| {
            [
                0.3 + 0.7 * v,
                0.1 + 0.8 * u,
                if v > 0.5 { 1.0 } else { 0.0 },
                1.0,
            ]
        }));
        writer.texture(&picture(|u, v| {
            let hole = (u * 10.0).fract() < 0.4 && (v * 5.0).fract() < 0.4;
            [0.2, 0.6, 0.3, if hole { 0.0 } else { 1.0 }]
        }));
    }
    let primitive = writer.primitive(&sphere(32, 20));
    for (at, material) in materials.iter().enumerate() {
        let material = writer.push("materials", material.clone());
        let mut primitive = primitive.clone();
        primitive["material"] = json!(material);
        let mesh = writer.push("meshes", json!({ "primitives": [primitive] }));
        writer.node(json!({ "mesh": mesh, "translation": [at as f32 * 1.1 - 1.1, 0.5, 0] }));
    }
    if name == "transmission" {
        // What is seen through glass must be part of the model: what the page shows behind it is not known.
        let sheet = Mesh {
            positions: vec![
                [-1.8, -0.2, -0.6],
                [1.8, -0.2, -0.6],
                [-1.8, 1.2, -0.6],
                [1.8, 1.2, -0.6],
            ],
            normals: vec![[0.0, 0.0, 1.0]; 4],
            uvs: vec![[0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]],
            indices: vec![0, 1, 2, 2, 1, 3],
        };
        let mut primitive = writer.primitive(&sheet);
        let texture = writer.push("materials", json!({ "pbrMetallicRoughness": { "baseColorTexture": { "index": 0 }, "metallicFactor": 0, "roughnessFactor": 0.9 } }));
        primitive["material"] = json!(texture);
        let mesh = writer.push("meshes", json!({ "primitives": [primitive] }));
        writer.node(json!({ "mesh": mesh }));
    }
    (name.to_owned(), writer.finish())
}

fn vertex_colours() -> Model {
    let mut writer = Writer::new();
    let mesh = sphere(32, 20);
    let mut primitive = writer.primitive(&mesh);
    let colours: Vec<[f32; 3]> = mesh
        .normals
        .iter()
        .map(|n| n.map(|x| f32::midpoint(x, 1.0)))
        .collect();
    primitive["attributes"]["COLOR_0"] = json!(writer.floats(&colours));
    let material = writer.push(
        "materials",
        json!({ "pbrMetallicRoughness": { "metallicFactor": 0, "roughnessFactor": 0.9 } }),
    );
    primitive["material"] = json!(material);
    let mesh = writer.push("meshes", json!({ "primitives": [primitive] }));
    writer.node(json!({ "mesh": mesh }));
    ("vertex colours".to_owned(), writer.finish())
}

/// Positions in 16 bits, normals in 8, as optimisers write them, brought to size by the node.
fn quantised() -> Model {
    let mut writer = Writer::new();
    let mesh = sphere(32, 20);
    let positions: Vec<u8> = mesh
        .positions
        .iter()
        .flat_map(|p| [p[0], p[1] * 1.6, p[2], 0.0])
        .flat_map(|v| ((v * 1.2 * 32767.0) as i16).to_le_bytes())
        .collect();
    let normals: Vec<u8> = mesh
        .normals
        .iter()
        .flat_map(|n| [n[0], n[1], n[2], 0.0])
        .map(|v| (v * 127.0) as i8 as u8)
        .collect();
    let count = mesh.positions.len();
    let view = writer.view(&positions, json!({ "byteStride": 8, "target": 34962 }));
    let bounds = json!({ "normalized": true, "min": [-0.6, -0.96, -0.6], "max": [0.6, 0.96, 0.6] });
    let position = writer.accessor_of(view, count, "VEC3", 5122, bounds);
    let view = writer.view(&normals, json!({ "byteStride": 4, "target": 34962 }));
    let normal = writer.accessor_of(view, count, "VEC3", 5120, json!({ "normalized": true }));
    let indices = writer.indices(&mesh.indices);
    let material = writer.push("materials", json!({ "pbrMetallicRoughness": { "baseColorFactor": [0.1, 0.5, 0.3, 1], "metallicFactor": 0, "roughnessFactor": 0.4 } }));
    let mesh = writer.push("meshes", json!({ "primitives": [{ "attributes": { "POSITION": position, "NORMAL": normal }, "indices": indices, "material": material }] }));
    writer.node(json!({ "mesh": mesh, "scale": [0.2, 0.2, 0.2], "translation": [0, 0.3, 0] }));
    writer.json["extensionsRequired"] = json!(["KHR_mesh_quantization"]);
    ("quantised".to_owned(), writer.finish())
}

/// A tall body bent by two joints and swollen by a shape, both as they stand before any animation.
fn bent() -> Model {
    let mut writer = Writer::new();
    let mut mesh = sphere(24, 32);
    for p in &mut mesh.positions {
        *p = [p[0] * 0.5, p[1] * 3.0, p[2] * 0.5];
    }
    let mut primitive = writer.primitive(&mesh);
    let joints: Vec<u8> = mesh.positions.iter().flat_map(|_| [0, 1, 0, 0]).collect();
    let weights: Vec<[f32; 4]> = mesh
        .positions
        .iter()
        .map(|p| (p[1] / 1.5).clamp(-0.5, 0.5) + 0.5)
        .map(|upper| [1.0 - upper, upper, 0.0, 0.0])
        .collect();
    primitive["attributes"]["JOINTS_0"] =
        json!(writer.accessor(&joints, weights.len(), "VEC4", 5121, json!({})));
    primitive["attributes"]["WEIGHTS_0"] = json!(writer.floats(&weights));
    let swollen: Vec<[f32; 3]> = mesh
        .normals
        .iter()
        .map(|n| [n[0] * 0.4, 0.0, n[2] * 0.4])
        .collect();
    primitive["targets"] = json!([{ "POSITION": writer.floats(&swollen) }]);
    let material = writer.push("materials", json!({ "pbrMetallicRoughness": { "baseColorFactor": [0.7, 0.4, 0.2, 1], "metallicFactor": 0, "roughnessFactor": 0.6 } }));
    primitive["material"] = json!(material);
    let mesh = writer.push(
        "meshes",
        json!({ "primitives": [primitive], "weights": [0.6] }),
    );
    let same = [
        1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0_f32,
    ];
    let inverses = writer.floats(&[same, same]);
    // A quarter of a right angle around Z.
    let upper = writer.push("nodes", json!({ "rotation": [0, 0, 0.3827, 0.9239] }));
    let lower = writer.node(json!({ "children": [upper] }));
    writer.push(
        "skins",
        json!({ "joints": [lower, upper], "inverseBindMatrices": inverses }),
    );
    writer.node(json!({ "mesh": mesh, "skin": 0 }));
    ("bent".to_owned(), writer.finish())
}
