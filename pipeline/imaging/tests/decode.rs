//! Whole images in, upright sRGB out.

mod images;

use images::{close_to, flat, jpeg_with_segments, quadrants, tiff_with_orientation};
use moxcms::ColorProfile;
use xoay_imaging::{
    Channels, DecodeOptions, Encoding, ImagingError, Limits, Orientation, Raster, SourceFormat,
    decode, encode, probe,
};

fn decoded(bytes: &[u8]) -> xoay_imaging::Decoded {
    decode(bytes, &DecodeOptions::default()).unwrap()
}

fn jpeg(raster: &Raster) -> Vec<u8> {
    encode(
        raster,
        Encoding::Jpeg {
            quality: 95,
            progressive: false,
        },
    )
    .unwrap()
}

#[test]
fn all_eight_exif_orientations_come_out_upright() {
    let upright = quadrants(48, 32);
    for orientation in Orientation::ALL {
        // The two quarter turns undo each other; every other value undoes itself.
        let undo = match orientation {
            Orientation::Rotate90 => Orientation::Rotate270,
            Orientation::Rotate270 => Orientation::Rotate90,
            other => other,
        };
        let stored = undo.apply(upright.clone());
        let file = jpeg_with_segments(&jpeg(&stored), &[images::exif_segment(orientation.exif())]);
        let header = probe(&file, &Limits::default()).unwrap();
        assert_eq!(
            (header.orientation, header.width(), header.height()),
            (orientation, 48, 32)
        );
        assert_eq!(header.captured.as_deref(), Some("2026-11-22T08:30:05"));
        let raster = decoded(&file).raster;
        assert!(close_to(&raster, &upright, 12), "{orientation:?}");
    }
}

#[test]
fn tiff_orientation_is_applied_too() {
    for orientation in Orientation::ALL {
        let file = tiff_with_orientation(3, 2, orientation.exif());
        let image = decoded(&file);
        assert_eq!(image.header.orientation, orientation);
        let stored = Raster::new(3, 2, Channels::Rgb, (0..18).collect()).unwrap();
        assert_eq!(image.raster, orientation.apply(stored), "{orientation:?}");
    }
}

#[test]
fn a_display_p3_photo_is_converted_and_an_srgb_one_is_not() {
    let plain = jpeg(&flat(16, 16, [200, 100, 50]));
    let with = |profile: &ColorProfile| {
        let segment = images::icc_segment(&profile.encode().unwrap());
        decoded(&jpeg_with_segments(&plain, &[segment]))
    };
    let p3 = with(&ColorProfile::new_display_p3());
    assert!(p3.color_converted && p3.header.has_icc);
    assert!(
        close_to(&p3.raster, &flat(16, 16, [215, 93, 31]), 4),
        "{:?}",
        &p3.raster.pixels()[..3]
    );
    let srgb = with(&ColorProfile::new_srgb());
    assert!(!srgb.color_converted && srgb.header.has_icc);
    assert_eq!(srgb.raster, decoded(&plain).raster);
}

#[test]
fn gray_jpeg_has_three_equal_channels() {
    let mut file = Vec::new();
    jpeg_encoder::Encoder::new(&mut file, 95)
        .encode(&[77; 64], 8, 8, jpeg_encoder::ColorType::Luma)
        .unwrap();
    assert!(close_to(&decoded(&file).raster, &flat(8, 8, [77; 3]), 2));
}

#[test]
fn cmyk_jpeg_is_converted() {
    // Cyan ink alone; the encoder stores it inverted, as Adobe does.
    let mut file = Vec::new();
    let cells: Vec<u8> = [255, 0, 0, 0].repeat(64);
    jpeg_encoder::Encoder::new(&mut file, 95)
        .encode(&cells, 8, 8, jpeg_encoder::ColorType::CmykAsYcck)
        .unwrap();
    let raster = decoded(&file).raster;
    assert_eq!(raster.channels(), Channels::Rgb);
    let cyan = flat(8, 8, [0, 255, 255]);
    assert!(close_to(&raster, &cyan, 8), "{:?}", &raster.pixels()[..3]);
}

#[test]
fn sixteen_bit_png_is_rounded() {
    let samples: Vec<u16> = vec![0, 128, 129, 32_768, 65_407, 65_535];
    let file = images::png16(2, 1, &samples);
    assert_eq!(decoded(&file).raster.pixels(), [0, 0, 1, 128, 255, 255]);
}

#[test]
fn lossless_formats_come_back_exactly() {
    let picture = quadrants(21, 13);
    let sheer = Raster::new(2, 1, Channels::Rgba, vec![9, 8, 7, 120, 1, 2, 3, 255]).unwrap();
    for (file, format) in [
        (encode(&picture, Encoding::Png).unwrap(), SourceFormat::Png),
        (
            encode(&picture, Encoding::WebpLossless).unwrap(),
            SourceFormat::Webp,
        ),
        (images::tiff(&picture), SourceFormat::Tiff),
    ] {
        let image = decoded(&file);
        assert_eq!(
            (image.raster, image.header.format),
            (picture.clone(), format)
        );
    }
    for encoding in [Encoding::Png, Encoding::WebpLossless] {
        assert_eq!(
            decoded(&encode(&sheer, encoding).unwrap()).raster,
            sheer,
            "{encoding:?}"
        );
    }
}

#[test]
fn a_reduced_decode_keeps_at_least_twice_the_target() {
    let file = jpeg(&quadrants(800, 600));
    let turned = jpeg_with_segments(&file, &[images::exif_segment(6)]);
    for (bytes, target, reduced) in [
        (&file, (100, 75), (200, 150)),
        (&file, (101, 75), (400, 300)),
        (&file, (400, 300), (800, 600)),
        (&file, (5000, 5000), (800, 600)),
        (&turned, (75, 100), (150, 200)),
    ] {
        let options = DecodeOptions {
            target: Some(target),
            ..DecodeOptions::default()
        };
        let raster = decode(bytes, &options).unwrap().raster;
        if cfg!(feature = "turbojpeg") {
            assert_eq!((raster.width(), raster.height()), reduced, "{target:?}");
        } else {
            assert!(raster.width() >= reduced.0 && raster.height() >= reduced.1);
        }
    }
}

#[test]
fn cameras_may_append_data_after_the_end() {
    let mut file = jpeg(&quadrants(32, 32));
    let picture = decoded(&file).raster;
    file.extend_from_slice(b"SEFT\0\0trailer of a phone");
    assert_eq!(decoded(&file).raster, picture);
}

#[test]
fn memory_is_checked_before_it_is_taken() {
    let limits = Limits {
        max_memory_bytes: 1000,
        ..Limits::default()
    };
    let options = DecodeOptions {
        limits,
        target: None,
    };
    for file in [jpeg(&quadrants(64, 64)), images::tiff(&quadrants(64, 64))] {
        let error = decode(&file, &options).unwrap_err();
        assert!(
            matches!(error, ImagingError::TooMuchMemory { .. }),
            "{error}"
        );
    }
}
