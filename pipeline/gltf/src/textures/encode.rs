use std::collections::HashSet;

use xoay_format::{ImageFormat, ProgressEvent, Stage, Text, Watch};
use xoay_imaging::{Channels, Encoding, Raster, WebpTuning, can_read_back, encode};

use super::codec;
use super::coverage::{Coverage, coverage};
use super::fill::fill_unseen;
use super::quality::{self, Found};
use super::role::{ChannelSet, Need, Role, needs};
use super::sample::{Sample, halve};
use crate::references::opaque_extensions;
use crate::report::{Step, TextureChange};
use crate::{Document, GltfError, Limits};

/// libwebp's effort. At one score of SSIMULACRA2, eight colour textures take 4.7% fewer bytes with 6 than with 3, for half
/// more time; 4 gains nothing.
const METHOD: u8 = 6;

/// A picture with more colours than this is not worth a try without loss.
const FEW_COLOURS: usize = 256;
/// Nor is one whose sample takes this many times the bytes without loss: the sample is of the lively parts, where loss
/// saves most.
const HOPELESS: usize = 3;

/// The format that textures get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextureFormat {
    /// WebP (`EXT_texture_webp`).
    #[default]
    Webp,
    /// AVIF (`EXT_texture_avif`): smaller, slower, and not read by every viewer.
    Avif,
}

impl TextureFormat {
    pub(super) const fn encoding(self, quality: u8, tuning: WebpTuning) -> Encoding {
        match self {
            Self::Webp => Encoding::WebpTuned {
                quality,
                method: METHOD,
                tuning,
            },
            Self::Avif => Encoding::Avif { quality, speed: 8 },
        }
    }

    const fn image_format(self) -> ImageFormat {
        match self {
            Self::Webp => ImageFormat::Webp,
            Self::Avif => ImageFormat::Avif,
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Webp => "image/webp",
            Self::Avif => "image/avif",
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::Webp => "EXT_texture_webp",
            Self::Avif => "EXT_texture_avif",
        }
    }
}

/// How [`encode_textures`] works: what may be lost, by what the texture is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextureOptions {
    /// Longest side in pixels; larger images are made smaller, none larger.
    pub max_side: u32,
    /// Images are made smaller where they hold nothing more, but not below this side; `u32::MAX` never.
    pub least_side: u32,
    /// The format.
    pub format: TextureFormat,
    /// Colours; the error in points of SSIMULACRA2 below 100.
    pub color: TextureGoal,
    /// Normals; the error as root mean square of the angle, degrees.
    pub normal: TextureGoal,
    /// Numbers such as roughness; the error as root mean square, steps of 255.
    pub data: TextureGoal,
}

/// What a kind of texture may lose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextureGoal {
    /// The error that a texture may have.
    pub error: f64,
    /// The encoder's quality that is never exceeded, 1 to 100. Noise would ask for any number of bytes and hides errors.
    pub highest_quality: u8,
}

impl Default for TextureOptions {
    /// The limits of quality balance what a kilobyte gains in likeness of the drawn model: at 82, 80 and 50 colours and
    /// normals gain 0.04 to 0.1 points of SSIMULACRA2 each, while numbers gain 0.02 even above 50.
    fn default() -> Self {
        Self {
            max_side: 2048,
            least_side: 256,
            format: TextureFormat::default(),
            color: TextureGoal {
                error: 18.0,
                highest_quality: 82,
            },
            normal: TextureGoal {
                error: 2.0,
                highest_quality: 80,
            },
            data: TextureGoal {
                error: 4.0,
                highest_quality: 50,
            },
        }
    }
}

impl TextureOptions {
    /// The goal of a role, with the error within what makes sense.
    fn goal(&self, role: Role) -> TextureGoal {
        let (goal, least, most) = match role {
            Role::Color => (self.color, 1.0, 99.0),
            Role::Normal => (self.normal, 0.05, 45.0),
            Role::Data => (self.data, 0.2, 64.0),
        };
        TextureGoal {
            error: goal.error.clamp(least, most),
            highest_quality: goal.highest_quality.clamp(1, 100),
        }
    }
}

