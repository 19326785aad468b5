use crate::Pixel;
use crate::mat::{Mat, SeenMarker};

/// One photo as the reconstruction sees it: the part about the product, with its colours and its cover.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The photo's name, for messages.
    pub name: String,
    /// Its row of camera heights, from 0.
    pub row: usize,
    /// The table's angle by the count of steps, radians, rising from photo to photo whichever way the table turns.
    pub nominal_rad: f64,
    /// The markers of a mat that it shows, in its pixels.
    pub markers: Vec<SeenMarker>,
    /// The part of the photo that shows the product.
    pub window: Window,
}

/// A part of a photo: straight sRGB with the product's cover as alpha. Outside of it there is no product.
#[derive(Clone, Debug)]
pub struct Window {
    /// Pixels from the photo's left edge.
    pub left: usize,
    /// Pixels from the photo's top edge.
    pub top: usize,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Four bytes a pixel, row by row.
    pub rgba: Vec<u8>,
}

/// A capture: photos of one size, the product cut out of each.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Width of the whole photos, pixels.
    pub width: u32,
    /// Height of the whole photos, pixels.
    pub height: u32,
    /// The focal length that the photos state, in pixels of this size.
    pub focal_px: Option<f64>,
    /// The mat that the product stands on, where somebody said so; else the printed ones are looked for.
    pub mat: Option<Mat>,
    /// The photos, row after row, each row in the order of the turn.
    pub observations: Vec<Observation>,
}

impl Capture {
    /// How many rows there are.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.observations
            .iter()
            .map(|o| o.row + 1)
            .max()
            .unwrap_or(0)
    }
}

impl Window {
    /// The part of a whole photo about what alpha covers, `margin` pixels wider on each side.
    ///
    /// # Panics
    /// Where `rgba` does not hold `width` × `height` pixels.
    #[must_use]
    pub fn about_product(width: usize, height: usize, rgba: &[u8], margin: usize) -> Self {
        assert_eq!(rgba.len(), width * height * 4, "pixels of the whole photo");
        let (mut x0, mut x1, mut y0, mut y1) = (width, 0, height, 0);
        for y in 0..height {
            for x in 0..width {
                if rgba[(y * width + x) * 4 + 3] >= 8 {
                    (x0, x1) = (x0.min(x), x1.max(x + 1));
                    (y0, y1) = (y0.min(y), y1.max(y + 1));
                }
            }
        }
        if x1 == 0 {
            (x0, x1, y0, y1) = (0, 0, 0, 0);
        }
        let (left, top) = (x0.saturating_sub(margin), y0.saturating_sub(margin));
        let (right, bottom) = ((x1 + margin).min(width), (y1 + margin).min(height));
        let (w, h) = (right - left, bottom - top);
        let mut part = Vec::with_capacity(w * h * 4);
        for y in top..bottom {
            part.extend_from_slice(&rgba[(y * width + left) * 4..(y * width + right) * 4]);
        }
        Self {
            left,
            top,
            width: w,
            height: h,
            rgba: part,
        }
    }

    /// How much the product covers the pixel at `x`, `y` of the whole photo, 0 to 255.
    #[must_use]
    pub fn cover(&self, x: i64, y: i64) -> u8 {
        self.at(x, y).map_or(0, |pixel| pixel[3])
    }

    /// The pixel at `x`, `y` of the whole photo; `None` outside of the window.
    #[must_use]
    pub fn at(&self, x: i64, y: i64) -> Option<[u8; 4]> {
        let x = usize::try_from(x - self.left as i64)
            .ok()
            .filter(|x| *x < self.width)?;
        let y = usize::try_from(y - self.top as i64)
            .ok()
            .filter(|y| *y < self.height)?;
        let at = (y * self.width + x) * 4;
        self.rgba.get(at..at + 4)?.try_into().ok()
    }

    /// Colour and cover at a place of the whole photo, between pixels; `None` outside of the window.
    #[must_use]
    pub fn sample(&self, place: Pixel) -> Option<[f32; 4]> {
        let x = place.x - 0.5 - self.left as f64;
        let y = place.y - 0.5 - self.top as f64;
        let inside = x >= 0.0
            && y >= 0.0
            && x < self.width.saturating_sub(1) as f64
            && y < self.height.saturating_sub(1) as f64;
        if !inside {
            return None;
        }
        let (x0, y0) = (x as usize, y as usize);
        let (fx, fy) = ((x - x0 as f64) as f32, (y - y0 as f64) as f32);
        let at = (y0 * self.width + x0) * 4;
        let below = at + self.width * 4;
        Some(std::array::from_fn(|c| {
            let value = |at: usize| f32::from(self.rgba[at + c]);
            let top = value(at) + (value(at + 4) - value(at)) * fx;
            let bottom = value(below) + (value(below + 4) - value(below)) * fx;
            top + (bottom - top) * fy
        }))
    }

    /// Which sides of a photo of this size the product runs into.
    #[must_use]
    pub fn touches(&self, width: u32, height: u32) -> bool {
        let (width, height) = (i64::from(width), i64::from(height));
        let covers = |x: i64, y: i64| self.cover(x, y) >= 128;
        (0..width).any(|x| covers(x, 0) || covers(x, height - 1))
            || (0..height).any(|y| covers(0, y) || covers(width - 1, y))
    }
}
