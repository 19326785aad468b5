//! The rig in the manifest of the spin from the same photos: what lets a mark of the model stand on its frames.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use xoay_format::{Direction, SpinManifest, Text};
use xoay_reconstruct::{Capture, Shape};
use xoay_spin::SpinReport;
use xoay_spin::export::FinishedSpin;

use crate::{RecipeError, write_whole};

/// No report that this program writes comes near.
const MOST_BYTES: u64 = 64 << 20;

/// A finished spin whose manifest is to hold the rig.
pub(super) struct TrackedSpin {
    folder: PathBuf,
    manifest: SpinManifest,
    /// Width, height and the way to the frame of each photo.
    photos: HashMap<String, ([f64; 2], [[f64; 3]; 2])>,
}

impl TrackedSpin {
    /// Reads the spin in `folder`: before the work, so that what cannot be written is known at once.
    pub fn open(folder: &Path) -> Result<Self, RecipeError> {
        let wrong = |problem: Text| RecipeError::NotItsSpin {
            path: folder.to_path_buf(),
            problem,
        };
        let spin = FinishedSpin::open(folder)
            .map_err(|error| wrong(xoay_format::Localize::text(&error)))?;
        let unread = |error: &dyn std::fmt::Display| {
            wrong(Text::new(
                format!("không đọc được report.json: {error}"),
                format!("report.json cannot be read: {error}"),
            ))
        };
        let mut bytes = Vec::new();
        File::open(folder.join("report.json"))
            .and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes))
            .map_err(|error| unread(&error))?;
        let report: SpinReport = serde_json::from_slice(&bytes).map_err(|error| unread(&error))?;
        let photos: HashMap<_, _> = report
            .photos
            .into_iter()
            .filter_map(|photo| {
                let size = [f64::from(photo.width), f64::from(photo.height)];
                Some((photo.file, (size, photo.frame_from_photo?)))
            })
            .collect();
        let manifest = spin.manifest().clone();
        if !manifest
            .frames
            .iter()
            .all(|frame| photos.contains_key(&frame.source))
        {
            return Err(wrong(Text::new(
                "vòng xoay do bản Xoay cũ tạo ra, không ghi vị trí cắt của từng ảnh; hãy chạy lại xoay spin",
                "the spin comes from an older Xoay that did not note how each photo was cut; run xoay spin again",
            )));
        }
        Ok(Self {
            folder: folder.to_path_buf(),
            manifest,
            photos,
        })
    }

    /// Writes the rig into the manifest, which changes whole or not at all, and tells how many frames have a camera now.
    /// `metres` is what one unit of the shape is long.
    pub fn write(
        mut self,
        capture: &Capture,
        shape: &Shape,
        metres: f64,
    ) -> Result<usize, RecipeError> {
        let found = projections(&self.photos, capture, shape, metres);
        let mut count = 0;
        for frame in &mut self.manifest.frames {
            frame.projection = found.get(frame.source.as_str()).copied();
            count += usize::from(frame.projection.is_some());
        }
        if count == 0 {
            return Err(RecipeError::NotItsSpin {
                path: self.folder,
                problem: Text::new(
                    "vòng xoay không có ảnh nào chung với mô hình; hãy chọn vòng xoay làm từ cùng bộ ảnh",
                    "the spin and the model have no photo in common; name the spin of the same photos",
                ),
            });
        }
        for (row, known) in self.manifest.rows.iter_mut().zip(&shape.rig.rows) {
            // Thousandths: the manifest is read by browsers.
            let elevation_deg = known.tilt_rad.to_degrees();
            row.elevation_deg = Some((elevation_deg * 1e3).round() / 1e3);
        }
        if let Some(direction) = direction(shape) {
            self.manifest.direction = direction;
        }
        let path = self.folder.join("manifest.json");
        let mut json =
            serde_json::to_vec_pretty(&self.manifest).map_err(|error| RecipeError::Output {
                path: path.clone(),
                source: error.into(),
            })?;
        json.push(b'\n');
        write_whole(&path, &json)?;
        Ok(count)
    }
}

/// For each photo of the capture the way from the model's frame to shares of its spin's frame.
fn projections<'a>(
    photos: &HashMap<String, ([f64; 2], [[f64; 3]; 2])>,
    capture: &'a Capture,
    shape: &Shape,
    metres: f64,
) -> HashMap<&'a str, [f64; 12]> {
    let rig = shape.rig.clone().scaled(metres);
    let about = shape.mesh.bounds().map_or([0.0; 3], |[low, high]| {
        std::array::from_fn(|k| f64::midpoint(low[k], high[k]) * metres)
    });
    let seen = [f64::from(capture.width), f64::from(capture.height)];
    capture
        .observations
        .iter()
        .zip(&shape.places)
        .filter_map(|(observation, (row, frame))| {
            let (size, frame_from_photo) = photos.get(&observation.name)?;
            // The model was made from smaller copies of the photos.
            let scaled =
                frame_from_photo.map(|[a, b, c]| [a * size[0] / seen[0], b * size[1] / seen[1], c]);
            let camera = rig.camera(*row, *frame)?;
            let exact = camera.projection(about, scaled)?;
            Some((observation.name.as_str(), exact.map(rounded)))
        })
        .collect()
}

