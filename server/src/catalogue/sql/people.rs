//! Accounts, organisations and keys in the database. Compiled once for each.

use async_trait::async_trait;
use sqlx::Row;
use time::OffsetDateTime;
use xoay_format::Text;

use super::{Connection, EngineRow, Store, audit, now_ms, rows, sessions};
use crate::Error;
use crate::catalogue::{AuditId, KeyId, OrganisationId, Reach, UserId};
use crate::people::{
    ApiKey, AuditEntry, Membership, NewKey, NewUser, Organisation, People, Permission, Role,
    Session, User, secret,
};

const KEYS_LISTED: i64 = 500;
const ORGANISATIONS_LISTED: i64 = 2000;
/// The use of a key or session is written at most so often.
pub(super) const SEEN_EVERY_MS: i64 = 60_000;

#[async_trait]
impl People for Store {
    async fn has_users(&self) -> Result<bool, Error> {
        let row = sqlx::query("SELECT EXISTS (SELECT 1 FROM users) AS found")
            .fetch_one(self.reader())
            .await?;
        Ok(row.try_get("found")?)
    }

    async fn create_user(&self, new: &NewUser) -> Result<User, Error> {
        let mut tx = self.begin().await?;
        let row = sqlx::query(
            "INSERT INTO users (id, name, full_name, password_hash, is_administrator, created_ms)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING RETURNING *",
        )
        .bind(UserId::fresh().to_string())
        .bind(&new.name)
        .bind(&new.full_name)
        .bind(&new.password_hash)
        .bind(new.is_administrator)
        .bind(now_ms())
        .fetch_optional(&mut *tx)
        .await?;
        let row = row.ok_or_else(|| Error::NameTaken {
            name: new.name.clone(),
        })?;
        let user = user(&row)?;
        let organisation = new.membership.map(|membership| membership.organisation);
        let what = if new.is_administrator {
            format!("{} (administrator)", user.name)
        } else {
            user.name.clone()
        };
        let id = user.id.to_string();
        audit::note(&mut tx, "user.create", &id, organisation, &what).await?;
        if let Some(Membership { organisation, role }) = new.membership {
            put_role(&mut tx, user.id, organisation, Some(role)).await?;
        }
        tx.commit().await?;
        Ok(user)
    }

    async fn user_named(&self, name: &str) -> Result<Option<(User, Option<String>)>, Error> {
        let row = sqlx::query("SELECT * FROM users WHERE name = $1")
            .bind(name)
            .fetch_optional(self.reader())
            .await?;
        row.map(|row| Ok((user(&row)?, row.try_get("password_hash")?)))
            .transpose()
    }

    async fn user_identified(&self, issuer: &str, subject: &str) -> Result<Option<User>, Error> {
        sqlx::query(
            "SELECT u.* FROM identities i JOIN users u ON u.id = i.user_id
             WHERE i.issuer = $1 AND i.subject = $2",
        )
        .bind(issuer)
        .bind(subject)
        .fetch_optional(self.reader())
        .await?
        .as_ref()
        .map(user)
        .transpose()
    }

