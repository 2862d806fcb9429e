-- Version 2: who a comment came from and which comment an event is about, so that a person can be found and erased.

CREATE TABLE comment_2 (
    site         INTEGER NOT NULL REFERENCES site (key),
    id           TEXT    NOT NULL,
    decision     INTEGER NOT NULL,
    before       INTEGER NOT NULL,  -- the decision that stood before this one; 0: none
    revision     INTEGER NOT NULL,
    by_moderator INTEGER NOT NULL,
    received_at  INTEGER NOT NULL,
    risk_at      INTEGER NOT NULL,  -- received_at less up to 24 hours: the order by risk
    changed_at   INTEGER NOT NULL,
    fingerprint  BLOB    NOT NULL,
    author       BLOB,              -- keyed hash
    persons      BLOB    NOT NULL,  -- keyed hashes of 16 bytes each: user id, e-mail and IP that any text of it came from
    event        BLOB    NOT NULL,  -- AuditEvent; empty: the machine's, which follows from the verdict
    verdict      BLOB    NOT NULL,  -- Verdict
    comment      BLOB    NOT NULL   -- Comment, without e-mail, IP address and the text of its post
) STRICT;
-- Of what version 1 kept only the author is known.
INSERT INTO comment_2
    SELECT site, id, decision, before, revision, by_moderator, received_at, risk_at, changed_at, fingerprint, author,
           coalesce(author, x''), event, verdict, comment
    FROM comment ORDER BY rowid;
DROP TABLE comment;
ALTER TABLE comment_2 RENAME TO comment;
-- None on persons: erasure is rare and walks, so that the many comments that nobody erases pay only the bytes.
CREATE UNIQUE INDEX comment_by_id ON comment (site, id);
CREATE INDEX comment_by_time ON comment (site, received_at);
CREATE INDEX comment_by_risk ON comment (site, risk_at);
CREATE INDEX held_by_time ON comment (site, received_at) WHERE decision = 2;
CREATE INDEX held_by_risk ON comment (site, risk_at) WHERE decision = 2;

-- The comment. An index, since an event is written only when a verdict changes.
ALTER TABLE event ADD COLUMN id TEXT NOT NULL DEFAULT '';
CREATE INDEX event_by_comment ON event (site, id);

-- What is still to be done to the file as a whole, also after a crash. `wipe`: rewrite it, since pages that SQLite has
-- rearranged may hold old copies of what was erased.
CREATE TABLE chore (
    name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
-- Before version 2 nothing was overwritten with zeros.
INSERT INTO chore SELECT 'wipe' WHERE EXISTS (SELECT 1 FROM site);
