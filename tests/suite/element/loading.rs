//! Loading: tried again, cut off, asked for, without WebAssembly.

use anyhow::Result;
use serde_json::json;

use super::{STRICT, Shown};

const SPIN: &str = "<xoay-viewer src=/fixtures/spin.json width=640 height=480></xoay-viewer>";

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_server_is_asked_again_and_a_refusal_is_final() -> Result<()> {
    let busy = "fails['/fixtures/spin.json'] = { times: 2, status: 503 };";
    let shown = Shown::with(SPIN, busy, STRICT).await?;
    shown.until("told('load')").await?;
    assert_eq!(
        shown.get("events('retry').map(e => e.attempt)").await?,
        json!([1, 2])
    );
    assert_eq!(shown.get("told('error')").await?, false);
    shown.run("viewer().src = '/fixtures/missing.json'").await?;
    shown.until("told('error')").await?;
    let asked = "seen.fetched.filter(path => path === '/fixtures/missing.json').length";
    assert_eq!(shown.get(asked).await?, 1, "a 404 stays a 404");
    let error = shown.get("events('error')[0]").await?;
    assert_eq!(
        (&error["kind"], &error["fatal"]),
        (&json!("network"), &json!(true))
    );
    shown.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_network_it_says_so_and_goes_on_by_itself() -> Result<()> {
    let shown = Shown::with(SPIN, "cut = true;", STRICT).await?;
    shown
        .until("told('error') && !part('message').hidden")
        .await?;
    assert_eq!(shown.get("events('error')[0].kind").await?, "offline");
    let text = shown.get("part('message').textContent").await?;
    assert!(
        text.as_str().unwrap().starts_with("Không có mạng"),
        "{text}"
    );
    shown.run("network(true)").await?;
    shown
        .until("told('load') && part('message').hidden")
        .await?;
    shown.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_wait_for_the_network_and_what_is_there_still_turns() -> Result<()> {
    // The first picture cuts the line.
    let prepare = "document.addEventListener('xoay-load', () => network(false), { once: true });";
    let shown = Shown::with(SPIN, prepare, STRICT).await?;
    shown.until("told('load')").await?;
    shown.until("!part('seen').hidden").await?;
    shown.browser.drag("xoay-viewer", 200, 0).await?;
    assert_ne!(shown.get("viewer().frame").await?, 0, "the sprite turns");
    assert_eq!(
        shown.get("told('error')").await?,
        false,
        "nothing is lost yet"
    );
    shown.run("seen.fetched.length = 0; network(true)").await?;
    shown
        .until("new Set(seen.fetched.filter(path => /\\/spin\\/\\d+/.test(path))).size >= 8")
        .await?;
    shown
        .until("viewer().shadowRoot.querySelector('.show-spin')")
        .await?;
    shown.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_frame_is_told_and_the_others_turn() -> Result<()> {
    let gone = "fails['/fixtures/spin/05.webp'] = { times: 99, status: 404 };";
    let shown = Shown::with(SPIN, gone, STRICT).await?;
    shown.until("told('load') && told('error')").await?;
    let error = shown.get("events('error')[0]").await?;
    assert_eq!(
        (&error["kind"], &error["fatal"]),
        (&json!("frame"), &json!(false))
    );
    assert_eq!(shown.get("part('message').hidden").await?, true);
    shown.run("viewer().frame = 5").await?;
    shown
        .until("events('frame').some(e => e.frame === 5)")
        .await?;
    shown.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poster_waits_for_a_click_where_the_page_or_the_visitor_saves() -> Result<()> {
    let element = "<xoay-viewer src=/fixtures/spin.json reveal=click poster=/fixtures/spin/01.jpg width=640 height=480></xoay-viewer>";
    let shown = Shown::new(element).await?;
    shown
        .until("window.part && viewer().shadowRoot && !part('start').hidden")
        .await?;
    assert_eq!(shown.get("part('start').textContent").await?, "Xem 360°");
    assert_eq!(
        shown.get("seen.fetched").await?,
        json!([]),
        "nothing but the poster"
    );
    shown.run("part('start').click()").await?;
    shown.until("told('load') && part('start').hidden").await?;
    assert_eq!(
        shown
            .get("viewer().shadowRoot.activeElement === part('stage')")
            .await?,
        true,
        "the focus goes on to the product"
    );
    shown.close().await?;

    let saves = "Object.defineProperty(navigator, 'connection', { value: { saveData: true } });";
    let shown = Shown::with(SPIN, saves, STRICT).await?;
    // Without a poster of the page's the manifest is read for one, and no more.
    shown
        .until("viewer().shadowRoot && !part('start').hidden")
        .await?;
    assert_eq!(
        shown.get("seen.fetched").await?,
        json!(["/fixtures/spin.json"])
    );
    assert_eq!(shown.get("part('poster').hidden").await?, false);
    shown.run("viewer().load()").await?;
    shown.until("told('load')").await?;
    shown.close().await?;

    let eager = SPIN.replace("width", "reveal=auto width");
    let shown = Shown::with(&eager, saves, STRICT).await?;
    shown.until("told('load')").await?;
    shown.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lazy_viewer_waits_until_it_comes_near() -> Result<()> {
    let element = format!(
        "<div id=room></div>{}",
        SPIN.replace("width", "loading=lazy width")
    );
    let far = "addEventListener('DOMContentLoaded', () => { document.getElementById('room').style.height = '5000px'; });";
    let shown = Shown::with(&element, far, STRICT).await?;
    shown.until("viewer().shadowRoot").await?;
    shown
        .browser
        .wait("new Promise(done => setTimeout(done, 400))")
        .await?;
    assert_eq!(shown.get("seen.fetched").await?, json!([]));
    shown.run("viewer().scrollIntoView()").await?;
    shown.until("told('load')").await?;
    shown.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_without_webassembly_still_lets_the_photos_turn() -> Result<()> {
    let policy = STRICT.replace(" 'wasm-unsafe-eval'", "");
    let shown = Shown::with(SPIN, "", &policy).await?;
    shown
        .until("viewer().shadowRoot && viewer().shadowRoot.querySelector('img[data-frame]')")
        .await?;
    let error = shown.get("events('error')[0]").await?;
    assert_eq!(
        (&error["kind"], &error["fatal"]),
        (&json!("wasm"), &json!(false))
    );
    let frame = "Number(viewer().shadowRoot.querySelector('img[data-frame]').dataset.frame)";
    let width = shown.get("viewer().clientWidth").await?.as_i64().unwrap();
    assert_eq!(shown.get(frame).await?, 0);
    shown.browser.drag("xoay-viewer", width / 4, 0).await?;
    assert_eq!(shown.get(frame).await?, 3);
    assert_eq!(
        shown
            .get("viewer().shadowRoot.querySelectorAll('.bar, .tools').length")
            .await?,
        0,
        "no button that does nothing"
    );
    shown.browser.screenshot("element-legacy").await?;
    shown.browser.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_leaves_the_page_lets_go_of_everything() -> Result<()> {
    let element =
        "<xoay-viewer src=/pages/product.json width=640 height=480 autoplay kiosk></xoay-viewer>";
    let shown = Shown::new(element).await?;
    shown.until("told('load')").await?;
    shown.run("viewer().view = 'model'").await?;
    shown
        .until("events('load').some(e => e.view === 'model') && viewer()._ready.motion && viewer()._ready.kiosk && viewer()._ready.tour")
        .await?;
    // Adding listeners from here on would be the leak.
    shown
        .run("window.kept = [viewer(), ...Object.values(viewer()._views)]; viewer().remove()")
        .await?;
    shown
        .until("kept.slice(1).length === 2 && kept.slice(1).every(view => view.__wbg_ptr === 0)")
        .await?;
    assert_eq!(
        shown
            .get("kept[0]._here === null && Object.keys(kept[0]._ready).length === 0")
            .await?,
        true
    );
    assert_eq!(
        shown
            .get("kept[0].shadowRoot.querySelectorAll('canvas, .tour, .spots, .leaving').length")
            .await?,
        0
    );
    // Put back, it works again.
    shown
        .run("seen.events.length = 0; document.body.append(kept[0])")
        .await?;
    shown.until("told('load')").await?;
    shown.close().await
}
