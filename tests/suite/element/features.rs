//! Hotspots, tours, dimensions, variants, AR.

use anyhow::Result;
use serde_json::json;

use super::Shown;

const SPOTS: &str = "[...viewer().shadowRoot.querySelectorAll('.place')]";

#[tokio::test(flavor = "multi_thread")]
async fn hotspots_follow_the_product_and_say_what_they_are() -> Result<()> {
    // The page's own child counts, a broken one of the manifest does not.
    let shown = Shown::aimed("", "model").await?;
    let box_ = "part('stage').getBoundingClientRect()";
    let at = |n: usize| {
        format!(
            "Math.round({SPOTS}[{n}].getBoundingClientRect().left - {box_}.left) + ' ' + Math.round({SPOTS}[{n}].getBoundingClientRect().top - {box_}.top)"
        )
    };
    let middle = shown
        .get(&format!(
            "Math.round({box_}.width / 2) + ' ' + Math.round({box_}.height / 2 - 50)"
        ))
        .await?;
    assert_eq!(shown.get(&at(0)).await?, middle, "above the middle");
    let behind = format!("{SPOTS}.map(place => place.classList.contains('behind'))");
    assert_eq!(shown.get(&behind).await?, json!([false, true, false]));
    assert_eq!(
        shown
            .get("part('hotspot').getAttribute('aria-label')")
            .await?,
        "1. Nắp"
    );

    shown
        .run("part('hotspot').focus(); part('hotspot').click()")
        .await?;
    shown.until("!part('hotspot-panel').hidden").await?;
    let panel = shown.get("part('hotspot-panel').textContent").await?;
    assert!(panel.as_str().unwrap().contains("Bằng gỗ."), "{panel}");
    assert_eq!(
        shown.get("part('hotspot-link').href").await?,
        "https://shop.example/lid"
    );
    assert_eq!(
        shown
            .get("part('hotspot').getAttribute('aria-expanded')")
            .await?,
        "true"
    );
    assert_eq!(
        shown.get("part('notice').textContent").await?,
        "Nắp. Bằng gỗ."
    );
    shown.browser.screenshot("element-hotspot").await?;
    shown
        .run("part('hotspot').dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))")
        .await?;
    shown.until("part('hotspot-panel').hidden").await?;
    assert_eq!(
        shown.get("events('hotspot')").await?,
        json!([{ "id": "lid", "open": true }, { "id": "lid", "open": false }])
    );

    // Who tabs to the far side sees it come to the front.
    shown
        .run("viewer().shadowRoot.querySelectorAll('.spot')[1].focus()")
        .await?;
    shown
        .until("Math.abs(Math.abs(viewer().angle) - 180) < 1")
        .await?;
    shown
        .until(&format!("!{SPOTS}[1].classList.contains('behind')"))
        .await?;
    // A link that would run something is none.
    shown.run("viewer().showHotspot('back')").await?;
    shown.until("events('hotspot').length === 3").await?;
    assert_eq!(shown.get("part('hotspot-link').hidden").await?, true);
    shown.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pages_own_hotspot_is_placed_and_told_when_it_is_behind() -> Result<()> {
    let shown = Shown::aimed("", "spin").await?;
    shown.until("viewer()._ready.hotspots").await?;
    shown.run("viewer().angle = 0").await?;
    shown
        .until("!document.getElementById('own').hasAttribute('data-behind')")
        .await?;
    let before = shown
        .get("document.getElementById('own').getBoundingClientRect().left")
        .await?;
    shown.run("viewer().angle = 90").await?;
    shown
        .until("document.getElementById('own').hasAttribute('data-behind')")
        .await?;
    let after = shown
        .get("document.getElementById('own').getBoundingClientRect().left")
        .await?;
    assert!(
        before.as_f64().unwrap() - after.as_f64().unwrap() > 30.0,
        "it moved"
    );
    shown.run("document.getElementById('own').click()").await?;
    assert_eq!(
        shown.get("events('hotspot')[0]").await?,
        json!({ "id": "own", "open": true })
    );
    // Where the cameras are unknown there is nowhere to put it.
    shown
        .run("delete viewer()._views.spin.project; viewer()._wake()")
        .await?;
    shown
        .until(&format!("{SPOTS}.every(place => place.hidden)"))
        .await?;
    shown.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn with_editing_a_click_tells_the_point_that_it_met() -> Result<()> {
    let shown = Shown::aimed("editing", "model").await?;
    shown.until("viewer()._ready.hotspots").await?;
    let click = |x: i64| {
        format!(
            "const box = part('stage').getBoundingClientRect(); for (const type of ['pointerdown', 'pointerup']) \
             part('stage').dispatchEvent(new MouseEvent(type, {{ clientX: box.left + {x}, clientY: box.top + 60 }}))"
        )
    };
    shown
        .run("part('stage').setPointerCapture = () => {}")
        .await?;
    shown.run(&click(100)).await?;
    let point = shown.get("events('point')[0]").await?;
    assert_eq!(point["position"], json!([0.01, 0.02, 0.03]));
    assert_eq!(point["normal"], json!([0, 0, 1]));
    assert_eq!(
        (&point["x"], &point["view"]),
        (&json!(100), &json!("model"))
    );
    shown.run(&click(10)).await?;
    assert_eq!(shown.get("events('point')[1].position").await?, json!(null));
    // A drag is no click.
    shown.browser.drag("xoay-viewer", 120, 0).await?;
    shown.run("viewer().removeAttribute('editing')").await?;
    shown.run(&click(100)).await?;
    assert_eq!(shown.get("events('point').length").await?, 2);
    shown.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_size_stands_along_the_edges_in_the_readers_units() -> Result<()> {
    let shown = Shown::aimed("dimensions", "model").await?;
    shown
        .until("viewer()._ready.dimensions && part('dimension').textContent")
        .await?;
    let labels =
        "[...viewer().shadowRoot.querySelectorAll('.size')].map(label => label.textContent)";
    assert_eq!(
        shown.get(labels).await?,
        json!(["7,5 cm", "10 cm", "125 cm"])
    );
    // Width and height as long as the stub's scale of a pixel a millimetre makes them.
    let long = "[...viewer().shadowRoot.querySelectorAll('.edges line:not(.halo)')].map(line => { \
                const at = name => Number(line.getAttribute(name)); \
                return Math.round(Math.hypot(at('x2') - at('x1'), at('y2') - at('y1'))); })";
    shown
        .until(&format!("{long}[0] === 75 && {long}[1] === 100"))
        .await?;
    shown.browser.screenshot("element-dimensions").await?;
    shown.run("viewer().lang = 'en'").await?;
    shown.until(&format!("{labels}[0] === '7.5 cm'")).await?;
    shown
        .run("viewer().shadowRoot.querySelector('[aria-label=Dimensions]').click()")
        .await?;
    assert_eq!(shown.get("part('dimensions').hidden").await?, true);
    shown
        .run("viewer().shadowRoot.querySelector('[aria-label=Dimensions]').click()")
        .await?;
    assert_eq!(
        shown.get("part('notice').textContent").await?,
        "7.5 cm wide, 10 cm high, 125 cm deep"
    );
    assert_eq!(
        shown.get("events('dimensions').map(e => e.on)").await?,
        json!([false, true])
    );
    shown.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tour_goes_from_stop_to_stop_and_yields_to_the_hand() -> Result<()> {
    let shown = Shown::aimed("", "spin").await?;
    shown
        .until("viewer()._ready.tour && viewer()._ready.hotspots")
        .await?;
    assert_eq!(
        shown.browser.wait("viewer().startTour('none')").await?,
        false
    );
    assert_eq!(
        shown.browser.wait("viewer().startTour('around')").await?,
        true
    );
    shown.until("!part('tour').hidden").await?;
    let looked = "viewer()._views.spin.looked";
    assert_eq!(
        shown.get(looked).await?,
        json!({ "angle": 30, "elevation": 10, "zoom": 1, "glide": true })
    );
    assert_eq!(
        shown.get("part('notice').textContent").await?,
        "Bước 1 trên 2. Đầu tiên"
    );
    shown.browser.screenshot("element-tour").await?;
    // By itself to the second stop, which takes its text from its hotspot and marks it.
    shown.until(&format!("{looked}.angle === 90")).await?;
    assert_eq!(
        shown
            .get("part('tour').querySelector('p').textContent")
            .await?,
        "Bằng gỗ."
    );
    assert_eq!(
        shown
            .get(&format!("{SPOTS}[0].classList.contains('marked')"))
            .await?,
        true
    );
    let state = "events('tour').map(e => [e.stop, e.state])";
    assert_eq!(shown.get(state).await?, json!([[0, "play"], [1, "play"]]));
    shown.browser.swipe("xoay-viewer", 40, 0).await?;
    shown.until("events('tour').length === 3").await?;
    assert_eq!(shown.get("events('tour')[2].state").await?, "pause");
    shown
        .run("viewer().shadowRoot.querySelector('.tour [aria-label=\"Quay lại\"]').click()")
        .await?;
    assert_eq!(shown.get(&format!("{looked}.angle")).await?, 30);
    shown.run("viewer().stopTour()").await?;
    assert_eq!(shown.get("part('tour').hidden").await?, true);
    assert_eq!(shown.get("events('tour').at(-1).state").await?, "end");
    shown.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn variants_are_chosen_and_animations_played() -> Result<()> {
    let shown = Shown::aimed("", "model").await?;
    shown
        .run("const model = viewer()._views.model; \
              model.variants = () => '[\"Đỏ\",\"Xanh\"]'; model.animations = () => '[\"Mở nắp\"]'; \
              Object.defineProperty(model, 'variant', { value: -1, writable: true }); \
              Object.defineProperty(model, 'playing', { value: false, writable: true }); \
              model.play = index => { model.playing = true; model.played = index; }; model.pause = () => { model.playing = false; }; \
              viewer()._want()")
        .await?;
    shown.until("part('variant-choice')").await?;
    assert_eq!(
        shown
            .get("[...part('variant-choice').options].map(o => o.text)")
            .await?,
        json!(["Mặc định", "Đỏ", "Xanh"])
    );
    shown
        .run("part('variant-choice').selectedIndex = 2; part('variant-choice').dispatchEvent(new Event('change'))")
        .await?;
    assert_eq!(shown.get("viewer().variant").await?, 1);
    assert_eq!(
        shown.get("events('variant')").await?,
        json!([{ "index": 1, "name": "Xanh" }])
    );
    shown
        .run("viewer().shadowRoot.querySelector('[aria-label=\"Phát chuyển động\"]').click()")
        .await?;
    assert_eq!(
        shown
            .get("viewer().playing && viewer()._views.model.played === 0")
            .await?,
        true
    );
    shown
        .run("viewer().shadowRoot.querySelector('[aria-label=\"Dừng chuyển động\"]').click()")
        .await?;
    assert_eq!(shown.get("viewer().playing").await?, false);
    shown.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_an_ar_button_only_where_it_opens_something() -> Result<()> {
    let element =
        "<xoay-viewer src=/pages/product.json view=model width=640 height=480></xoay-viewer>";
    let shown = Shown::new(element).await?;
    shown.until("told('load') && viewer()._ready.ar").await?;
    assert_eq!(
        shown.get("part('ar-button')").await?,
        json!(null),
        "a desktop has none"
    );
    // As an iPhone, first without a USDZ, then with one.
    shown
        .run("DOMTokenList.prototype.supports = what => what === 'ar'; viewer().reload()")
        .await?;
    shown.until("viewer()._ready.ar").await?;
    assert_eq!(shown.get("part('ar-button')").await?, json!(null));
    shown
        .run("const ask = fetch; window.fetch = async (...given) => { const answer = await ask(...given); \
              if (!String(given[0]).includes('product.json')) return answer; const product = await answer.json(); \
              product.model.usdz = '/fixtures/jar.usdz'; return new Response(JSON.stringify(product)); }; viewer().reload()")
        .await?;
    shown.until("part('ar-button')").await?;
    let link = shown
        .get("[part('ar-button').rel, new URL(part('ar-button').href).pathname, part('ar-button').children.length, part('ar-button').firstElementChild.tagName]")
        .await?;
    assert_eq!(link, json!(["ar", "/fixtures/jar.usdz", 1, "IMG"]));

    let script = xoay_viewer_bundle::files()
        .iter()
        .find(|file| file.path.starts_with("ar-"))
        .unwrap();
    let module = format!("import('/viewer/{}')", script.path);
    let intent = shown
        .browser
        .wait(&format!(
            "{module}.then(ar => [ar.sceneViewer('https://a.example/b.glb?x=1&y', 'Hũ & nắp', 'https://a.example/'), ar.sceneViewer('http://a.example/b.glb', '', '')])"
        ))
        .await?;
    let text = intent[0].as_str().unwrap();
    assert!(
        text.starts_with("intent://arvr.google.com/scene-viewer/"),
        "{text}"
    );
    assert!(
        text.contains("file=https%3A%2F%2Fa.example%2Fb.glb%3Fx%3D1%26y&"),
        "{text}"
    );
    assert_eq!(intent[1], json!(null), "plain HTTP is refused there");
    let needs = shown
        .browser
        .wait(&format!(
            "Promise.all([{module}, fetch('/fixtures/jar.glb').then(r => r.arrayBuffer())]).then(([ar, glb]) => \
             [ar.required(glb), ar.required(glb.slice(0, 30)), ar.required(new ArrayBuffer(64))])"
        ))
        .await?;
    assert!(
        needs[0]
            .as_array()
            .unwrap()
            .contains(&json!("EXT_meshopt_compression")),
        "{needs}"
    );
    assert_eq!((&needs[1], &needs[2]), (&json!(null), &json!(null)));
    shown.close().await
}

/// Tiles in two sizes, 1280 and 2560 pixels wide: the smaller blue, the larger red.
const TILED: &str = "
    const answer = window.fetch;
    window.ranges = [];
    async function tiles() {
        const paint = async (w, h, colour) => {
            const canvas = new OffscreenCanvas(w, h);
            const context = canvas.getContext('2d');
            context.fillStyle = colour;
            context.fillRect(0, 0, w, h);
            return new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer());
        };
        const parts = [];
        for (const [width, height, colour] of [[2560, 1920, '#f00'], [1280, 960, '#00f']]) {
            for (let y = 0; y < height; y += 512) for (let x = 0; x < width; x += 512) {
                parts.push(await paint(Math.min(512, width - x), Math.min(512, height - y), colour));
            }
        }
        const index = new DataView(new ArrayBuffer(24 + 4 * parts.length));
        [...'XTILES\\0\\x01'].forEach((c, at) => index.setUint8(at, c.charCodeAt(0)));
        index.setUint32(8, 2560, true);
        index.setUint32(12, 1920, true);
        index.setUint16(16, 512, true);
        index.setUint8(18, 2);
        index.setUint8(19, 2);
        index.setUint32(20, index.byteLength, true);
        parts.forEach((part, at) => index.setUint32(24 + 4 * at, part.length, true));
        return new Blob([index, ...parts]);
    }
    window.fetch = async (url, options) => {
        if (String(url).includes('.xtiles')) {
            const [start, end] = options.headers.range.slice(6).split('-').map(Number);
            ranges.push([start, end]);
            const file = await (window.tiled = window.tiled || tiles());
            return new Response(file.slice(start, end + 1), { status: 206 });
        }
        const response = await answer(url, options);
        if (!String(url).endsWith('product.json')) return response;
        const product = await response.json();
        const urls = product.spin.frames.map((_, at) => `/tiles/${at}.xtiles`);
        product.spin.tiles = { format: 'jpg', width: 2560, height: 1920, tileSize: 512, levels: 2, indexBytes: 24 + 4 * 26, sizeBytes: 1, urls };
        return new Response(JSON.stringify(product));
    };
    window.middle = () => {
        const canvas = part('detail');
        if (!canvas || canvas.hidden) return '';
        const [r, g, b] = canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
        return r > 200 && b < 60 ? 'red' : b > 200 && r < 60 ? 'blue' : '';
    };
";

#[tokio::test(flavor = "multi_thread")]
async fn a_zoomed_photo_is_sharpened_by_the_tiles_in_view() -> Result<()> {
    let element =
        "<xoay-viewer src=/pages/product.json view=spin width=640 height=480></xoay-viewer>";
    let shown = Shown::with(element, TILED, super::STRICT).await?;
    shown.until("told('load')").await?;
    assert_eq!(
        shown.get("ranges").await?,
        json!([]),
        "nothing before it is zoomed"
    );
    shown
        .run("viewer()._view.zoom_by(1280 / viewer()._view.canvas.width * devicePixelRatio)")
        .await?;
    shown.until("middle() === 'blue'").await?;
    shown.run("viewer()._view.zoom_by(2)").await?;
    shown.until("middle() === 'red'").await?;
    shown.browser.screenshot("element-tiles").await?;
    // Of 20 tiles only those in view, and the index once.
    let asked = shown.get("ranges.length").await?.as_u64().unwrap();
    assert!((4..20).contains(&asked), "{asked} requests");
    assert_eq!(
        shown.get("ranges.filter(r => r[0] === 0)").await?,
        json!([[0, 127]])
    );

    shown.run("viewer().frame = 3").await?;
    shown
        .until("ranges.filter(r => r[0] === 0).length === 2 && middle() === 'red'")
        .await?;
    shown.run("viewer().reset()").await?;
    shown.until("part('detail').hidden").await?;
    shown.close().await
}
