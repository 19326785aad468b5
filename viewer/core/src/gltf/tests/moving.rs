//! Animations, skins, shapes, variants, and geometry that is decoded outside.

use super::*;
use crate::math::Vec3;
use crate::pick::Pick;
use crate::pose::Pose;

/// Appends values to the binary chunk, as a view and an accessor of their own; the accessor's index.
fn add(document: &mut Value, binary: &mut Vec<u8>, kind: &str, values: &[f32]) -> usize {
    let components = match kind {
        "SCALAR" => 1,
        "VEC3" => 3,
        "VEC4" => 4,
        _ => 16,
    };
    binary.resize(binary.len().next_multiple_of(4), 0);
    let view = json!({ "buffer": 0, "byteOffset": binary.len(), "byteLength": 4 * values.len() });
    binary.extend(values.iter().flat_map(|n| n.to_le_bytes()));
    let views = document["bufferViews"].as_array_mut().unwrap();
    views.push(view);
    let view = views.len() - 1;
    let accessors = document["accessors"].as_array_mut().unwrap();
    let count = values.len() / components;
    accessors
        .push(json!({ "bufferView": view, "componentType": 5126, "type": kind, "count": count }));
    accessors.len() - 1
}

fn close(a: Vec3, b: Vec3) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4)
}

/// The first vertices of the scene in the pose of its first animation at a time.
fn vertices_at(model: &Model, time_s: f32) -> Vec<Vec3> {
    let mut pose = Pose::new(model);
    pose.apply(model, &model.animations[0], time_s);
    pose.vertices(model, &model.draws[0]).collect()
}

/// The triangle, one property of its node 1 animated by these keys.
fn animated(path: &str, interpolation: &str, kind: &str, times: &[f32], values: &[f32]) -> Model {
    read(|document, binary| {
        let input = add(document, binary, "SCALAR", times);
        let output = add(document, binary, kind, values);
        document["animations"] = json!([{
            "name": "Open",
            "channels": [{ "sampler": 0, "target": { "node": 1, "path": path } }],
            "samplers": [{ "input": input, "output": output, "interpolation": interpolation }],
        }]);
    })
    .unwrap()
}

#[test]
fn a_translation_goes_straight_stays_or_swings() {
    let (times, way) = ([1.0, 3.0], [0.0, 0.0, 0.0, 8.0, 0.0, 0.0]);
    let linear = animated("translation", "LINEAR", "VEC3", &times, &way);
    assert_eq!(linear.animations[0].name, "Open");
    assert!((linear.animations[0].duration_s - 3.0).abs() < 1e-6);
    // Before the first key, between, on the last, after it; the parent stands at z = 5.
    for (time_s, x) in [(0.0, 0.0), (1.5, 2.0), (3.0, 8.0), (9.0, 8.0)] {
        assert!(
            close(vertices_at(&linear, time_s)[0], [x, 0.0, 5.0]),
            "{time_s}"
        );
    }
    let step = animated("translation", "STEP", "VEC3", &times, &way);
    for (time_s, x) in [(1.0, 0.0), (2.99, 0.0), (3.0, 8.0)] {
        assert!(
            close(vertices_at(&step, time_s)[0], [x, 0.0, 5.0]),
            "{time_s}"
        );
    }
    // Tangents of nothing make the smooth step 3t² − 2t³.
    let mut keys = vec![0.0; 18];
    keys[12] = 8.0;
    let cubic = animated("translation", "CUBICSPLINE", "VEC3", &times, &keys);
    for (time_s, x) in [(1.0, 0.0), (1.5, 8.0 * 0.15625), (2.0, 4.0), (3.0, 8.0)] {
        assert!(
            close(vertices_at(&cubic, time_s)[0], [x, 0.0, 5.0]),
            "{time_s}"
        );
    }
    // A tangent leaves the first key at 6 a second: h10 = 0.125 at the middle of two seconds.
    keys[6] = 6.0;
    let cubic = animated("translation", "CUBICSPLINE", "VEC3", &times, &keys);
    assert!(close(
        vertices_at(&cubic, 2.0)[0],
        [4.0 + 0.125 * 12.0, 0.0, 5.0]
    ));
}

