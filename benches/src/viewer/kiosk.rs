//! A kiosk that stands for hours: the attract loop turns, people come and go, and memory stays where it was.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use xoay_tests::browser::Browser;

use super::Line;
use super::endurance::held;
use super::shop::{Goods, Shop};

/// How long a visitor stays, and how long nobody comes after him. The page's kiosk goes back to the start after five
/// seconds and a countdown of three.
const VISIT: Duration = Duration::from_secs(6);
const ALONE: Duration = Duration::from_secs(24);

/// Lets a kiosk run for `minutes` and prints what it holds on the way.
pub(super) async fn print(
    repository: &Path,
    mut data: HashMap<String, Vec<u8>>,
    glb: Vec<u8>,
    minutes: u32,
) -> Result<()> {
    let spin = data.get("/data/spin.json").context("no spin")?;
    let product = json!({
        "kind": "xoay-product",
        "version": 1,
        "name": { "vi": "Mật ong", "en": "Honey" },
        "spin": serde_json::from_slice::<Value>(spin)?,
        "model": { "kind": "xoay-model", "version": 1, "url": "/data/model.glb", "posters": [] },
        "dimensionsM": [0.09, 0.12, 0.09],
    });
    data.insert("/data/product.json".to_owned(), product.to_string().into());
    data.insert("/data/model.glb".to_owned(), glb);
    let goods = Goods::new(repository, data, 36);
    let shop = Shop::open(&goods).await?;
    let browser = Browser::start(1000, 800).await?;
    browser
        .open(&format!("{}/pages/kiosk.html", shop.origin))
        .await?;
    browser.until_within("loaded", 60).await?;

    let begun = Instant::now();
    let whole = Duration::from_mins(u64::from(minutes.max(4)));
    let mut visits = 0_u32;
    let mut seen: Vec<(Duration, f64)> = Vec::new();
    while begun.elapsed() < whole {
        visit(&browser, visits).await?;
        visits += 1;
        sleep(ALONE).await;
        if seen
            .last()
            .is_none_or(|s| begun.elapsed() > s.0 + whole / 24)
        {
            seen.push((begun.elapsed(), held(&browser).await? / 1e6));
        }
    }
    let [begins, idles, errors] =
        ["begins", "idles", "errors"].map(|name| format!("return {name}"));
    let count = async |script: &str| {
        let count = browser.run(script).await?;
        count.as_f64().context("a count")
    };
    println!(
        "\nA kiosk for {:.0} minutes: {visits} visitors; it began {} times, went back to the start {} times, {} errors. MB at the minute:",
        begun.elapsed().as_secs_f64() / 60.0,
        count(&begins).await?,
        count(&idles).await?,
        count(&errors).await?,
    );
    for (at, megabytes) in &seen {
        println!("  {:4.0}  {megabytes:.0}", at.as_secs_f64() / 60.0);
    }
    // The browser gives back what it kept in its own time, in a saw's teeth: their tips are compared.
    let third = seen.len().div_ceil(3);
    let tip = |part: &[(Duration, f64)]| part.iter().map(|s| s.1).fold(0.0, f64::max);
    let tips: Vec<f64> = seen.chunks(third).map(tip).collect();
    Line {
        what: "kiosk: growth from the second third of the time to the last".to_owned(),
        unit: "MB",
        ours: (tips[tips.len() - 1] - tips[tips.len() / 2]).max(0.0),
        goal: 10.0,
        peers: Vec::new(),
    }
    .print();
    browser.close().await
}

/// Someone drags, switches between photos and model, zooms, and leaves.
async fn visit(browser: &Browser, number: u32) -> Result<()> {
    let begun = Instant::now();
    mouse(browser, "mousePressed", 200).await?;
    for step in 0..30 {
        mouse(browser, "mouseMoved", 200 + step * 15).await?;
        sleep(Duration::from_millis(40)).await;
    }
    mouse(browser, "mouseReleased", 650).await?;
    let view = if number.is_multiple_of(2) {
        "model"
    } else {
        "spin"
    };
    browser
        .run(&format!(
            "document.querySelector('xoay-viewer').view = '{view}'; return 0"
        ))
        .await?;
    sleep(VISIT.saturating_sub(begun.elapsed())).await;
    Ok(())
}

async fn mouse(browser: &Browser, kind: &str, x: i32) -> Result<()> {
    let event =
        json!({ "type": kind, "x": x, "y": 300, "button": "left", "buttons": 1, "clickCount": 1 });
    browser
        .devtools("Input.dispatchMouseEvent", event)
        .await
        .map(|_| ())
}
