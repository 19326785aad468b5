//! Points at which a process may die, so that tests can make it die there.

/// Every point, in the order in which an upload and a job pass them.
pub const POINTS: [&str; 13] = [
    // an upload in pieces
    "upload-part-stored",
    "upload-advanced",
    "upload-joined",
    "upload-original-stored",
    "upload-row-written",
    "upload-finished",
    // an upload at once
    "put-original-stored",
    // a job
    "job-claimed",
    "job-input-copied",
    "job-made",
    "job-objects-stored",
    "job-durable",
    "job-completed",
];

/// Ends the process as a power cut would, where `XOAY_CRASH_AT` names this point; only in builds with debug assertions.
#[cfg(debug_assertions)]
pub(crate) fn point(name: &str) {
    debug_assert!(POINTS.contains(&name), "{name} is no point");
    if std::env::var_os("XOAY_CRASH_AT").is_some_and(|at| at == name) {
        // Neither destructors nor buffers: what is not in the system's hands is gone.
        std::process::abort();
    }
}

#[cfg(not(debug_assertions))]
pub(crate) const fn point(_: &str) {}
