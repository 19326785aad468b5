//! How often one client may ask: so many requests a second, with a reserve for bursts.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Peer;
use crate::Error;

/// Requests that may come at once, in seconds' worth of the rate.
const BURST_S: u32 = 4;
/// Clients that are remembered; beyond, those that are within their rate anyway are forgotten.
const CLIENTS: usize = 65_536;
/// Files that pages load by the hundred; they cost little and proxies keep them.
const FREE: [&str; 3] = ["/objects/", "/viewer/", "/assets/"];

/// Limits requests by client.
///
/// The generic cell rate algorithm (ITU-T I.371): of each client only the moment is kept at which its reserve will be
/// whole again.
#[derive(Debug)]
pub(crate) struct RateLimit {
    /// Between two requests of one client, on average; nothing where there is no limit.
    every: Option<Duration>,
    /// Proxies in front of the service that are trusted to append to `X-Forwarded-For`.
    trusted_hops: usize,
    whole_at: Mutex<HashMap<IpAddr, Instant>>,
}

impl RateLimit {
    /// `per_second` requests of each client, 0 for no limit.
    pub(crate) fn new(per_second: u32, trusted_hops: usize) -> Self {
        Self {
            every: (per_second > 0).then(|| Duration::from_secs(1) / per_second),
            trusted_hops,
            whole_at: Mutex::new(HashMap::new()),
        }
    }

    /// Counts a request; where it is one too many, how long to wait.
    fn admit(&self, client: IpAddr, now: Instant) -> Result<(), Duration> {
        let Some(every) = self.every else {
            return Ok(());
        };
        // This machine itself: its proxy without trusted hops would be one client for all.
        if client.is_loopback() {
            return Ok(());
        }
        let reserve = Duration::from_secs(u64::from(BURST_S));
        let mut clients = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= CLIENTS {
            clients.retain(|_, whole_at| *whole_at > now);
            if clients.len() >= CLIENTS {
                clients.clear();
            }
        }
        let whole_at = clients.entry(network(client)).or_insert(now);
        let next = (*whole_at).max(now) + every;
        match next.duration_since(now).checked_sub(reserve) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                *whole_at = next;
                Ok(())
            }
        }
    }

    /// Whether requests come through a proxy that is trusted.
    pub(super) fn behind_proxy(&self) -> bool {
        self.trusted_hops > 0
    }

    /// The client's address: the peer's, or what the outermost trusted proxy saw.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if self.trusted_hops == 0 {
            return peer;
        }
        // What stands further left was written by somebody whom we do not know.
        let hops: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        hops.len()
            .checked_sub(self.trusted_hops)
            .and_then(|at| hops.get(at)?.parse().ok())
            .unwrap_or(peer)
    }
}

/// What one client has for itself: an IPv6 address is one of the 2⁶⁴ that its network has.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !0 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

pub(super) async fn check(
    State(rate): State<Arc<RateLimit>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if let Some(Peer(peer)) = request.extensions().get().copied()
        && !FREE.iter().any(|free| path.starts_with(free))
    {
        let client = rate.client(peer.ip(), request.headers());
        if let Err(wait) = rate.admit(client, Instant::now()) {
            let wait_s = wait.as_secs() + 1;
            return Error::TooManyRequests { wait_s }.into_response();
        }
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_burst_passes_and_a_flood_does_not() {
        let rate = RateLimit::new(10, 0);
        let (client, other, now) = (ip("192.0.2.1"), ip("192.0.2.2"), Instant::now());
        for _ in 0..40 {
            rate.admit(client, now).unwrap();
        }
        let wait = rate.admit(client, now).unwrap_err();
        assert!(wait <= Duration::from_millis(100), "{wait:?}");
        rate.admit(other, now).unwrap();
        rate.admit(client, now + Duration::from_millis(101))
            .unwrap();
        assert!(
            rate.admit(client, now + Duration::from_millis(102))
                .is_err()
        );
        // After its pause the reserve is whole again.
        let later = now + Duration::from_mins(1);
        assert_eq!(
            (0..60)
                .filter(|_| rate.admit(client, later).is_ok())
                .count(),
            40
        );
    }

    #[test]
    fn neighbours_in_one_network_are_one_client_and_this_machine_is_none() {
        let rate = RateLimit::new(1, 0);
        let now = Instant::now();
        let passed = (0..20)
            .filter(|n| rate.admit(ip(&format!("2001:db8::{n:x}")), now).is_ok())
            .count();
        assert_eq!(passed, 4);
        rate.admit(ip("2001:db8:0:1::1"), now).unwrap();
        for _ in 0..100 {
            rate.admit(ip("127.0.0.1"), now).unwrap();
        }
        for _ in 0..100 {
            RateLimit::new(0, 0).admit(ip("192.0.2.1"), now).unwrap();
        }
    }

    #[test]
    fn only_what_trusted_hops_wrote_is_believed() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "1.1.1.1, 2.2.2.2".parse().unwrap());
        headers.append("x-forwarded-for", "3.3.3.3".parse().unwrap());
        let peer = ip("10.0.0.1");
        for (hops, expected) in [
            (0, "10.0.0.1"),
            (1, "3.3.3.3"),
            (2, "2.2.2.2"),
            (4, "10.0.0.1"),
        ] {
            assert_eq!(
                RateLimit::new(1, hops).client(peer, &headers),
                ip(expected),
                "{hops}"
            );
        }
        headers.insert("x-forwarded-for", "nonsense".parse().unwrap());
        assert_eq!(RateLimit::new(1, 1).client(peer, &headers), peer);
    }

    #[test]
    fn memory_does_not_grow_with_clients() {
        let rate = RateLimit::new(1, 0);
        let now = Instant::now();
        for n in 0..CLIENTS as u32 + 10 {
            let client = IpAddr::from((0xc000_0000 + n).to_be_bytes());
            rate.admit(client, now).unwrap();
        }
        assert!(rate.whole_at.lock().unwrap().len() <= CLIENTS);
    }
}
