//! Vibration: how far each photo as a whole has moved, told by edges that should stand still (Lucas and Kanade, 1981).

use crate::background::Region;
use crate::parallel::map_indexed;
use crate::plane::{Mask, Plane};
use crate::row::{Row, Scene};
use crate::temporal::luminance;

/// Movements that are smaller than this, as a root mean square over the row in proxy pixels, are noise.
const LEAST: f32 = 0.06;
/// No tripod moves further between two photos; what does has been moved.
const MOST: f32 = 12.0;

/// Shifts as shares of the width and the height; zeros where nothing moves or nothing tells.
pub(crate) fn shifts(
    scene: &Scene,
    row: &Row<'_>,
    masks: &[Mask],
    workers: usize,
) -> Vec<[f32; 2]> {
    let median = &scene.temporal.median;
    let (width, height) = (median.width, median.height);
    let found = map_indexed(masks.len(), workers, |at| {
        let image = scene.image(row, at);
        let luminance = image.map(|pixel| luminance(*pixel));
        shift(scene, median, &luminance, &masks[at])
    });
    if found.iter().any(Option::is_none) {
        return vec![[0.0; 2]; masks.len()];
    }
    let found: Vec<[f32; 2]> = found.into_iter().flatten().collect();
    let square: f32 = found.iter().map(|[x, y]| x * x + y * y).sum::<f32>() / found.len() as f32;
    if square.sqrt() < LEAST {
        return vec![[0.0; 2]; masks.len()];
    }
    found
        .into_iter()
        .map(|[x, y]| [x / width as f32, y / height as f32])
        .collect()
}

fn shift(scene: &Scene, median: &Plane<f32>, image: &Plane<f32>, mask: &Mask) -> Option<[f32; 2]> {
    let (width, height) = (median.width, median.height);
    let distance = mask.distance();
    let noise = scene.temporal.noise.least();
    let mut shift = [0.0_f32; 2];
    for _ in 0..6 {
        let (mut xx, mut xy, mut yy, mut xt, mut yt) =
            (0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64);
        for y in 2..height - 2 {
            for x in 2..width - 2 {
                let at = y * width + x;
                if distance.data[at] < 5.0 || scene.background.regions.data[at] == Region::DiscTop {
                    continue;
                }
                let gx = (median.at(x + 1, y) - median.at(x - 1, y)) / 2.0;
                let gy = (median.at(x, y + 1) - median.at(x, y - 1)) / 2.0;
                let slope = gx.hypot(gy);
                // Flat areas say nothing, and what changes more than a shake explains is the product's.
                if slope < 1.5 * noise
                    || scene.temporal.variation.data[at] > 3.0 * noise + 1.5 * slope
                {
                    continue;
                }
                let off = image.sample(x as f32 + shift[0], y as f32 + shift[1]) - median.at(x, y);
                let weight = f64::from(1.0 / (1.0 + (off / (2.0 * noise + slope)).powi(2)));
                let (gx, gy, off) = (f64::from(gx), f64::from(gy), f64::from(off));
                xx += weight * gx * gx;
                xy += weight * gx * gy;
                yy += weight * gy * gy;
                xt += weight * gx * off;
                yt += weight * gy * off;
            }
        }
        let determinant = xx * yy - xy * xy;
        // Edges in one direction only leave the other open.
        if determinant <= 0.02 * (xx + yy) * (xx + yy) / 4.0
            || xx + yy < 200.0 * f64::from(noise * noise)
        {
            return None;
        }
        let step = [
            (yy * xt - xy * yt) / determinant,
            (xx * yt - xy * xt) / determinant,
        ];
        shift[0] -= step[0] as f32;
        shift[1] -= step[1] as f32;
        if shift[0].hypot(shift[1]) > MOST {
            return None;
        }
        if step[0].hypot(step[1]) < 0.005 {
            break;
        }
    }
    Some(shift)
}
