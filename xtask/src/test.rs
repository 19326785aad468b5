//! `cargo xtask test`: every test, from nothing.

use anyhow::Result;
use clap::Args;

use crate::run::{cargo, execute, say};
use crate::tools;

#[derive(Args)]
pub struct Options {
    /// Leave out the format check and the lints.
    #[arg(long)]
    no_lint: bool,
    /// Have Garage, built from its crate, for the S3 server instead of moto.
    #[arg(long)]
    garage: bool,
    /// Passed to the test runner, such as part of a test's name.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    filter: Vec<String>,
}

pub fn run(options: &Options) -> Result<()> {
    tools::ensure(&[tools::BUILD, tools::TESTING])?;
    tools::ensure_wasm_target()?;
    tools::ensure_validator()?;
    tools::ensure_viewer_judges()?;
    tools::ensure_s3_server()?;
    tools::ensure_schemathesis()?;
    tools::ensure_usd_reader()?;
    if !options.no_lint {
        lint()?;
    }
    // Programs and tests in one go: apart, they would ask for different features and compile much twice.
    say("Building the command and its tests");
    execute(cargo().args(["build", "--locked", "--workspace", "--bins", "--tests"]))?;
    say("Testing");
    let has_nextest = cargo()
        .args(["nextest", "--version"])
        .output()
        .is_ok_and(|out| out.status.success());
    let mut tests = cargo();
    if has_nextest {
        tests.args([
            "nextest",
            "run",
            "--locked",
            "--workspace",
            "--no-fail-fast",
        ]);
    } else {
        tests.args(["test", "--locked", "--workspace", "--no-fail-fast"]);
    }
    if options.garage {
        tests.env("XOAY_TEST_GARAGE", tools::ensure_garage()?);
    }
    execute(tests.args(&options.filter))
}

/// Format, lints, and the dependency rules where cargo-deny is installed.
pub fn lint() -> Result<()> {
    say("Checking format and lints");
    execute(cargo().args(["fmt", "--all", "--check"]))?;
    execute(cargo().args([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))?;
    // The viewer's modules are empty but where they run.
    execute(cargo().args([
        "clippy",
        "--locked",
        "--target",
        "wasm32-unknown-unknown",
        "--package",
        "xoay-viewer-spin",
        "--package",
        "xoay-viewer-model",
        "--package",
        "xoay-viewer-draco",
        "--package",
        "xoay-viewer-ktx2",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))?;
    let has_deny = cargo()
        .args(["deny", "--version"])
        .output()
        .is_ok_and(|out| out.status.success());
    if has_deny {
        execute(cargo().args([
            "deny",
            "--workspace",
            "check",
            "bans",
            "licenses",
            "sources",
        ]))?;
    } else {
        eprintln!(
            "   cargo-deny is not installed: licences and layering are checked by the tidy tests, advisories are not"
        );
    }
    Ok(())
}
