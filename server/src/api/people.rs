//! Accounts, organisations, keys and the audit log, for those who manage them.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use xoay_format::{Language, Text};

use super::products::fresh;
use super::{App, Path, Query};
use crate::Error;
use crate::catalogue::{AuditId, KeyId, OrganisationId, UserId, slug};
use crate::people::{
    Actor, ApiKey, AuditEntry, Membership, NewKey, NewUser, Permission, Role, User, line, password,
    secret, sign_in_name,
};

/// Entries in one answer.
const PAGE: u32 = 100;
/// The longest that a key may hold, days; a key without an end is possible, and shown as such.
const MOST_DAYS: u32 = 3650;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOrganisation {
    name: Text,
    #[serde(default)]
    slug: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewAccount {
    name: String,
    full_name: String,
    password: String,
    organisation: OrganisationId,
    role: Role,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRole {
    role: Role,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Password {
    password: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct KeyRequest {
    name: String,
    scopes: Vec<Permission>,
    #[serde(default)]
    days: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct PageQuery {
    after: Option<String>,
    before: Option<String>,
    limit: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    #[serde(flatten)]
    user: User,
    memberships: Vec<Membership>,
}

#[derive(Serialize)]
struct Accounts {
    users: Vec<Account>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<UserId>,
}

#[derive(Serialize)]
struct Entries {
    entries: Vec<AuditEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<AuditId>,
}

#[derive(Serialize)]
struct MadeKey {
    /// The key itself: shown this once.
    secret: String,
    #[serde(flatten)]
    key: ApiKey,
}

pub(super) async fn organisations(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
) -> Result<Response, Error> {
    let reach = actor.reach(Permission::Read);
    Ok(fresh(Json(app.people.organisations(&reach).await?)))
}

pub(super) async fn add_organisation(
    State(app): State<Arc<App>>,
    body: Result<Json<NewOrganisation>, JsonRejection>,
) -> Result<Response, Error> {
    let Json(new) = body?;
    let name = Text::new(
        line("name.vi", new.name.get(Language::Vi))?,
        line("name.en", new.name.get(Language::En))?,
    );
    let wanted = slug(new.slug.as_deref().unwrap_or(&name.vi));
    let made = app.people.create_organisation(&wanted, &name).await?;
    Ok((StatusCode::CREATED, fresh(Json(made))).into_response())
}

pub(super) async fn users(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Error> {
    let after = query
        .after
        .map(|id| id.parse().map_err(|_| Error::NoSuchUser { id }))
        .transpose()?;
    let limit = query.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let reach = actor.reach(Permission::Administer);
    let found = app.people.users(&reach, after, limit).await?;
    let users: Vec<_> = found
        .into_iter()
        .map(|(user, memberships)| Account { user, memberships })
        .collect();
    let next = (users.len() == limit as usize)
        .then(|| users.last().map(|last| last.user.id))
        .flatten();
    Ok(fresh(Json(Accounts { users, next })))
}

/// Adds an account with its first role: those who manage an organisation may do so there.
pub(super) async fn add_user(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    body: Result<Json<NewAccount>, JsonRejection>,
) -> Result<Response, Error> {
    let Json(new) = body?;
    if !actor.may(Permission::Administer, new.organisation) {
        return Err(Error::NoSuchOrganisation {
            id: new.organisation.to_string(),
        });
    }
    let membership = Membership {
        organisation: new.organisation,
        role: new.role,
    };
    let new = NewUser {
        name: sign_in_name(&new.name)?,
        full_name: line("fullName", &new.full_name)?,
        password_hash: Some(password::hash(new.password).await?),
        is_administrator: false,
        membership: Some(membership),
    };
    let user = app.people.create_user(&new).await?;
    let account = Account {
        user,
        memberships: vec![membership],
    };
    Ok((StatusCode::CREATED, fresh(Json(account))).into_response())
}

fn user_id(id: &str) -> Result<UserId, Error> {
    id.parse().map_err(|_| Error::NoSuchUser {
        id: id.chars().take(80).collect(),
    })
}

/// Gives somebody a new password. Only who manages the whole service: the account may have roles elsewhere.
pub(super) async fn reset_password(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    body: Result<Json<Password>, JsonRejection>,
) -> Result<Response, Error> {
    let Json(Password { password }) = body?;
    let hash = password::hash(password).await?;
    app.people.set_password(user_id(&id)?, &hash).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Closes an account. Nobody closes their own: the last administrator would lock everybody out.
pub(super) async fn disable_user(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let id = user_id(&id)?;
    if matches!(&actor, Actor::Person(session) if session.user.id == id) {
        return Err(Error::NotPermitted);
    }
    app.people.set_disabled(id, true).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn enable_user(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    app.people.set_disabled(user_id(&id)?, false).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn set_role(
    State(app): State<Arc<App>>,
    Path((organisation, user)): Path<(OrganisationId, String)>,
    body: Result<Json<NewRole>, JsonRejection>,
) -> Result<Response, Error> {
    let Json(NewRole { role }) = body?;
    app.people
        .set_role(user_id(&user)?, organisation, Some(role))
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn take_role(
    State(app): State<Arc<App>>,
    Path((organisation, user)): Path<(OrganisationId, String)>,
) -> Result<Response, Error> {
    app.people
        .set_role(user_id(&user)?, organisation, None)
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn keys(
    State(app): State<Arc<App>>,
    Path(organisation): Path<OrganisationId>,
) -> Result<Response, Error> {
    Ok(fresh(Json(app.people.keys(organisation).await?)))
}

pub(super) async fn add_key(
    State(app): State<Arc<App>>,
    Path(organisation): Path<OrganisationId>,
    body: Result<Json<KeyRequest>, JsonRejection>,
) -> Result<Response, Error> {
    let Json(request) = body?;
    let mut scopes = request.scopes;
    scopes.sort_by_key(|scope| scope.name());
    scopes.dedup();
    // A program that could make accounts and keys could not be taken back.
    if scopes.is_empty() || scopes.contains(&Permission::Administer) {
        return Err(Error::Field {
            field: "scopes",
            rule: Text::new(
                "cần ít nhất một trong read, edit, digitize, publish",
                "at least one of read, edit, digitize, publish is needed",
            ),
        });
    }
    if request
        .days
        .is_some_and(|days| !(1..=MOST_DAYS).contains(&days))
    {
        return Err(Error::Field {
            field: "days",
            rule: Text::new(
                format!("từ 1 đến {MOST_DAYS} ngày"),
                format!("1 to {MOST_DAYS} days"),
            ),
        });
    }
    let (prefix, secret) = secret::new_key()?;
    let new = NewKey {
        organisation,
        name: line("name", &request.name)?,
        scopes,
        expires_at: request
            .days
            .map(|days| OffsetDateTime::now_utc() + Duration::days(i64::from(days))),
        prefix,
        secret_hash: secret::stored(&secret),
    };
    // An administrator of the whole service may name an organisation that is not there.
    let reach = crate::catalogue::Reach::Of(vec![organisation]);
    if app.people.organisations(&reach).await?.is_empty() {
        return Err(Error::NoSuchOrganisation {
            id: organisation.to_string(),
        });
    }
    let key = app.people.create_key(&new).await?;
    Ok((StatusCode::CREATED, fresh(Json(MadeKey { secret, key }))).into_response())
}

pub(super) async fn revoke_key(
    State(app): State<Arc<App>>,
    Path((organisation, key)): Path<(OrganisationId, String)>,
) -> Result<Response, Error> {
    let missing = || Error::NoSuchKey {
        id: key.chars().take(80).collect(),
    };
    let id: KeyId = key.parse().map_err(|_| missing())?;
    if app.people.revoke_key(organisation, id).await? {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(missing())
    }
}

pub(super) async fn audit(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Error> {
    let before = query
        .before
        .map(|id| {
            id.parse().map_err(|_| Error::Malformed {
                reason: "before: not the id of an entry".into(),
            })
        })
        .transpose()?;
    let limit = query.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let reach = actor.reach(Permission::Administer);
    let entries = app.people.audit(&reach, before, limit).await?;
    let next = (entries.len() == limit as usize)
        .then(|| entries.last().map(|last| last.id))
        .flatten();
    Ok(fresh(Json(Entries { entries, next })))
}
