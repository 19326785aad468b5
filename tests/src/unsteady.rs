use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::runtime::{Builder, Runtime};

/// Requests up to this size are carried; those of the tests are smaller.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// How a server behaves from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Every request is carried.
    Steady,
    /// One request in so many is refused before it has its effect, and as many after they had it.
    Erring {
        /// How many.
        one_in: u64,
    },
    /// Every request waits before it is carried.
    Slow {
        /// For so long.
        wait: Duration,
    },
}

/// What stands before an S3 server and makes it fail as real ones do: seeded, so that a run can be had again.
#[derive(Debug)]
pub struct UnsteadyServer {
    /// Its own address, without a slash at the end.
    pub url: String,
    address: SocketAddr,
    shared: Arc<Shared>,
    // Its end cuts every connection, and nobody answers any more.
    runtime: Option<Runtime>,
}

#[derive(Debug)]
struct Shared {
    target: String,
    client: reqwest::Client,
    mood: Mutex<(Mood, u64)>,
    counts: Counts,
}

/// What was done to requests so far.
#[derive(Debug, Default)]
pub struct Counts {
    /// Refused, without any effect.
    pub before: AtomicU64,
    /// Refused, although they had their effect.
    pub after: AtomicU64,
    /// Kept waiting.
    pub slowed: AtomicU64,
    /// Carried whole.
    pub carried: AtomicU64,
}

enum Fate {
    Carried,
    RefusedBefore,
    RefusedAfter,
    Slowed(Duration),
}

impl UnsteadyServer {
    /// Stands before `target`, steady at first.
    ///
    /// # Panics
    /// Where no loopback port is free.
    #[must_use]
    pub fn before(target: &str, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let mut server = Self {
            url: format!("http://{address}"),
            address,
            shared: Arc::new(Shared {
                target: target.to_owned(),
                client: reqwest::Client::new(),
                mood: Mutex::new((Mood::Steady, seed | 1)),
                counts: Counts::default(),
            }),
            runtime: None,
        };
        server.serve(listener);
        server
    }

    /// From now on it is in this mood.
    pub fn turn(&self, mood: Mood) {
        self.shared
            .mood
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .0 = mood;
    }

    /// Goes away: what is open is cut, and new connections are refused.
    pub fn leave(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
    }

    /// Is there again, at the same address.
    ///
    /// # Panics
    /// Where somebody else has taken the port.
    pub fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).expect("the port is still free");
        self.serve(listener);
    }

    /// What was done to requests so far.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.shared.counts
    }

    fn serve(&mut self, listener: TcpListener) {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime can be started");
        let app = Router::new()
            .fallback(carry)
            .with_state(self.shared.clone());
        listener
            .set_nonblocking(true)
            .expect("a socket can be polled");
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(listener, app).await
        });
        self.runtime = Some(runtime);
    }
}

impl Drop for UnsteadyServer {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Shared {
    /// What becomes of the next request.
    fn draw(&self) -> Fate {
        let mut held = self.mood.lock().unwrap_or_else(PoisonError::into_inner);
        let (mood, state) = &mut *held;
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        match *mood {
            Mood::Steady => Fate::Carried,
            Mood::Slow { wait } => Fate::Slowed(wait),
            Mood::Erring { one_in } => match *state % one_in {
                0 => Fate::RefusedBefore,
                1 => Fate::RefusedAfter,
                _ => Fate::Carried,
            },
        }
    }

    async fn forward(&self, parts: &Parts, body: Bytes) -> Response {
        let mut headers = parts.headers.clone();
        // The host stays: requests are signed with it.
        for own in [header::CONNECTION, header::CONTENT_LENGTH] {
            headers.remove(own);
        }
        let sent = self
            .client
            .request(
                parts.method.clone(),
                format!("{}{}", self.target, parts.uri),
            )
            .headers(headers)
            .body(body)
            .send()
            .await;
        let Ok(answer) = sent else {
            return StatusCode::BAD_GATEWAY.into_response();
        };
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        for own in [header::CONNECTION, header::TRANSFER_ENCODING] {
            headers.remove(own);
        }
        let Ok(bytes) = answer.bytes().await else {
            return StatusCode::BAD_GATEWAY.into_response();
        };
        let mut response = Response::new(Body::from(bytes));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

async fn carry(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let counts = &shared.counts;
    let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
    match shared.draw() {
        Fate::Carried => {
            count(&counts.carried);
            shared.forward(&parts, body).await
        }
        Fate::Slowed(wait) => {
            count(&counts.slowed);
            tokio::time::sleep(wait).await;
            shared.forward(&parts, body).await
        }
        Fate::RefusedBefore => {
            count(&counts.before);
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Fate::RefusedAfter => {
            count(&counts.after);
            let _ = shared.forward(&parts, body).await; // it had its effect; nobody is told
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