/// Re-encodes images, each with the size and quality that it needs, where that saves bytes.
///
/// - Larger ones than `max_side` are made smaller. So are those that hold nothing more: enlarged again, as graphics cards
///   do, they are within the wanted distance of what they were.
/// - The quality is searched on a part of what triangles show: colours by SSIMULACRA2, normals by their angle, other
///   numbers by their deviation in the channels that materials read.
/// - Those of one colour become one pixel, exactly.
/// - What no triangle shows becomes flat, channels that no material reads follow others, idle alpha goes.
///
/// # Errors
/// [`GltfError::Texture`] and [`GltfError::TooLarge`] for an image over the limits, [`GltfError::Cancelled`].
/// An image that does not decode stays as it is, with a warning.
pub fn encode_textures(
    document: &mut Document,
    options: &TextureOptions,
    limits: &Limits,
    watch: Watch<'_>,
) -> Result<(Step, Vec<TextureChange>), GltfError> {
    let mut step = Step::new("textures");
    let mut changes = Vec::new();
    let total = document.images.len() as u64;
    let stage = Stage::Textures;
    watch.tell(ProgressEvent::Started { stage, total });
    // An unknown extension may refer to an image and not expect another format or size.
    let may_change = opaque_extensions(&document.root).is_empty();
    let sizes: Vec<_> = document
        .images
        .iter()
        .map(|image| codec::dimensions(&image.bytes))
        .collect();
    let coverages = coverage(document, &sizes);
    let mut changed = Vec::new();
    for (index, (need, coverage)) in needs(document).into_iter().zip(coverages).enumerate() {
        if watch.cancelled() {
            return Err(GltfError::Cancelled);
        }
        let place = format!("images[{index}]");
        let bytes = &document.images[index].bytes;
        let before = describe(bytes);
        let mut found = None;
        if let Some(need) = need.filter(|_| may_change) {
            match smaller(&place, bytes, need, coverage, options, limits) {
                Ok(Some((encoded, how))) => {
                    step.add("images", 1);
                    document.images[index].bytes = encoded;
                    document.root.images[index].mime_type =
                        Some(options.format.media_type().to_owned());
                    found = Some(how);
                    changed.push(index);
                }
                Ok(None) => {}
                Err(error @ GltfError::TooLarge { .. }) => return Err(error),
                Err(error) => watch.warn(kept_as_it_is(&error)),
            }
        }
        let after = describe(&document.images[index].bytes);
        let name = document.root.images[index].name.clone().unwrap_or(place);
        let role = need.map(|need| need.role);
        changes.push(TextureChange {
            name,
            role: role.map_or("none", Role::name).to_owned(),
            media_type: [before.0, after.0],
            width: [before.1, after.1],
            height: [before.2, after.2],
            size_bytes: [before.3, after.3],
            quality: found.map(|found| found.quality),
            score: found
                .filter(|_| role == Some(Role::Color))
                .map(|found| 100.0 - found.distance),
            error: found
                .filter(|_| role != Some(Role::Color))
                .map(|found| found.distance),
        });
        watch.tell(ProgressEvent::Advanced {
            stage,
            done: index as u64 + 1,
            total,
        });
    }
    refer(document, &changed, options.format);
    watch.tell(ProgressEvent::Finished { stage });
    Ok((step, changes))
}

fn kept_as_it_is(error: &GltfError) -> Text {
    use xoay_format::Localize;
    let text = error.text();
    Text::new(
        format!("{}; giữ nguyên ảnh này", text.vi),
        format!("{}; the image stays as it is", text.en),
    )
}

fn describe(bytes: &[u8]) -> (String, u32, u32, u64) {
    let (width, height) = codec::dimensions(bytes).unwrap_or_default();
    (
        codec::media_type(bytes).unwrap_or("unknown").to_owned(),
        width,
        height,
        bytes.len() as u64,
    )
}

/// The image re-encoded, and how; `None` where that saves nothing.
fn smaller(
    place: &str,
    bytes: &[u8],
    need: Need,
    coverage: Option<Coverage>,
    options: &TextureOptions,
    limits: &Limits,
) -> Result<Option<(Vec<u8>, Found)>, GltfError> {
    let (width, height) = codec::dimensions(bytes).ok_or_else(|| {
        GltfError::texture(
            place,
            "ảnh không đọc được; cần PNG, JPEG hoặc WebP",
            "the image cannot be read; expected PNG, JPEG or WebP",
        )
    })?;
    let max_side = options.max_side.max(1);
    let too_large = width.max(height) > max_side;
    // What was lossy once in the same format only loses more.
    if !too_large && codec::media_type(bytes) == Some(options.format.media_type()) {
        return Ok(None);
    }
    let decoded = codec::decode_raster(place, bytes, limits)?;
    if decoded.altered {
        return Err(GltfError::texture(
            place,
            "ảnh mang hồ sơ màu hoặc hướng xoay mà glTF không dùng",
            "the image carries a colour profile or an orientation, which glTF ignores",
        ));
    }
    let mut raster = settled(decoded.raster, need.channels)?;
    if too_large {
        raster = fit(place, &raster, max_side)?;
    }
    if let Some(dot) = dot_of_uniform(&raster) {
        let encoded =
            encode(&dot, Encoding::WebpLossless).map_err(|error| codec::failed(place, &error))?;
        let found = Found {
            quality: 100,
            ..Found::unsearched()
        };
        return Ok((options.format == TextureFormat::Webp).then_some((encoded, found)));
    }
    let size = (raster.width(), raster.height());
    let mut coverage = coverage.map_or_else(
        || Coverage::all(size.0, size.1),
        |c| c.resized((width, height), size),
    );
    let mut exact_may_be_smaller =
        options.format == TextureFormat::Webp && has_few_colours(&raster);
    let found = if can_read_back(options.format.image_format()) {
        let sample = Sample::new(&raster, &coverage, need.role, need.channels)?;
        let found = quality::find(
            &sample,
            options.format,
            options.goal(need.role),
            size.0.max(size.1),
            options.least_side,
        )?;
        exact_may_be_smaller = exact_may_be_smaller
            && sample.exact_bytes(found.halvings)? <= HOPELESS * found.sample_bytes;
        found
    } else {
        Found::unsearched()
    };
    for _ in 0..found.halvings {
        let from = (raster.width(), raster.height());
        raster = halve(&raster)?;
        coverage = coverage.resized(from, (raster.width(), raster.height()));
    }
    let raster = fill_unseen(raster, &coverage);
    let encode = |encoding| encode(&raster, encoding).map_err(|error| codec::failed(place, &error));
    let mut found = found;
    let mut encoded = encode(options.format.encoding(found.quality, found.tuning))?;
    if exact_may_be_smaller {
        let exact = encode(Encoding::WebpLossless)?;
        if exact.len() <= encoded.len() {
            encoded = exact;
            found.quality = 100;
            if found.halvings == 0 {
                found.distance = 0.0;
            }
        }
    }
    let saves = too_large || found.halvings > 0 || encoded.len() < bytes.len();
    Ok(saves.then_some((encoded, found)))
}

