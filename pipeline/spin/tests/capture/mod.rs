//! Captures made for the tests, and a sink that remembers.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Mutex;

use xoay_format::ImageFormat;
use xoay_imaging::{Channels, Encoding, Raster, encode};
use xoay_spin::{CaptureSet, Sink, SpinOptions, read_capture};

/// A picture that differs from frame to frame: a bar that moves over a light ground.
pub fn picture(width: u32, height: u32, step: u32) -> Raster {
    let bar = (step * 7) % width;
    let pixels = (0..width * height).flat_map(|i| {
        let (x, y) = (i % width, i / width);
        let inside = x >= bar && x < bar + width / 4 && y > height / 4 && y < height * 3 / 4;
        if inside {
            [180, (y * 3 % 200) as u8, 40]
        } else {
            [230, 228, 224]
        }
    });
    Raster::new(width, height, Channels::Rgb, pixels.collect()).unwrap()
}

pub fn jpeg(width: u32, height: u32, step: u32) -> Vec<u8> {
    encode(
        &picture(width, height, step),
        Encoding::Jpeg {
            quality: 90,
            progressive: false,
        },
    )
    .unwrap()
}

/// Writes `count` photos `img1.jpg`, `img2.jpg` …
pub fn write_photos(dir: &Path, count: u32, width: u32, height: u32) {
    std::fs::create_dir_all(dir).unwrap();
    for step in 1..=count {
        std::fs::write(
            dir.join(format!("img{step}.jpg")),
            jpeg(width, height, step),
        )
        .unwrap();
    }
}

pub fn read(dir: &Path) -> CaptureSet {
    read_capture(
        dir,
        &xoay_spin::CaptureOptions::default(),
        xoay_format::Watch::silent(),
    )
    .unwrap()
}

/// Two small widths and the two quick formats of photos as they are.
pub fn quick() -> SpinOptions {
    SpinOptions {
        widths: vec![48, 24],
        formats: vec![ImageFormat::Webp, ImageFormat::Jpg],
        studio: None,
        target: None,
        tiles: false,
        ..SpinOptions::default()
    }
}

/// Keeps every file in memory.
#[derive(Default)]
pub struct Shelf(pub Mutex<BTreeMap<String, Vec<u8>>>);

impl Shelf {
    pub fn files(self) -> BTreeMap<String, Vec<u8>> {
        self.0.into_inner().unwrap()
    }
}

impl Sink for Shelf {
    fn put(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let before = self
            .0
            .lock()
            .unwrap()
            .insert(path.to_owned(), bytes.to_vec());
        assert!(before.is_none(), "{path} was put twice");
        Ok(())
    }
}
