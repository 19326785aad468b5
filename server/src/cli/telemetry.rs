//! What a service tells of itself while it runs: lines of a log, and traces for an OpenTelemetry collector.

use std::io::IsTerminal;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};
use url::Url;
use xoay_format::Text;

use super::exit::{Code, Failure};

/// How long the last traces may take at the end.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Sends what is left to the collector when it is dropped, which must not happen on a thread of the runtime.
#[must_use]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

/// Starts the log on standard error and, with the address of a collector, the traces: `OTLP` over HTTP, in batches, from a
/// thread of its own. `OTEL_…` variables name the service, add headers and choose a sampler, as the specification has them.
pub fn start(json: bool, collector: Option<&Url>) -> Result<Telemetry, Failure> {
    let traces = collector.map(provider).transpose()?;
    let spans = traces.as_ref().map(|provider| {
        let wanted = Targets::new()
            .with_target(xoay::TRACES, Level::DEBUG)
            .with_target("sqlx::query", Level::DEBUG)
            .with_target("xoay", Level::WARN);
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("xoay"))
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(wanted)
    });
    let filter = EnvFilter::try_from_env("XOAY_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,xoay=info,tower_http=info"));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if json {
        lines.json().with_filter(filter).boxed()
    } else {
        lines.with_filter(filter).boxed()
    };
    tracing_subscriber::registry()
        .with(lines)
        .with(spans)
        .init();
    Ok(Telemetry { traces })
}

fn provider(collector: &Url) -> Result<SdkTracerProvider, Failure> {
    let wrong = |reason: String| Failure {
        code: Code::Usage,
        message: Text::new(
            format!("--otlp-endpoint: không gửi được vết tới {collector}: {reason}"),
            format!("--otlp-endpoint: traces cannot be sent to {collector}: {reason}"),
        ),
    };
    if !matches!(collector.scheme(), "http" | "https") {
        return Err(wrong("http:// or https:// is expected".into()));
    }
    // The address is the base of all signals' addresses: OpenTelemetry protocol exporter, "Endpoint URLs for OTLP/HTTP".
    let endpoint = format!("{}/v1/traces", collector.as_str().trim_end_matches('/'));
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(endpoint)
        .build()
        .map_err(|error| wrong(error.to_string()))?;
    let mut resource = Resource::builder()
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name("xoay");
    }
    Ok(SdkTracerProvider::builder()
        .with_resource(resource.build())
        .with_batch_exporter(exporter)
        .build())
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = &self.traces
            && let Err(error) = traces.shutdown_with_timeout(LAST_WORDS)
        {
            tracing::warn!(%error, "the last traces did not reach the collector");
        }
    }
}
