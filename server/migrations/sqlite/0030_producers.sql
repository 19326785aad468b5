-- Who makes products. A product keeps its producer's name as it did when that was a text of its own: lists and searches
-- need no join, and a rename writes both.

CREATE TABLE producers (
    id                TEXT    NOT NULL PRIMARY KEY,
    organisation_id   TEXT    NOT NULL REFERENCES organisations (id),
    name_vi           TEXT    NOT NULL,
    name_en           TEXT    NOT NULL,
    commune_vi        TEXT    NOT NULL DEFAULT '',
    commune_en        TEXT    NOT NULL DEFAULT '',
    commune_code      TEXT,
    province          TEXT,
    address           TEXT    NOT NULL DEFAULT '',
    contact           TEXT    NOT NULL DEFAULT '',
    phone             TEXT    NOT NULL DEFAULT '',
    email             TEXT    NOT NULL DEFAULT '',
    registration_code TEXT,
    -- Folded words; nothing until the program, which alone knows how to fold, has made them.
    words             TEXT,
    created_ms        INTEGER NOT NULL,
    updated_ms        INTEGER NOT NULL
) STRICT;

CREATE INDEX producers_by_organisation ON producers (organisation_id, id);
CREATE INDEX producers_by_name ON producers (organisation_id, name_vi, name_en);
-- One business is one producer of an organisation.
CREATE UNIQUE INDEX producers_by_registration ON producers (organisation_id, registration_code)
    WHERE registration_code IS NOT NULL;

ALTER TABLE products ADD COLUMN producer_id TEXT REFERENCES producers (id);
CREATE INDEX products_by_producer ON products (producer_id, id);

-- Each name that products of an organisation bear becomes a producer, with an id of the time of the first of them.
INSERT INTO producers (id, organisation_id, name_vi, name_en, created_ms, updated_ms)
SELECT printf('%08x-%04x-7%s-8%s-%s', min(created_ms) >> 16, min(created_ms) & 65535,
           substr(lower(hex(randomblob(2))), 1, 3), substr(lower(hex(randomblob(2))), 1, 3), lower(hex(randomblob(6)))),
       organisation_id, producer_vi, producer_en, min(created_ms), min(created_ms)
FROM products WHERE producer_vi <> '' OR producer_en <> ''
GROUP BY organisation_id, producer_vi, producer_en;

UPDATE products SET producer_id = (
    SELECT id FROM producers WHERE producers.organisation_id = products.organisation_id
    AND name_vi = producer_vi AND name_en = producer_en
) WHERE producer_vi <> '' OR producer_en <> '';
