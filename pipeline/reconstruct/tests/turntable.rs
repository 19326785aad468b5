//! Bodies of known shape on a synthetic turntable: what comes back is what was put there.

mod stage;

use std::f64::consts::TAU;

use xoay_format::Watch;
use xoay_reconstruct::{
    Camera, Capture, Gate, Mat, Method, Observation, Outcome, Paper, Pixel, ReconstructError,
    Refine, SeenMarker, ShapeOptions, TextureOptions, TurntableRig, Verdict, Window, calibrate,
    compare, paint, render, shape,
};

use stage::{FOCAL_PX, HEIGHT, WIDTH, rig};

/// Whether a ray hits a body, told by the ray's origin and direction.
type Body = dyn Fn([f64; 3], [f64; 3]) -> bool + Sync;

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn ball(centre: [f64; 3], radius: f64) -> impl Fn([f64; 3], [f64; 3]) -> bool + Sync {
    move |from, ray| {
        let to: [f64; 3] = std::array::from_fn(|k| centre[k] - from[k]);
        let along = dot(to, ray) / dot(ray, ray);
        dot(to, to) - along * along * dot(ray, ray) <= radius * radius
    }
}

fn block(low: [f64; 3], high: [f64; 3]) -> impl Fn([f64; 3], [f64; 3]) -> bool + Sync {
    move |from, ray| {
        let (mut near, mut far) = (f64::MIN, f64::MAX);
        for k in 0..3 {
            let a = (low[k] - from[k]) / ray[k];
            let b = (high[k] - from[k]) / ray[k];
            near = near.max(a.min(b));
            far = far.min(a.max(b));
        }
        near <= far
    }
}

/// The body as a camera sees it, each pixel's cover told by 16 rays, all of one colour.
fn photo(camera: &Camera, body: &Body) -> Vec<u8> {
    let centre = camera.centre();
    let m = camera.camera_from_table;
    let mut rgba = Vec::new();
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let hits = (0..16)
                .filter(|k| {
                    let place = Pixel {
                        x: f64::from(x) + 0.125 + 0.25 * f64::from(k % 4),
                        y: f64::from(y) + 0.125 + 0.25 * f64::from(k / 4),
                    };
                    let seen = camera.intrinsics.unproject(place).unwrap();
                    let ray = std::array::from_fn(|k| {
                        m[0][k] * seen[0] + m[1][k] * seen[1] + m[2][k] * seen[2]
                    });
                    body(centre, ray)
                })
                .count();
            rgba.extend([180, 120, 60, (hits * 255 / 16) as u8]);
        }
    }
    rgba
}

/// `sense` is −1 where the photos come in the other order.
fn capture(frames: usize, sense: f64, body: &Body) -> Capture {
    let rig = rig(frames);
    let observations = (0..frames)
        .map(|frame| {
            let at = if sense > 0.0 {
                frame
            } else {
                (frames - frame) % frames
            };
            let rgba = photo(&rig.camera(0, at).unwrap(), body);
            Observation {
                name: format!("{frame:02}.jpg"),
                row: 0,
                nominal_rad: TAU * frame as f64 / frames as f64,
                markers: Vec::new(),
                window: Window::about_product(WIDTH as usize, HEIGHT as usize, &rgba, 6),
            }
        })
        .collect();
    Capture {
        width: WIDTH,
        height: HEIGHT,
        // As nominal as EXIF is.
        focal_px: Some(FOCAL_PX * 1.006),
        mat: None,
        observations,
    }
}

const HULL: ShapeOptions = ShapeOptions {
    cells: 96,
    refine: Refine::Hull,
};

