//! The JSON part of glTF 2.0. What a type does not name lands in `extra` and is written back as it came.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Everything that a type does not name, kept for the round trip.
pub type Extra = Map<String, Value>;

/// Accessors by semantic.
pub type Attributes = BTreeMap<String, usize>;

macro_rules! object {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $($(#[$field_doc])* #[serde(default, skip_serializing_if = "is_default")] pub $field: $type,)*
            /// The object's extensions, by name.
            #[serde(default, skip_serializing_if = "Map::is_empty")]
            pub extensions: Extra,
            /// Everything else, `extras` among it.
            #[serde(flatten)]
            pub extra: Extra,
        }
    };
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

object! {
    /// The root object without accessors, buffer views and buffers, which [`crate::Document`] holds decoded.
    Root {
        /// Version and generator.
        asset: Asset,
        /// The scene to show first.
        scene: Option<usize>,
        /// The scenes.
        scenes: Vec<Scene>,
        /// The nodes of all scenes.
        nodes: Vec<Node>,
        /// The meshes.
        meshes: Vec<Mesh>,
        /// The materials.
        materials: Vec<Material>,
        /// The textures.
        textures: Vec<Texture>,
        /// The images; their bytes are in [`crate::Document::images`].
        images: Vec<Image>,
        /// The samplers.
        samplers: Vec<Extra>,
        /// The skins.
        skins: Vec<Skin>,
        /// The animations.
        animations: Vec<Animation>,
        /// The cameras.
        cameras: Vec<Extra>,
        /// Names of all extensions in use.
        extensions_used: Vec<String>,
        /// Names of those that a reader must know.
        extensions_required: Vec<String>,
    }
}

object! {
    /// Who wrote the file, for which version.
    Asset {
        /// The glTF version, `2.0`.
        version: String,
        /// The least version that a reader needs.
        min_version: Option<String>,
        /// The program that wrote it.
        generator: Option<String>,
    }
}

object! {
    /// A scene: its root nodes.
    Scene {
        /// Its name.
        name: Option<String>,
        /// The root nodes.
        nodes: Vec<usize>,
    }
}

object! {
    /// A node: a place in the scene, with what stands there.
    Node {
        /// Its name.
        name: Option<String>,
        /// The nodes below it.
        children: Vec<usize>,
        /// The mesh that stands here.
        mesh: Option<usize>,
        /// The skin that deforms the mesh.
        skin: Option<usize>,
        /// The camera that stands here.
        camera: Option<usize>,
        /// Parent from node, column-major, instead of the three below.
        matrix: Option<[f32; 16]>,
        /// Translation, metres.
        translation: Option<[f32; 3]>,
        /// Rotation, unit quaternion x, y, z, w.
        rotation: Option<[f32; 4]>,
        /// Scale along the node's axes.
        scale: Option<[f32; 3]>,
        /// Morph weights that override the mesh's.
        weights: Vec<f32>,
    }
}

object! {
    /// A mesh: primitives drawn together.
    Mesh {
        /// Its name.
        name: Option<String>,
        /// The primitives.
        primitives: Vec<Primitive>,
        /// Default morph weights.
        weights: Vec<f32>,
    }
}

object! {
    /// A primitive: vertices, the way to join them, and a material.
    Primitive {
        /// Accessors by semantic (`POSITION`, `NORMAL`, …).
        attributes: Attributes,
        /// The accessor of the indices.
        indices: Option<usize>,
        /// The material.
        material: Option<usize>,
        /// Topology, 4 (triangles) where absent.
        mode: Option<u32>,
        /// Morph targets: accessors by semantic.
        targets: Vec<Attributes>,
    }
}

object! {
    /// A material.
    Material {
        /// Its name.
        name: Option<String>,
        /// The metallic-roughness model.
        pbr_metallic_roughness: Pbr,
        /// The tangent-space normal map.
        normal_texture: Option<TextureInfo>,
        /// The occlusion map.
        occlusion_texture: Option<TextureInfo>,
        /// The emissive map.
        emissive_texture: Option<TextureInfo>,
        /// Emitted linear light.
        emissive_factor: Option<[f32; 3]>,
        /// `OPAQUE`, `MASK` or `BLEND`.
        alpha_mode: Option<String>,
        /// The threshold of `MASK`.
        alpha_cutoff: Option<f32>,
        /// Whether back faces are drawn.
        double_sided: bool,
    }
}

object! {
    /// Parameters of the metallic-roughness model.
    Pbr {
        /// Linear base colour and alpha.
        base_color_factor: Option<[f32; 4]>,
        /// Its map, sRGB.
        base_color_texture: Option<TextureInfo>,
        /// Metalness, 1 where absent.
        metallic_factor: Option<f32>,
        /// Roughness, 1 where absent.
        roughness_factor: Option<f32>,
        /// Roughness in green, metalness in blue.
        metallic_roughness_texture: Option<TextureInfo>,
    }
}

/// A texture's use by a material.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TextureInfo {
    /// The texture.
    pub index: usize,
    /// The set of texture coordinates, 0 where absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tex_coord: u32,
    /// Strength of a normal map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f32>,
    /// Strength of an occlusion map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<f32>,
    /// The object's extensions, by name.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extensions: Extra,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

impl TextureInfo {
    /// A use of the texture `index` with the first set of coordinates.
    #[must_use]
    pub fn new(index: usize) -> Self {
        Self {
            index,
            tex_coord: 0,
            scale: None,
            strength: None,
            extensions: Extra::new(),
            extra: Extra::new(),
        }
    }
}

object! {
    /// A texture: an image and a sampler.
    Texture {
        /// Its name.
        name: Option<String>,
        /// The image.
        source: Option<usize>,
        /// The sampler.
        sampler: Option<usize>,
    }
}

object! {
    /// An image's description; where its bytes came from is gone once it is read.
    Image {
        /// Its name.
        name: Option<String>,
        /// `image/png`, `image/jpeg` or `image/webp`.
        mime_type: Option<String>,
        /// Where its bytes are, in files as they are read.
        uri: Option<String>,
        /// Where its bytes are, in files as they are read and written.
        buffer_view: Option<usize>,
    }
}

object! {
    /// A skin.
    Skin {
        /// Its name.
        name: Option<String>,
        /// Joint from mesh, one matrix a joint.
        inverse_bind_matrices: Option<usize>,
        /// The root of the joints.
        skeleton: Option<usize>,
        /// The joints.
        joints: Vec<usize>,
    }
}

object! {
    /// An animation.
    Animation {
        /// Its name.
        name: Option<String>,
        /// What moves what.
        channels: Vec<Channel>,
        /// The curves.
        samplers: Vec<AnimationSampler>,
    }
}

object! {
    /// An animation's channel.
    Channel {
        /// The curve, of the same animation. Written even where it is 0.
        sampler: Option<usize>,
        /// What it moves.
        target: ChannelTarget,
    }
}

object! {
    /// What a channel moves.
    ChannelTarget {
        /// The node.
        node: Option<usize>,
        /// `translation`, `rotation`, `scale`, `weights` or `pointer`.
        path: String,
    }
}

object! {
    /// A curve.
    AnimationSampler {
        /// The accessor of the times, seconds.
        input: Option<usize>,
        /// The accessor of the values.
        output: Option<usize>,
        /// `LINEAR`, `STEP` or `CUBICSPLINE`.
        interpolation: Option<String>,
    }
}

object! {
    /// An accessor, as the file describes it.
    RawAccessor {
        /// Its name.
        name: Option<String>,
        /// The view that holds its bytes; zeros where absent.
        buffer_view: Option<usize>,
        /// Where in the view it begins.
        byte_offset: u64,
        /// Type of one component, an OpenGL constant.
        component_type: u32,
        /// Whether integers stand for 0…1 or −1…1.
        normalized: bool,
        /// Number of elements.
        count: u64,
        /// `SCALAR`, `VEC2` … `MAT4`.
        r#type: String,
        /// Least value of each component.
        min: Vec<Value>,
        /// Greatest value of each component.
        max: Vec<Value>,
        /// Elements that differ from the view.
        sparse: Option<Sparse>,
    }
}

object! {
    /// Elements that differ from an accessor's view.
    Sparse {
        /// How many.
        count: u64,
        /// Which.
        indices: SparseIndices,
        /// What they are.
        values: SparseValues,
    }
}

object! {
    /// Which elements differ.
    SparseIndices {
        /// The view.
        buffer_view: usize,
        /// Where in it.
        byte_offset: u64,
        /// Type of an index, an OpenGL constant.
        component_type: u32,
    }
}

object! {
    /// What the different elements are.
    SparseValues {
        /// The view.
        buffer_view: usize,
        /// Where in it.
        byte_offset: u64,
    }
}

/// A view into a buffer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BufferView {
    /// The buffer.
    pub buffer: usize,
    /// Where in it the view begins.
    #[serde(default, skip_serializing_if = "is_default")]
    pub byte_offset: u64,
    /// How long it is.
    pub byte_length: u64,
    /// Distance between elements, where they are not packed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byte_stride: Option<u64>,
    /// What a graphics card binds it as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<u32>,
    /// The object's extensions, by name.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extensions: Extra,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A buffer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Buffer {
    /// Where its bytes are; the GLB's binary chunk where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// How long it is.
    pub byte_length: u64,
    /// The object's extensions, by name.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extensions: Extra,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A file's whole JSON: the root with the tables that describe its bytes.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawRoot {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accessors: Vec<RawAccessor>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buffer_views: Vec<BufferView>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buffers: Vec<Buffer>,
    #[serde(flatten)]
    pub root: Root,
}
