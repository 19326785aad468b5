//! Small models, one for each thing that glTF lets a surface do. All made here, from spheres and a sheet.

use std::f32::consts::{PI, TAU};
use std::io::Cursor;

use image::{ImageFormat, Rgba, RgbaImage};
use serde_json::{Value, json};

/// A model's name and its GLB.
pub(super) type Model = (String, Vec<u8>);

/// One of each.
pub(super) fn all() -> Vec<Model> {
    let plain = |colour: [f32; 4], metal: f32, rough: f32| json!({ "pbrMetallicRoughness": { "baseColorFactor": colour, "metallicFactor": metal, "roughnessFactor": rough } });
    let with = |mut material: Value, key: &str, value: Value| {
        material[key] = value;
        material
    };
    let extended = |colour, metal, rough, name: &str, value: Value| {
        with(
            plain(colour, metal, rough),
            "extensions",
            json!({ name: value }),
        )
    };
    let textured = |index: u32| json!({ "pbrMetallicRoughness": { "baseColorTexture": { "index": index }, "metallicFactor": 0, "roughnessFactor": 0.7 } });
    let (gold, red, blue, grey, white) = (
        [1.0, 0.77, 0.34, 1.0],
        [0.8, 0.05, 0.05, 1.0],
        [0.05, 0.1, 0.6, 1.0],
        [0.2, 0.2, 0.2, 1.0],
        [0.9, 0.9, 0.9, 1.0],
    );
    let moved = json!({ "index": 0, "extensions": { "KHR_texture_transform": { "offset": [0.25, 0.1], "scale": [2, 3], "rotation": 0.4 } } });
    vec![
        spheres(
            "metal and roughness",
            &[
                plain(gold, 1.0, 0.2),
                plain(red, 0.0, 0.25),
                plain(blue, 0.0, 0.9),
            ],
        ),
        spheres(
            "textures",
            &[
                textured(0),
                json!({ "pbrMetallicRoughness": { "baseColorTexture": moved, "metallicFactor": 0, "roughnessFactor": 0.7 } }),
                json!({ "pbrMetallicRoughness": { "baseColorFactor": gold, "metallicRoughnessTexture": { "index": 2 } }, "occlusionTexture": { "index": 2 } }),
            ],
        ),
        spheres(
            "bumps and light",
            &[
                with(
                    plain(white, 0.0, 0.4),
                    "normalTexture",
                    json!({ "index": 1, "scale": 1.0 }),
                ),
                with(
                    plain(grey, 0.0, 0.9),
                    "emissiveFactor",
                    json!([0.1, 0.5, 0.2]),
                ),
                with(
                    with(
                        plain(grey, 0.0, 0.9),
                        "emissiveFactor",
                        json!([0.2, 0.1, 0.05]),
                    ),
                    "extensions",
                    json!({ "KHR_materials_emissive_strength": { "emissiveStrength": 4 } }),
                ),
            ],
        ),
        spheres(
            "alpha",
            &[
                textured(3),
                with(
                    with(textured(3), "alphaMode", json!("MASK")),
                    "doubleSided",
                    json!(true),
                ),
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
                extended(gold, 0.0, 1.0, "KHR_materials_unlit", json!({})),
                with(
                    textured(0),
                    "extensions",
                    json!({ "KHR_materials_unlit": {} }),
                ),
                plain(white, 0.0, 1.0),
            ],
        ),
        spheres(
            "clearcoat",
            &[
                plain(red, 0.0, 0.8),
                extended(
                    red,
                    0.0,
                    0.8,
                    "KHR_materials_clearcoat",
                    json!({ "clearcoatFactor": 1, "clearcoatRoughnessFactor": 0.05 }),
                ),
                extended(
                    grey,
                    1.0,
                    0.6,
                    "KHR_materials_clearcoat",
                    json!({ "clearcoatFactor": 1, "clearcoatRoughnessFactor": 0.3 }),
                ),
            ],
        ),
        spheres(
            "sheen",
            &[
                plain(blue, 0.0, 0.9),
                extended(
                    blue,
                    0.0,
                    0.9,
                    "KHR_materials_sheen",
                    json!({ "sheenColorFactor": [0.9, 0.9, 0.9], "sheenRoughnessFactor": 0.4 }),
                ),
                extended(
                    grey,
                    0.0,
                    1.0,
                    "KHR_materials_sheen",
                    json!({ "sheenColorFactor": [1, 0.2, 0.1], "sheenRoughnessFactor": 0.8 }),
                ),
            ],
        ),
        spheres(
            "transmission",
            &[
                extended(
                    white,
                    0.0,
                    0.05,
                    "KHR_materials_transmission",
                    json!({ "transmissionFactor": 1 }),
                ),
                plain(red, 0.0, 0.5),
                with(
                    plain(white, 0.0, 0.3),
                    "extensions",
                    json!({ "KHR_materials_transmission": { "transmissionFactor": 1 }, "KHR_materials_volume": { "thicknessFactor": 0.8, "attenuationColor": [0.9, 0.5, 0.1], "attenuationDistance": 0.6 } }),
                ),
            ],
        ),
        spheres(
            "specular and ior",
            &[
                extended(
                    grey,
                    0.0,
                    0.2,
                    "KHR_materials_specular",
                    json!({ "specularFactor": 0 }),
                ),
                extended(
                    grey,
                    0.0,
                    0.2,
                    "KHR_materials_specular",
                    json!({ "specularColorFactor": [1, 0.4, 0.1] }),
                ),
                extended(grey, 0.0, 0.2, "KHR_materials_ior", json!({ "ior": 2.2 })),
            ],
        ),
        vertex_colours(),
        quantised(),
        bent(),
    ]
}

