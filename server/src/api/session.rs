//! Signing in and out.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::App;
use super::guard::{Peer, session_token};
use super::products::fresh;
use crate::Error;
use crate::people::{
    Actor, LONGEST, Membership, Organisation, Permission, Session, THROTTLE_OVER, User, acting,
    password, secret,
};

/// Tries for one account from one address in [`THROTTLE_OVER`].
const TRIES_A_PAIR: u64 = 10;
/// Tries for one account from anywhere: so many more that one stranger does not lock its owner out.
const TRIES_AN_ACCOUNT: u64 = 50;
/// Tries from one address: an office may stand behind one. Loopback is not counted: a proxy may stand there.
const TRIES_A_PEER: u64 = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    name: String,
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    current: String,
    password: String,
}

/// Who somebody is and what they may do, for the pages.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whoami {
    kind: &'static str,
    name: String,
    is_administrator: bool,
    memberships: Vec<Membership>,
    organisations: Vec<Organisation>,
    permissions: Vec<Permission>,
}

async fn whoami(app: &App, actor: &Actor) -> Result<Whoami, Error> {
    let (kind, name, memberships) = match actor {
        Actor::Anonymous => ("anonymous", String::new(), Vec::new()),
        Actor::House => ("house", String::new(), Vec::new()),
        Actor::Operator => ("operator", String::new(), Vec::new()),
        Actor::Person(session) => (
            "person",
            session.user.full_name.clone(),
            session.memberships.clone(),
        ),
        Actor::Program(key) => ("program", key.name.clone(), Vec::new()),
    };
    Ok(Whoami {
        kind,
        name,
        is_administrator: actor.is_administrator(),
        memberships,
        organisations: app
            .people
            .organisations(&actor.reach(Permission::Read))
            .await?,
        permissions: Permission::ALL
            .into_iter()
            .filter(|permission| actor.may_somewhere(*permission))
            .collect(),
    })
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
) -> Result<Response, Error> {
    Ok(fresh(Json(whoami(&app, &actor).await?)))
}

/// Opens a session under a new token; the one that the browser had before ends.
pub(super) async fn open(
    State(app): State<Arc<App>>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Result<Json<SignIn>, JsonRejection>,
) -> Result<Response, Error> {
    let Json(SignIn { name, password }) = body?;
    let name: String = name.trim().to_ascii_lowercase().chars().take(64).collect();
    let name = name.replace('\0', "");
    let subjects = subjects(&name, peer.map(|Extension(peer)| peer));
    let tries = app.people.count_tries(&subjects).await?;
    let limits = [TRIES_A_PAIR, TRIES_AN_ACCOUNT, TRIES_A_PEER];
    if tries
        .iter()
        .zip(limits)
        .any(|(tries, limit)| *tries > limit)
    {
        return Err(too_many());
    }
    let found = app.people.user_named(&name).await?;
    let stored = found.as_ref().and_then(|(_, hash)| hash.clone());
    let right = password::is_right(password, stored).await?;
    let Some((user, _)) = found.filter(|(user, _)| right && !user.disabled) else {
        return Err(Error::WrongPassword);
    };
    for subject in &subjects[..2] {
        app.people.forget_tries(subject).await?;
    }
    let (session, cookie) = session_for(&app, &user, &headers).await?;
    let body = Json(whoami(&app, &Actor::Person(session)).await?);
    Ok((
        [(header::SET_COOKIE, cookie)],
        [(header::CACHE_CONTROL, "no-store")],
        body,
    )
        .into_response())
}

/// A session for somebody who proved who they are, and the cookie that holds it; the one that the browser had ends.
pub(super) async fn session_for(
    app: &App,
    user: &User,
    headers: &HeaderMap,
) -> Result<(Session, HeaderValue), Error> {
    let secure = app.is_secure();
    if let Some(old) = session_token(headers, secure) {
        app.people.end_session(&secret::stored(&old)).await?;
    }
    let token = secret::random(32)?;
    let stored = secret::stored(&token);
    let actor = format!("user:{}", user.name);
    acting(actor, app.people.open_session(user.id, &stored)).await?;
    let session = app.people.session(&stored).await?;
    let session = session.ok_or(Error::WrongPassword)?;
    let cookie = cookie(&token, LONGEST.whole_seconds(), secure)?;
    Ok((session, cookie))
}

/// Under what a try is counted: account and address, account, address.
fn subjects(name: &str, peer: Option<Peer>) -> Vec<String> {
    let address = peer.map(|Peer(address)| address.ip().to_canonical());
    let from = address.map_or_else(String::new, |address| address.to_string());
    let mut subjects = vec![format!("pair:{name} {from}"), format!("account:{name}")];
    if address.is_some_and(|address| !address.is_loopback()) {
        subjects.push(format!("peer:{from}"));
    }
    subjects
}

fn too_many() -> Error {
    Error::TooManyTries {
        retry_after_s: THROTTLE_OVER.whole_seconds().unsigned_abs(),
    }
}

/// Ends the session.
pub(super) async fn close(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
) -> Result<Response, Error> {
    if let Actor::Person(session) = &actor {
        app.people.end_session(&session.token_hash).await?;
    }
    signed_out(&app)
}

/// Ends all sessions of the person, on whatever machine.
pub(super) async fn close_all(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
) -> Result<Response, Error> {
    if let Actor::Person(session) = &actor {
        app.people.end_sessions(session.user.id).await?;
    }
    signed_out(&app)
}

/// Changes the person's own password: all sessions end, this one too.
pub(super) async fn change_password(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    body: Result<Json<NewPassword>, JsonRejection>,
) -> Result<Response, Error> {
    let Json(NewPassword { current, password }) = body?;
    let Actor::Person(session) = &actor else {
        return Err(Error::NotPermitted);
    };
    let account = format!("password:{}", session.user.name);
    let tries = app
        .people
        .count_tries(std::slice::from_ref(&account))
        .await?;
    if tries.iter().any(|tries| *tries > TRIES_A_PAIR) {
        return Err(too_many());
    }
    let found = app.people.user_named(&session.user.name).await?;
    let stored = found.and_then(|(_, hash)| hash);
    if !password::is_right(current, stored).await? {
        return Err(Error::WrongPassword);
    }
    let hash = password::hash(password).await?;
    app.people.forget_tries(&account).await?;
    app.people.set_password(session.user.id, &hash).await?;
    signed_out(&app)
}

fn signed_out(app: &App) -> Result<Response, Error> {
    let cookie = cookie("", 0, app.is_secure())?;
    Ok((
        StatusCode::NO_CONTENT,
        [(header::SET_COOKIE, cookie)],
        [(header::CACHE_CONTROL, "no-store")],
    )
        .into_response())
}

/// Behind TLS the `__Host-` prefix makes browsers refuse the cookie of any other host, domain or path (RFC 6265bis §4.1.3).
fn cookie(token: &str, age_s: i64, secure: bool) -> Result<HeaderValue, Error> {
    let name = super::guard::cookie_name(secure);
    let end = if secure { "; Secure" } else { "" };
    let text = format!("{name}={token}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Lax{end}");
    HeaderValue::from_str(&text).map_err(|e| Error::Malformed {
        reason: e.to_string(),
    })
}
