//! Where each photo goes in its frame: the axis upright and in the middle, vibration undone, one box for the set.

use xoay_matte::RowCut;

use crate::CaptureSet;

/// Edges of the box are multiples of this many photo pixels: whole pixels also where a photo is decoded at a half. At a
/// quarter or less they are rounded, by less than a frame shows and alike in all frames.
const GRID: f64 = 2.0;

/// How one photo is placed: turned about a point, moved, cut. All in shares of the photo's width and height, so that it
/// holds at any decoded size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Placement {
    /// The turn that puts the axis upright: sine of the angle. 0 leaves the photo's pixels where they are.
    pub lean: f64,
    /// The point that stays where it is when the photo is turned.
    pub pivot: [f64; 2],
    /// How far the photo must be moved back.
    pub shift: [f64; 2],
    /// Left, top, width and height of what is kept; may reach beyond the photo.
    pub area: [f64; 4],
}

impl Placement {
    pub(crate) fn whole() -> Self {
        Self {
            lean: 0.0,
            pivot: [0.5; 2],
            shift: [0.0; 2],
            area: [0.0, 0.0, 1.0, 1.0],
        }
    }

    /// Whether the kept pixels are the photo's own, only cut.
    pub(crate) fn is_cut_only(&self) -> bool {
        self.lean == 0.0 && self.shift.iter().all(|shift| *shift == 0.0)
    }

    /// Two rows of three numbers: from the pixels of a photo of `photo` width and height to those of a frame of `frame`
    /// width and height. Both count from the upper left corner; pixel centres lie at halves.
    pub(crate) fn matrix(&self, photo: (u32, u32), frame: (u32, u32)) -> [[f64; 3]; 2] {
        let (w, h) = (f64::from(photo.0), f64::from(photo.1));
        let scale = [
            f64::from(frame.0) / (self.area[2] * w),
            f64::from(frame.1) / (self.area[3] * h),
        ];
        let cos = (1.0 - self.lean * self.lean).sqrt();
        let turn = [[cos, -self.lean], [self.lean, cos]];
        let pivot = [self.pivot[0] * w, self.pivot[1] * h];
        let from = [pivot[0] + self.shift[0] * w, pivot[1] + self.shift[1] * h];
        let corner = [self.area[0] * w, self.area[1] * h];
        [0, 1].map(|row| {
            let [a, b] = turn[row];
            let offset = pivot[row] - corner[row] - a * from[0] - b * from[1];
            [a * scale[row], b * scale[row], offset * scale[row]]
        })
    }
}

/// All placements of a set.
pub(crate) struct Frames {
    pub placements: Vec<Placement>,
    pub row_lengths: Vec<usize>,
    /// Width and height of the box in pixels of the set's common size.
    pub size: (u32, u32),
}

impl Frames {
    /// `margin` is what stays free about the product, as a share of the box; without it nothing is cut away.
    /// `may_exceed`: whether the box may reach beyond the photo, where there is no backdrop.
    pub(crate) fn place(
        capture: &CaptureSet,
        cuts: &[Option<RowCut>],
        margin: Option<f32>,
        may_exceed: bool,
    ) -> Self {
        let (w, h) = (f64::from(capture.width), f64::from(capture.height));
        let row_lengths: Vec<usize> = capture
            .row_lengths
            .iter()
            .map(|length| *length as usize)
            .collect();
        let poses: Vec<Pose> = cuts
            .iter()
            .map(|cut| Pose::of(cut.as_ref(), w, h))
            .collect();
        let mut size = (capture.width, capture.height);
        let reach = poses
            .iter()
            .filter_map(|pose| pose.reach)
            .reduce(|a, b| [a[0].max(b[0]), a[1].max(b[1])]);
        let crops = margin
            .zip(reach)
            .filter(|_| poses.iter().all(|pose| pose.reach.is_some()));
        if let Some((margin, reach)) = crops {
            let free = 1.0 - 2.0 * f64::from(margin.clamp(0.0, 0.4));
            let mut half = reach.map(|r| r / free);
            if !may_exceed {
                for pose in &poses {
                    half[0] = half[0].min(pose.center[0]).min(w - pose.center[0]);
                    half[1] = half[1].min(pose.center[1]).min(h - pose.center[1]);
                }
            }
            let even = |half: f64| ((2.0 * half / GRID).ceil() * GRID).max(GRID);
            let down = |half: f64| ((2.0 * half / GRID).floor() * GRID).max(GRID);
            let side = |half: f64| if may_exceed { even(half) } else { down(half) };
            size = (side(half[0]) as u32, side(half[1]) as u32);
        }
        let mut placements = Vec::with_capacity(capture.frames.len());
        for ((pose, cut), &length) in poses.iter().zip(cuts).zip(&row_lengths) {
            let area = match crops {
                Some(_) => {
                    let corner = |center: f64, side: u32| {
                        ((center - f64::from(side) / 2.0) / GRID).round() * GRID
                    };
                    let (left, top) = (
                        corner(pose.center[0], size.0),
                        corner(pose.center[1], size.1),
                    );
                    [
                        left / w,
                        top / h,
                        f64::from(size.0) / w,
                        f64::from(size.1) / h,
                    ]
                }
                None => [0.0, 0.0, 1.0, 1.0],
            };
            for number in 0..length {
                let shift = cut
                    .as_ref()
                    .and_then(|cut| cut.frames.get(number))
                    .map_or([0.0; 2], |f| f.shift);
                placements.push(Placement {
                    lean: if crops.is_some() { pose.lean } else { 0.0 },
                    pivot: [pose.center[0] / w, 0.5],
                    shift: shift.map(f64::from),
                    area,
                });
            }
        }
        Self {
            placements,
            row_lengths,
            size,
        }
    }
}

