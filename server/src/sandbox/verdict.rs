//! What the end of a child means for its job.

use std::process::ExitStatus;

use xoay_format::Text;

use super::JobLimits;
use crate::catalogue::JobFailure;
use crate::jobs::RunError;

/// Why the parent ended the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It did not.
    ByItself,
    /// Its time was over.
    OutOfTime,
    /// It did not stop when asked.
    Deaf,
}

/// The job's failure where the child said nothing of how it ended; `last_words` is the end of its standard error.
pub(super) fn of(
    status: ExitStatus,
    ended: Ended,
    last_words: &str,
    limits: &JobLimits,
) -> RunError {
    match ended {
        Ended::OutOfTime => return RunError::Failed(too_long(limits)),
        Ended::Deaf => return RunError::Cancelled,
        Ended::ByItself => {}
    }
    let signal = signal_of(status);
    // Rust's allocator says so before it aborts; C++ throws, and nobody catches.
    let out_of_memory =
        last_words.contains("memory allocation of") || last_words.contains("bad_alloc");
    match signal {
        _ if out_of_memory => RunError::Failed(too_much_memory(limits)),
        Some(libc::SIGXCPU) => RunError::Failed(too_long(limits)),
        Some(libc::SIGXFSZ) => RunError::Failed(failure(
            "limit",
            format!("một tệp kết quả vượt quá {} MB; hãy dùng ảnh nhỏ hơn", limits.file_bytes >> 20),
            format!("a result file exceeds {} MB; use smaller photos", limits.file_bytes >> 20),
        )),
        // The system's own end of those that take too much memory, or an operator: another attempt may do better.
        Some(libc::SIGKILL) => RunError::Passing(failure(
            "internal",
            "tiến trình xử lý bị hệ thống dừng (có thể máy thiếu bộ nhớ); tác vụ sẽ được thử lại".into(),
            "the system ended the job's process (the machine may lack memory); the job will be tried again".into(),
        )),
        Some(_) => RunError::Failed(failure(
            "crashed",
            "một ảnh hoặc mô hình làm bộ giải mã hỏng giữa chừng, nên chỉ tác vụ này dừng lại; hãy chạy `xoay inspect` \
             để tìm tệp đó, xuất lại hoặc xóa tệp rồi chạy lại"
                .into(),
            "a photo or the model made its decoder crash, which ended this job alone; find the file with `xoay inspect`, \
             export it again or delete it, then start the job again"
                .into(),
        )),
        None => RunError::Failed(failure(
            "internal",
            "tiến trình xử lý dừng mà không báo kết quả; hãy xem nhật ký của máy chủ rồi chạy lại".into(),
            "the job's process ended without a result; look into the server's log, then start it again".into(),
        )),
    }
}

/// How the job failed for want of memory.
fn too_much_memory(limits: &JobLimits) -> JobFailure {
    let mb = limits.memory_bytes >> 20;
    failure(
        "limit",
        format!(
            "tác vụ cần hơn {mb} MB bộ nhớ, mức cho phép; hãy dùng ảnh nhỏ hơn, hoặc tăng --job-memory"
        ),
        format!(
            "the job needs more than its {mb} MB of memory; use smaller photos, or raise --job-memory"
        ),
    )
}

fn too_long(limits: &JobLimits) -> JobFailure {
    let seconds = limits.time.as_secs();
    failure(
        "limit",
        format!(
            "tác vụ chạy quá {seconds} giây, mức cho phép; hãy dùng ít ảnh hơn hoặc ảnh nhỏ hơn, hoặc tăng --job-time"
        ),
        format!(
            "the job ran longer than its {seconds} seconds; use fewer or smaller photos, or raise --job-time"
        ),
    )
}

fn failure(code: &str, vi: String, en: String) -> JobFailure {
    JobFailure {
        code: code.into(),
        message: Text::new(vi, en),
    }
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal_of(_: ExitStatus) -> Option<i32> {
    None
}
