//! Pictures of models: the same in every engine, and beside three.js's of the same model the same shape and colours.

use std::collections::HashMap;
use std::fs;

use image::{Rgba, RgbaImage, imageops};
use xoay_imaging::{Channels, Raster, score};
use xoay_tests::browser::pictures;
use xoay_tests::tool;

use super::models::{self, Model, OPAQUE_BELOW_ALPHA_0};
use anyhow::{Context, Result};
use xoay_tests::browser::{Browser, Engine};
use xoay_tests::site::Site;

use super::fixtures;

const SIZE: (u32, u32) = (400, 300);
/// SSIMULACRA2 that engines must reach of each other; from 70 on a difference is hard to see. Edges fall on other
/// pixels, since each driver has its own rules for the last bit.
const SAME: f64 = 70.0;
/// The same in `WebKit` where a texture's alpha cuts holes: the colours that it forgets below alpha 0 darken their rims.
const CUT_OUT_IN_WEBKIT: f64 = 55.0;
/// Part of two silhouettes that both cover, once they are laid on each other.
const SHAPE: f64 = 0.93;
/// The same for what is partly seen through: how much of glass covers the page is each renderer's choice.
const GLASS_SHAPE: f64 = 0.8;
/// Mean distance in CIELAB of what both cover, blurred: each renderer has a light of its own, a wrong material is
/// farther off.
const COLOUR: f64 = 22.0;

/// All models, the bundled jar with meshopt and WebP among them, and those of the folder that `XOAY_TEST_MODELS` names.
fn models() -> Result<Vec<Model>> {
    let mut all = models::all();
    all.push(("jar".to_owned(), fs::read(fixtures().join("jar.glb"))?));
    if let Some(folder) = std::env::var_os("XOAY_TEST_MODELS") {
        let entries = fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
        let paths = entries.iter().map(fs::DirEntry::path);
        for path in paths.filter(|path| path.extension().is_some_and(|ending| ending == "glb")) {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            all.push((name.into_owned(), fs::read(&path)?));
        }
    }
    Ok(all)
}

#[tokio::test(flavor = "multi_thread")]
async fn models_look_alike_in_every_engine_and_beside_three_js() -> Result<()> {
    let models = models()?;
    let mut files: HashMap<String, Vec<u8>> = models
        .iter()
        .enumerate()
        .map(|(at, (_, glb))| (format!("{at}.glb"), glb.clone()))
        .collect();
    files.insert("ours".to_owned(), OURS.into());
    files.insert("three".to_owned(), THREE.into());
    let site = Site::serve(tool("node/node_modules"), files, None).await?;

    let mut rows = Vec::new();
    for engine in Engine::ALL {
        rows.push(shoot(engine, &format!("{}/pages/ours", site.origin), models.len()).await?);
    }
    let theirs = shoot(
        Engine::Chromium,
        &format!("{}/pages/three", site.origin),
        models.len(),
    )
    .await?;
    rows.push(theirs);
    keep(&rows)?;

    let mut wrong = Vec::new();
    println!(
        "model: Firefox, WebKit against Chromium (SSIMULACRA2); shape, colour against three.js"
    );
    for (at, (name, _)) in models.iter().enumerate() {
        let ours = &rows[0][at];
        let scores = [1, 2].map(|engine| alike(ours, &rows[engine][at]));
        let [firefox, webkit] = scores;
        let (firefox, webkit) = (firefox?, webkit?);
        let (shape, colour) = beside(ours, &rows[3][at]);
        let line = format!("{name}: {firefox:.0}, {webkit:.0}; {shape:.3}, {colour:.1}");
        println!("{line}");
        let least = if name == "jar" { GLASS_SHAPE } else { SHAPE };
        // WebKit forgets the colours below alpha 0 as it decodes; that part is black there.
        let webkit_least = if name == "alpha" {
            CUT_OUT_IN_WEBKIT
        } else {
            SAME
        };
        let webkit_differs = webkit < webkit_least && name != OPAQUE_BELOW_ALPHA_0;
        if firefox < SAME || webkit_differs || shape < least || colour > COLOUR {
            wrong.push(line);
        }
    }
    assert!(
        wrong.is_empty(),
        "see target/browser/pictures.png: {wrong:#?}"
    );
    Ok(())
}

