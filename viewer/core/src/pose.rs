//! Where everything of a model is at one moment: nodes, bones, shapes.

use crate::gltf::{Animation, Draw, Model, Path, Place, Semantic};
use crate::math::{Mat4, Vec3};

/// The strongest morph targets that are mixed; more are rare and cost every vertex.
pub const MOST_SHAPES: usize = 8;

/// Places of all nodes and weights of all shapes.
#[derive(Clone, Debug, PartialEq)]
pub struct Pose {
    places: Vec<Place>,
    world_from_node: Vec<Mat4>,
    weights: Vec<Vec<f32>>,
}

impl Pose {
    /// The model at rest.
    #[must_use]
    pub fn new(model: &Model) -> Self {
        let mut pose = Self {
            places: model.nodes.iter().map(|n| n.rest).collect(),
            world_from_node: Vec::new(),
            weights: model.nodes.iter().map(|n| n.weights.clone()).collect(),
        };
        pose.place(model);
        pose
    }

    /// Moves what the animation moves to where it is at `time_s`; all else stays.
    pub fn apply(&mut self, model: &Model, animation: &Animation, time_s: f32) {
        let mut value = Vec::new();
        for channel in &animation.channels {
            let sampler = &animation.samplers[channel.sampler];
            sampler.sample(time_s, channel.path == Path::Rotation, &mut value);
            if channel.path == Path::Weights {
                self.weights[channel.node].clone_from(&value);
                continue;
            }
            let Place::Parts {
                translation,
                rotation,
                scale,
            } = &mut self.places[channel.node]
            else {
                continue;
            };
            match channel.path {
                Path::Translation => translation.copy_from_slice(&value),
                Path::Rotation => rotation.copy_from_slice(&value),
                Path::Scale => scale.copy_from_slice(&value),
                Path::Weights => {}
            }
        }
        self.place(model);
    }

    fn place(&mut self, model: &Model) {
        self.world_from_node.clear();
        for (node, place) in model.nodes.iter().zip(&self.places) {
            let local = place.matrix();
            let world = match node.parent {
                Some(parent) => self.world_from_node[parent].mul(&local),
                None => local,
            };
            self.world_from_node.push(world);
        }
    }

    /// From a draw's space to the scene's. A skinned one's bones bring it there by themselves.
    #[must_use]
    pub fn world_from_local(&self, draw: &Draw) -> Mat4 {
        if draw.skin.is_some() {
            Mat4::IDENTITY
        } else {
            self.world_from_node[draw.node]
        }
    }

    /// From a skinned mesh's space to the scene's, for each joint.
    #[must_use]
    pub fn joints(&self, model: &Model, skin: usize) -> Vec<Mat4> {
        let skin = &model.skins[skin];
        let joints = skin.joints.iter().zip(&skin.joint_from_mesh);
        joints
            .map(|(node, bind)| node.map_or(*bind, |n| self.world_from_node[n].mul(bind)))
            .collect()
    }

    /// The strongest shapes of a draw, at most [`MOST_SHAPES`]: which target, and how much of it.
    #[must_use]
    pub fn shapes(&self, model: &Model, draw: &Draw) -> Vec<(usize, f32)> {
        let targets = draw.morph.map_or(0, |m| model.morphs[m].targets.len());
        let weights = self.weights[draw.node].iter().take(targets);
        let mut shapes: Vec<(usize, f32)> = Vec::new();
        for (target, &weight) in weights.enumerate().filter(|(_, w)| w.abs() > 1e-4) {
            let place = shapes.iter().position(|s| s.1.abs() < weight.abs());
            shapes.insert(place.unwrap_or(shapes.len()), (target, weight));
            shapes.truncate(MOST_SHAPES);
        }
        shapes
    }

    /// Calls `visit` with every vertex of the scene that is a point at all.
    pub fn each_vertex(&self, model: &Model, mut visit: impl FnMut(Vec3)) {
        for draw in &model.draws {
            for p in self.vertices(model, draw) {
                if p.iter().all(|n| n.is_finite()) {
                    visit(p);
                }
            }
        }
    }

    /// The scene's positions of a draw's vertices: shaped, bent, placed; as the shader does it.
    pub fn vertices<'a>(
        &'a self,
        model: &'a Model,
        draw: &'a Draw,
    ) -> impl Iterator<Item = Vec3> + 'a {
        let position = draw.attributes[0];
        let bytes = &model.views[position.view];
        let world = self.world_from_local(draw);
        let shapes = self.shapes(model, draw);
        let targets = draw.morph.map(|m| &model.morphs[m].targets);
        let joints = draw.skin.map(|skin| self.joints(model, skin));
        let bones = draw.attribute(Semantic::Joints).copied();
        let weights = draw.attribute(Semantic::Weights).copied();
        (0..position.count).map(move |i| {
            let mut p = position.read3(bytes, i).unwrap_or([f32::NAN; 3]);
            for &(target, weight) in &shapes {
                let deltas = targets.map(|t| &t[target].positions);
                if let Some(delta) = deltas.and_then(|d| d.get(3 * i..3 * i + 3)) {
                    for k in 0..3 {
                        p[k] += delta[k] * weight;
                    }
                }
            }
            match (&joints, bones, weights) {
                (Some(joints), Some(b), Some(w)) => {
                    let bones: Option<[f32; 4]> = b.read(&model.views[b.view], i);
                    let weights: Option<[f32; 4]> = w.read(&model.views[w.view], i);
                    bend(
                        p,
                        joints,
                        bones.unwrap_or_default(),
                        weights.unwrap_or_default(),
                    )
                }
                _ => world.point(p),
            }
        })
    }
}

/// A point moved by up to four joints; weights need not add up to 1.
fn bend(p: Vec3, joints: &[Mat4], bones: [f32; 4], weights: [f32; 4]) -> Vec3 {
    let whole: f32 = weights.iter().sum();
    let mut out = [0.0; 3];
    for (bone, weight) in bones.iter().zip(weights) {
        let Some(joint) = joints.get(*bone as usize).filter(|_| weight > 0.0) else {
            continue;
        };
        let moved = joint.point(p);
        for k in 0..3 {
            out[k] += moved[k] * weight / whole;
        }
    }
    out
}
