//! `<xoay-viewer>` in Chromium, Firefox and `WebKit`, under a strict content security policy.

mod access;
mod faults;
mod hand;
mod legacy;
mod models;
mod moving;
mod pages;
mod pictures;
mod showing;

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use xoay_tests::browser::{Browser, Engine, Lack};
use xoay_tests::repository;
use xoay_tests::site::Site;

const SPIN: &str = "<xoay-viewer src=/fixtures/spin.json width=640 height=480 tabindex=-1><img slot=poster src=/fixtures/spin/01.jpg alt='' width=640 height=480></xoay-viewer>";
const MODEL: &str = "<xoay-viewer src=/fixtures/jar.glb width=640 height=480></xoay-viewer>";
const PRODUCT: &str = "<xoay-viewer src=/fixtures/product.json width=640 height=480></xoay-viewer>";

const STRICT: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; img-src 'self'; \
                      style-src 'self'; base-uri 'none'; require-trusted-types-for 'script'";

/// Counts what must not happen, and gives the tests their words. A file of its own: the policy forbids scripts within
/// the page.
const WATCH: &str = include_str!("../fixtures/viewer/watch.js");

/// What EMBEDDING.md asks of pages: the room is there before the script is. An aspect alone does not keep it: the
/// poster's own pixels would push it open on a phone.
const SIZES: &str = "xoay-viewer { display: block; aspect-ratio: 4 / 3 } xoay-viewer > img { display: block; width: 100%; height: auto }";

fn page(viewer_origin: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=vi><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>Xoay</title><link rel=stylesheet href=page.css><script src=watch.js></script>\
         <script type=module src='{viewer_origin}/viewer/xoay-viewer.js' crossorigin></script>\
         <main><h1>Mật ong</h1>{body}<p id=after>Mật ong rừng.</p>{}</main>",
        "<p>Kéo trang xuống.</p>".repeat(60)
    )
}

/// A site with one page `index`, and what else it serves under `/pages/`.
async fn site(body: &str, more: &[(&str, Vec<u8>)]) -> Result<Site> {
    let mut pages = HashMap::from([
        ("index".to_owned(), page("", body).into_bytes()),
        ("watch.js".to_owned(), WATCH.into()),
        ("page.css".to_owned(), SIZES.into()),
    ]);
    for (name, bytes) in more {
        pages.insert((*name).to_owned(), bytes.clone());
    }
    Site::serve(fixtures(), pages, Some(STRICT.to_owned())).await
}

fn fixtures() -> PathBuf {
    repository().join("tests/fixtures/viewer")
}

/// A fixture's manifest, to be changed.
fn manifest(name: &str) -> Result<Value> {
    let bytes = std::fs::read(fixtures().join(name))?;
    let text = String::from_utf8(bytes)?;
    // Served from another folder, its addresses must be whole.
    let text = text
        .replace("\"spin/", "\"/fixtures/spin/")
        .replace("\"jar.glb\"", "\"/fixtures/jar.glb\"");
    serde_json::from_str(&text).context("a fixture is JSON")
}

/// A browser of this engine that shows a page with `element`.
async fn show(engine: Engine, element: &str) -> Result<(Site, Browser)> {
    show_sized(engine, element, (1280, 800)).await
}

async fn show_sized(
    engine: Engine,
    element: &str,
    (width_px, height_px): (u32, u32),
) -> Result<(Site, Browser)> {
    let site = site(element, &[]).await?;
    let browser = Browser::of(engine, width_px, height_px).await?;
    visit(&browser, &site).await?;
    Ok((site, browser))
}

async fn show_without(
    engine: Engine,
    lack: Lack,
    element: &str,
    more: &[(&str, Vec<u8>)],
) -> Result<(Site, Browser)> {
    let site = site(element, more).await?;
    let browser = Browser::without(engine, lack, 1280, 800).await?;
    visit(&browser, &site).await?;
    Ok((site, browser))
}

async fn visit(browser: &Browser, site: &Site) -> Result<()> {
    browser.open(&format!("{}/pages/index", site.origin)).await
}

/// Waits until a view can be turned. What leaves it usable, such as a single missing frame, does not count as an error.
async fn loaded(browser: &Browser, view: &str) -> Result<()> {
    const FATAL: &str = "seen.events.find(e => e[0] === 'error' && e[1].fatal !== false)";
    let view = Value::from(view);
    let condition = format!(
        "window.seen && ({FATAL} || seen.events.some(e => e[0] === 'load' && e[1].view === {view}))"
    );
    browser.until_within(&condition, 120).await?;
    let first = browser.run(&format!("return {FATAL} || null")).await?;
    assert_eq!(first, Value::Null, "an error instead of {view}");
    Ok(())
}

/// Nothing may have gone wrong that the page does not show.
async fn all_well(browser: &Browser) -> Result<()> {
    let seen = browser.run("return report()").await?;
    assert_eq!(seen["violations"], json!([]), "the policy was violated");
    assert_eq!(seen["errors"], json!([]), "the page had errors");
    assert_eq!(
        seen["shift"], 0,
        "the engine saw the layout move: {}",
        seen["shifted"]
    );
    assert_eq!(seen["moved"], json!([]), "what follows the viewer moved");
    Ok(())
}

/// Shows that it ended well and ends it.
async fn finish(browser: Browser) -> Result<()> {
    all_well(&browser).await?;
    browser.close().await
}

/// 64 × 48 pixels of what the viewer shows, red, green, blue and alpha.
async fn pixels(browser: &Browser) -> Result<Vec<u64>> {
    let value = browser.wait("pixels()").await?;
    let numbers = value.as_array().context("a list of numbers")?;
    Ok(numbers.iter().filter_map(Value::as_u64).collect())
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
    let frame = browser.run("return viewer().frame").await?;
    frame.as_u64().context("a frame has a number")
}

async fn pause(browser: &Browser, time_ms: u32) -> Result<()> {
    let promise = format!("new Promise(done => setTimeout(done, {time_ms}))");
    browser.wait(&promise).await?;
    Ok(())
}
