//! Small images made for the tests, with the metadata that cameras write.
#![allow(dead_code, reason = "each test file uses some of them")]

use std::io::Cursor;

use image::{ExtendedColorType, ImageEncoder};
use xoay_imaging::{Channels, Raster};

/// One colour all over.
pub fn flat(width: u32, height: u32, color: [u8; 3]) -> Raster {
    let pixels = color.repeat((width * height) as usize);
    Raster::new(width, height, Channels::Rgb, pixels).unwrap()
}

/// Four quarters of different colour, so that every turn and flip shows.
pub fn quadrants(width: u32, height: u32) -> Raster {
    const COLORS: [[u8; 3]; 4] = [[230, 40, 40], [40, 200, 60], [50, 70, 220], [240, 220, 90]];
    let pixels = (0..width * height).flat_map(|i| {
        let (right, low) = (i % width >= width / 2, i / width >= height / 2);
        COLORS[usize::from(right) + 2 * usize::from(low)]
    });
    Raster::new(width, height, Channels::Rgb, pixels.collect()).unwrap()
}

/// Whether two pictures of the same size differ by no more than `tolerance` in the mean of all channels.
pub fn close_to(a: &Raster, b: &Raster, tolerance: u64) -> bool {
    let same_size = (a.width(), a.height(), a.channels()) == (b.width(), b.height(), b.channels());
    let difference: u64 = a
        .pixels()
        .iter()
        .zip(b.pixels())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    same_size && difference <= tolerance * a.pixels().len() as u64
}

/// `jpeg` with segments put in behind its first marker.
pub fn jpeg_with_segments(jpeg: &[u8], segments: &[Vec<u8>]) -> Vec<u8> {
    let (start, rest) = jpeg.split_at(2);
    [start, &segments.concat(), rest].concat()
}

fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, marker], &length[..], body].concat()
}

/// APP1 with an orientation and a capture time of 2026-11-22 08:30:05.
pub fn exif_segment(orientation: u8) -> Vec<u8> {
    let mut tiff = b"II\x2a\0\x08\0\0\0".to_vec();
    // First directory: orientation, and where the EXIF directory is.
    tiff.extend([2, 0]);
    tiff.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    tiff.extend([0x69, 0x87, 4, 0, 1, 0, 0, 0, 38, 0, 0, 0]);
    tiff.extend([0; 4]);
    // EXIF directory at 38: the time, whose text follows at 56.
    tiff.extend([1, 0]);
    tiff.extend([0x03, 0x90, 2, 0, 20, 0, 0, 0, 56, 0, 0, 0]);
    tiff.extend([0; 4]);
    tiff.extend(b"2026:11:22 08:30:05\0");
    segment(0xE1, &[b"Exif\0\0", &tiff[..]].concat())
}

/// APP2 with a profile that fits one segment.
pub fn icc_segment(profile: &[u8]) -> Vec<u8> {
    segment(0xE2, &[b"ICC_PROFILE\0\x01\x01", profile].concat())
}

/// RGB PNG of 16 bits a sample.
pub fn png16(width: u32, height: u32, samples: &[u16]) -> Vec<u8> {
    let bytes: Vec<u8> = samples
        .iter()
        .flat_map(|sample| sample.to_ne_bytes())
        .collect();
    let mut file = Vec::new();
    image::codecs::png::PngEncoder::new(&mut file)
        .write_image(&bytes, width, height, ExtendedColorType::Rgb16)
        .unwrap();
    file
}

/// Uncompressed RGB TIFF.
pub fn tiff(picture: &Raster) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image::codecs::tiff::TiffEncoder::new(&mut file)
        .write_image(
            picture.pixels(),
            picture.width(),
            picture.height(),
            ExtendedColorType::Rgb8,
        )
        .unwrap();
    file.into_inner()
}

/// Uncompressed RGB TIFF whose samples count up from 0, with an orientation.
pub fn tiff_with_orientation(width: u16, height: u16, orientation: u8) -> Vec<u8> {
    let samples = width * height * 3;
    let short = |tag: u16, value: u16| (tag, 3_u16, u32::from(value));
    let entries = [
        short(256, width),
        short(257, height),
        short(258, 8),
        short(259, 1),
        short(262, 2),
        (273, 4, 8), // the pixels stand right behind the head
        short(274, orientation.into()),
        short(277, 3),
        short(278, height),
        (279, 4, samples.into()),
    ];
    let directory_at = 8 + u32::from(samples);
    let mut file = b"II\x2a\0".to_vec();
    file.extend(directory_at.to_le_bytes());
    file.extend((0..samples).map(|sample| sample as u8));
    file.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, value) in entries {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend([0; 4]);
    file
}
