#![doc = include_str!("../README.md")]

mod demo;
mod measure;

use std::path::PathBuf;

use anyhow::{Result, bail};

const HELP: &str = "cargo xtask bench <name> [arguments]

  demo [photos-folder] [model]   seconds, memory and bytes of `xoay spin` and `xoay optimize`;
                                 the bundled honey jar where nothing is named";

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let name = arguments.next().unwrap_or_default();
    match name.to_str() {
        Some("demo") => demo::run(
            arguments.next().map(PathBuf::from),
            arguments.next().map(PathBuf::from),
        ),
        Some(measure::CHILD) => measure::as_child(arguments),
        Some("help" | "--help" | "") => {
            println!("{HELP}");
            Ok(())
        }
        _ => bail!("no bench is called {}\n\n{HELP}", name.display()),
    }
}
