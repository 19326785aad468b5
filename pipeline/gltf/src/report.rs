use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xoay_format::{Bounds, Text};

use crate::{Document, textures};

/// What a model is made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Triangles drawn for one picture of the default scene.
    pub triangles: u64,
    /// Vertices of those meshes, each mesh once.
    pub vertices: u64,
    /// Primitives drawn: what a graphics card is called for.
    pub draw_calls: u64,
    /// Materials in the file.
    pub materials: u64,
    /// Variants in the file (`KHR_materials_variants`).
    pub variants: u64,
    /// Animations in the file.
    pub animations: u64,
    /// Images in the file.
    pub images: u64,
    /// Memory of all images on a graphics card: four bytes a pixel and a third more for smaller sizes.
    pub texture_memory_bytes: u64,
    /// The extent in the default scene, metres, +Y up.
    pub bounds: Bounds,
}

impl Document {
    /// Counts what the model is made of. Images that do not parse count as nothing.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let instances = self.instances();
        let mut drawn = vec![0u64; self.root.meshes.len()];
        for instance in &instances {
            drawn[instance.mesh] += 1;
        }
        let mut stats = Stats {
            materials: self.root.materials.len() as u64,
            animations: self.root.animations.len() as u64,
            images: self.root.images.len() as u64,
            bounds: self.bounds(),
            ..Stats::default()
        };
        for (mesh, &times) in self
            .root
            .meshes
            .iter()
            .zip(&drawn)
            .filter(|(_, times)| **times > 0)
        {
            let mut sets: Vec<_> = mesh
                .primitives
                .iter()
                .map(|primitive| &primitive.attributes)
                .collect();
            sets.sort();
            sets.dedup();
            for primitive in &mesh.primitives {
                stats.triangles += times * self.triangles(primitive).len() as u64 / 3;
                stats.draw_calls += times;
            }
            for set in sets {
                stats.vertices += set
                    .values()
                    .next()
                    .map_or(0, |&accessor| self.accessors[accessor].count() as u64);
            }
        }
        stats.variants = self
            .root
            .extensions
            .get("KHR_materials_variants")
            .and_then(|extension| extension.get("variants")?.as_array())
            .map_or(0, |variants| variants.len() as u64);
        for image in &self.images {
            if let Some((width, height)) = textures::dimensions(&image.bytes) {
                stats.texture_memory_bytes += u64::from(width) * u64::from(height) * 4 * 4 / 3;
            }
        }
        stats
    }
}

/// What a transform did: how many of what it removed or changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The transform.
    pub name: String,
    /// What changed, by kind; empty where nothing did.
    pub changes: BTreeMap<String, u64>,
    /// What was measured on the way, such as the greatest displacement of a vertex; the name says the unit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub measures: BTreeMap<String, f64>,
}

impl Step {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            changes: BTreeMap::new(),
            measures: BTreeMap::new(),
        }
    }

    pub(crate) fn add(&mut self, what: &str, count: usize) {
        if count > 0 {
            *self.changes.entry(what.to_owned()).or_default() += count as u64;
        }
    }

    /// Notes a measured value; of several the greatest stays.
    pub(crate) fn measure(&mut self, what: &str, value: f64) {
        let most = self.measures.entry(what.to_owned()).or_insert(value);
        *most = most.max(value);
    }
}

/// An image before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TextureChange {
    /// The image's name, or its place in the file.
    pub name: String,
    /// What it is for: `color`, `normal` or `data`.
    pub role: String,
    /// Media type before and after.
    pub media_type: [String; 2],
    /// Width before and after, pixels.
    pub width: [u32; 2],
    /// Height before and after, pixels.
    pub height: [u32; 2],
    /// Bytes before and after.
    pub size_bytes: [u64; 2],
    /// The encoder's quality, 1 to 100; absent where the image stayed as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<u8>,
    /// SSIMULACRA2 of a colour texture against what it was, on a part of what triangles show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Root mean square of what changed, on such a part: degrees of a normal map, steps of 255 of other numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<f64>,
}

/// How alike two models look, drawn from the same views.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Likeness {
    /// Mean SSIMULACRA2 of the views: 100 is the same picture, from 90 on nobody tells them apart side by side.
    pub mean: f64,
    /// That of the worst view.
    pub worst: f64,
    /// Each view, in the order in which they are drawn.
    pub views: Vec<f64>,
}

/// What [`crate::optimize`] did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Size of the file that came in; 0 where there was none.
    pub bytes_in: u64,
    /// Size of the GLB that went out.
    pub bytes_out: u64,
    /// The model that came in.
    pub before: Stats,
    /// The model that went out.
    pub after: Stats,
    /// Each transform, in order.
    pub steps: Vec<Step>,
    /// Each image.
    pub textures: Vec<TextureChange>,
    /// How alike the model looks to what came in; absent where it was not drawn. This crate draws nothing: whoever does
    /// puts it here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likeness: Option<Likeness>,
    /// How often the model was made anew with gentler settings, because it did not look alike enough.
    #[serde(default)]
    pub steps_back: u32,
    /// What was imperfect, and what became of it.
    pub warnings: Vec<Text>,
}
