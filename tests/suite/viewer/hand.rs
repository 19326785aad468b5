//! What hands do: mouse, finger, keys, wheel, buttons.

use anyhow::{Context, Result};
use serde_json::json;
use xoay_tests::browser::{Browser, Engine};

use super::{MODEL, SPIN, difference, finish, frame, loaded, pause, pixels, show, show_sized};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use xoay_tests::in_every_engine;

in_every_engine!(
    a_drag_turns_the_spin,
    a_finger_turns_sideways_and_scrolls_the_page_up_and_down,
    keys_turn_and_zoom_and_are_announced,
    buttons_and_ctrl_with_the_wheel_zoom,
    a_drag_turns_the_model,
);

async fn a_drag_turns_the_spin(engine: Engine) -> Result<()> {
    let (_site, browser) = show(engine, SPIN).await?;
    loaded(&browser, "spin").await?;
    browser.screenshot("spin-desktop").await?;
    let before = pixels(&browser).await?;
    // A quarter of the width is a quarter turn: three of twelve frames.
    let width = browser.run("return viewer().clientWidth").await?;
    let quarter = (width.as_f64().context("a width")? / 4.0) as i64;
    browser.drag("xoay-viewer", quarter, 0).await?;
    browser.until("viewer().frame === 3").await?;
    pause(&browser, 300).await?;
    assert_eq!(
        frame(&browser).await?,
        3,
        "the spin stays where the hand left it"
    );
    let after = pixels(&browser).await?;
    browser.screenshot("spin-turned").await?;
    assert!(
        difference(&before, &after) > 1.0,
        "the picture did not change"
    );
    let events = browser
        .run("return seen.events.filter(e => e[0] === 'frame').map(e => e[1].frame)")
        .await?;
    assert_eq!(events.as_array().context("events")?.last(), Some(&json!(3)));
    finish(browser).await
}

async fn a_finger_turns_sideways_and_scrolls_the_page_up_and_down(engine: Engine) -> Result<()> {
    let (_site, browser) = show_sized(engine, SPIN, (500, 844)).await?;
    loaded(&browser, "spin").await?;
    browser.screenshot("spin-phone").await?;
    let policy = browser
        .run("return getComputedStyle(part('stage')).touchAction")
        .await?;
    assert_eq!(policy, "pan-y", "up and down belongs to the page");
    if engine == Engine::WebKit {
        // WebKitGTK's driver has no finger: what Safari sends is sent by hand, the scrolling is its own.
        touch_by_events(&browser, 130).await?;
        browser.until("viewer().frame !== 0").await?;
        return finish(browser).await;
    }
    browser.swipe("xoay-viewer", 130, 4).await?;
    browser.until("viewer().frame !== 0").await?;
    assert_eq!(browser.run("return scrollY").await?, 0);
    pause(&browser, 300).await?;
    let turned = frame(&browser).await?;
    browser.swipe("xoay-viewer", 2, -160).await?;
    if engine == Engine::Chromium {
        // Firefox's driver touches the page, not the window that would scroll.
        browser.until("scrollY > 40").await?;
    }
    assert_eq!(frame(&browser).await?, turned, "scrolling must not turn");
    finish(browser).await
}

/// A finger's pointer events, eight steps to the right.
async fn touch_by_events(browser: &Browser, dx: i64) -> Result<()> {
    let (x, y) = browser.middle("xoay-viewer").await?;
    let script = format!(
        "const stage = part('stage');
         const send = (name, x) => stage.dispatchEvent(new PointerEvent(name, {{ pointerId: 1, pointerType: 'touch', isPrimary: true,
             button: 0, clientX: x, clientY: {y}, bubbles: true, cancelable: true, composed: true }}));
         stage.setPointerCapture = () => {{}};
         send('pointerdown', {x});
         for (let i = 1; i <= 8; i++) send('pointermove', {x} + {dx} * i / 8);
         send('pointerup', {x} + {dx});"
    );
    browser.run(&script).await?;
    Ok(())
}

