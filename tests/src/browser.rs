//! Real browsers, driven over `WebDriver`: Chromium, Firefox and `WebKit`.

mod engine;
mod marionette;
mod processes;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use axum::http::Method;
use fantoccini::actions::{
    InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
    TouchActions, WheelAction, WheelActions,
};
use fantoccini::wd::{TimeoutConfiguration, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Child;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{sleep, timeout};

pub use engine::{Engine, Lack};
pub use processes::Process;

/// How long a page may take for anything: generous, because the machine may be busy and the GPU is emulated.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a browser may take to come up before it is given up, and how often it is tried.
const COMES_UP: Duration = Duration::from_mins(1);
const STARTS: u32 = 3;

/// How long a promise may take that a test or a bench waits for.
const WAIT_FOR_SCRIPT: Duration = Duration::from_mins(2);

/// Browsers of one test process at a time; each wants a processor to itself. With nextest, whose tests are processes,
/// the group in `.config/nextest.toml` does the same.
static ROOM: Semaphore = Semaphore::const_new(2);

/// Runs each named `async fn(Engine) -> Result<()>` in every engine, as a test of its own.
#[macro_export]
macro_rules! in_every_engine {
    ($($name:ident),+ $(,)?) => { $(
        mod $name {
            use $crate::browser::Engine;

            #[tokio::test(flavor = "multi_thread")]
            async fn chromium() -> anyhow::Result<()> {
                super::$name(Engine::Chromium).await
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn firefox() -> anyhow::Result<()> {
                super::$name(Engine::Firefox).await
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn webkit() -> anyhow::Result<()> {
                super::$name(Engine::WebKit).await
            }
        }
    )+ };
}

/// One browser with a fresh profile. What it started ends with it.
pub struct Browser {
    /// The `WebDriver` session, for what has no method here.
    pub client: Client,
    /// Which one it is.
    pub engine: Engine,
    children: Vec<Child>,
    // Ends with the browser; Firefox alone has one.
    _bridge: Option<marionette::Bridge>,
    _profile: TempDir,
    _room: SemaphorePermit<'static>,
}

impl Browser {
    /// Chromium with a window of this size in CSS pixels, for what is the same in every engine.
    ///
    /// # Errors
    /// As [`Browser::of`].
    pub async fn start(width_px: u32, height_px: u32) -> Result<Self> {
        Self::of(Engine::Chromium, width_px, height_px).await
    }

    /// A browser of one engine with a window of this size in CSS pixels.
    ///
    /// # Errors
    /// A program that is not installed, or a browser that does not come up.
    pub async fn of(engine: Engine, width_px: u32, height_px: u32) -> Result<Self> {
        Self::without(engine, Lack::Nothing, width_px, height_px).await
    }

    /// As [`Browser::of`], but for something that some shoppers' browsers lack.
    ///
    /// # Errors
    /// As [`Browser::of`].
    pub async fn without(
        engine: Engine,
        lack: Lack,
        width_px: u32,
        height_px: u32,
    ) -> Result<Self> {
        Self::launch(engine, lack, (width_px, height_px), json!({})).await
    }

    /// As [`Browser::start`], but [`Browser::open`] and what follows do not wait until the page has loaded.
    ///
    /// # Errors
    /// As [`Browser::of`].
    pub async fn start_without_waiting(width_px: u32, height_px: u32) -> Result<Self> {
        let eager = json!({ "pageLoadStrategy": "none" });
        Self::launch(
            Engine::Chromium,
            Lack::Nothing,
            (width_px, height_px),
            eager,
        )
        .await
    }

    /// A browser that does not come up, as happens once in a while on a busy machine, is ended and started anew.
    async fn launch(
        engine: Engine,
        lack: Lack,
        size: (u32, u32),
        further_capabilities: Value,
    ) -> Result<Self> {
        for _ in 1..STARTS {
            let once = Self::launch_once(engine, lack, size, further_capabilities.clone());
            if let Ok(Ok(browser)) = timeout(COMES_UP, once).await {
                return Ok(browser);
            }
        }
        Self::launch_once(engine, lack, size, further_capabilities).await
    }

    async fn launch_once(
        engine: Engine,
        lack: Lack,
        size: (u32, u32),
        further_capabilities: Value,
    ) -> Result<Self> {
        let room = ROOM.acquire().await?;
        let profile = tempfile::tempdir()?;
        let started = engine::start(engine, lack, profile.path(), size).await?;
        let Value::Object(mut capabilities) = started.capabilities else {
            bail!("capabilities must be an object");
        };
        if let Value::Object(further) = further_capabilities {
            capabilities.extend(further);
        }
        let mut connector = hyper_util::client::legacy::connect::HttpConnector::new();
        connector.set_nodelay(true);
        // From here on the browser ends with the value, also where the connection fails.
        let ending = Ending(started.children);
        let client = ClientBuilder::new(connector)
            .capabilities(capabilities)
            .connect(&started.url)
            .await
            .with_context(|| format!("{} does not start", engine.name()))?;
        let timeouts = TimeoutConfiguration::new(Some(WAIT_FOR_SCRIPT), None, None);
        client.update_timeouts(timeouts).await?;
        let browser = Self {
            client,
            engine,
            children: ending.leave(),
            _bridge: started.bridge,
            _profile: profile,
            _room: room,
        };
        if engine == Engine::Chromium {
            // A window that nobody sees has no focus from some version on, and its pages no events of it.
            browser
                .devtools(
                    "Emulation.setFocusEmulationEnabled",
                    json!({ "enabled": true }),
                )
                .await?;
        } else {
            browser.fit(size, lack).await?;
        }
        Ok(browser)
    }

    /// Makes the page, not the window, as large as asked.
    async fn fit(&self, (width_px, height_px): (u32, u32), lack: Lack) -> Result<()> {
        self.client
            .set_window_rect(0, 0, width_px, height_px)
            .await?;
        if lack == Lack::Scripts {
            return Ok(());
        }
        let inner = self.run("return [innerWidth, innerHeight]").await?;
        let missing = |at: usize, wanted: u32| {
            let found = inner[at].as_u64().unwrap_or(0) as u32;
            wanted + wanted.saturating_sub(found)
        };
        let (outer_width_px, outer_height_px) = (missing(0, width_px), missing(1, height_px));
        let client = &self.client;
        client
            .set_window_rect(0, 0, outer_width_px, outer_height_px)
            .await?;
        // Without a window manager the size comes a moment later.
        let arrived = format!("innerWidth === {width_px} && innerHeight === {height_px}");
        self.until(&arrived).await
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) -> Result<()> {
        Ok(self.client.goto(url).await?)
    }

    /// The value of a JavaScript function body.
    pub async fn run(&self, script: &str) -> Result<Value> {
        let value = self.client.execute(script, vec![]).await;
        value.with_context(|| script.to_owned())
    }

    /// The value that the promise of an expression resolves to.
    pub async fn wait(&self, promise: &str) -> Result<Value> {
        let script = format!(
            "const done = arguments[0]; ({promise}).then(value => done({{ value }}), error => done({{ error: String(error) }}));"
        );
        let result = self.client.execute_async(&script, vec![]).await?;
        match result.get("error") {
            Some(error) => bail!("{promise}: {error}"),
            None => Ok(result["value"].clone()),
        }
    }

    /// Waits until a JavaScript expression is true.
    pub async fn until(&self, condition: &str) -> Result<()> {
        self.until_within(condition, PATIENCE.as_secs()).await
    }

    /// As [`Browser::until`] with other patience, for what a busy machine works on.
    pub async fn until_within(&self, condition: &str, patience_s: u64) -> Result<()> {
        let script = format!("return Boolean({condition});");
        let poll = async {
            loop {
                if self.run(&script).await? == true {
                    return Ok::<(), anyhow::Error>(());
                }
                sleep(Duration::from_millis(40)).await;
            }
        };
        timeout(Duration::from_secs(patience_s), poll)
            .await
            .with_context(|| format!("never true: {condition}"))?
    }

    /// Drags with the mouse from a point of an element's middle by (`dx`, `dy`) pixels, in steps.
    pub async fn drag(&self, selector: &str, dx: i64, dy: i64) -> Result<()> {
        let (x, y) = self.middle(selector).await?;
        let moves = (1..=8).map(|i| (x + dx * i / 8, y + dy * i / 8));
        let to = |at| move_to(at, 16);
        let mut mouse =
            MouseActions::new("mouse".into())
                .then(to((x, y)))
                .then(PointerAction::Down {
                    button: MOUSE_BUTTON_LEFT,
                });
        for at in moves {
            mouse = mouse.then(to(at));
        }
        // A pause before lifting: no flick, the test ends where the hand does.
        let mouse = mouse
            .then(PointerAction::Pause {
                duration: Duration::from_millis(200),
            })
            .then(PointerAction::Up {
                button: MOUSE_BUTTON_LEFT,
            });
        self.client.perform_actions(mouse).await?;
        Ok(self.client.release_actions().await?)
    }

    /// Swipes with one finger.
    pub async fn swipe(&self, selector: &str, dx: i64, dy: i64) -> Result<()> {
        let (x, y) = self.middle(selector).await?;
        let to = |at| move_to(at, 24);
        let mut finger = TouchActions::new("finger".into())
            .then(to((x, y)))
            .then(PointerAction::Down { button: 0 });
        for i in 1..=8 {
            finger = finger.then(to((x + dx * i / 8, y + dy * i / 8)));
        }
        let finger = finger
            .then(PointerAction::Pause {
                duration: Duration::from_millis(200),
            })
            .then(PointerAction::Up { button: 0 });
        self.client.perform_actions(finger).await?;
        Ok(self.client.release_actions().await?)
    }

    /// Presses and lifts one key; `WebDriver`'s code points name those without a letter.
    pub async fn press(&self, key: char) -> Result<()> {
        let keys = KeyActions::new("keys".into())
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key });
        Ok(self.client.perform_actions(keys).await?)
    }

    /// Turns the wheel over an element's middle by `delta_y` pixels.
    pub async fn wheel(&self, selector: &str, delta_y: i64) -> Result<()> {
        let (x, y) = self.middle(selector).await?;
        let wheel = WheelActions::new("wheel".into()).then(WheelAction::Scroll {
            duration: Some(Duration::from_millis(16)),
            x,
            y,
            delta_x: 0,
            delta_y,
        });
        Ok(self.client.perform_actions(wheel).await?)
    }

    /// The middle of an element in CSS pixels of the window.
    pub async fn middle(&self, selector: &str) -> Result<(i64, i64)> {
        let script = format!(
            "const box = document.querySelector({}).getBoundingClientRect();
             return [box.left + box.width / 2, box.top + box.height / 2]",
            Value::from(selector)
        );
        let at = self.run(&script).await?;
        let number = |value: &Value| value.as_f64().context("a place has two numbers");
        Ok((number(&at[0])? as i64, number(&at[1])? as i64))
    }

    /// Keeps a picture of the page as `target/browser/<name>.png` and gives its bytes; engines but Chromium add theirs
    /// to the name.
    pub async fn screenshot(&self, name: &str) -> Result<Vec<u8>> {
        let png = self.client.screenshot().await?;
        let folder = pictures();
        fs::create_dir_all(&folder)?;
        let name = match self.engine {
            Engine::Chromium => format!("{name}.png"),
            other => format!("{name}-{}.png", other.name()),
        };
        fs::write(folder.join(name), &png)?;
        Ok(png)
    }

    /// Chromium's own protocol, for what `WebDriver` does not offer.
    ///
    /// # Errors
    /// Another engine, or an unknown method.
    pub async fn devtools(&self, method: &str, parameters: Value) -> Result<Value> {
        let command = DevTools(json!({ "cmd": method, "params": parameters }));
        Ok(self.client.issue_cmd(command).await?)
    }

    /// Every process of the browser, its driver and its screen left out.
    #[must_use]
    pub fn processes(&self) -> Vec<Process> {
        let ids = self.children.iter().filter_map(Child::id);
        let mut all: Vec<_> = ids
            .flat_map(processes::tree)
            .filter_map(Process::read)
            .collect();
        all.retain(|process| {
            let program = process.command.split(' ').next().unwrap_or_default();
            let name = program.rsplit('/').next().unwrap_or_default();
            !["chromedriver", "WebKitWebDriver", "Xvfb"].contains(&name)
        });
        all
    }

    /// Ends the session in good order.
    pub async fn close(self) -> Result<()> {
        Ok(self.client.clone().close().await?)
    }
}

fn move_to((x, y): (i64, i64), duration_ms: u64) -> PointerAction {
    PointerAction::MoveTo {
        duration: Some(Duration::from_millis(duration_ms)),
        x: x as f64,
        y: y as f64,
    }
}

/// Where screenshots go.
#[must_use]
pub fn pictures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/browser")
}

/// Programs that end, with all that they started, unless they are left to a browser.
struct Ending(Vec<Child>);

impl Ending {
    fn leave(mut self) -> Vec<Child> {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        for pid in self.0.iter().filter_map(Child::id) {
            processes::end(pid);
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A failed test leaves its browser behind; all that was started ends here, by their numbers.
        drop(Ending(std::mem::take(&mut self.children)));
    }
}

/// A command of Chromium's protocol through chromedriver.
#[derive(Debug)]
struct DevTools(Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.0.to_string()))
    }
}
