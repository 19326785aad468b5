use crate::Proxy;

/// A model that has learnt from many pictures what stands in front.
///
/// What it says is one voice among those of colours, edges and the other views: the outline that is cut still has to
/// agree with them.
pub trait LearnedMatte: std::fmt::Debug + Send + Sync {
    /// How likely each pixel of `photo` belongs to the product: a byte each, 255 is certain, row by row at the proxy's
    /// size.
    ///
    /// # Errors
    /// [`LearnedMatteError`] where the model does not run.
    fn likelihood(&self, photo: &Proxy) -> Result<Vec<u8>, LearnedMatteError>;
}

/// Why a learned model gives no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LearnedMatteError {
    /// The program was built without what runs such models.
    #[error("this program was built without ONNX; build it with the feature onnx")]
    Absent,
    /// ONNX Runtime's library was not found, or is of another version.
    #[error(
        "ONNX Runtime cannot be loaded ({0}); install its shared library and name it in ORT_DYLIB_PATH"
    )]
    Runtime(String),
    /// The file is no model, or not of pictures to mattes.
    #[error("the model cannot be used: {0}")]
    Model(String),
}

/// Odds that a likelihood adds, as a natural logarithm.
pub(crate) fn odds(likelihood: u8) -> f32 {
    let share = (f32::from(likelihood) + 0.5) / 256.0;
    WEIGHT * (share / (1.0 - share)).ln()
}

/// Models are sure of themselves where they are wrong, too.
const WEIGHT: f32 = 0.9;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Row, cut_row};

    /// Grey before the same grey: nothing but a learned model can see it.
    #[test]
    fn what_only_a_model_sees_is_cut_out() {
        let (width, height) = (96, 72);
        let photo = |number: usize| {
            let noise = |at: usize| (((at * 7 + number * 13) * 2_654_435_761) >> 7) % 3;
            let pixels: Vec<u8> = (0..width * height)
                .flat_map(|at| [(150 + noise(at)) as u8; 3])
                .collect();
            Proxy::of(width as u32, height as u32, &pixels)
        };
        let photos: Vec<Proxy> = (0..8).map(photo).collect();
        let is_product = |at: usize| {
            let (x, y) = (at % width, at / width);
            (36..60).contains(&x) && (12..56).contains(&y)
        };
        let seen: Vec<u8> = (0..width * height)
            .map(|at| if is_product(at) { 250 } else { 5 })
            .collect();
        let cut = |likelihoods| {
            let row = Row {
                frames: photos.iter().collect(),
                clean_plate: None,
                azimuths_deg: None,
                likelihoods,
                focal_ratio: None,
            };
            cut_row(&row, 1).frames
        };
        let without = cut(None);
        assert!(
            without
                .iter()
                .all(|frame| !frame.inside().iter().any(|inside| *inside))
        );
        for frame in cut(Some(vec![seen; 8])) {
            let inside = frame.inside();
            let right = (0..width * height).filter(|at| inside[*at] == is_product(*at));
            assert!(right.count() * 100 > width * height * 98);
        }
    }

    #[test]
    fn odds_are_even_in_the_middle_and_bounded() {
        assert!(odds(127).abs() < 0.01 && odds(128).abs() < 0.02);
        assert!((odds(0) + odds(255)).abs() < 1e-5);
        assert!((5.0..6.0).contains(&odds(255)));
        assert!((1..=255).all(|at| odds(at) > odds(at - 1)));
    }
}
