-- A product may be photographed more than once: its photos belong to captures, of which it always has one at least.

CREATE TABLE captures (
    id         TEXT    NOT NULL PRIMARY KEY,
    product_id TEXT    NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    -- 1, 2, 3, … of its product; the highest is the current one, which uploads go to that name none.
    number     INTEGER NOT NULL CHECK (number > 0),
    -- The day that the photos were taken, YYYY-MM-DD.
    taken_on   TEXT,
    note       TEXT    NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL,
    UNIQUE (product_id, number)
) STRICT;

INSERT INTO captures (id, product_id, number, created_ms)
SELECT printf('%08x-%04x-7%s-8%s-%s', created_ms >> 16, created_ms & 65535,
           substr(lower(hex(randomblob(2))), 1, 3), substr(lower(hex(randomblob(2))), 1, 3), lower(hex(randomblob(6)))),
       id, 1, created_ms
FROM products;

CREATE TABLE capture_photos (
    capture_id TEXT    NOT NULL REFERENCES captures (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    object     TEXT    NOT NULL,
    size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (capture_id, name)
) STRICT, WITHOUT ROWID;
INSERT INTO capture_photos (capture_id, name, object, size_bytes, created_ms)
SELECT captures.id, name, object, size_bytes, photos.created_ms
FROM photos JOIN captures ON captures.product_id = photos.product_id;
DROP TABLE photos;
ALTER TABLE capture_photos RENAME TO photos;

-- Where a photo under way goes; nothing for a model.
ALTER TABLE uploads ADD COLUMN capture_id TEXT REFERENCES captures (id) ON DELETE CASCADE;
UPDATE uploads SET capture_id = (SELECT id FROM captures WHERE captures.product_id = uploads.product_id)
WHERE kind = 'photo';

-- What a spin is made from; nothing for a model.
ALTER TABLE jobs ADD COLUMN capture_id TEXT REFERENCES captures (id) ON DELETE SET NULL;
UPDATE jobs SET capture_id = (SELECT id FROM captures WHERE captures.product_id = jobs.product_id)
WHERE kind = 'spin';
DROP INDEX jobs_one_active;
CREATE UNIQUE INDEX jobs_one_active ON jobs (product_id, kind, coalesce(capture_id, ''))
    WHERE state IN ('queued', 'running');
