//! What disturbed a turn that fits no turntable: photos that fit one by themselves name those that do not, and the boxes
//! about the outlines tell whether neighbours were taken one after the other.
//!
//! Offsets and outliers against harmonics of the boxes' edges were tried first: the corners of a block bend them as much
//! as a camera that moves.

use xoay_format::Text;

use super::silhouette::{self, Fit};
use crate::observation::Capture;
use crate::verdict::listed;

/// A turn whose photos are beside each other by chance changes by 1; one in order by a third or less.
const IN_DISORDER: f64 = 0.7;
/// Fewer photos are too far apart to tell their order: a block's boxes change by 0.76 over twelve.
const LEAST_IN_ORDER: usize = 16;
/// Shapes that change by less than this over the turn tell no order.
const LEAST_CHANGE: f64 = 0.05;
/// At most this share of a turn's photos are called unlike the others.
const MOST_UNLIKE: f64 = 0.34;
/// Photos whose residuals reach this share of the worst go with it.
const AS_BAD: f64 = 0.8;
/// Places at which the camera may have moved that are tried, and fewest photos on either side.
const PLACES: usize = 4;
const LEAST_PART: usize = 5;

/// What happened; photos are counted within their row.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Disturbance {
    /// The camera stood elsewhere from this photo on.
    Moved { from: usize },
    /// These were cropped, zoomed or taken from elsewhere.
    Unlike { photos: Vec<usize> },
    /// Each was cropped or zoomed by itself.
    Cropped,
    /// They are in no order.
    Shuffled,
}

/// Left, right, upper and lower end.
type Edges = [f64; 4];

/// What is said about the first row that shows what went wrong, and the photos that it is about; `None` where no row does.
/// Outlines of an undisturbed turn fit within `good_px`.
pub(super) fn cause(
    capture: &Capture,
    hulls: &[Vec<[f64; 2]>],
    fit: &Fit,
    good_px: f64,
) -> Option<(Text, Vec<String>)> {
    // The others are found from the first row, and fit nothing where that does not.
    let photos: Vec<usize> = (0..hulls.len())
        .filter(|at| capture.observations[*at].row == 0)
        .collect();
    let edges: Vec<Edges> = photos
        .iter()
        .map(|at| edges(&hulls[*at]))
        .collect::<Option<_>>()?;
    let boxes = by_boxes(&edges);
    let found = match boxes {
        Some(Disturbance::Shuffled) => Disturbance::Shuffled,
        _ => moved(fit, hulls, &photos, &edges, good_px)
            .map(|from| Disturbance::Moved { from })
            .or_else(|| {
                let photos = unlike(fit, hulls, &photos, good_px)?;
                Some(Disturbance::Unlike { photos })
            })
            .or(boxes)?,
    };
    let name = |at: usize| capture.observations[photos[at]].name.clone();
    Some(said(&found, name))
}

fn said(disturbance: &Disturbance, name: impl Fn(usize) -> String) -> (Text, Vec<String>) {
    match disturbance {
        Disturbance::Moved { from } => {
            let (before, after) = (name(from - 1), name(*from));
            let text = Text::new(
                format!(
                    "máy ảnh đã xê dịch giữa {before} và {after}: hãy cố định máy rồi chụp lại cả vòng"
                ),
                format!(
                    "the camera moved between {before} and {after}: fix it and take the whole turn again"
                ),
            );
            (text, vec![before, after])
        }
        Disturbance::Unlike { photos } => {
            let photos: Vec<String> = photos.iter().map(|at| name(*at)).collect();
            let names = listed(&photos);
            let text = Text::new(
                format!(
                    "{} bị cắt, phóng hay chụp từ chỗ khác so với các ảnh bên cạnh: hãy dùng ảnh gốc hoặc chụp lại các ảnh đó",
                    names.vi
                ),
                format!(
                    "{} were cropped, zoomed or taken from elsewhere, unlike the photos beside them: use the photos as the camera took them, or take those again",
                    names.en
                ),
            );
            (text, photos)
        }
        Disturbance::Cropped => (
            Text::new(
                "từng ảnh bị cắt hay phóng riêng: hãy dùng ảnh gốc từ máy ảnh, không cắt, không đổi tiêu cự",
                "photos were cropped or zoomed one by one: use them as the camera took them, uncropped and with one focal length",
            ),
            Vec::new(),
        ),
        Disturbance::Shuffled => (
            Text::new(
                "ảnh không theo thứ tự của vòng quay: hãy đặt tên ảnh theo thứ tự chụp, hoặc dùng thảm với --unordered",
                "the photos are not in the order of the turn: name them in the order that they were taken in, or use the mat with --unordered",
            ),
            Vec::new(),
        ),
    }
}