#[test]
fn a_rotation_takes_the_shorter_arc_at_an_even_speed() {
    let half = core::f32::consts::FRAC_1_SQRT_2;
    // A quarter about +Z, given as the quaternion of the other sign.
    let turn = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, -half, -half];
    let model = animated("rotation", "LINEAR", "VEC4", &[0.0, 1.0], &turn);
    // Vertex 1 is (2, 0, 0), stretched tenfold.
    for (time_s, degrees) in [
        (0.0_f32, 0.0_f32),
        (1.0 / 3.0, 30.0),
        (0.5, 45.0),
        (1.0, 90.0),
    ] {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let got = vertices_at(&model, time_s)[1];
        assert!(
            close(got.map(|n| n / 20.0), [cos, sin, 0.25]),
            "{time_s}: {got:?}"
        );
    }
}

#[test]
fn children_follow_and_rest_is_rest() {
    let model = animated(
        "scale",
        "LINEAR",
        "VEC3",
        &[0.0, 1.0],
        &[1.0, 1.0, 1.0, 3.0, 1.0, 1.0],
    );
    assert!(close(vertices_at(&model, 1.0)[1], [6.0, 0.0, 5.0]));
    assert!(close(
        Pose::new(&model)
            .vertices(&model, &model.draws[0])
            .nth(1)
            .unwrap(),
        [20.0, 0.0, 5.0]
    ));
    assert_eq!(model.max[0], 20.0, "the box is of the model at rest");
}

#[test]
fn shapes_are_added_by_weight_the_strongest_first() {
    let model = read(|document, binary| {
        let lift = [0.0, 2.0, 0.0].repeat(3);
        let targets: Vec<Value> = (0..12)
            .map(|_| json!({ "POSITION": add(document, binary, "VEC3", &lift) }))
            .collect();
        document["meshes"][0]["primitives"][0]["targets"] = json!(targets);
        // The first ten are faint; of twelve, eight are mixed.
        let mut weights = vec![0.1; 10];
        weights.extend([1.0, -0.5]);
        document["meshes"][0]["weights"] = json!(weights);
    })
    .unwrap();
    let pose = Pose::new(&model);
    let shapes = pose.shapes(&model, &model.draws[0]);
    assert_eq!(shapes[..3], [(10, 1.0), (11, -0.5), (0, 0.1)]);
    assert_eq!(shapes.len(), crate::pose::MOST_SHAPES);
    let first = pose.vertices(&model, &model.draws[0]).next().unwrap();
    assert!(
        close(first, [0.0, 2.0 * (1.0 - 0.5 + 6.0 * 0.1), 5.0]),
        "{first:?}"
    );
}

#[test]
fn weights_are_animated() {
    let model = read(|document, binary| {
        let lift = [0.0, 2.0, 0.0].repeat(3);
        let target = add(document, binary, "VEC3", &lift);
        document["meshes"][0]["primitives"][0]["targets"] =
            json!([{ "POSITION": target }, { "POSITION": target }]);
        let input = add(document, binary, "SCALAR", &[0.0, 1.0]);
        let output = add(document, binary, "SCALAR", &[0.0, 0.0, 1.0, 0.5]);
        document["animations"] = json!([{
            "channels": [{ "sampler": 0, "target": { "node": 1, "path": "weights" } }],
            "samplers": [{ "input": input, "output": output }],
        }]);
    })
    .unwrap();
    assert!(close(vertices_at(&model, 0.5)[0], [0.0, 2.0 * 0.75, 5.0]));
}

