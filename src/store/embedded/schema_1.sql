-- Version 1; the other files hold the changes of later versions. Times are microseconds since 1970; decisions are numbered
-- as on the wire (2: hold).
-- `sqlite3 gatepost.db` can open the database at any time: readers do not disturb the server.

-- Short ids for sites, so that five indexes need not repeat their names.
CREATE TABLE site (
    key    INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,
    secret BLOB NOT NULL
) STRICT;

-- The current state of comments. The long columns come last, so that counts and sweeps do not read them.
CREATE TABLE comment (
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
    event        BLOB    NOT NULL,  -- AuditEvent; empty: a decision by machine, whose event follows from the verdict
    verdict      BLOB    NOT NULL,  -- Verdict
    comment      BLOB    NOT NULL   -- Comment, without e-mail, IP address and the text of its post
) STRICT;
CREATE UNIQUE INDEX comment_by_id ON comment (site, id);
CREATE INDEX comment_by_time ON comment (site, received_at);
CREATE INDEX comment_by_risk ON comment (site, risk_at);
-- The queue: small however long the history is.
CREATE INDEX held_by_time ON comment (site, received_at) WHERE decision = 2;
CREATE INDEX held_by_risk ON comment (site, risk_at) WHERE decision = 2;

-- Past verdicts, for the trail of a comment.
CREATE TABLE past (
    site     INTEGER NOT NULL,
    id       TEXT    NOT NULL,
    number   INTEGER NOT NULL,  -- from 1, oldest first
    before   INTEGER NOT NULL,
    event    BLOB    NOT NULL,
    verdict  BLOB    NOT NULL,
    PRIMARY KEY (site, id, number)
) STRICT, WITHOUT ROWID;

-- Comments that are counted and whose verdict is not recorded yet.
CREATE TABLE reservation (
    site        INTEGER NOT NULL,
    id          TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    verdict_id  TEXT    NOT NULL,
    revision    INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    facts       TEXT    NOT NULL,
    PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;

-- Number of comments of an author that are approved, held and rejected.
CREATE TABLE author (
    site       INTEGER NOT NULL,
    person     BLOB    NOT NULL,  -- keyed hash
    approved   INTEGER NOT NULL,
    held       INTEGER NOT NULL,
    rejected   INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (site, person)
) STRICT, WITHOUT ROWID;

-- Changes of verdicts, for watchers. AUTOINCREMENT: a number is never reused, even after the newest row is deleted.
CREATE TABLE event (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    site    INTEGER NOT NULL,
    verdict BLOB    NOT NULL
) STRICT;
CREATE INDEX event_by_site ON event (site, number);
