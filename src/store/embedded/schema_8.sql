-- Version 8: the fingerprints of a comment's earlier texts, so that a late repeat is recognised, and the time at which the
-- current text was sent according to the host.
ALTER TABLE comment ADD COLUMN sent_at INTEGER NOT NULL DEFAULT 0;
-- Unknown for earlier rows.
ALTER TABLE past ADD COLUMN fingerprint BLOB NOT NULL DEFAULT x'';
