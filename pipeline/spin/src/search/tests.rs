use std::cell::Cell;

use xoay_imaging::{DecodeOptions, decode};

use super::*;

const SCALE: Scale = Scale {
    lowest: 30,
    highest: 90,
    usual: 60,
    slope: 0.3,
};

fn photo(number: usize) -> Raster {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/captures/honey-jar");
    let file = std::fs::read(folder.join(format!("DSC021{number:02}.jpg"))).unwrap();
    decode(&file, &DecodeOptions::default()).unwrap().raster
}

fn encoding(format: ImageFormat, quality: u8) -> Encoding {
    match format {
        ImageFormat::Avif => Encoding::Avif { quality, speed: 8 },
        ImageFormat::Webp => Encoding::Webp { quality, method: 2 },
        ImageFormat::Jpg => Encoding::Jpeg {
            quality,
            progressive: false,
        },
        ImageFormat::Png => Encoding::Png,
    }
}

#[test]
fn a_rising_curve_is_met_within_few_tries() {
    for (slope, offset) in [
        (0.1, 66.0),
        (0.3, 55.0),
        (0.5, 50.0),
        (1.2, 0.0),
        (3.0, -120.0),
    ] {
        let curve = |quality: u8| slope * f64::from(quality) + offset;
        let tries = Cell::new(0);
        let (quality, score) = lowest(SCALE, 75.0, |quality| {
            tries.set(tries.get() + 1);
            Ok(curve(quality))
        })
        .unwrap();
        assert!(
            score >= 75.0 && tries.get() <= 5,
            "{slope}: {score} after {}",
            tries.get()
        );
        let better_exists = quality > SCALE.lowest && curve(quality - 1) >= 75.0;
        assert!(
            !better_exists || score < 75.0 + CLOSE_ENOUGH,
            "{slope}: {quality}"
        );
    }
}

#[test]
fn a_step_in_the_curve_is_found_from_both_sides() {
    for edge in 31..=90 {
        let curve = |quality: u8| if quality >= edge { 90.0 } else { 40.0 };
        let (quality, _) = lowest(SCALE, 75.0, |quality| Ok(curve(quality))).unwrap();
        assert!(quality >= edge, "{edge}: {quality}");
    }
}

#[test]
fn what_cannot_be_reached_ends_at_the_highest_quality() {
    let (quality, score) = lowest(SCALE, 75.0, |_| Ok(60.0)).unwrap();
    assert_eq!((quality, score), (SCALE.highest, 60.0));
    let (quality, _) = lowest(SCALE, 75.0, |_| Ok(99.0)).unwrap();
    assert_eq!(quality, SCALE.lowest);
}

#[test]
fn found_qualities_meet_the_target_and_workers_do_not_matter() {
    let samples = [photo(1), photo(19)];
    let sizes = [(480, 360), (240, 180)];
    let formats = [ImageFormat::Webp, ImageFormat::Png, ImageFormat::Jpg];
    let target = Target::default();
    let find = |workers| {
        find_qualities(
            samples.to_vec(),
            &sizes,
            &formats,
            &encoding,
            target,
            workers,
            &|| false,
        )
        .unwrap()
    };
    let found = find(1);
    let order: Vec<_> = found
        .iter()
        .map(|found| (found.format, found.size))
        .collect();
    let expected: Vec<_> = [ImageFormat::Webp, ImageFormat::Jpg]
        .into_iter()
        .flat_map(|format| sizes.map(|size| (format, size)))
        .collect();
    assert_eq!(order, expected);
    assert!(
        found
            .iter()
            .all(|found| found.score.unwrap() >= target.score),
        "{found:?}"
    );
    assert_eq!(found, find(3));
}

#[test]
fn a_stop_is_obeyed() {
    let samples = [photo(1)];
    let stopped = find_qualities(
        samples.to_vec(),
        &[(200, 150)],
        &[ImageFormat::Jpg],
        &encoding,
        Target::default(),
        1,
        &|| true,
    );
    assert!(matches!(stopped, Err(SpinError::Cancelled)));
}

/// The claim that lets the search judge a quarter of each picture.
#[test]
fn a_mosaic_predicts_the_score_of_the_whole() {
    let whole_score = |picture: &Raster, encoding| {
        let back = read_back(&encode(picture, encoding).unwrap(), encoding.format()).unwrap();
        xoay_imaging::score(picture, &back).unwrap()
    };
    let formats = [
        (ImageFormat::Avif, 60),
        (ImageFormat::Webp, 80),
        (ImageFormat::Jpg, 78),
    ];
    for (format, quality) in formats {
        if !can_read_back(format) {
            continue;
        }
        let encoding = encoding(format, quality);
        let (mut whole, mut parts) = (0.0, 0.0);
        for number in 0..4 {
            let picture = photo(1 + 9 * number);
            whole += whole_score(&picture, encoding) / 4.0;
            let part = mosaic(&picture, number).unwrap();
            parts += (whole_score(&part.picture, encoding) - part.bonus) / 4.0;
        }
        println!("{format} {quality}: whole {whole:.2}, mosaics {parts:.2}");
        assert!(
            (whole - parts).abs() < 1.0,
            "{format}: whole {whole}, mosaics {parts}"
        );
    }
}
