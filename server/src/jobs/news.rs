use tokio::sync::{Notify, broadcast};
use xoay_format::ProgressEvent;

use crate::catalogue::JobId;

/// News kept for a listener that is slow; one that falls further behind asks the database instead.
const BACKLOG: usize = 1024;

/// What happens to jobs in this process, for those who listen now. The database has what lasts.
#[derive(Debug)]
pub(crate) struct Newsroom {
    sender: broadcast::Sender<(JobId, News)>,
    queued: Notify,
}

/// One piece of news.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// The pipeline said something.
    Progress(ProgressEvent),
    /// The job's state changed: ask the database.
    Changed,
}

impl Newsroom {
    pub(crate) fn new() -> Self {
        Self {
            sender: broadcast::channel(BACKLOG).0,
            queued: Notify::new(),
        }
    }

    pub(crate) fn tell(&self, job: JobId, news: News) {
        // Nobody listening is no error.
        let _ = self.sender.send((job, news));
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<(JobId, News)> {
        self.sender.subscribe()
    }

    /// Wakes a worker: a job waits.
    pub(crate) fn job_queued(&self) {
        self.queued.notify_one();
    }

    /// Returns once a job was queued in this process.
    pub(crate) async fn next_queued(&self) {
        self.queued.notified().await;
    }
}
