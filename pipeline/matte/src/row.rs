use crate::Proxy;
use crate::axis::{self, Axis};
use crate::background::{Background, Region};
use crate::camera::Camera;
use crate::confidence;
use crate::cut::{self, Ties};
use crate::disc::{self, Disc};
use crate::evidence::{self, Scatter};
use crate::frame::FrameCut;
use crate::hull::{self, Hull, Views};
use crate::learned;
use crate::palette::{Counts, Palette};
use crate::parallel::map_indexed;
use crate::plane::{Mask, Plane};
use crate::proxy::LogTable;
use crate::shadow;
use crate::stabilize;
use crate::temporal::Temporal;
use crate::tone::{self, LogImage};

/// One row of a capture: the same camera, the product turned from photo to photo.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// The photos in the order of the turn, all of one size; at least one.
    pub frames: Vec<&'a Proxy>,
    /// The turntable without the product, of the same size.
    pub clean_plate: Option<&'a Proxy>,
    /// Each frame's angle in degrees, whichever way round; `None` where the steps are not known.
    pub azimuths_deg: Option<Vec<f32>>,
    /// What a learned model says of each frame: see [`crate::LearnedMatte::likelihood`].
    pub likelihoods: Option<Vec<Vec<u8>>>,
    /// Focal length over the long side of the sensor, where it is known (35 mm equivalent over 36).
    pub focal_ratio: Option<f32>,
}

/// What was found out about a row.
#[derive(Clone, Debug)]
pub struct RowCut {
    /// The product in each frame.
    pub frames: Vec<FrameCut>,
    /// How much brighter each frame is than the row's median, in natural logarithms of linear light: red, green, blue.
    /// Told by what stands still around the product.
    pub gains: Vec<[f32; 3]>,
    /// Where the turntable's axis appears.
    pub axis: Axis,
    /// Which way the angles run, where the views say so.
    pub sense: Option<Sense>,
    /// Which of the disc's outline was found, as shares of the width and the height: centre and half axes.
    pub disc: Option<[f32; 4]>,
}

/// Whether a product turned by rising angles turns against the clock, seen from above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// Against the clock: the near side moves to the right.
    CounterClockwise,
    /// With the clock.
    Clockwise,
}

/// What the focal length is taken for where nothing is known: 50 mm on 36 mm film.
const USUAL_FOCAL_RATIO: f32 = 50.0 / 36.0;
/// How often the cut is repeated with what the last one taught.
const ROUNDS: usize = 2;
/// A pixel outside the hull loses this much of its odds for each pixel of distance.
const OUTSIDE_HULL: f32 = 1.4;
/// The wrong direction leaves less of the hull; both directions leave this much of a product of revolution.
const SAME_VOLUME: f32 = 0.97;

/// What the first look still counts once colours have been learned.
const OWN_WEIGHT: f32 = 0.6;

const TIES: Ties = Ties {
    strength: 4.5,
    least: 0.15,
    contrast: 0.08,
};

/// Cuts the product out of every frame of a row.
///
/// # Panics
/// Where the row is empty, its proxies differ in size, or likelihoods are not one for each frame.
#[must_use]
pub fn cut_row(row: &Row<'_>, workers: usize) -> RowCut {
    let (width, height) = (row.frames[0].width(), row.frames[0].height());
    let same = |proxy: &&Proxy| (proxy.width(), proxy.height()) == (width, height);
    assert!(
        row.frames.iter().chain(&row.clean_plate).all(same),
        "proxies of one size"
    );
    let scene = Scene::of(row, workers);
    assert!(
        row.likelihoods
            .as_ref()
            .is_none_or(|all| all.len() == row.frames.len()),
        "likelihoods for every frame"
    );
    let first: Vec<FrameEvidence> =
        map_indexed(row.frames.len(), workers, |at| scene.examine(row, at));
    let mut masks: Vec<Mask> = first.iter().map(|frame| frame.mask.clone()).collect();
    let mut turned = None;
    for _ in 0..ROUNDS {
        turned = scene.carve(row, &masks, workers);
        let hulls = turned.as_ref().map(|(hulls, _)| hulls.as_slice());
        let palette = scene.learn(row, &first, &masks, hulls, workers);
        masks = map_indexed(row.frames.len(), workers, |at| {
            scene.cut_again(row, at, &first[at], &palette, hulls.map(|hulls| &hulls[at]))
        });
    }
    let shades: Vec<&Mask> = first.iter().map(|frame| &frame.shade).collect();
    shadow::trim(&mut masks, &shades);
    let axis = axis::of(&masks, scene.disc.as_ref(), row.azimuths_deg.is_some());
    let still = bare_pixels(&scene, &masks);
    let gains = tone::gains(&row.frames, &still, &scene.table);
    let shifts = stabilize::shifts(&scene, row, &masks, workers);
    let frames = map_indexed(masks.len(), workers, |at| {
        let image = scene.image(row, at);
        let hull = turned.as_ref().map(|(hulls, _)| &hulls[at]);
        let confidence = confidence::of(&image, &masks[at], hull);
        FrameCut::new(masks[at].clone(), shifts[at], confidence)
    });
    let share = |disc: Disc| {
        let (w, h) = (width as f32, height as f32);
        [
            (disc.center_x + 0.5) / w,
            (disc.center_y + 0.5) / h,
            disc.half_width / w,
            disc.half_height / h,
        ]
    };
    RowCut {
        frames,
        gains,
        axis,
        sense: turned.and_then(|(_, sense)| sense),
        disc: scene.disc.map(share),
    }
}

