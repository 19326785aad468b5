//! `xoay mat`.

use serde_json::json;
use xoay_format::Text;
use xoay_pipeline::{Paper, mat_pdf, write_whole};

use super::args::{MatArguments, PaperArgument};
use super::exit::Failure;
use super::terminal::Terminal;

/// Writes the mat to print and says how.
pub fn run(arguments: &MatArguments, terminal: &Terminal) -> Result<(), Failure> {
    let (paper, name) = match arguments.paper {
        Some(PaperArgument::A3) => (Paper::A3, "A3"),
        Some(PaperArgument::A4) | None => (Paper::A4, "A4"),
    };
    let bytes = mat_pdf(paper);
    write_whole(&arguments.output, &bytes)?;
    let place = arguments.output.display();
    terminal.done(
        &Text::new(
            format!("{place}: in trên giấy {name} ở 100%, rồi đo vạch 100 mm để kiểm tra"),
            format!("{place}: print it on {name} at 100%, then measure the 100 mm bar"),
        ),
        json!({ "output": arguments.output, "paper": name, "bytes": bytes.len() }),
    );
    Ok(())
}