/// The triangle bound to two joints: vertex 0 to the first, 1 to both, 2 to the second, which stands 10 to the right.
fn skinned() -> Result<Model, GltfError> {
    read(|document, binary| {
        let joints = add(document, binary, "VEC4", &[0.0; 12]);
        let at = binary.len() - 48;
        binary.truncate(at);
        binary.extend([0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0]);
        document["accessors"][joints] = json!({ "bufferView": document["accessors"][joints]["bufferView"], "componentType": 5121, "type": "VEC4", "count": 3 });
        document["bufferViews"]
            .as_array_mut()
            .unwrap()
            .last_mut()
            .unwrap()["byteLength"] = json!(12);
        // The weights of vertex 1 do not add up to 1.
        let weights = [1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
        let weights = add(document, binary, "VEC4", &weights);
        let mut bind = crate::math::Mat4::IDENTITY.0.repeat(2);
        bind[16 + 12] = -1.0;
        let bind = add(document, binary, "MAT4", &bind);
        let primitive = &mut document["meshes"][0]["primitives"][0];
        primitive["attributes"]["JOINTS_0"] = json!(joints);
        primitive["attributes"]["WEIGHTS_0"] = json!(weights);
        document["skins"] = json!([{ "joints": [2, 3], "inverseBindMatrices": bind }]);
        document["nodes"][1]["skin"] = json!(0);
        document["nodes"].as_array_mut().unwrap().extend([
            json!({ "children": [3] }),
            json!({ "translation": [10, 0, 0] }),
        ]);
        document["scenes"][0]["nodes"] = json!([0, 2]);
    })
}

#[test]
fn bones_bend_and_the_meshs_own_place_does_not_count() {
    let model = skinned().unwrap();
    let pose = Pose::new(&model);
    let got: Vec<Vec3> = pose.vertices(&model, &model.draws[0]).collect();
    // The second joint brings a point by its place minus its bind: 9 to the right.
    assert!(close(got[0], [0.0, 0.0, 0.0]), "{got:?}");
    assert!(close(got[1], [2.0 + 4.5, 0.0, 0.0]), "{got:?}");
    assert!(close(got[2], [9.0, 4.0, 0.0]), "{got:?}");
    assert_eq!(model.min[2], 0.0, "the node's own z = 5 does not count");
    assert_eq!(pose.joints(&model, 0).len(), 2);
}

#[test]
fn rays_meet_the_posed_surface() {
    let model = skinned().unwrap();
    let pick = Pick::new(&model, &Pose::new(&model));
    let hit = pick.ray([4.0, 0.5, 3.0], [0.0, 0.0, -1.0], 100.0).unwrap();
    assert!(close(hit.position, [4.0, 0.5, 0.0]) && close(hit.normal, [0.0, 0.0, 1.0]));
    assert!(pick.ray([0.0, 3.0, 3.0], [0.0, 0.0, -1.0], 100.0).is_none());
}

#[test]
fn variants_choose_materials_where_a_mesh_maps_them() {
    let model = read(|document, _| {
        document["materials"] = json!([{}, {}, {}]);
        document["extensions"] = json!({ "KHR_materials_variants": { "variants": [{ "name": "Đỏ" }, { "name": "Xanh" }, {}] } });
        let primitive = &mut document["meshes"][0]["primitives"][0];
        primitive["material"] = json!(0);
        let mappings = json!([{ "material": 1, "variants": [1] }, { "material": 2, "variants": [0, 9] }]);
        primitive["extensions"] = json!({ "KHR_materials_variants": { "mappings": mappings } });
    })
    .unwrap();
    assert_eq!(model.variants, ["Đỏ", "Xanh", ""]);
    let of = |variant| model.material_of(&model.draws[0], variant);
    assert_eq!(
        [of(None), of(Some(0)), of(Some(1)), of(Some(2)), of(Some(7))],
        [0, 2, 1, 0, 0]
    );
}

#[test]
fn sparse_values_replace_what_lies_beneath() {
    let model = read(|document, binary| {
        binary.resize(44, 0);
        binary.extend([2, 0, 0, 0]);
        binary.extend([7.0_f32, 8.0, 9.0].iter().flat_map(|n| n.to_le_bytes()));
        let views = document["bufferViews"].as_array_mut().unwrap();
        views.push(json!({ "buffer": 0, "byteOffset": 44, "byteLength": 2 }));
        views.push(json!({ "buffer": 0, "byteOffset": 48, "byteLength": 12 }));
        let indices = json!({ "bufferView": 2, "componentType": 5123 });
        document["accessors"][0]["sparse"] =
            json!({ "count": 1, "indices": indices, "values": { "bufferView": 3 } });
        document["nodes"][1]["scale"] = json!([1, 1, 1]);
    })
    .unwrap();
    let got: Vec<Vec3> = Pose::new(&model)
        .vertices(&model, &model.draws[0])
        .collect();
    assert!(
        close(got[1], [2.0, 0.0, 5.0]) && close(got[2], [7.0, 8.0, 14.0]),
        "{got:?}"
    );
}

#[test]
fn what_gl_cannot_read_is_written_out() {
    // Floats at an odd offset.
    let model = read(|document, binary| {
        binary.insert(0, 0);
        document["bufferViews"][0] = json!({ "buffer": 0, "byteLength": 37 });
        document["bufferViews"][1]["byteOffset"] = json!(37);
        document["accessors"][0]["byteOffset"] = json!(1);
    })
    .unwrap();
    let position = model.draws[0].attributes[0];
    assert_eq!((position.offset, position.stride), (0, 12));
    assert_eq!(model.max, [20.0, 4.0, 5.0]);
}

/// The triangle as Draco's extension names it, without values of its own.
fn compressed(document: &mut Value) {
    document["extensionsRequired"] = json!(["KHR_draco_mesh_compression"]);
    for accessor in document["accessors"].as_array_mut().unwrap() {
        accessor.as_object_mut().unwrap().remove("bufferView");
    }
    let part = json!({ "bufferView": 1, "attributes": { "POSITION": 4 } });
    document["meshes"][0]["primitives"][0]["extensions"] =
        json!({ "KHR_draco_mesh_compression": part });
}

#[test]
fn decoded_geometry_takes_the_place_of_the_compressed() {
    let (mut document, binary) = triangle();
    compressed(&mut document);
    let file = glb(&document, &binary);
    let parts = Model::draco_parts(&file).unwrap();
    assert_eq!(parts.len(), 1);
    assert_eq!((parts[0].view, parts[0].bytes), (1, &binary[36..42]));
    let position = DracoAttribute {
        id: 4,
        component: ComponentType::F32,
        components: 3,
    };
    assert_eq!(parts[0].attributes, [position]);

    let mut answer: Vec<u8> = [3_u32, 3, 2, 1, 0]
        .iter()
        .flat_map(|n| n.to_le_bytes())
        .collect();
    answer.extend(&binary[..36]);
    let decoded = [(1, parts[0].accept(&answer).unwrap())];
    let model = Model::read_with(&file, &decoded).unwrap();
    assert_eq!(model.max, [20.0, 4.0, 5.0]);
    let indices = model.draws[0].indices.unwrap();
    let bytes = &model.views[indices.view];
    let read: Vec<_> = (0..3)
        .map(|i| indices.read_index(bytes, i).unwrap())
        .collect();
    assert_eq!(read, [2, 1, 0]);

    for end in 0..answer.len() {
        assert!(parts[0].accept(&answer[..end]).is_err(), "{end}");
    }
    answer[8] = 3;
    let decoded = [(1, parts[0].accept(&answer).unwrap())];
    let error = Model::read_with(&file, &decoded).unwrap_err();
    assert!(
        error.to_string().contains("a vertex that does not exist"),
        "{error}"
    );
    // Without its decoder the file is refused by name.
    let error = Model::read(&file).unwrap_err();
    assert_eq!(
        error,
        GltfError::Unsupported("KHR_draco_mesh_compression".into())
    );
}

#[test]
fn broken_movements_are_refused() {
    let broken = |change: fn(&mut Value)| {
        read(|document, binary| {
            let input = add(document, binary, "SCALAR", &[0.0, 1.0]);
            let output = add(document, binary, "VEC3", &[0.0; 6]);
            document["animations"] = json!([{
                "channels": [{ "sampler": 0, "target": { "node": 1, "path": "translation" } }],
                "samplers": [{ "input": input, "output": output }],
            }]);
            change(document);
        })
    };
    assert!(broken(|_| {}).is_ok());
    let changes: [fn(&mut Value); 5] = [
        |d| d["animations"][0]["channels"][0]["sampler"] = json!(7),
        |d| d["animations"][0]["channels"][0]["target"]["path"] = json!("rotation"),
        |d| d["animations"][0]["samplers"][0]["input"] = json!(0),
        |d| d["animations"][0]["samplers"][0]["output"] = json!(99),
        |d| d["animations"][0]["samplers"][0]["interpolation"] = json!("CUBICSPLINE"),
    ];
    for (i, change) in changes.into_iter().enumerate() {
        assert!(broken(change).is_err(), "{i}");
    }
    // A node that the scene lacks, or a property that nobody knows, moves nothing.
    let model = broken(|d| d["animations"][0]["channels"][0]["target"]["path"] = json!("pointer"));
    assert!(model.unwrap().animations[0].channels.is_empty());
}
