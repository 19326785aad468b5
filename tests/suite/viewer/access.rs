//! axe-core's audit of everything that shoppers see: the viewer in each of its states, the product page, the kiosk.

use std::fs;

use anyhow::Result;
use serde_json::{Value, json};
use xoay_tests::browser::{Browser, Engine};

use super::{PRODUCT, loaded, pause, show};
use xoay_tests::tool;

/// What axe-core finds wrong by any of its rules, its advice included, on the page and in all shadow trees.
async fn violations(browser: &Browser) -> Result<Value> {
    let axe = fs::read_to_string(tool("node/node_modules/axe-core/axe.min.js"))?;
    browser.run(&axe).await?;
    let script = "axe.run(document, { resultTypes: ['violations'] }).then(r => ({
        rules: r.passes.length,
        violations: r.violations.map(v => [v.id, v.help, v.nodes.map(n => n.target.join(' ') + ' ' + n.html.slice(0, 160))]),
    }))";
    let found = browser.wait(script).await?;
    // An audit of nothing would find nothing.
    assert!(found["rules"].as_u64() > Some(8), "{found}");
    Ok(found["violations"].clone())
}

async fn audit(browser: &Browser, what: &str) -> Result<()> {
    browser.screenshot(&format!("audit-{what}")).await?;
    assert_eq!(violations(browser).await?, json!([]), "{what}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_viewer_passes_the_audit_in_every_state() -> Result<()> {
    let (_site, browser) = show(Engine::Chromium, PRODUCT).await?;
    loaded(&browser, "spin").await?;
    audit(&browser, "spin").await?;
    browser.run("viewer().view = 'model'").await?;
    loaded(&browser, "model").await?;
    pause(&browser, 300).await?;
    audit(&browser, "model").await?;
    browser
        .run("viewer().setAttribute('src', '/fixtures/missing.json')")
        .await?;
    browser.until("told()").await?;
    audit(&browser, "error").await?;
    browser.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_sees_into_the_viewer() -> Result<()> {
    let (_site, browser) = show(Engine::Chromium, PRODUCT).await?;
    loaded(&browser, "spin").await?;
    // A name taken from a button within the shadow tree must be found missing.
    browser
        .run("const b = button(/^Phóng to$/); b.removeAttribute('aria-label'); b.removeAttribute('title')")
        .await?;
    let found = violations(&browser).await?.to_string();
    assert!(
        found.contains("button-name"),
        "a button without a name passes: {found}"
    );
    browser.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_product_page_and_the_kiosk_pass_the_audit() -> Result<()> {
    const LOADED: &str = "document.querySelector('xoay-viewer') && document.querySelector('xoay-viewer').frameCount > 0";
    let root = tempfile::tempdir()?;
    let service = crate::pages::published(root.path()).await?;
    let browser = Browser::start(1280, 900).await?;
    for (page, what) in [
        ("products/jar?lang=vi", "product-vi"),
        ("products/jar?lang=en", "product-en"),
    ] {
        browser.open(&format!("{}/{page}", service.url)).await?;
        browser.until(LOADED).await?;
        audit(&browser, what).await?;
    }
    browser
        .open(&format!("{}/kiosk?lang=vi", service.url))
        .await?;
    browser.until("document.querySelector('.tile')").await?;
    audit(&browser, "kiosk").await?;
    browser
        .run("document.querySelector('.tile').click()")
        .await?;
    browser.until(LOADED).await?;
    audit(&browser, "kiosk-product").await?;
    browser.close().await
}
