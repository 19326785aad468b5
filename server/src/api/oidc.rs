//! Signing in with an identity provider: to it, and back from it with whom it vouches for.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use subtle::ConstantTimeEq;
use time::{Duration, OffsetDateTime};

use super::guard::cookie_value;
use super::session::session_for;
use super::{App, Query};
use crate::Error;
use crate::catalogue::OrganisationId;
use crate::people::oidc::{Attempt, Identity, Provider, Trouble};
use crate::people::{Membership, NewUser, User, acting, line, secret, sign_in_name};
use crate::studio::own_origin;

/// The shared secret that signs what a browser holds of a sign-in.
const SECRET: &str = "sign-in-attempts";
/// How long somebody may take at their provider.
const AT_MOST: Duration = Duration::minutes(10);
/// Longest path to go to afterwards.
const NEXT_LIMIT: usize = 1000;

#[derive(Deserialize)]
pub(super) struct BeginQuery {
    next: Option<String>,
}

/// What a provider sends a browser back with.
#[derive(Deserialize)]
pub(super) struct BackQuery {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

/// Why nobody was signed in, as the sign-in page explains it.
#[derive(Clone, Copy)]
enum Outcome {
    /// The provider, or the person there, refused.
    Refused,
    /// The answer belongs to no question of this browser, or comes too late.
    Stale,
    /// Provider and service do not understand each other.
    Failed,
    /// There is no account for them.
    NoAccount,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Stale => "stale",
            Self::Failed => "failed",
            Self::NoAccount => "no-account",
        }
    }
}

/// Sends the browser to the provider, with a cookie that binds the answer to this browser.
pub(super) async fn begin(
    State(app): State<Arc<App>>,
    Query(query): Query<BeginQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let provider = app.oidc.as_ref().ok_or(Error::NoSuchAddress)?;
    let now = OffsetDateTime::now_utc();
    let expires = (now + AT_MOST).unix_timestamp();
    let next = own_path(query.next.as_deref().unwrap_or("/"));
    let redirect = redirect_address(&app, &uri, &headers);
    let (attempt, there) = match provider.begin(&redirect, next, expires).await {
        Ok(begun) => begun,
        Err(Trouble::Own(error)) => return Err(error),
        Err(trouble) => {
            tracing::warn!(error = %trouble, "cannot begin a sign-in");
            return answered(&app, Outcome::Failed);
        }
    };
    let held = sealed(&app, &attempt).await?;
    let cookie = cookie(&app, &held, AT_MOST.whole_seconds())?;
    sent_to(there.as_str(), vec![cookie])
}

/// Takes the browser back from the provider, opens a session, and sends it on to where it wanted to go.
pub(super) async fn finish(
    State(app): State<Arc<App>>,
    Query(query): Query<BackQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let provider = app.oidc.as_ref().ok_or(Error::NoSuchAddress)?;
    let Some(attempt) = held(&app, &headers, query.state.as_deref()).await? else {
        return answered(&app, Outcome::Stale);
    };
    let Some(code) = query.code.filter(|_| query.error.is_none()) else {
        let said: String = query.error.unwrap_or_default().chars().take(100).collect();
        tracing::info!(said, "the identity provider signed nobody in");
        return answered(&app, Outcome::Refused);
    };
    let redirect = redirect_address(&app, &uri, &headers);
    let identity = match provider.finish(&attempt, &code, &redirect).await {
        Ok(identity) => identity,
        Err(Trouble::Own(error)) => return Err(error),
        Err(trouble) => {
            tracing::warn!(error = %trouble, "a sign-in failed");
            return answered(&app, Outcome::Failed);
        }
    };
    let Some(user) = account(&app, provider, &identity).await? else {
        tracing::info!(
            subject = identity.subject,
            "nobody has an account for this identity"
        );
        return answered(&app, Outcome::NoAccount);
    };
    let (_, session) = session_for(&app, &user, &headers).await?;
    sent_to(&attempt.next, vec![session, cookie(&app, "", 0)?])
}

/// The account of whom the provider vouches for: the one that was linked before; else the one whose name is their verified
/// address; else a new one where their domain has a role. One that is closed stays closed.
async fn account(
    app: &App,
    provider: &Provider,
    identity: &Identity,
) -> Result<Option<User>, Error> {
    let issuer = &provider.config().issuer;
    if let Some(user) = app
        .people
        .user_identified(issuer, &identity.subject)
        .await?
    {
        return Ok(Some(user).filter(|user| !user.disabled));
    }
    let Some(name) = identity
        .email
        .as_deref()
        .and_then(|email| sign_in_name(email).ok())
    else {
        return Ok(None);
    };
    let actor = format!("user:{name}");
    let user = if let Some((user, _)) = app.people.user_named(&name).await? {
        user
    } else {
        let Some(role) = provider.config().roles.of(&name) else {
            return Ok(None);
        };
        let full_name = identity.name.as_deref().unwrap_or(&name);
        let new = NewUser {
            full_name: line("fullName", full_name).unwrap_or_else(|_| name.clone()),
            name,
            password_hash: None,
            is_administrator: false,
            membership: Some(Membership {
                organisation: OrganisationId::HOUSE,
                role,
            }),
        };
        acting(actor.clone(), app.people.create_user(&new)).await?
    };
    if user.disabled {
        return Ok(None);
    }
    let linking = app.people.identify(user.id, issuer, &identity.subject);
    // An account that another of the provider's people has is not theirs, whatever their address says now.
    let linked = acting(actor, linking).await?;
    Ok(Some(user).filter(|_| linked))
}

