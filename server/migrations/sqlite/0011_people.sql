-- People, their sessions, the keys of programs, and what all of them changed. Secrets are stored as hashes.

CREATE TABLE users (
    id               TEXT    NOT NULL PRIMARY KEY,
    -- What they sign in with, lower case.
    name             TEXT    NOT NULL UNIQUE,
    full_name        TEXT    NOT NULL,
    -- Argon2id in its usual text form; nothing where an identity provider vouches for them.
    password_hash    TEXT,
    is_administrator INTEGER NOT NULL DEFAULT 0,
    created_ms       INTEGER NOT NULL,
    disabled_ms      INTEGER
) STRICT;

CREATE TABLE memberships (
    user_id         TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    role            TEXT NOT NULL CHECK (role IN ('administrator', 'digitizer', 'reviewer', 'producer', 'viewer')),
    PRIMARY KEY (user_id, organisation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_by_organisation ON memberships (organisation_id);

CREATE TABLE sessions (
    token_hash TEXT    NOT NULL PRIMARY KEY,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_ms INTEGER NOT NULL,
    seen_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE api_keys (
    id              TEXT    NOT NULL PRIMARY KEY,
    organisation_id TEXT    NOT NULL REFERENCES organisations (id),
    name            TEXT    NOT NULL,
    secret_hash     TEXT    NOT NULL UNIQUE,
    -- What people recognise a key by: its first characters.
    prefix          TEXT    NOT NULL,
    scopes          TEXT    NOT NULL,
    created_ms      INTEGER NOT NULL,
    expires_ms      INTEGER,
    used_ms         INTEGER,
    revoked_ms      INTEGER
) STRICT;
CREATE INDEX api_keys_by_organisation ON api_keys (organisation_id, id);

CREATE TABLE sign_in_failures (
    subject TEXT    NOT NULL,
    at_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_failures_by_subject ON sign_in_failures (subject, at_ms);

CREATE TABLE audit (
    id              TEXT    NOT NULL PRIMARY KEY,
    at_ms           INTEGER NOT NULL,
    actor           TEXT    NOT NULL,
    action          TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    organisation_id TEXT,
    detail          TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_by_organisation ON audit (organisation_id, id);

-- Keys that all processes of a service share, made where they are first needed.
CREATE TABLE secrets (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
