//! How each engine starts on a machine without a screen or a graphics card.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::marionette::Bridge;

/// How long a browser may take to come up on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// The flags that make a headless Chromium quiet and give it WebGL 2 without a GPU.
const CHROMIUM_FLAGS: [&str; 11] = [
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

/// Firefox without its own traffic and greetings, with WebGL on Mesa's software driver and with touch.
const FIREFOX_PREFERENCES: &str = r#"
user_pref("marionette.port", 0);
user_pref("webgl.force-enabled", true);
user_pref("dom.w3c_touch_events.enabled", 1);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.page", 0);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.newtabpage.enabled", false);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("dom.ipc.processPrelaunch.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
"#;

/// A browser engine that shoppers use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Chrome, Edge, Cốc Cốc, Android: Debian's Chromium.
    Chromium,
    /// Firefox, its extended support release.
    Firefox,
    /// Safari's engine, as `WebKitGTK`.
    WebKit,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    /// Its name in the names of pictures.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }
}

/// What a browser is made to do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Nothing: as shoppers have it.
    Nothing,
    /// WebAssembly, as under a company's policy or in an old browser.
    WebAssembly,
    /// WebGL, as with a blocked driver.
    WebGl,
    /// Scripts.
    Scripts,
}

/// Programs that run a browser, and where its `WebDriver` answers.
pub(super) struct Started {
    pub(super) url: String,
    pub(super) capabilities: Value,
    pub(super) children: Vec<Child>,
    pub(super) bridge: Option<Bridge>,
}

pub(super) async fn start(
    engine: Engine,
    lack: Lack,
    profile: &Path,
    size: (u32, u32),
) -> Result<Started> {
    match engine {
        Engine::Chromium => chromium(lack, profile, size).await,
        Engine::Firefox => firefox(lack, profile).await,
        Engine::WebKit => webkit(lack, profile).await,
    }
}

async fn chromium(
    lack: Lack,
    profile: &Path,
    (width_px, height_px): (u32, u32),
) -> Result<Started> {
    let mut driver = spawn(
        Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped()),
    )?;
    let port = timeout(PATIENCE, chromedriver_port(&mut driver))
        .await
        .context("chromedriver says no port")??;
    let mut args: Vec<String> = CHROMIUM_FLAGS.iter().map(|&flag| flag.to_owned()).collect();
    args.push(format!("--user-data-dir={}", profile.display()));
    args.push(format!("--window-size={width_px},{height_px}"));
    match lack {
        Lack::Nothing => {}
        Lack::WebAssembly => args.push("--js-flags=--jitless".to_owned()),
        // The first is for the page's canvases alone; a canvas of no page has it still.
        Lack::WebGl => {
            args.retain(|arg| !arg.contains("swiftshader"));
            args.extend(
                [
                    "--disable-3d-apis",
                    "--disable-gpu",
                    "--disable-software-rasterizer",
                ]
                .map(str::to_owned),
            );
        }
        Lack::Scripts => args.push("--blink-settings=scriptEnabled=false".to_owned()),
    }
    Ok(Started {
        url: format!("http://127.0.0.1:{port}"),
        capabilities: json!({ "goog:chromeOptions": { "args": args } }),
        children: vec![driver],
        bridge: None,
    })
}

