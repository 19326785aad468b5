use std::sync::Mutex;

use xoay_format::{ProgressEvent, Stage, Watch};

/// Counts the steps of one stage and tells them in order, from any thread.
pub(crate) struct Progress<'a> {
    watch: Watch<'a>,
    stage: Stage,
    total: u64,
    done: Mutex<u64>,
}

impl<'a> Progress<'a> {
    pub(crate) fn start(watch: Watch<'a>, stage: Stage, total: usize) -> Self {
        let total = total as u64;
        watch.tell(ProgressEvent::Started { stage, total });
        Self {
            watch,
            stage,
            total,
            done: Mutex::new(0),
        }
    }

    pub(crate) fn step(&self) {
        // Telling under the lock keeps the numbers rising for whoever listens.
        let mut done = self
            .done
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *done += 1;
        self.watch.tell(ProgressEvent::Advanced {
            stage: self.stage,
            done: *done,
            total: self.total,
        });
    }

    pub(crate) fn finish(self) {
        self.watch
            .tell(ProgressEvent::Finished { stage: self.stage });
    }
}
