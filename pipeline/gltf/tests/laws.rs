//! What every transform must leave as it was.

mod sample;

use proptest::prelude::*;
use sample::{area, canonical, document, recipe};
use xoay_format::Watch;
use xoay_gltf::textures::{TextureOptions, encode_textures};
use xoay_gltf::transform::{
    QuantizeOptions, SimplifyOptions, compress, dedup, join, prune, prune_attributes, quantize,
    reorder, weld,
};
use xoay_gltf::{Codec, Document, Limits, OptimizeOptions, optimize, read_bytes};

/// Counts and places that no transform may change, for positions within `tolerance`.
fn assert_same(before: &Document, after: &Document, tolerance: f32) {
    let (a, b) = (before.stats(), after.stats());
    assert_eq!(a.triangles, b.triangles);
    assert_eq!(a.materials, b.materials);
    assert_eq!(a.variants, b.variants);
    for axis in 0..3 {
        let near = |x: f32, y: f32| (x - y).abs() <= tolerance;
        assert!(
            near(a.bounds.min[axis], b.bounds.min[axis]),
            "{:?} {:?}",
            a.bounds,
            b.bounds
        );
        assert!(
            near(a.bounds.max[axis], b.bounds.max[axis]),
            "{:?} {:?}",
            a.bounds,
            b.bounds
        );
    }
    let (a, b) = (area(before), area(after));
    // A triangle's area changes by about its edge times the shift of a corner.
    let slack = f64::from(tolerance) * 60.0 * before.stats().triangles as f64 + 1e-9;
    assert!((a - b).abs() <= slack, "area {a} became {b}");
    for (before, after) in before.root.meshes.iter().zip(&after.root.meshes) {
        for (before, after) in before.primitives.iter().zip(&after.primitives) {
            let names =
                |p: &xoay_gltf::json::Primitive| p.attributes.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(before), names(after));
            assert_eq!(before.extensions, after.extensions);
        }
    }
    let extras = |d: &Document| {
        d.root
            .materials
            .iter()
            .map(|m| m.extra.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(extras(before), extras(after));
}

/// What comes back from the file draws the same and has all of the same parts.
fn assert_survives_the_file(document: &Document) {
    let back = read_bytes(&document.to_glb().unwrap(), &Limits::default()).unwrap();
    assert_eq!(canonical(document), canonical(&back));
    assert_same(document, &back, 0.0);
    for (a, b) in document.accessors.iter().zip(&back.accessors) {
        assert_eq!(a.bytes(), b.bytes());
    }
    assert_eq!(document.images, back.images);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exact_transforms_draw_the_same_triangles(recipe in recipe()) {
        let before = document(&recipe);
        let mut after = before.clone();
        for transform in [dedup, prune, prune_attributes, join, |d: &mut Document| weld(d, Watch::silent()), reorder] {
            transform(&mut after);
            prop_assert_eq!(canonical(&before), canonical(&after));
            assert_same(&before, &after, 0.0);
            assert_survives_the_file(&after);
        }
    }

    #[test]
    fn quantized_positions_stay_within_the_tolerance(recipe in recipe(), exponent in -5.0f64..-1.5) {
        let before = document(&recipe);
        let mut after = before.clone();
        let tolerance = 10f64.powf(exponent);
        let options = QuantizeOptions { position_tolerance: tolerance, ..QuantizeOptions::default() };
        let step = quantize(&mut after, &options, Watch::silent());
        prop_assert!(step.measures["positionErrorShare"] <= tolerance * 1.01 + 1e-6);
        // The error that the report states, and the rounding of 32-bit transforms.
        let most = step.measures["positionErrorM"] + 2e-5 * f64::from(recipe.scale.max(1.0));
        assert_same(&before, &after, most as f32);
        // A new child comes after all other nodes, so triangles of a node with children change their place in the list.
        let ordered = !recipe.children;
        for (a, b) in sample::world_triangles(&before).iter().zip(sample::world_triangles(&after)).filter(|_| ordered) {
            for (a, b) in a.iter().zip(b) {
                let squares = (0..3).map(|axis| (a[axis] - b[axis]).powi(2));
                prop_assert!(squares.sum::<f64>().sqrt() <= most);
            }
        }
        assert_survives_the_file(&after);
    }

    #[test]
    fn texture_coordinates_arrive_where_they_were(recipe in recipe(), tolerance in 0.05f64..2.0) {
        let before = document(&recipe);
        let mut after = before.clone();
        let options = QuantizeOptions { texcoord_tolerance_texels: tolerance, ..QuantizeOptions::default() };
        let step = quantize(&mut after, &options, Watch::silent());
        let side = f64::from(xoay_gltf::textures::dimensions(&before.images[0].bytes).unwrap().0);
        let moved = sample::texture_places(&before)
            .into_iter()
            .zip(sample::texture_places(&after))
            .map(|(a, b)| (a[0] - b[0]).abs().max((a[1] - b[1]).abs()))
            .fold(0.0, f64::max);
        let stated = step.measures.get("texcoordErrorTexels").copied().unwrap_or(0.0);
        prop_assert!(stated <= tolerance + 1e-6);
        prop_assert!(moved * side <= stated + 1e-3 * f64::from(recipe.uv_span.max(1.0)), "{moved} {stated}");
    }

    #[test]
    fn compression_gives_back_what_the_document_says(recipe in recipe(), khr in any::<bool>()) {
        let codec = if khr { Codec::Khr } else { Codec::Ext };
        let before = document(&recipe);
        let mut after = before.clone();
        weld(&mut after, Watch::silent());
        quantize(&mut after, &QuantizeOptions::default(), Watch::silent());
        let quantized = canonical(&after);
        compress(&mut after, codec);
        prop_assert_eq!(quantized, canonical(&after));
        assert_survives_the_file(&after);
    }

    #[test]
    fn a_whole_run_loses_nothing(recipe in recipe()) {
        let before = document(&recipe);
        let optimized = optimize(before.clone(), &OptimizeOptions::default(), Watch::silent()).unwrap();
        assert_same(&before, &optimized.document, 2e-3 * recipe.scale.max(1.0));
        prop_assert_eq!(optimized.report.bytes_out, optimized.glb.len() as u64);
        let back = read_bytes(&optimized.glb, &Limits::default()).unwrap();
        prop_assert_eq!(canonical(&back), canonical(&optimized.document));
    }

    #[test]
    fn another_reader_sees_the_same(recipe in recipe()) {
        let mut ours = document(&recipe);
        weld(&mut ours, Watch::silent());
        reorder(&mut ours);
        let file = gltf::Gltf::from_slice(&ours.to_glb().unwrap()).unwrap();
        let blob = file.blob.as_deref().unwrap();
        let primitive = file.meshes().next().unwrap().primitives().next().unwrap();
        let reader = primitive.reader(|_| Some(blob));
        let positions: Vec<f32> = reader.read_positions().unwrap().flatten().collect();
        let own = &ours.root.meshes[0].primitives[0];
        prop_assert_eq!(positions, ours.accessors[own.attributes["POSITION"]].to_f32());
        let indices: Vec<u32> = reader.read_indices().unwrap().into_u32().collect();
        prop_assert_eq!(indices, ours.triangles(own));
    }
}

#[test]
fn equal_vertices_become_one_and_unused_things_go() {
    let recipe = sample::Recipe {
        // Vertices 3 and 4 repeat 1 and 2; vertex 5 is unused.
        positions: vec![
            [0., 0., 0.],
            [1., 0., 0.],
            [0., 1., 0.],
            [1., 0., 0.],
            [0., 1., 0.],
            [1., 1., 1.],
        ],
        triangles: vec![[0, 1, 2], [3, 4, 0]],
        ..sample::triangle()
    };
    let mut model = document(&recipe);
    let step = weld(&mut model, Watch::silent());
    assert_eq!(step.changes["vertices"], 3);
    assert_eq!(model.vertex_count(&model.root.meshes[0].primitives[0]), 3);
    // The made-up unused one, and the four that welding replaced.
    assert_eq!(prune(&mut model).changes["accessors"], 5);
    assert_eq!(model.accessors.len(), 4);
}

#[test]
fn copies_become_one_but_names_stay() {
    let mut model = document(&sample::triangle());
    let copy = model.root.meshes[0].clone();
    model.root.meshes.push(copy);
    model.root.nodes[0].children.push(1);
    model.root.nodes.push(xoay_gltf::json::Node {
        mesh: Some(1),
        ..Default::default()
    });
    let step = dedup(&mut model);
    assert_eq!(step.changes["meshes"], 1);
    assert_eq!(model.root.meshes.len(), 1);
    assert_eq!(
        model.root.materials.len(),
        3,
        "materials with different names are different"
    );
    assert_eq!(model.stats().triangles, 2);
}

#[test]
fn nothing_is_renumbered_beside_an_unknown_extension() {
    let mut model = document(&sample::triangle());
    model
        .root
        .extensions
        .insert("ACME_tags".to_owned(), serde_json::json!({ "accessor": 0 }));
    let before = model.clone();
    assert!(prune(&mut model).changes.is_empty());
    assert!(dedup(&mut model).changes.is_empty());
    assert_eq!(model, before);
    let optimized = optimize(model, &OptimizeOptions::default(), Watch::silent()).unwrap();
    assert_eq!(optimized.document.accessors[0], before.accessors[0]);
    assert_eq!(optimized.document.root.extensions, before.root.extensions);
}

#[test]
fn triangles_at_no_finite_place_are_dropped_with_a_warning() {
    let mut recipe = sample::triangle();
    recipe.positions.push([f32::NAN, 0.0, 0.0]);
    recipe.triangles.push([0, 1, 3]);
    let optimized = optimize(
        document(&recipe),
        &OptimizeOptions::default(),
        Watch::silent(),
    )
    .unwrap();
    assert_eq!(optimized.report.after.triangles, 1);
    assert_eq!(optimized.report.warnings.len(), 1);
    assert!(
        optimized.report.warnings[0]
            .en
            .contains("dropped 1 triangles")
    );
    assert!(optimized.report.warnings[0].vi.contains("đã bỏ 1 tam giác"));
}

#[test]
fn textures_become_webp_only_where_that_saves_bytes() {
    let noise = image::RgbImage::from_fn(256, 128, |x, y| {
        let wave = ((x as f32 * 0.1).sin() * (y as f32 * 0.07).cos() * 100.0 + 120.0) as u8;
        image::Rgb([wave, wave.wrapping_add((x * y % 17) as u8), 90])
    });
    let mut png = std::io::Cursor::new(Vec::new());
    noise.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let mut model = document(&sample::triangle());
    model.images[0].bytes = png.into_inner();
    let options = TextureOptions {
        max_side: 64,
        ..TextureOptions::default()
    };
    let (_, changes) =
        encode_textures(&mut model, &options, &Limits::default(), Watch::silent()).unwrap();
    assert_eq!(changes[0].media_type, ["image/png", "image/webp"]);
    assert_eq!(
        (changes[0].width, changes[0].height),
        ([256, 64], [128, 32])
    );
    assert_eq!(changes[0].role, "color");
    assert!(changes[0].size_bytes[1] < changes[0].size_bytes[0]);
    assert_eq!(model.root.textures[0].source, None);
    assert_eq!(
        model.root.textures[0].extensions["EXT_texture_webp"]["source"],
        0
    );
    assert!(
        model
            .root
            .extensions_required
            .iter()
            .any(|name| name == "EXT_texture_webp")
    );
    // Again: it is WebP and small already.
    let before = model.clone();
    encode_textures(&mut model, &options, &Limits::default(), Watch::silent()).unwrap();
    assert_eq!(model, before);
}

#[test]
fn an_image_that_does_not_decode_stays_with_a_warning() {
    let mut model = document(&sample::triangle());
    model.images[0].bytes.truncate(60);
    let bytes = model.images[0].bytes.clone();
    let optimized = optimize(model, &OptimizeOptions::default(), Watch::silent()).unwrap();
    assert_eq!(optimized.document.images[0].bytes, bytes);
    assert_eq!(optimized.report.warnings.len(), 1);
}

#[test]
fn cancelling_stops() {
    let cancel = std::sync::atomic::AtomicBool::new(true);
    let listener = |_| {};
    let watch = Watch::new(&listener, &cancel);
    let result = optimize(
        document(&sample::triangle()),
        &OptimizeOptions::default(),
        watch,
    );
    assert!(matches!(result, Err(xoay_gltf::GltfError::Cancelled)));
}

/// A model of which node 1 is unused, node 3 turns and node 4 is a joint of the skin that bends node 2.
fn animated() -> Document {
    use serde_json::json;
    let mut model = document(&sample::triangle());
    let accessor = |model: &mut Document, shape, values: &[f32]| {
        model.accessors.push(sample::floats(shape, values));
        model.accessors.len() - 1
    };
    let times = accessor(&mut model, xoay_gltf::Shape::Scalar, &[0.0, 1.5]);
    let turns = accessor(
        &mut model,
        xoay_gltf::Shape::Vec4,
        &[0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0],
    );
    let mut bind = [0.0; 16];
    (0..4).for_each(|i| bind[i * 5] = 1.0);
    let bind = accessor(&mut model, xoay_gltf::Shape::Mat4, &bind);
    let bent = model.root.meshes[0].clone();
    model.root.meshes.push(xoay_gltf::json::Mesh {
        name: Some("bent".to_owned()),
        ..bent
    });
    model.root.nodes = serde_json::from_value(json!([
        { "name": "still", "mesh": 0 },
        { "name": "unused" },
        { "name": "bent", "mesh": 1, "skin": 0 },
        { "name": "turning", "mesh": 0, "camera": 0, "extras": { "tên": "xoay" } },
        { "name": "joint" },
    ]))
    .unwrap();
    model.root.cameras = vec![
        serde_json::from_value(
            json!({ "type": "perspective", "perspective": { "yfov": 0.5, "znear": 0.01 } }),
        )
        .unwrap(),
    ];
    model.root.skins =
        serde_json::from_value(json!([{ "joints": [4], "inverseBindMatrices": bind }])).unwrap();
    model.root.animations = serde_json::from_value(json!([{
        "samplers": [{ "input": times, "output": turns }],
        "channels": [{ "sampler": 0, "target": { "node": 3, "path": "rotation" } }],
    }]))
    .unwrap();
    model.root.scenes[0].nodes = vec![0, 2, 3, 4];
    model
}

#[test]
fn animations_and_skins_survive_a_whole_run() {
    let before = animated();
    let optimized = optimize(before.clone(), &OptimizeOptions::default(), Watch::silent()).unwrap();
    let after = read_bytes(&optimized.glb, &Limits::default()).unwrap();
    let root = &after.root;
    let name = |node: usize| root.nodes[node].name.as_deref().unwrap_or("");
    assert!(
        !root
            .nodes
            .iter()
            .any(|node| node.name.as_deref() == Some("unused"))
    );
    assert_eq!(
        name(root.animations[0].channels[0].target.node.unwrap()),
        "turning"
    );
    assert_eq!(name(root.skins[0].joints[0]), "joint");
    let values = |document: &Document, accessor: Option<usize>| {
        document.accessors[accessor.unwrap()].to_f32()
    };
    let sampler = |document: &Document| document.root.animations[0].samplers[0].clone();
    assert_eq!(
        values(&before, sampler(&before).output),
        values(&after, sampler(&after).output)
    );
    assert_eq!(
        values(&before, sampler(&before).input),
        values(&after, sampler(&after).input)
    );
    let turning = root
        .nodes
        .iter()
        .find(|node| node.name.as_deref() == Some("turning"))
        .unwrap();
    assert_eq!(turning.extra, before.root.nodes[3].extra);
    assert_eq!(
        turning.scale, None,
        "an animated node keeps its own transform"
    );
    assert_eq!(turning.mesh, None);
    assert_eq!(root.nodes[turning.children[0]].mesh, Some(0));
    let bent = root
        .nodes
        .iter()
        .find(|node| node.name.as_deref() == Some("bent"))
        .unwrap();
    let positions =
        &after.accessors[root.meshes[bent.mesh.unwrap()].primitives[0].attributes["POSITION"]];
    assert_eq!(
        positions.component(),
        xoay_gltf::Component::F32,
        "a skinned mesh keeps its positions"
    );
    assert_eq!(root.cameras, before.root.cameras);
    assert_same(&before, &after, 1e-3);
}

#[test]
fn a_budget_of_bytes_is_kept_or_the_report_says_so() {
    let noise = image::RgbImage::from_fn(512, 512, |x, y| {
        let hash = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)).wrapping_mul(97);
        image::Rgb([(hash >> 8) as u8, (hash >> 16) as u8, (hash >> 24) as u8])
    });
    let mut png = std::io::Cursor::new(Vec::new());
    noise.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let mut model = document(&sample::triangle());
    model.images[0].bytes = png.into_inner();
    let within = |bytes| {
        let options = OptimizeOptions::default();
        xoay_gltf::optimize_within(&model, &options, bytes, Watch::silent()).unwrap()
    };
    let easy = within(1 << 20).report;
    let tight = within(easy.bytes_out / 3).report;
    assert!(tight.bytes_out <= easy.bytes_out / 3, "{}", tight.bytes_out);
    assert!(tight.warnings.is_empty());
    let impossible = within(100).report;
    assert!(impossible.bytes_out > 100);
    assert!(impossible.warnings[0].en.contains("over the 100 asked for"));
}

