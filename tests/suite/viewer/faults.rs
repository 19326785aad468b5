//! Bad input and poor browsers: what remains on the screen, what a shopper reads, which event the page gets.

use anyhow::{Context, Result};
use serde_json::json;
use xoay_tests::browser::{Browser, Engine, Lack};
use xoay_tests::site::Site;

use super::{
    difference, finish, fixtures, loaded, manifest, pause, pixels, show, show_without, site, visit,
};
use std::time::Duration;
use xoay_tests::in_every_engine;

in_every_engine!(
    a_missing_manifest_is_said_and_may_be_tried_again,
    frames_missing_in_the_middle_leave_a_turning_spin,
    a_corrupt_frame_is_skipped,
    a_manifest_of_a_newer_version_keeps_the_poster,
    a_broken_model_is_said_and_photos_stay,
    without_webgl_the_photos_stay,
    without_webassembly_the_photos_turn,
    without_scripts_the_poster_and_a_link_remain,
    a_network_that_goes_away_leaves_what_was_loaded,
);

/// The product's poster and, for those without scripts, a link.
fn element(src: &str) -> String {
    format!(
        "<xoay-viewer src={src} width=640 height=480><img slot=poster src=/fixtures/spin/01.jpg alt='Hũ mật ong' width=640 height=480>\
         <noscript>Xem <a href=/pages/product>sản phẩm này</a>.</noscript></xoay-viewer>"
    )
}

/// Waits for the error event and gives its kind; the shopper must be told in Vietnamese.
async fn told(browser: &Browser) -> Result<String> {
    browser
        .until("window.seen && seen.events.some(e => e[0] === 'error')")
        .await?;
    browser.until("told()").await?;
    let told = browser.run("return told()").await?;
    let told = told.as_str().context("a message")?.to_owned();
    assert!(
        told.chars()
            .any(|c| "ạảấầẩậắếềểệịọộớợủụừữỳỷđáàãâăêôơưíóúý".contains(c)),
        "not in the page's language: {told}"
    );
    for jargon in [
        "undefined",
        "TypeError",
        "http",
        "404",
        "RuntimeError",
        "unreachable",
    ] {
        assert!(!told.contains(jargon), "no words for a shopper: {told}");
    }
    let kind = browser
        .run("return seen.events.find(e => e[0] === 'error')[1].kind")
        .await?;
    Ok(kind.as_str().context("an error has a kind")?.to_owned())
}

