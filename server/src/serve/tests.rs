use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::serve_with;
use crate::Error;
use crate::catalogue::{JobQueue, JobState, Sqlite};
use crate::config::{ServeConfig, WorkConfig};
use crate::fixtures::{Plan, Planned, photo};
use crate::jobs::Recipes;

const SOON: Duration = Duration::from_secs(20);

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), Error>>,
}

async fn start(data: &Path, recipes: Arc<dyn Recipes>) -> Running {
    let config = ServeConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        work: WorkConfig {
            lease: Duration::from_millis(800),
            grace: Duration::from_secs(3),
            ..WorkConfig::default()
        },
        ..ServeConfig::new(data)
    };
    let (stop, stopped) = oneshot::channel();
    let (ready, address) = oneshot::channel();
    let task = tokio::spawn(serve_with(
        config,
        recipes,
        async {
            let _ = stopped.await;
        },
        |address| ready.send(address).unwrap(),
    ));
    Running {
        address: tokio::time::timeout(SOON, address).await.unwrap().unwrap(),
        stop,
        task,
    }
}

impl Running {
    async fn stop(self) {
        self.stop.send(()).unwrap();
        tokio::time::timeout(SOON, self.task)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }

    /// One exchange over a real connection; the whole answer as text.
    async fn ask(&self, head: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "{head} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        let mut answer = Vec::new();
        tokio::time::timeout(SOON, stream.read_to_end(&mut answer))
            .await
            .unwrap()
            .unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn json(&self, head: &str, body: &[u8]) -> serde_json::Value {
        let answer = self.ask(head, body).await;
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {answer}"))
    }

    async fn spin_job(&self) -> String {
        let product = self
            .json("POST /api/products", br#"{"name":{"vi":"Mat ong"}}"#)
            .await;
        let id = product["id"].as_str().unwrap();
        self.json(&format!("PUT /api/products/{id}/photos/1.jpg"), &photo(1))
            .await;
        let job = self
            .json(
                &format!("POST /api/products/{id}/jobs"),
                br#"{"kind":"spin"}"#,
            )
            .await;
        job["id"].as_str().unwrap().to_owned()
    }
}

async fn until_running(recipes: &Planned) {
    while recipes.runs.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn the_whole_path_over_a_real_connection_and_an_orderly_end() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path(), Planned::new(Plan::Succeed(1))).await;
    assert!(
        running
            .ask("GET /healthz", b"")
            .await
            .starts_with("HTTP/1.1 200")
    );
    assert!(
        running
            .ask("GET /readyz", b"")
            .await
            .starts_with("HTTP/1.1 200")
    );
    let id = running.spin_job().await;
    // The stream of events ends by itself when the job does.
    let events = running
        .ask(&format!("GET /api/jobs/{id}/events"), b"")
        .await;
    assert!(events.contains("event: done"), "{events}");
    running.stop().await;
}

#[tokio::test]
async fn a_shutdown_ends_event_streams_and_gives_the_job_to_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let recipes = Planned::new(Plan::UntilCancelled);
    let running = start(folder.path(), recipes.clone()).await;
    let id = running.spin_job().await;
    until_running(&recipes).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = format!("GET /api/jobs/{id}/events HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0; 64];
    stream.read_exact(&mut first).await.unwrap();
    let began = std::time::Instant::now();
    running.stop().await;
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    let mut rest = Vec::new();
    tokio::time::timeout(SOON, stream.read_to_end(&mut rest))
        .await
        .unwrap()
        .unwrap();

    let running = start(folder.path(), Planned::new(Plan::Succeed(1))).await;
    let events = running
        .ask(&format!("GET /api/jobs/{id}/events"), b"")
        .await;
    assert!(events.contains("event: done"), "{events}");
    running.stop().await;
}

#[tokio::test]
async fn a_job_that_listens_to_nobody_does_not_hold_up_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let recipes = Planned::new(Plan::Deaf(Duration::from_secs(8)));
    let running = start(folder.path(), recipes.clone()).await;
    let id = running.spin_job().await;
    until_running(&recipes).await;
    let began = std::time::Instant::now();
    running.stop().await;
    assert!(
        began.elapsed() < Duration::from_secs(6),
        "{:?}",
        began.elapsed()
    );
    // Nobody keeps its lease alive any more: the next start takes it.
    let running = start(folder.path(), Planned::new(Plan::Succeed(2))).await;
    let events = running
        .ask(&format!("GET /api/jobs/{id}/events"), b"")
        .await;
    assert!(events.contains("event: done"), "{events}");
    running.stop().await;
    let catalogue = Sqlite::open(&folder.path().join("xoay.db")).await.unwrap();
    let job = catalogue.job(id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((job.state, job.attempts), (JobState::Done, 2));
}

#[tokio::test]
async fn an_address_that_is_taken_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = ServeConfig {
        listen: taken.local_addr().unwrap(),
        ..ServeConfig::new(folder.path())
    };
    let served = serve_with(
        config,
        Planned::new(Plan::Fail),
        std::future::pending(),
        |_| {},
    );
    let error = tokio::time::timeout(SOON, served)
        .await
        .unwrap()
        .unwrap_err();
    assert!(
        error.to_string().contains("listening on 127.0.0.1"),
        "{error}"
    );
}
