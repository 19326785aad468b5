//! Photos in no order, put in order by what each shows of the mat.

use std::f64::consts::TAU;

use super::{Mat, Paper, SeenMarker};
use crate::calibrate::{View, view};
use crate::camera::Pixel;

/// Cameras whose heights differ by more stand in different rows, radians.
const ROW_GAP_RAD: f64 = 0.08;

/// Photos by rows, and those that cannot be placed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Numbers of photos, row by row, the lowest camera first; each row counter-clockwise from its first photo.
    pub rows: Vec<Vec<usize>>,
    /// Numbers of photos that show too little of the mat.
    pub unplaced: Vec<usize>,
}

/// Finds the turn of photos of `width` × `height` pixels by the markers that each shows. Without `mat` it is the printed
/// one of which most is seen; without `focal_px` the lens is taken for a usual one, which suffices for an order.
#[must_use]
pub fn turn_of(
    seen: &[Vec<SeenMarker>],
    mat: Option<&Mat>,
    focal_px: Option<f64>,
    [width, height]: [u32; 2],
) -> Turn {
    const USUAL_FOCAL: f64 = 50.0 / 36.0;
    let known = |mat: &Mat| {
        let all = seen.iter().flatten();
        all.filter(|m| mat.corners_m(m.id).is_some()).count()
    };
    let printed = [Paper::A4, Paper::A3].map(Mat::printed);
    let [a4, a3] = &printed;
    let mat = mat.unwrap_or(if known(a3) > known(a4) { a3 } else { a4 });
    let centre = Pixel {
        x: f64::from(width) / 2.0,
        y: f64::from(height) / 2.0,
    };
    let focal_px = focal_px.unwrap_or(USUAL_FOCAL * f64::from(width.max(height)));
    let mut turn = Turn::default();
    let mut views: Vec<(usize, View)> = Vec::new();
    for (photo, markers) in seen.iter().enumerate() {
        match view(mat, markers, focal_px, centre) {
            Some(view) => views.push((photo, view)),
            None => turn.unplaced.push(photo),
        }
    }
    views.sort_by(|a, b| a.1.tilt_rad.total_cmp(&b.1.tilt_rad).then(a.0.cmp(&b.0)));
    let rows = views.chunk_by(|a, b| b.1.tilt_rad - a.1.tilt_rad < ROW_GAP_RAD);
    turn.rows = rows
        .map(|row| {
            let first = row.iter().min_by_key(|(photo, _)| *photo);
            let start = first.map_or(0.0, |(_, view)| angle(view));
            let mut row: Vec<(f64, usize)> = row
                .iter()
                .map(|(photo, view)| ((angle(view) - start).rem_euclid(TAU), *photo))
                .collect();
            row.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            row.into_iter().map(|(_, photo)| photo).collect()
        })
        .collect();
    turn
}

/// The table's angle: the camera seems to go the other way about.
fn angle(view: &View) -> f64 {
    let [x, _, z] = view.centre;
    (-x).atan2(z)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rig::{Row, TurntableRig};
    use crate::{Intrinsics, Mat};

    #[test]
    fn shuffled_photos_of_two_rows_find_their_places() {
        let row = |tilt_deg: f64, count: u32| {
            let tilt_rad = tilt_deg.to_radians();
            Row {
                tilt_rad,
                pan_rad: 0.0,
                roll_rad: 0.01,
                height: 0.8 * tilt_rad.sin(),
                distance: 0.8 * tilt_rad.cos(),
                azimuths_rad: (0..count)
                    .map(|k| TAU * f64::from(k) / f64::from(count))
                    .collect(),
            }
        };
        let centre = Pixel { x: 800.0, y: 600.0 };
        let rig = TurntableRig {
            intrinsics: Intrinsics {
                focal_px: [2500.0; 2],
                centre,
                k1: 0.0,
            },
            rows: vec![row(15.0, 24), row(40.0, 12)],
        };
        let mat = Mat::printed(Paper::A3);
        let shows = |row: usize, frame: usize| -> Vec<SeenMarker> {
            let markers = mat.markers.iter().filter_map(|marker| {
                let corners = marker
                    .corners_m
                    .map(|[x, z]| rig.project(row, frame, [x, 0.0, z]));
                let [Some(a), Some(b), Some(c), Some(d)] = corners else {
                    return None;
                };
                Some(SeenMarker {
                    id: marker.id,
                    corners: [a, b, c, d],
                })
            });
            markers.filter(|m| m.corners[0].y > 600.0).collect()
        };
        let places: Vec<(usize, usize)> = (0..36)
            .map(|k| k * 11 % 36)
            .map(|k| if k < 24 { (0, k) } else { (1, k - 24) })
            .collect();
        let mut seen: Vec<Vec<SeenMarker>> = places
            .iter()
            .map(|(row, frame)| shows(*row, *frame))
            .collect();
        seen.push(Vec::new());
        // Whatever lens the photos state.
        for focal_px in [Some(2500.0), None] {
            let turn = turn_of(&seen, None, focal_px, [1600, 1200]);
            assert_eq!(turn.unplaced, [36]);
            assert_eq!(turn.rows.len(), 2);
            for (number, row) in turn.rows.iter().enumerate() {
                let frames: Vec<usize> = row.iter().map(|photo| places[*photo].1).collect();
                assert!(row.iter().all(|photo| places[*photo].0 == number));
                let count = frames.len();
                assert!(
                    frames.windows(2).all(|w| w[1] == (w[0] + 1) % count),
                    "{frames:?}"
                );
            }
        }
    }
}
