//! Small models made on the spot.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod compressed;
pub mod doors;

use proptest::prelude::*;
use serde_json::{Value, json};
use xoay_gltf::json::{Material, Mesh, Node, Primitive, Scene, Texture, TextureInfo};
use xoay_gltf::{Accessor, Component, Document, ImageData, Shape};

/// What a made-up mesh has.
#[derive(Clone, Debug)]
pub struct Recipe {
    pub positions: Vec<[f32; 3]>,
    pub triangles: Vec<[u32; 3]>,
    pub indexed: bool,
    pub normals: bool,
    pub uv_span: f32,
    pub children: bool,
    pub translation: [f32; 3],
    pub scale: f32,
    pub angle: f32,
    pub instances: usize,
}

pub fn recipe() -> impl Strategy<Value = Recipe> {
    let coordinate = -2.0f32..2.0;
    (3usize..40).prop_flat_map(move |count| {
        (
            prop::collection::vec(
                [coordinate.clone(), coordinate.clone(), coordinate.clone()],
                count,
            ),
            prop::collection::vec([0..count as u32, 0..count as u32, 0..count as u32], 1..60),
            any::<(bool, bool, bool)>(),
            prop_oneof![Just(1.0f32), Just(3.0f32)],
            [-5.0f32..5.0, -5.0f32..5.0, -5.0f32..5.0],
            (0.1f32..4.0, -3.0f32..3.0, 1usize..4),
        )
            .prop_map(
                |(
                    positions,
                    triangles,
                    (indexed, normals, children),
                    uv_span,
                    translation,
                    more,
                )| Recipe {
                    positions,
                    triangles,
                    indexed,
                    normals,
                    uv_span,
                    children,
                    translation,
                    scale: more.0,
                    angle: more.1,
                    instances: more.2,
                },
            )
    })
}

pub fn floats(shape: Shape, values: &[f32]) -> Accessor {
    let bytes = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    Accessor::new(Component::F32, shape, false, bytes).unwrap()
}

pub fn indices(values: &[u32]) -> Accessor {
    let bytes = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    Accessor::new(Component::U32, Shape::Scalar, false, bytes).unwrap()
}

