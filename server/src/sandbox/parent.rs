use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use xoay_format::{Text, Watch};

use super::verdict::{self, Ended};
use super::{Confinement, JobLimits, Order, Said};
use crate::catalogue::{JobFailure, JobKind};
use crate::jobs::{Recipes, RunError};

/// Longest line that is read from a child.
const LINE_LIMIT_BYTES: u64 = 1024 * 1024;
/// Lines that wait to be read: a child that says more is slowed down.
const BACKLOG: usize = 256;
/// What is kept of a child's standard error, for the log.
const LAST_WORDS_BYTES: usize = 4096;
/// So long a child may take to stop when asked.
const STOP_WITHIN: Duration = Duration::from_secs(6);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Of the environment only this reaches a child: drivers and libraries are found by it, secrets are not in it.
const ENVIRONMENT: [&str; 7] = [
    "VK_", "LIBGL_", "MESA_", "GALLIUM_", "LP_", "ORT_", "RAYON_",
];
const ENVIRONMENT_EXACT: [&str; 5] = ["PATH", "LANG", "LD_LIBRARY_PATH", "RUST_BACKTRACE", "TZ"];

/// Recipes that run in a child process.
#[derive(Clone, Debug)]
pub(crate) struct Sandboxed {
    program: PathBuf,
    arguments: Vec<String>,
    limits: JobLimits,
}

impl Sandboxed {
    /// Children are `program` with `arguments`, which must call [`super::as_child`].
    pub(crate) fn new(program: PathBuf, arguments: Vec<String>, limits: JobLimits) -> Self {
        Self {
            program,
            arguments,
            limits,
        }
    }

    /// Starts a child for a job that cannot succeed, and says how it was confined; nothing where it cannot be started.
    pub(crate) fn probe(&self, scratch: &Path) -> Option<Confinement> {
        let absent = scratch.join("absent");
        let order = self.order(JobKind::Model, &absent, &absent, scratch);
        let running = Running::start(self, &order).ok()?;
        let deadline = Instant::now() + STOP_WITHIN;
        let confined = loop {
            match running.lines.recv_timeout(LOOK_EVERY) {
                Ok(Said::Confined(confinement)) => break Some(confinement),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) if Instant::now() < deadline => {}
                Err(_) => break None,
            }
        };
        drop(running);
        confined
    }

    fn order(&self, kind: JobKind, input: &Path, out: &Path, scratch: &Path) -> Order {
        Order {
            kind,
            input: input.to_path_buf(),
            out: out.to_path_buf(),
            scratch: scratch.to_path_buf(),
            limits: self.limits,
        }
    }
}

impl Recipes for Sandboxed {
    fn run(
        &self,
        kind: JobKind,
        input: &Path,
        out: &Path,
        watch: Watch<'_>,
    ) -> Result<(), RunError> {
        // Both lie in the attempt's scratch folder.
        let scratch = out.parent().unwrap_or(out);
        let order = self.order(kind, input, out, scratch);
        let mut running = Running::start(self, &order).map_err(|error| cannot_start(&error))?;
        let ended = running.follow(&self.limits, watch);
        let (status, last_words) = running.end();
        if !last_words.is_empty() {
            tracing::warn!(last_words, "a job's process wrote to its standard error");
        }
        match ended {
            Ok(result) => result,
            Err(ended) => {
                let status = status.map_err(|error| cannot_start(&error))?;
                tracing::warn!(%status, ?ended, "a job's process ended without a result");
                Err(verdict::of(status, ended, &last_words, &self.limits))
            }
        }
    }
}

fn cannot_start(error: &std::io::Error) -> RunError {
    tracing::error!(%error, "cannot run a job's process");
    RunError::Passing(JobFailure {
        code: "internal".into(),
        message: Text::new(
            "máy chủ không khởi động được tiến trình xử lý; tác vụ sẽ được thử lại",
            "the server cannot start a process for the job; it will be tried again",
        ),
    })
}

/// A child at work. It does not outlive this, nor do children of its own.
struct Running {
    child: Child,
    /// Its end tells the child to stop.
    order: Option<ChildStdin>,
    lines: Receiver<Said>,
    last_words: Option<JoinHandle<String>>,
}

