//! Drawing one frame on the canvas.

use wasm_bindgen::JsValue;
use web_sys::{CanvasRenderingContext2d, ImageBitmap};
use xoay_viewer_core::plan::SpritePlan;
use xoay_viewer_core::zoom::Zoom;

/// Where the picture lies on the canvas, device pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// Fits a picture of `aspect` into the canvas, magnified by `zoom`. A whole one lies on whole pixels, where one decoded to
/// that size needs no scaling.
pub fn place(canvas: (f64, f64), aspect: f64, zoom: &Zoom) -> Placed {
    let width = canvas.0.min(canvas.1 * aspect) * zoom.scale;
    let height = width / aspect;
    let at = Placed {
        x: canvas.0 / 2.0 - zoom.x * width,
        y: canvas.1 / 2.0 - zoom.y * height,
        width,
        height,
    };
    if zoom.is_zoomed() {
        return at;
    }
    Placed {
        x: at.x.floor(),
        y: at.y.floor(),
        width: width.ceil(),
        height: height.ceil(),
    }
}

/// Draws a whole picture.
pub fn picture(
    context: &CanvasRenderingContext2d,
    bitmap: &ImageBitmap,
    at: Placed,
) -> Result<(), JsValue> {
    context.draw_image_with_image_bitmap_and_dw_and_dh(bitmap, at.x, at.y, at.width, at.height)
}

/// Draws frame `index` out of the sprite.
pub fn tile(
    context: &CanvasRenderingContext2d,
    sprite: &ImageBitmap,
    plan: &SpritePlan,
    index: usize,
    at: Placed,
) -> Result<(), JsValue> {
    let (width, height) = (f64::from(plan.tile_width), f64::from(plan.tile_height));
    let columns = plan.columns as usize;
    // Half a pixel less on each side keeps the neighbours from bleeding in.
    context.draw_image_with_image_bitmap_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
        sprite,
        (index % columns) as f64 * width + 0.5,
        (index / columns) as f64 * height + 0.5,
        width - 1.0,
        height - 1.0,
        at.x,
        at.y,
        at.width,
        at.height,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_centred_and_whole() {
        let zoom = Zoom::new(4.0);
        let at = place((400.0, 400.0), 2.0, &zoom);
        assert_eq!(
            at,
            Placed {
                x: 0.0,
                y: 100.0,
                width: 400.0,
                height: 200.0
            }
        );
    }

    #[test]
    fn a_zoomed_picture_covers_the_canvas() {
        let mut zoom = Zoom::new(4.0);
        zoom.by(3.0, 0.0, 0.0);
        let at = place((400.0, 300.0), 4.0 / 3.0, &zoom);
        assert!(at.x.abs() < 1e-9 && at.y.abs() < 1e-9);
        assert!((at.width - 1200.0).abs() < 1e-9);
    }
}
