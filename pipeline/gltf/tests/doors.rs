//! OBJ, PLY and STL.

mod sample;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use proptest::prelude::*;
use sample::doors::{CUBE, PLY_FORMATS, ply, stl_ascii, stl_binary};
use xoay_format::{ProgressEvent, Watch};
use xoay_gltf::{
    Document, GltfError, ImportOptions, Limits, OptimizeOptions, Units, UpAxis, optimize,
    read_bytes, read_bytes_with, read_with,
};

/// A model and what was warned of while it was read.
fn open_with(bytes: &[u8], options: ImportOptions) -> Result<(Document, String), GltfError> {
    watched(|watch| read_bytes_with(bytes, &Limits::default(), options, watch))
}

fn watched(
    read: impl FnOnce(Watch<'_>) -> Result<Document, GltfError>,
) -> Result<(Document, String), GltfError> {
    let warnings = Mutex::new(String::new());
    let listener = |event: ProgressEvent| {
        if let ProgressEvent::Warning { message } = event {
            assert!(!message.vi.is_empty() && message.vi != message.en);
            warnings.lock().unwrap().push_str(&message.en);
        }
    };
    let stop = AtomicBool::new(false);
    let document = read(Watch::new(&listener, &stop))?;
    Ok((document, warnings.into_inner().unwrap()))
}

fn open(bytes: &[u8]) -> Document {
    open_with(bytes, ImportOptions::default()).unwrap().0
}

/// In the file's own unit and axes.
const AS_WRITTEN: ImportOptions = ImportOptions {
    units: Some(Units::Metres),
    up: Some(UpAxis::Y),
    crease_deg: 60.0,
};

fn values(document: &Document, semantic: &str) -> Vec<f32> {
    let primitive = &document.root.meshes[0].primitives[0];
    document.accessors[primitive.attributes[semantic]].to_f32()
}

fn close(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
}

#[test]
fn a_cube_of_quads_has_sharp_edges() {
    let document = open(CUBE.as_bytes());
    let stats = document.stats();
    assert_eq!((stats.triangles, stats.vertices), (12, 24));
    assert_eq!(document.root.nodes[0].name.as_deref(), Some("khối"));
    let normals = values(&document, "NORMAL");
    for normal in normals.chunks_exact(3) {
        let longest = normal.iter().fold(0f32, |a, b| a.max(b.abs()));
        assert!((longest - 1.0).abs() < 1e-6, "{normal:?}");
    }
    // Normals point away from the middle.
    for (p, n) in values(&document, "POSITION")
        .chunks_exact(3)
        .zip(normals.chunks_exact(3))
    {
        let out: f32 = (0..3).map(|axis| (p[axis] - 0.5) * n[axis]).sum();
        assert!((out - 0.5).abs() < 1e-6);
    }
    assert!((sample::area(&document) - 6.0).abs() < 1e-6);
}

#[test]
fn smoothing_groups_and_creases_decide_what_is_round() {
    let vertices = |text: &str, crease_deg: f32| {
        let options = ImportOptions {
            crease_deg,
            ..AS_WRITTEN
        };
        open_with(text.as_bytes(), options)
            .unwrap()
            .0
            .stats()
            .vertices
    };
    assert_eq!(vertices(CUBE, 100.0), 8);
    let with = |group: &str| CUBE.replace("f 4 3", &format!("{group}\nf 4 3"));
    assert_eq!(vertices(&with("s 1"), 10.0), 8);
    assert_eq!(vertices(&with("s off"), 100.0), 24);
}

#[test]
fn every_form_of_face_is_read() {
    let text = "v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 0.25\nvn 0 0 2\n\
        f 1/1/1 2/2/1 3/3/1\nf 1//1 2//1 3//-1\nf 1/1 2/2 3/3\nf 1 2 \\\n 3\n";
    let document = open(text.as_bytes());
    assert_eq!(document.stats().triangles, 4);
    // All have the same normal; those without texture coordinates have others than the first corner's.
    let uvs = values(&document, "TEXCOORD_0");
    assert!(
        uvs.chunks_exact(2).any(|uv| close(uv, &[0.0, 0.75])),
        "{uvs:?}"
    );
    for normal in values(&document, "NORMAL").chunks_exact(3) {
        assert!(close(normal, &[0.0, 0.0, 1.0]), "{normal:?}");
    }
}

#[test]
fn units_and_axes_are_as_asked() {
    let greatest = |units, up| {
        let options = ImportOptions {
            units,
            up,
            ..AS_WRITTEN
        };
        let text = "v 0 0 0\nv 1 2 3\nv 1 2 0\nf 1 2 3\n";
        open_with(text.as_bytes(), options).unwrap().0.bounds()
    };
    assert!(close(&greatest(None, None).max, &[1.0, 2.0, 3.0]));
    let inches = greatest(Some(Units::Inches), Some(UpAxis::Z));
    assert!(close(&inches.max, &[0.0254, 0.0762, 0.0]), "{inches:?}");
    assert!(close(&inches.min, &[0.0, 0.0, -0.0508]), "{inches:?}");
    let mm = greatest(Some(Units::Millimetres), None);
    assert!((mm.max[2] - 0.003).abs() < 1e-9);
}

/// A folder with a textured square, its material and pictures.
fn shelf(mtl: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let obj = "mtllib vật liệu.mtl\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n\
        usemtl gỗ\nf 1/1 2/2 3/3 4/4\nusemtl không có\nf 1/1 2/2 3/3\n";
    std::fs::write(folder.path().join("model.obj"), obj).unwrap();
    std::fs::write(folder.path().join("vật liệu.mtl"), mtl).unwrap();
    std::fs::create_dir(folder.path().join("ảnh")).unwrap();
    std::fs::write(folder.path().join("ảnh/màu 1.png"), sample::png()).unwrap();
    let grey = |name: &str, value: u8| {
        let picture = image::GrayImage::from_pixel(8, 8, image::Luma([value]));
        picture.save(folder.path().join(name)).unwrap();
    };
    grey("nham.png", 51);
    grey("kim.png", 204);
    let mut flat = image::RgbImage::from_pixel(4, 4, image::Rgb([128, 128, 255]));
    flat.put_pixel(0, 0, image::Rgb([160, 128, 250]));
    flat.save(folder.path().join("phap.png")).unwrap();
    image::RgbaImage::from_fn(4, 4, |x, _| {
        image::Rgba([9, 9, 9, if x < 2 { 0 } else { 255 }])
    })
    .save(folder.path().join("mask.png"))
    .unwrap();
    folder
}

fn open_shelf(folder: &Path) -> (Document, String) {
    watched(|watch| {
        let path = folder.join("model.obj");
        read_with(&path, &Limits::default(), ImportOptions::default(), watch)
    })
    .unwrap()
}

#[test]
fn materials_become_metallic_roughness() {
    let folder = shelf(
        "newmtl gỗ\nKd 0.5 0.25 1\nNs 200\nKe 2 1 0\nPc 0.5\nmap_Kd -s 2 2 1 ảnh\\màu 1.png\n\
         map_Pr nham.png\nmap_Pm kim.png\nmap_d mask.png\nbump -bm 0.5 phap.png\nmap_Ke thiếu.png\n",
    );
    let (document, warnings) = open_shelf(folder.path());
    assert!(
        warnings.contains("không có") && warnings.contains("thiếu.png"),
        "{warnings}"
    );
    let root = &document.root;
    let material = &root.materials[0];
    let pbr = &material.pbr_metallic_roughness;
    assert!(close(
        &pbr.base_color_factor.unwrap(),
        &[0.5, 0.25, 1.0, 1.0]
    ));
    assert!(close(
        &[pbr.metallic_factor.unwrap(), pbr.roughness_factor.unwrap()],
        &[1.0, 1.0]
    ));
    assert!(close(&material.emissive_factor.unwrap(), &[1.0, 0.5, 0.0]));
    assert_eq!(material.alpha_mode.as_deref(), Some("MASK"));
    assert_eq!(material.normal_texture.as_ref().unwrap().scale, Some(0.5));
    for name in ["KHR_materials_clearcoat", "KHR_materials_emissive_strength"] {
        assert!(
            material.extensions.contains_key(name)
                && root.extensions_used.iter().any(|n| n == name)
        );
    }
    let base = pbr.base_color_texture.as_ref().unwrap();
    let transform = &base.extensions["KHR_texture_transform"];
    assert_eq!(transform["offset"], serde_json::json!([0.0, -1.0]));
    let picture = |texture: usize| {
        let image = root.textures[texture].source.unwrap();
        xoay_gltf::textures::decode("t", &document.images[image].bytes, &Limits::default()).unwrap()
    };
    let color = picture(base.index);
    assert_eq!((color.rgba[3], color.rgba[15]), (0, 255));
    let packed = picture(pbr.metallic_roughness_texture.as_ref().unwrap().index);
    assert_eq!(packed.rgba[1..3], [51, 204]);
    assert_eq!(root.materials[1].name.as_deref(), Some("không có"));
    let optimized = optimize(document, &OptimizeOptions::default(), Watch::silent()).unwrap();
    assert!(
        optimized.report.warnings.is_empty(),
        "{:?}",
        optimized.report.warnings
    );
}

#[test]
fn no_path_in_a_library_leads_out_of_the_folder() {
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret.png");
    std::fs::write(&secret, sample::png()).unwrap();
    for path in [
        secret.display().to_string(),
        "../secret.png".to_owned(),
        "..\\secret.png".to_owned(),
        "C:\\secret.png".to_owned(),
        "ảnh/../../secret.png".to_owned(),
        "https://example.org/secret.png".to_owned(),
        "/etc/hostname".to_owned(),
    ] {
        let folder = shelf(&format!("newmtl gỗ\nmap_Kd {path}\n"));
        let (document, warnings) = open_shelf(folder.path());
        assert!(document.images.is_empty(), "{path}");
        assert!(warnings.contains("is left out"), "{path}: {warnings}");
        std::fs::write(
            folder.path().join("model.obj"),
            format!("mtllib {path}\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"),
        )
        .unwrap();
        let (_, warnings) = open_shelf(folder.path());
        assert!(warnings.contains("is not used"), "{path}: {warnings}");
    }
    // A height map is no normal map.
    let folder = shelf("newmtl gỗ\nmap_Bump nham.png\n");
    let (document, warnings) = open_shelf(folder.path());
    assert!(document.root.materials[0].normal_texture.is_none());
    assert!(warnings.contains("height"), "{warnings}");
}

#[test]
fn obj_that_lies_is_refused_with_its_line() {
    let head = "v 0 0 0\nv 1 0 0\nv 0 1 0\n";
    for (face, line) in [
        ("f 1 2 4", 4),
        ("f 1 2 -4", 4),
        ("f 0 1 2", 4),
        ("f 1 2 99999999999999999999", 4),
        ("f 1/1 2/1 3/1", 4),
        ("f 1 2 x", 4),
        ("v 1 2", 4),
        ("v 1 2 z", 4),
        ("vn 1", 4),
    ] {
        let error = read_bytes(format!("{head}{face}\n").as_bytes(), &Limits::default())
            .map(|document| document.stats())
            .unwrap_err();
        assert!(
            error.to_string().contains(&format!("line {line}")),
            "{face}: {error}"
        );
    }
    let (document, warnings) = open_with(
        format!("{head}v nan 0 0\nf 1 2\nf 1 2 4\nl 1 2\nf 1 2 3").as_bytes(),
        AS_WRITTEN,
    )
    .unwrap();
    assert_eq!(document.stats().triangles, 1);
    assert!(
        warnings.contains("2 faces") && warnings.contains("lines"),
        "{warnings}"
    );
    let error = read_bytes(b"v 0 0 0\n", &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("no faces"), "{error}");
}

#[test]
fn ply_of_every_form_is_the_same_model() {
    let mut models = Vec::new();
    for format in PLY_FORMATS {
        let document = open(&ply(format, false));
        assert_eq!(document.stats().triangles, 4, "{format}");
        // The first face is concave: 3, and the second is half of the square.
        assert!((sample::area(&document) - 5.0).abs() < 1e-6, "{format}");
        let colors = values(&document, "COLOR_0");
        // 128 of 255 is 0.2159 of the light.
        assert!(
            close(&colors[..2], &[1.0, 0.0]) && (colors[2] - 0.2159).abs() < 1e-3,
            "{colors:?}"
        );
        models.push(sample::canonical(&document));
    }
    assert!(models.iter().all(|model| *model == models[0]));
}

#[test]
fn ply_faces_may_have_texture_coordinates_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("màu.png"), sample::png()).unwrap();
    for format in PLY_FORMATS {
        let path = folder.path().join("model.bin");
        std::fs::write(&path, ply(format, true)).unwrap();
        let document = xoay_gltf::read(&path, &Limits::default()).unwrap();
        let (p, uv) = (
            values(&document, "POSITION"),
            values(&document, "TEXCOORD_0"),
        );
        for (p, uv) in p.chunks_exact(3).zip(uv.chunks_exact(2)) {
            assert!(
                close(uv, &[p[0] / 2.0, 1.0 - p[1] / 2.0]),
                "{format}: {p:?} {uv:?}"
            );
        }
        assert_eq!(document.images.len(), 1);
        assert!(
            document.root.materials[0]
                .pbr_metallic_roughness
                .base_color_texture
                .is_some()
        );
    }
    // Alone, without its picture, it is a model all the same.
    let (document, warnings) = open_with(&ply("ascii", true), AS_WRITTEN).unwrap();
    assert!(document.images.is_empty() && warnings.contains("màu.png"));
}