/// Eight significant digits: a thousandth of a pixel, at half the bytes.
fn rounded(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let unit = 10_f64.powf(7.0 - value.abs().log10().floor());
    (value * unit).round() / unit
}

/// Which way the product turns, by the angles of the rows.
fn direction(shape: &Shape) -> Option<Direction> {
    let steps: f64 = shape
        .rig
        .rows
        .iter()
        .flat_map(|row| row.azimuths_rad.windows(2))
        .map(|pair| (pair[1] - pair[0]).sin())
        .sum();
    if steps == 0.0 || !steps.is_finite() {
        return None;
    }
    Some(if steps > 0.0 {
        Direction::CounterClockwise
    } else {
        Direction::Clockwise
    })
}

#[cfg(test)]
mod tests {
    use xoay_reconstruct::{Intrinsics, Mesh, Observation, Pixel, Row, TurntableRig, Window};

    use super::*;

    fn shape() -> (Capture, Shape) {
        let observation = |name: &str| Observation {
            name: name.to_owned(),
            row: 0,
            nominal_rad: 0.0,
            markers: Vec::new(),
            window: Window::about_product(2, 2, &[255; 16], 0),
        };
        let capture = Capture {
            width: 1600,
            height: 1200,
            focal_px: None,
            mat: None,
            observations: ["a.jpg", "b.jpg", "c.jpg"].map(observation).to_vec(),
        };
        let rig = TurntableRig {
            intrinsics: Intrinsics {
                focal_px: [2800.0; 2],
                centre: Pixel { x: 800.0, y: 600.0 },
                k1: 0.0,
            },
            rows: vec![Row {
                tilt_rad: 0.3,
                pan_rad: 0.01,
                roll_rad: 0.02,
                height: 0.31,
                distance: 1.0,
                azimuths_rad: vec![0.0, -0.4, -0.8],
            }],
        };
        let shape = Shape {
            mesh: Mesh {
                positions: vec![[-0.1, 0.0, -0.1], [0.1, 0.2, 0.1], [0.0; 3]],
                triangles: vec![[0, 1, 2]],
            },
            rig,
            places: vec![(0, 0), (0, 1), (0, 2)],
            agreement: vec![1.0; 3],
            verdicts: Vec::new(),
        };
        (capture, shape)
    }

    #[test]
    fn a_hotspot_of_the_model_stands_on_its_pixel_of_each_frame() {
        let (capture, shape) = shape();
        // Frames of 500 × 800 pixels cut from photos of 4000 × 3000.
        let cut = [[1.0 / 2000.0, 0.0, -0.4], [0.0, 1.0 / 2500.0, -0.1]];
        let photos = ["a.jpg", "c.jpg"]
            .map(|name| (name.to_owned(), ([4000.0, 3000.0], cut)))
            .into();
        let metres = 0.75;
        let found = projections(&photos, &capture, &shape, metres);
        assert_eq!(found.len(), 2, "b.jpg is no frame of the spin");
        let hotspot = [0.03, 0.12, -0.05];
        for (name, frame) in [("a.jpg", 0), ("c.jpg", 2)] {
            let pixel = shape
                .rig
                .project(0, frame, hotspot.map(|v| v / metres))
                .unwrap();
            // The photo is 2.5 times the copy that the model was made from.
            let wanted = [
                cut[0][0] * pixel.x * 2.5 + cut[0][2],
                cut[1][1] * pixel.y * 2.5 + cut[1][2],
            ];
            let m = found[name];
            let line = |at: usize| {
                m[at] * hotspot[0] + m[at + 1] * hotspot[1] + m[at + 2] * hotspot[2] + m[at + 3]
            };
            for (axis, wanted) in wanted.into_iter().enumerate() {
                let share = line(4 * axis) / line(8);
                assert!((share - wanted).abs() < 1e-6, "{name}: {share}, {wanted}");
            }
        }
    }

    #[test]
    fn the_rig_tells_the_sense_of_turning() {
        let (_, shape) = shape();
        assert_eq!(direction(&shape), Some(Direction::Clockwise));
    }

    #[test]
    fn a_folder_that_holds_no_spin_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let Err(error) = TrackedSpin::open(folder.path()) else {
            panic!("it holds nothing");
        };
        let text = xoay_format::Localize::text(&error);
        let name = folder.path().display().to_string();
        assert!(
            text.vi.contains(&name) && text.en.contains(&name),
            "{text:?}"
        );
    }
}
