use std::collections::{BTreeSet, HashMap};

use xoay_format::{Text, Watch};

use super::texcoords::quantize_texcoords;
use crate::json::Node;
use crate::pack;
use crate::references::opaque_extensions;
use crate::report::Step;
use crate::scene::{multiply, rotate};
use crate::{Accessor, Component, Document, Shape};

/// How far [`quantize`] may move things.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantizeOptions {
    /// Greatest displacement of a vertex, as a share of the diagonal of its mesh, 1e-6 to 0.1.
    pub position_tolerance: f64,
    /// Greatest displacement of a texture coordinate, in texels of the largest texture that it addresses, 0.001 to 16.
    pub texcoord_tolerance_texels: f64,
}

impl Default for QuantizeOptions {
    /// 5e-5 of the diagonal: 8 µm on a jar of 13 cm. A quarter of a texel.
    ///
    /// 1e-4 saved 0.7 to 1.3% of the file on smooth vases and jars and cost 2.7 to 4 points of SSIMULACRA2.
    fn default() -> Self {
        Self {
            position_tolerance: 5e-5,
            texcoord_tolerance_texels: 0.25,
        }
    }
}

/// Stores vertices as small integers (`KHR_mesh_quantization`).
///
/// - Positions become unsigned shorts on a cubic grid over the mesh, as fine as the tolerance asks; scale and offset go
///   into the node that shows it, or into a new child where the node has children, is animated or carries anything
///   else. Skinned, morphed and instanced meshes keep their positions.
/// - Normals and tangents become signed bytes on the octahedral grid; zero and broken ones point to +Z, with a warning.
/// - Texture coordinates become unsigned shorts, with `KHR_texture_transform` where that saves bytes.
/// - Colours within 0…1 become unsigned shorts, joints below 256 bytes.
///
/// What is already integer stays.
pub fn quantize(document: &mut Document, options: &QuantizeOptions, watch: Watch<'_>) -> Step {
    let mut step = Step::new("quantize");
    positions(document, *options, &mut step);
    quantize_texcoords(document, *options, &mut step);
    let mut done: HashMap<(usize, Role), Option<usize>> = HashMap::new();
    let mut broken = 0;
    let mut meshes = std::mem::take(&mut document.root.meshes);
    for primitive in meshes.iter_mut().flat_map(|mesh| &mut mesh.primitives) {
        for (semantic, accessor) in &mut primitive.attributes {
            let Some(role) = Role::of(semantic) else {
                continue;
            };
            let quantized = done.entry((*accessor, role)).or_insert_with(|| {
                let source = &document.accessors[*accessor];
                let contents = role.quantize(source, &mut broken)?;
                let contents = source.replaced_by(contents);
                document.accessors.push(contents);
                Some(document.accessors.len() - 1)
            });
            if let Some(quantized) = *quantized {
                *accessor = quantized;
                step.add(role.name(), 1);
            }
        }
    }
    document.root.meshes = meshes;
    // The core specification allows the other kinds.
    if ["positions", "normals", "tangents"]
        .iter()
        .any(|name| step.changes.contains_key(*name))
    {
        document.declare_extension("KHR_mesh_quantization", true);
    }
    if broken > 0 {
        watch.warn(Text::new(
            format!("{broken} pháp tuyến bằng không hoặc không phải là số, đã thay bằng +Z; hãy kiểm tra mô hình gốc"),
            format!("{broken} normals or tangents were zero or not numbers and now point to +Z; check the source model"),
        ));
    }
    step
}

/// A kind of vertex attribute besides positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Role {
    Normal,
    Tangent,
    Color,
    Joints,
}

impl Role {
    fn of(semantic: &str) -> Option<Self> {
        match semantic {
            "NORMAL" => Some(Self::Normal),
            "TANGENT" => Some(Self::Tangent),
            _ if semantic.starts_with("COLOR_") => Some(Self::Color),
            _ if semantic.starts_with("JOINTS_") => Some(Self::Joints),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normals",
            Self::Tangent => "tangents",
            Self::Color => "colors",
            Self::Joints => "joints",
        }
    }

