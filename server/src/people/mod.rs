//! People and programs: who they are, what they may do, and what they did.
//!
//! An organisation owns products. A person has at most one role in an organisation, a program's key belongs to
//! one and has scopes; both come down to permissions, and `api/access.rs` compares them with what a route asks for.

mod acting;
mod actor;
mod command;
pub(crate) mod oidc;
pub(crate) mod password;
mod role;
pub(crate) mod secret;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use xoay_format::Text;

pub(crate) use acting::{acting, current};
pub(crate) use actor::Actor;
pub use command::{Standing, add_user};
pub use oidc::{NotRoles, OidcConfig, OidcRoles};
pub use role::{Permission, Role};

use crate::Error;
use crate::catalogue::{AuditId, KeyId, OrganisationId, Reach, UserId};

/// A session that nobody uses ends after this.
pub(crate) const IDLE: Duration = Duration::hours(12);
/// A session ends after this however much it is used.
pub(crate) const LONGEST: Duration = Duration::days(14);
/// Tries to sign in are counted over this.
pub(crate) const THROTTLE_OVER: Duration = Duration::minutes(15);

/// Who owns products.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Organisation {
    /// Its id.
    pub id: OrganisationId,
    /// Its short name; unique.
    pub slug: String,
    /// Its name.
    pub name: Text,
}

/// Somebody with an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// What is typed to sign in; unique.
    pub name: String,
    /// What colleagues call them.
    pub full_name: String,
    /// Whether they manage the whole service.
    pub is_administrator: bool,
    /// Whether they may sign in no more.
    pub disabled: bool,
}

/// What somebody is in one organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Membership {
    /// The organisation.
    pub organisation: OrganisationId,
    /// What they are there.
    pub role: Role,
}

/// An account to be.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// What is typed to sign in: checked by [`sign_in_name`].
    pub name: String,
    /// What colleagues call them.
    pub full_name: String,
    /// What is stored of the password.
    pub password_hash: Option<String>,
    /// Whether they manage the whole service.
    pub is_administrator: bool,
    /// What they are, and where.
    pub membership: Option<Membership>,
}

/// A person who signed in.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub user: User,
    /// What they are, and where.
    pub memberships: Vec<Membership>,
    /// What is stored of the session's token.
    pub token_hash: String,
}

/// A program's key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// The organisation that it works for.
    pub organisation: OrganisationId,
    /// What it is for.
    pub name: String,
    /// What people recognise it by: its first characters.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<Permission>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it ends by itself.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// When it was last used, to the minute.
    #[serde(with = "time::serde::rfc3339::option")]
    pub used_at: Option<OffsetDateTime>,
    /// Whether it was taken back.
    pub revoked: bool,
}

/// A key to be.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The organisation that it works for.
    pub organisation: OrganisationId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Permission>,
    /// When it ends by itself.
    pub expires_at: Option<OffsetDateTime>,
    /// Its first characters.
    pub prefix: String,
    /// What is stored of it.
    pub secret_hash: String,
}

/// A change, and who made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Its id; later entries have later ones.
    pub id: AuditId,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who: `user:…`, `key:…`, `house`, `operator`, `command`, `anonymous` or `service`.
    pub actor: String,
    /// What was done, such as `product.create`.
    pub action: String,
    /// To what: an id.
    pub subject: String,
    /// Whose it is.
    pub organisation: Option<OrganisationId>,
    /// What else there is to say.
    pub detail: String,
}

/// Accounts, sessions, keys, and the log of what was done.
///
/// Every change is written with its entry in the log, in one transaction, on behalf of whom [`current`] names.
#[async_trait]
pub trait People: Send + Sync {
    /// Whether anybody has an account.
    async fn has_users(&self) -> Result<bool, Error>;

    /// Adds an account.
    async fn create_user(&self, new: &NewUser) -> Result<User, Error>;

    /// The account with this name and what is stored of its password.
    async fn user_named(&self, name: &str) -> Result<Option<(User, Option<String>)>, Error>;

    /// The account that is linked with this identity.
    async fn user_identified(&self, issuer: &str, subject: &str) -> Result<Option<User>, Error>;

    /// Links an account with an identity; false where either has another one at this issuer already.
    async fn identify(&self, user: UserId, issuer: &str, subject: &str) -> Result<bool, Error>;

