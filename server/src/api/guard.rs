//! Who calls, and under which names the service answers.

use std::net::SocketAddr;

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use subtle::ConstantTimeEq;
use url::Url;

use super::App;
use crate::Error;
use crate::people::{Actor, secret};

/// What a proxy adds to a request that it passes on.
const FORWARDED: [&str; 5] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-real-ip",
];

/// The other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// What is checked before any handler sees a request.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    /// The bearer token of whoever operates the service.
    pub(crate) token: Option<String>,
    pub(crate) public_url: Option<Url>,
    /// Whether only names of this machine (and the public one) are answered.
    pub(crate) loopback_only: bool,
}

impl Guard {
    pub(super) fn admit(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<(), Error> {
        let host = authority(uri, headers);
        // A page of another site can point its own name at 127.0.0.1 and would then be of our origin.
        if self.loopback_only && !self.is_own(&host) {
            return Err(Error::WrongHost {
                host: host.chars().take(100).collect(),
            });
        }
        if is_reading(method) {
            return Ok(());
        }
        self.check_site(&host, headers)
    }

    /// Who calls: by token or key, else by session, else as somebody at this machine.
    ///
    /// # Errors
    /// For a token or key that is wrong, and a write under a session that does not say which page sent it.
    pub(super) async fn identify(&self, app: &App, parts: &Parts) -> Result<Actor, Error> {
        if let Some(bearer) = bearer(&parts.headers) {
            if let Some(token) = &self.token
                && bool::from(bearer.as_bytes().ct_eq(token.as_bytes()))
            {
                return Ok(Actor::Operator);
            }
            if secret::is_key(bearer)
                && let Some(key) = app.people.key(&secret::stored(bearer)).await?
            {
                return Ok(Actor::Program(key));
            }
            return Err(Error::KeyRefused);
        }
        if let Some(token) = session_token(&parts.headers, app.is_secure())
            && let Some(session) = app.people.session(&secret::stored(&token)).await?
        {
            // A cookie comes by itself: only the browser can tell whose page made it come.
            let says_whence = parts.headers.contains_key("sec-fetch-site")
                || parts.headers.contains_key(header::ORIGIN);
            if !says_whence && !is_reading(&parts.method) {
                return Err(Error::CrossSite);
            }
            return Ok(Actor::Person(session));
        }
        if self.is_house(app, parts).await? {
            return Ok(Actor::House);
        }
        Ok(Actor::Anonymous)
    }

    /// Whether somebody at this machine calls a service that nobody has an account on.
    ///
    /// All of it must be so: the service listens on loopback only and has neither a token nor a public address,
    /// the connection comes from loopback, no proxy passed the request on, and there is no account. The first
    /// account therefore closes the house for good.
    async fn is_house(&self, app: &App, parts: &Parts) -> Result<bool, Error> {
        let near = parts
            .extensions
            .get::<Peer>()
            .is_some_and(|Peer(peer)| peer.ip().to_canonical().is_loopback());
        let direct = FORWARDED
            .iter()
            .all(|name| !parts.headers.contains_key(*name));
        Ok(self.loopback_only
            && self.token.is_none()
            && self.public_url.is_none()
            && near
            && direct
            && !app.has_users().await?)
    }

    /// What to tell somebody whom we do not know.
    pub(super) async fn who_are_you(&self, app: &App) -> Result<Error, Error> {
        Ok(if self.token.is_some() && !app.has_users().await? {
            Error::TokenNeeded
        } else {
            Error::SignInNeeded
        })
    }

    fn is_own(&self, authority: &str) -> bool {
        let name = host_name(authority);
        let public = self.public_url.as_ref().and_then(Url::host_str);
        matches!(name, "localhost" | "127.0.0.1" | "[::1]")
            || public.is_some_and(|public| public.eq_ignore_ascii_case(name))
    }

    /// Refuses what a page of another site made a browser send.
    fn check_site(&self, host: &str, headers: &HeaderMap) -> Result<(), Error> {
        if let Some(site) = headers.get("sec-fetch-site") {
            // Other ports of the same machine are "same-site" and still somebody else.
            return match site.as_bytes() {
                b"same-origin" | b"none" => Ok(()),
                _ => Err(Error::CrossSite),
            };
        }
        let Some(origin) = headers.get(header::ORIGIN) else {
            return Ok(()); // no browser: those send one of the two with every write
        };
        let own = origin.to_str().ok().is_some_and(|origin| {
            let by_public = self
                .public_url
                .as_ref()
                .is_some_and(|url| url.origin().ascii_serialization() == origin);
            let by_host = origin.split_once("://").is_some_and(|(_, authority)| {
                !host.is_empty() && authority.eq_ignore_ascii_case(host)
            });
            by_public || by_host
        });
        if own { Ok(()) } else { Err(Error::CrossSite) }
    }
}

fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, given) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| given.trim())
}

