//! Faults as photographers make them, put into captures that have none, and how many of them the report names.

pub mod pictures;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use xoay_format::Watch;
use xoay_imaging::{
    CameraSettings, DecodeOptions, Header, Orientation, Raster, SourceFormat, decode,
};

use xoay_spin::{
    CaptureOptions, CaptureSet, FindingKind, Photo, PhotoMeasures, PhotoSource, QualityReport,
    RowSplit, assess, read_capture,
};

use pictures::{Noise, cropped, gained, gaussian, motion};

/// A capture without faults, in memory.
pub struct Capture {
    pub name: String,
    pub pictures: Vec<Raster>,
    pub measures: Vec<PhotoMeasures>,
    pub row_lengths: Vec<u32>,
}

impl Capture {
    pub fn of(name: &str, pictures: Vec<Raster>, row_lengths: Vec<u32>) -> Self {
        Self {
            name: name.to_owned(),
            measures: pictures.iter().map(PhotoMeasures::of).collect(),
            pictures,
            row_lengths,
        }
    }

    /// Reads a folder of photos.
    pub fn read(folder: &Path, rows: Option<u32>) -> Self {
        let options = CaptureOptions {
            rows: rows.map(RowSplit::Count),
            ..CaptureOptions::default()
        };
        let capture = read_capture(folder, &options, Watch::silent()).expect("a readable capture");
        let pictures = capture
            .frames
            .iter()
            .map(|photo| {
                let bytes = std::fs::read(folder.join(&photo.name)).expect("a readable photo");
                let options = DecodeOptions {
                    target: Some((800, 600)),
                    ..DecodeOptions::default()
                };
                decode(&bytes, &options).expect("a photo").raster
            })
            .collect();
        Self::of(&folder.display().to_string(), pictures, capture.row_lengths)
    }

    pub fn report(&self) -> QualityReport {
        let all = Edited {
            sources: (0..self.pictures.len()).collect(),
            changed: BTreeMap::new(),
            row_lengths: self.row_lengths.clone(),
        };
        all.report(self)
    }
}

/// Photos named `0001.jpg` onwards, as if they came from `folder`: nothing in the names tells what was done to them.
pub fn capture_set(pictures: usize, row_lengths: &[u32]) -> CaptureSet {
    let photo = |number: usize| Photo {
        source: PhotoSource::File(PathBuf::from(name(number))),
        name: name(number),
        size_bytes: 1_000_000,
        header: Header {
            format: SourceFormat::Jpeg,
            stored_width: 1200,
            stored_height: 900,
            orientation: Orientation::default(),
            has_icc: false,
            captured: None,
            camera: CameraSettings::default(),
        },
    };
    CaptureSet {
        frames: (0..pictures).map(photo).collect(),
        row_lengths: row_lengths.to_vec(),
        row_elevations_deg: vec![None; row_lengths.len()],
        clean_plates: Vec::new(),
        row_plates: vec![None; row_lengths.len()],
        width: 1200,
        height: 900,
        warnings: Vec::new(),
    }
}

pub fn name(number: usize) -> String {
    format!("{:04}.jpg", number + 1)
}

/// A fault, at a photo of the capture.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    Defocus {
        at: usize,
        sigma: f64,
    },
    Motion {
        at: usize,
        length: f64,
        angle_deg: f64,
    },
    Exposure {
        at: usize,
        ev: f64,
    },
    WhiteBalance {
        at: usize,
        red: f64,
        blue: f64,
    },
    ShotTwice {
        at: usize,
    },
    Dropped {
        at: usize,
    },
    Swapped {
        at: usize,
    },
    Misplaced {
        from: usize,
        to: usize,
    },
    Reversed {
        from: usize,
        to: usize,
    },
    Foreign {
        at: usize,
    },
    /// All photos lose this share of their height from above.
    Cropped {
        top: f64,
    },
}

/// A capture after a fault was put in.
pub struct Edited {
    /// Which photo of the original stands at each place.
    sources: Vec<usize>,
    changed: BTreeMap<usize, PhotoMeasures>,
    row_lengths: Vec<u32>,
}