    /// The accounts that have a role within reach, in order of their ids, after `after`, at most `limit`.
    async fn users(
        &self,
        reach: &Reach,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<(User, Vec<Membership>)>, Error>;

    /// Stores a new password and ends the account's sessions.
    async fn set_password(&self, user: UserId, password_hash: &str) -> Result<(), Error>;

    /// Closes an account, or opens it again, and ends its sessions.
    async fn set_disabled(&self, user: UserId, disabled: bool) -> Result<(), Error>;

    /// Says what somebody is in an organisation; nothing takes their role away.
    async fn set_role(
        &self,
        user: UserId,
        organisation: OrganisationId,
        role: Option<Role>,
    ) -> Result<(), Error>;

    /// Opens a session under what is stored of its token.
    async fn open_session(&self, user: UserId, token_hash: &str) -> Result<(), Error>;

    /// The session, while it is neither idle for too long nor too old and its account is open.
    async fn session(&self, token_hash: &str) -> Result<Option<Session>, Error>;

    /// Ends one session.
    async fn end_session(&self, token_hash: &str) -> Result<(), Error>;

    /// Ends all sessions of an account.
    async fn end_sessions(&self, user: UserId) -> Result<(), Error>;

    /// Counts a try to sign in under each of these, and gives the most that any has had lately, this one included.
    async fn count_tries(&self, subjects: &[String]) -> Result<Vec<u64>, Error>;

    /// Forgets the tries under this: the last one was right.
    async fn forget_tries(&self, subject: &str) -> Result<(), Error>;

    /// Adds an organisation.
    async fn create_organisation(&self, slug: &str, name: &Text) -> Result<Organisation, Error>;

    /// The organisations within reach, in order of their short names.
    async fn organisations(&self, reach: &Reach) -> Result<Vec<Organisation>, Error>;

    /// Adds a key.
    async fn create_key(&self, new: &NewKey) -> Result<ApiKey, Error>;

    /// An organisation's keys, newest first, at most 500.
    async fn keys(&self, organisation: OrganisationId) -> Result<Vec<ApiKey>, Error>;

    /// Takes a key back; false where the organisation has none such.
    async fn revoke_key(&self, organisation: OrganisationId, key: KeyId) -> Result<bool, Error>;

    /// The key of which this is stored, while it is valid.
    async fn key(&self, secret_hash: &str) -> Result<Option<ApiKey>, Error>;

    /// What was done within reach, newest first, before `before`, at most `limit`. What belongs to no organisation is
    /// within the reach of all only.
    async fn audit(
        &self,
        reach: &Reach,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, Error>;

    /// The secret of this name that all processes share; made where it is absent.
    async fn secret(&self, name: &str) -> Result<String, Error>;
}

/// A sign-in name as it is stored: lower case, 3 to 64 of `a-z 0-9 . _ - @`.
///
/// # Errors
/// [`Error::Field`] for anything else.
pub fn sign_in_name(name: &str) -> Result<String, Error> {
    let name = name.trim().to_ascii_lowercase();
    let fits = (3..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-@".contains(&b));
    if fits {
        return Ok(name);
    }
    Err(Error::Field {
        field: "name",
        rule: Text::new(
            "tên đăng nhập có 3 đến 64 ký tự: chữ không dấu, số, dấu chấm, gạch dưới, gạch nối hoặc @",
            "a sign-in name has 3 to 64 characters: plain letters, digits, dots, underscores, hyphens or @",
        ),
    })
}

/// A line that people read, such as a name: trimmed, at most 200 characters, without control characters.
///
/// # Errors
/// [`Error::Field`] for one that is empty or breaks the rule.
pub(crate) fn line(field: &'static str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
        return Err(Error::Field {
            field,
            rule: Text::new(
                "cần một dòng, dài nhất 200 ký tự",
                "one line is needed, at most 200 characters",
            ),
        });
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_spelling() {
        assert_eq!(
            sign_in_name(" Lan.Nguyen@Xoay ").unwrap(),
            "lan.nguyen@xoay"
        );
        for wrong in ["", "ab", "a b c", "lan\0nguyen", "lân", &"x".repeat(65)] {
            assert!(sign_in_name(wrong).is_err(), "{wrong:?}");
        }
    }
}
