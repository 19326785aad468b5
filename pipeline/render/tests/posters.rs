//! Draws made-up models and looks at the pixels. Needs an adapter: a machine without one fails, and says what to install.

mod shapes;

use serde_json::json;
use xoay_gltf::json::{Material, Mesh, Node, Primitive, Scene};
use xoay_gltf::{Accessor, Component, Document, ImageData, Shape};
use xoay_render::{Background, Raster, RenderError, Renderer, View};

fn renderer() -> Renderer {
    match Renderer::new() {
        Ok(renderer) => renderer,
        Err(RenderError::NoAdapter) => {
            panic!(
                "these tests need a graphics adapter; apt-get install mesa-vulkan-drivers gives a software one"
            )
        }
        Err(error) => panic!("{error}"),
    }
}

fn accessor(component: Component, shape: Shape, bytes: Vec<u8>) -> Accessor {
    Accessor::new(component, shape, false, bytes).unwrap()
}

fn floats(shape: Shape, values: &[f32]) -> Accessor {
    accessor(
        Component::F32,
        shape,
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
    )
}

fn model(
    positions: &[f32],
    normals: &[f32],
    uvs: &[f32],
    indices: &[u32],
    material: Material,
) -> Document {
    let mut document = Document::default();
    "2.0".clone_into(&mut document.root.asset.version);
    let mut primitive = Primitive {
        indices: Some(0),
        material: Some(0),
        ..Primitive::default()
    };
    let bytes = indices
        .iter()
        .flat_map(|index| index.to_le_bytes())
        .collect();
    document
        .accessors
        .push(accessor(Component::U32, Shape::Scalar, bytes));
    for (name, shape, values) in [
        ("POSITION", Shape::Vec3, positions),
        ("NORMAL", Shape::Vec3, normals),
        ("TEXCOORD_0", Shape::Vec2, uvs),
    ] {
        if !values.is_empty() {
            primitive
                .attributes
                .insert(name.to_owned(), document.accessors.len());
            document.accessors.push(floats(shape, values));
        }
    }
    document.root.meshes.push(Mesh {
        primitives: vec![primitive],
        ..Mesh::default()
    });
    document.root.nodes.push(Node {
        mesh: Some(0),
        ..Node::default()
    });
    document.root.scenes.push(Scene {
        nodes: vec![0],
        ..Scene::default()
    });
    document.root.materials.push(material);
    document
}

fn matte(color: [f32; 4]) -> Material {
    let mut material = Material::default();
    material.pbr_metallic_roughness.base_color_factor = Some(color);
    material.pbr_metallic_roughness.metallic_factor = Some(0.0);
    material
}

fn unlit(color: [f32; 4]) -> Material {
    let mut material = matte(color);
    material
        .extensions
        .insert("KHR_materials_unlit".to_owned(), json!({}));
    material
}

/// A sphere of radius 1.
fn sphere(material: Material) -> Document {
    let (points, indices) = shapes::sphere();
    model(&points, &points, &[], &indices, material)
}

/// Gives a document its first texture.
fn add_texture(document: &mut Document, picture: &image::RgbImage) {
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    document.images.push(ImageData {
        bytes: png.into_inner(),
    });
    document.root.images.push(xoay_gltf::json::Image::default());
    document.root.textures.push(xoay_gltf::json::Texture {
        source: Some(0),
        ..Default::default()
    });
}

/// A square of side 2 that faces +Z.
fn square(material: Material) -> Document {
    model(
        &[-1., -1., 0., 1., -1., 0., 1., 1., 0., -1., 1., 0.],
        &[0., 0., 1.].repeat(4),
        &[0., 1., 1., 1., 1., 0., 0., 0.],
        &[0, 1, 2, 0, 2, 3],
        material,
    )
}

fn view() -> View {
    View {
        width: 128,
        height: 128,
        elevation_deg: 0.0,
        ..View::default()
    }
}

fn pixel(raster: &Raster, x: u32, y: u32) -> [u8; 4] {
    let start = (y * raster.width + x) as usize * 4;
    raster.rgba[start..start + 4].try_into().unwrap()
}