    /// `None` where `source` stays as it is.
    fn quantize(self, source: &Accessor, broken: &mut usize) -> Option<Accessor> {
        match (self, source.component(), source.shape()) {
            (Self::Normal, Component::F32, Shape::Vec3) => {
                let bytes = octahedral(&vectors(source, broken));
                let bytes = bytes
                    .chunks_exact(4)
                    .flat_map(|element| [element[0], element[1], element[2]])
                    .collect();
                Accessor::new(Component::I8, Shape::Vec3, true, bytes)
            }
            (Self::Tangent, Component::F32, Shape::Vec4) => Accessor::new(
                Component::I8,
                Shape::Vec4,
                true,
                octahedral(&vectors(source, broken)),
            ),
            (Self::Color, Component::F32, Shape::Vec3 | Shape::Vec4) => fractions(source, 16),
            (Self::Joints, Component::U16, Shape::Vec4) => {
                let joints = source.to_u32();
                let bytes: Result<Vec<u8>, _> = joints.into_iter().map(u8::try_from).collect();
                Accessor::new(Component::U8, Shape::Vec4, false, bytes.ok()?)
            }
            _ => None,
        }
    }
}

/// Unit vectors with a fourth component: the tangent's handedness, else 0.
fn vectors(source: &Accessor, broken: &mut usize) -> Vec<[f32; 4]> {
    let width = source.shape().components();
    source
        .to_f32()
        .chunks_exact(width)
        .map(|v| {
            let length = v[..3]
                .iter()
                .map(|x| f64::from(*x).powi(2))
                .sum::<f64>()
                .sqrt();
            let w = v.get(3).map_or(0.0, |w| if *w < 0.0 { -1.0 } else { 1.0 });
            if length.is_finite() && length > 1e-12 {
                let [x, y, z] = [v[0], v[1], v[2]].map(|x| (f64::from(x) / length) as f32);
                [x, y, z, w]
            } else {
                *broken += 1;
                [0.0, 0.0, 1.0, w]
            }
        })
        .collect()
}

/// Signed bytes that the octahedral filter can give back.
fn octahedral(vectors: &[[f32; 4]]) -> Vec<u8> {
    let mut elements: Vec<[i8; 4]> =
        bytemuck::cast_slice(&pack::filter_octahedral_i8(vectors)).to_vec();
    meshopt::decode_filter_oct(&mut elements);
    bytemuck::cast_slice(&elements).to_vec()
}

/// Unsigned shorts for 0…1 with `bits` significant bits; `None` where a value lies outside.
///
/// The steps are multiples of a power of two, so that the low bits are zero and compress to next to nothing;
/// repeating the high bits below would reach 1 evenly but make them noise. 1 itself is the greatest value.
fn fractions(source: &Accessor, bits: u32) -> Option<Accessor> {
    let step = f32::from(1u16 << (16 - bits));
    let mut bytes = Vec::with_capacity(source.count() * source.shape().components() * 2);
    for value in source.to_f32() {
        if !(0.0..=1.0).contains(&value) {
            return None;
        }
        let short = ((value * 65535.0 / step).round() * step).min(65535.0) as u16;
        bytes.extend_from_slice(&short.to_le_bytes());
    }
    Accessor::new(Component::U16, source.shape(), true, bytes)
}

/// A mesh's grid: position = `offset` + `scale` × steps.
#[derive(Clone, Copy)]
struct Grid {
    offset: [f32; 3],
    scale: f32,
    steps: f64,
}

fn positions(document: &mut Document, options: QuantizeOptions, step: &mut Step) {
    if !opaque_extensions(&document.root).is_empty() {
        // An unknown extension may move nodes, or address them.
        return;
    }
    let fixed: BTreeSet<usize> = document
        .root
        .nodes
        .iter()
        .filter(|node| {
            node.skin.is_some() || node.extensions.contains_key("EXT_mesh_gpu_instancing")
        })
        .filter_map(|node| node.mesh)
        .collect();
    let mut world_scales = vec![0.0f64; document.root.meshes.len()];
    for instance in document.instances() {
        let scale = &mut world_scales[instance.mesh];
        *scale = scale.max(stretch(&instance.world_from_mesh));
    }
    let mut grids: Vec<Option<Grid>> = vec![None; document.root.meshes.len()];
    for mesh in (0..grids.len()).filter(|mesh| !fixed.contains(mesh)) {
        let mut error = 0.0;
        grids[mesh] = quantize_mesh(document, mesh, options, &mut error, step);
        if grids[mesh].is_some() {
            step.measure("positionErrorM", error * world_scales[mesh]);
        }
    }
    place(document, &grids);
}

