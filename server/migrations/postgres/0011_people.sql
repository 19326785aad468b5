-- People, their sessions, the keys of programs, and what all of them changed. Secrets are stored as hashes.

CREATE TABLE users (
    id               TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- What they sign in with, lower case.
    name             TEXT COLLATE "C" NOT NULL UNIQUE,
    full_name        TEXT    NOT NULL,
    -- Argon2id in its usual text form; nothing where an identity provider vouches for them.
    password_hash    TEXT,
    is_administrator BOOLEAN NOT NULL DEFAULT FALSE,
    created_ms       BIGINT NOT NULL,
    disabled_ms      BIGINT
);

CREATE TABLE memberships (
    user_id         TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organisation_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    role            TEXT NOT NULL CHECK (role IN ('administrator', 'digitizer', 'reviewer', 'producer', 'viewer')),
    PRIMARY KEY (user_id, organisation_id)
);
CREATE INDEX memberships_by_organisation ON memberships (organisation_id);

CREATE TABLE sessions (
    token_hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_ms BIGINT NOT NULL,
    seen_ms    BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE api_keys (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    name            TEXT COLLATE "C" NOT NULL,
    secret_hash     TEXT COLLATE "C" NOT NULL UNIQUE,
    -- What people recognise a key by: its first characters.
    prefix          TEXT    NOT NULL,
    scopes          TEXT    NOT NULL,
    created_ms      BIGINT NOT NULL,
    expires_ms      BIGINT,
    used_ms         BIGINT,
    revoked_ms      BIGINT
);
CREATE INDEX api_keys_by_organisation ON api_keys (organisation_id, id);

CREATE TABLE sign_in_failures (
    subject TEXT COLLATE "C" NOT NULL,
    at_ms   BIGINT NOT NULL
);
CREATE INDEX sign_in_failures_by_subject ON sign_in_failures (subject, at_ms);

CREATE TABLE audit (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at_ms           BIGINT NOT NULL,
    actor           TEXT    NOT NULL,
    action          TEXT    NOT NULL,
    subject         TEXT COLLATE "C" NOT NULL,
    organisation_id TEXT,
    detail          TEXT    NOT NULL
);
CREATE INDEX audit_by_organisation ON audit (organisation_id, id);

-- Keys that all processes of a service share, made where they are first needed.
CREATE TABLE secrets (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
