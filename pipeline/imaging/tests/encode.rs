//! What the encoders write.

mod images;

use images::{close_to, quadrants};
use xoay_format::ImageFormat;
use xoay_imaging::{
    Channels, DecodeOptions, Encoding, ImagingError, Raster, WebpTuning, can_read_back, decode,
    encode, read_back, score,
};

const ALL: [Encoding; 6] = [
    Encoding::Jpeg {
        quality: 80,
        progressive: false,
    },
    Encoding::Jpeg {
        quality: 92,
        progressive: true,
    },
    Encoding::Webp {
        quality: 80,
        method: 4,
    },
    Encoding::WebpLossless,
    Encoding::Avif {
        quality: 60,
        speed: 10,
    },
    Encoding::Png,
];

fn is(format: ImageFormat, file: &[u8]) -> bool {
    match format {
        ImageFormat::Jpg => file.starts_with(&[0xFF, 0xD8, 0xFF]),
        ImageFormat::Webp => file.starts_with(b"RIFF") && file[8..12] == *b"WEBP",
        ImageFormat::Avif => file[4..12] == *b"ftypavif",
        ImageFormat::Png => file.starts_with(b"\x89PNG"),
    }
}

#[test]
fn every_encoding_gives_its_format_and_the_same_bytes_on_any_thread() {
    let picture = quadrants(90, 60);
    for encoding in ALL {
        let file = encode(&picture, encoding).unwrap();
        assert!(is(encoding.format(), &file), "{encoding:?}");
        let again: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..3)
                .map(|_| scope.spawn(|| encode(&picture, encoding).unwrap()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(again.iter().all(|other| *other == file), "{encoding:?}");
    }
}

#[test]
fn nothing_but_the_picture_is_written() {
    for encoding in ALL {
        let file = encode(&quadrants(32, 32), encoding).unwrap();
        for word in [
            &b"Exif"[..],
            b"EXIF",
            b"ICC_PROFILE",
            b"ICCP",
            b"XMP",
            b"eXIf",
            b"iCCP",
            b"tEXt",
            b"colrprof",
        ] {
            assert!(
                !file.windows(word.len()).any(|part| part == word),
                "{encoding:?}"
            );
        }
    }
}

#[test]
fn lossy_pictures_stay_close() {
    let picture = quadrants(96, 64);
    for encoding in &ALL[..4] {
        let back = decode(
            &encode(&picture, *encoding).unwrap(),
            &DecodeOptions::default(),
        )
        .unwrap();
        assert!(close_to(&back.raster, &picture, 4), "{encoding:?}");
    }
}

#[test]
fn every_encoding_can_be_read_back_and_scored() {
    let picture = quadrants(96, 64);
    for encoding in ALL {
        if !can_read_back(encoding.format()) {
            continue;
        }
        let back = read_back(&encode(&picture, encoding).unwrap(), encoding.format()).unwrap();
        assert!(close_to(&back, &picture, 4), "{encoding:?}");
        let score = score(&picture, &back).unwrap();
        assert!(score > 55.0, "{encoding:?}: {score}");
    }
}

#[test]
fn jpeg_shows_transparent_pixels_on_white() {
    let clear = Raster::new(8, 8, Channels::Rgba, [0, 0, 0, 0].repeat(64)).unwrap();
    let file = encode(&clear, ALL[0]).unwrap();
    let back = decode(&file, &DecodeOptions::default()).unwrap().raster;
    assert!(close_to(&back, &images::flat(8, 8, [255; 3]), 1));
}

#[test]
fn alpha_survives_lossy_webp() {
    let half = Raster::new(16, 16, Channels::Rgba, [200, 30, 30, 128].repeat(256)).unwrap();
    let file = encode(&half, ALL[2]).unwrap();
    let back = decode(&file, &DecodeOptions::default()).unwrap().raster;
    assert!(close_to(&back, &half, 4), "{:?}", &back.pixels()[..4]);
}

#[test]
fn settings_out_of_range_are_brought_inside() {
    let picture = quadrants(16, 16);
    for encoding in [
        Encoding::Jpeg {
            quality: 0,
            progressive: false,
        },
        Encoding::Jpeg {
            quality: 255,
            progressive: false,
        },
        Encoding::Webp {
            quality: 255,
            method: 255,
        },
        Encoding::WebpTuned {
            quality: 255,
            method: 255,
            tuning: WebpTuning {
                sharp_chroma: true,
                deblocking: 255,
            },
        },
        Encoding::Avif {
            quality: 0,
            speed: 0,
        },
        Encoding::Avif {
            quality: 255,
            speed: 255,
        },
    ] {
        assert!(encode(&picture, encoding).is_ok(), "{encoding:?}");
    }
}

#[test]
fn a_side_too_long_for_the_format_is_named() {
    let long = Raster::new(16_384, 1, Channels::Rgb, vec![0; 16_384 * 3]).unwrap();
    let error = encode(&long, ALL[2]).unwrap_err();
    assert!(
        matches!(
            error,
            ImagingError::TooLargeForFormat {
                max_side: 16_383,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn the_smallest_picture_works_everywhere() {
    let dot = images::flat(1, 1, [10, 20, 30]);
    for encoding in ALL {
        assert!(encode(&dot, encoding).is_ok(), "{encoding:?}");
    }
}

#[test]
fn sharp_chroma_keeps_print_in_saturated_colours() {
    // Red letters on cream, two pixels wide.
    let pixels = (0..128 * 128).flat_map(|at| {
        let (x, y) = (at % 128, at / 128);
        let ink = (x / 2 + y / 3) % 4 == 0;
        if ink { [200, 10, 20] } else { [250, 240, 220] }
    });
    let picture = Raster::new(128, 128, Channels::Rgb, pixels.collect()).unwrap();
    let quality = 80;
    let score_with = |sharp_chroma| {
        let tuning = WebpTuning {
            sharp_chroma,
            ..WebpTuning::default()
        };
        let encoding = Encoding::WebpTuned {
            quality,
            method: 4,
            tuning,
        };
        let file = encode(&picture, encoding).unwrap();
        score(&picture, &read_back(&file, ImageFormat::Webp).unwrap()).unwrap()
    };
    let (plain, sharp) = (score_with(false), score_with(true));
    assert!(sharp > plain + 1.0, "{sharp} against {plain}");
    let usual = Encoding::Webp { quality, method: 4 };
    let file = encode(&picture, usual).unwrap();
    let back = read_back(&file, ImageFormat::Webp).unwrap();
    assert!((score(&picture, &back).unwrap() - plain).abs() < 1e-9);
}
