use crate::plane::{Mask, Plane};
use crate::refine::signed_depth;

/// The product in one frame, at its proxy's size.
#[derive(Clone, Debug)]
pub struct FrameCut {
    pub(crate) mask: Mask,
    /// Signed distance to the mask's edge in its pixels, positive inside.
    pub(crate) depth: Plane<f32>,
    /// How far the whole picture has moved against the row's other frames, as shares of the width and the height.
    pub shift: [f32; 2],
    /// How sure the cut is, 0 to 1.
    pub confidence: f32,
}

/// Where a product lies in its frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Its ends as shares of the frame's width.
    pub left: f32,
    /// See `left`.
    pub right: f32,
    /// Its ends as shares of the frame's height.
    pub top: f32,
    /// See `top`.
    pub bottom: f32,
    /// The share of each side of the frame that it covers: left, top, right, bottom.
    pub touches: [f32; 4],
}

impl FrameCut {
    pub(crate) fn new(mask: Mask, shift: [f32; 2], confidence: f32) -> Self {
        let depth = signed_depth(&mask).blurred(0.7);
        Self {
            mask,
            depth,
            shift,
            confidence,
        }
    }

    /// Where the product lies; nothing if there is none.
    #[must_use]
    pub fn extent(&self) -> Option<Extent> {
        let (width, height) = (self.mask.width, self.mask.height);
        let (mut left, mut right, mut top, mut bottom) = (width, 0, height, 0);
        let mut touches = [0.0_f32; 4];
        for y in 0..height {
            for x in 0..width {
                if !self.mask.at(x, y) {
                    continue;
                }
                (left, right) = (left.min(x), right.max(x + 1));
                (top, bottom) = (top.min(y), bottom.max(y + 1));
                let sides = [x == 0, y == 0, x + 1 == width, y + 1 == height];
                for (touches, (at, length)) in touches
                    .iter_mut()
                    .zip(sides.into_iter().zip([height, width, height, width]))
                {
                    *touches += if at { 1.0 / length as f32 } else { 0.0 };
                }
            }
        }
        (right > 0).then(|| Extent {
            left: left as f32 / width as f32,
            right: right as f32 / width as f32,
            top: top as f32 / height as f32,
            bottom: bottom as f32 / height as f32,
            touches,
        })
    }

    /// Width and height of the proxy.
    #[must_use]
    pub fn proxy_size(&self) -> (usize, usize) {
        (self.mask.width, self.mask.height)
    }

    /// Whether the product covers each pixel of the proxy, row by row.
    #[must_use]
    pub fn inside(&self) -> &[bool] {
        &self.mask.data
    }
}
