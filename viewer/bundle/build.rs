//! Makes the viewer's files: the WebAssembly modules by a nested cargo, the loader and its features with all names put in,
//! the legacy script, the type declarations and npm's description; compresses them and writes a table that `lib.rs` includes.
//!
//! Environment: `VIEWER_DIST` names a folder with the finished files, which are then taken as they are. `WASM_OPT` names a
//! `wasm-opt` of binaryen; without it the modules are a few percent larger.

#[path = "build/scripts.rs"]
mod scripts;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

/// What the files are made of, relative to the workspace: nothing else rebuilds the viewer.
const SOURCES: [&str; 14] = [
    "Cargo.toml",
    "Cargo.lock",
    "pipeline/format/Cargo.toml",
    "pipeline/format/src",
    "viewer/bundle/build.rs",
    "viewer/bundle/build",
    "viewer/core",
    "viewer/draco",
    "viewer/ktx2",
    "viewer/spin",
    "viewer/studio",
    "viewer/model",
    "viewer/element",
    "viewer/legacy/legacy.js",
];

/// Modules: file stem, and the crate's library name.
const MODULES: [(&str, &str); 4] = [
    ("spin", "xoay_viewer_spin"),
    ("model", "xoay_viewer_model"),
    ("draco", "xoay_viewer_draco"),
    ("ktx2", "xoay_viewer_ktx2"),
];

/// What the loader imports when a product or a page asks for it, one file each.
const FEATURES: [&str; 9] = [
    "controls",
    "detail",
    "hotspots",
    "dimensions",
    "tour",
    "variants",
    "motion",
    "ar",
    "kiosk",
];

struct File {
    path: String,
    bytes: Vec<u8>,
    immutable: bool,
}

fn main() -> Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()?;
    for source in SOURCES {
        println!(
            "cargo::rerun-if-changed={}",
            workspace.join(source).display()
        );
    }
    for name in ["VIEWER_DIST", "WASM_OPT"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let files = match env::var_os("VIEWER_DIST") {
        Some(folder) => read_folder(Path::new(&folder))?,
        None => build(&workspace, &out)?,
    };
    embed(&files, &out)
}

fn build(workspace: &Path, out: &Path) -> Result<Vec<File>> {
    let target = out.join("wasm-target");
    compile(workspace, &target)?;
    let mut files = Vec::new();
    let viewer = workspace.join("viewer");
    let element = viewer.join("element");
    let mut loader = scripts::assemble(&element, "xoay-viewer")?;
    for stem in FEATURES {
        let script = hashed(stem, "js", scripts::assemble(&element, stem)?.into_bytes());
        scripts::replace(
            &mut loader,
            &format!("'./{stem}.js'"),
            &format!("'./{}'", script.path),
        )?;
        files.push(script);
    }
    for (stem, library) in MODULES {
        let wasm = target.join(format!("wasm32-unknown-unknown/wasm/{library}.wasm"));
        let [script, module] = bind(&wasm, stem, out)?;
        scripts::replace(
            &mut loader,
            &format!("./{stem}.js"),
            &format!("./{}", script.path),
        )?;
        scripts::replace(
            &mut loader,
            &format!("./{stem}.wasm"),
            &format!("./{}", module.path),
        )?;
        files.extend([script, module]);
    }
    files.push(stable("xoay-viewer.js", loader.into_bytes()));
    files.push(stable(
        "legacy.js",
        fs::read(viewer.join("legacy/legacy.js"))?,
    ));
    files.push(stable(
        "xoay-viewer.d.ts",
        fs::read(element.join("xoay-viewer.d.ts"))?,
    ));
    files.push(stable("package.json", package_json(&files).into_bytes()));
    Ok(files)
}

