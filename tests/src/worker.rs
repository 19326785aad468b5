use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::xoay;

/// A running `xoay worker`, ended by process id when dropped.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    log: PathBuf,
}

impl Worker {
    /// Starts a worker over `data`, with a last word about the command such as its environment, and waits until it takes
    /// jobs.
    ///
    /// # Panics
    /// Where it ends before that, showing its log.
    #[must_use]
    pub fn start(data: &Path, prepare: impl FnOnce(&mut Command)) -> Self {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let log = data.with_extension(format!("worker-{number}.log"));
        let output = File::create(&log).expect("a log can be made beside the data folder");
        let mut command = xoay();
        command
            .args(["worker", "--json", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(output);
        prepare(&mut command);
        let child = command.spawn().expect("a worker can be started");
        let mut worker = Self { child, log };
        // Only once it takes jobs does it know what to do when it is asked to stop. The pipe stays open.
        let mut ready = [0];
        let told = worker
            .child
            .stdout
            .as_mut()
            .map(|stdout| stdout.read_exact(&mut ready));
        assert!(
            matches!(told, Some(Ok(()))),
            "the worker ended at once:\n{}",
            worker.log()
        );
        worker
    }

    /// What it has written so far.
    #[must_use]
    pub fn log(&self) -> String {
        // What cannot be read is shown as nothing: the log only explains a failure that shows without it.
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Sends it a signal, such as `-STOP`.
    ///
    /// # Panics
    /// Where it is gone.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()), "kill works");
    }

    /// Asks it to stop and waits for its good end.
    ///
    /// # Panics
    /// Where it ends badly.
    pub fn stop(mut self) {
        self.signal("-TERM");
        let ended = self.child.wait().expect("its status can be asked");
        assert!(
            ended.success(),
            "asked to stop, it ends well:\n{}",
            self.log()
        );
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
