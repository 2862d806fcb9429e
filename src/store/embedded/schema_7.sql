-- Version 7: decided comments by the time of their last change, so that those that have been kept long enough are found without
-- looking at the others. What is held is kept until it is decided. 2 is HOLD.
CREATE INDEX decided_by_change ON comment (site, decision, changed_at) WHERE decision <> 2;
