use xoay_format::Text;

use super::finding::{Finding, FindingKind, Severity, Unit};
use super::row::Row;
use super::sharpness::Sharpness;
use super::statistics::{median, medians_of_neighbours, spread};

/// Neighbours on either side that a photo is compared with: few enough to show the same side of the product.
const REACH: usize = 3;
/// A photo that keeps less than this share of its neighbours' fine detail, in the direction where it keeps least, is
/// blurred. Of clean photos 0.90 and more was measured, under a Gaussian of 2 pixels at 1,200 at most 0.43.
const LEAST_DETAIL: f64 = 0.66;
/// The same for the strongest edges, which texture sways less: 0.88 and more, at most 0.55.
const LEAST_EDGE: f64 = 0.8;
/// What the row's own unrest must be exceeded by.
const SPREADS: f64 = 5.0;
/// Blur that takes this much more of one direction than of the one across it is motion; measured 0.09 and more for
/// motion, up to 0.07 for defocus, of fine detail and of edges.
const ONE_SIDED: f64 = 0.08;
/// Where even the row's sharpest edges rise this slowly, all photos are soft: a Gaussian of about 2 pixels.
const SOFT_EDGE: f64 = 0.42;

/// Photos that are blurred where their neighbours are not, and rows that are soft throughout.
pub(super) fn check(row: &Row<'_>) -> Vec<Finding> {
    let sharpness: Vec<&Sharpness> = row.in_order().map(|(_, photo)| &photo.sharpness).collect();
    let mut findings = soft_row(row, &sharpness);
    if sharpness.len() < 5 {
        return findings;
    }
    let losses = losses(&sharpness);
    let (mut defocused, mut moved) = (Vec::new(), Vec::new());
    for ((name, _), loss) in row.in_order().zip(&losses) {
        if !loss.is_blur {
            continue;
        }
        let kept = (100.0 * loss.detail_ln.exp(), loss.direction);
        if loss.one_sided {
            moved.push((name.to_owned(), kept));
        } else {
            defocused.push((name.to_owned(), kept));
        }
    }
    findings.extend(
        defocused
            .into_iter()
            .map(|(name, (kept, _))| out_of_focus(name, kept)),
    );
    findings.extend(
        moved
            .into_iter()
            .map(|(name, (kept, direction))| motion(name, kept, direction)),
    );
    findings
}

/// What one photo lost against its neighbours.
struct Loss {
    /// Natural logarithm of the share of fine detail that it kept in the worst direction.
    detail_ln: f64,
    /// Which of the four directions that is.
    direction: usize,
    is_blur: bool,
    one_sided: bool,
}

fn losses(sharpness: &[&Sharpness]) -> Vec<Loss> {
    // By direction, then by photo.
    let against_neighbours = |value: &dyn Fn(&Sharpness, usize) -> f64| {
        [0, 1, 2, 3].map(|direction| {
            let values: Vec<f64> = sharpness.iter().map(|s| value(s, direction)).collect();
            let usual = medians_of_neighbours(&values, REACH);
            let lost: Vec<f64> = values
                .iter()
                .zip(usual)
                .map(|(value, usual)| value - usual)
                .collect();
            let unrest = spread(&lost, median(lost.iter().copied()).unwrap_or(0.0));
            (lost, unrest)
        })
    };
    let detail = against_neighbours(&|s, direction| s.along[direction].energy_ln);
    let edges = against_neighbours(&|s, direction| s.along[direction].edge_ratio.max(1e-3).ln());
    (0..sharpness.len())
        .map(|at| {
            let lost = [0, 1, 2, 3].map(|direction: usize| detail[direction].0[at]);
            let direction = (0..4)
                .min_by(|a: &usize, b: &usize| lost[*a].total_cmp(&lost[*b]))
                .unwrap_or(0);
            let least_detail = LEAST_DETAIL.ln().min(-SPREADS * detail[direction].1);
            let least_edge = LEAST_EDGE.ln().min(-SPREADS * edges[direction].1);
            let is_blur = lost[direction] < least_detail && edges[direction].0[at] < least_edge;
            Loss {
                detail_ln: lost[direction],
                direction,
                is_blur,
                one_sided: one_sidedness(lost) > ONE_SIDED
                    && one_sidedness([0, 1, 2, 3].map(|direction: usize| edges[direction].0[at]))
                        > ONE_SIDED,
            }
        })
        .collect()
}

