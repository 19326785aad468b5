//! What is seen within the outlines: print on a block, the room through a block of glass.

mod stage;

use std::f64::consts::TAU;

use xoay_format::Watch;
use xoay_reconstruct::{
    Camera, Capture, Gate, Observation, Outcome, Pixel, ReconstructError, Refine, Shape,
    ShapeOptions, Verdict, Window, calibrate, shape,
};

use stage::{FOCAL_PX, HEIGHT, WIDTH, rig};

const FRAMES: usize = 24;
const LOW: [f64; 3] = [-0.06, 0.0, -0.03];
const HIGH: [f64; 3] = [0.1, 0.16, 0.06];
/// The inside of the block where it is a tray: from its floor up it is open.
const TRAY_LOW: [f64; 3] = [-0.05, 0.145, -0.02];
const TRAY_HIGH: [f64; 3] = [0.09, 0.16, 0.05];
/// Of crown glass.
const REFRACTION: f64 = 1.5;

/// Noise without a period: between the corners of a lattice of this spacing.
fn noise(place: [f64; 3], spacing: f64) -> f64 {
    let scaled = place.map(|v| v / spacing);
    let low = scaled.map(f64::floor);
    let part: [f64; 3] = std::array::from_fn(|k| scaled[k] - low[k]);
    (0..8_u32)
        .map(|corner| {
            let mut hash = 0x9e37_79b9_u32;
            let mut weight = 1.0;
            for k in 0..3 {
                let far = corner >> k & 1;
                let at = low[k] as i32 + far as i32;
                hash = (hash ^ at as u32).wrapping_mul(0x85eb_ca6b).rotate_left(13);
                weight *= if far == 1 { part[k] } else { 1.0 - part[k] };
            }
            let hash = (hash ^ hash >> 15).wrapping_mul(0xc2b2_ae35);
            weight * f64::from(hash >> 8) / f64::from(1 << 24)
        })
        .sum()
}

/// Where a ray enters the block, and through which side.
fn entered(from: [f64; 3], ray: [f64; 3]) -> Option<([f64; 3], usize)> {
    let (mut near, mut far, mut side) = (f64::MIN, f64::MAX, 0);
    for k in 0..3 {
        let (a, b) = ((LOW[k] - from[k]) / ray[k], (HIGH[k] - from[k]) / ray[k]);
        if a.min(b) > near {
            (near, side) = (a.min(b), k);
        }
        far = far.min(a.max(b));
    }
    (near <= far).then(|| (std::array::from_fn(|k| from[k] + near * ray[k]), side))
}

/// Where a ray that entered the block through its top goes on to where that is a tray.
fn within_tray(place: [f64; 3], ray: [f64; 3]) -> [f64; 3] {
    let open = (0..3).all(|k| (TRAY_LOW[k]..=TRAY_HIGH[k] + 1e-9).contains(&place[k]));
    if !open {
        return place;
    }
    let along = (0..3)
        .map(|k| ((TRAY_LOW[k] - place[k]) / ray[k]).max((TRAY_HIGH[k] - place[k]) / ray[k]))
        .fold(f64::MAX, f64::min);
    std::array::from_fn(|k| place[k] + along * ray[k])
}

/// What a block looks like where a ray of a camera enters it.
type Look = fn(&Camera, [f64; 3], [f64; 3], usize) -> f64;

fn printed(_: &Camera, place: [f64; 3], _: [f64; 3], _: usize) -> f64 {
    noise(place, 0.005)
}

fn printed_tray(_: &Camera, place: [f64; 3], ray: [f64; 3], side: usize) -> f64 {
    let place = if side == 1 {
        within_tray(place, ray)
    } else {
        place
    };
    noise(place, 0.012)
}

/// The room through the glass: it stands still while the table turns, and moves with the way that light is bent.
fn glass(camera: &Camera, _: [f64; 3], ray: [f64; 3], side: usize) -> f64 {
    let length = ray.iter().map(|v| v * v).sum::<f64>().sqrt();
    let mut bent = ray.map(|v| v / length / REFRACTION);
    bent[side] = 0.0;
    let along = (1.0 - bent.iter().map(|v| v * v).sum::<f64>()).sqrt();
    bent[side] = along.copysign(ray[side]);
    let m = camera.camera_from_table;
    let seen: [f64; 3] =
        std::array::from_fn(|k| m[k][0] * bent[0] + m[k][1] * bent[1] + m[k][2] * bent[2]);
    noise([seen[0] / seen[2], seen[1] / seen[2], 0.5], 0.006)
}

fn photo(camera: &Camera, look: Look) -> Vec<u8> {
    let (centre, m) = (camera.centre(), camera.camera_from_table);
    let mut rgba = Vec::new();
    for at in 0..WIDTH * HEIGHT {
        let (mut hits, mut sum) = (0, 0.0);
        for k in 0..16 {
            let place = Pixel {
                x: f64::from(at % WIDTH) + 0.125 + 0.25 * f64::from(k % 4),
                y: f64::from(at / WIDTH) + 0.125 + 0.25 * f64::from(k / 4),
            };
            let seen = camera.intrinsics.unproject(place).unwrap();
            let ray =
                std::array::from_fn(|k| m[0][k] * seen[0] + m[1][k] * seen[1] + m[2][k] * seen[2]);
            if let Some((place, side)) = entered(centre, ray) {
                hits += 1;
                sum += look(camera, place, ray, side);
            }
        }
        let level = 255.0 * sum / f64::from(hits.max(1));
        rgba.extend([
            level as u8,
            level as u8,
            level as u8,
            (hits * 255 / 16) as u8,
        ]);
    }
    rgba
}

