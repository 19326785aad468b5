//! Puts the studio's light and the shaders, without their comments, where the module includes them.

use std::path::Path;
use std::{env, fs};

use xoay_viewer_studio::{LEVELS, diffuse, pack};

const SHADERS: [&str; 7] = [
    "surface.vert",
    "surface.frag",
    "caster.frag",
    "screen.vert",
    "blur.frag",
    "floor.vert",
    "floor.frag",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=src/shaders");
    println!("cargo::rerun-if-changed=build.rs");
    // Elsewhere the crate is empty.
    if env::var("CARGO_CFG_TARGET_ARCH")? != "wasm32" {
        return Ok(());
    }
    let out = env::var("OUT_DIR")?;
    let out = Path::new(&out);
    for name in SHADERS {
        let source = fs::read_to_string(Path::new("src/shaders").join(name))?;
        fs::write(out.join(name), squeeze(&source))?;
    }
    let numbers = diffuse().map(|n| format!("{n:.5}")).join(",");
    let light = format!(
        "const float SH[9]=float[9]({numbers});\nconst float LAST_LEVEL={}.0;\n",
        LEVELS - 1
    );
    fs::write(out.join("light.glsl"), light)?;
    fs::write(out.join("studio.bin"), pack())?;
    Ok(())
}

/// Drops comments, indentation and empty lines.
fn squeeze(shader: &str) -> String {
    shader
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default().trim())
        .filter(|line| !line.is_empty())
        .fold(String::new(), |all, line| all + line + "\n")
}
