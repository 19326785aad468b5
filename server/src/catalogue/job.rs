use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use xoay_format::{ModelManifest, ProgressEvent, SpinManifest, Stage, Text};

use super::{CaptureId, JobId, LeaseToken, ProductId};

/// What a job makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobKind {
    /// A spin from the product's photos.
    Spin,
    /// A small model: from the photos of the capture that the job names, else from the uploaded one.
    Model,
}

impl JobKind {
    /// Both, in the order of their numbers.
    pub const ALL: [Self; 2] = [Self::Spin, Self::Model];

    /// Its name in the database and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spin => "spin",
            Self::Model => "model",
        }
    }
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// It waits for a worker.
    Queued,
    /// A worker holds it.
    Running,
    /// It has a result.
    Done,
    /// It ended without one.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

impl JobState {
    /// All, in the order of a job's life.
    pub const ALL: [Self; 5] = [
        Self::Queued,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Its name in the database and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the job will change no more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The product that it works for.
    pub product_id: ProductId,
    /// The capture that it is made from; nothing for a model from the uploaded one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture_id: Option<CaptureId>,
    /// What it makes.
    pub kind: JobKind,
    /// Where it stands.
    pub state: JobState,
    /// How often a worker has taken it.
    pub attempts: u32,
    /// Whether somebody asked it to stop.
    pub cancel_requested: bool,
    /// How far it is.
    pub progress: Progress,
    /// Why the last attempt ended without a result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<JobFailure>,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When a worker first took it.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub started_at: Option<OffsetDateTime>,
    /// When it ended.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub finished_at: Option<OffsetDateTime>,
}

/// How far a job is, summed up for those who join late.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Progress {
    /// The stage it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// What to call the stage in front of people.
    pub title: Text,
    /// Steps of the stage that are finished.
    pub done: u64,
    /// Steps of the stage in all.
    pub total: u64,
    /// What was imperfect so far.
    pub warnings: Vec<Text>,
}

/// Warnings kept of one job; what exceeds them is in the log.
const WARNING_LIMIT: usize = 200;

impl Progress {
    /// Takes in one event of the pipeline.
    pub fn take_in(&mut self, event: &ProgressEvent) {
        match event {
            ProgressEvent::Started { stage, total } => self.at(*stage, 0, *total),
            ProgressEvent::Advanced { stage, done, total } => self.at(*stage, *done, *total),
            ProgressEvent::Finished { stage } => {
                if self.stage == Some(*stage) {
                    self.done = self.total;
                }
            }
            ProgressEvent::Warning { message } => {
                if self.warnings.len() < WARNING_LIMIT {
                    self.warnings.push(message.clone());
                }
            }
        }
    }

    fn at(&mut self, stage: Stage, done: u64, total: u64) {
        self.stage = Some(stage);
        self.title = stage.title();
        self.done = done;
        self.total = total;
    }
}

/// Why a job has no result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobFailure {
    /// A stable word for programs: `bad-input`, `limit`, `no-space`, `crashed`, `internal`, `abandoned`.
    pub code: String,
    /// What was wrong and what to do.
    pub message: Text,
}

/// What a job made; its addresses are names of objects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Produced {
    /// A spin.
    Spin(MadeSpin),
    /// A model.
    Model(MadeModel),
}

/// A spin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MadeSpin {
    /// What the viewer reads.
    #[serde(flatten)]
    pub manifest: SpinManifest,
    /// The object that holds its report, which says how each frame was cut from its photo; spins of old have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
}

/// A model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MadeModel {
    /// What the viewer reads.
    #[serde(flatten)]
    pub manifest: ModelManifest,
    /// The spin of the photos that it was made from, as it was then, with each frame's camera.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracked: Option<Box<SpinManifest>>,
}

impl MadeModel {
    /// The spin with the cameras that were found with this model, where they are those of its very frames: a spin that was
    /// made anew has other ones, unless it came out the same to the last byte.
    #[must_use]
    pub fn track(&self, spin: SpinManifest) -> SpinManifest {
        let sources = |spin: &SpinManifest| -> Vec<String> {
            spin.frames.iter().map(|f| f.source.clone()).collect()
        };
        match &self.tracked {
            Some(tracked)
                if tracked.renditions == spin.renditions && sources(tracked) == sources(&spin) =>
            {
                SpinManifest {
                    direction: tracked.direction,
                    rows: tracked.rows.clone(),
                    frames: tracked.frames.clone(),
                    ..spin
                }
            }
            _ => spin,
        }
    }
}

/// A job in a worker's hands.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The job as it was when taken.
    pub job: Job,
    /// The proof of holding it.
    pub token: LeaseToken,
}

/// What a heartbeat learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// Carry on.
    Held,
    /// Somebody wants the job stopped.
    Cancelled,
    /// Another worker has it, or it ended: stop and write nothing.
    Lost,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_sums_up_the_events() {
        let mut progress = Progress::default();
        for event in [
            ProgressEvent::Started {
                stage: Stage::Encode,
                total: 4,
            },
            ProgressEvent::Advanced {
                stage: Stage::Encode,
                done: 3,
                total: 4,
            },
            ProgressEvent::Warning {
                message: Text::new("mờ", "blurred"),
            },
        ] {
            progress.take_in(&event);
        }
        assert_eq!((progress.done, progress.total), (3, 4));
        assert_eq!(progress.title, Stage::Encode.title());
        assert_eq!(progress.warnings.len(), 1);
        progress.take_in(&ProgressEvent::Finished {
            stage: Stage::Encode,
        });
        assert_eq!(progress.done, 4);
    }

    #[test]
    fn an_empty_object_is_no_progress() {
        let read: Progress = serde_json::from_str("{}").unwrap();
        assert_eq!(read, Progress::default());
    }
}
