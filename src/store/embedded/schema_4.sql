-- Version 4: the audit log of each site; see `store/audit.rs`. Earlier acts are only in the trails of comments.
CREATE TABLE audit (
    site   INTEGER NOT NULL,
    number INTEGER NOT NULL,  -- from 1, without gaps
    hash   BLOB    NOT NULL,  -- of the chain up to this record
    digest BLOB    NOT NULL,  -- SHA-256 of the record as it was written
    record BLOB    NOT NULL,  -- AuditEvent; empty: erased
    PRIMARY KEY (site, number)
) STRICT, WITHOUT ROWID;
-- The position of the newest deleted record.
ALTER TABLE site ADD COLUMN audit_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN audit_hash BLOB NOT NULL DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000';
