//! Fifty viewers on a page, and two hundred products one after the other.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::time::sleep;
use xoay_tests::browser::Browser;

use super::Line;
use super::shop::{Goods, Shop};

/// Products before memory is first looked at: caches and pools have filled by then.
const WARM: u32 = 40;
const SWITCHES: u32 = 200;
/// Longer than Chromium keeps textures of pictures that nobody draws any more: without this pause its cache, which grows
/// to 300 MB within 100 products and is given back whole half a minute later, would stand for growth.
const REST: Duration = Duration::from_secs(45);

pub(super) async fn print(
    repository: &Path,
    mut data: HashMap<String, Vec<u8>>,
    glb: Vec<u8>,
) -> Result<()> {
    data.insert("/data/model.glb".to_owned(), glb);
    let goods = Goods::new(repository, data, 36);
    let shop = Shop::open(&goods).await?;

    let browser = Browser::start(1300, 900).await?;
    browser
        .open(&format!("{}/pages/fifty.html", shop.origin))
        .await?;
    browser
        .run("window.done = false; ready.then(() => { done = true }); return 0")
        .await?;
    browser.until_within("done", 300).await?;
    let contexts = browser
        .run("return contexts.filter(c => !c.isContextLost()).length")
        .await?;
    let line = |what: &str, unit, ours, goal| {
        Line {
            what: what.to_owned(),
            unit,
            ours,
            goal,
            peers: Vec::new(),
        }
        .print();
    };
    line(
        "50 viewers on a page: WebGL contexts",
        "",
        contexts.as_f64().context("a count")?,
        1.0,
    );
    browser.close().await?;

    let browser = Browser::start(1000, 800).await?;
    browser
        .open(&format!("{}/pages/switching.html", shop.origin))
        .await?;
    browser.until("customElements.get('xoay-viewer')").await?;
    switch(&browser, WARM).await?;
    sleep(REST).await;
    let before = held(&browser).await?;
    switch(&browser, SWITCHES).await?;
    let busy = held(&browser).await?;
    sleep(REST).await;
    let after = held(&browser).await?;
    let growth = (after - before).max(0.0) / 1e6;
    line("200 product switches: growth of memory", "MB", growth, 10.0);
    println!(
        "\nMemory of page and graphics: {:.0} MB at rest after {WARM} products, {:.0} MB right after {SWITCHES} more, {:.0} MB at rest.",
        before / 1e6,
        busy / 1e6,
        after / 1e6
    );
    browser.close().await
}

async fn switch(browser: &Browser, count: u32) -> Result<()> {
    // In parts, since a single wait is bounded.
    for _ in 0..count / 10 {
        browser.wait("switchProducts(10)").await?;
    }
    Ok(())
}

/// Bytes that the page's processes hold for themselves after a collection of garbage: the page and its graphics.
pub(super) async fn held(browser: &Browser) -> Result<f64> {
    for _ in 0..3 {
        browser
            .devtools("HeapProfiler.collectGarbage", json!({}))
            .await?;
        sleep(Duration::from_millis(700)).await;
    }
    let kinds = ["--type=renderer", "--type=gpu-process"];
    let bytes: u64 = browser
        .processes()
        .iter()
        .filter(|process| kinds.iter().any(|kind| process.command.contains(kind)))
        .map(|process| process.private_bytes)
        .sum();
    Ok(bytes as f64)
}
