//! The card against the processor. A software adapter serves; a machine without any has nothing to compare.

use std::f64::consts::TAU;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use xoay_format::{ProgressEvent, Watch};

use super::*;
use crate::matcher::Matcher;
use crate::observation::Window;
use crate::patches::{axes, likeness};
use crate::rig::{Row, TurntableRig};
use crate::vector::mul_transposed;
use crate::{Intrinsics, Pixel};

/// How far the card's correlations may lie from the processor's: it reckons with 24 bits, and keeps brightness in 16.
/// A software adapter was 7e-6 off, standard deviations 4e-4 of 255; drivers may round otherwise.
const TOLERANCE: f32 = 1e-4;
const DEVIATION_TOLERANCE: f32 = 5e-3;
const FRAMES: usize = 5;

/// Photos of a printed plane, `z = 0` of the table, through a lens that bends lines, and tasks about points of it.
struct Scene {
    rig: TurntableRig,
    observations: Vec<Observation>,
    tasks: Vec<Option<Task>>,
}

impl Scene {
    fn new() -> Self {
        let rig = TurntableRig {
            intrinsics: Intrinsics {
                focal_px: [500.0; 2],
                centre: Pixel { x: 150.0, y: 120.0 },
                k1: 0.02,
            },
            rows: vec![Row {
                tilt_rad: 0.2,
                pan_rad: 0.0,
                roll_rad: 0.0,
                height: 0.25,
                distance: 1.0,
                azimuths_rad: [-0.4, -0.2, 0.0, 0.2, 0.4].to_vec(),
            }],
        };
        let observations = (0..FRAMES).map(|frame| photo(&rig, frame)).collect();
        let tasks = (0..240)
            .map(|k| {
                let [x, y] = [f64::from(k % 20) * 0.016 - 0.16, f64::from(k / 20) * 0.015];
                let all: [&[usize]; 3] = [&[1, 3], &[0, 1, 3, 4], &[1]];
                // One in eleven has nothing to compare; one in three too few photos.
                (k % 11 != 0).then(|| Task {
                    start: [x, y, 0.03],
                    stride: [0.0, 0.0, -0.002],
                    axes: axes([0.0, 0.0, 1.0], 0.002),
                    first: 2,
                    others: all[k as usize % 3].to_vec(),
                    step: 0.002,
                })
            })
            .collect();
        Self {
            rig,
            observations,
            tasks,
        }
    }

    fn views(&self) -> Vec<(Camera, &Observation)> {
        let cameras = (0..FRAMES).map(|frame| self.rig.camera(0, frame).unwrap());
        cameras.zip(&self.observations).collect()
    }
}

/// A window of the photo, of odd width, so that rows and photos begin within words.
fn photo(rig: &TurntableRig, frame: usize) -> Observation {
    let print =
        |x: f64, y: f64| 128.0 + 60.0 * (x * 90.0).sin() + 50.0 * (y * 70.0 + x * 40.0).cos();
    let camera = rig.camera(0, frame).unwrap();
    let centre = camera.centre();
    let (left, top, width, height) = (7 + frame, 3, 281, 235);
    let mut rgba = Vec::new();
    for at in 0..width * height {
        let pixel = Pixel {
            x: (left + at % width) as f64 + 0.5,
            y: (top + at / width) as f64 + 0.5,
        };
        let seen = camera.intrinsics.unproject(pixel).unwrap();
        let ray = mul_transposed(&camera.camera_from_table, seen);
        let along = -centre[2] / ray[2];
        let (x, y) = (centre[0] + along * ray[0], centre[1] + along * ray[1]);
        // Its lower part is hardly printed at all.
        let contrast = if y < 0.03 { 0.05 } else { 1.0 };
        let level = (128.0 + contrast * (print(x, y) - 128.0)) as u8;
        rgba.extend([level, level, level, 255]);
    }
    Observation {
        name: format!("{frame}"),
        row: 0,
        nominal_rad: TAU * 0.03 * frame as f64,
        markers: Vec::new(),
        window: Window {
            left,
            top,
            width,
            height,
            rgba,
        },
    }
}

/// `None` where this machine has no adapter.
fn card(scene: &Scene) -> Option<Graphics> {
    let views = scene.views();
    let lumas: Vec<Luma<'_>> = views.iter().map(|(_, o)| Luma::of(&o.window)).collect();
    match Graphics::new(&views, &lumas, u64::MAX) {
        Ok(graphics) => Some(graphics),
        Err(Obstacle::NoAdapter) => {
            eprintln!("no graphics adapter: nothing to compare");
            None
        }
        Err(other) => panic!("{other:?}"),
    }
}