impl Running {
    fn start(sandboxed: &Sandboxed, order: &Order) -> std::io::Result<Self> {
        let mut command = Command::new(&sandboxed.program);
        command
            .args(&sandboxed.arguments)
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| {
                let name = name.to_string_lossy();
                ENVIRONMENT_EXACT.contains(&&*name)
                    || ENVIRONMENT.iter().any(|p| name.starts_with(p))
            }))
            .env("TMPDIR", &order.scratch)
            .env("HOME", &order.scratch)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            // A group of its own: Ctrl+C in a terminal is the parent's, and the group can be ended whole.
            command.process_group(0);
        }
        let mut child = command.spawn()?;
        let (Some(mut stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(std::io::Error::other("a child without pipes"));
        };
        let (sender, lines) = sync_channel(BACKLOG);
        let reader = std::thread::Builder::new().name("job-lines".into());
        reader.spawn(move || read_lines(BufReader::new(stdout), &sender))?;
        let writer = std::thread::Builder::new().name("job-errors".into());
        let last_words = writer.spawn(move || read_last_words(stderr))?;
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        // One that died at once says so by its status.
        let _ = stdin.write_all(&line);
        Ok(Self {
            child,
            order: Some(stdin),
            lines,
            last_words: Some(last_words),
        })
    }

    /// Passes the child's news on until it ends; `Err` where it ended without saying how.
    fn follow(
        &mut self,
        limits: &JobLimits,
        watch: Watch<'_>,
    ) -> Result<Result<(), RunError>, Ended> {
        let started = Instant::now();
        let mut asked_to_stop = None;
        loop {
            match self.lines.recv_timeout(LOOK_EVERY) {
                Ok(Said::Progress(event)) => watch.tell(event),
                Ok(Said::Made) => return Ok(Ok(())),
                Ok(Said::Cancelled) => return Ok(Err(RunError::Cancelled)),
                Ok(Said::Failed(failure)) => return Ok(Err(RunError::Failed(failure))),
                Ok(Said::Confined(_)) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Ended::ByItself),
            }
            if watch.cancelled() && asked_to_stop.is_none() {
                asked_to_stop = Some(Instant::now());
                self.order = None;
            }
            if asked_to_stop.is_some_and(|at| at.elapsed() > STOP_WITHIN) {
                return Err(Ended::Deaf);
            }
            if started.elapsed() > limits.time {
                return Err(Ended::OutOfTime);
            }
        }
    }

    /// Ends the child, where it has not ended, and what it may have started; gives its status and last words.
    fn end(&mut self) -> (std::io::Result<std::process::ExitStatus>, String) {
        self.order = None;
        // One that has said its last line is given the time to go by itself.
        let deadline = Instant::now() + Duration::from_secs(1);
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.end_group();
        let status = self.child.wait();
        let last_words = self.last_words.take().and_then(|thread| thread.join().ok());
        (status, last_words.unwrap_or_default())
    }

    /// Gone already is as good.
    fn end_group(&mut self) {
        #[cfg(unix)]
        if let Ok(id) = i32::try_from(self.child.id()) {
            let _ = nix::sys::signal::killpg(
                nix::unistd::Pid::from_raw(id),
                nix::sys::signal::Signal::SIGKILL,
            );
        }
        let _ = self.child.kill();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end_group();
        let _ = self.child.wait();
    }
}

/// Reads what a child says until it ends, or says a line without end. What is no news of the job is a library's.
fn read_lines(mut from: impl BufRead, sender: &SyncSender<Said>) {
    let mut line = Vec::new();
    loop {
        line.clear();
        match from
            .by_ref()
            .take(LINE_LIMIT_BYTES)
            .read_until(b'\n', &mut line)
        {
            Ok(read) if read > 0 && line.ends_with(b"\n") => {}
            _ => return,
        }
        if let Ok(said) = serde_json::from_slice(&line)
            && sender.send(said).is_err()
        {
            return;
        }
    }
}

fn read_last_words(mut from: impl Read) -> String {
    let mut kept = VecDeque::with_capacity(LAST_WORDS_BYTES);
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        kept.extend(&buffer[..read]);
        kept.drain(..kept.len().saturating_sub(LAST_WORDS_BYTES));
    }
    String::from_utf8_lossy(kept.make_contiguous())
        .trim()
        .to_owned()
}
