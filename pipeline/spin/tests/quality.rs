//! The quality report against faults that were put into captures without any.

use std::path::Path;

use xoay_imaging::{Channels, Raster};
use xoay_spin::{FindingKind, Outline, PhotoMeasures, RepairMode, TurnShape, assess, assess_as};

mod faults;
mod scene;

use faults::{Capture, Fault, Outcome, capture_set, inject, name};
use scene::{HONEY, SAUCE, turn};

fn jar() -> Capture {
    Capture::of("jar", turn(HONEY, 24), vec![24])
}

#[track_caller]
fn assert_found(capture: &Capture, fault: Fault) {
    let before = capture.report();
    let (report, expected) = inject(capture, fault, &turn(SAUCE, 24)[3]);
    let outcome = Outcome::of(&report, &expected, &before);
    assert!(
        outcome.found,
        "{fault:?} is not among {:#?}",
        report.findings
    );
    assert!(
        outcome.wrong.is_empty(),
        "{fault:?} also gave {:?}",
        outcome.wrong
    );
}

#[test]
fn a_clean_turn_has_no_findings() {
    for count in [12, 24, 36, 72] {
        let report = Capture::of("jar", turn(HONEY, count), vec![count as u32]).report();
        assert_eq!(report.findings, [], "{count} photos");
    }
}

#[test]
fn blur_is_told_from_motion() {
    let jar = jar();
    for at in [0, 9, 23] {
        assert_found(&jar, Fault::Defocus { at, sigma: 2.0 });
        assert_found(
            &jar,
            Fault::Motion {
                at,
                length: 12.0,
                angle_deg: 10.0,
            },
        );
    }
}

#[test]
fn uneven_light_and_colour_are_named() {
    let jar = jar();
    for at in [0, 13] {
        assert_found(&jar, Fault::Exposure { at, ev: -0.3 });
        assert_found(&jar, Fault::Exposure { at, ev: 0.1 });
        assert_found(
            &jar,
            Fault::WhiteBalance {
                at,
                red: 1.06,
                blue: 1.0,
            },
        );
        assert_found(
            &jar,
            Fault::WhiteBalance {
                at,
                red: 1.0,
                blue: 0.94,
            },
        );
    }
}

#[test]
fn steps_twice_or_missing_are_named_wherever_they_are() {
    let jar = jar();
    for at in [0, 1, 11, 23] {
        assert_found(&jar, Fault::ShotTwice { at });
        assert_found(&jar, Fault::Dropped { at });
    }
}

#[test]
fn photos_out_of_order_are_named_and_put_in_order() {
    let jar = jar();
    for at in [0, 7, 22] {
        assert_found(&jar, Fault::Swapped { at });
    }
    assert_found(&jar, Fault::Reversed { from: 5, to: 11 });
    let (report, _) = inject(&jar, Fault::Swapped { at: 7 }, &jar.pictures[0]);
    let mut in_order: Vec<usize> = (0..24).collect();
    assert_eq!(report.repairs(RepairMode::DropDuplicates).order, in_order);
    in_order.swap(7, 8);
    assert_eq!(report.repairs(RepairMode::PutInOrder).order, in_order);
    assert!(report.is_severe());
    assert!(!report.repaired(RepairMode::PutInOrder).is_severe());
}

#[test]
fn a_missing_step_leaves_the_others_their_angles() {
    let (report, _) = inject(&jar(), Fault::Dropped { at: 6 }, &turn(SAUCE, 1)[0]);
    let azimuths = report.repairs(RepairMode::DropDuplicates).azimuths_deg(0);
    assert_eq!(
        (azimuths.len(), azimuths[5], azimuths[6]),
        (23, 75.0, 105.0)
    );
}

#[test]
fn an_arc_lacks_nothing_between_its_ends() {
    let jar = jar();
    for photos in [8, 15, 22] {
        let capture = capture_set(photos, &[photos as u32]);
        let report = assess_as(TurnShape::Arc, &capture, &jar.measures[..photos], None);
        assert_eq!(report.findings, [], "{photos} photos");
    }
}

#[test]
fn a_photo_of_another_product_is_named() {
    let jar = jar();
    for at in [0, 12] {
        assert_found(&jar, Fault::Foreign { at });
    }
    // Half a turn of each.
    let mut pictures = turn(HONEY, 24);
    pictures.splice(14.., turn(SAUCE, 24).into_iter().take(10));
    let report = Capture::of("two", pictures, vec![24]).report();
    assert_eq!(report.findings[0].kind, FindingKind::MixedProducts);
    assert_eq!(
        report.findings[0].photos,
        (14..24).map(name).collect::<Vec<_>>()
    );
}