fn edges(hull: &[[f64; 2]]) -> Option<Edges> {
    let start = [f64::MAX, f64::MIN, f64::MAX, f64::MIN];
    let edges = hull.iter().fold(start, |e, [x, y]| {
        [e[0].min(*x), e[1].max(*x), e[2].min(*y), e[3].max(*y)]
    });
    (edges[1] > edges[0] && edges[3] > edges[2]).then_some(edges)
}

/// What the boxes say by themselves.
fn by_boxes(edges: &[Edges]) -> Option<Disturbance> {
    if edges.len() < LEAST_IN_ORDER {
        return None;
    }
    let shapes: Vec<[f64; 1]> = edges
        .iter()
        .map(|e| [((e[1] - e[0]) / (e[3] - e[2])).ln()])
        .collect();
    let ends = shapes.iter().fold((f64::MAX, f64::MIN), |(low, high), v| {
        (low.min(v[0]), high.max(v[0]))
    });
    // Cropping and zooming leave the shape of the box alone.
    if ends.1 - ends.0 > LEAST_CHANGE && disorder(&shapes) > IN_DISORDER {
        return Some(Disturbance::Shuffled);
    }
    (disorder(edges) > IN_DISORDER).then_some(Disturbance::Cropped)
}

/// Photos that a rig fits before the camera moved, and another after it.
fn moved(
    fit: &Fit,
    hulls: &[Vec<[f64; 2]>],
    photos: &[usize],
    edges: &[Edges],
    good_px: f64,
) -> Option<usize> {
    // The boxes name the places that are worth a try: where all of them jump at once.
    let count = edges.len();
    let jump = |from: usize| -> f64 {
        let apart =
            |a: usize, b: usize| -> f64 { (0..4).map(|k| (edges[a][k] - edges[b][k]).abs()).sum() };
        // Against the steps before and after it, which tell how fast the product itself changes.
        let around = (from >= 2).then(|| apart(from - 2, from - 1)).into_iter();
        let around = around.chain((from + 1 < count).then(|| apart(from, from + 1)));
        apart(from - 1, from) - around.fold(0.0, f64::max)
    };
    let mut places: Vec<usize> = (LEAST_PART..=count.saturating_sub(LEAST_PART)).collect();
    places.sort_by(|a, b| jump(*b).total_cmp(&jump(*a)));
    places.truncate(PLACES);
    places.into_iter().find(|from| {
        let fits = |part: &[usize]| fitted(fit, &only(hulls, part)).rms_px <= good_px;
        fits(&photos[..*from]) && fits(&photos[*from..])
    })
}