async fn keys_turn_and_zoom_and_are_announced(engine: Engine) -> Result<()> {
    let (_site, browser) = show(engine, SPIN).await?;
    loaded(&browser, "spin").await?;
    browser.run("part('stage').focus()").await?;
    browser.press('\u{e014}').await?; // right
    browser.press('\u{e014}').await?;
    browser.until("viewer().frame === 2").await?;
    browser.press('\u{e012}').await?; // left
    browser.until("viewer().frame === 1").await?;
    browser
        .until("part('stage').getAttribute('aria-valuetext') === 'Góc 2 trên 12'")
        .await?;
    browser.press('\u{e010}').await?; // end
    browser.until("viewer().frame === 11").await?;
    let role = browser
        .run("return part('stage').getAttribute('role')")
        .await?;
    assert_eq!(role, "slider");
    let whole = pixels(&browser).await?;
    browser.press('+').await?;
    browser.press('+').await?;
    pause(&browser, 400).await?;
    browser.screenshot("spin-zoomed").await?;
    let close = pixels(&browser).await?;
    assert!(difference(&whole, &close) > 1.0, "it did not zoom");
    browser.press('0').await?;
    pause(&browser, 400).await?;
    let back = pixels(&browser).await?;
    assert!(difference(&whole, &back) < 0.5, "0 ends the zoom");
    finish(browser).await
}

async fn buttons_and_ctrl_with_the_wheel_zoom(engine: Engine) -> Result<()> {
    let (_site, browser) = show(engine, SPIN).await?;
    loaded(&browser, "spin").await?;
    let whole = pixels(&browser).await?;
    browser.run("button(/^Phóng to$/).click()").await?;
    pause(&browser, 400).await?;
    let closer = pixels(&browser).await?;
    assert!(
        difference(&whole, &closer) > 1.0,
        "the button does not zoom"
    );
    browser.run("button(/^Thu nhỏ$/).click()").await?;
    pause(&browser, 400).await?;
    assert!(difference(&whole, &pixels(&browser).await?) < 0.5);

    // The wheel alone is the page's.
    wheel(&browser, 120, false).await?;
    if engine == Engine::Chromium {
        browser.until("scrollY > 40").await?;
        browser.run("scrollTo(0, 0)").await?;
    }
    assert!(
        difference(&whole, &pixels(&browser).await?) < 0.5,
        "the wheel alone zooms"
    );
    wheel(&browser, -240, true).await?;
    pause(&browser, 400).await?;
    let closer = pixels(&browser).await?;
    assert!(
        difference(&whole, &closer) > 1.0,
        "Ctrl with the wheel does not zoom"
    );
    assert_eq!(
        browser.run("return scrollY").await?,
        0,
        "and the page stays"
    );
    finish(browser).await
}

/// `WebDriver`'s code point for the control key.
const CTRL: char = '\u{e009}';

async fn wheel(browser: &Browser, delta_y: i64, with_ctrl: bool) -> Result<()> {
    if browser.engine != Engine::Chromium {
        // The other drivers turn no wheel together with a key: the event is sent by hand.
        let (x, y) = browser.middle("xoay-viewer").await?;
        let script = format!(
            "part('stage').dispatchEvent(new WheelEvent('wheel', {{ deltaY: {delta_y}, ctrlKey: {with_ctrl}, clientX: {x}, clientY: {y},
                 bubbles: true, cancelable: true, composed: true }}))"
        );
        browser.run(&script).await?;
        return Ok(());
    }
    let hold = KeyActions::new("keys".into()).then(KeyAction::Down { value: CTRL });
    if with_ctrl {
        browser.client.perform_actions(hold).await?;
    }
    browser.wheel("xoay-viewer", delta_y).await?;
    Ok(browser.client.release_actions().await?)
}

async fn a_drag_turns_the_model(engine: Engine) -> Result<()> {
    let (_site, browser) = show(engine, MODEL).await?;
    loaded(&browser, "model").await?;
    let before = pixels(&browser).await?;
    browser.drag("xoay-viewer", 240, 60).await?;
    pause(&browser, 400).await?;
    let after = pixels(&browser).await?;
    browser.screenshot("model-turned").await?;
    assert!(
        difference(&before, &after) > 1.0,
        "the picture did not change"
    );
    browser.run("part('stage').focus()").await?;
    browser.press('\u{e014}').await?; // right
    pause(&browser, 600).await?;
    assert!(
        difference(&after, &pixels(&browser).await?) > 0.3,
        "the arrow key did not turn it"
    );
    finish(browser).await
}
