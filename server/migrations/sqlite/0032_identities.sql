-- Whom identity providers vouch for (OpenID Connect).

CREATE TABLE identities (
    issuer     TEXT    NOT NULL,
    -- By what the provider knows somebody: the only thing of theirs that never changes.
    subject    TEXT    NOT NULL,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject),
    -- An e-mail address that its provider gives to somebody else does not bring the first one's account with it.
    UNIQUE (issuer, user_id)
) STRICT, WITHOUT ROWID;
