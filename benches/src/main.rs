#![doc = include_str!("../README.md")]

mod demo;
mod gltf;
mod measure;
mod reconstruct;
mod scoreboard;
mod serve;
mod spin;
mod viewer;

use std::ffi::OsStr;
use std::path::PathBuf;

use anyhow::{Result, bail};

const HELP: &str = "cargo xtask bench <name> [arguments]

  demo [photos-folder] [model]   seconds, memory and bytes of `xoay spin` and `xoay optimize`;
                                 the bundled honey jar where nothing is named
  spin [capture]                 small pictures against sharp, AVIF's bytes against JPEG's; a folder of photos,
                                 the bundled honey jar where none is named; then whole jobs on enlarged copies
  gltf [folder or .glb…]         models made light, beside gltf-transform and gltfpack: bytes, processor, memory and
                                 likeness; the bundled honey jar where nothing is named
  viewer [folder] [runs] [part]  the viewer beside those of npm, with the bundled honey jar and every .glb of a
                                 folder; three runs where nothing is named; spin, models or endurance alone; kiosk for <runs> minutes
  reconstruct <captures>…        models from photos: cameras, surface and held-out photos against what is known of the
                                 captures, and COLMAP beside; with --large first, the cost of 36 photos of 12 megapixels,
                                 with --gpu first, the cost with and without a graphics card
  serve                          the service under load beside nginx: objects, pages over 15,000 products, uploads over
                                 a network that is cut, memory
  scoreboard <captures>          mattes, axis jitter and exposure spread of captures with ground truth";

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let name = arguments.next().unwrap_or_default();
    match name.to_str() {
        Some("demo") => demo::run(
            arguments.next().map(PathBuf::from),
            arguments.next().map(PathBuf::from),
        ),
        Some("spin") => spin::run(arguments.next().map(PathBuf::from)),
        Some("gltf") => gltf::run(arguments.map(PathBuf::from).collect()),
        Some("viewer") => viewer::run(
            arguments.next().map(PathBuf::from),
            arguments.next().as_deref().and_then(OsStr::to_str),
            arguments.next().as_deref().and_then(OsStr::to_str),
        ),
        Some("reconstruct") => reconstruct::run(arguments.map(PathBuf::from).collect()),
        Some("serve") => serve::run(),
        Some("scoreboard") => scoreboard::run(arguments.next().map(PathBuf::from)),
        Some(spin::CHILD) => spin::as_child(arguments),
        Some(measure::CHILD) => measure::as_child(arguments),
        Some("help" | "--help" | "") => {
            println!("{HELP}");
            Ok(())
        }
        _ => bail!("no bench is called {}\n\n{HELP}", name.display()),
    }
}
