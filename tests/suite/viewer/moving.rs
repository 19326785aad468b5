//! What a model's file brings beside its shape: animations, variants, and compression that has a decoder of its own.

use anyhow::Result;
use draco_core::{
    DataType, EncoderBuffer, EncoderOptions, FaceIndex, GeometryAttributeType, Mesh as DracoMesh,
    MeshEncoder, PointAttribute, PointIndex,
};
use serde_json::{Value, json};
use xoay_tests::browser::{Browser, Engine};
use xoay_tests::in_every_engine;
use xoay_tests::site::Site;

use super::models::writer::{Mesh, Writer, sphere};
use super::{difference, finish, fixtures, loaded, pixels, site, visit};

in_every_engine!(
    an_animation_plays_and_stops,
    a_variant_changes_the_colour,
    draco_is_decoded,
    a_ktx2_texture_is_shown,
);

/// A page with one viewer of this model.
async fn show(engine: Engine, model: Vec<u8>) -> Result<(Site, Browser)> {
    let element = "<xoay-viewer src=model.glb width=640 height=480></xoay-viewer>";
    let site = site(element, &[("model.glb", model)]).await?;
    let browser = Browser::of(engine, 1280, 800).await?;
    visit(&browser, &site).await?;
    loaded(&browser, "model").await?;
    Ok((site, browser))
}

/// Mean red, green and blue of what is covered.
async fn colour(browser: &Browser) -> Result<[f64; 3]> {
    let shown = pixels(browser).await?;
    let covered: Vec<_> = shown.chunks_exact(4).filter(|p| p[3] > 200).collect();
    assert!(covered.len() > 150, "{} pixels are covered", covered.len());
    let count = covered.len() as f64;
    Ok([0, 1, 2].map(|k| covered.iter().map(|p| p[k] as f64).sum::<f64>() / count))
}

/// A material of one colour.
fn painted(colour: [f32; 4]) -> Value {
    json!({ "pbrMetallicRoughness": { "baseColorFactor": colour, "metallicFactor": 0, "roughnessFactor": 0.8 } })
}

/// A primitive with the material, as the scene's one node.
fn stand(writer: &mut Writer, mut primitive: Value, material: Value) {
    primitive["material"] = json!(writer.push("materials", material));
    let mesh = writer.push("meshes", json!({ "primitives": [primitive] }));
    writer.node(json!({ "mesh": mesh }));
}

