//! HEIC. The sample is a small copy of our own honey jar (CC0).

use xoay_imaging::{DecodeOptions, ImagingError, Limits, decode, probe};

const SAMPLE: &[u8] = include_bytes!("images/jar.heic");

#[cfg(feature = "heic")]
const EXPECTED: [(u32, u32, [u8; 3]); 5] = [
    (48, 14, [139, 125, 86]),
    (44, 40, [227, 203, 177]),
    (5, 5, [239, 239, 237]),
    (48, 60, [145, 108, 82]),
    (70, 66, [252, 252, 252]),
];

#[cfg(feature = "heic")]
#[test]
fn a_heic_photo_is_read_with_its_metadata() {
    let header = probe(SAMPLE, &Limits::default()).unwrap();
    assert_eq!((header.width(), header.height()), (96, 72));
    assert_eq!(header.camera.focal_length_mm, Some(30.0));
    assert_eq!(header.captured.as_deref(), Some("2026-08-05T09:30:04"));
    let decoded = decode(SAMPLE, &DecodeOptions::default()).unwrap();
    assert_eq!(decoded.header, header);
    // Lid, label and backdrop, as the encoder's own reader shows them.
    for (x, y, expected) in EXPECTED {
        let at = (y * 96 + x) as usize * 3;
        let seen = &decoded.raster.pixels()[at..at + 3];
        let close = seen.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 6);
        assert!(close, "({x}, {y}): {seen:?}, not {expected:?}");
    }
}

#[cfg(feature = "heic")]
#[test]
fn cuts_damage_and_limits_are_errors() {
    use xoay_imaging::SourceFormat;

    for length in (0..SAMPLE.len()).step_by(7) {
        assert!(
            decode(&SAMPLE[..length], &DecodeOptions::default()).is_err(),
            "{length}"
        );
    }
    for at in 0..SAMPLE.len() {
        let mut damaged = SAMPLE.to_vec();
        damaged[at] ^= 0x55;
        if let Ok(decoded) = decode(&damaged, &DecodeOptions::default()) {
            assert_eq!(decoded.header.format, SourceFormat::Heic);
        }
    }
    let limits = Limits {
        max_pixels: 1000,
        ..Limits::default()
    };
    let refused = probe(SAMPLE, &limits);
    assert!(
        matches!(refused, Err(ImagingError::TooManyPixels { .. })),
        "{refused:?}"
    );
}

#[cfg(not(feature = "heic"))]
#[test]
fn without_the_feature_the_remedy_is_named() {
    use xoay_format::Localize;

    let error = decode(SAMPLE, &DecodeOptions::default()).unwrap_err();
    assert_eq!(error, ImagingError::UnsupportedFormat { name: "HEIC" });
    assert_eq!(probe(SAMPLE, &Limits::default()), Err(error.clone()));
    let text = error.text();
    assert!(text.en.contains("Most Compatible") && text.vi.contains("Tương thích nhất"));
}