    async fn identify(&self, user: UserId, issuer: &str, subject: &str) -> Result<bool, Error> {
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "INSERT INTO identities (issuer, subject, user_id, created_ms) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
        )
        .bind(issuer)
        .bind(subject)
        .bind(user.to_string())
        .bind(now_ms())
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        audit::note(&mut tx, "user.identify", &user.to_string(), None, issuer).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn users(
        &self,
        reach: &Reach,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<(User, Vec<Membership>)>, Error> {
        let found = sqlx::query(
            "SELECT * FROM users u WHERE ($1 IS NULL OR u.id > $1)
             AND ($2 IS NULL OR EXISTS (
                 SELECT 1 FROM memberships m WHERE m.user_id = u.id AND $2 LIKE '%' || m.organisation_id || '%'))
             ORDER BY u.id LIMIT $3",
        )
        .bind(after.map(|id| id.to_string()))
        .bind(rows::reach(reach))
        .bind(i64::from(limit))
        .fetch_all(self.reader())
        .await?;
        let mut users = Vec::with_capacity(found.len());
        let mut connection = self.reader().acquire().await?;
        for row in &found {
            let user = user(row)?;
            let mut memberships = memberships(&mut connection, user.id).await?;
            // What somebody is elsewhere is no business of this reader.
            if let Reach::Of(ids) = reach {
                memberships.retain(|membership| ids.contains(&membership.organisation));
            }
            users.push((user, memberships));
        }
        Ok(users)
    }

    async fn set_password(&self, id: UserId, password_hash: &str) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("UPDATE users SET password_hash = $1 WHERE id = $2")
            .bind(password_hash)
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        found(id, done.rows_affected())?;
        sessions::end_all(&mut tx, id).await?;
        audit::note(&mut tx, "user.password", &id.to_string(), None, "").await?;
        tx.commit().await?;
        Ok(())
    }

