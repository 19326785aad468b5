//! The visual hull: where all views agree that there is product (Laurentini, PAMI 1994), with some forbearance.

use crate::camera::Camera;
use crate::parallel::map_indexed;
use crate::plane::{Mask, Plane};

/// Voxels across the swept circle.
const ACROSS: usize = 104;
/// Views that may disagree with a voxel, as a share of all; one bad mask must not carve a hole through all others.
const FORBEARANCE: f32 = 0.08;

/// Layers of voxels that a shadow may fill.
const FLAT_LAYERS: usize = 4;

/// A carved block of space in the table's frame at angle 0.
pub(crate) struct Hull {
    voxel: f32,
    radius: f32,
    layers: usize,
    occupied: Vec<bool>,
}

/// Views of one camera: soft masks (1 is product) and the product's angle in each, in radians.
pub(crate) struct Views<'a> {
    pub camera: Camera,
    pub masks: &'a [Plane<f32>],
    pub angles_rad: &'a [f32],
}

impl Views<'_> {
    fn rotations(&self) -> Vec<(f32, f32)> {
        self.angles_rad
            .iter()
            .map(|angle| angle.sin_cos())
            .collect()
    }
}

fn turned((sin, cos): (f32, f32), x: f32, z: f32) -> (f32, f32) {
    (x * cos + z * sin, z * cos - x * sin)
}

impl Hull {
    /// Carves what lies within `radius` of the axis, from the disc up to `top`, in the camera's units.
    pub(crate) fn carve(views: &Views<'_>, radius: f32, top: f32, workers: usize) -> Self {
        let voxel = 2.0 * radius / ACROSS as f32;
        let layers = ((top / voxel).ceil() as usize).clamp(4, 3 * ACROSS);
        let rotations = views.rotations();
        let allowed = (FORBEARANCE * views.masks.len() as f32).max(1.2);
        let slices = map_indexed(layers, workers, |layer| {
            let y = (layer as f32 + 0.5) * voxel;
            let mut slice = vec![false; ACROSS * ACROSS];
            for (at, occupied) in slice.iter_mut().enumerate() {
                let x = (at % ACROSS) as f32 * voxel + 0.5 * voxel - radius;
                let z = (at / ACROSS) as f32 * voxel + 0.5 * voxel - radius;
                if x * x + z * z > radius * radius {
                    continue;
                }
                let mut against = 0.0;
                for (mask, rotation) in views.masks.iter().zip(&rotations) {
                    let (x, z) = turned(*rotation, x, z);
                    let (u, v, _) = views.camera.project([x, y, z]);
                    if u < 0.0 || v < 0.0 {
                        continue;
                    }
                    let (u, v) = ((u + 0.5) as usize, (v + 0.5) as usize);
                    if u < mask.width && v < mask.height {
                        against += 1.0 - mask.at(u, v);
                        if against > allowed {
                            break;
                        }
                    }
                }
                *occupied = against <= allowed;
            }
            slice
        });
        let mut hull = Self {
            voxel,
            radius,
            layers,
            occupied: slices.concat(),
        };
        hull.drop_flat_columns();
        hull
    }

    /// Clears what stands on the disc and is hardly higher than it: shadows around a product's foot turn with no one,
    /// but some of them lie there from every side.
    fn drop_flat_columns(&mut self) {
        let area = ACROSS * ACROSS;
        for column in 0..area {
            let height = (0..self.layers)
                .take_while(|layer| self.occupied[layer * area + column])
                .count();
            if height < FLAT_LAYERS {
                for layer in 0..height {
                    self.occupied[layer * area + column] = false;
                }
            }
        }
    }

    /// How many voxels are left: the right turning direction leaves more than the wrong one.
    pub(crate) fn volume(&self) -> usize {
        self.occupied.iter().filter(|o| **o).count()
    }

    /// The hull as the camera sees it at each angle.
    pub(crate) fn silhouettes(&self, views: &Views<'_>, workers: usize) -> Vec<Mask> {
        let surface = self.surface();
        let rotations = views.rotations();
        map_indexed(views.masks.len(), workers, |at| {
            let (width, height) = (views.masks[at].width, views.masks[at].height);
            let mut out = Mask::new(width, height, false);
            for [x, y, z] in &surface {
                let (x, z) = turned(rotations[at], *x, *z);
                let (u, v, depth) = views.camera.project([x, *y, z]);
                let reach = 0.62 * self.voxel * views.camera.focal / depth;
                let range = |c: f32, length: usize| {
                    let from = (c - reach).ceil().max(0.0) as usize;
                    let to = ((c + reach).floor() + 1.0).clamp(0.0, length as f32) as usize;
                    from..to
                };
                for row in range(v, height) {
                    for column in range(u, width) {
                        out.data[row * width + column] = true;
                    }
                }
            }
            out
        })
    }