impl Edited {
    fn report(&self, capture: &Capture) -> QualityReport {
        let measures: Vec<PhotoMeasures> = self
            .sources
            .iter()
            .enumerate()
            .map(|(place, &source)| {
                let changed = self.changed.get(&place);
                changed.unwrap_or(&capture.measures[source]).clone()
            })
            .collect();
        assess(
            &capture_set(measures.len(), &self.row_lengths),
            &measures,
            None,
        )
    }
}

/// What a fault should be found as: the kind, and for each photo to be named the names that will do.
pub struct Expected {
    pub kind: FindingKind,
    pub named: Vec<Vec<String>>,
}

/// Puts `fault` into a copy of `capture`; `foreign` is a photo of another product.
#[expect(clippy::too_many_lines, reason = "one arm a fault")]
pub fn inject(capture: &Capture, fault: Fault, foreign: &Raster) -> (QualityReport, Expected) {
    let mut sources: Vec<usize> = (0..capture.pictures.len()).collect();
    let mut changed = BTreeMap::new();
    let mut row_lengths = capture.row_lengths.clone();
    let row_of = |at: usize| {
        let mut end = 0;
        capture.row_lengths.iter().position(|&length| {
            end += length as usize;
            at < end
        })
    };
    let one = |kind, at| Expected {
        kind,
        named: vec![vec![name(at)]],
    };
    let mut noise = Noise::new(7);
    let expected = match fault {
        Fault::Defocus { at, sigma } => {
            let blurred = noise.add(&gaussian(&capture.pictures[at], sigma));
            changed.insert(at, PhotoMeasures::of(&blurred));
            one(FindingKind::OutOfFocus, at)
        }
        Fault::Motion {
            at,
            length,
            angle_deg,
        } => {
            let blurred = noise.add(&motion(&capture.pictures[at], length, angle_deg));
            changed.insert(at, PhotoMeasures::of(&blurred));
            one(FindingKind::MotionBlur, at)
        }
        Fault::Exposure { at, ev } => {
            changed.insert(
                at,
                PhotoMeasures::of(&gained(&capture.pictures[at], [2_f64.powf(ev); 3])),
            );
            one(FindingKind::ExposureDrift, at)
        }
        Fault::WhiteBalance { at, red, blue } => {
            changed.insert(
                at,
                PhotoMeasures::of(&gained(&capture.pictures[at], [red, 1.0, blue])),
            );
            one(FindingKind::WhiteBalanceDrift, at)
        }
        Fault::ShotTwice { at } => {
            sources.insert(at + 1, at);
            changed.insert(at + 1, PhotoMeasures::of(&noise.add(&capture.pictures[at])));
            row_lengths[row_of(at).unwrap()] += 1;
            Expected {
                kind: FindingKind::Duplicate,
                named: vec![vec![name(at)], vec![name(at + 1)]],
            }
        }
        Fault::Dropped { at } => {
            sources.remove(at);
            let row = row_of(at).unwrap();
            row_lengths[row] -= 1;
            let first: usize = row_lengths[..row]
                .iter()
                .map(|&length| length as usize)
                .sum();
            let last = first + row_lengths[row] as usize - 1;
            let (before, after) = (
                if at == first { last } else { at - 1 },
                if at > last { first } else { at },
            );
            Expected {
                kind: FindingKind::MissingStep,
                named: vec![vec![name(before)], vec![name(after)]],
            }
        }
        Fault::Swapped { at } => {
            sources.swap(at, at + 1);
            Expected {
                kind: FindingKind::SwappedNeighbours,
                named: vec![vec![name(at)], vec![name(at + 1)]],
            }
        }
        Fault::Misplaced { from, to } => {
            let source = sources.remove(from);
            sources.insert(to, source);
            one(FindingKind::SwappedNeighbours, to)
        }
        Fault::Reversed { from, to } => {
            sources[from..=to].reverse();
            // Turning the rest of the row round puts it right as well.
            Expected {
                kind: FindingKind::WrongDirection,
                named: vec![vec![name(from), name((to + 1) % sources.len())]],
            }
        }
        Fault::Cropped { top } => {
            for (at, picture) in capture.pictures.iter().enumerate() {
                changed.insert(at, PhotoMeasures::of(&cropped(picture, top)));
            }
            Expected {
                kind: FindingKind::CutByFrame,
                named: Vec::new(),
            }
        }
        Fault::Foreign { at } => {
            changed.insert(at, PhotoMeasures::of(foreign));
            one(FindingKind::MixedProducts, at)
        }
    };
    let edited = Edited {
        sources,
        changed,
        row_lengths,
    };
    (edited.report(capture), expected)
}