/// The name of the session's cookie.
pub(super) const fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-xoay" } else { "xoay" }
}

/// The session's token as the browser sends it.
pub(super) fn session_token(headers: &HeaderMap, secure: bool) -> Option<String> {
    cookie_value(headers, cookie_name(secure))
}

/// The value of the cookie with this name.
pub(super) fn cookie_value(headers: &HeaderMap, wanted: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == wanted)
        .map(|(_, value)| value.to_owned())
}

/// The host, with its port, that the client asked for.
pub(crate) fn authority(uri: &Uri, headers: &HeaderMap) -> String {
    if let Some(authority) = uri.authority() {
        return authority.as_str().to_ascii_lowercase(); // HTTP/2 has no Host header
    }
    headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase()
}

/// The authority without its port.
fn host_name(authority: &str) -> &str {
    if authority.starts_with('[') {
        return authority
            .find(']')
            .map_or(authority, |end| &authority[..=end]);
    }
    authority.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard {
            token: None,
            public_url: Some("https://xoay.example".parse().unwrap()),
            loopback_only: true,
        }
    }

    fn admit(guard: &Guard, method: &Method, headers: &[(&str, &str)]) -> Result<(), Error> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(
                header::HeaderName::from_bytes(name.as_bytes()).unwrap(),
                value.parse().unwrap(),
            );
        }
        guard.admit(method, &Uri::from_static("/api/products"), &map)
    }

    #[test]
    fn other_names_are_not_answered() {
        for host in [
            "localhost",
            "127.0.0.1:8360",
            "[::1]:8360",
            "LOCALHOST:1",
            "xoay.example",
        ] {
            admit(&guard(), &Method::GET, &[("host", host)]).unwrap();
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil",
            "",
            "10.0.0.1",
        ] {
            let refused = admit(&guard(), &Method::GET, &[("host", host)]);
            assert!(matches!(refused, Err(Error::WrongHost { .. })), "{host}");
        }
        let open = Guard {
            loopback_only: false,
            ..guard()
        };
        admit(&open, &Method::GET, &[("host", "any.example")]).unwrap();
    }

    #[test]
    fn writes_come_from_our_own_pages_or_from_no_page() {
        let host = ("host", "127.0.0.1:8360");
        for ok in [
            vec![host],
            vec![host, ("sec-fetch-site", "same-origin")],
            vec![host, ("sec-fetch-site", "none")],
            vec![host, ("origin", "http://127.0.0.1:8360")],
            vec![host, ("origin", "https://xoay.example")],
        ] {
            admit(&guard(), &Method::POST, &ok).unwrap();
        }
        for bad in [
            vec![host, ("sec-fetch-site", "cross-site")],
            vec![host, ("sec-fetch-site", "same-site")],
            vec![host, ("origin", "http://127.0.0.1:9999")],
            vec![host, ("origin", "https://evil.example")],
            vec![host, ("origin", "null")],
            vec![
                host,
                ("sec-fetch-site", "cross-site"),
                ("origin", "http://127.0.0.1:8360"),
            ],
        ] {
            for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
                let refused = admit(&guard(), &method, &bad);
                assert!(matches!(refused, Err(Error::CrossSite)), "{bad:?}");
            }
            admit(&guard(), &Method::GET, &bad).unwrap();
        }
    }
}
