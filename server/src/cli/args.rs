//! What the command line understands. English help stands here, the Vietnamese in `language.rs`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use xoay_format::{ImageFormat, Language};
use xoay_pipeline::{LikenessCheck, RowSplit};

mod service;

pub use service::{
    BackupArguments, PublishArguments, ServeArguments, UploadArguments, UserAddArguments,
    UserCommand, VerifyArguments, WorkArguments, WorkerArguments,
};

/// Turns photos of a product on a turntable into a spin, optimises 3D models, and serves both.
#[derive(Debug, Parser)]
#[command(name = "xoay", version, max_term_width = 100)]
pub struct Arguments {
    /// Write one JSON object a line to standard output: progress, warnings, the result or the error.
    #[arg(long, global = true)]
    pub json: bool,
    /// Show no progress, only warnings and errors.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Language of messages, vi or en; otherwise LC_ALL, LC_MESSAGES or LANG decides.
    #[arg(long, global = true, value_name = "LANGUAGE")]
    pub lang: Option<Language>,
    /// File of settings in TOML; flags and the environment outrank it.
    #[arg(long, global = true, env = "XOAY_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a spin from a folder of turntable photos.
    Spin(SpinArguments),
    /// Make a textured 3D model from a folder of turntable photos.
    Model(ModelArguments),
    /// Make the mat to print and lay under the product: it tells scale, base and camera of each photo.
    Mat(MatArguments),
    /// Say which photos of a turn to take again, and why.
    Inspect(InspectArguments),
    /// Turn a finished spin into a zip for marketplaces, an animated WebP or an MP4.
    Export(ExportArguments),
    /// Make a 3D model light enough for the web.
    Optimize(OptimizeArguments),
    /// Publish a finished spin, a finished model or both as a product, without the service.
    Publish(PublishArguments),
    /// Send a folder of photos, a model or both to a service; what was cut off goes on where it stopped.
    Upload(UploadArguments),
    /// Serve the studio, product pages, the viewer and the HTTP interface.
    Serve(ServeArguments),
    /// Manage the accounts of a service.
    #[command(subcommand)]
    User(UserCommand),
    /// Work on jobs of a service that leaves them to other processes.
    Worker(WorkerArguments),
    /// Check every stored byte against its hash, and the database against the store; exit code 3 names what is wrong.
    Verify(VerifyArguments),
    /// Copy database and objects into a folder that can be served in their place.
    Backup(BackupArguments),
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // each is a switch of the command line
pub struct SpinArguments {
    /// Folder or zip of photos in the order of their file names: JPEG, PNG, WebP or TIFF.
    pub photos: PathBuf,
    /// Folder for the result; it appears whole or not at all.
    #[arg(short, long, value_name = "FOLDER")]
    pub output: PathBuf,
    /// Widths in pixels, largest first; never more than the photos have.
    #[arg(long, value_delimiter = ',', value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(16..=16_384))]
    pub widths: Option<Vec<u32>>,
    /// Formats to encode.
    #[arg(long, value_delimiter = ',', value_name = "FORMATS")]
    pub formats: Option<Vec<ImageFormat>>,
    /// Rows of camera heights, when the photos of all rows lie in one folder: how many, or the photos of each.
    #[arg(long, value_name = "ROWS")]
    pub rows: Option<RowSplit>,
    /// A photo of the empty turntable, by its name in the folder or its path; may be given for each row.
    #[arg(long, value_name = "PHOTO")]
    pub clean_plate: Vec<PathBuf>,
    /// Which way the product turns, seen from above.
    #[arg(long, value_enum)]
    pub direction: Option<DirectionArgument>,
    /// The photos show an arc, not a full turn: the last is not followed by the first.
    #[arg(long)]
    pub arc: bool,
    /// What stands behind the product [default: auto].
    #[arg(long, value_enum)]
    pub background: Option<BackgroundArgument>,
    /// What stays free about the product, in percent of the frame [default: 6].
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=40))]
    pub margin: Option<u32>,
    /// Do not cut the frames to the product.
    #[arg(long, conflicts_with = "margin")]
    pub no_crop: bool,
    /// Leave each photo's exposure and white balance as they are.
    #[arg(long)]
    pub no_equalize: bool,
    /// Let the product stand on a soft shadow, where it stands on white.
    #[arg(long)]
    pub shadow: bool,
    /// Put photos that lie in each other's place in order, and turn rows that run backwards.
    #[arg(long)]
    pub repair: bool,
    /// A model in ONNX that helps to cut the product out; needs a build with the feature onnx.
    #[arg(long, value_name = "FILE")]
    pub matte_model: Option<PathBuf>,
    /// The quality to reach, as SSIMULACRA2 [default: 76].
    #[arg(long, value_name = "SCORE", value_parser = clap::value_parser!(u32).range(30..=95))]
    pub quality: Option<u32>,
    /// Make no tiles to zoom into.
    #[arg(long)]
    pub no_tiles: bool,
    /// Also write one picture of all frames to this file: .webp, .jpg or .png.
    #[arg(long, value_name = "FILE")]
    pub contact_sheet: Option<PathBuf>,
    /// Also write each photo's matte, in the photo's own pixels, as grey PNG into this folder.
    #[arg(long, value_name = "FOLDER")]
    pub mattes: Option<PathBuf>,
    /// Also write the 2×3 matrix from each photo to its frame, as JSON, to this file.
    #[arg(long, value_name = "FILE")]
    pub transforms: Option<PathBuf>,
    /// Photos in work at a time [default: one a processor, fewer where memory is short].
    #[arg(long)]
    pub workers: Option<NonZeroUsize>,
    /// Memory for decoded photos in MB.
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(64..=1_048_576))]
    pub memory: Option<u64>,
    /// The largest photo to accept, in megapixels.
    #[arg(long, value_name = "MEGAPIXELS", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub max_photo: Option<u32>,
    /// What the picture shows, in Vietnamese, for those who do not see it.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "TEXT"
    )]
    pub alt_vi: String,
    /// What the picture shows, in English.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "TEXT"
    )]
    pub alt_en: String,
}

