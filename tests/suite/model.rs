//! Models in a real Chromium: one context for all, its loss, points on the surface.

use anyhow::Result;
use serde_json::{Value, json};
use xoay_tests::browser::Browser;
use xoay_tests::site::Site;

/// Remembers every WebGL context that the page makes, and what it is told.
const WATCH: &str = "
    window.contexts = [];
    window.events = [];
    for (const kind of [HTMLCanvasElement, OffscreenCanvas]) {
        const get = kind.prototype.getContext;
        kind.prototype.getContext = function (...wanted) {
            const context = get.apply(this, wanted);
            if (wanted[0] === 'webgl2' && !contexts.includes(context)) contexts.push(context);
            return context;
        };
    }
    for (const name of ['load', 'error']) {
        document.addEventListener('xoay-' + name, e => events.push([name, e.detail]));
    }
    addEventListener('error', e => events.push(['uncaught', e.message]));
    addEventListener('unhandledrejection', e => events.push(['uncaught', String(e.reason)]));
    window.viewers = () => [...document.querySelectorAll('xoay-viewer')];
    window.model = () => viewers()[0]._view;
    window.pixels = async (viewer) => {
        const canvas = viewer.shadowRoot.querySelector('canvas.model');
        const bitmap = await createImageBitmap(await new Promise(done => canvas.toBlob(done)));
        const context = new OffscreenCanvas(64, 48).getContext('2d');
        context.drawImage(bitmap, 0, 0, 64, 48);
        return Array.from(context.getImageData(0, 0, 64, 48).data);
    };
";

/// A page with as many viewers of the jar.
async fn show(count: usize) -> Result<(Site, Browser)> {
    let viewer =
        "<xoay-viewer src=/fixtures/product.json view=model width=640 height=480></xoay-viewer>";
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Xoay</title>\
         <script>{WATCH}</script><script type=module src=/viewer/xoay-viewer.js></script>\
         <style>xoay-viewer {{ display: inline-block; width: {}px }}</style>{}",
        if count > 1 { 120 } else { 640 },
        viewer.repeat(count)
    );
    let site = Site::start("viewer", &[("index", page)], None).await?;
    let browser = Browser::start(1280, 800).await?;
    browser
        .open(&format!("{}/pages/index", site.origin))
        .await?;
    let loaded = format!(
        "window.events && events.filter(e => e[0] === 'load').length === {count} \
         && viewers().every(v => v.shadowRoot.querySelector('.show-model'))"
    );
    browser.until_within(&loaded, 120).await?;
    Ok((site, browser))
}

async fn pixels(browser: &Browser, viewer: usize) -> Result<Vec<u64>> {
    let value = browser
        .wait(&format!("pixels(viewers()[{viewer}])"))
        .await?;
    let numbers = value.as_array().unwrap().iter();
    Ok(numbers.filter_map(Value::as_u64).collect())
}

/// Pixels that are covered.
fn covered(pixels: &[u64]) -> usize {
    pixels.chunks_exact(4).filter(|p| p[3] > 200).count()
}

/// Mean difference of two pictures, 0 to 255.
fn difference(a: &[u64], b: &[u64]) -> f64 {
    let sum: u64 = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).sum();
    sum as f64 / a.len() as f64
}

