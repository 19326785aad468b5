//! Who may write, and under which names the service answers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;
use url::Url;

use crate::Error;

/// What is checked before any handler sees a request.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    /// The bearer token that a write must carry.
    pub(crate) token: Option<String>,
    pub(crate) public_url: Option<Url>,
    /// Whether only names of this machine (and the public one) are answered.
    pub(crate) loopback_only: bool,
}

pub(super) async fn check(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    match guard.admit(request.method(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

impl Guard {
    fn admit(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Error> {
        let host = authority(uri, headers);
        // A page of another site can point its own name at 127.0.0.1 and would then be of our origin.
        if self.loopback_only && !self.is_own(&host) {
            return Err(Error::WrongHost {
                host: host.chars().take(100).collect(),
            });
        }
        if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return Ok(());
        }
        self.check_site(&host, headers)?;
        self.check_token(headers)
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

    fn check_token(&self, headers: &HeaderMap) -> Result<(), Error> {
        let Some(token) = &self.token else {
            return Ok(());
        };
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.as_bytes().split_at_checked(7))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "))
            .map(|(_, given)| given);
        match given {
            Some(given) if bool::from(given.ct_eq(token.as_bytes())) => Ok(()),
            _ => Err(Error::TokenNeeded),
        }
    }
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

    #[test]
    fn a_token_guards_every_write() {
        let guard = Guard {
            token: Some("correct horse battery".into()),
            ..guard()
        };
        let host = ("host", "localhost");
        admit(&guard, &Method::GET, &[host]).unwrap();
        admit(
            &guard,
            &Method::PUT,
            &[host, ("authorization", "Bearer correct horse battery")],
        )
        .unwrap();
        for wrong in [
            "",
            "Bearer ",
            "Bearer correct horse batter",
            "Basic correct horse battery",
            "correct horse battery",
        ] {
            let refused = admit(&guard, &Method::PUT, &[host, ("authorization", wrong)]);
            assert!(matches!(refused, Err(Error::TokenNeeded)), "{wrong:?}");
        }
        assert!(matches!(
            admit(&guard, &Method::DELETE, &[host]),
            Err(Error::TokenNeeded)
        ));
    }
}
