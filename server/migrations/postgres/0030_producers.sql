-- Who makes products: the twin of migrations/sqlite/0030_producers.sql.

CREATE TABLE producers (
    id                TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id   TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    name_vi           TEXT COLLATE "C" NOT NULL,
    name_en           TEXT COLLATE "C" NOT NULL,
    commune_vi        TEXT   NOT NULL DEFAULT '',
    commune_en        TEXT   NOT NULL DEFAULT '',
    commune_code      TEXT,
    province          TEXT,
    address           TEXT   NOT NULL DEFAULT '',
    contact           TEXT   NOT NULL DEFAULT '',
    phone             TEXT   NOT NULL DEFAULT '',
    email             TEXT   NOT NULL DEFAULT '',
    registration_code TEXT COLLATE "C",
    -- Folded words; nothing until the program, which alone knows how to fold, has made them.
    words             TEXT,
    created_ms        BIGINT NOT NULL,
    updated_ms        BIGINT NOT NULL
);

CREATE INDEX producers_by_organisation ON producers (organisation_id, id);
CREATE INDEX producers_by_name ON producers (organisation_id, name_vi, name_en);
-- One business is one producer of an organisation.
CREATE UNIQUE INDEX producers_by_registration ON producers (organisation_id, registration_code)
    WHERE registration_code IS NOT NULL;

ALTER TABLE products ADD COLUMN producer_id TEXT COLLATE "C" REFERENCES producers (id);
CREATE INDEX products_by_producer ON products (producer_id, id);

-- Each name that products of an organisation bear becomes a producer, with an id of the time of the first of them.
INSERT INTO producers (id, organisation_id, name_vi, name_en, created_ms, updated_ms)
SELECT lpad(to_hex(min(created_ms) >> 16), 8, '0') || '-' || lpad(to_hex(min(created_ms) & 65535), 4, '0')
           || '-7' || substr(CAST(gen_random_uuid() AS TEXT), 16),
       organisation_id, producer_vi COLLATE "C", producer_en COLLATE "C", min(created_ms), min(created_ms)
FROM products WHERE producer_vi <> '' OR producer_en <> ''
GROUP BY organisation_id, producer_vi COLLATE "C", producer_en COLLATE "C";

UPDATE products SET producer_id = producers.id FROM producers
WHERE producers.organisation_id = products.organisation_id
    AND producers.name_vi = products.producer_vi COLLATE "C" AND producers.name_en = products.producer_en COLLATE "C";
