//! Where everything stands in the default scene.

use xoay_format::Bounds;

use crate::Document;
use crate::json::Node;

/// A 4 × 4 matrix, column-major: `m[column][row]`.
pub type Matrix = [[f64; 4]; 4];

/// The matrix that changes nothing.
pub const IDENTITY: Matrix = [
    [1.0, 0.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0],
    [0.0, 0.0, 1.0, 0.0],
    [0.0, 0.0, 0.0, 1.0],
];

/// The product `a · b`: first `b`, then `a`.
#[must_use]
pub fn multiply(a: &Matrix, b: &Matrix) -> Matrix {
    let mut product = [[0.0; 4]; 4];
    for (column, out) in product.iter_mut().enumerate() {
        for (row, value) in out.iter_mut().enumerate() {
            *value = (0..4).map(|k| a[k][row] * b[column][k]).sum();
        }
    }
    product
}

/// `m` applied to a point.
#[must_use]
pub fn transform_point(m: &Matrix, p: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|row| m[0][row] * p[0] + m[1][row] * p[1] + m[2][row] * p[2] + m[3][row])
}

/// `q` (x, y, z, w) applied to a vector.
pub(crate) fn rotate(q: [f64; 4], v: [f64; 3]) -> [f64; 3] {
    let m = rotation_columns(q);
    [0, 1, 2].map(|row| m[0][row] * v[0] + m[1][row] * v[1] + m[2][row] * v[2])
}

fn rotation_columns([x, y, z, w]: [f64; 4]) -> [[f64; 3]; 3] {
    [
        [
            1.0 - 2.0 * (y * y + z * z),
            2.0 * (x * y + z * w),
            2.0 * (x * z - y * w),
        ],
        [
            2.0 * (x * y - z * w),
            1.0 - 2.0 * (x * x + z * z),
            2.0 * (y * z + x * w),
        ],
        [
            2.0 * (x * z + y * w),
            2.0 * (y * z - x * w),
            1.0 - 2.0 * (x * x + y * y),
        ],
    ]
}

impl Node {
    /// Parent from node.
    #[must_use]
    pub fn parent_from_node(&self) -> Matrix {
        if let Some(m) = &self.matrix {
            let mut columns = IDENTITY;
            for (index, value) in m.iter().enumerate() {
                columns[index / 4][index % 4] = f64::from(*value);
            }
            return columns;
        }
        let t = self.translation.unwrap_or([0.0; 3]).map(f64::from);
        let r = rotation_columns(self.rotation.unwrap_or([0.0, 0.0, 0.0, 1.0]).map(f64::from));
        let s = self.scale.unwrap_or([1.0; 3]).map(f64::from);
        let column = |i: usize| [r[i][0] * s[i], r[i][1] * s[i], r[i][2] * s[i], 0.0];
        [column(0), column(1), column(2), [t[0], t[1], t[2], 1.0]]
    }
}

/// A mesh at its place in the scene.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// The node.
    pub node: usize,
    /// Its mesh.
    pub mesh: usize,
    /// Scene from mesh.
    pub world_from_mesh: Matrix,
}

impl Document {
    /// The root nodes of the default scene: of `scene`, else of the first, else all that have no parent.
    fn scene_roots(&self) -> Vec<usize> {
        let root = &self.root;
        if let Some(scene) = root.scenes.get(root.scene.unwrap_or(0)) {
            return scene.nodes.clone();
        }
        let mut is_child = vec![false; root.nodes.len()];
        for &child in root.nodes.iter().flat_map(|node| &node.children) {
            is_child[child] = true;
        }
        (0..root.nodes.len())
            .filter(|&index| !is_child[index])
            .collect()
    }

    /// Every mesh in the default scene, at rest: animations and skins have moved nothing.
    #[must_use]
    pub fn instances(&self) -> Vec<Instance> {
        let mut instances = Vec::new();
        let mut visited = vec![false; self.root.nodes.len()];
        let mut stack: Vec<(usize, Matrix)> = self
            .scene_roots()
            .into_iter()
            .map(|node| (node, IDENTITY))
            .collect();
        while let Some((index, world_from_parent)) = stack.pop() {
            if std::mem::replace(&mut visited[index], true) {
                continue;
            }
            let node = &self.root.nodes[index];
            let world_from_node = multiply(&world_from_parent, &node.parent_from_node());
            if let Some(mesh) = node.mesh {
                instances.push(Instance {
                    node: index,
                    mesh,
                    world_from_mesh: world_from_node,
                });
            }
            stack.extend(node.children.iter().map(|&child| (child, world_from_node)));
        }
        instances.sort_by_key(|instance| instance.node);
        instances
    }

    /// The extent of the default scene at rest, metres, +Y up; zeros where nothing is drawn. Skins bend their meshes.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        let mut min = [f64::INFINITY; 3];
        let mut max = [f64::NEG_INFINITY; 3];
        let instances = self.instances();
        let skin_of = |node: usize| self.root.nodes[node].skin;
        let skinned = instances
            .iter()
            .any(|instance| skin_of(instance.node).is_some());
        let worlds = if skinned {
            self.world_from_nodes()
        } else {
            Vec::new()
        };
        for instance in instances {
            let skin = skin_of(instance.node);
            for primitive in &self.root.meshes[instance.mesh].primitives {
                let Some(&accessor) = primitive.attributes.get("POSITION") else {
                    continue;
                };
                let positions = self.accessors[accessor].to_f32();
                // Vertices that no index names are not drawn.
                let drawn: Vec<u32> = match primitive.indices {
                    Some(indices) => self.accessors[indices].to_u32(),
                    None => (0..(positions.len() / 3) as u32).collect(),
                };
                let bent = skin.and_then(|skin| self.skinned_positions(primitive, skin, &worlds));
                for vertex in drawn {
                    let start = vertex as usize * 3;
                    let world = if let Some(bent) = &bent {
                        bent[vertex as usize]
                    } else {
                        let point = [0, 1, 2].map(|axis| f64::from(positions[start + axis]));
                        transform_point(&instance.world_from_mesh, point)
                    };
                    for axis in 0..3 {
                        // `min` and `max` of floats pass over NaN.
                        min[axis] = min[axis].min(world[axis]);
                        max[axis] = max[axis].max(world[axis]);
                    }
                }
            }
        }
        if min.iter().chain(&max).any(|value| !value.is_finite()) {
            return Bounds::default();
        }
        Bounds {
            min: min.map(|value| value as f32),
            max: max.map(|value| value as f32),
        }
    }
}