#[derive(Debug, Args)]
pub struct ModelArguments {
    /// Folder or zip of photos in the order of their file names: JPEG, PNG, WebP or TIFF.
    pub photos: PathBuf,
    /// The .glb file to make, or a folder with the model, USDZ and posters to publish; it appears whole or not at all.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Also write what was found, and how sure it is, as JSON to this file.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Folder that keeps finished parts, so that a run that was stopped goes on.
    #[arg(long, value_name = "FOLDER")]
    pub work: Option<PathBuf>,
    /// The product's height in millimetres: it gives the model its scale.
    #[arg(long, value_name = "MM", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub height: Option<u32>,
    /// Rows of camera heights, when the photos of all rows lie in one folder: how many, or the photos of each.
    #[arg(long, value_name = "ROWS")]
    pub rows: Option<RowSplit>,
    /// A photo of the empty turntable, by its name in the folder or its path; may be given for each row.
    #[arg(long, value_name = "PHOTO")]
    pub clean_plate: Vec<PathBuf>,
    /// Most triangles of the model [default: 60000].
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(500..=2_000_000))]
    pub triangles: Option<u32>,
    /// Longest side of the texture in pixels [default: 2048].
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(256..=8192))]
    pub texture_size: Option<u32>,
    /// The mat under the product: a4 or a3 as xoay mat prints them, or a JSON file with the corners of other markers
    /// [default: a4 or a3 where photos show it].
    #[arg(long, value_name = "MAT")]
    pub mat: Option<PathBuf>,
    /// The photos are in no order: the mat tells it.
    #[arg(long)]
    pub unordered: bool,
    /// Also write the cameras as COLMAP's text files into this folder.
    #[arg(long, value_name = "FOLDER")]
    pub colmap: Option<PathBuf>,
    /// Folder of the spin that xoay spin made of the same photos: its manifest gets each frame's camera, so that hotspots
    /// of the model stand on the photos too.
    #[arg(long, value_name = "FOLDER")]
    pub spin: Option<PathBuf>,
    /// Also write pictures of held-out photos beside the model's into this folder.
    #[arg(long, value_name = "FOLDER")]
    pub sheet: Option<PathBuf>,
    /// Compare photos on the graphics card; without a fit one the processor does it.
    #[cfg(feature = "gpu")]
    #[arg(long)]
    pub gpu: bool,
}

#[derive(Debug, Args)]
pub struct MatArguments {
    /// The PDF file to make.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// The paper [default: a4].
    #[arg(long, value_enum)]
    pub paper: Option<PaperArgument>,
}

/// A paper as the command line spells it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PaperArgument {
    /// 210 × 297 mm, for products up to 130 mm wide.
    A4,
    /// 297 × 420 mm, for products up to 200 mm wide.
    A3,
}

#[derive(Debug, Args)]
pub struct InspectArguments {
    /// Folder or zip of photos in the order of their file names: JPEG, PNG, WebP or TIFF.
    pub photos: PathBuf,
    /// Rows of camera heights, when the photos of all rows lie in one folder: how many, or the photos of each.
    #[arg(long, value_name = "ROWS")]
    pub rows: Option<RowSplit>,
    /// The photos show an arc, not a full turn: the last is not followed by the first.
    #[arg(long)]
    pub arc: bool,
    /// Photos in work at a time [default: one a processor, fewer where memory is short].
    #[arg(long)]
    pub workers: Option<NonZeroUsize>,
    /// Memory for decoded photos in MB.
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(64..=1_048_576))]
    pub memory: Option<u64>,
    /// The largest photo to accept, in megapixels.
    #[arg(long, value_name = "MEGAPIXELS", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub max_photo: Option<u32>,
}

/// A background as the command line spells it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum BackgroundArgument {
    /// White where the product was cut out beyond doubt, else as photographed.
    Auto,
    /// As photographed.
    Keep,
    /// White.
    White,
    /// Transparent; white in JPEG.
    Transparent,
}

/// A turning direction as the command line spells it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DirectionArgument {
    /// Against the clock: the near side moves to the right.
    CounterClockwise,
    /// With the clock: the near side moves to the left.
    Clockwise,
}

