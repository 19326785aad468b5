//! What `<xoay-viewer>` does around its views, in a real Chromium under a strict content security policy: loading when the
//! network fails, hotspots, tours, dimensions, autoplay, the kiosk. Where the cameras stood is stubbed: the views have tests
//! of their own.

mod features;
mod loading;
mod package;
mod photos;
mod screens;

use anyhow::Result;
use serde_json::{Value, json};
use xoay_tests::browser::Browser;
use xoay_tests::site::Site;

const STRICT: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; img-src 'self'; \
                      style-src 'self'; base-uri 'none'; require-trusted-types-for 'script'";

/// Counts what happens and what must not; a file of its own, since the policy forbids scripts within the page.
const WATCH: &str = "
    window.seen = { violations: [], errors: [], events: [], fetched: [] };
    document.addEventListener('securitypolicyviolation', e => seen.violations.push(e.violatedDirective + ' ' + e.blockedURI));
    addEventListener('error', e => seen.errors.push(e.message));
    addEventListener('unhandledrejection', e => seen.errors.push(String(e.reason)));
    for (const name of ['load', 'frame', 'error', 'view', 'retry', 'interact', 'zoom', 'hotspot', 'tour', 'dimensions', 'point',
        'fullscreen', 'autoplay', 'variant', 'animation', 'ar', 'countdown', 'idle', 'begin']) {
        document.addEventListener('xoay-' + name, e => seen.events.push([name, e.detail]));
    }
    window.viewer = () => document.querySelector('xoay-viewer');
    window.part = name => viewer().shadowRoot.querySelector('[part=' + name + ']');
    window.events = name => seen.events.filter(e => e[0] === name).map(e => e[1]);
    window.told = name => events(name).length > 0;
    // The network as a test wants it: how often an address still fails and with what, or all of it cut.
    window.fails = {};
    window.cut = false;
    window.askNetwork = window.fetch;
    window.fetch = async (url, options) => {
        const path = new URL(url, location.href).pathname;
        seen.fetched.push(path);
        if (cut) throw new TypeError('Failed to fetch');
        const planned = fails[path];
        if (planned && planned.times > 0) {
            planned.times -= 1;
            if (planned.status) return new Response('no', { status: planned.status });
            throw new TypeError('Failed to fetch');
        }
        return askNetwork(url, options);
    };
    Object.defineProperty(navigator, 'onLine', { get: () => !cut });
    window.network = on => {
        window.cut = !on;
        dispatchEvent(new Event(on ? 'online' : 'offline'));
    };
    // A camera straight ahead, a metre wide: the middle of the stage is the point 0, 0.05, 0.
    window.aim = name => {
        const view = viewer()._views[name];
        view.project = (x, y, z, nx, ny, nz) => {
            const box = part('stage').getBoundingClientRect();
            const turned = view.angle_deg * Math.PI / 180;
            const front = (x, z) => -x * Math.sin(turned) + z * Math.cos(turned);
            const side = x * Math.cos(turned) + z * Math.sin(turned);
            const visible = Number.isNaN(nx) || front(nx, nz) > -0.1;
            return new Float64Array([box.width / 2 + side * 1000, box.height / 2 - (y - 0.05) * 1000, visible ? 1 : 0]);
        };
        view.look = (angle, elevation, zoom, glide) => {
            view.looked = { angle, elevation, zoom, glide };
            view.angle_deg = angle;
        };
        view.bounds = () => new Float64Array([]);
        view.surface_at = (x, y) => x > 20 ? new Float64Array([0.01, 0.02, 0.03, 0, 0, 1]) : new Float64Array([]);
        viewer()._want();
        viewer()._tell('drawn');
        viewer()._wake();
    };
";

const SIZES: &str = "xoay-viewer { display: block; aspect-ratio: 4 / 3 }";

