use super::GltfError;
use super::material::{number, numbers};
use super::views::{Views, invalid};
use crate::json::Json;

/// A texture as one slot of a material uses it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextureRef {
    /// Index into [`super::Model::images`].
    pub image: usize,
    /// How it is sampled.
    pub sampler: Sampler,
    /// Set of texture coordinates, 0 or 1.
    pub tex_coord: u32,
    /// What turns texture coordinates into the picture's: 3×3, column-major.
    pub transform: [f32; 9],
}

/// How a texture is repeated and filtered, in GL's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sampler {
    /// Horizontally: 10497 repeat, 33071 clamp, 33648 mirror.
    pub wrap_s: u32,
    /// Vertically.
    pub wrap_t: u32,
    /// Whether pixels stay sharp when magnified.
    pub nearest: bool,
}

/// Where an image is.
#[derive(Clone, Debug, PartialEq)]
pub enum ImageSource {
    /// In the file: bytes of a view, and their media type.
    Bytes {
        /// Key of its bytes in [`super::Model::views`].
        view: usize,
        /// Media type; empty where the file does not say.
        media_type: String,
    },
    /// Elsewhere, relative to the file.
    Uri(String),
}

/// The extensions that bring an image in another format, best first.
const FORMATS: [&str; 2] = ["EXT_texture_avif", "EXT_texture_webp"];

/// A Basis Universal texture is taken last: its decoder has to be fetched.
const BASIS: &str = "KHR_texture_basisu";

pub(super) fn read(json: &Json, document: &Json) -> Result<Option<TextureRef>, GltfError> {
    if json.is_null() {
        return Ok(None);
    }
    let index = json.get("index").index().unwrap_or(usize::MAX);
    let texture = document.get("textures").items().get(index);
    let texture = texture.ok_or(invalid("texture", index, "there is none"))?;
    let image = sources(texture).next();
    let image = image.filter(|&i| i < document.get("images").items().len());
    let image = image.ok_or(invalid("texture", index, "its image does not exist"))?;
    let sampler = texture.get("sampler").index();
    let sampler = sampler.and_then(|s| document.get("samplers").items().get(s));
    let wrap = |name: &str| {
        let code = sampler.and_then(|s| s.get(name).index()).unwrap_or(10497);
        if matches!(code, 33071 | 33648) {
            code as u32
        } else {
            10497
        }
    };
    let transform = json.get("extensions").get("KHR_texture_transform");
    let tex_coord = transform
        .get("texCoord")
        .index()
        .or_else(|| json.get("texCoord").index());
    Ok(Some(TextureRef {
        image,
        sampler: Sampler {
            wrap_s: wrap("wrapS"),
            wrap_t: wrap("wrapT"),
            nearest: sampler.and_then(|s| s.get("magFilter").index()) == Some(9728),
        },
        tex_coord: tex_coord.unwrap_or(0).min(1) as u32,
        transform: uv_transform(transform),
    }))
}

/// The images of a texture, the one to try first at the front.
fn sources(texture: &Json) -> impl Iterator<Item = usize> + '_ {
    let by = |name: &str| texture.get("extensions").get(name).get("source").index();
    let plain = texture.get("source").index();
    FORMATS
        .iter()
        .map(move |name| by(name))
        .chain([plain, by(BASIS)])
        .flatten()
}

/// For each image that some browsers cannot decode, the one that its texture offers instead.
pub(super) fn fallbacks(document: &Json) -> Vec<(usize, usize)> {
    let mut fallbacks = Vec::new();
    for texture in document.get("textures").items() {
        let sources: Vec<usize> = sources(texture).collect();
        fallbacks.extend(sources.windows(2).map(|pair| (pair[0], pair[1])));
    }
    fallbacks
}

/// Translation × rotation × scale of `KHR_texture_transform`, column-major.
fn uv_transform(json: &Json) -> [f32; 9] {
    let [x, y] = numbers(json.get("offset"), [0.0; 2]);
    let [width, height] = numbers(json.get("scale"), [1.0; 2]);
    let (sin, cos) = number(json.get("rotation"), 0.0).sin_cos();
    [
        cos * width,
        -sin * width,
        0.0,
        sin * height,
        cos * height,
        0.0,
        x,
        y,
        1.0,
    ]
}

pub(super) fn read_images(views: &mut Views<'_>) -> Result<Vec<ImageSource>, GltfError> {
    let document = views.json;
    let mut images = Vec::new();
    for (index, image) in document.get("images").items().iter().enumerate() {
        images.push(
            match (image.get("bufferView").index(), image.get("uri").text()) {
                (Some(view), _) => {
                    views.bytes(view)?;
                    let media_type = image.get("mimeType").text().unwrap_or_default().into();
                    ImageSource::Bytes { view, media_type }
                }
                (None, Some(uri)) => ImageSource::Uri(uri.into()),
                (None, None) => {
                    return Err(invalid("image", index, "it has neither bufferView nor uri"));
                }
            },
        );
    }
    Ok(images)
}
