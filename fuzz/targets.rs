//! What is fuzzed: each function takes any bytes and must neither panic nor take much time or memory.
//!
//! The programs in `fuzz_targets` run them under libFuzzer; `pipeline/tests/fuzz.rs` runs them on stable with seeds
//! and seeded damage.

use std::sync::OnceLock;

use xoay_format::{ModelManifest, ProductManifest, SpinManifest, Watch};
use xoay_imaging::{
    Channels, DecodeOptions, Encoding, Limits, Raster, SourceFormat, decode, encode, probe,
};
use xoay_spin::{CaptureOptions, read_zip};

/// Small enough for thousands of runs a second, large enough for every path.
const LIMITS: Limits = Limits {
    max_pixels: 1 << 18,
    max_memory_bytes: 16 << 20,
};

/// The header of an image of any format.
pub fn header(bytes: &[u8]) {
    let _ = probe(bytes, &LIMITS);
}

/// The pixels of a JPEG, whole and reduced.
pub fn jpeg(bytes: &[u8]) {
    decode_as(SourceFormat::Jpeg, bytes);
}

/// The pixels of a PNG.
pub fn png(bytes: &[u8]) {
    decode_as(SourceFormat::Png, bytes);
}

/// The pixels of a WebP.
pub fn webp(bytes: &[u8]) {
    decode_as(SourceFormat::Webp, bytes);
}

/// The pixels of a TIFF.
pub fn tiff(bytes: &[u8]) {
    decode_as(SourceFormat::Tiff, bytes);
}

fn decode_as(format: SourceFormat, bytes: &[u8]) {
    if SourceFormat::sniff(bytes) != Ok(format) {
        return;
    }
    for target in [None, Some((8, 8))] {
        let options = DecodeOptions {
            limits: LIMITS,
            target,
        };
        if let Ok(decoded) = decode(bytes, &options) {
            // What is decoded has a header, and is of its shape.
            let header = probe(bytes, &LIMITS).expect("a decoded image has a header");
            if target.is_none() {
                let size = (decoded.raster.width(), decoded.raster.height());
                assert_eq!(size, (header.width(), header.height()));
            }
        }
    }
}

/// The EXIF data of a JPEG.
pub fn exif(bytes: &[u8]) {
    let payload = [b"Exif\0\0", &bytes[..bytes.len().min(60_000)]].concat();
    let file = with_segment(0xE1, &payload);
    let header = probe(&file, &LIMITS).expect("bad metadata make no bad photo");
    for value in [
        header.camera.focal_length_mm,
        header.camera.focal_length_35mm,
        header.camera.exposure_time_s,
        header.camera.f_number,
    ] {
        assert!(value.is_none_or(|value| value.is_finite() && value > 0.0));
    }
}

/// The ICC profile of a JPEG, and the conversion by it.
pub fn icc(bytes: &[u8]) {
    let profile = &bytes[..bytes.len().min(60_000)];
    let file = with_segment(0xE2, &[b"ICC_PROFILE\0\x01\x01", profile].concat());
    let options = DecodeOptions {
        limits: LIMITS,
        target: None,
    };
    let _ = decode(&file, &options);
}

/// A small JPEG with one more segment behind its first marker.
fn with_segment(marker: u8, payload: &[u8]) -> Vec<u8> {
    static PLAIN: OnceLock<Vec<u8>> = OnceLock::new();

    let plain = PLAIN.get_or_init(|| {
        let pixels = (0..8 * 8 * 3).map(|n| n as u8).collect();
        let picture = Raster::new(8, 8, Channels::Rgb, pixels).expect("the pixels fill it");
        let encoding = Encoding::Jpeg {
            quality: 80,
            progressive: false,
        };
        encode(&picture, encoding).expect("a small picture can be encoded")
    });
    let length = (payload.len() + 2) as u16;
    let head = [0xFF, marker, (length >> 8) as u8, length as u8];
    [&plain[..2], &head, payload, &plain[2..]].concat()
}

/// A zip archive as a capture, and the photos in it.
pub fn zip(bytes: &[u8]) {
    let options = CaptureOptions {
        max_photos: 64,
        max_file_bytes: 1 << 20,
        limits: LIMITS,
        ..CaptureOptions::default()
    };
    if let Ok(capture) = read_zip(bytes.to_vec(), &options, Watch::silent()) {
        assert_eq!(
            capture.row_lengths.iter().sum::<u32>() as usize,
            capture.frames.len()
        );
        for photo in capture.frames.iter().chain(&capture.clean_plates) {
            let leaves = photo.name.starts_with('/') || photo.name.split('/').any(|p| p == "..");
            assert!(!leaves, "{:?}", photo.name);
        }
    }
}

/// The manifests, which what is read must survive.
pub fn manifest(bytes: &[u8]) {
    survives::<SpinManifest>(bytes);
    survives::<ModelManifest>(bytes);
    survives::<ProductManifest>(bytes);
}

fn survives<T: serde::Serialize + serde::de::DeserializeOwned>(bytes: &[u8]) {
    if let Ok(manifest) = serde_json::from_slice::<T>(bytes) {
        let written = serde_json::to_vec(&manifest).expect("what was read can be written");
        serde_json::from_slice::<T>(&written).expect("what was written can be read");
    }
}

/// A GLB, and writing it again.
pub fn glb(bytes: &[u8]) {
    model(bytes);
}

/// OBJ; no file beside it is read.
pub fn obj(bytes: &[u8]) {
    model(bytes);
}

/// PLY.
pub fn ply(bytes: &[u8]) {
    model(bytes);
}

/// STL.
pub fn stl(bytes: &[u8]) {
    model(bytes);
}

/// The content decides what a model is; the targets differ in their seeds.
fn model(bytes: &[u8]) {
    let limits = xoay_gltf::Limits {
        geometry_bytes: 32 << 20,
        texture_pixels: 1 << 20,
        ..xoay_gltf::Limits::default()
    };
    if let Ok(document) = xoay_gltf::read_bytes(bytes, &limits) {
        let _ = document.to_glb();
    }
}