#[derive(Debug, Args)]
pub struct ExportArguments {
    /// Folder that `xoay spin` wrote.
    pub spin: PathBuf,
    /// The file to make; its ending says what: .zip, .webp or .mp4 (which takes ffmpeg).
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// How many frames, spread evenly over the turn [default: 24 in a zip, 36 in a WebP, all in an MP4].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=2000))]
    pub frames: Option<u32>,
    /// Longest side in pixels; pictures are never enlarged.
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(16..=16_384))]
    pub size: Option<u32>,
    /// Zip: pad the pictures to squares.
    #[arg(long)]
    pub square: bool,
    /// Zip: what a marketplace asks for.
    #[arg(long, value_enum)]
    pub preset: Option<PresetArgument>,
    /// Zip: beginning of the pictures' names [default: the zip's own name].
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Which row of camera heights, from 1, the lowest [default: 1].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub row: Option<u32>,
    /// WebP and MP4: seconds that a whole turn takes [default: 6].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=120))]
    pub turn_seconds: Option<u32>,
    /// MP4: how often it turns [default: 2].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub turns: Option<u32>,
}

/// A marketplace as the command line spells it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PresetArgument {
    /// Amazon's 360 view: 24, 48 or 72 square PNGs of 1500 to 2500 pixels on white.
    Amazon,
    /// Shopify: square JPEGs of 2048 pixels.
    Shopify,
}

#[derive(Debug, Args)]
pub struct OptimizeArguments {
    /// The model: .glb, .gltf, .obj, .ply or .stl, with its files beside it.
    pub model: PathBuf,
    /// The optimised .glb; with a slash at the end, a folder with model, poster and manifest.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Longest side of a texture in pixels.
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(16..=16_384))]
    pub texture_size: Option<u32>,
    /// Format of textures [default: webp].
    #[arg(long, value_enum)]
    pub texture_format: Option<TextureFormatArgument>,
    /// How geometry is compressed [default: ext].
    #[arg(long, value_enum)]
    pub compression: Option<CompressionArgument>,
    /// Take triangles away until at most this many are left.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_triangles: Option<u64>,
    /// Take triangles away, with at most this error in per cent of a part's extent [default with --max-triangles: 5].
    #[arg(long, value_name = "PERCENT", value_parser = percentage)]
    pub simplify_error: Option<f64>,
    /// Make the file at most this large, at the cost of textures, then of triangles.
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_bytes: Option<u64>,
    /// Keep nodes and meshes apart, with their names, where they could be drawn as one.
    #[arg(long)]
    pub keep_nodes: bool,
    /// What becomes of tangents [default: prune].
    #[arg(long, value_enum)]
    pub tangents: Option<TangentsArgument>,
    /// Add this many levels of detail, each with half the triangles (`MSFT_lod`).
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=6))]
    pub lods: Option<u32>,
    /// The least score of likeness, up to 100, or off to draw and compare nothing [default: 50].
    #[arg(long, value_name = "SCORE", value_parser = likeness)]
    pub likeness: Option<LikenessCheck>,
    /// Unit of lengths in OBJ, PLY and STL files [default: mm for STL, m for the others].
    #[arg(long, value_enum)]
    pub units: Option<UnitsArgument>,
    /// Axis that points up in OBJ, PLY and STL files [default: z for STL, y for the others].
    #[arg(long, value_enum)]
    pub up: Option<UpArgument>,
    /// Also write the report as JSON to this file.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// A texture format as the command line spells it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum TextureFormatArgument {
    /// WebP, which every viewer reads.
    Webp,
    /// AVIF, smaller and read by fewer viewers.
    Avif,
}

/// What becomes of tangents, as the command line spells it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum TangentsArgument {
    /// Those go that readers compute themselves.
    Prune,
    /// All that a material needs stay.
    Keep,
    /// Those that are missing are made.
    Generate,
}

/// A compression of geometry as the command line spells it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum CompressionArgument {
    /// `EXT_meshopt_compression`, which most viewers read.
    Ext,
    /// `KHR_meshopt_compression`, smaller and newer.
    Khr,
    /// None.
    None,
}

fn percentage(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (0.0..=100.0).contains(&value) {
        Ok(value)
    } else {
        Err("expected 0 to 100".to_owned())
    }
}

fn likeness(text: &str) -> Result<LikenessCheck, String> {
    match text {
        "off" => Ok(LikenessCheck::Off),
        "auto" => Ok(LikenessCheck::default()),
        _ => match text.parse() {
            Ok(score) if (-100.0..=100.0).contains(&score) => Ok(LikenessCheck::AtLeast(score)),
            _ => Err("expected a score up to 100, auto or off".to_owned()),
        },
    }
}

/// A unit of length, by its sign.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum UnitsArgument {
    /// Millimetres.
    Mm,
    /// Centimetres.
    Cm,
    /// Metres.
    M,
    /// Inches.
    In,
    /// Feet.
    Ft,
}

/// The axis that points up.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum UpArgument {
    /// +Y.
    Y,
    /// +Z.
    Z,
}
