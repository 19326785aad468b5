//! What a fresh machine lacks: system packages, the WebAssembly target, test tools.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::{cargo, execute, on_path, root, say, succeeds, target_dir};

/// Something outside cargo that a task uses.
pub struct Tool {
    /// What it is for, said when it is missing.
    purpose: &'static str,
    /// Debian's packages that bring it.
    debian: &'static [&'static str],
    /// Whether it is here.
    present: fn() -> bool,
    /// Whether the task can do without it.
    optional: bool,
}

/// What building takes.
pub const BUILD: &[Tool] = &[
    Tool {
        purpose: "a C and C++ compiler, for the image and mesh codecs",
        debian: &["build-essential"],
        present: || on_path("c++") && on_path("cc"),
        optional: false,
    },
    Tool {
        purpose: "cmake, for libjpeg-turbo and libaom (without it Rust's JPEG and AVIF codecs serve)",
        debian: &["cmake"],
        present: || on_path("cmake"),
        optional: true,
    },
    Tool {
        purpose: "nasm, for SIMD in the JPEG and AVIF codecs (without it they are several times slower)",
        debian: &["nasm"],
        present: || on_path("nasm"),
        optional: true,
    },
];

/// What drawing a model's poster takes: any Vulkan driver; Mesa's needs no graphics card.
pub const DRAWING: &[Tool] = &[Tool {
    purpose: "a Vulkan driver, for the posters of models (Mesa's software driver will do)",
    debian: &["mesa-vulkan-drivers", "libvulkan1"],
    present: has_vulkan,
    optional: true,
}];

/// What the service is measured beside.
pub const SERVING: &[Tool] = &[
    Tool {
        purpose: "nginx, beside which the service is measured",
        debian: &["nginx-light"],
        present: || on_path("nginx"),
        optional: false,
    },
    Tool {
        purpose: "Node.js and npm, for the reference client of uploads in pieces",
        debian: &["nodejs", "npm"],
        present: || on_path("node") && on_path("npm"),
        optional: false,
    },
    Tool {
        purpose: "Python and curl, for the bench's catalogue",
        debian: &["python3", "curl"],
        present: || on_path("python3") && on_path("curl"),
        optional: false,
    },
];

/// What the tests take beyond that.
pub const TESTING: &[Tool] = &[
    Tool {
        purpose: "Chromium and its driver, for the browser tests",
        debian: &["chromium", "chromium-driver", "fonts-noto-core"],
        present: || on_path("chromium") && on_path("chromedriver"),
        optional: false,
    },
    Tool {
        purpose: "Firefox, for the browser tests",
        debian: &["firefox-esr"],
        present: || on_path("firefox-esr"),
        optional: false,
    },
    Tool {
        purpose: "WebKit and its driver, for the browser tests",
        debian: &["webkit2gtk-driver"],
        present: || on_path("WebKitWebDriver"),
        optional: false,
    },
    Tool {
        purpose: "a screen without a monitor and OpenGL without a graphics card, for the browser tests",
        debian: &["xvfb", "libegl1", "libgles2", "libgl1-mesa-dri"],
        present: || on_path("Xvfb"),
        optional: false,
    },
    Tool {
        purpose: "Duktape, an interpreter of ECMAScript 5, for the viewer's part for old browsers",
        debian: &["duktape"],
        present: || on_path("duk"),
        optional: false,
    },
    Tool {
        purpose: "a Vulkan driver, for the tests of the renderer (Mesa's software driver will do)",
        debian: &["mesa-vulkan-drivers", "libvulkan1"],
        present: has_vulkan,
        optional: false,
    },
    Tool {
        purpose: "Node.js and npm, for the Khronos glTF validator and what judges the viewer",
        debian: &["nodejs", "npm"],
        present: || on_path("node") && on_path("npm"),
        optional: false,
    },
    Tool {
        purpose: "PostgreSQL, for the tests of the catalogue",
        debian: &["postgresql"],
        present: || Path::new("/usr/lib/postgresql").is_dir(),
        optional: false,
    },
    Tool {
        purpose: "Python with venv, for the S3 test server, schemathesis and OpenUSD",
        debian: &["python3", "python3-venv"],
        present: || succeeds("python3", &["-c", "import venv, ensurepip"]),
        optional: false,
    },
];

