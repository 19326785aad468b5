//! `<xoay-viewer>` in a real Chromium, under a strict content security policy.

use anyhow::Result;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use serde_json::Value;
use xoay_tests::browser::Browser;
use xoay_tests::site::Site;

const STRICT: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; img-src 'self'; \
                      style-src 'self'; base-uri 'none'; require-trusted-types-for 'script'";

/// Counts what must not happen. It is a file of its own, since the policy forbids scripts within the page.
const WATCH: &str = "
    window.seen = { violations: [], errors: [], shift: 0, frames: 0, events: [] };
    document.addEventListener('securitypolicyviolation', e => seen.violations.push(e.violatedDirective + ' ' + e.blockedURI));
    addEventListener('error', e => seen.errors.push(e.message));
    addEventListener('unhandledrejection', e => seen.errors.push(String(e.reason)));
    new PerformanceObserver(list => { for (const e of list.getEntries()) seen.shift += e.value; }).observe({ type: 'layout-shift', buffered: true });
    const ask = window.requestAnimationFrame;
    window.requestAnimationFrame = run => { seen.frames += 1; return ask.call(window, run); };
    for (const name of ['load', 'frame', 'error', 'view']) {
        document.addEventListener('xoay-' + name, e => seen.events.push([name, e.detail]));
    }
    window.contexts = [];
    for (const kind of [HTMLCanvasElement, OffscreenCanvas]) {
        const get = kind.prototype.getContext;
        kind.prototype.getContext = function (...wanted) {
            const context = get.apply(this, wanted);
            if (wanted[0] === 'webgl2') contexts.push(context);
            return context;
        };
    }
    window.viewer = () => document.querySelector('xoay-viewer');
    window.part = name => viewer().shadowRoot.querySelector('[part=' + name + ']');
    window.pixels = async () => {
        const bitmap = await createImageBitmap(await viewer().toBlob());
        const context = new OffscreenCanvas(64, 48).getContext('2d');
        context.drawImage(bitmap, 0, 0, 64, 48);
        return Array.from(context.getImageData(0, 0, 64, 48).data);
    };
";

/// What EMBEDDING.md asks of pages: the room is there before the script is.
const SIZES: &str = "xoay-viewer { display: block; aspect-ratio: 4 / 3 }";

fn page(viewer_origin: &str, element: &str) -> String {
    format!(
        "<!doctype html><html lang=vi><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>Xoay</title><link rel=stylesheet href=page.css><script src=watch.js></script>\
         <script type=module src='{viewer_origin}/viewer/xoay-viewer.js' crossorigin></script>\
         <h1>Mật ong</h1>{element}<p>Mật ong rừng.</p>{}",
        "<p>Kéo trang xuống.</p>".repeat(60)
    )
}

/// A site with one page `index` and a browser that shows it.
async fn show(element: &str, width_px: u32, height_px: u32) -> Result<(Site, Browser)> {
    let pages = [
        ("index", page("", element)),
        ("watch.js", WATCH.to_owned()),
        ("page.css", SIZES.to_owned()),
    ];
    let site = Site::start("viewer", &pages, Some(STRICT.to_owned())).await?;
    let browser = Browser::start(width_px, height_px).await?;
    browser
        .open(&format!("{}/pages/index", site.origin))
        .await?;
    Ok((site, browser))
}

async fn loaded(browser: &Browser, view: &str) -> Result<()> {
    browser
        .until(&format!(
            "window.seen && seen.events.some(e => e[0] === 'load' && e[1].view === '{view}')"
        ))
        .await
}

/// Nothing may have gone wrong that the page does not show.
async fn all_well(browser: &Browser) -> Result<()> {
    let seen = browser.run("return seen").await?;
    assert_eq!(
        seen["violations"],
        serde_json::json!([]),
        "the policy was violated"
    );
    assert_eq!(seen["errors"], serde_json::json!([]), "the page had errors");
    assert!(
        seen["shift"].as_f64().unwrap() < 1e-9,
        "the layout moved by {}",
        seen["shift"]
    );
    Ok(())
}

async fn pixels(browser: &Browser) -> Result<Vec<u64>> {
    let value = browser.wait("pixels()").await?;
    Ok(value
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_u64)
        .collect())
}

/// Mean difference of two pictures, 0 to 255.
fn difference(a: &[u64], b: &[u64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| a.abs_diff(*b) as f64)
        .sum::<f64>()
        / a.len() as f64
}

