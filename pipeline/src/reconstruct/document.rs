//! A textured mesh as a glTF document.

use xoay_gltf::json::{Image, Material, Mesh, Node, Pbr, Primitive, Scene, Texture, TextureInfo};
use xoay_gltf::{Accessor, Component, Document, ImageData, Shape};
use xoay_imaging::{Channels, Encoding, Raster, encode};
use xoay_reconstruct::TexturedMesh;

use crate::RecipeError;

/// What products are as a rule: photos tell no roughness, and their light is in the colours already.
const ROUGHNESS: f32 = 0.85;

/// `metres` is what one unit of the mesh is long.
pub(crate) fn build(model: &TexturedMesh, metres: f64) -> Result<Document, RecipeError> {
    let atlas = &model.atlas;
    let raster = Raster::new(atlas.width, atlas.height, Channels::Rgb, atlas.rgb.clone())?;
    let mut document = Document::default();
    "2.0".clone_into(&mut document.root.asset.version);
    let mut add = |shape: Shape, values: Vec<f32>| {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        document
            .accessors
            .extend(Accessor::new(Component::F32, shape, false, bytes));
        document.accessors.len() - 1
    };
    let scaled = |p: &[f64; 3]| p.map(|v| (v * metres) as f32);
    let mut primitive = Primitive {
        material: Some(0),
        ..Primitive::default()
    };
    let positions = model.mesh.positions.iter().flat_map(scaled).collect();
    let normals = model
        .normals
        .iter()
        .flat_map(|n| n.map(|v| v as f32))
        .collect();
    let coordinates = model
        .coordinates
        .iter()
        .flat_map(|c| c.map(|v| v as f32))
        .collect();
    for (name, accessor) in [
        ("POSITION", add(Shape::Vec3, positions)),
        ("NORMAL", add(Shape::Vec3, normals)),
        ("TEXCOORD_0", add(Shape::Vec2, coordinates)),
    ] {
        primitive.attributes.insert(name.to_owned(), accessor);
    }
    let indices = model.mesh.triangles.as_flattened();
    let bytes = indices.iter().flat_map(|i| i.to_le_bytes()).collect();
    primitive.indices = Some(document.accessors.len());
    document
        .accessors
        .extend(Accessor::new(Component::U32, Shape::Scalar, false, bytes));
    let root = &mut document.root;
    root.meshes.push(Mesh {
        primitives: vec![primitive],
        ..Mesh::default()
    });
    root.nodes.push(Node {
        mesh: Some(0),
        ..Node::default()
    });
    root.scenes.push(Scene {
        nodes: vec![0],
        ..Scene::default()
    });
    root.scene = Some(0);
    root.images.push(Image {
        mime_type: Some("image/png".to_owned()),
        ..Image::default()
    });
    root.textures.push(Texture {
        source: Some(0),
        ..Texture::default()
    });
    root.materials.push(Material {
        pbr_metallic_roughness: Pbr {
            base_color_texture: Some(TextureInfo {
                index: 0,
                tex_coord: 0,
                scale: None,
                strength: None,
                extensions: xoay_gltf::json::Extra::new(),
                extra: xoay_gltf::json::Extra::new(),
            }),
            metallic_factor: Some(0.0),
            roughness_factor: Some(ROUGHNESS),
            ..Pbr::default()
        },
        ..Material::default()
    });
    document.images.push(ImageData {
        bytes: encode(&raster, Encoding::Png)?,
    });
    Ok(document)
}