/// The test itself must tell a wrong colour, a wrong shape and a wrong engine.
#[test]
fn the_measures_tell_wrong_pictures() -> Result<()> {
    let disc = |colour: [u8; 3], radius: f32| {
        RgbaImage::from_fn(SIZE.0, SIZE.1, |x, y| {
            let (dx, dy) = (x as f32 - 200.0, y as f32 - 150.0);
            let inside = dx.hypot(dy) < radius && (dx < 0.0 || dy < 0.9 * radius);
            Rgba(if inside {
                [colour[0], colour[1], colour[2], 255]
            } else {
                [0; 4]
            })
        })
    };
    let square = RgbaImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        Rgba(if (100..300).contains(&x) && (50..250).contains(&y) {
            [200, 40, 40, 255]
        } else {
            [0; 4]
        })
    });
    let red = disc([200, 40, 40], 100.0);
    let (shape, colour) = beside(&red, &disc([190, 44, 40], 80.0));
    assert!(
        shape > SHAPE && colour < COLOUR,
        "another size and a shade: {shape}, {colour}"
    );
    assert!(
        beside(&red, &disc([40, 40, 200], 100.0)).1 > COLOUR,
        "blue for red"
    );
    assert!(beside(&red, &square).0 < SHAPE, "a square for a disc");
    assert!(
        alike(&red, &disc([200, 90, 40], 100.0))? < SAME,
        "orange for red"
    );
    Ok(())
}

/// One picture of each model, by the page's `draw(url)`.
async fn shoot(engine: Engine, page: &str, count: usize) -> Result<Vec<RgbaImage>> {
    let browser = Browser::of(engine, 900, 700).await?;
    browser.open(page).await?;
    browser.until("window.draw").await?;
    let mut all = Vec::with_capacity(count);
    for at in 0..count {
        let drawn = browser.wait(&format!("draw('/pages/{at}.glb')")).await?;
        let bytes: Vec<u8> = drawn
            .as_array()
            .with_context(|| format!("no picture of model {at}"))?
            .iter()
            .filter_map(|value| Some(value.as_u64()? as u8))
            .collect();
        all.push(image::load_from_memory(&bytes)?.to_rgba8());
    }
    browser.close().await?;
    Ok(all)
}

/// Everything in one picture: models from left to right; Chromium, Firefox, `WebKit`, three.js from top to bottom.
fn keep(rows: &[Vec<RgbaImage>]) -> Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0) as u32;
    let (width, height) = (SIZE.0 / 2, SIZE.1 / 2);
    let mut sheet =
        RgbaImage::from_pixel(columns * width, rows.len() as u32 * height, Rgba([255; 4]));
    for (y, row) in rows.iter().enumerate() {
        for (x, picture) in row.iter().enumerate() {
            let small = imageops::resize(picture, width, height, imageops::Triangle);
            imageops::overlay(
                &mut sheet,
                &small,
                i64::from(x as u32 * width),
                i64::from(y as u32 * height),
            );
        }
    }
    fs::create_dir_all(pictures())?;
    Ok(sheet.save(pictures().join("pictures.png"))?)
}

/// SSIMULACRA2 of one engine's picture against another's.
fn alike(reference: &RgbaImage, other: &RgbaImage) -> Result<f64> {
    assert_eq!(reference.dimensions(), other.dimensions());
    let raster = |picture: &RgbaImage| {
        let (width, height) = picture.dimensions();
        Raster::new(width, height, Channels::Rgba, picture.as_raw().clone())
    };
    Ok(score(&raster(reference)?, &raster(other)?)?)
}

/// Shape and colour of two pictures, each cut to what it shows: part of the silhouettes in common, mean distance of
/// colour.
fn beside(ours: &RgbaImage, theirs: &RgbaImage) -> (f64, f64) {
    let (ours, theirs) = (cut(ours), cut(theirs));
    let (mut both, mut any, mut distance) = (0_u32, 0_u32, 0.0);
    let blurred = [&ours, &theirs].map(|picture| imageops::blur(&on_white(picture), 3.0));
    for (x, y, pixel) in ours.enumerate_pixels() {
        let (a, b) = (pixel[3] > 127, theirs.get_pixel(x, y)[3] > 127);
        any += u32::from(a || b);
        if a && b {
            both += 1;
            let [one, other] = [0, 1].map(|at| lab(*blurred[at].get_pixel(x, y)));
            distance += (0..3)
                .map(|k| (one[k] - other[k]).powi(2))
                .sum::<f64>()
                .sqrt();
        }
    }
    (
        f64::from(both) / f64::from(any.max(1)),
        distance / f64::from(both.max(1)),
    )
}

