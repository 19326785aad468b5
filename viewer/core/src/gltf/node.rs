use super::GltfError;
use super::accessor::Semantic;
use super::material::{number, numbers};
use super::views::{Views, invalid};
use crate::json::Json;
use crate::math::{Mat4, Vec3};

/// Where a node stands in its parent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// Translation, rotation (x, y, z, w) and scale; these can be animated.
    Parts {
        /// Moved by this last.
        translation: Vec3,
        /// A unit quaternion.
        rotation: [f32; 4],
        /// Stretched by this first.
        scale: Vec3,
    },
    /// A matrix, which cannot.
    Matrix(Mat4),
}

impl Place {
    /// As a matrix.
    #[must_use]
    pub fn matrix(&self) -> Mat4 {
        match *self {
            Self::Parts {
                translation,
                rotation,
                scale,
            } => Mat4::from_parts(translation, rotation, scale),
            Self::Matrix(matrix) => matrix,
        }
    }

    fn read(json: &Json) -> Self {
        if json.get("matrix").is_null() {
            Self::Parts {
                translation: numbers(json.get("translation"), [0.0; 3]),
                rotation: numbers(json.get("rotation"), [0.0, 0.0, 0.0, 1.0]),
                scale: numbers(json.get("scale"), [1.0; 3]),
            }
        } else {
            Self::Matrix(Mat4(numbers(json.get("matrix"), Mat4::IDENTITY.0)))
        }
    }
}

/// A node of the scene. Parents come before their children.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Index of its parent in [`super::Model::nodes`].
    pub parent: Option<usize>,
    /// Where it stands when nothing is animated.
    pub rest: Place,
    /// How much of each morph target of its mesh is added at rest.
    pub weights: Vec<f32>,
}

/// Bones that bend a mesh.
#[derive(Clone, Debug, PartialEq)]
pub struct Skin {
    /// Index of each joint's node in [`super::Model::nodes`]; none where the scene lacks it.
    pub joints: Vec<Option<usize>>,
    /// From the mesh's space to each joint's, at rest.
    pub joint_from_mesh: Vec<Mat4>,
}

/// The nodes of the default scene, with where each of the file's nodes went.
pub(super) struct Tree<'a> {
    pub nodes: Vec<Node>,
    /// JSON of each of them.
    pub sources: Vec<&'a Json>,
    /// By the file's index.
    pub by_index: Vec<Option<usize>>,
}

impl<'a> Tree<'a> {
    /// A node is visited once at most, so that a loop ends.
    pub fn read(json: &'a Json) -> Result<Self, GltfError> {
        let all = json.get("nodes").items();
        let scene = json.get("scene").index().unwrap_or(0);
        let scene = json.get("scenes").items().get(scene);
        let scene = scene.ok_or(GltfError::Empty)?;
        let mut tree = Self {
            nodes: Vec::new(),
            sources: Vec::new(),
            by_index: vec![None; all.len()],
        };
        let roots = scene.get("nodes").items().iter().rev();
        let mut open: Vec<_> = roots.map(|n| (n, None)).collect();
        while let Some((index, parent)) = open.pop() {
            let index = index.index().unwrap_or(usize::MAX);
            let source = all.get(index);
            let source = source.ok_or(invalid("node", index, "there is none"))?;
            let here = tree.nodes.len();
            if tree.by_index[index].replace(here).is_some() {
                return Err(invalid("node", index, "it has two parents"));
            }
            tree.nodes.push(Node {
                parent,
                rest: Place::read(source),
                weights: weights(source, json),
            });
            tree.sources.push(source);
            let children = source.get("children").items().iter().rev();
            open.extend(children.map(|child| (child, Some(here))));
        }
        Ok(tree)
    }
}

/// The node's own weights, or else its mesh's.
fn weights(node: &Json, json: &Json) -> Vec<f32> {
    let mesh = node.get("mesh").index();
    let mesh = mesh.and_then(|m| json.get("meshes").items().get(m));
    let own = node.get("weights").items();
    let given = if own.is_empty() {
        mesh.map_or(own, |m| m.get("weights").items())
    } else {
        own
    };
    given.iter().map(|w| number(w, 0.0)).collect()
}

pub(super) fn read_skins(views: &mut Views<'_>, tree: &Tree<'_>) -> Result<Vec<Skin>, GltfError> {
    let document = views.json;
    let mut skins = Vec::new();
    for (index, json) in document.get("skins").items().iter().enumerate() {
        let joints: Vec<Option<usize>> = json
            .get("joints")
            .items()
            .iter()
            .map(|j| tree.by_index.get(j.index()?).copied().flatten())
            .collect();
        if joints.is_empty() || joints.len() > usize::from(u16::MAX) {
            return Err(invalid("skin", index, "it has no joints, or too many"));
        }
        let joint_from_mesh = match json.get("inverseBindMatrices").index() {
            None => vec![Mat4::IDENTITY; joints.len()],
            Some(accessor) => {
                let semantic = Semantic::Position;
                let attribute = views.attribute(accessor, semantic)?;
                if attribute.components != 16 || attribute.count < joints.len() {
                    return Err(invalid("skin", index, "it lacks inverse bind matrices"));
                }
                let bytes = views.bytes(attribute.view)?;
                let matrix = |i| attribute.read(bytes, i).map(Mat4);
                (0..joints.len()).filter_map(matrix).collect()
            }
        };
        skins.push(Skin {
            joints,
            joint_from_mesh,
        });
    }
    Ok(skins)
}