#[test]
fn simplified_models_keep_bounds_and_materials_within_the_stated_error() {
    let side = 24u32;
    let at = |i: u32| i as f32 / side as f32;
    let recipe = sample::Recipe {
        positions: (0..=side)
            .flat_map(|y| (0..=side).map(move |x| (x, y)))
            .map(|(x, y)| [at(x), at(y), 0.05 * (at(x) * 6.0).sin()])
            .collect(),
        triangles: (0..side)
            .flat_map(|y| (0..side).map(move |x| y * (side + 1) + x))
            .flat_map(|i| {
                [
                    [i, i + 1, i + side + 1],
                    [i + 1, i + side + 2, i + side + 1],
                ]
            })
            .collect(),
        ..sample::triangle()
    };
    let before = document(&recipe);
    let options = OptimizeOptions {
        simplify: Some(SimplifyOptions {
            max_triangles: 300,
            max_error: 0.05,
        }),
        ..OptimizeOptions::default()
    };
    let optimized = optimize(before.clone(), &options, Watch::silent()).unwrap();
    let step = |name: &str| {
        optimized
            .report
            .steps
            .iter()
            .find(|s| s.name == name)
            .unwrap()
    };
    let error = step("simplify").measures["simplifyErrorM"]
        + step("quantize").measures["positionErrorM"]
        + 1e-5;
    let after = &optimized.document;
    assert!(after.stats().triangles <= 300 && after.stats().triangles > 20);
    assert_eq!(before.stats().materials, after.stats().materials);
    assert_eq!(before.stats().variants, after.stats().variants);
    let (a, b) = (before.bounds(), after.bounds());
    for axis in 0..3 {
        assert!(f64::from((a.min[axis] - b.min[axis]).abs()) <= error);
        assert!(f64::from((a.max[axis] - b.max[axis]).abs()) <= error);
    }
    let (a, b) = (area(&before), area(after));
    assert!((a - b).abs() < a * 0.02, "area {a} became {b}");
}

