-- Version 7: decided comments by the time of their last change, so that expired ones are found without reading the others.
-- Held comments do not expire. 2 is HOLD.
CREATE INDEX decided_by_change ON comment (site, decision, changed_at) WHERE decision <> 2;