#[test]
fn ply_strips_are_triangles() {
    let text = "ply\nformat ascii 1.0\nelement vertex 6\nproperty float x\nproperty float y\nproperty float z\n\
        element tristrips 1\nproperty list int int vertex_indices\nend_header\n\
        0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 2 0\n1 2 0\n10 0 1 2 3 4 5 -1 0 1 2\n";
    let document = open(text.as_bytes());
    assert_eq!(document.stats().triangles, 5);
    for normal in values(&document, "NORMAL").chunks_exact(3) {
        assert!(close(normal, &[0.0, 0.0, 1.0]), "{normal:?}");
    }
}

#[test]
fn ply_that_lies_is_refused() {
    let whole = String::from_utf8(ply("ascii", false)).unwrap();
    for (from, to) in [
        ("element vertex 5", "element vertex 4000000000"),
        ("element vertex 5", "element vertex 18446744073709551615"),
        ("element face 2", "element face 2147483648"),
        ("element vertex 5", "element vertex 4"),
        ("element ghost 0", "element ghost 9"),
        ("format ascii 1.0\n", ""),
        ("format ascii", "format morse"),
        ("property double x", "property double w"),
        ("property double x", "property decimal x"),
        ("end_header\n", ""),
        ("3 0 1 2", "3 0 1 9"),
        ("3 0 1 2", "3 0 1 -1"),
        ("3 0 1 2", "2000000000 0 1 2"),
    ] {
        let changed = whole.replacen(from, to, 1);
        assert_ne!(changed, whole, "{from}");
        let result = read_bytes(changed.as_bytes(), &Limits::default());
        assert!(result.is_err(), "{from} → {to}");
    }
    let cloud = "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\nend_header\n0 0 0\n";
    let error = read_bytes(cloud.as_bytes(), &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("cloud of points"), "{error}");
}