async fn numbers(browser: &Browser, expression: &str) -> Result<Vec<f64>> {
    let value = browser
        .run(&format!("return Array.from({expression})"))
        .await?;
    let numbers = value.as_array().unwrap().iter();
    Ok(numbers.filter_map(Value::as_f64).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_models_share_one_context() -> Result<()> {
    let (_site, browser) = show(50).await?;
    assert_eq!(browser.run("return contexts.length").await?, 1);
    // An emulated GPU is at work on them for a while after the page believes that they are drawn.
    browser
        .run("window.gl = contexts[0]; window.drawn = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0); gl.flush()")
        .await?;
    browser
        .until_within(
            "gl.getSyncParameter(drawn, gl.SYNC_STATUS) === gl.SIGNALED",
            120,
        )
        .await?;
    for viewer in [0, 1, 25, 49] {
        let covered = covered(&pixels(&browser, viewer).await?);
        assert!((150..2800).contains(&covered), "{viewer}: {covered}");
    }
    // One that moves leaves the others as they are.
    let before = [pixels(&browser, 3).await?, pixels(&browser, 4).await?];
    browser
        .run("viewers()[3].angle = 90; return viewers()[3]._view.draw(performance.now())")
        .await?;
    let after = [pixels(&browser, 3).await?, pixels(&browser, 4).await?];
    assert!(difference(&before[0], &after[0]) > 0.5, "it did not turn");
    assert!(
        difference(&before[1], &after[1]) < 1e-9,
        "another one changed"
    );
    let wrong = browser
        .run("return events.filter(e => e[0] !== 'load')")
        .await?;
    assert_eq!(wrong, json!([]));
    browser.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_lost_context_all_models_are_as_before() -> Result<()> {
    let (_site, browser) = show(2).await?;
    browser
        .run("viewers()[1].angle = 70; return viewers()[1]._view.draw(performance.now())")
        .await?;
    let before = [pixels(&browser, 0).await?, pixels(&browser, 1).await?];
    browser
        .run("window.lose = contexts[0].getExtension('WEBGL_lose_context'); lose.loseContext()")
        .await?;
    let notes = "viewers().map(v => v.shadowRoot.querySelector('[part=message]').hidden)";
    browser.until(&format!("{notes}.every(h => !h)")).await?;
    browser.run("lose.restoreContext()").await?;
    browser.until(&format!("{notes}.every(h => h)")).await?;
    let angle = browser.run("return viewers()[1].angle").await?;
    assert!((angle.as_f64().unwrap() - 70.0).abs() < 1e-6);
    // Drawn anew, not only kept.
    browser
        .run("viewers()[1].angle = 250; viewers()[1]._view.draw(performance.now()); viewers()[1].angle = 70; return viewers()[1]._view.draw(performance.now())")
        .await?;
    for (viewer, before) in before.iter().enumerate() {
        let after = pixels(&browser, viewer).await?;
        assert!(
            difference(before, &after) < 1.0,
            "{viewer}: another picture"
        );
    }
    assert_eq!(browser.run("return contexts.length").await?, 1);
    browser.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn points_on_the_surface_are_found_and_followed() -> Result<()> {
    let (_site, browser) = show(1).await?;
    let [width, height] = [640.0, 480.0];
    let point = numbers(&browser, "model().surface_at(320, 240)").await?;
    assert_eq!(point.len(), 6, "the jar is in the middle");
    let bounds = numbers(&browser, "model().bounds()").await?;
    for k in 0..3 {
        let room = bounds[k] - 1e-4..=bounds[k + 3] + 1e-4;
        assert!(room.contains(&point[k]), "{point:?} beyond {bounds:?}");
    }
    assert!(
        numbers(&browser, "model().surface_at(4, 4)")
            .await?
            .is_empty()
    );
    let seen = |point: &[f64]| {
        let text: Vec<String> = point.iter().map(f64::to_string).collect();
        format!("model().project({})", text.join(", "))
    };
    let at = numbers(&browser, &seen(&point)).await?;
    assert!(
        (at[0] - width / 2.0).abs() < 0.5 && (at[1] - height / 2.0).abs() < 0.5,
        "{at:?}"
    );
    assert!((at[2] - 1.0).abs() < 1e-9, "it faces the camera");
    // Turned round it is hidden: by its normal, and without one by the jar itself.
    browser.run("viewers()[0].angle = 180").await?;
    assert!(numbers(&browser, &seen(&point)).await?[2] < 0.5);
    let mut bare = point.clone();
    bare.truncate(3);
    let bare = format!(
        "model().project({}, {}, {}, NaN, NaN, NaN)",
        bare[0], bare[1], bare[2]
    );
    assert!(numbers(&browser, &bare).await?[2] < 0.5);
    browser.run("viewers()[0].angle = 0").await?;
    assert!(numbers(&browser, &bare).await?[2] > 0.5);
    browser.run("model().look(40, 30, 2, false)").await?;
    let looked = numbers(&browser, "[model().angle_deg, model().elevation_deg]").await?;
    assert!((looked[0] - 40.0).abs() < 1e-6 && (looked[1] - 30.0).abs() < 1e-6);
    browser.run("model().turn_by(-50)").await?;
    assert!((numbers(&browser, "[model().angle_deg]").await?[0] - 350.0).abs() < 1e-6);
    browser.close().await
}