async fn an_animation_plays_and_stops(engine: Engine) -> Result<()> {
    let mut writer = Writer::new();
    // One ball stays, so that the scene keeps its size; the other goes around it.
    let primitive = writer.primitive(&sphere(24, 16));
    stand(
        &mut writer,
        primitive.clone(),
        painted([0.8, 0.1, 0.1, 1.0]),
    );
    let mesh = writer.push("meshes", json!({ "primitives": [primitive] }));
    let node = writer.node(json!({ "mesh": mesh, "translation": [-1, 0, 0] }));
    let times = writer.floats(&[[0.0], [4.0]]);
    let places = writer.floats(&[[-1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]);
    let animation = json!({
        "name": "there",
        "samplers": [{ "input": times, "output": places }],
        "channels": [{ "sampler": 0, "target": { "node": node, "path": "translation" } }],
    });
    writer.push("animations", animation);
    let (_site, browser) = show(engine, writer.finish()).await?;
    assert_eq!(
        browser.run("return viewer().animations").await?,
        json!(["there"])
    );
    // What `playing` says may be true of a model with an animation from the start.
    browser.run("viewer().pause()").await?;
    browser.until("!viewer().playing").await?;
    let before = pixels(&browser).await?;
    browser.run("viewer().play(0)").await?;
    browser.until("viewer().playing").await?;
    browser.until("viewer()._view.time_s > 1.5").await?;
    browser.run("viewer().pause()").await?;
    browser.until("!viewer().playing").await?;
    let moved = pixels(&browser).await?;
    assert!(
        difference(&before, &moved) > 1.0,
        "it moved by {}",
        difference(&before, &moved)
    );
    let time = browser.run("return viewer()._view.time_s").await?;
    super::pause(&browser, 600).await?;
    assert_eq!(browser.run("return viewer()._view.time_s").await?, time);
    finish(browser).await
}

async fn a_variant_changes_the_colour(engine: Engine) -> Result<()> {
    let mut writer = Writer::new();
    let mut primitive = writer.primitive(&sphere(24, 16));
    let green = writer.push("materials", painted([0.05, 0.6, 0.05, 1.0]));
    primitive["extensions"] = json!({
        "KHR_materials_variants": { "mappings": [{ "material": green, "variants": [0] }] }
    });
    stand(&mut writer, primitive, painted([0.8, 0.05, 0.05, 1.0]));
    writer.json["extensionsUsed"] = json!(["KHR_materials_variants"]);
    writer.json["extensions"] =
        json!({ "KHR_materials_variants": { "variants": [{ "name": "Trà xanh" }] } });
    let (_site, browser) = show(engine, writer.finish()).await?;
    assert_eq!(
        browser.run("return viewer().variants").await?,
        json!(["Trà xanh"])
    );
    let [red, green, _] = colour(&browser).await?;
    assert!(red > 2.0 * green, "the default is red: {red}, {green}");
    browser.run("viewer().variant = 0").await?;
    let [red, green, _] = wait_for(&browser, |c| c[1] > c[0]).await?;
    assert!(green > 2.0 * red, "the variant is green: {red}, {green}");
    browser.run("viewer().variant = -1").await?;
    wait_for(&browser, |c| c[0] > 2.0 * c[1]).await?;
    finish(browser).await
}

/// The colour once it is as wished; pictures come a moment after they were asked for.
async fn wait_for(browser: &Browser, wished: impl Fn([f64; 3]) -> bool) -> Result<[f64; 3]> {
    for _ in 0..50 {
        let colour = colour(browser).await?;
        if wished(colour) {
            return Ok(colour);
        }
        super::pause(browser, 100).await?;
    }
    colour(browser).await
}

async fn draco_is_decoded(engine: Engine) -> Result<()> {
    let mesh = sphere(24, 16);
    let mut writer = Writer::new();
    let packed = draco(&mesh)?;
    let view = writer.view(&packed, json!({}));
    let accessor = |kind: &str, component: u32, count: usize| json!({ "type": kind, "componentType": component, "count": count });
    let count = mesh.positions.len();
    let mut position = accessor("VEC3", 5126, count);
    (position["min"], position["max"]) = (json!([-0.5, -0.5, -0.5]), json!([0.5, 0.5, 0.5]));
    let position = writer.push("accessors", position);
    let normal = writer.push("accessors", accessor("VEC3", 5126, count));
    let indices = writer.push("accessors", accessor("SCALAR", 5123, mesh.indices.len()));
    let primitive = json!({
        "attributes": { "POSITION": position, "NORMAL": normal },
        "indices": indices,
        "extensions": { "KHR_draco_mesh_compression": { "bufferView": view, "attributes": { "POSITION": 0, "NORMAL": 1 } } },
    });
    stand(&mut writer, primitive, painted([0.05, 0.1, 0.7, 1.0]));
    let name = json!(["KHR_draco_mesh_compression"]);
    (
        writer.json["extensionsUsed"],
        writer.json["extensionsRequired"],
    ) = (name.clone(), name);
    let (site, browser) = show(engine, writer.finish()).await?;
    let [red, _, blue] = colour(&browser).await?;
    assert!(blue > 2.0 * red, "a blue ball: {red}, {blue}");
    let asked = site.requests();
    let modules = asked.iter().filter(|path| path.contains("/draco-"));
    assert_eq!(modules.count(), 2, "script and module, once: {asked:?}");
    assert!(!asked.iter().any(|path| path.contains("/ktx2-")));
    finish(browser).await
}

/// A mesh with positions and normals as Draco packs it.
fn draco(mesh: &Mesh) -> Result<Vec<u8>> {
    let count = mesh.positions.len();
    let mut packed = DracoMesh::new();
    packed.set_num_points(count);
    for (kind, values) in [
        (GeometryAttributeType::Position, &mesh.positions),
        (GeometryAttributeType::Normal, &mesh.normals),
    ] {
        let mut attribute = PointAttribute::new();
        attribute.init(kind, 3, DataType::Float32, false, count);
        let bytes: Vec<u8> = values
            .iter()
            .flatten()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        attribute.buffer_mut().write(0, &bytes);
        packed.add_attribute(attribute);
    }
    packed.set_num_faces(mesh.indices.len() / 3);
    for (face, corners) in (0..).zip(mesh.indices.chunks_exact(3)) {
        let corners = [0, 1, 2].map(|k| PointIndex(u32::from(corners[k])));
        packed.set_face(FaceIndex(face), corners);
    }
    let mut encoder = MeshEncoder::new();
    encoder.set_mesh(packed);
    let mut out = EncoderBuffer::new();
    encoder
        .encode(&EncoderOptions::new(), &mut out)
        .map_err(|error| anyhow::anyhow!("Draco: {error:?}"))?;
    Ok(out.data().to_vec())
}

async fn a_ktx2_texture_is_shown(engine: Engine) -> Result<()> {
    let mut writer = Writer::new();
    let sheet = Mesh {
        positions: vec![
            [-0.5, -0.5, 0.0],
            [0.5, -0.5, 0.0],
            [-0.5, 0.5, 0.0],
            [0.5, 0.5, 0.0],
        ],
        normals: vec![[0.0, 0.0, 1.0]; 4],
        uvs: vec![[0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]],
        indices: vec![0, 1, 2, 2, 1, 3],
    };
    let primitive = writer.primitive(&sheet);
    let picture = std::fs::read(fixtures().join("halves.ktx2"))?;
    let view = writer.view(&picture, json!({}));
    let image = writer.push(
        "images",
        json!({ "bufferView": view, "mimeType": "image/ktx2" }),
    );
    let texture = json!({ "extensions": { "KHR_texture_basisu": { "source": image } } });
    let texture = writer.push("textures", texture);
    let material = json!({ "pbrMetallicRoughness": { "baseColorTexture": { "index": texture }, "metallicFactor": 0, "roughnessFactor": 0.9 } });
    stand(&mut writer, primitive, material);
    let name = json!(["KHR_texture_basisu"]);
    (
        writer.json["extensionsUsed"],
        writer.json["extensionsRequired"],
    ) = (name.clone(), name);
    let (site, browser) = show(engine, writer.finish()).await?;
    let shown = pixels(&browser).await?;
    let half = |columns: std::ops::Range<usize>| {
        let mut sums = [0, 0];
        for (place, p) in shown.chunks_exact(4).enumerate() {
            if columns.contains(&(place % 64)) && p[3] > 200 {
                sums[0] += p[0];
                sums[1] += p[2];
            }
        }
        sums
    };
    let ([red, blue], [red_right, blue_right]) = (half(0..30), half(34..64));
    assert!(red > 2 * blue, "the left half is red: {red}, {blue}");
    assert!(
        blue_right > 2 * red_right,
        "the right half is blue: {red_right}, {blue_right}"
    );
    let asked = site.requests();
    let modules = asked.iter().filter(|path| path.contains("/ktx2-"));
    assert_eq!(modules.count(), 2, "script and module, once: {asked:?}");
    finish(browser).await
}