#[test]
fn stl_of_both_forms_is_the_same_model() {
    // A binary file may begin with the text's first word.
    let files = [
        stl_ascii(),
        stl_binary(b"binary", 0),
        stl_binary(b"solid facet endsolid", 0),
    ];
    let models: Vec<_> = files.iter().map(|file| open(file)).collect();
    for document in &models {
        let stats = document.stats();
        assert_eq!((stats.triangles, stats.vertices), (4, 12));
        // Millimetres, and Z is up.
        assert!(close(&stats.bounds.max, &[0.01, 0.01, 0.0]), "{stats:?}");
        assert!(close(&stats.bounds.min, &[0.0, 0.0, -0.01]), "{stats:?}");
        assert_eq!(sample::canonical(document), sample::canonical(&models[0]));
    }
    assert_eq!(models[0].root.nodes[0].name.as_deref(), Some("tứ diện"));
    let (_, warnings) = open_with(&stl_binary(b"COLOR=", 0x7fff), AS_WRITTEN).unwrap();
    assert!(warnings.contains("colours"), "{warnings}");
}

#[test]
fn every_truncated_prefix_is_an_error_or_a_sound_model() {
    let mut files = vec![stl_ascii(), stl_binary(b"x", 0), CUBE.as_bytes().to_vec()];
    for format in PLY_FORMATS {
        files.extend([ply(format, false), ply(format, true)]);
    }
    for file in files {
        let whole = open(&file).stats().triangles;
        for length in 0..file.len() {
            if let Ok(document) = read_bytes(&file[..length], &Limits::default()) {
                assert!(document.stats().triangles <= whole);
                document.to_glb().unwrap();
            }
        }
    }
}

