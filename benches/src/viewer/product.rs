//! The product that every viewer shows: the same frames, the same model.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use xoay_imaging::{Channels, DecodeOptions, Encoding, Raster, Resizer, decode, encode};

const WIDTH: u32 = 1600;
const HEIGHT: u32 = 1200;
/// Some 100 KB a frame, as shops publish them.
const QUALITY: u8 = 80;
const TILE: (u32, u32) = (160, 120);
const COLUMNS: u32 = 6;

/// `count` frames of 1600×1200 as JPEG under `/data/frame-1.jpg` and so on, a poster of half the width, and for our
/// viewer a first-touch sprite and a manifest. Frames beyond the photos begin again.
pub(super) fn spin(photos: &[impl AsRef<Path>], count: usize) -> Result<HashMap<String, Vec<u8>>> {
    let mut files = HashMap::new();
    let mut resizer = Resizer::new();
    let rows = (count as u32).div_ceil(COLUMNS);
    let (sprite_width, sprite_height) = (COLUMNS * TILE.0, rows * TILE.1);
    let mut sprite = vec![255; (sprite_width * sprite_height * 3) as usize];
    let jpeg = Encoding::Jpeg {
        quality: QUALITY,
        progressive: false,
    };
    for (at, photo) in photos.iter().cycle().take(count).enumerate() {
        let source = open(photo.as_ref())?;
        let frame = resizer.resize(&source, WIDTH, HEIGHT)?;
        files.insert(format!("/data/frame-{}.jpg", at + 1), encode(&frame, jpeg)?);
        if at == 0 {
            let poster = resizer.resize(&frame, WIDTH / 2, HEIGHT / 2)?;
            files.insert("/data/poster.jpg".to_owned(), encode(&poster, jpeg)?);
        }
        let tile = resizer.resize(&frame, TILE.0, TILE.1)?;
        let (left, top) = (at as u32 % COLUMNS * TILE.0, at as u32 / COLUMNS * TILE.1);
        for y in 0..TILE.1 {
            let row = tile.row(y).context("a tile has its rows")?;
            let start = (((top + y) * sprite_width + left) * 3) as usize;
            sprite[start..start + row.len()].copy_from_slice(row);
        }
    }
    let sprite = Raster::new(sprite_width, sprite_height, Channels::Rgb, sprite)?;
    let webp = Encoding::Webp {
        quality: 60,
        method: 4,
    };
    let sprite = encode(&sprite, webp)?;
    let size = |path: &str| files.get(path).map_or(0, Vec::len);
    let urls: Vec<String> = (1..=count).map(|n| format!("frame-{n}.jpg")).collect();
    let manifest = json!({
        "kind": "xoay-spin", "version": 1, "generator": "bench", "width": WIDTH, "height": HEIGHT,
        "background": "#ffffff", "direction": "counter-clockwise", "loops": true, "startFrame": 0,
        "rows": [{ "firstFrame": 0, "frameCount": count }],
        "frames": (0..count).map(|n| json!({ "azimuthDeg": n as f64 * 360.0 / count as f64, "source": "" })).collect::<Vec<_>>(),
        "renditions": [{ "format": "jpg", "width": WIDTH, "height": HEIGHT, "sizeBytes": frame_bytes(&files), "urls": urls }],
        "sprite": { "url": "sprite.webp", "format": "webp", "width": sprite_width, "height": sprite_height,
            "sizeBytes": sprite.len(), "columns": COLUMNS, "tileWidth": TILE.0, "tileHeight": TILE.1 },
        "posters": [{ "url": "poster.jpg", "format": "jpg", "width": WIDTH / 2, "height": HEIGHT / 2, "sizeBytes": size("/data/poster.jpg") }],
        "alt": { "vi": "Hũ mật ong", "en": "A honey jar" },
    });
    files.insert("/data/sprite.webp".to_owned(), sprite);
    files.insert(
        "/data/spin.json".to_owned(),
        manifest.to_string().into_bytes(),
    );
    Ok(files)
}

/// Bytes of all full frames.
pub(super) fn frame_bytes(files: &HashMap<String, Vec<u8>>) -> usize {
    files
        .iter()
        .filter(|(path, _)| path.starts_with("/data/frame-"))
        .map(|(_, bytes)| bytes.len())
        .sum()
}

fn open(photo: &Path) -> Result<Raster> {
    let bytes = fs::read(photo)?;
    let decoded = decode(&bytes, &DecodeOptions::default());
    Ok(decoded.with_context(|| photo.display().to_string())?.raster)
}

/// The model as a shop would publish it without an optimiser: textures of at most 1024 pixels as JPEG, the mesh as it
/// is, which every viewer reads without a further decoder. A model below two megabytes stays as it is.
pub(super) fn model(glb: &[u8]) -> Result<Vec<u8>> {
    if glb.len() < 2_000_000 {
        return Ok(glb.to_vec());
    }
    let word = |at: usize| -> Result<usize> {
        let bytes = glb.get(at..at + 4).context("the GLB is cut short")?;
        Ok(u32::from_le_bytes(bytes.try_into()?) as usize)
    };
    let json_end = 20 + word(12)?;
    let mut json: Value = serde_json::from_slice(glb.get(20..json_end).context("no JSON chunk")?)?;
    let binary = glb.get(json_end + 8..).context("no binary chunk")?;
    let image_views: Vec<usize> = json["images"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|image| image["bufferView"].as_u64())
        .map(|view| view as usize)
        .collect();
    let mut fresh = Vec::new();
    let mut resizer = Resizer::new();
    let views = json["bufferViews"].as_array_mut().context("no views")?;
    for (at, view) in views.iter_mut().enumerate() {
        let start = view["byteOffset"].as_u64().unwrap_or(0) as usize;
        let length = view["byteLength"].as_u64().context("a view has a length")? as usize;
        let bytes = binary
            .get(start..start + length)
            .context("a view lies outside")?;
        let bytes = if image_views.contains(&at) {
            small_jpeg(bytes, &mut resizer)?
        } else {
            bytes.to_vec()
        };
        fresh.resize(fresh.len().next_multiple_of(4), 0);
        view["byteOffset"] = json!(fresh.len());
        view["byteLength"] = json!(bytes.len());
        fresh.extend(bytes);
    }
    for image in json["images"].as_array_mut().into_iter().flatten() {
        image["mimeType"] = json!("image/jpeg");
    }
    fresh.resize(fresh.len().next_multiple_of(4), 0);
    json["buffers"] = json!([{ "byteLength": fresh.len() }]);
    let mut text = json.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    let mut glb = b"glTF".to_vec();
    for number in [2, 28 + text.len() + fresh.len(), text.len()] {
        glb.extend((number as u32).to_le_bytes());
    }
    glb.extend(b"JSON");
    glb.extend(text);
    glb.extend((fresh.len() as u32).to_le_bytes());
    glb.extend(b"BIN\0");
    glb.extend(fresh);
    Ok(glb)
}

fn small_jpeg(bytes: &[u8], resizer: &mut Resizer) -> Result<Vec<u8>> {
    let picture = decode(bytes, &DecodeOptions::default())?.raster;
    ensure!(picture.width() > 0, "a texture is empty");
    let longest = picture.width().max(picture.height()).max(1024);
    let scaled = |side: u32| (u64::from(side) * 1024 / u64::from(longest)).max(1) as u32;
    let small = resizer.resize(&picture, scaled(picture.width()), scaled(picture.height()))?;
    let quality = Encoding::Jpeg {
        quality: 90,
        progressive: false,
    };
    Ok(encode(&small, quality)?)
}
