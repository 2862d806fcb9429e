-- Version 5: each site's log of outcomes, which its correction is a fold over; see `store/outcomes.rs`.
CREATE TABLE outcome (
    site   INTEGER NOT NULL,
    number INTEGER NOT NULL,  -- rising; none is given twice
    name   TEXT    NOT NULL,  -- of the act that taught it
    record BLOB    NOT NULL,  -- a lesson; see `classify/site/lesson.rs`
    PRIMARY KEY (site, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX outcome_by_name ON outcome (site, name);
ALTER TABLE site ADD COLUMN outcome_newest INTEGER NOT NULL DEFAULT 0;
-- How many were taken back, replaced, forgotten or erased.
ALTER TABLE site ADD COLUMN outcome_gone INTEGER NOT NULL DEFAULT 0;
-- Learning begins behind the one and ends with the other number.
ALTER TABLE site ADD COLUMN outcome_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN outcome_to INTEGER;
