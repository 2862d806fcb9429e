-- Version 4: the audit of each site; see `store/audit.rs`. What was done before is told by the trails of comments only.
CREATE TABLE audit (
    site   INTEGER NOT NULL,
    number INTEGER NOT NULL,  -- from 1, without gaps
    hash   BLOB    NOT NULL,  -- of the chain up to here
    digest BLOB    NOT NULL,  -- SHA-256 of the record as it was written
    record BLOB    NOT NULL,  -- AuditEvent; empty: erased
    PRIMARY KEY (site, number)
) STRICT, WITHOUT ROWID;
-- The newest record that is not kept any more.
ALTER TABLE site ADD COLUMN audit_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN audit_hash BLOB NOT NULL DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000';