async fn chromedriver_port(driver: &mut Child) -> Result<u16> {
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

async fn firefox(lack: Lack, profile: &Path) -> Result<Started> {
    let mut preferences = FIREFOX_PREFERENCES.to_owned();
    preferences.push_str(match lack {
        Lack::Nothing => "",
        Lack::WebAssembly => "user_pref(\"javascript.options.wasm\", false);\n",
        Lack::WebGl => "user_pref(\"webgl.disabled\", true);\n",
        Lack::Scripts => "user_pref(\"javascript.enabled\", false);\n",
    });
    fs::write(profile.join("user.js"), preferences)?;
    let (display, screen) = screen().await?;
    // Headless Firefox has no WebGL 2; under Xvfb it has.
    let browser = spawn(
        on_screen(&mut Command::new("firefox-esr"), &display, profile)
            .args(["--marionette", "--no-remote", "--profile"])
            .arg(profile)
            .stdout(Stdio::null()),
    )?;
    let said = profile.join("MarionetteActivePort");
    let port = timeout(PATIENCE, async {
        loop {
            let text = fs::read_to_string(&said).unwrap_or_default();
            if let Ok(port) = text.trim().parse::<u16>() {
                return port;
            }
            sleep(Duration::from_millis(30)).await;
        }
    })
    .await
    .context("Firefox opens no port for its driver")?;
    let bridge = Bridge::start(port).await?;
    Ok(Started {
        url: bridge.url.clone(),
        capabilities: json!({}),
        children: vec![browser, screen],
        bridge: Some(bridge),
    })
}

async fn webkit(lack: Lack, profile: &Path) -> Result<Started> {
    let port = crate::service::free_port();
    let (display, screen) = screen().await?;
    let mut command = Command::new("WebKitWebDriver");
    on_screen(&mut command, &display, profile)
        .arg(format!("--port={port}"))
        // Only here: the sandbox needs rights that a container lacks, and the pages are our own.
        .env("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1")
        .stdout(Stdio::null());
    let mut args = vec!["--automation"];
    match lack {
        Lack::Nothing => {}
        Lack::WebAssembly => {
            command.env("JSC_useWasm", "false");
        }
        Lack::WebGl => args.push("--enable-webgl=false"),
        Lack::Scripts => args.push("--enable-javascript=false"),
    }
    let driver = spawn(&mut command)?;
    timeout(PATIENCE, async {
        while tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_err()
        {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .context("WebKitWebDriver does not listen")?;
    Ok(Started {
        url: format!("http://127.0.0.1:{port}"),
        capabilities: json!({ "webkitgtk:browserOptions": { "binary": mini_browser()?, "args": args } }),
        children: vec![driver, screen],
        bridge: None,
    })
}

/// The small browser that comes with `WebKitGTK`; its folder bears the machine's name.
fn mini_browser() -> Result<PathBuf> {
    let libraries = fs::read_dir("/usr/lib")?
        .flatten()
        .map(|entry| entry.path());
    libraries
        .flat_map(|folder| {
            ["webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0"]
                .map(|version| folder.join(version).join("MiniBrowser"))
        })
        .find(|path| path.is_file())
        .context("WebKit's MiniBrowser is missing: `cargo xtask test` installs it (Debian: webkit2gtk-driver)")
}

/// A screen without a monitor, of its own for each browser so that none takes another's focus: `:99` and its server.
async fn screen() -> Result<(String, Child)> {
    let mut server = spawn(
        Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "1920x1400x24",
                "-nolisten",
                "tcp",
            ])
            .stdout(Stdio::piped()),
    )?;
    let stdout = server.stdout.take().context("Xvfb has no output")?;
    let mut line = String::new();
    timeout(PATIENCE, BufReader::new(stdout).read_line(&mut line))
        .await
        .context("Xvfb says no number")??;
    Ok((format!(":{}", line.trim()), server))
}

fn on_screen<'a>(command: &'a mut Command, display: &str, home: &Path) -> &'a mut Command {
    command
        .env("DISPLAY", display)
        .env("GDK_BACKEND", "x11")
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        .env("NO_AT_BRIDGE", "1")
        .env("LANG", "C.UTF-8")
        // Nothing of the machine's own settings, and nothing left in them.
        .env("HOME", home)
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_CACHE_HOME")
}

fn spawn(command: &mut Command) -> Result<Child> {
    let program = command
        .as_std()
        .get_program()
        .to_string_lossy()
        .into_owned();
    command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| {
            format!("cannot start {program}: `cargo xtask test` installs the browsers")
        })
}
