//! Pictures beside references in `tests/golden`, by a perceptual measure.
//!
//! After a change that is meant: `XOAY_BLESS=1 cargo test -p xoay-render --test golden`, then look at the references.

mod shapes;

use std::path::Path;

use serde_json::json;
use xoay_gltf::json::{Material, Mesh, Node, Primitive, Scene};
use xoay_gltf::{Accessor, Component, Document, Limits, Shape};
use xoay_imaging::{Channels, DecodeOptions, Encoding, Raster, decode, encode, score};
use xoay_render::{Renderer, View};

/// SSIMULACRA 2; 90 is hardly told apart side by side. Adapters differ by rounding only.
const LEAST: f64 = 90.0;

fn view() -> View {
    View {
        width: 384,
        height: 288,
        ..View::default()
    }
}

/// A row of spheres, each of another material.
fn spheres(materials: Vec<Material>) -> Document {
    let (points, indices) = shapes::sphere();
    let floats: Vec<u8> = points.iter().flat_map(|v| v.to_le_bytes()).collect();
    let words: Vec<u8> = indices.iter().flat_map(|v| v.to_le_bytes()).collect();
    let mut document = Document::default();
    document.accessors = vec![
        Accessor::new(Component::F32, Shape::Vec3, false, floats).unwrap(),
        Accessor::new(Component::U32, Shape::Scalar, false, words).unwrap(),
    ];
    for (index, material) in materials.into_iter().enumerate() {
        let mut primitive = Primitive {
            indices: Some(1),
            material: Some(index),
            ..Primitive::default()
        };
        for name in ["POSITION", "NORMAL"] {
            primitive.attributes.insert(name.to_owned(), 0);
        }
        document.root.materials.push(material);
        document.root.meshes.push(Mesh {
            primitives: vec![primitive],
            ..Mesh::default()
        });
        document.root.nodes.push(Node {
            mesh: Some(index),
            translation: Some([index as f32 * 2.2, 1.0, 0.0]),
            ..Node::default()
        });
    }
    document.root.scenes.push(Scene {
        nodes: (0..document.root.nodes.len()).collect(),
        ..Scene::default()
    });
    document
}

fn material(color: [f32; 3], metallic: f32, roughness: f32) -> Material {
    let mut material = Material::default();
    let pbr = &mut material.pbr_metallic_roughness;
    pbr.base_color_factor = Some([color[0], color[1], color[2], 1.0]);
    pbr.metallic_factor = Some(metallic);
    pbr.roughness_factor = Some(roughness);
    material
}

fn with(mut material: Material, name: &str, value: serde_json::Value) -> Material {
    material.extensions.insert(name.to_owned(), value);
    material
}

fn check(name: &str, document: &Document) {
    let drawn = Renderer::new().unwrap().render(document, &view()).unwrap();
    let drawn = Raster::new(drawn.width, drawn.height, Channels::Rgba, drawn.rgba).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let reference = folder.join(format!("{name}.png"));
    if std::env::var_os("XOAY_BLESS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&reference, encode(&drawn, Encoding::Png).unwrap()).unwrap();
        return;
    }
    let bytes = std::fs::read(&reference).expect("the reference is missing: bless it");
    let expected = decode(&bytes, &DecodeOptions::default()).unwrap().raster;
    let score = score(&expected, &drawn.flattened([255; 3])).unwrap();
    if score < LEAST {
        let actual = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.actual.png"));
        std::fs::write(&actual, encode(&drawn, Encoding::Png).unwrap()).unwrap();
        panic!(
            "{name} scores {score:.1}, expected {LEAST}: compare {} with {}",
            actual.display(),
            reference.display()
        );
    }
}

#[test]
fn the_bundled_jar() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/models/honey-jar.glb");
    check("jar", &xoay_gltf::read(&path, &Limits::default()).unwrap());
}

#[test]
fn metals_and_paints() {
    check(
        "paints",
        &spheres(vec![
            material([0.9, 0.9, 0.9], 0.0, 0.9),
            material([0.6, 0.05, 0.04], 0.0, 0.25),
            material([1.0, 0.77, 0.34], 1.0, 0.15),
            material([0.9, 0.9, 0.92], 1.0, 0.5),
        ]),
    );
}

#[test]
fn coats_cloths_and_glass() {
    let glass = with(
        material([0.7, 0.9, 0.8], 0.0, 0.05),
        "KHR_materials_transmission",
        json!({ "transmissionFactor": 0.95 }),
    );
    check(
        "coats",
        &spheres(vec![
            with(
                material([0.1, 0.02, 0.02], 0.0, 0.7),
                "KHR_materials_clearcoat",
                json!({ "clearcoatFactor": 1.0, "clearcoatRoughnessFactor": 0.05 }),
            ),
            with(
                material([0.05, 0.06, 0.2], 0.0, 1.0),
                "KHR_materials_sheen",
                json!({ "sheenColorFactor": [0.5, 0.6, 1.0], "sheenRoughnessFactor": 0.4 }),
            ),
            glass,
        ]),
    );
}
