-- Uploads that arrive in pieces (tus 1.0). Their bytes lie in the store, a piece an object, until the whole becomes an original.

CREATE TABLE uploads (
    id           TEXT    NOT NULL PRIMARY KEY,
    product_id   TEXT    NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    kind         TEXT    NOT NULL CHECK (kind IN ('photo', 'model')),
    name         TEXT    NOT NULL,
    -- What the client said of the file: whether the same one goes on is its to decide by the fingerprint.
    sha256       TEXT,
    fingerprint  TEXT,
    length_bytes INTEGER NOT NULL CHECK (length_bytes > 0),
    -- Acknowledged: the pieces up to here are durable.
    offset_bytes INTEGER NOT NULL DEFAULT 0 CHECK (offset_bytes BETWEEN 0 AND length_bytes),
    -- The whole is the product's photo or model; the row stays until it expires, for clients that ask again.
    finished     INTEGER NOT NULL DEFAULT 0 CHECK (finished IN (0, 1)),
    created_ms   INTEGER NOT NULL,
    expires_ms   INTEGER NOT NULL,
    CHECK (finished = 0 OR offset_bytes = length_bytes)
) STRICT;

CREATE INDEX uploads_by_product ON uploads (product_id);
CREATE INDEX uploads_by_expiry ON uploads (expires_ms);

CREATE TABLE upload_parts (
    upload_id    TEXT    NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    offset_bytes INTEGER NOT NULL CHECK (offset_bytes >= 0),
    size_bytes   INTEGER NOT NULL CHECK (size_bytes > 0),
    object       TEXT    NOT NULL UNIQUE,
    PRIMARY KEY (upload_id, offset_bytes)
) STRICT, WITHOUT ROWID;
