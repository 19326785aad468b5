//! Draws a poster: `cargo run -p xoay-render --example poster -- model.glb poster.png [azimuth]`.

use std::path::Path;

use xoay_gltf::{Limits, read};
use xoay_render::{View, render_poster};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(input), Some(output)) = (arguments.next(), arguments.next()) else {
        return Err("expected two paths: the model, and where the PNG shall go".into());
    };
    let azimuth_deg = arguments.next().map_or(Ok(0.0), |text| text.parse())?;
    let document = read(Path::new(&input), &Limits::default())?;
    let view = View {
        width: 640,
        height: 640,
        azimuth_deg,
        ..View::default()
    };
    let raster = render_poster(&document, &view)?;
    let picture =
        image::RgbaImage::from_raw(raster.width, raster.height, raster.rgba).ok_or("wrong size")?;
    picture.save(output)?;
    Ok(())
}
