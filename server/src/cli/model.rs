//! `xoay model`.

use std::path::Path;

use serde_json::json;
use xoay_format::{Text, Watch};
use xoay_pipeline::{
    CaptureOptions, Mat, ModelReport, Paper, ReconstructOptions, read_mat, reconstruct, write_whole,
};

use super::args::ModelArguments;
use super::exit::Failure;
use super::optimize::json_lines;
use super::stop_on_signal;
use super::terminal::Terminal;

/// Makes the model and says what came of it.
pub fn run(arguments: &ModelArguments, terminal: &Terminal) -> Result<(), Failure> {
    let stop = stop_on_signal()?;
    let listener = |event| terminal.show(&event);
    let capture_options = CaptureOptions {
        rows: arguments.rows.clone(),
        clean_plates: arguments.clean_plate.clone(),
        ..CaptureOptions::default()
    };
    let report = reconstruct(
        &arguments.photos,
        &arguments.output,
        &capture_options,
        &options(arguments)?,
        Watch::new(&listener, &stop),
    )?;
    if let Some(path) = &arguments.report {
        write_whole(path, &json_lines(&report)?)?;
    }
    terminal.done(
        &sentence(&report, arguments),
        json!({ "output": arguments.output, "report": report }),
    );
    Ok(())
}

fn options(arguments: &ModelArguments) -> Result<ReconstructOptions, Failure> {
    let mut options = ReconstructOptions::default();
    if let Some(triangles) = arguments.triangles {
        options.max_triangles = triangles as usize;
    }
    if let Some(side) = arguments.texture_size {
        options.texture.max_side = side;
    }
    #[cfg(feature = "gpu")]
    if arguments.gpu {
        options.shape.refine = xoay_pipeline::Refine::PhotosOnGpu;
    }
    options.height_m = arguments.height.map(|mm| f64::from(mm) / 1000.0);
    options.work_dir.clone_from(&arguments.work);
    options.spin_dir.clone_from(&arguments.spin);
    options.sheet_dir.clone_from(&arguments.sheet);
    options.colmap_dir.clone_from(&arguments.colmap);
    options.unordered = arguments.unordered;
    options.mat = match arguments.mat.as_deref() {
        None => None,
        Some(name) if name == Path::new("a4") => Some(Mat::printed(Paper::A4)),
        Some(name) if name == Path::new("a3") => Some(Mat::printed(Paper::A3)),
        Some(path) => Some(read_mat(path)?),
    };
    Ok(options)
}

fn sentence(report: &ModelReport, arguments: &ModelArguments) -> Text {
    let place = arguments.output.display();
    let (photos, triangles) = (report.photos_posed, report.triangles);
    let kilobytes = report.size_bytes / 1000;
    let agreement = report.held_out_iou * 100.0;
    Text::new(
        format!(
            "{place}: {photos} ảnh, {triangles} tam giác, {kilobytes} kB; khớp {agreement:.1}% với ảnh để riêng"
        ),
        format!(
            "{place}: {photos} photos, {triangles} triangles, {kilobytes} kB; agrees with held-out photos by {agreement:.1}%"
        ),
    )
}
