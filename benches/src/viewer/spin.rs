//! A spin over a slow network: how soon something is seen, how soon it turns, how it follows the hand, what it keeps.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use xoay_tests::browser::Browser;

use super::shop::{Goods, Shop};
use super::{Line, median, print_line, product};

const VIEWERS: [(&str, &str); 3] = [
    ("xoay", "xoay-spin.html"),
    ("cloudimage 360", "cloudimage.html"),
    ("spritespin", "spritespin.html"),
];
/// 10 Mbit/s, and the way to a server in the same country.
const BYTES_PER_S: u32 = 1_250_000;
const LATENCY_MS: u32 = 20;

/// What one viewer took for one spin.
#[derive(Clone, Copy)]
struct Cost {
    first_s: f64,
    interactive_s: f64,
    drag_ms: f64,
    renderer_mb: f64,
    program_bytes: f64,
    layout_shift: f64,
}

pub(super) async fn print(
    repository: &Path,
    frames: &HashMap<String, Vec<u8>>,
    twice: &HashMap<String, Vec<u8>>,
    count: usize,
) -> Result<()> {
    let goods = Goods::new(repository, frames.clone(), 36);
    let mut costs = Vec::new();
    for (viewer, page) in VIEWERS {
        costs.push((viewer, runs(&goods, viewer, page, count).await?));
    }
    let megabytes = product::frame_bytes(frames) as f64 / 1e6;
    let line = |what: &str, unit, goal, figure: fn(&Cost) -> f64| {
        let what = format!("spin, {megabytes:.1} MB at 10 Mbit/s: {what}");
        print_line(&costs, what, unit, goal, figure);
    };
    line("program, brotli", "KB", 25.0 + 8.0, |c| {
        c.program_bytes / 1024.0
    });
    line("first frame", "s", 0.4, |c| c.first_s);
    line("interactive", "s", 0.5, |c| c.interactive_s);
    line("drag to frame", "ms", 25.0, |c| c.drag_ms);
    line("renderer's memory", "MB", 190.0, |c| c.renderer_mb);
    line("cumulative layout shift", "", 0.0, |c| c.layout_shift);
    let (viewer, page) = VIEWERS[0];
    let twice = runs(
        &Goods::new(repository, twice.clone(), 72),
        viewer,
        page,
        count,
    )
    .await?;
    let ours = median(twice.iter().map(|c| c.renderer_mb));
    Line {
        what: "the same with 72 frames: renderer's memory".into(),
        unit: "MB",
        ours,
        goal: 190.0,
        peers: Vec::new(),
    }
    .print();
    Ok(())
}

async fn runs(goods: &Arc<Goods>, viewer: &str, page: &str, count: usize) -> Result<Vec<Cost>> {
    let mut runs = Vec::with_capacity(count + 1);
    for _ in 0..=count {
        let shop = Shop::open(goods).await?;
        runs.push(once(&shop, page).await.with_context(|| viewer.to_owned())?);
    }
    // At the first visit the shop packs its files; it does not count.
    Ok(runs.split_off(1))
}

async fn once(shop: &Shop, page: &str) -> Result<Cost> {
    let browser = Browser::start_without_waiting(1000, 800).await?;
    browser.open("about:blank").await?;
    sleep(Duration::from_secs(1)).await;
    browser.devtools("Network.enable", json!({})).await?;
    let network = json!({ "offline": false, "latency": LATENCY_MS, "downloadThroughput": BYTES_PER_S, "uploadThroughput": BYTES_PER_S });
    browser
        .devtools("Network.emulateNetworkConditions", network)
        .await?;
    browser
        .open(&format!("{}/pages/{page}", shop.origin))
        .await?;

    let number = |value: &Value| value.as_f64().context("a number was expected");
    browser.until("window.changes && changes.length").await?;
    let first_ms = number(&browser.run("return changes[0]").await?)?;
    // A hand that tries again and again until the spin follows.
    let begun = Instant::now();
    let mut interactive_ms = 0.0;
    while interactive_ms == 0.0 {
        ensure!(begun.elapsed() < Duration::from_secs(40), "it never turned");
        mouse(&browser, "mousePressed", 300).await?;
        for x in [330, 370, 420] {
            mouse(&browser, "mouseMoved", x).await?;
        }
        sleep(Duration::from_millis(30)).await;
        mouse(&browser, "mouseReleased", 420).await?;
        interactive_ms = number(&browser.run("return interactive").await?)?;
    }
    let ready = tokio::time::timeout(Duration::from_mins(1), browser.wait("ready"));
    ready.await.context("it is never ready")??;
    // All frames over the network, and decoded.
    sleep(Duration::from_secs(6)).await;
    let drag_ms = drag(&browser).await?;

    // Once around, so that every frame was shown, then what the page still holds.
    mouse(&browser, "mousePressed", 100).await?;
    for step in 0..80 {
        mouse(&browser, "mouseMoved", 100 + step * 8).await?;
        sleep(Duration::from_millis(25)).await;
    }
    mouse(&browser, "mouseReleased", 740).await?;
    sleep(Duration::from_millis(1500)).await;
    browser
        .devtools("HeapProfiler.collectGarbage", json!({}))
        .await?;
    sleep(Duration::from_millis(500)).await;
    let renderer = browser
        .processes()
        .into_iter()
        .filter(|process| process.command.contains("--type=renderer"))
        .map(|process| process.private_bytes)
        .max()
        .context("no renderer process")?;
    let layout_shift = number(&browser.run("return shift").await?)?;
    browser.close().await?;
    Ok(Cost {
        first_s: first_ms / 1000.0,
        interactive_s: interactive_ms / 1000.0,
        drag_ms,
        renderer_mb: renderer as f64 / 1e6,
        program_bytes: shop.program_bytes() as f64,
        layout_shift,
    })
}

/// From a movement of the mouse to the frame of the screen that shows it, the median of twelve.
async fn drag(browser: &Browser) -> Result<f64> {
    mouse(browser, "mousePressed", 200).await?;
    let mut times = Vec::new();
    for step in 1..=12 {
        browser
            .run("changes.length = 0; moves.length = 0; return 0")
            .await?;
        mouse(browser, "mouseMoved", 200 + step * 40).await?;
        sleep(Duration::from_millis(150)).await;
        let times_ms = browser.run("return [moves[0], changes[0]]").await?;
        if let (Some(moved_ms), Some(changed_ms)) = (times_ms[0].as_f64(), times_ms[1].as_f64()) {
            times.push(changed_ms - moved_ms);
        }
    }
    mouse(browser, "mouseReleased", 680).await?;
    ensure!(
        times.len() >= 6,
        "only {} of 12 movements were seen",
        times.len()
    );
    Ok(median(times))
}

async fn mouse(browser: &Browser, kind: &str, x: i32) -> Result<()> {
    let buttons = i32::from(kind != "mouseReleased");
    let event = json!({ "type": kind, "x": x, "y": 300, "button": "left", "buttons": buttons, "clickCount": 1 });
    browser.devtools("Input.dispatchMouseEvent", event).await?;
    Ok(())
}
