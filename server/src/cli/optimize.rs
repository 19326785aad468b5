//! `xoay optimize`.

use std::path::Path;

use serde::Serialize;
use xoay_format::{Text, Watch};
use xoay_pipeline::{
    Codec, ModelOptions, SimplifyOptions, Tangents, TextureFormat, Units, UpAxis, make_model,
    optimize_model, write_whole,
};

use super::args::{
    CompressionArgument, OptimizeArguments, TangentsArgument, TextureFormatArgument, UnitsArgument,
    UpArgument,
};
use super::exit::Failure;
use super::stop_on_signal;
use super::terminal::{Terminal, percent};

/// Where only a number of triangles was asked for.
const SIMPLIFY_ERROR_PERCENT: f64 = 5.0;

/// Optimises the model into one file or into a publishable folder, and says what came of it.
pub fn run(arguments: &OptimizeArguments, terminal: &Terminal) -> Result<(), Failure> {
    let stop = stop_on_signal()?;
    let listener = |event| terminal.show(&event);
    let watch = Watch::new(&listener, &stop);
    let options = options(arguments);
    let report = if wants_folder(&arguments.output) {
        make_model(&arguments.model, &arguments.output, &options, watch)?.report
    } else {
        optimize_model(&arguments.model, &arguments.output, &options, watch)?
    };
    if let Some(path) = &arguments.report {
        write_whole(path, &json_lines(&report)?)?;
    }
    let (before, after) = (report.bytes_in, report.bytes_out);
    terminal.done(
        &Text::new(
            format!(
                "{}: {after} byte, bằng {} của {before} byte ban đầu",
                arguments.output.display(),
                percent(after, before)
            ),
            format!(
                "{}: {after} bytes, {} of the original {before}",
                arguments.output.display(),
                percent(after, before)
            ),
        ),
        serde_json::json!({ "output": arguments.output, "report": report }),
    );
    Ok(())
}

fn options(arguments: &OptimizeArguments) -> ModelOptions {
    let mut options = ModelOptions::default();
    let textures = options.optimize.textures.get_or_insert_default();
    if let Some(size) = arguments.texture_size {
        textures.max_side = size;
    }
    if let Some(TextureFormatArgument::Avif) = arguments.texture_format {
        textures.format = TextureFormat::Avif;
    }
    options.optimize.compress = match arguments.compression {
        Some(CompressionArgument::None) => None,
        Some(CompressionArgument::Khr) => Some(Codec::Khr),
        Some(CompressionArgument::Ext) | None => Some(Codec::Ext),
    };
    if arguments.max_triangles.is_some() || arguments.simplify_error.is_some() {
        options.optimize.simplify = Some(SimplifyOptions {
            max_triangles: arguments.max_triangles.unwrap_or(0),
            max_error: arguments.simplify_error.unwrap_or(SIMPLIFY_ERROR_PERCENT) / 100.0,
        });
    }
    options.optimize.flatten = !arguments.keep_nodes;
    options.optimize.tangents = match arguments.tangents {
        Some(TangentsArgument::Keep) => Tangents::Keep,
        Some(TangentsArgument::Generate) => Tangents::Generate,
        Some(TangentsArgument::Prune) | None => Tangents::default(),
    };
    options.optimize.lods = arguments.lods.unwrap_or(0);
    options.import.units = arguments.units.map(|units| match units {
        UnitsArgument::Mm => Units::Millimetres,
        UnitsArgument::Cm => Units::Centimetres,
        UnitsArgument::M => Units::Metres,
        UnitsArgument::In => Units::Inches,
        UnitsArgument::Ft => Units::Feet,
    });
    options.import.up = arguments.up.map(|up| match up {
        UpArgument::Y => UpAxis::Y,
        UpArgument::Z => UpAxis::Z,
    });
    options.max_bytes = arguments.max_bytes;
    if let Some(likeness) = arguments.likeness {
        options.likeness = likeness;
    }
    options
}

/// Whether `-o` names a folder: by a slash at its end, or because one stands there.
fn wants_folder(output: &Path) -> bool {
    let ends_with_slash = output
        .as_os_str()
        .as_encoded_bytes()
        .last()
        .is_some_and(|byte| std::path::is_separator(char::from(*byte)));
    ends_with_slash || output.is_dir()
}

pub(super) fn json_lines(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    let mut json = serde_json::to_vec_pretty(value).map_err(|error| {
        Failure::internal(Text::new(
            format!("không tạo được báo cáo: {error}"),
            format!("cannot write the report as JSON: {error}"),
        ))
    })?;
    json.push(b'\n');
    Ok(json)
}