    async fn set_disabled(&self, id: UserId, disabled: bool) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("UPDATE users SET disabled_ms = $1 WHERE id = $2")
            .bind(disabled.then(now_ms))
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        found(id, done.rows_affected())?;
        sessions::end_all(&mut tx, id).await?;
        let action = if disabled {
            "user.disable"
        } else {
            "user.enable"
        };
        audit::note(&mut tx, action, &id.to_string(), None, "").await?;
        tx.commit().await?;
        Ok(())
    }

    async fn set_role(
        &self,
        user: UserId,
        organisation: OrganisationId,
        role: Option<Role>,
    ) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        put_role(&mut tx, user, organisation, role).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn open_session(&self, user: UserId, token_hash: &str) -> Result<(), Error> {
        sessions::open(self, user, token_hash).await
    }

    async fn session(&self, token_hash: &str) -> Result<Option<Session>, Error> {
        sessions::find(self, token_hash).await
    }

    async fn end_session(&self, token_hash: &str) -> Result<(), Error> {
        sessions::end(self, token_hash).await
    }

    async fn end_sessions(&self, user: UserId) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        sessions::end_all(&mut tx, user).await?;
        audit::note(&mut tx, "session.end-all", &user.to_string(), None, "").await?;
        tx.commit().await?;
        Ok(())
    }

    async fn count_tries(&self, subjects: &[String]) -> Result<Vec<u64>, Error> {
        sessions::count_tries(self, subjects).await
    }

    async fn forget_tries(&self, subject: &str) -> Result<(), Error> {
        sqlx::query("DELETE FROM sign_in_failures WHERE subject = $1")
            .bind(subject)
            .execute(self.writer())
            .await?;
        Ok(())
    }

    async fn create_organisation(&self, slug: &str, name: &Text) -> Result<Organisation, Error> {
        let mut tx = self.begin().await?;
        let row = sqlx::query(
            "INSERT INTO organisations (id, slug, name_vi, name_en, created_ms) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (slug) DO NOTHING RETURNING *",
        )
        .bind(OrganisationId::fresh().to_string())
        .bind(slug)
        .bind(&name.vi)
        .bind(&name.en)
        .bind(now_ms())
        .fetch_optional(&mut *tx)
        .await?;
        let row = row.ok_or_else(|| Error::NameTaken { name: slug.into() })?;
        let made = organisation(&row)?;
        let id = made.id.to_string();
        audit::note(&mut tx, "organisation.create", &id, Some(made.id), slug).await?;
        tx.commit().await?;
        Ok(made)
    }

    async fn organisations(&self, reach: &Reach) -> Result<Vec<Organisation>, Error> {
        sqlx::query(
            "SELECT * FROM organisations WHERE ($1 IS NULL OR $1 LIKE '%' || id || '%') ORDER BY slug LIMIT $2",
        )
        .bind(rows::reach(reach))
        .bind(ORGANISATIONS_LISTED)
        .fetch_all(self.reader())
        .await?
        .iter()
        .map(organisation)
        .collect()
    }

    async fn create_key(&self, new: &NewKey) -> Result<ApiKey, Error> {
        let mut tx = self.begin().await?;
        let scopes: Vec<_> = new.scopes.iter().map(|scope| scope.name()).collect();
        let row = sqlx::query(
            "INSERT INTO api_keys (id, organisation_id, name, secret_hash, prefix, scopes, created_ms, expires_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING *",
        )
        .bind(KeyId::fresh().to_string())
        .bind(new.organisation.to_string())
        .bind(&new.name)
        .bind(&new.secret_hash)
        .bind(&new.prefix)
        .bind(scopes.join(" "))
        .bind(now_ms())
        .bind(new.expires_at.map(rows::unix_ms))
        .fetch_one(&mut *tx)
        .await?;
        let key = api_key(&row)?;
        let what = format!("{} {} [{}]", key.prefix, key.name, scopes.join(" "));
        let organisation = Some(key.organisation);
        audit::note(
            &mut tx,
            "key.create",
            &key.id.to_string(),
            organisation,
            &what,
        )
        .await?;
        tx.commit().await?;
        Ok(key)
    }

    async fn keys(&self, organisation: OrganisationId) -> Result<Vec<ApiKey>, Error> {
        sqlx::query("SELECT * FROM api_keys WHERE organisation_id = $1 ORDER BY id DESC LIMIT $2")
            .bind(organisation.to_string())
            .bind(KEYS_LISTED)
            .fetch_all(self.reader())
            .await?
            .iter()
            .map(api_key)
            .collect()
    }

    async fn revoke_key(&self, organisation: OrganisationId, key: KeyId) -> Result<bool, Error> {
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "UPDATE api_keys SET revoked_ms = coalesce(revoked_ms, $1) WHERE id = $2 AND organisation_id = $3",
        )
        .bind(now_ms())
        .bind(key.to_string())
        .bind(organisation.to_string())
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let id = key.to_string();
        audit::note(&mut tx, "key.revoke", &id, Some(organisation), "").await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn key(&self, secret_hash: &str) -> Result<Option<ApiKey>, Error> {
        let now_ms = now_ms();
        let row = sqlx::query(
            "SELECT * FROM api_keys WHERE secret_hash = $1 AND revoked_ms IS NULL
             AND (expires_ms IS NULL OR expires_ms > $2)",
        )
        .bind(secret_hash)
        .bind(now_ms)
        .fetch_optional(self.reader())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let used_ms: Option<i64> = row.try_get("used_ms")?;
        if used_ms.is_none_or(|used_ms| now_ms - used_ms > SEEN_EVERY_MS) {
            sqlx::query("UPDATE api_keys SET used_ms = $1 WHERE secret_hash = $2")
                .bind(now_ms)
                .bind(secret_hash)
                .execute(self.writer())
                .await?;
        }
        api_key(&row).map(Some)
    }

    async fn audit(
        &self,
        reach: &Reach,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, Error> {
        audit::entries(self, reach, before, limit).await
    }

    async fn secret(&self, name: &str) -> Result<String, Error> {
        // Strangers ask for it too: only the first time may cost a write.
        if let Some(known) = shared_secret(self.reader().acquire().await?.as_mut(), name).await? {
            return Ok(known);
        }
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        )
        .bind(name)
        .bind(secret::random(32)?)
        .execute(&mut *tx)
        .await?;
        // Another process may have been first: its secret counts.
        let made = shared_secret(&mut tx, name).await?;
        tx.commit().await?;
        made.ok_or_else(|| rows::corrupt("secret", name))
    }
}

async fn shared_secret(connection: &mut Connection, name: &str) -> Result<Option<String>, Error> {
    let row = sqlx::query("SELECT value FROM secrets WHERE name = $1")
        .bind(name)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| row.try_get("value")).transpose()?)
}

