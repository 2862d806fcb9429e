-- Version 3: up to which number a site's events were forgotten, so that a watcher who comes late is told.
ALTER TABLE site ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;
-- From here on `secret` holds all secrets that the site has had, the newest first, 32 bytes each.

-- Small things that belong to no site; see `records.rs`.
CREATE TABLE record (
    space TEXT NOT NULL,
    name  TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (space, name)
) STRICT, WITHOUT ROWID;
