use std::collections::HashMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::prune;
use crate::json::Root;
use crate::references::{Kind, opaque_extensions, visit_root};
use crate::report::Step;
use crate::{Accessor, Document};

/// Makes one of equal accessors, images, samplers, textures, materials and meshes. Names of materials and meshes count
/// as content: pages and variants address them by name. Where an extension is present whose references this crate
/// does not know, nothing changes.
pub fn dedup(document: &mut Document) -> Step {
    let mut step = Step::new("dedup");
    if !opaque_extensions(&document.root).is_empty() {
        return step;
    }
    let accessors = firsts(document.accessors.iter().map(accessor_key));
    replace(&mut document.root, Kind::Accessor, &accessors, &mut step);
    let images = firsts(
        document
            .images
            .iter()
            .zip(&document.root.images)
            .map(|(data, image)| {
                (
                    Sha256::digest(&data.bytes).to_vec(),
                    json_of(&crate::json::Image {
                        name: None,
                        ..image.clone()
                    }),
                )
            }),
    );
    replace(&mut document.root, Kind::Image, &images, &mut step);
    // Each kind refers to those before it.
    let root = &mut document.root;
    let samplers = firsts(root.samplers.iter().map(json_of));
    replace(root, Kind::Sampler, &samplers, &mut step);
    let textures = firsts(root.textures.iter().map(|texture| {
        json_of(&crate::json::Texture {
            name: None,
            ..texture.clone()
        })
    }));
    replace(root, Kind::Texture, &textures, &mut step);
    let materials = firsts(root.materials.iter().map(json_of));
    replace(root, Kind::Material, &materials, &mut step);
    let meshes = firsts(root.meshes.iter().map(json_of));
    replace(root, Kind::Mesh, &meshes, &mut step);
    if !step.changes.is_empty() {
        // The copies are unused now.
        prune(document);
    }
    step
}

fn json_of<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn accessor_key(accessor: &Accessor) -> impl std::hash::Hash + Eq + use<> {
    (
        accessor.component(),
        accessor.shape(),
        accessor.normalized(),
        Sha256::digest(accessor.bytes()).to_vec(),
        accessor.bounded,
        json_of(&(&accessor.extensions, &accessor.extra)),
    )
}

/// For each item the index of the first that equals it.
fn firsts<K: std::hash::Hash + Eq>(keys: impl Iterator<Item = K>) -> Vec<usize> {
    let mut seen = HashMap::new();
    keys.enumerate()
        .map(|(index, key)| *seen.entry(key).or_insert(index))
        .collect()
}

fn replace(root: &mut Root, kind: Kind, firsts: &[usize], step: &mut Step) {
    let copies = firsts
        .iter()
        .enumerate()
        .filter(|(index, first)| index != *first)
        .count();
    if copies == 0 {
        return;
    }
    step.add(kind.table(), copies);
    visit_root(root, &mut |visited, index| {
        if visited == kind {
            *index = firsts[*index];
        }
    });
}