/// How a row's product stands in its photos, in pixels of the common size.
struct Pose {
    /// Sine of the angle that puts the axis upright.
    lean: f64,
    /// The axis at half the photo's height, and the middle of all that the product covers.
    center: [f64; 2],
    /// How far it reaches from there, across and down.
    reach: Option<[f64; 2]>,
}

impl Pose {
    fn of(cut: Option<&RowCut>, w: f64, h: f64) -> Self {
        let middle = Self {
            lean: 0.0,
            center: [w / 2.0, h / 2.0],
            reach: None,
        };
        let Some(cut) = cut else {
            return middle;
        };
        let extents: Vec<_> = cut
            .frames
            .iter()
            .filter_map(xoay_matte::FrameCut::extent)
            .collect();
        if extents.is_empty() {
            return middle;
        }
        let least =
            |of: fn(&xoay_matte::Extent) -> f32| extents.iter().map(of).fold(f32::MAX, f32::min);
        let most =
            |of: fn(&xoay_matte::Extent) -> f32| extents.iter().map(of).fold(f32::MIN, f32::max);
        let (left, right) = (
            f64::from(least(|e| e.left)) * w,
            f64::from(most(|e| e.right)) * w,
        );
        let (top, bottom) = (
            f64::from(least(|e| e.top)) * h,
            f64::from(most(|e| e.bottom)) * h,
        );
        // Turned about the axis's middle, corners of the extent move by at most this.
        let slope = f64::from(cut.axis.slope);
        let lean = slope / (1.0 + slope * slope).sqrt();
        let swing = lean.abs() * (bottom - top).max(right - left) / 2.0;
        let x = if cut.axis.known {
            f64::from(cut.axis.x) * w
        } else {
            f64::midpoint(left, right)
        };
        let across = (x - left).max(right - x) + swing;
        Self {
            lean,
            center: [x, f64::midpoint(top, bottom)],
            reach: Some([across, (bottom - top) / 2.0 + swing]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(matrix: [[f64; 3]; 2], [x, y]: [f64; 2]) -> [f64; 2] {
        matrix.map(|[a, b, c]| a * x + b * y + c)
    }

    #[test]
    fn the_whole_photo_maps_to_the_whole_frame() {
        let matrix = Placement::whole().matrix((400, 300), (200, 150));
        for (from, to) in [([400.0, 300.0], [200.0, 150.0]), ([0.0, 0.0], [0.0, 0.0])] {
            let [x, y] = apply(matrix, from);
            assert!(
                (x - to[0]).abs() < 1e-9 && (y - to[1]).abs() < 1e-9,
                "{x} {y}"
            );
        }
    }

    #[test]
    fn a_leaning_axis_comes_out_upright_and_in_place() {
        let slope = 0.02_f64;
        let placement = Placement {
            lean: slope / (1.0 + slope * slope).sqrt(),
            pivot: [0.45, 0.5],
            shift: [0.01, 0.0],
            area: [0.25, 0.1, 0.4, 0.8],
        };
        let matrix = placement.matrix((1000, 800), (400, 640));
        // Two points of the axis, moved with the photo.
        let axis = |y: f64| [450.0 + slope * (y - 400.0) + 10.0, y];
        let (upper, lower) = (apply(matrix, axis(100.0)), apply(matrix, axis(700.0)));
        assert!((upper[0] - lower[0]).abs() < 1e-6, "{upper:?} {lower:?}");
        assert!((upper[0] - 200.0).abs() < 1e-6, "{upper:?}");
    }
}