/// A PNG of 4 × 4 pixels that differ.
pub fn png() -> Vec<u8> {
    let picture = image::RgbaImage::from_fn(4, 4, |x, y| {
        image::Rgba([x as u8 * 60, y as u8 * 60, 128, 255])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// The model of a recipe: three materials of which one is a copy, two variants, extras, an unused accessor.
#[allow(clippy::too_many_lines, reason = "one model from top to bottom")]
pub fn document(recipe: &Recipe) -> Document {
    let mut document = Document::default();
    "2.0".clone_into(&mut document.root.asset.version);
    let corners: Vec<u32> = recipe.triangles.concat();
    let vertex_order: Vec<u32> = if recipe.indexed {
        (0..recipe.positions.len() as u32).collect()
    } else {
        corners.clone()
    };
    let positions: Vec<f32> = vertex_order
        .iter()
        .flat_map(|&vertex| recipe.positions[vertex as usize])
        .collect();
    let mut primitive = Primitive {
        material: Some(0),
        ..Primitive::default()
    };
    document.accessors.push(floats(Shape::Scalar, &[1.0, 2.0]));
    let mut add = |document: &mut Document, name: &str, accessor: Accessor| {
        primitive
            .attributes
            .insert(name.to_owned(), document.accessors.len());
        document.accessors.push(accessor);
    };
    if recipe.normals {
        let normals: Vec<f32> = positions
            .chunks_exact(3)
            .flat_map(|p| {
                let length = p.iter().map(|x| x * x).sum::<f32>().sqrt();
                if length > 0.0 {
                    [p[0] / length, p[1] / length, p[2] / length]
                } else {
                    [0.0, 0.0, 1.0]
                }
            })
            .collect();
        add(&mut document, "NORMAL", floats(Shape::Vec3, &normals));
    }
    let uv: Vec<f32> = positions
        .chunks_exact(3)
        .flat_map(|p| [(p[0] + 2.0) / 4.0 * recipe.uv_span, (p[1] + 2.0) / 4.0])
        .collect();
    add(&mut document, "TEXCOORD_0", floats(Shape::Vec2, &uv));
    add(&mut document, "POSITION", floats(Shape::Vec3, &positions));
    if recipe.indexed {
        primitive.indices = Some(document.accessors.len());
        document.accessors.push(indices(&corners));
    }
    primitive.extensions.insert(
        "KHR_materials_variants".to_owned(),
        json!({ "mappings": [{ "material": 1, "variants": [0] }, { "material": 2, "variants": [1] }] }),
    );
    document.root.extensions.insert(
        "KHR_materials_variants".to_owned(),
        json!({ "variants": [{ "name": "đỏ" }, { "name": "xanh" }] }),
    );
    document.root.extensions_used = vec!["KHR_materials_variants".to_owned()];
    document.root.meshes.push(Mesh {
        primitives: vec![primitive],
        ..Mesh::default()
    });
    for name in ["a", "b", "c"] {
        let mut material = Material {
            name: Some(name.to_owned()),
            ..Material::default()
        };
        material.pbr_metallic_roughness.base_color_texture =
            serde_json::from_value::<Option<TextureInfo>>(json!({ "index": 0 })).unwrap();
        material
            .extra
            .insert("extras".to_owned(), json!({ "giá": 12.5 }));
        document.root.materials.push(material);
    }
    document.root.textures.push(Texture {
        source: Some(0),
        ..Texture::default()
    });
    document
        .root
        .images
        .push(serde_json::from_value(json!({ "mimeType": "image/png", "name": "nhãn" })).unwrap());
    document.images.push(ImageData { bytes: png() });
    let (sin, cos) = (recipe.angle / 2.0).sin_cos();
    let mut roots = Vec::new();
    for instance in 0..recipe.instances {
        let index = document.root.nodes.len();
        roots.push(index);
        let mut node = Node {
            mesh: Some(0),
            translation: Some(recipe.translation.map(|value| value + instance as f32)),
            rotation: Some([0.0, sin, 0.0, cos]),
            scale: Some([recipe.scale; 3]),
            ..Node::default()
        };
        if recipe.children && instance == 0 {
            node.children.push(index + 1);
            document.root.nodes.push(node);
            let child = Node {
                mesh: Some(0),
                translation: Some([1.0, 0.0, 0.0]),
                ..Node::default()
            };
            document.root.nodes.push(child);
        } else {
            document.root.nodes.push(node);
        }
    }
    document.root.scenes.push(Scene {
        nodes: roots,
        ..Scene::default()
    });
    document.root.scene = Some(0);
    document
}

/// The smallest recipe: one triangle.
pub fn triangle() -> Recipe {
    Recipe {
        positions: vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
        triangles: vec![[0, 1, 2]],
        indexed: true,
        normals: true,
        uv_span: 1.0,
        children: false,
        translation: [0.0; 3],
        scale: 1.0,
        angle: 0.0,
        instances: 1,
    }
}

/// Every triangle of the scene in world space.
pub fn world_triangles(document: &Document) -> Vec<[[f64; 3]; 3]> {
    let mut triangles = Vec::new();
    for instance in document.instances() {
        for primitive in &document.root.meshes[instance.mesh].primitives {
            let positions = document.accessors[primitive.attributes["POSITION"]].to_f32();
            for corners in document.triangles(primitive).chunks_exact(3) {
                triangles.push([0, 1, 2].map(|corner| {
                    let start = corners[corner] as usize * 3;
                    let point = [positions[start], positions[start + 1], positions[start + 2]]
                        .map(f64::from);
                    xoay_gltf::scene::transform_point(&instance.world_from_mesh, point)
                }));
            }
        }
    }
    triangles
}

/// The scene's triangles, each from its least corner on, in order: equal for models that draw the same.
pub fn canonical(document: &Document) -> Vec<[[f64; 3]; 3]> {
    let key = |point: &[f64; 3]| point.map(f64::to_bits);
    let mut triangles: Vec<_> = world_triangles(document)
        .into_iter()
        .map(|[a, b, c]| {
            [[a, b, c], [b, c, a], [c, a, b]]
                .into_iter()
                .min_by_key(|t| t.each_ref().map(key))
                .unwrap()
        })
        .collect();
    triangles.sort_by_key(|triangle| triangle.each_ref().map(key));
    triangles
}

/// The area of all triangles.
pub fn area(document: &Document) -> f64 {
    world_triangles(document)
        .iter()
        .map(|[a, b, c]| {
            let edge = |p: &[f64; 3]| [p[0] - a[0], p[1] - a[1], p[2] - a[2]];
            let (u, v) = (edge(b), edge(c));
            let cross = [
                u[1] * v[2] - u[2] * v[1],
                u[2] * v[0] - u[0] * v[2],
                u[0] * v[1] - u[1] * v[0],
            ];
            cross.iter().map(|x| x * x).sum::<f64>().sqrt() / 2.0
        })
        .sum()
}

/// Where in its base colour texture the first primitive's vertices lie, `KHR_texture_transform` applied.
pub fn texture_places(document: &Document) -> Vec<[f64; 2]> {
    let primitive = &document.root.meshes[0].primitives[0];
    let material = &document.root.materials[primitive.material.unwrap()];
    let info = material.pbr_metallic_roughness.base_color_texture.as_ref();
    let transform = info.unwrap().extensions.get("KHR_texture_transform");
    let pair = |name: &str, otherwise: f64| {
        [0, 1].map(|i| match transform.and_then(|t| t.get(name)) {
            Some(pair) => pair[i].as_f64().unwrap(),
            None => otherwise,
        })
    };
    let (offset, scale) = (pair("offset", 0.0), pair("scale", 1.0));
    document.accessors[primitive.attributes["TEXCOORD_0"]]
        .to_f32()
        .chunks_exact(2)
        .map(|uv| [0, 1].map(|i| offset[i] + scale[i] * f64::from(uv[i])))
        .collect()
}

/// A GLB of a JSON text and its binary data.
pub fn glb(json: &Value, bin: &[u8]) -> Vec<u8> {
    let mut json = serde_json::to_vec(json).unwrap();
    json.resize(json.len().next_multiple_of(4), b' ');
    let mut bin = bin.to_vec();
    bin.resize(bin.len().next_multiple_of(4), 0);
    let mut glb = b"glTF\x02\0\0\0".to_vec();
    glb.extend(((28 + json.len() + bin.len()) as u32).to_le_bytes());
    glb.extend((json.len() as u32).to_le_bytes());
    glb.extend(b"JSON");
    glb.extend(json);
    glb.extend((bin.len() as u32).to_le_bytes());
    glb.extend(b"BIN\0");
    glb.extend(bin);
    glb
}
