//! A learned matte from an ONNX file, run by ONNX Runtime, which is loaded when it is first used.

use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use ort::environment::Environment;
use ort::session::Session;
use ort::value::{Tensor, ValueType};

use crate::{LearnedMatte, LearnedMatteError, Proxy};

/// The mean and standard deviation of `ImageNet`'s colours, red, green, blue: what matting models are trained with.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];
/// The side of a model's input where it leaves it open.
const USUAL_SIDE: usize = 512;
/// No model needs more.
const MOST_SIDE: usize = 2048;

/// A model of salient objects such as U²-Net, IS-Net or `BiRefNet`, exported to ONNX.
///
/// Its first input takes 1 × 3 × height × width floats, red, green and blue, normalised with `ImageNet`'s mean and
/// deviation; its first output is a picture of one channel, a likelihood or, where values leave 0 to 1, a logit.
#[derive(Debug)]
pub struct OnnxMatte {
    session: Mutex<Session>,
    input: String,
    /// Width and height.
    size: (usize, usize),
}

impl OnnxMatte {
    /// Reads a model.
    ///
    /// # Errors
    /// [`LearnedMatteError::Runtime`] without ONNX Runtime, [`LearnedMatteError::Model`] where the file cannot be used.
    pub fn open(file: &Path, threads: usize) -> Result<Self, LearnedMatteError> {
        let runtime = |error: &dyn ToString| LearnedMatteError::Runtime(error.to_string());
        let session = Session::builder(environment()?)
            .map_err(|error| runtime(&error))?
            .with_intra_threads(threads)
            .map_err(|error| runtime(&error))?
            .commit_from_file(file)
            .map_err(|error| unusable(&error))?;
        let input = session.inputs().first();
        let input = input.ok_or_else(|| unusable(&"it has no input"))?;
        let ValueType::Tensor { shape, .. } = input.dtype() else {
            return Err(unusable(&"its input is no tensor"));
        };
        let &[_, 3, height, width] = shape.as_ref() else {
            return Err(unusable(&format!(
                "its input is {shape:?}, not 1 × 3 × height × width"
            )));
        };
        let side = |side: i64| usize::try_from(side).ok().filter(|side| *side > 0);
        let size = (
            side(width).unwrap_or(USUAL_SIDE),
            side(height).unwrap_or(USUAL_SIDE),
        );
        if size.0 > MOST_SIDE || size.1 > MOST_SIDE {
            return Err(unusable(&format!("its input is {}×{}", size.0, size.1)));
        }
        let input = input.name().to_owned();
        Ok(Self {
            session: Mutex::new(session),
            input,
            size,
        })
    }
}

/// ONNX Runtime, of which a process has one.
fn environment() -> Result<&'static Environment, LearnedMatteError> {
    static ENVIRONMENT: OnceLock<Result<Environment, String>> = OnceLock::new();
    let load = || {
        let library = std::env::var("ORT_DYLIB_PATH").unwrap_or_else(|_| LIBRARY.into());
        let builder = ort::init_from(library).map_err(|error| error.to_string())?;
        builder.build().map_err(|error| error.to_string())
    };
    let loaded = ENVIRONMENT.get_or_init(load).as_ref();
    loaded.map_err(|detail| LearnedMatteError::Runtime(detail.clone()))
}

#[cfg(windows)]
const LIBRARY: &str = "onnxruntime.dll";
#[cfg(target_vendor = "apple")]
const LIBRARY: &str = "libonnxruntime.dylib";
#[cfg(not(any(windows, target_vendor = "apple")))]
const LIBRARY: &str = "libonnxruntime.so";

fn unusable(error: &dyn ToString) -> LearnedMatteError {
    LearnedMatteError::Model(error.to_string())
}

impl LearnedMatte for OnnxMatte {
    fn likelihood(&self, photo: &Proxy) -> Result<Vec<u8>, LearnedMatteError> {
        let (width, height) = self.size;
        let mut planes = Vec::with_capacity(3 * width * height);
        for channel in 0..3 {
            let at =
                |x: usize, y: usize| f32::from(photo.rgb()[(y * photo.width() + x) * 3 + channel]);
            let source = (photo.width(), photo.height());
            scaled(source, self.size, at, |value| {
                planes.push((value / 255.0 - MEAN[channel]) / DEVIATION[channel]);
            });
        }
        let tensor = Tensor::from_array(([1, 3, height, width], planes))
            .map_err(|error| unusable(&error))?;
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let outputs = session
            .run(ort::inputs![self.input.as_str() => tensor])
            .map_err(|error| unusable(&error))?;
        if outputs.len() == 0 {
            return Err(unusable(&"it has no output"));
        }
        let (shape, values) = outputs[0]
            .try_extract_tensor::<f32>()
            .map_err(|error| unusable(&error))?;
        let side = |back: usize| {
            let at = shape.len().checked_sub(back)?;
            usize::try_from(shape[at]).ok().filter(|side| *side > 0)
        };
        let (Some(across), Some(down)) = (side(1), side(2)) else {
            return Err(unusable(&"its output is no picture"));
        };
        if values.len() != across * down {
            return Err(unusable(&format!(
                "its output is {shape:?}, not one channel"
            )));
        }
        let is_logit = values.iter().any(|v| !(-0.01..=1.01).contains(v));
        let mut out = Vec::with_capacity(photo.width() * photo.height());
        let at = |x: usize, y: usize| {
            let value = values[y * across + x];
            if is_logit {
                1.0 / (1.0 + (-value).exp())
            } else {
                value
            }
        };
        scaled(
            (across, down),
            (photo.width(), photo.height()),
            at,
            |value| {
                out.push((value * 255.0 + 0.5).clamp(0.0, 255.0) as u8);
            },
        );
        Ok(out)
    }
}

/// Bilinear, pixel centres at halves.
fn scaled(
    (from_width, from_height): (usize, usize),
    (to_width, to_height): (usize, usize),
    at: impl Fn(usize, usize) -> f32,
    mut put: impl FnMut(f32),
) {
    let place = |to: usize, to_side: usize, from_side: usize| {
        let place = (to as f32 + 0.5) * from_side as f32 / to_side as f32 - 0.5;
        let place = place.clamp(0.0, (from_side - 1) as f32);
        let low = place as usize;
        (low, (low + 1).min(from_side - 1), place - low as f32)
    };
    for y in 0..to_height {
        let (top, bottom, v) = place(y, to_height, from_height);
        for x in 0..to_width {
            let (left, right, u) = place(x, to_width, from_width);
            let above = at(left, top) + (at(right, top) - at(left, top)) * u;
            let below = at(left, bottom) + (at(right, bottom) - at(left, bottom)) * u;
            put(above + (below - above) * v);
        }
    }
}

#[cfg(test)]
#[path = "onnx/tests.rs"]
mod tests;