#[test]
fn a_block_beside_the_axis_comes_back_with_its_cameras() {
    let (low, high) = ([-0.06, 0.0, -0.03], [0.1, 0.16, 0.06]);
    for sense in [1.0, -1.0] {
        let capture = capture(24, sense, &block(low, high));
        let found = calibrate(&capture, Watch::silent()).unwrap();
        let row = &found.rig.rows[0];
        assert!((row.tilt_rad.to_degrees() - 20.0).abs() < 0.1, "{row:?}");
        assert!((row.pan_rad - 0.01).abs() < 0.002 && (row.roll_rad + 0.008).abs() < 0.002);
        let turned = row.azimuths_rad[1] - row.azimuths_rad[0];
        assert!(turned * sense > 0.0, "the sense of turning");
        let whole = vec![true; 24];
        let shape = shape(&capture, &found, &whole, &HULL, Watch::silent()).unwrap();
        let [least, most] = shape.mesh.bounds().unwrap();
        for axis in 0..3 {
            let more = (most[axis] - least[axis]) - (high[axis] - low[axis]);
            // Between photos 15° apart a hull stands out over flat sides, by up to half of 0.16 · tan 7.5° on each,
            // not over the top.
            let allowed = if axis == 1 { 0.004 } else { 0.012 };
            assert!(more > -0.002 && more < allowed, "{more} of axis {axis}");
        }
        assert!(
            (shape.rig.rows[0].height - 0.44).abs() < 0.006,
            "it stands on the disc"
        );
        let views: Vec<_> = found
            .places
            .iter()
            .zip(&capture.observations)
            .map(|((row, frame), o)| (shape.rig.camera(*row, *frame).unwrap(), o))
            .collect();
        let model = paint(&shape.mesh, &views, TextureOptions { max_side: 1024 });
        assert_eq!(model.coordinates.len(), model.mesh.positions.len());
        let seen = compare(&render(&model, &views[5].0, views[5].1), views[5].1);
        assert!(seen.iou > 0.97 && seen.psnr_db > 40.0, "{seen:?}");
    }
}

#[test]
fn a_blank_ball_on_the_axis_is_refused_and_told_why() {
    let capture = capture(16, 1.0, &ball([0.0, 0.09, 0.0], 0.09));
    let Err(ReconstructError::Refused(verdicts)) = calibrate(&capture, Watch::silent()) else {
        panic!("a ball on the axis tells no tilt");
    };
    assert_eq!(verdicts[0].gate, Gate::Tilt);
    assert_eq!(verdicts[0].outcome, Outcome::Refused);
    assert!(verdicts[0].message.vi.contains("lệch tâm"));
}

#[test]
fn photos_that_are_cut_off_or_too_few_are_named() {
    let few = capture(8, 1.0, &block([-0.05, 0.0, -0.02], [0.08, 0.1, 0.05]));
    let error = calibrate(&few, Watch::silent()).unwrap_err();
    assert!(matches!(
        error,
        ReconstructError::TooFewPhotos {
            found: 8,
            needed: 12
        }
    ));
    let large = capture(12, 1.0, &block([-0.3, 0.0, -0.1], [0.3, 0.2, 0.1]));
    let Err(ReconstructError::Refused(verdicts)) = calibrate(&large, Watch::silent()) else {
        panic!("it runs out of the frame");
    };
    assert_eq!(verdicts[0].gate, Gate::WithinFrame);
    assert!(verdicts[0].photos.contains(&"00.jpg".to_owned()));
}

/// The rig's unit in metres, and where the mat's middle lies from the axis.
const METRES: f64 = 0.6;
const ASIDE: [f64; 2] = [0.004, -0.007];

