use std::collections::BTreeMap;

use super::quantize::QuantizeOptions;
use crate::references::opaque_extensions;
use crate::report::Step;
use crate::textures::{dequantize, dimensions, slots, slots_mut, variant_materials};
use crate::{Accessor, Component, Document, Shape};

/// What a `KHR_texture_transform` costs in JSON; coordinates that save less do without.
const TRANSFORM_BYTES: usize = 100;
/// What a grid of few steps saves in the compressed stream over one spread to 16 bits, a vertex.
const SAVED_BYTES: f64 = 1.0;
/// Steps over 0…1 where no texture tells how many are needed.
const USUAL_STEPS: f64 = 4095.0;
/// Side in pixels of a texture whose image tells none.
const USUAL_SIDE: f64 = 2048.0;

/// A set of texture coordinates as a material reads it.
type Reader = (usize, u32);

/// Accessors and the materials that read them, which must share a grid.
#[derive(Default)]
struct Group {
    accessors: Vec<usize>,
    readers: Vec<Reader>,
}

/// Stores texture coordinates as unsigned shorts, as finely as the textures that they address need.
///
/// The steps are counted from 0 and `KHR_texture_transform` gives back scale and offset: small numbers compress far
/// better than the same steps spread over 16 bits (26,726 bytes against 36,132 for 13,540 vertices), and coordinates
/// outside 0…1 need no floats. Where the saving would not pay for the JSON, they are spread.
pub(super) fn quantize_texcoords(
    document: &mut Document,
    options: QuantizeOptions,
    step: &mut Step,
) {
    if !opaque_extensions(&document.root).is_empty() {
        return;
    }
    let mut worst_texels: f64 = 0.0;
    for group in groups(document) {
        if let Some(texels) = quantize_group(document, &group, options, step) {
            worst_texels = worst_texels.max(texels);
        }
    }
    if worst_texels > 0.0 {
        step.measure("texcoordErrorTexels", worst_texels);
    }
}

/// The representative of the accessors that share a grid with `at`.
fn find(parent: &BTreeMap<usize, usize>, mut at: usize) -> usize {
    while parent[&at] != at {
        at = parent[&at];
    }
    at
}

fn groups(document: &Document) -> Vec<Group> {
    // Union-find over accessors; readers are attached to the first accessor they meet.
    let mut parent: BTreeMap<usize, usize> = BTreeMap::new();
    let mut first_of: BTreeMap<Reader, usize> = BTreeMap::new();
    for primitive in document.root.meshes.iter().flat_map(|m| &m.primitives) {
        let materials = variant_materials(primitive);
        for (semantic, &accessor) in &primitive.attributes {
            let Some(set) = set_of(semantic) else {
                continue;
            };
            parent.entry(accessor).or_insert(accessor);
            for &material in &materials {
                let first = *first_of.entry((material, set)).or_insert(accessor);
                let (a, b) = (find(&parent, first), find(&parent, accessor));
                parent.insert(a.max(b), a.min(b));
            }
        }
    }
    let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
    for &accessor in parent.keys() {
        let group = groups.entry(find(&parent, accessor)).or_default();
        group.accessors.push(accessor);
    }
    for (&reader, &accessor) in &first_of {
        let group = groups.entry(find(&parent, accessor)).or_default();
        group.readers.push(reader);
    }
    groups.into_values().collect()
}

fn set_of(semantic: &str) -> Option<u32> {
    semantic.strip_prefix("TEXCOORD_")?.parse().ok()
}

/// Whether the accessor is nothing but texture coordinates of primitives.
fn is_free(document: &Document, accessor: usize) -> bool {
    document
        .root
        .meshes
        .iter()
        .flat_map(|mesh| &mesh.primitives)
        .all(|primitive| {
            let elsewhere = primitive
                .attributes
                .iter()
                .any(|(name, &used)| used == accessor && set_of(name).is_none());
            let morphed = primitive
                .targets
                .iter()
                .any(|target| target.keys().any(|name| set_of(name).is_some()));
            let uses = primitive.attributes.values().any(|&used| used == accessor);
            !elsewhere && primitive.indices != Some(accessor) && (!uses || !morphed)
        })
}

