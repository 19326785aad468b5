//! The rig from a mat's markers: each photo by itself tells where its camera stood, all together the axis and the lens.

use super::model::{Freedom, RigModel};
use crate::camera::Pixel;
use crate::mat::{Mat, SeenMarker};
use crate::observation::Capture;
use crate::rig::TurntableRig;
use crate::solve::{
    Prior, Residuals, Solution, Unknown, inverse_diagonal, minimise, solve_symmetric,
};
use crate::vector::{Vec3, cross, dot, length, scale};

/// Fewest markers of a photo that place it.
pub(super) const LEAST_MARKERS: usize = 2;
/// Numbers after those of the rig: log of metres a unit, height of the mat, where the axis goes through it.
const OWN: usize = 4;
/// Sightings farther off than this are not the marker, in pixels and in multiples of the median.
const STRAY_PX: f64 = 2.0;
const STRAY_MEDIANS: f64 = 6.0;
/// How many corners err as one: those of a photo share its blur and its lens.
const NOISE_TOGETHER: f64 = 4.0;
/// The scale of the robust cost, round by round, pixels.
const SCALES_PX: [f64; 3] = [4.0, 1.0, 0.5];

/// What the markers say.
#[derive(Clone, Debug)]
pub(crate) struct MatFit {
    pub rig: TurntableRig,
    /// Root mean square of what corners are off, pixels, without stray ones.
    pub rms_px: f64,
    /// The share of sightings that contradict the others.
    pub stray_share: f64,
    /// Sightings that took part.
    pub sightings: usize,
    pub tilt_sigma_rad: Vec<f64>,
    /// The mat's height in the rig's frame.
    pub height: f64,
    /// What one unit of the rig is long.
    pub metres: f64,
    /// Photos that show too few markers; the count of steps tells their angles.
    pub unplaced: Vec<usize>,
}

/// Where a camera stood over the mat, by one photo.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// The camera's centre in the mat's frame, metres.
    pub centre: Vec3,
    /// How far it looks down.
    pub tilt_rad: f64,
}

/// The view of a photo by the markers in it; `None` where they are too few or make no sense.
pub(crate) fn view(mat: &Mat, seen: &[SeenMarker], focal_px: f64, centre: Pixel) -> Option<View> {
    let mut pairs = Vec::new();
    for marker in seen {
        let Some(places) = mat.corners_m(marker.id) else {
            continue;
        };
        for (place, pixel) in places.into_iter().zip(marker.corners) {
            let ray = [
                (pixel.x - centre.x) / focal_px,
                (pixel.y - centre.y) / focal_px,
            ];
            pairs.push((place, ray));
        }
    }
    if pairs.len() < 4 * LEAST_MARKERS {
        return None;
    }
    let h = homography(&pairs)?;
    let column = |k: usize| [h[0][k], h[1][k], h[2][k]];
    let (x, z, t) = (column(0), column(1), column(2));
    // The two axes are as long as each other; the mat lies before the camera.
    let size = f64::midpoint(length(x), length(z)) * h[2][2].signum();
    if size == 0.0 || (length(x) / length(z)).ln().abs() > 0.3 {
        return None;
    }
    let (x, z, t) = (
        scale(x, 1.0 / size),
        scale(z, 1.0 / size),
        scale(t, 1.0 / size),
    );
    let y = cross(z, x);
    Some(View {
        centre: [-dot(x, t), -dot(y, t), -dot(z, t)],
        tilt_rad: (-y[2]).clamp(-1.0, 1.0).asin(),
    })
}