/// The markers of an A4 mat as the true rig sees them, a little off as found corners are. `wrong` moves a marker.
fn with_markers(capture: &mut Capture, wrong: impl Fn(usize, u8) -> f64) {
    let rig = rig(capture.observations.len());
    for (frame, observation) in capture.observations.iter_mut().enumerate() {
        let markers = Mat::printed(Paper::A4).markers;
        observation.markers = markers
            .into_iter()
            .filter_map(|marker| {
                let mut corners = [Pixel { x: 0.0, y: 0.0 }; 4];
                for (k, ([x, z], corner)) in
                    marker.corners_m.into_iter().zip(&mut corners).enumerate()
                {
                    let at = [(x - ASIDE[0]) / METRES, 0.0, (z - ASIDE[1]) / METRES];
                    *corner = rig.project(0, frame, at)?;
                    // The same in every run, up to 0.2 pixels.
                    let stir = (frame * 31 + usize::from(marker.id) * 7 + k * 3) % 9;
                    corner.x += 0.05 * (stir as f64 - 4.0) + wrong(frame, marker.id);
                    corner.y += 0.05 * ((stir * 5 % 9) as f64 - 4.0);
                }
                Some(SeenMarker {
                    id: marker.id,
                    corners,
                })
            })
            // Those behind the product are not seen.
            .filter(|marker| marker.corners[0].y > 190.0)
            .collect();
    }
}

#[test]
fn a_mat_tells_scale_base_and_each_angle_even_of_a_blank_ball() {
    let mut capture = capture(16, 1.0, &ball([0.0, 0.09, 0.0], 0.09));
    with_markers(&mut capture, |_, _| 0.0);
    // One photo shows no marker, and one sighting is mistaken.
    capture.observations[5].markers.clear();
    capture.observations[2].markers[0].corners[1].x += 40.0;
    for asked in [false, true] {
        capture.mat = asked.then(|| Mat::printed(Paper::A4));
        let outcome = calibrate(&capture, Watch::silent());
        if !asked {
            // Nobody said that there is a mat, and one photo lacks it: the ball tells nothing by itself.
            assert!(matches!(outcome, Err(ReconstructError::Refused(_))));
            continue;
        }
        let found = outcome.unwrap();
        assert_eq!(found.method, Method::Mat);
        let row = &found.rig.rows[0];
        assert!((row.tilt_rad.to_degrees() - 20.0).abs() < 0.1, "{row:?}");
        let metres = found.metres_per_unit.unwrap();
        assert!((metres / METRES - 1.0).abs() < 0.01, "{metres} m");
        let base = found.disc_height.unwrap();
        assert!((base + 0.44).abs() < 0.005, "the mat lies at {base}");
        for frame in 0..16 {
            let turned = row.azimuths_rad[frame] - TAU * frame as f64 / 16.0;
            let off = (turned + TAU / 2.0).rem_euclid(TAU) - TAU / 2.0;
            assert!(off.to_degrees().abs() < 0.2, "{frame}: {off} rad");
        }
        let verdict = &found.verdicts[1];
        assert_eq!(
            (verdict.gate, verdict.outcome),
            (Gate::Mat, Outcome::Doubtful)
        );
        assert_eq!(verdict.photos, ["05.jpg"]);
    }
}

#[test]
fn a_mat_that_moves_or_is_hardly_seen_is_refused_by_name() {
    let mut moved = capture(16, 1.0, &ball([0.0, 0.09, 0.0], 0.09));
    // Every second marker slides from photo to photo.
    with_markers(&mut moved, |frame, id| {
        if id % 2 == 0 {
            4.0 * (frame % 5) as f64
        } else {
            0.0
        }
    });
    moved.mat = Some(Mat::printed(Paper::A4));
    let mut unseen = moved.clone();
    for observation in &mut unseen.observations {
        observation.markers.truncate(1);
    }
    for (capture, word) in [(moved, "contradict"), (unseen, "0 of 16")] {
        let Err(ReconstructError::Refused(verdicts)) = calibrate(&capture, Watch::silent()) else {
            panic!("it must be refused: {word}");
        };
        assert_eq!(verdicts[0].gate, Gate::Mat);
        assert!(
            verdicts[0].message.en.contains(word),
            "{}",
            verdicts[0].message.en
        );
    }
}

