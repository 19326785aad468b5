//! The light that stands still while the product turns.
//!
//! A texture holds each place of the surface as all photos that see it show it on average. What a single photo adds to
//! that is the light: lamps stand still against the camera, so that shading, gloss and the dimming towards the rim are
//! functions of the normal in the camera's frame, one for all photos (the lit sphere of Sloan, Martin, Gooch and Gooch
//! 2001). For each direction and each of a few materials, told by colour, two numbers say it: `photo = gain ·
//! texture + veil`, the gain for what shades, the veil for what shines on top.

use rayon::prelude::*;

use crate::compare::{Rendering, Spot, rendering_of, spots};
use crate::observation::{Observation, Window};
use crate::rig::Camera;
use crate::texture::{TexturedMesh, clearness};
use crate::vector::{Vec3, add, dot, mul, scale, sub, unit};

/// Cells along a side of the finest map of directions; halved down to [`COARSEST`].
const FINEST: usize = 48;
const COARSEST: usize = 3;
/// Directions a little past the rim still have a cell.
const REACH: f64 = 1.08;
/// Materials that colours are sorted into.
const MATERIALS: usize = 6;
/// Rounds of the sorting, and colours that take part.
const SORT_ROUNDS: usize = 12;
const SORTED_COLORS: usize = 20_000;
/// How many values the coarser map counts for. With 60 the few pixels of a rounded edge told how a whole side shines that
/// turned past their direction between two photos.
const BELIEF: f64 = 1500.0;
/// Cover below this is the edge, where the background shines in.
const SOLID: u8 = 250;
/// Gains beyond these are misfits.
const GAINS: std::ops::RangeInclusive<f64> = 0.1..=4.0;

/// Gain and veil, of all channels alike: lamps are white in photos of products. With a pair for each channel red faces
/// that alone were seen from some direction painted green ones red there (a box: 23.1 dB, some photos 17.9).
type Shade = [f64; 2];

const AS_IT_IS: Shade = [1.0, 0.0];

/// The light of a capture, relative to what its texture holds.
#[derive(Clone, Debug)]
pub struct Light {
    /// The materials' colours, sRGB from 0 to 255.
    materials: Vec<[f64; 3]>,
    /// For each material the finest map, row by row.
    maps: Vec<Vec<Shade>>,
}

/// Sums over the values of one cell, of texture `t` and photo `p`: how many, t, t², p, t·p.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    count: f64,
    of: [f64; 4],
}

impl Sums {
    fn take(&mut self, texture: [f64; 3], photo: [f64; 3], weight: f64) {
        self.count += 3.0 * weight;
        for (t, p) in texture.into_iter().zip(photo) {
            for (sum, value) in self.of.iter_mut().zip([t, t * t, p, t * p]) {
                *sum += weight * value;
            }
        }
    }

    fn join(&mut self, other: &Self) {
        self.count += other.count;
        for (own, other) in self.of.iter_mut().zip(other.of) {
            *own += other;
        }
    }

    /// What fits the values best, held near `before`.
    fn solve(&self, before: Shade) -> Shade {
        if self.count <= 0.0 {
            return before;
        }
        let [t, tt, p, tp] = self.of;
        let [gain, veil] = before;
        // The belief weighs as so many values of this cell's own brightness.
        let (hold_gain, hold_veil) = (BELIEF * (tt / self.count).max(1.0), BELIEF);
        let (a, b, d) = (tt + hold_gain, t, self.count + hold_veil);
        let (right, below) = (tp + hold_gain * gain, p + hold_veil * veil);
        let determinant = a * d - b * b;
        if determinant <= 1e-9 * a * d {
            return before;
        }
        let found = (right * d - b * below) / determinant;
        let found = found.clamp(*GAINS.start(), *GAINS.end());
        [found, (below - b * found) / d]
    }
}

/// Where on the map of directions a normal lies, 0 to 1 on both axes: Lambert's equal-area map of the hemisphere that
/// faces the camera.
///
/// A slanted line of sight is accounted for as a mirror would: the normal is turned by half the angle between the line of
/// sight and the camera's axis.
fn direction(normal_camera: Vec3, sight: Vec3) -> [f64; 2] {
    // The least rotation that takes what lies half-way between both to the axis.
    let axis = [0.0, 0.0, 1.0];
    let between = unit(add(unit(sight), axis));
    let both = add(between, axis);
    let along = dot(both, normal_camera) / (1.0 + dot(between, axis));
    let half = add(
        sub(normal_camera, scale(both, along)),
        scale(axis, 2.0 * dot(between, normal_camera)),
    );
    let facing = (-half[2]).clamp(-0.5, 1.0);
    // 1 at the rim, where the normal is at right angles to the axis.
    let stretch = (1.0 / (1.0 + facing)).sqrt();
    [half[0], half[1]].map(|v| (v * stretch / REACH).clamp(-1.0, 1.0) * 0.5 + 0.5)
}

