use serde::{Deserialize, Serialize};

use super::direction::{Agreement, CLEARLY};
use super::distances::Distances;
use super::duplicates;
use super::finding::{Finding, Severity};
use super::framing::{self, Outline};
use super::likeness::Likeness;
use super::measures::PhotoMeasures;
use super::order::{self, MoveKind};
use super::row::Row;
use super::statistics::median;
use super::turn::{Turn, TurnShape};
use super::{clipping, edges, focus, light, size, steps, words};
use crate::CaptureSet;

/// What is wrong with the photos of a capture, and how they would be put right.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QualityReport {
    /// The findings, the worst first.
    pub findings: Vec<Finding>,
    /// What is known of each row's turn.
    pub rows: Vec<RowQuality>,
}

/// One row's turn; photos by their index in [`CaptureSet::frames`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowQuality {
    /// The photos in the order in which they lie, duplicates left out.
    pub kept: Vec<usize>,
    /// The same in the order of the turn, as far as it is known.
    pub in_order: Vec<usize>,
    /// The photos that repeat another one.
    pub dropped: Vec<usize>,
    /// Photos that steps are missing after, in the order of the turn, and how many.
    pub missing_after: Vec<(usize, u32)>,
    /// Whether it turns against the other rows.
    pub turned: bool,
}

impl QualityReport {
    /// Whether a photo should be taken again before a spin is made.
    #[must_use]
    pub fn is_severe(&self) -> bool {
        let open = self.findings.iter().filter(|finding| !finding.repaired);
        open.into_iter()
            .any(|finding| finding.severity == Severity::Severe)
    }
}

/// Judges the photos of a capture.
///
/// `measures` and, where a matte gave them, `outlines` stand in the order of [`CaptureSet::frames`]; photos without
/// measures are not judged. The same input gives the same report.
#[must_use]
pub fn assess(
    capture: &CaptureSet,
    measures: &[PhotoMeasures],
    outlines: Option<&[Outline]>,
) -> QualityReport {
    assess_as(TurnShape::Full, capture, measures, outlines)
}

/// As [`assess`], of rows of this `shape`. Of an arc nothing is said about the way from its last photo to its first.
#[must_use]
pub fn assess_as(
    shape: TurnShape,
    capture: &CaptureSet,
    measures: &[PhotoMeasures],
    outlines: Option<&[Outline]>,
) -> QualityReport {
    let mut findings = size::check(&capture.frames);
    let mut rows = Vec::new();
    let mut first = 0;
    for &length in &capture.row_lengths {
        let photos = capture
            .frames
            .iter()
            .zip(measures)
            .skip(first)
            .take(length as usize);
        let (names, measures): (Vec<&str>, Vec<&PhotoMeasures>) = photos
            .map(|(photo, measures)| (photo.name.as_str(), measures))
            .unzip();
        let outlines = outlines.and_then(|all| all.get(first..first + names.len()));
        let all = Row {
            order: (0..names.len()).collect(),
            names,
            measures,
        };
        let mut quality = RowQuality::default();
        let parts = parts(&all, &mut findings);
        let foreign: Vec<usize> = (0..all.names.len())
            .filter(|place| !parts.concat().contains(place))
            .map(|place| first + place)
            .collect();
        for part in parts {
            let outlines: Option<Vec<Outline>> =
                outlines.map(|outlines| part.iter().map(|&place| outlines[place]).collect());
            let row = Row {
                names: part.iter().map(|&place| all.names[place]).collect(),
                measures: part.iter().map(|&place| all.measures[place]).collect(),
                order: (0..part.len()).collect(),
            };
            let places: Vec<usize> = part.iter().map(|place| first + place).collect();
            let part = Part {
                row,
                places: &places,
                foreign: &foreign,
                outlines: outlines.as_deref(),
                shape,
            };
            assess_part(part, &mut findings, &mut quality);
        }
        put_back_foreign(&mut quality, first, all.names.len());
        rows.push(quality);
        first += length as usize;
    }
    compare_directions(capture, measures, &mut rows, &mut findings);
    findings.sort_by_key(|finding| (finding.severity, finding.kind));
    QualityReport { findings, rows }
}

