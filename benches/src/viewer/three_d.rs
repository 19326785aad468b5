//! A model: how soon, at what cost, and what a turn costs.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::sleep;
use xoay_tests::browser::Browser;

use super::shop::{Goods, Shop};
use super::{print_line, processor_s};

const VIEWERS: [(&str, &str); 4] = [
    ("xoay", "xoay-model.html"),
    ("model-viewer", "model-viewer.html"),
    ("three.js", "three.html"),
    ("Babylon", "babylon.html"),
];
/// A turn of so many frames, waited for in parts: a busy machine without a graphics card takes a second for one.
const PARTS: u32 = 4;
const FRAMES_A_PART: u32 = 5;

/// What one viewer took for one model.
#[derive(Clone, Copy)]
struct Cost {
    first_s: f64,
    first_processor_s: f64,
    frame_processor_ms: f64,
    program_bytes: f64,
    frames_at_rest: f64,
    layout_shift: f64,
}

pub(super) async fn print(repository: &Path, name: &str, glb: &[u8], count: usize) -> Result<()> {
    let data = HashMap::from([("/data/model.glb".to_owned(), glb.to_vec())]);
    let goods = Goods::new(repository, data, 0);
    let mut costs = Vec::new();
    for (viewer, page) in VIEWERS {
        let mut runs = Vec::with_capacity(count + 1);
        for _ in 0..=count {
            let shop = Shop::open(&goods).await?;
            let cost = once(&shop, page).await;
            runs.push(cost.with_context(|| format!("{viewer} with {name}"))?);
        }
        // At the first visit the shop packs its files; it does not count.
        costs.push((viewer, runs.split_off(1)));
    }
    let megabytes = glb.len() as f64 / 1e6;
    let line = |what: &str, unit, goal, figure: fn(&Cost) -> f64| {
        let what = format!("{name}, {megabytes:.1} MB: {what}");
        print_line(&costs, what, unit, goal, figure);
    };
    line("program, brotli", "KB", 110.0 + 8.0, |c| {
        c.program_bytes / 1024.0
    });
    line("processor to the first picture", "s", 2.0, |c| {
        c.first_processor_s
    });
    line("time to it", "s", 1.1, |c| c.first_s);
    line(
        "processor a frame while turning, 800×600",
        "ms",
        80.0,
        |c| c.frame_processor_ms,
    );
    line("frames asked for at rest, 2 s", "", 0.0, |c| {
        c.frames_at_rest
    });
    line("cumulative layout shift", "", 0.0, |c| c.layout_shift);
    Ok(())
}

async fn once(shop: &Shop, page: &str) -> Result<Cost> {
    let browser = Browser::start(1000, 800).await?;
    browser.open("about:blank").await?;
    // What the browser does at its own start is not the page's.
    sleep(Duration::from_millis(1500)).await;
    let before_s = processor_s(&browser);
    browser
        .open(&format!("{}/pages/{page}", shop.origin))
        .await?;
    let number = |value: serde_json::Value| value.as_f64().context("a number was expected");
    let first_ms = number(browser.wait("firstPicture()").await?)?;
    let first_processor_s = processor_s(&browser) - before_s;
    // Greetings and hints, such as a turn to and fro, have ended by then.
    sleep(Duration::from_secs(4)).await;
    let frames_at_rest = number(browser.wait("atRest(2000)").await?)?;
    let before_s = processor_s(&browser);
    for _ in 0..PARTS {
        browser.wait(&format!("turning({FRAMES_A_PART})")).await?;
    }
    let turning_s = processor_s(&browser) - before_s;
    let layout_shift = number(browser.run("return shift").await?)?;
    browser.close().await?;
    Ok(Cost {
        first_s: first_ms / 1000.0,
        first_processor_s,
        frame_processor_ms: turning_s * 1000.0 / f64::from(PARTS * FRAMES_A_PART),
        program_bytes: shop.program_bytes() as f64,
        frames_at_rest,
        layout_shift,
    })
}