/// The fixture's product with a story, its addresses counted from the site's root.
fn product() -> Value {
    let text = include_str!("../fixtures/viewer/product.json");
    let mut product: Value = serde_json::from_str(text).unwrap();
    rebase(&mut product);
    product["dimensionsM"] = json!([0.075, 0.1, 1.25]);
    product["hotspots"] = json!([
        { "id": "lid", "position": [0, 0.1, 0], "normal": [0, 1, 0], "title": { "vi": "Nắp", "en": "Lid" },
          "text": { "vi": "Bằng gỗ.", "en": "Of wood." }, "url": "https://shop.example/lid" },
        { "id": "back", "position": [0, 0.05, -0.04], "normal": [0, 0, -1], "title": { "en": "Back" }, "url": "javascript:alert(1)" },
        { "id": "broken", "position": [0, "x"], "title": { "en": "Broken" } }
    ]);
    product["tours"] = json!([{
        "id": "around", "title": { "vi": "Quanh hũ", "en": "Around" },
        "stops": [
            { "angleDeg": 30, "elevationDeg": 10, "zoom": 1, "text": { "vi": "Đầu tiên", "en": "First" }, "seconds": 2 },
            { "angleDeg": 90, "elevationDeg": 20, "zoom": 2, "hotspot": "lid", "seconds": 60 }
        ]
    }]);
    product
}

fn rebase(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                match (name.as_str(), value) {
                    ("url", Value::String(url)) => *url = format!("/fixtures/{url}"),
                    ("urls", Value::Array(urls)) => {
                        for url in urls {
                            *url = format!("/fixtures/{}", url.as_str().unwrap()).into();
                        }
                    }
                    (_, other) => rebase(other),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(rebase),
        _ => {}
    }
}

/// A page with one element, opened after `prepare` has run in it.
struct Shown {
    browser: Browser,
    _site: Site,
}

impl Shown {
    async fn with(element: &str, prepare: &str, policy: &str) -> Result<Self> {
        Self::serving(element, prepare, policy, &[]).await
    }

    /// The same, with more files under `/pages/`.
    async fn serving(
        element: &str,
        prepare: &str,
        policy: &str,
        more: &[(&str, String)],
    ) -> Result<Self> {
        let page = format!(
            "<!doctype html><html lang=vi><meta charset=utf-8><meta name=viewport content='width=device-width'>\
             <title>Xoay</title><link rel=stylesheet href=page.css><script src=watch.js></script>\
             <script src=prepare.js></script><script type=module src=/viewer/xoay-viewer.js></script>\
             <h1>Mật ong</h1>{element}"
        );
        let mut pages = vec![
            ("index", page),
            ("watch.js", WATCH.to_owned()),
            ("prepare.js", prepare.to_owned()),
            ("page.css", SIZES.to_owned()),
            ("product.json", product().to_string()),
        ];
        pages.extend_from_slice(more);
        let site = Site::start("viewer", &pages, Some(policy.to_owned())).await?;
        let browser = Browser::start(900, 800).await?;
        browser
            .open(&format!("{}/pages/index", site.origin))
            .await?;
        browser.until("window.seen").await?;
        Ok(Self {
            browser,
            _site: site,
        })
    }

    async fn new(element: &str) -> Result<Self> {
        Self::with(element, "", STRICT).await
    }

    /// A loaded product whose cameras are known.
    async fn aimed(attributes: &str, view: &str) -> Result<Self> {
        let element = format!(
            "<xoay-viewer src=/pages/product.json view={view} width=640 height=480 {attributes}>\
             <button id=own slot=hotspot-own data-position='0.04 0.05 0' data-normal='1 0 0'>Riêng</button></xoay-viewer>"
        );
        let shown = Self::new(&element).await?;
        shown.until("told('load')").await?;
        shown.run(&format!("aim('{view}')")).await?;
        // Placed with the next picture.
        let places = "[...viewer().shadowRoot.querySelectorAll('.place')]";
        shown
            .until(&format!(
                "{places}.length === 3 && {places}.every(place => !place.hidden)"
            ))
            .await?;
        Ok(shown)
    }

    async fn until(&self, condition: &str) -> Result<()> {
        self.browser.until(condition).await
    }

    /// Runs statements.
    async fn run(&self, script: &str) -> Result<Value> {
        self.browser.run(script).await
    }

    /// The value of an expression.
    async fn get(&self, expression: &str) -> Result<Value> {
        self.browser.run(&format!("return {expression}")).await
    }

    /// Ends in good order; nothing may have gone wrong that the page does not show.
    async fn close(self) -> Result<()> {
        let seen = self.get("seen").await?;
        assert_eq!(seen["violations"], json!([]), "the policy was violated");
        assert_eq!(seen["errors"], json!([]), "the page had errors");
        self.browser.close().await
    }
}