    /// Middles of the voxels with a free neighbour.
    fn surface(&self) -> Vec<[f32; 3]> {
        let at = |x: usize, y: usize, z: usize| (y * ACROSS + z) * ACROSS + x;
        let mut out = Vec::new();
        for y in 0..self.layers {
            for z in 0..ACROSS {
                for x in 0..ACROSS {
                    if !self.occupied[at(x, y, z)] {
                        continue;
                    }
                    let inner = x > 0
                        && x + 1 < ACROSS
                        && z > 0
                        && z + 1 < ACROSS
                        && y > 0
                        && y + 1 < self.layers
                        && self.occupied[at(x - 1, y, z)]
                        && self.occupied[at(x + 1, y, z)]
                        && self.occupied[at(x, y, z - 1)]
                        && self.occupied[at(x, y, z + 1)]
                        && self.occupied[at(x, y - 1, z)]
                        && self.occupied[at(x, y + 1, z)];
                    if !inner {
                        let middle = |i: usize| (i as f32 + 0.5) * self.voxel;
                        out.push([middle(x) - self.radius, middle(y), middle(z) - self.radius]);
                    }
                }
            }
        }
        out
    }
}

/// How far from the axis and how high the product of `masks` reaches, in the camera's units.
pub(crate) fn reach(camera: &Camera, masks: &[Plane<f32>]) -> Option<(f32, f32)> {
    let (axis, _, depth) = camera.project([0.0; 3]);
    let (mut widest, mut highest) = (0.0_f32, f32::MAX);
    for mask in masks {
        for (at, value) in mask.data.iter().enumerate() {
            if *value > 0.5 {
                widest = widest.max(((at % mask.width) as f32 - axis).abs());
                highest = highest.min((at / mask.width) as f32);
            }
        }
    }
    if widest < 2.0 {
        return None;
    }
    // The far side of the circle at the height seen: v = center + f (−y cos + t_y) / (t_z − y sin).
    let slope = (highest - camera.center[1]) / camera.focal;
    let top = (camera.translation[1] - slope * depth)
        / (camera.cos_tilt - slope * camera.sin_tilt).max(0.05);
    let radius = widest * depth / camera.focal * 1.08;
    Some((
        radius,
        (top * 1.05 + 0.3 * radius * camera.sin_tilt).max(radius * 0.1),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A box off the axis, drawn from its corners' convex hull.
    fn drawn(camera: &Camera, angle: f32) -> Plane<f32> {
        let mut points = Vec::new();
        for (x, y, z) in [0.1, 0.7]
            .into_iter()
            .flat_map(|x| [0.0, 0.9].map(|y| (x, y)))
            .flat_map(|(x, y)| [-0.2, 0.2].map(|z| (x, y, z)))
        {
            let (x, z) = turned(angle.sin_cos(), x, z);
            let (u, v, _) = camera.project([x, y, z]);
            points.push((u, v));
        }
        // Inside, if every line through two corners with all others on one side has the pixel there too.
        Plane::from_fn(160, 120, |x, y| {
            let cross = |a: (f32, f32), b: (f32, f32), p: (f32, f32)| {
                (b.0 - a.0) * (p.1 - a.1) - (b.1 - a.1) * (p.0 - a.0)
            };
            let outside = points.iter().any(|a| {
                points.iter().any(|b| {
                    a != b
                        && points.iter().all(|p| cross(*a, *b, *p) >= -1e-3)
                        && cross(*a, *b, (x as f32, y as f32)) < 0.0
                })
            });
            f32::from(u8::from(!outside))
        })
    }

    #[test]
    fn a_hole_in_one_mask_is_mended_and_the_wrong_direction_is_smaller() {
        let camera = Camera::looking_at(280.0, [79.5, 59.5], 0.35, (79.5, 80.0), 5.0);
        let angles: Vec<f32> = (0..24)
            .map(|i| i as f32 * std::f32::consts::TAU / 24.0)
            .collect();
        let whole: Vec<Plane<f32>> = angles.iter().map(|a| drawn(&camera, *a)).collect();
        let mut masks = whole.clone();
        for y in 50..60 {
            for x in 70..95 {
                masks[3].data[y * 160 + x] = 0.0;
            }
        }
        let views = Views {
            camera,
            masks: &masks,
            angles_rad: &angles,
        };
        let (radius, top) = reach(&camera, &masks).unwrap();
        let hull = Hull::carve(&views, radius, top, 2);
        let seen = &hull.silhouettes(&views, 2)[3];
        let (mut both, mut any) = (0, 0);
        for (seen, whole) in seen.data.iter().zip(&whole[3].data) {
            both += usize::from(*seen && *whole > 0.5);
            any += usize::from(*seen || *whole > 0.5);
        }
        assert!(both as f32 > 0.93 * any as f32, "{both} of {any}");
        let backwards: Vec<f32> = angles.iter().map(|a| -a).collect();
        let wrong = Hull::carve(
            &Views {
                camera,
                masks: &masks,
                angles_rad: &backwards,
            },
            radius,
            top,
            2,
        );
        assert!(
            wrong.volume() * 10 < hull.volume() * 9,
            "{} {}",
            wrong.volume(),
            hull.volume()
        );
    }
}