fn near(a: [u8; 4], b: [u8; 4]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 2)
}

#[test]
fn a_sphere_fills_its_circle_and_is_lit_from_above() {
    let raster = renderer()
        .render(&sphere(matte([0.5, 0.02, 0.02, 1.0])), &view())
        .unwrap();
    assert_eq!(pixel(&raster, 0, 0), [255; 4]);
    assert_eq!(pixel(&raster, 127, 127), [255; 4]);
    let drawn = raster
        .rgba
        .chunks_exact(4)
        .filter(|pixel| pixel[1] < 200)
        .count() as f32;
    let share = drawn / (128.0 * 128.0);
    // Seen from 1.12 / tan 0.26 + 1 radii away, its circle is 0.735 of the picture wide.
    let wide = 0.735_f32;
    let expected = std::f32::consts::PI / 4.0 * wide * wide;
    assert!((share - expected).abs() < 0.02, "{share}");
    let [r, g, b, _] = pixel(&raster, 64, 64);
    assert!(r > 120 && g < r / 2 && b < r / 2, "{r} {g} {b}");
    let red = |y| u32::from(pixel(&raster, 64, y)[0]);
    assert!(red(20) > red(108) + 10, "{} {}", red(20), red(108));
}

#[test]
fn unlit_colours_come_out_as_they_are() {
    // Linear 0.2140 is sRGB 127.5.
    let raster = renderer()
        .render(&square(unlit([0.2140, 0.0, 1.0, 1.0])), &view())
        .unwrap();
    assert!(
        near(pixel(&raster, 64, 64), [127, 0, 255, 255]),
        "{:?}",
        pixel(&raster, 64, 64)
    );
}

#[test]
fn transparency_comes_out_unmultiplied() {
    let mut material = unlit([0.2140, 0.0, 1.0, 0.5]);
    material.alpha_mode = Some("BLEND".to_owned());
    let document = square(material);
    let clear = View {
        background: Background::Transparent,
        ..view()
    };
    let raster = renderer().render(&document, &clear).unwrap();
    assert_eq!(pixel(&raster, 0, 0), [0; 4]);
    assert!(
        near(pixel(&raster, 64, 64), [127, 0, 255, 128]),
        "{:?}",
        pixel(&raster, 64, 64)
    );
    let on_white = renderer().render(&document, &view()).unwrap();
    // Half of white and half of the colour, as a browser lays a canvas over a page.
    assert!(
        near(pixel(&on_white, 64, 64), [191, 128, 255, 255]),
        "{:?}",
        pixel(&on_white, 64, 64)
    );
}

#[test]
fn backs_are_drawn_only_of_double_sided_materials() {
    let behind = View {
        azimuth_deg: 180.0,
        ..view()
    };
    let mut document = square(unlit([0.0, 0.0, 0.0, 1.0]));
    assert_eq!(
        pixel(&renderer().render(&document, &behind).unwrap(), 64, 64),
        [255; 4]
    );
    // A mirrored node turns the winding round, not the side that is seen.
    document.root.nodes[0].scale = Some([-1.0, 1.0, 1.0]);
    assert_eq!(
        pixel(&renderer().render(&document, &behind).unwrap(), 64, 64),
        [255; 4]
    );
    assert_eq!(
        pixel(&renderer().render(&document, &view()).unwrap(), 64, 64),
        [0, 0, 0, 255]
    );
    document.root.materials[0].double_sided = true;
    assert_eq!(
        pixel(&renderer().render(&document, &behind).unwrap(), 64, 64),
        [0, 0, 0, 255]
    );
}

