//! The rig as a list of numbers that a descent can move.

use crate::rig::{Camera, Row, TurntableRig};
use crate::solve::{Prior, Unknown};
use crate::{Intrinsics, Pixel};

/// Numbers before those of the rows: log focal length, k1.
const SHARED: usize = 2;
/// Numbers of a row: tilt, pan, roll, height, log distance, azimuth.
const PER_ROW: usize = 6;

/// What stays fixed while a rig is sought: the frames, the sense of the turn, the picture's middle.
#[derive(Clone, Debug)]
pub(crate) struct RigModel {
    pub centre: Pixel,
    /// Focal length that is believed, and how firmly: standard deviation of its logarithm.
    pub focal_px: f64,
    pub focal_sigma: f64,
    pub rows: usize,
    /// Row and nominal angle of each frame.
    pub frames: Vec<(usize, f64)>,
    /// 1 where the table turns against the clock, −1 with it.
    pub sense: f64,
}

/// Which numbers may move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Freedom {
    pub lens: bool,
    pub angles: bool,
}

impl RigModel {
    pub fn tilt(row: usize) -> usize {
        SHARED + row * PER_ROW
    }

    pub fn angle(&self, frame: usize) -> usize {
        SHARED + self.rows * PER_ROW + frame
    }

    pub fn count(&self) -> usize {
        SHARED + self.rows * PER_ROW + self.frames.len()
    }

    /// All rows alike, at `tilt_rad`, looking at the axis from distance 1.
    pub fn start(&self, tilt_rad: f64) -> Vec<f64> {
        let mut numbers = vec![0.0; self.count()];
        numbers[0] = self.focal_px.ln();
        for row in 0..self.rows {
            numbers[Self::tilt(row)] = tilt_rad;
        }
        numbers
    }

    /// `noise_px` is what the priors weigh against: the residuals' standard deviation.
    pub fn unknowns(&self, freedom: Freedom, noise_px: f64) -> Vec<Unknown> {
        let fixed = Unknown {
            free: false,
            prior: None,
            step: 1e-5,
        };
        let mut unknowns = vec![fixed; self.count()];
        if freedom.lens {
            unknowns[0].free = true;
            unknowns[0].prior = Some(Prior {
                mean: self.focal_px.ln(),
                sigma: self.focal_sigma / noise_px,
            });
            unknowns[1].free = true;
            // Lenses of product photos bend by less than this as a rule.
            unknowns[1].prior = Some(Prior {
                mean: 0.0,
                sigma: 0.05 / noise_px,
            });
        }
        for row in 0..self.rows {
            let free = if row == 0 { 3 } else { PER_ROW };
            for unknown in unknowns.iter_mut().skip(Self::tilt(row)).take(free) {
                unknown.free = true;
            }
        }
        if freedom.angles {
            for frame in 0..self.frames.len() {
                unknowns[self.angle(frame)] = Unknown {
                    free: true,
                    prior: Some(Prior {
                        mean: 0.0,
                        sigma: 1_f64.to_radians() / noise_px,
                    }),
                    step: 1e-5,
                };
            }
        }
        unknowns
    }

    pub fn intrinsics(&self, numbers: &[f64]) -> Intrinsics {
        let focal_px = numbers[0].exp();
        Intrinsics {
            focal_px: [focal_px; 2],
            centre: self.centre,
            k1: numbers[1],
        }
    }

    fn row(numbers: &[f64], row: usize) -> Row {
        let at = Self::tilt(row);
        Row {
            tilt_rad: numbers[at],
            pan_rad: numbers[at + 1],
            roll_rad: numbers[at + 2],
            height: numbers[at + 3],
            distance: numbers[at + 4].exp(),
            azimuths_rad: Vec::new(),
        }
    }

    pub fn azimuth(&self, numbers: &[f64], frame: usize) -> f64 {
        let (row, nominal_rad) = self.frames[frame];
        self.sense * nominal_rad + numbers[Self::tilt(row) + 5] + numbers[self.angle(frame)]
    }

    pub fn camera(&self, numbers: &[f64], frame: usize) -> Camera {
        let row = Self::row(numbers, self.frames[frame].0);
        let (camera_from_table, translation) = row.pose(self.azimuth(numbers, frame));
        Camera {
            intrinsics: self.intrinsics(numbers),
            camera_from_table,
            translation,
        }
    }

    pub fn rig(&self, numbers: &[f64]) -> TurntableRig {
        let mut rows: Vec<Row> = (0..self.rows).map(|row| Self::row(numbers, row)).collect();
        for frame in 0..self.frames.len() {
            let azimuth_rad = self.azimuth(numbers, frame);
            rows[self.frames[frame].0].azimuths_rad.push(azimuth_rad);
        }
        TurntableRig {
            intrinsics: self.intrinsics(numbers),
            rows,
        }
    }
}