fn has_vulkan() -> bool {
    if cfg!(not(target_os = "linux")) {
        return true;
    }
    ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"]
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .any(|mut entries| entries.next().is_some())
}

/// Installs what is missing of `tools` where apt exists; elsewhere says what to install.
pub fn ensure(tools: &[&[Tool]]) -> Result<()> {
    let missing = || {
        tools
            .iter()
            .copied()
            .flatten()
            .filter(|tool| !(tool.present)())
    };
    let packages: Vec<&str> = missing().flat_map(|tool| tool.debian).copied().collect();
    if packages.is_empty() {
        return Ok(());
    }
    if let Err(error) = apt_install(&packages) {
        eprintln!("   {error:#}");
    }
    let mut needed = Vec::new();
    for tool in missing() {
        let line = format!("{} (Debian: {})", tool.purpose, tool.debian.join(" "));
        if tool.optional {
            eprintln!("   going on without {line}");
        } else {
            needed.push(line);
        }
    }
    if !needed.is_empty() {
        bail!(
            "please install, then run again:\n  - {}",
            needed.join("\n  - ")
        );
    }
    Ok(())
}

fn apt_install(packages: &[&str]) -> Result<()> {
    if !on_path("apt-get") {
        bail!(
            "no apt here: cannot install {} by myself",
            packages.join(" ")
        );
    }
    say(&format!("Installing {}", packages.join(" ")));
    let install = |packages: &[&str]| {
        execute(
            apt()?
                .args(["install", "--yes", "--no-install-recommends"])
                .args(packages),
        )
    };
    // The list of packages may be absent or old: fetch it when the first try fails.
    if install(packages).is_ok() {
        return Ok(());
    }
    execute(apt()?.arg("update"))?;
    install(packages)
}

/// apt-get with the rights it needs: as root, or by a sudo that asks nothing.
fn apt() -> Result<Command> {
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.stdout.trim_ascii() == b"0");
    let mut command = if is_root {
        Command::new("apt-get")
    } else if succeeds("sudo", &["-n", "true"]) {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "apt-get"]);
        sudo
    } else {
        bail!("neither root nor a password-free sudo: cannot install packages by myself");
    };
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .arg("-qq")
        .arg("-o=Dpkg::Use-Pty=0");
    Ok(command)
}

/// Adds the target that the viewer is compiled for.
///
/// `rustup target add` is called by name: it works also where rustup's automatic installation is off.
pub fn ensure_wasm_target() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let installed = || {
        Command::new("rustc")
            .current_dir(root())
            .args(["--print", "target-libdir", "--target", TARGET])
            .output()
            .is_ok_and(|out| {
                out.status.success()
                    && Path::new(String::from_utf8_lossy(&out.stdout).trim()).is_dir()
            })
    };
    if installed() {
        return Ok(());
    }
    say(&format!("Adding the {TARGET} target"));
    if !on_path("rustup") {
        bail!(
            "the {TARGET} target is missing and rustup is not here to add it; install Rust's standard library for {TARGET} with your package manager"
        );
    }
    execute(
        Command::new("rustup")
            .current_dir(root())
            .args(["target", "add", TARGET]),
    )?;
    if !installed() {
        bail!(
            "rustup added {TARGET}, but rustc does not find it; is another rustc first on the path?"
        );
    }
    Ok(())
}

/// The glTF validator in `target/tools/validator`, from the lock file in `tests/validator`.
pub fn ensure_validator() -> Result<()> {
    npm_packages("tests/validator", "validator")?;
    copy_beside("tests/validator", "validator", "validate.mjs")
}

/// What judges the viewer in its tests, in `target/tools/node`, from the lock file in `tests/node`.
pub fn ensure_viewer_judges() -> Result<()> {
    npm_packages("tests/node", "node")?;
    copy_beside("tests/node", "node", "es5.mjs")?;
    copy_beside("tests/node", "node", "tus.mjs")
}

/// What the spin's bench is compared with, in `target/tools/sharp`, from the lock file in `benches/peers`.
pub fn ensure_sharp() -> Result<()> {
    npm_packages("benches/peers", "sharp")?;
    copy_beside("benches/peers", "sharp", "sharp.mjs")
}

