//! Decoders of uploads run in a process of their own, which may do little: read system libraries, write its own scratch
//! folder, and use so much memory and time. A photo made to break a decoder ends one job and nothing else.
//!
//! The program executes itself ([`as_child`]); the child confines itself before it opens the first photo, with rlimits
//! everywhere on Unix, and with Landlock and seccomp on kernels that have them. What it says comes back over a pipe, a
//! JSON object a line, and is not believed further than that: limits on its length, and the result folder is checked as
//! any other before it is published.

mod child;
mod confine;
mod parent;
mod verdict;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use xoay_format::ProgressEvent;

pub use child::as_child;
pub use confine::{Confinement, confine};
pub(crate) use parent::Sandboxed;

use crate::catalogue::{JobFailure, JobKind};

/// How much one job may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLimits {
    /// Bytes of memory that it may address. Stacks and the allocator's reserves of its threads come on top.
    pub memory_bytes: u64,
    /// From its start to its end.
    pub time: Duration,
    /// Bytes of one file that it writes.
    pub file_bytes: u64,
    /// Files that it has open.
    pub open_files: u64,
}

impl Default for JobLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 4 << 30,
            time: Duration::from_hours(2),
            file_bytes: 4 << 30,
            open_files: 1024,
        }
    }
}

/// What the child is to do; the first line that it reads.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    kind: JobKind,
    /// The folder of photos or the model.
    input: PathBuf,
    /// The result's folder, made by the child.
    out: PathBuf,
    /// The one folder that it may write.
    scratch: PathBuf,
    limits: JobLimits,
}

/// What the child says, a line each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Said {
    /// How it is confined; first of all.
    Confined(Confinement),
    /// The pipeline's own news.
    Progress(ProgressEvent),
    /// The result is in its folder.
    Made,
    /// It was told to stop, and did.
    Cancelled,
    /// There is no result.
    Failed(JobFailure),
}

#[cfg(test)]
mod tests;