/// Pixels that no frame's product comes near and that do not turn with it.
fn bare_pixels(scene: &Scene, masks: &[Mask]) -> Vec<usize> {
    const MARGIN: f32 = 6.0;
    let mut covered = masks[0].clone();
    for mask in masks {
        for (covered, inside) in covered.data.iter_mut().zip(&mask.data) {
            *covered |= inside;
        }
    }
    let distance = covered.distance();
    let free = |at: &usize| {
        distance.data[*at] > MARGIN && scene.background.regions.data[*at] == Region::Backdrop
    };
    let bare: Vec<usize> = (0..distance.data.len()).filter(free).collect();
    // Thousands of pixels tell an exposure as well as all of them.
    let every = (bare.len() / 6000).max(1);
    bare.into_iter().step_by(every).collect()
}

/// What a frame shows by itself.
struct FrameEvidence {
    odds: Plane<f32>,
    rough: Plane<f32>,
    /// Where it may be the background in a shadow.
    shade: Mask,
    mask: Mask,
}

/// Everything about a row that its frames share.
pub(crate) struct Scene {
    table: LogTable,
    gains: Vec<[f32; 3]>,
    pub temporal: Temporal,
    disc: Option<Disc>,
    pub background: Background,
    scatter: Scatter,
    camera: Option<Camera>,
}

impl Scene {
    fn of(row: &Row<'_>, workers: usize) -> Self {
        let table = LogTable::new();
        let (width, height) = (row.frames[0].width(), row.frames[0].height());
        let mut with_plate = row.frames.clone();
        with_plate.extend(row.clean_plate);
        let mut gains = tone::gains(&with_plate, &tone::border(width, height), &table);
        let bare = row.clean_plate.map(|plate| {
            let gain = gains.pop().unwrap_or_default();
            tone::log_image(plate, &table, gain)
        });
        let temporal = Temporal::of(&row.frames, &gains, &table, workers);
        let edges = disc::static_edges(
            &temporal.median,
            &temporal.variation,
            temporal.noise.least(),
        );
        let moving = Mask::from_fn(width, height, |x, y| {
            temporal.variation.at(x, y) > 8.0 * temporal.noise.at(temporal.median.at(x, y))
        });
        let disc = disc::find(&edges, &moving, workers);
        let background = Background::of(&temporal, bare.as_ref(), disc.as_ref());
        let every = row.frames.len().div_ceil(6);
        let samples: Vec<(LogImage, Plane<f32>)> = row
            .frames
            .iter()
            .zip(&gains)
            .step_by(every)
            .map(|(frame, gain)| (tone::log_image(frame, &table, *gain), frame.roughness()))
            .collect();
        let scatter = Scatter::of(&samples, &background, &temporal.noise);
        let focal = row.focal_ratio.unwrap_or(USUAL_FOCAL_RATIO) * width.max(height) as f32;
        let center = [(width as f32 - 1.0) / 2.0, (height as f32 - 1.0) / 2.0];
        let camera = disc
            .as_ref()
            .map(|disc| Camera::of_disc(disc, focal, center));
        Self {
            table,
            gains,
            temporal,
            disc,
            background,
            scatter,
            camera,
        }
    }

    /// Frame `at` in the row's common exposure.
    pub(crate) fn image(&self, row: &Row<'_>, at: usize) -> LogImage {
        tone::log_image(row.frames[at], &self.table, self.gains[at])
    }

