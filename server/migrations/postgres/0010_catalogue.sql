-- Who owns products, what else is known of them, and the words they are found by.

CREATE TABLE organisations (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    slug       TEXT COLLATE "C" NOT NULL UNIQUE,
    name_vi    TEXT    NOT NULL,
    name_en    TEXT    NOT NULL,
    created_ms BIGINT  NOT NULL
);

-- The organisation of a service that has no other, and of the products that were there before organisations.
INSERT INTO organisations VALUES ('00000000-0000-7000-8000-000000000001', 'xoay', 'Xoay', 'Xoay', 0);

ALTER TABLE products
    ADD COLUMN organisation_id TEXT COLLATE "C" NOT NULL DEFAULT '00000000-0000-7000-8000-000000000001'
        REFERENCES organisations (id),
    ADD COLUMN story_vi     TEXT NOT NULL DEFAULT '',
    ADD COLUMN story_en     TEXT NOT NULL DEFAULT '',
    ADD COLUMN gtin         TEXT,
    ADD COLUMN province     TEXT,
    ADD COLUMN commune_code TEXT,
    ADD COLUMN category     TEXT,
    ADD COLUMN stars        BIGINT CHECK (stars BETWEEN 3 AND 5),
    ADD COLUMN rated_year   BIGINT;

CREATE INDEX products_by_organisation ON products (organisation_id, id);
CREATE INDEX products_by_province ON products (province, id);
CREATE INDEX products_by_category ON products (category, id);

-- Folded words; filled by the program, which alone knows how to fold. They are lexemes already.
CREATE TABLE product_words (
    product_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES products (id) ON DELETE CASCADE,
    words      TEXT NOT NULL,
    lexemes    TSVECTOR GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED
);
CREATE INDEX product_words_by_lexeme ON product_words USING gin (lexemes);
