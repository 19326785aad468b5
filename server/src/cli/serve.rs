//! `xoay serve`.

use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::signal;
use xoay::{JobLimits, KindLimits, OidcConfig, ServeConfig, WorkConfig, serve};
use xoay_format::Text;

use super::args::{ServeArguments, WorkArguments};
use super::exit::{Code, Failure};
use super::telemetry;
use super::terminal::Terminal;

/// Serves until the process is asked to stop.
pub fn run(arguments: ServeArguments, terminal: &Terminal) -> Result<(), Failure> {
    // Dropped last: the runtime's last spans go to the collector too.
    let _telemetry = telemetry::start(
        arguments.tell.log_json,
        arguments.tell.otlp_endpoint.as_ref(),
    )?;
    let mut config = ServeConfig::new(arguments.keep.data);
    config.database_url = arguments.keep.database;
    config.store_url = arguments.keep.store;
    config.listen = arguments.listen;
    config.public_url = arguments.public_url;
    config.token = arguments.token;
    config.oidc = arguments.oidc_issuer.map(|issuer| OidcConfig {
        issuer,
        client_id: arguments.oidc_client_id.unwrap_or_default(),
        client_secret: arguments.oidc_client_secret,
        roles: arguments.oidc_roles.unwrap_or_default(),
    });
    config.metrics_listen = arguments.metrics_listen;
    config.rate_limit = arguments.rate_limit;
    config.trusted_hops = arguments.trusted_hops as usize;
    config.cache_bytes = u64::from(arguments.cache) << 20;
    config.upload_lifetime = Duration::from_hours(u64::from(arguments.upload_hours));
    config.work = work_config(&arguments.work)?;
    let ready = |address| {
        terminal.done(
            &Text::new(
                format!("Xoay đang chạy tại http://{address} (dừng bằng Ctrl+C)"),
                format!("Xoay is running on http://{address} (stop with Ctrl+C)"),
            ),
            serde_json::json!({ "address": address }),
        );
    };
    let runtime = runtime()?;
    let served = runtime.block_on(serve(config, asked_to_stop(), ready));
    // A recipe on its own thread may be in the middle of a photo: its scratch files are swept at the next start.
    runtime.shutdown_background();
    served.map_err(|error| Failure {
        code: Code::Service,
        message: service_message(&error),
    })
}

/// How this process works on jobs: each in a process of its own.
pub fn work_config(arguments: &WorkArguments) -> Result<WorkConfig, Failure> {
    let program = std::env::current_exe().map_err(|error| {
        Failure::internal(Text::new(
            format!("không tìm thấy tệp chương trình của chính mình: {error}"),
            format!("this program does not find its own file: {error}"),
        ))
    })?;
    let places = |jobs: Option<u32>| jobs.map_or(usize::MAX, |jobs| jobs as usize);
    Ok(WorkConfig {
        workers: arguments.workers as usize,
        kinds: KindLimits {
            spin: places(arguments.spin_workers),
            model: places(arguments.model_workers),
        },
        sandbox: Some(program),
        job_limits: JobLimits {
            memory_bytes: u64::from(arguments.job_memory) << 20,
            time: Duration::from_secs(u64::from(arguments.job_time)),
            ..JobLimits::default()
        },
        ..WorkConfig::default()
    })
}

/// The runtime that the service and `publish` run on.
pub fn runtime() -> Result<Runtime, Failure> {
    Runtime::new().map_err(|error| {
        Failure::internal(Text::new(
            format!("không khởi động được bộ chạy bất đồng bộ: {error}"),
            format!("cannot start the asynchronous runtime: {error}"),
        ))
    })
}

/// The service's own words where it has them, else whatever the error says.
pub fn service_message(error: &anyhow::Error) -> Text {
    use xoay_format::Localize;

    match error.downcast_ref::<xoay::Error>() {
        Some(error) => error.text(),
        None => Text::new(format!("{error:#}"), format!("{error:#}")),
    }
}

/// Completes on Ctrl+C or, on Unix, a request to terminate.
pub async fn asked_to_stop() {
    let interrupt = async {
        // Without a handler the system's own ends the process; then nothing waits here either.
        let _ = signal::ctrl_c().await;
    };
    #[cfg(unix)]
    {
        let terminate = async {
            match signal::unix::signal(signal::unix::SignalKind::terminate()) {
                Ok(mut signals) => {
                    signals.recv().await;
                }
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            () = interrupt => {}
            () = terminate => {}
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}
