//! Optimizes a model: `cargo run -p xoay-gltf --example optimize -- in.glb out.glb`. Prints the report as JSON.

use std::path::Path;

use xoay_format::Watch;
use xoay_gltf::{Limits, OptimizeOptions, optimize, read};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(input), Some(output)) = (arguments.next(), arguments.next()) else {
        return Err("expected two paths: the model, and where the GLB shall go".into());
    };
    let document = read(Path::new(&input), &Limits::default())?;
    let optimized = optimize(document, &OptimizeOptions::default(), Watch::silent())?;
    std::fs::write(output, &optimized.glb)?;
    println!("{}", serde_json::to_string_pretty(&optimized.report)?);
    Ok(())
}
