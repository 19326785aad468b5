//! Autoplay, full screen, the kiosk.

use anyhow::Result;
use serde_json::json;

use super::{STRICT, Shown};

const TURNING: &str = "<xoay-viewer src=/fixtures/spin.json width=640 height=480 autoplay autoplay-speed=120 autoplay-resume=1></xoay-viewer>";

#[tokio::test(flavor = "multi_thread")]
async fn it_turns_by_itself_until_a_hand_comes() -> Result<()> {
    let shown = Shown::new(TURNING).await?;
    shown.until("events('frame').length > 4").await?;
    let pause = "viewer().shadowRoot.querySelector('[aria-label=\"Dừng tự xoay\"]')";
    assert_ne!(shown.get(pause).await?, json!(null), "it can be paused");
    shown.browser.drag("xoay-viewer", 60, 0).await?;
    shown.until("events('autoplay').some(e => !e.on)").await?;
    // After the second that the page asks for, it goes on.
    shown
        .until("events('autoplay').filter(e => e.on).length === 2")
        .await?;
    shown.run(&format!("{pause}.click()")).await?;
    let frame = shown.get("viewer().frame").await?;
    shown
        .browser
        .wait("new Promise(done => setTimeout(done, 1500))")
        .await?;
    assert_eq!(
        shown.get("viewer().frame").await?,
        frame,
        "paused it stays paused"
    );
    shown.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_turns_by_itself_for_those_who_ask_for_less_motion() -> Result<()> {
    let less = "const ask = matchMedia; window.matchMedia = query => query.includes('reduced-motion') ? { matches: true } : ask(query);";
    let shown = Shown::with(TURNING, less, STRICT).await?;
    shown
        .until("told('load') && viewer()._ready.motion")
        .await?;
    shown
        .browser
        .wait("new Promise(done => setTimeout(done, 1200))")
        .await?;
    assert_eq!(shown.get("viewer().frame").await?, 0);
    // Asked for, it does.
    shown
        .run("viewer().shadowRoot.querySelector('[aria-label=\"Tự xoay\"]').click()")
        .await?;
    shown.until("viewer().frame !== 0").await?;
    shown.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_without_full_screen_for_elements_gets_the_whole_page() -> Result<()> {
    let element = "<xoay-viewer src=/fixtures/spin.json width=640 height=480></xoay-viewer>";
    let phone = "delete Element.prototype.requestFullscreen; delete Element.prototype.webkitRequestFullscreen; \
                 delete Element.prototype.webkitRequestFullScreen;";
    let shown = Shown::with(element, phone, STRICT).await?;
    shown.until("told('load')").await?;
    let full = "viewer().shadowRoot.querySelector('[aria-label=\"Toàn màn hình\"]')";
    assert_eq!(shown.get(&format!("{full}.hidden")).await?, false);
    shown.run(&format!("{full}.click()")).await?;
    shown.until("viewer().fullscreen").await?;
    let covers = "[viewer().getBoundingClientRect().left, viewer().getBoundingClientRect().width === innerWidth, viewer().getBoundingClientRect().height === innerHeight]";
    assert_eq!(shown.get(covers).await?, json!([0, true, true]));
    shown
        .run("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))")
        .await?;
    assert_eq!(shown.get("viewer().fullscreen").await?, false);
    assert_eq!(
        shown.get("events('fullscreen').map(e => e.on)").await?,
        json!([true, false])
    );
    shown.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_counts_down_starts_again_and_leads_nowhere() -> Result<()> {
    let shown = Shown::aimed("kiosk idle=2 countdown=60", "spin").await?;
    shown
        .until("told('countdown') && !part('kiosk-countdown').hidden")
        .await?;
    shown.browser.screenshot("element-countdown").await?;
    shown
        .run("window.dispatchEvent(new Event('pointerdown'))")
        .await?;
    assert_eq!(
        shown.get("part('kiosk-countdown').hidden").await?,
        true,
        "a touch ends it"
    );
    shown
        .run("viewer().setAttribute('countdown', '1'); viewer().frame = 6; viewer().showHotspot('lid')")
        .await?;
    shown.until("told('hotspot')").await?;
    assert_eq!(
        shown.get("part('hotspot-link').hidden").await?,
        true,
        "no link leads out"
    );
    shown.until("told('idle')").await?;
    assert_eq!(shown.get("part('kiosk-call').hidden").await?, false);
    assert_eq!(shown.get("part('hotspot-panel').hidden").await?, true);
    assert_eq!(
        shown.get("part('kiosk-call').textContent").await?,
        "Chạm để bắt đầuTouch to begin"
    );
    // It turns, from where it began.
    shown.until("events('frame').at(-1).frame === 2").await?;
    shown.browser.screenshot("element-attract").await?;
    let prevented = "!viewer().dispatchEvent(new Event('contextmenu', { cancelable: true }))";
    assert_eq!(shown.get(prevented).await?, true, "no menu");
    shown
        .run("window.dispatchEvent(new Event('pointerdown'))")
        .await?;
    assert_eq!(
        shown
            .get("told('begin') && part('kiosk-call').hidden")
            .await?,
        true
    );
    shown.close().await
}