/// A block whose photos come from cameras that `rig_of` changes frame by frame.
fn disturbed(rig_of: impl Fn(usize) -> (TurntableRig, usize)) -> Capture {
    const FRAMES: usize = 18;
    let body = block([-0.06, 0.0, -0.03], [0.1, 0.16, 0.06]);
    let mut capture = capture(FRAMES, 1.0, &body);
    for (frame, observation) in capture.observations.iter_mut().enumerate() {
        let (rig, at) = rig_of(frame);
        let rgba = photo(&rig.camera(0, at).unwrap(), &body);
        observation.window = Window::about_product(WIDTH as usize, HEIGHT as usize, &rgba, 6);
    }
    capture
}

/// The verdicts that refuse a capture, wherever on the way.
fn refusal(capture: &Capture) -> Option<Vec<Verdict>> {
    let whole = vec![true; capture.observations.len()];
    let outcome = calibrate(capture, Watch::silent())
        .and_then(|found| shape(capture, &found, &whole, &HULL, Watch::silent()));
    match outcome {
        Err(ReconstructError::Refused(verdicts)) => Some(verdicts),
        _ => None,
    }
}

#[test]
fn a_turn_that_was_disturbed_is_refused_and_the_message_says_what_is_wrong() {
    let zoomed = disturbed(|frame| {
        let mut rig = rig(18);
        if frame % 5 == 2 {
            rig.intrinsics.focal_px = [FOCAL_PX * 1.15; 2];
        }
        (rig, frame)
    });
    let out_of_order = disturbed(|frame| (rig(18), frame * 7 % 18));
    let moved = disturbed(|frame| {
        let mut rig = rig(18);
        if frame >= 9 {
            rig.rows[0].pan_rad += 0.05;
            rig.rows[0].tilt_rad += 0.03;
        }
        (rig, frame)
    });
    let cropped = disturbed(|frame| {
        let mut rig = rig(18);
        let stir = (frame * 13 % 17) as f64 - 8.0;
        rig.intrinsics.focal_px = [FOCAL_PX * (1.0 + 0.02 * stir); 2];
        rig.intrinsics.centre.x += 4.0 * stir;
        (rig, frame)
    });
    for (name, capture, en, vi) in [
        (
            "zoomed",
            zoomed,
            "02.jpg, 07.jpg, 12.jpg, 17.jpg were cropped, zoomed",
            "bị cắt, phóng",
        ),
        (
            "out of order",
            out_of_order,
            "not in the order",
            "không theo thứ tự",
        ),
        (
            "the camera moved",
            moved,
            "moved between 08.jpg and 09.jpg",
            "giữa 08.jpg và 09.jpg",
        ),
        ("cropped", cropped, "one by one", "cắt hay phóng riêng"),
    ] {
        let verdicts = refusal(&capture).unwrap_or_else(|| panic!("{name}: it passed"));
        let first = &verdicts[0];
        assert!(
            first.gate == Gate::Residual
                && first.message.en.contains(en)
                && first.message.vi.contains(vi),
            "{name}: {first:?}"
        );
    }
    let undisturbed = disturbed(|frame| (rig(18), frame));
    assert!(
        refusal(&undisturbed).is_none(),
        "the same block, left alone"
    );
}

#[test]
fn a_wrong_focal_length_is_found_out_and_named() {
    let mut capture = capture(12, 1.0, &block([-0.06, 0.0, -0.03], [0.1, 0.16, 0.06]));
    for factor in [1.5, 0.7] {
        capture.focal_px = Some(FOCAL_PX * factor);
        let found = calibrate(&capture, Watch::silent()).unwrap();
        let focal = found.rig.intrinsics.focal_px[0] / FOCAL_PX;
        assert!((focal - 1.0).abs() < 0.02, "{focal} of the true one");
        assert!((found.rig.rows[0].tilt_rad.to_degrees() - 20.0).abs() < 0.2);
        let verdict = found.verdicts.iter().find(|v| v.gate == Gate::FocalLength);
        let verdict = verdict.expect("it is said");
        assert_eq!(verdict.outcome, Outcome::Doubtful);
        // 830 pixels of 480.
        assert!(
            verdict.message.vi.contains("62 mm"),
            "{}",
            verdict.message.vi
        );
    }
}
