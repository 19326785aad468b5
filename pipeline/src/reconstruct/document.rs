//! A textured mesh as a glTF document.

use xoay_gltf::json::{Image, Material, Mesh, Node, Pbr, Primitive, Scene, Texture, TextureInfo};
use xoay_gltf::transform::generate_tangents;
use xoay_gltf::{Accessor, Component, Document, ImageData, Shape};
use xoay_imaging::{Channels, Encoding, Raster, encode};
use xoay_reconstruct::{Relief, TangentMesh, TexturedMesh, relief};

use crate::RecipeError;

/// What products are as a rule: photos tell no roughness, and their light is in the colours already.
const ROUGHNESS: f32 = 0.85;
/// A normal map that turns normals by less than this on average is not worth its bytes, degrees.
const WORTH_DEG: f64 = 0.5;
/// How far simplifying may have moved the surface where its normals are still looked for, as a share of its longest side.
const REACH_SHARE: f64 = 2e-3;
/// The normal map's side as a share of the texture's.
const RELIEF_SHARE: u32 = 2;

/// The document of `model`, whose mesh was made from the finer `dense`; what was lost is kept as a normal map where it is
/// worth one. `metres` is what one unit of the meshes is long.
pub(crate) fn build(
    model: &TexturedMesh,
    dense: &xoay_reconstruct::Mesh,
    metres: f64,
) -> Result<Document, RecipeError> {
    let mut document = plain(model, metres)?;
    let Some([low, high]) = dense.bounds() else {
        return Ok(document);
    };
    let longest = (0..3).fold(0.0, |most: f64, axis| most.max(high[axis] - low[axis]));
    let reach = longest * REACH_SHARE;
    let without = document.clone();
    let root = &mut document.root;
    root.materials[0].normal_texture = Some(texture(root.textures.len()));
    root.textures.push(Texture {
        source: Some(root.images.len()),
        ..Texture::default()
    });
    root.images.push(Image {
        mime_type: Some("image/png".to_owned()),
        ..Image::default()
    });
    generate_tangents(&mut document);
    let Some(tangents) = tangent_mesh(&document, metres) else {
        return Ok(without);
    };
    let side = (model.atlas.width / RELIEF_SHARE).max(1);
    let Relief {
        rgb,
        mean_angle_deg,
        ..
    } = relief(&tangents, dense, reach, side);
    if mean_angle_deg < WORTH_DEG {
        return Ok(without);
    }
    let raster = Raster::new(side, side, Channels::Rgb, rgb)?;
    document.images.push(ImageData {
        bytes: encode(&raster, Encoding::Png)?,
    });
    Ok(document)
}

/// The document's one mesh with its tangents, in the model's unit; `None` where it has none.
fn tangent_mesh(document: &Document, metres: f64) -> Option<TangentMesh> {
    let primitive = document.root.meshes.first()?.primitives.first()?;
    let floats = |name: &str| -> Option<Vec<f64>> {
        let accessor = document.accessors.get(*primitive.attributes.get(name)?)?;
        Some(accessor.to_f32().into_iter().map(f64::from).collect())
    };
    let (positions, normals) = (floats("POSITION")?, floats("NORMAL")?);
    let (tangents, coordinates) = (floats("TANGENT")?, floats("TEXCOORD_0")?);
    Some(TangentMesh {
        mesh: xoay_reconstruct::Mesh {
            positions: positions
                .chunks_exact(3)
                .map(|p| [p[0] / metres, p[1] / metres, p[2] / metres])
                .collect(),
            triangles: document
                .triangles(primitive)
                .chunks_exact(3)
                .map(|t| [t[0], t[1], t[2]])
                .collect(),
        },
        normals: normals.as_chunks().0.to_vec(),
        tangents: tangents.as_chunks().0.to_vec(),
        coordinates: coordinates.as_chunks().0.to_vec(),
    })
}

fn texture(index: usize) -> TextureInfo {
    TextureInfo {
        index,
        tex_coord: 0,
        scale: None,
        strength: None,
        extensions: xoay_gltf::json::Extra::new(),
        extra: xoay_gltf::json::Extra::new(),
    }
}

fn plain(model: &TexturedMesh, metres: f64) -> Result<Document, RecipeError> {
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
            base_color_texture: Some(texture(0)),
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

#[cfg(test)]
mod tests {
    use xoay_reconstruct::{Atlas, Mesh};

    use super::*;

    /// A sheet of side 1 with two waves along x.
    fn waves(cells: u32, height: f64) -> Mesh {
        let mut mesh = Mesh::default();
        for at in 0..(cells + 1) * (cells + 1) {
            let [u, v] =
                [at % (cells + 1), at / (cells + 1)].map(|k| f64::from(k) / f64::from(cells));
            let wave = height * (u * 4.0 * std::f64::consts::PI).sin();
            mesh.positions.push([u, wave, v]);
        }
        for cell in 0..cells * cells {
            let at = cell / cells * (cells + 1) + cell % cells;
            let below = at + cells + 1;
            mesh.triangles.push([at, below, below + 1]);
            mesh.triangles.push([at, below + 1, at + 1]);
        }
        mesh
    }

    fn plain_sheet() -> TexturedMesh {
        let mesh = waves(1, 0.0);
        TexturedMesh {
            normals: vec![[0.0, 1.0, 0.0]; 4],
            coordinates: mesh.positions.iter().map(|p| [p[0], p[2]]).collect(),
            atlas: Atlas {
                width: 128,
                height: 128,
                rgb: vec![200; 128 * 128 * 3],
            },
            seen_share: 1.0,
            mesh,
        }
    }

    #[test]
    fn what_simplifying_took_becomes_a_normal_map_in_the_models_own_size() {
        let document = build(&plain_sheet(), &waves(120, 0.0015), 0.25).unwrap();
        let normals = document.root.materials[0].normal_texture.as_ref().unwrap();
        let source = document.root.textures[normals.index].source.unwrap();
        let size = xoay_gltf::textures::dimensions(&document.images[source].bytes);
        assert_eq!(size, Some((64, 64)));
        let primitive = &document.root.meshes[0].primitives[0];
        assert!(primitive.attributes.contains_key("TANGENT"));
        let places = document.accessors[primitive.attributes["POSITION"]].to_f32();
        let highest = places.into_iter().fold(0.0, f32::max);
        assert!((highest - 0.25).abs() < f32::EPSILON);
    }

    #[test]
    fn a_mesh_that_lost_nothing_gets_no_normal_map() {
        let document = build(&plain_sheet(), &waves(120, 0.0), 1.0).unwrap();
        assert!(document.root.materials[0].normal_texture.is_none());
        assert_eq!((document.images.len(), document.root.images.len()), (1, 1));
        let primitive = &document.root.meshes[0].primitives[0];
        assert!(!primitive.attributes.contains_key("TANGENT"));
    }
}
