//! `xoay worker`.

use xoay::work;
use xoay_format::Text;

use super::args::WorkerArguments;
use super::exit::{Code, Failure};
use super::serve::{asked_to_stop, runtime, service_message, work_config};
use super::telemetry;
use super::terminal::Terminal;

/// Works on jobs until the process is asked to stop.
pub fn run(arguments: &WorkerArguments, terminal: &Terminal) -> Result<(), Failure> {
    let _telemetry = telemetry::start(
        arguments.tell.log_json,
        arguments.tell.otlp_endpoint.as_ref(),
    )?;
    let config = work_config(&arguments.work)?;
    let workers = config.workers;
    let ready = || {
        terminal.done(
            &Text::new(
                format!("đang nhận tác vụ, {workers} tác vụ cùng lúc (dừng bằng Ctrl+C)"),
                format!("taking jobs, {workers} at a time (stop with Ctrl+C)"),
            ),
            serde_json::json!({ "workers": workers }),
        );
    };
    let runtime = runtime()?;
    let worked = runtime.block_on(work(arguments.keep.kept(), config, asked_to_stop(), ready));
    runtime.shutdown_background();
    worked.map_err(|error| Failure {
        code: Code::Service,
        message: service_message(&error),
    })
}
