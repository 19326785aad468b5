//! Requests over kept connections: as many as go, or at a pace.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How long [`saturate`] goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// So long, over and over.
    For(Duration),
    /// Until each path was asked for once.
    Once,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Answered {
    pub count: usize,
    pub failed: usize,
    pub wall_s: f64,
    latencies: Vec<Duration>,
}

impl Answered {
    /// The latency that this share of the answers kept below.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort();
        let at = (sorted.len() as f64 * share) as usize;
        let latency = sorted.get(at.min(sorted.len().saturating_sub(1)));
        latency.map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e3)
    }

    fn take_in(&mut self, other: Self) {
        self.count += other.count;
        self.failed += other.failed;
        self.latencies.extend(other.latencies);
    }
}

/// Asks over `connections` at once, each for the next path as soon as it has its answer.
pub async fn saturate(
    address: SocketAddr,
    paths: Vec<String>,
    connections: usize,
    load: Load,
) -> Result<Answered> {
    let (paths, next) = (Arc::new(paths), Arc::new(AtomicUsize::new(0)));
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        let (paths, next) = (paths.clone(), next.clone());
        clients.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut answered = Answered::default();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let over = match load {
                    Load::For(duration) => begun.elapsed() >= duration,
                    Load::Once => at >= paths.len(),
                };
                if over {
                    return anyhow::Ok(answered);
                }
                let status = connection.get(&paths[at % paths.len()]).await?;
                answered.count += 1;
                answered.failed += usize::from(status != 200);
            }
        });
    }
    joined(clients, begun).await
}

/// Asks `pace` times a second whether or not answers have come: a latency counts from when its request was due.
pub async fn paced(
    address: SocketAddr,
    paths: Vec<String>,
    pace: u32,
    duration: Duration,
) -> Result<Answered> {
    const CONNECTIONS: u32 = 64;
    let paths = Arc::new(paths);
    let begun = Instant::now();
    let every = Duration::from_secs(1) / pace;
    let mut clients = JoinSet::new();
    for client in 0..CONNECTIONS {
        let paths = paths.clone();
        clients.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut answered = Answered::default();
            let mut number = client;
            loop {
                let due = begun + every * number;
                if due.duration_since(begun) >= duration {
                    return anyhow::Ok(answered);
                }
                tokio::time::sleep_until(due.into()).await;
                let path = &paths[number as usize * 31 % paths.len()];
                let status = connection.get(path).await?;
                answered.latencies.push(due.elapsed());
                answered.count += 1;
                answered.failed += usize::from(status != 200);
                number += CONNECTIONS;
            }
        });
    }
    joined(clients, begun).await
}

/// Posts each body of JSON once, over `connections` at once.
pub async fn post_all(
    address: SocketAddr,
    path: &str,
    bodies: Vec<String>,
    connections: usize,
) -> Result<Answered> {
    let (bodies, next) = (Arc::new(bodies), Arc::new(AtomicUsize::new(0)));
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        let (bodies, next, path) = (bodies.clone(), next.clone(), path.to_owned());
        clients.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut answered = Answered::default();
            while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                let request = format!(
                    "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                );
                let status = connection.send(&request).await?;
                answered.count += 1;
                answered.failed += usize::from(status != 201);
            }
            anyhow::Ok(answered)
        });
    }
    joined(clients, begun).await
}

async fn joined(mut clients: JoinSet<Result<Answered>>, begun: Instant) -> Result<Answered> {
    let mut all = Answered::default();
    while let Some(answered) = clients.join_next().await {
        all.take_in(answered??);
    }
    all.wall_s = begun.elapsed().as_secs_f64();
    Ok(all)
}

/// A connection that is kept from request to request.
struct Connection {
    stream: TcpStream,
    address: SocketAddr,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            address,
            buffer: vec![0; 256 * 1024],
        })
    }

    /// Asks for a path, reads the whole answer and gives its status.
    async fn get(&mut self, path: &str) -> Result<u16> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        self.send(&request).await
    }

    async fn send(&mut self, request: &str) -> Result<u16> {
        self.stream.write_all(request.as_bytes()).await?;
        let mut held = 0;
        let head_end = loop {
            let read = self.stream.read(&mut self.buffer[held..]).await?;
            anyhow::ensure!(read > 0, "the server closed the connection");
            held += read;
            if let Some(at) = self.buffer[..held]
                .windows(4)
                .position(|four| four == b"\r\n\r\n")
            {
                break at + 4;
            }
        };
        let head = std::str::from_utf8(&self.buffer[..head_end])?.to_ascii_lowercase();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .context("no status")?;
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .context("an answer without a length")?
            .trim()
            .parse()?;
        let mut left = (head_end + length).saturating_sub(held);
        while left > 0 {
            let most = left.min(self.buffer.len());
            let read = self.stream.read(&mut self.buffer[..most]).await?;
            anyhow::ensure!(read > 0, "the server closed the connection");
            left -= read;
        }
        Ok(status)
    }
}
