//! `cargo xtask bench <name>`: the numbers, measured on this machine.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::run::{cargo, execute, say, target_dir};
use crate::tools;

#[derive(Args)]
pub struct Options {
    /// Which numbers: see benches/README.md, or `cargo xtask bench help`.
    name: OsString,
    /// What the bench takes, such as a folder of captures.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

pub fn run(options: &Options) -> Result<()> {
    tools::ensure(&[tools::BUILD, tools::DRAWING])?;
    tools::ensure_wasm_target()?;
    if options.name == "spin" {
        tools::ensure_sharp()?;
    }
    if options.name == "gltf" {
        tools::ensure_peer_optimizers()?;
    }
    if options.name == "reconstruct" {
        tools::try_colmap();
    }
    if options.name == "serve" {
        tools::ensure(&[tools::SERVING])?;
        tools::ensure_viewer_judges()?;
    }
    if options.name == "viewer" {
        tools::ensure(&[tools::TESTING])?;
        tools::ensure_peer_viewers()?;
    }
    say("Building in release mode");
    execute(cargo().args([
        "build",
        "--locked",
        "--release",
        "--package",
        "xoay",
        "--package",
        "xoay-benches",
    ]))?;
    // Not by `cargo run`, which would build the one package again with fewer features.
    let program = format!("xoay-benches{}", std::env::consts::EXE_SUFFIX);
    let mut bench = Command::new(target_dir().join("release").join(program));
    execute(bench.arg(&options.name).args(&options.arguments))
}
