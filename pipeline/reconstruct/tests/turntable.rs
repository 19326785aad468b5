//! Bodies of known shape on a synthetic turntable: what comes back is what was put there.

use std::f64::consts::TAU;

use xoay_format::Watch;
use xoay_reconstruct::{
    Camera, Capture, Gate, Intrinsics, Observation, Outcome, Pixel, ReconstructError, Refine, Row,
    ShapeOptions, TextureOptions, TurntableRig, Window, calibrate, compare, paint, render, shape,
};

const WIDTH: u32 = 480;
const HEIGHT: u32 = 360;
const FOCAL_PX: f64 = 830.0;

fn rig(frames: usize) -> TurntableRig {
    TurntableRig {
        intrinsics: Intrinsics {
            focal_px: [FOCAL_PX; 2],
            centre: Pixel { x: 240.0, y: 180.0 },
            k1: 0.0,
        },
        rows: vec![Row {
            tilt_rad: 20_f64.to_radians(),
            pan_rad: 0.01,
            roll_rad: -0.008,
            height: 0.44,
            distance: 1.0,
            azimuths_rad: (0..frames)
                .map(|k| TAU * k as f64 / frames as f64)
                .collect(),
        }],
    }
}

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
                window: Window::about_product(WIDTH as usize, HEIGHT as usize, &rgba, 6),
            }
        })
        .collect();
    Capture {
        width: WIDTH,
        height: HEIGHT,
        // As nominal as EXIF is.
        focal_px: Some(FOCAL_PX * 1.006),
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