fn quantize_mesh(
    document: &mut Document,
    mesh: usize,
    options: QuantizeOptions,
    error: &mut f64,
    step: &mut Step,
) -> Option<Grid> {
    let primitives = &document.root.meshes[mesh].primitives;
    let mut sources = BTreeSet::new();
    for primitive in primitives {
        let accessor = *primitive.attributes.get("POSITION")?;
        if document.accessors[accessor].component() != Component::F32
            || !primitive.targets.is_empty()
        {
            return None;
        }
        sources.insert(accessor);
    }
    let mut min = [f64::INFINITY; 3];
    let mut max = [f64::NEG_INFINITY; 3];
    for &source in &sources {
        for (index, value) in document.accessors[source].stored_values().enumerate() {
            if !value.is_finite() {
                return None;
            }
            min[index % 3] = min[index % 3].min(value);
            max[index % 3] = max[index % 3].max(value);
        }
    }
    let extents = [0, 1, 2].map(|axis| max[axis] - min[axis]);
    let extent = extents.into_iter().fold(0.0, f64::max);
    let diagonal = extents.iter().map(|side| side * side).sum::<f64>().sqrt();
    // A corner of a cell lies half its diagonal from the middle: √3/2 of a step.
    let tolerance = options.position_tolerance.clamp(1e-6, 0.1) * diagonal;
    let steps = (extent * 3f64.sqrt() / 2.0 / tolerance)
        .ceil()
        .clamp(1.0, 65535.0);
    let steps = if steps.is_finite() { steps } else { 1.0 };
    let scale = if extent > 0.0 {
        (extent / steps) as f32
    } else {
        1.0
    };
    if !scale.is_normal() || min.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let grid = Grid {
        offset: min.map(|value| value as f32),
        scale,
        steps,
    };
    let quantized: HashMap<usize, usize> = sources
        .into_iter()
        .map(|source| {
            let contents = grid.quantize(&document.accessors[source], error);
            (source, document.push(contents))
        })
        .collect();
    if diagonal > 0.0 {
        step.measure("positionErrorShare", *error / diagonal);
    }
    for primitive in &mut document.root.meshes[mesh].primitives {
        if let Some(accessor) = primitive.attributes.get_mut("POSITION") {
            *accessor = quantized[accessor];
            step.add("positions", 1);
        }
    }
    Some(grid)
}

impl Grid {
    /// The accessor on the grid; `error` grows to the greatest displacement of a vertex, in the mesh's own unit.
    fn quantize(&self, source: &Accessor, error: &mut f64) -> Accessor {
        let mut bytes = Vec::with_capacity(source.count() * 6);
        let mut squared = 0.0;
        for (index, value) in source.stored_values().enumerate() {
            let (offset, scale) = (f64::from(self.offset[index % 3]), f64::from(self.scale));
            let short = ((value - offset) / scale).round().clamp(0.0, self.steps);
            bytes.extend_from_slice(&(short as u16).to_le_bytes());
            squared += (offset + short * scale - value).powi(2);
            if index % 3 == 2 {
                *error = error.max(f64::sqrt(squared));
                squared = 0.0;
            }
        }
        let contents = Accessor::new(Component::U16, Shape::Vec3, false, bytes)
            .expect("a whole number of elements");
        source.replaced_by(contents)
    }
}

/// The length of the longest image of an axis.
pub(super) fn stretch(matrix: &crate::scene::Matrix) -> f64 {
    let length = |axis: &[f64; 4]| axis[..3].iter().map(|x| x * x).sum::<f64>().sqrt();
    matrix[..3].iter().map(length).fold(0.0, f64::max)
}

