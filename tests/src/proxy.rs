use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// A poor network between a client and a service: it counts what clients send and cuts every connection after so many
/// bytes of theirs.
#[derive(Debug)]
pub struct PoorNetwork {
    /// Its own address, without a slash at the end.
    pub url: String,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    cut_after: AtomicU64,
    sent: AtomicU64,
    cuts: AtomicU64,
    stop: AtomicBool,
}

impl PoorNetwork {
    /// Stands between clients and `target` (`http://127.0.0.1:…`), and cuts each connection after `cut_after` bytes.
    ///
    /// # Panics
    /// Where `target` is no loopback address, or no port is free.
    #[must_use]
    pub fn before(target: &str, cut_after: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            target: target
                .trim_start_matches("http://")
                .parse()
                .expect("the service's address is one of this machine"),
            cut_after: AtomicU64::new(cut_after),
            sent: AtomicU64::new(0),
            cuts: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        });
        let accepting = shared.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                if accepting.stop.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(client), shared) = (client, accepting.clone()) else {
                    continue;
                };
                thread::spawn(move || shared.carry(&client));
            }
        });
        Self {
            url: format!("http://{address}"),
            shared,
        }
    }

    /// The bytes that clients have sent so far, all requests and their headers.
    #[must_use]
    pub fn sent_bytes(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst)
    }

    /// How many connections were cut.
    #[must_use]
    pub fn cuts(&self) -> u64 {
        self.shared.cuts.load(Ordering::SeqCst)
    }
}

impl Drop for PoorNetwork {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes the listener, which then ends; where nobody listens any more nothing is to be woken.
        let address = self.url.trim_start_matches("http://");
        if let Ok(address) = address.parse::<SocketAddr>() {
            let _ = TcpStream::connect_timeout(&address, Duration::from_secs(1));
        }
    }
}

impl Shared {
    /// Carries one connection's bytes both ways until it ends or is cut. What breaks simply ends: that is its trade.
    fn carry(&self, client: &TcpStream) {
        let Ok(service) = TcpStream::connect(self.target) else {
            return;
        };
        let _ = (client.set_nodelay(true), service.set_nodelay(true));
        let Ok(answers) = service
            .try_clone()
            .and_then(|from| Ok((from, client.try_clone()?)))
        else {
            return;
        };
        let back = thread::spawn(move || {
            let (mut from, mut to) = answers;
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
        let (mut from, mut to) = (client, &service);
        let mut left = self.cut_after.load(Ordering::SeqCst);
        let mut buffer = vec![0; 64 * 1024];
        while left > 0 {
            let most = usize::try_from(left)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            match from.read(&mut buffer[..most]) {
                Ok(0) | Err(_) => break,
                Ok(read) => {
                    self.sent.fetch_add(read as u64, Ordering::SeqCst);
                    left -= read as u64;
                    if to.write_all(&buffer[..read]).is_err() {
                        break;
                    }
                }
            }
        }
        if left == 0 {
            self.cuts.fetch_add(1, Ordering::SeqCst);
        }
        let _ = (
            client.shutdown(Shutdown::Both),
            service.shutdown(Shutdown::Both),
        );
        let _ = back.join();
    }
}
