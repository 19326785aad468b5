//! How alike models look: `cargo run -p xoay-pipeline --example likeness -- before.glb after.glb…`.

use std::path::Path;

use xoay_gltf::{Limits, read};
use xoay_pipeline::Portrait;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut paths = std::env::args().skip(1);
    let before = paths.next().ok_or("expected the model to compare with")?;
    let portrait = Portrait::new(&read(Path::new(&before), &Limits::default())?, 1024)?;
    for after in paths {
        let likeness = portrait.compare(&read(Path::new(&after), &Limits::default())?)?;
        let views: Vec<String> = likeness
            .views
            .iter()
            .map(|view| format!("{view:.1}"))
            .collect();
        println!(
            "{after}: mean {:.2}, worst {:.2} ({})",
            likeness.mean,
            likeness.worst,
            views.join(" ")
        );
    }
    Ok(())
}