/// How much the losses in directions across each other differ, as a share of all losses.
fn one_sidedness(lost: [f64; 4]) -> f64 {
    // Below a seventh only noise is left, and that says nothing of directions.
    let lost = lost.map(|lost| lost.clamp(-2.0, 0.0));
    let all = -lost.iter().sum::<f64>();
    (lost[0] - lost[2]).hypot(lost[1] - lost[3]) / all.max(f64::MIN_POSITIVE)
}

fn out_of_focus(name: String, kept: f64) -> Finding {
    let least = 100.0 * LEAST_DETAIL;
    let message = Text::new(
        format!(
            "{name} mất nét: chỉ còn {kept:.0}% chi tiết nhỏ so với các ảnh bên cạnh, cần ít nhất {least:.0}%"
        ),
        format!(
            "{name} is out of focus: it shows {kept:.0}% of its neighbours' fine detail, {least:.0}% is the least"
        ),
    );
    Finding::of_each(FindingKind::OutOfFocus, Severity::Severe, vec![(name, kept)], least, Unit::Percent).saying(
        message,
        Text::new(
            "chụp lại góc này: khóa lấy nét vào sản phẩm, không để máy tự lấy nét giữa chừng, khép khẩu f/8–f/11",
            "take this step again: lock the focus on the product, keep autofocus off during the turn, close down to f/8–f/11",
        ),
    )
}

fn motion(name: String, kept: f64, direction: usize) -> Finding {
    let least = 100.0 * LEAST_DETAIL;
    let (vi, en) = [
        ("theo chiều ngang", "sideways"),
        ("theo đường chéo", "along a diagonal"),
        ("theo chiều dọc", "up and down"),
        ("theo đường chéo", "along a diagonal"),
    ][direction];
    let message = Text::new(
        format!(
            "{name} bị nhòe {vi} do rung hoặc do bàn còn quay: chỉ còn {kept:.0}% chi tiết nhỏ so với các ảnh bên cạnh, cần ít nhất {least:.0}%"
        ),
        format!(
            "{name} is blurred {en} by motion: it shows {kept:.0}% of its neighbours' fine detail, {least:.0}% is the least"
        ),
    );
    Finding::of_each(FindingKind::MotionBlur, Severity::Severe, vec![(name, kept)], least, Unit::Percent).saying(
        message,
        Text::new(
            "chụp lại góc này: dùng chân máy và hẹn giờ hoặc điều khiển từ xa, chờ bàn đứng yên, tăng ánh sáng để rút ngắn thời gian phơi sáng",
            "take this step again: use a tripod and a remote or the timer, wait until the turntable stands still, add light for a shorter exposure",
        ),
    )
}

fn soft_row(row: &Row<'_>, sharpness: &[&Sharpness]) -> Vec<Finding> {
    let ratios: Vec<f64> = sharpness
        .iter()
        .filter_map(|s| s.best_edge_ratio())
        .collect();
    let Some(usual) = median(ratios.iter().copied()) else {
        return Vec::new();
    };
    if usual >= SOFT_EDGE || ratios.len() * 2 < sharpness.len() {
        return Vec::new();
    }
    let (value, least) = (100.0 * usual, 100.0 * SOFT_EDGE);
    let names = row.names_of(row.order.iter().copied());
    let finding = Finding::of_all(
        FindingKind::OutOfFocus,
        Severity::Severe,
        names,
        value,
        least,
        Unit::Percent,
    );
    let message = Text::new(
        format!(
            "cả {} ảnh đều mờ: cạnh rõ nhất chỉ đạt {value:.0}% độ dốc của cạnh nét, cần ít nhất {least:.0}%",
            finding.photos.len()
        ),
        format!(
            "all {} photos are soft: their best edges rise by {value:.0}% of what sharp ones do, {least:.0}% is the least",
            finding.photos.len()
        ),
    );
    vec![finding.saying(
        message,
        Text::new(
            "lấy nét lại vào mặt trước sản phẩm rồi khóa nét và chụp lại cả vòng; lau ống kính",
            "focus anew on the product's near side, lock the focus and take the whole turn again; clean the lens",
        ),
    )]
}
