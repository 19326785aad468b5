use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use prost::Message;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// What one span says; identifiers in hexadecimal digits, empty where there is none.
#[derive(Clone, Debug)]
pub struct Told {
    /// The span's name.
    pub name: String,
    /// The trace that it is part of.
    pub trace: String,
    /// Itself.
    pub id: String,
    /// The span above it.
    pub parent: String,
    /// Whether its status is that of an error.
    pub failed: bool,
    /// What happened within it: the events' names.
    pub events: Vec<String>,
    /// Attributes, its own and the resource's, as text.
    pub attributes: HashMap<String, String>,
}

/// A stand-in for an OpenTelemetry collector on a loopback port of its own: OTLP over HTTP in protobuf.
#[derive(Debug)]
pub struct Collector {
    /// Its address, without a slash at the end.
    pub url: String,
    told: Arc<Mutex<Vec<Told>>>,
    // Its end ends the server.
    _runtime: Runtime,
}

impl Collector {
    /// Starts it.
    ///
    /// # Panics
    /// Where no loopback port is free.
    #[must_use]
    pub fn start() -> Self {
        let runtime = Runtime::new().expect("a runtime can be made");
        let told: Arc<Mutex<Vec<Told>>> = Arc::default();
        let app = Router::new()
            .route("/v1/traces", post(take))
            .with_state(told.clone());
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .expect("a loopback port is free");
        let url = format!(
            "http://{}",
            listener
                .local_addr()
                .expect("a bound socket has an address")
        );
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self {
            url,
            told,
            _runtime: runtime,
        }
    }

    /// The spans so far.
    #[must_use]
    pub fn told(&self) -> Vec<Told> {
        self.told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The first span that is `wanted`, once it has come.
    ///
    /// # Panics
    /// Where it does not come within a minute, with the names of those that did.
    #[must_use]
    pub fn wait_for(&self, wanted: impl Fn(&Told) -> bool) -> Told {
        let deadline = Instant::now() + Duration::from_mins(1);
        while Instant::now() < deadline {
            if let Some(told) = self.told().into_iter().find(&wanted) {
                return told;
            }
            sleep(Duration::from_millis(100));
        }
        let names: Vec<String> = self.told().into_iter().map(|told| told.name).collect();
        panic!("the span did not come; those that did: {names:?}");
    }
}

async fn take(State(told): State<Arc<Mutex<Vec<Told>>>>, body: Bytes) -> StatusCode {
    let Ok(request) = ExportTraceServiceRequest::decode(body) else {
        return StatusCode::BAD_REQUEST;
    };
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    for of_resource in request.resource_spans {
        let shared = of_resource.resource.map_or_else(Vec::new, |r| r.attributes);
        for span in of_resource.scope_spans.into_iter().flat_map(|s| s.spans) {
            told.push(Told {
                name: span.name,
                trace: digits(&span.trace_id),
                id: digits(&span.span_id),
                parent: digits(&span.parent_span_id),
                // 2 is STATUS_CODE_ERROR of trace.proto.
                failed: span.status.is_some_and(|status| status.code == 2),
                events: span.events.into_iter().map(|event| event.name).collect(),
                attributes: shared.iter().chain(&span.attributes).map(text).collect(),
            });
        }
    }
    StatusCode::OK
}

fn digits(id: &[u8]) -> String {
    id.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn text(attribute: &KeyValue) -> (String, String) {
    let value = match attribute.value.as_ref() {
        Some(AnyValue {
            value: Some(Value::StringValue(text)),
        }) => text.clone(),
        Some(AnyValue {
            value: Some(Value::IntValue(number)),
        }) => number.to_string(),
        other => format!("{other:?}"),
    };
    (attribute.key.clone(), value)
}
