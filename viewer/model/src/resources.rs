//! What one model has on the GPU. It can be given back and made anew at any time.

use js_sys::Function;
use wasm_bindgen::JsValue;
use xoay_viewer_core::gltf::{Draw, Model};
use xoay_viewer_core::math::Vec3;
use xoay_viewer_core::pose::Pose;

use crate::geometry::Geometry;
use crate::gl::{Gl, Texture};
use crate::shadow::Shadow;
use crate::textures::{self, Key};

/// A model on the GPU.
pub struct Resources {
    pub geometry: Geometry,
    pub textures: Vec<(Key, Texture)>,
    /// The shadow on the floor; none until the first picture.
    pub shadow: Option<Shadow>,
    /// The middle of each draw at rest, by which what can be seen through is sorted.
    pub middles: Vec<Vec3>,
}

impl Resources {
    /// Uploads a model.
    pub async fn load(
        gl: &Gl,
        model: &Model,
        url: &str,
        decoder: &Function,
    ) -> Result<Self, JsValue> {
        let textures = textures::load(gl, model, url, decoder).await?;
        let geometry = Geometry::new(gl, model)?;
        let pose = Pose::new(model);
        Ok(Self {
            geometry,
            textures,
            shadow: None,
            middles: model
                .draws
                .iter()
                .map(|d| middle(model, &pose, d))
                .collect(),
        })
    }

    /// Bytes of GPU memory, more or less.
    pub fn size_bytes(&self) -> usize {
        let textures = self.textures.iter().map(|(_, t)| t.size_bytes);
        textures.sum::<usize>() + self.geometry.size_bytes
    }
}

/// The middle of a draw's vertices; a few hundred of them tell it well enough.
fn middle(model: &Model, pose: &Pose, draw: &Draw) -> Vec3 {
    let step = (draw.attributes[0].count / 256).max(1);
    let (mut sum, mut seen) = ([0.0; 3], 0.0);
    for p in pose.vertices(model, draw).step_by(step) {
        (0..3).for_each(|k| sum[k] += p[k]);
        seen += 1.0;
    }
    sum.map(|n: f32| n / f32::max(seen, 1.0))
}