#[test]
fn memory_is_refused_before_it_is_taken() {
    let limits = Limits {
        geometry_bytes: 300,
        ..Limits::default()
    };
    for file in [
        stl_ascii(),
        stl_binary(b"x", 0),
        CUBE.as_bytes().to_vec(),
        ply("ascii", true),
    ] {
        let error = read_bytes(&file, &limits).unwrap_err();
        assert!(matches!(error, GltfError::TooLarge { .. }), "{error}");
    }
}

#[test]
fn what_else_people_send_is_named() {
    for (bytes, name) in [
        (&b"Kaydara FBX Binary  \0"[..], "FBX"),
        (b"PK\x03\x04....", "USDZ"),
        (b"<?xml version=\"1.0\"?><COLLADA>", "COLLADA"),
        (b"#usda 1.0", "USD"),
    ] {
        let error = read_bytes(bytes, &Limits::default()).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}

proptest! {
    #[test]
    fn random_damage_never_panics(
        which in 0usize..8,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)
    ) {
        let mut file = match which {
            0 => stl_ascii(),
            1 => stl_binary(b"x", 0),
            2 => CUBE.as_bytes().to_vec(),
            n => ply(PLY_FORMATS[n % 3], n % 2 == 0),
        };
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        if let Ok(document) = read_bytes(&file, &Limits::default()) {
            optimize(document, &OptimizeOptions::default(), Watch::silent()).unwrap();
        }
    }
}
