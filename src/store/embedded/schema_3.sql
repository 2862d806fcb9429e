-- Version 3: the number up to which a site's events were deleted, so that watchers with an older cursor get an error.
ALTER TABLE site ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;
-- From this version on, `secret` holds all secrets that the site has had, newest first, 32 bytes each.

-- Records by name, such as keys and the sites' block and allow entries; see `records.rs`.
CREATE TABLE record (
    space TEXT NOT NULL,
    name  TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (space, name)
) STRICT, WITHOUT ROWID;
