use serde::{Deserialize, Serialize};

/// Which way the product turns from one frame to the next, seen from above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Against the clock: the near side moves to the right.
    #[default]
    CounterClockwise,
    /// With the clock: the near side moves to the left.
    Clockwise,
}

/// Brings an angle in degrees into `0.0..360.0`. An angle that is no number gives 0.
#[must_use]
pub fn wrap_deg(angle_deg: f64) -> f64 {
    let wrapped = angle_deg.rem_euclid(360.0);
    // A tiny negative angle rounds up to 360 itself.
    if wrapped.is_finite() && wrapped < 360.0 {
        wrapped + 0.0 // a negative zero becomes zero
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn wrapped_angles_lie_in_one_turn_and_name_the_same_direction(angle_deg in -1e6_f64..1e6) {
            let wrapped = wrap_deg(angle_deg);
            prop_assert!((0.0..360.0).contains(&wrapped));
            let turns = (angle_deg - wrapped) / 360.0;
            prop_assert!((turns - turns.round()).abs() < 1e-6);
        }
    }

    #[test]
    fn odd_angles_wrap_to_zero() {
        for angle in [360.0, -360.0, -1e-20, f64::NAN, f64::INFINITY] {
            assert_eq!(wrap_deg(angle).to_bits(), 0.0_f64.to_bits(), "{angle}");
        }
    }
}