/// Runs cargo for the modules in a target folder of its own, with nothing of the outer build's environment.
fn compile(workspace: &Path, target: &Path) -> Result<()> {
    let cargo = env::var_os("CARGO").context("cargo did not say where it is")?;
    let mut command = Command::new(cargo);
    command
        .current_dir(workspace)
        .args([
            "build",
            "--locked",
            "--profile",
            "wasm",
            "--target",
            "wasm32-unknown-unknown",
        ])
        .args([
            "--package",
            "xoay-viewer-spin",
            "--package",
            "xoay-viewer-model",
            "--package",
            "xoay-viewer-draco",
            "--package",
            "xoay-viewer-ktx2",
        ])
        .arg("--target-dir")
        .arg(target);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let outer = [
            "RUSTFLAGS",
            "RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTC",
            "RUSTDOC",
            "CARGO_ENCODED_RUSTFLAGS",
        ]
        .contains(&&*text)
            || [
                "CARGO_BUILD_",
                "CARGO_PROFILE_",
                "CARGO_CFG_",
                "CARGO_FEATURE_",
                "CARGO_TARGET_",
                "LLVM_PROFILE",
                "CARGO_LLVM_COV",
            ]
            .iter()
            .any(|prefix| text.starts_with(prefix));
        if outer {
            command.env_remove(&name);
        }
    }
    // Panics carry no paths of the machine that built them.
    let mut flags = format!("--remap-path-prefix={}=.", workspace.display());
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    if let Some(home) = home.or_else(|| env::home_dir().map(|h| h.join(".cargo"))) {
        write!(flags, "\u{1f}--remap-path-prefix={}=cargo", home.display())?;
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", flags);
    let output = command
        .output()
        .context("cannot run cargo for the viewer")?;
    if output.status.success() {
        return Ok(());
    }
    let log = String::from_utf8_lossy(&output.stderr);
    if log.contains("can't find crate for `core`") || log.contains("can't find crate for `std`") {
        bail!(
            "the viewer needs the WebAssembly target, which is not installed: \
             run `rustup target add wasm32-unknown-unknown` or `cargo xtask demo`"
        );
    }
    bail!("the viewer does not compile:\n{log}");
}

/// Makes the JavaScript glue of a module and names both files after their content.
fn bind(wasm: &Path, stem: &str, out: &Path) -> Result<[File; 2]> {
    let mut output = wasm_bindgen_cli_support::Bindgen::new()
        .input_path(wasm)
        .out_name(stem)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()?;
    let mut glue = scripts::squeeze(output.js());
    shorten_imports(&mut output, stem, &mut glue)?;
    let bytes = optimize(output.wasm_mut().emit_wasm(), stem, out)?;
    let module = hashed(stem, "wasm", bytes);
    let script = hashed(stem, "js", glue.into_bytes());
    Ok([script, module])
}

/// Gives what a module imports from its glue names of a letter or two. Each has a hash in its name, which no compression
/// makes smaller, in both files.
fn shorten_imports(
    output: &mut wasm_bindgen_cli_support::Output,
    stem: &str,
    glue: &mut String,
) -> Result<()> {
    let from = format!("./{stem}_bg.js");
    let short = "g";
    for (place, import) in output.wasm_mut().imports.iter_mut().enumerate() {
        if import.module != from {
            continue;
        }
        let name = short_name(place);
        scripts::replace(
            glue,
            &format!("\n{}: ", import.name),
            &format!("\n{name}: "),
        )?;
        short.clone_into(&mut import.module);
        import.name = name;
    }
    scripts::replace(glue, &format!("\n{from:?}: "), &format!("\n{short}: "))
}

/// `a` to `z`, then `ba`, `bb` and so on.
fn short_name(mut place: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.insert(0, b'a' + (place % 26) as u8);
        place /= 26;
        if place == 0 {
            return letters.into_iter().map(char::from).collect();
        }
    }
}

fn optimize(bytes: Vec<u8>, stem: &str, out: &Path) -> Result<Vec<u8>> {
    let Some(program) = env::var_os("WASM_OPT") else {
        return Ok(bytes);
    };
    let (before, after) = (
        out.join(format!("{stem}.before.wasm")),
        out.join(format!("{stem}.after.wasm")),
    );
    fs::write(&before, bytes)?;
    let status = Command::new(&program)
        .args(["-Os", "--all-features"])
        .arg(&before)
        .arg("-o")
        .arg(&after)
        .status()
        .with_context(|| format!("cannot run {}", program.display()))?;
    if !status.success() {
        bail!("{} failed on the viewer's {stem} module", program.display());
    }
    Ok(fs::read(after)?)
}

/// What npm and bundlers want to know of the folder with these files.
fn package_json(files: &[File]) -> String {
    let names: Vec<String> = files.iter().map(|f| format!("{:?}", f.path)).collect();
    let (version, licence) = (env!("CARGO_PKG_VERSION"), env!("CARGO_PKG_LICENSE"));
    format!(
        r#"{{
  "name": "xoay-viewer",
  "version": "{version}",
  "description": "One element for 360 degree photos and 3D models of products",
  "license": "{licence}",
  "type": "module",
  "main": "./xoay-viewer.js",
  "module": "./xoay-viewer.js",
  "types": "./xoay-viewer.d.ts",
  "exports": {{
    ".": {{ "types": "./xoay-viewer.d.ts", "default": "./xoay-viewer.js" }},
    "./legacy.js": "./legacy.js",
    "./package.json": "./package.json"
  }},
  "sideEffects": ["./xoay-viewer.js", "./legacy.js"],
  "files": [{}]
}}
"#,
        names.join(", ")
    )
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..8])
}

