use std::io::{BufRead, BufReader, Read, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use xoay_format::{ProgressEvent, Watch};

use super::{Order, Said, confine};
use crate::jobs::{Pipeline, Recipes, RunError};

/// The order's own limit: paths and numbers.
const ORDER_LIMIT_BYTES: u64 = 64 * 1024;

/// Does one job as its parent orders on standard input, and tells it on standard output; the whole life of the process.
///
/// The end of standard input means that the job is to stop: its parent wants it, or is gone.
#[must_use]
pub fn as_child() -> ExitCode {
    match work(&mut std::io::stdin().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn work(input: &mut impl BufRead) -> std::io::Result<()> {
    let mut line = String::new();
    input.take(ORDER_LIMIT_BYTES).read_line(&mut line)?;
    let order: Order = serde_json::from_str(&line)?;
    say(&Said::Confined(confine(&order.scratch, &order.limits)?))?;
    let cancel = Arc::new(AtomicBool::new(false));
    let raised = cancel.clone();
    std::thread::Builder::new()
        .name("stop".into())
        .spawn(move || {
            // Nothing more is ordered: what comes is the end.
            let mut rest = BufReader::new(std::io::stdin());
            let _ = rest.read_until(0, &mut Vec::new());
            raised.store(true, Ordering::Relaxed);
        })?;
    let broken = Mutex::new(None);
    let listener = |event: ProgressEvent| {
        if let Err(error) = say(&Said::Progress(event)) {
            // Nobody listens any more.
            cancel.store(true, Ordering::Relaxed);
            *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    };
    let ended = Pipeline.run(
        order.kind,
        &order.input,
        &order.out,
        Watch::new(&listener, &cancel),
    );
    say(&match ended {
        Ok(()) => Said::Made,
        Err(RunError::Cancelled) => Said::Cancelled,
        Err(RunError::Failed(failure) | RunError::Passing(failure)) => Said::Failed(failure),
    })
}

fn say(said: &Said) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(said)?;
    line.push(b'\n');
    let mut out = std::io::stdout().lock();
    out.write_all(&line)?;
    out.flush()
}
