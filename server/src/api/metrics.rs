//! Figures of this process in Prometheus' text format, served on an address of their own.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::App;

/// Upper bounds of the durations' classes in seconds.
const BOUNDS_S: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

/// Counts requests. Labels are routes, not paths: there are as many as the program has.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<Labels, Durations>>,
    /// Requests that are being answered.
    open: AtomicU64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Labels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Default)]
struct Durations {
    counts: [u64; BOUNDS_S.len()],
    count: u64,
    sum_s: f64,
}

impl Metrics {
    /// Notes that a request came; it is over when the result is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Open {
        self.open.fetch_add(1, Ordering::Relaxed);
        Open(self.clone())
    }

    /// Notes a request that was answered.
    pub(super) fn answered(&self, method: &Method, route: &str, status: u16, took: Duration) {
        let labels = Labels {
            method: known(method),
            route: route.to_owned(),
            status,
        };
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let durations = requests.entry(labels).or_default();
        let took_s = took.as_secs_f64();
        durations.count += 1;
        durations.sum_s += took_s;
        for (count, bound) in durations.counts.iter_mut().zip(BOUNDS_S) {
            *count += u64::from(took_s <= bound);
        }
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        writeln!(
            text,
            "# HELP xoay_http_requests_open Requests that are being answered."
        )?;
        writeln!(text, "# TYPE xoay_http_requests_open gauge")?;
        writeln!(
            text,
            "xoay_http_requests_open {}",
            self.open.load(Ordering::Relaxed)
        )?;
        let name = "xoay_http_request_duration_seconds";
        writeln!(
            text,
            "# HELP {name} Time from a request's head to its answer's."
        )?;
        writeln!(text, "# TYPE {name} histogram")?;
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        for (
            Labels {
                method,
                route,
                status,
            },
            durations,
        ) in &*requests
        {
            let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
            for (count, bound) in durations.counts.iter().zip(BOUNDS_S) {
                writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}")?;
            }
            writeln!(
                text,
                "{name}_bucket{{{labels},le=\"+Inf\"}} {}",
                durations.count
            )?;
            writeln!(text, "{name}_sum{{{labels}}} {}", durations.sum_s)?;
            writeln!(text, "{name}_count{{{labels}}} {}", durations.count)?;
        }
        Ok(())
    }
}

/// A request that is being answered.
pub(super) struct Open(Arc<Metrics>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A client may make up methods: those are one.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The routes of the address that only operators reach.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new().route("/metrics", get(serve)).with_state(app)
}

async fn serve(State(app): State<Arc<App>>) -> Response {
    let mut text = String::new();
    if app
        .metrics
        .write(&mut text)
        .and_then(|()| gauges(&app, &mut text))
        .is_err()
    {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response(); // a String takes whatever is written
    }
    match app.dead.job_counts().await {
        Ok(counts) => {
            text += "# HELP xoay_jobs Jobs by kind and state.\n# TYPE xoay_jobs gauge\n";
            for (kind, state, count) in counts {
                let (kind, state) = (kind.name(), state.name());
                // A String takes whatever is written.
                let _ = writeln!(
                    text,
                    "xoay_jobs{{kind=\"{kind}\",state=\"{state}\"}} {count}"
                );
            }
        }
        Err(error) => tracing::warn!(%error, "cannot count jobs"),
    }
    let media = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, media)], text).into_response()
}

fn gauges(app: &App, text: &mut String) -> std::fmt::Result {
    let mut gauge = |name: &str, help: &str, kind: &str, value: String| {
        writeln!(
            text,
            "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}"
        )
    };
    gauge(
        "xoay_hot_objects",
        "Objects kept in memory.",
        "gauge",
        app.hot.entry_count().to_string(),
    )?;
    gauge(
        "xoay_hot_bytes",
        "Bytes of objects kept in memory.",
        "gauge",
        app.hot.weighted_size().to_string(),
    )?;
    #[cfg(unix)]
    {
        use nix::sys::resource::{UsageWho, getrusage};

        if let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) {
            let seconds =
                |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
            let cpu_s = seconds(usage.user_time()) + seconds(usage.system_time());
            gauge(
                "process_cpu_seconds_total",
                "Processor time.",
                "counter",
                cpu_s.to_string(),
            )?;
        }
    }
    // Pages, of which the second number counts those in memory.
    let resident = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|statm| statm.split(' ').nth(1)?.parse::<u64>().ok());
    if let Some(pages) = resident {
        gauge(
            "process_resident_memory_bytes",
            "Memory in use.",
            "gauge",
            (pages * 4096).to_string(),
        )?;
    }
    let version = env!("CARGO_PKG_VERSION");
    writeln!(
        text,
        "# HELP xoay_build_info This program.\n# TYPE xoay_build_info gauge"
    )?;
    writeln!(text, "xoay_build_info{{version=\"{version}\"}} 1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_fall_into_every_class_above_them() {
        let metrics = Arc::new(Metrics::default());
        let open = metrics.begin();
        let made_up = Method::from_bytes(b"MADEUP").unwrap();
        metrics.answered(
            &Method::GET,
            "/objects/{name}",
            200,
            Duration::from_millis(3),
        );
        metrics.answered(&Method::GET, "/objects/{name}", 200, Duration::from_mins(1));
        metrics.answered(&made_up, "/objects/{name}", 405, Duration::ZERO);
        let mut text = String::new();
        metrics.write(&mut text).unwrap();
        let labels = "method=\"GET\",route=\"/objects/{name}\",status=\"200\"";
        for line in [
            format!("xoay_http_request_duration_seconds_bucket{{{labels},le=\"0.0025\"}} 0"),
            format!("xoay_http_request_duration_seconds_bucket{{{labels},le=\"0.005\"}} 1"),
            format!("xoay_http_request_duration_seconds_bucket{{{labels},le=\"30\"}} 1"),
            format!("xoay_http_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}} 2"),
            format!("xoay_http_request_duration_seconds_count{{{labels}}} 2"),
            "xoay_http_requests_open 1".to_owned(),
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} is not in\n{text}"
            );
        }
        assert!(text.contains("method=\"other\"") && !text.contains("MADEUP"));
        drop(open);
        assert_eq!(metrics.open.load(Ordering::Relaxed), 0);
    }
}