/// The projective map of plane points to rays, by least squares with its last number 1 (the direct linear transform).
fn homography(pairs: &[([f64; 2], [f64; 2])]) -> Option<[[f64; 3]; 3]> {
    let mut a = vec![vec![0.0; 8]; 8];
    let mut b = vec![0.0; 8];
    // Decimetres: about 1, like the rays' divisor.
    let unit = 0.1;
    for ([x, z], ray) in pairs {
        let (x, z) = (x / unit, z / unit);
        for (axis, value) in ray.iter().enumerate() {
            let mut line = [0.0; 8];
            line[3 * axis..3 * axis + 3].copy_from_slice(&[x, z, 1.0]);
            line[6] = -x * value;
            line[7] = -z * value;
            for i in 0..8 {
                for j in 0..8 {
                    a[i][j] += line[i] * line[j];
                }
                b[i] += line[i] * value;
            }
        }
    }
    let h = solve_symmetric(a, &b)?;
    let found = [
        [h[0] / unit, h[1] / unit, h[2]],
        [h[3] / unit, h[4] / unit, h[5]],
        [h[6] / unit, h[7] / unit, 1.0],
    ];
    found
        .iter()
        .flatten()
        .all(|v| v.is_finite())
        .then_some(found)
}

struct Sighting {
    frame: usize,
    place: [f64; 2],
    pixel: Pixel,
}

struct Corners<'a> {
    model: &'a RigModel,
    sightings: &'a [Sighting],
    /// For each frame its sightings.
    of_frame: Vec<Vec<usize>>,
}

impl Residuals for Corners<'_> {
    const PER_GROUP: usize = 2;

    fn groups(&self) -> usize {
        self.sightings.len()
    }

    fn evaluate(&self, numbers: &[f64], group: usize, out: &mut [f64]) {
        let sighting = &self.sightings[group];
        let own = &numbers[self.model.count()..];
        let metres = own[0].exp();
        let point = [
            (sighting.place[0] - own[2]) / metres,
            own[1],
            (sighting.place[1] - own[3]) / metres,
        ];
        match self.model.camera(numbers, sighting.frame).project(point) {
            Some(Pixel { x, y }) => {
                out[0] = x - sighting.pixel.x;
                out[1] = y - sighting.pixel.y;
            }
            None => out.fill(1e3),
        }
    }

    fn moved_by(&self, parameter: usize) -> Option<&[usize]> {
        let frame = parameter.checked_sub(self.model.angle(0))?;
        self.of_frame.get(frame).map(Vec::as_slice)
    }
}

/// Finds the rig of a capture by its mat; `None` where too few photos show it.
pub(crate) fn fit(capture: &Capture, mat: &Mat, model: &RigModel) -> Option<MatFit> {
    let views: Vec<Option<View>> = capture
        .observations
        .iter()
        .map(|o| view(mat, &o.markers, model.focal_px, model.centre))
        .collect();
    let count = views.iter().flatten().count();
    if count < 3 || 2 * count < views.len() {
        return None;
    }
    let axis = axis(&views, &model.frames, model.rows)?;
    let angle = |view: &View| {
        let [x, _, z] = view.centre;
        (-(x - axis[0])).atan2(z - axis[1])
    };
    // The angles that were measured stand where the model has nominal ones.
    let measured: Vec<Option<f64>> = views.iter().map(|v| v.as_ref().map(angle)).collect();
    let angles = filled(&measured, &model.frames);
    let nominal = &model.frames;
    let model = RigModel {
        sense: 1.0,
        frames: model
            .frames
            .iter()
            .zip(&angles)
            .map(|((row, _), angle)| (*row, *angle))
            .collect(),
        ..model.clone()
    };
    let numbers = start(&model, &views, axis)?;
    let unplaced: Vec<usize> = (0..views.len()).filter(|at| views[*at].is_none()).collect();
    let all: Vec<Sighting> = capture
        .observations
        .iter()
        .enumerate()
        .filter(|(frame, _)| views[*frame].is_some())
        .flat_map(|(frame, o)| o.markers.iter().map(move |marker| (frame, marker)))
        .filter_map(|(frame, marker)| Some((frame, marker, mat.corners_m(marker.id)?)))
        .flat_map(|(frame, marker, places)| {
            std::array::from_fn::<_, 4, _>(|k| Sighting {
                frame,
                place: places[k],
                pixel: marker.corners[k],
            })
        })
        .collect();
    let mut found = descend(&model, numbers, all, unplaced);
    found.place_the_rest(nominal);
    Some(found)
}

