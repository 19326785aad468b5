//! The models, and what the bytes of a GLB are for.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xoay_gltf::{Limits, read_bytes};

/// A GLB's bytes by what they are for.
pub struct Weight {
    pub file_bytes: u64,
    /// Those of buffer views that hold no image, compressed where they are.
    pub geometry_bytes: u64,
    pub triangles: u64,
}

impl Weight {
    /// Weighs a GLB by its JSON; nothing is decompressed but what counts triangles.
    pub fn of(glb: &[u8]) -> Result<Self> {
        let length = glb.get(12..16).context("no GLB")?;
        let length = u32::from_le_bytes(length.try_into()?) as usize;
        let json = glb.get(20..20 + length).context("the GLB ends early")?;
        let json: Value = serde_json::from_slice(json)?;
        let items = |name: &str| json[name].as_array().cloned().unwrap_or_default();
        let images: BTreeSet<u64> = items("images")
            .iter()
            .filter_map(|image| image["bufferView"].as_u64())
            .collect();
        // Several accessors may share a view; each view counts once.
        let geometry_bytes = (0u64..)
            .zip(items("bufferViews"))
            .filter(|(index, _)| !images.contains(index))
            .map(|(_, view)| {
                let compressed = view["extensions"].as_object().and_then(|extensions| {
                    extensions.values().find_map(|e| e["byteLength"].as_u64())
                });
                compressed.or(view["byteLength"].as_u64()).unwrap_or(0)
            })
            .sum();
        let document = read_bytes(glb, &Limits::default())?;
        Ok(Self {
            file_bytes: glb.len() as u64,
            geometry_bytes,
            triangles: document.stats().triangles,
        })
    }

    pub fn geometry_per_triangle(&self) -> f64 {
        self.geometry_bytes as f64 / self.triangles.max(1) as f64
    }
}

/// The `.glb` files of a folder, or the file itself.
pub fn models(place: &Path) -> Result<Vec<PathBuf>> {
    if place.is_file() {
        return Ok(vec![place.to_path_buf()]);
    }
    let entries =
        fs::read_dir(place).with_context(|| format!("cannot list {}", place.display()))?;
    let mut models: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "glb"))
        .collect();
    models.sort();
    ensure!(!models.is_empty(), "{} holds no .glb", place.display());
    Ok(models)
}

/// The file's name; with its grandparent's where that says more, as captures keep theirs in a folder below.
pub fn short_name(model: &Path) -> String {
    let part = |path: Option<&Path>| {
        let name = path.and_then(Path::file_name).unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let parent = model.parent();
    if part(parent) == "ground_truth" {
        return part(parent.and_then(Path::parent));
    }
    model
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
