//! The focal length in pixels from what photos say of their lens.

/// Sensors of cameras with exchangeable lenses, and of the larger compact ones: width and height in millimetres.
const SENSORS_MM: [[f64; 2]; 6] = [
    [43.8, 32.9],
    [36.0, 24.0],
    [23.5, 15.6],
    [22.3, 14.9],
    [17.3, 13.0],
    [13.2, 8.8],
];
/// Film is 36 mm wide, and its frame so long from corner to corner.
const FILM_MM: [f64; 2] = [36.0, 43.267];
/// The equivalent is given in whole millimetres.
const ROUNDING_MM: f64 = 0.5;
/// Sensors whose widths differ by less than this share give one focal length.
const ALIKE: f64 = 0.02;

/// The focal length in pixels of a `width` × `height` photo from the equivalent for 35 mm film and the lens' own focal
/// length, both as photos state them; `None` where they state no equivalent.
///
/// The equivalent alone is rounded to whole millimetres, at 30 mm to 1.7%, and some makers compare widths, others
/// diagonals. Together with the lens' own focal length it names the sensor: where just one size that is made fits, that
/// size and the lens' focal length tell. Where none or several fit, as with telephones, widths are compared.
#[must_use]
pub fn stated_focal_px(
    focal_35mm: Option<f64>,
    focal_mm: Option<f64>,
    width: u32,
    height: u32,
) -> Option<f64> {
    let positive = |value: &f64| value.is_finite() && *value > 0.0;
    let equivalent = focal_35mm.filter(positive)?;
    let long = f64::from(width.max(height));
    let sensor = focal_mm
        .filter(positive)
        .and_then(|focal| Some((focal, sensor_width_mm(equivalent, focal)?)));
    Some(match sensor {
        Some((focal, sensor_width)) => focal / sensor_width * long,
        None => equivalent / FILM_MM[0] * long,
    })
}

/// The width of the one sensor that turns `focal_mm` into the equivalent.
fn sensor_width_mm(equivalent_mm: f64, focal_mm: f64) -> Option<f64> {
    let fits = |sensor: &&[f64; 2]| {
        let sides = [sensor[0], sensor[0].hypot(sensor[1])];
        FILM_MM
            .iter()
            .zip(sides)
            .any(|(film, side)| (focal_mm * film / side - equivalent_mm).abs() <= ROUNDING_MM)
    };
    let mut widths = SENSORS_MM.iter().filter(fits).map(|sensor| sensor[0]);
    let first = widths.next()?;
    widths
        .all(|width| (width / first - 1.0).abs() < ALIKE)
        .then_some(first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_known_sensor_undoes_the_rounding() {
        // 30 mm before a sensor 17.3 mm wide are 62.4 mm, stated as 62.
        let px = stated_focal_px(Some(62.0), Some(30.0), 1200, 900).unwrap();
        assert!((px - 30.0 / 17.3 * 1200.0).abs() < 1e-9, "{px}");
        // The same by the diagonal: 60.
        let px = stated_focal_px(Some(60.0), Some(30.0), 900, 1200).unwrap();
        assert!((px - 30.0 / 17.3 * 1200.0).abs() < 1e-9, "{px}");
        let px = stated_focal_px(Some(50.0), Some(50.0), 6000, 4000).unwrap();
        assert!((px - 50.0 / 36.0 * 6000.0).abs() < 1e-9, "{px}");
    }

    #[test]
    fn a_telephone_and_a_lens_without_a_length_give_the_equivalent() {
        for focal in [Some(6.765), None, Some(0.0), Some(f64::NAN)] {
            let px = stated_focal_px(Some(24.0), focal, 4000, 3000).unwrap();
            assert!((px - 24.0 / 36.0 * 4000.0).abs() < 1e-9, "{focal:?}: {px}");
        }
        assert_eq!(stated_focal_px(None, Some(30.0), 4000, 3000), None);
    }

    proptest! {
        #[test]
        fn what_is_told_lies_near_what_is_stated(equivalent in 8_u32..400, focal in 3.0_f64..300.0) {
            let stated = f64::from(equivalent);
            let px = stated_focal_px(Some(stated), Some(focal), 3600, 2400).unwrap();
            // Half a millimetre of rounding, and widths against diagonals.
            let share = px / (stated * 100.0);
            let allowed = 0.5 / stated + 0.05;
            prop_assert!((share - 1.0).abs() < allowed, "{}", share);
        }
    }
}
