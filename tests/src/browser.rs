//! A real Chromium, driven over WebDriver.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Blocking, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use fantoccini::actions::{
    InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction, TouchActions,
};
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// How long a page may take for anything: generous, because the machine may be busy and the GPU is emulated.
const PATIENCE: Duration = Duration::from_secs(30);

/// The flags that make a headless Chromium quiet and give it WebGL 2 without a GPU.
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--hide-scrollbars",
];

/// One browser with a fresh profile. What it started ends with it.
pub struct Browser {
    /// The WebDriver session, for what has no method here.
    pub client: Client,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts chromedriver on a free port and a browser window of this size in CSS pixels.
    ///
    /// # Errors
    /// No `chromedriver` or `chromium` on the path, or one that does not come up.
    pub async fn start(width_px: u32, height_px: u32) -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start chromedriver: `cargo xtask test` installs it with chromium")?;
        let port = timeout(PATIENCE, port_of(&mut driver))
            .await
            .context("chromedriver says no port")??;
        let mut args: Vec<String> = FLAGS.iter().map(|&flag| flag.to_owned()).collect();
        args.push(format!("--user-data-dir={}", profile.path().display()));
        args.push(format!("--window-size={width_px},{height_px}"));
        let options = json!({ "goog:chromeOptions": { "args": args } });
        let Value::Object(capabilities) = options else {
            bail!("capabilities must be an object");
        };
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .context("chromium does not start")?;
        Ok(Self {
            client,
            driver,
            _profile: profile,
        })
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) -> Result<()> {
        Ok(self.client.goto(url).await?)
    }

    /// The value of a JavaScript function body.
    pub async fn run(&self, script: &str) -> Result<Value> {
        Ok(self.client.execute(script, vec![]).await?)
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

    async fn middle(&self, selector: &str) -> Result<(i64, i64)> {
        let element = self.client.find(Locator::Css(selector)).await?;
        let (x, y, width, height) = element.rectangle().await?;
        Ok(((x + width / 2.0) as i64, (y + height / 2.0) as i64))
    }

    /// Keeps a picture of the page as `target/browser/<name>.png` and gives its bytes.
    pub async fn screenshot(&self, name: &str) -> Result<Vec<u8>> {
        let png = self.client.screenshot().await?;
        let folder = pictures();
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(name).with_extension("png"), &png)?;
        Ok(png)
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

impl Drop for Browser {
    fn drop(&mut self) {
        // A failed test leaves its browser behind; both the driver and what it started end here, by their numbers.
        let Some(pid) = self.driver.id() else {
            return;
        };
        let mut pids = vec![pid.to_string()];
        let mut at = 0;
        while at < pids.len() {
            pids.extend(children(&pids[at]));
            at += 1;
        }
        let _ = Blocking::new("kill")
            .arg("-KILL")
            .args(&pids)
            .stderr(Stdio::null())
            .status();
    }
}

fn children(pid: &str) -> Vec<String> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let list = fs::read_to_string(path).unwrap_or_default();
    list.split_whitespace().map(str::to_owned).collect()
}

async fn port_of(driver: &mut Child) -> Result<u16> {
    let stdout = driver.stdout.take().context("chromedriver has no output")?;
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            let port = port.trim_end_matches('.').trim().parse()?;
            // Its later words go nowhere, but the pipe must not fill up.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(port);
        }
    }
    bail!("chromedriver ended before it listened")
}
