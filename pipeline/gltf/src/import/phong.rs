//! MTL files: materials of Phong's kind with the customary physical extensions, made into metallic-roughness.
//!
//! Base colour is `Kd`, taken as linear light, as Blender writes it. Roughness is `Pr`, else from the exponent `Ns` by
//! α² = 2 / (Ns + 2) and roughness = √α (Walter et al. 2007), else 1 where `illum` says that nothing shines. Metalness
//! is `Pm`, else 0; `Ks` is not carried over. `d` (or 1 − `Tr`) is alpha.

mod library;
mod maps;

pub(super) use library::{Phong, parse};
pub(super) use maps::Maps;

use serde_json::json;

use super::Context;
use super::build::plain_material;
use crate::json::Material;
use crate::{Document, GltfError};

/// Whether a material of the library shines, by its `illum`: 0 and 1 have no highlights.
const fn is_matte(illum: Option<f64>) -> bool {
    matches!(illum, Some(0.0 | 1.0))
}

fn is_black(color: [f64; 3]) -> bool {
    color.iter().all(|&value| value <= 0.0)
}

/// The roughness that a Phong exponent stands for.
fn roughness(phong: &Phong) -> f32 {
    let roughness = match (phong.pr, phong.ns) {
        (Some(roughness), _) => roughness,
        _ if is_matte(phong.illum) => 1.0,
        (None, Some(exponent)) => (2.0 / (exponent.max(0.0) + 2.0)).sqrt().sqrt(),
        (None, None) => 0.7,
    };
    roughness.clamp(0.0, 1.0) as f32
}

/// The material of glTF's kind. Its pictures are added to the document.
pub(super) fn material(
    phong: &Phong,
    maps: &mut Maps,
    document: &mut Document,
    context: &Context<'_>,
) -> Result<Material, GltfError> {
    let alpha = phong.d.unwrap_or(1.0).clamp(0.0, 1.0) as f32;
    let color = |color: [f64; 3]| color.map(|value| value.clamp(0.0, 1.0) as f32);
    let base = maps.base_color(phong, document, context)?;
    let [r, g, b] = match (phong.kd, &base) {
        // Programs that write a map often leave the colour black.
        (Some(kd), Some(_)) if is_black(kd) => [1.0; 3],
        (Some(kd), _) => color(kd),
        (None, Some(_)) => [1.0; 3],
        (None, None) => [0.6; 3],
    };
    let mut material = plain_material([r, g, b, alpha]);
    material.name = Some(phong.name.clone());
    if alpha < 1.0 {
        material.alpha_mode = Some("BLEND".to_owned());
    }
    if let Some(base) = base {
        if alpha >= 1.0 {
            material.alpha_mode = base.alpha_mode.map(str::to_owned);
        }
        material.pbr_metallic_roughness.base_color_texture = Some(base.info);
    }
    let pbr = &mut material.pbr_metallic_roughness;
    pbr.roughness_factor = Some(roughness(phong));
    pbr.metallic_factor = Some(phong.pm.unwrap_or(0.0).clamp(0.0, 1.0) as f32);
    if let Some(info) = maps.metallic_roughness(phong, document, context)? {
        // A map replaces the number beside it, which is 0 in many files then.
        if phong.maps.contains_key("map_Pr") {
            pbr.roughness_factor = Some(1.0);
        }
        if phong.maps.contains_key("map_Pm") {
            pbr.metallic_factor = Some(1.0);
        }
        pbr.metallic_roughness_texture = Some(info);
    }
    material.normal_texture = maps.normal(phong, document, context)?;
    material.emissive_texture = maps.plain("map_Ke", phong, document, context)?;
    let emitted = match (phong.ke, &material.emissive_texture) {
        (Some(ke), Some(_)) if is_black(ke) => [1.0; 3],
        (Some(ke), _) => ke.map(|value| value.clamp(0.0, 1e6)),
        (None, Some(_)) => [1.0; 3],
        (None, None) => [0.0; 3],
    };
    let strongest = emitted.iter().copied().fold(0.0, f64::max);
    if strongest > 0.0 {
        // The factor goes to 1; what is brighter needs the extension.
        let strength = strongest.max(1.0);
        material.emissive_factor = Some(emitted.map(|value| (value / strength) as f32));
        if strength > 1.0 {
            extend(
                &mut material,
                document,
                "KHR_materials_emissive_strength",
                json!({ "emissiveStrength": strength }),
            );
        }
    }
    if let Some(clearcoat) = phong.pc.filter(|&clearcoat| clearcoat > 0.0) {
        let value = json!({
            "clearcoatFactor": clearcoat.min(1.0),
            "clearcoatRoughnessFactor": phong.pcr.unwrap_or(0.0).clamp(0.0, 1.0),
        });
        extend(&mut material, document, "KHR_materials_clearcoat", value);
    }
    Ok(material)
}

fn extend(material: &mut Material, document: &mut Document, name: &str, value: serde_json::Value) {
    document.declare_extension(name, false);
    material.extensions.insert(name.to_owned(), value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shinier_is_smoother() {
        let of = |text: &[u8]| roughness(&parse(text)[0]);
        assert!((of(b"newmtl a\nNs 0\n") - 1.0).abs() < 1e-6);
        assert!((of(b"newmtl a\nNs 200") - 0.3156).abs() < 1e-3);
        assert!(of(b"newmtl a\nNs 1000") < of(b"newmtl a\nNs 10"));
        assert!((of(b"newmtl a\nNs 1000\nillum 1") - 1.0).abs() < 1e-6);
        assert!((of(b"newmtl a\nNs 1000\nPr 0.5") - 0.5).abs() < 1e-6);
    }
}
