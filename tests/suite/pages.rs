//! The service's pages in a real Chromium: from dropped photos to a product page, its snippet and frame on other sites, and
//! the screen for fairs.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use fantoccini::Locator;
use serde_json::Value;
use tokio::time::{sleep, timeout};
use xoay_tests::browser::Browser;
use xoay_tests::site::Site;
use xoay_tests::{Finished, PoorNetwork, Service, capture_cut, model, xoay};

const LOADED: &str =
    "document.querySelector('xoay-viewer') && document.querySelector('xoay-viewer').frameCount > 0";

/// Publishes a small spin and the optimised model of the jar below `root` and serves them.
pub(crate) async fn published(root: &Path) -> Result<Service> {
    let root = root.to_path_buf();
    Ok(tokio::task::spawn_blocking(move || {
        let (photos, spin, data) = (root.join("photos"), root.join("spin"), root.join("data"));
        let mut light = root.join("model").into_os_string();
        light.push("/");
        capture_cut(&photos, 3);
        let made = [
            xoay()
                .arg("spin")
                .arg(&photos)
                .arg("-o")
                .arg(&spin)
                .args(["--widths", "600", "--formats", "webp,jpg"])
                .output(),
            xoay()
                .arg("optimize")
                .arg(model())
                .arg("-o")
                .arg(&light)
                .output(),
        ];
        for output in made {
            let output = output.expect("the command can be started");
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let _ = Finished::of(
            xoay()
                .args([
                    "publish",
                    "--slug",
                    "jar",
                    "--name-vi",
                    "Mật ong hoa nhãn",
                    "--name-en",
                    "Longan honey",
                ])
                .arg("--data")
                .arg(&data)
                .arg("--spin")
                .arg(&spin)
                .arg("--model")
                .arg(&light),
        )
        .succeeded();
        Service::start(&data, &[])
    })
    .await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_product_page_turns_and_its_snippet_works_on_another_site() -> Result<()> {
    let root = tempfile::tempdir()?;
    let service = published(root.path()).await?;
    let browser = Browser::start(1280, 800).await?;
    browser
        .open(&format!("{}/products/jar?lang=vi", service.url))
        .await?;
    assert!(browser.client.source().await?.contains("Mật ong hoa nhãn"));
    browser
        .run("window.violations = []; document.addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective))")
        .await?;
    browser.until(LOADED).await?;
    browser.screenshot("product-desktop").await?;
    // The data for search engines is no script: the policy lets it stand, and it can be read.
    let about = browser
        .run("return JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').text)")
        .await?;
    assert_eq!(about["@type"], "Product");
    assert_eq!(about["subjectOf"]["@type"], "3DModel");
    assert_eq!(
        about["subjectOf"]["encoding"][0]["encodingFormat"],
        "model/gltf-binary"
    );
    assert_eq!(
        browser.run("return violations").await?,
        serde_json::json!([])
    );
    let before = browser
        .run("return document.querySelector('xoay-viewer').frame")
        .await?;
    browser.drag("xoay-viewer", 200, 0).await?;
    let after = browser
        .run("return document.querySelector('xoay-viewer').frame")
        .await?;
    assert_ne!(before, after, "a drag shows another frame");
    let snippet = browser
        .run("return document.getElementById('snippet').value")
        .await?;
    let snippet = snippet
        .as_str()
        .context("the page has a snippet")?
        .to_owned();
    assert!(
        snippet.contains(&service.url),
        "the snippet names the service: {snippet}"
    );

    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>A shop</title><h1>A shop</h1>{snippet}"
    );
    let shop = Site::start("viewer", &[("shop", page)], None).await?;
    assert_ne!(shop.origin, service.url);
    browser.open(&format!("{}/pages/shop", shop.origin)).await?;
    browser.until(LOADED).await?;
    browser.drag("xoay-viewer", 200, 0).await?;
    let turned = browser
        .run("return document.querySelector('xoay-viewer').frame")
        .await?;
    assert_ne!(turned, before, "a drag turns it on another site too");

    browser
        .run("document.querySelector('xoay-viewer').view = 'model'")
        .await?;
    browser
        .until("document.querySelector('xoay-viewer').view === 'model'")
        .await?;
    browser
        .until("(window.seen = window.seen || document.querySelector('xoay-viewer').shadowRoot.querySelector('.show-model')) != null")
        .await?;
    let coloured = browser
        .wait(COLOURED_SHARE)
        .await?
        .as_f64()
        .context("a share")?;
    assert!(
        (0.02..0.9).contains(&coloured),
        "the model covers {coloured} of its canvas"
    );
    browser.screenshot("shop-model").await?;
    browser.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newsroom_frames_what_oembed_gives_it() -> Result<()> {
    let root = tempfile::tempdir()?;
    let service = published(root.path()).await?;
    let browser = Browser::start(1000, 900).await?;
    browser
        .open(&format!("{}/products/jar?lang=vi", service.url))
        .await?;
    let rich = browser
        .wait("fetch(document.querySelector('link[type=\"application/json+oembed\"]').href).then(r => r.json())")
        .await?;
    let html = rich["html"].as_str().context("a frame")?.to_owned();
    let page = format!("<!doctype html><html lang=vi><meta charset=utf-8><title>Báo</title>{html}");
    let paper = Site::start("viewer", &[("paper", page)], None).await?;
    browser
        .open(&format!("{}/pages/paper", paper.origin))
        .await?;
    let frame = browser.client.find(Locator::Css("iframe")).await?;
    frame.clone().enter_frame().await?;
    browser.until(LOADED).await?;
    assert_eq!(
        browser.run("return [innerWidth, innerHeight]").await?,
        serde_json::json!([rich["width"], rich["height"]])
    );
    // The product fills the frame, without scrolling.
    assert_eq!(
        browser
            .run("return document.documentElement.scrollHeight <= innerHeight")
            .await?,
        true
    );
    browser.screenshot("embed-framed").await?;
    browser.close().await
}

const TILES: &str = "document.querySelectorAll('.tile').length === 1";

#[tokio::test(flavor = "multi_thread")]
async fn a_fairs_screen_counts_down_calls_and_begins_again() -> Result<()> {
    let root = tempfile::tempdir()?;
    let service = published(root.path()).await?;
    let browser = Browser::start(1080, 900).await?;
    browser
        .open(&format!(
            "{}/kiosk?lang=vi&idle=2&countdown=15",
            service.url
        ))
        .await?;
    browser.until(TILES).await?;
    browser
        .run("document.querySelector('.tile').click()")
        .await?;
    browser.until(LOADED).await?;
    browser
        .until("document.getElementById('leaving').open")
        .await?;
    browser.screenshot("kiosk-countdown").await?;
    let touch = "window.dispatchEvent(new Event('pointerdown'))";
    browser.run(touch).await?;
    assert_eq!(
        browser
            .run("return [document.getElementById('leaving').open, document.getElementById('show').open]")
            .await?,
        serde_json::json!([false, true]),
        "a touch keeps the product"
    );
    browser
        .until_within("document.getElementById('attract').open", 90)
        .await?;
    browser.until(LOADED).await?;
    browser
        .run("window.turned = 0; document.addEventListener('xoay-frame', () => { turned += 1; })")
        .await?;
    browser.until("turned > 1").await?;
    browser.screenshot("kiosk-attract").await?;
    let state = browser
        .run("return [document.getElementById('show').open, document.querySelectorAll('xoay-viewer').length, document.querySelector('#attract [data-name]').textContent]")
        .await?;
    assert_eq!(state, serde_json::json!([false, 1, "Mật ong hoa nhãn"]));
    browser.run(touch).await?;
    assert_eq!(
        browser
            .run("return [document.getElementById('attract').open, document.querySelectorAll('xoay-viewer').length]")
            .await?,
        serde_json::json!([false, 0]),
        "a touch begins"
    );
    // Without the marks that a screen's keyboard makes hard to type.
    let found = "const search = document.getElementById('search'); search.value = arguments[0]; \
                 search.dispatchEvent(new Event('input')); return !document.querySelector('.tile').closest('li').hidden";
    for (text, expected) in [("mat ong", true), ("nuoc mam", false)] {
        let seen = browser.client.execute(found, vec![text.into()]).await?;
        assert_eq!(seen, expected, "{text}");
    }
    browser.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fairs_screen_works_without_a_network() -> Result<()> {
    let root = tempfile::tempdir()?;
    let mut service = published(root.path()).await?;
    let browser = Browser::start(1080, 900).await?;
    let url = format!("{}/kiosk?lang=vi&idle=600", service.url);
    browser.open(&url).await?;
    browser.until(TILES).await?;
    // Everything is kept: the frames of one size, the model, the viewer's own files.
    browser
        .until_within("(window.kept = window.kept || 0, caches.open('xoay-kiosk').then(c => c.keys()).then(k => { const p = k.map(r => new URL(r.url).pathname); kept = p.filter(n => /\\.glb$/.test(n)).length && p.filter(n => /^.viewer.model/.test(n)).length === 2 ? p.filter(n => n.startsWith('/objects/')).length : 0; }), kept >= 15)", 60)
        .await?;
    service.kill();
    browser.open(&url).await?;
    browser.until(TILES).await?;
    browser
        .run("document.querySelector('.tile').click()")
        .await?;
    browser.until(LOADED).await?;
    browser
        .until("document.querySelector('xoay-viewer').shadowRoot.querySelector('.show-spin')")
        .await?;
    browser
        .run("document.querySelector('xoay-viewer').view = 'model'")
        .await?;
    browser
        .until("document.querySelector('xoay-viewer').shadowRoot.querySelector('.show-model')")
        .await?;
    browser.screenshot("kiosk-offline").await?;
    browser.close().await
}

/// Share of the viewer's pixels that differ from its corner.
const COLOURED_SHARE: &str = "(async () => {
    const bitmap = await createImageBitmap(await document.querySelector('xoay-viewer').toBlob());
    const canvas = new OffscreenCanvas(160, 120);
    const context = canvas.getContext('2d');
    context.drawImage(bitmap, 0, 0, 160, 120);
    const data = context.getImageData(0, 0, 160, 120).data;
    let other = 0;
    for (let i = 0; i < data.length; i += 4) {
        const distance = [0, 1, 2, 3].reduce((sum, k) => sum + Math.abs(data[i + k] - data[k]), 0);
        if (distance > 24) other += 1;
    }
    return other / (data.length / 4);
})()";

/// Gives the studio's page the photos of a folder; tells how many. Its second input takes single files: a folder cannot be
/// typed into a field.
async fn choose_photos(browser: &Browser, folder: &Path) -> Result<usize> {
    let input = browser
        .client
        .wait()
        .for_element(Locator::Css("input[type=file][accept]"))
        .await?;
    let mut paths: Vec<String> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path().display().to_string()))
        .collect::<std::io::Result<_>>()?;
    paths.sort();
    input.send_keys(&paths.join("\n")).await?;
    Ok(paths.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_creates_uploads_watches_and_publishes_on_the_studios_page() -> Result<()> {
    let root = tempfile::tempdir()?;
    let photos = root.path().join("photos");
    capture_cut(&photos, 9);
    let data = root.path().join("data");
    let service = tokio::task::spawn_blocking(move || Service::start(&data, &[])).await?;
    let browser = Browser::start(390, 844).await?;
    browser.open(&format!("{}/?lang=en", service.url)).await?;
    let name = browser
        .client
        .wait()
        .for_element(Locator::Css("input[name='name.vi']"))
        .await?;
    name.send_keys("Mật ong hoa nhãn").await?;
    browser.screenshot("studio-phone").await?;
    browser
        .client
        .find(Locator::Css("form button:not([type=button])"))
        .await?
        .click()
        .await?;

    choose_photos(&browser, &photos).await?;
    browser.until_within(LOADED, 120).await?;
    browser.screenshot("studio-result").await?;
    browser
        .run("[...document.querySelectorAll('button')].find(b => b.textContent === 'Publish').click()")
        .await?;
    browser
        .until("document.querySelector('a.button.plain')")
        .await?;
    let page = browser
        .run("return document.querySelector('a.button.plain').href")
        .await?;
    browser
        .open(page.as_str().context("a link to the product's page")?)
        .await?;
    browser.until(LOADED).await?;
    browser.screenshot("product-phone").await?;
    browser.close().await
}

/// The whole reconstruction, in the service's worker: the model joins the spin, whose frames get its cameras.
#[tokio::test(flavor = "multi_thread")]
async fn a_button_of_the_studio_makes_a_model_of_the_photos() -> Result<()> {
    const MODEL: &str = "[...document.querySelectorAll('button')].find(b => b.textContent === 'Make a 3D model of the photos')";
    const PUBLISH: &str =
        "[...document.querySelectorAll('button')].find(b => b.textContent === 'Publish')";
    let root = tempfile::tempdir()?;
    let photos = root.path().join("photos");
    capture_cut(&photos, 2);
    let data = root.path().join("data");
    let service = tokio::task::spawn_blocking(move || Service::start(&data, &[])).await?;
    let made = reqwest::Client::new()
        .post(format!("{}/api/products", service.url))
        .json(&serde_json::json!({ "name": { "vi": "Mật ong", "en": "Honey" } }))
        .send()
        .await?
        .error_for_status()?;
    let product: Value = made.json().await?;
    let id = product["id"].as_str().context("a product has an id")?;
    let browser = Browser::start(1280, 900).await?;
    browser
        .open(&format!("{}/?lang=en#/products/{id}", service.url))
        .await?;
    let count = choose_photos(&browser, &photos).await?;
    browser.until_within(LOADED, 300).await?;
    let spin = browser
        .run("return document.querySelector('xoay-viewer').getAttribute('src')")
        .await?;
    browser.run(&format!("{MODEL}.click()")).await?;
    browser
        .until_within(
            &format!("document.querySelector('.problem') || document.querySelector('xoay-viewer').getAttribute('src') !== {spin}"),
            900,
        )
        .await?;
    let problem = browser
        .run("return document.querySelector('.problem')?.textContent ?? null")
        .await?;
    assert_eq!(problem, Value::Null);
    browser.screenshot("studio-model").await?;
    browser.run(&format!("{PUBLISH}.click()")).await?;
    browser
        .until("document.querySelector('a.button.plain')")
        .await?;
    let public = reqwest::get(format!("{}/products/{id}/manifest.json", service.url)).await?;
    let public: Value = public.error_for_status()?.json().await?;
    assert!(public["model"].is_object(), "{public:#}");
    let frames = public["spin"]["frames"]
        .as_array()
        .context("frames of the spin")?;
    assert_eq!(frames.len(), count);
    for frame in frames {
        let projection = frame["projection"].as_array().context("a camera")?;
        assert_eq!(projection.len(), 12);
    }

    // Photographed again: the new capture is empty, the first one's photos are where they were.
    browser
        .run("document.querySelector('.captures form').requestSubmit()")
        .await?;
    browser
        .until("document.querySelector('.captures select').length === 2 && document.querySelector('.drop + .panel').hidden")
        .await?;
    browser
        .run("const select = document.querySelector('.captures select'); select.selectedIndex = 1; select.dispatchEvent(new Event('change'))")
        .await?;
    browser
        .until("!document.querySelector('.drop + .panel').hidden && document.querySelector('.drop + .panel').textContent.includes('18 photos')")
        .await?;
    browser.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_chosen_over_a_network_that_is_cut_arrive_whole_and_turn() -> Result<()> {
    // A third of a photo at a time: every photo is cut more than once.
    const CUT_EVERY: u64 = 30_000;
    let root = tempfile::tempdir()?;
    let photos = root.path().join("photos");
    capture_cut(&photos, 9);
    let mut paths: Vec<_> = fs::read_dir(&photos)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    paths.sort();
    let total: u64 = paths
        .iter()
        .map(|path| Ok(fs::metadata(path)?.len()))
        .sum::<Result<u64>>()?;
    let typed: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let typed = typed.join("\n");
    let data = root.path().join("data");
    let (service, network) = tokio::task::spawn_blocking(move || {
        let service = Service::start(&data, &[]);
        let network = PoorNetwork::before(&service.url, CUT_EVERY);
        (service, network)
    })
    .await?;
    let browser = Browser::start(1000, 900).await?;
    browser.open(&format!("{}/?lang=vi", network.url)).await?;
    let wait = || browser.client.wait();
    let name = wait()
        .for_element(Locator::Css("input[name='name.vi']"))
        .await?;
    name.send_keys("Mật ong hoa nhãn").await?;
    let add = "form button:not([type=button])";
    browser
        .client
        .find(Locator::Css(add))
        .await?
        .click()
        .await?;
    let files = Locator::Css("input[type=file][accept]");
    wait().for_element(files).await?.send_keys(&typed).await?;
    // In the middle of it the page is opened anew, and the same photos are chosen again.
    let before = network.sent_bytes();
    let begun = async {
        while network.cuts() < 3 || network.sent_bytes() - before < total / 4 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_mins(1), begun).await?;
    browser.run("location.reload()").await?;
    browser.until("document.readyState === 'complete'").await?;
    wait().for_element(files).await?.send_keys(&typed).await?;
    browser.until_within(LOADED, 150).await?;
    browser.screenshot("studio-resumed").await?;
    let turned = browser
        .run("return document.querySelector('xoay-viewer').frameCount")
        .await?;
    assert_eq!(turned, paths.len());
    // No photo comes through in one connection: that all are there means that each went on where it was cut. What had
    // arrived before the page was opened anew is not sent again; what was on its way when a connection was cut is.
    let ratio = (network.sent_bytes() - before) as f64 / total as f64;
    let cuts = network.cuts();
    println!("sent {ratio:.2} of the photos' bytes, headers and all, over {cuts} cuts");
    assert!(cuts >= 6 && ratio < 3.0, "{cuts} cuts, {ratio:.2}");

    // Once more, with all of them there: not one is sent.
    let before = network.sent_bytes();
    browser.run("location.reload()").await?;
    browser.until("document.readyState === 'complete'").await?;
    wait().for_element(files).await?.send_keys(&typed).await?;
    browser.until("document.querySelector('progress')").await?;
    browser
        .until_within("!document.querySelector('progress')", 150)
        .await?;
    let again = network.sent_bytes() - before;
    assert!(again < total / 4, "{again} of {total} bytes");
    browser.close().await?;
    drop(service);
    Ok(())
}
