//! The product's outline between pixels, and its convex hull.

use crate::observation::Window;

/// Places where cover crosses a half, in pixels of the whole photo.
///
/// Each crossing lies on a line between two neighbouring pixel centres, as in marching squares.
pub(crate) fn crossings(window: &Window) -> Vec<[f64; 2]> {
    const HALF: f64 = 127.5;
    let mut out = Vec::new();
    let (w, h) = (window.width as i64, window.height as i64);
    let (left, top) = (window.left as i64, window.top as i64);
    let value = |x: i64, y: i64| f64::from(window.cover(left + x, top + y));
    for y in -1..=h {
        for x in -1..=w {
            let here = value(x, y);
            for (dx, dy) in [(1, 0), (0, 1)] {
                let next = value(x + dx, y + dy);
                if (here > HALF) != (next > HALF) {
                    let part = (HALF - here) / (next - here);
                    out.push([
                        (left + x) as f64 + 0.5 + part * dx as f64,
                        (top + y) as f64 + 0.5 + part * dy as f64,
                    ]);
                }
            }
        }
    }
    out
}

/// The convex hull of `points`, counter-clockwise in a frame with y up (Andrew 1979, monotone chain).
pub(crate) fn convex_hull(mut points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let turns_right = |hull: &[[f64; 2]], p: [f64; 2]| {
        let [.., a, b] = hull else { return false };
        (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) <= 0.0
    };
    let chain = |points: &mut dyn Iterator<Item = [f64; 2]>| {
        let mut chain: Vec<[f64; 2]> = Vec::new();
        for p in points {
            while turns_right(&chain, p) {
                chain.pop();
            }
            chain.push(p);
        }
        chain.pop();
        chain
    };
    let mut hull = chain(&mut points.iter().copied());
    hull.extend(chain(&mut points.iter().rev().copied()));
    hull
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A disc whose edge pixels are covered by as much as lies inside.
    fn disc(radius: f64) -> Window {
        let side = 64;
        let mut rgba = Vec::new();
        for y in 0..side {
            for x in 0..side {
                let away = (f64::from(x) + 0.5 - 32.0).hypot(f64::from(y) + 0.5 - 32.0);
                let cover = (radius - away + 0.5).clamp(0.0, 1.0);
                rgba.extend([200, 200, 200, (cover * 255.0).round() as u8]);
            }
        }
        Window::about_product(64, 64, &rgba, 2)
    }

    #[test]
    fn a_disc_has_its_radius_between_pixels() {
        for radius in [10.0, 17.3, 24.8] {
            let outline = crossings(&disc(radius));
            let mean = outline
                .iter()
                .map(|p| (p[0] - 32.0).hypot(p[1] - 32.0))
                .sum::<f64>()
                / outline.len() as f64;
            assert!((mean - radius).abs() < 0.02, "{mean} for {radius}");
        }
    }

    proptest! {
        #[test]
        fn a_hull_holds_every_point_and_turns_one_way(
            points in prop::collection::vec(prop::array::uniform2(-10.0_f64..10.0), 3..80),
        ) {
            let hull = convex_hull(points.clone());
            for (at, a) in hull.iter().enumerate() {
                let b = hull[(at + 1) % hull.len()];
                for p in &points {
                    let side = (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
                    prop_assert!(side >= -1e-9);
                }
            }
        }
    }
}
