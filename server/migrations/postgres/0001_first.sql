-- The same tables as in SQLite. What is compared byte by byte there is so here: COLLATE "C".
-- Times are Unix milliseconds (UTC). Ids are UUIDv7 in their usual text form. Texts are stored in both languages.

CREATE TABLE products (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    slug        TEXT COLLATE "C" NOT NULL UNIQUE,
    name_vi     TEXT    NOT NULL,
    name_en     TEXT    NOT NULL,
    producer_vi TEXT    NOT NULL,
    producer_en TEXT    NOT NULL,
    commune_vi  TEXT    NOT NULL,
    commune_en  TEXT    NOT NULL,
    created_ms  BIGINT  NOT NULL,
    updated_ms  BIGINT  NOT NULL
);

-- Photos as they were uploaded; the bytes are the original object named by hash and extension.
CREATE TABLE photos (
    product_id TEXT COLLATE "C" NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    name       TEXT COLLATE "C" NOT NULL,
    object     TEXT    NOT NULL,
    size_bytes BIGINT  NOT NULL CHECK (size_bytes > 0),
    created_ms BIGINT  NOT NULL,
    PRIMARY KEY (product_id, name)
);

-- The model as it was uploaded, one a product.
CREATE TABLE models (
    product_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES products (id) ON DELETE CASCADE,
    object     TEXT    NOT NULL,
    size_bytes BIGINT  NOT NULL CHECK (size_bytes > 0),
    created_ms BIGINT  NOT NULL
);

CREATE TABLE jobs (
    id               TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    product_id       TEXT COLLATE "C" NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    kind             TEXT    NOT NULL CHECK (kind IN ('spin', 'model')),
    state            TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    attempts         BIGINT  NOT NULL DEFAULT 0,
    run_after_ms     BIGINT  NOT NULL,
    -- Who works on it: a fresh token for each attempt; every write of a worker is fenced by it.
    lease_token      TEXT,
    lease_until_ms   BIGINT,
    cancel_requested BOOLEAN NOT NULL DEFAULT FALSE,
    progress         TEXT    NOT NULL DEFAULT '{}',
    -- What it made, a manifest whose addresses are object names; and what went wrong.
    result           TEXT,
    error            TEXT,
    created_ms       BIGINT  NOT NULL,
    started_ms       BIGINT,
    finished_ms      BIGINT,
    CHECK ((state = 'running') = (lease_token IS NOT NULL)),
    CHECK ((state = 'done') = (result IS NOT NULL))
);

CREATE INDEX jobs_by_product ON jobs (product_id, created_ms);
CREATE INDEX jobs_waiting ON jobs (run_after_ms) WHERE state IN ('queued', 'running');
-- A second request for the same work joins the first.
CREATE UNIQUE INDEX jobs_one_active ON jobs (product_id, kind) WHERE state IN ('queued', 'running');

CREATE TABLE publications (
    product_id TEXT COLLATE "C" NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    version    BIGINT  NOT NULL,
    manifest   TEXT    NOT NULL,
    created_ms BIGINT  NOT NULL,
    PRIMARY KEY (product_id, version)
);