impl MatFit {
    /// Gives photos that no marker places the angles that the others' leave for them.
    fn place_the_rest(&mut self, nominal: &[(usize, f64)]) {
        let mut next = vec![0; self.rig.rows.len()];
        let mut known = Vec::with_capacity(nominal.len());
        for (frame, (row, _)) in nominal.iter().enumerate() {
            let angle = self.rig.rows[*row].azimuths_rad[next[*row]];
            next[*row] += 1;
            known.push((!self.unplaced.contains(&frame)).then_some(angle));
        }
        let angles = filled(&known, nominal);
        for row in &mut self.rig.rows {
            row.azimuths_rad.clear();
        }
        for (angle, (row, _)) in angles.into_iter().zip(nominal) {
            self.rig.rows[*row].azimuths_rad.push(angle);
        }
    }
}

/// Rounds of descent; what contradicts the others is left out between them.
fn descend(
    model: &RigModel,
    mut numbers: Vec<f64>,
    mut sightings: Vec<Sighting>,
    unplaced: Vec<usize>,
) -> MatFit {
    let whole = sightings.len();
    let mut last: Option<Solution> = None;
    for (round, c) in SCALES_PX.into_iter().enumerate() {
        if let Some(found) = &last {
            let errors = errors(model, &found.parameters, &sightings);
            let mut sorted = errors.clone();
            sorted.sort_by(f64::total_cmp);
            let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
            let most = STRAY_PX.max(STRAY_MEDIANS * median);
            let mut errors = errors.iter();
            sightings.retain(|_| errors.next().is_some_and(|e| *e < most));
        }
        let mut of_frame = vec![Vec::new(); model.frames.len()];
        for (at, sighting) in sightings.iter().enumerate() {
            of_frame[sighting.frame].push(at);
        }
        let unknowns = unknowns(model, &of_frame, NOISE_TOGETHER * c.min(1.0), round > 0);
        let corners = Corners {
            model,
            sightings: &sightings,
            of_frame,
        };
        let found = minimise(&corners, &numbers, &unknowns, c);
        numbers.clone_from(&found.parameters);
        last = Some(found);
    }
    let found = last.unwrap_or(Solution {
        parameters: numbers,
        rms: f64::INFINITY,
        cost: f64::INFINITY,
        hessian: Vec::new(),
        free: Vec::new(),
    });
    let own = &found.parameters[model.count()..];
    let diagonal = inverse_diagonal(&found.hessian);
    let tilt_sigma_rad = (0..model.rows)
        .map(|row| {
            let at = found.free.iter().position(|p| *p == RigModel::tilt(row));
            match (&diagonal, at) {
                (Some(d), Some(at)) => d[at].max(0.0).sqrt() * found.rms * NOISE_TOGETHER,
                _ => f64::INFINITY,
            }
        })
        .collect();
    MatFit {
        rig: model.rig(&found.parameters[..model.count()]),
        rms_px: found.rms,
        stray_share: 1.0 - sightings.len() as f64 / whole.max(1) as f64,
        sightings: sightings.len() / 4,
        tilt_sigma_rad,
        height: own[1],
        metres: own[0].exp(),
        unplaced,
    }
}

fn errors(model: &RigModel, numbers: &[f64], sightings: &[Sighting]) -> Vec<f64> {
    let corners = Corners {
        model,
        sightings,
        of_frame: Vec::new(),
    };
    let mut out = [0.0; 2];
    (0..sightings.len())
        .map(|group| {
            corners.evaluate(numbers, group, &mut out);
            out[0].hypot(out[1])
        })
        .collect()
}

fn unknowns(model: &RigModel, of_frame: &[Vec<usize>], noise_px: f64, lens: bool) -> Vec<Unknown> {
    let freedom = Freedom {
        lens,
        angles: false,
    };
    let mut unknowns = model.unknowns(freedom, noise_px);
    let free = Unknown {
        free: true,
        prior: None,
        step: 1e-5,
    };
    for row in 0..model.rows {
        // Every frame has an angle of its own: the row's would say the same.
        unknowns[RigModel::tilt(row) + 5].free = false;
    }
    for (frame, sightings) in of_frame.iter().enumerate() {
        if !sightings.is_empty() {
            unknowns[model.angle(frame)] = Unknown {
                prior: Some(Prior {
                    mean: 0.0,
                    sigma: 10_f64.to_radians() / noise_px,
                }),
                ..free
            };
        }
    }
    unknowns.extend([free; OWN]);
    unknowns
}