/// Puts each mesh's grid into the nodes that show it.
fn place(document: &mut Document, grids: &[Option<Grid>]) {
    let root = &mut document.root;
    // Nodes whose own transform something else sets or reads.
    let mut addressed: BTreeSet<usize> = root
        .animations
        .iter()
        .flat_map(|animation| &animation.channels)
        .filter_map(|c| c.target.node)
        .collect();
    addressed.extend(
        root.skins
            .iter()
            .flat_map(|skin| skin.joints.iter().chain(&skin.skeleton)),
    );
    for index in 0..root.nodes.len() {
        let Some(grid) = root.nodes[index].mesh.and_then(|mesh| grids[mesh]) else {
            continue;
        };
        let node = &mut root.nodes[index];
        let alone = node.children.is_empty() && node.camera.is_none() && node.extensions.is_empty();
        if alone && !addressed.contains(&index) {
            fold(node, grid);
            continue;
        }
        let child = Node {
            mesh: node.mesh.take(),
            weights: std::mem::take(&mut node.weights),
            translation: Some(grid.offset),
            scale: Some([grid.scale; 3]),
            ..Node::default()
        };
        let child_index = root.nodes.len();
        root.nodes[index].children.push(child_index);
        root.nodes.push(child);
    }
}

/// Applies the grid before the node's own transform.
fn fold(node: &mut Node, grid: Grid) {
    let offset = grid.offset.map(f64::from);
    if node.matrix.is_some() {
        let scale = f64::from(grid.scale);
        let mesh_from_grid = [
            [scale, 0.0, 0.0, 0.0],
            [0.0, scale, 0.0, 0.0],
            [0.0, 0.0, scale, 0.0],
            [offset[0], offset[1], offset[2], 1.0],
        ];
        let product = multiply(&node.parent_from_node(), &mesh_from_grid);
        let mut matrix = [0.0; 16];
        for (to, from) in matrix.iter_mut().zip(product.iter().flatten()) {
            *to = *from as f32;
        }
        node.matrix = Some(matrix);
        return;
    }
    let scale = node.scale.unwrap_or([1.0; 3]);
    let scaled = [0, 1, 2].map(|axis| f64::from(scale[axis]) * offset[axis]);
    let moved = rotate(
        node.rotation.unwrap_or([0.0, 0.0, 0.0, 1.0]).map(f64::from),
        scaled,
    );
    let translation = node.translation.unwrap_or_default();
    node.translation =
        Some([0, 1, 2].map(|axis| (f64::from(translation[axis]) + moved[axis]) as f32));
    node.scale = Some(scale.map(|value| value * grid.scale));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fractions_move_by_half_a_step_at_most(value in 0.0f32..=1.0, bits in 8u32..=16) {
            let source = Accessor::from_f32(Shape::Vec2, &[value, 1.0]);
            let back = fractions(&source, bits).unwrap().to_f32();
            let half_step = 0.5 / f64::from((1u32 << bits) - 1);
            prop_assert!(f64::from((back[0] - value).abs()) <= half_step + 1e-6);
            prop_assert!((back[1] - 1.0).abs() < 1e-6);
        }

        #[test]
        fn directions_turn_by_little_more_than_a_degree(v in [-1.0f32..1.0, -1.0f32..1.0, -1.0f32..1.0]) {
            let length = v.iter().map(|x| x * x).sum::<f32>().sqrt();
            prop_assume!(length > 0.01);
            let source = Accessor::from_f32(Shape::Vec3, &v);
            let back = Role::Normal.quantize(&source, &mut 0).unwrap().to_f32();
            let back_length = back.iter().map(|x| x * x).sum::<f32>().sqrt();
            let cosine = v.iter().zip(&back).map(|(a, b)| a * b).sum::<f32>() / length / back_length;
            // Octahedral at 8 bits turns by up to 0.95° (Cigolle et al. 2014), rounding the result to 8 bits
            // by up to 0.39° more.
            prop_assert!(cosine > 1.34f32.to_radians().cos(), "{v:?} became {back:?}");
        }
    }

    #[test]
    fn values_outside_stay_floats() {
        for value in [1.001, -0.001, f32::NAN, f32::INFINITY] {
            assert!(fractions(&Accessor::from_f32(Shape::Scalar, &[0.5, value]), 12).is_none());
        }
    }
}