/// A path of this site to go to; nowhere else, however it is spelled.
fn own_path(next: &str) -> String {
    let base = url::Url::parse("http://this.invalid/");
    let here = base.and_then(|base| Ok((base.join(next)?, base)));
    match here {
        Ok((there, base)) if there.origin() == base.origin() && next.len() <= NEXT_LIMIT => {
            let query = there
                .query()
                .map_or_else(String::new, |query| format!("?{query}"));
            let fragment = there
                .fragment()
                .map_or_else(String::new, |place| format!("#{place}"));
            // A path that begins with two slashes is another host to a browser.
            format!("/{}{query}{fragment}", there.path().trim_start_matches('/'))
        }
        _ => "/".into(),
    }
}

fn redirect_address(app: &App, uri: &Uri, headers: &HeaderMap) -> String {
    format!(
        "{}/api/session/oidc/callback",
        own_origin(app, uri, headers)
    )
}

/// What the browser holds: readable to it alone, signed so that it changes nothing of it.
async fn sealed(app: &App, attempt: &Attempt) -> Result<String, Error> {
    let json = serde_json::to_vec(attempt).map_err(|e| Error::Corrupt {
        what: "sign-in",
        reason: e.to_string(),
    })?;
    let text = URL_SAFE_NO_PAD.encode(json);
    let key = app.people.secret(SECRET).await?;
    let signature = secret::sign(&key, &text);
    Ok(format!("{text}.{signature}"))
}

/// The sign-in that this browser began, where the provider's answer belongs to it and comes in time.
async fn held(
    app: &App,
    headers: &HeaderMap,
    state: Option<&str>,
) -> Result<Option<Attempt>, Error> {
    let held = cookie_value(headers, cookie_name(app));
    let Some((text, signature)) = held.as_deref().and_then(|held| held.rsplit_once('.')) else {
        return Ok(None);
    };
    let key = app.people.secret(SECRET).await?;
    if !secret::is_signed(&key, text, signature) {
        return Ok(None);
    }
    let read = |bytes: Vec<u8>| serde_json::from_slice::<Attempt>(&bytes).ok();
    let attempt = URL_SAFE_NO_PAD.decode(text).ok().and_then(read);
    let now = OffsetDateTime::now_utc().unix_timestamp();
    Ok(attempt.filter(|attempt| {
        let state = state.unwrap_or_default().as_bytes();
        bool::from(attempt.state.as_bytes().ct_eq(state)) && now <= attempt.expires
    }))
}

fn cookie_name(app: &App) -> &'static str {
    if app.is_secure() {
        "__Host-xoay-sign-in"
    } else {
        "xoay-sign-in"
    }
}

fn cookie(app: &App, held: &str, age_s: i64) -> Result<HeaderValue, Error> {
    let (name, end) = (
        cookie_name(app),
        if app.is_secure() { "; Secure" } else { "" },
    );
    // Lax: the way back from the provider is a plain link of another site.
    let text = format!("{name}={held}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Lax{end}");
    HeaderValue::from_str(&text).map_err(|e| Error::Malformed {
        reason: e.to_string(),
    })
}

/// Back to the sign-in page, which explains it.
fn answered(app: &App, outcome: Outcome) -> Result<Response, Error> {
    let there = format!("/sign-in?problem={}", outcome.word());
    sent_to(&there, vec![cookie(app, "", 0)?])
}

fn sent_to(there: &str, cookies: Vec<HeaderValue>) -> Result<Response, Error> {
    let there = HeaderValue::from_str(there).map_err(|e| Error::Malformed {
        reason: e.to_string(),
    })?;
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, there);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The address on the way back holds a code.
    headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for (next, path) in [
            ("/", "/"),
            (
                "/people?lang=vi#organisation=1",
                "/people?lang=vi#organisation=1",
            ),
            ("people", "/people"),
            ("//evil.example/x", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("/./%2e%2e//evil.example", "/evil.example"),
            ("/.//evil.example", "/evil.example"),
        ] {
            assert_eq!(own_path(next), path, "{next}");
        }
    }
}