/// Where the axis goes through the mat: the middle of the circles that the cameras stand on (Kåsa 1976).
fn axis(views: &[Option<View>], frames: &[(usize, f64)], rows: usize) -> Option<[f64; 2]> {
    // x² + z² = 2·a·x + 2·b·z + c of each row.
    let count = 2 + rows;
    let mut m = vec![vec![0.0; count]; count];
    let mut right = vec![0.0; count];
    for (view, (row, _)) in views.iter().zip(frames) {
        let Some(View { centre, .. }) = view else {
            continue;
        };
        let mut line = vec![0.0; count];
        (line[0], line[1], line[2 + row]) = (2.0 * centre[0], 2.0 * centre[2], 1.0);
        let value = centre[0].powi(2) + centre[2].powi(2);
        for i in 0..count {
            for j in 0..count {
                m[i][j] += line[i] * line[j];
            }
            right[i] += line[i] * value;
        }
    }
    let found = solve_symmetric(m, &right)?;
    Some([found[0], found[1]])
}

/// Angles of photos that show too little of the mat, by the count of steps from those that do.
fn filled(measured: &[Option<f64>], frames: &[(usize, f64)]) -> Vec<f64> {
    let along = |sense: f64| -> (f64, Vec<f64>) {
        let rows = frames.iter().map(|f| f.0 + 1).max().unwrap_or(0);
        let mut firmness = 0.0;
        let offsets = (0..rows)
            .map(|row| {
                let (mut sin, mut cos) = (0.0, 0.0);
                for (angle, (of, nominal)) in measured.iter().zip(frames) {
                    if let Some(angle) = angle.filter(|_| *of == row) {
                        sin += (angle - sense * nominal).sin();
                        cos += (angle - sense * nominal).cos();
                    }
                }
                firmness += f64::hypot(sin, cos);
                sin.atan2(cos)
            })
            .collect();
        (firmness, offsets)
    };
    let (there, back) = (along(1.0), along(-1.0));
    let (sense, offsets) = if there.0 >= back.0 {
        (1.0, there.1)
    } else {
        (-1.0, back.1)
    };
    measured
        .iter()
        .zip(frames)
        .map(|(angle, (row, nominal))| angle.unwrap_or(sense * nominal + offsets[*row]))
        .collect()
}

/// The numbers that the views tell by themselves.
fn start(model: &RigModel, views: &[Option<View>], axis: [f64; 2]) -> Option<Vec<f64>> {
    let median = |mut values: Vec<f64>| -> Option<f64> {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    let of_row = |row: usize, value: &dyn Fn(&View) -> f64| {
        let all = views.iter().zip(&model.frames);
        median(
            all.filter(|(_, (of, _))| *of == row)
                .filter_map(|(view, _)| view.as_ref().map(value))
                .collect(),
        )
    };
    let away = |view: &View| (view.centre[0] - axis[0]).hypot(view.centre[2] - axis[1]);
    let metres = of_row(0, &away)?;
    let height = of_row(0, &|view| view.centre[1])?;
    let mut numbers = model.start(0.0);
    for row in 0..model.rows {
        let at = RigModel::tilt(row);
        numbers[at] = of_row(row, &|view| view.tilt_rad)?;
        numbers[at + 3] = (of_row(row, &|view| view.centre[1])? - height) / metres;
        numbers[at + 4] = (of_row(row, &away)? / metres).ln();
    }
    if !(metres > 1e-3 && height.is_finite()) {
        return None;
    }
    numbers.extend([metres.ln(), -height / metres, axis[0], axis[1]]);
    Some(numbers)
}
