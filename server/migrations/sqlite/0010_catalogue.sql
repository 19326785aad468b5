-- Who owns products, what else is known of them, and the words they are found by.

CREATE TABLE organisations (
    id         TEXT    NOT NULL PRIMARY KEY,
    slug       TEXT    NOT NULL UNIQUE,
    name_vi    TEXT    NOT NULL,
    name_en    TEXT    NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;

-- The organisation of a service that has no other, and of the products that were there before organisations.
INSERT INTO organisations VALUES ('00000000-0000-7000-8000-000000000001', 'xoay', 'Xoay', 'Xoay', 0);

-- SQLite adds no column with both a reference and a default; organisations are never deleted.
ALTER TABLE products ADD COLUMN organisation_id TEXT NOT NULL DEFAULT '00000000-0000-7000-8000-000000000001';
ALTER TABLE products ADD COLUMN story_vi     TEXT NOT NULL DEFAULT '';
ALTER TABLE products ADD COLUMN story_en     TEXT NOT NULL DEFAULT '';
ALTER TABLE products ADD COLUMN gtin         TEXT;
ALTER TABLE products ADD COLUMN province     TEXT;
ALTER TABLE products ADD COLUMN commune_code TEXT;
ALTER TABLE products ADD COLUMN category     TEXT;
ALTER TABLE products ADD COLUMN stars        INTEGER CHECK (stars BETWEEN 3 AND 5);
ALTER TABLE products ADD COLUMN rated_year   INTEGER;

CREATE INDEX products_by_organisation ON products (organisation_id, id);
CREATE INDEX products_by_province ON products (province, id);
CREATE INDEX products_by_category ON products (category, id);

-- Folded words; filled by the program, which alone knows how to fold.
CREATE TABLE product_words (
    number     INTEGER NOT NULL PRIMARY KEY,
    product_id TEXT    NOT NULL UNIQUE REFERENCES products (id) ON DELETE CASCADE,
    words      TEXT    NOT NULL
) STRICT;

CREATE VIRTUAL TABLE product_search USING fts5 (
    words, content = 'product_words', content_rowid = 'number', tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3'
);
CREATE TRIGGER product_words_added AFTER INSERT ON product_words BEGIN
    INSERT INTO product_search (rowid, words) VALUES (new.number, new.words);
END;
CREATE TRIGGER product_words_removed AFTER DELETE ON product_words BEGIN
    INSERT INTO product_search (product_search, rowid, words) VALUES ('delete', old.number, old.words);
END;
CREATE TRIGGER product_words_changed AFTER UPDATE ON product_words BEGIN
    INSERT INTO product_search (product_search, rowid, words) VALUES ('delete', old.number, old.words);
    INSERT INTO product_search (rowid, words) VALUES (new.number, new.words);
END;
