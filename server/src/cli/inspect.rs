//! `xoay inspect`.

use std::io::Write as _;

use serde_json::json;
use xoay_format::{Language, Text, Watch};
use xoay_pipeline::{
    CaptureOptions, Finding, InspectOptions, InspectOutcome, Severity, TurnShape, inspect,
};

use super::args::InspectArguments;
use super::exit::{Code, Failure};
use super::stop_on_signal;
use super::terminal::Terminal;

/// Where the capture guide stands in the repository and in the documentation.
const GUIDE: &str = "docs/capture.md";

/// Looks at the photos and lists what is wrong with them, the worst first. It fails, as with bad photos, where one
/// should be taken again.
pub fn run(arguments: &InspectArguments, terminal: &Terminal) -> Result<(), Failure> {
    let stop = stop_on_signal()?;
    let listener = |event| terminal.show(&event);
    let mut capture_options = CaptureOptions {
        rows: arguments.rows.clone(),
        ..CaptureOptions::default()
    };
    let mut options = InspectOptions {
        workers: arguments.workers,
        ..InspectOptions::default()
    };
    if let Some(megapixels) = arguments.max_photo {
        capture_options.limits.max_pixels = u64::from(megapixels) * 1_000_000;
    }
    if let Some(megabytes) = arguments.memory {
        options.memory_bytes = megabytes * 1_000_000;
    }
    if arguments.arc {
        options.shape = TurnShape::Arc;
    }
    options.limits = capture_options.limits;
    let watch = Watch::new(&listener, &stop);
    let outcome = inspect(&arguments.photos, &capture_options, &options, watch)?;
    if !terminal.is_json() {
        // A reader that has gone away is its own choice.
        let _ = std::io::stdout().write_all(list(&outcome, terminal.language()).as_bytes());
    }
    terminal.done(
        &sentence(&outcome, arguments),
        json!({ "photos": arguments.photos, "report": outcome }),
    );
    if outcome.report.is_severe() {
        let severe = count(&outcome, Severity::Severe);
        return Err(Failure {
            code: Code::BadInput,
            message: Text::new(
                format!("{severe} lỗi nặng: hãy chụp lại hoặc sắp xếp lại các ảnh đã nêu"),
                format!("{severe} severe finding(s): take again or put in order the photos named"),
            ),
        });
    }
    Ok(())
}

fn count(outcome: &InspectOutcome, severity: Severity) -> usize {
    let findings = outcome.report.findings.iter();
    findings
        .filter(|finding| finding.severity == severity && !finding.repaired)
        .count()
}

/// Every finding in a few lines: what, which photos, what to do, where it is explained.
fn list(outcome: &InspectOutcome, language: Language) -> String {
    let mut text = String::new();
    for (number, finding) in outcome.report.findings.iter().enumerate() {
        let paragraph = format!(
            "{}. {}: {}\n   {}\n   → {}\n   {GUIDE}{}\n",
            number + 1,
            weight(finding).get(language),
            finding.kind.title().get(language),
            finding.message.get(language),
            finding.remedy.get(language),
            finding.guide
        );
        text.push_str(&paragraph);
        text.push('\n');
    }
    text
}

fn weight(finding: &Finding) -> Text {
    if finding.repaired {
        return Text::new("đã xử lý", "put right");
    }
    match finding.severity {
        Severity::Severe => Text::new("nặng", "severe"),
        Severity::Warning => Text::new("nên sửa", "worth mending"),
        Severity::Notice => Text::new("lưu ý", "note"),
    }
}

fn sentence(outcome: &InspectOutcome, arguments: &InspectArguments) -> Text {
    let place = arguments.photos.display();
    let (photos, rows) = (outcome.photos, outcome.row_lengths.len());
    let findings = outcome.report.findings.len();
    if findings == 0 {
        return Text::new(
            format!("{place}: {photos} ảnh, {rows} hàng, không thấy lỗi nào"),
            format!("{place}: {photos} photos in {rows} rows, nothing found"),
        );
    }
    let severe = count(outcome, Severity::Severe);
    Text::new(
        format!(
            "{place}: {photos} ảnh, {rows} hàng, {findings} điều cần xem, trong đó {severe} lỗi nặng"
        ),
        format!(
            "{place}: {photos} photos in {rows} rows, {findings} findings, {severe} of them severe"
        ),
    )
}

#[cfg(test)]
mod tests {
    use xoay_pipeline::{FindingKind, QualityReport, Unit};

    use super::*;

    #[test]
    fn each_finding_names_photo_remedy_and_guide_in_the_readers_language() {
        let finding = Finding {
            kind: FindingKind::OutOfFocus,
            severity: Severity::Severe,
            photos: vec!["a.jpg".into()],
            values: vec![14.0],
            value: 14.0,
            threshold: 66.0,
            unit: Unit::Percent,
            message: Text::new("a.jpg mất nét", "a.jpg is out of focus"),
            remedy: Text::new("chụp lại", "take it again"),
            guide: "#focus".into(),
            repaired: false,
        };
        let outcome = InspectOutcome {
            photos: 36,
            row_lengths: vec![36],
            report: QualityReport {
                findings: vec![finding],
                rows: Vec::new(),
            },
        };
        assert_eq!(
            list(&outcome, Language::En),
            "1. severe: out of focus\n   a.jpg is out of focus\n   → take it again\n   docs/capture.md#focus\n\n"
        );
        assert!(list(&outcome, Language::Vi).contains("chụp lại"));
    }
}
