//! What is on the screen: the model's pixels, one angle for both views, stillness, a lost context, the poster.

use anyhow::{Context, Result};
use serde_json::json;
use xoay_tests::browser::{Browser, Engine};
use xoay_tests::site::Site;

use super::{
    MODEL, PRODUCT, SIZES, SPIN, WATCH, all_well, difference, finish, loaded, page, pause, pixels,
    show, show_sized, visit,
};
use xoay_tests::in_every_engine;

in_every_engine!(
    the_model_is_drawn,
    photos_and_model_share_their_angle,
    nothing_is_drawn_while_nothing_moves,
    frames_are_decoded_as_large_as_they_are_drawn,
    a_lost_context_is_restored,
    the_poster_stands_before_the_script_and_nothing_moves,
);

async fn the_model_is_drawn(engine: Engine) -> Result<()> {
    let (_site, browser) = show(engine, MODEL).await?;
    loaded(&browser, "model").await?;
    browser.until("viewer().view === 'model'").await?;
    let shown = pixels(&browser).await?;
    browser.screenshot("model-desktop").await?;
    let opaque = shown.chunks_exact(4).filter(|p| p[3] > 200).count();
    assert!(
        (150..2800).contains(&opaque),
        "{opaque} of 3072 pixels are covered"
    );
    let colours: std::collections::HashSet<_> = shown
        .chunks_exact(4)
        .map(|p| [p[0] / 16, p[1] / 16, p[2] / 16])
        .collect();
    assert!(colours.len() > 20, "only {} colours", colours.len());
    finish(browser).await
}

async fn photos_and_model_share_their_angle(engine: Engine) -> Result<()> {
    let (_site, browser) = show(engine, PRODUCT).await?;
    loaded(&browser, "spin").await?;
    let views = browser.run("return viewer().views").await?;
    assert_eq!(views, json!(["spin", "model"]));
    browser.run("viewer().frame = 3").await?;
    browser.run("viewer().view = 'model'").await?;
    loaded(&browser, "model").await?;
    browser
        .until("viewer().view === 'model' && Math.abs(viewer().angle - 90) < 0.01")
        .await?;
    browser.screenshot("product-model").await?;
    browser
        .run("viewer().angle = 150; viewer().view = 'spin'")
        .await?;
    browser
        .until("viewer().view === 'spin' && viewer().frame === 5")
        .await?;
    finish(browser).await
}

async fn frames_are_decoded_as_large_as_they_are_drawn(engine: Engine) -> Result<()> {
    let narrow = format!("{SIZES} xoay-viewer {{ width: 300px }}").into_bytes();
    let site = super::site(SPIN, &[("page.css", narrow)]).await?;
    let browser = Browser::of(engine, 1280, 800).await?;
    visit(&browser, &site).await?;
    loaded(&browser, "spin").await?;
    let ratio = browser.run("return devicePixelRatio").await?;
    assert_eq!(ratio, json!(1), "widths below are those of one pixel each");
    // All twelve, at the element's own width.
    browser
        .until("seen.decoded.filter((width) => width === 300).length >= 12")
        .await?;
    let whole = "seen.decoded.filter((width) => width === 640).length";
    assert_eq!(browser.run(&format!("return {whole}")).await?, json!(0));
    // And again where the element grows.
    browser.run("viewer().style.width = '620px'").await?;
    browser.until(&format!("{whole} >= 12")).await?;
    browser.wait("settle()").await?;
    finish(browser).await
}

async fn nothing_is_drawn_while_nothing_moves(engine: Engine) -> Result<()> {
    let (_site, browser) = show(engine, PRODUCT).await?;
    for view in ["spin", "model"] {
        browser.run(&format!("viewer().view = '{view}'")).await?;
        loaded(&browser, view).await?;
        browser.drag("xoay-viewer", 90, 0).await?;
        // A busy machine takes its time to come to rest; what draws for ever never does.
        let mut resting = false;
        for _ in 0..12 {
            let before = browser.run("return seen.frames").await?;
            assert!(before.as_u64().context("a count")? > 0, "the watch counts");
            pause(&browser, 1000).await?;
            resting = browser.run("return seen.frames").await? == before;
            if resting {
                break;
            }
        }
        assert!(resting, "{view} draws while nothing moves");
    }
    finish(browser).await
}

async fn a_lost_context_is_restored(engine: Engine) -> Result<()> {
    // Whatever contexts the viewer makes, on whichever canvas, are known to the test.
    let (_site, browser) = show(engine, MODEL).await?;
    loaded(&browser, "model").await?;
    browser.run("viewer().angle = 40").await?;
    let before = pixels(&browser).await?;
    browser
        .run("window.lost = contexts.map(c => c.getExtension('WEBGL_lose_context')); lost.forEach(l => l.loseContext())")
        .await?;
    browser.until("told()").await?;
    browser.screenshot("model-lost").await?;
    browser.run("lost.forEach(l => l.restoreContext())").await?;
    browser
        .until_within(
            "!told() && viewer().view === 'model' && Math.abs(viewer().angle - 40) < 0.01",
            60,
        )
        .await?;
    pause(&browser, 600).await?;
    let after = pixels(&browser).await?;
    assert!(
        difference(&before, &after) < 2.0,
        "another picture than before"
    );
    browser.drag("xoay-viewer", 240, 0).await?;
    pause(&browser, 300).await?;
    assert!(
        difference(&after, &pixels(&browser).await?) > 1.0,
        "it no longer turns"
    );
    finish(browser).await
}

async fn the_poster_stands_before_the_script_and_nothing_moves(engine: Engine) -> Result<()> {
    const PLACES: &str = "const box = viewer().getBoundingClientRect();
        return [box.width, box.height, document.getElementById('after').offsetTop]";
    let (_site, browser) = show_sized(engine, SPIN, (500, 844)).await?;
    // The picture is the page's own, in the document before any script.
    let poster = browser
        .run("const img = document.querySelector('img[slot=poster]'); return [img.complete && img.naturalWidth > 0, img.getBoundingClientRect().width]")
        .await?;
    assert_eq!(poster[0], true);
    assert!(poster[1].as_f64().context("a width")? > 100.0);
    loaded(&browser, "spin").await?;
    pause(&browser, 500).await?;
    all_well(&browser).await?;
    let with_script = browser.run(PLACES).await?;

    // The same room where the script has not come at all.
    let script = "<script type=module src='/viewer/xoay-viewer.js' crossorigin></script>";
    let bare = page("", SPIN).replace(script, "");
    assert!(!bare.contains("xoay-viewer.js"));
    let pages = [
        ("index", bare),
        ("watch.js", WATCH.to_owned()),
        ("page.css", SIZES.to_owned()),
    ];
    let still = Site::start("viewer", &pages, None).await?;
    visit(&browser, &still).await?;
    let without = browser.run(PLACES).await?;
    assert_eq!(with_script, without, "the script changes the layout");
    browser.close().await
}