/// A mesh's numbers, as glTF takes them.
#[derive(Default)]
struct Mesh {
    positions: Vec<[f32; 3]>,
    normals: Vec<[f32; 3]>,
    uvs: Vec<[f32; 2]>,
    indices: Vec<u16>,
}

fn sphere(columns: u16, rows: u16) -> Mesh {
    let mut mesh = Mesh::default();
    for row in 0..=rows {
        for column in 0..=columns {
            let (u, v) = (
                f32::from(column) / f32::from(columns),
                f32::from(row) / f32::from(rows),
            );
            let ((sin_u, cos_u), (sin_v, cos_v)) = ((u * TAU).sin_cos(), (v * PI).sin_cos());
            let normal = [sin_u * sin_v, cos_v, cos_u * sin_v];
            mesh.normals.push(normal);
            mesh.positions.push(normal.map(|x| x * 0.5));
            mesh.uvs.push([u, v]);
        }
    }
    for row in 0..rows {
        for column in 0..columns {
            let a = row * (columns + 1) + column;
            let b = a + columns + 1;
            mesh.indices.extend([a, b, a + 1, a + 1, b, b + 1]);
        }
    }
    mesh
}

/// The binary chunk while it grows, and the JSON that says what lies where.
struct Writer {
    json: Value,
    bytes: Vec<u8>,
}

impl Writer {
    fn new() -> Self {
        let json = json!({ "asset": { "version": "2.0" }, "scene": 0, "scenes": [{ "nodes": [] }], "nodes": [], "meshes": [],
            "accessors": [], "bufferViews": [], "buffers": [{}] });
        Self {
            json,
            bytes: Vec::new(),
        }
    }

    fn push(&mut self, list: &str, item: Value) -> usize {
        let list = &mut self.json[list];
        if list.is_null() {
            *list = json!([]);
        }
        let list = list.as_array_mut().expect("a list of the document");
        list.push(item);
        list.len() - 1
    }

    fn view(&mut self, bytes: &[u8], extra: Value) -> usize {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let mut view = extra;
        view["buffer"] = json!(0);
        view["byteOffset"] = json!(self.bytes.len());
        view["byteLength"] = json!(bytes.len());
        self.bytes.extend(bytes);
        self.push("bufferViews", view)
    }

