use serde_json::Value;

use crate::Document;
use crate::references::Kind;

/// What an image is for; the strictest where it is for several things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Colours, sRGB.
    Color,
    /// Numbers a channel: roughness, occlusion, thickness.
    Data,
    /// Directions.
    Normal,
}

impl Role {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Color => "color",
            Self::Data => "data",
            Self::Normal => "normal",
        }
    }

    /// By the name of the member that refers to the texture.
    fn of(member: &str) -> Self {
        match member {
            "baseColorTexture"
            | "emissiveTexture"
            | "diffuseTexture"
            | "specularColorTexture"
            | "sheenColorTexture"
            | "specularGlossinessTexture"
            | "diffuseTransmissionColorTexture" => Self::Color,
            _ if member.to_ascii_lowercase().contains("normal")
                || member == "anisotropyTexture" =>
            {
                Self::Normal
            }
            _ => Self::Data,
        }
    }
}

/// The role of each image; `None` where no material uses it.
pub(super) fn roles(document: &Document) -> Vec<Option<Role>> {
    let mut by_texture = vec![None; document.root.textures.len()];
    let mut note = |texture: usize, role: Role| {
        by_texture[texture] = by_texture[texture].max(Some(role));
    };
    for material in &document.root.materials {
        for (member, info) in material.clone().texture_infos_mut() {
            note(info.index, Role::of(member));
        }
        for extension in material.extensions.values().filter_map(Value::as_object) {
            for (member, info) in extension
                .iter()
                .filter(|(member, _)| member.ends_with("Texture"))
            {
                if let Some(index) = info.get("index").and_then(Value::as_u64) {
                    note(index as usize, Role::of(member));
                }
            }
        }
    }
    let mut by_image = vec![None; document.root.images.len()];
    for (texture, role) in document.root.textures.iter().zip(by_texture) {
        texture.clone().visit(&mut |kind, image| {
            if kind == Kind::Image {
                by_image[*image] = by_image[*image].max(role);
            }
        });
    }
    by_image
}