/// The greatest displacement in texels; `None` where the group stays as it is.
fn quantize_group(
    document: &mut Document,
    group: &Group,
    options: QuantizeOptions,
    step: &mut Step,
) -> Option<f64> {
    let mut min = [f64::INFINITY; 2];
    let mut max = [f64::NEG_INFINITY; 2];
    let mut count = 0;
    for &index in &group.accessors {
        let accessor = &document.accessors[index];
        if (accessor.component(), accessor.shape()) != (Component::F32, Shape::Vec2)
            || !is_free(document, index)
        {
            return None;
        }
        count += accessor.count();
        for (at, value) in accessor.stored_values().enumerate() {
            if !value.is_finite() {
                return None;
            }
            min[at % 2] = min[at % 2].min(value);
            max[at % 2] = max[at % 2].max(value);
        }
    }
    if count == 0 {
        return None;
    }
    let (texels, slots) = texels_per_unit(document, group);
    let tolerance = options.texcoord_tolerance_texels.clamp(1e-3, 16.0);
    // Half a step is the greatest displacement.
    let steps_per_unit = if slots == 0 {
        USUAL_STEPS
    } else {
        texels / (2.0 * tolerance)
    };
    let within = min.iter().all(|v| *v >= 0.0) && max.iter().all(|v| *v <= 1.0);
    let pays = count as f64 * SAVED_BYTES > (slots * TRANSFORM_BYTES) as f64;
    let grid = if slots > 0 && (pays || !within) {
        let span = [0, 1].map(|axis| max[axis] - min[axis]);
        let steps = span.map(|span| (span * steps_per_unit).ceil().max(1.0));
        if steps.iter().any(|steps| *steps > 65535.0) {
            return None;
        }
        Grid {
            offset: min,
            scale: [0, 1].map(|axis| {
                if span[axis] > 0.0 {
                    span[axis] / steps[axis]
                } else {
                    1.0
                }
            }),
            stride: 1.0,
        }
    } else if within {
        // Steps of a power of two leave the low bits zero.
        let bits = (steps_per_unit + 1.0).log2().ceil().clamp(8.0, 16.0);
        let stride = (16.0 - bits).exp2();
        Grid {
            offset: [0.0; 2],
            scale: [stride / 65535.0; 2],
            stride,
        }
    } else {
        return None;
    };
    let mut worst: f64 = 0.0;
    for &index in &group.accessors {
        let contents = grid.quantize(&document.accessors[index], &mut worst)?;
        document.accessors[index] = document.accessors[index].replaced_by(contents);
        step.add("texcoords", 1);
    }
    if grid.stride <= 1.0 && slots > 0 && (pays || !within) {
        for &(material, set) in &group.readers {
            let material = &mut document.root.materials[material];
            slots_mut(material, &mut |slot, extensions| {
                if slot.set == set {
                    // Normalised shorts arrive as fractions of 65535.
                    let scale = grid.scale.map(|scale| scale * 65535.0);
                    dequantize(extensions, slot, scale, grid.offset);
                }
            });
        }
        document.declare_extension("KHR_texture_transform", true);
    }
    Some(worst * texels)
}

/// The greatest number of texels that one unit of the group's coordinates spans, and how many texture infos read them.
fn texels_per_unit(document: &Document, group: &Group) -> (f64, usize) {
    let mut texels: f64 = 0.0;
    let mut count = 0;
    for &(material, set) in &group.readers {
        slots(&document.root.materials[material], &mut |slot| {
            if slot.set != set {
                return;
            }
            count += 1;
            let side = side_of(document, slot.texture);
            let stretch = slot
                .transform
                .linear
                .iter()
                .flatten()
                .fold(0.0, |most: f64, value| most.max(value.abs()));
            texels = texels.max(side * stretch);
        });
    }
    (texels, count)
}

fn side_of(document: &Document, texture: usize) -> f64 {
    let mut side = None;
    document.root.textures[texture]
        .clone()
        .visit(&mut |kind, image| {
            if kind == crate::references::Kind::Image
                && let Some((width, height)) = dimensions(&document.images[*image].bytes)
            {
                side = side.max(Some(width.max(height)));
            }
        });
    side.map_or(USUAL_SIDE, f64::from)
}

struct Grid {
    offset: [f64; 2],
    scale: [f64; 2],
    /// Distance between steps in the stored numbers.
    stride: f64,
}

impl Grid {
    fn quantize(&self, source: &Accessor, worst: &mut f64) -> Option<Accessor> {
        let mut bytes = Vec::with_capacity(source.count() * 4);
        for (at, value) in source.stored_values().enumerate() {
            let axis = at % 2;
            let steps = ((value - self.offset[axis]) / self.scale[axis]).round();
            let stored = (steps * self.stride).clamp(0.0, 65535.0);
            let back = self.offset[axis] + stored / self.stride * self.scale[axis];
            *worst = worst.max((back - value).abs());
            bytes.extend_from_slice(&(stored as u16).to_le_bytes());
        }
        Accessor::new(Component::U16, Shape::Vec2, true, bytes)
    }
}
