//! On pages: another origin, far below the window, fifty at once, taken out and put back.

use anyhow::{Context, Result};
use serde_json::json;
use xoay_tests::browser::{Browser, Engine};
use xoay_tests::site::Site;

use super::{MODEL, PRODUCT, SIZES, WATCH, all_well, finish, loaded, page, pause, show, visit};
use xoay_tests::in_every_engine;

in_every_engine!(
    it_works_from_another_origin,
    a_lazy_viewer_waits_until_it_comes_near,
    fifty_viewers_share_a_page,
    removed_and_put_back_it_turns_again,
);

async fn it_works_from_another_origin(engine: Engine) -> Result<()> {
    let assets = Site::start("viewer", &[], None).await?;
    let there = &assets.origin;
    let element = format!(
        "<xoay-viewer src={there}/fixtures/product.json width=640 height=480></xoay-viewer>"
    );
    let policy = format!(
        "default-src 'none'; script-src 'self' {there} 'wasm-unsafe-eval'; connect-src {there}; img-src 'self' {there}; style-src 'self'"
    );
    let pages = [
        ("index", page(there, &element)),
        ("watch.js", WATCH.to_owned()),
        ("page.css", SIZES.to_owned()),
    ];
    let site = Site::start("viewer", &pages, Some(policy)).await?;
    let browser = Browser::of(engine, 1280, 800).await?;
    visit(&browser, &site).await?;
    loaded(&browser, "spin").await?;
    browser.drag("xoay-viewer", 300, 0).await?;
    browser.until("viewer().frame !== 0").await?;
    browser.run("viewer().view = 'model'").await?;
    loaded(&browser, "model").await?;
    finish(browser).await
}

async fn a_lazy_viewer_waits_until_it_comes_near(engine: Engine) -> Result<()> {
    let element = format!(
        "{}<xoay-viewer src=/fixtures/spin.json width=640 height=480 loading=lazy></xoay-viewer>",
        "<p>Trước đó.</p>".repeat(120)
    );
    let (site, browser) = show(engine, &element).await?;
    browser.until("customElements.get('xoay-viewer')").await?;
    pause(&browser, 700).await?;
    let early: Vec<String> = site
        .requests()
        .into_iter()
        .filter(|path| path.starts_with("/fixtures/"))
        .collect();
    assert!(early.is_empty(), "fetched out of sight: {early:?}");
    browser.run("viewer().scrollIntoView()").await?;
    loaded(&browser, "spin").await?;
    finish(browser).await
}

async fn fifty_viewers_share_a_page(engine: Engine) -> Result<()> {
    let spin = "<xoay-viewer src=/fixtures/spin.json width=640 height=480></xoay-viewer>";
    let elements = [MODEL.repeat(20), spin.repeat(30)].concat();
    let (_site, browser) = show(engine, &elements).await?;
    let done = "seen.events.filter(e => e[0] === 'load').length === 50 || seen.events.some(e => e[0] === 'error')";
    browser.until_within(done, 180).await?;
    pause(&browser, 500).await?;
    let errors = browser
        .run("return seen.events.filter(e => e[0] === 'error')")
        .await?;
    assert_eq!(errors, json!([]), "some show an error");
    // The first and the last of each kind have a picture of their own.
    for at in [0, 19, 20, 49] {
        let script = format!(
            "(async () => {{ const one = document.querySelectorAll('xoay-viewer')[{at}]; one.scrollIntoView();
                await new Promise(done => setTimeout(done, 500)); return pixels(one); }})()"
        );
        let shown = browser.wait(&script).await?;
        let opaque = shown
            .as_array()
            .context("pixels")?
            .chunks(4)
            .filter(|p| p[3].as_u64() > Some(200))
            .count();
        assert!(opaque > 150, "viewer {at} shows {opaque} of 3072 pixels");
    }
    let alive = browser
        .run("return contexts.filter(c => !c.isContextLost()).length")
        .await?;
    assert_eq!(alive, 1, "all viewers of a page share one context");
    finish(browser).await
}

async fn removed_and_put_back_it_turns_again(engine: Engine) -> Result<()> {
    let (_site, browser) = show(engine, PRODUCT).await?;
    loaded(&browser, "spin").await?;
    all_well(&browser).await?;
    browser.run("window.kept = viewer(); kept.remove()").await?;
    pause(&browser, 200).await?;
    browser
        .run("seen.events.length = 0; document.querySelector('main').prepend(kept)")
        .await?;
    // That the page moved is its own doing.
    pause(&browser, 200).await?;
    browser.wait("settle()").await?;
    loaded(&browser, "spin").await?;
    browser.drag("xoay-viewer", 300, 0).await?;
    browser.until("viewer().frame !== 0").await?;
    finish(browser).await
}
