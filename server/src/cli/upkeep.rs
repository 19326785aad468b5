//! `xoay verify` and `xoay backup`.

use std::time::Duration;

use serde_json::json;
use xoay::Verified;
use xoay_format::Text;

use super::args::{BackupArguments, VerifyArguments};
use super::exit::{Code, Failure};
use super::serve::{runtime, service_message};
use super::terminal::Terminal;

/// Checks every byte, and collects what nothing names where that is asked for.
pub fn verify(arguments: &VerifyArguments, terminal: &Terminal) -> Result<(), Failure> {
    let kept = arguments.keep.kept();
    let spinner = terminal.counter(&Text::new("Đang đối chiếu", "Verifying"));
    let runtime = runtime()?;
    let verified = runtime
        .block_on(xoay::verify(kept, |read| spinner.set_position(read)))
        .map_err(|error| failed(&error));
    spinner.finish_and_clear();
    let verified = verified?;
    if !verified.is_sound() {
        return Err(named(&verified));
    }
    let mut result = json!({
        "sound": verified.sound,
        "soundBytes": verified.sound_bytes,
        "orphans": verified.orphans,
        "orphanBytes": verified.orphan_bytes,
    });
    let mut sentence = Text::new(
        format!(
            "{} đối tượng nguyên vẹn ({} MB); {} không còn ai dùng ({} MB)",
            verified.sound,
            verified.sound_bytes >> 20,
            verified.orphans,
            verified.orphan_bytes >> 20
        ),
        format!(
            "{} objects are sound ({} MB); nothing names {} of them ({} MB)",
            verified.sound,
            verified.sound_bytes >> 20,
            verified.orphans,
            verified.orphan_bytes >> 20
        ),
    );
    if arguments.collect {
        let grace = Duration::from_secs(u64::from(arguments.grace) * 3600);
        let collected = runtime
            .block_on(xoay::collect(kept, grace))
            .map_err(|error| failed(&error))?;
        let (trashed, restored, purged) = (collected.trashed, collected.restored, collected.purged);
        result["collected"] = json!({ "trashed": trashed, "restored": restored, "purged": purged });
        sentence = Text::new(
            format!(
                "{}; chuyển {trashed} vào thùng rác, trả lại {restored}, xóa hẳn {purged}",
                sentence.vi
            ),
            format!(
                "{}; {trashed} moved to the trash, {restored} put back, {purged} removed for good",
                sentence.en
            ),
        );
    }
    terminal.done(&sentence, result);
    Ok(())
}

fn named(verified: &Verified) -> Failure {
    let texts: Vec<Text> = verified.faults.iter().map(xoay::Fault::text).collect();
    let lines = |of: fn(&Text) -> &str| {
        let lines: Vec<String> = texts
            .iter()
            .map(|text| format!("\n  {}", of(text)))
            .collect();
        lines.concat()
    };
    let (vi, en) = (lines(|text| &text.vi), lines(|text| &text.en));
    let count = verified.fault_count;
    Failure {
        code: Code::BadInput,
        message: Text::new(
            format!("{count} chỗ sai, không dọn gì cả:{vi}"),
            format!("{count} things are wrong, nothing was collected:{en}"),
        ),
    }
}

/// Copies the whole away.
pub fn backup(arguments: &BackupArguments, terminal: &Terminal) -> Result<(), Failure> {
    let kept = arguments.keep.kept();
    let done = runtime()?
        .block_on(xoay::backup(kept, &arguments.to))
        .map_err(|error| failed(&error))?;
    terminal.done(
        &Text::new(
            format!(
                "đã sao lưu: {} đối tượng mới ({} MB), {} đã có",
                done.copied,
                done.copied_bytes >> 20,
                done.there
            ),
            format!(
                "backed up: {} new objects ({} MB), {} were there",
                done.copied,
                done.copied_bytes >> 20,
                done.there
            ),
        ),
        json!({ "copied": done.copied, "copiedBytes": done.copied_bytes, "there": done.there }),
    );
    Ok(())
}

fn failed(error: &anyhow::Error) -> Failure {
    Failure {
        code: Code::Service,
        message: service_message(error),
    }
}