#[test]
fn textures_lie_the_right_way_round() {
    let mut document = square(unlit([1.0; 4]));
    // Red top left, green top right, blue bottom left, white bottom right.
    let colors = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]];
    let picture = image::RgbImage::from_fn(64, 64, |x, y| {
        image::Rgb(colors[(x / 32 + y / 32 * 2) as usize])
    });
    add_texture(&mut document, &picture);
    document.root.materials[0]
        .pbr_metallic_roughness
        .base_color_texture = serde_json::from_value(json!({ "index": 0 })).unwrap();
    let raster = renderer().render(&document, &view()).unwrap();
    let corners = [(40, 40), (88, 40), (40, 88), (88, 88)].map(|(x, y)| pixel(&raster, x, y));
    for (corner, [r, g, b]) in corners.into_iter().zip(colors) {
        assert!(near(corner, [r, g, b, 255]), "{corners:?}");
    }
}

#[test]
fn faces_without_normals_are_lit() {
    let mut document = square(matte([0.6, 0.6, 0.6, 1.0]));
    let lit = renderer().render(&document, &view()).unwrap();
    document.root.meshes[0].primitives[0]
        .attributes
        .remove("NORMAL");
    let flat = renderer().render(&document, &view()).unwrap();
    assert!(near(pixel(&lit, 64, 64), pixel(&flat, 64, 64)));
    assert!(pixel(&flat, 64, 64)[0] > 100);
}

#[test]
fn the_same_model_gives_the_same_bytes_and_nothing_is_an_error() {
    let renderer = renderer();
    let document = sphere(matte([0.2, 0.4, 0.6, 1.0]));
    assert_eq!(
        renderer.render(&document, &view()).unwrap(),
        renderer.render(&document, &view()).unwrap()
    );
    assert!(matches!(
        renderer.render(&Document::default(), &view()),
        Err(RenderError::Empty)
    ));
    let huge = View {
        width: 100_000,
        ..view()
    };
    assert!(matches!(
        renderer.render(&document, &huge),
        Err(RenderError::Size { .. })
    ));
}

fn with(mut material: Material, name: &str, value: serde_json::Value) -> Material {
    material.extensions.insert(name.to_owned(), value);
    material
}

#[test]
fn glass_looks_the_same_in_any_order_of_its_triangles() {
    let (points, indices) = shapes::sphere();
    let glass = with(
        matte([0.7, 0.9, 0.8, 1.0]),
        "KHR_materials_transmission",
        json!({ "transmissionFactor": 1.0 }),
    );
    let glass = Material {
        double_sided: true,
        ..glass
    };
    let backwards: Vec<u32> = indices
        .as_chunks::<3>()
        .0
        .iter()
        .rev()
        .flatten()
        .copied()
        .collect();
    let [one, other] = [indices, backwards].map(|indices| {
        let document = model(&points, &points, &[], &indices, glass.clone());
        renderer().render(&document, &view()).unwrap()
    });
    let differ = one
        .rgba
        .iter()
        .zip(&other.rgba)
        .filter(|(a, b)| a.abs_diff(**b) > 2);
    assert_eq!(differ.count(), 0);
}