fn hashed(stem: &str, extension: &str, bytes: Vec<u8>) -> File {
    File {
        path: format!("{stem}-{}.{extension}", digest(&bytes)),
        bytes,
        immutable: true,
    }
}

fn stable(path: &str, bytes: Vec<u8>) -> File {
    File {
        path: path.to_owned(),
        bytes,
        immutable: false,
    }
}

/// Takes finished files; those with a hash in their name may be cached for ever.
fn read_folder(folder: &Path) -> Result<Vec<File>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    let listing = fs::read_dir(folder)
        .with_context(|| format!("cannot read VIEWER_DIST {}", folder.display()))?;
    for entry in listing {
        let entry = entry?;
        let path = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && media_type(&path).is_some() {
            let stems = MODULES.iter().map(|(stem, _)| *stem).chain(FEATURES);
            let immutable = stems
                .into_iter()
                .any(|stem| path.starts_with(&format!("{stem}-")));
            files.push(File {
                bytes: fs::read(entry.path())?,
                path,
                immutable,
            });
        }
    }
    if !files.iter().any(|f| f.path == "xoay-viewer.js") {
        bail!("VIEWER_DIST {} holds no xoay-viewer.js", folder.display());
    }
    Ok(files)
}

fn media_type(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "ts" => "text/plain; charset=utf-8",
        "json" => "application/json",
        _ => return None,
    })
}

/// Writes the files, their compressed forms and the table of them.
#[allow(clippy::unnecessary_debug_formatting)] // the paths become Rust string literals
fn embed(files: &[File], out: &Path) -> Result<()> {
    let folder = out.join("files");
    // What an earlier build left must not linger.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let mut whole = Sha256::new();
    let mut sorted: Vec<_> = files.iter().collect();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    let mut table = String::from("const FILES: &[ViewerFile] = &[\n");
    for file in sorted {
        whole.update(file.path.as_bytes());
        whole.update(Sha256::digest(&file.bytes));
        let path = folder.join(&file.path);
        fs::write(&path, &file.bytes)?;
        let packed = folder.join(format!("{}.br", file.path));
        fs::write(&packed, compress(&file.bytes)?)?;
        let media_type = media_type(&file.path).context("a file without a media type")?;
        writeln!(
            table,
            "ViewerFile {{ path: {:?}, media_type: {media_type:?}, bytes: include_bytes!({path:?}), \
             brotli: Some(include_bytes!({packed:?})), immutable: {} }},",
            file.path, file.immutable
        )?;
    }
    let version = hex::encode(&whole.finalize()[..8]);
    writeln!(table, "];\nconst VERSION: &str = {version:?};")?;
    fs::write(out.join("table.rs"), table)?;
    Ok(())
}

/// From this size on one setting of the encoder has to do: the others win a percent and take a minute and more.
const LARGE: usize = 1 << 17;

/// The smallest of what the encoder makes of its few settings; which one wins differs from file to file.
fn compress(bytes: &[u8]) -> Result<Vec<u8>> {
    use brotli::enc::BrotliEncoderParams;
    use brotli::enc::backward_references::BrotliEncoderMode;

    let mut smallest: Option<Vec<u8>> = None;
    let (modes, blocks): (&[_], &[_]) = if bytes.len() < LARGE {
        (
            &[
                BrotliEncoderMode::BROTLI_MODE_GENERIC,
                BrotliEncoderMode::BROTLI_MODE_TEXT,
                BrotliEncoderMode::BROTLI_MODE_FONT,
            ],
            &[0, 16, 18],
        )
    } else {
        (&[BrotliEncoderMode::BROTLI_MODE_GENERIC], &[0])
    };
    for &mode in modes {
        for &lgblock in blocks {
            let parameters = BrotliEncoderParams {
                quality: 11,
                mode,
                lgblock,
                size_hint: bytes.len(),
                ..Default::default()
            };
            let mut packed = Vec::new();
            brotli::BrotliCompress(&mut &bytes[..], &mut packed, &parameters)?;
            if smallest
                .as_ref()
                .is_none_or(|best| packed.len() < best.len())
            {
                smallest = Some(packed);
            }
        }
    }
    smallest.context("nothing was compressed")
}