    fn examine(&self, row: &Row<'_>, at: usize) -> FrameEvidence {
        let image = self.image(row, at);
        let noise = &self.temporal.noise;
        let roughness = row.frames[at].roughness();
        let differences =
            evidence::differences(&image, &roughness, &self.background, noise, &self.scatter);
        let walls = shadow::walls(
            &image,
            &self.background,
            |at| differences.data[at].is_bare(),
            noise,
        );
        let mut odds = evidence::odds(&differences, &walls, &self.background, self.disc.as_ref());
        if let Some(likelihoods) = &row.likelihoods {
            for (odds, likelihood) in odds.data.iter_mut().zip(&likelihoods[at]) {
                *odds += learned::odds(*likelihood);
            }
        }
        let mask = cut::whole(&cut::cut(&odds, &image, TIES), &odds);
        FrameEvidence {
            shade: shadow::shade(&differences, &walls),
            odds,
            rough: differences.map(|d| d.rough),
            mask,
        }
    }

    /// The hull in each view, and which way the product turns if only one way fits.
    fn carve(
        &self,
        row: &Row<'_>,
        masks: &[Mask],
        workers: usize,
    ) -> Option<(Vec<Mask>, Option<Sense>)> {
        let camera = self.camera?;
        let azimuths = row.azimuths_deg.as_ref()?;
        let soft = map_indexed(masks.len(), workers, |at| {
            masks[at]
                .map(|inside| f32::from(u8::from(*inside)))
                .blurred(1.2)
        });
        let (radius, top) = hull::reach(&camera, &soft)?;
        let carve = |sign: f32| {
            let angles: Vec<f32> = azimuths
                .iter()
                .map(|angle| sign * angle.to_radians())
                .collect();
            let views = Views {
                camera,
                masks: &soft,
                angles_rad: &angles,
            };
            let hull = Hull::carve(&views, radius, top, workers);
            let silhouettes = hull.silhouettes(&views, workers);
            (hull.volume() as f32, silhouettes)
        };
        let (against, with) = (carve(1.0), carve(-1.0));
        let sense = match (against.0, with.0) {
            (a, w) if w < SAME_VOLUME * a => Some(Sense::CounterClockwise),
            (a, w) if a < SAME_VOLUME * w => Some(Sense::Clockwise),
            _ => None,
        };
        Some((
            if against.0 >= with.0 {
                against.1
            } else {
                with.1
            },
            sense,
        ))
    }

    fn learn(
        &self,
        row: &Row<'_>,
        first: &[FrameEvidence],
        masks: &[Mask],
        hulls: Option<&[Mask]>,
        workers: usize,
    ) -> Palette {
        let counts = map_indexed(row.frames.len(), workers, |at| {
            let agreed = match hulls {
                Some(hulls) => Mask {
                    data: masks[at]
                        .data
                        .iter()
                        .zip(&hulls[at].data)
                        .map(|(a, b)| *a && *b)
                        .collect(),
                    ..masks[at]
                },
                None => masks[at].clone(),
            };
            let mut counts = Counts::new();
            counts.add(
                &self.image(row, at),
                &first[at].rough,
                &first[at].odds,
                &agreed,
            );
            counts
        });
        Palette::of(&counts.iter().fold(Counts::new(), Counts::merged))
    }

    fn cut_again(
        &self,
        row: &Row<'_>,
        at: usize,
        first: &FrameEvidence,
        palette: &Palette,
        hull: Option<&Mask>,
    ) -> Mask {
        let image = self.image(row, at);
        let distances = hull.map(|hull| (hull.distance(), hull.inverted().distance()));
        let likelihoods = row.likelihoods.as_ref().map(|all| &all[at]);
        let odds = Plane::from_fn(image.width, image.height, |x, y| {
            let at = y * image.width + x;
            let own = first.odds.data[at];
            if self.background.regions.data[at] == Region::Below {
                return own;
            }
            let mut odds = OWN_WEIGHT * own + palette.odds(image.data[at], first.rough.data[at]);
            if let Some(likelihoods) = likelihoods {
                // The palette repeats what colours said, not what the model did.
                odds += (1.0 - OWN_WEIGHT) * learned::odds(likelihoods[at]);
            }
            if let Some((outside, inside)) = &distances {
                odds += if outside.data[at] > 0.0 {
                    -OUTSIDE_HULL * (outside.data[at] - 0.4).clamp(0.0, 5.0)
                } else {
                    0.5 * (inside.data[at] - 1.0).clamp(0.0, 4.0)
                };
            }
            odds
        });
        cut::whole(&cut::cut(&odds, &image, TIES), &odds)
    }
}
