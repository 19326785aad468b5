//! Skinned meshes at rest: where the joints, standing as the file leaves them, put the vertices.

use crate::Document;
use crate::json::Primitive;
use crate::scene::{IDENTITY, Matrix, multiply, transform_point};

impl Document {
    /// World from node for every node, by the parents it has.
    pub(crate) fn world_from_nodes(&self) -> Vec<Matrix> {
        let nodes = &self.root.nodes;
        let mut worlds = vec![IDENTITY; nodes.len()];
        let mut is_child = vec![false; nodes.len()];
        for &child in nodes.iter().flat_map(|node| &node.children) {
            is_child[child] = true;
        }
        let roots = (0..nodes.len()).filter(|&index| !is_child[index]);
        let mut stack: Vec<(usize, Matrix)> = roots.map(|index| (index, IDENTITY)).collect();
        while let Some((index, world_from_parent)) = stack.pop() {
            let world = multiply(&world_from_parent, &nodes[index].parent_from_node());
            worlds[index] = world;
            stack.extend(nodes[index].children.iter().map(|&child| (child, world)));
        }
        worlds
    }

    /// The world positions of a primitive's vertices under a skin; `None` where it has no joints, or names some that
    /// the skin lacks. The node that holds the mesh does not place it (glTF 2.0 §3.7.3.3).
    pub(crate) fn skinned_positions(
        &self,
        primitive: &Primitive,
        skin: usize,
        world_from_nodes: &[Matrix],
    ) -> Option<Vec<[f64; 3]>> {
        let skin = self.root.skins.get(skin)?;
        let inverse = skin
            .inverse_bind_matrices
            .map(|index| self.accessors[index].to_f32());
        let world_from_mesh: Vec<Matrix> = skin
            .joints
            .iter()
            .enumerate()
            .map(|(joint, &node)| {
                let columns = inverse
                    .as_ref()
                    .and_then(|all| all.get(joint * 16..joint * 16 + 16));
                let joint_from_mesh = columns.map_or(IDENTITY, |values| {
                    [0, 1, 2, 3].map(|c| [0, 1, 2, 3].map(|r| f64::from(values[c * 4 + r])))
                });
                multiply(&world_from_nodes[node], &joint_from_mesh)
            })
            .collect();
        let positions = self.accessors[*primitive.attributes.get("POSITION")?].to_f32();
        let mut sums = vec![[0.0; 3]; positions.len() / 3];
        let mut wholes = vec![0.0; sums.len()];
        for set in 0.. {
            let (Some(&joints), Some(&weights)) = (
                primitive.attributes.get(&format!("JOINTS_{set}")),
                primitive.attributes.get(&format!("WEIGHTS_{set}")),
            ) else {
                if set == 0 {
                    return None;
                }
                break;
            };
            let joints = self.accessors[joints].to_u32();
            let weights = self.accessors[weights].to_f32();
            for (slot, (&joint, &weight)) in joints.iter().zip(&weights).enumerate() {
                let vertex = slot / 4;
                if weight == 0.0 {
                    continue;
                }
                let matrix = world_from_mesh.get(joint as usize)?;
                let point = [0, 1, 2].map(|axis| f64::from(positions[vertex * 3 + axis]));
                let moved = transform_point(matrix, point);
                for axis in 0..3 {
                    sums[vertex][axis] += moved[axis] * f64::from(weight);
                }
                wholes[vertex] += f64::from(weight);
            }
        }
        for (sum, whole) in sums.iter_mut().zip(wholes) {
            *sum = sum.map(|value| value / whole);
        }
        Some(sums)
    }
}

#[cfg(test)]
mod tests {
    use crate::json::{Mesh, Node, Scene, Skin};
    use crate::{Accessor, Component, Shape};

    use super::*;

    #[test]
    fn the_joints_place_a_skinned_mesh_not_its_node() {
        let mut document = Document::default();
        // A triangle in centimetres, half of it on a joint that stands a metre higher.
        let centi = [0., 0., 0., 100., 0., 0., 0., 100., 0.];
        document.push(Accessor::from_f32(Shape::Vec3, &centi));
        let joints = vec![0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];
        let joints = Accessor::new(Component::U8, Shape::Vec4, false, joints).unwrap();
        document.push(joints);
        let weights = [1.0, 0.0, 0.0, 0.0].repeat(3);
        document.push(Accessor::from_f32(Shape::Vec4, &weights));
        let mut bind = [0.0; 32];
        for (at, value) in bind.iter_mut().enumerate() {
            *value = [0.01, 0.01, 0.01, 1.0][at % 16 / 4] * f32::from(u8::from(at % 16 % 5 == 0));
        }
        document.push(Accessor::from_f32(Shape::Mat4, &bind));
        let attributes = [("POSITION", 0), ("JOINTS_0", 1), ("WEIGHTS_0", 2)];
        document.root.meshes.push(Mesh {
            primitives: vec![Primitive {
                attributes: attributes.map(|(name, at)| (name.to_owned(), at)).into(),
                ..Primitive::default()
            }],
            ..Mesh::default()
        });
        document.root.skins.push(Skin {
            inverse_bind_matrices: Some(3),
            joints: vec![1, 2],
            ..Skin::default()
        });
        document.root.nodes = vec![
            Node {
                mesh: Some(0),
                skin: Some(0),
                scale: Some([7.0; 3]),
                ..Node::default()
            },
            Node {
                children: vec![2],
                translation: Some([0.5, 0.0, 0.0]),
                ..Node::default()
            },
            Node {
                translation: Some([0.0, 1.0, 0.0]),
                ..Node::default()
            },
        ];
        document.root.scenes.push(Scene {
            nodes: vec![0, 1],
            ..Scene::default()
        });
        let bounds = document.bounds();
        for (got, wanted) in bounds
            .min
            .iter()
            .chain(&bounds.max)
            .zip([0.5, 0., 0., 1.5, 2., 0.])
        {
            assert!((got - wanted).abs() < 1e-6, "{bounds:?}");
        }
    }
}
