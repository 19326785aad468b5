-- A product may be photographed more than once: the twin of migrations/sqlite/0031_captures.sql.

CREATE TABLE captures (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    product_id TEXT COLLATE "C" NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    number     BIGINT NOT NULL CHECK (number > 0),
    taken_on   TEXT,
    note       TEXT   NOT NULL DEFAULT '',
    created_ms BIGINT NOT NULL,
    UNIQUE (product_id, number)
);

INSERT INTO captures (id, product_id, number, created_ms)
SELECT lpad(to_hex(created_ms >> 16), 8, '0') || '-' || lpad(to_hex(created_ms & 65535), 4, '0')
           || '-7' || substr(CAST(gen_random_uuid() AS TEXT), 16),
       id, 1, created_ms
FROM products;

ALTER TABLE photos ADD COLUMN capture_id TEXT COLLATE "C" REFERENCES captures (id) ON DELETE CASCADE;
UPDATE photos SET capture_id = captures.id FROM captures WHERE captures.product_id = photos.product_id;
ALTER TABLE photos DROP CONSTRAINT photos_pkey;
ALTER TABLE photos DROP COLUMN product_id;
ALTER TABLE photos ADD PRIMARY KEY (capture_id, name);

ALTER TABLE uploads ADD COLUMN capture_id TEXT COLLATE "C" REFERENCES captures (id) ON DELETE CASCADE;
UPDATE uploads SET capture_id = captures.id FROM captures
WHERE captures.product_id = uploads.product_id AND kind = 'photo';

ALTER TABLE jobs ADD COLUMN capture_id TEXT COLLATE "C" REFERENCES captures (id) ON DELETE SET NULL;
UPDATE jobs SET capture_id = captures.id FROM captures
WHERE captures.product_id = jobs.product_id AND kind = 'spin';
DROP INDEX jobs_one_active;
CREATE UNIQUE INDEX jobs_one_active ON jobs (product_id, kind, coalesce(capture_id, ''))
    WHERE state IN ('queued', 'running');