/// The cells about a place of a map that is `side` cells wide, with their weights.
fn cells(place: [f64; 2], side: usize) -> [(usize, f64); 4] {
    let [x, y] = place.map(|v| (v * side as f64 - 0.5).clamp(0.0, side as f64 - 1.001));
    let (x0, y0) = (x as usize, y as usize);
    let (fx, fy) = (x - x0 as f64, y - y0 as f64);
    let at = y0 * side + x0;
    [
        (at, (1.0 - fx) * (1.0 - fy)),
        (at + 1, fx * (1.0 - fy)),
        (at + side, (1.0 - fx) * fy),
        (at + side + 1, fx * fy),
    ]
}

/// A map's value between its cells.
fn mixed(map: &[Shade], side: usize, place: [f64; 2]) -> Shade {
    let around = cells(place, side);
    [0, 1].map(|k| around.iter().map(|(at, w)| w * map[*at][k]).sum())
}

fn nearest(materials: &[[f64; 3]], color: [f64; 3]) -> usize {
    let apart = |material: &[f64; 3]| {
        let off = sub(*material, color);
        dot(off, off)
    };
    (0..materials.len())
        .min_by(|a, b| apart(&materials[*a]).total_cmp(&apart(&materials[*b])))
        .unwrap_or(0)
}

/// A few colours that stand for all: the farthest from those before, then means (Lloyd 1982).
fn sorted(colors: &[[f64; 3]]) -> Vec<[f64; 3]> {
    let Some(first) = colors.first() else {
        return vec![[128.0; 3]];
    };
    let mut means = vec![*first];
    while means.len() < MATERIALS {
        let far = |color: &[f64; 3]| {
            let off = sub(means[nearest(&means, *color)], *color);
            dot(off, off)
        };
        let Some(next) = colors
            .iter()
            .copied()
            .max_by(|a, b| far(a).total_cmp(&far(b)))
        else {
            break;
        };
        means.push(next);
    }
    for _ in 0..SORT_ROUNDS {
        let mut sums = vec![([0.0; 3], 0.0); means.len()];
        for color in colors {
            let (sum, count) = &mut sums[nearest(&means, *color)];
            *sum = add(*sum, *color);
            *count += 1.0;
        }
        for (mean, (sum, count)) in means.iter_mut().zip(sums) {
            if count > 0.0 {
                *mean = scale(sum, 1.0 / count);
            }
        }
    }
    means
}

/// From the coarsest map to the finest: each cell is held near what the coarser map says at its middle, and the coarsest
/// near the texture as it is. Where a material was not seen from some direction, it is lit as about there.
fn map_of(finest: &[Sums]) -> Vec<Shade> {
    let mut side = FINEST;
    let mut levels = vec![finest.to_vec()];
    while side > COARSEST {
        let half = side / 2;
        let mut coarse = vec![Sums::default(); half * half];
        if let Some(last) = levels.last() {
            for (at, sums) in last.iter().enumerate() {
                coarse[(at / side / 2) * half + at % side / 2].join(sums);
            }
        }
        levels.push(coarse);
        side = half;
    }
    let mut map = vec![AS_IT_IS; side * side];
    for level in levels.iter().rev() {
        let wide = level.len().isqrt();
        let before = std::mem::take(&mut map);
        map = level
            .iter()
            .enumerate()
            .map(|(at, sums)| {
                let middle = [at % wide, at / wide].map(|k| (k as f64 + 0.5) / wide as f64);
                sums.solve(mixed(&before, side, middle))
            })
            .collect();
        side = wide;
    }
    map
}

impl Light {
    /// Finds the light in which `views` show `model`. Photos that are to be compared afterwards must not be among them.
    #[must_use]
    pub fn of(model: &TexturedMesh, views: &[(Camera, &Observation)]) -> Self {
        let stride = (model.atlas.rgb.len() / 3 / SORTED_COLORS).max(1);
        let colors: Vec<[f64; 3]> = model
            .atlas
            .rgb
            .chunks_exact(3)
            .step_by(stride)
            .map(|p| [f64::from(p[0]), f64::from(p[1]), f64::from(p[2])])
            .collect();
        let materials = sorted(&colors);
        let mut whole = vec![vec![Sums::default(); FINEST * FINEST]; materials.len()];
        // Detail of a blurred photo is greyer than the texture, which no light explains.
        let windows: Vec<&Window> = views.iter().map(|(_, o)| &o.window).collect();
        let clear = clearness(&windows);
        let all: Vec<_> = views.iter().zip(&clear).collect();
        // A batch of photos at a time: their sums are large, and joined in one order whatever the threads.
        for batch in all.chunks(8) {
            let sums: Vec<Vec<Vec<Sums>>> = batch
                .par_iter()
                .map(|((camera, observation), clear)| {
                    summed(model, camera, observation, &materials, f64::from(**clear))
                })
                .collect();
            for one in &sums {
                for (own, other) in whole.iter_mut().flatten().zip(one.iter().flatten()) {
                    own.join(other);
                }
            }
        }
        let maps = whole.iter().map(|sums| map_of(sums)).collect();
        Self { materials, maps }
    }

