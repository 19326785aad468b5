//! Points of the product on its photos, where the manifest says where the cameras stood.

use anyhow::Result;
use serde_json::{Value, json};

use super::{STRICT, Shown, product};

/// Height and distance of the camera in metres; it looks straight ahead at the axis.
const EYE: [f64; 2] = [0.12, 0.6];
/// Focal length, in widths of the frame.
const FOCAL: f64 = 1.4;
const ASPECT: f64 = 640.0 / 480.0;
const FRAMES: usize = 12;

/// Where a point is before the camera once the product has turned to a frame: right, down, ahead.
fn before_camera([x, y, z]: [f64; 3], frame: usize) -> [f64; 3] {
    let (sin, cos) = (frame as f64 * std::f64::consts::TAU / FRAMES as f64).sin_cos();
    let (side, front) = (x * cos + z * sin, z * cos - x * sin);
    [side, EYE[0] - y, EYE[1] - front]
}

/// A frame's entry in the manifest, found from where four points come to lie: a map is known by what it does.
fn projection(frame: usize) -> Vec<f64> {
    let rows = |p: [f64; 3]| {
        let [right, down, ahead] = before_camera(p, frame);
        [
            FOCAL * right + 0.5 * ahead,
            FOCAL * ASPECT * down + 0.5 * ahead,
            ahead,
        ]
    };
    let origin = rows([0.0; 3]);
    let along = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].map(rows);
    (0..3)
        .flat_map(|row| {
            [0, 1, 2]
                .map(|k| along[k][row] - origin[row])
                .into_iter()
                .chain([origin[row]])
        })
        .collect()
}

/// Where a point is on a stage of this size while the photo is shown whole.
fn on_stage(point: [f64; 3], frame: usize, [width, height]: [f64; 2]) -> [f64; 2] {
    let [right, down, ahead] = before_camera(point, frame);
    let shown = width.min(height * ASPECT);
    [
        width / 2.0 + FOCAL * right / ahead * shown,
        height / 2.0 + FOCAL * ASPECT * down / ahead * shown / ASPECT,
    ]
}

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().expect("a list of numbers");
    list.iter().filter_map(Value::as_f64).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn points_stay_on_the_product_while_its_photos_turn() -> Result<()> {
    let mut product = product();
    let frames = product["spin"]["frames"].as_array_mut().expect("frames");
    assert_eq!(frames.len(), FRAMES);
    for (number, frame) in frames.iter_mut().enumerate() {
        frame["projection"] = json!(projection(number));
    }
    let element = "<xoay-viewer src=/pages/cameras.json width=640 height=480></xoay-viewer>";
    let more = [("cameras.json", product.to_string())];
    let shown = Shown::serving(element, "", STRICT, &more).await?;
    shown
        .until("told('load') && viewer()._ready.hotspots")
        .await?;
    let stage = shown
        .get("[part('stage').clientWidth, part('stage').clientHeight]")
        .await?;
    let stage = numbers(&stage);
    let stage = [stage[0], stage[1]];
    let point = [0.03, 0.07, 0.02];
    let project = "(at => [at.x, at.y, Number(at.visible)])(viewer().project([0.03, 0.07, 0.02], [0.03, 0, 0.02]))";
    let mut seen = Vec::new();
    for frame in 0..FRAMES {
        shown.run(&format!("viewer().frame = {frame}")).await?;
        let at = numbers(&shown.get(project).await?);
        let expected = on_stage(point, frame, stage);
        assert!(
            (at[0] - expected[0]).hypot(at[1] - expected[1]) < 0.01,
            "frame {frame}: {at:?} instead of {expected:?}"
        );
        seen.push(at[2] > 0.5);
    }
    // Its side faces the camera at the start, and is away from it half a turn later.
    assert!(seen[0] && !seen[6], "{seen:?}");
    assert!((3..=6).contains(&seen.iter().filter(|s| **s).count()));

    // The manifest's own points are placed there, those behind marked.
    shown.run("viewer().frame = 6").await?;
    let places = "[...viewer().shadowRoot.querySelectorAll('.place')]";
    shown
        .until(&format!(
            "{places}.length === 2 && {places}.every(place => !place.hidden)"
        ))
        .await?;
    shown
        .until(&format!("!{places}[1].classList.contains('behind')"))
        .await?;
    let [x, y] = on_stage([0.0, 0.05, -0.04], 6, stage);
    let off = format!(
        "((a, b) => Math.hypot(a.left - b.left - {x}, a.top - b.top - {y}))({places}[1].getBoundingClientRect(), part('stage').getBoundingClientRect())"
    );
    shown.until(&format!("{off} < 0.6")).await?;
    shown
        .browser
        .screenshot("element-hotspots-on-photos")
        .await?;

    // Twice as near, twice as far from the middle.
    shown
        .run("viewer().look({ zoom: 2, glide: false })")
        .await?;
    let whole = on_stage(point, 6, stage);
    let at = numbers(&shown.get(project).await?);
    for k in 0..2 {
        let expected = stage[k] / 2.0 + 2.0 * (whole[k] - stage[k] / 2.0);
        assert!((at[k] - expected).abs() < 0.1, "{at:?}: {expected}");
    }
    // Without cameras nothing is said to be anywhere.
    shown
        .run("viewer()._parts.spin.frames.forEach(frame => { delete frame.projection })")
        .await?;
    assert_eq!(shown.get("viewer().project([0, 0, 0])").await?, Value::Null);
    shown.close().await
}