/// The photos of a row without which a rig fits the others.
fn unlike(
    fit: &Fit,
    hulls: &[Vec<[f64; 2]>],
    photos: &[usize],
    good_px: f64,
) -> Option<Vec<usize>> {
    let most = (MOST_UNLIKE * photos.len() as f64) as usize;
    let mut kept: Vec<usize> = (0..photos.len()).collect();
    let mut rms = fit.frame_rms_px.clone();
    loop {
        let error = |at: &usize| rms[photos[*at]];
        let worst = kept.iter().map(error).fold(0.0, f64::max);
        kept.retain(|at| error(at) < worst * AS_BAD);
        if photos.len() - kept.len() > most {
            return None;
        }
        let those: Vec<usize> = kept.iter().map(|at| photos[*at]).collect();
        let now = fitted(fit, &only(hulls, &those));
        if now.rms_px <= good_px {
            return Some((0..photos.len()).filter(|at| !kept.contains(at)).collect());
        }
        rms = now.frame_rms_px;
    }
}

fn fitted(fit: &Fit, hulls: &[Vec<[f64; 2]>]) -> Fit {
    silhouette::fit(&fit.model, hulls, f64::INFINITY)
}

/// The outlines of these photos alone.
fn only(hulls: &[Vec<[f64; 2]>], photos: &[usize]) -> Vec<Vec<[f64; 2]>> {
    let kept = |at: usize| photos.contains(&at);
    let hulls = hulls.iter().enumerate();
    hulls
        .map(|(at, hull)| if kept(at) { hull.clone() } else { Vec::new() })
        .collect()
}

/// How much photos differ from the next one, against how much from any.
fn disorder<const N: usize>(values: &[[f64; N]]) -> f64 {
    let apart =
        |a: &[f64; N], b: &[f64; N]| -> f64 { a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum() };
    let count = values.len();
    let beside: f64 = (0..count)
        .map(|at| apart(&values[at], &values[(at + 1) % count]))
        .sum();
    let any: f64 = values
        .iter()
        .map(|a| values.iter().map(|b| apart(a, b)).sum::<f64>())
        .sum();
    let mean = any / (count * (count - 1)).max(1) as f64;
    beside / count as f64 / mean.max(1e-12)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    /// The box about a block beside the axis, seen from far away and a little from above.
    fn turn(count: usize) -> Vec<Edges> {
        (0..count)
            .map(|at| {
                let (sin, cos) = (TAU * at as f64 / count as f64).sin_cos();
                let (x, half) = (30.0 * sin, 60.0 * cos.abs() + 35.0 * sin.abs());
                let low = 20.0 * cos + 0.3 * half;
                [300.0 + x - half, 300.0 + x + half, 100.0 - low, 250.0 + low]
            })
            .collect()
    }

    fn scaled(edges: Edges, factor: f64, aside: f64) -> Edges {
        edges.map(|v| 200.0 + factor * (v - 200.0) + aside)
    }

    #[test]
    fn the_boxes_of_a_turn_that_nothing_disturbed_say_nothing() {
        for count in [12, 16, 18, 36] {
            assert_eq!(by_boxes(&turn(count)), None, "{count} photos");
        }
    }

    #[test]
    fn photos_in_no_order_are_told_from_photos_that_were_cropped_one_by_one() {
        for count in [18, 24, 36] {
            let edges = turn(count);
            let step = if count == 18 { 7 } else { 11 };
            let shuffled: Vec<Edges> = (0..count).map(|at| edges[at * step % count]).collect();
            assert_eq!(by_boxes(&shuffled), Some(Disturbance::Shuffled));
            let cropped: Vec<Edges> = (0..count)
                .map(|at| {
                    let stir = (at * 13 % 17) as f64 - 8.0;
                    scaled(edges[at], 1.0 + 0.04 * stir, 15.0 * stir)
                })
                .collect();
            assert_eq!(by_boxes(&cropped), Some(Disturbance::Cropped), "{count}");
        }
    }

    #[test]
    fn a_round_product_tells_no_order() {
        let edges: Vec<Edges> = (0..24)
            .map(|at| [100.0, 200.0 + f64::from(at * 7 % 5) * 0.1, 50.0, 300.0])
            .collect();
        assert_ne!(by_boxes(&edges), Some(Disturbance::Shuffled));
    }
}