/// How a report did: found or not, and what else it claimed.
pub struct Outcome {
    pub found: bool,
    pub wrong: Vec<String>,
}

impl Outcome {
    /// Compares with what was expected; what the untouched capture gives already is no new claim.
    pub fn of(report: &QualityReport, expected: &Expected, before: &QualityReport) -> Self {
        let mut found = false;
        let mut wrong = Vec::new();
        for finding in &report.findings {
            let right = finding.kind == expected.kind
                && expected
                    .named
                    .iter()
                    .all(|names| names.iter().any(|name| finding.photos.contains(name)));
            found |= right;
            let old = before
                .findings
                .iter()
                .any(|known| known.kind == finding.kind);
            // A white backdrop lit by a third of a stop more is blown out: that is as true.
            let also_true = (expected.kind, finding.kind)
                == (FindingKind::ExposureDrift, FindingKind::ClippedExposure);
            if !right && !old && !also_true {
                wrong.push(finding.message.en.clone());
            }
        }
        Self { found, wrong }
    }
}

/// Faults of every kind at places drawn from `seed`, `each` of a kind.
pub fn faults(capture: &Capture, each: usize, seed: u64) -> Vec<(&'static str, Fault)> {
    let mut draw = Noise::new(seed);
    let count = capture.pictures.len();
    let row = capture.row_lengths[0] as usize;
    let mut faults = Vec::new();
    for _ in 0..each {
        let sign = if draw.below(2) == 0 { 1.0 } else { -1.0 };
        faults.push((
            "defocus",
            Fault::Defocus {
                at: draw.below(count),
                sigma: 2.0 + draw.below(3) as f64,
            },
        ));
        faults.push((
            "motion",
            Fault::Motion {
                at: draw.below(count),
                length: 12.0 + draw.below(12) as f64,
                angle_deg: draw.below(180) as f64,
            },
        ));
        faults.push((
            "exposure",
            Fault::Exposure {
                at: draw.below(count),
                ev: 0.3 * sign,
            },
        ));
        faults.push((
            "white balance",
            Fault::WhiteBalance {
                at: draw.below(count),
                red: 1.0 + 0.06 * sign,
                blue: 1.0,
            },
        ));
        faults.push((
            "shot twice",
            Fault::ShotTwice {
                at: draw.below(count),
            },
        ));
        faults.push((
            "dropped",
            Fault::Dropped {
                at: draw.below(count),
            },
        ));
        // Within a row.
        let at = draw.below(capture.row_lengths.len()) * row + draw.below(row - 1);
        faults.push(("swapped", Fault::Swapped { at }));
        let from = draw.below(row);
        faults.push((
            "misplaced",
            Fault::Misplaced {
                from,
                to: (from + 5 + draw.below(row - 10)) % row,
            },
        ));
        let length = 4 + draw.below(row / 2 - 5);
        let from = draw.below(row - length);
        faults.push((
            "reversed block",
            Fault::Reversed {
                from,
                to: from + length - 1,
            },
        ));
        faults.push((
            "foreign",
            Fault::Foreign {
                at: draw.below(count),
            },
        ));
    }
    if each > 0 {
        faults.push(("cut", Fault::Cropped { top: 0.4 }));
    }
    if capture.row_lengths.len() > 1 {
        faults.push((
            "reversed row",
            Fault::Reversed {
                from: row,
                to: 2 * row - 1,
            },
        ));
    }
    faults
}
