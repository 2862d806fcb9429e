-- Version 5: each site's outcome log, from which its correction is computed; see `store/outcomes.rs`.
CREATE TABLE outcome (
    site   INTEGER NOT NULL,
    number INTEGER NOT NULL,  -- rising; never reused
    name   TEXT    NOT NULL,  -- of the act that the outcome comes from
    record BLOB    NOT NULL,  -- a TrainingExample; see `classify/site/training_example.rs`
    PRIMARY KEY (site, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX outcome_by_name ON outcome (site, name);
ALTER TABLE site ADD COLUMN outcome_newest INTEGER NOT NULL DEFAULT 0;
-- Number of outcomes that were undone, replaced, expired or erased.
ALTER TABLE site ADD COLUMN outcome_gone INTEGER NOT NULL DEFAULT 0;
-- Learning begins after the number `outcome_from` and ends with the number `outcome_to`.
ALTER TABLE site ADD COLUMN outcome_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN outcome_to INTEGER;