#[test]
fn a_texture_of_one_colour_becomes_one_pixel_of_it() {
    let plain = image::RgbaImage::from_pixel(64, 32, image::Rgba([200, 31, 77, 255]));
    let mut png = std::io::Cursor::new(Vec::new());
    plain.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let mut model = document(&sample::triangle());
    model.images[0].bytes = png.into_inner();
    let options = TextureOptions::default();
    let limits = Limits::default();
    let (_, changes) = encode_textures(&mut model, &options, &limits, Watch::silent()).unwrap();
    assert_eq!((changes[0].width[1], changes[0].height[1]), (1, 1));
    let pixels = xoay_gltf::textures::decode("images[0]", &model.images[0].bytes, &limits).unwrap();
    assert_eq!(pixels.rgba, [200, 31, 77, 255]);
}

#[test]
fn a_drawing_of_few_colours_comes_back_exactly() {
    let mut model = document(&sample::triangle());
    // Letters on a label, more or less: hard edges in two colours.
    let picture = image::RgbImage::from_fn(256, 256, |x, y| {
        let ink = (x / 7 + y / 11) % 3 == 0 && (x * 31 + y * 17) % 5 < 3;
        image::Rgb(if ink { [120, 30, 10] } else { [250, 240, 220] })
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    model.images[0].bytes = bytes.into_inner();
    let (options, limits) = (TextureOptions::default(), Limits::default());
    let (_, changes) = encode_textures(&mut model, &options, &limits, Watch::silent()).unwrap();
    assert_eq!(
        (changes[0].quality, changes[0].score),
        (Some(100), Some(100.0))
    );
    let back = xoay_gltf::textures::decode("images[0]", &model.images[0].bytes, &limits).unwrap();
    // What no triangle shows is flat now; everything else is as it was.
    let pairs = picture.pixels().zip(back.rgba.chunks_exact(4));
    let same = pairs.filter(|(pixel, now)| pixel.0 == now[..3]).count();
    assert!(same > 256 * 256 / 4, "{same}");
}