/// What a picture shows, without its margin, 128 × 128. Contact shadows are fainter than half.
fn cut(picture: &RgbaImage) -> RgbaImage {
    let covered = || picture.enumerate_pixels().filter(|(_, _, p)| p[3] > 127);
    let (left, right) = (covered().map(|p| p.0).min(), covered().map(|p| p.0).max());
    let (top, bottom) = (covered().map(|p| p.1).min(), covered().map(|p| p.1).max());
    let (Some(left), Some(right), Some(top), Some(bottom)) = (left, right, top, bottom) else {
        return RgbaImage::new(128, 128);
    };
    let cut = imageops::crop_imm(picture, left, top, right - left + 1, bottom - top + 1).to_image();
    imageops::resize(&cut, 128, 128, imageops::Triangle)
}

fn on_white(picture: &RgbaImage) -> RgbaImage {
    let mut ground = RgbaImage::from_pixel(picture.width(), picture.height(), Rgba([255; 4]));
    imageops::overlay(&mut ground, picture, 0, 0);
    ground
}

/// CIELAB of an sRGB colour, white D65 (IEC 61966-2-1, CIE 15).
fn lab(pixel: Rgba<u8>) -> [f64; 3] {
    let [r, g, b] = [0, 1, 2].map(|k| {
        let v = f64::from(pixel[k]) / 255.0;
        if v <= 0.04045 {
            v / 12.92
        } else {
            ((v + 0.055) / 1.055).powf(2.4)
        }
    });
    let f = |v: f64| {
        if v > 0.008_856 {
            v.cbrt()
        } else {
            7.787 * v + 16.0 / 116.0
        }
    };
    let x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
    let y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
    let z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// A page that draws with the viewer.
const OURS: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>ours</title>
<style>xoay-viewer { display: block; width: 400px; height: 300px }</style>
<script type=module src=/viewer/xoay-viewer.js></script>
<script type=module>
await customElements.whenDefined('xoay-viewer');
window.draw = (url) => new Promise((resolve, reject) => {
  document.querySelector('xoay-viewer')?.remove();
  const viewer = document.createElement('xoay-viewer');
  viewer.addEventListener('xoay-error', (e) => reject(e.detail.message));
  viewer.addEventListener('xoay-load', async () => {
    await new Promise((done) => setTimeout(done, 500));
    const blob = await viewer.toBlob('image/png');
    resolve([...new Uint8Array(await blob.arrayBuffer())]);
  });
  viewer.setAttribute('width', '400');
  viewer.setAttribute('height', '300');
  viewer.setAttribute('src', url);
  document.body.append(viewer);
});
</script>";

/// A page that draws the same with three.js: its own environment, neutral tone mapping, the camera as ours stands.
const THREE: &str = r#"<!doctype html><html lang=en><meta charset=utf-8><title>three</title>
<script type=importmap>{ "imports": { "three": "/fixtures/three/build/three.module.js", "three/addons/": "/fixtures/three/examples/jsm/" } }</script>
<script type=module>
import * as THREE from 'three';
import { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js';
import { MeshoptDecoder } from 'three/addons/libs/meshopt_decoder.module.js';
import { RoomEnvironment } from 'three/addons/environments/RoomEnvironment.js';
const renderer = new THREE.WebGLRenderer({ alpha: true, antialias: true, preserveDrawingBuffer: true });
renderer.setSize(400, 300);
renderer.toneMapping = THREE.NeutralToneMapping;
const environment = new THREE.PMREMGenerator(renderer).fromScene(new RoomEnvironment(), 0.04).texture;
const loader = new GLTFLoader().setMeshoptDecoder(MeshoptDecoder);
window.draw = async (url) => {
  const { scene: model } = await loader.loadAsync(url);
  const scene = new THREE.Scene();
  scene.environment = environment;
  scene.add(model);
  model.updateMatrixWorld(true);
  const box = new THREE.Box3().setFromObject(model, true);
  const target = box.getCenter(new THREE.Vector3());
  const size = box.getSize(new THREE.Vector3());
  const radius = Math.hypot(size.x, size.z) / 2;
  const slope = Math.tan(0.26);
  const tall = (size.y / 2 * Math.cos(0.26) + radius * Math.sin(0.26)) / slope;
  const wide = radius / (slope * 4 / 3);
  const distance = Math.max(tall, wide) * 1.12 + radius * Math.cos(0.26);
  const camera = new THREE.PerspectiveCamera(0.52 * 180 / Math.PI, 4 / 3, distance / 100, distance * 4);
  camera.position.set(target.x, target.y + distance * Math.sin(0.26), target.z + distance * Math.cos(0.26));
  camera.lookAt(target);
  renderer.render(scene, camera);
  const blob = await new Promise((done) => renderer.domElement.toBlob(done));
  return [...new Uint8Array(await blob.arrayBuffer())];
};
</script>"#;