fn assert_same(wanted: &Likeness, found: &Likeness) {
    let off = (wanted.strongest - found.strongest).abs();
    assert!(off < DEVIATION_TOLERANCE, "{wanted:?} against {found:?}");
    for (a, b) in wanted.costs.iter().zip(&found.costs) {
        assert!(
            (a - b).abs() < TOLERANCE,
            "{a} against {b}: {wanted:?}, {found:?}"
        );
    }
}

#[test]
fn the_card_and_the_processor_find_the_same() {
    let scene = Scene::new();
    let Some(graphics) = card(&scene) else { return };
    let there: Vec<&Task> = scene.tasks.iter().flatten().collect();
    let views = scene.views();
    let lumas: Vec<Luma<'_>> = views.iter().map(|(_, o)| Luma::of(&o.window)).collect();
    for best in [2, 4] {
        let found = graphics.likeness(&there, best).unwrap();
        assert_eq!(found.len(), there.len());
        let mut sharp = 0;
        for (task, found) in there.iter().zip(&found) {
            assert_same(&likeness(task, &views, &lumas, best), found);
            let least = (0..STEPS).min_by(|a, b| found.costs[*a].total_cmp(&found.costs[*b]));
            // The plane lies at the sixteenth depth.
            sharp += usize::from(found.costs[15] < 0.05 && least == Some(15));
        }
        assert!(sharp > 80, "{sharp} lie on the plane");
    }
}

#[test]
fn more_than_one_dispatch_gives_each_task_its_own_answer() {
    let scene = Scene::new();
    let Some(graphics) = card(&scene) else { return };
    let there: Vec<&Task> = scene.tasks.iter().flatten().collect();
    let once = graphics.likeness(&there, 2).unwrap();
    // A full batch, whose invocations take several lines, and a part of another.
    let count = BATCH + 100;
    let many: Vec<&Task> = there.iter().copied().cycle().take(count).collect();
    let found = graphics.likeness(&many, 2).unwrap();
    assert_eq!(found.len(), count);
    for (at, found) in found.iter().enumerate() {
        let bits = |likeness: &Likeness| likeness.costs.map(f32::to_bits);
        assert_eq!(bits(&once[at % there.len()]), bits(found), "task {at}");
    }
}

#[test]
fn photos_beyond_the_adapters_limit_are_an_obstacle_in_both_languages() {
    let scene = Scene::new();
    if card(&scene).is_none() {
        return;
    }
    let views = scene.views();
    let lumas: Vec<Luma<'_>> = views.iter().map(|(_, o)| Luma::of(&o.window)).collect();
    let needed_bytes = brightness_bytes(&lumas);
    // Two bytes a pixel, each photo in whole words.
    assert_eq!(needed_bytes, (281 * 235 + 1) * 2 * FRAMES as u64);
    assert!(Graphics::new(&views, &lumas, needed_bytes).is_ok());
    let Err(obstacle) = Graphics::new(&views, &lumas, needed_bytes - 1) else {
        panic!("it does not fit");
    };
    assert_eq!(
        obstacle,
        Obstacle::TooLarge {
            needed_bytes,
            limit_bytes: needed_bytes - 1
        }
    );
    let text = obstacle.text();
    assert!(text.en.contains("processor") && text.vi.contains("bộ xử lý"));
}

#[test]
fn a_card_that_is_lost_leaves_the_work_to_the_processor_and_says_so_once() {
    let scene = Scene::new();
    let Some(lost) = card(&scene) else { return };
    let views = scene.views();
    let warnings = Mutex::new(Vec::new());
    let listener = |event| {
        if let ProgressEvent::Warning { message } = event {
            warnings.lock().unwrap().push(message);
        }
    };
    let never = AtomicBool::new(false);
    let watch = Watch::new(&listener, &never);
    let mut processor = Matcher::on_processor(&views);
    let wanted = processor.likeness(&scene.tasks, 2);
    lost.device.destroy();
    let mut matcher = Matcher::on_processor(&views);
    matcher.graphics = Some((lost, watch));
    for _ in 0..2 {
        let found = matcher.likeness(&scene.tasks, 2);
        assert_eq!(format!("{found:?}"), format!("{wanted:?}"));
    }
    let said = warnings.lock().unwrap();
    assert_eq!(said.len(), 1, "{said:?}");
    // The card itself, asked through the same door, skips what is not there.
    let mut matcher = Matcher::on_gpu(&views, watch);
    for (wanted, found) in wanted.iter().zip(&matcher.likeness(&scene.tasks, 2)) {
        match (wanted, found) {
            (Some(wanted), Some(found)) => assert_same(wanted, found),
            (wanted, found) => assert!(wanted.is_none() && found.is_none()),
        }
    }
}
