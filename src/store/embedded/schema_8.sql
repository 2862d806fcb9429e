-- Version 8: which texts a comment has had, so that one that is sent again late is known, and when the host says that what
-- stands was sent.
ALTER TABLE comment ADD COLUMN sent_at INTEGER NOT NULL DEFAULT 0;
-- Of what was kept before nothing is known.
ALTER TABLE past ADD COLUMN fingerprint BLOB NOT NULL DEFAULT x'';
