use super::slot::slots;
use crate::Document;
use crate::json::Material;
use crate::references::Kind;

/// What an image is for; the strictest where it is for several things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
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
    pub fn of(member: &str) -> Self {
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

/// Red, green, blue, alpha: which of them a reader looks at.
pub(super) type ChannelSet = [bool; 4];

/// What `material` reads of the texture that `member` refers to (glTF 2.0 §3.9, the extensions' tables).
fn channels_of(member: &str, material: &Material) -> ChannelSet {
    let (red, green, blue, alpha) = match member {
        "baseColorTexture" => {
            let mode = material.alpha_mode.as_deref();
            (true, true, true, !matches!(mode, None | Some("OPAQUE")))
        }
        "metallicRoughnessTexture" => (false, true, true, false),
        "occlusionTexture" | "clearcoatTexture" | "transmissionTexture" | "iridescenceTexture" => {
            (true, false, false, false)
        }
        "clearcoatRoughnessTexture" | "thicknessTexture" | "iridescenceThicknessTexture" => {
            (false, true, false, false)
        }
        "specularTexture" | "sheenRoughnessTexture" | "diffuseTransmissionTexture" => {
            (false, false, false, true)
        }
        "normalTexture"
        | "clearcoatNormalTexture"
        | "emissiveTexture"
        | "anisotropyTexture"
        | "specularColorTexture"
        | "sheenColorTexture"
        | "diffuseTransmissionColorTexture" => (true, true, true, false),
        _ => (true, true, true, true),
    };
    [red, green, blue, alpha]
}

/// What an image is for, and what of it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Need {
    pub role: Role,
    pub channels: ChannelSet,
}

/// The need of each image; `None` where no material uses it.
pub(super) fn needs(document: &Document) -> Vec<Option<Need>> {
    let mut by_image: Vec<Option<Need>> = vec![None; document.root.images.len()];
    for material in &document.root.materials {
        slots(material, &mut |slot| {
            let channels = channels_of(slot.member, material);
            let mut texture = document.root.textures[slot.texture].clone();
            texture.visit(&mut |kind, image| {
                if kind != Kind::Image {
                    return;
                }
                let need = by_image[*image].get_or_insert(Need {
                    role: slot.role,
                    channels,
                });
                need.role = need.role.max(slot.role);
                for (all, this) in need.channels.iter_mut().zip(channels) {
                    *all |= this;
                }
            });
        });
    }
    by_image
}
