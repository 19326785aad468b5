//! Cut, lying and foreign files: always an error or a picture, never a panic, never a flood of memory.

mod images;

use std::time::{Duration, Instant};

use images::{quadrants, tiff};
use proptest::prelude::*;
use xoay_imaging::{
    DecodeOptions, Encoding, Found, ImagingError, Limits, SourceFormat, decode, encode, probe,
};

fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let picture = quadrants(40, 24);
    let of = |encoding| encode(&picture, encoding).unwrap();
    vec![
        (
            "baseline JPEG",
            of(Encoding::Jpeg {
                quality: 80,
                progressive: false,
            }),
        ),
        (
            "progressive JPEG",
            of(Encoding::Jpeg {
                quality: 80,
                progressive: true,
            }),
        ),
        ("PNG", of(Encoding::Png)),
        ("16-bit PNG", images::png16(2, 2, &[7_000; 12])),
        (
            "lossy WebP",
            of(Encoding::Webp {
                quality: 80,
                method: 4,
            }),
        ),
        ("lossless WebP", of(Encoding::WebpLossless)),
        ("TIFF", tiff(&picture)),
    ]
}

#[test]
fn every_cut_file_is_an_error() {
    for (name, file) in samples() {
        assert!(decode(&file, &DecodeOptions::default()).is_ok(), "{name}");
        for length in 0..file.len() {
            let cut = decode(&file[..length], &DecodeOptions::default());
            assert!(
                cut.is_err(),
                "{name} cut to {length} of {} bytes",
                file.len()
            );
            let _ = probe(&file[..length], &Limits::default());
        }
    }
}

#[test]
fn a_photo_cut_in_its_pixels_is_called_truncated() {
    for (name, file) in samples() {
        let half = decode(&file[..file.len() * 3 / 4], &DecodeOptions::default()).unwrap_err();
        if name != "TIFF" {
            assert!(
                matches!(half, ImagingError::Truncated { .. }),
                "{name}: {half}"
            );
        }
    }
}

#[cfg(feature = "turbojpeg")] // the pure decoder does not notice an end that comes early
#[test]
fn a_cut_that_keeps_the_end_marker_is_noticed() {
    // As after a failed copy that lost a block in the middle.
    let file = encode(
        &noise(256, 256),
        Encoding::Jpeg {
            quality: 90,
            progressive: false,
        },
    )
    .unwrap();
    let mut holed = file[..file.len() / 2].to_vec();
    holed.extend([0xFF, 0xD9]);
    assert!(decode(&holed, &DecodeOptions::default()).is_err());
}

#[cfg(feature = "turbojpeg")]
fn noise(width: u32, height: u32) -> xoay_imaging::Raster {
    let mut state = 1_u32;
    let pixels = (0..width * height * 3).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    xoay_imaging::Raster::new(width, height, xoay_imaging::Channels::Rgb, pixels.collect()).unwrap()
}

#[test]
fn text_under_an_image_name_is_no_image() {
    let error = probe("Ảnh chụp ngày 22/11".as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(error, ImagingError::NotAnImage { found: Found::Text });
    assert!(error.to_string().contains("is not an image"));
}

/// A head that promises `width` × `height`, then nothing or next to nothing.
fn bombs(width: u16, height: u16) -> Vec<(SourceFormat, Vec<u8>)> {
    let picture = quadrants(16, 16);
    let mut png = encode(&picture, Encoding::Png).unwrap();
    png[16..20].copy_from_slice(&u32::from(width).to_be_bytes());
    png[20..24].copy_from_slice(&u32::from(height).to_be_bytes());
    let checksum = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&checksum.to_be_bytes());

    let mut jpeg = encode(
        &picture,
        Encoding::Jpeg {
            quality: 80,
            progressive: false,
        },
    )
    .unwrap();
    let frame = jpeg
        .windows(2)
        .position(|pair| pair == [0xFF, 0xC0])
        .unwrap();
    jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());

    let mut tiff = images::tiff_with_orientation(4, 4, 1);
    let directory = 8 + 48 + 2;
    tiff[directory + 8..directory + 10].copy_from_slice(&width.to_le_bytes());
    tiff[directory + 20..directory + 22].copy_from_slice(&height.to_le_bytes());
    let rows_per_strip = directory + 8 * 12 + 8;
    tiff[rows_per_strip..rows_per_strip + 2].copy_from_slice(&height.to_le_bytes());
    vec![
        (SourceFormat::Png, png),
        (SourceFormat::Jpeg, jpeg),
        (SourceFormat::Tiff, tiff),
    ]
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| {
            (c >> 1) ^ (0xEDB8_8320 & (c & 1).wrapping_neg())
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[test]
fn a_bomb_is_refused_by_its_header() {
    for (format, file) in bombs(50_000, 50_000) {
        let expected = ImagingError::TooManyPixels {
            width: 50_000,
            height: 50_000,
            max_pixels: 300_000_000,
        };
        assert_eq!(
            probe(&file, &Limits::default()),
            Err(expected.clone()),
            "{format}"
        );
        assert_eq!(
            decode(&file, &DecodeOptions::default()).unwrap_err(),
            expected,
            "{format}"
        );
    }
}

#[test]
fn a_lie_within_the_limits_is_found_out_quickly() {
    for (format, file) in bombs(16_000, 16_000) {
        let started = Instant::now();
        let result = decode(&file, &DecodeOptions::default());
        assert!(result.is_err(), "{format}");
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{format}: {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn a_tall_webp_bomb_is_refused() {
    // VP8X with a canvas of 16384 × 16384 under a tighter limit.
    let mut file = b"RIFF\x12\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
    file.extend([0xFF, 0x3F, 0, 0xFF, 0x3F, 0]);
    let limits = Limits {
        max_pixels: 100_000_000,
        ..Limits::default()
    };
    let options = DecodeOptions {
        limits,
        target: None,
    };
    assert!(decode(&file, &options).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damage_never_panics(which in 0_usize..7, at in any::<prop::sample::Index>(), value: u8, more in any::<prop::sample::Index>()) {
        let mut file = samples().swap_remove(which).1;
        let (first, second) = (at.index(file.len()), more.index(file.len()));
        file[first] = value;
        file[second] ^= 0x55;
        // Small limits: a changed size must not make the test slow, whatever the header then says.
        let limits = Limits { max_pixels: 1_000_000, max_memory_bytes: 64 << 20 };
        if let Ok(image) = decode(&file, &DecodeOptions { limits, target: None }) {
            prop_assert!(image.header.pixels() <= limits.max_pixels);
        }
    }

    #[test]
    fn arbitrary_bytes_after_a_signature_never_panic(which in 0_usize..4, rest in prop::collection::vec(any::<u8>(), 0..400)) {
        let heads: [&[u8]; 4] = [b"\xFF\xD8\xFF", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBP", b"II\x2a\0"];
        let file = [heads[which], &rest].concat();
        let limits = Limits { max_pixels: 1_000_000, max_memory_bytes: 64 << 20 };
        let result = decode(&file, &DecodeOptions { limits, target: None });
        prop_assert!(result.is_err());
    }
}
