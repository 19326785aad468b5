-- Uploads that arrive in pieces (tus 1.0): the twin of migrations/sqlite/0020_uploads.sql.

CREATE TABLE uploads (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    product_id   TEXT COLLATE "C" NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    kind         TEXT    NOT NULL CHECK (kind IN ('photo', 'model')),
    name         TEXT    NOT NULL,
    sha256       TEXT,
    fingerprint  TEXT,
    length_bytes BIGINT  NOT NULL CHECK (length_bytes > 0),
    offset_bytes BIGINT  NOT NULL DEFAULT 0 CHECK (offset_bytes BETWEEN 0 AND length_bytes),
    finished     BOOLEAN NOT NULL DEFAULT FALSE,
    created_ms   BIGINT  NOT NULL,
    expires_ms   BIGINT  NOT NULL,
    CHECK (NOT finished OR offset_bytes = length_bytes)
);

CREATE INDEX uploads_by_product ON uploads (product_id);
CREATE INDEX uploads_by_expiry ON uploads (expires_ms);

CREATE TABLE upload_parts (
    upload_id    TEXT COLLATE "C" NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    offset_bytes BIGINT NOT NULL CHECK (offset_bytes >= 0),
    size_bytes   BIGINT NOT NULL CHECK (size_bytes > 0),
    object       TEXT   NOT NULL UNIQUE,
    PRIMARY KEY (upload_id, offset_bytes)
);