fn capture(look: Look) -> Capture {
    let rig = rig(FRAMES);
    let observations = (0..FRAMES)
        .map(|frame| Observation {
            name: format!("{frame:02}.jpg"),
            row: 0,
            nominal_rad: TAU * frame as f64 / FRAMES as f64,
            markers: Vec::new(),
            window: Window::about_product(
                WIDTH as usize,
                HEIGHT as usize,
                &photo(&rig.camera(0, frame).unwrap(), look),
                6,
            ),
        })
        .collect();
    Capture {
        width: WIDTH,
        height: HEIGHT,
        focal_px: Some(FOCAL_PX),
        mat: None,
        observations,
    }
}

fn made(capture: &Capture, refine: Refine) -> Result<Shape, ReconstructError> {
    let found = calibrate(capture, Watch::silent()).unwrap();
    let options = ShapeOptions { cells: 72, refine };
    shape(capture, &found, &[true; FRAMES], &options, Watch::silent())
}

fn opacity(verdicts: &[Verdict]) -> &Verdict {
    let mut found = verdicts.iter().filter(|v| v.gate == Gate::Opacity);
    found.next().unwrap_or_else(|| panic!("{verdicts:?}"))
}

#[test]
fn print_lies_on_the_surface() {
    let shape = made(&capture(printed), Refine::Photos).unwrap();
    let verdict = opacity(&shape.verdicts);
    assert_eq!(verdict.outcome, Outcome::Good, "{verdict:?}");
    assert!(verdict.measured > 0.85, "{verdict:?}");
}

/// No outline shows it: photos that look in do.
#[test]
fn a_printed_tray_is_hollow() {
    let capture = capture(printed_tray);
    // How far below the rim the surface lies in the middle of the tray, and whether it was looked for everywhere.
    let deep = |refine| {
        let shape = made(&capture, refine).unwrap();
        let [_, high] = shape.mesh.bounds().unwrap();
        let inside: Vec<f64> = shape
            .mesh
            .positions
            .iter()
            .filter(|p| (0.0..0.05).contains(&p[0]) && (0.005..0.03).contains(&p[2]))
            .map(|p| high[1] - p[1])
            .filter(|below| *below < 0.05)
            .collect();
        assert!(inside.len() > 50, "{} places", inside.len());
        inside.iter().sum::<f64>() / inside.len() as f64
    };
    let (hull, found) = (deep(Refine::Hull), deep(Refine::Photos));
    assert!(hull < 0.01, "{hull}");
    assert!((found - 0.015).abs() < 0.003, "{found}");
}

#[test]
fn glass_with_sound_outlines_is_a_caution() {
    let shape = made(&capture(glass), Refine::Photos).unwrap();
    let verdict = opacity(&shape.verdicts);
    assert_eq!(verdict.outcome, Outcome::Doubtful, "{verdict:?}");
    assert!(verdict.measured < 0.3, "{verdict:?}");
    assert!(verdict.message.en.contains("glass/transparent"));
    assert!(verdict.message.vi.contains("thủy tinh/trong suốt"));
    let [low, high] = shape.mesh.bounds().unwrap();
    for axis in 0..3 {
        let more = (high[axis] - low[axis]) - (HIGH[axis] - LOW[axis]);
        assert!(more.abs() < 0.012, "the outlines' shape stays: {more}");
    }
}

#[test]
fn glass_whose_outlines_waver_is_refused() {
    let mut capture = capture(glass);
    // The backdrop shone through: where the cut went wrong the product lacks a corner in a third of the photos.
    for observation in capture.observations.iter_mut().step_by(3) {
        let window = &mut observation.window;
        let (w, h) = (window.width, window.height);
        for y in 0..h / 4 {
            for x in w / 2 - w / 8..w / 2 + w / 8 {
                window.rgba[(y * w + x) * 4 + 3] = 0;
            }
        }
    }
    let Err(ReconstructError::Refused(verdicts)) = made(&capture, Refine::Photos) else {
        panic!("it passed");
    };
    let verdict = opacity(&verdicts);
    assert_eq!(verdict.outcome, Outcome::Refused, "{verdict:?}");
    assert!(verdict.message.en.contains("spin") && verdict.message.vi.contains("ảnh xoay"));
}

/// Every depth that is chosen differs by so little that the surface is the same to a hundredth of a pixel on average.
#[cfg(feature = "gpu")]
#[test]
fn a_graphics_card_finds_the_same_surface() {
    let capture = capture(printed);
    let wanted = made(&capture, Refine::Photos).unwrap().mesh;
    let found = made(&capture, Refine::PhotosOnGpu).unwrap().mesh;
    assert_eq!(wanted.triangles, found.triangles);
    let pixel = 1.0 / FOCAL_PX;
    let apart = wanted.positions.iter().zip(&found.positions).map(|(a, b)| {
        let square: f64 = (0..3).map(|k| (a[k] - b[k]).powi(2)).sum();
        square.sqrt() / pixel
    });
    let (mut sum, mut most) = (0.0, 0.0_f64);
    for apart in apart {
        sum += apart;
        most = most.max(apart);
    }
    let mean = sum / wanted.positions.len() as f64;
    assert!(
        mean < 0.01 && most < 2.0,
        "{mean} and at most {most} pixels"
    );
}