/// The poster is in view: painted, of some size, and not covered by an empty canvas.
async fn poster_remains(browser: &Browser) -> Result<()> {
    let seen = browser
        .run("const img = document.querySelector('img[slot=poster]'); const box = img.getBoundingClientRect();
              const style = getComputedStyle(img);
              return [img.naturalWidth > 0, box.width > 100, style.visibility === 'visible', Number(style.opacity) > 0.9]")
        .await?;
    assert_eq!(seen, json!([true, true, true, true]), "the poster is gone");
    Ok(())
}

/// The page hears of a frame that cannot be shown, and that the spin goes on.
async fn frame_error_is_told(browser: &Browser) -> Result<()> {
    browser
        .until("seen.events.some(e => e[0] === 'error' && e[1].kind === 'frame' && e[1].fatal === false)")
        .await
}

/// How many of the 3072 pixels show something.
fn covered(pixels: &[u64]) -> usize {
    pixels.chunks_exact(4).filter(|p| p[3] > 200).count()
}

async fn show_with(
    engine: Engine,
    element: &str,
    more: &[(&str, Vec<u8>)],
) -> Result<(Site, Browser)> {
    show_without(engine, Lack::Nothing, element, more).await
}

async fn a_missing_manifest_is_said_and_may_be_tried_again(engine: Engine) -> Result<()> {
    let (_site, browser) = show(engine, &element("/fixtures/missing.json")).await?;
    assert_eq!(told(&browser).await?, "network");
    browser.screenshot("error").await?;
    poster_remains(&browser).await?;
    assert!(
        browser.run("return button(/^Thử lại$/) != null").await? == true,
        "a way to try again"
    );
    browser
        .run("seen.events.length = 0; viewer().setAttribute('src', '/fixtures/spin.json')")
        .await?;
    loaded(&browser, "spin").await?;
    assert_eq!(browser.run("return told()").await?, "");
    finish(browser).await
}

async fn frames_missing_in_the_middle_leave_a_turning_spin(engine: Engine) -> Result<()> {
    let mut spin = manifest("spin.json")?;
    for rendition in spin["renditions"].as_array_mut().context("renditions")? {
        for at in [4, 5, 6] {
            rendition["urls"][at] = json!("/fixtures/spin/gone.jpg");
        }
    }
    let more = [("holes.json", spin.to_string().into_bytes())];
    let (_site, browser) = show_with(engine, &element("/pages/holes.json"), &more).await?;
    loaded(&browser, "spin").await?;
    // A turn through the hole: every angle shows something.
    let whole = covered(&pixels(&browser).await?);
    browser.run("viewer().frame = 5").await?;
    pause(&browser, 1500).await?;
    let hole = pixels(&browser).await?;
    assert!(covered(&hole) >= whole, "a hole in the picture");
    frame_error_is_told(&browser).await?;
    browser.run("viewer().frame = 8").await?;
    browser.until("viewer().frame === 8").await?;
    pause(&browser, 800).await?;
    assert!(
        difference(&hole, &pixels(&browser).await?) > 1.0,
        "it does not turn on"
    );
    finish(browser).await
}

async fn a_corrupt_frame_is_skipped(engine: Engine) -> Result<()> {
    let mut spin = manifest("spin.json")?;
    for rendition in spin["renditions"].as_array_mut().context("renditions")? {
        rendition["urls"][3] = json!("/pages/corrupt.jpg");
    }
    let mut corrupt = std::fs::read(fixtures().join("spin/04.jpg"))?;
    corrupt.truncate(300);
    let more = [
        ("bad.json", spin.to_string().into_bytes()),
        ("corrupt.jpg", corrupt),
    ];
    let (_site, browser) = show_with(engine, &element("/pages/bad.json"), &more).await?;
    loaded(&browser, "spin").await?;
    let whole = covered(&pixels(&browser).await?);
    browser.run("viewer().frame = 3").await?;
    pause(&browser, 1200).await?;
    let shown = pixels(&browser).await?;
    assert!(covered(&shown) >= whole, "a hole in the picture");
    frame_error_is_told(&browser).await?;
    browser.run("viewer().frame = 9").await?;
    pause(&browser, 800).await?;
    assert!(
        difference(&shown, &pixels(&browser).await?) > 1.0,
        "it does not turn on"
    );
    finish(browser).await
}

async fn a_manifest_of_a_newer_version_keeps_the_poster(engine: Engine) -> Result<()> {
    let mut spin = manifest("spin.json")?;
    spin["version"] = json!(99);
    let more = [
        ("newer.json", spin.to_string().into_bytes()),
        ("torn.json", b"{\"kind\": \"xoay-sp".to_vec()),
    ];
    let (_site, browser) = show_with(engine, &element("/pages/newer.json"), &more).await?;
    assert_eq!(told(&browser).await?, "manifest");
    poster_remains(&browser).await?;
    browser
        .run("seen.events.length = 0; viewer().setAttribute('src', '/pages/torn.json')")
        .await?;
    assert_eq!(told(&browser).await?, "manifest");
    poster_remains(&browser).await?;
    finish(browser).await
}

async fn a_broken_model_is_said_and_photos_stay(engine: Engine) -> Result<()> {
    let whole = std::fs::read(fixtures().join("jar.glb"))?;
    let mut product = manifest("product.json")?;
    product["model"]["url"] = json!("/pages/broken.glb");
    let more = [
        ("broken.glb", whole[..whole.len() / 2].to_vec()),
        ("product.json", product.to_string().into_bytes()),
    ];
    let (_site, browser) = show_with(engine, &element("/pages/product.json"), &more).await?;
    loaded(&browser, "spin").await?;
    browser.run("viewer().view = 'model'").await?;
    assert_eq!(told(&browser).await?, "model");
    browser.screenshot("broken-model").await?;
    browser.until("viewer().view === 'spin'").await?;
    browser.run("viewer().frame = 6").await?;
    browser.until("viewer().frame === 6").await?;
    finish(browser).await
}

async fn without_webgl_the_photos_stay(engine: Engine) -> Result<()> {
    let element = element("/fixtures/product.json");
    let (_site, browser) = show_without(engine, Lack::WebGl, &element, &[]).await?;
    loaded(&browser, "spin").await?;
    browser.run("viewer().view = 'model'").await?;
    assert_eq!(told(&browser).await?, "webgl");
    browser.until("viewer().view === 'spin'").await?;
    browser.drag("xoay-viewer", 300, 0).await?;
    browser.until("viewer().frame !== 0").await?;
    finish(browser).await
}

async fn without_webassembly_the_photos_turn(engine: Engine) -> Result<()> {
    let element = element("/fixtures/product.json");
    let (_site, browser) = show_without(engine, Lack::WebAssembly, &element, &[]).await?;
    assert_eq!(browser.run("return typeof WebAssembly").await?, "undefined");
    // The old browsers' script turns an img by its number.
    let image = "(document.querySelector('img[data-frame]') || viewer().shadowRoot.querySelector('img[data-frame]'))";
    browser
        .until(&format!(
            "{image} && {image}.complete && {image}.naturalWidth > 0"
        ))
        .await?;
    let before = browser
        .run(&format!("return {image}.getAttribute('data-frame')"))
        .await?;
    browser.drag("xoay-viewer", 300, 0).await?;
    browser
        .until(&format!("{image}.getAttribute('data-frame') !== {before}"))
        .await?;
    browser.screenshot("without-wasm").await?;
    finish(browser).await
}

async fn without_scripts_the_poster_and_a_link_remain(engine: Engine) -> Result<()> {
    let site = site(&element("/fixtures/product.json"), &[]).await?;
    let browser = Browser::without(engine, Lack::Scripts, 1000, 900).await?;
    visit(&browser, &site).await?;
    // The jar's honey is in the picture: no other thing on this page is amber.
    let mut amber = 0;
    for _ in 0..50 {
        let picture =
            image::load_from_memory(&browser.screenshot("without-scripts").await?)?.to_rgb8();
        amber = picture
            .pixels()
            .filter(|p| p[0] > 90 && p[0] > p[2].saturating_add(50))
            .count();
        if amber > 2000 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(amber > 2000, "{amber} pixels of honey");
    let link = browser
        .client
        .find(fantoccini::Locator::Css("xoay-viewer noscript a"))
        .await?;
    assert_eq!(link.text().await?, "sản phẩm này");
    assert!(
        !site
            .requests()
            .iter()
            .any(|path| path.ends_with("watch.js")),
        "scripts ran"
    );
    browser.close().await
}

async fn a_network_that_goes_away_leaves_what_was_loaded(engine: Engine) -> Result<()> {
    let (mut site, browser) = show(engine, &element("/fixtures/product.json")).await?;
    loaded(&browser, "spin").await?;
    site.stop();
    browser.run("viewer().view = 'model'").await?;
    let kind = told(&browser).await?;
    assert!(["model", "network"].contains(&kind.as_str()), "{kind}");
    browser.until("viewer().view === 'spin'").await?;
    browser.drag("xoay-viewer", 300, 0).await?;
    browser.until("viewer().frame !== 0").await?;
    let shown = pixels(&browser).await?;
    assert!(covered(&shown) > 1000, "nothing remains");
    browser.close().await
}
