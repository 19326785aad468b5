//! Files as other programs compress them.

use draco_core::{
    DataType, EncoderBuffer, EncoderOptions, FaceIndex, GeometryAttributeType, Mesh, MeshEncoder,
    PointAttribute, PointIndex,
};
use serde_json::{Value, json};

use super::glb;

/// A strip of `vertices` in the XY plane as a Draco stream: positions are attribute 0, colours of four bytes 1.
fn strip(vertices: u32) -> Vec<u8> {
    let count = vertices as usize;
    let attribute = |kind, components, data, normalized| {
        let mut attribute = PointAttribute::new();
        attribute.init(kind, components, data, normalized, count);
        attribute
    };
    let mut positions = attribute(GeometryAttributeType::Position, 3, DataType::Float32, false);
    let mut colors = attribute(GeometryAttributeType::Color, 4, DataType::Uint8, true);
    for v in 0..vertices {
        let at = [v as f32 * 0.5, (v % 2) as f32, 0.0];
        let bytes: Vec<u8> = at.iter().flat_map(|n| n.to_le_bytes()).collect();
        positions.buffer_mut().write(12 * v as usize, &bytes);
        colors
            .buffer_mut()
            .write(4 * v as usize, &[v as u8, 2, 3, 255]);
    }
    let mut mesh = Mesh::new();
    mesh.set_num_points(count);
    mesh.add_attribute(positions);
    mesh.add_attribute(colors);
    mesh.set_num_faces(count - 2);
    for f in 0..vertices - 2 {
        // Every second triangle of a strip runs the other way round.
        let corners = [f + f % 2, f + 1 - f % 2, f + 2].map(PointIndex);
        mesh.set_face(FaceIndex(f), corners);
    }
    let mut encoder = MeshEncoder::new();
    encoder.set_mesh(mesh);
    let mut out = EncoderBuffer::new();
    encoder.encode(&EncoderOptions::new(), &mut out).unwrap();
    out.data().to_vec()
}

/// A GLB whose one mesh is that stream, drawn by two primitives.
pub fn draco(vertices: u32) -> (Value, Vec<u8>) {
    let stream = strip(vertices);
    let primitive = json!({
        "attributes": { "POSITION": 0, "COLOR_0": 2 }, "indices": 1,
        "extensions": { "KHR_draco_mesh_compression": {
            "bufferView": 0, "attributes": { "POSITION": 0, "COLOR_0": 1 } } }
    });
    let json = json!({
        "asset": { "version": "2.0" },
        "extensionsUsed": ["KHR_draco_mesh_compression"],
        "extensionsRequired": ["KHR_draco_mesh_compression"],
        "scene": 0, "scenes": [{ "nodes": [0] }], "nodes": [{ "mesh": 0 }],
        "meshes": [{ "primitives": [primitive, primitive] }],
        "accessors": [
            { "componentType": 5126, "count": vertices, "type": "VEC3", "name": "chỗ",
              "min": [0, 0, 0], "max": [9, 1, 0] },
            { "componentType": 5125, "count": 3 * (vertices - 2), "type": "SCALAR" },
            { "componentType": 5121, "count": vertices, "type": "VEC4", "normalized": true }
        ],
        "bufferViews": [{ "buffer": 0, "byteLength": stream.len() }],
        "buffers": [{ "byteLength": stream.len() }]
    });
    (json, stream)
}

/// A textured triangle; `picture` is its image, referred to as `texture` says.
pub fn textured(picture: &[u8], texture: &Value, extension: &str) -> Vec<u8> {
    let mut bin = picture.to_vec();
    bin.resize(bin.len().next_multiple_of(4), 0);
    let at = bin.len();
    for value in [0f32, 0., 0., 1., 0., 0., 0., 1., 0., 0., 0., 1., 0., 0., 1.] {
        bin.extend(value.to_le_bytes());
    }
    let json = json!({
        "asset": { "version": "2.0" },
        "extensionsUsed": [extension], "extensionsRequired": [extension],
        "scene": 0, "scenes": [{ "nodes": [0] }], "nodes": [{ "mesh": 0 }],
        "meshes": [{ "primitives": [
            { "attributes": { "POSITION": 0, "TEXCOORD_0": 1 }, "material": 0 }] }],
        "materials": [{ "pbrMetallicRoughness": { "baseColorTexture": { "index": 0 } } }],
        "textures": [texture],
        "images": [{ "bufferView": 0 }],
        "accessors": [
            { "bufferView": 1, "componentType": 5126, "count": 3, "type": "VEC3",
              "min": [0, 0, 0], "max": [1, 1, 0] },
            { "bufferView": 1, "byteOffset": 36, "componentType": 5126, "count": 3, "type": "VEC2" }
        ],
        "bufferViews": [
            { "buffer": 0, "byteLength": picture.len() },
            { "buffer": 0, "byteOffset": at, "byteLength": 60 }
        ],
        "buffers": [{ "byteLength": bin.len() }]
    });
    glb(&json, &bin)
}

/// The colour of the left half of [`ktx2`], and of its right half.
pub const KTX2_LEFT: [u8; 4] = [200, 10, 20, 255];
pub const KTX2_RIGHT: [u8; 4] = [5, 30, 240, 128];

/// A KTX 2 file of 8 × 4 pixels, UASTC, one level: two blocks of one colour each.
pub fn ktx2() -> Vec<u8> {
    const DESCRIPTOR_AT: u32 = 80 + 24;
    const DATA_AT: u64 = 160;
    // A block of one colour is of mode 8, whose code is 23 in five bits; then red, green, blue and alpha.
    let block = |color: [u8; 4]| {
        (u128::from(23_u8) | u128::from(u32::from_le_bytes(color)) << 5).to_le_bytes()
    };
    let mut out = b"\xabKTX 20\xbb\r\n\x1a\n".to_vec();
    let mut words = |words: &[u32]| out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    words(&[0, 1, 8, 4, 0, 0, 1, 1, 0]);
    words(&[DESCRIPTOR_AT, 44, 0, 0, 0, 0, 0, 0]);
    words(&[DATA_AT as u32, 0, 32, 0, 32, 0]);
    // Size; vendor and type; version and size; model 0xa6 (UASTC), primaries, sRGB, flags; block of 4 × 4; 16 bytes in
    // plane 0; one sample of RGBA over 128 bits.
    words(&[44, 0, 2 | 0x28 << 16, 0xa6 | 1 << 8 | 2 << 16]);
    words(&[3 | 3 << 8, 16, 0, 0x7f << 16 | 3 << 24, 0, 0, u32::MAX]);
    out.resize(DATA_AT as usize, 0);
    out.extend(block(KTX2_LEFT));
    out.extend(block(KTX2_RIGHT));
    out
}