    fn accessor(
        &mut self,
        bytes: &[u8],
        count: usize,
        kind: &str,
        component: u32,
        extra: Value,
    ) -> usize {
        let view = self.view(bytes, json!({}));
        self.accessor_of(view, count, kind, component, extra)
    }

    fn accessor_of(
        &mut self,
        view: usize,
        count: usize,
        kind: &str,
        component: u32,
        extra: Value,
    ) -> usize {
        let mut accessor = extra;
        accessor["bufferView"] = json!(view);
        accessor["count"] = json!(count);
        accessor["type"] = json!(kind);
        accessor["componentType"] = json!(component);
        self.push("accessors", accessor)
    }

    fn floats<const N: usize>(&mut self, values: &[[f32; N]]) -> usize {
        let bytes: Vec<u8> = values
            .iter()
            .flatten()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let kind = ["", "SCALAR", "VEC2", "VEC3", "VEC4"]
            .get(N)
            .copied()
            .unwrap_or("MAT4");
        let bound = |pick: fn(f32, f32) -> f32| -> Vec<f32> {
            (0..N)
                .map(|k| values.iter().map(|v| v[k]).reduce(pick).unwrap_or(0.0))
                .collect()
        };
        let bounds = json!({ "min": bound(f32::min), "max": bound(f32::max) });
        self.accessor(&bytes, values.len(), kind, 5126, bounds)
    }

    fn indices(&mut self, values: &[u16]) -> usize {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.accessor(&bytes, values.len(), "SCALAR", 5123, json!({}))
    }

    fn primitive(&mut self, mesh: &Mesh) -> Value {
        let attributes = json!({ "POSITION": self.floats(&mesh.positions), "NORMAL": self.floats(&mesh.normals), "TEXCOORD_0": self.floats(&mesh.uvs) });
        json!({ "attributes": attributes, "indices": self.indices(&mesh.indices) })
    }

    fn node(&mut self, node: Value) -> usize {
        let index = self.push("nodes", node);
        self.json["scenes"][0]["nodes"]
            .as_array_mut()
            .expect("a list")
            .push(json!(index));
        index
    }

    fn texture(&mut self, picture: &RgbaImage) {
        let mut png = Cursor::new(Vec::new());
        picture
            .write_to(&mut png, ImageFormat::Png)
            .expect("PNG can hold any picture");
        let view = self.view(png.get_ref(), json!({}));
        let source = self.push(
            "images",
            json!({ "bufferView": view, "mimeType": "image/png" }),
        );
        self.push("textures", json!({ "source": source }));
    }

    fn finish(mut self) -> Vec<u8> {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self.json["buffers"][0]["byteLength"] = json!(self.bytes.len());
        let used: Vec<String> = [
            "unlit",
            "clearcoat",
            "sheen",
            "transmission",
            "volume",
            "specular",
            "ior",
            "emissive_strength",
        ]
        .iter()
        .map(|name| format!("KHR_materials_{name}"))
        .chain(["KHR_texture_transform", "KHR_mesh_quantization"].map(str::to_owned))
        .filter(|name| {
            self.json.to_string().contains(name.as_str())
                || (name == "KHR_mesh_quantization" && self.json["extensionsRequired"].is_array())
        })
        .collect();
        if !used.is_empty() {
            self.json["extensionsUsed"] = json!(used);
        }
        let mut text = self.json.to_string().into_bytes();
        text.resize(text.len().next_multiple_of(4), b' ');
        let mut glb = Vec::new();
        let word = |glb: &mut Vec<u8>, value: usize| glb.extend((value as u32).to_le_bytes());
        glb.extend(b"glTF");
        word(&mut glb, 2);
        word(&mut glb, 12 + 8 + text.len() + 8 + self.bytes.len());
        word(&mut glb, text.len());
        glb.extend(b"JSON");
        glb.extend(text);
        word(&mut glb, self.bytes.len());
        glb.extend(b"BIN\0");
        glb.extend(self.bytes);
        glb
    }
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
