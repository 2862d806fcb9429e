-- Version 2: the persons of a comment and the comment of an event, so that a person's data can be found and erased.

CREATE TABLE comment_2 (
    site         INTEGER NOT NULL REFERENCES site (key),
    id           TEXT    NOT NULL,
    decision     INTEGER NOT NULL,
    before       INTEGER NOT NULL,  -- the decision before this one; 0: none
    revision     INTEGER NOT NULL,
    by_moderator INTEGER NOT NULL,
    received_at  INTEGER NOT NULL,
    risk_at      INTEGER NOT NULL,  -- received_at less up to 24 hours: the order by risk
    changed_at   INTEGER NOT NULL,
    fingerprint  BLOB    NOT NULL,
    author       BLOB,              -- keyed hash
    persons      BLOB    NOT NULL,  -- keyed hashes of 16 bytes each: user id, e-mail and IP that any text of it came from
    event        BLOB    NOT NULL,  -- AuditEvent; empty: a decision by machine, whose event follows from the verdict
    verdict      BLOB    NOT NULL,  -- Verdict
    comment      BLOB    NOT NULL   -- Comment, without e-mail, IP address and the text of its post
) STRICT;
-- For comments from version 1, only the author is known.
INSERT INTO comment_2
    SELECT site, id, decision, before, revision, by_moderator, received_at, risk_at, changed_at, fingerprint, author,
           coalesce(author, x''), event, verdict, comment
    FROM comment ORDER BY rowid;
DROP TABLE comment;
ALTER TABLE comment_2 RENAME TO comment;
-- No index on persons: erasure is rare and scans the table, so that other comments pay only for the bytes.
CREATE UNIQUE INDEX comment_by_id ON comment (site, id);
CREATE INDEX comment_by_time ON comment (site, received_at);
CREATE INDEX comment_by_risk ON comment (site, risk_at);
CREATE INDEX held_by_time ON comment (site, received_at) WHERE decision = 2;
CREATE INDEX held_by_risk ON comment (site, risk_at) WHERE decision = 2;

-- The comment of an event. Indexed, which is cheap since events are written only when a verdict changes.
ALTER TABLE event ADD COLUMN id TEXT NOT NULL DEFAULT '';
CREATE INDEX event_by_comment ON event (site, id);

-- Work that is still to be done on the whole file, even after a crash. `wipe`: overwrite unallocated space, since pages that
-- SQLite has rearranged may hold old copies of erased data.
CREATE TABLE chore (
    name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
-- Before version 2, deleted data was not overwritten with zeros.
INSERT INTO chore SELECT 'wipe' WHERE EXISTS (SELECT 1 FROM site);
