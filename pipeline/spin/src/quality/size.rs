use xoay_format::Text;

use super::finding::{Finding, FindingKind, Severity, Unit};
use crate::{Photo, SpinError};

/// Photos whose size differs from most photos', as far as their headers tell.
pub(super) fn check(photos: &[Photo]) -> Vec<Finding> {
    let sizes: Vec<(&str, (u32, u32))> = photos
        .iter()
        .map(|photo| {
            (
                photo.name.as_str(),
                (photo.header.width(), photo.header.height()),
            )
        })
        .collect();
    let Some(usual) = most_common(&sizes) else {
        return Vec::new();
    };
    let odd: Vec<(String, u32, u32)> = sizes
        .iter()
        .filter(|(_, size)| *size != usual)
        .map(|(name, (width, height))| ((*name).to_owned(), *width, *height))
        .collect();
    if odd.is_empty() {
        return Vec::new();
    }
    vec![of_odd(usual, &odd, Severity::Warning)]
}

fn most_common(sizes: &[(&str, (u32, u32))]) -> Option<(u32, u32)> {
    let mut counts: Vec<((u32, u32), usize)> = Vec::new();
    for (_, size) in sizes {
        match counts.iter_mut().find(|(known, _)| known == size) {
            Some((_, count)) => *count += 1,
            None => counts.push((*size, 1)),
        }
    }
    // Of equally common ones the first.
    counts
        .iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map(|(size, _)| *size)
}

/// The finding for photos of a shape that no spin can be made of, which reading the capture refuses.
#[must_use]
pub fn wrong_shape(error: &SpinError) -> Option<Finding> {
    match error {
        SpinError::MixedSizes { expected, odd } => Some(of_odd(*expected, odd, Severity::Severe)),
        _ => None,
    }
}

fn of_odd((width, height): (u32, u32), odd: &[(String, u32, u32)], severity: Severity) -> Finding {
    const SHOWN: usize = 6;
    let measured = odd
        .iter()
        .map(|(name, w, _)| (name.clone(), f64::from(*w)))
        .collect();
    let finding = Finding::of_each(
        FindingKind::WrongSize,
        severity,
        measured,
        f64::from(width),
        Unit::Pixels,
    );
    let mut list: Vec<String> = odd
        .iter()
        .take(SHOWN)
        .map(|(name, w, h)| format!("{name} ({w}×{h})"))
        .collect();
    if odd.len() > SHOWN {
        list.push(format!("… +{}", odd.len() - SHOWN));
    }
    let list = list.join(", ");
    let turned = odd.iter().any(|(_, w, h)| (w > h) != (width > height));
    let remedy = if turned {
        Text::new(
            "không xoay máy giữa chừng: chụp lại những ảnh này cùng hướng với các ảnh khác, hoặc xoay chúng cho đúng rồi lưu lại",
            "do not turn the camera during a turn: take these again upright like the others, or rotate and save them",
        )
    } else {
        Text::new(
            "chụp mọi ảnh cùng một máy, cùng độ phân giải, không cắt cúp hay phóng to bằng kỹ thuật số",
            "take all photos with one camera at one resolution, without cropping or digital zoom",
        )
    };
    finding.saying(
        Text::new(
            format!("sai kích thước: {list}; các ảnh khác là {width}×{height}"),
            format!("wrong size: {list}; the others have {width}×{height}"),
        ),
        remedy,
    )
}