/// The places of a row that belong together: all of them, or those of each of several rows in one folder. What
/// belongs nowhere is a finding, and in no part.
fn parts(row: &Row<'_>, findings: &mut Vec<Finding>) -> Vec<Vec<usize>> {
    if row.names.len() < 6 {
        return vec![row.order.clone()];
    }
    let Likeness { groups, apart } = Likeness::of(&row.measures);
    if groups.len() < 2 {
        return groups;
    }
    if are_rows(row, &groups) {
        findings.push(words::several_rows(row, groups.len()));
        let mut groups = groups;
        groups.sort_by_key(|group| group[0]);
        return groups;
    }
    for (group, apart) in groups.iter().skip(1).zip(apart) {
        findings.push(words::foreign(row, group, apart));
    }
    groups.into_iter().take(1).collect()
}

/// Whether each group lies together, all are about as long, and each is a full turn.
fn are_rows(row: &Row<'_>, groups: &[Vec<usize>]) -> bool {
    const LEAST_PHOTOS: usize = 8;
    let shortest = groups.last().map_or(0, Vec::len);
    if shortest < LEAST_PHOTOS || shortest * 10 < groups[0].len() * 9 {
        return false;
    }
    groups.iter().all(|group| {
        let together = group[group.len() - 1] - group[0] + 1 == group.len();
        together && {
            let thumbnails: Vec<_> = group
                .iter()
                .map(|&place| &row.measures[place].thumbnail)
                .collect();
            Turn::new(&Distances::of(&thumbnails), TurnShape::Full).closes()
        }
    })
}

/// Photos of one turn.
struct Part<'a> {
    row: Row<'a>,
    /// Of each its index in the capture.
    places: &'a [usize],
    /// The photos of the row that belong to no turn, by their index in the capture.
    foreign: &'a [usize],
    outlines: Option<&'a [Outline]>,
    shape: TurnShape,
}

fn assess_part(part: Part<'_>, findings: &mut Vec<Finding>, quality: &mut RowQuality) {
    let Part {
        mut row,
        places,
        foreign,
        outlines,
        shape,
    } = part;
    let thumbnails: Vec<_> = row.measures.iter().map(|photo| &photo.thumbnail).collect();
    let distances = Distances::of(&thumbnails);
    let mut turn = Turn::new(&distances, shape);
    if let Some(finding) = identical(&row, &turn) {
        findings.push(finding);
        quality.kept.extend_from_slice(places);
        quality.in_order.extend_from_slice(places);
        return;
    }
    for pair in duplicates::take_out(&mut turn, &row.measures) {
        findings.push(words::duplicate(&row, &pair));
        quality.dropped.push(places[pair.dropped]);
    }
    quality
        .kept
        .extend(turn.order.iter().map(|&place| places[place]));
    for change in order::put_in_order(&mut turn) {
        let neighbours = match change.kind {
            MoveKind::Relocate => neighbours(&turn, change.places[0]),
            _ => Vec::new(),
        };
        findings.push(words::moved(&row, &change, &row.names_of(neighbours)));
    }
    quality
        .in_order
        .extend(turn.order.iter().map(|&place| places[place]));
    let one_by_one = row.counts_one_by_one();
    let numbers_skipped = |before, after| {
        if one_by_one {
            row.numbers_skipped(before, after)
        } else {
            0
        }
    };
    for gap in steps::missing(&turn, &numbers_skipped) {
        let [before, after] = [0, 1].map(|step| turn.place(gap.at as isize + step));
        if is_filled(foreign, places[before], places[after], gap.missing) {
            continue;
        }
        let [a, b] = [before, after].map(|place| row.names[place].to_owned());
        findings.push(words::missing(a, b, &gap));
        quality.missing_after.push((places[before], gap.missing));
    }
    row.order.clone_from(&turn.order);
    findings.extend(focus::check(&row));
    findings.extend(light::check(&row));
    findings.extend(clipping::check(&row));
    findings.extend(match outlines {
        Some(outlines) => framing::check(&row, outlines),
        None => edges::check(&row),
    });
}