/// Whether a raster is drawn rather than photographed: then it may be smaller without any loss.
fn has_few_colours(raster: &Raster) -> bool {
    let mut colours = HashSet::new();
    raster
        .pixels()
        .chunks_exact(raster.channels().count())
        .all(|pixel| {
            colours.insert(pixel);
            colours.len() <= FEW_COLOURS
        })
}

/// One pixel of a raster whose pixels are all the same: it looks as the whole does at any size.
fn dot_of_uniform(raster: &Raster) -> Option<Raster> {
    let count = raster.channels().count();
    let first = &raster.pixels()[..count];
    let uniform = raster.pixels().chunks_exact(count).all(|p| p == first);
    uniform.then(|| {
        Raster::new(1, 1, raster.channels(), first.to_vec()).expect("the bytes of one pixel")
    })
}

/// The raster with channels that nobody reads made to follow others, so that they cost nothing, and without idle alpha.
fn settled(raster: Raster, channels: ChannelSet) -> Result<Raster, GltfError> {
    let mut raster = raster.without_idle_alpha();
    if raster.channels() == Channels::Rgba && !channels[3] {
        let (width, height) = (raster.width(), raster.height());
        let pixels = raster.into_pixels();
        let pixels = pixels.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]);
        raster = Raster::new(width, height, Channels::Rgb, pixels.collect())
            .expect("three of four bytes of each pixel");
    }
    let Some(first) = (0..3).find(|&c| channels[c]) else {
        return Ok(raster);
    };
    let idle: Vec<usize> = (0..3).filter(|&c| !channels[c]).collect();
    if idle.is_empty() {
        return Ok(raster);
    }
    let (width, height, kind) = (raster.width(), raster.height(), raster.channels());
    let mut pixels = raster.into_pixels();
    for pixel in pixels.chunks_exact_mut(kind.count()) {
        for &c in &idle {
            pixel[c] = pixel[first];
        }
    }
    Raster::new(width, height, kind, pixels).map_err(|error| codec::failed("texture", &error))
}

fn fit(place: &str, raster: &Raster, max_side: u32) -> Result<Raster, GltfError> {
    let longest = u64::from(raster.width().max(raster.height()));
    let side = |side: u32| (u64::from(side) * u64::from(max_side) / longest).max(1) as u32;
    codec::resize(place, raster, side(raster.width()), side(raster.height()))
}

/// Points textures at the images of `changed` through the extension of `format`, and declares it.
fn refer(document: &mut Document, changed: &[usize], format: TextureFormat) {
    let name = format.extension();
    let mut used = false;
    for texture in &mut document.root.textures {
        for other in [TextureFormat::Webp, TextureFormat::Avif] {
            // The image of another extension that now has this format.
            let source = texture
                .extensions
                .get(other.extension())
                .and_then(|extension| extension.get("source")?.as_u64())
                .map(|source| source as usize);
            if other != format && source.is_some_and(|source| changed.contains(&source)) {
                texture.extensions.remove(other.extension());
                texture.source = source;
            }
        }
        let Some(source) = texture.source.filter(|source| {
            codec::media_type(&document.images[*source].bytes) == Some(format.media_type())
        }) else {
            continue;
        };
        if !texture.extensions.contains_key(name) {
            texture
                .extensions
                .insert(name.to_owned(), serde_json::json!({ "source": source }));
        }
        texture.source = None;
        used = true;
    }
    if used {
        document.declare_extension(name, true);
    }
}