#[test]
fn a_row_that_turns_against_the_other_is_named() {
    let mut pictures = turn(HONEY, 24);
    let lower = scene::Jar { top: 0.26, ..HONEY };
    pictures.extend(turn(lower, 24));
    let rows = Capture::of("rows", pictures, vec![24, 24]);
    assert_eq!(rows.report().findings, []);
    assert_found(&rows, Fault::Reversed { from: 24, to: 47 });
}

#[test]
fn a_product_cut_by_the_frame_is_named_without_a_matte_and_with_one() {
    let jar = jar();
    assert_found(&jar, Fault::Cropped { top: 0.3 });
    let outline = |top: f32| Outline {
        left: 0.3,
        top,
        right: 0.7,
        bottom: 0.8,
        touches: [0.0, if top > 0.0 { 0.0 } else { 0.3 }, 0.0, 0.0],
        confidence: 1.0,
    };
    let mut outlines = vec![outline(0.2); 24];
    outlines[4] = outline(0.0);
    outlines[5] = outline(0.01);
    let report = assess(&capture_set(24, &[24]), &jar.measures, Some(&outlines));
    let kinds: Vec<_> = report
        .findings
        .iter()
        .map(|f| (f.kind, f.photos.clone()))
        .collect();
    assert_eq!(
        kinds,
        [
            (FindingKind::CutByFrame, vec![name(4)]),
            (FindingKind::LittleMargin, vec![name(5)])
        ]
    );
}

#[test]
fn photos_that_are_all_the_same_are_one_finding() {
    let still = turn(HONEY, 1).remove(0);
    let mut noise = faults::pictures::Noise::new(3);
    let copies = Capture::of("copies", vec![still.clone(); 12], vec![12]);
    let shots = Capture::of(
        "shots",
        (0..12).map(|_| noise.add(&still)).collect(),
        vec![12],
    );
    for capture in [copies, shots] {
        let report = capture.report();
        let kinds: Vec<_> = report.findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, [FindingKind::AllIdentical], "{}", capture.name);
    }
}

#[test]
fn a_copy_far_from_its_original_is_dropped_where_it_does_not_belong() {
    let mut pictures = turn(HONEY, 24);
    pictures.insert(15, pictures[4].clone());
    let report = Capture::of("copy", pictures, vec![25]).report();
    assert_eq!(report.findings.len(), 1, "{:#?}", report.findings);
    assert_eq!(report.findings[0].photos, [name(15), name(4)]);
    assert_eq!(report.repairs(RepairMode::DropDuplicates).dropped, [15]);
}

#[test]
fn few_odd_and_tiny_photos_are_survived() {
    for count in 0..10_usize {
        let pictures: Vec<Raster> = (0..count)
            .map(|at| {
                let (width, height) = (1 + at as u32 % 3 * 7, 1 + at as u32 % 4);
                let pixels = (0..width * height * 3)
                    .map(|i| (i * 37 + at as u32 * 91) as u8)
                    .collect();
                Raster::new(width, height, Channels::Rgb, pixels).unwrap()
            })
            .collect();
        let measures: Vec<_> = pictures.iter().map(PhotoMeasures::of).collect();
        for lengths in [
            vec![count as u32],
            vec![count as u32 / 2, count.div_ceil(2) as u32],
        ] {
            let report = assess(&capture_set(count, &lengths), &measures, None);
            let kept = report.repairs(RepairMode::PutInOrder);
            assert_eq!(kept.order.len() + kept.dropped.len(), count);
        }
    }
}

#[test]
fn faults_in_the_bundled_capture_are_all_named_and_nothing_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/captures/honey-jar");
    let capture = Capture::read(&folder, None);
    assert_eq!(capture.report().findings, []);
    let foreign = turn(SAUCE, 1).remove(0);
    let before = capture.report();
    let (mut missed, mut wrong) = (Vec::new(), Vec::new());
    for (_, fault) in faults::faults(&capture, 1, 42) {
        let (report, expected) = inject(&capture, fault, &foreign);
        let outcome = Outcome::of(&report, &expected, &before);
        if !outcome.found {
            missed.push(fault);
        }
        wrong.extend(outcome.wrong);
    }
    assert!(
        missed.is_empty() && wrong.is_empty(),
        "missed {missed:?}, wrong {wrong:#?}"
    );
}