async fn frame(browser: &Browser) -> Result<u64> {
    Ok(browser
        .run("return viewer().frame")
        .await?
        .as_u64()
        .unwrap())
}

async fn press(browser: &Browser, key: char) -> Result<()> {
    let keys = KeyActions::new("keys".into())
        .then(KeyAction::Down { value: key })
        .then(KeyAction::Up { value: key });
    Ok(browser.client.perform_actions(keys).await?)
}

const SPIN: &str = "<xoay-viewer src=/fixtures/spin.json width=640 height=480></xoay-viewer>";
const MODEL: &str =
    "<xoay-viewer src=/fixtures/product.json view=model width=640 height=480></xoay-viewer>";

#[tokio::test(flavor = "multi_thread")]
async fn a_drag_turns_the_spin() -> Result<()> {
    let (_site, browser) = show(SPIN, 1280, 800).await?;
    loaded(&browser, "spin").await?;
    assert_eq!(browser.run("return viewer().frameCount").await?, 12);
    browser
        .until("part('poster').getAttribute('src') && part('hint').textContent === 'Kéo để xoay'")
        .await?;
    browser.screenshot("spin-desktop").await?;
    let before = pixels(&browser).await?;
    assert_eq!(frame(&browser).await?, 0);
    // A quarter of the width is a quarter of the turn.
    let width = browser
        .run("return viewer().clientWidth")
        .await?
        .as_i64()
        .unwrap();
    browser.drag("xoay-viewer", width / 4, 0).await?;
    assert_eq!(frame(&browser).await?, 3);
    let after = pixels(&browser).await?;
    assert!(
        difference(&before, &after) > 1.0,
        "the picture did not change"
    );
    let events = browser
        .run("return seen.events.filter(e => e[0] === 'frame').map(e => e[1].frame)")
        .await?;
    assert_eq!(events.as_array().unwrap().last().unwrap(), 3);
    all_well(&browser).await?;
    browser.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_turn_and_zoom_and_are_announced() -> Result<()> {
    let (_site, browser) = show(SPIN, 1280, 800).await?;
    loaded(&browser, "spin").await?;
    browser.run("part('stage').focus()").await?;
    press(&browser, '\u{e014}').await?; // right
    press(&browser, '\u{e014}').await?;
    browser.until("viewer().frame === 2").await?;
    press(&browser, '\u{e012}').await?; // left
    browser.until("viewer().frame === 1").await?;
    browser
        .until("part('stage').getAttribute('aria-valuetext') === 'Góc 2 trên 12'")
        .await?;
    press(&browser, '\u{e010}').await?; // end
    browser.until("viewer().frame === 11").await?;
    let whole = pixels(&browser).await?;
    press(&browser, '+').await?;
    press(&browser, '+').await?;
    browser.screenshot("spin-zoomed").await?;
    assert!(
        difference(&whole, &pixels(&browser).await?) > 1.0,
        "it did not zoom"
    );
    assert_eq!(
        browser
            .run("return part('stage').getAttribute('role')")
            .await?,
        "slider"
    );
    all_well(&browser).await?;
    browser.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finger_turns_sideways_and_scrolls_the_page_up_and_down() -> Result<()> {
    let (_site, browser) = show(SPIN, 500, 844).await?;
    loaded(&browser, "spin").await?;
    browser.screenshot("spin-phone").await?;
    browser.swipe("xoay-viewer", 130, 4).await?;
    browser.until("viewer().frame !== 0").await?;
    assert_eq!(browser.run("return scrollY").await?, 0);
    let turned = frame(&browser).await?;
    browser.swipe("xoay-viewer", 2, -160).await?;
    browser.until("scrollY > 40").await?;
    assert_eq!(frame(&browser).await?, turned, "scrolling must not turn");
    all_well(&browser).await?;
    browser.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_drawn_while_nothing_moves() -> Result<()> {
    let (_site, browser) = show(MODEL, 1280, 800).await?;
    loaded(&browser, "model").await?;
    browser.drag("xoay-viewer", 90, 0).await?;
    browser
        .wait("new Promise(done => setTimeout(done, 2500))")
        .await?;
    let before = browser.run("return seen.frames").await?;
    browser
        .wait("new Promise(done => setTimeout(done, 700))")
        .await?;
    assert_eq!(browser.run("return seen.frames").await?, before);
    all_well(&browser).await?;
    browser.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_is_drawn_and_turns() -> Result<()> {
    let (_site, browser) = show(MODEL, 1280, 800).await?;
    loaded(&browser, "model").await?;
    browser.until("viewer().view === 'model'").await?;
    let before = pixels(&browser).await?;
    browser.screenshot("model-desktop").await?;
    let opaque = before.chunks_exact(4).filter(|p| p[3] > 200).count();
    assert!(
        (150..2800).contains(&opaque),
        "{opaque} of 3072 pixels are covered"
    );
    let colours: std::collections::HashSet<_> = before
        .chunks_exact(4)
        .map(|p| [p[0] / 16, p[1] / 16, p[2] / 16])
        .collect();
    assert!(colours.len() > 20, "only {} colours", colours.len());
    browser.drag("xoay-viewer", 240, 60).await?;
    let after = pixels(&browser).await?;
    browser.screenshot("model-turned").await?;
    assert!(
        difference(&before, &after) > 1.0,
        "the picture did not change"
    );
    all_well(&browser).await?;
    browser.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_and_model_share_their_angle() -> Result<()> {
    let element = "<xoay-viewer src=/fixtures/product.json width=640 height=480></xoay-viewer>";
    let (_site, browser) = show(element, 1280, 800).await?;
    loaded(&browser, "spin").await?;
    assert_eq!(
        browser.run("return viewer().views").await?,
        serde_json::json!(["spin", "model"])
    );
    browser.run("viewer().frame = 3").await?;
    browser.run("viewer().view = 'model'").await?;
    loaded(&browser, "model").await?;
    browser
        .until("Math.abs(viewer().angle - 90) < 0.01")
        .await?;
    browser.screenshot("product-model").await?;
    browser
        .run("viewer().angle = 150; viewer().view = 'spin'")
        .await?;
    browser
        .until("viewer().view === 'spin' && viewer().frame === 5")
        .await?;
    all_well(&browser).await?;
    browser.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_context_is_restored() -> Result<()> {
    let (_site, browser) = show(MODEL, 1280, 800).await?;
    loaded(&browser, "model").await?;
    let before = pixels(&browser).await?;
    browser
        .run("window.lose = contexts[0].getExtension('WEBGL_lose_context'); lose.loseContext()")
        .await?;
    browser.until("!part('message').hidden").await?;
    browser.run("lose.restoreContext()").await?;
    browser
        .until("part('message').hidden && seen.events.filter(e => e[0] === 'load').length === 2")
        .await?;
    assert!(
        difference(&before, &pixels(&browser).await?) < 2.0,
        "another picture than before"
    );
    all_well(&browser).await?;
    browser.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_from_another_origin() -> Result<()> {
    let assets = Site::start("viewer", &[], None).await?;
    let there = &assets.origin;
    let element = format!(
        "<xoay-viewer src={there}/fixtures/product.json width=640 height=480></xoay-viewer>"
    );
    let policy = format!(
        "default-src 'none'; script-src 'self' {there} 'wasm-unsafe-eval'; connect-src {there}; img-src {there}; style-src 'self'"
    );
    let pages = [
        ("index", page(there, &element)),
        ("watch.js", WATCH.to_owned()),
        ("page.css", SIZES.to_owned()),
    ];
    let site = Site::start("viewer", &pages, Some(policy)).await?;
    let browser = Browser::start(1280, 800).await?;
    browser
        .open(&format!("{}/pages/index", site.origin))
        .await?;
    loaded(&browser, "spin").await?;
    browser.drag("xoay-viewer", 300, 0).await?;
    assert_ne!(frame(&browser).await?, 0);
    browser.run("viewer().view = 'model'").await?;
    loaded(&browser, "model").await?;
    all_well(&browser).await?;
    browser.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_loaded_is_said_and_may_be_tried_again() -> Result<()> {
    let element = "<xoay-viewer src=/fixtures/missing.json width=640 height=480></xoay-viewer>";
    let (_site, browser) = show(element, 1280, 800).await?;
    browser
        .until("window.part && !part('message').hidden")
        .await?;
    browser.screenshot("error").await?;
    let text = browser.run("return part('message').textContent").await?;
    assert!(
        text.as_str()
            .unwrap()
            .starts_with("Không tải được sản phẩm"),
        "{text}"
    );
    assert_eq!(
        browser.run("return seen.events[0][1].kind").await?,
        "network"
    );
    browser
        .run("viewer().setAttribute('src', '/fixtures/spin.json')")
        .await?;
    loaded(&browser, "spin").await?;
    assert_eq!(browser.run("return part('message').hidden").await?, true);
    all_well(&browser).await?;
    browser.close().await
}