/// The optimizers that ours is measured beside, in `target/tools/optimizers`, from the lock file in `benches/peers/gltf`.
pub fn ensure_peer_optimizers() -> Result<()> {
    npm_packages("benches/peers/gltf", "optimizers")
}

/// The viewers that ours is measured beside, in `target/tools/viewers`, from the lock file in `benches/peers/viewers`.
pub fn ensure_peer_viewers() -> Result<()> {
    npm_packages("benches/peers/viewers", "viewers")
}

/// Installs what the lock file in `source` names into `target/tools/<name>`.
fn npm_packages(source: &str, name: &str) -> Result<()> {
    let from = root().join(source);
    let place = target_dir().join("tools").join(name);
    once(&place, &from.join("package-lock.json"), || {
        for file in ["package.json", "package-lock.json"] {
            fs::copy(from.join(file), place.join(file))
                .with_context(|| format!("cannot copy {source}"))?;
        }
        execute(Command::new("npm").current_dir(&place).args([
            "ci",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ]))
    })
}

/// Puts a script where it finds the packages: beside them.
fn copy_beside(source: &str, name: &str, script: &str) -> Result<()> {
    let place = target_dir().join("tools").join(name);
    fs::copy(root().join(source).join(script), place.join(script))
        .with_context(|| format!("cannot copy {source}/{script}"))?;
    Ok(())
}

/// The S3 test server in `target/tools/s3`, from `tests/s3/requirements.txt`.
pub fn ensure_s3_server() -> Result<()> {
    python_packages("tests/s3", "s3")
}

/// Garage, an S3 server for many machines, in `target/tools/garage`; its license is AGPL 3.0, and nothing of it is linked
/// in. Gives the program's path.
pub fn ensure_garage() -> Result<PathBuf> {
    const VERSION: &str = "2.5.0";
    let place = target_dir().join("tools").join("garage");
    let program = place.join("bin/garage");
    let is_there = Command::new(&program)
        .arg("--version")
        .output()
        .is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains(VERSION));
    if !is_there {
        say("Building Garage");
        execute(
            cargo()
                .args(["install", "garage", "--locked", "--version", VERSION])
                .args(["--no-default-features", "--features", "bundled-libs,sqlite"])
                .arg("--root")
                .arg(&place),
        )?;
    }
    Ok(program)
}

/// Schemathesis, which asks the service what its description allows and more, in `target/tools/schemathesis`, from
/// `tests/schemathesis/requirements.txt`.
pub fn ensure_schemathesis() -> Result<()> {
    python_packages("tests/schemathesis", "schemathesis")
}

/// `OpenUSD`, which judges USDZ, in `target/tools/usd`, from `tests/usd/requirements.txt`.
pub fn ensure_usd_reader() -> Result<()> {
    python_packages("tests/usd", "usd")
}

/// `pycolmap` in `target/tools/colmap`, from `benches/peers/colmap/requirements.txt`. The bench does without where it
/// cannot be had.
pub fn try_colmap() {
    if let Err(error) = python_packages("benches/peers/colmap", "colmap") {
        eprintln!("   going on without COLMAP: {error:#}");
    }
}

/// Installs what `requirements.txt` in `source` names into a Python environment in `target/tools/<name>`.
fn python_packages(source: &str, name: &str) -> Result<()> {
    let requirements = root().join(source).join("requirements.txt");
    let place = target_dir().join("tools").join(name);
    once(&place, &requirements, || {
        execute(
            Command::new("python3")
                .arg("-m")
                .arg("venv")
                .arg("--clear")
                .arg(&place),
        )?;
        execute(
            Command::new(place.join("bin/pip"))
                .args([
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--requirement",
                ])
                .arg(&requirements),
        )
    })
}

/// Runs `install` in an emptied `place` unless it already ran there for the same `recipe`.
fn once(place: &Path, recipe: &Path, install: impl FnOnce() -> Result<()>) -> Result<()> {
    let wanted = fs::read(recipe).with_context(|| format!("cannot read {}", recipe.display()))?;
    let stamp: PathBuf = place.with_extension("installed");
    if fs::read(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    say(&format!("Installing test tools into {}", place.display()));
    if place.exists() {
        fs::remove_dir_all(place)?;
    }
    fs::create_dir_all(place)?;
    install()?;
    fs::write(stamp, wanted)?;
    Ok(())
}
