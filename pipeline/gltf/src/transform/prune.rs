use std::collections::BTreeSet;

use crate::Document;
use crate::references::{Kind, opaque_extensions, visit_root};
use crate::report::Step;

/// Removes what nothing uses: accessors, images, textures, samplers, materials, meshes, skins, cameras and nodes.
///
/// A node is used if a scene shows it, an animation moves it or a used skin is made of it; in a file without
/// scenes every node is. Where an extension is present whose references this crate does not know, nothing is removed.
pub fn prune(document: &mut Document) -> Step {
    let mut step = Step::new("prune");
    if !opaque_extensions(&document.root).is_empty() {
        return step;
    }
    let used = reachable(document);
    let keep = |kind: Kind, count: usize| -> Vec<Option<usize>> {
        let mut next = 0;
        (0..count)
            .map(|index| {
                used.contains(&(kind, index)).then(|| {
                    next += 1;
                    next - 1
                })
            })
            .collect()
    };
    let root = &mut document.root;
    let maps = [
        (
            Kind::Accessor,
            keep(Kind::Accessor, document.accessors.len()),
        ),
        (Kind::Camera, keep(Kind::Camera, root.cameras.len())),
        (Kind::Image, keep(Kind::Image, root.images.len())),
        (Kind::Material, keep(Kind::Material, root.materials.len())),
        (Kind::Mesh, keep(Kind::Mesh, root.meshes.len())),
        (Kind::Node, keep(Kind::Node, root.nodes.len())),
        (Kind::Sampler, keep(Kind::Sampler, root.samplers.len())),
        (Kind::Skin, keep(Kind::Skin, root.skins.len())),
        (Kind::Texture, keep(Kind::Texture, root.textures.len())),
    ];
    for (kind, map) in &maps {
        step.add(kind.table(), map.iter().filter(|new| new.is_none()).count());
        match kind {
            Kind::Accessor => retain(&mut document.accessors, map),
            Kind::Camera => retain(&mut root.cameras, map),
            Kind::Image => {
                retain(&mut root.images, map);
                retain(&mut document.images, map);
            }
            Kind::Material => retain(&mut root.materials, map),
            Kind::Mesh => retain(&mut root.meshes, map),
            Kind::Node => retain(&mut root.nodes, map),
            Kind::Sampler => retain(&mut root.samplers, map),
            Kind::Skin => retain(&mut root.skins, map),
            Kind::Texture => retain(&mut root.textures, map),
            Kind::Scene => {}
        }
    }
    visit_root(root, &mut |kind, index| {
        if let Some((_, map)) = maps.iter().find(|(mapped, _)| *mapped == kind)
            && let Some(new) = map[*index]
        {
            *index = new;
        }
    });
    step
}

fn retain<T>(items: &mut Vec<T>, map: &[Option<usize>]) {
    let mut index = 0;
    items.retain(|_| {
        index += 1;
        map[index - 1].is_some()
    });
}

/// Everything that can be reached from scenes and animations.
fn reachable(document: &Document) -> BTreeSet<(Kind, usize)> {
    // References are visited through `&mut`; a copy of the small JSON serves.
    let mut root = document.root.clone();
    let mut used = BTreeSet::new();
    let mut queue = Vec::new();
    if root.scenes.is_empty() {
        queue.extend((0..root.nodes.len()).map(|index| (Kind::Node, index)));
    }
    queue.extend(
        root.scenes
            .iter()
            .flat_map(|scene| &scene.nodes)
            .map(|&node| (Kind::Node, node)),
    );
    for animation in &root.animations {
        queue.extend(
            animation
                .channels
                .iter()
                .filter_map(|channel| channel.target.node)
                .map(|n| (Kind::Node, n)),
        );
        for sampler in &animation.samplers {
            queue.extend(
                sampler
                    .input
                    .into_iter()
                    .chain(sampler.output)
                    .map(|a| (Kind::Accessor, a)),
            );
        }
    }
    while let Some((kind, index)) = queue.pop() {
        if !used.insert((kind, index)) {
            continue;
        }
        let mut visit = |kind: Kind, index: &mut usize| queue.push((kind, *index));
        match kind {
            Kind::Node => root.nodes[index].visit(&mut visit),
            Kind::Mesh => root.meshes[index].visit(&mut visit),
            Kind::Material => root.materials[index].visit(&mut visit),
            Kind::Texture => root.textures[index].visit(&mut visit),
            Kind::Skin => {
                let skin = &root.skins[index];
                queue.extend(skin.inverse_bind_matrices.map(|a| (Kind::Accessor, a)));
                queue.extend(
                    skin.skeleton
                        .iter()
                        .chain(&skin.joints)
                        .map(|&node| (Kind::Node, node)),
                );
            }
            Kind::Accessor | Kind::Camera | Kind::Image | Kind::Sampler | Kind::Scene => {}
        }
    }
    used
}
