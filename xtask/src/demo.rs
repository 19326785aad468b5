//! `cargo xtask demo`: the main job from a fresh clone to a page that turns.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, UNIX_EPOCH};

use anyhow::{Context, Result};
use clap::Args;

use crate::run::{cargo, execute, on_path, root, say, target_dir};
use crate::tools;

#[derive(Args)]
pub struct Options {
    /// Stop before serving.
    #[arg(long)]
    no_serve: bool,
    /// Port on 127.0.0.1 to serve on.
    #[arg(long, default_value_t = 8360)]
    port: u16,
    /// Build and run with full optimisation: a longer build, a quicker demo.
    #[arg(long)]
    release: bool,
}

pub fn run(options: &Options) -> Result<()> {
    let begun = Instant::now();
    tools::ensure(&[tools::BUILD, tools::DRAWING])?;
    tools::ensure_wasm_target()?;

    say("Building the viewer and the server");
    let xoay = build(options.release)?;

    let capture = root().join("assets/captures/honey-jar");
    let mesh = root().join("assets/models/honey-jar.glb");
    let place = target_dir().join("demo");
    let spin = place.join("spin");
    let model = place.join("model");
    let data = place.join("data");

    make(&place.join("spin.made"), &[&capture, &xoay], &spin, || {
        say("Making a spin from 36 photos");
        execute(
            Command::new(&xoay)
                .arg("spin")
                .arg(&capture)
                .arg("-o")
                .arg(&spin),
        )
    })?;
    make(&place.join("model.made"), &[&mesh, &xoay], &model, || {
        say("Optimising a model");
        // The final slash asks for a folder: model, poster and manifest.
        let mut folder = model.clone().into_os_string();
        folder.push("/");
        execute(
            Command::new(&xoay)
                .arg("optimize")
                .arg(&mesh)
                .arg("-o")
                .arg(folder),
        )
    })?;

    say("Publishing both as one product");
    execute(
        Command::new(&xoay)
            .arg("publish")
            .arg("--data")
            .arg(&data)
            .args(["--slug", "mat-ong-hoa-nhan"])
            .args([
                "--name-vi",
                "Mật ong hoa nhãn",
                "--name-en",
                "Longan blossom honey",
            ])
            .args([
                "--producer-vi",
                "Hợp tác xã minh họa",
                "--producer-en",
                "Illustrative cooperative",
            ])
            .args([
                "--commune-vi",
                "Hồng Nam, Hưng Yên",
                "--commune-en",
                "Hong Nam, Hung Yen",
            ])
            .arg("--spin")
            .arg(&spin)
            .arg("--model")
            .arg(&model),
    )?;
    eprintln!("   ready after {:.0} s", begun.elapsed().as_secs_f64());

    let mut serve = Command::new(&xoay);
    serve
        .arg("serve")
        .arg("--data")
        .arg(&data)
        .args(["--listen", &format!("127.0.0.1:{}", options.port)]);
    if options.no_serve {
        say("Not serving, as asked. To serve later:");
        eprintln!(
            "   {} serve --data {} --listen 127.0.0.1:{}",
            xoay.display(),
            data.display(),
            options.port
        );
        return Ok(());
    }
    say(&format!(
        "Serving on http://127.0.0.1:{} (the jar: /products/mat-ong-hoa-nhan; stop with Ctrl+C)",
        options.port
    ));
    execute(&mut serve)
}

/// Builds the command and says where it is.
fn build(release: bool) -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--locked", "--package", "xoay"]);
    if release {
        build.arg("--release");
    }
    // Without their build tools the C codecs give way to pure Rust.
    let mut features = Vec::new();
    if on_path("cmake") {
        features.push("turbojpeg");
    }
    if on_path("nasm") {
        features.push("asm");
    }
    let complete = features.len() == 2;
    features.push(if complete { "aom" } else { "rav1e" });
    if !complete {
        build.args(["--no-default-features", "--features", &features.join(",")]);
    }
    execute(&mut build)?;
    let profile = if release { "release" } else { "debug" };
    Ok(target_dir()
        .join(profile)
        .join(format!("xoay{}", std::env::consts::EXE_SUFFIX)))
}

/// Runs `work` unless `result` stands and `stamp` says it was made from these very `sources`.
fn make(
    stamp: &Path,
    sources: &[&Path],
    result: &Path,
    work: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let mut wanted = String::new();
    for source in sources {
        describe(source, &mut wanted)
            .with_context(|| format!("cannot read {}", source.display()))?;
    }
    if result.join("manifest.json").is_file()
        && fs::read_to_string(stamp).is_ok_and(|found| found == wanted)
    {
        return Ok(());
    }
    work()?;
    fs::write(stamp, wanted)?;
    Ok(())
}

/// Name, size and time of change of a file or of every file in a folder.
fn describe(path: &Path, into: &mut String) -> Result<()> {
    use std::fmt::Write as _;

    let about = fs::metadata(path)?;
    if about.is_dir() {
        let mut entries = fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            describe(&entry.path(), into)?;
        }
    } else {
        let changed = about
            .modified()?
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        writeln!(
            into,
            "{} {} {}",
            path.display(),
            about.len(),
            changed.as_nanos()
        )?;
    }
    Ok(())
}
