//! A GLB while it is written: a mesh's numbers, the binary chunk, and the JSON that says what lies where.

use std::f32::consts::{PI, TAU};
use std::io::Cursor;

use image::{ImageFormat, RgbaImage};
use serde_json::{Value, json};

/// A mesh's numbers, as glTF takes them.
#[derive(Default)]
pub(in super::super) struct Mesh {
    pub(in super::super) positions: Vec<[f32; 3]>,
    pub(in super::super) normals: Vec<[f32; 3]>,
    pub(in super::super) uvs: Vec<[f32; 2]>,
    pub(in super::super) indices: Vec<u16>,
}

/// A ball of one unit across, by longitude and latitude.
pub(in super::super) fn sphere(columns: u16, rows: u16) -> Mesh {
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
pub(in super::super) struct Writer {
    pub(in super::super) json: Value,
    bytes: Vec<u8>,
}

impl Writer {
    pub(in super::super) fn new() -> Self {
        let json = json!({ "asset": { "version": "2.0" }, "scene": 0, "scenes": [{ "nodes": [] }], "nodes": [], "meshes": [],
            "accessors": [], "bufferViews": [], "buffers": [{}] });
        Self {
            json,
            bytes: Vec::new(),
        }
    }

    pub(in super::super) fn push(&mut self, list: &str, item: Value) -> usize {
        let list = &mut self.json[list];
        if list.is_null() {
            *list = json!([]);
        }
        let list = list.as_array_mut().expect("a list of the document");
        list.push(item);
        list.len() - 1
    }

    pub(in super::super) fn view(&mut self, bytes: &[u8], extra: Value) -> usize {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let mut view = extra;
        view["buffer"] = json!(0);
        view["byteOffset"] = json!(self.bytes.len());
        view["byteLength"] = json!(bytes.len());
        self.bytes.extend(bytes);
        self.push("bufferViews", view)
    }

    pub(in super::super) fn accessor(
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

    pub(in super::super) fn accessor_of(
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

    pub(in super::super) fn floats<const N: usize>(&mut self, values: &[[f32; N]]) -> usize {
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

    pub(in super::super) fn indices(&mut self, values: &[u16]) -> usize {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.accessor(&bytes, values.len(), "SCALAR", 5123, json!({}))
    }

    pub(in super::super) fn primitive(&mut self, mesh: &Mesh) -> Value {
        let attributes = json!({ "POSITION": self.floats(&mesh.positions), "NORMAL": self.floats(&mesh.normals), "TEXCOORD_0": self.floats(&mesh.uvs) });
        json!({ "attributes": attributes, "indices": self.indices(&mesh.indices) })
    }

    pub(in super::super) fn node(&mut self, node: Value) -> usize {
        let index = self.push("nodes", node);
        self.json["scenes"][0]["nodes"]
            .as_array_mut()
            .expect("a list")
            .push(json!(index));
        index
    }

    pub(in super::super) fn texture(&mut self, picture: &RgbaImage) {
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

    pub(in super::super) fn finish(mut self) -> Vec<u8> {
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
