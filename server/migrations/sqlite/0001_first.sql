-- Times are Unix milliseconds (UTC). Ids are UUIDv7 in their usual text form. Texts are stored in both languages.

CREATE TABLE products (
    id          TEXT    NOT NULL PRIMARY KEY,
    slug        TEXT    NOT NULL UNIQUE,
    name_vi     TEXT    NOT NULL,
    name_en     TEXT    NOT NULL,
    producer_vi TEXT    NOT NULL,
    producer_en TEXT    NOT NULL,
    commune_vi  TEXT    NOT NULL,
    commune_en  TEXT    NOT NULL,
    created_ms  INTEGER NOT NULL,
    updated_ms  INTEGER NOT NULL
) STRICT;

-- Photos as they were uploaded; the bytes are the original object named by hash and extension.
CREATE TABLE photos (
    product_id TEXT    NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    object     TEXT    NOT NULL,
    size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (product_id, name)
) STRICT, WITHOUT ROWID;

-- The model as it was uploaded, one a product.
CREATE TABLE models (
    product_id TEXT    NOT NULL PRIMARY KEY REFERENCES products (id) ON DELETE CASCADE,
    object     TEXT    NOT NULL,
    size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
    created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    id               TEXT    NOT NULL PRIMARY KEY,
    product_id       TEXT    NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    kind             TEXT    NOT NULL CHECK (kind IN ('spin', 'model')),
    state            TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    attempts         INTEGER NOT NULL DEFAULT 0,
    run_after_ms     INTEGER NOT NULL,
    -- Who works on it: a fresh token for each attempt; every write of a worker is fenced by it.
    lease_token      TEXT,
    lease_until_ms   INTEGER,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    progress         TEXT    NOT NULL DEFAULT '{}',
    -- What it made, a manifest whose addresses are object names; and what went wrong.
    result           TEXT,
    error            TEXT,
    created_ms       INTEGER NOT NULL,
    started_ms       INTEGER,
    finished_ms      INTEGER,
    CHECK ((state = 'running') = (lease_token IS NOT NULL)),
    CHECK ((state = 'done') = (result IS NOT NULL))
) STRICT;

CREATE INDEX jobs_by_product ON jobs (product_id, created_ms);
CREATE INDEX jobs_waiting ON jobs (run_after_ms) WHERE state IN ('queued', 'running');
-- A second request for the same work joins the first.
CREATE UNIQUE INDEX jobs_one_active ON jobs (product_id, kind) WHERE state IN ('queued', 'running');

CREATE TABLE publications (
    product_id TEXT    NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    version    INTEGER NOT NULL,
    manifest   TEXT    NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (product_id, version)
) STRICT, WITHOUT ROWID;
