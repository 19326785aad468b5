use serde_json::{Map, Value};

use super::Role;
use crate::json::{Extra, Material, Primitive};

const TRANSFORM: &str = "KHR_texture_transform";

/// A material's use of a texture.
pub(crate) struct Slot<'a> {
    /// The member that refers to it, such as `baseColorTexture`.
    pub member: &'a str,
    /// What it is for.
    pub role: Role,
    /// The texture.
    pub texture: usize,
    /// The set of texture coordinates that is read, by the transform where one says so.
    pub set: u32,
    /// Texture from coordinates.
    pub transform: Affine,
}

/// An affine map of texture coordinates: `linear` by rows, then `offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Affine {
    pub linear: [[f64; 2]; 2],
    pub offset: [f64; 2],
}

impl Affine {
    /// `KHR_texture_transform`: translation × rotation × scale.
    fn of(transform: Option<&Value>) -> Self {
        let pair = |name: &str, otherwise: f64| {
            let pair = transform.and_then(|t| t.get(name)?.as_array());
            [0, 1].map(|i| {
                pair.and_then(|pair| pair.get(i)?.as_f64())
                    .unwrap_or(otherwise)
            })
        };
        let (offset, scale) = (pair("offset", 0.0), pair("scale", 1.0));
        let rotation = transform
            .and_then(|t| t.get("rotation")?.as_f64())
            .unwrap_or(0.0);
        let (sin, cos) = rotation.sin_cos();
        Self {
            linear: [
                [cos * scale[0], sin * scale[1]],
                [-sin * scale[0], cos * scale[1]],
            ],
            offset,
        }
    }

    pub fn apply(&self, uv: [f64; 2]) -> [f64; 2] {
        [0, 1]
            .map(|row| self.linear[row][0] * uv[0] + self.linear[row][1] * uv[1] + self.offset[row])
    }
}

/// Calls `visit` on each texture that `material` reads, in the core and in extensions.
pub(crate) fn slots(material: &Material, visit: &mut dyn FnMut(&Slot<'_>)) {
    let mut copy = material.clone();
    slots_mut(&mut copy, &mut |slot, _| visit(slot));
}

/// As [`slots`], with the texture info's extensions to be changed.
pub(crate) fn slots_mut(material: &mut Material, visit: &mut dyn FnMut(&Slot<'_>, &mut Extra)) {
    for (member, info) in material.texture_infos_mut() {
        let (texture, set) = (info.index, info.tex_coord);
        visit_one(member, texture, set, &mut info.extensions, visit);
    }
    for extension in material
        .extensions
        .values_mut()
        .filter_map(Value::as_object_mut)
    {
        for (member, info) in extension
            .iter_mut()
            .filter(|(member, _)| member.ends_with("Texture"))
        {
            let number = |name: &str| info.get(name).and_then(Value::as_u64);
            let (Some(texture), set) = (number("index"), number("texCoord")) else {
                continue;
            };
            let set = set.unwrap_or(0) as u32;
            let Some(info) = info.as_object_mut() else {
                continue;
            };
            let mut extensions = match info.remove("extensions") {
                Some(Value::Object(extensions)) => extensions,
                _ => Map::new(),
            };
            visit_one(member, texture as usize, set, &mut extensions, visit);
            if !extensions.is_empty() {
                info.insert("extensions".to_owned(), Value::Object(extensions));
            }
        }
    }
}

fn visit_one(
    member: &str,
    texture: usize,
    set: u32,
    extensions: &mut Extra,
    visit: &mut dyn FnMut(&Slot<'_>, &mut Extra),
) {
    let transform = extensions.get(TRANSFORM);
    let named = transform.and_then(|t| t.get("texCoord")?.as_u64());
    let slot = Slot {
        member,
        role: Role::of(member),
        texture,
        set: named.map_or(set, |named| named as u32),
        transform: Affine::of(transform),
    };
    visit(&slot, extensions);
}

/// Puts `offset + scale × coordinate` before the transform that `extensions` hold.
pub(crate) fn dequantize(
    extensions: &mut Extra,
    slot: &Slot<'_>,
    scale: [f64; 2],
    offset: [f64; 2],
) {
    let entry = extensions
        .entry(TRANSFORM)
        .or_insert_with(|| Value::Object(Map::new()));
    let old_scale = {
        let pair = entry.get("scale").and_then(Value::as_array);
        [0, 1].map(|i| pair.and_then(|pair| pair.get(i)?.as_f64()).unwrap_or(1.0))
    };
    let moved = slot.transform.apply(offset);
    entry["offset"] = Value::from(moved.map(short).to_vec());
    entry["scale"] = Value::from([0, 1].map(|i| short(old_scale[i] * scale[i])).to_vec());
}

/// The shortest decimal that reads back as the same float.
fn short(value: f64) -> f64 {
    (value as f32).to_string().parse().unwrap_or(value)
}

/// The materials that a primitive may be drawn with: its own and those of its variants.
pub(crate) fn variant_materials(primitive: &Primitive) -> Vec<usize> {
    let mut materials: Vec<usize> = primitive.material.into_iter().collect();
    let mappings = primitive
        .extensions
        .get("KHR_materials_variants")
        .and_then(|extension| extension.get("mappings")?.as_array());
    materials.extend(
        mappings
            .into_iter()
            .flatten()
            .filter_map(|mapping| mapping.get("material")?.as_u64())
            .map(|material| material as usize),
    );
    materials.sort_unstable();
    materials.dedup();
    materials
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn only_slot(material: &mut Material) -> (Affine, u32) {
        let mut found = None;
        slots(material, &mut |slot| {
            found = Some((slot.transform, slot.set));
        });
        found.unwrap()
    }

    #[test]
    fn a_grid_before_a_transform_gives_the_same_place() {
        let mut material: Material = serde_json::from_value(json!({
            "extensions": { "KHR_materials_clearcoat": { "clearcoatTexture": {
                "index": 0, "extensions": { "KHR_texture_transform": {
                    "offset": [0.3, -0.2], "rotation": 0.7, "scale": [2.0, 3.0], "texCoord": 1
                } }
            } } }
        }))
        .unwrap();
        let (before, set) = only_slot(&mut material);
        assert_eq!(set, 1);
        let (scale, offset) = ([0.25, 0.5], [-1.0, 2.0]);
        slots_mut(&mut material, &mut |slot, extensions| {
            dequantize(extensions, slot, scale, offset);
        });
        let (after, _) = only_slot(&mut material);
        for uv in [[0.0, 0.0], [1.0, 0.0], [0.3, 0.9]] {
            let expected = before.apply([0, 1].map(|i| offset[i] + scale[i] * uv[i]));
            let found = after.apply(uv);
            assert!((0..2).all(|i| (expected[i] - found[i]).abs() < 1e-5));
        }
    }

    #[test]
    fn rotation_turns_as_the_extension_s_matrix_does() {
        let transform = json!({ "rotation": std::f64::consts::FRAC_PI_2 });
        let [u, v] = Affine::of(Some(&transform)).apply([1.0, 0.0]);
        assert!(u.abs() < 1e-12 && (v + 1.0).abs() < 1e-12);
    }
}