/// Everything that somebody is.
pub(super) async fn memberships(
    connection: &mut Connection,
    user: UserId,
) -> Result<Vec<Membership>, Error> {
    sqlx::query("SELECT * FROM memberships WHERE user_id = $1 ORDER BY organisation_id")
        .bind(user.to_string())
        .fetch_all(connection)
        .await?
        .iter()
        .map(|row| {
            let role: &str = row.try_get("role")?;
            Ok(Membership {
                organisation: rows::id(row, "organisation_id")?,
                role: Role::named(role).ok_or_else(|| rows::corrupt("role", role))?,
            })
        })
        .collect()
}

async fn put_role(
    tx: &mut Connection,
    user: UserId,
    organisation: OrganisationId,
    role: Option<Role>,
) -> Result<(), Error> {
    let known = sqlx::query(
        "SELECT (SELECT count(*) FROM users WHERE id = $1) AS users,
                (SELECT count(*) FROM organisations WHERE id = $2) AS organisations",
    )
    .bind(user.to_string())
    .bind(organisation.to_string())
    .fetch_one(&mut *tx)
    .await?;
    found(user, rows::count(&known, "users")?)?;
    if rows::count::<u64>(&known, "organisations")? == 0 {
        return Err(Error::NoSuchOrganisation {
            id: organisation.to_string(),
        });
    }
    match role {
        Some(role) => {
            sqlx::query(
                "INSERT INTO memberships (user_id, organisation_id, role) VALUES ($1, $2, $3)
                 ON CONFLICT (user_id, organisation_id) DO UPDATE SET role = excluded.role",
            )
            .bind(user.to_string())
            .bind(organisation.to_string())
            .bind(role.name())
            .execute(&mut *tx)
            .await?
        }
        None => {
            sqlx::query("DELETE FROM memberships WHERE user_id = $1 AND organisation_id = $2")
                .bind(user.to_string())
                .bind(organisation.to_string())
                .execute(&mut *tx)
                .await?
        }
    };
    let what = role.map_or("none", Role::name);
    audit::note(tx, "user.role", &user.to_string(), Some(organisation), what).await
}

fn found(user: UserId, rows: u64) -> Result<(), Error> {
    if rows == 0 {
        return Err(Error::NoSuchUser {
            id: user.to_string(),
        });
    }
    Ok(())
}

pub(super) fn user(row: &EngineRow) -> Result<User, Error> {
    Ok(User {
        id: rows::id(row, "id")?,
        name: row.try_get("name")?,
        full_name: row.try_get("full_name")?,
        is_administrator: row.try_get("is_administrator")?,
        disabled: row.try_get::<Option<i64>, _>("disabled_ms")?.is_some(),
    })
}

fn organisation(row: &EngineRow) -> Result<Organisation, Error> {
    Ok(Organisation {
        id: rows::id(row, "id")?,
        slug: row.try_get("slug")?,
        name: rows::text(row, "name_vi", "name_en")?,
    })
}

fn api_key(row: &EngineRow) -> Result<ApiKey, Error> {
    let scopes: &str = row.try_get("scopes")?;
    let moment =
        |column| -> Result<Option<OffsetDateTime>, Error> { rows::optional_moment(row, column) };
    Ok(ApiKey {
        id: rows::id(row, "id")?,
        organisation: rows::id(row, "organisation_id")?,
        name: row.try_get("name")?,
        prefix: row.try_get("prefix")?,
        scopes: Permission::ALL
            .into_iter()
            .filter(|scope| scopes.split(' ').any(|name| name == scope.name()))
            .collect(),
        created_at: rows::moment(row.try_get("created_ms")?)?,
        expires_at: moment("expires_ms")?,
        used_at: moment("used_ms")?,
        revoked: row.try_get::<Option<i64>, _>("revoked_ms")?.is_some(),
    })
}
