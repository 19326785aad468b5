//! What is printed on the mat, and where.

use std::f64::consts::TAU;

use super::dictionary::bits;

/// The paper that a mat is printed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paper {
    /// 210 × 297 mm, for products up to 130 mm wide.
    #[default]
    A4,
    /// 297 × 420 mm, for products up to 200 mm wide.
    A3,
}

impl Paper {
    /// Width and height of the upright sheet in millimetres.
    #[must_use]
    pub const fn size_mm(self) -> [f64; 2] {
        match self {
            Self::A4 => [210.0, 297.0],
            Self::A3 => [297.0, 420.0],
        }
    }

    /// The first marker, how many, their side and the ring's radius in millimetres. No marker is on both papers.
    pub(super) const fn ring(self) -> (u8, u8, f64, f64) {
        match self {
            Self::A4 => (0, 14, 22.0, 80.0),
            Self::A3 => (14, 20, 30.0, 117.0),
        }
    }
}

/// A marker of the mat.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedMarker {
    /// Its number in the dictionary.
    pub id: u8,
    /// Its corners as printed: upper left, upper right, lower right, lower left; x and z in metres in the mat's frame,
    /// whose y points up and whose origin is the ring's middle.
    pub corners_m: [[f64; 2]; 4],
}

/// Markers in one plane, at known places.
#[derive(Clone, Debug, PartialEq)]
pub struct Mat {
    /// Each marker once.
    pub markers: Vec<PlacedMarker>,
}

impl Mat {
    /// The mat that [`Paper`] is printed with: a ring of markers whose upper sides look outwards, counter-clockwise from
    /// above, the first at +x.
    #[must_use]
    pub fn printed(paper: Paper) -> Self {
        let (first, count, side_mm, radius_mm) = paper.ring();
        let markers = (0..count)
            .map(|k| {
                let angle_rad = TAU * f64::from(k) / f64::from(count);
                PlacedMarker {
                    id: first + k,
                    corners_m: corners(angle_rad, radius_mm / 1000.0, side_mm / 1000.0),
                }
            })
            .collect();
        Self { markers }
    }

    /// The place of a marker, where the mat has it.
    #[must_use]
    pub fn corners_m(&self, id: u8) -> Option<[[f64; 2]; 4]> {
        let found = self.markers.iter().find(|marker| marker.id == id)?;
        Some(found.corners_m)
    }

    /// Whether every marker is in the dictionary, stands there once, and is a square that is not too small to be seen.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let mut seen = [false; 256];
        self.markers.iter().all(|marker| {
            let again = std::mem::replace(&mut seen[usize::from(marker.id)], true);
            let c = &marker.corners_m;
            let side = |a: usize, b: usize| (c[b][0] - c[a][0]).hypot(c[b][1] - c[a][1]);
            let sides = [side(0, 1), side(1, 2), side(2, 3), side(3, 0)];
            let least = sides.into_iter().fold(f64::MAX, f64::min);
            let most = sides.into_iter().fold(0.0, f64::max);
            let finite = c.iter().flatten().all(|v| v.is_finite() && v.abs() < 10.0);
            !again && finite && bits(marker.id).is_some() && least > 1e-3 && most < least * 1.05
        })
    }
}

/// The corners of a marker at `angle_rad` of the ring, its upper side outwards.
fn corners(angle_rad: f64, radius: f64, side: f64) -> [[f64; 2]; 4] {
    // Counter-clockwise from above means from +x towards −z.
    let (sin, cos) = angle_rad.sin_cos();
    let (out, left) = ([cos, -sin], [-sin, -cos]);
    let half = side / 2.0;
    [[half, half], [half, -half], [-half, -half], [-half, half]]
        .map(|[up, aside]| std::array::from_fn(|k| (radius + up) * out[k] + aside * left[k]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_lies_on_the_paper_and_its_markers_look_outwards() {
        for paper in [Paper::A4, Paper::A3] {
            let mat = Mat::printed(paper);
            assert!(mat.is_sound());
            let [width, _] = paper.size_mm();
            for marker in &mat.markers {
                let [a, b, c, d] = marker.corners_m;
                let reach = |p: [f64; 2]| 1000.0 * p[0].hypot(p[1]);
                assert!(reach(a) < width / 2.0 - 5.0, "printers leave a margin");
                assert!(reach(a) > reach(d) && reach(b) > reach(c));
                // Seen from above, x to the right and z down, it runs clockwise as on a screen.
                let turn = (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]);
                assert!(turn > 0.0, "{marker:?}");
            }
        }
    }

    #[test]
    fn papers_share_no_marker() {
        let a3 = Mat::printed(Paper::A3);
        let a4 = Mat::printed(Paper::A4);
        assert!(a4.markers.iter().all(|m| a3.corners_m(m.id).is_none()));
    }
}