/// The mean of a picture's colours where the sphere is.
fn brightness(material: Material) -> f64 {
    let raster = renderer().render(&sphere(material), &view()).unwrap();
    let inner = (0..128 * 128).filter(|at| {
        let (x, y) = (f64::from(at % 128) - 63.5, f64::from(at / 128) - 63.5);
        x.hypot(y) < 46.0
    });
    let values: Vec<f64> = inner
        .flat_map(|at| raster.rgba[at as usize * 4..at as usize * 4 + 3].to_vec())
        .map(f64::from)
        .collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn a_model_casts_a_soft_shadow_where_it_stands() {
    let above = View {
        elevation_deg: 15.0,
        ..view()
    };
    let document = sphere(matte([0.8, 0.8, 0.8, 1.0]));
    let raster = renderer().render(&document, &above).unwrap();
    // Beside the sphere's foot, where nothing but the floor is.
    let [dark, ..] = pixel(&raster, 40, 112);
    assert!((120..245).contains(&dark), "{dark}");
    assert_eq!(pixel(&raster, 2, 2), [255; 4]);
    let clear = View {
        background: Background::Transparent,
        ..above
    };
    let [r, g, b, a] = pixel(&renderer().render(&document, &clear).unwrap(), 40, 112);
    assert_eq!([r, g, b], [0; 3]);
    assert!(near([255 - a; 4], [dark; 4]), "{a} {dark}");
    let below = View {
        elevation_deg: -15.0,
        ..above
    };
    let raster = renderer().render(&document, &below).unwrap();
    assert_eq!(pixel(&raster, 40, 112), [255; 4]);
}

#[test]
fn extensions_change_what_they_should() {
    let black = || {
        let mut material = matte([0.02, 0.02, 0.02, 1.0]);
        material.pbr_metallic_roughness.roughness_factor = Some(1.0);
        material
    };
    let plain = brightness(black());
    let coated = brightness(with(
        black(),
        "KHR_materials_clearcoat",
        json!({ "clearcoatFactor": 1.0, "clearcoatRoughnessFactor": 0.1 }),
    ));
    assert!(coated > plain + 4.0, "{coated} {plain}");
    let cloth = brightness(with(
        black(),
        "KHR_materials_sheen",
        json!({ "sheenColorFactor": [1.0, 1.0, 1.0], "sheenRoughnessFactor": 0.5 }),
    ));
    assert!(cloth > plain + 4.0, "{cloth} {plain}");
    let dull = brightness(with(
        black(),
        "KHR_materials_specular",
        json!({ "specularFactor": 0.0 }),
    ));
    assert!(dull < plain - 4.0, "{dull} {plain}");
    let dense = brightness(with(black(), "KHR_materials_ior", json!({ "ior": 2.4 })));
    assert!(dense > plain + 4.0, "{dense} {plain}");
}

#[test]
fn glass_lets_through_what_is_behind_it() {
    let glass = with(
        matte([1.0; 4]),
        "KHR_materials_transmission",
        json!({ "transmissionFactor": 1.0 }),
    );
    let mut document = square(glass);
    let clear = View {
        background: Background::Transparent,
        ..view()
    };
    let [.., a] = pixel(&renderer().render(&document, &clear).unwrap(), 64, 64);
    assert!(a < 60, "{a}");
    // A second square behind it, red.
    document.root.materials.push(unlit([1.0, 0.0, 0.0, 1.0]));
    let mut behind = document.root.meshes[0].clone();
    behind.primitives[0].material = Some(1);
    document.root.meshes.push(behind);
    document.root.nodes.push(Node {
        mesh: Some(1),
        translation: Some([0.0, 0.0, -0.5]),
        ..Node::default()
    });
    document.root.scenes[0].nodes.push(1);
    let [r, g, ..] = pixel(&renderer().render(&document, &view()).unwrap(), 64, 64);
    assert!(r > 200 && g < 90, "{r} {g}");
}

/// A normal map leans alike whether the tangents are in the file or found on the screen, on both axes.
#[test]
fn normal_maps_lean_the_same_way_with_and_without_tangents() {
    for lean in [
        [255, 128, 180],
        [0, 128, 180],
        [128, 255, 180],
        [128, 0, 180],
    ] {
        let mut material = matte([0.5, 0.5, 0.5, 1.0]);
        material.pbr_metallic_roughness.roughness_factor = Some(0.4);
        material.normal_texture = serde_json::from_value(json!({ "index": 0 })).unwrap();
        let mut document = square(material);
        let picture = image::RgbImage::from_pixel(2, 2, image::Rgb(lean));
        add_texture(&mut document, &picture);
        let found = renderer().render(&document, &view()).unwrap();
        let tangents = document.accessors.len();
        document
            .accessors
            .push(floats(Shape::Vec4, &[1., 0., 0., 1.].repeat(4)));
        let primitive = &mut document.root.meshes[0].primitives[0];
        primitive.attributes.insert("TANGENT".to_owned(), tangents);
        let given = renderer().render(&document, &view()).unwrap();
        let (found, given) = (pixel(&found, 64, 64), pixel(&given, 64, 64));
        assert!(near(found, given), "{lean:?}: {found:?} {given:?}");
    }
}