    fn lit(&self, color: [f64; 3], place: [f64; 2]) -> [f64; 3] {
        let map = &self.maps[nearest(&self.materials, color)];
        let [gain, veil] = mixed(map, FINEST, place);
        color.map(|value| (gain * value + veil).clamp(0.0, 255.0))
    }
}

fn summed(
    model: &TexturedMesh,
    camera: &Camera,
    observation: &Observation,
    materials: &[[f64; 3]],
    belief: f64,
) -> Vec<Vec<Sums>> {
    let mut sums = vec![vec![Sums::default(); FINEST * FINEST]; materials.len()];
    let rgba = &observation.window.rgba;
    let mut seen = Vec::new();
    spots(model, camera, observation, |spot| {
        let pixel = &rgba[spot.at * 4..spot.at * 4 + 4];
        if pixel[3] >= SOLID {
            let photo = [0, 1, 2].map(|c| f64::from(pixel[c]));
            seen.push((spot.color, photo, place_of(camera, &spot)));
        }
    });
    let gains: [f64; 3] = std::array::from_fn(|c| {
        let (tp, tt) = seen.iter().fold((0.0, 0.0), |(a, b), (t, p, _)| {
            (a + t[c] * p[c], b + t[c] * t[c])
        });
        if tp > 0.0 && tt > 0.0 { tp / tt } else { 1.0 }
    });
    for (texture, photo, place) in seen {
        let even = std::array::from_fn(|c| photo[c] / gains[c]);
        let material = nearest(materials, texture);
        for (at, weight) in cells(place, FINEST) {
            sums[material][at].take(texture, even, weight * belief);
        }
    }
    sums
}

fn place_of(camera: &Camera, spot: &Spot) -> [f64; 2] {
    direction(
        unit(mul(&camera.camera_from_table, spot.normal)),
        spot.sight,
    )
}

/// Draws the model as `camera` sees it in the window of `observation`, in the capture's own light.
#[must_use]
pub fn render_lit(
    model: &TexturedMesh,
    light: &Light,
    camera: &Camera,
    observation: &Observation,
) -> Rendering {
    rendering_of(model, camera, observation, |spot| {
        light.lit(spot.color, place_of(camera, spot))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_is_the_middle_of_the_map_and_the_rim_its_edge() {
        let ahead = [0.0, 0.0, 1.0];
        let [x, y] = direction([0.0, 0.0, -1.0], ahead);
        assert!((x - 0.5).abs() < 1e-9 && (y - 0.5).abs() < 1e-9);
        let [x, y] = direction([1.0, 0.0, 0.0], ahead);
        assert!(
            (x - 0.5 - 0.5 / REACH).abs() < 1e-6 && (y - 0.5).abs() < 1e-9,
            "{x} {y}"
        );
        // A normal turned with the line of sight by half of its angle reflects to the same place.
        let slant = [0.2_f64.sin(), 0.0, 0.2_f64.cos()];
        let turned = direction([-0.1_f64.sin(), 0.0, -0.1_f64.cos()], slant);
        assert!((turned[0] - 0.5).abs() < 1e-9, "{turned:?}");
    }

    #[test]
    fn a_gain_and_a_veil_come_back_where_there_are_pixels_and_spread_where_there_are_none() {
        let mut finest = vec![Sums::default(); FINEST * FINEST];
        let (gain, veil) = (1.4, 12.0);
        for (at, sums) in finest.iter_mut().enumerate() {
            // The left half alone is seen.
            if at % FINEST < FINEST / 2 {
                for k in 0..400 {
                    let texture = [f64::from(k % 140); 3];
                    sums.take(texture, texture.map(|t| gain * t + veil), 1.0);
                }
            }
        }
        let found = map_of(&finest);
        let [g, v] = found[20 * FINEST + 5];
        assert!((g - gain).abs() < 0.01 && (v - veil).abs() < 0.5, "{g} {v}");
        let [g, v] = found[20 * FINEST + FINEST - 1];
        assert!(g.is_finite() && v.is_finite());
    }

    #[test]
    fn no_pixels_leave_the_texture_as_it_is() {
        let map = map_of(&vec![Sums::default(); FINEST * FINEST]);
        assert!(map.iter().all(|shade| *shade == AS_IT_IS));
    }

    #[test]
    fn colours_are_sorted_by_likeness() {
        let mut colors = vec![[200.0, 10.0, 10.0]; 50];
        colors.extend(vec![[10.0, 180.0, 20.0]; 50]);
        let means = sorted(&colors);
        let (red, green) = (
            nearest(&means, [210.0, 0.0, 0.0]),
            nearest(&means, [0.0, 190.0, 0.0]),
        );
        assert!(red != green, "{means:?}");
    }
}