/// Whether photos that belong nowhere lie in the gap: they are a finding already, and keep the step.
fn is_filled(foreign: &[usize], before: usize, after: usize, missing: u32) -> bool {
    let inside = foreign.iter().filter(|&&place| {
        if before < after {
            before < place && place < after
        } else {
            place > before || place < after
        }
    });
    inside.count() >= missing as usize
}

/// The places beside `place` in the order of the turn.
fn neighbours(turn: &Turn<'_>, place: usize) -> Vec<usize> {
    let at = turn.order.iter().position(|&p| p == place).unwrap_or(0) as isize;
    vec![turn.place(at - 1), turn.place(at + 1)]
}

/// A finding where nothing turns.
fn identical(row: &Row<'_>, turn: &Turn<'_>) -> Option<Finding> {
    /// Of the light; noise alone makes about a tenth of it in a good photo.
    const LEAST_PERCENT: f64 = 0.3;
    let count = row.names.len();
    if count < 3 {
        return None;
    }
    // Photos a third of a turn apart show different sides of anything that has some.
    let far = (count / 3).clamp(1, 48) as isize;
    let differences = (0..count as isize)
        .filter_map(|at| turn.distances.fine(turn.place(at), turn.place(at + far)));
    let value = 100.0 * median(differences)?;
    // One and the same file is a mistake; shots that look alike may be of a plain bottle.
    let copies = row
        .measures
        .iter()
        .all(|photo| photo.fingerprint == row.measures[0].fingerprint);
    let severity = if copies {
        Severity::Severe
    } else {
        Severity::Warning
    };
    (value < LEAST_PERCENT).then(|| words::identical(row, severity, value, LEAST_PERCENT))
}

/// Photos that belong nowhere stay where they lie: after the photo before them.
fn put_back_foreign(quality: &mut RowQuality, first: usize, count: usize) {
    for place in first..first + count {
        let known = |list: &[usize]| list.contains(&place);
        if known(&quality.kept) || known(&quality.dropped) {
            continue;
        }
        for list in [&mut quality.kept, &mut quality.in_order] {
            let before = (first..place)
                .rev()
                .find_map(|p| list.iter().position(|&at| at == p));
            list.insert(before.map_or(0, |at| at + 1), place);
        }
    }
}

/// Compares each row with the first, and turns the fewer against the more.
fn compare_directions(
    capture: &CaptureSet,
    measures: &[PhotoMeasures],
    rows: &mut [RowQuality],
    findings: &mut Vec<Finding>,
) {
    const LEAST_PHOTOS: usize = 8;
    let turns: Vec<Vec<&PhotoMeasures>> = rows
        .iter()
        .map(|row| {
            row.in_order
                .iter()
                .filter_map(|&at| measures.get(at))
                .collect()
        })
        .collect();
    let Some(first) = turns.first().filter(|first| first.len() >= LEAST_PHOTOS) else {
        return;
    };
    let against: Vec<f64> = turns
        .iter()
        .map(|row| {
            if row.len() < LEAST_PHOTOS {
                1.0
            } else {
                Agreement::of(first, row).opposite_is_better()
            }
        })
        .collect();
    let opposed: Vec<usize> = (1..rows.len())
        .filter(|&row| against[row] > CLEARLY)
        .collect();
    // Where most rows turn against the first, it is the first that is wrong.
    let first_is_wrong = opposed.len() * 2 > rows.len();
    for row in 0..rows.len() {
        let turned = opposed.contains(&row) != first_is_wrong;
        let surely = row == 0 || against[row] > CLEARLY || against[row] < 1.0 / CLEARLY;
        if !turned || !surely {
            continue;
        }
        rows[row].turned = true;
        let order = &rows[row].in_order;
        let named = Row {
            names: order
                .iter()
                .map(|&at| capture.frames[at].name.as_str())
                .collect(),
            measures: Vec::new(),
            order: (0..order.len()).collect(),
        };
        let better = if row == 0 {
            opposed.iter().map(|&row| against[row]).fold(0.0, f64::max)
        } else {
            against[row].max(1.0 / against[row])
        };
        findings.push(words::row_turned(&named, row + 1, better));
    }
}
