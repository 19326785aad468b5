//! `xoay upload`: a folder of photos, and a model, to a service; in pieces, so that nothing is sent twice.

mod client;
mod files;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use xoay_format::Text;

use self::client::{Client, Outcome};
use self::files::Found;
use super::args::UploadArguments;
use super::exit::{Code, Failure};
use super::serve::runtime;
use super::stop_on_signal;
use super::terminal::Terminal;

/// How often the bar moves.
const DRAW_EVERY: Duration = Duration::from_millis(200);

/// What became of all files.
#[derive(Default)]
struct Tally {
    sent: Vec<String>,
    there: Vec<String>,
    refused: Vec<(String, Text)>,
}

/// Sends what the folder holds and says what became of it.
pub fn run(arguments: &UploadArguments, terminal: &Terminal) -> Result<(), Failure> {
    let stop = stop_on_signal()?;
    let found = files::find(&arguments.folder)?;
    let total_bytes = found.iter().map(|file| file.size_bytes).sum();
    let done_bytes = Arc::new(AtomicU64::new(0));
    let client = Client::new(
        arguments,
        terminal.language(),
        stop.clone(),
        done_bytes.clone(),
    )?;
    let bar = terminal.byte_bar(&Text::new("Đang tải lên", "Uploading"), total_bytes);
    let runtime = runtime()?;
    let tally = runtime.block_on(async {
        let sending = send_all(client, found, arguments.parallel as usize);
        tokio::pin!(sending);
        let mut tick = tokio::time::interval(DRAW_EVERY);
        loop {
            tokio::select! {
                tally = &mut sending => break tally,
                _ = tick.tick() => bar.set_position(done_bytes.load(Ordering::Relaxed)),
            }
        }
    });
    bar.finish_and_clear();
    runtime.shutdown_background();
    report(&tally?, &stop, terminal)
}

async fn send_all(client: Client, found: Vec<Found>, parallel: usize) -> Result<Tally, Failure> {
    let known = client.known().await?;
    let client = Arc::new(client);
    let known = Arc::new(known);
    let queue = Arc::new(Mutex::new(VecDeque::from(found)));
    let mut senders: JoinSet<Result<Vec<(String, Outcome)>, Failure>> = JoinSet::new();
    for _ in 0..parallel {
        let (client, known, queue) = (client.clone(), known.clone(), queue.clone());
        senders.spawn(async move {
            let mut outcomes = Vec::new();
            loop {
                let next = queue
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .pop_front();
                let Some(file) = next else {
                    return Ok(outcomes);
                };
                if client.stopped() {
                    return Ok(outcomes);
                }
                let outcome = client.send(&file, &known).await?;
                outcomes.push((file.name, outcome));
            }
        });
    }
    let mut tally = Tally::default();
    while let Some(ended) = senders.join_next().await {
        let outcomes = ended.map_err(|error| {
            Failure::internal(Text::new(
                format!("việc tải lên dừng đột ngột: {error}"),
                format!("an upload ended unexpectedly: {error}"),
            ))
        })??;
        for (name, outcome) in outcomes {
            match outcome {
                Outcome::Sent => tally.sent.push(name),
                Outcome::There => tally.there.push(name),
                Outcome::Refused(reason) => tally.refused.push((name, reason)),
                Outcome::Stopped => {}
            }
        }
    }
    Ok(tally)
}

fn report(tally: &Tally, stop: &AtomicBool, terminal: &Terminal) -> Result<(), Failure> {
    let (sent, there) = (tally.sent.len(), tally.there.len());
    if stop.load(Ordering::Relaxed) {
        return Err(Failure {
            code: Code::Cancelled,
            message: Text::new(
                format!(
                    "đã dừng theo yêu cầu, {sent} tệp vừa tải lên; chạy lại lệnh này để gửi tiếp từ chỗ dừng"
                ),
                format!(
                    "stopped on request after {sent} files; the same command goes on from there"
                ),
            ),
        });
    }
    if !tally.refused.is_empty() {
        let list = |reason: fn(&Text) -> &String| {
            let lines: Vec<_> = tally
                .refused
                .iter()
                .map(|(name, text)| format!("\n  {name}: {}", reason(text)))
                .collect();
            lines.concat()
        };
        let count = tally.refused.len();
        return Err(Failure {
            code: Code::BadInput,
            message: Text::new(
                format!(
                    "{count} tệp bị từ chối, các tệp khác đã tải lên:{}",
                    list(|text| &text.vi)
                ),
                format!(
                    "{count} files were refused, the others are uploaded:{}",
                    list(|text| &text.en)
                ),
            ),
        });
    }
    terminal.done(
        &Text::new(
            format!("đã tải lên {sent} tệp; {there} tệp đã có sẵn"),
            format!("{sent} files uploaded; {there} were there already"),
        ),
        serde_json::json!({ "sent": tally.sent, "alreadyThere": tally.there }),
    );
    Ok(())
}
